"""Eurostat Comext in bulk: a month's ``full_….7z`` (or ``.dat``, ``.csv``) in, trade rows out.

One raw row is what one member state reports of one CN8 product, partner, direction and customs
procedure in a month, or in a year (``…52``). Values are whole euros, imports CIF and exports FOB;
weights kilograms. All rows stay: the residuals of confidential goods (39XXXXXX: what no other row
holds, so it is added and not a total), TOTAL, the unspecified partners and the EU's aggregates. A
zero weight or quantity beside a value means "not published". ``breakdown`` names the procedure and
the trade type, which add up; a residual that a file splits further is numbered there. Of no use to
the table, and so not kept, are the product's codes in other classifications, which follow from
CN8, and the value in national currency, which is compared where that is the euro.

The file is decoded and reduced to numbers as it streams, some twenty bytes a row; only then, when
the decoder has vouched for all of it, is it sorted by product, flow and reporter and handed out.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model.errors import QueryError, SchemaError
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, archives, reading
from tradeflows.publishers.comext import exports, layouts
from tradeflows.publishers.comext.numbers import (
    CELL,
    FLOWS,
    NOWHERE,
    PLACE,
    SINCE_2002,
    UNTIL_2001,
    Array,
    Contents,
    Piece,
    Words,
    read,
    together,
)

__all__ = ["SINCE_2002", "UNTIL_2001", "clean"]
ROWS = 1 << 16  # in a part, more or less
LONGEST = ROWS * 3 // 2 + 1  # rows of a part: as many or more are cut
AHEAD = 2  # parts that may wait
T = TypeVar("T")
WITHHELD = {"QX", "QY", "QZ"}  # partners, "for commercial or military reasons"


def clean(path: Path, source: Source, *, product: str = "") -> Iterator[Part]:
    """Trade rows of one file, sorted by product, flow, reporter, partner and break-down.

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
    contents = read(path)
    ordered = _sorted(path, contents.words, contents.pieces)
    yield from _ahead(map(_maker(path, source, contents), ordered))


