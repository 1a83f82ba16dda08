"""From the number of a record to its text in the raw file, as a trace shows it."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from io import BufferedIOBase, TextIOWrapper
from itertools import islice, tee
from pathlib import Path
from typing import IO, cast

from tradeflows.model.errors import LayoutError


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
