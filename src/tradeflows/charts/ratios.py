"""Each reading of a claim, as a ratio to the claimed figure."""

from collections.abc import Iterable, Mapping
from typing import Any, Unpack

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes
from pandas import DataFrame, Series

from tradeflows.charts import colours, layout
from tradeflows.charts.layout import Label
from tradeflows.charts.options import (
    SIGNS,
    WORDS,
    ChartOptions,
    complete_options,
    drawable_rows,
    finish,
    named,
    redrawable,
    refuse,
)
from tradeflows.model import units
from tradeflows.model.errors import QueryError
from tradeflows.model.words import count_of

SILENT = "decides nothing"
BOUND = {"<": "≤", ">": "≥"}  # of a reading that is open at an end
STEPS = ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,))  # numbers of a decade that may be marked
APART = 0.1  # inches, at least, between two of their words
DIGITS = range(3, 7)  # of a figure that stands beside its claim
# What a reading says of a claim, by the face and the edge of its marker.
SAYS = {
    "agrees": (colours.INK, colours.INK),
    "disagrees": ("white", colours.AGAINST),
    SILENT: (colours.GREY, colours.GREY),
}


@redrawable
def ratios(
    frame: DataFrame,
    *,
    by: str = "id",
    ratio: str = "ratio",
    agrees: str = "agrees",
    verdict: str = "verdict",
    **options: Unpack[ChartOptions],
) -> Axes:
    """Compare what was found with what was claimed: a row a claim, a marker a reading, in per cent.

    Parameters
    ----------
    frame
        One row a reading, as ``claims.table`` gives them; a claim without any is left out, and
        counted in the note. Heeded where present: ``statement`` (stands above the row, on two
        lines at most), ``qualifier`` (of the claim; what "more than" allows is shaded),
        ``claimed_low`` and ``claimed_high`` (of a claim that is a range; shaded), ``value``
        with ``low`` and ``high`` (a reading that is a bound is a triangle), ``unit`` (for a claim
        without ratios, whose values stand there in figures).
    by, verdict
        Columns of the claims, in the order of the rows, and of the words at the end of each.
    ratio
        Column of what was found, divided by what was claimed. One that is not positive stands at
        the left edge. The label has the figures found; without ``value`` and ``unit`` the per
        cent of the claim that they are, as the axis and what is handed over have it.
    agrees
        Column that says whether a reading agrees (filled) or disagrees (hollow); null where it
        decides nothing (grey).
    **options
        There are no events, and a ``reference`` is an upright line beside that of the claim.

    Raises
    ------
    QueryError
        As every chart (see :func:`lines`), but for two values at one point and for a series
        without any. Also: a claim with two verdicts, no claim with a reading, or a reference
        that is not positive.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import charts
    >>> look = {"title": "It rose", "unit": "Mt a month", "source": "Made up"}
    >>> found = pd.DataFrame({"id": ["C1"], "ratio": [1.02], "agrees": [True],
    ...                       "verdict": ["holds"]})
    >>> axes = charts.ratios(found, **look)
    >>> charts.drawn(axes)["value"].to_dict()
    {'C1': 1.02}
    """
    options.setdefault("claims", [str(name) for name in frame[by].unique()])
    shown = complete_options(frame, options, [ratio], [by])
    shown["reference"] = {"As claimed": 1.0} | shown["reference"]
    rows = _readings(frame, ratio, by, agrees, verdict)
    has_reading = rows["found"].notna() | rows["says"].ne(SILENT)
    tested = has_reading.groupby(rows["name"])
    untested = ~tested.any()
    if untested.any():
        lacking = count_of(untested.sum(), "claim")
        note = f"{shown['note']} Not shown: {lacking} that nothing here tests."
        shown["note"] = note.strip()
    is_tested = tested.transform("any")
    rows = rows[is_tested].reset_index(drop=True)
    if rows.empty:
        raise QueryError("nothing to draw: no claim has a reading")
    statements = dict(zip(rows["name"], rows["statement"], strict=True))
    shown["names"] = statements | shown["names"]
    first, last = _ends(rows, shown["reference"].values())
    rows["beyond"] = np.select([rows["value"] < first, rows["value"] > last], [-1, 1], 0)
    rows = rows.assign(level=np.nan, mark=rows["sign"].map(SIGNS).astype(object))
    claims = {str(name): part for name, part in rows.groupby("name", sort=False)}
    start, inches = _fit(claims, first, last)
    narrow = layout.page() is layout.NARROW
    ends: list[Label] = []
    floor = 0.0
    with layout.style():
        _, axes = plt.subplots()
        axes.set_xscale("log")
        times = np.exp(_room(rows) / inches)
        axes.set_xlim(start, start * times)
        steps = _steps(start, start * times, inches)
        axes.xaxis.set_major_locator(ticker.LogLocator(subs=steps))
        axes.xaxis.set_minor_locator(ticker.NullLocator())
        for name, part in claims.items():
            of_claim = rows.loc[part.index, "verdict"] = part["panel"].iloc[0]
            sentence = named(name, shown)
            if narrow:  # where the figures have no room beside their markers
                sentence += f" ({of_claim}: {_found(part)})"
            text = layout.clip(sentence, layout.page().sentence, 4 if narrow else 2)
            layout.write_above(axes, text, floor)
            n_lines = text.count("\n") + 1
            middle = floor + layout.LINE * n_lines + 0.16
            _claim(axes, rows, part, middle, inches)
            if not narrow:  # where the verdict stands after the sentence
                gid = f"{part.index[0]}|verdict|{name}"
                _, edge = axes.get_xlim()
                ends.append(Label(of_claim, edge, middle, _verdict_colour(part), gid))
            floor = middle + 0.24
        axes.set_yticks([])
        axes.set_ylim(floor, 0)
        key, is_placed = _key(rows), rows["level"].notna()
        is_in_words = rows["beyond"].ne(0) | ~rows.duplicated("name")
        rows[["value", "low", "high"]] = rows[["value", "low", "high"]].where(is_placed)
        rows["says"] = rows["says"].where(is_placed)
        marks = rows[is_placed | is_in_words].assign(qualifier=rows["sign"].map(BOUND))
        finish([axes], "ratios", shown, marks, [ends], False, floor, key)
        axes.xaxis.set_major_formatter(ticker.FuncFormatter(lambda ratio, _: _percent(ratio)))
    return axes


