"""The catalogue of raw files: who published each, how it was obtained, and whether it is intact.

``data/raw/sources.toml`` is committed. What a user adds lies in ``data/raw/local/``, each file
with its entry beside it (``oil.csv.toml`` beside ``oil.csv``), by the same keys; git sees neither.
All are read strictly: an entry with a misspelt key is an error that names the nearest valid one.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from itertools import pairwise
from operator import itemgetter
from pathlib import Path, PurePosixPath, PureWindowsPath
from types import MappingProxyType
from typing import Any, TypeVar

from tradeflows.model import absence, contracts, toml
from tradeflows.model.attached import ROOT
from tradeflows.model.errors import CatalogueError, QueryError, SourceError, near
from tradeflows.model.periods import is_day_or_month, parse_release, release_in_words
from tradeflows.model.source import (
    RAW,
    Publisher,
    Source,
    bulk_month,
    carrier_of,
    released,
    with_carrier,
)
from tradeflows.model.source import TABLES as CLEANED
from tradeflows.model.words import in_a_sentence
from tradeflows.publishers import registry

COMMITTED = "sources.toml"
LOCAL_FOLDER = "local"
RESERVED = re.compile(r"local|con|prn|aux|nul|(com|lpt)\d")  # ours, and what Windows keeps
FORMER = "local.toml"  # where the entries of all own files stood together
QUARANTINE = "quarantine"  # below it: what a server sent and no cleaner could read
CODE_LIST = "code list"
TABLES = (*CLEANED, CODE_LIST)
KINDS = ("transcribed", "fetched", "published", CODE_LIST)
UNDATED = ("not stated", "by row")
FEW = 3  # publishers, of which a line names each with its date
MANY = 8  # speakers, whom a line names
# Kinds of who counted that a file may be of; a legal act is a row's.
WITNESSES = tuple(word for word in contracts.WITNESSES if word != "law")
SECTIONS = {"publisher": "[publisher.NAME]", "source": "[source.NAME]", "outlet": "[outlet]"}
# What the arguments of cleaners are; a map is checked by who reads it.
ARGUMENTS = {
    **dict.fromkeys(("flow", "period", "product", "partner"), str),
    "releases": Mapping[str, str],
    "unequal": Sequence[str],
    "cap": int,
}
MAY_BE_EMPTY = ("home", "cleaner", "address", "steps", "supersedes", "left_out", "note")


@dataclass(frozen=True)
class State:
    """What became of one file: `state` is ok, changed, missing or uncatalogued.

    An uncatalogued file has its path below ``data/raw`` in the place of an id. `detail` is empty
    for ok, else one sentence with both hashes, where there are two, and what to do.
    """

    id: str
    state: str
    detail: str


Entry = TypeVar("Entry", Publisher, Source)


# --- where the project is ------------------------------------------------------------------------


def root(start: Path | None = None) -> Path:
    """The project folder: the one that holds ``data/raw/sources.toml``.

    Parameters
    ----------
    start
        Look here and in the parents, and nowhere else. Without it: that of :func:`within`, else
        ``TRADEFLOWS_ROOT`` if that is set, else the working folder and its parents, else the
        parents of this file, which finds the clone that the package was installed from.

    Raises
    ------
    CatalogueError
        No such folder; the message says what was looked for, and where.
    """
    meanwhile = _meanwhile.get()
    if start is None and meanwhile is not None:
        return meanwhile
    named = os.environ.get("TRADEFLOWS_ROOT")
    if start is None and named:
        if _holds_catalogue(Path(named)):
            return Path(named).resolve()
        raise CatalogueError(
            f"TRADEFLOWS_ROOT is {named}, but {Path(named) / RAW / COMMITTED} does not exist; "
            "set it to the folder that holds data/raw, or unset it"
        )
    places = [Path.cwd(), Path(__file__).parent] if start is None else [start]
    for place in places:
        for folder in (place.resolve(), *place.resolve().parents):
            if _holds_catalogue(folder):
                return folder
    raise CatalogueError(
        f"no {(RAW / COMMITTED).as_posix()} in {' or '.join(map(str, places))} or any folder "
        "above; go to the project folder, or set TRADEFLOWS_ROOT to it"
    )


_meanwhile: ContextVar[Path | None] = ContextVar("project", default=None)


@contextmanager
def within(attrs: Mapping[Any, Any]) -> Iterator[None]:
    """Let :func:`root` be the project that an answer with `attrs` was asked of, where it is there.

    An answer of another machine names a folder that is not here, and is of the project at hand.
    """
    folder = Path(attrs.get(ROOT, ""))
    is_here = ROOT in attrs and _holds_catalogue(folder)
    token = _meanwhile.set(folder if is_here else _meanwhile.get())
    try:
        yield
    finally:
        _meanwhile.reset(token)


_find_root = root  # `entries` has a parameter of that name


def _holds_catalogue(folder: Path) -> bool:
    """Whether a folder is a project's."""
    return (folder / RAW / COMMITTED).is_file()


