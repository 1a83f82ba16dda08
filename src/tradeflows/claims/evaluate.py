"""Each reading judged beside its claim, and the verdict by rule."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from itertools import chain, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradeflows import tables
from tradeflows.claims import (
    answers,
    bands,
    open_words,
    questions,
    verdict_rule,
    witnesses,
    wording,
)
from tradeflows.claims.ledger import Claim, Reading, at, load, read_ledger
from tradeflows.claims.measured import (
    Measured,
    Place,
    columns_of,
    minds,
    number_of,
    rows_at,
    todo,
)
from tradeflows.claims.verdict_rule import (
    ALTERNATIVE,
    AS_PRINTED,
    AS_STATED,
    BOUND,
    MEASURED,
    OFFICE,
    OTHER_CONCEPT,
    OTHER_MEASURE,
    REWORKED,
    SOURCE,
    WITHIN,
    Band,
    Evidence,
    Question,
    Witness,
)
from tradeflows.claims.verdict_text import AT_LEAST, AT_MOST, ReadingText, VerdictText
from tradeflows.claims.witnesses import Tables
from tradeflows.measures.comparisons import CIF_BAND
from tradeflows.model import codes, units
from tradeflows.model.errors import LedgerError, TradeflowsError
from tradeflows.model.memory import once, remembering
from tradeflows.model.periods import span
from tradeflows.retrieval import catalogue
from tradeflows.tables import checks

if TYPE_CHECKING:
    import pandas as pd

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
SIGNS = ("<", ">")  # of a claim that something rose or fell
AMOUNTS = ("net_wgt_kg", "value_reported", "primary_value_usd", "qty")  # columns that add up


# --- what comes of a reading and of a claim -------------------------------------------------------


@dataclass(frozen=True, kw_only=True, eq=False)
class ReadingResult(Measured, Evidence):
    """What one reading gave, in the unit of its claim.

    Attributes
    ----------
    claim
        The part of a claim that it is a reading of, or the claim of one part.
    differs_in
        The keys in which its question differs from the claim's.
    decides
        Whether the verdict rests on it.
    ratio
        Its number over the claimed one.
    mind
        What the measures say and what is true of the sources.
    todo
        What its author may do where it covers less than its window.
    rest
        Why what it leaves out cannot turn it, where that is declared.
    beside
        Whether it is said beside the verdict, as its ledger asks.
    scale
        What a unit of `result` is in that of the claim.
    """

    claim: Claim
    differs_in: tuple[str, ...]
    ratio: float | None
    mind: tuple[str, ...]
    sources: tuple[str, ...]
    scale: float
    decides: bool = False
    todo: str = ""
    rest: str = ""
    beside: bool = False

    @cached_property
    def text(self) -> ReadingText:
        """What a reader is told of it."""
        return ReadingText(self)

    @property
    def bound(self) -> str:
        """What stands before the number where it is a bound: "at most", "at least", or nothing."""
        if self.high == math.inf:
            return AT_LEAST
        return AT_MOST if self.low < self.high == self.value and self.low <= 0 else ""

    @property
    def rows(self) -> int:
        """Number of the raw numbers that it was made of."""
        return len(self.lines)


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
        """The reading nearest to the claim, of those that are not the claim's own source.

        Of a claim of a sign it is the one nearest to none.
        """
        others = [reading for reading in self.readings if reading.witness.kind != SOURCE]
        stated = [item for item in others if item.deviation is not None]
        return min(
            stated or others,
            key=lambda item: abs(item.value if item.deviation is None else item.deviation),
            default=None,
        )

    @property
    def caveats(self) -> tuple[str, ...]:
        """What the rows used are flagged as, and what else to mind of a reading, each once."""
        used: dict[Place, str] = {}
        for reading in self.readings:
            used = {**reading.used, **used}
        minds = [text for reading in self.readings for text in reading.mind]
        return tuple(dict.fromkeys([*tables.flags_present(used.values()), *minds]))


@dataclass(frozen=True)
class Judgement:
    """Claims judged: the verdicts, and the error of each claim that could not be judged."""

    verdicts: tuple[Verdict, ...]
    errors: tuple[LedgerError, ...] = ()


# --- verdicts -------------------------------------------------------------------------------------


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
    with remembering():
        return _verdict(claim, Tables(root or catalogue.root(), local, is_for_one_claim=True))


def _verdict(claim: Claim, held: Tables) -> Verdict:
    """The verdict on a claim: on its one part, or what those on its parts come to."""
    if not claim.parts:
        return _of_part(claim, held)
    parts = tuple(_of_part(part, held) for part in claim.parts)
    verdict = verdict_rule.of_parts([part.verdict for part in parts])
    readings = tuple(reading for part in parts for reading in part.readings)
    decided_by = tuple(name for part in parts for name in part.decided_by)
    return Verdict(claim, verdict, readings, decided_by, parts=parts)


def _of_part(claim: Claim, held: Tables) -> Verdict:
    if not claim.readings:
        return Verdict(claim, verdict_rule.NOT_TESTED, ())
    claim, numbers = _numbers_of(claim, held)
    with at(f"claim {claim.id}, band"):
        series = claim.series or _releases_held(claim, numbers, held)
        band = bands.band_of(claim.asks, series, claim.figure, held.read)
    results: list[ReadingResult] = []
    known: set[str] = set()
    for reading, number in zip(claim.readings, numbers, strict=True):
        with at(f"claim {claim.id}, reading {reading.name!r}"):
            case = _Case(reading, claim, number, band, held)
            result = case.result()
        is_repeated = bool(case.origins) and known.issuperset(case.origins)
        if is_repeated and result.witness.kind != SOURCE and not result.note:
            result = replace(result, note=REPEATED)
        known.update(case.origins)
        results.append(result)
    left_open = open_readings(claim, results)
    results = [_bounding(item, left_open) if item.role == BOUND else item for item in results]
    decision = verdict_rule.decide(results, left_open)
    return Verdict(
        claim,
        decision.verdict,
        tuple(replace(item, decides=item.name in decision.by) for item in results),
        decision.by,
        decision.deviation,
        band,
        votes=decision.votes or {},
    )


def _numbers_of(claim: Claim, held: Tables) -> tuple[Claim, list[Measured]]:
    """The numbers of a claim's readings; one without is said where a line made it, else refused."""
    numbers, made, errors, untold = [], [], [], []
    for reading in claim.readings:
        place = f"claim {claim.id}, reading {reading.name!r}"
        try:
            with at(place):
                numbers.append(number_of(reading, claim.asks, held))
        except LedgerError as error:
            errors.append(error)
            why = str(error).removeprefix(f"{place}: ").partition(";")[0]
            untold.append(f"not made: {reading.name}: {why}")
        else:
            made.append(reading)
    if errors and not (made and claim.is_derived):
        raise errors[0]
    return replace(claim, readings=tuple(made), minds=(*claim.minds, *untold)), numbers


