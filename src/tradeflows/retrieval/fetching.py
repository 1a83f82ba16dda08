"""One loop for every fetch: ask, keep or halve or fail, and stop where asking on has no chance.

Each publisher's room has its own calls, and a function that makes one and keeps what came; the
rest is the same for all of them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from tradeflows.model.errors import QueryError
from tradeflows.model.files import temporary
from tradeflows.model.source import RAW, Source
from tradeflows.retrieval.catalogue import LOCAL_FOLDER
from tradeflows.retrieval.http import (
    FetchError,
    MissingError,
    QuotaError,
    RefusedError,
    UnreachableError,
    Web,
    stamp,
    write,
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


@dataclass(frozen=True)
class Report:
    """What became of a question.

    Attributes
    ----------
    came, empty, absent
        What has rows; what is whole but has none; what the publisher does not have: cells of UN
        Comtrade, months of Comext, calls of its service.
    failed, without_value
        What is missing, with the reason, or with how many rows state no value.
    notes
        A line for each whole that its parts do not add up to, and what else is to be said.
    sources, above_parts
        Ids of the entries that hold the answer, and of those with a whole that is more than the
        sum of its parts.
    calls, rows
        Calls made now, and rows held for the question.
    later
        Why it stopped, and when to go on where the quota is used up; else empty.
    head, names
        The first line of the report, and how what is missing is named to a reader.
    """

    came: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    without_value: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    above_parts: frozenset[str] = frozenset()
    calls: int = 0
    rows: int = 0
    later: str = ""
    head: str = ""
    names: Callable[[Iterable[str]], str] = ", ".join

    @property
    def missing(self) -> int:
        """How many are missing, whole or in part."""
        return len(self.absent) + len({*self.failed, *self.without_value})

    def lines(self) -> Iterator[str]:
        """The report in words, what is missing by name."""
        yield self.head
        for word, some in {"empty": self.empty, "not published": self.absent}.items():
            if some:
                yield f"{word}: {self.names(some)}"
        for name, reason in self.failed.items():
            yield f"failed: {self.names([name])}: {reason}"
        for name, count in self.without_value.items():
            yield f"no value: {self.names([name])}: the publisher states none in {count:,} row(s)"
        yield from self.notes
        if self.later:
            yield self.later


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

    A spent quota and a lost network end it, as do three failures in a row. What `ask` returns is
    kept; it is None where the publisher has not published a call.

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

    A QueryError says that the address, or the key, is none that can be used.
    """
    try:
        return Web(base or os.environ.get(variable) or usual, **options)
    except RefusedError as error:
        raise QueryError(f"{who}: {error}") from None


def listing(
    web: Web,
    url: str,
    to: Path,
    check: Callable[[Path], list[Any]],
    *,
    age: float = -1.0,
    is_enough: Callable[[list[Any]], bool] = lambda items: False,
) -> tuple[list[Any], float]:
    """What `check` reads of a publisher's list of what it has, and the time of that list.

    One that came before, which the folder `to` keeps, is good for `age` seconds; unless that is
    negative, one that `is_enough` is good however old it is.

    Raises
    ------
    FetchError
        The list cannot be had; the message says what is possible without it.
    """
    file = to / f".list_{hashlib.sha256(url.encode()).hexdigest()[:16]}.json"
    with suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(file.read_text(encoding="utf-8"))
        is_young = web.clock.now() - known["time"] < age
        if age >= 0 and (is_young or is_enough(known["items"])):
            return known["items"], known["time"]
    aside = temporary(file)
    try:
        items = web.get(url, aside, check)
    except MissingError as error:
        raise RefusedError(f"{url}: {error}; is the base address right?") from error
    except UnreachableError as error:
        raise UnreachableError(
            f"{error} What is held already needs no network: `tradeflows build` and `read` work "
            "as before"
        ) from error
    finally:
        aside.unlink(missing_ok=True)
    now = web.clock.now()
    write(file, json.dumps({"items": items, "time": now}))
    return items, now


def folder(root: Path, publisher: str) -> Path:
    """Where what is fetched of a publisher lies; made where it is not."""
    path = root / RAW / LOCAL_FOLDER / publisher
    path.mkdir(parents=True, exist_ok=True)
    return path


def entry(
    file: Path, root: Path, web: Web, loose: Source, *, steps: str, more: str = "", **keys: Any
) -> Source:
    """The entry of an answer that is to lie in `file`, fetched now; `keys` are the rest of it.

    What they do not say is of `loose`, what the answer itself tells.
    """
    now = web.clock.now()
    return replace(
        loose,
        path=file.relative_to(root / RAW).as_posix(),
        kind="fetched",
        retrieved=datetime.fromtimestamp(now, UTC).date(),
        steps=f"{steps}, {stamp(now)}{more}",
        **keys,
    )
