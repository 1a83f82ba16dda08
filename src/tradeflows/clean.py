"""A publisher's own file to its table: what ``tradeflows clean`` and ``tradeflows add`` share.

The publishers are listed here once. Each is a module of :mod:`tradeflows.publishers` with a
function ``clean(path, source, **options)``; a file is recognised by how it begins, not by its name.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import inspect
import json
import re
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, parquet

from tradeflows import schema
from tradeflows.catalogue import Source
from tradeflows.errors import LayoutError, QueryError, SchemaError, SourceError, near
from tradeflows.publishers import Part, reading

HEAD = 1 << 16
ROWS_A_GROUP = 1 << 14  # at least, so that one question needs few of them
# Whose smallest and largest value in each row group are worth their while: what rows are found by.
ASKED = ("cmd_code", "flow_code", "partner_iso", "partner_code", "ref_period")
FORMULA = r"(?s)^([=+\-@\t\r\n].)"  # how a cell begins that a spreadsheet would compute
_ZH = "|".join(("数据年月", "商品编码", "贸易伙伴编码", "第一数量", "美元", "人民币"))


class Known(NamedTuple):
    """A publisher whose files are recognised: what they are, their table, how they begin."""

    about: str
    table: str
    begins: re.Pattern[bytes]


KNOWN = {
    "gacc": Known(
        "China's customs (query CSV, or monthly table 13 or 14)", "trade",
        re.compile(rb"\A[^\r\n]*(" + f"{_ZH}|".encode("gb18030") + f"{_ZH}|".encode() +
                   rb"Commodity code\b|US dollar|Renminbi Yuan)|"
                   rb"Commodities in Quantity and Value"),
    ),
    "cbr": Known("the Bank of Russia (XML of rates)", "rates", re.compile(rb"<ValCurs\b")),
    "ecb": Known(
        "the European Central Bank (eurofxref zip or CSV)", "rates",
        re.compile(rb"\A(PK.{,200}eurofxref|(\xef\xbb\xbf)?Date, ?[A-Z]{3},)", re.DOTALL),
    ),
    "eurostat_energy": Known(
        "Eurostat's energy trade (TSV, SDMX-CSV or JSON-stat of nrg_ti_…m)", "trade",
        re.compile(rb"\A[^\r\n]*\bsiec\b[^\r\n]*\bTIME_PERIOD\b|\A\s*\{.*\bESTAT\b", re.DOTALL),
    ),
    "comtrade": Known(
        "UN Comtrade (JSON, bulk text or TradeData.csv)", "trade",
        re.compile(rb'\A(\xef\xbb\xbf)?\s*\{\s*"(elapsedTime|count|data)"\s*:|'
                   rb"\A[^\r\n]*typeCode\W+freqCode", re.IGNORECASE),
    ),
    "comext": Known(
        "Eurostat Comext (full_….7z or .dat, SDMX-CSV, relational view or .xlsx)", "trade",
        re.compile(rb"\A(7z\xbc\xaf|(\xef\xbb\xbf)?((REPORTER|DECLARANT),(PARTNER|DECLARANT_ISO),|"
                   rb"DATAFLOW[^\r\n]*\breporter\b[^\r\n]*\bindicators\b|"
                   rb"[^\r\n]*\bREPORTER\b[^\r\n]*\b(VALUE_IN_EUR|QUANTITY_IN_100KG))|"
                   rb"PK\x03\x04.{26}(\[Content_Types\]|_rels/|docProps/|xl/))", re.DOTALL),
    ),
}  # fmt: skip


class Cleaned(NamedTuple):
    """What became of one file: its entry, and counts of records, rows and what was left out.

    It is `held` where an earlier run had written it.
    """

    source: Source
    records: int
    rows: int
    left_out: Mapping[str, int]
    value: Mapping[str, float]
    empty: int
    held: bool = False

    def line(self) -> str:
        """One line that says all of it."""
        left = "; ".join(
            f"{reason}: {count:,}" + (f" (value {self.value[reason]:,.0f})"
                                      if reason in self.value else "")
            for reason, count in self.left_out.items()
        )  # fmt: skip
        empty = f"; {self.empty:,} cells without a figure" if self.empty else ""
        held = "; held already" if self.held else ""
        return (f"{self.source.path}: {self.records:,} records, {self.rows:,} rows of "
                f"{self.source.table}; left out: {left or 'nothing'}{empty}{held}")  # fmt: skip


COUNTED = Cleaned._fields[1:-1]  # what the metadata say of a file, beside its name


def recognise(path: Path) -> list[str]:
    """Names of the publishers whose files begin as `path` does.

    Raises
    ------
    SourceError
        The file cannot be read, or is empty.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror})") from error
    if not head:
        raise SourceError(f"{path}: empty; save it again")
    if head.startswith(b"\x1f\x8b"):
        try:
            head = zlib.decompressobj(31).decompress(head, HEAD)
        except zlib.error as error:
            raise LayoutError(path, "a whole gzip file", str(error)) from error
    return [name for name, known in KNOWN.items() if known.begins.search(head)]


