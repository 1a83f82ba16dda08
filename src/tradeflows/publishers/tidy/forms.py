"""Forms in which files write days and periods."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa

from tradeflows.model.errors import LayoutError


@dataclass(frozen=True)
class Period:
    """First day of a period, and its length in months; a day has none."""

    first: date
    months: int = 0

    def last(self) -> date:
        """Return the last day."""
        if not self.months:
            return self.first
        ahead = self.first.year * 12 + self.first.month - 1 + self.months - 1
        year, month = divmod(ahead, 12)
        return date(year, month + 1, monthrange(year, month + 1)[1])


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


FORMS = {
    "month": Form(r"([12]\d{3})-(0[1-9]|1[0-2])", "a month such as 2023-05", 1, "M"),
    "yyyymm": Form(r"([12]\d{3})(0[1-9]|1[0-2])", "a month such as 202305", 1, "M"),
    "quarter": Form(r"([12]\d{3})-Q([1-4])", "a quarter such as 2023-Q2", 3, "Q"),
    "year": Form(r"([12]\d{3})", "a year such as 2023", 12, "A"),
    "april year": Form(r"([12]\d{3})-\d\d", "a fiscal year such as 2022-23", 12, "A", 4),
    # As a person printed it; null where it is vague.
    "printed": Form("", "", 0, ""),
}


def periods(path: Path, name: str, text: pa.Array, form: str) -> list[Period | None]:
    """Return the period that each text states; of a printed one that is vague, None."""
    read: Callable[[str], Period | None] = printed
    if form != "printed":
        read = _reader(FORMS[form])
    known: dict[str, Period | None] = {}
    made = []
    for record, cell in enumerate(text.to_pylist(), start=1):
        if cell not in known:
            try:
                known[cell] = read(cell)
            except ValueError as error:  # a 30th of February
                expected = f"a day that exists in {name}"
                raise LayoutError(f"{path}: record {record}", expected, repr(cell)) from error
        period = known[cell]
        if period is None and form != "printed":
            expected = f"{FORMS[form].what} in {name}"
            raise LayoutError(f"{path}: record {record}", expected, repr(cell))
        made.append(period)
    return made


def _reader(form: Form) -> Callable[[str], Period | None]:
    pattern = re.compile(form.pattern, re.ASCII)

    def read(text: str) -> Period | None:
        match = pattern.fullmatch(text)
        if not match:
            return None
        part = int(match[2]) - 1 if pattern.groups > 1 else 0
        return Period(date(int(match[1]), form.first_month + part * form.months, 1), form.months)

    return read


RANGE = re.compile(r"\.\.|(?<=\d{4})-(?=\d{4}$)", re.ASCII)
FIRST_MONTHS = re.compile(r"first (\d{1,2}) months (\d{4})", re.ASCII)
PRINTED = re.compile(r"(\d{4})(?:-([QH]?)(0?[1-9]|1[0-2])(?:-(\d\d))?)?", re.ASCII)
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
