"""What looks wrong in everything that is catalogued: one line each, with how to see the rows."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain, combinations, pairwise
from operator import or_
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
from pandas import DataFrame, Series

from tradeflows import measures, tables
from tradeflows.model import schema
from tradeflows.model.errors import QueryError, near
from tradeflows.model.periods import is_day, month_text, parse_period, runs
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


SHOWN = 10  # findings of a kind, unless all are asked for


@dataclass(frozen=True)
class Finding:
    """What looks wrong in one place.

    Attributes
    ----------
    kind
        ``file``, ``superseded``, ``missing``, ``jump``, …
    text
        What it is.
    show
        The command that shows the rows.
    """

    kind: str
    text: str
    show: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.kind}: {self.text}; {self.show}"


def summary(findings: Iterable[Finding], most: int = SHOWN) -> list[str]:
    """Lines of the first `most` findings of each kind, the largest flows first, and all counts."""
    by_kind: dict[str, list[Finding]] = {}
    for finding in findings:
        by_kind.setdefault(finding.kind, []).append(finding)
    lines: list[str] = []
    for kind, some in by_kind.items():
        lines += map(str, some[:most])
        if len(some) > most:
            lines.append(f"{kind}: and {len(some) - most} more, of smaller flows; --all lists them")
    counts = ", ".join(f"{len(some)} {kind}" for kind, some in by_kind.items())
    total = sum(map(len, by_kind.values()))
    return [*lines, f"{total} findings{counts and f': {counts}'}"]


def look(root: Path, *, local: bool = True) -> Iterator[Finding]:
    """Findings about files, then about series of trade, the largest flows first, and of rates.

    Parameters
    ----------
    root
        Project folder, its tables built.
    local
        With what the user fetched or added.

    Yields
    ------
    Finding
        Its text is "kind: what; command".

    Raises
    ------
    BuildError
        The tables are not built.
    """
    for state in catalogue.states(root, local=local):
        if state.state != "ok":
            yield Finding(f"file {state.state}", state.detail, "tradeflows verify")
    sources = catalogue.load(root, local=local)
    for source in sources.values():
        yield from _of_source(source, sources, root)
    trade = _read(tables.stored(root, "trade", local=local), COLUMNS, sources)
    rate_columns = [*RATES, "statistic", "ref_period", "n_months", "rate"]
    rates = _read(tables.stored(root, "rates", local=local), rate_columns, sources)
    yield from _vintages(trade)
    yield from _twice(trade)
    yield from _editions(trade)
    monthly = trade[trade["freq_code"].eq("M") & trade["cumulation"].eq("period")]
    yield from _weights(monthly, rates)
    by_kind: dict[str, list[Finding]] = {"unit": [], "mirror": [], "missing": [], "jump": []}
    of_rates = rates.assign(qty_unit="").groupby(["family", *RATES[1:], "statistic"], observed=True)
    for rows in chain(_series(monthly), (rows for _, rows in of_rates)):
        for finding in _of_series(rows):
            by_kind[finding.kind].append(finding)
    by_kind["mirror"] += _mirror(monthly)
    for findings in by_kind.values():
        yield from findings


def _of_source(source: Source, sources: Mapping[str, Source], root: Path) -> Iterator[Finding]:
    """Whether a source is superseded, or its totals differ from those that its publisher states."""
    if source.supersedes:
        old = sources[source.supersedes]
        text = f"{old.id} ({old.vintage}) by {source.id} ({source.vintage})"
        yield Finding("superseded", text, _show(old.table, source_id=old.id))
    for line in comext.known_totals(source, root, differing=True):
        yield Finding("total", line, "tradeflows fetch comext, or data/comext_totals.csv")


def _of_series(rows: DataFrame) -> Iterator[Finding]:
    """What looks wrong within one series."""
    yield from _units(rows)
    lengths = zip(rows["month"], rows["n_months"], strict=True)
    stated = {month + i for month, n in lengths for i in range(n)}
    if _steady(sorted(stated)):
        yield from _holes(rows, stated)
        for unit in rows["qty_unit"].unique():
            yield from _jumps(rows[rows["qty_unit"].eq(unit)])


def _read(dataset: ds.Dataset, columns: Sequence[str], sources: Mapping[str, Source]) -> DataFrame:
    """Columns of all rows, with the rows' family and their month as a number.

    One column after the other is read and its words numbered: all together, the words of some
    million rows would be in memory at once.
    """
    data = {}
    for name in columns:
        column = dataset.to_table(columns=[name])[name]
        if pa.types.is_string(column.type):
            column = column.dictionary_encode().unify_dictionaries()
        data[name] = column.to_pandas(date_as_object=False)
    rows = DataFrame(data, copy=False)
    # What a user got from one publisher in many files is one series.
    named = DataFrame({"source_id": rows["source_id"].cat.categories})
    of_source = dict(zip(named["source_id"], tables.family(named, sources), strict=True))
    rows["family"] = rows["source_id"].map(of_source).astype("category")
    month = rows["ref_period"].dt.year * 12 + rows["ref_period"].dt.month - 1
    return rows.assign(month=month.astype("int32"))


def _series(monthly: DataFrame) -> Iterator[DataFrame]:
    """Rows of each series that may lack or change something, the largest first.

    A series of fewer months than a steady one is no hole's or jump's place, and one unit is no
    change: of some hundred thousand short series none is looked at one by one.
    """
    by_series = monthly.groupby(SERIES, dropna=False, observed=True)
    place = by_series.ngroup()
    counted = DataFrame({"n_months": monthly["n_months"], "unit": monthly["qty_unit"].cat.codes})
    summed = counted.groupby(place).agg(
        months=("n_months", "sum"), least=("unit", "min"), most=("unit", "max")
    )
    may_be_steady = summed["months"] >= STEADY * SPAN
    has_units = summed["least"] < summed["most"]
    chosen = place.isin(summed.index[may_be_steady | has_units])
    several = monthly[chosen].assign(series=place[chosen])
    size = several.groupby("series")[["value_reported", "net_wgt_kg"]].sum()
    groups = several.groupby("series")
    for name in size.sort_values(["value_reported", "net_wgt_kg"], ascending=False).index:
        yield groups.get_group(name)


def _vintages(trade: DataFrame) -> Iterator[Finding]:
    """Dated releases of which a newer one states a cell too."""
    days = [vintage for vintage in trade["vintage"].cat.categories if is_day(vintage)]
    dated = trade[trade["vintage"].isin(days)]
    several = dated.groupby("family", observed=True)["vintage"].nunique()
    dated = dated[dated["family"].isin(several.index[several > 1])]
    cell = [*SERIES, "ref_period", "n_months", "qty_unit"]
    rows = dated.assign(vintage=dated["vintage"].astype(str))
    by_cell = rows.groupby(cell, observed=True, dropna=False)["vintage"]
    rows = rows.assign(newest=by_cell.transform("max"))
    old = rows[rows["vintage"] < rows["newest"]]
    for (name, vintage), some in old.groupby(["source_id", "vintage"], observed=True):
        newest = ", ".join(sorted(some["newest"].unique())[-3:])
        text = f"{name}: {len(some)} rows of release {vintage} by {newest}"
        yield Finding("superseded", text, _show("trade", source_id=name, vintage=vintage))


def _twice(trade: DataFrame) -> Iterator[Finding]:
    """A user's files that state cells of one release, and not alike."""
    families = {*trade["family"].cat.categories}  # a committed source is one of its own
    cell = [*SERIES, "ref_period", "n_months", "qty_unit", "vintage"]
    is_users = trade["source_id"].map(lambda name: name not in families).astype(bool)
    rows = trade[is_users]
    rows = rows[rows.duplicated(cell, keep=False)]
    by_cell = rows.groupby(cell, observed=True, dropna=False)
    differs = [by_cell[figure].transform("nunique").gt(1) for figure in FIGURES[:3]]
    unlike = reduce(or_, differs)
    files: dict[int, set[str]] = {}
    for place, name in zip(by_cell.ngroup()[unlike], rows.loc[unlike, "source_id"], strict=True):
        files.setdefault(place, set()).add(name)
    counts = Counter(tuple(sorted(names)) for names in files.values())
    for names, cells in counts.items():
        text = f"{' and '.join(names)}: {cells} cells, not alike"
        yield Finding("stated twice", text, _show_sources(names))


