"""What the measures share: checks that refuse a mixture, groups of rows, and what is carried on."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations

import numpy as np
import pandas as pd
from numpy import ndarray
from pandas import DataFrame, Series

from tradeflows.model import codes, lineage
from tradeflows.model.absence import AXES, DECLARED
from tradeflows.model.attached import ROOT
from tradeflows.model.errors import QueryError, near
from tradeflows.model.lineage import Formula, Names, Role
from tradeflows.model.periods import month_text, months_of
from tradeflows.model.sealed import SEAL, require_as_read

Columns = Sequence[str]
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
    "barrels_per_day": "bbl/day",
    "rank": "rank",
    "count": "count",
    **dict.fromkeys(("growth_pct", "yoy_pct", "share_pct", "lead_pct"), "percent"),
    **dict.fromkeys(("displacement", "displacement_net", "ratio", "gap", "hhi"), "ratio"),
}
UNIT_IN = {
    "value_reported": "currency",
    "qty": "qty_unit",
    "rate": "quote",
    "unit_value_per_tonne": "unit_value_in",
    "unit_value_per_barrel": "unit_value_in",
}
_PER = {"unit_value_per_tonne": "/t", "unit_value_per_barrel": "/bbl"}
_STATED = ("publisher", "vintage", "n_months", "freq_code", "qty_unit", "partner_code", "source_id")
_PARTS_OF_FLOW = {"MX": ("M", "X", "RM", "RX"), "M": ("RM",), "X": ("RX",)}


# --- numbers and groups of rows -------------------------------------------------------------------


def names_of(columns: str | Columns) -> tuple[str, ...]:
    """One column or several, as several."""
    return (columns,) if isinstance(columns, str) else tuple(columns)


def column_of_codes(frame: DataFrame, name: str) -> str:
    """The column of codes that a word such as reporter is the short name of, or `name`."""
    column = {"product": "cmd_code", "flow": "flow_code"}.get(name, f"{name}_iso")
    return column if column in frame else name


def numbers_of(frame: DataFrame, value: str) -> Series:
    """`value` as floats; a sum with a hole in it is no figure."""
    numbers = Series(frame[value].to_numpy("float64", na_value=np.nan), frame.index)
    return numbers.where(frame["complete"].astype("bool")) if "complete" in frame else numbers


def have_figures(frame: DataFrame, values: str | Columns) -> ndarray:
    """Which rows of `frame` have a figure in each of `values`."""
    return np.all([numbers_of(frame, name).notna() for name in names_of(values)], axis=0)


def figures_of(
    frame: DataFrame, value: str, row: ndarray | None = None, slot: ndarray | None = None
) -> Role:
    """The role of `value` in a formula, a sum with a hole in it being no figure."""
    return Role(frame, value, row, slot, numbers_of(frame, value).to_numpy())


def formulas_of(names: Names, **texts: str) -> dict[str, Formula]:
    """A formula over the same `names` for each column of `texts`."""
    return {column: Formula(text, names) for column, text in texts.items()}


def computed(result: DataFrame, formulas: Mapping[str, Formula], *names: str) -> DataFrame:
    """`result` with a column for each formula, or for those of `names`.

    The first of the formulas is what a trace follows unless it is asked for another.
    """
    result = result.copy(deep=False)
    for name in names or formulas:
        result[name] = formulas[name].numbers(len(result))
    return result


def grain_of(frame: DataFrame, values: str | Columns) -> list[str]:
    """Columns of `frame` that say which cell a row states, and in which unit."""
    columns = [*CELL, LABELS[0]]
    for name in names_of(values):
        columns += UNITS.get(name, ())
    return [name for name in dict.fromkeys(columns) if name in frame]


def unit_of(frame: DataFrame, column: str) -> str:
    """The unit of the figures in `column`, as the first row has it; empty where nothing says it."""
    units = frame.get(UNIT_IN.get(column, "unit"))
    if column in UNIT_OF or units is None:
        return UNIT_OF.get(column, "")
    return f"{units.iloc[0]}{_PER.get(column, '')}"


def groups_of(frame: DataFrame, columns: Columns) -> ndarray:
    """Number of each row's group, from 0 on."""
    if not columns:
        return np.zeros(len(frame), "int64")
    return frame.groupby([*columns], dropna=False).ngroup().to_numpy()


def grouped(frame: DataFrame, columns: Columns) -> tuple[ndarray, DataFrame]:
    """Number of each row's group, and a row a group with what its rows share."""
    group = groups_of(frame, columns)
    first = np.unique(group, return_index=True)[1]
    return group, frame[[*columns]].iloc[first].reset_index(drop=True)


