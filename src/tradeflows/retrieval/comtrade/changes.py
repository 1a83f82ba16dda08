"""What a revision changed: the newest release that is held against the one before."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from tradeflows.model.periods import parse_period
from tradeflows.model.source import Source
from tradeflows.publishers import registry
from tradeflows.retrieval import catalogue
from tradeflows.retrieval.call_words import call_in_words, dashed
from tradeflows.retrieval.changes import Change
from tradeflows.retrieval.comtrade.packing import Call
from tradeflows.retrieval.comtrade.questions import iso
from tradeflows.retrieval.comtrade.replies import box_of, fetched

MEASURES = {"primary_value_usd": "USD", "net_wgt_kg": "kg", "qty": ""}


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
    by_cell = _releases_of_cells(root, period.replace("-", ""))
    # In the order of their dates; of two of one day the one that was fetched first is older.
    pairs = {
        cell: sorted(releases, key=lambda text: text.split()[0])[-2:]
        for cell, releases in sorted(by_cell.items())
        if len(releases) > 1
    }
    wanted: dict[str, Source] = {}
    for cell, pair in pairs.items():
        for release in pair:
            wanted |= {source.id: source for source in by_cell[cell][release]}
    rows = _rows_of_releases(wanted.values(), {*pairs}, root)
    changes: list[Change] = []
    for cell, (first, last) in pairs.items():
        old = rows[cell, first]
        new = rows[cell, last]
        boxes = [[box_of(source) for source in by_cell[cell][day]] for day in (first, last)]
        for what in sorted({*old, *new}):
            if all(_is_covered(boxes_of_one, what) for boxes_of_one in boxes):
                changes += _changes(what, old.get(what), new.get(what), first, last)
    return changes


def _releases_of_cells(root: Path, period: str) -> dict[str, dict[str, list[Source]]]:
    """The replies that hold each cell of a period, by release; of every period if empty."""
    by_cell: dict[str, dict[str, list[Source]]] = defaultdict(lambda: defaultdict(list))
    for source in fetched(root):
        for cell, release in source.arguments.get("releases", {}).items():
            if period in ("", cell.split()[1]):
                by_cell[cell][release].append(source)
    return by_cell


def _rows_of_releases(
    sources: Iterable[Source], cells: set[str], root: Path
) -> dict[tuple[str, str], dict[str, "Row"]]:
    """What each release of a cell states, by what it is of."""
    rows: dict[tuple[str, str], dict[str, Row]] = defaultdict(dict)
    for source in sources:
        releases = source.arguments["releases"]
        for cell, what, row in _rows(source, cells, root):
            rows[cell, releases[cell]][what] = row
    return rows


def _is_covered(boxes: Iterable[Call], what: str) -> bool:
    """Whether one of several calls asked for a row."""
    _, _, flow, partner, good = what.split()
    return any(box.covers(partner, good, flow) for box in boxes)


Row = dict[str, float | None]  # unit: figure


def _rows(source: Source, cells: set[str], root: Path) -> Iterator[tuple[str, str, Row]]:
    """The figures of `cells` in a reply, with the cell and what they are of."""
    names = ["reporter_code", "freq_code", "ref_period", "flow_code", "partner_code", "cmd_code"]
    for part in registry.cleaner(source)(catalogue.check(source, root), source):
        for record in part.rows.select([*names, *MEASURES, "qty_unit"]).to_pylist():
            day = record["ref_period"]
            period = f"{day:%Y}" if record["freq_code"] == "A" else f"{day:%Y%m}"
            cell = f"{record['reporter_code']} {period}"
            if cell not in cells:
                continue
            what = " ".join([cell, *(record[name] for name in names[3:])])
            figures = {}
            for measure, unit in MEASURES.items():
                figures[unit or record["qty_unit"]] = record[measure]
            yield cell, what, figures


def _changes(
    what: str, old: Row | None, new: Row | None, first: str, last: str
) -> Iterator[Change]:
    """The changes of one row, a measure each; one where it came or went."""
    reporter, period, flow, partner, good = what.split()
    cell = call_in_words([iso(reporter)], [iso(partner)], [good], [flow], [dashed(period)])
    kind = "added" if old is None else "withdrawn" if new is None else "changed"
    # A row that came or went is one change, told by its value.
    for unit in {**(old or {}), **(new or {})} if kind == "changed" else ["USD"]:
        was = (old or {}).get(unit)
        now = (new or {}).get(unit)
        if kind != "changed" or was != now:
            yield Change(cell, was, now, first.split()[0], last.split()[0], unit, kind)
