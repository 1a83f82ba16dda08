"""Which cells and periods of an answer are zeros, as their source declares in the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes, schema
from tradeflows.model.absence import AXES, DECLARED, ZEROS, Absence, Zeros, absence
from tradeflows.model.lineage import PLACE
from tradeflows.model.periods import first_day, first_month
from tradeflows.model.source import Source
from tradeflows.tables.choose_level import share
from tradeflows.tables.choose_publisher import months_stated, row_of_months
from tradeflows.tables.filters import scan
from tradeflows.tables.query import Question

if TYPE_CHECKING:
    from pandas import DataFrame, MultiIndex, Series

PERIOD = ["ref_period", "n_months", "freq_code"]
CELL = [*AXES]
RECORD = ["source_row", "source_field"]  # one record may give several rows
FIGURES = ["value_reported", "primary_value_usd", "net_wgt_kg", "qty"]
ALL = (["countries"], ["parts"])  # conditions that name no value
LONGEST = 12  # months of a period
LAST_MONTH = 12 * 9999


def of_answer(frame: DataFrame, asked: Question) -> Zeros | None:
    """The declared zeros of an answer, if there are any.

    Parameters
    ----------
    frame
        Rows of ``trade`` as they are to be answered. Where they are of several sources, none has a
        zero in a month of which another one states the flow.
    asked
        What they answer.
    """
    names = frame["source_id"].unique()
    rows = _all_zeros(frame, asked, list(names))
    if rows is not None and len(names) > 1:
        rows = rows[~_is_of_another(rows, frame)].reset_index(drop=True)
    if rows is None or rows.empty:
        return None
    return Zeros(rows, _cells(frame))


def only_zeros(empty: DataFrame, asked: Question) -> DataFrame | None:
    """An `empty` answer with its zeros, where all that was asked for is declared to be none.

    What the file states in another way, such as by month or in another unit, was not none.
    """
    if "partner_code" in asked.conditions:  # a row that is not there has none
        return None
    chosen = asked.conditions.get("source_id", asked.sources)
    ranked = sorted(asked.sources.values(), key=lambda source: source.rank)
    for source in ranked:
        if source.id not in chosen:
            continue
        rows = _all_zeros(empty, asked, [source.id])
        if rows is None:
            continue
        rows = _as_asked(rows, asked)
        rows = rows[~_is_stated_otherwise(rows, asked, source)].reset_index(drop=True)
        if rows["freq_code"].nunique() != 1:
            continue
        names = sorted(rows["source_id"].unique())
        answer = empty.copy()
        answer.attrs = {"sources": tuple(names), "caveats": (f"no row: {summary(rows)}",)}
        answer.attrs[ZEROS] = Zeros(rows, _cells(empty))
        return answer
    return None


def _as_asked(rows: DataFrame, asked: Question) -> DataFrame:
    """Those of some zeros whose rhythm, unit, release and so on are what was asked for."""
    for column in asked.conditions.keys() - {*CELL, "source_id"}:
        rows = rows[rows[column].isin(asked.conditions[column])]
    return rows


def _is_stated_otherwise(rows: DataFrame, asked: Question, source: Source) -> np.ndarray:
    """Whether a file states, in any way, something of what was asked for in the month of a zero."""
    conditions = {"source_id": [source.id]}
    for column in ("reporter_iso", "partner_iso", "flow_code", "cmd_code"):
        if column in asked.conditions:
            conditions[column] = asked.conditions[column]
    window = asked.window
    stated = asked.known(scan(asked.held, "trade", conditions, window.first, window.last))
    columns = ["reporter_iso", "partner_iso", "flow_code"]
    return _states_any_month(_frame(stated.select([*columns, *PERIOD])), rows, columns)


def summary(rows: DataFrame) -> str:
    """One line that says which `rows` count as none, and who declares it."""
    column = rows["along"].iloc[0]
    months = rows["ref_period"].dt.strftime("%Y-%m")
    who = ", ".join(sorted(rows["source_id"].unique()))
    names, when = _first_three(rows[column]), _first_three(months)
    return f"{len(rows)} absent rows ({names}; {when}) are zeros, as {who} declares"


def _first_three(texts: Series) -> str:
    """The first three of some texts, in order."""
    several = sorted(texts.unique())
    more = " …" if len(several) > 3 else ""
    return ", ".join(several[:3]) + more


def _all_zeros(frame: DataFrame, asked: Question, names: Sequence[str]) -> DataFrame | None:
    """The zeros that the sources of these `names` declare."""
    import pandas as pd

    parts = []
    for name in names:
        source = asked.sources[name]
        mine = frame[frame["source_id"].eq(name)] if source.absent else frame
        for entry in source.absent:
            zeros = _zeros(source, absence(entry), mine, asked)
            if len(zeros):
                parts.append(zeros)
    if not parts:
        return None
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.drop_duplicates([*CELL, *PERIOD])
    is_stated = _states_any_month(frame, rows)
    rows = _disjoint(rows[~is_stated])
    return rows if len(rows) else None


def _disjoint(rows: DataFrame) -> DataFrame:
    """Zeros of which none has a month of another: a block of months before a month of it."""
    import pandas as pd

    if rows["n_months"].nunique() < 2:
        return rows.reset_index(drop=True)
    kept = rows.iloc[:0]
    longest_first = sorted(rows.groupby("n_months"), reverse=True)
    for _, some in longest_first:
        is_in_longer = _states_any_month(kept, some)
        kept = pd.concat([kept, some[~is_in_longer]])
    return kept.sort_index().reset_index(drop=True)


def _is_of_another(rows: DataFrame, frame: DataFrame) -> np.ndarray:
    """Whether of a month of each of the zeros `rows` another source states the flow in `frame`.

    It may do so by a code of another level.
    """
    keys = ["reporter_iso", "partner_iso", "flow_code"]
    flows = [*keys, "source_id", "cmd_code", *PERIOD]
    numbered = rows[flows].assign(place=np.arange(len(rows)))
    pairs = numbered.merge(frame[flows], on=keys, suffixes=("", "_other"))
    pairs = pairs[pairs["source_id"].ne(pairs["source_id_other"])]
    others = pairs.drop(columns="ref_period").rename(columns={"ref_period_other": "ref_period"})
    begins, others_begin = first_month(pairs), first_month(others)
    is_same = begins.lt(others_begin + pairs["n_months_other"])
    is_same &= others_begin.lt(begins + pairs["n_months"])
    pairs = pairs[is_same]
    codes_of_pairs = zip(pairs["cmd_code"], pairs["cmd_code_other"], strict=True)
    is_same = [share(one, other) for one, other in codes_of_pairs]
    return np.isin(np.arange(len(rows)), pairs.loc[is_same, "place"])


def _zeros(source: Source, declared: Absence, mine: DataFrame, asked: Question) -> DataFrame:
    """The zeros that one declaration makes, each as the line that shows the reporter's report."""
    for column, value in declared.where.items():
        mine = mine[mine[column].eq(value)]
    begin, stop = _span(declared, mine, asked)
    if stop <= begin or _states_all(mine, declared.along, asked, begin, stop):
        return mine.iloc[:0]
    lines = _lines(source, declared, mine, asked, (begin, stop))
    cells = _candidates(source, declared, mine, lines, asked)
    is_within = _within(lines, begin, stop)
    if len(mine):  # of another rhythm than the answer's a line is no evidence
        rhythms = pa.array(mine["freq_code"].unique(), pa.string())
        is_within = pc.and_(is_within, pc.is_in(lines["freq_code"], rhythms))
    loose = [name for name in ("reporter_iso", "flow_code", "cumulation") if name != declared.along]
    reported = lines.filter(is_within)
    periods = _distinct(reported, [*loose, *PERIOD])
    wanted = cells.merge(periods, on=loose)
    # A block that the window cuts states its months too.
    of_cells = _where_in(lines, cells, ["reporter_iso", "partner_iso", "cmd_code"])
    wanted = wanted[~_states_any_month(_frame(of_cells), wanted)]
    if wanted.empty:
        return wanted
    evidence = _evidence(reported, wanted, declared.along, loose)
    return _rows_at(source, evidence, declared.along, asked)


