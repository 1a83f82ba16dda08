"""Charts made to be published, and :func:`drawn`, which reads back what they show.

Whatever carries a number is an artist whose ``gid`` is ``row|part|name``; all else is decoration.
"""

from tradeflows.charts.bars import bars, windows
from tradeflows.charts.dots import dots
from tradeflows.charts.export import ChartFiles, css, hand_over, script
from tradeflows.charts.grids import cells, coverage
from tradeflows.charts.numbers import Drawn, alt, drawn, sources
from tradeflows.charts.options import ChartOptions
from tradeflows.charts.ratios import SAYS, ratios
from tradeflows.charts.series import blocks, lines, points, sides
from tradeflows.charts.strips import strips

__all__ = [
    "SAYS",
    "ChartFiles",
    "ChartOptions",
    "Drawn",
    "alt",
    "bars",
    "blocks",
    "cells",
    "coverage",
    "css",
    "dots",
    "drawn",
    "hand_over",
    "lines",
    "points",
    "ratios",
    "script",
    "sides",
    "sources",
    "strips",
    "windows",
]
