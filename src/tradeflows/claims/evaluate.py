"""Each reading evaluated over the tables, and the verdict by rule."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache, cached_property, partial
from itertools import chain, product
from operator import attrgetter
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
    at,
    every_measure,
    load,
    published,
    read_ledger,
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
LETTERS = "abcdefghij"  # of the terms of a formula
FORMULAS = {
    "share": SHARE.replace("part", "{first}").replace("whole", "({others})"),
    "growth": GROWTH.replace("value", "{first}").replace("base", "({others})"),
    "difference": "{first} - ({others})",
    "sum": "{first} + {others}",
    "ratio": "{first} / ({others})",
}
PAIRS = ("difference", "growth")  # of two terms
UNITS_OF = {"share": "percent", "growth": "percent", "ratio": "ratio"}  # of what is combined
SIGNS = ("<", ">")  # of a claim that something rose or fell
AMOUNTS = ("net_wgt_kg", "value_reported", "primary_value_usd", "qty")  # columns that add up
WEIGHING = ("barrels_per_day", "unit_value")  # measures that take a weight without naming it
LISTED = {"product": "cmd_code", "partner": "partner_iso", "reporter": "reporter_iso"}


# --- what is measured, and what comes of it -------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What the steps of a reading, or of one number of several, come to.

    Attributes
    ----------
    value, low, high
        The number in `unit`, and all that it may stand for where it is a bound.
    question
        What it answers.
    read, frame, result
        The frames that were read, the last frame, and its column with the number.
    lines, used
        The numbers of raw files that it is made of, and the flags of the rows that have them.
    coverage, lacking
        How many of the window's months are stated, where it has months, and which are lacking.
    base
        What a difference is to, in the same unit; 0 where it is none.
    periods
        How many months its period has; of what is combined, that of each term.
    compares
        The two numbers, each with its unit, whose difference or growth it is.
    """

    value: float
    low: float
    high: float
    unit: str
    question: Question
    read: tuple[pd.DataFrame, ...]
    frame: pd.DataFrame
    result: str
    lines: frozenset[Line] = frozenset()
    used: Mapping[Place, str] = field(default_factory=dict)
    coverage: str = ""
    lacking: str = ""
    base: float = 0.0
    periods: tuple[int, ...] = ()
    compares: tuple[tuple[float, str], ...] = ()

    @property
    def traced(self) -> str:
        """The column whose lines are followed: of a date that of the figure which it is about."""
        return _traced(self.frame, self.result)

    @property
    def first_row(self) -> pd.DataFrame:
        """The row of the last frame that holds the number; others may repeat it."""
        return self.frame[self.frame[self.result].notna()].iloc[[0]]

    @property
    def flags(self) -> tuple[str, ...]:
        """Words of :data:`tradeflows.model.contracts.FLAGS` on the rows used."""
        return tuple(sorted(set(" ".join(self.used.values()).split())))


