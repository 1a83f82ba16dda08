"""Any tidy CSV: one header, one record a line, by the map that its catalogue entry writes.

A map says for each field of the table what the file says of it: a constant, or a column with its
words, scale, code system or form of period; :mod:`~tradeflows.publishers.tidy.mapping` has the
vocabulary, and the head of ``sources.toml`` explains it. The cleaner may rename, type, scale to
whole units and turn "not published" into null. It does not convert currencies, add up, fill or
drop. A cell that the map does not foresee is a :class:`LayoutError` or :class:`CodeError` that
names the record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes, schema
from tradeflows.model.errors import CatalogueError, CodeError, SchemaError
from tradeflows.model.source import Source
from tradeflows.publishers import Part, arrow, reading
from tradeflows.publishers.tidy.columns import Cells, read_cells, values
from tradeflows.publishers.tidy.forms import FORMS
from tradeflows.publishers.tidy.mapping import OWN, Field, Map, Value, read_map

PLAIN: Mapping[str, Any] = {"source_field": "", "flags": "", "note": None, "qualifier": "="}
DEFAULTS: Mapping[str, Mapping[str, Any]] = {  # what a map need not say
    "trade": {**reading.A_FLOW, "area_system": "iso3"},
    "settlement": {**PLAIN, "low": None, "high": None, "statement": "", "unit": "%"},
    "rates": {"source_field": "", "n_months": 1, "flags": "", "note": None, "n_days": None},
    "figures": {
        **PLAIN,
        **dict.fromkeys(("exporter", "importer", "hs_codes", "freq", "low", "high")),
        **dict.fromkeys(("repeats", "confidence", "published", "address")),
        **dict.fromkeys(("measure", "route", "base_start", "base_end")),
        **{"collector": "", "witness": "relay", "interested": False, "forecast": False},
    },
}
FOLLOWS = {"reporter_code", "partner_code", "vintage"}  # of trade: what follows from other fields
ROLE = {"X": "destination", "RX": "destination"}  # of the partner, by flow; else the origin


def clean(
    path: Path,
    source: Source,
    *,
    columns: Any,
    fields: Any,
    rows: Any = (),
    left_out: Any = (),
    title_lines: int = 0,
    footnotes_from: str = "",
    separator: str = ",",
    decimal: str = ".",
    grouping: str = "",
) -> Iterator[Part]:
    """Yield the rows of a tidy CSV: one part, or one for each row that a record gives.

    Parameters
    ----------
    columns, fields, rows, left_out, title_lines, footnotes_from
        The map, as :func:`~tradeflows.publishers.tidy.mapping.read_map` takes it.
    separator, decimal, grouping
        The marks between cells, before decimals and between thousands.

    Raises
    ------
    CatalogueError
        The map is not one, or does not fill the table.
    LayoutError, CodeError, SchemaError
        The file is not as the map says.
    """
    marks = {"separator": separator, "decimal": decimal, "grouping": grouping}
    around = {"title_lines": title_lines, "footnotes_from": footnotes_from}
    asked = _map(source, columns, fields, rows, left_out, **around, **marks)
    cells = read_cells(path, asked)
    gone, reasons = _left_out(cells, asked)
    if cells.below:
        reasons[f"lines below the table, from {footnotes_from!r} on"] = cells.below
    kept = cells.kept(pc.invert(gone))  # what is left out need not be as the map says
    for number, asked_rows in enumerate(asked.rows):
        batch = _rows(kept, source, asked_rows.fields)
        counts = dict(reasons) if number == 0 else {}
        if asked_rows.needs:
            has_figure = pc.not_equal(kept.text(asked_rows.needs), "")
            batch = batch.filter(has_figure)
            without = len(kept) - len(batch)
            counts |= {f"no figure in {asked_rows.needs}": without} if without else {}
        # A record is counted once, however many rows it gives.
        records = 0 if number else len(cells) + cells.below
        yield Part(batch, records, counts)


def require_map(source: Source) -> None:
    """Refuse an entry whose map is not one; its file need not be there.

    Raises
    ------
    CatalogueError
        The message names the place in the map and what would do.
    """
    _map(source, **source.arguments)


def _map(
    source: Source, columns: Any, fields: Any, rows: Any = (), left_out: Any = (), **more: Any
) -> Map:
    where = "its map"
    contract = schema.TABLES[source.table]
    asked = read_map(where, contract, columns, fields, rows, left_out, **more)
    filled = {*DEFAULTS[source.table], *OWN}
    if source.table == "trade":
        filled |= FOLLOWS
    for asked_rows in asked.rows:
        lacking = [name for name in contract.names if name not in filled | asked_rows.fields.keys()]
        if lacking:
            raise CatalogueError(
                f"{where}: fields: lacks {', '.join(lacking)}; give each a column or a constant"
            )
    return asked


def _left_out(cells: Cells, asked: Map) -> tuple[pa.Array, dict[str, int]]:
    """Return which records reach no row, and how many for each reason."""
    gone = pa.repeat(False, len(cells))
    reasons = {}
    for condition in asked.left_out:
        those = cells.are(condition)
        reasons[condition.reason] = pc.sum(those).as_py()
        gone = pc.or_(gone, those)
    kept = pc.invert(gone)
    for condition in asked.left_out:
        if not condition.same:
            continue
        both = [cells.text(name) for name in condition.same]
        stated = pc.binary_join_element_wise(*both, " ")
        expected = f"{' and '.join(condition.same)} as in a record that stays"
        is_stated = pc.is_in(stated, stated.filter(kept))
        is_same = pc.or_(is_stated, pc.invert(cells.are(condition)))
        reading.require(cells.record, is_same, expected, stated)
    return gone, reasons


def _rows(cells: Cells, source: Source, fields: Mapping[str, Field]) -> pa.RecordBatch:
    """Return one row a record, by the contract of the table."""
    contract = schema.TABLES[source.table]
    columns: dict[str, Any] = dict(DEFAULTS[source.table])
    if source.table == "trade":
        columns["vintage"] = source.vintage
    for name, value in fields.items():
        if isinstance(value, Value):
            columns[name] = values(cells, value, contract.field(name))
        elif isinstance(value, tuple):
            marks: dict[str, pa.Array] = {}
            for flag in value:
                those = cells.are(flag)
                marks[flag.flag] = pc.or_(marks[flag.flag], those) if flag.flag in marks else those
            columns[name] = reading.flags(len(cells), **marks)
        else:
            columns[name] = value
    if source.table == "trade":
        columns |= _flow(columns, fields)
        _require_areas(source, columns)
    repeats = fields.get("repeats")
    if isinstance(repeats, Value) and repeats.words:  # other figures of the file, by their id
        absent = set(repeats.words) - set(cells.text(repeats.column).to_pylist())
        if absent:
            names = ", ".join(sorted(absent))
            raise SchemaError(f"{source.path}: repeats names {names}, which is no id there")
    columns["source_row"] = cells.records
    return reading.rows(source, contract, columns)


def _require_areas(source: Source, columns: Mapping[str, Any]) -> None:
    """Refuse a constant, or the meaning of a word, that is no area."""
    for side in ("reporter_iso", "partner_iso"):
        areas = columns[side]
        try:
            for area in [areas] if isinstance(areas, str) else areas.unique().to_pylist():
                codes.area_kind(area)
        except CodeError as error:
            raise CodeError(f"{source.path}: {side}: {error}") from error


def _flow(columns: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
    """Return what follows from the other fields of a trade row, where they do not say it.

    A zero weight beside a value means "not published", so it becomes null.
    """
    flow = columns["flow_code"]
    is_sent = pc.is_in(flow, pa.array([*ROLE])) if isinstance(flow, pa.Array) else flow in ROLE
    sides = [fields["reporter_iso"], fields["partner_iso"]]
    systems = sorted({side.areas for side in sides if isinstance(side, Value) and side.areas})
    if len(systems) > 1 and "area_system" not in fields:
        raise CatalogueError(
            f"its map: fields: areas in two systems, {' and '.join(systems)}; "
            "write one area as a constant, with its reporter_code or partner_code"
        )
    made = {
        "area_system": (systems or ["iso3"])[0],
        "reporter_code": columns["reporter_iso"],
        "partner_code": columns["partner_iso"],
        "partner_role": pc.if_else(is_sent, "destination", "origin"),
    }
    period = fields.get("ref_period")
    if isinstance(period, Value) and period.form:
        form = FORMS[period.form]
        made |= {"freq_code": form.freq, "n_months": form.months}
    if columns["currency"] == "USD":
        made["primary_value_usd"] = columns["value_reported"]
    made = {name: value for name, value in made.items() if name not in fields}
    weight, value = columns["net_wgt_kg"], columns["value_reported"]
    if weight is not None and value is not None:
        is_unknown = pc.and_(pc.equal(weight, 0), pc.not_equal(value, 0))
        made["net_wgt_kg"] = arrow.without(weight, is_unknown)
    return made
