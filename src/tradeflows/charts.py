"""Charts made to be published, and :func:`drawn`, which reads back what they show.

Whatever carries a number is an artist whose ``gid`` is ``row|part|name``; all else is decoration.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Required, TypedDict, Unpack

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from tradeflows import page
from tradeflows.errors import QueryError
from tradeflows.page import End

Charts = Axes | Sequence[Axes] | np.ndarray

EVENTS = {
    "2022-02-24": "Invasion",
    "2022-08-10": "EU coal ban",
    "2022-12-05": "EU crude embargo, price cap",
    "2023-02-05": "EU products embargo",
}
MARKS = {"=": "o", "~": "D", "≤": "v", "<": "v", "≥": "^", ">": "^"}
SIGNS = {"D": "◆", "v": "▼", "^": "▲", "<": "◄", ">": "►"}
WORDS = {"~": "about", "≤": "at most", "<": "below", "≥": "at least", ">": "more than"}
UNSETTLED = ("provisional", "partial")  # flags of a figure that may yet change
SILENT = "says nothing"
# What a reading says of a claim, by the face and the edge of its marker.
SAYS = {"agrees": (page.INK, page.INK), "disagrees": ("white", page.AGAINST),
        SILENT: (page.MUTE, page.MUTE)}  # fmt: skip


class Look(TypedDict, total=False):
    """What every chart takes beside its data, by keyword.

    Attributes
    ----------
    title
        The claim, as a sentence.
    unit
        What the axis counts: "USD bn a month"; for panels it may differ by panel.
    source
        In place of the line that the catalogue gives for ``frame.attrs["sources"]``.
    note
        A line above the source.
    events
        Words by day; :data:`EVENTS` unless given.
    reference
        Values to compare with, by their words; each is a line through the chart.
    names
        What readers see in place of a code.
    """

    title: Required[str]
    unit: Required[str | Mapping[str, str]]
    source: str
    note: str
    events: Mapping[str, str]
    reference: Mapping[str, float]
    names: Mapping[str, str]


def lines(
    frame: pd.DataFrame, *, y: str, by: str, every: int | None = None, zero: bool = True,
    **look: Unpack[Look],
) -> Axes:  # fmt: skip
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
    **look
        See :class:`Look`; so for every chart.

    Raises
    ------
    QueryError
        As every chart: the frame is empty, lacks a column, a source or any value for a series,
        or holds two values for one point. Also: blocks of different length, or a point that is
        off the months of its series.
    """
    return _lines(frame, look, 3.0, every, zero, y=y, by=by)[0]


def panels(
    frame: pd.DataFrame, *, y: str, by: str, panel: str, every: int | None = None,
    zero: bool = True, **look: Unpack[Look],
) -> np.ndarray:  # fmt: skip
    """Draw :func:`lines` one above the other on one axis of time, a box per value of `panel`.

    Returns
    -------
    ndarray of Axes, in the order of the rows

    Raises
    ------
    QueryError
        As :func:`lines`; or a panel has no unit.
    """
    return _lines(frame, look, 1.6, every, zero, y=y, by=by, panel=panel)


def points(
    frame: pd.DataFrame, *, y: str, by: str, span: Sequence[str] = (), zero: bool = True,
    **look: Unpack[Look],
) -> Axes:  # fmt: skip
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
    shown, rows = _look(frame, look, [y, *span], [by]), _rows(frame, y=y, by=by, span=span)
    colours = page.colours(rows["name"])
    with page.style():
        _, axes = plt.subplots()
        for i, row in _each(rows):
            style: dict[str, Any] = {"color": colours[row.name][0], "clip_on": False}
            axes.plot([row.x, row.x], [row.low, row.high], lw=4, alpha=0.4,
                      gid=f"{i}|range|{row.name}", **style)  # fmt: skip
            if row.n_months > 1:
                axes.plot([row.x, row.end], [row.value] * 2, lw=1, gid=f"{i}|period|{row.name}",
                          **style)  # fmt: skip
            axes.plot([row.x], [row.value], ls="none", ms=7, marker=row.mark,
                      mfc="white" if row.hollow else style["color"],
                      gid=f"{i}|point|{row.name}", **style)  # fmt: skip
        _finish([axes], "points", shown, rows, [_ends(rows, colours, shown)], zero)
    return axes


def blocks(
    frame: pd.DataFrame, *, y: str, by: str, per_month: bool = True, zero: bool = True,
    **look: Unpack[Look],
) -> Axes:  # fmt: skip
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
    shown, rows = _look(frame, look, [y], [by]), _rows(frame, y=y, by=by, length="n_months")
    before = rows.sort_values("x").groupby("name")["end"].shift()
    _refuse(rows[rows["x"] < before.reindex(rows.index)], "two values for one point")
    if per_month:
        rows["value"] /= rows["n_months"]
    colours = page.colours(rows["name"])
    with page.style():
        _, axes = plt.subplots()
        for i, row in _each(rows):
            middle = row.x + (row.end - row.x) / 2
            axes.plot([row.x, middle, row.end], [row.value] * 3, lw=4, solid_capstyle="butt",
                      color=colours[row.name][0], ls=(0, (1, 0.4)) if row.hollow else "-",
                      marker="" if row.mark == "o" else row.mark, markevery=[1], ms=9,
                      clip_on=False, gid=f"{i}|block|{row.name}")  # fmt: skip
        ends = _ends(rows.assign(x=rows["end"]), colours, shown)
        _finish([axes], "blocks", shown, rows, [ends], zero)
    return axes


