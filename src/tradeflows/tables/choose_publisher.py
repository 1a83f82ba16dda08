"""Whose rows answer: of several publishers that one which states most of the months asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby, pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tradeflows.model.codes import name_or_code
from tradeflows.model.errors import QueryError
from tradeflows.model.periods import first_month, month_text, months_of, runs
from tradeflows.model.source import Source, bulk_month, released
from tradeflows.tables.choose_statement import Choice, any_source
from tradeflows.tables.contradictions import contradicted
from tradeflows.tables.filters import Window
from tradeflows.tables.releases import family_of

if TYPE_CHECKING:
    from pandas import DataFrame

# Without the partner: two publishers' partners side by side are no whole that shares could be of.
WHOLE = ["reporter_iso", "flow_code", "freq_code", "cumulation", "asked"]
KIND = ["currency", "valuation", "partner_role"]  # in which two series of a publisher differ
OF_THE_WINDOW = "of the months asked for"
MOST_GAPS = 6  # runs of months, or seams, that caveats list


# By rank, whether it was fetched and is a whole month; then its day of release and of retrieval.
Place = tuple[tuple[int, bool, bool], int, int]


class _Row(NamedTuple):
    """A row by its number: what it is of, whose it is, and the months that it states."""

    number: int
    source: str
    whole: tuple[object, ...]  # its values of WHOLE: reporter, flow, rhythm and product
    partner: str
    series: str  # its publisher and KIND: of files of one series each has the months left to it
    family: str  # what counts as its file
    turn: Place  # of that among those of a series: the first by rank, then the newest
    months: range


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
    every = _rows(frame, sources)
    rows: list[_Row] = []
    for some in _grouped(every, "whole", "series", "partner").values():
        rows += _in_turn(some, lambda row: row.turn)
    places: dict[tuple[object, ...], tuple[object, ...]] = {}
    for offer, some in _grouped(rows, "whole", "series").items():
        n_months = len(_months(some)) if window.is_asked else 0
        places[offer] = -n_months, min(row.turn[0] for row in some), offer[1] if splice else ""

    def place(row: _Row) -> tuple[object, ...]:
        return places[row.whole, row.series]

    kept: list[_Row] = []
    for some in _grouped(rows, "whole", *(() if splice else ("partner",))).values():
        if splice:
            kept += _in_turn(some, place)
        else:
            best = min(map(place, some))
            kept += [row for row in some if place(row) == best]
    lines = _seams(_cells(kept, splice, frame))
    is_kept = np.zeros(len(frame), bool)
    is_kept[[row.number for row in kept]] = True
    passed = [row for row in every if not is_kept[row.number]]
    lines += _passed_over(passed, kept, splice) + contradicted(frame, kept, passed)
    return Choice(frame[is_kept], lines)


def place_of(source: Source) -> Place:
    """The place of a file among those that state one thing: by rank, then the newest first.

    Of one rank what is fetched comes first, and a whole month before an answer of it.
    """
    rank = source.rank, source.kind != "fetched", not bulk_month(source)
    newest_first = -date.fromisoformat(released(source)).toordinal()
    return rank, newest_first, -source.retrieved.toordinal()


def _rows(frame: DataFrame, sources: Mapping[str, Source]) -> list[_Row]:
    """The rows of a frame, each with its series and the place of its file."""
    files: dict[str, Place] = {}
    families = {name: family_of(sources[name]) for name in frame["source_id"].unique()}
    for name, whose in families.items():
        files[whose] = min(files.get(whose, place_of(sources[name])), place_of(sources[name]))
    kinds: dict[tuple[str, str], list[set[str]]] = {}
    words = [frame[name].tolist() for name in ("source_id", "flow_code", *KIND)]
    for name, flow, *kind in dict.fromkeys(zip(*words, strict=True)):
        texts = kinds.setdefault((name, flow), [set(), set(), set()])
        for stated, text in zip(texts, kind, strict=True):
            stated.update([text] if isinstance(text, str) else [])
    series = {
        place: " ".join([sources[place[0]].publisher, *(f"{sorted(texts)}" for texts in kind)])
        for place, kind in kinds.items()
    }
    columns = [frame[name].tolist() for name in ("source_id", "partner_iso", *WHOLE)]
    months = zip(first_month(frame).tolist(), frame["n_months"].tolist(), strict=True)
    rows = []
    for number, ((name, partner, *whole), (first, n)) in enumerate(
        zip(zip(*columns, strict=True), months, strict=True)
    ):
        of, whose, by_month = series[name, whole[1]], families[name], range(first, first + n)
        rows.append(_Row(number, name, (*whole,), partner, of, whose, files[whose], by_month))
    return rows


def _grouped(rows: Iterable[_Row], *names: str) -> dict[tuple[object, ...], list[_Row]]:
    """Rows by their values of some fields."""
    groups: dict[tuple[object, ...], list[_Row]] = {}
    for row in rows:
        groups.setdefault(tuple(getattr(row, name) for name in names), []).append(row)
    return groups


def _in_turn(rows: Iterable[_Row], turn: Callable[[_Row], Any]) -> list[_Row]:
    """Rows none of whose months is of one whose turn came before."""
    kept: list[_Row] = []
    taken: set[int] = set()
    for _, some in groupby(sorted(rows, key=turn), turn):
        free = [row for row in some if taken.isdisjoint(row.months)]
        kept += free
        taken.update(*(row.months for row in free))
    return kept


def _cells(rows: Sequence[_Row], splice: bool, frame: DataFrame) -> dict[tuple[Any, ...], _Row]:
    """The row of each flow, partner and month; QueryError where one is of several sources."""
    cells: dict[tuple[Any, ...], _Row] = {}
    mixed: list[_Row] = []
    for some in () if splice else _grouped(rows, "whole").values():
        if min(len({row.series for row in some}), len({row.family for row in some})) > 1:
            mixed += some
    for row in rows:
        for each in row.months:
            other = cells.setdefault((row.whole, row.partner, each), row)
            mixed += [row, other] if other.family != row.family else []
    if mixed:
        who = ", ".join(sorted({name_or_code(str(row.whole[0])) for row in mixed}))
        sources = sorted({row.source for row in mixed})
        raise QueryError(
            f"what {who} reports would be mixed of several sources, each of other partners "
            f"or of one rank; add {any_source(sources)}{_how_far(frame, sources)}"
        )
    return cells


def _how_far(frame: DataFrame, sources: Sequence[str]) -> str:
    """By how much two sources differ over the cells that both state."""
    first, second = (frame[frame["source_id"].eq(name)] for name in (sources[0], sources[-1]))
    both = first.merge(second, on=["reporter_iso", "partner_iso", "flow_code", "ref_period"])
    for column in ("net_wgt_kg", "primary_value_usd", "value_reported"):
        pairs = both[[f"{column}_x", f"{column}_y"]].dropna()
        if len(sources) == 2 and len(pairs) and pairs.sum().all():
            off = 100 * (pairs.sum().iloc[0] / pairs.sum().iloc[1] - 1)
            return f"; over what both state the first is {off:+.1f} % off the second by {column}"
    return "; they may differ: gap compares the answers"


def _seams(cells: Mapping[tuple[Any, ...], _Row]) -> list[str]:
    """A line for each place in time where one file ends and another begins."""
    lines: dict[str, None] = {}
    for (before, earlier), (after, later) in pairwise(sorted(cells.items(), key=itemgetter(0))):
        if before[:2] == after[:2] and earlier.family != later.family:
            text = (
                f"{after[0][0]}: {earlier.source} to {month_text(before[2])}, then {later.source} "
                f"from {month_text(after[2])}: a change across this seam may be one of source, "
                "not of trade"
            )
            lines[text] = None
    more = [f"{len(lines) - MOST_GAPS} more such seams"] if len(lines) > MOST_GAPS else []
    return [*lines][:MOST_GAPS] + more


def _passed_over(passed: Sequence[_Row], kept: Sequence[_Row], splice: bool) -> list[str]:
    """What was passed over, with the months that it states and how many it alone does."""
    if splice and passed:
        names = ", ".join(sorted({row.source for row in passed}))
        return [
            f"{len(passed)} rows of months that the source before them states were passed over "
            f"({names}); source= chooses"
        ]
    lines = []
    for (name,), mine in sorted(_grouped(passed, "source").items()):
        reporters = {str(row.whole[0]) for row in mine}
        stated = _months(mine)
        n_more = len(stated - _months(row for row in kept if row.whole[0] in reporters))
        more = f", splice=True adds {n_more} month{'s' * (n_more > 1)}" if n_more else ""
        lines.append(
            f"{', '.join(sorted(reporters))}: {name} ({some_runs(stated)}) states "
            f"this too and was passed over; publisher= or source= chooses{more}"
        )
    return lines


def _months(rows: Iterable[_Row]) -> set[int]:
    return set().union(*(row.months for row in rows))


def some_runs(months: Iterable[int]) -> str:
    """Some months in words, those in a row as a range, and not too many ranges."""
    listed = runs(months).split(", ")
    more = " …" if len(listed) > MOST_GAPS else ""
    return ", ".join(listed[:MOST_GAPS]) + more


def gaps(frame: DataFrame, window: Window) -> list[str]:
    """A line for each reporter of which the window has months without a row."""
    if not window.is_asked:
        return []
    periods = frame[["reporter_iso", "ref_period", "n_months"]].drop_duplicates()
    _, months = months_of(periods)
    begins = months.min() if window.first is None else window.first
    ends = months.max() if window.last is None else window.last
    lines = []
    for reporter, some in periods.groupby("reporter_iso"):
        missing = {*range(begins, ends + 1)}.difference(months_of(some)[1])
        if missing:
            lines.append(
                f"{reporter}: no row in {len(missing)} {OF_THE_WINDOW}: {some_runs(missing)}"
            )
    return lines
