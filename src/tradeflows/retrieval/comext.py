"""Live Eurostat Comext: the months that are published, those that are lacking fetched whole.

:func:`plan` reads the publisher's directory; :func:`fetch` downloads each month's archive that is
lacking, reads all of it before it counts as held, and catalogues it in an entry beside it with its
control totals. The day on which the directory dates a file is its release:
a month that is released again stands beside the older one, which it supersedes, and :func:`diff`
shows what changed.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa

from tradeflows.model import codes
from tradeflows.model.errors import CodeError, LayoutError, QueryError, SchemaError, SourceError
from tradeflows.model.files import sweep, temporary
from tradeflows.model.periods import compact, is_day, parse_period, parse_window
from tradeflows.model.source import Source, bulk_month, released
from tradeflows.publishers import archives, comext, control, reading, registry
from tradeflows.retrieval import catalogue, changes, fetching, user_files
from tradeflows.retrieval.call_words import call_in_words, dashed
from tradeflows.retrieval.fetching import Kept, Progress, Show
from tradeflows.retrieval.http import (
    Clock,
    FetchError,
    MissingError,
    RefusedError,
    RetryError,
    Saved,
    Web,
    locked,
    write,
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

    @property
    def file(self) -> str:
        """Its name here, which no other release has."""
        return f"{re.sub(r'[^0-9T]', '', self.released)}_{self.name}"

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
        yield from _not_published(self.absent)
        yield str(self)


@dataclass(frozen=True)
class Report:
    """What became of a question, month by month.

    Attributes
    ----------
    came, kept
        Entries made now, and archives that were held before.
    absent
        Months that the publisher has not published.
    failed
        Month to the reason why it is missing.
    notes
        Lines about control totals.
    later
        When to go on, where the server asked for it; else empty.
    """

    came: tuple[Source, ...] = ()
    kept: tuple[Listed, ...] = ()
    absent: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    later: str = ""

    @property
    def missing(self) -> int:
        """Months that are missing."""
        return len(self.absent) + len(self.failed)

    def lines(self) -> Iterator[str]:
        """The report in words, what is missing by name."""
        total = sum(source.bytes for source in self.came)
        yield (
            f"{len(self.came)} files came, {total:,} bytes; {len(self.kept)} were held, "
            f"{len(self.absent)} are not published, {len(self.failed)} failed"
        )
        yield from self.notes
        yield from _not_published(self.absent)
        for period, reason in self.failed.items():
            yield f"failed: {dashed(period)}: {reason}"
        if self.later:
            yield self.later


def _not_published(periods: Sequence[str]) -> Iterator[str]:
    """A line that names the months that are not published, if there are any."""
    if periods:
        yield f"not published: {', '.join(map(dashed, periods))}"


# --- the question, and what is published ---------------------------------------------------------


def months(start: str, end: str, *, today: date | None = None) -> tuple[str, ...]:
    """The months from `start` to `end` (``2019-01``, or a year), as "201901".

    Raises
    ------
    QueryError
        No such month, one before 1988, an end before the start, or a month that has not come.
    """
    periods = tuple(compact(month) for month in parse_window(start, end))
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

    Raises
    ------
    FetchError
        The directory cannot be had, or is not laid out as it was.
    """
    listed: dict[str, Listed] = {}
    for directory, wanted in (
        (UNTIL_2001, [period for period in periods if period < "200201"]),
        (SINCE_2002, [period for period in periods if period >= "200201"]),
    ):
        if wanted:
            by_period = _listing(directory, web, root)
            listed |= {period: by_period[period] for period in wanted if period in by_period}
    sweep(fetching.folder(root, "comext"), ".*.tmp")
    known = _months_held(root)
    kept = {archive for archive in listed.values() if _entry(archive, known, root)}
    return Plan(
        tuple(archive for archive in listed.values() if archive not in kept),
        tuple(archive for archive in listed.values() if archive in kept),
        tuple(period for period in periods if period not in listed),
    )


