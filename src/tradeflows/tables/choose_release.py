"""Of several releases, editions or rates that state one thing, the one to take."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from tradeflows.model import schema
from tradeflows.model.errors import QueryError
from tradeflows.model.periods import DAY, parse_day
from tradeflows.model.source import Source, bulk_month, released
from tradeflows.publishers import registry
from tradeflows.retrieval import catalogue

if TYPE_CHECKING:
    from pandas import DataFrame, Series


@dataclass(frozen=True)
class Choice:
    """The rows that were taken, and what is to be said of that."""

    rows: DataFrame
    caveats: Sequence[str] = ()


DATE_COLUMNS = (
    "vintage",
    "published",
)  # columns that may say the day of a row, the better one last


def day_known(frame: DataFrame, sources: Mapping[str, Source]) -> Series:
    """The day of each row's publication or release or, where none is stated, its file's retrieval.

    `frame` has ``source_id``, and of :data:`DATE_COLUMNS` what its table has.
    """
    known = _retrieved(frame, sources)
    for column in DATE_COLUMNS:
        if column in frame:
            dated = frame[column].str.fullmatch(DAY).fillna(False)
            known = frame[column].where(dated, known)
    return known


def _retrieved(frame: DataFrame, sources: Mapping[str, Source]) -> Series:
    """The day of each row's retrieval."""
    days = {name: f"{source.retrieved:%Y-%m-%d}" for name, source in sources.items()}
    return frame["source_id"].map(days)


def known_by(rows: pa.Table, day: str, sources: Mapping[str, Source]) -> pa.Table:
    """Rows that were known by `day`; there may be none."""
    parse_day(day, "as_of")
    return rows.filter(pa.array(_days(rows, sources).le(day)))


def first_known(rows: pa.Table, sources: Mapping[str, Source]) -> str:
    """The first day on which one of `rows` was known."""
    first: str = _days(rows, sources).min()
    return first


def _days(rows: pa.Table, sources: Mapping[str, Source]) -> Series:
    names = [name for name in ("source_id", *DATE_COLUMNS) if name in rows.column_names]
    return day_known(rows.select(names).to_pandas(), sources)


def current(frame: DataFrame, day: str | None, sources: Mapping[str, Source]) -> Choice:
    """Without what a newer release withdrew or restated by `day`.

    A fetched file knows the release of each reporter and period in it, and what it was asked for;
    of that nothing older holds, also where the newer release has no row.
    """
    import pandas as pd

    releases = {}
    for name, source in sources.items():
        texts = _releases_by(source, day)
        if texts:
            releases[name] = texts
    places = _places_of(releases, sources)
    if all(len(texts) == 1 for texts in places.values()):
        return Choice(frame)
    period = frame["ref_period"].dt.strftime("%Y%m")
    is_yearly = frame["freq_code"].eq("A")
    period = period.mask(is_yearly, period.str[:4])
    cells = frame["reporter_code"] + " " + period

    def place(name: str, cell: str) -> int:
        text = releases.get(name, {}).get(cell)
        if not text:
            return -1
        publisher = sources[name].publisher
        return places[publisher, cell][text]

    own_places = []
    for name, cell in zip(frame["source_id"], cells, strict=True):
        own_places.append(place(name, cell))
    own_place = pd.Series(own_places, frame.index)
    is_gone = own_place.lt(-1)
    for name, texts in releases.items():
        newer = cells.map({cell: place(name, cell) for cell in texts})
        is_older = own_place.ge(0) & own_place.lt(newer)
        is_older &= frame["publisher"].eq(sources[name].publisher)
        if is_older.any():
            is_gone |= is_older & registry.covers(sources[name], frame)
    if is_gone.all():
        newest = max(frame["vintage"])
        raise QueryError(
            f"a newer release withdrew all of this, last stated by that of {newest}; "
            "as_of= or vintage= shows it"
        )
    if not is_gone.any():
        return Choice(frame)
    passed_over = (
        f"{is_gone.sum()} rows of older releases, which a newer one restates or has "
        "withdrawn, passed over; vintage= chooses"
    )
    return Choice(frame[~is_gone], [passed_over])


