"""Where each field of a table may come from in a file, and what the file does not say."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from tradeflows.model import codes, contracts, schema
from tradeflows.model.errors import QueryError
from tradeflows.model.periods import YEAR_AND_MONTH
from tradeflows.model.units import QUANTITIES, WEIGHTS
from tradeflows.publishers.tidy.mapping import OWN
from tradeflows.retrieval import entry_text
from tradeflows.retrieval.sketch.columns import (
    HELD_BACK,
    Column,
    Sheet,
    area,
    list_of_words,
    meanings,
    words_of,
)

UNKNOWN = "???"
Unit = tuple[str, str, int]  # the field that a unit is of, its name there, and the scale
FLOWS = {
    "m": "M",
    "import": "M",
    "imports": "M",
    "x": "X",
    "e": "X",
    "export": "X",
    "exports": "X",
    "re-import": "RM",
    "re-imports": "RM",
    "re-export": "RX",
    "re-exports": "RX",
    "einfuhr": "M",
    "ausfuhr": "X",
    "importação": "M",
    "exportação": "X",
    "importación": "M",
    "exportación": "X",
    "importations": "M",
    "exportations": "X",
}
FLOW_COLUMN = (
    "flow",
    "direction",
    "exp",
    "imp",
    "export",
    "import",
    "flujo",
    "fluxo",
    "verkehrsrichtung",
)
# Codes of currencies that are words of English too, and so say nothing in a header.
ENGLISH = ("ALL", "TOP", "TRY", "MAD", "CUP", "PEN", "GEL", "COP", "MOP", "SOS")
CURRENCIES = {code.lower(): code for code in contracts.CURRENCIES if code not in ENGLISH} | {
    "us$": "USD",
    "$": "USD",
    "dollar": "USD",
    "dollars": "USD",
    "euro": "EUR",
    "euros": "EUR",
    "€": "EUR",
    "rmb": "CNY",
    "yuan": "CNY",
    "rupees": "INR",
    "roubles": "RUB",
    "rubles": "RUB",
    "£": "GBP",
    "sterling": "GBP",
    "yen": "JPY",
    "dong": "VND",
    "tenge": "KZT",
    "reais": "BRL",
    "baht": "THB",
    "rupiah": "IDR",
    "ringgit": "MYR",
    "zloty": "PLN",
}
SCALES = {
    "thousand": 10**3,
    "thousands": 10**3,
    "000": 10**3,
    "1000": 10**3,
    "million": 10**6,
    "millions": 10**6,
    "mn": 10**6,
    "mln": 10**6,
    "mio": 10**6,
    "billion": 10**9,
    "billions": 10**9,
    "bn": 10**9,
    "mrd": 10**9,
    "tausend": 10**3,
    "tsd": 10**3,
    "miles": 10**3,
    "milhares": 10**3,
    "milliers": 10**3,
    "millionen": 10**6,
    "millones": 10**6,
    "milhões": 10**6,
}
YEARS = ("year", "yr", "jahr", "ano", "año", "année")
MONTH_NAMES = ("month", "mon", "monat", "mes", "mês", "mois")
PERIOD = ("period", "month", "date", "time", "year", "quarter", "datum", "stichtag", "fecha")
REPORTER = ("reporter", "reporting", "declarant")
PARTNER = (
    "partner",
    "counterpart",
    "origin",
    "destination",
    "supplier",
    "buyer",
    "country",
    "market",
    "land",
    "ursprungsland",
    "herkunftsland",
    "bestimmungsland",
    "pais",
    "país",
    "pays",
)
OTHER_SIDE = ("exporter", "importer")
GOODS = (
    "hs",
    "hs2",
    "hs4",
    "hs6",
    "hs8",
    "cn",
    "cn8",
    "code",
    "commodity",
    "product",
    "cmd",
    "ncm",
    "producto",
    "produit",
    "produto",
    "ware",
    "warennummer",
    "codigo",
    "código",
)
VALUE = ("value", "amount", "wert", "valor", "valeur", "fob", "cif", *CURRENCIES)
QUANTITY = ("qty", "quantity", "menge", "cantidad", "quantidade", "quantité", *QUANTITIES)
WEIGHT = ("weight", "wgt", "netweight", "gewicht", "peso", "poids", *WEIGHTS)
UNIT_COLUMN = {"unit", "units", "uom", "einheit", "unidad", "unidade", "unité"}
DO_NOT_MEASURE = {"%", "pct", "percent", "share", "rank", "row", "id", "index", "growth"}
FIGURES = ("value_reported", "net_wgt_kg", "qty")
NEED_NOT_BE_SAID = ("source_field", "flags", "qualifier", "n_months", "unit", "statement")
LOST_ZERO = "some have an odd number of digits: a spreadsheet took a zero away; save it anew"
NATIONAL = (
    "a country's own codes, by the digits that they begin with: say in the note which of its codes "
    "are in each"
)
WHICH_AREA = "the ids of areas are those that tradeflows.areas() lists; W00 is the world"
WHICH_CODE = "an HS code each; tradeflows.products('pepper') looks for one"
ONE_SIDE = "the other side; if these areas state the figures, they are reporter_iso"
ONE_OF_UNITS = f"one of {', '.join(schema.allowed(schema.TRADE.field('qty_unit'))[:12])}, …"
WHICH_UNIT = f"{ONE_OF_UNITS}; none, and not in qty, if it is no quantity"
MARKS_MEAN = 'words: 0 if the publisher means none by a mark, "" if not known or held back'
IN_THOUSANDS = "times: 1, or 1000 if the publisher counts in thousands, and so on"
SEVERAL_KINDS = "money is read, these are not: rows of their own would be the same flow twice"
WHAT = {
    "reporter_iso": "whose statistic it is: an area such as CHN, or a column of areas",
    "partner_iso": "the other side: an area such as RUS, W00 for the world, or a column of areas",
    "flow_code": "M imports, X exports, RM and RX the same of goods that come back",
    "cmd_code": "the goods: an HS code such as 1001, TOTAL for all, or a column of codes",
    "ref_period": 'a column with its form, such as { column = "month", form = "month" }',
    "currency": "a code of ISO 4217, such as USD, EUR or VND",
    "valuation": "CIF or FOB, if the publisher says",
}


@dataclass(frozen=True)
class Guess:
    """Where a field comes from: a constant, or the keys of a map; and what is to be said of it."""

    value: Any
    remark: str = ""

    @property
    def columns(self) -> set[str]:
        """The columns that it reads."""
        entries = self.value if isinstance(self.value, list) else [self.value]
        tables = [entry for entry in entries if isinstance(entry, Mapping)]
        names = {entry[key] for entry in tables for key in ("column", "month") if key in entry}
        scales = [entry["times"] for entry in tables if isinstance(entry.get("times"), Mapping)]
        conditions = [entry["where"]["column"] for entry in tables if "where" in entry]
        return names.union(conditions, *scales)


@dataclass(frozen=True)
class Guesses:
    """Guesses by field, records that are no row, and remarks on columns that no field reads.

    Where a record gives several `rows`, each has the keys that differ.
    """

    fields: Mapping[str, Guess]
    remarks: tuple[str, ...] = field(default=())
    left_out: Guess = field(default=Guess([]))
    rows: Sequence[Mapping[str, Guess]] = field(default=())


def guess(sheet: Sheet, table: str) -> Guesses:
    """Where each field of `table` may come from; what is not known is :data:`UNKNOWN`."""
    if table == "trade":
        return _trade(sheet)
    contract = schema.TABLES[table]
    fields = _by_name(sheet, contract)
    for name in contract.names:
        is_needed = name == "ref_period" or not contract.field(name).nullable
        if is_needed and name not in (*OWN, *NEED_NOT_BE_SAID, *fields):
            fields[name] = _lacking(contract.field(name))
    left_out = Guess([])
    if "ref_period" in contract.names:
        fields["ref_period"] = _period(sheet)
        left_out = _left_out(sheet, fields["ref_period"])
    if table == "rates":
        numbers = [column for column in sheet.columns if column.is_number and not column.form()]
        fields["rate"] = _known({"column": numbers[0].name} if numbers else "", "a column")
    return Guesses(fields, left_out=left_out)


def _by_name(sheet: Sheet, contract: pa.Schema) -> dict[str, Guess]:
    """The fields that have the name of a column."""
    fields = {}
    for column in sheet.columns:
        if column.name in contract.names and column.name not in OWN:
            fields[column.name] = Guess(_plain(column, contract.field(column.name)))
    return fields


def _lacking(contract_field: pa.Field) -> Guess:
    """A field that no column is named after, with what may stand there."""
    about = contract_field.metadata[b"note"].decode()
    words = ", ".join(schema.allowed(contract_field))
    return Guess(UNKNOWN, f"{about}: {words}" if words else about)


def _plain(column: Column, contract_field: pa.Field) -> dict[str, Any]:
    """The keys that read a column as it stands."""
    form = column.form() if contract_field.type == pa.date32() else ""
    keys: dict[str, Any] = {"column": column.name}
    return keys | {"form": form} if form else keys


def _known(value: Any, what: str) -> Guess:
    return Guess(value) if value else Guess(UNKNOWN, what)


def _trade(sheet: Sheet) -> Guesses:
    fields: dict[str, Guess] = {"ref_period": _period(sheet)}
    fields |= _sides(sheet)
    fields["flow_code"] = _flow(sheet)
    goods = _goods(sheet, _read_by(fields))
    fields |= goods
    constants, rows = _months_in_columns(sheet, _read_by(fields))
    if rows:
        del fields["ref_period"]
    elif fields["flow_code"].value == UNKNOWN:
        constants, rows = _both_directions(sheet, _read_by(fields))
        fields |= {} if rows else _figures(sheet, _read_by(fields))
        if rows:
            del fields["flow_code"]
    else:
        fields |= _figures(sheet, _read_by(fields))
    fields |= constants
    flags = _flags(sheet)
    if flags:
        fields["flags"] = Guess(flags)
    left_out = _left_out(sheet, fields.get("ref_period", Guess(UNKNOWN)))
    other_units = _other_units(sheet, rows[0] if rows else fields)
    if other_units:
        why = " ".join(filter(None, [left_out.remark, SEVERAL_KINDS]))
        left_out = Guess([*left_out.value, *other_units], why)
    taken = _read_by(fields).union(*map(_read_by, rows))
    if rows:
        taken.add(_year(sheet))
    remarks = [*_remarks(sheet, taken), *(_still_to_come(sheet) if rows else ())]
    return Guesses(fields, tuple(remarks), left_out, rows)


def _months_of_years(sheet: Sheet) -> list[Column]:
    """The columns of numbers that are months, if there are several, and a column of years."""
    if _period(sheet).value != {"column": _year(sheet), "form": "year"}:
        return []
    months = [column for column in sheet.columns if column.is_number and column.month_in_name()]
    return months if len(months) > 1 else []


def _periods_in_names(sheet: Sheet) -> list[Column]:
    """The columns of numbers that are whole periods, if there are several and no other period."""
    if _period(sheet).value != UNKNOWN:
        return []
    periods = [column for column in sheet.columns if column.is_number and column.name_form()]
    return periods if len(periods) > 1 else []


def _year(sheet: Sheet) -> str:
    """The name of the column of years, or none."""
    return next((column.name for column in sheet.named(YEARS) if column.form() == "year"), "")


def _months_in_columns(
    sheet: Sheet, taken: set[str]
) -> tuple[dict[str, Guess], list[dict[str, Guess]]]:
    """What all months in columns share, and the row of each month; none if no figure is known."""
    by_month: dict[str, dict[str, Column]] = {}
    for column in _months_of_years(sheet):
        month = column.month_in_name()
        by_month.setdefault(month, {})[column.name.replace(month, "")] = column
    for column in _periods_in_names(sheet):
        by_month[column.name] = {"": column}
    if not by_month:
        return {}, []
    of_first = {column.name: kind for kind, column in next(iter(by_month.values())).items()}
    others = {
        column.name for column in sheet.columns if column.is_number and column.name not in of_first
    }
    shared = _figures(sheet, taken | others)
    figures = {name: shared.pop(name) for name in [*shared] if shared[name].columns & {*of_first}}
    kinds = {name: of_first[guessed.value["column"]] for name, guessed in figures.items()}
    rows = []
    for month, columns in by_month.items():
        row = {}
        for name, guessed in figures.items():
            if kinds[name] in columns:
                row[name] = _of_month(guessed, kinds[name], columns, by_month)
        rows.append(_row_of(month, _year(sheet), row))
    return shared, rows if figures else []


def _both_directions(
    sheet: Sheet, taken: set[str]
) -> tuple[dict[str, Guess], list[dict[str, Guess]]]:
    """What exports and imports share, and the row of each; none if not both have columns."""
    of_flow: dict[str, list[Column]] = {"X": [], "M": []}
    for column in _measuring(sheet, taken):
        named = {FLOWS[word] for word in column.words if len(word) > 1 and word in FLOWS}
        if len(named) == 1 and named <= of_flow.keys():
            of_flow[named.pop()].append(column)
    if not all(of_flow.values()):
        return {}, []
    found = {}
    for flow, columns in of_flow.items():
        figures = _figures_of(sheet, columns, taken)
        found[flow] = figures or _value(sheet, columns[0])
    exports, imports = found.values()
    shared = {name: one for name, one in exports.items() if imports.get(name) == one}
    rows = []
    for flow, figures in found.items():
        own = {name: one for name, one in figures.items() if name not in shared}
        needs = next(own[name].value["column"] for name in FIGURES if name in own)
        rows.append({"needs": Guess(needs), "flow_code": Guess(flow), **own})
    return shared, rows


def _of_month(
    guessed: Guess,
    kind: str,
    columns: Mapping[str, Column],
    by_month: Mapping[str, Mapping[str, Column]],
) -> Guess:
    """A figure of the first month as that of another, with the marks of all months."""
    keys = {**guessed.value, "column": columns[kind].name}
    alike = [of_month[kind] for of_month in by_month.values() if kind in of_month]
    marks = [mark for column in alike for mark in column.marks()]
    if not marks:
        return Guess(keys, guessed.remark)
    remark = "; ".join(filter(None, [guessed.remark.removeprefix(MARKS_MEAN), MARKS_MEAN]))
    return Guess(keys | {"words": dict.fromkeys(marks, UNKNOWN)}, remark.removeprefix("; "))


def _row_of(month: str, year: str, figures: Mapping[str, Guess]) -> dict[str, Guess]:
    """The keys of the row of a month, whose year stands in a column or in the month itself."""
    period = {"text": f"{month}-{{{year}}}", "form": "named month"}
    if not year:
        period = {"text": month, "form": Column(month).name_form()}
    needs = next((guessed.value["column"] for guessed in figures.values()), "")
    return {"needs": Guess(needs), "ref_period": Guess(period), **figures}


def _still_to_come(sheet: Sheet) -> Iterator[str]:
    """What to write where the last months of the last year are printed as 0."""
    name = _year(sheet)
    years = sorted(text for column in sheet.columns if column.name == name for text in column.texts)
    if len(years) > 1:
        where = {"column": name, "equals": years[:-1], "otherwise": years[-1]}
        yield f"A row for each month follows. In those that are not out yet in {years[-1]}, and"
        yield "printed as 0, each figure has, by `also` if it has a `where` already:"
        yield f"where = {entry_text.toml_item(where).as_string()}"


def _read_by(fields: Mapping[str, Guess]) -> set[str]:
    return set().union(*(guessed.columns for guessed in fields.values()))


# --- the fields of a trade row --------------------------------------------------------------------


def _period(sheet: Sheet) -> Guess:
    years = [column for column in sheet.named(YEARS) if column.form() == "year"]
    months = [
        column
        for column in sheet.named(MONTH_NAMES)
        if 2 * len(column.no_months()) < len(column.texts)
    ]
    if years and months:
        keys = {"column": years[0].name, "month": months[0].name, "form": YEAR_AND_MONTH}
        return Guess(keys)
    named = sheet.named(PERIOD)
    for column in [*named, *sheet.columns]:
        form = column.form()
        if form and (column in named or form != "year"):
            return Guess({"column": column.name, "form": form}, _two_digits(column))
    return Guess(UNKNOWN, WHAT["ref_period"])


def _two_digits(column: Column) -> str:
    """What is to be read again where a year has two digits, which may be a day."""
    short = next((text for text in column.texts if re.fullmatch(r"[A-Za-z]+[ -]\d\d", text)), "")
    return f"{short}: of the year 20{short[-2:]}?" if short and int(short[-2:]) < 69 else ""


def _left_out(sheet: Sheet, period: Guess) -> Guess:
    """The records whose month is no month, such as the sum of a year."""
    month = period.value.get("month", "") if isinstance(period.value, Mapping) else ""
    columns = [column for column in sheet.columns if column.name == month]
    others = [text for column in columns for text in column.no_months()]
    if not others:
        return Guess([])
    condition = {"column": month, "equals": others, "reason": UNKNOWN}
    return Guess([condition], "no months; what are these records, such as: sums of a year?")


def _other_units(sheet: Sheet, fields: Mapping[str, Guess]) -> list[dict[str, Any]]:
    """The records whose unit is of another kind than the field that reads their numbers."""
    tables = [guessed.value for guessed in fields.values() if isinstance(guessed.value, Mapping)]
    scales = [entry["times"] for entry in tables if isinstance(entry.get("times"), Mapping)]
    texts = {column.name: column.texts for column in sheet.columns}
    others = {
        name: [*texts[name].keys() - known] for scale in scales for name, known in scale.items()
    }
    return [
        {"column": name, "equals": sorted(units), "reason": UNKNOWN}
        for name, units in others.items()
        if units
    ]


def _sides(sheet: Sheet) -> dict[str, Guess]:
    """The reporter and the partner, by the names of the columns that hold areas."""
    reporters = _areas(sheet.named(REPORTER))
    partners = _partners(sheet.named(PARTNER))
    others = _areas(sheet.named(OTHER_SIDE))
    reporter = next(iter(reporters.values()), None)
    partner = next((keys for name, keys in partners.items() if name not in reporters), None)
    both_named = len(others) > 1 and not (reporter or partner)
    if both_named:
        remark = "whose statistic is it, the exporter's or the importer's? Write that one here"
        sides = list(others.values())
        return {"reporter_iso": Guess(UNKNOWN, remark), "partner_iso": Guess(sides[0], remark)}
    remark = WHICH_AREA if UNKNOWN in (partner or {}).get("words", {}).values() else ""
    for keys in others.values():
        remark = remark if reporter or partner else ONE_SIDE
        reporter, partner = (reporter or keys, partner) if partner else (reporter, keys)
    return {
        "reporter_iso": _known(reporter, WHAT["reporter_iso"]),
        "partner_iso": Guess(partner, remark) if partner else Guess(UNKNOWN, WHAT["partner_iso"]),
    }


def _areas(columns: Iterable[Column]) -> dict[str, dict[str, Any]]:
    """The keys that read each of `columns` which holds areas, by the column's name."""
    keys: dict[str, dict[str, Any]] = {}
    for column in columns:
        system = column.area_system()
        areas = column.areas_by_name()
        if system:
            keys[column.name] = {"column": column.name, "areas": system}
        elif areas:
            words = {text: area or UNKNOWN for text, area in areas.items()}
            keys[column.name] = {"column": column.name, "words": words}
    return keys


