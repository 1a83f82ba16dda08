"""Control totals: counts, exact sums and digests of the tables and code lists."""

from __future__ import annotations

import csv as text_csv
import hashlib
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import repeat
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from tradeflows.model import schema
from tradeflows.model.codelists import LISTS
from tradeflows.model.errors import LayoutError
from tradeflows.retrieval import catalogue
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

MOST = 5  # figures of a source that are named where they move
DIGEST = "digest"
CODES = "codes"
# A row's place in its file and its note say nothing of what it states.
NOT_DIGESTED = ("source_row", "source_field", "note")


def control_totals(root: Path | None = None) -> list[dict[str, str]]:
    """Counts, exact sums and digests by table, source and year.

    Returns
    -------
    list of dict
        Keys table, source_id, year, measure, unit, count, total; sorted. The measure "digest" is a
        number of all that the rows of a source and year state, in whatever order they stand: of
        rows that exchange their labels or figures the sums stay and this does not.
        Table "codes" has a digest of each list of codes, the package's own and the catalogued ones.
    """
    root = root or catalogue.root()
    numbers: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for name in MEASURES:
        for cell, number in _figures(name, root):
            numbers[cell].append(number)
    lists = {
        s.id: s.file(root) for s in catalogue.load(root).values() if s.table == catalogue.CODE_LIST
    }
    if LISTS.is_relative_to(root.resolve()):  # of the repository that they are kept in
        lists |= {f"codelists/{path.name}": path for path in LISTS.glob("*.csv")}
    for name, path in lists.items():
        numbers[CODES, name, "", DIGEST, ""] = [*list_numbers(path)]
    names = ("table", "source_id", "year", "measure", "unit", "count", "total")
    rows = []
    for cell, stated in sorted(numbers.items()):
        total = f"{int(sum(stated)) % 2**64:016x}" if cell[3] == DIGEST else repr(math.fsum(stated))
        rows.append(dict(zip(names, (*cell, f"{len(stated)}", total), strict=True)))
    return rows


def _figures(name: str, root: Path) -> Iterator[tuple[tuple[str, ...], float]]:
    """Each figure of a table, and the number of each row, with what its control total is of."""
    table = stored(root, name, zeros=True).to_table(schema.TABLES[name].names)
    days = table["window_start" if name == "figures" else "ref_period"]
    years = pc.fill_null(pc.year(days).cast(pa.string()), "none").to_pylist()
    cells = [*zip(repeat(name), table["source_id"].to_pylist(), years, strict=False)]
    for measure, unit in MEASURES[name].items():
        units = table[unit].to_pylist() if unit in table.column_names else repeat(unit)
        for cell, word, figure in zip(cells, units, table[measure].to_pylist(), strict=False):
            if figure is not None:
                yield (*cell, measure, word or ""), figure
    for cell, number in zip(cells, row_numbers(table), strict=True):
        yield (*cell, DIGEST, ""), number


def row_numbers(table: pa.Table) -> list[int]:
    """A number for each row, of all that it states but its place in the file and its note."""
    names = [name for name in table.column_names if name not in NOT_DIGESTED]
    is_figure = {name: pa.types.is_primitive(table[name].type) for name in names}
    is_figure |= {name: False for name in names if pa.types.is_date(table[name].type)}
    words = [
        pc.fill_null(table[name].cast(pa.string()), "\0") for name in names if not is_figure[name]
    ]
    numbers = [table[name].cast(pa.float64()).to_numpy() for name in names if is_figure[name]]
    figures = np.column_stack(numbers).astype("<f8")
    figures[np.isnan(figures)] = np.nan  # one of the many that there are
    lines = pc.binary_join_element_wise(*words, "\x1f").to_pylist()
    return [
        _number(line.encode() + row.tobytes()) for line, row in zip(lines, figures, strict=True)
    ]


def _number(content: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest())


def list_numbers(path: Path) -> list[int]:
    """A number for each row of a list of codes, with the header."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = text_csv.reader(file)
    except ValueError as error:  # not UTF-8, or no row at all
        raise LayoutError(path, "a list of codes as CSV in UTF-8", f"{error}") from error
    return [_number("\x1f".join([*header, *row]).encode()) for row in rows]


def cells_moved(before: Mapping[str, pa.Table], after: Mapping[str, pa.Table]) -> list[str]:
    """Figures that differ between two builds, some of each source, in words.

    Parameters
    ----------
    before, after
        Tables by name; one that has other columns than before is not compared.
    """
    from tradeflows.retrieval import releases  # which loads what speaks HTTP

    lines = []
    for name, new in after.items():
        old, contract = before.get(name), schema.TABLES[name]
        if old is None or old.schema.names != new.schema.names:
            continue
        words = [field.name for field in contract if field.type != schema.NUMBER]
        words = [word for word in words if word not in NOT_DIGESTED]  # the others name a cell
        sides = [releases.texts(rows, words) for rows in (old, new)]
        for source in pa.concat_tables(sides)["source_id"].unique().sort().to_pylist():
            of_source = [side.filter(pc.equal(side["source_id"], source)) for side in sides]
            moved = [*releases.between(of_source, words, contract, ["before", "now"])]
            lines += [f"{name} {source}: {change}" for change in moved[:MOST]]
            if len(moved) > MOST:
                lines.append(f"{name} {source}: … and {len(moved) - MOST} more figures")
    return lines


def built(root: Path) -> dict[str, pa.Table]:
    """The committed tables as they stand, of now or not, to be compared with those of a build."""
    paths = {name: processed(root, name) for name in MEASURES}
    return {name: parquet.read_table(path) for name, path in paths.items() if metadata_of(path)}
