"""In a notebook's kernel: each chart that is displayed hands over what its page needs.

The notebook that is committed never holds it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

MIME = "application/vnd.tradeflows.chart+json"
START = (
    "from tradeflows.report import chart_hook, facts, frames; "
    "chart_hook.hook(get_ipython()); facts.hook(get_ipython()); frames.hook(get_ipython())"
)
DPI = 200  # twice what a notebook shows
UNNAMED = "chart"  # the id of a chart that no variable of its notebook holds


def hook(shell: Any) -> None:
    """Let the kernel's `shell` draw every figure finer, and add what its chart hands over."""
    shell.config.InlineBackend.print_figure_kwargs = {"bbox_inches": "tight", "dpi": DPI}
    given: list[str] = []

    def handed_over(figure: Any, **_: Any) -> dict[str, Any]:
        if "tradeflows" not in vars(figure):
            return {}
        id = unused(id_of(figure, shell.user_ns), given)
        given.append(id)
        return {MIME: bundle(figure, id)}

    formatter = shell.display_formatter.mimebundle_formatter
    formatter.for_type_by_name("matplotlib.figure", "Figure", handed_over)


def id_of(figure: Any, variables: Mapping[str, Any]) -> str:
    """The name of a chart's address: that of the variable that holds it, without ``_ax``."""
    from matplotlib.axes import Axes

    for name, value in variables.items():
        is_grid = isinstance(value, np.ndarray) and value.dtype == object and value.size
        first = value.flat[0] if is_grid else value
        if not name.startswith("_") and isinstance(first, Axes) and first.figure is figure:
            return name.removesuffix("_ax").replace("_", "-").lower()
    return UNNAMED


def unused(name: str, given: Sequence[str]) -> str:
    """`name`, or with the first number from 2 on that is not among those `given`."""
    number = 1
    numbered = name
    while numbered in given:
        number += 1
        numbered = f"{name}-{number}"
    return numbered


def bundle(figure: Any, id: str) -> dict[str, Any]:
    """What the chart in `figure` hands over (see :class:`tradeflows.charts.ChartFiles`)."""
    from tradeflows import charts

    axes = figure.axes[0] if len(figure.axes) == 1 else figure.axes
    return asdict(charts.hand_over(axes, id))
