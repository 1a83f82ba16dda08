"""Bars side by side, and figures over the windows that they are of."""

from collections.abc import Collection, Sequence
from typing import Unpack

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import ticker
from matplotlib.axes import Axes

from tradeflows.charts import colours, layout
from tradeflows.charts.layout import Label
from tradeflows.charts.options import (
    ChartOptions,
    complete_options,
    drawable_rows,
    finish,
    named,
    numbered,
    printed,
    redrawable,
    refuse,
)

TALL = 0.6  # inches of narrow paper for each window, whose words stand above or below it


@redrawable
def bars(
    frame: pd.DataFrame,
    *,
    y: str,
    by: str,
    span: Sequence[str] = (),
    highlight: Collection[str] = (),
    **options: Unpack[ChartOptions],
) -> Axes:
    """Compare figures as horizontal bars with their numbers, in the order of the rows.

    Parameters
    ----------
    frame
        One row a bar; a null `y` has none, and the words "not published". Heeded where present:
        ``qualifier`` (before the number), ``flags``.
    y, by
        Columns of the numbers and of the bars' names.
    span
        As for :func:`points`; without a `y`, the range stands alone.
    highlight
        Names of the bars that the claim is about.
    **options
        There are no events, and a ``reference`` is an upright line.

    Raises
    ------
    QueryError
        As every chart (see :func:`lines`), but for a series without a value.
    """
    shown = complete_options(frame, options, [y, *span], [by])
    rows = drawable_rows(frame, y=y, by=by, when="", span=span)
    refuse(rows[rows["name"].duplicated()], "two values for one point")
    tips = rows[["value", "low", "high"]].max(axis="columns").fillna(0).clip(lower=0)
    reach = [0.0, *shown["reference"].values(), *rows[["value", "low", "high"]].stack()]
    labels = [layout.wrap(named(name, shown), layout.page().label) for name in rows["name"]]
    ends = []
    narrow = layout.page() is layout.NARROW
    with layout.style():
        _, axes = plt.subplots()
        for i, row in numbered(rows):
            plain = colours.INK if row.name in highlight else colours.GREY
            colour = colours.of_entity(row.name, plain)
            alone = np.isnan(row.value)
            axes.barh(
                i,
                row.value,
                0.62,
                fc="white" if row.hollow else colour,
                ec=colour,
                ls="--" if row.hollow else "-",
                gid=f"{i}|bar|{row.name}",
            )
            axes.plot(
                [row.low, row.high],
                [i, i],
                color=colour if alone else colours.INK,
                lw=12 if alone else 1.5,
                alpha=0.5 if alone else 1,
                solid_capstyle="butt",
                marker="" if alone else "|",
                ms=8,
                gid=f"{i}|range|{row.name}",
            )
            ends.append(Label(printed(row), tips[i], i, colours.INK, f"{i}|text|{row.name}"))
        axes.set_yticks(range(len(rows)), labels)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlim(1.02 * min(reach), 1.02 * max(reach) or float(min(reach) == 0))
        axes.xaxis.set_major_locator(ticker.MaxNLocator(layout.page().steps))
        tall = [0.16 + layout.LINE * (label.count("\n") + 1) for label in labels]
        box = max(3.0, len(tall) * max(tall) if narrow else sum(tall))
        finish([axes], "bars", shown, rows, [ends], False, box)
    return axes


@redrawable
def windows(
    frame: pd.DataFrame,
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
    """
    shown = complete_options(frame, options, [y, *span], [label])
    rows = drawable_rows(frame, y=y, by=label, when="window_start", length="window_end", span=span)
    refuse(rows[rows["name"].duplicated()], "two values for one point")
    refuse(rows[rows["end"] < rows["x"]], "a window that ends before it starts")
    if log:
        low = rows[["value", "low", "high"]].min(axis="columns")
        refuse(rows[~(low > 0)], "no place on a logarithmic axis for a figure that is not positive")
    labels = []
    with layout.style():
        _, axes = plt.subplots()
        for i, row in numbered(rows):
            mine = row.name in own
            colour = colours.OWN if mine else colours.WINDOW
            axes.bar(
                row.x,
                row.high - row.low,
                row.end - row.x,
                row.low,
                align="edge",
                color=colour,
                alpha=0.3,
                gid=f"{i}|box|{row.name}",
            )
            axes.plot(
                [row.x, row.end],
                [row.value] * 2,
                color=colour,
                lw=3.5,
                clip_on=False,
                ls=(0, (1.6, 0.6)) if mine or row.hollow else "-",
                solid_capstyle="butt",
                gid=f"{i}|window|{row.name}",
            )
            text = f"{named(row.name, shown)}: {printed(row)}"
            text += ", the claim’s own source" if mine else ""
            start, end = mdates.date2num([row.x, row.end])
            level = row.high if np.isnan(row.value) else row.value
            text = layout.wrap(text, layout.page().window // 2)
            labels.append(Label(text, end, level, colour, f"{i}|text|{row.name}", start))
        if log:
            axes.set_yscale("log")
        box = TALL if layout.page() is layout.NARROW else 0.0
        finish([axes], "windows", shown, rows, [labels], not log, max(3.4, box * len(rows)))
    return axes
