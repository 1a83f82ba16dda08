"""Is what came whole? Rows of each cell, wholes against the sum of their parts, and silent caps."""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model.source import Source
from tradeflows.publishers import registry
from tradeflows.retrieval import catalogue
from tradeflows.retrieval.comtrade.packing import Call, Records, most_rows, split
from tradeflows.retrieval.comtrade.planning import Plan
from tradeflows.retrieval.comtrade.questions import ALL, MOST, Request, iso, named
from tradeflows.retrieval.comtrade.replies import held
from tradeflows.retrieval.fetching import Kept
from tradeflows.retrieval.user_files import rewrite_entries

LEAST_CAP = 10  # rows; nobody's cap is lower, and small replies often are of one size

Whole = tuple[str, str]  # what its parts are, and "reporter period flow partner product"


@dataclass
class Checked:
    """What the replies of a request hold.

    Attributes
    ----------
    rows, without_value
        Rows of each cell, and those among them of which the publisher states no value.
    differences
        A line for each whole that differs from the sum of its parts.
    above_parts
        Ids of the sources with a whole that is more than the sum of its parts.
    sources
        Ids of the sources with rows of the request.
    """

    rows: Counter[str] = field(default_factory=Counter)
    without_value: Counter[str] = field(default_factory=Counter)
    differences: dict[Whole, str] = field(default_factory=dict)
    above_parts: set[str] = field(default_factory=set)
    sources: tuple[str, ...] = ()


def check(planned: Plan, root: Path, failed: Collection[str] = ()) -> Checked:
    """Rows of each cell, the wholes that differ from the sum of their parts, and the sources.

    HS6 is compared with TOTAL, and partners with World, where the request holds both. A whole that
    differs gets the flag unequal: its source's entry says so, until it is found to be equal. Cells
    that `failed` are not compared, since some of their parts are not here.

    Raises
    ------
    LayoutError, CodeError
        A reply is not as its cleaner expects it.
    """
    sources = used(planned, root)
    checked = Checked(sources=tuple(sources))
    wholes: dict[Whole, tuple[float, str]] = {}
    parts: dict[Whole, float] = defaultdict(float)
    for source in sources.values():
        rows = _rows(source, planned, root)
        checked.rows.update(rows["cell"].to_pylist())
        checked.without_value.update(rows.filter(pc.is_null(rows["value"]))["cell"].to_pylist())
        _compare(rows, source, planned.request, wholes, parts)
    marks = {name: {*source.arguments.get("unequal", ())} for name, source in sources.items()}
    for (what, key), (whole, name) in wholes.items():
        total = parts[what, key]
        reporter, period, flow, partner, good = key.split()
        if math.isnan(total) or f"{reporter} {period}" in failed:
            continue
        tolerance = max(1.0, 1e-6 * abs(whole))
        if abs(whole - total) > tolerance:
            cell = f"{named(f'{reporter} {period}')} {flow} {iso(partner)} {good}"
            line = f"{cell}: {whole:,.0f}, but its {what} add up to {total:,.0f}"
            checked.differences[what, key] = line
        if whole > total + tolerance:
            checked.above_parts.add(name)
        marks[name].discard(key)
    for what, key in checked.differences:
        marks[wholes[what, key][1]].add(key)
    marked = []
    for name, source in sources.items():
        if marks[name] != {*source.arguments.get("unequal", ())}:
            unequal = {**source.arguments, "unequal": sorted(marks[name])}
            marked.append(replace(source, arguments=unequal))
    rewrite_entries(root, marked)
    return checked


def _rows(source: Source, planned: Plan, root: Path) -> pa.Table:
    """Rows of the request in a source: ``cell``, ``flow``, ``partner``, ``good`` and ``value``."""
    asked = planned.request
    releases = source.arguments["releases"]
    current = [cell for cell, release in releases.items() if planned.releases.get(cell) == release]
    levels = [int(good[2:]) for good in asked.products if good.startswith("AG")]
    lists = {"cell": current, "flow": asked.flows, "breakdown": ["total"]}
    if asked.partners != (ALL,):
        lists["partner"] = asked.partners
    tables = []
    for part in registry.cleaner(source)(catalogue.check(source, root), source):
        rows = part.rows
        period = pc.strftime(rows["ref_period"], format="%Y%m" if asked.freq == "M" else "%Y")
        columns = {
            "cell": pc.binary_join_element_wise(rows["reporter_code"], period, " "),
            "flow": rows["flow_code"],
            "partner": rows["partner_code"],
            "good": rows["cmd_code"],
            "breakdown": rows["breakdown"],
            "value": rows["primary_value_usd"],
        }
        is_level = pc.is_in(pc.utf8_length(columns["good"]), pa.array(levels, pa.int32()))
        is_wanted = pc.and_not(is_level, pc.equal(columns["good"], "TOTAL"))
        is_wanted = pc.or_(is_wanted, pc.is_in(columns["good"], pa.array(asked.products)))
        for name, values in lists.items():
            is_wanted = pc.and_(is_wanted, pc.is_in(columns[name], pa.array(values, pa.string())))
        tables.append(pa.table(columns).filter(is_wanted))
    return pa.concat_tables(tables)


