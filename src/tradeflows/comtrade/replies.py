"""The replies that are held: their files, and their entries in the user's catalogue."""

import hashlib
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tradeflows import catalogue
from tradeflows.catalogue import LOCAL, LOCAL_FOLDER, RAW, Source
from tradeflows.comtrade.packing import Call
from tradeflows.comtrade.questions import ALL
from tradeflows.fetch import append, locked, write


def folder(root: Path) -> Path:
    """Where the replies lie; made where it is not."""
    path = root / RAW / LOCAL_FOLDER / "comtrade"
    path.mkdir(parents=True, exist_ok=True)
    return path


def box_of(source: Source) -> Call:
    """What the reply of `source` was asked for; its address says it."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(source.address).query).items()}
    names = ("reporterCode", "period", "partnerCode", "cmdCode", "flowCode")
    return Call(*(tuple(query.get(name, ALL).split(",")) for name in names))


def fetched(root: Path) -> list[Source]:
    """Entries of every reply in the user's catalogue."""
    return [source for source in catalogue.load(root, local=True).values()
            if source.kind == "fetched" and source.publisher == "comtrade"]  # fmt: skip


def held(root: Path, releases: Mapping[str, str]) -> dict[str, list[Call]]:
    """Cell to what is held of its present release."""
    held: dict[str, list[Call]] = defaultdict(list)
    for source in fetched(root):
        if source.file(root).exists():
            for cell, release in source.arguments.get("releases", {}).items():
                if releases.get(cell) == release:
                    held[cell].append(box_of(source))
    return held


def record(root: Path, entry: Source) -> bool:
    """Add `entry` to ``local.toml``, unless it is there; the caller holds the lock."""
    path = root / RAW / LOCAL
    if path.exists() and f"[source.{entry.id}]\n" in path.read_text(encoding="utf-8"):
        return False
    append(path, f"\n{catalogue.block('source', entry)}")
    return True


def renew(root: Path, entries: Sequence[Source]) -> None:
    """Write `entries` in the place of what ``local.toml`` has under their ids."""
    with locked(root / RAW / LOCAL):
        text = (root / RAW / LOCAL).read_text(encoding="utf-8")
        for entry in entries:
            start = text.index(f"[source.{entry.id}]\n")
            end = text.find("\n[", start) + 1 or len(text)
            text = f"{text[:start]}{catalogue.block('source', entry)}\n{text[end:]}"
        write(root / RAW / LOCAL, text)


def heal(root: Path) -> None:
    """Finish what a killed run had catalogued but not renamed; remove what it left half-written."""
    with locked(root / RAW / LOCAL):
        for source in fetched(root):
            file = source.file(root)
            for aside in [] if file.exists() else file.parent.glob(f".{file.name}.*.part"):
                if hashlib.sha256(aside.read_bytes()).hexdigest() == source.sha256:
                    aside.replace(file)
    for aside in folder(root).glob(".*.part"):
        if time.time() - aside.stat().st_mtime > 3600:
            aside.unlink(missing_ok=True)