def bars(
    frame: pd.DataFrame, *, y: str, by: str, span: Sequence[str] = (),
    highlight: Collection[str] = (), **look: Unpack[Look],
) -> Axes:  # fmt: skip
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
    **look
        There are no events, and a ``reference`` is an upright line.

    Raises
    ------
    QueryError
        As every chart (see :func:`lines`), but for a series without a value.
    """
    shown = _look(frame, look, [y, *span], [by])
    rows = _rows(frame, y=y, by=by, when="", span=span)
    _refuse(rows[rows["name"].duplicated()], "two values for one point")
    tips = rows[["value", "low", "high"]].max(axis="columns").fillna(0).clip(lower=0)
    reach = [0.0, *shown["reference"].values(), *rows[["value", "low", "high"]].stack()]
    labels = [page.wrap(_named(name, shown), 30) for name in rows["name"]]
    ends = []
    with page.style():
        _, axes = plt.subplots()
        for i, row in _each(rows):
            plain = page.INK if row.name in highlight else page.GREY
            colour, alone = page.ENTITIES.get(row.name, ("", plain))[1], np.isnan(row.value)
            axes.barh(i, row.value, 0.62, fc="white" if row.hollow else colour, ec=colour,
                      ls="--" if row.hollow else "-", gid=f"{i}|bar|{row.name}")  # fmt: skip
            axes.plot([row.low, row.high], [i, i], color=colour if alone else page.INK,
                      lw=12 if alone else 1.5, alpha=0.5 if alone else 1, solid_capstyle="butt",
                      marker="" if alone else "|", ms=8, gid=f"{i}|range|{row.name}")  # fmt: skip
            ends.append(End(_printed(row), tips[i], i, page.INK, f"{i}|text|{row.name}"))
        axes.set_yticks(range(len(rows)), labels)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlim(1.02 * min(reach), 1.02 * max(reach) or float(min(reach) == 0))
        axes.xaxis.set_major_locator(ticker.MaxNLocator(5))
        box = max(3.0, sum(0.16 + page.LINE * (label.count("\n") + 1) for label in labels))
        _finish([axes], "bars", shown, rows, [ends], False, box)
    return axes


def windows(
    frame: pd.DataFrame, *, y: str = "value", label: str = "id", span: Sequence[str] = (),
    own: Collection[str] = (), log: bool = False, **look: Unpack[Look],
) -> Axes:  # fmt: skip
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
    shown = _look(frame, look, [y, *span], [label])
    rows = _rows(frame, y=y, by=label, when="window_start", length="window_end", span=span)
    _refuse(rows[rows["name"].duplicated()], "two values for one point")
    _refuse(rows[rows["end"] < rows["x"]], "a window that ends before it starts")
    if log:
        low = rows[["value", "low", "high"]].min(axis="columns")
        _refuse(
            rows[~(low > 0)], "no place on a logarithmic axis for a figure that is not positive"
        )
    labels = []
    with page.style():
        _, axes = plt.subplots()
        for i, row in _each(rows):
            mine = row.name in own
            colour = page.OWN if mine else "#4d4d4d"
            axes.bar(row.x, row.high - row.low, row.end - row.x, row.low, align="edge",
                     color=colour, alpha=0.3, gid=f"{i}|box|{row.name}")  # fmt: skip
            axes.plot([row.x, row.end], [row.value] * 2, color=colour, lw=3.5, clip_on=False,
                      ls=(0, (1.6, 0.6)) if mine or row.hollow else "-", solid_capstyle="butt",
                      gid=f"{i}|window|{row.name}")  # fmt: skip
            text = f"{_named(row.name, shown)}: {_printed(row)}"
            text += ", the claim’s own source" if mine else ""
            start, end = mdates.date2num([row.x, row.end])
            level = row.high if np.isnan(row.value) else row.value
            labels.append(End(text, end, level, colour, f"{i}|text|{row.name}", start))
        if log:
            axes.set_yscale("log")
        _finish([axes], "windows", shown, rows, [labels], not log, 3.4)
    return axes


def ratios(
    frame: pd.DataFrame, *, by: str = "id", ratio: str = "ratio", agrees: str = "agrees",
    verdict: str = "verdict", **look: Unpack[Look],
) -> Axes:  # fmt: skip
    """Compare what was found with what was claimed: a row a claim, a marker a reading, 1 the claim.

    Parameters
    ----------
    frame
        One row a reading, as ``claims.table`` gives them; a claim without any is left out, and
        counted in the note. Heeded where present: ``statement`` (stands above the row, on two
        lines at most), ``qualifier`` (of the claim; what "more than" allows is shaded), ``value``
        with ``low`` and ``high`` (a reading that is a bound is a triangle), ``unit`` (for a claim
        without ratios, whose values stand there in figures).
    by, verdict
        Columns of the claims, in the order of the rows, and of the words at the end of each.
    ratio
        Column of what was found, divided by what was claimed. One that is not positive stands in
        figures at the left edge.
    agrees
        Column that says whether a reading agrees (filled) or disagrees (hollow); null where it
        says nothing (grey).
    **look
        There are no events, and a ``reference`` is an upright line beside that of the claim.

    Raises
    ------
    QueryError
        As every chart (see :func:`lines`), but for two values at one point and for a series
        without any. Also: a claim with two verdicts, no claim with a reading, or a reference
        that is not positive.
    """
    shown = _look(frame, look, [ratio], [by])
    shown["reference"] = {"As claimed": 1.0} | shown["reference"]
    rows = _readings(frame, ratio, by, agrees, verdict)
    tested = (rows["found"].notna() | rows["says"].ne(SILENT)).groupby(rows["name"])
    if without := int((~tested.any()).sum()):
        shown["note"] = f"{shown['note']} Not shown: {without} without any reading.".strip()
    rows = rows[tested.transform("any")].reset_index(drop=True)
    if rows.empty:
        raise QueryError("nothing to draw: no claim has a reading")
    shown["names"] = dict(zip(rows["name"], rows["statement"], strict=True)) | shown["names"]
    counted = rows.loc[rows["counted"] & ~rows["value"].le(0), ["value", "low", "high"]]
    known = [0.5, 2.0, *shown["reference"].values(), *counted.stack()]
    first, last = min(known), max(known)
    if first <= 0:
        raise QueryError("no place on a logarithmic axis for a reference that is not positive")
    rows["beyond"] = np.select([rows["value"] < first, rows["value"] > last], [-1, 1], 0)
    claims = {str(name): part for name, part in rows.groupby("name", sort=False)}
    start, inches = _fit(claims, first, last)
    ends, floor = [], 0.0
    with page.style():
        _, axes = plt.subplots()
        axes.set_xscale("log")
        axes.set_xlim(start, start * np.exp(_room(rows) / inches))
        steps = (1, 2, 5) if last > 10 * first else (1, 1.5, 2, 3, 5, 7)
        axes.xaxis.set_major_locator(ticker.LogLocator(subs=steps))
        axes.xaxis.set_minor_locator(ticker.NullLocator())
        for name, part in claims.items():
            text = page.clip(_named(name, shown), 96)
            page.over(axes, text, floor)
            middle = floor + page.LINE * (text.count("\n") + 1) + 0.16
            _claim(axes, part, middle, inches)
            said = set(part["says"])
            colour = (page.INK if "agrees" in said else page.AGAINST if "disagrees" in said
                      else page.GREY)  # fmt: skip
            ends.append(End(part["panel"].iloc[0], axes.get_xlim()[1], middle, colour,
                            f"{part.index[0]}|verdict|{name}"))  # fmt: skip
            floor = middle + 0.24
        axes.set_yticks([])
        axes.set_ylim(floor, 0)
        _finish([axes], "ratios", shown, rows, [ends], False, floor, _key(rows))
    return axes


def _readings(frame: pd.DataFrame, ratio: str, by: str, agrees: str, verdict: str) -> pd.DataFrame:
    """The rows of :func:`ratios`: `panel` is the verdict, `low` to `high` a range divided."""
    rows = _rows(frame, y=ratio, by=by, when="", panel=verdict)
    if agrees not in frame:
        raise QueryError(f"the frame has no column {agrees}")
    verdicts = rows.groupby("name")["panel"].transform("nunique")
    _refuse(rows[verdicts > 1], "two verdicts for one claim")
    frame = frame.reset_index(drop=True)
    says = frame[agrees].astype("boolean").map({True: "agrees", False: "disagrees"}).fillna(SILENT)
    found, *ends = (
        frame.get(column, rows["value"]).astype("float64") for column in ("value", "low", "high")
    )
    figure = found / rows["value"]
    low, high = (ends[0] / figure.fillna(1), ends[1] / figure.fillna(1))
    low, high = np.minimum(low, high), np.maximum(low, high)  # a figure may be negative
    sign = np.select([low.lt(high) & high.eq(np.inf), low.lt(high) & low.le(0)], [">", "<"], "o")
    ranged = low.lt(high) & (sign == "o")
    least = rows["qualifier"].isin([">", "≥"]), rows["qualifier"].isin(["<", "≤"])
    return rows.assign(
        statement=frame.get("statement", rows["name"]).str.removesuffix("."),
        says=says,
        counted=says.ne(SILENT) | says.eq(SILENT).groupby(rows["name"]).transform("all"),
        sign=sign,
        low=low.where(ranged),
        high=high.where(ranged),
        allowed=np.select(least, [1, -1], 0) * np.sign(figure),
        found=found,
        unit=frame.get("unit", ""),
    )


def _room(rows: pd.DataFrame) -> float:
    """Inches between the left edge of the box and the verdicts."""
    return page.STYLE["figure.figsize"][0] - 0.55 - max(page.size(one)[0] for one in rows["panel"])


def _fit(claims: Mapping[str, pd.DataFrame], first: float, last: float) -> tuple[float, float]:
    """Where the axis begins, and how long on it a factor of e is so that all figures fit."""
    wide = {side: max((page.size(_figure(row))[0] + 0.3 for part in claims.values()
                       for row in part[part["beyond"] == side].itertuples()), default=0.0)
            for side in (-1, 1)}  # fmt: skip
    before = 0.3 + wide[-1]
    room = min(_room(part) for part in claims.values()) - before
    inches = (room - 0.3) / np.log(last / first)
    for part in claims.values():
        outermost = part["value"].where(part["beyond"] == 0).max()
        if outermost > first:
            needed = page.size(_span(part, "value"))[0] + 0.3
            needed += wide[1] if part["beyond"].eq(1).any() else 0.0
            inches = min(inches, (room - needed) / np.log(outermost / first))
    return first * np.exp(-before / inches), inches


def _claim(axes: Axes, part: pd.DataFrame, middle: float, inches: float) -> None:
    """Draw one claim's readings, and in figures the span of those that count."""
    name, edges = part["name"].iloc[0], axes.get_xlim()
    label = f"{part.index[0]}|label|{name}"
    if part["value"].isna().all():
        counted = part[part["counted"]]
        agree = f"{counted['says'].eq('agrees').sum()} of {len(counted)} agree"
        span = _span(part, "found")
        text = f"found {span} {part['unit'].iloc[0]}".strip() + ": " if span else ""
        page.beside(axes, text + agree, edges[0], middle, 1, label)
        return
    if allowed := part["allowed"].iloc[0]:
        axes.fill_between([1, edges[int(allowed > 0)]], middle - 0.13, middle + 0.13,
                          color=page.SHADE, lw=0)  # fmt: skip
    for i, row in part[part["beyond"] != 0].iterrows():
        text = _figure(row)
        text, edge = (f"◄ {text}", edges[0]) if row["beyond"] < 0 else (f"{text} ►", edges[1])
        page.beside(axes, text, edge, middle, -row["beyond"], f"{i}|beyond|{name}")
    placed = part[part["beyond"].eq(0) & part["value"].notna()].sort_values("value")
    if placed.empty:
        return
    values = placed["value"].to_numpy()
    axes.plot(values[[0, -1]], [middle] * 2, color=page.GREY, lw=0.8)
    heights = page.stacked(inches * np.log(values), 0.12)
    for (i, row), up in zip(placed.iterrows(), heights, strict=True):
        face, colour = SAYS[row["says"]]
        axes.plot([row["low"], row["high"]], [middle + up] * 2, color=colour, lw=1.5,
                  gid=f"{i}|range|{name}")  # fmt: skip
        axes.plot([row["value"]], [middle + up], ls="none", marker=row["sign"], ms=7, mfc=face,
                  mec=colour, mew=1.6, zorder=3, gid=f"{i}|reading|{name}")  # fmt: skip
    ends = placed["value"][placed["counted"]]
    if len(ends):
        page.outside(axes, _span(part, "value"), values, ends.min(), ends.max(), middle, inches,
                     label)  # fmt: skip


