"""Is what came whole? Rows of each cell, wholes against the sum of their parts, and silent caps."""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model.source import Source
from tradeflows.publishers import registry
from tradeflows.retrieval import catalogue
from tradeflows.retrieval.call_words import dashed
from tradeflows.retrieval.comtrade.packing import Call, Records, most_rows, split
from tradeflows.retrieval.comtrade.planning import Plan, held, renewed
from tradeflows.retrieval.comtrade.questions import ALL, MOST, in_words, iso
from tradeflows.retrieval.fetching import Kept, Report
from tradeflows.retrieval.user_files import rewrite_entries

LEAST_CAP = 10  # rows; nobody's cap is lower, and small replies often are of one size
# What the parts of a whole are, the place of what tells them apart, and its word for the whole.
PARTNERS, GOODS = ("partners", 2, "0"), ("HS6 codes", 3, "TOTAL")
Whole = tuple[str, str]  # what its parts are, and "reporter period flow partner product"
NAMES = ("flow_code", "partner_code", "cmd_code", "primary_value_usd", "breakdown")


def check(planned: Plan, root: Path, failed: Mapping[str, str]) -> Report:
    """What is held of a request, and a line for each whole that differs from the sum of its parts.

    HS6 is compared with TOTAL, and partners with World, where the request holds both. A whole that
    differs gets the flag unequal: its source's entry says so, until it is found to be equal. Cells
    that `failed` are not compared, since some of their parts are not here.

    Raises
    ------
    LayoutError, CodeError
        A reply is not as its cleaner expects it.
    """
    asked, sources = planned.request, used(planned, root)
    compared = [PARTNERS] * (asked.partners == (ALL,))
    compared += [GOODS] * ({"TOTAL", "AG6"} <= {*asked.products})
    rows, without_value = Counter[str](), Counter[str]()
    wholes: dict[Whole, tuple[float, str]] = {}  # with the source that states it
    parts: dict[Whole, float] = defaultdict(float)
    for source in sources.values():
        for names, value in _rows(source, planned, root):
            rows[names[0]] += 1
            without_value[names[0]] += value is None
            # Of a part without a value nobody knows the sum: NaN differs from no whole.
            number = math.nan if value is None else value
            for what, at, code in compared:
                whole = what, " ".join([*names[:at], code, *names[at + 1 :]])
                if names[at] != code and (at == PARTNERS[1] or len(names[at]) == 6):
                    parts[whole] += number
                elif names[at] == code and value is not None:
                    wholes[whole] = value, source.id
    notes, above_parts = _differing(wholes, parts, sources, failed, root)
    present = [cell for cell in planned.releases if cell not in failed]
    return Report(
        came=tuple(cell for cell in present if rows[cell]),
        empty=tuple(cell for cell in present if not rows[cell]),
        absent=planned.absent,
        failed=failed,
        without_value=+without_value,
        notes=tuple(notes),
        sources=tuple(sources),
        above_parts=frozenset(above_parts),
        rows=rows.total(),
        names=in_words,
    )


def _differing(
    wholes: Mapping[Whole, tuple[float, str]],
    parts: Mapping[Whole, float],
    sources: Mapping[str, Source],
    failed: Mapping[str, str],
    root: Path,
) -> tuple[list[str], set[str]]:
    """A line for each whole that its parts do not add up to, and who states more than they do.

    The entries of the sources say it too, and no more of a whole that is found to be equal.
    """
    unequal = {name: {*source.arguments.get("unequal", ())} for name, source in sources.items()}
    lines, above_parts, marks = [], set[str](), []
    for (what, key), (stated, name) in wholes.items():
        reporter, period, flow, partner, good = key.split()
        total, tolerance = parts.get((what, key), 0.0), max(1.0, 1e-6 * abs(stated))
        if math.isnan(total) or f"{reporter} {period}" in failed:
            continue
        unequal[name].discard(key)
        if abs(stated - total) > tolerance:
            marks.append((name, key))
            cell = f"{iso(reporter)} {dashed(period)} {flow} {iso(partner)} {good}"
            lines.append(f"{cell}: {stated:,.0f}, but its {what} add up to {total:,.0f}")
            above_parts |= {name} if stated > total else set()
    for name, key in marks:
        unequal[name].add(key)
    renew = (renewed(sources[name], "unequal", sorted(unequal[name])) for name in sources)
    rewrite_entries(root, [*chain(*renew)])
    return lines, above_parts


def _rows(
    source: Source, planned: Plan, root: Path
) -> Iterator[tuple[tuple[str, ...], float | None]]:
    """Rows of a request's present release: cell, flow, partner and product, and the value."""
    asked = planned.request
    present = {*source.arguments["releases"].items()} & {*planned.releases.items()}
    cells = {cell for cell, _ in present}
    for part in registry.cleaner(source)(catalogue.check(source, root), source):
        period = pc.strftime(part.rows["ref_period"], format="%Y%m" if asked.freq == "M" else "%Y")
        reporter = part.rows["reporter_code"].cast(pa.string())
        cell = pc.binary_join_element_wise(reporter, period, " ")
        columns = [cell, *(part.rows[name] for name in NAMES)]
        for *names, value, breakdown in zip(
            *(column.to_pylist() for column in columns), strict=True
        ):
            flow, partner, good = names[1:]
            if names[0] in cells and breakdown == "total" and asked.covers(partner, good, flow):
                yield (*names,), value


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
            for cell, _ in releases.items() & planned.releases.items():
                by_cell[cell][source.id] = call
    needed = {name for calls in by_cell.values() for name in _widest(calls)}
    return {name: source for name, source in sources.items() if name in needed}


def _widest(calls: Mapping[str, Call]) -> list[str]:
    """The names of calls that lie within no other; of those that ask for the same the first."""
    widest: list[str] = []
    for name, call in calls.items():
        if not any(call.is_within(calls[other]) for other in widest):
            widest = [other for other in widest if not calls[other].is_within(call)] + [name]
    return widest


# A server may stop without a word, at fewer rows than it announces. Then several replies have one
# number of rows, or a whole is more than the sum of its parts.


def suspects_among(
    replies: Sequence[Kept[Call]], records: Records, above_parts: Collection[str]
) -> list[Kept[Call]]:
    """Replies that may have been cut off, the likeliest first.

    `records` has how many rows the publisher has of each cell, `above_parts` the ids of the replies
    with a whole that is more than the sum of its parts.
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
