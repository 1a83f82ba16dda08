"""Tables of pandas as the report prints them: heads and cells in words, numbers in figures.

A notebook shows whoever writes it the frame as it is, with the columns that its code names; in a
kernel of the report, ``chart_hook`` has a reader shown the same rows in words.
"""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame

from tradeflows import claims
from tradeflows.charts import layout
from tradeflows.charts.options import WORDS
from tradeflows.model import codes
from tradeflows.model.currencies import plain_names
from tradeflows.model.errors import TradeflowsError
from tradeflows.model.periods import dates_in_words
from tradeflows.model.units import ALOUD, unit_words
from tradeflows.retrieval import catalogue
from tradeflows.tables.display import is_null

Column = tuple[str, list[Any]]

# Heads that say more than the name of their column with blanks for its lines.
HEADS = {
    "above_pct": "First above second, %",
    "all_months": "All months stated",
    "basis": "Based on",
    "iso": "Area",
    "index": "Times as much",
    "n_months": "Months",
    "notebook": "Page",
    "partner_iso": "Partner",
    "path": "File",
    "part": "Part of what was lost",
    "period_text": "Period, as stated",
    "placebo": "Before the event",
    "ref_period": "Period",
    "reporter_iso": "Reporter",
    "sentence": "What was found",
    "source_id": "Source",
    "statement": "Claim",
    "text": "Line as it is",
    "usd_mn": "Million US dollars",
    "value": "Figure",
    "value_after": "After",
    "value_base": "Before",
    "value_gain": "Gained",
    "value_loss": "Lost",
    "value_m": "First figure",
    "value_x": "Second figure",
    "who": "Who said it",
    "window": "Periods compared",
    "window_text": "Period",
}
# Columns by which code finds a row, where another one names it.
NAMED_BY = {"area": "name", "source_id": "title"}
FOR_CODE = ("gap", "id", "repeats")  # ids, and a second form of what another column says
AREAS = {
    "area",
    "exporter",
    "importer",
    "iso",
    "partner",
    "partner_iso",
    "reporter",
    "reporter_iso",
}
UNITS = ("currency", "unit")
AS_THEY_ARE = ("cmd_code", "code", "formula", "hs6", "line", "path", "text", "year")
IN_A_FILE = ("formula", "path", "text")  # set as code
UNIT_WORDS = {"percent y/y": "% on the year before", "percent vs 2021": "% against 2021"} | ALOUD
AREA = re.compile(r"(?<!\w)(?:[A-Z]{3}|[A-Z]{2}\d{2}\w*)(?!\w)")
NUMERAL = re.compile(r"-?\d{5,}(?:\.\d+)?", re.ASCII)
EITHER_MONTH = re.compile(r"\b(\d{4})-(\d\d)/(\d\d)\b")
BELOW_ZERO = re.compile(r"(?<![^ (])-(?=\d)")  # a hyphen that Python prints for a minus
CURRENCY = re.compile(r"\b[A-Z]{3}\b")
FEW = 10  # rows of a table that is longer than pandas shows


def answer_page(shown: Any) -> str:
    """An answer of the explorer, or the table that it is where it has no words."""
    from tradeflows.explore.answer import is_presentable, page_of

    return page_of(shown, printed, in_words) if is_presentable(shown) else printed(shown)


