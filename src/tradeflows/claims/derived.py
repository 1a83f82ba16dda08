"""The readings that a phrase stands for: every measure, source and level that its words leave."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from tradeflows import tables
from tradeflows.claims import open_words, phrase, questions, wording
from tradeflows.claims.answers import NEXT
from tradeflows.claims.phrase import (
    BARRELS,
    CHANGE,
    GROWTH,
    LEAD,
    MEASURES,
    MONTHLY,
    PRICE,
    RANK,
    RECORD,
    SHARE,
    Phrase,
    Window,
)
from tradeflows.claims.witnesses import EUROSTAT, office_of
from tradeflows.model import codes, units
from tradeflows.model.errors import LedgerError
from tradeflows.model.periods import (
    first_month,
    month_text,
    month_words,
    months_of,
    span,
    window_in_words,
)
from tradeflows.retrieval import catalogue

if TYPE_CHECKING:
    import pandas as pd

Entry = dict[str, Any]
COLUMNS = {"weight": "net_wgt_kg", "volume": "qty", "number": "qty", "value": "value_reported"}
COLUMNS |= {BARRELS: "net_wgt_kg", PRICE: "value_reported"}
QUANTITIES = {"volume": "m3", "number": "items"}  # the unit that a quantity is counted in
OF_UNITS = {"kg": "weight", "m3": "volume", "units": "number"}
# By kind, the column that has its number, and the step that makes it of a sum.
RESULTS = {
    SHARE: "share_pct",
    GROWTH: "growth_pct",
    CHANGE: "change",
    LEAD: "lead",
    RANK: "rank",
    MONTHLY: "value_per_month",
    PRICE: "unit_value_per_tonne",
    BARRELS: "barrels_per_day",
}
STEPS = {
    SHARE: "share",
    GROWTH: "difference",
    CHANGE: "difference",
    MONTHLY: "per_month",
    PRICE: "unit_value",
    BARRELS: "barrels_per_day",
}
SIGNS = [{"value": 0, "unit": "percent", "qualifier": sign} for sign in "<>"]
SEVERAL = ("cmd_code", "flow_code", "valuation", "partner_iso")  # summed over, where several are
EACH = {1: "months", 12: "years"}
OF_THE_CLAIM = ("theme", "statement", "core", "who", "where", "window", "figure", "claimed")


class Held(NamedTuple):
    """What one publisher states of a phrase: its filters, and what the rows have.

    `publisher` is its name where several state it, `who` that of one who is no office, `over` what
    a sum is over, `first` and `longest` its first month and the most months of a row, `lacking`
    the codes with holes.
    """

    filters: Entry
    publisher: str
    who: str
    over: list[str]
    currencies: Collection[str]
    first: int
    longest: int
    lacking: list[str]


def entry_of(entry: Mapping[str, Any], unit: str, root: Path, *, local: bool = False) -> Entry:
    """A claim's table whose `asks` is a phrase, with all that the phrase stands for.

    Parameters
    ----------
    entry
        As the ledger has it; readings of its own stay, below those of the phrase.
    unit
        Of its figure, which says what is measured where the phrase does not.

    Raises
    ------
    LedgerError
        The phrase is none, or nothing held answers it.
    """
    asked, is_free = _with_amount(phrase.parse(entry["asks"], root), unit)
    if entry.get("claimed") in SIGNS and asked.kind not in (GROWTH, RECORD):
        raise LedgerError(
            f"a figure that rose or fell is a growth: write 'growth of {entry['asks']} on' and the "
            "time before"
        )
    asks = _asks(asked)
    left = open_words.left_open(entry.get("statement", ""), questions.question(asks))
    admitted, because = _open(asked, asks, left, is_free=is_free)
    windows = [*asked.windows, *((start, asks["end"]) for start in left.get("start", ()))]
    windows = [*dict.fromkeys(windows)]
    readings = []
    for amount in (asked.amount, *["value"] * is_free):
        of_amount = replace(asked, amount=amount, windows=tuple(windows))
        every = _held(of_amount, root, local=local)
        for window in windows:
            words = [_office(asked), amount or asked.kind]
            when = window_in_words(*_months(window)) if len(windows) > 1 else ""
            for held in every:
                whose = [held.who, *words[1:]] if held.who else [*words, held.publisher]
                name = ", ".join(filter(None, [*whose, when]))
                readings.append({"name": name, **_reading(of_amount, window, held, unit)})
        _admit_money(admitted, because, of_amount, every)
    whole = {**entry, "asks": asks, "reading": [*readings, *entry.get("reading", [])]}
    whole["open"] = {**admitted, **entry.get("open", {})}
    if whole["open"]:
        whole["open_because"] = entry.get("open_because") or "; ".join(because)
    if asked.kind != RECORD:
        return whole
    return _with_record(whole, asked, unit, _held(asked, root, local=local))


def _admit_money(admitted: Entry, because: list[str], asked: Phrase, every: list[Held]) -> None:
    """Admit a change of money as those state it who count in no dollars: no line names these."""
    others = sorted({each for held in every for each in held.currencies} - {"USD"})
    if others and asked.kind in (GROWTH, CHANGE) and asked.amount == "value":
        free = admitted.get("measure", [])
        moved = [f"{MEASURES[asked.kind].format('value')} in {each}" for each in others]
        admitted["measure"] = moved if free == "none" else [*free, *moved]
        because.append("its line names no currency")


def _with_amount(asked: Phrase, unit: str) -> tuple[Phrase, bool]:
    """A phrase with what it measures, and whether its words leave that: by weight then, or value.

    A price and barrels a day say it; else the unit does or, of all goods, that they are money.
    """
    if asked.amount or asked.kind in (PRICE, BARRELS):
        return asked, False
    base = units.sized(unit)[0].partition("/")[0]
    if asked.goods == ("TOTAL",) or units.CURRENCY.fullmatch(base):
        return replace(asked, amount="value"), False
    return replace(asked, amount=OF_UNITS.get(base, "weight")), base not in OF_UNITS


def _asks(asked: Phrase) -> Entry:
    """What a phrase asks, as a ledger's table has it."""
    partner, measure = list(asked.partner), MEASURES[asked.kind].format(asked.amount)
    if asked.kind in (LEAD, RANK):
        partner += asked.among or [NEXT] * (asked.kind == LEAD)
    elif asked.among not in ((), (questions.WORLD,)):
        measure += f" in {questions.joined(asked.among)}"
    asks = {
        "goods": _one(asked.goods),
        "reporter": asked.reporter,
        "partner": _one(partner),
        "flow": _one(asked.flow),
        "measure": measure,
        "start": asked.windows[0][0],
        "end": asked.windows[0][1],
    }
    return asks | ({"base": _one(dict.fromkeys(asked.base))} if asked.base else {})