# --- reading the catalogue -----------------------------------------------------------------------


def named(name: str, sources: Mapping[str, Source]) -> Source:
    """One of several sources by its id; QueryError, with the nearest, where there is none."""
    if name not in sources:
        raise QueryError(f"no source {name!r}{near(name, sources)}")
    return sources[name]


def load(root: Path, *, local: bool = False) -> dict[str, Source]:
    """Every source of the catalogue of the project `root` by its id, in the order of the file.

    Parameters
    ----------
    local
        With the user's own sources, if there are any. The committed notebooks, claims and tests
        see the committed ones alone.

    Raises
    ------
    CatalogueError
        An entry has an unknown or missing key, a value of another type, a publisher, table,
        cleaner or superseded id that does not exist, or a path that is outside ``data/raw`` or
        taken. One line that names the file and the entry.
    """
    return dict(contents(root, local=local).sources)


def entry_file(source: Source, root: Path) -> Path:
    """The file that has the entry of `source`."""
    return root / RAW / (f"{source.path}.toml" if is_own(source) else COMMITTED)


def is_own(source: Source) -> bool:
    """Whether a source is the user's own."""
    return PurePosixPath(source.path).parts[:1] == (LOCAL_FOLDER,)


def own_entries(name: str, root: Path) -> dict[str, tuple[Path, dict[str, Any]]]:
    """Each of the user's own entries, `name` among them: its file and its keys, right or wrong.

    A SourceError says that there is no such entry, and if the committed catalogue has it.
    """
    own: dict[str, tuple[Path, dict[str, Any]]] = {}
    for file in own_entry_files(root):
        with suppress(CatalogueError):  # of another file, which is said when all are read
            entries = sections(file).get("source", {}).items()
            own |= {id: (file, keys) for id, keys in entries if isinstance(keys, dict)}
    if name in own:
        return own
    if name in load(root):
        raise SourceError(f"{name} is of the committed catalogue, not yours to remove with this")
    raise SourceError(f"{root / RAW / LOCAL_FOLDER}: no source {name!r}{near(name, own)}")


def publishers(root: Path, *, local: bool = False) -> dict[str, Publisher]:
    """Every publisher of the catalogue by its id; parameters and errors as for :func:`load`."""
    return dict(contents(root, local=local).publishers)


@dataclass(frozen=True)
class Contents:
    """What the catalogue files hold: each publisher, source and outlet by its id or web site."""

    publishers: dict[str, Publisher] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    outlets: dict[str, str] = field(default_factory=dict)


def contents(root: Path, *, local: bool = False) -> Contents:
    """All that the catalogue files hold now; parameters and errors as for :func:`load`."""
    committed = root / RAW / COMMITTED
    files = [(committed, _text(committed))]
    for file in own_entry_files(root) if local else ():
        with suppress(FileNotFoundError):  # another run has removed it meanwhile
            files.append((file, file.read_bytes()))
    return _parsed(root, tuple(files))