def _figure(row: Any, column: str = "value") -> str:
    """One reading in figures, closer where it is close to 1."""
    value = getattr(row, column)
    close = 0.99 < value < 1.01
    return {"<": "≤ ", ">": "≥ "}.get(row.sign, "") + page.number(
        round(value, 4) if close else value, 5 if close else 3
    )


def _span(part: pd.DataFrame, column: str) -> str:
    """The least and the greatest of the readings that count, in figures."""
    part = part[part["counted"]].dropna(subset=column).sort_values(column)
    ends = [*part.head(1).itertuples(), *part.tail(1).itertuples()]
    return " to ".join(dict.fromkeys(_figure(row, column) for row in ends))


def _key(rows: pd.DataFrame) -> str:
    """What the markers and the shades mean, as far as they are there."""
    placed = rows[rows["value"].notna()]
    found = {
        "● agrees": placed["says"].eq("agrees"),
        "○ disagrees": placed["says"].eq("disagrees"),
        "grey: says nothing (a bound, or the claim’s own source)": placed["says"].eq(SILENT),
        "◄ at most": placed["sign"].eq("<"),
        "► at least": placed["sign"].eq(">"),
        "shaded: within the claim": placed["allowed"].ne(0),
    }
    words = [words for words, there in found.items() if there.any()]
    return " ".join("\xa0".join([*one.split(), "·"]) for one in words).removesuffix("\xa0·")


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
    shown = _look(frame, look)
    if not 0 < len(frame) <= 40:
        raise QueryError(f"{len(frame)} rows, and a picture takes 1 to 40: filter the frame")
    labels = [page.wrap(text, 34) for text in by]
    with page.style():
        _, axes = plt.subplots()
        for i, text in enumerate(frame[held]):
            for run in text.split(", "):
                first, _, last = run.partition(" to ")
                days = [pd.Timestamp(first), pd.Timestamp(last or first) + pd.DateOffset(months=1)]
                axes.plot(days, [i, i], color=page.GREY, lw=7, solid_capstyle="butt",
                          gid=f"{i}|held|{by[i]}")  # fmt: skip
        axes.set_gid("coverage")
        axes.set_ylim(len(frame) - 0.4, -0.6)
        page.number_axis(axes)
        axes.set_yticks(range(len(frame)), labels)
        page.day_axis(axes)
        vars(axes.figure)["tradeflows"] = shown
        page.finish(
            [axes], [[]], title=shown["title"], unit=[str(shown["unit"])],
            foot=list(filter(None, (shown["note"], f"Source: {shown['source']}"))),
            events=shown["events"], reference={}, box=sum(
                0.14 + page.LINE * (label.count("\n") + 1) for label in labels),
        )  # fmt: skip
    return axes


