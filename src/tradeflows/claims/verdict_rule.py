"""The rule for verdicts as pure functions, which read like its table.

A claim has parts, and each part evidence: what a reading shows, which of the open readings it
speaks of, and who counted. :func:`decide` goes down the verdicts; the first that applies stands.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations

from tradeflows.claims.word_lists import word_list

# Who counted, from the strongest on: what is made of several is of the weakest kind among them.
LAW = "law"  # a legal act that the claim restates
OFFICE = "office"  # a statistical, customs or central-bank office, or its release as relayed
REWORKED = "reworked"  # an office's rows remade by others
AS_PRINTED = "as printed"  # summed, converted or picked from an office's data by who printed it
MEASURED = "measured"  # ship tracker, network operator, exchange, international agency
SOURCE = "source"  # what the claim itself took its number from
RELAY = "relay"  # nobody named as the one who counted; a newspaper's own count; a forecast
KINDS = (LAW, OFFICE, REWORKED, AS_PRINTED, MEASURED, SOURCE, RELAY)

# What a reading is to a part of a claim.
AS_STATED = "as stated"
ALTERNATIVE = "alternative"
BOUND = "bound"
OTHER_MEASURE = "other measure"
WITHIN = "some of it"  # a shorter window, or some of the goods where the rest cannot turn it
OTHER_CONCEPT = "other concept"
ROLES = (AS_STATED, ALTERNATIVE, BOUND, OTHER_MEASURE, WITHIN, OTHER_CONCEPT)

NOT_TESTED = "not tested"
CONTRADICTED = "contradicted"
HOLDS = "holds"
HOLDS_WITHIN_REVISIONS = "holds within revisions"
DIFFERS = "differs"
DEPENDS = "depends"
HOLDS_BY_MEASUREMENT = "holds by measurement"
DIFFERS_BY_MEASUREMENT = "differs by measurement"
LEANS_YES = "leans yes"
LEANS_NO = "leans no"
BOTH_WAYS = "both ways"
NOT_DECIDED = "not decided"
IN_PART = "in part"  # of a claim whose parts have different public words
CANNOT_BE_TOLD = "cannot be told"
# The verdicts, from the strongest to the weakest of each public word, and that word.
GROUPS = {
    HOLDS: HOLDS,
    HOLDS_WITHIN_REVISIONS: HOLDS,
    HOLDS_BY_MEASUREMENT: HOLDS,
    LEANS_YES: LEANS_YES,
    DEPENDS: DEPENDS,
    BOTH_WAYS: DEPENDS,
    IN_PART: DEPENDS,
    LEANS_NO: LEANS_NO,
    CONTRADICTED: DIFFERS,
    DIFFERS: DIFFERS,
    DIFFERS_BY_MEASUREMENT: DIFFERS,
    NOT_DECIDED: CANNOT_BE_TOLD,
    NOT_TESTED: CANNOT_BE_TOLD,
}
VERDICTS = tuple(GROUPS)
PUBLIC_WORDS = tuple(dict.fromkeys(GROUPS.values()))

YES, NO, NEAR = "yes", "no", "near"  # what a figure says to a claim; near is shown and no vote
WITHIN_BAND, MIXED = "within revisions", "mixed"  # what offices say to an open reading, besides

SMALL = 1.0  # per cent of the claimed figure: a miss below this raises no alarm
SAME = 1e-9  # how near two numbers are, as a part of them, that are one but for arithmetic
CONFLICT = 2.0  # per cent: releases that are wider apart are a conflict of sources
REWORKING = 0.05  # a reworked figure decides where so much more or less changes no answer
BEYOND = 0.05  # of a threshold, or of what a difference is to: a vote lies further off
POINTS = 5.0  # per cent: likewise, of a growth
CLOSE = 0.1  # of a figure: what is no further off, and outside its step, is near
# Units of which a deviation is a difference, and what it is counted in; of others it is a part.
DIFFERENCES = {
    "percent": "points",
    "percentage points": "points",
    "points": "points",
    "month": "months",
    "rank": "places",
}
LOWER, UPPER = (">", "≥"), ("<", "≤")  # qualifiers of a threshold

# When a verdict is given, and the kinds of witness, as a reader is told.
WHEN: Mapping[str, str] = word_list("verdict_rule")["when"]
WITNESSES: Mapping[str, Sequence[str]] = word_list("verdict_rule")["witnesses"]


@dataclass(frozen=True)
class Question:
    """What a claim asks, or a reading answers; an empty key is one that does not apply."""

    goods: str = ""
    reporter: str = ""
    partner: str = ""
    flow: str = ""
    route: str = ""
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
class Witness:
    """Who counted: the kind, the family (one collector, one vote), and who gains by the answer."""

    kind: str = OFFICE
    family: str = ""
    interested: bool = False


@dataclass(frozen=True)
class Evidence:
    """What one reading has to say on a part of a claim.

    Attributes
    ----------
    answers
        The open readings of the part that it speaks of; of a bound, those that it bounds.
    fits
        Whether its number, or all that a bound allows, lies within what is claimed; None where it
        lies partly within.
    fits_band
        Whether it does once the band of the series is allowed for.
    is_robust
        Whether a twentieth more or less of its number would give the same answer.
    vote
        YES, NO, NEAR or nothing, as :func:`vote` has it.
    deviation
        From the claim, in per cent, or in points where the claim is in per cent.
    own_release
        Whether it is the office's own release that was current on the claim's day.
    note
        Why it says nothing, whatever its role; empty where it may speak.
    """

    name: str
    role: str
    witness: Witness
    answers: tuple[Question, ...] = ()
    fits: bool | None = None
    fits_band: bool = False
    is_robust: bool = True
    vote: str = ""
    deviation: float | None = None
    own_release: bool = False
    note: str = ""

    @property
    def judges(self) -> bool:
        """Whether it judges the open readings that it speaks of, as an office does."""
        if self.note or self.role not in (AS_STATED, ALTERNATIVE, BOUND):
            return False
        kind = self.witness.kind
        return kind in (LAW, OFFICE) or (kind == REWORKED and self.is_robust)


@dataclass(frozen=True)
class Decision:
    """A verdict, and what it rests on.

    Attributes
    ----------
    by
        Names of the readings that it rests on.
    votes
        What each family says, where votes made the verdict: YES, NO, or both.
    deviation
        Of the reading as asked where it was judged; else of the nearest that decides.
    """

    verdict: str
    by: tuple[str, ...] = ()
    votes: Mapping[str, frozenset[str]] | None = None
    deviation: float | None = None


# --- what a reading is ----------------------------------------------------------------------------


def differing(asked: Question, given: Question) -> tuple[str, ...]:
    """Names of the keys in which two questions differ."""
    return tuple(name for name in KEYS if getattr(asked, name) != getattr(given, name))


def nearest_open(
    asked: Question, given: Question, admitted: Mapping[str, Sequence[str]]
) -> Question:
    """The open reading that is most like `given`: what is asked, with what of it words admit.

    A key that words leave open admits what is listed beside what is asked; an empty list, anything.
    """
    values = {
        key: getattr(given, key)
        for key, listed in admitted.items()
        if not listed or getattr(given, key) in listed
    }
    return replace(asked, **values)


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


def is_robust(low: float, high: float, claimed: Range, room: float) -> bool:
    """Whether a reworked figure gives the same answer where it is `room` more or less.

    Examples
    --------
    >>> import math
    >>> from tradeflows.claims.verdict_rule import Range, is_robust
    >>> over_700 = Range(700, math.inf, open_low=True)
    >>> is_robust(800, 800, over_700, 40), is_robust(720, 720, over_700, 36)
    (True, False)
    >>> is_robust(180, 180, Range(178.5, 179.5), 9)  # which may be 179 as well
    False
    """
    return fits(low - room, high + room, claimed) is fits(low, high, claimed)


def vote(
    low: float,
    high: float,
    claimed: Range,
    figure: float,
    qualifier: str,
    *,
    is_growth: bool = False,
    base: float = 0.0,
) -> str:
    """What a figure from `low` to `high` says to a claim: YES, NO, NEAR, or nothing.

    Beyond a threshold it says so by more than a twentieth, a growth by more than five points, and a
    difference from nothing by more than a twentieth of `base`, what it is a difference to. Of a
    number in print it says yes within the step, and no where it is more than a tenth off.

    Examples
    --------
    >>> import math
    >>> from tradeflows.claims.verdict_rule import Range, vote
    >>> over_12 = Range(12, math.inf, open_low=True)
    >>> vote(18.6, math.inf, over_12, 12, ">"), vote(12.5, 12.5, over_12, 12, ">")
    ('yes', 'near')
    """
    if qualifier in LOWER or qualifier in UPPER:
        margin = POINTS if is_growth else BEYOND * abs(figure or base)
        least, most, inside = figure - margin, figure + margin, qualifier in LOWER
    elif fits(low, high, claimed):
        return YES
    else:
        room = CLOSE * abs(figure)
        least, most = min(claimed.low, figure - room), max(claimed.high, figure + room)
        inside = None
    if low > most:
        return YES if inside is True else NO
    if high < least:
        return YES if inside is False else NO
    return NEAR if least <= low and high <= most else ""


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


# --- the verdict ----------------------------------------------------------------------------------


def decide(evidence: Sequence[Evidence], open_readings: Sequence[Question]) -> Decision:
    """The verdict on a part of a claim: the first line of the table that applies.

    Parameters
    ----------
    evidence
        Of its readings.
    open_readings
        What its words leave open, the reading as asked first; one where they leave nothing.
    """
    able = [item for item in evidence if not item.note]
    for rule in (_contradicted, _by_offices, _depends, _by_votes):
        decision = rule(able, open_readings)
        if decision is not None:
            return decision
    return Decision(NOT_DECIDED if evidence else NOT_TESTED)


def _contradicted(able: Sequence[Evidence], asked: Sequence[Question]) -> Decision | None:
    """Where bounds refute every open reading."""
    refuting = [item for item in able if item.role == BOUND and item.judges and item.fits is False]
    refuted = {question for item in refuting for question in item.answers}
    return _decision(CONTRADICTED, refuting, asked) if set(asked) <= refuted else None


OF_ANSWERS = {  # what offices say to all open readings, and the verdict
    frozenset([YES]): HOLDS,
    frozenset([WITHIN_BAND]): HOLDS_WITHIN_REVISIONS,
    frozenset([YES, WITHIN_BAND]): HOLDS_WITHIN_REVISIONS,
    frozenset([NO]): DIFFERS,
}


def _by_offices(able: Sequence[Evidence], asked: Sequence[Question]) -> Decision | None:
    """Where every open reading is judged by offices, and all are judged alike."""
    judged = _judged(able, asked)
    verdict = OF_ANSWERS.get(frozenset(judged.values()))
    if verdict is None or len(judged) < len(asked):
        return None
    return _decision(verdict, _used(able, asked), asked)


def _depends(able: Sequence[Evidence], asked: Sequence[Question]) -> Decision | None:
    """Where some open readings fit and some do not; one may be met by the claim's own source."""
    judged = _judged(able, asked)
    met = [item for item in able if item.witness.kind == SOURCE and item.fits and item.answers]
    met = [item for item in met if judged and not judged.keys() & set(item.answers)]
    answers = {*judged.values(), *([YES] if met else [])}
    is_split = NO in answers and len(answers) > 1
    if MIXED in answers or is_split:
        return _decision(DEPENDS, [*_used(able, asked), *met], asked)
    return None


