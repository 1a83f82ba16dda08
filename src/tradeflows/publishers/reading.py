"""Columns of text out of a raw file, and rows of our tables out of these: what all cleaners share.

Nothing is guessed: a column is text until a :class:`Block` makes numbers or words of it, and the
first record that is not as expected is refused. :func:`rows` makes rows of a table, and has
:mod:`~tradeflows.publishers.plausibility` flag them; :func:`table` leads from a row back to its
text.
"""

from __future__ import annotations

import csv
import hashlib
import re
import zipfile
import zlib
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from io import BufferedIOBase, BytesIO, TextIOWrapper
from itertools import islice, tee
from pathlib import Path
from typing import IO, Any, Self, cast

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from tradeflows.model.codelists import rows_of
from tradeflows.model.codes import HS, level
from tradeflows.model.errors import CodeError, LayoutError, SchemaError
from tradeflows.model.schema import FIGURES, TRADE, conform
from tradeflows.model.source import Source
from tradeflows.publishers import arrow, plausibility

BLOCK = 1 << 20  # bytes, and no line may be longer
BLANKS_AT_END = 1 << 10  # bytes, in which a file ends that is no blank
# What zipfile raises of a damaged or foreign archive: only its own kinds are documented as such.
_DAMAGED = (zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError)
ZIP_FAULTS = (zipfile.BadZipFile, zipfile.LargeZipFile, *_DAMAGED)
PLAIN: dict[str, Any] = {"source_field": "", "flags": "", "note": None, "qualifier": "="}
A_FLOW: dict[str, Any] = PLAIN | {
    "partner_role": "origin",
    "classification_code": "HS",
    "freq_code": "M",
    "n_months": 1,
    "cumulation": "period",
    "breakdown": "total",
    "qty_unit": "none",
    "value_reported": None,
    "currency": None,
    "valuation": None,
    "primary_value_usd": None,
    "net_wgt_kg": None,
    "qty": None,
}


# --- numbers: only digits are, by the marks that a file may have ----------------------------------


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """The marks of a file.

    Attributes
    ----------
    separator
        Between cells: a comma, else a semicolon, a tab or an upright stroke.
    decimal
        Before decimals: a point, else a comma.
    grouping
        Between thousands: none, else a comma, a point, a blank or an apostrophe.
    """

    separator: str = ","
    decimal: str = "."
    grouping: str = ""

    @property
    def example(self) -> str:
        """A number in these marks, such as 1.234,5."""
        return f"1{self.grouping}234{self.decimal}5"

    @property
    def between_thousands(self) -> str:
        """The pattern of the mark between thousands; a blank may be one that breaks no line."""
        return "[ \u00a0\u202f]" if self.grouping == " " else re.escape(self.grouping)

    @property
    def pattern(self) -> str:
        """The pattern of a whole number cell, without exponent, sign of plus or blanks."""
        whole = r"\d+"
        if self.grouping:
            whole = rf"(\d{{1,3}}({self.between_thousands}\d{{3}})+|\d+)"
        return rf"^-?{whole}({re.escape(self.decimal)}\d+)?$"


PLAIN_MARKS, WITH_COMMAS = Marks(), Marks(grouping=",")


# --- the header of a delimited file, and its cells ------------------------------------------------


def not_utf8(path: Path) -> LayoutError:
    """The refusal of a file in another encoding."""
    return LayoutError(path, "UTF-8 text", "another encoding", "save it as UTF-8")


def header(path: Path, delimiter: str = ",", raw: bytes | None = None) -> list[str]:
    """Cells of the first line of the file, or of `raw`."""
    with path.open("rb") if raw is None else BytesIO(raw) as file:
        line = file.readline(BLOCK)
    if not line or line[BLOCK - 1 :] not in (b"", b"\n"):
        found = f"more than {BLOCK} bytes without a line's end" if line else "an empty file"
        raise LayoutError(path, "a header line", found)
    quote = None if delimiter == "\t" else '"'
    try:
        text = line.splitlines()[0].decode("utf-8-sig")
        return next(csv.reader([text], delimiter=delimiter, quotechar=quote, strict=True)) or [""]
    except UnicodeDecodeError as error:
        raise not_utf8(path) from error
    except csv.Error as error:  # a quote that does not close, say
        raise LayoutError(path, "a header line", str(error)) from error


