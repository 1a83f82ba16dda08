"""What looks wrong in everything that is catalogued: one line each, with how to see the rows."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import reduce
from itertools import chain, pairwise
from operator import and_, or_
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows import measures, tables
from tradeflows.model import schema
from tradeflows.model.errors import QueryError, near
from tradeflows.model.periods import DAY, month_text, parse_period
from tradeflows.model.source import Source
from tradeflows.retrieval import catalogue, comext
from tradeflows.tables.choose import HS_EDITION

SERIES = [
    "family",
    "reporter_iso",
    "partner_iso",
    "partner_code",
    "partner_role",
    "flow_code",
    "classification_code",
    "cmd_code",
    "cumulation",
    "breakdown",
    "currency",
]
FIGURES = ("value_reported", "net_wgt_kg", "qty", "rate")
COLUMNS = [
    "source_id",
    *SERIES[1:],
    "freq_code",
    "ref_period",
    "n_months",
    "qty_unit",
    "vintage",
    "valuation",
    "primary_value_usd",
    *FIGURES[:3],
]
RATES = ["source_id", "base", "quote", "publisher"]
JUMP = 10.0  # a month that is so many times its neighbours
STEADY, SPAN = 0.9, 12  # a series that has so great a part of its months, of so many at least
CALM = 3.0  # where the two neighbours are within so many times of each other


def look(root: Path, *, local: bool = True) -> Iterator[str]:
    """Findings about files, then about series of trade, the largest flows first, and of rates.

    Parameters
    ----------
    root
        Project folder, its tables built.
    local
        With what the user fetched or added.

    Yields
    ------
    str
        "kind: what; command".

    Raises
    ------
    BuildError
        The tables are not built.
    """
    for state in catalogue.states(root, local=local):
        if state.state != "ok":
            yield f"file {state.state}: {state.detail}; tradeflows verify"
    sources = catalogue.load(root, local=local)
    for source in sources.values():
        if old := source.supersedes:
            yield (
                f"superseded: {old} ({sources[old].vintage}) by {source.id} "
                f"({source.vintage}); {_show(sources[old].table, source_id=old)}"
            )
        yield from (
            f"total: {line}; tradeflows fetch comext, or data/comext_totals.csv"
            for line in comext.known_totals(source, root, differing=True)
        )
    trade, rates = (
        _timed(tables.stored(root, table, local=local).to_table(columns), sources)
        for table, columns in (
            ("trade", COLUMNS),
            ("rates", [*RATES, "statistic", "ref_period", "n_months", "rate"]),
        )
    )
    yield from _vintages(trade)
    yield from _twice(trade)
    yield from _editions(trade)
    monthly = trade[trade["freq_code"].eq("M") & trade["cumulation"].eq("period")]
    found: dict[str, list[str]] = {"unit": [], "mirror": [], "missing": [], "jump": []}
    of_rates = rates.assign(qty_unit="").groupby(["family", *RATES[1:], "statistic"], observed=True)
    for rows in chain(_series(monthly), (rows for _, rows in of_rates)):
        found["unit"] += _units(rows)
        held = {
            month + i
            for month, n in zip(rows["month"], rows["n_months"], strict=True)
            for i in range(n)
        }
        if _steady(sorted(held)):
            found["missing"] += _holes(rows, held)
            for unit in rows["qty_unit"].unique():
                found["jump"] += _jumps(rows[rows["qty_unit"].eq(unit)])
    found["mirror"] += _mirror(monthly)
    for lines in found.values():
        yield from lines


def _timed(table: pa.Table, sources: Mapping[str, Source]) -> pd.DataFrame:
    """Rows with their family and their month as a number."""
    rows = table.to_pandas(date_as_object=False, strings_to_categorical=True)
    # What a user got from one publisher in many files is one series.
    rows["family"] = tables.family(rows, sources).astype("category")
    return rows.assign(month=rows["ref_period"].dt.year * 12 + rows["ref_period"].dt.month - 1)


def _series(monthly: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Rows of each series of two months or more, those of most value or weight first."""
    by = monthly.groupby(SERIES, dropna=False, observed=True)
    monthly = monthly.assign(series=by.ngroup())
    months = monthly.groupby("series")["month"].nunique()
    several = monthly[monthly["series"].isin(months.index[months > 1])]
    size = several.groupby("series")[["value_reported", "net_wgt_kg"]].sum()
    groups = dict(iter(several.groupby("series")))
    for name in size.sort_values(["value_reported", "net_wgt_kg"], ascending=False).index:
        yield groups[name]


