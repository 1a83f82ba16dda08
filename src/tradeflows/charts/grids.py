"""Pictures in rows and columns: which months are held, and a value a cell."""

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any, Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.patches import Rectangle
from pandas import DataFrame

from tradeflows.charts import colours, layout
from tradeflows.charts.bars import tie_names
from tradeflows.charts.marks import draw
from tradeflows.charts.numbers import ChartAxes, new_axes
from tradeflows.charts.options import (
    BLANK,
    ChartOptions,
    complete_options,
    drawable_rows,
    finish,
    named,
    redrawable,
    refuse,
    refuse_repeated,
)
from tradeflows.model.errors import QueryError


@redrawable
def coverage(
    frame: DataFrame,
    *,
    held: str,
    by: str | Sequence[str],
    counted: str = "",
    highlight: Collection[str] = (),
    **options: Unpack[ChartOptions],
) -> ChartAxes:
    """Draw which months are held: a strip a row, with its gaps.

    Parameters
    ----------
    frame
        One row a strip.
    held
        Column of the months, as ``2019-01 to 2021-12, 2022-03``.
    by
        Column of the words beside each strip, or these words.
    counted
        Column of how many rows each strip is of, as :func:`tradeflows.measures.count` gives them,
        by which each run of months leads to its first and its last raw line.
    highlight
        Those of the strips that the claim is about; the others are grey.

    Raises
    ------
    QueryError
        As every chart (see :func:`lines`), or there are more than 40 rows.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import charts
    >>> look = {"title": "It rose", "unit": "Mt a month", "source": "Made up"}
    >>> held = pd.DataFrame({"what": ["crude oil"], "held": ["2023-01 to 2023-02, 2023-04"]})
    >>> axes = charts.coverage(held, held="held", by="what", **look)
    >>> charts.drawn(axes)["printed"].item()
    '2023-01 to 2023-02, 2023-04'
    """
    words = list(frame[by]) if isinstance(by, str) else list(by)
    if len(words) != len(frame):
        raise QueryError(f"by has {len(words)} words for {len(frame)} rows: give each row its own")
    strips = frame.assign(strip=words, held=frame[held])
    strips, _, shown = complete_options(strips, options, [counted] if counted else [], ["strip"])
    if not 0 < len(frame) <= 40:
        raise QueryError(f"{len(frame)} rows, and a picture takes 1 to 40: filter the frame")
    runs = strips["held"].reset_index(drop=True).str.split(", ").explode()
    ends = runs.str.split(" to ", expand=True).reindex(columns=[0, 1])
    first, last = pd.to_datetime(ends[0]), pd.to_datetime(ends[1].fillna(ends[0]))
    of_run = {**BLANK, "row": runs.index, "level": runs.index, "printed": runs, "run": runs}
    of_run |= {"x": first, "middle": first, "end": last + pd.DateOffset(months=1)}
    of_run |= {"name": [words[i] for i in runs.index], "value": np.nan, "low": np.nan}
    marks = DataFrame(of_run).reset_index(drop=True)
    labels = [layout.wrap(text, layout.page().label + 4) for text in words]
    axes = new_axes()
    for run in marks.itertuples():
        colour = colours.INK if run.name in highlight else colours.GREY
        draw(axes, run, "held", color=colour, lw=7)
    axes.set_ylim(len(frame) - 0.4, -0.6)
    layout.number_axis(axes)
    axes.set_yticks(range(len(frame)), labels)
    tie_names(axes, words)
    layout.day_axis(axes)
    heights = [0.14 + layout.LINE * layout.lines_of(label) for label in labels]
    finish([axes], "coverage", shown, marks, [[]], box=sum(heights))
    return axes


