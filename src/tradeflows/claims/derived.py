"""The readings that a phrase stands for: every measure, source and level that its words leave."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from tradeflows import tables
from tradeflows.claims import bands, open_words, phrase, questions, sentence, wording
from tradeflows.claims.answers import NEXT
from tradeflows.claims.phrase import Phrase, Window
from tradeflows.claims.witnesses import EUROSTAT, Tables, is_placed, office_of
from tradeflows.claims.word_lists import Table
from tradeflows.model import codes, units
from tradeflows.model.errors import LedgerError
from tradeflows.model.periods import (
    first_month,
    month_text,
    month_words,
    months_of,
    runs,
    span,
    window_in_words,
)
from tradeflows.model.words import in_a_sentence
from tradeflows.retrieval import catalogue, own_words

if TYPE_CHECKING:
    import pandas as pd

IN_EUROS = re.compile(r"€|\beuros?\b", re.IGNORECASE)
Entry = dict[str, Any]
WEIGHT, VALUE, DOLLARS = "net_wgt_kg", "value_reported", "primary_value_usd"
COLUMNS = {"weight": WEIGHT, "volume": "qty", "number": "qty", phrase.BARRELS: WEIGHT}
QUANTITIES = {"volume": "m3", "number": "items"}  # the unit that a quantity is counted in
SIGNS = [{"value": 0, "unit": "percent", "qualifier": sign} for sign in "<>"]
SEVERAL = ("cmd_code", "flow_code", "valuation", "partner_iso")  # summed over, where several are
EACH = {1: "months", 12: "years"}
OF_THE_CLAIM = ("statement", "figure", "who", "theme", "core", "window", "where", "claimed")
# Of what rows have in several kinds: the filter, and the kinds, the first that is stated is read.
CHOICES = (("freq_code", "freq", ("M", "Q", "A")), ("cumulation", "cumulation", ("period", "ytd")))
# By kind the amounts, of one code and one window, that releases give a band.
BANDED = dict.fromkeys(("", phrase.GROWTH, phrase.RECORD), (*bands.AMOUNTS,))
BANDED[phrase.PRICE] = ("",)
EACH_MONTH = ("≤", "≥")  # qualifiers that say something of the largest or the least
OWN_TOTAL = "its own total"  # of a release that the office itself printed
MOVING = {(kind, "value") for kind in (phrase.GROWTH, phrase.CHANGE)}  # with the currency
FEW = 4  # areas that are named to a user
ESTIMATED = "estimated"  # of a row whose weight makes no price
NOT_HELD = (
    "`tradeflows find` lists what is; add a file that states it, or let the line ask 'public, not "
    "looked up yet'"
)
COUNTED_BY, OTHERWISE = {"SIEC": "energy statistics"}, "another code"
RATES_OF = "European Central Bank"


class Held(NamedTuple):
    """What one publisher states of a phrase.

    `publisher` is its name where several state it, `who` that of one who is no office, `over` what
    a sum is over, `lacking` the codes with holes, `months` those that are asked and stated, `rates`
    the step that puts its values into the currency of the claim, with what it reads, `yearly` the
    filters of a release of its own by the year, `is_patched` whether a carrier made some rows, and
    `other` the code, where it is none that is asked and their word has it too.
    """

    filters: Entry
    rows: pd.DataFrame
    currency: str
    publisher: str
    who: str
    over: list[str]
    lacking: list[str]
    months: set[int]
    rates: Entry
    yearly: Entry
    is_patched: bool
    other: str = ""


def entry_of(
    entry: Table,
    claimed: Table,
    project: Tables,
    *,
    is_line: bool = False,
) -> Entry:
    """A claim's table whose `asks` is a phrase, with all that the phrase stands for.

    Parameters
    ----------
    entry
        As the ledger has it; readings of its own stay, below those of the phrase.
    claimed
        Its figure, of which the unit says what is measured where the phrase does not.
    is_line
        Whether it is a line, and refused in the words of one.

    Raises
    ------
    LedgerError
        The phrase is none, asks another thing than the sentence, or nothing held answers it.
    """
    statement, unit = entry.get("statement", ""), claimed.get("unit", "")
    asked, is_free = _with_amount(phrase.parse(entry["asks"], project.root), unit, statement)
    asks = _asks(asked)
    _require_said(entry, claimed, asked, project.root, is_line=is_line)
    left = open_words.left_open(statement, questions.question(asks))
    admitted, because = _open(asked, asks, left, is_free=is_free)
    windows = [*asked.windows, *((start, asks["end"]) for start in left.get("start", ()))]
    asked = replace(asked, windows=tuple(dict.fromkeys(windows)))
    made: Entry = {"reading": [], "releases": {}, "minds": [], "money": set(), "goods": {}}
    faults = []
    for amount in (asked.amount, *["value"] * is_free):
        try:
            _add_readings(made, replace(asked, amount=amount), unit, project)
        except LedgerError as error:
            made["minds"].append(f"not made: {amount or asked.kind}, since {error}")
            faults.append(error)
    if not made["reading"]:
        raise faults[0]
    because += _found_open(made, asked, asks, admitted, statement)
    whole = {**entry, "asks": asks, "reading": [*made["reading"], *entry.get("reading", [])]}
    whole |= {key: made[key] for key in ("releases", "minds") if made[key]}
    whole["open"] = {**admitted, **entry.get("open", {})}
    if because:
        whole["open_because"] = entry.get("open_because") or "; ".join(because)
    if asked.kind == phrase.RECORD:
        whole = _with_record(whole, asked, unit, _held(asked, unit, project))
    if is_line and "part" not in whole:
        asked_of = questions.question(whole["asks"])
        _refuse(wording.of_measure(statement, asked_of), entry, is_line=is_line)
    return whole


def _require_said(
    entry: Table,
    claimed: Table,
    asked: Phrase,
    root: Path,
    *,
    is_line: bool,
) -> None:
    """Refuse a phrase that asks another thing than its figure or its sentence says."""
    statement = entry.get("statement", "")
    if asked.kind == phrase.MONTHLY and claimed.get("qualifier") in EACH_MONTH:
        raise LedgerError(
            "up to, or at least, so much a month is of each month, and its phrase asks the mean: "
            "ask the month itself, as in 'weight of GOODS, WHO from WHOM, June 2023'"
        )
    is_change = claimed in SIGNS or entry.get("printed_because") == wording.IN_WORDS
    if is_change and asked.kind not in (phrase.GROWTH, phrase.POINTS, phrase.RECORD):
        raise LedgerError(
            "a figure in words such as rose or fell is a growth: write "
            f"'growth of {entry['asks']} on' and the time before"
        )
    _refuse(wording.of_phrase(statement, asked, claimed, root), entry, is_line=is_line)


def _refuse(faults: Iterable[str], entry: Table, *, is_line: bool) -> None:
    for fault in faults if "open_because" not in entry else ():
        raise LedgerError(f"{fault}; {'because' if is_line else 'open_because'} says why not")


def _found_open(
    made: Entry, asked: Phrase, asks: Entry, admitted: Entry, statement: str
) -> list[str]:
    """Leave open what the readings found, with why: a change's currency, other codes of its word.

    A change is asked in euros where the sentence names these alone.
    """
    because = []
    if made["goods"]:
        admitted["goods"] = [*made["goods"]]
        because.append("its word for the goods has several codes")
    moved = [f"{asked.measure_of('value')} in {each}" for each in sorted(made["money"])]
    if len(moved) == 1 and moved[0].endswith("EUR") and IN_EUROS.search(statement):
        asks["measure"] = moved[0]
    elif moved:
        free = admitted.get("measure", [])
        admitted["measure"] = moved if free == "none" else [*free, *moved]
        because.insert(0, "its line names no currency")
    return because


def _with_amount(asked: Phrase, unit: str, statement: str) -> tuple[Phrase, bool]:
    """A phrase with what it measures, by unit or sentence, and whether its words leave it open."""
    if asked.amount or asked.kind in (phrase.PRICE, phrase.BARRELS):
        return asked, False
    base = units.sized(unit)[0].partition("/")[0]
    if asked.goods == ("TOTAL",) or units.CURRENCY.fullmatch(base):
        return replace(asked, amount="value"), False
    said = [kind for kind, words in wording.MEASURES.items() if words.search(statement)]
    if base not in questions.OF_UNITS and len(said) == 1:
        return replace(asked, amount=said[0]), False
    amount = questions.OF_UNITS.get(base)
    return replace(asked, amount=amount or "weight"), amount is None


def _asks(asked: Phrase) -> Entry:
    """What a phrase asks, as a ledger's table has it."""
    partner = list(asked.partner)
    if asked.kind in phrase.PLACED:
        partner += asked.among or [NEXT] * (asked.kind == phrase.LEAD)
    asks = {
        "goods": _one(asked.goods),
        "reporter": asked.reporter,
        "partner": _one(partner),
        "flow": _one(asked.flow),
        "measure": _measure(asked, asked.amount),
        "start": asked.windows[0][0],
        "end": asked.windows[0][1],
    }
    return asks | ({"base": _one(dict.fromkeys(asked.base))} if asked.base else {})


