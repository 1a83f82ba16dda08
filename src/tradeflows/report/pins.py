"""What names one source, and so goes on reading it when a newer release supersedes it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tradeflows import claims
from tradeflows.model import toml
from tradeflows.model.errors import LayoutError
from tradeflows.model.source import Source
from tradeflows.report.site import save
from tradeflows.retrieval.catalogue import UNDATED


@dataclass(frozen=True)
class Pin:
    """A place that names a source: a notebook or a claim, and the line or key that does."""

    place: str
    text: str


def pins(root: Path, source: Source) -> list[Pin]:
    """The notebooks and the claims of the project that name `source`, or its dated release.

    Raises
    ------
    LayoutError
        A notebook is no JSON, or the ledger no TOML.
    """
    places = []
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        places += [Pin(f"{path.name}", line) for line in _lines_with(path, source)]
    ledger = claims.path(root)
    if ledger.is_file():
        places += _claims_with(ledger, source)
    return places


def _lines_with(path: Path, source: Source) -> Iterator[str]:
    """The lines of code of a notebook that name `source` in quotation marks."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LayoutError(path, "a notebook", str(error)) from error
    release = f"|vintage *= *(['\"]){re.escape(source.vintage)}\\2" if _is_dated(source) else ""
    pattern = re.compile(f"(['\"]){re.escape(source.id)}\\1{release}")
    for cell in cells:
        lines = "".join(cell["source"]).splitlines() if cell["cell_type"] == "code" else []
        yield from (line.strip() for line in lines if pattern.search(line))


def _claims_with(ledger: Path, source: Source) -> list[Pin]:
    """The claims a reading of which asks for the dated release of `source`, or for `source`."""
    keys = [f'source = "{source.id}"']
    if _is_dated(source):
        keys.append(f'vintage = "{source.vintage}"')
    return [
        Pin(f"claim {name}", key)
        for name, readings in _readings(ledger).items()
        for key in keys
        if any(_names(reading, key) for reading in readings)
    ]


def _readings(ledger: Path) -> dict[str, list[dict[str, Any]]]:
    """What each claim's readings ask for."""
    try:
        entries = toml.loads(ledger.read_text(encoding="utf-8")).get("claim", {})
        return {
            name: [reading.get("read", {}) for reading in entry.get("reading", [])]
            for name, entry in entries.items()
        }
    except (OSError, ValueError, AttributeError) as error:
        raise LayoutError(ledger, "a ledger in TOML", str(error)) from error


def _names(asked: dict[str, Any], key: str) -> bool:
    """Whether a reading asks for what `key` says, alone or among others."""
    name, _, text = key.partition(" = ")
    value = asked.get(name, "")
    return text.strip('"') in (value if isinstance(value, list) else [value])


def follow(root: Path, old: str, new: str) -> list[str]:
    """Let the ledger's readings of the source `old` ask for `new`, and return their claims.

    Only what stands in the key ``source`` is changed; every other byte stays.
    """
    ledger = claims.path(root)
    if not ledger.is_file():
        return []
    text = ledger.read_text(encoding="utf-8")

    def renamed(match: re.Match[str]) -> str:
        return match[0].replace(f'"{old}"', f'"{new}"')

    changed = re.sub(r'\bsource\s*=\s*("[^"\n]*"|\[[^\]]*\])', renamed, text)
    if changed == text:
        return []
    key = f'source = "{old}"'
    moved = [
        name
        for name, readings in _readings(ledger).items()
        if any(_names(reading, key) for reading in readings)
    ]
    save({ledger: changed})
    return moved


def _is_dated(source: Source) -> bool:
    """Whether the release of a source has a day, month or year of its own."""
    return source.vintage not in UNDATED
