"""Each reading evaluated over the tables, and the verdict by rule."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradeflows import measures, tables
from tradeflows.claims import advice, bands, questions, verdict_rule
from tradeflows.claims.ledger import (
    Claim,
    Reading,
    every_measure,
    load,
    published,
    read_ledger,
)
from tradeflows.claims.verdict_rule import Band, Evidence, Question, Range
from tradeflows.measures.common import UNIT_IN, unit_of
from tradeflows.model import contracts, units
from tradeflows.model.absence import zeros_of
from tradeflows.model.errors import LedgerError, TradeflowsError, near
from tradeflows.model.lineage import MADE, PLACE
from tradeflows.model.memory import once, remembering
from tradeflows.model.periods import first_month, runs, span
from tradeflows.model.source import Source
from tradeflows.retrieval import catalogue
from tradeflows.tables import checks
from tradeflows.tables.trace import Line, lines

if TYPE_CHECKING:
    import pandas as pd

Place = tuple[str, int, str]  # the values of PLACE

OWN_SOURCE = "the claim's own source"
REPEATED = "repeats a figure that stands above"
UNSURE = "two sources' weights of it are apart where their values agree, so neither is sure"
LESS_THAN_WINDOW = "covers less than its window"
ESTIMATED = "rests on quantities that the publisher estimated"
CONFLICTING = "the office's releases are more than 2 % apart"


@dataclass(frozen=True)
class ReadingResult:
    """What one reading gave.

    Attributes
    ----------
    value, low, high
        The number in the claim's unit, and all that it may stand for where it is a bound.
    role, differs_in
        What it is to the claim, and the keys in which its question differs from the claim's.
    fits, fits_band
        Whether it lies within the printed step, and within the band; None where it partly does.
    decides
        Whether the verdict rests on it.
    note
        Why it decides nothing; empty where it may.
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
    read, frame, result, scale
        The frames that were read, the last frame, its column with the number, and a factor on it;
        :func:`terms` follows its lines.
    """

    name: str
    value: float
    low: float
    high: float
    unit: str
    role: str
    differs_in: tuple[str, ...]
    question: Question
    fits: bool | None
    fits_band: bool
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

    @property
    def bound(self) -> str:
        """What stands before the number where it is a bound: "at most", "at least", or nothing."""
        if self.high == math.inf:
            return "at least "
        return "at most " if self.low < self.high == self.value and self.low <= 0 else ""

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
    """The verdict on one claim, with what every reading gave."""

    claim: Claim
    verdict: str
    readings: tuple[ReadingResult, ...]
    decided_by: tuple[str, ...] = ()
    deviation: float | None = None
    band: Band | None = None

    @property
    def reason(self) -> str:
        """Why nothing held tests the claim; empty where something does."""
        return self.claim.reason

    @property
    def group(self) -> str:
        """The reader's group: holds, holds with a caveat, differs, cannot be told."""
        return verdict_rule.GROUPS[self.verdict]

    @property
    def nearest(self) -> ReadingResult | None:
        """The reading nearest to the claim, of those that are not the claim's own source."""
        others = [reading for reading in self.readings if reading.note != OWN_SOURCE]
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
    def repeats(self) -> Mapping[str, str]:
        """Which published figure repeats which."""
        if "repeats" not in self.answers:
            rows = published(self.root, self.local)
            self.answers["repeats"] = {row["id"]: row["repeats"] for row in rows if row["repeats"]}
        repeats: Mapping[str, str] = self.answers["repeats"]
        return repeats


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
    if not claim.readings:
        return Verdict(claim, verdict_rule.NOT_TESTED, ())
    try:
        band = bands.band_of(claim.asks, claim.series, claim.figure, project.read)
    except (TradeflowsError, TypeError, ValueError) as error:
        raise LedgerError(f"claim {claim.id}, band: {error}") from error
    origins = [_origin(claim.cites, project.repeats)]
    results = []
    for reading in claim.readings:
        try:
            result = _evaluate(reading, claim, band, project)
            note, known = _printed_before(reading, claim, origins, project)
        except (TradeflowsError, TypeError, ValueError) as error:
            where = f"claim {claim.id}, reading {reading.name!r}"
            raise LedgerError(f"{where}: {error}") from error
        origins += known
        results.append(_noted(result, note))
    evidence = [_evidence(result) for result in results]
    decision = verdict_rule.decide(evidence)
    results = [replace(result, decides=result.name in decision.by) for result in results]
    return Verdict(claim, decision.verdict, tuple(results), decision.by, decision.deviation, band)


def _evidence(result: ReadingResult) -> Evidence:
    return Evidence(
        result.name,
        result.role,
        result.fits,
        result.fits_band,
        result.deviation,
        result.own_release,
        result.note,
    )


