"""Raw files to Parquet: every catalogued file through its cleaner, one file a table."""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
from filelock import FileLock
from pyarrow import parquet

from tradeflows.model import schema
from tradeflows.model.errors import BuildError, LayoutError, TradeflowsError
from tradeflows.model.files import sweep, temporary, writing
from tradeflows.model.keys import Keys
from tradeflows.model.source import Source
from tradeflows.publishers import Part
from tradeflows.publishers.cleaned import Cleaned, tally
from tradeflows.retrieval import catalogue
from tradeflows.tables.files import catalogued, processed
from tradeflows.tables.releases import days, with_days
from tradeflows.tables.write import TableWriter, fingerprint
from tradeflows.tables.zeros import declared

ROWS_A_GROUP = 4_096  # small enough that a question about one product touches few of them


@dataclass(frozen=True)
class Built:
    """What :func:`build` did with one table.

    Attributes
    ----------
    table, path
        The table and its file.
    counts
        ``records`` read, ``rows`` kept, and a count for each ``left out: reason``.
    refused
        Of the user's own sources those that are in no row of it, by id, with the reason.
    control
        Sources whose control totals were not known before, with them.
    """

    table: str
    path: Path
    counts: Counter[str] = field(default_factory=Counter)
    refused: Mapping[str, str] = field(default_factory=dict)
    control: Sequence[Source] = ()


def build(
    root: Path | None = None,
    progress: Callable[[str], None] | None = None,
    *,
    local: bool = True,
) -> list[Built]:
    """Clean every catalogued file into ``data/processed``; all committed tables, or none of them.

    The user's own sources go into ``data/processed/local``, so that the committed ones stay alone
    and are written whatever becomes of the others.

    Parameters
    ----------
    root
        The project's folder; found as :func:`tradeflows.retrieval.catalogue.root` says.
    progress
        Called with the id of each source before it is read.
    local
        With the user's own sources.

    Returns
    -------
    list of Built
        One entry a table. The same raw files give the same bytes again. Of the user's own files
        ``refused`` names those that are not as they should be.

    Raises
    ------
    SourceError
        A committed raw file is missing or altered.
    LayoutError, CodeError, SchemaError
        A committed raw file is not as its cleaner expects it, its control totals are not the
        catalogued ones, or its rows break the contract.
    BuildError
        ``data/processed`` cannot be written. Whatever fails, the old files stay whole.

    Examples
    --------
    >>> import tradeflows as tf
    >>> from pathlib import Path
    >>> tf.build(Path("."))  # doctest: +SKIP
    """
    root = root or catalogue.root()
    pa.default_memory_pool().release_unused()  # what a file took that was cleaned before
    folder = processed(root, "trade").parent
    if folder.is_symlink() or (folder / "local").is_symlink():
        raise BuildError(f"{folder}: is a link, which might lead anywhere; make it a folder")
    with writing(folder, BuildError, "or move what is in the way, then run `tradeflows build`"):
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".build.lock"):  # one build after another
            built = _write_folder(root, [*catalogue.load(root).values()], progress, local=False)
            if not local:
                return built
            users = [*catalogued(root)[True].values()]
            if not users and not processed(root, "trade", local=True).parent.exists():
                return built
            built_local = _write_folder(root, users, progress, local=True)
    learnt = [source for table in built_local for source in table.control]
    if learnt:
        from tradeflows.retrieval.user_files import rewrite_entries

        rewrite_entries(root, learnt)
    return built + built_local


def _write_folder(
    root: Path,
    sources: Sequence[Source],
    progress: Callable[[str], None] | None,
    *,
    local: bool,
) -> list[Built]:
    """Write all tables of `sources`, or none of them.

    Of each row with the days on which it was known and replaced, and without those of the user's
    own files that are refused.
    """
    folder = processed(root, "trade", local=local).parent
    temporaries = {name: temporary(folder / name) for name in schema.TABLES}
    cleaned = temporary(folder / "cleaned")
    built = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder, ".*.tmp")
        for name, aside in temporaries.items():
            table = _write_sources(root, sources, name, cleaned, progress, local=local)
            built.append(table)
            pa.default_memory_pool().release_unused()
            contract = schema.STORED[name]
            # Of a source that is refused some rows may be written.
            is_taken = ~ds.field("source_id").isin(pa.array(table.refused, pa.string()))
            taken = ds.dataset(cleaned).filter(is_taken)
            dated = days(taken, {source.id: source for source in sources})
            with (
                parquet.ParquetFile(cleaned, read_dictionary=schema.TABLES[name].names) as raw,
                TableWriter(aside, ".parquet", contract, ROWS_A_GROUP) as writer,
            ):
                for number in range(raw.num_row_groups):
                    rows = raw.read_row_group(number)
                    rows = rows.filter(is_taken) if table.refused else rows
                    rows = with_days(rows, dated.slice(writer.n_rows, len(rows)))
                    writer.write(rows.replace_schema_metadata(contract.metadata).combine_chunks())
                writer.describe(
                    counts=json.dumps(table.counts),
                    refused=json.dumps(table.refused),
                    zeros=str(table.counts["zeros"]),
                    fingerprint=fingerprint(sources, name, root),
                )
            with aside.open("rb+") as file:
                os.fsync(file.fileno())
        for table in built:
            temporaries[table.table].replace(table.path)
    finally:
        for aside in (cleaned, *temporaries.values()):
            with suppress(OSError):  # such as that of a disk that takes no writing
                aside.unlink(missing_ok=True)
    return built


