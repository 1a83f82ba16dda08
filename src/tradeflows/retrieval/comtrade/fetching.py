"""The calls of a plan, made one by one, and whether what came is whole.

Each whole reply is kept as it came; its wholes are compared with the sums of their parts.
"""

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model.errors import LayoutError
from tradeflows.model.files import temporary
from tradeflows.model.source import Source
from tradeflows.publishers import comtrade as cleaner
from tradeflows.publishers import reading, registry
from tradeflows.retrieval import catalogue, fetching
from tradeflows.retrieval.call_words import dashed
from tradeflows.retrieval.comtrade.packing import Limits, Queue, Records, most_rows, split
from tradeflows.retrieval.comtrade.planning import Plan, counted, folder, held, plan, renewed
from tradeflows.retrieval.comtrade.questions import ALL, BREAKDOWNS, MOST, Call, in_words, iso
from tradeflows.retrieval.fetching import CutOffError, Kept, Outcome, Report, Show
from tradeflows.retrieval.http import FetchError, RetryError, Web, locked
from tradeflows.retrieval.user_files import (
    keep,
    quarantine,
    remove,
    require_cleanable,
    rewrite_entries,
)

LEAST_CAP = 10  # rows; nobody's cap is lower, and small replies often are of one size
# What the parts of a whole are, the place of what tells them apart, and its word for the whole.
PARTNERS, GOODS = ("partners", 2, "0"), ("HS6 codes", 3, "TOTAL")
Whole = tuple[str, str]  # what its parts are, and "reporter period flow partner product"
NAMES = ("flow_code", "partner_code", "cmd_code", "primary_value_usd", "breakdown")
# A reply does not tell its release, so after a longer run the list of data sets is asked for again,
# and what changed meanwhile is fetched anew. After a shorter one that call would be a good part of
# all: there the next plan, which asks for the list anyway, marks what it may hold as ambiguous.
FRESH, ROUNDS = 60.0, 3  # seconds that a list is good for, and how often it is asked for again


def fetch(planned: Plan, web: Web, root: Path, progress: Show | None = None) -> Report:
    """Make the calls of a plan, keep every whole reply, and tell what came.

    Replies go to ``data/raw/local/comtrade`` of the project `root`; `progress` is called after
    each call.

    Raises
    ------
    FetchError
        A reply cannot be written. What came before is kept.
    """
    before = web.calls
    notes = list[str]()
    outcome = Outcome[Call]()
    _run(planned, web, root, outcome, progress)
    for _ in range(ROUNDS):
        is_fresh = web.clock.now() - planned.listed <= FRESH
        if not planned.boxes or outcome.reason or is_fresh:
            break
        try:
            now = plan(planned.request, web, planned.limits, root)
        except FetchError as error:
            notes.append(f"whether a release came meanwhile could not be asked: {error}")
            break
        if now.releases == planned.releases:
            break
        planned = now
        outcome.failed.clear()
        _run(planned, web, root, outcome, progress)
    report = check(planned, root, _failed_cells(planned, outcome))
    suspects = suspects_among(outcome.kept, planned.records, report.above_parts)
    if suspects and not outcome.reason:
        notes += _ask_in_halves(suspects, planned, web, root, outcome, progress)
        report = check(planned, root, _failed_cells(planned, outcome))
    head = (
        f"{web.calls - before} calls made; {report.rows:,} rows held for {len(report.came)} cells, "
        f"{len(report.empty)} empty, {len(report.absent)} not published, "
        f"{len(report.failed)} failed"
    )
    notes = [*report.notes, *notes]
    calls = web.calls - before
    return replace(report, notes=tuple(notes), calls=calls, later=outcome.reason, head=head)


def _failed_cells(planned: Plan, outcome: Outcome[Call]) -> dict[str, str]:
    """The cells of calls that failed that the publisher has, each with its first reason."""
    failed: dict[str, str] = {}
    for call, reason in outcome.failed.items():
        for cell in call.cells:
            if cell in planned.releases:
                failed.setdefault(cell, reason)
    return failed


def _run(
    planned: Plan, web: Web, root: Path, outcome: Outcome[Call], progress: Show | None
) -> None:
    """Make the calls of a plan."""
    queue = Queue(planned.boxes, planned.records, planned.limits)
    ask = partial(_one, planned=planned, queue=queue, web=web, root=root)
    fetching.run(queue, ask, web, outcome, progress)


