"""From a publisher's raw row to a checked sentence: clean public trade statistics and measure them.

``read`` answers a question from the tables that ``tradeflows build`` made; ``measures`` turn
frames into frames; ``charts`` draw them. Importing the package loads none of these.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tradeflows import catalogue, charts, codes, measures, schema, tables
    from tradeflows.tables import build, read
    from tradeflows.trace import trace

__version__ = "0.1.0"
__all__ = [
    "build", "catalogue", "charts", "codes", "measures", "read", "schema", "tables", "trace",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in ("build", "read"):
        return getattr(import_module("tradeflows.tables"), name)
    if name in __all__:
        return import_module(f"tradeflows.{name}")
    raise AttributeError(f"module 'tradeflows' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