def _write_sources(
    root: Path,
    sources: Sequence[Source],
    table: str,
    path: Path,
    progress: Callable[[str], None] | None,
    *,
    local: bool,
) -> Built:
    """Write one table, a source at a time, each sorted by its key; only one is in memory.

    A user's own source that is wrong is refused; some of its rows may have been written before.
    """
    counts: Counter[str] = Counter()
    refused: dict[str, str] = {}
    learnt: list[Source] = []
    with TableWriter(path, ".parquet", schema.TABLES[table], ROWS_A_GROUP) as writer:
        for source in sources:
            if source.table != table:
                continue
            if progress:
                progress(source.id)
            try:
                became, totals, n_zeros = _write_rows(root, source, writer)
            except TradeflowsError as error:
                if not local:
                    raise
                refused[source.id] = str(error)
                continue
            counts.update(records=became.records, rows=became.rows)
            counts.update(["zeros"] * n_zeros)
            counts.update({f"left out: {why}": n for why, n in became.left_out.items()})
            counts.update({f"worth of {why}": round(n) for why, n in became.value.items()})
            if became.empty:
                counts["cells without a figure"] += became.empty
            if totals and not source.control:
                learnt.append(replace(source, control=totals))
    return Built(table, processed(root, table, local=local), counts, refused, learnt)


def _write_rows(
    root: Path, source: Source, writer: TableWriter
) -> tuple[Cleaned, dict[str, Any], int]:
    """Write a source's rows, a large one's as they come, else sorted by key.

    Return what became of its file, the control totals that its cleaner states, and how many
    declared zeros were added.
    """
    contract, coded = schema.TABLES[source.table], schema.CODED[source.table]
    totals: dict[str, Any] = {}
    parts: list[pa.Table] = []
    streamed: list[pa.Table] = []  # of a file that may lack rows which were zeros

    def written() -> Iterator[Part]:
        for part in _clean(root, source):
            if part.control and not totals:
                totals.update(part.control)
                _require_control(source, totals, root)
            rows = pa.Table.from_batches([part.rows]).cast(coded)
            if part.sorted:  # a file of any size, whose cleaner has looked for doubles
                writer.write(rows)
                if source.absent:
                    streamed.append(rows)
            else:
                parts.append(rows)
            yield part

    became = tally(source, written())
    rows = pa.concat_tables(parts or [coded.empty_table()]).combine_chunks()
    parts.clear()
    if source.control and not totals and contract is schema.TRADE:
        _require_control(source, _totals(rows), root)
    n_stated = len(rows)
    if source.absent:
        every = pa.concat_tables([rows, *streamed]).cast(contract)
        rows = pa.concat_tables([rows, declared(source, every).cast(coded)]).combine_chunks()
    keys = Keys(contract)
    for batch in rows.to_batches():
        keys.add(batch)
    order = keys.check({source.id: source.id})
    for start in range(0, len(rows), ROWS_A_GROUP):  # no second copy of all of them
        writer.write(rows.take(order[start : start + ROWS_A_GROUP]))
    return became, totals, len(rows) - n_stated


def _totals(rows: pa.Table) -> dict[str, dict[str, float]]:
    """Rows and sums by flow, as `control` of an entry has them: value, weight and quantity."""
    totals: dict[str, dict[str, float]] = {}
    numbers: dict[tuple[str, str], list[float]] = {}
    units = {"value_reported": "currency", "net_wgt_kg": "", "qty": "qty_unit"}
    for row in rows.select(["flow_code", "currency", "qty_unit", *units]).to_pylist():
        flow = row["flow_code"]
        totals.setdefault(flow, {"rows": 0})["rows"] += 1
        for name, unit in units.items():
            if row[name] is not None:
                numbers.setdefault((flow, row[unit] if unit else "kg"), []).append(row[name])
    for (flow, unit), stated in numbers.items():
        totals[flow][unit] = math.fsum(stated)
    return totals


def _require_control(source: Source, totals: Mapping[str, Any], root: Path) -> None:
    """Refuse a file whose control totals are not those of its entry."""
    if source.control and dict(source.control) != totals:
        raise LayoutError(
            source.file(root),
            f"the control totals in its entry, {_in_words(source.control)}",
            _in_words(totals),
            f"mend `control` of {source.id}, or what reads it",
        )


def _in_words(totals: Mapping[str, Any]) -> str:
    """Control totals: a flow, and the sums of each of its figures."""
    sums = {flow: [f"{name} {n:,.0f}" for name, n in of.items()] for flow, of in totals.items()}
    return "; ".join(f"{flow} {', '.join(figures)}" for flow, figures in sums.items())


def _clean(root: Path, source: Source) -> Iterable[Part]:
    path = catalogue.check(source, root)
    clean = catalogue.cleaner(source, root)
    try:
        yield from clean(path, source)
    except pa.ArrowInvalid as error:
        reason = str(error).splitlines()[0]
        todo = f"compare the file with what `arguments` of {source.id} say of it"
        raise LayoutError(path, f"what {source.cleaner} reads", reason, todo) from error
