"""The calls of a plan, made one by one; each whole reply is kept as it came."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa

from tradeflows.model.errors import LayoutError
from tradeflows.model.files import temporary
from tradeflows.publishers import comtrade as cleaner
from tradeflows.retrieval import catalogue, fetching
from tradeflows.retrieval.comtrade.completeness import Checked, check, suspects_among
from tradeflows.retrieval.comtrade.packing import Call, Limits, Queue, split
from tradeflows.retrieval.comtrade.planning import Plan, plan
from tradeflows.retrieval.comtrade.questions import ALL, BREAKDOWNS, MOST, in_words
from tradeflows.retrieval.comtrade.replies import counted, folder
from tradeflows.retrieval.fetching import CutOffError, Kept, Outcome, Show
from tradeflows.retrieval.http import FetchError, RetryError, Web, locked
from tradeflows.retrieval.user_files import keep, quarantine, remove, require_cleanable

# A reply does not tell its release, so after a longer run the list of data sets is asked for again,
# and what changed meanwhile is fetched anew. After a shorter one that call would be a good part of
# all: there the next plan, which asks for the list anyway, marks what it may hold as ambiguous.
FRESH, ROUNDS = 60.0, 3  # seconds that a list is good for, and how often it is asked for again


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
        Why it stopped, and when to go on where the quota is used up; else empty.
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
    checked = check(planned, root, _failed_cells(planned, outcome))
    if not outcome.reason:
        cut_off = _ask_in_halves(planned, web, root, outcome, checked, progress)
        if cut_off:
            notes.append(cut_off)
            checked = check(planned, root, _failed_cells(planned, outcome))
    failed = _failed_cells(planned, outcome)
    present = [cell for cell in planned.releases if cell not in failed]
    return Report(
        came=tuple(cell for cell in present if checked.rows[cell]),
        empty=tuple(cell for cell in present if not checked.rows[cell]),
        absent=planned.absent,
        failed=failed,
        without_value=dict(checked.without_value),
        differences=(*checked.differences.values(), *notes),
        sources=checked.sources,
        calls=web.calls - before,
        rows=checked.rows.total(),
        later=outcome.reason,
    )


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
    queue = Queue(planned.boxes, planned.records, planned.limits, planned.seen)

    def ask(call: Call) -> Kept[Call]:
        return _one(call, planned, queue.limits, web, root)

    fetching.run(queue, ask, web, outcome, progress)


def _one(call: Call, planned: Plan, limits: Limits, web: Web, root: Path) -> Kept[Call]:
    """Make one call, and keep a whole reply once its cleaner has read all of it.

    Of two runs that want the same one asks, and the other waits and takes what came.
    """
    asked = planned.request
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
        saved, reply = web.get(url, aside, lambda path: _read(path, web))
        count = len(reply.rows)
        parted = {"breakdown": asked.breakdown} if asked.breakdown else {}
        entry = fetching.entry(
            file,
            root,
            web,
            saved,
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
        is_level = not MOST.keys().isdisjoint({*values} - {"TOTAL"})
        if not len(reply.rows) or is_level or ALL in values:
            continue
        came = {code or "null" for code in reply.rows[name].to_pylist()}
        unasked = sorted(came - {*values})
        if unasked:
            raise LayoutError(path, "only what was asked for", f"{name} {', '.join(unasked[:3])}")


def _ask_in_halves(
    planned: Plan,
    web: Web,
    root: Path,
    outcome: Outcome[Call],
    checked: Checked,
    progress: Show | None,
) -> str:
    """Ask for what a silent cap may have cut off in halves; a line that says of it, if it has.

    One reply is tried: where its halves bring no more than itself, the others are whole too.
    """
    suspects = suspects_among(outcome.kept, planned.records, checked.above_parts)
    if not suspects:
        return ""
    first = suspects[0]
    if not split(first.call):
        return (
            f"{len(suspects)} replies have {first.rows:,} rows each, none above, and cannot be "
            f"asked for in parts: the server may have stopped there; such as {first.call}"
        )
    halves = Outcome[Call]()
    _run(replace(planned, boxes=tuple(split(first.call))), web, root, halves, progress)
    outcome.reason = halves.reason
    if halves.rows <= first.rows or halves.reason:
        for name in {reply.source.id for reply in halves.kept} - {first.source.id}:
            remove(name, root)
        return ""
    outcome.failed |= halves.failed
    cut = [kept for kept in outcome.kept if kept in suspects or kept.rows == first.rows]
    count = len(cut)
    cut += [kept for kept in halves.kept if kept.rows >= first.rows]
    outcome.kept = [kept for kept in [*outcome.kept, *halves.kept] if kept not in cut]
    pieces: list[Call] = []
    for kept in cut:
        remove(kept.source.id, root)
        pieces += split(kept.call) if kept is not first else []
    limits = replace(planned.limits, cap=first.rows)
    _run(replace(planned, boxes=tuple(pieces), limits=limits), web, root, outcome, progress)
    return (
        f"replies stop at {first.rows:,} rows, below the {planned.limits.cap:,} that the publisher "
        f"names: {count} were asked for again in parts"
    )