def _editions(trade: DataFrame) -> Iterator[Finding]:
    """Cells that a source states in two editions of HS, each of them the whole."""
    name = "classification_code"
    editions = [word for word in trade[name].cat.categories if HS_EDITION.fullmatch(word)]
    if len(editions) < 2:
        return
    rows = trade[trade[name].isin(editions)]
    cell = [column for column in SERIES if column != name]
    cell += ["ref_period", "n_months", "qty_unit"]
    by_cell = rows.groupby(cell, observed=True, dropna=False)[name]
    several = rows[by_cell.transform("nunique").gt(1)]
    for family, some in several.groupby("family", observed=True):
        stated = " and ".join(sorted(some[name].unique()))
        cells = len(some.drop_duplicates(cell))
        text = f"{family}: {cells} cells in {stated}, of which read takes the newest"
        yield Finding("editions", text, _show_sources(some["source_id"].unique()))


AGREE, DIFFER = 0.01, 0.05  # values that agree, and weights that do not, as parts of the smaller
PAIR = ["reporter_iso", "partner_iso", "partner_role", "flow_code", "cmd_code"]


@dataclass(frozen=True)
class Apart:
    """A flow of which two sources' values agree in some months and their weights do not.

    Attributes
    ----------
    cell
        The flow, as :data:`PAIR` names it.
    first, second
        The months of each source.
    both
        The months that both state, side by side.
    apart
        Those of them in which values agree and weights do not.
    """

    cell: tuple[str, ...]
    first: DataFrame
    second: DataFrame
    both: DataFrame
    apart: DataFrame


