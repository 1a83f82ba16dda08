"""Boxes of what is lacking into the fewest calls that no row cap, and no address, can cut off."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import chain
from itertools import product as crossed
from math import ceil, prod, sqrt
from typing import Any, NamedTuple

from tradeflows.comtrade.questions import ALL, MOST, Request, iso, known

SPREAD = 0.04  # by which rows are beside what was expected, until there is more to go by

Records = Mapping[str, int]  # cell: rows of its data set


class Limits(NamedTuple):
    """What one call may ask for, and how fast: rows, periods, characters, seconds, calls a day."""

    cap: int
    periods: int
    url: int = 4_096
    pause: float = 1.0
    quota: int | None = None


PREVIEW = Limits(cap=500, periods=1)
KEYED = Limits(cap=100_000, periods=12, quota=500)


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
            for values in (tuple(map(iso, self.reporters)), *self[1:])
        )


def lacking(asked: Request, held: Sequence[Call]) -> list[Call]:
    """What of a request no call of `held` covers, as boxes without reporters and periods."""
    whole = Call((), (), asked.partners, asked.products, asked.flows)
    if not held:
        return [whole]
    everyone = tuple(known()) if asked.partners == (ALL,) else asked.partners
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


class Density:
    """How full replies came: rows of a partner for each record of the reporter's data sets."""

    def __init__(self) -> None:
        self._rows: Counter[tuple[str, str]] = Counter()
        self._of: Counter[tuple[str, str]] = Counter()
        self._errors = [SPREAD] * 3

    def learn(self, call: Call, records: Records, rows: Mapping[tuple[str, str], int]) -> None:
        """Add a whole reply: `rows` by reporter and partner, also of partners that had none."""
        self.missed(call, records, sum(rows.values()))
        for reporter in call.reporters:
            of = sum(max(1, records.get(f"{reporter} {period}", 0)) for period in call.periods)
            for partner in enumerated(call.partners):
                for key in ((reporter, partner), ("", partner), ("", "")):
                    self._of[key] += of
                    self._rows[key] += rows.get((reporter, partner), 0)

    def missed(self, call: Call, records: Records, count: int) -> None:
        """Note by how much `count` rows are beside what was expected of partners seen before."""
        if self.knows(call):
            expected = sum(self.rows(call, records).values())
            self._errors.append(min(1.0, abs(count / max(1.0, expected) - 1)))

    def knows(self, call: Call) -> bool:
        """Whether each partner of a call was in a reply before, be it of another reporter."""
        return all(self._of["", partner] for partner in enumerated(call.partners))

    @property
    def fill(self) -> float:
        """Share of the cap that a call may be expected to fill: less, the worse we foresaw."""
        spread = sqrt(sum(error**2 for error in self._errors) / len(self._errors))
        return 1 / (1 + 2.3 * spread)

    def rows(self, call: Call, records: Records) -> dict[str, float]:
        """Rows to expect of each partner; of one never seen, what the others let expect."""
        expected: dict[str, float] = defaultdict(float)
        for reporter in call.reporters:
            of = sum(records.get(f"{reporter} {period}", 0) for period in call.periods)
            for partner in enumerated(call.partners):
                keys = ((reporter, partner), ("", partner), ("", ""))
                key = next(key for key in keys if self._of[key] or key == keys[-1])
                expected[partner] += of * self._rows[key] / max(1, self._of[key])
        return expected


def is_open(box: Call) -> bool:
    """Whether nobody knows beforehand how many rows come, since a word stands for many codes."""
    return len(box.partners) > len(known()) // 2 or box.partners == (ALL,) or any(
        good.startswith("AG") for good in box.products)  # fmt: skip


def bound(box: Call) -> int:
    """The most rows that a cell can have: one a partner, product and flow."""
    goods = sum(MOST.get(good, 1) for good in box.products)
    return len(enumerated(box.partners)) * len(box.flows) * goods


def most(call: Call, records: Records) -> int:
    """The most rows that a call can bring; no cell has more than its data set."""
    size = bound(call)
    cells = (f"{reporter} {period}" for reporter, period in crossed(call.reporters, call.periods))
    return sum(min(size, records.get(cell, 0)) for cell in cells)


