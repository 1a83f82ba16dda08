"""Comext in bulk: a month's file as numbers as it streams, then as rows in the order of its cells.

Some forty bytes a row are kept: which product, flow, partner, …, as places in lists of words, and
the figures. Only when the decoder has vouched for all of the file is it sorted and handed out.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from math import prod
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes
from tradeflows.model.codelists import rows_by
from tradeflows.model.errors import CodeError, LayoutError, SchemaError
from tradeflows.model.keys import number_cells
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, archives, plausibility, reading
from tradeflows.publishers.reading import BLOCK

ROWS = 1 << 16  # in a part, more or less
MOST = 1 << 16  # words in a column
LARGEST = 2**53 - 1  # a float64 holds whole numbers up to here
Array = np.ndarray[Any, Any]
Item = TypeVar("Item")
SINCE_2002 = (
    "REPORTER,PARTNER,TRADE_TYPE,PRODUCT_NC,PRODUCT_SITC,PRODUCT_CPA21,PRODUCT_CPA22,PRODUCT_BEC,"
    "PRODUCT_BEC5,PRODUCT_SECTION,FLOW,STAT_PROCEDURE,SUPPL_UNIT,PERIOD,VALUE_EUR,VALUE_NAC,"
    "QUANTITY_KG,QUANTITY_SUPPL_UNIT"
)
UNTIL_2001 = (
    "DECLARANT,DECLARANT_ISO,PARTNER,PARTNER_ISO,TRADE_TYPE,PRODUCT_NC,PRODUCT_SITC,"
    "PRODUCT_cpa2002,PRODUCT_cpa2008,PRODUCT_CPA2_1,PRODUCT_BEC,PRODUCT_SECTION,FLOW,STAT_REGIME,"
    "SUPP_UNIT,PERIOD,VALUE_IN_EUROS,QUANTITY_IN_KG,SUP_QUANTITY"
)
# Columns that tell cells apart, by their place in the sort, and those that are figures.
CELL = ("product", "flow", "reporter", "partner", "procedure", "type", "unit")
FIGURES = ("value", "kg", "qty")
THEIRS = {  # since 2002, and until 2001
    "period": ("PERIOD", "PERIOD"),
    "product": ("PRODUCT_NC", "PRODUCT_NC"),
    "flow": ("FLOW", "FLOW"),
    "reporter": ("REPORTER", "DECLARANT_ISO"),
    "partner": ("PARTNER", "PARTNER_ISO"),
    "procedure": ("STAT_PROCEDURE", "STAT_REGIME"),
    "type": ("TRADE_TYPE", "TRADE_TYPE"),
    "unit": ("SUPPL_UNIT", "SUPP_UNIT"),
    "value": ("VALUE_EUR", "VALUE_IN_EUROS"),
    "kg": ("QUANTITY_KG", "QUANTITY_IN_KG"),
    "qty": ("QUANTITY_SUPPL_UNIT", "SUP_QUANTITY"),
}
FLOWS = {"1": "M", "2": "X"}
ROLES = {"1": "origin", "1I": "consignment", "2": "destination"}  # of partners, by flow and type
WITHHELD = dict.fromkeys(("QX", "QY", "QZ"), "partner withheld for commercial or military reasons")
Words = dict[str, list[str]]  # of a file, in their order, by the column
# What a word looks like, as a regular expression and in words.
GRAMMAR = {
    "period": ("(19|20)[0-9]{2}(0[1-9]|1[0-2]|52)", "a month such as 202305, or 202352 for a year"),
    "flow": ("[12]", "1 or 2"),
    "procedure": ("[1235679]", "1, 2, 3, 5, 6, 7 or 9"),
    "type": ("[EILM]", "E, I, L or M"),
}
# A file's month stands last in its name, or before the hash of one that was added by hand, whose
# own end may be six digits too.
NAMED = re.compile(r"(?<!\d)(?<!_[0-9a-f]{2})\d{6}(?=(_[0-9a-f]{8})?\.\w+$)", re.ASCII)
# Who was of the Community when, and whose currency is the euro.
INSIDE = "EU27_2020_INTRA"
MEMBERS = rows_by("eu_members.csv", "area")
LEFT = [area for area, row in MEMBERS.items() if row["left"]]


@dataclass
class Contents:
    """A file as numbers, in its order."""

    is_old: bool  # it has the layout until 2001
    period: str  # such as 202402, or 202352 for a year
    words: dict[str, pa.Array]  # the period, and of each of CELL the words it has, as they came
    columns: dict[str, Array]  # of each of CELL where in `words` its are; of FIGURES numbers
    contradictory: list[int]  # records whose value in national currency, the euro, is another

    def theirs(self, name: str) -> str:
        """Return what the file calls our column `name`."""
        return THEIRS[name][self.is_old]


def read(path: Path) -> Contents:
    """Return all of a file.

    Raises
    ------
    LayoutError
        The archive is damaged, the header is another, a row has another number of fields, or a
        word or a number is none; or a kind of trade that the partner's does not agree with.
        Messages name record and field.
    CodeError
        A reporter, partner, product or unit is in no list.
    """
    named = NAMED.search(path.name)
    words = dict.fromkeys(("period", *CELL), pa.array([], pa.string()))
    columns: dict[str, Array] = {name: np.empty(0) for name in FIGURES}
    columns |= {name: np.empty(0, np.uint16) for name in CELL}
    with archives.opened(path) as stream:
        head = stream.readline(BLOCK).decode("utf-8-sig", "replace").strip().replace('"', "")
        names = head.split(",")
        near = max((SINCE_2002, UNTIL_2001), key=lambda known: len({*known.split(",")} & {*names}))
        if head != near:
            lacking = [name for name in near.split(",") if name not in names]
            raise LayoutError(path, f"the header {near}", f"none of {lacking} in {head[:500]!r}")
        is_old = "VALUE_NAC" not in names
        contents = Contents(is_old, named[0] if named else "", words, columns, [])
        for block in ahead(_blocks(path, names, stream)):
            came = {name: _numbers(block, contents.theirs(name)) for name in FIGURES}
            came |= {name: _places(contents, block, name) for name in words}  # first the period
            for name, column in columns.items():
                # It grows where it lies, since a copy would take too much room.
                column.resize(len(column) + len(block), refcheck=False)
                column[-len(block) :] = came[name]
            if not is_old:
                contents.contradictory += _contradictory(block, int(contents.period[:4]))
    if not contents.period or not len(columns["value"]):
        raise LayoutError(path, "at least one record", "a header alone")
    _require_trade(path, contents)
    return contents


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Yield `items`, while another thread makes the next of them."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item


def _blocks(path: Path, names: list[str], stream: IO[bytes]) -> Iterator[reading.Block]:
    """Yield the columns that are read as text, some lines of half a :data:`BLOCK` at a time."""
    wanted = {both["VALUE_NAC" not in names] for both in THEIRS.values()}
    wanted |= {"VALUE_NAC"} & {*names}
    lines, last = 0, 0
    while text := stream.read(BLOCK // 2) + stream.readline(BLOCK):
        for block in reading.blocks(path, names, [*wanted], raw=b"\n" + text, above=last):
            yield block
            last = block.records[-1].as_py()
        lines += len(text.splitlines())
        if lines != last:
            found = "an empty line, or a quote that closes in another one"
            raise LayoutError(f"{path}: above record {last + 1}", "a record a line", found)


def _numbers(block: reading.Block, name: str) -> Array:
    """Return a column of numbers as float64, exact up to 2^53."""
    text = block.text(name)
    if not pc.all(pc.ascii_is_decimal(text)).as_py():
        block.demand(name, reading.PLAIN_MARKS.pattern, "a number")
    number = text.cast(pa.float64())
    block.require(pc.less_equal(pc.abs(number), LARGEST), f"at most 2^53 in {name}", text)
    return number.to_numpy()


def _places(contents: Contents, block: reading.Block, name: str) -> Array:
    """Return where each word of a column is among those of the file; new ones are looked at."""
    text, known = block.text(contents.theirs(name)), contents.words[name]
    places = pc.index_in(text, value_set=known)
    if places.null_count:
        new = text.filter(places.is_null()).unique()
        firsts = pc.index_in(new, value_set=text)
        for word, at in zip(new.to_pylist(), firsts.to_pylist(), strict=True):
            _require_word(contents, name, word, block.record(at))
        contents.words[name] = known = pa.concat_arrays([known, new])
        places = pc.index_in(text, value_set=known)
        if len(known) > MOST:
            raise LayoutError(block.path, f"at most {MOST} words in {name}", f"{len(known)}")
    return places.to_numpy()


def _require_word(contents: Contents, name: str, word: str, record: str) -> None:
    """Refuse a word that column `name` cannot have; the first period is the file's."""
    theirs = contents.theirs(name)
    pattern, what = GRAMMAR.get(name, ("[--~]*", "plain letters"))
    if not re.fullmatch(pattern, word):
        raise LayoutError(record, f"{what} in {theirs}", repr(word))
    if name == "period":
        if contents.period not in ("", word):
            raise LayoutError(record, f"{theirs} {contents.period}, the file's", word)
        contents.period = word
    elif name == "product" and word != "TOTAL" and not codes.HS.fullmatch(word):
        raise CodeError(f"{record}: {theirs} {word!r} is no code of the Combined Nomenclature")
    elif theirs == "SUPPL_UNIT" and word not in ("NO_SU", *reading.units("comext")):
        raise CodeError(f"{record}: {theirs} {word!r} is not in units.csv; add it there")
    elif name in ("reporter", "partner"):
        year, where = int(contents.period[:4]), f"{record}, {theirs}"
        area_of(word, "eurostat", where, year, reports=name == "reporter")