def _states_all(mine: DataFrame, along: str, asked: Question, begin: int, stop: int) -> bool:
    """Whether an answer states each month of each of its cells, and no other cell was asked for."""
    cells = mine[CELL].drop_duplicates()
    rest = cells.drop(columns=along).drop_duplicates()
    is_every_pair = len(cells) == len(rest) * cells[along].nunique()
    if cells.empty or not is_every_pair or set(_conditions(along, asked)) - set(cells[along]):
        return False
    months = _months(mine).unique().get_level_values("month")
    is_within = (months >= begin) & (months < stop)
    return int(is_within.sum()) == len(cells) * (stop - begin)


def _span(declared: Absence, mine: DataFrame, asked: Question) -> tuple[int, int]:
    """First month, and the month after the last, that a zero of an answer may have."""
    begin, stop = 0, LAST_MONTH
    if len(mine):
        months = first_month(mine)
        begin, stop = int(months.min()), int((months + mine["n_months"]).max())
    window = asked.window
    begin = begin if window.first is None else window.first
    stop = stop if window.last is None else window.last + 1
    return max(declared.first, begin), min(declared.last + 1, stop)


def _lines(
    source: Source, declared: Absence, mine: DataFrame, asked: Question, span: tuple[int, int]
) -> pa.Table:
    """Lines of a file, from about the `span`, of what can speak for the answer."""
    where = pc.field("source_id") == source.id
    where &= pc.field("ref_period") >= first_day(max(span[0] - LONGEST, 12))
    where &= pc.field("ref_period") < first_day(max(span[1], 12))
    for column, value in declared.where.items():
        where &= pc.field(column) == value
    for column in {"reporter_iso", "flow_code"} - {declared.along}:
        values = _values(column, mine, asked)
        if values:
            where &= pc.field(column).isin(values)
    days = ["known_from"] if asked.as_of else []
    columns = [*PLACE, *CELL, *PERIOD, "flags", *days]
    stored = asked.held
    present = [name for name in columns if name in stored.schema.names]
    return asked.known(stored.to_table(columns=present, filter=where))


