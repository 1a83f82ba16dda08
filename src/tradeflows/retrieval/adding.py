"""Files that a person saved: checked, copied below ``data/raw`` and catalogued.

They are the user's own, in ``data/raw/local`` with an entry beside each, unless they are to be
committed with the project: then they lie below their publisher's folder, and ``sources.toml`` has
the entry.
"""

import math
import re
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa

from tradeflows.model import schema
from tradeflows.model.errors import (
    CatalogueError,
    LayoutError,
    QueryError,
    SourceError,
    TradeflowsError,
)
from tradeflows.model.files import sweep, temporary
from tradeflows.model.periods import parse_release
from tradeflows.model.source import RAW, Publisher, Source, bulk_month
from tradeflows.publishers import Part, cleaned, reading, registry
from tradeflows.retrieval import catalogue, releases
from tradeflows.retrieval.catalogue import COMMITTED, LOCAL_FOLDER, UNDATED, is_own
from tradeflows.retrieval.http import locked, write
from tradeflows.retrieval.maps import Template
from tradeflows.retrieval.sketch import agreement
from tradeflows.retrieval.user_files import PUBLISHERS, block, count, remove, write_entry

# Whose statistics a cleaner's files are, where the two have not one name.
OWNER = {"eurostat_energy": "eurostat", "comext": "eurostat"}
# What a build takes of a file that a map reads, which it holds whole: bytes a byte, and a line.
FOR_A_BYTE, FOR_A_LINE = 2, 250
MEMORY, CONTAINER = Path("/proc/meminfo"), Path("/sys/fs/cgroup/memory.max")
AVAILABLE = re.compile(r"MemAvailable:\s*(\d+) kB")
RANK = 9  # of the user's own, after every committed source, unless the user says otherwise


def add(
    paths: Iterable[Path],
    root: Path,
    *,
    vintage: str = UNDATED[0],
    rank: int | None = None,
    template: Template | None = None,
    commit: bool = False,
    about: Mapping[str, str] | None = None,
    **options: str,
) -> list[cleaned.Cleaned]:
    """Catalogue files that a person saved in the project `root`, each once all of it was read.

    Parameters
    ----------
    paths
        Files of the publishers of :data:`tradeflows.publishers.registry.KNOWN`, or all of the kind
        that `template` describes, a map that :func:`tradeflows.retrieval.maps.read` returned.
    vintage
        The day of the release, or its month or year: of two releases the later is taken.
    rank
        Where several sources state one flow, the smallest is taken. By default that of the
        template; 1 of a file that is committed and of a whole month of Comext; else 9.
    commit
        Into ``sources.toml``, beside the project's other files.
    about
        What the user tells of the files: title, steps, address and licence.
    **options
        What the files do not say, such as ``flow="M"``.

    Returns
    -------
    list of Cleaned
        One a file, ``is_earlier`` where its bytes are catalogued already. Nothing is kept of a
        file that is refused, and the files before it stay catalogued.

    Raises
    ------
    QueryError
        `vintage` is no day; or `commit` without the steps or the address of a file.
    LayoutError, CatalogueError, SourceError
        A file looks like none that is known or like several, or is not whole; its entry would not
        be a valid one; or it cannot be copied.
    """
    changes = _told(vintage, about)
    if commit and not template and not changes.keys() & {"steps", "address"}:
        raise QueryError(
            "a committed file needs its steps or its address, so that others can get it again: "
            '--steps "queried by month, then downloaded" or --address URL'
        )
    added = []
    for path in paths:
        loose, twin, known = _as_it_lies(path, root)
        if twin and not (commit and is_own(twin)):
            added.append(cleaned.Cleaned(twin, 0, 0, {}, {}, 0, is_earlier=True))
            continue
        if template:
            entry = template.source
            name = f"{entry.id}_{loose.sha256[:8]}" if entry.id in known else entry.id
            entry = replace(entry, id=name, **_of_file(loose))
        else:
            entry = _recognised(path, options, loose)
        entry = replace(_placed(entry, path, commit=commit, rank=rank), **changes)
        if twin:  # the user's own, which is now to be committed
            remove(twin.id, root)
        added.append(_catalogue(path, entry, root, template))
    return added


