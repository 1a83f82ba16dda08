"""A user's own files: checked, copied to ``data/raw/local`` and catalogued in ``local.toml``."""

import re
import shutil
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import tomlkit

from tradeflows.model import schema
from tradeflows.model.errors import (
    CatalogueError,
    CodeError,
    LayoutError,
    SchemaError,
    SourceError,
    TradeflowsError,
    near,
)
from tradeflows.model.keys import Keys
from tradeflows.model.periods import parse_release
from tradeflows.model.source import RAW, Publisher, Source, released
from tradeflows.publishers import Part, cleaned, control, delimited, registry
from tradeflows.retrieval import catalogue
from tradeflows.retrieval.catalogue import LOCAL, LOCAL_FOLDER, QUARANTINE, UNDATED
from tradeflows.retrieval.http import RefusedError, locked, write

# Whose statistics a cleaner's files are, where the two have not one name.
OWNER = {"eurostat_energy": "eurostat", "comext": "eurostat"}
NAMES = {
    "ecb": ("European Central Bank", "ECB", "https://www.ecb.europa.eu"),
    "cbr": ("Bank of Russia", "Bank of Russia", "https://www.cbr.ru"),
}
RANK = 9  # after every committed source, unless the user says otherwise


def add(
    paths: Iterable[Path],
    root: Path,
    *,
    vintage: str = UNDATED[0],
    rank: int = RANK,
    **options: str,
) -> list[cleaned.Cleaned]:
    """Catalogue files that a person saved, each after its cleaner has read all of it.

    Parameters
    ----------
    paths
        Files, each of one publisher of :data:`tradeflows.publishers.registry.KNOWN`.
    root
        Project folder.
    vintage
        The day of the release, or its month or year: of two releases the later is taken.
    rank
        Where several sources state one flow, the smallest is taken. A whole month of Comext has
        that of those fetched, 1, unless another is given.
    **options
        What the files do not say, such as ``flow="M"``.

    Returns
    -------
    list of Cleaned
        One entry a file.

    Raises
    ------
    QueryError
        `vintage` is no day.
    LayoutError
        A file looks like none that is known, or like several; or it is not whole.
    SourceError
        The file is catalogued already, or cannot be copied.

    Notes
    -----
    Nothing is kept of a file that is refused, and the files before it stay catalogued.
    """
    if vintage != UNDATED[0]:
        parse_release(vintage, "vintage")
    added = []
    for path in paths:
        _require_utf8_name(path)
        publishers = registry.recognise(path)
        if len(publishers) != 1:
            known = [registry.KNOWN[name].about for name in publishers]
            like = " or ".join(known) or "nothing that is known"
            raise LayoutError(path, "a file of one publisher", f"what looks like {like}")
        added.append(_add(path, publishers[0], root, vintage, rank, options))
    return added


def _require_utf8_name(path: Path) -> None:
    """Refuse a name whose bytes are no UTF-8, which neither pyarrow nor the catalogue can hold."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise SourceError(
            f"{str(path)!a}: the name is not in UTF-8; rename the file, then add it"
        ) from None


def _add(
    path: Path, publisher: str, root: Path, vintage: str, rank: int, options: Mapping[str, str]
) -> cleaned.Cleaned:
    """Check, copy and catalogue one file; its counts."""
    function = registry.publisher_cleaner(publisher, options, [path])
    table = registry.KNOWN[publisher].table
    loose = delimited.uncatalogued(path, publisher, table)
    _once(path, loose, root)
    owner = OWNER.get(publisher, publisher)
    source = replace(
        loose,
        path=f"{LOCAL_FOLDER}/{owner}/{loose.id}{_plain_suffix(path)}",
        publisher=owner,
        kind="published",
        title=f"{registry.KNOWN[publisher].about}: {path.name}",
        vintage=vintage,
        rank=rank,
        retrieved=date.fromtimestamp(path.stat().st_mtime),
        arguments=dict(options),
        steps=f"saved by hand as {path.name}, then `tradeflows add`",
    )
    if month(source):  # one series with those that `tradeflows fetch comext` gets
        source = replace(source, kind="fetched", rank=1 if rank == RANK else rank)
    totals = dict[str, Any]()
    counts = _cleaned(_controlled(function(path, source, **options), totals), path, source)
    source = replace(source, control=totals)
    with locked(root / RAW / LOCAL):
        _once(path, source, root)  # another process may have been faster
        source, newer = link_superseded(source, catalogue.load(root, local=True).values())
        _store(path, source, root)
    rewrite_entries(root, newer)
    return counts._replace(source=source)


def _cleaned(parts: Iterable[Part], path: Path, source: Source) -> cleaned.Cleaned:
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
        _cleaned(registry.cleaner(source)(path, source), path, source)
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

    What superseded the entry supersedes now what that one did. The other entries are not looked
    at, so that a faulty one can be removed too.

    Raises
    ------
    SourceError
        ``local.toml`` has no such entry; the message says if the committed catalogue has.
    CatalogueError
        ``local.toml`` is no TOML file.
    """
    listing = root / RAW / LOCAL
    with locked(listing):
        text = listing.read_text(encoding="utf-8") if listing.exists() else ""
        try:
            entries = tomllib.loads(text).get("source", {})
        except tomllib.TOMLDecodeError as error:
            raise CatalogueError(f"{listing}: not a TOML file: {error}") from error
        if name not in entries:
            raise SourceError(_not_removable(name, entries, root))
        document = tomlkit.parse(text)
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