def _noted(result: ReadingResult, note: str) -> ReadingResult:
    return replace(result, note=note) if note else result


def _printed_before(
    reading: Reading, claim: Claim, origins: Sequence[str], project: _Project
) -> tuple[str, list[str]]:
    """Why a printed figure is no second witness, and the figures at the origin of it."""
    if reading.read.get("table") != "figures":
        return "", []
    rows = project.read(reading.read)
    known = [_origin(name, project.repeats) for name in rows["id"]]
    source = origins[0]
    is_own = source in known or (not source and rows["address"].eq(claim.where).any())
    if is_own:
        return OWN_SOURCE, known
    return (REPEATED if set(known) & set(origins) else ""), known


def _origin(figure: str, repeats: Mapping[str, str]) -> str:
    """The figure at the end of a chain of figures that repeat one another."""
    while figure in repeats:
        figure = repeats[figure]
    return figure


def _evaluate(reading: Reading, claim: Claim, band: Band, project: _Project) -> ReadingResult:
    stages = _stages(reading.read, reading.steps, reading, project)
    frame = _kept(stages[-1], reading)
    unit = _unit(frame, reading.result)
    factor = units.factor(unit, claim.unit, claim.kg_per_unit)
    if factor is None:
        can_be = units.others(unit)
        raise LedgerError(f"gives {unit}, and the claim is in {claim.unit}; it may be in {can_be}")
    value = _number(frame, reading, project) * reading.scale * factor
    ends = _ends(frame, reading, value)
    read = _read(reading, project)
    given = questions.of_reading(reading, read[0])
    behind = frozenset(lines(frame, _traced(frame, reading.result)))
    used = _used(behind, read)
    flags = tuple(sorted({word for text in used.values() for word in text.split()}))
    coverage, lacking = _coverage(reading, stages, read[0])
    widened = verdict_rule.widened(claim.range, band, claim.figure)
    role = _role(reading, claim, given, read[0])
    if lacking and role in (verdict_rule.AS_STATED, verdict_rule.ALTERNATIVE):
        role = verdict_rule.OTHER_CONCEPT  # of another window than the one that is asked for
    differs_in = verdict_rule.differing(claim.asks, given)
    fits = verdict_rule.fits(ends.low, ends.high, claim.range)
    fits_band = verdict_rule.fits(ends.low, ends.high, widened) is True
    note = _silent(reading, claim, given, band, flags, lacking)
    if not note and _rests_on_unsure_weights(reading, read, project):
        note = UNSURE
    is_sign = not claim.figure and claim.qualifier in ("<", ">")  # from which nothing is far
    deviation = None if is_sign else verdict_rule.deviation(value, claim.figure, claim.unit)
    is_amount = claim.unit not in (units.MONTH, units.RANK)
    ratio = value / claim.figure if claim.figure and is_amount else None
    mind = _mind(frame, read, project)
    sources = tuple(frame.attrs.get("sources", ()))
    return ReadingResult(
        name=reading.name,
        value=value,
        low=ends.low,
        high=ends.high,
        unit=claim.unit,
        role=role,
        differs_in=differs_in,
        question=given,
        fits=fits,
        fits_band=fits_band,
        decides=False,
        note=note,
        deviation=deviation,
        ratio=ratio,
        coverage=coverage,
        flags=flags,
        mind=mind,
        sources=sources,
        read=read,
        frame=frame,
        result=reading.result,
        scale=reading.scale * factor,
        own_release=_is_own_release(read[0]),
        lines=behind,
        used=used,
        todo=_todo(reading, project, lacking) if note.startswith(LESS_THAN_WINDOW) else "",
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


def _role(reading: Reading, claim: Claim, given: Question, rows: pd.DataFrame) -> str:
    if reading.at_most or reading.at_least:
        return verdict_rule.BOUND
    if reading.read.get("table") == "figures" and not _is_own_release(rows):
        return verdict_rule.IN_PRINT
    return verdict_rule.role_of(claim.asks, given, claim.open)


def _is_own_release(rows: pd.DataFrame) -> bool:
    """Whether the rows are what the office itself printed."""
    is_figure = "basis" in rows and "flags" in rows
    return is_figure and bool(rows["flags"].str.contains(questions.OWN_RELEASE).all())


def _silent(
    reading: Reading,
    claim: Claim,
    given: Question,
    band: Band,
    flags: Sequence[str],
    lacking: str,
) -> str:
    """Why a reading decides nothing, whatever its role; empty where it may."""
    if reading.doubt:
        return reading.doubt
    if lacking:
        return f"{LESS_THAN_WINDOW}; it lacks {lacking}"
    if reading.at_most and not _contains(given, claim):
        return "bounds less than the window of the claim"
    if "estimated" in flags and _rests_on_amounts(reading):
        return ESTIMATED
    is_stated = not verdict_rule.differing(claim.asks, given)
    return CONFLICTING if band.conflict and is_stated else ""


def _contains(given: Question, claim: Claim) -> bool:
    """Whether the window of `given` holds all of that which is asked, or is one left open."""
    asked = claim.asks
    differing = [key for key in ("start", "end") if getattr(given, key) != getattr(asked, key)]
    if all(verdict_rule.leaves_open(given, key, claim.open) for key in differing):
        return True
    return given.start <= asked.start and asked.end <= given.end


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


def _measured(reading: Reading) -> set[str]:
    """The columns that a reading's measures work on, and that of its result."""
    columns = {reading.result}
    for _, arguments in reading.steps:
        value = arguments.get("value", ())
        columns.update([value] if isinstance(value, str) else value)
    return columns


def _kept(frame: pd.DataFrame, reading: Reading) -> pd.DataFrame:
    """Rows of the last frame that the reading keeps, as `keep` says."""
    if reading.result not in frame:
        columns = [name for name in frame if frame[name].dtype.kind in "fiM"]
        raise LedgerError(f"no result {reading.result!r}{near(reading.result, columns)}")
    for column, value in reading.keep.items():
        if column not in frame:
            raise LedgerError(f"no column {column!r} to keep rows by{near(column, frame.columns)}")
        kept = frame[frame[column].astype("str").eq(str(value))]
        if kept.empty:
            raise LedgerError(f"no row with {column} {value!r}{near(str(value), frame[column])}")
        frame = kept
    return frame


def _number(frame: pd.DataFrame, reading: Reading, project: _Project) -> float:
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
            "a claim of what has no figure has no reading but `settles` and a `reason`: "
            '"not published yet", or "not public" where the office holds it back'
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
    if reading.at_most or reading.at_least:
        qualifier = "≤" if reading.at_most else "≥"
    elif reading.scale == 1.0 and reading.result == "value" and {"low", "high"} <= set(frame):
        low, high = frame[["low", "high"]].astype("float64").iloc[0]
        if low == low and high == high:
            return Range(low, high)
    ends = verdict_rule.interval(value, qualifier)
    if ends.low == -math.inf and value >= 0:  # no flow is below nothing
        return Range(0.0, ends.high)
    return ends


def _coverage(
    reading: Reading, stages: Sequence[pd.DataFrame], rows: pd.DataFrame
) -> tuple[str, str]:
    """How many months of the window are stated, and which are lacking."""
    lacking = [_lacking(rows, reading)]
    stated = expected = 0
    for frame in stages[1:]:
        kept = _of_keep(frame, reading)
        if "complete" in kept and not kept["complete"].to_numpy().all():
            lacking += kept.loc[~kept["complete"], "missing"].tolist()
        if "n_stated" in kept:
            stated = int(kept["n_stated"].to_numpy().sum())
            expected = int(kept["n_months"].to_numpy().sum())
        elif "months" in kept and "growth_pct" in kept and kept["n_months"].min() < 12:
            stated, expected = int(kept["n_months"].min()), 12
            lacking.append(f"all months but {kept['months'].iloc[0]}")
    text = f"{stated} of {expected} months" if expected else ""
    return text, ", ".join(dict.fromkeys(filter(None, lacking)))


def _of_keep(frame: pd.DataFrame, reading: Reading) -> pd.DataFrame:
    """Rows of an earlier frame that the kept ones are made of, as far as it has the columns."""
    for column, value in reading.keep.items():
        if column in frame:
            frame = frame[frame[column].astype("str").eq(str(value))]
    return frame


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
    """The first month that an answer states, by its rows and declared zeros, and the one after."""
    import pandas as pd

    columns = ["ref_period", "n_months"]
    dated = frame[columns]
    zeros = zeros_of(frame)
    if zeros is not None:
        dated = pd.concat([dated, zeros.rows[columns]], ignore_index=True)
    first = first_month(dated)
    return int(first.min()), int((first + dated["n_months"]).max())


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
        flags = rows["flags"].tolist() if "flags" in rows else [""] * len(rows)
        return dict(zip(places, flags, strict=True))

    return once(rows, "flags by place", listed)


def _words_of_flags(rows: pd.DataFrame) -> frozenset[str]:
    """Every word of the flags of some rows."""
    return once(rows, "words", lambda: frozenset(" ".join(rows.get("flags", ())).split()))


def _flags_said(rows: pd.DataFrame) -> list[str]:
    """What the flags of some rows say."""
    return once(rows, "flags", lambda: tables.flags_present(rows.get("flags", ())))


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
    of_rows = frozenset().union(*map(_words_of_flags, read))
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
    ['holds', 'differs']
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