def cells(
    frame: pd.DataFrame, *, y: str, by: str, across: str, words: str = "", full: float = 100.0,
    **look: Unpack[Look],
) -> Axes:  # fmt: skip
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
    shown = _look(frame, look, [y], [by] if dated else [by, across])
    if dated and words:
        raise QueryError(f"months side by side have no room for {words}")
    rows = _rows(frame, y=y, by=by, when=across if dated else "", panel="" if dated else across)
    rows["at"] = rows["x"] if dated else rows["panel"]
    _refuse(rows[rows.duplicated(["name", "at"])], "two values for one point")
    _refuse(rows[rows["value"] < 0], "no shade for a figure below zero")
    rows["said"] = frame[words].fillna("").to_numpy() if words else ""
    columns = (pd.date_range(rows["x"].min(), rows["x"].max(), freq="MS") if dated
               else pd.Index(rows["at"].unique()))  # fmt: skip
    _refuse(rows[~rows["at"].isin(columns)], "no first day of a month")
    names = list(rows["name"].unique())
    table = rows.pivot(index="name", columns="at", values="value").reindex(names)[columns]
    said = rows.pivot(index="name", columns="at", values="said").reindex(names)[columns]
    edges = (mdates.date2num([*columns, columns[-1] + pd.DateOffset(months=1)]) if dated
             else np.arange(len(columns) + 1.0))  # fmt: skip
    shades = plt.get_cmap("Blues")
    labels = [page.wrap(_named(name, shown), 30) for name in names]
    tall = max(0.22 + page.LINE * bool(words), 0.08 + page.LINE * max(
        label.count("\n") + 1 for label in labels))  # fmt: skip
    with page.style():
        _, axes = plt.subplots()
        axes.add_patch(Rectangle((edges[0], -0.5), edges[-1] - edges[0], len(names), fc="white",
                                 ec=page.MUTE, hatch="/////", lw=0))  # fmt: skip
        for i, name in enumerate(names):
            values = table.loc[name].to_numpy("float64")
            axes.pcolormesh(edges, [i - 0.5, i + 0.5], np.ma.masked_invalid(values)[None, :],
                            cmap=shades, vmin=0, vmax=full, ec="white", lw=0 if dated else 1.5,
                            gid=f"{i}|cells|{name}")  # fmt: skip
            axes.axhline(i + 0.5, color="white", lw=1.5)
            for j, value in enumerate(values if not dated else []):
                text = "" if np.isnan(value) else _short(value)
                below = said.loc[name].iloc[j] if text else ""
                colour = page.upon(shades(min(value / full, 1.0)) if text else "white")
                _in_cell(axes, text, below, j + 0.5, i, colour, f"{i},{j}")
        head = 0.0 if dated else 0.5
        for j, column in enumerate(() if dated else columns):
            axes.annotate(page.wrap(_named(str(column), shown), 12), (j + 0.5, -0.62), ha="center",
                          va="bottom", weight="bold", size=10.5, annotation_clip=False,
                          gid=f"{j}|column|{column}")  # fmt: skip
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
    return page.number(round(value, 1) if value < 10 else value, 3 if value > 99 else 2)


