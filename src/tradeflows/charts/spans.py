"""Where a period stands on an axis of days: over its own months, and a figure in their middle."""

import calendar
import re
from collections.abc import Iterable

import pandas as pd

from tradeflows.model.words import in_a_sentence

PERIOD = re.compile(r"(\d{4}-\d\d)(?: to (\d{4}-\d\d))?")
CHANGE = re.compile(r"(\d{4}) vs (\d{4})")  # as a catalogue has a later and an earlier year
KNOWN = re.compile(rf"{PERIOD.pattern}|{CHANGE.pattern}|\d{{4}}")  # which have words
MONTHS = tuple(calendar.month_name)
DATED = re.compile(r"[A-Z]\w+|\d{4}")  # a month or a year in the words of a period
MOST = 3  # runs of months that one number is said to be of
HEAD = re.compile(r"period|Period|.+[,:] period")  # of a column of periods in words
HALF_A_MONTH = 15  # days from the first of a month of any length to its middle


def middle(first_day: pd.Timestamp, months: int) -> pd.Timestamp:
    """The day on which a figure stands that is of so many months from `first_day` on.

    Counted in whole months and half a month.
    """
    day = first_day + pd.DateOffset(months=months // 2)
    half = pd.Timedelta(days=HALF_A_MONTH)
    return day + half if months % 2 else day


def text(first_day: pd.Timestamp, months: int) -> str:
    """A period as a reader says it: "May 2023", "2023", "2021 to 2023", "May to July 2023"."""
    last = first_day + pd.DateOffset(months=months - 1)
    if months == 1:
        return f"{first_day:%B %Y}"
    if months == 12 and first_day.month == 1:
        return f"{first_day:%Y}"
    if months % 12 == 0 and first_day.month == 1:
        return f"{first_day:%Y} to {last:%Y}"
    start = f"{first_day:%B}" if first_day.year == last.year else f"{first_day:%B %Y}"
    return f"{start} to {last:%B %Y}"


def in_words(periods: str) -> str:
    """Periods as tables of the package show them, in words: "2023-01 to 2023-03, 2023-05".

    What is no month or run of months stays as it is.
    """
    return ", ".join(map(_in_words, periods.split(", ")))


def of_number(periods: str) -> str:
    """The period of one number in words: "2021 to 2022", "2019 and 2023".

    Of more than three runs of months it is the first and the last month.
    """
    change = CHANGE.fullmatch(periods)
    if change:
        return f"{change[2]} to {change[1]}"
    parts = [_in_words(part) for part in periods.split(", ")]
    if len(parts) > MOST:
        months = re.findall(r"\d{4}-\d\d", periods)
        first, last = _in_words(months[0]), _in_words(months[-1])
        return f"some months from {first} to {last}"
    return in_a_sentence(parts)


def beyond(name: str, text: str) -> str:
    """The period of a number in words, "" where its name has all months and years of it."""
    dates = set(DATED.findall(text))
    return "" if dates and dates <= set(DATED.findall(name)) else text


def place(text: str) -> str:
    """The number by which a period in words is sorted: its first year and first month.

    >>> place("January to June 2023"), place("2021 and 2023"), place("")
    ('2023.01', '2021.00', '')
    """
    years = re.findall(r"\d{4}", text)
    months = [MONTHS.index(word) for word in re.findall(r"\w+", text) if word in MONTHS]
    return f"{years[0]}.{[*months, 0][0]:02}" if years else ""


def is_said(unit: str, periods: Iterable[str]) -> bool:
    """Whether a unit has all of one period in words that all figures share, and no other year.

    >>> is_said("Mt in 2021", ["2021", "2021"]), is_said("Mt in 2021 or 2023", ["2021"])
    (True, False)
    """
    text, *others = dict.fromkeys(periods)
    years = {*re.findall(r"\b\d{4}\b", unit)}
    return not others and not beyond(unit, text) and years == {*re.findall(r"\d{4}", text)}


def _in_words(period: str) -> str:
    match = PERIOD.fullmatch(period)
    if not match:
        return period
    first, last = (pd.Timestamp(end or match[1]) for end in match.groups())
    return text(first, 12 * (last.year - first.year) + last.month - first.month + 1)