def _one(words: Iterable[str]) -> Any:
    """One word as it is, and several as a list."""
    listed = list(words)
    return listed[0] if len(listed) == 1 else listed


def _months(window: Window) -> Window:
    first, after = span(window)
    return month_text(first), month_text(after - 1)


def _open(
    asked: Phrase, asks: Entry, left: Collection[str], *, is_free: bool
) -> tuple[Entry, list[str]]:
    """What a phrase leaves open or takes off, beside what the table of open words has, and why."""
    admitted: Entry = {"goods": []} if asked.level else {}
    because = [f"{' and '.join(asked.level)} is read for all of it"] * bool(asked.level)
    if is_free:
        admitted["measure"] = [MEASURES[asked.kind].format("value")]
        because.append("its line names neither weight nor value")
    elif "measure" in left:
        admitted["measure"] = "none"
        because.append(f"its line asks the {asks['measure']}")
    if len(asked.windows) > 1:
        starts, ends = zip(*asked.windows[1:], strict=True)
        admitted |= {"start": [*starts], "end": [*ends]}
        because.append(f"its line has {len(asked.windows)} windows")
    return admitted, because


# --- what is held ---------------------------------------------------------------------------------


def _filters(asked: Phrase) -> Entry:
    """The question to trade that a phrase asks."""
    partner = list(asked.partner)
    if asked.kind in (LEAD, RANK):
        partner = [*partner, *asked.among] if asked.among else ["countries"]
    filters = {
        "reporter": asked.reporter,
        "partner": _one(partner),
        "flow": _one(asked.flow),
        "product": _one(asked.level or asked.goods),
    }
    in_pieces = {"qty_unit": QUANTITIES[asked.amount]} if asked.amount in QUANTITIES else {}
    return filters | in_pieces