def pack(
    box: Call, cells: Iterable[str], records: Records, limits: Limits,
    density: Density | None = None,
) -> list[Call]:  # fmt: skip
    """The fewest calls found for `box` over `cells` that no cap should cut off.

    A cell gives at most one row for each partner, product and flow, and no more than its data set
    has; where replies have told the `density`, calls are filled with what it lets expect. Where a
    cell of all partners or of a whole level might fill the cap, it is one call, which
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
    for window, reporters in groups.items():
        whole = Call(tuple(reporters), tuple(sorted(window)), *box[2:])
        calls += (_expected(whole, records, limits, density) if density else
                  _bounded(whole, records, limits))  # fmt: skip
    return calls


def _bounded(whole: Call, records: Records, limits: Limits) -> list[Call]:
    """Pieces of `whole` that hold less than the cap, whatever comes; else a cell a piece."""
    best: list[Call] | None = None
    for pieces in _splits(whole):
        if (best is not None and len(pieces) >= len(best)) or (is_open(whole) and len(pieces) > 1):
            break
        packed = [_packed(piece, bound(piece), records, limits) for piece in pieces]
        flat = [call for some in packed for call in some or ()]
        if all(packed) and (best is None or len(flat) < len(best)):
            best = flat
    return _packed(whole, limits.cap - 1, records, limits) or [] if best is None else best


def _expected(whole: Call, records: Records, limits: Limits, density: Density) -> list[Call]:
    """Pieces of `whole` of as many periods as a call takes, the partners parted by their rows."""
    best: list[Call] = []
    for n in range(ceil(len(whole.periods) / limits.periods), len(whole.periods) + 1):
        if best and n >= len(best):
            break
        calls = []
        for chunk in _runs(whole.periods, n):
            some = whole._replace(periods=chunk)
            rows = density.rows(some, records)
            least = ceil(sum(rows.values()) / (density.fill * limits.cap))
            parts = [whole.partners] if least < 2 else _parted(rows, least)
            calls += [some._replace(partners=part) for part in parts]
        if not best or len(calls) < len(best):
            best = calls
    return best


def _parted(weights: Mapping[str, float], n: int) -> list[tuple[str, ...]]:
    """Names in `n` parts of like weight: the heaviest first, each to the lightest part."""
    parts = [(0.0, i, list[str]()) for i in range(n)]
    for name in sorted(weights, key=lambda name: -weights[name]):
        weight, i, names = heappop(parts)
        heappush(parts, (weight + weights[name], i, [*names, name]))
    return [_in_order(names, [*weights]) for _, _, names in parts if names]


def repack(calls: Sequence[Call], records: Records, limits: Limits, density: Density) -> list[Call]:
    """The same cells by what replies have told; as they were where that takes more calls."""
    names: dict[str, set[str]] = defaultdict(set)  # by cell, since calls may have been parted
    for call in calls:
        for cell in (f"{r} {p}" for r, p in crossed(call.reporters, call.periods)):
            if cell in records:
                names[cell] |= {*enumerated(call.partners)}
    everyone = enumerated((ALL,))
    packed = []
    for some, cells in _inverted(names).items():
        partners = (ALL,) if len(some) == len(everyone) else _in_order(some, everyone)
        packed += pack(calls[0]._replace(partners=partners), cells, records, limits, density)
    fits = all(sum(density.rows(call, records).values()) < limits.cap for call in calls)
    return list(calls) if fits and len(packed) >= len(calls) else packed


def _splits(box: Call) -> Iterator[list[Call]]:
    """The box whole, then in ever more pieces of like size."""
    dims = [enumerated(box.partners), box.products, box.flows]
    shapes = sorted(crossed(*(sorted({ceil(len(d) / ceil(len(d) / n)) for n in range(
        1, len(d) + 1)}) for d in dims)), key=prod)  # fmt: skip
    for shape in shapes:
        some = [_runs(d, n) for d, n in zip(dims, shape, strict=True)]
        some[0] = [box.partners] if shape[0] == 1 else some[0]
        yield [Call(*box[:2], *each) for each in crossed(*some)]


def enumerated(partners: tuple[str, ...]) -> tuple[str, ...]:
    """The partners one by one, where they are a word for all."""
    return tuple(known()) if partners == (ALL,) else partners


def _runs(values: Sequence[str], n: int) -> list[tuple[str, ...]]:
    """`values` in `n` runs whose lengths differ by one at most."""
    return [tuple(values[len(values) * i // n : len(values) * (i + 1) // n]) for i in range(n)]


def _packed(whole: Call, size: int, records: Records, limits: Limits) -> list[Call] | None:
    """Calls whose cells have `size` rows at most; None where one of them may fill the cap."""
    best: list[Call] | None = None
    letters = sum(len(each) + 1 for values in whole[2:] for each in values if each != ALL) + 300
    for n in range(ceil(len(whole.periods) / limits.periods), len(whole.periods) + 1):
        if best is not None and n >= len(best):
            break
        calls = []
        for chunk in _runs(whole.periods, n):
            cells = {r: [f"{r} {p}" for p in chunk if f"{r} {p}" in records]
                     for r in whole.reporters}  # fmt: skip
            weights = {r: sum(min(size, records[cell]) for cell in held)
                       for r, held in cells.items() if held}  # fmt: skip
            room = limits.url - letters - 7 * len(chunk)
            calls += [Call(some, chunk, *whole[2:]) for some in _bins(weights, limits.cap, room)]
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


def split(call: Call, n: int = 2) -> list[Call]:
    """`call` in `n` pieces, or as many as there are; none where it is a single cell."""
    names = ["periods", "reporters", "products", "partners", "flows"]
    levels = [MOST.get(good, 1) for good in call.products]
    if max(levels) > 0.75 * sum(levels):  # nearly all rows are of one level, so this parts little
        names.append(names.pop(2))
    for name in names:
        values = getattr(call, name)
        values = enumerated(values) if name == "partners" else values
        if len(values) > 1:
            return [call._replace(**{name: run}) for run in _runs(values, min(n, len(values)))]
    return []


class Queue:
    """The calls still to be made, packed anew as the replies tell how full they come."""

    def __init__(self, calls: Iterable[Call], records: Records, limits: Limits) -> None:
        self.limits = limits
        self._records = records
        self._calls, self._parts = deque(calls), deque[Call]()
        self._density: dict[tuple[Any, ...], Density] = defaultdict(Density)
        self._learned: Counter[tuple[Any, ...]] = Counter()
        self._cut = False

    def __len__(self) -> int:
        """Calls that are left, as far as is known."""
        return len(self._parts) + len(self._calls)

    def __iter__(self) -> Iterator[Call]:
        """The calls in their order, without taking them."""
        return chain(self._parts, self._calls)

    def take(self) -> Call:
        """The next call: what a cut reply left comes first."""
        if not self._parts:
            return self._calls.popleft()
        call = self._parts.popleft()
        if self._density[call[3:]].knows(call):
            # Alone, so that its pieces do not become again what was cut.
            known = (self._records, self.limits, self._density[call[3:]])
            call, *rest = repack([call], *known)
            self._parts.extendleft(reversed(rest))
        return call

    def put_back(self, call: Call) -> None:
        """Undo :meth:`take`."""
        self._parts.appendleft(call)

    def learn(self, call: Call, rows: Mapping[tuple[str, str], int]) -> None:
        """A whole reply came with `rows` by reporter and partner."""
        goods = call[3:]
        if not is_open(call):
            return
        self._density[goods].learn(call, self._records, rows)
        self._learned[goods] += 1
        # Of many calls not after each: the first replies tell most, and the last piece of a cell.
        often = len(self) < 64 or self._learned[goods].bit_count() == 1
        if often or (self._cut and not self._parts):
            self._repack(goods)

    def cut(self, call: Call, count: int) -> bool:
        """A reply was cut off at `count` rows: queue its pieces; False where there are none."""
        self.limits = self.limits._replace(cap=min(self.limits.cap, count))
        goods, cap = call[3:], self.limits.cap
        self._density[goods].missed(call, self._records, count)
        # How much more it is nobody knows: half way, in orders of size, to the most it can be.
        n = 2 if self._learned[goods] else ceil(sqrt(most(call, self._records) / cap))
        pieces = split(call, max(2, n))
        self._parts.extendleft(reversed(pieces))
        self._cut = True
        return bool(pieces)

    def _repack(self, goods: tuple[Any, ...]) -> None:
        mine = [call for call in self._calls if call[3:] == goods]
        rest = [call for call in self._calls if call[3:] != goods]
        if mine:
            mine = repack(mine, self._records, self.limits, self._density[goods])
        self._calls, self._cut = deque([*mine, *rest]), False