def _releases_held(claim: Claim, numbers: Iterable[Measured], held: Tables) -> bands.Series | None:
    """The releases held of what the first reading that is as asked has read."""
    for reading, number in zip(claim.readings, numbers, strict=True):
        if number.question == claim.asks and reading.read:
            newest = number.read[0]
            if held.restating.isdisjoint(newest["source_id"]):
                return None
            return bands.held(claim.asks, reading.read, newest, held)
    return None


def open_readings(claim: Claim, results: Sequence[ReadingResult]) -> list[Question]:
    """What a claim's words leave open, as asked first.

    Each listed value is one beside what is asked. Of a key that admits anything the readings that
    are listed stand for all, those that could not be judged among them; of bounds where all are
    some. Of whatever other time there are readings, that which is asked is open too. As many first
    months as last ones are windows, each of a pair.
    """
    heads = _listed_heads(claim, results)
    listed = {key: (getattr(claim.asks, key), *of) for key, of in claim.open.items() if of}
    is_paired = len(listed.get("start", ())) == len(listed.get("end", ()))
    choices = []
    for key in listed:
        keys = ("start", "end") if is_paired and key in ("start", "end") else (key,)
        if key == keys[0]:
            values = zip(*(listed[name] for name in keys), strict=True)
            choices.append([dict(zip(keys, item, strict=True)) for item in values])
    asked = dict.fromkeys(
        replace(claim.asks, **head, **{key: text for item in choice for key, text in item.items()})
        for head in heads
        for choice in product(*choices)
    )
    return sorted(asked, key=lambda question: question != claim.asks)