@dataclass(frozen=True, kw_only=True)
class ReadingResult(Measured):
    """What one reading gave, in the unit of its claim.

    Attributes
    ----------
    claim
        The part of a claim that it is a reading of, or the claim of one part.
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

    name: str
    claim: Claim
    role: str
    differs_in: tuple[str, ...]
    witness: Witness
    answers: tuple[Question, ...]
    fits: bool | None
    fits_band: bool
    is_robust: bool
    vote: str
    note: str
    deviation: float | None
    ratio: float | None
    mind: tuple[str, ...]
    sources: tuple[str, ...]
    scale: float
    decides: bool = False
    own_release: bool = False
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

    @property
    def evidence(self) -> Evidence:
        """What it has to say, for the rule."""
        names = {item.name for item in fields(Evidence)} - {"silent"}
        return Evidence(silent=self.note, **{name: getattr(self, name) for name in names})


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


@dataclass(frozen=True)
class _Project:
    """A project whose tables answer; each question and each step is answered once.

    Where it is asked of one claim, whole tables are not read for it.
    """

    root: Path
    local: bool = False
    is_of_one_claim: bool = False
    known: dict[str, Any] = field(default_factory=dict)

    def once(self, question: str, answer: Callable[[], Any]) -> Any:
        """An answer, found where it is first asked."""
        if question not in self.known:
            self.known[question] = answer()
        return self.known[question]

    def read(self, filters: Mapping[str, Any]) -> pd.DataFrame:
        """Rows that `filters` ask for."""
        asked = {"table": "trade", **filters}
        rows: pd.DataFrame = self.once(
            _key(filters), lambda: tables.read(**asked, root=self.root, local=self.local)
        )
        return rows

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """The catalogue, as it is when it is first asked."""
        return catalogue.load(self.root, local=self.local)

    @cached_property
    def restating(self) -> frozenset[str]:
        """The sources of trade that state anew what an older release had."""
        rows = tables.question("trade", root=self.root, local=self.local).held
        return frozenset(rows.to_table(columns=["replaced_by"])["replaced_by"].unique().to_pylist())

    @cached_property
    def figures(self) -> dict[str, dict[str, Any]]:
        """The published figures by id."""
        return {row["id"]: row for row in published(self.root, self.local)}

    def origin(self, name: str) -> str:
        """The figure at the end of a chain of figures that repeat one another."""
        while name in self.figures and self.figures[name]["repeats"]:
            name = self.figures[name]["repeats"]
        return name

    def unsure_weights(self, flows: set[tuple[str, ...]]) -> frozenset[tuple[str, ...]]:
        """Flows, `flows` among them, of which two sources agree in value and not in weight."""
        asked = flows if self.is_of_one_claim else None
        unsure: frozenset[tuple[str, ...]] = self.once(
            f"unsure {asked and sorted(asked)}",
            lambda: checks.weights_apart(self.root, flows=asked, local=self.local),
        )
        return unsure

    def todo(self, reading: Reading, lacking: str = "") -> str:
        """What may be done about months that a reading lacks."""
        rows = self.read(reading.read)
        names = [] if "cmd_code" not in rows else rows["source_id"].astype("str").unique()
        last = max(tables.last_months(self.root, names, local=self.local).values(), default=None)
        return advice.on_missing_months(
            reading, rows, _columns_of(reading), self.sources, lacking, last
        )


def _key(filters: Mapping[str, Any]) -> str:
    return repr(sorted(filters.items()))


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
    claim, numbers = _numbers_of(claim, project)
    with at(f"claim {claim.id}, band"):
        series = claim.series or _releases_held(claim, numbers, project)
        band = bands.band_of(claim.asks, series, claim.figure, project.read)
    results: list[ReadingResult] = []
    known: set[str] = set()
    for reading, number in zip(claim.readings, numbers, strict=True):
        with at(f"claim {claim.id}, reading {reading.name!r}"):
            case = _Case(reading, claim, number, band, project)
            result = case.result()
        is_repeated = bool(case.origins) and known.issuperset(case.origins)
        if is_repeated and result.witness.kind != SOURCE and not result.note:
            result = replace(result, note=REPEATED)
        known.update(case.origins)
        results.append(result)
    asked = open_readings(claim, results)
    results = [_bounding(item, asked) if item.role == BOUND else item for item in results]
    decision = verdict_rule.decide([item.evidence for item in results], asked)
    return Verdict(
        claim,
        decision.verdict,
        tuple(replace(item, decides=item.name in decision.by) for item in results),
        decision.by,
        decision.deviation,
        band,
        votes=decision.votes or {},
    )


def _numbers_of(claim: Claim, project: _Project) -> tuple[Claim, list[Measured]]:
    """The numbers of a claim's readings, and the claim with the readings that have one.

    What a line stands for may have none, and is said then; a reading of TOML must have one.
    """
    numbers, made, errors, minds = [], [], [], []
    for reading in claim.readings:
        measure = _combined if reading.combine else _measured
        place = f"claim {claim.id}, reading {reading.name!r}"
        try:
            with at(place):
                numbers.append(measure(reading, claim, project))
        except LedgerError as error:
            errors.append(error)
            why = str(error).removeprefix(f"{place}: ").partition(";")[0]
            minds.append(f"not made: {reading.name}: {why}")
        else:
            made.append(reading)
    if errors and not (made and claim.is_derived):
        raise errors[0]
    return replace(claim, readings=tuple(made), minds=(*claim.minds, *minds)), numbers


def _releases_held(
    claim: Claim, numbers: Iterable[Measured], project: _Project
) -> bands.Series | None:
    """The releases held of what the first reading that is as asked has read."""
    for reading, number in zip(claim.readings, numbers, strict=True):
        if number.question == claim.asks and reading.read:
            newest = number.read[0]
            if project.restating.isdisjoint(newest["source_id"]):
                return None
            return bands.held(claim.asks, reading.read, newest, project.root, local=project.local)
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
    """With the open readings that a bound bounds; what bounds none says nothing.

    What is at most so much contains what is asked, and what is at least so much lies in it. A bound
    from the other side of a flow of money has freight and insurance beside it.
    """

    def bounded(given: Question) -> tuple[Question, ...]:
        is_least = result.bound == AT_LEAST
        pairs = (((item, given) if is_least else (given, item), item) for item in asked)
        return tuple(item for pair, item in pairs if questions.covers(*pair))

    own = bounded(result.question)
    if own or result.note:
        return replace(result, answers=own)
    mirrored = bounded(questions.mirrored(result.question))
    if not mirrored:
        return replace(result, note=NOT_BOUNDING)
    freight = CIF_BAND[1] if result.question.measure == "value" else 1.0
    low, high = result.low / freight, result.high * freight
    return replace(result, answers=mirrored, fits=verdict_rule.fits(low, high, result.claim.range))


# --- the number of a reading ----------------------------------------------------------------------


def _measured(reading: Reading, claim: Claim, project: _Project) -> Measured:
    """The number of a reading that asks for itself."""
    stages = _stages(reading.read, reading.steps, reading, project)
    frame, result = stages[-1], reading.result
    if result not in frame:
        columns = [name for name in frame if frame[name].dtype.kind in "fiM"]
        raise LedgerError(f"no result {result!r}{near(result, columns)}")
    value = _single(frame, reading, project)
    read = tuple(map(project.read, reading.sides))
    behind = frozenset(lines(frame, _traced(frame, result)))
    used = _used(behind, read)
    ends = _ends(frame, reading, value)
    coverage, lacking = _coverage(reading, stages, read[0])
    compares = _of_change(frame) if result == "change" else ()
    words = {word for text in used.values() for word in text.split()}
    rows_used = [_rows_at(rows, used) for rows in read]
    return Measured(
        value=value,
        low=ends.low,
        high=ends.high,
        unit=_unit(frame, result),
        question=answers.of_reading(reading, read, rows_used, claim.asks, words),
        read=read,
        frame=frame,
        result=result,
        lines=behind,
        used=used,
        coverage=coverage,
        lacking=", ".join(_each_once([lacking, *_unstated(reading, read)])),
        base=compares[1][0] if compares else 0.0,
        periods=tuple(map(int, frame.get("n_months", ())))[:1],
        compares=compares,
    )


def _used(behind: Iterable[Line], read: Iterable[pd.DataFrame]) -> dict[Place, str]:
    """The flags of the rows that a number is made of, by their place in the raw files."""
    places = {line.row for line in behind if not line.is_zero}
    used: dict[Place, str] = {}
    for rows in read:
        known = _by_place(rows)
        used = {place: known[place][1] for place in places & known.keys()} | used
    return used


def _of_change(frame: pd.DataFrame) -> tuple[tuple[float, str], ...]:
    """The two numbers of a difference, each with its unit."""
    bases = [name for name in frame if name.endswith("_base") and frame[name].dtype.kind == "f"]
    unit = _unit(frame, "change").replace("percentage points", "percent")
    pair = [end for base in bases[:1] for end in (base.removesuffix("_base"), base)]
    return tuple((float(frame[end].iloc[0]), unit) for end in pair)


def _each_once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, texts)))


def _combined(reading: Reading, claim: Claim, project: _Project) -> Measured:
    """The number that is made of those of several terms, with its formula over theirs."""
    how, terms = reading.combine, [_measured(term, claim, project) for term in reading.terms]
    asked = [term.question for term in terms]
    holes = combining.lacking(how, asked)
    unit = reading.unit or terms[0].unit
    factors = [_factor(term.unit, unit) for term in terms]
    ends = _bounded(reading, _combined_ends(how, terms, factors))
    frame = _combined_frame(how, terms, factors)
    others = [term.value * size for term, size in zip(terms, factors, strict=True)][1:]
    pair = terms if how in PAIRS and len(terms) == 2 else []
    return Measured(
        value=ends.low if ends.high == math.inf else ends.high,
        low=ends.low,
        high=ends.high,
        unit=UNITS_OF.get(how, unit),
        question=combining.combined(how, asked, reading.keys, at_least=reading.at_least),
        read=sum((term.read for term in terms), ()),
        frame=frame,
        result="value",
        lines=frozenset(lines(frame, "value")),
        used=dict(chain.from_iterable(term.used.items() for term in terms)),
        coverage=" and ".join(_each_once(map(attrgetter("coverage"), terms))),
        lacking=", ".join(_each_once([*map(attrgetter("lacking"), terms), holes])),
        base=abs(sum(others)) if how == "difference" else 0.0,
        periods=sum((term.periods for term in terms), ()),
        compares=tuple(map(attrgetter("value", "unit"), pair)),
    )


def _factor(given: str, wanted: str) -> float:
    factor = units.factor(given, wanted)
    if factor is None:
        raise LedgerError(f"combines {wanted} and {given}: they do not go together")
    return factor


def _combined_frame(how: str, terms: Sequence[Measured], factors: Sequence[float]) -> pd.DataFrame:
    """The number that is made of several, with its formula over theirs."""
    import pandas as pd

    names = dict(zip(LETTERS, terms, strict=False))
    texts = [
        name if factor == 1.0 else f"{name} * {factor!r}"
        for name, factor in zip(names, factors, strict=True)
    ]
    text = FORMULAS[how].format(first=texts[0], others=" + ".join(texts[1:]))
    roles = {name: Role(term.first_row, term.result) for name, term in names.items()}
    formula = Formula(text, roles)
    frame = pd.DataFrame({"value": formula.numbers(1)})
    frame.attrs = {
        key: tuple(dict.fromkeys(item for term in terms for item in term.frame.attrs.get(key, ())))
        for key in ("sources", "caveats")
    }
    lineage.record(frame, {"value": formula})
    return frame


def _combined_ends(how: str, terms: Sequence[Measured], factors: Sequence[float]) -> Range:
    """From where to where what is made of several numbers may lie, by the ends of each."""
    ends = [
        (term.low * factor, term.high * factor) for term, factor in zip(terms, factors, strict=True)
    ]
    (low, high), *others = ends
    least, most = (sum(side) for side in zip(*others, strict=True))
    if how == "sum":
        return Range(low + least, high + most)
    if how == "difference":
        return Range(low - most, high - least)
    if min(low, least) < 0 and low != high:
        raise LedgerError(f"a {how} of bounds below zero is not known")
    quotients = (low / most if most else math.inf, high / least if least else math.inf)
    if how == "ratio":
        return Range(*quotients)
    less = 1 if how == "growth" else 0
    return Range(100 * (quotients[0] - less), 100 * (quotients[1] - less))


def _stages(
    filters: Mapping[str, Any],
    steps: Iterable[tuple[str, Mapping[str, Any]]],
    reading: Reading,
    project: _Project,
) -> list[pd.DataFrame]:
    """The rows that `filters` ask for and the frame after each of `steps`."""
    stages, done, also = [project.read(filters)], _key(filters), reading.also
    if also is not None:
        below = _stages(also.read, also.steps, also, project)[-1]
        stages = [measures.stack({"first": stages[0], "second": below})]
        done = f"{done} {also!r}"
    for name, arguments in steps:
        measure, frames = every_measure()[name], [stages[-1]]
        done += repr((name, arguments))
        takes = [item for item in _frames_beside(measure) if item.name not in arguments]
        if takes and reading.other:
            alone = Reading(reading.name, reading.other, reading.result)
            frames += _stages(reading.other, reading.other_steps, alone, project)[-1:]
            done += repr((reading.other, reading.other_steps))
        elif takes and takes[0].default is takes[0].empty:
            raise LedgerError("lacks other, the second frame of its measure")
        given = {key: _window(value) for key, value in arguments.items()}
        stages.append(project.once(done, partial(measure, *frames, **given)))
    return stages


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


def _single(frame: pd.DataFrame, reading: Reading, project: _Project) -> float:
    """The one number of the result; a zero is one, and a day a month, counted from year 0."""
    column = frame[reading.result]
    if column.dtype.kind == "M":
        column = column.dt.year * 12 + column.dt.month - 1
    numbers = column.dropna().unique()
    if len(numbers) > 1:
        listed = ", ".join(f"{number:.6g}" for number in numbers[:5])
        raise LedgerError(f"must give one number, and gives {len(numbers)} ({listed})")
    if not len(numbers):
        periods = project.read(reading.read).get("ref_period")
        ends = "" if periods is None else f"{periods.min():%Y-%m} to {periods.max():%Y-%m}"
        known = [f"what was read is of {ends}" if ends else "", project.todo(reading)]
        known.append(
            "a claim of what has no figure yet has no reading but `settles` and "
            '`not_tested = "not public"`'
        )
        raise LedgerError("; ".join(["must give one number, and gives none", *filter(None, known)]))
    nulls = int(column.isna().sum())
    if nulls:
        raise LedgerError(f"must give one number, and {nulls} of its {len(frame)} rows have none")
    return float(numbers[0])


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
    if reading.at_least and ends.low < ends.high and ends.low <= 0:
        raise LedgerError("is at most so much by its figure, so it cannot be at_least")
    return _of_flow(*((ends.high, "≤") if reading.at_most else (ends.low, "≥")))


def _of_flow(value: float, qualifier: str) -> Range:
    """All numbers that a qualifier and a value stand for, where no flow is below nothing."""
    ends = verdict_rule.interval(value, qualifier)
    is_flow = ends.low == -math.inf and value >= 0
    return Range(0.0, ends.high) if is_flow else ends


def _unit(frame: pd.DataFrame, result: str) -> str:
    unit = units.MONTH if frame[result].dtype.kind == "M" else unit_of(frame, result)
    if not unit:
        column = UNIT_IN.get(result, "unit")
        raise LedgerError(
            f"cannot tell the unit of {result}: the frame has no {column}; take a column of figures"
        )
    return unit


def _traced(frame: pd.DataFrame, result: str) -> str:
    """The column of `frame` that has the lines behind `result`."""
    made = frame.attrs.get(MADE) if frame[result].dtype.kind == "M" else None
    return next(iter(made.formulas), result) if made else result


def _columns_of(reading: Reading) -> set[str]:
    """The columns that a reading's measures work on, and that of its result."""
    if reading.terms:
        return set().union(*map(_columns_of, reading.terms))
    columns = {reading.result}
    for name, arguments in reading.steps:
        value = arguments.get("value", ())
        columns.update([value] if isinstance(value, str) else value)
        columns.update(["net_wgt_kg"] if name in WEIGHING else [])
    return columns


