"""What names one source, and so goes on reading it when a newer release supersedes it."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tradeflows import claims
from tradeflows.model import toml
from tradeflows.model.errors import LayoutError
from tradeflows.model.files import save
from tradeflows.model.source import Source
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
    places, release = [], ""
    keys = [("source", source.id)]
    if source.vintage not in UNDATED:  # its release has a day, month or year of its own
        keys.append(("vintage", source.vintage))
        release = f"|vintage *= *(['\"]){re.escape(source.vintage)}\\2"
    pattern = re.compile(f"(['\"]){re.escape(source.id)}\\1{release}")
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        try:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LayoutError(path, "a notebook", str(error)) from error
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        lines = "\n".join(code).splitlines()
        places += [Pin(path.name, line.strip()) for line in lines if pattern.search(line)]
    ledger = claims.path(root)
    if ledger.is_file():
        asked = _readings(ledger).items()
        places += [
            Pin(f"claim {name}", f'{key} = "{text}"')
            for name, readings in asked
            for key, text in keys
            if any(_names(reading, key, text) for reading in readings)
        ]
    return places


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


def _names(asked: dict[str, Any], key: str, text: str) -> bool:
    """Whether a reading asks for `text` by `key`, alone or among others."""
    value = asked.get(key, "")
    return text in (value if isinstance(value, list) else [value])


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
    moved = [
        name
        for name, readings in _readings(ledger).items()
        if any(_names(reading, "source", old) for reading in readings)
    ]
    save({ledger: changed})
    return moved
