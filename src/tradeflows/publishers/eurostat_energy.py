"""Eurostat's monthly energy trade by partner: nrg_ti_oilm, nrg_ti_gasm, nrg_ti_sffm and nrg_te_….

Source: Eurostat, https://ec.europa.eu/eurostat/databrowser, as TSV, SDMX-CSV or JSON-stat.
"""

import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes
from tradeflows.model.errors import LayoutError, QueryError
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, arrow, cubes, plausibility, reading
from tradeflows.publishers.cubes import Cells

DATASET = re.compile(r"NRG_T([IE])_(?:OIL|GAS|SFF)M", re.IGNORECASE)
GAS = "G3000"  # its partner is the last border; it contains LNG
LNG = "G3200"
ROUNDED = {"m3": 1e6, "TJ": 45.0}  # what a figure may be apart from another by rounding
DENSITY = (12.0, 120.0)  # megajoules of a cubic metre, three times below and above any gas
CELL = ["reporter_code", "partner_code", "ref_period"]
ROWS = 1 << 16  # in a part


def clean(path: Path, source: Source | None = None, *, flow: str = "") -> Iterator[Part]:
    """Energy that members and other countries of the panel trade by partner and month.

    Parameters
    ----------
    path
        TSV, SDMX-CSV or JSON-stat of one data set.
    source
        Its catalogue entry, if it has one.
    flow
        M for nrg_ti, X for nrg_te: a TSV does not say which it is.

    Yields
    ------
    Part
        Rows of :data:`~tradeflows.model.schema.TRADE`: kilograms of oil and coal, cubic metres and
        terajoules of gas (two rows). A figure held back (": c") is a row without one; a plain ":"
        is none. G3000 contains G3200. The panel is not the EU27: it holds Norway, Türkiye, …, and
        partners within the EU are where the goods came through.

    Raises
    ------
    QueryError
        `flow` is lacking or contradicts the file.
    LayoutError
        Another layout, data set, flag or unit; or figures of gas that contradict one another.
    CodeError
        An area or a product is in no code list.
    """
    if flow not in ("", "M", "X"):
        raise QueryError(f"flow {flow!r}: expected M for imports or X for exports")
    source = source or reading.uncatalogued(path, "eurostat_energy", "trade")
    batches, records, empty = [], 0, 0
    for data, cells in _reader(path)(path):
        flow = _flow(path, data, flow)
        batches.append(_figures(path, cells))
        records += pc.count_distinct(cells["row"]).as_py()
        empty += len(cells) - len(batches[-1])
    whole = pa.concat_batches(batches)
    _require_gas(path, whole)
    whole = plausibility.with_odd_gas(whole)  # of which each part has but some
    shared = reading.A_FLOW | {"flow_code": flow, "area_system": "eurostat"}
    shared |= {"classification_code": "SIEC", "vintage": source.vintage}
    for start in range(0, max(len(whole), 1), ROWS):
        figures = whole.slice(start, ROWS)
        columns = shared | dict(zip(figures.schema.names, figures.columns, strict=True))
        for side in ("reporter", "partner"):
            columns[f"{side}_iso"] = codes.areas(columns[f"{side}_code"], "eurostat", path)
        source_side = pc.if_else(pc.equal(columns["cmd_code"], GAS), "last border", "origin")
        columns["partner_role"] = "destination" if flow == "X" else source_side
        yield Part(reading.rows(source, TRADE, columns), records, {}, empty=empty)
        records = empty = 0  # they are counted once


def records(path: Path, wanted: Collection[int]) -> dict[int, reading.Record]:
    """Return lines of a TSV or SDMX-CSV, or cells of a JSON-stat, as they stand."""
    read = _reader(path)
    if read is cubes.json_stat:
        return cubes.json_cells(path, wanted)
    return reading.records(path, wanted, "\t" if read is cubes.tsv else ",")


