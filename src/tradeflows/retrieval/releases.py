"""Two releases of a catalogued file: whether one follows the other, and what it changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import schema
from tradeflows.model.errors import LayoutError, QueryError
from tradeflows.model.periods import parse_period
from tradeflows.model.source import Source, released
from tradeflows.model.words import count_of
from tradeflows.retrieval import catalogue, changes
from tradeflows.retrieval.call_words import FLOWS, call_in_words

TIMES = 10  # a revision moves no month's sum of a figure by so much; another unit does
SHOWN = 3  # months that a message names


def require_follows(old: pa.Table, new: pa.Table, path: Path, name: str) -> None:
    """Refuse a newer release, at `path`, that can hardly be one of the source `name`.

    Parameters
    ----------
    old, new
        Rows of both.

    Raises
    ------
    LayoutError
        It lacks a month of the older one, or the sum of a figure in the months that both have is
        mostly ten times as large, or a tenth.
    """
    todo = "if it is so, add --force"
    months = [{*table["ref_period"].unique().drop_null().to_pylist()} for table in (old, new)]
    lost = sorted(months[0] - months[1])
    if lost:
        shown = ", ".join(f"{day:%Y-%m}" for day in lost[:SHOWN])
        more = f" and {len(lost) - SHOWN} more" if lost[SHOWN:] else ""
        raise LayoutError(path, f"all periods of {name}", f"none of {shown}{more}", todo)
    for figure in _figures(new.schema):
        sums = [
            table.group_by("ref_period").aggregate([(figure, "sum")]).to_pandas()
            for table in (old, new)
        ]
        of_both = sums[0].merge(sums[1], on="ref_period").set_index("ref_period").abs()
        was, now = (of_both[side] for side in of_both)
        times = now.div(was[was > 0]).median()
        if times >= TIMES or times <= 1 / TIMES:
            expected = f"figures of the size that {name} has"
            raise LayoutError(path, expected, f"{figure} {times:,.3g} times as large", todo)


def rows(source: Source, root: Path) -> pa.Table:
    """Rows of a source, as its cleaner makes them of its file, whose errors it raises."""
    parts = catalogue.cleaner(source, root)(catalogue.check(source, root), source)
    return table([part.rows for part in parts], source)


def table(batches: Iterable[pa.RecordBatch], source: Source) -> pa.Table:
    """Rows of a source as the table that they are of."""
    contract = schema.TABLES[source.table]
    tables = [pa.Table.from_batches([batch]).cast(contract) for batch in batches]
    return pa.concat_tables([contract.empty_table(), *tables])


def diff(name: str, root: Path, period: str = "") -> list[changes.Change]:
    """What a source changed against the release that it supersedes, the largest change first.

    Parameters
    ----------
    name
        Id of a source that supersedes another, or that is superseded.
    period
        A month or year, such as ``2024-02``; all where not given.

    Raises
    ------
    QueryError
        There is no such source, or one release of it alone; or `period` is none.
    SourceError, LayoutError, CodeError, SchemaError
        A file is missing, altered, or cannot be cleaned.
    """
    if period:
        parse_period(period, "period")
    sources = catalogue.load(root, local=True)
    new = catalogue.named(name, sources)
    new = next((other for other in sources.values() if other.supersedes == name), new)
    if not new.supersedes:
        raise QueryError(
            f"{name}: one release is held; next: `tradeflows update {name} FILE` takes a newer one"
        )
    old = sources[new.supersedes]
    contract = schema.TABLES[new.table]
    cell = [key for key in schema.key(contract) if key not in ("source_id", "vintage")]
    cell += [key for key in ("currency",) if key in contract.names]  # one in euros is another one
    compared = []
    for source in (old, new):
        found = rows(source, root)
        if period:
            is_of = pc.starts_with(pc.cast(found["ref_period"], pa.string()), period)
            found = found.filter(is_of)
        for place, key in enumerate(found.column_names):
            if key in cell:
                words = pc.fill_null(pc.cast(found[key], pa.string()), "")
                found = found.set_column(place, key, words)
        compared.append(found)
    days = (released(old), released(new))
    changed = changes.changed(compared[0], compared[1], cell, _figures(contract))
    return changes.largest_first(
        change for row in changed.to_dict("records") for change in _changes(row, contract, days)
    )


def _figures(contract: pa.Schema) -> list[str]:
    """The columns of numbers that are compared."""
    return [field.name for field in contract if field.type == schema.NUMBER]


def _changes(
    row: dict[Any, Any], contract: pa.Schema, days: tuple[str, str]
) -> Iterator[changes.Change]:
    """The figures of a cell that differ, a change each."""
    for figure in _figures(contract):
        old, new = row[f"{figure}_old"], row[f"{figure}_new"]
        if old != new:
            unit = contract.field(figure).metadata[b"unit"].decode()
            named = f"{_cell(row, contract)}: {figure}"
            unit = row.get(unit, unit)  # where it is another column's word
            yield changes.Change(named, old, new, *days, unit, row["kind"])


def _cell(row: dict[Any, Any], contract: pa.Schema) -> str:
    """The cell of a row of any table, for a reader."""
    if contract is not schema.TRADE or row["flow_code"] not in FLOWS:
        return ", ".join(row[key] for key in schema.key(contract) if row.get(key))
    months = int(row["n_months"])
    period = row["ref_period"][: 4 if months == 12 else 7]
    part = {"total": ""}.get(row["breakdown"], f" ({row['breakdown']})")
    length = "" if months in (1, 12) else f", {count_of(months, 'month')}"
    who, partner, goods, flow = (
        [row[key]] for key in ("reporter_iso", "partner_iso", "cmd_code", "flow_code")
    )
    return f"{call_in_words(who, partner, goods, flow, [period])}{length}{part}"
