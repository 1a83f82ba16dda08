"""Any tidy CSV: one header, one record a line, by the map that its catalogue entry writes.

A map says for each field of the table what the file says of it: a constant, or a column with its
words, scale, code system or form of period; :mod:`~tradeflows.publishers.tidy.mapping` has the
vocabulary, and the head of ``sources.toml`` explains it. The cleaner may rename, type, scale to
whole units and turn "not published" into null. It does not convert currencies, add up, fill or
drop. A cell that the map does not foresee is a :class:`LayoutError` or :class:`CodeError` that
names the record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes, schema
from tradeflows.model.errors import CatalogueError, CodeError, SchemaError
from tradeflows.model.periods import FORMS
from tradeflows.model.source import Source
from tradeflows.publishers import Part, arrow, reading
from tradeflows.publishers.tidy.columns import Cells, read_cells, values
from tradeflows.publishers.tidy.mapping import DEFAULTS, Field, Map, Value, read_map

ROLE = {"X": "destination", "RX": "destination"}  # of the partner, by flow; else the origin
SIDES = ("reporter_iso", "partner_iso")


def clean(path: Path, source: Source, **arguments: Any) -> Iterator[Part]:
    """Yield the rows of a tidy CSV: one part, or one for each row that a record gives.

    The arguments are the keys of a :class:`~tradeflows.publishers.tidy.mapping.Map`.

    Raises
    ------
    CatalogueError
        The map is not one, or does not fill the table.
    LayoutError, CodeError, SchemaError
        The file is not as the map says.
    """
    asked, asked_rows = read_map(source, **arguments)
    counts, records = Counter[str](), 0
    made: list[list[dict[str, Any]]] = [[] for _ in asked_rows]  # of each row by block
    for number, cells in enumerate(read_cells(path, asked), start=1):
        records += len(cells.records)
        kept = _kept(cells, asked, counts)
        for row, blocks in zip(asked_rows, made, strict=True):
            blocks.append(_whole([_columns(kept, source, *row)]))
            if number % 8 == 0:  # large pieces give their room back, some thousand small ones not
                blocks[-8:] = [_whole(blocks[-8:])]
    cells.require_forms()
    if cells.below:
        counts[f"lines below the table, from {asked.footnotes_from!r} on"] = cells.below
    records += cells.below  # each is counted once, however many rows it gives
    parts = []
    for (fields, needs), blocks in zip(asked_rows, made, strict=True):
        columns = _whole(blocks)
        ids, has_figure = columns.pop("ids"), columns.pop("needs")
        repeats = fields.get("repeats")
        if isinstance(repeats, Value):
            absent = set(repeats.meanings).difference(ids.unique().to_pylist())
            if absent:
                names = ", ".join(sorted(absent))
                raise SchemaError(f"{source.path}: repeats names {names}, which is no id there")
        batch = reading.rows(source, schema.TABLES[source.table], columns)
        if needs:
            stated = batch.filter(has_figure)
            if len(stated) < len(batch):
                counts[f"no figure in {needs}"] = len(batch) - len(stated)
            batch = stated
        parts.append(Part(batch, records, counts))
        records, counts = 0, Counter()
    yield from parts


def _kept(cells: Cells, asked: Map, counts: Counter[str]) -> Cells:
    """The records that the map does not leave out: what is need not be as it says."""
    if not asked.left_out:
        return cells
    stays = pa.repeat(True, len(cells.records))
    for condition in asked.left_out:
        is_gone = cells.are(condition)
        counts[condition.reason] += is_gone.true_count
        stays = pc.and_not(stays, is_gone)
    for condition in asked.left_out:
        if condition.same:
            stated = pc.binary_join_element_wise(*map(cells.text, condition.same), " ")
            good = pc.or_(pc.is_in(stated, stated.filter(stays)), pc.invert(cells.are(condition)))
            expected = f"{' and '.join(condition.same)} as in a record that stays"
            cells.require(good, expected, stated)
    return cells.kept(stays)


def _columns(
    cells: Cells, source: Source, fields: Mapping[str, Field], needs: str
) -> dict[str, Any]:
    """One row a record: each column an array, or what all rows share.

    With the ids that a row may repeat, and where it has the figure that it `needs`.
    """
    contract = schema.TABLES[source.table]
    columns: dict[str, Any] = {}
    try:
        for name, value in fields.items():
            columns[name] = value
            if isinstance(value, Value):
                columns[name] = values(cells, value, contract.field(name))
            elif isinstance(value, list):
                marks: dict[str, pa.Array] = {}
                for flag in value:
                    marks[flag.flag] = pc.or_(marks.get(flag.flag, False), cells.are(flag))
                columns[name] = reading.flags(len(cells.records), **marks)
        if source.table == "trade":
            for side in SIDES:
                areas = columns[side]
                areas = areas.unique().to_pylist() if isinstance(areas, pa.Array) else [areas]
                try:
                    [*map(codes.area_kind, map(str, areas))]
                except CodeError as error:  # of a constant, or the meaning of a word
                    raise CodeError(f"{source.path}: {side}: {error}") from error
            columns = _flow(source, columns, fields)
    except pa.ArrowException as error:  # a constant or a meaning of another kind
        raise SchemaError(f"{source.path}: its map: {str(error).splitlines()[0]}") from error
    columns = {**DEFAULTS[source.table], **columns, "source_row": cells.records}
    columns["needs"] = pc.not_equal(cells.text(needs), "") if needs else None
    repeats = fields.get("repeats")  # other figures of the file, by their id
    columns["ids"] = cells.text(repeats.column) if isinstance(repeats, Value) else None
    return columns


def _whole(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    """The columns of all blocks, each of one piece whose words are held once.

    The pieces of a column are let go before the next one is joined.
    """
    whole = {}
    for name in [*blocks[0]]:
        pieces = [columns.pop(name) for columns in blocks]
        whole[name] = pieces[0]
        if isinstance(pieces[0], pa.Array) and len(pieces) > 1:
            whole[name] = pa.chunked_array(pieces).unify_dictionaries().combine_chunks()
            del pieces
            pa.default_memory_pool().release_unused()
        elif isinstance(pieces[0], pa.Array) and pieces[0].type == arrow.TEXT:
            whole[name] = pieces[0].dictionary_encode()
    return whole


def _flow(source: Source, columns: dict[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
    """Return the columns of trade, with what follows from others where they do not say it.

    A zero weight beside a value means "not published", so it becomes null.
    """
    stated = [fields[side] for side in SIDES]
    systems = sorted({side.areas for side in stated if isinstance(side, Value) and side.areas})
    if len(systems) > 1 and "area_system" not in fields:
        raise CatalogueError(
            f"its map: fields: areas in two systems, {' and '.join(systems)}; "
            "write one area as a constant, with its reporter_code or partner_code"
        )
    is_sent = pc.is_in(columns["flow_code"], arrow.texts(ROLE))
    follows = {
        "vintage": source.vintage,
        "area_system": (systems or ["iso3"])[0],
        "reporter_code": columns["reporter_iso"],
        "partner_code": columns["partner_iso"],
        "partner_role": pc.if_else(is_sent, "destination", "origin"),
    }
    period, value = fields["ref_period"], columns.get("value_reported")
    if isinstance(period, Value) and period.form:
        form = FORMS[period.form]
        follows |= {"freq_code": form.freq, "n_months": form.months}
    if columns.get("currency") == "USD":
        follows["primary_value_usd"] = value
    weight = reading.published(columns.get("net_wgt_kg"), value)
    return follows | columns | {"net_wgt_kg": weight}