def _listed_heads(claim: Claim, results: Sequence[ReadingResult]) -> list[dict[str, str]]:
    own, kinds = (AS_STATED, ALTERNATIVE), (OFFICE, REWORKED, SOURCE)
    listing = [item for item in results if item.role in own and item.witness.kind in kinds]
    listing = listing or [item for item in results if item.role == BOUND]
    anything = [key for key in claim.open if not claim.open[key]]
    heads = [{key: getattr(item.question, key) for key in anything} for item in listing]
    window = {key: getattr(claim.asks, key) for key in ("start", "end", "base") if key in anything}
    return [*heads, *({**head, **window} for head in heads)] or [{}]


def _bounding(result: ReadingResult, asked: Sequence[Question]) -> ReadingResult:
    """With the open readings that a bound bounds; what bounds none says nothing."""

    def bounded(given: Question) -> tuple[Question, ...]:
        order = -1 if result.bound == AT_LEAST else 1
        return tuple(item for item in asked if questions.covers(*(given, item)[::order]))

    own = bounded(result.question)
    if own or result.note:
        return replace(result, answers=own)
    mirrored = bounded(questions.mirrored(result.question))
    if not mirrored:
        return replace(result, note=NOT_BOUNDING)
    # From the other side a flow of money has freight and insurance beside it.
    freight = CIF_BAND[1] if result.question.measure == "value" else 1.0
    low, high = result.low / freight, result.high * freight
    return replace(result, answers=mirrored, fits=verdict_rule.fits(low, high, result.claim.range))


# --- what it is to the claim ----------------------------------------------------------------------


