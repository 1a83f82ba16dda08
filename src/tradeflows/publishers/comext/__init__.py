"""Eurostat Comext in bulk: a month's ``full_….7z`` (or ``.dat``, ``.csv``) in, trade rows out.

One raw row is what one member state reports of one CN8 product, partner, direction and customs
procedure in a month, or in a year (``…52``). Values are whole euros, imports CIF and exports FOB;
weights kilograms. All rows stay: the residuals of confidential goods (39XXXXXX: what no other row
holds, so it is added and not a total), TOTAL, the unspecified partners and the EU's aggregates. A
zero weight or quantity beside a value means "not published". ``breakdown`` names the procedure and
the trade type, which add up; a residual that a file splits further is numbered there. Of no use to
the table, and so not kept, are the product's codes in other classifications, which follow from
CN8, and the value in national currency.

The file is decoded and reduced to numbers as it streams, some twenty bytes a row; only then, when
the decoder has vouched for all of it, is it sorted by product, flow and partner and handed out.
"""

import json
from collections import deque
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import pairwise
from pathlib import Path
from re import findall
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model.errors import QueryError, SchemaError
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, archives, delimited, raw_records
from tradeflows.publishers.comext import exports, layouts
from tradeflows.publishers.comext.numbers import (
    CELL,
    FLOWS,
    PLACE,
    SINCE_2002,
    UNTIL_2001,
    WORDS,
    Array,
    Piece,
    Words,
    read,
)

__all__ = ["SINCE_2002", "UNTIL_2001", "clean"]
ROWS = 1 << 15  # in a part, more or less
AHEAD = 3  # parts that may wait
WITHHELD = {"QX", "QY", "QZ"}  # partners, "for commercial or military reasons"


def clean(path: Path, source: Source, *, product: str = "") -> Iterator[Part]:
    """Trade rows of one file, sorted by product, flow, partner, reporter and break-down.

    Parameters
    ----------
    path
        ``.7z`` as published, or the ``.dat`` or ``.csv`` that it holds; any layout since 1988. What
        Comext's services send is handed to :mod:`tradeflows.publishers.comext.exports`.
    source
        Its catalogue entry.
    product
        The code of a product that an export names by its label alone.

    Returns
    -------
    iterator of Part
        Of :data:`ROWS` rows, more or less, text dictionary-coded. The metadata of their
        schema hold under ``control`` the file's rows, EUR and kg by flow.

    Raises
    ------
    LayoutError
        The archive is damaged, the header is another, or a row has another number of fields, a
        word or a number that the layout does not know, or another period than the file. Nothing
        has been yielded then.
    CodeError
        A reporter, partner, product or unit is in no list. Messages name record and field.
    SchemaError
        Two rows state one cell.
    """
    if layouts.reader(path):
        yield from exports.clean(path, source, product)
        return
    if product:
        raise QueryError(f"{path}: a file in bulk states its products; leave --product out")
    words, pieces = read(path)
    parts = _parts(path, source, words, pieces)
    with ThreadPoolExecutor(1) as pool:  # the next parts are made while the caller writes this one
        waiting = deque(pool.submit(next, parts, None) for _ in range(AHEAD))
        while part := waiting.popleft().result():
            waiting.append(pool.submit(next, parts, None))
            yield part


def cells(
    path: Path, places: Collection[tuple[int, str]]
) -> dict[tuple[int, str], raw_records.Record]:
    """Lines of the file as they stand, or of the one in its archive, which is read to the end.

    All lines that state a cell, where there are several; of a workbook the cells.
    """
    service = layouts.reader(path)
    if service and service[0] is layouts.workbook:
        return layouts.workbook_cells(path, places)
    stated = {place: [place[0], *map(int, findall(r"\d+", place[1]))] for place in places}
    with archives.opened(path) as stream:
        lines = raw_records.table(path, stream, {row for rows in stated.values() for row in rows})
    return {
        place: lines[rows[0]]._replace(text="\n".join(lines[row].text for row in rows))
        for place, rows in stated.items()
        if {*rows} <= {*lines}
    }


