"""Declared zeros: rows made at build of what a file lacks, and those of them that an answer has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes
from tradeflows.model.absence import AXES, DECLARED, Absence, absence
from tradeflows.model.errors import CatalogueError
from tradeflows.model.lineage import PLACE
from tradeflows.model.periods import first_month
from tradeflows.model.source import Source
from tradeflows.tables.choose_level import share

if TYPE_CHECKING:
    from pandas import DataFrame, Series

    from tradeflows.tables.query import Question

CELL = [*AXES, "freq_code"]
FLOW = ["reporter_iso", "partner_iso", "flow_code", "cmd_code"]
PERIOD = ["ref_period", "n_months"]
FIGURES = ["value_reported", "primary_value_usd", "net_wgt_kg", "qty"]
FAR = 12 * 9999  # a month after all others
MOST = 5_000_000  # cells that a declaration may be of


# --- at build -------------------------------------------------------------------------------------


def declared(source: Source, rows: pa.Table) -> pa.Table:
    """Rows of value 0, flagged ``declared-zero``, for what a file lacks and its entry declares.

    Parameters
    ----------
    source
        Its entry in the catalogue.
    rows
        All rows of the file, as the contract of ``trade`` has them.

    Returns
    -------
    Table, one row a cell and period
        Of each cell that the file states at some time, in each period that its reporter reports;
        of a file of one period, of each code that it names. None where the file states the cell,
        or a part of it, in any way. All else is as in the nearest row of the cell, and
        ``source_row``, ``source_field`` and ``vintage`` are those of the evidence: the reporter's
        line of that period, of the same goods if there is one. The world and groups have none.

    Raises
    ------
    CatalogueError
        The declaration is of more cells than a table should have.
    """
    if not source.absent or source.table != "trade":
        return rows.slice(0, 0)
    lines = pa.table({name: rows[name] for name in (*CELL, *PERIOD, *PLACE, "flags")})
    lines = lines.append_column("line", pa.array(np.arange(len(lines))))
    found = [_of_declaration(lines, absence(entry), source) for entry in source.absent]
    zeros = _first_of(pa.concat_tables(found), [*CELL, *PERIOD])
    zeros = zeros.filter(~_are_stated(lines, zeros))
    kept = zeros.slice(0, 0)
    for length in sorted(zeros["n_months"].unique().to_pylist(), reverse=True):
        some = zeros.filter(pc.equal(zeros["n_months"], length))  # blocks before their months
        kept = pa.concat_tables([kept, some.filter(~_have_months(some, kept, CELL))])
    return _rows_of(kept, lines, rows)


def _of_declaration(lines: pa.Table, entry: Absence, source: Source) -> pa.Table:
    """Each cell with each period that its reporter reports, and the line that shows that."""
    named = lines.select([entry.along]).group_by(entry.along).aggregate([])
    named = named.filter(pc.invert(_aggregate(named[entry.along])))
    for column, value in entry.where.items():
        lines = lines.filter(pc.equal(lines[column], value))
    first = _first_months(lines)
    last = first + lines["n_months"].to_numpy() - 1
    is_world = _aggregate(lines["partner_iso"])
    is_derived = pc.match_substring(lines["flags"], "derived")
    # A world that somebody added up does not show that the reporter reported.
    is_shown = pc.invert(pc.and_(is_world, is_derived))
    is_within = pa.array((first >= entry.first) & (last <= entry.last))
    order = [("world", "ascending"), ("derived", "ascending")]
    evidence = lines.append_column("world", is_world).append_column("derived", is_derived)
    evidence = evidence.filter(pc.and_(is_shown, is_within))
    evidence = evidence.sort_by([*order, *((name, "ascending") for name in PLACE[1:])])
    loose = [*{"reporter_iso", "flow_code", "cumulation", "freq_code"} - {entry.along}]
    alike = [name for name in CELL if name != entry.along]
    cells = lines.join(named, entry.along, join_type="left semi").group_by(CELL).aggregate([])
    wanted = cells
    if len(evidence.group_by(PERIOD).aggregate([])) == 1:  # no other period can name the cells
        goods = lines.group_by(alike).aggregate([])
        at = np.indices((len(goods), len(named))).reshape(2, -1)
        wanted = goods.take(at[0]).append_column(entry.along, named.take(at[1])[entry.along])
    if len(wanted) > MOST:
        raise CatalogueError(
            f"{source.id}: absent along {entry.along} is of {len(wanted):,} cells, and may be of "
            f"{MOST:,}; say it of fewer, by reporter, partner or flow"
        )
    found = []
    for keys, some in ((alike, wanted), (loose, cells)):
        shown = _first_of(evidence, [*keys, *PERIOD])
        both = some.join(shown, keys, join_type="inner")
        found.append(both.select([*CELL, *PERIOD, "line"]))
    return pa.concat_tables(found)


def _first_of(rows: pa.Table, keys: list[str]) -> pa.Table:
    """The first `line` of each of some `keys`."""
    groups = rows.group_by(keys, use_threads=False).aggregate([("line", "first")])
    return groups.rename_columns({"line_first": "line"})


def _first_months(rows: pa.Table) -> np.ndarray:
    """The first month of each of `rows`, counted from year 0."""
    day = rows["ref_period"]
    return pc.add(pc.multiply(pc.year(day), 12), pc.month(day)).to_numpy().astype("int64") - 1


def _aggregate(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Which codes of a column stand for several areas or goods."""
    wholes = [code for code in column.unique().to_pylist() if is_aggregate(code)]
    return pc.is_in(column, pa.array(wholes, pa.string()))


