"""The ledger read from its file: claims, what they ask, their readings."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from tradeflows import measures
from tradeflows.claims import bands, lines, open_words, questions, sentence, wording
from tradeflows.claims.bands import Series
from tradeflows.claims.verdict_rule import KEYS, Question, Range
from tradeflows.claims.verdict_rule import interval as range_of
from tradeflows.claims.witnesses import Tables
from tradeflows.claims.word_lists import Table, word_list
from tradeflows.claims.wording import EXACT
from tradeflows.measures.scaling import BARRELS_PER_TONNE
from tradeflows.model import contracts, toml, units
from tradeflows.model.errors import LedgerError, QueryError, TradeflowsError, near, nearest
from tradeflows.model.lineage import full_number
from tradeflows.model.periods import span, window_in_words
from tradeflows.retrieval import catalogue
from tradeflows.retrieval.user_files import toml_item

VERSION = 3  # of the ledger's format
NOT_LOOKED_UP = "public, not looked up yet"
# Why nothing held here tests a part of a claim.
REASONS: Mapping[str, str] = word_list("ledger")["reasons"]
NONE = "none"  # of a key that the table of open words leaves open and a claim does not
COMBINATIONS = ("share", "growth", "difference", "sum", "ratio")
BETWEEN = re.compile(r"\.\.|(?<=^\d{4})-(?=\d{4}$)")  # of two ends of a window
MOST_TERMS = 10  # of what is combined
FEWEST_WORDS = 3  # of a reason
# What the tables and the measures say of arguments, which a ledger writes as TOML has them.
ARGUMENT = re.compile(r"\b(\w+)=('[^']*'|\[[^\]]*\])")
CORE, ANNEX, FOLDED = "core", "annex", "folded"  # the parts of the ledger

Steps = tuple[tuple[str, Table], ...]


@dataclass(frozen=True)
class Reading:
    """One way to read a claim: what to ask, what to measure, which column has the number.

    Attributes
    ----------
    read
        Filters of :func:`tradeflows.read`, with ``table`` where it is not trade.
    steps
        Measures with their arguments, applied one after the other.
    other, also
        A second question with steps of its own: one whose frame a measure compares, and one whose
        rows are laid below those of `read` before the steps, such as those of a second office that
        states the flow in another currency.
    result
        Column of the last frame, which must have one row, or rows of one value.
    combine, terms, unit
        In place of a question of its own: what is made of several numbers, each by a reading of its
        own, and the unit that a sum or a difference comes to.
    keys
        Keys of its question that do not follow from `read` and `steps`.
    at_most, at_least
        Whether the claimed figure can be no larger, or no smaller, than the result.
    rest
        Why the goods or rivals that it leaves out cannot turn it.
    doubt
        Why its number is no finding, where that is known.
    beside
        Whether it is said beside the verdict, which does not rest on it alone.
    """

    name: str
    read: Table = field(default_factory=dict)
    result: str = ""
    steps: Steps = ()
    other: Reading | None = None
    also: Reading | None = None
    combine: str = ""
    terms: tuple[Reading, ...] = ()
    unit: str = ""
    keys: Table = field(default_factory=dict)
    at_most: bool = False
    at_least: bool = False
    rest: str = ""
    doubt: str = ""
    beside: bool = False

    @property
    def sides(self) -> list[Table]:
        """The filters of each frame that it reads, the first question's first."""
        second = [item for item in (self.other, self.also) if item]
        return [self.read] * bool(self.read) + [side for item in second for side in item.sides]


