"""The rule for verdicts, as pure functions: a reading's role, what it shows, and the verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

# What a reading is to a claim.
AS_STATED = "as stated"
ALTERNATIVE = "alternative"
BOUND = "bound"
OTHER_CONCEPT = "other concept"
IN_PRINT = "in print"
ROLES = (AS_STATED, ALTERNATIVE, BOUND, OTHER_CONCEPT, IN_PRINT)

# The seven verdicts, and the four groups in which a reader meets them.
HOLDS = "holds"
HOLDS_WITHIN_REVISIONS = "holds within revisions"
DEPENDS = "depends"
DIFFERS = "differs"
CONTRADICTED = "contradicted"
NOT_DECIDED = "not decided"
NOT_TESTED = "not tested"
GROUPS = {
    HOLDS: "holds",
    HOLDS_WITHIN_REVISIONS: "holds",
    DEPENDS: "holds with a caveat",
    DIFFERS: "differs",
    CONTRADICTED: "differs",
    NOT_DECIDED: "cannot be told",
    NOT_TESTED: "cannot be told",
}
VERDICTS = tuple(GROUPS)

SMALL = 1.0  # per cent, or points: a miss below this raises no alarm
SAME = 1e-9  # how near two numbers are, as a part of them, that are one but for arithmetic
CONFLICT = 2.0  # per cent: releases that are wider apart are a conflict of sources
# Units of which a deviation is a difference, and what it is counted in; of others it is a part.
DIFFERENCES = {
    "percent": "points",
    "percentage points": "points",
    "month": "months",
    "rank": "places",
}


@dataclass(frozen=True)
class Question:
    """What a claim asks, or a reading answers; an empty key is one that does not apply."""

    goods: str = ""
    reporter: str = ""
    partner: str = ""
    flow: str = ""
    measure: str = ""
    start: str = ""
    end: str = ""
    base: str = ""


KEYS = tuple(field.name for field in fields(Question))


@dataclass(frozen=True)
class Range:
    """All numbers from `low` to `high`; an open end is no such number itself."""

    low: float
    high: float
    open_low: bool = False
    open_high: bool = False


@dataclass(frozen=True)
class Band:
    """How far releases of one office are apart: `width` either way, in per cent or in points."""

    width: float
    unit: str
    releases: tuple[str, ...] = ()
    conflict: bool = False


@dataclass(frozen=True)
class Evidence:
    """What one reading has to say on a claim.

    Attributes
    ----------
    fits
        Whether its number, or all that a bound allows, lies within the claim's printed step; None
        where it lies partly within.
    fits_band
        Whether it does once the band of the series is allowed for.
    deviation
        From the claim, in per cent, or in points where the claim is in per cent.
    own_release
        Whether it is the office's own release that was current on the claim's day.
    silent
        Why it decides nothing, whatever its role; empty where it may.
    """

    name: str
    role: str
    fits: bool | None
    fits_band: bool = False
    deviation: float | None = None
    own_release: bool = False
    silent: str = ""


@dataclass(frozen=True)
class Decision:
    """A verdict, the names of the readings that it rests on, and the deviation of the nearest."""

    verdict: str
    by: tuple[str, ...] = ()
    deviation: float | None = None


def differing(asked: Question, given: Question) -> tuple[str, ...]:
    """Names of the keys in which two questions differ."""
    return tuple(name for name in KEYS if getattr(asked, name) != getattr(given, name))


def leaves_open(given: Question, key: str, admitted: Mapping[str, Sequence[str]]) -> bool:
    """Whether a claim's words admit what a reading has under `key`; no list admits anything."""
    if key not in admitted:
        return False
    values = getattr(given, key).split("+")
    return not admitted[key] or set(values) <= set(admitted[key])


def role_of(asked: Question, given: Question, admitted: Mapping[str, Sequence[str]]) -> str:
    """The role of a reading that is neither a bound nor in print, by comparing its keys."""
    keys = differing(asked, given)
    if not keys:
        return AS_STATED
    if all(leaves_open(given, key, admitted) for key in keys):
        return ALTERNATIVE
    return OTHER_CONCEPT


