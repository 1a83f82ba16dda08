"""Lines over time, points, and blocks that last as long as their periods."""

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from tradeflows.charts import layout, spans
from tradeflows.charts.colours import of_series
from tradeflows.charts.layout import Label
from tradeflows.charts.options import (
    WORDS,
    ChartOptions,
    complete_options,
    drawable_rows,
    finish,
    first_of,
    named,
    numbered,
    redrawable,
    refuse,
)
from tradeflows.model.errors import QueryError


@redrawable
def lines(
    frame: pd.DataFrame,
    *,
    y: str,
    by: str,
    every: int | None = None,
    zero: bool = True,
    **options: Unpack[ChartOptions],
) -> Axes:
    """Draw `y` over ``ref_period``, one line per value of `by`, each named at its end.

    Parameters
    ----------
    frame
        One row per (``ref_period``, `by`). A null or absent month is a gap, and a point without
        neighbours a marker. Heeded where present: ``n_months``, ``qualifier``, ``flags``.
    y, by
        Columns of the numbers and of the series.
    every
        Months from one point to the next; unless given, the one ``n_months``, or 1.
    zero
        Whether the axis must begin at zero.
    **options
        See :class:`ChartOptions`; so for every chart.

    Raises
    ------
    QueryError
        As every chart: the frame is empty, lacks a column, a source or any value for a series,
        or holds two values for one point. Also: blocks of different length, or a point that is
        off the months of its series.
    """
    return _lines(frame, options, 3.0, every, zero, y=y, by=by)[0]


@redrawable
def panels(
    frame: pd.DataFrame,
    *,
    y: str,
    by: str,
    panel: str,
    every: int | None = None,
    zero: bool = True,
    **options: Unpack[ChartOptions],
) -> np.ndarray:
    """Draw :func:`lines` one above the other on one axis of time, a box per value of `panel`.

    Returns
    -------
    ndarray of Axes, in the order of the rows

    Raises
    ------
    QueryError
        As :func:`lines`; or a panel has no unit.
    """
    return _lines(frame, options, 1.6, every, zero, y=y, by=by, panel=panel)


@redrawable
def points(
    frame: pd.DataFrame,
    *,
    y: str,
    by: str,
    span: Sequence[str] = (),
    zero: bool = True,
    **options: Unpack[ChartOptions],
) -> Axes:
    """Draw sparse statements as markers that no line joins, however many for one month.

    Parameters
    ----------
    frame
        One row a statement. Heeded where present: ``n_months`` (above 1: a thin line over the
        period), ``qualifier``, ``flags``.
    y, by, zero
        As for :func:`lines`.
    span
        Columns of the low and the high end of a range, in the unit of `y`: a faint bar. One end
        alone, without a `y`, is a bound.

    Raises
    ------
    QueryError
        As every chart (see :func:`lines`), but for two values at one point.
    """
    shown = complete_options(frame, options, [y, *span], [by])
    rows = drawable_rows(frame, y=y, by=by, span=span)
    colours = of_series(rows["name"])
    with layout.style():
        _, axes = plt.subplots()
        for i, row in numbered(rows):
            style: dict[str, Any] = {"color": colours[row.name][0], "clip_on": False}
            axes.plot(
                [row.middle, row.middle],
                [row.low, row.high],
                lw=4,
                alpha=0.4,
                gid=f"{i}|range|{row.name}",
                **style,
            )
            if row.n_months > 1:
                axes.plot(
                    [row.x, row.end], [row.value] * 2, lw=1, gid=f"{i}|period|{row.name}", **style
                )
            axes.plot(
                [row.middle],
                [row.value],
                ls="none",
                ms=7,
                marker=row.mark,
                mfc="white" if row.hollow else style["color"],
                gid=f"{i}|point|{row.name}",
                **style,
            )
        finish([axes], "points", shown, rows, [_ends(rows, colours, shown)], zero)
    return axes


@redrawable
def blocks(
    frame: pd.DataFrame,
    *,
    y: str,
    by: str,
    per_month: bool = True,
    zero: bool = True,
    **options: Unpack[ChartOptions],
) -> Axes:
    """Draw figures for blocks of months as bars as long as their block.

    Parameters
    ----------
    frame
        One row a block of ``n_months`` from ``ref_period`` on. Heeded where present:
        ``qualifier``, ``flags`` (a block that may yet change is dashed).
    y, by, zero
        As for :func:`lines`.
    per_month
        Whether `y` adds up over the block, so that its monthly mean is drawn (and ``unit``
        should say "a month"); False for a share or a rate.

    Raises
    ------
    QueryError
        As every chart (see :func:`lines`); two blocks of a series that share a month count as
        two values for one point.
    """
    shown = complete_options(frame, options, [y], [by])
    rows = drawable_rows(frame, y=y, by=by, length="n_months")
    before = rows.sort_values("x").groupby("name")["end"].shift()
    refuse(rows[rows["x"] < before.reindex(rows.index)], "two values for one point")
    if per_month:
        rows["value"] /= rows["n_months"]
    colours = of_series(rows["name"])
    with layout.style():
        _, axes = plt.subplots()
        for i, row in numbered(rows):
            middle = row.x + (row.end - row.x) / 2
            axes.plot(
                [row.x, middle, row.end],
                [row.value] * 3,
                lw=4,
                solid_capstyle="butt",
                color=colours[row.name][0],
                ls=(0, (1, 0.4)) if row.hollow else "-",
                marker="" if row.mark == "o" else row.mark,
                markevery=[1],
                ms=9,
                clip_on=False,
                gid=f"{i}|block|{row.name}",
            )
        ends = _ends(rows.assign(middle=rows["end"]), colours, shown)
        finish([axes], "blocks", shown, rows, [ends], zero)
    return axes


