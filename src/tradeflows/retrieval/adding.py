"""Files that a person saved: checked, copied below ``data/raw`` and catalogued.

They are the user's own, in ``data/raw/local`` with an entry beside each, unless they are to be
committed with the project: then they lie below their publisher's folder, and ``sources.toml`` has
the entry.
"""

import math
import os
import re
import shutil
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa

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
from tradeflows.publishers import Part, cleaned, control, reading, registry
from tradeflows.publishers.header import BLOCK
from tradeflows.retrieval import catalogue, entry_text, releases
from tradeflows.retrieval.catalogue import COMMITTED, LOCAL_FOLDER, UNDATED, is_own
from tradeflows.retrieval.http import locked, write
from tradeflows.retrieval.maps import Template
from tradeflows.retrieval.sketch import agreement
from tradeflows.retrieval.user_files import count, known_publisher, remove, write_entry

# Whose statistics a cleaner's files are, where the two have not one name.
OWNER = {"eurostat_energy": "eurostat", "comext": "eurostat"}
# What a build takes of a file that a map reads, which it holds whole: bytes a byte, and a line.
FOR_A_BYTE, FOR_A_LINE = 6, 360
MEMORY, CONTAINER = Path("/proc/meminfo"), Path("/sys/fs/cgroup/memory.max")
AVAILABLE = re.compile(r"MemAvailable:\s*(\d+) kB")
RANK = 9  # of the user's own, after every committed source, unless the user says otherwise
ABOUT = ("title", "steps", "address", "licence")  # keys that the user may tell of a file


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
    """Catalogue files that a person saved, each after its cleaner has read all of it.

    Parameters
    ----------
    paths
        Files, each of one publisher of :data:`tradeflows.publishers.registry.KNOWN`, or all of
        the kind that `template` describes.
    root
        Project folder.
    vintage
        The day of the release, or its month or year: of two releases the later is taken.
    rank
        Where several sources state one flow, the smallest is taken. By default that of the
        template; 1 of a file that is committed; 9 of the user's own, but for a whole month of
        Comext, which has that of those fetched, 1.
    template
        A completed map, as :func:`tradeflows.retrieval.maps.read` returns it.
    commit
        Into ``sources.toml``, beside the project's other files.
    about
        What the user tells of the files, by keys of :data:`ABOUT`.
    **options
        What the files do not say, such as ``flow="M"``.

    Returns
    -------
    list of Cleaned
        One entry a file, ``held`` where its bytes are catalogued already.

    Raises
    ------
    QueryError
        `vintage` is no day; or `commit` without the steps or the address of a file.
    LayoutError
        A file looks like none that is known, or like several; or it is not whole.
    CatalogueError
        The entry would not be a valid one.
    SourceError
        The file cannot be copied.

    Notes
    -----
    Nothing is kept of a file that is refused, and the files before it stay catalogued.
    """
    changes = _said(vintage, about)
    if commit and not template:
        _require_origin(changes)
    added = []
    for path in paths:
        _require_utf8_name(path)
        twin = _twin(path, root)
        if twin and not (commit and is_own(twin)):
            added.append(cleaned.Cleaned(twin, 0, 0, {}, {}, 0, is_earlier=True))
            continue
        entry = _templated(path, template, root) if template else _recognised(path, options)
        entry = _placed(entry, path, commit=commit, rank=rank)
        entry = replace(entry, **changes)
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
    name
        Id of the source; of several releases the newest.
    path
        The new file.
    root
        Project folder.
    vintage
        The day of the new release, or its month or year.
    about
        What is otherwise than of the old one, by keys of :data:`ABOUT`.
    force
        Though it lacks periods of the old one, or its figures are of another size.

    Returns
    -------
    Cleaned
        ``held`` where this very file supersedes the source already.

    Raises
    ------
    QueryError
        There is no such source, it is fetched by a verb of its own, or another supersedes it.
    LayoutError, CodeError, SchemaError
        The file is not laid out as the old one was, or can hardly be a newer release of it;
        nothing of it is kept.
    SourceError
        Its bytes are those of another source, or cannot be copied.
    """
    changes = {"vintage": vintage} | _said(vintage, about)
    _require_utf8_name(path)
    sources = catalogue.load(root, local=True)
    old = catalogue.named(name, sources)
    twin = _twin(path, root)
    if twin and twin.supersedes == name:
        return cleaned.Cleaned(twin, 0, 0, {}, {}, 0, is_earlier=True)
    newer = [source.id for source in sources.values() if source.supersedes == name]
    if newer:
        raise QueryError(f"{name} is superseded by {newer[0]}; update that one")
    if old.kind == "fetched":
        raise QueryError(f"{name} was fetched: `tradeflows fetch` gets its newer release")
    if old.vintage == "by row":
        del changes["vintage"]
    loose = _loose(path, old.publisher, old.table)
    new_id = _release_id(old.id, vintage, loose.sha256, sources)
    entry = replace(
        old,
        id=new_id,
        path=str(PurePosixPath(old.path).with_name(f"{new_id}{_plain_suffix(path)}")),
        sha256=loose.sha256,
        bytes=loose.bytes,
        retrieved=loose.retrieved,
        supersedes=name,
        control={},
        **changes,
    )
    return _catalogue(path, entry, root, former=None if force else old)


def _said(vintage: str, about: Mapping[str, str] | None) -> dict[str, Any]:
    """The keys of an entry that the user tells; QueryError where `vintage` is no day."""
    changes: dict[str, Any] = {key: text for key, text in (about or {}).items() if text}
    if vintage != UNDATED[0]:
        parse_release(vintage, "vintage")
        changes["vintage"] = vintage
    return changes


def _require_origin(changes: Mapping[str, Any]) -> None:
    """Refuse to commit a file of which nobody says where it comes from."""
    if not changes.keys() & {"steps", "address"}:
        raise QueryError(
            "a committed file needs its steps or its address, so that others can get it again: "
            '--steps "queried by month, then downloaded" or --address URL'
        )


def _release_id(old: str, vintage: str, sha256: str, taken: Container[str]) -> str:
    """The id of a newer release: that of the old one, with the day or the bytes of this one."""
    stem = re.sub(r"_(\d{4,8}|[0-9a-f]{8})$", "", old)
    digits = re.sub(r"\D", "", vintage)
    dated = f"{stem}_{digits}"
    return dated if digits and dated not in taken else f"{stem}_{sha256[:8]}"


def _loose(path: Path, publisher: str, table: str) -> Source:
    """An entry of what the file itself tells."""
    try:
        return reading.uncatalogued(path, publisher, table)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror})") from error


def _twin(path: Path, root: Path) -> Source | None:
    """The catalogued source that has the bytes of `path`, if there is one."""
    sha256 = _loose(path, "", "").sha256
    known = catalogue.load(root, local=True).values()
    return next((source for source in known if source.sha256 == sha256), None)


def _require_utf8_name(path: Path) -> None:
    """Refuse a name whose bytes are no UTF-8, which neither pyarrow nor the catalogue can hold."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise SourceError(
            f"{str(path)!a}: the name is not in UTF-8; rename the file, then add it"
        ) from None