def _measure(asked: Phrase, amount: str) -> str:
    """What is measured of an amount, as the ledger has it; of a share with a whole of its own."""
    measure, is_shared = asked.measure_of(amount), asked.kind in phrase.SHARES
    is_of_all = len(asked.among) == 1 and asked.among[0].endswith((questions.WORLD, "_EXTRA"))
    return measure + f" in {questions.joined(asked.among)}" * (is_shared and not is_of_all)


def _one(words: Iterable[str]) -> Any:
    """One word as it is, and several as a list."""
    listed = list(words)
    return listed[0] if len(listed) == 1 else listed


def _open(
    asked: Phrase, asks: Entry, left: Collection[str], *, is_free: bool
) -> tuple[Entry, list[str]]:
    """What a phrase leaves open or takes off, beside what the table of open words has, and why."""
    admitted: Entry = {"goods": []} if asked.level else {}
    because = [f"{' and '.join(asked.level)} is read for all of it"] * bool(asked.level)
    if is_free:
        admitted["measure"] = [_measure(asked, "value")]
        because.append("its line names neither weight nor value")
    elif "measure" in left:
        admitted["measure"] = "none"
        because.append(f"its line asks the {asks['measure']}")
    if "route" in left:
        admitted["route"] = "none"
        because.append("its line asks all routes")
    if len(asked.windows) > 1:
        starts, ends = zip(*asked.windows[1:], strict=True)
        admitted |= {"start": [*starts], "end": [*ends]}
        because.append(f"its line has {len(asked.windows)} windows")
    return admitted, because


