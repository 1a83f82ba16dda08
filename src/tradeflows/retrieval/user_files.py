"""The user's own catalogue, ``local.toml``: what is written into it, and taken out of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import tomlkit

from tradeflows.model import schema, toml
from tradeflows.model.errors import (
    CodeError,
    LayoutError,
    SchemaError,
)
from tradeflows.model.keys import Keys
from tradeflows.model.source import RAW, Publisher, Source, month, released
from tradeflows.publishers import Part, cleaned, registry
from tradeflows.retrieval import catalogue, entry_text
from tradeflows.retrieval.catalogue import LOCAL, LOCAL_FOLDER, QUARANTINE
from tradeflows.retrieval.http import RefusedError, locked, write

# Publishers whose files are known: name, short name, home.
NAMES = {
    "ecb": ("European Central Bank", "ECB", "https://www.ecb.europa.eu"),
    "cbr": ("Bank of Russia", "Bank of Russia", "https://www.cbr.ru"),
    "gacc": (
        "General Administration of Customs of China",
        "China Customs",
        "http://www.customs.gov.cn",
    ),
    "comtrade": (
        "United Nations Statistics Division, UN Comtrade",
        "UN Comtrade",
        "https://comtradeplus.un.org",
    ),
    "eurostat": (
        "Eurostat, statistical office of the European Union",
        "Eurostat",
        "https://ec.europa.eu/eurostat",
    ),
}


def known_publisher(name: str) -> dict[str, Publisher]:
    """The entry of a publisher whose files are known, by its id; none of another."""
    return {name: Publisher(name, *NAMES[name])} if name in NAMES else {}


def count(parts: Iterable[Part], path: Path, source: Source) -> cleaned.Cleaned:
    """Counts of a file all of whose `parts` keep the contract, and state each cell once."""
    keys = Keys(schema.TABLES[source.table])
    counts = cleaned.tally(source, cleaned.through(parts, keys))
    keys.check({source.id: path})
    return counts


def require_cleanable(path: Path, source: Source) -> None:
    """Refuse a file at `path` that could not be built under the entry `source`.

    Raises
    ------
    LayoutError, CodeError, SchemaError
        What the whole of its cleaner, or the table's contract, has against it.
    """
    try:
        count(registry.cleaner(source)(path, source), path, source)
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        reason = str(error).partition("\n")[0]
        raise LayoutError(path, f"what {source.cleaner} reads", reason) from error


@contextmanager
def quarantine(path: Path, source: Source, root: Path) -> Iterator[None]:
    """Put `path` aside where the block finds that it cannot be built under the entry `source`.

    Raises
    ------
    RefusedError
        With what is wrong, and where the file is kept: for a person to look at, and for no build.
    """
    aside = root / RAW / LOCAL_FOLDER / QUARANTINE / Path(source.path).name
    try:
        yield
    except (LayoutError, CodeError, SchemaError) as error:
        aside.parent.mkdir(parents=True, exist_ok=True)
        path.replace(aside)
        reason = str(error).replace(str(path), source.path)
        kept = aside.relative_to(root).as_posix()
        raise RefusedError(f"{reason}; what came is kept in {kept}, and not used") from error
    aside.unlink(missing_ok=True)


def remove(name: str, root: Path) -> Path:
    """Take the entry `name` out of ``local.toml`` and remove its file; the path of the file.

    What superseded the entry supersedes now what that one did. Errors are those of
    :func:`tradeflows.retrieval.catalogue.own_entries`.
    """
    listing = root / RAW / LOCAL
    with locked(listing):
        entries = catalogue.own_entries(name, root)
        document = tomlkit.parse(listing.read_text(encoding="utf-8"))
        sources: Any = document["source"]
        del sources[name]
        before = entries[name].get("supersedes", "")
        for other in sources:
            if sources[other].get("supersedes") == name:
                sources[other]["supersedes"] = before
        write(listing, tomlkit.dumps(document))
    file = root / RAW / str(entries[name].get("path", ""))
    if (root / RAW / LOCAL_FOLDER).resolve() in file.resolve().parents:
        file.unlink(missing_ok=True)
    return file


def link_superseded(source: Source, known: Iterable[Source]) -> tuple[Source, list[Source]]:
    """`source` with the release that it supersedes, and the next one, which supersedes `source`.

    Of others than Comext's months no name says what they restate; they supersede nothing.
    """
    releases = [other for other in known if month(source) and month(other) == month(source)]
    order = sorted(releases, key=released)
    older = [other for other in order if released(other) <= released(source)]
    newer = [
        replace(other, supersedes=source.id)
        for other in order[len(older) :][:1]
        if other.path.startswith(LOCAL_FOLDER)
    ]
    return replace(source, supersedes=older[-1].id if older else ""), newer


def record(root: Path, entry: Source) -> bool:
    """Add `entry` to ``local.toml``, unless it is there with its file; the lock is held."""
    path = root / RAW / LOCAL
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if entry.id not in toml.loads(text).get("source", {}):
        text = f"{text}\n{entry_text.block('source', entry)}"
        if entry.publisher not in catalogue.publishers(root, local=True):
            for publisher in known_publisher(entry.publisher).values():
                text += f"\n{entry_text.block('publisher', publisher)}"
    elif entry.file(root).exists():
        return False
    else:  # of bytes that somebody removed
        text = _with_entries(text, {entry.id: entry})
    # Anew and renamed: who reads while a line is added to a file may see half of it.
    write(path, text)
    return True


def rewrite_entries(root: Path, entries: Sequence[Source]) -> None:
    """Write `entries` in the place of what ``local.toml`` has under their ids."""
    if not entries:
        return
    path = root / RAW / LOCAL
    with locked(path):
        text = path.read_text(encoding="utf-8")
        write(path, _with_entries(text, {entry.id: entry for entry in entries}))


def _with_entries(text: str, entries: Mapping[str, Source | None]) -> str:
    """``local.toml`` with `entries` in the place of those of their ids; None takes one away.

    Keys that stay as they are keep their lines, and a person's comments theirs. An id that was
    taken out by hand meanwhile stays out.
    """
    document = tomlkit.parse(text)
    sources: Any = document.get("source", {})
    for name, entry in entries.items():
        if name not in sources:
            continue
        if entry is None:
            del sources[name]
        else:
            _update(sources[name], entry_text.entry_table(entry))
    return tomlkit.dumps(document)


def _update(table: Any, new: Any) -> None:
    """Write into a table of TOML the keys that changed."""
    for key in [key for key in table if key not in new]:
        del table[key]
    for key, value in new.items():
        if key not in table or table[key] != value:
            table[key] = value