@dataclass(frozen=True)
class _Case:
    """A number beside the claim that it is read for."""

    reading: Reading
    claim: Claim
    number: Measured
    band: Band
    held: Tables

    def result(self) -> ReadingResult:
        """What the reading gives."""
        reading, claim, number = self.reading, self.claim, self.number
        unit, factor = self.unit
        value, low, high = (x * factor for x in (number.value, number.low, number.high))
        widened = verdict_rule.widened(claim.range, self.band, claim.figure)
        deviation = verdict_rule.deviation(value, claim.figure, claim.unit)
        is_amount = claim.unit not in (units.MONTH, units.RANK)
        is_open = self.role in (AS_STATED, ALTERNATIVE)
        is_short = self.is_short and not reading.combine
        given = {item.name: getattr(number, item.name) for item in fields(Measured)}
        return ReadingResult(
            **{**given, "value": value, "low": low, "high": high, "unit": unit},
            name=reading.name,
            claim=claim,
            role=self.role,
            differs_in=verdict_rule.differing(claim.asks, number.question),
            witness=self.witness,
            answers=(self.nearest,) if is_open else (),
            fits=verdict_rule.fits(low, high, claim.range),
            fits_band=verdict_rule.fits(low, high, widened) is True,
            is_robust=verdict_rule.is_robust(low, high, claim.range, self.room),
            vote=self.vote(low, high),
            note=self.note,
            deviation=None if self.is_of_a_sign else deviation,
            ratio=value / claim.figure if claim.figure and is_amount else None,
            mind=once(number, "minds", lambda: minds(number, self.held.sources)),
            sources=tuple(number.frame.attrs.get("sources", ())),
            scale=factor,
            own_release=all(
                "basis" in rows
                and "flags" in rows
                and rows["flags"].str.contains(answers.OWN_RELEASE).all()
                for rows in number.read
            ),
            todo=todo(reading, self.held, number.lacking) if is_short else "",
            rest=reading.rest,
            beside=reading.beside,
        )

    @property
    def is_of_a_sign(self) -> bool:
        """Whether the claim says that something rose or fell, from which nothing is far."""
        return not self.claim.figure and self.claim.qualifier in SIGNS

    @property
    def is_growth(self) -> bool:
        """Whether the number is one."""
        return self.number.question.measure.startswith(bands.GROWTH)

    @cached_property
    def unit(self) -> tuple[str, float]:
        """The unit in which the number stands beside the claim, and what its own is times.

        A rise or a fall is one in any unit.
        """
        given, claim = self.number.unit, self.claim
        factor = units.factor(given, claim.unit, claim.kg_per_unit)
        if factor is not None:
            return claim.unit, factor
        if self.is_of_a_sign:
            return given, 1.0
        raise LedgerError(
            f"gives {given}, and the claim is in {claim.unit}; it may be in {units.others(given)}"
        )

    @property
    def room(self) -> float:
        """How far it moves where what it was made of is a twentieth more or less."""
        number, (_, factor) = self.number, self.unit
        if self.is_growth:
            return verdict_rule.REWORKING * (100 + abs(number.value))
        if number.base:
            return verdict_rule.REWORKING * factor * (2 * abs(number.base) + abs(number.value))
        finite = filter(math.isfinite, (number.low, number.high))
        return verdict_rule.REWORKING * factor * max(map(abs, finite), default=0.0)

    @cached_property
    def names(self) -> list[str]:
        """The published figures that were read."""
        return [name for rows in self.number.read if "collector" in rows for name in rows["id"]]

    @cached_property
    def origins(self) -> list[str]:
        """The figures that these repeat, or are."""
        return [self.held.origin(name) for name in self.names]

    @cached_property
    def witness(self) -> Witness:
        """Who counted; what the claim repeats is its source."""
        claim, known = self.claim, self.held.figures
        rows = [rows_at(rows, self.number.used) for rows in self.number.read]
        witness = witnesses.witness_of(rows, self.held.sources)
        named = [name for name in claim.source if self.has_its_number(known[name])]
        own = {self.held.origin(name) for name in (*named, claim.cites) if name}
        is_own = not own.isdisjoint(self.origins)
        is_own = is_own or any(map(self.is_taken_from, map(known.get, known.keys() & self.names)))
        if not is_own or witness.kind == OFFICE:
            return witness
        return replace(witness, kind=SOURCE, family=witness.family or OWN_SOURCE)

    def has_its_number(self, row: Any) -> bool:
        """Whether a printed figure may be the claim's; of a claim of a sign nobody can tell.

        One of another number is no source of the claim, and keeps its vote.
        """
        claim = self.claim
        if not claim.figure or row["value"] is None:
            return True
        factor = units.factor(row["unit"], claim.unit)
        return factor is not None and claim.low <= row["value"] * factor <= claim.high

    def is_taken_from(self, row: Any) -> bool:
        """Whether a printed figure is what the claim repeats.

        It is the claim's number on the claim's own page, or the claim's in every digit and was not
        printed after it, as far as is known.
        """
        claim = self.claim
        is_own_page = bool(row["address"]) and row["address"] == claim.where
        if not claim.cites and is_own_page and self.has_its_number(row):
            return True
        if row["witness"] not in (MEASURED, AS_PRINTED) or not claim.figure:
            return False
        factor = units.factor(row["unit"], claim.unit)
        if factor is None or row["value"] is None:
            return False
        is_same = math.isclose(row["value"] * factor, claim.figure)
        cited = self.held.figures.get(claim.cites, {}).get("published") or ""
        return is_same and (not cited or str(row["published"] or "9") < cited)

    @cached_property
    def nearest(self) -> Question:
        """The open reading of the claim that is most like the reading, as its words allow."""
        asks, given = self.claim.asks, self.number.question
        admitted = wording.admitted(self.claim.text, asks, given, self.claim.open)
        return verdict_rule.nearest_open(asks, given, admitted)

    @cached_property
    def role(self) -> str:
        """What the reading is to the claim, by its keys."""
        reading, given = self.reading, self.number.question
        if reading.at_most or reading.at_least:
            return BOUND
        if given in (self.claim.asks, self.nearest):
            return AS_STATED if given == self.claim.asks else ALTERNATIVE
        if questions.in_other_measure(self.nearest, given):
            return OTHER_MEASURE
        # What the claim repeats is that, of whatever window.
        is_within = self.witness.kind == SOURCE or questions.within(
            self.nearest, given, with_rest=bool(reading.rest)
        )
        return WITHIN if is_within else OTHER_CONCEPT

    def vote(self, low: float, high: float) -> str:
        """What the number says where it votes.

        A sum of some months or goods is at least so much of all. The claim's own source says no
        where it printed the number as an expectation, or of a window wholly outside of the claim's.
        """
        claim, number, given = self.claim, self.number, self.number.question
        if claim.figure is None:
            return ""
        if self.witness.kind == SOURCE:
            is_its_number = claim.low <= high and low <= claim.high
            return verdict_rule.NO if is_its_number and self.is_another_fact else ""
        is_short = given.start > claim.asks.start or given.end < claim.asks.end
        if self.role == WITHIN and is_short and given.measure in questions.AMOUNTS:
            high = math.inf
        if claim.figure and units.sized(claim.unit)[0] != units.sized(number.unit)[0]:
            return ""
        return verdict_rule.vote(
            low,
            high,
            claim.range,
            claim.figure,
            claim.qualifier,
            is_growth=self.is_growth,
            base=number.base,
        )

    @property
    def is_another_fact(self) -> bool:
        """Whether its own source printed the same as an expectation, or of another time."""
        [row, *_] = (rows.iloc[0] for rows in self.number.read if "forecast" in rows)
        given, asked = self.number.question, self.claim.asks
        if {*verdict_rule.differing(asked, given)} - {"start", "end", "base"}:
            return False
        is_timed = bool(given.end and asked.start)
        is_apart = given.end < asked.start or asked.end < given.start
        return bool(row["forecast"]) or (is_timed and is_apart)

    @property
    def is_short(self) -> bool:
        """Whether months that it lacks could turn it, and no doubt goes before that."""
        reading, lacking = self.reading, self.number.lacking
        return bool(lacking) and not (reading.doubt or reading.at_least or self.refutes_record)

    @cached_property
    def note(self) -> str:
        """Why the reading says nothing, whatever its role; empty where it may."""
        reading, number, known = self.reading, self.number, self.held.figures
        if reading.doubt:
            return reading.doubt
        if self.is_short:
            return f"{LESS_THAN_WINDOW}; it lacks {number.lacking}"
        # A sum of fewer months is still at least so much.
        is_partial = number.lacking and not self.refutes_record
        note = "" if is_partial else self.too_short or self.unsound
        if note or self.witness.kind == SOURCE:
            return note
        printed = [known[name] for name in self.names if name in known]
        is_placed = all(witnesses.is_placed(row, known.values()) for row in printed)
        return "" if is_placed else NOT_PLACED

    @property
    def refutes_record(self) -> bool:
        """Whether more was stated of one time before, which no month that is lacking undoes."""
        number, claim = self.number, self.claim
        is_of_time = bool(claim.superlative and claim.asks.base) and self.role != OTHER_CONCEPT
        is_alike = len(set(number.periods)) == 1 and not number.lacks_now
        return is_of_time and is_alike and number.value < 0

    @property
    def too_short(self) -> str:
        """Why the reading bears out no superlative; empty where it does, or none is claimed.

        It compares with all before, or bounds all others. Its second term is then the largest of
        one office's series before the window, by periods as long, for the span that the words name,
        or five whole years at least. What is said of the rest is of rivals, and stands for no year.
        """
        claim, reading = self.claim, self.reading
        if not claim.superlative or self.role == OTHER_CONCEPT:
            return ""
        if claim.asks.base:
            return TOO_SHORT * (not (self.has_all_before or self.refutes_record))
        rival = _larger_rival(reading, self.held) if reading.rest else ""
        is_larger = "which is held, is larger than the rival that it is compared with"
        return f"{rival}, {is_larger}" if rival else TOO_SHORT * (not reading.rest)

    @property
    def has_all_before(self) -> bool:
        """Whether its second term is the largest of all before the window, for long enough."""
        claim, terms = self.claim, self.reading.terms
        if len(terms) != 2 or " and " in self.witness.family:
            return False
        is_largest = bool(terms[1].steps) and terms[1].steps[-1][0] == "peak"
        start, end = answers.ends(terms[1])
        if not (is_largest and start and end and len(set(self.number.periods)) == 1):
            return False
        first, after = span((start, end))
        years = open_words.years_named(claim.span, claim.words, claim.statement) or YEARS
        return after == span(claim.asks.start)[0] and after - first >= 12 * years

    @cached_property
    def guessed(self) -> str:
        """The sources whose absent rows it takes for zeros, though they do not declare it."""
        asked = [(item, item.other) for item in (self.reading, *self.reading.terms)]
        steps = chain.from_iterable(item.steps for pair in asked for item in pair if item)
        if not any(given.get("absent") == "zero" for _, given in steps):
            return ""
        names = {str(name) for rows in self.number.read for name in rows.get("source_id", ())}
        known = self.held.sources
        return " and ".join(name for name in sorted(names) if not known[name].absent)

    @property
    def unsound(self) -> str:
        """Why the rows that the reading is made of bear out nothing; empty where they may."""
        reading, number = self.reading, self.number
        if self.guessed:
            return f"{GUESSED}, which the catalogue does not declare of {self.guessed}"
        columns = columns_of(reading)
        if "estimated" in number.flags and columns & {"net_wgt_kg", "qty"}:
            return ESTIMATED
        if self.band.conflict and number.question == self.claim.asks:
            return CONFLICTING
        if "net_wgt_kg" not in columns:
            return ""
        flows = set().union(*(_flows(rows) for rows in number.read if {*checks.PAIR} <= set(rows)))
        return UNSURE if self.held.is_unsure(flows) else ""