def own_entry_files(root: Path) -> list[Path]:
    """The files that have the entries of the user's own files."""
    folder = root / RAW / LOCAL_FOLDER
    if (root / RAW / FORMER).is_file():
        from tradeflows.retrieval import user_files

        user_files.migrate(root)
    files = sorted(folder.rglob("*.toml")) if folder.is_dir() else []
    return [file for file in files if file.name[0] != "." and QUARANTINE not in file.parts]


def _text(file: Path) -> bytes:
    """The bytes of a catalogue file."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise CatalogueError(f"{file}: cannot be read ({error.strerror})") from error


@lru_cache(maxsize=8)  # a question reads the catalogue, and a ledger asks a hundred questions
def _parsed(root: Path, files: tuple[tuple[Path, bytes], ...]) -> Contents:
    """The entries of the catalogue files, of which these are the bytes."""
    read = Contents()
    who, sources = read.publishers, read.sources
    where: dict[str, Path] = {}
    for file, text in files:
        tables = _sections(file, text)
        add_entries(file, "publisher", tables.get("publisher", {}), Publisher, who)
        for source in add_entries(file, "source", tables.get("source", {}), Source, sources):
            where[source.id] = file
        for site, name in tables.get("outlet", {}).items():
            if not (isinstance(name, str) and name and re.fullmatch(r"[\w.-]+\.\w+", site)):
                raise CatalogueError(
                    f"{file}: outlet: expected a web site and whose it is, such as "
                    f'"tass.com" = "TASS", found {site} = {name!r}'
                )
            read.outlets[site] = name
    paths: dict[str, str] = {}
    for name, source in sources.items():
        wrong = [*problems(source, who, sources, where[name].name != COMMITTED)]
        other = paths.setdefault(source.path, name)
        if where[name] != entry_file(source, root):
            wrong.append(f"belongs in {source.path}.toml")
        if other != name:
            wrong.append(f"{source.path} is the file of {other} already")
        if wrong:
            raise CatalogueError(f"{where[name]}: source {name}: {wrong[0]}")
    _link_releases(sources)
    return read


def _link_releases(sources: dict[str, Source]) -> None:
    """Let Comext's months supersede an earlier release of theirs, which they do not say."""
    months = sorted(filter(bulk_month, sources.values()), key=released)
    for old, new in pairwise(sorted(months, key=bulk_month)):
        if bulk_month(old) == bulk_month(new) and not new.supersedes:
            sources[new.id] = replace(new, supersedes=old.id)


def by_release(
    sources: Iterable[Source],
) -> dict[tuple[str, str], list[tuple[str, list[Source]]]]:
    """Publisher and cell to its several releases that replies hold, in order: day and replies.

    Of two releases of one day the one that came first is older.
    """
    replies: dict[tuple[str, str], dict[str, list[Source]]] = {}
    for source in sources:
        for cell, release in source.arguments.get("releases", {}).items():
            of_cell = replies.setdefault((source.publisher, cell), {})
            of_cell.setdefault(release, []).append(source)
    dated = {
        cell: sorted(((text.split()[0], some) for text, some in of_cell.items()), key=itemgetter(0))
        for cell, of_cell in replies.items()
    }
    return {cell: releases for cell, releases in dated.items() if len(releases) > 1}


def sections(file: Path) -> dict[str, Any]:
    """The sections of a catalogue file."""
    return _sections(file, _text(file))


@lru_cache(maxsize=1 << 12)  # of many files one is new
def _sections(file: Path, text: bytes) -> dict[str, Any]:
    """The same of these bytes."""
    try:
        contents = toml.loads(text.decode())
    except ValueError as error:
        raise CatalogueError(f"{file}: not a TOML file: {error}") from error
    for key, value in contents.items():
        if key not in SECTIONS:
            raise CatalogueError(f"{file}: no section {key!r}{near(key, SECTIONS)}")
        if not isinstance(value, dict):
            raise CatalogueError(f"{file}: {key} must be a table such as {SECTIONS[key]}")
    return contents


