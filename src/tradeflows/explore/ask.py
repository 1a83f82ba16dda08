"""Live figures in one call: asked for, kept, built, and answered like ``flow``."""

import os
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

from tradeflows import tables
from tradeflows.explore.answer import Answer
from tradeflows.explore.flow import flow as answer_flow
from tradeflows.explore.hints import NothingHeldError, held, nothing_stated
from tradeflows.explore.parts import parts_of
from tradeflows.explore.questions import (
    area_ids,
    listed,
    require_no_more,
    rhythm,
    unit_of_words,
)
from tradeflows.model import codes
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
Row = tuple[str, str, str, str | None, str]  # of `available`
Say = Callable[[str], object]
Bar = Callable[[int], AbstractContextManager[Callable[[Any], None] | None]]


@dataclass(frozen=True)
class Question:
    """A question in ids: what, whose, with whom, when, which way and how often."""

    products: tuple[str, ...]
    reporters: tuple[str, ...]
    partners: tuple[str, ...]
    start: str
    end: str
    flow: str
    freq: str
    classification: str
    breakdown: str

    @property
    def is_of_eurostat(self) -> bool:
        """Whether Eurostat is asked; UN Comtrade is, unless the reporters are member states."""
        return comext_service.is_asked_here(self.reporters[0])


@dataclass(frozen=True)
class Way:
    """How it is asked: into which project, with which clock and key, and how it is shown."""

    root: Path
    clock: Clock | None
    key: str | None
    refresh: bool
    say: Say
    bar: Bar


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
    require_no_more(more)
    if not isinstance(refresh, bool):
        raise QueryError(f"refresh={refresh!r}: expected True or False")
    start, end = period_typed(start, "start"), period_typed(end, "end", last=True)
    question = put(
        product,
        reporter,
        partner,
        start=start,
        end=end,
        flow=flow,
        freq=freq,
        unit=unit,
        classification=classification,
        breakdown=breakdown,
        root=root,
        today=_today(clock),
    )
    _require_filters(filters, root)
    way = Way(root or catalogue.root(), clock, key, refresh, say or _say, bar or _bar)
    try:
        asked = _fetched(question, way)
    except UnreachableError as error:
        if breakdown or refresh:
            raise
        words: dict[str, Any] = {"product": product, "partner": [*question.partners], **filters}
        words |= {
            "start": start,
            "end": end,
            "flow": flow,
            "freq": freq,
            "unit": unit,
            "root": root,
        }
        return _from_what_is_held(error, question.reporters, **words)
    _build_if_stale(way)
    asked |= {
        "product": [*question.products],
        "reporter": [*question.reporters],
        "partner": [*question.partners],
        "flow": question.flow,
        "freq": question.freq,
        "root": root,
        "local": True,
        **filters,
    }
    try:
        return parts_of(breakdown, asked, unit) if breakdown else answer_flow(**asked, unit=unit)
    except NothingHeldError:
        without_filters = {name: asked[name] for name in asked.keys() - filters.keys()}
        if len(held(columns=["ref_period"], **without_filters)):
            raise
        publisher = "eurostat" if question.is_of_eurostat else "comtrade"
        raise NothingStatedError(nothing_stated(publisher, {**asked, "product": product})) from None


def _fetched(question: Question, way: Way) -> dict[str, Any]:
    """Fetch what is lacking, and return the filters and the window by which it is read."""
    if not question.is_of_eurostat:
        first, last = _from_comtrade(question, way)
        return {"publisher": "comtrade", "start": first, "end": last}
    first, last, answers = _from_eurostat(question, way)
    # Whole months that are held beside them state the same at another level.
    whose = {"source": answers} if answers else {"publisher": "eurostat"}
    return whose | {"start": first, "end": last}