def _partners(columns: Sequence[Column]) -> dict[str, dict[str, Any]]:
    """The same of columns named for a partner, even where few or none of its areas are known."""
    keys = _areas(columns)
    if keys:
        return keys
    for column in columns:
        if column.is_list and column.texts:
            words = {text: area(text) or UNKNOWN for text in column.texts}
            keys[column.name] = {"column": column.name, "words": words}
    return keys


def _flow(sheet: Sheet) -> Guess:
    for column in sheet.columns:
        words = meanings(column, FLOWS)
        if words:
            plain = all(text == flow for text, flow in words.items())
            keys = {"column": column.name}
            return Guess(keys | ({"one_of": [*words]} if plain else {"words": words}))
    for column in sheet.named(FLOW_COLUMN):
        if column.is_list and 0 < len(column.texts) <= len(set(FLOWS.values())):
            words = dict.fromkeys(column.texts, UNKNOWN)
            return Guess({"column": column.name, "words": words}, WHAT["flow_code"])
    return Guess(UNKNOWN, WHAT["flow_code"])


def _goods(sheet: Sheet, taken: set[str]) -> dict[str, Guess]:
    """The code of the goods and, where a column has it, the edition of the HS."""
    free = [column for column in sheet.columns if column.name not in taken]
    editions = {f"h{n}": f"H{n}" for n in range(10)}
    of_editions = [column for column in free if meanings(column, editions)]
    named = [column for column in sheet.named(GOODS, free) if column not in of_editions]
    fields = {"cmd_code": _code(named)}
    if of_editions:
        fields["classification_code"] = Guess({"column": of_editions[0].name})
    return fields


