"""Any tidy CSV: `cleaning` takes it in, by the map of its entry that `mapping` reads."""

from tradeflows.publishers.tidy.cleaning import clean
from tradeflows.publishers.tidy.mapping import read_map

__all__ = ["clean", "read_map"]
