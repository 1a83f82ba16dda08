"""Lines over time, points, and blocks that last as long as their periods."""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Unpack

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from pandas import DataFrame

from tradeflows import measures
from tradeflows.charts import colours, layout, spans
from tradeflows.charts.colours import Look, of_series
from tradeflows.charts.layout import Label
from tradeflows.charts.marks import draw
from tradeflows.charts.names import entity_name
from tradeflows.charts.numbers import BOXES, ChartAxes, ChartPanels, new_axes
from tradeflows.charts.options import (
    BAND,
    BLANK,
    WORDS,
    Chart,
    ChartOptions,
    complete_options,
    drawable_rows,
    finish,
    first_of,
    named,
    redrawable,
    refuse,
    refuse_repeated,
)
from tradeflows.measures.common import with_lineage
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import Formula, Role

FAR = 6  # months from one figure to the next, over which a line joins them no more firmly
HOLES = 6  # of a series, all of which are said below a chart
BOUNDS = {"≤", "<", "≥", ">"}
MANY = 20  # points of a series, from which on its markers are small
POINTS = 8  # of a series, beside which its name is tried
OF_A_SIDE = ("qualifier", "flags", "publisher", "source_id")


@redrawable
def lines(
    frame: DataFrame,
    *,
    y: str,
    by: str,
    panel: str = "",
    every: int | None = None,
    zero: bool = True,
    highlight: Collection[str] = (),
    alike: bool = False,
    callouts: Mapping[str | tuple[str, str], str] = MappingProxyType({}),
    band: tuple[float, float] | None = None,
    **options: Unpack[ChartOptions],
) -> Any:
    """Draw `y` over ``ref_period``, one line per value of `by`, each named at its end.

    Parameters
    ----------
    frame
        One row per (``ref_period``, `by`). A null or absent month is a gap, and a point without
        neighbours a marker. Heeded where present: ``n_months``, ``qualifier``, ``flags``.
    y, by
        Columns of the numbers and of the series.
    panel
        Column whose values each have a box, one above the other on one axis of time.
    every
        Months from one point to the next; unless given, the one ``n_months``, or 1.
    zero
        Whether the axis must begin at zero.
    highlight
        Series that the claim is about; the others are grey. Without any, each has its colour.
    alike
        Whether all boxes have one axis of numbers, so that they can be compared.
    callouts
        Words by month, beside the point of that month: of the highlighted series, or the first; by
        (series, month) of another. At its last point they stand in the place of its name.
    band
        Of two series that state one flow, as for :func:`sides`.
    **options
        See :class:`ChartOptions`; so for every chart.

    Returns
    -------
    ChartAxes, or ChartPanels, an ndarray of them, in the order of the rows

    Raises
    ------
    QueryError
        As every chart: the frame is empty, lacks a column, a source or any value for a series,
        or holds two values for one point. Also: blocks of different length, or a point that is
        off the months of its series; or a panel has no unit.

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
    frame, [y], shown = complete_options(frame, options, [y], [panel, by] if panel else [by])
    rows = drawable_rows(frame, y=y, by=by, panel=panel, months=every or 1)
    boxes = rows.groupby("panel", sort=False)
    parts = {str(name): _whole(part, every, y, by) for name, part in boxes}
    _require_units(shown, [*parts])
    looks = of_series(rows["name"], highlight)
    words = {box: _callouts(part, highlight, looks, callouts) for box, part in parts.items()}
    ends, key = [], ""
    _, grid = plt.subplots(len(parts), sharex=True, sharey=alike, squeeze=False, subplot_kw=BOXES)
    for axes, (box, part) in zip(grid[:, 0], parts.items(), strict=True):
        axes.set_label(box)
        if band:
            parts[box], key = _two_sides(axes, part, looks, shown, band)
        for name, series in part.groupby("name", sort=False):
            _line(axes, series, looks[str(name)])
            holes = _holes(series)
            shown["gaps"] += (f"{named(str(name), shown)}, {holes}",) * bool(holes)
        ends.append(_ends(part, looks, shown, words=words[box]))
        if part["value"].min() < 0 and (zero or part["value"].max() > 0):
            axes.axhline(0, color=colours.GREY, lw=0.9, zorder=1)
    table = pd.concat(parts.values(), ignore_index=True)
    finish(list(grid[:, 0]), "lines", shown, table, ends, zero, 1.6 if panel else 3.0, key)
    return grid[:, 0].view(ChartPanels) if panel else grid[0, 0]


def _require_units(shown: Chart, panels: Sequence[str]) -> None:
    """Refuse a panel that has no unit."""
    unit = shown["unit"]
    without = [] if isinstance(unit, str) else sorted({*panels}.difference(unit))
    if without:
        raise QueryError(f"no unit for {', '.join(without)}")


@redrawable
def sides(
    frame: DataFrame,
    *,
    y: str,
    of: tuple[str, str],
    band: tuple[float, float] = (1.0, 1.0),
    every: int | None = None,
    zero: bool = True,
    **options: Unpack[ChartOptions],
) -> ChartAxes:
    """Draw two statements of one flow as two lines, with what freight explains between them.

    Periods that one side alone states are shaded.

    Parameters
    ----------
    frame
        As :func:`tradeflows.measures.gap` gives it, of one flow: the importer's numbers in ``y_m``
        and the exporter's in ``y_x``.
    y
        The column of both sides, without its ending.
    of
        Who states the first and who the second, as names or ids.
    band
        Least and most that the first may be of the second, such as ``measures.CIF_BAND``: a faint
        band along the second. Without a width there is none.
    every, zero
        As for :func:`lines`.
    **options
        See :class:`ChartOptions`.

    Raises
    ------
    QueryError
        As :func:`lines`; a side is missing, or the two have one name.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import charts, measures
    >>> look = {"title": "Both say so", "unit": "USD bn a month", "source": "Made up"}
    >>> months = pd.date_range("2023-01-01", periods=3, freq="MS")
    >>> bought = pd.DataFrame({"ref_period": months, "n_months": 1, "usd": [5.0, 6.0, 7.0]})
    >>> sold = bought.assign(usd=[4.0, 6.0, 5.0]).iloc[:2]
    >>> both = measures.gap(bought, sold, "usd", measures.CIF_BAND)
    >>> axes = charts.sides(both, y="usd", of=("CHN", "RUS"), band=measures.CIF_BAND, **look)
    >>> charts.drawn(axes).round(1).iloc[0].tolist()
    [5.0, 4.0, 4.0, 4.4]
    """
    missing = [column for column in (f"{y}_m", f"{y}_x") if column not in frame]
    if missing:
        raise QueryError(f"the frame has no column {', '.join(missing)}: measures.gap makes them")
    if of[0] == of[1]:
        raise QueryError(f"both sides are named {of[0]}; name who states which")
    columns = {}
    for name, end in zip(of, "mx", strict=True):  # what each states, with its lines
        own = {column: column for column in ("ref_period", "n_months")}
        own |= {column: f"{column}_{end}" for column in OF_A_SIDE} | {"value": f"{y}_{end}"}
        side = DataFrame({column: frame[at] for column, at in own.items() if at in frame})
        formula = Formula("value", {"value": Role(frame, own["value"])})
        columns[name] = with_lineage(side, frame, formulas={"value": formula})
    names = dict(options.get("names", {}))
    second = names.get(of[1]) or entity_name(of[1])
    for end, word in (("low", "the least"), ("high", "the most")):
        names.setdefault(f"{of[1]}, {end}", f"{second}, with {word} freight")
    options["names"] = names
    both = measures.stack(columns, "side")
    axes: ChartAxes = lines(
        both, y="value", by="side", every=every, zero=zero, band=band, **options
    )
    return axes


def _whole(rows: DataFrame, every: int | None, y: str, by: str) -> DataFrame:
    """The rows of a box, each series on all of its own months, so that a hole is a null."""
    refuse_repeated(rows, "name", "x")
    lengths = sorted(set(rows["n_months"]))
    if len(lengths) > 1:
        raise QueryError(f"periods of {lengths} months in one line: draw them with blocks()")
    length = int(lengths[0])
    step = pd.DateOffset(months=every or length)
    parts = []
    for name, part in rows.groupby("name", sort=False):
        part = part.set_index("x", drop=False).sort_index()
        months = pd.date_range(part.index[0], part.index[-1], freq=step)
        refuse(part[~part.index.isin(months)], "a point off the months of its series, see every=")
        places = {"middle": [spans.middle(day, length) for day in months], "x": months}
        box = part["panel"].iloc[0]
        plain = {"qualifier": "=", "flags": "", "mark": "o", "hollow": False, **BLANK}
        whole = part.reindex(months).fillna(plain)
        parts.append(whole.assign(name=name, box=box, n_months=length, **places))
    if rows.groupby("name")["value"].count().max() == 2:
        raise QueryError(
            "no series has more than two figures, and a line says what lies between: draw bars, as "
            f'by charts.bars(frame.assign(bar=frame["{by}"] + frame["ref_period"].dt.strftime('
            f'", %B %Y")), y="{y}", by="bar", heading="{by}", title=…, unit=…)'
        )
    return pd.concat(parts, ignore_index=True)


def _line(axes: Axes, part: DataFrame, look: Look) -> None:
    """Draw a series: its line, and markers for what stands alone, is qualified or may change."""
    name = part["name"].iloc[0]
    known = part["value"].notna()
    is_plain = part["mark"].eq("o") & ~part["hollow"].eq(True)
    alone = np.flatnonzero(is_lone(known) & is_plain).tolist()
    style: dict[str, Any] = {"color": look.colour, "clip_on": False, "gid": f"0|line|{name}"}
    marker = "o" if alone else ""
    axes.plot(
        part["middle"], part["value"], ls=look.dash, marker=marker, markevery=alone or None, **style
    )
    for (mark, is_hollow), some in part[known & ~is_plain].groupby(["mark", "hollow"]):
        face = "white" if is_hollow else look.colour
        axes.plot(some["middle"], some["value"], ls="none", marker=mark, mfc=face, **style)


def is_lone(known: pd.Series) -> pd.Series:
    """Which figures have no neighbour."""
    return known & ~known.shift(1, fill_value=False) & ~known.shift(-1, fill_value=False)


def _holes(series: DataFrame) -> str:
    """The periods between its first and its last figure that have none, of many the first."""
    known = np.flatnonzero(series["value"].notna())
    inner = series.iloc[known[0] : known[-1]]
    edges = np.flatnonzero(np.diff([0, *inner["value"].isna().astype(int), 0])).tolist()
    days, n_months = [*inner["x"]], int(series["n_months"].max())
    runs = zip(edges[::2], edges[1::2], strict=True)
    holes = [spans.text(days[start], n_months * (end - start)) for start, end in runs]
    return ", ".join(holes if len(holes) <= HOLES else first_of(holes))


def _callouts(
    rows: DataFrame,
    highlight: Collection[str],
    looks: Mapping[str, Look],
    callouts: Mapping[str | tuple[str, str], str],
) -> list[Label]:
    """Words beside points of the series that the claim is about."""
    series = {str(name): part.set_index("x") for name, part in rows.groupby("name", sort=False)}
    first = next((name for name in series if name in highlight), next(iter(series)))
    texts = []
    for key, words in callouts.items():
        name, month = (first, key) if isinstance(key, str) else key
        try:
            row = series[name].loc[pd.Timestamp(month)]
        except (KeyError, ValueError) as error:
            raise QueryError(
                f"callouts: no figure of {name} in {month!r}; expected a month that is drawn, such "
                "as '2023-05', or a pair of a series and a month"
            ) from error
        place, text = mdates.date2num(row["middle"]), layout.wrap(words, layout.page().name)
        look = looks[name].colour, layout.name_gid(name)
        texts.append(Label(text, place, row["value"], *look))
    return texts


def _ends(
    rows: DataFrame,
    looks: Mapping[str, Look],
    shown: Chart,
    words: Sequence[Label] = (),
) -> list[Label]:
    """Name, place and colour of the last figure of each series; none where `words` stand."""
    taken = {(label.x, label.y) for label in words}
    ends = []
    rows = rows.assign(value=rows["value"].fillna(rows["high"])).dropna(subset="value")
    for name, part in rows.sort_values("x", kind="stable").groupby("name", sort=False):
        newest = part[::-1]
        spots = [*zip(mdates.date2num(newest["middle"]), newest["value"], strict=True)]
        sign = WORDS.get(newest["qualifier"].iloc[0])
        text = layout.wrap(named(str(name), shown), layout.page().name) + f"\n({sign})" * bool(sign)
        look = looks[str(name)].colour, layout.name_gid(str(name))
        if spots[0] not in taken:  # it may stand beside other points as well
            others = tuple(spots[:: 1 + len(part) // POINTS])
            ends.append(Label(text, *spots[0], *look, others=others))
    return [*ends, *words]


def _two_sides(
    axes: Axes,
    rows: DataFrame,
    looks: Mapping[str, Look],
    shown: Chart,
    band: tuple[float, float],
) -> tuple[DataFrame, str]:
    """Shade what one side alone states, and draw the band along the second; its marks, its key."""
    keys = []
    stated = rows.pivot(index="x", columns="name", values="value").notna().sum(axis="columns")
    length = pd.DateOffset(months=int(rows["n_months"].max()))
    ends: list[list[pd.Timestamp]] = []  # as long as can be, since two that touch show a seam
    for day in stated.index[stated == 1]:
        if ends and ends[-1][1] == day:
            ends[-1][1] = day + length
        else:
            ends.append([day, day + length])
    for first, last in ends:
        axes.axvspan(first, last, color=colours.SHADE, lw=0, zorder=0)
    if ends:
        keys.append("Shaded: one side alone states a figure")
    if band[0] < band[1]:
        name = rows["name"].iloc[-1]
        part = rows[rows["name"].eq(name)]
        low, high = (part["value"] * factor for factor in band)
        known, middle = part["value"].notna(), part["middle"]
        look: dict[str, Any] = {"color": looks[name].colour, "zorder": 0.5, "gid": f"0|band|{name}"}
        axes.fill_between(middle, low, high, where=known, alpha=0.2, lw=0, **look)
        for at in np.flatnonzero(is_lone(known)):
            place, reach = [middle.iloc[at]] * 2, [low.iloc[at], high.iloc[at]]
            axes.plot(place, reach, lw=4, alpha=0.4, **look)
        for end, value in (("low", low), ("high", high)):
            mark = part.assign(value=value, name=f"{name}, {end}", part=BAND)
            rows = pd.concat([rows, mark], ignore_index=True)
        least, most = (f"{100 * (factor - 1):.0f}" for factor in band)
        second = named(name, shown)
        keys.append(f"Band: {second} plus {least} to {most} % for freight")
    return rows, " · ".join(keys)


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
    **options: Unpack[ChartOptions],
) -> ChartAxes:
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
    frame, [y, *span], shown = complete_options(frame, options, [y, *span], [by])
    rows = drawable_rows(frame, y=y, by=by, span=span)
    looks = of_series(rows["name"], highlight)
    axes = new_axes()
    by_name = rows.sort_values("x", kind="stable").groupby("name") if joined else ()
    are_dotted = [_guide(axes, part, looks[str(name)].colour) for name, part in by_name]
    counts = rows.groupby("name")["x"].nunique()
    for row in rows.itertuples():
        colour = looks[row.name].colour
        draw(axes, row, "span", lw=4, alpha=0.4, color=colour)
        if row.n_months > 1:
            draw(axes, row, "period", lw=1, color=colour)
        face, size = "white" if row.hollow else colour, 3 if counts[row.name] >= MANY else 7
        look = {"ls": "none", "ms": size, "marker": row.mark, "mfc": face}
        draw(axes, row, "point", color=colour, **look)
    ends = _ends(rows, looks, shown)
    key = "Lines join figures" if joined else ""
    key += "; dotted: no figure for over six months" if any(are_dotted) else ""
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
) -> ChartAxes:
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
    frame, [y], shown = complete_options(frame, options, [y], [by])
    rows = drawable_rows(frame, y=y, by=by, length="n_months")
    by_name = rows.sort_values("x").groupby("name")
    end_before = by_name["end"].shift().reindex(rows.index)
    refuse(rows[rows["x"] < end_before], "two values for one point")
    if per_month:
        rows["value"] /= rows["n_months"]
    looks = of_series(rows["name"], highlight)
    axes = new_axes()
    for row in rows.itertuples():
        width, dash = 4 if row.n_months > 1 else 2.2, (0, (1, 0.4)) if row.hollow else "-"
        marker = "" if row.mark == "o" else row.mark
        look = {"color": looks[row.name].colour, "lw": width, "ls": dash, "marker": marker}
        draw(axes, row, "block", **look)
    for name, part in rows.sort_values("x").groupby("name"):
        for row, after in pairwise(part.itertuples()):
            if row.end == after.x:  # tied to the next
                level, colour = [row.value, after.value], looks[str(name)].colour
                axes.plot([row.end, row.end], level, color=colour, lw=0.9, clip_on=False)
    at_end = rows.assign(middle=rows["end"])
    ends = _ends(at_end, looks, shown)
    finish([axes], "blocks", shown, rows, [ends], zero)
    return axes
