"""Comext in bulk: a month's file as numbers as it streams, then as rows in the order of its cells.

Some forty bytes a row are kept: which product, flow, partner, …, as places in lists of words, and
the figures. Only when the decoder has vouched for all of the file is it sorted and handed out.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from math import prod
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from tradeflows.model import codes
from tradeflows.model.errors import CodeError, LayoutError, SchemaError
from tradeflows.model.keys import number_cells
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, archives, plausibility, reading
from tradeflows.publishers.comext.membership import is_of_other_trade, with_euro

BLOCK = 1 << 20  # bytes at a time, and no line may be longer
ROWS = 1 << 16  # in a part, more or less
MOST = 1 << 16  # words in a column
LARGEST = 2**53 - 1  # a float64 holds whole numbers up to here
CODED = pa.dictionary(pa.int32(), pa.string())
Array = np.ndarray[Any, Any]
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
# Columns that tell cells apart, by their place in the sort, and those that are figures; what each
# is called since 2002, and was until 2001.
CELL = {
    "product": ("PRODUCT_NC", "PRODUCT_NC"),
    "flow": ("FLOW", "FLOW"),
    "reporter": ("REPORTER", "DECLARANT_ISO"),
    "partner": ("PARTNER", "PARTNER_ISO"),
    "procedure": ("STAT_PROCEDURE", "STAT_REGIME"),
    "type": ("TRADE_TYPE", "TRADE_TYPE"),
    "unit": ("SUPPL_UNIT", "SUPP_UNIT"),
}
FIGURES = {
    "value": ("VALUE_EUR", "VALUE_IN_EUROS"),
    "kg": ("QUANTITY_KG", "QUANTITY_IN_KG"),
    "qty": ("QUANTITY_SUPPL_UNIT", "SUP_QUANTITY"),
}
FLOWS = {"1": "M", "2": "X"}
ROLES = {"1": "origin", "1I": "consignment", "2": "destination"}  # of partners, by flow and type
WITHHELD = dict.fromkeys(("QX", "QY", "QZ"), "partner withheld for commercial or military reasons")
PLAIN = bytes(range(ord(","), 128)) + b"\r\n"  # all letters that a file has besides quotes
PATTERNS = {
    "PERIOD": "(19|20)[0-9]{2}(0[1-9]|1[0-2]|52)",
    "FLOW": "[12]",
    "STAT_PROCEDURE": "[1235679]",
    "STAT_REGIME": "[1235679]",
    "TRADE_TYPE": "[EILM]",
}
# A file's month stands last in its name, or before the hash of one that was added by hand, whose
# own end may be six digits too.
NAMED = re.compile(r"(?<!\d)(?<!_[0-9a-f]{2})\d{6}(?=(_[0-9a-f]{8})?\.\w+$)", re.ASCII)


@dataclass
class Contents:
    """A file as numbers, in its order."""

    is_old: bool  # it has the layout until 2001
    period: str  # such as 202402, or 202352 for a year
    words: dict[str, dict[str, int]]  # of each of CELL the words it has, by when they came
    columns: dict[str, Array]  # of each of CELL which of its words, of FIGURES the numbers
    contradictory: list[int]  # records whose value in national currency, the euro, is another


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
    columns: dict[str, list[Array]] = {name: [] for name in (*CELL, *FIGURES)}
    with archives.opened(path) as stream:
        line = stream.readline(BLOCK)
        text = line.decode("utf-8-sig", "replace").strip().replace('"', "")
        is_old = text.startswith(UNTIL_2001[:9])
        header = UNTIL_2001 if is_old else SINCE_2002
        if text != header:
            lacking = sorted({*header.split(",")} - {*text.split(",")})
            raise LayoutError(path, f"the header {header}", f"none of {lacking} in {text[:500]!r}")
        words: dict[str, dict[str, int]] = {name: {} for name in CELL}
        contents = Contents(is_old, named[0] if named else "", words, {}, [])
        for block in _blocks(path, header.split(","), stream, is_quoted=b'"' in line):
            for word in block.cells["PERIOD"].dictionary.to_pylist():
                _require_word(contents, block, "PERIOD", word)
            for name, theirs in FIGURES.items():
                text = block.text(theirs[is_old])
                if not pc.all(pc.ascii_is_decimal(text)).as_py():  # faster than a pattern
                    block.demand(theirs[is_old], text, reading.PLAIN_NUMBER, "a number")
                number = text.cast(pa.float64())
                is_exact = pc.less_equal(pc.abs(number), LARGEST)
                block.require(is_exact, f"at most 2^53 in {theirs[is_old]}", text)
                columns[name].append(number.to_numpy())
            for name in words:
                columns[name].append(_places(contents, block, name))
            if not is_old:
                contents.contradictory += _contradictory(block, int(contents.period[:4]))
    for name, parts in columns.items():
        contents.columns[name] = np.concatenate(parts)
        parts.clear()  # since all twice would take too much room
    _require_trade(path, contents)
    return contents


def _blocks(
    path: Path, names: list[str], stream: Any, *, is_quoted: bool
) -> Iterator[reading.Block]:
    """Yield records below the header: words dictionary-coded, figures as text."""
    theirs = {both["VALUE_NAC" not in names] for both in CELL.values()} | {"PERIOD"}
    kinds = dict.fromkeys(theirs, CODED)
    figures = {both["VALUE_NAC" not in names] for both in FIGURES.values()}
    kinds |= dict.fromkeys(figures | {"VALUE_NAC"} & {*names}, pa.string())
    letters = PLAIN + b'"' * is_quoted

    def read(size: int) -> bytes:
        text: bytes = stream.read(size)
        strange = text.translate(None, letters)
        if strange:
            raise LayoutError(path, "plain letters in all cells", repr(strange[:20])[1:])
        return text

    def note(row: csv.InvalidRow) -> str:
        problems.append(f"{row.actual_columns} in record {row.number}")
        return "error"

    first = 1
    problems: list[str] = []
    try:
        for cells in csv.open_csv(
            pa.PythonFile(SimpleNamespace(read=read, closed=False), "r"),
            csv.ReadOptions(column_names=names, block_size=BLOCK, use_threads=False),
            csv.ParseOptions(
                quote_char='"' if is_quoted else False,
                ignore_empty_lines=False,
                invalid_row_handler=note,
            ),
            csv.ConvertOptions(include_columns=[*kinds], column_types=kinds),
        ):
            yield reading.Block(path, first, cells)
            first += len(cells)
    except pa.ArrowInvalid as error:
        expected = f"lines of {len(names)} fields in UTF-8, none above {BLOCK >> 10} KiB"
        problems.append(str(error).splitlines()[0][:200])
        raise LayoutError(path, expected, problems[0]) from error


def _places(contents: Contents, block: reading.Block, name: str) -> Array:
    """Return which of the file's words those of a column are; a new one is looked at."""
    known, theirs = contents.words[name], CELL[name][contents.is_old]
    column = block.text(theirs)
    words = column.dictionary.to_pylist()
    for word in words:
        if word not in known:
            _require_word(contents, block, theirs, word)
            known[word] = len(known)
    if len(known) > MOST:
        raise LayoutError(block.path, f"at most {MOST} words in {name}", f"{len(known)}")
    return np.array([known[word] for word in words], np.uint16)[column.indices]


