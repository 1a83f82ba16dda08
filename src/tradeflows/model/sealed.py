"""What an answer was when it was read: whether a number of it is still what its unit says."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from numpy import ndarray

from tradeflows.model.attached import Attached, Kept
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import MADE, PLACE

SEAL = "read"
UNKNOWN = "changed after reading; unit not known"
LOST = "pandas passed on neither what was read nor its source: unit, source and caveats not known"
# Columns that tell series apart.
SERIES = (
    "window",
    "reporter_iso",
    "partner_iso",
    "cmd_code",
    "flow_code",
    "concept",
    "measure",
    "currency_group",
    "region",
    "partner_role",
    "part",
    "effect",
)
VALUES = ("value", "low", "high")  # all that ``unit`` is of
# What a number that is of no one raw row stands beside, where it is as it was read.
KEYS = (*SERIES, "ref_period", "n_months", "id")
PERIODS = "periods"
NAMED = "named"  # of what a frame was, by column, before a measure took columns away
LESS = "less"  # of what was taken out of it
FEW_BOUNDS = 8  # figures that a caveat names
MOST_DIGITS = 9  # that a rounded number may have, before or behind the point


class Seal(Kept):
    """The frames that an answer is made of, as they were read."""

    def __reduce__(self) -> tuple[Any, ...]:
        """All of it, since what is saved as a pickle is still what was read."""
        return _seal_of, (self.frames,)


def _seal_of(frames: tuple[pd.DataFrame, ...]) -> Seal:
    return Seal("the rows as they were read", frames=frames)


def seal(frame: pd.DataFrame) -> None:
    """Keep what the rows of `frame` are now; it costs nothing until somebody changes them."""
    kept = frame.copy(deep=False)
    kept.attrs = {}
    frame.attrs[SEAL] = _seal_of((kept,))


def join_seals(frame: pd.DataFrame, inputs: Sequence[Any]) -> None:
    """Give `frame`, which pandas joined, the seals of all that it is made of."""
    seals = dict.fromkeys(each.attrs.get(SEAL) for each in inputs)
    frames = tuple(rows for each in seals if isinstance(each, Seal) for rows in each.frames)
    if frames:
        frame.attrs[SEAL] = _seal_of(frames)


def changed(
    frame: pd.DataFrame, columns: Sequence[str] = VALUES, digits: int | None = None
) -> ndarray:
    """Which rows have a number in `columns` that was not read, or not of this row and unit.

    With `digits` one that was read counts as rounded to so many behind the point.
    """
    plain = pd.DataFrame(frame)
    figures = [name for name in columns if name in plain]
    if _is_as_kept(plain, _kept(frame), figures):
        return np.zeros(len(plain), bool)
    is_read = np.zeros(len(plain), bool)
    has_place = plain[[*PLACE]].notna().all(axis="columns") if {*PLACE} <= {*plain} else False
    for rows in (each for each in _kept(frame) if {*figures} & {*each}):
        is_placed = np.broadcast_to(has_place if {*PLACE} <= {*rows} else False, len(plain))
        for keys, where in ((PLACE, is_placed), (KEYS, ~is_placed)):
            names = [name for name in (*keys, "unit") if name in plain and name in rows]
            # A column that one of several joined answers does not have is null in all its rows.
            known = rows.reindex(columns=[*names, *figures])
            if digits is not None:
                known = known.assign(**{name: known[name].round(digits) for name in figures})
            if where.any():
                is_read |= where & _stand_in(plain[[*names, *figures]], known)
    return np.asarray(plain[figures].notna().any(axis="columns").to_numpy() & ~is_read)


def _kept(frame: pd.DataFrame) -> list[pd.DataFrame]:
    """What was read of `frame`, or made of that by a measure, which takes no changed number."""
    return [rows for holder in _holders(frame) for rows in holder.frames]


def _holders(frame: pd.DataFrame | pd.Series) -> list[Kept]:
    holders = (frame.attrs.get(SEAL), frame.attrs.get(MADE))
    return [holder for holder in holders if isinstance(holder, Kept)]


def left_out(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows with a figure that were read between the first and last period of the series of `frame`.

    Those that it still has are not among them.
    """
    series = [name for name in SERIES if name in frame]
    out = []
    for rows in _kept(frame):
        if {*series, "ref_period"} <= {*rows}:
            ends = frame["ref_period"].min(), frame["ref_period"].max()
            is_within = rows["ref_period"].between(*ends) & rows["value"].notna()
            is_of_series = _stand_in(rows[series], frame[series]) if series else True
            is_there = _stand_in(rows[[*series, "ref_period"]], frame[[*series, "ref_period"]])
            out.append(rows[is_within & is_of_series & ~is_there])
    return pd.concat(out) if out else frame.iloc[:0]


def bounded(frame: pd.DataFrame | pd.Series) -> list[pd.DataFrame]:
    """Figures read of `frame` that are not exact, such as "more than 12,000,000"."""
    return [rows for holder in _holders(frame) for rows in holder.inexact]