def _ends(rows: DataFrame, references: Iterable[float]) -> tuple[float, float]:
    """The least and the greatest figure that the axis must show."""
    has_place = rows["counted"] & ~rows["value"].le(0)
    numbers = rows.loc[has_place, ["value", "low", "high"]]
    known = [0.5, 2.0, *references, *numbers.stack()]
    first = min(known)
    if first <= 0:
        raise QueryError("no place on a logarithmic axis for a reference that is not positive")
    return first, max(known)


def _steps(start: float, end: float, inches: float) -> tuple[float, ...]:
    """Numbers of each decade that have a mark on the axis: the most whose words stand apart.

    A factor of e is so many `inches` long.
    """
    for steps in STEPS:
        decades = 10.0 ** np.arange(np.floor(np.log10(start)), np.ceil(np.log10(end)))
        marks = np.outer(decades, steps).ravel()
        marks = marks[(marks >= start) & (marks <= end)]
        widths = np.array([_width(_percent(mark)) for mark in marks])
        room = inches * np.diff(np.log(marks)) - (widths[1:] + widths[:-1]) / 2
        if (room > APART).all():
            return steps
    return STEPS[-1]


def _percent(ratio: float) -> str:
    """A ratio as the axis has it."""
    return f"{layout.number(100 * ratio, 10)} %"


def _verdict_colour(part: DataFrame) -> str:
    """The colour of a claim's verdict, by what its readings say."""
    says = set(part["says"])
    if "agrees" in says:
        return colours.INK
    return colours.AGAINST if "disagrees" in says else colours.SOFT


def _readings(frame: DataFrame, ratio: str, by: str, agrees: str, verdict: str) -> DataFrame:
    """The rows of :func:`ratios`: `panel` is the verdict, `low` to `high` a range divided."""
    rows = drawable_rows(frame, y=ratio, by=by, when="", panel=verdict)
    if agrees not in frame:
        raise QueryError(f"the frame has no column {agrees}")
    verdicts = rows.groupby("name")["panel"].transform("nunique")
    refuse(rows[verdicts > 1], "two verdicts for one claim")
    frame = frame.reset_index(drop=True)
    words = {True: "agrees", False: "disagrees"}
    says = frame[agrees].astype("boolean").map(words).fillna(SILENT)
    is_silent = says.eq(SILENT)
    all_silent = is_silent.groupby(rows["name"]).transform("all")
    reading = _numbers(frame, "value", rows)
    figure = reading / rows["value"]
    ends = _ends_of_readings(frame, rows, figure)
    is_least = rows["qualifier"].isin([">", "≥"])
    is_most = rows["qualifier"].isin(["<", "≤"])
    side = np.select([is_least, is_most], [1, -1], 0) * np.sign(figure.fillna(1))
    lowest, highest = (_claimed(frame, name, figure) for name in ("claimed_low", "claimed_high"))
    statement = frame.get("statement", rows["name"])
    return rows.assign(
        **ends,
        statement=statement.str.removesuffix("."),
        says=says,
        printed=None,
        counted=~is_silent | all_silent,
        claimed_low=lowest.mask(side > 0, 1.0).mask(side < 0, -np.inf),
        claimed_high=highest.mask(side > 0, np.inf).mask(side < 0, 1.0),
        found=reading,
        unit=frame.get("unit", ""),
    )


