"""Any tidy CSV: `reading` takes it in, by the map of its entry that `mapping` reads."""

from tradeflows.publishers.tidy.reading import clean, require_map

__all__ = ["clean", "require_map"]
