"""Of several statements of one thing, the one to take: source, release, level, total."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import TYPE_CHECKING

from tradeflows.model import codes, schema
from tradeflows.model.errors import QueryError
from tradeflows.model.periods import DAY, parse_day
from tradeflows.model.source import Source, released
from tradeflows.publishers import registry
from tradeflows.retrieval import catalogue
from tradeflows.tables.filters import ALL_GOODS

if TYPE_CHECKING:
    import pandas as pd

ADD_UP = "measures.sum_parts adds them up"


DATE_COLUMNS = (
    "vintage",
    "published",
)  # columns that may say the day of a row, the better one last


def day_known(frame: pd.DataFrame, sources: Mapping[str, Source]) -> pd.Series:
    """The day of each row's publication or release or, where none is stated, its file's retrieval.

    `frame` has ``source_id``, and of :data:`DATE_COLUMNS` what its table has.
    """
    known = frame["source_id"].map({n: f"{s.retrieved:%Y-%m-%d}" for n, s in sources.items()})
    for column in DATE_COLUMNS:
        if column in frame:
            dated = frame[column].str.fullmatch(DAY).fillna(False)
            known = frame[column].where(dated, known)
    return known


def known_by(frame: pd.DataFrame, day: str, sources: Mapping[str, Source]) -> pd.DataFrame:
    """Rows that were known by `day`."""
    parse_day(day, "as_of")
    known = day_known(frame, sources)
    if frame[known.le(day)].empty:
        raise QueryError(f"nothing of this was known by {day}; the first is of {known.min()}")
    return frame[known.le(day)]


def current(
    frame: pd.DataFrame, day: str | None, sources: Mapping[str, Source], caveats: list[str]
) -> pd.DataFrame:
    """Without what a newer release withdrew or restated by `day`.

    A fetched file knows the release of each reporter and period in it, and what it was asked for;
    of that nothing older holds, also where the newer release has no row.
    """
    places: dict[tuple[str, str], dict[str, int]] = {}  # publisher and cell: release: its place
    holds: dict[str, dict[str, str]] = {}
    for name, source in sources.items():
        releases: Mapping[str, str] = source.arguments.get("releases", {})
        known = {
            cell: text
            for cell, text in releases.items()
            if day is None
            or (text[:10] if "/" not in text.split()[0] else f"{source.retrieved}") <= day
        }
        for cell, text in known.items():
            places.setdefault((source.publisher, cell), {}).setdefault(text, 0)
        holds |= {name: known} if known else {}
    for texts in places.values():  # of two releases of one day the one that came first is older
        order = sorted(texts, key=lambda text: text.split()[0])
        texts.update({text: place for place, text in enumerate(order)})
    if all(len(texts) == 1 for texts in places.values()):
        return frame
    month = frame["ref_period"].dt.strftime("%Y%m")
    cells = frame["reporter_code"] + " " + month.where(frame["freq_code"].ne("A"), month.str[:4])

    def place(name: str, cell: str) -> int:
        text = holds.get(name, {}).get(cell)
        return places[sources[name].publisher, cell][text] if text else -1

    own = [place(name, cell) for name, cell in zip(frame["source_id"], cells, strict=True)]
    own = frame.assign(own=own)["own"]
    gone = own.lt(-1)
    for name in holds:
        newer = cells.map({cell: place(name, cell) for cell in holds[name]})
        older = own.ge(0) & own.lt(newer) & frame["publisher"].eq(sources[name].publisher)
        if older.any():
            gone |= older & registry.covers(sources[name], frame)
    if gone.all():
        newest = max(frame["vintage"])
        raise QueryError(
            f"a newer release withdrew all of this, last stated by that of {newest}; "
            "as_of= or vintage= shows it"
        )
    if gone.any():
        caveats.append(
            f"{gone.sum()} rows of older releases, which a newer one restates or has "
            "withdrawn, passed over; vintage= chooses"
        )
    return frame[~gone]


def not_superseded(
    frame: pd.DataFrame, day: str | None, sources: Mapping[str, Source], caveats: list[str]
) -> pd.DataFrame:
    """Without the rows of a source that another, known by `day`, supersedes as a whole."""
    old = {each.supersedes for each in sources.values() if day is None or released(each) <= day}
    kept = frame[~frame["source_id"].isin(old)]
    # Only of trade does the column of that name say the release.
    name, column = ("vintage",) * 2 if "cmd_code" in frame else ("source", "source_id")
    if kept.empty:
        held = ", ".join(f"{name}={each!r}" for each in sorted(frame[column].unique())[-4:])
        raise QueryError(
            "the newest release states nothing of this; an older one does, which "
            f"it supersedes: {held}"
        )
    if len(kept) < len(frame):
        caveats.append(
            f"the newest release of each period: {len(frame) - len(kept)} rows of "
            f"superseded ones passed over; {name}= chooses"
        )
    return kept


def family(frame: pd.DataFrame, sources: Mapping[str, Source]) -> pd.Series:
    """The source of each row; what a user got from one publisher in many files is one."""
    names = {
        n: f"{s.publisher}, {s.kind}" if s.kind in ("fetched", "published") else n
        for n, s in sources.items()
    }
    return frame["source_id"].astype("str").map(names)


def one_level(frame: pd.DataFrame, products: list[list[str]], caveats: list[str]) -> pd.DataFrame:
    """One level of product: the code asked for or, where a source lacks it, what lies under it.

    Adds ``asked``: the place of the product in the question, by which sources are compared.
    """
    if not products:
        return frame.assign(asked=0)
    cells = [*zip(frame["source_id"], frame["reporter_iso"], frame["cmd_code"], strict=True)]
    held: dict[tuple[str, str], set[str]] = {}
    for source, reporter, code in dict.fromkeys(cells):
        held.setdefault((source, reporter), set()).add(code)
    chosen: dict[tuple[str, str, str], int] = {}
    lacking: dict[str, None] = {}
    for (source, reporter), found in held.items():
        for place, alternatives in enumerate(products):
            codes_ = _levels(found, alternatives)
            if not codes_ and (some := _under(found, alternatives)):
                lacking[
                    f"{source}: {', '.join(sorted(some))} is not all of {alternatives[0]}, "
                    "so it does not stand for it"
                ] = None
            for code in codes_:
                if (other := chosen.setdefault((source, reporter, code), place)) != place:
                    raise QueryError(
                        f"product={products[other][0]!r} and {products[place][0]!r} "
                        f"share {code} in {source}; ask for one"
                    )
    if not chosen:
        raise QueryError(f"{'; '.join(lacking)}; ask for the part that is held")
    caveats += lacking
    answered = {*chosen.values()}
    caveats += [
        f"no row states {alternatives[0]}"
        for place, alternatives in enumerate(products)
        if place not in answered
    ]
    places = [chosen.get(cell, -1) for cell in cells]
    return frame.assign(asked=places)[[place >= 0 for place in places]]


def _levels(found: set[str], alternatives: list[str]) -> set[str]:
    """The first of `alternatives` that is held, else the highest codes held under the first.

    For a union a+b stands what lies under it only where each of its parts has something there.
    """
    for code in alternatives:
        if code in found:
            return {code}
    for whole in alternatives:
        under = _under(found, [whole])
        if under and all(any(_share(part, code) for code in under) for part in whole.split("+")):
            return {code for code in under if not codes.wholes(code, under)}
    return set()


def _under(found: set[str], alternatives: list[str]) -> set[str]:
    """Those of `found` that lie under one of `alternatives`."""
    return {code for code in found if codes.wholes(code, {*alternatives} - {ALL_GOODS})}


def _share(one: str, other: str) -> bool:
    """Whether of two products one lies within the other, or is it."""
    return one == other or codes.is_under(one, other) or codes.is_under(other, one)


FLOW = ["reporter_iso", "partner_iso", "flow_code", "freq_code", "cumulation", "asked"]


def preferred(
    frame: pd.DataFrame, sources: Mapping[str, Source], caveats: list[str]
) -> pd.DataFrame:
    """Of several sources that state one flow, the one that the catalogue ranks first."""
    if frame["source_id"].nunique() == 1:
        return frame
    frame = frame.assign(family=family(frame, sources))
    rank = frame["source_id"].map(
        {name: source.rank - 0.5 * (source.kind == "fetched") for name, source in sources.items()}
    )
    best = rank.groupby([frame[name] for name in FLOW]).transform("min")
    kept, passed = frame[rank.eq(best)], frame[rank.gt(best)]
    # Not by partner: two sources' partners side by side are no whole that shares could be of.
    whole = [name for name in FLOW if name != "partner_iso"]
    mixed = kept[kept.groupby(whole)["family"].transform("nunique").gt(1)]
    if len(mixed):
        who = ", ".join(sorted(mixed["reporter_iso"].unique()))
        choice = " or ".join(f"source={name!r}" for name in sorted(mixed["source_id"].unique()))
        raise QueryError(
            f"what {who} reports would come from several sources, partner by partner "
            f"or of one rank; add {choice}"
        )
    for name, rest in passed.groupby("source_id"):
        who = ", ".join(sorted(rest["reporter_iso"].unique()))
        caveats.append(
            f"{who}: {name} ({rest['ref_period'].min():%Y-%m} to "
            f"{rest['ref_period'].max():%Y-%m}) states this too and was passed over; "
            "publisher= or source= chooses"
        )
    return kept.drop(columns="family")


def stand_ins(frame: pd.DataFrame, products: list[list[str]]) -> list[str]:
    """Where codes below the product stand for it, since the source holds no such level."""
    caveats = []
    rows = sorted(set(zip(frame["asked"], frame["source_id"], frame["cmd_code"], strict=True)))
    for (place, source), cells in groupby(rows, key=lambda row: row[:2]):
        found = [code for *_, code in cells]
        alternatives = products[place] if products else found
        if not set(found) & set(alternatives):
            shown = ", ".join(found[:6]) + (" …" if len(found) > 6 else "")
            caveats.append(
                f"{source}: {shown} in the place of {alternatives[0]}, a level that it "
                "does not hold"
            )
    return caveats


RELEASE = ["family", "within", "reporter_iso", "flow_code", "ref_period", "n_months", "cumulation"]


def newest_release(
    frame: pd.DataFrame, sources: Mapping[str, Source], caveats: list[str]
) -> pd.DataFrame:
    """Of several releases of one period by one source, the newest."""
    if frame["vintage"].nunique() == 1 == frame["source_id"].nunique():
        return frame
    whose = family(frame, sources)
    fetched = whose.ne(frame["source_id"])
    # A release was fetched for some products and partners, so it is the newest of these alone.
    cell = frame["partner_code"] + " " + frame["classification_code"] + " " + frame["cmd_code"]
    frame = frame.assign(family=whose, within=cell.where(fetched, ""))
    told = frame["vintage"]
    if (undated := fetched & told.eq(catalogue.UNDATED[0])).any():
        release_day = frame["source_id"].map({n: released(s) for n, s in sources.items()})
        several = frame.groupby(RELEASE)["vintage"].transform("nunique").gt(1)
        told = told.mask(undated & several, release_day)
    kept = frame[told.eq(told.groupby([frame[name] for name in RELEASE]).transform("max"))]
    if len(kept) < len(frame):
        caveats.append(
            f"the newest release of each period: {len(frame) - len(kept)} rows of "
            "older ones passed over; vintage= chooses"
        )
    for source, releases in kept.groupby("family")["vintage"].nunique().items():
        if releases > 1:
            caveats.append(f"{source}: the periods are from {releases} releases")
    own = kept["family"].ne(kept["source_id"])
    return _each_once(kept, own, sources, caveats).drop(columns=["family", "within"])


FACTS = ["currency", "value_reported", "primary_value_usd", "net_wgt_kg", "qty"]


def _each_once(
    frame: pd.DataFrame, own: pd.Series, sources: Mapping[str, Source], caveats: list[str]
) -> pd.DataFrame:
    """Of one cell that several of the user's `own` files state in one release, one statement."""
    cell = [name for name in schema.key(schema.TRADE) if name != "source_id"]
    # Two questions may have brought one row of one release twice.
    frame = frame[~(own & frame.duplicated([*cell, *FACTS]))]
    twice = own.loc[frame.index] & frame.duplicated(cell, keep=False)
    if not twice.any():
        return frame
    by = [frame[name] for name in cell]
    # Yuan beside dollars contradict nothing; whoever does not choose one is refused later.
    twice &= frame["currency"].groupby(by).transform("nunique").le(1)
    day = frame["source_id"].map({n: f"{s.retrieved:%Y-%m-%d}" for n, s in sources.items()})
    kept = frame[~twice | day.eq(day.groupby(by).transform("max"))]
    left = kept[twice.loc[kept.index]]
    if len(odd := left[left.duplicated(cell, keep=False)]):
        choice = " or ".join(f"source={name!r}" for name in sorted(odd["source_id"].unique()))
        count = len(odd.groupby(cell))
        raise QueryError(
            f"{count} cells are stated in several ways, by files of one day; add "
            f"{choice}, or the vintage of each to local.toml"
        )
    if len(left):
        who = ", ".join(sorted(left["source_id"].unique()))
        caveats.append(
            f"{len(left)} cells are stated in several ways; taken as in the file that "
            f"was retrieved last ({who}); source= chooses"
        )
    return kept