def _code(named: Iterable[Column]) -> Guess:
    """The code of the goods, from columns that are named so."""
    for column in named:
        if column.is_codes():
            is_national = column.is_list and any(map(codes.is_national, column.texts))
            if is_national and not any(map(codes.is_without_zero, column.texts)):
                return _words(column)
            is_odd = any(len(text) % 2 for text in column.texts if text.isdigit())
            return Guess({"column": column.name}, LOST_ZERO if is_odd else "")
    for column in named:
        if column.is_list and not column.is_number:
            return _words(column)
    return Guess(UNKNOWN, WHAT["cmd_code"])


def _words(column: Column) -> Guess:
    """What each text of a column of goods means."""
    words = {text: _product(text) for text in column.texts}
    national = {text: _bare(text) for text in words if codes.is_national(_bare(text))}
    # Of two codes that begin with the same six digits each needs more of its own.
    digits = 6 if len({code[:6] for code in national.values()}) == len(national) else 8
    words |= {text: code[:digits] for text, code in national.items()}
    remark = NATIONAL if national else ""
    return Guess(
        {"column": column.name, "words": words}, WHICH_CODE if UNKNOWN in words.values() else remark
    )


def _product(text: str) -> str:
    """The HS code that a word stands for, if it is one."""
    code = _bare(text)
    if codes.HS.fullmatch(code):
        return code
    try:
        return codes.product(text.replace("_", " "))[0]
    except QueryError:
        return UNKNOWN