def _held(asked: Phrase, root: Path, *, local: bool) -> list[Held]:
    """What each publisher states of a phrase, in the order of the catalogue.

    Those that state less than its windows are left out where another one states all.
    """
    filters = _filters(asked)
    wanted = {month for window in asked.times for month in range(*span(window))}
    rows = _rows(filters, wanted, root, local=local)
    wholes = None
    if asked.kind == SHARE:
        wholes = _rows(filters | {"partner": _one(asked.among)}, wanted, root, local=local)
    if rows.empty:
        raise LedgerError(
            f"nothing that is held answers {phrase.spoken(asked)!r}: `tradeflows find` lists what "
            "is; add a file that states it, or let the line ask 'public, not looked up yet'"
        )
    known = catalogue.publishers(root, local=local)
    found: dict[str, Held] = {}
    lacking: dict[str, Held] = {}
    for name in (each for each in known if each in {*rows["publisher"]}):
        own, held = _stated(filters, rows[rows["publisher"] == name], known[name].short, wanted)
        is_whole = wanted <= _stated_months(own)
        if wholes is not None:
            whole = wholes[wholes["publisher"] == name]
            held = _beside(held, _stated(filters, whole, "", wanted)[1])
            is_whole &= wanted <= _stated_months(whole)
        (found if is_whole and not held.lacking else lacking)[name] = held
    _require_stated(asked, found or lacking, {*rows["cmd_code"]})
    return _told_apart(found or lacking, several=len(found) + len(lacking) > 1)


def _beside(held: Held, whole: Held) -> Held:
    """What is stated of a part, in the cumulation of its whole and with the holes of both."""
    chosen = {key: whole.filters[key] for key in whole.filters if key == "cumulation"}
    return held._replace(filters=held.filters | chosen, lacking=held.lacking + whole.lacking)


def _require_stated(asked: Phrase, stating: Mapping[str, Held], known: set[str]) -> None:
    """Refuse goods of several codes that nobody states in all of the time."""
    parts = {code for held in stating.values() for code in held.lacking}
    if parts:
        goods, whole = " + ".join(asked.goods), sorted(known - parts) or ["CODE"]
        raise LedgerError(
            f"{', '.join(sorted(parts))}, a part of {goods}, is not stated in each month of the "
            f"time; one that is may stand for all: write `{goods} as {whole[0]}`"
        )


def _told_apart(stating: Mapping[str, Held], *, several: bool) -> list[Held]:
    """What each states, by its publisher where there are several."""
    named = {name: {"publisher": name} if several else {} for name in stating}
    return [
        held._replace(
            filters=held.filters | named[name], publisher=held.publisher * (len(stating) > 1)
        )
        for name, held in stating.items()
    ]