def _in_cell(axes: Axes, text: str, below: str, x: float, y: float, colour: str, i: str) -> None:
    """Write a number, and smaller what stands below it."""
    style: dict[str, Any] = {
        "textcoords": "offset points",
        "ha": "center",
        "va": "center",
        "color": colour,
    }
    axes.annotate(text, (x, y), (0, 6 if below else 0), gid=f"{i}|text|", size=12,
                  weight="bold" if below else "normal", **style)  # fmt: skip
    if below:
        axes.annotate(below, (x, y), (0, -8), size=10, gid=f"{i}|words|", **style)


def _finish_cells(
    axes: Axes, shown: dict[str, Any], holes: bool, full: float, dated: bool, box: float
) -> None:
    axes.set_gid("months" if dated else "cells")
    axes.spines["bottom"].set_visible(dated)
    if dated:
        first, last = axes.dataLim.intervalx = axes.get_xlim()
        page.day_axis(axes)
        axes.set_xlim(first, last - 0.5)  # without the day after, whose words would be cut
    else:
        axes.set_xticks([])
    vars(axes.figure)["tradeflows"] = shown | {"reference": {}}
    key = " · ".join([f"White: 0 · darkest: {page.number(full)} and more"] * dated
                    + ["Hatched: no figure"] * holes)  # fmt: skip
    page.finish(
        [axes], [[]], title=shown["title"], unit=[str(shown["unit"])],
        foot=list(filter(None, (key, shown["note"], f"Source: {shown['source']}"))),
        events=shown["events"] if dated else {}, reference={}, box=box,
    )  # fmt: skip


class Drawn(pd.DataFrame):
    """What a chart shows; in a notebook it also opens the raw lines behind its numbers."""

    _metadata: ClassVar = ["figure"]
    figure: Any = None

    def _repr_html_(self) -> str | None:
        table = super()._repr_html_()
        if table is None or self.figure is None:
            return table
        from tradeflows import behind

        return str(table) + behind.shown(self.figure)


def drawn(axes: Charts) -> pd.DataFrame:
    """Read back from the artists, to four significant figures, what a chart shows.

    Parameters
    ----------
    axes
        What a function of this module returned.

    Returns
    -------
    DataFrame
        For lines and for cells by month one row per ``ref_period`` and one column per series (of
        each panel, if there are panels). For other cells the table itself, and "…, printed" for
        what stands below the numbers. Else one row a figure, with ``value`` and, as far as drawn,
        ``series``, ``low``, ``high``, ``n_months``, ``start``, ``end``, ``mark``, ``says``,
        ``printed`` and ``verdict``. A reference is one more column. What is not drawn is NaN.
        ``attrs`` holds ``sources``, ``caveats``.

    Raises
    ------
    QueryError
        The axes are not a chart of this module, or two artists show one point differently.
    """
    attrs = dict(_shown(axes)["attrs"])
    if not isinstance(axes, Axes):
        tables = {str(one.get_label()): drawn(one) for one in axes}
        table = pd.concat(tables, axis="columns", names=["panel", "series"], sort=True)
        return _opening(table, axes[0].figure, attrs)
    kind = axes.get_gid()
    shown: list[tuple[Any, ...]] = [
        (artist, *gid.split("|", 2))
        for artist in axes.get_children()
        if "|" in (gid := artist.get_gid() or "")
    ]
    table = (_wide(shown) if kind == "lines" else _shaded(shown, kind == "months")
             if kind in ("cells", "months") else _long(shown, str(kind)))  # fmt: skip
    for artist, _, part, name in shown:
        if part == "reference":
            data = artist.get_xdata() if kind in page.UPRIGHT else artist.get_ydata()
            table[name] = float(data[0])
    for name in table.select_dtypes("float"):
        table[name] = _significant(table[name])
    return _opening(table, axes.figure, attrs)


def _opening(table: pd.DataFrame, figure: Any, attrs: dict[str, Any]) -> Drawn:
    opening = Drawn(table)
    opening.figure, opening.attrs = figure, attrs
    return opening


def alt(axes: Charts) -> str:
    """Say in words what a chart shows: its title, its unit, its series and their two ends."""
    shown = _shown(axes)
    told = [shown["title"].rstrip(".")]
    for one in [axes] if isinstance(axes, Axes) else axes:
        table = drawn(one)
        told.append(one.get_xlabel() or one.get_ylabel())
        across = {text: table.pop(text).iloc[0] for text in shown["reference"]}
        if "verdict" in table:
            first = table[~table.index.duplicated()]
            said = (first["verdict"] + ", " + first["printed"]).groupby(level=0, sort=False)
        elif "printed" in table:
            said = table["printed"].groupby(level=0, sort=False)
        elif one.get_gid() == "cells":
            numbers = table.select_dtypes("float").melt(ignore_index=False).dropna()
            said = (numbers["variable"].map(lambda code: _named(code, shown)) + " "
                    + numbers["value"].map(page.number)).groupby(level=0, sort=False)  # fmt: skip
        elif one.get_gid() in ("lines", "months"):
            said = _said(table.melt(var_name="series", ignore_index=False))
        else:
            said = _said(table)
        for name, texts in said:
            ends = dict.fromkeys(texts.dropna().iloc[[0, -1]])
            told.append(f"{_named(str(name), shown)}: {', '.join(ends)}")
        told += [f"Line at {page.number(value)}: {text}" for text, value in across.items()]
    return ". ".join(told) + "."