# --- the months that are there --------------------------------------------------------------------


def _coverage(
    reading: Reading, stages: Sequence[pd.DataFrame], rows: pd.DataFrame
) -> tuple[str, str]:
    """How many months of the window are stated, and which are lacking."""
    is_trade = reading.read.get("table", "trade") == "trade"
    lacking = [_outside(reading.read, rows)] if is_trade else []
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
    return f"{stated} of {expected} months" if expected else "", ", ".join(_each_once(lacking))


def _outside(filters: Mapping[str, Any], rows: pd.DataFrame) -> str:
    """Months of the window asked for that lie before or after all rows."""
    begin, stop = once(rows, "ends", lambda: _ends_of(rows))
    start, end = (filters.get(key) for key in ("start", "end"))
    before = range(span(start)[0] if start else begin, begin)
    return runs([*before, *range(stop, span(end)[1] if end else stop)])


def _ends_of(frame: pd.DataFrame) -> tuple[int, int]:
    """The first month that an answer states, and the one after the last."""
    first = first_month(frame)
    return int(first.min()), int((first + frame["n_months"]).max())


def _holes(frame: pd.DataFrame, column: str, reading: Reading) -> str:
    """Months between the ends of some rows without a figure, where their largest is taken."""
    if "ref_period" not in frame or "complete" in frame or column not in frame:
        return ""
    rows = frame[frame[column].notna()]
    pairs = zip(first_month(rows), rows["n_months"], strict=True)
    stated = {month for begin, length in pairs for month in range(begin, begin + length)}
    start, end = answers.ends(reading)
    asked = range(*span((start, end))) if start and end else range(min(stated), max(stated) + 1)
    return runs({*asked} - stated)


