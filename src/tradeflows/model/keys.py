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
        names = [name for name in schema.key(contract) if name != "source_id"]
        self._words: dict[str, dict[Any, int]] = {name: {} for name in names}
        self._batches: list[tuple[str, np.ndarray, list[np.ndarray]]] = []
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
        """Take note of the keys of `batch`: of each word its place among those met so far."""
        places = []
        for name, known in self._words.items():
            column = batch[name].dictionary_encode()
            words = column.dictionary.to_pylist()
            codes = np.array([known.setdefault(word, len(known)) for word in words], np.int32)
            is_single = len(codes) == 1  # which takes no room
            n, indices = len(column), column.indices.to_numpy()
            if is_single:
                indices = np.broadcast_to(codes, n)
            elif (codes != np.arange(len(codes))).any():  # of the first batch they are the same
                indices = codes[indices]
            places.append(indices)
        source = batch["source_id"][0].as_py() if len(batch) else ""
        self._batches.append((source, batch["source_row"].to_numpy(), places))

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
        starts = np.cumsum([0, *(len(rows) for _, rows, _ in self._batches)])
        columns = (
            (
                np.argsort(sorted(range(len(words)), key=[*words].__getitem__)).astype(np.int32)[
                    np.concatenate([places[at] for _, _, places in self._batches])
                ],
                len(words),
            )
            for at, words in enumerate(self._words.values())
            if len(words) > 1
        )
        cells = number_cells(columns, starts[-1])
        order = np.argsort(cells, kind="stable")
        cells = cells[order]
        same = np.flatnonzero(cells[1:] == cells[:-1])
        if not len(same):
            return order
        stated = []
        for cell in order[same[0] : same[0] + 2]:
            at = np.searchsorted(starts, cell, "right") - 1
            source, rows, places = self._batches[at]
            stated.append((files[source], rows[cell - starts[at]]))
        pairs = zip(self._words.values(), places, strict=True)
        key = " ".join(str([*words][codes[cell - starts[at]]]) for words, codes in pairs)
        (file, row), (other, last) = stated
        apart = f"record {row} of {file} and record {last} of {other}"
        raise SchemaError(
            f"{f'{file}: records {row} and {last}' if file == other else apart} "
            f"state the same cell ({key}); {len(same)} cells are stated more than once; "
            "take one of each out or, where a map reads the file, "
            "let it read the column that tells them apart: a part of a flow by "
            'breakdown = { text = "part={State}" }, where State is the column'
        )


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
