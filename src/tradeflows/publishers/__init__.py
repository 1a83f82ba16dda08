"""One module a publisher: its `clean` reads one raw file and yields :class:`Part`.

`registry` finds the module of a file, and `reading` has what all of them share, from columns of
text to rows of a table and back to their lines.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

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
    """

    rows: pa.RecordBatch
    records: int
    left_out: Mapping[str, int]
    value: Mapping[str, float] = field(default_factory=dict)
    empty: int = 0
    sorted: bool = False


def control(part: Part) -> dict[str, Any]:
    """Rows and sums of the whole file by flow, where its cleaner states them; else empty."""
    metadata = part.rows.schema.metadata or {}
    return dict(json.loads(metadata.get(b"control", b"{}")))
