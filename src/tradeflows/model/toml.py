"""TOML that a stranger may have written: whatever is wrong with it is one error of one line."""

import math
import tomllib
from typing import Any


def loads(text: str) -> dict[str, Any]:
    """Tables of a TOML text.

    Raises
    ------
    ValueError
        It is no TOML, nests too deep, or has a number of more digits than Python reads or a
        double holds.

    Examples
    --------
    >>> from tradeflows.model import toml
    >>> toml.loads("scale = 1_000")
    {'scale': 1000}
    """
    try:
        return tomllib.loads(text, parse_float=_number)
    except RecursionError as error:
        raise ValueError("too many brackets within brackets") from error


def _number(text: str) -> float:
    """Return a float; infinite is only what says so."""
    number = float(text)
    if math.isinf(number) and not text.endswith("inf"):
        raise ValueError(f"a number beyond any double: {text[:20]}…")
    return number