def require_header(
    path: Path | str,
    names: Sequence[str],
    needed: Collection[str],
    others: Collection[str] | None = None,
    todo: str = "",
) -> None:
    """Refuse a header without each column `needed`, or with others than `others` or one twice.

    Without `others` it may have any, and these are not looked at.

    Raises
    ------
    LayoutError
        The message lists what lacks, and what is one too many.
    """
    faults = {"none of": [name for name in needed if name not in names]}
    if others is not None:
        faults["besides"] = [name for name in names if name not in {*needed, *others}]
        faults["more than once"] = [name for name, times in Counter(names).items() if times > 1]
    found = " and ".join(f"{word} {of[:20]}" for word, of in faults.items() if of)
    if found:
        among = f", and of {', '.join(others)}, each once" if others else ""
        raise LayoutError(path, f"the columns {','.join(needed)}{among}", found, todo)


@dataclass(frozen=True)
class Block:
    """Some records of a file: the ordinals that they have there, and their cells as text."""

    path: Path
    records: pa.Array
    cells: pa.RecordBatch

    @classmethod
    def of(cls, path: Path, cells: pa.RecordBatch, first: int = 1) -> Self:
        """Take records one after another, from the ordinal of the first on."""
        return cls(path, pa.array(np.arange(first, first + len(cells))), cells)

    def __len__(self) -> int:
        """Count the records."""
        return len(self.cells)

    def text(self, name: str) -> pa.Array:
        """Column `name` as it stands."""
        return self.cells[name]

    def record(self, at: int) -> str:
        """The record at a place, as a message names it."""
        return f"{self.path}: record {self.records[at]}"

    def require(self, good: Any, expected: str, *shown: Any, todo: str = "") -> None:
        """Refuse the first record that is not `good`; where that is not known, it passes.

        Parameters
        ----------
        expected
            What a good record has.
        shown
            Columns whose cells of that record are what was found.

        Raises
        ------
        LayoutError
            A record is not good.
        """
        at = pc.index(pc.fill_null(good, True), False).as_py()
        if at >= 0:
            found = " beside ".join(repr(column[at].as_py()) for column in shown)
            raise LayoutError(self.record(at), expected, found, todo)

    def demand(
        self, name: str, pattern: str, what: str, text: pa.Array | None = None, todo: str = ""
    ) -> None:
        """Refuse the first cell of a column that `pattern` does not match; nulls pass."""
        text = self.cells[name] if text is None else text
        self.require(pc.match_substring_regex(text, pattern), f"{what} in {name}", text, todo=todo)

    def words(
        self,
        name: str,
        meaning: Mapping[str, Any],
        text: pa.Array | None = None,
        kind: pa.DataType | None = None,
        todo: str = "list it in the map",
    ) -> pa.Array:
        """What each word of column `name`, or of its `text`, means; another word is refused."""
        text = self.cells[name] if text is None else text
        is_listed = pc.is_in(text, arrow.texts([*meaning, None]))
        expected = f"in {name} one of {', '.join([*meaning][:20])}"
        self.require(is_listed, expected, text, todo=todo)
        return arrow.meanings(text, meaning.get, kind)

    def number(
        self,
        name: str,
        text: pa.Array | None = None,
        marks: Marks = PLAIN_MARKS,
        *,
        absent: Sequence[str] = ("",),
        power: Any = None,
        what: str = "a number",
        todo: str = "",
    ) -> pa.Array:
        """Column `name`, or its `text`, as float64, times ten to `power` (one, or an array).

        Null where a cell is one of `absent`.

        Raises
        ------
        LayoutError
            A cell is no number in these marks, or none that a double holds.
        """
        text = arrow.filled(self.cells[name] if text is None else text, absent)
        self.demand(name, marks.pattern, what, text, todo)
        digits = text
        if marks.grouping:
            digits = pc.replace_substring_regex(text, marks.between_thousands, "")
        if marks.decimal != ".":
            digits = pc.replace_substring(digits, marks.decimal, ".")
        if power is not None:
            # It joins the decimal, so that only the result is rounded to a binary float.
            digits = pc.binary_join_element_wise(digits, pc.cast(power, arrow.TEXT), "e")
        figures = pc.cast(digits, pa.float64())
        self.require(pc.is_finite(figures), f"a number in {name} that a double holds", text)
        return figures

    def quantity(
        self, name: str, number: pa.Array, known: Mapping[str, tuple[str, float]]
    ) -> tuple[pa.Array, pa.Array]:
        """Return `number` in our units and these, where column `name` has the publisher's."""
        kind = pa.struct({"unit": arrow.TEXT, "factor": pa.float64()})
        told = self.words(name, known, kind=kind, todo="add it to units.csv")
        unit, factor = told.flatten()
        return pc.multiply(number, factor), unit


