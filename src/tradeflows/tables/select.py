"""Parquet to a tidy frame, never a mixture that must not be added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes, contracts, schema
from tradeflows.model.absence import DECLARED
from tradeflows.model.errors import BuildError, QueryError
from tradeflows.model.periods import months_of
from tradeflows.model.source import Source
from tradeflows.model.words import Words
from tradeflows.retrieval import catalogue
from tradeflows.tables.choose_publisher import gaps, one_source
from tradeflows.tables.choose_statement import (
    Choice,
    older,
    one_edition,
    one_level,
    one_rate,
    stand_ins,
    stated_once,
    total_or_parts,
)
from tradeflows.tables.contradictions import jumps_in_answer
from tradeflows.tables.files import refused
from tradeflows.tables.filters import (
    FILTERS,
    PARTS,
    STATED_BY,
    apart,
    nothing_held,
    undated,
)
from tradeflows.tables.query import Question, question
from tradeflows.tables.zeros import caveat, of_answer

if TYPE_CHECKING:
    from pandas import DataFrame

# What one answer may hold one value of; each is named after the filter that sets it right.
ONE_OF = {
    "trade": ("freq", "cumulation", "partner_role", "breakdown", "qty_unit", "currency"),
    "settlement": ("measure", "unit"),
    "rates": ("base", "quote", STATED_BY),
    "figures": (),
}
# These may be several where the question names them.
NAMED = {"settlement": ("concept", "region", "currency_group")}


def read(
    table: str = "trade",
    *more: object,
    start: str | None = None,
    end: str | None = None,
    publisher: Words = None,
    as_of: str | None = None,
    splice: bool = False,
    zeros: bool = True,
    local: bool = False,
    root: Path | None = None,
    **filters: Words,
) -> DataFrame:
    """Rows of one table, never a mixture that must not be added up.

    Parameters
    ----------
    table
        ``trade``, ``settlement``, ``rates`` or ``figures``.
    *more
        Nothing: all that follows is named.
    start, end
        First and last month (``2019-01``) or year (``2019``); only periods that lie within.
    publisher
        One of the catalogue, by its name or id (``UN Comtrade``, ``comtrade``). Where several
        state the same flow, the one that states most months of the window, of those the preferred
        one; its files are one series, of which each cell and month is of one file. Rows of
        ``rates`` and ``figures`` name whose number they are, which
        ``stated_by="European Central Bank"`` asks for.
    as_of
        A day (``2024-06-01``): only what had been published or released by then or, where no day
        is stated, retrieved.
    splice
        Where no publisher of a flow states every month, those that it lacks from the next ones,
        told apart by the column ``publisher``: each month from one of them.
    zeros
        With the rows of value 0, flagged ``declared-zero``, for what the files lack and their
        entries declare to be a zero. Before a cell's first row and after its last only where the
        window's `start` or `end` is named.
    local
        With the user's own sources; what is fetched comes before a committed source of its rank,
        and its newest release before the older ones.
    root
        The project's folder, found by itself where not given.
    **filters
        One value or several each; see :data:`FILTERS`. ``source`` takes ids of files in the
        catalogue, which the rows have as ``source_id``; of those named the newest release answers.
        Areas by id, two-letter code or name; ``partner="countries"`` leaves out the world and
        groups. `flow` takes a word (``imports``) or a code (``M``), and so does `product`; a code
        of it matches itself and, where a source holds no such level, what lies under it.
        ``breakdown="parts"`` takes each cell's total or, where a source states none, all its parts
        (procedures, regimes, …), for :func:`tradeflows.measures.sum_parts` to add up.

    Returns
    -------
    DataFrame
        The table's columns and ``publisher``; ``attrs["sources"]`` names the catalogue entries,
        ``attrs["caveats"]`` says what was preferred, what was passed over, which months of the
        window no row states, which rows are declared zeros, and what to mind.

    Raises
    ------
    QueryError
        An unknown table, filter or value, nothing that matches (with what is held), or an answer
        that would mix publishers of one rank, frequencies, cumulations, partner roles, units,
        currencies, levels, or an aggregate and its members (with the filter that sets it right).
    BuildError
        The Parquet file is absent or older than its sources.

    Examples
    --------
    >>> crude = read("trade", reporter="CHN", partner="RUS", product="2709", flow="M",
    ...              start="2023-01", end="2023-12")
    >>> len(crude), round(crude["net_wgt_kg"].sum() / 1e9)
    (12, 107)
    """
    if more:
        raise QueryError(
            f"{more[0]!r}: the table alone stands without a name; name what follows, such as "
            f"reporter={more[0]!r}"
        )
    asked = question(
        table,
        start=start,
        end=end,
        as_of=as_of,
        local=local,
        root=root,
        publisher=publisher,
        **filters,
    )
    rows, caveats = asked.matching(), []
    is_closed = None not in asked.window
    if table == "trade" and zeros and is_closed and not len(rows):
        rows = asked.matching(zeros=True)
    if table == "trade":
        caveats += apart(asked.held, asked.conditions, asked.window)
    choice = _chosen(*_known_rows(rows, asked, caveats), asked, splice)
    frame = choice.rows
    caveats += choice.caveats
    if table == "trade":
        caveats += jumps_in_answer(frame)
        frame, of_zeros = _with_zeros(frame, asked, zeros)
        caveats += [*of_zeros, *gaps(frame, asked.window)]
    elif table == "settlement":
        caveats += _restated(frame)
    if asked.window.is_asked:
        caveats += undated(asked.held, table, asked.conditions)
    caveats += flags_present(frame.get("flags", ()), "rates" if table == "rates" else "rows")
    for name, reason in refused(asked.root, table).items() if local else ():
        caveats.append(f"{name} is not here, since the last build refused it: {reason}")
    frame = frame.reset_index(drop=True)
    frame.attrs = {"sources": tuple(sorted(frame["source_id"].unique())), "caveats": tuple(caveats)}
    return frame


def _with_zeros(frame: DataFrame, asked: Question, wanted: bool) -> Choice:
    """The rows of an answer and its declared zeros, if they are `wanted`, in order."""
    if frame["flags"].eq(DECLARED).all():
        return Choice(frame, [caveat(frame)])
    rows = asked.known(asked.matching(zeros=True))
    rows = rows.filter(asked.stands(rows))
    if not len(rows):
        return Choice(frame)
    declared = of_answer(frame, _frame(rows, "trade", asked.sources), asked)
    if declared.empty:
        return Choice(frame)
    if not wanted:
        n = len(declared)
        return Choice(frame, [f"declared zeros are left out ({n} rows); zeros=True has them"])
    import pandas as pd

    both = pd.concat([frame, declared[[*frame]]])
    order = ["ref_period", *schema.key(schema.TRADE), "source_row"]
    in_order = both.sort_values(order, kind="stable", ignore_index=True)
    return Choice(in_order, [caveat(declared)])


def _known_rows(rows: pa.Table, asked: Question, said: list[str]) -> tuple[DataFrame, pa.Table]:
    """Those of the `rows` that stood on the day, and those replaced; QueryError for none."""
    if not len(rows):
        sources = catalogue.load(asked.root, local=True)
        with suppress(BuildError):  # where a user's files are not built
            has_more = not asked.local and len(sources) > len(asked.sources)
            if has_more and len(replace(asked, local=True, sources=sources).matching()):
                raise QueryError(
                    "no committed file states this, and one of your own does: local=True, or "
                    "--local on the command line, reads those too"
                )
        nothing = nothing_held(asked.held, asked.table, asked.conditions, asked.window)
        raise QueryError("; ".join([nothing, *said]))
    known = asked.known(rows)
    if not len(known):
        first = pc.min(rows["known_from"])
        raise QueryError(f"nothing of this was known by {asked.as_of}; the first is of {first}")
    stands = asked.stands(known)
    if not pc.any(stands).as_py():
        name, column = ("vintage",) * 2 if asked.table == "trade" else ("source", "source_id")
        values = sorted(known[column].unique().to_pylist())[-4:]
        choice = ", ".join(f"{name}={value!r}" for value in values)
        raise QueryError(
            "the newest release states nothing of this; an older one does, which it supersedes or "
            f"withdrew: {choice}"
        )
    frame = _frame(known.filter(stands), asked.table, asked.sources)
    return frame, known.filter(pc.invert(stands))


def _chosen(frame: DataFrame, replaced: pa.Table, asked: Question, splice: bool) -> Choice:
    """One statement of each cell, and what is said of the others.

    Of trade by total or parts, level of product, publisher and file, edition of HS.
    """
    named, sources, products = asked.asked, asked.sources, asked.products
    table, is_trade = asked.table, asked.table == "trade"
    steps: list[tuple[bool, Callable[[DataFrame], tuple[DataFrame, Sequence[str]]]]] = [
        (table == "rates" and "source" not in named, lambda rows: one_rate(rows, sources)),
        (asked.is_of_parts, lambda rows: total_or_parts(rows, sources)),
        (is_trade, lambda rows: one_level(rows, products, asked.goods_of)),
        (is_trade, lambda rows: one_source(rows, sources, asked.window, splice=splice)),
        (is_trade, lambda rows: Choice(rows, stand_ins(rows, products, asked.goods_of))),
        (is_trade and "classification" not in named, lambda rows: one_edition(rows, sources)),
        (True, lambda rows: Choice(rows, older(replaced, rows, sources, table))),
        (is_trade and "vintage" not in named, lambda rows: stated_once(rows, sources)),
    ]
    caveats: list[str] = []
    for is_asked, step in steps:
        if is_asked:
            frame, said = step(frame)
            caveats += said
    # Of a splice no month is of two sources, so each part may have a unit and level of its own.
    is_in_parts = splice and "asked" in frame
    for part in [rows for _, rows in frame.groupby("source_id")] if is_in_parts else [frame]:
        if asked.table == "trade":
            no_nesting(part)
        _require_one_each(part, asked.table, asked.asked)
    return Choice(frame.drop(columns="asked", errors="ignore"), caveats)


def no_nesting(frame: DataFrame) -> None:
    """Refuse rows of which some are counted in others: a whole beside its part."""
    for _, stated in frame.groupby("reporter_iso")["cmd_code"]:
        goods = {*stated.unique()}
        for part, whole in codes.nested(sorted(goods), goods):
            raise QueryError(
                f"product {whole} contains {part}, so the answer would count it "
                f"twice; add product={whole!r} or product={part!r}"
            )
    for name in ("reporter", "partner"):
        areas = sorted(frame[f"{name}_iso"].unique())
        for whole, part in product(sorted({*areas}.intersection(codes.groups())), areas):
            if not codes.overlaps(whole, part):
                continue
            # A country and a part of it may share no year, as GBR to 2020 and XI from 2021.
            rows = (frame[frame[f"{name}_iso"].eq(area)] for area in (whole, part))
            of_whole, of_part = ({*(months_of(some)[1] // 12)} for some in rows)
            if not codes.is_country(whole) or of_whole & of_part:
                has = "contains" if codes.contains(whole, part) else "contains some of"
                one, other = map(codes.area_name, (whole, part))
                raise QueryError(
                    f"{name} {one} {has} {other}, so the answer would count it twice; add "
                    f"{name}={one!r}, {name}={other!r} or {name}='countries'"
                )
    if {*frame["flow_code"]} > {"MX"}:
        raise QueryError("MX is both directions in one figure; add flow='M', 'X' or 'MX'")


def _require_one_each(frame: DataFrame, table: str, asked: Mapping[str, list[str]]) -> None:
    """Refuse several values of what an answer may hold one of."""
    unnamed = [name for name in NAMED.get(table, ()) if name not in asked]
    for name in (*unnamed, *ONE_OF[table]):
        several = sorted(frame[FILTERS[table][name]].dropna().unique())
        if len(several) < 2 or _may_differ(name, several, frame, asked):
            continue
        choice = ", ".join(f"{name}={value!r}" for value in several[:8])
        more = f" … ({len(several)} in all)" if len(several) > 8 else ""
        parts = f", or breakdown={PARTS!r} for all, to add up" if name == "breakdown" else ""
        if name == "partner_role":
            parts = " (where goods were made, or the country that they were last sent from)"
        raise QueryError(f"the answer would mix values of {name}; add one of {choice}{more}{parts}")


def _may_differ(
    name: str, several: list[str], frame: DataFrame, asked: Mapping[str, list[str]]
) -> bool:
    """Whether rows with several values of a column are no mixture."""
    if name == "breakdown":
        return asked.get(name) == [PARTS]
    if name == "partner_role":  # goods come from an origin and go to a destination
        return bool(frame.groupby("flow_code")[name].nunique().max() == 1)
    if name == "qty_unit" and "none" in several and len(several) == 2:
        # Rows without a quantity say nothing in another unit, unless they restate one with it.
        cell = [column for column in schema.key(schema.TRADE) if column != name]
        return not frame.duplicated(cell).any()
    return False


def _restated(frame: DataFrame) -> list[str]:
    """What is said of periods of settlement that are stated more than once."""
    cell = ["concept", "measure", "region", "currency_group", "period_text"]
    statements = frame.groupby(cell).size()
    several = (statements > 1).sum()
    if not several:
        return []
    are = f"{several} of {len(statements)} periods are" if len(statements) > 1 else "the period is"
    return [
        f"{are} stated more than once, by several releases or outlets; vintage= and outlet= choose"
    ]


def flags_present(flags: Collection[str], what: str = "rows") -> list[str]:
    """What the flags of some rows say, each with the number of `what` has it; no others' words."""
    said = {*contracts.FLAGS} - {DECLARED}
    counts = Counter(word for text in flags for word in str(text).split() if word in said)
    return [
        f"{count} of {len(flags)} {what} {word}: {contracts.FLAGS[word]}"
        for word, count in sorted(counts.items())
    ]


def _frame(rows: pa.Table, table: str, sources: Mapping[str, Source]) -> DataFrame:
    contract = schema.TABLES[table]
    first = ["ref_period"] if "ref_period" in contract.names else []
    order = list(dict.fromkeys([*first, *schema.key(contract), "source_row"]))
    rows = rows.select(contract.names).sort_by([(name, "ascending") for name in order])
    for place, field in enumerate(contract):
        if field.type == schema.DAY:
            rows = rows.set_column(place, field.name, rows[field.name].cast(pa.timestamp("us")))
    if "publisher" not in rows.column_names:
        named = pc.index_in(rows["source_id"], value_set=pa.array(sources, pa.string()))
        publishers = pa.array([source.publisher for source in sources.values()], pa.string())
        rows = rows.append_column("publisher", publishers.take(named))
    return rows.replace_schema_metadata(None).to_pandas()
