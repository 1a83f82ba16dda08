"""What looks wrong in everything that is catalogued: one line each, with how to see the rows."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations, count, pairwise, product
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pandas import DataFrame, Series

from tradeflows import measures, tables
from tradeflows.model import schema
from tradeflows.model.absence import AXES, DECLARED, absence
from tradeflows.model.contracts import require_columns
from tradeflows.model.errors import NothingStatedError, QueryError, TradeflowsError, near
from tradeflows.model.keys import number_cells
from tradeflows.model.periods import month_of, month_text, parse_period, runs
from tradeflows.model.source import Source
from tradeflows.retrieval import catalogue
from tradeflows.tables.choose_publisher import place_of, some_runs
from tradeflows.tables.contradictions import JUMP, SPAN, STEADY, WAYS, jumps
from tradeflows.tables.files import numbered
from tradeflows.tables.releases import family_of

Progress = Callable[[str, int, int, str], None]

SERIES = ["family", *AXES, "partner_code", "classification_code", "currency"]
PERIOD = ("month", "n_months", "qty_unit")
FIGURES = ("value_reported", "net_wgt_kg", "qty", "rate")
COLUMNS = [
    "source_id",
    *SERIES[1:],
    "freq_code",
    "ref_period",
    *PERIOD[1:],
    "vintage",
    "valuation",
    "primary_value_usd",
    *FIGURES[:3],
    "known_until",
    "replaced_by",
]
IS_MONTH = (
    (ds.field("freq_code") == "M")
    & (ds.field("cumulation") == "period")
    & (ds.field("n_months") == 1)
)
FLOW = ["source_id", "reporter_iso", "partner_code", "flow_code", "cmd_code", "breakdown"]
RATES = ["source_id", "base", "quote", "publisher"]
RATE_COLUMNS = [*RATES, "statistic", "ref_period", "n_months", "rate"]
CELL_OF_ZERO = ["family", "reporter_iso", "partner_iso", "flow_code", "cmd_code", "breakdown"]
FACTOR = 5.0  # times what goods are worth elsewhere
NARROW = 2.0  # between the first and the third quarter of the comparisons, one by the other
FEW = 6  # comparisons, which say nothing
GOODS = ["reporter_iso", "flow_code", "cmd_code", "month"]
SHOWN = 10  # findings of a kind, unless all are asked for
LOOKS = 9
# What two sources of one rank may not both state, in the columns of `read`.
CELL = ["reporter_iso", "partner_iso", "flow_code", "cmd_code", "freq_code", "cumulation"]
STATED = ["source_id", *CELL, "ref_period", "n_months"]


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
    total = f"{sum(map(len, by_kind.values()))} findings"
    return [*lines, f"{total}: {counts}" if counts else total]


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
    # It loads what speaks HTTP, of which a claim that is checked has no need.
    from tradeflows.retrieval.sketch import agreement

    begun = count()

    def begin(what: str) -> None:
        done = next(begun)
        if progress:
            progress(f"looking at {what}", done, LOOKS, what)

    begin("raw files")
    for state in catalogue.states(root, local=local):
        if state.state != "ok":
            yield Finding(f"file {state.state}", state.detail, "tradeflows verify")
    sources = catalogue.load(root, local=local)
    for source in sources.values():
        if source.supersedes:
            old = sources[source.supersedes]
            text = f"{old.id} ({old.vintage}) by {source.id} ({source.vintage})"
            yield Finding("superseded", text, _show(old.table, source_id=old.id))
        with suppress(TradeflowsError):  # of a file or map that cannot be read, as a build says
            for line in agreement.disagreements(source.file(root), source):
                yield Finding("map", f"{source.id}: {line}", _show_sources([source.id]))
    begin("the tables")
    trade = _read(tables.stored(root, "trade", local=local), COLUMNS, sources)
    rates = _read(tables.stored(root, "rates", local=local), RATE_COLUMNS, sources)
    begin("releases, and rows that are stated twice")
    yield from _vintages(trade, sources)
    yield from _twice(trade)
    begin("sources of one rank")
    yield from equal_ranks(root, local=local)
    is_monthly = trade["freq_code"].eq("M") & trade["cumulation"].eq("period")
    monthly = trade if is_monthly.all() else trade[is_monthly]  # of single periods
    begin("zeros")
    yield from zeros_at_the_end(root, sources, local=local)
    zero = trade[trade["qty"].eq(0) & trade["value_reported"].gt(0)]  # as no weight is left
    for name, n_rows in zero["source_id"].value_counts().items():
        if n_rows:
            text = (
                f"{name}: {n_rows} rows have a quantity of 0 beside a value: rounded, or "
                'not published? If not, `words = { "0" = "" }` of qty in the map makes it null'
            )
            yield Finding("zero", text, _show("trade", source_id=str(name), qty="0.0"))
    begin("weights and currencies")
    yield from _weights(monthly, rates)
    yield from _currencies(monthly, rates)
    begin("units")
    series = _series(monthly)
    yield from _units(series)
    begin("both sides of a flow")
    yield from _mirror(monthly)
    begin("months that lack, and jumps")
    of_rates = rates.groupby(["family", *RATES[1:], "statistic"], observed=True).ngroup()
    steady = [*map(_steady, (series, rates.assign(qty_unit="", series=of_rates)))]
    every = tables.stored(root, "trade", local=local, zeros=True)
    zeros = _read(every.filter(ds.field("flags") == DECLARED), COLUMNS, sources)
    for rows, stated in steady:
        yield from _holes(rows, stated, zeros)
    for rows, _ in steady:
        yield from _jumps(rows)


def zeros_at_the_end(root: Path, names: Iterable[str], *, local: bool = True) -> Iterator[Finding]:
    """The last months of each of the sources `names`, where several rows state 0 and no other."""
    cell = ["source_id", "ref_period"]
    is_asked = IS_MONTH & ds.field("source_id").isin(pa.array([*names], pa.string()))
    trade = tables.stored(root, "trade", local=local).filter(is_asked)
    rows = numbered(trade, [*cell, *FIGURES[:3]])
    largest = pc.max_element_wise(*(rows[figure] for figure in FIGURES[:3]))
    stated = rows.select(cell).append_column("figure", largest).group_by(cell)
    months = stated.aggregate([("figure", "max"), ("figure", "count")])
    months = months.to_pandas(date_as_object=False)
    for name, of_source in months.groupby("source_id", observed=True):
        by_month = of_source.set_index("ref_period").query("figure_count > 0").sort_index()
        last = by_month.index[by_month["figure_max"].gt(0)].max()
        after = by_month[by_month.index > last]
        if len(after) and after["figure_count"].gt(1).all():
            days = [month_of(day) for day in after.index]
            text = f"{name}: each figure of {some_runs(days)} is 0: a zero, or not out yet? "
            text += "If not out, `where` in the map leaves it open"
            show = _show("trade", source_id=str(name), month=month_text(days[0]))
            yield Finding("zero", text, show)


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


def _read(dataset: ds.Dataset, columns: Sequence[str], sources: Mapping[str, Source]) -> DataFrame:
    """Columns of all rows, with the rows' family and their month as a number.

    One column after the other is read, and its words numbered batch by batch: all together, the
    words of some million rows would be in memory at once.
    """
    data = {}
    for name in columns:
        data[name] = numbered(dataset, [name])[name].to_pandas(date_as_object=False)
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


def _cells(rows: DataFrame, columns: Sequence[str]) -> Series:
    """A number for each row, equal where all `columns` are; of a few bytes a row."""

    def coded() -> Iterator[tuple[np.ndarray, int]]:
        for name in columns:
            column = rows[name]
            if isinstance(column.dtype, pd.CategoricalDtype):
                yield column.cat.codes.to_numpy() + 1, len(column.cat.categories) + 1
            else:
                numbers = column.to_numpy()
                yield numbers - numbers.min(), int(numbers.max() - numbers.min()) + 1

    cells = number_cells(coded() if len(rows) else (), len(rows))
    return Series(cells, rows.index, copy=False)


def _series(monthly: DataFrame) -> DataFrame:
    """Rows of the series that may lack or change something, numbered, that of most trade first.

    A series of fewer months than a steady one is no hole's or jump's place, and one unit is no
    change: of some hundred thousand short series none is looked at.
    """
    place = _cells(monthly, SERIES)
    place = place[place.duplicated(keep=False) | monthly["n_months"].ge(STEADY * SPAN)]
    monthly = monthly.loc[place.index]
    counted = DataFrame({"n_months": monthly["n_months"], "unit": monthly["qty_unit"].cat.codes})
    summed = counted.groupby(place).agg(
        months=("n_months", "sum"), least=("unit", "min"), most=("unit", "max")
    )
    is_meant = summed["months"].ge(STEADY * SPAN) | summed["least"].lt(summed["most"])
    place = place[place.isin(summed.index[is_meant])]
    rows = monthly.loc[place.index]
    size = rows.groupby(place)[["value_reported", "net_wgt_kg"]].sum()
    by_size = size.sort_values([*size], ascending=False).index
    return rows.assign(series=by_size.get_indexer(place))


def _vintages(trade: DataFrame, sources: Mapping[str, Source]) -> Iterator[Finding]:
    """Rows that a newer release replaced, but for those of whole files."""
    old = trade[trade["known_until"].notna()]
    pairs = zip(old["source_id"], old["replaced_by"], strict=True)
    old = old[np.array([sources[by].supersedes != name for name, by in pairs], bool)]
    for (name, release), some in old.groupby(["source_id", "vintage"], observed=True):
        days = ", ".join(f"{day:%Y-%m-%d}" for day in sorted(some["known_until"].unique())[-3:])
        text = f"{name}: {len(some)} rows of release {release} by {days}"
        yield Finding("superseded", text, _show("trade", source_id=name, vintage=release))


def _twice(trade: DataFrame) -> Iterator[Finding]:
    """A user's files that state cells of one release, and not alike."""
    families = trade["family"].cat.categories  # a committed source is one of its own
    theirs = trade[~trade["source_id"].isin(families)]
    cell = [*SERIES, *PERIOD, "vintage"]
    rows = theirs[_cells(theirs, cell).duplicated(keep=False)]
    by_cell = rows.groupby(cell, observed=True, dropna=False)
    is_unlike = by_cell[[*FIGURES[:3]]].transform("nunique").gt(1).any(axis="columns")
    unlike = rows.loc[is_unlike, "source_id"].astype("str").groupby(by_cell.ngroup()[is_unlike])
    files = unlike.agg(lambda names: " and ".join(sorted({*names})))
    for names, cells in Counter(files).items():
        text = f"{names}: {cells} cells, not alike"
        yield Finding("stated twice", text, _show_sources(names.split(" and ")))


