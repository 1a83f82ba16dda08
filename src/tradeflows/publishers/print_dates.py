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
PRINTED = re.compile(r"([12]\d{3})(?:-(0[1-9]|1[0-2]))?(?!\d)", re.ASCII)  # year, maybe month


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
        printed = PRINTED.match(published or "")
        if not printed or last is None or name in source.confirmed:
            continue
        year, month = printed.groups()  # of a year alone, any month of it
        end = last.year * 12 + last.month
        late = int(year) * 12 + int(month or 1) - end
        if late + (0 if month else 11) < 0:
            found = f"a window to {last}, printed {published}"
        elif first and (first.year, first.month) == (last.year, last.month) and late >= LATE:
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
