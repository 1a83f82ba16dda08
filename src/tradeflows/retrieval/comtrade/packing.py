"""Boxes of what is lacking into the fewest calls that no row cap, and no address, can cut off."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import product as crossed
from math import ceil, erfc, prod, sqrt
from typing import Any

from tradeflows.retrieval.call_words import call_in_words, dashed
from tradeflows.retrieval.comtrade.questions import ALL, GONE, MOST, Request, iso, known

SPREAD = 0.04  # by which rows are beside what was expected, until there is more to go by
# Of the most that can come; a data set holds all flows and levels, and often means of transport.
GUESS = 1 / 8
CUT = 1.5  # calls that a cut costs: itself, and as a rule half of another one
EVEN = 100  # rows that say of a data set's size as much as its number of records does

Records = Mapping[str, int]  # cell: rows of its data set
Goods = tuple[tuple[str, ...], tuple[str, ...]]  # products and flows
Came = Mapping[tuple[str, str, str], int]  # reporter, period, partner: rows


@dataclass(frozen=True)
class Limits:
    """What one call may ask for, and how fast: rows, periods, characters, seconds, calls a day."""

    cap: int
    periods: int
    url: int = 4_096
    pause: float = 1.0
    quota: int | None = None


PREVIEW = Limits(cap=500, periods=1)
KEYED = Limits(cap=100_000, periods=12, quota=500)


@dataclass(frozen=True)
class Call:
    """One call: all that its lists span."""

    reporters: tuple[str, ...]
    periods: tuple[str, ...]
    partners: tuple[str, ...]
    products: tuple[str, ...]
    flows: tuple[str, ...]

    @property
    def goods(self) -> "Goods":
        """Products and flows, by which replies are as full as one another."""
        return self.products, self.flows

    @property
    def box(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """Partners, products and flows."""
        return self.partners, self.products, self.flows

    def __str__(self) -> str:
        """Say the call in a line; of a long list the first and how many more."""
        partners = () if ALL in self.partners else tuple(map(iso, self.partners))
        reporters, periods = tuple(map(iso, self.reporters)), tuple(map(dashed, self.periods))
        return call_in_words(reporters, partners, self.products, self.flows, periods)


def lacking(asked: Request, boxes_held: Sequence[Call]) -> list[Call]:
    """What of a request no call of `boxes_held` covers, as boxes without reporters and periods."""
    whole = Call((), (), asked.partners, asked.products, asked.flows)
    if not boxes_held:
        return [whole]
    everyone = enumerated(asked.partners)
    lacking = set(crossed(everyone, asked.products, asked.flows))
    for box in boxes_held:
        partners = everyone if ALL in box.partners else box.partners
        goods = (
            good
            for good in asked.products
            if good in box.products or f"AG{len(good)}" in box.products
        )
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
            goods_ = _in_order(some, asked.products)
            flows_ = _in_order(flows, asked.flows)
            boxes.append(Call((), (), listed, goods_, flows_))
    return boxes


def _inverted(sets: Mapping[str, set[Any]]) -> dict[frozenset[Any], list[str]]:
    """The names of each set of values that several have."""
    back: dict[frozenset[Any], list[str]] = defaultdict(list)
    for name, values in sets.items():
        back[frozenset(values)].append(name)
    return back


def _in_order(some: Iterable[str], order: Sequence[str]) -> tuple[str, ...]:
    """The values of `order` that are among `some`."""
    chosen = set(some)
    return tuple(value for value in order if value in chosen)


class Density:
    """How full replies came: a partner's share of a data set's records, and each data set's own.

    Rows are expected to be ``records * share of the partner * factor of the cell``; of a partner or
    a cell that no reply has told of, what the others let expect; before any reply, a guess.
    """

    def __init__(self) -> None:
        self._rows: Counter[tuple[str, str]] = Counter()
        self._of: Counter[tuple[str, str]] = Counter()
        self._cells: dict[str, tuple[float, float]] = {}  # rows that came, and were expected
        self._errors: dict[bool, list[float]] = {True: [SPREAD] * 3, False: [SPREAD] * 3}
        self._guess = GUESS

    def learn(self, call: Call, records: Records, rows: Came) -> None:
        """Add a whole reply: its `rows`, also of partners that had none."""
        self._missed(call, records, sum(rows.values()))
        partners = enumerated(call.partners)
        by_cell = Counter[str]()
        by_partner = Counter[tuple[str, str]]()
        for (reporter, period, name), count in rows.items():
            by_partner[reporter, name] += count
            by_cell[f"{reporter} {period}"] += count * (self._of[reporter, name] > 0)
        for reporter in call.reporters:
            cells = [f"{reporter} {period}" for period in call.periods]
            share = sum(
                self._share(reporter, name) for name in partners if self._of[reporter, name]
            )
            for cell in cells:
                self._saw(cell, by_cell[cell], records.get(cell, 0) * share)
            of = ceil(sum(max(1.0, self._size(cell, records)) for cell in cells))
            for name in partners:
                for key in ((reporter, name), ("", name), ("", "")):
                    self._of[key] += of
                    self._rows[key] += by_partner[reporter, name]

    def overfull(self, call: Call, records: Records, count: int) -> None:
        """Note that a call brings `count` rows or more."""
        self._missed(call, records, count)
        more = count / max(1.0, sum(self.rows(call, records).values()))
        if self.blank:
            self._guess *= max(1.0, sqrt(2) * more)
        elif self.knows(call):
            partners = enumerated(call.partners)
            share = {r: sum(self._share(r, name) for name in partners) for r in call.reporters}
            expected = {}
            for cell in cells_of(call):
                reporter = cell.split()[0]
                expected[cell] = records.get(cell, 0) * share[reporter]
            whole = max(1.0, sum(expected.values()))
            for cell, rows in expected.items():
                self._saw(cell, 1.05 * count * rows / whole, rows)

    def _saw(self, cell: str, rows: float, expected: float) -> None:
        """Note how many rows of a cell came, and were expected."""
        before = self._cells.get(cell, (0.0, 0.0))
        self._cells[cell] = before[0] + rows, before[1] + expected

    def _missed(self, call: Call, records: Records, count: int) -> None:
        """Note by how much `count` rows are beside what was expected of partners seen before."""
        if self.knows(call):
            expected = sum(self.rows(call, records).values())
            error = min(1.0, abs(count / max(1.0, expected) - 1))
            self._errors[self._met(call)].append(error)

    @property
    def blank(self) -> bool:
        """Whether no reply has told anything."""
        return not self._of["", ""]

    def knows(self, call: Call) -> bool:
        """Whether each partner of a call was in a reply before, be it of another reporter."""
        return all(self._of["", partner] for partner in enumerated(call.partners))

    def _met(self, call: Call) -> bool:
        """Whether each cell of a call was in a reply before."""
        return all(cell in self._cells for cell in cells_of(call))

    def spread(self, call: Call, cap: int) -> float:
        """By how much the rows of a full call may be beside what is expected."""
        errors = self._errors[self._met(call)]
        partners = enumerated(call.partners)
        seen = sum(self._rows["", name] for name in partners)
        square = sum(error**2 for error in errors) / len(errors) + 1 / cap + 1 / (seen + EVEN)
        new = sum(not self._of["", name] for name in partners)
        if new:  # as far from the others' mean as these are from one another
            shares = [self._share("", name) for who, name in self._of if not who and name]
            mean = sum(shares) / len(shares)
            variance = sum((share - mean) ** 2 for share in shares) / len(shares)
            square += variance / max(mean, 1e-12) ** 2 * (1 / new + 1 / len(shares))
        return sqrt(square)

    def parts(self, call: Call, cap: int) -> Callable[[float], tuple[float, int]]:
        """What so many rows cost in calls like `call`, cuts among them, and in how many calls."""
        if self.blank:
            return lambda rows: (max(1, ceil(2 * rows / cap)),) * 2
        spread = self.spread(call, cap)

        def cost(n: int, rows: float) -> float:
            return n * (1 + CUT * _beyond(n * cap, rows, spread))

        def parts(rows: float) -> tuple[float, int]:
            n = max(1, ceil(rows / cap))
            while cost(n + 1, rows) < cost(n, rows):
                n += 1
            return cost(n, rows), n

        return parts

    def risk(self, call: Call, records: Records, cap: int) -> float:
        """Calls that a cut of `call` may be expected to cost."""
        rows = sum(self.rows(call, records).values())
        return _beyond(cap, rows, self.spread(call, cap)) * (CUT - 1 + rows / cap)

    def _size(self, cell: str, records: Records) -> float:
        """Records of a cell's data set, corrected by what came of it."""
        came, expected = self._cells.get(cell, (0.0, 0.0))
        return records.get(cell, 0) * (came + EVEN) / (expected + EVEN)

    def _share(self, reporter: str, partner: str) -> float:
        """The part of a data set's records that a partner has."""
        keys = ((reporter, partner), ("", partner), ("", ""))
        key = next(key for key in keys if self._of[key] or key == keys[-1])
        return self._rows[key] / max(1, self._of[key])

    def rows(self, call: Call, records: Records) -> dict[str, float]:
        """Rows to expect of each partner."""
        partners = enumerated(call.partners)
        if self.blank:
            return dict.fromkeys(partners, self._guess * most_rows(call, records) / len(partners))
        expected: dict[str, float] = defaultdict(float)
        top = bound(call) / len(partners)
        for reporter in call.reporters:
            sizes = [self._size(f"{reporter} {period}", records) for period in call.periods]
            of = sum(sizes)
            largest = max(sizes)
            for partner in partners:
                share = self._share(reporter, partner)
                expected[partner] += (
                    of * share
                    if largest * share <= top
                    else (sum(min(size * share, top) for size in sizes))
                )
        return expected


