"""The cell that each row states: whether two rows, of one file or several, state the same."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy import ndarray

from tradeflows.model import schema
from tradeflows.model.errors import SchemaError


class Keys:
    """Whether rows repeat a key, learnt batch by batch at some bytes a row.

    Which source states a row is no matter here: two that state one cell would be counted twice.
    """

    def __init__(self, contract: pa.Schema) -> None:
        self._names = [name for name in schema.key(contract) if name != "source_id"]
        self._batches: list[pd.DataFrame] = []
        self._hashes = [pd.Series([], dtype="uint64")]
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
        """Take note of the keys of `batch`, whose words are numbered to take little room."""
        names = ("source_id", *self._names)
        columns = {name: batch[name].dictionary_encode() for name in names}
        frame = pa.table({**columns, "source_row": batch["source_row"]}).to_pandas()
        self._batches.append(frame)
        self._hashes.append(pd.util.hash_pandas_object(frame[self._names], index=False))

    def check(self, files: Mapping[str, Path | str]) -> None:
        """Refuse two rows of one key; `files` by the id of their source.

        Raises
        ------
        SchemaError
            The message names the file, the two records and their cell.
        """
        is_suspect = pd.concat(self._hashes).duplicated(keep=False).to_numpy()
        if not is_suspect.any():
            return
        ends = np.cumsum([len(batch) for batch in self._batches])
        pairs = zip(self._batches, np.split(is_suspect, ends), strict=False)
        frame = pd.concat([batch[mask].astype("object") for batch, mask in pairs])
        is_later = frame.duplicated(self._names).to_numpy()
        if not is_later.any():  # rows of other cells that happen to have one hash
            return
        cell = frame[self._names].iloc[is_later.argmax()]
        same = frame[frame[self._names].eq(cell).all(axis="columns")].iloc[:2]
        (file, first), (other, last) = zip(
            same["source_id"].map(files), same["source_row"], strict=True
        )
        raise SchemaError(
            f"record {first} of {file} and record {last} of {other} "
            f"state the same cell ({' '.join(map(str, cell))}); "
            f"{is_later.sum()} cells are stated more than once; "
            "take one of each out or, where a map reads the file, "
            "let it read the column that tells them apart: a part of a flow by "
            'breakdown = { text = "part={State}" }, where State is the column'
        )


def number_cells(columns: Iterable[tuple[ndarray, int]], n: int) -> ndarray:
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
