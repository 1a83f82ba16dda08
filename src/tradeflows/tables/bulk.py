"""Rows of what ``tradeflows clean`` wrote, by product and area, without reading all of it.

A month of Eurostat Comext has five million rows, of which a question about one product needs some
hundred. The files are sorted by product, so it lies in one or two row groups of each, and what the
footers say of these is kept in memory for as long as a file stays as it is. Texts are read as the
numbers by which they are stored, so that each is compared once and not in every row.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tradeflows import tables
from tradeflows.model import codes, schema
from tradeflows.model.errors import QueryError, SchemaError, SourceError
from tradeflows.model.words import texts_of
from tradeflows.tables.filters import (
    areas_in_parts,
    changed_area_message,
    condition,
    conditions,
    named_areas,
    products_meant,
)

if TYPE_CHECKING:
    from pandas import DataFrame

FILE = "file"  # the name of the file that a row is of
TEXTS = [field.name for field in schema.TRADE if field.type == schema.TEXT]
Array = np.ndarray[Any, Any]
LAST = "\U0010ffff"  # no text is after it
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
    wider = dict(wanted)  # each area with the parts that it may be stated by
    for name in AREAS:
        parts = chain.from_iterable(map(codes.parts, named_areas(wanted, name)))
        if name in wanted:
            wider[name] = list(dict.fromkeys([*wanted[name], *parts]))
    table = _matching(paths, wider, [*dict.fromkeys([*names, *CHECKED])])
    _no_release_twice(table)
    caveats = []
    for column, area, others in areas_in_parts(wanted):
        is_apart = pc.is_in(table[column], pa.array(others))
        days = table["ref_period"].filter(is_apart)
        if len(days):
            caveats.append(changed_area_message(column, area, others, days))
        table = table.filter(pc.invert(is_apart))
    if not table:
        nothing = f"{where}: no row of product {product} and the areas given"
        raise QueryError("; ".join([nothing, *caveats]))
    frame = table.sort_by("ref_period").to_pandas(date_as_object=False)
    tables.no_nesting(frame)
    frame = frame[names]
    frame.attrs["caveats"] = tuple(caveats)
    return frame


def _matching(
    paths: Sequence[Path], wanted: Mapping[str, list[str]], columns: Sequence[str]
) -> pa.Table:
    """Rows of some files that meet all conditions, with the file of each."""
    products, _ = products_meant(wanted["cmd_code"])
    read = partial(_read, [*dict.fromkeys([*columns, *wanted])], products)
    with ThreadPoolExecutor(pa.cpu_count()) as readers:
        files = [*zip(paths, readers.map(read, paths), strict=True)]
    found = [(path.name, rows) for path, of_file in files for rows in of_file]
    met = {}
    for column, values in wanted.items():
        texts = {text for _, rows in found for text in rows[column].dictionary.to_pylist()}
        every = pa.table({column: pa.array(texts, pa.string())})
        met[column] = every.filter(condition(column, values))[column].combine_chunks()
    batches = []
    for name, rows in found:
        is_kept = np.ones(len(rows), bool)
        for column, texts_met in met.items():  # a text is looked at once
            coded = rows[column]
            is_met = pc.is_in(coded.dictionary, texts_met).to_numpy(zero_copy_only=False)
            is_kept &= is_met.take(coded.indices)
        kept = rows.take(pa.array(np.flatnonzero(is_kept)))
        batches.append(kept.append_column(FILE, pa.repeat(name, len(kept))))
    contract = pa.schema([*(schema.TRADE.field(name) for name in columns), (FILE, pa.string())])
    if not batches:
        return contract.empty_table()
    return pa.Table.from_batches(batches).select(contract.names).cast(contract)


def _read(columns: list[str], products: Sequence[str], path: Path) -> list[pa.RecordBatch]:
    """Rows of the row groups that may have one of the products, texts as they are stored."""
    try:
        written = path.stat()
        footer, first, last = _footer(path, written.st_mtime_ns, written.st_size)
    except (OSError, pa.ArrowInvalid) as error:
        raise SourceError(f"{path}: no Parquet file that can be read ({error})") from error
    may_have = np.zeros(len(first), bool)
    for product in products:  # or what lies under it
        may_have |= (first < f"{product}[") & (last >= product)
    groups = np.flatnonzero(may_have).tolist()
    with pq.ParquetFile(path, metadata=footer, memory_map=True, read_dictionary=TEXTS) as file:
        return file.read_row_groups(groups, columns, use_threads=False).to_batches()


@lru_cache(maxsize=1024)
def _footer(path: Path, *written: int) -> tuple[pq.FileMetaData, Array, Array]:
    """The footer of the file as it was `written`, if it keeps the contract."""
    footer = pq.read_metadata(path, memory_map=True)
    if not footer.schema.to_arrow_schema().equals(schema.TRADE):
        raise SchemaError(f"{path}: not a trade table of this release; clean its file again")
    at = schema.TRADE.names.index("cmd_code")
    groups = [footer.row_group(i).column(at) for i in range(footer.num_row_groups)]
    stated = [column.statistics for column in groups]
    first = [span.min if span else "" for span in stated]
    last = [span.max if span else LAST for span in stated]
    return footer, np.array(first, np.str_), np.array(last, np.str_)


def _no_release_twice(rows: pa.Table) -> None:
    """Refuse rows of two files that state one period of one reporter."""
    cell = ["reporter_iso", "ref_period"]
    periods = rows.group_by([*cell, FILE]).aggregate([])
    stated: dict[tuple[object, ...], str] = {}
    for row in periods.sort_by(FILE).to_pylist():
        name = row[FILE]
        reporter, day = (row[column] for column in cell)
        other = stated.setdefault((reporter, day), name)
        if other != name:
            raise QueryError(
                f"{other} and {name} both state {reporter} in {day:%Y-%m}: "
                "two releases; move one away"
            )