def cleaner(
    publisher: str, options: Mapping[str, Any], paths: Sequence[Path] = ()
) -> Callable[..., Iterator[Part]]:
    """The function that cleans `paths`, if they are of `publisher` and it takes all of `options`.

    Raises
    ------
    QueryError
        There is no such publisher or option; the message lists what there is.
    LayoutError
        As :func:`check`.
    """
    name = f"tradeflows.publishers.{publisher}"
    if publisher not in KNOWN or find_spec(name) is None:
        there = [each for each in KNOWN if find_spec(f"tradeflows.publishers.{each}")]
        raise QueryError(f"no publisher {publisher!r}{near(publisher, there)}")
    function: Callable[..., Iterator[Part]] = importlib.import_module(name).clean
    takes = [*inspect.signature(function).parameters][2:]
    for path in paths:
        check(publisher, path)
    if odd := [option for option in options if option not in takes]:
        where = "".join(f"{path}: " for path in paths[:1])
        raise QueryError(f"{where}files of {publisher} take no --{odd[0]}; leave it out")
    return function


def check(publisher: str, path: Path) -> None:
    """Refuse a file that does not begin as those of `publisher` do.

    Raises
    ------
    LayoutError
        The message says what the file looks like.
    """
    found = recognise(path)
    if publisher not in found:
        like = " or ".join(KNOWN[name].about for name in found) or "nothing that is known"
        todo = f"tradeflows clean {found[0]}" if found else "save it as the publisher sends it"
        raise LayoutError(path, KNOWN[publisher].about, f"what looks like {like}", todo)


def clean(
    publisher: str, paths: Iterable[Path], to: Path, *, strict: bool = False, mark: str = "",
    **options: str,
) -> list[Cleaned]:  # fmt: skip
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
    function = cleaner(publisher, options, files)
    table = KNOWN[publisher].table
    outputs: dict[Path, list[tuple[Path, Source]]] = {}
    path_of: dict[str, Path] = {}
    single = is_file(to)
    for path in files:
        source = reading.uncatalogued(path, publisher, table)
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
                raise SourceError(f"{some[0][0]}: {other} holds the same bytes under another name; "
                                  "remove it, or leave this file out")  # fmt: skip
            made = fingerprint((each._replace(retrieved=date.min, arguments=options)
                                for each in sources), table)  # fmt: skip
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
        inside = sorted(each for each in path.rglob("*") if each.is_file()
                        and not each.name.startswith(".")) if path.is_dir() else [path]  # fmt: skip
        if not inside:
            raise SourceError(f"{path}: the folder is empty")
        found += inside
    return list(dict.fromkeys(found))


