"""Dots in rows: two years or several speakers on one line each, on one axis."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, Unpack

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from pandas import DataFrame

from tradeflows.charts import colours, layout
from tradeflows.charts import rows as row_layout
from tradeflows.charts.layout import Label
from tradeflows.charts.options import (
    VALUE,
    ChartOptions,
    are_whole,
    complete_options,
    decimals_of,
    drawable_rows,
    finish,
    named,
    numbered,
    printed,
    redrawable,
    refuse,
    refuse_repeated,
)


@redrawable
def dots(
    frame: DataFrame,
    *,
    y: str,
    by: str,
    series: str = "",
    heading: str = "",
    log: bool = False,
    highlight: Collection[str] = (),
    **options: Unpack[ChartOptions],
) -> Axes:
    """Draw figures as dots in rows, those of a row tied, each with its number.

    Parameters
    ----------
    frame
        One row a dot. Heeded where present: ``qualifier`` (before the number).
    y, by
        Columns of the numbers, none of them null, and of the names of the rows.
    series
        Column of what tells the dots of a row apart; their names stand above the first row. Without
        it the numbers stand in a column on the right.
    heading
        Column of the words above each group of rows that follow one another; "" sets apart alone.
    log
        Whether the axis is logarithmic; else it has its zero.
    highlight
        Series, or rows where there are none, that the claim is about; the others are grey.
    **options
        There are no events, and a ``reference`` is an upright line.

    Raises
    ------
    QueryError
        As every chart (see :func:`lines`); a figure that is null, or on a logarithmic axis not
        positive.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import charts
    >>> look = {"title": "It rose", "unit": "Mt a year", "source": "Made up"}
    >>> sold = pd.DataFrame({"what": ["Coal", "Coal", "Oil", "Oil"],
    ...                      "year": ["2021", "2023"] * 2, "mt": [1.0, 3.0, 2.0, 5.0]})
    >>> axes = charts.dots(sold, y="mt", by="what", series="year", **look)
    >>> charts.drawn(axes).loc["Oil"].to_dict()
    {'2021': 2.0, '2023': 5.0}
    """
    shown = complete_options(frame, options, [y], [by, series] if series else [by])
    rows = drawable_rows(frame, y=y, by=by, when="", panel=series)
    refuse_repeated(rows, "name", "panel")
    has_no_place = rows["value"].isna() | (rows["value"] <= 0 if log else False)
    refuse(rows[has_no_place], "no place for a figure that is null, or not positive where log=True")
    kinds = rows["panel"] if series else rows["name"]
    looks = colours.of_series(kinds, highlight)
    first = rows.drop_duplicates("name")
    headings = list(frame[heading].iloc[first.index]) if heading else [""] * len(first)
    labels = row_layout.names_of_rows([named(name, shown) for name in first["name"]], headings)
    tall = row_layout.height(labels)
    down, heads = row_layout.places(headings, tall)
    rows = rows.assign(
        column=rows["panel"] if series else VALUE,
        colour=[looks[kind].colour for kind in kinds],
        level=rows["name"].map(dict(zip(first["name"], down, strict=True))),
    )
    with layout.style():
        _, axes = plt.subplots()
        axes.set_xscale("log" if log else "linear")
        before, after = _off_zero(axes, *_draw_rows(axes, rows, bool(series)), labels, shown)
        row_layout.set_rows(axes, down, labels, heads, tall)
        _limits(axes, rows, shown["reference"].values(), before, after, labels)
        _guides(axes, down)
        if not series:
            row_layout.embolden(axes, list(first["name"]), highlight)
            _, edge = axes.get_xlim()
            after = [replace(text, x=edge) for text in after]
        row_layout.write_before(axes, before, 9, zorder=4, bbox=layout.GROUND)
        if series:
            inches = row_layout.room(labels, [text.text for text in after])
            _name_dots(axes, rows, shown, inches, 0.12 / tall)
        box = row_layout.whole_height(axes, tall)
        finish([axes], "dots", shown, rows, [after], False, box)
    return axes


def _draw_rows(axes: Axes, rows: DataFrame, is_named: bool) -> tuple[list[Label], list[Label]]:
    """Draw the dots and what ties those of a row; figures to stand left and right of them."""
    before: list[Label] = []
    after: list[Label] = []
    whole = are_whole(rows)
    decimals = decimals_of(rows)
    by_row = rows.groupby("name")["value"]
    is_left = rows["value"].eq(by_row.transform("min")) & by_row.transform("size").gt(1)
    rows["printed"] = [printed(row, whole=whole, decimals=decimals) for row in rows.itertuples()]
    for i, row in numbered(rows):
        _dot(axes, i, row)
        ink = layout.text_colour(row.colour) if is_named else colours.INK
        label = Label(row.printed, row.value, row.level, ink, f"{i}|text|{row.column}")
        (before if is_left[i] else after).append(label)
    for level, part in rows.groupby("level"):
        ends = [part["value"].min(), part["value"].max()]
        axes.plot(ends, [level, level], color=colours.MUTE, lw=2.5, zorder=2)
    return before, after


def _dot(axes: Axes, i: int, row: Any) -> None:
    """Draw a figure as a dot; its label says of which row it is."""
    axes.plot(
        [row.value],
        [row.level],
        ls="none",
        marker="o",
        ms=7 if layout.page() is layout.NARROW else 9,
        color=row.colour,
        label=row.name,
        zorder=3,
        clip_on=False,
        gid=f"{i}|dot|{row.column}",
    )


def _off_zero(
    axes: Axes,
    before: list[Label],
    after: list[Label],
    labels: Sequence[str],
    shown: dict[str, Any],
) -> tuple[list[Label], list[Label]]:
    """Move figures that would stand over the line at zero right of their row's others.

    Both then have their names, since a reader takes the left of two figures for the left dot.
    """
    if axes.get_xscale() == "log":
        return before, after
    inches = row_layout.room(labels, [text.text for text in after])
    most = max(text.x for text in [*before, *after])
    by_level = {text.y: text for text in after}
    left: list[Label] = []
    right = {text.y: [text] for text in after}
    for text in before:
        width, _ = layout.size(text.text)
        if not 0 <= text.x * inches < (width + row_layout.GAP) * most:
            left.append(text)
            continue
        other = _with_name(by_level[text.y], shown)
        first = replace(_with_name(text, shown), x=other.x)
        width, _ = layout.size(first.text)
        point = Label("·", other.x, text.y, colours.INK, clear=text.clear + width + 0.06)
        right[text.y] = [first, point, replace(other, clear=text.clear + width + 0.15)]
    return left, [text for texts in right.values() for text in texts]


def _with_name(text: Label, shown: dict[str, Any]) -> Label:
    """A figure with the name of its dot before it."""
    _, _, kind = (text.gid or "").split("|", 2)
    return replace(text, text=f"{named(kind, shown)}: {text.text}")


def _limits(
    axes: Axes,
    rows: DataFrame,
    references: Any,
    before: Sequence[Label],
    after: Sequence[Label],
    labels: Sequence[str],
) -> None:
    """Let the axis reach over all that is drawn, with room for the figures on the left."""
    reach = [*rows["value"], *references]
    if axes.get_xscale() == "log":
        axes.set_xlim(min(reach) / 1.6, max(reach) * 1.15)
        return
    least, most = min(0.0, *reach), 1.03 * max(0.0, *reach)
    inches = row_layout.room(labels, [text.text for text in after])
    axes.set_xlim(row_layout.left_end(1.03 * least, most, before, inches), most)


def _guides(axes: Axes, down: Sequence[float]) -> None:
    """Lead the eye along each row, from zero on where the axis has one and no figure is below."""
    left, right = axes.get_xlim()
    if axes.get_xscale() == "linear":
        row_layout.zero_line(axes, down)
        left = min(0.0, axes.dataLim.x0)
    axes.hlines(down, left, right, color=colours.FAINT, lw=0.8, zorder=0.5)


def _name_dots(
    axes: Axes, rows: DataFrame, shown: dict[str, Any], inches: float, room: float
) -> None:
    """Name the dots above those of the first row, side by side, with room for the names."""
    first = rows[rows["level"] == rows["level"].iloc[0]]
    left, right = axes.get_xlim()
    scale = inches / (right - left)
    words = [named(kind, shown) for kind in first["column"]]
    widths = [layout.size(text, "bold")[0] for text in words]
    middles = row_layout.apart((first["value"] - left) * scale, widths)
    style: dict[str, Any] = {"ha": "center", "va": "bottom", "weight": "bold", "zorder": 4}
    for kind, text, colour, middle in zip(
        first["column"], words, first["colour"], middles, strict=True
    ):
        point = (left + middle / scale, 0)
        style["color"] = layout.text_colour(colour)
        layout.write(
            axes, text, point, (0, 7), annotation_clip=False, gid=layout.name_gid(kind), **style
        )
    lowest, highest = axes.get_ylim()
    axes.set_ylim(lowest, highest - room)
