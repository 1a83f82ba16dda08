"""Two releases of a catalogued file: whether one follows the other, and what it changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import schema
from tradeflows.model.errors import LayoutError, QueryError, SourceError, near
from tradeflows.model.lineage import full_number
from tradeflows.model.periods import parse_period
from tradeflows.model.source import Source, bulk_month, released
from tradeflows.model.words import count_of
from tradeflows.retrieval import catalogue
from tradeflows.retrieval.call_words import FLOWS, call_in_words, dashed
from tradeflows.retrieval.comtrade.planning import box_of, fetched

if TYPE_CHECKING:
    from pandas import DataFrame

TIMES = 10  # a revision moves no month's sum of a figure by so much; another unit does
HELD = 16  # files that are read once for several pairs
SHOWN = 3  # months that a message names
SERVICES = ("comtrade", "comext")  # whose releases :func:`diff` pairs by itself
# The days of two releases, the files of each, and the reporter and period that they share.
Pair = tuple[list[str], list[list[Source]], str]


@dataclass(frozen=True)
class Change:
    """One figure that differs between two releases; of a row that came or went the first.

    `what` is its cell and its name for a reader; `old` and `new` are None where there is none, and
    `kind` says whether the newer release added, changed or withdrew the row.
    """

    what: str
    old: float | None
    new: float | None
    old_release: str
    new_release: str
    unit: str = ""
    kind: str = "changed"

    @property
    def size(self) -> float:
        """By how much the figure moved."""
        return abs((self.new or 0.0) - (self.old or 0.0))

    def __str__(self) -> str:
        """Say the change in a line."""
        old, new = (
            "nothing" if figure is None else f"{full_number(figure)} {self.unit}"
            for figure in (self.old, self.new)
        )
        what = f"{self.kind}: {self.what}"
        return f"{what}: {old} ({self.old_release}) -> {new} ({self.new_release})"


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
    figures = _figures(new.schema)
    frames = (table.select(["ref_period", *figures]).to_pandas() for table in (old, new))
    was, now = (frame.groupby("ref_period").sum(min_count=1).abs() for frame in frames)
    for figure, times in now.div(was[was > 0]).median().items():
        if times >= TIMES or times <= 1 / TIMES:
            expected = f"figures of the size that {name} has"
            raise LayoutError(path, expected, f"{figure} {times:,.3g} times as large", todo)


def rows(source: Source, root: Path, columns: Sequence[str] = ()) -> pa.Table:
    """Rows of a source, or some `columns`, as its cleaner makes them, whose errors it raises."""
    contract = schema.TABLES[source.table]
    names = [*columns] or contract.names
    parts = catalogue.cleaner(source, root)(catalogue.check(source, root), source)
    batches = (part.rows.select(names) for part in parts)
    return table(batches, contract.empty_table().select(names).schema)


def table(batches: Iterable[pa.RecordBatch], contract: pa.Schema) -> pa.Table:
    """Rows as the table that they are of."""
    tables = [pa.Table.from_batches([batch]).cast(contract) for batch in batches]
    return pa.concat_tables([contract.empty_table(), *tables])


def diff(
    name: str, root: Path, period: str = "", read: Callable[..., pa.Table] = rows
) -> list[Change]:
    """What a source changed against the release that it supersedes, the largest change first.

    Where each row has a unit of its own, it goes unit by unit. Of UN Comtrade what both releases
    were asked for is compared, so a row that one of them lacks is one that the publisher added or
    withdrew.

    Parameters
    ----------
    name
        Id of a source that supersedes another, or that is superseded; or ``comtrade`` or
        ``comext`` for the two newest releases of all that was fetched.
    period
        A month such as ``2024-02``, or a year; all where not given.
    read
        Gives what :func:`rows` does, from tables that are built, say.

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
    contract = schema.TABLES[sources[name].table if name in sources else "trade"]
    cell = [key for key in schema.key(contract) if key not in ("source_id", "vintage")]
    cell += sorted({"currency", "unit"} & {*contract.names} - {*cell})  # in euros it is another
    if period and "ref_period" not in cell:
        raise QueryError(f"{name}: its rows are of no period; leave {period} out")

    @lru_cache(maxsize=HELD)
    def of_source(name: str) -> pa.Table:
        return texts(read(sources[name], root, [*cell, *_figures(contract)]), cell)

    changes: list[Change] = []
    is_comtrade = name == "comtrade"
    pairs = _of_comtrade(root, period) if is_comtrade else _pairs(name, sources, period)
    for days, files, of in pairs:
        sides = []
        for some in files:
            side = pa.concat_tables([of_source(source.id) for source in some])
            side = side.filter(pc.starts_with(side["ref_period"], period)) if period else side
            sides.append(_comparable(side, of, files) if of else side)
        changes += between(sides, cell, contract, days)
    has_units = "unit" in contract.names  # of which one is not more than another
    return sorted(changes, key=lambda change: (change.unit * has_units, -change.size))


def texts(rows: pa.Table, cell: Sequence[str]) -> pa.Table:
    """The words of rows as texts, none of them null, and their figures."""
    words = {key: pc.fill_null(rows[key].cast(pa.string()), "") for key in cell}
    return pa.table(words | {name: rows[name] for name in _figures(rows.schema)})


