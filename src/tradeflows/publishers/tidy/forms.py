"""Forms in which files write days and periods."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from tradeflows.model.errors import LayoutError
from tradeflows.model.periods import first_day, month_of


@dataclass(frozen=True)
class Period:
    """First day of a period, and its length in months; a day has none."""

    first: date
    months: int = 0

    def ending(self, months: int) -> Period:
        """Return the period of so many months that ends with this one."""
        return Period(first_day(month_of(self.first) + 1 - months), months)

    def last(self) -> date:
        """Return the last day."""
        if not self.months:
            return self.first
        month = first_day(month_of(self.first) + self.months - 1)
        return month.replace(day=monthrange(month.year, month.month)[1])


@dataclass(frozen=True)
class Form:
    """How a period is written: patterns, what it is in words, its length and rhythm.

    A pattern's groups are the year ``y`` and, where there is one, its month ``m``, quarter ``q``
    or half ``h``; a day ``d``, or ``day`` where it stands for its month; the last month of a block,
    ``y2`` and ``m2``; the months since January, ``n``; and the ``next`` year, in which one ends
    that begins in April.
    """

    what: str
    months: int
    freq: str
    patterns: tuple[str, ...]

    def match(self, text: str) -> re.Match[str] | None:
        """The first of its patterns that all of `text` is."""
        matches = (re.fullmatch(pattern, text, re.ASCII) for pattern in self.patterns)
        return next(filter(None, matches), None)

    def read(self, text: str) -> Period | None:
        """The period that `text` states, or None where it is not of this form.

        Raises
        ------
        ValueError
            There is no such day.
        """
        match = self.match(text)
        if not match:
            return None
        part = {name: cell for name, cell in match.groupdict().items() if cell}
        year = int(part["y"])
        if len(part["y"]) == 2:  # 68 is 2068 and 69 is 1969, as POSIX has it
            year += 1900 if year >= 69 else 2000
        if "m" in part:
            return _of_month(year, part)
        if "next" in part:
            is_next = (year + 1) % 100 == int(part["next"])
            return Period(date(year, 4, 1), 12) if is_next else None
        for kind, months in (("q", 3), ("h", 6)):
            if kind in part:
                return Period(date(year, (int(part[kind]) - 1) * months + 1, 1), months)
        return Period(date(year, 1, 1), int(part.get("n", 12)))


def _of_month(year: int, part: dict[str, str]) -> Period | None:
    """The month of a year, the block that it begins, or a day of it; None where it is no month."""
    month = MONTHS.get(part["m"].lower())
    if not month:
        return None
    day = date(year, month, int(part.get("d") or part.get("day") or 1))
    if "d" in part:
        return Period(day)
    last = 12 * (int(part.get("y2", year)) - year) + int(part.get("m2", month))
    return Period(day.replace(day=1), last - month + 1) if last >= month else None


NAMES = "january february march april may june july august september october november december"
MONTHS = {  # by whole name, first three letters and number
    text: number
    for number, name in enumerate(NAMES.split(), start=1)
    for text in (name, name[:3], f"{number}", f"{number:02}")
}
MONTHS["sept"] = 9
Y, M = r"(?P<y>[12]\d{3})", "(?P<m>0[1-9]|1[0-2])"
Y_OR_YY, IN_PRINT = r"(?P<y>[12]\d{3}|\d\d)", r"(?P<y>\d{4})"
NUMBER, NAME = "(?P<m>0?[1-9]|1[0-2])", "(?P<m>[A-Za-z]{3,9})"
YEAR_AND_MONTH = "year and month"
FORMS = {
    "month": Form("a month such as 2023-05", 1, "M", (f"{Y}-{M}",)),
    "yyyymm": Form("a month such as 202305 or 2023M05", 1, "M", (f"{Y}M?{M}",)),
    "month and year": Form("a month such as 05/2023 or 5.2023", 1, "M", (f"{NUMBER}[/.-]{Y}",)),
    # One day for all of a month, as many offices date a monthly figure.
    "day of the month": Form(
        "a month by one of its days, such as 2023-05-31 or 31.05.2023",
        1,
        "M",
        (rf"{Y}-{M}-(?P<day>\d\d)", rf"(?P<day>\d\d?)\.{NUMBER}\.{Y}"),
    ),
    "named month": Form(
        "a month such as May 2023, May-2023 or May-23 (69 to 99 are 1969 to 1999)",
        1,
        "M",
        (f"{NAME}[ -]{Y_OR_YY}",),
    ),
    # The year and the month of two columns, joined here.
    YEAR_AND_MONTH: Form(
        "a year and a month such as 5 or May", 1, "M", (f"{Y}-{NUMBER}", f"{Y_OR_YY}-{NAME}")
    ),
    "quarter": Form("a quarter such as 2023-Q2", 3, "Q", (f"{Y}-Q(?P<q>[1-4])",)),
    # One month, or a block of them.
    "months": Form(
        "a month such as 2023-05, or 2021-01..2021-02",
        0,
        "M",
        (rf"{Y}-{M}(\.\.(?P<y2>[12]\d{{3}})-(?P<m2>0[1-9]|1[0-2]))?",),
    ),
    # The months of a year to the end of this one.
    "year to month": Form("a month such as 2023-05", 0, "M", (f"{Y}-(?P<n>0[1-9]|1[0-2])",)),
    "year": Form("a year such as 2023", 12, "A", (Y,)),
    "april year": Form("a fiscal year such as 2022-23", 12, "A", (rf"{Y}-(?P<next>\d\d)",)),
    # As a person printed it; null where it is vague.
    "printed": Form(
        "",
        0,
        "",
        (
            IN_PRINT,
            f"{IN_PRINT}-{NUMBER}",
            rf"{IN_PRINT}-{NUMBER}-(?P<d>\d\d)",
            f"{IN_PRINT}-Q(?P<q>0?[1-4])",
            f"{IN_PRINT}-H(?P<h>0?[12])",
            rf"first (?P<n>\d{{1,2}}) months {IN_PRINT}",
        ),
    ),
}
RANGE = re.compile(r"\.\.|(?<=\d{4})-(?=\d{4}$)", re.ASCII)


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
    known: dict[str, Period | None] = {}
    made = []
    for at, cell in enumerate(text.to_pylist()):
        if cell not in known:
            try:
                known[cell] = FORMS[form].read(cell)
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


def ends(text: str) -> tuple[str, str]:
    """Return the first and the last of a range such as 2022-02..2023-03, else the text twice."""
    first, *rest = RANGE.split(text, maxsplit=1)
    return first, rest[0] if rest else first
