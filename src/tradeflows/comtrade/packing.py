"""Boxes of what is lacking into the fewest calls that no row cap, and no address, can cut off."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product as crossed
from math import ceil, prod
from typing import Any, NamedTuple

from tradeflows.comtrade.questions import ALL, MOST, Request, iso, known


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
    dims = [enumerated(box.partners), box.products, box.flows]
    shapes = sorted(crossed(*(sorted({ceil(len(d) / ceil(len(d) / n)) for n in range(
        1, len(d) + 1)}) for d in dims)), key=prod)  # fmt: skip
    for shape in shapes:
        partners, products, flows = (list(_even(d, n)) for d, n in zip(dims, shape, strict=True))
        if shape[0] == 1:
            partners = [box.partners]
        yield [Call((), (), *each) for each in crossed(partners, products, flows)]


def enumerated(partners: tuple[str, ...]) -> tuple[str, ...]:
    """The partners one by one, where they are a word for all."""
    return tuple(known()) if partners == (ALL,) else partners


def _even(values: Sequence[str], n: int) -> Iterator[tuple[str, ...]]:
    """`values` in `n` runs whose lengths differ by one at most."""
    for i in range(n):
        yield tuple(values[len(values) * i // n : len(values) * (i + 1) // n])


def _packed(
    box: Call, rows: Mapping[str, Mapping[str, int]], periods: Sequence[str], limits: Limits
) -> list[Call] | None:
    """Calls for all reporters and periods; None where one of them may fill the cap."""
    size = len(enumerated(box.partners)) * len(box.flows)
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
        values = enumerated(values) if name == "partners" else values
        if len(values) > 1:
            return [call._replace(**{name: half}) for half in _even(values, 2)]
    return []