def _add_readings(made: Entry, asked: Phrase, unit: str, project: Tables) -> None:
    """Add the readings of one amount, in every window, by every publisher."""
    every = _of_each_code(asked, unit, project)
    made["goods"] |= dict.fromkeys(held.other for held in every if held.other)
    if (asked.kind, asked.amount) in MOVING:
        made["money"] = {held.currency for held in every} - {"USD"}
    is_of_one = "+" not in "+".join(asked.goods) and "+" not in "+".join(asked.level)
    if is_of_one and len(asked.windows) == 1 and asked.amount in BANDED.get(asked.kind, ()):
        every = _with_releases(made, asked, every, project)
    for window in asked.windows:
        when = window_in_words(*_months(window)) * bool(asked.windows[1:])
        for held in every:
            publisher = held.publisher * (not held.who)
            # The statistics that count goods by another code, where their word has several.
            by = held.other and COUNTED_BY.get(codes.classification(held.other), OTHERWISE)
            words = (held.who or _office(asked), by, asked.quantity, publisher, when)
            name = ", ".join(filter(None, words))
            made["reading"].append({"name": name, **_reading(asked, window, held)})


def _of_each_code(asked: Phrase, unit: str, project: Tables) -> list[Held]:
    """What is held of the goods, and of each other code of their word, where some is held."""

    def held_of(goods: Iterable[str]) -> Iterator[Held]:
        for code in goods:
            with suppress(LedgerError):
                of_code = _held(replace(asked, goods=(code,), level=()), unit, project)
                yield from (held._replace(other=code) for held in of_code)

    others = [*held_of(() if asked.kind == phrase.RECORD else asked.also)]
    try:
        return _held(asked, unit, project) + others
    except LedgerError as error:
        if others:
            return others
        code, words = "+".join(asked.level or asked.goods), own_words.product_words(project.root)
        same = {also for listed in words.values() if code in listed for also in listed}
        first = next(held_of(sorted(same - {code})), None)
        if first is None:
            raise
        meant = phrase.spoken(replace(asked, goods=(first.other,), level=()))
        cure = f"what is held of the time is {first.other}: write '{meant}'"
        raise LedgerError(f"{error}; {cure}") from error