def _not_removable(name: str, entries: Iterable[str], root: Path) -> str:
    """Why an entry cannot be removed, in words."""
    if name in catalogue.load(root):
        return f"{name} is of the committed catalogue, and not yours to remove with this"
    listing = root / RAW / LOCAL
    return f"{listing}: no source {name!r}{near(name, entries)}"


def _plain_suffix(path: Path) -> str:
    """The ending of a file's name without what no system, or no catalogue, takes."""
    return re.sub(r"[^.A-Za-z0-9]", "", path.suffix) or ".csv"


def _controlled(parts: Iterable[Part], totals: dict[str, Any]) -> Iterator[Part]:
    """`parts`, the file's control totals put into `totals`."""
    for part in parts:
        totals.update(control(part))
        yield part


def month(source: Source) -> str:
    """The month that a file of Comext's in bulk holds whole, as "202402", by its name; or empty."""
    named = re.fullmatch(
        r"(?:.*/)?(?:[\dT]+_)?full_?(?:v2_)?(\d{6})(?:_[0-9a-f]{8})?\.\w+", source.path
    )
    return named[1] if named and source.cleaner == "comext.clean" else ""


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


def _once(path: Path, source: Source, root: Path) -> None:
    """Refuse bytes that are catalogued already."""
    known = catalogue.load(root, local=True).values()
    twin = [other.id for other in known if other.sha256 == source.sha256]
    if twin:
        raise SourceError(f"{path}: these bytes are catalogued already, as {twin[0]}")


def _store(path: Path, source: Source, root: Path) -> None:
    """Copy the file and write its entry, both or neither; the caller holds the lock."""
    file = source.file(root)
    listing = root / RAW / LOCAL
    before = listing.read_text(encoding="utf-8") if listing.exists() else ""
    text = f"{before}\n{catalogue.block('source', source)}"
    if source.publisher not in catalogue.publishers(root, local=True):
        names = NAMES.get(source.publisher, (source.publisher,) * 2 + ("",))
        text += f"\n{catalogue.block('publisher', Publisher(source.publisher, *names))}"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, file)
        write(listing, text)
        catalogue.check(catalogue.load(root, local=True)[source.id], root)
    except (OSError, TradeflowsError) as error:
        with suppress(NotADirectoryError):
            file.unlink(missing_ok=True)
        if before:
            write(listing, before)
        else:
            listing.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise SourceError(f"{path}: cannot be copied to {file} ({error.strerror})") from error
        raise


def record(root: Path, entry: Source) -> bool:
    """Add `entry` to ``local.toml``, unless it is there with its file; the lock is held."""
    path = root / RAW / LOCAL
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if entry.id not in tomllib.loads(text).get("source", {}):
        text = f"{text}\n{catalogue.block('source', entry)}"
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
            _update(sources[name], catalogue.entry_table(entry))
    return tomlkit.dumps(document)


def _update(table: Any, new: Any) -> None:
    """Write into a table of TOML the keys that changed."""
    for key in [key for key in table if key not in new]:
        del table[key]
    for key, value in new.items():
        if key not in table or table[key] != value:
            table[key] = value