def _unstated(reading: Reading, read: Sequence[pd.DataFrame]) -> list[str]:
    """What lists of a reading's filters name and no row has."""
    lost = []
    for filters, frame in zip(reading.sides, read, strict=True):
        for name, column in LISTED.items():
            values = filters.get(name)
            if isinstance(values, list) and column in frame:
                stated = {str(text) for text in frame[column].unique()}
                lost += [text for text in values if not questions.is_stated(name, text, stated)]
    return [f"any row of {text}" for text in lost]


# --- the rows behind a number ---------------------------------------------------------------------


def _rows_at(frame: pd.DataFrame, places: Iterable[Place]) -> pd.DataFrame:
    """The rows of a frame at some places of the raw files; all of them, if none is there."""
    if not set(PLACE) <= set(frame):
        return frame
    known = _by_place(frame)
    rows = tuple(sorted(known[place][0] for place in places if place in known))
    return once(frame, rows, lambda: frame.iloc[list(rows)]) if rows else frame


def _by_place(rows: pd.DataFrame) -> Mapping[Place, tuple[int, str]]:
    """The number of each row and its flags, by its place in the raw files.

    A declared zero has no row: its place is that of its evidence.
    """

    def listed() -> dict[Place, tuple[int, str]]:
        places = zip(*(rows[name].tolist() for name in PLACE), strict=True)
        pairs = enumerate(zip(places, _flags_of(rows), strict=True))
        return {place: (i, flags) for i, (place, flags) in pairs if flags != DECLARED}

    return once(rows, "by place", listed)


