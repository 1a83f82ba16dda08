"""The ledger read from its file: claims, what they ask, their readings."""

from __future__ import annotations

import inspect
import math
import re
import reprlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, TypedDict, get_args, get_origin, get_type_hints

from tradeflows import measures, tables
from tradeflows.claims import bands, open_words, questions, wording
from tradeflows.claims.bands import Series
from tradeflows.claims.verdict_rule import KEYS, Question, Range
from tradeflows.claims.verdict_rule import interval as range_of
from tradeflows.measures.scaling import BARRELS_PER_TONNE
from tradeflows.model import contracts, toml, units
from tradeflows.model.errors import LedgerError, QueryError, TradeflowsError, near
from tradeflows.model.lineage import full_number
from tradeflows.model.periods import span, window_in_words
from tradeflows.retrieval import catalogue

VERSION = 3  # of the ledger's format
# Why nothing held here tests a part of a claim.
NOT_PUBLIC, NOT_LOOKED_UP = "not public", "public, not looked up yet"
NOT_FOR_STATISTICS = "not for statistics"
REASONS = {
    NOT_PUBLIC: "the records behind it are not public",
    NOT_LOOKED_UP: "public statistics could tell, but not those held here",
    NOT_FOR_STATISTICS: "it is about a use, a motive or one firm's records, which trade has not",
}
SETTLES = {
    NOT_PUBLIC: "records that are not public",
    NOT_LOOKED_UP: "public statistics that are not held here",
    NOT_FOR_STATISTICS: "records that are no trade statistics",
}
NONE = "none"  # of a key that the table of open words leaves open and a claim does not
COMBINATIONS = ("share", "growth", "difference", "sum", "ratio")
BETWEEN = re.compile(r"\.\.|(?<=^\d{4})-(?=\d{4}$)")  # of two ends of a window
MOST_TERMS = 10  # of what is combined
EXACT = (units.MONTH, units.RANK, units.COUNT)  # units whose figures are printed in full
CORE, ANNEX, FOLDED = "core", "annex", "folded"  # the parts of the ledger


@dataclass(frozen=True)
class Reading:
    """One way to read a claim: what to ask, what to measure, which column has the number.

    Attributes
    ----------
    read
        Filters of :func:`tradeflows.read`, with ``table`` where it is not trade.
    other
        Filters likewise: the second frame of a measure that compares two.
    also
        A second question whose rows are laid below those of `read` before the steps, with steps of
        its own: two offices that state one flow in two currencies, say.
    steps
        Measures with their arguments, applied one after the other.
    other_steps
        Measures with their arguments, applied to `other` one after the other.
    result
        Column of the last frame, which must have one row, or rows of one value.
    combine, terms, unit
        In place of a question of its own: what is made of several numbers, each by a reading of its
        own, and the unit that a sum or a difference comes to.
    keys
        Keys of its question that do not follow from `read` and `steps`.
    at_most
        Whether the claimed figure can be no larger than the result.
    at_least
        Whether the claimed figure can be no smaller than the result.
    rest
        Why the goods or rivals that it leaves out cannot turn it.
    doubt
        Why its number is no finding, where that is known.
    beside
        Whether it is said beside the verdict, which does not rest on it alone.
    """

    name: str
    read: Mapping[str, Any] = field(default_factory=dict)
    result: str = ""
    steps: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    other: Mapping[str, Any] = field(default_factory=dict)
    other_steps: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    also: Reading | None = None
    combine: str = ""
    terms: tuple[Reading, ...] = ()
    unit: str = ""
    keys: Mapping[str, Any] = field(default_factory=dict)
    at_most: bool = False
    at_least: bool = False
    rest: str = ""
    doubt: str = ""
    beside: bool = False


@dataclass(frozen=True)
class Claim:
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
    not_tested: str
    cites: str
    readings: tuple[Reading, ...]
    core: bool = False
    settles: str = ""
    series: Series | None = None
    kg_per_unit: float | None = None
    printed_because: str = ""
    open_because: str = ""
    source: tuple[str, ...] = ()
    superlative: bool = False
    span: str = ""
    words: str = ""
    parts: tuple[Claim, ...] = ()

    @property
    def place(self) -> str:
        """The part of the ledger that it stands in: core, annex or folded."""
        if self.core:
            return CORE
        is_tested = self.readings or any(part.readings for part in self.parts)
        return ANNEX if is_tested else FOLDED

    @property
    def range(self) -> Range:
        """All numbers that the printed figure may stand for."""
        return Range(self.low, self.high, self.qualifier == ">", self.qualifier == "<")


