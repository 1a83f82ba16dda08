"""Pictures in rows and columns: which months are held, and a value a cell."""

from collections.abc import Sequence
from typing import Any, Unpack

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from tradeflows.charts import layout
from tradeflows.charts.style import Look, foot, named, redrawable, refuse, rows_of, settled
from tradeflows.model.errors import QueryError


@redrawable
def coverage(frame: pd.DataFrame, *, held: str, by: Sequence[str], **look: Unpack[Look]) -> Axes:
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
    shown = settled(frame, look)
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
                    color=layout.GREY,
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
    **look: Unpack[Look],
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
        Column of what stands below the number in a cell.
    full
        The number from which on a cell is as dark as can be.
    **look
        There is no ``reference``, and no events unless months run across.

    Raises
    ------
    QueryError
        As every chart (see :func:`lines`), but for a series without a value; a number below zero,
        or months with words.
    """
    dated = across == "ref_period"
    shown = settled(frame, look, [y], [by] if dated else [by, across])
    if dated and words:
        raise QueryError(f"months side by side have no room for {words}")
    rows = rows_of(frame, y=y, by=by, when=across if dated else "", panel="" if dated else across)
    rows["at"] = rows["x"] if dated else rows["panel"]
    refuse(rows[rows.duplicated(["name", "at"])], "two values for one point")
    refuse(rows[rows["value"] < 0], "no shade for a figure below zero")
    rows["said"] = frame[words].fillna("").to_numpy() if words else ""
    columns = (
        pd.date_range(rows["x"].min(), rows["x"].max(), freq="MS")
        if dated
        else pd.Index(rows["at"].unique())
    )
    refuse(rows[~rows["at"].isin(columns)], "no first day of a month")
    names = list(rows["name"].unique())
    table = rows.pivot(index="name", columns="at", values="value").reindex(names)[columns]
    said = rows.pivot(index="name", columns="at", values="said").reindex(names)[columns]
    edges = (
        mdates.date2num([*columns, columns[-1] + pd.DateOffset(months=1)])
        if dated
        else np.arange(len(columns) + 1.0)
    )
    shades = plt.get_cmap("Blues")
    labels = [layout.wrap(named(name, shown), layout.page().label) for name in names]
    tall = max(
        0.22 + layout.LINE * bool(words),
        0.08 + layout.LINE * max(label.count("\n") + 1 for label in labels),
    )
    with layout.style():
        _, axes = plt.subplots()
        axes.add_patch(
            Rectangle(
                (edges[0], -0.5),
                edges[-1] - edges[0],
                len(names),
                fc="white",
                ec=layout.MUTE,
                hatch="/////",
                lw=0,
            )
        )
        for i, name in enumerate(names):
            values = table.loc[name].to_numpy("float64")
            axes.pcolormesh(
                edges,
                [i - 0.5, i + 0.5],
                np.ma.masked_invalid(values)[None, :],
                cmap=shades,
                vmin=0,
                vmax=full,
                ec="white",
                lw=0 if dated else 1.5,
                gid=f"{i}|cells|{name}",
            )
            axes.axhline(i + 0.5, color="white", lw=1.5)
            for j, value in enumerate(values if not dated else []):
                text = "" if np.isnan(value) else _short(value)
                below = said.loc[name].iloc[j] if text else ""
                colour = layout.letters_on(shades(min(value / full, 1.0)) if text else "white")
                _in_cell(axes, text, below, j + 0.5, i, colour, f"{i},{j}")
        head = 0.0 if dated else 0.5
        for j, column in enumerate(() if dated else columns):
            axes.annotate(
                layout.wrap(named(str(column), shown), layout.page().name - 6),
                (j + 0.5, -0.62),
                ha="center",
                va="bottom",
                weight="bold",
                size=10.5,
                annotation_clip=False,
                gid=f"{j}|column|{column}",
            )
        axes.set_xlim(edges[0], edges[-1])
        axes.set_ylim(len(names) - 0.5, -0.5 - head / tall)
        axes.set_yticks(range(len(names)), labels)
        holes = bool(table.isna().to_numpy().any())
        _finish_cells(axes, shown, holes, full, dated, tall * len(names) + head)
    return axes


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
    axes.annotate(
        text,
        (x, y),
        (0, 6 if below else 0),
        gid=f"{i}|text|",
        size=12,
        weight="bold" if below else "normal",
        **style,
    )
    if below:
        axes.annotate(below, (x, y), (0, -8), size=10, gid=f"{i}|words|", **style)


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
