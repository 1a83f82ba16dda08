"""China's customs: `query_csv` reads what the online query exports, `monthly` the monthly tables."""

from tradeflows.publishers.gacc.query_csv import clean, records

__all__ = ["clean", "records"]
