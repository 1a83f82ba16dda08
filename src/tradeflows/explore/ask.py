"""Live figures in one call: asked for, kept, built, and answered like ``flow``."""

import os
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

from tradeflows import measures, tables
from tradeflows.explore.answer import Answer, answer, with_caveats
from tradeflows.explore.flow import flow as answer_flow
from tradeflows.explore.hints import AREAS, PERIOD, NothingHeldError, held, nothing_stated
from tradeflows.explore.naming import area_names
from tradeflows.explore.questions import (
    area_ids,
    listed,
    require_no_more,
    rhythm,
    unit_of_words,
)
from tradeflows.model import codes
from tradeflows.model.codelists import publisher_words
from tradeflows.model.errors import (
    BuildError,
    NothingStatedError,
    QueryError,
    SourceError,
    TradeflowsError,
    near,
)
from tradeflows.model.periods import (
    month_of,
    month_text,
    parse_period,
    parse_window,
    period_typed,
)
from tradeflows.model.source import bulk_month
from tradeflows.model.words import direction
from tradeflows.publishers import reading
from tradeflows.publishers.comtrade import BREAKDOWNS
from tradeflows.retrieval import (
    catalogue,
    comext,
    comext_service,
    comtrade,
    own_words,
)
from tradeflows.retrieval.call_words import LISTING, dashed
from tradeflows.retrieval.http import Clock, UnreachableError
from tradeflows.tables import Words

MANY = 10  # calls, above which the plan is said before it is carried out
DAY = 86_400.0
WHAT_IS_HELD = ("publisher", "source", "splice")  # filters that speak of what may not be here yet
HS_CODE = re.compile(r"TOTAL|(\d\d){1,3}", re.ASCII)
CN_CODE = re.compile(r"TOTAL|(\d\d){1,4}", re.ASCII)
BEGUN = "{n_fmt} of {total_fmt} calls, {desc}"  # while nothing is done there is no rate
BAR = "{percentage:3.0f} % |{bar}| {n_fmt} of {total_fmt} calls, {desc}, {remaining} to go"
Say = Callable[[str], object]
Bar = Callable[[int], AbstractContextManager[Callable[[Any], None] | None]]


@dataclass(frozen=True)
class Question:
    """A question in ids: what, whose, with whom and which way, and as its publisher is asked it.

    That is Eurostat for member states of the EU, else UN Comtrade. What has no end `is_open`.
    """

    products: tuple[str, ...]
    reporters: tuple[str, ...]
    partners: tuple[str, ...]
    flow: str
    publisher: str
    request: comtrade.Request | comext_service.Question
    is_open: bool


@dataclass(frozen=True)
class Way:
    """How it is asked: into which project, with which clock and key, and how it is shown."""

    root: Path
    clock: Clock | None
    key: str | None
    refresh: bool
    say: Say
    bar: Bar

    @property
    def age(self) -> float:
        """Seconds that a list of what is out may be old."""
        return -1.0 if self.refresh else DAY

    def carry_out(self, plan: Any, fetch: Callable[..., Any]) -> Any:
        """Make the calls of a plan, or say what is missing.

        Raises
        ------
        SourceError
            Something is; what came is built, so that it can be read.
        """
        if len(plan.calls) > MANY:
            self.say(str(plan))
        with self.bar(len(plan.calls)) if plan.calls else nullcontext() as show:
            report = fetch(plan, show)
        if report.missing:
            self.build_if_stale()
            raise SourceError("\n".join(["the answer is not whole", *report.lines()]))
        return report

    def build_if_stale(self) -> None:
        """Build, unless the tables are of the present files."""
        try:
            tables.stored(self.root, "trade", local=True)
        except BuildError:
            for table in tables.build(self.root):
                for name, reason in table.refused.items():
                    self.say(f"{name} is in no table: {reason}")


