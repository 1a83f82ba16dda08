"""Where a number in text becomes a number: only digits do, by the marks that a file may have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.publishers import arrow
from tradeflows.publishers.require import Namer, demand, require

BLANKS = "[ \u00a0\u202f]"


def between_thousands(grouping: str) -> str:
    """The pattern of the mark between thousands; a blank may be one that breaks no line."""
    return BLANKS if grouping == " " else re.escape(grouping)


def pattern(decimal: str = ".", grouping: str = "") -> str:
    """The pattern of a whole number cell, without exponent, sign of plus or blanks."""
    whole = rf"(\d{{1,3}}({between_thousands(grouping)}\d{{3}})+|\d+)" if grouping else r"\d+"
    return rf"^-?{whole}({re.escape(decimal)}\d+)?$"


PLAIN_NUMBER, WITH_COMMAS = pattern(), pattern(grouping=",")


def number(
    record: Namer,
    name: str,
    text: pa.Array,
    *,
    absent: Sequence[str] = ("",),
    decimal: str = ".",
    grouping: str = "",
    power: Any = None,
    what: str = "a number",
    todo: str = "",
) -> pa.Array:
    """`text` of column `name` as float64, times ten to `power` (one, or an array).

    Null where a cell is one of `absent`.

    Raises
    ------
    LayoutError
        A cell is no number in these marks, or none that a double holds.
    """
    text = arrow.filled(text, absent)
    demand(record, name, text, pattern(decimal, grouping), what, todo)
    digits = pc.replace_substring_regex(text, between_thousands(grouping), "") if grouping else text
    if decimal != ".":
        digits = pc.replace_substring(digits, decimal, ".")
    if power is not None:
        # It joins the decimal, so that only the result is rounded to a binary float.
        digits = pc.binary_join_element_wise(digits, pc.cast(power, arrow.TEXT), "e")
    figures = pc.cast(digits, pa.float64())
    require(record, pc.is_finite(figures), f"a number in {name} that a double holds", text)
    return figures