def equal_ranks(
    root: Path, names: Collection[str] = (), *, local: bool = True
) -> Iterator[Finding]:
    """Pairs of sources that state the same cells with one rank, so that no read can choose.

    Parameters
    ----------
    names
        Only pairs with one of these; unless given, all.
    """
    sources = catalogue.load(root, local=local)
    pairs = [pair for pair in _rivals(sources) if not names or {*names} & {one.id for one in pair}]
    if not pairs:
        return
    of_pairs = pc.field("source_id").isin(sorted({each.id for pair in pairs for each in pair}))
    stored = tables.stored(root, "trade", local=local).filter(of_pairs)
    rows = _read(stored, STATED, sources)
    cells = _cells(rows, [*CELL, *PERIOD[:2]]).groupby(rows["source_id"], observed=True).unique()
    last = max(source.rank for source in sources.values()) + 1
    for one, other in pairs:
        n = len(np.intersect1d(*(cells.get(each.id, np.array([])) for each in (one, other))))
        if n:
            second = max(
                one, other, key=lambda each: (catalogue.is_own(each), each.retrieved, each.id)
            )
            file = catalogue.entry_file(second, root).relative_to(root).as_posix()
            text = (
                f"{one.id} and {other.id} state {n} cells both and have one rank, so a read of "
                "which neither states more months refuses: write "
                f"`rank = {last}` for {second.id} in {file}, and it comes second"
            )
            yield Finding("rank", text, _show_sources([one.id, other.id]))