def _flags_of(rows: pd.DataFrame) -> list[str]:
    return rows["flags"].tolist() if "flags" in rows else [""] * len(rows)


def _flags_said(rows: pd.DataFrame) -> tuple[list[str], frozenset[str]]:
    """What the flags of some rows say with how many are declared zeros, and every word of them."""

    def listed() -> tuple[list[str], frozenset[str]]:
        flags = _flags_of(rows)
        zeros = rows[[text == DECLARED for text in flags]]
        said = tables.flags_present(flags) + ([caveat(zeros)] if len(zeros) else [])
        return said, frozenset(" ".join(flags).split())

    return once(rows, "flags said", listed)


def _mind(number: Measured, project: _Project) -> tuple[str, ...]:
    """What the measures say, their own flags, and the sources' notes; rows' flags are not here."""
    attrs, known = number.frame.attrs, project.sources
    notes = []
    for source in (known[name] for name in attrs.get("sources", ()) if name in known):
        is_copied = source.kind == "transcribed"
        copied = "transcribed, not the publisher’s own file. " * is_copied
        notes += [f"{source.id}: {copied}{source.note}".rstrip()] * bool(source.note or is_copied)
    said = [_flags_said(rows) for rows in number.read]
    flags = {text for texts, _ in said for text in texts}
    measured = [text for text in attrs.get("caveats", ()) if text not in flags]
    of_rows = frozenset().union(*(words for _, words in said)) - {DECLARED}
    own = set(" ".join(map(str, number.frame.get("flags", ()))).split()) - of_rows
    flagged = [f"{word}: {contracts.FLAGS[word]}" for word in sorted(own & {*contracts.FLAGS})]
    return tuple(dict.fromkeys([*measured, *flagged, *notes]))


