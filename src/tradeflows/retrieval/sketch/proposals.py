"""Where each field of a table may come from: what a header says whole, and what it may be."""

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import chain
from typing import Any

from tradeflows.model import codes, schema
from tradeflows.model.periods import FORMS, YEAR_AND_MONTH
from tradeflows.publishers.tidy.mapping import OWN, POWERS
from tradeflows.retrieval.sketch.columns import Column, Sheet, area_named
from tradeflows.retrieval.sketch.headings import FIELDS, Heading, heading

UNKNOWN = "???"
Guess = tuple[Any, str]  # what a key is, and the remark behind it
FEW, MANY = 3, 400  # texts of a column that a remark shows, and that a map lists
# Kinds of words in a header that is of no figure.
LABELS = {"year", "quarter", "month", "period", "week", "reporter", "partner", "side", "goods"}
LABELS |= {"article", "system", "flow", "units", "multiplier", "areas", "coded", "named"}
WIDE = """\
Its columns are {}, and each is a row of its own, which only you can lay out:
leave out below fields what the rows say, and write [[arguments.rows]] as "A column a country" and
"Exports and imports in one record" of the documentation's "Add a source" show."""
WHAT = {
    "reporter_iso": "whose statistic it is: an area such as CHN, or a column of areas",
    "partner_iso": "the other side: an area such as RUS, W00 for the world, or a column of areas",
    "flow_code": "M imports, X exports, RM and RX the same of goods that come back",
    "cmd_code": "the goods: an HS code such as 1001, TOTAL for all, or a column of codes",
    "classification_code": 'the system of the codes: "HS" of no certain edition, "H6" of 2022',
    "ref_period": 'a column with its form, such as { column = "month", form = "month" }',
    "value_reported": 'a column with its scale, such as { column = "value", times = 1000 }',
    "net_wgt_kg": 'as { column = "tonnes", times = 1000 }; leave the line out of a gross weight',
    "qty": 'as { column = "quantity", times = 1 }, or leave the line out',
    "currency": "a code of ISO 4217, such as USD, EUR or VND",
    "qty_unit": f"one of {', '.join(schema.allowed(schema.TRADE.field('qty_unit'))[:12])}, …",
}
# What a header says of whose column it is, and what it must not say besides.
SAYS: Mapping[str, tuple[set[str], set[str]]] = {
    "reporter_iso": ({"reporter"}, set()),
    "partner_iso": ({"partner"}, {"reporter"}),
    "flow_code": ({"flow", "direction"}, {"partner"}),
    "cmd_code": (
        {"goods", "article", "system"},
        {"partner", "reporter", "side", "flow", "units", "areas"},
    ),
}
SIDES = {"reporter_iso": ("side", "areas"), "partner_iso": ("side", "areas"), "flow_code": ()}
LISTED = {  # how to find what texts mean that no list has
    "reporter_iso": "an id as tradeflows.areas() lists it; W00 is the world",
    "partner_iso": "an id as tradeflows.areas() lists it; W00 is the world",
    "flow_code": WHAT["flow_code"],
    "cmd_code": "an HS code each, the six digits that a country's own begins with; "
    "tradeflows.products('pepper') looks for one",
}
NAMED = ("currency", "valuation")
NEED_NOT_BE_SAID = {"source_field", "flags", "qualifier", "n_months", "unit", "statement", *OWN}


def by_name(sheet: Sheet, table: str) -> dict[str, Guess]:
    """The fields of a table that is not of trade: columns of the same name, else unknown."""
    fields: dict[str, Guess] = {}
    for field in schema.TABLES[table]:
        if field.name == "ref_period":
            fields[field.name] = _period(sheet)
        elif field.name in sheet.columns:
            fields[field.name] = {"column": field.name}, ""
        elif not field.nullable and field.name not in NEED_NOT_BE_SAID:
            note, words = field.metadata[b"note"].decode(), schema.allowed(field)
            fields[field.name] = UNKNOWN, f"{note}: {', '.join(words)}".removesuffix(": ")
    return fields


