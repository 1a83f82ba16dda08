"""The number of a reading: what its question and its measures come to, and what it is made of."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import chain
from operator import attrgetter, mul
from typing import TYPE_CHECKING

import numpy as np

from tradeflows import measures, tables
from tradeflows.claims import advice, answers, combining, questions, verdict_rule
from tradeflows.claims.ledger import Reading, every_measure
from tradeflows.claims.verdict_rule import Question, Range
from tradeflows.claims.witnesses import Tables
from tradeflows.claims.word_lists import Table
from tradeflows.measures.common import UNIT_IN, unit_of
from tradeflows.measures.comparisons import GROWTH
from tradeflows.measures.shares import SHARE
from tradeflows.model import contracts, lineage, units
from tradeflows.model.absence import DECLARED
from tradeflows.model.errors import LedgerError, near
from tradeflows.model.lineage import MADE, PLACE, Formula, Role
from tradeflows.model.memory import once
from tradeflows.model.periods import first_month, runs, span
from tradeflows.model.source import Source
from tradeflows.tables.trace import Line, lines
from tradeflows.tables.zeros import caveat

if TYPE_CHECKING:
    import pandas as pd

Place = tuple[str, int, str]  # the values of PLACE

LETTERS = "abcdefghij"  # of the terms of a formula
FORMULAS = {
    "share": SHARE.replace("part", "{first}").replace("whole", "({others})"),
    "growth": GROWTH.replace("value", "{first}").replace("base", "({others})"),
    "difference": "{first} - ({others})",
    "sum": "{first} + {others}",
    "ratio": "{first} / ({others})",
}
PAIRS = ("difference", "growth")  # of two terms
UNITS_OF = {  # of what is combined
    "share": "percent",
    "growth": "percent",
    "ratio": "ratio",
    "difference of percent": "percentage points",
}
WEIGHING = ("barrels_per_day", "unit_value")  # measures that take a weight without naming it
LISTED = {"product": "cmd_code", "partner": "partner_iso", "reporter": "reporter_iso"}


@dataclass(frozen=True, kw_only=True, eq=False)
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
    lacks_now
        Whether, of what is combined, the first term lacks some.
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
    lacks_now: bool = False
    base: float = 0.0
    periods: tuple[int, ...] = ()
    compares: tuple[tuple[float, str], ...] = ()

    @property
    def traced(self) -> str:
        """The column whose lines are followed: of a date that of the figure which it is about."""
        return _traced(self.frame, self.result)

    @cached_property
    def at(self) -> int:
        """Where the row of the last frame stands that holds the number; others may repeat it."""
        return int(np.flatnonzero(self.frame[self.result].notna())[0])

    @property
    def first_row(self) -> pd.DataFrame:
        """That row."""
        return self.frame.iloc[[self.at]]

    @property
    def flags(self) -> tuple[str, ...]:
        """Words of :data:`tradeflows.model.contracts.FLAGS` on the rows used."""
        return tuple(sorted(set(" ".join(self.used.values()).split())))


def todo(reading: Reading, held: Tables, lacking: str = "") -> str:
    """What may be done about months that a reading lacks."""
    rows = held.read(reading.read)
    names = [] if "cmd_code" not in rows else rows["source_id"].astype("str").unique()
    last = max(tables.last_months(held.root, names, local=held.local).values(), default=None)
    measured = columns_of(reading)
    return advice.on_missing_months(reading, rows, measured, held.sources, lacking, last)


# --- the number of a reading ----------------------------------------------------------------------


def number_of(reading: Reading, asks: Question, held: Tables) -> Measured:
    """The number of a reading of a claim that asks this; what differs in name alone is made once.

    Raises
    ------
    LedgerError
        It has none or several, or is made of what does not go together.
    """
    make = partial(_combined if reading.combine else _measured, reading, asks, held)
    return once(held, (repr(replace(reading, name="")), asks), make)


def _measured(reading: Reading, asks: Question, held: Tables) -> Measured:
    """The number of a reading that asks for itself."""
    stages = _stages(reading, held)
    frame, result = stages[-1], reading.result
    if result not in frame:
        columns = [name for name in frame if frame[name].dtype.kind in "fiM"]
        raise LedgerError(f"no result {result!r}{near(result, columns)}")
    value = _single(frame, reading, held)
    read = tuple(map(held.read, reading.sides))
    behind = frozenset(lines(frame, _traced(frame, result)))
    places = {line.row for line in behind if not line.is_zero}
    used: dict[Place, str] = {}
    for rows in read:
        known = _by_place(rows)
        used = {place: known[place][1] for place in places & known.keys()} | used
    ends = _ends(frame, reading, value)
    coverage, lacking = _coverage(reading, stages, read)
    compares = _of_change(frame) if result == "change" else ()
    words = {word for text in used.values() for word in text.split()}
    return Measured(
        value=value,
        low=ends.low,
        high=ends.high,
        unit=_unit(frame, result),
        question=answers.of_reading(reading, read, [rows_at(x, used) for x in read], asks, words),
        read=read,
        frame=frame,
        result=result,
        lines=behind,
        used=used,
        coverage=coverage,
        lacking=lacking,
        base=compares[1][0] if compares else 0.0,
        periods=tuple(map(int, frame.get("n_months", ())))[:1],
        compares=compares,
    )


def _of_change(frame: pd.DataFrame) -> tuple[tuple[float, str], ...]:
    """The two numbers of a difference, each with its unit."""
    bases = [name for name in frame if name.endswith("_base") and frame[name].dtype.kind == "f"]
    unit = _unit(frame, "change").replace("percentage points", "percent")
    pair = [end for base in bases[:1] for end in (base.removesuffix("_base"), base)]
    return tuple((float(frame[end].iloc[0]), unit) for end in pair)


def _each_once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, texts)))


def _combined(reading: Reading, asks: Question, held: Tables) -> Measured:
    """The number that is made of those of several terms, with its formula over theirs."""
    how, terms = reading.combine, [number_of(term, asks, held) for term in reading.terms]
    asked = [term.question for term in terms]
    holes = combining.lacking(how, asked)
    unit, factors = reading.unit or terms[0].unit, []
    for term in terms:
        factor = units.factor(term.unit, unit)
        if factor is None:
            raise LedgerError(f"combines {unit} and {term.unit}: they do not go together")
        factors.append(factor)
    ends = _bounded(reading, _combined_ends(how, terms, factors))
    frame = _combined_frame(how, terms, factors)
    amounts = map(mul, map(attrgetter("value"), terms), factors)
    pair = terms if how in PAIRS and len(terms) == 2 else []
    return Measured(
        value=ends.low if ends.high == math.inf else ends.high,
        low=ends.low,
        high=ends.high,
        unit=UNITS_OF.get(how, UNITS_OF.get(f"{how} of {unit}", unit)),
        question=combining.combined(how, asked, reading.keys, at_least=reading.at_least),
        read=sum((term.read for term in terms), ()),
        frame=frame,
        result="value",
        lines=frozenset(lines(frame, "value")),
        used=dict(chain.from_iterable(term.used.items() for term in terms)),
        coverage=" and ".join(_each_once(map(attrgetter("coverage"), terms))),
        lacking=", ".join(_each_once([*map(attrgetter("lacking"), terms), holes])),
        lacks_now=bool(terms[0].lacking),
        base=abs(sum([*amounts][1:])) if how == "difference" else 0.0,
        periods=sum((term.periods for term in terms), ()),
        compares=tuple(map(attrgetter("value", "unit"), pair)),
    )


def _combined_frame(how: str, terms: Sequence[Measured], factors: Sequence[float]) -> pd.DataFrame:
    """The number that is made of several, with its formula over theirs."""
    import pandas as pd

    names = dict(zip(LETTERS, terms, strict=False))
    texts = [
        name if factor == 1.0 else f"{name} * {factor!r}"
        for name, factor in zip(names, factors, strict=True)
    ]
    text = FORMULAS[how].format(first=texts[0], others=" + ".join(texts[1:]))
    roles = {name: Role(x.frame, x.result, np.array([x.at])) for name, x in names.items()}
    formula = Formula(text, roles)
    frame = pd.DataFrame({"value": formula.numbers(1)})
    for key in ("sources", "caveats"):
        items = chain.from_iterable(term.frame.attrs.get(key, ()) for term in terms)
        frame.attrs[key] = tuple(dict.fromkeys(items))
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


def _stages(reading: Reading, held: Tables) -> list[pd.DataFrame]:
    """The rows that a reading asks for and the frame after each of its steps, each made once."""
    stages, also = [held.read(reading.read)], reading.also
    if also is not None:
        both = {"first": stages[0], "second": _stages(also, held)[-1]}
        stages = [once(stages[0], repr(also), lambda: measures.stack(both))]
    for name, arguments in reading.steps:
        measure, frames = every_measure()[name], [stages[-1]]
        second = [*inspect.signature(measure).parameters.values()][1:2]
        if "DataFrame" in str(second) and second[0].name not in arguments:
            if reading.other:
                frames += _stages(reading.other, held)[-1:]
            elif second[0].default is inspect.Parameter.empty:
                raise LedgerError("lacks other, the second frame of its measure")
        done = repr((name, arguments, [*map(id, frames[1:])]))
        stages.append(once(frames[0], done, partial(measure, *frames, **arguments)))
    return stages


def _single(frame: pd.DataFrame, reading: Reading, held: Tables) -> float:
    """The one number of the result; a zero is one, and a day a month, counted from year 0."""
    column = frame[reading.result]
    if column.dtype.kind == "M":
        column = column.dt.year * 12 + column.dt.month - 1
    numbers = column.dropna().unique()
    if len(numbers) > 1:
        listed = ", ".join(f"{number:.6g}" for number in numbers[:5])
        raise LedgerError(f"must give one number, and gives {len(numbers)} ({listed})")
    if not len(numbers):
        periods = held.read(reading.read).get("ref_period")
        ends = "" if periods is None else f"{periods.min():%Y-%m} to {periods.max():%Y-%m}"
        known = [f"what was read is of {ends}" if ends else "", todo(reading, held)]
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


def columns_of(reading: Reading) -> set[str]:
    """The columns that a reading's measures work on, and that of its result."""
    if reading.terms:
        return set().union(*map(columns_of, reading.terms))
    columns = {reading.result}
    for name, arguments in reading.steps:
        value = arguments.get("value", ())
        columns.update([value] if isinstance(value, str) else value)
        columns.update(["net_wgt_kg"] if name in WEIGHING else [])
    return columns