# --- what it is to the claim ----------------------------------------------------------------------


@dataclass(frozen=True)
class _Case:
    """A number beside the claim that it is read for."""

    reading: Reading
    claim: Claim
    number: Measured
    band: Band
    project: _Project

    def result(self) -> ReadingResult:
        """What the reading gives."""
        reading, claim, number = self.reading, self.claim, self.number
        unit, factor = self.unit
        value, low, high = (x * factor for x in (number.value, number.low, number.high))
        widened = verdict_rule.widened(claim.range, self.band, claim.figure)
        deviation = verdict_rule.deviation(value, claim.figure, claim.unit)
        is_amount = claim.unit not in (units.MONTH, units.RANK)
        is_open = self.role in (AS_STATED, ALTERNATIVE)
        is_short = self.note.startswith(LESS_THAN_WINDOW) and not reading.combine
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
            mind=_mind(number, self.project),
            sources=tuple(number.frame.attrs.get("sources", ())),
            scale=factor,
            own_release=all(map(_is_own_release, number.read)),
            todo=self.project.todo(reading, number.lacking) if is_short else "",
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
        finite = [abs(end) for end in (number.low, number.high) if math.isfinite(end)]
        return verdict_rule.REWORKING * factor * max(finite, default=0.0)

    @cached_property
    def names(self) -> list[str]:
        """The published figures that were read."""
        return [name for rows in self.number.read if "collector" in rows for name in rows["id"]]

    @cached_property
    def origins(self) -> list[str]:
        """The figures that these repeat, or are."""
        return [self.project.origin(name) for name in self.names]

    @cached_property
    def witness(self) -> Witness:
        """Who counted; what the claim repeats is its source."""
        claim, known = self.claim, self.project.figures
        rows = [_rows_at(rows, self.number.used) for rows in self.number.read]
        witness = witnesses.witness_of(rows, self.project.sources)
        named = [name for name in claim.source if self.has_its_number(known[name])]
        own = {self.project.origin(name) for name in (*named, claim.cites) if name}
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
        cited = self.project.figures.get(claim.cites, {}).get("published") or ""
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

    @cached_property
    def note(self) -> str:
        """Why the reading says nothing, whatever its role; empty where it may."""
        reading, number, project = self.reading, self.number, self.project
        if reading.doubt:
            return reading.doubt
        if number.lacking and not reading.at_least:
            return f"{LESS_THAN_WINDOW}; it lacks {number.lacking}"
        # A sum of fewer months is still at least so much.
        note = "" if number.lacking else self.too_short or self.unsound
        if note or self.witness.kind == SOURCE:
            return note
        rows = [project.figures[name] for name in self.names if name in project.figures]
        is_placed = all(witnesses.is_placed(row, project.figures.values()) for row in rows)
        return "" if is_placed else NOT_PLACED

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
            return "" if self.has_all_before else TOO_SHORT
        rival = _larger_rival(reading, self.project) if reading.rest else ""
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
        steps = [
            step
            for item in (self.reading, *self.reading.terms)
            for step in (*item.steps, *item.other_steps)
        ]
        if not any(arguments.get("absent") == "zero" for _, arguments in steps):
            return ""
        names = {str(name) for rows in self.number.read for name in rows.get("source_id", ())}
        known = self.project.sources
        return " and ".join(name for name in sorted(names) if not known[name].absent)

    @property
    def unsound(self) -> str:
        """Why the rows that the reading is made of bear out nothing; empty where they may."""
        reading, number, project = self.reading, self.number, self.project
        if self.guessed:
            return f"{GUESSED}, which the catalogue does not declare of {self.guessed}"
        columns = _columns_of(reading)
        if "estimated" in number.flags and columns & {"net_wgt_kg", "qty"}:
            return ESTIMATED
        if self.band.conflict and number.question == self.claim.asks:
            return CONFLICTING
        if "net_wgt_kg" not in columns:
            return ""
        cells = set().union(*(_cells(rows) for rows in number.read if {*checks.PAIR} <= set(rows)))
        return UNSURE if cells and cells & project.unsure_weights(cells) else ""