def head(path: Path) -> bytes:
    """The first bytes of a file, without what may stand before any text."""
    with path.open("rb") as file:
        return file.read(4096).lstrip(BOM_UTF8 + b" \t\r\n")


def whole(path: Path, most: int) -> bytes:
    """All bytes of a file that cannot sensibly be larger than `most`."""
    size = path.stat().st_size
    if size > most:
        raise LayoutError(path, f"at most {most >> 20} MiB", f"{size >> 20} MiB")
    return path.read_bytes()


def require_utf8(path: Path, raw: bytes | None = None) -> None:
    """Refuse a file, or bytes of it, in another encoding."""
    try:
        if raw is not None:
            raw.decode()
            return
        with path.open(encoding="utf-8", newline="") as file:
            while file.read(BLOCK):
                pass
    except UnicodeDecodeError as error:
        raise not_utf8(path) from error


def blocks(
    path: Path,
    names: Sequence[str],
    wanted: Sequence[str],
    delimiter: str = ",",
    raw: bytes | None = None,
    above: int = 0,
    *,
    encoding: str = "utf8",
) -> Iterator[Block]:
    """Records below the header of a file of any size, the columns `wanted` of `names` as text.

    Parameters
    ----------
    raw
        The bytes, where they are not those of the file as it is.
    above
        Records of the file that are not among them, and are counted.

    Raises
    ------
    LayoutError
        No record at all, one with more or fewer cells than `names`, a line above :data:`BLOCK`, or
        a last cell whose quotation mark does not close.
    """
    if encoding == "utf8":  # pyarrow cannot say where a line in another one is uneven
        require_utf8(path, raw)
    problems = []

    def note(row: pa.csv.InvalidRow) -> str:
        problems.append(f"{row.actual_columns} in record {row.number - 1 + above}")
        return "error"

    first = above + 1
    quote = False if delimiter == "\t" else '"'
    reading = pa.csv.ReadOptions(
        column_names=names, skip_rows=1, block_size=BLOCK, use_threads=False, encoding=encoding
    )
    kinds = dict.fromkeys([*wanted, names[-1]], arrow.TEXT)
    last = ""
    try:
        reader = pa.csv.open_csv(
            path if raw is None else pa.BufferReader(raw),
            reading,
            pa.csv.ParseOptions(delimiter=delimiter, quote_char=quote, invalid_row_handler=note),
            pa.csv.ConvertOptions(include_columns=[*kinds], column_types=kinds, check_utf8=False),
            memory_pool=pa.system_memory_pool(),  # the default one keeps some 10 MiB for itself
        )
        for cells in reader:
            if len(cells):
                yield Block.of(path, cells.select([*wanted]), first)
                first += len(cells)
                last = cells[names[-1]][-1].as_py() or ""
    except pa.ArrowInvalid as error:
        reason = str(error).splitlines()[0][:200]
        problems.append(f"one above {BLOCK >> 10} KiB" if "straddling" in reason else reason)
        expected = f"lines of {len(names)} cells"
        raise LayoutError(path, expected, problems[0], "save the file again as it came") from error
    if first == above + 1:
        raise LayoutError(path, "at least one record", "a header alone")
    if "\n" in last and not (_tail(path) if raw is None else raw).rstrip().endswith(b'"'):
        expected = f"a mark that ends the quotation in the last cell of record {first - 1}"
        raise LayoutError(path, expected, "the end of the file")


