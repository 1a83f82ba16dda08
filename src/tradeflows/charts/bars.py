"""Bars side by side, and figures over the windows that they are of."""

from collections.abc import Collection, Sequence
from typing import Any, Unpack

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from pandas import DataFrame

from tradeflows.charts import colours, layout
from tradeflows.charts import rows as row_layout
from tradeflows.charts.layout import Label
from tradeflows.charts.options import (
    ChartOptions,
    are_whole,
    complete_options,
    decimals_of,
    drawable_rows,
    finish,
    in_full,
    named,
    numbered,
    printed,
    redrawable,
    refuse,
    refuse_repeated,
)

TALL = 0.6  # inches of narrow paper for each window, whose words stand above or below it
LOW = 0.45  # of wide paper


@redrawable
def bars(
    frame: DataFrame,
    *,
    y: str,
    by: str,
    span: Sequence[str] = (),
    highlight: Collection[str] = (),
    entity: str = "",
    heading: str = "",
    **options: Unpack[ChartOptions],
) -> Axes:
    """Compare figures as horizontal bars with their numbers, in the order of the rows.

    Parameters
    ----------
    frame
        One row a bar; a null `y` has none, and the words "not published". Heeded where present:
        ``qualifier`` (before the number), ``flags``, ``is_whole`` (the figure was printed without
        decimals, and stands so beside others that have some).
    y, by
        Columns of the numbers and of the bars' names.
    span
        As for :func:`points`; without a `y`, the range stands alone.
    highlight
        Names of the bars that the claim is about; the others are grey. Without any, each entity
        has its own colour.
    entity
        Column of the entities whose colours the bars take, where their names say more than that.
    heading
        Column of the words above each group of bars that follow one another; "" sets apart alone.
        A name of a bar that begins with them and a comma is shown without.
    **options
        There are no events, and a ``reference`` is an upright line. Small money is said in full:
        where ``unit`` is in million US dollars and a bar is below one of them, "$20,600".

    Raises
    ------
    QueryError
        As every chart (see :func:`lines`), but for a series without a value.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import charts
    >>> look = {"title": "It rose", "unit": "Mt a month", "source": "Made up"}
    >>> sold = pd.DataFrame({"who": ["Brazil", "USA"], "mt": [75.0, 25.0]})
    >>> axes = charts.bars(sold, y="mt", by="who", highlight=["Brazil"], **look)
    >>> charts.drawn(axes)["value"].to_dict()
    {'Brazil': 75.0, 'USA': 25.0}
    """
    shown = complete_options(frame, options, [y, *span], [by])
    rows = drawable_rows(frame, y=y, by=by, when="", panel=entity or by, span=span)
    refuse_repeated(rows, "name")
    rows["hollow"] &= not rows["hollow"].all()  # where all may yet change, the key says so
    numbers = rows[["value", "low", "high"]]
    tips = numbers.max(axis="columns").fillna(0)
    reach = [0.0, *shown["reference"].values(), *numbers.stack()]
    least = min(reach)
    most = max(reach)
    headings = list(frame[heading]) if heading else [""] * len(rows)
    names = [named(name, shown) for name in rows["name"]]
    labels = row_layout.names_of_rows(names, headings)
    tall = row_layout.height(labels)
    down, heads = row_layout.places(headings, tall)
    ends = []
    money = in_full(str(shown["unit"]), numbers)
    whole = are_whole(rows)
    said_whole = frame.get("is_whole", rows["name"].eq("")).eq(True).to_numpy()
    decimals = decimals_of(rows)
    texts = [
        printed(row, money, whole=whole or bool(said_whole[i]), decimals=decimals)
        for i, row in numbered(rows)
    ]
    rows = rows.assign(level=down, stop=rows["value"], printed=texts)
    with layout.style():
        _, axes = plt.subplots()
        for i, row in numbered(rows):
            colour = _colour(row.panel, row.name, highlight)
            _bar(axes, i, down[i], row, colour)
            _range(axes, i, down[i], row, colour)
            gid = f"{i}|text|{row.name}"
            ends.append(Label(row.printed, tips[i], down[i], colours.INK, gid))
        row_layout.zero_line(axes, down)
        row_layout.set_rows(axes, down, labels, heads, tall)
        row_layout.embolden(axes, list(rows["name"]), highlight)
        row_layout.tie_names(axes, list(rows["name"]))
        right = 1.02 * most or float(least == 0)
        before = [end for end in ends if end.x < 0]
        after = [end for end in ends if end.x >= 0]
        inches = row_layout.room(labels, [end.text for end in after])
        left = row_layout.left_end(1.02 * least, right, before, inches)
        axes.set_xlim(left, right)
        row_layout.write_before(axes, before)
        box = row_layout.whole_height(axes, tall)
        finish([axes], "bars", shown, rows, [after], False, box)
    return axes


def _colour(entity: str, name: str, highlight: Collection[str]) -> str:
    """The colour of a bar: its entity's, or grey where others are the ones to see."""
    if not highlight:
        return colours.of_entity(entity, colours.GREY)
    return colours.of_entity(entity, colours.INK) if name in highlight else colours.GREY


