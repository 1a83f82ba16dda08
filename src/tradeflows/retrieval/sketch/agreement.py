"""Whether a map that a person completed agrees with its file: an error where the two differ.

The headers, the lines around the table, the columns of units and of names, a second column of the
same figures and the size of the numbers are asked. What says nothing agrees with anything.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
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
from tradeflows.publishers.tidy.mapping import Map, Value, read_map
from tradeflows.retrieval.sketch.columns import MOST_RECORDS, Sheet, area_named, number, read
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
SIDES = {"reporter_iso": "reporter", "partner_iso": "partner"}


def require_agreement(path: Path, source: Source) -> None:
    """Refuse a map of trade that says otherwise than the file at `path`.

    A field that ``confirmed`` of the entry names, with the reason, is not asked.

    Raises
    ------
    CatalogueError
        One line that names the field, what the file says, and where.
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
        _refuse(path, source, _figures(sheet, asked, fields))
        _refuse(path, source, _period(sheet, fields))
        _refuse(path, source, _codes(sheet, fields))


def require_sizes(parts: Iterable[Part], path: Path, source: Source) -> Iterator[Part]:
    """`parts` of a map of trade, unless their figures have a size or a course that none has.

    Raises
    ------
    CatalogueError
        As of :func:`require_agreement`.
    """
    for part in parts:
        if source.cleaner == "tidy.clean" and source.table == "trade":
            _refuse(path, source, _sizes(part.rows))
        yield part


def _refuse(path: Path, source: Source, faults: Iterable[Fault]) -> None:
    for field, why in faults:
        if field not in source.confirmed:
            raise CatalogueError(
                f"{path}: {field}: {why}; mend it in the map of {source.id}, or write there "
                f'confirmed.{field} = "how you know that the map is right"'
            )


def _around(sheet: Sheet) -> Said:
    """What each clause of the lines around the table says."""
    for place, line in sheet.around.items():
        for clause in filter(str.strip, CLAUSES.split(line)):
            yield f"{place} ({clause.strip()!r})", heading(clause.strip())


def _units(sheet: Sheet) -> dict[str, dict[str, Heading]]:
    """What each text of a column of units, or of powers of ten, says."""
    units = {}
    for column in sheet.columns.values():
        said = {text: heading(text) for text in column.texts}
        if "multiplier" in column.heading.says and all(map(str.isdecimal, said)):
            said = {text: Heading(text, {}, {10.0 ** int(text[:2])}, ()) for text in said}
        elif column.ways or not any(one.kinds or one.scales for one in said.values()):
            continue
        if "units" in column.heading.says or not any(one.rest for one in said.values()):
            units[column.name] = {text: one.counted() for text, one in said.items()}
    return units


def _figures(sheet: Sheet, asked: Map, fields: Fields) -> Iterator[Fault]:
    """What is a figure of the field, by what it is counted, its currency and its unit."""
    units, period = _units(sheet), fields["ref_period"]
    for field in FIELDS:
        value = fields.get(field)
        if not isinstance(value, Value) or not value.column:
            continue
        column = sheet.columns[value.column]
        own = column.heading
        [(by, scales)] = value.times.items()
        header = f"the header {column.name!r}"
        is_amount = own.kinds == ["qty"] and "quantity" not in own.says  # of any unit
        is_of_month = own.odd == NO_FIGURES["month name"] and getattr(period, "text", "")
        is_sum = own.odd == NO_FIGURES["cumulated"] and fields.get("cumulation") == "ytd"
        if own.odd and not is_of_month and not is_sum:
            yield field, f"{header} is of {own.odd}"
        stated = [(header, own)]
        for where, one in _around(sheet):
            if field in one.kinds or not (one.kinds or len(one.rest) > FEW):
                stated.append((where, one.unscaled() if own.factors(field) else one))
        numbered = [name for name in units if heading(name).rest == own.rest]
        for name in units if len(units) == 1 else numbered or units:
            kinds = {*chain(*(one.kinds for one in units[name].values()))}
            if name == by:
                pairs = {text: given for text, given in scales.items() if text in units[name]}
                for text, given in pairs.items():
                    where = f"the column {name!r} ({text!r})"
                    if field not in (units[name][text].kinds or [field]) and not value.where:
                        yield field, f"{where} says {' and '.join(units[name][text].kinds)}"
                    yield from _differing(field, {}, where, units[name][text], given)
            elif name != getattr(value.where, "column", "") and (
                field in kinds or not kinds or (is_amount and "value_reported" not in kinds)
            ):
                said = units[name].items()
                stated += [(f"the column {name!r} ({text!r})", one) for text, one in said]
        is_whole = not any(one.scales for _, one in stated) and "currency" in own.says
        if is_whole and scales.get("", 1) != 1:
            yield field, f"times is {scales['']:,}, and {header} says nothing of that"
        for where, one in stated:
            if one.kinds and field not in one.kinds and not (is_amount and one is own):
                yield field, f"{where} says {' and '.join(one.kinds)}"
            yield from _differing(field, fields, where, one, scales.get("", 0))
        yield from _second(sheet, asked, field, value)


