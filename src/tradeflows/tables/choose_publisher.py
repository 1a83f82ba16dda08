"""Whose rows answer: of several publishers that one which states most of the months asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from tradeflows.model.absence import Zeros
from tradeflows.model.errors import QueryError
from tradeflows.model.periods import first_month, month_text, runs
from tradeflows.model.source import Source, month, released
from tradeflows.tables.choose_release import Choice, any_source, family

if TYPE_CHECKING:
    from pandas import DataFrame

# Not by partner: two publishers' partners side by side are no whole that shares could be of.
WHOLE = ["reporter_iso", "flow_code", "freq_code", "cumulation", "asked"]
KIND = ["currency", "valuation", "partner_role"]  # in which two series of a publisher differ
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


def one_source(
    frame: DataFrame, sources: Mapping[str, Source], window: Window, *, splice: bool = False
) -> Choice:
    """Of several publishers of one flow that which states most months of the window, then by rank.

    The files of a publisher that state one kind of figure are one series, of which each cell and
    month is of one file: the first by rank, then the newest. A `splice` gives each month to the
    first publisher that states it.

    Raises
    ------
    QueryError
        What one reporter states would come from several publishers, or a cell from several files.
    """
    if frame["source_id"].nunique() == 1:
        return Choice(frame)
    rows = _series(frame, sources)
    n = len(rows)
    months = rows.iloc[row_of_months(frame)].assign(month=months_stated(frame))
    is_kept = _in_turn(months, ["whole", "series", "partner"], "file", n)
    held = months[is_kept[months.index]]
    offer = held.groupby(["whole", "series"]).agg(months=("month", "nunique"), rank=("rank", "min"))
    offer["months"] *= -1 if window.is_asked else 0
    order = ["months", "rank", "series"] if splice else ["months", "rank"]
    offer["turn"] = offer.groupby(order).ngroup()
    rows = rows.join(offer["turn"], on=["whole", "series"])
    if splice:
        turn = rows["turn"].to_numpy()[held.index]
        is_kept &= _in_turn(held.assign(turn=turn), ["whole"], "turn", n)
    else:
        flow = [rows["whole"], rows["partner"]]
        is_kept &= rows["turn"].eq(rows["turn"].groupby(flow).transform("min")).to_numpy()
    held = held[is_kept[held.index]]
    _require_one(frame, held, splice)
    return Choice(frame[is_kept], [*_seams(frame, held), *_passed_over(frame, is_kept, splice)])


def _series(frame: DataFrame, sources: Mapping[str, Source]) -> DataFrame:
    """Of each row, by number: what it is of, its series, its file and that one's turn, its rank."""
    import pandas as pd

    kinds = frame[["source_id", "flow_code", *KIND]].drop_duplicates().fillna("").astype("str")
    kind = kinds.groupby(["source_id", "flow_code"]).agg(
        lambda texts: " ".join(sorted({*texts} - {""}))
    )
    names = {
        place: " ".join([sources[place[0]].publisher, *some])
        for place, *some in kind.itertuples(name=None)
    }
    places = zip(frame["source_id"], frame["flow_code"], strict=True)
    rank, order = {}, {}
    for name in frame["source_id"].unique():
        source = sources[name]
        # What is fetched comes first, and a whole month before an answer of it.
        rank[name] = source.rank - 0.5 * (source.kind == "fetched") - 0.1 * bool(month(source))
        newest_first = -date.fromisoformat(released(source)).toordinal()
        order[name] = rank[name], newest_first, -source.retrieved.toordinal()
    turns = {place: number for number, place in enumerate(sorted({*order.values()}))}
    turn = frame["source_id"].map({name: turns[place] for name, place in order.items()})
    whose = family(frame, sources)
    columns = {
        "whole": frame.groupby(WHOLE, dropna=False).ngroup(),
        "partner": frame["partner_iso"],
        "series": [names[place] for place in places],
        "family": whose,
        "file": turn.groupby(whose).transform("min"),
        "rank": frame["source_id"].map(rank),
    }
    return pd.DataFrame(columns).reset_index(drop=True)


def _in_turn(months: DataFrame, place: Sequence[str], turn: str, n: int) -> np.ndarray:
    """Whether each row is taken: none of its months, by `place`, is of one whose turn was before.

    `months` has a line for each month of each of `n` rows, and the row's number as its index.
    """
    row = months.index.to_numpy()
    cell = months.groupby([*place, "month"]).ngroup().to_numpy()
    turns = months[turn].to_numpy()
    is_stated = np.zeros(len(months), bool)
    is_taken = np.zeros(n, bool)
    for now in np.unique(turns):
        of_turn = turns == now
        is_busy = np.bincount(row[of_turn], is_stated[cell[of_turn]], n) > 0
        kept = of_turn & ~is_busy[row]
        is_taken[row[kept]] = True
        is_stated[cell[kept]] = True
    return is_taken


