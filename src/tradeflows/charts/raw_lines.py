"""What lies behind the numbers of a chart: the raw lines of each, to open or to take along."""

import csv
import io
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader
from pandas import DataFrame, Series

from tradeflows.charts import layout, spans
from tradeflows.charts.formula_words import in_words, name_in_words
from tradeflows.charts.options import Chart, named
from tradeflows.model.absence import NO_ROW
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import full_number
from tradeflows.model.periods import first_month, runs, span
from tradeflows.model.source import RAW, carrier_of, with_carrier
from tradeflows.model.words import count_of
from tradeflows.retrieval import catalogue
from tradeflows.tables import display, trace

LINES = 20  # numbers of a chart that a notebook shows with their lines, of one number a card
OPEN = 30  # that a page shows of all numbers together; each has its first in any case
PARTS = 6  # of a formula whose lines are open, whatever room there is
NUMBERS = 600  # of a chart that have an entry
ENTRY = "../data/raw/sources.toml#"  # where a notebook's reader finds a source's entry
CLAIM = "../data/claims.toml#"  # and a claim's
# What is wider than its page scrolls by itself, by the keyboard too.
BOX = '<div class="scroll" tabindex="0" role="group" aria-label="Raw lines">'
NAMES = ["series", "period", "number"]
NUMBER = [*NAMES, "formula"]  # what tells two numbers of a chart apart

SAID = re.compile(r"[\d,]+ (?:row|claim)s?")  # how many there are, in place of a formula
Term = dict[str, Any]  # of a number, by names of trace.COLUMNS
NOTHING: Term = dict.fromkeys(trace.COLUMNS[1:], "")  # a term of no line
NOTHING |= {"value": np.nan, "source_row": -1, "declared_zero": False}
Lines = Sequence[Mapping[Hashable, Any]]

BROWSER = Path(__file__).parent / "browser"
PAGES = Environment(loader=FileSystemLoader(BROWSER), autoescape=True, trim_blocks=True)
PAGES.globals |= {"BOX": BOX, "CLAIM": CLAIM, "ENTRY": ENTRY, "NO_ROW": NO_ROW}
PAGES.globals |= {"full_number": full_number, "name_in_words": name_in_words}
PAGES.globals["with_carrier"] = with_carrier
HTML: Any = PAGES.get_template("raw_lines.html.j2").module


def terms(figure: Any) -> DataFrame:
    """Raw lines of the numbers that a chart was given.

    Parameters
    ----------
    figure
        Of a chart that :mod:`tradeflows.charts` drew; of one of coverage whose frame says where
        its rows stand.

    Returns
    -------
    DataFrame, one row a term
        ``series`` and ``period`` as drawn, ``number`` as the chart was given it; then what
        :func:`tradeflows.tables.trace` gives, and ``claim``, the id of a claim that is counted,
        which has its statement as its role and may have no line; ``row`` and ``column`` say where
        the number stands in the frame of the chart. Of a count there is one line of
        each thing, with the sign 0, and of a strip the first and the last.
        ``attrs["untraced"]`` says of each series that cannot be followed why.

    Raises
    ------
    SourceError
        A raw file is missing or altered.
    """
    chart = vars(figure)["tradeflows"]
    if "terms" in chart:  # the page and its files ask for the same
        return cast(DataFrame, chart["terms"])
    frame, numbers, names = chart.get("of", (DataFrame(), (), ()))
    columns = [frame[name].astype(str).map(lambda code: named(code, chart)) for name in names]
    series = np.array([", ".join(cells) for cells in zip(*columns, strict=True)])
    place = {name: i for i, name in enumerate(dict.fromkeys(series))}
    shown = periods_of(chart)
    rows: list[dict[str, Any]] = []
    untraced: dict[str, str] = {}
    with catalogue.within(chart["attrs"]):
        for column in numbers:
            if trace.counted(frame, column)[1]:
                found = _counted(frame, column)
            else:
                values = trace.floats(frame[column])
                traced, reasons = _by_series(frame, column, ~np.isnan(values), series)
                untraced |= reasons
                found = [(i, shown[i], values[i], term) for i, term in traced]
            for i, period, number, term in found:
                at = {"row": i, "column": column, "claim": "", "series": series[i]}
                rows.append(at | term | {"period": period, "number": number})
    rows.sort(key=lambda row: place[row["series"]])
    names = [*NAMES, *trace.COLUMNS[1:], "claim", "row", "column"]
    table = chart["terms"] = DataFrame(rows, columns=names)
    table.attrs["untraced"] = untraced
    return table


