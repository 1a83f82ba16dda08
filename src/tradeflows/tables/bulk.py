"""Rows of what ``tradeflows clean`` wrote, by product and area, without reading all of it.

A month of Eurostat Comext has five million rows, of which a question about one product needs some
hundred. The files are sorted by product, so it lies in one or two row groups of each, and what the
footers say of these is kept in memory for as long as a file stays as it is.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pyarrow.fs import LocalFileSystem

from tradeflows import tables
from tradeflows.model import codes, schema
from tradeflows.model.errors import QueryError, SchemaError, SourceError
from tradeflows.tables.filters import (
    areas_in_parts,
    changed_area_message,
    conditions,
    named_areas,
    scan,
    texts_of,
)

if TYPE_CHECKING:
    from pandas import DataFrame

DISK = LocalFileSystem(use_mmap=True)
FILE = "__filename"  # Arrow's name of the column that says which file a row is of
AREAS = ("reporter_iso", "partner_iso")
CHECKED = ("ref_period", "reporter_iso", "partner_iso", "flow_code", "cmd_code", "n_months")
SHOWN = (*CHECKED, "breakdown", "value_reported", "net_wgt_kg", "qty", "qty_unit", "flags")


def rows(
    where: Path | str,
    product: str,
    *,
    partner: str | Iterable[str] = (),
    reporter: str | Iterable[str] = (),
    flow: str = "",
    columns: Iterable[str] = SHOWN,
) -> "DataFrame":
    """Trade rows of a product and all that its code contains, from cleaned files.

    Parameters
    ----------
    where
        A folder that ``tradeflows clean … --to`` wrote, or one of its files.
    product
        Code or word: ``854231`` is all lines of the Combined Nomenclature below it.
    partner, reporter
        Ids, two-letter codes or names of areas, or ``countries``; all of them where not given.
    flow
        ``M``, ``X``; both where not given.
    columns
        Of :data:`tradeflows.model.schema.TRADE`.

    Returns
    -------
    DataFrame
        In the order of periods, then as the files are sorted. ``attrs["caveats"]`` says where an
        area is stated by its parts.

    Raises
    ------
    QueryError
        No such product, area or column, no such row, or rows that must not be added up: an
        aggregate lies beside its members, or two releases of a month beside each other.
    SchemaError
        A file does not keep the contract of the trade table.
    SourceError
        There is no cleaned file.
    """
    where = Path(where)
    names = [*columns]
    unknown = set(names) - set(schema.TRADE.names)
    if unknown:
        raise QueryError(f"no column {min(unknown)!r}; there are {', '.join(schema.TRADE.names)}")
    if flow not in ("", "M", "X"):
        raise QueryError(f"flow={flow!r}: expected M or X")
    words = {"reporter": reporter, "partner": partner, "flow": flow, "product": product}
    asked = {name: texts_of(name, value) for name, value in words.items() if value}
    wanted = conditions("trade", asked, [codes.product(product)], {}, {})
    paths = sorted(where.glob("*.parquet")) if where.is_dir() else [where]
    if not paths:
        raise SourceError(f"{where}: no Parquet file; run `tradeflows clean … --to` first")
    needed = dict.fromkeys([*names, *CHECKED, FILE])
    table = scan(_dataset(paths), "trade", _with_parts(wanted), None, None, [*needed])
    _no_release_twice(table)
    table, caveats = _asked(table, wanted)
    if not table:
        nothing = f"{where}: no row of product {product} and the areas given"
        raise QueryError("; ".join([nothing, *caveats]))
    frame = table.sort_by("ref_period").to_pandas(date_as_object=False)
    tables.no_nesting(frame)
    frame = frame[names]
    frame.attrs["caveats"] = caveats
    return frame


def _with_parts(wanted: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The conditions, of each area with the parts that it may be stated by."""
    wider = dict(wanted)
    for name in AREAS:
        for area in named_areas(wanted, name):
            parts = codes.parts(area)
            wider[name] = list(dict.fromkeys([*wider[name], *parts]))
    return wider


def _asked(rows: pa.Table, asked: Mapping[str, list[str]]) -> tuple[pa.Table, tuple[str, ...]]:
    """`rows` of the areas that were asked for, and what is said of parts of these."""
    caveats = []
    for column, area, others in areas_in_parts(asked):
        is_apart = pc.is_in(rows[column], pa.array(others))
        days = rows["ref_period"].filter(is_apart)
        if len(days):
            caveats.append(changed_area_message(column, area, others, days))
        rows = rows.filter(pc.invert(is_apart))
    return rows, tuple(caveats)


def _dataset(paths: Iterable[Path]) -> ds.Dataset:
    """The trade rows of some files."""
    fragments = []
    for path in paths:
        try:
            written = path.stat()
            fragments.append(_fragment(path, written.st_mtime_ns, written.st_size))
        except (OSError, pa.ArrowInvalid) as error:
            raise SourceError(f"{path}: no Parquet file that can be read ({error})") from error
    return ds.FileSystemDataset(fragments, schema.TRADE, ds.ParquetFileFormat(), DISK)


@lru_cache(maxsize=1024)
def _fragment(path: Path, *written: int) -> ds.Fragment:
    """The file as it was `written`, with its footer, if it keeps the contract."""
    fragment = ds.ParquetFileFormat().make_fragment(str(path), DISK)
    fragment.ensure_complete_metadata()
    if not fragment.physical_schema.equals(schema.TRADE):
        raise SchemaError(f"{path}: not a trade table of this release; clean its file again")
    return fragment


def _no_release_twice(rows: pa.Table) -> None:
    """Refuse rows of two files that state one period of one reporter."""
    cell = ["reporter_iso", "ref_period"]
    periods = rows.group_by([*cell, FILE]).aggregate([])
    stated: dict[tuple[object, ...], Path] = {}
    for row in periods.sort_by(FILE).to_pylist():
        path = Path(row[FILE])
        reporter, day = (row[name] for name in cell)
        other = stated.setdefault((reporter, day), path)
        if other != path:
            raise QueryError(
                f"{other.name} and {path.name} both state {reporter} in {day:%Y-%m}: "
                "two releases; move one away"
            )
