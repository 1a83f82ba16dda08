"""What Eurostat Comext's services send as cells: SDMX-CSV, a workbook, a relational view.

Each reader knows how a file is laid out and not what its words mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from itertools import chain, takewhile
from pathlib import Path
from typing import Any

import pyarrow as pa

from tradeflows.model.errors import LayoutError
from tradeflows.publishers import cubes, reading, workbooks
from tradeflows.publishers.reading import Record

DATASETS = ("DS-045409", "DS-059322", "DS-059334", "DS-059341")
NEEDED = ("flow", "partner", "product", "reporter", "indicators")
DIMENSIONS = {*NEEDED, "stat_procedure", "transport_mode"}
VIEW = {name.upper(): name for name in NEEDED[:4]} | {"PERIOD": "time"}
# The column of what is measured, and how much of our unit is one of theirs.
INDICATORS = {
    "VALUE_IN_EUROS": ("value_reported", 1),
    "VALUE_IN_EUR": ("value_reported", 1),
    "VALUE_EUR": ("value_reported", 1),
    "QUANTITY_IN_100KG": ("net_wgt_kg", 100),
    "QUANTITY_KG": ("net_wgt_kg", 1),
    "SUPPLEMENTARY_QUANTITY": ("qty", 1),
}
NUMBER = re.compile(
    r"-?\d+(\.\d+)?(e-\d+)?", re.ASCII
)  # of a workbook, whose floats are written by Python
Figure = dict[str, Any]  # a place for one, by what is said of it
Figures = Iterator[Figure]
FOOT = ("Special value", "Available flags:")
END = ("", *FOOT)
# What the service says in the place of figures where it has none under a filter.
NO_RESULTS = re.compile(r"NO_RESULTS|No results", re.I)
# What may stand above the figures of a sheet besides its dimensions, and says nothing of them.
BESIDES = re.compile(r"|TIME|Data extracted on.*|(.+ \[)?FREQ(\]| \(Labels\))?")
LABELS = re.compile(r"(?:.+ \[)?([A-Z_]+)(?:\]| \(Labels\))?")


def reader(path: Path) -> Callable[[Path], Figures] | None:
    """Return what reads a file that begins so; None for a file in bulk."""
    with path.open("rb") as file:
        head = file.readline(1 << 12).removeprefix(b"\xef\xbb\xbf")
        rest = file.read(1 << 16)
    if head.startswith(workbooks.MARK):
        return workbook
    if head.startswith(b"DATAFLOW"):
        return sdmx if rest.strip() else nothing
    if re.search(rb"\bREPORTER\b.*\b(VALUE_IN_EUR|QUANTITY_IN_100KG)", head):
        return view
    is_page = head.lstrip().startswith((b"<", b"{"))
    has_none = is_page and NO_RESULTS.search((head + rest).decode("utf-8", "replace"))
    return nothing if has_none else None


def nothing(path: Path) -> Figures:
    """No figure: the service has none under a filter, and says so or sends a header alone."""
    return iter(())


def _require_data_set(where: Path | str, text: str) -> None:
    """Refuse a text that names another data set than :data:`DATASETS`."""
    match = re.search(r"DS-\d{6}(?!\d)", text)
    if not match or match[0] not in DATASETS:
        raise LayoutError(where, f"a data set of {', '.join(DATASETS)}", repr(text[:80]))


def sdmx(path: Path) -> Figures:
    """Figures of an SDMX-CSV, a record each; "M 2023-09" is a period."""
    for data, cells in cubes.sdmx(path, ("freq", *NEEDED), ("transport_mode",)):
        _require_data_set(path, data)
        for figure in cells.to_pylist():
            yield figure | {"time": f"{figure['freq']} {figure['time']}", "field": ""}


def view(path: Path) -> Figures:
    """Figures of a relational view: a record has one for each of its last columns."""
    head = reading.header(path)
    reading.require_header(path, head, VIEW, ("STAT_PROCEDURE", *INDICATORS))
    measured = [name for name in head if name in INDICATORS]
    for block in reading.blocks(path, head, head):
        columns = {VIEW.get(name, name.lower()): block.text(name) for name in head}
        columns["row"] = block.records
        for name in measured:
            columns["value"] = block.number(name, absent=("", ":"))
            columns["indicators"] = pa.repeat(name, len(block))
            yield from pa.record_batch(columns).to_pylist()


# --- xlsx: a sheet for each product, flow and indicator, a column a period -----------------------


def workbook(path: Path) -> Figures:
    """Figures of an Easy Comext workbook: what does not vary in a sheet stands above its periods.

    What a stranger's bytes may be is bounded in :mod:`~tradeflows.publishers.workbooks`.
    """
    sheets = workbooks.sheets(path)
    named = [name for name in sheets if re.fullmatch(r"Sheet \d+", name)]
    if not named or {*sheets} - {"Summary", "Structure", *named}:
        raise LayoutError(path, "the sheets Summary, Structure and Sheet 1, …", f"{[*sheets][:9]}")
    for name in named:
        where, lines = f"{path}: {name}", sheets[name]
        head, constants, times, labels = _head(where, lines)
        stated = [*constants, *filter(None, labels)]
        if not {*NEEDED} <= {*stated} or len({*stated}) < len(stated):
            expected = "each of REPORTER, PARTNER, PRODUCT, FLOW and INDICATORS once"
            raise LayoutError(where, expected, f"{stated}")
        body = [*takewhile(lambda line: line[0] not in END, lines[head:])]
        below = next(filter(None, chain(*lines[head + len(body) :])), FOOT[0])
        if not body or below not in FOOT:
            expected = "lines of figures, and below them the special values"
            raise LayoutError(where, expected, repr(below[:40]))
        for row, line in enumerate(body, start=head + 1):
            for figure in _line(path, f"{name}!{{}}{row}", line, times, labels):
                yield constants | figure | {"row": row}


def _line(
    path: Path, place: str, line: list[str], times: list[str], labels: list[str]
) -> Iterator[Figure]:
    """Yield the figures of a line; a flag may stand right of each."""
    words: Figure = {}
    figures: list[Figure] = []
    for at, text in enumerate(line):
        field = place.format(workbooks.column_letters(at))
        is_none = text in ("", ":")
        if labels[at]:
            words[labels[at]] = text
        elif times[at] and (is_none or NUMBER.fullmatch(text)):
            value = None if is_none else float(text)
            figures.append({"field": field, "time": times[at], "flag": "", "value": value})
        elif figures and times[at - 1] and not times[at]:
            figures[-1]["flag"] = text.lower()
        elif text:
            expected = 'a number or ":"' if times[at] else "nothing"
            raise LayoutError(f"{path}: {field}", expected, repr(text))
    yield from (words | figure for figure in figures)


def workbook_cells(
    path: Path, places: Collection[tuple[int, str]]
) -> dict[tuple[int, str], Record]:
    """What stands in cells that a field names, such as "Sheet 1!C12 Sheet 3!C12"."""
    sheets, cells_of = workbooks.sheets(path), {}
    for row, field in places:
        cells = []
        for name, column, line in re.findall(r"(Sheet \d+)!([A-Z]+)(\d+)", field):
            text = sheets[name][int(line) - 1][workbooks.column_number(column) - 1]
            cells.append(f"{name}!{column}{line}: {text}")
        if cells:
            cells_of[row, field] = Record(row, "\n".join(cells))
    return cells_of


def _dimension(text: str) -> str:
    """Return what a line or a column of labels is of; empty where it is none."""
    match = LABELS.fullmatch(text)
    return match[1].lower() if match and match[1].lower() in DIMENSIONS else ""


def _head(where: str, lines: list[list[str]]) -> tuple[int, Figure, list[str], list[str]]:
    """Return how many lines stand above the figures, what they say, the periods and the labels."""
    constants: Figure = {}  # areas by their labels, others by their codes
    times: list[str] = []
    for row, line in enumerate(lines, start=1):
        key, text = line[0], next(filter(None, line[1:]), "")
        dimension, code = _dimension(key), re.fullmatch(r".*\[(\w+)\]", text)
        if times and dimension:
            return row, constants, times, [*map(_dimension, line)]
        if key == "TIME":
            times = line
        elif key == "Dataset:":
            _require_data_set(f"{where}!A{row}", text)
        elif key == "Last updated:":
            constants["LAST UPDATE"] = text
        elif dimension and dimension not in constants:
            is_area = dimension in ("reporter", "partner")
            constants[dimension] = text if is_area or not code else code[1]
        elif not BESIDES.fullmatch(key):
            raise LayoutError(f"{where}!A{row}", "a dimension, TIME or labels", repr(key[:60]))
    raise LayoutError(where, "a line TIME and a line such as REPORTER (Labels)", "no such lines")
