"""What Eurostat Comext's services send as figures, one a row: SDMX-CSV, a workbook, a view.

Each reader knows how a file is laid out and not what its words mean.
"""

import re
import zipfile
from collections.abc import Callable, Collection, Iterator
from functools import reduce
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from defusedxml.ElementTree import (  # type: ignore[import-untyped]
    DefusedXMLParser,
    ParseError,
)

from tradeflows.model.errors import LayoutError
from tradeflows.publishers import cubes, delimited
from tradeflows.publishers.raw_records import Record

UNPACKED = 64 << 20  # bytes of a workbook
GRID = 1_000_000  # cells of all its sheets, empty ones too
MARKUP = 4_000_000  # tags of one part
TEXT = 64 << 20  # letters in all cells, however often one text is shared
STRINGS = "xl/sharedStrings.xml"  # texts that cells of any sheet refer to
DATASETS = ("DS-045409", "DS-059322", "DS-059334", "DS-059341")
CELL = ("reporter", "partner", "product", "flow", "stat_procedure", "transport_mode", "time_period")
NEEDED = {"reporter", "partner", "product", "flow"}
VIEW = {name.upper(): name for name in (*CELL[:4], "stat_procedure")} | {"PERIOD": "time_period"}
# What is measured, and how much of our unit is one of theirs.
INDICATORS = {
    "VALUE_IN_EUROS": ("value", 1.0),
    "VALUE_IN_EUR": ("value", 1.0),
    "VALUE_EUR": ("value", 1.0),
    "QUANTITY_IN_100KG": ("kg", 100.0),
    "QUANTITY_KG": ("kg", 1.0),
    "SUPPLEMENTARY_QUANTITY": ("qty", 1.0),
}
FOOT = ("Special value", "Available flags:")
CELL_PLACE = re.compile(r"([A-Z]*)(\d+)", re.ASCII)
CELLS = re.compile(r"(Sheet \d+)!([A-Z]+)(\d+)")
LABELS = re.compile(r"(?:.+ \[)?([A-Z_]+)(?:\]| \(Labels\))?")


class Taken(NamedTuple):
    """Some of a file's figures.

    Attributes
    ----------
    figures
        The words of :data:`CELL`, ``indicators``, ``flag``, ``last_update``, ``value``, and where
        it stands: ``row`` is the record, or in a workbook the line, whose ``field`` is the cell.
    records, empty
        What was read, and how many places hold no figure.
    """

    figures: pa.RecordBatch
    records: int
    empty: int


Reader = Callable[[Path], Iterator[Taken]]


def reader(path: Path) -> tuple[Reader, str] | None:
    """What reads a file that begins so, and the system of its areas; None for a file in bulk."""
    with path.open("rb") as file:
        head = file.readline(1 << 12).removeprefix(b"\xef\xbb\xbf")
    if head.startswith(b"PK\x03\x04"):
        return workbook, "comext label"
    if head.startswith(b"DATAFLOW"):
        return sdmx, "eurostat"
    if re.search(rb"\bREPORTER\b.*\b(VALUE_IN_EUR|QUANTITY_IN_100KG)", head):
        return view, "comext label"
    return None


def _taken(records: int, empty: int, n: int, **columns: Any) -> Taken:
    """Figures of n rows; a word stands for n times itself, and what is not given is empty."""
    names = (*CELL, "indicators", "flag", "last_update", "field")
    words = {name: columns.get(name, "") for name in names}
    arrays = {
        name: (pa.repeat(text, n) if isinstance(text, str) else text).dictionary_encode()
        for name, text in words.items()
    }
    numbers = {name: columns[name] for name in ("value", "row")}
    return Taken(pa.record_batch(arrays | numbers), records, empty)


def _known(where: Path | str, text: str) -> None:
    """Refuse a text that names another data set than :data:`DATASETS`."""
    if not (match := re.search(r"DS-\d{6}(?!\d)", text)) or match[0] not in DATASETS:
        raise LayoutError(where, f"a data set of {', '.join(DATASETS)}", repr(text[:80]))


# --- SDMX-CSV: a record a figure -----------------------------------------------------------------


def sdmx(path: Path) -> Iterator[Taken]:
    """Figures of an SDMX-CSV; "M 2023-09" is a period."""
    data, cells = cubes.observations(
        path, ("freq", *sorted(NEEDED), "indicators"), ("transport_mode", "LAST UPDATE")
    )
    _known(path, data)
    for part in cells:
        at = part.dimensions
        period = pc.binary_join_element_wise(at.pop("freq"), at.pop("time"), " ")
        yield _taken(
            part.records,
            part.empty,
            len(part.value),
            time_period=period,
            last_update=at.pop("LAST UPDATE", ""),
            flag=part.flag,
            value=part.value,
            row=part.rows,
            **at,
        )