def _stated(
    filters: Entry, rows: pd.DataFrame, publisher: str, wanted: set[int]
) -> tuple[pd.DataFrame, Held]:
    """The rows of one publisher in their finest rhythm, and what they have.

    Of several codes each must be stated in all of the time that is asked.
    """
    rhythms = {*rows["freq_code"]}
    freq = next((each for each in "MQA" if each in rhythms), "")
    own = filters | ({"freq": freq} if len(rhythms) > 1 else {})
    rows = rows[rows["freq_code"] == freq]
    if rows["cumulation"].nunique() > 1:
        own, rows = own | {"cumulation": "period"}, rows[rows["cumulation"] == "period"]
    longest = max([*rows["n_months"], 0])
    firsts = [*first_month(rows).astype("int64"), max(wanted)]
    within = rows[first_month(rows).between(min(wanted), max(wanted))]
    over = [column for column in SEVERAL if within[column].nunique() > 1]
    lacking = []
    if rows["cmd_code"].nunique() > 1:
        own |= {"start": month_text(min(wanted)), "end": month_text(max(wanted))}
        by_code = within.groupby("cmd_code")
        lacking = [code for code, some in by_code if not wanted <= _stated_months(some)]
        lacking *= len(by_code) > 1
    who = publisher * ("office" not in {*rows["witness"]})
    return rows, Held(own, publisher, who, over, {*rows["currency"]}, min(firsts), longest, lacking)


def _stated_months(rows: pd.DataFrame) -> set[int]:
    return {*months_of(rows)[1].tolist()}


def _rows(filters: Entry, wanted: set[int], root: Path, *, local: bool) -> pd.DataFrame:
    """Who states what of a question, and what is declared to be zero in the time that is asked."""
    window = {"start": month_text(min(wanted)), "end": month_text(max(wanted))}
    stated = tables.candidates(tables.question(root=root, local=local, **filters))
    asked = tables.question(root=root, local=local, **filters, **window)
    columns = ["source_id", "freq_code", "cumulation", "currency", "ref_period", "n_months"]
    columns += SEVERAL
    both = [rows.select(columns) for rows in (stated, asked.matching(zeros=True))]
    frame = pa.concat_tables(both).to_pandas()
    sources = catalogue.load(root, local=local)
    of_rows = [sources[name] for name in frame["source_id"]]
    witnesses = [str(source.witness) for source in of_rows]
    return frame.assign(publisher=[source.publisher for source in of_rows], witness=witnesses)


# --- a reading ------------------------------------------------------------------------------------


def _reading(asked: Phrase, window: Window, held: Held, unit: str) -> Entry:
    """What is read and measured of an amount and a window, as a ledger's table has it."""
    kind, read, value = asked.kind, held.filters, _column(asked, held, unit)
    total = _total(value, window, held.over)
    made = {"read": read, "steps": [total], "result": RESULTS.get(kind, value)}
    if kind in STEPS:
        made["steps"] = [total, [STEPS[kind], {} if kind == BARRELS else {"value": value}]]
    if kind in (LEAD, RANK):
        over = [column for column in held.over if column != "partner_iso"]
        of_each = {**_total(value, window, over)[1], "by": ["partner_iso"]}
        member = {"value": value, "member": asked.partner[0]}
        made["steps"] = [["total", of_each], ["lead", member]]
    elif kind == PRICE:
        total[1]["value"] = [value, "net_wgt_kg"]
    elif kind == SHARE:
        over = [*dict.fromkeys([*held.over, *["partner_iso"] * (len(asked.among) > 1)])]
        other = read | {"partner": _one(asked.among)}
        made |= {"other": other, "other_steps": [_total(value, window, over)]}
    if asked.base:
        made |= _changed(kind, read, value, window, asked.base, held.over)
    return made


def _column(asked: Phrase, held: Held, unit: str) -> str:
    """The column of an amount; dollars where the claim has them and the reporter has not."""
    value, currency = COLUMNS[asked.amount or asked.kind], units.sized(unit)[0].partition("/")[0]
    is_converted = currency == "USD" and currency not in held.currencies
    return "primary_value_usd" if value == "value_reported" and is_converted else value