def _claimed(frame: DataFrame, column: str, figure: Series) -> Series:
    """An end of a claim that is a range, as a part of the claimed `figure`; null of others."""
    return frame.get(column, Series(np.nan, frame.index)).astype("float64") / figure


def _numbers(frame: DataFrame, column: str, rows: DataFrame) -> Series:
    """A column of figures, that of the ratios where the frame has none."""
    return frame.get(column, rows["value"]).astype("float64")


def _ends_of_readings(frame: DataFrame, rows: DataFrame, figure: Series) -> dict[str, Any]:
    """Both ends of each reading as ratios, and the sign of one that is open at an end."""
    divisor = figure.fillna(1)
    least = _numbers(frame, "low", rows) / divisor
    most = _numbers(frame, "high", rows) / divisor
    low = np.minimum(least, most)  # a figure may be negative
    high = np.maximum(least, most)
    is_range = low.lt(high)
    is_open_above = is_range & high.eq(np.inf)
    is_open_below = is_range & low.le(0)
    sign = np.select([is_open_above, is_open_below], [">", "<"], "o")
    is_closed = is_range & (sign == "o")
    return {"sign": sign, "low": low.where(is_closed), "high": high.where(is_closed)}


def _room(rows: DataFrame) -> float:
    """Inches between the left edge of the box and the verdicts."""
    room = layout.page().width - 0.55
    if layout.page() is layout.NARROW:
        return room
    widths = [_width(text) for text in rows["panel"]]
    return room - max(widths)


def _width(text: str) -> float:
    """The width of a text, in inches."""
    width, _ = layout.size(text)
    return width


def _fit(claims: Mapping[str, DataFrame], first: float, last: float) -> tuple[float, float]:
    """Where the axis begins, and how long on it a factor of e is so that all figures fit."""
    wide = {-1: 0.0, 1: 0.0}  # of what stands beyond the left and the right end
    for part in claims.values():
        for row in part[part["beyond"] != 0].itertuples():
            needed = _width(_figure(row)) + 0.3
            wide[row.beyond] = max(wide[row.beyond], needed)
    before = 0.3 + wide[-1]
    rooms = [_room(part) for part in claims.values()]
    room = min(rooms) - before
    inches = (room - 0.3) / np.log(last / first)
    for part in claims.values():
        is_within = part["beyond"].eq(0)
        outermost = part["value"].where(is_within).max()
        if outermost > first:
            needed = 0.3 if layout.page() is layout.NARROW else _width(_span(part)) + 0.45
            if part["beyond"].eq(1).any():
                needed += wide[1]
            inches = min(inches, (room - needed) / np.log(outermost / first))
    return first * np.exp(-before / inches), inches


def _claim(axes: Axes, marks: DataFrame, part: DataFrame, middle: float, inches: float) -> None:
    """Draw one claim's readings, and in figures the span of those that count."""
    name = part["name"].iloc[0]
    left, right = axes.get_xlim()
    label = f"{part.index[0]}|text|{name}"
    narrow = layout.page() is layout.NARROW
    if part["value"].isna().all():
        if not narrow:
            marks.loc[part.index[0], "printed"] = text = _in_figures(part)
            layout.write_beside(axes, text, left, middle, 1, label, over=True)
        return
    claimed = (
        part[["claimed_low", "claimed_high"]].iloc[0].replace([-np.inf, np.inf], [left, right])
    )
    if claimed.notna().all():
        axes.fill_between(claimed, middle - 0.13, middle + 0.13, color=colours.SHADE, lw=0)
    for i, row in part[part["beyond"] != 0].iterrows():
        text = _figure(row)
        gid = f"{i}|beyond|{name}"
        is_left = row["beyond"] < 0
        marks.loc[i, "mark"] = words = f"◄ {text}" if is_left else f"{text} ►"
        end = left if is_left else right
        layout.write_beside(axes, words, end, middle, 1 if is_left else -1, gid)
    has_place = part["beyond"].eq(0) & part["value"].notna()
    placed = part[has_place].sort_values("value")
    if placed.empty:
        return
    values = placed["value"].to_numpy()
    axes.plot(values[[0, -1]], [middle, middle], color=colours.GREY, lw=0.8)
    heights = layout.heights_apart(inches * np.log(values), 0.12)
    for (i, row), up in zip(placed.iterrows(), heights, strict=True):
        marks.loc[i, "level"] = middle + up
        _reading(axes, row, middle + up, i)
    ends = placed.loc[placed["counted"], "value"]
    if len(ends) and not narrow:
        marks.loc[part.index[0], "printed"] = span = _span(part)
        layout.write_outside(axes, span, values, ends.min(), ends.max(), middle, inches, label)


