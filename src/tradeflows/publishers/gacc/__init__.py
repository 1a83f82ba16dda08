"""China's customs: `query_csv` reads exports of the online query, `monthly` the monthly tables."""

from tradeflows.publishers.gacc.query_csv import clean, records

__all__ = ["clean", "records"]
