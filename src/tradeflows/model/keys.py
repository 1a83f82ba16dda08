"""Whether two rows of one or more files state the same cell."""

from collections.abc import Mapping
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
        period = batch["ref_period"][0].as_py(), batch["n_months"][0].as_py()
        source = batch["source_id"][0].as_py()
        if (other := self._whole.setdefault(period, source)) != source:
            raise SchemaError(
                f"{other} and {source} both state {period[0]:%Y-%m}, which would be "
                "counted twice; give one, or --to a folder"
            )

    def add(self, batch: pa.RecordBatch) -> None:
        """Take note of the keys of `batch`."""
        self._rows.append(batch["source_row"].to_numpy())
        self._sources += [batch["source_id"][0].as_py()] if len(batch) else [""]
        for name, known in self._words.items():
            column = batch[name]
            if len(known) == 1 and pc.all(pc.equal(column, next(iter(known)))).as_py():
                self._codes[name].append(np.broadcast_to(np.int32(0), len(batch)))
                continue
            encoded = column.dictionary_encode()
            codes = [known.setdefault(word, len(known)) for word in encoded.dictionary.to_pylist()]
            if len(codes) == 1:  # one value takes no room
                self._codes[name].append(np.broadcast_to(np.int32(codes[0]), len(batch)))
            else:
                self._codes[name].append(np.array(codes, np.int32)[encoded.indices.to_numpy()])

    def check(self, files: Mapping[str, Path | str]) -> None:
        """Refuse two rows of one key; `files` by the id of their source.

        Raises
        ------
        SchemaError
            The message names the file, the two records and their cell.
        """
        cell: Any = np.int64(0)
        span = 1
        for name, known in self._words.items():
            if len(known) > 1:
                if span * len(known) >= 2**62:  # start again from as few numbers as there are
                    cell = np.unique(cell, return_inverse=True)[1]
                    span = int(cell.max()) + 1
                cell = cell * len(known) + np.concatenate(self._codes[name])
                span *= len(known)
        cells = np.broadcast_to(cell, sum(map(len, self._rows)))
        order = np.argsort(cells, kind="stable")
        same = np.flatnonzero(np.diff(cells[order]) == 0)
        if len(same):
            at = sorted(order[same[0] : same[0] + 2])
            rows = np.concatenate(self._rows)[at]
            words = {name: [*known] for name, known in self._words.items()}
            place = " ".join(
                str(words[name][np.concatenate(codes)[at[0]]])
                for name, codes in self._codes.items()
            )
            one, other = np.repeat(self._sources, [*map(len, self._rows)])[at]
            both = (
                f"{files[one]}: records {rows[0]} and {rows[1]}"
                if one == other
                else (f"record {rows[0]} of {files[one]} and record {rows[1]} of {files[other]}")
            )
            raise SchemaError(
                f"{both} state the same cell ({place}); {len(same)} cells are stated "
                "more than once; save the file again, or take one of each "
                "out"
            )
