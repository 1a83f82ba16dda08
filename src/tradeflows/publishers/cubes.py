"""A cube of Eurostat's as cells, out of a TSV, an SDMX-CSV or a JSON-stat of one data set.

Each reader gives the flow that the file states (M, X or "") and its cells, some at a time.
"""

import json
import re
from collections.abc import Collection, Iterator, Sequence
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model.errors import LayoutError
from tradeflows.publishers import delimited, raw_records

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
NAME = re.compile(r'[\s,]*("(?:[^"\\]|\\.)*")\s*:\s*')  # of a member of an object in JSON
CELL = re.compile(r'(?:"\s*(?P<place>\d+)\s*"\s*:\s*)?(?P<cell>"[^"]*"|[^\s,\]}]+)')


class Cells(NamedTuple):
    """Cells of a cube, as arrays of n: the dimensions, the figures, flags and places."""

    dimensions: dict[str, pa.Array]
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


def _said(path: Path, texts: list[str]) -> str:
    """M or X, by the data set that the file names."""
    matches = [DATASET.search(text) for text in texts]
    ways = {match[1].upper() if match else "" for match in matches}
    if ways not in ({"I"}, {"E"}):
        raise LayoutError(path, "one data set nrg_ti_…m or nrg_te_…m", f"{texts[:3]}")
    return "M" if ways == {"I"} else "X"


# --- TSV: a record a series, a column a month ----------------------------------------------------


def tsv(path: Path) -> tuple[str, Iterator[Cells]]:
    """Cells of a TSV, which does not say its data set; LayoutError where it is none."""
    head = [cell.strip() for cell in delimited.header(path, delimiter="\t")]
    dimensions, _, time = head[0].partition("\\")
    names = dimensions.split(",")
    if sorted(names) != sorted(DIMENSIONS) or time != "TIME_PERIOD" or len(set(head)) < len(head):
        raise LayoutError(
            path, f"a first cell {','.join(DIMENSIONS)}\\TIME_PERIOD, and months", f"{head[:3]}"
        )
    return "", _series(path, names, head)


def _series(path: Path, names: list[str], head: list[str]) -> Iterator[Cells]:
    months = head[1:]
    for block in delimited.blocks(path, head, head, "\t"):
        series = pc.split_pattern(block.text(head[0]), ",")
        block.demand(
            "the first cell",
            block.text(head[0]),
            rf"^[^,]+(,[^,]+){{{len(names) - 1}}}$",
            f"{len(names)} dimensions",
        )
        text = pa.concat_arrays([block.text(month) for month in months])
        text = pc.ascii_trim_whitespace(text)
        kept = pc.not_equal(text, MISSING)
        place = pc.indices_nonzero(kept)
        record, column = (
            pc.cast(pa.array(index_of), pa.int64())
            for index_of in np.divmod(place.to_numpy(), len(block))[::-1]
        )
        value, flag = _cells(block, text.filter(kept), record)
        at = {name: pc.list_element(series, i).take(record) for i, name in enumerate(names)}
        at["time"] = pa.array(months, pa.string()).take(column)
        yield Cells(
            at,
            value,
            flag,
            block.rows().take(record),
            at["time"],
            len(block),
            len(text) - len(place),
        )