def _said(table: pd.DataFrame) -> Any:
    """The figures of each series, in words."""
    low, high = (table.get(end, table["value"]).map(page.number, na_action="ignore")
                 for end in ("low", "high"))  # fmt: skip
    text = table["value"].map(page.number, na_action="ignore").fillna(low + " to " + high)
    return (text + " in " + pd.DatetimeIndex(table.index).strftime("%Y-%m")).groupby(
        table["series"].array, sort=False
    )


def sources(claims: Mapping[str, Charts]) -> pd.DataFrame:
    """List the catalogued sources under a notebook's charts, for its last cell.

    Parameters
    ----------
    claims
        The chart of each claim, by the claim's name.

    Returns
    -------
    DataFrame, indexed by ``source_id``
        One row a source, in order of first use: ``publisher``, ``title``, ``vintage``,
        ``retrieved``, ``licence``, and ``claims``, which rest on it.

    Raises
    ------
    QueryError
        A chart rests on no source.
    CatalogueError
        The catalogue cannot be read, or does not have one.
    """
    from tradeflows import catalogue

    uses: dict[str, list[str]] = {}
    for claim, axes in claims.items():
        ids = _shown(axes)["attrs"]["sources"]
        if not ids:
            raise QueryError(f"{claim}: its chart rests on no catalogued source")
        for source in ids:
            uses.setdefault(source, []).append(claim)
    known = catalogue.entries(uses)
    table = pd.DataFrame(
        [known[source][0]._asdict() | {"publisher": known[source][1].name,
                                       "claims": ", ".join(names)}
         for source, names in uses.items()]
    ).set_index(pd.Index(uses, name="source_id"))  # fmt: skip
    return table[["publisher", "title", "vintage", "retrieved", "licence", "claims"]]


# --- what is asked, and whether it can be drawn ---------------------------------------------------


def _look(
    frame: pd.DataFrame, look: Look, numbers: Sequence[str] = (), names: Sequence[str] = ()
) -> dict[str, Any]:
    """Fill in the options and find the source line, before anything is drawn.

    `numbers` and `names` are columns that :mod:`tradeflows.behind` follows to raw lines.
    """
    if unknown := sorted(set(look) - set(Look.__annotations__)):
        raise TypeError(
            f"no option {', '.join(unknown)}; there are {', '.join(Look.__annotations__)}"
        )
    if not (look.get("title") and look.get("unit")):
        raise QueryError("a chart needs a title, which is the claim, and a unit")
    ids = tuple(frame.attrs.get("sources", ()))
    shown = {"note": "", "events": EVENTS, "reference": {}, "names": {}, **look}
    if not shown.get("source"):
        if not ids:
            raise QueryError('no source: frame.attrs["sources"] is empty, so say source="…"')
        from tradeflows import catalogue

        shown["source"] = catalogue.credit(ids)
    shown["attrs"] = {"sources": ids, "caveats": tuple(frame.attrs.get("caveats", ()))}
    if numbers:
        shown["of"] = frame, [*numbers], [*names]
    return shown


def _each(rows: pd.DataFrame) -> Iterator[tuple[int, Any]]:
    return enumerate(rows.itertuples())


def _refuse(rows: pd.DataFrame, problem: str) -> None:
    if len(rows):
        first = rows.iloc[0]
        day = f" in {first['x']:%Y-%m}" if pd.notna(first["x"]) else ""
        raise QueryError(f"{problem}: {first['name']}{day} ({len(rows)} rows); filter the frame")


def _rows(
    frame: pd.DataFrame, *, y: str, by: str, when: str = "ref_period", length: str = "",
    panel: str = "", span: Sequence[str] = (),
) -> pd.DataFrame:  # fmt: skip
    """The frame's columns under fixed names, with what may be absent filled in."""
    if frame.empty:
        raise QueryError("nothing to draw: the frame has no rows")
    asked = [column for column in (by, when, length, panel) if column]
    if missing := [column for column in (y, *asked, *span) if column not in frame]:
        raise QueryError(f"the frame has no column {', '.join(missing)}")
    for column in asked:
        if nulls := int(frame[column].isna().sum()):
            raise QueryError(f"{column} is null in {nulls} of {len(frame)} rows; filter the frame")
    frame = frame.reset_index(drop=True)
    nothing = pd.Series(np.nan, index=frame.index)
    try:
        value, low, high = (
            frame[name].astype("float64") if name else nothing for name in (y, *(span or ("", "")))
        )
        x = pd.to_datetime(frame[when]) if when else pd.Series(pd.NaT, index=frame.index)
        last = pd.to_datetime(frame[length]) if length == "window_end" else None
    except (TypeError, ValueError) as error:
        raise QueryError(
            f"{y} must hold numbers, and {when or by} what it says: {error}"
        ) from error
    bound = value.isna() & (low.isna() != high.isna())  # half a range is a bound
    optional: dict[str, Any] = {"n_months": 1, "qualifier": "=", "flags": ""}
    rows = pd.DataFrame(
        {
            "name": frame[by].astype(str),
            "panel": frame[panel].astype(str) if panel else "",
            "x": x,
            "value": value.where(~bound, low.fillna(high)),
            "low": low.fillna(value.where(high.notna())).mask(bound),
            "high": high.fillna(value.where(low.notna())).mask(bound),
            **{c: frame[c].fillna(d) if c in frame else d for c, d in optional.items()},
        }
    )
    rows.loc[bound, "qualifier"] = low[bound].isna().map({True: "≤", False: "≥"})
    rows["mark"] = rows["qualifier"].map(MARKS)
    rows["hollow"] = [bool(set(UNSETTLED) & set(flags.split())) for flags in rows["flags"]]
    rows["end"] = last if last is not None else [
        day + pd.DateOffset(months=int(n)) for day, n in zip(x, rows["n_months"], strict=True)
    ]  # fmt: skip
    numbers = rows[["value", "low", "high"]]
    _refuse(rows[rows["mark"].isna()], f"a qualifier that is none of {' '.join(MARKS)}")
    _refuse(rows[numbers.isin([np.inf, -np.inf]).any(axis="columns")], "a value that is not finite")
    _refuse(rows[rows["low"] > rows["high"]], "a range whose low end is above its high end")
    if when:
        empty = numbers.isna().all(axis="columns").groupby([rows["panel"], rows["name"]])
        _refuse(rows[empty.transform("all")], "a series without any value")
    return rows


