"""Who was of the Community when, and whose currency is the euro, as ``eu_members.csv`` lists it."""

from tradeflows.model import codes
from tradeflows.model.codelists import rows_by

INSIDE = "EU27_2020_INTRA"
MEMBERS = rows_by("eu_members.csv", "area")
LEFT = [area for area, row in MEMBERS.items() if row["left"]]


def is_listed_within(area: str) -> bool:
    """Return whether goods of an area were ever listed as trade within the Community."""
    return area in (INSIDE, *LEFT) or codes.contains(INSIDE, area)


def is_within(area: str, day: str) -> bool:
    """Return whether an area was of the Community on a day, as far as its goods are listed so."""
    row = MEMBERS.get(area, {"joined": "", "left": ""})
    return row["joined"] <= day < (row["left"] or "9999") and is_listed_within(area)


def is_of_other_trade(kind: str, area: str, period: str) -> bool:
    """Return whether trade of a kind, I or E, cannot be with an area in a period such as 202402.

    Only what is sure counts: the United Kingdom and its parts are listed either way, and what is
    no country may be of both.
    """
    if not area or not codes.is_country(area) or area in LEFT:
        return False
    if kind == "I":
        return not is_listed_within(area)
    joined = MEMBERS.get(area, {}).get("joined", "")
    return kind == "E" and is_listed_within(area) and period[:4] > joined[:4]
