"""Whose figures a reading rests on, and where on the ledger's page its raw lines stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tradeflows.charts.options import speakers
from tradeflows.claims import ReadingResult, Verdict
from tradeflows.retrieval import catalogue


def source_of(reading: ReadingResult, root: Path) -> str:
    """Whose figures a reading rests on; through whose hands they came is said with their lines."""
    has_rows = "source_id" in reading.frame
    frames = [reading.frame] if has_rows else [*reading.read, reading.frame]
    spoken = joined(speakers(frame) for frame in frames)
    known = catalogue.entries(reading.sources, root).values()
    return " and ".join(dict.fromkeys(catalogue.name_of(*entry, spoken) for entry in known))


def joined(parts: Iterable[Mapping[str, Sequence[str]]]) -> dict[str, list[str]]:
    """The names that several frames have of each source."""
    names: dict[str, list[str]] = {}
    for source, who in (pair for part in parts for pair in part.items()):
        names[source] = list(dict.fromkeys([*names.get(source, []), *who]))
    return names


def anchor(verdict: Verdict, reading: ReadingResult) -> str:
    """The place of the raw lines of one reading on the ledger's page."""
    names = [item.name for item in verdict.readings]
    return f"{verdict.claim.id}-{1 + names.index(reading.name)}"