def _compare(
    rows: pa.Table,
    source: Source,
    asked: Request,
    wholes: dict[Whole, tuple[float, str]],
    parts: dict[Whole, float],
) -> None:
    """Add what `rows` state to the wholes and parts that the request lets compare."""
    comparisons: dict[str, tuple[str, str, Any]] = {}
    if asked.partners == (ALL,):
        comparisons["partners"] = "partner", "0", pc.not_equal(rows["partner"], "0")
    if {"TOTAL", "AG6"} <= {*asked.products}:
        comparisons["HS6 codes"] = "good", "TOTAL", pc.equal(pc.utf8_length(rows["good"]), 6)
    for what, (column, code, is_part) in comparisons.items():
        names = {name: rows[name] for name in ("cell", "flow", "partner", "good")} | {column: code}
        key = pc.binary_join_element_wise(*names.values(), " ")
        keyed = pa.table({"key": key, "value": rows["value"]})
        for row in keyed.filter(pc.equal(rows[column], code)).drop_null().to_pylist():
            wholes[what, row["key"]] = (row["value"], source.id)
        # Of a part without a value nobody knows the sum, and NaN differs from no whole.
        keyed = keyed.set_column(1, "value", pc.fill_null(keyed["value"], math.nan))
        sums = keyed.filter(is_part).group_by("key").aggregate([("value", "sum")])
        for row in sums.to_pylist():
            parts[what, row["key"]] += row["value_sum"]


def used(planned: Plan, root: Path) -> dict[str, Source]:
    """Sources with rows of the request in its present release; none that lies within another."""
    asked = planned.request
    goods = {*asked.products, *(f"AG{len(good)}" for good in asked.products)}
    sources: dict[str, Source] = {}
    by_cell: dict[str, dict[str, Call]] = defaultdict(dict)
    for source, call, releases in held(root, asked):
        partners = ALL in (*asked.partners, *call.partners) or {*asked.partners} & {*call.partners}
        products = goods & {*call.products} or goods & MOST.keys()
        if partners and products and {*asked.flows} & {*call.flows}:
            sources[source.id] = source
            for cell in releases.items() & planned.releases.items():
                by_cell[cell[0]][source.id] = call
    needed = {name for calls in by_cell.values() for name in _widest(calls)}
    return {name: source for name, source in sources.items() if name in needed}


def _widest(calls: Mapping[str, Call]) -> Iterator[str]:
    """The names of calls that lie within no other; of those that ask for the same the first."""
    seen: list[Call] = []
    for name, call in calls.items():
        wider = [other for other in calls.values() if not other.is_within(call)]
        if not any(call.is_within(other) for other in [*seen, *wider]):
            yield name
        seen.append(call)


# A server may stop without a word, at fewer rows than it announces. Then several replies have one
# number of rows, or a whole is more than the sum of its parts.


def suspects_among(
    replies: Sequence[Kept[Call]], records: Records, above_parts: Collection[str]
) -> list[Kept[Call]]:
    """Replies that may have been cut off, the likeliest first.

    Parameters
    ----------
    records
        How many rows the publisher has of each cell.
    above_parts
        Ids of the replies with a whole that is more than the sum of its parts.
    """
    partial = [
        reply for reply in replies if LEAST_CAP <= reply.rows < most_rows(reply.call, records)
    ]
    largest = max((reply.rows for reply in replies), default=0)
    of_one_size = [reply for reply in partial if reply.rows == largest]
    # Of many replies two may well be of one size by chance.
    if len(of_one_size) >= max(2, len(replies) / 6):
        return of_one_size
    return [reply for reply in partial if reply.source.id in above_parts and split(reply.call)]
