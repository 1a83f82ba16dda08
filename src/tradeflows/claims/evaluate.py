"""Each reading evaluated over the tables, and the verdict by rule."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from itertools import chain, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradeflows import measures, tables
from tradeflows.claims import (
    advice,
    answers,
    bands,
    combining,
    open_words,
    questions,
    verdict_rule,
    witnesses,
    wording,
)
from tradeflows.claims.ledger import (
    Claim,
    Reading,
    every_measure,
    load,
    published,
    read_ledger,
)
from tradeflows.claims.verdict_rule import (
    AS_PRINTED,
    MEASURED,
    OFFICE,
    REWORKED,
    SOURCE,
    Band,
    Evidence,
    Question,
    Range,
    Witness,
)
from tradeflows.claims.verdict_text import AT_LEAST, AT_MOST, ReadingText, VerdictText
from tradeflows.measures.common import UNIT_IN, unit_of
from tradeflows.measures.comparisons import CIF_BAND, GROWTH
from tradeflows.measures.shares import SHARE
from tradeflows.model import codes, contracts, lineage, units
from tradeflows.model.absence import DECLARED
from tradeflows.model.errors import LedgerError, TradeflowsError, near
from tradeflows.model.lineage import MADE, PLACE, Formula, Role
from tradeflows.model.memory import once, remembering
from tradeflows.model.periods import first_month, runs, span
from tradeflows.model.source import Source
from tradeflows.retrieval import catalogue
from tradeflows.tables import checks
from tradeflows.tables.trace import Line, lines
from tradeflows.tables.zeros import caveat

if TYPE_CHECKING:
    import pandas as pd

Place = tuple[str, int, str]  # the values of PLACE

OWN_SOURCE = "the claim's own source"
REPEATED = "repeats a figure that stands above"
UNSURE = "two sources' weights of it are apart where their values agree, so neither is sure"
LESS_THAN_WINDOW = "covers less than its window"
ESTIMATED = "rests on quantities that the publisher estimated"
CONFLICTING = "the office's releases are more than 2 % apart"
NOT_PLACED = "its page has no date, and no dated print agrees with it"
NOT_BOUNDING = "bounds other goods, another partner or other months than the claim's"
TOO_SHORT = "a record needs all of the office's series before it, five whole years at least"
GUESSED = "counts a row that is absent as nothing"
YEARS = 5  # whole ones, of a series before a record


@dataclass(frozen=True)
class ReadingResult:
    """What one reading gave.

    Attributes
    ----------
    claim
        The part of a claim that it is a reading of, or the claim of one part.
    value, low, high
        The number in `unit`, the claim's, and all that it may stand for where it is a bound.
    role, differs_in
        What it is to the claim, and the keys in which its question differs from the claim's.
    witness
        Who counted.
    answers
        The open readings that it speaks of.
    fits, fits_band
        Whether it lies within the printed step, and within the band; None where it partly does.
    vote
        What it says where it votes: yes, no, or near.
    decides
        Whether the verdict rests on it.
    note
        Why it says nothing; empty where it may.
    deviation
        From the claim: per cent of it, or points where the claim is in per cent.
    coverage
        How many of the window's months it states, where it states months.
    flags
        Words of :data:`tradeflows.model.contracts.FLAGS` on the rows used.
    mind
        What the measures say and what is true of the sources.
    lines, used
        The numbers of raw files that it was made of, and the flags of the rows that have them.
    todo
        What its author may do where it covers less than its window.
    rest
        Why what it leaves out cannot turn it, where that is declared.
    beside
        Whether it is said beside the verdict, as its ledger asks.
    compares
        The two numbers, each with its unit, whose difference or growth it is.
    read, frame, result, scale
        The frames that were read, the last frame, its column with the number, and what a unit of it
        is in that of the claim; :func:`terms` follows its lines.
    """

    name: str
    claim: Claim
    value: float
    low: float
    high: float
    unit: str
    role: str
    differs_in: tuple[str, ...]
    question: Question
    witness: Witness
    answers: tuple[Question, ...]
    fits: bool | None
    fits_band: bool
    is_robust: bool
    vote: str
    decides: bool
    note: str
    deviation: float | None
    ratio: float | None
    coverage: str
    flags: tuple[str, ...]
    mind: tuple[str, ...]
    sources: tuple[str, ...]
    read: tuple[pd.DataFrame, ...]
    frame: pd.DataFrame
    result: str
    scale: float
    own_release: bool = False
    lines: frozenset[Line] = frozenset()
    used: Mapping[Place, str] = field(default_factory=dict)
    todo: str = ""
    rest: str = ""
    beside: bool = False
    compares: tuple[tuple[float, str], ...] = ()

    @property
    def bound(self) -> str:
        """What stands before the number where it is a bound: "at most", "at least", or nothing."""
        if self.high == math.inf:
            return AT_LEAST
        return AT_MOST if self.low < self.high == self.value and self.low <= 0 else ""

    @cached_property
    def text(self) -> ReadingText:
        """What a reader is told of it."""
        return ReadingText(self)

    @property
    def first_row(self) -> pd.DataFrame:
        """The row of the last frame that holds the number; others may repeat it."""
        return _first_row(self.frame, self.result)

    @property
    def traced(self) -> str:
        """The column whose lines are followed: of a date that of the figure which it is about."""
        return _traced(self.frame, self.result)

    @property
    def rows(self) -> int:
        """Number of the raw numbers that it was made of."""
        return len(self.lines)


def _distance(reading: ReadingResult) -> float:
    """How far a reading is from its claim; from a claim of a sign, how far from none."""
    return abs(reading.value if reading.deviation is None else reading.deviation)


@dataclass(frozen=True)
class Verdict:
    """The verdict on one claim or one part of it, with what every reading gave.

    Attributes
    ----------
    parts
        Of a claim of several, the verdict on each; its readings are theirs.
    votes
        What each family says, where votes made the verdict.
    """

    claim: Claim
    verdict: str
    readings: tuple[ReadingResult, ...]
    decided_by: tuple[str, ...] = ()
    deviation: float | None = None
    band: Band | None = None
    parts: tuple[Verdict, ...] = ()
    votes: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @cached_property
    def text(self) -> VerdictText:
        """What a reader is told of it."""
        return VerdictText(self)

    @property
    def reason(self) -> str:
        """Why nothing held tests the claim; empty where something does."""
        return self.claim.not_tested

    @property
    def group(self) -> str:
        """The public word, one of six."""
        return verdict_rule.GROUPS[self.verdict]

    @property
    def each(self) -> tuple[Verdict, ...]:
        """The verdicts on its parts; of a claim of one part itself."""
        return self.parts or (self,)

    @property
    def nearest(self) -> ReadingResult | None:
        """The reading nearest to the claim, of those that are not the claim's own source."""
        others = [reading for reading in self.readings if reading.witness.kind != SOURCE]
        stated = [item for item in others if item.deviation is not None]
        return min(stated or others, key=_distance, default=None)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What the rows used are flagged as, and what else to mind of a reading, each once."""
        used: dict[Place, str] = {}
        for reading in self.readings:
            used = {**reading.used, **used}
        flags = tables.flags_present(used.values())
        minds = [text for reading in self.readings for text in reading.mind]
        return tuple(dict.fromkeys([*flags, *minds]))


@dataclass(frozen=True)
class Judgement:
    """Claims judged: the verdicts, and the error of each claim that could not be judged."""

    verdicts: tuple[Verdict, ...]
    errors: tuple[LedgerError, ...] = ()


@dataclass(frozen=True)
class _Project:
    """A project whose tables answer; each question and each step is answered once.

    Where it is asked of one claim, whole tables are not read for it.
    """

    root: Path
    local: bool = False
    is_of_one_claim: bool = False
    answers: dict[str, Any] = field(default_factory=dict)

    def read(self, filters: Mapping[str, Any]) -> pd.DataFrame:
        """Rows that `filters` ask for."""
        question = _key(filters)
        if question not in self.answers:
            self.answers[question] = tables.read(
                **{"table": "trade", **filters}, root=self.root, local=self.local
            )
        answer: pd.DataFrame = self.answers[question]
        return answer

    @property
    def sources(self) -> Mapping[str, Source]:
        """The catalogue, as it is when it is first asked."""
        if "sources" not in self.answers:
            self.answers["sources"] = catalogue.load(self.root, local=self.local)
        sources: Mapping[str, Source] = self.answers["sources"]
        return sources

    def unsure_weights(self, flows: set[tuple[str, ...]]) -> frozenset[tuple[str, ...]]:
        """Flows, `flows` among them, of which two sources agree in value and not in weight."""
        asked = flows if self.is_of_one_claim else None
        question = f"unsure {asked and sorted(asked)}"
        if question not in self.answers:
            self.answers[question] = checks.weights_apart(self.root, flows=asked, local=self.local)
        unsure: frozenset[tuple[str, ...]] = self.answers[question]
        return unsure

    def last_month(self, rows: pd.DataFrame) -> int | None:
        """The last month that the sources of some rows of trade state of anything."""
        names = [] if "cmd_code" not in rows else rows["source_id"].astype("str").unique()
        ends = tables.last_months(self.root, names, local=self.local)
        return max(ends.values(), default=None)

    @property
    def figures(self) -> Figures:
        """The published figures, read once."""
        if "figures" not in self.answers:
            self.answers["figures"] = Figures(published(self.root, self.local))
        figures: Figures = self.answers["figures"]
        return figures


class Figures:
    """The published figures, and which of them repeats which."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take the rows of the table."""
        import pandas as pd

        self.rows = {row["id"]: row for row in rows}
        self.frame = pd.DataFrame(list(rows))

    def origin(self, name: str) -> str:
        """The figure at the end of a chain of figures that repeat one another."""
        while name in self.rows and self.rows[name]["repeats"]:
            name = self.rows[name]["repeats"]
        return name


