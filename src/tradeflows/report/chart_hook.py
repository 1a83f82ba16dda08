"""In a notebook's kernel: what is displayed hands over what its page needs.

A chart hands over its drawings and numbers, lists of sources and cards of claims their facts, and
tables are printed in words. The notebook that is committed never holds any of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import chain, count
from typing import Any

import numpy as np
from nbformat import NotebookNode

MIME = "application/vnd.tradeflows.chart+json"
FACTS = "application/vnd.tradeflows.facts+json"
START = "from tradeflows.report import chart_hook; chart_hook.hook(get_ipython())"
DPI = 200  # twice what a notebook shows
UNNAMED = "chart"  # the id of a chart that no variable of its notebook holds


def hook(shell: Any) -> None:
    """Let the kernel's `shell` draw every figure finer, and show a reader's page."""
    from tradeflows.report import frames

    shell.config.InlineBackend.print_figure_kwargs = {"bbox_inches": "tight", "dpi": DPI}
    given: list[str] = []

    def handed_over(figure: Any, **_: Any) -> dict[str, Any]:
        if "tradeflows" not in vars(figure):
            return {}
        id = unused(id_of(figure, shell.user_ns), given)
        given.append(id)
        return {MIME: bundle(figure, id)}

    def of_table(table: Any, **_: Any) -> dict[str, Any]:
        """The claims that rest on each source, of what ``charts.sources`` lists; else nothing."""
        is_list = table.index.name == "source_id" and "claims" in table
        return {FACTS: {"sources": table["claims"].to_dict()}} if is_list else {}

    formatters = shell.display_formatter
    for module, name, facts in (
        ("matplotlib.figure", "Figure", handed_over),
        ("pandas", "DataFrame", of_table),
        (
            "tradeflows.report.claim_cards",
            "Cards",
            lambda cards, **_: {FACTS: {"cards": [verdict.claim.id for verdict in cards.verdicts]}},
        ),
    ):
        formatters.mimebundle_formatter.for_type_by_name(module, name, facts)
    for module, name, page in frames.PAGES:
        formatters.formatters["text/html"].for_type_by_name(module, name, page)


def facts_of(notebook: NotebookNode) -> dict[str, Any]:
    """``sources`` (claims by id) and ``cards`` (ids) of a notebook that ran with :func:`hook`."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    kept = [output.get("data", {}).get(FACTS, {}) for output in outputs]
    return {
        "sources": {id: claims for one in kept for id, claims in one.get("sources", {}).items()},
        "cards": [claim for one in kept for claim in one.get("cards", [])],
    }


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
    numbered = (f"{name}-{number}" for number in count(2))
    return next(one for one in chain([name], numbered) if one not in given)


def bundle(figure: Any, id: str) -> dict[str, Any]:
    """What the chart in `figure` hands over (see :class:`tradeflows.charts.ChartFiles`)."""
    from tradeflows import charts

    axes = figure.axes[0] if len(figure.axes) == 1 else figure.axes
    return asdict(charts.hand_over(axes, id))
