"""A question in words into conditions on columns, and the rows that meet them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import reduce
from itertools import chain
from operator import or_
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from tradeflows.model import codes
from tradeflows.model.errors import QueryError, near, nearest
from tradeflows.model.periods import first_day, parse_period, parse_window
from tradeflows.model.source import Source

Words = str | Iterable[str] | None
FEW = 8  # values of a filter that are compared one by one
STATED_BY = "stated_by"  # of a table whose rows name their publisher, the filter of that name
FILTERS: dict[str, dict[str, str]] = {  # table: each filter's column
    "trade": {
        "reporter": "reporter_iso",
        "partner": "partner_iso",
        "product": "cmd_code",
        "flow": "flow_code",
        "freq": "freq_code",
        "classification": "classification_code",
        "partner_role": "partner_role",
        "partner_code": "partner_code",
        "cumulation": "cumulation",
        "breakdown": "breakdown",
        "currency": "currency",
        "qty_unit": "qty_unit",
        "valuation": "valuation",
        "vintage": "vintage",
        "source": "source_id",
    },
    "settlement": {
        "concept": "concept",
        "measure": "measure",
        "region": "region",
        "currency_group": "currency_group",
        "vintage": "vintage",
        "outlet": "outlet",
        "unit": "unit",
        "source": "source_id",
    },
    "rates": {
        "base": "base",
        "quote": "quote",
        STATED_BY: "publisher",
        "statistic": "statistic",
        "source": "source_id",
    },
    "figures": {
        "id": "id",
        "topic": "topic",
        "exporter": "exporter",
        "importer": "importer",
        "unit": "unit",
        "basis": "basis",
        STATED_BY: "publisher",
        "source": "source_id",
    },
}
PARTS = "parts"  # of a breakdown, where there is no total
ALL_GOODS = "TOTAL"  # no goods below it stand for it: a file of some goods does not state all
_OPTIONS = ("start", "end", "as_of", "splice", "local", "root")  # of `read`, beside the filters


def texts_of(name: str, value: Any) -> list[str]:
    """One value or several of the filter `name`, as a list."""
    texts = [value] if isinstance(value, str) or not isinstance(value, Iterable) else [*value]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise QueryError(f"{name}={value!r}: expected a text such as '2709', or a list of them")
    return texts


def conditions(
    table: str,
    asked: Mapping[str, list[str]],
    products: list[list[str]],
    sources: Mapping[str, Source],
) -> dict[str, list[str]]:
    """Column and values of each filter; words become codes."""
    known = {"publisher": "source_id"} | FILTERS[table]
    wanted: dict[str, list[str]] = {}
    for name, texts in asked.items():
        if name not in known:
            raise QueryError(f"no filter {name!r} for {table}{near(name, [*known, *_OPTIONS])}")
        column = known[name]
        values = _values_of(name, column, texts, products)
        if name == "publisher":
            values = _sources_of(values, table, sources)
        others = wanted.get(column, values)
        wanted[column] = [value for value in values if value in others]
        if not wanted[column]:
            raise QueryError(
                f"{name}={texts} has no {column} in common with the other "
                f"filters, which leave {_nearest_values(others, '')}"
            )
    return wanted


def _values_of(name: str, column: str, texts: list[str], products: list[list[str]]) -> list[str]:
    """The values of a column that the texts of a filter stand for."""
    if name in ("reporter", "partner") and texts != ["countries"]:
        return [codes.area(text) for text in texts]
    if name == "product":
        return list(chain.from_iterable(products))
    return texts


def _sources_of(values: list[str], table: str, sources: Mapping[str, Source]) -> list[str]:
    of_table = [source for source in sources.values() if source.table == table]
    publishers = {source.publisher for source in of_table}
    for value in values:
        if value not in publishers:
            by_name = (
                f"; {STATED_BY}= takes a name that rows have" if STATED_BY in FILTERS[table] else ""
            )
            raise QueryError(f"no publisher {value!r} of {table}{near(value, publishers)}{by_name}")
    return [source.id for source in of_table if source.publisher in values]


def months_of(start: str | None, end: str | None) -> tuple[int | None, int | None]:
    """First and last month of a question, counted from year 0; None where not asked."""
    if start is not None and end is not None:
        window = parse_window(start, end)
        return window[0], window[-1]
    first = None if start is None else parse_period(start, "start")[0]
    last = None if end is None else parse_period(end, "end")[-1]
    return first, last


def scan(
    stored: ds.Dataset,
    table: str,
    wanted: Mapping[str, list[str]],
    first: int | None,
    last: int | None,
    columns: list[str] | None = None,
) -> pa.Table:
    """Rows of a table that meet all conditions, within a window of months."""
    where = pc.scalar(True)
    for column, values in wanted.items():
        where &= _matches(column, values)
    starts, ends = dates_of(table)
    if first is not None:
        where &= pc.field(starts) >= first_day(first)
    if last is not None:
        where &= pc.field(ends) < first_day(last + 1)
    read = columns
    if columns is not None:  # and what the end of a period is told by
        period = [name for name in ("ref_period", "n_months") if name in stored.schema.names]
        read = list(dict.fromkeys([*columns, *period]))
    rows = stored.to_table(columns=read, filter=where)
    if last is not None and "n_months" in rows.column_names:
        rows = rows.filter(_ends_by(rows, last))
    return rows.select(columns) if columns else rows


def apart(
    stored: ds.Dataset, wanted: Mapping[str, list[str]], first: int | None, last: int | None
) -> list[str]:
    """Lines that say where a country that is asked for is stated by its parts: GBR from 2021 on."""
    lines = []
    for name in ("reporter", "partner"):
        asked = [area for area in wanted.get(f"{name}_iso", ()) if area != "countries"]
        for area in asked:
            others = sorted({*codes.parts(area)} - {*asked})
            if others:
                window = {**wanted, f"{name}_iso": others}
                days = scan(stored, "trade", window, first, last, ["ref_period"])["ref_period"]
                if len(days):
                    lines.append(split(name, area, others, pc.min(days).as_py()))
    return lines


def split(name: str, area: str, others: list[str], day: date) -> str:
    """Say of an `area` that `others`, its parts, are stated too from `day` on, and how to ask."""
    return (
        f"{area} is stated as {' and '.join(others)} too, from {day:%Y-%m} on, which are not "
        f"here; {name}={[area, *others]} has all, where no year has both"
    )


def dates_of(table: str) -> tuple[str, str]:
    """Columns of the first and the last day that a row speaks of."""
    return ("window_start", "window_end") if table == "figures" else ("ref_period", "ref_period")


def undated(stored: ds.Dataset, table: str, wanted: Mapping[str, list[str]]) -> list[str]:
    """What a window leaves out because its dates are vague."""
    starts, ends = dates_of(table)
    if not (stored.schema.field(starts).nullable or stored.schema.field(ends).nullable):
        return []
    rows = scan(stored, table, wanted, None, None, list({starts, ends}))
    vague = len(rows) - len(rows.drop_null())
    return [f"{vague} rows without exact dates are in no window, so not here"] if vague else []


def _ends_by(rows: pa.Table, last: int) -> Any:
    """Whether each period of n months is over by the end of month `last`."""
    first = pc.add(pc.multiply(pc.year(rows["ref_period"]), 12), pc.month(rows["ref_period"]))
    after = pc.add(first, rows["n_months"])  # months of a year are counted from 1 here
    return pc.less_equal(after, last + 2)


def _matches(column: str, values: list[str]) -> Any:
    """The condition that a column has one of `values`, or of what they contain."""
    field = pc.field(column)
    if values == ["countries"]:
        wholes = [area for area in codes.groups() if not codes.is_country(area)]
        return ~pc.is_in(field, pa.array(wholes, pa.string()))
    if column == "breakdown" and values == [PARTS]:
        return field.is_valid()
    if column == "cmd_code":
        return _matches_products(field, values)
    if len(values) <= FEW:
        return reduce(or_, [field == value for value in values])
    return _within(field, values) & pc.is_in(field, pa.array(values))


def _matches_products(field: Any, values: list[str]) -> Any:
    """The condition that a code is one of `values`, or lies under it."""
    parts = [part for value in values for part in value.split("+")]
    heads = tuple(dict.fromkeys(part for part in parts if part.isdigit()))
    listed: set[str] = set()
    for value in set(values) - {ALL_GOODS}:
        listed.update(codes.listed_under(value))
    values = values + sorted(code for code in listed if not code.startswith(heads))
    # Arrow skips row groups by comparisons alone, but makes each of them for every row.
    values = list(dict.fromkeys([*values, *heads]))
    if len(values) <= FEW:
        equal = [field == value for value in values]
        under = [(field >= f"{head}0") & (field < f"{head}[") for head in heads]
        return reduce(or_, equal + under)
    among = pc.is_in(field, pa.array(values))
    if heads:
        among |= pc.match_substring_regex(field, f"^({'|'.join(heads)})[0-9:A-Z]")
    return _within(field, values) & among


def _within(field: Any, values: list[str]) -> Any:
    """The condition that a text lies between the first and the last of `values`."""
    return (field >= min(values)) & (field < f"{max(values)}[")


def nothing_held(
    stored: ds.Dataset,
    table: str,
    wanted: Mapping[str, list[str]],
    first: int | None,
    last: int | None,
) -> str:
    """Which one filter would have to be another, and what it could be."""
    filter_of = {column: name for name, column in FILTERS[table].items()}
    hints = []
    for column, values in wanted.items():
        others = {name: of for name, of in wanted.items() if name != column}
        rows = scan(stored, table, others, first, last, [column])
        present = pc.unique(rows[column]).drop_null().to_pylist()
        if present:
            some = _nearest_values(present, values[0])
            hints.append(f"{filter_of[column]} other than {'+'.join(values[:3])}: {some}")
    is_windowed = first is not None or last is not None
    if is_windowed and "ref_period" in stored.schema.names:
        rows = scan(stored, table, wanted, None, None, ["ref_period"])
        if len(rows):
            ends = pc.min_max(rows["ref_period"]).as_py()
            hints.append(f"another window: {ends['min']:%Y-%m} to {ends['max']:%Y-%m} is held")
    if hints:
        return f"nothing in {table} matches; held with {' or '.join(hints)}"
    return f"nothing in {table} matches these filters together; leave a filter out"


def _nearest_values(values: Iterable[str], word: str) -> str:
    """Those of `values` that are nearest to `word`, at most eight."""
    ordered = sorted(values)
    begin_so = [value for value in ordered if value[:2] == word[:2]]
    several = dict.fromkeys([*nearest(word, ordered, 4), *begin_so, *ordered])
    return ", ".join(list(several)[:8])