def _releases_by(source: Source, day: str | None) -> dict[str, str]:
    """Of each cell that a fetched file answers for its release, those that were out by `day`."""
    releases: Mapping[str, str] = source.arguments.get("releases", {})
    if day is None:
        return dict(releases)
    out = {}
    for cell, text in releases.items():
        is_dated = "/" not in text.split()[0]
        released_on = text[:10] if is_dated else f"{source.retrieved}"
        if released_on <= day:
            out[cell] = text
    return out


def _places_of(
    releases: Mapping[str, Mapping[str, str]], sources: Mapping[str, Source]
) -> dict[tuple[str, str], dict[str, int]]:
    """The place of each release in the order of those of one publisher and cell."""
    places: dict[tuple[str, str], dict[str, int]] = {}
    for name, texts in releases.items():
        publisher = sources[name].publisher
        for cell, text in texts.items():
            order = places.setdefault((publisher, cell), {})
            order.setdefault(text, 0)
    for order in places.values():  # of two releases of one day the one that came first is older
        oldest_first = sorted(order, key=lambda text: text.split()[0])
        for place, text in enumerate(oldest_first):
            order[text] = place
    return places


def not_superseded(frame: DataFrame, day: str | None, sources: Mapping[str, Source]) -> Choice:
    """Without the rows of a source that another, known by `day`, supersedes as a whole."""
    known = [source for source in sources.values() if day is None or released(source) <= day]
    old = {source.supersedes for source in known}
    kept = frame[~frame["source_id"].isin(old)]
    # Only of trade does the column of that name say the release.
    name, column = "source", "source_id"
    if "cmd_code" in frame:
        name = column = "vintage"
    if kept.empty:
        values = sorted(frame[column].unique())
        choice = ", ".join(f"{name}={value!r}" for value in values[-4:])
        raise QueryError(
            "the newest release states nothing of this; an older one does, which "
            f"it supersedes: {choice}"
        )
    n_passed = len(frame) - len(kept)
    if not n_passed:
        return Choice(kept)
    passed_over = (
        f"the newest release of each period: {n_passed} rows of "
        f"superseded ones passed over; {name}= chooses"
    )
    return Choice(kept, [passed_over])


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


RELEASE = ["family", "within", "reporter_iso", "flow_code", "ref_period", "n_months", "cumulation"]


def newest_release(frame: DataFrame, sources: Mapping[str, Source]) -> Choice:
    """Of several releases of one period by one source, the newest."""
    releases = frame["vintage"].nunique()
    n_sources = frame["source_id"].nunique()
    if releases == 1 and n_sources == 1:
        return Choice(frame)
    caveats = []
    whose = family(frame, sources)
    is_own = whose.ne(frame["source_id"])
    # A release was fetched for some products and partners, so it is the newest of these alone.
    cell = frame["partner_code"] + " " + frame["classification_code"] + " " + frame["cmd_code"]
    frame = frame.assign(family=whose, within=cell.where(is_own, ""))
    release = frame["vintage"]
    undated = is_own & release.eq(catalogue.UNDATED[0])
    if undated.any():
        days = {name: released(source) for name, source in sources.items()}
        release_day = frame["source_id"].map(days)
        several = frame.groupby(RELEASE)["vintage"].transform("nunique").gt(1)
        release = release.mask(undated & several, release_day)
    period = [frame[name] for name in RELEASE]
    newest = release.groupby(period).transform("max")
    kept = frame[release.eq(newest)]
    n_passed = len(frame) - len(kept)
    if n_passed:
        caveats.append(
            f"the newest release of each period: {n_passed} rows of "
            "older ones passed over; vintage= chooses"
        )
    by_family = kept.groupby("family")["vintage"]
    for source, releases in by_family.nunique().items():
        if releases > 1:
            caveats.append(f"{source}: the periods are from {releases} releases")
    once = _stated_once(kept, is_own[kept.index], sources)
    rows = once.rows.drop(columns=["family", "within"])
    return Choice(rows, [*caveats, *once.caveats])


FACTS = ["currency", "value_reported", "primary_value_usd", "net_wgt_kg", "qty"]


def any_source(frame: DataFrame) -> str:
    """How to ask for one of the sources of some rows."""
    names = sorted(frame["source_id"].unique())
    return " or ".join(f"source={name!r}" for name in names)