def add_entries(
    file: Path, section: str, entries: dict[str, Any], kind: type[Entry], known: dict[str, Entry]
) -> list[Entry]:
    """Put `entries` as records of `kind` into `known`, and return the new ones."""
    added = []
    for name, keys in entries.items():
        if name in known and kind is Publisher:  # the committed catalogue has it: so it is named
            continue
        try:
            if not re.fullmatch(r"[a-z0-9_]+", name):
                raise ValueError("an id is made of a-z, 0-9 and _")
            if RESERVED.fullmatch(name):
                raise ValueError("no file or folder may have this name everywhere; take another")
            if name in known:
                raise ValueError("another entry has this id already; take another")
            known[name] = _entry(name, keys, kind)
        except ValueError as error:
            raise CatalogueError(f"{file}: {section} {name}: {error}") from error
        added.append(known[name])
    return added


def _entry(name: str, keys: Any, kind: type[Entry]) -> Entry:
    """One entry as a record; ValueError where a key is wrong."""
    if isinstance(keys, dict) and type(keys.get("vintage")) in (date, int):
        keys = keys | {"vintage": str(keys["vintage"])}  # a day or year without quotes is its text
    entry = toml.record(kind, keys, id=name)
    for key in keys:
        if keys[key] == "" and key not in MAY_BE_EMPTY:
            raise ValueError(f"{key} is empty")
    if isinstance(entry, Publisher) and entry.home and not is_web_address(entry.home):
        raise ValueError(f"home must begin with https://, not {entry.home!r}")
    if isinstance(entry, Source) and re.fullmatch(r"\d{4}-[\d-]+", entry.vintage):
        parse_release(entry.vintage)  # other words are a publisher's
    return entry


def problems(
    source: Source, who: Mapping[str, Publisher], sources: Mapping[str, Source], local: bool
) -> Iterator[str]:
    """What is wrong with one entry among all, in words."""
    for key, valid in {
        "publisher": who,
        "table": TABLES,
        "kind": KINDS,
        "witness": WITNESSES,
        "supersedes": [*set(sources) - {source.id}, ""],
    }.items():
        value = getattr(source, key)
        if value not in valid:
            yield f"no such {key} as {value!r}{near(value, valid)}"
    if not (source.address or source.steps):
        yield "lacks address or steps: say where the file comes from"
    if source.address and not is_web_address(source.address):
        yield (
            "address must begin with https:// or http://, as that of the page that the file is "
            f"from, not {source.address!r}; leave it out if there is none, and write `steps`"
        )
    if not re.fullmatch(r"[0-9a-f]{64}", source.sha256):
        yield f"sha256 must be 64 hexadecimal digits in lower case, not {source.sha256!r}"
    if source.bytes < 1 or source.rank < 1:
        yield "bytes and rank must be 1 or more"
    yield from path_problems(source.path, local)
    if (source.table == CODE_LIST) != (source.cleaner == ""):
        yield "a code list has no cleaner, and every other file has one"
    yield from absence.problems(source.absent)
    yield from _argument_problems(source)


def _argument_problems(source: Source) -> Iterator[str]:
    """What is wrong with the tables of an entry, in words."""
    for key in source.arguments.keys() & ARGUMENTS if source.cleaner != "tidy.clean" else ():
        try:
            toml.typed(source.arguments[key], ARGUMENTS[key], f"arguments: {key}")
        except ValueError as error:
            yield str(error)
    if source.confirmed and source.table not in ("figures", "trade"):
        yield f"confirmed is of printed figures and of trade, and {source.id} is of {source.table}"
    for name in (name for name, reason in source.confirmed.items() if not reason):
        yield f"confirmed: {name} must have its reason as a text, not ''"


def is_web_address(text: str) -> bool:
    """Whether a link to `text` leads to the web, and runs nothing."""
    return re.fullmatch(r"https?://[^\s\"'<>]+", text) is not None