def places_in(base: DataFrame, frame: DataFrame, keys: Columns) -> ndarray:
    """The row of `base` that has the cell of each row of `frame`, -1 for none."""
    if not keys:
        return np.zeros(len(frame), "int64")
    numbered = base[[*keys]].assign(_at=np.arange(len(base)))
    places = frame[[*keys]].merge(numbered, on=[*keys], how="left")["_at"]
    return np.asarray(places.fillna(-1), "int64")


# --- checks ---------------------------------------------------------------------------------------


def prepared(
    frame: DataFrame,
    values: str | Columns,
    *columns: str,
    once: Columns = (),
    choice: str = "",
) -> DataFrame:
    """`frame`, if it has rows, the figures `values` and `columns`.

    With `once`, the columns that name its cells: if it states each but once, all in one value of
    the other columns of the grain, and over periods of one length. `choice` is what one may do
    with several values other than keep one.
    """
    if not names_of(values):
        raise QueryError("no column of figures is named: value= takes one or several")
    needed = (*names_of(values), *columns, *once)
    missing = [column for column in needed if column not in frame]
    if missing:
        figures = [name for name in (*UNIT_OF, *UNIT_IN, "value") if name in frame]
        there = f"; its figures are in {', '.join(figures)}" if figures else ""
        raise QueryError(f"the frame has no column {', '.join(missing)}: pass one that has{there}")
    if frame.empty:
        raise QueryError("the frame is empty: pass one with rows")
    if SEAL in frame.attrs and "value" in names_of(values):
        require_as_read(frame)
    if once:
        grain = {*grain_of(frame, values), "n_months"}
        require_single_value(frame, [name for name in frame if name in grain - {*once}], choice)
        unique(frame, once)
    return frame


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
            values = frame[column].dropna()
            value = max(values) if pd.api.types.is_numeric_dtype(values) else min(values, key=str)
            todo = f"keep one, such as frame.query({f'{column} == {value!r}'!r}){choice}"
            todo += ", or add its parts up by sum_parts" if column == "breakdown" else ""
            raise QueryError(f"{what}{column} is mixed ({listed(frame, column)}): {todo}")


def unique(frame: DataFrame, keys: Columns) -> None:
    """Refuse two rows that are alike in `keys`."""
    twice = frame[frame.duplicated([*keys], keep=False).to_numpy()]
    for _, rows in twice.groupby([*keys], sort=False, dropna=False):
        refuse_repeated(rows, cell_text(rows, keys))


def refuse_repeated(rows: DataFrame, cell: str) -> None:
    """Say that `rows` state one `cell`, and which column tells them apart."""
    repeated = f"{cell} is stated {len(rows)} times"
    require_single_value(rows, (*_STATED, *CELL, *LABELS), what=f"{repeated}, and ")
    raise QueryError(f"{repeated}: keep one row")


def require_disjoint(frame: DataFrame, column: str, by: Columns = ()) -> None:
    """Refuse values of `column` that overlap one another within a group of `by`.

    What two reporters state of a code and of one within it has nothing in common, unless one of
    them is in the other.
    """

    def found(name: str) -> list[tuple[str, str]]:
        return overlaps(name, frozenset(frame[name].dropna().unique()))

    others = {*CELL} & {*frame} - {column, *by}
    for whole, part in found(column):
        group = groups_of(frame, [*by, *sorted(name for name in others if not found(name))])
        with_whole, with_part = (group[frame[column].eq(code)] for code in (whole, part))
        if np.isin(with_whole, with_part).any():
            query = f"frame.query({f'{column} != {whole!r}'!r})"
            told = f"{column} has {whole}, which overlaps {part}"
            raise QueryError(f"{told}: keep one, such as {query}")


def overlaps(column: str, values: frozenset[str]) -> list[tuple[str, str]]:
    """Pairs among `values` of which the first has something of the second."""
    pairs = permutations(sorted(values), 2)
    if column == "cmd_code":  # one lies within the other, or they share a code of a union
        nested = [(whole, part) for part, whole in codes.nested(values, values)]
        unions = {code: set(code.split("+")) for code in values if "+" in code}
        return nested + [(a, b) for a, b in permutations(unions, 2) if unions[a] & unions[b]]
    if column in ("reporter_iso", "partner_iso"):
        groups = codes.groups()
        return [pair for pair in pairs if pair[0] in groups and codes.overlaps(*pair)]
    parts = {**_PARTS_OF_FLOW, "total": values}
    return [(whole, part) for whole, part in pairs if part in parts.get(whole, ())]


# --- words ----------------------------------------------------------------------------------------


def listed(frame: DataFrame, column: str) -> str:
    """Values of a column, the first eight of them."""
    values = sorted({"not stated" if pd.isna(value) else str(value) for value in frame[column]})
    return ", ".join(values[:8]) + (" …" if len(values) > 8 else "")