def beside(folder: Path) -> Path:
    """Where what goes into `folder` is written: next to it or, if that cannot be, within.

    So whoever opens the folder as one dataset meets nothing else there, also after a kill.
    """
    above = folder.absolute().parent
    tried = above / f".{uuid4().hex}.tmp"
    try:
        tried.touch()
        tried = tried.replace(folder / tried.name)  # not from one disk, or mount, to another
    except OSError:
        return folder
    finally:
        tried.unlink(missing_ok=True)
    return above


def sweep(folder: Path, pattern: str = ".*.tmp") -> None:
    """Remove what a killed process left: temporary files more than an hour old."""
    for path in folder.glob(pattern):
        with suppress(FileNotFoundError):  # renamed or removed by its owner meanwhile
            if time.time() - path.stat().st_mtime > 3600:
                path.unlink()


def fingerprint(sources: Iterable[Source], table: str) -> str:
    """A digest of all that decides the content of `table`: sources, contract, codes, cleaners."""
    digest = hashlib.sha256(code())
    for source in sources:
        if source.table == table:  # its totals are learnt by a build, and decide nothing
            digest.update(repr(source._replace(control={})).encode())
    return digest.hexdigest()


@cache  # the code of a process is that which it imported
def code() -> bytes:
    """A digest of the code and code lists that decide what is written, and of pyarrow's version."""
    package = Path(__file__).parent
    files = [*package.glob("codelists/*.csv"), *package.glob("publishers/**/*.py")]
    names = ("clean.py", "codes.py", "schema.py", "tables/building.py")
    files += [package / name for name in names]
    text = b"".join(path.read_bytes() for path in sorted(files))
    return hashlib.sha256(pa.__version__.encode() + text).digest()


def _held(output: Path, sources: Sequence[Source], made: str) -> list[Cleaned]:
    """What an earlier run wrote of `sources`, if its output is whole and `made` as now."""
    told = _told(output)
    if told.get(b"fingerprint") != made.encode():
        return []
    return [
        Cleaned(source, **{name: each[name] for name in COUNTED}, held=True)
        for source, each in zip(sources, json.loads(told[b"sources"]), strict=True)
    ]


def _twin(output: Path, source: Source) -> Path | None:
    """The file beside `output` that holds the very bytes of `source`, once more under its name."""
    for path in output.parent.glob(f"*_{source.sha256[:8]}.parquet"):
        told = json.loads(_told(path).get(b"sources", b"[]"))
        if path != output and any(each["sha256"] == source.sha256 for each in told):
            return path
    return None


def _told(path: Path) -> dict[bytes, bytes]:
    """What a Parquet file says of itself; nothing where there is none that is whole."""
    try:
        return parquet.read_metadata(path).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return {}


def _write(
    path: Path, suffix: str, table: str, files: Iterable[tuple[Source, Iterator[Part]]],
    strict: bool, made: str,
) -> list[Cleaned]:  # fmt: skip
    contract = schema.TABLES[table]
    keys, cleaned = Keys(contract), []
    with Sink(path, suffix, contract) as sink:
        for source, parts in files:
            cleaned.append(tally(source, through(parts, keys, sink)))
            if strict and cleaned[-1].left_out:
                raise SchemaError(f"--strict: {cleaned[-1].line()}")
        keys.check({each.source.id: each.source.path for each in cleaned})
        sink.about(cleaned, made)
    return cleaned


def through(parts: Iterable[Part], keys: Keys, sink: Sink | None = None) -> Iterator[Part]:
    """`parts`, each after its `keys` are noted and its rows written."""
    for part in parts:
        if part.sorted:  # a whole file, whose cleaner has looked for doubles within it
            keys.note(part.rows)
        else:
            keys.add(part.rows)
        if sink:
            sink.write(part.rows)
        yield part


def tally(source: Source, parts: Iterable[Part]) -> Cleaned:
    """What became of one file, from all its `parts`."""
    counts, left, value = Counter[str](), Counter[str](), Counter[str]()
    for part in parts:
        counts.update(records=part.records, rows=len(part.rows), empty=part.empty)
        left.update(part.left_out)
        value.update(part.value)
    return Cleaned(source, counts["records"], counts["rows"], dict(left), dict(value),
                   counts["empty"])  # fmt: skip


