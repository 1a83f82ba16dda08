"""Is what came whole? Rows of each cell, and wholes against the sum of their parts."""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model.keys import Keys
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import registry
from tradeflows.publishers.cleaned import through
from tradeflows.retrieval import catalogue
from tradeflows.retrieval.comtrade.planning import Plan
from tradeflows.retrieval.comtrade.questions import ALL, MOST, Request, iso, named
from tradeflows.retrieval.comtrade.replies import box_of, fetched, is_asked_in
from tradeflows.retrieval.user_files import rewrite_entries

Whole = tuple[str, str]  # what its parts are, and "reporter period flow partner product"


@dataclass(frozen=True)
class Checked:
    """What the replies of a request hold.

    Attributes
    ----------
    rows, without_value
        Rows of each cell, and those among them of which the publisher states no value.
    differences
        A line for each whole that differs from the sum of its parts.
    above_parts
        Ids of the sources with a whole that is more than the sum of its parts.
    sources
        Ids of the sources with rows of the request.
    """

    rows: Counter[str]
    without_value: Counter[str]
    differences: Mapping[Whole, str]
    above_parts: frozenset[str]
    sources: tuple[str, ...]


@dataclass
class _Sums:
    """What has been counted so far: rows, wholes with their source, and sums of parts."""

    rows: Counter[str] = field(default_factory=Counter)
    without_value: Counter[str] = field(default_factory=Counter)
    wholes: dict[Whole, tuple[float, str]] = field(default_factory=dict)
    parts: dict[Whole, float] = field(default_factory=lambda: defaultdict(float))


def check(planned: Plan, root: Path, failed: Collection[str] = ()) -> Checked:
    """Rows of each cell, the wholes that differ from the sum of their parts, and the sources.

    HS6 is compared with TOTAL, and partners with World, where the request holds both. A whole that
    differs gets the flag unequal: its source's entry says so, until it is found to be equal. Cells
    that `failed` are not compared, since some of their parts are not here.

    Raises
    ------
    LayoutError, CodeError, SchemaError
        A reply is not as its cleaner expects it, or states a cell twice.
    """
    sums = _Sums()
    sources = used(planned, root)
    for source in sources.values():
        for rows in _rows(source, planned, root):
            _add(rows, source, planned.request, sums)
    differences: dict[Whole, str] = {}
    above_parts = set()
    compared = defaultdict[str, set[str]](set)
    unequal = defaultdict[str, set[str]](set)
    for (what, key), (whole, name) in sums.wholes.items():
        total = sums.parts[what, key]
        if math.isnan(total) or " ".join(key.split()[:2]) in failed:
            continue
        compared[name].add(key)
        if abs(whole - total) > max(1.0, 1e-6 * abs(whole)):
            differences[what, key] = _difference(what, key, whole, total)
            unequal[name].add(key)
        if whole > total + max(1.0, 1e-6 * abs(whole)):
            above_parts.add(name)
    _mark_unequal(root, sources, compared, unequal)
    return Checked(
        sums.rows, sums.without_value, differences, frozenset(above_parts), tuple(sources)
    )


def _rows(source: Source, planned: Plan, root: Path) -> Iterator[pa.Table]:
    """Rows of the request in a source, with ``cell`` and the ``digits`` of their product."""
    asked = planned.request
    releases = source.arguments["releases"]
    current = [cell for cell, release in releases.items() if planned.releases.get(cell) == release]
    levels = [int(good[2:]) for good in asked.products if good.startswith("AG")]
    keys = Keys(TRADE)
    parts = registry.cleaner(source)(catalogue.check(source, root), source)
    for part in through(parts, keys):
        rows = part.rows
        period = pc.strftime(rows["ref_period"], format="%Y%m" if asked.freq == "M" else "%Y")
        cell = pc.binary_join_element_wise(rows["reporter_code"], period, " ")
        is_total = pc.equal(rows["cmd_code"], "TOTAL")
        digits = pc.if_else(is_total, 0, pc.utf8_length(rows["cmd_code"]))
        rows = rows.append_column("cell", cell).append_column("digits", digits)
        of_level = pc.is_in(digits, pa.array(levels, digits.type))
        wanted = pc.or_(_among(rows["cmd_code"], asked.products), of_level)
        wanted = pc.and_(wanted, _among(rows["cell"], current))
        wanted = pc.and_(wanted, _among(rows["flow_code"], asked.flows))
        wanted = pc.and_(wanted, pc.equal(rows["breakdown"], "total"))
        if asked.partners != (ALL,):
            wanted = pc.and_(wanted, _among(rows["partner_code"], asked.partners))
        yield rows.filter(wanted)
    keys.check({source.id: source.path})