def ask(
    product: Words = None,
    reporter: Words = None,
    partner: Words = None,
    *more: Any,
    start: str | None = None,
    end: str | None = None,
    flow: str = "imports",
    freq: str = "M",
    unit: str = "",
    classification: str = "HS",
    breakdown: str = "",
    refresh: bool = False,
    root: Path | None = None,
    say: Say | None = None,
    bar: Bar | None = None,
    clock: Clock | None = None,
    key: str | None = None,
    **filters: Any,
) -> Answer:
    """Live figures of one flow: what is not held is fetched and kept, then answered like ``flow``.

    UN Comtrade is asked or, where the reporter is a member state of the EU, Eurostat's Comext.
    Without a network what is held answers, and a caveat says so.

    Parameters
    ----------
    product
        A word (``wheat``), an HS code of 2, 4 or 6 digits, of member states of the EU also of 8, or
        ``TOTAL``; several in a list. A word for several codes, such as natural gas, asks for each.
    reporter, partner
        Names or ids; several in a list, and ``"countries"`` for every one. Without a partner: the
        world as a whole.
    *more
        Nothing: all that follows is named.
    start, end
        First and last year or month; without an end the last that is published. A start is needed.
    flow
        ``imports`` or ``exports``, ``re-imports`` or ``re-exports``, or a code; one at a time.
    freq
        ``M`` by month, ``A`` by year.
    unit
        As for :func:`tradeflows.flow`.
    classification
        ``HS`` for the edition that each reporter uses, or one, such as ``H5`` or ``HS 2017``.
    breakdown
        ``second partner``, ``procedure`` or ``transport``: the parts of each total that the
        reporter states, in the column ``part``, and no total among them. Of UN Comtrade alone.
    refresh
        Look for a newer release of what is held.
    say
        Takes a line: the plan, before more than ten calls. Standard error where not given.
    bar
        Takes the number of calls, and gives a context whose value is told how far they are after
        each; of none, for as long as the publisher is asked what is out. Where not given, a bar
        on a terminal and in a notebook, and nothing elsewhere.
    clock, key
        Another clock, for tests, and another key than the environment's.
    **filters
        As for :func:`tradeflows.flow`.

    Returns
    -------
    Answer
        Of the publisher that was asked. The same question again makes no call.

    Raises
    ------
    QueryError
        A word that is unknown, or a classification that is not read here, with where it is.
    NothingStatedError
        The publisher has no such row; it is not asked for it again.
    SourceError
        Something is missing; the message names it.
    FetchError
        The publisher cannot be reached, or refuses.

    Examples
    --------
    >>> import tradeflows as tf
    >>> tf.ask("1001", "China", "Russia", start="2023", classification="S4")
    Traceback (most recent call last):
    tradeflows.model.errors.QueryError: classification='S4' is SITC: not read here, ...
    """
    require_no_more(more, filters)
    if not isinstance(refresh, bool):
        raise QueryError(f"refresh={refresh!r}: expected True or False")
    window = {"start": period_typed(start, "start"), "end": period_typed(end, "end", last=True)}
    asked: dict[str, Any] = {"flow": flow, "freq": freq, "root": root, **window}
    way = Way(root or catalogue.root(), clock, key, refresh, say or _say, bar or _bar)
    question = put(
        product,
        reporter,
        partner,
        unit=unit,
        classification=classification,
        breakdown=breakdown,
        today=datetime.fromtimestamp((clock or Clock()).now(), UTC).date(),
        **asked,
    )
    # Before anything is asked, a filter that the table does not have is refused.
    of_table = {**filters, **dict.fromkeys(WHAT_IS_HELD)}
    tables.question(root=root, **{"local": True, **of_table})
    asked |= {"reporter": [*question.reporters], "partner": [*question.partners], "local": True}
    request = question.request
    try:
        if isinstance(request, comext_service.Question):
            asked |= _from_eurostat(request, way, is_open=question.is_open)
        else:
            asked |= _from_comtrade(request, way, is_open=question.is_open)
    except UnreachableError as error:
        if breakdown or refresh:
            raise
        return _from_what_is_held(error, unit=unit, product=product, **{**asked, **filters})
    way.build_if_stale()
    asked |= {"product": [*question.products], "flow": question.flow, "freq": request.freq}
    try:
        words = {**asked, **filters}
        return _parts_of(breakdown, words, unit) if breakdown else answer_flow(**words, unit=unit)
    except NothingHeldError:
        if len(held(columns=["ref_period"], **asked)):
            raise
        asked["product"] = listed("product", product)
        raise NothingStatedError(nothing_stated(question.publisher, asked)) from None


