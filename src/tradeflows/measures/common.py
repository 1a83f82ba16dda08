"""What the measures share: checks that refuse a mixture, groups of rows, and what is carried on."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations, repeat
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy import ndarray
from pandas import DataFrame, Series

from tradeflows.model import codes, lineage
from tradeflows.model.absence import AXES, ZEROS, zeros_of
from tradeflows.model.attached import ROOT
from tradeflows.model.errors import QueryError, near
from tradeflows.model.lineage import Formula, Role
from tradeflows.model.memory import once
from tradeflows.model.periods import first_month, month_text

CELL = (*AXES, "concept", "measure", "region", "currency_group")
LABELS = ("classification_code", "valuation")  # how a cell is stated, not which cell it is
UNITS = {
    "value_reported": ("currency", "valuation"),
    "primary_value_usd": ("valuation",),
    "qty": ("qty_unit",),
    "value": ("unit",),
    "rate": ("base", "quote", "statistic"),
}
# The unit of a column that a table or a measure gives, or the column that says it.
UNIT_OF = {
    "primary_value_usd": "USD",
    "net_wgt_kg": "kg",
    "growth_pct": "percent",
    "yoy_pct": "percent",
    "share_pct": "percent",
    "barrels_per_day": "bbl/day",
    "displacement": "ratio",
    "displacement_net": "ratio",
    "ratio": "ratio",
    "gap": "ratio",
    "hhi": "ratio",
    "lead_pct": "percent",
    "rank": "rank",
    "count": "count",
}
UNIT_IN = {
    "value_reported": "currency",
    "qty": "qty_unit",
    "rate": "quote",
    "unit_value_per_tonne": "unit_value_in",
    "unit_value_per_barrel": "unit_value_in",
}
_PER = {"unit_value_per_tonne": "/t", "unit_value_per_barrel": "/bbl"}
_RIVALS = (
    "publisher",
    "vintage",
    "n_months",
    "freq_code",
    "qty_unit",
    "partner_code",
    "source_id",
    *CELL,
    *LABELS,
)
_PARTS_OF_FLOW = {"MX": ("M", "X", "RM", "RX"), "M": ("RM",), "X": ("RX",)}
NOTHING: Mapping[str, Formula] = MappingProxyType({})


# --- numbers and groups of rows -------------------------------------------------------------------


def numbers_of(frame: DataFrame, value: str) -> Series:
    """`value` as floats; a sum with a hole in it is no figure."""
    numbers = Series(frame[value].to_numpy("float64", na_value=np.nan), frame.index)
    if "complete" not in frame:
        return numbers
    is_complete = frame["complete"].astype("bool")
    return numbers.where(is_complete)


def figures_of(
    frame: DataFrame, value: str, row: ndarray | None = None, slot: ndarray | None = None
) -> Role:
    """The role of `value` in a formula, a sum with a hole in it being no figure."""
    return Role(frame, value, row, slot, numbers_of(frame, value).to_numpy())


def computed(result: DataFrame, formulas: Mapping[str, Formula], *names: str) -> DataFrame:
    """`result` with a column for each formula, or for those of `names`."""
    columns = {name: formulas[name].numbers(len(result)) for name in names or formulas}
    return result.assign(**columns)


def grain_of(frame: DataFrame, value: str) -> list[str]:
    """Columns of `frame` that say which cell a row states, and in which unit."""
    columns = (*CELL, "classification_code", *UNITS.get(value, ()))
    return [column for column in columns if column in frame]


def unit_of(frame: DataFrame, column: str) -> str:
    """The unit of the figures in `column`, as the first row has it; empty where nothing says it."""
    fixed = UNIT_OF.get(column)
    if fixed:
        return fixed
    units = frame.get(UNIT_IN.get(column, "unit"))
    if units is None:
        return ""
    per = _PER.get(column, "")
    return f"{units.iloc[0]}{per}"


def groups_of(frame: DataFrame, columns: Sequence[str]) -> ndarray:
    """Number of each row's group, from 0 on."""
    if not columns:
        return np.zeros(len(frame), "int64")
    return frame.groupby(list(columns), dropna=False).ngroup().to_numpy()


def grouped(frame: DataFrame, columns: Sequence[str]) -> tuple[ndarray, DataFrame]:
    """Number of each row's group, and a row a group with what its rows share."""
    group = groups_of(frame, columns)
    _, first = np.unique(group, return_index=True)
    heads = frame[list(columns)].iloc[first]
    return group, heads.reset_index(drop=True)


