"""The Parquet files below ``data/processed``: where they lie, and whether they are of now."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
from pyarrow.fs import LocalFileSystem

from tradeflows.model import schema
from tradeflows.model.absence import DECLARED
from tradeflows.model.errors import BuildError
from tradeflows.model.periods import first_month
from tradeflows.model.source import Source
from tradeflows.retrieval import catalogue
from tradeflows.tables.write import fingerprint, metadata_of


def processed(root: Path, table: str, *, local: bool = False) -> Path:
    """Where the Parquet file of `table` lies below `root`; `local` for the user's own sources."""
    return root / "data" / "processed" / ("local" if local else "") / f"{table}.parquet"


def catalogued(root: Path) -> dict[bool, dict[str, Source]]:
    """The committed sources under False, and the user's own under True."""
    committed = catalogue.load(root)
    everything = catalogue.load(root, local=True)
    users = {name: source for name, source in everything.items() if name not in committed}
    return {False: committed, True: users}


def stored(root: Path, table: str, *, local: bool = False, zeros: bool = False) -> ds.Dataset:
    """The Parquet file of `table`, and the one of the user's own sources where there are any.

    Without its declared zeros, which are rows of no file, unless `zeros`.
    """
    held = catalogued(root) if local else {False: catalogue.load(root)}
    datasets, has_zeros = [], False
    for is_local, sources in held.items():
        if is_local and not sources:
            continue
        path = processed(root, table, local=is_local)
        try:
            written = path.stat()
            dataset, metadata = opened(path, written.st_mtime_ns, written.st_size)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise BuildError(f"{path}: absent; run `tradeflows build`") from error
        except (pa.ArrowInvalid, OSError) as error:
            raise BuildError(f"{path}: not a Parquet file; run `tradeflows build`") from error
        if metadata.get("fingerprint") != fingerprint(sources.values(), table, root):
            raise BuildError(f"{path}: older than its sources or its code; run `tradeflows build`")
        datasets.append(dataset.replace_schema(schema.STORED[table]))
        has_zeros |= metadata.get("zeros", "0") != "0"
    dataset = ds.dataset(datasets) if local else datasets[0]
    return dataset.filter(ds.field("flags") != DECLARED) if has_zeros and not zeros else dataset


def rows_of(source: Source, root: Path, columns: Sequence[str]) -> pa.Table:
    """Rows of one source, from the table where it is of now and has them, else from its file."""
    from tradeflows.retrieval import releases  # which loads what speaks HTTP

    with suppress(BuildError):
        dataset = stored(root, source.table, local=True)
        if source.id not in refused(root, source.table):
            return dataset.to_table([*columns], filter=ds.field("source_id") == source.id)
    return releases.rows(source, root, columns)


def numbered(dataset: ds.Dataset, names: Sequence[str]) -> pa.Table:
    """Columns of all rows, each word held once: the text of some million rows takes several GB."""
    batches = []
    for batch in dataset.to_batches(columns=names, batch_readahead=2, fragment_readahead=1):
        coded = [c.dictionary_encode() if pa.types.is_string(c.type) else c for c in batch.columns]
        batches.append(pa.record_batch(coded, names))
    rows = pa.Table.from_batches(batches) if batches else dataset.schema.empty_table().select(names)
    return rows.unify_dictionaries()


def last_months(root: Path, names: Iterable[str], *, local: bool = False) -> dict[str, int]:
    """The last month that each of some sources of trade states, counted from year 0."""
    columns = ["source_id", "ref_period", "n_months"]
    of_sources = ds.field("source_id").isin(pa.array(names, pa.string()))
    lines = stored(root, "trade", local=local).to_table(columns=columns, filter=of_sources)
    periods = lines.group_by(columns).aggregate([]).to_pandas(date_as_object=False)
    last = first_month(periods) + periods["n_months"] - 1
    return {
        str(name): int(month) for name, month in last.groupby(periods["source_id"]).max().items()
    }


def is_current(root: Path) -> bool:
    """Whether all tables are there, and as their sources and the code are now."""
    try:
        for table in schema.TABLES:
            stored(root, table, local=True)
    except BuildError:
        return False
    return True


def altered(root: Path, *, local: bool) -> list[catalogue.State]:
    """The states of raw files that are not as they were when the tables were built."""
    path = processed(root, "trade")
    return catalogue.altered(root, path.stat().st_mtime, local=local) if path.is_file() else []


def refused(root: Path, table: str) -> dict[str, str]:
    """The user's own files that the last build left out of `table`, by id, with the reason."""
    text = metadata_of(processed(root, table, local=True)).get(b"refused", b"{}")
    reasons: dict[str, str] = json.loads(text)
    return reasons


@lru_cache(maxsize=512)  # all months of Comext are some 450
def opened(path: Path, *written: int, stays: bool = True) -> tuple[ds.Dataset, dict[str, str]]:
    """The file as it was `written`, and its metadata.

    Where it `stays` open, who holds it reads what was there when it was opened, though a build puts
    another in its place; Windows replaces none.
    """
    kind = ds.ParquetFileFormat()
    if stays and os.name != "nt":
        fragment = kind.make_fragment(pa.memory_map(os.fspath(path)))
    else:
        fragment = kind.make_fragment(os.fspath(path), LocalFileSystem())
    stated = fragment.metadata.metadata or {}
    metadata = {key.decode(): text.decode() for key, text in stated.items()}
    return ds.FileSystemDataset([fragment], fragment.physical_schema, fragment.format), metadata
