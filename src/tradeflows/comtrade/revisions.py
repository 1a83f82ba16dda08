"""What a revision changed: the newest release that is held against the one before."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tradeflows import catalogue
from tradeflows.catalogue import Source
from tradeflows.comtrade.packing import Call
from tradeflows.comtrade.questions import ALL, iso, named
from tradeflows.comtrade.replies import box_of, fetched


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
        return (f"{named(f'{reporter} {period}')} {flow} {iso(partner)} {good}: {old} "
                f"({self.old_release}) -> {new} ({self.new_release})")  # fmt: skip


def diff(root: Path) -> list[Change]:
    """What the newest release changed against the one before, wherever both are held.

    Only what both releases were asked for is compared, so a row that one of them lacks is one that
    the publisher added or withdrew.
    """
    by_cell: dict[str, dict[str, list[Source]]] = defaultdict(lambda: defaultdict(list))
    for source in fetched(root):
        for cell, release in source.arguments.get("releases", {}).items():
            by_cell[cell][release].append(source)
    changes = []
    for cell, releases in sorted(by_cell.items()):
        if len(releases) > 1:
            first, last = sorted(releases)[-2:]
            old, new = (_values(releases[each], cell, root) for each in (first, last))
            for what in sorted({*old, *new}):
                both = all(any(_covers(box_of(source), what) for source in releases[each])
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
