"""Forms in which files write days and periods."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from tradeflows.model.errors import LayoutError


@dataclass(frozen=True)
class Period:
    """First day of a period, and its length in months; a day has none."""

    first: date
    months: int = 0

    def ending(self, months: int) -> Period:
        """Return the period of so many months that ends with this one."""
        ahead = self.first.year * 12 + self.first.month - months
        return Period(date(ahead // 12, ahead % 12 + 1, 1), months)

    def last(self) -> date:
        """Return the last day."""
        if not self.months:
            return self.first
        ahead = self.first.year * 12 + self.first.month - 1 + self.months - 1
        year, month = divmod(ahead, 12)
        return date(year, month + 1, monthrange(year, month + 1)[1])


Reader = Callable[[str], Period | None]


@dataclass(frozen=True)
class Form:
    """How a period is written: a pattern, what it is in words, its length and rhythm.

    The pattern's groups are the year and, where there is one, a part of it.
    """

    pattern: str
    what: str
    months: int
    freq: str
    first_month: int = 1


YEAR_AND_MONTH = "year and month"
FORMS = {
    "month": Form(r"([12]\d{3})-(0[1-9]|1[0-2])", "a month such as 2023-05", 1, "M"),
    "yyyymm": Form(r"([12]\d{3})M?(0[1-9]|1[0-2])", "a month such as 202305 or 2023M05", 1, "M"),
    # The month, as a number, before the year.
    "month and year": Form(
        r"(0?[1-9]|1[0-2])[/.-]([12]\d{3})", "a month such as 05/2023 or 5.2023", 1, "M"
    ),
    # One day for all of a month, as many offices date a monthly figure.
    "day of the month": Form(
        r"([12]\d{3})-(0[1-9]|1[0-2])-\d\d|\d\d?\.(0?[1-9]|1[0-2])\.[12]\d{3}",
        "a month by one of its days, such as 2023-05-31 or 31.05.2023",
        1,
        "M",
    ),
    # The name of a month, whole or its first three letters, before the year.
    "named month": Form(
        r"([A-Za-z]{3,9})[ -]([12]\d{3}|\d\d)",
        "a month such as May 2023, May-2023 or May-23 (69 to 99 are 1969 to 1999)",
        1,
        "M",
    ),
    # The year and the month of two columns, joined here.
    YEAR_AND_MONTH: Form(
        r"([12]\d{3})-(0?[1-9]|1[0-2]|[A-Za-z]{3,9})", "a year and a month such as 5 or May", 1, "M"
    ),
    "quarter": Form(r"([12]\d{3})-Q([1-4])", "a quarter such as 2023-Q2", 3, "Q"),
    # One month, or a block of them such as 2021-01..2021-02.
    "months": Form("", "a month such as 2023-05, or 2021-01..2021-02", 0, "M"),
    # The months of a year to the end of this one.
    "year to month": Form(r"([12]\d{3})-(0[1-9]|1[0-2])", "a month such as 2023-05", 0, "M"),
    "year": Form(r"([12]\d{3})", "a year such as 2023", 12, "A"),
    "april year": Form(r"([12]\d{3})-\d\d", "a fiscal year such as 2022-23", 12, "A", 4),
    # As a person printed it; null where it is vague.
    "printed": Form("", "", 0, ""),
}


def periods(
    record: Callable[[int], str],
    name: str,
    text: pa.Array,
    form: str,
    lengths: pa.Array | None = None,
) -> list[Period | None]:
    """Return the period that each text states; of a printed one that is vague, None.

    Where there are `lengths`, a text names the last of so many months; `record` names the record
    of a text by its place.

    Raises
    ------
    LayoutError
        A text is not of the form, or there is no such day.
    """
    read = READERS.get(form) or _reader(FORMS[form])
    known: dict[str, Period | None] = {}
    made = []
    for at, cell in enumerate(text.to_pylist()):
        if cell not in known:
            try:
                known[cell] = read(cell)
            except ValueError as error:  # a 30th of February
                expected = f"a day that exists in {name}"
                raise LayoutError(record(at), expected, repr(cell)) from error
        period = known[cell]
        if period is None and form != "printed":
            expected = f"{FORMS[form].what} in {name}"
            raise LayoutError(record(at), expected, repr(cell))
        made.append(period)
    if lengths is None:
        return made
    pairs = zip(made, lengths.to_pylist(), strict=True)
    return [period.ending(months) if period and months else period for period, months in pairs]


def _reader(form: Form) -> Reader:
    pattern = re.compile(form.pattern, re.ASCII)

    def read(text: str) -> Period | None:
        match = pattern.fullmatch(text)
        if not match:
            return None
        part = int(match[2]) - 1 if pattern.groups > 1 else 0
        return Period(date(int(match[1]), form.first_month + part * form.months, 1), form.months)

    return read


def _months(text: str) -> Period | None:
    """Return the period of a month, or of a block of months such as 2021-01..2021-02."""
    month = _reader(FORMS["month"])
    first, *rest = map(month, text.split("..", maxsplit=1))
    last = rest[0] if rest else first
    if not first or not last or last.first < first.first:
        return None
    years = last.first.year - first.first.year
    return Period(first.first, 12 * years + last.first.month - first.first.month + 1)


def _named_month(text: str) -> Period | None:
    """Return the month of a text such as May 2023 or Jan-2023."""
    match = re.fullmatch(FORMS["named month"].pattern, text, re.ASCII)
    month = MONTHS.get(match[1].lower()) if match else None
    return Period(date(_whole_year(match[2]), month, 1), 1) if match and month else None


def _whole_year(digits: str) -> int:
    """Return the year that two digits, or four, are: 68 is 2068 and 69 is 1969, as POSIX has it."""
    year = int(digits)
    return year if len(digits) > 2 else year + (1900 if year >= 69 else 2000)


def _month_and_year(text: str) -> Period | None:
    """Return the month of a text such as 05/2023 or 5.2023."""
    match = re.fullmatch(FORMS["month and year"].pattern, text, re.ASCII)
    return Period(date(int(match[2]), int(match[1]), 1), 1) if match else None


def _day_of_the_month(text: str) -> Period | None:
    """Return the month of a day such as 2023-05-31 or 31.05.2023."""
    if not re.fullmatch(FORMS["day of the month"].pattern, text, re.ASCII):
        return None
    year, month, day = text.split("-") if "-" in text else reversed(text.split("."))
    return Period(date(int(year), int(month), int(day)).replace(day=1), 1)


def _year_and_month(text: str) -> Period | None:
    """Return the month of a text such as 2023-5 or 2023-May."""
    year, _, month = text.partition("-")
    if month.isalpha():
        return _named_month(f"{month} {year}")
    return _reader(FORMS["month"])(f"{year}-{month.zfill(2)}")


def _year_to_month(text: str) -> Period | None:
    month = _reader(FORMS["month"])(text)
    return month and Period(month.first.replace(month=1), month.first.month)


def _april_year(text: str) -> Period | None:
    """Return April to March, if the second year of a text such as 2022-23 is the one after."""
    year = _reader(FORMS["april year"])(text)
    follows = year and (year.first.year + 1) % 100 == int(text[-2:])
    return year if follows else None


RANGE = re.compile(r"\.\.|(?<=\d{4})-(?=\d{4}$)", re.ASCII)
FIRST_MONTHS = re.compile(r"first (\d{1,2}) months (\d{4})", re.ASCII)
PRINTED = re.compile(r"(\d{4})(?:-([QH]?)(0?[1-9]|1[0-2])(?:-(\d\d))?)?", re.ASCII)
NAMES = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
MONTHS = {  # by whole name and first three letters
    text: number for number, name in enumerate(NAMES, start=1) for text in (name, name[:3])
}
MONTHS["sept"] = 9
LENGTHS = {"Q": 3, "H": 6, "": 1}


def printed(text: str) -> Period | None:
    """Return the period of a year, half, quarter, month or day in print; None where it is vague."""
    months = FIRST_MONTHS.fullmatch(text)
    if months:
        return Period(date(int(months[2]), 1, 1), int(months[1]))
    match = PRINTED.fullmatch(text)
    if not match:
        return None
    year, kind, part, day = match.groups()
    if not part:
        return Period(date(int(year), 1, 1), 12)
    length = LENGTHS[kind]
    month = (int(part) - 1) * length + 1
    if month > 12 or (day and kind):
        return None
    if day:
        return Period(date(int(year), month, int(day)))
    return Period(date(int(year), month, 1), length)


def ends(text: str) -> tuple[str, str]:
    """Return the first and the last of a range such as 2022-02..2023-03, else the text twice."""
    first, *rest = RANGE.split(text, maxsplit=1)
    return first, rest[0] if rest else first


READERS: Mapping[str, Reader] = {
    "printed": printed,
    "months": _months,
    "month and year": _month_and_year,
    "day of the month": _day_of_the_month,
    "named month": _named_month,
    YEAR_AND_MONTH: _year_and_month,
    "year to month": _year_to_month,
    "april year": _april_year,
}
