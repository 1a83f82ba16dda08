"""Measures: pure functions from frame to frame, named as trade economists name them.

Inputs are frames as :func:`tradeflows.read` gives them, or with only the columns that a measure
needs; rules about a column hold where the column is there. A null stays a null, a sum over a
window with a hole is no figure for the measures that follow (``complete`` is False), and no
result is infinite. Every result carries the sources and the caveats of what it was made from, and
the formulas that :func:`tradeflows.trace` follows back to raw lines.

A `Window` is a year (``"2021"``), a month (``"2022-02"``) or a pair of them, both ends included.
"""

from tradeflows.measures.comparisons import CIF_BAND, difference, gap, growth, index_to_base, yoy
from tradeflows.measures.displacements import displacement, displacement_over
from tradeflows.measures.prices import OUTLIER, price_quantity, unit_value
from tradeflows.measures.scaling import (
    BARRELS_PER_TONNE,
    DAYS_PER_MONTH,
    barrels_per_day,
    convert,
    from_dollars,
    per_month,
    scale,
)
from tradeflows.measures.shares import hhi, lead, rest, share, shares
from tradeflows.measures.sums import baskets, count, mean, peak, stack, sum_parts, total
from tradeflows.model.periods import Window

__all__ = [
    "BARRELS_PER_TONNE",
    "CIF_BAND",
    "DAYS_PER_MONTH",
    "OUTLIER",
    "Window",
    "barrels_per_day",
    "baskets",
    "convert",
    "count",
    "difference",
    "displacement",
    "displacement_over",
    "from_dollars",
    "gap",
    "growth",
    "hhi",
    "index_to_base",
    "lead",
    "mean",
    "peak",
    "per_month",
    "price_quantity",
    "rest",
    "scale",
    "share",
    "shares",
    "stack",
    "sum_parts",
    "total",
    "unit_value",
    "yoy",
]


def __dir__() -> list[str]:
    """What there is to call, and no module."""
    return [*__all__]