def _differing(field: str, fields: Fields, where: str, one: Heading, given: int) -> Iterator[Fault]:
    """What a heading says otherwise of a figure than its map, which multiplies by `given`."""
    sizes = one.factors(field)
    if given and sizes and float(given) not in sizes:
        listed = " or ".join(f"{size:,.12g}" for size in sorted(sizes))
        yield field, f"times is {given:,}, and {where} says {listed}"
    if field == "net_wgt_kg" and "gross" in one.says:
        yield field, f"{where} says a gross weight"
    stated = {"currency": {*one.says.get("currency", ())}, "qty_unit": one.units()}
    stated["valuation"] = {*one.says.get("valuation", ())}
    for name in ("qty_unit",) if field == "qty" else ("currency", "valuation"):
        value = fields.get(name)
        if isinstance(value, str) and stated[name] and value not in stated[name]:
            yield name, f"it is {value}, and {where} says {' or '.join(sorted(stated[name]))}"
        for text, meaning in getattr(value, "meanings", {}).items() if name == "qty_unit" else ():
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
    if not isinstance(value, Value) or not value.form:
        return
    form = FORMS[value.form]
    own = [heading(name) for name in (value.column, value.month)]
    of_figures = [getattr(fields.get(field), "column", "") for field in FIELDS]
    headers = [(f"the header {one.text!r}", one) for one in (*own, *map(heading, of_figures))]
    forms = sheet.columns[value.column].forms if value.column else [value.form]
    is_sum = value.form == "year to month"
    if is_sum and not ("n_months" in fields and fields.get("cumulation") == "ytd"):
        keys = 'n_months = { column = "…", form = "year to month" } and cumulation = "ytd"'
        yield "ref_period", f"the year to a month needs {keys} too"
    lines = [*headers, *_around(sheet)]
    text = " ".join(one.text for _, one in lines).lower()
    is_april = value.form == "april year" and ("apr" in text or not LATER.search(text))
    for where, one in lines:
        wrong = {
            "weeks": "week" in one.says,
            "a fiscal year": "fiscal" in one.says
            and (value.form == "year" or "april year" in forms)
            and not is_april,
            "the year to a month": "cumulated" in one.says and form.months == 1 and not is_sum,
        }
        for what in (what for what, is_wrong in wrong.items() if is_wrong):
            yield "ref_period", f"{where} says {what}, and the map {form.what}"
    rhythms = {"A": "year", "Q": "quarter", "M": "month"}
    for where, one in headers if len(forms) > 1 else headers[2:]:
        stated = [freq for freq, kind in rhythms.items() if kind in one.says]
        if stated and form.freq not in stated:
            yield "ref_period", f"{where} says {rhythms[stated[0]]}, and the map {form.what}"


def _codes(sheet: Sheet, fields: Fields) -> Iterator[Fault]:
    """Codes of areas beside their names, and codes of goods that are of no HS."""
    for field, side in SIDES.items():
        value = fields[field]
        if not isinstance(value, Value) or not value.column:
            continue
        said = heading(value.column).says
        if value.areas and value.areas not in said.get("areas", [value.areas]):
            yield field, f"the header {value.column!r} says other codes than {value.areas!r}"
        known = codes.area_codes(value.areas) if value.areas else value.meanings
        for name, column in sheet.columns.items():
            if {*SIDES.values(), "side"} - {side} & column.heading.says.keys() or column.ways:
                continue
            for code, text in _pairs(sheet, value.column, name):
                if area_named(text) not in ("", known.get(code, area_named(text))):
                    yield field, f"{code!r} is {known[code]}, and {name!r} says {text!r}"
    goods, system = fields["cmd_code"], fields.get("classification_code", "HS")
    if isinstance(goods, Value) and str(system).startswith("H"):
        headers = [(f"the header {goods.column!r}", heading(goods.column))]
        for where, one in (*headers, *_around(sheet)):
            if "HS" not in one.says.get("system", ["HS"]):
                yield "classification_code", f"it is {system}, and {where} says another"
        known = {*codes.harmonized_system(), *words_for("earlier")}
        texts = sheet.columns[goods.column].texts if goods.column and not goods.meanings else ()
        listed = [text for text in texts if codes.HS.fullmatch(text) and text[:2] < "98"]
        strange = [text for text in listed if text[:4] not in known]
        if len(strange) * 10 > len(listed):
            yield "classification_code", f"{strange[0]!r} is below no heading of the HS"


def _pairs(sheet: Sheet, first: str, second: str) -> set[tuple[str, str]]:
    """The texts of two columns, where each has one of the other."""
    places = sheet.names.index(first), sheet.names.index(second)
    pairs = {(record[places[0]].strip(), record[places[1]].strip()) for record in sheet.records}
    sizes = {len({pair[at] for pair in pairs}) for at in (0, 1)}
    return pairs if sizes == {len(pairs)} and first != second else set()


def _sizes(batch: pa.RecordBatch) -> Iterator[Fault]:
    """Figures that are worth next to nothing or more than gold, and those that only rise."""
    names = ("reporter_iso", "partner_iso", "flow_code", "cmd_code", "breakdown", "qty_unit")
    rows = batch.slice(0, MOST_RECORDS).to_pylist()
    both = [row for row in rows if row["value_reported"] and row["net_wgt_kg"]]
    ordinary = [row for row in both if not row["cmd_code"].startswith(PRECIOUS)]
    worth = median([abs(row["value_reported"] / row["net_wgt_kg"]) for row in ordinary] or [1.0])
    if not WORTH[0] < worth < WORTH[1]:
        yield "net_wgt_kg", f"a kilogram would be worth {worth:,.3g} in the middle row"
    for field in ("value_reported", "net_wgt_kg"):
        years: dict[tuple[str, ...], dict[date, float]] = {}
        for row in rows:
            if row["n_months"] == 1 and row["cumulation"] == "period" and row[field] is not None:
                year = (*(row[name] for name in names), f"{row['ref_period']:%Y}")
                years.setdefault(year, {})[row["ref_period"]] = row[field]
        courses = [[year[day] for day in sorted(year)] for year in years.values()]
        whole = [course for course in courses if len(course) >= MANY_MONTHS]
        rising = [course for course in whole if sorted(course) == course]
        if whole and rising == whole and all(course[-1] > 2 * course[0] for course in whole):
            yield "ref_period", f"{field} rises in every month of a year, as a year to a month does"