def evaluate_claim(claim: Claim, root: Path | None = None, *, local: bool = False) -> Verdict:
    """Evaluate every reading of `claim` and give the verdict by the rule.

    Parameters
    ----------
    claim
        As :func:`load` gives it.
    root
        The project's folder, found by itself where not given.
    local
        With the user's own sources, as for :func:`load`.

    Raises
    ------
    LedgerError
        A reading matches no row, mixes what must not be mixed, gives several numbers or none, or
        a unit other than the claim's. The message names the claim and the reading.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> verdict.verdict
    'holds'
    """
    return _verdict(claim, _Project(root or catalogue.root(), local, is_of_one_claim=True))


def _verdict(claim: Claim, project: _Project) -> Verdict:
    """The verdict on a claim: on its one part, or what those on its parts come to."""
    if not claim.parts:
        return _of_part(claim, project)
    parts = tuple(_of_part(part, project) for part in claim.parts)
    verdict = verdict_rule.of_parts([part.verdict for part in parts])
    readings = tuple(reading for part in parts for reading in part.readings)
    decided_by = tuple(name for part in parts for name in part.decided_by)
    return Verdict(claim, verdict, readings, decided_by, parts=parts)


def _of_part(claim: Claim, project: _Project) -> Verdict:
    if not claim.readings:
        return Verdict(claim, verdict_rule.NOT_TESTED, ())
    try:
        band = bands.band_of(claim.asks, claim.series, claim.figure, project.read)
    except (TradeflowsError, TypeError, ValueError) as error:
        raise LedgerError(f"claim {claim.id}, band: {error}") from error
    results: list[ReadingResult] = []
    known: list[str] = []
    for reading in claim.readings:
        try:
            result, origins = _evaluate(reading, claim, band, project)
        except (TradeflowsError, TypeError, ValueError) as error:
            where = f"claim {claim.id}, reading {reading.name!r}"
            raise LedgerError(f"{where}: {error}") from error
        is_repeated = bool(origins) and set(origins) <= set(known)
        if is_repeated and result.witness.kind != SOURCE and not result.note:
            result = replace(result, note=REPEATED)
        known += origins
        results.append(result)
    asked = _open_readings(claim, results)
    results = [_bounding(result, asked) for result in results]
    decision = verdict_rule.decide([_evidence(result) for result in results], asked)
    results = [replace(result, decides=result.name in decision.by) for result in results]
    return Verdict(
        claim,
        decision.verdict,
        tuple(results),
        decision.by,
        decision.deviation,
        band,
        votes=decision.votes or {},
    )


def _evidence(result: ReadingResult) -> Evidence:
    return Evidence(
        name=result.name,
        role=result.role,
        witness=result.witness,
        answers=result.answers,
        fits=result.fits,
        fits_band=result.fits_band,
        is_robust=result.is_robust,
        vote=result.vote,
        deviation=result.deviation,
        own_release=result.own_release,
        silent=result.note,
    )


def _open_readings(claim: Claim, results: Sequence[ReadingResult]) -> list[Question]:
    """What a claim's words leave open, as asked first.

    Each listed value is one beside what is asked. Of a key that admits anything the readings that
    are listed stand for all, those that could not be judged among them.
    """
    listed = {key: values for key, values in claim.open.items() if values}
    choices = [[getattr(claim.asks, key), *values] for key, values in listed.items()]
    asked = dict.fromkeys(
        replace(claim.asks, **head, **dict(zip(listed, choice, strict=True)))
        for head in _listed_heads(claim, results)
        for choice in product(*choices)
    )
    return sorted(asked, key=lambda question: question != claim.asks)


