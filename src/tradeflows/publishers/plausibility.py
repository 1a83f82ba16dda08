"""Figures that can hardly be meant: they get the flag implausible, and are never dropped.

A row of trade is compared with the like rows of its file (of a bulk file, of its part): one flow,
product, currency and unit. What a kilogram is worth differs by kind and quality, so a row must be
far from the mean of the others and from the median, by far more than its neighbours are, and be
large enough to matter. Cubic metres and terajoules of gas state it twice: where a cubic metre has
an energy that gas has not, both rows get the flag contradictory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model.keys import number_cells
from tradeflows.model.schema import RATES, TRADE

FLAG, TWICE = "implausible", "contradictory"
FEW = 12  # rows, of which no median is taken
FACTOR = 20.0  # times what a unit is worth in the other rows, or that part of it
SPREAD = 8.0  # times what rows usually lie apart, robustly: 1.4826 median absolute deviations
MOST = {"value_reported": 1e14, "net_wgt_kg": 1e13}  # several years of all trade of the world
LIKE = ("flow_code", "cmd_code", "currency", "qty_unit")
SERIES = ("base", "quote", "publisher", "statistic")
JUMP = 2.0  # times the rates of the months before and after, if these are alike
WITHIN = 1.25
LEAST = 10_000.0  # a value, in whole units of currency, below which rounding says too much
ROOM = 256.0  # wider than any logarithm of a unit's value, both ways
GAS = "G3"  # how the codes of gas begin in the classification of energy
DENSITY = (30.0, 50.0)  # megajoules of a cubic metre of gas
ROUNDED = 50.0  # terajoules of a million cubic metres, to which volumes are rounded
PLACE = ("reporter_code", "partner_code", "ref_period", "flow_code", "cmd_code", "breakdown")


def flagged(batch: pa.RecordBatch, factor: float = FACTOR) -> pa.RecordBatch:
    """Return rows of trade or rates, those with a figure that can hardly be meant flagged so.

    Parameters
    ----------
    factor
        How many times a unit's value may be what it is in the other rows, or that part of it.
    """
    table = (batch.schema.metadata or {}).get(b"table", b"")
    if not len(batch):
        return batch
    if table == TRADE.metadata[b"table"]:
        is_odd = _of_trade(batch, factor)
        batch = with_flag(batch, _of_gas(batch), TWICE)
    elif table == RATES.metadata[b"table"]:
        is_odd = _of_rates(batch)
    else:
        return batch
    return with_flag(batch, is_odd, FLAG)


def with_flag(batch: pa.RecordBatch, is_odd: np.ndarray, flag: str) -> pa.RecordBatch:
    """Return the rows, those that are odd with one more flag, the words of each sorted."""
    if not is_odd.any():
        return batch
    place = batch.schema.get_field_index("flags")
    coded = batch.column(place)
    if not pa.types.is_dictionary(coded.type):
        texts = coded.filter(pa.array(is_odd)).to_pylist()
        more = pa.array([" ".join(sorted({*text.split(), flag})) for text in texts], coded.type)
        flags = pc.replace_with_mask(coded, pa.array(is_odd), more)
        return batch.set_column(place, batch.schema.field(place), flags)
    words = coded.dictionary.to_pylist()
    more = [" ".join(sorted({*text.split(), flag})) for text in words]
    distinct = list(dict.fromkeys([*words, *more]))
    plain = np.array([distinct.index(text) for text in words])
    marked = np.array([distinct.index(text) for text in more])
    indices = coded.indices.to_numpy()
    places = np.where(is_odd, marked[indices], plain[indices])
    kind = coded.indices.type
    flags = pa.DictionaryArray.from_arrays(pa.array(places).cast(kind), pa.array(distinct))
    return batch.set_column(place, batch.schema.field(place), flags)


def _figures(batch: pa.RecordBatch, name: str) -> np.ndarray:
    return np.asarray(batch.column(name).to_numpy(zero_copy_only=False), np.float64)


# --- trade ---------------------------------------------------------------------------------------


def _of_trade(batch: pa.RecordBatch, factor: float) -> np.ndarray:
    """Return which rows have a value below zero, a figure beyond all trade, or an odd unit value.

    A unit's value is of a kilogram or, where the row has no weight, of its own unit.
    """
    value = _figures(batch, "value_reported")
    weight = _figures(batch, "net_wgt_kg")
    with np.errstate(invalid="ignore"):
        is_odd = value < 0
        is_odd |= value > MOST["value_reported"]
        is_odd |= weight > MOST["net_wgt_kg"]
        places = np.flatnonzero(value >= LEAST)
        amount = weight[places]
        lacks = np.flatnonzero(np.isnan(amount))
        if len(lacks):
            amount[lacks] = _figures(batch, "qty")[places[lacks]]
        has_both = amount > 0
    if not has_both.all():
        places, amount = places[has_both], amount[has_both]
    if len(places) < FEW:
        return is_odd
    goods = Goods(_dense(_groups(batch, LIKE, places)), value[places], amount)
    is_odd[places] |= goods.outlying(factor)
    return is_odd


def _groups(batch: pa.RecordBatch, names: tuple[str, ...], rows: np.ndarray) -> np.ndarray:
    """Return a number for each of `rows`, equal where all columns `names` are."""
    columns = []
    for name in names:
        column = batch.column(name)
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        indices, n_words = column.indices, len(column.dictionary)
        if indices.null_count:
            indices, n_words = pc.fill_null(indices, n_words), n_words + 1
        if n_words > 1:
            columns.append((indices.to_numpy()[rows], n_words))
    return number_cells(columns, len(rows))


def _dense(groups: np.ndarray) -> np.ndarray:
    """Return numbers of groups that are not much larger than the rows are many."""
    if int(groups.max()) < 4 * len(groups):
        return groups
    _, numbers = np.unique(groups, return_inverse=True)
    return np.asarray(numbers)


@dataclass(frozen=True)
class Goods:
    """Rows with a value and an amount, and the number of the group of like rows of each."""

    groups: np.ndarray
    values: np.ndarray
    amounts: np.ndarray

    def of(self, rows: np.ndarray) -> Goods:
        """Return some of the rows."""
        return Goods(self.groups[rows], self.values[rows], self.amounts[rows])

    def outlying(self, factor: float) -> np.ndarray:
        """Return which rows lie far from the median of their group, and matter.

        A median takes a sort, so it is computed only of groups in which a row is far from the
        mean of the others.
        """
        is_odd = np.zeros(len(self.values), bool)
        is_near = ~self._far_from_the_others(factor)
        if is_near.all():
            return is_odd
        has_any = np.zeros(int(self.groups.max()) + 1, bool)
        has_any[self.groups[~is_near]] = True
        rows = np.flatnonzero(has_any[self.groups])
        is_odd[rows] = self.of(rows)._far_from_the_median(factor)
        return is_odd

    def _far_from_the_others(self, factor: float) -> np.ndarray:
        """Return which rows have a unit value far from the mean of the others of their group."""
        groups, values, amounts = self.groups, self.values, self.amounts
        first = np.bincount(groups, amounts)[groups]
        first -= amounts
        first *= values
        second = np.bincount(groups, values)[groups]
        second -= values
        second *= amounts
        is_far = first > factor * second
        is_far |= second > factor * first
        far = np.flatnonzero(is_far)
        is_far[far] = np.bincount(groups)[groups[far]] >= FEW
        return is_far

    def _far_from_the_median(self, factor: float) -> np.ndarray:
        """Return which rows are far from the median, for their group, and above its value."""
        counts = np.bincount(self.groups)
        is_there = counts > 0
        group, sizes = (np.cumsum(is_there) - 1)[self.groups], counts[is_there]
        logs = np.log(self.values / self.amounts)
        apart = np.abs(logs - _medians(group, sizes, logs)[group])
        usual = 1.4826 * _medians(group, sizes, apart)[group]
        worth = np.log(self.values)
        is_far = (apart > np.log(factor)) & (apart > SPREAD * usual)
        is_far &= worth >= _medians(group, sizes, worth)[group]
        return np.asarray(is_far & (sizes[group] >= FEW))


def _medians(group: np.ndarray, sizes: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Return the lower median of each group, by one sort of plain numbers: groups apart by ROOM."""
    order = np.sort(group * ROOM + numbers)
    middles = np.cumsum(sizes) - sizes + (sizes - 1) // 2
    return np.asarray(order[middles] - np.arange(len(sizes)) * ROOM)


