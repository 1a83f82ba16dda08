"""Which source answers: the one that covers the window, else the first by rank; or several."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from tradeflows.model.absence import Zeros
from tradeflows.model.errors import QueryError
from tradeflows.model.periods import first_month, month_text, runs
from tradeflows.model.source import Source
from tradeflows.retrieval.user_files import month
from tradeflows.tables.choose import Choice, family

FLOW = ["reporter_iso", "partner_iso", "flow_code", "freq_code", "cumulation", "asked"]
# Not by partner: two sources' partners side by side are no whole that shares could be of.
WHOLE = [name for name in FLOW if name != "partner_iso"]
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

    @property
    def half_open(self) -> tuple[int | None, int | None]:
        """The first month and the month after the last."""
        return self.first, None if self.last is None else self.last + 1


def one_source(frame: pd.DataFrame, sources: Mapping[str, Source], window: Window) -> Choice:
    """Of several sources that state one flow, that which covers the window, then the first by rank.

    Raises
    ------
    QueryError
        What one reporter states would come from several sources.
    """
    if frame["source_id"].nunique() == 1:
        return Choice(frame)
    frame = _ordered(frame, sources, window)
    best = frame["order"].groupby(frame["flow"]).transform("min")
    kept, passed = frame[frame["order"].eq(best)], frame[frame["order"].gt(best)]
    mixed = kept[kept.groupby("whole")["family"].transform("nunique").gt(1)]
    if len(mixed):
        who = ", ".join(sorted(mixed["reporter_iso"].unique()))
        choice = " or ".join(f"source={name!r}" for name in sorted(mixed["source_id"].unique()))
        raise QueryError(
            f"what {who} reports would come from several sources, partner by partner "
            f"or of one rank; add {choice}"
        )
    caveats = _passed_over(kept, passed)
    return Choice(kept.drop(columns=ADDED), caveats)


ADDED = ["family", "first_month", "last_month", "whole", "flow", "order"]


def _ordered(frame: pd.DataFrame, sources: Mapping[str, Source], window: Window) -> pd.DataFrame:
    """`frame` with the months of each row, its family, and the place of that in the preference.

    ``whole`` and ``flow`` number what :data:`WHOLE` and :data:`FLOW` name.
    """
    first = first_month(frame)
    frame = frame.assign(
        family=family(frame, sources),
        first_month=first,
        last_month=first + frame["n_months"] - 1,
        whole=frame.groupby(WHOLE).ngroup(),
    )
    frame = frame.assign(flow=frame.groupby(["whole", "partner_iso"]).ngroup())
    rank = frame["source_id"].map({name: _rank(source) for name, source in sources.items()})
    order = rank.rank(method="dense")
    if window.is_asked:
        order += _months_lacking(frame, window) * (order.max() + 1)
    return frame.assign(order=order)


def _rank(source: Source) -> float:
    """The place of a source: what is fetched first, and a whole month before an answer of it."""
    is_fetched = source.kind == "fetched"
    is_whole = bool(month(source))
    return source.rank - 0.5 * is_fetched - 0.1 * is_whole


def _months_lacking(frame: pd.DataFrame, window: Window) -> pd.Series:
    """How many months of the window lie before the first or after the last of a row's family.

    An end that is open lies where the first or the last of the sources ends.
    """
    group = frame["whole"]
    of_family = [group, frame["family"]]
    first = frame["first_month"].groupby(of_family).transform("min")
    last = frame["last_month"].groupby(of_family).transform("max")
    begins = first.groupby(group).transform("min") if window.first is None else window.first
    ends = last.groupby(group).transform("max") if window.last is None else window.last
    before, after = first - begins, ends - last
    return before.clip(lower=0) + after.clip(lower=0)


def _passed_over(kept: pd.DataFrame, passed: pd.DataFrame) -> list[str]:
    """A line for each source that was passed over, with what it has beyond the one taken."""
    caveats = []
    for name, rows in passed.groupby("source_id"):
        reporters = sorted(rows["reporter_iso"].unique())
        taken = kept[kept["reporter_iso"].isin(reporters)]
        first, last = rows["first_month"].min(), rows["last_month"].max()
        is_beyond = first < taken["first_month"].min() or last > taken["last_month"].max()
        begins, ends = month_text(first), f"{rows['ref_period'].max():%Y-%m}"
        line = (
            f"{', '.join(reporters)}: {name} ({begins} to {ends}) states this too and was "
            "passed over; publisher= or source= chooses"
        )
        caveats.append(line + (", splice=True joins both" if is_beyond else ""))
    return caveats


def spliced(frame: pd.DataFrame, sources: Mapping[str, Source], window: Window) -> Choice:
    """The parts of several sources one after the other; no month is of two.

    The source that :func:`one_source` would take comes first. Before and after its months stand
    those of the next one, and so on; a hole within them stays one.
    """
    if frame["source_id"].nunique() == 1:
        return Choice(frame)
    frame = _ordered(frame, sources, window)
    kept, caveats = [], []
    for _, rows in frame.groupby("whole"):
        parts = _parts_of(rows)
        kept += parts
        caveats += _seams(parts)
    whole = pd.concat(kept).sort_index()
    passed = frame.drop(whole.index)
    if len(passed):
        names = ", ".join(sorted(passed["source_id"].unique()))
        caveats.append(
            f"{len(passed)} rows of months that the source before them states were passed over "
            f"({names}); source= chooses"
        )
    return Choice(whole.drop(columns=ADDED), caveats)


def _parts_of(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Rows of one flow by family, each of months that none before it has; in order of time."""
    order = rows.groupby("family")["order"].min()
    preference = sorted(order.index, key=lambda name: (order[name], name))
    parts: list[pd.DataFrame] = []
    begins = ends = 0
    for name in preference:
        of_family = rows[rows["family"].eq(name)]
        if not parts:
            parts = [of_family]
        else:
            earlier = of_family[of_family["last_month"].lt(begins)]
            later = of_family[of_family["first_month"].gt(ends)]
            parts = [part for part in (earlier, *parts, later) if len(part)]
        begins = min(part["first_month"].min() for part in parts)
        ends = max(part["last_month"].max() for part in parts)
    return parts


