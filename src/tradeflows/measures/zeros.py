"""Declared zeros as rows: what a measure counts, and what :func:`tradeflows.read` leaves out."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from pandas import DataFrame

from tradeflows.model.absence import AXES, DECLARED, Zeros, zeros_of
from tradeflows.model.lineage import PLACE, Formula, Role, lineage_of, record
from tradeflows.model.periods import Window, first_month, span

FAR = 12 * 9999  # a month after all others
FIGURES = ("value_reported", "primary_value_usd", "net_wgt_kg", "qty", "value")


def with_zeros(frame: DataFrame, *values: str) -> DataFrame:
    """`frame` and below it a row for each declared zero of its cells.

    Parameters
    ----------
    frame
        As :func:`tradeflows.read` gave it, filtered as you like.
    values
        Further columns of figures, which are 0 in such a row as those of the table are.

    Returns
    -------
    DataFrame
        The rows of `frame`, with their labels; those of the zeros have ``declared_zero``, and in
        ``source_id``, ``source_row`` and ``source_field`` the reporter's other line of the period.
        `frame` itself where it has no zeros.
    """
    zeros = zeros_of(frame)
    if zeros is None or DECLARED in frame or not {"ref_period", "n_months"} <= set(frame):
        return frame
    if frame.empty:
        rows = zeros.rows if zeros.cells.empty else zeros.rows.iloc[:0]
        added = rows.reindex(columns=[*frame.columns, DECLARED])
    else:
        of_frame = _of_frame(frame, zeros)
        added = _rows_like(frame, of_frame, [*FIGURES, *values])
    if added.empty:
        return frame
    plain = frame.assign(**{DECLARED: False})
    plain.attrs = {}
    added.index = _new_labels(frame.index, len(added))
    result = pd.concat([plain, added[plain.columns]]) if len(frame) else added
    result[DECLARED] = result[DECLARED].astype("bool")
    caveats = frame.attrs.get("caveats", ())
    caveat = _caveat(added)
    result.attrs = {**frame.attrs, "caveats": (*caveats, caveat)}
    if lineage_of(frame):
        record(added, _made_of(frame, added, ["value", *values]), [Role(added)])
        record(result, {}, _one_below(frame, added))
    return result


def with_used_zeros(frame: DataFrame, used: np.ndarray) -> DataFrame:
    """`frame` as :func:`with_zeros` gave it, saying of the zeros among its rows `used` alone.

    Parameters
    ----------
    frame
        With rows of zeros or without.
    used
        The rows that entered a result, by position or as a mask.
    """
    if DECLARED not in frame:
        return frame
    zeros = frame[frame[DECLARED]]
    entered = frame.iloc[used]
    entered = entered[entered[DECLARED]]
    if len(zeros) == len(entered) or zeros.empty:
        return frame
    of_all = _caveat(zeros)
    of_used = [_caveat(entered)] if len(entered) else []
    caveats: list[str] = []
    for text in frame.attrs.get("caveats", ()):
        caveats += of_used if text == of_all else [text]
    result = frame.copy(deep=False)
    result.attrs = {**frame.attrs, "caveats": tuple(caveats)}
    return result


def in_windows(frame: DataFrame, *windows: Window) -> np.ndarray:
    """Which rows of `frame` begin in one of some windows."""
    first = first_month(frame).to_numpy()
    within = [(first >= begin) & (first < stop) for begin, stop in map(span, windows)]
    return np.any(within, axis=0)


def _made_of(frame: DataFrame, added: DataFrame, values: Sequence[str]) -> dict[str, Formula]:
    """How a zero in a computed column came about: as the others of the column did."""
    made = {}
    for name in values:
        text, columns = _row_by_row(frame, name)
        if name in added and columns and {*columns.values()} <= {*FIGURES}:
            roles = {role: Role(added, column) for role, column in columns.items()}
            made[name] = Formula(text, roles)
    return made


def _row_by_row(frame: DataFrame, column: str) -> tuple[str, dict[str, str]]:
    """The formula by which `column` was made of others of its row, and the column of each role.

    Nothing where it was not.
    """
    lineage = lineage_of(frame)
    formula = lineage.formulas.get(column) if lineage else None
    if lineage and formula is None:
        parts = [role.frame for role in lineage.kept if column in role.frame]
        return next(filter(any, (_row_by_row(part, column) for part in parts)), ("", {}))
    if formula is None or not isinstance(formula.text, str):
        return "", {}
    roles = {
        name: role.column
        for name, role in formula.names.items()
        if isinstance(role, Role) and role.row is None and role.slot is None
    }
    return (formula.text, roles) if len(roles) == len(formula.names) else ("", {})


def _one_below(frame: DataFrame, added: DataFrame) -> list[Role]:
    """What the rows of `frame` with those of `added` below it are passed on from."""
    of_frame = np.append(np.arange(len(frame)), np.full(len(added), -1))
    of_added = np.append(np.full(len(frame), -1), np.arange(len(added)))
    return [Role(frame, row=of_frame), Role(added, row=of_added)]


def stacked_zeros(frames: Sequence[DataFrame]) -> Zeros | None:
    """The zeros of several frames that are put one below the other.

    Of a cell that two of them state nobody knows in which it was nothing, so it has none.
    """
    rows = []
    cells = []
    for frame in frames:
        if not {"ref_period", "n_months"} <= set(frame):
            continue  # of a whole window, such as a growth, in which no month is none
        if set(AXES) <= set(frame) and len(frame):
            cells.append(cells_of(frame))
        zeros = zeros_of(frame)
        if zeros is not None and len(frame):
            rows.append(_of_frame(frame, zeros))
    if not rows:
        return None
    listed = pd.concat(cells)
    is_shared = listed.duplicated([*AXES], keep=False)
    single = listed[~is_shared]
    kept = pd.concat(rows, ignore_index=True)
    known = pd.MultiIndex.from_frame(single[[*AXES]])
    places = pd.MultiIndex.from_frame(kept[[*AXES]])
    is_known = places.isin(known)
    kept = kept[is_known].reset_index(drop=True)
    single = single.reset_index(drop=True)
    return Zeros(kept, single)


def zeros_of_wholes(frame: DataFrame, sums: DataFrame, whole_of: Mapping[str, str]) -> Zeros | None:
    """The zeros of sums over parts: where every part of a cell is declared to be none.

    Parameters
    ----------
    frame, sums
        The parts, and the sums of them.
    whole_of
        What is left of each value of ``breakdown`` in the sums.
    """
    zeros = zeros_of(frame)
    if zeros is None or frame.empty or not {*AXES} <= set(frame):
        return None
    rest = [name for name in AXES if name != "breakdown"]
    keys = [*rest, "whole", "ref_period", "n_months"]
    parts = frame[[*AXES]].drop_duplicates()
    whole = parts["breakdown"].map(whole_of)
    parts = parts.assign(whole=whole)
    cells = parts.groupby([*rest, "whole"], dropna=False)
    n_parts = cells.size().rename("n_parts")
    n_parts = n_parts.reset_index()
    rows = _of_frame(frame, zeros)
    whole = rows["breakdown"].map(whole_of)
    rows = rows.assign(whole=whole)
    n_zeros = rows.groupby(keys, dropna=False)["along"].transform("size")
    rows = rows.assign(n_zeros=n_zeros)
    rows = rows.merge(n_parts, on=[*rest, "whole"])
    rows = rows.drop_duplicates(keys)
    is_whole = rows["n_zeros"].eq(rows["n_parts"])
    rows = rows[is_whole]
    rows = rows.assign(breakdown=rows["whole"])
    rows = rows[zeros.rows.columns]
    period = [*AXES, "ref_period", "n_months"]
    stated = pd.MultiIndex.from_frame(sums[period])
    places = pd.MultiIndex.from_frame(rows[period])
    is_stated = places.isin(stated)
    rows = rows[~is_stated]
    if rows.empty:
        return None
    return Zeros(rows.reset_index(drop=True), cells_of(sums))


def cells_of(frame: DataFrame) -> DataFrame:
    """First and last month of each cell of `frame`."""
    first = first_month(frame)
    last = first + frame["n_months"] - 1
    ends = frame[[*AXES]].assign(first=first, last=last)
    grouped = ends.groupby([*AXES], dropna=False, as_index=False)
    return grouped.agg({"first": "min", "last": "max"})


def _of_frame(frame: DataFrame, zeros: Zeros) -> DataFrame:
    """The zeros of cells that `frame` still has, in the time that it still covers."""
    along = zeros.rows["along"].unique()
    axes = [name for name in AXES if name in frame]
    if not set(along) <= set(axes):
        return zeros.rows.iloc[:0]
    limits = _limits(frame, zeros, axes)
    rows = zeros.rows.merge(limits, on=axes)
    first = first_month(rows)
    last = first + rows["n_months"] - 1
    is_within = (first >= rows["begin"]) & (last <= rows["end"])
    rows = rows.loc[is_within, zeros.rows.columns]
    keys = [*axes, "ref_period", "n_months"]
    stated = pd.MultiIndex.from_frame(frame[keys])
    places = pd.MultiIndex.from_frame(rows[keys])
    is_stated = places.isin(stated)
    rows = rows[~is_stated]
    return rows.drop_duplicates(keys)


def _limits(frame: DataFrame, zeros: Zeros, axes: list[str]) -> DataFrame:
    """First and last month that a zero of each cell of `frame` may be of.

    A cell whose first month is still there has no limit before it, unless the whole frame was cut
    off in time; the same holds for its last month.
    """
    first = first_month(frame)
    last = first + frame["n_months"] - 1
    now = frame[axes].assign(begin=first, end=last)
    now = now.groupby(axes, dropna=False, as_index=False)
    now = now.agg({"begin": "min", "end": "max"})
    then = zeros.cells.groupby(axes, dropna=False, as_index=False)
    then = then.agg({"first": "min", "last": "max"})
    limits = now.merge(then, on=axes, how="left")
    has_all_cells = len(now) == len(then)
    is_cut_before = has_all_cells and int(first.min()) != int(then["first"].min())
    is_cut_after = has_all_cells and int(last.max()) != int(then["last"].max())
    open_begin = int(first.min()) if is_cut_before else 0
    open_end = int(last.max()) if is_cut_after else FAR
    begins_later = limits["begin"].ne(limits["first"])
    ends_earlier = limits["end"].ne(limits["last"])
    limits["begin"] = limits["begin"].where(begins_later, open_begin)
    limits["end"] = limits["end"].where(ends_earlier, open_end)
    return limits[[*axes, "begin", "end"]]


def _rows_like(frame: DataFrame, zeros: DataFrame, values: list[str]) -> DataFrame:
    """A row for each of `zeros`, with all else as the nearest row of its cell in `frame` has it."""
    if zeros.empty:
        return frame.iloc[:0]
    axes = [name for name in AXES if name in frame]
    rows = frame[axes].assign(month=first_month(frame))
    rows["place"] = np.arange(len(frame))
    wanted_month = first_month(zeros)
    wanted = zeros[axes].assign(wanted=wanted_month.to_numpy())
    wanted["zero"] = np.arange(len(zeros))
    pairs = wanted.merge(rows, on=axes)
    away = pairs["month"] - pairs["wanted"]
    pairs["distance"] = away.abs()
    ordered = pairs.sort_values(["zero", "distance", "place"])
    nearest = ordered.drop_duplicates("zero")
    place = nearest["place"].to_numpy()
    added = frame.iloc[place].copy()
    added.attrs = {}
    cells = frame.groupby(axes, dropna=False).ngroup()
    numbers = added.select_dtypes("number")
    for name in numbers.columns.difference(["n_months", *PLACE]):
        if name in values:
            has_value = frame[name].notna()
            states = has_value.groupby(cells).transform("any")
            known = states.iloc[place].to_numpy()
            added[name] = np.where(known, 0.0, np.nan)
        elif added[name].dtype.kind == "f":
            added[name] = np.nan
    for name in ("ref_period", "n_months", *PLACE):
        if name in added or name in PLACE:  # sums have no place, and yet their zeros have one
            added[name] = zeros[name].to_numpy()
    for name, plain in (("flags", ""), ("qualifier", "="), ("note", None)):
        if name in added:
            added[name] = plain
    return added.assign(**{DECLARED: True})


def _new_labels(index: pd.Index, n: int) -> pd.Index:
    """`n` labels that `index` does not have."""
    if index.dtype.kind == "i":
        first = int(index.max()) + 1 if len(index) else 0
        return pd.RangeIndex(n) + first
    return pd.Index([f"zero {i}" for i in range(n)])


def _caveat(rows: DataFrame) -> str:
    """Which rows count as none, in one line."""
    texts = rows["ref_period"].dt.strftime("%Y-%m")
    months = sorted(set(texts))
    when = ", ".join(months[:3])
    if len(months) > 3:
        when += " …"
    who = ""
    if "source_id" in rows:
        sources = sorted(set(rows["source_id"]))
        names = ", ".join(sources)
        who = f", as {names} declares"
    what = "1 absent row counts" if len(rows) == 1 else f"{len(rows)} absent rows count"
    return f"{what} as 0{who}: {when}"
