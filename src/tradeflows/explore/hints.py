"""What is held where a question finds nothing, and how to get it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows import tables
from tradeflows.explore.naming import with_names
from tradeflows.explore.questions import SUCH_AS
from tradeflows.model import codes
from tradeflows.model.errors import QueryError, TradeflowsError
from tradeflows.model.periods import ends_text, month_of, parse_period, runs
from tradeflows.model.words import DIRECTIONS
from tradeflows.retrieval import catalogue

MIRRORED = {"M": "X", "X": "M"}
WAYS = {code: name for name, code in DIRECTIONS.items()}
RHYTHM_NAMES = {"M": "months", "Q": "quarters", "A": "years"}
ASKED_FOR = (  # what a call asks a service for; `local` and `splice` are of what is held
    "product",
    "reporter",
    "partner",
    "start",
    "end",
    "flow",
    "freq",
    "local",
    "splice",
)
SERVICES = {"comtrade": "UN Comtrade", "eurostat": "Eurostat"}  # which ``ask`` asks
PERIOD = ["ref_period", "n_months"]
TO_YEARS = "leave freq= out, and .by('reporter', every=12) sums them to years"
MOST = 5  # names that a hint lists


class NothingHeldError(QueryError):
    """No row that is held answers the question; the message says what does."""


def held(root: Path, columns: list[str], table: str = "trade", **filters: Any) -> pa.Table:
    """Some columns of the rows of `table` that a question would be answered from."""
    filters.pop("splice", None)  # which of them are taken comes after
    return tables.candidates(tables.question(table, root=root, **filters)).select(columns)


def nothing_held(root: Path, asked: Mapping[str, Any], unit: str = "") -> str:
    """Say that a question to trade finds nothing, which call gets it, and what is held beside it.

    Parameters
    ----------
    asked
        The filters, with ``reporter`` and ``partner`` as lists of ids.
    unit
        The unit that the answer would be in, as it was asked for.
    """
    tried = [
        _other_direction(root, asked),
        _other_rhythm(root, asked),
        _other_window(root, asked),
        _without(root, asked),
        _own_files(root, asked),
        _others(root, asked, "partner"),
        _others(root, asked, "reporter"),
    ]
    hints = [hint for hint in tried if hint]
    question = _in_words(asked)
    if not hints:
        hints = _of_these_goods(root, asked)
    if not hints:
        question += ", nor of these goods at all"
        hints = ["`tradeflows add FILE` takes a file of yours"]
    return "; ".join([f"nothing is held of {question}", *_calls(root, asked, unit), *hints])


def nothing_stated(publisher: str, asked: Mapping[str, Any]) -> str:
    """Say that a `publisher` was asked, and has no row of a question; `asked` as above."""
    return (
        f"{SERVICES[publisher]} was asked, and has no row of {_in_words(asked)}: nothing was "
        "traded, or it is not published; the reply is kept, and refresh=True (--refresh) asks anew"
    )


def months_beside(root: Path, asked: Mapping[str, Any]) -> list[str]:
    """Say of years or quarters that were asked for that months are held beside them."""
    if asked["freq"] in (None, "M"):
        return []
    rows = _rows(root, {**asked, "freq": "M"}, PERIOD)
    if rows is None:
        return []
    return [f"months are held too ({_months(rows)}): {TO_YEARS}"]


def _calls(root: Path, asked: Mapping[str, Any], unit: str) -> list[str]:
    """Say which calls would get what is asked; none where no service has it as it is asked."""
    narrowed = [name for name in asked if name not in ASKED_FOR and asked[name] is not None]
    if narrowed or asked["flow"] not in WAYS:
        return []
    from tradeflows.explore.ask import put, was_asked
    from tradeflows.retrieval.comext_service import is_asked_here

    members = [area for area in asked["reporter"] if is_asked_here(area)]
    others = [area for area in asked["reporter"] if area not in members]
    texts = []
    for reporters, publisher in ((members, "eurostat"), (others, "comtrade")):
        named, positional = _arguments(asked, reporters, unit)
        try:
            question = put(*positional, **named, root=root, today=date.today())
        except QueryError:
            continue
        service = SERVICES[publisher]
        has_none = _rows(root, {**asked, "local": True}, PERIOD) is None
        if has_none and was_asked(question, root, date.today()):
            call = _call(*positional, **named, refresh=True)
            texts.append(f"{service} was asked for it, and has no row; {call} asks anew")
        else:
            texts.append(f"{_call(*positional, **named)} gets it from {service}")
    return texts


def example_call(goods: str, root: Path) -> str:
    """A call of ``tf.ask`` for goods, to be copied; empty where no service knows the goods."""
    positional = goods, SUCH_AS["reporter"], SUCH_AS["partner"]
    start = f"{date.today().year - 1}"
    from tradeflows.explore.ask import put

    try:
        put(*positional, start=start, root=root, today=date.today())
    except QueryError:
        return ""
    return _call(*positional, start=start)


def _arguments(
    asked: Mapping[str, Any], reporters: Sequence[str], unit: str
) -> tuple[dict[str, str], list[Any]]:
    """A question as arguments of ``tf.ask``, which needs a start: of none, the year before."""
    start, end = asked.get("start"), asked.get("end")
    by_year = asked.get("freq") == "A"
    letters = 4 if by_year else 7
    words = {
        "start": str(start or f"{end or date.today().year - 1}"[:4])[:letters],
        "end": end and str(end)[:letters],
        "flow": None if asked["flow"] == "M" else WAYS[asked["flow"]],
        "freq": None if asked.get("freq") == "M" else asked.get("freq"),
        "unit": unit or None,
    }
    goods = asked["product"]
    positional = [goods if isinstance(goods, str) else [*goods], _words(reporters)]
    if asked["partner"] != [codes.WORLD]:
        positional.append(_words(asked["partner"]))
    return {name: word for name, word in words.items() if word is not None}, positional


def _call(*positional: Any, **named: Any) -> str:
    """The text of a call of ``tf.ask``."""
    words = [f"{name}={word!r}" for name, word in named.items()]
    return f"tf.ask({', '.join([*map(repr, positional), *words])})"


def _words(areas: Sequence[str]) -> str | list[str]:
    """Areas as a person would type them: by name, all, or a list."""
    names = ["countries" if area == "countries" else codes.area_name(area) for area in areas]
    return names[0] if len(names) == 1 else names


def _in_words(asked: Mapping[str, Any]) -> str:
    goods = asked["product"]
    listed = goods if isinstance(goods, str) else ", ".join(goods)
    way = WAYS.get(asked["flow"], str(asked["flow"]))
    preposition = "to" if asked["flow"] in ("X", "RX") else "from"
    reporter, partner = _names(asked["reporter"]), _names(asked["partner"])
    text = f"{listed}, {way} of {reporter} {preposition} {partner}"
    rhythm = RHYTHM_NAMES.get(asked.get("freq") or "", "")
    if rhythm:
        text += f", by {rhythm}"
    start, end = asked.get("start"), asked.get("end")
    if start and end:
        return f"{text}, {start}" if start == end else f"{text}, {start} to {end}"
    if start:
        return f"{text}, from {start}"
    return f"{text}, to {end}" if end else text


def _names(ids: Any) -> str:
    areas = [ids] if isinstance(ids, str) else list(ids)
    names = []
    for area in areas:
        name = "any country" if area == "countries" else codes.area_name(area)
        names.append(name)
    listed = ", ".join(names[:MOST])
    return f"{listed} and {len(names) - MOST} more" if names[MOST:] else listed


def _rows(root: Path, asked: Mapping[str, Any], columns: list[str]) -> pa.Table | None:
    """Rows of another question; None where it has none or cannot be put."""
    try:
        rows = held(root, columns, **asked)
    except TradeflowsError:
        return None
    return rows if len(rows) else None


def _months(rows: pa.Table) -> str:
    """The first and the last month of `rows`, of a year its twelfth."""
    stated = _stated(rows)
    return ends_text(min(stated), max(stated))


def _stated(rows: pa.Table) -> set[int]:
    """The months that `rows` state, counted from year 0."""
    periods = rows.group_by(PERIOD).aggregate([])
    return months_of_periods(zip(*(periods[name].to_pylist() for name in PERIOD), strict=True))


def months_of_periods(periods: Iterable[tuple[date, int]]) -> set[int]:
    """The months of periods, by their first day and length, counted from year 0."""
    months: set[int] = set()
    for day, n_months in periods:
        first = month_of(day)
        months.update(range(first, first + int(n_months)))
    return months


def _other_direction(root: Path, asked: Mapping[str, Any]) -> str:
    """Whether the partner states the flow from its side."""
    mirrored = MIRRORED.get(asked["flow"])
    if not mirrored or "countries" in (*asked["reporter"], *asked["partner"]):
        return ""
    other = {**asked, "reporter": asked["partner"], "partner": asked["reporter"], "flow": mirrored}
    rows = _rows(root, other, [*PERIOD, "reporter_iso"])
    if rows is None:
        return ""
    who = _names(sorted(set(rows["reporter_iso"].to_pylist())))
    to = "from" if mirrored == "M" else "to"
    way = WAYS[mirrored]
    partner = _names(other["partner"])
    return (
        f"{who} states it from the other side: ask for {way} of {who} {to} {partner}, "
        f"flow={way!r} ({_months(rows)})"
    )


def _other_rhythm(root: Path, asked: Mapping[str, Any]) -> str:
    if not asked.get("freq"):
        return ""
    rows = _rows(root, {**asked, "freq": None}, ["freq_code", "ref_period"])
    if rows is None:
        return ""
    kinds = sorted(set(rows["freq_code"].to_pylist()))
    names = " and ".join(RHYTHM_NAMES[kind] for kind in kinds)
    if asked["freq"] == "A":
        return f"held by {names}: {TO_YEARS}"
    return f"held by {names}: leave freq= out"


def _other_window(root: Path, asked: Mapping[str, Any]) -> str:
    if not asked.get("start") and not asked.get("end"):
        return ""
    rows = _rows(root, {**asked, "start": None, "end": None}, PERIOD)
    if rows is None:
        return ""
    stated = _stated(rows)
    first, last = (
        parse_period(asked.get(name) or other, name)[place]
        for name, other, place in (("start", asked.get("end"), 0), ("end", asked.get("start"), -1))
    )
    if {*range(first, last + 1)} <= {*stated}:
        return f"held by longer periods alone, which a window must hold whole: {_months(rows)}"
    if min(stated) < first and last < max(stated):
        return f"this is a hole in what is held: {runs(stated)}"
    return f"held for another window: {_months(rows)}"


def _of_these_goods(root: Path, asked: Mapping[str, Any]) -> list[str]:
    """Whose flows of the same goods are held, where no other question is near."""
    goods = asked["product"]
    first = goods if isinstance(goods, str) else goods[0]
    whole = {**dict.fromkeys(asked), "product": goods, "local": asked.get("local", False)}
    areas = ["reporter_iso", "partner_iso"]
    rows = _rows(root, whole, [*PERIOD, *areas, "flow_code"])
    if rows is None:
        return []
    ways = " and ".join(WAYS.get(way, way) for way in _most_often(rows["flow_code"]))
    reporters, partners = (_names(_most_often(rows[name])) for name in areas)
    return [
        f"of these goods are held: {ways} of {reporters} with {partners} ({_months(rows)}); "
        f"tf.find({first!r}) lists them"
    ]


def _without(root: Path, asked: Mapping[str, Any]) -> str:
    for name in asked:
        if name in ASKED_FOR or asked[name] is None:
            continue
        rows = _rows(root, {**asked, name: None}, ["source_id", "ref_period"])
        if rows is None:
            continue
        sources = sorted(set(rows["source_id"].to_pylist()))
        names = with_names(sources[:MOST], root)
        return f"held without {name}={asked[name]!r}: {', '.join(dict.fromkeys(names))}"
    return ""


def _own_files(root: Path, asked: Mapping[str, Any]) -> str:
    users = catalogue.load(root, local=True).keys() - catalogue.load(root).keys()
    if asked.get("local") or not users:
        return ""
    rows = _rows(root, {**asked, "local": True}, PERIOD)
    if rows is None:
        return ""
    return f"your own files have it: add local=True ({_months(rows)})"


def _others(root: Path, asked: Mapping[str, Any], role: str) -> str:
    """Which other partners, or reporters, of the same flow are held."""
    if asked[role] == ["countries"]:
        return ""
    rows = _rows(root, {**asked, role: None}, [f"{role}_iso"])
    if rows is None:
        return ""
    return f"held with another {role}: {_names(_most_often(rows[f'{role}_iso']))}"


def _most_often(column: pa.ChunkedArray) -> list[str]:
    counts = pc.value_counts(column).to_pylist()
    counts.sort(key=lambda entry: (-entry["counts"], entry["values"]))
    return [entry["values"] for entry in counts]
