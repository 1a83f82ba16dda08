"""Pictures in rows and columns: which months are held, and a value a cell."""

from collections.abc import Sequence
from typing import Any, Unpack

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle

from tradeflows.charts import colours, layout
from tradeflows.charts.options import (
    ChartOptions,
    complete_options,
    drawable_rows,
    foot,
    named,
    redrawable,
    refuse,
)
from tradeflows.model.errors import QueryError

SHADES = "Blues"  # from nothing, white, to all
SIGNED_SHADES = "RdBu"  # from a loss, red, over nothing, white, to a gain


@redrawable
def coverage(
    frame: pd.DataFrame, *, held: str, by: Sequence[str], **options: Unpack[ChartOptions]
) -> Axes:
    """Draw which months are held: a strip a row, with its gaps.

    Parameters
    ----------
    frame
        One row a strip.
    held
        Column of the months, as ``2019-01 to 2021-12, 2022-03``.
    by
        The words beside each strip.

    Raises
    ------
    QueryError
        As every chart (see :func:`lines`), or there are more than 40 rows.
    """
    shown = complete_options(frame, options)
    if not 0 < len(frame) <= 40:
        raise QueryError(f"{len(frame)} rows, and a picture takes 1 to 40: filter the frame")
    labels = [layout.wrap(text, layout.page().label + 4) for text in by]
    with layout.style():
        _, axes = plt.subplots()
        for i, text in enumerate(frame[held]):
            for run in text.split(", "):
                first, _, last = run.partition(" to ")
                days = [pd.Timestamp(first), pd.Timestamp(last or first) + pd.DateOffset(months=1)]
                axes.plot(
                    days,
                    [i, i],
                    color=colours.GREY,
                    lw=7,
                    solid_capstyle="butt",
                    gid=f"{i}|held|{by[i]}",
                )
        axes.set_gid("coverage")
        axes.set_ylim(len(frame) - 0.4, -0.6)
        layout.number_axis(axes)
        axes.set_yticks(range(len(frame)), labels)
        layout.day_axis(axes)
        vars(axes.figure)["tradeflows"] = shown
        layout.finish(
            [axes],
            [[]],
            title=shown["title"],
            unit=[str(shown["unit"])],
            foot=foot(shown),
            events=shown["events"],
            reference={},
            box=sum(0.14 + layout.LINE * (label.count("\n") + 1) for label in labels),
        )
    return axes


@redrawable
def cells(
    frame: pd.DataFrame,
    *,
    y: str,
    by: str,
    across: str,
    words: str = "",
    full: float = 100.0,
    signed: bool = False,
    **options: Unpack[ChartOptions],
) -> Axes:
    """Draw a table whose cells are the darker the greater `y`, a row per value of `by`.

    Parameters
    ----------
    frame
        One row a cell. A null or absent one is hatched: it has no figure, which is no zero.
    y, by
        Columns of the numbers, none of them below zero, and of the rows.
    across
        Column of the columns, in order of appearance, with the number in each cell; or
        ``ref_period``, for months side by side, which have no room for numbers.
    words
        Column of what stands below the number in a cell, or in a cell without one.
    full
        The number from which on a cell is as dark as can be.
    signed
        Whether the numbers are losses and gains: red below zero, blue above it, with their sign.
    **options
        There is no ``reference``, and no events unless months run across.

    Raises
    ------
    QueryError
        As every chart (see :func:`lines`), but for a series without a value; a number below zero
        that is not `signed`, or months with words.
    """
    dated = across == "ref_period"
    shown = complete_options(frame, options, [y], [by] if dated else [by, across])
    if dated and words:
        raise QueryError(f"months side by side have no room for {words}")
    rows = _cell_rows(frame, y, by, across, words)
    if not signed:
        refuse(rows[rows["value"] < 0], "no shade for a figure below zero")
    shading = _shading(full, signed)
    columns = _columns(rows, dated)
    names = list(rows["name"].unique())
    table = rows.pivot(index="name", columns="at", values="value").reindex(names)[columns]
    below = rows.pivot(index="name", columns="at", values="below").reindex(names)[columns]
    edges = _edges(columns, dated)
    labels = [layout.wrap(named(name, shown), layout.page().label) for name in names]
    lines = max(label.count("\n") + 1 for label in labels)
    below = _words_within(below, labels)
    most = int(below.map(_lines_of).to_numpy().max())
    tall = max(0.22 + layout.LINE * most, 0.08 + layout.LINE * lines)
    with layout.style():
        _, axes = plt.subplots()
        _hatch(axes, edges, len(names))
        for i, name in enumerate(names):
            values, gid = table.loc[name].to_numpy("float64"), f"{i}|cells|{name}"
            _shade(axes, edges, values, i, gid, shading, 0 if dated else 1.5)
            if not dated:
                _write_row(axes, table.loc[name], below.loc[name], i, shading)
        head = 0.0 if dated else 0.5
        if not dated:
            _heads(axes, [str(column) for column in columns], shown)
        axes.set_xlim(edges[0], edges[-1])
        axes.set_ylim(len(names) - 0.5, -0.5 - head / tall)
        axes.set_yticks(range(len(names)), labels)
        holes = bool(table.isna().to_numpy().any())
        _finish_cells(axes, shown, holes, full, dated, tall * len(names) + head)
    return axes


