"""The contracts of the four tables as ``contracts.toml`` writes them, which needs no Arrow.

One contract is written in one place: a field's name, type, unit, meaning, SDMX concept, allowed
values and whether it is part of the key. :mod:`tradeflows.model.schema` keeps them.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tradeflows.model import source
from tradeflows.model.codelists import rows_of
from tradeflows.model.errors import QueryError, near

CURRENCIES = tuple(row["code"] for row in rows_of("currencies.csv"))
QUALIFIERS = ("=", "~", "<", "≤", ">", "≥")
# How a number came about: the kinds of those who say it.
WITNESSES = ("office", "as printed", "measured", "reworked", "law", "relay")
# A weight has a field of its own.
UNITS = ("none", *dict.fromkeys(row["unit"] for row in rows_of("units.csv") if row["unit"] != "kg"))
WORDS = {"currencies": CURRENCIES, "qualifiers": QUALIFIERS, "units": UNITS, "witnesses": WITNESSES}


@dataclass(frozen=True)
class Field:
    """What a contract says of one field; the head of ``contracts.toml`` explains it."""

    dtype: str
    note: str
    rule: str = ""
    unit: str = ""
    sdmx: str = ""
    allowed: str | tuple[str, ...] = ()
    least: float | None = None


_WRITTEN = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
FLAGS: dict[str, str] = _WRITTEN["flags"]
ABOUT: dict[str, str] = {table: _WRITTEN[table].pop("about") for table in source.TABLES}
FIELDS = {
    table: {
        name: Field(**entry) for name, entry in (_WRITTEN["provenance"] | _WRITTEN[table]).items()
    }
    for table in source.TABLES
}


def require_columns(table: str, names: Iterable[str]) -> None:
    """Refuse a column that `table` does not have; a table of periods is asked by month, too.

    Raises
    ------
    QueryError
        The message has the nearest.
    """
    source.require_table(table)
    known = [*FIELDS[table]]
    if "ref_period" in known:
        known.append("month")
    for name in names:
        if name not in known:
            raise QueryError(f"{table} has no column {name!r}{near(name, known)}")