def _parts_of(breakdown: str, asked: Mapping[str, Any], unit: str) -> Answer:
    """The parts of a flow's totals by one break-down, with their names in ``part``.

    A mode of transport that contains another one of its cell is left out, so that nothing counts
    twice. A caveat says how much of the total the parts are.
    """
    total = answer_flow(**asked, unit=unit)
    word = BREAKDOWNS[breakdown][1]
    rows = held(columns=["breakdown"], **{**asked, "breakdown": None})
    stated = sorted(rows["breakdown"].unique())
    parts = [text for text in stated if text.startswith(f"{word}=")]
    if not parts:
        raise NothingStatedError(
            f"no part by {breakdown} is stated of this; without breakdown= the total"
        )
    shared = total["unit"].iloc[0]
    frames = {text: answer_flow(**{**asked, "breakdown": text}, unit=shared) for text in parts}
    whole = measures.stack(frames, "part")
    coded = whole["part"].str.removeprefix(f"{word}=")
    cells = whole.groupby([*AREAS, "flow_code", "cmd_code", *PERIOD], dropna=False).ngroup()
    places = [*zip(cells, coded, strict=True)]
    groups: set[tuple[int, str]] = set()
    if word == "transport":  # of sea, 2100, the group is water, 2000
        for cell, mode in places:
            groups |= {(cell, f"{mode[:1]}000"), (cell, f"{mode[:2]}00")} - {(cell, mode)}
    names = publisher_words(f"comtrade {word}")
    if word == "partner2":
        areas = codes.area_codes("comtrade")
        names = {code: codes.area_name(area) for code, area in areas.items()}
    named = whole.assign(part=[names.get(code, code) for code in coded])
    named = named[[place not in groups for place in places]]
    named.attrs = whole.attrs
    per_cent = 100 * named["value"].sum() / total["value"].sum()
    note = f"by {breakdown}, the parts add up to {per_cent:.1f} % of the total"
    return with_caveats(answer(named), [note])


def _from_what_is_held(error: UnreachableError, **words: Any) -> Answer:
    """What is held of a flow, with a caveat that its publisher could not be asked.

    Who has no row was not asked, so nobody knows what it states, and the error stands.
    """
    try:
        shown = answer_flow(**words)
    except TradeflowsError:
        raise error from None
    if not {*words["reporter"]} <= {*shown["reporter_iso"]}:
        raise error
    said = f"{error}".partition(": is there")[0]
    caveat = f"{said}, so this is what is held; newer figures may be out"
    shown.attrs["caveats"] = (caveat, *shown.caveats)
    return shown