def _by_series(
    frame: DataFrame, column: str, known: np.ndarray, series: np.ndarray
) -> tuple[list[tuple[int, Term]], dict[str, str]]:
    """Terms of a column's `known` numbers, and why a series has none; all at once where it can."""
    at = np.flatnonzero(known)
    rows = frame.iloc[at]
    if not trace.floats(rows[column]).any():
        return [], {}  # an end that is nothing throughout comes from no line
    try:
        if column not in trace.traceable(rows):
            raise QueryError(
                f"{column} was computed in the notebook, where nothing recorded how; "
                "measures.scale records a change of unit"
            )
        names, found = trace.COLUMNS[1:], trace.followed(rows, column)
        return [(at[i], dict(zip(names, term, strict=True))) for i, *term in found], {}
    except QueryError as error:
        names = list(dict.fromkeys(series[known]))
        if len(names) == 1:
            return [], dict.fromkeys(names, str(error))
    terms: list[tuple[int, Term]] = []
    reasons: dict[str, str] = {}
    for name in names:  # each alone
        own, why = _by_series(frame, column, known & (series == name), series)
        terms += own
        reasons |= why
    return terms, reasons


# --- of what a chart counts: the first of each thing; the first and the last of each run ----------


def _counted(frame: DataFrame, column: str) -> Iterable[tuple[int, str, float, Term]]:
    """The lines of each number of a column that counts rows: its row, its period, it, and a term.

    Where the frame has ``held``, runs of months, each run is a number of its own, whose lines are
    its first and its last; else what is counted has a line each, its name as its role, and the id
    of a claim in ``claim``. One that has no figure is there without a line.
    """
    rows, members = trace.counted(frame, column)
    if "held" in frame:
        yield from _of_runs(frame["held"], rows, members)
        return
    terms = _first_terms(rows, np.concatenate(members))
    names = rows.get("claim", rows.get("statement", pd.Series("", rows.index))).astype(str)
    ids = rows.get("id", pd.Series("", rows.index)).astype(str)
    word = "claim" if "id" in rows else "row"
    for i, at in enumerate(members):
        formula = count_of(len(at), word)
        for place in at.tolist():
            of_claim = {"role": names.iloc[place], "claim": ids.iloc[place]}
            term = terms.get(place, NOTHING)
            yield i, "", float(len(at)), {**term, **of_claim, "formula": formula, "sign": 0}


def _of_runs(
    held: Sequence[str], rows: DataFrame, members: Sequence[np.ndarray]
) -> Iterator[tuple[int, str, float, Term]]:
    """The first and the last line of each run of months, and how many rows it is of."""
    has_figure = rows[trace.traceable(rows)].notna().any(axis="columns").to_numpy()
    month = first_month(rows).to_numpy()
    runs = []
    for i, (text, at) in enumerate(zip(held, members, strict=True)):
        in_order = at[np.argsort(month[at], kind="stable")]
        for run in text.split(", "):
            first, _, last = run.partition(" to ")
            start, after = span((first, last or first))
            within = in_order[(month[in_order] >= start) & (month[in_order] < after)]
            stated = within[has_figure[within]]
            runs.append((i, run, len(within), list(dict.fromkeys(stated[[0, -1]].tolist()))))
    terms = _first_terms(rows, np.array([at for *_, ends in runs for at in ends], "int64"))
    for i, run, n, ends in runs:
        for place, role in zip(ends, ("first", "last") if len(ends) > 1 else ("",), strict=True):
            yield i, run, float(n), terms[place] | {"role": role, "formula": count_of(n, "row")}


def _first_terms(rows: DataFrame, places: np.ndarray) -> dict[int, Term]:
    """The first line of the first figure of each of the rows at `places`, if any that is a row."""
    known: dict[int, Term] = {}
    for column in trace.traceable(rows):
        is_stated = rows[column].notna().to_numpy()
        left = [place for place in dict.fromkeys(places.tolist()) if place not in known]
        at = [place for place in left if is_stated[place]]
        for i, *line in trace.followed(rows.iloc[at], column):
            term = dict(zip(trace.COLUMNS[1:], line, strict=True)) | {"sign": 0, "claim": ""}
            if at[i] not in known or (known[at[i]]["declared_zero"] and not term["declared_zero"]):
                known[at[i]] = term
    return known