def values_in(values: Series, group: ndarray, n: int) -> list[set[str]]:
    """Values that occur in each of `n` groups, nulls apart."""
    code, texts = pd.factorize(values)
    return _sets(code, texts, group, n)


def _sets(code: ndarray, texts: Sequence[str], group: ndarray, n: int) -> list[set[str]]:
    """The texts, by their code, that occur in each of `n` groups."""
    sets: list[set[str]] = [set() for _ in range(n)]
    is_known = code >= 0
    pairs = np.unique(group[is_known] * len(texts) + code[is_known])
    for pair in pairs:
        place, which = divmod(pair, len(texts))
        sets[place].add(texts[which])
    return sets


def without_attrs(frame: DataFrame) -> DataFrame:
    """`frame` without attrs, which pandas would compare at every step."""
    plain = frame.copy(deep=False)
    plain.attrs = {}
    return plain


# --- checks ---------------------------------------------------------------------------------------


def require_columns(frame: DataFrame, *columns: str) -> None:
    """Refuse a frame without rows or without one of `columns`."""
    missing = [column for column in columns if column not in frame]
    if missing:
        raise QueryError(f"the frame has no column {', '.join(missing)}: pass one that has")
    if frame.empty:
        raise QueryError("the frame is empty: pass one with rows")


def require_absent(absent: str) -> None:
    """Refuse what an absent row cannot stand for."""
    if absent not in ("unknown", "zero"):
        raise QueryError(f"absent={absent!r}{near(absent, ('unknown', 'zero'))}")


def require_single_value(
    frame: DataFrame, columns: Iterable[str], choice: str = "", what: str = ""
) -> None:
    """Refuse a frame that mixes values of a column, with the filter that would make it right."""
    for column in columns:
        if column in frame and frame[column].nunique(dropna=False) > 1:
            value = min(frame[column].dropna(), key=str)
            query = f"frame.query({f'{column} == {value!r}'!r})"
            choices = [choice, "or add its parts up by sum_parts" if column == "breakdown" else ""]
            todo = ", ".join([f"keep one, such as {query}", *filter(None, choices)])
            raise QueryError(f"{what}{column} is mixed ({listed(frame, column)}): {todo}")


def unique(frame: DataFrame, keys: Sequence[str]) -> None:
    """Refuse two rows that are alike in `keys`."""
    twice = frame.duplicated(list(keys), keep=False).to_numpy()
    if twice.any():
        cell = groups_of(frame, keys)
        repeated = cell[twice.argmax()]
        rows = frame[cell == repeated]
        first = rows[list(keys)].iloc[0]
        refuse_repeated(rows, " ".join(words(first)))


def require_members(frame: DataFrame, value: str, of: str, by: Sequence[str]) -> None:
    """Refuse members of a group that are stated twice, or in several units or by several ways."""
    require_columns(frame, value, of, *by)
    columns = (*grain_of(frame, value), "n_months")
    fixed = [column for column in columns if column not in {of, *by}]
    require_single_value(frame, fixed)
    unique(frame, [*by, of])


def refuse_repeated(rows: DataFrame, cell: str) -> None:
    """Say that `rows` state one `cell`, and which column tells them apart."""
    require_single_value(rows, _RIVALS, what=f"{cell} is stated {len(rows)} times, and ")
    raise QueryError(f"{cell} is stated {len(rows)} times: keep one row")


def require_disjoint(frame: DataFrame, column: str, by: Sequence[str] = ()) -> None:
    """Refuse values of `column` that overlap one another within a group of `by`."""
    group = groups_of(frame, by)
    n = group.max(initial=-1) + 1
    sets = {frozenset(values) for values in values_in(frame[column], group, n)}
    for values in sets:
        for whole, part in overlaps(column, values):
            query = f"frame.query({f'{column} != {whole!r}'!r})"
            raise QueryError(
                f"{column} has {whole}, which overlaps {part}: keep one, such as {query}"
            )


def overlaps(column: str, values: frozenset[str]) -> list[tuple[str, str]]:
    """Pairs among `values` of which the first has something of the second."""
    if column == "cmd_code":
        return _overlapping_goods(values)
    pairs = permutations(sorted(values), 2)
    if column in ("reporter_iso", "partner_iso"):
        groups = codes.groups()
        return [pair for pair in pairs if pair[0] in groups and codes.overlaps(*pair)]
    parts = {**_PARTS_OF_FLOW, "total": values}
    return [(whole, part) for whole, part in pairs if part in parts.get(whole, ())]