def _have_months(zeros: pa.Table, rows: pa.Table, keys: list[str]) -> np.ndarray:
    """Which of `zeros` are of a month that one of `rows`, alike in some `keys`, has too."""
    periods = pa.concat_tables([some.select(PERIOD) for some in (zeros, rows)])
    first, length = _first_months(periods), periods["n_months"].to_numpy()
    unit = int(length.max(initial=1))  # years are compared as years
    if (length != unit).any() or len(np.unique(first % unit)) > 1:
        unit = 1
    n = length // unit
    place = np.repeat(np.arange(len(n)), n)
    after = np.arange(len(place)) - np.repeat(n.cumsum() - n, n)
    month = pa.array(first[place] // unit + after)
    words = pa.concat_tables([some.select(keys) for some in (zeros, rows)]).take(place)
    numbered = words.append_column("month", month).append_column("place", pa.array(place))
    n_first = int(n[: len(zeros)].sum())
    of_zeros, of_rows = numbered.slice(0, n_first), numbered.slice(n_first)
    both = of_zeros.join(of_rows, [*keys, "month"], join_type="left semi")
    return np.isin(np.arange(len(zeros)), both["place"].to_numpy())


def _are_stated(lines: pa.Table, zeros: pa.Table) -> np.ndarray:
    """Whether the file states any month of each of `zeros`, or a part of it in that month."""
    stated = lines.select([*FLOW, *PERIOD]).group_by([*FLOW, *PERIOD]).aggregate([])
    for column in ("reporter_iso", "partner_iso", "cmd_code"):
        present = {*zeros[column].unique().to_pylist(), *stated[column].unique().to_pylist()}
        pairs = _parts_and_wholes(column, present)
        columns = [pa.array([pair[side] for pair in pairs], pa.string()) for side in (0, 1)]
        wholes = stated.join(pa.table(columns, [column, "whole"]), column, join_type="inner")
        wholes = wholes.drop_columns(column).rename_columns({"whole": column})
        stated = pa.concat_tables([stated, wholes.select(stated.column_names)])
    return _have_months(zeros, stated, FLOW)


def _parts_and_wholes(column: str, present: set[str]) -> list[tuple[str, str]]:
    """Codes that are `present`, each with each that contains some of it."""
    if column != "cmd_code":
        wholes = {code for code in present if is_aggregate(code)}
        pairs = [(part, whole) for part in present for whole in wholes]
        return [(part, whole) for part, whole in pairs if codes.overlaps(whole, part)]
    longest = max(map(len, present), default=0)  # of digits alone it contains no other
    wholes = {code for code in present if len(code) < longest or not code.isdigit()}
    return [(part, whole) for part in present for whole in codes.wholes(part, wholes)]


def _rows_of(zeros: pa.Table, lines: pa.Table, rows: pa.Table) -> pa.Table:
    """The row of each zero: as the nearest of its cell, in the period and place of its evidence."""
    cells = lines.group_by(CELL).aggregate([])
    cells = cells.append_column("cell", pa.array(np.arange(len(cells))))
    of_lines, of_zeros = (
        some.append_column("place", pa.array(np.arange(len(some))))
        .join(cells, CELL)
        .sort_by("place")["cell"]
        .fill_null(-1)
        .to_numpy()
        for some in (lines, zeros)
    )
    line, is_new = zeros["line"].to_numpy(), of_zeros < 0  # of a cell that has no row at any time
    near = _nearest(FAR * of_lines + _first_months(lines), FAR * of_zeros + _first_months(zeros))
    table, evidence = rows.take(np.where(is_new, line, near)), rows.take(line)
    columns = {name: table[name] for name in rows.column_names}
    columns |= {name: evidence[name] for name in (*PLACE, *PERIOD, "vintage")}
    columns |= {name: zeros[name] for name in CELL}
    for name in ("reporter", "partner"):  # as the file writes it
        pairs = (rows[f"{name}_{kind}"].to_pylist() for kind in ("iso", "code"))
        codes_of = dict(zip(*pairs, strict=True)) if is_new.any() else {}
        written = pa.array([codes_of.get(area) for area in zeros[f"{name}_iso"].to_pylist()])
        columns[f"{name}_code"] = pc.if_else(is_new, written, columns[f"{name}_code"])
    for name in FIGURES:  # of a figure that a cell never has nothing is known
        has_figure = rows[name].is_valid().to_numpy()
        n_stated = np.bincount(of_lines, has_figure, len(cells))[of_zeros]
        is_known = np.where(is_new, has_figure[line], n_stated > 0)
        columns[name] = pa.array(np.zeros(len(zeros)), mask=~is_known)
    for name, text in (("flags", DECLARED), ("qualifier", "="), ("note", None)):
        columns[name] = pa.repeat(pa.scalar(text, pa.string()), len(zeros))
    return pa.table(columns).cast(rows.schema)


def _nearest(stated: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The place of the number among those `stated` that is nearest to each one `wanted`."""
    order = np.argsort(stated, kind="stable")
    after = np.searchsorted(stated, wanted, "right", order)
    pair = order[np.clip([after - 1, after], 0, len(order) - 1)]
    is_before = np.abs(stated[pair[0]] - wanted) <= np.abs(stated[pair[1]] - wanted)
    return np.where(is_before, pair[0], pair[1])


def is_aggregate(code: str) -> bool:
    """Whether a code stands for several areas or goods, of which a lack is never a zero."""
    if code in ("TOTAL", codes.WORLD):
        return True
    return code in codes.groups() and not codes.is_country(code)


# --- of an answer ---------------------------------------------------------------------------------


def of_answer(frame: DataFrame, zeros: DataFrame, asked: Question) -> DataFrame:
    """Those of some `zeros` that an answer has beside its rows.

    They are of the answer's sources and cells, and of those that were asked for by name. Before
    the first row of a cell and after its last they count only where the window's end is named. Of
    several sources none has one in a month of which another states the flow.

    Parameters
    ----------
    frame
        Rows of ``trade`` as they are to be answered.
    zeros
        The rows that :func:`declared` made, as far as they meet the filters.
    """
    cells = _ends_of(frame)
    zeros = zeros.merge(cells, on=["source_id", *CELL], how="left")
    is_of_answer = zeros["first"].notna() | _are_named(zeros, cells, asked)
    first = first_month(zeros)
    if asked.window.first is None:
        is_of_answer &= first.ge(zeros["first"].fillna(FAR))
    if asked.window.last is None:
        is_of_answer &= first.le(zeros["last"].fillna(-1))
    zeros = zeros[is_of_answer].drop(columns=["first", "last"])
    if frame["source_id"].nunique() > 1:
        zeros = zeros[~_are_of_another(zeros, frame)]
    if asked.is_of_parts:  # where the whole was nothing, so were its parts
        is_total = zeros["breakdown"].eq("total")
        flows = [zeros[name] for name in (*FLOW, *PERIOD)]
        zeros = zeros[is_total | ~is_total.groupby(flows).transform("any")]
    return zeros


def _ends_of(frame: DataFrame) -> DataFrame:
    """First and last month of each cell of each source of an answer."""
    first = first_month(frame)
    ends = frame[["source_id", *CELL]].assign(first=first, last=first + frame["n_months"] - 1)
    cells = ends.groupby(["source_id", *CELL], dropna=False, as_index=False)
    return cells.agg({"first": "min", "last": "max"})


def _are_named(zeros: DataFrame, cells: DataFrame, asked: Question) -> Series:
    """Which of `zeros` are of a code that was asked for by name, and else of an answer's cell."""
    import pandas as pd

    is_named = pd.Series(data=False, index=zeros.index)
    for name in zeros["source_id"].unique():
        for along in {entry["along"] for entry in asked.sources[name].absent}:
            rest = ["source_id", *(column for column in CELL if column != along)]
            places, stated = (pd.MultiIndex.from_frame(some[rest]) for some in (zeros, cells))
            is_asked = zeros[along].isin(asked.conditions.get(along, ()))
            is_named |= zeros["source_id"].eq(name) & is_asked & places.isin(stated)
    return is_named


def _are_of_another(zeros: DataFrame, frame: DataFrame) -> np.ndarray:
    """Whether of a month of each of `zeros` another source states the flow in `frame`.

    It may do so by a code of another level.
    """
    keys = ["reporter_iso", "partner_iso", "flow_code"]
    flows = [*keys, "source_id", "cmd_code", *PERIOD]
    numbered = zeros[flows].assign(place=np.arange(len(zeros)))
    pairs = numbered.merge(frame[flows], on=keys, suffixes=("", "_other"))
    pairs = pairs[pairs["source_id"].ne(pairs["source_id_other"])]
    others = pairs.drop(columns="ref_period").rename(columns={"ref_period_other": "ref_period"})
    begins, others_begin = first_month(pairs), first_month(others)
    is_same = begins.lt(others_begin + pairs["n_months_other"])
    is_same &= others_begin.lt(begins + pairs["n_months"])
    pairs = pairs[is_same]
    codes_of_pairs = zip(pairs["cmd_code"], pairs["cmd_code_other"], strict=True)
    is_same = [share(one, other) for one, other in codes_of_pairs]
    return np.isin(np.arange(len(zeros)), pairs.loc[is_same, "place"])


def caveat(zeros: DataFrame) -> str:
    """Which rows count as none, in one line."""
    months = sorted({*zeros["ref_period"].dt.strftime("%Y-%m")})
    when = ", ".join(months[:3]) + " …" * (len(months) > 3)
    who = ", ".join(sorted({*zeros["source_id"]}))
    what = "1 absent row counts" if len(zeros) == 1 else f"{len(zeros)} absent rows count"
    return f"{what} as 0, as {who} declares: {when}"
