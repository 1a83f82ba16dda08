"""Maps that `tradeflows sketch` proposes and a person completes, read back as catalogue entries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from tradeflows.model.errors import CatalogueError
from tradeflows.model.source import Publisher, Source
from tradeflows.publishers import registry
from tradeflows.retrieval import catalogue
from tradeflows.retrieval.sketch import UNKNOWN

# What the file itself tells when it is added, whatever the map says.
OF_THE_FILE: Mapping[str, Any] = {
    "path": "of/the.file",
    "sha256": "0" * 64,
    "bytes": 1,
    "retrieved": date.min,
}
OPTIONAL: Mapping[str, Any] = {
    "kind": "published",
    "licence": "not stated",
    "vintage": "not stated",
    "cleaner": "tidy.clean",
    "table": "trade",
    "rank": 1,
}


@dataclass(frozen=True)
class Template:
    """The entry of files of one kind, and the publishers that come with it."""

    file: Path
    source: Source
    publishers: Mapping[str, Publisher]


def read(file: Path) -> Template:
    """The entry that a map file writes: one ``[source.…]``, and a ``[publisher.…]`` if need be.

    Raises
    ------
    CatalogueError
        The file cannot be read, has no source or several, or a key is wrong or still ``???``;
        one line that names the key.
    """
    contents = catalogue.sections(file)
    sources = contents.get("source", {})
    if len(sources) != 1:
        count = f"{len(sources)} of them" if sources else "none"
        raise CatalogueError(f"{file}: expected one [source.NAME], found {count}")
    lines = enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
    still_open = [(at, line) for at, line in lines if UNKNOWN in line.partition("#")[0]]
    for at, line in still_open[:1]:
        key, _, rest = line.partition(" = ")
        expected = rest.partition("#")[2].strip() or "what is right there"
        more = ", ".join(str(other) for other, _ in still_open[1:])
        raise CatalogueError(
            f"{file}: line {at}: {key.strip()} is still {UNKNOWN}; write {expected}"
            + (f" (and what stands open in line {more})" if more else "")
        )
    [(name, keys)] = sources.items()
    known: dict[str, Publisher] = {}
    catalogue.add_entries(file, "publisher", contents.get("publisher", {}), Publisher, known)
    if isinstance(keys, dict):
        keys = {**OPTIONAL, **keys, **OF_THE_FILE}
    [source] = catalogue.add_entries(file, "source", {name: keys}, Source, {})
    try:
        if not source.cleaner.startswith(registry.OWN):  # which is looked for when it is needed
            registry.cleaner(source)
    except CatalogueError as error:
        raise CatalogueError(f"{file}: source {source.id}: {error}") from error
    return Template(file, source, known)