# --- the keys of each table, with what stands under them ------------------------------------------


class LedgerEntry(TypedDict):
    """The file as a whole."""

    version: int
    claim: dict[str, Any]
    series: dict[str, Any]
    sentence: list[Any]


class PartEntry(TypedDict):
    """``[[claim.ID.part]]``; a claim of one part has these keys itself."""

    words: str
    figure: str
    claimed: dict[str, Any]
    printed_to: float
    printed_because: str
    kg_per_unit: float
    asks: dict[str, Any]
    open: dict[str, Any]
    open_because: str
    source: list[str]
    superlative: bool
    span: str
    not_tested: str
    settles: str
    reading: list[Any]


class ClaimEntry(PartEntry):
    """``[claim.ID]``."""

    theme: str
    statement: str
    core: bool
    window: str
    who: str
    where: str
    part: list[Any]


class ClaimedEntry(TypedDict):
    """The number of a claim that no row of the table figures has."""

    value: float
    unit: str
    qualifier: str
    low: float
    high: float


class ClaimedMonthEntry(TypedDict):
    """The month of a claim, such as 2022-03."""

    value: str
    unit: str
    qualifier: str
    low: str
    high: str


class QuestionEntry(TypedDict):
    """What a claim asks."""

    goods: str | list[str]
    reporter: str | list[str]
    partner: str | list[str]
    flow: str | list[str]
    route: str
    measure: str
    start: str
    end: str
    base: str | list[str]


class SeriesEntry(QuestionEntry):
    """``[series.NAME]``."""

    release: list[Any]


class ReleaseEntry(TypedDict):
    """``[[series.NAME.release]]``."""

    name: str
    read: dict[str, Any]


class SentenceEntry(TypedDict):
    """``[[sentence]]``."""

    words: str
    claims: list[str]
    notebook: str
    judgement: bool


class AlsoEntry(TypedDict):
    """A second question of a reading."""

    read: dict[str, Any]
    steps: list[Any]
    other: dict[str, Any]
    other_steps: list[Any]


class TermEntry(AlsoEntry):
    """One number of several that a reading combines."""

    result: str
    at_most: bool
    at_least: bool


class ReadingEntry(TermEntry):
    """``[[claim.ID.reading]]``."""

    name: str
    also: dict[str, Any]
    combine: str
    terms: list[Any]
    unit: str
    keys: dict[str, Any]
    rest: str
    doubt: str
    beside: bool


OPEN_KEYS = dict.fromkeys(KEYS, list | str)
RETIRED = {  # keys of older ledgers
    "reason": "is `not_tested` now",
    "keep": "is gone: ask for the rows by `read`",
    "scale": "is gone: say what is made of several numbers by `combine`",
    "per": "is gone, as `scale` is",
}
# What TOML gives where a parameter of a measure takes one of these, and how to say so.
KINDS: dict[Any, tuple[Any, str]] = {
    str: (str, "a text"),
    bool: (bool, "true or false"),
    int: (int, "a whole number"),
    float: ((int, float), "a number"),
    list: (list, "a list"),
    dict: (dict, "a table of keys"),
    tuple: (list, "a pair"),
    Sequence: (list, "a list"),
    Iterable: (list, "a list"),
    Mapping: (dict, "a table of keys"),
}


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
        return path(root).is_file()
    _contents(ledger)
    return True


@dataclass(frozen=True)
class Ledger:
    """A ledger as read: its claims, and what is wrong with the others, both by id."""

    claims: Mapping[str, Claim]
    errors: Mapping[str, LedgerError]


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
    ledger = ledger or path(root)
    contents = _contents(ledger)
    figures = {row["id"]: row for row in published(root, local)}
    series = tuple(
        _series(f"{ledger.name}: series {name}", entry)
        for name, entry in contents.get("series", {}).items()
    )
    claims: dict[str, Claim] = {}
    errors: dict[str, LedgerError] = {}
    for name, entry in contents.get("claim", {}).items():
        try:
            if isinstance(entry, ValueError):  # no TOML by itself
                raise LedgerError(f"{ledger.name}: claim {name}: {entry}") from entry
            claims[name] = _claim(f"{ledger.name}: claim {name}", name, entry, figures, series)
        except LedgerError as error:
            errors[name] = error
    return Ledger(claims, errors)


