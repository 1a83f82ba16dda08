"""Workbooks (.xlsx) that a publisher's site sends, or a person saved: their sheets as texts.

Bytes come from a stranger, so the archive is unpacked here, within bounds and with its sums
checked, before anything reads it.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Collection, Iterable, Sequence
from functools import reduce
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

from defusedxml.ElementTree import ParseError, iterparse  # type: ignore[import-untyped]

from tradeflows.model.errors import LayoutError
from tradeflows.publishers.reading import ZIP_FAULTS, Record, head

MARK = b"PK\x03\x04"
UNPACKED = 64 << 20  # bytes of a workbook
MARKUP = 4_000_000  # tags of one part
GRID = 1_000_000  # cells of all sheets, empty ones too
TEXT = 64_000_000  # letters in all cells, however often one text is shared
STRINGS = "sharedstrings"  # in the name of the part with texts that cells of any sheet refer to
PLACE = re.compile(r"([A-Z]*)(\d*)", re.ASCII | re.IGNORECASE)


def is_workbook(path: Path) -> bool:
    """Whether a file begins as a workbook does."""
    return head(path).startswith(MARK)


def sheets(path: Path) -> dict[str, list[list[str]]]:
    """Lines of cells of each sheet, by its name, as texts.

    Raises
    ------
    LayoutError
        The file is no workbook, or larger than one can sensibly be.
    """
    from python_calamine import CalamineError, load_workbook

    room, cells, letters = UNPACKED, 0, 0
    clear, shared = BytesIO(), list[int]()
    faults = (*ZIP_FAULTS, ParseError, LookupError, CalamineError)
    try:
        with zipfile.ZipFile(path) as packed, zipfile.ZipFile(clear, "w") as to:
            names = packed.namelist()
            if len(set(names)) < len(names):
                raise LayoutError(path, "each part once", "one twice")
            for name in sorted(names, key=lambda name: STRINGS not in name.lower()):
                with packed.open(name) as file:
                    raw = file.read(room + 1)
                room -= len(raw)
                _limit(path, UNPACKED - room, UNPACKED, "bytes unpacked")
                to.writestr(name, raw)
                if name.endswith((".xml", ".rels")):
                    _limit(path, raw.count(b"<"), MARKUP, "tags")
                    size = _measured(raw, shared)
                    cells, letters = cells + size[0], letters + size[1]
                    _limit(path, cells, GRID, "cells")
                    _limit(path, letters, TEXT, "letters")
        clear.seek(0)
        book = load_workbook(clear)
        texts = {}
        for name in book.sheet_names:
            lines = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            texts[name] = [[_text(cell) for cell in line] for line in lines]
    except faults as error:
        reason = f"{type(error).__name__}: {str(error)[:150]}"
        raise LayoutError(path, "a whole .xlsx", reason, "save it again") from error
    return texts


def _limit(path: Path, size: int, most: int, what: str) -> None:
    if size > most:
        raise LayoutError(path, f"at most {most:,} {what}", f"{size:,} or more")


def _measured(raw: bytes, shared: list[int]) -> tuple[int, int]:
    """Return the cells of a part's grid and the letters of texts in it that `shared` are long.

    Calamine makes room up to the furthest cell, and copies a text for each cell that has it.
    """
    row = column = across = down = letters = 0
    for _, element in iterparse(BytesIO(raw), forbid_dtd=True):
        name = element.tag.rpartition("}")[2]
        # Elsewhere, as in a theme's shades, an attribute of that name is no place.
        if name not in ("row", "c", "si"):
            continue
        text = "".join(element.itertext())
        place, digits = PLACE.findall(element.get("r", ""))[0]
        if name == "si":
            shared.append(len(text))
        elif name == "row":
            row, column = int(digits or row + 1), 0
        else:  # one that does not say where it stands comes after the last
            row, column = int(digits or row), column_number(place) or column + 1
            letters += shared[int(text)] if text and element.get("t") == "s" else 0
        across, down = max(across, column), max(down, row)
        element.clear()
    return across * down, letters


def table(path: Path) -> list[list[str]]:
    """Lines of the one sheet of a workbook that is not empty; empty lines left out.

    Raises
    ------
    LayoutError
        As :func:`sheets`; or no sheet, or several, have cells.
    """
    return [*_numbered(path)[1].values()]


def _numbered(path: Path) -> tuple[str, dict[int, list[str]]]:
    """The name of the one sheet with cells, and its lines that have some, by their row."""
    filled = {
        name: {row: line for row, line in enumerate(lines, start=1) if any(line)}
        for name, lines in sheets(path).items()
    }
    names = [name for name, lines in filled.items() if lines]
    if len(names) != 1:
        raise LayoutError(path, "one sheet with cells", f"{len(names)}: {', '.join(names)[:99]}")
    return names[0], filled[names[0]]


def as_csv(lines: Iterable[Sequence[str]]) -> bytes:
    """Lines of a workbook as a CSV in UTF-8, as one would save it."""
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue().encode()


def records(path: Path, wanted: Collection[int]) -> dict[int, Record]:
    """Return the records `wanted` of a workbook's one table: their row, sheet, and its cells."""
    name, lines = _numbered(path)
    rows = [*lines.items()]
    there = [at for at in wanted if 0 < at < len(rows)]
    return {at: Record(rows[at][0], ",".join(rows[at][1]), name) for at in there}


def _text(cell: Any) -> str:
    """Return a cell as text; numbers come as floats, whatever they are."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return f"{cell:.0f}" if cell.is_integer() else f"{cell!r}"
    return str(cell).strip()


def column_number(letters: str) -> int:
    """The number of a column, 1 being A."""
    return reduce(lambda number, letter: number * 26 + ord(letter) - 64, letters.upper(), 0)


def column_letters(column: int) -> str:
    """The name of a column, 0 being A."""
    before, letter = divmod(column, 26)
    return (column_letters(before - 1) if before else "") + chr(65 + letter)