def _with_releases(made: Entry, asked: Phrase, every: list[Held], project: Tables) -> list[Held]:
    """Of an office's releases the first alone: the total that it printed, or one nobody patched."""
    money = every[0].currency
    offices = [x for x in every if (x.who, x.other, x.currency) == ("", "", money)]
    offices.sort(key=attrgetter("is_patched"))
    in_dollars = money == "USD" and not every[0].rates
    printed = _own_total(asked, project) if in_dollars else {}
    releases = {held.publisher or "its months": held.filters for held in offices}
    releases |= {f"{x.publisher} by the year".strip(): x.yearly for x in offices if x.yearly}
    if not printed and len(releases) < 2:
        return every
    made["releases"] = releases
    others = [held for held in every if held.who or held.other]
    if not printed:
        return [offices[0], *others]
    if not asked.base:  # the growth that it printed is of its own releases of both times
        made["releases"] = {OWN_TOTAL: printed, **made["releases"]}
    name = f"{_office(asked)}, {asked.quantity}, {OWN_TOTAL}"
    made["reading"].append({"name": name, "read": printed, "result": "value"})
    return others


def _own_total(asked: Phrase, project: Tables) -> Entry:
    """What reads the total, or the growth, that the reporter's office printed and can be placed."""
    partner, reporter = "+".join(asked.partner), asked.reporter
    pairs = {"M": (partner, reporter), "X": (reporter, partner)}
    exporter, importer = pairs.get(asked.flow, (f"{reporter}<->{partner}", ""))
    first, last = bands.days_of(*span(asked.windows[0]))
    wanted = {
        "publisher": office_of(reporter),
        "exporter": exporter,
        "importer": importer,
        "hs_codes": asked.goods[0],
        "measure": asked.measure_of(asked.amount),
        "unit": "percent y/y" if asked.base else "USD",
        "window_start": first.date(),
        "window_end": last.date(),
    }
    if asked.base:
        ends = bands.days_of(*span(asked.base))
        wanted |= {"base_start": ends[0].date(), "base_end": ends[1].date()}
    every = [*project.figures.values()]
    same = [row for row in every if all((row[key] or "") == wanted[key] for key in wanted)]
    return next(({"table": "figures", "id": x["id"]} for x in same if is_placed(x, every)), {})


def _months(window: Window) -> Window:
    first, after = span(window)
    return month_text(first), month_text(after - 1)


# --- what is held ---------------------------------------------------------------------------------


def _window(months: set[int]) -> Entry:
    """The filters of some months, from the first to the last."""
    return {"start": month_text(min(months)), "end": month_text(max(months))}


def _within(frame: pd.DataFrame, months: set[int]) -> pd.DataFrame:
    """The rows that begin between the first and the last of some months."""
    return frame[first_month(frame).between(min(months), max(months))]