def _require_word(contents: Contents, block: reading.Block, name: str, word: str) -> None:
    """Refuse a word that column `name` cannot have; the first period is the file's."""
    text = block.text(name)

    def record() -> str:
        return block.record(pc.index(text.cast(pa.string()), word).as_py())

    if not re.fullmatch(PATTERNS.get(name, ".*"), word):
        raise LayoutError(record(), f"{name} like {PATTERNS[name]}", repr(word))
    match name:
        case "PERIOD":
            if contents.period not in ("", word):
                raise LayoutError(record(), f"{name} {contents.period}, the file's", word)
            contents.period = word
        case "PRODUCT_NC":
            if word != "TOTAL" and not codes.HS.fullmatch(word):
                message = f"{name} {word!r} is no code of the Combined Nomenclature"
                raise CodeError(f"{record()}: {message}")
        case "SUPPL_UNIT":  # the letters until 2001 are in no list
            if word not in ("NO_SU", *reading.units("comext")):
                raise CodeError(f"{record()}: {name} {word!r} is not in units.csv; add it there")
        case "REPORTER" | "DECLARANT_ISO" | "PARTNER" | "PARTNER_ISO":
            year, area = int(contents.period[:4]), pa.array([word], pa.string())
            [area] = codes.areas(area, "eurostat", f"{record()}, {name}", year).to_pylist()
            is_reporter = area in codes.groups() or codes.contains("EU28", area)
            if not name.startswith("PARTNER") and not is_reporter:
                message = f"{name} {word} is neither a member state nor a group"
                raise CodeError(f"{record()}: {message}")


