"""Tables and headings for readers: names for codes, the unit named once, nothing that repeats."""

import html
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from pandas import DataFrame, Series

from tradeflows.model import codes, contracts, schema
from tradeflows.model.absence import DECLARED
from tradeflows.model.errors import CodeError, TradeflowsError
from tradeflows.model.lineage import PLACE
from tradeflows.model.periods import month_of, runs
from tradeflows.model.sealed import LESS, NAMED, SERIES
from tradeflows.model.words import DIRECTIONS
from tradeflows.retrieval import catalogue

# The short name that readers see and may ask for, of each column of codes or days.
SHORT_NAMES = {
    "ref_period": "period",
    "reporter_iso": "reporter",
    "partner_iso": "partner",
    "cmd_code": "product",
    "flow_code": "flow",
}
FLOWS = {code: name for name, code in DIRECTIONS.items()}
# What a reader sees of a table's columns, in this order; a column of no table is always shown.
SHOWN = (
    "window",
    "id",
    "topic",
    "ref_period",
    "period",
    "period_text",
    "window_text",
    "reporter_iso",
    "reporter",
    "partner_iso",
    "partner",
    "partner_code",
    "cmd_code",
    "flow_code",
    "concept",
    "measure",
    "currency_group",
    "region",
    "partner_role",
    "exporter",
    "importer",
    "product",
    "flow",
    "qualifier",
    "value",
    "low",
    "high",
    "unit",
    "missing",
    "flags",
    "vintage",
    "outlet",
    "basis",
    "publisher",
    "repeats",
)
# Columns that measures add, of which a table shows those that differ from row to row.
MEASURED = ("all_months", "displacement", "effect", "outside", "part", "placebo", "role", "table")
# Of the tables that answers are made of; a column of rates is one that a user put beside them.
COLUMNS = {field.name for name in schema.TABLES if name != "rates" for field in schema.TABLES[name]}
HIDDEN_COLUMNS = {
    "n_stated",
    "complete",
    "value_whole",
    "displacement",
    "displacement_net",
    "base",
    "months_base",
    "months_after",
    "after",
} | COLUMNS - {*SHOWN}
HIDDEN_COLUMNS |= {f"{name}_{side}" for name in COLUMNS - {"value"} for side in ("m", "x", "whole")}
# Of what all rows share, the columns whose value stands in the line above the table.
IN_HEAD = ("unit", "ref_period", "period", "measure", "flags")
# The same of published figures and of settlement, each somebody's statement, and a word before.
OF_FIGURES = {
    "id": "",
    "product": "",
    "exporter": "from ",
    "importer": "to ",
    "window_text": "",
    "publisher": "",
}
OF_SETTLEMENT = {"outlet": ""}
# Columns whose names are in a heading, those of trade first.
HEADED = (
    *("cmd_code", "reporter_iso", "partner_iso", "flow_code"),
    *("concept", "currency_group", "region", "topic"),
)
MEASURE = "measure"  # in attrs: what was measured
CHOSEN = "chosen"  # in attrs: whether a user chose the columns, of which none is hidden then
INVENTORY = ("name", "held")  # of what is held, the columns that one row shows too
FEW_NAMES = 4  # that a heading lists
NARROWEST = 12  # letters that a column of texts keeps, however narrow the terminal
FEW_ROWS = 10  # of a table that is longer than pandas shows


def with_short_names(frame: DataFrame) -> DataFrame:
    """`frame` with a column of names for each column of codes: ``reporter``, ``period``, …."""
    names = {
        short: names_of(frame, column)
        for column, short in SHORT_NAMES.items()
        if column in frame and short not in frame
    }
    result = frame.assign(**names)
    result.attrs = dict(frame.attrs)
    return result


def without_short_names(frame: DataFrame) -> DataFrame:
    """`frame` without the columns of names that its codes give anew."""
    result = frame.drop(columns=_derived(frame))
    result.attrs = dict(frame.attrs)
    return result


