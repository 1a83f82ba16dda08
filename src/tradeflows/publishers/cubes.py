"""A cube of Eurostat's as cells, out of a TSV, an SDMX-CSV or a JSON-stat of one data set.

Each reader gives a :class:`Cube`: the flow that the file states, and its cells, some at a time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model.errors import LayoutError
from tradeflows.publishers import arrow, delimited, raw_records
from tradeflows.publishers.bounds import require_shallow

LARGEST = 512 << 20  # bytes of JSON
SLICE = 1 << 17  # cells of JSON at a time
DIMENSIONS = ("freq", "siec", "partner", "unit", "geo")
FLAGS = {
    "p": "provisional",
    "e": "estimated",
    "s": "estimated",
    "f": "estimated",
    "c": "confidential",
    "b": "break",
    "u": "unreliable",
    "n": "unreliable",
    "d": "definition",
}
DATASET = re.compile(r"NRG_T([IE])_(OIL|GAS|SFF)M", re.IGNORECASE)
MISSING = ":"
FLAG_COLUMNS = ("OBS_FLAG", "CONF_STATUS")
SOMETIMES = ("LAST UPDATE", *FLAG_COLUMNS, "STRUCTURE", "STRUCTURE_ID")  # columns of an SDMX-CSV
NAME = re.compile(r'[\s,]*("(?:[^"\\]|\\.)*")\s*:\s*')  # of a member of an object in JSON
CELL = re.compile(r'(?:"\s*(?P<place>\d+)\s*"\s*:\s*)?(?P<cell>"[^"]*"|[^\s,\]}]+)')


@dataclass(frozen=True)
class Cells:
    """Cells of a cube, as arrays of n: the dimensions, the figures, flags and places."""

    dimensions: Mapping[str, pa.Array]
    value: pa.Array
    flag: pa.Array
    rows: pa.Array
    fields: Any
    records: int
    empty: int


class Flags(dict[str, str]):
    """What a run of Eurostat's letters means, in words of our own."""

    def __contains__(self, letters: object) -> bool:
        """Tell whether each letter is one of :data:`FLAGS`."""
        return set(str(letters)) <= set(FLAGS)

    def __missing__(self, letters: str) -> str:
        """Put the words of `letters`, each once."""
        return " ".join(sorted({FLAGS[letter] for letter in letters}))

    def __iter__(self) -> Iterator[str]:
        """List the letters."""
        return iter(FLAGS)


@dataclass(frozen=True)
class Cube:
    """The flow that a file states (M, X or ""), and its cells, some at a time."""

    flow: str
    cells: Iterator[Cells]


def _flow(path: Path, text: str) -> str:
    """Return M or X, by the data set that a file names."""
    match = DATASET.search(text)
    if not match:
        raise LayoutError(path, "one data set nrg_ti_…m or nrg_te_…m", repr(text))
    return "M" if match[1].upper() == "I" else "X"


# --- TSV: a record a series, a column a month ----------------------------------------------------


def tsv(path: Path) -> Cube:
    """Return the cells of a TSV, which does not say its data set; LayoutError where it is none."""
    head = [cell.strip() for cell in delimited.header(path, delimiter="\t")]
    dimensions, _, time = head[0].partition("\\")
    names = dimensions.split(",")
    is_series = sorted(names) == sorted(DIMENSIONS) and time == "TIME_PERIOD"
    if not is_series or len(set(head)) < len(head):
        expected = f"a first cell {','.join(DIMENSIONS)}\\TIME_PERIOD, and months"
        raise LayoutError(path, expected, f"{head[:3]}")
    blocks = delimited.blocks(path, head, head, "\t")
    return Cube("", (_series(block, names, head) for block in blocks))


def _series(block: delimited.Block, names: list[str], head: list[str]) -> Cells:
    """Return the cells of some series: all of a month, then all of the next."""
    first, *months = head
    pattern = rf"^[^,]+(,[^,]+){{{len(names) - 1}}}$"
    block.demand("the first cell", block.text(first), pattern, f"{len(names)} dimensions")
    series = pc.split_pattern(block.text(first), ",")
    text = pa.concat_arrays([block.text(month) for month in months])
    text = pc.ascii_trim_whitespace(text)
    kept = pc.not_equal(text, MISSING)
    place = pc.indices_nonzero(kept).to_numpy().astype(np.int64)
    column, record = np.divmod(place, len(block))
    time = arrow.texts(months).take(pa.array(column))
    value, flag = _figures(block, text.filter(kept), record)
    at = {}
    for i, name in enumerate(names):
        at[name] = pc.list_element(series, i).take(pa.array(record))
    rows = block.rows().take(pa.array(record))
    empty = len(text) - len(place)
    return Cells({**at, "time": time}, value, flag, rows, time, len(block), empty)