def _rivals(sources: Mapping[str, Source]) -> Iterator[tuple[Source, Source]]:
    """Pairs of sources of which neither comes before the other."""
    old = {source.supersedes for source in sources.values()}
    held = [each for each in sources.values() if each.table == "trade" and each.id not in old]
    for one, other in combinations(held, 2):
        parts = 1 if one.publisher != other.publisher else None  # rank alone, or the days too
        is_tied = place_of(one)[:parts] == place_of(other)[:parts]
        if is_tied and family_of(one) != family_of(other):
            yield one, other


AGREE, DIFFER = 0.01, 0.05  # values that agree, and weights that do not, as parts of the smaller
PAIR = ["reporter_iso", "partner_iso", "partner_role", "flow_code", "cmd_code"]
WEIGHED = ["source_id", *PAIR, "ref_period", "currency", "primary_value_usd", *FIGURES[:2]]
# Months of whole flows that have a weight.
IS_WEIGHED = IS_MONTH & (ds.field("breakdown") == "total") & (ds.field("net_wgt_kg") > 0)


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
    selected = numbered(weighed, WEIGHED)
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
        ratio, row = apart["ratio"], pair.iloc[0]
        text = (
            f"{_name(row)} against {row['source_id_other']}: values within 1 % "
            f"and weights more than 5 % apart in {len(apart)} of {len(pair)} months "
            f"({runs(apart['month'])}), {ratio.min():.2f} to {ratio.max():.2f} times"
        )
        second = {name: row[f"{name}_other" if f"{name}_other" in row else name] for name in FLOW}
        yield Finding("weights", text, f"{_see(row)} && {_see(second)}")


