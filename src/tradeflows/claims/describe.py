"""Verdicts in words, as plain values, as a table, and the raw lines of each number."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tradeflows import measures
from tradeflows.claims import bands, open_words, questions, verdict_rule
from tradeflows.claims.evaluate import (
    AT_LEAST,
    AT_MOST,
    ReadingResult,
    Verdict,
    evaluate_all,
)
from tradeflows.claims.ledger import CORE, FOLDED, REASONS, VERSION, Claim, load, lookup
from tradeflows.claims.verdict_rule import Band
from tradeflows.model import codes, lineage, units
from tradeflows.model.errors import CodeError, QueryError
from tradeflows.model.lineage import COUNT, Formula, Role, full_number
from tradeflows.model.periods import month_words
from tradeflows.model.units import amount
from tradeflows.model.words import count_of, in_a_sentence
from tradeflows.tables.trace import trace

if TYPE_CHECKING:
    import pandas as pd

GREEN, YELLOW, RED, GREY, PLAIN = 32, 33, 31, 90, 0  # colours of a terminal
COLOURS = {
    verdict_rule.HOLDS: GREEN,
    verdict_rule.LEANS_YES: GREEN,
    verdict_rule.DEPENDS: YELLOW,
    verdict_rule.LEANS_NO: RED,
    verdict_rule.DIFFERS: RED,
    verdict_rule.CANNOT_BE_TOLD: GREY,
}
NEAR = "≈"  # the sign of a claim that is missed by less than a hundredth
WIDEST = 24  # letters of "38 % more than claimed", with room
MARKS = {
    verdict_rule.HOLDS: "✓",
    verdict_rule.LEANS_YES: "(✓)",
    verdict_rule.DEPENDS: "±",
    verdict_rule.LEANS_NO: "(✗)",
    verdict_rule.DIFFERS: "✗",
    verdict_rule.CANNOT_BE_TOLD: "?",
}
WIDEST_MARK = max(map(len, MARKS.values()))
FEWEST, MOST = 3, 6  # digits of a number that stands beside its claim
KEY_WORDS = {
    "goods": "other goods",
    "reporter": "another office's figure",
    "partner": "another partner",
    "flow": "another flow",
    "route": "another route",
    "measure": "another measure",
    "start": "another window",
    "end": "another window",
    "base": "another base",
}
YEAR = re.compile(r"\b\d{4}\b")
TIMES = 400.0  # per cent: what is so much more is told in times
EXACT = ("=", "~")  # qualifiers of a figure that a number can miss
CHANGES = ("growth of ", "change of ")  # what the measure of a change begins with
# How the two numbers of a difference are rounded that is a bound, and what the second is.
OF_TERMS = {AT_LEAST: ("≥", "≤", AT_MOST), AT_MOST: ("≤", "≥", AT_LEAST)}
# Who counted, as a reader knows him, where the name of a collector is another.
COLLECTORS = {
    "China Customs": "Chinese customs",
    "IEA": "the International Energy Agency",
    "IMF": "the International Monetary Fund",
    "European Commission": "the European Commission",
    "Bank of Russia": "the Bank of Russia",
    "network operators": "the operators of the pipelines",
    "law": "the legal act",
}
# How a deviation is called that is neither more nor less.
DIRECTIONS = {units.MONTH: ("later", "earlier"), units.RANK: ("lower", "higher")}


# --- in words -------------------------------------------------------------------------------------


def figure_of(reading: ReadingResult) -> str:
    """A reading's number as it stands beside its claim: 2.27 million tonnes, at most 8.29 %.

    What rose, beside a claim that says no more than that, has its sign: +8.29 %.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> claims.figure_of(verdict.readings[0])
    '$58.4 billion'
    """
    is_change = reading.question.measure.startswith(CHANGES) and not reading.claim.figure
    is_change = is_change and reading.value > 0
    return f"{reading.bound}{'+' * is_change}{_number_of(reading)}"


def compared(reading: ReadingResult) -> str:
    """The two numbers whose difference or growth a reading is; empty of any other.

    Examples
    --------
    >>> from tradeflows import claims
    >>> *_, record = claims.evaluate_claim(claims.load()["O02"]).readings
    >>> claims.compared(record)
    '$189.9 billion against $146.8 billion'
    """
    *rounded, word = OF_TERMS.get(reading.bound, ("=", "=", ""))
    digits = FEWEST if reading.bound else FEWEST + 1
    texts = [
        units.found_amount(units.never_beyond(value, qualifier, digits), unit, digits)
        for (value, unit), qualifier in zip(reading.compares, rounded, strict=False)
    ]
    return f" against {word}".join(texts)


def _number_of(reading: ReadingResult) -> str:
    """A reading's number without what it bounds.

    It has three digits, an amount near its claim four, or as many as the claim was printed to, or
    as tell it from the claim; but not more than six. A bound is not printed beyond itself.
    """
    claim = reading.claim
    qualifier = {AT_LEAST: "≥", AT_MOST: "≤"}.get(reading.bound, "=")
    bound = units.never_beyond(reading.value, qualifier, FEWEST)
    fewest = units.found_amount(bound, reading.unit, FEWEST)
    if reading.bound or claim.figure is None or claim.unit != reading.unit:
        return fewest
    if math.isclose(reading.value, claim.figure):  # a sum of decimals is rarely the very one
        return fewest
    in_print = _printed(claim)
    is_difference = claim.unit in verdict_rule.DIFFERENCES
    fewest_digits = FEWEST + 1 if _is_near(reading) and not is_difference else FEWEST
    for digits in range(fewest_digits, MOST + 1):
        is_in_full = amount(claim.figure, claim.unit, digits) == in_print
        number, claimed = (
            amount(value, claim.unit, digits, padded=True)
            for value in (reading.value, claim.figure)
        )
        if is_in_full and number != claimed and _comes_to(reading, claim, digits):
            break
    return number if _is_near(reading) else units.found_amount(reading.value, claim.unit, digits)


def _is_near(reading: ReadingResult) -> bool:
    """Whether a reading decides, and is so near its claim that it raises no alarm."""
    return reading.decides and is_small(reading)


def is_small(reading: ReadingResult) -> bool:
    """Whether a number is so near its claim that it raises no alarm: within 1 % of the figure.

    Examples
    --------
    >>> from tradeflows import claims
    >>> claims.is_small(claims.evaluate_claim(claims.load()["O04"]).readings[0])
    True
    """
    claim = reading.claim
    return verdict_rule.is_small(reading.deviation, claim.figure, claim.unit)


def _comes_to(reading: ReadingResult, claim: Claim, digits: int) -> bool:
    """Whether the printed number is as far from the claim, in print, as one that is near is."""
    if not _is_near(reading) or reading.deviation is None or claim.figure is None:
        return True
    if claim.unit in DIRECTIONS:
        return True
    value, unit = units.in_percent(reading.value, reading.unit)
    figure, _ = units.in_percent(claim.figure, claim.unit)
    printed = float(f"{value:.{digits}g}")
    is_difference = claim.unit in verdict_rule.DIFFERENCES
    off = printed - figure if is_difference else 100 * (printed / figure - 1) if figure else 0.0
    return miss(off, unit) == miss(reading.deviation, unit)


def rounding(reading: ReadingResult) -> str:
    """That a number rounds to the claimed figure, where it bears it out and is printed otherwise.

    A step that the claimed figure does not show, as 200 million does not show that it is rounded
    to the nearest 100 million, is named.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O05"])
    >>> claims.rounding(verdict.readings[0])
    'rounds to 43 %'
    """
    claim = reading.claim
    if claim.figure is None or reading.unit != claim.unit:
        return ""
    figure = _printed(claim)
    is_rounded = math.isclose(claim.low + claim.high, 2 * claim.figure)
    is_exact = claim.qualifier == "=" and is_rounded and not reading.bound
    if not (is_exact and reading.fits) or amount(reading.value, reading.unit, MOST) == figure:
        return ""
    step = claim.high - claim.low
    digits = "".join(filter(str.isdigit, figure)).lstrip("0")  # 0.5 has one
    if len(digits) <= len(f"{abs(claim.figure) / step:.0f}"):
        return f"rounds to {figure}"
    return f"rounds, to the nearest {amount(step, claim.unit, 1)}, to {figure}"


def in_full(value: float, unit: str, digits: int) -> str:
    """`value` with its unit as the ledger names it, to so many figures; a month as March 2022."""
    return (
        month_words(int(value)) if unit == units.MONTH else f"{full_number(value, digits)} {unit}"
    )


def miss(deviation: float, unit: str) -> str:
    """A signed deviation in words: 38 % more than claimed, 0.4 % less than claimed.

    Examples
    --------
    >>> from tradeflows import claims
    >>> claims.miss(38.2, "USD"), claims.miss(-0.4, "USD")
    ('38 % more than claimed', '0.4 % less than claimed')
    """
    counted_in = verdict_rule.DIFFERENCES.get(unit, "%")
    is_whole = unit in DIRECTIONS
    if counted_in == "%" and deviation >= TIMES:
        return f"{1 + deviation / 100:.2g} times what was claimed"
    digits = f"{abs(deviation):.0f}" if is_whole else _rounded(abs(deviation))
    if not deviation:
        return "as claimed"
    if is_whole and digits == "1":
        counted_in = counted_in.removesuffix("s")
    more, less = DIRECTIONS.get(unit, ("more", "less"))
    return f"{digits} {counted_in} {more if deviation > 0 else less} than claimed"


def sizes(deviations: Sequence[float], unit: str) -> str:
    """How far figures are from one claim, without the side: those of two, of more the ends.

    Examples
    --------
    >>> from tradeflows import claims
    >>> claims.sizes([-64.0, -38.6], "USD"), claims.sizes([12.0, 50.0, 30.0], "USD")
    ('39 % and 64 %', '12 to 50 %')
    """
    told = [miss(off, unit).replace("times what", "times its") for off in deviations]
    ordered = [text for _, text in sorted(zip(map(abs, deviations), told, strict=True))]
    texts = [" ".join(text.split()[:2]) for text in ordered]
    if len(texts) == 2:  # two counts are no range
        return " and ".join(dict.fromkeys(texts))
    least, most = texts[0], texts[-1]
    return most if least == most else f"{least.partition(' ')[0]} to {most}"


def signed(reading: ReadingResult) -> str:
    """How far a number that decides is from a claimed one, with its sign: +38 %, −0.7 points.

    Empty where that is none to tell: of a bound, of what was claimed without a number or holds
    with less or more than one, of a month and of a place in an order.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O03"])
    >>> claims.signed(verdict.readings[0])
    '−0.7 points'
    """
    claim = reading.claim
    can_miss = claim.qualifier in EXACT or not reading.fits
    is_told = claim.figure is not None and can_miss and reading.decides and not reading.bound
    off = reading.deviation
    if not is_told or off is None or claim.unit in DIRECTIONS:
        return ""
    digits = _rounded(abs(off))
    counted_in = verdict_rule.DIFFERENCES.get(claim.unit, "%")
    if counted_in == "%" and off >= TIMES:
        return f"×{1 + off / 100:.2g}"
    if not float(digits):
        return f"0 {counted_in}"
    return f"{'+' if off > 0 else '−'}{digits} {counted_in}"


def _rounded(size: float) -> str:
    """One digit of what is below 1, one after the point below 10, none above."""
    if round(size, 1) < verdict_rule.SMALL:
        return f"{size:.1g}"
    return f"{size:.1f}" if size < 10 else f"{size:.0f}"


def sentence(verdict: Verdict) -> str:
    """What a reader sees of a verdict; of a claim of several parts, of each.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> claims.sentence(verdict)
    'holds'
    """
    if verdict.parts:
        return "; ".join(f"{part.claim.words}: {sentence(part)}" for part in verdict.parts)
    words = because(verdict)
    match verdict.verdict:
        case verdict_rule.HOLDS_WITHIN_REVISIONS if words:
            return f"holds, since {words}"
        case verdict_rule.NOT_DECIDED:
            return f"not decided; {words}"
        case (
            verdict_rule.CONTRADICTED
            | verdict_rule.DIFFERS
            | verdict_rule.DEPENDS
            | verdict_rule.NOT_TESTED
        ):
            return words
    return f"{verdict.verdict}, {words}" if words else verdict.verdict


def because(verdict: Verdict) -> str:
    """What a verdict on one part rests on, without its word; empty where that says all.

    The votes, the sides of what depends, how far off the figure is, how far revisions go, or what
    is missing.

    Examples
    --------
    >>> from tradeflows import claims
    >>> claims.because(claims.evaluate_claim(claims.load()["O01"]))
    '1 of 1: Chinese customs'
    """
    match verdict.verdict:
        case verdict_rule.CONTRADICTED:
            [bound, *_] = _deciding(verdict)
            return f"the figure is {figure_of(bound)}"
        case verdict_rule.HOLDS_WITHIN_REVISIONS if verdict.band:
            return _revisions(verdict)
        case verdict_rule.DIFFERS:
            return _differs(verdict)
        case verdict_rule.DEPENDS:
            return _depends(verdict)
        case verdict_rule.NOT_DECIDED:
            return _not_decided(verdict)
        case verdict_rule.NOT_TESTED:
            return f"needs {verdict.claim.settles or 'what is not held here'}"
    return counted_votes(verdict, figures=len(verdict.votes) > 1) if verdict.votes else ""


def counted_votes(verdict: Verdict, *, figures: bool = False) -> str:
    """Who says what, where votes made a verdict: 1 of 1, Chinese customs.

    With `figures` each has the first of his numbers behind his name.

    Examples
    --------
    >>> from tradeflows import claims
    >>> claims.counted_votes(claims.evaluate_claim(claims.load()["O01"]))
    '1 of 1: Chinese customs'
    """
    votes, told = verdict.votes.items(), dict[tuple[str, str], str]()
    for reading in _deciding(verdict) if figures else ():
        number = "; ".join(filter(None, (figure_of(reading), compared(reading))))
        told.setdefault((reading.witness.family, reading.vote), f" ({reading.name}: {number})")
    yes, no = (
        [collector(name) + told.get((name, vote), "") for name, of in votes if vote in of]
        for vote in (verdict_rule.YES, verdict_rule.NO)
    )
    if yes and no:
        return f"yes by {in_a_sentence(yes)}; no by {in_a_sentence(no)}"
    whole = len(votes)
    return f"{whole} of {whole}: {in_a_sentence(yes or no)}"


def collector(family: str) -> str:
    """Who counted, in a reader's words; of a figure of several, each.

    Examples
    --------
    >>> from tradeflows import claims
    >>> claims.collector("China Customs and India's customs")
    "Chinese customs with India's customs"
    """
    return (
        " with ".join(COLLECTORS.get(name, name) for name in family.split(" and ")) or "an office"
    )


def _deciding(verdict: Verdict) -> list[ReadingResult]:
    return [reading for reading in verdict.readings if reading.decides]


def _nearest_deciding(verdict: Verdict) -> ReadingResult:
    return min(_deciding(verdict), key=lambda item: abs(item.deviation or 0.0))


def why(verdict: Verdict) -> str:
    """Why a verdict is what it is, where its word alone puzzles; empty where it does not.

    Of what cannot be told, what is missing; of what holds within revisions, whose and how large;
    of votes, whose; of what differs though nobody said whose figures it has, that each count held
    here does.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O20"])
    >>> claims.why(verdict)
    'Missing: records of shipments by brand, which are not public.'
    """
    if verdict.parts:
        words = sentence(verdict)
        return f"{words[0].upper()}{words[1:]}."
    match verdict.verdict:
        case verdict_rule.NOT_DECIDED | verdict_rule.NOT_TESTED:
            lacking = verdict.claim.settles or "a figure of just what the claim is about"
            return f"Missing: {lacking}."
        case verdict_rule.HOLDS_WITHIN_REVISIONS if verdict.band:
            words = _revisions(verdict)
            return f"{words[0].upper()}{words[1:]}."
        case verdict_rule.DIFFERS if "reporter" in verdict.claim.open:
            return _by_any_count(verdict)
    return f"Votes: {counted_votes(verdict)}." if verdict.votes else ""


def _by_any_count(verdict: Verdict) -> str:
    """That a claim whose figures nobody named is missed on one side, whoever counted."""
    misses = [item.deviation or 0.0 for item in _deciding(verdict)]
    if min(misses) < 0 < max(misses):
        return ""
    side = "lower" if misses[0] < 0 else "higher"
    who, size = verdict.claim.who, sizes(misses, verdict.claim.unit)
    return f"{who} did not say whose figures it used; each count found here is {side}, by {size}."


def _revisions(verdict: Verdict) -> str:
    """Whose figures were revised, by how much that moves the number, and that this is enough."""
    claim, band = verdict.claim, verdict.band
    reading = _nearest_deciding(verdict)
    if band is None:
        return "the figures behind it were revised"
    moved = "the rate" if claim.asks.measure.startswith(bands.GROWTH) else "the figure"
    whose, width = _office(claim), _width(band)
    words = f"revisions of {whose}'s figures move {moved} by up to {width}"
    if not revision(verdict):
        return f"{words}; {moved} is {miss(reading.deviation or 0.0, claim.unit)}"
    # What was rounded holds with all that rounds to it, and a revision comes as far as that.
    revised = units.found_amount(reading.value + revision(verdict), claim.unit, FEWEST)
    end = "highest" if revision(verdict) > 0 else "lowest"
    return f"{words}; at the {end}, {revised}, it rounds to the {_printed(claim)} claimed"


def revision(verdict: Verdict) -> float:
    """How far a revision may bring the nearest figure towards its claim; 0 where none is needed.

    Examples
    --------
    >>> from tradeflows import claims
    >>> round(claims.revision(claims.evaluate_claim(claims.load()["O03"])), 2)
    0.32
    """
    claim, band = verdict.claim, verdict.band
    if verdict.verdict != verdict_rule.HOLDS_WITHIN_REVISIONS or band is None:
        return 0.0
    missed = _nearest_deciding(verdict).deviation or 0.0
    if abs(missed) <= band.width:
        return 0.0
    width = band.width if band.unit == "points" else (claim.figure or 0.0) * band.width / 100
    return -math.copysign(width, missed)


def _office(claim: Claim) -> str:
    """The country whose office states what a claim asks."""
    try:
        return codes.area_name(claim.asks.reporter)
    except CodeError:
        return "the office"


def _width(band: Band) -> str:
    width = f"{band.width:.1g}" if band.width < 1 else f"{band.width:.2g}"
    return f"{width} {band.unit.removesuffix('s') if width == '1' else band.unit}"


def _printed(claim: Claim) -> str:
    """The figure as it was claimed."""
    return "it" if claim.figure is None else amount(claim.figure, claim.unit, MOST)


def _differs(verdict: Verdict) -> str:
    """How far off the reading as asked is, and from where to where all are."""
    if verdict.deviation is None:
        first = _deciding(verdict)[0]
        return f"{figure_of(first)} ({first.name})"
    words = miss(verdict.deviation, verdict.claim.unit)
    return "; ".join(filter(None, (words, from_to(verdict))))


def from_to(verdict: Verdict) -> str:
    """From where to where the readings go that a part rests on; empty where they say one number.

    Those of another unit or measure than the first are none of them.

    Examples
    --------
    >>> from tradeflows import claims
    >>> claims.from_to(claims.evaluate_claim(claims.load()["O12"]))
    'by both readings 14.0 to 15.7 %'
    """
    deciding = _deciding(verdict)
    alike = [
        item
        for item in deciding
        if item.unit == deciding[0].unit and item.role != verdict_rule.OTHER_MEASURE
    ]
    alike.sort(key=lambda item: item.value)
    figures = [figure_of(item) for item in alike]
    if len(set(figures)) < 2:
        return ""
    count = {2: "both"}.get(len(deciding), f"all {len(deciding)}")
    if len(alike) < len(deciding):
        count = f"{len(alike)} of {len(deciding)}"
    return f"by {count} readings {units.in_a_range(figures[0], figures[-1])}{_lengths(alike)}"


def _lengths(readings: Sequence[ReadingResult]) -> str:
    """How many months the lowest and the highest amount are of, where these are not as many."""
    asked = [reading.question for reading in (readings[0], readings[-1])]
    if any(item.measure.removeprefix("change of ") not in questions.AMOUNTS for item in asked):
        return ""
    low, high = (len(questions.months_of(item.start, item.end)) for item in asked)
    return "" if low == high else f", of {low} and of {high} months"


def _depends(verdict: Verdict) -> str:
    """Which readings say yes, and which no, each with its number."""
    sides: dict[bool, list[str]] = {True: [], False: []}
    shown = set()
    for reading in _deciding(verdict):
        rounds = rounding(reading)
        number = f"{figure_of(reading)}, {rounds}" if rounds else figure_of(reading)
        fits = bool(reading.fits or reading.fits_band)
        if (reading.question, number) not in shown:  # releases of one number say it once
            sides[fits].append(f"{reading.name} ({number})")
        shown.add((reading.question, number))
    return f"yes if {' or '.join(sides[True])}; no if {' or '.join(sides[False])}"


def _not_decided(verdict: Verdict) -> str:
    """What is held, and why it decides nothing; of bounds that allow the claim, all."""
    reading = verdict.nearest
    if reading is None:
        sources = [item for item in verdict.readings if item.witness.kind == verdict_rule.SOURCE]
        named = in_a_sentence([f"{item.name} ({figure_of(item)})" for item in sources])
        return "only its own source says so" + (f": {named}" if named else "")
    bounds = [
        item for item in verdict.readings if item.role == verdict_rule.BOUND and not item.note
    ]
    if bounds:
        texts = "; ".join(f"{figure_of(item)} ({item.name})" for item in bounds)
        return f"it may be so or not, within {texts}"
    return f"{reading.name}: {figure_of(reading)}, which {_says_nothing(reading)}"


def _says_nothing(reading: ReadingResult) -> str:
    """Why a reading decides nothing: that it is of something else, or what its note says."""
    if reading.note:
        return f"says nothing: {reading.note}"
    if reading.role == verdict_rule.OTHER_CONCEPT:
        texts = dict.fromkeys(KEY_WORDS[key] for key in reading.differs_in)
        return f"is {in_a_sentence([*texts])}"
    if reading.witness.kind == verdict_rule.RELAY:
        return "says nothing: nobody is named who counted"
    is_near = reading.vote == verdict_rule.NEAR
    return f"{'is near' if is_near else 'allows it'}, and no vote"


def finding(reading: ReadingResult) -> str:
    """What one reading shows: that it holds, by how much it differs, why it decides nothing.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> claims.finding(verdict.readings[0])
    'says nothing: other goods; 28 % less than claimed'
    """
    kind, silence = reading.witness.kind, _silence(reading)
    off = "" if reading.deviation is None else miss(reading.deviation, reading.unit)
    if reading.note:
        return f"says nothing: {reading.note}"
    if kind == verdict_rule.SOURCE:
        return OF_SOURCE[reading.vote]
    if reading.role == verdict_rule.BOUND:
        return OF_BOUND[reading.fits]
    if silence:
        return _beside(f"says nothing: {silence}", off)
    if not reading.decides or kind in (verdict_rule.AS_PRINTED, verdict_rule.MEASURED):
        return _vote_in_words(reading, off)
    if reading.fits is None:
        return "says nothing: it lies partly within"
    if reading.fits:
        return "holds"
    return f"{off}, within revisions" if reading.fits_band else off or "differs"


OF_SOURCE = {"": "the claim's own source", "no": "the claim's own source, which says no"}
OF_BOUND = {True: "confirms", False: "refutes", None: "allows it"}


def _beside(words: str, off: str) -> str:
    """Words, and how far off a figure is where that is known."""
    return f"{words}; {off}" if off else words


def _silence(reading: ReadingResult) -> str:
    """Why a reading is no witness of what is claimed; empty where it is."""
    if reading.witness.kind == verdict_rule.RELAY:
        return "nobody is named who counted"
    if reading.role == verdict_rule.OTHER_CONCEPT:
        return ", ".join(dict.fromkeys(KEY_WORDS[key] for key in reading.differs_in))
    return ""


def _vote_in_words(reading: ReadingResult, off: str) -> str:
    """What a reading says that votes, or that it is near and does not."""
    is_turned = reading.witness.kind == verdict_rule.REWORKED and not reading.is_robust
    is_near = not reading.decides and (is_turned or reading.vote not in ("yes", "no"))
    if is_near:
        return _beside("near, and no vote", off)
    return "says yes" if reading.vote == "yes" else _beside("says no", off)


def is_near(verdict: Verdict) -> bool:
    """Whether a claim differs by so little that it raises no alarm.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> claims.is_near(verdict)
    False
    """
    claim = verdict.claim
    is_miss = verdict.verdict == verdict_rule.DIFFERS
    return is_miss and verdict_rule.is_small(verdict.deviation, claim.figure, claim.unit)


def mark(verdict: Verdict) -> str:
    """The sign of a verdict: ✓ (✓) ± (✗) ✗ ?, and ≈ for a claim that is nearly right.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> claims.mark(verdict)
    '✓'
    """
    return NEAR if is_near(verdict) else MARKS[verdict.group]


def short(verdict: Verdict) -> str:
    """A verdict in the fewest words: holds, 38 % more than claimed, at least 77 % less.

    It is the public word, but of what differs how far off it is.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> claims.short(verdict)
    'holds'
    """
    if verdict.deviation is None or verdict.parts:
        return verdict.group
    words = miss(verdict.deviation, verdict.claim.unit)
    match verdict.verdict:
        case verdict_rule.DIFFERS:
            return words
        case verdict_rule.CONTRADICTED:  # by a bound, beyond which the figure may lie as well
            return f"at least {words}"
    return verdict.group


def label(verdict: Verdict) -> str:
    """The public word of a verdict, with what kind of it that is: depends: in part.

    Examples
    --------
    >>> from tradeflows import claims
    >>> claims.label(claims.evaluate_claim(claims.load()["O03"]))
    'holds within revisions'
    """
    kind = verdict.verdict
    return kind if kind.startswith(verdict.group) else f"{verdict.group}: {kind}"


def line(verdict: Verdict, *, colour: bool = False) -> str:
    """One claim in one line: id, sign, verdict or deviation, statement, what else is to be said.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> claims.line(verdict)
    'O08    ✓   holds                    China bought crude oil, coal, ...'
    """
    words = f"{mark(verdict):{WIDEST_MARK}} {short(verdict):{WIDEST}}"
    if colour:
        code = PLAIN if is_near(verdict) else COLOURS[verdict.group]
        words = f"\x1b[{code}m{words}\x1b[0m"
    text = sentence(verdict)
    tail = "" if text == short(verdict) else f" [{text}]"
    return f"{verdict.claim.id:6} {words} {verdict.claim.statement}{tail}"


def overview(judged: Iterable[Verdict], *, everything: bool, colour: bool = False) -> list[str]:
    """The ledger in lines: the core, and with `everything` the annex and the folded list too.

    The last says what the signs mean.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> claims.overview([verdict], everything=False)[-1]
    '✓ holds'
    """
    lines = []
    judged = list(judged)
    parts = dict.fromkeys(verdict.claim.place for verdict in judged)
    for part in sorted(parts, key=(CORE, "annex", FOLDED).index):
        here = [verdict for verdict in judged if verdict.claim.place == part]
        if everything or part == CORE or CORE not in parts:
            lines += [line(verdict, colour=colour) for verdict in here]
        else:
            lines.append(f"and {len(here)} {PARTS[part]}: `tradeflows claims --all`")
    key = [f"{sign} {meaning}" for sign, meaning in signs(judged).items()]
    return [*lines, "; ".join(key)] if key else lines


def signs(judged: Iterable[Verdict]) -> dict[str, str]:
    """What the signs mean that these verdicts have, by sign.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> claims.signs([verdict])
    {'✓': 'holds'}
    """
    used = {mark(part) for verdict in judged for part in (verdict, *verdict.parts)}
    meanings = {sign: group for group, sign in MARKS.items()}
    meanings[NEAR] = f"nearly: less than {verdict_rule.SMALL:.0f} % off"
    return {sign: meaning for sign, meaning in meanings.items() if sign in used}


PARTS = {
    "annex": "published figures that something here tests or bounds",
    FOLDED: "claims that nothing held here tests",
}


def explain(verdict: Verdict) -> list[str]:
    """One claim in full, in lines: what was claimed by whom, each reading's number, the caveats.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> claims.explain(verdict)[2].strip()
    'verdict: holds'
    """
    claim = verdict.claim
    lines = [
        f"{claim.id}: {claim.statement}",
        f"  claimed by {claim.who} ({claim.where}), for {claim.window}: {_claimed(claim)}",
        f"  verdict: {label(verdict)}",
    ]
    for part in verdict.each:
        if verdict.parts:
            lines.append(f"  part: {part.claim.words}: {label(part)}")
        lines += _explained(part)
    todos = dict.fromkeys(reading.todo for reading in verdict.readings if reading.todo)
    lines += [f"  to do: {todo}" for todo in todos]
    return lines + [f"  mind: {caveat}" for caveat in verdict.caveats]


def _explained(part: Verdict) -> list[str]:
    """One part of a claim in lines: what follows, what is open, what each reading says."""
    claim, lines = part.claim, []
    digits = _digits(claim)
    text = sentence(part)
    if text != part.verdict:
        lines.append(f"  that is: {text}")
    if claim.readings:
        lines.append(f"  asked: {asked(claim)}")
    if part.reason:
        lines.append(f"  because: {part.reason}, that is, {REASONS[part.reason]}")
    if part.band and part.band.releases:
        several = f"{len(part.band.releases)} releases held"
        lines.append(f"  band: ±{part.band.width:.2g} {part.band.unit}, from {several}")
    lines += [f"  open: {text}" for text in left_open(part)]
    for reading in part.readings:
        number = reading.bound + in_full(reading.value, reading.unit, digits)
        covered = f" ({reading.coverage})" if reading.coverage else ""
        lines.append(f"  {reading.role}: {reading.name}: {number}{covered}: {finding(reading)}")
        if reading.rest:
            lines.append(f"    what it leaves out: {reading.rest}")
    if part.verdict == verdict_rule.NOT_DECIDED and claim.settles:
        lines.append(f"  would settle it: {claim.settles}")
    return lines


FLOWS = {"M": ("imports of", "from"), "X": ("exports of", "to"), "M+X": ("trade of", "with")}
FEW = 4  # goods that are named; more are counted


def asked(claim: Claim) -> str:
    """What a part asks, in words, so that a reader sees whether that is what its words ask.

    Examples
    --------
    >>> from tradeflows import claims
    >>> claims.asked(claims.load()["O04"])
    'value; all goods; imports of China from Russia; 2022'
    """
    asks = claim.asks
    goods = asks.goods.split("+") if asks.goods else []
    names = [_name_of(codes.product_name, code) for code in goods]
    listed = in_a_sentence(names) if len(names) <= FEW else f"{len(names)} goods"
    flow, to = FLOWS.get(asks.flow, ("", "with"))
    home, away = (
        in_a_sentence([_name_of(codes.area_name, area) for area in side.split("+")])
        for side in (asks.reporter, asks.partner)
    )
    sides = f"{flow} {home} {f'{to} {away}' if away else ''}".strip() if home or away else ""
    window = questions.words(asks)
    return "; ".join(filter(None, (asks.measure, listed, sides, asks.route, window)))


def _name_of(names: Callable[[str], str], code: str) -> str:
    """What a code is called; what is no code stays."""
    try:
        return names(code)
    except CodeError:
        return code


def left_open(part: Verdict) -> list[str]:
    """What the words of a part leave open and why, in words; nothing where they leave nothing.

    Examples
    --------
    >>> from tradeflows import claims
    >>> claims.left_open(claims.evaluate_claim(claims.load()["O12"]))
    ["demand for crude: what refineries ran, or imports with the country's own output"]
    """
    claim = part.claim
    text = claim.words or claim.statement
    rows = [row for row in open_words.rows_of(text, claim.asks) if row.leaves]
    because = [row.because for row in rows if set(row.leaves) & set(claim.open)]
    because += [f"{NARROWED}{row.because}" for row in rows if set(row.leaves) - set(claim.open)]
    texts = list(dict.fromkeys([*because, claim.open_because] if claim.open_because else because))
    if any(not values for values in claim.open.values()):
        count = sum(bool(item.answers or item.decides) for item in part.readings)
        texts.append(f"{count_of(count, 'reading')} stand for all" if count != 1 else ONE_READING)
    return texts


NARROWED = "not left open here, though "
ONE_READING = "one reading stands for all"


def _digits(claim: Claim) -> int:
    """Twelve digits where six would make both ends of the printed step alike, else six."""
    is_exact = claim.low < claim.high and full_number(claim.low, 6) == full_number(claim.high, 6)
    return 12 if is_exact else 6


def _claimed(claim: Claim) -> str:
    if claim.figure is None:
        return "in words"
    digits = _digits(claim)
    text = f"{claim.qualifier} {in_full(claim.figure, claim.unit, digits)}"
    if claim.kg_per_unit is not None:
        text += f", one of them taken as {full_number(claim.kg_per_unit)} kg"
    is_tested = bool(claim.readings or claim.parts)
    if is_tested and claim.low > -math.inf and claim.high < math.inf:
        text += f", so {full_number(claim.low, digits)} to {full_number(claim.high, digits)}"
        text += f", since {claim.printed_because}" if claim.printed_because else ""
    return text


# --- as plain values ------------------------------------------------------------------------------


OF_CLAIM = ("id", "theme", "statement", "figure", "unit", "qualifier", "window", "who", "where")
OF_READING = ("name", "role", "value", "unit", "deviation", "fits", "fits_band", "decides", "note")


def as_json(verdict: Verdict) -> dict[str, Any]:
    """One claim with its verdict as plain values, for ``--json`` and the report.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> claims.as_json(verdict)["verdict"]
    'holds'
    """
    claim = verdict.claim
    values = {name: getattr(claim, name) for name in OF_CLAIM}
    values["version"] = VERSION
    values["core"] = claim.core
    values["part"] = claim.place
    values["verdict"] = verdict.verdict
    values["public_word"] = verdict.group
    values["sentence"] = sentence(verdict)
    values["deviation"] = verdict.deviation
    values["deviation_unit"] = verdict_rule.DIFFERENCES.get(claim.unit, "%")
    values["decided_by"] = list(verdict.decided_by)
    values["caveats"] = list(verdict.caveats)
    values["parts"] = [_part_values(part) for part in verdict.each]
    return values


def _part_values(part: Verdict) -> dict[str, Any]:
    """One part of a claim as plain values."""
    claim = part.claim
    votes = {family: sorted(said) for family, said in part.votes.items()}
    return {
        "words": claim.words,
        "figure": claim.figure,
        "unit": claim.unit,
        "qualifier": claim.qualifier,
        "asks": {key: value for key, value in vars(claim.asks).items() if value},
        "open": {key: list(admitted) for key, admitted in claim.open.items()},
        "open_because": left_open(part),
        "verdict": part.verdict,
        "public_word": part.group,
        "sentence": sentence(part),
        "votes": votes,
        "deviation": part.deviation,
        "band": _band_values(part),
        "not_tested": part.reason,
        "settles": claim.settles,
        "readings": [_reading_values(reading) for reading in part.readings],
    }


def _band_values(verdict: Verdict) -> dict[str, Any] | None:
    band = verdict.band
    if band is None:
        return None
    return {"width": band.width, "unit": band.unit, "releases": list(band.releases)}


def _reading_values(reading: ReadingResult) -> dict[str, Any]:
    values = {name: getattr(reading, name) for name in OF_READING}
    values["differs_in"] = list(reading.differs_in)
    values["witness"] = reading.witness.kind
    values["counted_by"] = reading.witness.family
    values["vote"] = reading.vote
    values["rest"] = reading.rest
    values["bound"] = reading.bound.strip()
    values["finding"] = finding(reading)
    values["coverage"] = reading.coverage
    values["flags"] = list(reading.flags)
    values["rows"] = reading.rows
    values["sources"] = list(reading.sources)
    return values


OF_ROW = ("value", "unit", "role", "fits", "vote", "decides")  # of a reading, in data/verdicts.csv


def verdict_rows(verdict: Verdict) -> list[dict[str, str]]:
    """One claim as rows of ``data/verdicts.csv``: a row a reading, numbers in full.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> claims.verdict_rows(verdict)[-1]["decides"]
    'True'
    """
    rows = []
    for part in verdict.each:
        head = {"claim": verdict.claim.id, "verdict": verdict.verdict}
        head |= {"part": part.claim.words, "of_part": part.verdict, "not_tested": part.reason}
        empty = dict.fromkeys(("reading", *OF_ROW, "witness", "counted_by"), "")
        rows += [head | row for row in [_row(item) for item in part.readings] or [empty]]
    return rows


def _row(reading: ReadingResult) -> dict[str, str]:
    """A reading's row; a vote is told where it is one."""
    values = {"reading": reading.name} | {name: str(getattr(reading, name)) for name in OF_ROW}
    witness = {"witness": reading.witness.kind, "counted_by": reading.witness.family}
    return values | witness


