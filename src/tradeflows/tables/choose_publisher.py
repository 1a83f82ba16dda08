"""Which source answers: the one that covers the window, else the first by rank; or several."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tradeflows.model.absence import Zeros
from tradeflows.model.errors import QueryError
from tradeflows.model.periods import ends_text, first_month, month_text, runs
from tradeflows.model.source import Source, bulk_month
from tradeflows.tables.choose_release import Choice, family_of

if TYPE_CHECKING:
    from pandas import DataFrame

# Not by partner: two sources' partners side by side are no whole that shares could be of.
WHOLE = ["reporter_iso", "flow_code", "freq_code", "cumulation", "asked"]
OF_THE_WINDOW = "of the months asked for"
MOST_GAPS = 6  # runs of months that a caveat lists


@dataclass(frozen=True)
class Window:
    """The months that were asked for, counted from year 0; None where an end is open."""

    first: int | None = None
    last: int | None = None

    @property
    def is_asked(self) -> bool:
        """Whether there is one."""
        return self.first is not None or self.last is not None


@dataclass(frozen=True)
class _Series:
    """What one source states of one flow.

    Attributes
    ----------
    source, family, rank
        The source, what it counts as, and its place in the preference.
    whole, partner
        The values of :data:`WHOLE`, and the partner.
    first, begins, last
        The first month, and the first and the last month of the last period.
    """

    source: str
    family: str
    rank: float
    whole: tuple[object, ...]
    partner: str
    first: int
    begins: int
    last: int

    @property
    def reporter(self) -> str:
        """Who reports it."""
        return str(self.whole[0])


def one_source(frame: DataFrame, sources: Mapping[str, Source], window: Window) -> Choice:
    """Of several sources that state one flow, that which covers the window, then the first by rank.

    Raises
    ------
    QueryError
        What one reporter states would come from several sources.
    """
    if frame["source_id"].nunique() == 1:
        return Choice(frame)
    number, series = _series(frame, sources)
    order = _preference(series, window)
    best: dict[tuple[object, ...], tuple[int, float]] = {}
    for stated_flow in series:
        flow = (*stated_flow.whole, stated_flow.partner)
        place = order[stated_flow.whole, stated_flow.family]
        best[flow] = min(best.get(flow, place), place)
    is_kept = []
    for stated_flow in series:
        flow = (*stated_flow.whole, stated_flow.partner)
        is_kept.append(order[stated_flow.whole, stated_flow.family] == best[flow])
    kept = list(itertools.compress(series, is_kept))
    passed = [stated_flow for stated_flow in series if stated_flow not in kept]
    _require_one_family(kept)
    return Choice(frame[np.array(is_kept)[number]], _passed_over(kept, passed))


def _series(frame: DataFrame, sources: Mapping[str, Source]) -> tuple[np.ndarray, list[_Series]]:
    """The number of each row's series, and all series by number."""
    number, head = _numbered(frame, [*WHOLE, "partner_iso", "source_id"])
    begin = first_month(frame).to_numpy("int64")
    after = begin + frame["n_months"].to_numpy("int64")
    first = np.full(len(head), begin.max())
    begins, last = np.zeros_like(first), np.zeros_like(first)
    np.minimum.at(first, number, begin)
    np.maximum.at(begins, number, begin)
    np.maximum.at(last, number, after - 1)
    ends = zip(first.tolist(), begins.tolist(), last.tolist(), strict=True)
    wholes = head[WHOLE].itertuples(index=False, name=None)
    partners = zip(head["partner_iso"], head["source_id"], strict=True)
    series = []
    for whole, (partner, name), months in zip(wholes, partners, ends, strict=True):
        source = sources[name]
        series.append(_Series(name, family_of(source), _rank(source), whole, partner, *months))
    return number, series