def _series(rows: pd.DataFrame, every: int | None) -> dict[str, pd.DataFrame]:
    """The rows of each series on its own months, so that a hole is a null."""
    _refuse(rows[rows.duplicated(["name", "x"])], "two values for one point")
    lengths = sorted(set(rows["n_months"]))
    if every is None and len(lengths) > 1:
        raise QueryError(f"periods of {lengths} months in one line: draw them with blocks()")
    step = pd.DateOffset(months=every or lengths[0])
    series = {}
    for name, part in rows.groupby("name", sort=False):
        part = part.set_index("x", drop=False).sort_index()
        months = pd.date_range(part.index[0], part.index[-1], freq=step)
        _refuse(part[~part.index.isin(months)], "a point off the months of its series, see every=")
        series[str(name)] = part.reindex(months)
    return series


# --- drawing --------------------------------------------------------------------------------------


def _lines(
    frame: pd.DataFrame, look: Look, box: float, every: int | None, zero: bool, **columns: str
) -> np.ndarray:
    y, *names = (columns[name] for name in ("y", "panel", "by") if name in columns)
    shown, rows = _look(frame, look, [y], names), _rows(frame, **columns)
    parts = {str(name): _series(part, every) for name, part in rows.groupby("panel", sort=False)}
    if isinstance(shown["unit"], Mapping) and (lost := parts.keys() - shown["unit"].keys()):
        raise QueryError(f"no unit for {', '.join(sorted(lost))}")
    colours = page.colours(rows["name"])
    ends = []
    with page.style():
        _, grid = plt.subplots(len(parts), sharex=True, squeeze=False)
        for axes, (panel, series) in zip(grid[:, 0], parts.items(), strict=True):
            axes.set_label(panel)
            for name, part in series.items():
                _line(axes, name, part, *colours[name])
            ends.append(_ends(pd.concat(series.values()), colours, shown))
        _finish(list(grid[:, 0]), "lines", shown, rows, ends, zero, box)
    return grid[:, 0]


def _line(axes: Axes, name: str, part: pd.DataFrame, colour: str, dash: Any) -> None:
    known = part["value"].notna()
    lone = known & ~known.shift(1, fill_value=False) & ~known.shift(-1, fill_value=False)
    special = known & (part["mark"].ne("o") | part["hollow"].eq(True))
    alone = np.flatnonzero(lone & ~special).tolist()
    style: dict[str, Any] = {"color": colour, "clip_on": False, "gid": f"0|line|{name}"}
    axes.plot(part.index, part["value"], ls=dash, marker="o" if alone else "",
              markevery=alone or None, **style)  # fmt: skip
    for (mark, hollow), some in part[special].groupby(["mark", "hollow"]):
        axes.plot(some.index, some["value"], ls="none", marker=mark,
                  mfc="white" if hollow else colour, **style)  # fmt: skip


def _ends(rows: pd.DataFrame, colours: dict[str, Any], shown: dict[str, Any]) -> list[End]:
    """Name, place and colour of the last figure of each series."""
    ends = []
    rows = rows.assign(value=rows["value"].fillna(rows["high"])).dropna(subset="value")
    for name, part in rows.groupby("name", sort=False):
        last = part.sort_values("x").iloc[-1]
        text = page.wrap(_named(str(name), shown), 18)
        if last["qualifier"] != "=":
            text += f"\n({WORDS[str(last['qualifier'])]})"
        ends.append(End(text, mdates.date2num(last["x"]), last["value"], colours[str(name)][0]))
    return ends


def _finish(
    grid: list[Axes], kind: str, shown: dict[str, Any], rows: pd.DataFrame, ends: list[list[End]],
    zero: bool, box: float = 3.0, key: str = "",
) -> None:  # fmt: skip
    vars(grid[0].figure)["tradeflows"] = shown  # what drawn() cannot read from artists
    upright = kind in page.UPRIGHT
    units = []
    for axes in grid:
        axes.set_gid(kind)
        page.number_axis(axes, upright=upright)
        panel, unit = str(axes.get_label()), shown["unit"]
        name, unit = _named(panel, shown), unit if isinstance(unit, str) else unit[panel]
        units.append(f"{name}, {unit}" if len(grid) > 1 else unit)
        if not upright:
            page.day_axis(axes)
            axes.margins(y=0.05)
            for value in shown["reference"].values():
                axes.update_datalim([(axes.dataLim.x0, value)])
        if zero:
            low, high = axes.dataLim.intervaly
            axes.set_ylim(min(0, 1.05 * low), max(0, 1.05 * high) or float(low == 0))
    found = rows["qualifier"][rows["qualifier"] != "="].drop_duplicates()
    signs = "" if upright or kind == "windows" else " · ".join(
        f"{SIGNS[MARKS[one]]} {WORDS[one]}" for one in found
    )  # fmt: skip
    unsettled = [flag for flag in UNSETTLED if rows["flags"].str.contains(flag).any()]
    hollow = f"{'Dashed' if kind in ('blocks', 'windows') else 'Hollow'}: {' or '.join(unsettled)}"
    key = " · ".join(filter(None, (key, signs, hollow if unsettled else "")))
    page.finish(
        grid, ends, title=shown["title"], unit=units,
        foot=list(filter(None, (key, shown["note"], f"Source: {shown['source']}"))),
        events=shown["events"], reference=shown["reference"], box=box,
    )  # fmt: skip