def _from_what_is_held(error: UnreachableError, reporters: Collection[str], **words: Any) -> Answer:
    """What is held of a flow, with a caveat that its publisher could not be asked.

    Who has no row was not asked, so nobody knows what it states, and the error stands.
    """
    try:
        shown = answer_flow(reporter=[*reporters], local=True, **words)
    except TradeflowsError:
        raise error from None
    if not {*reporters} <= {*shown["reporter_iso"]}:
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
    members = [area for area in areas if comext_service.is_asked_here(area)]
    others = [area for area in areas if area not in members]
    rows: list[Row] = []
    if members:
        rows += _months_of_comext(members, partners, freq, way)
    if others:
        rows += _periods_of_comtrade(others, partners, freq, classification, way)
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
    _require_window(start, end, freq, today)
    reporters = tuple(area_ids(reporter, root, "reporter"))
    _require_one_publisher(reporters)
    is_of_eurostat = comext_service.is_asked_here(reporters[0])
    _require_unit(unit, is_of_eurostat)
    question = Question(
        products=hs_codes(product, root, is_of_eurostat=is_of_eurostat),
        reporters=reporters,
        partners=tuple(area_ids(partner, root) or [codes.WORLD]),
        start=str(start),
        end=str(end or ""),
        flow=_one_direction(flow),
        freq=freq,
        classification=classification,
        breakdown=breakdown,
    )
    _require_apart(question)
    if is_of_eurostat:
        _to_eurostat(question)
    else:
        _to_comtrade(question, today)
    return question


def was_asked(question: Question, root: Path, today: date) -> bool:
    """Whether answers that are held were asked for all of a question; it asks nobody."""
    if not question.is_of_eurostat:
        request = _to_comtrade(question, today)
        return comtrade.covers(root, request, is_open=not question.end)
    return bool(question.end) and not comext_service.plan(_to_eurostat(question), root).calls


def _require_apart(question: Question) -> None:
    """Refuse goods or areas of which one contains another, since no answer adds them up."""
    goods = {*question.products}
    pairs = [(whole, part) for part in goods for whole in codes.wholes(part, goods)]
    for areas in (question.reporters, question.partners):
        groups = [area for area in areas if area in codes.groups() and not codes.is_country(area)]
        named = [area for area in areas if area != "countries"]
        pairs += [
            (codes.area_name(whole), codes.area_name(part))
            for whole in groups
            for part in named
            if codes.contains(whole, part)
        ]
    for whole, part in sorted(pairs):
        raise QueryError(
            f"{whole} contains {part}, so one answer would count it twice; ask for the two apart"
        )


def _today(clock: Clock | None) -> date:
    """The day of a clock, in UTC."""
    return datetime.fromtimestamp((clock or Clock()).now(), UTC).date()


def _months_or_years(word: str) -> str:
    """The code of a frequency that the publishers are asked for."""
    freq = rhythm(word)
    if freq not in ("M", "A"):
        raise QueryError(f"freq={word!r}: expected 'M' (months) or 'A' (years)")
    return freq


def _require_window(start: str | None, end: str | None, freq: str, today: date) -> None:
    """Refuse a window that has no start, ends before it, or has not come."""
    if start is None:
        raise QueryError("start= is lacking: the first month or year, such as start='2023'")
    grain = "year" if freq == "A" else "month or year"
    for name, text in (("start", start), ("end", end)):
        if text is not None and parse_period(text, name, grain=grain)[0] > month_of(today):
            raise QueryError(f"{name}={text!r} has not come: it is {today:%Y-%m}")
    if end is not None:
        parse_window(start, end, grain=grain)


def hs_codes(
    product: Words, root: Path | None = None, *, is_of_eurostat: bool = False
) -> tuple[str, ...]:
    """HS codes of 2, 4 or 6 digits, or TOTAL, that words stand for; of Eurostat also CN codes of 8.

    Raises
    ------
    QueryError
        There is none.
    """
    goods = []
    for word in listed("product", product):
        goods += _codes_of(word, root, is_of_eurostat=is_of_eurostat)
    return tuple(dict.fromkeys(goods))


