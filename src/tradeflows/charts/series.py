"""Lines over time, points, and blocks that last as long as their periods."""

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Unpack

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from pandas import DataFrame

from tradeflows.charts import colours, layout, spans
from tradeflows.charts.artists import name_gid
from tradeflows.charts.colours import Look, of_series
from tradeflows.charts.layout import Label
from tradeflows.charts.options import (
    WORDS,
    Chart,
    ChartOptions,
    complete_options,
    drawable_rows,
    finish,
    first_of,
    named,
    numbered,
    redrawable,
    refuse,
    refuse_repeated,
)
from tradeflows.model.errors import QueryError

FAR = 6  # months from one figure to the next, over which a line joins them no more firmly
HOLES = 6  # of a series, all of which are said below a chart
BOUNDS = {"≤", "<", "≥", ">"}
MANY = 20  # points of a series, from which on its markers are small
POINTS = 8  # of a series, beside which its name is tried


@redrawable
def lines(
    frame: DataFrame,
    *,
    y: str,
    by: str,
    every: int | None = None,
    zero: bool = True,
    highlight: Collection[str] = (),
    callouts: Mapping[str | tuple[str, str], str] = MappingProxyType({}),
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
    highlight
        Series that the claim is about; the others are grey. Without any, each has its colour.
    callouts
        Words by month, beside the point of that month: of the highlighted series, or the first; by
        (series, month) of another. At its last point they stand in the place of its name.
    **options
        See :class:`ChartOptions`; so for every chart.

    Raises
    ------
    QueryError
        As every chart: the frame is empty, lacks a column, a source or any value for a series,
        or holds two values for one point. Also: blocks of different length, or a point that is
        off the months of its series.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import charts
    >>> look = {"title": "It rose", "unit": "Mt a month", "source": "Made up"}
    >>> months = pd.date_range("2023-01-01", periods=3, freq="MS")
    >>> crude = pd.DataFrame({"ref_period": months, "who": "India", "mt": [1.0, 2.0, 3.0]})
    >>> axes = charts.lines(crude, y="mt", by="who", **look)
    >>> charts.drawn(axes)["India"].tolist()
    [1.0, 2.0, 3.0]
    """
    return draw_lines(frame, options, 3.0, every, zero, highlight, callouts, False, y=y, by=by)[0]


@redrawable
def panels(
    frame: DataFrame,
    *,
    y: str,
    by: str,
    panel: str,
    every: int | None = None,
    zero: bool = True,
    highlight: Collection[str] = (),
    alike: bool = False,
    **options: Unpack[ChartOptions],
) -> np.ndarray:
    """Draw :func:`lines` one above the other on one axis of time, a box per value of `panel`.

    Parameters
    ----------
    alike
        Whether all boxes have one axis of numbers, so that they can be compared.

    Returns
    -------
    ndarray of Axes, in the order of the rows

    Raises
    ------
    QueryError
        As :func:`lines`; or a panel has no unit.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import charts
    >>> look = {"title": "It rose", "unit": "Mt a month", "source": "Made up"}
    >>> months = pd.date_range("2023-01-01", periods=3, freq="MS")
    >>> crude = pd.DataFrame({"ref_period": months, "who": "India", "mt": [1.0, 2.0, 3.0]})
    >>> two = pd.concat([crude.assign(what="Price"), crude.assign(what="Quantity")])
    >>> axes = charts.panels(two, y="mt", by="who", panel="what", **look)
    >>> charts.drawn(axes).shape
    (3, 2)
    """
    return draw_lines(
        frame, options, 1.6, every, zero, highlight, {}, alike, y=y, by=by, panel=panel
    )


@redrawable
def points(
    frame: DataFrame,
    *,
    y: str,
    by: str,
    span: Sequence[str] = (),
    zero: bool = True,
    joined: bool = False,
    highlight: Collection[str] = (),
    at: Mapping[str, str] = MappingProxyType({}),
    **options: Unpack[ChartOptions],
) -> Axes:
    """Draw sparse statements as markers, however many for one month.

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
    joined
        Whether a thin line leads from each figure of a series to the next, to guide the eye over
        the months without one; dotted where these are many.
    highlight
        As for :func:`lines`.
    at
        Months at whose points the names of series stand, where that is not the last one.

    Raises
    ------
    QueryError
        As every chart (see :func:`lines`), but for two values at one point.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import charts
    >>> look = {"title": "It rose", "unit": "Mt a month", "source": "Made up"}
    >>> months = pd.date_range("2023-01-01", periods=3, freq="MS")
    >>> crude = pd.DataFrame({"ref_period": months, "who": "India", "mt": [1.0, 2.0, 3.0]})
    >>> axes = charts.points(crude, y="mt", by="who", **look)
    >>> charts.drawn(axes)["value"].tolist()
    [1.0, 2.0, 3.0]
    """
    shown = complete_options(frame, options, [y, *span], [by])
    rows = drawable_rows(frame, y=y, by=by, span=span)
    looks = of_series(rows["name"], highlight)
    with layout.style():
        _, axes = plt.subplots()
        is_dotted = False
        for name, part in rows.sort_values("x", kind="stable").groupby("name"):
            if joined:
                is_dotted |= _guide(axes, part, looks[str(name)].colour)
        counts = rows.groupby("name")["x"].nunique()
        for i, row in numbered(rows):
            size = 3 if counts[row.name] >= MANY else 7
            _point(axes, i, row, looks[row.name].colour, size)
        ends = _ends(rows, looks, shown, at)
        key = "Lines only join the figures" if joined else ""
        key += "; dotted: more than six months apart" if is_dotted else ""
        finish([axes], "points", shown, rows, [ends], zero, key=key)
    return axes


def _guide(axes: Axes, part: DataFrame, colour: str) -> bool:
    """Lead from each figure of a series to the next, at the first one of each month.

    Whether any of these lines is dotted.

    Over more than :data:`FAR` months without a figure the line is dotted; bounds are not joined
    there, since what they bound may have lain above.
    """
    known = part.dropna(subset="value").drop_duplicates("x")
    pairs = list(known.itertuples())
    is_dotted = False
    for row, after in pairwise(pairs):
        is_far = after.x > row.x + pd.DateOffset(months=FAR)
        if is_far and row.qualifier in BOUNDS and after.qualifier in BOUNDS:
            continue
        is_dotted |= is_far
        look = {"lw": 1.2, "ls": (0, (1, 2))} if is_far else {"lw": 1.3}
        ends = [row.middle, after.middle], [row.value, after.value]
        axes.plot(*ends, color=colour, clip_on=False, gid="guide", **look)
    return is_dotted


def _point(axes: Axes, i: int, row: Any, colour: str, size: float) -> None:
    """Draw a statement: its range, its period where that is no month, and its marker."""
    style: dict[str, Any] = {"color": colour, "clip_on": False}
    place = [row.middle, row.middle]
    ends = [row.low, row.high]
    axes.plot(place, ends, lw=4, alpha=0.4, gid=f"{i}|range|{row.name}", **style)
    if row.n_months > 1:
        level = [row.value, row.value]
        axes.plot([row.x, row.end], level, lw=1, gid=f"{i}|period|{row.name}", **style)
    axes.plot(
        [row.middle],
        [row.value],
        ls="none",
        ms=size,
        marker=row.mark,
        mfc="white" if row.hollow else colour,
        gid=f"{i}|point|{row.name}",
        **style,
    )


@redrawable
def blocks(
    frame: DataFrame,
    *,
    y: str,
    by: str,
    per_month: bool = True,
    zero: bool = True,
    highlight: Collection[str] = (),
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
    highlight
        As for :func:`lines`.

    Raises
    ------
    QueryError
        As every chart (see :func:`lines`); two blocks of a series that share a month count as
        two values for one point.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import charts
    >>> look = {"title": "It rose", "unit": "Mt a month", "source": "Made up"}
    >>> quarter = pd.DataFrame({"ref_period": pd.to_datetime(["2023-01-01"]), "n_months": 3,
    ...                         "who": "India", "mt": [6.0]})
    >>> axes = charts.blocks(quarter, y="mt", by="who", **look)
    >>> charts.drawn(axes)[["n_months", "value"]].iloc[0].tolist()
    [3.0, 2.0]
    """
    shown = complete_options(frame, options, [y], [by])
    rows = drawable_rows(frame, y=y, by=by, length="n_months")
    by_name = rows.sort_values("x").groupby("name")
    end_before = by_name["end"].shift().reindex(rows.index)
    refuse(rows[rows["x"] < end_before], "two values for one point")
    if per_month:
        rows["value"] /= rows["n_months"]
    looks = of_series(rows["name"], highlight)
    with layout.style():
        _, axes = plt.subplots()
        for i, row in numbered(rows):
            _block(axes, i, row, looks[row.name].colour)
        for name, part in rows.sort_values("x").groupby("name"):
            _steps(axes, part, looks[str(name)].colour)
        at_end = rows.assign(middle=rows["end"])
        ends = _ends(at_end, looks, shown)
        finish([axes], "blocks", shown, rows, [ends], zero)
    return axes


def _steps(axes: Axes, part: DataFrame, colour: str) -> None:
    """Tie each block of a series to the next where that begins as it ends."""
    after = part.shift(-1)
    follows = part["end"].eq(after["x"])
    for row, level in zip(part[follows].itertuples(), after["value"][follows], strict=True):
        axes.plot([row.end, row.end], [row.value, level], color=colour, lw=0.9, clip_on=False)


def _block(axes: Axes, i: int, row: Any, colour: str) -> None:
    """Draw a block from its first day to its last, its marker in the middle."""
    middle = row.x + (row.end - row.x) / 2
    axes.plot(
        [row.x, middle, row.end],
        [row.value] * 3,
        lw=4 if row.n_months > 1 else 2.2,
        solid_capstyle="butt",
        color=colour,
        ls=(0, (1, 0.4)) if row.hollow else "-",
        marker="" if row.mark == "o" else row.mark,
        markevery=[1],
        ms=9,
        clip_on=False,
        gid=f"{i}|block|{row.name}",
    )


def draw_lines(
    frame: DataFrame,
    options: ChartOptions,
    box: float,
    every: int | None,
    zero: bool,
    highlight: Collection[str],
    callouts: Mapping[str | tuple[str, str], str],
    alike: bool,
    *,
    beneath: Callable[[Axes, Mapping[str, DataFrame], Mapping[str, Look]], str] = lambda *_: "",
    **columns: str,
) -> np.ndarray:
    """Draw lines in their boxes; `beneath` draws below them, and says what is to be said of it."""
    names = [columns[name] for name in ("panel", "by") if name in columns]
    shown = complete_options(frame, options, [columns["y"]], names)
    rows = drawable_rows(frame, **columns, months=every or 1)
    parts = {str(name): _series(part, every) for name, part in rows.groupby("panel", sort=False)}
    unit = shown["unit"]
    if isinstance(unit, Mapping):
        without = sorted(parts.keys() - unit.keys())
        if without:
            raise QueryError(f"no unit for {', '.join(without)}")
    looks = of_series(rows["name"], highlight)
    shown["months"] = {}
    ends = []
    keys = []
    with layout.style():
        _, grid = plt.subplots(len(parts), sharex=True, sharey=alike, squeeze=False)
        boxes = grid[:, 0]
        for axes, (panel, series) in zip(boxes, parts.items(), strict=True):
            axes.set_label(panel)
            keys.append(beneath(axes, series, looks))
            for name, part in series.items():
                _line(axes, name, part, looks[name])
            shown["gaps"] += tuple(_gaps(series, shown))
            table = pd.concat(series.values())
            shown["months"][panel] = int(table["n_months"].max())
            named_ends = _ends(table, looks, shown)
            words = _callouts(axes, series, highlight, looks, callouts)
            taken = {(label.x, label.y) for label in words}
            ends.append([end for end in named_ends if (end.x, end.y) not in taken] + words)
            if table["value"].min() < 0 and (zero or table["value"].max() > 0):
                axes.axhline(0, color=colours.GREY, lw=0.9, zorder=1)
        key = " · ".join(filter(None, dict.fromkeys(keys)))
        finish(list(boxes), "lines", shown, rows, ends, zero, box, key)
    return np.asarray(boxes)


def _series(rows: DataFrame, every: int | None) -> dict[str, DataFrame]:
    """The rows of each series on its own months, so that a hole is a null."""
    refuse_repeated(rows, "name", "x")
    lengths = sorted(set(rows["n_months"]))
    if len(lengths) > 1:
        raise QueryError(f"periods of {lengths} months in one line: draw them with blocks()")
    length = int(lengths[0])
    step = pd.DateOffset(months=every or length)
    series = {}
    for name, part in rows.groupby("name", sort=False):
        part = part.set_index("x", drop=False).sort_index()
        months = pd.date_range(part.index[0], part.index[-1], freq=step)
        is_off = ~part.index.isin(months)
        refuse(part[is_off], "a point off the months of its series, see every=")
        whole = part.reindex(months)
        whole["middle"] = [spans.middle(day, length) for day in months]
        series[str(name)] = whole
    return series


def _gaps(series: dict[str, DataFrame], shown: Chart) -> list[str]:
    """The holes in the lines of a box, in words: the name of a series and its periods."""
    gaps = []
    for name, part in series.items():
        known = np.flatnonzero(part["value"].notna())
        first, last = known[0], known[-1]
        inner = part.iloc[first:last]
        is_hole = inner["value"].isna().to_numpy()
        length = int(part["n_months"].max())
        holes = spans.runs(inner.index, is_hole, length)
        if holes:
            periods = ", ".join(holes if len(holes) <= HOLES else first_of(holes))
            gaps.append(f"{named(name, shown)}, {periods}")
    return gaps


def _line(axes: Axes, name: str, part: DataFrame, look: Look) -> None:
    """Draw a series: its line, and markers for what stands alone, is qualified or may change."""
    known = part["value"].notna()
    has_before = known.shift(1, fill_value=False)
    has_after = known.shift(-1, fill_value=False)
    is_lone = known & ~has_before & ~has_after
    is_plain = part["mark"].eq("o") & ~part["hollow"].eq(True)
    alone = np.flatnonzero(is_lone & is_plain).tolist()
    style: dict[str, Any] = {"color": look.colour, "clip_on": False, "gid": f"0|line|{name}"}
    marker = "o" if alone else ""
    middle, value = part["middle"], part["value"]
    axes.plot(middle, value, ls=look.dash, marker=marker, markevery=alone or None, **style)
    special = part[known & ~is_plain]
    for (mark, is_hollow), some in special.groupby(["mark", "hollow"]):
        face = "white" if is_hollow else look.colour
        axes.plot(some["middle"], some["value"], ls="none", marker=mark, mfc=face, **style)


def _some(part: DataFrame) -> tuple[tuple[float, float], ...]:
    """Some points of a series, the last one first: its name may stand beside any of them."""
    ordered = part.sort_values("x", kind="stable", ascending=False)
    step = 1 + len(ordered) // POINTS
    some = ordered.iloc[::step]
    return tuple(zip(mdates.date2num(some["middle"]), some["value"], strict=True))


def _callouts(
    axes: Axes,
    series: dict[str, DataFrame],
    highlight: Collection[str],
    looks: dict[str, Look],
    callouts: Mapping[str | tuple[str, str], str],
) -> list[Label]:
    """Words beside points of the series that the claim is about, with room for them."""
    first = next((name for name in series if name in highlight), next(iter(series)))
    highest = max(part["value"].max() for part in series.values())
    texts = []
    for key, words in callouts.items():
        name, month = (first, key) if isinstance(key, str) else key
        row = series[name].loc[pd.Timestamp(month)]
        place = mdates.date2num(row["middle"])
        values = series[name]["value"]
        least, most = values.min(), values.max()
        if row["value"] == least:
            axes.update_datalim([(place, least - 0.12 * (most - least))])
        if row["value"] == highest > 0:
            axes.update_datalim([(place, 1.1 * highest)])
        text = layout.wrap(words, layout.page().name)
        texts.append(Label(text, place, row["value"], looks[name].colour, name_gid(name)))
    return texts


def _ends(
    rows: DataFrame,
    looks: dict[str, Look],
    shown: Chart,
    at: Mapping[str, str] = MappingProxyType({}),
) -> list[Label]:
    """Name, place and colour of the last figure of each series, or of that of a month."""
    ends = []
    values = rows["value"].fillna(rows["high"])
    rows = rows.assign(value=values).dropna(subset="value")
    width = layout.page().name
    for name, part in rows.groupby("name", sort=False):
        others = () if name in at else _some(part)
        part = part[part["x"] == at[name]] if name in at else part
        last = part.sort_values("x").iloc[-1]
        text = layout.wrap(named(str(name), shown), width)
        sign = str(last["qualifier"])
        if sign != "=":
            text += f"\n({WORDS[sign]})"
        place = mdates.date2num(last["middle"])
        colour = looks[str(name)].colour
        gid = name_gid(str(name))
        ends.append(Label(text, place, last["value"], colour, gid, others=others))
    return ends
