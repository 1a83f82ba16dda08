"""Rows of what ``tradeflows clean`` wrote, by product and area, without reading all of it.

A month of Eurostat Comext has five million rows, of which a question about one product needs some
hundred. The files are sorted by product, so it lies in one or two row groups of each, and what the
footers say of these is kept in memory for as long as a file stays as it is.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.dataset as ds

from tradeflows import tables
from tradeflows.model import codes, schema
from tradeflows.model.errors import QueryError, SchemaError, SourceError
from tradeflows.model.words import texts_of
from tradeflows.tables.files import opened
from tradeflows.tables.filters import apart, conditions

if TYPE_CHECKING:
    from pandas import DataFrame

FILE = "__fragment_index"  # the place among the files of that which a row is of, in Arrow
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
    held = ds.dataset([_opened(path) for path in paths])
    columns = [*dict.fromkeys([*names, *CHECKED]), FILE]
    table = tables.scan(held, "trade", wanted, columns=columns)
    periods = table.group_by(["reporter_iso", "ref_period", FILE]).aggregate([]).sort_by(FILE)
    stated: dict[tuple[object, ...], str] = {}
    for reporter, day, place in zip(*periods.to_pydict().values(), strict=True):
        name = paths[place].name
        other = stated.setdefault((reporter, day), name)
        if other != name:
            raise QueryError(
                f"{other} and {name} both state {reporter} in {day:%Y-%m}: "
                "two releases; move one away"
            )
    caveats = apart(held, wanted)
    if not table:
        nothing = f"{where}: no row of product {product} and the areas given"
        raise QueryError("; ".join([nothing, *caveats]))
    frame = table.sort_by("ref_period").to_pandas(date_as_object=False)
    tables.no_nesting(frame)
    frame = frame[names]
    frame.attrs["caveats"] = tuple(caveats)
    return frame


def _opened(path: Path) -> ds.Dataset:
    """The rows of a file, if it keeps the contract."""
    try:
        written = path.stat()
        dataset, _ = opened(path, written.st_mtime_ns, written.st_size, stays=False)
    except (OSError, pa.ArrowInvalid) as error:
        raise SourceError(f"{path}: no Parquet file that can be read ({error})") from error
    if not dataset.schema.equals(schema.TRADE):
        raise SchemaError(f"{path}: not a trade table of this release; clean its file again")
    return dataset