def _codes_of(word: str, root: Path | None, *, is_of_eurostat: bool) -> list[str]:
    """Codes, or TOTAL, that a word stands for at the publisher; of a union each part."""
    if word.strip().upper() == "TOTAL":
        return ["TOTAL"]
    if word.strip().casefold() in ("services", "service"):
        comtrade.edition("services")
    alternatives = own_words.product(word, root)
    for form in (HS_CODE, CN_CODE) if is_of_eurostat else (HS_CODE,):
        for code in alternatives:
            parts = code.split("+")
            if all(form.fullmatch(part) for part in parts):
                return parts
    first = alternatives[0]
    if first.isdigit() and first == word.strip() and not is_of_eurostat:
        raise QueryError(
            f"product={word!r}: UN Comtrade has codes of 2, 4 or 6 digits, since longer ones are "
            f"each country's own; ask for {first[:6]!r}"
        )
    raise QueryError(
        f"{word!r} is {', '.join(alternatives[:4])}, and no HS code of 2, 4 or 6 digits; name one"
    )


def _one_direction(word: str) -> str:
    """The code of a direction of trade, which is not both ways taken together.

    Raises
    ------
    QueryError
        It is, or is no direction.
    """
    code = direction(word)
    if code == "MX":
        raise QueryError(
            f"flow={word!r}: imports with their freight and exports without it are two figures; "
            "ask for flow='imports' and for flow='exports'"
        )
    return code


def _require_one_publisher(reporters: Sequence[str]) -> None:
    """Refuse reporters of whom there is none, none with figures, or some at either publisher."""
    if not reporters:
        raise QueryError("reporter= is lacking: whose figures are wanted, such as 'China'")
    if codes.WORLD in reporters:
        raise QueryError(
            "the world as a whole states no figures; name whose are wanted, such as 'China', or "
            "reporter='countries' for every one"
        )
    members = [area for area in reporters if comext_service.is_asked_here(area)]
    if members and len(members) < len(reporters):
        names = ", ".join(codes.area_name(area) for area in members)
        raise QueryError(
            f"{names}: figures of member states come from Eurostat and the others' from UN "
            "Comtrade; ask for the two apart"
        )


def _require_unit(unit: str, is_of_eurostat: bool) -> None:
    """Refuse, before anything is asked, a unit in which the publisher states nothing."""
    if is_of_eurostat:
        publisher, known = "Eurostat", ["tonnes", "EUR"]
    else:
        quantities = {name for name, _ in reading.units("comtrade").values()} - {"kg"}
        publisher, known = "UN Comtrade", ["tonnes", "USD", *sorted(quantities)]
    if unit and unit_of_words(unit, known) not in known:
        raise QueryError(f"unit={unit!r}: {publisher} states nothing in it{near(unit, known)}")


def _require_filters(filters: Mapping[str, Any], root: Path | None) -> None:
    """Refuse, before anything is asked, a filter that the table does not have."""
    others = {name: value for name, value in filters.items() if name not in WHAT_IS_HELD}
    tables.question(root=root, **{"local": True, **others})


def _say(line: str) -> None:
    """Print a line on standard error."""
    sys.stderr.write(f"{line}\n")


def _listed(areas: Sequence[str]) -> str:
    """Areas as the publishers are asked for them: by id, or all."""
    return "all" if "countries" in areas else ",".join(areas)


# --- UN Comtrade ---------------------------------------------------------------------------------


def _to_comtrade(question: Question, today: date) -> comtrade.Request:
    """A question in UN Comtrade's codes; without an end until today."""
    this_period = f"{today:%Y}" if question.freq == "A" else f"{today:%Y-%m}"
    return comtrade.request(
        _listed(question.reporters),
        _listed(question.partners),
        question.flow,
        ",".join(question.products),
        question.start,
        question.end or this_period,
        question.freq,
        classification=question.classification,
        breakdown=question.breakdown,
        today=today,
    )


def _from_comtrade(question: Question, way: Way) -> tuple[str, str]:
    """Fetch what is not held of a question; the first and last period that are held then."""
    web, limits = comtrade.connect(key=way.key, clock=way.clock)
    request = _to_comtrade(question, _today(way.clock))
    with web:
        age = -1.0 if way.refresh else DAY
        with way.bar(0):
            plan = comtrade.plan(request, web, limits, way.root, listing_age=age)
        if not question.end:
            plan = _until_last_release(plan)
        if len(plan.calls) > MANY:
            way.say(str(plan))
        with _bar_of(plan, way) as show:
            report = comtrade.fetch(plan, web, way.root, show)
    if report.missing:
        _build_if_stale(way)  # with what came, so that the rest can be read
        raise SourceError("\n".join(["the answer is not whole", *report.lines()]))
    periods = plan.request.periods
    return dashed(periods[0]), dashed(periods[-1])


