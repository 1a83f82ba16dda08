"""TOML that a stranger may have written: whatever is wrong with it is one error of one line."""

import math
import re
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


def loads_apart(text: str, head: str) -> dict[str, Any]:
    """The same, where a wrong table ``[head.NAME]`` spoils no other: its error stands in its place.

    Raises
    ------
    ValueError
        Something outside of these tables is wrong.
    """
    try:
        return loads(text)
    except ValueError:
        lines, of = text.splitlines(keepends=True), [""]
    for line in lines:
        table = re.match(rf"\s*\[+({head}\.)?(\"[^\"]*\"|[\w-]+)[^,\[\]]*\]+\s*(#|$)", line)
        of.append((table[2] if table[1] else "") if table else of[-1])
    parts = {}
    for name in dict.fromkeys(of):  # each line keeps its number, which an error names
        pairs = zip(of[1:], lines, strict=True)
        parts[name] = "".join(line if owner == name else "\n" for owner, line in pairs)
    tables = loads(parts.pop("")) | {head: {}}
    for name, part in parts.items():
        try:
            tables[head] |= loads(part)[head]
        except ValueError as error:
            tables[head][name.strip('"')] = error
    return tables


def _number(text: str) -> float:
    """Return a float; infinite is only what says so."""
    number = float(text)
    if math.isinf(number) and not text.endswith("inf"):
        raise ValueError(f"a number beyond any double: {text[:20]}…")
    return number