def _found(part: DataFrame) -> str:
    """What was found of a claim, in words."""
    return _in_figures(part) if part["value"].isna().all() else _span(part)


def _in_figures(part: DataFrame) -> str:
    """What was found of a claim without ratios, and how many of its readings agree."""
    counted = part[part["counted"]]
    n_agree = counted["says"].eq("agrees").sum()
    decide = f"{n_agree} of {len(counted)} readings agree"
    if counted["says"].eq(SILENT).all():
        decide = "no reading decides"
    span = _joined(counted.dropna(subset="found").sort_values("found"))
    return f"found {span}: {decide}" if span else decide


def _reading(axes: Axes, row: Series, y: float, i: Any) -> None:
    """Draw one reading: its range where it has one, and its marker."""
    face, colour = SAYS[row["says"]]
    name = row["name"]
    range_gid = f"{i}|range|{name}"
    gid = f"{i}|dot|{name}"
    style: dict[str, Any] = {"ls": "none", "ms": 7, "mew": 1.6, "zorder": 3}
    axes.plot([row["low"], row["high"]], [y, y], color=colour, lw=1.5, gid=range_gid)
    axes.plot([row["value"]], [y], marker=row["sign"], mfc=face, mec=colour, gid=gid, **style)


def _figure(row: Any) -> str:
    """What a reading found as print has it, or how much of the claim that is without a unit.

    It has three digits, or as many as tell it from the claim, but not more than six.
    """
    sign = f"{WORDS[BOUND[row.sign]]} " if row.sign in BOUND else ""
    if not row.unit or np.isnan(row.found):
        return f"{sign}{layout.figure(100 * row.value)} %"
    shown = [units.amount(row.found, row.unit, digits, padded=True) for digits in DIGITS]
    if not row.value:
        return sign + units.found_amount(row.found, row.unit, DIGITS[0])
    stated = row.found / row.value
    claimed = [units.amount(stated, row.unit, digits, padded=True) for digits in DIGITS]
    apart = [i for i, pair in enumerate(zip(shown, claimed, strict=True)) if pair[0] != pair[1]]
    return sign + units.found_amount(row.found, row.unit, DIGITS[(apart or [0])[0]])


def _joined(ordered: DataFrame) -> str:
    """The first and the last of some readings in words; what both end in is said once."""
    ends = [*ordered.head(1).itertuples(), *ordered.tail(1).itertuples()]
    texts = list(dict.fromkeys(_figure(row) for row in ends))
    if len(texts) < 2:
        return "".join(texts)
    first, last = (text.split(" ") for text in texts)
    shared = 0  # words at the end of both, after the number
    is_bound = len(first) != len(last)
    while shared < min(len(first), len(last)) - 1 and first[-1 - shared] == last[-1 - shared]:
        shared += 1
    shared = 0 if is_bound else shared  # "$47.0 million to at most $602 million"
    kept = first[: len(first) - shared]
    return f"{' '.join(kept)} to {' '.join(last)}"


def _span(part: DataFrame) -> str:
    """The least and the greatest of the readings that count and have a place, in words."""
    counted = part[part["counted"] & part["beyond"].eq(0)].dropna(subset="value")
    span = _joined(counted.sort_values("value"))
    shares = counted[counted["unit"].eq("percent")]
    if shares.empty:
        return span
    first = next(shares.itertuples())  # the axis is in per cent of what was claimed
    return f"found {span}, against {units.amount(first.found / first.value, first.unit)}"


def _key(rows: DataFrame) -> str:
    """What the markers and the shades mean, as far as they are there."""
    placed = rows[rows["value"].notna()]
    says, sign = placed["says"], placed["sign"]
    silent = f"grey: {SILENT} (a bound, another concept, or the claim’s own source)"
    meanings = {
        "full dot: agrees": says.eq("agrees"),
        "red ring: disagrees": says.eq("disagrees"),
        silent: says.eq(SILENT),
        "◄ at most": sign.eq("<"),
        "► at least": sign.eq(">"),
        "shaded: within the claim": placed["claimed_high"].notna(),
    }
    shown = [words for words, is_there in meanings.items() if is_there.any()]
    parts = [_unbroken(f"{words} ·") for words in shown]
    return " ".join(parts).removesuffix("·").rstrip()


def _unbroken(words: str) -> str:
    """Words that stay on one line, if the paper has room for them."""
    return "\xa0".join(words.split()) if len(words) <= layout.page().foot else words