# --- as text and as pages -------------------------------------------------------------------------


def periods_of(chart: Chart) -> list[str]:
    """The period of each row of a chart's frame as a table shows it; none where none is known.

    Of a row without one it is the words of its window, else, since a measure summed up over time,
    the months of what its numbers were made of.
    """
    if "of" not in chart or "periods" in chart:  # marks, table and raw lines ask for the same
        return list(chart.get("periods", ()))
    frame, numbers, _ = chart["of"]
    shown = list(frame.get("window_text", Series("", frame.index)).fillna(""))
    if "ref_period" in frame:
        lengths = frame.get("n_months", Series(1, frame.index))
        days = pd.to_datetime(frame["ref_period"], errors="coerce")
        own = [display.period(day, months) for day, months in zip(days, lengths, strict=True)]
        shown = [text or window for text, window in zip(own, shown, strict=True)]
    is_open = np.array([not text for text in shown])
    for column in numbers:
        rows, members = trace.counted(frame, column)
        if members and "ref_period" not in rows:
            continue  # such as claims, which are of no period
        at = np.flatnonzero(is_open & ~np.isnan(trace.floats(frame[column])))
        for i, months in zip(at.tolist(), trace.months(frame, column, at), strict=True):
            shown[i] = shown[i] or runs(months)
    chart["periods"] = shown
    return shown


def table(figure: Any) -> list[list[str]]:
    """Terms as rows of text, what is said of a number on the first of its lines alone."""
    lines = terms(figure)
    if lines.empty:
        return []
    shown = lines[[*NUMBER, "role", "sign", "value", "unit", "source_id", "line", "text"]]
    numbers = shown[NUMBER]
    is_repeated = numbers.eq(numbers.shift()).all(axis="columns")
    firsts = numbers.astype(object).mask(is_repeated)
    is_zero = lines["declared_zero"].astype(bool)
    texts = shown["text"].mask(is_zero, f"{NO_ROW}: " + shown["text"])
    text = shown.assign(**firsts, text=texts).to_csv(index=False)
    return list(csv.reader(io.StringIO(text)))


def shown(figure: Any) -> str:
    """The first numbers of a chart as HTML, each of which opens its lines; no script is needed."""
    held = "<p><small>No raw lines: this is which months are held, not what they say.</small></p>"
    return evidence(figure, numbers(figure, ""), LINES) or held


def counted_rows(is_zero: Iterable[bool]) -> str:
    """How many rows of files there are, and how many zeros without a row, as each term says."""
    declared = list(is_zero)
    zeros = sum(declared)
    rows = len(declared) - zeros
    parts = [f"{count_of(rows, 'row')} of publishers’ files"] if rows or not zeros else []
    parts += [count_of(zeros, "declared zero")] if zeros else []
    return " and ".join(parts)


class Number(NamedTuple):
    """A number of a chart with its raw lines.

    Its entry on every page of the chart has the `id`; `places` are its row and column in the frame
    of the chart, and of a strip the run of months, several where it is stated several times alike;
    `head` and `text` are its names and itself.
    """

    id: str
    places: frozenset[tuple[int, str, str]]
    head: str
    text: str
    lines: Lines


def numbers(figure: Any, id: str) -> list[Number]:
    """The numbers of a chart that have raw lines, in the order of these.

    Parameters
    ----------
    id
        The name of the chart's address, with which each id begins.

    Raises
    ------
    SourceError
        A raw file is missing or altered.
    """
    kind = figure.axes[0].get_gid()
    known = []
    rows = terms(figure).to_dict("records")
    for i, (_, own) in enumerate(groupby(rows, itemgetter(*NUMBER)), start=1):
        lines = [*own]
        series, period, value = (lines[0][name] for name in NAMES)
        head = ", ".join(filter(None, (series, spans.beyond(series, spans.of_number(period)))))
        text = layout.number(layout.significant(value, layout.DIGITS), 12)
        if is_strip := kind == "coverage":  # whose runs are its numbers
            head, text = series, spans.in_words(period)
        run = period if is_strip else ""
        places = frozenset((line["row"], line["column"], run) for line in lines)
        known.append(Number(f"{id}-n{i}", places, head, text, lines))
    return known


