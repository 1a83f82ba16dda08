"""A publisher's own files to Parquet or CSV: what ``tradeflows clean`` does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from uuid import uuid4

from tradeflows.model import schema
from tradeflows.model.errors import QueryError, SchemaError, SourceError
from tradeflows.model.files import beside, sweep
from tradeflows.model.keys import Keys
from tradeflows.model.source import Source
from tradeflows.publishers import Part, delimited
from tradeflows.publishers.cleaned import COUNTED, Cleaned, tally, through
from tradeflows.publishers.registry import KNOWN, publisher_cleaner
from tradeflows.tables.write import TableWriter, fingerprint, metadata_of


def clean(
    publisher: str,
    paths: Iterable[Path],
    to: Path,
    *,
    strict: bool = False,
    mark: str = "",
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
    outputs: dict[Path, list[tuple[Path, Source]]] = {}
    path_of: dict[str, Path] = {}
    single = is_file(to)
    for path in files:
        source = delimited.uncatalogued(path, publisher, table)
        output = to if single else to / f"{source.id}.parquet"
        if (twin := path_of.setdefault(source.sha256, path)) != path:
            raise SourceError(f"{path}: the same bytes as {twin}; give a file once")
        outputs.setdefault(output, []).append((path, source))
    done: list[tuple[Path, Path]] = []
    cleaned: list[Cleaned] = []
    try:
        folder = to.parent if single else to
        folder.mkdir(parents=True, exist_ok=True)
        aside = folder if single else beside(folder)
        sweep(aside, f".*{'[0-9a-f]' * 32}.tmp")
        for output, some in outputs.items():
            sources = [source for _, source in some]
            if not single and (other := _twin(output, sources[0])):
                raise SourceError(
                    f"{some[0][0]}: {other} holds the same bytes under another name; "
                    "remove it, or leave this file out"
                )
            made = fingerprint(
                (each._replace(retrieved=date.min, arguments=options) for each in sources), table
            )
            held = _held(output, sources, made)
            if held and not (strict and any(each.left_out for each in held)):
                cleaned += held
                continue
            # Two machines may share the folder, and the number of a process.
            temporary = aside / f".{output.name}.{mark}{uuid4().hex}.tmp"
            done.append((temporary, output))
            parts = ((source, function(path, source, **options)) for path, source in some)
            cleaned += _write(temporary, output.suffix, table, parts, strict, made)
        for temporary, output in done:
            temporary.replace(output)
    except OSError as error:
        if error.filename in set(map(str, files)):
            raise SourceError(f"{error.filename}: cannot be read ({error.strerror})") from error
        raise SourceError(f"{to}: cannot be written ({error.strerror or error})") from error
    finally:
        for temporary, _ in done:
            with suppress(OSError):  # such as that of a disk that takes no writing
                temporary.unlink(missing_ok=True)
    return cleaned


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
    found = []
    for path in paths:
        inside = (
            sorted(
                each for each in path.rglob("*") if each.is_file() and not each.name.startswith(".")
            )
            if path.is_dir()
            else [path]
        )
        if not inside:
            raise SourceError(f"{path}: the folder is empty")
        found += inside
    return list(dict.fromkeys(found))


def _held(output: Path, sources: Sequence[Source], made: str) -> list[Cleaned]:
    """What an earlier run wrote of `sources`, if its output is whole and `made` as now."""
    metadata = metadata_of(output)
    if metadata.get(b"fingerprint") != made.encode():
        return []
    return [
        Cleaned(source, **{name: each[name] for name in COUNTED}, held=True)
        for source, each in zip(sources, json.loads(metadata[b"sources"]), strict=True)
    ]


def _twin(output: Path, source: Source) -> Path | None:
    """The file beside `output` that holds the very bytes of `source`, once more under its name."""
    for path in output.parent.glob(f"*_{source.sha256[:8]}.parquet"):
        files = json.loads(metadata_of(path).get(b"sources", b"[]"))
        if path != output and source.sha256 in {file["sha256"] for file in files}:
            return path
    return None


def _write(
    path: Path,
    suffix: str,
    table: str,
    files: Iterable[tuple[Source, Iterator[Part]]],
    strict: bool,
    made: str,
) -> list[Cleaned]:
    contract = schema.TABLES[table]
    keys, cleaned = Keys(contract), []
    with TableWriter(path, suffix, contract) as writer:
        for source, parts in files:
            cleaned.append(tally(source, through(parts, keys, writer)))
            if strict and cleaned[-1].left_out:
                raise SchemaError(f"--strict: {cleaned[-1].line()}")
        keys.check({each.source.id: each.source.path for each in cleaned})
        writer.describe(sources=_sources_text(cleaned), fingerprint=made)
    return cleaned


def _sources_text(cleaned: Iterable[Cleaned]) -> str:
    """What became of each source, as the metadata of a Parquet file has it."""
    counts = [
        {name: getattr(one_file, name) for name in COUNTED}
        | {
            "source": one_file.source.id,
            "publisher": one_file.source.publisher,
            "file": one_file.source.path,
            "sha256": one_file.source.sha256,
        }
        for one_file in cleaned
    ]
    return json.dumps(counts, ensure_ascii=False)


def restated(to: Path) -> list[str]:
    """A line for each month of Comext of which the folder `to` holds several releases.

    They lie there beside each other, and whoever reads the whole folder counts both.
    """
    named: dict[str, list[str]] = {}
    for name in sorted(path.name for path in to.glob("*full*_????????.parquet")):
        if month := re.search(r"full_?(?:v2_)?(\d{6})_", name):
            named.setdefault(month[1], []).append(name)
    return [
        f"{to}: {' and '.join(names)} are releases of one month, and who reads the whole "
        "folder counts it twice: move one away"
        for names in named.values()
        if len(names) > 1
    ]