def update(
    name: str,
    path: Path,
    root: Path,
    *,
    vintage: str = UNDATED[0],
    about: Mapping[str, str] | None = None,
    force: bool = False,
) -> cleaned.Cleaned:
    """Catalogue the file `path` as a newer release of the source `name`, which is kept.

    The new entry has the keys of the old one (publisher, cleaner, map, rank, …) and supersedes it.

    Parameters
    ----------
    about
        What is otherwise than of the old one: title, steps, address and licence.
    force
        Though it lacks periods of the old one, or its figures are of another size.

    Returns
    -------
    Cleaned
        ``is_earlier`` where this very file supersedes the source already.

    Raises
    ------
    QueryError
        There is no such source, it is fetched by a verb of its own, or another supersedes it.
    LayoutError, CodeError, SchemaError, SourceError
        The file is not laid out as the old one was, or can hardly be a newer release of it; its
        bytes are those of another source, or cannot be copied. Nothing of it is kept.
    """
    changes = {"vintage": vintage} | _told(vintage, about)
    loose, twin, sources = _as_it_lies(path, root)
    old = catalogue.named(name, sources)
    if twin and twin.supersedes == name:
        return cleaned.Cleaned(twin, 0, 0, {}, {}, 0, is_earlier=True)
    newer = [source.id for source in sources.values() if source.supersedes == name]
    if newer:
        raise QueryError(f"{name} is superseded by {newer[0]}; update that one")
    if old.kind == "fetched":
        raise QueryError(f"{name} was fetched: `tradeflows fetch` gets its newer release")
    if old.vintage == "by row":
        del changes["vintage"]
    # The id of the old one, with the day or the bytes of this one.
    stem = re.sub(r"_(\d{4,8}|[0-9a-f]{8})$", "", name)
    digits = re.sub(r"\D", "", vintage)
    new_id = f"{stem}_{digits}"
    if not digits or new_id in sources:
        new_id = f"{stem}_{loose.sha256[:8]}"
    place = PurePosixPath(old.path).with_name(f"{new_id}{_plain_suffix(path)}")
    changes |= {"id": new_id, "path": str(place), "supersedes": name, "control": {}}
    entry = replace(old, **_of_file(loose), **changes)
    return _catalogue(path, entry, root, former=None if force else old)


def _placed(entry: Source, path: Path, *, commit: bool, rank: int | None) -> Source:
    """An entry with its place below ``data/raw``, and its rank."""
    folder = entry.publisher if commit else f"{LOCAL_FOLDER}/{entry.publisher}"
    entry = replace(entry, path=f"{folder}/{entry.id}{_plain_suffix(path)}")
    usual = entry.rank or (1 if commit else RANK)
    if bulk_month(entry):  # one series with those that `tradeflows fetch comext` gets
        entry, usual = replace(entry, kind="fetched"), 1
    return replace(entry, rank=usual if rank is None else rank)


def _told(vintage: str, about: Mapping[str, str] | None) -> dict[str, Any]:
    """The keys of an entry that the user tells; QueryError where `vintage` is no day."""
    changes: dict[str, Any] = {key: text for key, text in (about or {}).items() if text}
    if vintage != UNDATED[0]:
        parse_release(vintage)
        changes["vintage"] = vintage
    return changes


def _of_file(loose: Source) -> dict[str, Any]:
    """The keys of an entry that the file itself decides."""
    return {"retrieved": loose.retrieved, "sha256": loose.sha256, "bytes": loose.bytes}


def _as_it_lies(path: Path, root: Path) -> tuple[Source, Source | None, dict[str, Source]]:
    """An entry of what a file tells, the catalogued one that has its bytes, if any, and all.

    A name whose bytes are no UTF-8 is refused: neither pyarrow nor the catalogue can hold it.
    """
    try:
        str(path).encode()
        loose = reading.uncatalogued(path, "", "")
    except UnicodeEncodeError:
        raise SourceError(
            f"{str(path)!a}: the name is not in UTF-8; rename the file, then add it"
        ) from None
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror})") from error
    known = catalogue.load(root, local=True)
    return loose, next((old for old in known.values() if old.sha256 == loose.sha256), None), known


def _recognised(path: Path, options: Mapping[str, str], loose: Source) -> Source:
    """The entry of a file of a publisher that is known by how the file begins."""
    publishers = registry.recognise(path)
    if len(publishers) != 1:
        like = " or ".join(registry.KNOWN[name].about for name in publishers)
        looks = f"what looks like {like or 'nothing that is known'}"
        todo = "" if publishers else "tradeflows sketch FILE proposes a map of a CSV"
        raise LayoutError(path, "a file of one publisher", looks, todo)
    [publisher] = publishers
    registry.publisher_cleaner(publisher, options, [path])
    known = registry.KNOWN[publisher]
    return replace(
        loose,
        publisher=OWNER.get(publisher, publisher),
        table=known.table,
        cleaner=f"{publisher}.clean",
        title=f"{known.about}: {path.name}",
        rank=0,
        arguments=dict(options),
        steps=f"saved by hand as {path.name}, then `tradeflows add`",
    )


