"""Months and windows: how a person types them, how files write them, and what rows cover."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from numbers import Integral
from typing import TYPE_CHECKING, Any

from tradeflows.model.errors import QueryError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

Window = str | tuple[str, str]

# --- how files write a period ---------------------------------------------------------------------

NAMES = "january february march april may june july august september october november december"
MONTHS = {  # by whole name, first three letters and number
    text: number
    for number, name in enumerate(NAMES.split(), start=1)
    for text in (name, name[:3], f"{number}", f"{number:02}")
}
MONTHS["sept"] = 9
LENGTHS = {"m": 1, "q": 3, "h": 6}  # of a month, a quarter and a half of a year
# What stands in braces in a pattern of a form.
PARTS = {
    "year": r"(?P<y>[12]\d{3})",
    "short year": r"(?P<y>[12]\d{3}|\d\d)",
    "printed year": r"(?P<y>\d{4})",
    "month": "(?P<m>0[1-9]|1[0-2])",
    "number": "(?P<m>0?[1-9]|1[0-2])",
    "name": f"(?P<m>(?i:{'|'.join(filter(str.isalpha, MONTHS))}))",
    "last": r"(?P<y2>[12]\d{3})-(?P<m2>0[1-9]|1[0-2])",
}


@dataclass(frozen=True)
class Period:
    """First day of a period, and its length in months; a day has none."""

    first: date
    months: int = 0

    def ending(self, months: int | None) -> Period:
        """The period of so many months, if that is known, that ends with this one."""
        if not (months and self.first):
            return self
        return Period(first_day(month_of(self.first) + 1 - months), months)

    @property
    def last(self) -> date:
        """The last day."""
        if not self.months:  # a day, or not known
            return self.first
        month = first_day(month_of(self.first) + self.months - 1)
        return month.replace(day=monthrange(month.year, month.month)[1])


VAGUE = Period(None, None)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Form:
    """How files write a period: what it is in words, its length and rhythm, and its patterns."""

    what: str
    months: int
    freq: str
    patterns: tuple[str, ...]

    def match(self, text: str) -> re.Match[str] | None:
        """The first of its patterns that all of `text` is."""
        patterns = (pattern.format_map(PARTS) for pattern in self.patterns)
        matches = (re.fullmatch(pattern, text, re.ASCII) for pattern in patterns)
        return next(filter(None, matches), None)

    def read(self, text: str) -> Period | None:
        """The period that `text` states; None where it is not of this form, or no such day is.

        What a person printed may be vague, which is no fault.
        """
        match = self.match(text)
        if not match:
            return None if self.freq else VAGUE
        part = {name: cell for name, cell in match.groupdict().items() if cell}
        year = int(part["y"])
        if len(part["y"]) == 2:  # 68 is 2068 and 69 is 1969, as POSIX has it
            year += 1900 if year >= 69 else 2000
        first, months = 12 * year + 3 * ("next" in part), int(part.get("n", 12))
        for unit in LENGTHS.keys() & part.keys():  # one at most
            months = LENGTHS[unit]
            first += months * (MONTHS[part[unit].lower()] - 1)
        if "m2" in part:
            months = 12 * int(part["y2"]) + int(part["m2"]) - first
        is_next = int(part.get("next", year + 1)) % 100 == (year + 1) % 100
        if months < 1 or not is_next:
            return None
        try:
            day = first_day(first)
            exact = day.replace(day=int(part.get("d", 1)))
        except ValueError:  # a 30th of February, or the year 0
            return None
        return Period(exact) if "d" in part and not self.months else Period(day, months)


YEAR_AND_MONTH = "year and month"
FORMS = {
    "month": Form("a month such as 2023-05", 1, "M", ("{year}-{month}",)),
    "yyyymm": Form("a month such as 202305 or 2023M05", 1, "M", ("{year}M?{month}",)),
    "month and year": Form("a month such as 05/2023 or 5.2023", 1, "M", ("{number}[/.-]{year}",)),
    # One day for all of a month, as many offices date a monthly figure.
    "day of the month": Form(
        "a month by one of its days, such as 2023-05-31 or 31.05.2023",
        1,
        "M",
        (r"{year}-{month}-(?P<d>\d\d)", r"(?P<d>\d\d?)\.{number}\.{year}"),
    ),
    "named month": Form(
        "a month such as May 2023, May-2023 or May-23 (69 to 99 are 1969 to 1999)",
        1,
        "M",
        ("{name}[ -]{short year}",),
    ),
    # The year and the month of two columns, joined by a stroke.
    YEAR_AND_MONTH: Form(
        "a year and a month such as 5 or May", 1, "M", ("{year}-{number}", "{short year}-{name}")
    ),
    "quarter": Form("a quarter such as 2023-Q2", 3, "Q", ("{year}-Q(?P<q>[1-4])",)),
    "months": Form(
        "a month such as 2023-05, or 2021-01..2021-02", 0, "M", (r"{year}-{month}(\.\.{last})?",)
    ),
    # The months of a year to the end of this one.
    "year to month": Form("a month such as 2023-05", 0, "M", ("{year}-(?P<n>0[1-9]|1[0-2])",)),
    "year": Form("a year such as 2023", 12, "A", ("{year}",)),
    "april year": Form("a fiscal year such as 2022-23", 12, "A", (r"{year}-(?P<next>\d\d)",)),
    "printed": Form(
        "a period in print, such as 2023, 2023-05 or 2023-Q2",
        0,
        "",
        (
            "{printed year}",
            "{printed year}-{number}",
            r"{printed year}-{number}-(?P<d>\d\d)",
            "{printed year}-Q(?P<q>0?[1-4])",
            "{printed year}-H(?P<h>0?[12])",
            r"first (?P<n>\d\d?) months {printed year}",
        ),
    ),
}

# --- what a person types --------------------------------------------------------------------------

MONTH_OF_A_RELEASE = re.compile(r"([1-9]\d{3})-?(0[1-9]|1[0-2])", re.ASCII)
DAY = re.compile(r"[1-9]\d{3}-\d\d-\d\d", re.ASCII)
MONTH_OR_DAY = re.compile(
    r"\b[12]\d{3}-(?:0[1-9]|1[0-2])(?:-[0-3]\d)?\b(?!-)", re.ASCII
)  # in a text
EXPECTED = {
    "month or year": "a month such as 2023-05, or a year",
    "month": "a month such as 2023-05",
    "year": "a year such as 2023",
}


def parse_period(text: object, name: str = "window", *, grain: str = "month or year") -> range:
    """Months, counted from year 0, of a month or a year that a person typed.

    Parameters
    ----------
    text
        ``2023-05`` or ``2023``, a quarter such as ``2023Q2``, a day that has a year and a month
        (``datetime.date``, ``pandas.Timestamp``), or a ``pandas.Period``.
    name
        What it is for, for the message: ``start``, ``period``, …
    grain
        Of :data:`EXPECTED`: which of the two it may be.

    Raises
    ------
    QueryError
        It is neither, or not of this `grain`.
    """
    if hasattr(text, "start_time") and hasattr(text, "end_time"):  # a Period of pandas
        return range(month_of(text.start_time), month_of(text.end_time) + 1)
    is_day = isinstance(text, date) and text == text  # which NaT is not
    typed = f"{text:%Y-%m}" if is_day else str(text)
    forms = [*grain.split(" or "), *(["quarter"] if grain == "month or year" else [])]
    for form in forms:
        quarter = re.sub(r"(?<=^\d{4})(?=Q)", "-", typed.strip().upper())
        period = FORMS[form].read(quarter if form == "quarter" else typed.strip())
        if period:
            first = month_of(period.first)
            return range(first, first + period.months)
    others = (form.read(typed.strip()) for form in FORMS.values() if form.months == 1)
    nearly = next(filter(None, others), None) if grain != "year" else None
    hint = f"; did you mean '{month_text(month_of(nearly.first))}'?" if nearly else ""
    raise QueryError(f"{name}={typed!r}: expected {EXPECTED[grain]}{hint}")


def period_typed(period: Any, name: str, *, last: bool = False) -> str | None:
    """A period however a person has it, as the text of its first or `last` month, or of its year.

    Raises
    ------
    QueryError
        As :func:`parse_period`.
    """
    if period is None or (isinstance(period, str) and "Q" not in period.upper()):
        return period
    months = parse_period(period, name)
    if len(months) == 12 and months[0] % 12 == 0:
        return f"{months[0] // 12}"
    return month_text(months[-1 if last else 0])


def parse_window(start: object, end: object, *, grain: str = "month or year") -> range:
    """Months, counted from year 0, from one month or year that a person typed to another.

    Raises
    ------
    QueryError
        One of them is no month or year, or the end is before the start.
    """
    first = parse_period(start, "start", grain=grain)
    last = parse_period(end, "end", grain=grain)
    if last[-1] < first[0]:
        raise QueryError(f"the end {end} is before the start {start}")
    return range(first[0], last[-1] + 1)


def parse_period_or_window(text: str, name: str) -> range:
    """Months of ``2023``, ``2023-05`` or ``2023-01/2023-05``.

    Raises
    ------
    QueryError
        `text` is none of these, or ends before it starts.
    """
    start, slash, end = text.partition("/")
    try:
        return parse_window(start, end) if slash else parse_period(text, name)
    except QueryError as error:
        raise QueryError(f"{name}={text!r}: expected 2023, 2023-05 or 2023-01/2023-05") from error


def parse_day(text: str) -> date:
    """A day that a person typed as ``2024-06-01``.

    Raises
    ------
    QueryError
        There is no such day.
    """
    if not is_day(text):
        raise QueryError(f"as_of={text!r}: expected a day such as 2024-06-01")
    return date.fromisoformat(text)


def parse_release(text: str) -> str:
    """The day, month or year of a release, as it was typed.

    Raises
    ------
    QueryError
        It is none of these.
    """
    typed = text.strip()
    if not (is_day(text) or FORMS["month"].match(typed) or FORMS["year"].match(typed)):
        raise QueryError(
            f"vintage={text!r}: expected the day, month or year of the release, such as 2024-07-20"
        )
    return text


def day_in_words(day: date) -> str:
    """A day as print has it: 25 January 2025."""
    return f"{day.day} {day:%B %Y}"


def release_in_words(text: str) -> str:
    """A day or a month as print has it: 25 January 2025, June 2024; another text as it is."""
    if is_day(text):
        return day_in_words(date.fromisoformat(text))
    month = MONTH_OF_A_RELEASE.fullmatch(text)
    return month_words(12 * int(month[1]) + int(month[2]) - 1) if month else text


def dates_in_words(text: str) -> str:
    """A text whose days and months are as print has them: 2023-01 is January 2023."""
    return MONTH_OR_DAY.sub(lambda match: release_in_words(match[0]), text)


def window_in_words(first: str, last: str) -> str:
    """From a day, month or year to another: 2022, May 2023, January to May 2023.

    What is no date, such as a season, stays as it is.
    """
    year = first[:4]
    if year == last[:4] and first.endswith("-01") and last.endswith("-12"):
        return year
    start, end = dates_in_words(first), dates_in_words(last)
    if start in ("", end):
        return end
    if year == last[:4]:
        start = start.removesuffix(f" {year}")
    return f"{start} to {end}"


def is_day_or_month(text: str) -> bool:
    """Whether `text` is a day that exists, or a month, as 2024-06 or 202406."""
    return is_day(text) or MONTH_OF_A_RELEASE.fullmatch(text) is not None


def is_day(text: str) -> bool:
    """Whether `text` is a day that exists, as ``2024-06-01``."""
    try:
        return bool(DAY.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def require_months(every: int | None) -> None:
    """Refuse a length of windows that is neither None nor a whole number of months."""
    is_number = isinstance(every, Integral) and not isinstance(every, bool)
    if every is not None and not (is_number and every > 0):
        raise QueryError(f"every={every!r}: expected a number of months, such as 12 for years")


def first_day(month: int) -> date:
    """The first day of a month that is counted from year 0."""
    return date(month // 12, month % 12 + 1, 1)


def month_of(day: date) -> int:
    """The month of a day, counted from year 0; the inverse of :func:`first_day`."""
    return 12 * day.year + day.month - 1


def month_words(month: int) -> str:
    """A month counted from year 0 as March 2022.

    Examples
    --------
    >>> from tradeflows import claims
    >>> claims.month_words(2022 * 12 + 2)
    'March 2022'
    """
    return f"{first_day(month):%B %Y}"


def compact(month: int) -> str:
    """A month as 202305, as publishers have it in names of files and in questions."""
    return f"{month // 12}{month % 12 + 1:02d}"


def month_text(month: int) -> str:
    """A month as 2023-05."""
    return f"{month // 12}-{month % 12 + 1:02d}"


def ends_text(first: int, last: int) -> str:
    """Two months as 2023-05 to 2023-08, or the one that both are."""
    return " to ".join(dict.fromkeys([month_text(first), month_text(last)]))


def first_month(frame: pd.DataFrame) -> pd.Series:
    """Months from year 0 to the first of each period."""
    import pandas as pd

    if frame["ref_period"].isna().any():
        raise QueryError("rows have no ref_period: keep frame.dropna(subset='ref_period')")
    months = frame["ref_period"].to_numpy().astype("datetime64[M]").astype("int64")
    return pd.Series(months + 12 * 1970, frame.index)


def months_of(frame: pd.DataFrame, every: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Each row's place, once a month of it, and each of these months, counted from year 0.

    Or for one of `every` so many months, of which all periods are a multiple.
    """
    import numpy as np

    length = frame["n_months"].to_numpy("int64") // every
    row = np.arange(len(frame)).repeat(length)
    after = np.arange(len(row)) - (length.cumsum() - length)[row]
    return row, first_month(frame).to_numpy("int64")[row] + every * after