def of_trade(sheet: Sheet) -> tuple[dict[str, Guess], list[str]]:
    """The fields of trade, and what is to be said besides."""
    labels = {field: _label(sheet, field) for field in ("reporter_iso", "partner_iso", "flow_code")}
    fields = {"ref_period": _period(sheet), **labels, "cmd_code": _goods(sheet)}
    fields["classification_code"] = _open("classification_code")
    numbers = []
    for column in sheet.columns.values():
        if column.ways and (column.heading.kinds or not column.heading.says.keys() & LABELS):
            numbers.append(column)
    remarks, wide = [], _wide(numbers)
    if wide:
        fields["value_reported"] = _open("value_reported", numbers[:FEW])
        remarks = WIDE.format(wide).splitlines()
    else:
        fields |= _figures(sheet, numbers)
    tables = [value for value, _ in fields.values() if isinstance(value, dict)]
    used = {value[key] for value in tables for key in ("column", "month") if key in value}
    unread = ", ".join(name for name in sheet.names if name not in used)
    remarks += [f"Not read: {' '.join(unread.split())}"] * bool(unread)
    return fields, remarks


def _cells(*columns: Column) -> str:
    """The first cells of some columns."""
    return "; ".join(f"{column.name}: {', '.join([*column.texts][:FEW])}" for column in columns)


def _open(field: str, columns: Iterable[Column] = ()) -> Guess:
    """A field of which no column says whole that it is it, and those that may be."""
    candidates = _cells(*columns)
    return UNKNOWN, WHAT[field] + (f"; it may be of {candidates}" if candidates else "")


def _named(sheet: Sheet, *says: str) -> list[Column]:
    """The columns whose names say one of some kinds."""
    return [column for column in sheet.columns.values() if column.heading.says.keys() & {*says}]


def _wide(numbers: Iterable[Column]) -> str:
    """What columns of numbers are that are a row each, in words; empty where they are none."""
    kinds = {"months": 0, "countries": 0, "imports": 0, "exports": 0}
    iso3 = codes.area_codes("iso3")
    for column in numbers:
        said = column.heading
        kinds["months"] += "month name" in said.says or bool(Column("", [column.name]).forms)
        kinds["countries"] += any(area_named(word) or word in iso3 for word in said.rest)
        kinds["imports"] += "M" in said.says.get("direction", ())
        kinds["exports"] += "X" in said.says.get("direction", ())
    if kinds["imports"] and kinds["exports"]:
        return "imports and exports"
    return " and ".join(kind for kind in ("months", "countries") if kinds[kind] > 1)


def _period(sheet: Sheet) -> Guess:
    said = _named(sheet, "year", "month", "quarter", "period", "week", "fiscal")
    months = [column for column in said if column.is_of_months]
    years = [c for c in said if c.forms == ["year"] and "fiscal" not in c.heading.says]
    if len(years) == len(months) == 1:
        keys = {"column": years[0].name, "month": months[0].name, "form": UNKNOWN}
        return keys, f'"{YEAR_AND_MONTH}"? {_cells(*years, *months)}'
    periods = [c for c in sheet.columns.values() if c.forms and (c in said or not c.ways)]
    if len(periods) != 1:
        return _open("ref_period", periods or said)
    what = {form: FORMS[form].what for form in periods[0].forms}
    if "year to month" in what:
        what["year to month"] = 'the year to one, with n_months alike and cumulation = "ytd"'
    forms = " or ".join(f'"{form}" ({about})?' for form, about in what.items())
    return {"column": periods[0].name, "form": UNKNOWN}, f"{forms} {_cells(*periods)}"


def _flow(text: str) -> str:
    """The direction that a text says, whole; else empty."""
    said = heading(text)
    directions = [*said.says.get("direction", ())]
    return directions[0] if len(directions) == 1 and not said.rest else ""


def _candidates(sheet: Sheet, field: str) -> list[Column]:
    """The columns whose headers say that they may be of a field of labels."""
    says, others = SAYS[field]
    columns = [column for column in _named(sheet, *says) if not column.heading.kinds]
    return [column for column in columns if others.isdisjoint(column.heading.says)]


def _label(sheet: Sheet, field: str) -> Guess:
    """The only column of names, else of codes, whose header says that it is of a field."""
    columns, meaning = _candidates(sheet, field), _flow if field == "flow_code" else area_named
    named = [column for column in columns if any(map(meaning, column.texts))]
    if len(named or columns) != 1:
        return _open(field, columns or _named(sheet, *SIDES[field]))
    [column] = named or columns
    systems = "" if named or field == "flow_code" else _systems(column)
    if systems:
        return {"column": column.name, "areas": UNKNOWN}, systems
    words = {text: meaning(text) or UNKNOWN for text in [*column.texts][:MANY]}
    return {"column": column.name, "words": words}, LISTED[field]