def _cells(block: delimited.Block, text: pa.Array, record: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Figures and flags of cells such as "123.4 p" and ": c"."""
    pattern = r"^(?P<value>:|-?\d+(?:\.\d+)?)(?: ?(?P<flag>[a-z]{1,4}))?$"
    matches = pc.extract_regex(text, pattern)
    if matches.null_count:
        at = pc.index(matches.is_null(), True).as_py()
        raise LayoutError(
            f"{block.path}: record {block.first + record[at].as_py()}",
            'a figure such as "123.4 p" or ":"',
            repr(text[at].as_py()),
        )
    value, flag = pc.struct_field(matches, "value"), pc.struct_field(matches, "flag")
    number = pc.cast(pc.if_else(pc.equal(value, MISSING), None, value), pa.float64())
    return number, pc.fill_null(flag, "")


# --- SDMX-CSV: a record a cell -------------------------------------------------------------------


def sdmx(path: Path) -> tuple[str, Iterator[Cells]]:
    """Cells of an SDMX-CSV, with labels or without; LayoutError where it is none."""
    data, cells = observations(path, DIMENSIONS)
    return _said(path, [data]), cells


def observations(
    path: Path, dimensions: Sequence[str], besides: Collection[str] = ()
) -> tuple[str, Iterator[Cells]]:
    """The data set that an SDMX-CSV names, and its cells by `dimensions`.

    Those of the columns `besides` that the file has are among the dimensions too. Labels beside
    the codes are taken off.
    """
    head = [cell.partition(":")[0] for cell in delimited.header(path)]
    needed = ["DATAFLOW", *dimensions, "TIME_PERIOD", "OBS_VALUE"]
    known = {
        *needed,
        *besides,
        "LAST UPDATE",
        "OBS_FLAG",
        "CONF_STATUS",
        "STRUCTURE",
        "STRUCTURE_ID",
    }
    if not set(needed) <= set(head) <= known or len(set(head)) < len(head):
        raise LayoutError(path, f"the columns {','.join(needed)}", f"{','.join(head)[:200]}")
    flags = [name for name in head if name in ("OBS_FLAG", "CONF_STATUS")]
    more = [name for name in besides if name in head]
    records = delimited.blocks(path, head, [*needed, *more, *flags])
    first = next(records)
    labels = any(":" in cell for cell in delimited.header(path)) or all(
        ":" in first.text(name)[0].as_py() for name in dimensions
    )
    coded = {*dimensions, *more, *flags} - {"LAST UPDATE"} if labels else set()
    return (
        first.text("DATAFLOW")[0].as_py(),
        _observations(first, records, [*dimensions, *more], flags, coded),
    )


def _observations(
    block: delimited.Block | None,
    more: Iterator[delimited.Block],
    names: list[str],
    flags: list[str],
    coded: Collection[str],
) -> Iterator[Cells]:
    data = block and block.text("DATAFLOW")[0]
    while block:
        if not pc.all(pc.equal(block.text("DATAFLOW"), data)).as_py():
            raise LayoutError(block.path, f"the data set {data}", "another besides")
        text = {name: block.text(name) for name in (*names, *flags)}
        for name in coded:
            text[name] = pc.replace_substring_regex(text[name], ":.*$", "")
        at = {name: text[name] for name in names} | {"time": block.text("TIME_PERIOD")}
        flag = pc.binary_join_element_wise(
            pa.repeat("", len(block)), *(text[name] for name in flags), ""
        )
        value = block.number("OBS_VALUE")
        kept = pc.or_(value.is_valid(), pc.not_equal(flag, ""))
        n = len(block)
        if not pc.all(kept).as_py():
            at = {name: text.filter(kept) for name, text in at.items()}
            value, flag = value.filter(kept), flag.filter(kept)
        yield Cells(
            at,
            value,
            pc.ascii_lower(flag),
            block.rows().filter(kept),
            "OBS_VALUE",
            n,
            n - len(value),
        )
        block = next(more, None)


# --- JSON-stat: a sparse cube --------------------------------------------------------------------


def json_stat(path: Path) -> tuple[str, Iterator[Cells]]:
    """Cells of a JSON-stat data set, sparse or full; LayoutError where it is none."""
    raw = delimited.whole(path, LARGEST)
    try:
        cube = json.loads(raw, parse_constant=_refuse)
        names, sizes = cube["id"], cube["size"]
        index = [
            _labels(cube["dimension"][name]["category"], size)
            for name, size in zip(names, sizes, strict=True)
        ]
        np.unravel_index(0, sizes)  # says so if it cannot do them
        value, status = _sparse(cube["value"]), _sparse(cube.get("status", {}))
        place = np.fromiter(map(int, value), np.int64, len(value))
        number = pa.array(value.values(), pa.float64())
        flag = (
            pa.array(map(status.get, value), pa.string())
            if status
            else pa.nulls(len(value), pa.string())
        )
        flagged = [key for key, text in status.items() if text and key not in value]
        place = np.concatenate([place, np.array([*map(int, flagged)], np.int64)])
        number = pa.concat_arrays([number, pa.nulls(len(flagged), pa.float64())])
        flag = pa.concat_arrays(
            [flag, pa.array([status[key].lstrip(f"{MISSING} ") for key in flagged], pa.string())]
        )
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        OverflowError,
        MemoryError,
        pa.ArrowInvalid,
        pa.ArrowTypeError,
    ) as error:
        raise LayoutError(
            path,
            "JSON-stat of one data set",
            f"{type(error).__name__}: {str(error)[:99]}",
            "obtain it again",
        ) from error
    _require_cells(path, names, sizes, place)
    extension = cube.get("extension")
    extension = str(extension.get("id", "")) if isinstance(extension, dict) else ""
    return (_said(path, [extension]) if extension else ""), _cube(
        names, sizes, index, place, number, flag
    )


def _require_cells(path: Path, names: list[str], sizes: list[int], place: Any) -> None:
    """Refuse a cube of other dimensions, or with cells that lie outside of it."""
    if sorted(names) != sorted([*DIMENSIONS, "time"]):
        raise LayoutError(path, f"the dimensions {', '.join(DIMENSIONS)} and time", f"{names}")
    if not len(place) or place.min() < 0 or place.max() >= prod(sizes):
        raise LayoutError(
            path,
            f"cells of 0 to {prod(sizes) - 1}",
            "none" if not len(place) else f"{place.min()} to {place.max()}",
        )


def json_cells(path: Path, wanted: Collection[int]) -> dict[int, raw_records.Record]:
    """Cells of a JSON-stat as they stand: place and text of the figure, and of its flag."""
    text = delimited.whole(path, LARGEST).decode("utf-8-sig")
    cells_of: dict[int, raw_records.Record] = {}
    for name, start, end in _members(text):
        cells = CELL.finditer(text, start + 1, end) if name in ("value", "status") else ()
        for i, (line, match) in enumerate(raw_records.numbered(text, cells)):
            place = int(match["place"] or i)
            if place + 1 in wanted and match["cell"] != "null":
                line, before = cells_of.get(place + 1, (line, ""))[:2]
                shown = f"{before}, {name} {place}: {match['cell']}".removeprefix(", ")
                cells_of[place + 1] = raw_records.Record(line, shown)
    return cells_of


def _members(text: str) -> Iterator[tuple[str, int, int]]:
    """Members of an object in JSON: the name, and where its value starts and ends."""
    decoder, at = json.JSONDecoder(), text.index("{") + 1
    while head := NAME.match(text, at):
        name, start = json.loads(head[1]), head.end()
        at = decoder.raw_decode(text, start)[1]
        yield name, start, at


def _cube(
    names: list[str],
    sizes: list[int],
    index: list[pa.Array],
    place: Any,
    number: pa.Array,
    flag: pa.Array,
) -> Iterator[Cells]:
    for first in range(0, len(place), SLICE):
        here = place[first : first + SLICE]
        value, letters = number.slice(first, SLICE), pc.fill_null(flag.slice(first, SLICE), "")
        kept = pc.or_(value.is_valid(), pc.not_equal(letters, ""))
        at = {
            name: labels.take(pa.array(i)).filter(kept)
            for name, labels, i in zip(names, index, np.unravel_index(here, sizes), strict=True)
        }
        value = value.filter(kept)
        yield Cells(
            at,
            value,
            letters.filter(kept),
            pa.array(here + 1).filter(kept),
            "value",
            len(here),
            len(here) - len(value),
        )


def _sparse(cells: Any) -> dict[str, Any]:
    """Cells by their place, whether the cube is written sparse or in full."""
    if isinstance(cells, list):
        return {str(i): cell for i, cell in enumerate(cells)}
    return cells


def _labels(category: dict[str, Any], size: int) -> pa.Array:
    index = category.get("index", list(category.get("label", {})))
    ordered = index if isinstance(index, list) else sorted(index, key=index.__getitem__)
    places = [*range(size)] if isinstance(index, list) else sorted(index.values())
    if len(ordered) != size or places != [*range(size)]:
        raise ValueError(f"{len(ordered)} categories for a size of {size}")
    return pa.array(ordered, pa.string())


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is no number")