def _figures(
    block: delimited.Block, text: pa.Array, record: np.ndarray
) -> tuple[pa.Array, pa.Array]:
    """Return figures and flags of cells such as "123.4 p" and ": c"."""
    pattern = r"^(?P<value>:|-?\d+(?:\.\d+)?)(?: ?(?P<flag>[a-z]{1,4}))?$"
    matches = pc.extract_regex(text, pattern)
    if matches.null_count:
        at = arrow.first_true(matches.is_null())
        where = f"{block.path}: record {block.first + record[at]}"
        raise LayoutError(where, 'a figure such as "123.4 p" or ":"', repr(text[at].as_py()))
    value = pc.struct_field(matches, "value")
    number = pc.cast(arrow.without(value, pc.equal(value, MISSING)), pa.float64())
    return number, pc.fill_null(pc.struct_field(matches, "flag"), "")


# --- SDMX-CSV: a record a cell -------------------------------------------------------------------


def sdmx(path: Path) -> Cube:
    """Return the cells of an SDMX-CSV, with labels or without; LayoutError where it is none."""
    data, cells = observations(path, DIMENSIONS)
    return Cube(_flow(path, data), cells)


def observations(
    path: Path, dimensions: Sequence[str], besides: Collection[str] = ()
) -> tuple[str, Iterator[Cells]]:
    """Return the data set that an SDMX-CSV names, and its cells by `dimensions`.

    Those of the columns `besides` that the file has are among the dimensions too. Labels beside
    the codes are taken off.
    """
    heading = delimited.header(path)
    head = [cell.partition(":")[0] for cell in heading]
    needed = ["DATAFLOW", *dimensions, "TIME_PERIOD", "OBS_VALUE"]
    known = {*needed, *besides, *SOMETIMES}
    is_known = set(needed) <= set(head) <= known
    if not is_known or len(set(head)) < len(head):
        raise LayoutError(path, f"the columns {','.join(needed)}", ",".join(head)[:200])
    flags = [name for name in head if name in FLAG_COLUMNS]
    names = [*dimensions, *(name for name in besides if name in head)]
    blocks = delimited.blocks(path, head, [*names, "DATAFLOW", "TIME_PERIOD", "OBS_VALUE", *flags])
    first = next(blocks)
    are_coded = all(":" in first.text(name)[0].as_py() for name in dimensions)
    has_labels = are_coded or any(":" in cell for cell in heading)
    coded = {*names, *flags} - {"LAST UPDATE"} if has_labels else set()
    data = first.text("DATAFLOW")[0].as_py()
    form = _Observations(data, names, flags, coded)
    return data, (form.cells(block) for block in chain([first], blocks))


@dataclass(frozen=True)
class _Observations:
    """What an SDMX-CSV has: its data set, dimensions and flags; `coded` have a label too."""

    data: str
    names: Sequence[str]
    flags: Sequence[str]
    coded: Collection[str]

    def text(self, block: delimited.Block, name: str) -> pa.Array:
        """Return a column without its labels."""
        text = block.text(name)
        return pc.replace_substring_regex(text, ":.*$", "") if name in self.coded else text

    def cells(self, block: delimited.Block) -> Cells:
        """Return the cells of a block that have a figure or a flag."""
        if not pc.all(pc.equal(block.text("DATAFLOW"), self.data)).as_py():
            raise LayoutError(block.path, f"the data set {self.data}", "another besides")
        n = len(block)
        letters = [self.text(block, name) for name in self.flags]
        flag = pc.ascii_lower(pc.binary_join_element_wise(pa.repeat("", n), *letters, ""))
        value = block.number("OBS_VALUE")
        at = {name: self.text(block, name) for name in self.names}
        at["time"] = block.text("TIME_PERIOD")
        rows = block.rows()
        kept = pc.or_(value.is_valid(), pc.not_equal(flag, ""))
        if not pc.all(kept).as_py():
            at = {name: text.filter(kept) for name, text in at.items()}
            value, flag, rows = (column.filter(kept) for column in (value, flag, rows))
        return Cells(at, value, flag, rows, "OBS_VALUE", n, n - len(value))


# --- JSON-stat: a sparse cube --------------------------------------------------------------------


FAULTS = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
    OverflowError,
    MemoryError,
    pa.ArrowInvalid,
    pa.ArrowTypeError,
)


def json_stat(path: Path) -> Cube:
    """Return the cells of a JSON-stat data set, sparse or full; LayoutError where it is none."""
    raw = delimited.whole(path, LARGEST)
    require_shallow(path, raw)
    try:
        content = json.loads(raw, parse_constant=_refuse)
        sparse = _sparse_cube(content)
    except FAULTS as error:
        reason = f"{type(error).__name__}: {str(error)[:99]}"
        raise LayoutError(path, "JSON-stat of one data set", reason, "obtain it again") from error
    _require_cells(path, sparse)
    extension = content.get("extension")
    data = str(extension.get("id", "")) if isinstance(extension, dict) else ""
    return Cube(_flow(path, data) if data else "", _slices(sparse))