def _beyond(cap: int, rows: float, spread: float) -> float:
    """How likely there are more than `cap` rows where `rows` are expected."""
    return erfc((cap / max(1.0, rows) - 1) / spread / sqrt(2)) / 2


def cells_of(call: Call) -> Iterator[str]:
    """The cells that a call spans."""
    return (f"{r} {p}" for r, p in crossed(call.reporters, call.periods))


def is_open(box: Call) -> bool:
    """Whether nobody knows beforehand how many rows come, since a word stands for many codes."""
    return (
        len(box.partners) > len(known()) // 2
        or box.partners == (ALL,)
        or any(good.startswith("AG") for good in box.products)
    )


def bound(box: Call) -> int:
    """The most rows that a cell can have: one a partner, product and flow."""
    goods = sum(MOST.get(good, 1) for good in box.products)
    return len(enumerated(box.partners)) * len(box.flows) * goods


def most_rows(call: Call, records: Records) -> int:
    """The most rows that a call can bring; no cell has more than its data set."""
    size = bound(call)
    return sum(min(size, records.get(cell, 0)) for cell in cells_of(call))


def pack(
    box: Call,
    cells: Iterable[str],
    records: Records,
    limits: Limits,
    density: Density | None = None,
) -> list[Call]:
    """The fewest calls found for `box` over `cells` that no cap should cut off.

    A cell gives at most one row for each partner, product and flow, and no more than its data set
    has. Where that might fill the cap many times over, of all partners or of a whole level, calls
    are filled with what replies have told of the `density`, or with a guess; a call that is cut off
    all the same has to be parted.
    """
    groups: dict[frozenset[str], list[str]] = defaultdict(list)
    by_reporter: dict[str, set[str]] = defaultdict(set)
    for reporter, period in map(str.split, cells):
        by_reporter[reporter].add(period)
    # A call spans all its reporters and periods, so reporters that lack the same go together:
    # what is held must not be asked for again, what does not exist does no harm.
    every = {period for periods in by_reporter.values() for period in periods}
    for reporter, periods in by_reporter.items():
        unasked = {p for p in every - periods if f"{reporter} {p}" in records}
        groups[frozenset(every - unasked)].append(reporter)
    calls: list[Call] = []
    for window, reporters in groups.items():
        whole = Call(tuple(reporters), tuple(sorted(window)), *box.box)
        if not is_open(box) and not density:
            calls += _bounded(whole, records, limits)
            continue
        for piece in _short(whole, [*by_reporter], limits):
            calls += _sure_or_likely(piece, records, limits, density)
    return calls


