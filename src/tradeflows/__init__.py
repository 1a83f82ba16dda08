"""From a publisher's raw row to a checked sentence: clean public trade statistics and measure them.

``read`` answers a question from the tables that ``tradeflows build`` made; ``measures`` turn
frames into frames; ``charts`` draw them. In a notebook begin with ``find`` and ``flow``, whose
answers show, draw and trace themselves. Importing the package loads none of these.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tradeflows import catalogue, charts, codes, measures, schema, tables
    from tradeflows.cards import rerouting
    from tradeflows.explore import figures, flow, settlement
    from tradeflows.holdings import areas, find, products, sources
    from tradeflows.tables import build, read
    from tradeflows.trace import trace

__version__ = "0.1.0"
_FROM = {  # functions, by the module that has them
    "areas": "holdings", "build": "tables", "figures": "explore", "find": "holdings",
    "flow": "explore", "products": "holdings", "read": "tables", "rerouting": "cards",
    "settlement": "explore", "sources": "holdings",
}  # fmt: skip
__all__ = [
    "areas", "build", "catalogue", "charts", "codes", "figures", "find", "flow", "measures",
    "products", "read", "rerouting", "schema", "settlement", "sources", "tables", "trace",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _FROM:
        return getattr(import_module(f"tradeflows.{_FROM[name]}"), name)
    if name in __all__:
        return import_module(f"tradeflows.{name}")
    raise AttributeError(f"module 'tradeflows' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