def _values(column: str, mine: DataFrame, asked: Question) -> list[str]:
    """The values of a column that the rows of an answer have or, without rows, that were asked."""
    return list(mine[column].unique()) if len(mine) else _conditions(column, asked)


def _conditions(column: str, asked: Question) -> list[str]:
    """The values of a column that were asked for by name."""
    values = list(asked.conditions.get(column, ()))
    return [] if values in ALL else values


def _within(lines: pa.Table, begin: int, stop: int) -> pa.ChunkedArray:
    """Whether each of `lines` is of a period that lies between two months."""
    years = pc.multiply(pc.year(lines["ref_period"]), 12)
    first = pc.subtract(pc.add(years, pc.month(lines["ref_period"])), 1)
    after = pc.add(first, lines["n_months"])
    return pc.and_(pc.greater_equal(first, begin), pc.less_equal(after, stop))


def _candidates(
    source: Source, declared: Absence, mine: DataFrame, lines: pa.Table, asked: Question
) -> DataFrame:
    """Cells that the answer is of, and those that were asked for and that the file names."""
    import pandas as pd

    along = declared.along
    rest = [name for name in CELL if name != along]
    cells = mine[CELL].drop_duplicates()
    values = _conditions(along, asked)
    if values or not len(mine):
        base = cells if len(mine) else _asked(_distinct(lines, CELL), asked, rest)
        is_here = bool(values) and set(values) <= set(cells[along])
        named = cells[[along]].drop_duplicates() if is_here else _named(source, along, asked)
        wider = base[rest].drop_duplicates().merge(named, how="cross")
        is_asked = wider[along].isin(values) if values else wider[along].notna()
        cells = pd.concat([cells, wider.loc[is_asked, CELL]]).drop_duplicates()
    is_of_several = cells[along].map(is_aggregate).astype("bool")
    return cells[~is_of_several]


def _named(source: Source, along: str, asked: Question) -> DataFrame:
    """The values of a column that a file names anywhere."""
    rows = asked.held.to_table(columns=[along], filter=pc.field("source_id") == source.id)
    return _distinct(rows, [along])


def _asked(cells: DataFrame, asked: Question, columns: Sequence[str]) -> DataFrame:
    """Cells that have a value that was asked for in each of `columns`."""
    for column in columns:
        values = _conditions(column, asked)
        if not values:
            continue
        if column == "cmd_code":
            values = _at_level(values, set(cells[column]))
        cells = cells[cells[column].isin(values)]
    return cells


def _at_level(goods: Sequence[str], present: set[str]) -> list[str]:
    """The codes that a file has for some goods: those codes or, of one it lacks, what is under."""
    codes_of_goods = []
    for good in goods:
        under = [code for code in present if code.startswith(good)]
        codes_of_goods += [code for code in under if not code.startswith(tuple({*under} - {code}))]
    return codes_of_goods