def days(months: np.ndarray) -> np.ndarray:
    """First days of months counted as by :func:`first_month`."""
    return (months - 12 * 1970).astype("datetime64[M]").astype("datetime64[D]")


def require_whole_periods(row: np.ndarray, month: np.ndarray, window: np.ndarray) -> None:
    """Refuse a period, the months of a row, that lies in two windows; -1 is outside of all."""
    cut = (row[1:] == row[:-1]) & (window[1:] != window[:-1])
    if cut.any():
        period = runs(month[row == row[1:][cut][0]])
        raise QueryError(
            f"the figure for {period} crosses the edge of a window: choose windows "
            "that hold it whole, or leave it out"
        )


def runs(months: Iterable[int]) -> str:
    """Months in words, those in a row as a range."""
    stated = {*map(int, months)}
    firsts = sorted(month for month in stated if month - 1 not in stated)
    lasts = sorted(month for month in stated if month + 1 not in stated)
    return ", ".join(map(ends_text, firsts, lasts))


def runs_of(months: Any, n: int) -> list[str]:
    """Months of each of n groups in words, of a grouped Series."""
    texts = {group: runs(members) for group, members in months}
    return [texts.get(i, "") for i in range(n)]


def ends_of(window: Window) -> tuple[str, str]:
    """The first and the last year or month of `window`."""
    return (window, window) if isinstance(window, str) else window


def span(window: Window) -> tuple[int, int]:
    """First month of `window`, and the month after its last."""
    months = parse_period(window) if isinstance(window, str) else parse_window(*window)
    return months.start, months.stop


def window_text(window: Window) -> str:
    """A window in words."""
    return runs(range(*span(window)))
