"""Eurostat's monthly energy trade by partner: nrg_ti_oilm, nrg_ti_gasm, nrg_ti_sffm and nrg_te_….

Source: Eurostat, https://ec.europa.eu/eurostat/databrowser, as TSV, SDMX-CSV or JSON-stat.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes
from tradeflows.model.errors import CodeError, LayoutError, QueryError
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, arrow, cubes, plausibility, reading
from tradeflows.publishers.cubes import Cells, Cube

GAS = "G3000"  # its partner is the last border; it contains LNG
LNG = "G3200"
ROUNDED = {"m3": 1e6, "TJ": 45.0}  # what a figure may be apart from another by rounding
Place = tuple[int, str]  # a record, and a field of it
DENSITY = (12.0, 120.0)  # megajoules of a cubic metre, three times below and above any gas


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
    cube = _reader(path)(path)
    if not (cube.flow or flow):
        raise QueryError(
            f"{path}: the file does not say whether it is nrg_ti (imports) or nrg_te; "
            "add --flow M or --flow X"
        )
    if cube.flow and flow not in ("", cube.flow):
        raise QueryError(f"{path}: the file says {cube.flow}, not --flow {flow}; leave it out")
    apart = require_agreement(path, [_gas(path, cells) for cells in cube.cells])
    for cells in _reader(path)(path).cells:
        yield _part(path, source, cells, cube.flow or flow, apart)


def records(path: Path, wanted: Collection[int]) -> dict[int, reading.Record]:
    """Return lines of a TSV or SDMX-CSV, or cells of a JSON-stat, as they stand."""
    read = _reader(path)
    if read is cubes.json_stat:
        return cubes.json_cells(path, wanted)
    with path.open("rb") as file:
        return reading.table(path, file, wanted, quoted=read is not cubes.tsv)


def _reader(path: Path) -> Callable[[Path], Cube]:
    with path.open("rb") as file:
        start = file.read(4096).lstrip(b"\xef\xbb\xbf \r\n\t")
    if start.startswith(b"{"):
        return cubes.json_stat
    return cubes.tsv if b"\\TIME_PERIOD\t" in start else cubes.sdmx


def _part(path: Path, source: Source, cells: Cells, flow: str, apart: set[Place]) -> Part:
    """Return a row of the table for each cell, those that are `apart` flagged."""
    siec, partner, geo = (cells.dimensions[name] for name in ("siec", "partner", "geo"))
    amounts = _amounts(path, cells)
    is_gas = pc.equal(siec, GAS)
    source_side = pc.if_else(is_gas, "last border", "origin")
    columns = dict(reading.A_FLOW)
    columns["source_row"] = cells.rows
    columns["source_field"] = cells.fields
    columns["vintage"] = source.vintage
    columns["reporter_iso"] = codes.areas(geo, "eurostat", path)
    columns["reporter_code"] = geo
    columns["partner_iso"] = codes.areas(partner, "eurostat", path)
    columns["partner_code"] = partner
    columns["area_system"] = "eurostat"
    columns["flow_code"] = flow
    columns["classification_code"] = "SIEC"
    columns["partner_role"] = "destination" if flow == "X" else source_side
    columns["cmd_code"] = siec
    columns["ref_period"] = reading.months(cells.dimensions["time"])
    columns |= amounts
    columns["flags"] = cubes.flag_words(cells.record(path), cells.flag)
    rows = reading.rows(source, TRADE, columns)
    places = zip(rows["source_row"].to_pylist(), rows["source_field"].to_pylist(), strict=True)
    is_apart = np.array([place in apart for place in places], bool)
    rows = plausibility.with_flag(rows, is_apart, plausibility.TWICE)
    return Part(rows, cells.records, {}, empty=cells.empty)


def _amounts(path: Path, cells: Cells) -> dict[str, pa.Array]:
    """Return weights, and quantities in their unit, of months and products that are known."""
    at, record = cells.dimensions, cells.record(path)
    reading.require(record, pc.equal(at["freq"], "M"), "freq M, months", at["freq"])
    try:
        for code in at["siec"].unique().to_pylist():
            codes.level(code)
    except CodeError as error:
        raise CodeError(f"{path}: {error}") from error
    pattern = r"^[12]\d{3}-(0[1-9]|1[0-2])$"
    reading.demand(record, "time", at["time"], pattern, "a month such as 2023-05")
    known = reading.units("eurostat energy")
    amount, unit = reading.quantity(record, "unit", at["unit"], cells.value, known)
    return reading.weight_or_quantity(pc.round(amount, 6), unit)


# --- what a file of gas states twice -------------------------------------------------------------

CELL = ["reporter_code", "partner_code", "ref_period"]


def _gas(path: Path, cells: Cells) -> pa.Table:
    """Return the figures of gas among some cells, as :func:`require_agreement` compares them."""
    amounts = _amounts(path, cells)
    field, at = cells.fields, cells.dimensions
    table = pa.table(
        {
            "reporter_code": at["geo"],
            "partner_code": at["partner"],
            "ref_period": at["time"],
            "cmd_code": at["siec"],
            "qty": amounts["qty"],
            "qty_unit": amounts["qty_unit"],
            "record": cells.rows,
            "field": pa.repeat(field, len(cells.rows)) if isinstance(field, str) else field,
        }
    )
    is_gas = pc.is_in(table["cmd_code"], arrow.texts([GAS, LNG]))
    return table.filter(pc.and_(is_gas, table["qty"].is_valid()))


def require_agreement(path: Path, gas: Sequence[pa.Table]) -> set[Place]:
    """Refuse liquefied gas above the gas that contains it, and energy far from its volume's.

    Eurostat rounds both to whole units, and its own volumes and energies are at times twice apart:
    where they are for no gas that there is, their places are returned.

    Raises
    ------
    LayoutError
        The message names both figures and both records.
    """
    table = pa.concat_tables(gas) if gas else pa.table({})
    if not len(table):
        return set()
    for unit, most in ROUNDED.items():
        of_unit = table.filter(pc.equal(table["qty_unit"], unit))
        gas_side, lng_side = (
            of_unit.filter(pc.equal(of_unit["cmd_code"], code)).select([*CELL, "qty", "record"])
            for code in (GAS, LNG)
        )
        pairs = gas_side.join(lng_side, CELL, join_type="inner", right_suffix=" other")
        allowed = pc.add(pc.multiply(pairs["qty"], 1.001), most)
        _require(path, pairs, pc.greater(pairs["qty other"], allowed), (GAS, LNG))
    [batch] = table.combine_chunks().to_batches()
    pairs = plausibility.volumes_and_energies(batch, [*CELL, "cmd_code"])
    wrong = plausibility.is_dense_otherwise(pairs, DENSITY, DENSITY[1])
    _require(path, pairs, wrong, ("m3", "TJ"))
    usual, rounded = plausibility.DENSITY, plausibility.ROUNDED
    unusual = pairs.filter(plausibility.is_dense_otherwise(pairs, usual, rounded)).to_pylist()
    places = {(pair["record"], pair["field"]) for pair in unusual}
    return places | {(pair["record other"], pair["field other"]) for pair in unusual}


def _require(
    path: Path,
    pairs: pa.Table | pa.RecordBatch,
    wrong: pa.Array | pa.ChunkedArray,
    names: tuple[str, str],
) -> None:
    """Refuse the first of `pairs` that is `wrong`."""
    pairs = pairs.filter(wrong).sort_by("record")
    if not len(pairs):
        return
    pair = pairs.slice(0, 1).to_pylist()[0]
    first, second = names
    raise LayoutError(
        f"{path}: records {pair['record']} and {pair['record other']}",
        f"{first} and {second} that agree",
        f"{pair['qty']:,.0f} and {pair['qty other']:,.0f} "
        f"({pair['reporter_code']} from {pair['partner_code']}, {pair['ref_period']})",
        "obtain the file again",
    )