# --- gas -----------------------------------------------------------------------------------------


def _of_gas(batch: pa.RecordBatch) -> np.ndarray:
    """Return which rows of gas have an energy that is none of the volume beside it."""
    is_odd = np.zeros(len(batch), bool)
    if batch.column("classification_code")[0].as_py() != "SIEC":
        return is_odd
    if not {"m3", "TJ"} <= set(pc.unique(batch.column("qty_unit")).to_pylist()):
        return is_odd
    is_gas = pc.starts_with(batch.column("cmd_code").cast(pa.string()), GAS)
    batch = batch.select([*PLACE, "qty", "qty_unit"])
    gas = batch.append_column("row", pa.array(np.arange(len(batch)))).filter(is_gas)
    pairs = volumes_and_energies(gas, PLACE)
    pairs = pairs.filter(is_dense_otherwise(pairs, DENSITY, ROUNDED))
    is_odd[pairs["row"].to_numpy()] = True
    is_odd[pairs["row other"].to_numpy()] = True
    return is_odd


def volumes_and_energies(gas: pa.RecordBatch, place: Sequence[str]) -> pa.RecordBatch:
    """Return rows in cubic metres, with what those in terajoules state of the same `place`."""
    cells = _groups(gas, tuple(place), np.arange(len(gas)))
    places = []
    for unit in ("m3", "TJ"):
        is_stated = pc.and_(pc.equal(gas["qty_unit"], unit), gas["qty"].is_valid())
        places.append(np.flatnonzero(is_stated))
    in_m3, in_tj = places
    _, first, second = np.intersect1d(cells[in_m3], cells[in_tj], return_indices=True)
    volumes, energies = gas.take(pa.array(in_m3[first])), gas.take(pa.array(in_tj[second]))
    others = [name for name in gas.schema.names if name not in (*place, "qty_unit")]
    for name in others:
        volumes = volumes.append_column(f"{name} other", energies[name])
    return volumes


