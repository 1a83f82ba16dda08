"""China's customs: `query` reads what the online query exports, `monthly` the monthly tables."""

from tradeflows.publishers.gacc.query import clean, records

__all__ = ["clean", "records"]
