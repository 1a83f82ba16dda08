"""A cube of Eurostat's as cells, out of a TSV, an SDMX-CSV or a JSON-stat of one data set.

Each reader gives a :class:`Cube`: the flow that the file states, and its cells, some at a time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model.errors import LayoutError
from tradeflows.publishers import arrow, reading

LARGEST = 512 << 20  # bytes of JSON
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

    def record(self, path: Path) -> Callable[[int], str]:
        """Return what names the record of a cell by its place."""
        return lambda at: f"{path}: record {self.rows[at]}"


def flag_words(record: Callable[[int], str], letters: pa.Array) -> pa.Array:
    """Return what runs of Eurostat's letters mean, each word once; another letter is refused."""
    meaning = {}
    for run in letters.unique().to_pylist():
        if set(run) <= set(FLAGS):
            meaning[run] = " ".join(sorted({FLAGS[letter] for letter in run}))
    return reading.words(
        record, "flag", letters, meaning, arrow.TEXT, "add it to FLAGS of cubes.py"
    )


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
    head = [cell.strip() for cell in reading.header(path, delimiter="\t")]
    dimensions, _, time = head[0].partition("\\")
    names = dimensions.split(",")
    is_series = sorted(names) == sorted(DIMENSIONS) and time == "TIME_PERIOD"
    if not is_series or len(set(head)) < len(head):
        expected = f"a first cell {','.join(DIMENSIONS)}\\TIME_PERIOD, and months"
        raise LayoutError(path, expected, f"{head[:3]}")
    blocks = reading.blocks(path, head, head, "\t")
    return Cube("", (_series(block, names, head) for block in blocks))


def _series(block: reading.Block, names: list[str], head: list[str]) -> Cells:
    """Return the cells of some series, such as "123.4 p" or ": c": a month, then the next."""
    first, *months = head
    pattern = rf"^[^,]+(,[^,]+){{{len(names) - 1}}}$"
    block.demand("the first cell", block.text(first), pattern, f"{len(names)} dimensions")
    text = pc.ascii_trim_whitespace(pa.concat_arrays([block.text(month) for month in months]))
    kept = pc.indices_nonzero(pc.not_equal(text, MISSING)).to_numpy().astype(np.int64)
    column, record = np.divmod(kept, len(block))
    cells = text.take(pa.array(kept))
    parts = pc.extract_regex(cells, r"^(?P<value>:|-?\d+(?:\.\d+)?)(?: ?(?P<flag>[a-z]{1,4}))?$")
    expected = 'a figure such as "123.4 p" or ":"'
    reading.require(lambda at: block.record(record[at]), parts.is_valid(), expected, cells)
    value = pc.struct_field(parts, "value")
    number = pc.cast(arrow.without(value, pc.equal(value, MISSING)), pa.float64())
    flag = pc.fill_null(pc.struct_field(parts, "flag"), "")
    series = pc.split_pattern(block.text(first), ",").take(pa.array(record))
    at = {name: pc.list_element(series, i) for i, name in enumerate(names)}
    time = at["time"] = arrow.texts(months).take(pa.array(column))
    rows = block.rows().take(pa.array(record))
    return Cells(at, number, flag, rows, time, len(block), len(text) - len(kept))


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
    heading = reading.header(path)
    head = [cell.partition(":")[0] for cell in heading]
    needed = ["DATAFLOW", *dimensions, "TIME_PERIOD", "OBS_VALUE"]
    is_known = set(needed) <= set(head) <= {*needed, *besides, *SOMETIMES}
    if not is_known or len(set(head)) < len(head):
        raise LayoutError(path, f"the columns {','.join(needed)}", ",".join(head)[:200])
    flags = [name for name in head if name in FLAG_COLUMNS]
    names = [*dimensions, *(name for name in besides if name in head)]
    wanted = [*names, "DATAFLOW", "TIME_PERIOD", "OBS_VALUE", *flags]
    blocks = reading.blocks(path, head, wanted)
    first = next(blocks)
    cells_of_first = first.cells.slice(0, 1).select(dimensions).to_pylist()[0].values()
    has_labels = ":" in "".join(heading) or all(":" in cell for cell in cells_of_first)
    coded = {*names, *flags} - {"LAST UPDATE"} if has_labels else set()
    data = first.text("DATAFLOW")[0].as_py()

    def cells(block: reading.Block) -> Cells:
        """Return the cells of a block that have a figure or a flag."""
        stated = block.text("DATAFLOW")
        block.require(pc.equal(stated, data), f"the data set {data} alone", stated)
        texts = {name: block.text(name) for name in (*names, *flags)}
        for name in coded:
            texts[name] = pc.replace_substring_regex(texts[name], ":.*$", "")
        letters = [texts.pop(name) for name in flags]
        flag = pc.binary_join_element_wise(pa.repeat("", len(block)), *letters, "")
        value, flag = block.number("OBS_VALUE"), pc.ascii_lower(flag)
        at = {**texts, "time": block.text("TIME_PERIOD")}
        return _stated(at, value, flag, block.rows(), "OBS_VALUE")

    return data, (cells(block) for block in chain([first], blocks))