def _judged(able: Sequence[Evidence], asked: Sequence[Question]) -> dict[Question, str]:
    """What offices say to each open reading that they judge."""
    judging = {question: _judging(able, question) for question in asked}
    return {question: _answer(items) for question, items in judging.items() if items}


def _used(able: Sequence[Evidence], asked: Sequence[Question]) -> list[Evidence]:
    """What judges any open reading, each once."""
    return list(dict.fromkeys(item for question in asked for item in _judging(able, question)))


def _judging(able: Sequence[Evidence], asked: Question) -> list[Evidence]:
    """What judges one open reading: the release that was current on the claim's day, else all."""
    items = [item for item in able if item.judges and asked in item.answers]
    items = [item for item in items if item.fits is not None]
    return [item for item in items if item.own_release] or items


def _answer(items: Sequence[Evidence]) -> str:
    """What offices say to one open reading."""
    if all(item.fits for item in items):
        return YES
    if all(item.fits or (item.fits_band and item.role == AS_STATED) for item in items):
        return WITHIN_BAND
    return MIXED if any(item.fits for item in items) else NO


OF_VOTES = {  # what votes say, all one way: by measurement, or as a lean
    YES: (HOLDS_BY_MEASUREMENT, LEANS_YES),
    NO: (DIFFERS_BY_MEASUREMENT, LEANS_NO),
}


