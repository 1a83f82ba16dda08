"""Raw files to Parquet (:func:`build`), and Parquet to a tidy frame (:func:`read`).

``build`` runs every catalogued file through its cleaner and writes one Parquet file a table;
``read`` answers a question from one table without mixing what must not be added up.
"""

from tradeflows.model.words import Words
from tradeflows.tables.building import build
from tradeflows.tables.choose_statement import ADD_UP
from tradeflows.tables.files import is_current, last_months, processed, stored
from tradeflows.tables.filters import (
    ALL_GOODS,
    FEW,
    FILTERS,
    PARTS,
    dates_of,
    scan,
)
from tradeflows.tables.query import candidates, question
from tradeflows.tables.releases import family
from tradeflows.tables.select import flags_present, no_nesting, read
from tradeflows.tables.totals import MEASURES, control_totals

__all__ = [
    "ADD_UP",
    "ALL_GOODS",
    "FEW",
    "FILTERS",
    "MEASURES",
    "PARTS",
    "Words",
    "build",
    "candidates",
    "control_totals",
    "dates_of",
    "family",
    "flags_present",
    "is_current",
    "last_months",
    "no_nesting",
    "processed",
    "question",
    "read",
    "scan",
    "stored",
]
