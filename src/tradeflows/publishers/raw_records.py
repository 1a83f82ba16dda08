"""From the number of a record to its text as it stands in the raw file: where a trace ends.

A publisher's module whose files are no CSV in UTF-8 has a function ``records(path, wanted)`` of its
own, as :func:`records` here; or ``cells(path, places)``, where the field matters too.
"""

import csv
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from io import BufferedIOBase, TextIOWrapper
from pathlib import Path
from re import Match
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
    encoding: str = "utf-8-sig",
    *,
    separator: str = ",",
    quoted: bool = True,
) -> dict[int, Record]:
    """Return the records `wanted`, or all, of a table; `quoted` ones may have several lines.

    Bytes that are none of `encoding` are shown as such: no cleaner minds a cell that it does not
    need.

    Raises
    ------
    LayoutError
        A line is no record.
    """
    records_of: dict[int, Record] = {}
    read: list[str] = []
    text = TextIOWrapper(cast(IO[bytes], stream), encoding, "backslashreplace", newline="")

    def noted() -> Iterator[str]:
        for line in text:
            read.append(line)
            yield line

    reader = csv.reader(
        noted(),
        delimiter=separator,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
    )
    record = -1
    last = max(wanted, default=0)
    try:
        for cells in reader:
            record += bool(cells)  # an empty line is none
            if cells and record and (record in wanted or not wanted):
                line = reader.line_num - len(read) + 1
                records_of[record] = Record(line, "".join(read).rstrip("\r\n"))
            if record == last > 0:
                break
            read.clear()
    except csv.Error as error:
        raise LayoutError(path, "lines of cells", str(error)) from error
    finally:
        text.detach()
    return records_of


def numbered(text: str, matches: Iterable[Match[str]]) -> Iterator[tuple[int, Match[str]]]:
    """Yield each of `matches` in `text`, in its order, after the line that it begins on."""
    line, at = 1, 0
    for match in matches:
        line, at = line + text.count("\n", at, match.start()), match.start()
        yield line, match


def of_workbook(path: Path, wanted: Collection[int]) -> dict[int, Record]:
    """Return the records `wanted` of a workbook's one table: their cells, with commas between."""
    from tradeflows.publishers import workbooks  # heavy, and few files are one

    lines = workbooks.table(path)
    return {
        record: Record(record + 1, ",".join(lines[record]))
        for record in wanted
        if 0 < record < len(lines)
    }