def _by_votes(able: Sequence[Evidence], asked: Sequence[Question]) -> Decision | None:
    """The verdict by votes, one a family; what interested families say alone is a lean."""
    judging = _used(able, asked)  # where another open reading cannot be judged
    answers = {item: YES if item.fits else NO for item in judging}
    answers |= {item: item.vote for item in able if item not in judging and _may_vote(item)}
    voting = {item: answer for item, answer in answers.items() if answer in OF_VOTES}
    votes: dict[str, frozenset[str]] = {}
    for item, answer in voting.items():
        votes[item.witness.family] = votes.get(item.witness.family, frozenset()) | {answer}
    if not votes:
        return None
    by = tuple(dict.fromkeys(item.name for item in voting))
    said = set(voting.values())
    if len(said) > 1:
        return Decision(BOTH_WAYS, by, votes)
    measured, lean = OF_VOTES[said.pop()]
    is_neutral = any(not item.witness.interested for item in voting)
    return Decision(measured if _are_apart(votes) and is_neutral else lean, by, votes)


def _are_apart(families: Iterable[str]) -> bool:
    """Whether two families have nobody in common: a pair is none beside one of the two."""
    members = [{*family.split(" and ")} for family in families]
    return any(one.isdisjoint(other) for one, other in combinations(members, 2))