def _until_last_release(plan: comtrade.Plan) -> comtrade.Plan:
    """`plan` without the periods after the last that is published."""
    published = [cell.split()[1] for cell in plan.releases]
    if not published:
        return plan
    last = max(published)
    periods = tuple(period for period in plan.request.periods if period <= last)
    absent = tuple(cell for cell in plan.absent if cell.split()[1] <= last)
    request = replace(plan.request, periods=periods)
    return replace(plan, request=request, absent=absent)


def _periods_of_comtrade(
    areas: Sequence[str], partners: Sequence[str], freq: str, classification: str, way: Way
) -> list[Row]:
    """Periods that UN Comtrade has of reporters, and what of them is held."""
    web, limits = comtrade.connect(key=way.key, clock=way.clock)
    known = codes.area_codes("comtrade")
    reporters = [code for code, code_area in known.items() if code_area in areas]
    lacking = {*areas} - {known[code] for code in reporters}
    if lacking:
        names = ", ".join(map(codes.area_name, sorted(lacking)))
        raise QueryError(f"UN Comtrade has no code for {names}")
    with web:
        items = comtrade.datasets(web, limits, way.root, reporters, freq, classification)
    wanted = {code for code, code_area in known.items() if code_area in partners}
    here = _held_of_comtrade(way.root, wanted)
    rows: list[Row] = []
    for item in items:
        reporter = str(item["reportercode"])
        if reporter not in reporters:
            continue
        period = dashed(str(item["period"]))
        release = comtrade.release_of(item)
        released = release.split()[0]
        first = str(item.get("firstreleased") or "")[:10]
        words = here.get((comtrade.cell_of(item), release), "")
        rows.append((known[reporter], period, released, first or None, words))
    return rows


def _held_of_comtrade(root: Path, partners: set[str]) -> dict[tuple[str, str], str]:
    """Products and flows that are held, by cell and release."""
    here: dict[tuple[str, str], dict[str, None]] = {}
    for source in catalogue.load(root, local=True).values():
        if source.publisher != "comtrade" or "releases" not in source.arguments:
            continue
        box = comtrade.replies.box_of(source)
        if partners and "all" not in box.partners and not partners & {*box.partners}:
            continue
        words = f"{','.join(box.products)} {','.join(box.flows)}"
        for place in source.arguments["releases"].items():
            here.setdefault(place, {})[words] = None
    return {place: "; ".join(words) for place, words in here.items()}


# --- Eurostat ------------------------------------------------------------------------------------


def _to_eurostat(question: Question) -> comext_service.Question:
    """A question in Eurostat's codes; without an end of its first period."""
    if question.classification != "HS":
        raise QueryError("classification= is for UN Comtrade; Eurostat has the CN of each year")
    if question.breakdown:
        raise QueryError(
            "breakdown= is for UN Comtrade; of member states `tradeflows fetch comext` gets whole "
            "months with their procedures, and Easy Comext has means of transport"
        )
    return comext_service.question(
        ",".join(question.reporters),
        _listed(question.partners),
        question.flow,
        ",".join(question.products),
        question.start,
        question.end or question.start,
        question.freq,
    )