def _bare(code: str) -> str:
    """A code without the marks that keep its zeros in a spreadsheet."""
    return code.strip("'\" ")


def _figures(sheet: Sheet, taken: set[str]) -> dict[str, Guess]:
    """Value, weight and quantity, by the words in the names of the columns of numbers."""
    fields = _figures_of(sheet, _measuring(sheet, taken), taken)
    if not fields:
        remark = "no column of numbers was known by its name; net_wgt_kg and qty are read likewise"
        fields["value_reported"] = Guess(UNKNOWN, remark)
    return fields


def _measuring(sheet: Sheet, taken: set[str]) -> list[Column]:
    """The columns of numbers that are not `taken` and may be figures of trade."""
    numbers = [column for column in sheet.columns if column.is_number and column.name not in taken]
    return [column for column in numbers if not column.words & DO_NOT_MEASURE]


def _figures_of(sheet: Sheet, numbers: Sequence[Column], taken: set[str]) -> dict[str, Guess]:
    """The fields of some columns of numbers, by the units beside them and by their names."""
    by_unit = _by_unit(sheet, numbers, taken)
    read = _read_by(by_unit)
    left = [column for column in numbers if column.name not in read]
    return _by_header(sheet, left) | by_unit


def _by_header(sheet: Sheet, numbers: Sequence[Column]) -> dict[str, Guess]:
    """The fields of columns of numbers, by the words in their names."""
    fields: dict[str, Guess] = {}
    weights = [column for column in numbers if _is_weight(column)]
    if weights:
        fields["net_wgt_kg"] = _scaled("net_wgt_kg", weights[0])
    rest = [column for column in numbers if column not in weights]
    values = sheet.named(VALUE, rest)
    if values:
        fields |= _value(sheet, values[0])
    quantities = [column for column in sheet.named(QUANTITY, rest) if column not in values]
    if quantities:
        unit = next((QUANTITIES[word] for word in QUANTITIES if word in quantities[0].words), "")
        fields["qty"] = _scaled("qty", quantities[0])
        fields["qty_unit"] = _known(unit, ONE_OF_UNITS)
    return fields