def area_of(word: str, system: str, where: str, year: int, *, reports: bool) -> str:
    """The area that a word means; who reports is a member state or a group."""
    [area] = codes.areas(pa.array([word]), system, where, year).to_pylist()
    if reports and area not in codes.groups() and not codes.contains("EU28", area):
        raise CodeError(f"{where}: {word} is neither a member state nor a group")
    return str(area)


def _contradictory(block: reading.Block, year: int) -> Iterator[int]:
    """Yield the records whose two values differ by more than rounding, where both are euros."""
    value, national = block.text("VALUE_EUR"), block.text("VALUE_NAC")
    since = {row["code"]: int(row["euro"] or 9999) for row in MEMBERS.values()}
    euro = pa.array([code for code, first in since.items() if first <= year], pa.string())
    differs = pc.not_equal(value, national)
    if pc.any(differs).as_py():
        differs = pc.and_(differs, pc.is_in(block.text("REPORTER"), euro))
    for at in np.flatnonzero(differs).tolist():
        try:
            is_near = abs(float(value[at].as_py()) - float(national[at].as_py())) <= 1
        except ValueError:
            is_near = False
        if not is_near:
            yield block.records[at].as_py()


def _require_trade(path: Path, contents: Contents) -> None:
    """Refuse trade within the Community with a partner outside, or the other way round."""
    known = codes.area_codes("eurostat", int(contents.period[:4]))
    kinds, partners = (contents.words[name].to_pylist() for name in ("type", "partner"))
    pairs = itertools.product(kinds, partners)
    wrong = [is_of_other_trade(kind, known[code], contents.period) for kind, code in pairs]
    kind, partner = contents.columns["type"], contents.columns["partner"]
    is_wrong = np.reshape(wrong, (len(kinds), -1))[kind, partner]
    if is_wrong.any():
        at = is_wrong.argmax()
        expected = f"a {contents.theirs('type')} that agrees with {contents.theirs('partner')}"
        found = f"{kinds[kind[at]]} beside {partners[partner[at]]}"
        raise LayoutError(f"{path}: record {at + 1}", expected, found, "obtain the file again")