def _bar(axes: Axes, i: int, y: float, row: Any, colour: str) -> None:
    """Draw a figure as a bar, dashed and empty where it may yet change."""
    face = "white" if row.hollow else colour
    dash = "--" if row.hollow else "-"
    axes.barh(y, row.value, 0.62, fc=face, ec=colour, ls=dash, gid=f"{i}|bar|{row.name}")


def _range(axes: Axes, i: int, y: float, row: Any, colour: str) -> None:
    """Draw the range of a figure upon its bar, or broad where it stands alone."""
    style: dict[str, Any] = {"color": colours.INK, "lw": 1.5, "alpha": 1, "marker": "|"}
    if np.isnan(row.value):
        style = {"color": colour, "lw": 14, "marker": ""}
    gid = f"{i}|range|{row.name}"
    axes.plot([row.low, row.high], [y, y], solid_capstyle="butt", ms=8, gid=gid, **style)


@redrawable
def windows(
    frame: DataFrame,
    *,
    y: str = "value",
    label: str = "id",
    span: Sequence[str] = (),
    own: Collection[str] = (),
    log: bool = False,
    **options: Unpack[ChartOptions],
) -> Axes:
    """Draw published figures, each at its value from the first to the last day of its window.

    Parameters
    ----------
    frame
        One row a figure, with ``window_start`` and ``window_end``. Heeded where present:
        ``qualifier`` (before the number), ``flags``.
    y, label
        Columns of the numbers and of the words beside each window.
    span
        As for :func:`points`.
    own
        Labels of the figures that are the claim's own source, and so confirm nothing: dashed,
        in another colour, and named as such.
    log
        Whether the axis is logarithmic; else it begins at zero.

    Raises
    ------
    QueryError
        As every chart (see :func:`lines`); a window that is null or ends before it starts; a
        logarithmic axis for a figure that is not positive.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import charts
    >>> look = {"title": "It rose", "unit": "Mt a month", "source": "Made up"}
    >>> printed = pd.DataFrame({"id": ["F1"], "value": [12.0],
    ...                         "window_start": pd.to_datetime(["2022-01-01"]),
    ...                         "window_end": pd.to_datetime(["2022-12-31"])})
    >>> axes = charts.windows(printed, **look)
    >>> charts.drawn(axes)["value"].to_dict()
    {'F1': 12.0}
    """
    shown = complete_options(frame, options, [y, *span], [label])
    rows = drawable_rows(frame, y=y, by=label, when="window_start", length="window_end", span=span)
    refuse_repeated(rows, "name")
    is_reversed = rows["end"] < rows["x"]
    refuse(rows[is_reversed], "a window that ends before it starts")
    if log:
        least = rows[["value", "low", "high"]].min(axis="columns")
        has_place = least > 0
        refuse(rows[~has_place], "no place on a logarithmic axis for a figure that is not positive")
    labels = []
    whole = are_whole(rows)
    is_of_claim = rows["name"].isin(own)
    texts = [printed(row, whole=whole) for row in rows.itertuples()]
    rows["printed"] = texts + np.where(is_of_claim, ", the claim’s own source", "").astype(object)
    with layout.style():
        _, axes = plt.subplots()
        for i, row in numbered(rows):
            is_own = row.name in own
            _window(axes, i, row, is_own)
            text = f"{named(row.name, shown)}: {row.printed}"
            labels.append(_label(i, row, text, is_own))
        if log:
            axes.set_yscale("log")
        tall = TALL if layout.page() is layout.NARROW else LOW
        if not log:  # the words of the highest have room below the unit
            highest = rows[["value", "high"]].max(axis=None)
            axes.update_datalim([(axes.dataLim.x0, 1.12 * highest)])
        box = max(3.4, tall * len(rows))
        finish([axes], "windows", shown, rows, [labels], not log, box)
    return axes


def _window(axes: Axes, i: int, row: Any, is_own: bool) -> None:
    """Draw a figure over its window, and its range as a box."""
    colour = colours.OWN if is_own else colours.WINDOW
    is_dashed = is_own or row.hollow
    height = row.high - row.low
    length = row.end - row.x
    style: dict[str, Any] = {"align": "edge", "color": colour, "alpha": 0.3}
    axes.bar(row.x, height, length, row.low, gid=f"{i}|box|{row.name}", **style)
    axes.plot(
        [row.x, row.end],
        [row.value, row.value],
        color=colour,
        lw=3.5,
        clip_on=False,
        ls=(0, (1.6, 0.6)) if is_dashed else "-",
        solid_capstyle="butt",
        gid=f"{i}|window|{row.name}",
    )


def _label(i: int, row: Any, text: str, is_own: bool) -> Label:
    """The words of a window, to stand beside it."""
    start, end = mdates.date2num([row.x, row.end])
    level = row.high if np.isnan(row.value) else row.value
    colour = colours.OWN if is_own else colours.WINDOW
    width = layout.page().window // 2
    return Label(layout.wrap(text, width), end, level, colour, f"{i}|text|{row.name}", start)
