"""What the cleaners of publishers' own files share: a reader of delimited text, typed columns.

A file is read in blocks, so that its size is no matter. Nothing is guessed: a column is text until
a function here makes numbers or days of it, and whatever it does not expect is a
:class:`LayoutError` that names the record.
"""

from __future__ import annotations

import csv as text_csv
import hashlib
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from tradeflows.model.codelists import rows_of
from tradeflows.model.codes import HS, level
from tradeflows.model.errors import CodeError, LayoutError, SchemaError
from tradeflows.model.schema import FIGURES, TRADE, conform
from tradeflows.model.source import Source
from tradeflows.publishers import arrow, placing, plausibility

BLOCK = 1 << 20  # bytes at a time, and no line may be longer
NO_NUMBER = re.compile(r"column #(\d+): .*conversion error to double: invalid value (.*)")
# What zipfile raises of a damaged or foreign archive: only its first kind is documented as such.
ZIP_FAULTS = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)
PLAIN_NUMBER = r"^-?\d+(\.\d+)?$"
WITH_COMMAS = r"^-?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?$"

A_FLOW: dict[str, Any] = {
    "source_field": "",
    "flags": "",
    "note": None,
    "qualifier": "=",
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


@dataclass(frozen=True)
class Block:
    """Some records of a delimited file: the ordinal of the first, and their cells as text."""

    path: Path
    first: int
    cells: pa.RecordBatch

    def __len__(self) -> int:
        """Count the records."""
        return len(self.cells)

    def text(self, name: str) -> pa.Array:
        """Column `name` as it stands."""
        return self.cells[name]

    def record(self, at: int) -> str:
        """The record at a place, as a message names it."""
        return f"{self.path}: record {self.first + at}"

    def rows(self) -> pa.Array:
        """Ordinals of the records."""
        return pa.array(np.arange(self.first, self.first + len(self)))

    def of(self, name: str, text: pa.Array) -> Block:
        """Return the records with other `text` in column `name`."""
        place = self.cells.schema.get_field_index(name)
        return Block(self.path, self.first, self.cells.set_column(place, name, text))

    def number(self, name: str, pattern: str = PLAIN_NUMBER) -> pa.Array:
        """Column `name` as float64; an empty cell is null.

        What a number looks like is asked only where a byte says so, which is far faster.
        """
        text = self.cells[name]
        text = arrow.without(text, pc.equal(text, ""))
        signs = np.frombuffer(text.buffers()[2] or b"", np.uint8)
        if (signs > ord("9")).any():  # 1.6E+11, which a spreadsheet has rounded
            self.demand(name, text, pattern, "a number")
        digits = text
        if pattern is WITH_COMMAS:
            grouped = text.filter(pc.match_substring(text, ","))
            if len(grouped):
                self.demand(name, text, pattern, "a number")
                digits = pc.replace_substring(text, ",", "")
        try:
            return pc.cast(digits, pa.float64())
        except pa.ArrowInvalid as error:
            self.demand(name, text, pattern, "a number")
            raise LayoutError(self.path, f"numbers in {name}", str(error)) from error

    def demand(self, name: str, text: pa.Array, pattern: str, what: str) -> None:
        """Refuse a value of `text` that `pattern` does not match; nulls pass."""
        demand(self.record, name, text, pattern, what)

    def words(
        self,
        name: str,
        meaning: Mapping[str, Any],
        kind: pa.DataType,
        encoding: str = "utf-8",
        todo: str = "add it to units.csv",
    ) -> pa.Array:
        """Column `name` with each word replaced by its meaning; another word is refused."""
        return words(self.path, name, self.cells[name], meaning, kind, encoding, todo)


def demand(
    record: Callable[[int], str],
    name: str,
    text: pa.Array,
    pattern: str,
    what: str,
    todo: str = "",
) -> None:
    """Refuse a value of `text` that `pattern` does not match; nulls pass.

    `record` names the record of a value by its place.
    """
    matches = pc.match_substring_regex(text.unique(), pattern)
    if pc.all(matches, min_count=0).as_py():
        return
    is_good = pc.fill_null(pc.match_substring_regex(text, pattern), True)
    at = pc.index(is_good, False).as_py()
    raw = text.slice(at, 1).cast(pa.binary())[0].as_py()
    try:
        shown = raw.decode()
    except UnicodeDecodeError:  # China's is the one other encoding that is read
        shown = raw.decode("gb18030", "backslashreplace")
    raise LayoutError(record(at), f"{what} in {name}", repr(shown), todo)


def words(
    path: Path,
    name: str,
    text: pa.Array,
    meaning: Mapping[str, Any],
    kind: pa.DataType | None = None,
    encoding: str = "utf-8",
    todo: str = "list it in the map",
) -> pa.Array:
    """`text` with each word replaced by its meaning; another word is refused."""
    encoded = text.dictionary_encode()
    raw = encoded.dictionary.cast(pa.binary()).to_pylist()
    known = [text_of(path, word, encoding) for word in raw]
    unlisted = [word for word in known if word not in meaning]
    if unlisted:
        some = ", ".join(list(meaning)[:20])
        shown = ", ".join(repr(word) for word in unlisted[:5])
        raise LayoutError(path, f"in {name} one of {some}", shown, todo)
    meanings = [meaning[word] for word in known]
    return pa.array(meanings, kind).take(encoded.indices)


def text_of(path: Path, raw: bytes, encoding: str) -> str:
    """Decode `raw`, or LayoutError."""
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding.startswith("utf-8"):
            raise not_utf8(path) from error
        wrong = f"the bytes {raw[error.start :][:4]!r}"
        todo = "save the file again as it came"
        raise LayoutError(path, f"text in {encoding}", wrong, todo) from error


def not_utf8(path: Path) -> LayoutError:
    """What is said of a file in another encoding."""
    return LayoutError(path, "UTF-8 text", "another encoding", "save it as UTF-8")


def fits(path: Path, most: int) -> None:
    """Refuse a file that is larger than it can sensibly be."""
    size = path.stat().st_size
    if size > most:
        raise LayoutError(path, f"at most {most >> 20} MiB", f"{size >> 20} MiB")


def whole(path: Path, most: int) -> bytes:
    """All bytes of a file that cannot sensibly be larger than `most`."""
    fits(path, most)
    return path.read_bytes()


def _opened(path: Path, raw: bytes | None) -> IO[bytes]:
    """Open a file, or its bytes where they lie in an archive."""
    return path.open("rb") if raw is None else BytesIO(raw)


def header(
    path: Path, encoding: str = "utf-8-sig", delimiter: str = ",", raw: bytes | None = None
) -> list[str]:
    """Cells of the first line of the file, or of `raw`."""
    with _opened(path, raw) as file:
        line = file.readline(BLOCK)
    if not line:
        raise LayoutError(path, "a header line", "an empty file")
    if not line.endswith(b"\n") and len(line) == BLOCK:
        raise LayoutError(path, "a header line", f"more than {BLOCK} bytes without a line's end")
    line = re.split(rb"[\r\n]", line, maxsplit=1)[0]
    text = text_of(path, line, encoding)
    if delimiter == "\t":  # no quotes there
        return text.split(delimiter)
    try:
        return next(text_csv.reader([text], delimiter=delimiter, strict=True), [])
    except text_csv.Error as error:  # a quote that does not close, say
        raise LayoutError(path, "a header line", str(error)) from error


def blocks(
    path: Path,
    names: Sequence[str],
    wanted: Sequence[str],
    delimiter: str = ",",
    utf8: bool = True,
    raw: bytes | None = None,
    numbers: Sequence[str] = (),
    missing: str = "",
    most: int = BLOCK,
    above: int = 0,
) -> Iterator[Block]:
    """Records of a delimited file below its header, the columns `wanted` of `names` as text.

    Of `wanted`, `numbers` come as float64, null where a cell is `missing`.
    `raw` are the file's bytes where they lie in an archive; `most` bytes are read at a time, and
    `above` lines of the file, which count as records, are not among them.
    Without `utf8` cells may hold bytes of any encoding that leaves ASCII to ASCII, such as GB18030.

    Raises
    ------
    LayoutError
        No record at all, one with more or fewer cells than `names`, a number that is none, or a
        line above `most`.
    """
    first = above + 1
    kinds = dict.fromkeys(wanted, pa.string()) | dict.fromkeys(numbers, pa.float64())
    quote = False if delimiter == "\t" else '"'
    conversion = csv.ConvertOptions(
        include_columns=wanted,
        column_types=kinds,
        strings_can_be_null=False,
        null_values=[missing, f" {missing}"],
        check_utf8=utf8,
    )
    try:
        reader = csv.open_csv(
            path if raw is None else pa.BufferReader(raw),
            csv.ReadOptions(column_names=names, skip_rows=1, block_size=most),
            csv.ParseOptions(delimiter=delimiter, quote_char=quote),
            conversion,
            memory_pool=pa.system_memory_pool(),  # the default one keeps some 10 MiB for itself
        )
        for cells in reader:
            if len(cells):
                yield Block(path, first, cells)
                first += len(cells)
    except pa.ArrowInvalid as error:
        reason = str(error).splitlines()[0]
        raise _fault(path, names, delimiter, raw, most, above, reason) from error
    if first == above + 1:
        raise LayoutError(path, "at least one record", "a header alone")


def _fault(
    path: Path,
    names: Sequence[str],
    delimiter: str,
    raw: bytes | None,
    most: int,
    above: int,
    reason: str,
) -> LayoutError:
    """Return what is wrong with a file of which pyarrow gives a `reason`."""
    match = NO_NUMBER.search(reason)
    if match:
        return LayoutError(path, f"a number in {names[int(match[1])]}", match[2])
    if "UTF8" in reason:
        return not_utf8(path)
    problem = f"one above {most >> 10} KiB"
    if "straddling" not in reason:
        problem = _uneven(path, raw, delimiter, len(names), above) or reason[:200]
    expected = f"lines of {len(names)} cells"
    return LayoutError(path, expected, problem, "save the file again as it came")


def _uneven(path: Path, raw: bytes | None, delimiter: str, width: int, above: int) -> str:
    """The first record of more or fewer cells than `width`; pyarrow shows its text, not its place.

    In Latin-1, since only ASCII matters here.
    """
    with _opened(path, raw) as file, suppress(text_csv.Error):
        text = TextIOWrapper(file, "latin-1", newline="")
        for record, cells in enumerate(filter(None, _lines(text, delimiter)), start=above):
            if len(cells) != width:
                return f"{len(cells)} in record {record}"
    return ""


def _lines(text: TextIOWrapper, delimiter: str) -> Iterator[list[str]]:
    """Yield the cells of each line; between tabs there are no quotes."""
    if delimiter != "\t":
        yield from text_csv.reader(text, delimiter=delimiter)
        return
    for line in text:
        plain = line.rstrip("\r\n")
        yield plain.split("\t") if plain else []


def days(text: pa.Array) -> pa.Array:
    """Texts such as 2023-05-01 as days; ArrowInvalid where there is no such day."""
    return pc.cast(pc.cast(text, pa.timestamp("s")), pa.date32())


def months(text: pa.Array) -> pa.Array:
    """Texts such as 2023-05 or 202305, which were checked before, as the month's first day."""
    encoded = text.dictionary_encode()
    words = pc.replace_substring(encoded.dictionary, "-", "")
    first = pc.strptime(words, format="%Y%m", unit="s")
    return pc.cast(first, pa.date32()).take(encoded.indices)


def flags(n: int, **where: pa.Array) -> pa.Array:
    """Flags of n rows, sorted and blank-separated, from one boolean array a word."""
    out = pa.repeat("", n)
    for word in sorted(where):
        mark = pc.if_else(arrow.is_true(where[word]), f" {word}", "")
        out = pc.binary_join_element_wise(out, mark, "")
    return pc.utf8_trim_whitespace(out)


def rows(
    source: Source,
    schema: pa.Schema,
    columns: Mapping[str, Any],
    *,
    factor: float = plausibility.FACTOR,
    are_products_known: bool = False,
) -> pa.RecordBatch:
    """A batch of `schema`; whoever breaks the contract is named with the file.

    A figure that can hardly be meant is flagged.
    """
    if schema is TRADE and not are_products_known:
        require_products(source, columns["cmd_code"])
    try:
        n = len(columns["source_row"])
        spread: dict[str, Any] = {"source_id": source.id}
        for name, values in columns.items():
            spread[name] = pa.repeat(values, n) if isinstance(values, pa.Scalar) else values
        batch = conform(spread, schema)
    except SchemaError as error:
        raise SchemaError(f"{source.path}: {error}") from error
    if schema is FIGURES:
        placing.require_placed(source.path, source, batch)
    return plausibility.flagged(batch, factor)


def require_products(source: Source, products: Any) -> None:
    """Refuse a product code that is neither HS nor in ``products.csv``.

    Raises
    ------
    CodeError
        The message names the file, and says so where a code has lost its leading zero.
    """
    if isinstance(products, str):
        distinct = [products]
    elif pa.types.is_dictionary(products.type):
        distinct = products.dictionary.to_pylist()
    else:
        distinct = pc.unique(products).drop_null().to_pylist()
    try:
        for code in distinct:
            if not HS.fullmatch(code):  # of those that are it, there are thousands
                level(code)
    except CodeError as error:
        raise CodeError(f"{source.path}: {error}") from error


@cache
def units(system: str) -> dict[str, tuple[str, float]]:
    """What a publisher's words for units mean: our unit, kg among them, and a factor."""
    known = {}
    for row in rows_of("units.csv"):
        if row["system"] == system:
            known[row["word"]] = row["unit"], float(row["factor"])
    return known


def uncatalogued(path: Path, publisher: str, table: str) -> Source:
    """An entry for a file that is in no catalogue: the cleaners need its id, path and vintage."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    words = re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_")
    return Source(
        id=f"{words}_{sha256[:8]}",
        path=path.name,
        publisher=publisher,
        title=path.name,
        kind="published",
        licence="not stated",
        vintage="not stated",
        retrieved=date.fromtimestamp(path.stat().st_mtime),
        sha256=sha256,
        bytes=path.stat().st_size,
        table=table,
        cleaner=f"{publisher}.clean",
        rank=1,
    )
