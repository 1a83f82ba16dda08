"""What became of a file that was cleaned: its counts, and the line that says them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tradeflows.model.keys import Keys
from tradeflows.model.source import Source
from tradeflows.publishers import Part, plausibility

if TYPE_CHECKING:
    import pyarrow as pa

# What the metadata of an output say of each file, beside its name.
COUNTED = ("records", "rows", "left_out", "value", "empty", "flagged")
# Flags of rows that stay, and that somebody should look at.
DOUBTS = (plausibility.TWICE, plausibility.FLAG)


class Writer(Protocol):
    """What rows are written to."""

    def write(self, rows: pa.RecordBatch) -> None:
        """Add `rows`."""


@dataclass(frozen=True)
class Cleaned:
    """What became of one file: its entry, and counts of records, rows and what was left out.

    What is `flagged` is counted by flag. It `is_earlier` where an earlier run had written it.
    """

    source: Source
    records: int
    rows: int
    left_out: Mapping[str, int]
    value: Mapping[str, float]
    empty: int
    flagged: Mapping[str, int] = field(default_factory=dict)
    is_earlier: bool = False

    def line(self) -> str:
        """One line that says all of it."""
        reasons = []
        for reason, count in self.left_out.items():
            worth = f" (value {self.value[reason]:,.0f})" if reason in self.value else ""
            reasons.append(f"{reason}: {count:,}{worth}")
        left = "; ".join(reasons) or "nothing"
        empty = f"; {self.empty:,} cells without a figure" if self.empty else ""
        counts = [f"{word}: {count:,}" for word, count in self.flagged.items()]
        flagged = f"; flagged {', '.join(counts)}" if counts else ""
        earlier = "; held already" if self.is_earlier else ""
        read = f"{self.source.path}: {self.records:,} records"
        written = f"{self.rows:,} rows of {self.source.table}"
        return f"{read}, {written}; left out: {left}{empty}{flagged}{earlier}"


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
    counts, left, value, flagged = (Counter[str]() for _ in range(4))
    for part in parts:
        counts.update(records=part.records, rows=len(part.rows), empty=part.empty)
        left.update(part.left_out)
        value.update(part.value)
        for counted in part.rows["flags"].value_counts().to_pylist():
            for word in counted["values"].split():
                flagged[word] += counted["counts"]
    return Cleaned(
        source,
        counts["records"],
        counts["rows"],
        dict(left),
        dict(value),
        counts["empty"],
        {word: flagged[word] for word in DOUBTS if flagged[word]},
    )


def lines(cleaned: Iterable[Cleaned]) -> list[str]:
    """The report: a line a file, and one of the sum where there are several."""
    files = list(cleaned)
    report = [file.line() for file in files]
    if len(files) > 1:
        records = sum(file.records for file in files)
        rows = sum(file.rows for file in files)
        report.append(f"{len(files)} files: {records:,} records, {rows:,} rows")
    return report