def weights_apart(root: Path, *, local: bool = True) -> frozenset[tuple[str, ...]]:
    """Flows, as :data:`PAIR` names them, whose weights are sure of no source that is held."""
    sources = catalogue.load(root, local=local)
    trade = _read(tables.stored(root, "trade", local=local), COLUMNS, sources)
    rate_columns = [*RATES, "statistic", "ref_period", "n_months", "rate"]
    rates = _read(tables.stored(root, "rates", local=local), rate_columns, sources)
    monthly = trade[trade["freq_code"].eq("M") & trade["cumulation"].eq("period")]
    return frozenset(pair.cell for pair in _weights_apart(monthly, rates))


def _weights_apart(monthly: DataFrame, rates: DataFrame) -> Iterator[Apart]:
    is_whole = monthly["breakdown"].eq("total") & monthly["net_wgt_kg"].gt(0)
    rows = monthly[is_whole & monthly["n_months"].eq(1)]
    families = rows.groupby(PAIR, observed=True)["family"].transform("nunique")
    rows = rows[families.gt(1)]
    rows = rows.assign(dollars=_dollars(rows, rates))
    rows = rows[rows["dollars"].gt(0)]
    for cell, flow in rows.groupby(PAIR, observed=True):
        by_family = [
            some.drop_duplicates("month") for _, some in flow.groupby("family", observed=True)
        ]
        for first, second in combinations(by_family, 2):
            pair = _pair(tuple(map(str, cell)), first, second)
            if len(pair.apart):
                yield pair


def _pair(cell: tuple[str, ...], first: DataFrame, second: DataFrame) -> Apart:
    """Two sources of one flow, month by month."""
    both = first.merge(second, on="month", suffixes=("", "_other"))
    value = both["dollars"] / both["dollars_other"]
    weight = both["net_wgt_kg"] / both["net_wgt_kg_other"]
    agree = np.maximum(value, 1 / value).le(1 + AGREE)
    apart = both[agree & np.maximum(weight, 1 / weight).gt(1 + DIFFER)]
    return Apart(cell, first, second, both, apart.assign(ratio=weight[apart.index]))


def _weights(monthly: DataFrame, rates: DataFrame) -> Iterator[Finding]:
    """Pairs of sources whose values of a flow agree and whose weights do not: neither is sure."""
    pairs = list(_weights_apart(monthly, rates))
    pairs.sort(key=lambda pair: -float(pair.apart["dollars"].sum()))
    for pair in pairs:
        ratio = pair.apart["ratio"]
        text = (
            f"{_name(pair.first)} against {pair.second['source_id'].iloc[0]}: values within 1 % "
            f"and weights more than 5 % apart in {len(pair.apart)} of {len(pair.both)} months "
            f"({runs(pair.apart['month'])}), {ratio.min():.2f} to {ratio.max():.2f} times"
        )
        yield Finding("weights", text, f"{_see(pair.first)} && {_see(pair.second)}")