def _column(asked: Phrase) -> str:
    return COLUMNS.get(asked.quantity, VALUE)


def _filters(asked: Phrase) -> Entry:
    """The question to trade that a phrase asks."""
    partner = list(asked.partner)
    if asked.kind in phrase.PLACED:
        partner = [*partner, *asked.among] if asked.among else ["countries"]
    filters = {
        "reporter": asked.reporter,
        "partner": _one(partner),
        "flow": _one(asked.flow),
        "product": _one(asked.level or asked.goods),
    }
    if asked.amount in QUANTITIES:
        filters["qty_unit"] = QUANTITIES[asked.amount]
    return filters


def _held(asked: Phrase, unit: str, project: Tables) -> list[Held]:
    """What each publisher states of a phrase: those that state all its windows, where some do."""
    filters = _filters(asked)
    wanted = {month for window in asked.times for month in range(*span(window))}
    columns = [_column(asked), *[WEIGHT] * (asked.kind == phrase.PRICE)]
    every = _rows(filters, wanted, columns, project)
    both = [every]
    if asked.kind in phrase.SHARES:
        whole = filters | {"partner": _one(asked.among)}
        both.append(_rows(whole, wanted, columns, project))
    rows = every[~every["lacks"]]
    if rows.empty:
        raise LedgerError(f"nothing that is held answers {phrase.spoken(asked)!r}: {NOT_HELD}")
    several = every["publisher"].nunique() > 1
    if asked.kind in phrase.PLACED:
        rows = _with_rivals(asked, rows, every[every["lacks"]], wanted)
        if not asked.among:  # some were sellers in other years
            filters |= _window(wanted)
    known = catalogue.publishers(project.root, local=project.local)
    stating: dict[str, Held] = {}
    for name in sorted({*rows["publisher"]}, key=[*known].index):
        own = [frame[frame["publisher"] == name] for frame in both]
        named = filters | ({"publisher": name} if several else {})
        is_record = asked.kind == phrase.RECORD
        stating[name] = _stated(named, own, known[name].short, wanted, is_record=is_record)
    stating = _of_the_time(asked, stating, wanted, {*rows["cmd_code"]})
    return [
        held._replace(
            publisher=held.publisher * (len(stating) > 1),
            rates=_rates(asked, held.currency, unit, wanted, project),
        )
        for held in stating.values()
    ]


def _of_the_time(
    asked: Phrase, stating: dict[str, Held], wanted: set[int], known: set[str]
) -> dict[str, Held]:
    """Those that state all of the time; of a growth, whose months are paired, all if none does."""
    found = {name: held for name, held in stating.items() if wanted <= held.months}
    parts = {code for held in (found or stating).values() for code in held.lacking}
    if parts:
        goods, whole = " + ".join(asked.goods), [*sorted(known - parts), "CODE"]
        raise LedgerError(
            f"{', '.join(sorted(parts))}, a part of {goods}, is not stated in each month of the "
            f"time; one that is may stand for all: write `{goods} as {whole[0]}`"
        )
    each = [{*range(*span(window))} for window in asked.times]
    paired = {name: held for name, held in stating.items() if all(map(held.months.__and__, each))}
    if not found and (asked.kind != phrase.GROWTH or not paired):
        held = max(stating.values(), key=lambda item: len(item.months))
        stated = f"; the most states {held.publisher}: {runs(held.months)}" * bool(held.months)
        raise LedgerError(
            f"no {asked.quantity} of {' + '.join(asked.goods)} is stated for "
            f"{runs(wanted - held.months)}{stated}"
        )
    return found or paired