# --- the raw lines --------------------------------------------------------------------------------

TERM_COLUMNS = [
    "role",
    "value",
    "unit",
    "sign",
    "source_id",
    "source_field",
    "path",
    "line",
    "text",
    "publisher",
    "address",
    "declared_zero",
    "ref_period",
    "raw_column",
]


def terms(reading: ReadingResult, root: Path | None = None) -> dict[str, Any]:
    """The raw lines that the number of one reading was made of, and the formula over them.

    Returns
    -------
    dict
        ``definition``, ``value``, ``unit``, ``formula`` and ``terms``, a list of dicts with
        ``role``, ``value``, ``unit``, ``sign``, ``source_id``, ``path``, ``line``, ``text``,
        ``publisher``, ``address``, ``declared_zero``, ``ref_period`` and ``raw_column``, as
        :func:`tradeflows.trace` has them. A role in the formula is the sum of its terms.

    Raises
    ------
    SourceError
        A raw file is missing or altered.
    QueryError
        The lines do not come to the number.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> made = claims.terms(verdict.readings[0])
    >>> made["formula"], len(made["terms"])
    ('value', 12)
    """
    traced = trace(_first(reading), reading.traced, root)
    formula = traced["formula"].iloc[0]
    if reading.scale != 1.0:
        formula = f"({formula}) * {reading.scale!r}"
    values: dict[str, Any] = {"definition": reading.name}
    values |= {"value": reading.value, "unit": reading.unit}
    values["formula"] = formula
    values["terms"] = traced[TERM_COLUMNS].to_dict("records")
    return values


