"""Who was of the Community when, and whose currency is the euro."""

from __future__ import annotations

from datetime import date

from tradeflows.model import codes

INSIDE = "EU27_2020_INTRA"
# After 1988, the first year that there is.
JOINED = {
    "AUT": date(1995, 1, 1),
    "FIN": date(1995, 1, 1),
    "SWE": date(1995, 1, 1),
    "BGR": date(2007, 1, 1),
    "ROU": date(2007, 1, 1),
    "HRV": date(2013, 7, 1),
} | dict.fromkeys(
    ("CYP", "CZE", "EST", "HUN", "LTU", "LVA", "MLT", "POL", "SVK", "SVN"), date(2004, 5, 1)
)
LEFT = {"GBR": date(2020, 2, 1)}
# The first year in which the euro is a reporter's currency, by the publisher's codes.
EURO_SINCE = dict.fromkeys(
    ("AT", "BE", "DE", "ES", "FI", "FR", "IE", "IT", "LU", "NL", "PT"), 1999
) | {
    "GR": 2001,
    "SI": 2007,
    "CY": 2008,
    "MT": 2008,
    "SK": 2009,
    "EE": 2011,
    "LV": 2014,
    "LT": 2015,
    "HR": 2023,
    "BG": 2026,
}


def uses_euro(reporter: str, year: int) -> bool:
    """Return whether the euro was the currency of a reporter in all of a year."""
    return year >= EURO_SINCE.get(reporter, 9999)


def is_listed_within(area: str) -> bool:
    """Return whether goods of an area were ever listed as trade within the Community."""
    return area in (INSIDE, *LEFT) or codes.contains(INSIDE, area)


def is_within(area: str, day: date) -> bool:
    """Return whether an area was of the Community on a day, as far as its goods are listed so."""
    belonged = JOINED.get(area, date.min) <= day < LEFT.get(area, date.max)
    return belonged and is_listed_within(area)


def is_of_other_trade(kind: str, area: str, period: str) -> bool:
    """Return whether trade of a kind, I or E, cannot be with an area in a period such as 202402.

    Only what is sure counts: the United Kingdom and its parts are listed either way, and what is
    no country may be of both.
    """
    if not area or not codes.is_country(area) or area == "GBR":
        return False
    if kind == "I":
        return not is_listed_within(area)
    if kind == "E" and is_listed_within(area):
        return int(period[:4]) > JOINED.get(area, date.min).year
    return False