@dataclass(frozen=True, kw_only=True)
class AsWritten:
    """What a claim, or a part of it, has as the ledger writes it; :class:`Claim` explains it."""

    words: str = ""
    printed_because: str = ""
    open_because: str = ""
    superlative: bool = False
    span: str = ""
    not_tested: str = ""
    minds: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Claim(AsWritten):
    """A claim as the ledger states it, or a part of one; `figure`, `low` to `high` are in `unit`.

    Attributes
    ----------
    asks, open
        What its words ask, and what they leave open: keys with what else they admit.
    open_because
        Why more or less is open than the table of open words has.
    window
        The window of `asks` in words, or as printed where the claim asks nothing that is held.
    core
        Whether it is among those that the front page and `tradeflows claims` show first.
    not_tested
        One of :data:`REASONS`, where nothing held tests it.
    settles
        What would settle it, where nothing held does.
    when
        Day, month or year on which its figure was printed; empty where that is not known.
    cites, source
        The figure that is claimed, and the figures that the claim took it from.
    series
        The series whose releases give its band.
    kg_per_unit
        The declared weight of one `unit`, where it is a volume or a piece and readings weigh.
    printed_because
        Why the figure is read to another step than it shows.
    superlative, span
        Whether it is a record, a largest or a first, and the span that its words name.
    words, parts
        Of a part, the words that it is about; of a claim of several, its parts.
    minds
        What its sentence says beside, which no line asks, and what could not be read.
    stands_at
        The file and the line that it stands in, where it is a line.
    is_derived
        Whether its readings are those that a phrase stands for.
    """

    id: str
    theme: str
    statement: str
    figure: float | None
    low: float
    high: float
    unit: str
    qualifier: str
    asks: Question
    open: Mapping[str, tuple[str, ...]]
    window: str
    who: str
    where: str
    cites: str
    readings: tuple[Reading, ...]
    when: str = ""
    core: bool = False
    settles: str = ""
    series: Series | None = None
    kg_per_unit: float | None = None
    source: tuple[str, ...] = ()
    parts: tuple[Claim, ...] = ()
    is_derived: bool = field(default=False, compare=False)
    stands_at: str = field(default="", compare=False)

    @property
    def each(self) -> tuple[Claim, ...]:
        """Its parts; itself where it has none."""
        return self.parts or (self,)

    @property
    def place(self) -> str:
        """The part of the ledger that it stands in: core, annex or folded."""
        if self.core:
            return CORE
        return ANNEX if any(part.readings for part in (self, *self.parts)) else FOLDED

    @property
    def range(self) -> Range:
        """All numbers that the printed figure may stand for."""
        return Range(self.low, self.high, self.qualifier == ">", self.qualifier == "<")

    @property
    def text(self) -> str:
        """The words that it is about."""
        return self.words or self.statement


@dataclass(frozen=True)
class Sentence:
    """A sentence of the article in our words, and what answers it.

    It has claims of the ledger, a notebook, or is a judgement on which trade has nothing to say.
    """

    words: str
    claims: tuple[str, ...] = ()
    notebook: str = ""
    judgement: bool = False


@dataclass(frozen=True)
class Ledger:
    """A ledger as read: its claims, and what is wrong with the others, both by id."""

    claims: Mapping[str, Claim]
    errors: Mapping[str, LedgerError]


# --- what the tables of the file may have ---------------------------------------------------------

Texts = str | tuple[str | tuple[str, ...], ...]
Filters = Mapping[str, Texts | bool]


