"""When a figure was printed, beside the window that it speaks of: a wrong year is seen by it.

What a page states of a month was printed in the months after. A window that ends after its page was
printed is an expectation or misread, and a single month printed a year later is most likely
that of another year: such a row is refused, unless its entry lists it as confirmed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

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
    january = int(match[1]) * 12
    if not match[2]:
        return range(january, january + 12)
    month = january + int(match[2]) - 1
    return range(month, month + 1)


def require_placed(path: object, source: Source, rows: pa.RecordBatch) -> None:
    """Refuse a figure whose window and printing do not go together, unless it is confirmed.

    Raises
    ------
    LayoutError
        The message names the figure, what was found and what to do.
    """
    names = ("id", "window_start", "window_end", "published", "source_row")
    for row in rows.select(names).to_pylist():
        found = _misplaced(row)
        if found and row["id"] not in source.confirmed:
            key = row["id"] if re.fullmatch(r"[\w-]+", row["id"], re.ASCII) else f'"{row["id"]}"'
            entries = filter(None, [source.id, source.supersedes])  # confirmed in either
            raise LayoutError(
                f"{path}: record {row['source_row']}, {row['id']}",
                "a window that was over when the page was printed, and a single month printed "
                f"less than {LATE} months after it",
                found,
                f'mend the year, or write confirmed.{key} = "why it is so" in the entry of '
                f"{' or, before its update, of '.join(entries)}",
            )


def _misplaced(row: Mapping[str, Any]) -> str:
    """What is wrong with the window of a figure, beside the day of its printing; or empty."""
    printed = months_of_printing(row["published"])
    start, end = (
        row[name] and row[name].year * 12 + row[name].month - 1
        for name in ("window_start", "window_end")
    )
    if not printed or end is None:
        return ""
    when = f"printed {row['published']}"
    if end > printed[-1]:
        return f"a window to {row['window_end']:%Y-%m-%d}, {when}"
    late = printed[0] - end
    if start == end and late >= LATE:
        return f"the month {row['window_end']:%Y-%m}, {when}: {late} months later"
    return ""