def published(web: Web, root: Path, *, age: float = -1.0) -> dict[str, str]:
    """Months that are published since 2002, such as ``2023-05``, each with its release's time.

    Parameters
    ----------
    age
        Seconds for which a list that came before is good enough.

    Raises
    ------
    FetchError
        The directory cannot be had, or is not laid out as it was.
    """
    file = fetching.folder(root, "comext") / ".published.json"
    with suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(file.read_text(encoding="utf-8"))
        if known["base"] == web.base and web.clock.now() - known["time"] < age:
            return dict(known["months"])
    listed = _listing(SINCE_2002, web, root)
    months = {dashed(period): archive.released for period, archive in sorted(listed.items())}
    content = {"base": web.base, "time": web.clock.now(), "months": months}
    write(file, json.dumps(content), lasting=False)
    return months


def _listing(directory: str, web: Web, root: Path) -> dict[str, Listed]:
    """The months' archives of one directory of the publisher."""
    query = {"dir": directory, "format": "csv", "hierarchy": "false"}
    url = web.url("files", query | {"sizeFormat": "NONE", "dateFormat": "ISO"})
    aside = temporary(fetching.folder(root, "comext") / "listing")
    listed: dict[str, Listed] = fetching.get_list(
        web, url, aside, lambda path: _listed(path, directory)
    )
    return listed


def _listed(path: Path, directory: str) -> dict[str, Listed]:
    """The months' archives that a listing names; RetryError where it is none."""
    lines = reading.whole(path, LARGEST_LISTING).decode("utf-8-sig", "replace").splitlines() or [""]
    sign = max(",;\t", key=lines[0].count)  # no public document names it
    rows = []
    with suppress(csv.Error):  # a page all in one line
        header, *rows = csv.reader(lines, delimiter=sign)
    names = [name.strip().upper() for name in header] if rows else []
    if "NAME" not in names:
        raise RetryError(f"no listing of files, but {lines[0][:40]!r}")
    archives_by_month = {}
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
        archives_by_month[month[1]] = Listed(month[1], directory, name, int(size), dates[0])
    if not archives_by_month:
        raise RefusedError(
            f"{directory} lists no month's archive under a name that is known, but "
            f"{', '.join(others[:3])}; fetch them by hand, then `tradeflows add`"
        )
    return archives_by_month


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
    came = tuple(kept.source for kept in outcome.kept)
    absent = sorted([*planned.absent, *(listed.period for listed in outcome.absent)])
    failed = {listed.period: reason for listed, reason in outcome.failed.items()}
    notes = [line for source in came for line in known_totals(source, root)]
    return Report(came, planned.kept, tuple(absent), failed, tuple(notes), outcome.reason)


def _one(listed: Listed, web: Web, root: Path, show: Callable[[int], None]) -> Source:
    """Download one archive, unless it is here, and catalogue it; its entry."""
    folder = fetching.folder(root, "comext")
    file = folder / listed.file
    url = web.url("files", {"file": f"{listed.directory}/{listed.name}"})
    with locked(folder / listed.name):  # another run may be about the same month
        known = _months_held(root)
        source = _entry(listed, known, root)
        if source:
            return source
        if not file.exists():  # else a run was killed before it could catalogue it
            aside = temporary(file)
            web.get(url, aside, lambda path: path.replace(file), size=listed.bytes, progress=show)
        try:
            totals = _whole(file, listed)
        except FetchError:
            file.unlink()
            raise
        with file.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        for twin in filter(catalogue.is_own, known):
            if twin.sha256 == sha256 and bulk_month(twin) == listed.period:
                steps = f"{twin.steps}; the same bytes again in release {listed.released}"
                renewed = replace(twin, steps=steps)
                file.replace(renewed.file(root))
                user_files.rewrite_entries(root, [renewed])
                return renewed
        entry = fetching.entry(
            file,
            root,
            web,
            Saved(file, sha256, file.stat().st_size),
            steps="tradeflows fetch comext",
            more=f", release {listed.released}",
            id=f"comext_{listed.period}_{sha256[:8]}",
            publisher="eurostat",
            title=f"Detailed trade of the member states, {dashed(listed.period)}: {listed.name}",
            licence=LICENCE,
            vintage=listed.released[:10],
            cleaner="comext.clean",
            address=url,
            control=totals,
        )
        user_files.write_entry(entry, root)
    return entry


