"""What became of a file that was cleaned: its counts, and the line that says them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tradeflows.model.keys import Keys
from tradeflows.model.source import Source
from tradeflows.publishers import Part, plausibility

if TYPE_CHECKING:
    import pyarrow as pa

# What the metadata of an output say of each file, beside its name.
COUNTED = ("records", "rows", "left_out", "value", "empty", "flagged")
# Flags of rows that stay, and that somebody should look at.
DOUBTS = (plausibility.TWICE, plausibility.FLAG)


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
        worth = {why: f" (value {value:,.0f})" for why, value in self.value.items()}
        left = [f"{why}: {count:,}{worth.get(why, '')}" for why, count in self.left_out.items()]
        flagged = [f"{word}: {count:,}" for word, count in self.flagged.items()]
        line = f"{self.source.path}: {self.records:,} records, {self.rows:,} rows of "
        line += f"{self.source.table}; left out: {'; '.join(left) or 'nothing'}"
        if self.empty:
            line += f"; {self.empty:,} cells without a figure"
        if flagged:
            line += f"; flagged {', '.join(flagged)}"
        return line + "; held already" * self.is_earlier


def through(
    parts: Iterable[Part], keys: Keys, write: Callable[[pa.RecordBatch], None] | None = None
) -> Iterator[Part]:
    """`parts`, each after its `keys` are noted and its rows given to `write`."""
    for part in parts:
        # Of a sorted part, the cleaner has looked for doubles within the whole file.
        note = keys.note if part.sorted else keys.add
        note(part.rows)
        if write:
            write(part.rows)
        yield part


def tally(source: Source, parts: Iterable[Part]) -> Cleaned:
    """What became of one file, from all its `parts`."""
    records = rows = empty = 0
    left, value, flagged = Counter[str](), Counter[str](), Counter[str]()
    for part in parts:
        records += part.records
        rows += len(part.rows)
        empty += part.empty
        left.update(part.left_out)
        value.update(part.value)
        for counted in part.rows["flags"].value_counts().to_pylist():
            flagged.update(dict.fromkeys(counted["values"].split(), counted["counts"]))
    doubts = {word: flagged[word] for word in DOUBTS if flagged[word]}
    return Cleaned(source, records, rows, dict(left), dict(value), empty, doubts)


def lines(cleaned: Iterable[Cleaned]) -> list[str]:
    """The report: a line a file, and one of the sum where there are several."""
    files = list(cleaned)
    report = [file.line() for file in files]
    if len(files) > 1:
        records, rows = sum(file.records for file in files), sum(file.rows for file in files)
        report.append(f"{len(files)} files: {records:,} records, {rows:,} rows")
    return report
