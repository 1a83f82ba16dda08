"""The cell that each row states: whether two rows, of one file or several, state the same."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tradeflows.model import schema
from tradeflows.model.errors import SchemaError


class Keys:
    """Whether rows repeat a key, learnt batch by batch at a few bytes a row.

    Which source states a row is no matter here: two that state one cell would be counted twice.
    """

    def __init__(self, contract: pa.Schema) -> None:
        self._names = [name for name in schema.key(contract) if name != "source_id"]
        self._batches: list[pa.RecordBatch] = []
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
        """Take note of the keys of `batch`, each word of them held once."""
        columns = {name: batch[name] for name in ("source_id", "source_row")}
        places = pa.repeat(pa.scalar(0, pa.int32()), len(batch))  # of all columns of one word
        for name in self._names:
            column = batch[name].dictionary_encode()
            if len(column.dictionary) == 1:
                column = pa.DictionaryArray.from_arrays(places, column.dictionary)
            columns[name] = column
        self._batches.append(pa.record_batch(columns))

    def check(self, files: Mapping[str, Path | str]) -> np.ndarray:
        """The order of the rows by their keys, no two of which are the same.

        Parameters
        ----------
        files
            Of each source by its id, as a message names it.

        Raises
        ------
        SchemaError
            The message names the file, the two records and their cell.
        """
        if not self._batches:
            return np.zeros(0, np.int64)
        table = pa.Table.from_batches(self._batches)
        cells = number_cells((_places(table[name]) for name in self._names), len(table))
        order = np.argsort(cells, kind="stable")
        cells = cells[order]
        same = np.flatnonzero(cells[1:] == cells[:-1])
        if not len(same):
            return order
        first, last = table.take(order[same[0] : same[0] + 2]).to_pylist()
        file, other = (files[stated["source_id"]] for stated in (first, last))
        rows = first["source_row"], last["source_row"]
        told = f"record {rows[0]} of {file} and record {rows[1]} of {other}"
        if file == other:
            told = f"{file}: records {rows[0]} and {rows[1]}"
        key = " ".join(str(last[name]) for name in self._names)
        raise SchemaError(
            f"{told} state the same cell ({key}); {len(same)} cells are stated more than once; "
            "take one of each out or, where a map reads the file, "
            "let it read the column that tells them apart: a part of a flow by "
            'breakdown = { text = "part={State}" }, where State is the column'
        )


def _places(column: pa.ChunkedArray) -> tuple[np.ndarray, int]:
    """Of each row the place of its word among those of `column` in their order, and their count."""
    whole = column.unify_dictionaries().combine_chunks()
    words = whole.dictionary.to_pylist()
    rank = np.unique(np.array(words, object), return_inverse=True)[1].astype(np.int32)
    return rank[whole.indices.to_numpy()], len(words)


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
