"""Live UN Comtrade: ask for a flow, get it whole, or be told exactly what is missing.

:func:`plan` asks which data sets exist and packs what is not held yet into the fewest calls that
no row cap can cut off; :func:`fetch` makes them, keeps each whole reply unedited in
``data/raw/local/comtrade`` with an entry in ``local.toml``, and checks what came. A cell is one
reporter and period, written "156 202401"; its data set's checksum and date of release are its
vintage, so what is held in the present release is never asked for again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib import import_module
from itertools import product as crossed
from math import ceil, prod
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows import catalogue, codes
from tradeflows.catalogue import LOCAL, LOCAL_FOLDER, RAW, Source
from tradeflows.errors import LayoutError, QueryError
from tradeflows.fetch import (
    Clock,
    FetchError,
    QuotaError,
    RefusedError,
    RetryError,
    UnreachableError,
    Web,
    append,
    locked,
    stamp,
    write,
)
from tradeflows.publishers import comtrade as cleaner

BASE = "https://comtradeapi.un.org"
HEADER = "Ocp-Apim-Subscription-Key"
ALL = "all"
# The most rows of one partner and period that a word for many products can stand for.
MOST = {"TOTAL": 1, "AG2": 100, "AG4": 1_300, "AG6": 6_000}
IN_A_ROW = 3  # failed calls, after which the rest is not tried


class Limits(NamedTuple):
    """What one call may ask for, and how fast: rows, periods, characters, seconds, calls a day."""

    cap: int
    periods: int
    url: int = 4_096
    pause: float = 1.0
    quota: int | None = None


PREVIEW = Limits(cap=500, periods=1)
KEYED = Limits(cap=100_000, periods=12, quota=500)


class Request(NamedTuple):
    """What is wanted, in the publisher's codes; no reporters are all of them."""

    reporters: tuple[str, ...]
    partners: tuple[str, ...]
    flows: tuple[str, ...]
    products: tuple[str, ...]
    periods: tuple[str, ...]
    freq: str


class Call(NamedTuple):
    """One call: all that its lists span."""

    reporters: tuple[str, ...]
    periods: tuple[str, ...]
    partners: tuple[str, ...]
    products: tuple[str, ...]
    flows: tuple[str, ...]

    def __str__(self) -> str:
        """Say the call in a line; of a long list the first and how many more."""
        return " ".join(
            f"{values[0]}+{len(values) - 1}" if len(values) > 3 else ",".join(values)
            for values in (tuple(map(_iso, self.reporters)), *self[1:])
        )


class Plan(NamedTuple):
    """The calls to make for a request.

    Attributes
    ----------
    releases
        Cell to "date checksum", for every cell of the request that the publisher has.
    records
        Cell to the rows of its data set, an upper bound for any reply.
    absent
        Cells that the publisher does not have.
    """

    request: Request
    limits: Limits
    calls: tuple[Call, ...]
    releases: Mapping[str, str]
    records: Mapping[str, int]
    absent: tuple[str, ...]

    def __str__(self) -> str:
        """Say how many calls, of what quota, and how long they take."""
        wait = ceil(len(self.calls) * self.limits.pause)
        time_ = f"{wait // 60} min {wait % 60:02} s" if wait > 99 else f"{wait} s"
        quota = f", of {self.limits.quota} that a free key has a day" if self.limits.quota else ""
        return f"{len(self.calls)} calls{quota}; at least {time_}"

    def lacking(self) -> Iterator[str]:
        """A line that names what the publisher does not have, if there is any."""
        if self.absent:
            yield f"the publisher has no: {', '.join(map(_named, self.absent))}"


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
        yield (f"{self.calls} calls made; {self.rows:,} rows held for {len(self.came)} cells, "
               f"{len(self.empty)} empty, {len(self.absent)} that the publisher does not have, "
               f"{len(self.failed)} failed")  # fmt: skip
        for word, cells in (("empty", self.empty), ("the publisher has no", self.absent)):
            if cells:
                yield f"{word}: {', '.join(map(_named, cells))}"
        for cell, reason in self.failed.items():
            yield f"failed: {_named(cell)}: {reason}"
        yield from self.differences
        if self.later:
            yield self.later


# --- the question --------------------------------------------------------------------------------


