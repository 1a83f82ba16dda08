"""What looks wrong in everything that is catalogued: one line each, with how to see the rows."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pandas import DataFrame, Series

from tradeflows import measures, tables
from tradeflows.model import schema
from tradeflows.model.absence import absence
from tradeflows.model.contracts import require_columns
from tradeflows.model.errors import NothingStatedError, QueryError, near
from tradeflows.model.keys import number_cells
from tradeflows.model.periods import is_day, month_text, parse_period, runs
from tradeflows.model.source import Source
from tradeflows.retrieval import catalogue
from tradeflows.tables import unit_values
from tradeflows.tables.choose_release import HS_EDITION
from tradeflows.tables.zeros import is_aggregate

Progress = Callable[[str, int, int, str], None]

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
PERIOD = ("month", "n_months", "qty_unit")
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
FLOW = ["source_id", "reporter_iso", "partner_code", "flow_code", "cmd_code", "breakdown"]
RATES = ["source_id", "base", "quote", "publisher"]
RATE_COLUMNS = [*RATES, "statistic", "ref_period", "n_months", "rate"]
JUMP = 10.0  # a month that is so many times its neighbours
LOOSE = ("reporter_iso", "flow_code")  # what a row that bears out a zero shares with it
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
    sizes = {kind: len(some) for kind, some in by_kind.items()}
    total = f"{sum(sizes.values())} findings"
    if sizes:
        counts = ", ".join(f"{size} {kind}" for kind, size in sizes.items())
        total = f"{total}: {counts}"
    return [*lines, total]


def look(root: Path, *, local: bool = True, progress: Progress | None = None) -> Iterator[Finding]:
    """Findings about files, then about series of trade, the largest flows first, and of rates.

    Parameters
    ----------
    root
        Project folder, its tables built.
    local
        With what the user fetched or added.
    progress
        Called as each look begins, with a line, or "" for one of many series; how many are done;
        how many there are, 0 while that is not known; and words for what is looked at.

    Yields
    ------
    Finding
        Its text is "kind: what; command".

    Raises
    ------
    BuildError
        The tables are not built.
    """
    done = 0

    def begin(what: str) -> None:
        nonlocal done
        if progress:
            progress(f"looking at {what}", done, 0, what)
        done += 1

    begin("raw files")
    for state in catalogue.states(root, local=local):
        if state.state != "ok":
            yield Finding(f"file {state.state}", state.detail, "tradeflows verify")
    sources = catalogue.load(root, local=local)
    for source in sources.values():
        yield from _of_source(source, sources, root)
    begin("the tables")
    trade = _read(tables.stored(root, "trade", local=local), COLUMNS, sources)
    rates = _read(tables.stored(root, "rates", local=local), RATE_COLUMNS, sources)
    begin("releases, and rows that are stated twice")
    yield from _vintages(trade)
    yield from _twice(trade)
    yield from _editions(trade)
    monthly = _monthly(trade)
    begin("zeros")
    yield from _zeros_at_the_end(monthly)
    yield from _zero_quantities(trade)
    begin("weights and currencies")
    yield from _weights(monthly, rates)
    yield from _currencies(monthly, rates)
    begin("both sides of a flow")
    mirror = [*_mirror(monthly)]
    by_kind: dict[str, list[Finding]] = {"unit": [], "mirror": mirror, "missing": [], "jump": []}
    begin("which months each source states")
    reported = _months_reported(monthly, sources)
    of_rates = rates.assign(qty_unit="").groupby(["family", *RATES[1:], "statistic"], observed=True)
    series_of_trade, largest_first = _series(monthly)
    total = len(largest_first) + of_rates.ngroups
    series = chain(map(series_of_trade, largest_first), (rows for _, rows in of_rates))
    for number, rows in enumerate(series):
        if progress:
            is_tenth = number * 10 // total > (number - 1) * 10 // total
            line = f"looking at {total:,} series, {number:,} of them done" if is_tenth else ""
            progress(line, number, total, "series")
        for finding in _of_series(rows, sources, reported):
            by_kind[finding.kind].append(finding)
    for findings in by_kind.values():
        yield from findings


def zeros_at_the_end(root: Path, names: Iterable[str], *, local: bool = True) -> Iterator[Finding]:
    """The same finding as that of :func:`look` about zeros, of the sources `names` alone."""
    of_sources = pc.field("source_id").isin(list(names))
    stored = tables.stored(root, "trade", local=local).filter(of_sources)
    sources = catalogue.load(root, local=local)
    yield from _zeros_at_the_end(_monthly(_read(stored, COLUMNS, sources)))


def _zeros_at_the_end(monthly: DataFrame) -> Iterator[Finding]:
    """The last months of a source, of which each of several rows has no figure but 0."""
    single = monthly[monthly["n_months"].eq(1)]
    largest = single["value_reported"].to_numpy()
    for figure in ("net_wgt_kg", "qty"):
        largest = np.fmax(largest, single[figure].to_numpy())
    stated = Series(largest, single.index).groupby(
        [single["source_id"], single["month"]], observed=True
    )
    for name, of_source in stated.agg(["max", "count"]).groupby(level=0, observed=True):
        by_month = of_source.droplevel(0).query("count > 0")
        last = by_month.index[by_month["max"].gt(0)].max()
        after = by_month[by_month.index > last]
        if len(after) and after["count"].gt(1).all():
            months = _first_months(list(after.index))
            text = f"{name}: each figure of {months} is 0: a zero, or not out yet? "
            text += "If not out, `where` in the map leaves it open"
            show = _show("trade", source_id=name, month=month_text(after.index[0]))
            yield Finding("zero", text, show)


def _zero_quantities(trade: DataFrame) -> Iterator[Finding]:
    """Sources that state a quantity of 0 beside a value, which a weight of 0 is never left as."""
    rows = trade[trade["qty"].eq(0) & trade["value_reported"].gt(0)]
    for name, count in rows["source_id"].value_counts().items():
        if count:
            text = (
                f"{name}: {count} rows have a quantity of 0 beside a value: rounded, or "
                'not published? If not, `words = { "0" = "" }` of qty in the map makes it null'
            )
            yield Finding("zero", text, _show("trade", source_id=str(name), qty="0.0"))


def absent_beyond_the_end(root: Path, sources: Iterable[Source]) -> Iterator[str]:
    """Say of which sources of trade `absent` reaches beyond the last month of the file."""
    declaring = [source for source in sources if source.absent]
    ends = tables.last_months(root, [source.id for source in declaring], local=True)
    for source in declaring:
        until = max(absence(entry).last for entry in source.absent)
        if until > ends.get(source.id, until):
            yield (
                f"{source.id}: the file ends with {month_text(ends[source.id])}, and `absent` with "
                f"{month_text(until)}: it makes no zeros of months of which the file has no row"
            )


def _of_source(source: Source, sources: Mapping[str, Source], root: Path) -> Iterator[Finding]:
    """Whether a source is superseded, or what it states of itself differs from what is held."""
    # It loads what speaks HTTP, of which a claim that is checked has no need.
    from tradeflows.retrieval import comext, maps

    if source.supersedes:
        old = sources[source.supersedes]
        text = f"{old.id} ({old.vintage}) by {source.id} ({source.vintage})"
        show = _show(old.table, source_id=old.id)
        yield Finding("superseded", text, show)
    for line in comext.known_totals(source, root, differing=True):
        yield Finding("total", line, "tradeflows fetch comext, or data/comext_totals.csv")
    for line in maps.other_scales(source):
        yield Finding("scale", line, _show(source.table, source_id=source.id))


def _of_series(
    rows: DataFrame, sources: Mapping[str, Source], reported: _Reported
) -> Iterator[Finding]:
    """What looks wrong within one series."""
    yield from _units(rows)
    stated: set[int] = set()
    for month, length in zip(rows["month"], rows["n_months"], strict=True):
        stated.update(range(month, month + length))
    if _steady(sorted(stated)):
        yield from _holes(rows, stated | _declared_zeros(rows, sources, reported))
        units = rows["qty_unit"]
        for unit in units.unique():
            of_unit = rows[units.eq(unit)]
            yield from _jumps(of_unit)


def _read(dataset: ds.Dataset, columns: Sequence[str], sources: Mapping[str, Source]) -> DataFrame:
    """Columns of all rows, with the rows' family and their month as a number.

    One column after the other is read, and its words numbered batch by batch: all together, the
    words of some million rows would be in memory at once.
    """
    data = {}
    for name in columns:
        kind = dataset.schema.field(name).type
        batches = [batch[name] for batch in _batches(dataset, [name])]
        column = pa.chunked_array(batches, batches[0].type if batches else kind)
        if pa.types.is_dictionary(column.type):
            column = column.unify_dictionaries()
        data[name] = column.to_pandas(date_as_object=False)
        del batches, column
        pa.default_memory_pool().release_unused()
    rows = DataFrame(data, copy=False)
    # What a user got from one publisher in many files is one series.
    named = DataFrame({"source_id": rows["source_id"].cat.categories})
    place, families = pd.factorize(tables.family(named, sources), sort=True)
    code = place.astype("int16")[rows["source_id"].cat.codes]
    rows["family"] = pd.Categorical.from_codes(code, families)
    start = rows.pop("ref_period").dt
    rows["month"] = (start.year * 12 + start.month - 1).astype("int32")
    if "n_months" in columns:
        rows["n_months"] = rows["n_months"].astype("int16")
    return rows


def _batches(dataset: ds.Dataset, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Columns of a table, texts as numbers of words."""
    for batch in dataset.to_batches(columns=names, batch_readahead=2, fragment_readahead=1):
        yield pa.record_batch({name: _numbered(batch[name]) for name in names})


