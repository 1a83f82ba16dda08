"""What these cleaners share: a tidy CSV as text, its columns as types, its records as rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from tradeflows import codes
from tradeflows.catalogue import Source
from tradeflows.errors import CodeError, LayoutError, SchemaError
from tradeflows.publishers import Part, reading
from tradeflows.schema import TRADE, conform

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
    another = LayoutError(path, "UTF-8 text", "another encoding", "save it as UTF-8")
    if b"\0" in head:
        raise another
    try:
        table = csv.read_csv(
            path,
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False
            ),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        if "UTF8" in reason or isinstance(error, UnicodeDecodeError):
            raise another from error
        raise LayoutError(path, f"a CSV of {len(columns)} columns", reason) from error
    found = table.column_names
    if found != columns:
        lacking = [name for name in columns if name not in found]
        stray = [name for name in found if name not in columns]
        raise LayoutError(
            path,
            f"the columns {','.join(columns)}",
            f"none of {lacking} and besides {stray}" if lacking or stray else ",".join(found),
            "restore the header, or write a cleaner for the new layout",
        )
    if not len(table):
        raise LayoutError(path, "at least one record", "a header alone")
    return table.combine_chunks()


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
    encoded = pc.dictionary_encode(table[name].combine_chunks())
    known = encoded.dictionary.to_pylist()
    if strange := [word for word in known if word not in meaning]:
        raise LayoutError(
            path, f"in {name} one of {', '.join(meaning)}", ", ".join(map(repr, strange[:5]))
        )
    return pa.array([meaning[word] for word in known]).take(encoded.indices)


def filled(table: pa.Table, name: str) -> pa.Array:
    """Column `name` as text, an empty field as null."""
    column = table[name].combine_chunks()
    return pc.if_else(pc.equal(column, ""), None, column)


def demand(path: Path, name: str, text: pa.Array, pattern: str, what: str) -> None:
    """Refuse a text that is not `what`, naming the first such record."""
    bad = pc.invert(pc.fill_null(pc.match_substring_regex(text, pattern), True))
    if pc.any(bad).as_py():
        row = pc.index(bad, True).as_py()
        raise LayoutError(f"{path}: record {row + 1}", f"{what} in {name}", repr(text[row].as_py()))


def as_day(text: pa.Array) -> pa.Array:
    """Texts such as 2023-05-01 as days."""
    return pc.cast(pc.cast(text, pa.timestamp("s")), pa.date32())


# --- rows of a table -----------------------------------------------------------------------------

PLAIN: dict[str, Any] = {"source_field": "", "flags": "", "note": None, "qualifier": "="}
A_FLOW: dict[str, Any] = reading.A_FLOW | {"area_system": "iso3"}


def part_of(
    source: Source,
    table: pa.Table,
    schema: pa.Schema,
    columns: Mapping[str, Any],
    rows: pa.Array | None = None,
    left_out: Mapping[str, int] | None = None,
) -> Part:
    """Rows of `schema` from the raw records `rows` (all of them unless named)."""
    n = len(table)
    ordinal = pa.array(range(1, n + 1)) if rows is None else rows
    try:
        batch = conform({"source_id": source.id, "source_row": ordinal, **columns}, schema)
    except SchemaError as error:
        raise SchemaError(f"{source.path}: {error}") from error
    return Part(batch, n, left_out or {})


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
    """Flags of each row, sorted and blank-separated, from one boolean array a word."""
    flags = pc.if_else(pc.fill_null(marks[0][1], False), "", "")
    for word, where in sorted(marks, key=lambda mark: mark[0]):
        flags = pc.binary_join_element_wise(
            flags, pc.if_else(pc.fill_null(where, False), f" {word}", ""), ""
        )
    return pc.utf8_trim_whitespace(flags)


def has(text: pa.Array, pattern: str) -> pa.Array:
    """Whether each text holds `pattern`, in any case of letters."""
    return pc.match_substring_regex(text, pattern, ignore_case=True)