def _with_rivals(
    asked: Phrase, rows: pd.DataFrame, unstated: pd.DataFrame, wanted: set[int]
) -> pd.DataFrame:
    """The rows of the publishers that state a member and its rivals in the time that is asked."""
    within, without = _within(rows, wanted), _within(unstated, wanted)
    of_each = within.groupby("publisher")["partner_iso"].agg(set)
    named = {*asked.partner, *asked.among}
    stating = [name for name, areas in of_each.items() if len(areas) > 1 and named <= areas]
    sums = within.groupby("partner_iso")[_column(asked)].sum().sort_values(ascending=False)
    rivals = [area for area in sums.index if area not in asked.partner]
    if stating and not asked.among and not without.empty:
        whose = in_a_sentence([*map(codes.area_name, sorted({*without["partner_iso"]})[:FEW])])
        stating, fault = [], f"a row without a figure is held of {whose}"
    else:
        fault = f"figures are held of {in_a_sentence([*map(codes.area_name, sums.index)])} alone"
    if sums.empty:
        fault = "nothing is stated in it"
    if not stating:
        largest = " and ".join(map(codes.area_name, rivals[:FEW]))
        cure = f"ask among {largest}" if rivals else "add a file that has the others"
        raise LedgerError(f"who is ahead in {runs(wanted)} is not told, since {fault}: {cure}")
    return rows[rows["publisher"].isin(stating)]


def _chosen(
    both: list[pd.DataFrame], wanted: set[int], *, is_record: bool
) -> tuple[Entry, list[pd.DataFrame]]:
    """The finest rhythm, cumulation and files that state most of a time, and their rows."""
    own: Entry = {}
    for column, key, kinds in CHOICES:
        if any(frame[column].nunique() > 1 for frame in both):
            of_kind = {kind: [f[f[column] == kind] for f in both] for kind in kinds}

            def place(kind: str, of_kind: Mapping[str, list[pd.DataFrame]] = of_kind) -> Any:
                """How many months a kind of rows lacks and, for a record, from when on it is."""
                rows = of_kind[kind][0]
                begins = int(first_month(rows).min()) if is_record and len(rows) else 0
                return -len(wanted & _stated_months(*of_kind[kind])), begins

            own[key] = min(of_kind, key=place)
            both = of_kind[own[key]]
    stating = {name for frame in both for name in frame.loc[~frame["lacks"], "source_id"]}
    if any(not {*frame["source_id"]} <= stating for frame in both):
        own["source"] = sorted(stating)  # files of another measure would be preferred
    return own, [frame[~frame["lacks"]] for frame in both]


def _of_whole_files(
    chosen: Entry, both: list[pd.DataFrame], wanted: set[int]
) -> tuple[Entry, list[pd.DataFrame]]:
    """Of several files those that state each code in all months; another would be a part untold."""
    whole = set.intersection(*({*frame["source_id"]} for frame in both))
    for name, rows in ((name, rows) for frame in both for name, rows in frame.groupby("source_id")):
        of_code = [_stated_months(some) for _, some in rows.groupby("cmd_code")]
        if len(of_code) < 2 or not all(wanted <= months for months in of_code):
            whole.discard(name)
    if not whole:
        return chosen, both
    kept = [frame[frame["source_id"].isin(whole)] for frame in both]
    return chosen | {"source": sorted(whole)}, kept


def _stated(
    filters: Entry,
    both: list[pd.DataFrame],
    publisher: str,
    wanted: set[int],
    *,
    is_record: bool,
) -> Held:
    """What one publisher has of a phrase: its rows and, of a share, those of the whole."""
    by_year = [frame[(frame["freq_code"] == "A") & ~frame["lacks"]] for frame in both]
    chosen, both = _of_whole_files(*_chosen(both, wanted, is_record=is_record), wanted)
    own, rows = filters | chosen, both[0]
    is_also_yearly = chosen.get("freq") == "M" and wanted <= _stated_months(*by_year)
    within = [_within(frame, wanted) for frame in both]
    over = [column for column in SEVERAL if within[0][column].nunique() > 1]
    routes = within[0][within[0]["partner_role"].eq("route")]
    routes = routes.groupby("partner_iso")["partner_code"].nunique()
    over += ["partner_code"] * bool(routes.gt(1).any())
    lacking = []
    if any(frame["cmd_code"].nunique() > 1 for frame in both):
        own |= _window(wanted)
        for frame in within:
            by_code = frame.groupby("cmd_code")
            holes = [code for code, some in by_code if wanted - _stated_months(some)]
            lacking += holes * (len(by_code) > 1)
    return Held(
        filters=own,
        rows=rows,
        currency=" and ".join(sorted({*rows["currency"].dropna()})),
        publisher=publisher,
        who=publisher * ("office" not in {*rows["witness"]}),
        over=over,
        lacking=lacking,
        months=set() if lacking else wanted & _stated_months(*both),
        rates={},
        yearly=filters | {"freq": "A"} if is_also_yearly else {},
        is_patched=not bands.PATCHED.isdisjoint(" ".join(within[0]["flags"]).split()),
    )


