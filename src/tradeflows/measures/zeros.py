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
PERIOD = ("ref_period", "n_months")


def with_zeros(frame: DataFrame, *values: str) -> DataFrame:
    """`frame`, as read and filtered as you like, and below it a row for each zero of its cells.

    Those of the zeros have ``declared_zero``, and in ``source_id``, ``source_row`` and
    ``source_field`` the reporter's other line of the period; 0 in the figures of the table and in
    those that `values` names. `frame` itself where it has none.
    """
    zeros = zeros_of(frame)
    if zeros is None or DECLARED in frame or not {*PERIOD} <= {*frame}:
        return frame
    if frame.empty:
        rows = zeros.rows if zeros.cells.empty else zeros.rows.iloc[:0]
        added = rows.reindex(columns=[*frame])
    else:
        added = _rows_like(frame, _of_frame(frame, zeros), [*FIGURES, *values])
    if added.empty:
        return frame
    labels = pd.Index([f"zero {number}" for number in range(len(added))])
    if frame.index.dtype.kind == "i":
        labels = pd.RangeIndex(len(added)) + (max(frame.index, default=-1) + 1)
    added = added.set_axis(labels).assign(**{DECLARED: True})
    plain = frame.assign(**{DECLARED: False})
    plain.attrs = {}
    result = pd.concat([plain, added[[*plain]]]) if len(frame) else added
    result.attrs = {**frame.attrs, "caveats": (*frame.attrs.get("caveats", ()), _caveat(added))}
    if lineage_of(frame):
        made: dict[str, Formula] = {}
        for name in ("value", *values):
            made |= _made_of(frame, added, name)
        record(added, made, [Role(added)])
        record(result, {}, one_below([frame, added]))
    return result


def with_used_zeros(frame: DataFrame, used: np.ndarray) -> DataFrame:
    """`frame` as :func:`with_zeros` gave it, saying of the zeros among its rows `used` alone."""
    if DECLARED not in frame:
        return frame
    entered = frame.iloc[used]
    entered = entered[entered[DECLARED]]
    said = _caveat(frame[frame[DECLARED]])
    caveats = [
        _caveat(entered) if text == said else text
        for text in frame.attrs.get("caveats", ())
        if text != said or len(entered)
    ]
    result = frame.copy(deep=False)
    result.attrs = {**frame.attrs, "caveats": tuple(caveats)}
    return result


def in_windows(frame: DataFrame, *windows: Window) -> np.ndarray:
    """Which rows of `frame` begin in one of some windows."""
    first = first_month(frame).to_numpy()
    return np.any([(first >= begin) & (first < stop) for begin, stop in map(span, windows)], axis=0)


def one_below(frames: Sequence[DataFrame]) -> list[Role]:
    """What the rows of several frames, one below the other, are passed on from."""
    ends = np.cumsum([len(frame) for frame in frames])
    slots = [np.arange(end - len(frame), end) for frame, end in zip(frames, ends, strict=True)]
    return [Role(frame, slot=slot) for frame, slot in zip(frames, slots, strict=True)]


def _made_of(frame: DataFrame, added: DataFrame, name: str) -> dict[str, Formula]:
    """How the zeros in a computed column came about: as the others of the column did.

    Nothing where those were not made row by row.
    """
    lineage = lineage_of(frame)
    if lineage is None or name not in added:
        return {}
    formula = lineage.formulas.get(name)
    if formula is None:
        parts = [_made_of(role.frame, added, name) for role in lineage.kept if name in role.frame]
        return next(filter(None, parts), {})
    columns = {
        key: role.column
        for key, role in formula.names.items()
        if isinstance(role, Role) and role.row is role.slot is None and role.column in FIGURES
    }
    if not columns or len(columns) < len(formula.names) or not isinstance(formula.text, str):
        return {}
    return {name: Formula(formula.text, {key: Role(added, each) for key, each in columns.items()})}


def stacked_zeros(frames: Sequence[DataFrame]) -> Zeros | None:
    """The zeros of several frames that are put one below the other.

    Of a cell that two of them state nobody knows in which it was nothing, so it has none.
    """
    # A frame without periods is of a whole window, such as a growth, in which no month is none.
    timed = [frame for frame in frames if {*PERIOD} <= {*frame} and len(frame)]
    cells = [_ends_of(frame, AXES) for frame in timed if {*AXES} <= {*frame}]
    zeros = [(frame, zeros_of(frame)) for frame in timed]
    rows = [_of_frame(frame, some) for frame, some in zeros if some is not None]
    if not rows:
        return None
    single = pd.concat(cells).drop_duplicates([*AXES], keep=False, ignore_index=True)
    kept = pd.concat(rows, ignore_index=True)
    return Zeros(kept[_are_in(single, kept, AXES)].reset_index(drop=True), single)