def _dollars(rows: DataFrame, rates: DataFrame) -> Series:
    """Values in dollars: as stated, else at the first monthly rate that is held."""
    to_dollars = rates[rates["quote"].astype("str").eq("USD")]
    to_dollars = to_dollars.assign(currency=to_dollars["base"].astype("str"))
    unique = to_dollars.drop_duplicates(["currency", "month"])
    rate = unique.set_index(["currency", "month"])["rate"]
    cell = pd.MultiIndex.from_arrays([rows["currency"].astype("str"), rows["month"]])
    converted = rows["value_reported"] * rate.reindex(cell).to_numpy()
    stated = rows["primary_value_usd"].fillna(converted)
    return stated.mask(rows["currency"].eq("USD") & stated.isna(), rows["value_reported"])


def _steady(held: list[int]) -> bool:
    """Tell whether months are most of their span, or are so on either side of a year that lacks.

    A flow that comes and goes has holes and jumps by nature; a year between two steady ones is a
    file that was forgotten.
    """
    gaps = np.diff(held, prepend=held[0])
    after = int(gaps.argmax())
    sides = [held[:after], held[after:]] if gaps.max() > SPAN else [held]
    for side in sides:
        span = side[-1] - side[0] + 1
        if span < SPAN or len(side) < STEADY * span:
            return False
    return True


def _holes(rows: DataFrame, held: set[int]) -> Iterator[Finding]:
    span = range(min(held), max(held) + 1)
    missing = sorted(set(span) - held)
    if missing:
        some = ", ".join(map(month_text, missing[:6])) + (" …" if len(missing) > 6 else "")
        text = f"{_name(rows)}: {len(missing)} of {len(span)} months ({some})"
        yield Finding("missing", text, _see(rows))


def _units(rows: DataFrame) -> Iterator[Finding]:
    units: dict[int, set[str]] = {}
    for month, unit in sorted(zip(rows["month"], rows["qty_unit"], strict=True)):
        units.setdefault(month, set()).add(unit)
    # Of two units one may be lacking in a month; another unit than all before is a change.
    changes = [pair for pair in pairwise(units) if not units[pair[0]] & units[pair[1]]]
    if changes:
        earlier, later = changes[0]
        before, after = ("+".join(sorted(units[month])) for month in (earlier, later))
        more = f", and {len(changes) - 1} more" if len(changes) > 1 else ""
        change = f"{before} to {after} in {month_text(later)}{more}"
        yield Finding("unit", f"{_name(rows)}: {change}", _see(rows))


def _jumps(rows: DataFrame) -> Iterator[Finding]:
    single = rows[rows["n_months"].eq(1)].drop_duplicates("month").set_index("month").sort_index()
    months_of: dict[str, list[int]] = {}
    for figure in single.columns.intersection(FIGURES):
        months = _jumping_months(single[figure])
        if months:
            # Of a quantity one flow may have two, in two units.
            unit = f" ({rows['qty_unit'].iloc[0]})" if figure == "qty" else ""
            months_of[figure + unit] = months
    if not months_of:
        return
    parts = []
    for figure, months in months_of.items():
        more = " …" if len(months) > 6 else ""
        parts.append(f"{figure} in {', '.join(map(month_text, months[:6]))}{more}")
    all_months = set(chain.from_iterable(months_of.values()))
    month = all_months.pop() if len(all_months) == 1 else None
    times = f"{JUMP:.0f} times its neighbours or more"
    yield Finding("jump", f"{_name(rows)}: {times}: {'; '.join(parts)}", _see(rows, month))


def _jumping_months(figures: Series) -> list[int]:
    """Months that are so many times their neighbours, which are near each other."""
    series = figures.astype("float64").where(figures > 0)
    before, after = (series.reindex(series.index + step).to_numpy() for step in (-1, 1))
    with np.errstate(invalid="ignore"):
        largest = np.maximum(before, after)
        is_calm = largest <= CALM * np.minimum(before, after)
        is_jump = is_calm & (series.to_numpy() >= JUMP * largest)
    return [*series.index[is_jump]]