def _sure_or_likely(
    whole: Call, records: Records, limits: Limits, density: Density | None
) -> list[Call]:
    """Pieces of `whole` that no cap can cut off or, where these are too many, those that may be."""
    likely = _expected(whole, records, limits, density or Density())
    sure = _bounded(whole, records, limits)
    most = len(likely) if density else 2 * len(likely)
    return sure if sure and len(sure) <= most else likely


def _short(whole: Call, reporters: Sequence[str], limits: Limits) -> list[Call]:
    """`whole` by products, such that an address has room for all `reporters` and partners."""
    rest = [*reporters, *enumerated(whole.partners), *whole.flows]
    room = limits.url - 300 - 7 * limits.periods - sum(len(code) + 1 for code in rest)
    letters = sum(len(code) + 1 for code in whole.products)
    n = min(len(whole.products), ceil(letters / max(1, room)))
    return [replace(whole, products=run) for run in _runs(whole.products, n)]


def _bounded(whole: Call, records: Records, limits: Limits) -> list[Call]:
    """Pieces of `whole` that hold less than the cap, whatever comes; none where it is open."""
    best: list[Call] | None = None
    for pieces in _splits(whole):
        is_enough = best is not None and len(pieces) >= len(best)
        if is_enough or (is_open(whole) and len(pieces) > 1):
            break
        flat = _all_packed(pieces, records, limits)
        if flat and (best is None or len(flat) < len(best)):
            best = flat
    return best or []