def request(
    reporter: str, partner: str, flow: str, products: str, start: str, end: str,
    freq: str = "M", *, today: date | None = None,
) -> Request:  # fmt: skip
    """Turn words into the publisher's codes; each argument may list several, with commas.

    Parameters
    ----------
    reporter, partner
        ISO alpha-3 codes or names; ``all`` for every one.
    flow
        M, X, RM, RX.
    products
        HS codes of 2, 4 or 6 digits, ``TOTAL``, or ``AG2``, ``AG4``, ``AG6`` for a whole level.
    start, end
        First and last month (``2022-01``), or year.

    Raises
    ------
    QueryError
        An unknown word (with the nearest), an end before the start or a period that has not come.
    """
    if freq not in ("M", "A"):
        raise QueryError(f"no frequency {freq!r}; M is monthly, A annual")
    flows = _words(flow)
    if odd := [each for each in flows if each not in cleaner.FLOWS]:
        raise QueryError(f"no flow {odd[0]!r}; one of {', '.join(cleaner.FLOWS)}")
    goods = tuple(dict.fromkeys(_good(word) for word in _words(products)))
    everyone = reporter.strip().casefold() == ALL
    return Request(
        () if everyone else _areas(reporter),
        (ALL,) if partner.strip().casefold() == ALL else _areas(partner),
        flows,
        goods,
        _periods(start, end, freq, today or datetime.now(UTC).date()),
        freq,
    )


def _words(text: str) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    if not words:
        raise QueryError(f"{text!r} names nothing; list at least one, or all")
    return words


def _good(word: str) -> str:
    if word.upper() in MOST:
        return word.upper()
    found = codes.product(word)
    if len(found) == 1 and re.fullmatch(r"(\d\d){1,3}", found[0]):
        return found[0]
    raise QueryError(f"{word!r} is no HS code of 2, 4 or 6 digits; name one: {', '.join(found)}")


def _areas(text: str) -> tuple[str, ...]:
    """Every code of each area: one ISO id may have several (CHE is 756 and 757)."""
    wanted = [codes.area(word) for word in _words(text)]
    found: dict[str, None] = {}
    for area in wanted:
        own = [code for code, each in _known().items() if each == area]
        if not own:
            raise QueryError(f"UN Comtrade has no code for {area}; ask for its members")
        found |= dict.fromkeys(own)
    return tuple(found)


def _known() -> dict[str, str]:
    return codes._system("comtrade")


def _iso(code: str) -> str:
    return _known().get(code, code)


def _named(cell: str) -> str:
    reporter, period = cell.split()
    return f"{_iso(reporter)} {period[:4]}{'-' * (len(period) > 4)}{period[4:]}"


def _periods(start: str, end: str, freq: str, today: date) -> tuple[str, ...]:
    pattern = r"([12]\d{3})" if freq == "A" else r"([12]\d{3})(?:-(0[1-9]|1[0-2]))?"
    ends = [re.fullmatch(pattern, text.strip()) for text in (start, end)]
    for name, text, found in zip(("start", "end"), (start, end), ends, strict=True):
        if not found:
            what = "a year such as 2023" if freq == "A" else "a month such as 2023-05, or a year"
            raise QueryError(f"{name} {text!r}: expected {what}")
    first, last = (int(found[1]) for found in ends if found)
    if freq == "A":
        periods = [str(year) for year in range(first, last + 1)]
        now = str(today.year)
    else:
        a = first * 12 + int((ends[0] and ends[0][2]) or 1)
        b = last * 12 + int((ends[1] and ends[1][2]) or 12)
        periods = [f"{(n - 1) // 12}{(n - 1) % 12 + 1:02}" for n in range(a, b + 1)]
        now = f"{today:%Y%m}"
    if not periods:
        raise QueryError(f"the end {end} is before the start {start}")
    if periods[-1] > now:
        raise QueryError(f"{end} has not come: it is {today:%Y-%m}")
    return tuple(periods)


# --- the plan ------------------------------------------------------------------------------------