# --- the months that are there --------------------------------------------------------------------


def _coverage(
    reading: Reading, stages: Sequence[pd.DataFrame], read: Sequence[pd.DataFrame]
) -> tuple[str, str]:
    """How many months of the window are stated, and what is lacking: months, or what was named."""
    is_trade = reading.read.get("table", "trade") == "trade"
    lacking = [_outside(reading.read, read[0])] if is_trade else []
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
    lacking = [", ".join(_each_once(lacking)), *_unstated(reading, read)]
    return f"{stated} of {expected} months" if expected else "", ", ".join(_each_once(lacking))


def _outside(filters: Table, rows: pd.DataFrame) -> str:
    """Months of the window asked for that lie before or after all rows."""

    def ends() -> tuple[int, int]:
        first = first_month(rows)
        return int(first.min()), int((first + rows["n_months"]).max())

    begin, stop = once(rows, "ends", ends)
    start, end = (filters.get(key) for key in ("start", "end"))
    before = range(span(start)[0] if start else begin, begin)
    return runs([*before, *range(stop, span(end)[1] if end else stop)])


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


def rows_at(frame: pd.DataFrame, places: Iterable[Place]) -> pd.DataFrame:
    """The rows of a frame at some places of the raw files; all of them, if none is there."""
    if not set(PLACE) <= set(frame):
        return frame
    known = _by_place(frame)
    rows = tuple(sorted(known[place][0] for place in places if place in known))
    return once(frame, rows, lambda: frame.iloc[list(rows)]) if rows else frame


