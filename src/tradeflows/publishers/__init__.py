"""One module a publisher: each function there reads one raw file and yields :class:`Part`."""

from collections.abc import Mapping
from typing import NamedTuple

import pyarrow as pa


class Part(NamedTuple):
    """Some rows of one raw file, by the contract of their table, and what became of the rest.

    Attributes
    ----------
    rows
        A record batch that :func:`tradeflows.schema.conform` made.
    records
        Number of raw records read for it.
    left_out
        Records that gave no row, counted by reason.
    """

    rows: pa.RecordBatch
    records: int
    left_out: Mapping[str, int]
