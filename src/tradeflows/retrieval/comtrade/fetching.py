"""The calls of a plan, made one by one; each whole reply is kept as it came."""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from tradeflows.model.errors import LayoutError
from tradeflows.model.source import RAW, Source
from tradeflows.publishers import comtrade as cleaner
from tradeflows.retrieval import catalogue
from tradeflows.retrieval.catalogue import LOCAL
from tradeflows.retrieval.comtrade.packing import Call, Limits, Queue, cells_of
from tradeflows.retrieval.comtrade.planning import Plan, plan
from tradeflows.retrieval.comtrade.questions import ALL, MOST, named
from tradeflows.retrieval.comtrade.replies import counted, folder
from tradeflows.retrieval.comtrade.totals import check
from tradeflows.retrieval.http import (
    FetchError,
    QuotaError,
    RefusedError,
    RetryError,
    UnreachableError,
    Web,
    locked,
    stamp,
)
from tradeflows.retrieval.user_files import record

IN_A_ROW = 3  # failed calls, after which the rest is not tried
# A reply does not tell its release, so after a longer run the list of data sets is asked for again,
# and what changed meanwhile is fetched anew. After a shorter one that call would be a good part of
# all: there the next plan, which asks for the list anyway, says of what it may hold (`doubt`).
FRESH, ROUNDS = 60.0, 3  # seconds that a list is good for, and how often it is asked for again


class Progress(NamedTuple):
    """After each call: calls `done` and `left`, `rows` so far and what was asked."""

    done: int
    left: int
    rows: int
    call: str


