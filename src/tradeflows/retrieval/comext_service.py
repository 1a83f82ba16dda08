"""Live Eurostat Comext by a filter: a few codes and partners, in the place of whole months.

:func:`question` puts words into the publisher's codes, :func:`plan` packs what is not held into
calls that stay below the service's limits, and :func:`fetch` makes them and keeps each answer, an
SDMX-CSV, unedited in ``data/raw/local/comext`` with an entry beside it.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from tradeflows.model import codes
from tradeflows.model.errors import QueryError
from tradeflows.model.files import sweep, temporary
from tradeflows.model.periods import month_text, parse_window
from tradeflows.model.words import direction
from tradeflows.publishers import reading
from tradeflows.publishers.comext.layouts import NO_RESULTS
from tradeflows.retrieval import catalogue, fetching, own_words
from tradeflows.retrieval.call_words import call_in_words
from tradeflows.retrieval.comext import LICENCE
from tradeflows.retrieval.fetching import CutOffError, Kept, Report, Show
from tradeflows.retrieval.http import Clock, RefusedError, RetryError, Web
from tradeflows.retrieval.user_files import keep, quarantine, require_cleanable

BASE = "https://ec.europa.eu/eurostat/api/comext/dissemination"
DATASET = "DS-045409"  # by HS and CN code, since 1988
INDICATORS = ("VALUE_IN_EUROS", "QUANTITY_IN_100KG", "SUPPLEMENTARY_QUANTITY")
FLOWS = {"M": "1", "X": "2"}
MOST_CELLS = 500_000  # more are queued, and above ten times as many refused
LONGEST_KEY = 3_500  # letters, of the 4,095 of an address
PARTNERS = 320  # more than there are, of all
ALL = "all"
EU = "EU27_2020"
SYSTEM = "comext service"  # of area_codes.csv: the files have codes that the service has not
TOO_LARGE = re.compile(r"EXTRACTION_TOO_BIG|too large|SUBMITTED|<(\w+:)?queued", re.I)
LISTS = ("reporters", "partners", "products", "flows")


@dataclass(frozen=True)
class Question:
    """What is wanted, in the publisher's codes; no partners are all of them.

    `start` and `end` are months such as ``2023-01`` where `freq` is M, else years.
    """

    freq: str
    reporters: tuple[str, ...]
    partners: tuple[str, ...]
    products: tuple[str, ...]
    flows: tuple[str, ...]
    start: str
    end: str

    @property
    def periods(self) -> tuple[str, ...]:
        """Every month, or year, from the start to the end."""
        texts = (
            month_text(month)[: len(self.start)] for month in parse_window(self.start, self.end)
        )
        return tuple(dict.fromkeys(texts))

    @property
    def cells(self) -> int:
        """The most cells that an answer can have."""
        wide = len(self.reporters) * (len(self.partners) or PARTNERS) * len(self.products)
        return wide * len(self.flows) * len(INDICATORS) * len(self.periods)

    @property
    def key(self) -> str:
        """The filter, as the address has it."""
        lists = (self.reporters, self.partners, self.products, self.flows, INDICATORS)
        return ".".join([self.freq, *map("+".join, lists)])

    def __str__(self) -> str:
        """Say the question in a line; of a long list the first and how many more."""
        known = codes.area_codes("eurostat")
        names = {number: name for name, number in FLOWS.items()}
        reporters, partners = (
            [known.get(code, code) for code in some] for some in (self.reporters, self.partners)
        )
        flows = [names[flow] for flow in self.flows]
        return call_in_words(reporters, partners, self.products, flows, self.periods)

    def covers(self, other: "Question") -> bool:
        """Whether an answer to this one holds all that `other` asks."""
        is_whole = [{*getattr(self, name)} >= {*getattr(other, name)} for name in LISTS]
        is_whole[1] = not self.partners or (bool(other.partners) and is_whole[1])
        is_long = self.start <= other.start and self.end >= other.end
        return self.freq == other.freq and is_long and all(is_whole)


@dataclass(frozen=True)
class Plan:
    """The calls to make for a question, the entries that hold the rest, and all that are `held`."""

    question: Question
    calls: tuple[Question, ...]
    sources: tuple[str, ...]
    held: Mapping[str, Question]

    def __str__(self) -> str:
        """Say how many calls, and that there is no quota."""
        rest = f"; {len(self.sources)} answers are held" if self.sources else ""
        return f"{len(self.calls)} calls to Eurostat, which names no daily quota{rest}"


# --- the question --------------------------------------------------------------------------------


def question(
    reporter: str,
    partner: str,
    flow: str,
    products: str,
    start: str,
    end: str,
    freq: str = "M",
) -> Question:
    """Turn words into the publisher's codes; each argument may list several, with commas.

    Parameters
    ----------
    reporter, partner
        Member states, the EU, and areas by name or id; ``all`` for every partner.
    products
        HS codes of 2, 4 or 6 digits, CN codes of 8, or ``TOTAL``.
    start, end
        First and last month (``2022-01``), or year.

    Raises
    ------
    QueryError
        An unknown word, an area that the publisher has no code for, or no such period.
    """
    if freq not in ("M", "A"):
        raise QueryError(f"no frequency {freq!r}; M is monthly, A annual")
    flows = tuple(map(direction, own_words.listed(flow)))
    if not {*flows} <= {*FLOWS}:
        raise QueryError(f"flow={flow!r}: Comext has imports (M) and exports (X)")
    goods = own_words.listed(products)
    for good in goods:
        if not re.fullmatch(r"TOTAL|(\d\d){1,4}", good, re.ASCII):
            raise QueryError(f"{good!r} is no HS or CN code of 2, 4, 6 or 8 digits, nor TOTAL")
    months = parse_window(start, end, grain="month or year" if freq == "M" else "year")
    letters = 7 if freq == "M" else 4
    return Question(
        freq=freq,
        reporters=_codes_of(reporter),
        partners=() if partner.strip().casefold() == ALL else _codes_of(partner, is_partner=True),
        products=goods,
        flows=tuple(FLOWS[word] for word in flows),
        start=month_text(months[0])[:letters],
        end=month_text(months[-1])[:letters],
    )


def is_asked_here(area: str) -> bool:
    """Whether an area, by id, is a reporter of Comext: a member state, or the EU."""
    return area == EU or area in codes.members(EU)


def _codes_of(text: str, *, is_partner: bool = False) -> tuple[str, ...]:
    """Every code that the service has for the areas of a list; each is of other years or trade."""
    chosen: dict[str, None] = {}
    for word in own_words.listed(text):
        area = codes.area(word)
        known = codes.codes_of(area, SYSTEM) if is_partner or area != EU else [EU]
        if not known:
            is_group = area in codes.groups() and not codes.is_country(area)
            others = ", which has 'intra-EU', 'extra-EU' and 'World'" if is_group else ""
            raise QueryError(
                f"{codes.area_name(area)} is no partner that Eurostat's filtered service has a "
                f"code for{others}"
            )
        chosen |= dict.fromkeys(known)
    return tuple(chosen)


# --- the calls -----------------------------------------------------------------------------------


def connect(base: str | None = None, clock: Clock | None = None) -> Web:
    """The way to the service: `base`, else ``TRADEFLOWS_COMEXT_SERVICE_URL``, else Eurostat."""
    return fetching.connect("Comext", base, "TRADEFLOWS_COMEXT_SERVICE_URL", BASE, clock=clock)


def plan(asked: Question, root: Path, *, refresh: bool = False) -> Plan:
    """The calls for what no held answer covers; with `refresh` for all of it. It asks nobody."""
    known = {} if refresh else held(root)
    sources: dict[str, None] = {}
    calls = _lacking(asked, known, sources)
    return Plan(asked, tuple(calls), tuple(sources), known)


def _lacking(
    asked: Question, known: Mapping[str, Question], sources: dict[str, None]
) -> list[Question]:
    """The calls for what no held answer covers; the ids of those that do go into `sources`."""
    halves = split(asked)
    if halves and (asked.cells > MOST_CELLS or len(asked.key) >= LONGEST_KEY):
        return [call for half in halves for call in _lacking(half, known, sources)]
    covering = _covering(asked, known)
    sources.update(dict.fromkeys(covering))
    return [] if covering else [asked]


def _covering(asked: Question, known: Mapping[str, Question]) -> list[str]:
    """The ids of answers that hold all of a question, whole or in halves; none if some is not."""
    whole = [name for name, answer in known.items() if answer.covers(asked)]
    if whole or not known:
        return whole[-1:]
    halves = [_covering(half, known) for half in split(asked)]
    return [name for names in halves for name in names] if all(halves) else []


def held(root: Path) -> dict[str, Question]:
    """The question of each answer that is catalogued and there, by the id of its entry."""
    answers = {}
    for source in catalogue.load(root, local=True).values():
        is_answer = source.kind == "fetched" and f"/data/{DATASET}/" in source.address
        if is_answer and source.file(root).exists():
            parts = urlsplit(source.address)
            freq, *texts = unquote(parts.path).rpartition("/")[2].split(".")
            window = parse_qs(parts.query)
            reporters, partners, products, flows = (
                tuple(filter(None, text.split("+"))) for text in texts[:4]
            )
            [start], [end] = window["startPeriod"], window["endPeriod"]
            answers[source.id] = Question(freq, reporters, partners, products, flows, start, end)
    return answers


def split(asked: Question) -> list[Question]:
    """`asked` in two halves, by its longest list; none where it is a single cell."""
    periods = asked.periods
    name = max(("products", *LISTS), key=lambda name: len(getattr(asked, name)))
    values = getattr(asked, name)
    if len(periods) > len(values):
        half = len(periods) // 2
        return [replace(asked, end=periods[half - 1]), replace(asked, start=periods[half])]
    half = (len(values) + 1) // 2
    halves = values[:half], values[half:]
    return [replace(asked, **{name: some}) for some in halves] if halves[1] else []


def fetch(planned: Plan, web: Web, root: Path, progress: Show | None = None) -> Report:
    """Make the calls of a plan, and keep every answer.

    An answer that is too large for the service is asked for in halves. That it has nothing under
    the filter is an answer too, and kept like the others.

    Raises
    ------
    FetchError
        A file cannot be written here. A server's faults end in the report.
    """
    before = web.calls
    outcome = fetching.Outcome[Question]()
    sources = dict.fromkeys(planned.sources)

    def lacking(call: Question) -> list[Question]:  # an interrupted run may have left a half
        return [one for half in split(call) for one in _lacking(half, planned.held, sources)]

    queue = fetching.Queue(planned.calls, lacking)
    fetching.run(queue, partial(_one, web=web, root=root), web, outcome, progress)
    calls = web.calls - before
    failed = f"{len(outcome.failed)} calls failed"
    return Report(
        empty=tuple(str(kept.call) for kept in outcome.kept if not kept.rows),
        failed={str(call): reason for call, reason in outcome.failed.items()},
        sources=(*sources, *(kept.source.id for kept in outcome.kept)),
        calls=calls,
        rows=outcome.rows,
        head=f"{calls} calls made; {outcome.rows:,} records came, {failed}",
        names="; ".join,
    )


def _one(call: Question, web: Web, root: Path) -> Kept[Question]:
    """Make one call, and keep its answer."""
    window = {"startPeriod": call.start, "endPeriod": call.end, "format": "SDMX-CSV"}
    url = web.url(f"sdmx/2.1/data/{DATASET}/{call.key}", window)
    folder = fetching.folder(root, "comext")
    name = hashlib.sha256(url.removeprefix(web.base).encode()).hexdigest()[:12]
    sweep(folder, ".service_*.part")
    aside = temporary(folder / f"service_{name}", "part")
    try:
        records = web.get(url, aside, _records)
    except RefusedError as error:
        if TOO_LARGE.search(error.body) or str(error).startswith("413"):
            raise CutOffError(str(error)) from error
        if not NO_RESULTS.search(error.body):
            raise
        records = 0
        aside.write_bytes(error.body.encode())
    content = aside.read_text(encoding="utf-8", errors="replace")
    kind = "xml" if content.lstrip().startswith("<") else "csv"
    loose = reading.uncatalogued(aside, "comext", "trade")
    file = folder / f"service_{name}_{loose.sha256[:8]}.{kind}"
    # The day on which the publisher renewed the data, as the records state it.
    renewed = re.search(r"\n[^,\n]*,(\d\d)/(\d\d)/(\d\d)\b", content)
    entry = fetching.entry(
        file,
        root,
        web,
        loose,
        steps="tradeflows ask",
        id=f"comext_{file.stem}",
        publisher="eurostat",
        title=f"Answer of the filtered service: {call}",
        licence=LICENCE,
        vintage=f"20{renewed[3]}-{renewed[2]}-{renewed[1]}" if renewed else loose.vintage,
        address=url,
    )
    with quarantine(aside, entry, root):
        require_cleanable(aside, entry)
    keep(aside, entry, root)
    return Kept(call, entry, records)


def _records(path: Path) -> int:
    """Records of an answer; RetryError where it is none."""
    with path.open("rb") as file:
        first = file.readline(1 << 16)
        if first.removeprefix(b"\xef\xbb\xbf").startswith(b"DATAFLOW"):
            return sum(1 for line in file if line.strip())
        text = (first + file.read(1 << 16)).decode("utf-8", "replace")
    if TOO_LARGE.search(text):
        raise CutOffError("the service would queue so large an answer")
    if NO_RESULTS.search(text):
        return 0
    raise RetryError(f"no SDMX-CSV, but {text[:40]!r}")