@dataclass(frozen=True)
class _Sparse:
    """A cube as its dimensions and its cells that are there.

    Attributes
    ----------
    labels
        The codes of each dimension, by name.
    place, value, flag
        Of each cell the place in the cube, counted row by row, the figure and the letters.
    """

    labels: Mapping[str, pa.Array]
    place: np.ndarray
    value: pa.Array
    flag: pa.Array

    @property
    def sizes(self) -> list[int]:
        """How many codes each dimension has."""
        return [len(codes) for codes in self.labels.values()]


def _sparse_cube(content: dict[str, Any]) -> _Sparse:
    """Return the cube of a JSON-stat; any of :data:`FAULTS` where it is none."""
    labels = {}
    for name, size in zip(content["id"], content["size"], strict=True):
        labels[name] = _labels(content["dimension"][name]["category"], size)
    np.unravel_index(0, content["size"])  # says so if it cannot do them
    value = _by_place(content["value"])
    status = _by_place(content.get("status", {}))
    flagged = [key for key, letters in status.items() if letters and key not in value]
    place = np.array([int(key) for key in (*value, *flagged)], np.int64)
    number = pa.array(value.values(), pa.float64())
    number = pa.concat_arrays([number, pa.nulls(len(flagged), pa.float64())])
    letters = [status.get(key) for key in value] if status else [None] * len(value)
    letters += [status[key].lstrip(f"{MISSING} ") for key in flagged]
    return _Sparse(labels, place, number, pc.fill_null(arrow.texts(letters), ""))


def _require_cells(path: Path, sparse: _Sparse) -> None:
    """Refuse a cube of other dimensions, or with cells that lie outside of it."""
    names = list(sparse.labels)
    if sorted(names) != sorted([*DIMENSIONS, "time"]):
        raise LayoutError(path, f"the dimensions {', '.join(DIMENSIONS)} and time", f"{names}")
    place = sparse.place
    expected = f"cells of 0 to {prod(sparse.sizes) - 1}"
    if not len(place):
        raise LayoutError(path, expected, "none")
    if place.min() < 0 or place.max() >= prod(sparse.sizes):
        raise LayoutError(path, expected, f"{place.min()} to {place.max()}")


def json_cells(path: Path, wanted: Collection[int]) -> dict[int, raw_records.Record]:
    """Return cells of a JSON-stat as they stand: place and text of the figure, and of its flag."""
    text = delimited.whole(path, LARGEST).decode("utf-8-sig")
    cells_of: dict[int, raw_records.Record] = {}
    for name, start, end in _members(text):
        if name not in ("value", "status"):
            continue
        cells = CELL.finditer(text, start + 1, end)
        for i, (line, match) in enumerate(raw_records.numbered(text, cells)):
            place = int(match["place"] or i)
            record = place + 1
            if record not in wanted or match["cell"] == "null":
                continue
            shown = f"{name} {place}: {match['cell']}"
            earlier = cells_of.get(record)
            if earlier:
                line, shown = earlier.line, f"{earlier.text}, {shown}"
            cells_of[record] = raw_records.Record(line, shown)
    return cells_of


def _members(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield members of an object in JSON: the name, and where its value starts and ends."""
    decoder = json.JSONDecoder()
    at = text.index("{") + 1
    head = NAME.match(text, at)
    while head:
        name, start = json.loads(head[1]), head.end()
        _, at = decoder.raw_decode(text, start)
        yield name, start, at
        head = NAME.match(text, at)


def _slices(sparse: _Sparse) -> Iterator[Cells]:
    """Yield the cells of a cube that have a figure or a flag, some at a time."""
    for first in range(0, len(sparse.place), SLICE):
        here = sparse.place[first : first + SLICE]
        value = sparse.value.slice(first, SLICE)
        flag = sparse.flag.slice(first, SLICE)
        kept = pc.or_(value.is_valid(), pc.not_equal(flag, ""))
        at = {}
        places = np.unravel_index(here, sparse.sizes)
        for (name, labels), place in zip(sparse.labels.items(), places, strict=True):
            at[name] = labels.take(pa.array(place)).filter(kept)
        value = value.filter(kept)
        rows = pa.array(here + 1).filter(kept)
        empty = len(here) - len(value)
        yield Cells(at, value, flag.filter(kept), rows, "value", len(here), empty)


def _by_place(cells: Any) -> dict[str, Any]:
    """Return cells by their place, whether the cube is written sparse or in full."""
    if isinstance(cells, list):
        return {str(i): cell for i, cell in enumerate(cells)}
    return dict(cells)


def _labels(category: dict[str, Any], size: int) -> pa.Array:
    """Return the codes of a dimension in their order."""
    index = category.get("index", list(category.get("label", {})))
    if isinstance(index, list):
        ordered, places = index, list(range(size))
    else:
        ordered = sorted(index, key=index.__getitem__)
        places = sorted(index.values())
    if len(ordered) != size or places != list(range(size)):
        raise ValueError(f"{len(ordered)} categories for a size of {size}")
    return arrow.texts(ordered)


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is no number")
