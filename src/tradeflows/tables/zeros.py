"""Declared zeros: rows made at build of what a file lacks, and those of them that an answer has."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes
from tradeflows.model.absence import AXES, DECLARED, absence
from tradeflows.model.errors import CatalogueError
from tradeflows.model.lineage import PLACE
from tradeflows.model.periods import first_month, months_of
from tradeflows.model.source import Source
from tradeflows.tables.choose_statement import share

if TYPE_CHECKING:
    from pandas import DataFrame, Series

    from tradeflows.tables.query import Question

CELL = [*AXES, "freq_code"]
SERIES = [*CELL, "unit"]  # of a cell that a release states in several units each has its zeros
FLOW = ["reporter_iso", "partner_iso", "flow_code", "cmd_code"]
PERIOD = ["ref_period", "n_months"]
RELEASE = [*PERIOD, "vintage"]  # each that states the period declares its own zeros of it
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
    Table, one row a cell, period and release, and a unit where it is stated in several
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
    import pandas as pd

    if not source.absent or source.table != "trade" or not len(rows):
        return rows.slice(0, 0)
    columns = [*CELL, *RELEASE, *PLACE, "flags", "qty_unit"]
    words = [*CELL, "qty_unit"]
    lines = rows.select(columns).to_pandas(categories=words, date_as_object=False)
    lines = lines.assign(line=np.arange(len(lines)), first=first_month(lines))
    lines["unit"] = lines["qty_unit"].cat.codes
    by_release = lines.groupby([*CELL, *RELEASE], observed=True)["unit"]
    lines["n_units"] = by_release.transform("nunique")
    is_of_one = lines.groupby(CELL, observed=True)["n_units"].transform("max").eq(1)
    lines["unit"] = lines["unit"].mask(is_of_one, -1)
    found = []
    for entry in map(absence, source.absent):
        named = lines[entry.along].drop_duplicates()
        named = named[~named.map(is_aggregate).astype(bool)]
        meant = lines
        for column, value in entry.where.items():
            meant = meant[meant[column].eq(value)]
        # A world that somebody added up does not show that the reporter reported.
        is_world = meant["partner_iso"].map(is_aggregate).astype(bool)
        is_derived = meant["flags"].str.contains("derived", regex=False)
        is_within = meant["first"].ge(entry.first)
        is_within &= (meant["first"] + meant["n_months"] - 1).le(entry.last)
        evidence = meant.assign(world=is_world, derived=is_derived)
        evidence = evidence[is_within & ~(is_world & is_derived)]
        evidence = evidence.sort_values(["world", "derived", *PLACE[1:]])
        loose = [*{"reporter_iso", "flow_code", "cumulation", "freq_code"} - {entry.along}]
        alike = [name for name in SERIES if name != entry.along]
        wanted = cells = meant.loc[meant[entry.along].isin(named), SERIES].drop_duplicates()
        if len(evidence[PERIOD].drop_duplicates()) == 1:  # no other period can name the cells
            wanted = meant[alike].drop_duplicates().merge(named, "cross")
        if len(wanted) > MOST:
            raise CatalogueError(
                f"{source.id}: absent along {entry.along} is of {len(wanted):,} cells, and may be "
                f"of {MOST:,}; say it of fewer, by reporter, partner or flow"
            )
        for keys, some in ((alike, wanted), (loose, cells)):
            shown = evidence.drop_duplicates([*keys, *RELEASE])[[*keys, *RELEASE, "first", "line"]]
            found.append(some.merge(shown, on=keys))
    zeros = pd.concat(found).drop_duplicates([*SERIES, *RELEASE])
    stated = lines[[*FLOW, *PERIOD]].drop_duplicates()
    for column in ("reporter_iso", "partner_iso", "cmd_code"):  # a part of it states some of it
        pairs = _parts_and_wholes({*stated[column].unique()}, {*zeros[column].unique()}, column)
        wholes = pd.DataFrame(pairs, columns=[column, "whole"]).astype(stated[column].dtype)
        wholes = stated.merge(wholes, on=column).drop(columns=column)
        stated = pd.concat([stated, wholes.rename(columns={"whole": column})])
    zeros = zeros[~_have_months(zeros, stated, FLOW)]
    kept = zeros[:0]
    for length in sorted(zeros["n_months"].unique(), reverse=True):
        some = zeros[zeros["n_months"].eq(length)]  # blocks before their months
        kept = pd.concat([kept, some[~_have_months(some, kept, SERIES)]])
    return _rows_of(kept, lines, rows)


def _have_months(zeros: DataFrame, rows: DataFrame, keys: list[str]) -> np.ndarray:
    """Which of `zeros` are of a month that one of `rows`, alike in some `keys`, has too."""
    import pandas as pd

    both = pd.concat([zeros, rows])[[*keys, *PERIOD]]
    first, length = first_month(both), both["n_months"]
    every = int(np.gcd.reduce([*(first - first.min()), *length]))  # 12 where all are years
    place, month = months_of(both, every)
    cell = FAR * both.groupby(keys, observed=True).ngroup().to_numpy()[place] + month
    is_zero = place < len(zeros)
    is_in = np.isin(cell[is_zero], cell[~is_zero])
    return np.isin(np.arange(len(zeros)), place[is_zero][is_in])


def _parts_and_wholes(parts: set[str], wholes: set[str], column: str) -> list[tuple[str, str]]:
    """Codes of `parts`, each with each of other `wholes` that contains some of it."""
    if column == "cmd_code":
        return codes.nested(parts, wholes)
    wholes = {*filter(is_aggregate, wholes)}
    return [(part, whole) for whole in wholes for part in parts if codes.overlaps(whole, part)]


def _rows_of(zeros: DataFrame, lines: DataFrame, rows: pa.Table) -> pa.Table:
    """The row of each zero: as the nearest of its cell, in the period and place of its evidence."""
    import pandas as pd

    cell = pd.concat([lines, zeros]).groupby(SERIES, observed=True).ngroup().to_numpy()
    of_lines, of_zeros = np.split(cell, [len(lines)])
    line, is_new = zeros["line"].to_numpy(), ~np.isin(of_zeros, of_lines)
    near = _nearest(FAR * of_lines + lines["first"], FAR * of_zeros + zeros["first"])
    table, evidence = rows.take(np.where(is_new, line, near)), rows.take(line)
    columns = {name: table[name] for name in rows.column_names}
    columns |= {name: evidence[name] for name in (*PLACE, *PERIOD, "vintage")}
    columns |= {name: pa.array(zeros[name]) for name in CELL}
    for name in ("reporter", "partner"):  # as the file writes it
        pairs = (rows[f"{name}_{kind}"].to_pylist() for kind in ("iso", "code"))
        codes_of = dict(zip(*pairs, strict=True)) if is_new.any() else {}
        written = pa.array([codes_of.get(area) for area in zeros[f"{name}_iso"]])
        columns[f"{name}_code"] = pc.if_else(is_new, written, columns[f"{name}_code"])
    for name in FIGURES:  # of a figure that a cell never has nothing is known
        has_figure = rows[name].is_valid().to_numpy()
        n_stated = np.bincount(of_lines, has_figure, len(cell))[of_zeros]
        is_known = np.where(is_new, has_figure[line], n_stated > 0)
        columns[name] = pa.array(np.zeros(len(zeros)), mask=~is_known)
    for name, text in (("flags", DECLARED), ("qualifier", "="), ("note", None)):
        columns[name] = pa.repeat(pa.scalar(text, pa.string()), len(zeros))
    return pa.table(columns).cast(rows.schema)


def _nearest(stated: Series, wanted: Series) -> np.ndarray:
    """The place of the number among those `stated` that is nearest to each one `wanted`."""
    numbers, asked = stated.to_numpy(), wanted.to_numpy()
    order = np.argsort(numbers, kind="stable")
    after = np.searchsorted(numbers, asked, "right", order)
    pair = order[np.clip([after - 1, after], 0, len(order) - 1)]
    is_before = np.abs(numbers[pair[0]] - asked) <= np.abs(numbers[pair[1]] - asked)
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
    several sources none has one in a month of which another states the flow, and one alone has a
    zero that several declare.

    Parameters
    ----------
    frame
        Rows of ``trade`` as they are to be answered.
    zeros
        The rows that :func:`declared` made, as far as they meet the filters.
    """
    import pandas as pd

    begins = first_month(frame)
    ends = frame[["source_id", *CELL]].assign(first=begins, last=begins + frame["n_months"] - 1)
    cells = ends.groupby(["source_id", *CELL], dropna=False, as_index=False)
    cells = cells.agg({"first": "min", "last": "max"})
    zeros = zeros.merge(cells, on=["source_id", *CELL], how="left")
    is_of_answer = zeros["first"].notna()
    for name in zeros["source_id"].unique():  # or of a code that was asked for by name
        for along in {entry["along"] for entry in asked.sources[name].absent}:
            rest = ["source_id", *(column for column in CELL if column != along)]
            places, stated = (pd.MultiIndex.from_frame(some[rest]) for some in (zeros, cells))
            is_asked = zeros[along].isin(asked.conditions.get(along, ()))
            is_of_answer |= zeros["source_id"].eq(name) & is_asked & places.isin(stated)
    first = first_month(zeros)
    if asked.window.first is None:
        is_of_answer &= first.ge(zeros["first"].fillna(FAR))
    if asked.window.last is None:
        is_of_answer &= first.le(zeros["last"].fillna(-1))
    zeros = zeros[is_of_answer].drop(columns=["first", "last"])
    if frame["source_id"].nunique() > 1:  # where another states the flow, be it at another level
        pairs = product(frame["cmd_code"].unique(), zeros["cmd_code"].unique())
        goods = pd.DataFrame(
            [pair for pair in pairs if share(*pair)], columns=["stated", "cmd_code"]
        )
        stated = frame.rename(columns={"cmd_code": "stated"}).merge(goods, on="stated")
        kept = zeros[:0]
        for name, own in zeros.groupby("source_id", sort=False):
            others = stated[stated["source_id"].ne(name)]
            is_told = _have_months(own, others, FLOW) | _have_months(own, kept, FLOW)
            kept = pd.concat([kept, own[~is_told]])  # the first that declares it has the zero
        zeros = kept
    if asked.is_of_parts:  # where the whole was nothing, so were its parts
        is_total = zeros["breakdown"].eq("total")
        flows = [zeros[name] for name in (*FLOW, *PERIOD)]
        zeros = zeros[is_total | ~is_total.groupby(flows).transform("any")]
    return zeros


def caveat(zeros: DataFrame) -> str:
    """Which rows count as none, in one line."""
    months = sorted({*zeros["ref_period"].dt.strftime("%Y-%m")})
    when = ", ".join(months[:3]) + " …" * (len(months) > 3)
    who = ", ".join(sorted({*zeros["source_id"]}))
    what = "1 absent row counts" if len(zeros) == 1 else f"{len(zeros)} absent rows count"
    return f"{what} as 0, as {who} declares: {when}"