# --- who was of the Community when ----------------------------------------------------------------


def is_listed_within(area: str) -> bool:
    """Return whether goods of an area were ever listed as trade within the Community."""
    return area in (INSIDE, *LEFT) or codes.contains(INSIDE, area)


def is_within(area: str, day: str) -> bool:
    """Return whether an area was of the Community on a day, as far as its goods are listed so."""
    row = MEMBERS.get(area, {"joined": "", "left": ""})
    return row["joined"] <= day < (row["left"] or "9999") and is_listed_within(area)


def is_of_other_trade(kind: str, area: str, period: str) -> bool:
    """Return whether trade of a kind, I or E, cannot be with an area in a period such as 202402.

    Only what is sure counts: the United Kingdom and its parts are listed either way, and what is
    no country may be of both.
    """
    if not area or not codes.is_country(area) or area in LEFT:
        return False
    if kind == "I":
        return not is_listed_within(area)
    joined = MEMBERS.get(area, {}).get("joined", "")
    return kind == "E" and is_listed_within(area) and period[:4] > joined[:4]


# --- rows of the table ---------------------------------------------------------------------------


def rows(path: Path, source: Source, contents: Contents) -> Iterator[Part]:
    """Yield all rows in the order of their cells."""
    words = {name: sorted(contents.words[name].to_pylist()) for name in CELL}
    if contents.is_old:  # whose letters for units are in no list
        words["unit"] = contents.words["unit"].to_pylist()
    flow, flows = contents.columns["flow"], contents.words["flow"].to_pylist()
    weights = (None, contents.columns["value"], contents.columns["kg"])  # exact up to 2^53
    sums = zip(*(np.bincount(flow, weight) for weight in weights), strict=True)
    totals = {
        FLOWS[word]: {"rows": int(n), "EUR": float(value), "kg": float(kg)}
        for word, (n, value, kg) in sorted(zip(flows, sums, strict=True))
    }
    year, month = int(contents.period[:4]), int(contents.period[4:])
    shared: dict[str, Any] = reading.A_FLOW | {
        "area_system": "eurostat",
        "currency": "EUR",
        "classification_code": f"CN{year}",
        "freq_code": "A" if month == 52 else "M",
        "vintage": source.vintage,
        "n_months": 12 if month == 52 else 1,
        "ref_period": date(year, month % 52 or 1, 1),
    }
    meanings = _meanings(path, contents, words)
    ranks = {name: pc.index_in(contents.words[name], pa.array(words[name])) for name in CELL}
    # The places go one by one, since they take much room.
    columns_of = (
        (rank.to_numpy().astype(np.uint16)[contents.columns.pop(name)], len(rank))
        for name, rank in ranks.items()
    )
    cells = number_cells(columns_of, len(contents.columns["value"]))
    order = np.argsort(cells, kind="stable")
    cells = cells[order]
    nth = _repeats(path, words, cells, order)
    for begin, stop in itertools.pairwise(_cuts(cells, words)):
        rows = order[begin:stop]
        place = _unravelled(cells[begin:stop], words)
        columns = shared | _columns(words, meanings, place, nth[begin:stop])
        columns |= _amounts(contents, words["unit"], place["unit"], rows)
        columns["source_row"] = rows + 1
        # The words of a file were looked at when they were met.
        batch = reading.rows(source, TRADE, columns, are_products_known=True)
        is_odd = np.isin(rows + 1, contents.contradictory)
        batch = plausibility.with_flag(batch, is_odd, plausibility.TWICE)
        yield Part(batch, len(rows), {}, sorted=True, control=totals)


