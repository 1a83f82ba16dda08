"""The cell that each row states: whether two rows, of one file or several, state the same."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import schema
from tradeflows.model.errors import SchemaError


class Keys:
    """Whether rows repeat a key, learnt batch by batch at a few bytes a row.

    Which source states a row is no matter here: two that state one cell would be counted twice.
    """

    def __init__(self, contract: pa.Schema) -> None:
        names = [name for name in schema.key(contract) if name != "source_id"]
        self._words: dict[str, dict[Any, int]] = {name: {} for name in names}
        self._codes: dict[str, list[Any]] = {name: [] for name in self._words}
        self._rows: list[Any] = []
        self._sources: list[str] = []
        self._whole: dict[tuple[Any, Any], str] = {}

    def note(self, batch: pa.RecordBatch) -> None:
        """Take note of the period of `batch`, of a file that states it whole.

        Raises
        ------
        SchemaError
            Another file states it too.
        """
        start, months = batch["ref_period"][0].as_py(), batch["n_months"][0].as_py()
        source = batch["source_id"][0].as_py()
        other = self._whole.setdefault((start, months), source)
        if other != source:
            raise SchemaError(
                f"{other} and {source} both state {start:%Y-%m}, which would be "
                "counted twice; give one, or --to a folder"
            )

    def add(self, batch: pa.RecordBatch) -> None:
        """Take note of the keys of `batch`."""
        self._rows.append(batch["source_row"].to_numpy())
        self._sources += [batch["source_id"][0].as_py()] if len(batch) else [""]
        for name, known in self._words.items():
            self._codes[name].append(_coded(batch[name], known))

    def check(self, files: Mapping[str, Path | str]) -> None:
        """Refuse two rows of one key; `files` by the id of their source.

        Raises
        ------
        SchemaError
            The message names the file, the two records and their cell.
        """
        columns = []
        for name, codes in self._codes.items():
            n_words = len(self._words[name])
            if n_words > 1:
                columns.append((np.concatenate(codes), n_words))
        cells = number_cells(columns, sum(map(len, self._rows)))
        order = np.argsort(cells, kind="stable")
        same = np.flatnonzero(np.diff(cells[order]) == 0)
        if len(same):
            first, second = sorted(order[same[0] : same[0] + 2])
            raise SchemaError(
                f"{self._places(first, second, files)} state the same cell "
                f"({self._cell_text(first)}); {len(same)} cells are stated more than once; "
                "take one of each out or, where a map reads the file, "
                "let it read the column that tells them apart: a part of a flow by "
                'breakdown = { text = "part={State}" }, where State is the column'
            )

    def _places(self, first: int, second: int, files: Mapping[str, Path | str]) -> str:
        """The records at two places, with their files."""
        rows = np.concatenate(self._rows)
        sources = np.repeat(self._sources, [*map(len, self._rows)])
        if sources[first] == sources[second]:
            return f"{files[sources[first]]}: records {rows[first]} and {rows[second]}"
        records = (f"record {rows[at]} of {files[sources[at]]}" for at in (first, second))
        return " and ".join(records)

    def _cell_text(self, place: int) -> str:
        """The key of the row at `place`, in words."""
        texts = []
        for name, codes in self._codes.items():
            words = list(self._words[name])
            texts.append(str(words[np.concatenate(codes)[place]]))
        return " ".join(texts)


def _coded(column: pa.Array, known: dict[Any, int]) -> np.ndarray:
    """Return the place of every row's word in `known`, which learns those that are new."""
    only = next(iter(known)) if len(known) == 1 else None
    if only is not None and pc.all(pc.equal(column, only)).as_py():
        return np.broadcast_to(np.int32(0), len(column))
    encoded = column.dictionary_encode()
    codes = [known.setdefault(word, len(known)) for word in encoded.dictionary.to_pylist()]
    if len(codes) == 1:  # one value takes no room
        return np.broadcast_to(np.int32(codes[0]), len(column))
    return np.array(codes, np.int32)[encoded.indices.to_numpy()]


def number_cells(columns: Iterable[tuple[np.ndarray, int]], n: int) -> np.ndarray:
    """A number for each of `n` rows, equal where all their columns are.

    Parameters
    ----------
    columns
        Of each column the place of every row's word in a list, and how many words that list has.
        The numbers are in the order of the first column, then of the second, and so on.
    """
    cells = np.zeros(n, np.int64)
    n_numbers = 1
    for codes, n_words in columns:
        if n_words < 2:
            continue
        if n_numbers * n_words >= 2**62:  # start again from as few numbers as there are
            distinct, cells = np.unique(cells, return_inverse=True)
            n_numbers = len(distinct)
        cells *= n_words  # in place: of some million rows each copy counts
        cells += codes
        n_numbers *= n_words
    return cells