def connect(
    base: str | None = None, key: str | None = None, clock: Clock | None = None,
    cap: int | None = None,
) -> tuple[Web, Limits]:  # fmt: skip
    """The way to the API and its limits: the public preview, or more with a key.

    Without arguments: ``TRADEFLOWS_COMTRADE_URL``, and ``COMTRADE_KEY`` or what the system's
    keyring holds for service tradeflows, user comtrade.
    """
    key = _key() if key is None else key
    limits = KEYED if key else PREVIEW
    limits = limits._replace(cap=cap) if cap else limits
    base = base or os.environ.get("TRADEFLOWS_COMTRADE_URL") or BASE
    return Web(base, header=HEADER, key=key, pause=limits.pause, clock=clock), limits


def _key() -> str:
    if key := os.environ.get("COMTRADE_KEY", "").strip():
        return key
    try:
        keyring = import_module("keyring")
    except ImportError:
        return ""
    try:
        return keyring.get_password("tradeflows", "comtrade") or ""
    except keyring.errors.KeyringError:  # none that opens: then there is no key
        return ""


def plan(asked: Request, web: Web, limits: Limits, root: Path) -> Plan:
    """Ask which data sets exist, and pack what is not held into calls.

    Raises
    ------
    FetchError
        The list of data sets cannot be had.
    """
    _heal(root)
    side = "data" if limits.quota else "public"
    query = {"reporterCode": ",".join(asked.reporters)} if asked.reporters else {}
    url = web.url(f"{side}/v1/getDa/C/{asked.freq}/HS", query)
    folder = _folder(root)
    aside = folder / f".getDa.{os.getpid()}.part"
    try:
        _, items = web.get(url, aside, lambda path: _datasets(path, web))
    except UnreachableError as error:
        raise UnreachableError(f"{error} What is held already needs none: `tradeflows build` and "
                               "`read` work as before") from error  # fmt: skip
    finally:
        aside.unlink(missing_ok=True)
    releases: dict[str, str] = {}
    records: Counter[str] = Counter()
    for item in items:
        reporter, period = str(item["reportercode"]), str(item["period"])
        if period in asked.periods and (not asked.reporters or reporter in asked.reporters):
            cell = f"{reporter} {period}"
            released = f"{item.get('lastreleased') or 'undated'}"[:10]
            releases[cell] = max(releases.get(cell, ""), f"{released} {item['datasetchecksum']}")
            records[cell] += int(item.get("totalrecords") or 0)
    everyone = asked.reporters or tuple(dict.fromkeys(cell.split()[0] for cell in releases))
    # Of an area's several codes (756, 757) one reports at a time, so one that has data will do.
    has = {(_iso(reporter), period) for reporter, period in map(str.split, releases)}
    absent = tuple(
        f"{reporter} {period}" for reporter in _first_codes(everyone) for period in asked.periods
        if (_iso(reporter), period) not in has
    )  # fmt: skip
    held = _held(root, releases)
    wanted: dict[Call, set[str]] = defaultdict(set)
    for cell in releases:
        for box in _lacking(asked, held.get(cell, ())):
            wanted[box].add(cell)
    calls = [call for box, cells in wanted.items() for call in pack(box, cells, records, limits)]
    return Plan(asked, limits, tuple(calls), releases, records, absent)


def _first_codes(reporters: Sequence[str]) -> list[str]:
    return list({_iso(reporter): reporter for reporter in reversed(reporters)}.values())[::-1]


def _datasets(path: Path, web: Web) -> list[dict[str, Any]]:
    try:
        reply = json.loads(path.read_bytes())
        items = [{key.lower(): value for key, value in each.items()} for each in reply["data"]]
        if reply.get("count", len(items)) != len(items):
            raise ValueError(f"{len(items)} of {reply['count']}")
        if items and not {"reportercode", "period", "datasetchecksum"} <= items[0].keys():
            raise KeyError("datasetChecksum")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RetryError(f"no list of data sets ({error})") from error
    if reply.get("error"):
        web.judge(200, {}, str(reply["error"]))
    return items