def _one(call: Call, planned: Plan, queue: Queue, web: Web, root: Path) -> Kept[Call]:
    """Make one call, and keep a whole reply once its cleaner has read all of it.

    Of two runs that want the same one asks, and the other waits and takes what came.
    """
    asked, limits = planned.request, queue.limits
    way = "data/v1/get" if limits.quota else "public/v1/preview"
    query = _query(call, limits, asked.breakdown)
    url = web.url(f"{way}/C/{asked.freq}/{asked.classification}", query)
    releases = {cell: planned.releases[cell] for cell in call.cells if cell in planned.releases}
    what = repr((url.removeprefix(web.base), releases))  # a mirror's reply is the same reply
    name = f"comtrade_{hashlib.sha256(what.encode()).hexdigest()[:16]}"
    file = folder(root) / f"{name}.json"
    with locked(folder(root) / f"turn-{name[-1]}"):  # a few files, and few wait without need
        known = catalogue.load(root, local=True) if file.exists() else {}
        if name in known:
            reply = cleaner.read(catalogue.check(known[name], root))
            return Kept(call, known[name], len(reply.rows), counted(reply))
        aside = temporary(file, "part")
        reply = web.get(url, aside, partial(_read, web=web))
        count = len(reply.rows)
        parted = {"breakdown": asked.breakdown} if asked.breakdown else {}
        entry = fetching.entry(
            file,
            root,
            web,
            reading.uncatalogued(aside, "comtrade", "trade"),
            steps="tradeflows fetch comtrade",
            id=name,
            publisher="comtrade",
            title=f"Reply of the API: {call}",
            licence="not stated",
            vintage="by row",
            cleaner="comtrade.clean",
            address=url,
            arguments={"releases": releases, "cap": limits.cap, **parted},
        )
        with quarantine(aside, entry, root):
            _require_asked(aside, reply, call)
            # A server may hold a lower cap than we think: none that is known is taken for whole.
            if count >= limits.cap or (count in cleaner.CAPS and count > min(cleaner.CAPS)):
                aside.unlink()
                raise CutOffError(f"fills the row cap by itself: {call}", count)
            require_cleanable(aside, entry)
        keep(aside, entry, root)
    return Kept(call, entry, count, counted(reply))


def _query(call: Call, limits: Limits, breakdown: str) -> dict[str, str]:
    """The parameters of a call: totals alone or, of one `breakdown`, its parts beside them."""
    query = {
        "reporterCode": ",".join(call.reporters),
        "period": ",".join(call.periods),
        "partnerCode": ",".join(call.partners),
        "partner2Code": "0",
        "cmdCode": ",".join(call.products),
        "flowCode": ",".join(call.flows),
        "customsCode": "C00",
        "motCode": "0",
        "maxRecords": str(limits.cap),
        "includeDesc": "false",
    }
    if call.partners == (ALL,):
        del query["partnerCode"]
    if breakdown:
        del query[BREAKDOWNS[breakdown][0]]
        query["breakdownMode"] = "plus"
    return query


def _read(path: Path, web: Web) -> cleaner.Reply:
    """The reply in `path`; RetryError where it is none, or not whole."""
    try:
        reply = cleaner.read(path)
    except (LayoutError, pa.ArrowException, ValueError, TypeError) as error:
        reason = str(error).removeprefix(f"{path}: ").partition("\n")[0]
        raise RetryError(reason) from error
    if reply.message:
        web.raise_for_reply(200, {}, reply.message)
    return reply


def _require_asked(path: Path, reply: cleaner.Reply, call: Call) -> None:
    """Refuse a reply with rows that the call did not ask for."""
    names = ("reportercode", "period", "partnercode", "cmdcode", "flowcode")
    for name, values in zip(names, vars(call).values(), strict=True):
        is_open = {*values} & ({ALL, *MOST} - {"TOTAL"})
        came = {code or "null" for code in reply.rows[name].to_pylist()} if len(reply.rows) else ()
        unasked = sorted({*came} - {*values})
        if unasked and not is_open:
            raise LayoutError(path, "only what was asked for", f"{name} {', '.join(unasked[:3])}")