def evidence(figure: Any, known: Sequence[Number], most: int) -> str:
    """The `known` numbers as HTML, each of which opens its formula and its lines, without a script.

    Each of the first has the first line of each part of its formula, and more where all together
    have room.
    """
    if "of" not in vars(figure)["tradeflows"]:
        return ""
    if not known:
        return "<p><small>No raw lines: these numbers were worked out on this page.</small></p>"
    lines, first = terms(figure), known[:most]
    rows = counted_rows(lines.loc[lines["source_id"].ne(""), "declared_zero"])
    head = f"{rows} behind {count_of(len(lines[NUMBER].drop_duplicates()), 'number')}"
    head += f", the first {most} numbers here" * (len(known) > most)
    untraced = "; ".join(lines.attrs["untraced"])  # why is with their terms
    with catalogue.within(vars(figure)["tradeflows"]["attrs"]):
        used = catalogue.entries(filter(None, dict.fromkeys(lines["source_id"]))).values()
        openings = [_opening(number, max(1, OPEN // len(first))) for number in first]
    return str(HTML.evidence(head, openings, used, untraced))


def _opening(number: Number, most: int) -> dict[str, Any]:
    """A number, its formula and at most so many of its lines, those of its parts in any case.

    Of claims that are counted all are there.
    """
    parts: dict[Any, Mapping[Hashable, Any]] = {}
    for line in number.lines:
        parts.setdefault(line["role"], line)
    firsts = {(line["path"], line["line"]): line for line in reversed(parts.values())}
    is_first = {id(line) for line in firsts.values()}
    lines = sorted(number.lines, key=lambda line: id(line) not in is_first)
    shown = max(most, min(len(firsts), PARTS))
    if lines[0]["claim"]:
        lines, shown = list(number.lines), len(lines)
    formula = lines[0]["formula"]
    return {
        **number._asdict(),
        "formula": formula if SAID.fullmatch(formula) else in_words(formula, len(lines)),
        "files": _by_file(lines[:shown]),
        "has_roles": len(parts) > 1,
        "more": len(lines) - shown,
    }


def lines_alone(rows: Sequence[Mapping[Any, Any]], root: Path | None = None) -> str:
    """The lines of one number as HTML tables, one a file.

    Above each stand the file and its header, once. Its columns are the line, the name in the
    formula, the number, and the text, in which the figure is marked.

    Parameters
    ----------
    rows
        With ``source_id``, ``path``, ``line``, ``role``, ``value``, ``unit``, ``text``,
        ``raw_column`` and ``declared_zero``; a role is shown where there are several.
    root
        The project's folder, whose catalogue has the headers of the files.
    """
    return str(HTML.tables(_by_file(rows, root), len({row["role"] for row in rows}) > 1))


def _by_file(rows: Sequence[Mapping[Any, Any]], root: Path | None = None) -> list[dict[str, Any]]:
    """Lines by their files, each file with its header, each line with the cells of its text."""
    files: dict[Any, dict[str, Any]] = {}
    sources = catalogue.entries(filter(None, dict.fromkeys(row["source_id"] for row in rows)), root)
    for row in rows:
        name, path = row["source_id"], str(row["path"]).removeprefix(f"{RAW.as_posix()}/")
        source = sources[name][0] if name in sources else None
        options = source.arguments if source else {}
        header, separator = list(options.get("columns", ())), options.get("separator", ",")
        outside = rf'{re.escape(separator)}(?=(?:[^"]*"[^"]*")*[^"]*$)'  # not in quotation marks
        texts, column = re.split(outside, str(row["text"])), row.get("raw_column")
        has_place = len(texts) == len(header) and not row["declared_zero"]
        marked = header.index(column) if column in header and has_place else None
        of_file = {"source": name, "path": path, "header": header, "separator": separator}
        of_file |= {"carrier": carrier_of(source) if source else "", "rows": []}
        lines = files.setdefault((name, path), of_file)["rows"]
        lines.append({**row, "texts": texts, "marked": marked})
    return list(files.values())


def entries(used: Iterable[str]) -> str:
    """Sources as a list in HTML: what each is, whose, by whose hands, how old, on which terms."""
    return str(HTML.sources(catalogue.entries(filter(None, used)).values()))