def _seams(parts: Sequence[pd.DataFrame]) -> list[str]:
    """A line for each place where one source's part ends and another's begins."""
    lines = []
    for before, after in itertools.pairwise(parts):
        names = [", ".join(sorted(part["source_id"].unique())) for part in (before, after)]
        who = before["reporter_iso"].iloc[0]
        lines.append(
            f"{who}: {names[0]} to {month_text(before['last_month'].max())}, then {names[1]} from "
            f"{month_text(after['first_month'].min())}: a change across this seam may be one of "
            "source, not of trade"
        )
    return lines


def gaps(frame: pd.DataFrame, declared: Zeros | None, window: Window) -> list[str]:
    """A line for each reporter of which the window has months without a row or a declared zero."""
    if not window.is_asked:
        return []
    ends = _ends(frame)
    begins = ends["first"].min() if window.first is None else window.first
    stops = ends["last"].max() if window.last is None else window.last
    asked = set(range(begins, stops + 1))
    known = ends if declared is None else pd.concat([ends, _ends(declared.rows)])
    lines = []
    for reporter, spans in known.groupby("reporter_iso"):
        missing = sorted(asked - _months_within(spans))
        if missing and reporter in set(ends["reporter_iso"]):
            listed = runs(missing).split(", ")
            more = " …" if len(listed) > MOST_GAPS else ""
            some = ", ".join(listed[:MOST_GAPS]) + more
            lines.append(f"{reporter}: no row in {len(missing)} {OF_THE_WINDOW}: {some}")
    return lines


def _ends(rows: pd.DataFrame) -> pd.DataFrame:
    """Reporter, first and last month of each period of `rows`, each once."""
    first = first_month(rows)
    ends = rows[["reporter_iso"]].assign(first=first, last=first + rows["n_months"] - 1)
    return ends.drop_duplicates()


def _months_within(spans: pd.DataFrame) -> set[int]:
    """Every month of some periods."""
    months: set[int] = set()
    for first, last in zip(spans["first"], spans["last"], strict=True):
        months.update(range(first, last + 1))
    return months