@dataclass(frozen=True)
class Report:
    """What became of a request, cell by cell.

    Attributes
    ----------
    came, empty, absent
        Cells with rows; whole but without any; that the publisher does not have.
    failed
        Cell to the reason, of which something is missing.
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
    differences: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    calls: int = 0
    rows: int = 0
    later: str = ""

    def lines(self) -> Iterator[str]:
        """The report in words, what is missing by name."""
        yield (
            f"{self.calls} calls made; {self.rows:,} rows held for {len(self.came)} cells, "
            f"{len(self.empty)} empty, {len(self.absent)} that the publisher does not have, "
            f"{len(self.failed)} failed"
        )
        for word, cells in (("empty", self.empty), ("the publisher has no", self.absent)):
            if cells:
                yield f"{word}: {', '.join(map(named, cells))}"
        for cell, reason in self.failed.items():
            yield f"failed: {named(cell)}: {reason}"
        yield from self.differences
        if self.later:
            yield self.later


def fetch(
    planned: Plan, web: Web, root: Path, progress: Callable[[Progress], None] | None = None
) -> Report:
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
    before, notes = web.calls, list[str]()
    ran = _run(planned, web, root, progress, Ran())
    for _ in range(ROUNDS):
        if ran.reason or web.clock.now() - planned.listed <= FRESH:
            break
        try:
            now = plan(planned.request, web, planned.limits, root)
        except FetchError as error:
            notes.append(f"whether a release came meanwhile could not be asked: {error}")
            break
        if now.releases == planned.releases:
            break
        planned = now
        ran = _run(planned, web, root, progress, ran._replace(failed={}))
    failed = ran.failed
    counts, differences, sources = check(planned, root, {*failed})
    present = [cell for cell in planned.releases if cell not in failed]
    return Report(
        tuple(cell for cell in present if counts[cell]),
        tuple(cell for cell in present if not counts[cell]),
        planned.absent,
        failed,
        (*differences, *notes),
        sources,
        web.calls - before,
        counts.total(),
        ran.later,
    )


class Ran(NamedTuple):
    """What became of the calls of a plan: how many were `done`, `reason` where it stopped."""

    done: int = 0
    rows: int = 0
    failed: Mapping[str, str] = {}
    reason: str = ""
    later: str = ""


def _run(
    planned: Plan, web: Web, root: Path, progress: Callable[[Progress], None] | None, ran: Ran
) -> Ran:
    """Make the calls of a plan until none is left or none has a chance; `ran` are those before."""
    done, rows, failed, reason, later = ran
    failed, in_a_row = dict(failed), 0
    queue = Queue(planned.calls, planned.records, planned.limits, planned.density)
    while queue and not reason:
        call = queue.take()
        try:
            came, whole = _one(call, planned, queue.limits, web, root)
            in_a_row = 0
            if whole:
                rows += came.total()
                queue.learn(call, came)
            elif not queue.cut(call, came.total()):
                failed |= _failed(call, planned, f"fills the row cap by itself: {call}")
        except QuotaError as error:
            reason = str(error)
            later = f"{reason}; go on after {stamp(web.clock.now() + error.seconds)}"
        except UnreachableError as error:
            reason = str(error)
        except FetchError as error:
            if isinstance(error.__cause__, OSError):
                raise
            in_a_row += 1
            failed |= _failed(call, planned, str(error))
            reason = f"not asked, after {error}" if in_a_row == IN_A_ROW else ""
        else:
            done += 1
        if reason:
            queue.put_back(call)
        elif progress:
            progress(Progress(done, len(queue), rows, str(call)))
    for call in queue:
        failed |= {
            cell: why for cell, why in _failed(call, planned, reason).items() if cell not in failed
        }
    return Ran(done, rows, failed, reason, later)


def _failed(call: Call, planned: Plan, reason: str) -> dict[str, str]:
    """The cells of a call that the publisher has, each with the reason."""
    return {cell: reason for cell in cells_of(call) if cell in planned.releases}


def _one(
    call: Call, planned: Plan, limits: Limits, web: Web, root: Path
) -> tuple[Counter[tuple[str, str, str]], bool]:
    """Make one call; rows by reporter, period, partner, and whether it is whole and kept.

    Of two runs that want the same one asks, and the other waits and takes what came.
    """
    freq = planned.request.freq
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
    url = web.url(f"{'data/v1/get' if limits.quota else 'public/v1/preview'}/C/{freq}/HS", query)
    releases = {cell: planned.releases[cell] for cell in cells_of(call) if cell in planned.releases}
    what = repr((url.removeprefix(web.base), releases))  # a mirror's reply is the same reply
    name = f"comtrade_{hashlib.sha256(what.encode()).hexdigest()[:16]}"
    file = folder(root) / f"{name}.json"
    with locked(folder(root) / f"turn-{name[-1]}"):  # a few files, and few wait without need
        known = catalogue.load(root, local=True) if file.exists() else {}
        if name in known:
            return _whole(catalogue.check(known[name], root), call, web), True
        return _ask(url, file, releases, call, limits, web, root)


def _ask(
    url: str,
    file: Path,
    releases: Mapping[str, str],
    call: Call,
    limits: Limits,
    web: Web,
    root: Path,
) -> tuple[Counter[tuple[str, str, str]], bool]:
    """Ask for `url`, and keep a whole reply in `file`."""
    aside = file.with_name(f".{file.name}.{os.getpid()}.part")
    saved, rows = web.get(url, aside, lambda path: _whole(path, call, web))
    # A server may hold a lower cap than we think, so the known ones are never taken for whole.
    count = rows.total()
    if count >= limits.cap or (count in cleaner.CAPS and count > 500):
        aside.unlink()
        return rows, False
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
        arguments={"releases": releases, "cap": limits.cap},
    )
    # The entry first: where we are killed between the two, `_heal` finds the file by it.
    with locked(root / RAW / LOCAL):
        if record(root, entry):
            aside.replace(file)
        else:
            aside.unlink(missing_ok=True)  # another run was faster
    return rows, True


def _whole(path: Path, call: Call, web: Web) -> Counter[tuple[str, str, str]]:
    """Rows by reporter, period, partner of a reply that holds only what was asked for."""
    try:
        reply = cleaner.read(path)
    except LayoutError as error:
        raise RetryError(str(error).removeprefix(f"{path}: ")) from error
    if reply.error:
        web.raise_for_reply(200, {}, reply.error)
    for name, values in (
        ("reportercode", call.reporters),
        ("period", call.periods),
        ("flowcode", call.flows),
        ("partnercode", call.partners),
        ("cmdcode", call.products),
    ):
        listed = name in reply.rows.column_names and MOST.keys().isdisjoint({*values} - {"TOTAL"})
        if len(reply.rows) and listed and ALL not in values:
            found = set(map(str, reply.rows[name].unique().to_pylist()))
            if odd := sorted(found - {*values}):
                raise RefusedError(f"the reply holds {name} {', '.join(odd[:3])}, not asked for")
    return counted(reply)