def _lines(
    frame: pd.DataFrame,
    options: ChartOptions,
    box: float,
    every: int | None,
    zero: bool,
    **columns: str,
) -> np.ndarray:
    y, *names = (columns[name] for name in ("y", "panel", "by") if name in columns)
    shown = complete_options(frame, options, [y], names)
    rows = drawable_rows(frame, **columns, months=every or 1)
    parts = {str(name): _series(part, every) for name, part in rows.groupby("panel", sort=False)}
    if isinstance(shown["unit"], Mapping) and (lost := parts.keys() - shown["unit"].keys()):
        raise QueryError(f"no unit for {', '.join(sorted(lost))}")
    colours = of_series(rows["name"])
    ends = []
    with layout.style():
        _, grid = plt.subplots(len(parts), sharex=True, squeeze=False)
        shown["months"] = {}
        for axes, (panel, series) in zip(grid[:, 0], parts.items(), strict=True):
            axes.set_label(panel)
            for name, part in series.items():
                _line(axes, name, part, *colours[name])
            shown["gaps"] = (*shown["gaps"], *_gaps(series, shown))
            table = pd.concat(series.values())
            shown["months"][panel] = int(table["n_months"].max())
            ends.append(_ends(table, colours, shown))
        finish(list(grid[:, 0]), "lines", shown, rows, ends, zero, box)
    return grid[:, 0]


def _series(rows: pd.DataFrame, every: int | None) -> dict[str, pd.DataFrame]:
    """The rows of each series on its own months, so that a hole is a null."""
    refuse(rows[rows.duplicated(["name", "x"])], "two values for one point")
    lengths = sorted(set(rows["n_months"]))
    if len(lengths) > 1:
        raise QueryError(f"periods of {lengths} months in one line: draw them with blocks()")
    step = pd.DateOffset(months=every or lengths[0])
    series = {}
    for name, part in rows.groupby("name", sort=False):
        part = part.set_index("x", drop=False).sort_index()
        months = pd.date_range(part.index[0], part.index[-1], freq=step)
        refuse(part[~part.index.isin(months)], "a point off the months of its series, see every=")
        whole = part.reindex(months)
        whole["middle"] = [spans.middle(day, int(lengths[0])) for day in months]
        series[str(name)] = whole
    return series


def _gaps(series: dict[str, pd.DataFrame], shown: dict[str, Any]) -> list[str]:
    """The holes in the lines of a box, in words: the name of a series and its periods."""
    gaps = []
    for name, part in series.items():
        known = np.flatnonzero(part["value"].notna())
        inner = part.iloc[known[0] : known[-1]]
        length = int(part["n_months"].max())
        if holes := spans.runs(inner.index, inner["value"].isna().to_numpy(), length):
            gaps.append(f"{named(name, shown)}, {', '.join(first_of(holes))}")
    return gaps


def _line(axes: Axes, name: str, part: pd.DataFrame, colour: str, dash: Any) -> None:
    known = part["value"].notna()
    lone = known & ~known.shift(1, fill_value=False) & ~known.shift(-1, fill_value=False)
    special = known & (part["mark"].ne("o") | part["hollow"].eq(True))
    alone = np.flatnonzero(lone & ~special).tolist()
    style: dict[str, Any] = {"color": colour, "clip_on": False, "gid": f"0|line|{name}"}
    axes.plot(
        part["middle"],
        part["value"],
        ls=dash,
        marker="o" if alone else "",
        markevery=alone or None,
        **style,
    )
    for (mark, hollow), some in part[special].groupby(["mark", "hollow"]):
        axes.plot(
            some["middle"],
            some["value"],
            ls="none",
            marker=mark,
            mfc="white" if hollow else colour,
            **style,
        )


def _ends(rows: pd.DataFrame, colours: dict[str, Any], shown: dict[str, Any]) -> list[Label]:
    """Name, place and colour of the last figure of each series."""
    ends = []
    rows = rows.assign(value=rows["value"].fillna(rows["high"])).dropna(subset="value")
    for name, part in rows.groupby("name", sort=False):
        last = part.sort_values("x").iloc[-1]
        text = layout.wrap(named(str(name), shown), layout.page().name)
        if last["qualifier"] != "=":
            text += f"\n({WORDS[str(last['qualifier'])]})"
        place, colour = mdates.date2num(last["middle"]), colours[str(name)][0]
        ends.append(Label(text, place, last["value"], colour))
    return ends