def _unravelled(cells: Any, words: Words) -> dict[str, Any]:
    """Return which of `words` the cells are, by the column."""
    shape = [len(words[name]) for name in CELL]
    return dict(zip(CELL, np.unravel_index(cells, shape), strict=True))


def _repeats(path: Path, words: Words, cells: Array, order: Array) -> Array:
    """Return how many rows of its cell lie before each row; residuals alone may be several."""
    nth = np.zeros(len(cells), np.int32)
    for at in np.flatnonzero(cells[1:] == cells[:-1]) + 1:
        nth[at] = nth[at - 1] + 1
        stated = [words[name][place] for name, place in _unravelled(cells[at], words).items()]
        if not is_confidential(stated[0]):
            raise SchemaError(
                f"{path}: records {order[at - 1] + 1} and {order[at] + 1} state the same cell "
                f"({' '.join(stated)})"
            )
    return nth


def is_confidential(product: str) -> bool:
    """Return whether a code is of goods that a country does not name."""
    return not product.isdigit() and product != "TOTAL"


def _cuts(cells: Array, words: Words) -> list[int]:
    """Return where parts begin and end: some chapters, cut evenly where these have many rows."""
    products = words["product"]
    firsts = [at for at in range(1, len(products)) if products[at][:2] != products[at - 1][:2]]
    n_below = prod(len(words[name]) for name in CELL[1:])
    ends = np.searchsorted(cells, np.array(firsts, np.int64) * n_below)
    cuts = [0]
    for end in [*ends.tolist(), len(cells)]:
        size = end - cuts[-1]
        if size >= ROWS or end == len(cells):
            within = np.linspace(0, size, max(1, round(size / ROWS)) + 1).astype(int)
            cuts += (cuts[-1] + within[1:]).tolist()
    return cuts