def _stated_months(*frames: pd.DataFrame) -> set[int]:
    """The months that all of some frames state."""
    of_each = [months_of(frame[~frame["lacks"]])[1].tolist() for frame in frames]
    return {*of_each[0]}.intersection(*of_each[1:])


def _rows(filters: Entry, wanted: set[int], columns: list[str], project: Tables) -> pd.DataFrame:
    """Who states what of a question, with declared zeros; a row without a figure `lacks` it."""
    stated = tables.candidates(project.question(**filters))
    asked = project.question(**filters | _window(wanted))
    names = ["source_id", "freq_code", "cumulation", "currency", "ref_period", "n_months"]
    names += [*SEVERAL, "partner_code", "partner_role", *columns, "flags"]
    both = [rows.select(names) for rows in (stated, asked.matching(zeros=True))]
    frame = pa.concat_tables(both).to_pandas()
    lacks = frame[columns].isna().any(axis="columns")
    if len(columns) > 1:
        lacks |= frame["flags"].str.contains(ESTIMATED)
    of_rows = [project.sources[name] for name in frame["source_id"]]
    witnesses = [str(source.witness) for source in of_rows]
    publishers = [source.publisher for source in of_rows]
    return frame.assign(publisher=publishers, witness=witnesses, lacks=lacks)


# --- a reading ------------------------------------------------------------------------------------


def _reading(asked: Phrase, window: Window, held: Held) -> Entry:
    """What is read and measured of an amount and a window, as a ledger's table has it."""
    kind, read, rates = asked.kind, held.filters, held.rates
    if kind == phrase.POINTS and asked.base:
        each = replace(asked, kind=phrase.SHARE, base=None)
        terms = [_reading(each, when, held) for when in (window, asked.base)]
        return {"combine": "difference", "terms": terms}
    value = DOLLARS if "convert" in rates else _column(asked)
    total = _total(value, window, held.over)
    step, result = phrase.KIND_ROWS[kind].get("made", ("", value))
    steps = [[step, {} if kind == phrase.BARRELS else {"value": value}]] if step else []
    made = {"read": read, "steps": [total, *steps], "result": result}
    if kind in phrase.PLACED:
        over = [column for column in held.over if column != "partner_iso"]
        of_each = {**_total(value, window, over)[1], "by": ["partner_iso"]}
        member = {"value": value, "member": asked.partner[0]}
        made["steps"] = [["total", of_each], ["lead", member]]
    elif kind == phrase.PRICE:
        total[1]["value"] = [value, WEIGHT]
    elif kind == phrase.SHARE:
        over = [*dict.fromkeys([*held.over, *["partner_iso"] * (len(asked.among) > 1)])]
        other = read | {"partner": _one(asked.among)}
        made |= {"other": other, "other_steps": [_total(value, window, over)]}
    for step, other in rates.items():
        made |= {"other": other, "steps": [[step, {}], *made["steps"]]}
    if asked.base:
        made |= _changed(kind, read, value, window, asked.base, held.over)
    return made


