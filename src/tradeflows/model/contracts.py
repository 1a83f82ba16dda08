"""The contracts of the four tables as ``contracts.toml`` writes them, which needs no Arrow.

One contract is written in one place: a field's name, type, unit, meaning, SDMX concept, allowed
values and whether it is part of the key. :mod:`tradeflows.model.schema` keeps them.
"""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

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

_WRITTEN = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
FLAGS: dict[str, str] = _WRITTEN["flags"]
ABOUT: dict[str, str] = {table: _WRITTEN[table].pop("about") for table in source.TABLES}
# What is said of each field; the head of ``contracts.toml`` explains it.
FIELDS: dict[str, dict[str, dict[str, Any]]] = {
    table: _WRITTEN["provenance"] | _WRITTEN[table] for table in source.TABLES
}
DAYS: dict[str, dict[str, Any]] = _WRITTEN["days"]


def require_columns(table: str, names: Iterable[str]) -> None:
    """Refuse a column that `table` does not have, with the nearest in the QueryError.

    A table of periods is asked by month, too.
    """
    source.require_table(table)
    known = [*FIELDS[table], *["month"] * ("ref_period" in FIELDS[table])]
    for name in names:
        if name not in known:
            raise QueryError(f"{table} has no column {name!r}{near(name, known)}")