def names_of(frame: DataFrame, column: str) -> list[Any]:
    """What readers see for each cell of a column of codes or days."""
    cells = list(frame[column])
    if column == "ref_period" and "n_months" in frame:
        return [period(*pair) for pair in zip(cells, frame["n_months"], strict=True)]
    if column == "ref_period":
        return [f"{cell:%Y-%m}" if isinstance(cell, pd.Timestamp) else cell for cell in cells]
    words = {cell for cell in cells if isinstance(cell, str)}
    texts = {word: name_of(column, word) for word in words}
    return [texts[cell] if isinstance(cell, str) else cell for cell in cells]


def name_of(column: str, cell: Any) -> str:
    """What readers see for a code of a column, or the code."""
    if not isinstance(cell, str):
        return str(cell)
    try:
        if column in ("reporter_iso", "partner_iso", "exporter", "importer"):
            return codes.area_name(cell)
        return codes.product_name(cell) if column == "cmd_code" else FLOWS.get(cell, cell)
    except CodeError:
        return cell


def period(day: Any, n_months: Any) -> str:
    """A period as 2023-05, 2023 or 2023-01 to 2023-03; a text where it is no period."""
    is_number = isinstance(n_months, (int, float)) or hasattr(n_months, "__index__")
    if not isinstance(day, pd.Timestamp) or not is_number:
        return "" if is_null(day) else str(day)
    if is_null(n_months) or not 1 <= n_months < 1200:
        return f"{day:%Y-%m}"
    if n_months == 12 and day.month == 1:
        return str(day.year)
    first = month_of(day)
    return runs(range(first, first + int(n_months)))


# --- a heading and a table ------------------------------------------------------------------------


def heading(frame: DataFrame) -> str:
    """What the rows are of, from what they have in common, after what was measured of them."""
    title = frame.attrs.get("title", "")
    if title:
        return str(title)
    if "cmd_code" in frame or "cmd_code" in frame.attrs.get(NAMED, ()):
        goods, reporter, partner, flow = (_common(frame, column) for column in HEADED[:4])
        is_mixed = "," in flow or flow in ("", "trade")
        preposition = "with" if is_mixed else "to" if "exports" in flow else "from"
        what = [
            flow or "trade",
            reporter and f"of {reporter}",
            partner and f"{preposition} {partner}",
        ]
        text = ", ".join(filter(None, (goods, " ".join(filter(None, what)))))
    else:
        text = ", ".join(filter(None, (_common(frame, column) for column in HEADED[4:])))
    text = ", less ".join(filter(None, [text, frame.attrs.get(LESS, "")]))
    text = text[:1].upper() + text[1:] or "Answer"
    return ": ".join(filter(None, [frame.attrs.get(MEASURE, ""), text]))


def set_heading(frame: DataFrame, measure: str, of: DataFrame) -> None:
    """Keep for the heading of `frame` what the rows are that it is a `measure` of."""
    words = [measure, str(of.attrs.get(MEASURE, ""))]
    if of.attrs.get("title"):
        frame.attrs["title"] = ": ".join(filter(None, [measure, of.attrs["title"]]))
    frame.attrs[MEASURE] = ": ".join(filter(None, words))
    set_names(frame, of)


def set_names(frame: DataFrame, of: DataFrame) -> None:
    """Keep for the heading of `frame` what the rows are that it has columns of."""
    named = {column: _common(of, column) for column in HEADED}
    frame.attrs[NAMED] = {column: text for column, text in named.items() if text}


def _common(frame: DataFrame, column: str) -> str:
    """The names that a column has, if they are few; of one that was summed over, those before."""
    before = str(frame.attrs.get(NAMED, {}).get(column, ""))
    if column not in frame:
        return before
    known = frame[frame[column].notna()]
    names = list(dict.fromkeys(str(name) for name in names_of(known, column)))
    if len(names) > FEW_NAMES:
        return f"{known[column].nunique()} {SHORT_NAMES.get(column, column)}s"
    return before if sorted(before.split(", ")) == sorted(names) else ", ".join(names)