def _contradictory(block: reading.Block, year: int) -> Iterator[int]:
    """Yield the records whose two values differ by more than rounding, where both are euros."""
    value, national = block.text("VALUE_EUR"), block.text("VALUE_NAC")
    differs = pc.not_equal(value, national)
    if pc.any(differs).as_py():
        reporter = block.text("REPORTER").cast(pa.string())
        differs = pc.and_(differs, pc.is_in(reporter, pa.array(with_euro(year), pa.string())))
    for at in np.flatnonzero(differs).tolist():
        try:
            is_near = abs(float(value[at].as_py()) - float(national[at].as_py())) <= 1
        except ValueError:
            is_near = False
        if not is_near:
            yield block.first + at


def _require_trade(path: Path, contents: Contents) -> None:
    """Refuse trade within the Community with a partner outside, or the other way round."""
    known = codes.area_codes("eurostat", int(contents.period[:4]))
    kinds, partners = [*contents.words["type"]], [*contents.words["partner"]]
    pairs = itertools.product(kinds, partners)
    wrong = [is_of_other_trade(kind, known[code], contents.period) for kind, code in pairs]
    kind, partner = contents.columns["type"], contents.columns["partner"]
    is_wrong = np.reshape(wrong, (len(kinds), -1))[kind, partner]
    if is_wrong.any():
        at = is_wrong.argmax()
        theirs = [CELL[name][contents.is_old] for name in ("type", "partner")]
        found = f"{kinds[kind[at]]} beside {partners[partner[at]]}"
        expected = "a {} that agrees with {}".format(*theirs)
        raise LayoutError(f"{path}: record {at + 1}", expected, found, "obtain the file again")


def rows(path: Path, source: Source, contents: Contents) -> Iterator[Part]:
    """Yield all rows of a file in the order of their cells.

    Raises
    ------
    SchemaError
        Two rows state one cell that is no residual of confidential goods.
    """
    metadata = {**(TRADE.metadata or {}), b"control": _control(contents)}
    year, month = int(contents.period[:4]), int(contents.period[4:])
    freq, months = ("A", 12) if month == 52 else ("M", 1)
    shared: dict[str, Any] = {
        "source_id": source.id,
        "area_system": "eurostat",
        "currency": "EUR",
        "classification_code": f"CN{year}",
        "freq_code": freq,
        "vintage": source.vintage,
    }
    shared = {
        name: pa.scalar(text, CODED)
        for name, text in (reading.A_FLOW | shared).items()
        if isinstance(text, str)
    }
    shared = (
        reading.A_FLOW
        | shared
        | {"n_months": months, "ref_period": pa.scalar(date(year, month % 52 or 1, 1))}
    )
    words, cells = _numbered(contents)
    order = np.argsort(cells, kind="stable")
    cells = cells[order]
    shape = [len(of) for of in words.values()]
    nth = _repeats(path, words, cells, order)
    meanings = _meanings(path, year, words)
    for begin, stop in itertools.pairwise(_cuts(cells, words)):
        records = order[begin:stop]
        place = dict(zip(CELL, np.unravel_index(cells[begin:stop], shape), strict=True))
        columns = dict(shared)
        for name, (of, last, meant) in meanings.items():
            at = place[of] * len(words[last]) + place[last] if last else place[of]
            columns[name] = meant.take(pa.array(at))
        columns |= _amounts(contents, words["unit"], place["unit"], records)
        low, high = place["product"][[0, -1]]
        goods = pa.array(words["product"][low : high + 1])
        columns["cmd_code"] = pa.DictionaryArray.from_arrays(place["product"] - low, goods)
        number = nth[begin:stop]
        if number.any():
            kinds = ["", *(f",residual={n}" for n in range(2, number.max() + 2))]
            both = columns["breakdown"].cast(pa.string()), pa.array(kinds).take(pa.array(number))
            columns["breakdown"] = pc.binary_join_element_wise(*both, "").dictionary_encode()
        columns["source_row"] = records + 1
        # The words of a file were looked at when they were met.
        batch = reading.rows(source, TRADE, columns, are_products_known=True)
        is_odd = np.isin(records + 1, contents.contradictory)
        batch = plausibility.with_flag(batch, is_odd, plausibility.TWICE)
        yield Part(batch.replace_schema_metadata(metadata), len(records), {}, sorted=True)


