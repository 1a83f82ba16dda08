"""A raw file and its publisher, as the catalogue describes them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tradeflows.model.errors import QueryError, near
from tradeflows.model.periods import is_day
from tradeflows.model.words import in_a_sentence

RAW = Path("data", "raw")
TABLES = ("trade", "settlement", "rates", "figures")  # what files are cleaned into
OUTLETS = "news outlets"  # who carried a source whose rows name an outlet each
REPORTER = "reporter"  # who counted a source of which each row's reporter is it
FEW = 4  # of them, whom a line names


def require_table(name: str) -> None:
    """Refuse a table that there is none of, with the nearest in the QueryError."""
    if not isinstance(name, str) or name not in TABLES:
        raise QueryError(f"no table {name!r}{near(f'{name}', TABLES)}")


@dataclass(frozen=True)
class Publisher:
    """Whose statistics a file holds.

    Attributes
    ----------
    id
        One short name of a-z, 0-9 and _: the folder below ``data/raw``, what a source's
        ``publisher`` names, and what ``read(publisher=)`` takes.
    name, short
        In full, and as a chart's footer has it.
    home
        Web site; empty where the entry stands for many publishers, each named in its row.
    """

    id: str
    name: str
    short: str
    home: str


@dataclass(frozen=True)
class Source:
    """One raw file, as ``sources.toml`` describes it; that file's head explains every key."""

    id: str
    path: str
    publisher: str
    title: str
    kind: str
    licence: str
    vintage: str
    retrieved: date
    sha256: str
    bytes: int
    table: str
    cleaner: str
    rank: int
    address: str = ""
    steps: str = ""
    via: str = ""
    supersedes: str = ""
    left_out: str = ""
    note: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    control: Mapping[str, Mapping[str, int | float]] = field(default_factory=dict)
    absent: Sequence[Mapping[str, Any]] = ()
    collector: str = REPORTER
    witness: str = "office"
    interested: bool = False
    confirmed: Mapping[str, str] = field(default_factory=dict)

    def file(self, root: Path) -> Path:
        """Where the file lies in the project folder `root`."""
        return root / RAW / self.path


def released(source: Source) -> str:
    """The day of a source's release or, where it states none, of its retrieval."""
    return source.vintage if is_day(source.vintage) else f"{source.retrieved:%Y-%m-%d}"


def bulk_month(source: Source) -> str:
    """The month that a file of Comext's in bulk holds whole, as "202402", by its name; or empty."""
    named = re.fullmatch(
        r"(?:.*/)?(?:[\dT]+_)?full_?(?:v2_)?(\d{6})(?:_[0-9a-f]{8})?\.\w+", source.path
    )
    return named[1] if named and source.cleaner == "comext.clean" else ""


def carrier_of(source: Source, outlets: Mapping[str, Sequence[str]] = MappingProxyType({})) -> str:
    """The short name of who passed a source on, or what copy it is from; or empty.

    Of news `outlets`, by source, up to :data:`FEW` are named.
    """
    carrier = source.via.partition(" (")[0]
    named = outlets.get(source.id, ())
    return in_a_sentence(named) if carrier == OUTLETS and 0 < len(named) <= FEW else carrier


def with_carrier(
    source: Source, name: str, outlets: Mapping[str, Sequence[str]] = MappingProxyType({})
) -> str:
    """Whose figures a source holds, by `name`, and through whose hands they came."""
    carrier = carrier_of(source, outlets)
    if carrier.startswith("a "):  # a copy, not a name
        return f"{name}, from {carrier}"
    return f"{name}, via {carrier}" if carrier else name
