"""Of levels of product, totals and parts, editions, rates or own files, those that answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes, schema
from tradeflows.model.errors import QueryError
from tradeflows.model.source import Source
from tradeflows.tables.filters import ALL_GOODS
from tradeflows.tables.releases import PERIOD, family

if TYPE_CHECKING:
    from pandas import DataFrame

ADD_UP = "measures.sum_parts adds them up"
SHOWN = 6  # codes that a caveat names
MOST_CHAPTERS = 48  # of the 96 of the HS: who states goods of more states all goods
FACTS = ["currency", "value_reported", "primary_value_usd", "net_wgt_kg", "qty"]
HS_EDITION = re.compile(r"H[0-9]")  # HS 1992 is H0, HS 2022 is H6; "HS" states none
GoodsOf = Callable[[str], set[str]]  # the codes of a source
# Whatever its statistic is called: two files may say one thing in two ways.
RATE = ["base", "quote", "publisher", "ref_period", "n_months"]


class PartAloneError(QueryError):
    """Of the whole that is asked for a part alone is held."""


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


def any_source(names: Iterable[str]) -> str:
    """How to ask for one of some sources."""
    return " or ".join(f"source={name!r}" for name in sorted({*names}))


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
            f"day; add {any_source(ambiguous['source_id'])}, or the vintage of each to its entry"
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


def one_level(frame: DataFrame, products: list[list[str]], goods_of: GoodsOf) -> Choice:
    """One level of product: the code asked for or, where a source lacks it, what lies under it.

    Adds ``asked``: the place of the product in the question, by which sources are compared.
    `goods_of` gives all that a source states, whatever is asked.
    """
    if not products:
        return Choice(frame.assign(asked=0))
    chosen: dict[tuple[str, str, str], int] = {}
    caveats: dict[str, None] = {}
    codes_of = frame.groupby(["source_id", "reporter_iso"], sort=False)["cmd_code"].agg(set)
    for (source, reporter), stated in codes_of.items():
        for place, alternatives in enumerate(products):
            taken = _levels(stated, alternatives, partial(goods_of, source))
            under = set() if taken else _under(stated, alternatives)
            if under:
                text = f"{source}: {', '.join(sorted(under))} is not all of {alternatives[0]}"
                caveats[f"{text}, so it does not stand for it"] = None
            for code in taken:
                other = chosen.setdefault((source, reporter, code), place)
                if other != place:
                    raise QueryError(
                        f"product={products[other][0]!r} and {alternatives[0]!r} "
                        f"share {code} in {source}; ask for one"
                    )
    if not chosen:
        parts = " or ".join(map(repr, sorted({*frame["cmd_code"]})))
        raise PartAloneError(f"{'; '.join(caveats)}; ask for a part that is held: product={parts}")
    answered = {*chosen.values()}
    silent = [each[0] for place, each in enumerate(products) if place not in answered]
    cells = zip(frame["source_id"], frame["reporter_iso"], frame["cmd_code"], strict=True)
    places = np.array([chosen.get(cell, -1) for cell in cells], "int64")
    kept = frame.assign(asked=places)[places >= 0]
    return Choice(kept, [*caveats, *(f"no row states {code}" for code in silent)])


def _levels(found: set[str], alternatives: list[str], every: Callable[[], set[str]]) -> set[str]:
    """The first of `alternatives` that is held, else the highest codes held under the first.

    For a union a+b stands what lies under it only where each of its parts has something there, and
    for a whole one of its kinds only beside the others: gas by pipeline is not all gas. Of an HS
    code its one part among `every` good of a source does not, unless these are of most chapters, so
    that the others were not traded: lithium-ion batteries are not all batteries.
    """
    for code in alternatives:
        if code in found:
            return {code}
    for whole in alternatives:
        under = _under(found, [whole])
        if not all(codes.kinds_beside(code) <= under for code in under):
            continue
        if under and all(any(share(part, code) for code in under) for part in whole.split("+")):
            if len(codes.hs_parts(whole)) > 1 and _is_part_alone(whole, every()):
                continue
            return under.difference(part for part, _ in codes.nested(under, under))
    return set()


def _is_part_alone(whole: str, goods: set[str]) -> bool:
    """Whether `goods`, which are not all goods, have one part of a code alone."""
    is_of_all = len({code[:2] for code in goods}) > MOST_CHAPTERS
    return len(codes.parts_among(whole, goods)) == 1 and not is_of_all


def _under(found: set[str], alternatives: list[str]) -> set[str]:
    """Those of `found` that lie under one of `alternatives`."""
    return {part for part, _ in codes.nested(found, {*alternatives} - {ALL_GOODS})}


def share(one: str, other: str) -> bool:
    """Whether of two products one lies within the other, or is it."""
    return one == other or codes.is_under(one, other) or codes.is_under(other, one)


def stand_ins(frame: DataFrame, products: list[list[str]], goods_of: GoodsOf) -> list[str]:
    """Where codes below the product stand for it, since the source holds no such level."""
    caveats = []
    rows = sorted(set(zip(frame["asked"], frame["source_id"], frame["cmd_code"], strict=True)))
    for (place, source), cells in groupby(rows, itemgetter(0, 1)) if products else ():
        stated = [code for *_, code in cells]
        if not {*stated}.intersection(products[place]):
            shown = ", ".join(stated[:SHOWN]) + " …" * (len(stated) > SHOWN)
            whole = products[place][0]
            text = f"{source}: no row is of {whole} as a whole; {shown} stands for it"
            listed = codes.hs_parts(whole)
            of_source = codes.parts_among(whole, goods_of(source)) if len(listed) > 1 else listed
            if of_source < listed:  # of another edition's parts none can be missed
                text += f", {len(of_source)} of its {len(listed)} parts"
            caveats.append(text)
    return caveats


def total_or_parts(frame: DataFrame, sources: Mapping[str, Source]) -> Choice:
    """Of each cell of a source the total or, where it states none, the parts.

    What a user got from one publisher in many files is one source.
    """
    apart = ("source_id", "breakdown", "qty_unit")
    cell = [family(frame, sources)]
    cell += [frame[name] for name in schema.key(schema.TRADE) if name not in apart]
    is_total = frame["breakdown"].eq("total")
    if is_total.all():
        return Choice(frame)
    kept = frame[is_total | ~is_total.groupby(cell).transform("any")]
    # By regime, by province; the number of a residual sets rows apart and is no way to part them.
    ways = kept["breakdown"].str.replace(r",residual=\d+|=[^,]*", "", regex=True)
    is_mixed = ways.groupby([column[kept.index] for column in cell]).transform("nunique").gt(1)
    if is_mixed.any():
        several = " or ".join(sorted(ways[is_mixed].unique()))
        choice = any_source(kept.loc[is_mixed, "source_id"])
        raise QueryError(f"a cell is parted by {several}, each of which is all of it; add {choice}")
    parts = kept["breakdown"][kept["breakdown"].ne("total")]
    if parts.empty:
        return Choice(kept)
    names = sorted(parts.unique())
    some = ", ".join(names[:4]) + " …" * (len(names) > 4)
    return Choice(kept, [f"{len(parts)} rows are parts of what they state ({some}); {ADD_UP}"])
