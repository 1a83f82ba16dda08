"""When a figure was printed, beside the window that it speaks of: a wrong year is seen by it.

What a page states of a month was printed in the months after. A window that ends after its page was
printed is an expectation or misread, and a single month printed a year later is most likely
that of another year: such a row is refused, unless its entry lists it as confirmed.
"""

from __future__ import annotations

import re

import pyarrow as pa

from tradeflows.model.errors import LayoutError
from tradeflows.model.source import Source

LATE = 11  # months after a month, from which on its figure is refused
PRINTED = re.compile(r"([12]\d{3})(?:-(0[1-9]|1[0-2]))?(?!\d)", re.ASCII)


def months_of_printing(published: str | None) -> range:
    """Months, counted from year 0, in which a page may have been printed; none where not stated.

    Parameters
    ----------
    published
        A day, a month or a year, whatever stands behind it.

    Examples
    --------
    >>> from tradeflows.publishers import placing
    >>> [len(placing.months_of_printing(text)) for text in ("2023-04 (undated)", "2023", "")]
    [1, 12, 0]
    """
    match = PRINTED.match(published or "")
    if not match:
        return range(0)
    months = range(int(match[1]) * 12, int(match[1]) * 12 + 12)
    return months[int(match[2]) - 1 :][:1] if match[2] else months


def require_placed(path: object, source: Source, rows: pa.RecordBatch) -> None:
    """Refuse a figure whose window and printing do not go together, unless it is confirmed.

    Raises
    ------
    LayoutError
        The message names the figure, what was found and what to do.
    """
    names = ["id", "window_start", "window_end", "published", "source_row"]
    for name, first, last, published, record in zip(
        *rows.select(names).to_pydict().values(), strict=True
    ):
        printed = months_of_printing(published)
        if not printed or last is None or name in source.confirmed:
            continue
        start, end = (day and day.year * 12 + day.month - 1 for day in (first, last))
        late = printed[0] - end
        if end > printed[-1]:
            found = f"a window to {last}, printed {published}"
        elif start == end and late >= LATE:
            found = f"the month {last:%Y-%m}, printed {published}: {late} months later"
        else:
            continue
        key = name if re.fullmatch(r"[\w-]+", name, re.ASCII) else f'"{name}"'
        entries = filter(None, [source.id, source.supersedes])  # confirmed in either
        raise LayoutError(
            f"{path}: record {record}, {name}",
            "a window that was over when the page was printed, and a single month printed "
            f"less than {LATE} months after it",
            found,
            f'mend the year, or write confirmed.{key} = "why it is so" in the entry of '
            f"{' or, before its update, of '.join(entries)}",
        )
