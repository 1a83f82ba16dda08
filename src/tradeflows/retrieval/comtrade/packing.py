"""What is lacking, in the fewest calls that no row cap, and no address, can cut off."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product as crossed
from math import ceil

from tradeflows.retrieval import fetching
from tradeflows.retrieval.comtrade.questions import ALL, GONE, MOST, Call, Request, known

FULL = 0.9  # of a cap: so many rows a call may be expected to bring
FEW = 3  # periods: where fewer fill a call, all of them are asked for partner by partner

Records = Mapping[str, int]  # cell: rows of its data set
Goods = tuple[tuple[str, ...], tuple[str, ...]]  # products and flows


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


def lacking(asked: Request, held: Sequence[Call]) -> list[Call]:
    """What of a request no call of `held` covers: of no reporter and no period."""
    everyone = enumerated(asked.partners)
    goods: dict[tuple[tuple[str, ...], str], list[str]] = defaultdict(list)
    for good, flow in crossed(asked.products, asked.flows):
        of_good = [call for call in held if call.covers(call.partners[0], good, flow)]
        covered = {name for call in of_good for name in call.partners}
        if ALL not in covered:
            rest = tuple(name for name in everyone if name not in covered) if covered else everyone
            goods[asked.partners if rest == everyone else rest, flow].append(good)
    flows: dict[Goods, list[str]] = defaultdict(list)
    for (partners, flow), some in goods.items():
        flows[partners, tuple(some)].append(flow)
    return [Call((), (), *box, tuple(some)) for box, some in flows.items() if box[0]]


def enumerated(partners: tuple[str, ...]) -> tuple[str, ...]:
    """The partners one by one, where they are a word for all."""
    return (*known(), *GONE) if partners == (ALL,) else partners


def is_of_unknown_size(call: Call) -> bool:
    """Whether nobody knows beforehand how many rows come, since a word stands for many codes."""
    is_level = any(good.startswith("AG") for good in call.products)
    return is_level or len(enumerated(call.partners)) > len(known()) // 2


def size_of(call: Call, records: Records) -> int:
    """The rows of a call's data sets."""
    return sum(records.get(cell, 0) for cell in call.cells)


def most_rows(call: Call, records: Records) -> int:
    """The most rows that a call can bring: of a cell one a partner, product and flow, or all."""
    goods = sum(MOST.get(good, 1) for good in call.products)
    bound = len(enumerated(call.partners)) * len(call.flows) * goods
    return sum(min(bound, records.get(cell, 0)) for cell in call.cells)


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


def calls_of(box: Call, cells: Iterable[str], existing: Collection[str]) -> list[Call]:
    """What is lacking of `cells`, as calls: reporters that lack the same periods go together.

    What is held must not be asked for again; what does not exist does no harm.
    """
    lacked: dict[str, set[str]] = defaultdict(set)
    for reporter, period in map(str.split, cells):
        lacked[reporter].add(period)
    every = sorted(set().union(*lacked.values()))
    together: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for reporter, periods in lacked.items():
        asked = [p for p in every if p in periods or f"{reporter} {p}" not in existing]
        together[tuple(asked)].append(reporter)
    return [
        replace(box, reporters=tuple(reporters), periods=periods)
        for periods, reporters in together.items()
    ]


class Queue(fetching.Queue[Call]):
    """The calls still to be made, each filled as the replies that came let expect.

    A call is as large a part of the next box as should come whole: below the cap whatever comes or,
    of all partners or a whole level, by the rows that other replies brought. Where none has come,
    one cell is asked for. One that is cut off all the same is asked for in halves.

    Of a whole level below a cap of 500 rows a year takes 1.1 to 1.6 times the fewest calls, one
    period 2 to 3 times: how its rows are spread over partners shows only as they come, and some
    partners fill the better part of a call.
    """

    def __init__(self, calls: Iterable[Call], records: Records, limits: Limits) -> None:
        super().__init__(calls, partial(split, mixed=True))
        self.limits = limits
        self._records = records
        # What replies for some goods told, by partner: its rows, and the records of what was asked.
        self._seen: dict[Goods, tuple[Counter[str], Counter[str]]] = {}

    def __len__(self) -> int:
        """About how many calls are left, as far as is known."""
        room = FULL * self.limits.cap
        return sum(
            len([*box.cells])
            if self._is_unknown(box)
            else max(ceil(len(box.periods) / self.limits.periods), ceil(self._rows(box) / room))
            for box in self.calls
        )

    def take(self) -> Call:
        """The next call: as much of the next box as should come whole."""
        box = self.calls.pop()
        codes = -(-self._letters(box) // self.limits.url)  # so many addresses for its products
        counts = {"products": max(1, len(box.products) // codes)}
        for name in ("products", "periods", "reporters", "partners", "products"):
            values = getattr(box, name)
            if name == "partners":
                values = enumerated(values)
            n = counts.pop(name, 0) or self._count(box, name, values)
            if n < len(values):
                self.calls.append(replace(box, **{name: values[n:]}))
                box = replace(box, **{name: values[:n]})
        return box

    def learn(self, kept: fetching.Kept[Call]) -> None:
        """A whole reply came: it tells of the others."""
        call = kept.call
        if is_of_unknown_size(call) or call.goods in self._seen:
            came, of = self._seen.setdefault(call.goods, (Counter(), Counter()))
            of.update(dict.fromkeys(enumerated(call.partners), size_of(call, self._records)))
            came.update(kept.counts)

    def cut(self, call: Call, rows: int) -> bool:
        """A reply was cut off at so many rows: queue its halves; False where there are none."""
        self.limits = replace(self.limits, cap=min(self.limits.cap, rows))
        return super().cut(call, rows)

    def _is_unknown(self, box: Call) -> bool:
        """Whether a box may fill a call, and nothing tells how far it does."""
        is_told = box.goods in self._seen or not is_of_unknown_size(box)
        return not is_told and most_rows(box, self._records) >= self.limits.cap

    def _count(self, box: Call, name: str, values: Sequence[str]) -> int:
        """How many of the `values` of a list of `box` a call takes."""
        most = min(len(values), self.limits.periods) if name == "periods" else len(values)
        is_unknown, is_told = self._is_unknown(box), box.goods in self._seen
        if is_unknown and name in ("periods", "reporters"):
            return 1  # which tells how full the others come

        def is_too_much(n: int) -> bool:
            call = box if n == len(values) else replace(box, **{name: (*values[:n],)})
            if self._letters(call) >= self.limits.url:
                return True
            # A part is not filled to the brim; the rest of a box is, which saves a call.
            full = FULL if is_told and n < len(values) else 1
            return not is_unknown and self._rows(call) >= full * self.limits.cap

        if not is_too_much(most):
            return most
        fitting = bisect_left(range(1, most + 1), True, key=is_too_much)
        if name == "periods" and is_told and fitting < min(FEW, most):
            return most
        return max(fitting, 1)

    def _rows(self, call: Call) -> float:
        """Rows to expect of a call; before any reply the most there can be."""
        most = most_rows(call, self._records)
        if call.goods not in self._seen:
            return most
        came, of = self._seen[call.goods]
        mean = came.total() / max(1, of.total())
        shares = (came[q] / of[q] if of[q] else mean for q in enumerated(call.partners))
        return min(most, size_of(call, self._records) * sum(shares))

    def _letters(self, call: Call) -> int:
        """Letters of an address."""
        partners = () if call.partners == (ALL,) else call.partners
        periods = call.periods[: self.limits.periods]
        listed = (*call.reporters, *periods, *partners, *call.products)
        return 300 + sum(len(code) + 1 for code in listed)