def _stated(
    at: Mapping[str, pa.Array], value: pa.Array, flag: pa.Array, rows: pa.Array, field: str
) -> Cells:
    """Return the cells that have a figure or a flag; the others are counted."""
    kept = pc.or_(value.is_valid(), pc.not_equal(flag, ""))
    at = {name: text.filter(kept) for name, text in at.items()}
    stated, flag = value.filter(kept), flag.filter(kept)
    empty = len(value) - len(stated)
    return Cells(at, stated, flag, rows.filter(kept), field, len(value), empty)


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
    raw = reading.whole(path, LARGEST)
    try:
        content = json.loads(raw, parse_constant=_refuse)
        labels, place, number, flag = _sparse_cube(content)
    except FAULTS as error:
        reason = f"{type(error).__name__}: {str(error)[:99]}"
        raise LayoutError(path, "JSON-stat of one data set", reason, "obtain it again") from error
    if sorted(labels) != sorted([*DIMENSIONS, "time"]):
        expected = f"the dimensions {', '.join(DIMENSIONS)} and time"
        raise LayoutError(path, expected, f"{[*labels]}")
    sizes = [len(codes) for codes in labels.values()]
    last = prod(sizes) - 1
    if not len(place) or place.min() < 0 or place.max() > last:
        places = f"{place.min()} to {place.max()}" if len(place) else "none"
        raise LayoutError(path, f"cells of 0 to {last}", places)
    at = {}
    for name, category in zip(labels, np.unravel_index(place, sizes), strict=True):
        at[name] = labels[name].take(pa.array(category))
    cells = _stated(at, number, flag, pa.array(place + 1), "value")
    extension = content.get("extension")
    data = str(extension.get("id", "")) if isinstance(extension, dict) else ""
    return Cube(_flow(path, data) if data else "", iter([cells]))


def _sparse_cube(content: dict[str, Any]) -> tuple[dict[str, pa.Array], np.ndarray, Any, Any]:
    """Return the codes of each dimension, and place, figure and letters of the cells there are."""
    labels = {}
    for name, size in zip(content["id"], content["size"], strict=True):
        labels[name] = _labels(content["dimension"][name]["category"], size)
    np.unravel_index(0, content["size"])  # says so if it cannot do them
    value, status = _by_place(content["value"]), _by_place(content.get("status", {}))
    if any(isinstance(number, bool) for number in value.values()):
        raise ValueError("true or false is no number")
    flagged = [key for key, letters in status.items() if letters and key not in value]
    place = np.array([int(key) for key in (*value, *flagged)], np.int64)
    number = pa.array([*value.values(), *[None] * len(flagged)], pa.float64())
    letters = [status.get(key) for key in value] if status else [None] * len(value)
    letters += [status[key].lstrip(f"{MISSING} ") for key in flagged]
    return labels, place, number, pc.fill_null(arrow.texts(letters), "")


def json_cells(path: Path, wanted: Collection[int]) -> dict[int, reading.Record]:
    """Return cells of a JSON-stat as they stand: place and text of the figure, and of its flag."""
    text = reading.whole(path, LARGEST).decode("utf-8-sig")
    cells_of: dict[int, reading.Record] = {}
    for name, start, end in _members(text):
        if name not in ("value", "status"):
            continue
        cells = CELL.finditer(text, start + 1, end)
        for i, (line, match) in enumerate(reading.numbered(text, cells)):
            place = int(match["place"] or i)
            record = place + 1
            if record not in wanted or match["cell"] == "null":
                continue
            shown = f"{name} {place}: {match['cell']}"
            earlier = cells_of.get(record)
            if earlier:
                line, shown = earlier.line, f"{earlier.text}, {shown}"
            cells_of[record] = reading.Record(line, shown)
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
