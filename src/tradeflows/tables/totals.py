"""Control totals: counts, exact sums and digests of the tables, raw files and code lists."""

from __future__ import annotations

import csv as text_csv
import hashlib
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from tradeflows.model import schema
from tradeflows.model.codelists import LISTS
from tradeflows.model.errors import LayoutError
from tradeflows.model.lineage import full_number
from tradeflows.model.source import Source
from tradeflows.retrieval import catalogue, changes
from tradeflows.tables.files import processed, stored
from tradeflows.tables.write import metadata_of

MEASURES = {  # column: the column that says its unit, or the unit itself
    "trade": {
        "value_reported": "currency",
        "primary_value_usd": "USD",
        "net_wgt_kg": "kg",
        "qty": "qty_unit",
    },
    "settlement": {"value": "unit", "low": "unit", "high": "unit"},
    "rates": {"rate": "quote", "n_days": "days"},
    "figures": {"value": "unit", "low": "unit", "high": "unit"},
}


DIGEST = "digest"
CODES = "codes"
# Words in the name of a column whose numbers count nothing, beside those of goods and years.
COUNT_NOTHING = {"flag", "flow", "id", "period", "rank"}
# A row's place in its file and its note say nothing of what it states.
NOT_DIGESTED = ("source_row", "source_field", "note")


def control_totals(root: Path | None = None) -> list[dict[str, str]]:
    """Counts, exact sums and digests by table, source and year, and sums of each raw column.

    Returns
    -------
    list of dict
        Keys table, source_id, year, measure, unit, count, total; sorted. The measure "digest" is a
        number of all that the rows of a source and year state, in whatever order they stand: of
        rows that exchange their labels or figures the sums stay and this does not. Table "raw" has
        the number columns of the raw files as they stand, also those that reach no table, but for
        codes and periods, whose sums say nothing; table "codes" a digest of each list of codes, the
        package's own and the catalogued ones.
    """
    root = root or catalogue.root()
    rows = []
    for name, measures in MEASURES.items():
        table = stored(root, name, zeros=True).to_table()
        years = _years(name, table)
        for measure, unit in measures.items():
            units = table[unit] if unit in table.column_names else [unit] * len(table)
            rows += _sums(name, table["source_id"], years, measure, units, table[measure])
        rows += _digests(name, table, years)
    sources = catalogue.load(root)
    for source in sources.values():
        rows += _raw_sums(source, catalogue.check(source, root))
    lists = _package_lists(root)
    lists |= {s.id: s.file(root) for s in sources.values() if s.table == catalogue.CODE_LIST}
    rows += [list_digest(name, path) for name, path in lists.items()]
    return sorted(rows, key=lambda row: tuple(row.values()))


def _package_lists(root: Path) -> dict[str, Path]:
    """Return the package's own lists where `root` is the repository that they are kept in."""
    if not LISTS.is_relative_to(root.resolve()):
        return {}
    return {f"codelists/{path.name}": path for path in LISTS.glob("*.csv")}


def _years(name: str, table: pa.Table) -> Any:
    period = "window_start" if name == "figures" else "ref_period"
    years = pc.year(table[period])
    texts = pc.cast(years, pa.string())
    return pc.fill_null(texts, "none")


def _digests(name: str, table: pa.Table, years: Any) -> list[dict[str, str]]:
    """The digest of each source and year, and of how many rows it is."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    cells = zip(table["source_id"].to_pylist(), years.to_pylist(), strict=True)
    for cell, number in zip(cells, row_numbers(table), strict=True):
        count, total = sums.get(cell, (0, 0))
        sums[cell] = count + 1, total + number
    digests = []
    for (source, year), (count, total) in sums.items():
        digest = _digest_row(name, source, year, count, total)
        digests.append(digest)
    return digests


def row_numbers(table: pa.Table) -> list[int]:
    """A number for each row, of all that it states but its place in the file and its note."""
    names = [name for name in table.column_names if name not in NOT_DIGESTED]
    is_figure = {name: pa.types.is_primitive(table[name].type) for name in names}
    is_figure |= {name: False for name in names if pa.types.is_date(table[name].type)}
    texts = []
    columns = []
    for name in names:
        column = table[name]
        if is_figure[name]:
            numbers = column.cast(pa.float64())
            columns.append(numbers.to_numpy())
        else:
            words = column.cast(pa.string())
            texts.append(pc.fill_null(words, "\0"))
    figures = np.column_stack(columns)
    figures = figures.astype("<f8")
    figures[np.isnan(figures)] = np.nan  # one of the many that there are
    joined = pc.binary_join_element_wise(*texts, "\x1f")
    lines = joined.to_pylist()
    row_numbers = []
    for line, row in zip(lines, figures, strict=True):
        content = line.encode() + row.tobytes()
        row_numbers.append(_number(content))
    return row_numbers


def _number(content: bytes) -> int:
    digest = hashlib.blake2b(content, digest_size=8)
    return int.from_bytes(digest.digest())


def _digest_row(table: str, source: str, year: str, count: int, total: int) -> dict[str, str]:
    return {
        "table": table,
        "source_id": source,
        "year": year,
        "measure": DIGEST,
        "unit": "",
        "count": str(count),
        "total": f"{total % 2**64:016x}",
    }


def list_digest(name: str, path: Path) -> dict[str, str]:
    """The digest of a list of codes, whose rows may stand in any order."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = text_csv.reader(file)
    except ValueError as error:  # not UTF-8, or no row at all
        raise LayoutError(path, "a list of codes as CSV in UTF-8", f"{error}") from error
    numbers = []
    for row in rows:
        text = "\x1f".join([*header, *row])
        numbers.append(_number(text.encode()))
    return _digest_row(CODES, name, "", len(rows), sum(numbers))