def _overlapping_goods(values: frozenset[str]) -> list[tuple[str, str]]:
    """Pairs of codes of which one lies within the other, or that share a code of a union."""
    among = set(values)
    nested = [(whole, code) for code in values for whole in codes.wholes(code, among)]
    unions = {code: set(code.split("+")) for code in values if "+" in code}
    sharing = [(a, b) for a, b in permutations(unions, 2) if unions[a] & unions[b]]
    return nested + sharing


# --- words ----------------------------------------------------------------------------------------


def listed(frame: DataFrame, column: str) -> str:
    """Values of a column, the first eight of them."""
    values = {"not stated" if pd.isna(value) else str(value) for value in frame[column]}
    first = sorted(values)[:8]
    more = " …" if len(values) > 8 else ""
    return ", ".join(first) + more


def words(cells: Iterable[object]) -> list[str]:
    """Cells as texts, days as months."""
    return [f"{cell:%Y-%m}" if isinstance(cell, pd.Timestamp) else str(cell) for cell in cells]


def join_flags(flags: set[str]) -> str:
    """All words of several flags."""
    words_of = " ".join(flags).split()
    return " ".join(sorted(set(words_of)))


def join_qualifiers(qualifiers: set[str]) -> str:
    """What several qualifiers come to in a sum."""
    others = qualifiers - {"="}
    if not others:
        return "="
    return others.pop() if len(others) == 1 else "~"


def _codes_of(frame: DataFrame, name: str) -> tuple[ndarray, Sequence[str]]:
    """The code of each text of a column, -1 for none, and the texts."""
    return once(frame, ("codes", name), lambda: pd.factorize(frame[name]))


def combine_flags(frame: DataFrame, row: ndarray, slot: ndarray, n: int) -> dict[str, list[str]]:
    """What the flags and qualifiers that `frame` has come to in each of `n` sums of its rows."""
    columns = {}
    for name, join in (("flags", join_flags), ("qualifier", join_qualifiers)):
        if name in frame:
            code, texts = _codes_of(frame, name)
            columns[name] = [join(values) for values in _sets(code[row], texts, slot, n)]
    return columns


def add_flag(flags: Series, word: str, where: Iterable[object] = repeat(True)) -> Series:
    """`flags` with `word` among those of the rows `where`."""
    marks = [
        " ".join(sorted({*text.split(), word})) if here else text
        for text, here in zip(flags, where, strict=False)
    ]
    return Series(marks, flags.index, flags.dtype)


# --- what a result carries ------------------------------------------------------------------------


def with_lineage(
    result: DataFrame,
    *inputs: DataFrame,
    caveats: Sequence[str] = (),
    formulas: Mapping[str, Formula] = NOTHING,
    kept: Sequence[Role] = (),
) -> DataFrame:
    """Give `result` the sources and caveats of `inputs`, in order, each once, and its lineage."""
    for name, more in (("sources", ()), ("caveats", caveats)):
        items = [item for frame in inputs for item in frame.attrs.get(name, ())]
        result.attrs[name] = tuple(dict.fromkeys([*items, *more]))
    projects = {frame.attrs[ROOT] for frame in inputs if ROOT in frame.attrs}
    if len(projects) == 1:
        result.attrs[ROOT] = projects.pop()
    zeros = zeros_of(inputs[0]) if kept and inputs else None
    if zeros is not None:  # rows that are passed on lack the same ones
        result.attrs[ZEROS] = zeros
    lineage.record(result, formulas, kept)
    return result


def spread(frame: DataFrame, cell: ndarray, stated: ndarray) -> DataFrame:
    """One line a month of each row; refuses two stated periods of one cell that overlap."""
    first = first_month(frame).to_numpy()
    length = frame["n_months"].to_numpy("int64")
    row = np.repeat(np.arange(len(frame)), length)
    begins = length.cumsum() - length
    month = first[row] + np.arange(len(row)) - np.repeat(begins, length)
    lines = DataFrame({"cell": cell[row], "row": row, "month": month, "stated": stated[row]})
    of_figures = lines[lines["stated"]]
    is_twice = of_figures.duplicated(["cell", "month"], keep=False)
    if is_twice.any():
        cell_of, month_of = of_figures.loc[is_twice, ["cell", "month"]].iloc[0]
        is_same = of_figures["cell"].eq(cell_of) & of_figures["month"].eq(month_of)
        rows = frame.iloc[of_figures.loc[is_same, "row"]]
        refuse_repeated(rows, f"periods overlap: {month_text(month_of)}")
    return lines