def is_dense_otherwise(
    pairs: pa.RecordBatch, density: tuple[float, float], rounded: float
) -> pa.Array:
    """Return where a cubic metre has an energy outside `density`, which rounding does not explain.

    Parameters
    ----------
    pairs
        As :func:`volumes_and_energies` returns them.
    density
        The least and the most megajoules of a cubic metre.
    rounded
        Terajoules that rounding may take or add.
    """
    low, high = (pc.multiply(pairs["qty"], limit * 1e-6) for limit in density)
    is_low = pc.less(pc.add(pairs["qty other"], rounded), low)
    return pc.or_(is_low, pc.greater(pc.subtract(pairs["qty other"], rounded), high))


# --- rates ---------------------------------------------------------------------------------------


def _of_rates(batch: pa.RecordBatch) -> np.ndarray:
    """Return which rates are twice, or half, those of both months beside them, which agree."""
    rate = _figures(batch, "rate")
    days = batch.column("ref_period").to_numpy(zero_copy_only=False)
    months = days.astype("datetime64[M]").astype(np.int64)
    groups = _groups(batch, SERIES, np.arange(len(batch)))
    order = np.lexsort((months, groups))
    is_odd = np.zeros(len(rate), bool)
    if len(rate) < 3:
        return is_odd
    before, middle, after = order[:-2], order[1:-1], order[2:]
    is_series = (groups[before] == groups[middle]) & (groups[middle] == groups[after])
    is_series &= months[after] - months[before] == 2
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = np.log(rate)
        are_alike = np.abs(logs[after] - logs[before]) < np.log(WITHIN)
        low = np.minimum(np.abs(logs[middle] - logs[before]), np.abs(logs[middle] - logs[after]))
        is_odd[middle] = is_series & are_alike & (low > np.log(JUMP))
    return is_odd