def _listed_heads(claim: Claim, results: Sequence[ReadingResult]) -> list[dict[str, str]]:
    """What the readings have under the keys that admit anything; of bounds where all are some."""
    own = (verdict_rule.AS_STATED, verdict_rule.ALTERNATIVE)
    kinds = (OFFICE, REWORKED, SOURCE)
    listing = [item for item in results if item.role in own and item.witness.kind in kinds]
    listing = listing or [item for item in results if item.role == verdict_rule.BOUND]
    anything = [key for key in claim.open if not claim.open[key]]
    heads = [{key: getattr(item.question, key) for key in anything} for item in listing]
    # Of whatever other time there are readings, that which is asked is open too.
    window = {key: getattr(claim.asks, key) for key in ("start", "end", "base") if key in anything}
    return [*heads, *({**head, **window} for head in heads)] or [{}]


def _bounding(result: ReadingResult, asked: Sequence[Question]) -> ReadingResult:
    """With the open readings that a bound bounds; what bounds none says nothing.

    A bound from the other side of a flow of money has freight and insurance beside it.
    """
    if result.role != verdict_rule.BOUND:
        return result
    answers = tuple(item for item in asked if _bounds(result, result.question, item))
    if answers or result.note:
        return replace(result, answers=answers)
    mirrored = questions.mirrored(result.question)
    answers = tuple(item for item in asked if _bounds(result, mirrored, item))
    if not answers:
        return replace(result, note=NOT_BOUNDING)
    freight = CIF_BAND[1] if result.question.measure == "value" else 1.0
    low, high = result.low / freight, result.high * freight
    fits = verdict_rule.fits(low, high, result.claim.range)
    return replace(result, answers=answers, fits=fits)


def _bounds(result: ReadingResult, given: Question, asked: Question) -> bool:
    """Whether a bound holds of what is asked.

    What is at most so much contains what is asked, and what is at least so much lies in it.
    """
    if result.bound == AT_LEAST:
        return questions.covers(asked, given)
    return questions.covers(given, asked)


@dataclass(frozen=True)
class _Number:
    """What the steps of a reading, or of a term of one, come to.

    Attributes
    ----------
    base
        What a difference is to, in the same unit; 0 where it is none.
    coverage, lacking
        How many months there are, and which are lacking, in words.
    periods
        How many months its period has; of what is combined, that of each term.
    compares
        The two terms of a difference or a growth, each with its unit.
    """

    value: float
    ends: Range
    unit: str
    frame: pd.DataFrame
    result: str
    read: tuple[pd.DataFrame, ...]
    used: Mapping[Place, str]
    question: Question
    coverage: str = ""
    lacking: str = ""
    base: float = 0.0
    periods: tuple[int, ...] = ()
    compares: tuple[tuple[float, str], ...] = ()

    @property
    def rows(self) -> list[pd.DataFrame]:
        """Of each frame that was read the rows that the number was made of; all, if none is known.

        A declared zero has no row.
        """
        return [_rows_at(frame, self.used) for frame in self.read]


def _number_of(reading: Reading, claim: Claim, project: _Project) -> _Number:
    """The number of a reading that asks for itself."""
    stages = _stages(reading.read, reading.steps, reading, project)
    frame = stages[-1]
    if reading.result not in frame:
        columns = [name for name in frame if frame[name].dtype.kind in "fiM"]
        raise LedgerError(f"no result {reading.result!r}{near(reading.result, columns)}")
    value = _single(frame, reading, project)
    read = _read(reading, project)
    used = _used(lines(frame, _traced(frame, reading.result)), read)
    flags = {word for text in used.values() for word in text.split()}
    coverage, lacking = _coverage(reading, stages, read[0])
    lacking = ", ".join(_each_once([lacking, *_unstated(reading, read)]))
    bases = [name for name in frame if name.endswith("_base") and frame[name].dtype.kind == "f"]
    base, compares = 0.0, tuple[tuple[float, str], ...]()
    if reading.result == "change" and bases:
        base = float(frame[bases[0]].iloc[0])
        unit = _unit(frame, "change").replace("percentage points", "percent")
        ends = (bases[0].removesuffix("_base"), bases[0])
        compares = tuple((float(frame[end].iloc[0]), unit) for end in ends)
    return _Number(
        value=value,
        ends=_ends(frame, reading, value),
        unit=_unit(frame, reading.result),
        frame=frame,
        result=reading.result,
        read=read,
        used=used,
        question=answers.of_reading(
            reading, read, [_rows_at(rows, used) for rows in read], claim.asks, flags
        ),
        coverage=coverage,
        lacking=lacking,
        base=base,
        periods=tuple(map(int, frame.get("n_months", ())))[:1],
        compares=compares,
    )


def _rows_at(frame: pd.DataFrame, places: Iterable[Place]) -> pd.DataFrame:
    """The rows of a frame at some places of the raw files; all of them, if none is there."""
    if not set(PLACE) <= set(frame):
        return frame

    def numbered() -> dict[Place, int]:
        listed = zip(*(frame[name].tolist() for name in PLACE), strict=True)
        flags = _flags_of(frame)  # the place of a zero is that of its evidence
        return {place: i for i, place in enumerate(listed) if flags[i] != DECLARED}

    numbers = once(frame, "numbers by place", numbered)
    at = sorted(numbers[place] for place in places if place in numbers)
    return frame.iloc[at] if at else frame


LETTERS = "abcdefghij"  # of the terms of a formula
FORMULAS = {
    "share": SHARE.replace("part", "{first}").replace("whole", "({others})"),
    "growth": GROWTH.replace("value", "{first}").replace("base", "({others})"),
    "difference": "{first} - ({others})",
    "sum": "{first} + {others}",
    "ratio": "{first} / ({others})",
}


def _combined(reading: Reading, claim: Claim, project: _Project) -> _Number:
    """The number that is made of those of several terms."""
    terms = [_number_of(term, claim, project) for term in reading.terms]
    asked = [term.question for term in terms]
    holes = combining.lacking(reading.combine, asked)
    unit = reading.unit or terms[0].unit
    factors = [_factor(term.unit, unit) for term in terms]
    ends = _bounded(reading, _combined_ends(reading.combine, terms, factors))
    return _Number(
        value=_shown(ends),
        ends=ends,
        unit=UNITS_OF.get(reading.combine, unit),
        frame=_combined_frame(reading.combine, terms, factors),
        result="value",
        read=tuple(chain.from_iterable(term.read for term in terms)),
        used=dict(chain.from_iterable(term.used.items() for term in terms)),
        question=combining.combined(
            reading.combine, asked, reading.keys, at_least=reading.at_least
        ),
        coverage=" and ".join(_each_once(term.coverage for term in terms)),
        lacking=", ".join(_each_once([*(term.lacking for term in terms), holes])),
        base=_base_of(terms[1:], factors[1:]) if reading.combine == "difference" else 0.0,
        periods=tuple(chain.from_iterable(term.periods for term in terms)),
        compares=_compared(reading.combine, terms),
    )