def _first(reading: ReadingResult) -> pd.DataFrame:
    """The row that holds the number; others may repeat it."""
    return reading.frame[reading.frame[reading.result].notna()].iloc[[0]]


def chosen(verdict: Verdict, name: str | None) -> list[ReadingResult]:
    """All readings of a claim, or the one called `name`.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> [reading.name for reading in claims.chosen(verdict, "crude oil alone")]
    ['crude oil alone']
    """
    if name is None:
        return list(verdict.readings)
    where = f"claim {verdict.claim.id}"
    names = {reading.name: reading for reading in verdict.readings}
    return [lookup(where, "definition", name, names, QueryError)]


# --- as a frame -----------------------------------------------------------------------------------

TABLE_CLAIM = OF_CLAIM[:-1]
NUMBERS = ("value", "low", "high", "ratio", "deviation")
ANSWERS = ("fits", "decides")
TABLE_READING = ("role", *NUMBERS, *ANSWERS, "note")
TYPES = dict.fromkeys(("figure", *NUMBERS), "float64") | dict.fromkeys(
    (*ANSWERS, "agrees"), "boolean"
)


def table(judged: Iterable[Verdict] | None = None, *, theme: str | None = None) -> pd.DataFrame:
    """The ledger as a frame, for notebooks and charts.

    Parameters
    ----------
    judged
        As :func:`verdicts` gives them; all of the project's own where not given.
    theme
        Only the claims of this theme.

    Returns
    -------
    DataFrame, one row a reading (one a claim without any)
        ``id``, ``theme``, ``statement``, ``figure``, ``unit``, ``qualifier``, ``window``, ``who``,
        ``part``, ``verdict``, ``group``, ``sentence``, ``reason``, ``reading``, ``role``,
        ``value``, ``low``, ``high``, ``ratio`` (value over figure), ``deviation``, ``fits`` and
        ``decides`` (nullable), ``note``, and ``agrees``: whether a reading that decides holds, null
        where it decides nothing. ``attrs["sources"]`` names all sources used.

    Raises
    ------
    QueryError
        There is no such theme.
    LedgerError
        As :func:`evaluate_claim`.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> frame = claims.table([verdict])
    >>> frame[frame["agrees"].notna()]["reading"].item()
    'crude oil, coal, pipeline gas and LNG'
    """
    import pandas as pd

    if judged is None:
        shown = evaluate_all(_of_theme(load().values(), theme))
    else:
        given = {verdict.claim.id: verdict for verdict in judged}
        listed = _of_theme([verdict.claim for verdict in given.values()], theme)
        shown = [given[claim.id] for claim in listed]
    pairs = [(verdict, reading) for verdict in shown for reading in verdict.readings or (None,)]
    rows = [_of_claim(verdict) | _of_reading(reading) for verdict, reading in pairs]
    frame = pd.DataFrame(rows).astype(TYPES)
    sources = [name for _, reading in pairs if reading for name in reading.sources]
    frame.attrs = {"sources": tuple(dict.fromkeys(sources)), "caveats": ()}
    lineage.record(frame, _formulas(pairs))
    return frame


