"""Rows of what ``tradeflows clean`` wrote, by product and area, without reading all of it.

A month of Eurostat Comext has five million rows, of which a question about one product needs some
hundred. The files are sorted by product, so it lies in one or two row groups of each, and what the
footers say of these is kept in memory for as long as a file stays as it is.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from tradeflows import tables
from tradeflows.model import codes, schema
from tradeflows.model.errors import QueryError, SchemaError, SourceError

if TYPE_CHECKING:
    from pandas import DataFrame

TEXT = [field.name for field in schema.TRADE if field.type == schema.TEXT]
CHECKED = ("ref_period", "reporter_iso", "partner_iso", "flow_code", "cmd_code", "n_months")
SHOWN = (*CHECKED, "breakdown", "value_reported", "net_wgt_kg", "qty", "qty_unit", "flags")


@dataclass(frozen=True)
class Footer:
    """A file's metadata, and the first and last product of each row group."""

    metadata: parquet.FileMetaData
    products: list[tuple[str, str]]


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
        Ids, two-letter codes or names of areas; all of them where not given.
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
    where, names = Path(where), [*columns]
    unknown = set(names) - set(schema.TRADE.names)
    if unknown:
        raise QueryError(f"no column {min(unknown)!r}; there are {', '.join(schema.TRADE.names)}")
    if flow not in ("", "M", "X"):
        raise QueryError(f"flow={flow!r}: expected M or X")
    asked = {
        "flow_code": {flow} - {""},
        "reporter_iso": _areas(reporter),
        "partner_iso": _areas(partner),
    }
    wanted = {name: {*values} for name, values in asked.items()}
    for name in ("reporter_iso", "partner_iso"):
        wanted[name].update(*map(codes.parts, asked[name]))
    goods, needed = codes.product(product), list(dict.fromkeys([*names, *CHECKED]))
    paths = sorted(where.glob("*.parquet")) if where.is_dir() else [where]
    if not paths:
        raise SourceError(f"{where}: no Parquet file; run `tradeflows clean … --to` first")
    with ThreadPoolExecutor(pa.cpu_count()) as pool:
        parts = [*pool.map(lambda path: _rows_of(path, goods, wanted, needed), paths)]
    table = pa.concat_tables(parts)
    _no_release_twice(paths, table, np.repeat(np.arange(len(parts)), [*map(len, parts)]))
    table, caveats = _asked(table, asked)
    if not table:
        nothing = f"{where}: no row of product {product} and the areas given"
        raise QueryError("; ".join([nothing, *caveats]))
    frame = table.sort_by("ref_period").to_pandas(date_as_object=False)
    tables.no_nesting(frame)
    frame = frame[names]
    frame.attrs["caveats"] = caveats
    return frame


def _areas(words: str | Iterable[str]) -> set[str]:
    """Ids of the areas that are named."""
    named = [words] if isinstance(words, str) else words
    return {codes.area(word) for word in named}


def _asked(rows: pa.Table, asked: Mapping[str, set[str]]) -> tuple[pa.Table, tuple[str, ...]]:
    """`rows` of the areas that were asked for, and what is said of parts of these."""
    caveats = []
    for name in ("reporter_iso", "partner_iso"):
        for area in sorted(asked[name]):
            parts = sorted({*codes.parts(area)} - asked[name])
            if parts:
                apart = pc.is_in(rows[name], pa.array(parts))
                days = rows["ref_period"].filter(apart)
                if len(days):
                    first = pc.min(days).as_py()
                    caveats.append(tables.split(name.removesuffix("_iso"), area, parts, first))
                rows = rows.filter(pc.invert(apart))
    return rows, tuple(caveats)


def _rows_of(
    path: Path, goods: list[str], wanted: Mapping[str, set[str]], columns: list[str]
) -> pa.Table:
    """The rows of one file, from the row groups that may have some."""
    try:
        written = path.stat()
        footer = _footer(path, written.st_mtime_ns, written.st_size)
        file = parquet.ParquetFile(
            path, metadata=footer.metadata, read_dictionary=TEXT, memory_map=True
        )
    except (OSError, pa.ArrowInvalid) as error:
        raise SourceError(f"{path}: no Parquet file that can be read ({error})") from error
    parts = []
    for group, (low, high) in enumerate(footer.products):
        if any(low[: len(code)] <= code <= high for code in goods):
            parts += _rows_in_group(file, group, goods, wanted, columns)
    contract = pa.schema([schema.TRADE.field(name) for name in columns])
    return pa.concat_tables([rows.cast(contract) for rows in parts] or [contract.empty_table()])


def _rows_in_group(
    file: parquet.ParquetFile,
    group: int,
    goods: list[str],
    wanted: Mapping[str, set[str]],
    columns: list[str],
) -> list[pa.Table]:
    """The rows of one row group, if it has any; other columns are read for these alone."""
    asked = [name for name, values in wanted.items() if values]
    keys = file.read_row_group(group, columns=["cmd_code", *asked], use_threads=False)
    fits = np.logical_or.reduce([_where(keys["cmd_code"], pc.starts_with, code) for code in goods])
    for name in asked:
        fits &= _where(keys[name], pc.is_in, pa.array(sorted(wanted[name])))
    places = np.flatnonzero(fits)
    if not len(places):
        return []
    more = [name for name in columns if name not in keys.column_names]
    rows = file.read_row_group(group, columns=more, use_threads=False)
    for name in keys.column_names:
        rows = rows.append_column(name, keys[name])
    return [rows.select(columns).take(places)]


def _where(column: pa.ChunkedArray, fits: Callable[..., pa.Array], among: Any) -> np.ndarray:
    """For each row whether its word fits; every word is asked about once."""
    return np.concatenate(
        [fits(chunk.dictionary, among).to_numpy(False)[chunk.indices] for chunk in column.chunks]
    )


@lru_cache(maxsize=1024)
def _footer(path: Path, *written: int) -> Footer:
    """The footer of the file as it was `written`, if it keeps the contract."""
    metadata = parquet.read_metadata(path)
    stored = metadata.schema.to_arrow_schema()
    if not stored.equals(schema.TRADE):
        raise SchemaError(f"{path}: not a trade table of this release; clean its file again")
    place = stored.get_field_index("cmd_code")
    spans = [
        metadata.row_group(group).column(place).statistics
        for group in range(metadata.num_row_groups)
    ]
    return Footer(
        metadata,
        [(span.min, span.max) if span and span.has_min_max else ("", "\x7f") for span in spans],
    )


def _no_release_twice(paths: list[Path], rows: pa.Table, file: np.ndarray) -> None:
    """Refuse rows of two files, told by number, that state one period of one reporter."""
    cell = ["ref_period", "reporter_iso"]
    numbered = rows.select(cell).append_column("file", pa.array(file))
    periods = numbered.group_by([*cell, "file"])
    stated: dict[tuple[object, ...], Path] = {}
    for row in periods.aggregate([]).sort_by("file").to_pylist():
        path = paths[row["file"]]
        period = row["ref_period"], row["reporter_iso"]
        other = stated.setdefault(period, path)
        if other != path:
            raise QueryError(
                f"{other.name} and {path.name} both state {row[cell[1]]} in "
                f"{row[cell[0]]:%Y-%m}: two releases; move one away"
            )