def row_of_months(frame: DataFrame) -> np.ndarray:
    """The number of the row that each month of each row is of."""
    return np.repeat(np.arange(len(frame)), frame["n_months"].to_numpy("int64"))


def months_stated(frame: DataFrame) -> np.ndarray:
    """Each month of each row, counted from year 0."""
    length = frame["n_months"].to_numpy("int64")
    row = row_of_months(frame)
    after = np.arange(len(row)) - np.repeat(length.cumsum() - length, length)
    return first_month(frame).to_numpy("int64")[row] + after


def _require_one(frame: DataFrame, months: DataFrame, splice: bool) -> None:
    """Refuse several series of what one reporter states, and several files of one cell."""
    is_mixed = months.groupby(["whole", "partner", "month"])["family"].transform("nunique").gt(1)
    if not splice:
        several = months.groupby("whole")[["series", "family"]].transform("nunique")
        is_mixed |= several.gt(1).all(axis=1)
    if is_mixed.any():
        mixed = frame.iloc[months.index[is_mixed].unique()]
        who = ", ".join(sorted(mixed["reporter_iso"].unique()))
        raise QueryError(
            f"what {who} reports would come from several sources, partner by partner "
            f"or of one rank; add {any_source(mixed)}"
        )


def _seams(frame: DataFrame, months: DataFrame) -> list[str]:
    """A line for each place in time where one file ends and another begins."""
    line = months.assign(place=months.index).sort_values(["whole", "partner", "month"])
    line = line.drop_duplicates(["whole", "partner", "month"])
    before = line.shift()
    is_seam = line["family"].ne(before["family"])
    for name in ("whole", "partner"):
        is_seam &= line[name].eq(before[name])
    texts: dict[str, None] = {}
    for then, now in zip(before[is_seam].itertuples(), line[is_seam].itertuples(), strict=True):
        earlier, later = frame.iloc[int(then.place)], frame.iloc[now.place]
        text = (
            f"{later['reporter_iso']}: {earlier['source_id']} to {month_text(int(then.month))}, "
            f"then {later['source_id']} from {month_text(now.month)}: a change across this seam "
            "may be one of source, not of trade"
        )
        texts[text] = None
    lines = [*texts]
    more = [f"{len(lines) - MOST_GAPS} more such seams"] if len(lines) > MOST_GAPS else []
    return lines[:MOST_GAPS] + more


def _passed_over(frame: DataFrame, is_kept: np.ndarray, splice: bool) -> list[str]:
    """What was passed over, with the months that it states and those that it alone does."""
    passed = frame[~is_kept]
    names = sorted(passed["source_id"].unique())
    if splice and names:
        return [
            f"{len(passed)} rows of months that the source before them states were passed over "
            f"({', '.join(names)}); source= chooses"
        ]
    lines = []
    for name in names:
        mine = passed[passed["source_id"].eq(name)]
        reporters = sorted(mine["reporter_iso"].unique())
        taken = frame[is_kept & frame["reporter_iso"].isin(reporters).to_numpy()]
        stated = {*months_stated(mine)}
        n_more = len(stated.difference(months_stated(taken)))
        more = f", splice=True adds {n_more} month{'s' * (n_more > 1)}" if n_more else ""
        lines.append(
            f"{', '.join(reporters)}: {name} ({_some_runs(stated)}) states "
            f"this too and was passed over; publisher= or source= chooses{more}"
        )
    return lines


def _some_runs(months: Iterable[int]) -> str:
    """Some months in words, those in a row as a range, and not too many ranges."""
    listed = runs(months).split(", ")
    more = " …" if len(listed) > MOST_GAPS else ""
    return ", ".join(listed[:MOST_GAPS]) + more


def gaps(frame: DataFrame, declared: Zeros | None, window: Window) -> list[str]:
    """A line for each reporter of which the window has months without a row or a declared zero."""
    if not window.is_asked:
        return []
    stated = _months_by_reporter(frame)
    all_months = set().union(*stated.values())
    begins = min(all_months) if window.first is None else window.first
    ends = max(all_months) if window.last is None else window.last
    none = {} if declared is None else _months_by_reporter(declared.rows)
    lines = []
    for reporter in sorted(stated):
        missing = {*range(begins, ends + 1)} - stated[reporter] - none.get(reporter, set())
        if missing:
            lines.append(
                f"{reporter}: no row in {len(missing)} {OF_THE_WINDOW}: {_some_runs(missing)}"
            )
    return lines


def _months_by_reporter(rows: DataFrame) -> dict[str, set[int]]:
    """Every month that the rows of each reporter state."""
    periods = rows[["reporter_iso", "ref_period", "n_months"]].drop_duplicates()
    return {name: {*months_stated(some)} for name, some in periods.groupby("reporter_iso")}