def _currencies(monthly: DataFrame, rates: DataFrame) -> Iterator[Finding]:
    """Sources whose goods are all worth several times what other sources state of the like.

    Within one file a currency's wrong heading shows nowhere, since all its values are off by the
    same. But others state what the same reporter's like goods were worth in the same month.
    """
    is_weighed = monthly["net_wgt_kg"].gt(0) & monthly["n_months"].eq(1)
    cells = _cells(monthly, GOODS)
    stated = cells[~_cells(monthly, [*GOODS, "source_id"]).duplicated()]
    # Of some million rows few are compared.
    rows = monthly[is_weighed & cells.isin(stated[stated.duplicated()])]
    rows = rows.assign(dollars=_dollars(rows, rates))
    rows = rows[rows["dollars"].gt(0)]
    of_source = rows.groupby([*GOODS, "source_id"], observed=True)[["dollars", "net_wgt_kg"]].sum()
    worth = np.log(of_source["dollars"] / of_source["net_wgt_kg"])
    of_goods = worth.groupby(level=GOODS, observed=True)
    n_sources = of_goods.transform("size")
    apart = worth - of_goods.transform("median")
    apart = apart.where(n_sources.gt(2), 2 * apart)  # the median of two lies between them
    by_source = apart[n_sources.gt(1)].groupby(level="source_id", observed=True)
    low, middle, high = (by_source.quantile(part) for part in (0.25, 0.5, 0.75))
    is_odd = (middle.abs() > np.log(FACTOR)) & (high - low < np.log(NARROW))
    is_odd &= by_source.size().ge(FEW)
    for name, times in np.exp(middle[is_odd]).items():
        currencies = rows.loc[rows["source_id"].eq(name), "currency"].astype("str").unique()
        text = (
            f"{name} against others: a kilogram is worth {times:.2g} times as much, by "
            f"the median of {by_source.size()[name]:.0f} like goods and months; its values are "
            f"read as {', '.join(sorted(currencies))}, which may be a wrong heading"
        )
        yield Finding("currency", text, _show("trade", source_id=str(name)))


def _dollars(rows: DataFrame, rates: DataFrame) -> Series:
    """Values in dollars: as stated, else at the first monthly rate that is held."""
    to_dollars = rates[rates["quote"].astype("str").eq("USD")].astype({"base": "str"})
    rate = to_dollars.drop_duplicates(["base", "month"]).set_index(["base", "month"])["rate"]
    currency = rows["currency"].astype("str")
    cell = pd.MultiIndex.from_arrays([currency, rows["month"]])
    times = np.where(currency.eq("USD"), 1.0, rate.reindex(cell))
    return rows["primary_value_usd"].fillna(rows["value_reported"] * times)


def _steady(rows: DataFrame) -> tuple[DataFrame, DataFrame]:
    """Rows of series that have most months of their span, and each month that these state.

    Or have most on either side of a year that lacks: a flow that comes and goes has holes and jumps
    by nature; a year between two steady ones is a file that was forgotten.
    """
    stated = rows.loc[rows.index.repeat(rows["n_months"]), ["series", "month"]]
    stated["month"] += stated.groupby(level=0).cumcount()
    stated = stated.drop_duplicates().sort_values(["series", "month"])
    gap = stated.groupby("series")["month"].diff().fillna(0)
    largest = gap.groupby(stated["series"]).transform("max")
    is_second = (gap.eq(largest) & gap.gt(SPAN)).groupby(stated["series"]).cummax()
    sides = stated.groupby(["series", is_second])["month"].agg(["min", "max", "size"])
    span = sides["max"] - sides["min"] + 1
    is_side = span.ge(SPAN) & sides["size"].ge(STEADY * span)
    is_steady = is_side.groupby(level="series").all()
    steady = is_steady.index[is_steady]
    return rows[rows["series"].isin(steady)], stated.assign(gap=gap)[stated["series"].isin(steady)]


