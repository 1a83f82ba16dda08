"""Who was of the Community when, and whose currency is the euro."""

from __future__ import annotations

from datetime import date

from tradeflows.model import codes

INSIDE = "EU27_2020_INTRA"
JOINED = {  # after 1988, the first year that there is
    area: day
    for areas, day in (
        ("AUT FIN SWE", date(1995, 1, 1)),
        ("CYP CZE EST HUN LTU LVA MLT POL SVK SVN", date(2004, 5, 1)),
        ("BGR ROU", date(2007, 1, 1)),
        ("HRV", date(2013, 7, 1)),
    )
    for area in areas.split()
}
LEFT = {"GBR": date(2020, 2, 1)}
# The first year in all of which the euro is a reporter's currency, by the publisher's codes.
EURO_SINCE = {
    code: year
    for year, those in (
        (1999, "AT BE DE ES FI FR IE IT LU NL PT"),
        (2001, "GR"),
        (2007, "SI"),
        (2008, "CY MT"),
        (2009, "SK"),
        (2011, "EE"),
        (2014, "LV"),
        (2015, "LT"),
        (2023, "HR"),
        (2026, "BG"),
    )
    for code in those.split()
}


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