def path_problems(text: str, local: bool) -> Iterator[str]:
    """What is wrong with the path of a file, in words."""
    path = PurePosixPath(text)
    folder, *below = path.parts or [""]
    is_plain = str(path) == text and not {"\\", "\0"} & {*text}
    has_drive = PureWindowsPath(text).drive != ""  # which leads out of the folder on Windows
    if not is_plain or has_drive or path.is_absolute() or ".." in path.parts or not below:
        yield f"path {text!r} must be a plain path below data/raw, such as gacc/x.csv"
    if (folder == LOCAL_FOLDER) != local:
        yield f"path {text!r} must{'' if local else ' not'} lie in {LOCAL_FOLDER}/"


# --- the files themselves ------------------------------------------------------------------------


def states(root: Path, *, local: bool = True) -> list[State]:
    """The state of every catalogued file, then of every file that is not catalogued.

    With `local` the user's own files among them; errors as of :func:`load`.
    """
    sources = load(root, local=local)
    file_states = [_state(source, root) for source in sources.values()]
    known = {root / RAW / COMMITTED} | {source.file(root) for source in sources.values()}
    known |= {*own_entry_files(root)} if local else set()
    for file in sorted((root / RAW).rglob("*")):
        parts = file.relative_to(root / RAW).parts
        skipped = any(part.startswith(".") for part in parts) or file in known
        skipped |= parts[:1] == (LOCAL_FOLDER,) and (not local or parts[1:2] == (QUARANTINE,))
        if file.is_file() and not skipped:
            todo = "it is in no catalogue: give it an entry, or move it out of data/raw"
            file_states.append(State("/".join(parts), "uncatalogued", f"{file}: {todo}"))
    return file_states


def verify(root: Path, *, local: bool = True) -> list[State]:
    """The states of all files, if all are ok; else a SourceError with a line for each other.

    Errors besides are those of :func:`load` and :func:`cleaner`.
    """
    for source in load(root, local=local).values():
        if source.cleaner:
            cleaner(source, root)
    file_states = states(root, local=local)
    wrong = [f"{state.state}: {state.detail}" for state in file_states if state.state != "ok"]
    if wrong:
        raise SourceError("\n".join([f"{len(wrong)} raw files are not as catalogued", *wrong]))
    return file_states


def altered(root: Path, since: float, *, local: bool = True) -> list[State]:
    """The states of files that are not as catalogued: missing, or other bytes than were read.

    Only files written after `since`, in seconds of the epoch, or of another size are read for it,
    which takes no time where nothing was written since the last build.
    """
    states = []
    for source in load(root, local=local).values():
        with suppress(OSError):  # of a file that is gone
            now = source.file(root).stat()
            if now.st_size == source.bytes and now.st_mtime <= since:
                continue
        states.append(_state(source, root))
    return [state for state in states if state.state != "ok"]


def cleaner(source: Source, root: Path) -> Callable[..., Any]:
    """The function that cleans the file of `source`, its arguments filled in.

    Raises
    ------
    CatalogueError
        There is no such function, it takes other arguments, or it is the project's own and
        ``project.toml`` does not consent to run it. The message names the entry.
    """
    try:
        if source.cleaner.startswith(registry.OWN):
            from tradeflows.retrieval import own_cleaners, project

            return own_cleaners.cleaner(source, root, project.load(root).cleaners)
        return registry.cleaner(source)
    except CatalogueError as error:
        file = entry_file(source, root)
        raise CatalogueError(f"{file}: source {source.id}: {error}") from error


def check(source: Source, root: Path) -> Path:
    """Path of the file of `source`; SourceError if its bytes are not those of the entry."""
    state = _state(source, root)
    if state.state != "ok":
        raise SourceError(f"{state.state}: {state.detail}")
    return source.file(root)


def _state(source: Source, root: Path) -> State:
    """Whether the file of a source is there, with the bytes of its entry."""
    file = source.file(root)
    restore = (
        "obtain it again as its entry says"
        if is_own(source)
        else f"restore it with `git restore {(RAW / source.path).as_posix()}`"
    )
    try:
        with file.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            size = stream.tell()
    except OSError as error:
        return State(source.id, "missing", f"{file} ({error.strerror}): {restore}")
    if (sha256, size) == (source.sha256, source.bytes):
        return State(source.id, "ok", "")
    return State(
        source.id,
        "changed",
        f"{file}: expected {source.bytes} bytes of sha256 {source.sha256}, found {size} of "
        f"{sha256}; {restore}, or catalogue what its publisher revised as a new entry with "
        "supersedes",
    )