def _recognised(path: Path, options: Mapping[str, str]) -> Source:
    """The entry of a file of a publisher that is known by how the file begins."""
    publishers = registry.recognise(path)
    if len(publishers) != 1:
        like = " or ".join(registry.KNOWN[name].about for name in publishers)
        looks = f"what looks like {like or 'nothing that is known'}"
        todo = "" if publishers else "tradeflows sketch FILE proposes a map of a CSV"
        raise LayoutError(path, "a file of one publisher", looks, todo)
    [publisher] = publishers
    registry.publisher_cleaner(publisher, options, [path])
    return replace(
        _loose(path, publisher, registry.KNOWN[publisher].table),
        publisher=OWNER.get(publisher, publisher),
        kind="published",
        title=f"{registry.KNOWN[publisher].about}: {path.name}",
        rank=0,
        arguments=dict(options),
        steps=f"saved by hand as {path.name}, then `tradeflows add`",
    )


def _templated(path: Path, template: Template, root: Path) -> Source:
    """The entry of a file of the kind that a map describes."""
    loose = _loose(path, template.source.publisher, template.source.table)
    name = template.source.id
    if name in catalogue.load(root, local=True):
        name = f"{name}_{loose.sha256[:8]}"
    return replace(
        template.source,
        id=name,
        retrieved=loose.retrieved,
        sha256=loose.sha256,
        bytes=loose.bytes,
    )


def _placed(entry: Source, path: Path, *, commit: bool, rank: int | None) -> Source:
    """An entry with its place below ``data/raw``, and its rank."""
    folder = entry.publisher if commit else f"{LOCAL_FOLDER}/{entry.publisher}"
    entry = replace(entry, path=f"{folder}/{entry.id}{_plain_suffix(path)}")
    usual = entry.rank or (1 if commit else RANK)
    if bulk_month(entry):  # one series with those that `tradeflows fetch comext` gets
        entry = replace(entry, kind="fetched")
        usual = 1
    return replace(entry, rank=usual if rank is None else rank)


