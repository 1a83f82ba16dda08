"""A question in words into conditions on columns, and the rows that meet them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from itertools import chain
from operator import or_
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from tradeflows.model import codes
from tradeflows.model.errors import QueryError, near, nearest, there_are
from tradeflows.model.periods import ends_text, first_day, month_of, parse_period, parse_window
from tradeflows.model.source import Publisher, Source
from tradeflows.model.words import direction, fold

FEW = 8  # values of a filter that are compared one by one
STATED_BY = "stated_by"  # of a table whose rows name their publisher, the filter of that name
COLUMN_OF = {  # the column of a filter, where it has another name
    "reporter": "reporter_iso",
    "partner": "partner_iso",
    "product": "cmd_code",
    "flow": "flow_code",
    "freq": "freq_code",
    "classification": "classification_code",
    "source": "source_id",
    STATED_BY: "publisher",
}
TRADE_FILTERS = "reporter partner product flow freq classification partner_role partner_code"
TRADE_FILTERS += " cumulation breakdown currency qty_unit valuation vintage source"
FILTERS = {  # table: each filter's column
    table: {name: COLUMN_OF.get(name, name) for name in names.split()}
    for table, names in {
        "trade": TRADE_FILTERS,
        "settlement": "concept measure region currency_group vintage outlet unit source",
        "rates": f"base quote {STATED_BY} statistic source",
        "figures": f"id topic exporter importer unit basis {STATED_BY} source",
    }.items()
}
# The code that a word is, of the filters that take words.
CODE_OF: dict[str, Callable[[str], str]] = {
    "reporter": codes.area,
    "partner": codes.area,
    "flow": lambda text: text if text.isupper() else direction(text),
}
PARTS = "parts"  # of a breakdown, where there is no total
ALL_GOODS = "TOTAL"  # no goods below it stand for it: a file of some goods does not state all
_OPTIONS = ("start", "end", "as_of", "splice", "local", "root")  # of `read`, beside the filters


class Window(NamedTuple):
    """The months that were asked for, counted from year 0; None where an end is open."""

    first: int | None = None
    last: int | None = None

    @property
    def is_asked(self) -> bool:
        """Whether there is one."""
        return self.first is not None or self.last is not None


EVER = Window()


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
            others_there = {*known, *nearest(name, _OPTIONS)} - {*asked}
            raise QueryError(f"no filter {name!r} for {table}{near(name, others_there)}")
        column, values = known[name], texts
        if name in CODE_OF and texts != ["countries"]:
            values = [CODE_OF[name](text) for text in texts]
        elif name == "product":
            values = [*chain.from_iterable(products)]
        elif name == "publisher":
            of_table = [source for source in sources.values() if source.table == table]
            values = _sources_of(texts, table, of_table, publishers)
        others = wanted.get(column, values)
        wanted[column] = [value for value in values if value in others]
        if not wanted[column]:
            raise QueryError(
                f"{name}={texts} has no {column} in common with the other filters, "
                f"which leave {_nearest_values(others, '')}"
            )
    return wanted


def _sources_of(
    words: list[str], table: str, sources: Sequence[Source], publishers: Mapping[str, Publisher]
) -> list[str]:
    """Ids of the sources of publishers, each of which is named by its id or its name."""
    ids = {source.publisher for source in sources}
    entries = [publishers[name] for name in sorted(ids & publishers.keys())]
    id_of = {fold(name): name for name in ids}
    for entry in entries:
        id_of = {fold(entry.short): entry.id, fold(entry.name): entry.id} | id_of
    for word in words:
        if fold(word) not in id_of:
            names = ids.union(entry.short for entry in entries if fold(entry.short) not in ids)
            is_named = STATED_BY in FILTERS[table]
            by_name = f" ({STATED_BY}= takes a name that rows have)" if is_named else ""
            close = nearest(word, names)
            hint = f"did you mean {close[0]!r}?" if close else there_are(names)
            raise QueryError(f"no publisher {word!r} of {table}{by_name}; {hint}")
    wanted = {id_of[fold(word)] for word in words}
    return [source.id for source in sources if source.publisher in wanted]


def window_of(start: str | None, end: str | None) -> Window:
    """The window of a question, whose ends were typed."""
    if start is not None and end is not None:
        months = parse_window(start, end)
        return Window(months[0], months[-1])
    first = None if start is None else parse_period(start, "start")[0]
    return Window(first, None if end is None else parse_period(end, "end")[-1])


def scan(
    stored: ds.Dataset,
    table: str,
    wanted: Mapping[str, list[str]],
    window: Window = EVER,
    columns: list[str] | None = None,
) -> pa.Table:
    """Rows of a table that meet all conditions, within a window of months."""
    where = pc.scalar(True)
    for column, values in wanted.items():
        where &= condition(column, values)
    (first, last), (starts, ends) = window, dates_of(table)
    if first is not None:
        where &= pc.field(starts) >= first_day(first)
    if last is not None:
        where &= pc.field(ends) < first_day(last + 1)
    # The end of a period is told by its first day and its length.
    period = [name for name in ("ref_period", "n_months") if name in stored.schema.names]
    read = columns and [*dict.fromkeys([*columns, *period])]
    rows = stored.to_table(columns=read, filter=where)
    if last is not None and len(period) == 2:
        day = rows["ref_period"]
        begins = pc.add(pc.multiply(pc.year(day), 12), pc.month(day))  # January is 1 here
        rows = rows.filter(pc.less_equal(pc.add(begins, rows["n_months"]), last + 2))
    return rows.select(columns) if columns else rows


def apart(stored: ds.Dataset, wanted: Mapping[str, list[str]], window: Window = EVER) -> list[str]:
    """Lines that say where a country that is asked for is stated by its parts: GBR from 2021 on."""
    lines = []
    for column in ("reporter_iso", "partner_iso"):
        for area in wanted.get(column, ()):
            parts = codes.parts(area) if area != "countries" else ()
            others = sorted({*parts}.difference(wanted[column]))
            if not others:
                continue
            condition = {**wanted, column: others}
            rows = scan(stored, "trade", condition, window, ["ref_period"])
            if len(rows):
                whole, *some = map(codes.area_name, [area, *others])
                lines.append(
                    f"{whole} is stated as {' and '.join(some)} too, from "
                    f"{pc.min(rows['ref_period']).as_py():%Y-%m} on, which are not here; "
                    f"{column.removesuffix('_iso')}={[whole, *some]} has all, where no year has "
                    "both"
                )
    return lines


def dates_of(table: str) -> tuple[str, str]:
    """Columns of the first and the last day that a row speaks of."""
    if table == "figures":
        return "window_start", "window_end"
    return "ref_period", "ref_period"


def undated(stored: ds.Dataset, table: str, wanted: Mapping[str, list[str]]) -> list[str]:
    """What a window leaves out because its dates are vague."""
    columns = [*{*dates_of(table)}]
    if not any(stored.schema.field(name).nullable for name in columns):
        return []
    rows = scan(stored, table, wanted, columns=columns)
    vague = len(rows) - len(rows.drop_null())
    return [f"{vague} rows without exact dates are in no window, so not here"] if vague else []


def condition(column: str, values: list[str]) -> Any:
    """The condition that a column has one of `values`, or of what they contain."""
    field = pc.field(column)
    if values == ["countries"]:
        groups = [area for area in codes.groups() if not codes.is_country(area)]
        return ~pc.is_in(field, pa.array(groups, pa.string()))
    if column == "breakdown" and values == [PARTS]:
        return field.is_valid()
    heads: tuple[str, ...] = ()
    if column == "cmd_code":  # or what lies under it
        parts = chain.from_iterable(value.split("+") for value in values)
        heads = tuple(dict.fromkeys(part for part in parts if part.isdigit()))
        listed = codes.nested(codes.PRODUCTS, {*values} - {ALL_GOODS})
        others = sorted(code for code, _ in listed if not code.startswith(heads))
        values = [*dict.fromkeys([*values, *others, *heads])]
    # Arrow skips row groups by comparisons alone, but makes each of them for every row.
    if len(values) <= FEW:
        under = [(field >= f"{head}0") & (field < f"{head}[") for head in heads]
        return reduce(or_, [*(field == value for value in values), *under])
    among = pc.is_in(field, pa.array(values))
    if heads:
        among |= pc.match_substring_regex(field, f"^({'|'.join(heads)})[0-9:A-Z]")
    # A text lies between the first and the last of them.
    return (field >= min(values)) & (field < f"{max(values)}[") & among


def nothing_held(
    stored: ds.Dataset, table: str, wanted: Mapping[str, list[str]], window: Window
) -> str:
    """Which one filter would have to be another, and what it could be."""
    if not stored.count_rows():
        return f"no row of {table} is held; `tradeflows add FILE` takes a file of yours"
    filter_of = {column: name for name, column in FILTERS[table].items()}
    hints = []
    for column, values in wanted.items():
        others = {name: of for name, of in wanted.items() if name != column}
        rows = scan(stored, table, others, window, [column])
        present = pc.unique(rows[column]).drop_null().to_pylist()
        if present:
            if column.endswith("_iso"):
                present, values = ([*map(codes.name_or_code, some)] for some in (present, values))
            some = _nearest_values(present, values[0])
            hints.append(f"{filter_of[column]} other than {'+'.join(values[:3])}: {some}")
    if window.is_asked and "ref_period" in stored.schema.names:
        days = scan(stored, table, wanted, columns=["ref_period"])["ref_period"]
        if len(days):
            ends = (month_of(end(days).as_py()) for end in (pc.min, pc.max))
            hints.append(f"another window: {ends_text(*ends)} is held")
    if hints:
        return f"nothing in {table} matches; held with {' or '.join(hints)}"
    return f"nothing in {table} matches these filters together; leave a filter out"


def _nearest_values(values: Iterable[str], word: str) -> str:
    """Those of `values` that are nearest to `word`, at most eight."""
    ordered = sorted(values)
    begin_so = [value for value in ordered if value[:2] == word[:2]]
    return ", ".join([*dict.fromkeys([*nearest(word, ordered, 4), *begin_so, *ordered])][:8])