def _holes(rows: DataFrame, stated: DataFrame, zeros: DataFrame) -> Iterator[Finding]:
    """Series of which months lack, and were made no zeros."""
    holes = stated[stated["gap"].gt(1)]
    missing: dict[int, set[int]] = {}
    for number, month, gap in holes.astype("int64").itertuples(index=False):
        missing.setdefault(number, set()).update(range(month - gap + 1, month))
    spans = stated.groupby("series")["month"].agg(["min", "max"])
    first = _first_rows(rows, ["series"])
    if "base" in rows:  # rates have none
        zeros = zeros[:0]
    declared = dict(iter(zeros.groupby(CELL_OF_ZERO, observed=True)["month"]))
    for number, months in missing.items():
        row = first.loc[number]
        months -= {*declared.get(tuple(row.reindex(CELL_OF_ZERO)), ())}
        if not months:
            continue
        n_months = spans["max"][number] - spans["min"][number] + 1
        some = some_runs(months)
        text = f"{_name(row)}: {len(months)} of {n_months} months ({some})"
        yield Finding("missing", text, _see(row))


def _units(rows: DataFrame) -> Iterator[Finding]:
    """Series whose unit changes: of two units one may be lacking in a month."""
    units = rows[["series", "month", "qty_unit"]].drop_duplicates().astype({"qty_unit": "str"})
    units = units[units.groupby("series")["qty_unit"].transform("nunique").gt(1)]
    first = _first_rows(rows, ["series"])
    for number, some in units.groupby("series"):
        by_month = some.groupby("month")["qty_unit"].agg(set)
        turns = [two for two in pairwise(by_month.items()) if two[0][1].isdisjoint(two[1][1])]
        for (_, was), (month, now) in turns[:1]:
            more = f", and {len(turns) - 1} more" if len(turns) > 1 else ""
            turn = f"{'+'.join(sorted(was))} to {'+'.join(sorted(now))} in {month_text(month)}"
            row = first.loc[number]
            yield Finding("unit", f"{_name(row)}: {turn}{more}", _see(row))


def _jumps(rows: DataFrame) -> Iterator[Finding]:
    """Series with months that are many times their neighbours."""
    by = ["series", "qty_unit"]  # of a quantity one flow may have two, in two units
    single = rows[rows["n_months"].eq(1)].drop_duplicates([*by, "month"])
    single = single.sort_values([*by, "month"])
    figures = [name for name in FIGURES if name in rows]
    number = single.groupby(by, observed=True).ngroup()
    values = single[figures].to_numpy("float64", na_value=np.nan)
    found = jumps(number.to_numpy(), single["month"].to_numpy(), values)
    is_jump = DataFrame(found, single.index, figures)
    jumping = single[is_jump.any(axis="columns")]
    first = _first_rows(rows[rows["series"].isin(jumping["series"])], by)
    for (number, unit), some in jumping.groupby(by, observed=True):
        months_of = {name: [*some["month"][is_jump.loc[some.index, name]]] for name in figures}
        listed = "; ".join(
            f"{name if name != 'qty' else f'qty ({unit})'} in {some_runs(months)}"
            for name, months in months_of.items()
            if months
        )
        row = first.loc[(number, unit)]
        text = f"{_name(row)}: {JUMP:.0f} times its neighbours or more: {listed}"
        month = {"month": month_text(some["month"].iloc[0])} if len(some) == 1 else {}
        yield Finding("jump", text, _see(row, **month))


def _first_rows(rows: DataFrame, by: list[str]) -> DataFrame:
    """The first row of each group, its words as texts, and no source where it has several."""
    first = rows.drop_duplicates(by).set_index(by)
    words = [*first.select_dtypes("category")]
    first[words] = first[words].astype("str")
    sources = rows.groupby(by, observed=True)["source_id"].nunique()
    first["source_id"] = first["source_id"].where(sources.eq(1), "")
    return first


