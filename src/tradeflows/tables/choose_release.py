"""Of several releases, editions or rates that state one thing, the one to take."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from tradeflows.model import schema
from tradeflows.model.errors import QueryError
from tradeflows.model.periods import DAY
from tradeflows.model.source import Source, bulk_month, released
from tradeflows.retrieval import catalogue

if TYPE_CHECKING:
    from pandas import DataFrame, Series

DATE_COLUMNS = ("vintage", "published")  # which may say the day of a row, the better one last
PERIOD = ["reporter_iso", "flow_code", "ref_period", "n_months", "cumulation"]
FACTS = ["currency", "value_reported", "primary_value_usd", "net_wgt_kg", "qty"]
HS_EDITION = re.compile(r"H[0-9]")  # HS 1992 is H0, HS 2022 is H6; "HS" states none
# Whatever its statistic is called: two files may say one thing in two ways.
RATE = ["base", "quote", "publisher", "ref_period", "n_months"]


class Choice(NamedTuple):
    """The rows that were taken, and what is to be said of that."""

    rows: DataFrame
    caveats: Sequence[str] = ()


def day_known(rows: pa.Table, sources: Mapping[str, Source]) -> Series:
    """The day of each row's publication or release or, where none is stated, its file's retrieval.

    `rows` have ``source_id``, and of :data:`DATE_COLUMNS` what their table has.
    """
    dated = [name for name in DATE_COLUMNS if name in rows.column_names]
    frame = rows.select(["source_id", *dated]).to_pandas()
    known = frame["source_id"].map({name: f"{each.retrieved}" for name, each in sources.items()})
    for column in dated:
        known = frame[column].where(frame[column].str.fullmatch(DAY).fillna(False), known)
    return known


def current(frame: DataFrame, day: str | None, sources: Mapping[str, Source]) -> Choice:
    """Without what a newer release withdrew or restated by `day`.

    A fetched file knows the release of each reporter and period in it, and what it was asked for;
    of that nothing older holds, also where the newer release has no row.
    """
    import numpy as np

    from tradeflows.retrieval.comtrade.replies import box_of

    places = _places(day, sources)
    if not any(any(place.values()) for place in places.values()):
        return Choice(frame)
    period = frame["ref_period"].dt.strftime("%Y%m")
    cells = frame["reporter_code"] + " " + period.mask(frame["freq_code"].eq("A"), period.str[:4])
    pairs = zip(frame["source_id"], cells, strict=True)
    own = np.array([places.get(name, {}).get(cell, -1) for name, cell in pairs])
    is_gone = np.zeros(len(frame), bool)
    for name, place in places.items():
        is_older = (own >= 0) & cells.map(place).gt(own).to_numpy()
        is_older &= frame["publisher"].eq(sources[name].publisher).to_numpy()
        if is_older.any():
            box = box_of(sources[name])
            asked = frame.loc[is_older, ["partner_code", "cmd_code", "flow_code"]]
            is_covered = [box.covers(*row) for row in asked.itertuples(index=False)]
            is_gone[is_older] |= np.array(is_covered)
    if is_gone.all():
        raise QueryError(
            "a newer release withdrew all of this, last stated by that of "
            f"{max(frame['vintage'])}; as_of= or vintage= shows it"
        )
    text = "rows of older releases, which a newer one restates or has withdrawn, passed over"
    passed = [f"{is_gone.sum()} {text}; vintage= chooses"] if is_gone.any() else []
    return Choice(frame[~is_gone], passed)


def _places(day: str | None, sources: Mapping[str, Source]) -> dict[str, dict[str, int]]:
    """Of each fetched file the place of its release of a cell among those that were out by `day`.

    A cell is a reporter and period, and the oldest release of it has place 0.
    """
    stated: dict[str, dict[str, str]] = {}
    several: dict[tuple[str, str], dict[str, None]] = {}
    for name, source in sources.items():
        for cell, text in source.arguments.get("releases", {}).items():
            is_dated = "/" not in text.split()[0]
            if day is None or (text[:10] if is_dated else f"{source.retrieved}") <= day:
                stated.setdefault(name, {})[cell] = text
                several.setdefault((source.publisher, cell), {})[text] = None
    # Of two releases of one day the one that came first is older.
    order = {
        cell: sorted(texts, key=lambda text: text.split()[0]) for cell, texts in several.items()
    }
    return {
        name: {
            cell: order[sources[name].publisher, cell].index(text)
            for cell, text in releases.items()
        }
        for name, releases in stated.items()
    }


def not_superseded(frame: DataFrame, day: str | None, sources: Mapping[str, Source]) -> Choice:
    """Without the rows of a source that another, known by `day`, supersedes as a whole."""
    old = {each.supersedes for each in sources.values() if day is None or released(each) <= day}
    is_old = frame["source_id"].isin(old)
    # Only of trade does the column of that name say the release.
    name, column = ("vintage",) * 2 if "cmd_code" in frame else ("source", "source_id")
    if is_old.all():
        values = sorted(frame[column].unique())
        choice = ", ".join(f"{name}={value!r}" for value in values[-4:])
        raise QueryError(
            "the newest release states nothing of this; an older one does, which "
            f"it supersedes: {choice}"
        )
    return Choice(frame[~is_old], _older(is_old.sum(), "superseded", name))


def _older(count: int, which: str, name: str) -> list[str]:
    """What is said of `count` rows of releases that are not the newest."""
    rows = f"{count} rows of {which} ones passed over; {name}= chooses"
    return [f"the newest release of each period: {rows}"] if count else []


def family(frame: DataFrame, sources: Mapping[str, Source]) -> Series:
    """The source of each row; what a user got from one publisher in many files is one."""
    names = {name: family_of(source) for name, source in sources.items()}
    return frame["source_id"].astype("str").map(names)


def family_of(source: Source) -> str:
    """What a source counts as, beside others: itself or, of a user's, all of its publisher's.

    Whole months of Comext and its answers to questions are two: they state goods at two levels.
    """
    if source.kind not in ("fetched", "published"):
        return source.id
    whole = ", whole months" if bulk_month(source) else ""
    return f"{source.publisher}, {source.kind}{whole}"


def newest_release(frame: DataFrame, sources: Mapping[str, Source]) -> Choice:
    """Of several releases of one period by one source, the newest."""
    if frame["vintage"].nunique() == frame["source_id"].nunique() == 1:
        return Choice(frame)
    whose, release = family(frame, sources), frame["vintage"]
    is_own = whose.ne(frame["source_id"])
    # A release was fetched for some products and partners, so it is the newest of these alone.
    cell = frame["partner_code"] + " " + frame["classification_code"] + " " + frame["cmd_code"]
    period = [whose, cell.where(is_own, ""), *(frame[name] for name in PERIOD)]
    undated = is_own & release.eq(catalogue.UNDATED[0])
    if undated.any():
        days = frame["source_id"].map({name: released(each) for name, each in sources.items()})
        release = release.mask(undated & release.groupby(period).transform("nunique").gt(1), days)
    is_newest = release.eq(release.groupby(period).transform("max"))
    kept = frame[is_newest]
    counts = kept["vintage"].groupby(whose[is_newest]).nunique()
    several = [f"{name}: the periods are from {n} releases" for name, n in counts.items() if n > 1]
    once = _stated_once(kept, is_own[is_newest], sources)
    n_older = len(frame) - len(kept)
    return Choice(once.rows, [*_older(n_older, "older", "vintage"), *several, *once.caveats])


def any_source(frame: DataFrame) -> str:
    """How to ask for one of the sources of some rows."""
    return " or ".join(f"source={name!r}" for name in sorted(frame["source_id"].unique()))


def _stated_once(frame: DataFrame, is_own: Series, sources: Mapping[str, Source]) -> Choice:
    """Of one cell that several of the user's own files state in one release, one statement."""
    cell = [name for name in schema.key(schema.TRADE) if name != "source_id"]
    # Two questions may have brought one row of one release twice.
    frame = frame[~(is_own & frame.duplicated([*cell, *FACTS]))]
    twice = is_own[frame.index] & frame.duplicated(cell, keep=False)
    if not twice.any():
        return Choice(frame)
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
    return Choice(kept, [f"{len(taken)} {text} ({who}); source= chooses"] if who else [])


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
