"""What a release changed against the one before, for every publisher whose releases are kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from tradeflows.model.keys import number_cells
from tradeflows.model.lineage import full_number

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Change:
    """One figure that differs between two releases.

    Attributes
    ----------
    what
        The cell, for a reader.
    old, new
        The figure in each; None where there is none.
    old_release, new_release
        The days of the two.
    unit
        Of the figures.
    kind
        Whether the newer release added, changed or withdrew the row.
    note
        What else of the cell changed, to stand behind.
    """

    what: str
    old: float | None
    new: float | None
    old_release: str
    new_release: str
    unit: str = ""
    kind: str = "changed"
    note: str = ""

    def __str__(self) -> str:
        """Say the change in a line."""
        old, new = (in_words(figure, self.unit) for figure in (self.old, self.new))
        return (
            f"{self.kind}: {self.what}: {old} ({self.old_release}) -> {new} "
            f"({self.new_release}){self.note}"
        )


def in_words(figure: float | None, unit: str) -> str:
    """A figure in words."""
    return "nothing" if figure is None else f"{full_number(figure)} {unit}"


def largest_first(changes: Iterable[Change]) -> list[Change]:
    """`changes` by their size, those of one size in the order in which they came."""

    def size(change: Change) -> float:
        return -abs((change.new or 0.0) - (change.old or 0.0))

    return sorted(changes, key=size)


def changed(old: pa.Table, new: pa.Table, cell: Sequence[str], figures: Sequence[str]) -> DataFrame:
    """Cells of which a figure differs between two tables, or that only one of them has.

    Parameters
    ----------
    cell
        Columns of text that identify a row; rows of one cell are compared in their order.
    figures
        Columns of numbers.

    Returns
    -------
    DataFrame, one row a changed cell, in the order of its words
        `cell`, ``kind`` (added, changed, withdrawn), and ``…_old`` and ``…_new`` of each figure,
        None where there is none.
    """
    import pandas as pd

    keys = _numbers(old, new, cell)
    n = len(old)
    places = np.union1d(keys[:n], keys[n:])
    at = []
    for part in (keys[:n], keys[n:]):
        row = np.full(len(places), -1)
        row[np.searchsorted(places, part)] = np.arange(len(part))
        at.append(row)
    columns: dict[str, np.ndarray] = {}
    differs = (at[0] < 0) | (at[1] < 0)
    for name in figures:
        pair = []
        for table, row in zip((old, new), at, strict=True):
            values = np.append(table[name].to_numpy().astype("float64"), np.nan)
            pair.append(values[row])
        columns |= {f"{name}_old": pair[0], f"{name}_new": pair[1]}
        differs |= (pair[0] != pair[1]) & ~(np.isnan(pair[0]) & np.isnan(pair[1]))
    changed_at = np.flatnonzero(differs)
    row_of_either = np.where(at[0] < 0, at[1] + n, at[0])
    rows = pa.array(row_of_either[changed_at])
    words = {}
    for name in cell:
        column = _words(old, new, name).take(rows)
        words[name] = column.cast(pa.string()).to_pylist()
    frame = pd.DataFrame(words)
    is_new = at[0][changed_at] < 0
    is_gone = at[1][changed_at] < 0
    frame["kind"] = np.select([is_new, is_gone], ["added", "withdrawn"], "changed")
    for name, values in columns.items():
        figure = pd.Series(values[changed_at], dtype="object")
        frame[name] = figure.where(figure.notna(), None)
    return frame


def _words(old: pa.Table, new: pa.Table, name: str) -> pa.DictionaryArray:
    """A column of both tables, one below the other, numbered by one sorted list of words."""
    numbered = [pa.array([], pa.string()).dictionary_encode()]
    for table in (old, new):
        numbered += [column.dictionary_encode() for column in table[name].chunks]
    parts = [
        pa.DictionaryArray.from_arrays(column.indices.cast(pa.int32()), column.dictionary)
        for column in numbered
    ]
    joined = pa.chunked_array(parts).unify_dictionaries().combine_chunks()
    if isinstance(joined, pa.ChunkedArray):
        joined = joined.chunk(0)
    words = joined.dictionary.to_pylist()
    order = sorted(range(len(words)), key=words.__getitem__)
    place = np.empty(len(words), np.int32)
    place[order] = np.arange(len(words), dtype=np.int32)
    return pa.DictionaryArray.from_arrays(
        pa.array(place[joined.indices.to_numpy()]), pa.array([words[i] for i in order])
    )


def _numbers(old: pa.Table, new: pa.Table, cell: Sequence[str]) -> np.ndarray:
    """A number for each row of both tables; rows of one cell in one table are numbered on."""
    words = (_words(old, new, name) for name in cell)
    columns = ((column.indices.to_numpy(), len(column.dictionary)) for column in words)
    keys = number_cells(columns, len(old) + len(new))
    repeats = np.concatenate([_again(part) for part in np.split(keys, [len(old)])])
    if not repeats.any():
        return keys
    keys = np.unique(keys, return_inverse=True)[1]
    return keys * (int(repeats.max()) + 1) + repeats


def _again(keys: np.ndarray) -> np.ndarray:
    """How many rows of its cell come before each row."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    first = np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1))
    repeats = np.empty(len(keys), np.int64)
    repeats[order] = np.arange(len(keys)) - np.repeat(first, np.diff(first, append=len(keys)))
    return repeats