def _stated_once(frame: DataFrame, is_own: Series, sources: Mapping[str, Source]) -> Choice:
    """Of one cell that several of the user's own files state in one release, one statement."""
    cell = [name for name in schema.key(schema.TRADE) if name != "source_id"]
    # Two questions may have brought one row of one release twice.
    is_repeated = frame.duplicated([*cell, *FACTS])
    frame = frame[~(is_own & is_repeated)]
    twice = is_own[frame.index] & frame.duplicated(cell, keep=False)
    if not twice.any():
        return Choice(frame)
    by = [frame[name] for name in cell]
    # Yuan beside dollars contradict nothing; whoever does not choose one is refused later.
    currencies = frame["currency"].groupby(by).transform("nunique")
    twice &= currencies.le(1)
    day = _retrieved(frame, sources)
    last_day = day.groupby(by).transform("max")
    kept = frame[~twice | day.eq(last_day)]
    taken = kept[twice[kept.index]]
    ambiguous = taken[taken.duplicated(cell, keep=False)]
    if len(ambiguous):
        choice = any_source(ambiguous)
        count = len(ambiguous.groupby(cell))
        raise QueryError(
            f"{count} cells are stated in several ways, by files of one day; add "
            f"{choice}, or the vintage of each to its entry"
        )
    if taken.empty:
        return Choice(kept)
    who = ", ".join(sorted(taken["source_id"].unique()))
    last_retrieved = (
        f"{len(taken)} cells are stated in several ways; taken as in the file that "
        f"was retrieved last ({who}); source= chooses"
    )
    return Choice(kept, [last_retrieved])


# A nomenclature's editions: HS 1992 is H0, HS 2022 is H6; "HS" states none.
HS_EDITION = re.compile(r"H[0-9]")


def one_edition(frame: DataFrame, sources: Mapping[str, Source]) -> Choice:
    """Of the editions of HS in which a source states one flow of one period, the newest.

    An edition is another statement of the same trade: added up, they would count it twice.
    """
    is_edition = frame["classification_code"].str.fullmatch(HS_EDITION)
    editions = frame.loc[is_edition, "classification_code"]
    if editions.nunique() < 2:
        return Choice(frame)
    flow = [family(frame, sources)[is_edition]]
    flow += [frame.loc[is_edition, name] for name in EDITION_OF]
    newest = editions.groupby(flow).transform("max")
    # A file may state some goods in one edition and others in another, none of them twice.
    of_code = editions.groupby([*flow, frame.loc[is_edition, "cmd_code"]])
    repeats = of_code.transform("nunique").gt(1).groupby(flow).transform("any")
    is_passed = (editions.ne(newest) & repeats).reindex(frame.index, fill_value=False)
    if not is_passed.any():
        return Choice(frame)
    passed = frame[is_passed]
    names = ", ".join(sorted(passed["classification_code"].unique()))
    who = ", ".join(sorted(passed["reporter_iso"].unique()))
    restated = (
        f"{who}: {len(passed)} rows of another edition of HS ({names}) state the same trade "
        "as those of the newest and were passed over; classification= chooses"
    )
    return Choice(frame[~is_passed], [restated])


EDITION_OF = [
    "reporter_iso",
    "partner_code",
    "flow_code",
    "asked",
    "freq_code",
    "ref_period",
    "n_months",
    "cumulation",
]


# Whatever its statistic is called: two files may say one thing in two ways.
RATE = ["base", "quote", "publisher", "ref_period", "n_months"]


def one_rate(frame: DataFrame, sources: Mapping[str, Source]) -> Choice:
    """Of several sources that state one rate: a whole month's, then by rank, then the newest."""
    if not frame.duplicated(RATE).any():
        return Choice(frame)
    ranks = {}
    ages = {}
    for name, source in sources.items():
        ranks[name] = source.rank
        ages[name] = -source.retrieved.toordinal()
    is_partial = frame["flags"].str.contains(r"\bpartial\b")
    rank = frame["source_id"].map(ranks)
    age = frame["source_id"].map(ages)
    ranked = frame.assign(partial=is_partial, rank=rank, age=age)
    ranked = ranked.sort_values(["partial", "rank", "age"], kind="stable")
    is_repeated = ranked.duplicated(RATE)[frame.index]
    who = ", ".join(sorted(frame.loc[is_repeated, "source_id"].unique()))
    passed_over = (
        f"{is_repeated.sum()} months that another source states too passed over ({who}); "
        "source= chooses"
    )
    return Choice(frame[~is_repeated], [passed_over])