def _of_theme(listed: Iterable[Claim], theme: str | None) -> list[Claim]:
    """Claims of a theme, or all."""
    every = list(listed)
    if theme is None:
        return every
    lookup("the ledger", "theme", theme, dict.fromkeys(claim.theme for claim in every), QueryError)
    return [claim for claim in every if claim.theme == theme]


def tally(ledger: pd.DataFrame, by: str, printed: pd.DataFrame | None = None) -> pd.DataFrame:
    """How many claims there are of each kind, each with a raw line to see.

    Parameters
    ----------
    ledger
        Rows of :func:`table`, filtered and with more columns as you like.
    by
        Column of the kinds, the same in all rows of a claim; one that is listed under two counts
        in both.
    printed
        Figures of the table of that name, for claims that nothing tests: what was printed.

    Returns
    -------
    DataFrame, one row a kind, the most frequent first
        `by`, ``claims`` and ``window_text``, the years that their windows lie in. Below a chart of
        it stand the claims behind each number by their name (``claim``, else ``statement``), each
        with the first raw line of the figure that decides, else of the first that there is, else of
        what was printed, if anything is.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdicts = [claims.evaluate_claim(claims.load()[name]) for name in ("O08", "O09")]
    >>> claims.tally(claims.table(verdicts), "group")
       group  claims         window_text
    0  holds       2  2021-01 to 2022-12
    """
    rank = 2 * ledger["decides"].fillna(False).astype("int") + ledger["value"].notna()
    in_order = ledger.loc[rank.sort_values(ascending=False, kind="stable").index]
    first = in_order.drop_duplicates(["id", by]).sort_index()
    name = "claim" if "claim" in ledger else "statement"
    members = {"found": first[first["value"].notna()]}
    rest = first[first["value"].isna()]
    if printed is not None:
        of_rest = printed[printed["id"].isin(rest["id"]) & printed["value"].notna()]
        of_rest = of_rest.drop_duplicates("id")
        known = rest.drop_duplicates("id").set_index("id")
        columns = {column: of_rest["id"].map(known[column]) for column in (name, by)}
        members["printed"] = of_rest.assign(**columns)
        rest = rest[rest["id"].duplicated() | ~rest["id"].isin(of_rest["id"])]
    members["nothing"] = rest
    wanted = list(dict.fromkeys(["id", name, by, "value", *lineage.PLACE]))
    parts = {
        key: part[[column for column in wanted if column in part]]
        for key, part in members.items()
        if len(part)
    }
    each = measures.stack(parts, "from")
    kinds = first[by].value_counts()
    counts = kinds.rename_axis(by).reset_index(name="claims")
    counts["window_text"] = first.groupby(by)["window"].agg(_years).reindex(kinds.index).array
    role = Role(each, "value", slot=kinds.index.get_indexer(each[by]))
    counts.attrs = {"sources": each.attrs["sources"], "caveats": ()}
    lineage.record(counts, {"claims": Formula(COUNT, {"value": role})})
    return counts