def _by_place(rows: pd.DataFrame) -> Mapping[Place, tuple[int, str]]:
    """The number of each row and its flags, by its place; a declared zero has no row."""

    def listed() -> dict[Place, tuple[int, str]]:
        places = zip(*(rows[name].tolist() for name in PLACE), strict=True)
        pairs = enumerate(zip(places, _flags_of(rows), strict=True))
        return {place: (i, flags) for i, (place, flags) in pairs if flags != DECLARED}

    return once(rows, "by place", listed)


def _flags_of(rows: pd.DataFrame) -> list[str]:
    return rows["flags"].tolist() if "flags" in rows else [""] * len(rows)


def minds(number: Measured, sources: Mapping[str, Source]) -> tuple[str, ...]:
    """What the measures say, their own flags, and the sources' notes; rows' flags are not here."""

    def said(rows: pd.DataFrame) -> tuple[list[str], frozenset[str]]:
        flags = _flags_of(rows)
        zeros = rows[[text == DECLARED for text in flags]]
        texts = tables.flags_present(flags) + ([caveat(zeros)] if len(zeros) else [])
        return texts, frozenset(" ".join(flags).split())

    attrs, notes = number.frame.attrs, []
    for source in (sources[name] for name in attrs.get("sources", ()) if name in sources):
        is_copied = source.kind == "transcribed"
        copied = "transcribed, not the publisher’s own file. " * is_copied
        notes += [f"{source.id}: {copied}{source.note}".rstrip()] * bool(source.note or is_copied)
    of_rows = [once(rows, "flags said", partial(said, rows)) for rows in number.read]
    flags = {text for texts, _ in of_rows for text in texts}
    measured = [text for text in attrs.get("caveats", ()) if text not in flags]
    words = frozenset().union(*(words for _, words in of_rows)) - {DECLARED}
    own = set(" ".join(map(str, number.frame.get("flags", ()))).split()) - words
    flagged = [f"{word}: {contracts.FLAGS[word]}" for word in sorted(own & {*contracts.FLAGS})]
    return tuple(dict.fromkeys([*measured, *flagged, *notes]))