def _rank(source: Source) -> float:
    """The place of a source: what is fetched first, and a whole month before an answer of it."""
    is_fetched = source.kind == "fetched"
    is_whole = bool(bulk_month(source))
    return source.rank - 0.5 * is_fetched - 0.1 * is_whole


def _numbered(frame: DataFrame, columns: Sequence[str]) -> tuple[np.ndarray, DataFrame]:
    """The number of each row's values of some columns, and a row of each number."""
    import pandas as pd

    number = np.zeros(len(frame), "int64")
    for name in columns:
        code, values = pd.factorize(frame[name], use_na_sentinel=False)
        number = number * len(values) + code
        number = np.unique(number, return_inverse=True)[1]
    first = np.unique(number, return_index=True)[1]
    return number, frame[[*columns]].iloc[first]


def _preference(
    series: Sequence[_Series], window: Window
) -> dict[tuple[tuple[object, ...], str], tuple[int, float]]:
    """Of each whole and family how many months of the window it lacks at the ends, and its rank.

    An end that is open lies where the first or the last of the sources ends.
    """
    of_whole: dict[tuple[object, ...], list[_Series]] = {}
    for stated_flow in series:
        of_whole.setdefault(stated_flow.whole, []).append(stated_flow)
    order = {}
    for whole, some in of_whole.items():
        begins = _begin(some) if window.first is None else window.first
        ends = _end(some) if window.last is None else window.last
        for name in {stated_flow.family for stated_flow in some}:
            mine = [stated_flow for stated_flow in some if stated_flow.family == name]
            before = max(_begin(mine) - begins, 0)
            after = max(ends - _end(mine), 0)
            lacking = before + after if window.is_asked else 0
            order[whole, name] = lacking, min(stated_flow.rank for stated_flow in mine)
    return order


def _require_one_family(kept: Sequence[_Series]) -> None:
    """Refuse several sources of what one reporter states."""
    families: dict[tuple[object, ...], set[str]] = {}
    for stated_flow in kept:
        families.setdefault(stated_flow.whole, set()).add(stated_flow.family)
    mixed = [stated_flow for stated_flow in kept if len(families[stated_flow.whole]) > 1]
    if mixed:
        who = ", ".join(sorted({stated_flow.reporter for stated_flow in mixed}))
        names = sorted({stated_flow.source for stated_flow in mixed})
        choice = " or ".join(f"source={name!r}" for name in names)
        raise QueryError(
            f"what {who} reports would come from several sources, partner by partner "
            f"or of one rank; add {choice}"
        )


def _passed_over(kept: Sequence[_Series], passed: Sequence[_Series]) -> list[str]:
    """A line for each source that was passed over, with what it has beyond the one taken."""
    caveats = []
    for name in sorted({stated_flow.source for stated_flow in passed}):
        mine = [stated_flow for stated_flow in passed if stated_flow.source == name]
        reporters = sorted({stated_flow.reporter for stated_flow in mine})
        taken = [stated_flow for stated_flow in kept if stated_flow.reporter in reporters]
        first = _begin(mine)
        begins = max(stated_flow.begins for stated_flow in mine)
        months = ends_text(first, begins)
        is_earlier = first < _begin(taken)
        is_later = _end(mine) > _end(taken)
        more = ", splice=True joins both" if is_earlier or is_later else ""
        caveats.append(
            f"{', '.join(reporters)}: {name} ({months}) states "
            f"this too and was passed over; publisher= or source= chooses{more}"
        )
    return caveats


def _begin(series: Iterable[_Series]) -> int:
    return min(stated_flow.first for stated_flow in series)


def _end(series: Iterable[_Series]) -> int:
    return max(stated_flow.last for stated_flow in series)


