"""What became of a file that was cleaned: its counts, and the line that says them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, Protocol

from tradeflows.model.keys import Keys
from tradeflows.model.source import Source
from tradeflows.publishers import Part

if TYPE_CHECKING:
    import pyarrow as pa


class Writer(Protocol):
    """What rows are written to."""

    def write(self, rows: pa.RecordBatch) -> None:
        """Add `rows`."""


class Cleaned(NamedTuple):
    """What became of one file: its entry, and counts of records, rows and what was left out.

    It is `held` where an earlier run had written it.
    """

    source: Source
    records: int
    rows: int
    left_out: Mapping[str, int]
    value: Mapping[str, float]
    empty: int
    held: bool = False

    def line(self) -> str:
        """One line that says all of it."""
        left = "; ".join(
            f"{reason}: {count:,}"
            + (f" (value {self.value[reason]:,.0f})" if reason in self.value else "")
            for reason, count in self.left_out.items()
        )
        empty = f"; {self.empty:,} cells without a figure" if self.empty else ""
        again_note = "; held already" if self.held else ""
        return (
            f"{self.source.path}: {self.records:,} records, {self.rows:,} rows of "
            f"{self.source.table}; left out: {left or 'nothing'}{empty}{again_note}"
        )


COUNTED = Cleaned._fields[1:-1]  # what the metadata say of a file, beside its name


def through(parts: Iterable[Part], keys: Keys, sink: Writer | None = None) -> Iterator[Part]:
    """`parts`, each after its `keys` are noted and its rows written."""
    for part in parts:
        if part.sorted:  # a whole file, whose cleaner has looked for doubles within it
            keys.note(part.rows)
        else:
            keys.add(part.rows)
        if sink:
            sink.write(part.rows)
        yield part


def tally(source: Source, parts: Iterable[Part]) -> Cleaned:
    """What became of one file, from all its `parts`."""
    counts, left, value = Counter[str](), Counter[str](), Counter[str]()
    for part in parts:
        counts.update(records=part.records, rows=len(part.rows), empty=part.empty)
        left.update(part.left_out)
        value.update(part.value)
    return Cleaned(
        source, counts["records"], counts["rows"], dict(left), dict(value), counts["empty"]
    )


def lines(cleaned: Iterable[Cleaned]) -> list[str]:
    """The report: a line a file, and one of the sum where there are several."""
    files = list(cleaned)
    total = [
        f"{len(files)} files: {sum(file.records for file in files):,} records, "
        f"{sum(file.rows for file in files):,} rows"
    ]
    return list(chain((file.line() for file in files), total if len(files) > 1 else ()))