def _shown(ends: Range) -> float:
    """The number by which a range is shown: its end, or the lower one where it has none."""
    return ends.low if ends.high == math.inf else ends.high


def _base_of(others: Sequence[_Number], factors: Sequence[float]) -> float:
    """What a difference is to."""
    return abs(sum(term.value * size for term, size in zip(others, factors, strict=True)))


PAIRS = ("difference", "growth")  # of two terms


def _compared(how: str, terms: Sequence[_Number]) -> tuple[tuple[float, str], ...]:
    """The two numbers of a difference or a growth, each with its unit; nothing of any other."""
    if how not in PAIRS or len(terms) != 2:
        return ()
    return tuple((term.value, term.unit) for term in terms)


UNITS_OF = {"share": "percent", "growth": "percent", "ratio": "ratio"}  # of what is combined


def _factor(given: str, wanted: str) -> float:
    """What a number in one unit is multiplied by to go with another."""
    factor = units.factor(given, wanted)
    if factor is None:
        raise LedgerError(f"combines {wanted} and {given}: they do not go together")
    return factor


def _each_once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, texts)))


def _combined_frame(how: str, terms: Sequence[_Number], factors: Sequence[float]) -> pd.DataFrame:
    """The number that is made of several, with its formula over theirs."""
    import pandas as pd

    names = dict(zip(LETTERS, terms, strict=False))
    texts = [
        name if factor == 1.0 else f"{name} * {factor!r}"
        for name, factor in zip(names, factors, strict=True)
    ]
    text = FORMULAS[how].format(first=texts[0], others=" + ".join(texts[1:]))
    roles = {
        name: Role(_first_row(term.frame, term.result), term.result) for name, term in names.items()
    }
    formula = Formula(text, roles)
    frame = pd.DataFrame({"value": formula.numbers(1)})
    frame.attrs = {
        key: tuple(dict.fromkeys(item for term in terms for item in term.frame.attrs.get(key, ())))
        for key in ("sources", "caveats")
    }
    lineage.record(frame, {"value": formula})
    return frame


def _combined_ends(how: str, terms: Sequence[_Number], factors: Sequence[float]) -> Range:
    """From where to where what is made of several numbers may lie, by the ends of each."""
    ends = [
        (term.ends.low * factor, term.ends.high * factor)
        for term, factor in zip(terms, factors, strict=True)
    ]
    (low, high), *others = ends
    least, most = (sum(side) for side in zip(*others, strict=True))
    match how:
        case "sum":
            return Range(low + least, high + most)
        case "difference":
            return Range(low - most, high - least)
    if min(low, least) < 0 and low != high:
        raise LedgerError(f"a {how} of bounds below zero is not known")
    quotients = (low / most if most else math.inf, high / least if least else math.inf)
    match how:
        case "share":
            return Range(100 * quotients[0], 100 * quotients[1])
        case "growth":
            return Range(100 * (quotients[0] - 1), 100 * (quotients[1] - 1))
    return Range(*quotients)


def _first_row(frame: pd.DataFrame, result: str) -> pd.DataFrame:
    """The row that holds the number; others may repeat it."""
    return frame[frame[result].notna()].iloc[[0]]


def _evaluate(
    reading: Reading, claim: Claim, band: Band, project: _Project
) -> tuple[ReadingResult, list[str]]:
    """What a reading gives, and the printed figures at the origin of it."""
    number = (_combined if reading.combine else _number_of)(reading, claim, project)
    unit, factor = _unit_of_claim(number, claim)
    value, low, high = (x * factor for x in (number.value, number.ends.low, number.ends.high))
    given = number.question
    witness, figures = _witness(number, claim, project)
    role = _role(reading, claim, given, witness)
    behind = frozenset(lines(number.frame, _traced(number.frame, number.result)))
    flags = tuple(sorted(set(" ".join(number.used.values()).split())))
    note = _silent(reading, number, claim, role, witness, band, flags, project)
    if number.lacking and reading.at_least:  # a sum of fewer months is still at least so much
        note = reading.doubt
    if not note and _is_unplaced(number, witness, project):
        note = NOT_PLACED
    widened = verdict_rule.widened(claim.range, band, claim.figure)
    is_growth = given.measure.startswith(bands.GROWTH)
    room = _room(number, factor, is_growth=is_growth)
    is_amount = claim.unit not in (units.MONTH, units.RANK)
    todo = note.startswith(LESS_THAN_WINDOW) and not reading.combine
    return (
        ReadingResult(
            name=reading.name,
            claim=claim,
            value=value,
            low=low,
            high=high,
            unit=unit,
            role=role,
            differs_in=verdict_rule.differing(claim.asks, given),
            question=given,
            witness=witness,
            answers=_answers(role, claim, given),
            fits=verdict_rule.fits(low, high, claim.range),
            fits_band=verdict_rule.fits(low, high, widened) is True,
            is_robust=verdict_rule.is_robust(low, high, claim.range, room),
            vote=_vote(number, claim, role, witness, (low, high), is_growth=is_growth),
            decides=False,
            note=note,
            deviation=_deviation(value, claim),
            ratio=value / claim.figure if claim.figure and is_amount else None,
            coverage=number.coverage,
            flags=flags,
            mind=_mind(number.frame, number.read, project),
            sources=tuple(number.frame.attrs.get("sources", ())),
            read=number.read,
            frame=number.frame,
            result=number.result,
            scale=factor,
            own_release=all(_is_own_release(rows) for rows in number.read),
            lines=behind,
            used=number.used,
            todo=_todo(reading, project, number.lacking) if todo else "",
            rest=reading.rest,
            beside=reading.beside,
            compares=number.compares,
        ),
        figures,
    )


SIGNS = ("<", ">")  # of a claim that something rose or fell


def _is_of_a_sign(claim: Claim) -> bool:
    """Whether a claim says that something rose or fell, from which nothing is far."""
    return not claim.figure and claim.qualifier in SIGNS


def _deviation(value: float, claim: Claim) -> float | None:
    if _is_of_a_sign(claim):
        return None
    return verdict_rule.deviation(value, claim.figure, claim.unit)