def _words_within(below: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    """Words below the numbers; on narrow paper broken so that none is wider than its column."""
    if layout.page() is layout.WIDE or not below.map(_lines_of).to_numpy().any():
        return below
    names = max(layout.size(label)[0] for label in labels)
    room = (layout.page().width - 0.6 - names) / len(below.columns)
    return below.map(lambda text: layout.wrap_within(text, room) if text == text else text)


def _lines_of(text: Any) -> int:
    """How many lines the words of a cell take; none where there are no words."""
    return text.count("\n") + 1 if isinstance(text, str) and text else 0


def _cell_rows(frame: pd.DataFrame, y: str, by: str, across: str, words: str) -> pd.DataFrame:
    """A row a cell: its name, where it stands, its number and the words below that."""
    dated = across == "ref_period"
    rows = drawable_rows(
        frame, y=y, by=by, when=across if dated else "", panel="" if dated else across
    )
    rows["at"] = rows["x"] if dated else rows["panel"]
    refuse(rows[rows.duplicated(["name", "at"])], "two values for one point")
    rows["below"] = frame[words].fillna("").to_numpy() if words else ""
    return rows


def _columns(rows: pd.DataFrame, dated: bool) -> pd.Index:
    """The columns of cells: all months from the first to the last, or those that there are."""
    if not dated:
        return pd.Index(rows["at"].unique())
    months = pd.date_range(rows["x"].min(), rows["x"].max(), freq="MS")
    refuse(rows[~rows["at"].isin(months)], "no first day of a month")
    return months


def _edges(columns: pd.Index, dated: bool) -> np.ndarray:
    """Where columns begin, and where the last one ends."""
    if not dated:
        return np.arange(len(columns) + 1.0)
    return np.asarray(mdates.date2num([*columns, columns[-1] + pd.DateOffset(months=1)]))


def _hatch(axes: Axes, edges: np.ndarray, rows: int) -> None:
    """Hatch the ground, which is seen where a cell has no figure."""
    style: dict[str, Any] = {"fc": colours.PAPER, "ec": colours.MUTE, "hatch": "/////", "lw": 0}
    axes.add_patch(Rectangle((edges[0], -0.5), edges[-1] - edges[0], rows, **style))


def _shading(full: float, signed: bool) -> ScalarMappable:
    """The shade of each number."""
    scale = Normalize(-full if signed else 0.0, full, clip=True)
    return ScalarMappable(scale, plt.get_cmap(SIGNED_SHADES if signed else SHADES))


def _shade(
    axes: Axes,
    edges: np.ndarray,
    values: np.ndarray,
    row: int,
    gid: str,
    shading: ScalarMappable,
    width: float,
) -> None:
    """Shade the cells of a row by their values."""
    low, high = shading.get_clim()
    axes.pcolormesh(
        edges,
        [row - 0.5, row + 0.5],
        np.ma.masked_invalid(values)[None, :],
        cmap=shading.cmap,
        vmin=low,
        vmax=high,
        ec=colours.PAPER,
        lw=width,
        gid=gid,
    )
    axes.axhline(row + 0.5, color=colours.PAPER, lw=1.5)


def _write_row(
    axes: Axes, values: pd.Series, below: pd.Series, row: int, shading: ScalarMappable
) -> None:
    """Write the numbers of a row into its cells, and what stands below them."""
    is_signed = shading.get_clim()[0] != 0
    for j, value in enumerate(values):
        words = below.iloc[j] if isinstance(below.iloc[j], str) else ""
        if np.isnan(value):
            _in_cell(axes, "", words, j + 0.5, row, colours.INK, f"{row},{j}")
            continue
        colour = colours.letters_on(shading.to_rgba(value))
        text = _with_sign(value) if is_signed else _short(value)
        _in_cell(axes, text, words, j + 0.5, row, colour, f"{row},{j}")


def _with_sign(value: float) -> str:
    """A loss or a gain as a small cell has room for."""
    sign = "−" if value < 0 else "+"
    return sign + _short(abs(value)) if value else "0"


def _heads(axes: Axes, columns: Sequence[str], shown: dict[str, Any]) -> None:
    """Write the names of the columns above them."""
    for j, column in enumerate(columns):
        axes.annotate(
            layout.wrap(named(column, shown), layout.page().name - 6),
            (j + 0.5, -0.62),
            ha="center",
            va="bottom",
            weight="bold",
            size=10.5,
            annotation_clip=False,
            gid=f"{j}|column|{column}",
        )


def _short(value: float) -> str:
    """A number as a small cell has room for: two figures, and no 100 that is not quite one."""
    if 0 < value < 0.05:
        return "< 0.1"
    return layout.number(round(value, 1) if value < 10 else value, 3 if value > 99 else 2)


def _in_cell(axes: Axes, text: str, below: str, x: float, y: float, colour: str, i: str) -> None:
    """Write a number, and smaller what stands below it."""
    style: dict[str, Any] = {
        "textcoords": "offset points",
        "ha": "center",
        "va": "center",
        "color": colour,
    }
    small = layout.page().small
    if below and not text:  # a cell without a figure, on whose hatching words need a ground
        ground = {"fc": colours.PAPER, "ec": "none", "pad": 1.5}
        axes.annotate(below, (x, y), (0, 0), size=small, gid=f"{i}|words|", bbox=ground, **style)
        return
    axes.annotate(
        text,
        (x, y),
        (0, 6 * _lines_of(below)),
        gid=f"{i}|text|",
        size=12,
        weight="bold" if below else "normal",
        **style,
    )
    if below:
        axes.annotate(below, (x, y), (0, -8), size=small, gid=f"{i}|words|", **style)


def _finish_cells(
    axes: Axes, shown: dict[str, Any], holes: bool, full: float, dated: bool, box: float
) -> None:
    axes.set_gid("months" if dated else "cells")
    axes.spines["bottom"].set_visible(dated)
    if dated:
        first, last = axes.dataLim.intervalx = axes.get_xlim()
        layout.day_axis(axes)
        axes.set_xlim(first, last - 0.5)  # without the day after, whose words would be cut
    else:
        axes.set_xticks([])
    vars(axes.figure)["tradeflows"] = shown | {"reference": {}}
    key = " · ".join(
        [f"White: 0 · darkest: {layout.number(full)} and more"] * dated
        + ["Hatched: no figure"] * holes
    )
    layout.finish(
        [axes],
        [[]],
        title=shown["title"],
        unit=[str(shown["unit"])],
        foot=foot(shown, key),
        events=shown["events"] if dated else {},
        reference={},
        box=box,
    )