def _goods(sheet: Sheet) -> Guess:
    """The only column of codes that may be of the HS, else of names."""
    columns = _candidates(sheet, "cmd_code")
    fit = [c for c in columns if "HS" in c.heading.says.get("system", ["HS"])]
    coded = [c for c in fit if all(re.fullmatch(r"\d{2,8}|\d{10}|TOTAL", t) for t in c.texts)]
    if len(coded) == 1:
        is_odd = any(len(text) % 2 for text in coded[0].texts)
        zero = "odd numbers of digits: a spreadsheet took a zero away; save it anew; "
        return {"column": coded[0].name}, zero * is_odd + _cells(*coded)
    if len(fit) != 1:
        return _open("cmd_code", columns)
    words = dict.fromkeys([*fit[0].texts][:MANY], UNKNOWN)
    return {"column": fit[0].name, "words": words}, LISTED["cmd_code"]


def _systems(column: Column) -> str:
    """The systems that have all codes of a column, and what the first ones would mean."""
    meanings = []
    for system in ("iso3", "eurostat", "comtrade", *column.heading.says.get("areas", ())):
        known = codes.area_codes(system) if system != "another" else {}
        if column.texts and known.keys() >= {*column.texts}:
            some = [f"{code} is {codes.area_name(known[code])}" for code in [*column.texts][:FEW]]
            meanings.append(f'"{system}", where {", ".join(some)}?')
    return " or ".join(dict.fromkeys(meanings))


def _figures(sheet: Sheet, numbers: list[Column]) -> dict[str, Guess]:
    """Value, weight and quantity: the only column of each whose header says it whole."""
    of_units = [*chain(*map(dict.values, sheet.units.values()))]
    kinds = {*chain(*(one.kinds for one in of_units))}
    measuring = [column for column in numbers if not column.heading.odd]
    fields: dict[str, Guess] = {}
    for field in FIELDS:
        columns = [column for column in measuring if field in column.heading.kinds]
        if kinds == {field}:  # a quantity whose units are of weight
            columns = columns or [c for c in measuring if c.heading.kinds in ([], ["qty"])]
        if columns and not (field == "qty" and kinds - {"qty"}):
            fields[field] = _figure(sheet, field, columns, is_by_unit=kinds == {field})
    fields = fields or {"value_reported": _open("value_reported", numbers)}
    said = [column.heading for column in measuring if column.heading.field] + of_units
    return fields | _stated(sheet, said, fields)


def _stated(sheet: Sheet, said: Collection[Heading], fields: Collection[str]) -> dict[str, Guess]:
    """The currency, the valuation where it is said, and the unit of quantities."""
    currency, valuation = ({*chain(*(one.says.get(name, ()) for one in said))} for name in NAMED)
    lines = [line for line in sheet.around.values() if "currency" in heading(line).says]
    stated: dict[str, Guess] = {}
    if "value_reported" in fields:
        about = "; ".join([*sorted(currency), *lines, WHAT["currency"]])
        stated["currency"] = (currency.pop(), "") if len(currency) == 1 else (UNKNOWN, about)
    if "value_reported" in fields and len(valuation) == 1:
        stated["valuation"] = valuation.pop(), ""
    if "qty" in fields:
        units = {*chain(*(one.units() for one in said))}
        stated["qty_unit"] = UNKNOWN, "; ".join([*sorted(units), WHAT["qty_unit"]])
    return stated


def _figure(sheet: Sheet, field: str, columns: list[Column], *, is_by_unit: bool) -> Guess:
    """A field of numbers, of which the only column says it whole, or its units."""
    said = columns[0].heading
    sizes = sorted(said.factors(field))
    is_whole = len(columns) == 1 and (is_by_unit or said.field == field)
    if field == "net_wgt_kg":  # what does not say that it is net may be gross
        is_whole &= "net" in said.says
    if not (is_whole and {*sizes} <= POWERS.keys()):
        return _open(field, columns)
    keys: dict[str, Any] = {"column": said.text, "times": UNKNOWN}
    lines = ["1, or 1000 if in thousands?", *map(repr, [*sheet.around.values()][:FEW])]
    about = [f"{size:.12g}?" for size in sizes] or lines
    for unit, texts in sheet.units.items() if is_by_unit else ():
        keys["times"] = {unit: dict.fromkeys(texts, UNKNOWN)}
        sizes_of = {text: min(one.factors(field), default=1) for text, one in texts.items()}
        about = [f"{text}: {size:.12g}?" for text, size in sizes_of.items()]
    remark = f"times: {'; '.join(about)} {_cells(*columns)}"
    if columns[0].no_numbers:
        keys["words"] = dict.fromkeys(columns[0].no_numbers, UNKNOWN)
        remark += '; words: 0 if the publisher means none by a mark, "" if not known or held back'
    return keys, remark