def cells_moved(
    before: Mapping[str, pa.Table], after: Mapping[str, pa.Table], most: int = 5
) -> list[str]:
    """Cells that differ between two builds, some of each source, in words.

    Parameters
    ----------
    before, after
        Tables by name; one that has other columns than before is not compared.
    most
        Cells that are named of each source.
    """
    lines = []
    for name, new in after.items():
        old = before.get(name)
        if old is None or old.schema.names != new.schema.names:
            continue
        measures = [measure for measure in MEASURES[name] if measure != "n_days"]
        words = _words_of(name, measures)
        was = _as_text(old, words, measures)
        now = _as_text(new, words, measures)
        frame = changes.changed(was, now, words, measures)
        for source, rows in frame.groupby("source_id", sort=True):
            some = rows.head(most)
            for row in some.to_dict("records"):
                line = _cell_line(name, row, measures)
                lines.append(line)
            if len(rows) > most:
                lines.append(f"{name} {source}: … and {len(rows) - most} more cells")
    return lines


def _words_of(table: str, measures: list[str]) -> list[str]:
    """The columns of a table that name a cell: neither figures nor a place in a file."""
    passed = (*NOT_DIGESTED, *measures)
    words = []
    for field in schema.TABLES[table]:
        is_word = field.type != schema.NUMBER
        if is_word and field.name not in passed:
            words.append(field.name)
    return words


def _as_text(rows: pa.Table, words: list[str], measures: list[str]) -> pa.Table:
    """Rows whose words are texts, none of them null, and whose measures are numbers."""
    columns = {}
    for word in words:
        texts = rows[word].cast(pa.string())
        columns[word] = pc.fill_null(texts, "")
    for measure in measures:
        figures = rows[measure]
        columns[measure] = figures.cast(pa.float64())
    return pa.table(columns)


def _cell_line(name: str, row: Mapping[str, Any], measures: Iterable[str]) -> str:
    """A cell that was added, changed or withdrawn, with its figures."""
    shown = [row[word] for word in CELL_WORDS[name] if row[word]]
    moves = []
    for measure in measures:
        old = row[f"{measure}_old"]
        new = row[f"{measure}_new"]
        if old != new:
            moves.append(f"{measure} {_figure(old)} → {_figure(new)}")
    figures = "; ".join(moves) or "its words or flags"
    cell = " ".join(shown)
    return f"{name} {row['source_id']}: {row['kind']}: {cell}: {figures}"


def _figure(value: float | None) -> str:
    return "none" if value is None else full_number(value)


CELL_WORDS = {  # what names a cell for a reader
    "trade": (
        "ref_period",
        "reporter_iso",
        "flow_code",
        "cmd_code",
        "partner_iso",
        "breakdown",
        "qualifier",
        "flags",
    ),
    "settlement": ("ref_period", "concept", "measure", "region", "currency_group", "qualifier"),
    "rates": ("ref_period", "base", "quote", "publisher", "statistic"),
    "figures": ("id", "topic", "qualifier"),
}


def built(root: Path) -> dict[str, pa.Table]:
    """The committed tables as they stand, of now or not, to be compared with those of a build."""
    paths = {name: processed(root, name) for name in MEASURES}
    return {name: parquet.read_table(path) for name, path in paths.items() if metadata_of(path)}


def _sums(table: str, sources: Any, years: Any, measure: str, units: Any, values: Any) -> Any:
    cells: dict[tuple[str, str, str], list[float]] = {}
    if not isinstance(units, list):
        units = units.to_pylist()
    sources = sources.to_pylist()
    years = years.to_pylist()
    values = values.to_pylist()
    for source, year, unit, value in zip(sources, years, units, values, strict=True):
        if value is not None:
            cell = source, year, unit or ""
            numbers = cells.setdefault(cell, [])
            numbers.append(value)
    sums = []
    for (source, year, unit), numbers in cells.items():
        row = _sum_row(table, source, year, measure, unit, numbers)
        sums.append(row)
    return sums


def _sum_row(
    table: str, source: str, year: str, measure: str, unit: str, numbers: list[float]
) -> dict[str, str]:
    """The count and the exact sum of some numbers, as a control total."""
    total = math.fsum(numbers)
    return {
        "table": table,
        "source_id": source,
        "year": year,
        "measure": measure,
        "unit": unit,
        "count": str(len(numbers)),
        "total": repr(total),
    }


def _raw_sums(source: Source, path: Path) -> list[dict[str, str]]:
    from tradeflows.retrieval.sketch import headings  # which the first answer does not need

    count_nothing = COUNT_NOTHING | headings.words_for("goods") | headings.words_for("year")
    raw = _raw_table(path)
    rows = []
    for name in raw.column_names:
        column = raw[name]
        is_number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
        if is_number and count_nothing.isdisjoint(headings.list_of_words(name)):
            stated = column.drop_null()
            numbers = [float(value) for value in stated.to_pylist()]
            row = _sum_row("raw", source.id, "", name, "", numbers)
            rows.append(row)
    return rows


def _raw_table(path: Path) -> pa.Table:
    """A raw file as it stands; without columns where it is no CSV."""
    from pyarrow import csv

    as_written = csv.ConvertOptions(timestamp_parsers=["-"])
    for encoding in ("utf-8", "gb18030") if path.suffix == ".csv" else ():
        options = csv.ReadOptions(encoding=encoding)
        try:
            raw = csv.read_csv(path, options, convert_options=as_written)
            [str(name) for name in raw.column_names]  # which are decoded only here
        except (pa.ArrowInvalid, UnicodeDecodeError):
            continue
        return raw
    return pa.table({})