def _tail(path: Path) -> bytes:
    """The last bytes of a file."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - BLANKS_AT_END))
        return stream.read()


def block(path: Path, names: Sequence[str], raw: bytes | None = None, **how: Any) -> Block:
    """All records of a file that cannot be large, as :func:`blocks` reads them."""
    parts = [*blocks(path, names, names, raw=raw, **how)]
    records = pa.concat_arrays([part.records for part in parts])
    return Block(path, records, pa.concat_batches([part.cells for part in parts]))


# --- from the number of a record to its text, as a trace shows it ---------------------------------


@dataclass(frozen=True)
class Record:
    """The first line of a record, its text, and the member of the archive that it lies in."""

    line: int
    text: str
    member: str = ""


def records(path: Path, wanted: Collection[int], separator: str = ",") -> dict[int, Record]:
    """Return the records `wanted` that the file has, 1 being the first below its header."""
    with path.open("rb") as file:
        return table(path, file, wanted, separator=separator, quoted=separator != "\t")


def table(
    path: Path,
    stream: IO[bytes] | BufferedIOBase,
    wanted: Collection[int] = (),
    *,
    separator: str = ",",
    quoted: bool = True,
) -> dict[int, Record]:
    """Return the records `wanted`, or all, of a table; `quoted` ones may have several lines.

    Bytes that are no UTF-8 are shown as such.

    Raises
    ------
    LayoutError
        A line is no record.
    """
    text = TextIOWrapper(cast(IO[bytes], stream), "utf-8-sig", "backslashreplace", newline="")
    parsed, plain = tee(text)
    reader = csv.reader(parsed, delimiter=separator, quotechar='"' if quoted else None)
    records_of: dict[int, Record] = {}
    record, before, last = -1, 0, max(wanted, default=0)
    try:
        for cells in reader:
            lines = "".join(islice(plain, reader.line_num - before))
            record += bool(cells)  # an empty line is none
            if cells and record and (record in wanted or not wanted):
                records_of[record] = Record(before + 1, lines.rstrip("\r\n"))
            if 0 < last == record:
                break
            before = reader.line_num
    except csv.Error as error:
        raise LayoutError(path, "lines of cells", str(error)) from error
    finally:
        text.detach()
    return records_of


def numbered(text: str, matches: Iterable[re.Match[str]]) -> Iterator[tuple[int, re.Match[str]]]:
    """Yield each of `matches` in `text` after the line that it begins on."""
    line, at = 1, 0
    for match in matches:
        line, at = line + text.count("\n", at, match.start()), match.start()
        yield line, match


# --- from columns to rows -------------------------------------------------------------------------


def weight_or_quantity(amount: pa.Array, unit: pa.Array) -> dict[str, pa.Array]:
    """Return the columns of a weight where `unit` is kg, else those of a quantity."""
    is_weight = pc.equal(unit, "kg")
    return {
        "net_wgt_kg": arrow.only(amount, is_weight),
        "qty": arrow.without(amount, is_weight),
        "qty_unit": pc.if_else(is_weight, "none", unit),
    }


def published(amount: pa.Array, value: pa.Array) -> pa.Array:
    """`amount`, null where it is zero beside a `value`, which means "not published"."""
    return arrow.without(amount, pc.and_(pc.equal(amount, 0), pc.not_equal(value, 0)))


def months(text: pa.Array) -> pa.Array:
    """Texts such as 2023-05 or 202305, which were checked before, as the month's first day."""
    digits = pc.replace_substring(text, "-", "")
    return pc.cast(pc.strptime(digits, format="%Y%m", unit="s"), pa.date32())


def flags(n: int, **where: pa.Array) -> pa.Array:
    """Flags of n rows, sorted and blank-separated, from one boolean array a word."""
    marks = [arrow.only(word, where[word]) for word in sorted(where)]
    return arrow.joined([pa.nulls(n, arrow.TEXT), *marks], " ")


def rows(
    source: Source,
    schema: pa.Schema,
    columns: Mapping[str, Any],
    *,
    factor: float = plausibility.FACTOR,
    are_products_known: bool = False,
) -> pa.RecordBatch:
    """A batch of `schema`, a figure that can hardly be meant flagged.

    Raises
    ------
    SchemaError
        The columns break the contract of `schema`.
    CodeError
        A product code is neither HS nor in ``products.csv``; a lost leading zero is said.
    """
    try:
        if schema is TRADE and not are_products_known:
            products = columns["cmd_code"]
            if isinstance(products, str | None):
                products = arrow.texts([products])
            for code in products.unique().drop_null().to_pylist():
                if not HS.fullmatch(code):  # of those that are it, there are thousands
                    level(code)
        batch = conform({"source_id": source.id, **columns}, schema)
    except (CodeError, SchemaError) as error:
        raise type(error)(f"{source.path}: {error}") from error
    if schema is FIGURES:
        plausibility.require_placed(source.path, source, batch)
    return plausibility.flagged(batch, factor)


@cache
def units(system: str) -> dict[str, tuple[str, float]]:
    """What a publisher's words for units mean: our unit, kg among them, and a factor."""
    listed = [row for row in rows_of("units.csv") if row["system"] == system]
    return {row["word"]: (row["unit"], float(row["factor"])) for row in listed}


def uncatalogued(path: Path, publisher: str, table: str) -> Source:
    """An entry for a file that is in no catalogue: the cleaners need its id, path and vintage."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    name = re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_")
    written = path.stat()
    return Source(
        id=f"{name}_{sha256[:8]}",
        path=path.name,
        publisher=publisher,
        title=path.name,
        kind="published",
        licence="not stated",
        vintage="not stated",
        retrieved=date.fromtimestamp(written.st_mtime),
        sha256=sha256,
        bytes=written.st_size,
        table=table,
        cleaner=f"{publisher}.clean",
        rank=1,
    )