class Sink:
    """A Parquet or CSV file of one table, written some thousand rows at a time."""

    def __init__(self, path: Path, suffix: str, contract: pa.Schema) -> None:
        self._batches: list[pa.RecordBatch] = []
        self._contract, self._rows = contract, 0
        self._path, self._plain = path, suffix == ".csv"
        self._file: Any = None

    def __enter__(self) -> Sink:
        """Open."""
        return self

    def write(self, rows: pa.RecordBatch) -> None:
        """Add `rows`."""
        self._batches.append(rows)
        self._rows += len(rows)
        if self._rows >= ROWS_A_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._file is not None and not self._batches:
            return
        rows = pa.Table.from_batches(self._batches, None if self._batches else self._contract)
        if self._plain and self._batches:
            rows = _escaped(rows.cast(self._contract))
        if self._file is None:
            self._file = self._open(rows.schema)
        self._file.write_table(rows)
        self._batches, self._rows = [], 0

    def _open(self, coded: pa.Schema) -> Any:
        """A writer of rows that are coded as the first ones are."""
        if self._plain:
            return csv.CSVWriter(self._path, self._contract)
        numbers = {field.name: "BYTE_STREAM_SPLIT" for field in self._contract
                   if field.type == schema.NUMBER}  # fmt: skip
        words = [field.name for field in self._contract
                 if field.type == schema.TEXT or field.name == "n_months"]  # fmt: skip
        writer = parquet.ParquetWriter(
            self._path, coded, compression="zstd", use_dictionary=words, store_schema=False,
            column_encoding=numbers | {"source_row": "DELTA_BINARY_PACKED"},
            write_statistics=[name for name in ASKED if name in coded.names],
            write_batch_size=ROWS_A_GROUP,
        )  # fmt: skip
        # Text is told to be plain: of coded text, pyarrow does not use the row groups' statistics.
        plain = self._contract.with_metadata(coded.metadata)
        writer.add_key_value_metadata(
            dict(coded.metadata) | {"ARROW:schema": base64.b64encode(plain.serialize())}
        )
        return writer

    def about(self, cleaned: list[Cleaned], made: str) -> None:
        """Say in the file's metadata what became of each source, and the fingerprint of all."""
        told = [
            {name: getattr(each, name) for name in COUNTED}
            | {"source": each.source.id, "publisher": each.source.publisher,
               "file": each.source.path, "sha256": each.source.sha256}
            for each in cleaned
        ]  # fmt: skip
        self._flush()
        if not self._plain:
            text = json.dumps(told, ensure_ascii=False)
            self._file.add_key_value_metadata({"sources": text, "fingerprint": made})

    def __exit__(self, error: object, *_: object) -> None:
        """Write the rest, unless it went wrong, and close."""
        if error is None:
            self._flush()
        if self._file is not None:
            self._file.close()


def _escaped(rows: pa.Table) -> pa.Table:
    """`rows` with texts that a spreadsheet would take for a formula begun with an apostrophe."""
    for place, field in enumerate(rows.schema):
        if field.type == schema.TEXT:
            # One sign alone, such as the qualifier =, is no formula.
            safe = pc.replace_substring_regex(rows[field.name], FORMULA, r"'\1")
            rows = rows.set_column(place, field, safe)
    return rows


