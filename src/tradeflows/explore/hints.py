"""What is held where a question finds nothing, and how to get it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from tradeflows import tables
from tradeflows.explore.naming import with_names
from tradeflows.explore.questions import SUCH_AS
from tradeflows.model import codes, words
from tradeflows.model.errors import QueryError, TradeflowsError
from tradeflows.model.periods import ends_text, months_of, parse_period, runs
from tradeflows.model.words import MIRRORED
from tradeflows.tables.display import FLOWS

RHYTHM_NAMES = {"M": "months", "Q": "quarters", "A": "years"}
# What a call asks a service for; `local` and `splice` are of what is held.
ASKED_FOR = ["product", "reporter", "partner", "start", "end", "flow", "freq", "local", "splice"]
SERVICES = {"comtrade": "UN Comtrade", "eurostat": "Eurostat"}  # which ``ask`` asks
PERIOD, AREAS = ["ref_period", "n_months"], ["reporter_iso", "partner_iso"]
ONE_SIDED = "one-sided"  # flag of a figure that was made of one country's reports
COLUMNS = [*PERIOD, *AREAS, "flow_code", "freq_code", "source_id", "flags"]
MOST = 5  # names that a hint lists


class NothingHeldError(QueryError):
    """No row that is held answers the question; the message says what does."""


def held(root: Path, columns: list[str], table: str = "trade", **filters: Any) -> pd.DataFrame:
    """Some columns of the rows of `table` that a question would be answered from."""
    filters.pop("splice", None)  # which of them are taken comes after
    rows = tables.candidates(tables.question(table, root=root, **filters))
    return rows.select(columns).to_pandas()


def is_converted(root: Path, currency: str) -> bool:
    """Whether rates are held that make other money of a `currency`, or it of other money."""
    return currency in {*held(root, ["base", "quote"], "rates").to_numpy().flat}


def nothing_held(root: Path, asked: Mapping[str, Any], unit: str = "") -> str:
    """Say that a question to trade finds nothing, which call gets it, and what is held beside it.

    `asked` has the filters, ``product`` as a list of words, ``reporter`` and ``partner`` as lists
    of ids; `unit` is as it was asked for.
    """
    hints = [*_near(root, asked)]
    question = _in_words(asked)
    if not hints:
        goods = asked["product"]
        alone = {**dict.fromkeys(asked), "product": goods, "local": asked.get("local", False)}
        rows = _rows(root, alone)
        if len(rows):
            ways = " and ".join(FLOWS[way] for way in _most_often(rows["flow_code"]))
            reporters, partners = (_names(_most_often(rows[name])) for name in AREAS)
            find = words.call("find", goods[0])
            hints = [
                f"of these goods are held: {ways} of {reporters} with {partners} "
                f"({_months(rows)}); {find} lists them"
            ]
        else:
            question += ", nor of these goods at all"
            hints = ["`tradeflows add FILE` takes a file of yours"]
    return "; ".join([f"nothing is held of {question}", *_calls(root, asked, unit), *hints])


def nothing_stated(publisher: str, asked: Mapping[str, Any]) -> str:
    """Say that a `publisher` was asked, and has no row of a question; `asked` as above."""
    return (
        f"{SERVICES[publisher]} was asked, and has no row of {_in_words(asked)}: nothing was "
        "traded, or it is not published; the reply is kept, and refresh=True (--refresh) asks anew"
    )


def months_beside(root: Path, asked: Mapping[str, Any]) -> list[str]:
    """Say of years or quarters that were asked for that months are held beside them."""
    if asked["freq"] in (None, "M"):
        return []
    rows = _rows(root, asked, freq="M")
    if rows.empty or not {*_rows(root, asked)["partner_iso"]} <= {*rows["partner_iso"]}:
        return []
    return [f"months are held too ({_months(rows)}): {_without_freq('A')}"]


def _without_freq(freq: str) -> str:
    """How to ask for the rhythm that is held, of which answers in Python sum months to years."""
    if words.AT_A_SHELL.get():
        return "leave --freq out"
    to_years = ", and .by('reporter', every=12) sums them to years" if freq == "A" else ""
    return f"leave freq= out{to_years}"


def example_call(goods: str, root: Path) -> str:
    """A call of ``ask`` for goods, to be copied; empty where no service knows the goods."""
    from tradeflows.explore.ask import put

    positional = goods, SUCH_AS["reporter"], SUCH_AS["partner"]
    named = {"start": f"{date.today().year - 1}"}
    try:
        put(*positional, **named, root=root, today=date.today())
    except QueryError:
        return ""
    return words.call("ask", *positional, **named)


def _calls(root: Path, asked: Mapping[str, Any], unit: str) -> Iterator[str]:
    """Say which calls would get what is asked; none where no service has it as it is asked."""
    narrowed = [name for name in asked if name not in ASKED_FOR and asked[name] is not None]
    if narrowed:
        return
    from tradeflows.explore.ask import put, was_asked
    from tradeflows.retrieval.comext_service import is_asked_here

    members = [area for area in asked["reporter"] if is_asked_here(area)]
    others = [area for area in asked["reporter"] if area not in members]
    named = _options(asked, unit)
    for publisher, reporters in (("eurostat", members), ("comtrade", others)):
        goods, partners = asked["product"], asked["partner"]
        positional = [goods[0] if len(goods) == 1 else goods, _typed(reporters)]
        positional += [_typed(partners)] if partners != [codes.WORLD] else []
        try:
            question = put(*positional, **named, root=root, today=date.today())
        except QueryError:
            continue
        has_none = _rows(root, asked, local=True).empty
        if has_none and was_asked(question, root):
            call = words.call("ask", *positional, **named, refresh=True)
            yield f"{SERVICES[publisher]} was asked for it, and has no row; {call} asks anew"
        else:
            yield f"{words.call('ask', *positional, **named)} asks {SERVICES[publisher]} for it"


def _options(asked: Mapping[str, Any], unit: str) -> dict[str, Any]:
    """A question as options of ``ask``, which needs a start: without one it is the year before."""
    start, end, freq = (asked.get(name) for name in ("start", "end", "freq"))
    letters = 4 if freq == "A" else 7
    options = {
        "start": str(start or f"{end or date.today().year - 1}"[:4])[:letters],
        "end": end and str(end)[:letters],
        "flow": asked["flow"] != "M" and FLOWS[asked["flow"]],
        "freq": freq != "M" and freq,
        "unit": unit,
    }
    return {name: word for name, word in options.items() if word}


def _typed(areas: Sequence[str]) -> str | list[str]:
    """Areas as a person would type them: by name, all, or a list."""
    names = [*map(codes.name_or_code, areas)]
    return names[0] if len(names) == 1 else names


def _in_words(asked: Mapping[str, Any]) -> str:
    """A question as a sentence has it."""
    goods, flow = asked["product"], asked["flow"]
    reporters, partners = (_names(asked[side]) for side in ("reporter", "partner"))
    preposition = "to" if flow in ("X", "RX") else "from"
    parts = [f"{_few(goods)}, {FLOWS[flow]} of {reporters} {preposition} {partners}"]
    if asked.get("freq"):
        parts.append(f"by {RHYTHM_NAMES[asked['freq']]}")
    start, end = asked.get("start"), asked.get("end")
    if start and end:
        parts.append(f"{start}" if start == end else f"{start} to {end}")
    elif start or end:
        parts.append(f"from {start}" if start else f"to {end}")
    return ", ".join(parts)


def _names(areas: Sequence[str]) -> str:
    """The names of the first few of some areas."""
    return _few(["any country" if area == "countries" else codes.area_name(area) for area in areas])


def _few(names: Sequence[str]) -> str:
    """The first few of some names, and how many more there are."""
    more = f" and {len(names) - MOST} more" if names[MOST:] else ""
    return ", ".join(names[:MOST]) + more


def _rows(root: Path, asked: Mapping[str, Any], **changed: Any) -> pd.DataFrame:
    """Rows of the question as it is changed; none where it cannot be put."""
    try:
        return held(root, COLUMNS, **{**asked, **changed})
    except TradeflowsError:
        return pd.DataFrame(columns=COLUMNS)


def _months(rows: pd.DataFrame) -> str:
    """The first and the last month that `rows` state, of a year its twelfth."""
    months = months_of(rows[PERIOD].drop_duplicates())[1]
    return ends_text(int(months.min()), int(months.max()))


def _most_often(column: pd.Series) -> list[str]:
    counts = column.value_counts().sort_index()
    return [*counts.sort_values(ascending=False, kind="stable").index]


def _near(root: Path, asked: Mapping[str, Any]) -> Iterator[str]:
    """What is held of a question that differs in one thing from what is asked."""
    yield from _from_the_other_side(root, asked)
    changes: list[dict[str, Any]] = [{"freq": None}, {"start": None, "end": None}]
    changes += [{name: None} for name in asked if name not in ASKED_FOR] + [{"local": True}]
    changes += [{role: None} for role in ("partner", "reporter") if asked[role] != ["countries"]]
    for changed in changes:
        if all((asked.get(name) or None) == to for name, to in changed.items()):
            continue
        rows = _rows(root, asked, **changed)
        if rows.empty:
            continue
        name = next(iter(changed))
        if name == "start":
            yield _of_another_window(rows, asked)
        elif name == "freq":
            kinds = " and ".join(RHYTHM_NAMES[kind] for kind in sorted({*rows["freq_code"]}))
            yield f"held by {kinds}: {_without_freq(asked['freq'])}"
        elif name == "local":
            yield f"your own files have it: add {words.option(name, True)} ({_months(rows)})"
        elif name in ("partner", "reporter"):
            areas = sorted(_most_often(rows[f"{name}_iso"]), key=codes.is_country)  # groups first
            yield f"held with another {name}: {_names(areas)}"
        else:
            sources = dict.fromkeys(with_names(sorted({*rows["source_id"]})[:MOST], root))
            yield f"held without {words.option(name, asked[name])}: {', '.join(sources)}"


def _from_the_other_side(root: Path, asked: Mapping[str, Any]) -> Iterator[str]:
    """Whether the partners state the flow, and how that is asked for."""
    reporters, partners, mirrored = asked["reporter"], asked["partner"], MIRRORED.get(asked["flow"])
    if not mirrored or "countries" in (*reporters, *partners):
        return
    rows = _rows(root, asked, reporter=partners, partner=reporters, flow=mirrored)
    rows = rows[~rows["flags"].astype("str").str.contains(ONE_SIDED)]  # nobody's own statement
    if len(rows):
        who, way = _names(sorted({*rows["reporter_iso"]})), FLOWS[mirrored]
        yield (
            f"{who} states it from the other side: ask for {way} of {who} "
            f"{'from' if mirrored == 'M' else 'to'} {_names(reporters)}, "
            f"{words.option('flow', way)} ({_months(rows)})"
        )


def _of_another_window(rows: pd.DataFrame, asked: Mapping[str, Any]) -> str:
    """Say which months are held in place of those that are asked for, which may be a hole."""
    stated = {*months_of(rows[PERIOD].drop_duplicates())[1].tolist()}
    start, end = asked.get("start"), asked.get("end")
    first, last = parse_period(start or end, "start")[0], parse_period(end or start, "end")[-1]
    if stated.issuperset(range(first, last + 1)):
        return f"held by longer periods alone, which a window must hold whole: {_months(rows)}"
    if min(stated) < first and last < max(stated):
        return f"this is a hole in what is held: {runs(stated)}"
    return f"held for another window: {_months(rows)}"
