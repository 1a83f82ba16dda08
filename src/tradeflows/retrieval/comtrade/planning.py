"""The plan of a request: which data sets exist, what of them is held, which calls are needed."""

import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from importlib import import_module
from math import ceil
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tradeflows.model.errors import QueryError
from tradeflows.model.files import sweep
from tradeflows.model.periods import is_day
from tradeflows.model.source import Source
from tradeflows.publishers import comtrade as cleaner
from tradeflows.retrieval import catalogue, fetching
from tradeflows.retrieval.comtrade.packing import (
    KEYED,
    PREVIEW,
    Call,
    Limits,
    Queue,
    calls_of,
    lacking,
    most_rows,
)
from tradeflows.retrieval.comtrade.questions import ALL, Request, in_words, iso
from tradeflows.retrieval.http import Clock, RetryError, Web, locked, stamp, write
from tradeflows.retrieval.user_files import rewrite_entries

BASE = "https://comtradeapi.un.org"
HEADER = "Ocp-Apim-Subscription-Key"
BROKEN = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
DATASET = {  # what a data set must have, and what it looks like
    "reportercode": r"\d{1,4}",
    "period": r"\d{4}(\d\d)?",
    "datasetchecksum": r"[\w.:+/=-]{1,80}",
}


@dataclass(frozen=True)
class Plan:
    """The calls to make for a request.

    Attributes
    ----------
    boxes
        What is lacking, of which each call asks for a part.
    releases, absent
        Cell to "date checksum", for every cell that the publisher has; the cells that it has not.
    records
        Cell to the rows of its data set, an upper bound for any reply.
    listed, spent
        Time of the list of data sets, and calls that this machine had made that day.
    """

    request: Request
    limits: Limits
    boxes: tuple[Call, ...]
    releases: Mapping[str, str]
    records: Mapping[str, int]
    absent: tuple[str, ...]
    listed: float
    spent: int

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """The calls that it takes, as far as is known beforehand."""
        queue = Queue(self.boxes, self.records, self.limits)
        calls = []
        while queue.calls:
            calls.append(queue.take())
        return tuple(calls)

    def __str__(self) -> str:
        """Say how many calls, how long they take, and what that is of today's quota."""
        n, quota = len(self.calls), self.limits.quota
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
        return "; ".join(parts)

    def lacking(self) -> Iterator[str]:
        """A line that names what the publisher does not have, if there is any."""
        if self.absent:
            yield f"not published: {in_words(self.absent)}"


def connect(
    base: str | None = None,
    key: str | None = None,
    clock: Clock | None = None,
    cap: int | None = None,
) -> tuple[Web, Limits]:
    """The way to the API and its limits: the public preview, or more with a key.

    Without arguments: ``TRADEFLOWS_COMTRADE_URL``, and ``COMTRADE_KEY`` or what the system's
    keyring holds for service tradeflows, user comtrade. `cap` is the rows that a key may have a
    call, where it is no free one. A QueryError says which of them cannot be used.
    """
    if cap is not None and cap < 2:
        raise QueryError(f"cap {cap}: expected a number of rows, such as 250000")
    if key is None:
        key = os.environ.get("COMTRADE_KEY", "").strip() or _of_keyring()
    limits = KEYED if key else PREVIEW
    limits = replace(limits, cap=cap) if cap else limits
    way = {"header": HEADER, "key": key, "pause": limits.pause, "clock": clock}
    web = fetching.connect("UN Comtrade", base, "TRADEFLOWS_COMTRADE_URL", BASE, **way)
    return web, limits


