"""From a publisher's raw row to a checked sentence: clean public trade statistics and measure them.

``read`` answers a question from the tables that ``tradeflows build`` made; ``measures`` turn
frames into frames; ``charts`` draw them. In a notebook begin with ``find`` and ``flow``, whose
answers show, draw and trace themselves. Importing the package loads none of these.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # of typing, which takes a tenth of the command's start
if TYPE_CHECKING:
    from typing import Any

    from tradeflows import charts, claims, measures, tables
    from tradeflows.explore.ask import ask, available
    from tradeflows.explore.flow import figures, flow, settlement
    from tradeflows.explore.inventory import areas, find, products, sources
    from tradeflows.explore.rerouting import rerouting
    from tradeflows.model import codes, schema
    from tradeflows.report.claim_cards import cards
    from tradeflows.retrieval import catalogue, comtrade
    from tradeflows.retrieval.project import project
    from tradeflows.tables import build, read
    from tradeflows.tables.trace import trace

__version__ = "0.2.0"
# Each public name, and the module that has it (a function) or that it is.
_FUNCTIONS = {
    "areas": "explore.inventory",
    "ask": "explore.ask",
    "available": "explore.ask",
    "build": "tables",
    "cards": "report.claim_cards",
    "figures": "explore.flow",
    "find": "explore.inventory",
    "flow": "explore.flow",
    "products": "explore.inventory",
    "project": "retrieval.project",
    "read": "tables",
    "rerouting": "explore.rerouting",
    "settlement": "explore.flow",
    "sources": "explore.inventory",
    "trace": "tables.trace",
}
_MODULES = {
    "catalogue": "retrieval.catalogue",
    "charts": "charts",
    "claims": "claims",
    "codes": "model.codes",
    "comtrade": "retrieval.comtrade",
    "measures": "measures",
    "schema": "model.schema",
    "tables": "tables",
}
__all__ = [
    "areas",
    "ask",
    "available",
    "build",
    "cards",
    "catalogue",
    "charts",
    "claims",
    "codes",
    "comtrade",
    "figures",
    "find",
    "flow",
    "measures",
    "products",
    "project",
    "read",
    "rerouting",
    "schema",
    "settlement",
    "sources",
    "tables",
    "trace",
]


def __getattr__(name: str) -> Any:
    if name in _FUNCTIONS:
        return getattr(import_module(f"tradeflows.{_FUNCTIONS[name]}"), name)
    if name in _MODULES:
        return import_module(f"tradeflows.{_MODULES[name]}")
    raise AttributeError(f"module 'tradeflows' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*_FUNCTIONS, "charts", "measures"]  # which have functions of their own