def _ask_in_halves(
    suspects: list[Kept[Call]],
    planned: Plan,
    web: Web,
    root: Path,
    outcome: Outcome[Call],
    progress: Show | None,
) -> list[str]:
    """Ask for what a silent cap may have cut off in halves; a line that says of it, if it has.

    One reply is tried: where its halves bring no more than itself, the others are whole too.
    """
    first = suspects[0]
    pieces = split(first.call)
    if not pieces:
        return [
            f"{len(suspects)} replies have {first.rows:,} rows each, none above, and cannot be "
            f"asked for in parts: the server may have stopped there; such as {first.call}"
        ]
    halves = Outcome[Call]()
    _run(replace(planned, boxes=tuple(pieces)), web, root, halves, progress)
    outcome.reason = halves.reason
    if halves.rows <= first.rows or halves.reason:
        for name in {reply.source.id for reply in halves.kept} - {first.source.id}:
            remove(name, root)
        return []
    outcome.failed |= halves.failed
    cut = [kept for kept in outcome.kept if kept in suspects or kept.rows == first.rows]
    line = (
        f"replies stop at {first.rows:,} rows, below the {planned.limits.cap:,} that the publisher "
        f"names: {len(cut)} were asked for again in parts"
    )
    cut += [kept for kept in halves.kept if kept.rows >= first.rows]
    outcome.kept = [kept for kept in [*outcome.kept, *halves.kept] if kept not in cut]
    for kept in cut:
        remove(kept.source.id, root)
    boxes = tuple(half for kept in cut if kept is not first for half in split(kept.call))
    limits = replace(planned.limits, cap=first.rows)
    _run(replace(planned, boxes=boxes, limits=limits), web, root, outcome, progress)
    return [line]


# --- whether it is whole --------------------------------------------------------------------------


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
    for source, names, value in _rows(sources, planned, root):
        rows[names[0]] += 1
        without_value[names[0]] += value is None
        # Of a part without a value nobody knows the sum: NaN differs from no whole.
        number = math.nan if value is None else value
        for what, at, code in compared:
            whole = what, " ".join([*names[:at], code, *names[at + 1 :]])
            if names[at] != code and (at == PARTNERS[1] or len(names[at]) == 6):
                parts[whole] += number
            elif names[at] == code and value is not None:
                wholes[whole] = value, source
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
    sources: Mapping[str, Source], planned: Plan, root: Path
) -> Iterator[tuple[str, tuple[str, ...], float | None]]:
    """Rows of a request's present release: source; cell, flow, partner and product; and value.

    Of a row that two replies have, since one answers a wider question, the first.
    """
    asked = planned.request
    seen = set[tuple[str, ...]]()
    for source in sources.values():
        present = {*source.arguments["releases"].items()} & {*planned.releases.items()}
        cells = {cell for cell, _ in present}
        for part in registry.cleaner(source)(catalogue.check(source, root), source):
            form = "%Y%m" if asked.freq == "M" else "%Y"
            period = pc.strftime(part.rows["ref_period"], format=form)
            reporter = part.rows["reporter_code"].cast(pa.string())
            cell = pc.binary_join_element_wise(reporter, period, " ")
            columns = (cell, *(part.rows[name] for name in NAMES))
            for *names, value, breakdown in zip(*map(pa.Array.to_pylist, columns), strict=True):
                row = (*names,)
                _, flow, partner, good = row
                is_asked = row[0] in cells and asked.covers(partner, good, flow)
                if is_asked and breakdown == "total" and row not in seen:
                    seen.add(row)
                    yield source.id, row, value


def used(planned: Plan, root: Path) -> dict[str, Source]:
    """Sources with rows of the request in its present release."""
    asked = planned.request
    goods = {*asked.products, *(f"AG{len(good)}" for good in asked.products)}
    sources: dict[str, Source] = {}
    for source, call, releases in held(root, asked):
        partners = ALL in (*asked.partners, *call.partners) or {*asked.partners} & {*call.partners}
        products = goods & {*call.products} or goods & MOST.keys()
        is_present = releases.items() & planned.releases.items()
        if partners and products and is_present and {*asked.flows} & {*call.flows}:
            sources[source.id] = source
    return sources


def suspects_among(
    replies: Sequence[Kept[Call]], records: Records, above_parts: Collection[str]
) -> list[Kept[Call]]:
    """Replies that may have been cut off, the likeliest first.

    A server may stop without a word, at fewer rows than it announces. Then several replies have one
    number of rows, or a whole is more than the sum of its parts.

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
