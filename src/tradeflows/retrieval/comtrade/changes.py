"""What a revision changed: the newest release that is held against the one before."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tradeflows.model.periods import parse_period
from tradeflows.model.source import Source
from tradeflows.publishers import registry
from tradeflows.retrieval import catalogue
from tradeflows.retrieval.call_words import call_in_words, dashed
from tradeflows.retrieval.changes import Change
from tradeflows.retrieval.comtrade.questions import iso
from tradeflows.retrieval.comtrade.replies import box_of, fetched

MEASURES = {"primary_value_usd": "USD", "net_wgt_kg": "kg", "qty": ""}
NAMES = ("reporter_code", "freq_code", "ref_period", "flow_code", "partner_code", "cmd_code")

Row = dict[str, float | None]  # unit: figure
Rows = dict[str, dict[tuple[str, str, str], Row]]  # cell: flow, partner and product: row


def diff(root: Path, period: str = "") -> list[Change]:
    """What the newest release changed against the one before, wherever both are held.

    Only what both releases were asked for is compared, so a row that one of them lacks is one that
    the publisher added or withdrew. Of a row that both have, each measure is a figure of its own.

    Parameters
    ----------
    period
        A month (``2024-02``) or a year; all that is held where not given.

    Raises
    ------
    QueryError
        `period` is neither.
    """
    if period:
        parse_period(period, "period")
    read: dict[str, Rows] = {}
    changes: list[Change] = []
    for cell, pair in _pairs(root, period.replace("-", "")):
        sides: list[dict[tuple[str, str, str], Row]] = []
        for sources in pair.values():
            sides.append({})
            for source in sources:
                if source.id not in read:
                    read[source.id] = _rows(source, root)
                sides[-1] |= read[source.id][cell]
        asked = [[*map(box_of, sources)] for sources in pair.values()]
        days = [release.split()[0] for release in pair]
        for flow, partner, good in sorted({*sides[0], *sides[1]}):
            if all(any(box.covers(partner, good, flow) for box in boxes) for boxes in asked):
                old, new = (side.get((flow, partner, good)) for side in sides)
                changes += _changes(cell, (flow, partner, good), old, new, days)
    return changes


def _pairs(root: Path, period: str) -> Iterator[tuple[str, dict[str, list[Source]]]]:
    """Cells of a period, or of all, with the replies of the two newest releases that are held."""
    replies: dict[str, dict[str, list[Source]]] = defaultdict(lambda: defaultdict(list))
    for source in fetched(root):
        for cell, release in source.arguments.get("releases", {}).items():
            if period in ("", cell.split()[1]):
                replies[cell][release].append(source)
    for cell, by_release in sorted(replies.items()):
        # In the order of their dates; of two of one day the one that was fetched first is older.
        pair = sorted(by_release, key=lambda release: release.split()[0])[-2:]
        if len(pair) > 1:
            yield cell, {release: by_release[release] for release in pair}


def _rows(source: Source, root: Path) -> Rows:
    """The figures of a reply."""
    rows: Rows = defaultdict(dict)
    for part in registry.cleaner(source)(catalogue.check(source, root), source):
        for record in part.rows.select([*NAMES, *MEASURES, "qty_unit"]).to_pylist():
            reporter, freq, day, *what = (record[name] for name in NAMES)
            rows[f"{reporter} {day:{'%Y' if freq == 'A' else '%Y%m'}}"][tuple(what)] = {
                unit or record["qty_unit"]: record[measure] for measure, unit in MEASURES.items()
            }
    return rows


def _changes(
    cell: str, what: tuple[str, str, str], old: Row | None, new: Row | None, days: list[str]
) -> Iterator[Change]:
    """The changes of one row, a measure each; one where it came or went."""
    reporter, period = cell.split()
    flow, partner, good = what
    words = call_in_words([iso(reporter)], [iso(partner)], [good], [flow], [dashed(period)])
    if old is None or new is None:  # it is one change, told by its value
        kind = "added" if old is None else "withdrawn"
        was, now = ((row or {}).get("USD") for row in (old, new))
        yield Change(words, was, now, days[0], days[1], "USD", kind)
        return
    for unit in {**old, **new}:
        if old.get(unit) != new.get(unit):
            yield Change(words, old.get(unit), new.get(unit), days[0], days[1], unit)
