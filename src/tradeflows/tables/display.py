"""Tables and headings for readers: names for codes, the unit said once, nothing that repeats."""

import html
from collections.abc import Iterable
from typing import Any

import pandas as pd

from tradeflows.model import codes, schema
from tradeflows.model.errors import CodeError
from tradeflows.model.periods import runs
from tradeflows.retrieval import catalogue

WORDS = {
    "reporter": "reporter_iso",
    "partner": "partner_iso",
    "product": "cmd_code",
    "flow": "flow_code",
}
HEADS = {"ref_period": "period"} | {column: word for word, column in WORDS.items()}
FLOWS = {"M": "imports", "X": "exports", "RM": "re-imports", "RX": "re-exports", "MX": "trade"}
SERIES = (
    "window",
    "reporter_iso",
    "partner_iso",
    "cmd_code",
    "flow_code",
    "concept",
    "measure",
    "currency_group",
    "region",
    "partner_role",
    "effect",
)
# What a reader sees of a table's columns, in this order; a column of no table is always shown.
SHOWN = (
    "window",
    "id",
    "topic",
    "ref_period",
    "period_text",
    "window_text",
    *SERIES[1:-1],
    "exporter",
    "importer",
    "product",
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
COLUMNS = {field.name for contract in schema.TABLES.values() for field in contract}
HIDDEN_COLUMNS = {
    "source_id",
    "valuation",
    "n_stated",
    "complete",
    "value_whole",
    "displacement",
    "displacement_net",
    "months_base",
    "months_after",
    "base",
    "after",
} | COLUMNS - {*SHOWN}
HIDDEN_COLUMNS |= {f"{name}_{side}" for name in COLUMNS - {"value"} for side in ("m", "x", "whole")}


def heading(frame: pd.DataFrame) -> str:
    """What the rows are of, from what they have in common."""
    if title := frame.attrs.get("title", ""):
        return str(title)
    if "cmd_code" in frame:
        goods, who, whom = (_all(frame, WORDS[word]) for word in ("product", "reporter", "partner"))
        flow = _all(frame, "flow_code") or "trade"
        way = "with" if "," in flow or flow == "trade" else "to" if "exports" in flow else "from"
        parts = [flow, f"of {who}" if who else "", f"{way} {whom}" if whom else ""]
        text = ", ".join(filter(None, (goods, " ".join(filter(None, parts)))))
    else:
        text = ", ".join(
            filter(
                None,
                (_all(frame, name) for name in ("concept", "currency_group", "region", "topic")),
            )
        )
    return text[:1].upper() + text[1:] or "Answer"


def period(day: Any, n_months: float) -> str:
    """A period as 2023-05, 2023 or 2023-01 to 2023-03."""
    if pd.isna(day) or pd.isna(n_months):
        return ""
    first = day.year * 12 + day.month - 1
    return (
        str(day.year)
        if n_months == 12 and day.month == 1
        else (runs(range(first, first + int(n_months))))
    )


def tidy(frame: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """The line above an answer's table, and the table with names for codes."""
    is_inventory = "held" in frame
    shown = [name for name in frame if name not in HIDDEN_COLUMNS]
    names = [*frame] if is_inventory else sorted(shown, key=_order)
    table = pd.DataFrame({name: _named(frame, name) for name in names})
    if "ref_period" in table and "n_months" in frame:
        table["ref_period"] = [*map(period, frame["ref_period"], frame["n_months"])]
    kept = {"value", "name", "held"} if is_inventory else {"value"}
    rest = [name for name in table if name not in kept]
    constant = [name for name in rest if table[name].nunique(dropna=False) < 2]
    in_heading = [name for name in ("unit", "ref_period", "measure", "flags") if name in constant]
    fixed = {name: str(table[name].iloc[0]) for name in in_heading}
    if "valuation" in frame and fixed.get("unit") in ("USD", "EUR", "CNY", "RUB", "INR"):
        valuations = sorted(frame["valuation"].fillna("CIF or FOB").unique())
        fixed["unit"] += f" {' or '.join(valuations)}"
    head = "; ".join(filter(None, [heading(frame), *fixed.values()]))
    return head, table.drop(columns=constant).rename(columns=HEADS)


def _named(frame: pd.DataFrame, column: str) -> Any:
    """The cells of a column, codes by their names."""
    if column in SERIES:
        return [name_of(column, cell) for cell in frame[column]]
    return frame[column].array


def _order(name: Any) -> int:
    return SHOWN.index(name) if name in SHOWN else SHOWN.index("low")


def name_of(column: str, cell: Any) -> str:
    """What readers see for a code of a column, or the code."""
    try:
        if column in ("reporter_iso", "partner_iso"):
            return codes.area_name(cell)
        return codes.product_name(cell) if column == "cmd_code" else FLOWS.get(cell, str(cell))
    except CodeError:
        return str(cell)


def _all(frame: pd.DataFrame, column: str) -> str:
    """The names that a column has, if they are few."""
    names = list(dict.fromkeys(name_of(column, cell) for cell in frame.get(column, [])))
    return ", ".join(names) if len(names) <= 4 else f"{len(names)} {HEADS.get(column, column)}s"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def as_text(table: pd.DataFrame) -> str:
    """A tidy table as text."""
    return str(table.to_string(index=False, **_limits(table)))


def as_html(table: pd.DataFrame) -> str:
    """A tidy table as HTML."""
    return str(table.to_html(index=False, border=0, **_limits(table)))


def as_page(head: str, notes: Iterable[str], table: str, foot: Iterable[str]) -> str:
    """A heading, notes, a table in HTML and the lines below it as HTML."""
    listed = "".join(f"<li>{html.escape(note)}</li>" for note in notes)
    below = "".join(f"<p><small>{html.escape(line)}</small></p>" for line in foot)
    page = f"<p><b>{html.escape(head)}</b></p><ul>{listed}</ul>{table}{below}"
    return without_formulas(page)


def without_formulas(page: str) -> str:
    """HTML in which JupyterLab sets no text between two dollar signs as a formula."""
    return f'<div class="tex2jax_ignore mathjax_ignore">{page}</div>'


def source_line(frame: pd.DataFrame) -> list[str]:
    """The publishers and vintages behind a frame, in a line, if it has any."""
    sources: Iterable[str] = frame.attrs.get("sources", ())
    return [f"Source: {catalogue.credit(sources)}"] if sources else []


def _limits(table: pd.DataFrame) -> dict[str, Any]:
    most = pd.get_option("display.max_rows")
    rows = 10 if most and len(table) > most else None
    return {"max_rows": rows, "float_format": _number, "na_rep": ""}