def free_memory() -> float:
    """Bytes that a program may still take; infinite where the system does not say."""
    free = []
    with suppress(OSError, ValueError):
        free += [int(kib) << 10 for kib in AVAILABLE.findall(MEMORY.read_text())]
    with suppress(OSError, ValueError):  # the word max where it has no limit
        free.append(int(CONTAINER.read_text()))
    return min(free, default=math.inf)


def _require_room(path: Path) -> None:
    """Refuse a file that is too large for the memory that each build would need for it."""
    with path.open("rb") as file:
        lines = sum(block.count(b"\n") for block in iter(partial(file.read, BLOCK), b""))
    needed, free = FOR_A_BYTE * path.stat().st_size + FOR_A_LINE * lines, free_memory()
    if needed > free:
        raise LayoutError(
            path,
            f"a file for which {free / 2**30:,.1f} GiB of free memory are enough",
            f"{lines:,} lines, for which each build needs some {needed / 2**30:,.1f} GiB",
            "split it by years, and add the files with the same map",
        )


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
    who = known_publisher(entry.publisher)
    who |= template.publishers if template else {}
    who |= catalogue.publishers(root, local=local)
    for problem in catalogue.problems(entry, who, {**known, entry.id: entry}, local):
        written_in = template.file if template else path
        raise CatalogueError(f"{written_in}: source {entry.id}: {problem}")
    totals = dict[str, Any]()
    if entry.cleaner == "tidy.clean":
        _require_room(path)
    agreement.require_agreement(path, entry)
    clean = catalogue.cleaner(entry, root)
    as_given = replace(entry, path=str(path))  # what a message names
    parts = agreement.require_sizes(clean(path, as_given), path, entry)
    batches: list[pa.RecordBatch] = []
    counts = count(_noted(parts, totals, batches if former else None), path, as_given)
    if former:
        new_rows = releases.table(batches, entry)
        releases.require_follows(releases.rows(former, root), new_rows, path, former.id)
    entry = _store(path, replace(entry, control=totals), root, who[entry.publisher])
    return replace(counts, source=entry)


def _noted(
    parts: Iterable[Part], totals: dict[str, Any], batches: list[pa.RecordBatch] | None
) -> Iterator[Part]:
    """`parts`, the file's control totals put into `totals` and the rows into `batches`, if any."""
    for part in parts:
        totals.update(control(part))
        if batches is not None:
            batches.append(part.rows)
        yield part


def _plain_suffix(path: Path) -> str:
    """The ending of a file's name without what no system, or no catalogue, takes."""
    return re.sub(r"[^.A-Za-z0-9]", "", path.suffix) or ".csv"


def _store(path: Path, source: Source, root: Path, publisher: Publisher) -> Source:
    """Copy a file to its place, then write its entry; the entry as it was written.

    Where another run has taken the name meanwhile, or left a file without an entry when it was
    killed, the name has the file's hash at its end.
    """
    file = source.file(root)
    aside = temporary(file)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        sweep(file.parent)
        shutil.copyfile(path, aside)
        if _loose(aside, "", "").sha256 != source.sha256:
            raise SourceError(f"{path}: changed while it was read; add it again")
        if not _put(aside, file) and _loose(file, "", "").sha256 != source.sha256:
            marked = f"{source.id}_{source.sha256[:8]}"
            place = PurePosixPath(source.path).with_stem(marked)
            source = replace(source, id=marked, path=str(place))
            file = aside.replace(source.file(root))
        if is_own(source):
            write_entry(source, root, publisher)
        else:
            _commit(source, root, publisher)
    except OSError as error:
        raise SourceError(f"{path}: cannot be copied to {file} ({error.strerror})") from error
    except TradeflowsError:
        with suppress(NotADirectoryError):
            file.unlink(missing_ok=True)
        raise
    finally:
        with suppress(NotADirectoryError):
            aside.unlink(missing_ok=True)
    return source


def _put(aside: Path, file: Path) -> bool:
    """Give a file its name, unless another has it."""
    try:
        os.link(aside, file)
    except FileExistsError:
        return False
    except OSError:  # a disk without links
        if file.exists():
            return False
        aside.replace(file)
    return True


def _commit(source: Source, root: Path, publisher: Publisher) -> None:
    """Write the entry of a file that is to be committed at the end of ``sources.toml``."""
    listing = root / RAW / COMMITTED
    with locked(listing):
        twin = [other for other in catalogue.load(root).values() if other.sha256 == source.sha256]
        if twin and twin[0].path == source.path:  # another process was faster
            return
        if twin:
            raise SourceError(f"{source.path}: {twin[0].id} has the same bytes")
        text = f"{listing.read_text(encoding='utf-8')}\n{entry_text.block('source', source)}"
        if source.publisher not in catalogue.publishers(root):
            text += f"\n{entry_text.block('publisher', publisher)}"
        write(listing, text)
