"""The plan of a request: which data sets exist, what of them is held, which calls are needed."""

import hashlib
import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from importlib import import_module
from itertools import chain
from math import ceil
from pathlib import Path
from typing import Any

from tradeflows.model.errors import QueryError
from tradeflows.model.files import temporary
from tradeflows.model.periods import is_day
from tradeflows.retrieval.comtrade.packing import (
    KEYED,
    PREVIEW,
    Call,
    Goods,
    Limits,
    Queue,
    Seen,
    boxes_of,
    lacking,
    most_rows,
)
from tradeflows.retrieval.comtrade.questions import Request, in_words, iso
from tradeflows.retrieval.comtrade.replies import (
    count,
    folder,
    held,
    mark_ambiguous,
    recover,
    seen_before,
    spent,
)
from tradeflows.retrieval.http import (
    Clock,
    MissingError,
    RefusedError,
    RetryError,
    UnreachableError,
    Web,
    write,
)

BASE = "https://comtradeapi.un.org"
HEADER = "Ocp-Apim-Subscription-Key"
LONG = 60  # seconds, from which on a fetch says that it may be interrupted


@dataclass(frozen=True)
class Plan:
    """The calls to make for a request.

    Attributes
    ----------
    boxes
        What is lacking, of which each call asks for a part.
    releases
        Cell to "date checksum", for every cell of the request that the publisher has.
    records
        Cell to the rows of its data set, an upper bound for any reply.
    absent
        Cells that the publisher does not have.
    listed
        Time of the list of data sets.
    spent
        Calls that this machine had made today.
    seen
        What held replies tell of how full others come.
    """

    request: Request
    limits: Limits
    boxes: tuple[Call, ...]
    releases: Mapping[str, str]
    records: Mapping[str, int]
    absent: tuple[str, ...]
    listed: float
    spent: int
    seen: Mapping[Goods, Seen] = field(default_factory=dict)

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """The calls that it takes, as far as is known beforehand."""
        return tuple(Queue(self.boxes, self.records, self.limits, self.seen).calls())

    def __str__(self) -> str:
        """Say how many calls, how long they take, and what that is of today's quota."""
        n = len(self.calls)
        quota = self.limits.quota
        wait = ceil(n * self.limits.pause)
        time_ = f"{wait // 60} min {wait % 60:02} s" if wait > 99 else f"{wait} s"
        parts = [f"{n} calls, at least {time_}"]
        if any(most_rows(call, self.records) >= self.limits.cap for call in self.calls):
            parts.append("more or fewer as the replies show how many rows there are")
        if quota:
            left = max(0, quota - self.spent)
            parts.append(
                f"a free key has {quota} a day, of which this machine has used "
                f"{self.spent} today, so {left} are left"
            )
            if n > left:
                parts.append(f"{n - left} are for another day: the same command goes on then")
        else:
            parts.append("no key, so no daily quota is known of")
        if wait > LONG:
            parts.append("it may be interrupted: the same command goes on")
        return "; ".join(parts)

    def lacking(self) -> Iterator[str]:
        """A line that names what the publisher does not have, if there is any."""
        if self.absent:
            yield f"the publisher has no: {in_words(self.absent)}"


def connect(
    base: str | None = None,
    key: str | None = None,
    clock: Clock | None = None,
    cap: int | None = None,
) -> tuple[Web, Limits]:
    """The way to the API and its limits: the public preview, or more with a key.

    Without arguments: ``TRADEFLOWS_COMTRADE_URL``, and ``COMTRADE_KEY`` or what the system's
    keyring holds for service tradeflows, user comtrade. `cap` is for a key that may have another
    number of rows a call than a free one.

    Raises
    ------
    QueryError
        `base` is no address, `cap` no number of rows, or the key cannot be sent.
    """
    if cap is not None and cap < 2:
        raise QueryError(f"cap {cap}: expected a number of rows, such as 250000")
    key = _key() if key is None else key
    limits = KEYED if key else PREVIEW
    limits = replace(limits, cap=cap) if cap else limits
    base = base or os.environ.get("TRADEFLOWS_COMTRADE_URL") or BASE
    try:
        return Web(base, header=HEADER, key=key, pause=limits.pause, clock=clock), limits
    except RefusedError as error:
        raise QueryError(f"UN Comtrade: {error}") from None