def _from_eurostat(question: Question, way: Way) -> tuple[str, str, list[str]]:
    """Fetch what is not held of a question; its first and last period, and the ids that hold it."""
    asked = _to_eurostat(question)
    with comext.connect(clock=way.clock) as web, way.bar(0):
        months = comext.published(web, way.root, age=-1.0 if way.refresh else DAY)
    if not question.end:
        last = max(months) if question.freq == "M" else _last_year(months)
        asked = replace(asked, end=max(asked.start, last))
    lacking = [period for period in asked.periods if _last_month(period) not in months]
    if lacking:
        periods = ", ".join(lacking)
        raise SourceError(
            f"not published: {periods}; the last month of Comext that is out is {max(months)}"
        )
    plan = comext_service.plan(asked, way.root, refresh=way.refresh)
    if len(plan.calls) > MANY:
        way.say(str(plan))
    with comext_service.connect(clock=way.clock) as web, _bar_of(plan, way) as show:
        report = comext_service.fetch(plan, web, way.root, show)
    if report.missing:
        _build_if_stale(way)
        raise SourceError("\n".join(["the answer is not whole", *report.lines()]))
    return asked.start, asked.end, [*report.sources]


def _last_month(period: str) -> str:
    """The last month of a period."""
    return month_text(parse_period(period)[-1])


def _last_year(months: Mapping[str, str]) -> str:
    """The last year whose December is published."""
    whole = [month[:4] for month in months if month.endswith("-12")]
    return max(whole, default=max(months)[:4])


def _months_of_comext(
    areas: Sequence[str], partners: Sequence[str], freq: str, way: Way
) -> list[Row]:
    """Months that Eurostat has published, and what of them is held."""
    with comext.connect(clock=way.clock) as web:
        months = comext.published(web, way.root)
    if freq == "A":
        months = {month[:4]: day for month, day in months.items() if month.endswith("-12")}
    in_bulk = set()
    for source in catalogue.load(way.root, local=True).values():
        month = bulk_month(source)
        if month:
            in_bulk.add((dashed(month), source.vintage))
    answers = []
    for answer in comext_service.held(way.root).values():
        if answer.freq == freq:
            answers.append(answer)
    rows: list[Row] = []
    for area in areas:
        here = [answer for answer in answers if _concerns(answer, area, partners)]
        for month, day in months.items():
            released = day[:10]
            words = ["all products"] if (month, released) in in_bulk else []
            words += [_words(answer) for answer in here if answer.start <= month <= answer.end]
            rows.append((area, month, released, None, "; ".join(dict.fromkeys(words))))
    return rows


def _concerns(answer: comext_service.Question, area: str, partners: Sequence[str]) -> bool:
    """Whether a held answer has the reporter, and one of the partners where there are any."""
    wanted: set[str] = set()
    for partner in partners:
        wanted.update(codes.codes_of(partner, "eurostat"))
    is_any = not wanted or not answer.partners
    has_partner = is_any or bool(wanted & {*answer.partners})
    reporter = {*codes.codes_of(area, "eurostat")}
    return has_partner and bool(reporter & {*answer.reporters})


def _words(answer: comext_service.Question) -> str:
    """Products and flows of a held answer."""
    names = {number: name for name, number in comext_service.FLOWS.items()}
    return f"{','.join(answer.products)} {','.join(names[flow] for flow in answer.flows)}"


# --- the tables, and how far a fetch is ----------------------------------------------------------


def _build_if_stale(way: Way) -> None:
    """Build, unless the tables are of the present files."""
    try:
        tables.stored(way.root, "trade", local=True)
    except BuildError:
        for table in tables.build(way.root):
            for name, reason in table.refused.items():
                way.say(f"{name} is in no table: {reason}")


def _bar_of(plan: Any, way: Way) -> AbstractContextManager[Callable[[Any], None] | None]:
    """The bar of a plan's calls; none where there are none to make."""
    return way.bar(len(plan.calls)) if plan.calls else nullcontext()


@contextmanager
def _bar(total: int) -> Iterator[Callable[[Any], None]]:
    """A bar of calls where a person sees it: on a terminal or in a notebook.

    Of no calls it is a line that goes: what is out is being asked.
    """
    from tqdm import tqdm

    is_seen = sys.stderr.isatty() or _is_notebook()
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


def _is_notebook() -> bool:
    """Whether this runs in a notebook that a person has open, and no test or report runs."""
    if "IPython" not in sys.modules or {"CI", "TQDM_DISABLE"} & os.environ.keys():
        return False
    return hasattr(import_module("IPython").get_ipython(), "kernel")
