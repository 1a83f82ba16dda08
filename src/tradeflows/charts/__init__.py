"""Charts made to be published, and :func:`drawn`, which reads back what they show.

Whatever carries a number is an artist whose ``gid`` is ``row|part|name``; all else is decoration.
"""

from tradeflows.charts.bars import bars, windows
from tradeflows.charts.grids import cells, coverage
from tradeflows.charts.numbers import Drawn, alt, drawn, sources
from tradeflows.charts.ratios import SAYS, ratios
from tradeflows.charts.series import blocks, lines, panels, points
from tradeflows.charts.style import Look

__all__ = [
    "SAYS",
    "Drawn",
    "Look",
    "alt",
    "bars",
    "blocks",
    "cells",
    "coverage",
    "drawn",
    "lines",
    "panels",
    "points",
    "ratios",
    "sources",
    "windows",
]