def _mirror(rows: DataFrame) -> Iterator[Finding]:
    """Imports and the partner's exports of the same goods that are too far apart."""
    value = "primary_value_usd"
    texts = dict.fromkeys(("reporter_iso", "partner_iso", "flow_code", "cmd_code"), "str")
    rows = rows[rows[value].notna() & rows["flow_code"].isin(["M", "X"])].astype(texts)
    is_import = rows["flow_code"].eq("M")
    buyer = rows["reporter_iso"].where(is_import, rows["partner_iso"])
    seller = rows["partner_iso"].where(is_import, rows["reporter_iso"])
    cell = [buyer, seller, rows["cmd_code"]]
    rows = rows[rows.groupby(cell)["flow_code"].transform("nunique").gt(1)]
    year, month = np.divmod(rows["month"], 12)  # their first days take more room than the months
    days = pd.to_datetime({"year": year, "month": month + 1, "day": 1})
    rows = rows.assign(ref_period=days)
    for _, some in rows.groupby([key[rows.index] for key in cell]):
        sides = [
            [source for _, source in side.groupby("source_id", sort=False, observed=True)]
            for _, side in some.groupby("flow_code")  # M before X
        ]
        for m, x in product(*sides):
            # The two share no cell, or one states a cell twice: nothing to compare.
            with suppress(QueryError):
                gaps = measures.gap(m, x, value)
                ratio = gaps.loc[gaps["outside"].eq(True), "ratio"]
                if len(ratio):
                    text = (
                        f"{_name(m.iloc[0])} against {x['source_id'].iloc[0]}: {len(ratio)} of "
                        f"{gaps['ratio'].notna().sum()} months outside the band, "
                        f"{ratio.min():.2f} to {ratio.max():.2f} times the exporter's figure"
                    )
                    yield Finding("mirror", text, f"{_see(m.iloc[0])} && {_see(x.iloc[0])}")


def _name(row: Mapping[str, str]) -> str:
    """What a series is of, by a row of it."""
    if "rate" in row:
        return f"{row['family']}: {row['quote']} for one {row['base']}"
    flow = row["flow_code"]
    way = WAYS.get(flow, f"{flow} with")
    goods = f"{row['reporter_iso']} {flow} {row['cmd_code']}"
    return f"{row['family']}: {goods} {way} {row['partner_iso']}"


def _see(row: Mapping[str, str], **month: str) -> str:
    """The command that shows the rows of a series, by a row of it."""
    table, names = ("rates", RATES) if "rate" in row else ("trade", FLOW)
    wanted = {name: row[name] for name in names if row[name] not in ("total", "")}
    return _show(table, **wanted, **month)


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


def rows(
    root: Path, table: str, wanted: Mapping[str, list[str]], *, local: bool = True
) -> DataFrame:
    """Rows of `table` as they are stored, those that have one of the values of all of `wanted`.

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
    conditions = {name: values for name, values in wanted.items() if name in texts_of}
    rows_held = tables.scan(stored, table, conditions)
    frame = rows_held.to_pandas(date_as_object=False)
    for name, values in wanted.items():  # a code is itself here, and not what lies under it
        if name == "month" and "ref_period" in frame:
            months = [parse_period(value, "month", grain="month")[0] for value in values]
            values = [*map(month_text, months)]
            texts = frame["ref_period"].dt.strftime("%Y-%m")
        else:
            texts = frame[name].astype(str)
        frame = frame[texts.isin(values)]
    if frame.empty:
        raise NothingStatedError(_no_row(stored, table, wanted))
    return frame


def _no_row(stored: ds.Dataset, table: str, wanted: Mapping[str, list[str]]) -> str:
    """Why no row has all of `wanted`: there is no row, one column has no such value, or neither."""
    if not stored.count_rows():
        return f"{table} has no row yet; next: `tradeflows add FILE`, then `tradeflows build`"
    for name in sorted({*wanted} & {*stored.schema.names}):
        column = stored.to_table([name])[name].unique()
        values = [str(value) for value in column.to_pylist()]
        if name != "month" and not {*wanted[name]} & {*values}:
            text = ",".join(wanted[name])
            return f"no row of {table} has {name}={text}{near(wanted[name][0], values)}"
    words = ", ".join(f"{name}={','.join(values)}" for name, values in wanted.items())
    return f"no row of {table} has all of {words}; leave one of them out"