def _evidence(reported: pa.Table, wanted: DataFrame, along: str, loose: list[str]) -> DataFrame:
    """For each wanted cell and period the reporter's line: of the same goods, else any other."""
    import pandas as pd

    rest = [name for name in CELL if name != along]
    lines = _frame(_where_in(reported, wanted, ["ref_period"]))
    lines = lines.assign(
        world=lines["partner_iso"].map(is_aggregate).astype("bool"),
        derived=lines["flags"].str.contains("derived").astype("bool"),
    )
    lines = lines.sort_values(["world", "derived", *RECORD], kind="stable")
    pairs = []
    for keys in (rest, loose):
        first_lines = lines.drop_duplicates([*keys, *PERIOD])
        first_lines = first_lines[[*keys, *PERIOD, *RECORD]]
        pairs.append(wanted.merge(first_lines, on=[*keys, *PERIOD]))
    both = pd.concat(pairs, ignore_index=True)
    return both.drop_duplicates([*CELL, *PERIOD])


def _rows_at(source: Source, evidence: DataFrame, along: str, asked: Question) -> DataFrame:
    """The row of each zero: its cell and period, and all else as the line of its evidence."""
    stored = asked.held
    places = pa.array(evidence["source_row"].unique(), pa.int64())
    of_source = pc.field("source_id") == source.id
    columns = [name for name in schema.TRADE.names if name in stored.schema.names]
    where = of_source & pc.field("source_row").isin(places)
    lines = _frame(stored.to_table(columns=columns, filter=where))
    others = lines.drop(columns=[*CELL, *PERIOD])
    rows = evidence.merge(others, on=RECORD)
    figures = stored.to_table(columns=FIGURES, filter=of_source)
    for name in FIGURES:  # of a figure that the file never states nothing is known
        is_stated = figures[name].null_count < len(figures)
        rows[name] = 0.0 if is_stated else np.nan
    rows = rows.assign(flags="", note=None, qualifier="=")
    return rows[columns].assign(along=along, **{DECLARED: True})


def _where_in(lines: pa.Table, frame: DataFrame, columns: Sequence[str]) -> pa.Table:
    """Lines whose values in each of `columns` occur in `frame`."""
    for name in columns:
        values = pa.array(frame[name].unique()).cast(lines[name].type)
        lines = lines.filter(pc.is_in(lines[name], values))
    return lines


def _distinct(lines: pa.Table, columns: list[str]) -> DataFrame:
    """Values of some columns as they occur together, each once, in their order."""
    order = [(name, "ascending") for name in columns]
    return _frame(lines.group_by(columns).aggregate([]).sort_by(order))


def _frame(lines: pa.Table) -> DataFrame:
    """Lines as a frame, with days as pandas has them."""
    frame = lines.to_pandas()
    if "ref_period" in frame:
        frame["ref_period"] = frame["ref_period"].astype("datetime64[us]")
    return frame


def _states_any_month(rows: DataFrame, zeros: DataFrame, cell: Sequence[str] = CELL) -> np.ndarray:
    """Whether `rows` state any month of each of `zeros`, with a figure or without."""
    is_stated = _months(zeros, cell).isin(_months(rows, cell))
    return np.bincount(row_of_months(zeros), is_stated, minlength=len(zeros)) > 0


def _months(rows: DataFrame, cell: Sequence[str] = CELL) -> MultiIndex:
    """Cell and month of each month of each of `rows`."""
    import pandas as pd

    cells = rows[[*cell]].iloc[row_of_months(rows)]
    return pd.MultiIndex.from_frame(cells.assign(month=months_stated(rows)))


def _cells(frame: DataFrame) -> DataFrame:
    """First and last month of each cell of an answer."""
    first = first_month(frame)
    ends = frame[CELL].assign(first=first, last=first + frame["n_months"] - 1)
    cells = ends.groupby(CELL, dropna=False, as_index=False)
    return cells.agg({"first": "min", "last": "max"})


def is_aggregate(code: str) -> bool:
    """Whether a code stands for several areas or goods, of which a lack is never a zero."""
    if code in ("TOTAL", codes.WORLD):
        return True
    return code in codes.groups() and not codes.is_country(code)
