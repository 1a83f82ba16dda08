"""One reader of delimited text of any size: columns of text, or a refusal that names the record."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv

from tradeflows.model.errors import LayoutError
from tradeflows.publishers import arrow, numbers
from tradeflows.publishers.header import BLOCK, not_utf8
from tradeflows.publishers.require import demand, require


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

    def require(self, good: Any, expected: str, *shown: Any, todo: str = "") -> None:
        """Refuse the first record that is not `good`."""
        require(self.record, good, expected, *shown, todo=todo)

    def demand(self, name: str, text: pa.Array, pattern: str, what: str) -> None:
        """Refuse the first cell of `text` that `pattern` does not match; nulls pass."""
        demand(self.record, name, text, pattern, what)

    def number(self, name: str, **marks: Any) -> pa.Array:
        """Column `name` as float64, by the marks that :func:`.numbers.number` takes."""
        return numbers.number(self.record, name, self.cells[name], **marks)


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


def require_utf8(path: Path) -> None:
    """Refuse a file in another encoding."""
    try:
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
        No record at all, one with more or fewer cells than `names`, or a line above :data:`BLOCK`.
    """
    if raw is None:  # pyarrow cannot say where a line in another encoding is uneven
        require_utf8(path)
    problems = []

    def note(row: csv.InvalidRow) -> str:
        problems.append(f"{row.actual_columns} in record {row.number - 1 + above}")
        return "error"

    first = above + 1
    quote = False if delimiter == "\t" else '"'
    reading = csv.ReadOptions(
        column_names=names, skip_rows=1, block_size=BLOCK, use_threads=False, encoding=encoding
    )
    kinds = dict.fromkeys(wanted, arrow.TEXT)
    try:
        reader = csv.open_csv(
            path if raw is None else pa.BufferReader(raw),
            reading,
            csv.ParseOptions(delimiter=delimiter, quote_char=quote, invalid_row_handler=note),
            csv.ConvertOptions(include_columns=wanted, column_types=kinds, check_utf8=False),
            memory_pool=pa.system_memory_pool(),  # the default one keeps some 10 MiB for itself
        )
        for cells in reader:
            if len(cells):
                yield Block(path, first, cells)
                first += len(cells)
    except pa.ArrowInvalid as error:
        reason = str(error).splitlines()[0][:200]
        problems.append(f"one above {BLOCK >> 10} KiB" if "straddling" in reason else reason)
        expected = f"lines of {len(names)} cells"
        raise LayoutError(path, expected, problems[0], "save the file again as it came") from error
    if first == above + 1:
        raise LayoutError(path, "at least one record", "a header alone")


def block(path: Path, names: Sequence[str], raw: bytes | None = None, **how: Any) -> Block:
    """All records of a file that cannot be large, as :func:`blocks` reads them."""
    parts = [*blocks(path, names, names, raw=raw, **how)]
    return Block(path, parts[0].first, pa.concat_batches([part.cells for part in parts]))
