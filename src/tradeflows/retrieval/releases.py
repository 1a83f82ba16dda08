"""Two releases of a catalogued file: whether one follows the other, and what it changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import schema
from tradeflows.model.errors import LayoutError, QueryError, SourceError, near
from tradeflows.model.periods import parse_period
from tradeflows.model.source import Source, bulk_month, released
from tradeflows.model.words import count_of
from tradeflows.retrieval import catalogue, changes
from tradeflows.retrieval.call_words import FLOWS, call_in_words, dashed
from tradeflows.retrieval.comtrade import Call
from tradeflows.retrieval.comtrade.replies import box_of, fetched

TIMES = 10  # a revision moves no month's sum of a figure by so much; another unit does
SHOWN = 3  # months that a message names
SERVICES = ("comtrade", "comext")  # whose releases :func:`diff` pairs by itself
Pair = tuple[list[str], list[pa.Table]]  # the days of two releases, and their rows


def require_follows(old: pa.Table, new: pa.Table, path: Path, name: str) -> None:
    """Refuse a newer release, the rows `new` at `path`, that can hardly be one of source `name`.

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

    Of UN Comtrade what both releases were asked for is compared, so a row that one of them lacks
    is one that the publisher added or withdrew.

    Parameters
    ----------
    name
        Id of a source that supersedes another, or that is superseded; or ``comtrade`` or
        ``comext`` for the two newest releases of all that was fetched.
    period
        A month such as ``2024-02``, or a year; all where not given.

    Raises
    ------
    QueryError
        There is no such source, or one release of it alone; or `period` is none.
    SourceError, LayoutError, CodeError, SchemaError
        A file cannot be cleaned, or two releases of a month of Comext that is named are not here.
    """
    if period:
        grain = "month" if name == "comext" else "month or year"
        parse_period(period, "period", grain=grain)
    sources = catalogue.load(root, local=True)
    if name not in SERVICES:
        pairs = iter([_superseded(name, sources, root)])
    else:
        pairs = _of_comtrade(root, period) if name == "comtrade" else _of_comext(root, period)
    all_changes: list[changes.Change] = []
    for days, sides in pairs:
        contract = sides[0].schema
        cell = [key for key in schema.key(contract) if key not in ("source_id", "vintage")]
        cell += [key for key in ("currency",) if key in contract.names]  # in euros it is another
        compared = []
        for side in sides:
            words = {key: pc.fill_null(side[key].cast(pa.string()), "") for key in cell}
            texts = pa.table(words | {figure: side[figure] for figure in _figures(contract)})
            if period:
                texts = texts.filter(pc.starts_with(texts["ref_period"], period))
            compared.append(texts)
        changed = changes.changed(compared[0], compared[1], cell, _figures(contract))
        for row in changed.to_dict("records"):
            all_changes += _changes(row, contract, days)
    return changes.largest_first(all_changes)


def _superseded(name: str, sources: Mapping[str, Source], root: Path) -> Pair:
    """A source and the one that it supersedes."""
    if name not in sources:
        raise QueryError(f"no source {name!r}{near(name, [*SERVICES, *sources])}")
    new = sources[name]
    new = next((other for other in sources.values() if other.supersedes == name), new)
    if not new.supersedes:
        raise QueryError(
            f"{name}: one release is held; next: `tradeflows update {name} FILE` takes a newer one"
        )
    pair = sources[new.supersedes], new
    return [*map(released, pair)], [rows(source, root) for source in pair]


def _of_comext(root: Path, period: str) -> Iterator[Pair]:
    """The two newest releases of each month of Comext, or of one."""
    by_month: dict[str, list[Source]] = defaultdict(list)
    for source in sorted(catalogue.load(root, local=True).values(), key=released):
        by_month[dashed(bulk_month(source))].append(source)
    releases = by_month[period] if period else []
    if period and len(releases) < 2:
        have = f"only that of {released(releases[0])}" if releases else "none"
        raise SourceError(
            f"two releases of {period} are needed, and there is {have}; "
            f"tradeflows fetch comext --start {period} --end {period}"
        )
    for month in [period] if period else sorted(filter(None, by_month)):
        pair = by_month[month][-2:]
        if len(pair) > 1:
            yield [*map(released, pair)], [rows(source, root) for source in pair]


def _of_comtrade(root: Path, period: str) -> Iterator[Pair]:
    """The two newest releases of each cell of UN Comtrade, with what both were asked for."""
    replies: dict[str, dict[str, list[Source]]] = defaultdict(lambda: defaultdict(list))
    for source in fetched(root):
        for cell, release in source.arguments.get("releases", {}).items():
            if dashed(cell.split()[1]).startswith(period):
                replies[cell][release].append(source)
    read: dict[str, pa.Table] = {}
    for cell, by_release in sorted(replies.items()):
        # In the order of their dates; of two of one day the one that was fetched first is older.
        pair = sorted(by_release, key=lambda release: release.split()[0])[-2:]
        if len(pair) < 2:
            continue
        boxes = [[*map(box_of, by_release[release])] for release in pair]
        reporter, of_cell = cell.split()
        sides = []
        for release in pair:
            for source in by_release[release]:
                if source.id not in read:
                    read[source.id] = rows(source, root)
            side = pa.concat_tables([read[source.id] for source in by_release[release]])
            months = pc.strftime(side["ref_period"], format="%Y%m" if of_cell[4:] else "%Y")
            is_of = pc.and_(pc.equal(side["reporter_code"], reporter), pc.equal(months, of_cell))
            sides.append(_comparable(side.filter(is_of), boxes))
        yield [release.split()[0] for release in pair], sides


def _comparable(rows: pa.Table, boxes: list[list[Call]]) -> pa.Table:
    """Rows that both releases were asked for, each once, since two replies may state the same."""
    seen = set()
    is_kept = []
    for names in rows.select(["partner_code", "cmd_code", "flow_code", "breakdown"]).to_pylist():
        row = (*names.values(),)
        of_both = all(any(box.covers(*row[:3]) for box in some) for some in boxes)
        is_kept.append(of_both and row not in seen)
        seen.add(row)
    return rows.filter(pa.array(is_kept, pa.bool_()))


def _figures(contract: pa.Schema) -> list[str]:
    """The columns of numbers that are compared."""
    return [field.name for field in contract if field.type == schema.NUMBER]


def _changes(row: dict[Any, Any], contract: pa.Schema, days: list[str]) -> Iterator[changes.Change]:
    """The figures of a cell that differ, a change each; of a row that came or went the first."""
    said = set()
    for figure in _figures(contract):
        old, new = row[f"{figure}_old"], row[f"{figure}_new"]
        unit = contract.field(figure).metadata[b"unit"].decode()
        unit = row.get(unit, unit).partition(",")[0]  # where it is another column's word
        if old != new and (old, new, unit) not in said:
            what = f"{_cell(row, contract)}: {figure}"
            yield changes.Change(what, old, new, days[0], days[1], unit, row["kind"])
            if row["kind"] != "changed":
                break
            said.add((old, new, unit))


def _cell(row: dict[Any, Any], contract: pa.Schema) -> str:
    """The cell of a row of any table, for a reader."""
    if row.get("flow_code") not in FLOWS:
        return ", ".join(row[key] for key in schema.key(contract) if row.get(key))
    months = int(row["n_months"])
    period = row["ref_period"][: 4 if months == 12 else 7]
    part = {"total": ""}.get(row["breakdown"], f" ({row['breakdown']})")
    length = "" if months in (1, 12) else f", {count_of(months, 'month')}"
    who, partner, goods, flow = (
        [row[key]] for key in ("reporter_iso", "partner_iso", "cmd_code", "flow_code")
    )
    return f"{call_in_words(who, partner, goods, flow, [period])}{length}{part}"