def _unit_of_claim(number: _Number, claim: Claim) -> tuple[str, float]:
    """The unit in which a number stands beside a claim, and what its own is multiplied by.

    A rise or a fall is one in any unit.
    """
    factor = units.factor(number.unit, claim.unit, claim.kg_per_unit)
    if factor is not None:
        return claim.unit, factor
    if _is_of_a_sign(claim):
        return number.unit, 1.0
    can_be = units.others(number.unit)
    raise LedgerError(
        f"gives {number.unit}, and the claim is in {claim.unit}; it may be in {can_be}"
    )


def _room(number: _Number, factor: float, *, is_growth: bool) -> float:
    """How far a figure moves where what it was made of is a twentieth more or less."""
    if is_growth:
        return verdict_rule.REWORKING * (100 + abs(number.value))
    if number.base:
        return verdict_rule.REWORKING * factor * (2 * abs(number.base) + abs(number.value))
    finite = [abs(end) for end in (number.ends.low, number.ends.high) if math.isfinite(end)]
    return verdict_rule.REWORKING * factor * max(finite, default=0.0)


def _vote(
    number: _Number,
    claim: Claim,
    role: str,
    witness: Witness,
    ends: tuple[float, float],
    *,
    is_growth: bool,
) -> str:
    """What a reading says where it votes.

    A sum of some months or goods is at least so much of all. The claim's own source says no where
    it printed the number as an expectation, or of a window wholly outside of the claim's.
    """
    if claim.figure is None:
        return ""
    low, high = ends
    if witness.kind == SOURCE:
        is_its_number = claim.low <= high and low <= claim.high
        is_no = is_its_number and _is_another_fact(number, claim)
        return verdict_rule.NO if is_no else ""
    is_short = number.question.start > claim.asks.start or number.question.end < claim.asks.end
    is_some = role == verdict_rule.WITHIN and is_short
    if is_some and number.question.measure in questions.AMOUNTS:
        high = math.inf
    in_claim = units.sized(claim.unit)[0] == units.sized(number.unit)[0]
    if claim.figure and not in_claim:
        return ""
    return verdict_rule.vote(
        low, high, claim.range, claim.figure, claim.qualifier, is_growth=is_growth, base=number.base
    )


def _is_another_fact(number: _Number, claim: Claim) -> bool:
    """Whether the claim's own source printed the same as an expectation, or of another time."""
    [row, *_] = (rows.iloc[0] for rows in number.read if "forecast" in rows)
    given, asked = number.question, claim.asks
    if {*verdict_rule.differing(asked, given)} - {"start", "end", "base"}:
        return False
    is_apart = bool(given.end and asked.start) and (
        given.end < asked.start or asked.end < given.start
    )
    return bool(row["forecast"]) or is_apart


def _nearest_open(claim: Claim, given: Question) -> Question:
    """The open reading of a claim that is most like a reading, as its words allow."""
    text = claim.words or claim.statement
    admitted = wording.admitted(text, claim.asks, given, claim.open)
    return verdict_rule.nearest_open(claim.asks, given, admitted)


def _answers(role: str, claim: Claim, given: Question) -> tuple[Question, ...]:
    """The open readings that a reading speaks of; those of a bound follow later."""
    if role not in (verdict_rule.AS_STATED, verdict_rule.ALTERNATIVE):
        return ()
    return (_nearest_open(claim, given),)


def _witness(number: _Number, claim: Claim, project: _Project) -> tuple[Witness, list[str]]:
    """Who counted, and the printed figures at the origin; what the claim repeats is its source."""
    witness = witnesses.witness_of(number.rows, project.sources)
    names = [name for rows in number.read if "collector" in rows for name in rows["id"]]
    figures = project.figures
    origins = [figures.origin(name) for name in names]
    named = [name for name in claim.source if _has_number_of(figures.rows[name], claim)]
    own = {figures.origin(name) for name in (*named, claim.cites) if name}
    rows = [figures.rows[name] for name in names if name in figures.rows]
    is_own = bool(own & set(origins)) or any(_is_taken_from(row, claim, figures) for row in rows)
    if is_own and witness.kind != OFFICE:
        witness = replace(witness, kind=SOURCE, family=witness.family or OWN_SOURCE)
    return witness, origins


def _is_taken_from(row: Mapping[str, Any], claim: Claim, figures: Figures) -> bool:
    """Whether a printed figure is what the claim repeats.

    It is the claim's number on the claim's own page, or the claim's in every digit and was not
    printed after it, as far as is known.
    """
    is_own_page = bool(row["address"]) and row["address"] == claim.where
    if not claim.cites and is_own_page and _has_number_of(row, claim):
        return True
    if row["witness"] not in (MEASURED, AS_PRINTED) or not claim.figure:
        return False
    factor = units.factor(row["unit"], claim.unit)
    if factor is None or row["value"] is None:
        return False
    is_same = math.isclose(row["value"] * factor, claim.figure)
    cited = figures.rows.get(claim.cites, {}).get("published") or ""
    return is_same and (not cited or str(row["published"] or "9") < cited)


def _has_number_of(row: Mapping[str, Any], claim: Claim) -> bool:
    """Whether a printed figure may be the claim's; of a claim of a sign nobody can tell.

    One of another number is no source of the claim, and keeps its vote.
    """
    if not claim.figure or row["value"] is None:
        return True
    factor = units.factor(row["unit"], claim.unit)
    return factor is not None and claim.low <= row["value"] * factor <= claim.high


def _is_unplaced(number: _Number, witness: Witness, project: _Project) -> bool:
    """Whether a reading rests on a printed figure that cannot be placed in time."""
    if witness.kind == SOURCE:
        return False
    figures = project.figures
    return any(
        not witnesses.is_placed(figures.rows[name], figures.frame)
        for rows in number.read
        if "collector" in rows
        for name in rows["id"]
        if name in figures.rows
    )


def _todo(reading: Reading, project: _Project, lacking: str = "") -> str:
    """What may be done about months that a reading lacks."""
    rows = project.read(reading.read)
    return advice.on_missing_months(
        reading, rows, _measured(reading), project.sources, lacking, project.last_month(rows)
    )


def _read(reading: Reading, project: _Project) -> tuple[pd.DataFrame, ...]:
    """The frames that a reading was made of, the first question's first."""
    asked = [reading.read, reading.other]
    if reading.also is not None:
        asked += [reading.also.read, reading.also.other]
    return tuple(project.read(filters) for filters in asked if filters)


