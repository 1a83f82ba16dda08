"""Raw files to Parquet: every catalogued file through its cleaner, one file a table."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from pyarrow import parquet

from tradeflows.model import schema
from tradeflows.model.errors import BuildError, LayoutError
from tradeflows.model.files import sweep
from tradeflows.model.source import Source
from tradeflows.publishers import Part, control
from tradeflows.retrieval import catalogue
from tradeflows.tables.files import catalogued, processed
from tradeflows.tables.write import fingerprint

ROWS_A_GROUP = 4_096  # small enough that a question about one product touches few of them


class Built(NamedTuple):
    """What :func:`build` did with one table.

    Attributes
    ----------
    table, path
        The table and its file.
    counts
        ``records`` read, ``rows`` kept, and a count for each ``left out: reason``.
    """

    table: str
    path: Path
    counts: Counter[str]


def build(root: Path | None = None, progress: Callable[[str], None] | None = None) -> list[Built]:
    """Clean every catalogued file into ``data/processed``; all tables, or none of them.

    The user's own sources go into ``data/processed/local``, so that the committed ones stay alone.

    Parameters
    ----------
    root
        The project's folder; found as :func:`tradeflows.retrieval.catalogue.root` says.
    progress
        Called with the id of each source before it is read.

    Returns
    -------
    list of Built
        One entry a table. The same raw files give the same bytes again.

    Raises
    ------
    SourceError
        A raw file is missing or altered.
    LayoutError, CodeError, SchemaError
        A raw file is not as its cleaner expects it, its control totals are not the catalogued
        ones, or its rows break the contract.
    BuildError
        ``data/processed`` cannot be written. Whatever fails, the old files stay whole.
    """
    root = root or catalogue.root()
    written: list[tuple[Path, Built]] = []
    learnt: list[Source] = []
    try:
        for local, sources in catalogued(root).items():
            folder = processed(root, "trade", local=local).parent
            if local and not sources and not folder.exists():
                continue
            folder.mkdir(parents=True, exist_ok=True)
            sweep(folder)
            for name in schema.TABLES:
                built = Built(name, processed(root, name, local=local), Counter())
                temporary = folder / f".{name}.{os.getpid()}.tmp"
                written.append((temporary, built))
                new = _write(root, [*sources.values()], built, temporary, progress)
                learnt += new if local else []
        for temporary, built in written:
            temporary.replace(built.path)
        if learnt:
            from tradeflows.retrieval.user_files import rewrite_entries

            rewrite_entries(root, learnt)
    except OSError as error:
        reason = error.strerror or str(error)
        raise BuildError(
            f"{folder}: cannot be written ({reason}); make room or move what is in "
            "the way, then run `tradeflows build`"
        ) from error
    finally:
        for temporary, _ in written:
            with suppress(OSError):  # such as that of a disk that takes no writing
                temporary.unlink(missing_ok=True)
    return [built for _, built in written]


def _write(
    root: Path,
    sources: list[Source],
    built: Built,
    path: Path,
    progress: Callable[[str], None] | None,
) -> list[Source]:
    """Write one table, a source at a time, each sorted by its key; only one is in memory.

    Returns the sources whose control totals were not known, with them.
    """
    contract = schema.TABLES[built.table]
    order = [(name, "ascending") for name in schema.key(contract)]
    digest = {"fingerprint": fingerprint(sources, built.table)}
    stamped = contract.with_metadata(dict(contract.metadata) | digest)
    learnt = []
    with parquet.ParquetWriter(path, stamped, compression="zstd") as writer:
        for source in sources:
            if source.table != built.table:
                continue
            if progress:
                progress(source.id)
            parts, totals = [], dict[str, Any]()
            for part in _clean(root, source):
                if not totals and (totals := control(part)):
                    _agree(source, totals, root)
                built.counts.update(records=part.records, rows=len(part.rows))
                built.counts.update({f"left out: {why}": n for why, n in part.left_out.items()})
                if part.sorted:  # a file of any size, whose cleaner has looked for doubles
                    rows = pa.Table.from_batches([part.rows]).cast(contract)
                    writer.write_table(rows, row_group_size=ROWS_A_GROUP)
                else:
                    parts.append(part.rows)
            if totals and not source.control:
                learnt.append(source._replace(control=totals))
            rows = pa.Table.from_batches(parts, contract)
            schema.check_key(rows, contract)  # a key begins with the source, so it ends with it
            writer.write_table(rows.sort_by(order), row_group_size=ROWS_A_GROUP)
        writer.add_key_value_metadata({"counts": json.dumps(built.counts)})
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    return learnt


def _agree(source: Source, totals: Mapping[str, Any], root: Path) -> None:
    """Refuse a file whose control totals are not those of its entry."""
    if source.control and dict(source.control) != totals:
        expected, found = (
            "; ".join(
                f"{flow} " + ", ".join(f"{name} {n:,.0f}" for name, n in sums.items())
                for flow, sums in each.items()
            )
            for each in (source.control, totals)
        )
        raise LayoutError(
            source.file(root),
            f"the control totals in its entry, {expected}",
            found,
            f"mend `control` of {source.id}, or what reads it",
        )


def _clean(root: Path, source: Source) -> Iterable[Part]:
    path = catalogue.check(source, root)
    clean = catalogue.cleaner(source, root)
    try:
        yield from clean(path, source)
    except pa.ArrowInvalid as error:
        reason = str(error).splitlines()[0]
        raise LayoutError(path, f"what {source.cleaner} reads", reason) from error