def _numbered(values: pa.Array) -> pa.Array:
    """Texts as numbers of words; other values as they are."""
    return values.dictionary_encode() if pa.types.is_string(values.type) else values


def _monthly(trade: DataFrame) -> DataFrame:
    """Rows of single periods of a monthly series; `trade` itself where all are."""
    is_monthly = trade["freq_code"].eq("M") & trade["cumulation"].eq("period")
    return trade if is_monthly.all() else trade[is_monthly]


def _cells(rows: DataFrame, columns: Sequence[str]) -> np.ndarray:
    """A number for each row, equal where all `columns` are; of a few bytes a row."""

    def coded() -> Iterator[tuple[np.ndarray, int]]:
        for name in columns:
            column = rows[name]
            if isinstance(column.dtype, pd.CategoricalDtype):
                yield column.cat.codes.to_numpy() + 1, len(column.cat.categories) + 1
            else:
                numbers = column.to_numpy()
                yield numbers - numbers.min(), int(numbers.max() - numbers.min()) + 1

    return number_cells(coded(), len(rows))


def _stated_again(rows: DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Which rows are alike in `columns` with another one."""
    if rows.empty:
        return np.zeros(0, bool)
    cells = _cells(rows, columns)
    ordered = np.sort(cells)
    return _are_among(cells, np.unique(ordered[1:][ordered[1:] == ordered[:-1]]))


def _are_among(cells: np.ndarray, some: np.ndarray) -> np.ndarray:
    """Which of `cells` are among `some`, which are sorted."""
    if not len(some):
        return np.zeros(len(cells), bool)
    place = np.searchsorted(some, cells)
    place[place == len(some)] = 0
    return np.asarray(some[place] == cells)


def _series(monthly: DataFrame) -> tuple[Callable[[int], DataFrame], Sequence[int]]:
    """What gives a series of those that may lack or change something, and their numbers.

    That of the largest comes first.

    A series of fewer months than a steady one is no hole's or jump's place, and one unit is no
    change: of some hundred thousand short series none is looked at one by one.
    """
    may_be_several = _stated_again(monthly, SERIES) | monthly["n_months"].ge(STEADY * SPAN)
    monthly = monthly if may_be_several.all() else monthly[may_be_several]
    if monthly.empty:
        return lambda _: monthly, []
    place = Series(_cells(monthly, SERIES), monthly.index, copy=False)
    counted = DataFrame({"n_months": monthly["n_months"], "unit": monthly["qty_unit"].cat.codes})
    summed = counted.groupby(place).agg(
        months=("n_months", "sum"), least=("unit", "min"), most=("unit", "max")
    )
    may_be_steady = summed["months"] >= STEADY * SPAN
    has_units = summed["least"] < summed["most"]
    chosen = place.isin(summed.index[may_be_steady | has_units])
    several = monthly[chosen].assign(series=place[chosen])
    size = several.groupby("series")[["value_reported", "net_wgt_kg"]].sum()
    by_size = size.sort_values(["value_reported", "net_wgt_kg"], ascending=False)
    return several.groupby("series").get_group, list(by_size.index)


def _vintages(trade: DataFrame) -> Iterator[Finding]:
    """Dated releases of which a newer one states a cell too."""
    vintage = trade["vintage"]
    days = [text for text in vintage.cat.categories if is_day(text)]
    is_dated = vintage.isin(days)
    releases = trade.loc[is_dated, ["family", "vintage"]].drop_duplicates()
    several = releases["family"][releases["family"].duplicated()]
    if several.empty:
        return
    dated = trade[is_dated & trade["family"].isin(several)]
    dated = dated[_stated_again(dated, [*SERIES, *PERIOD])]
    cell = [*SERIES, *PERIOD]
    rows = dated.assign(vintage=dated["vintage"].astype(str))
    by_cell = rows.groupby(cell, observed=True, dropna=False)["vintage"]
    rows = rows.assign(newest=by_cell.transform("max"))
    is_old = rows["vintage"] < rows["newest"]
    old = rows[is_old]
    for (name, release), some in old.groupby(["source_id", "vintage"], observed=True):
        newer = sorted(some["newest"].unique())
        newest = ", ".join(newer[-3:])
        text = f"{name}: {len(some)} rows of release {release} by {newest}"
        show = _show("trade", source_id=name, vintage=release)
        yield Finding("superseded", text, show)


def _twice(trade: DataFrame) -> Iterator[Finding]:
    """A user's files that state cells of one release, and not alike."""
    families = {*trade["family"].cat.categories}  # a committed source is one of its own
    cell = [*SERIES, *PERIOD, "vintage"]
    users = [name for name in trade["source_id"].cat.categories if name not in families]
    is_users = trade["source_id"].isin(users)
    if not is_users.any():
        return
    theirs = trade if is_users.all() else trade[is_users]
    rows = theirs[_stated_again(theirs, [*SERIES, *PERIOD, "vintage"])]
    by_cell = rows.groupby(cell, observed=True, dropna=False)
    unlike = Series(False, rows.index)
    for figure in FIGURES[:3]:
        statements = by_cell[figure].transform("nunique")
        unlike |= statements.gt(1)
    places = by_cell.ngroup()[unlike]
    files: dict[int, set[str]] = {}
    for place, name in zip(places, rows.loc[unlike, "source_id"], strict=True):
        of_cell = files.setdefault(place, set())
        of_cell.add(name)
    counts = Counter(tuple(sorted(names)) for names in files.values())
    for names, cells in counts.items():
        listed = " and ".join(names)
        text = f"{listed}: {cells} cells, not alike"
        show = _show_sources(names)
        yield Finding("stated twice", text, show)


def _editions(trade: DataFrame) -> Iterator[Finding]:
    """Cells that a source states in two editions of HS, each of them the whole."""
    name = "classification_code"
    classification = trade[name]
    editions = [word for word in classification.cat.categories if HS_EDITION.fullmatch(word)]
    if len(editions) < 2:
        return
    rows = trade[classification.isin(editions)]
    cell = [column for column in SERIES if column != name]
    cell += PERIOD
    by_cell = rows.groupby(cell, observed=True, dropna=False)[name]
    statements = by_cell.transform("nunique")
    several = rows[statements.gt(1)]
    for family, some in several.groupby("family", observed=True):
        stated = " and ".join(sorted(some[name].unique()))
        cells = len(some.drop_duplicates(cell))
        text = f"{family}: {cells} cells in {stated}, of which read takes the newest"
        show = _show_sources(some["source_id"].unique())
        yield Finding("editions", text, show)


AGREE, DIFFER = 0.01, 0.05  # values that agree, and weights that do not, as parts of the smaller
PAIR = ["reporter_iso", "partner_iso", "partner_role", "flow_code", "cmd_code"]
WEIGHED = [
    "source_id",
    *PAIR,
    "ref_period",
    "currency",
    "value_reported",
    "primary_value_usd",
    "net_wgt_kg",
]
# Months of whole flows that have a weight.
IS_WEIGHED = (
    (ds.field("freq_code") == "M")
    & (ds.field("cumulation") == "period")
    & (ds.field("n_months") == 1)
    & (ds.field("breakdown") == "total")
    & (ds.field("net_wgt_kg") > 0)
)


def weights_apart(
    root: Path, *, flows: Collection[tuple[str, ...]] | None = None, local: bool = True
) -> frozenset[tuple[str, ...]]:
    """Flows, as :data:`PAIR` names them, whose weights are sure of no source that is held.

    Given `flows`, at least those of them are looked at, and little else.
    """
    sources = catalogue.load(root, local=local)
    is_asked = IS_WEIGHED
    for name, values in zip(PAIR, zip(*flows, strict=True), strict=True) if flows else ():
        is_asked &= ds.field(name).isin(sorted(set(values)))
    weighed = tables.stored(root, "trade", local=local).filter(is_asked)
    # The filter is asked once, and not again for every column.
    kinds = [_numbered(pa.array([], weighed.schema.field(name).type)).type for name in WEIGHED]
    numbered = pa.schema(list(zip(WEIGHED, kinds, strict=True)))
    selected = pa.Table.from_batches(_batches(weighed, WEIGHED), numbered)
    if not len(selected):
        return frozenset()
    trade = _read(ds.dataset(selected), WEIGHED, sources)
    rates = _read(tables.stored(root, "rates", local=local), RATE_COLUMNS, sources)
    both = _side_by_side(trade, rates)
    unsure = both.loc[both["apart"], PAIR].drop_duplicates()
    return frozenset(tuple(map(str, flow)) for flow in unsure.to_numpy())


def _side_by_side(rows: DataFrame, rates: DataFrame) -> DataFrame:
    """Months of flows that two families state, a row each pair; `apart` where weights are."""
    families = rows.groupby(PAIR, observed=True)["family"].transform("nunique")
    rows = rows[families.gt(1)]
    rows = rows.assign(dollars=_dollars(rows, rates))
    single = rows[rows["dollars"].gt(0)].drop_duplicates([*PAIR, "family", "month"])
    both = single.merge(single, on=[*PAIR, "month"], suffixes=("", "_other"))
    both = both[both["family"].cat.codes < both["family_other"].cat.codes]
    value = both["dollars"] / both["dollars_other"]
    weight = both["net_wgt_kg"] / both["net_wgt_kg_other"]
    times_value = np.maximum(value, 1 / value)
    times_weight = np.maximum(weight, 1 / weight)
    is_apart = times_value.le(1 + AGREE) & times_weight.gt(1 + DIFFER)
    return both.assign(ratio=weight, apart=is_apart)


def _weights(monthly: DataFrame, rates: DataFrame) -> Iterator[Finding]:
    """Pairs of sources whose values of a flow agree and whose weights do not: neither is sure."""
    is_whole = monthly["breakdown"].eq("total") & monthly["net_wgt_kg"].gt(0)
    weighed = monthly[is_whole & monthly["n_months"].eq(1)]
    both = _side_by_side(weighed, rates)
    by_pair = both.groupby([*PAIR, "family", "family_other"], observed=True)
    pairs = [pair for _, pair in by_pair if pair["apart"].any()]
    pairs.sort(key=lambda pair: -float(pair.loc[pair["apart"], "dollars"].sum()))
    for pair in pairs:
        apart = pair[pair["apart"]]
        ratio = apart["ratio"]
        text = (
            f"{_name(pair)} against {pair['source_id_other'].iloc[0]}: values within 1 % "
            f"and weights more than 5 % apart in {len(apart)} of {len(pair)} months "
            f"({runs(apart['month'])}), {ratio.min():.2f} to {ratio.max():.2f} times"
        )
        second = pair.assign(
            source_id=pair["source_id_other"], partner_code=pair["partner_code_other"]
        )
        show = f"{_see(pair)} && {_see(second)}"
        yield Finding("weights", text, show)


def _currencies(monthly: DataFrame, rates: DataFrame) -> Iterator[Finding]:
    """Sources whose goods are all worth several times what other sources state of the like."""
    is_weighed = monthly["net_wgt_kg"].gt(0) & monthly["n_months"].eq(1)
    rows = monthly[is_weighed & _stated_by_several(monthly, unit_values.GOODS)]
    rows = rows.assign(dollars=_dollars(rows, rates))
    rows = rows[rows["dollars"].gt(0)]
    for name, source in unit_values.worth_otherwise(rows).iterrows():
        currencies = rows.loc[rows["source_id"].eq(name), "currency"].astype("str").unique()
        text = (
            f"{name} against others: a kilogram is worth {source['times']:.2g} times as much, by "
            f"the median of {source['n']:.0f} like goods and months; its values are read as "
            f"{', '.join(sorted(currencies))}, which may be a wrong heading"
        )
        yield Finding("currency", text, _show("trade", source_id=str(name)))


def _stated_by_several(rows: DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Which rows are alike in `columns` with one of another source."""
    if rows.empty:
        return np.zeros(0, bool)
    cells = _cells(rows, columns)
    order = np.argsort(cells, kind="stable")
    ordered = cells[order]
    sources = rows["source_id"].cat.codes.to_numpy()[order]
    del order
    is_other = (ordered[1:] == ordered[:-1]) & (sources[1:] != sources[:-1])
    return _are_among(cells, np.unique(ordered[1:][is_other]))


def _dollars(rows: DataFrame, rates: DataFrame) -> Series:
    """Values in dollars: as stated, else at the first monthly rate that is held."""
    quote = rates["quote"].astype("str")
    to_dollars = rates[quote.eq("USD")]
    base = to_dollars["base"].astype("str")
    to_dollars = to_dollars.assign(currency=base)
    unique = to_dollars.drop_duplicates(["currency", "month"])
    rate = unique.set_index(["currency", "month"])["rate"]
    currency = rows["currency"].astype("str")
    cell = pd.MultiIndex.from_arrays([currency, rows["month"]])
    value = rows["value_reported"]
    converted = value * rate.reindex(cell).to_numpy()
    stated = rows["primary_value_usd"].fillna(converted)
    is_in_dollars = currency.eq("USD") & stated.isna()
    return stated.mask(is_in_dollars, value)


def _steady(held: list[int]) -> bool:
    """Tell whether months are most of their span, or are so on either side of a year that lacks.

    A flow that comes and goes has holes and jumps by nature; a year between two steady ones is a
    file that was forgotten.
    """
    gaps = np.diff(held, prepend=held[0])
    after = int(gaps.argmax())
    sides = [held]
    if gaps.max() > SPAN:
        sides = [held[:after], held[after:]]
    for side in sides:
        span = side[-1] - side[0] + 1
        if span < SPAN or len(side) < STEADY * span:
            return False
    return True


_Reported = dict[tuple[str, ...], set[int]]


def _months_reported(monthly: DataFrame, sources: Mapping[str, Source]) -> _Reported:
    """In which months each source that declares zeros states any row that bears them out.

    The key is the source, the column that it declares, and the reporter and the flow, or that of
    the two which is not declared.
    """
    reported: _Reported = {}
    for source in sources.values():
        for along in {entry["along"] for entry in source.absent}:
            mine = monthly[monthly["source_id"].eq(source.id)]
            loose = [name for name in LOOSE if name != along]
            periods = (
                mine[[*loose, "month", "n_months"]]
                .drop_duplicates()
                .astype(dict.fromkeys(loose, "str"))
            )
            for *key, month, length in periods.itertuples(index=False):
                months = reported.setdefault((source.id, along, *key), set())
                months.update(range(month, month + length))
    return reported


def _declared_zeros(
    rows: DataFrame, sources: Mapping[str, Source], reported: _Reported
) -> set[int]:
    """Months between the rows of a series of trade in which a row that lacks is declared a zero."""
    zeros: set[int] = set()
    if "rate" in rows:
        return zeros
    row = rows.iloc[0].astype("str")
    for name in rows["source_id"].unique():
        for declared in map(absence, sources[name].absent):
            is_meant = all(row[column] == value for column, value in declared.where.items())
            if not is_meant or is_aggregate(row[declared.along]):
                continue
            loose = [row[column] for column in LOOSE if column != declared.along]
            months = reported.get((name, declared.along, *loose), set())
            zeros |= months & {*range(declared.first, declared.last + 1)}
    first, last = int(rows["month"].min()), int(rows["month"].max())
    return {month for month in zeros if first < month < last}


def _holes(rows: DataFrame, held: set[int]) -> Iterator[Finding]:
    span = range(min(held), max(held) + 1)
    missing = sorted(set(span) - held)
    if missing:
        name = _name(rows)
        some = _first_months(missing)
        text = f"{name}: {len(missing)} of {len(span)} months ({some})"
        yield Finding("missing", text, _see(rows))


def _first_months(months: Sequence[int]) -> str:
    """The first six of some months, and whether there are more."""
    listed = ", ".join(map(month_text, months[:6]))
    if len(months) > 6:
        listed += " …"
    return listed


def _units(rows: DataFrame) -> Iterator[Finding]:
    units: dict[int, set[str]] = {}
    by_month = zip(rows["month"], rows["qty_unit"], strict=True)
    for month, unit in sorted(by_month):
        of_month = units.setdefault(month, set())
        of_month.add(unit)
    # Of two units one may be lacking in a month; another unit than all before is a change.
    changes = []
    for earlier, later in pairwise(units):
        if units[earlier].isdisjoint(units[later]):
            changes.append((earlier, later))
    if changes:
        earlier, later = changes[0]
        before = "+".join(sorted(units[earlier]))
        after = "+".join(sorted(units[later]))
        more = ""
        if len(changes) > 1:
            more = f", and {len(changes) - 1} more"
        name = _name(rows)
        text = f"{name}: {before} to {after} in {month_text(later)}{more}"
        yield Finding("unit", text, _see(rows))


def _jumps(rows: DataFrame) -> Iterator[Finding]:
    of_a_month = rows[rows["n_months"].eq(1)]
    single = of_a_month.drop_duplicates("month")
    single = single.set_index("month").sort_index()
    months_of: dict[str, list[int]] = {}
    for figure in single.columns.intersection(FIGURES):
        months = _jumping_months(single[figure])
        if months:
            # Of a quantity one flow may have two, in two units.
            if figure == "qty":
                unit = rows["qty_unit"].iloc[0]
                figure = f"{figure} ({unit})"
            months_of[figure] = months
    if not months_of:
        return
    parts = []
    for figure, months in months_of.items():
        some = _first_months(months)
        parts.append(f"{figure} in {some}")
    all_months = set(chain.from_iterable(months_of.values()))
    month = all_months.pop() if len(all_months) == 1 else None
    name = _name(rows)
    listed = "; ".join(parts)
    text = f"{name}: {JUMP:.0f} times its neighbours or more: {listed}"
    yield Finding("jump", text, _see(rows, month))


def _jumping_months(figures: Series) -> list[int]:
    """Months that are so many times their neighbours, which are near each other."""
    series = figures.astype("float64").where(figures > 0)
    before = series.reindex(series.index - 1).to_numpy()
    after = series.reindex(series.index + 1).to_numpy()
    with np.errstate(invalid="ignore"):
        largest = np.maximum(before, after)
        is_calm = largest <= CALM * np.minimum(before, after)
        is_jump = is_calm & (series.to_numpy() >= JUMP * largest)
    return [*series.index[is_jump]]


def _mirror(rows: DataFrame) -> Iterator[Finding]:
    value = "primary_value_usd"
    columns = list(rows)
    has_value = rows[value].notna()
    is_two_sided = rows["flow_code"].isin(["M", "X"])
    texts = dict.fromkeys(("reporter_iso", "partner_iso", "flow_code", "cmd_code"), "str")
    rows = rows[has_value & is_two_sided].astype(texts)
    is_import = rows["flow_code"].eq("M")
    buyer = rows["reporter_iso"].where(is_import, rows["partner_iso"])
    seller = rows["partner_iso"].where(is_import, rows["reporter_iso"])
    rows = rows.assign(buyer=buyer, seller=seller)
    for _, cell in rows.groupby(["buyer", "seller", "cmd_code"]):
        if cell["flow_code"].nunique() < 2:
            continue
        imports = cell[cell["flow_code"].eq("M")]
        exports = cell[cell["flow_code"].eq("X")]
        for _, m in imports.groupby("source_id", sort=False, observed=True):
            for _, x in exports.groupby("source_id", sort=False, observed=True):
                yield from _gaps(m[columns], x[columns], value)


def _gaps(m: DataFrame, x: DataFrame, value: str) -> Iterator[Finding]:
    try:
        gaps = measures.gap(_dated(m), _dated(x), value)
    except QueryError:  # the two share no cell, or one states a cell twice: nothing to compare
        return
    is_outside = gaps["outside"].fillna(False)
    outside = gaps[is_outside.astype(bool)]
    if len(outside):
        name = _name(m)
        other = x["source_id"].iloc[0]
        compared = gaps["ratio"].notna().sum()
        ratio = outside["ratio"]
        least = ratio.min()
        most = ratio.max()
        text = (
            f"{name} against {other}: {len(outside)} of {compared} months outside the band, "
            f"{least:.2f} to {most:.2f} times the exporter's figure"
        )
        show = f"{_see(m)} && {_see(x)}"
        yield Finding("mirror", text, show)


def _dated(rows: DataFrame) -> DataFrame:
    """Rows with their first days, which takes more room than the months."""
    year, month = np.divmod(rows["month"], 12)
    days = pd.to_datetime({"year": year, "month": month + 1, "day": 1})
    return rows.assign(ref_period=days)


def _name(rows: DataFrame) -> str:
    row = rows.iloc[0]
    if "rate" in rows:
        return f"{row['family']}: {row['quote']} for one {row['base']}"
    flow = row["flow_code"]
    ways = {"M": "from", "X": "to"}
    way = ways.get(flow, f"{flow} with")
    reporter = row["reporter_iso"]
    partner = row["partner_iso"]
    return f"{row['family']}: {reporter} {flow} {row['cmd_code']} {way} {partner}"


def _see(rows: DataFrame, month: Any = None) -> str:
    row = rows.iloc[0]
    table, names = "trade", FLOW
    if "rate" in rows:
        table, names = "rates", RATES
    wanted = {name: row[name] for name in names if row[name] != "total"}
    if rows["source_id"].nunique() > 1:
        wanted.pop("source_id", None)
    if month is not None:
        wanted["month"] = month_text(month)
    return _show(table, **wanted)


def _show_sources(names: Iterable[str]) -> str:
    """The commands that show the rows of several sources of trade."""
    commands = [_show("trade", source_id=name) for name in sorted(names)]
    return " && ".join(commands)


def _show(table: str, **wanted: str) -> str:
    if table not in schema.TABLES:  # a code list
        return "tradeflows sources"
    words = ["tradeflows rows", table]
    for name, value in wanted.items():
        condition = shlex.quote(f"{name}={value}")
        words.append(condition)
    return " ".join(words)


def rows(root: Path, table: str, wanted: dict[str, str], *, local: bool = True) -> DataFrame:
    """Rows of `table` as they are stored, those that have all of `wanted`.

    Raises
    ------
    QueryError
        No such table or column.
    NothingStatedError
        No such row.
    """
    require_columns(table, wanted)
    stored = tables.stored(root, table, local=local)
    texts_of = {field.name for field in stored.schema if field.type == schema.TEXT}
    conditions = {name: [value] for name, value in wanted.items() if name in texts_of}
    rows_held = tables.scan(stored, table, conditions, None, None)
    frame = rows_held.to_pandas(date_as_object=False)
    for name, value in wanted.items():  # a code is itself here, and not what lies under it
        if name == "month" and "ref_period" in frame:
            months = parse_period(value, "month", grain="month")
            value = month_text(months[0])
            texts = frame["ref_period"].dt.strftime("%Y-%m")
        else:
            texts = frame[name].astype(str)
        frame = frame[texts.eq(value)]
    if frame.empty:
        raise NothingStatedError(_no_row(stored, table, wanted))
    return frame


def _no_row(stored: ds.Dataset, table: str, wanted: Mapping[str, str]) -> str:
    """Why no row has all of `wanted`: there is no row, one column has no such value, or neither."""
    if not stored.count_rows():
        return f"{table} has no row yet; next: `tradeflows add FILE`, then `tradeflows build`"
    for name in sorted({*wanted} & {*stored.schema.names}):
        column = stored.to_table([name])[name].unique()
        values = [str(value) for value in column.to_pylist()]
        if name != "month" and wanted[name] not in values:
            return f"no row of {table} has {name}={wanted[name]}{near(wanted[name], values)}"
    words = ", ".join(f"{name}={value}" for name, value in wanted.items())
    return f"no row of {table} has all of {words}; leave one of them out"
