"""Whose figures a reading rests on, and where on the ledger's page its raw lines stand."""

from __future__ import annotations

from pathlib import Path

from tradeflows.charts.options import speakers
from tradeflows.claims import ReadingResult, Verdict
from tradeflows.model.source import Source
from tradeflows.retrieval import catalogue


def source_of(reading: ReadingResult, root: Path) -> str:
    """Whose figures a reading rests on; through whose hands they came is said with their lines."""
    return " and ".join(dict.fromkeys(name for _, name in publishers_of(reading, root)))


def publishers_of(reading: ReadingResult, root: Path) -> list[tuple[Source, str]]:
    """The sources of a reading, each with its publisher's short name, or those of its rows."""
    has_rows = "source_id" in reading.frame
    spoken: dict[str, dict[str, None]] = {}
    for frame in [reading.frame] if has_rows else [*reading.read, reading.frame]:
        for source, names in speakers(frame).items():
            bare = (name.partition(", via ")[0] for name in names)
            spoken.setdefault(source, {}).update(dict.fromkeys(bare))
    known = catalogue.entries(reading.sources, root).values()
    names_of = {name: [*names] for name, names in spoken.items()}
    return [(source, catalogue.name_of(source, publisher, names_of)) for source, publisher in known]


def anchor(verdict: Verdict, reading: ReadingResult) -> str:
    """The place of the raw lines of one reading on the ledger's page."""
    names = [item.name for item in verdict.readings]
    return f"{verdict.claim.id}-{1 + names.index(reading.name)}"