def _numbered(contents: Contents) -> tuple[dict[str, list[str]], Array]:
    """Return the words of each column in their order, and a number of each row's cell."""
    words: dict[str, list[str]] = {}
    places = []
    for name, known in contents.words.items():
        came = [*known]
        # Units until 2001 are letters that no list has, and stay in the order of the file.
        words[name] = came if contents.is_old and name == "unit" else sorted(came)
        to = {word: at for at, word in enumerate(words[name])}
        rank = np.array([to[word] for word in came], np.uint16)
        places.append((rank[contents.columns.pop(name)], len(rank)))
    cells = number_cells(places, len(contents.columns["value"]))
    return words, cells


def _control(contents: Contents) -> bytes:
    """Return rows, EUR and kg by flow, as JSON; exact up to 2^53."""
    flow = contents.columns["flow"]
    rows, value, weight = (
        np.bincount(flow, contents.columns.get(name)).tolist() for name in ("", "value", "kg")
    )
    totals = {}
    for word, at in sorted(contents.words["flow"].items()):
        totals[FLOWS[word]] = {"rows": rows[at], "EUR": value[at], "kg": weight[at]}
    return json.dumps(totals).encode()


def _repeats(path: Path, words: dict[str, list[str]], cells: Array, order: Array) -> Array:
    """Return how many rows of its cell lie before each row; residuals alone may be several."""
    nth = np.zeros(len(cells), np.int32)
    for at in np.flatnonzero(cells[1:] == cells[:-1]) + 1:
        nth[at] = nth[at - 1] + 1
        places = np.unravel_index(cells[at], [len(of) for of in words.values()])
        stated = [of[place] for of, place in zip(words.values(), places, strict=True)]
        if not is_confidential(stated[0]):
            records = f"{path}: records {order[at - 1] + 1} and {order[at] + 1}"
            raise SchemaError(f"{records} state the same cell ({' '.join(stated)})")
    return nth


def is_confidential(product: str) -> bool:
    """Return whether a code is of goods that a country does not name."""
    return not product.isdigit() and product != "TOTAL"


def _cuts(cells: Array, words: dict[str, list[str]]) -> list[int]:
    """Return where parts begin and end: some chapters, cut evenly where these have many rows."""
    chapters = [product[:2] for product in words["product"]]
    firsts = [at for at in range(1, len(chapters)) if chapters[at] != chapters[at - 1]]
    n_below = prod(len(words[name]) for name in CELL) // len(chapters)
    ends = np.searchsorted(cells, np.array(firsts, np.int64) * n_below)
    cuts = [0]
    for end in [*ends.tolist(), len(cells)]:
        size = end - cuts[-1]
        if size >= ROWS or end == len(cells):
            within = np.linspace(0, size, max(1, round(size / ROWS)) + 1).astype(int)
            cuts += (cuts[-1] + within[1:]).tolist()
    return cuts


def _meanings(
    path: Path, year: int, words: dict[str, list[str]]
) -> dict[str, tuple[str, str, pa.DictionaryArray]]:
    """Return for a column of the table which one or two of the file say it, and what they mean."""
    flows, kinds, procedures = words["flow"], words["type"], words["procedure"]
    is_secret = map(is_confidential, words["product"])
    meant: dict[str, tuple[str, str, Any]] = {
        "flow_code": ("flow", "", [FLOWS[word] for word in flows]),
        "valuation": ("flow", "", ["CIF" if word == "1" else "FOB" for word in flows]),
        "partner_role": (
            "flow",
            "type",
            [ROLES.get(flow + kind, ROLES[flow]) for flow in flows for kind in kinds],
        ),
        "breakdown": (
            "procedure",
            "type",
            [f"procedure={word},type={kind}" for word in procedures for kind in kinds],
        ),
        "flags": ("product", "", ["confidential" * is_so for is_so in is_secret]),
        "note": ("partner", "", [WITHHELD.get(word) for word in words["partner"]]),
    }
    for side in ("reporter", "partner"):
        codes_of = pa.array(words[side])
        meant[f"{side}_code"] = side, "", codes_of
        meant[f"{side}_iso"] = side, "", codes.areas(codes_of, "eurostat", path, year)
    return {
        name: (of, last, pa.array(texts, pa.string()).dictionary_encode())
        for name, (of, last, texts) in meant.items()
    }


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
