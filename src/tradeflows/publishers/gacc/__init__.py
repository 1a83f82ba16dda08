"""China's customs: `query` reads what the online query exports, `monthly` the monthly tables."""

from tradeflows.publishers.gacc.query_csv import clean, records

__all__ = ["clean", "records"]
