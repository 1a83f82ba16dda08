"""A publisher's own files to Parquet or CSV: what ``tradeflows clean`` does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from uuid import uuid4

from tradeflows.model import schema
from tradeflows.model.errors import QueryError, SchemaError, SourceError
from tradeflows.model.files import beside, sweep, temporary
from tradeflows.model.keys import Keys
from tradeflows.model.source import Source
from tradeflows.publishers import Part, reading
from tradeflows.publishers.cleaned import COUNTED, Cleaned, tally, through
from tradeflows.publishers.registry import KNOWN, publisher_cleaner
from tradeflows.tables.write import TableWriter, fingerprint, metadata_of

Progress = Callable[[Path, int, int, int], None]


def clean(
    publisher: str,
    paths: Iterable[Path],
    to: Path,
    *,
    strict: bool = False,
    mark: str = "",
    progress: Progress | None = None,
    **options: str,
) -> list[Cleaned]:
    """Clean files of one publisher into one Parquet file, or into a folder with one for each.

    Parameters
    ----------
    publisher
        A name of :data:`KNOWN`.
    paths
        Files, and folders whose files are all taken, in the order of their names.
    to
        ``….parquet``; ``….csv`` for a spreadsheet, where a text that would be a formula is
        escaped; else a folder.
    strict
        Any record that is left out is an error.
    mark
        Put into the names of temporary files, for whoever may have to end this process.
    progress
        Called while a file is read: with it, its records so far, and how many files are done of
        how many.
    **options
        What the files do not say, such as ``flow="M"``.

    Returns
    -------
    list of Cleaned
        One entry a file; the same stands in the Parquet files' metadata under ``sources``. What
        this very code has written of these very files before is not written again.

    Raises
    ------
    LayoutError, CodeError, SchemaError, QueryError, SourceError
        A file is not as it should be. Nothing is written then, and an older file stays.
    """
    files = listed(paths)
    function = publisher_cleaner(publisher, options, files)
    table = KNOWN[publisher].table
    outputs = _outputs(files, to, publisher, table)
    temporaries: dict[Path, Path] = {}
    cleaned: list[Cleaned] = []
    try:
        aside = to.parent if is_file(to) else to
        aside.mkdir(parents=True, exist_ok=True)
        if aside == to:
            aside = beside(to)
        sweep(aside)
        for output, some in outputs.items():
            sources = [source for _, source in some]
            if not is_file(to):
                _require_no_twin(output, *some[0])
            # Of files and options, and not of their days.
            undated = partial(replace, retrieved=date.min, arguments=options)
            digest = fingerprint(map(undated, sources), table)
            earlier = _written_earlier(output, sources, digest, strict)
            if earlier:
                cleaned += earlier
                continue
            # Two machines may share the folder, and the number of a process.
            written = temporary(aside / f"{output.name}.{mark}{uuid4().hex}")
            temporaries[written] = output
            parts = (
                (source, _shown(function(path, source, **options), path, files, progress))
                for path, source in some
            )
            cleaned += _write(written, output.suffix, table, parts, strict, digest)
        for written, output in temporaries.items():
            written.replace(output)
    except OSError as error:
        if error.filename in set(map(str, files)):
            raise SourceError(f"{error.filename}: cannot be read ({error.strerror})") from error
        raise SourceError(f"{to}: cannot be written ({error.strerror or error})") from error
    finally:
        for written in temporaries:
            with suppress(OSError):  # such as that of a disk that takes no writing
                written.unlink(missing_ok=True)
    return cleaned


def _shown(
    parts: Iterable[Part], path: Path, files: Sequence[Path], progress: Progress | None
) -> Iterator[Part]:
    """`parts` of the file `path`, and `progress` called after each."""
    records = 0
    for part in parts:
        records += part.records
        if progress:
            progress(path, records, files.index(path), len(files))
        yield part


def _outputs(
    files: Iterable[Path], to: Path, publisher: str, table: str
) -> dict[Path, list[tuple[Path, Source]]]:
    """What goes into each output: files, of which no two have the same bytes, with entries."""
    outputs: dict[Path, list[tuple[Path, Source]]] = {}
    path_of: dict[str, Path] = {}
    for path in files:
        source = reading.uncatalogued(path, publisher, table)
        output = to if is_file(to) else to / f"{source.id}.parquet"
        twin = path_of.setdefault(source.sha256, path)
        if twin != path:
            raise SourceError(f"{path}: the same bytes as {twin}; give a file once")
        outputs.setdefault(output, []).append((path, source))
    return outputs


def is_file(to: Path) -> bool:
    """Whether `to` names one file for all, and not a folder with a file for each.

    Raises
    ------
    QueryError
        It is named as a file of another kind.
    """
    if to.suffix in (".xlsx", ".xls", ".json", ".txt", ".tsv", ".gz", ".feather", ".arrow"):
        raise QueryError(f"--to {to}: expected ….parquet, ….csv or a folder")
    return to.suffix in (".parquet", ".csv")


def listed(paths: Iterable[Path]) -> list[Path]:
    """The files among `paths` and those within its folders, each once.

    Raises
    ------
    SourceError
        A folder is empty.
    """
    files: list[Path] = []
    for path in paths:
        inside = [path]
        if path.is_dir():  # with those below it, but hidden ones, in the order of their names
            inside = [x for x in sorted(path.rglob("*")) if x.is_file() and x.name[0] != "."]
        if not inside:
            raise SourceError(f"{path}: the folder is empty")
        files += inside
    return list(dict.fromkeys(files))


def _written_earlier(
    output: Path, sources: Sequence[Source], digest: str, strict: bool
) -> list[Cleaned]:
    """What an earlier run wrote of `sources`, if its output is whole and of the same `digest`.

    A `strict` one left no record out.
    """
    metadata = metadata_of(output)
    if metadata.get(b"fingerprint") != digest.encode():
        return []
    files = json.loads(metadata[b"sources"])
    if strict and any(file["left_out"] for file in files):
        return []
    return [
        Cleaned(source, **{name: file[name] for name in COUNTED}, is_earlier=True)
        for source, file in zip(sources, files, strict=True)
    ]


def _require_no_twin(output: Path, path: Path, source: Source) -> None:
    """Refuse a file whose very bytes another output in the folder holds under its name."""
    for other in output.parent.glob(f"*_{source.sha256[:8]}.parquet"):
        files = json.loads(metadata_of(other).get(b"sources", b"[]"))
        if other != output and source.sha256 in {file["sha256"] for file in files}:
            raise SourceError(
                f"{path}: {other} holds the same bytes under another name; "
                "remove it, or leave this file out"
            )


def _write(
    path: Path,
    suffix: str,
    table: str,
    files: Iterable[tuple[Source, Iterator[Part]]],
    strict: bool,
    digest: str,
) -> list[Cleaned]:
    contract = schema.TABLES[table]
    keys, cleaned = Keys(contract), []
    with TableWriter(path, suffix, contract) as writer:
        for source, parts in files:
            cleaned.append(tally(source, through(parts, keys, writer.write)))
            if strict and cleaned[-1].left_out:
                raise SchemaError(f"--strict: {cleaned[-1].line()}")
        keys.check({file.source.id: file.source.path for file in cleaned})
        counts = [
            {name: getattr(file, name) for name in COUNTED}
            | {
                "source": file.source.id,
                "publisher": file.source.publisher,
                "file": file.source.path,
                "sha256": file.source.sha256,
            }
            for file in cleaned
        ]
        writer.describe(sources=json.dumps(counts, ensure_ascii=False), fingerprint=digest)
    return cleaned


def restated(to: Path) -> list[str]:
    """A line for each month of Comext of which the folder `to` holds several releases.

    They lie there beside each other, and whoever reads the whole folder counts both.
    """
    named: dict[str, list[str]] = {}
    for name in sorted(path.name for path in to.glob("*full*_????????.parquet")):
        month = re.search(r"full_?(?:v2_)?(\d{6})_", name)
        if month:
            named.setdefault(month[1], []).append(name)
    return [
        f"{to}: {' and '.join(names)} are releases of one month, and who reads the whole "
        "folder counts it twice: move one away"
        for names in named.values()
        if len(names) > 1
    ]
