"""Several wholes, each a strip of the parts that it has."""

from typing import Any, Unpack

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from pandas import DataFrame

from tradeflows.charts import colours, layout
from tradeflows.charts import rows as row_layout
from tradeflows.charts.options import (
    ChartOptions,
    complete_options,
    drawable_rows,
    finish,
    named,
    numbered,
    redrawable,
    refuse,
    refuse_repeated,
)

HIGH, GAP = 0.36, 0.12  # inches of a strip, and between the words below it and the next
BETWEEN = 0.12  # inches between the words of two parts


@redrawable
def strips(
    frame: DataFrame, *, y: str, by: str, whole: str, part: str, **options: Unpack[ChartOptions]
) -> Axes:
    """Draw several wholes as strips of their parts, each with its number, in the rows' order.

    Parameters
    ----------
    frame
        One row a part of a whole.
    y, by
        Columns of the numbers, all above zero, and of what each says, which no other does.
    whole, part
        Columns of the names left of the strips, and of the words below each part, which give it
        its colour: the project's or, of a verdict, that of the front page.
    **options
        There are no events and no ``reference``.

    Raises
    ------
    QueryError
        As every chart (see :func:`lines`); a number that is not above zero.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import charts
    >>> look = {"title": "Most hold", "unit": "Claims", "source": "Made up"}
    >>> told = pd.DataFrame({"n": [2, 1], "says": ["report, holds", "report, differs"],
    ...                      "of": "report", "word": ["holds", "differs"]})
    >>> axes = charts.strips(told, y="n", by="says", whole="of", part="word", **look)
    >>> charts.drawn(axes)["value"].to_dict()
    {'report, holds': 2.0, 'report, differs': 1.0}
    """
    shown = complete_options(frame, options, [y], [by, whole, part])
    rows = drawable_rows(frame, y=y, by=by, when="", panel=part)
    refuse_repeated(rows, "name")
    refuse(rows[~(rows["value"] > 0)], "no strip of nothing")
    rows["whole"] = frame[whole].astype(str).to_numpy()
    before = rows.groupby("whole")["value"].cumsum() - rows["value"]
    rows["stop"] = before + rows["value"]
    rows["printed"] = rows["value"].map(layout.number)
    rows["start"], rows["middle"] = before, before + rows["value"] / 2
    look = colours.of_series(rows["panel"])
    rows["colour"] = [look[name].colour for name in rows["panel"]]
    rows["words"] = [_words(named(name, shown)) for name in rows["panel"]]
    order = list(rows["whole"].unique())
    labels = [named(name, shown) for name in order]
    is_narrow = layout.page() is layout.NARROW  # whose strips have their names above them
    n_lines = 1 + rows["words"].str.count("\n").max()
    tall = HIGH + GAP + layout.LINE * (n_lines + (1.6 if is_narrow else 0.4))
    top = -HIGH / tall / 2 - 0.05
    with layout.style():
        _, axes = plt.subplots()
        rows["level"] = rows["whole"].map(order.index).astype("float64")
        for i, row in numbered(rows):
            _part(axes, i, row, HIGH / tall)
        inches = row_layout.room([""] if is_narrow else labels, [""])
        per_inch = rows.groupby("whole")["value"].sum().max() / inches
        for level, name in enumerate(order):
            below = level + HIGH / tall / 2
            _words_below(axes, rows[rows["whole"].eq(name)], below, inches, per_inch)
        axes.set_yticks(range(len(order)), [""] * len(order) if is_narrow else labels)
        if is_narrow:
            head = 1.3 * layout.LINE / tall
            for level, text in enumerate(labels):
                layout.write_above(axes, text, level + top - head)
            top -= head
        axes.set_ylim(top + len(order), top)
        axes.set_xlim(0, inches * per_inch)
        finish([axes], "bars", shown, rows, [[]], False, tall * len(order))
    return axes


def _part(axes: Axes, i: int, row: Any, high: float) -> None:
    """Draw a part of a strip behind those before it, with its number within."""
    style: dict[str, Any] = {"fc": row.colour, "ec": colours.PAPER, "lw": 1.5}
    axes.barh(row.level, row.value, high, row.start, gid=f"{i}|bar|{row.name}", **style)
    layout.write(
        axes,
        row.printed,
        (row.middle, row.level),
        (0, 0),
        color=colours.letters_on(row.colour),
        gid=f"{i}|text|{row.name}",
        ha="center",
        va="center_baseline",
        weight="bold",
    )


def _words_below(axes: Axes, parts: DataFrame, y: float, inches: float, per_inch: float) -> None:
    """Write below a strip what its parts are, each as near to its middle as the others admit."""
    size = layout.page().small
    wide = [layout.size(text)[0] * size / 11 + BETWEEN for text in parts["words"]]
    places = layout.spread([*parts["middle"] / per_inch], wide, 0.0, inches)
    for (_, row), x in zip(numbered(parts), places, strict=True):
        layout.write(
            axes,
            row.words,
            (x * per_inch, y),
            (0, -3),
            color=colours.text_colour(row.colour),
            gid=layout.name_gid(row.name),
            ha="center",
            va="top",
            size=size,
            annotation_clip=False,
        )


def _words(text: str) -> str:
    """The words below a part; on narrow paper a line each, at most two."""
    first, _, rest = text.partition(" ")
    return "\n".join(filter(None, (first, rest))) if layout.page() is layout.NARROW else text
