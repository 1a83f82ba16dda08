"""What Eurostat Comext's services send as figures, one a row: SDMX-CSV, a workbook, a view.

Each reader knows how a file is laid out and not what its words mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model.errors import LayoutError
from tradeflows.publishers import cubes, reading, workbooks
from tradeflows.publishers.reading import Record

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
KINDS = {"value": pa.float64(), "row": pa.int64()}  # of the columns that are no text
CELLS = re.compile(r"(Sheet \d+)!([A-Z]+)(\d+)")
# What the service says in the place of figures where it has none under a filter.
NO_RESULTS = re.compile(r"NO_RESULTS|No results", re.I)
LABELS = re.compile(r"(?:.+ \[)?([A-Z_]+)(?:\]| \(Labels\))?")


@dataclass(frozen=True)
class Taken:
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


@dataclass(frozen=True)
class Service:
    """How files of one form are read, and the system of their areas."""

    read: Callable[[Path], Iterator[Taken]]
    system: str


def reader(path: Path) -> Service | None:
    """Return what reads a file that begins so; None for a file in bulk."""
    with path.open("rb") as file:
        head = file.readline(1 << 12).removeprefix(b"\xef\xbb\xbf")
        is_page = head.lstrip().startswith((b"<", b"{"))
        rest = file.read(1 << 16)
    if head.startswith(b"PK\x03\x04"):
        return Service(workbook, "comext label")
    if head.startswith(b"DATAFLOW"):
        return Service(sdmx if rest.strip() else nothing, "eurostat")
    if re.search(rb"\bREPORTER\b.*\b(VALUE_IN_EUR|QUANTITY_IN_100KG)", head):
        return Service(view, "comext label")
    if is_page and NO_RESULTS.search((head + rest).decode("utf-8", "replace")):
        return Service(nothing, "eurostat")
    return None


def nothing(path: Path) -> Iterator[Taken]:
    """No figure: the service has none under a filter, and says so or sends a header alone."""
    none = {"value": pa.array([], pa.float64()), "row": pa.array([], pa.int64())}
    yield _taken(0, 0, 0, **none)


def _taken(records: int, empty: int, n: int, **columns: Any) -> Taken:
    """Figures of n rows; a word stands for n times itself, and what is not given is empty."""
    names = (*CELL, "indicators", "flag", "last_update", "field")
    arrays = {}
    for name in names:
        words = columns.get(name, "")
        column = pa.repeat(words, n) if isinstance(words, str) else words
        arrays[name] = column.dictionary_encode()
    numbers = {name: columns[name] for name in ("value", "row")}
    return Taken(pa.record_batch(arrays | numbers), records, empty)


def _known(where: Path | str, text: str) -> None:
    """Refuse a text that names another data set than :data:`DATASETS`."""
    match = re.search(r"DS-\d{6}(?!\d)", text)
    if not match or match[0] not in DATASETS:
        raise LayoutError(where, f"a data set of {', '.join(DATASETS)}", repr(text[:80]))


# --- SDMX-CSV: a record a figure -----------------------------------------------------------------


def sdmx(path: Path) -> Iterator[Taken]:
    """Figures of an SDMX-CSV; "M 2023-09" is a period."""
    data, cells = cubes.observations(
        path, ("freq", *sorted(NEEDED), "indicators"), ("transport_mode", "LAST UPDATE")
    )
    _known(path, data)
    for part in cells:
        columns: dict[str, Any] = dict(part.dimensions)
        rhythm, time = columns.pop("freq"), columns.pop("time")
        columns["time_period"] = pc.binary_join_element_wise(rhythm, time, " ")
        columns["last_update"] = columns.pop("LAST UPDATE", "")
        columns |= {"flag": part.flag, "value": part.value, "row": part.rows}
        yield _taken(part.records, part.empty, len(part.value), **columns)


# --- the relational view: a record a cell, a column a measure ------------------------------------


def view(path: Path) -> Iterator[Taken]:
    """Figures of a relational view, whose columns may come in any order."""
    head = reading.header(path)
    words = {name: VIEW[name] for name in head if name in VIEW}
    measured = [name for name in head if name in INDICATORS]
    lacks = set(VIEW) - {"STAT_PROCEDURE"} - set(words)
    is_known = len({*words, *measured}) == len(head)
    if lacks or not measured or not is_known:
        expected = f"{','.join(VIEW)} and of {', '.join(INDICATORS)}"
        raise LayoutError(path, expected, ",".join(head)[:200])
    for block in reading.blocks(path, head, head):
        records = len(block)
        for name in measured:
            yield _measure(block, words, name, records)
            records = 0  # they are counted once


def _measure(block: reading.Block, words: dict[str, str], name: str, records: int) -> Taken:
    """Return the figures of one column."""
    value = block.number(name, absent=("", ":"))
    is_stated = value.is_valid()
    value = value.filter(is_stated)
    columns = {ours: block.text(theirs).filter(is_stated) for theirs, ours in words.items()}
    rows = block.rows().filter(is_stated)
    empty = len(block) - len(value)
    return _taken(records, empty, len(value), indicators=name, value=value, row=rows, **columns)


# --- xlsx: a sheet for each product, flow and indicator, a column a period -----------------------


def workbook(path: Path) -> Iterator[Taken]:
    """Figures of an Easy Comext workbook: what does not vary in a sheet stands above its periods.

    What a stranger's bytes may be is bounded in :mod:`~tradeflows.publishers.workbooks`.
    """
    for name, lines in _sheets(path).items():
        texts = [[workbooks.text(cell) for cell in line] for line in lines]
        yield _sheet(f"{path}: {name}", name, texts)


def workbook_cells(
    path: Path, places: Collection[tuple[int, str]]
) -> dict[tuple[int, str], Record]:
    """What stands in cells that a field names, such as "Sheet 1!C12 Sheet 3!C12"."""
    sheets = _sheets(path)
    cells_of = {}
    for row, field_of in places:
        cells = []
        for name, column, line in CELLS.findall(field_of):
            cell = sheets[name][int(line) - 1][workbooks.column_number(column) - 1]
            cells.append(f"{name}!{column}{line}: {workbooks.text(cell)}")
        if cells:
            cells_of[row, field_of] = Record(row, "\n".join(cells))
    return cells_of


def _sheets(path: Path) -> dict[str, list[list[Any]]]:
    """Lines of cells of each sheet of figures."""
    every = workbooks.sheets(path)
    names = [*every]
    sheets = {name: lines for name, lines in every.items() if re.fullmatch(r"Sheet \d+", name)}
    if not sheets or set(names) - {"Summary", "Structure", *sheets}:
        raise LayoutError(path, "the sheets Summary, Structure and Sheet 1, …", f"{names[:9]}")
    return sheets


def _sheet(where: str, name: str, lines: list[list[str]]) -> Taken:
    above = _above(where, lines)
    labels = _labels(where, above, lines[above.labels])
    grid = _Columns(labels, lines[above.time])
    keys = ("value", "row", "field", "flag", "time_period", *labels.values())
    rows: list[tuple[Any, ...]] = []
    records = empty = 0
    for row, line in enumerate(lines[above.labels + 1 :], start=above.labels + 2):
        if line[0] in ("", *FOOT):
            _below(f"{where}, below line {row}", lines[row - 1 :])
            break
        records += 1
        figures = grid.figures(where, name, row, line)
        rows += figures
        empty += len(grid.periods) - len(figures)
    if not records:
        raise LayoutError(where, "at least one line of figures", "none")
    columns = zip(*rows, strict=True) if rows else [()] * len(keys)
    arrays = {}
    for key, cells in zip(keys, columns, strict=True):
        arrays[key] = pa.array(cells, KINDS.get(key, pa.string()))
    return _taken(records, empty, len(rows), **above.constants, **arrays)


def _labels(where: str, above: _Above, line: list[str]) -> dict[int, str]:
    """Return which columns hold labels, and of which dimension."""
    labels = {}
    for at, cell in enumerate(line):
        match = LABELS.fullmatch(cell)
        if match:
            labels[at] = match[1].lower()
    needed = {*NEEDED, "indicators"}
    stated = [*above.constants, *labels.values()]
    is_whole = set(stated) & needed == needed
    if not is_whole or set(above.constants) & set(labels.values()):
        raise LayoutError(
            where, "each of REPORTER, PARTNER, PRODUCT, FLOW and INDICATORS once", f"{stated}"
        )
    return labels


class _Columns:
    """Which columns of a sheet hold labels, and which the figures and flags of a period."""

    def __init__(self, labels: dict[int, str], heads: list[str]) -> None:
        self.labels = labels
        self.periods: dict[int, str] = {}
        self.flags: dict[int, int] = {}
        for at, cell in enumerate(heads):
            if cell and at not in labels:
                self.periods[at] = cell
        for at in self.periods:
            after = at + 1
            if after < len(heads) and after not in self.periods:
                self.flags[at] = after
        self._known = {*labels, *self.periods, *self.flags.values()}

    def figures(self, where: str, name: str, row: int, line: list[str]) -> list[tuple[Any, ...]]:
        """Return the figures of a line: those with a number, or a flag in its place."""
        for at, cell in enumerate(line):
            if cell and at not in self._known:
                raise LayoutError(
                    f"{where}!{workbooks.column_letters(at)}{row}", "nothing", repr(cell)
                )
        labels = [line[at] for at in self.labels]
        stated = []
        for at, period in self.periods.items():
            place = f"{workbooks.column_letters(at)}{row}"
            number = _figure(f"{where}!{place}", line[at])
            flag = line[self.flags[at]].lower() if at in self.flags else ""
            if number is not None or flag:
                stated.append((number, row, f"{name}!{place}", flag, period, *labels))
        return stated


def _figure(place: str, cell: str) -> float | None:
    """Return the number of a cell; None where the publisher has no figure."""
    if cell in ("", ":"):
        return None
    if not re.fullmatch(r"-?\d+(\.\d+)?(e-\d+)?", cell, re.ASCII):
        raise LayoutError(place, 'a number or ":"', repr(cell))
    return float(cell)


@dataclass
class _Above:
    """What stands above the figures of a sheet.

    Attributes
    ----------
    constants
        What does not vary in the sheet, by dimension.
    time, labels
        Where the lines of the periods and of the labels below them are, -1 before they are met.
    """

    constants: dict[str, str] = field(default_factory=dict)
    time: int = -1
    labels: int = -1

    def note(self, where: str, key: str, text: str) -> None:
        """Take note of a line above the periods."""
        name = _dimension(key)
        if key == "Dataset:":
            _known(where, text)
        elif key == "Last updated:":
            self.constants["last_update"] = text
        elif name and name not in self.constants:
            inside = re.fullmatch(r".*\[(\w+)\]", text)  # a code; areas go by their labels
            is_coded = inside and name not in ("reporter", "partner")
            self.constants[name] = inside[1] if inside and is_coded else text
        else:
            self.pass_by(where, key)

    def pass_by(self, where: str, key: str) -> None:
        """Refuse a line that is none of a sheet's."""
        match = LABELS.fullmatch(key)
        is_rhythm = match and match[1] == "FREQ"
        if key and not is_rhythm and not key.startswith("Data extracted on"):
            raise LayoutError(where, "a dimension, TIME or labels", repr(key[:60]))


def _dimension(key: str) -> str:
    """Return the dimension that a line or a column is of; empty where it is of none."""
    match = LABELS.fullmatch(key)
    name = match[1].lower() if match else ""
    return name if name in (*CELL, "indicators") else ""


def _above(where: str, lines: list[list[str]]) -> _Above:
    """Return what stands above the figures."""
    above = _Above()
    for at, (key, *rest) in enumerate(lines):
        place = f"{where}!A{at + 1}"
        if key == "TIME":
            above.time = at
        elif above.time < 0:
            above.note(place, key, next(filter(None, rest), ""))
        elif _dimension(key):
            above.labels = at
            return above
        else:
            above.pass_by(place, key)
    raise LayoutError(where, "a line TIME and a line such as REPORTER (Labels)", "no such lines")


def _below(where: str, lines: list[list[str]]) -> None:
    """Refuse what follows the figures, unless it explains the signs."""
    first = next((cell for line in lines for cell in line if cell), FOOT[0])
    if first not in FOOT:
        raise LayoutError(where, "the special values", repr(first[:40]))