def available(
    reporter: Words = None,
    partner: Words = None,
    *,
    freq: str = "M",
    classification: str = "HS",
    root: Path | None = None,
    clock: Clock | None = None,
    key: str | None = None,
) -> pd.DataFrame:
    """Periods that reporters' figures are out for, and what of them is held; no figure is asked.

    Parameters
    ----------
    reporter
        A name or id, or several in a list, of a group such as OPEC its members; UN Comtrade is
        asked or, of member states of the EU, Eurostat's Comext.
    partner
        What is held counts where it has this partner; any partner where not given.
    freq
        ``M`` by month, ``A`` by year.
    classification
        ``HS``, or one edition, such as ``H5``.

    Returns
    -------
    DataFrame, one row a reporter and period
        ``reporter``, ``period``, ``released`` (the day of the present release), ``first_released``
        (null where it is not told) and ``held`` (products and flows of that release that are here).

    Raises
    ------
    QueryError
        No such area, frequency or classification.
    FetchError
        The publisher cannot be reached, or refuses.

    Examples
    --------
    >>> import tradeflows as tf
    >>> tf.available("China")  # doctest: +SKIP
    """
    classification = comtrade.edition(classification)
    freq = _months_or_years(freq)
    way = Way(root or catalogue.root(), clock, key, True, _say, _bar)
    areas, partners = area_ids(reporter, root, "reporter"), area_ids(partner, root)
    if not areas or {"countries", codes.WORLD} & {*areas}:
        raise QueryError(f"reporter={reporter!r}: name whose figures, such as 'China'")
    others = [area for area in areas if not comext_service.is_asked_here(area)]
    rows = _periods_of_comtrade(others, partners, freq, classification, way) if others else []
    if len(others) < len(areas):
        rows += _periods_of_comext([*{*areas} - {*others}], partners, freq, way)
    columns = ["reporter", "period", "released", "first_released", "held"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values(["reporter", "period"], ignore_index=True)


# --- words ---------------------------------------------------------------------------------------


def put(
    product: Words,
    reporter: Words,
    partner: Words = None,
    *,
    start: str | None,
    end: str | None = None,
    flow: str = "imports",
    freq: str = "M",
    unit: str = "",
    classification: str = "HS",
    breakdown: str = "",
    root: Path | None = None,
    today: date,
) -> Question:
    """A question of :func:`ask` in ids; what nobody can answer is refused here, before any call.

    Raises
    ------
    QueryError
        Something is lacking, of another kind, unknown, or not to be had of the one who is asked.
    """
    classification = comtrade.edition(classification)
    freq = _months_or_years(freq)
    if start is None:
        raise QueryError("start= is lacking: the first month or year, such as start='2023'")
    _require_window(start, start if end is None else end, freq, today)
    reporters = _one_publishers(area_ids(reporter, root, "reporter"))
    is_of_eurostat = comext_service.is_asked_here(reporters[0])
    _require_unit(unit, is_of_eurostat=is_of_eurostat)
    way = direction(flow)
    if way == "MX":
        raise QueryError(
            f"flow={flow!r}: imports with their freight and exports without it are two figures; "
            "ask for flow='imports' and for flow='exports'"
        )
    goods = hs_codes(product, root, is_of_eurostat=is_of_eurostat)
    partners = tuple(area_ids(partner, root) or [codes.WORLD])
    _require_apart(goods, reporters, partners)
    areas = reporters, partners
    states, others = ("all" if "countries" in ids else ",".join(ids) for ids in areas)
    words = states, others, way, ",".join(goods)
    request: comtrade.Request | comext_service.Question
    if is_of_eurostat:
        _require_whole_totals(classification, breakdown)
        request = comext_service.question(*words, start, end or start, freq)
    else:
        request = comtrade.request(
            *words,
            start,
            end or (f"{today:%Y}" if freq == "A" else f"{today:%Y-%m}"),
            freq,
            classification=classification,
            breakdown=breakdown,
            today=today,
        )
    publisher = "eurostat" if is_of_eurostat else "comtrade"
    return Question(goods, reporters, partners, way, publisher, request, not end)


def was_asked(question: Question, root: Path) -> bool:
    """Whether answers that are held were asked for all of a question; it asks nobody."""
    request = question.request
    if isinstance(request, comtrade.Request):
        return comtrade.covers(root, request, is_open=question.is_open)
    return not question.is_open and not comext_service.plan(request, root).calls


def _months_or_years(word: str) -> str:
    """The code of a frequency that the publishers are asked for."""
    freq = rhythm(word)
    if freq not in ("M", "A"):
        raise QueryError(f"freq={word!r}: expected 'M' (months) or 'A' (years)")
    return freq


def _require_window(start: str, end: str, freq: str, today: date) -> None:
    """Refuse what is no period, or has not come."""
    grain = "year" if freq == "A" else "month or year"
    for name, text in (("start", start), ("end", end)):
        if parse_period(text, name, grain=grain)[0] > month_of(today):
            raise QueryError(f"{name}={text!r} has not come: it is {today:%Y-%m}")
    parse_window(start, end, grain=grain)


def _require_unit(unit: str, *, is_of_eurostat: bool) -> None:
    """Refuse, before anything is asked, a unit in which the publisher states nothing."""
    publisher, known = "Eurostat", ["tonnes", "EUR"]
    if not is_of_eurostat:
        quantities = {name for name, _ in reading.units("comtrade").values()} - {"kg"}
        publisher, known = "UN Comtrade", ["tonnes", "USD", *sorted(quantities)]
    if unit and unit_of_words(unit, known) not in known:
        raise QueryError(f"unit={unit!r}: {publisher} states nothing in it{near(unit, known)}")


def _one_publishers(reporters: Sequence[str]) -> tuple[str, ...]:
    """Reporters whom one publisher is asked of; others are refused."""
    if not reporters:
        raise QueryError("reporter= is lacking: whose figures are wanted, such as 'China'")
    if codes.WORLD in reporters:
        raise QueryError(
            "the world as a whole states no figures; name whose are wanted, such as 'China', or "
            "reporter='countries' for every one"
        )
    members = [area for area in reporters if comext_service.is_asked_here(area)]
    if members and len(members) < len(reporters):
        raise QueryError(
            f"{area_names(members)}: figures of member states come from Eurostat and the others' "
            "from UN Comtrade; ask for the two apart"
        )
    return tuple(reporters)


def _require_apart(goods: Sequence[str], *sides: Sequence[str]) -> None:
    """Refuse goods or areas of which one contains another, since no answer adds them up."""
    pairs = [(whole, part) for part, whole in codes.nested(goods, goods)]
    for areas in sides:
        groups = [area for area in areas if area in codes.groups() and not codes.is_country(area)]
        for whole in groups:
            for part in areas:
                if part != "countries" and codes.contains(whole, part):
                    pairs.append((codes.area_name(whole), codes.area_name(part)))
    for whole, part in sorted(pairs):
        raise QueryError(
            f"{whole} contains {part}, so one answer would count it twice; ask for the two apart"
        )


def hs_codes(
    product: Words, root: Path | None = None, *, is_of_eurostat: bool = False
) -> tuple[str, ...]:
    """HS codes of 2, 4 or 6 digits, or TOTAL, that words stand for; of Eurostat also CN codes of 8.

    Of a union it is each part.

    Raises
    ------
    QueryError
        There is none.
    """
    goods: list[str] = []
    for word in listed("product", product):
        goods += _codes_of(word.strip(), root, is_of_eurostat=is_of_eurostat)
    return tuple(dict.fromkeys(goods))


def _codes_of(word: str, root: Path | None, *, is_of_eurostat: bool) -> list[str]:
    if word.upper() == "TOTAL":
        return ["TOTAL"]
    if word.casefold() in ("services", "service"):
        comtrade.edition("services")
    alternatives = own_words.product(word, root)
    for form in (HS_CODE, CN_CODE) if is_of_eurostat else (HS_CODE,):
        for code in alternatives:
            if all(map(form.fullmatch, code.split("+"))):
                return code.split("+")
    first = alternatives[0]
    if first.isdigit() and first == word and not is_of_eurostat:
        raise QueryError(
            f"product={word!r}: UN Comtrade has codes of 2, 4 or 6 digits, since longer ones are "
            f"each country's own; ask for {first[:6]!r}"
        )
    raise QueryError(
        f"{word!r} is {', '.join(alternatives[:4])}, and no HS code of 2, 4 or 6 digits; name one"
    )


# --- UN Comtrade ---------------------------------------------------------------------------------


def _from_comtrade(request: comtrade.Request, way: Way, *, is_open: bool) -> dict[str, Any]:
    """Fetch what is not held of a question, and say by which words it is read then."""
    web, limits = comtrade.connect(key=way.key, clock=way.clock)
    with web:
        with way.bar(0):
            plan = comtrade.plan(request, web, limits, way.root, listing_age=way.age)
        published = [cell.split()[1] for cell in plan.releases]
        if published and is_open:  # until the last that is out
            last = max(published)
            periods = tuple(period for period in request.periods if period <= last)
            absent = tuple(cell for cell in plan.absent if cell.split()[1] <= last)
            request = replace(plan.request, periods=periods)
            plan = replace(plan, request=request, absent=absent)
        way.carry_out(plan, lambda plan, show: comtrade.fetch(plan, web, way.root, show))
    periods = plan.request.periods
    return {"publisher": "comtrade", "start": dashed(periods[0]), "end": dashed(periods[-1])}


def _periods_of_comtrade(
    areas: Sequence[str], partners: Sequence[str], freq: str, classification: str, way: Way
) -> list[tuple[Any, ...]]:
    """Periods that UN Comtrade has of reporters, and what of them is held."""
    web, limits = comtrade.connect(key=way.key, clock=way.clock)
    known = codes.area_codes("comtrade")
    reporters = {code: area for code, area in known.items() if area in areas}
    lacking = {*areas} - {*reporters.values()}
    if lacking:
        raise QueryError(f"UN Comtrade has no code for {area_names(sorted(lacking))}")
    with web:
        items = comtrade.datasets(web, limits, way.root, [*reporters], freq, classification)
    wanted = {code for code, area in known.items() if area in partners}
    here = _held_of_comtrade(way.root, wanted)
    rows = []
    for item in items:
        area, release = reporters.get(str(item["reportercode"])), comtrade.release_of(item)
        first = str(item.get("firstreleased") or "")[:10] or None
        words = "; ".join(here[comtrade.cell_of(item), release])
        row = (area, dashed(str(item["period"])), release.split()[0], first, words)
        rows += [row] if area else []
    return rows


def _held_of_comtrade(root: Path, partners: set[str]) -> dict[tuple[str, str], dict[str, None]]:
    """Products and flows that are held, by cell and release."""
    here = defaultdict[tuple[str, str], dict[str, None]](dict)
    for source in catalogue.load(root, local=True).values():
        if source.publisher == "comtrade" and "releases" in source.arguments:
            box = comtrade.box_of(source)
            if not partners or {"all", *partners} & {*box.partners}:
                words = f"{','.join(box.products)} {','.join(box.flows)}"
                for place in source.arguments["releases"].items():
                    here[place][words] = None
    return here


# --- Eurostat ------------------------------------------------------------------------------------


def _require_whole_totals(classification: str, breakdown: str) -> None:
    """Refuse what Eurostat is not asked for."""
    if classification != "HS":
        raise QueryError("classification= is for UN Comtrade; Eurostat has the CN of each year")
    if breakdown:
        raise QueryError(
            "breakdown= is for UN Comtrade; of member states `tradeflows fetch comext` gets whole "
            "months with their procedures, and Easy Comext has means of transport"
        )


def _from_eurostat(asked: comext_service.Question, way: Way, *, is_open: bool) -> dict[str, Any]:
    """Fetch what is not held of a question, and say by which words it is read then."""
    with comext.connect(clock=way.clock) as web, way.bar(0):
        months = comext.published(web, way.root, age=way.age)
    if is_open:
        whole = [month[:4] for month in months if month.endswith("-12")]
        last = max(months) if asked.freq == "M" else max(whole, default=max(months)[:4])
        asked = replace(asked, end=max(asked.start, last))
    lacking = [
        period for period in asked.periods if month_text(parse_period(period)[-1]) not in months
    ]
    if lacking:
        raise SourceError(
            f"not published: {', '.join(lacking)}; the last month of Comext that is out is "
            f"{max(months)}"
        )
    plan = comext_service.plan(asked, way.root, refresh=way.refresh)
    with comext_service.connect(clock=way.clock) as web:
        report = way.carry_out(
            plan, lambda plan, show: comext_service.fetch(plan, web, way.root, show)
        )
    # Whole months that are held beside the answers state the same at another level.
    whose = {"source": [*report.sources]} if report.sources else {"publisher": "eurostat"}
    return {**whose, "start": asked.start, "end": asked.end}


def _periods_of_comext(
    areas: Sequence[str], partners: Sequence[str], freq: str, way: Way
) -> list[tuple[Any, ...]]:
    """Periods that Eurostat has published, and what of them is held."""
    with comext.connect(clock=way.clock) as web:
        months = comext.published(web, way.root)
    if freq == "A":
        months = {month[:4]: day for month, day in months.items() if month.endswith("-12")}
    entries = [*catalogue.load(way.root, local=True).values()]
    in_bulk = {(dashed(bulk_month(each)), each.vintage) for each in entries if bulk_month(each)}
    rows = []
    for area in areas:
        here = _held_of_eurostat(way.root, area, partners, freq)
        for month, day in months.items():
            words = ["all products"] if (month, day[:10]) in in_bulk else []
            words += [text for start, end, text in here if start <= month <= end]
            rows.append((area, month, day[:10], None, "; ".join(dict.fromkeys(words))))
    return rows


def _held_of_eurostat(
    root: Path, area: str, partners: Sequence[str], freq: str
) -> list[tuple[str, str, str]]:
    """First and last period, products and flows of each answer that is held of a reporter."""
    flows = {number: name for name, number in comext_service.FLOWS.items()}
    wanted = {code for partner in partners for code in codes.codes_of(partner, "eurostat")}
    reporters = {*codes.codes_of(area, "eurostat")}
    here = []
    for asked in comext_service.held(root).values():
        is_with = not wanted or not asked.partners or wanted & {*asked.partners}
        if asked.freq == freq and is_with and reporters & {*asked.reporters}:
            ways = ",".join(flows[flow] for flow in asked.flows)
            here.append((asked.start, asked.end, f"{','.join(asked.products)} {ways}"))
    return here


# --- how far a fetch is --------------------------------------------------------------------------


def _say(line: str) -> None:
    """Print a line on standard error."""
    sys.stderr.write(f"{line}\n")


@contextmanager
def _bar(total: int) -> Iterator[Callable[[Any], None]]:
    """A bar of calls where a person sees it: on a terminal or in a notebook.

    Of no calls it is a line that goes: what is out is being asked.
    """
    from tqdm import tqdm

    is_watched = not {"CI", "TQDM_DISABLE"} & os.environ.keys()  # no test or report runs
    shell = import_module("IPython").get_ipython() if "IPython" in sys.modules else None
    is_seen = sys.stderr.isatty() or (is_watched and hasattr(shell, "kernel"))
    first = {"desc": "no rows yet", "bar_format": BEGUN}
    drawn = first if total else {"desc": LISTING, "bar_format": "{desc}", "leave": False}
    with tqdm(total=total, disable=not is_seen, **drawn) as bar:

        def show(now: Any) -> None:
            if not bar.disable:
                bar.total = now.done + now.left
                bar.bar_format = BAR
                bar.set_description_str(f"{now.rows:,} rows", refresh=False)
                bar.update(now.done - bar.n)

        yield show