def tidy(frame: DataFrame) -> tuple[str, DataFrame]:
    """The line above an answer's table, and the table with names for codes."""
    visible = _visible_columns(frame)
    table = DataFrame({name: _shown_cells(frame, name) for name in visible})
    constant = [name for name in _droppable(frame, table) if _is_constant(table[name])]
    words = dict.fromkeys(IN_HEAD, "") | _of_statements(frame)
    fixed = {
        name: f"{word}{name_of(name, table[name].iloc[0])}"
        for name, word in words.items()
        if name in constant and not is_null(table[name].iloc[0])
    }
    if fixed.get("unit") in contracts.CURRENCIES and "valuation" in frame:
        texts = {"CIF or FOB" if is_null(cell) else str(cell) for cell in frame["valuation"]}
        fixed["unit"] += f" {' or '.join(sorted(texts))}"
    head = "; ".join(filter(None, [heading(frame), *fixed.values()]))
    names = {**SHORT_NAMES, "partner_code": "route"}
    return head, table.drop(columns=constant).rename(columns=names)


def _of_statements(frame: DataFrame) -> dict[str, str]:
    """The columns that say whose statement each row is, and of what; none of trade."""
    if "window_text" in frame:
        return OF_FIGURES
    return OF_SETTLEMENT if "outlet" in frame else {}


def _droppable(frame: DataFrame, table: DataFrame) -> list[Any]:
    """The columns of a table that are not shown where they are the same in all rows."""
    if CHOSEN in frame.attrs:
        return [name for name in table if name in IN_HEAD]
    kept = {"value", *(INVENTORY if "held" in frame else ())}
    if "missing" in table and table["missing"].astype("str").str.len().any():
        kept |= {"missing"}
    return [name for name in table if name in {*COLUMNS, *SHOWN, *MEASURED, *_MEASURE_SIDES} - kept]


def slim_table(frame: DataFrame) -> DataFrame:
    """An answer's table to be kept: names for codes, and the place of each row in its raw file.

    Of the other columns of a table those that are the same in all rows are left out, but for what
    statements are of, and for a qualifier other than "=".
    """
    has_zeros = "flags" in frame and frame["flags"].eq(DECLARED).any()
    place = [name for name in (*PLACE, *(["flags"] if has_zeros else [])) if name in frame]
    table = DataFrame({name: _shown_cells(frame, name) for name in _visible_columns(frame)})
    always = {*SHORT_NAMES, *IN_HEAD, "value"}
    if _of_statements(frame):
        always |= {name for name in table if not table[name].isna().all()}
    known = {*COLUMNS, *SHOWN} - always
    kept = [name for name in table if name not in known or not _is_constant(table[name])]
    names = {column: short for column, short in SHORT_NAMES.items() if short not in kept}
    table = table[kept].rename(columns=names)
    return table.assign(**{name: frame[name].array for name in place if name not in table})


_MEASURE_SIDES = ("value_m", "value_x", "publisher_m", "publisher_x")


def _visible_columns(frame: DataFrame) -> list[Any]:
    """Columns that a reader sees, in their order: of codes and their names the codes, once."""
    hidden = {*_derived(frame)}
    if "held" in frame:
        return list(frame)
    if "partner_role" not in frame or not frame["partner_role"].eq("route").any():
        hidden.add("partner_code")  # of an area its name says as much
    if "rate_of" in frame:
        hidden.add("rate")  # by which a measure converted
    if CHOSEN in frame.attrs:
        return [name for name in frame if name not in hidden]
    visible = [name for name in frame if name not in HIDDEN_COLUMNS and name not in hidden]
    places = {name: place for place, name in enumerate(SHOWN)}
    return sorted(visible, key=lambda name: places.get(name, places["low"]))


def _shown_cells(frame: DataFrame, column: Any) -> Any:
    short = SHORT_NAMES.get(column)
    if short in frame and short not in _derived(frame):
        return frame[column].array  # beside names of the user's own, codes stay codes
    if column in SERIES or (column == "ref_period" and "n_months" in frame):
        return names_of(frame, column)
    if column == "qualifier" and "value" in frame:  # a statement without a figure has none
        return frame[column].mask(frame["value"].isna(), "").array
    return frame[column].array