class Keys:
    """Whether rows repeat a key, learnt batch by batch at a few bytes a row.

    Which source states a row is no matter here: two that state one cell would be counted twice.
    """

    def __init__(self, contract: pa.Schema) -> None:
        names = [name for name in schema.key(contract) if name != "source_id"]
        self._words: dict[str, dict[Any, int]] = {name: {} for name in names}
        self._codes: dict[str, list[Any]] = {name: [] for name in self._words}
        self._rows: list[Any] = []
        self._sources: list[str] = []
        self._whole: dict[tuple[Any, Any], str] = {}

    def note(self, batch: pa.RecordBatch) -> None:
        """Take note of the period of `batch`, of a file that states it whole.

        Raises
        ------
        SchemaError
            Another file states it too.
        """
        period = batch["ref_period"][0].as_py(), batch["n_months"][0].as_py()
        source = batch["source_id"][0].as_py()
        if (other := self._whole.setdefault(period, source)) != source:
            raise SchemaError(f"{other} and {source} both state {period[0]:%Y-%m}, which would be "
                              "counted twice; give one, or --to a folder")  # fmt: skip

    def add(self, batch: pa.RecordBatch) -> None:
        """Take note of the keys of `batch`."""
        self._rows.append(batch["source_row"].to_numpy())
        self._sources += [batch["source_id"][0].as_py()] if len(batch) else [""]
        for name, known in self._words.items():
            column = batch[name]
            if len(known) == 1 and pc.all(pc.equal(column, next(iter(known)))).as_py():
                self._codes[name].append(np.broadcast_to(np.int32(0), len(batch)))
                continue
            encoded = column.dictionary_encode()
            codes = [known.setdefault(word, len(known)) for word in encoded.dictionary.to_pylist()]
            if len(codes) == 1:  # one value takes no room
                self._codes[name].append(np.broadcast_to(np.int32(codes[0]), len(batch)))
            else:
                self._codes[name].append(np.array(codes, np.int32)[encoded.indices.to_numpy()])

    def check(self, files: Mapping[str, Path | str]) -> None:
        """Refuse two rows of one key; `files` by the id of their source.

        Raises
        ------
        SchemaError
            The message names the file, the two records and their cell.
        """
        cell: Any = np.int64(0)
        span = 1
        for name, known in self._words.items():
            if len(known) > 1:
                if span * len(known) >= 2**62:  # start again from as few numbers as there are
                    cell = np.unique(cell, return_inverse=True)[1]
                    span = int(cell.max()) + 1
                cell = cell * len(known) + np.concatenate(self._codes[name])
                span *= len(known)
        cells = np.broadcast_to(cell, sum(map(len, self._rows)))
        order = np.argsort(cells, kind="stable")
        same = np.flatnonzero(np.diff(cells[order]) == 0)
        if len(same):
            at = sorted(order[same[0] : same[0] + 2])
            rows = np.concatenate(self._rows)[at]
            words = {name: [*known] for name, known in self._words.items()}
            place = " ".join(str(words[name][np.concatenate(codes)[at[0]]])
                             for name, codes in self._codes.items())  # fmt: skip
            one, other = np.repeat(self._sources, [*map(len, self._rows)])[at]
            both = f"{files[one]}: records {rows[0]} and {rows[1]}" if one == other else (
                f"record {rows[0]} of {files[one]} and record {rows[1]} of {files[other]}"
            )  # fmt: skip
            raise SchemaError(f"{both} state the same cell ({place}); {len(same)} cells are stated "
                              "more than once; save the file again, or take one of each "
                              "out")  # fmt: skip


def restated(to: Path) -> list[str]:
    """A line for each month of Comext of which the folder `to` holds several releases.

    They lie there beside each other, and whoever reads the whole folder counts both.
    """
    named: dict[str, list[str]] = {}
    for name in sorted(path.name for path in to.glob("*full*_????????.parquet")):
        if month := re.search(r"full_?(?:v2_)?(\d{6})_", name):
            named.setdefault(month[1], []).append(name)
    return [f"{to}: {' and '.join(names)} are releases of one month, and who reads the whole "
            "folder counts it twice: move one away"
            for names in named.values() if len(names) > 1]  # fmt: skip


def lines(cleaned: Iterable[Cleaned]) -> list[str]:
    """The report: a line a file, and one of the sum where there are several."""
    told = list(cleaned)
    total = [f"{len(told)} files: {sum(each.records for each in told):,} records, "
             f"{sum(each.rows for each in told):,} rows"]  # fmt: skip
    return list(chain((each.line() for each in told), total if len(told) > 1 else ()))
