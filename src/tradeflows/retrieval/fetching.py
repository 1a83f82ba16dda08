"""One loop for every fetch: ask, keep or halve or fail, and stop where asking on has no chance.

Each publisher's room has its own calls, and a function that makes one and keeps what came; the
rest is the same for all of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from tradeflows.model.errors import QueryError
from tradeflows.model.source import RAW, Source
from tradeflows.retrieval.catalogue import LOCAL_FOLDER
from tradeflows.retrieval.http import (
    FetchError,
    MissingError,
    QuotaError,
    RefusedError,
    Saved,
    UnreachableError,
    Web,
    stamp,
)

IN_A_ROW = 3  # failed calls, after which the rest is not tried

Call = TypeVar("Call")


class CutOffError(FetchError):
    """The answer is larger than the service gives at once; `rows` of it came."""

    def __init__(self, message: str, rows: int = 0) -> None:
        super().__init__(message)
        self.rows = rows


@dataclass(frozen=True)
class Progress:
    """After each call: calls `done` and `left`, `rows` so far and the call.

    Within a call whose answer is large, how many `bytes` of it have come.
    """

    done: int
    left: int
    rows: int
    call: Any
    bytes: int = 0


Show = Callable[[Progress], None]


@dataclass(frozen=True)
class Kept(Generic[Call]):
    """A whole answer that is held: its call, its entry and its `rows`.

    `counts` are its rows by what the call's queue learns from, where it does.
    """

    call: Call
    source: Source
    rows: int
    counts: Any = None


@dataclass
class Outcome(Generic[Call]):
    """What became of calls: those `kept`, not published, and `failed` with the reason.

    Where all stopped, `reason` says why, and when to go on if the server told it.
    """

    kept: list[Kept[Call]] = field(default_factory=list)
    absent: list[Call] = field(default_factory=list)
    failed: dict[Call, str] = field(default_factory=dict)
    reason: str = ""

    @property
    def rows(self) -> int:
        """Rows of all answers."""
        return sum(kept.rows for kept in self.kept)


class Queue(Generic[Call]):
    """The calls that are left; one whose answer is too large comes back in halves."""

    def __init__(self, calls: Iterable[Call], split: Callable[[Call], list[Call]]) -> None:
        self.calls = [*calls][::-1]
        self.split = split

    def __len__(self) -> int:
        """How many calls are left, as far as is known."""
        return len(self.calls)

    def take(self) -> Call:
        """The next call."""
        return self.calls.pop()

    def learn(self, kept: Kept[Call]) -> None:
        """See what came, for the calls that are left."""

    def cut(self, call: Call, rows: int) -> bool:
        """Queue the halves of a call that brought more than `rows`; whether there are any."""
        halves = self.split(call)
        self.calls += halves[::-1]
        return bool(halves)


def run(
    queue: Queue[Call],
    ask: Callable[[Call], Kept[Call] | None],
    web: Web,
    outcome: Outcome[Call],
    show: Show | None = None,
) -> None:
    """Make the calls of a queue until none is left, or none has a chance, and note the `outcome`.

    A spent quota and a lost network end it, as do three failures in a row.

    Parameters
    ----------
    ask
        Makes a call and keeps the answer; None where the publisher has not published it.

    Raises
    ------
    FetchError
        A file cannot be written here. A server's faults end in the outcome.
    """
    failures = done = 0
    while queue.calls and not outcome.reason:
        call = queue.take()
        done += 1
        try:
            kept = ask(call)
        except CutOffError as error:
            failures = 0
            if queue.cut(call, error.rows):
                done -= 1
            else:
                outcome.failed[call] = str(error)
        except FetchError as error:
            if isinstance(error.__cause__, OSError):
                raise
            outcome.failed[call] = str(error)
            failures += 1
            if isinstance(error, QuotaError):
                when = stamp(web.clock.now() + error.seconds)
                outcome.reason = f"{error}; go on after {when}"
            elif isinstance(error, UnreachableError):
                outcome.reason = str(error)
            elif failures == IN_A_ROW:
                outcome.reason = f"not asked, after {error}"
        else:
            if kept:
                failures = 0
                outcome.kept.append(kept)
                queue.learn(kept)
            else:
                outcome.absent.append(call)
        if show:
            show(Progress(done, len(queue), outcome.rows, call))
    while queue.calls:
        outcome.failed[queue.take()] = outcome.reason


def connect(who: str, base: str | None, variable: str, usual: str, **options: Any) -> Web:
    """The way to a service: `base`, else what the environment has as `variable`, else `usual`.

    Raises
    ------
    QueryError
        The address, or the key, is none that can be used.
    """
    try:
        return Web(base or os.environ.get(variable) or usual, **options)
    except RefusedError as error:
        raise QueryError(f"{who}: {error}") from None


def get_list(web: Web, url: str, aside: Path, check: Callable[[Path], Any]) -> Any:
    """What `check` reads of the publisher's list of what is published.

    Raises
    ------
    FetchError
        The list cannot be had; the message says what is possible without it.
    """
    try:
        return web.get(url, aside, check)[1]
    except MissingError as error:
        raise RefusedError(f"{url}: {error}; is the base address right?") from error
    except UnreachableError as error:
        raise UnreachableError(
            f"{error} What is held already needs no network: `tradeflows build` and `read` work "
            "as before"
        ) from error
    finally:
        aside.unlink(missing_ok=True)


def folder(root: Path, publisher: str) -> Path:
    """Where what is fetched of a publisher lies; made where it is not."""
    path = root / RAW / LOCAL_FOLDER / publisher
    path.mkdir(parents=True, exist_ok=True)
    return path


def entry(
    file: Path, root: Path, web: Web, saved: Saved, *, steps: str, more: str = "", **keys: Any
) -> Source:
    """The entry of an answer that is to lie in `file`, fetched now; `keys` are the rest of it."""
    now = web.clock.now()
    return Source(
        path=file.relative_to(root / RAW).as_posix(),
        kind="fetched",
        retrieved=datetime.fromtimestamp(now, UTC).date(),
        sha256=saved.sha256,
        bytes=saved.bytes,
        table="trade",
        rank=1,
        steps=f"{steps}, {stamp(now)}{more}",
        **keys,
    )