def printed(frame: DataFrame) -> str:
    """A table as HTML for who reads no columns.

    Heads are words, areas, sources and publishers have their names, days and months are as print
    has them, numbers have four figures or all before the point, and a bound stands before its
    number. What serves code alone is left out.

    Parameters
    ----------
    frame
        Any frame; a named index is its first columns.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows.report import frames
    >>> sold = pd.DataFrame({"exporter": ["CHN"], "qualifier": [">"], "value": [12e6]})
    >>> page = frames.printed(sold)
    >>> "<td>China</td>" in page, "more than 12,000,000" in page
    (True, True)
    """
    columns = _with_bounds(_columns(frame))
    names = [name for name, _ in columns]
    useful = [
        (name, cells)
        for name, cells in columns
        if name not in FOR_CODE and NAMED_BY.get(name) not in names
    ]
    shown = [_printed_column(name, cells) for name, cells in useful or columns]
    lines = [f"<tr>{''.join(row)}</tr>" for row in zip(*shown, strict=True)]
    heads, *rows = lines or ["<tr></tr>"]  # of a frame without columns
    most = pd.get_option("display.max_rows")
    if most and len(rows) > most:
        between = f"<tr>{'<td>…</td>' * len(shown)}</tr>"
        rows = [*rows[: FEW // 2], between, *rows[-FEW // 2 :]]
    body = "\n".join(rows)
    return (
        f'<table class="dataframe printed"><thead>{heads}</thead>\n'
        f"<tbody>\n{body}\n</tbody></table>"
    )


def head(name: str) -> str:
    """The words of a column's name, which areas it has in it by their names."""
    words = HEADS.get(name) or in_words(name.replace("_", " "))
    return words[:1].upper() + words[1:]


def in_words(text: str) -> str:
    """A text with names for codes of areas and currencies, and blanks for lines below."""
    named = CURRENCY.sub(lambda match: plain_names().get(match[0], match[0]), with_areas(text))
    return named.replace("_", " ")


def _columns(frame: DataFrame) -> list[Column]:
    """All columns with their names; first those of an index that says something."""
    levels = [frame.index.get_level_values(i) for i in range(frame.index.nlevels)]
    told = [level for level in levels if level.name or not pd.api.types.is_numeric_dtype(level)]
    table = DataFrame(dict(enumerate(map(list, told))), dtype=object)
    if len(told) > 1:  # a level is told where the row above says another up to there
        table = table.mask(table.eq(table.shift()).cummin(axis="columns"), "")
    columns = [(str(level.name or ""), list(table[at])) for at, level in enumerate(told)]
    for place, name in enumerate(frame.columns):
        words = ": ".join(map(str, name)) if isinstance(name, tuple) else str(name)
        columns.append((words, list(frame.iloc[:, place])))

    def parsed(cell: Any) -> Any:  # where a text of five digits and more, no year, is a number
        return float(cell) if isinstance(cell, str) and NUMERAL.fullmatch(cell) else cell

    return [
        (name, cells if name in AS_THEY_ARE else [*map(parsed, cells)]) for name, cells in columns
    ]


def _with_bounds(columns: Sequence[Column]) -> list[Column]:
    """Columns of which a qualifier stands before its number."""
    by_name = dict(columns)
    if not {"qualifier", "value"} <= set(by_name):
        return list(columns)
    signs = [WORDS.get(sign, "") for sign in by_name["qualifier"]]
    bounded = [
        f"{sign} {_number(value)}" if sign and _is_number(value) else value
        for sign, value in zip(signs, by_name["value"], strict=True)
    ]
    return [
        (name, bounded if name == "value" else cells)
        for name, cells in columns
        if name != "qualifier"
    ]


def _printed_column(name: str, cells: Sequence[Any]) -> list[str]:
    """The head and the cells of a column as HTML."""
    side = ' class="number"' if any(map(_is_number, cells)) else ""
    reader = _reader(name)
    texts = [html.escape(_text(cell, reader)) for cell in cells]
    if name in AS_THEY_ARE and all(isinstance(cell, int | np.integer) for cell in cells):
        texts = list(map(str, cells))
    if name in IN_A_FILE:
        texts = [f"<code>{text}</code>" for text in texts]
    heading = f"<th{side}>{html.escape(head(name))}</th>"
    return [heading, *(f"<td{side}>{text}</td>" for text in texts)]


def _text(cell: Any, reader: Callable[[str], str]) -> str:
    if isinstance(cell, bool | np.bool_):
        return "yes" if cell else "no"
    if isinstance(cell, pd.Timestamp):
        return dates_in_words(f"{cell:%Y-%m}" if cell.day == 1 else f"{cell:%Y-%m-%d}")
    if _is_number(cell):
        return _number(cell)
    if isinstance(cell, str):
        return reader(cell)
    return "" if is_null(cell) else str(cell)


def _reader(name: str) -> Callable[[str], str]:
    """What makes a reader's text of a column's."""
    if name in AS_THEY_ARE:
        return str
    if name in AREAS:  # "Kazakhstan and Kyrgyzstan" of "KAZ+KGZ"
        return lambda text: with_areas(text.replace("+", " and ").replace("<->", " and "))
    if name in UNITS:
        return lambda text: ", ".join(
            UNIT_WORDS.get(unit) or "".join(unit_words(unit)).strip() for unit in text.split(", ")
        )
    if name in ("publisher", "source_id"):
        names = _names()[name]
        return lambda text: names.get(text, text)
    if name == "reason":
        return lambda text: claims.REASONS.get(text, text)
    if name == "notebook":
        return lambda text: re.sub(r"\b\d+_", "", text).replace("_", " ").capitalize()

    def plain(text: str) -> str:
        """A text with days and months as print has them, and a minus before what is below zero."""
        months = EITHER_MONTH.sub(r"\1-\2 or \1-\3", text.replace("..", " to "))
        return with_minus(dates_in_words(months))

    return plain


def with_minus(text: str) -> str:
    """A text of a program with a minus before each number below zero."""
    return BELOW_ZERO.sub("−", text)


def with_areas(text: str) -> str:
    """A text with the names of areas for their codes."""

    def name(match: re.Match[str]) -> str:
        # Who collected figures calls the world so.
        return codes.name_or_code(codes.WORLD if match[0] == "WLD" else match[0])

    return AREA.sub(name, text)


def _names() -> Mapping[str, Mapping[str, str]]:
    """Names of publishers and titles of sources by their ids; none outside of a project."""
    try:
        root = catalogue.root()
        publishers, sources = catalogue.publishers(root), catalogue.load(root)
    except TradeflowsError:
        return {"publisher": {}, "source_id": {}}
    return {
        "publisher": {id: publisher.short for id, publisher in publishers.items()},
        "source_id": {id: " ".join(source.title.split()) for id, source in sources.items()},
    }


def _is_number(cell: Any) -> bool:
    is_one = isinstance(cell, int | float | np.number) and not isinstance(cell, bool)
    return is_one and bool(np.isfinite(cell))


def _number(value: Any) -> str:
    """A number as print has it, without powers of ten: four figures, or all before the point."""
    if isinstance(value, int | np.integer) or abs(value) >= 1000:
        return f"{value:,.0f}".replace("-", "−")
    return layout.number(value + 0.0, 4)


# What makes the page of each kind of object, by its module and name.
PAGES: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("pandas", "DataFrame", printed),
    ("pandas", "Series", lambda series: printed(series.to_frame())),
    ("tradeflows.charts.numbers", "Drawn", lambda shown: shown._repr_html_()),
    ("tradeflows.explore.answer", "Answer", answer_page),
    ("tradeflows.explore.rerouting", "Card", lambda shown: str(shown.as_page(printed))),
)