def _of_keyring() -> str:
    """The key that the system's keyring holds, or empty."""
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
    for pattern in (".*.part", ".*.tmp"):  # what a killed run left half-written
        sweep(folder(root), pattern)
    count = partial(calls_today, root, web, "data" if limits.quota else "public")
    spent = count()
    web.before_call = partial(count, more=1)
    items, listed = _listing(asked, web, limits, root, listing_age)
    records = Counter[str]()
    for item in items:
        records[cell_of(item)] += item["totalrecords"]
    releases = _releases(items, asked)
    mark_ambiguous(root, releases)
    have: dict[str, list[Call]] = defaultdict(list)
    for _, call, releases_held in held(root, asked):
        for cell, _ in releases_held.items() & releases.items():
            have[cell].append(call)
    wanted: dict[Call, list[str]] = defaultdict(list)
    for cell in releases:
        for box in lacking(asked, have[cell]):
            wanted[box].append(cell)
    boxes = [call for box, cells in wanted.items() for call in calls_of(box, cells, releases)]
    absent = _absent(asked, releases)
    return Plan(asked, limits, tuple(boxes), releases, records, absent, listed, spent)


def _releases(items: Sequence[Mapping[str, Any]], asked: Request) -> dict[str, str]:
    """The release of each cell of a request that the publisher has."""
    parts: dict[str, list[list[str]]] = defaultdict(list)
    for item in items:
        reporter, period = cell_of(item).split()
        if period in asked.periods and (not asked.reporters or reporter in asked.reporters):
            parts[cell_of(item)].append(release_of(item).split())
    # Of several data sets of a cell the day of the latest, and the checksums of all.
    return {
        cell: f"{max(pairs)[0]} {'+'.join(sorted(checksum for _, checksum in pairs))}"
        for cell, pairs in parts.items()
    }


def _absent(asked: Request, releases: Mapping[str, str]) -> tuple[str, ...]:
    """Cells of a request that the publisher does not have.

    Of an area's several codes (756, 757) one reports at a time, so one that has data will do.
    """
    pairs = [cell.split() for cell in releases]
    has = {(iso(reporter), period) for reporter, period in pairs}
    everyone = asked.reporters or [reporter for reporter, _ in pairs]
    first_codes = {iso(reporter): reporter for reporter in everyone[::-1]}
    return tuple(
        f"{first_codes[area]} {period}"
        for area in dict.fromkeys(map(iso, everyone))
        for period in asked.periods
        if (area, period) not in has
    )


def cell_of(item: Mapping[str, Any]) -> str:
    """The cell of a data set."""
    return f"{item['reportercode']} {item['period']}"


def release_of(item: Mapping[str, Any]) -> str:
    """Day and checksum of a data set."""
    return f"{str(item.get('lastreleased') or 'undated')[:10]} {item['datasetchecksum']}"


def _listing(
    asked: Request, web: Web, limits: Limits, root: Path, age: float
) -> tuple[list[dict[str, Any]], float]:
    """The list of data sets and its time: that which came before, where it is good enough."""

    def has_all(items: list[dict[str, Any]]) -> bool:
        return bool(asked.reporters) and {*asked.cells} <= {*map(cell_of, items)}

    side = "data" if limits.quota else "public"
    query = {"reporterCode": ",".join(asked.reporters)} if asked.reporters else {}
    url = web.url(f"{side}/v1/getDa/C/{asked.freq}/{asked.classification}", query)
    check = partial(_datasets, web=web)
    return fetching.listing(web, url, folder(root), check, age=age, is_enough=has_all)


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
    asked = Request((*reporters,), (), (), (), (), freq, classification)
    return _listing(asked, web, limits, root, -1.0)[0]


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
            for name, pattern in DATASET.items():
                if not re.fullmatch(pattern, str(item.get(name)), re.ASCII):
                    raise ValueError(f"{name} {str(item.get(name))[:40]!a}")
            day = release_of(item).split()[0]
            if day != "undated" and not is_day(day):
                raise ValueError(f"lastreleased {day!a}")
            item["totalrecords"] = max(0, int(float(item.get("totalrecords") or 0)))
    except BROKEN as error:
        reason = str(error).encode("ascii", "backslashreplace").decode()
        raise RetryError(f"no list of data sets ({reason[:200]})") from error
    return items