def free_memory() -> float:
    """Bytes that a program may still take; infinite where the system does not say."""
    free = []
    with suppress(OSError, ValueError):
        free += [int(kib) << 10 for kib in AVAILABLE.findall(MEMORY.read_text())]
    with suppress(OSError, ValueError):  # the word max where it has no limit
        free.append(int(CONTAINER.read_text()))
    return min(free, default=math.inf)


def _catalogue(
    path: Path,
    entry: Source,
    root: Path,
    template: Template | None = None,
    former: Source | None = None,
) -> cleaned.Cleaned:
    """Check, copy and catalogue one file, which is to follow a `former` release; its counts."""
    local = is_own(entry)
    known = catalogue.load(root, local=local)
    of_map = template.publishers if template else {}
    who = {**PUBLISHERS, **of_map, **catalogue.publishers(root, local=local)}
    for problem in catalogue.problems(entry, who, {**known, entry.id: entry}, local):
        written_in = template.file if template else path
        raise CatalogueError(f"{written_in}: source {entry.id}: {problem}")
    if entry.cleaner == "tidy.clean":
        with path.open("rb") as file:
            lines = sum(text.count(b"\n") for text in iter(partial(file.read, reading.BLOCK), b""))
        needed, free = FOR_A_BYTE * path.stat().st_size + FOR_A_LINE * lines, free_memory()
        if needed > free:
            raise LayoutError(
                path,
                f"a file for which {free / 2**30:,.1f} GiB of free memory are enough",
                f"{lines:,} lines, for which each build needs some {needed / 2**30:,.1f} GiB",
                "split it by years, and add the files with the same map",
            )
    agreement.require_agreement(path, entry)
    as_given = replace(entry, path=str(path))  # what a message names
    parts = catalogue.cleaner(entry, root)(path, as_given)
    totals = dict[str, Any]()
    batches: list[pa.RecordBatch] = []

    def noted(part: Part) -> Part:
        totals.update(part.control)
        if former:
            batches.append(part.rows)
        return part

    counts = count(map(noted, agreement.require_sizes(parts, path, entry)), path, as_given)
    if former:
        new_rows = releases.table(batches, schema.TABLES[entry.table])
        releases.require_follows(releases.rows(former, root), new_rows, path, former.id)
    entry = _store(path, replace(entry, control=totals), root, who[entry.publisher])
    return replace(counts, source=entry)


def _plain_suffix(path: Path) -> str:
    """The ending of a file's name without what no system, or no catalogue, takes."""
    return re.sub(r"[^.A-Za-z0-9]", "", path.suffix) or ".csv"


def _store(path: Path, source: Source, root: Path, publisher: Publisher) -> Source:
    """Copy a file to its place, then write its entry, for one to be committed at the list's end.

    Where another run has taken the name meanwhile, or left a file without an entry when it was
    killed, the name has the file's hash at its end.
    """
    file, listing = source.file(root), root / RAW / COMMITTED
    aside, placed = temporary(file), None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        sweep(file.parent)
        shutil.copyfile(path, aside)
        if reading.uncatalogued(aside, "", "").sha256 != source.sha256:
            raise SourceError(f"{path}: changed while it was read; add it again")
        with locked(file.parents[1] / COMMITTED):  # of the list, or of one's own files
            if file.exists() and reading.uncatalogued(file, "", "").sha256 != source.sha256:
                marked = f"{source.id}_{source.sha256[:8]}"
                place = PurePosixPath(source.path).with_stem(marked)
                source = replace(source, id=marked, path=str(place))
            placed = aside.replace(source.file(root))
            if is_own(source):
                write_entry(source, root, publisher)
                return source
            held = catalogue.load(root).values()
            twin = next((other for other in held if other.sha256 == source.sha256), None)
            if twin and twin.path != source.path:
                raise SourceError(f"{source.path}: {twin.id} has the same bytes")
            text = f"{listing.read_text(encoding='utf-8')}\n{block('source', source)}"
            if source.publisher not in catalogue.publishers(root):
                text += f"\n{block('publisher', publisher)}"
            if not twin:  # else another process was faster
                write(listing, text)
    except OSError as error:
        raise SourceError(f"{path}: cannot be copied to {file} ({error.strerror})") from error
    except TradeflowsError:
        if placed:
            placed.unlink(missing_ok=True)
        raise
    finally:
        with suppress(NotADirectoryError):
            aside.unlink(missing_ok=True)
    return source
