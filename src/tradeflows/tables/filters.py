"""A question in words into conditions on columns, and the rows that meet them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import chain
from operator import or_
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from tradeflows.model import codes
from tradeflows.model.errors import QueryError, near, nearest, there_are
from tradeflows.model.periods import ends_text, first_day, month_of, parse_period, parse_window
from tradeflows.model.source import Publisher, Source
from tradeflows.model.words import fold

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


def conditions(
    table: str,
    asked: Mapping[str, list[str]],
    products: list[list[str]],
    sources: Mapping[str, Source],
    publishers: Mapping[str, Publisher],
) -> dict[str, list[str]]:
    """Column and values of each filter; words become codes."""
    known = {"publisher": "source_id"} | FILTERS[table]
    wanted: dict[str, list[str]] = {}
    for name, texts in asked.items():
        if name not in known:
            nearest_filter = near(name, [*known, *_OPTIONS])
            raise QueryError(f"no filter {name!r} for {table}{nearest_filter}")
        column = known[name]
        values = _values_of(name, column, texts, products)
        if name == "publisher":
            of_table = [source for source in sources.values() if source.table == table]
            values = _sources_of(values, table, of_table, publishers)
        others = wanted.get(column, values)
        wanted[column] = [value for value in values if value in others]
        if not wanted[column]:
            left = _nearest_values(others, "")
            raise QueryError(
                f"{name}={texts} has no {column} in common with the other filters, "
                f"which leave {left}"
            )
    return wanted


def _values_of(name: str, column: str, texts: list[str], products: list[list[str]]) -> list[str]:
    """The values of a column that the texts of a filter stand for."""
    if name in ("reporter", "partner") and texts != ["countries"]:
        return [codes.area(text) for text in texts]
    if name == "product":
        return list(chain.from_iterable(products))
    return texts


def _sources_of(
    words: list[str], table: str, sources: Sequence[Source], publishers: Mapping[str, Publisher]
) -> list[str]:
    """Ids of the sources of publishers, each of which is named by its id or its name."""
    ids = {source.publisher for source in sources}
    id_of = {fold(name): name for name in ids}
    shorts = []
    for name in sorted(ids & publishers.keys()):
        entry = publishers[name]
        shorts.append(entry.short)
        id_of = {fold(entry.short): name, fold(entry.name): name} | id_of
    for word in words:
        if fold(word) not in id_of:
            names = ids.union(short for short in shorts if fold(short) not in ids)
            by_name = ""
            if STATED_BY in FILTERS[table]:
                by_name = f" ({STATED_BY}= takes a name that rows have)"
            close = nearest(word, names)
            hint = f"did you mean {close[0]!r}?" if close else there_are(names)
            raise QueryError(f"no publisher {word!r} of {table}{by_name}; {hint}")
    wanted = {id_of[fold(word)] for word in words}
    return [source.id for source in sources if source.publisher in wanted]


def months_of(start: str | None, end: str | None) -> tuple[int | None, int | None]:
    """First and last month of a question, counted from year 0; None where not asked."""
    if start is not None and end is not None:
        window = parse_window(start, end)
        return window[0], window[-1]
    first = last = None
    if start is not None:
        months = parse_period(start, "start")
        first = months[0]
    if end is not None:
        months = parse_period(end, "end")
        last = months[-1]
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
        where &= condition(column, values)
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
    if not columns:
        return rows
    return rows.select(columns)


def apart(
    stored: ds.Dataset, wanted: Mapping[str, list[str]], first: int | None, last: int | None
) -> list[str]:
    """Lines that say where a country that is asked for is stated by its parts: GBR from 2021 on."""
    lines = []
    for column, area, others in areas_in_parts(wanted):
        of_parts = {**wanted, column: others}
        rows = scan(stored, "trade", of_parts, first, last, ["ref_period"])
        if len(rows):
            days = rows["ref_period"]
            lines.append(changed_area_message(column, area, others, days))
    return lines


def named_areas(wanted: Mapping[str, list[str]], column: str) -> list[str]:
    """Ids of the areas that a condition names one by one."""
    return [area for area in wanted.get(column, ()) if area != "countries"]


def areas_in_parts(wanted: Mapping[str, list[str]]) -> Iterator[tuple[str, str, list[str]]]:
    """Areas that are asked for without all of their parts: the column, the area and those parts."""
    for column in ("reporter_iso", "partner_iso"):
        asked = named_areas(wanted, column)
        for area in asked:
            parts = set(codes.parts(area))
            others = sorted(parts.difference(asked))
            if others:
                yield column, area, others


def changed_area_message(column: str, area: str, others: list[str], days: Any) -> str:
    """Say of an `area` that `others`, its parts, are stated too since the first of `days`."""
    name = column.removesuffix("_iso")
    day = pc.min(days).as_py()
    parts = " and ".join(others)
    everything = [area, *others]
    return (
        f"{area} is stated as {parts} too, from {day:%Y-%m} on, which are not "
        f"here; {name}={everything} has all, where no year has both"
    )


def dates_of(table: str) -> tuple[str, str]:
    """Columns of the first and the last day that a row speaks of."""
    if table == "figures":
        return "window_start", "window_end"
    return "ref_period", "ref_period"


def undated(stored: ds.Dataset, table: str, wanted: Mapping[str, list[str]]) -> list[str]:
    """What a window leaves out because its dates are vague."""
    starts, ends = dates_of(table)
    columns = list({starts, ends})
    fields = [stored.schema.field(name) for name in columns]
    if not any(field.nullable for field in fields):
        return []
    rows = scan(stored, table, wanted, None, None, columns)
    vague = len(rows) - len(rows.drop_null())
    if not vague:
        return []
    return [f"{vague} rows without exact dates are in no window, so not here"]


def _ends_by(rows: pa.Table, last: int) -> Any:
    """Whether each period of n months is over by the end of month `last`."""
    day = rows["ref_period"]
    before = pc.multiply(pc.year(day), 12)
    first = pc.add(before, pc.month(day))
    after = pc.add(first, rows["n_months"])  # months of a year are counted from 1 here
    return pc.less_equal(after, last + 2)


def condition(column: str, values: list[str]) -> Any:
    """The condition that a column has one of `values`, or of what they contain."""
    field = pc.field(column)
    if values == ["countries"]:
        groups = [area for area in codes.groups() if not codes.is_country(area)]
        wholes = pa.array(groups, pa.string())
        return ~pc.is_in(field, wholes)
    if column == "breakdown" and values == [PARTS]:
        return field.is_valid()
    if column == "cmd_code":
        return _matches_products(field, values)
    if len(values) <= FEW:
        equal = [field == value for value in values]
        return reduce(or_, equal)
    among = pc.is_in(field, pa.array(values))
    return _within(field, values) & among


def products_meant(values: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Codes that `values` stand for, and of which of them all that lies under them is meant."""
    parts: list[str] = []
    for value in values:
        parts += value.split("+")
    heads = tuple(dict.fromkeys(part for part in parts if part.isdigit()))
    listed: set[str] = set()
    for value in set(values) - {ALL_GOODS}:
        listed.update(codes.listed_under(value))
    others = sorted(code for code in listed if not code.startswith(heads))
    return list(dict.fromkeys([*values, *others, *heads])), heads