def _whole(path: Path, listed: Listed) -> dict[str, Any]:
    """Control totals of an archive whose every record was read; FetchError where it is none."""
    with path.open("rb") as file:
        head = file.read(40)
        if not head.startswith(archives.MARK):
            raise FetchError(
                f"{listed.name}: expected a .7z archive, found {head!r}; a proxy or a "
                "page of the server answered"
            )
    loose = reading.uncatalogued(path, "comext", "trade")
    try:
        parts = comext.clean(path, loose)
        first = next(parts)
        deque(parts, maxlen=0)  # whose cells are checked as they are sorted
    except LayoutError as error:
        raise FetchError(str(error).replace(str(path), listed.name)) from None
    return control(first)


# --- totals on record ----------------------------------------------------------------------------


def known_totals(source: Source, root: Path, *, differing: bool = False) -> list[str]:
    """Lines that compare a source's control totals with those on record for its month, if any.

    ``data/comext_totals.csv`` has what others counted in a month's file, and in which bytes. Of
    the same bytes the totals should be equal; another release may differ, and the line says by
    how much. With `differing` only such lines.
    """
    path = root / "data" / "comext_totals.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        known = [row for row in csv.DictReader(file) if row["period"] == bulk_month(source)]
    lines = []
    for row in known:
        ours = source.control.get(row["flow"], {})
        same = "the same bytes" if row["sha256"] == source.sha256 else "another release"
        for name in ("rows", "EUR", "kg"):
            if row[name] and name in ours:
                off = ours[name] - float(row[name])
                if differing and not off:
                    continue
                comparison = "equal to" if not off else f"{off:+,.0f} against"
                lines.append(
                    f"{source.id}: {row['flow']} {name} {ours[name]:,.0f}, {comparison} the "
                    f"{float(row[name]):,.0f} on record ({same})"
                )
    return lines


# --- what a revision changed ---------------------------------------------------------------------

CELL = ("cmd_code", "partner_code", "reporter_code", "flow_code", "breakdown")
FIGURES = {"value_reported": "EUR", "net_wgt_kg": "kg", "qty": "supplementary units"}


def diff(root: Path, period: str = "") -> list[changes.Change]:
    """Cells that differ between the two newest releases of a month, largest change of value first.

    Parameters
    ----------
    period
        ``2024-02``; every month of which two releases are held where not given.

    Raises
    ------
    QueryError
        `period` is no month.
    SourceError
        Fewer than two releases of it are held.
    """
    if period:
        parse_period(period, "period", grain="month")
    by_month: dict[str, list[Source]] = {period: []} if period else {}
    for source in _months_held(root):
        month = dashed(bulk_month(source))
        if period in ("", month):
            by_month.setdefault(month, []).append(source)
    releases = by_month.get(period, [])
    if period and len(releases) < 2:
        have = f"only that of {released(releases[0])}" if releases else "none"
        raise SourceError(
            f"two releases of {period} are needed, and there is {have}; "
            f"tradeflows fetch comext --start {period} --end {period}"
        )
    all_changes: list[changes.Change] = []
    for month, sources in sorted(by_month.items()):
        if len(sources) > 1:
            old, new = sources[-2:]
            frame = changes.changed(_cells(old, root), _cells(new, root), CELL, [*FIGURES])
            all_changes += [_change(row, month, old, new) for row in frame.itertuples(index=False)]
    return changes.largest_first(all_changes)


def _cells(source: Source, root: Path) -> pa.Table:
    """The cells of a month with their figures, as they are compared."""
    parts = registry.cleaner(source)(catalogue.check(source, root), source)
    return pa.Table.from_batches([part.rows.select([*CELL, *FIGURES]) for part in parts])


def _change(row: Any, month: str, old: Source, new: Source) -> changes.Change:
    """One changed cell, with the figures that changed beside its value."""
    known = codes.area_codes("eurostat", int(month[:4]))
    reporter, partner = (known.get(code, code) for code in (row.reporter_code, row.partner_code))
    cell = call_in_words([reporter], [partner], [row.cmd_code], [row.flow_code], [month])
    what = f"{cell} ({', '.join(row.breakdown.split(','))})"
    note = ""
    for name in [*FIGURES][1:]:
        was = changes.in_words(getattr(row, f"{name}_old"), FIGURES[name])
        now = changes.in_words(getattr(row, f"{name}_new"), FIGURES[name])
        note += "" if was == now else f"; {was} -> {now}"
    return changes.Change(
        what,
        row.value_reported_old,
        row.value_reported_new,
        released(old),
        released(new),
        "EUR",
        row.kind,
        note,
    )