def fits(low: float, high: float, claimed: Range) -> bool | None:
    """Whether all of `low` to `high` lies within what was claimed; None where a part does."""
    is_above = _is_above(low, claimed.low, claimed.open_low)
    if is_above and _is_above(-high, -claimed.high, claimed.open_high):
        return True
    is_under = not _is_above(high, claimed.low, claimed.open_low)
    is_over = not _is_above(-low, -claimed.high, claimed.open_high)
    # A single number is inside or outside; only an interval can be partly both.
    return False if is_under or is_over or low == high else None


def _is_above(value: float, end: float, is_open: bool) -> bool:
    """Whether `value` lies on the inner side of a lower end; the last bits of neither count."""
    # 1.07 less half of 0.01 is a little above 1.065, which was printed as 1.07.
    if math.isclose(value, end, rel_tol=SAME):
        return not is_open
    return value > end


def widened(claimed: Range, band: Band | None, figure: float | None) -> Range:
    """What was claimed with the band on both sides."""
    if band is None or figure is None:
        return claimed
    width = band.width if band.unit == "points" else abs(figure) * band.width / 100
    return Range(claimed.low - width, claimed.high + width, claimed.open_low, claimed.open_high)


def deviation(value: float, figure: float | None, unit: str) -> float | None:
    """`value` less `figure` in per cent of it, or in points, months or places; None without one."""
    if figure is None:
        return None
    if unit in DIFFERENCES:
        return value - figure
    return 100 * (value / figure - 1) if figure else None


def spread(values: Sequence[float]) -> float:
    """δ of several releases of one number: the largest over the smallest, less 1, in per cent."""
    if len(values) < 2 or min(values) <= 0:
        return 0.0
    return 100 * (max(values) / min(values) - 1)


def band_of_growth(growth: float, after: float, before: float) -> float:
    """Band of a growth rate in points, from the δ in per cent of its two ends."""
    return (1 + growth / 100) * (after + before)


def decide(evidence: Sequence[Evidence]) -> Decision:
    """The verdict on a claim by the first line of the rule that applies.

    A bound that refutes comes before all; then what is as stated, of which the office's own
    release goes first; then all alternatives, with bounds that confirm an inequality.
    """
    able = [item for item in evidence if not item.silent and item.fits is not None]
    by_role = {role: [item for item in able if item.role == role] for role in ROLES}
    refuting = [item for item in by_role[BOUND] if not item.fits]
    if refuting:
        return _decision(CONTRADICTED, refuting)
    stated = by_role[AS_STATED]
    stated = [item for item in stated if item.own_release] or stated
    if stated:
        return _decision(_of_stated(stated), stated)
    others = by_role[ALTERNATIVE] + by_role[BOUND]
    if others:
        return _decision(_of_alternatives(others), others)
    return Decision(NOT_DECIDED if evidence else NOT_TESTED)


def _of_stated(stated: Sequence[Evidence]) -> str:
    """The verdict of readings as stated, which are releases of one office."""
    if all(item.fits for item in stated):
        return HOLDS
    if all(item.fits or item.fits_band for item in stated):
        return HOLDS_WITHIN_REVISIONS
    return DEPENDS if any(item.fits or item.fits_band for item in stated) else DIFFERS


def _of_alternatives(others: Sequence[Evidence]) -> str:
    if all(item.fits for item in others):
        return HOLDS
    return DEPENDS if any(item.fits for item in others) else DIFFERS


def _decision(verdict: str, used: Sequence[Evidence]) -> Decision:
    deviations = [item.deviation for item in used if item.deviation is not None]
    nearest = min(deviations, key=abs, default=None)
    return Decision(verdict, tuple(item.name for item in used), nearest)


def is_small(miss: float | None) -> bool:
    """Whether a deviation is too small to raise an alarm.

    Examples
    --------
    >>> from tradeflows import claims
    >>> claims.is_small(0.4), claims.is_small(38)
    (True, False)
    """
    return miss is not None and abs(miss) < SMALL


def interval(value: float, qualifier: str) -> Range:
    """All numbers that `qualifier` and `value` stand for."""
    match qualifier:
        case ">" | "≥":
            return Range(value, math.inf, open_low=qualifier == ">")
        case "<" | "≤":
            return Range(-math.inf, value, open_high=qualifier == "<")
    return Range(value, value)
