"""Of several editions, rates or own files that state one thing, the one to take."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import schema
from tradeflows.model.errors import QueryError
from tradeflows.model.source import Source
from tradeflows.tables.releases import PERIOD, family

if TYPE_CHECKING:
    from pandas import DataFrame

FACTS = ["currency", "value_reported", "primary_value_usd", "net_wgt_kg", "qty"]
HS_EDITION = re.compile(r"H[0-9]")  # HS 1992 is H0, HS 2022 is H6; "HS" states none
# Whatever its statistic is called: two files may say one thing in two ways.
RATE = ["base", "quote", "publisher", "ref_period", "n_months"]


class Choice(NamedTuple):
    """The rows that were taken, and what is to be said of that."""

    rows: DataFrame
    caveats: Sequence[str] = ()


def older(rows: pa.Table, frame: DataFrame, sources: Mapping[str, Source], table: str) -> list[str]:
    """What is said of `rows` that a newer release replaced, where the answer has their publisher.

    `frame` is the answer.
    """
    publishers = {sources[name].publisher for name in frame["source_id"].unique()}
    names = [name for name, source in sources.items() if source.publisher in publishers]
    is_of_answer = pc.is_in(rows["source_id"], pa.array(names, pa.string()))
    if table == "trade":
        for column in ("reporter_iso", "flow_code"):
            values = pa.array(frame[column].unique(), pa.string())
            is_of_answer = pc.and_(is_of_answer, pc.is_in(rows[column], values))
    count = pc.sum(is_of_answer).as_py()
    which, name = ("older", "vintage") if table == "trade" else ("superseded", "source")
    text = f"{count} rows of {which} ones passed over; {name}= chooses"
    return [f"the newest release of each period: {text}"] if count else []


def any_source(frame: DataFrame) -> str:
    """How to ask for one of the sources of some rows."""
    return " or ".join(f"source={name!r}" for name in sorted(frame["source_id"].unique()))


def stated_once(frame: DataFrame, sources: Mapping[str, Source]) -> Choice:
    """Of one cell that several of the user's own files state in one release, one statement."""
    whose = family(frame, sources)
    is_own = whose.ne(frame["source_id"])
    counts = frame["vintage"].groupby(whose).nunique()
    caveats = [f"{name}: the periods are from {n} releases" for name, n in counts.items() if n > 1]
    if not is_own.any():
        return Choice(frame, caveats)
    cell = [name for name in schema.key(schema.TRADE) if name != "source_id"]
    # Two questions may have brought one row of one release twice.
    frame = frame[~(is_own & frame.duplicated([*cell, *FACTS]))]
    twice = is_own[frame.index] & frame.duplicated(cell, keep=False)
    if not twice.any():
        return Choice(frame, caveats)
    by = [frame[name] for name in cell]
    # Yuan beside dollars contradict nothing; whoever does not choose one is refused later.
    twice &= frame["currency"].groupby(by).transform("nunique").le(1)
    days = frame["source_id"].map({name: f"{each.retrieved}" for name, each in sources.items()})
    kept = frame[~twice | days.eq(days.groupby(by).transform("max"))]
    taken = kept[twice[kept.index]]
    ambiguous = taken[taken.duplicated(cell, keep=False)]
    if len(ambiguous):
        raise QueryError(
            f"{len(ambiguous.groupby(cell))} cells are stated in several ways, by files of one "
            f"day; add {any_source(ambiguous)}, or the vintage of each to its entry"
        )
    who = ", ".join(sorted(taken["source_id"].unique()))
    text = "cells are stated in several ways; taken as in the file that was retrieved last"
    caveats += [f"{len(taken)} {text} ({who}); source= chooses"] if who else []
    return Choice(kept, caveats)


def one_edition(frame: DataFrame, sources: Mapping[str, Source]) -> Choice:
    """Of the editions of HS in which a source states one flow of one period, the newest.

    An edition is another statement of the same trade: added up, they would count it twice.
    """
    rows = frame[frame["classification_code"].str.fullmatch(HS_EDITION)]
    editions = rows["classification_code"]
    if editions.nunique() < 2:
        return Choice(frame)
    flow = [family(rows, sources)]
    flow += [rows[name] for name in ("partner_code", "asked", "freq_code", *PERIOD)]
    # A file may state some goods in one edition and others in another, none of them twice.
    is_repeated = editions.groupby([*flow, rows["cmd_code"]]).transform("nunique").gt(1)
    is_old = editions.ne(editions.groupby(flow).transform("max"))
    passed = rows[is_old & is_repeated.groupby(flow).transform("any")]
    if passed.empty:
        return Choice(frame)
    names = ", ".join(sorted(passed["classification_code"].unique()))
    who = ", ".join(sorted(passed["reporter_iso"].unique()))
    restated = (
        f"{who}: {len(passed)} rows of another edition of HS ({names}) state the same trade "
        "as those of the newest and were passed over; classification= chooses"
    )
    return Choice(frame.drop(passed.index), [restated])


def one_rate(frame: DataFrame, sources: Mapping[str, Source]) -> Choice:
    """Of several sources that state one rate: a whole month's, then by rank, then the newest."""
    if not frame.duplicated(RATE).any():
        return Choice(frame)
    order = {name: (each.rank, -each.retrieved.toordinal()) for name, each in sources.items()}
    places = sorted({*order.values()})
    ranked = frame.assign(
        partial=frame["flags"].str.contains(r"\bpartial\b"),
        rank=frame["source_id"].map({name: places.index(place) for name, place in order.items()}),
    )
    ranked = ranked.sort_values(["partial", "rank"], kind="stable")
    is_repeated = ranked.duplicated(RATE)[frame.index]
    who = ", ".join(sorted(frame.loc[is_repeated, "source_id"].unique()))
    text = f"months that another source states too passed over ({who}); source= chooses"
    return Choice(frame[~is_repeated], [f"{is_repeated.sum()} {text}"])
