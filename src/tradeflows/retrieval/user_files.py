"""The user's own files: what is written beside each, and how one is removed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import tomlkit
from tomlkit.items import Item

from tradeflows.model import schema
from tradeflows.model.errors import CatalogueError, CodeError, LayoutError, SchemaError
from tradeflows.model.keys import Keys
from tradeflows.model.source import RAW, Publisher, Source
from tradeflows.model.toml import defaults
from tradeflows.publishers import Part, cleaned, registry
from tradeflows.retrieval import catalogue
from tradeflows.retrieval.catalogue import FORMER, LOCAL_FOLDER, QUARANTINE
from tradeflows.retrieval.http import RefusedError, write

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
PUBLISHERS = {name: Publisher(name, *words) for name, words in NAMES.items()}


def count(parts: Iterable[Part], path: Path, source: Source) -> cleaned.Cleaned:
    """Counts of a file all of whose `parts` keep the contract, and state each cell once."""
    keys = Keys(schema.TABLES[source.table])
    counts = cleaned.tally(source, cleaned.through(parts, keys))
    keys.check({source.id: path})
    return counts


def require_cleanable(path: Path, source: Source) -> None:
    """Refuse a file at `path` that could not be built under the entry `source`.

    A LayoutError, CodeError or SchemaError has what its cleaner, or the contract, has against it.
    """
    try:
        count(registry.cleaner(source)(path, source), path, source)
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        reason = str(error).partition("\n")[0]
        raise LayoutError(path, f"what {source.cleaner} reads", reason) from error


@contextmanager
def quarantine(path: Path, source: Source, root: Path) -> Iterator[None]:
    """Put `path` aside where the block finds that it cannot be built under the entry `source`.

    A RefusedError has what is wrong, and where the file is kept: for a person, and for no build.
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


def block(section: str, entry: Publisher | Source) -> str:
    """`entry` as the catalogue has it, without the keys that are at rest."""
    keys = tomlkit.table()
    at_rest = defaults(type(entry))
    for key, value in vars(entry).items():
        if key != "id" and value != at_rest.get(key):
            keys.add(key, toml_item(value))
    table = tomlkit.table(is_super_table=True)
    table.add(entry.id, keys)
    return tomlkit.dumps(tomlkit.document().add(section, table))


def toml_item(value: Any) -> Item:
    """A value as TOML has it."""
    if isinstance(value, Mapping):
        inline = tomlkit.inline_table()
        for key, item in value.items():
            inline.add(tomlkit.key(key), toml_item(item))
        return inline
    if isinstance(value, list | tuple):
        array = tomlkit.array()
        for item in value:
            array.append(toml_item(item))
        # Tables of which a person may have to change one stand in a line each.
        return array.multiline(len(value) > 1 and isinstance(value[0], Mapping))
    if isinstance(value, str):  # a file's name may hold bytes that are no UTF-8
        value = value.encode("utf-8", "replace").decode()
    return tomlkit.item(value)


def write_entry(entry: Source, root: Path, publisher: Publisher | None = None) -> None:
    """Write the entry of one of the user's own files beside it, in the place of a former one."""
    publisher = publisher or PUBLISHERS.get(entry.publisher)
    blocks = [block("source", entry)]
    if publisher:
        blocks.append(block("publisher", publisher))
    write(catalogue.entry_file(entry, root), "\n".join(blocks))


def keep(aside: Path, entry: Source, root: Path) -> None:
    """Move a fetched file, whose name has its question and bytes, to its place, then its entry.

    Of two runs that fetched the same the first is kept. Where a run is killed between the two, the
    next one fetches the file anew.
    """
    file = entry.file(root)
    if file.exists() and catalogue.entry_file(entry, root).exists():
        aside.unlink(missing_ok=True)
        return
    aside.replace(file)
    write_entry(entry, root)


def rewrite_entries(root: Path, entries: Sequence[Source]) -> None:
    """Write `entries` of the user's own files anew, but for those that were removed meanwhile."""
    if entries:
        held = catalogue.contents(root, local=True)
        for entry in entries:
            if entry.id in held.sources:
                write_entry(entry, root, held.publishers[entry.publisher])


def remove(name: str, root: Path) -> Path:
    """Remove the user's own source `name` and its file; the path of the file.

    What superseded the source supersedes now what that one did. Errors are those of
    :func:`tradeflows.retrieval.catalogue.own_entries`.
    """
    own = catalogue.own_entries(name, root)
    listing, gone = own[name]
    for id, (other, keys) in own.items():
        if keys.get("supersedes") == name:
            relinked = {id: keys | {"supersedes": gone.get("supersedes", "")}}
            write(other, tomlkit.dumps({**catalogue.sections(other), "source": relinked}))
    listing.unlink()
    file = root / RAW / str(gone.get("path", ""))
    if (root / RAW / LOCAL_FOLDER).resolve() in file.resolve().parents:
        file.unlink(missing_ok=True)
    return file


def migrate(root: Path) -> None:
    """Write each entry of a ``local.toml`` beside its file; that file is kept as a hidden one.

    A CatalogueError says that it is no TOML, or that a path leads out of ``data/raw/local``.
    """
    former = root / RAW / FORMER
    contents = dict(catalogue.sections(former))
    texts = {}
    for name, keys in contents.pop("source", {}).items():
        path = str(keys.get("path")) if isinstance(keys, dict) else ""
        for problem in catalogue.path_problems(path, local=True):
            raise CatalogueError(f"{former}: source {name}: {problem}")
        texts[f"{path}.toml"] = {"source": {name: keys}}
    texts[f"{LOCAL_FOLDER}/publishers.toml"] = contents
    for path, tables in texts.items():
        (root / RAW / path).parent.mkdir(parents=True, exist_ok=True)
        write(root / RAW / path, tomlkit.dumps(tables))
    with suppress(FileNotFoundError):  # another run was faster
        former.replace(former.with_name(f".{FORMER}"))
