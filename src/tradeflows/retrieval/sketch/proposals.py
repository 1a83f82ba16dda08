"""Where each field of a table may come from: what a header says whole, and what it may be."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tradeflows.model import codes, schema
from tradeflows.model.periods import FORMS, MONTHS, YEAR_AND_MONTH
from tradeflows.publishers.tidy.mapping import OWN, POWERS
from tradeflows.retrieval.sketch.columns import Column, Sheet, area_named
from tradeflows.retrieval.sketch.headings import FIELDS, heading

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
LISTED = {  # how to find what texts mean that no list has
    "reporter_iso": "an id as tradeflows.areas() lists it; W00 is the world",
    "partner_iso": "an id as tradeflows.areas() lists it; W00 is the world",
    "flow_code": WHAT["flow_code"],
    "cmd_code": "an HS code each, the six digits that a country's own begins with; "
    "tradeflows.products('pepper') looks for one",
}
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
    fields = {"ref_period": _period(sheet)} | {field: _label(sheet, field) for field in SAYS}
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
    months = [c for c in said if 2 * sum(t.lower() in MONTHS for t in c.texts) > len(c.texts)]
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


def _meaning(field: str, text: str) -> str:
    """What a text means in a field of labels, where it says so whole; else empty."""
    if field == "cmd_code":
        return ""
    said = heading(text)
    meant = [*said.says.get("direction", ())] if field == "flow_code" else [area_named(text)]
    return meant[0] if len(meant) == 1 and not (field == "flow_code" and said.rest) else ""


def _label(sheet: Sheet, field: str) -> Guess:
    """The only column of names, else of codes, whose header says that it is of a field."""
    says, others = SAYS[field]
    columns = [c for c in _named(sheet, *says) if not (c.heading.says.keys() & others)]
    columns = [c for c in columns if not c.heading.kinds]
    if field == "cmd_code":
        columns = [c for c in columns if "HS" in c.heading.says.get("system", ["HS"])]
        coded = [
            c for c in columns if all(re.fullmatch(r"\d{2,8}|\d{10}|TOTAL", t) for t in c.texts)
        ]
        if len(coded) == 1:
            is_odd = any(len(text) % 2 for text in coded[0].texts)
            zero = "odd numbers of digits: a spreadsheet took a zero away; save it anew; "
            return {"column": coded[0].name}, zero * is_odd + _cells(*coded)
    named = [c for c in columns if any(_meaning(field, text) for text in c.texts)]
    if len(named or columns) != 1 or len((named or columns)[0].texts) > MANY:
        lines = [*sheet.names, *sheet.around.values()] if field == "flow_code" else []
        said = [f"it says {text!r}" for text in lines if "direction" in heading(text).says]
        return UNKNOWN, "; ".join([_open(field, columns)[1], *said[:FEW]])
    [column] = named or columns
    systems = {} if named or not field.endswith("_iso") else _systems(column)
    if systems:
        return {"column": column.name, "areas": UNKNOWN}, " or ".join(systems.values())
    words = {text: _meaning(field, text) or UNKNOWN for text in column.texts}
    return {"column": column.name, "words": words}, LISTED[field]


def _systems(column: Column) -> dict[str, str]:
    """The systems that have all codes of a column, and what the first ones would mean."""
    meanings = {}
    for system in ("iso3", "eurostat", "comtrade", *column.heading.says.get("areas", ())):
        known = codes.area_codes(system) if system != "another" else {}
        if column.texts and known.keys() >= {*column.texts}:
            some = [f"{code} is {codes.area_name(known[code])}" for code in [*column.texts][:FEW]]
            meanings[system] = f'"{system}", where {", ".join(some)}?'
    return meanings


def _figures(sheet: Sheet, numbers: list[Column]) -> dict[str, Guess]:
    """Value, weight and quantity: the only column of each whose header says it whole."""
    units = [c for c in _named(sheet, "units") if any(heading(t).kinds for t in c.texts)]
    texts = [text for column in units for text in column.texts]
    kinds = {kind for text in texts for kind in heading(text).kinds}
    fields: dict[str, Guess] = {}
    for field in FIELDS:
        columns = [c for c in numbers if field in c.heading.kinds and not c.heading.odd]
        if kinds == {field} and not columns:  # a quantity whose units are of weight
            columns = [c for c in numbers if c.heading.kinds in ([], ["qty"])]
        if columns and (field != "qty" or kinds <= {"qty"}):
            by = units if len(units) == 1 and kinds == {field} else []
            fields[field] = _figure(sheet, field, columns, by)
    fields = fields or {"value_reported": _open("value_reported", numbers)}
    said = [column.heading for column in numbers] + [heading(text) for text in texts]
    lines = [line for line in sheet.around.values() if "currency" in heading(line).says]
    stated = {
        "currency": {code for one in said if one.field for code in one.says.get("currency", ())},
        "valuation": {word for one in said for word in one.says.get("valuation", ())},
        "qty_unit": {unit for one in said for unit in one.units()},
    }
    if "value_reported" in fields:
        about = "; ".join([*sorted(stated["currency"]), *lines, WHAT["currency"]])
        fields["currency"] = UNKNOWN, about
        for name in ("currency", "valuation"):
            if len(stated[name]) == 1:
                fields[name] = stated[name].pop(), ""
    if "qty" in fields:
        fields["qty_unit"] = UNKNOWN, "; ".join([*sorted(stated["qty_unit"]), WHAT["qty_unit"]])
    return fields


def _figure(sheet: Sheet, field: str, columns: list[Column], units: list[Column]) -> Guess:
    """A field of numbers, by the units of a column if there is one."""
    [*whole] = (c for c in columns if units or c.heading.field == field)
    if field == "net_wgt_kg":  # what does not say that it is net may be gross
        whole = [column for column in whole if "net" in column.heading.says]
    sizes = sorted(columns[0].heading.factors(field))
    if len(whole) != 1 or len(columns) != 1 or not {*sizes} <= POWERS.keys():
        return _open(field, columns)
    keys: dict[str, Any] = {"column": columns[0].name, "times": UNKNOWN}
    remark = " or ".join(f"{size:.12g}?" for size in sizes)
    if units:
        keys["times"] = {units[0].name: dict.fromkeys(units[0].texts, UNKNOWN)}
        of = {text: min(heading(text).factors(field), default=1) for text in units[0].texts}
        remark = "; ".join(f"{text}: {size:.12g}?" for text, size in of.items())
    elif not sizes:
        lines = [f"{place} says {line!r}" for place, line in sheet.around.items()]
        remark = "; ".join(["1, or 1000 if it is counted in thousands?", *lines[:FEW]])
    remark = f"times: {remark} {_cells(*columns)}"
    if columns[0].no_numbers:
        keys["words"] = dict.fromkeys(columns[0].no_numbers, UNKNOWN)
        remark += '; words: 0 if the publisher means none by a mark, "" if not known or held back'
    return keys, remark
