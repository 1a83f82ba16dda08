"""Figures that can hardly be meant: they get the flag implausible, and none is dropped.

A row of trade is compared with the like rows of its file (of a bulk file, of its part): one flow,
product, currency and unit. What a kilogram is worth differs by kind and quality, so a row must be
far from the mean of the others and from the median, by far more than its neighbours are, and be
large enough to matter. Cubic metres and terajoules of gas state it twice: where a cubic metre has
an energy that gas has not, both rows get the flag contradictory.

What a page states of a month was printed in the months after. A window that ends after its page was
printed is an expectation or misread, and a single month printed a year later is most likely
that of another year: such a row of figures is refused, unless its entry lists it as confirmed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model.errors import LayoutError
from tradeflows.model.keys import number_cells
from tradeflows.model.source import Source
from tradeflows.publishers import arrow

if TYPE_CHECKING:
    import pandas as pd

FLAG, TWICE = "implausible", "contradictory"
SOME = 1 << 16  # rows that are compared at a time
FEW = 12  # rows, of which no median is taken
FACTOR = 20.0  # times what a unit is worth in the other rows, or that part of it
SPREAD = 8.0  # times what rows usually lie apart, robustly: 1.4826 median absolute deviations
MOST_VALUE, MOST_WEIGHT = 1e14, 1e13  # several years of all trade of the world
LIKE = ["flow_code", "cmd_code", "currency", "qty_unit"]
SERIES = ["base", "quote", "publisher", "statistic"]
JUMP = 2.0  # times the rates of the months before and after, if these are alike
WITHIN = 1.25
LEAST = 10_000.0  # a value, in whole units of currency, below which rounding says too much
GAS = "G3"  # how the codes of gas begin in the classification of energy
DENSITY = (30.0, 50.0)  # megajoules of a cubic metre of gas
ROUNDED = 50.0  # terajoules of a million cubic metres, to which volumes are rounded
PLACE = ["reporter_code", "partner_code", "ref_period", "flow_code", "cmd_code", "breakdown"]
LATE = 11  # months after a month, from which on its figure is refused
PRINTED = re.compile(r"([12]\d{3})(?:-(0[1-9]|1[0-2]))?(?!\d)", re.ASCII)  # year, maybe month


def flagged(batch: pa.RecordBatch, factor: float = FACTOR) -> pa.RecordBatch:
    """Return rows of trade or rates, those with a figure that can hardly be meant flagged so.

    A unit's value may be `factor` times what it is in the other rows, or that part of it.
    """
    table = (batch.schema.metadata or {}).get(b"table") if len(batch) else b""
    is_odd: Any = np.zeros(len(batch), bool)
    if table == b"trade" and batch["classification_code"][0].as_py() == "SIEC":
        batch = with_odd_gas(batch)
    if table == b"trade":
        is_odd = _is_odd_trade(batch, factor)
    elif table == b"rates":  # twice, or half, those of both months beside them, which agree
        rates = batch.select(SERIES).to_pandas()
        months = batch["ref_period"].to_numpy(zero_copy_only=False)
        rates["month"] = months.astype("datetime64[M]").astype(int)
        with np.errstate(divide="ignore", invalid="ignore"):  # a rate of 0
            rates["log"] = np.log(batch["rate"].to_numpy(zero_copy_only=False))
        series = rates.sort_values("month").groupby(SERIES, observed=True, dropna=False)
        before, after = series.shift(1), series.shift(-1)
        is_odd = (after["month"] - before["month"]).eq(2)
        is_odd &= (after["log"] - before["log"]).abs() < np.log(WITHIN)
        for beside in (before, after):
            is_odd &= (rates["log"] - beside["log"]).abs() > np.log(JUMP)
        is_odd = is_odd.sort_index()
    return with_flag(batch, is_odd, FLAG)


def with_flag(batch: pa.RecordBatch, is_odd: Any, flag: str) -> pa.RecordBatch:
    """Return the rows, those that are odd with one more flag, the words of each sorted."""
    if not is_odd.any():
        return batch
    place = batch.schema.get_field_index("flags")
    field, words = batch.schema.field(place), batch[place].cast(arrow.TEXT)
    more = arrow.meanings(words, lambda text: " ".join(sorted({*text.split(), flag})))
    flags = pc.if_else(pa.array(is_odd), more, words)
    coded = flags.dictionary_encode() if pa.types.is_dictionary(field.type) else flags
    return batch.set_column(place, field, coded.cast(field.type))


def _is_odd_trade(batch: pa.RecordBatch, factor: float) -> np.ndarray:
    """Return which rows have a value below zero, a figure beyond all trade, or an odd unit value.

    A unit's value is of a kilogram or, where the row has no weight, of its own unit. A median
    takes a sort, so it is computed only of groups in which a row is far from the mean of the
    others.
    """
    # Of a million rows each array takes 8 MB: none is held longer than it is needed.
    value, weight = batch["value_reported"], batch["net_wgt_kg"]
    amount = pc.coalesce(weight, batch["qty"]).to_numpy(zero_copy_only=False)
    value, weight = (column.to_numpy(zero_copy_only=False) for column in (value, weight))
    is_odd = (value < 0) | (value > MOST_VALUE) | (weight > MOST_WEIGHT)
    del weight
    is_large = (value >= LEAST) & (amount > 0)
    if is_large.sum() < FEW:
        return is_odd
    value, amount = value[is_large], amount[is_large]

    def columns() -> Iterator[tuple[np.ndarray, int]]:
        for name in LIKE:
            coded = batch[name].dictionary_encode()
            places = coded.indices.fill_null(len(coded.dictionary)).to_numpy()
            yield places, len(coded.dictionary) + bool(coded.null_count)

    cells = pa.array(number_cells(columns(), len(batch))[is_large]).dictionary_encode()
    numbers = np.unique(cells.dictionary.to_numpy(), return_inverse=True)[1].astype("int32")
    group = numbers[cells.indices.to_numpy()]
    del cells
    amounts, values = np.bincount(group, amount), np.bincount(group, value)
    is_far = np.zeros(len(group), bool)
    for start in range(0, len(group), SOME):
        some = slice(start, start + SOME)
        first = (amounts[group[some]] - amount[some]) * value[some]
        second = (values[group[some]] - value[some]) * amount[some]
        is_far[some] = (first > factor * second) | (second > factor * first)
    is_far &= np.bincount(group)[group] >= FEW
    if not is_far.any():
        return is_odd
    order, rows = np.argsort(group, kind="stable"), np.flatnonzero(is_large)
    ends = np.cumsum(np.bincount(group))
    median = partial(np.quantile, q=0.5, method="lower")
    for far in np.unique(group[is_far]):
        like = order[ends[far - 1] if far else 0 : ends[far]]
        log, worth = np.log(value[like] / amount[like]), value[like]
        apart = np.abs(log - median(log))
        is_far = (apart > np.log(factor)) & (apart > SPREAD * 1.4826 * median(apart))
        is_odd[rows[like]] |= is_far & (worth >= median(worth))
    return is_odd


def with_odd_gas(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return rows of energy, volumes of gas and their energies flagged where no gas has such."""
    pairs = volumes_and_energies(gas(batch))
    rows = pairs[is_dense_otherwise(pairs, DENSITY, ROUNDED)][["row", "row other"]]
    return with_flag(batch, np.isin(np.arange(len(batch)), rows), TWICE)