def _vintages(trade: pd.DataFrame) -> Iterator[str]:
    """Dated releases of which a newer one states a cell too."""
    dated = trade[trade["vintage"].astype(str).str.fullmatch(DAY)]
    several = dated.groupby("family", observed=True)["vintage"].nunique()
    dated = dated[dated["family"].isin(several.index[several > 1])]
    cell = [*SERIES, "ref_period", "n_months", "qty_unit"]
    rows = dated.assign(vintage=dated["vintage"].astype(str))
    by_cell = rows.groupby(cell, observed=True, dropna=False)["vintage"]
    rows = rows.assign(newest=by_cell.transform("max"))
    old = rows[rows["vintage"] < rows["newest"]]
    for (name, vintage), some in old.groupby(["source_id", "vintage"], observed=True):
        newest = ", ".join(sorted(some["newest"].unique())[-3:])
        yield (
            f"superseded: {name}: {len(some)} rows of release {vintage} by {newest}; "
            f"{_show('trade', source_id=name, vintage=vintage)}"
        )


def _twice(trade: pd.DataFrame) -> Iterator[str]:
    """A user's files that state cells of one release, and not alike."""
    cell = [*SERIES, "ref_period", "n_months", "qty_unit", "vintage"]
    own = trade[trade["family"].astype(str).ne(trade["source_id"].astype(str))]
    by = own[own.duplicated(cell, keep=False)].groupby(cell, observed=True, dropna=False)
    odd = reduce(or_, (by[figure].transform("nunique").gt(1) for figure in FIGURES[:3]))
    files: dict[int, set[str]] = {}
    for place, name in zip(by.ngroup()[odd], own["source_id"][odd[odd].index], strict=True):
        files.setdefault(place, set()).add(name)
    for names, cells in Counter(tuple(sorted(each)) for each in files.values()).items():
        yield (
            f"stated twice: {' and '.join(names)}: {cells} cells, not alike; "
            + " && ".join(_show("trade", source_id=name) for name in names)
        )


def _editions(trade: pd.DataFrame) -> Iterator[str]:
    """Cells that a source states in two editions of HS, each of them the whole."""
    name = "classification_code"
    rows = trade[trade[name].astype("str").str.fullmatch(HS_EDITION)]
    cell = [column for column in SERIES if column != name]
    cell += ["ref_period", "n_months", "qty_unit"]
    by_cell = rows.groupby(cell, observed=True, dropna=False)[name]
    several = rows[by_cell.transform("nunique").gt(1)]
    for family, some in several.groupby("family", observed=True):
        editions = sorted(some[name].unique())
        cells = len(some.drop_duplicates(cell))
        shows = [_show("trade", source_id=each) for each in sorted(some["source_id"].unique())]
        yield (
            f"editions: {family}: {cells} cells in {' and '.join(editions)}, of which read takes "
            f"the newest; {' && '.join(shows)}"
        )


def _steady(held: list[int]) -> bool:
    """Tell whether months are most of their span, or are so on either side of a year that lacks.

    A flow that comes and goes has holes and jumps by nature; a year between two steady ones is a
    file that was forgotten.
    """
    gaps = np.diff(held, prepend=held[0])
    after = int(gaps.argmax())
    sides = [held[:after], held[after:]] if gaps.max() > SPAN else [held]
    return all(
        (span := side[-1] - side[0] + 1) >= SPAN and len(side) >= STEADY * span for side in sides
    )


def _holes(rows: pd.DataFrame, held: set[int]) -> Iterator[str]:
    span = range(min(held), max(held) + 1)
    if missing := sorted(set(span) - held):
        some = ", ".join(map(month_text, missing[:6])) + (" …" if len(missing) > 6 else "")
        yield (
            f"missing: {_name(rows)}: {len(missing)} of {len(span)} months ({some}); {_see(rows)}"
        )


def _units(rows: pd.DataFrame) -> Iterator[str]:
    held: dict[int, set[str]] = {}
    for month, unit in sorted(zip(rows["month"], rows["qty_unit"], strict=True)):
        held.setdefault(month, set()).add(unit)
    # Of two units one may be lacking in a month; another unit than all before is a change.
    changes = [
        (b, "+".join(sorted(held[a])), "+".join(sorted(held[b])))
        for a, b in pairwise(held)
        if not held[a] & held[b]
    ]
    if changes:
        month, before, after = changes[0]
        more = f", and {len(changes) - 1} more" if len(changes) > 1 else ""
        yield (
            f"unit: {_name(rows)}: {before} to {after} in {month_text(month)}{more}; {_see(rows)}"
        )


def _jumps(rows: pd.DataFrame) -> Iterator[str]:
    single = rows[rows["n_months"].eq(1)].drop_duplicates("month").set_index("month").sort_index()
    found: dict[str, list[int]] = {}
    for figure in single.columns.intersection(FIGURES):
        series = single[figure].astype("float64").where(single[figure] > 0)
        before, after = (series.reindex(series.index + step).to_numpy() for step in (-1, 1))
        with np.errstate(invalid="ignore"):
            calm = np.maximum(before, after) <= CALM * np.minimum(before, after)
            odd = series[calm & (series.to_numpy() >= JUMP * np.maximum(before, after))]
        if len(odd):
            # Of a quantity one flow may have two, in two units.
            unit = f" ({rows['qty_unit'].iloc[0]})" if figure == "qty" else ""
            found[figure + unit] = [*odd.index]
    if found:
        told = "; ".join(
            f"{figure} in {', '.join(map(month_text, months[:6]))}{' …' * (len(months) > 6)}"
            for figure, months in found.items()
        )
        only = {month for months in found.values() for month in months}
        month = only.pop() if len(only) == 1 else None
        yield (
            f"jump: {_name(rows)}: {JUMP:.0f} times its neighbours or more: {told}; "
            f"{_see(rows, month)}"
        )


