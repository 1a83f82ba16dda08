"""What a map cannot say in a readable line: functions that an entry calls by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from tradeflows.publishers.tidy.cells import Cells

NAMED: Mapping[str, Callable[[Cells], pa.Array]] = {}