def _years(windows: pd.Series) -> str:
    """The years in windows that are in words, from the first to the last; "" without any."""
    years = sorted(YEAR.findall(" ".join(windows)))
    return f"{years[0]}-01 to {years[-1]}-12" if years else ""


def _of_claim(verdict: Verdict) -> dict[str, Any]:
    values = {name: getattr(verdict.claim, name) for name in TABLE_CLAIM}
    values["part"] = verdict.claim.place
    values["verdict"] = verdict.verdict
    values["group"] = verdict.group
    values["sentence"] = sentence(verdict)
    values["reason"] = verdict.reason
    return values


def _of_reading(reading: ReadingResult | None) -> dict[str, Any]:
    if reading is None:
        return {"reading": "", **dict.fromkeys(TABLE_READING), "agrees": None}
    agrees = bool(reading.fits or reading.fits_band) if reading.decides else None
    values = {name: getattr(reading, name) for name in TABLE_READING}
    return {"reading": reading.name, **values, "agrees": agrees}


def _formulas(pairs: Iterable[tuple[Verdict, ReadingResult | None]]) -> dict[str, Formula]:
    """How each row's number came about, for a trace of the table."""
    names: dict[str, Role] = {}
    values, ratios = [], []
    for i, (verdict, reading) in enumerate(pairs):
        text = f"r{i}"
        if reading and reading.traced != reading.result:  # a date, which no sum comes to
            text = repr(reading.value)
        elif reading:
            names[text] = Role(_first(reading), reading.result, slot=np.array([i]))
            text = text if reading.scale == 1.0 else f"{text} * {reading.scale!r}"
        values.append(text)
        figure = reading.claim.figure if reading else verdict.claim.figure
        ratios.append(f"{text} / {figure!r}")
    which = np.arange(len(values))
    return {"value": Formula(values, names, which), "ratio": Formula(ratios, names, which)}