def _value(sheet: Sheet, column: Column) -> dict[str, Guess]:
    """The fields of a column of values: its scale, its currency and its valuation."""
    money = _money(sheet, column)
    value = _scaled("value_reported", column)
    if money["currency"].value == UNKNOWN:
        currency, times, line = _stated_around(sheet)
        if currency:
            money["currency"] = Guess(currency, f"as a line says: {line}")
        if "times" not in value.value:
            value = _scaled("value_reported", column, times) if line else _unscaled(value)
    return {"value_reported": value, **money}


def _is_weight(column: Column) -> bool:
    return bool(column.words & {*WEIGHT})


def scale(field: str, words: Collection[str]) -> int:
    """By what the numbers of a column fill `field`, as the words of its name say; 1 unsaid."""
    counted_by = next((SCALES[word] for word in SCALES if word in words), 1)
    kilograms = next((WEIGHTS[word] for word in WEIGHTS if word in words), 1)
    return counted_by * kilograms if field == "net_wgt_kg" else counted_by


def _scaled(field: str, column: Column, times: Any = None) -> Guess:
    """A column of numbers, by its scale and with the marks among its numbers."""
    keys: dict[str, Any] = {"column": column.name}
    times = times or scale(field, column.words)
    keys |= {"times": times} if times != 1 else {}
    marks = dict.fromkeys(column.marks(), UNKNOWN)
    return Guess(keys | {"words": marks}, MARKS_MEAN) if marks else Guess(keys)