# --- the relational view: a record a cell, a column a measure ------------------------------------


def view(path: Path) -> Iterator[Taken]:
    """Figures of a relational view, whose columns may come in any order."""
    head = delimited.header(path)
    words = {name: VIEW[name] for name in head if name in VIEW}
    measured = [name for name in head if name in INDICATORS]
    if (
        len({*words, *measured}) < len(head)
        or not measured
        or (not set(VIEW) - {"STAT_PROCEDURE"} <= set(words))
    ):
        raise LayoutError(
            path, f"{','.join(VIEW)} and of {', '.join(INDICATORS)}", f"{','.join(head)[:200]}"
        )
    for block in delimited.blocks(path, head, head):
        records = len(block)
        for name in measured:
            text = block.text(name)
            text = pc.if_else(pc.equal(text, ":"), "", text)
            stated = pc.not_equal(text, "")
            place = block.cells.schema.get_field_index(name)
            cells = block.cells.set_column(place, name, text)
            value = delimited.Block(path, block.first, cells).number(name)
            kept = {ours: block.text(theirs).filter(stated) for theirs, ours in words.items()}
            n = len(value.drop_null())
            yield _taken(
                records,
                len(block) - n,
                n,
                indicators=name,
                value=value.filter(stated),
                row=block.rows().filter(stated),
                **kept,
            )
            records = 0


# --- xlsx: a sheet for each product, flow and indicator, a column a period -----------------------


def workbook(path: Path) -> Iterator[Taken]:
    """Figures of an Easy Comext workbook: what does not vary in a sheet stands above its periods.

    Bytes come from a stranger, so the archive is unpacked here, within bounds and with its sums
    checked, before anything reads it.
    """
    for name, lines in _sheets(path).items():
        yield _sheet(f"{path}: {name}", name, [[_text(cell) for cell in line] for line in lines])


def workbook_cells(
    path: Path, places: Collection[tuple[int, str]]
) -> dict[tuple[int, str], Record]:
    """What stands in cells that a field names, such as "Sheet 1!C12 Sheet 3!C12"."""
    sheets = _sheets(path)
    return {
        (row, field): Record(
            row,
            "\n".join(
                f"{name}!{column}{line}: " + _text(sheets[name][int(line) - 1][_number(column) - 1])
                for name, column, line in CELLS.findall(field)
            ),
        )
        for row, field in places
        if field
    }


def _sheets(path: Path) -> dict[str, list[list[Any]]]:
    """Lines of cells of each sheet of figures."""
    from python_calamine import CalamineError, load_workbook

    try:
        book = load_workbook(_unpacked(path))
        names = book.sheet_names
        sheets = {
            name: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in names
            if re.fullmatch(r"Sheet \d+", name)
        }
    except (CalamineError, ValueError, OSError) as error:
        raise LayoutError(path, "a workbook", str(error)[:200], "save it again") from error
    if not sheets or not {*names} <= {"Summary", "Structure", *sheets}:
        raise LayoutError(path, "the sheets Summary, Structure and Sheet 1, …", f"{names[:9]}")
    return sheets


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
    except delimited.ZIP_FAULTS as error:
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
        place = CELL_PLACE.fullmatch(attributes.get("r", ""))
        if place:
            self._across = max(self._across, _number(place[1]))
            self._down = max(self._down, int(place[2]))
        name = tag.rpartition("}")[2]
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


def _text(cell: Any) -> str:
    """A cell as text; numbers come as floats, whatever they are."""
    if isinstance(cell, float):
        return f"{cell:.0f}" if cell.is_integer() else f"{cell!r}"
    return str(cell).strip()


def _number(letters: str) -> int:
    """The number of a column, 1 being A."""
    return reduce(lambda number, letter: number * 26 + ord(letter) - 64, letters, 0)


def _letters(column: int) -> str:
    """The name of a column, 0 being A."""
    before, letter = divmod(column, 26)
    return (_letters(before - 1) if before else "") + chr(65 + letter)