def _folder(root: Path) -> Path:
    folder = root / RAW / LOCAL_FOLDER / "comtrade"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _box(source: Source) -> Call:
    """What the reply of `source` was asked for; its address says it."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(source.address).query).items()}
    names = ("reporterCode", "period", "partnerCode", "cmdCode", "flowCode")
    return Call(*(tuple(query.get(name, ALL).split(",")) for name in names))


def _fetched(root: Path) -> list[Source]:
    return [source for source in catalogue.load(root, local=True).values()
            if source.kind == "fetched" and source.publisher == "comtrade"]  # fmt: skip


def _held(root: Path, releases: Mapping[str, str]) -> dict[str, list[Call]]:
    """Cell to what is held of its present release."""
    held: dict[str, list[Call]] = defaultdict(list)
    for source in _fetched(root):
        if source.file(root).exists():
            for cell, release in source.arguments.get("releases", {}).items():
                if releases.get(cell) == release:
                    held[cell].append(_box(source))
    return held


def _lacking(asked: Request, held: Sequence[Call]) -> list[Call]:
    """What of a request no call of `held` covers, as boxes without reporters and periods."""
    whole = Call((), (), asked.partners, asked.products, asked.flows)
    if not held:
        return [whole]
    everyone = tuple(_known()) if asked.partners == (ALL,) else asked.partners
    lacking = set(crossed(everyone, asked.products, asked.flows))
    for box in held:
        partners = everyone if ALL in box.partners else box.partners
        goods = (each for each in asked.products
                 if each in box.products or f"AG{len(each)}" in box.products)  # fmt: skip
        lacking.difference_update(crossed(partners, goods, box.flows))
    rest: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for name, good, flow in lacking:
        rest[name].add((good, flow))
    boxes = []
    for pairs, names in _inverted(rest).items():
        by_good: dict[str, set[str]] = defaultdict(set)
        for good, flow in pairs:
            by_good[good].add(flow)
        for flows, some in _inverted(by_good).items():
            listed = _in_order(names, everyone)
            listed = asked.partners if listed == everyone else listed
            goods_, flows_ = _in_order(some, asked.products), _in_order(flows, asked.flows)
            boxes.append(Call((), (), listed, goods_, flows_))
    return boxes


def _inverted(sets: Mapping[str, set[Any]]) -> dict[frozenset[Any], list[str]]:
    back: dict[frozenset[Any], list[str]] = defaultdict(list)
    for name, values in sets.items():
        back[frozenset(values)].append(name)
    return back


def _in_order(some: Iterable[str], order: Sequence[str]) -> tuple[str, ...]:
    chosen = set(some)
    return tuple(each for each in order if each in chosen)


def pack(box: Call, cells: Iterable[str], records: Mapping[str, int], limits: Limits) -> list[Call]:
    """The fewest calls found for `box` over `cells` that no cap can cut off.

    A cell gives at most one row for each partner, product and flow, and no more than its data set
    has. Where a cell of all partners or of a whole level might fill the cap, it is one call, which
    as a rule comes whole, since most products have few partners; else :func:`split` has to help.
    """
    groups: dict[frozenset[str], list[str]] = defaultdict(list)
    by_reporter: dict[str, set[str]] = defaultdict(set)
    for reporter, period in map(str.split, cells):
        by_reporter[reporter].add(period)
    # A call spans all its reporters and periods, so reporters that lack the same go together:
    # what is held must not be asked for again, what does not exist does no harm.
    every = {period for periods in by_reporter.values() for period in periods}
    for reporter, own in by_reporter.items():
        unasked = {p for p in every - own if f"{reporter} {p}" in records}
        groups[frozenset(every - unasked)].append(reporter)
    calls: list[Call] = []
    is_open = box.partners == (ALL,) or any(good.startswith("AG") for good in box.products)
    for window, reporters in groups.items():
        periods = sorted(window)
        rows = {r: {p: records[f"{r} {p}"] for p in by_reporter[r]} for r in reporters}
        best: list[Call] | None = None
        for pieces in _splits(box):
            if (best is not None and len(pieces) >= len(best)) or (is_open and len(pieces) > 1):
                break
            packed = [_packed(piece, rows, periods, limits) for piece in pieces]
            flat = [call for some in packed for call in some or ()]
            if all(packed) and (best is None or len(flat) < len(best)):
                best = flat
        if best is None:
            clipped = {r: {p: min(n, limits.cap - 1) for p, n in of.items()}
                       for r, of in rows.items()}  # fmt: skip
            best = _packed(box, clipped, periods, limits) or []
        calls += best
    return calls


def _splits(box: Call) -> Iterator[list[Call]]:
    """The box whole, then in ever more pieces of like size."""
    dims = [_enumerated(box.partners), box.products, box.flows]
    shapes = sorted(crossed(*(sorted({ceil(len(d) / ceil(len(d) / n)) for n in range(
        1, len(d) + 1)}) for d in dims)), key=prod)  # fmt: skip
    for shape in shapes:
        partners, products, flows = (list(_even(d, n)) for d, n in zip(dims, shape, strict=True))
        if shape[0] == 1:
            partners = [box.partners]
        yield [Call((), (), *each) for each in crossed(partners, products, flows)]


def _enumerated(partners: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_known()) if partners == (ALL,) else partners


def _even(values: Sequence[str], n: int) -> Iterator[tuple[str, ...]]:
    """`values` in `n` runs whose lengths differ by one at most."""
    for i in range(n):
        yield tuple(values[len(values) * i // n : len(values) * (i + 1) // n])


def _packed(
    box: Call, rows: Mapping[str, Mapping[str, int]], periods: Sequence[str], limits: Limits
) -> list[Call] | None:
    """Calls for all reporters and periods; None where one of them may fill the cap."""
    size = len(_enumerated(box.partners)) * len(box.flows)
    size *= sum(MOST.get(good, 1) for good in box.products)
    best: list[Call] | None = None
    letters = sum(len(each) + 1 for values in box[2:] for each in values if each != ALL) + 300
    for n in range(ceil(len(periods) / limits.periods), len(periods) + 1):
        if best is not None and n >= len(best):
            break
        calls = []
        for chunk in _even(periods, n):
            weights = {r: sum(min(size, of[p]) for p in chunk if p in of)
                       for r, of in rows.items() if not of.keys().isdisjoint(chunk)}  # fmt: skip
            room = limits.url - letters - 7 * len(chunk)
            calls += [Call(some, chunk, *box[2:]) for some in _bins(weights, limits.cap, room)]
            if weights and (max(weights.values()) >= limits.cap or room < 5):
                calls = []
                break
        if calls and (best is None or len(calls) < len(best)):
            best = calls
    return best


def _bins(weights: Mapping[str, int], cap: int, room: int) -> list[tuple[str, ...]]:
    """First fit, heaviest first: reporters whose rows stay below the cap and whose codes fit."""
    bins: list[tuple[list[str], int, int]] = []
    for reporter, weight in sorted(weights.items(), key=lambda item: -item[1]):
        for i, (some, rows, letters) in enumerate(bins):
            if rows + weight < cap and letters + len(reporter) + 1 <= room:
                bins[i] = ([*some, reporter], rows + weight, letters + len(reporter) + 1)
                break
        else:
            bins.append(([reporter], weight, len(reporter) + 1))
    return [tuple(some) for some, _, _ in bins]


def split(call: Call) -> list[Call]:
    """Two calls that span what `call` does; none where it is a single cell."""
    for name in ("periods", "reporters", "products", "partners", "flows"):
        values = getattr(call, name)
        values = _enumerated(values) if name == "partners" else values
        if len(values) > 1:
            return [call._replace(**{name: half}) for half in _even(values, 2)]
    return []


# --- the calls -----------------------------------------------------------------------------------


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
    before, reason, later, in_a_row, rows, done = web.calls, "", "", 0, 0, 0
    failed: dict[str, str] = {}
    queue = deque(planned.calls)
    while queue and not reason:
        call = queue.popleft()
        try:
            count, whole = _one(call, planned, web, root)
            in_a_row, rows = 0, rows + (count if whole else 0)
            if not whole and not (halves := split(call)):
                failed |= _cells(call, planned, f"fills the row cap by itself: {call}")
            elif not whole:
                queue.extendleft(reversed(halves))
        except QuotaError as error:
            reason = str(error)
            later = f"{reason}; go on after {stamp(web.clock.now() + error.seconds)}"
        except UnreachableError as error:
            reason = str(error)
        except FetchError as error:
            if isinstance(error.__cause__, OSError):
                raise
            in_a_row += 1
            failed |= _cells(call, planned, str(error))
            reason = f"not asked, after {error}" if in_a_row == IN_A_ROW else ""
        else:
            done += 1
        if reason:
            queue.appendleft(call)
        elif progress:
            progress(Progress(done, len(queue), rows, str(call)))
    for call in queue:
        failed = failed | {
            cell: why for cell, why in _cells(call, planned, reason).items() if cell not in failed
        }
    counts, differences, sources = check(planned, root)
    present = [cell for cell in planned.releases if cell not in failed]
    return Report(
        tuple(cell for cell in present if counts[cell]),
        tuple(cell for cell in present if not counts[cell]),
        planned.absent, failed, differences, sources, web.calls - before, counts.total(), later,
    )  # fmt: skip


def _cells(call: Call, planned: Plan, reason: str) -> dict[str, str]:
    cells = (f"{r} {p}" for r, p in crossed(call.reporters, call.periods))
    return {cell: reason for cell in cells if cell in planned.releases}


def _one(call: Call, planned: Plan, web: Web, root: Path) -> tuple[int, bool]:
    """Make one call; its rows, and whether the reply is whole and kept."""
    limits, freq = planned.limits, planned.request.freq
    partners = {} if call.partners == (ALL,) else {"partnerCode": ",".join(call.partners)}
    query = {
        "reporterCode": ",".join(call.reporters), "period": ",".join(call.periods), **partners,
        "partner2Code": "0", "cmdCode": ",".join(call.products), "flowCode": ",".join(call.flows),
        "customsCode": "C00", "motCode": "0", "maxRecords": str(limits.cap), "includeDesc": "false",
    }  # fmt: skip
    url = web.url(f"{'data/v1/get' if limits.quota else 'public/v1/preview'}/C/{freq}/HS", query)
    releases = {cell: planned.releases[cell] for cell in _cells(call, planned, "")}
    what = repr((url.removeprefix(web.base), releases))  # a mirror's reply is the same reply
    name = f"comtrade_{hashlib.sha256(what.encode()).hexdigest()[:16]}"
    file = _folder(root) / f"{name}.json"
    aside = file.with_name(f".{file.name}.{os.getpid()}.part")
    saved, count = web.get(url, aside, lambda path: _whole(path, call, web))
    # A server may hold a lower cap than we think, so the known ones are never taken for whole.
    if count >= limits.cap or (count in cleaner.CAPS and count > 500):
        aside.unlink()
        return count, False
    now = web.clock.now()
    entry = Source(
        id=name,
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
            aside.unlink()  # another run was faster
    return count, True


def _whole(path: Path, call: Call, web: Web) -> int:
    """Rows of a reply, if it is one and holds nothing that was not asked for."""
    try:
        reply = cleaner.read(path)
    except LayoutError as error:
        raise RetryError(str(error).removeprefix(f"{path}: ")) from error
    if reply.error:
        web.judge(200, {}, reply.error)
    for name, values in (
        ("reportercode", call.reporters), ("period", call.periods), ("flowcode", call.flows)
    ):  # fmt: skip
        if len(reply.rows) and name in reply.rows.column_names:
            found = set(map(str, reply.rows[name].unique().to_pylist()))
            if odd := sorted(found - {*values}):
                raise RefusedError(f"the reply holds {name} {', '.join(odd[:3])}, not asked for")
    return len(reply.rows)


# --- the user's catalogue ------------------------------------------------------------------------


def record(root: Path, entry: Source) -> bool:
    """Add `entry` to ``local.toml``, unless it is there; the caller holds the lock."""
    path = root / RAW / LOCAL
    if path.exists() and f"[source.{entry.id}]\n" in path.read_text(encoding="utf-8"):
        return False
    append(path, f"\n{catalogue.block('source', entry)}")
    return True


def _renew(root: Path, entries: Sequence[Source]) -> None:
    """Write `entries` in the place of what ``local.toml`` has under their ids."""
    with locked(root / RAW / LOCAL):
        text = (root / RAW / LOCAL).read_text(encoding="utf-8")
        for entry in entries:
            start = text.index(f"[source.{entry.id}]\n")
            end = text.find("\n[", start) + 1 or len(text)
            text = f"{text[:start]}{catalogue.block('source', entry)}\n{text[end:]}"
        write(root / RAW / LOCAL, text)


def _heal(root: Path) -> None:
    """Finish what a killed run had catalogued but not renamed; remove what it left half-written."""
    with locked(root / RAW / LOCAL):
        for source in _fetched(root):
            file = source.file(root)
            for aside in [] if file.exists() else file.parent.glob(f".{file.name}.*.part"):
                if hashlib.sha256(aside.read_bytes()).hexdigest() == source.sha256:
                    aside.replace(file)
    for aside in _folder(root).glob(".*.part"):
        if time.time() - aside.stat().st_mtime > 3600:
            aside.unlink(missing_ok=True)


# --- is it whole? --------------------------------------------------------------------------------


def check(planned: Plan, root: Path) -> tuple[Counter[str], tuple[str, ...], tuple[str, ...]]:
    """Rows of each cell, the wholes that differ from the sum of their parts, and the sources.

    HS6 is compared with TOTAL, and partners with World, where the request holds both. A whole that
    differs gets the flag unequal: its source's entry says so from now on.
    """
    asked = planned.request
    counts: Counter[str] = Counter()
    wholes: dict[tuple[str, str], tuple[float, str]] = {}
    parts: dict[tuple[str, str], float] = defaultdict(float)
    used = _used(planned, root)
    levels = [int(good[2:]) for good in asked.products if good.startswith("AG")]
    for source in used.values():
        current = [cell for cell, release in source.arguments["releases"].items()
                   if planned.releases.get(cell) == release]  # fmt: skip
        for part in catalogue.cleaner(source)(catalogue.check(source, root), source):
            rows = part.rows
            period = pc.strftime(rows["ref_period"], format="%Y%m" if asked.freq == "M" else "%Y")
            rows = rows.append_column(
                "cell", pc.binary_join_element_wise(rows["reporter_code"], period, " ")
            )
            digits = pc.if_else(pc.equal(rows["cmd_code"], "TOTAL"), 0,
                                pc.utf8_length(rows["cmd_code"]))  # fmt: skip
            wanted = pc.or_(_among(rows["cmd_code"], asked.products),
                            pc.is_in(digits, pa.array(levels, digits.type)))  # fmt: skip
            wanted = pc.and_(wanted, _among(rows["cell"], current))
            wanted = pc.and_(wanted, _among(rows["flow_code"], asked.flows))
            if asked.partners != (ALL,):
                wanted = pc.and_(wanted, _among(rows["partner_code"], asked.partners))
            rows = rows.filter(wanted)
            cell, flow, partner, good, value = (rows[name] for name in (
                "cell", "flow_code", "partner_code", "cmd_code", "primary_value_usd"))  # fmt: skip
            counts.update(cell.to_pylist())
            is_world, is_all = pc.equal(partner, "0"), pc.equal(good, "TOTAL")
            for what, held, names, whole, other in (
                ("partners", asked.partners == (ALL,), (cell, flow, "0", good),
                 is_world, pc.invert(is_world)),
                ("HS6 codes", {"TOTAL", "AG6"} <= {*asked.products}, (cell, flow, partner, "TOTAL"),
                 is_all, pc.equal(digits.filter(wanted), 6)),
            ):  # fmt: skip
                if not held or not len(rows):
                    continue
                named = pa.table({"key": pc.binary_join_element_wise(*names, " "), "value": value})
                for one in named.filter(whole).to_pylist():
                    wholes[what, one["key"]] = (one["value"] or 0.0, source.id)
                sums = named.filter(other).group_by("key").aggregate([("value", "sum")])
                for one in sums.to_pylist():
                    parts[what, one["key"]] += one["value_sum"] or 0.0
    differences, unequal = [], defaultdict(list)
    for (what, key), (whole, name) in wholes.items():
        total = parts[what, key]
        if abs(whole - total) > max(1.0, 1e-6 * abs(whole)):
            reporter, period, flow, partner, good = key.split()
            cell = f"{_named(f'{reporter} {period}')} {flow} {_iso(partner)} {good}"
            differences.append(f"{cell}: {whole:,.0f}, but its {what} add up to {total:,.0f}")
            unequal[name].append(key)
    marked = [source._replace(arguments={**source.arguments, "unequal": sorted(unequal[name])})
              for name, source in used.items() if unequal[name]]  # fmt: skip
    if changed := [source for source in marked if source.arguments != used[source.id].arguments]:
        _renew(root, changed)
    return counts, tuple(differences), tuple(used)


def _among(column: Any, values: Sequence[str]) -> Any:
    return pc.is_in(column, pa.array(values, pa.string()))


def _used(planned: Plan, root: Path) -> dict[str, Source]:
    """Sources with rows of the request in its present release; none that lies within another."""
    asked = planned.request
    goods = {*asked.products, *(f"AG{len(good)}" for good in asked.products)}
    found: dict[str, Source] = {}
    boxes: dict[str, list[frozenset[str]]] = {}
    by_cell: dict[str, list[str]] = defaultdict(list)
    for source in _fetched(root):
        box, releases = _box(source), source.arguments.get("releases", {})
        now = [cell for cell, release in releases.items() if planned.releases.get(cell) == release]
        partners = ALL in (*asked.partners, *box.partners) or {*asked.partners} & {*box.partners}
        products = goods & {*box.products} or goods & MOST.keys()
        if now and partners and products and {*asked.flows} & {*box.flows}:
            found[source.id], boxes[source.id] = source, [*map(frozenset, box[2:])]
            for cell in now:
                by_cell[cell].append(source.id)

    def within(one: str, other: str) -> bool:
        return all(a <= b or ALL in b for a, b in zip(boxes[one], boxes[other], strict=True))

    needed = {
        one for names in by_cell.values() for i, one in enumerate(names)
        if not any(within(one, other) and (j < i or not within(other, one))
                   for j, other in enumerate(names) if i != j)
    }  # fmt: skip
    return {name: source for name, source in found.items() if name in needed}


# --- what a revision changed ---------------------------------------------------------------------


class Change(NamedTuple):
    """One figure that differs between two releases; `old` or `new` is None where there is no row.

    `what` is "reporter period flow partner product" in the publisher's codes, values are dollars.
    """

    what: str
    old: float | None
    new: float | None
    old_release: str
    new_release: str

    def __str__(self) -> str:
        """Say the change in a line."""
        reporter, period, flow, partner, good = self.what.split()
        old, new = ("no row" if each is None else f"{each:,.0f}" for each in (self.old, self.new))
        return (f"{_named(f'{reporter} {period}')} {flow} {_iso(partner)} {good}: {old} "
                f"({self.old_release}) -> {new} ({self.new_release})")  # fmt: skip


def diff(root: Path) -> list[Change]:
    """What the newest release changed against the one before, wherever both are held.

    Only what both releases were asked for is compared, so a row that one of them lacks is one that
    the publisher added or withdrew.
    """
    by_cell: dict[str, dict[str, list[Source]]] = defaultdict(lambda: defaultdict(list))
    for source in _fetched(root):
        for cell, release in source.arguments.get("releases", {}).items():
            by_cell[cell][release].append(source)
    changes = []
    for cell, releases in sorted(by_cell.items()):
        if len(releases) > 1:
            first, last = sorted(releases)[-2:]
            old, new = (_values(releases[each], cell, root) for each in (first, last))
            for what in sorted({*old, *new}):
                both = all(any(_covers(_box(source), what) for source in releases[each])
                           for each in (first, last))  # fmt: skip
                if both and old.get(what) != new.get(what):
                    changes.append(Change(what, old.get(what), new.get(what), first.split()[0],
                                          last.split()[0]))  # fmt: skip
    return changes


def _values(sources: Sequence[Source], cell: str, root: Path) -> dict[str, float | None]:
    found = {}
    for source in sources:
        for part in catalogue.cleaner(source)(catalogue.check(source, root), source):
            for each in part.rows.to_pylist():
                day, annual = each["ref_period"], each["freq_code"] == "A"
                if f"{each['reporter_code']} {day:{'%Y' if annual else '%Y%m'}}" == cell:
                    names = ("flow_code", "partner_code", "cmd_code")
                    what = " ".join([cell, *(each[name] for name in names)])
                    found[what] = each["primary_value_usd"]
    return found


def _covers(box: Call, what: str) -> bool:
    _, _, flow, partner, good = what.split()
    goods = {good, f"AG{len(good)}" if good.isdigit() else good}
    return (flow in box.flows and not goods.isdisjoint(box.products)
            and (ALL in box.partners or partner in box.partners))  # fmt: skip