def _key() -> str:
    """The key of the environment, else of the system's keyring; else empty."""
    key = os.environ.get("COMTRADE_KEY", "").strip()
    if key:
        return key
    try:
        keyring = import_module("keyring")
    except ImportError:
        return ""
    try:
        return keyring.get_password("tradeflows", "comtrade") or ""
    except keyring.errors.KeyringError:  # none that opens: then there is no key
        return ""


def plan(
    asked: Request, web: Web, limits: Limits, root: Path, *, listing_age: float = -1.0
) -> Plan:
    """Ask which data sets exist, and pack what is not held into calls.

    Parameters
    ----------
    listing_age
        Seconds for which a list of data sets that came before is good enough. One that has all
        periods of the request is, however old, unless this is negative.

    Raises
    ------
    FetchError
        The list of data sets cannot be had.
    """
    already = _begin(web, limits, root)
    listing = _listing(asked, web, limits, root, listing_age)
    sizes = Counter[str]()
    records = Counter[str]()
    items_by_cell: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in listing.items:
        cell = cell_of(item)
        sizes[cell] += item["totalrecords"]
        reporter, period = cell.split()
        if period in asked.periods and (not asked.reporters or reporter in asked.reporters):
            items_by_cell[cell].append(item)
            records[cell] += item["totalrecords"]
    releases = {cell: _release_of_all(items) for cell, items in items_by_cell.items()}
    mark_ambiguous(root, releases)
    have = held(root, releases, asked.classification, asked.breakdown)
    wanted: dict[Call, set[str]] = defaultdict(set)
    for cell in releases:
        for box in lacking(asked, have.get(cell, ())):
            wanted[box].add(cell)
    seen = seen_before(root, [*wanted], sizes)
    parts = (boxes_of(box, cells, records) for box, cells in wanted.items())
    boxes = tuple(chain.from_iterable(parts))
    absent = _absent(asked, releases)
    return Plan(asked, limits, boxes, releases, records, absent, listing.time, already, seen)


def _begin(web: Web, limits: Limits, root: Path) -> int:
    """Mend what a killed run left, count calls from now on; the calls of today so far."""
    recover(root)
    side = "data" if limits.quota else "public"
    web.before_call = partial(count, root, web, side)
    return spent(root, web, side)


def _absent(asked: Request, releases: Mapping[str, str]) -> tuple[str, ...]:
    """Cells of a request that the publisher does not have."""
    everyone = asked.reporters or tuple(dict.fromkeys(cell.split()[0] for cell in releases))
    # Of an area's several codes (756, 757) one reports at a time, so one that has data will do.
    has = {(iso(reporter), period) for reporter, period in map(str.split, releases)}
    return tuple(
        f"{reporter} {period}"
        for reporter in _first_codes(everyone)
        for period in asked.periods
        if (iso(reporter), period) not in has
    )


def cell_of(item: Mapping[str, Any]) -> str:
    """The cell of a data set."""
    return f"{item['reportercode']} {item['period']}"


def release_of(item: Mapping[str, Any]) -> str:
    """Day and checksum of a data set."""
    return f"{str(item.get('lastreleased') or 'undated')[:10]} {item['datasetchecksum']}"


def _release_of_all(items: Sequence[Mapping[str, Any]]) -> str:
    """Day of the latest of several data sets of one cell, and the checksums of all."""
    parts = [release_of(item).split() for item in items]
    day = max(day for day, _ in parts)
    return f"{day} {'+'.join(sorted(checksum for _, checksum in parts))}"