def _sheet(where: str, name: str, lines: list[list[str]]) -> Taken:
    constants, time, labels = _above(where, lines)
    label_columns = {
        at: match[1].lower()
        for at, cell in enumerate(lines[labels])
        if (match := LABELS.fullmatch(cell))
    }
    stated = sorted({*constants, *label_columns.values()} & {*NEEDED, "indicators"})
    if stated != sorted({*NEEDED, "indicators"}) or {*constants} & {*label_columns.values()}:
        raise LayoutError(
            where,
            "each of REPORTER, PARTNER, PRODUCT, FLOW and INDICATORS once",
            f"{[*constants, *label_columns.values()]}",
        )
    grid = _Columns(label_columns, lines[time])
    rows: list[tuple[Any, ...]] = []
    records = empty = 0
    for row, line in enumerate(lines[labels + 1 :], start=labels + 2):
        if line[0] in ("", *FOOT):
            _below(f"{where}, below line {row}", lines[row - 1 :])
            break
        records += 1
        figures = grid.figures(where, name, row, line)
        rows += figures
        empty += len(grid.periods) - len(figures)
    if not records:
        raise LayoutError(where, "at least one line of figures", "none")
    keys = ("value", "row", "field", "flag", "time_period", *label_columns.values())
    kinds = (pa.float64(), pa.int64(), *[pa.string()] * (len(keys) - 2))
    columns = zip(*rows, strict=True) if rows else [()] * len(keys)
    arrays = {
        key: pa.array(cells, kind) for key, cells, kind in zip(keys, columns, kinds, strict=True)
    }
    return _taken(records, empty, len(rows), **constants, **arrays)


class _Columns:
    """Which columns of a sheet hold labels, and which the figures and flags of a period."""

    def __init__(self, labels: dict[int, str], heads: list[str]) -> None:
        self.labels = labels
        self.periods = {at: cell for at, cell in enumerate(heads) if cell and at not in labels}
        after = {at: at + 1 for at in self.periods if at + 1 < len(heads)}
        self.flags = {at: flag for at, flag in after.items() if flag not in self.periods}
        self._known = {*labels, *self.periods, *self.flags.values()}

    def figures(self, where: str, name: str, row: int, line: list[str]) -> list[tuple[Any, ...]]:
        """Return the figures of a line: those with a number, or a flag in its place."""
        for at, cell in enumerate(line):
            if cell and at not in self._known:
                raise LayoutError(f"{where}!{_letters(at)}{row}", "nothing", repr(cell))
        labels = [line[at] for at in self.labels]
        stated = []
        for at, period in self.periods.items():
            number = _figure(f"{where}!{_letters(at)}{row}", line[at])
            flag = line[self.flags[at]].lower() if at in self.flags else ""
            if number is not None or flag:
                place = f"{name}!{_letters(at)}{row}"
                stated.append((number, row, place, flag, period, *labels))
        return stated


def _figure(place: str, cell: str) -> float | None:
    """Return the number of a cell; None where the publisher has no figure."""
    if cell in ("", ":"):
        return None
    if not re.fullmatch(r"-?\d+(\.\d+)?(e-\d+)?", cell, re.ASCII):
        raise LayoutError(place, 'a number or ":"', repr(cell))
    return float(cell)


def _above(where: str, lines: list[list[str]]) -> tuple[dict[str, str], int, int]:
    """What does not vary, and where the lines of the periods and of the labels below them are."""
    constants: dict[str, str] = {}
    time = -1
    for at, (key, *rest) in enumerate(lines):
        text = next(filter(None, rest), "")
        name = match[1].lower() if (match := LABELS.fullmatch(key)) else ""
        if key == "TIME":
            time = at
        elif time >= 0 and name in (*CELL, "indicators"):
            return constants, time, at
        elif time < 0 and key == "Dataset:":
            _known(where, text)
        elif time < 0 and key == "Last updated:":
            constants["last_update"] = text
        elif time < 0 and name in (*CELL, "indicators") and name not in constants:
            inside = re.fullmatch(r".*\[(\w+)\]", text)  # a code; areas go by their labels
            constants[name] = inside[1] if inside and name not in ("reporter", "partner") else text
        elif key and name != "freq" and not key.startswith("Data extracted on"):
            raise LayoutError(f"{where}!A{at + 1}", "a dimension, TIME or labels", repr(key[:60]))
    raise LayoutError(where, "a line TIME and a line such as REPORTER (Labels)", "no such lines")


def _below(where: str, lines: list[list[str]]) -> None:
    """Refuse what follows the figures, unless it explains the signs."""
    first = next((cell for line in lines for cell in line if cell), FOOT[0])
    if first not in FOOT:
        raise LayoutError(where, "the special values", repr(first[:40]))
