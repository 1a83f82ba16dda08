"""The replies that are held: their files, and their entries in the user's catalogue."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tradeflows.model.source import Source
from tradeflows.publishers import comtrade as cleaner
from tradeflows.retrieval import catalogue, fetching
from tradeflows.retrieval.comtrade.packing import lacking
from tradeflows.retrieval.comtrade.questions import ALL, Call, Request, iso
from tradeflows.retrieval.http import Web, locked, stamp, write
from tradeflows.retrieval.user_files import rewrite_entries


def folder(root: Path) -> Path:
    """Where the replies lie; made where it is not."""
    return fetching.folder(root, "comtrade")


def box_of(source: Source) -> Call:
    """What the reply of `source` was asked for; its address says it."""
    query = parse_qs(urlsplit(source.address).query)
    names = ("reporterCode", "period", "partnerCode", "cmdCode", "flowCode")
    return Call(*(tuple(query.get(name, [ALL])[0].split(",")) for name in names))


def fetched(root: Path) -> list[Source]:
    """Entries of every reply in the user's catalogue."""
    sources = catalogue.load(root, local=True).values()
    return [s for s in sources if (s.kind, s.publisher) == ("fetched", "comtrade")]


def held(root: Path, asked: Request) -> Iterator[tuple[Source, Call, Mapping[str, str]]]:
    """Replies that are here and were asked for in a request's way, each with its call.

    And with the release of each cell that it has.
    """
    for source in fetched(root):
        classification = urlsplit(source.address).path.rpartition("/")[2]
        way = classification, source.arguments.get("breakdown", "")
        if way == (asked.classification, asked.breakdown) and source.file(root).exists():
            yield source, box_of(source), source.arguments.get("releases", {})


def covers(root: Path, asked: Request, *, is_open: bool = False) -> bool:
    """Whether replies that are held were asked for all of a request, in whichever release.

    With `is_open` the request ends with the last period that was asked for.
    """
    calls: dict[tuple[str, str], list[Call]] = defaultdict(list)
    for _, call, releases in held(root, asked):
        for reporter, period in map(str.split, releases):
            calls[iso(reporter), period].append(call)
    areas = {*map(iso, asked.reporters)}
    last = max((period for area, period in calls if area in areas), default="")
    periods = [period for period in asked.periods if not is_open or period <= last]
    cells = [(area, period) for area in areas for period in periods]
    return bool(cells) and not any(lacking(asked, calls[cell]) for cell in cells)


def counted(reply: cleaner.Reply) -> Counter[str]:
    """Rows of a reply by partner."""
    return Counter(reply.rows["partnercode"].to_pylist())


def mark_ambiguous(root: Path, releases: Mapping[str, str]) -> None:
    """Say of a reply that a release may have overtaken that it is of one of the two.

    A release is known from a list, and a reply does not tell its own. Where the next list has
    another, dated of the day of the reply or before, nobody knows which of the two the reply holds.
    """
    doubtful = []
    for source in fetched(root):
        marked = dict(source.arguments.get("releases", {}))
        for cell, release in marked.items():
            now = releases.get(cell, release)
            is_later = now[:1].isdigit() and now[:10] > f"{source.retrieved}"
            if now != release and "/" not in release and not is_later:
                marked[cell] = f"{release.split()[0]}/{now}"
        doubtful += renewed(source, "releases", marked)
    rewrite_entries(root, doubtful)


def renewed(source: Source, name: str, value: Mapping[str, str] | list[str]) -> list[Source]:
    """The entry of a reply with another value of one of its arguments; none where it has that."""
    if value == source.arguments.get(name, type(value)()):
        return []
    return [replace(source, arguments={**source.arguments, name: value})]


def calls_today(root: Path, web: Web, side: str, *, more: int = 0) -> int:
    """Calls of this machine's runs in this project to a `side` of the API today, in UTC.

    With those `more` that are about to be sent, and are counted from now on.
    """
    path = folder(root) / ".calls.json"
    with locked(path):
        try:
            days: dict[str, dict[str, int]] = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):  # none yet, or torn when the power went
            days = {}
        day = days.setdefault(stamp(web.clock.now())[:10], {})
        day[side] = day.get(side, 0) + more
        if more:
            write(path, json.dumps(dict(sorted(days.items())[-7:])), lasting=False)
    return day[side]
