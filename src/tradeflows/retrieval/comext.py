"""Live Eurostat Comext: the months that are published, those that are lacking fetched whole.

:func:`plan` reads the publisher's directory; :func:`fetch` downloads each month's archive that is
lacking, reads all of it before it counts as held, and catalogues it in an entry beside it with its
control totals. The day on which the directory dates a file is its release:
a month that is released again stands beside the older one, which it supersedes.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path, PurePosixPath

from tradeflows.model.errors import CodeError, LayoutError, QueryError, SchemaError
from tradeflows.model.files import sweep, temporary
from tradeflows.model.periods import compact, is_day, parse_window
from tradeflows.model.source import Source, bulk_month, released
from tradeflows.publishers import archives, comext, reading
from tradeflows.retrieval import catalogue, fetching, user_files
from tradeflows.retrieval.call_words import dashed
from tradeflows.retrieval.fetching import Kept, Progress, Report, Show
from tradeflows.retrieval.http import (
    Clock,
    FetchError,
    MissingError,
    RefusedError,
    RetryError,
    Web,
    locked,
)

BASE = "https://ec.europa.eu/eurostat/api/dissemination"
SINCE_2002 = "comext/COMEXT_DATA/PRODUCTS"
UNTIL_2001 = "comext/COMEXT_HISTORICAL_DATA/PRODUCTS_1988_2001"
NAMES = {  # of the months' archives, by directory
    SINCE_2002: r"full_v2_(\d{4}(?:0[1-9]|1[0-2]))\.7z",
    UNTIL_2001: r"full_?(?:v2_)?(\d{4}(?:0[1-9]|1[0-2]))\.7z",
}
LICENCE = "re-use allowed with credit (Commission Decision 2011/833/EU)"
FIRST = "198801"
TIME = re.compile(r"\d{4}-\d\d-\d\d([T ][\d:.+Z-]*)?", re.ASCII)  # a day, or a time of one
LARGEST_LISTING = 1 << 24


@dataclass(frozen=True)
class Listed:
    """A month's archive as the directory lists it; `released` is its date there."""

    period: str
    directory: str
    name: str
    bytes: int
    released: str

    def __str__(self) -> str:
        """Say the file in a line."""
        return f"{self.name}: {self.bytes:,} bytes, released {self.released[:10]}"


@dataclass(frozen=True)
class Plan:
    """What is to come for a question, what is held in its present release, what is not listed."""

    files: tuple[Listed, ...]
    kept: tuple[Listed, ...]
    absent: tuple[str, ...]

    def __str__(self) -> str:
        """Say how many files, and how large."""
        total = sum(archive.bytes for archive in self.files)
        return (
            f"{len(self.files)} files to come, {total:,} bytes; {len(self.kept)} held already, "
            f"{len(self.absent)} not published"
        )

    def lines(self) -> Iterator[str]:
        """Every file, held or to come, and the months that are not published."""
        yield from (f"to come: {archive}" for archive in self.files)
        yield from (f"held: {archive}" for archive in self.kept)
        if self.absent:
            yield f"not published: {_names(self.absent)}"
        yield str(self)


def _names(periods: Iterable[str]) -> str:
    return ", ".join(map(dashed, periods))


# --- the question, and what is published ---------------------------------------------------------


def months(start: str, end: str, *, today: date | None = None) -> tuple[str, ...]:
    """The months from `start` to `end` (``2019-01``, or a year), as "201901".

    Raises
    ------
    QueryError
        No such month, one before 1988, an end before the start, or a month that has not come.
    """
    periods = tuple(map(compact, parse_window(start, end)))
    if periods[0] < FIRST:
        raise QueryError(f"{start} is before {dashed(FIRST)}, where Comext begins")
    if periods[0] > f"{today or datetime.now(UTC).date():%Y%m}":
        raise QueryError(f"{start} has not come")
    return periods


def connect(base: str | None = None, clock: Clock | None = None) -> Web:
    """The way to the publisher's files: `base`, else ``TRADEFLOWS_COMEXT_URL``, else Eurostat."""
    return fetching.connect("Comext", base, "TRADEFLOWS_COMEXT_URL", BASE, clock=clock)