# --- the replies that are held -------------------------------------------------------------------


def folder(root: Path) -> Path:
    """Where the replies lie; made where it is not."""
    return fetching.folder(root, "comtrade")


def box_of(source: Source) -> Call:
    """What the reply of `source` was asked for; its address says it."""
    query = parse_qs(urlsplit(source.address).query)
    names = ("reporterCode", "period", "partnerCode", "cmdCode", "flowCode")
    return Call(*(tuple(query.get(name, [ALL])[0].split(",")) for name in names))


def fetched(root: Path) -> list[Source]:
    """Entries of every reply in the user's catalogue."""
    sources = catalogue.load(root, local=True).values()
    return [s for s in sources if (s.kind, s.publisher) == ("fetched", "comtrade")]


def held(root: Path, asked: Request) -> Iterator[tuple[Source, Call, Mapping[str, str]]]:
    """Replies that are here and were asked for in a request's way, each with its call.

    And with the release of each cell that it has.
    """
    for source in fetched(root):
        classification = urlsplit(source.address).path.rpartition("/")[2]
        way = classification, source.arguments.get("breakdown", "")
        if way == (asked.classification, asked.breakdown) and source.file(root).exists():
            yield source, box_of(source), source.arguments.get("releases", {})


def covers(root: Path, asked: Request, *, is_open: bool = False) -> bool:
    """Whether replies that are held were asked for all of a request, in whichever release.

    With `is_open` the request ends with the last period that was asked for.
    """
    calls: dict[tuple[str, str], list[Call]] = defaultdict(list)
    for _, call, releases in held(root, asked):
        for reporter, period in map(str.split, releases):
            calls[iso(reporter), period].append(call)
    areas = {*map(iso, asked.reporters)}
    last = max((period for area, period in calls if area in areas), default="")
    periods = [period for period in asked.periods if not is_open or period <= last]
    cells = [(area, period) for area in areas for period in periods]
    return bool(cells) and not any(lacking(asked, calls[cell]) for cell in cells)


def counted(reply: cleaner.Reply) -> Counter[str]:
    """Rows of a reply by partner."""
    return Counter(reply.rows["partnercode"].to_pylist())


def mark_ambiguous(root: Path, releases: Mapping[str, str]) -> None:
    """Say of a reply that a release may have overtaken that it is of one of the two.

    A release is known from a list, and a reply does not tell its own. Where the next list has
    another, dated of the day of the reply or before, nobody knows which of the two the reply holds.
    """
    doubtful = []
    for source in fetched(root):
        marked = dict(source.arguments.get("releases", {}))
        for cell, release in marked.items():
            now = releases.get(cell, release)
            is_later = now[:1].isdigit() and now[:10] > f"{source.retrieved}"
            if now != release and "/" not in release and not is_later:
                marked[cell] = f"{release.split()[0]}/{now}"
        doubtful += renewed(source, "releases", marked)
    rewrite_entries(root, doubtful)


def renewed(source: Source, name: str, value: Mapping[str, str] | list[str]) -> list[Source]:
    """The entry of a reply with another value of one of its arguments; none where it has that."""
    if value == source.arguments.get(name, type(value)()):
        return []
    return [replace(source, arguments={**source.arguments, name: value})]


def calls_today(root: Path, web: Web, side: str, *, more: int = 0) -> int:
    """Calls of this machine's runs in this project to a `side` of the API today, in UTC.

    With those `more` that are about to be sent, and are counted from now on.
    """
    path = folder(root) / ".calls.json"
    with locked(path):
        try:
            days: dict[str, dict[str, int]] = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):  # none yet, or torn when the power went
            days = {}
        day = days.setdefault(stamp(web.clock.now())[:10], {})
        day[side] = day.get(side, 0) + more
        if more:
            write(path, json.dumps(dict(sorted(days.items())[-7:])))
    return day[side]
