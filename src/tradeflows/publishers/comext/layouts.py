"""What Eurostat Comext's services send as figures, one a row: SDMX-CSV, a workbook, a view.

Each reader knows how a file is laid out and not what its words mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import chain, takewhile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model.errors import LayoutError
from tradeflows.publishers import arrow, cubes, reading, workbooks
from tradeflows.publishers.reading import Record

DATASETS = ("DS-045409", "DS-059322", "DS-059334", "DS-059341")
NEEDED = ("flow", "partner", "product", "reporter")
CELL = ("reporter", "partner", "product", "flow", "stat_procedure", "transport_mode", "time_period")
DIMENSIONS = {*CELL, "indicators"}
VIEW = {name.upper(): name for name in CELL[:5]} | {"PERIOD": "time_period"}
# What is measured, and how much of our unit is one of theirs.
INDICATORS = {
    "VALUE_IN_EUROS": ("value", 1.0),
    "VALUE_IN_EUR": ("value", 1.0),
    "VALUE_EUR": ("value", 1.0),
    "QUANTITY_IN_100KG": ("kg", 100.0),
    "QUANTITY_KG": ("kg", 1.0),
    "SUPPLEMENTARY_QUANTITY": ("qty", 1.0),
}
NUMBER = r"^-?\d+(\.\d+)?(e-\d+)?$"  # of a workbook, whose floats are written by Python
FOOT = ("Special value", "Available flags:")
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


def reader(path: Path) -> Callable[[Path], Iterator[Taken]] | None:
    """Return what reads a file that begins so; None for a file in bulk."""
    with path.open("rb") as file:
        head = file.readline(1 << 12).removeprefix(b"\xef\xbb\xbf")
        is_page = head.lstrip().startswith((b"<", b"{"))
        rest = file.read(1 << 16)
    if head.startswith(workbooks.MARK):
        return workbook
    if head.startswith(b"DATAFLOW"):
        return sdmx if rest.strip() else nothing
    if re.search(rb"\bREPORTER\b.*\b(VALUE_IN_EUR|QUANTITY_IN_100KG)", head):
        return view
    if is_page and NO_RESULTS.search((head + rest).decode("utf-8", "replace")):
        return nothing
    return None


def nothing(path: Path) -> Iterator[Taken]:
    """No figure: the service has none under a filter, and says so or sends a header alone."""
    yield _taken(0, {"value": pa.array([], pa.float64()), "row": pa.array([], pa.int64())})


def _taken(records: int, columns: dict[str, Any]) -> Taken:
    """Return the places that have a figure or a flag; a column that is not given is empty."""
    value = columns["value"]
    kept = value.is_valid()
    if "flag" in columns:
        kept = pc.or_(kept, pc.not_equal(columns["flag"], ""))
    figures = {name: columns[name].filter(kept) for name in ("value", "row")}
    for name in (*CELL, "indicators", "flag", "last_update", "field"):
        words = columns.get(name, "")
        text = pa.repeat(words, len(value)) if isinstance(words, str) else words
        figures[name] = text.filter(kept).dictionary_encode()
    batch = pa.record_batch(figures)
    return Taken(batch, records, len(value) - len(batch))


def _require_data_set(where: Path | str, text: str) -> None:
    """Refuse a text that names another data set than :data:`DATASETS`."""
    match = re.search(r"DS-\d{6}(?!\d)", text)
    if not match or match[0] not in DATASETS:
        raise LayoutError(where, f"a data set of {', '.join(DATASETS)}", repr(text[:80]))


def sdmx(path: Path) -> Iterator[Taken]:
    """Figures of an SDMX-CSV, a record each; "M 2023-09" is a period."""
    dimensions = ("freq", *NEEDED, "indicators")
    data, parts = cubes.observations(path, dimensions, ("transport_mode", "LAST UPDATE"))
    _require_data_set(path, data)
    for part in parts:
        columns: dict[str, Any] = dict(part.dimensions)
        rhythm, time = columns.pop("freq"), columns.pop("time")
        columns["time_period"] = pc.binary_join_element_wise(rhythm, time, " ")
        columns["last_update"] = columns.pop("LAST UPDATE", "")
        columns |= {"flag": part.flag, "value": part.value, "row": part.rows}
        taken = _taken(part.records, columns)
        yield Taken(taken.figures, part.records, part.empty)


def view(path: Path) -> Iterator[Taken]:
    """Figures of a relational view: a record a cell, a column a measure, in any order."""
    head = reading.header(path)
    words = {name: VIEW[name] for name in head if name in VIEW}
    measured = [name for name in head if name in INDICATORS]
    lacks = set(VIEW) - {"STAT_PROCEDURE"} - set(words)
    is_known = len({*words, *measured}) == len(head)
    if lacks or not measured or not is_known:
        expected = f"{','.join(VIEW)} and of {', '.join(INDICATORS)}"
        raise LayoutError(path, expected, ",".join(head)[:200])
    for block in reading.blocks(path, head, head):
        columns: dict[str, Any] = {ours: block.text(theirs) for theirs, ours in words.items()}
        columns["row"] = block.rows()
        records = len(block)
        for name in measured:
            value = block.number(name, absent=("", ":"))
            yield _taken(records, columns | {"indicators": name, "value": value})
            records = 0  # they are counted once


# --- xlsx: a sheet for each product, flow and indicator, a column a period -----------------------


def workbook(path: Path) -> Iterator[Taken]:
    """Figures of an Easy Comext workbook: what does not vary in a sheet stands above its periods.

    What a stranger's bytes may be is bounded in :mod:`~tradeflows.publishers.workbooks`.
    """
    for name, lines in _sheets(path).items():
        yield _sheet(path, name, [[workbooks.text(cell) for cell in line] for line in lines])


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
    sheets = {name: lines for name, lines in every.items() if re.fullmatch(r"Sheet \d+", name)}
    if not sheets or set(every) - {"Summary", "Structure", *sheets}:
        raise LayoutError(path, "the sheets Summary, Structure and Sheet 1, …", f"{[*every][:9]}")
    return sheets


def _sheet(path: Path, name: str, lines: list[list[str]]) -> Taken:
    """Return the figures of a sheet: labels left, a column a period, special values below."""
    where = f"{path}: {name}"
    time, head = _heads(where, lines)
    constants = _constants(where, lines[:head])
    labels = {at: word for at, word in enumerate(map(_dimension, lines[head])) if word}
    periods = {at: cell for at, cell in enumerate(lines[time]) if cell and at not in labels}
    stated = [*constants, *labels.values()]
    lacks = {*NEEDED, "indicators"} - set(stated)
    if lacks or set(constants) & set(labels.values()):
        expected = "each of REPORTER, PARTNER, PRODUCT, FLOW and INDICATORS once"
        raise LayoutError(where, expected, f"{stated}")
    body = list(takewhile(lambda line: line[0] not in ("", *FOOT), lines[head + 1 :]))
    end = head + 1 + len(body)
    below = next(filter(None, chain.from_iterable(lines[end:])), FOOT[0])
    if not body or below not in FOOT:
        expected = "lines of figures, and below them the special values"
        raise LayoutError(f"{where}, line {end + 1}", expected, repr(below[:40]))
    return _taken(len(body), constants | _grid(path, name, head + 2, body, labels, periods))


def _grid(
    path: Path,
    name: str,
    first: int,
    lines: list[list[str]],
    labels: dict[int, str],
    periods: dict[int, str],
) -> dict[str, Any]:
    """Return the cells of some lines, one line after the other; a flag may stand right of each."""
    width = len(lines[0])
    flags = {at: at + 1 for at in periods if at + 1 < width and at + 1 not in periods}
    others = sorted({*range(width)} - {*labels, *periods, *flags.values()})
    body = np.array([[*line, ""] for line in lines], object)
    for row, at in np.argwhere(body[:, others] != "")[:1]:
        place = f"{path}: {name}!{workbooks.column_letters(others[at])}{first + row}"
        raise LayoutError(place, "nothing", repr(body[row, others[at]]))
    rows = pa.array(np.repeat(np.arange(len(body)) + first, len(periods)), pa.int64())
    letters = [workbooks.column_letters(at) for at in periods] * len(body)
    line = pc.cast(rows, arrow.TEXT)
    field = pc.binary_join_element_wise(f"{name}!", arrow.texts(letters), line, "")
    text = arrow.texts(body[:, [*periods]].ravel())
    text = arrow.without(text, pc.is_in(text, arrow.texts(["", ":"])))
    is_number = pc.match_substring_regex(text, NUMBER)
    reading.require(lambda at: f"{path}: {field[at]}", is_number, 'a number or ":"', text)
    columns = {"row": rows, "field": field, "value": pc.cast(text, pa.float64())}
    flag = body[:, [flags.get(at, -1) for at in periods]]  # the last column is empty
    columns["flag"] = pc.ascii_lower(arrow.texts(flag.ravel()))
    columns["time_period"] = arrow.texts([*periods.values()] * len(body))
    for at, dimension in labels.items():
        columns[dimension] = arrow.texts(np.repeat(body[:, at], len(periods)))
    return columns


def _dimension(text: str) -> str:
    """Return what a line or a column of labels is of; empty where it is none."""
    match = LABELS.fullmatch(text)
    return match[1].lower() if match else ""


def _heads(where: str, lines: list[list[str]]) -> tuple[int, int]:
    """Return which line of a sheet has the periods, and which one below names the labels."""
    time = -1
    for at, (key, *_) in enumerate(lines):
        if key == "TIME":
            time = at
        elif time >= 0 and _dimension(key) in DIMENSIONS:
            return time, at
    raise LayoutError(where, "a line TIME and a line such as REPORTER (Labels)", "no such lines")


def _constants(where: str, lines: list[list[str]]) -> dict[str, str]:
    """Return what does not vary in a sheet, and stands above its figures; areas by their labels."""
    constants: dict[str, str] = {}
    for at, (key, *rest) in enumerate(lines):
        place, name, text = f"{where}!A{at + 1}", _dimension(key), next(filter(None, rest), "")
        code = re.fullmatch(r".*\[(\w+)\]", text)
        if key == "Dataset:":
            _require_data_set(place, text)
        elif key == "Last updated:":
            constants["last_update"] = text
        elif name in DIMENSIONS and name not in constants:
            is_area = name in ("reporter", "partner")
            constants[name] = code[1] if code and not is_area else text
        elif key not in ("", "TIME") and name != "freq" and not key.startswith("Data extracted on"):
            raise LayoutError(place, "a dimension, TIME or labels", repr(key[:60]))
    return constants