def _stated_around(sheet: Sheet) -> tuple[str, int, str]:
    """The currency that the lines around the table name, what it is counted by, and the line.

    Of no line that names several, nor of several that differ.
    """
    stated = {}
    for line in sheet.around:
        words = list_of_words(line)
        named = [place for place, word in enumerate(words) if word in CURRENCIES]
        if len({CURRENCIES[words[place]] for place in named}) == 1:
            near = words[max(named[0] - 3, 0) : named[-1] + 2]
            counted_by = [SCALES[word] for word in near if word in SCALES]
            stated[CURRENCIES[words[named[0]]], next(iter(counted_by), 1)] = line
    return (*next(iter(stated)), next(iter(stated.values()))) if len(stated) == 1 else ("", 1, "")


def _unscaled(number: Guess) -> Guess:
    """A column of numbers of which nothing says by what they are counted."""
    remark = "; ".join(filter(None, [number.remark, IN_THOUSANDS]))
    return Guess({**number.value, "times": UNKNOWN}, remark)


def _by_unit(sheet: Sheet, numbers: Sequence[Column], taken: set[str]) -> dict[str, Guess]:
    """The fields of columns of numbers whose units stand in columns of their own."""
    texts = [
        column for column in sheet.columns if not column.is_number and column.name not in taken
    ]
    fields: dict[str, Guess] = {}
    for column in texts:
        units = {text: _unit(text) for text in column.texts}
        is_unit = all(units.values()) or bool(column.words & UNIT_COLUMN)
        if column.is_list and is_unit and any(units.values()):
            free = [number for number in numbers if number.name not in _read_by(fields)]
            of_column = _in_units(sheet, free, column, units)
            fields |= {} if fields.keys() & of_column.keys() else of_column
    return fields