def _meanings(
    path: Path, contents: Contents, words: Words
) -> dict[str, tuple[str, pa.DictionaryArray]]:
    """Return for a column of the table which of the file says it, and what its words mean."""
    flows, kinds, year = words["flow"], words["type"], int(contents.period[:4])
    is_secret = [is_confidential(word) for word in words["product"]]
    parts = itertools.product(words["procedure"], kinds)
    meant: dict[str, tuple[str, Any]] = {
        "flow_code": ("flow", [FLOWS[word] for word in flows]),
        "valuation": ("flow", ["CIF" if word == "1" else "FOB" for word in flows]),
        "partner_role": ("role", [ROLES.get(a + b, ROLES[a]) for a in flows for b in kinds]),
        "breakdown": ("part", [f"procedure={one},type={kind}" for one, kind in parts]),
        "flags": ("product", np.where(is_secret, "confidential", "")),
        "note": ("partner", [WITHHELD.get(word) for word in words["partner"]]),
        "reporter_code": ("reporter", words["reporter"]),
        "partner_code": ("partner", words["partner"]),
    }
    for side in ("reporter", "partner"):
        meant[f"{side}_iso"] = side, codes.areas(pa.array(words[side]), "eurostat", path, year)
    return {
        name: (of, pa.array(texts, pa.string()).dictionary_encode())
        for name, (of, texts) in meant.items()
    }


def _columns(
    words: Words, meanings: Mapping[str, Any], place: dict[str, Array], nth: Array
) -> dict[str, Any]:
    """Return the columns of text: `nth` counts the residuals of one cell."""
    for name, of in (("role", "flow"), ("part", "procedure")):
        place[name] = place[of] * len(words["type"]) + place["type"]
    columns: dict[str, Any] = {}
    for name, (of, meant) in meanings.items():
        columns[name] = meant.take(pa.array(place[of]))
    low, high = place["product"][[0, -1]]
    goods = pa.array(words["product"][low : high + 1])
    columns["cmd_code"] = pa.DictionaryArray.from_arrays(place["product"] - low, goods)
    if nth.any():
        numbers = [f",residual={number}" for number in range(2, nth.max() + 2)]
        number = pa.array(["", *numbers]).take(pa.array(nth))
        plain = columns["breakdown"].cast(pa.string())
        columns["breakdown"] = pc.binary_join_element_wise(plain, number, "").dictionary_encode()
    return columns


def _amounts(contents: Contents, units: list[str], unit: Array, rows: Array) -> dict[str, Any]:
    """Return values, weights, quantities and the units of these; a zero beside a value is null."""
    value, kg, qty = (contents.columns[name][rows] for name in FIGURES)
    has_value = value != 0
    columns = {"value_reported": value, "net_wgt_kg": pa.array(kg, mask=has_value & (kg == 0))}
    if contents.is_old:
        letters = pa.array(units).take(pa.array(unit))
        number = pa.array(qty, mask=qty == 0).cast(pa.string())
        note = pc.binary_join_element_wise("qty", number, "in unit", letters, " ")
        return columns | {"note": note}
    known = {"NO_SU": ("none", np.nan)} | reading.units("comext")
    factor = np.array([known[word][1] for word in units])[unit]
    is_unstated = np.isnan(factor) | has_value & (qty == 0)
    ours = pa.array([*(known[word][0] for word in units), "none"]).dictionary_encode()
    return columns | {
        "qty": pa.array(qty * factor, mask=is_unstated),
        "qty_unit": ours.take(pa.array(np.where(is_unstated, len(units), unit))),
    }