def _reader(path: Path) -> Callable[[Path], Iterator[Cells]]:
    start = reading.head(path)
    if start.startswith(b"{"):
        return cubes.json_stat
    return cubes.tsv if b"\\TIME_PERIOD\t" in start else cubes.sdmx


def _flow(path: Path, data: str, flow: str) -> str:
    """Return M or X, by the data set that a file names, or as it was given."""
    match = DATASET.search(data)
    if data and not match:
        raise LayoutError(path, "one data set nrg_ti_…m or nrg_te_…m", repr(data))
    stated = {"I": "M", "E": "X"}[match[1].upper()] if match else flow
    if not stated:
        raise QueryError(
            f"{path}: the file does not say whether it is nrg_ti (imports) or nrg_te; "
            "add --flow M or --flow X"
        )
    if flow not in ("", stated):
        raise QueryError(f"{path}: the file says {stated}, not --flow {flow}; leave it out")
    return stated


def _figures(path: Path, cells: pa.RecordBatch) -> pa.RecordBatch:
    """Return the cells that have a figure or a flag, with weights and quantities in their unit."""
    cells = cells.filter(pc.or_(cells["value"].is_valid(), pc.not_equal(cells["flag"], "")))
    block = reading.Block(path, cells["row"], cells)
    block.require(pc.equal(cells["freq"], "M"), "freq M, months", cells["freq"])
    pattern = r"^[12]\d{3}-(0[1-9]|1[0-2])$"
    block.demand("time", pattern, "a month such as 2023-05")
    letters, todo = "".join(cubes.FLAGS), "add it to publisher_words.csv"
    block.demand("flag", f"^[{letters}]*$", f"letters of {letters}", todo=todo)
    known = reading.units("eurostat energy")
    amount, unit = block.quantity("unit", cells["value"], known)
    flags = arrow.meanings(
        cells["flag"], lambda run: " ".join(sorted({cubes.FLAGS[letter] for letter in run}))
    )
    columns = {
        "reporter_code": cells["geo"],
        "partner_code": cells["partner"],
        "cmd_code": cells["siec"],
        "source_field": cells["field"],
        "flags": flags,
        **reading.weight_or_quantity(pc.round(amount, 6), unit),
    }
    # All figures of a file are kept until they were compared, so words take little room.
    for name, column in columns.items():
        if column.type == arrow.TEXT:
            columns[name] = column.dictionary_encode()
    columns |= {"ref_period": reading.months(cells["time"]), "source_row": cells["row"]}
    return pa.record_batch(columns)


def _require_gas(path: Path, figures: pa.RecordBatch) -> None:
    """Refuse liquefied gas above the gas that contains it, and energy far from its volume's.

    Eurostat rounds both to whole units, and its own volumes and energies are at times twice apart.
    """
    gas = plausibility.gas(figures)
    whole, liquefied = (gas[gas["cmd_code"] == code] for code in (GAS, LNG))
    sides = whole.merge(liquefied, on=[*CELL, "qty_unit"], suffixes=("", " other"))
    allowed = sides["qty"] * 1.001 + sides["qty_unit"].map(ROUNDED).astype(float)
    pairs = plausibility.volumes_and_energies(gas)
    dense = pairs[plausibility.is_dense_otherwise(pairs, DENSITY, DENSITY[1])]
    above = sides[sides["qty other"] > allowed]
    for names, wrong in ((f"{GAS} and {LNG}", above), ("m3 and TJ", dense)):
        for pair in wrong.sort_values("source_row").head(1).to_dict("records"):
            raise LayoutError(
                f"{path}: records {pair['source_row']} and {pair['source_row other']}",
                f"{names} that agree",
                f"{pair['qty']:,.0f} and {pair['qty other']:,.0f} ({pair['reporter_code']} "
                f"from {pair['partner_code']}, {pair['ref_period']:%Y-%m})",
                "obtain the file again",
            )