def _all_packed(pieces: Iterable[Call], records: Records, limits: Limits) -> list[Call]:
    """Calls for all of `pieces`; none where one of them may fill the cap."""
    calls = []
    for piece in pieces:
        packed = _packed(piece, bound(piece), records, limits)
        if not packed:
            return []
        calls += packed
    return calls


def _expected(whole: Call, records: Records, limits: Limits, density: Density) -> list[Call]:
    """Pieces of `whole` that should not be cut off: periods in groups, and these by their rows.

    Of many ways to group them the one is taken that costs least, the cuts that may come counted.
    As long as there are partners of which nothing is known, a group is no more than one call: the
    first tells of all of them, where half a cap takes it.
    """
    best = _Grouping()
    least = 0.0
    for grouping in _groupings(whole, records, limits, density):
        if best.groups and grouping.n >= least:
            break
        if grouping.is_allowed and (not best.groups or grouping.cost < least):
            best = grouping
            least = grouping.cost
    pieces: list[Call] = []
    for group, parts in sorted(zip(best.groups, best.parts, strict=True)):
        pieces += _in_parts(replace(whole, periods=group), parts, records, limits, density)
    return pieces


@dataclass(frozen=True)
class _Grouping:
    """Periods in groups, each in so many parts, and what calls that costs.

    It is allowed where all partners are known, or each group is one call or one period. `n` is how
    many groups were asked for; some may be empty.
    """

    n: int = 0
    groups: tuple[tuple[str, ...], ...] = ()
    parts: tuple[int, ...] = ()
    cost: float = 0.0
    is_allowed: bool = False


def _groupings(
    whole: Call, records: Records, limits: Limits, density: Density
) -> Iterator[_Grouping]:
    """The periods of `whole` in ever more groups."""
    sizes = {}
    for period in whole.periods:
        expected = density.rows(replace(whole, periods=(period,)), records)
        sizes[period] = sum(expected.values())
    parts_for = density.parts(whole, limits.cap)
    every = len(whole.periods)
    fewest = ceil(len(whole.periods) / limits.periods)
    is_known = density.knows(whole)
    for n in range(fewest, every + 1):
        groups = _grouped(whole.periods, sizes, n, parts_for, limits)
        rows = [sum(sizes[period] for period in group) for group in groups]
        # Of nothing known, a cut costs no more than the half that a smaller question leaves empty.
        is_single = density.blank and n in (fewest, every) and max(rows) < limits.cap
        costs = [(1, 1) if is_single else parts_for(count) for count in rows]
        parts = tuple(count for _, count in costs)
        cost = sum(cost for cost, _ in costs)
        is_allowed = is_known or sum(parts) == n or n == every
        yield _Grouping(n, tuple(groups), parts, cost, is_allowed)


