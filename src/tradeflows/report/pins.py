"""What names one source, and so goes on reading it when a newer release supersedes it."""

import json
import re
from pathlib import Path

from tradeflows import claims
from tradeflows.model import toml
from tradeflows.model.errors import LayoutError
from tradeflows.model.files import save
from tradeflows.model.source import Source
from tradeflows.retrieval.catalogue import UNDATED


def pins(root: Path, source: Source) -> list[tuple[str, str]]:
    """The notebooks and claims of the project that name `source`, or its dated release.

    Each is a place and the line or key of it that does.

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
        places += [(path.name, line.strip()) for line in lines if pattern.search(line)]
    ledger = claims.path(root)
    if ledger.is_file():
        places += [
            (f"claim {name}", f'{key} = "{text}"')
            for key, text in keys
            for name in _claims(ledger, key, text)
        ]
    return places


def _claims(ledger: Path, key: str, text: str) -> list[str]:
    """The claims of which a reading asks for `text` by `key`, alone or among others."""
    try:
        entries = toml.loads(ledger.read_text(encoding="utf-8")).get("claim", {})
        found: dict[str, None] = {}
        for name, entry in entries.items():
            for part in (entry, *entry.get("part", [])):
                for reading in part.get("reading", []):
                    asked = reading.get("read", {}).get(key, "")
                    if text in (asked if isinstance(asked, list) else [asked]):
                        found[name] = None
        return [*found]
    except (OSError, ValueError, AttributeError) as error:
        raise LayoutError(ledger, "a ledger in TOML", str(error)) from error


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
    moved = _claims(ledger, "source", old)
    save({ledger: changed})
    return moved
