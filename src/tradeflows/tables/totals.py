"""Control totals: counts and exact sums of the tables and of the raw files."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model.source import Source
from tradeflows.retrieval import catalogue
from tradeflows.tables.files import stored

MEASURES = {  # column: the column that says its unit, or the unit itself
    "trade": {
        "value_reported": "currency",
        "primary_value_usd": "USD",
        "net_wgt_kg": "kg",
        "qty": "qty_unit",
    },
    "settlement": {"value": "unit", "low": "unit", "high": "unit"},
    "rates": {"rate": "quote", "n_days": "days"},
    "figures": {"value": "unit", "low": "unit", "high": "unit"},
}


def control_totals(root: Path | None = None) -> list[dict[str, str]]:
    """Counts and exact sums by table, source, year and measure, and of each raw column.

    Returns
    -------
    list of dict
        Keys table, source_id, year, measure, unit, count, total; sorted. Table "raw" has the
        number columns of the raw files as they stand, also those that reach no table.
    """
    root = root or catalogue.root()
    rows = []
    for name, measures in MEASURES.items():
        table = stored(root, name).to_table()
        period = "window_start" if name == "figures" else "ref_period"
        years = pc.fill_null(pc.cast(pc.year(table[period]), pa.string()), "none")
        for measure, unit in measures.items():
            units = table[unit] if unit in table.column_names else [unit] * len(table)
            rows += _sums(name, table["source_id"], years, measure, units, table[measure])
    for source in catalogue.load(root).values():
        rows += _raw_sums(source, catalogue.check(source, root))
    return sorted(rows, key=lambda row: tuple(row.values()))


def _sums(table: str, sources: Any, years: Any, measure: str, units: Any, values: Any) -> Any:
    cells: dict[tuple[str, str, str], list[float]] = {}
    texts = [c.to_pylist() if hasattr(c, "to_pylist") else c for c in (sources, years, units)]
    for source, year, unit, value in zip(*texts, values.to_pylist(), strict=True):
        if value is not None:
            cells.setdefault((source, year, unit or ""), []).append(value)
    return [
        {
            "table": table,
            "source_id": source,
            "year": year,
            "measure": measure,
            "unit": unit,
            "count": str(len(held)),
            "total": repr(math.fsum(held)),
        }
        for (source, year, unit), held in cells.items()
    ]


def _raw_sums(source: Source, path: Path) -> list[dict[str, str]]:
    from pyarrow import csv

    raw = csv.read_csv(path, convert_options=csv.ConvertOptions(timestamp_parsers=["-"]))
    rows = []
    for name in raw.column_names:
        if pa.types.is_integer(raw[name].type) or pa.types.is_floating(raw[name].type):
            held = [float(value) for value in raw[name].drop_null().to_pylist()]
            rows.append(
                {
                    "table": "raw",
                    "source_id": source.id,
                    "year": "",
                    "measure": name,
                    "unit": "",
                    "count": str(len(held)),
                    "total": repr(math.fsum(held)),
                }
            )
    return rows
