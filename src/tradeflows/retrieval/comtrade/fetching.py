"""The calls of a plan, made one by one; each whole reply is kept as it came."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from tradeflows.model.errors import LayoutError
from tradeflows.model.files import temporary
from tradeflows.model.source import RAW, Source
from tradeflows.publishers import comtrade as cleaner
from tradeflows.retrieval import catalogue
from tradeflows.retrieval.comtrade.completeness import Checked, check
from tradeflows.retrieval.comtrade.cut_replies import Kept, fills_a_cap, suspects_among
from tradeflows.retrieval.comtrade.packing import (
    Call,
    Limits,
    Queue,
    cells_of,
    split,
)
from tradeflows.retrieval.comtrade.planning import Plan, plan
from tradeflows.retrieval.comtrade.questions import ALL, BREAKDOWNS, MOST, in_words
from tradeflows.retrieval.comtrade.replies import counted, folder
from tradeflows.retrieval.http import (
    FetchError,
    QuotaError,
    RetryError,
    UnreachableError,
    Web,
    locked,
    stamp,
)
from tradeflows.retrieval.user_files import keep, quarantine, remove, require_cleanable

IN_A_ROW = 3  # failed calls, after which the rest is not tried
# A reply does not tell its release, so after a longer run the list of data sets is asked for again,
# and what changed meanwhile is fetched anew. After a shorter one that call would be a good part of
# all: there the next plan, which asks for the list anyway, marks what it may hold as ambiguous.
FRESH, ROUNDS = 60.0, 3  # seconds that a list is good for, and how often it is asked for again


@dataclass(frozen=True)
class Progress:
    """After each call: calls `done` and `left`, `rows` so far and what was asked."""

    done: int
    left: int
    rows: int
    call: str


Show = Callable[[Progress], None]


@dataclass(frozen=True)
class Report:
    """What became of a request, cell by cell.

    Attributes
    ----------
    came, empty, absent
        Cells with rows; whole but without any; that the publisher does not have.
    failed
        Cell to the reason, of which something is missing.
    without_value
        Cell to its rows of which the publisher states no value.
    differences
        A line for each whole that its parts do not add up to.
    sources
        Ids of the entries that hold the request's present release.
    calls, rows
        Calls made now, and rows held for the request.
    later
        When to go on, where the quota is used up; else empty.
    """

    came: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    without_value: Mapping[str, int] = field(default_factory=dict)
    differences: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    calls: int = 0
    rows: int = 0
    later: str = ""

    @property
    def missing(self) -> int:
        """Cells of which something is missing."""
        return len(self.absent) + len({*self.failed, *self.without_value})

    def lines(self) -> Iterator[str]:
        """The report in words, what is missing by name."""
        yield (
            f"{self.calls} calls made; {self.rows:,} rows held for {len(self.came)} cells, "
            f"{len(self.empty)} empty, {len(self.absent)} that the publisher does not have, "
            f"{len(self.failed)} failed"
        )
        for word, cells in (("empty", self.empty), ("the publisher has no", self.absent)):
            if cells:
                yield f"{word}: {in_words(cells)}"
        for cell, reason in self.failed.items():
            yield f"failed: {in_words([cell])}: {reason}"
        for cell, count in self.without_value.items():
            rows = f"{count:,} row{'s' if count > 1 else ''}"
            yield f"no value: {in_words([cell])}: the publisher states none in {rows}"
        yield from self.differences
        if self.later:
            yield self.later


@dataclass(frozen=True)
class Outcome:
    """What became of calls: replies `kept`, cells `failed`, and `reason` where it stopped."""

    kept: tuple[Kept, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    later: str = ""

    @property
    def rows(self) -> int:
        """Rows of all replies."""
        return sum(reply.rows.total() for reply in self.kept)


def fetch(planned: Plan, web: Web, root: Path, progress: Show | None = None) -> Report:
    """Make the calls of a plan, keep every whole reply, and tell what came.

    Parameters
    ----------
    planned, web
        From :func:`plan` and :func:`connect`.
    root
        Project folder; replies go to ``data/raw/local/comtrade``.
    progress
        Called after each call.

    Raises
    ------
    FetchError
        A reply cannot be written. What came before is kept.
    """
    before = web.calls
    notes = list[str]()
    outcome = _run(planned, web, root, progress, Outcome())
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
        outcome = _run(planned, web, root, progress, replace(outcome, failed={}))
    checked = check(planned, root, {*outcome.failed})
    if not outcome.reason:
        outcome, cut_off = _asked_in_halves(planned, web, root, progress, outcome, checked)
        if cut_off:
            notes += cut_off
            checked = check(planned, root, {*outcome.failed})
    present = [cell for cell in planned.releases if cell not in outcome.failed]
    return Report(
        came=tuple(cell for cell in present if checked.rows[cell]),
        empty=tuple(cell for cell in present if not checked.rows[cell]),
        absent=planned.absent,
        failed=outcome.failed,
        without_value=dict(checked.without_value),
        differences=(*checked.differences.values(), *notes),
        sources=checked.sources,
        calls=web.calls - before,
        rows=checked.rows.total(),
        later=outcome.later,
    )


# --- one call after the other --------------------------------------------------------------------


def _run(planned: Plan, web: Web, root: Path, progress: Show | None, before: Outcome) -> Outcome:
    """Make the calls of a plan until none is left or none has a chance, after those `before`."""
    queue = Queue(planned.boxes, planned.records, planned.limits, planned.seen)
    outcome = before
    in_a_row = 0
    while queue and not outcome.reason:
        call = queue.take()
        try:
            kept, count = _one(call, planned, queue.limits, web, root)
        except FetchError as error:
            if isinstance(error.__cause__, OSError):
                raise
            in_a_row += 1
            outcome = _after_failure(call, planned, web, outcome, error, in_a_row)
        else:
            in_a_row = 0
            if kept:
                outcome = replace(outcome, kept=(*outcome.kept, kept))
                queue.learn(call, kept.rows)
            elif not queue.cut(call, count):
                outcome = _failed(call, planned, outcome, f"fills the row cap by itself: {call}")
        if outcome.reason:
            queue.put_back(call)
        elif progress:
            done = len(outcome.kept) - len(before.kept)
            progress(Progress(done, len(queue), outcome.rows, str(call)))
    for call in queue:
        outcome = _failed(call, planned, outcome, outcome.reason)
    return outcome


def _after_failure(
    call: Call, planned: Plan, web: Web, outcome: Outcome, error: FetchError, in_a_row: int
) -> Outcome:
    """`outcome` after a call that failed: with a reason to stop, or with the cells that failed."""
    reason = str(error)
    if isinstance(error, QuotaError):
        later = f"{reason}; go on after {stamp(web.clock.now() + error.seconds)}"
        return replace(outcome, reason=reason, later=later)
    if isinstance(error, UnreachableError):
        return replace(outcome, reason=reason)
    outcome = _failed(call, planned, outcome, reason)
    if in_a_row == IN_A_ROW:
        outcome = replace(outcome, reason=f"not asked, after {reason}")
    return outcome


def _failed(call: Call, planned: Plan, outcome: Outcome, reason: str) -> Outcome:
    """`outcome` with the cells of a call that the publisher has, each with its first reason."""
    cells = {cell: reason for cell in cells_of(call) if cell in planned.releases}
    return replace(outcome, failed={**cells, **outcome.failed})


def _one(
    call: Call, planned: Plan, limits: Limits, web: Web, root: Path
) -> tuple[Kept | None, int]:
    """Make one call; the reply if it is whole and kept, and the number of its rows.

    Of two runs that want the same one asks, and the other waits and takes what came.
    """
    url = web.url(_path(planned, limits), _query(call, limits, planned.request.breakdown))
    releases = {cell: planned.releases[cell] for cell in cells_of(call) if cell in planned.releases}
    what = repr((url.removeprefix(web.base), releases))  # a mirror's reply is the same reply
    name = f"comtrade_{hashlib.sha256(what.encode()).hexdigest()[:16]}"
    file = folder(root) / f"{name}.json"
    with locked(folder(root) / f"turn-{name[-1]}"):  # a few files, and few wait without need
        known = catalogue.load(root, local=True) if file.exists() else {}
        if name in known:
            rows = counted(cleaner.read(catalogue.check(known[name], root)))
            return Kept(call, name, rows), rows.total()
        arguments = {"releases": releases, "cap": limits.cap}
        if planned.request.breakdown:
            arguments["breakdown"] = planned.request.breakdown
        return _ask(url, file, arguments, call, limits, web, root)


def _path(planned: Plan, limits: Limits) -> str:
    """The path of the calls of a plan."""
    way = "data/v1/get" if limits.quota else "public/v1/preview"
    asked = planned.request
    return f"{way}/C/{asked.freq}/{asked.classification}"


def _query(call: Call, limits: Limits, breakdown: str = "") -> dict[str, str]:
    """The parameters of a call: totals alone or, of one `breakdown`, its parts beside them."""
    partners = {} if call.partners == (ALL,) else {"partnerCode": ",".join(call.partners)}
    query = {
        "reporterCode": ",".join(call.reporters),
        "period": ",".join(call.periods),
        **partners,
        "partner2Code": "0",
        "cmdCode": ",".join(call.products),
        "flowCode": ",".join(call.flows),
        "customsCode": "C00",
        "motCode": "0",
        "maxRecords": str(limits.cap),
        "includeDesc": "false",
    }
    if breakdown:
        parameter, _, _ = BREAKDOWNS[breakdown]
        query.pop(parameter)
        query["breakdownMode"] = "plus"
    return query


def _ask(
    url: str,
    file: Path,
    arguments: Mapping[str, Any],
    call: Call,
    limits: Limits,
    web: Web,
    root: Path,
) -> tuple[Kept | None, int]:
    """Ask for `url`, and keep a whole reply in `file` once its cleaner has read all of it."""
    aside = temporary(file, "part")
    saved, reply = web.get(url, aside, lambda path: _read(path, web))
    now = web.clock.now()
    entry = Source(
        id=file.stem,
        path=file.relative_to(root / RAW).as_posix(),
        publisher="comtrade",
        title=f"Reply of the API: {call}",
        kind="fetched",
        licence="not stated",
        vintage="by row",
        retrieved=datetime.fromtimestamp(now, UTC).date(),
        sha256=saved.sha256,
        bytes=saved.bytes,
        table="trade",
        cleaner="comtrade.clean",
        rank=1,
        address=url,
        steps=f"tradeflows fetch comtrade, {stamp(now)}",
        arguments=arguments,
    )
    with quarantine(aside, entry, root):
        _require_asked(aside, reply, call)
        rows = counted(reply)
        count = rows.total()
        if fills_a_cap(count, limits.cap):
            aside.unlink()
            return None, count
        require_cleanable(aside, entry)
    keep(aside, entry, root)
    return Kept(call, entry.id, rows), count


def _read(path: Path, web: Web) -> cleaner.Reply:
    """The reply in `path`; RetryError where it is none, or not whole."""
    try:
        reply = cleaner.read(path)
    except (LayoutError, pa.ArrowException, ValueError, TypeError) as error:
        reason = str(error).removeprefix(f"{path}: ").partition("\n")[0]
        raise RetryError(reason) from error
    if reply.error:
        web.raise_for_reply(200, {}, reply.error)
    return reply


def _require_asked(path: Path, reply: cleaner.Reply, call: Call) -> None:
    """Refuse a reply with rows that the call did not ask for."""
    for name, values in (
        ("reportercode", call.reporters),
        ("period", call.periods),
        ("flowcode", call.flows),
        ("partnercode", call.partners),
        ("cmdcode", call.products),
    ):
        open_level = not MOST.keys().isdisjoint({*values} - {"TOTAL"})
        if not len(reply.rows) or open_level or ALL in values:
            continue
        came = {code or "null" for code in reply.rows[name].to_pylist()}
        unasked = sorted(came - {*values})
        if unasked:
            raise LayoutError(path, "only what was asked for", f"{name} {', '.join(unasked[:3])}")


# --- replies that are cut off without a word -----------------------------------------------------


def _asked_in_halves(
    planned: Plan,
    web: Web,
    root: Path,
    progress: Show | None,
    outcome: Outcome,
    checked: Checked,
) -> tuple[Outcome, list[str]]:
    """`outcome` after what may be cut off was asked for in halves, and lines that say of it.

    A server may stop at fewer rows than it announces. Then several replies have one same number of
    rows, or a whole is more than the sum of its parts. One reply is tried: where its halves bring
    no more than itself, the others are believed too.
    """
    suspects = suspects_among(outcome.kept, planned.records, checked.above_parts)
    if not suspects:
        return outcome, []
    first = suspects[0]
    count = first.rows.total()
    if not split(first.call):
        line = (
            f"{len(suspects)} replies have {count:,} rows each, none above, and cannot be asked "
            f"for in parts: the server may have stopped there; such as {first.call}"
        )
        return outcome, [line]
    halves = replace(planned, boxes=tuple(split(first.call)))
    tried = _run(halves, web, root, progress, replace(outcome, kept=()))
    stopped = replace(outcome, reason=tried.reason, later=tried.later)
    if tried.rows <= count or tried.reason:
        for name in {reply.source for reply in tried.kept} - {first.source}:
            remove(name, root)
        return stopped, []
    cut_off = [reply for reply in outcome.kept if reply in suspects or reply.rows.total() == count]
    # Of what the two halves brought, what has that number of rows is cut off too.
    cut_halves = [reply for reply in tried.kept if reply.rows.total() >= count]
    pieces: list[Call] = []
    for reply in (*cut_off, *cut_halves):
        remove(reply.source, root)
        if reply is not first:
            pieces += split(reply.call)
    believed = (*outcome.kept, *tried.kept)
    whole = [reply for reply in believed if reply not in (*cut_off, *cut_halves)]
    parts = replace(planned, boxes=tuple(pieces), limits=replace(planned.limits, cap=count))
    before = replace(stopped, kept=tuple(whole), failed=tried.failed)
    line = (
        f"replies stop at {count:,} rows, below the {planned.limits.cap:,} that the publisher "
        f"names: {len(cut_off)} were asked for again in parts"
    )
    return _run(parts, web, root, progress, before), [line]