def gas(batch: pa.RecordBatch) -> pd.DataFrame:
    """Return the rows of energy that have an amount of gas, each with its place in `batch`."""
    names = [name for name in PLACE if name in batch.schema.names]
    rows = batch.select([*names, "source_row", "qty", "qty_unit"])
    rows = rows.append_column("row", pa.array(np.arange(len(batch))))
    is_gas = pc.starts_with(rows["cmd_code"].cast(arrow.TEXT), GAS)
    return rows.filter(pc.and_(is_gas, rows["qty"].is_valid())).to_pandas()


def volumes_and_energies(rows: pd.DataFrame) -> pd.DataFrame:
    """Return amounts of gas in cubic metres, with what those in terajoules state of the same."""
    volumes, energies = (rows[rows["qty_unit"] == unit] for unit in ("m3", "TJ"))
    same = [*rows.columns.intersection(PLACE)]
    return volumes.merge(energies, on=same, suffixes=("", " other"))


def is_dense_otherwise(
    pairs: pd.DataFrame, density: tuple[float, float], rounded: float
) -> pd.Series:
    """Return which `pairs` of volumes and energies have another `density`.

    It is given by the least and the most megajoules of a cubic metre; rounding may take or add
    `rounded` terajoules.
    """
    least, most = (pairs["qty"] * (limit * 1e-6) for limit in density)
    return ~pairs["qty other"].between(least - rounded, most + rounded)


def require_placed(path: object, source: Source, rows: pa.RecordBatch) -> None:
    """Refuse a figure whose window and printing do not go together, unless it is confirmed.

    Raises
    ------
    LayoutError
        The message names the figure, what was found and what to do.
    """
    names = ["id", "window_start", "window_end", "published", "source_row"]
    for name, first, last, published, record in zip(
        *rows.select(names).to_pydict().values(), strict=True
    ):
        printed = PRINTED.match(published or "")
        if not printed or last is None or name in source.confirmed:
            continue
        year, month = printed.groups()  # of a year alone, any month of it
        end = last.year * 12 + last.month
        late = int(year) * 12 + int(month or 1) - end
        if late + (0 if month else 11) < 0:
            found = f"a window to {last}, printed {published}"
        elif first and (first.year, first.month) == (last.year, last.month) and late >= LATE:
            found = f"the month {last:%Y-%m}, printed {published}: {late} months later"
        else:
            continue
        key = name if re.fullmatch(r"[\w-]+", name, re.ASCII) else f'"{name}"'
        entries = filter(None, [source.id, source.supersedes])  # confirmed in either
        raise LayoutError(
            f"{path}: record {record}, {name}",
            "a window that was over when the page was printed, and a single month printed "
            f"less than {LATE} months after it",
            found,
            f'mend the year, or write confirmed.{key} = "why it is so" in the entry of '
            f"{' or, before its update, of '.join(entries)}",
        )
