"""The calls of a plan, made one by one, and whether what came is whole.

Each whole reply is kept as it came; its wholes are compared with the sums of their parts.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

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

if TYPE_CHECKING:
    from pandas import DataFrame

LEAST_CAP = 10  # rows; nobody's cap is lower, and small replies often are of one size
# What the parts of a whole are, the column that tells them apart, and its word for the whole.
PARTNERS, GOODS = ("partners", "partner_code", "0"), ("HS6 codes", "cmd_code", "TOTAL")
CELL = ["cell", "flow_code", "partner_code", "cmd_code"]
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
            title=f"Reply of the API: {call}",
            vintage="by row",
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
    rows = _rows(sources, planned, root)
    unequal = {name: {*source.arguments.get("unequal", ())} for name, source in sources.items()}
    notes, above_parts, marks = [], set[str](), []
    for what, column, code in compared:
        wholes = _beside_parts(rows[~rows["cell"].isin([*failed])], column, code)
        for row in wholes.to_dict("records"):
            name, stated, total = row["source"], row["value"], row["total"]
            key = " ".join(row[word] for word in CELL)
            unequal[name].discard(key)
            if abs(stated - total) > max(1.0, 1e-6 * abs(stated)):
                marks.append((name, key))
                reporter, period, flow, partner, good = key.split()
                cell = f"{iso(reporter)} {dashed(period)} {flow} {iso(partner)} {good}"
                notes.append(f"{cell}: {stated:,.0f}, but its {what} add up to {total:,.0f}")
                above_parts |= {name} if stated > total else set()
    for name, key in marks:
        unequal[name].add(key)
    renew = (renewed(sources[name], "unequal", sorted(unequal[name])) for name in sources)
    rewrite_entries(root, [*chain(*renew)])
    present = [cell for cell in planned.releases if cell not in failed]
    held_cells = {*rows["cell"]}
    return Report(
        came=tuple(cell for cell in present if cell in held_cells),
        empty=tuple(cell for cell in present if cell not in held_cells),
        absent=planned.absent,
        failed=failed,
        without_value=Counter(rows.loc[rows["value"].isna(), "cell"]),
        notes=tuple(notes),
        sources=tuple(sources),
        above_parts=frozenset(above_parts),
        rows=len(rows),
        names=in_words,
    )


def _beside_parts(rows: DataFrame, column: str, code: str) -> DataFrame:
    """Rows that are wholes by a column, with the ``total`` of their parts where that is known."""
    import pandas as pd

    rest = [name for name in CELL if name != column]
    is_whole = rows[column].eq(code)
    is_part = ~is_whole & (rows["cmd_code"].str.len().eq(6) | (column == PARTNERS[1]))
    parts = rows[is_part].groupby(rest)["value"]
    totals = parts.sum().where(parts.count().eq(parts.size()))  # nobody knows that of a null
    wholes = rows[is_whole & rows["value"].notna()]
    of_wholes = totals.reindex(pd.MultiIndex.from_frame(wholes[rest]), fill_value=0.0)
    return wholes.assign(total=of_wholes.to_numpy()).dropna(subset="total")


def _rows(sources: Mapping[str, Source], planned: Plan, root: Path) -> DataFrame:
    """Rows of a request's present release: cell, flow, partner, product, value and source.

    Of a row that two replies have, since one answers a wider question, the first.
    """
    import pandas as pd

    asked = planned.request
    columns = ["reporter_code", "ref_period", *CELL[1:], "breakdown", "primary_value_usd"]
    frames = [pd.DataFrame(columns=[*CELL, "value", "source"]).astype({"value": "float64"})]
    for source in sources.values():
        present = {*source.arguments["releases"].items()} & {*planned.releases.items()}
        for part in registry.cleaner(source)(catalogue.check(source, root), source):
            rows = part.rows.select(columns).to_pandas(date_as_object=False)
            period = rows["ref_period"].dt.strftime("%Y%m" if asked.freq == "M" else "%Y")
            cell = rows["reporter_code"].astype("str") + " " + period
            is_asked = cell.isin([name for name, _ in present]) & rows["breakdown"].eq("total")
            words = zip(rows["partner_code"], rows["cmd_code"], rows["flow_code"], strict=True)
            is_asked &= np.array([asked.covers(*row) for row in words], bool)
            rows = rows.assign(cell=cell, source=source.id)
            frames.append(rows[is_asked].rename(columns={"primary_value_usd": "value"}))
    return pd.concat(frames, join="inner").drop_duplicates(CELL)


def used(planned: Plan, root: Path) -> dict[str, Source]:
    """Sources with rows of the request in its present release."""
    asked = planned.request
    goods = {*asked.products, *(f"AG{len(good)}" for good in asked.products)}
    sources: dict[str, Source] = {}
    for source, call, releases in held(root, asked):
        partners = ALL in (*asked.partners, *call.partners) or {*asked.partners} & {*call.partners}
        products = goods & {*call.products} or goods & MOST.keys()
        present = releases.items() & planned.releases.items()
        if partners and products and present and {*asked.flows} & {*call.flows}:
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
    fewer = [reply for reply in replies if LEAST_CAP <= reply.rows < most_rows(reply.call, records)]
    largest = max((reply.rows for reply in replies), default=0)
    of_one_size = [reply for reply in fewer if reply.rows == largest]
    # Of many replies two may well be of one size by chance.
    if len(of_one_size) >= max(2, len(replies) / 6):
        return of_one_size
    return [reply for reply in fewer if reply.source.id in above_parts and split(reply.call)]
