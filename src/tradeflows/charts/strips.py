"""Several wholes, each a strip of the parts that it has."""

from typing import Any, Unpack

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from pandas import DataFrame

from tradeflows.charts import colours, layout
from tradeflows.charts import rows as row_layout
from tradeflows.charts.artists import name_gid
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
    wholes = frame[whole].astype(str).reset_index(drop=True)
    order = list(dict.fromkeys(wholes))
    labels = [named(name, shown) for name in order]
    is_narrow = layout.page() is layout.NARROW  # whose strips have their names above them
    before = rows.groupby(wholes.to_numpy())["value"].cumsum() - rows["value"]
    most = rows.groupby(wholes.to_numpy())["value"].sum().max()
    look = colours.of_series(rows["panel"])
    inches = row_layout.room([""] if is_narrow else labels, [""])
    texts = [_words(named(name, shown)) for name in rows["panel"]]
    n_lines = max(map(str.count, texts, ["\n"] * len(texts))) + 1
    tall = HIGH + GAP + layout.LINE * (n_lines + (1.6 if is_narrow else 0.4))
    with layout.style():
        _, axes = plt.subplots()
        for i, row in numbered(rows):
            level = float(order.index(wholes[i]))
            colour = look[row.panel].colour
            style: dict[str, Any] = {"fc": colour, "ec": colours.PAPER, "lw": 1.5}
            gid = f"{i}|bar|{row.name}"
            axes.barh(level, row.value, HIGH / tall, before[i], gid=gid, **style)
            middle = before[i] + row.value / 2
            layout.write(
                axes,
                layout.number(row.value),
                (middle, level),
                (0, 0),
                color=colours.letters_on(colour),
                gid=f"{i}|text|{row.name}",
                ha="center",
                va="center_baseline",
                weight="bold",
            )
        for level, name in enumerate(order):
            members = [i for i, of in enumerate(wholes) if of == name]
            wanted = [(before[i] + rows["value"][i] / 2) * inches / most for i in members]
            wide = [layout.size(texts[i])[0] * layout.page().small / 11 + BETWEEN for i in members]
            places = layout.spread(wanted, wide, 0.0, inches)
            for i, x in zip(members, places, strict=True):
                place = (x * most / inches, level + HIGH / tall / 2)
                colour = colours.text_colour(look[rows["panel"][i]].colour)
                _write_name(axes, texts[i], place, colour, rows["name"][i])
        top = -HIGH / tall / 2 - 0.05
        axes.set_yticks(range(len(order)), [""] * len(order) if is_narrow else labels)
        if is_narrow:
            top = _write_heads(axes, labels, top, 1.3 * layout.LINE / tall)
        axes.set_ylim(top + len(order), top)
        axes.set_xlim(0, most)
        finish([axes], "bars", shown, rows, [[]], False, tall * len(order))
    return axes


def _write_heads(axes: Axes, labels: list[str], top: float, head: float) -> float:
    """Write the name of each whole above its strip, and return where the chart then begins."""
    for level, text in enumerate(labels):
        layout.write_above(axes, text, level + top - head)
    return top - head


def _write_name(axes: Axes, text: str, place: tuple[float, float], colour: str, name: str) -> None:
    """Write the name of a part below its strip."""
    small = layout.page().small
    look: dict[str, Any] = {"ha": "center", "va": "top", "size": small, "annotation_clip": False}
    layout.write(axes, text, place, (0, -3), color=colour, gid=name_gid(name), **look)


def _words(text: str) -> str:
    """The words below a part; on narrow paper a line each, at most two."""
    first, _, rest = text.partition(" ")
    return "\n".join(filter(None, (first, rest))) if layout.page() is layout.NARROW else text
