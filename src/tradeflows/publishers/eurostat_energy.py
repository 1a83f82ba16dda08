"""Eurostat's monthly energy trade by partner: nrg_ti_oilm, nrg_ti_gasm, nrg_ti_sffm and nrg_te_….

Source: Eurostat, https://ec.europa.eu/eurostat/databrowser, as TSV, SDMX-CSV or JSON-stat.
"""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes
from tradeflows.model.errors import CodeError, LayoutError, QueryError
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, cubes, delimited, raw_records
from tradeflows.publishers.cubes import DIMENSIONS, Cells, Flags

GAS = "G3000"  # its partner is the last border; it contains LNG, G3200


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
        Another layout, data set, flag or unit.
    CodeError
        An area or a product is in no code list.
    """
    if flow not in ("", "M", "X"):
        raise QueryError(f"flow {flow!r}: expected M for imports or X for exports")
    source = source or delimited.uncatalogued(path, "eurostat_energy", "trade")
    stated, cells = _reader(path)(path)
    if not (stated or flow):
        raise QueryError(
            f"{path}: the file does not say whether it is nrg_ti (imports) or nrg_te; "
            "add --flow M or --flow X"
        )
    if stated and flow not in ("", stated):
        raise QueryError(f"{path}: the file says {stated}, not --flow {flow}; leave it out")
    for part in cells:
        yield _part(path, source, part, stated or flow)


def records(path: Path, wanted: Collection[int]) -> dict[int, raw_records.Record]:
    """Lines of a TSV or SDMX-CSV, or cells of a JSON-stat, as they stand."""
    read = _reader(path)
    if read is cubes.json_stat:
        return cubes.json_cells(path, wanted)
    with path.open("rb") as file:
        return raw_records.table(path, file, wanted, quoted=read is not cubes.tsv)


def _reader(path: Path) -> Callable[[Path], tuple[str, Iterator[Cells]]]:
    with path.open("rb") as file:
        start = file.read(4096).lstrip(b"\xef\xbb\xbf \r\n\t")
    return (
        cubes.json_stat
        if start.startswith(b"{")
        else cubes.tsv
        if b"\\TIME_PERIOD\t" in start
        else cubes.sdmx
    )


def _part(path: Path, source: Source, cells: Cells, flow: str) -> Part:
    siec, partner, unit, geo, time = (cells.dimensions[name] for name in (*DIMENSIONS[1:], "time"))
    if rhythms := set(pc.unique(cells.dimensions["freq"]).to_pylist()) - {"M"}:
        raise LayoutError(path, "freq M, months", f"{rhythms}")
    try:
        for code in pc.unique(siec).to_pylist():
            codes.level(code)
    except CodeError as error:
        raise CodeError(f"{path}: {error}") from error
    block = delimited.Block(
        path, 1, pa.record_batch({"time": time, "unit": unit, "flag": cells.flag})
    )
    block.demand("time", time, r"^[12]\d{3}-(0[1-9]|1[0-2])$", "a month such as 2023-05")
    units = delimited.units("eurostat energy")
    ours, factor = (
        block.words("unit", {word: both[i] for word, both in units.items()}, kind)
        for i, kind in enumerate((pa.string(), pa.float64()))
    )
    amount = pc.round(pc.multiply(cells.value, factor), 6)
    heavy = pc.equal(ours, "kg")
    flags = block.words("flag", Flags(), pa.string(), todo="add it to FLAGS of eurostat_formats.py")
    columns = delimited.A_FLOW | {
        "source_row": cells.rows,
        "source_field": cells.fields,
        "vintage": source.vintage,
        "reporter_iso": codes.areas(geo, "eurostat", path),
        "reporter_code": geo,
        "partner_iso": codes.areas(partner, "eurostat", path),
        "partner_code": partner,
        "area_system": "eurostat",
        "flow_code": flow,
        "classification_code": "SIEC",
        "partner_role": "destination"
        if flow == "X"
        else pc.if_else(pc.equal(siec, GAS), "last border", "origin"),
        "cmd_code": siec,
        "ref_period": delimited.months(time),
        "net_wgt_kg": pc.if_else(heavy, amount, None),
        "qty": pc.if_else(heavy, None, amount),
        "qty_unit": pc.if_else(heavy, "none", ours),
        "flags": flags,
    }
    return Part(delimited.rows(source, TRADE, columns), cells.records, {}, empty=cells.empty)
