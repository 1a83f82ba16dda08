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
from tradeflows.publishers.tidy.mapping import DEFAULTS, Field, Value, read_map

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
    cells, below = read_cells(path, asked)
    stays, counts = pa.repeat(True, len(cells.records)), Counter[str]()
    for condition in asked.left_out:
        is_gone = cells.are(condition)
        counts[condition.reason] += is_gone.true_count
        stays = pc.and_not(stays, is_gone)
    for condition in asked.left_out:
        if condition.same:
            stated = pc.binary_join_element_wise(*map(cells.text, condition.same), " ")
            good = pc.or_(pc.is_in(stated, stated.filter(stays)), pc.invert(cells.are(condition)))
            expected = f"{' and '.join(condition.same)} as in a record that stays"
            reading.require(cells.record, good, expected, stated)
    if below:
        counts[f"lines below the table, from {asked.footnotes_from!r} on"] = below
    records = len(cells.records) + below  # each is counted once, however many rows it gives
    # What is left out need not be as the map says.
    kept = cells.kept(stays) if asked.left_out else cells
    parts = []
    for row, needs in asked_rows:
        batch = _rows(kept, source, row)
        if needs:
            batch = batch.filter(pc.not_equal(kept.text(needs), ""))
        without = len(kept.records) - len(batch)
        if without:
            counts[f"no figure in {needs}"] = without
        parts.append(Part(batch, records, counts))
        records, counts = 0, Counter()
    del cells, kept  # as large as the file
    yield from parts


def _rows(cells: Cells, source: Source, fields: Mapping[str, Field]) -> pa.RecordBatch:
    """Return one row a record, by the contract of the table."""
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
    repeats = fields.get("repeats")
    if isinstance(repeats, Value):  # other figures of the file, by their id
        absent = set(repeats.meanings) - set(cells.text(repeats.column).to_pylist())
        if absent:
            names = ", ".join(sorted(absent))
            raise SchemaError(f"{source.path}: repeats names {names}, which is no id there")
    columns = {**DEFAULTS[source.table], **columns, "source_row": cells.records}
    return reading.rows(source, contract, columns)


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