def _role(reading: Reading, claim: Claim, given: Question, witness: Witness) -> str:
    """What a reading is to a claim, by its keys."""
    asked = claim.asks
    if reading.at_most or reading.at_least:
        return verdict_rule.BOUND
    if given == asked:
        return verdict_rule.AS_STATED
    nearest = _nearest_open(claim, given)
    if given == nearest:
        return verdict_rule.ALTERNATIVE
    if questions.in_other_measure(nearest, given):
        return verdict_rule.OTHER_MEASURE
    if witness.kind == SOURCE:  # of whatever window, it is what the claim repeats
        return verdict_rule.WITHIN
    if questions.within(nearest, given, with_rest=bool(reading.rest)):
        return verdict_rule.WITHIN
    return verdict_rule.OTHER_CONCEPT


def _is_own_release(rows: pd.DataFrame) -> bool:
    """Whether the rows are what the office itself printed."""
    is_figure = "basis" in rows and "flags" in rows
    return is_figure and bool(rows["flags"].str.contains(answers.OWN_RELEASE).all())


def _silent(
    reading: Reading,
    number: _Number,
    claim: Claim,
    role: str,
    witness: Witness,
    band: Band,
    flags: Sequence[str],
    project: _Project,
) -> str:
    """Why a reading says nothing, whatever its role; empty where it may."""
    if reading.doubt:
        return reading.doubt
    if number.lacking:
        return f"{LESS_THAN_WINDOW}; it lacks {number.lacking}"
    if claim.superlative and role != verdict_rule.OTHER_CONCEPT:
        if not _bears_out_a_superlative(reading, claim, number, witness):
            return TOO_SHORT
        rival = _larger_rival(reading, project) if not claim.asks.base else ""
        if rival:
            return f"{rival}, which is held, is larger than the rival that it is compared with"
    return _silent_rows(reading, number, claim, band, flags, project)


def _silent_rows(
    reading: Reading,
    number: _Number,
    claim: Claim,
    band: Band,
    flags: Sequence[str],
    project: _Project,
) -> str:
    """Why the rows that a reading is made of bear out nothing; empty where they may."""
    guessed = _guessed_zeros(reading, number, project)
    if guessed:
        return f"{GUESSED}, which the catalogue does not declare of {guessed}"
    if "estimated" in flags and _rests_on_amounts(reading):
        return ESTIMATED
    if band.conflict and not verdict_rule.differing(claim.asks, number.question):
        return CONFLICTING
    return UNSURE if _rests_on_unsure_weights(reading, number.read, project) else ""


def _guessed_zeros(reading: Reading, number: _Number, project: _Project) -> str:
    """The sources whose absent rows a reading takes for zeros, though they do not declare it."""
    steps = [
        step for item in (reading, *reading.terms) for step in (*item.steps, *item.other_steps)
    ]
    if not any(arguments.get("absent") == "zero" for _, arguments in steps):
        return ""
    names = {str(name) for rows in number.read for name in rows.get("source_id", ())}
    silent = [name for name in sorted(names) if not project.sources[name].absent]
    return " and ".join(silent)


def _larger_rival(reading: Reading, project: _Project) -> str:
    """A country whose office is held and states more than the rivals that a lead is over."""
    named = {questions.areas(item.read.get("reporter", "")) for item in reading.terms}
    for term in reading.terms[1:]:
        window = dict(zip(("start", "end"), answers.ends(term), strict=True))
        filters = {key: value for key, value in term.read.items() if key != "reporter"}
        column = next((name for name in AMOUNTS if name in _measured(term)), "")
        if not column or not all(window.values()):
            continue
        try:
            rows = project.read({**filters, **window})
        except TradeflowsError:  # of offices that must not stand in one answer
            continue
        sums = rows.groupby("reporter_iso", observed=True)[column].sum()
        rivals = sums[[codes.is_country(area) and area not in named for area in sums.index]]
        largest = sums.get(questions.areas(term.read.get("reporter", "")), math.inf)
        if len(rivals) and rivals.max() > largest:
            return codes.area_name(str(rivals.idxmax()))
    return ""


AMOUNTS = ("net_wgt_kg", "value_reported", "primary_value_usd", "qty")  # columns that add up


def _bears_out_a_superlative(
    reading: Reading, claim: Claim, number: _Number, witness: Witness
) -> bool:
    """Whether a reading compares with all before, or bounds all others.

    Its second term is the largest of one office's series before the window, by periods as long, for
    the span that the words name, or five whole years at least. What is said of the rest is of
    rivals, and stands for no year.
    """
    if not claim.asks.base:
        return bool(reading.rest)
    if len(reading.terms) != 2 or " and " in witness.family:
        return False
    series = reading.terms[1]
    is_largest = bool(series.steps) and series.steps[-1][0] == "peak"
    start, end = answers.ends(series)
    if not (is_largest and start and end and len(set(number.periods)) == 1):
        return False
    first, after = span((start, end))
    years = open_words.years_named(claim.span, claim.words, claim.statement) or YEARS
    return after == span(claim.asks.start)[0] and after - first >= 12 * years


def _rests_on_unsure_weights(
    reading: Reading, read: Iterable[pd.DataFrame], project: _Project
) -> bool:
    """Whether a reading weighs a flow of which no source's weights are sure."""
    if "net_wgt_kg" not in _measured(reading):
        return False
    flows = [rows[[*checks.PAIR]].drop_duplicates() for rows in read if {*checks.PAIR} <= set(rows)]
    cells = {tuple(map(str, cell)) for rows in flows for cell in rows.to_numpy()}
    return bool(cells) and bool(cells & project.unsure_weights(cells))


def _rests_on_amounts(reading: Reading) -> bool:
    """Whether a reading measures weights or quantities."""
    return bool(_measured(reading) & {"net_wgt_kg", "qty"})


WEIGHING = ("barrels_per_day", "unit_value")  # measures that take a weight without naming it


def _measured(reading: Reading) -> set[str]:
    """The columns that a reading's measures work on, and that of its result."""
    if reading.terms:
        return set().union(*map(_measured, reading.terms))
    columns = {reading.result}
    for name, arguments in reading.steps:
        value = arguments.get("value", ())
        columns.update([value] if isinstance(value, str) else value)
        columns.update(["net_wgt_kg"] if name in WEIGHING else [])
    return columns


def _single(frame: pd.DataFrame, reading: Reading, project: _Project) -> float:
    """The one number of the result; a zero is one."""
    import pandas as pd

    figures = _figures(frame[reading.result]).to_numpy()
    is_null = pd.isna(figures)
    numbers = pd.unique(figures[~is_null])
    if len(numbers) > 1:
        listed = ", ".join(f"{number:.6g}" for number in numbers[:5])
        raise LedgerError(f"must give one number, and gives {len(numbers)} ({listed})")
    if not len(numbers):
        periods = project.read(reading.read).get("ref_period")
        ends = "" if periods is None else f"{periods.min():%Y-%m} to {periods.max():%Y-%m}"
        known = [f"what was read is of {ends}" if ends else "", _todo(reading, project)]
        known.append(
            "a claim of what has no figure yet has no reading but `settles` and "
            '`not_tested = "not public"`'
        )
        raise LedgerError("; ".join(["must give one number, and gives none", *filter(None, known)]))
    nulls = int(is_null.sum())
    if nulls:
        raise LedgerError(f"must give one number, and {nulls} of its {len(frame)} rows have none")
    return float(numbers[0])