# --- credit --------------------------------------------------------------------------------------


def entries(ids: Iterable[str], root: Path | None = None) -> dict[str, tuple[Source, Publisher]]:
    """The sources `ids` with their publishers, each once, in their order.

    The user's catalogue is opened only for a user's source, so a fault in it harms no one else.

    Raises
    ------
    CatalogueError
        An id is in no catalogue.
    """
    folder = _find_root() if root is None else root
    names = list(dict.fromkeys(ids))
    read = contents(folder)
    if not {*names} <= read.sources.keys():
        read = contents(folder, local=True)
    for name in names:
        if name not in read.sources:
            raise CatalogueError(f"no source {name!r}{near(name, read.sources)}")
    sources = [read.sources[name] for name in names]
    return {source.id: (source, read.publishers[source.publisher]) for source in sources}


SEVERAL = re.compile(r", (?!.* and )")  # between publishers that have one short name


def credit(
    ids: Iterable[str],
    root: Path | None = None,
    speakers: Mapping[str, Sequence[str]] = MappingProxyType({}),
    outlets: Mapping[str, Sequence[str]] = MappingProxyType({}),
    *,
    dated: bool = True,
) -> str:
    """The publishers of the sources `ids`, as charts name them; if `dated` with vintages.

    Each publisher and the hands that its figures came through, in the order of `ids`: "China
    Customs, via CREA (as of 25 January 2025); Eurostat (retrieved November 2026)". Where a file
    states no vintage, its month of retrieval stands in. Of an entry that stands for many
    publishers, `speakers` has those of the rows that are shown; of one that news outlets carried,
    `outlets` has theirs. More than three that are `dated` are named together, with all hands and
    the months of retrieval alone.

    Raises
    ------
    CatalogueError
        An id is in no catalogue.
    """
    dates: dict[str, dict[str, set[str]]] = {}
    names: dict[str, None] = {}
    known = entries(ids, root)
    for source, publisher in known.values():
        word, day = "as of" if is_day_or_month(source.vintage) else "version", source.vintage
        if day in UNDATED:
            word, day = "retrieved", f"{source.retrieved:%Y-%m}"
        name = name_of(source, publisher, speakers)
        names |= dict.fromkeys(SEVERAL.split(name) if name == publisher.short else [name])
        words = dates.setdefault(with_carrier(source, name, outlets), {})
        words.setdefault(word, set()).add(day)
    if not dated:
        return "; ".join(dates)
    if len(names) > FEW:
        months = sorted(f"{source.retrieved:%Y-%m}" for source, _ in known.values())
        ends = dict.fromkeys(map(release_in_words, (months[0], months[-1])))
        hands = [carrier_of(source, outlets) for source, _ in known.values()]
        passed = in_a_sentence(list(dict.fromkeys(filter(None, hands))))
        way = f"{'via' if all(hands) else 'in part via'} {passed}; " if passed else ""
        return f"{in_a_sentence([*names])} ({way}retrieved {' to '.join(ends)})"
    lines = []
    for name, words in dates.items():
        days = [f"{word} {', '.join(map(release_in_words, sorted(words[word])))}" for word in words]
        lines.append(f"{name} ({', '.join(days)})")
    return "; ".join(lines)


def name_of(source: Source, publisher: Publisher, speakers: Mapping[str, Sequence[str]]) -> str:
    """The short name of who published a source; of an entry for many, of those in its rows."""
    of_rows = [who for who in speakers.get(source.id, ()) if who != publisher.id]
    if publisher.home or not of_rows:
        return publisher.short
    more = [f"{len(of_rows) - MANY} more"] if len(of_rows) > MANY else []
    listed = [*of_rows[:MANY], *more]
    has_hands = any("," in who for who in listed)  # "IEA, via Energy Digital"
    return "; ".join(listed) if has_hands else in_a_sentence(listed)
