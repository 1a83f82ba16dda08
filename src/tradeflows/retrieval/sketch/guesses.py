"""Where each field of a table may come from in a file, and what the file does not say."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from tradeflows.model import codes, schema
from tradeflows.model.errors import QueryError
from tradeflows.model.units import QUANTITIES, WEIGHTS
from tradeflows.publishers.tidy.forms import YEAR_AND_MONTH
from tradeflows.publishers.tidy.mapping import OWN
from tradeflows.retrieval.sketch.columns import (
    HELD_BACK,
    Column,
    Sheet,
    meanings,
    words_of,
)

UNKNOWN = "???"
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
}
# Codes of currencies that are words of English too, and so say nothing in a header.
ENGLISH = ("ALL", "TOP", "TRY", "MAD", "CUP", "PEN", "GEL", "COP", "MOP", "SOS")
CURRENCIES = {code.lower(): code for code in schema.CURRENCIES if code not in ENGLISH} | {
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
}
YEARS = ("year", "yr", "jahr", "ano", "año", "année")
MONTH_NAMES = ("month", "mon", "monat", "mes", "mês", "mois")
PERIOD = ("period", "month", "date", "time", "year", "quarter")
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
)
VALUE = ("value", "amount", "fob", "cif", *CURRENCIES)
QUANTITY = ("qty", "quantity", *QUANTITIES)
DO_NOT_MEASURE = {"%", "pct", "percent", "share", "rank", "row", "id", "index", "growth"}
NEED_NOT_BE_SAID = ("source_field", "flags", "qualifier", "n_months", "unit", "statement")
LOST_ZERO = "some have an odd number of digits: a spreadsheet took a zero away; save it anew"
NATIONAL = (
    "a country's own codes, by the digits that they begin with: say in the note which of its codes "
    "are in each"
)
WHICH_AREA = "the ids of areas are those that tradeflows.areas() lists; W00 is the world"
WHICH_CODE = "an HS code each; tradeflows.products('pepper') looks for one"
ONE_SIDE = "the other side; if these areas state the figures, they are reporter_iso"
MARKS_MEAN = 'words: 0 if the publisher means none by a mark, "" if not known or held back'
IN_THOUSANDS = "times: 1, or 1000 if the publisher counts in thousands, and so on"
A_MONTH_EACH = "leave it out, since the rows of the months have it, as said below"
SEVERAL_KINDS = (
    "one kind of unit is read, these are not; to have them all, a field of each kind takes the "
    "records `where` the unit is its own"
)
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
        return names.union(*scales)


@dataclass(frozen=True)
class Guesses:
    """Guesses by field, records that are no row, and remarks on columns that no field reads."""

    fields: Mapping[str, Guess]
    remarks: tuple[str, ...] = field(default=())
    left_out: Guess = field(default=Guess([]))


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
    fields |= _figures(sheet, _read_by(fields))
    if _months_of_years(sheet):
        fields |= _by_row(sheet, fields)
    flags = _flags(sheet)
    if flags:
        fields["flags"] = Guess(flags)
    left_out = _left_out(sheet, fields["ref_period"])
    other_units = _other_units(sheet, fields)
    if other_units:
        remarks = " ".join(filter(None, [left_out.remark, SEVERAL_KINDS]))
        left_out = Guess([*left_out.value, *other_units], remarks)
    return Guesses(fields, tuple(_remarks(sheet, _read_by(fields))), left_out)


def _months_of_years(sheet: Sheet) -> list[Column]:
    """The columns of numbers that are months, if there are several, and a column of years."""
    if _period(sheet).value != {"column": _year(sheet), "form": "year"}:
        return []
    months = [column for column in sheet.columns if column.is_number and column.month_in_name()]
    return months if len(months) > 1 else []


def _year(sheet: Sheet) -> str:
    """The name of the column of years, or none."""
    return next((column.name for column in sheet.named(YEARS) if column.form() == "year"), "")


def _by_row(sheet: Sheet, fields: Mapping[str, Guess]) -> dict[str, Guess]:
    """The period and the figures, which the months in columns state in rows of their own."""
    by_row = {}
    for name in ("ref_period", "value_reported", "net_wgt_kg", "qty"):
        keys = fields[name].value if name in fields else UNKNOWN
        if not isinstance(keys, Mapping):
            continue
        remark = f"{A_MONTH_EACH}; or {keys['column']}, if no month of any year is still to come"
        if isinstance(keys.get("times"), Mapping):
            [(unit, scales)] = keys["times"].items()
            remark = f"{A_MONTH_EACH}, where {unit} is {' or '.join(scales)}"
            if name == "qty":
                by_row["qty_unit"] = _units_of(sheet, unit, scales, fields["qty_unit"].value)
        by_row[name] = Guess(UNKNOWN, remark)
    return by_row


def _units_of(sheet: Sheet, name: str, counted: Collection[str], unit: Any) -> Guess:
    """The unit of a quantity by the words of a column, none for those of another kind."""
    texts = next(column.texts for column in sheet.columns if column.name == name)
    named = unit["words"] if isinstance(unit, Mapping) else dict.fromkeys(counted, unit)
    return Guess({"column": name, "words": {text: named.get(text, "none") for text in texts}})


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
    partners = _areas(sheet.named(PARTNER))
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


def _flow(sheet: Sheet) -> Guess:
    for column in sheet.columns:
        words = meanings(column, FLOWS)
        if words:
            plain = all(text == flow for text, flow in words.items())
            keys = {"column": column.name}
            return Guess(keys | ({"one_of": [*words]} if plain else {"words": words}))
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
    numbers = [column for column in sheet.columns if column.is_number and column.name not in taken]
    numbers = [column for column in numbers if not column.words & DO_NOT_MEASURE]
    by_unit = _by_unit(sheet, numbers, taken)
    read = _read_by(by_unit)
    left = [column for column in numbers if column.name not in read]
    fields = _by_header(sheet, left) | by_unit
    if not fields:
        remark = "no column of numbers was known by its name; net_wgt_kg and qty are read likewise"
        fields["value_reported"] = Guess(UNKNOWN, remark)
    return fields


def _by_header(sheet: Sheet, numbers: Sequence[Column]) -> dict[str, Guess]:
    """The fields of columns of numbers, by the words in their names."""
    fields: dict[str, Guess] = {}
    weights = [column for column in numbers if _is_weight(column)]
    if weights:
        fields["net_wgt_kg"] = _scaled("net_wgt_kg", weights[0])
    rest = [column for column in numbers if column not in weights]
    values = sheet.named(VALUE, rest)
    if values:
        money = _money(sheet, values[0])
        fields["value_reported"] = _scaled("value_reported", values[0])
        if money["currency"].value == UNKNOWN and "times" not in fields["value_reported"].value:
            fields["value_reported"] = _unscaled(fields["value_reported"])
        fields |= money
    quantities = [column for column in sheet.named(QUANTITY, rest) if column not in values]
    if quantities:
        unit = next((QUANTITIES[word] for word in QUANTITIES if word in quantities[0].words), "")
        units = ", ".join(schema.allowed(schema.TRADE.field("qty_unit"))[:12])
        fields["qty"] = _scaled("qty", quantities[0])
        fields["qty_unit"] = _known(unit, f"one of {units}, …")
    return fields


def _is_weight(column: Column) -> bool:
    return bool(column.words & {*WEIGHTS, "weight", "wgt", "netweight"})


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


def _unscaled(number: Guess) -> Guess:
    """A column of numbers of which nothing says by what they are counted."""
    remark = "; ".join(filter(None, [number.remark, IN_THOUSANDS]))
    return Guess({**number.value, "times": UNKNOWN}, remark)


def _by_unit(sheet: Sheet, numbers: Sequence[Column], taken: set[str]) -> dict[str, Guess]:
    """The field of a column of numbers whose unit stands in a column of its own."""
    texts = [
        column for column in sheet.columns if not column.is_number and column.name not in taken
    ]
    for column in texts:
        units = {text: _unit(text) for text in column.texts}
        if units and column.is_list and all(units.values()):
            return _in_units(sheet, numbers, column, units)
    return {}


def _in_units(
    sheet: Sheet, numbers: Sequence[Column], column: Column, units: Mapping[str, Any]
) -> dict[str, Guess]:
    """The field that numbers in `units` fill: of several kinds money, else the first."""
    kinds = dict.fromkeys(field for field, _, _ in units.values())
    field = "value_reported" if "value_reported" in kinds else next(iter(kinds))
    units = {text: unit for text, unit in units.items() if unit[0] == field}
    usual = VALUE if field == "value_reported" else (*QUANTITY, *WEIGHTS, "weight")
    named = sheet.named(usual, numbers)
    number = next(iter(named or numbers), None)
    if number is None:
        return {}
    scales = {text: times for text, (_, _, times) in units.items()}
    names = {text: name for text, (_, name, _) in units.items()}
    fields = {field: _scaled(field, number, {column.name: scales})}
    of_field = {"value_reported": "currency", "qty": "qty_unit"}.get(field)
    if of_field:
        distinct = set(names.values())
        constant = distinct.pop() if len(distinct) == 1 else {"column": column.name, "words": names}
        fields[of_field] = Guess(constant)
    return fields


def _unit(text: str) -> tuple[str, str, int] | None:
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
    known = {code.casefold(): code for code in schema.CURRENCIES}
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
        named = [word for word in schema.FLAGS if word in column.words]
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
    months = _months_of_years(sheet)
    for column in free:
        if column in months[1:]:
            continue
        more = f", and {len(months) - 1} of other months," if column in months else ""
        what = ": numbers, of what?" if column.is_number else ""
        yield f"{column.name}{more} is not read{what}"
    yield from _rows_of_columns(free, months, _year(sheet))


def _rows_of_columns(free: Sequence[Column], months: Sequence[Column], year: str) -> Iterator[str]:
    """Say how columns of one kind would give a row each."""
    numbers = [column for column in free if column.is_number]
    periods = [column for column in numbers if column.name_form()]
    if months:
        last = months[-1]
        text = f"{last.month_in_name()}-{{{year}}}"
        yield "Columns that are months give a row each: arguments.rows, with what it `needs`, its"
        yield f'ref_period = {{ text = "{text}", form = "named month" }} and its figures, such as'
        yield f'{{ column = "{last.name}" }}; the fields then have neither'
    elif len(periods) > 1:
        name, form = periods[0].name, periods[0].name_form()
        yield "Columns that are periods give a row each: arguments.rows, with"
        yield f'ref_period = {{ text = "{name}", form = "{form}" }}'
    elif len(numbers) > 1:
        yield "Columns of one kind, a country or a product each, give a row each: arguments.rows"