def _in_units(
    sheet: Sheet,
    numbers: Sequence[Column],
    column: Column,
    units: Mapping[str, Unit | None],
) -> dict[str, Guess]:
    """The fields that numbers in `units` fill: of several kinds money alone, else each kind."""
    known = {text: unit for text, unit in units.items() if unit}
    kinds = {field for field, _, _ in known.values()}
    is_money = "value_reported" in kinds
    number = _number_of(sheet, numbers, column, VALUE if is_money else (*QUANTITY, *WEIGHT))
    if number is None:
        return {}
    if is_money or (len(kinds) == 1 and len(known) == len(units) and not column.empty):
        return _of_one_kind(number, column, known, "value_reported" if is_money else kinds.pop())
    return _where_unit(number, column, known)


def _number_of(
    sheet: Sheet, numbers: Sequence[Column], column: Column, words: Iterable[str]
) -> Column | None:
    """The numbers whose unit stands in `column`: those named so, or the only ones."""
    named = sheet.named(words, numbers) or (numbers if len(numbers) == 1 else [])
    # Unit2 is the unit of Quantity2, where there are several.
    alike = [number for number in named if _counter(number) == _counter(column)]
    return next(iter(alike or named), None)


def _of_one_kind(
    number: Column, column: Column, units: Mapping[str, Unit], kind: str
) -> dict[str, Guess]:
    """The field of numbers in units of one kind, by the scale of each."""
    of_kind = {text: unit for text, unit in units.items() if unit[0] == kind}
    scales = {text: times for text, (_, _, times) in of_kind.items()}
    names = {text: name for text, (_, name, _) in of_kind.items()}
    fields = {kind: _scaled(kind, number, {column.name: scales})}
    of_field = {"value_reported": "currency", "qty": "qty_unit"}.get(kind)
    if of_field:
        distinct = set(names.values())
        constant = distinct.pop() if len(distinct) == 1 else {"column": column.name, "words": names}
        fields[of_field] = Guess(constant)
    return fields


def _counter(column: Column) -> str:
    """The number that the first word of a column's name ends in: 2 of Unit2 and Quantity2-Jan."""
    counted = re.match(r"[^\W\d_]+ ?(\d+)", column.name)
    return counted[1] if counted else ""


def _where_unit(number: Column, column: Column, units: Mapping[str, Unit]) -> dict[str, Guess]:
    """A field of each kind of unit, in the records `where` the unit is its own."""
    texts = [*column.texts, *([""] if column.empty else [])]
    fields = {}
    for kind in dict.fromkeys(kind for kind, _, _ in units.values()):
        scales = {text: times for text, (of, _, times) in units.items() if of == kind}
        fields[kind] = _where_scaled(kind, number, column, scales, texts)
    words = {text: UNKNOWN if text else "none" for text in texts}
    words |= {text: name or "none" for text, (_, name, _) in units.items()}
    is_open = UNKNOWN in words.values()
    if is_open or "qty" in fields:
        unit = {"column": column.name, "words": words}
        fields["qty_unit"] = Guess(unit, WHICH_UNIT if is_open else "")
    return fields