def _derived(frame: DataFrame) -> list[str]:
    """The columns that hold the names of the codes in their own column, and no others."""
    return [
        short
        for column, short in SHORT_NAMES.items()
        if {column, short} <= {*frame} and _known(frame[short]) == _known(names_of(frame, column))
    ]


def _known(cells: Iterable[Any]) -> list[Any]:
    """Cells, of which those with nothing in them are alike."""
    return ["" if is_null(cell) else cell for cell in cells]


def _is_constant(column: Series) -> bool:
    if column.name == "qualifier":  # any other is shown, whether or not all rows share it
        return {*column.dropna()} <= {"", "="}
    try:
        return bool(column.nunique(dropna=False) < 2)
    except TypeError:  # a user's column of lists
        return len({str(cell) for cell in column}) < 2


def is_null(cell: Any) -> bool:
    """Whether a cell has nothing in it."""
    return cell is None or cell is pd.NaT or cell is pd.NA or cell != cell


# --- text and HTML --------------------------------------------------------------------------------


def as_text(table: DataFrame, room: int | None = None) -> str:
    """A tidy table as text; see :func:`fitted`."""
    return fitted(table, room, **_limits(table))


def fitted(table: DataFrame, room: int | None = None, **options: Any) -> str:
    """A table as text, with the options of pandas.

    Where it is wider than `room` the texts of its widest columns are cut at their ends, and where
    that is not enough its last columns stand below the first. No number is cut.
    """
    text = str(table.to_string(index=False, **options))
    excess = max(map(len, text.splitlines())) - room if room else 0
    if excess <= 0:
        return text
    texts = table.select_dtypes(exclude="number").astype("object").fillna("").astype("str")
    widths = {name: int(texts[name].str.len().max()) for name in texts}
    while excess > 0 and max(widths.values(), default=0) > NARROWEST:
        name = max(widths, key=lambda name: widths[name])
        width = max(widths[name] - excess, NARROWEST, widths[name] // 2)
        excess -= widths[name] - width
        widths[name] = width
        texts[name] = [t if len(t) <= width else f"{t[: width - 1]}…" for t in texts[name]]
    cut = table.assign(**{str(name): texts[name] for name in texts})
    wrapped = room if excess > 0 else None  # of which pandas keeps some for itself
    return str(cut.to_string(index=False, line_width=wrapped, **options))


def as_html(table: DataFrame) -> str:
    """A tidy table as HTML."""
    return str(table.to_html(index=False, border=0, **_limits(table)))


def as_page(head: str, notes: Iterable[str], table: str, foot: Iterable[str]) -> str:
    """A heading, notes, a table in HTML and the lines below it as HTML."""
    items = "".join(f"<li>{html.escape(note)}</li>" for note in notes)
    below = "".join(f"<p><small>{html.escape(line)}</small></p>" for line in foot)
    page = f"<p><b>{html.escape(head)}</b></p><ul>{items}</ul>{table}{below}"
    return without_formulas(page)


def without_formulas(page: str) -> str:
    """HTML in which JupyterLab sets no text between two dollar signs as a formula."""
    return f'<div class="tex2jax_ignore mathjax_ignore">{page}</div>'


def caveats_of(frame: DataFrame) -> list[str]:
    """What to mind of a frame, a sentence each."""
    caveats = frame.attrs.get("caveats", ())
    return [str(text) for text in caveats] if isinstance(caveats, (tuple, list)) else []


def source_line(frame: DataFrame, root: Path | None = None) -> list[str]:
    """The publishers and vintages behind a frame, in a line, if it has any."""
    sources = frame.attrs.get("sources", ())
    if not sources or not isinstance(sources, (tuple, list)):
        return []
    try:
        return [f"Source: {catalogue.credit(sources, root)}"]
    except TradeflowsError:  # a frame that was saved and is read outside of its project
        return [f"Source: {', '.join(map(str, sources))}"]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _limits(table: DataFrame) -> dict[str, Any]:
    most = pd.get_option("display.max_rows")
    rows = FEW_ROWS if most and len(table) > most else None
    return {"max_rows": rows, "float_format": _number, "na_rep": ""}
