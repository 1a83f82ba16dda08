"""A cube of Eurostat's as cells, out of a TSV, an SDMX-CSV or a JSON-stat of one data set."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model.codelists import publisher_words
from tradeflows.model.errors import LayoutError
from tradeflows.publishers import arrow, reading

LARGEST = 512 << 20  # bytes of JSON
DIMENSIONS = ("freq", "siec", "partner", "unit", "geo")
FLAGS = publisher_words("eurostat flag")
FLAG_COLUMNS = ("OBS_FLAG", "CONF_STATUS")
# Columns of an SDMX-CSV in which there are no labels beside the codes.
PLAIN = ("DATAFLOW", "LAST UPDATE", "TIME_PERIOD", "OBS_VALUE", "STRUCTURE", "STRUCTURE_ID")
# The first cell of a TSV, that of a series below it, and a figure.
FIRST = f"{','.join(DIMENSIONS)}\\TIME_PERIOD"
SERIES = f"^{','.join(f'(?P<{name}>[^,]+)' for name in DIMENSIONS)}$"
FIGURE = r"^\s*(?P<value>:|-?\d+(?:\.\d+)?)(?: ?(?P<flag>[a-z]{1,4}))?\s*$"
CELL = re.compile(r'(?:"\s*(?P<place>\d+)\s*"\s*:\s*)?(?P<cell>"[^"]*"|[^\s,\]}]+)')


# The data set that a file names, if it does, and some of its cells: texts by dimension, among them
# ``time`` and ``flag``; ``value``; and where each stands, ``row``, its record, and ``field``.
Cells = tuple[str, pa.RecordBatch]


def tsv(path: Path) -> Iterator[Cells]:
    """Cells of a TSV: a record a series, a column a month, such as "123.4 p" or ": c".

    Raises
    ------
    LayoutError
        It is no such file.
    """
    head = [cell.strip() for cell in reading.header(path, delimiter="\t")]
    if head[0] != FIRST or len(set(head)) < len(head):
        raise LayoutError(path, f"a first cell {FIRST}, and months", f"{head[:3]}")
    months, names = head[1:], ", ".join(DIMENSIONS)
    for block in reading.blocks(path, head, head, "\t"):
        block.demand(FIRST, SERIES, f"5 dimensions ({names})")
        for month in months:
            block.demand(month, FIGURE, 'a figure such as "123.4 p" or ":"')
        record = pa.array(np.tile(np.arange(len(block)), len(months)))
        text = pa.concat_arrays([block.text(month) for month in months])
        value, flag = pc.extract_regex(text, FIGURE).flatten()
        series = pc.extract_regex(block.text(FIRST), SERIES).take(record)
        columns = dict(zip(DIMENSIONS, series.flatten(), strict=True))
        columns["time"] = columns["field"] = arrow.texts(np.repeat(months, len(block)))
        columns["row"] = block.records.take(record)
        columns["value"] = pc.cast(arrow.without(value, pc.equal(value, ":")), pa.float64())
        columns["flag"] = pc.fill_null(flag, "")
        yield "", pa.record_batch(columns)


def sdmx(
    path: Path, dimensions: Sequence[str] = DIMENSIONS, besides: Collection[str] = ()
) -> Iterator[Cells]:
    """Cells of an SDMX-CSV, a record each, by `dimensions` and those of `besides` that it has.

    Labels beside the codes are taken off.

    Raises
    ------
    LayoutError
        It is no such file, or of several data sets.
    """
    head = [cell.partition(":")[0] for cell in reading.header(path)]
    needed = ("DATAFLOW", *dimensions, "TIME_PERIOD", "OBS_VALUE")
    reading.require_header(path, head, needed, (*besides, *FLAG_COLUMNS, *PLAIN))
    data, has_labels = "", False
    for block in reading.blocks(path, head, head):
        columns = {name: block.text(name) for name in head}
        named = columns["DATAFLOW"]
        if not data:  # the first block
            data = named[0].as_py()
            has_labels = all(":" in columns[name][0].as_py() for name in dimensions)
        block.require(pc.equal(named, data), f"the data set {data} alone", named)
        for name in {*head} - {*PLAIN} if has_labels else ():
            columns[name] = pc.replace_substring_regex(columns[name], ":.*$", "")
        letters = [columns[name] for name in FLAG_COLUMNS if name in head]
        flag = pc.binary_join_element_wise(pa.repeat("", len(block)), *letters, "")
        columns["flag"], columns["value"] = pc.ascii_lower(flag), block.number("OBS_VALUE")
        columns["time"], columns["row"] = columns["TIME_PERIOD"], block.records
        columns["field"] = pa.repeat("OBS_VALUE", len(block))
        yield data, pa.record_batch(columns)


class Category(msgspec.Struct):
    """The codes of a dimension of a JSON-stat, in their order or with their places."""

    index: list[str] | dict[str, int] | None = None
    label: dict[str, Any] = {}


class Dimension(msgspec.Struct):
    """A dimension of a JSON-stat."""

    category: Category


class JsonStat(msgspec.Struct):
    """What is read of a JSON-stat; figures and flags by their place, or all of them in a list."""

    id: list[str]
    size: list[int]
    dimension: dict[str, Dimension]
    value: list[float | None] | dict[int, float | None]
    status: list[str | None] | dict[int, str | None] = {}
    extension: dict[str, Any] = {}


FAULTS = (msgspec.MsgspecError, ValueError, KeyError, OverflowError, RecursionError, MemoryError)


def json_stat(path: Path) -> Iterator[Cells]:
    """Cells of a JSON-stat, sparse or full.

    Raises
    ------
    LayoutError
        It is no such file.
    """
    raw = reading.whole(path, LARGEST)
    columns = {}
    try:
        cube = msgspec.json.decode(raw.decode("utf-8-sig"), type=JsonStat)
        if sorted(cube.id) != sorted([*DIMENSIONS, "time"]):
            raise ValueError(f"the dimensions {', '.join(cube.id)}")
        both = [cube.value, cube.status]
        value, status = (dict(enumerate(c)) if isinstance(c, list) else c for c in both)
        flagged = [at for at, letters in status.items() if letters and at not in value]
        places = [*value, *flagged]
        if not places:
            raise ValueError("no cell")
        categories = np.unravel_index(np.array(places, np.int64), cube.size)
        for name, size, category in zip(cube.id, cube.size, categories, strict=True):
            codes = _codes(cube.dimension[name].category, size)
            columns[name] = arrow.texts(codes).take(pa.array(category))
    except FAULTS as error:
        reason = f"{type(error).__name__}: {str(error)[:99]}"
        raise LayoutError(path, "JSON-stat of one data set", reason, "obtain it again") from error
    number = pa.array([value.get(at) for at in places], pa.float64())
    letters = arrow.texts([status.get(at) or "" for at in places])
    columns["flag"] = pc.if_else(number.is_valid(), letters, pc.ascii_ltrim(letters, ": "))
    columns["row"], columns["value"] = pc.add(pa.array(places), 1), number
    columns["field"] = pa.repeat("value", len(places))
    yield cube.extension.get("id", ""), pa.record_batch(columns)


def _codes(axis: Category, size: int) -> list[str]:
    """Return the codes of a dimension in their order."""
    index = axis.index or [*axis.label]
    if isinstance(index, list):
        index = {code: at for at, code in enumerate(index)}
    if len(index) != size or sorted(index.values()) != [*range(size)]:
        raise ValueError(f"{len(index)} categories for a size of {size}")
    return sorted(index, key=index.__getitem__)


def json_cells(path: Path, wanted: Collection[int]) -> dict[int, reading.Record]:
    """Return cells of a JSON-stat as they stand: place and text of the figure, and of its flag."""
    text = reading.whole(path, LARGEST).decode("utf-8-sig")
    found: dict[int, list[tuple[int, str]]] = {}
    for name, raw in msgspec.json.decode(text, type=dict[str, msgspec.Raw]).items():
        member = bytes(raw).decode() if name in ("value", "status") else ""
        start = text.index(member)
        cells = CELL.finditer(text, start + 1, start + len(member))
        for i, (line, match) in enumerate(reading.numbered(text, cells)):
            place = int(match["place"] or i)
            if place + 1 in wanted and match["cell"] != "null":
                shown = f"{name} {place}: {match['cell']}"
                found.setdefault(place + 1, []).append((line, shown))
    return {
        record: reading.Record(both[0][0], ", ".join(shown for _, shown in both))
        for record, both in found.items()
    }