def _may_vote(item: Evidence) -> bool:
    """Whether a reading that judges nothing may vote.

    A relay and what was counted by nobody who is named may not; the claim's own source says no
    where it printed an expectation, or a window wholly outside; a reworked figure that a twentieth
    would turn is near.
    """
    kind = item.witness.kind
    if kind == RELAY or not item.witness.family or item.role == OTHER_CONCEPT:
        return False
    if kind == SOURCE:
        return item.vote == NO
    return kind != REWORKED or item.is_robust


def _decision(
    verdict: str, used: Sequence[Evidence], open_readings: Sequence[Question]
) -> Decision:
    names = tuple(item.name for item in used)
    able = [item for item in used if item.deviation is not None]
    asked = [item for item in able if open_readings[0] in item.answers] or able
    nearest = min((item.deviation or 0.0 for item in asked), key=abs, default=None)
    return Decision(verdict, names, deviation=nearest)


def of_parts(verdicts: Sequence[str]) -> str:
    """The verdict on a claim of these parts: theirs where all have one public word, else in part.

    Of several under one word the weakest is named.

    Examples
    --------
    >>> from tradeflows.claims.verdict_rule import of_parts
    >>> of_parts(["holds", "holds by measurement"]), of_parts(["holds", "not tested"])
    ('holds by measurement', 'in part')
    """
    if len({GROUPS[verdict] for verdict in verdicts}) > 1:
        return IN_PART
    return max(verdicts, key=VERDICTS.index)


def is_small(miss: float | None, figure: float | None = None, unit: str = "") -> bool:
    """Whether a deviation is too small to raise an alarm: below 1 % of the claimed figure.

    Examples
    --------
    >>> from tradeflows.claims.verdict_rule import is_small
    >>> is_small(0.4), is_small(38), is_small(0.8, 22, "percent")
    (True, False, False)
    """
    if miss is None:
        return False
    if figure and DIFFERENCES.get(unit) == "points":
        miss = 100 * miss / figure
    return abs(miss) < SMALL


def interval(value: float, qualifier: str) -> Range:
    """All numbers that `qualifier` and `value` stand for."""
    if qualifier in LOWER:
        return Range(value, math.inf, open_low=qualifier == ">")
    if qualifier in UPPER:
        return Range(-math.inf, value, open_high=qualifier == "<")
    return Range(value, value)
