"""Raw files to rows: a publisher's module, or a map's `tidy`, has a `clean` that yields `Part`.

`registry` finds the module of a file, and `reading` has what all of them share, from columns of
text to rows of a table and back to their lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Part:
    """Some rows of one raw file, by the contract of their table, and what became of the rest.

    Attributes
    ----------
    rows
        A record batch that :func:`tradeflows.model.schema.conform` made.
    records
        Number of raw records read for it.
    left_out
        Records, or parts of one, that reached no row, counted by reason.
    value
        What was left out is worth, by reason, in the publisher's currency; a reason without
        values is not listed.
    empty
        Cells in which the publisher says that it has no figure (":", "N/A", "-").
    sorted
        The cleaner has sorted all rows of the file and found no two of one key.
    control
        Rows and sums of the whole file by flow, where its cleaner states them.
    """

    rows: pa.RecordBatch
    records: int
    left_out: Mapping[str, int]
    value: Mapping[str, float] = field(default_factory=dict)
    empty: int = 0
    sorted: bool = False
    control: Mapping[str, Mapping[str, int | float]] = field(default_factory=dict)