def _sorted(path: Path, words: Words, pieces: list[Piece]) -> Iterator[tuple[Piece, Array]]:
    """All rows in the order of their cells, and how many rows of its cell lie before each.

    Some chapters at a time. In the cells the rank of the product takes the place of its place.
    """
    products = sorted(words.listed["product"])
    rank = np.argsort(np.argsort(words.listed["product"])).astype(np.uint64)
    ends = np.sum([piece.ends for piece in pieces], axis=0)
    first = done = 0
    for chapter, end in enumerate(ends):
        if end == done or (end - done < ROWS and end < ends[-1]):
            continue
        some = [
            (piece, slice(piece.ends[first - 1] if first else 0, piece.ends[chapter]))
            for piece in pieces
        ]
        group = Piece(
            *(np.concatenate([piece[column][rows] for piece, rows in some]) for column in range(3))
        )
        places = words.place("product", group.cells)
        group.cells[:] += rank[places] - places << np.uint64(words.low("product"))
        group = group.take(_order(group.cells))
        nth, size = _again(path, group, words, products), len(group.rows)
        cuts = np.linspace(0, size, max(1, round(size / ROWS)) + 1).astype(int)
        for begin, stop in pairwise(cuts):
            yield Piece(*(column[begin:stop] for column in group[:3])), nth[begin:stop]
        first, done = chapter + 1, ends[chapter]


def _order(cells: Array) -> Array:
    """Where each of the sorted cells lies."""
    keys, room = cells - cells.min(), (len(cells) - 1).bit_length()
    if int(keys.max()) >> 64 - room:
        return np.argsort(keys, kind="stable")
    keys <<= np.uint64(room)  # a sort of plain numbers, each with its place, is far faster
    keys |= np.arange(len(keys), dtype=np.uint64)
    keys.sort()
    keys &= np.uint64((1 << room) - 1)
    return keys.view(np.int64)


def _again(path: Path, piece: Piece, words: Words, products: list[str]) -> Array:
    """How many rows of its cell lie before each row, which are residuals.

    Raises
    ------
    SchemaError
        Two rows state a cell that is no residual of confidential goods.
    """
    same = np.flatnonzero(piece.cells[1:] == piece.cells[:-1]) + 1
    nth = np.zeros(len(piece.rows), np.int32)
    for at in same:
        nth[at] = nth[at - 1] + 1
        places = {name: words.place(name, piece.cells[at : at + 1])[0] for name in CELL}
        if not _confidential(products[places["product"]]):
            cell = [words.listed[name][places[name]] for name in CELL[1:]]
            raise SchemaError(
                f"{path}: records {piece.rows[at - 1]} and {piece.rows[at]} state the same cell "
                f"({products[places['product']]} {' '.join(cell)})"
            )
    return nth


def _confidential(product: str) -> bool:
    return not product.isdigit() and product != "TOTAL"


def _control(pieces: list[Piece]) -> bytes:
    """Rows, EUR and kg by flow, as JSON; exact up to 2^53."""
    rows, value, weight = np.sum([piece.sums for piece in pieces], axis=0).tolist()
    return json.dumps(
        {
            flow: {"rows": int(rows[at]), "EUR": value[at], "kg": weight[at]}
            for at, flow in enumerate(FLOWS.values())
            if rows[at]
        }
    ).encode()