def bounds_in_words(frame: pd.DataFrame | pd.Series, among: set[float] | None = None) -> list[str]:
    """A caveat that names the figures read of `frame`, or `among` these, that are not exact."""
    figures = chain(
        *(zip(rows["qualifier"], rows["value"], strict=True) for rows in bounded(frame))
    )
    some = (pair for pair in figures if among is None or pair[1] in among)
    texts = [*dict.fromkeys(f"{sign} {value:,.15g}" for sign, value in some)]
    named = ", ".join(texts[:FEW_BOUNDS]) + " …" * (len(texts) > FEW_BOUNDS)
    return [f"figures that were read are not exact: {named}"] * bool(texts)


def with_signs(frame: pd.DataFrame) -> pd.DataFrame:
    """A plain frame with the ``qualifier`` that its values were read with, where it was taken away.

    Where nobody knows any more which figures are not exact, a caveat says that some are.
    """
    plain = pd.DataFrame(frame)
    plain.attrs = dict(frame.attrs)
    rows_read = bounded(frame)
    if not rows_read or plain.columns.nlevels > 1 or not plain.columns.is_unique:
        return plain
    is_lost = bool({*plain.select_dtypes("number")}.difference(*rows_read))  # under another name
    is_lost &= "qualifier" not in plain
    if "value" in plain:
        signs = _signs_of(plain, _kept(frame))
        is_lost = bool((signs.isna() & plain["value"].notna()).any())
        if not {*signs.dropna()} <= {"="}:
            plain = plain.drop(columns="qualifier", errors="ignore")
            plain.insert(plain.columns.get_loc("value"), "qualifier", signs)
    if is_lost:
        plain.attrs["caveats"] = (*plain.attrs.get("caveats", ()), *bounds_in_words(frame))
    return plain


def _signs_of(frame: pd.DataFrame, kept: Sequence[pd.DataFrame]) -> pd.Series:
    """The qualifier of each value or, where there is none, that of its row among the `kept`.

    A row is known by its place or id, whatever was done to its number, and else by that.
    """
    signs = frame.get("qualifier", pd.Series(None, frame.index)).astype(object)
    number = ("unit", "value")
    for keys, needed in ((PLACE, PLACE), (("id",), ("id",)), ((*KEYS, *number), number)):
        for rows in kept:
            names = [name for name in keys if name in frame and name in rows]
            if {*needed} <= {*names}:
                known: dict[Any, dict[str, None]] = {}
                stated = rows.get("qualifier", ["="] * len(rows))
                for cells, sign in zip(_cells(rows[names]), stated, strict=True):
                    known.setdefault(cells, {})[sign] = None
                found = [
                    " or ".join(known.get(cells, ())) or None for cells in _cells(frame[names])
                ]
                signs = signs.where(signs.notna(), pd.Series(found, frame.index, object))
    return signs


def _stand_in(frame: pd.DataFrame, rows: pd.DataFrame) -> ndarray:
    """Which rows of `frame` are among `rows`."""
    if _are_alike(frame, rows, [*rows]):
        return np.ones(len(frame), bool)
    try:
        known = {*_cells(rows)}
        return np.fromiter((cells in known for cells in _cells(frame)), bool, len(frame))
    except TypeError:  # lists or the like, of the user's own
        return np.zeros(len(frame), bool)


def _is_as_kept(frame: pd.DataFrame, kept: Sequence[pd.DataFrame], figures: Sequence[str]) -> bool:
    """Whether the numbers of `frame` are row by row those of one of the `kept`."""
    names = {*PLACE, *KEYS, "unit"} & {*frame}
    with_figures = (rows for rows in kept if {*figures} <= {*rows})
    return any(_are_alike(frame, rows, [*names & {*rows}, *figures]) for rows in with_figures)


def _are_alike(frame: pd.DataFrame, rows: pd.DataFrame, names: Sequence[str]) -> bool:
    """Whether two frames have the same cells in columns of some names, row by row."""
    has_all = len(frame) == len(rows)
    return has_all and all(frame[name].array.equals(rows[name].array) for name in names)