def _figures(column: pd.Series) -> pd.Series:
    """A column of numbers; days become months, counted from year 0."""
    if column.dtype.kind != "M":
        return column
    return column.dt.year * 12 + column.dt.month - 1


def _ends(frame: pd.DataFrame, reading: Reading, value: float) -> Range:
    """All that the number may stand for: itself, a printed range, or a bound."""
    qualifier = str(frame["qualifier"].iloc[0]) if "qualifier" in frame else "="
    ends = _of_flow(value, qualifier)
    if reading.result == "value" and {"low", "high"} <= set(frame):
        low, high = frame[["low", "high"]].astype("float64").iloc[0]
        if low == low and high == high:
            ends = Range(low, high)
    return _bounded(reading, ends)


def _bounded(reading: Reading, ends: Range) -> Range:
    """All that a reading allows which may be a bound; refuses one of the other side."""
    if not (reading.at_most or reading.at_least):
        return ends
    if reading.at_most and ends.high == math.inf:
        raise LedgerError("is at least so much by its figure, so it cannot be at_most")
    is_most = ends.low < ends.high and ends.low <= 0
    if reading.at_least and is_most:
        raise LedgerError("is at most so much by its figure, so it cannot be at_least")
    return _of_flow(*((ends.high, "≤") if reading.at_most else (ends.low, "≥")))


def _of_flow(value: float, qualifier: str) -> Range:
    """All numbers that a qualifier and a value stand for, where no flow is below nothing."""
    ends = verdict_rule.interval(value, qualifier)
    is_flow = ends.low == -math.inf and value >= 0
    return Range(0.0, ends.high) if is_flow else ends


def _coverage(
    reading: Reading, stages: Sequence[pd.DataFrame], rows: pd.DataFrame
) -> tuple[str, str]:
    """How many months of the window are stated, and which are lacking."""
    lacking = [_lacking(rows, reading)]
    for (name, arguments), frame in zip(reading.steps, stages, strict=False):
        if name in ("peak", "mean") and not arguments.get("by"):
            lacking.append(_holes(frame, str(arguments["value"]), reading))
    stated = expected = 0
    for frame in stages[1:]:
        if "complete" in frame and not frame["complete"].to_numpy().all():
            lacking += frame.loc[~frame["complete"], "missing"].tolist()
        if "n_stated" in frame:
            stated = int(frame["n_stated"].to_numpy().sum())
            expected = int(frame["n_months"].to_numpy().sum())
        elif "months" in frame and "growth_pct" in frame and frame["n_months"].min() < 12:
            stated, expected = int(frame["n_months"].min()), 12
            lacking.append(f"all months but {frame['months'].iloc[0]}")
    text = f"{stated} of {expected} months" if expected else ""
    return text, ", ".join(dict.fromkeys(filter(None, lacking)))


def _holes(frame: pd.DataFrame, column: str, reading: Reading) -> str:
    """Months between the ends of some rows without a figure, where their largest is taken."""
    if "ref_period" not in frame or "complete" in frame or column not in frame:
        return ""
    rows = frame[frame[column].notna()]
    first = first_month(rows)
    stated = {
        month
        for begin, length in zip(first, rows["n_months"], strict=True)
        for month in range(begin, begin + length)
    }
    start, end = answers.ends(reading)
    asked = range(*span((start, end))) if start and end else range(min(stated), max(stated) + 1)
    return runs({*asked} - stated)


LISTED = {"product": "cmd_code", "partner": "partner_iso", "reporter": "reporter_iso"}


def _unstated(reading: Reading, read: Sequence[pd.DataFrame]) -> list[str]:
    """What lists of a reading's filters name and no row has."""
    questions_of = [reading, *([reading.also] if reading.also else [])]
    asked = [filters for item in questions_of for filters in (item.read, item.other) if filters]
    lost = []
    for filters, frame in zip(asked, read, strict=True):
        for name, column in LISTED.items():
            values = filters.get(name)
            if isinstance(values, list) and column in frame:
                stated = {str(text) for text in frame[column].unique()}
                lost += [text for text in values if not questions.is_stated(name, text, stated)]
    return [f"any row of {text}" for text in lost]


def _lacking(frame: pd.DataFrame, reading: Reading) -> str:
    """Months of the window asked for that lie before or after all rows."""
    filters = reading.read
    if filters.get("table", "trade") != "trade":
        return ""
    begin, stop = once(frame, "ends", lambda: _ends_of(frame))
    months = [
        *range(span(filters["start"])[0] if "start" in filters else begin, begin),
        *range(stop, span(filters["end"])[1] if "end" in filters else stop),
    ]
    return runs(months)


def _ends_of(frame: pd.DataFrame) -> tuple[int, int]:
    """The first month that an answer states, and the one after the last."""
    first = first_month(frame)
    return int(first.min()), int((first + frame["n_months"]).max())


def _key(filters: Mapping[str, Any]) -> str:
    return repr(sorted(filters.items()))


def _stages(
    filters: Mapping[str, Any],
    steps: Iterable[tuple[str, Mapping[str, Any]]],
    reading: Reading,
    project: _Project,
) -> list[pd.DataFrame]:
    """The rows that `filters` ask for and the frame after each of `steps`."""
    stages = [project.read(filters)]
    done = _key(filters)
    if reading.also is not None:
        stages, done = [_joined(stages[0], reading.also, project)], f"{done} {reading.also!r}"
    for name, arguments in steps:
        measure = every_measure()[name]
        frames = [stages[-1], *_second(measure, arguments, reading, project)]
        done += repr((name, arguments))
        if len(frames) > 1:
            done += repr((reading.other, reading.other_steps))
        if done not in project.answers:
            given = {key: _window(value) for key, value in arguments.items()}
            project.answers[done] = measure(*frames, **given)
        stages.append(project.answers[done])
    return stages


def _joined(rows: pd.DataFrame, also: Reading, project: _Project) -> pd.DataFrame:
    """Rows of a question with those of a second one below."""
    second = _stages(also.read, also.steps, also, project)[-1]
    return measures.stack({"first": rows, "second": second})


