"""Names of :mod:`~tradeflows.publishers.reading` for the cleaners that still call it so."""

from tradeflows.publishers.reading import Record, table
from tradeflows.publishers.workbooks import records as of_workbook

__all__ = ["Record", "of_workbook", "table"]