def _mirror(rows: DataFrame) -> Iterator[Finding]:
    value = "primary_value_usd"
    columns = list(rows)
    rows = rows[rows[value].notna() & rows["flow_code"].isin(["M", "X"])].astype(
        dict.fromkeys(("reporter_iso", "partner_iso", "flow_code", "cmd_code"), "str")
    )
    is_import = rows["flow_code"].eq("M")
    buyer = rows["reporter_iso"].where(is_import, rows["partner_iso"])
    seller = rows["partner_iso"].where(is_import, rows["reporter_iso"])
    pair = rows.assign(buyer=buyer, seller=seller).groupby(["buyer", "seller", "cmd_code"])
    for _, cell in pair:
        if cell["flow_code"].nunique() < 2:
            continue
        imports = cell[cell["flow_code"].eq("M")]
        exports = cell[cell["flow_code"].eq("X")]
        for _, m in imports.groupby("source_id", sort=False, observed=True):
            for _, x in exports.groupby("source_id", sort=False, observed=True):
                yield from _gaps(m[columns], x[columns], value)


def _gaps(m: DataFrame, x: DataFrame, value: str) -> Iterator[Finding]:
    try:
        gaps = measures.gap(m, x, value)
    except QueryError:  # the two share no cell, or one states a cell twice: nothing to compare
        return
    outside = gaps[gaps["outside"].fillna(False).astype(bool)]
    if len(outside):
        ratio = outside["ratio"]
        text = (
            f"{_name(m)} against {x['source_id'].iloc[0]}: {len(outside)} of "
            f"{gaps['ratio'].notna().sum()} months outside the band, M / X from "
            f"{ratio.min():.2f} to {ratio.max():.2f}"
        )
        yield Finding("mirror", text, f"{_see(m)} && {_see(x)}")


def _name(rows: DataFrame) -> str:
    row = rows.iloc[0]
    if "rate" in rows:
        return f"{row['family']}: {row['quote']} for one {row['base']}"
    way = {"M": "from", "X": "to"}.get(row["flow_code"], f"{row['flow_code']} with")
    return (
        f"{row['family']}: {row['reporter_iso']} {row['flow_code']} {row['cmd_code']} "
        f"{way} {row['partner_iso']}"
    )


def _see(rows: DataFrame, month: Any = None) -> str:
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


def _show_sources(names: Iterable[str]) -> str:
    """The commands that show the rows of several sources of trade."""
    return " && ".join(_show("trade", source_id=name) for name in sorted(names))


def _show(table: str, **wanted: str) -> str:
    if table not in schema.TABLES:  # a code list
        return "tradeflows sources"
    columns = (shlex.quote(f"{name}={value}") for name, value in wanted.items())
    return " ".join(["tradeflows rows", table, *columns])


def rows(root: Path, table: str, wanted: dict[str, str], *, local: bool = True) -> DataFrame:
    """Rows of `table` as they are stored, those that have all of `wanted`.

    Raises
    ------
    QueryError
        No such table, column or row.
    """
    if table not in schema.TABLES:
        raise QueryError(f"no table {table!r}{near(table, schema.TABLES)}")
    stored = tables.stored(root, table, local=local)
    texts_of = {field.name for field in stored.schema if field.type == schema.TEXT}
    conditions = {name: [value] for name, value in wanted.items() if name in texts_of}
    rows_held = tables.scan(stored, table, conditions, None, None)
    frame = rows_held.to_pandas(date_as_object=False)
    for name, value in wanted.items():  # a code is itself here, and not what lies under it
        if name == "month" and "ref_period" in frame:
            value = month_text(parse_period(value, "month", grain="month")[0])
            texts = frame["ref_period"].dt.strftime("%Y-%m")
        elif name in frame:
            texts = frame[name].astype(str)
        else:
            raise QueryError(f"{table} has no column {name!r}{near(name, [*frame, 'month'])}")
        frame = frame[texts.eq(value)]
    if frame.empty:
        raise QueryError(f"no row of {table} has all of {wanted}")
    return frame