def _second(
    measure: Any, arguments: Mapping[str, Any], reading: Reading, project: _Project
) -> list[pd.DataFrame]:
    """The second frame of a measure that compares two, none for the others."""
    takes = [item for item in _frames_beside(measure) if item.name not in arguments]
    if not takes:
        return []
    if reading.other:
        alone = Reading(reading.name, reading.other, reading.result)
        return _stages(reading.other, reading.other_steps, alone, project)[-1:]
    if takes[0].default is takes[0].empty:
        raise LedgerError("lacks other, the second frame of its measure")
    return []


@cache
def _frames_beside(measure: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameter of a measure for a second frame, in a list; an empty one of other measures."""
    seconds = [*inspect.signature(measure).parameters.values()][1:2]
    return [item for item in seconds if "DataFrame" in str(item.annotation)]


def _window(value: Any) -> Any:
    """A pair of months in TOML is a list, and a window in a measure a tuple."""
    is_pair = isinstance(value, list) and len(value) == 2
    if is_pair and all(isinstance(part, str) and part[:4].isdigit() for part in value):
        return tuple(value)
    return value


def _unit(frame: pd.DataFrame, result: str) -> str:
    if frame[result].dtype.kind == "M":
        return units.MONTH
    unit = unit_of(frame, result)
    if unit:
        return unit
    column = UNIT_IN.get(result, "unit")
    raise LedgerError(
        f"cannot tell the unit of {result}: the frame has no {column}; take a column of figures"
    )


def _traced(frame: pd.DataFrame, result: str) -> str:
    """The column of `frame` that has the lines behind `result`."""
    if frame[result].dtype.kind != "M":
        return result
    made = frame.attrs.get(MADE)
    return next(iter(made.formulas), result) if made else result


def _used(behind: Iterable[Line], read: Iterable[pd.DataFrame]) -> dict[Place, str]:
    """The flags of the rows that a number is made of, by their place in the raw files."""
    places = {line.row for line in behind if not line.is_zero}
    used: dict[Place, str] = {}
    for rows in read:
        flags = _flags_by_place(rows)
        for place in places & flags.keys():
            used.setdefault(place, flags[place])
    return used


def _flags_by_place(rows: pd.DataFrame) -> Mapping[Place, str]:
    """The flags of each row by its place in the raw files; none where the rows have none."""

    def listed() -> dict[Place, str]:
        places = zip(*(rows[name].tolist() for name in PLACE), strict=True)
        pairs = zip(places, _flags_of(rows), strict=True)
        return {place: flags for place, flags in pairs if flags != DECLARED}

    return once(rows, "flags by place", listed)


def _flags_of(rows: pd.DataFrame) -> list[str]:
    return rows["flags"].tolist() if "flags" in rows else [""] * len(rows)


def _words_of_flags(rows: pd.DataFrame) -> frozenset[str]:
    """Every word of the flags of some rows."""
    return once(rows, "words", lambda: frozenset(" ".join(rows.get("flags", ())).split()))


def _flags_said(rows: pd.DataFrame) -> list[str]:
    """What the flags of some rows say, and how many of them are declared zeros."""

    def listed() -> list[str]:
        flags = _flags_of(rows)
        zeros = rows[[text == DECLARED for text in flags]]
        return tables.flags_present(flags) + ([caveat(zeros)] if len(zeros) else [])

    return once(rows, "flags said", listed)


def _mind(frame: pd.DataFrame, read: Iterable[pd.DataFrame], project: _Project) -> tuple[str, ...]:
    """What the measures say, their own flags, and the sources' notes; rows' flags are not here."""
    catalogued = project.sources
    sources = [catalogued[name] for name in frame.attrs.get("sources", ()) if name in catalogued]
    copied = "transcribed, not the publisher’s own file. "
    notes = [
        f"{source.id}: {copied * (source.kind == 'transcribed')}{source.note}".rstrip()
        for source in sources
        if source.note or source.kind == "transcribed"
    ]
    flags = {text for rows in read for text in _flags_said(rows)}
    measured = [text for text in frame.attrs.get("caveats", ()) if text not in flags]
    of_rows = frozenset().union(*map(_words_of_flags, read)) - {DECLARED}
    words = set(" ".join(map(str, frame.get("flags", ()))).split()) - of_rows
    known = [
        f"{word}: {contracts.FLAGS[word]}" for word in sorted(words) if word in contracts.FLAGS
    ]
    return tuple(dict.fromkeys([*measured, *known, *notes]))


def judge(claims: Iterable[Claim], root: Path | None = None, *, local: bool = False) -> Judgement:
    """Judge several claims in turn; one that is wrong leaves the others their verdicts.

    A question that several claims share is asked once; parameters as :func:`evaluate_claim`.

    Examples
    --------
    >>> from tradeflows import claims
    >>> judged = claims.judge([claims.load()["O08"]])
    >>> [verdict.verdict for verdict in judged.verdicts], judged.errors
    (['holds'], ())
    """
    project = _Project(root or catalogue.root(), local)
    verdicts = []
    errors = []
    with remembering():
        for claim in claims:
            try:
                verdicts.append(_verdict(claim, project))
            except LedgerError as error:
                errors.append(error)
    return Judgement(tuple(verdicts), tuple(errors))


def evaluate_all(
    claims: Iterable[Claim], root: Path | None = None, *, local: bool = False
) -> list[Verdict]:
    """Verdicts on several claims; parameters and errors as :func:`evaluate_claim`.

    Examples
    --------
    >>> from tradeflows import claims
    >>> loaded = claims.load()
    >>> [verdict.verdict for verdict in claims.evaluate_all([loaded["O08"], loaded["O10"]])]
    ['holds', 'depends']
    """
    project = _Project(root or catalogue.root(), local)
    with remembering():
        return [_verdict(claim, project) for claim in claims]


def verdicts(
    ledger: Path | None = None,
    root: Path | None = None,
    *,
    local: bool = False,
    wrong: Callable[[LedgerError], object] | None = None,
) -> list[Verdict]:
    """Verdicts on every claim of a ledger, in its order.

    Parameters
    ----------
    ledger, root, local
        As :func:`load` takes them.
    wrong
        Called with what is wrong with a claim, which then has no verdict.

    Raises
    ------
    LedgerError
        As :func:`load`; of a single claim only where nobody takes it by `wrong`.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdicts = claims.verdicts()  # of the whole ledger, in some seconds
    >>> {verdict.claim.id: verdict.verdict for verdict in verdicts}["O08"]
    'holds'
    """
    root = root or catalogue.root()
    if wrong is None:
        return evaluate_all(load(ledger, root, local=local).values(), root, local=local)
    read = read_ledger(ledger, root, local=local)
    judged = judge(read.claims.values(), root, local=local)
    for error in (*read.errors.values(), *judged.errors):
        wrong(error)
    return list(judged.verdicts)