# Whatever its statistic is called: two files may say one thing in two ways.
RATE = ["base", "quote", "publisher", "ref_period", "n_months"]


def one_rate(
    frame: pd.DataFrame, sources: Mapping[str, Source], caveats: list[str]
) -> pd.DataFrame:
    """Of several sources that state one rate: a whole month's, then by rank, then the newest."""
    if not frame.duplicated(RATE).any():
        return frame
    ranked = frame.assign(
        partial=frame["flags"].str.contains(r"\bpartial\b"),
        rank=frame["source_id"].map({name: source.rank for name, source in sources.items()}),
        age=frame["source_id"].map({n: -s.retrieved.toordinal() for n, s in sources.items()}),
    ).sort_values(["partial", "rank", "age"], kind="stable")
    again = ranked.duplicated(RATE)[frame.index]
    who = ", ".join(sorted(frame.loc[again, "source_id"].unique()))
    caveats.append(
        f"{again.sum()} months that another source states too passed over ({who}); source= chooses"
    )
    return frame[~again]


def total_or_parts(
    frame: pd.DataFrame, sources: Mapping[str, Source], caveats: list[str]
) -> pd.DataFrame:
    """Of each cell of a source the total or, where it states none, the parts.

    What a user got from one publisher in many files is one source.
    """
    apart = ("source_id", "breakdown", "qty_unit")
    cell = [family(frame, sources)]
    cell += [frame[name] for name in schema.key(schema.TRADE) if name not in apart]
    whole = frame["breakdown"].eq("total")
    kept = frame[whole | ~whole.groupby(cell).transform("any")]
    ways = kept["breakdown"].str.replace("=[^,]*", "", regex=True)  # by regime, by province
    if (
        mixed := ways.groupby([each[kept.index] for each in cell]).transform("nunique").gt(1)
    ).any():
        several = " or ".join(sorted(ways[mixed].unique()))
        choice = " or ".join(f"source={n!r}" for n in sorted(kept.loc[mixed, "source_id"].unique()))
        raise QueryError(f"a cell is parted by {several}, each of which is all of it; add {choice}")
    if found := sorted(set(kept["breakdown"]) - {"total"}):
        some = ", ".join(found[:4]) + (" …" if len(found) > 4 else "")
        caveats.append(
            f"{(~kept['breakdown'].eq('total')).sum()} rows are parts of what they "
            f"state ({some}); {ADD_UP}"
        )
    return kept