def plan(periods: Sequence[str], web: Web, root: Path) -> Plan:
    """Ask which of `periods` are published, and tell what is held from what is to come.

    A FetchError says that the directory cannot be had, or is not laid out as it was.
    """
    by_period: dict[str, Listed] = {}
    if min(periods) < "200201":
        by_period |= _listing(UNTIL_2001, web, root)
    if max(periods) >= "200201":
        by_period |= _listing(SINCE_2002, web, root)
    listed = [by_period[period] for period in periods if period in by_period]
    sweep(fetching.folder(root, "comext"), ".*.tmp")
    known = _months_held(root)
    kept = tuple(archive for archive in listed if _entry(archive, known, root))
    files = tuple(archive for archive in listed if archive not in kept)
    return Plan(files, kept, tuple(period for period in periods if period not in by_period))


def published(web: Web, root: Path, *, age: float = -1.0) -> dict[str, str]:
    """Months that are published since 2002, such as ``2023-05``, each with its release's time.

    A list that came before is good for `age` seconds; a FetchError says that none can be had.
    """
    listed = sorted(_listing(SINCE_2002, web, root, age).items())
    return {dashed(period): archive.released for period, archive in listed}


def _listing(directory: str, web: Web, root: Path, age: float = -1.0) -> dict[str, Listed]:
    """The months' archives of one directory of the publisher."""
    query = {"dir": directory, "format": "csv", "hierarchy": "false"}
    url = web.url("files", query | {"sizeFormat": "NONE", "dateFormat": "ISO"})
    to, check = fetching.folder(root, "comext"), partial(_listed, directory=directory)
    rows, _ = fetching.listing(web, url, to, check, age=age)
    return {period: Listed(period, directory, *rest) for period, *rest in rows}


def _listed(path: Path, directory: str) -> list[list[str | int]]:
    """Month, name, size and date of the archives that a listing names; RetryError if it is none."""
    lines = reading.whole(path, LARGEST_LISTING).decode("utf-8-sig", "replace").splitlines() or [""]
    sign = max(",;\t", key=lines[0].count)  # no public document names it
    rows = []
    with suppress(csv.Error):  # a page all in one line
        header, *rows = csv.reader(lines, delimiter=sign)
    names = [name.strip().upper() for name in header] if rows else []
    if "NAME" not in names:
        raise RetryError(f"no listing of files, but {lines[0][:40]!r}")
    listed: list[list[str | int]] = []
    others = []
    for cells in rows:
        row = dict(zip(names, map(str.strip, cells), strict=False))
        name = PurePosixPath(row.get("NAME", "")).name
        month = re.fullmatch(NAMES[directory], name, re.ASCII)
        if not month:
            others.append(name[:60])
            continue
        # The column of dates is known by what it holds, since no public document names it.
        dates = [cell for cell in row.values() if TIME.fullmatch(cell) and is_day(cell[:10])]
        size = row.get("SIZE", "")
        if not re.fullmatch(r"\d{1,12}", size, re.ASCII) or len(dates) != 1:
            raise RefusedError(
                f"{name} is listed without one size in bytes and one date: "
                f"{row}; the directory is laid out anew"
            )
        listed.append([month[1], name, int(size), dates[0]])
    if not listed:
        raise RefusedError(
            f"{directory} lists no month's archive under a name that is known, but "
            f"{', '.join(others[:3])}; fetch them by hand, then `tradeflows add`"
        )
    return listed


# --- what is held --------------------------------------------------------------------------------


def _months_held(root: Path) -> list[Source]:
    """Every catalogued month, fetched or added by hand, in the order of the releases."""
    sources = filter(bulk_month, catalogue.load(root, local=True).values())
    return sorted(sources, key=released)


def _entry(listed: Listed, held: Sequence[Source], root: Path) -> Source | None:
    """The entry of a release that was fetched, if its file is there."""
    for source in held:
        if bulk_month(source) == listed.period and f"release {listed.released}" in source.steps:
            file = source.file(root)
            return source if file.exists() and file.stat().st_size == source.bytes else None
    return None