@dataclass(frozen=True)
class _Listing:
    """A list of data sets, and the time at which it was asked for."""

    items: list[dict[str, Any]]
    time: float


def _listing(asked: Request, web: Web, limits: Limits, root: Path, listing_age: float) -> _Listing:
    """The list of data sets: the one that came before, where that is good enough."""
    what = repr((web.base, asked.freq, asked.classification, asked.reporters))
    digest = hashlib.sha256(what.encode()).hexdigest()[:16]
    file = folder(root) / f".datasets_{digest}.json"
    if listing_age >= 0:
        with suppress(OSError, ValueError, KeyError, TypeError):
            known = _Listing(**json.loads(file.read_text(encoding="utf-8")))
            is_young = web.clock.now() - known.time < listing_age
            if is_young or _has_all(asked, known.items):
                return known
    items = datasets(web, limits, root, asked.reporters, asked.freq, asked.classification)
    listing = _Listing(items, web.clock.now())
    if listing_age >= 0 or file.exists():
        write(file, json.dumps({"items": items, "time": listing.time}), lasting=False)
    return listing


def _has_all(asked: Request, items: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a list has a data set for each reporter and period of a request."""
    cells = {cell_of(item) for item in items}
    return bool(asked.reporters) and all(
        f"{reporter} {period}" in cells for reporter in asked.reporters for period in asked.periods
    )


def datasets(
    web: Web,
    limits: Limits,
    root: Path,
    reporters: Sequence[str],
    freq: str,
    classification: str = "HS",
) -> list[dict[str, Any]]:
    """The publisher's data sets, as it lists them, with the names of fields in lower case.

    Raises
    ------
    FetchError
        The list cannot be had.
    """
    side = "data" if limits.quota else "public"
    query = {"reporterCode": ",".join(reporters)} if reporters else {}
    url = web.url(f"{side}/v1/getDa/C/{freq}/{classification}", query)
    aside = temporary(folder(root) / "getDa", "part")
    try:
        items: list[dict[str, Any]] = web.get(url, aside, lambda path: _datasets(path, web))[1]
    except MissingError as error:
        raise RefusedError(f"{url}: {error}; is the base address right?") from error
    except UnreachableError as error:
        raise error.while_held() from error
    finally:
        aside.unlink(missing_ok=True)
    return items


def _first_codes(reporters: Sequence[str]) -> list[str]:
    """One code for each area, the first."""
    return list({iso(reporter): reporter for reporter in reversed(reporters)}.values())[::-1]


def _datasets(path: Path, web: Web) -> list[dict[str, Any]]:
    """The items of the list of data sets in `path`; RetryError where it is none."""
    try:
        reply = json.loads(path.read_bytes())
        reason = reply.get("error") or reply.get("message")
        if reason:
            web.raise_for_reply(200, {}, str(reason))
        items = [{key.lower(): value for key, value in item.items()} for item in reply["data"]]
        if reply.get("count", len(items)) != len(items):
            raise ValueError(f"{len(items)} of {reply['count']}")
        for item in items:
            _require_dataset(item)
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        reason = str(error).encode("ascii", "backslashreplace").decode()
        raise RetryError(f"no list of data sets ({reason[:200]})") from error
    return items


def _require_dataset(item: dict[str, Any]) -> None:
    """Refuse an item without what it must have; its number of records is put in whole numbers."""
    for name, pattern in (
        ("reportercode", r"\d{1,4}"),
        ("period", r"\d{4}(\d\d)?"),
        ("datasetchecksum", r"[\w.:+/=-]{1,80}"),
    ):
        if name not in item:
            raise ValueError(f"no {name}")
        if not re.fullmatch(pattern, str(item[name]), re.ASCII):
            raise ValueError(f"{name} {str(item[name])[:40]!a}")
    released = str(item.get("lastreleased") or "undated")[:10]
    if released != "undated" and not is_day(released):
        raise ValueError(f"lastreleased {released!a}")
    item["totalrecords"] = max(0, int(float(item.get("totalrecords") or 0)))
