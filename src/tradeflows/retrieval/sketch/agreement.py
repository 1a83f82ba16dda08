"""Whether a map that a person completed agrees with its file: an error where the two differ.

The headers, the lines around the table, the columns of units and of names, a second column of the
same figures and the size of the numbers are asked. What says nothing agrees with anything.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa

from tradeflows.model import codes
from tradeflows.model.errors import CatalogueError
from tradeflows.model.periods import FORMS
from tradeflows.model.source import Source
from tradeflows.publishers import Part
from tradeflows.publishers.tidy.mapping import POWERS, Map, Value, read_map
from tradeflows.retrieval.sketch.columns import (
    MOST_RECORDS,
    Column,
    Sheet,
    area_named,
    number,
    read,
)
from tradeflows.retrieval.sketch.headings import FIELDS, NO_FIGURES, Heading, heading, words_for

Fields = Mapping[str, Any]
Fault = tuple[str, str]  # the field of the map that is wrong, and why
Said = Iterator[tuple[str, Heading]]  # where something stands, and what it says
# Parts of a line: "Value in 1,000 USD; weight in tonnes" has two.
CLAUSES = re.compile(r"[;()|\[\]:]|,(?!\d{3})|\band\b|\.\s")
FEW = 2  # words of no list beside a scale that is meant for all figures
WORTH = (0.003, 100_000.0)  # of a kilogram in any currency, but for what is precious
PRECIOUS = "71"
ALIKE = 5.0  # times as much may a second column state of the same flows
LATER = re.compile("jul|oct|sep")  # in which other fiscal years begin
MANY_MONTHS = 6  # of a year, whose figures do not all rise unless they add up
RHYTHMS = {"year": "A", "quarter": "Q", "month": "M"}
SERIES = ("reporter_iso", "partner_iso", "flow_code", "cmd_code", "breakdown", "qty_unit")
SIDES = {"reporter_iso": "reporter", "partner_iso": "partner"}


def disagreements(path: Path, source: Source) -> Iterator[str]:
    """What a map of trade says otherwise than the file at `path`, in words.

    A field that ``confirmed`` of the entry names, with the reason, is not asked.

    Raises
    ------
    SourceError, LayoutError
        The file is no table.
    """
    if source.cleaner != "tidy.clean" or source.table != "trade":
        return
    asked, rows = read_map(source, **source.arguments)
    sheet = read(path)
    if not {*asked.columns} <= {*sheet.names}:
        return  # the cleaner says so, and where the header is
    for fields, _ in rows:
        checks = _figures(sheet, asked, fields), _period(sheet, fields), _sums(fields)
        yield from _in_words(source, chain(*checks, _areas(sheet, fields), _goods(sheet, fields)))


def require_agreement(path: Path, source: Source) -> None:
    """Refuse, in a CatalogueError of one line, a map that :func:`disagreements` names."""
    for text in disagreements(path, source):
        raise CatalogueError(f"{path}: {text}")


def require_sizes(parts: Iterable[Part], path: Path, source: Source) -> Iterator[Part]:
    """`parts` of a map of trade, unless their figures have a size or a course that none has.

    Raises
    ------
    CatalogueError
        As of :func:`require_agreement`.
    """
    for part in parts:
        if source.cleaner == "tidy.clean" and source.table == "trade":
            for text in _in_words(source, _sizes(part.rows)):
                raise CatalogueError(f"{path}: {text}")
        yield part


def _in_words(source: Source, faults: Iterable[Fault]) -> Iterator[str]:
    for field, why in faults:
        if field not in source.confirmed:
            yield (
                f"{field}: {why}; mend it in the map of {source.id}, or write there "
                f'confirmed.{field} = "how you know that the map is right"'
            )


def _around(sheet: Sheet) -> Said:
    """What each clause of the lines around the table says."""
    for place, line in sheet.around.items():
        for clause in filter(str.strip, CLAUSES.split(line)):
            yield f"{place} ({clause.strip()!r})", heading(clause.strip())


def _units(sheet: Sheet, value: Value) -> dict[str, dict[str, Heading]]:
    """What the columns of units say of a column of numbers: Unit2 alone is of Quantity2."""
    own = heading(value.column)
    alike = [name for name in sheet.units if heading(name).rest == own.rest]
    units = {name: sheet.units[name] for name in alike or sheet.units}
    condition = value.where
    while condition:  # of its other records the number is another's
        texts = units.get(condition.column, {})
        units[condition.column] = {text: texts[text] for text in texts if text in condition.equals}
        condition = condition.also
    return units


def _sums(fields: Fields) -> Iterator[Fault]:
    """Years to a month, whose length only a key of their own says."""
    form = getattr(fields["ref_period"], "form", "")
    if form == "year to month" and "n_months" not in fields:
        keys = 'n_months = { column = "…", form = "year to month" } and cumulation = "ytd"'
        yield "ref_period", f"the year to a month needs {keys} too"


def _figures(sheet: Sheet, asked: Map, fields: Fields) -> Iterator[Fault]:
    """What is a figure of the field, by what it is counted, its currency and its unit."""
    for field in FIELDS:
        value = fields.get(field)
        if isinstance(value, Value) and value.column:
            column = sheet.columns[value.column]
            excused = {
                NO_FIGURES["month name"]: getattr(fields["ref_period"], "text", ""),
                NO_FIGURES["cumulated"]: fields.get("cumulation") == "ytd",
            }
            if column.heading.odd and not excused.get(column.heading.odd):
                yield field, f"the header {column.name!r} is of {column.heading.odd}"
            yield from _counted(sheet, fields, field, value, column)
            yield from _second(sheet, asked, field, value)


def _stated(sheet: Sheet, field: str, value: Value, column: Column) -> Said:
    """What the header, the lines around and columns of units say of a column of numbers."""
    own = column.heading
    yield f"the header {column.name!r}", own
    for where, one in _around(sheet):
        if field in one.kinds or not (one.kinds or len(one.rest) > FEW):
            yield where, one.unscaled() if own.factors(field) else one
    for name, texts in _units(sheet, value).items():
        kinds = {*chain(*(one.kinds for one in texts.values()))}
        is_of_field = not kinds or field in kinds
        is_of_field |= own.is_amount and "value_reported" not in kinds
        if is_of_field and name not in value.times:
            yield from ((f"the column {name!r} ({text!r})", one) for text, one in texts.items())


def _counted(
    sheet: Sheet, fields: Fields, field: str, value: Value, column: Column
) -> Iterator[Fault]:
    """What a map says otherwise of a column of numbers than the file."""
    [(by, scales)] = value.times.items()
    given, stated = scales.get("", 1), [*_stated(sheet, field, value, column)]
    is_scaled = any(one.scales for _, one in stated)
    if "currency" in column.heading.says and given != 1 and not is_scaled:
        yield field, f"times is {given:,}, of which {column.name!r} and the file say nothing"
    for where, one in stated:
        if one is not column.heading or not one.is_vague:
            yield from _differing(field, where, one, 0 if by else given)
        yield from _named(fields, field, where, one)
    for text, one in _units(sheet, value).get(by, {}).items():
        if text in scales:
            yield from _differing(field, f"the column {by!r} ({text!r})", one, scales[text])


def _differing(field: str, where: str, one: Heading, given: int) -> Iterator[Fault]:
    """What a heading says otherwise of numbers that a map multiplies by `given`."""
    sizes = one.factors(field)
    if one.kinds and field not in one.kinds:
        yield field, f"{where} says {' and '.join(one.kinds)}"
    if field == "net_wgt_kg" and "gross" in one.says:
        yield field, f"{where} says a gross weight"
    if given and sizes and float(given) not in sizes:
        listed = " or ".join(f"{size:,.12g}" for size in sorted(sizes))
        no_map = "" if sizes & POWERS.keys() else ", by which no map multiplies: leave it out"
        yield field, f"times is {given:,}, and {where} says {listed}{no_map}"


def _named(fields: Fields, field: str, where: str, one: Heading) -> Iterator[Fault]:
    """The currency, the valuation or the unit of a figure, where a heading says another."""
    stated = (
        {"qty_unit": one.units()}
        if field == "qty"
        else {name: {*one.says.get(name, ())} for name in ("currency", "valuation")}
    )
    for name in stated:
        value = fields.get(name)
        pairs = getattr(value, "meanings", {}).items()
        if isinstance(value, str) and stated[name] and value not in stated[name]:
            yield name, f"it is {value}, and {where} says {' or '.join(sorted(stated[name]))}"
        for text, meaning in pairs if name == "qty_unit" else ():
            if heading(text).units() and meaning not in {"none", *heading(text).units()}:
                yield name, f"{text!r} is {min(heading(text).units())}, not {meaning}"


def _second(sheet: Sheet, asked: Map, field: str, value: Value) -> Iterator[Fault]:
    """A second column of the same figures, which states another size."""
    given = value.times.get("", {}).get("", 0)
    own = heading(value.column)
    totals = {}
    for column in sheet.columns.values():
        sizes = {given} if column.name == value.column else column.heading.factors(field)
        if column.ways and column.heading.field == field and len(sizes) == 1:
            texts = (record[sheet.names.index(column.name)].strip() for record in sheet.records)
            numbers = (number(text, asked) for text in texts if re.match(asked.pattern, text))
            totals[column.name] = sum(map(abs, numbers)) * min(sizes)
    first = totals.get(value.column, 0)
    for name, second in totals.items():
        other = heading(name).says
        is_same = own.says.get("direction") == other.get("direction")
        is_same &= other.get("currency") in (None, own.says.get("currency", other.get("currency")))
        if is_same and first and second and not 1 / ALIKE < first / second < ALIKE:
            yield field, f"it is {first / second:,.3g} times what the column {name!r} says"


def _period(sheet: Sheet, fields: Fields) -> Iterator[Fault]:
    """The form of periods, where their texts may be of several."""
    value = fields["ref_period"]
    form = FORMS.get(getattr(value, "form", ""))
    if not form:
        return
    forms = sheet.columns[value.column].forms if value.column else [value.form]
    own = [heading(name) for name in (value.column, value.month)]
    figures = [heading(getattr(fields.get(field), "column", "")) for field in FIELDS]
    lines = [*((f"the header {one.text!r}", one) for one in (*own, *figures)), *_around(sheet)]
    wrong = _not_of_form(value.form, forms, " ".join(one.text.lower() for _, one in lines))
    for where, one in lines:
        for what in filter(None, map(wrong.get, one.says)):
            yield "ref_period", f"{where} says {what}, and the map {form.what}"
    for one in figures + own[: 2 * (len(forms) > 1)]:
        stated = {RHYTHMS[kind]: kind for kind in RHYTHMS.keys() & one.says.keys()}
        if form.freq not in (stated or [form.freq]):
            said = f"the header {one.text!r} says {min(stated.values())}"
            yield "ref_period", f"{said}, and the map {form.what}"


def _not_of_form(form: str, forms: Collection[str], text: str) -> dict[str, str]:
    """What headings must not say of periods of a form, which might be of other `forms`."""
    wrong = {"week": "weeks"}
    is_fiscal = form == "year" or "april year" in forms
    if form == "april year":
        is_fiscal = "apr" not in text and bool(LATER.search(text))
    if is_fiscal:
        wrong["fiscal"] = "a fiscal year"
    if FORMS[form].months == 1:
        wrong["cumulated"] = "the year to a month"
    return wrong


def _areas(sheet: Sheet, fields: Fields) -> Iterator[Fault]:
    """Codes of areas, beside their names in another column."""
    for field, side in SIDES.items():
        value = fields[field]
        if not isinstance(value, Value) or not value.column:
            continue
        if value.areas not in ("", *heading(value.column).says.get("areas", [value.areas])):
            yield field, f"the header {value.column!r} says other codes than {value.areas!r}"
        known = codes.area_codes(value.areas) if value.areas else value.meanings
        others = {*SIDES.values(), "side"} - {side}
        for name, column in sheet.columns.items():
            apart = column.ways or others & column.heading.says.keys()
            for code, text in () if apart else _pairs(sheet, value.column, name):
                if area_named(text) not in ("", known.get(code, area_named(text))):
                    yield field, f"{code!r} is {known[code]}, and {name!r} says {text!r}"


def _goods(sheet: Sheet, fields: Fields) -> Iterator[Fault]:
    """Codes of goods that are of no HS."""
    value, system = fields["cmd_code"], str(fields.get("classification_code", "HS"))
    if not isinstance(value, Value) or not value.column or not system.startswith("H"):
        return
    for where, one in ((f"the header {value.column!r}", heading(value.column)), *_around(sheet)):
        if "HS" not in one.says.get("system", ["HS"]):
            yield "classification_code", f"it is {system}, and {where} says another"
    known = {*codes.harmonized_system(), *words_for("earlier")}
    texts = sheet.columns[value.column].texts if not value.meanings else ()
    listed = [text[:4] for text in texts if codes.HS.fullmatch(text) and text[:2] < "98"]
    strange = [heading_code for heading_code in listed if heading_code not in known]
    if len(strange) * 10 > len(listed):
        yield "classification_code", f"{strange[0]!r} of {value.column!r} is no heading of the HS"


def _pairs(sheet: Sheet, first: str, second: str) -> set[tuple[str, str]]:
    """The texts of two columns, where each has one of the other."""
    places = sheet.names.index(first), sheet.names.index(second)
    pairs = {(record[places[0]].strip(), record[places[1]].strip()) for record in sheet.records}
    sizes = {len({pair[at] for pair in pairs}) for at in (0, 1)}
    return pairs if sizes == {len(pairs)} and first != second else set()


def _sizes(batch: pa.RecordBatch) -> Iterator[Fault]:
    """Figures that are worth next to nothing or more than gold, and those that only rise."""
    rows = batch.slice(0, MOST_RECORDS).to_pylist()
    worths = [
        abs(row["value_reported"] / row["net_wgt_kg"])
        for row in rows
        if row["value_reported"] and row["net_wgt_kg"] and row["cmd_code"][:2] != PRECIOUS
    ]
    worth = median(worths or [1.0])
    if not WORTH[0] < worth < WORTH[1]:
        yield "net_wgt_kg", f"a kilogram would be worth {worth:,.3g} in the middle row"
    for field in ("value_reported", "net_wgt_kg"):
        if _rises(rows, field):
            yield "ref_period", f"{field} rises in every month of a year, as a year to a month does"


def _rises(rows: Iterable[Mapping[str, Any]], field: str) -> bool:
    """Whether the months of every year rise, and double."""
    years: dict[tuple[str, ...], dict[date, float]] = {}
    for row in rows:
        if row["n_months"] == 1 and row["cumulation"] == "period" and row[field] is not None:
            year = (*(row[name] for name in SERIES), f"{row['ref_period']:%Y}")
            years.setdefault(year, {})[row["ref_period"]] = row[field]
    courses = [[year[day] for day in sorted(year)] for year in years.values()]
    whole = [course for course in courses if len(course) >= MANY_MONTHS]
    rising = [one for one in whole if sorted(one) == one and one[-1] > 2 * one[0]]
    return bool(whole) and rising == whole