# --- the archives --------------------------------------------------------------------------------


def fetch(planned: Plan, web: Web, root: Path, progress: Show | None = None) -> Report:
    """Download what `planned` lacks, each archive whole and catalogued, or say why not.

    Raises
    ------
    FetchError
        A file cannot be written here. A server's faults end in the report.
    """
    outcome = fetching.Outcome[Listed]()
    queue = fetching.Queue(planned.files, lambda _: [])

    def ask(listed: Listed) -> Kept[Listed] | None:
        def show(size: int) -> None:
            if progress:
                done = len(planned.files) - len(queue) - 1
                progress(Progress(done, len(queue) + 1, outcome.rows, listed, size))

        try:
            source = _one(listed, web, root, show)
        except MissingError:
            return None
        except (CodeError, SchemaError, LayoutError) as error:
            raise FetchError(str(error)) from error
        return Kept(listed, source, sum(int(flow["rows"]) for flow in source.control.values()))

    fetching.run(queue, ask, web, outcome, progress)
    came = [kept.source for kept in outcome.kept]
    absent = sorted([*planned.absent, *(listed.period for listed in outcome.absent)])
    head = (
        f"{len(came)} files came, {sum(source.bytes for source in came):,} bytes; "
        f"{len(planned.kept)} were held, {len(absent)} are not published, "
        f"{len(outcome.failed)} failed"
    )
    return Report(
        came=tuple(kept.call.period for kept in outcome.kept),
        absent=tuple(absent),
        failed={listed.period: reason for listed, reason in outcome.failed.items()},
        sources=tuple(source.id for source in came),
        rows=outcome.rows,
        later=outcome.reason,
        head=head,
        names=_names,
    )


def _one(listed: Listed, web: Web, root: Path, show: Callable[[int], None]) -> Source:
    """Download one archive, unless it is here, and catalogue it; its entry."""
    folder = fetching.folder(root, "comext")
    # No other release has its name here.
    file = folder / f"{re.sub(r'[^0-9T]', '', listed.released)}_{listed.name}"
    url = web.url("files", {"file": f"{listed.directory}/{listed.name}"})
    with locked(folder / listed.name):  # another run may be about the same month
        known = _months_held(root)
        source = _entry(listed, known, root)
        if source:
            return source
        if not file.exists():  # else a run was killed before it could catalogue it
            aside = temporary(file)
            web.get(url, aside, lambda path: path.replace(file), size=listed.bytes, progress=show)
        head = reading.head(file)[:40]
        if not head.startswith(archives.MARK):
            file.unlink()
            raise FetchError(
                f"{listed.name}: expected a .7z archive, found {head!r}; a proxy or a "
                "page of the server answered"
            )
        loose = reading.uncatalogued(file, "comext", "trade")
        try:
            parts = comext.clean(file, loose)
            totals = next(parts).control
            deque(parts, maxlen=0)  # whose cells are checked as they are sorted
        except LayoutError as error:
            file.unlink()
            raise FetchError(str(error).replace(str(file), listed.name)) from None
        for twin in filter(catalogue.is_own, known):
            if twin.sha256 == loose.sha256 and bulk_month(twin) == listed.period:
                steps = f"{twin.steps}; the same bytes again in release {listed.released}"
                renewed = replace(twin, steps=steps)
                file.replace(renewed.file(root))
                user_files.rewrite_entries(root, [renewed])
                return renewed
        entry = fetching.entry(
            file,
            root,
            web,
            loose,
            steps="tradeflows fetch comext",
            more=f", release {listed.released}",
            id=f"comext_{listed.period}_{loose.sha256[:8]}",
            publisher="eurostat",
            title=f"Detailed trade of the member states, {dashed(listed.period)}: {listed.name}",
            licence=LICENCE,
            vintage=listed.released[:10],
            address=url,
            control=totals,
        )
        user_files.write_entry(entry, root)
    return entry