def _add(rows: pa.Table, source: Source, asked: Request, sums: _Sums) -> None:
    """Count `rows`, and add them to the wholes and parts that the request lets compare."""
    cell = rows["cell"]
    flow = rows["flow_code"]
    value = rows["primary_value_usd"]
    partner = rows["partner_code"]
    good = rows["cmd_code"]
    sums.rows.update(cell.to_pylist())
    sums.without_value.update(cell.filter(pc.is_null(value)).to_pylist())
    if not len(rows):
        return
    if asked.partners == (ALL,):
        is_world = pc.equal(partner, "0")
        names = (cell, flow, "0", good)
        _compare("partners", names, value, is_world, pc.invert(is_world), source, sums)
    if {"TOTAL", "AG6"} <= {*asked.products}:
        is_all = pc.equal(good, "TOTAL")
        is_part = pc.equal(rows["digits"], 6)
        names = (cell, flow, partner, "TOTAL")
        _compare("HS6 codes", names, value, is_all, is_part, source, sums)


def _compare(
    what: str,
    names: tuple[Any, ...],
    value: Any,
    is_whole: Any,
    is_part: Any,
    source: Source,
    sums: _Sums,
) -> None:
    """Add wholes and parts of one kind to the sums."""
    keyed = pa.table({"key": pc.binary_join_element_wise(*names, " "), "value": value})
    for row in keyed.filter(is_whole).drop_null().to_pylist():
        sums.wholes[what, row["key"]] = (row["value"], source.id)
    # Of a part without a value nobody knows the sum, and NaN differs from no whole.
    parts = keyed.filter(is_part)
    parts = parts.set_column(1, "value", pc.fill_null(parts["value"], math.nan))
    for row in parts.group_by("key").aggregate([("value", "sum")]).to_pylist():
        sums.parts[what, row["key"]] += row["value_sum"]


def _difference(what: str, key: str, whole: float, total: float) -> str:
    """The line of a whole that differs from its parts."""
    reporter, period, flow, partner, good = key.split()
    cell = f"{named(f'{reporter} {period}')} {flow} {iso(partner)} {good}"
    return f"{cell}: {whole:,.0f}, but its {what} add up to {total:,.0f}"


def _mark_unequal(
    root: Path,
    sources: Mapping[str, Source],
    compared: Mapping[str, set[str]],
    unequal: Mapping[str, set[str]],
) -> None:
    """Write into the entries which wholes their parts do not add up to."""
    changed = []
    for name, source in sources.items():
        marked = {*source.arguments.get("unequal", ())}
        now = marked - compared.get(name, set()) | unequal.get(name, set())
        if now != marked:
            changed.append(replace(source, arguments={**source.arguments, "unequal": sorted(now)}))
    rewrite_entries(root, changed)


def _among(column: Any, values: Sequence[str]) -> Any:
    """Which values of a column are among `values`."""
    return pc.is_in(column, pa.array(values, pa.string()))


def used(planned: Plan, root: Path) -> dict[str, Source]:
    """Sources with rows of the request in its present release; none that lies within another."""
    touching: dict[str, Source] = {}
    boxes: dict[str, list[frozenset[str]]] = {}
    by_cell: dict[str, list[str]] = defaultdict(list)
    for source in fetched(root):
        releases = source.arguments.get("releases", {})
        now = [cell for cell, release in releases.items() if planned.releases.get(cell) == release]
        asked = planned.request
        is_same = is_asked_in(source, asked.classification, asked.breakdown)
        if not now or not is_same or not _touches(source, asked):
            continue
        box = box_of(source)
        touching[source.id] = source
        boxes[source.id] = [frozenset(box.partners), frozenset(box.products), frozenset(box.flows)]
        for cell in now:
            by_cell[cell].append(source.id)
    needed: set[str] = set()
    for names in by_cell.values():
        for place, name in enumerate(names):
            others = [(other, names.index(other) < place) for other in names if other != name]
            if not any(_is_covered(boxes, name, other, first) for other, first in others):
                needed.add(name)
    return {name: source for name, source in touching.items() if name in needed}


def _touches(source: Source, asked: Request) -> bool:
    """Whether a reply was asked for anything of a request, cells apart."""
    box = box_of(source)
    goods = {*asked.products, *(f"AG{len(good)}" for good in asked.products)}
    partners = ALL in (*asked.partners, *box.partners) or {*asked.partners} & {*box.partners}
    products = goods & {*box.products} or goods & MOST.keys()
    return bool(partners and products and {*asked.flows} & {*box.flows})


def _is_covered(
    boxes: Mapping[str, list[frozenset[str]]], name: str, other: str, is_earlier: bool
) -> bool:
    """Whether `name` lies within `other`; of two that are equal the earlier one counts."""
    return _within(boxes, name, other) and (is_earlier or not _within(boxes, other, name))


def _within(boxes: Mapping[str, list[frozenset[str]]], name: str, other: str) -> bool:
    """Whether all that one reply was asked for is in another."""
    pairs = zip(boxes[name], boxes[other], strict=True)
    return all(inner <= outer or ALL in outer for inner, outer in pairs)