def sentences(ledger: Path | None = None, root: Path | None = None) -> list[Sentence]:
    """Sentences of the article in the order of the ledger, each with what answers it.

    Examples
    --------
    >>> from tradeflows import claims
    >>> claims.sentences()[0].claims
    ('A04',)
    """
    root = root or catalogue.root()
    ledger = ledger or path(root)
    listed = _contents(ledger).get("sentence", [])
    for entry in listed:
        _known(f"{ledger.name}: sentence", entry, _keys(SentenceEntry))
    return [Sentence(**entry | {"claims": tuple(entry.get("claims", ()))}) for entry in listed]


@dataclass(frozen=True)
class Sentence:
    """A sentence of the article in our words, and what answers it.

    It has claims of the ledger, a notebook, or is a judgement on which trade has nothing to say.
    """

    words: str
    claims: tuple[str, ...] = ()
    notebook: str = ""
    judgement: bool = False


def _contents(ledger: Path) -> dict[str, Any]:
    try:
        contents = toml.loads_apart(ledger.read_text(encoding="utf-8"), "claim")
    except OSError as error:
        raise LedgerError(f"{ledger}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise LedgerError(f"{ledger}: {error}; each claim stands once, as [claim.ID]") from error
    version = contents.get("version", 2 if _is_old(contents) else VERSION)
    if version != VERSION:
        raise LedgerError(
            f"{ledger}: a ledger of version {version}, and this tradeflows reads version "
            f"{VERSION}: run `tradeflows migrate {ledger.as_posix()}`"
        )
    _known(ledger.name, contents, _keys(LedgerEntry))
    return contents


def _is_old(contents: Mapping[str, Any]) -> bool:
    """Whether a ledger that states no version has the keys of an older one."""
    listed = contents.get("claim", {})
    claims = list(listed.values()) if isinstance(listed, dict) else []
    entries = [entry for entry in claims if isinstance(entry, dict)]
    entries += [item for entry in entries for item in entry.get("reading", ())]
    return any(key in entry for entry in entries if isinstance(entry, dict) for key in RETIRED)


def published(root: Path, local: bool) -> list[dict[str, Any]]:
    """All published figures but those of superseded releases; none where the project has none."""
    asked = tables.question("figures", root=root, local=local)
    rows = asked.matching()
    figures: list[dict[str, Any]] = rows.filter(asked.stands(rows)).to_pylist()
    return figures


def _series(where: str, entry: Any) -> Series:
    _known(where, entry, _keys(SeriesEntry))
    _required(where, entry, ("measure", "release"))
    for release in entry["release"]:
        _known(f"{where}, release", release, _keys(ReleaseEntry))
        _required(f"{where}, release", release, ("name", "read"))
    return bands.parse(where, entry)


def _claim(
    where: str,
    name: str,
    entry: Any,
    figures: Mapping[str, Any],
    series: tuple[Series, ...],
) -> Claim:
    """A claim as a whole: its one part, or the parts below what they share."""
    _known(where, entry, _keys(ClaimEntry))
    _required(where, entry, ("theme", "statement"))
    listed = entry.get("part", [])
    own = [key for key in ("asks", "reading", "not_tested") if key in entry]
    if listed and own:
        raise LedgerError(f"{where}: {', '.join(own)} stands in its parts, or it has no parts")
    if not listed:
        return _part(where, name, entry, entry, figures, series)
    parts = tuple(
        _part_of_several(f"{where}, part {i}", name, entry, part, figures, series)
        for i, part in enumerate(listed, 1)
    )
    if len(parts) == 1:
        raise LedgerError(
            f"{where}: one part alone: cut the statement into all its parts, or give it none"
        )
    _require_names(f"{where}, parts", parts, "words")
    wording.require_apart(
        where,
        [(part.words, part.asks, (part.figure, part.unit, part.qualifier)) for part in parts],
    )
    _require_names(where, [reading for part in parts for reading in part.readings])
    shown = next((part for part in parts if part.cites and not part.superlative), parts[0])
    return replace(
        shown,
        asks=Question(),
        open={},
        open_because="",
        window=entry.get("window") or parts[0].window,
        not_tested="",
        readings=(),
        series=None,
        superlative=False,
        words="",
        settles=entry.get("settles", ""),
        parts=parts,
    )


def _part_of_several(
    where: str,
    name: str,
    head: Mapping[str, Any],
    entry: Any,
    figures: Mapping[str, Any],
    series: tuple[Series, ...],
) -> Claim:
    """One of several parts, which has the number of its claim unless it has its own."""
    _known(where, entry, _keys(PartEntry))
    _required(where, entry, ("words",))
    own = {"figure", "claimed"}
    shared = {} if own & entry.keys() else {key: head[key] for key in own & head.keys()}
    where = f"{where} {entry['words']!r}"
    return _part(where, name, head, {**shared, **entry}, figures, series)


def _part(
    where: str,
    name: str,
    head: Mapping[str, Any],
    entry: Mapping[str, Any],
    figures: Mapping[str, Any],
    series: tuple[Series, ...],
) -> Claim:
    """One part of a claim, or a claim of one part; `head` has what all parts share."""
    stated, cited = _stated(where, head, entry, figures)
    value = stated["value"]
    value = None if value is None or math.isnan(value) else float(value)
    words = str(entry.get("words", ""))
    text = words or head["statement"]
    asks = _asks(where, entry)
    readings = _readings(where, entry)
    not_tested = _not_tested(where, entry, readings)
    source = tuple(entry.get("source", head.get("source", ())))
    for figure in source:
        lookup(where, "figure", figure, figures)
    step = 0.0
    if readings:
        _testable(where, asks, value)
        _require_its_words(where, head, entry, stated, asks)
        step = _printed_to(where, head["statement"], entry, stated, value)
        wording.require_own_window(where, figures.get(entry.get("figure", ""), {}), asks)
    low, high = interval(where, value, stated, step)
    window = questions.words(asks) if asks.start else _window(cited["window"])
    return Claim(
        id=name,
        theme=head["theme"],
        statement=head["statement"],
        figure=value,
        low=low,
        high=high,
        unit="percent" if units.sized(stated["unit"])[0] == "percent" else stated["unit"],
        qualifier=stated["qualifier"],
        asks=asks,
        open=_open(where, entry, text, asks),
        window=window,
        who=cited["who"],
        where=cited["where"],
        not_tested=not_tested,
        cites=entry.get("figure", ""),
        readings=readings,
        core=head.get("core", False),
        settles=entry.get("settles", SETTLES.get(not_tested, "")),
        series=bands.series_of(asks, series),
        kg_per_unit=entry.get("kg_per_unit", head.get("kg_per_unit")),
        printed_because=entry.get("printed_because", ""),
        open_because=entry.get("open_because", ""),
        source=source,
        superlative=entry.get("superlative", False),
        span=entry.get("span", ""),
        words=words,
    )


REASONED = ("printed_because", "open_because")  # keys that say why, to a reader


def _require_its_words(
    where: str,
    head: Mapping[str, Any],
    entry: Mapping[str, Any],
    stated: Mapping[str, Any],
    asks: Question,
) -> None:
    """Refuse a part with readings of which the ledger says something else than its words."""
    wording.require_reasons(where, entry, REASONED)
    words, value = str(entry.get("words", "")), stated["value"]
    texts = [text for text in (words, head["statement"]) if text]
    if "words" in entry:
        wording.require_words(where, head["statement"], words)
    wording.require_record(where, texts[0], is_superlative=bool(entry.get("superlative")))
    wording.require_sign(where, texts, value, stated["qualifier"], asks.measure)
    if value and stated["unit"] in EXACT:
        wording.require_exact(where, texts[0], value, stated["unit"])
    elif value:
        because = entry.get("printed_because", "")
        wording.require_number(where, texts, value, stated, because)
    wording.require_asked(where, texts[0], asks)
    weight = {**head, **entry}.get("kg_per_unit")
    if weight is not None:
        wording.require_weight(where, stated["unit"], weight)


def _stated(
    where: str, head: Mapping[str, Any], entry: Mapping[str, Any], figures: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The claimed number with its unit and qualifier, and who printed it where for which window."""
    if ("figure" in entry) == ("claimed" in entry):
        raise LedgerError(f"{where}: needs either figure, an id in the table figures, or claimed")
    cited: dict[str, str] = {}
    if "figure" in entry:
        row = lookup(where, "figure", entry["figure"], figures)
        stated = {key: row[key] for key in ("value", "unit", "qualifier", "low", "high")}
    else:
        stated = {"value": None, "unit": "", "qualifier": "=", **_claimed(where, entry["claimed"])}
    source = entry.get("figure", head.get("figure"))
    if source is not None:  # of a part that is told in words the number of its claim is cited
        row = lookup(where, "figure", source, figures)
        cited = {"window": row["window_text"], "who": row["publisher"], "where": row["address"]}
    cited = {key: head.get(key, cited.get(key, "")) for key in ("window", "who", "where")}
    if entry.get("asks", {}).get("start") or "words" in entry:
        cited["window"] = cited["window"] or "asked"
    _required(where, {key: text for key, text in cited.items() if text}, tuple(cited))
    if stated["qualifier"] not in contracts.QUALIFIERS:
        allowed = " ".join(contracts.QUALIFIERS)
        raise LedgerError(f"{where}: no qualifier {stated['qualifier']!r}; there are {allowed}")
    return stated, cited


def _claimed(where: str, claimed: Any) -> Mapping[str, Any]:
    is_month = isinstance(claimed, dict) and claimed.get("unit") == units.MONTH
    entry = ClaimedMonthEntry if is_month else ClaimedEntry
    _known(f"{where}, claimed", claimed, _keys(entry))
    ends = {"low", "high"} & claimed.keys()
    if ends and (len(ends) == 1 or claimed["low"] > claimed["high"]):
        raise LedgerError(f"{where}, claimed: needs low and high, the lower first, or neither")
    if ends and "value" in claimed and not claimed["low"] <= claimed["value"] <= claimed["high"]:
        raise LedgerError(f"{where}, claimed: low to high must hold the value")
    if not is_month:
        return dict(claimed)
    months = {key: _month(where, claimed[key]) for key in {"value", "low", "high"} & set(claimed)}
    return {**claimed, **months}


def _month(where: str, text: str) -> float:
    """A month of a claim, counted from year 0."""
    try:
        first, after = span(text)
    except QueryError as error:
        raise LedgerError(f"{where}, claimed: {error}") from error
    if after - first != 1:
        raise LedgerError(f"{where}, claimed: {text!r} is no month; write it as 2022-03")
    return float(first)


def _window(text: str) -> str:
    """A window as it was transcribed, 2022-01 to 2022-05 or 2022-2023, in words."""
    first, _, last = BETWEEN.sub(" to ", text).partition(" to ")
    return window_in_words(first, last or first)


def _printed_to(
    where: str,
    statement: str,
    entry: Mapping[str, Any],
    stated: Mapping[str, Any],
    value: float | None,
) -> float:
    """The step of a claimed number: as its sentence prints it, or another one with its reason."""
    step = float(entry.get("printed_to", 0.0))
    is_point = stated["qualifier"] in ("=", "~") and stated["unit"] not in EXACT
    if value is None or not is_point:
        if step:
            raise LedgerError(f"{where}: printed_to is of a number in print, and this has none")
        return 0.0
    printed = _step_in_words(statement, entry, stated, value)
    if "printed_to" in entry:
        _require_step(where, entry, step, printed, value)
        return step
    low = stated.get("low")
    if printed or (low is not None and not math.isnan(low)):
        return printed
    raise LedgerError(
        f"{where}: its words do not print {full_number(value)} {stated['unit']}, so it lacks "
        "printed_to, the step to which the figure was printed, and printed_because"
    )


def _step_in_words(
    statement: str, entry: Mapping[str, Any], stated: Mapping[str, Any], value: float
) -> float:
    """The step to which the words of a part, or else the statement, print its number; or 0."""
    is_about = stated["qualifier"] == "~"
    steps = (
        open_words.printed_step(text, value, stated["unit"], is_about=is_about)
        for text in (str(entry.get("words", "")), statement)
    )
    return next(filter(None, steps), 0.0)


def _require_step(
    where: str, entry: Mapping[str, Any], step: float, printed: float, value: float
) -> None:
    """Refuse a step beyond the figure, and one that differs from print without a reason."""
    wording.require_step(where, step, printed, value)
    if not math.isclose(step, printed) and not entry.get("printed_because"):
        as_printed = f"its words print it to {printed:g}" if printed else "its words lack it"
        raise LedgerError(
            f"{where}: printed_to is {step:g} and {as_printed}: leave it out, or say why in "
            "printed_because"
        )


def _asks(where: str, entry: Mapping[str, Any]) -> Question:
    """What a claim asks; a change has a base too."""
    asked = entry.get("asks", {})
    _known(f"{where}, asks", asked, _keys(QuestionEntry))
    _known(f"{where}, open", entry.get("open", {}), OPEN_KEYS)
    try:
        asks = questions.question(asked)
    except QueryError as error:
        raise LedgerError(f"{where}, asks: {error}") from error
    if asks.measure.startswith(wording.CHANGES) and not asks.base:
        raise LedgerError(f"{where}, asks: lacks base, with which a growth or a change compares")
    if asks.base and asks.start:
        _require_base(f"{where}, asks", asks, is_superlative=bool(entry.get("superlative")))
    return asks


def _require_base(where: str, asks: Question, *, is_superlative: bool) -> None:
    """Refuse a base that is not before its window, or of another length where amounts are asked."""
    first, _, last = asks.base.partition("..")
    if first >= asks.start:
        raise LedgerError(f"{where}: the base {asks.base} comes after {asks.start}")
    if last >= asks.start:
        raise LedgerError(f"{where}: the base {asks.base} overlaps the window from {asks.start} on")
    amount = asks.measure.removeprefix("growth of ").removeprefix("change of ")
    lengths = [len(questions.months_of(*ends)) for ends in ((asks.start, asks.end), (first, last))]
    if amount in questions.AMOUNTS and lengths[0] != lengths[1] and not is_superlative:
        raise LedgerError(
            f"{where}: {lengths[0]} months are compared with {lengths[1]}: an amount is compared "
            "over windows of one length"
        )


def _open(
    where: str, entry: Mapping[str, Any], text: str, asks: Question
) -> dict[str, tuple[str, ...]]:
    """What the words leave open: by the table, and what the claim adds or takes off, with why."""
    own = entry.get("open", {})
    if own and not entry.get("open_because"):
        raise LedgerError(
            f"{where}: open needs open_because, since the table of open words does not have it; "
            "`tradeflows migrate` brings an older ledger over"
        )
    if not entry.get("open_because"):
        _require_measure(where, text, asks)
    admitted = open_words.left_open(text, asks)
    for key, values in own.items():
        if values == NONE:
            admitted.pop(key, None)
            continue
        if isinstance(values, str):
            raise LedgerError(f'{where}, open: {key} must be a list, or "{NONE}"')
        try:
            forms = [questions.normal(key, value, asks.measure) for value in values]
        except QueryError as error:
            raise LedgerError(f"{where}, open: {error}") from error
        admitted[key] = tuple(form for form in forms if form != getattr(asks, key))
    wording.require_admitted(where, text, asks, {key: admitted.get(key, ()) for key in own})
    return admitted


def _require_measure(where: str, text: str, asks: Question) -> None:
    """Refuse a measure that the words of a claim do not ask."""
    for row in open_words.rows_of(text, asks):
        if row.asks and not any(asks.measure.endswith(f"of {measure}") for measure in row.asks):
            raise LedgerError(
                f"{where}, asks: {asks.measure!r}, and its words ask {' or '.join(row.asks)} "
                f"({row.because}); open_because says why not"
            )


def _readings(where: str, entry: Mapping[str, Any]) -> tuple[Reading, ...]:
    readings = tuple(_reading(where, item) for item in entry.get("reading", ()))
    _require_names(where, readings)
    return readings


def _require_names(where: str, items: Iterable[Any], by: str = "name") -> None:
    """Refuse two of one name."""
    names = [getattr(item, by) for item in items]
    plain = [wording.plain(name) for name in names]
    repeated = [name for name, text in zip(names, plain, strict=True) if plain.count(text) > 1]
    if repeated:
        raise LedgerError(f"{where}: two {KINDS_OF[by]} are called {min(repeated)!r}")


KINDS_OF = {"name": "readings", "words": "parts"}  # what is called by what


def _not_tested(where: str, entry: Mapping[str, Any], readings: Sequence[Reading]) -> str:
    not_tested = str(entry.get("not_tested", ""))
    if bool(readings) == bool(not_tested):
        raise LedgerError(f"{where}: needs either readings, or not_tested, why there are none")
    if not_tested:
        lookup(where, "word for not_tested", not_tested, REASONS)
    return not_tested


def _testable(where: str, asks: Question, value: float | None) -> None:
    """Refuse a part with readings that lacks what the rule needs."""
    if value is None:
        raise LedgerError(f"{where}: has readings but no figure for them to agree with")
    named = {key: text for key, text in vars(asks).items() if text}
    _required(f"{where}, asks", named, ("measure", "start", "end"))


def _reading(where: str, entry: Any) -> Reading:
    _known(f"{where}, reading", entry, _keys(ReadingEntry))
    if "combine" in entry:
        return _combined(where, entry)
    _required(f"{where}, reading", entry, ("name", "read", "result"))
    where = f"{where}, reading {entry['name']!r}"
    if "terms" in entry or "unit" in entry:
        raise LedgerError(f"{where}: terms and unit go with combine")
    _require_honest(where, entry)
    return Reading(**entry | _steps(where, entry) | _also(where, entry))


def _require_honest(where: str, entry: Mapping[str, Any]) -> None:
    """Refuse a bound of both sides, and a doubt or a rest that says nothing."""
    wording.require_reasons(where, entry, ("rest", "doubt"))
    if entry.get("at_most") and entry.get("at_least"):
        raise LedgerError(f"{where}: is at_most and at_least: a bound is of one side")


def _combined(where: str, entry: Mapping[str, Any]) -> Reading:
    """A reading that is made of several numbers."""
    _required(f"{where}, reading", entry, ("name", "terms"))
    where = f"{where}, reading {entry['name']!r}"
    lookup(where, "combine", entry["combine"], dict.fromkeys(COMBINATIONS))
    other = {"read", "steps", "other", "other_steps", "also", "result"} & entry.keys()
    if other:
        raise LedgerError(f"{where}: {', '.join(sorted(other))} stands in its terms")
    if not 2 <= len(entry["terms"]) <= MOST_TERMS:
        raise LedgerError(f"{where}: combine needs two terms or more, and {MOST_TERMS} at most")
    _require_honest(where, entry)
    terms = []
    for i, term in enumerate(entry["terms"]):
        place = f"{where}, term {i + 1}"
        _known(place, term, _keys(TermEntry))
        _required(place, term, ("read", "result"))
        terms.append(Reading(name=place, **term | _steps(place, term)))
    return Reading(**{**entry, "terms": tuple(terms)})


def _steps(where: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: tuple(_step(f"{where}, {key}", step) for step in entry.get(key, ()))
        for key in ("steps", "other_steps")
    }


def _also(where: str, entry: Mapping[str, Any]) -> dict[str, Reading]:
    """The second question of a reading, none where it has one alone."""
    if "also" not in entry:
        return {}
    second = entry["also"]
    _known(f"{where}, also", second, _keys(AlsoEntry))
    _required(f"{where}, also", second, ("read",))
    steps = _steps(f"{where}, also", second)
    return {"also": Reading(name="also", result="", **second | steps)}


def _step(where: str, entry: Any) -> tuple[str, Mapping[str, Any]]:
    if not isinstance(entry, list) or [type(part) for part in entry] != [str, dict]:
        raise LedgerError(
            f"{where}: a step is a measure with its arguments, such as "
            f'["total", {{ value = "qty" }}], not {reprlib.repr(entry)}'
        )
    name, arguments = entry
    if name == "scale":
        raise LedgerError(f"{where}: scale is for charts: a claim has its unit in `claimed`")
    measure = lookup(where, "measure", name, every_measure())
    _known(f"{where}, {name}", arguments, _arguments(measure))
    barrels = arguments.get("barrels_per_tonne", BARRELS_PER_TONNE)
    if barrels != BARRELS_PER_TONNE:
        raise LedgerError(
            f"{where}: {barrels:g} barrels a tonne: every claim counts {BARRELS_PER_TONNE}, so "
            "that nobody turns it by the weight of a barrel"
        )
    return name, arguments


@cache
def _arguments(measure: Callable[..., Any]) -> dict[str, Any]:
    """The arguments of a measure that TOML can give, and what each takes."""
    options = inspect.signature(measure).parameters.values()
    return {option.name: option.annotation for option in options if _kinds(option.annotation)}


@cache
def every_measure() -> dict[str, Any]:
    """The functions of :mod:`tradeflows.measures` that take one frame or two, by name."""
    return {
        name: member
        for name, member in vars(measures).items()
        if inspect.isfunction(member) and not name.startswith("_") and name != "stack"
    }


def interval(
    where: str, value: float | None, stated: Mapping[str, Any], step: float
) -> tuple[float, float]:
    """Lowest and highest number that a printed figure may stand for."""
    if value is None:
        return -math.inf, math.inf
    low, high = stated.get("low"), stated.get("high")
    if low is not None and high is not None and not math.isnan(low) and not math.isnan(high):
        if not low <= value <= high:
            raise LedgerError(f"{where}: its figure's low to high must hold the value")
        return low, high
    ends = range_of(value, stated["qualifier"])
    if ends.low < ends.high:
        return ends.low, ends.high
    return value - step / 2, value + step / 2


@cache
def _keys(entry: type) -> dict[str, Any]:
    """The keys that a table of the ledger may have, and what each takes."""
    return get_type_hints(entry)


def _known(where: str, entry: Any, keys: Mapping[str, Any]) -> None:
    if not isinstance(entry, dict):
        raise LedgerError(f"{where}: must be a table of keys, not {reprlib.repr(entry)}")
    for key, value in entry.items():
        if key not in keys:
            retired = f"; it {RETIRED[key]}" if key in RETIRED else near(key, keys)
            raise LedgerError(f"{where}: no key {key!r}{retired}")
        kinds = _kinds(keys[key])
        if not any(_is(value, kind) for kind in kinds):
            names = [KINDS[get_origin(kind) or kind][1] for kind in kinds]
            wanted = " or ".join(dict.fromkeys(names))
            raise LedgerError(f"{where}: {key} must be {wanted}, not {reprlib.repr(value)}")


@cache
def _kinds(annotation: Any) -> list[Any]:
    """What TOML can give of an annotation; of a frame, nothing."""
    parts = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    return [part for part in parts if (get_origin(part) or part) in KINDS]


def _is(value: Any, kind: Any) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        return False
    if get_origin(kind) is tuple and isinstance(value, list) and len(value) != len(get_args(kind)):
        return False
    given, _ = KINDS[get_origin(kind) or kind]
    return isinstance(value, given) and isinstance(value, bool) == (kind is bool)


def _required(where: str, entry: Mapping[str, Any], keys: Iterable[str]) -> None:
    lacking = [key for key in keys if key not in entry]
    if lacking:
        raise LedgerError(f"{where}: lacks {', '.join(lacking)}")


def lookup(
    where: str,
    what: str,
    word: str,
    among: Mapping[str, Any],
    error: type[TradeflowsError] = LedgerError,
) -> Any:
    """What is called `word` among those of a kind, or an error with the nearest name."""
    if word not in among:
        raise error(f"{where}: no {what} {word!r}{near(word, among)}")
    return among[word]


def named(claims: Ledger | Mapping[str, Any], name: str) -> Any:
    """What is called `name` in a ledger or among claims.

    Raises
    ------
    QueryError
        There is none; the message has the nearest name.
    LedgerError
        The claim is wrong.

    Examples
    --------
    >>> from tradeflows import claims
    >>> claims.named(claims.load(), "O08").theme
    'energy'
    """
    if not isinstance(claims, Ledger):
        return lookup("the ledger", "claim", name, claims, QueryError)
    if name in claims.errors:
        raise claims.errors[name]
    return lookup("the ledger", "claim", name, claims.claims, QueryError)