def _cells(rows: pd.DataFrame) -> set[tuple[str, ...]]:
    """The flows that some rows are of."""

    def listed() -> set[tuple[str, ...]]:
        pairs = rows[[*checks.PAIR]].drop_duplicates().to_numpy()
        return {tuple(map(str, cell)) for cell in pairs}

    return once(rows, "flows", listed)


def _is_own_release(rows: pd.DataFrame) -> bool:
    """Whether the rows are what the office itself printed."""
    is_figure = "basis" in rows and "flags" in rows
    return is_figure and bool(rows["flags"].str.contains(answers.OWN_RELEASE).all())


def _larger_rival(reading: Reading, project: _Project) -> str:
    """A country whose office is held and states more than the rivals that a lead is over."""
    named = {questions.areas(item.read.get("reporter", "")) for item in reading.terms}
    for term in reading.terms[1:]:
        window = dict(zip(("start", "end"), answers.ends(term), strict=True))
        filters = {key: value for key, value in term.read.items() if key != "reporter"}
        column = next((name for name in AMOUNTS if name in _columns_of(term)), "")
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
    project = _Project(root or catalogue.root(), local)
    verdicts = []
    errors = []
    with remembering():
        for claim in claims:
            try:
                verdicts.append(_verdict(claim, project))
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
