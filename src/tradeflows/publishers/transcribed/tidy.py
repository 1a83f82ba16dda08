"""What these cleaners share: a tidy CSV as text, its columns as types, its records as rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes
from tradeflows.model.errors import CodeError, LayoutError
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, delimited
from tradeflows.publishers.delimited import days as as_day
from tradeflows.publishers.delimited import demand

NUMBER, COUNT = r"^-?\d+(\.\d+)?$", r"^\d{1,4}$"
MONTH, YEAR = r"^[12]\d{3}-(0[1-9]|1[0-2])$", r"^[12]\d{3}$"


# --- one raw CSV as text, and its columns as types -----------------------------------------------


def read_text(path: Path, columns: list[str]) -> pa.Table:
    """All records of a CSV as text, if its header is exactly `columns`.

    Raises
    ------
    LayoutError
        Not UTF-8, not a CSV (an HTML page, say), another header, no record, or a record with
        more or fewer fields than the header.
    """
    with path.open("rb") as file:
        head = file.read(200).lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] == b"<":
        raise LayoutError(path, "a CSV file", "a page of HTML or XML", "fetch the data, not a page")
    found = delimited.header(path)
    if found != columns:
        lacking = [name for name in columns if name not in found]
        stray = [name for name in found if name not in columns]
        raise LayoutError(
            path,
            f"the columns {','.join(columns)}",
            f"none of {lacking} and besides {stray}" if lacking or stray else ",".join(found),
            "restore the header, or write a cleaner for the new layout",
        )
    cells = [block.cells for block in delimited.blocks(path, columns, columns)]
    return pa.Table.from_batches(cells).combine_chunks()


def number(path: Path, table: pa.Table, name: str, power: Any = 0) -> pa.Array:
    """Column `name` as float64, times ten to `power` (one or an array); an empty field is null."""
    text = filled(table, name)
    demand(path, name, text, NUMBER, "a number")
    # The power of ten joins the decimal, so that only the result is rounded to a binary float.
    decimal = pc.binary_join_element_wise(text, pc.cast(power, pa.string()), "e")
    return pc.cast(decimal, pa.float64())


def count(path: Path, table: pa.Table, name: str) -> pa.Array:
    """Column `name` (of months, of days) as int64; an empty field is null."""
    text = filled(table, name)
    demand(path, name, text, COUNT, "a whole number")
    return pc.cast(text, pa.int64())


def month(path: Path, table: pa.Table, name: str) -> pa.Array:
    """Column `name` (2023-05) as the first day of the month."""
    text = table[name].combine_chunks()
    demand(path, name, text, MONTH, "a month such as 2023-05")
    return as_day(pc.binary_join_element_wise(text, "01", "-"))


def year(path: Path, table: pa.Table, name: str) -> pa.Array:
    """Column `name` (2023) as the first day of the year."""
    text = table[name].combine_chunks()
    demand(path, name, text, YEAR, "a year such as 2023")
    return as_day(pc.binary_join_element_wise(text, "01-01", "-"))


def words(path: Path, table: pa.Table, name: str, meaning: Mapping[str, Any]) -> pa.Array:
    """Column `name` with each word replaced by its meaning; another word is refused."""
    return delimited.words(path, name, table[name].combine_chunks(), meaning)


def filled(table: pa.Table, name: str) -> pa.Array:
    """Column `name` as text, an empty field as null."""
    column = table[name].combine_chunks()
    return pc.if_else(pc.equal(column, ""), None, column)


# --- rows of a table -----------------------------------------------------------------------------

PLAIN: dict[str, Any] = {"source_field": "", "flags": "", "note": None, "qualifier": "="}
A_FLOW: dict[str, Any] = delimited.A_FLOW | {"area_system": "iso3"}


def part_of(
    source: Source,
    table: pa.Table,
    schema: pa.Schema,
    columns: Mapping[str, Any],
    rows: pa.Array | None = None,
    left_out: Mapping[str, int] | None = None,
) -> Part:
    """Rows of `schema` from the raw records `rows` (all of them unless named)."""
    ordinal = pa.array(range(1, len(table) + 1)) if rows is None else rows
    batch = delimited.rows(source, schema, {"source_row": ordinal, **columns})
    return Part(batch, len(table), left_out or {})


def flows(source: Source, table: pa.Table, **columns: Any) -> Part:
    """Trade rows, one a record; a zero weight beside a value means "not published"."""
    full = A_FLOW | {"vintage": source.vintage} | columns
    _known(source, full["cmd_code"])
    for side in ("reporter", "partner"):
        full.setdefault(f"{side}_code", full[f"{side}_iso"])
    if full["currency"] == "USD":
        full["primary_value_usd"] = full["value_reported"]
    weight, value = full["net_wgt_kg"], full["value_reported"]
    if weight is not None and value is not None:
        unknown = pc.and_(pc.equal(weight, 0), pc.not_equal(value, 0))
        full["net_wgt_kg"] = pc.if_else(pc.fill_null(unknown, False), None, weight)
    return part_of(source, table, TRADE, full)


def _known(source: Source, products: pa.Array | str) -> None:
    """Refuse a product code that is neither HS nor in ``products.csv``."""
    distinct = [products] if isinstance(products, str) else pc.unique(products).to_pylist()
    try:
        for code in distinct:
            codes.level(code)
    except CodeError as error:
        raise CodeError(f"{source.path}: {error}") from error


def chosen(part: Part, keep: pa.Array, reason: str) -> Part:
    """`part` without the rows where `keep` is false, which are counted under `reason`."""
    rows = part.rows.filter(keep)
    dropped = len(part.rows) - len(rows)
    return Part(rows, part.records, dict(part.left_out) | ({reason: dropped} if dropped else {}))


def flagged(*marks: tuple[str, pa.Array]) -> pa.Array:
    """Flags of each row, from one boolean array a word."""
    return delimited.flags(len(marks[0][1]), **dict(marks))


def has(text: pa.Array, pattern: str) -> pa.Array:
    """Whether each text holds `pattern`, in any case of letters."""
    return pc.match_substring_regex(text, pattern, ignore_case=True)
