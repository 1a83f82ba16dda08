"""Declarations in the catalogue that a row which a file lacks was a zero."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tradeflows.model import toml
from tradeflows.model.errors import near
from tradeflows.model.periods import parse_window

ALONG = ("partner_iso", "cmd_code", "reporter_iso")
NARROWED_BY = {"reporter": "reporter_iso", "partner": "partner_iso", "flow": "flow_code"}
REQUIRED = ("along", "from", "until")
# What each key of a declaration says; all are texts.
KEYS = {
    "along": f"the column of which the file has every value that was issued: {' or '.join(ALONG)}",
    "from": "the first month or year of which that is said",
    "until": "the last one, and no later than the file",
    "reporter": "only of this reporter's rows",
    "partner": "only of rows with this partner",
    "flow": "only of this flow",
}


@dataclass(frozen=True)
class Absence:
    """What an absent row of one file stands for, along one column and over a span.

    Attributes
    ----------
    along
        The column of which the file holds every value that the publisher issued.
    first, last
        First and last month, counted from year 0.
    where
        Column and value of the rows that this is said of, such as ``reporter_iso``: ``CHN``.
    """

    along: str
    first: int
    last: int
    where: Mapping[str, str]


def absence(entry: Mapping[str, str]) -> Absence:
    """The declaration that a valid `entry` of the catalogue is."""
    where = {NARROWED_BY[key]: value for key, value in entry.items() if key in NARROWED_BY}
    months = parse_window(entry["from"], entry["until"])
    return Absence(entry["along"], months[0], months[-1], where)


def problems(entries: Any) -> Iterator[str]:
    """What is wrong with the key ``absent`` of an entry, in words."""
    example = '{ along = "partner_iso", reporter = "CHN", from = "2016-01", until = "2024-12" }'
    for entry in entries:
        try:
            toml.require_keys(toml.typed(entry, Mapping[str, str], "each"), KEYS, REQUIRED)
            if entry["along"] not in ALONG:
                yield f"absent along {entry['along']!r}{near(entry['along'], ALONG)}"
            absence(entry)
        except ValueError as error:
            yield f"absent: {error}; write it as {example}"


# --- the rows of zeros ----------------------------------------------------------------------------

DECLARED = "declared-zero"  # the flag of a row that no file has
NO_ROW = "no row, a zero as its source declares; beside it"  # before the place of its evidence
AXES = (
    "reporter_iso",
    "partner_iso",
    "partner_role",
    "flow_code",
    "cmd_code",
    "cumulation",
    "breakdown",
)