def _where_scaled(
    kind: str, number: Column, column: Column, scales: Mapping[str, int], texts: Iterable[str]
) -> Guess:
    """The numbers whose unit, one of `texts` in `column`, is one of `scales`, by its scale."""
    every: Any = {column.name: {**dict.fromkeys(texts, 1), **scales}}
    times = every if len(set(scales.values())) > 1 else next(iter(scales.values()))
    where: dict[str, Any] = {"column": column.name, "equals": _one_or_all(scales)}
    others = [text for text in texts if text not in scales]
    if others:
        where["otherwise"] = _one_or_all(others)
    guessed = _scaled(kind, number, times)
    return Guess({**guessed.value, "where": where}, guessed.remark)


def _one_or_all(texts: Iterable[str]) -> str | list[str]:
    """A text by itself, several as a list."""
    listed = [*texts]
    return listed[0] if len(listed) == 1 else listed


def _unit(text: str) -> Unit | None:
    """The field that a unit such as "USD thousand" is of, its name there, and the scale."""
    words = words_of(text)
    counted_by = next((SCALES[word] for word in SCALES if word in words), 1)
    names = words - SCALES.keys()
    for filled, known in (("value_reported", CURRENCIES), ("qty", QUANTITIES)):
        meant = {known[word] for word in names if word in known}
        if len(meant) == 1 and names <= known.keys():
            return filled, meant.pop(), counted_by
    if names and names <= WEIGHTS.keys():
        return "net_wgt_kg", "", scale("net_wgt_kg", words)
    return None


def _money(sheet: Sheet, value: Column) -> dict[str, Guess]:
    """The currency and the valuation of a column of values."""
    known = {code.casefold(): code for code in contracts.CURRENCIES}
    columns = [column for column in sheet.columns if meanings(column, known)]
    currency: Any = {"column": columns[0].name} if columns else ""
    if not currency:
        currency = next((CURRENCIES[word] for word in CURRENCIES if word in value.words), "")
    valuation = next((word.upper() for word in ("cif", "fob") if word in value.words), "")
    fields = {"currency": _known(currency, WHAT["currency"])}
    return fields | ({"valuation": Guess(valuation)} if valuation else {})


def _flags(sheet: Sheet) -> list[dict[str, Any]]:
    """Columns of true and false that are named by a word of FLAGS."""
    flags = []
    for column in sheet.columns:
        named = [word for word in contracts.FLAGS if word in column.words]
        yes = [text for text in column.texts if text.casefold() in ("true", "yes")]
        is_yes_or_no = {text.casefold() for text in column.texts} <= {"true", "false", "yes", "no"}
        if named and yes and is_yes_or_no:
            flags.append({"flag": named[0], "column": column.name, "equals": yes[0]})
    return flags


def _remarks(sheet: Sheet, taken: set[str]) -> Iterator[str]:
    """What is to be said of the columns that no field reads."""
    free = [column for column in sheet.columns if column.name not in taken]
    for column in sheet.columns:
        secret = [text for text in column.marks() if text.strip().casefold() in HELD_BACK]
        if secret:
            flag = f'{{ flag = "confidential", column = "{column.name}", equals = "{secret[0]}" }}'
            yield f"If {secret[0]!r} is a figure held back, also: flags = [{flag}]"
    months = [column for column in free if column in _months_of_years(sheet)]
    for column in free:
        if column in months[1:]:
            continue
        more = f", and {len(months) - 1} of other months," if column in months[:-1] else ""
        what = ": numbers, of what?" if column.is_number else ""
        yield f"{column.name}{more} is not read{what}"
    if len(months) == len(_months_of_years(sheet)):  # no row of a month is proposed
        yield from _rows_of_columns(free)


def _rows_of_columns(free: Sequence[Column]) -> Iterator[str]:
    """Say how columns of one kind would give a row each."""
    numbers = [column for column in free if column.is_number]
    periods = [column for column in numbers if column.name_form() or column.month_in_name()]
    if len(periods) > 1:
        name, form = periods[0].name, periods[0].name_form()
        text, form = (name, form) if form else (f"{name}-{{Year}}", "named month")
        yield "Columns that are periods give a row each: arguments.rows, with"
        yield f'ref_period = {{ text = "{text}", form = "{form}" }}'
    elif len(numbers) > 1:
        yield "If columns are of one kind, a country, product or direction each, each gives a row:"
        yield "arguments.rows"