def _changed(
    kind: str, read: Entry, value: str, window: Window, base: Window, over: list[str]
) -> Entry:
    """A change from one year to another, over the months that both have; else of two sums."""
    if (
        kind == GROWTH
        and not over
        and all(first == last and len(first) == 4 for first, last in (window, base))
    ):
        pair = {"value": value, "year": int(window[0]), "base": int(base[0])}
        return {"steps": [["growth", pair]]}
    return {"other": read, "other_steps": [_total(value, base, over)]}


def _total(value: Any, window: Window, over: list[str]) -> list[Any]:
    """The step that sums an amount over a window."""
    summed = {"over": over} if over else {}
    return ["total", {"value": value, **summed, "start": window[0], "end": window[1]}]


def _office(asked: Phrase) -> str:
    """Who counted: an importer's customs by their country, since an exporter's claim names him."""
    if office_of(asked.reporter) == EUROSTAT:
        return EUROSTAT
    name = codes.area_name(asked.reporter)
    ending = "'" if name.endswith("s") else "'s"
    return f"{name}{ending} customs" if asked.flow != "X" else "the exporter's customs"


# --- a record -------------------------------------------------------------------------------------


def _with_record(entry: Entry, asked: Phrase, unit: str, every: Iterable[Held]) -> Entry:
    """A claim of a figure that is a record: the figure, and over the best of all times before."""
    statement = entry["statement"]
    record = wording.RECORD.search(statement) or wording.SUPERLATIVE.search(statement)
    printed = _printed(statement, entry.get("claimed", {}).get("value"), unit)
    if not record or not printed:
        lacking = "prints no figure" if record else "says no record"
        raise LedgerError(f"its line asks a record, and its sentence {lacking}")
    readings = [*_records(asked, unit, every)]
    if not readings:
        raise LedgerError("its line asks a record, and nothing before it is held")
    bases = [item["terms"][1]["steps"][0][1] for item in readings]
    base = min((total["start"], total["end"]) for total in bases)
    of_record = {
        "words": record[0],
        "claimed": {"value": 0, "unit": "percent", "qualifier": ">"},
        "superlative": True,
        "asks": entry["asks"] | {"measure": f"growth of {asked.amount}", "base": [*base]},
        "reading": readings,
    }
    of_record |= {key: entry[key] for key in ("open", "open_because") if key in entry}
    own = {key: value for key, value in entry.items() if key not in OF_THE_CLAIM}
    head = {key: value for key, value in entry.items() if key in OF_THE_CLAIM}
    return head | {"part": [{"words": printed[0].text, **own}, of_record]}


def _printed(statement: str, value: float | None, unit: str) -> list[open_words.Printed]:
    """The numbers of a sentence that are its figure or, where that is not known, of its unit."""
    numbers = [item for item in open_words.numbers_in(statement) if item.is_of(unit)]
    return [item for item in numbers if value is None or item.means(value, unit)]


def _records(asked: Phrase, unit: str, every: Iterable[Held]) -> Iterator[Entry]:
    """Readings of a window over the best of all windows of its length before it."""
    window = asked.windows[0]
    first, after = span(window)
    n = after - first
    for held in every:
        start = span(asked.since)[0] if asked.since else held.first
        start = first - (first - start) // n * n  # whole windows, of which the last ends before it
        if start < first and held.longest <= n:
            now = _reading(asked, window, held, unit)
            [_, total] = now["steps"][0]
            span_before = {"start": month_text(start), "end": month_text(first - 1), "every": n}
            best = [["total", total | span_before], ["peak", {"value": total["value"]}]]
            since = f"{start // 12}" if n % 12 == 0 == start % 12 else month_words(start)
            words = f"{window_in_words(*_months(window))} over the best of all "
            words += f"{EACH.get(n, 'such windows')} before, "
            words += ", ".join(filter(None, (_office(asked), held.publisher)))
            read = {key: now["read"][key] for key in now["read"] if key not in ("start", "end")}
            terms = [now, now | {"read": read, "steps": best}]
            yield {"name": f"{words} from {since} on", "combine": "growth", "terms": terms}