def _matches_products(field: Any, values: list[str]) -> Any:
    """The condition that a code is one of `values`, or lies under it."""
    values, heads = products_meant(values)
    # Arrow skips row groups by comparisons alone, but makes each of them for every row.
    if len(values) <= FEW:
        equal = [field == value for value in values]
        under = []
        for head in heads:
            is_after = field >= f"{head}0"
            is_before = field < f"{head}["
            under.append(is_after & is_before)
        return reduce(or_, equal + under)
    among = pc.is_in(field, pa.array(values))
    if heads:
        any_head = "|".join(heads)
        among |= pc.match_substring_regex(field, f"^({any_head})[0-9:A-Z]")
    return _within(field, values) & among


def _within(field: Any, values: list[str]) -> Any:
    """The condition that a text lies between the first and the last of `values`."""
    first = min(values)
    last = max(values)
    return (field >= first) & (field < f"{last}[")


def nothing_held(
    stored: ds.Dataset,
    table: str,
    wanted: Mapping[str, list[str]],
    first: int | None,
    last: int | None,
) -> str:
    """Which one filter would have to be another, and what it could be."""
    if not stored.count_rows():
        return f"no row of {table} is held; `tradeflows add FILE` takes a file of yours"
    filter_of = {column: name for name, column in FILTERS[table].items()}
    hints = []
    for column, values in wanted.items():
        others = {name: of for name, of in wanted.items() if name != column}
        rows = scan(stored, table, others, first, last, [column])
        distinct = pc.unique(rows[column])
        present = distinct.drop_null().to_pylist()
        if present:
            some = _nearest_values(present, values[0])
            asked = "+".join(values[:3])
            hints.append(f"{filter_of[column]} other than {asked}: {some}")
    is_windowed = first is not None or last is not None
    if is_windowed and "ref_period" in stored.schema.names:
        rows = scan(stored, table, wanted, None, None, ["ref_period"])
        if len(rows):
            first, last = (month_of(end(rows["ref_period"]).as_py()) for end in (pc.min, pc.max))
            hints.append(f"another window: {ends_text(first, last)} is held")
    if hints:
        listed = " or ".join(hints)
        return f"nothing in {table} matches; held with {listed}"
    return f"nothing in {table} matches these filters together; leave a filter out"


def _nearest_values(values: Iterable[str], word: str) -> str:
    """Those of `values` that are nearest to `word`, at most eight."""
    ordered = sorted(values)
    begin_so = [value for value in ordered if value[:2] == word[:2]]
    several = dict.fromkeys([*nearest(word, ordered, 4), *begin_so, *ordered])
    return ", ".join(list(several)[:8])