def cell_text(frame: DataFrame, columns: Columns, at: int = 0) -> str:
    """Cells of one row as a text, days as months."""
    cells = frame[[*columns]].iloc[at]
    texts = (f"{x:%Y-%m}" if isinstance(x, pd.Timestamp) else str(x) for x in cells)
    return " ".join(texts)


def join_flags(flags: Iterable[str]) -> str:
    """All words of several flags."""
    return " ".join(sorted(set(" ".join(flags).split())))


def _flags_of_sum(flags: set[str]) -> str:
    """All words of several flags; a sum is declared to be zero only where all of it is."""
    words = join_flags(flags).split()
    return " ".join(x for x in words if x != DECLARED or all(x in text for text in flags))


def join_qualifiers(qualifiers: Iterable[str]) -> str:
    """What several qualifiers come to in a sum."""
    others = {*qualifiers} - {"="} or {"="}
    return others.pop() if len(others) == 1 else "~"


def combine_flags(frame: DataFrame, row: ndarray, slot: ndarray, n: int) -> dict[str, list[str]]:
    """What the flags and qualifiers that `frame` has come to in each of `n` sums of its rows."""
    columns = {}
    for name, join in (("flags", _flags_of_sum), ("qualifier", join_qualifiers)):
        if name in frame:
            texts: list[set[str]] = [set() for _ in range(n)]
            stated = frame[name].array[row].tolist()
            for place, text in set(zip(slot.tolist(), stated, strict=True)):
                texts[place] |= {text} if isinstance(text, str) else set()
            columns[name] = [join(some) for some in texts]
    return columns


def flagged_derived(frame: DataFrame, where: ndarray | bool = True) -> DataFrame:
    """`frame` with ``derived`` among the flags of the rows `where`, if it has flags."""
    if "flags" not in frame:
        return frame
    flags = frame["flags"]
    derived = flags.map(lambda text: join_flags([text, "derived"])).astype(flags.dtype)
    return frame.assign(flags=derived.where(np.broadcast_to(where, len(frame)), flags))


# --- what a result carries ------------------------------------------------------------------------


def with_lineage(
    result: DataFrame,
    *inputs: DataFrame,
    caveats: Columns = (),
    formulas: Mapping[str, Formula] | None = None,
    kept: Sequence[Role] = (),
) -> DataFrame:
    """Give `result` the sources and caveats of `inputs`, in order, each once, and its lineage."""
    for name, more in (("sources", ()), ("caveats", caveats)):
        items = [item for frame in inputs for item in frame.attrs.get(name, ())]
        result.attrs[name] = tuple(dict.fromkeys([*items, *more]))
    projects = {frame.attrs[ROOT] for frame in inputs if ROOT in frame.attrs}
    if len(projects) == 1:
        result.attrs[ROOT] = projects.pop()
    lineage.record(result, formulas or {}, kept)
    return result


# --- months ---------------------------------------------------------------------------------------


def spread(frame: DataFrame, cell: ndarray, stated: ndarray) -> DataFrame:
    """One line a month of each row; refuses two stated periods of one cell that overlap."""
    row, month = months_of(frame)
    lines = DataFrame({"row": row, "cell": cell[row], "month": month, "stated": stated[row]})
    of_figures = lines[lines["stated"]]
    twice = of_figures[of_figures.duplicated(["cell", "month"], keep=False)]
    for (_, at), same in twice.groupby(["cell", "month"], sort=False):
        refuse_repeated(frame.iloc[same["row"]], f"periods overlap: {month_text(at)}")
    return lines


def shared_months(lines: DataFrame, spans: Sequence[range]) -> DataFrame:
    """Lines of figures in two spans of months, and whether both state the month: ``is_shared``.

    Long spans go month by month from their first, others by the month of the year. A period goes
    as a whole, and takes its other months from the other side. ``side`` is the number of the span.
    """
    is_long = len(spans[0]) == len(spans[1]) > 12
    sides = []
    for number, months in enumerate(spans):
        is_inside = lines["stated"] & lines["month"].isin(months)
        side = lines[is_inside].assign(side=number)
        side["place"] = side["month"] - months[0] if is_long else side["month"] % 12
        sides.append(side)
    lines = pd.concat(sides, ignore_index=True)
    kept = lines
    while True:
        is_alone = kept.groupby(["cell", "place"])["side"].transform("nunique").lt(2)
        is_dropped = is_alone.groupby([kept["side"], kept["row"]]).transform("any")
        if not is_dropped.any():
            return lines.assign(is_shared=lines.index.isin(kept.index))
        kept = kept[~is_dropped]
