"""The replies that are held: their files, and their entries in the user's catalogue."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tradeflows.model.files import sweep
from tradeflows.model.source import RAW, Source
from tradeflows.publishers import comtrade as cleaner
from tradeflows.retrieval import catalogue
from tradeflows.retrieval.catalogue import LOCAL_FOLDER
from tradeflows.retrieval.comtrade.packing import Call, Goods, Seen, is_open, lacking
from tradeflows.retrieval.comtrade.questions import ALL, Request, iso
from tradeflows.retrieval.http import Web, locked, stamp, write
from tradeflows.retrieval.user_files import rewrite_entries

LAST = 12  # replies that are read again for how full they came


def folder(root: Path) -> Path:
    """Where the replies lie; made where it is not."""
    path = root / RAW / LOCAL_FOLDER / "comtrade"
    path.mkdir(parents=True, exist_ok=True)
    return path


def box_of(source: Source) -> Call:
    """What the reply of `source` was asked for; its address says it."""
    query = parse_qs(urlsplit(source.address).query)
    names = ("reporterCode", "period", "partnerCode", "cmdCode", "flowCode")
    return Call(*(tuple(query.get(name, [ALL])[0].split(",")) for name in names))


def fetched(root: Path) -> list[Source]:
    """Entries of every reply in the user's catalogue."""
    return [
        source
        for source in catalogue.load(root, local=True).values()
        if source.kind == "fetched" and source.publisher == "comtrade"
    ]


def held(
    root: Path, releases: Mapping[str, str], classification: str = "HS", breakdown: str = ""
) -> dict[str, list[Call]]:
    """Cell to what is held of its present release, asked for in the same way."""
    boxes: dict[str, list[Call]] = defaultdict(list)
    for source in fetched(root):
        is_same = is_asked_in(source, classification, breakdown)
        if not is_same or not source.file(root).exists():
            continue
        for cell, release in source.arguments.get("releases", {}).items():
            if releases.get(cell) == release:
                boxes[cell].append(box_of(source))
    return boxes


def covers(root: Path, asked: Request, *, is_open: bool = False) -> bool:
    """Whether replies that are held were asked for all of a request, in whichever release.

    With `is_open` the request ends with the last period that was asked for.
    """
    boxes: dict[tuple[str, str], list[Call]] = defaultdict(list)
    for source in fetched(root):
        if (
            is_asked_in(source, asked.classification, asked.breakdown)
            and source.file(root).exists()
        ):
            for cell in source.arguments.get("releases", {}):
                reporter, period = cell.split()
                boxes[iso(reporter), period].append(box_of(source))
    areas = {*map(iso, asked.reporters)}
    last = max((period for area, period in boxes if area in areas), default="")
    periods = [period for period in asked.periods if not is_open or period <= last]
    cells = [(area, period) for area in areas for period in periods]
    return bool(cells) and not any(lacking(asked, boxes[cell]) for cell in cells)


def classification_of(source: Source) -> str:
    """In which classification the reply of `source` was asked for; its address says it."""
    return urlsplit(source.address).path.rpartition("/")[2]


def is_asked_in(source: Source, classification: str, breakdown: str) -> bool:
    """Whether the reply of `source` was asked for in a classification and with a break-down."""
    parted_by = source.arguments.get("breakdown", "")
    return classification_of(source) == classification and parted_by == breakdown


def counted(reply: cleaner.Reply) -> Counter[tuple[str, str, str]]:
    """Rows of a reply by reporter, period and partner."""
    key = ("reportercode", "period", "partnercode")
    return Counter(zip(*(reply.rows[name].to_pylist() for name in key), strict=True))


def seen_before(root: Path, calls: Sequence[Call], records: Mapping[str, int]) -> dict[Goods, Seen]:
    """What held replies to the like of `calls` tell of how full they come, the last ones alone."""
    wanted = {call.goods for call in calls if is_open(call)}
    known: dict[Goods, Seen] = defaultdict(Seen)
    for source in [source for source in fetched(root) if box_of(source).goods in wanted][-LAST:]:
        box = box_of(source)
        reply = cleaner.read(catalogue.check(source, root))
        known[box.goods].learn(box, records, counted(reply))
    return dict(known)


def recover(root: Path) -> None:
    """Remove what a killed run left half-written."""
    for pattern in (".*.part", ".*.tmp"):
        sweep(folder(root), pattern)


def mark_ambiguous(root: Path, releases: Mapping[str, str]) -> None:
    """Say of a reply that a release may have overtaken that it is of one of the two.

    A release is known from a list, and a reply does not tell its own. Where the next list has
    another, dated of the day of the reply or before, nobody knows which of the two the reply holds.
    """
    doubtful = []
    for source in fetched(root):
        releases_now = source.arguments.get("releases", {})
        overtaken = {
            cell: "/".join((release.split()[0], releases[cell]))
            for cell, release in releases_now.items()
            if releases.get(cell, release) != release
            and "/" not in release
            and not _after(releases[cell], f"{source.retrieved}")
        }
        if overtaken:
            arguments = {**source.arguments, "releases": {**releases_now, **overtaken}}
            doubtful.append(replace(source, arguments=arguments))
    if doubtful:
        rewrite_entries(root, doubtful)


def _after(release: str, day: str) -> bool:
    """Whether a release is of a later day."""
    return bool(re.match(r"\d{4}-\d\d-\d\d ", release)) and release[:10] > day


def count(root: Path, web: Web, side: str) -> None:
    """Count a call of today (UTC), which is about to be sent to `side` of the API."""
    path = folder(root) / ".calls.json"
    with locked(path):
        days = _calls(path)
        day = days.setdefault(_today(web), {})
        day[side] = day.get(side, 0) + 1
        write(path, json.dumps(dict(sorted(days.items())[-7:])), lasting=False)


def spent(root: Path, web: Web, side: str) -> int:
    """Calls that this machine's runs in this project have made today."""
    return _calls(folder(root) / ".calls.json").get(_today(web), {}).get(side, 0)


def _calls(path: Path) -> dict[str, dict[str, int]]:
    """Calls by day and side of the API, as they were counted."""
    try:
        days: dict[str, dict[str, int]] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # none yet, or torn when the power went
        return {}
    return days


def _today(web: Web) -> str:
    """The day of the clock, in UTC."""
    return stamp(web.clock.now())[:10]
