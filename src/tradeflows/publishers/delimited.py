"""Names of :mod:`~tradeflows.publishers.reading` for the cleaners that still call it so."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from tradeflows.publishers import reading
from tradeflows.publishers.reading import (
    A_FLOW,
    BLOCK,
    blocks,
    days,
    demand,
    fits,
    flags,
    header,
    rows,
    units,
)

__all__ = [
    "A_FLOW",
    "BLOCK",
    "blocks",
    "days",
    "demand",
    "fits",
    "flags",
    "header",
    "rows",
    "units",
    "words",
]


def words(
    path: Path, name: str, text: pa.Array, meaning: Mapping[str, Any], kind: pa.DataType | None
) -> pa.Array:
    """`text` with each word replaced by its meaning; another word is refused."""
    todo = "list it in the map"
    return reading.words(lambda _: str(path), name, text, meaning, kind, todo)