def _flows(rows: pd.DataFrame) -> set[tuple[str, ...]]:
    """The flows that some rows are of."""
    columns = (map(str, rows[name].tolist()) for name in checks.PAIR)
    return once(rows, "flows", lambda: set(zip(*columns, strict=True)))


def _larger_rival(reading: Reading, held: Tables) -> str:
    """A country whose office is held and states more than the rivals that a lead is over."""
    named = {questions.areas(item.read.get("reporter", "")) for item in reading.terms}
    for term in reading.terms[1:]:
        window = dict(zip(("start", "end"), answers.ends(term), strict=True))
        filters = {key: value for key, value in term.read.items() if key != "reporter"}
        column = next((name for name in AMOUNTS if name in columns_of(term)), "")
        if not column or not all(window.values()):
            continue
        try:
            rows = held.read({**filters, **window})
        except TradeflowsError:  # of offices that must not stand in one answer
            continue
        sums = rows.groupby("reporter_iso", observed=True)[column].sum()
        rivals = sums[[codes.is_country(area) and area not in named for area in sums.index]]
        largest = sums.get(questions.areas(term.read.get("reporter", "")), math.inf)
        if len(rivals) and rivals.max() > largest:
            return codes.area_name(str(rivals.idxmax()))
    return ""


# --- of a whole ledger ----------------------------------------------------------------------------


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
    held = Tables(root or catalogue.root(), local)
    verdicts = []
    errors = []
    with remembering():
        for claim in claims:
            try:
                verdicts.append(_verdict(claim, held))
            except LedgerError as error:
                place = f"{claim.stands_at}: " * bool(claim.stands_at)
                errors.append(LedgerError(f"{place}{error}"))
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
    judged = judge(claims, root, local=local)
    for error in judged.errors:
        raise error
    return list(judged.verdicts)


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
