"""Where a Parquet or CSV file of a table is written, and the digest of all that decides it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, parquet

from tradeflows.model import schema
from tradeflows.model.source import Source
from tradeflows.publishers import registry

ROWS_A_GROUP = 1 << 14  # at least, so that one question needs few of them
VALUES_AT_A_TIME = 1 << 15  # of a column, which no row group has more of
# How a cell begins that a spreadsheet would compute; one sign alone, as a qualifier, is none.
FORMULA = r"(?s)^([=+\-@\t\r\n].)"


def fingerprint(sources: Iterable[Source], table: str, root: Path | None = None) -> str:
    """A digest of all that decides the content of `table`: sources, contract, codes, cleaners.

    The project's own cleaners lie below `root`.
    """
    digest = hashlib.sha256(code())
    for source in sources:
        if source.table == table:  # its totals are learnt by a build, and decide nothing
            digest.update(repr(replace(source, control={})).encode())
            if root and source.cleaner.startswith(registry.OWN):
                from tradeflows.retrieval import own_cleaners

                digest.update(own_cleaners.path_of(source, root).read_bytes())
    return digest.hexdigest()


@cache  # the code of a process is that which it imported
def code() -> bytes:
    """A digest of the code and code lists that decide what is written, and of pyarrow's version."""
    package = Path(__file__).parents[1]
    patterns = ["model/codelists/*.csv", "model/*.py", "model/*.toml", "publishers/**/*.py"]
    patterns += ["tables/building.py", "tables/releases.py", "tables/write.py", "tables/zeros.py"]
    files = [path for pattern in patterns for path in package.glob(pattern)]
    text = b"".join(path.read_bytes() for path in sorted(files))
    return hashlib.sha256(pa.__version__.encode() + text).digest()


class TableWriter:
    """A Parquet or CSV file of one table, written some thousand rows at a time.

    Parameters
    ----------
    path, suffix
        The file, and what it is to be in the end: ``.csv`` or ``.parquet``.
    contract
        Of the table.
    rows_a_group
        At least so many rows come into each row group but the last, and less than twice as many.
    """

    def __init__(
        self,
        path: Path,
        suffix: str,
        contract: pa.Schema,
        rows_a_group: int | None = None,
    ) -> None:
        self._batches: list[pa.RecordBatch] = []
        self._contract = contract
        self.n_rows = 0
        self._rows_a_group = rows_a_group or ROWS_A_GROUP
        self._path, self._is_csv = path, suffix == ".csv"
        self._file: Any = None

    def __enter__(self) -> TableWriter:
        """Open."""
        return self

    def write(self, rows: pa.RecordBatch | pa.Table) -> None:
        """Add `rows`."""
        self._batches += rows.to_batches() if isinstance(rows, pa.Table) else [rows]
        self.n_rows += len(rows)
        if sum(map(len, self._batches)) >= self._rows_a_group:
            self._flush()

    def _flush(self) -> None:
        if self._file is not None and not self._batches:
            return
        rows = pa.Table.from_batches(self._batches, None if self._batches else self._contract)
        if self._is_csv and self._batches:
            rows = rows.cast(self._contract)
            for place, field in enumerate(rows.schema):
                if field.type == schema.TEXT:  # what a spreadsheet would take for a formula
                    safe = pc.replace_substring_regex(rows[field.name], FORMULA, r"'\1")
                    rows = rows.set_column(place, field, safe)
        if self._file is None:
            self._file = self._open(rows.schema)
        n_groups = max(1, len(rows) // self._rows_a_group)
        self._file.write_table(rows, -(-len(rows) // n_groups) or None)
        self._batches = []

    def _open(self, coded: pa.Schema) -> Any:
        """A writer of rows that are coded as the first ones are."""
        if self._is_csv:
            return csv.CSVWriter(self._path, self._contract)
        numbers = {
            field.name: "BYTE_STREAM_SPLIT"
            for field in self._contract
            if field.type == schema.NUMBER
        }
        words = [
            field.name
            for field in self._contract
            if field.type == schema.TEXT or field.name == "n_months"
        ]
        writer = parquet.ParquetWriter(
            self._path,
            coded,
            compression="lz4",  # a third less work than zstd, for an eighth more bytes
            use_dictionary=words,
            store_schema=False,
            column_encoding=numbers | {"source_row": "DELTA_BINARY_PACKED"},
            write_batch_size=VALUES_AT_A_TIME,
        )
        # Text is declared plain: of coded text, pyarrow does not use the row groups' statistics.
        plain = self._contract.with_metadata(coded.metadata)
        writer.add_key_value_metadata(
            dict(coded.metadata) | {"ARROW:schema": base64.b64encode(plain.serialize())}
        )
        return writer

    def describe(self, **metadata: str) -> None:
        """Add `metadata` to a Parquet file, such as what became of each source."""
        self._flush()
        if not self._is_csv:
            self._file.add_key_value_metadata(metadata)

    def __exit__(self, error: object, *_: object) -> None:
        """Write the rest, unless it went wrong, and close."""
        if error is None:
            self._flush()
        if self._file is not None:
            self._file.close()


def metadata_of(path: Path) -> dict[bytes, bytes]:
    """What a Parquet file states of itself; empty where there is none that is whole."""
    try:
        return parquet.read_metadata(path).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return {}