def spliced(frame: DataFrame, sources: Mapping[str, Source], window: Window) -> Choice:
    """The parts of several sources one after the other; no month is of two.

    The source that :func:`one_source` would take comes first. Before and after its months stand
    those of the next one, and so on; a hole within them stays one.
    """
    if frame["source_id"].nunique() == 1:
        return Choice(frame)
    number, series = _series(frame, sources)
    order = _preference(series, window)
    family = np.array([stated_flow.family for stated_flow in series])[number]
    first = first_month(frame)
    rows = frame[["source_id", "reporter_iso"]].assign(first=first, family=family)
    rows["last"] = first + frame["n_months"] - 1
    kept, caveats = [], []
    for whole in sorted({whole for whole, _ in order}, key=str):
        is_of_whole = np.array([stated_flow.whole == whole for stated_flow in series])
        places = {name: place for (of, name), place in order.items() if of == whole}
        preference = sorted(places, key=lambda name: (places[name], name))
        parts = _parts_of(rows[is_of_whole[number]], preference)
        kept += parts
        caveats += _seams(parts)
    taken = np.concatenate([part.index for part in kept])
    is_taken = frame.index.isin(taken)
    passed = frame[~is_taken]
    if len(passed):
        names = ", ".join(sorted(passed["source_id"].unique()))
        caveats.append(
            f"{len(passed)} rows of months that the source before them states were passed over "
            f"({names}); source= chooses"
        )
    return Choice(frame[is_taken], caveats)


def _parts_of(rows: DataFrame, preference: Sequence[str]) -> list[DataFrame]:
    """Rows of one flow by family, each of months that none before it has; in order of time."""
    parts: list[DataFrame] = []
    begins = ends = 0
    for name in preference:
        of_family = rows[rows["family"].eq(name)]
        earlier = of_family[of_family["last"].lt(begins)]
        later = of_family[of_family["first"].gt(ends)]
        sides = [earlier, *parts, later] if parts else [of_family]
        parts = [part for part in sides if len(part)]
        begins = min(part["first"].min() for part in parts)
        ends = max(part["last"].max() for part in parts)
    return parts


def _seams(parts: Sequence[DataFrame]) -> list[str]:
    """A line for each place where one source's part ends and another's begins."""
    lines = []
    for before, after in itertools.pairwise(parts):
        earlier, later = _sources_of(before), _sources_of(after)
        who = before["reporter_iso"].iloc[0]
        ends = month_text(before["last"].max())
        begins = month_text(after["first"].min())
        lines.append(
            f"{who}: {earlier} to {ends}, then {later} from {begins}: a change across this seam "
            "may be one of source, not of trade"
        )
    return lines


def _sources_of(rows: DataFrame) -> str:
    return ", ".join(sorted(rows["source_id"].unique()))


def gaps(frame: DataFrame, declared: Zeros | None, window: Window) -> list[str]:
    """A line for each reporter of which the window has months without a row or a declared zero."""
    if not window.is_asked:
        return []
    stated = _months_by_reporter(frame)
    all_months = set().union(*stated.values())
    begins = min(all_months) if window.first is None else window.first
    ends = max(all_months) if window.last is None else window.last
    asked = set(range(begins, ends + 1))
    none = {} if declared is None else _months_by_reporter(declared.rows)
    lines = []
    for reporter in sorted(stated):
        missing = sorted(asked - stated[reporter] - none.get(reporter, set()))
        if missing:
            listed = runs(missing).split(", ")
            more = " …" if len(listed) > MOST_GAPS else ""
            some = ", ".join(listed[:MOST_GAPS]) + more
            lines.append(f"{reporter}: no row in {len(missing)} {OF_THE_WINDOW}: {some}")
    return lines


def _months_by_reporter(rows: DataFrame) -> dict[str, set[int]]:
    """Every month that the rows of each reporter state."""
    _, periods = _numbered(rows, ["reporter_iso", "ref_period", "n_months"])
    spans = zip(first_month(periods), periods["n_months"], strict=True)
    months: dict[str, set[int]] = {}
    for reporter, (first, length) in zip(periods["reporter_iso"], spans, strict=True):
        months.setdefault(reporter, set()).update(range(first, first + length))
    return months
