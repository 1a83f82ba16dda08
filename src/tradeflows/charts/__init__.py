"""Charts made to be published, and :func:`drawn`, which reads back what they show.

Whatever carries a number is an artist whose ``gid`` is ``row|part|name``; all else is decoration.
"""

from tradeflows.charts.bars import bars, strips, windows
from tradeflows.charts.export import ChartFiles, css, hand_over, script
from tradeflows.charts.grids import cells, coverage
from tradeflows.charts.numbers import ChartAxes, ChartPanels, Drawn, alt, drawn, sources
from tradeflows.charts.options import ChartOptions
from tradeflows.charts.series import blocks, lines, points, sides

__all__ = [
    "ChartAxes",
    "ChartFiles",
    "ChartOptions",
    "ChartPanels",
    "Drawn",
    "alt",
    "bars",
    "blocks",
    "cells",
    "coverage",
    "css",
    "drawn",
    "hand_over",
    "lines",
    "points",
    "script",
    "sides",
    "sources",
    "strips",
    "windows",
]


def __dir__() -> list[str]:
    """What there is to call, and no module."""
    return [*__all__]