@dataclass(frozen=True)
class FileEntry:
    """The file as a whole."""

    version: int = VERSION
    claim: Any = field(default_factory=dict)
    series: Table = field(default_factory=dict)
    sentence: tuple[Table, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PartEntry(AsWritten):
    """``[[claim.ID.part]]``; a claim of one part has these keys itself."""

    figure: str | None = None
    claimed: Table | None = None
    printed_to: float | None = None
    kg_per_unit: float | None = None
    asks: Table = field(default_factory=dict)
    open: Table = field(default_factory=dict)
    source: tuple[str, ...] = ()
    settles: str = ""
    reading: tuple[Table, ...] = ()
    releases: Mapping[str, Filters] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ClaimEntry(PartEntry):
    """``[claim.ID]``."""

    theme: str
    statement: str
    core: bool = False
    window: str = ""
    who: str = ""
    where: str = ""
    part: tuple[Table, ...] = ()


@dataclass(frozen=True)
class ReleaseEntry:
    """``[[series.NAME.release]]``."""

    name: str
    read: Filters


# The number of a claim that no row of the table figures has.
CLAIMED = {"value": None, "unit": "", "qualifier": "=", "low": None, "high": None}
SINGLE = ("route", "measure", "start", "end")  # keys of a question that have one text alone
SECOND = ("read", "steps", "other", "other_steps")  # keys of a second question
TERM = (*SECOND, "result", "at_most", "at_least")  # and of one number of several


@contextmanager
def at(place: str) -> Iterator[None]:
    """Say where in the ledger something is wrong."""
    try:
        yield
    except (TradeflowsError, ValueError) as error:
        words = ARGUMENT.sub(lambda x: f"{x[1]} = {x[2]}".replace("'", '"'), str(error))
        raise LedgerError(f"{place}: {words}") from error


def path(root: Path) -> Path:
    """Where the project's own ledger lies below `root`.

    Examples
    --------
    >>> from tradeflows import claims
    >>> from pathlib import Path
    >>> claims.path(Path("wheat")).as_posix()
    'wheat/data/claims.toml'
    """
    return root / "data" / "claims.toml"


def has_ledger(ledger: Path | None, root: Path) -> bool:
    """Whether there is a ledger to judge: a project may have none yet.

    Raises
    ------
    LedgerError
        One that is named cannot be read.

    Examples
    --------
    >>> from tradeflows import claims
    >>> from pathlib import Path
    >>> claims.has_ledger(None, Path("an empty folder"))
    False
    """
    if ledger is None:
        return path(root).is_file() or bool(lines.beside(path(root)))
    _contents(ledger)
    return True


def load(
    ledger: Path | None = None, root: Path | None = None, *, local: bool = False
) -> dict[str, Claim]:
    """Read a ledger of which every claim must be right.

    Parameters
    ----------
    ledger
        A TOML file; the project's own where not given.
    root
        The project's folder, found by itself where not given.
    local
        With the user's own sources; the project's own ledger is of the committed ones alone.

    Returns
    -------
    dict of Claim
        By id, in the order of the file.

    Raises
    ------
    LedgerError
        The file cannot be read, or a claim has an unknown or missing key, a figure that the table
        does not hold, a reason that is none, a repeated name, or neither readings nor a reason.

    Examples
    --------
    >>> from tradeflows import claims
    >>> claims.load()["O08"].unit
    'USD'
    """
    read = read_ledger(ledger, root, local=local)
    for error in read.errors.values():
        raise error
    return dict(read.claims)


def read_ledger(
    ledger: Path | None = None, root: Path | None = None, *, local: bool = False
) -> Ledger:
    """Read a ledger, of which some claims may be wrong; parameters as :func:`load`.

    Raises
    ------
    LedgerError
        The file cannot be read, or a series in it is wrong.

    Examples
    --------
    >>> from tradeflows import claims
    >>> len(claims.read_ledger().errors)  # claims that are wrong
    0
    """
    root = root or catalogue.root()
    contents = _contents(ledger or path(root))
    project = Tables(root, local)
    figures = project.figures
    series = []
    for name, entry in contents.series.items():
        with at(f"{(ledger or path(root)).name}: series {name}"):
            toml.require_keys(entry, (*KEYS, "release"), ("measure", "release"))
            releases = toml.typed(entry["release"], tuple[ReleaseEntry, ...], "release")
            asked = {key: value for key, value in entry.items() if key != "release"}
            _require_question(asked)
            series.append(bands.parse(asked, {item.name: item.read for item in releases}))
    claims: dict[str, Claim] = {}
    errors: dict[str, LedgerError] = {}
    of_lines: dict[str, list[str]] = {}  # by sentence
    for name, (place, entry) in _entries(ledger, root, contents).items():
        try:
            with at(f"{place}: claim {name}"):
                whole = lines.spelled_out(entry, figures, REASONS, project)
                claims[name] = _claim(name, whole, figures, tuple(series))
                if isinstance(entry.get("asks"), str):
                    claims[name] = replace(claims[name], stands_at=place)
                    of_lines.setdefault(claims[name].statement, []).append(name)
        except LedgerError as error:
            errors[name] = error
    for statement, names in of_lines.items():
        claims |= _minding(statement, {name: claims[name] for name in names})
    return Ledger(claims, errors)


def _minding(statement: str, claims: Mapping[str, Claim]) -> dict[str, Claim]:
    """The claims of the lines of a sentence, the first with what no line asks: it is said once."""
    unsaid = [*wording.unsaid(statement, [part for item in claims.values() for part in item.each])]
    made = {}
    for name, claim in claims.items():
        is_tested = any(part.readings for part in claim.each)
        minds = (*claim.minds, *(unsaid * is_tested))
        unsaid = [] if is_tested else unsaid
        parts = [replace(part, is_derived=True) for part in claim.parts]
        parts[:1] = [replace(part, minds=minds) for part in parts[:1]]
        made[name] = replace(claim, minds=minds, is_derived=True, parts=tuple(parts))
    return made


def as_toml(
    name: str, ledger: Path | None = None, root: Path | None = None, *, local: bool = False
) -> str:
    """A claim as TOML with all that its line stands for, to be kept and edited.

    Raises
    ------
    QueryError
        There is no such claim.
    LedgerError
        Its line is wrong, or as :func:`read_ledger`.

    Examples
    --------
    >>> from tradeflows import claims
    >>> print(claims.as_toml("P01"))
    [claim.P01]
    statement = "A firm in Buryatia ordered 100,000 bulletproof vests from China."
    figure = "P01"
    theme = "protective gear"
    not_tested = "not for statistics"
    """
    root = root or catalogue.root()
    entries = _entries(ledger, root, _contents(ledger or path(root)))
    name = next((each for each in entries if each.casefold() == name.casefold()), name)
    place, entry = named(entries, name)
    project = Tables(root, local)
    with at(f"{place}: claim {name}"):
        whole = lines.spelled_out(entry, project.figures, REASONS, project)
    return "\n".join(_toml(f"claim.{name}", whole)).rstrip()


def _toml(head: str, table: Table) -> Iterator[str]:
    """Lines of a table and, below it, of the parts and readings that it has."""
    yield f"[{head}]"
    below = [key for key in ("part", "reading") if table.get(key)]
    for key, value in table.items():
        if key not in below and value is not False:
            yield f"{key} = {toml_item(value).as_string()}"
    for key in below:
        for item in table[key]:
            yield ""
            yield from _toml(f"[{head.strip('[]')}.{key}]", item)


def _entries(ledger: Path | None, root: Path, contents: FileEntry) -> dict[str, tuple[str, Any]]:
    """Each claim's table and its file; a claim that a line names stands in its place."""
    beside = lines.beside(path(root)) if ledger in (None, path(root)) else []
    ledger = ledger or path(root)
    files = [ledger] if ledger.suffix in lines.SUFFIXES else beside
    of_lines = [line for file in files for line in lines.read(file).items()]
    own = {name: (ledger.name, entry) for name, entry in contents.claim.items()}
    placed: dict[str, tuple[str, Any]] = {}
    for name, (place, entry) in of_lines:
        if name in placed:
            raise LedgerError(f"{place}: {name} stands twice, also in {placed[name][0]}")
        placed[name] = (place, entry) if entry else own.get(name, (place, None))
        if bool(entry) == (name in own):
            there = f"{name} stands in {ledger.name} too" if entry else f"no {name} there"
            rule = f"asks {lines.ELSEWHERE!r}, and has no more"
            error = LedgerError(f"{there}; a line of a claim that the ledger has {rule}")
            placed[name] = place, error
    return {name: item for name, item in own.items() if name not in placed} | placed


def sentences(ledger: Path | None = None, root: Path | None = None) -> list[Sentence]:
    """Sentences of the article in the order of the ledger, each with what answers it.

    Examples
    --------
    >>> from tradeflows import claims
    >>> claims.sentences()[0].claims
    ('A04',)
    """
    ledger = ledger or path(root or catalogue.root())
    with at(f"{ledger.name}: sentence"):
        return [toml.record(Sentence, entry) for entry in _contents(ledger).sentence]


def _contents(ledger: Path) -> FileEntry:
    if ledger.suffix in lines.SUFFIXES or (not ledger.is_file() and lines.beside(ledger)):
        return FileEntry()
    try:
        contents = toml.loads_apart(ledger.read_text(encoding="utf-8"), "claim")
    except OSError as error:
        raise LedgerError(f"{ledger}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise LedgerError(f"{ledger}: {error}; each claim stands once, as [claim.ID]") from error
    version = contents.get("version", VERSION)
    if version != VERSION:
        raise LedgerError(
            f"{ledger}: a ledger of version {version}, and this tradeflows reads version {VERSION}"
        )
    with at(ledger.name):
        with at("claim"):
            toml.require_keys(contents.get("claim", {}))
        return toml.record(FileEntry, contents)


# --- a claim --------------------------------------------------------------------------------------


def _claim(name: str, entry: Any, figures: Table, series: tuple[Series, ...]) -> Claim:
    """A claim as a whole: its one part, or the parts below what they share."""
    _require_finite(entry)
    head = toml.record(ClaimEntry, entry)
    own = [key for key in ("asks", "reading", "not_tested") if key in entry]
    if head.part and own:
        raise LedgerError(f"{', '.join(own)} stands in its parts, or it has no parts")
    if not head.part:
        return _part(name, head, head, entry, figures, series)
    parts = _parts(name, head, entry, figures, series)
    shown = next((part for part in parts if part.cites and not part.superlative), parts[0])
    return replace(
        shown,
        asks=Question(),
        open={},
        open_because="",
        window=head.window or parts[0].window,
        not_tested="",
        readings=(),
        series=None,
        superlative=False,
        words="",
        settles=head.settles,
        parts=parts,
    )


def _parts(
    name: str,
    head: ClaimEntry,
    entry: Table,
    figures: Table,
    series: tuple[Series, ...],
) -> tuple[Claim, ...]:
    """The parts of a claim of several, which have its number unless they have their own."""
    parts = []
    for i, item in enumerate(head.part, 1):
        with at(f"part {i} {item.get('words', '')!r}"):
            toml.require_keys(item, required=("words",))
            shared = {} if {"figure", "claimed"} & item.keys() else entry
            shared = {key: shared[key] for key in ("figure", "claimed") if key in shared}
            table = {**shared, **item}
            parts.append(_part(name, head, toml.record(PartEntry, table), table, figures, series))
    if len(parts) == 1:
        raise LedgerError("one part alone: cut the statement into all its parts, or give it none")
    _require_names("parts", [part.words for part in parts])
    _require_names("readings", [item.name for part in parts for item in part.readings])
    seen: dict[Any, str] = {}
    for part in parts:
        said = (part.asks, part.figure, part.unit, part.qualifier)
        before = seen.setdefault(said, part.words) if part.asks.measure else part.words
        if before != part.words:
            raise LedgerError(f"parts {before!r} and {part.words!r} ask the same: keep one")
    return tuple(parts)


def _part(
    name: str,
    head: ClaimEntry,
    entry: PartEntry,
    table: Table,
    figures: Table,
    series: tuple[Series, ...],
) -> Claim:
    """One part of a claim, or a claim of one part; `head` has what all parts share."""
    stated = _stated(entry, figures)
    cited = _cited(head, entry, table, figures)
    asks = _asks(entry)
    readings = _readings(entry)
    source = entry.source if "source" in table else head.source
    for figure in source:
        lookup("figure", figure, figures)
    ends = stated["low"], stated["high"]
    weight = head.kg_per_unit if entry.kg_per_unit is None else entry.kg_per_unit
    claim = Claim(
        id=name,
        theme=head.theme,
        statement=head.statement,
        figure=stated["value"],
        low=-math.inf,
        high=math.inf,
        unit=stated["unit"],
        qualifier=stated["qualifier"],
        asks=asks,
        open={},
        window=questions.words(asks) if asks.start else cited["window"],
        who=cited["who"],
        where=cited["where"],
        when=cited["when"],
        cites=entry.figure or "",
        readings=readings,
        core=head.core,
        settles=entry.settles or word_list("ledger")["settles"].get(entry.not_tested, ""),
        series=bands.series_of(asks, series) or _releases(entry),
        kg_per_unit=weight,
        source=source,
        **{item.name: getattr(entry, item.name) for item in fields(AsWritten)},
    )
    step = 0.0
    if readings:
        _require_tested(claim, table)
        row = figures[entry.figure] if entry.figure else {}
        _refuse(wording.faults(claim, table, None if None in ends else ends, row))
        step = _printed_to(claim, entry.printed_to, has_ends=ends[0] is not None)
    low, high = _interval(claim, ends, step)
    unit = "percent" if units.sized(claim.unit)[0] == "percent" else claim.unit
    return replace(claim, low=low, high=high, unit=unit, open=_open(entry, claim))


def _releases(entry: PartEntry) -> Series | None:
    """The releases of one number that a claim names itself; none where it does not."""
    with at("releases"):
        return bands.parse(entry.asks, entry.releases) if entry.releases else None


def _require_finite(value: Any) -> None:
    """Refuse a number that is none, wherever it stands."""
    if isinstance(value, float) and not math.isfinite(value):
        raise LedgerError(f"{value} is no number that a claim or a measure may have")
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            _require_finite(item)


def _readings(entry: PartEntry) -> tuple[Reading, ...]:
    readings = tuple(map(_reading, entry.reading))
    _require_names("readings", [item.name for item in readings])
    if bool(readings) == bool(entry.not_tested):
        raise LedgerError("needs either readings, or not_tested, why there are none")
    if entry.not_tested:
        lookup("word for not_tested", entry.not_tested, REASONS)
    return readings


def _refuse(faults: Iterable[str]) -> None:
    for fault in faults:
        raise LedgerError(fault)


def _require_tested(claim: Claim, table: Table) -> None:
    """Refuse a part with readings that lacks what the rule needs."""
    if claim.figure is None:
        raise LedgerError("has readings but no figure for them to agree with")
    asked = {key: text for key, text in vars(claim.asks).items() if text}
    with at("asks"):
        toml.require_keys(asked, required=("measure", "start", "end"))
    _require_reasons(table, ("printed_because", "open_because"))


def _require_reasons(table: Table, keys: Iterable[str]) -> None:
    """Refuse a reason that says nothing: it is printed beside the number."""
    for key in keys:
        words = re.findall(r"\w+", toml.typed(table.get(key, ""), str, key))
        if key in table and len(words) < FEWEST_WORDS:
            raise LedgerError(f"{key} is {table[key]!r}, and its reader needs a reason in words")


def _stated(entry: PartEntry, figures: Table) -> dict[str, Any]:
    """The claimed number with its ends, unit and qualifier."""
    if (entry.figure is None) == (entry.claimed is None):
        raise LedgerError("needs either figure, an id in the table figures, or claimed")
    if entry.figure is not None:
        row = lookup("figure", entry.figure, figures)
        stated = {key: row[key] for key in ("value", "unit", "qualifier", "low", "high")}
    else:
        with at("claimed"):
            stated = _claimed(entry.claimed or {})
    if stated["qualifier"] not in contracts.QUALIFIERS:
        allowed = " ".join(contracts.QUALIFIERS)
        raise LedgerError(f"no qualifier {stated['qualifier']!r}; there are {allowed}")
    for key in ("value", "low", "high"):
        number = stated[key]
        stated[key] = None if number is None or math.isnan(number) else float(number)
    return stated


def _claimed(table: Table) -> dict[str, Any]:
    """A claimed number of which no row of the table figures is; a month is counted from year 0."""
    toml.require_keys(table, CLAIMED)
    claimed = {**CLAIMED, **table}
    for key in ("unit", "qualifier"):
        toml.typed(claimed[key], str, key)
    is_month = claimed["unit"] == units.MONTH
    for key in {"value", "low", "high"} & table.keys():
        value = toml.typed(table[key], str if is_month else float, key)
        first, after = span(value) if is_month else (value, value + 1)
        if is_month and after - first != 1:
            raise LedgerError(f"{value!r} is no month; write it as 2022-03")
        claimed[key] = float(first)
    value, low, high = claimed["value"], claimed["low"], claimed["high"]
    if (low is None) != (high is None) or (low is not None and low > high):
        raise LedgerError("needs low and high, the lower first, or neither")
    if None not in (value, low) and not low <= value <= high:
        raise LedgerError("low to high must hold the value")
    return claimed


def _cited(head: ClaimEntry, entry: PartEntry, table: Table, figures: Table) -> dict[str, str]:
    """Who printed it, where, for which window; of a part in words as the number of its claim."""
    name = entry.figure or head.figure
    row = lookup("figure", name, figures) if name else {}
    cited = {
        "window": head.window or row.get("window_text", ""),
        "who": head.who or row.get("publisher", ""),
        "where": head.where or row.get("address", ""),
    }
    if entry.asks.get("start") or "words" in table:
        cited["window"] = cited["window"] or "asked"
    toml.require_keys({key: text for key, text in cited.items() if text}, required=cited)
    first, _, last = BETWEEN.sub(" to ", cited["window"]).partition(" to ")
    return cited | {
        "when": row.get("published") or "",
        "window": "" if entry.asks.get("start") else window_in_words(first, last or first),
    }


def _printed_to(claim: Claim, step: float | None, *, has_ends: bool) -> float:
    """The step of a claimed number: as its sentence prints it, or another one with its reason."""
    value = claim.figure or 0.0
    if claim.qualifier not in ("=", "~") or claim.unit in EXACT:
        if step:
            raise LedgerError("printed_to is of a number in print, and this has none")
        return 0.0
    steps = (
        open_words.printed_step(text, value, claim.unit, is_about=claim.qualifier == "~")
        for text in (claim.words, claim.statement)
    )
    printed = next(filter(None, steps), 0.0)
    if step is not None:
        has_reason = bool(claim.printed_because)
        _refuse(wording.of_step(step, printed, value, has_reason=has_reason))
        return step
    if printed or has_ends:
        return printed
    raise LedgerError(
        f"its words do not print {full_number(value)} {claim.unit}, so it lacks printed_to, the "
        "step to which the figure was printed, and printed_because"
    )


def _interval(claim: Claim, ends: Sequence[float | None], step: float) -> tuple[float, float]:
    """Lowest and highest number that a printed figure may stand for."""
    value, (low, high) = claim.figure, ends
    if value is None:
        return -math.inf, math.inf
    if low is not None and high is not None:
        if not low <= value <= high:
            raise LedgerError("its figure's low to high must hold the value")
        return low, high
    known = range_of(value, claim.qualifier)
    if known.low < known.high:
        return known.low, known.high
    texts = (claim.words, claim.statement)
    if claim.printed_because in (wording.IN_WORDS, wording.IN_PARTS):
        # What nearly doubled did not quite.
        if any(map(sentence.pattern("nearly_so").search, texts)):
            low, high = sorted((value, value - math.copysign(step, value)))
            return low, high
        return value - step / 2, value + step / 2
    numbers = (item for text in texts for item in open_words.numbers_in(text))
    said = next((item for item in numbers if item.means(value, claim.unit)), None)
    if not (said and said.said == "nearly"):
        return value - step / 2, value + step / 2
    plain = said.step(value, claim.unit)  # at the number, or a little below
    return value - max(step / 2, plain), value + plain / 2


def _asks(entry: PartEntry) -> Question:
    """What a claim asks; a change has a base too, before its window and as long for an amount."""
    with at("asks"):
        _require_question(entry.asks)
        asks = questions.question(entry.asks)
        if asks.measure.startswith(wording.CHANGES) and not asks.base:
            raise LedgerError("lacks base, with which a growth or a change compares")
        if not (asks.base and asks.start):
            return asks
        first, _, last = asks.base.partition("..")
        if first >= asks.start:
            raise LedgerError(f"the base {asks.base} comes after {asks.start}")
        if last >= asks.start:
            raise LedgerError(f"the base {asks.base} overlaps the window from {asks.start} on")
        amount = asks.measure.removeprefix("growth of ").removeprefix("change of ")
        own = len(questions.months_of(asks.start, asks.end))
        before = len(questions.months_of(first, last))
        if amount in questions.AMOUNTS and own != before and not entry.superlative:
            raise LedgerError(
                f"{own} months are compared with {before}: an amount is compared over windows of "
                "one length"
            )
    return asks


def _require_question(table: Table) -> None:
    toml.require_keys(table, KEYS)
    for key, value in table.items():
        toml.typed(value, str if key in SINGLE else Texts, key)


def _open(entry: PartEntry, claim: Claim) -> dict[str, tuple[str, ...]]:
    """What the words leave open: by the table, and what the claim adds or takes off, with why."""
    asks, own = claim.asks, entry.open
    with at("open"):
        toml.require_keys(own, KEYS)
        for key, values in own.items():
            toml.typed(values, Texts, key)
    if own and not claim.open_because:
        raise LedgerError("open needs open_because, since the table of open words does not have it")
    if not claim.open_because:
        faults = wording.of_measure(claim.text, asks)
        _refuse(f"asks: {fault}; open_because says why not" for fault in faults)
    admitted = open_words.left_open(claim.text, asks)
    for key, values in own.items():
        if values == NONE:
            admitted.pop(key, None)
            continue
        with at("open"):
            if isinstance(values, str):
                raise LedgerError(f'{key} must be a list, or "{NONE}"')
            forms = [questions.normal(key, value, asks.measure) for value in values]
        admitted[key] = tuple(form for form in forms if form != getattr(asks, key))
    if own:
        _refuse(wording.of_admitted(claim.text, asks, {key: admitted.get(key, ()) for key in own}))
    return admitted


# --- a reading ------------------------------------------------------------------------------------


def _require_names(kind: str, names: Sequence[str]) -> None:
    """Refuse two of one name; capitals and spaces do not part them."""
    plain = [" ".join(name.split()).casefold() for name in names]
    repeated = [name for name, text in zip(names, plain, strict=True) if plain.count(text) > 1]
    if repeated:
        raise LedgerError(f"two {kind} are called {min(repeated)!r}")


def _reading(entry: Table) -> Reading:
    name, is_made = entry.get("name", ""), "combine" in entry
    with at(f"reading {name!r}"):
        keys = ("name", "terms") if is_made else ("name", "read", "result")
        toml.require_keys(entry, required=keys)
        _require_reasons(entry, ("rest", "doubt"))
        terms = entry.get("terms", []) if is_made else []
        if is_made:
            how = toml.typed(entry["combine"], str, "combine")
            lookup("combine", how, dict.fromkeys(COMBINATIONS))
            stray = {"read", "steps", "other", "other_steps", "also", "result"} & entry.keys()
            if stray:
                raise LedgerError(f"{', '.join(sorted(stray))} stands in its terms")
            if not isinstance(terms, list) or not 2 <= len(terms) <= MOST_TERMS:
                raise LedgerError(f"combine needs two terms or more, and {MOST_TERMS} at most")
        elif {"terms", "unit"} & entry.keys():
            raise LedgerError("terms and unit go with combine")
        numbered = enumerate(terms, 1)
        made: dict[str, Any] = {
            "terms": tuple(_second(f"term {i}", x, TERM, ("read", "result")) for i, x in numbered)
        }
        if "also" in entry:
            made["also"] = _second("also", entry["also"], SECOND, ("read",))
        return _asked({key: value for key, value in entry.items() if key not in made}, **made)


def _second(name: str, entry: Any, keys: Sequence[str], required: Sequence[str]) -> Reading:
    """A question within a reading, which goes by its place."""
    with at(name):
        toml.require_keys(entry, keys, required)
        return _asked(entry, name=name)


def _asked(entry: Table, **given: Any) -> Reading:
    """A reading of its table, with measures that are known and take what they are given."""
    several = (
        toml.typed(entry.get(key, []), Sequence[Any], key) for key in ("steps", "other_steps")
    )
    for step in chain(*several):
        if not isinstance(step, list) or [type(part) for part in step] != [str, dict]:
            raise LedgerError(
                "a step is a measure with its arguments, such as "
                f'["total", {{ value = "qty" }}], not {step!r}'
            )
    own = dict(entry)
    other, steps = own.pop("other", {}), own.pop("other_steps", [])
    if other:
        given["other"] = _asked({"read": other, "steps": steps}, name="other")
    reading = toml.record(Reading, own, **given)
    if reading.at_most and reading.at_least:
        raise LedgerError("is at_most and at_least: a bound is of one side")
    for key in {"start", "end", "as_of"} & reading.read.keys():
        toml.typed(reading.read[key], str, key)
    toml.typed(reading.read, Filters, "read")
    for name, arguments in reading.steps:
        _require_step(name, arguments)
    return reading


def _require_step(name: str, arguments: Table) -> None:
    """Refuse a measure that is unknown, or takes other arguments."""
    if name == "scale":
        raise LedgerError("scale is for charts: a claim has its unit in `claimed`")
    options = inspect.signature(lookup("measure", name, every_measure())).parameters
    takes = {key: x for key, x in options.items() if "DataFrame" not in str(x.annotation)}
    with at(name):
        needed = [key for key, option in takes.items() if option.default is option.empty]
        toml.require_keys(arguments, takes, needed)
        for key, value in arguments.items():
            toml.typed(value, takes[key].annotation, key)
    barrels = arguments.get("barrels_per_tonne", BARRELS_PER_TONNE)
    if barrels != BARRELS_PER_TONNE:
        raise LedgerError(
            f"{barrels:g} barrels a tonne: every claim counts {BARRELS_PER_TONNE}, so that nobody "
            "turns it by the weight of a barrel"
        )


@cache
def every_measure() -> dict[str, Any]:
    """The functions of :mod:`tradeflows.measures` that take one frame or two, by name."""
    return {
        name: member
        for name, member in vars(measures).items()
        if inspect.isfunction(member) and not name.startswith("_") and name != "stack"
    }


def lookup(what: str, word: str, among: Table, error: type[TradeflowsError] = LedgerError) -> Any:
    """What is called `word` among those of a kind, or an error with the nearest name."""
    if word not in among:
        raise error(f"no {what} {word!r}{near(word, among)}")
    return among[word]


def named(claims: Ledger | Table, name: str) -> Any:
    """What is called `name` in a ledger or among claims, whatever its letters' case.

    Raises
    ------
    QueryError
        There is none; the message has the nearest name.
    LedgerError
        The claim is wrong.

    Examples
    --------
    >>> from tradeflows import claims
    >>> claims.named(claims.load(), "o08").theme
    'energy'
    """
    known = {**claims.errors, **claims.claims} if isinstance(claims, Ledger) else claims
    folded = {each.casefold(): each for each in known}
    found = known.get(name, known.get(folded.get(name.casefold(), ""), None))
    if isinstance(found, LedgerError):
        raise found
    if found is None:
        hint = (
            near(name, known) if nearest(name, known) else "; `tradeflows claims --all` lists them"
        )
        raise QueryError(f"the ledger: no claim {name!r}{hint}")
    return found


def of_theme(claims: Mapping[str, Claim], theme: str | None) -> dict[str, Claim]:
    """The claims of a theme, or all where none is named.

    Raises
    ------
    QueryError
        There is no such theme; the message has the nearest.

    Examples
    --------
    >>> from tradeflows import claims
    >>> list(claims.of_theme(claims.load(), "shipping"))
    ['O13', 'O14', 'O15', 'O16']
    """
    if theme is None:
        return dict(claims)
    lookup("theme", theme, dict.fromkeys(claim.theme for claim in claims.values()), QueryError)
    return {name: claim for name, claim in claims.items() if claim.theme == theme}