def between(
    sides: Sequence[pa.Table], cell: Sequence[str], contract: pa.Schema, days: Sequence[str]
) -> Iterator[Change]:
    """The changes from one of two tables of texts to the other; of a row that came or went one."""
    both = pa.concat_tables(sides)
    fixed = {key: both[key][0].as_py() for key in cell if len(both[key].unique()) == 1}
    varying = [key for key in cell if key not in fixed] or cell[:1]  # of millions of rows
    frame = changed(sides[0], sides[1], varying, _figures(contract))
    for row in frame.to_dict("records"):
        row, said = fixed | row, set()
        for figure in _figures(contract):
            old, new = row[f"{figure}_old"], row[f"{figure}_new"]
            unit = contract.field(figure).metadata[b"unit"].decode()
            unit = row.get(unit, unit).partition(",")[0]  # where it is another column's word
            if old != new and (old, new, unit) not in said:
                what = f"{_cell(row, contract)}: {figure}"
                yield Change(what, old, new, days[0], days[1], unit, row["kind"])
                if row["kind"] != "changed":
                    break
                said.add((old, new, unit))


def changed(old: pa.Table, new: pa.Table, cell: Sequence[str], figures: Sequence[str]) -> DataFrame:
    """Cells of which a figure differs between two tables, or that only one of them has.

    Parameters
    ----------
    cell
        Columns of text that identify a row; rows of one cell are compared in their order.
    figures
        Columns of numbers.

    Returns
    -------
    DataFrame, one row a changed cell, in the order of its words
        `cell`, ``kind`` (added, changed, withdrawn), and ``…_old`` and ``…_new`` of each figure,
        None where there is none.
    """
    words = [*cell]
    rows = []
    for table in (old, new):
        frame = table.select([*words, *figures]).to_pandas()
        frame = frame.astype(dict.fromkeys(words, "object") | dict.fromkeys(figures, "float64"))
        rows.append(frame.assign(nth=frame.groupby(words, sort=False).cumcount()))
    of_both = rows[0].merge(
        rows[1], on=[*words, "nth"], how="outer", suffixes=("_old", "_new"), indicator="kind"
    )
    kinds = {"left_only": "withdrawn", "right_only": "added", "both": "changed"}
    of_both["kind"] = of_both["kind"].map(kinds).astype("str")
    pairs = [(of_both[f"{name}_old"], of_both[f"{name}_new"]) for name in figures]
    is_same = [was.eq(now) | (was.isna() & now.isna()) for was, now in pairs]
    differs = of_both["kind"].ne("changed") | ~np.logical_and.reduce(is_same)
    found = of_both[differs].sort_values([*words, "nth"], ignore_index=True)
    columns = [f"{name}_{side}" for name in figures for side in ("old", "new")]
    stated = found[columns].astype("object")
    found[columns] = stated.where(stated.notna(), None)
    return found.astype(dict.fromkeys(words, "str"))[[*words, "kind", *columns]]


def _of_comtrade(root: Path, period: str) -> Iterator[Pair]:
    """The two newest releases of each cell of UN Comtrade, and the cell."""
    for (_, cell), releases in sorted(catalogue.by_release(fetched(root)).items()):
        if dashed(cell.split()[1]).startswith(period):
            days, files = zip(*releases[-2:], strict=True)
            yield [*days], [*files], cell


def _pairs(name: str, sources: Mapping[str, Source], period: str) -> Iterator[Pair]:
    """The releases to compare of a source, or of each month of Comext."""
    superseded = {source.supersedes: source for source in sources.values()}
    if name == "comext":
        months = [each for each in sources.values() if bulk_month(each)]
        months = [each for each in months if dashed(bulk_month(each)).startswith(period)]
        newest = [each for each in months if each.supersedes and each.id not in superseded]
        if period and not newest:
            have = f"only that of {released(months[0])}" if months else "none"
            raise SourceError(
                f"two releases of {period} are needed, and there is {have}; "
                f"tradeflows fetch comext --start {period} --end {period}"
            )
    elif name in sources:
        newest = [superseded.get(name, sources[name])]
    else:
        raise QueryError(f"no source {name!r}{near(name, [*SERVICES, *sources])}")
    for new in sorted(newest, key=bulk_month):
        if not new.supersedes:
            raise QueryError(
                f"{name}: one release is held; next: `tradeflows update {name} FILE` takes a newer "
                "one"
            )
        old = sources[new.supersedes]
        yield [released(old), released(new)], [[old], [new]], ""


def _comparable(side: pa.Table, of: str, files: list[list[Source]]) -> pa.Table:
    """Rows of a cell that both releases were asked for, each once though two replies have it."""
    asked = [[*map(box_of, some)] for some in files]
    reporter, period = of.split()
    is_of = pc.starts_with(side["ref_period"], dashed(period))
    side = side.filter(pc.and_(is_of, pc.equal(side["reporter_code"], reporter)))
    seen = set()
    is_kept = []
    for names in side.select(["partner_code", "cmd_code", "flow_code", "breakdown"]).to_pylist():
        row = (*names.values(),)
        of_both = all(any(box.covers(*row[:3]) for box in some) for some in asked)
        is_kept.append(of_both and row not in seen)
        seen.add(row)
    return side.filter(pa.array(is_kept, pa.bool_()))


def _figures(contract: pa.Schema) -> list[str]:
    """The columns of numbers that are compared."""
    return [field.name for field in contract if field.type == schema.NUMBER]


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
