"""Is what came whole? Rows of each cell, and wholes against the sum of their parts."""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
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
from tradeflows.retrieval.comtrade.questions import ALL, MOST, iso, named
from tradeflows.retrieval.comtrade.replies import box_of, fetched
from tradeflows.retrieval.user_files import rewrite_entries


def check(
    planned: Plan, root: Path, failed: Collection[str] = ()
) -> tuple[Counter[str], tuple[str, ...], tuple[str, ...]]:
    """Rows of each cell, the wholes that differ from the sum of their parts, and the sources.

    HS6 is compared with TOTAL, and partners with World, where the request holds both. A whole that
    differs gets the flag unequal: its source's entry says so, until it is found to be equal. Cells
    that `failed` are not compared, since some of their parts are not here.

    Raises
    ------
    LayoutError, CodeError, SchemaError
        A reply is not as its cleaner expects it, or states a cell twice.
    """
    asked = planned.request
    counts: Counter[str] = Counter()
    wholes: dict[tuple[str, str], tuple[float, str]] = {}
    added: dict[tuple[str, str], float] = defaultdict(float)
    sources = used(planned, root)
    levels = [int(good[2:]) for good in asked.products if good.startswith("AG")]
    for source in sources.values():
        current = [
            cell
            for cell, release in source.arguments["releases"].items()
            if planned.releases.get(cell) == release
        ]
        keys = Keys(TRADE)
        parts = registry.cleaner(source)(catalogue.check(source, root), source)
        for part in through(parts, keys):
            rows = part.rows
            period = pc.strftime(rows["ref_period"], format="%Y%m" if asked.freq == "M" else "%Y")
            rows = rows.append_column(
                "cell", pc.binary_join_element_wise(rows["reporter_code"], period, " ")
            )
            digits = pc.if_else(
                pc.equal(rows["cmd_code"], "TOTAL"), 0, pc.utf8_length(rows["cmd_code"])
            )
            wanted = pc.or_(
                _among(rows["cmd_code"], asked.products),
                pc.is_in(digits, pa.array(levels, digits.type)),
            )
            wanted = pc.and_(wanted, _among(rows["cell"], current))
            wanted = pc.and_(wanted, _among(rows["flow_code"], asked.flows))
            if asked.partners != (ALL,):
                wanted = pc.and_(wanted, _among(rows["partner_code"], asked.partners))
            rows = rows.filter(wanted)
            cell, flow, partner, good, value = (
                rows[name]
                for name in ("cell", "flow_code", "partner_code", "cmd_code", "primary_value_usd")
            )
            counts.update(cell.to_pylist())
            is_world, is_all = pc.equal(partner, "0"), pc.equal(good, "TOTAL")
            for what, held, names, whole, other in (
                (
                    "partners",
                    asked.partners == (ALL,),
                    (cell, flow, "0", good),
                    is_world,
                    pc.invert(is_world),
                ),
                (
                    "HS6 codes",
                    {"TOTAL", "AG6"} <= {*asked.products},
                    (cell, flow, partner, "TOTAL"),
                    is_all,
                    pc.equal(digits.filter(wanted), 6),
                ),
            ):
                if not held or not len(rows):
                    continue
                keyed = pa.table({"key": pc.binary_join_element_wise(*names, " "), "value": value})
                for one in keyed.filter(whole).drop_null().to_pylist():
                    wholes[what, one["key"]] = (one["value"], source.id)
                # Of a part without a value nobody knows the sum, and NaN differs from no whole.
                known = keyed.filter(other)
                known = known.set_column(1, "value", pc.fill_null(known["value"], math.nan))
                sums = known.group_by("key").aggregate([("value", "sum")])
                for one in sums.to_pylist():
                    added[what, one["key"]] += one["value_sum"]
        keys.check({source.id: source.path})
    differences = []
    compared, unequal = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for (what, key), (whole, name) in wholes.items():
        total = added[what, key]
        if math.isnan(total) or " ".join(key.split()[:2]) in failed:
            continue
        compared[name].add(key)
        if abs(whole - total) > max(1.0, 1e-6 * abs(whole)):
            reporter, period, flow, partner, good = key.split()
            cell = f"{named(f'{reporter} {period}')} {flow} {iso(partner)} {good}"
            differences.append(f"{cell}: {whole:,.0f}, but its {what} add up to {total:,.0f}")
            unequal[name].add(key)
    changed = []
    for name, source in sources.items():
        marked = {*source.arguments.get("unequal", ())}
        if (now := marked - compared[name] | unequal[name]) != marked:
            changed.append(source._replace(arguments={**source.arguments, "unequal": sorted(now)}))
    if changed:
        rewrite_entries(root, changed)
    return counts, tuple(differences), tuple(sources)


def _among(column: Any, values: Sequence[str]) -> Any:
    return pc.is_in(column, pa.array(values, pa.string()))


def used(planned: Plan, root: Path) -> dict[str, Source]:
    """Sources with rows of the request in its present release; none that lies within another."""
    asked = planned.request
    goods = {*asked.products, *(f"AG{len(good)}" for good in asked.products)}
    found: dict[str, Source] = {}
    boxes: dict[str, list[frozenset[str]]] = {}
    by_cell: dict[str, list[str]] = defaultdict(list)
    for source in fetched(root):
        box, releases = box_of(source), source.arguments.get("releases", {})
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
        one
        for names in by_cell.values()
        for i, one in enumerate(names)
        if not any(
            within(one, other) and (j < i or not within(other, one))
            for j, other in enumerate(names)
            if i != j
        )
    }
    return {name: source for name, source in found.items() if name in needed}