def _cells(frame: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    columns = [frame[name].astype(object).where(frame[name].notna(), None) for name in frame]
    return zip(*columns, strict=True)


def _digits(frame: pd.DataFrame) -> int | None:
    """To how many digits behind the point the numbers of `frame` may be rounded."""
    try:
        numbers = frame.to_numpy("float64", na_value=np.nan)
    except (TypeError, ValueError):  # texts in their place
        return None
    numbers = numbers[np.isfinite(numbers)]
    first = -MOST_DIGITS if numbers.any() else 0
    rounded = (d for d in range(first, MOST_DIGITS) if (numbers.round(d) == numbers).all())
    return next(rounded, None)


def as_read(frame: pd.DataFrame, columns: Sequence[str] = VALUES) -> pd.DataFrame:
    """A plain frame in which no unit stands over a number that it is not of.

    A unit that nothing was read in is the user's own, and stays; so does that of rounded numbers.
    """
    plain = with_signs(frame)
    if not (plain.columns.is_unique and "unit" in plain):
        return plain
    is_changed = changed(frame, columns)
    if not is_changed.any():
        return plain
    caveats = plain.attrs.get("caveats", ())
    figures = plain[[name for name in columns if name in plain]]
    digits = _digits(figures)
    if digits is not None and not changed(frame, columns, digits).any():
        plain.attrs["caveats"] = (*caveats, "the values were rounded after reading")
        return plain
    frames = _kept(frame)
    units = {unit for rows in frames for unit in rows["unit"].dropna()}
    is_own = bool(frames) & plain["unit"].notna() & ~plain["unit"].isin(units).to_numpy()
    text = f"{is_changed.sum()} of {len(plain)} values were changed after reading"
    notes = [LOST] if not frames else []
    notes += [f"{text}: what they count is not known"] if (is_changed & ~is_own).any() else []
    notes += [f"{text}, and the unit is as you wrote it"] if (is_changed & is_own).any() else []
    is_unknown = (is_changed | figures.isna().all(axis="columns")) & ~is_own
    kept = {name: item for name, item in plain.attrs.items() if name not in (MADE, SEAL)}
    plain = plain.assign(unit=plain["unit"].astype(object).mask(is_unknown, UNKNOWN))
    plain.attrs = {**kept, "caveats": (*notes, *caveats)}
    return plain


def require_as_read(frame: pd.DataFrame) -> pd.DataFrame:
    """As :func:`as_read`; refuses numbers of unknown units, of which no sum has a meaning."""
    plain = as_read(frame)
    if UNKNOWN in {*plain.get("unit", ())}:
        raise QueryError(
            "values, or what they are of, were changed after reading, so their unit is not known: "
            "measure before that, or say what they are now with assign(value=…, unit=…)"
        )
    return plain


class Periods(Attached):
    """The period of each row, by its label: its `first` day and its `length`."""

    first: pd.Series
    length: pd.Series

    def at(self, labels: pd.Index) -> list[tuple[Any, ...]]:
        """The periods of the rows of some labels, or of all of them in turn."""
        if not self.first.index.equals(labels):
            return [*zip(self.first.reindex(labels), self.length.reindex(labels), strict=True)]
        return [*zip(self.first, self.length, strict=True)]


class Column(pd.Series):
    """A column of an answer, paired with that of another one period by period or not at all."""

    @property
    def _constructor(self) -> Callable[..., pd.Series]:
        return Column

    @property
    def _constructor_expanddim(self) -> Callable[..., pd.DataFrame]:
        return pd.DataFrame

    def __repr__(self) -> str:
        """As pandas shows it and, of figures that are not exact, which these are."""
        is_of_figures = self.name in VALUES and self.dtype.kind == "f"
        notes = bounds_in_words(self, {*self}) if is_of_figures else []
        return "\n".join([super().__repr__(), *notes])

    def _arith_method(self, other: Any, op: Any) -> Any:
        require_same_periods(self, other)
        result = super()._arith_method(other, op)
        attrs = [getattr(side, "attrs", {}) for side in (self, other)]
        for name in ("sources", "caveats"):  # what both sides carry
            items = dict.fromkeys(item for each in attrs for item in each.get(name, ()))
            if items:
                result.attrs[name] = tuple(items)
        is_sum = op.__name__.removeprefix("r") in ("add", "sub")
        if not (is_sum and attrs[0].get("unit") == attrs[1].get("unit")):
            result.attrs.pop("unit", None)
        return result

    def _binop(self, other: Any, *arguments: Any, **options: Any) -> Any:
        require_same_periods(self, other)
        return super()._binop(other, *arguments, **options)


def with_periods(column: Any, frame: pd.DataFrame) -> Any:
    """A column that knows which period each of its rows is of."""
    if isinstance(column, Column) and {"ref_period", "n_months"} <= {*frame.columns}:
        first, length = (
            pd.DataFrame.__getitem__(frame, name) for name in ("ref_period", "n_months")
        )
        periods = Periods("of the rows", first=first, length=length)
        column.attrs = {**column.attrs, PERIODS: periods}
    return column


def require_same_periods(one: Any, other: Any) -> None:
    """Refuse two columns whose rows of one label are of two periods, or share no label."""
    mine, theirs = (getattr(side, "attrs", {}).get(PERIODS) for side in (one, other))
    if not (isinstance(mine, Periods) and isinstance(theirs, Periods)) or mine is theirs:
        return
    labels, others = mine.first.index, theirs.first.index
    is_paired = True
    if not labels.equals(others):
        is_paired = labels.is_unique and others.is_unique
        labels = one.index.intersection(other.index)
        is_paired &= bool(len(labels)) or not len(one) or not len(other)
    if not is_paired or mine.at(labels) != theirs.at(labels):
        raise QueryError(
            "pandas pairs the two by the labels of rows, and rows of one label are not all of one "
            "period: a.series() / b.series() goes by period, and so does a.wide('reporter') of one "
            "answer"
        )