def zeros_of_wholes(frame: DataFrame, sums: DataFrame, whole_of: Mapping[str, str]) -> Zeros | None:
    """The zeros of `sums` of the parts in `frame`: where every part of a cell is declared none.

    `whole_of` says what is left of each value of ``breakdown`` in the sums.
    """
    zeros = zeros_of(frame)
    if zeros is None or frame.empty or not {*AXES} <= {*frame}:
        return None
    parts, rows = (
        some.assign(breakdown=some["breakdown"].map(whole_of))
        for some in (frame[[*AXES]].drop_duplicates(), _of_frame(frame, zeros))
    )
    keys = [*AXES, *PERIOD]
    n_parts = parts.groupby([*AXES], dropna=False).size().rename("n_parts").reset_index()
    rows["n_zeros"] = rows.groupby(keys, dropna=False)["along"].transform("size")
    rows = rows.merge(n_parts, on=[*AXES]).drop_duplicates(keys)
    rows = rows.loc[rows["n_zeros"].eq(rows["n_parts"]), zeros.rows.columns]
    rows = rows[~_are_in(sums, rows, keys)]
    return None if rows.empty else Zeros(rows.reset_index(drop=True), _ends_of(sums, AXES))


def _are_in(frame: DataFrame, rows: DataFrame, keys: Sequence[str]) -> np.ndarray:
    """Which of `rows` have a cell that `frame` has."""
    stated, places = (pd.MultiIndex.from_frame(some[[*keys]]) for some in (frame, rows))
    return places.isin(stated)


def _ends_of(frame: DataFrame, axes: Sequence[str]) -> DataFrame:
    """First and last month of each cell of `frame`."""
    first = first_month(frame)
    ends = frame[[*axes]].assign(first=first, last=first + frame["n_months"] - 1)
    cells = ends.groupby([*axes], dropna=False, as_index=False)
    return cells.agg({"first": "min", "last": "max"})


def _of_frame(frame: DataFrame, zeros: Zeros) -> DataFrame:
    """The zeros of cells that `frame` still has, in the time that it still covers.

    A cell whose first month is still there has no limit before it, unless the whole frame was cut
    off in time; the same holds for its last month.
    """
    axes = [name for name in AXES if name in frame]
    if not {*zeros.rows["along"]} <= {*axes}:
        return zeros.rows.iloc[:0]
    ends = {"first": "min", "last": "max"}
    now = _ends_of(frame, axes)
    then = zeros.cells.groupby(axes, dropna=False, as_index=False).agg(ends)
    limits = now.merge(then, on=axes, how="left", suffixes=("", "_then"))
    for (name, extreme), free in zip(ends.items(), (0, FAR), strict=True):
        end = now[name].agg(extreme)
        is_cut = len(now) == len(then) and end != then[name].agg(extreme)
        is_changed = limits[name].ne(limits[f"{name}_then"])
        limits[name] = limits[name].where(is_changed, end if is_cut else free)
    rows = zeros.rows.merge(limits, on=axes)
    first = first_month(rows)
    is_within = (first >= rows["first"]) & (first + rows["n_months"] - 1 <= rows["last"])
    rows = rows.loc[is_within, zeros.rows.columns]
    keys = [*axes, *PERIOD]
    return rows[~_are_in(frame, rows, keys)].drop_duplicates(keys)


def _rows_like(frame: DataFrame, zeros: DataFrame, values: Sequence[str]) -> DataFrame:
    """A row for each of `zeros`, with all else as the nearest row of its cell in `frame` has it."""
    if zeros.empty:
        return frame.iloc[:0]
    axes = [name for name in AXES if name in frame]
    wanted, rows = (
        some[axes].assign(month=first_month(some), place=np.arange(len(some)))
        for some in (zeros, frame)
    )
    pairs = wanted.merge(rows, on=axes, suffixes=("_wanted", ""))
    pairs["distance"] = (pairs["month"] - pairs["month_wanted"]).abs()
    ordered = pairs.sort_values(["place_wanted", "distance", "place"])
    place = ordered.drop_duplicates("place_wanted")["place"].to_numpy()
    added = frame.iloc[place].copy()
    added.attrs = {}
    cells = frame.groupby(axes, dropna=False)
    for name in added.select_dtypes("number").columns.difference(["n_months", *PLACE]):
        if name in values:
            n_stated = cells[name].transform("count").to_numpy()[place]
            added[name] = np.where(n_stated > 0, 0.0, np.nan)
        elif added[name].dtype.kind == "f":
            added[name] = np.nan
    for name in (*PERIOD, *PLACE):  # sums have no place, and yet their zeros have one
        added[name] = zeros[name].to_numpy()
    for name, plain in (("flags", ""), ("qualifier", "="), ("note", None)):
        if name in added:
            added[name] = plain
    return added


def _caveat(rows: DataFrame) -> str:
    """Which rows count as none, in one line."""
    months = sorted({*rows["ref_period"].dt.strftime("%Y-%m")})
    when = ", ".join(months[:3]) + " …" * (len(months) > 3)
    who = ""
    if "source_id" in rows:
        who = f", as {', '.join(sorted({*rows['source_id']}))} declares"
    what = "1 absent row counts" if len(rows) == 1 else f"{len(rows)} absent rows count"
    return f"{what} as 0{who}: {when}"