def _named(name: str, shown: Mapping[str, Any]) -> str:
    return shown["names"].get(name) or page.name(name)


def _printed(row: Any) -> str:
    reach = "" if np.isnan(row.low) else f"{page.number(row.low)} to {page.number(row.high)}"
    if np.isnan(row.value):
        return reach or "not published"
    sign = "" if row.qualifier == "=" else f"{row.qualifier} "
    return f"{sign}{page.number(row.value)}" + (f" ({reach})" if reach else "")


# --- reading back ---------------------------------------------------------------------------------


def _shown(axes: Charts) -> dict[str, Any]:
    """The options under which a chart was drawn."""
    first = axes if isinstance(axes, Axes) else axes[0]
    try:
        return vars(first.figure)["tradeflows"]
    except KeyError as error:
        raise QueryError("these axes were not drawn by tradeflows.charts") from error


def _days(x: Any) -> pd.DatetimeIndex:
    days = np.round(np.asarray(x, dtype="float64"))
    return pd.DatetimeIndex(np.datetime64(mdates.get_epoch(), "s") + days.astype("timedelta64[D]"))


def _wide(shown: list[tuple[Any, ...]]) -> pd.DataFrame:
    table: dict[str, pd.Series] = {}
    for line, _, part, name in shown:
        if part != "line":
            continue
        x, y = line.get_xydata().T
        values = pd.Series(y, index=_days(x))
        if not values.equals(table.setdefault(name, values).reindex(values.index)):
            raise QueryError(f"{name}: its line and its markers show different values")
    return pd.DataFrame(table).sort_index().rename_axis("ref_period")


def _long(shown: list[tuple[Any, ...]], kind: str) -> pd.DataFrame:
    rows: dict[int, dict[str, Any]] = {}
    for artist, i, part, name in shown:
        if part == "reference":
            continue
        row = rows.setdefault(int(i), {"series": name, "value": np.nan})
        if part == "text":
            row["printed"] = artist.get_text().rpartition(": ")[2]
        elif part == "bar":
            row["value"] = artist.get_x() + artist.get_width()
        elif part == "label":
            row["printed"] = artist.get_text()
        elif part == "verdict":
            row["verdict"] = artist.get_text()
        elif part == "beyond":
            row["mark"] = artist.get_text()
        elif part == "held":
            first, last = _days(artist.get_xydata()[:, 0])
            ends = (f"{day:%Y-%m}" for day in (first, last - pd.DateOffset(days=1)))
            run = " to ".join(dict.fromkeys(ends))
            row["printed"] = f"{row['printed']}, {run}" if "printed" in row else run
        elif part == "reading":
            look = (to_hex(artist.get_mfc()), to_hex(artist.get_mec()))
            row["value"] = artist.get_xdata()[0]
            row["says"] = {tuple(map(to_hex, each)): word for word, each in SAYS.items()}[look]
            row["mark"] = SIGNS.get(artist.get_marker(), "")
        elif part == "box":
            row["low"], row["high"] = artist.get_y(), artist.get_y() + artist.get_height()
        elif part == "range":
            row["low"], row["high"] = artist.get_xydata()[:, 0 if kind in page.UPRIGHT else 1]
        else:
            x, y = artist.get_xydata().T
            first, last = _days(x[[0, -1]])
            row["value"] = y[0]
            if kind == "windows":
                row |= {"start": first, "end": last}
            else:
                row |= {"ref_period": first, "n_months": round((last - first).days / 30.44)}
            if kind != "windows" and artist.get_marker() in SIGNS:
                row["mark"] = SIGNS[artist.get_marker()]
    table = pd.DataFrame([rows[i] for i in sorted(rows)])
    order = ["series", "value", "low", "high", "mark", "says", "printed", "verdict"]
    order = {"points": ["ref_period"], "blocks": ["ref_period", "n_months"],
             "windows": ["start", "end"]}.get(kind, []) + order  # fmt: skip
    always = "printed" if kind == "coverage" else "value"
    table = table[[c for c in order if c == always or (c in table and table[c].notna().any())]]
    if "verdict" in table:
        table["verdict"] = table.groupby("series")["verdict"].transform("first")
    words = {"mark", "says", "printed"} if kind == "ratios" else {"mark"}
    for column in words & {*table}:
        table[column] = table[column].fillna("")
    index = "ref_period" if kind in ("points", "blocks") else "series"
    return table.set_index(index)


def _shaded(shown: list[tuple[Any, ...]], dated: bool) -> pd.DataFrame:
    """Cells as they are shaded, and the words below their numbers."""
    columns = [name for _, _, part, name in shown if part == "column"]
    rows, said = {}, {}
    for artist, i, part, name in shown:
        if part == "cells":
            rows[name] = np.ma.filled(artist.get_array().astype("float64"), np.nan).ravel()
            edges = artist.get_coordinates()[0, :, 0]
        elif part == "words":
            row, column = map(int, i.split(","))
            said[[*rows][row], columns[column]] = artist.get_text()
    table = pd.DataFrame(rows)
    if dated:
        return table.set_axis(_days(edges[:-1])).rename_axis("ref_period")
    table = table.set_axis(columns).T.rename_axis("series")
    if said:
        words = pd.Series(said).unstack().reindex(table.index).reindex(columns=columns)
        table = table.join(words.fillna("").add_suffix(", printed"))
    return table


def _significant(values: pd.Series, figures: int = 4) -> pd.Series:
    """Round, first finely, so that no two machines fall to different sides of a tie."""
    return values.map(lambda value: float(f"{float(f'{value:.12g}'):.{figures}g}") + 0.0)