def _changed(
    kind: str, read: Entry, value: str, window: Window, base: Window, over: list[str]
) -> Entry:
    """A change from one year to another, over the months that both have; else of two sums."""
    is_of_years = all(first == last and len(first) == 4 for first, last in (window, base))
    if kind == phrase.GROWTH and not over and is_of_years:
        pair = {"value": value, "year": int(window[0]), "base": int(base[0])}
        return {"steps": [["growth", pair]]}
    return {"other": read, "other_steps": [_total(value, base, over)]}


def _rates(asked: Phrase, own: str, unit: str, months: set[int], project: Tables) -> Entry:
    """The step that puts values into the currency of a claim, with its rates; none if none is."""
    wanted = units.sized(unit)[0].partition("/")[0]
    is_money = _column(asked) == VALUE and units.CURRENCY.fullmatch(wanted)
    if not is_money or wanted in own:
        return {}
    step, money = ("convert", own) if wanted == "USD" else ("from_dollars", wanted)
    base, quote = ("EUR", "USD") if money == "EUR" else ("USD", money)
    rates = {"table": "rates", "base": base, "quote": quote, "stated_by": RATES_OF}
    # A change of two sums and a record have no room for rates.
    if asked.kind != phrase.RECORD and not asked.base and "USD" in (wanted, own):
        held = project.question(**rates).matching().to_pandas()
        if len(held) and months <= {*months_of(held)[1].tolist()}:
            return {step: rates}
    raise LedgerError(
        f"its figure is in {wanted} and what is held in {own}, which no rates of the "
        f"{RATES_OF} bring together for {runs(months)}: ask for another time, or give the figure "
        f"in {own}"
    )


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
    """A claim of a record: its figure, where it has one, and over the best of all times before."""
    words, figure = _record_in_words(entry, unit)
    readings = [*_records(asked, every)]
    if not readings:
        raise LedgerError("its line asks a record, and nothing before it is held")
    bases = [item["terms"][1]["steps"][0][1] for item in readings]
    base = min((total["start"], total["end"]) for total in bases)
    of_record = {
        "claimed": SIGNS[1],
        "superlative": True,
        "asks": entry["asks"] | {"measure": f"growth of {asked.amount}", "base": [*base]},
        "reading": readings,
    }
    if not figure:
        return entry | of_record
    of_record |= {key: entry[key] for key in ("open", "open_because") if key in entry}
    head = {key: entry.pop(key) for key in OF_THE_CLAIM if key in entry}
    return head | {"part": [{"words": figure, **entry}, {"words": words, **of_record}]}


def _record_in_words(entry: Entry, unit: str) -> tuple[str, str]:
    """The words of a sentence for a record, and for its figure where the line has one."""
    statement, claimed = entry["statement"], entry.get("claimed", {})
    record = wording.RECORD.search(statement) or sentence.pattern("superlative").search(statement)
    is_alone, value = claimed in SIGNS, claimed.get("value")
    of_unit = [item for item in open_words.numbers_in(statement) if item.is_of(unit)]
    printed = [item.text for item in of_unit if value is None or item.means(value, unit)]
    if not record or not (printed or is_alone):
        lacking = "prints no figure" if record else "says no record"
        raise LedgerError(f"its line asks a record, and its sentence {lacking}")
    return record[0], "" if is_alone else printed[0]


def _records(asked: Phrase, every: Iterable[Held]) -> Iterator[Entry]:
    """Readings of a window over the best of all windows of its length before it."""
    window = asked.windows[0]
    first, after = span(window)
    n = after - first
    told = []
    for held in every:
        start = span(asked.since)[0] if asked.since else int(first_month(held.rows).min())
        start = first - (first - start) // n * n  # whole windows, of which the last ends before it
        if start < first and held.rows["n_months"].max() <= n:
            told.append((start, held, {*range(start, after)} <= _stated_months(held.rows)))
    for start, held, is_whole in told:
        if is_whole or not any(whole for *_, whole in told):
            now = _reading(asked, window, held)
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