@redrawable
def cells(
    frame: DataFrame,
    *,
    y: str,
    by: str,
    across: str,
    words: str = "",
    full: float = 100.0,
    **options: Unpack[ChartOptions],
) -> ChartAxes:
    """Draw a table whose cells are the stronger in colour the greater `y`, a row per `by`.

    Parameters
    ----------
    frame
        One row a cell. A null or absent one is hatched: it has no figure, which is no zero.
    y, by
        Columns of the numbers, none of them below zero, and of the rows.
    across
        Column of the columns, in order of appearance, with the number in each cell.
    words
        Column of what stands below the number in a cell, or in a cell without one.
    full
        The number from which on a cell is as strong in colour as can be. Infinity makes a table
        without shades, for numbers that do not compare, each with three figures.
    **options
        There are no events and no ``reference``.

    Raises
    ------
    QueryError
        As every chart (see :func:`lines`), but for a series without a value; a number below zero.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import charts
    >>> look = {"title": "It rose", "unit": "Mt a month", "source": "Made up"}
    >>> fuels = pd.DataFrame({"who": ["Japan", "Japan"], "fuel": ["coal", "oil"],
    ...                       "pct": [10.0, 20.0]})
    >>> axes = charts.cells(fuels, y="pct", by="who", across="fuel", **look)
    >>> charts.drawn(axes).loc["Japan"].to_dict()
    {'coal': 10.0, 'oil': 20.0}
    """
    frame, [y], shown = complete_options(frame, options, [y], [by, across])
    rows = drawable_rows(frame, y=y, by=by, when="", panel=across)
    refuse_repeated(rows, "name", "panel")
    rows["printed"] = frame[words].fillna("").to_numpy() if words else ""
    refuse(rows[rows["value"] < 0], "no shade for a figure below zero")
    names, columns = list(rows["name"].unique()), list(rows["panel"].unique())
    grid = pd.MultiIndex.from_product([names, columns], names=["name", "column"])
    rows = rows.drop(columns="column").rename(columns={"panel": "column"})
    marks = rows.set_index(["name", "column"]).reindex(grid).reset_index().fillna(BLANK)
    marks["level"] = marks["name"].map(names.index)
    marks["middle"] = marks["column"].map(columns.index) + 0.5
    labels = [layout.wrap(named(name, shown), layout.page().label) for name in names]
    if layout.page() is layout.NARROW:  # where no words are wider than their column
        room = layout.page().width - 0.6 - max(layout.size(label)[0] for label in labels)
        fit = partial(layout.wrap_within, inches=room / len(columns))
        marks["printed"] = marks["printed"].map(fit)
    heads = [layout.wrap(named(name, shown), layout.page().name - 6) for name in columns]
    below, high = max(map(layout.lines_of, marks["printed"])), max(map(layout.lines_of, labels))
    tall = max(0.22 + layout.LINE * below, 0.08 + layout.LINE * high)
    head = 0.12 + layout.LINE * max(2, *map(layout.lines_of, heads))
    axes = new_axes()
    _shade(axes, marks, names, len(columns), full)
    for j, (name, text) in enumerate(zip(columns, heads, strict=True)):
        look: dict[str, Any] = {"ha": "center", "va": "bottom", "weight": "bold", "size": 10.5}
        look |= {"annotation_clip": False, "gid": f"{j}|column|{name}"}
        axes.annotate(text, (j + 0.5, -0.62), **look)
    for row in marks.itertuples():
        _write(axes, row, full)
    axes.set_ylim(len(names) - 0.5, -0.5 - head / tall)
    axes.set_yticks(range(len(names)), labels)
    tie_names(axes, names)
    # What the shades mean, in words that are right by day and by night, and the hatching.
    most = layout.number(full) + (" and more" if marks["value"].gt(full).any() else "")
    keys = [] if np.isinf(full) else [f"Faintest colour: 0 · strongest: {most}"]
    keys += ["Hatched: no figure"] if marks["value"].isna().any() else []
    key = " · ".join(keys)
    finish([axes], "cells", shown, marks, [[]], box=tall * len(names) + head, key=key)
    return axes


def _shade(axes: Axes, marks: DataFrame, names: Sequence[str], n_columns: int, full: float) -> None:
    """Shade the cells row by row by their values, over hatching that is seen where one has none."""
    style: dict[str, Any] = {"fc": colours.PAPER, "ec": colours.MUTE, "hatch": "/////", "lw": 0}
    axes.add_patch(Rectangle((0, -0.5), n_columns, len(names), **style))
    is_plain = np.isinf(full)
    look: dict[str, Any] = {"vmin": 0.0, "vmax": full, "ec": colours.PAPER, "lw": 1.5}
    look["cmap"] = ListedColormap([colours.PAPER]) if is_plain else colours.SHADES
    for i, name in enumerate(names):
        values = marks.loc[marks["name"].eq(name), "value"].to_numpy("float64")
        row, heights = np.ma.masked_invalid(values)[None, :], [i - 0.5, i + 0.5]
        gid = f"{i}|cells|{name}"
        axes.pcolormesh(np.arange(n_columns + 1.0), heights, row, gid=gid, **look)
    ruled = colours.FAINT if is_plain else colours.PAPER  # where no shades part the rows
    axes.hlines(np.arange(len(names) + 1) - 0.5, 0, n_columns, color=ruled, lw=1.5)
    axes.set_xlim(0, n_columns)


def _write(axes: Axes, row: Any, full: float) -> None:
    """Write a number into its cell, and smaller what stands below it, or in a cell without one."""
    style: dict[str, Any] = {"ha": "center", "va": "center"}
    small = style | {"size": layout.page().small, "gid": f"{row.Index}|words|"}
    point = (row.middle, row.level)
    if np.isnan(row.value):
        if row.printed:  # upon hatching, on which words need a ground
            ground = {"fc": colours.PAPER, "ec": "none", "pad": 1.5}
            layout.write(axes, row.printed, point, (0, 0), color=colours.INK, bbox=ground, **small)
        return
    # A small cell has room for two figures, and says no 100 that is not quite one.
    text = layout.number(row.value, 3 if row.value > 99 or np.isinf(full) else 2)
    if 0 < row.value < 9.95 and not np.isinf(full):
        text = "< 0.1" if row.value < 0.05 else f"{row.value:.1f}"
    colour = colours.ON_SHADES[0]
    look = {"size": 12, "weight": "bold" if row.printed else "normal", "color": colour}
    layout.write(axes, text, point, (0, 6 * layout.lines_of(row.printed)), **look, **style)
    if row.printed:
        layout.write(axes, row.printed, point, (0, -8), color=colour, **small)
