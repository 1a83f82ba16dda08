"""Boxes of what is lacking into the fewest calls that no row cap, and no address, can cut off."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product as crossed
from math import ceil
from typing import Any

from tradeflows.retrieval.call_words import call_in_words, dashed
from tradeflows.retrieval.comtrade.questions import ALL, GONE, MOST, Request, iso, known

FULL = 0.9  # of a cap: so many rows a call may be expected to bring
# Of the most that can come; a data set holds all flows and levels, and often means of transport.
GUESS = 1 / 8

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

    def covers(self, partner: str, good: str, flow: str) -> bool:
        """Whether it asked for rows of these, reporters and periods apart."""
        is_product = not {good, f"AG{len(good)}"}.isdisjoint(self.products)
        return flow in self.flows and is_product and not {ALL, partner}.isdisjoint(self.partners)

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


def cells_of(call: Call) -> Iterator[str]:
    """The cells that a call spans."""
    return (f"{r} {p}" for r, p in crossed(call.reporters, call.periods))


def enumerated(partners: tuple[str, ...]) -> tuple[str, ...]:
    """The partners one by one, where they are a word for all."""
    return (*known(), *GONE) if partners == (ALL,) else partners


def is_open(call: Call) -> bool:
    """Whether nobody knows beforehand how many rows come, since a word stands for many codes."""
    is_level = any(good.startswith("AG") for good in call.products)
    return is_level or len(enumerated(call.partners)) > len(known()) // 2


def most_rows(call: Call, records: Records) -> int:
    """The most rows that a call can bring: of a cell one a partner, product and flow, or all."""
    goods = sum(MOST.get(good, 1) for good in call.products)
    bound = len(enumerated(call.partners)) * len(call.flows) * goods
    return sum(min(bound, records.get(cell, 0)) for cell in cells_of(call))


def split(call: Call, *, mixed: bool = False) -> list[Call]:
    """`call` in two halves; none where it is a single cell.

    Of partners in turn where `mixed`: the world stands first, as do others that trade much.
    """
    for name in ("periods", "reporters", "partners", "products", "flows"):
        values = getattr(call, name)
        values = enumerated(values) if name == "partners" else values
        half = len(values) // 2
        halves = values[:half], values[half:]
        if name == "partners" and mixed:
            halves = values[::2], values[1::2]
        if half:
            return [replace(call, **{name: some}) for some in halves]
    return []


def boxes_of(box: Call, cells: Iterable[str], records: Records) -> list[Call]:
    """What `box` asks of `cells`, as boxes: reporters that lack the same periods go together.

    What is held must not be asked for again; what does not exist does no harm.
    """
    lacked: dict[str, set[str]] = defaultdict(set)
    for reporter, period in map(str.split, cells):
        lacked[reporter].add(period)
    every = set().union(*lacked.values())
    asked = {
        reporter: {p for p in every if p in periods or f"{reporter} {p}" not in records}
        for reporter, periods in lacked.items()
    }
    return [
        replace(box, reporters=tuple(reporters), periods=tuple(sorted(periods)))
        for periods, reporters in _inverted(asked).items()
    ]


@dataclass
class Seen:
    """What replies for the same goods told: rows of each partner, and records of what was asked."""

    came: Counter[str] = field(default_factory=Counter)
    of: Counter[str] = field(default_factory=Counter)

    def learn(self, call: Call, records: Records, rows: Came) -> None:
        """Add a whole reply: its `rows`, also of partners that had none."""
        size = sum(records.get(cell, 0) for cell in cells_of(call))
        self.of.update(dict.fromkeys(enumerated(call.partners), size))
        for (_, _, partner), count in rows.items():
            self.came[partner] += count

    def rows(self, call: Call, records: Records) -> float:
        """Rows to expect of a call; before any reply the most there can be, or a guess."""
        most = most_rows(call, records)
        if not self.of:
            return most * GUESS if is_open(call) else most
        size = sum(records.get(cell, 0) for cell in cells_of(call))
        mean = self.came.total() / max(1, self.of.total())
        partners = enumerated(call.partners)
        share = sum(self.came[q] / self.of[q] if self.of[q] else mean for q in partners)
        return min(most, size * share)


class Queue:
    """The calls still to be made, each filled as the replies that came let expect.

    A call is as large a part of the next box as should come whole: below the cap whatever comes or,
    of all partners or a whole level, by the rows that other replies brought. One that is cut off
    all the same is asked for in halves.
    """

    def __init__(
        self,
        boxes: Iterable[Call],
        records: Records,
        limits: Limits,
        seen: Mapping[Goods, Seen] | None = None,
    ) -> None:
        self.limits = limits
        self._full = FULL
        self._records = records
        self._boxes = list(boxes)[::-1]
        self._seen = defaultdict[Goods, Seen](Seen, seen or {})

    def __bool__(self) -> bool:
        """Whether anything is left."""
        return bool(self._boxes)

    def __iter__(self) -> Iterator[Call]:
        """What is left, without taking it."""
        return iter(self._boxes[::-1])

    def __len__(self) -> int:
        """About how many calls are left, as far as is known."""
        room = self._full * self.limits.cap
        return sum(
            max(
                ceil(len(box.periods) / self.limits.periods),
                ceil(self._seen[box.goods].rows(box, self._records) / room),
            )
            for box in self._boxes
        )

    def calls(self) -> list[Call]:
        """The calls that are left, if no reply told more."""
        left = [*self._boxes]
        calls = []
        while self._boxes:
            calls.append(self.take())
        self._boxes = left
        return calls

    def take(self) -> Call:
        """The next call: as much of the next box as should come whole."""
        box = self._boxes.pop()
        seen = self._seen[box.goods]
        codes = -(-self._letters(box) // self.limits.url)  # so many addresses for its products
        short = replace(box, products=box.products[: len(box.products) // codes])
        if codes > 1 and short.products:
            self._boxes.append(replace(box, products=box.products[len(short.products) :]))
            box = short
        for name in ("periods", "reporters", "partners", "products"):
            values = getattr(box, name)
            if name == "partners":
                values = enumerated(values)
            some = values[: self._count(box, name, values, seen)]
            if len(some) < len(values):
                self._boxes.append(replace(box, **{name: values[len(some) :]}))
                box = replace(box, **{name: some})
        return box

    def _count(self, box: Call, name: str, values: Sequence[str], seen: Seen) -> int:
        """How many of the `values` of a list of `box` a call takes."""
        most = min(len(values), self.limits.periods) if name == "periods" else len(values)
        is_unknown = is_open(box) and not seen.of
        if is_unknown and name in ("periods", "reporters"):
            is_sure = most_rows(box, self._records) < self.limits.cap
            return most if is_sure else 1  # which tells how full the others come

        def is_too_much(n: int) -> bool:
            # A part is not filled to the brim; the rest of a box is, which saves a call.
            room = self.limits.cap * (self._full if seen.of and n < len(values) else 1)
            return not self._fits(replace(box, **{name: (*values[:n],)}), seen, room)

        if not is_too_much(most):
            return most
        fitting = bisect_left(range(1, most + 1), True, key=is_too_much)
        if name == "periods" and seen.of and fitting < min(3, most):
            return most  # too few fill a call: all of them are asked for partner by partner
        return max(fitting, 1)

    def _fits(self, call: Call, seen: Seen, room: float) -> bool:
        """Whether an address can hold a call, and `room` its rows."""
        is_short = self._letters(call) < self.limits.url
        return is_short and seen.rows(call, self._records) < room

    def _letters(self, call: Call) -> int:
        """Letters of an address."""
        partners = () if call.partners == (ALL,) else call.partners
        periods = call.periods[: self.limits.periods]
        listed = (*call.reporters, *periods, *partners, *call.products)
        return 300 + sum(len(code) + 1 for code in listed)

    def put_back(self, call: Call) -> None:
        """Undo :meth:`take`."""
        self._boxes.append(call)

    def learn(self, call: Call, rows: Came) -> None:
        """A whole reply came with `rows`."""
        seen = self._seen[call.goods]
        if is_open(call) or seen.of:
            seen.learn(call, self._records, rows)
        self._full = min(FULL, self._full * 1.05)
        # Boxes that differ in one list alone are one.
        for name in ("partners", "periods", "reporters"):
            alike: dict[Call, list[str]] = {}
            for box in self._boxes:
                alike.setdefault(replace(box, **{name: ()}), []).extend(getattr(box, name))
            self._boxes = [
                replace(box, **{name: tuple(dict.fromkeys(values))})
                for box, values in alike.items()
            ]

    def cut(self, call: Call, count: int) -> bool:
        """A reply was cut off at `count` rows: queue its halves; False where there are none."""
        self.limits = replace(self.limits, cap=min(self.limits.cap, count))
        if self._seen[call.goods].of:  # more came than was expected, and may again
            self._full *= FULL
        halves = split(call, mixed=True)
        self._boxes += halves[::-1]
        return bool(halves)
