"""Workbooks (.xlsx) that a publisher's site sends, or a person saved: their sheets as cells.

Bytes come from a stranger, so the archive is unpacked here, within bounds and with its sums
checked, before anything reads it.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection
from functools import reduce
from io import BytesIO
from pathlib import Path
from typing import Any

from defusedxml.ElementTree import (  # type: ignore[import-untyped]
    DefusedXMLParser,
    ParseError,
)

from tradeflows.model.errors import LayoutError
from tradeflows.publishers.reading import ZIP_FAULTS, Record

MARK = b"PK\x03\x04"
UNPACKED = 64 << 20  # bytes of a workbook
GRID = 1_000_000  # cells of all its sheets, empty ones too
MARKUP = 4_000_000  # tags of one part
TEXT = 64 << 20  # letters in all cells, however often one text is shared
STRINGS = "xl/sharedStrings.xml"  # texts that cells of any sheet refer to
CELL_PLACE = re.compile(r"([A-Z]*)(\d+)", re.ASCII)


def is_workbook(path: Path) -> bool:
    """Whether a file begins as a workbook does."""
    with path.open("rb") as file:
        return file.read(len(MARK)) == MARK


def sheets(path: Path) -> dict[str, list[list[Any]]]:
    """Lines of cells of each sheet, by its name.

    Raises
    ------
    LayoutError
        The file is no workbook, or larger than one can sensibly be.
    """
    from python_calamine import CalamineError, load_workbook

    try:
        book = load_workbook(_unpacked(path))
        return {
            name: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in book.sheet_names
        }
    except (CalamineError, ValueError, OSError) as error:
        raise LayoutError(path, "a workbook", str(error)[:200], "save it again") from error


def table(path: Path) -> list[list[str]]:
    """Lines of the one sheet of a workbook that is not empty, as text; empty lines left out.

    Raises
    ------
    LayoutError
        As :func:`sheets`; or no sheet, or several, have cells.
    """
    filled = {}
    for name, lines in sheets(path).items():
        texts = [[text(cell) for cell in line] for line in lines]
        rows = [row for row in texts if any(row)]
        if rows:
            filled[name] = rows
    if len(filled) != 1:
        raise LayoutError(path, "one sheet with cells", f"{len(filled)}: {', '.join(filled)[:99]}")
    [rows] = filled.values()
    return rows


def records(path: Path, wanted: Collection[int]) -> dict[int, Record]:
    """Return the records `wanted` of a workbook's one table: their cells, with commas between."""
    lines = table(path)
    return {
        record: Record(record + 1, ",".join(lines[record]))
        for record in wanted
        if 0 < record < len(lines)
    }


def _unpacked(path: Path) -> BytesIO:
    """Return the parts of a workbook in an archive that is not packed, all within bounds."""
    room, clear, grid = UNPACKED, BytesIO(), Grid()
    try:
        with zipfile.ZipFile(path) as packed, zipfile.ZipFile(clear, "w") as to:
            names = packed.namelist()
            if len(set(names)) < len(names):
                raise LayoutError(path, "each part once", "one twice")
            names.sort(key=lambda name: name != STRINGS)  # the texts before the cells
            for name in names:
                with packed.open(name) as file:
                    raw = file.read(room + 1)
                room -= len(raw)
                if room < 0:
                    raise LayoutError(path, f"at most {UNPACKED >> 20} MiB unpacked", "more")
                if name.endswith((".xml", ".rels")):
                    _read_part(f"{path}: {name}", raw, grid)
                to.writestr(name, raw)
    except ZIP_FAULTS as error:
        raise LayoutError(
            path, "a whole .xlsx", f"{type(error).__name__}: {str(error)[:150]}", "save it again"
        ) from error
    clear.seek(0)
    return clear


class Grid:
    """How large the sheets of a workbook are, learnt from their XML tag by tag.

    Attributes
    ----------
    cells, letters
        Of all sheets so far: cells of their grids, empty ones too, and letters in them.
    """

    def __init__(self) -> None:
        self.cells = self.letters = 0
        self._across = self._down = 0
        self._lengths: list[int] = []
        self._is_shared = False
        self._text: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Note where a cell stands, and whether its text is a shared one."""
        name = tag.rpartition("}")[2]
        # Elsewhere, as in a theme's shades, an attribute of that name is no place.
        place = CELL_PLACE.fullmatch(attributes.get("r", "")) if name in ("c", "row") else None
        if place:
            self._across = max(self._across, column_number(place[1]))
            self._down = max(self._down, int(place[2]))
        if name in ("c", "si"):
            self._is_shared = attributes.get("t") == "s"
            self._text.clear()

    def data(self, text: str) -> None:
        """Note some text."""
        self._text.append(text)

    def end(self, tag: str) -> None:
        """Count the letters of a cell, or of a text that cells share."""
        name = tag.rpartition("}")[2]
        if name == "si":
            self._lengths.append(sum(map(len, self._text)))
        elif name == "c":
            text = "".join(self._text).strip()
            known = self._is_shared and text.isdigit() and int(text) < len(self._lengths)
            self.letters += self._lengths[int(text)] if known else len(text)
        elif name == "worksheet":
            self.cells += self._across * self._down
            self._across = self._down = 0

    def close(self) -> None:
        """Do nothing: what was learnt stands in the attributes."""


def _read_part(where: str, raw: bytes, grid: Grid) -> None:
    """Refuse what is no XML, or few bytes that span a grid or a text which no memory holds."""
    if raw.count(b"<") > MARKUP:
        raise LayoutError(where, f"at most {MARKUP:,} tags", "more")
    parser = DefusedXMLParser(target=grid, forbid_dtd=True)
    try:
        parser.feed(raw)
        parser.close()
    except (ParseError, ValueError, LookupError) as error:
        raise LayoutError(where, "XML", str(error)[:150], "save it again") from error
    if grid.cells > GRID:
        raise LayoutError(where, f"at most {GRID:,} cells", f"{grid.cells:,} so far")
    if grid.letters > TEXT:
        raise LayoutError(where, f"at most {TEXT >> 20} million letters", f"{grid.letters:,}")


def text(cell: Any) -> str:
    """A cell as text; numbers come as floats, whatever they are."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return f"{cell:.0f}" if cell.is_integer() else f"{cell!r}"
    return str(cell).strip()


def column_number(letters: str) -> int:
    """The number of a column, 1 being A."""
    return reduce(lambda number, letter: number * 26 + ord(letter) - 64, letters, 0)


def column_letters(column: int) -> str:
    """The name of a column, 0 being A."""
    before, letter = divmod(column, 26)
    return (column_letters(before - 1) if before else "") + chr(65 + letter)