def _mirror(rows: pd.DataFrame) -> Iterator[str]:
    value = "primary_value_usd"
    rows = rows[rows[value].notna() & rows["flow_code"].isin(["M", "X"])].astype(
        dict.fromkeys(("reporter_iso", "partner_iso", "flow_code", "cmd_code"), "str")
    )
    pair = [
        np.where(rows["flow_code"].eq("M"), rows[a], rows[b])
        for a, b in (("reporter_iso", "partner_iso"), ("partner_iso", "reporter_iso"))
    ]
    both = rows.groupby([*pair, "cmd_code"])["flow_code"].transform("nunique").gt(1)
    for _, cell in rows[both].groupby([each[both] for each in pair] + ["cmd_code"]):
        imports, exports = (cell[cell["flow_code"].eq(flow)] for flow in "MX")
        for ours in imports["source_id"].unique():
            for theirs in exports["source_id"].unique():
                m, x = (
                    side[side["source_id"].eq(name)]
                    for side, name in ((imports, ours), (exports, theirs))
                )
                yield from _gaps(m, x, value)


def _gaps(m: pd.DataFrame, x: pd.DataFrame, value: str) -> Iterator[str]:
    try:
        gaps = measures.gap(m, x, value)
    except QueryError:  # the two share no cell, or one states a cell twice: nothing to compare
        return
    outside = gaps[gaps["outside"].fillna(False).astype(bool)]
    if len(outside):
        ratio = outside["ratio"]
        yield (
            f"mirror: {_name(m)} against {x['source_id'].iloc[0]}: {len(outside)} of "
            f"{gaps['ratio'].notna().sum()} months outside the band, M / X from "
            f"{ratio.min():.2f} to {ratio.max():.2f}; {_see(m)} && {_see(x)}"
        )


def _name(rows: pd.DataFrame) -> str:
    row = rows.iloc[0]
    if "rate" in rows:
        return f"{row['family']}: {row['quote']} for one {row['base']}"
    way = {"M": "from", "X": "to"}.get(row["flow_code"], f"{row['flow_code']} with")
    return (
        f"{row['family']}: {row['reporter_iso']} {row['flow_code']} {row['cmd_code']} "
        f"{way} {row['partner_iso']}"
    )


def _see(rows: pd.DataFrame, month: Any = None) -> str:
    row, rates = rows.iloc[0], "rate" in rows
    names = (
        RATES
        if rates
        else ["source_id", "reporter_iso", "partner_code", "flow_code", "cmd_code", "breakdown"]
    )
    wanted = {
        name: row[name]
        for name in names
        if row[name] != "total" and (name != "source_id" or rows[name].nunique() == 1)
    }
    wanted |= {} if month is None else {"month": month_text(month)}
    return _show("rates" if rates else "trade", **wanted)


def _show(table: str, **wanted: str) -> str:
    if table not in schema.TABLES:  # a code list
        return "tradeflows sources"
    columns = (shlex.quote(f"{name}={value}") for name, value in wanted.items())
    return " ".join(["tradeflows rows", table, *columns])


def rows(root: Path, table: str, wanted: dict[str, str], *, local: bool = True) -> pd.DataFrame:
    """Rows of `table` as they are stored, those that have all of `wanted`.

    Raises
    ------
    QueryError
        No such table, column or row.
    """
    if table not in schema.TABLES:
        raise QueryError(f"no table {table!r}{near(table, schema.TABLES)}")
    stored = tables.stored(root, table, local=local)
    exact = [
        pc.field(name) == value
        for name, value in wanted.items()
        if name in stored.schema.names and stored.schema.field(name).type == schema.TEXT
    ]
    frame = stored.to_table(filter=reduce(and_, exact, pc.scalar(True))).to_pandas(
        date_as_object=False
    )
    for name, value in wanted.items():
        if name == "month" and "ref_period" in frame:
            value = month_text(parse_period(value, "month", grain="month")[0])
            held = frame["ref_period"].dt.strftime("%Y-%m")
        elif name in frame:
            held = frame[name].astype(str)
        else:
            raise QueryError(f"{table} has no column {name!r}{near(name, [*frame, 'month'])}")
        frame = frame[held.eq(value)]
    if frame.empty:
        raise QueryError(f"no row of {table} has all of {wanted}")
    return frame