def _parts(path: Path, source: Source, words: Words, pieces: list[Piece]) -> Iterator[Part]:
    """The rows of the table, in its order."""
    has = {name: sorted({*words.places[name].values()}) for name in WORDS}
    words_of = {name: [words.listed[name][place] for place in has[name]] for name in WORDS}
    products, [period] = sorted(words_of["product"]), words_of["period"]
    annual, year = period.endswith("52"), int(period[:4])
    iso = {name: words.areas(words_of[name], "").to_pylist() for name in ("partner", "reporter")}
    units = {} if words.layout.old else delimited.units("comext")
    metadata = dict(TRADE.metadata or {}) | {b"control": _control(pieces)}
    constant = delimited.A_FLOW | {
        "source_id": source.id,
        "area_system": "eurostat",
        "currency": "EUR",
        "classification_code": f"CN{year}",
        "freq_code": "A" if annual else "M",
        "vintage": source.vintage,
        "n_months": 12 if annual else 1,
        "ref_period": pa.scalar(date(year, 1 if annual else int(period[4:]), 1)),
    }

    def by_place(name: str, meant: list[Any]) -> Array:
        """By place in the list of `name`, what the words that the file has mean."""
        spread = np.zeros(max(has[name]) + 1, np.array(meant).dtype)
        spread[has[name]] = meant
        return spread

    def index(name: str, meant: list[str], *first: str) -> tuple[Array, list[str]]:
        """The same, as places among all that they mean, `first` of these, and these."""
        among = [*first, *sorted({*meant} - {*first})]
        return by_place(name, [among.index(word) for word in meant]).astype(PLACE), among

    def coded(places: Array, among: list[str], mask: Any = None) -> pa.Array:
        indices = pa.array(places.astype(PLACE, copy=False), mask=mask)
        return pa.DictionaryArray.from_arrays(indices, among)

    areas = {f"{name}_iso": (name, *index(name, iso[name])) for name in iso} | {
        f"{name}_code": (name, *index(name, words_of[name])) for name in iso
    }
    broken = {name: index(name, words_of[name]) for name in ("procedure", "type")}
    kinds = [
        f"procedure={procedure},type={other}"
        for procedure in broken["procedure"][1]
        for other in broken["type"][1]
    ]
    unit = index("unit", [units.get(word, ("none",))[0] for word in words_of["unit"]], "none")
    factor = by_place("unit", [units.get(word, ("", np.nan))[1] for word in words_of["unit"]])
    withheld = by_place("partner", [word in WITHHELD for word in words_of["partner"]])
    inside = by_place("type", [word == "I" for word in words_of["type"]])
    secret = np.array([_confidential(product) for product in products])

    for piece, nth in _sorted(path, words, pieces):
        n = len(piece.rows)
        c = {name: words.place(name, piece.cells) for name in CELL}
        value, kg, qty = piece.figures.T.astype(np.float64, order="C")
        export, some = c["flow"] == 1, value != 0
        stated = ~(np.isnan(factor)[c["unit"]] | some & (qty == 0))
        low, high = c["product"][0], c["product"][-1] + 1
        part = broken["procedure"][0][c["procedure"]].astype(np.int32) * len(broken["type"][1])
        part += broken["type"][0][c["type"]]
        parts, none = kinds, np.zeros(n, PLACE)
        if nth.any():
            part += nth * len(kinds)
            parts = kinds + [
                f"{kind},residual={k}" for k in range(2, nth.max() + 2) for kind in kinds
            ]
        columns = {
            name: coded(none, [value]) if isinstance(value, str) else value
            for name, value in constant.items()
        }
        columns |= {
            field: coded(place[c[name]], among) for field, (name, place, among) in areas.items()
        }
        columns |= {
            "source_row": piece.rows.astype(np.int64),
            "partner_role": coded(
                np.where(export, 0, 1 + inside[c["type"]]), ["destination", "origin", "consignment"]
            ),
            "flow_code": coded(export, ["M", "X"]),
            "cmd_code": coded(c["product"] - low, products[low:high]),
            "breakdown": pa.DictionaryArray.from_arrays(part, parts),
            "qty_unit": coded(np.where(stated, unit[0][c["unit"]], 0), unit[1]),
            "value_reported": value,
            "valuation": coded(export, ["CIF", "FOB"]),
            "net_wgt_kg": pa.array(kg, mask=some & (kg == 0)),
            "qty": pa.array(np.where(stated, qty * factor[c["unit"]], 0), mask=~stated),
            "flags": coded(secret[c["product"]], ["", "confidential"]),
        }
        if words.layout.old:  # whose letters for units no public list explains
            text = pa.array(words.listed["unit"]).take(pa.array(c["unit"]))
            amount = pc.cast(pa.array(qty, mask=qty == 0), pa.string())
            columns["note"] = pc.binary_join_element_wise("qty", amount, "in unit", text, " ")
        elif withheld.any():
            why = "partner withheld for commercial or military reasons"
            columns["note"] = coded(none, [why], ~withheld[c["partner"]])
        rows = delimited.rows(source, TRADE, columns).replace_schema_metadata(metadata)
        yield Part(rows, n, {}, sorted=True)