def _ahead(items: Iterator[T]) -> Iterator[T]:
    """Yield `items`, of which a thread makes the next ones meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        waiting = deque(pool.submit(next, items, None) for _ in range(AHEAD))
        while (item := waiting.popleft().result()) is not None:
            waiting.append(pool.submit(next, items, None))
            yield item


def cells(path: Path, places: Collection[tuple[int, str]]) -> dict[tuple[int, str], reading.Record]:
    """Lines of the file as they stand, or of the one in its archive, which is read to the end.

    All lines that state a cell, where there are several; of a workbook the cells.
    """
    if layouts.reader(path) is layouts.workbook:
        return layouts.workbook_cells(path, places)
    stated = {}
    for row, field in places:
        others = [int(number) for number in re.findall(r"\d+", field)]
        stated[row, field] = [row, *others]
    wanted = {row for rows in stated.values() for row in rows}
    with archives.opened(path) as stream:
        lines = reading.table(path, stream, wanted)
    cells_of = {}
    for place, rows in stated.items():
        if all(row in lines for row in rows):
            text = "\n".join(lines[row].text for row in rows)
            cells_of[place] = replace(lines[rows[0]], text=text)
    return cells_of


def _confidential(product: str) -> bool:
    return not product.isdigit() and product != "TOTAL"


# --- the order of the rows -----------------------------------------------------------------------


@dataclass(frozen=True)
class Ordered:
    """Rows in the order of their cells, and how many rows of its cell lie before each."""

    piece: Piece
    nth: Array


def _sorted(path: Path, words: Words, pieces: list[Piece]) -> Iterator[Ordered]:
    """Yield all rows in the order of their cells.

    Some chapters at a time. In the cells the rank of the product takes the place of its place.
    """
    listed = words.listed("product")
    products = sorted(listed)
    rank = np.argsort(np.argsort(listed)).astype(np.uint64)
    low, below_flow = np.uint64(words.low("product")), words.low("flow")
    for group in _chapters(pieces):
        places = words.place("product", group.cells)
        group.cells[:] += rank.take(places) - places << low
        rows = _in_order(group, below_flow)
        nth = _repeats(path, rows, words, products)
        size = len(nth)
        cuts = np.linspace(0, size, max(1, round(size / ROWS)) + 1).astype(int)
        for begin, stop in pairwise(cuts):
            yield Ordered(rows.part(slice(begin, stop)), nth[begin:stop])


def _chapters(pieces: list[Piece]) -> Iterator[Piece]:
    """Yield the rows of some chapters at a time, at least as many as a part has."""
    ends = np.sum([piece.ends for piece in pieces], axis=0)
    first = done = 0
    for chapter, end in enumerate(ends):
        is_last = end == ends[-1]
        if end == done or (end - done < ROWS and not is_last):
            continue
        some = []
        for piece in pieces:
            start = piece.ends[first - 1] if first else 0
            some.append(piece.part(slice(start, piece.ends[chapter])))
        yield together(some)
        first, done = chapter + 1, end


def _in_order(rows: Piece, low: int) -> Piece:
    """Return the rows in the order of their cells, of which product and flow lie above `low` bits.

    The publisher lists a month by reporter and partner, so a stable sort by product and flow will
    do: of numbers as small as these it is far faster than one by whole cells.
    """
    keys = rows.cells >> np.uint64(low)
    keys -= keys.min()
    if int(keys.max()) <= NOWHERE:
        rows = rows.take(np.argsort(keys.astype(PLACE), kind="stable"))
    if (rows.cells[1:] < rows.cells[:-1]).any():
        rows = rows.take(np.argsort(rows.cells, kind="stable"))
    return rows


def _repeats(path: Path, piece: Piece, words: Words, products: list[str]) -> Array:
    """Return how many rows of its cell lie before each row, which are residuals.

    Raises
    ------
    SchemaError
        Two rows state a cell that is no residual of confidential goods.
    """
    nth = np.zeros(len(piece.rows), np.int32)
    repeated = np.flatnonzero(piece.cells[1:] == piece.cells[:-1]) + 1
    for at in repeated:
        nth[at] = nth[at - 1] + 1
        cell = piece.cells[at : at + 1]
        product = products[words.place("product", cell)[0]]
        if not _confidential(product):
            others = [words.listed(name)[words.place(name, cell)[0]] for name in CELL[1:]]
            raise SchemaError(
                f"{path}: records {piece.rows[at - 1]} and {piece.rows[at]} state the same cell "
                f"({product} {' '.join(others)})"
            )
    return nth


# --- the rows of the table -----------------------------------------------------------------------


@dataclass(frozen=True)
class Coded:
    """What the words of a column mean: for each place of a word a place in `among`."""

    places: Array
    among: list[str]

    @cached_property
    def words(self) -> pa.Array:
        """The same, as a dictionary has them."""
        return pa.array(self.among, pa.string())

    def column(self, places: Array) -> pa.Array:
        """Return the meanings of the words at `places`."""
        return _column(self.places.take(places), self.words)


def _column(places: Array, among: Sequence[str] | pa.Array, mask: Any = None) -> pa.Array:
    """Return texts by their `places` in `among`, dictionary-coded."""
    indices = pa.array(places.astype(PLACE, copy=False), mask=mask)
    words = among if isinstance(among, pa.Array) else pa.array(among, pa.string())
    # That each place is one of the words need not be looked at: we have made them of these.
    return pa.DictionaryArray.from_arrays(indices, words, safe=False)


class Meanings:
    """What the words of one file mean, by their places in its lists."""

    def __init__(self, path: Path, words: Words) -> None:
        self.words = words
        self.products = sorted(self._words("product"))
        self.is_secret = np.array([_confidential(product) for product in self.products])
        self.areas: dict[str, Coded] = {}
        for side in ("reporter", "partner"):
            codes = self._words(side)
            self.areas[f"{side}_iso"] = self._coded(side, words.areas(codes, str(path)).to_pylist())
            self.areas[f"{side}_code"] = self._coded(side, codes)
        self.procedure = self._coded("procedure", self._words("procedure"))
        self.type = self._coded("type", self._words("type"))
        self.is_withheld = self._by_place("partner", [code in WITHHELD for code in self.partners])
        self.is_within = self._by_place("type", [kind == "I" for kind in self._words("type")])
        units = {} if words.layout.is_old else reading.units("comext")
        known = [units.get(word, ("none", np.nan)) for word in self._words("unit")]
        self.unit = self._coded("unit", [unit for unit, _ in known], "none")
        self.factor = self._by_place("unit", [factor for _, factor in known])

    @property
    def partners(self) -> list[str]:
        """The partners that the file has."""
        return self._words("partner")

    def _places(self, name: str) -> list[int]:
        return sorted(set(self.words.columns[name].places.values()))

    def _words(self, name: str) -> list[str]:
        """Return the words of a column that the file has."""
        listed = self.words.listed(name)
        return [listed[place] for place in self._places(name)]

    def _by_place(self, name: str, meant: Sequence[Any]) -> Array:
        """Return by place in the list of `name` what the words that the file has mean."""
        places = self._places(name)
        spread = np.zeros(max(places) + 1, np.array(meant).dtype)
        spread[places] = meant
        return spread

    def _coded(self, name: str, meant: Sequence[str], *first: str) -> Coded:
        """Return the same as places among all that they mean, `first` of these."""
        others = sorted(set(meant) - set(first))
        among = [*first, *others]
        places = self._by_place(name, [among.index(word) for word in meant])
        return Coded(places.astype(PLACE), among)

    def breakdown(self, procedures: Array, types: Array, nth: Array) -> pa.Array:
        """Return which part of a flow each row is: `nth` counts the residuals of one cell."""
        kinds = []
        for procedure in self.procedure.among:
            kinds += [f"procedure={procedure},type={kind}" for kind in self.type.among]
        part = self.procedure.places.take(procedures).astype(np.int32) * len(self.type.among)
        part += self.type.places.take(types)
        parts = list(kinds)
        if nth.any():
            part += nth * len(kinds)
            for number in range(2, nth.max() + 2):
                parts += [f"{kind},residual={number}" for kind in kinds]
        return pa.DictionaryArray.from_arrays(part, parts, safe=False)


def _control(pieces: list[Piece]) -> bytes:
    """Return rows, EUR and kg by flow, as JSON; exact up to 2^53."""
    rows, value, weight = np.sum([piece.sums for piece in pieces], axis=0).tolist()
    totals = {}
    for at, flow in enumerate(FLOWS.values()):
        if rows[at]:
            totals[flow] = {"rows": int(rows[at]), "EUR": value[at], "kg": weight[at]}
    return json.dumps(totals).encode()


def _constants(source: Source, period: str) -> dict[str, Any]:
    """Return the columns that all rows share."""
    year = int(period[:4])
    is_annual = period.endswith("52")
    start = date(year, 1 if is_annual else int(period[4:]), 1)
    return reading.A_FLOW | {
        "source_id": source.id,
        "area_system": "eurostat",
        "currency": "EUR",
        "classification_code": f"CN{year}",
        "freq_code": "A" if is_annual else "M",
        "vintage": source.vintage,
        "n_months": 12 if is_annual else 1,
        "ref_period": start,
    }


def _maker(path: Path, source: Source, contents: Contents) -> Callable[[Ordered], Part]:
    """Return what makes rows of the table from some that are in order."""
    words = contents.words
    meanings = Meanings(path, words)
    metadata = {**(TRADE.metadata or {}), b"control": _control(contents.pieces)}
    none = np.zeros(LONGEST, PLACE)
    constants = _constants(source, words.period)
    shared = {}
    for name, value in constants.items():
        if isinstance(value, str):
            shared[name] = _column(none, [value])
        else:
            shared[name] = pa.repeat(pa.scalar(value, TRADE.field(name).type), LONGEST)

    def make(ordered: Ordered) -> Part:
        n = len(ordered.nth)
        columns: dict[str, Any] = {name: column[:n] for name, column in shared.items()}
        columns |= _columns(meanings, ordered, contents.contradictory)
        # The words of a file were looked at when they were met.
        rows = reading.rows(source, TRADE, columns, are_products_known=True)
        return Part(rows.replace_schema_metadata(metadata), n, {}, sorted=True)

    return make


def _columns(meanings: Meanings, ordered: Ordered, contradictory: Array) -> dict[str, Any]:
    """Return the columns in which rows differ."""
    piece, words = ordered.piece, meanings.words
    place = {name: words.place(name, piece.cells) for name in CELL}
    columns: dict[str, Any] = {}
    for field, areas in meanings.areas.items():
        columns[field] = areas.column(place[field.partition("_")[0]])
    is_export = place["flow"] == 1
    columns["source_row"] = piece.rows.astype(np.int64)
    columns["flow_code"] = _column(is_export, ["M", "X"])
    columns["valuation"] = _column(is_export, ["CIF", "FOB"])
    role = np.where(is_export, 0, 1 + meanings.is_within.take(place["type"]))
    columns["partner_role"] = _column(role, ["destination", "origin", "consignment"])
    low, high = place["product"][0], place["product"][-1] + 1
    columns["cmd_code"] = _column(place["product"] - low, meanings.products[low:high])
    columns["breakdown"] = meanings.breakdown(place["procedure"], place["type"], ordered.nth)
    columns["flags"] = _flags(meanings.is_secret.take(place["product"]), piece.rows, contradictory)
    return columns | _amounts(meanings, piece, place)


def _flags(is_secret: Array, rows: Array, contradictory: Array) -> pa.Array:
    """Return the flags of the rows: of confidential goods, and of two values that differ."""
    if not len(contradictory):
        return _column(is_secret, ["", "confidential"])
    differs = np.isin(rows, contradictory)
    words = ["", "confidential", "contradictory", "confidential contradictory"]
    return _column(is_secret + 2 * differs, words)


def _amounts(meanings: Meanings, piece: Piece, place: Mapping[str, Array]) -> dict[str, Any]:
    """Return values, weights, quantities and what is said beside them."""
    value, kg, qty = piece.figures.T.astype(np.float64, order="C")
    has_value = value != 0
    factor = meanings.factor.take(place["unit"])
    is_unstated = np.isnan(factor) | has_value & (qty == 0)
    unit = np.where(is_unstated, 0, meanings.unit.places.take(place["unit"]))
    amount = np.where(is_unstated, 0, qty * factor)
    columns: dict[str, Any] = {
        "value_reported": value,
        "net_wgt_kg": pa.array(kg, mask=has_value & (kg == 0)),
        "qty": pa.array(amount, mask=is_unstated),
        "qty_unit": _column(unit, meanings.unit.words),
    }
    if meanings.words.layout.is_old:  # whose letters for units no public list explains
        letters = pa.array(meanings.words.listed("unit")).take(pa.array(place["unit"]))
        number = pc.cast(pa.array(qty, mask=qty == 0), pa.string())
        columns["note"] = pc.binary_join_element_wise("qty", number, "in unit", letters, " ")
    elif meanings.is_withheld.any():
        why = "partner withheld for commercial or military reasons"
        is_shown = ~meanings.is_withheld.take(place["partner"])
        columns["note"] = _column(np.zeros(len(value), PLACE), [why], is_shown)
    return columns
