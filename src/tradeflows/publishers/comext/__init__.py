"""Eurostat Comext in bulk: a month's ``full_….7z`` (or ``.dat``, ``.csv``) in, trade rows out.

One raw row is what one member state reports of one CN8 product, partner, direction and customs
procedure in a month, or in a year (``…52``). Values are whole euros, imports CIF and exports FOB;
weights kilograms. All rows stay: the residuals of confidential goods (39XXXXXX: what no other row
holds, so it is added and not a total), TOTAL, the unspecified partners and the EU's aggregates. A
zero weight or quantity beside a value means "not published". ``breakdown`` names the procedure and
the trade type, which add up; a residual that a file splits further is numbered there. Of no use to
the table, and so not kept, are the product's codes in other classifications, which follow from
CN8, and the value in national currency, which is compared where that is the euro.

The file is decoded and reduced to numbers as it streams, some forty bytes a row; only then, when
the decoder has vouched for all of it, is it sorted by product, flow and reporter and handed out.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes
from tradeflows.model.errors import QueryError, SchemaError
from tradeflows.model.keys import number_cells
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, archives, plausibility, reading
from tradeflows.publishers.comext import bulk, exports, layouts
from tradeflows.publishers.comext.bulk import CELL, FLOWS, SINCE_2002, UNTIL_2001, Array

__all__ = ["SINCE_2002", "UNTIL_2001", "clean"]
ROWS = 1 << 16  # in a part, more or less
ROLES = {"1": "origin", "1I": "consignment", "2": "destination"}  # of partners, by flow and type
WITHHELD = dict.fromkeys(("QX", "QY", "QZ"), "partner withheld for commercial or military reasons")
Words = dict[str, list[str]]  # of a file, in their order, by the column


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
    LayoutError, CodeError
        As :func:`tradeflows.publishers.comext.bulk.read` does; nothing has been yielded then.
    SchemaError
        Two rows state one cell that is no residual of confidential goods.
    """
    if layouts.reader(path):
        yield from exports.clean(path, source, product)
        return
    if product:
        raise QueryError(f"{path}: a file in bulk states its products; leave --product out")
    parts = _parts(path, source, bulk.read(path))
    with ThreadPoolExecutor(1) as pool:  # which makes the next part meanwhile
        coming = pool.submit(next, parts, None)
        while part := coming.result():
            coming = pool.submit(next, parts, None)
            yield part


def cells(path: Path, places: Collection[tuple[int, str]]) -> dict[tuple[int, str], reading.Record]:
    """Lines of the file as they stand, or of the one in its archive, which is read to the end.

    All lines that state a cell, where there are several; of a workbook the cells.
    """
    if layouts.reader(path) is layouts.workbook:
        return layouts.workbook_cells(path, places)
    stated = {place: [place[0], *map(int, re.findall(r"\d+", place[1]))] for place in places}
    with archives.opened(path) as stream:
        lines = reading.table(path, stream, set().union(*stated.values()))
    cells_of = {}
    for place, rows in stated.items():
        if all(row in lines for row in rows):
            text = "\n".join(lines[row].text for row in rows)
            cells_of[place] = replace(lines[rows[0]], text=text)
    return cells_of


def _parts(path: Path, source: Source, contents: bulk.Contents) -> Iterator[Part]:
    """Yield all rows in the order of their cells."""
    words = {name: sorted(contents.words[name].to_pylist()) for name in CELL}
    if contents.is_old:  # whose letters for units are in no list
        words["unit"] = contents.words["unit"].to_pylist()
    metadata = {**(TRADE.metadata or {}), b"control": _control(contents)}
    shared, meanings = _shared(source, contents.period), _meanings(path, contents, words)
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
        place = _places(cells[begin:stop], words)
        columns = shared | _columns(words, meanings, place, nth[begin:stop])
        columns |= _amounts(contents, words["unit"], place["unit"], rows)
        columns["source_row"] = rows + 1
        # The words of a file were looked at when they were met.
        batch = reading.rows(source, TRADE, columns, are_products_known=True)
        is_odd = np.isin(rows + 1, contents.contradictory)
        batch = plausibility.with_flag(batch, is_odd, plausibility.TWICE)
        yield Part(batch.replace_schema_metadata(metadata), len(rows), {}, sorted=True)


def _shared(source: Source, period: str) -> dict[str, Any]:
    """Return the columns that all rows share, text dictionary-coded."""
    year, month = int(period[:4]), int(period[4:])
    shared = reading.A_FLOW | {
        "source_id": source.id,
        "area_system": "eurostat",
        "currency": "EUR",
        "classification_code": f"CN{year}",
        "freq_code": "A" if month == 52 else "M",
        "vintage": source.vintage,
        "n_months": 12 if month == 52 else 1,
        "ref_period": pa.scalar(date(year, month % 52 or 1, 1), pa.date32()),
    }
    coded = pa.dictionary(pa.int32(), pa.string())
    texts = {name: pa.scalar(text, coded) for name, text in shared.items() if isinstance(text, str)}
    return shared | texts


def _places(cells: Any, words: Words) -> dict[str, Any]:
    """Return which of `words` the cells are, by the column."""
    shape = [len(words[name]) for name in CELL]
    return dict(zip(CELL, np.unravel_index(cells, shape), strict=True))


def _control(contents: bulk.Contents) -> bytes:
    """Return rows, EUR and kg by flow, as JSON; exact up to 2^53."""
    columns, words = contents.columns, contents.words["flow"].to_pylist()
    rows, value, weight = (
        np.bincount(columns["flow"], columns.get(name)) for name in ("", "value", "kg")
    )
    totals = {}
    for word in sorted(words):
        at = words.index(word)
        totals[FLOWS[word]] = {"rows": int(rows[at]), "EUR": value[at], "kg": weight[at]}
    return json.dumps(totals).encode()


def _repeats(path: Path, words: Words, cells: Array, order: Array) -> Array:
    """Return how many rows of its cell lie before each row; residuals alone may be several."""
    nth = np.zeros(len(cells), np.int32)
    for at in np.flatnonzero(cells[1:] == cells[:-1]) + 1:
        nth[at] = nth[at - 1] + 1
        stated = [words[name][place] for name, place in _places(cells[at], words).items()]
        if not _confidential(stated[0]):
            raise SchemaError(
                f"{path}: records {order[at - 1] + 1} and {order[at] + 1} state the same cell "
                f"({' '.join(stated)})"
            )
    return nth


def _confidential(product: str) -> bool:
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
    path: Path, contents: bulk.Contents, words: Words
) -> dict[str, tuple[str, pa.DictionaryArray]]:
    """Return for a column of the table which of the file says it, and what its words mean."""
    flows, kinds, year = words["flow"], words["type"], int(contents.period[:4])
    is_secret = [_confidential(word) for word in words["product"]]
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


def _amounts(contents: bulk.Contents, units: list[str], unit: Array, rows: Array) -> dict[str, Any]:
    """Return values, weights, quantities and the units of these; a zero beside a value is null."""
    value, kg, qty = (contents.columns[name][rows] for name in bulk.FIGURES)
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
