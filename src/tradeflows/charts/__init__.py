"""Charts made to be published, and :func:`drawn`, which reads back what they show.

Whatever carries a number is an artist whose ``gid`` is ``row|part|name``; all else is decoration.
"""

from tradeflows.charts.bars import bars, windows
from tradeflows.charts.grids import cells, coverage
from tradeflows.charts.look import EVENTS, Look
from tradeflows.charts.ratios import SAYS, ratios
from tradeflows.charts.reading import Drawn, alt, drawn, sources
from tradeflows.charts.series import blocks, lines, panels, points

__all__ = [
    "EVENTS", "SAYS", "Drawn", "Look", "alt", "bars", "blocks", "cells", "coverage", "drawn",
    "lines", "panels", "points", "ratios", "sources", "windows",
]  # fmt: skip