def _grouped(
    periods: Sequence[str],
    sizes: Mapping[str, float],
    n: int,
    parts_for: Callable[[float], tuple[float, int]],
    limits: Limits,
) -> list[tuple[str, ...]]:
    """Periods in `n` groups of like rows, or of like length where these are too long."""
    room = max(n, parts_for(sum(sizes.values()))[1])
    groups = _parted(sizes, [room * (i + 1) // n - room * i // n for i in range(n)])
    is_too_long = max(map(len, groups)) > limits.periods
    return _runs(periods, n) if is_too_long else groups


def _in_parts(call: Call, n: int, records: Records, limits: Limits, density: Density) -> list[Call]:
    """`call` in `n` parts of like rows, by reporters or, of one reporter, by partners."""
    if n < 2:
        return [call]
    if len(call.reporters) == 1:
        names = _parted(density.rows(call, records), [1] * n)
        return [replace(call, partners=some) for some in names]
    sizes = {
        r: sum(density.rows(replace(call, reporters=(r,)), records).values())
        for r in call.reporters
    }
    parts_for = density.parts(call, limits.cap)
    pieces = list[Call]()
    for some in _parted(sizes, [1] * min(n, len(sizes))):
        _, parts = parts_for(sum(sizes[r] for r in some))
        pieces += _in_parts(replace(call, reporters=some), parts, records, limits, density)
    return pieces


def _parted(weights: Mapping[str, float], rooms: Sequence[int]) -> list[tuple[str, ...]]:
    """Names in parts as heavy as their `rooms`: the heaviest first, each where most is free."""
    parts = [(0.0, i, list[str]()) for i in range(len(rooms))]
    for name in sorted(weights, key=lambda name: -weights[name]):
        weight, i, names = heappop(parts)
        heappush(parts, (weight + weights[name] / rooms[i], i, [*names, name]))
    return [_in_order(names, [*weights]) for _, _, names in parts if names]


def repack(calls: Sequence[Call], records: Records, limits: Limits, density: Density) -> list[Call]:
    """The same cells by what replies have told; as they were where that takes more calls."""
    names: dict[str, set[str]] = defaultdict(set)  # by cell, since calls may have been parted
    for call in calls:
        for cell in cells_of(call):
            if cell in records:
                names[cell] |= {*enumerated(call.partners)}
    everyone = enumerated((ALL,))
    packed = []
    for some, cells in _inverted(names).items():
        partners = (ALL,) if len(some) == len(everyone) else _in_order(some, everyone)
        packed += pack(replace(calls[0], partners=partners), cells, records, limits, density)
    cuts = sum(density.risk(call, records, limits.cap) for call in calls)
    return packed if len(packed) < len(calls) + cuts else list(calls)


def _splits(box: Call) -> Iterator[list[Call]]:
    """The box whole, then in ever more pieces of like size."""
    dims = [enumerated(box.partners), box.products, box.flows]
    shapes = sorted(
        crossed(
            *(sorted({ceil(len(d) / ceil(len(d) / n)) for n in range(1, len(d) + 1)}) for d in dims)
        ),
        key=prod,
    )
    for shape in shapes:
        some = [_runs(d, n) for d, n in zip(dims, shape, strict=True)]
        some[0] = [box.partners] if shape[0] == 1 else some[0]
        yield [Call(box.reporters, box.periods, *lists) for lists in crossed(*some)]


def enumerated(partners: tuple[str, ...]) -> tuple[str, ...]:
    """The partners one by one, where they are a word for all."""
    return (*known(), *GONE) if partners == (ALL,) else partners


def _runs(values: Sequence[str], n: int) -> list[tuple[str, ...]]:
    """`values` in `n` runs whose lengths differ by one at most."""
    return [tuple(values[len(values) * i // n : len(values) * (i + 1) // n]) for i in range(n)]


def _packed(whole: Call, size: int, records: Records, limits: Limits) -> list[Call] | None:
    """Calls whose cells have `size` rows at most; None where one of them may fill the cap."""
    best: list[Call] | None = None
    letters = _letters(whole)
    for n in range(ceil(len(whole.periods) / limits.periods), len(whole.periods) + 1):
        if best is not None and n >= len(best):
            break
        chunks = [
            _packed_chunk(whole, chunk, size, records, limits, letters)
            for chunk in _runs(whole.periods, n)
        ]
        calls = [call for chunk in chunks for call in chunk or ()]
        fits = all(chunk is not None for chunk in chunks)
        if fits and calls and (best is None or len(calls) < len(best)):
            best = calls
    return best


def _letters(whole: Call) -> int:
    """Letters of an address without its reporters and periods."""
    codes = [code for values in whole.box for code in values if code != ALL]
    return 300 + sum(len(code) + 1 for code in codes)


def _packed_chunk(
    whole: Call,
    chunk: tuple[str, ...],
    size: int,
    records: Records,
    limits: Limits,
    letters: int,
) -> list[Call] | None:
    """Calls for the periods of `chunk`; None where one of them may fill the cap."""
    weights = {}
    for reporter in whole.reporters:
        counts = [records[cell] for cell in _cells(reporter, chunk) if cell in records]
        if counts:
            weights[reporter] = sum(min(size, count) for count in counts)
    if not weights:
        return []
    room = limits.url - letters - 7 * len(chunk)
    if max(weights.values()) >= limits.cap or room < 5:
        return None
    bins = _bins(weights, limits.cap, room)
    return [Call(reporters, chunk, *whole.box) for reporters in bins]


def _cells(reporter: str, periods: Iterable[str]) -> list[str]:
    """The cells of a reporter."""
    return [f"{reporter} {period}" for period in periods]


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
    # Where nearly all rows are of one level, goods part little; and of many partners, replies for
    # the same goods tell how full the others come.
    if max(levels) > 0.75 * sum(levels) or is_open(call):
        names.append(names.pop(2))
    for name in names:
        values = getattr(call, name)
        values = enumerated(values) if name == "partners" else values
        if len(values) > 1:
            return [replace(call, **{name: run}) for run in _runs(values, min(n, len(values)))]
    return []


class Queue:
    """The calls still to be made, packed anew as the replies tell how full they come."""

    def __init__(
        self,
        calls: Iterable[Call],
        records: Records,
        limits: Limits,
        density: Mapping[Goods, Density] | None = None,
    ) -> None:
        self.limits = limits
        self._records = records
        self._calls = deque(calls)
        self._density = defaultdict[Goods, Density](Density, density or {})
        self._learned = Counter[Goods]()
        self._cut = False

    def __len__(self) -> int:
        """Calls that are left, as far as is known."""
        return len(self._calls)

    def __iter__(self) -> Iterator[Call]:
        """The calls in their order, without taking them."""
        return iter(self._calls)

    def take(self) -> Call:
        """The next call."""
        return self._calls.popleft()

    def put_back(self, call: Call) -> None:
        """Undo :meth:`take`."""
        self._calls.appendleft(call)

    def learn(self, call: Call, rows: Came) -> None:
        """A whole reply came with `rows`."""
        goods = call.goods
        if not is_open(call) and goods not in self._density:
            return
        density = self._density[goods]
        density.learn(call, self._records, rows)
        self._learned[goods] += 1
        # Of many calls not after each: the first replies tell most, and what follows a cut.
        if len(self) < 64 or self._learned[goods].bit_count() == 1 or self._cut:
            mine = [call for call in self._calls if call.goods == goods]
            if mine:
                mine = repack(mine, self._records, self.limits, density)
            rest = [call for call in self._calls if call.goods != goods]
            self._calls = deque([*mine, *rest])
            self._cut = False

    def cut(self, call: Call, count: int) -> bool:
        """A reply was cut off at `count` rows: queue its pieces; False where there are none.

        They are asked for before anything is packed anew, so each cut makes the next call smaller
        until one comes whole.
        """
        self.limits = replace(self.limits, cap=min(self.limits.cap, count))
        density = self._density[call.goods]
        density.overfull(call, self._records, count)
        pieces = _expected(call, self._records, self.limits, density)
        pieces = pieces if len(pieces) > 1 else split(call)
        self._calls.extendleft(reversed(pieces))
        self._cut = True
        return bool(pieces)
