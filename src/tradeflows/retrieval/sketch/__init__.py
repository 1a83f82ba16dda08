"""A proposal for the catalogue: the entry of a CSV of a publisher that is not known, with its map.

Only what a header says whole is filled in. All else stands as ``???``, with what it may be and the
first cells beside it, for a person to write: by what numbers are counted, the form of periods and
the systems of codes always, since no header is proof of them.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tradeflows.model import codes, schema
from tradeflows.model.errors import LayoutError, QueryError
from tradeflows.model.periods import FORMS, MONTHS, YEAR_AND_MONTH
from tradeflows.model.source import require_table
from tradeflows.publishers import reading, registry, workbooks
from tradeflows.publishers.tidy.mapping import OWN, POWERS
from tradeflows.retrieval import entry_text
from tradeflows.retrieval.sketch.columns import OWN_CLEANER, Column, Sheet, area_named, read
from tradeflows.retrieval.sketch.headings import FIELDS, heading

__all__ = ["UNKNOWN", "sketch"]

UNKNOWN = "???"
Guess = tuple[Any, str]  # what a key is, and the remark behind it
AREA_SYSTEMS = ("iso3", "eurostat", "comtrade")
# Kinds of words in a header that is of no figure.
LABELS = frozenset(
    "year quarter month period week reporter partner side goods article system flow units "
    "multiplier areas coded named".split()
)
FEW, MANY = 3, 400  # texts of a column that a remark shows, and that a map lists
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
}
AN_AREA = "an id as tradeflows.areas() lists it; W00 is the world"
MARKS_MEAN = 'words: 0 if the publisher means none by a mark, "" if not known or held back'
NEED_NOT_BE_SAID = ("source_field", "flags", "qualifier", "n_months", "unit", "statement")


def sketch(path: Path, *, publisher: str = "", table: str = "", known: Collection[str] = ()) -> str:
    """The entry that the catalogue would have of the table at `path`, as TOML with remarks.

    Parameters
    ----------
    path
        A CSV in UTF-8 with one header, its cells between commas, semicolons, tabs or strokes; or
        a workbook, whose one sheet is then to be saved as such a CSV.
    publisher
        Short name of whose statistic it is; else the first word of the file's name.
    table
        trade, rates, settlement or figures; by default trade.
    known
        Publishers that the catalogue has, and needs no entry of.

    Returns
    -------
    str
        A ``[publisher.…]``, unless it is known, and a ``[source.…]``. What no header says whole
        is :data:`UNKNOWN`.

    Raises
    ------
    QueryError
        No such table; or the file is one that `tradeflows add` reads without a map.
    SourceError, LayoutError
        The file cannot be read, or is no such CSV.
    """
    if table:
        require_table(table)
    like = [] if table else registry.recognise(path)
    if like == ["comext"] and workbooks.is_workbook(path):  # so is any, but Comext's has several
        with suppress(LayoutError):
            like = like[bool(workbooks.table(path)) :]
    if like:
        raise QueryError(
            f"{path} looks like a file of {registry.KNOWN[like[0]].about}: `tradeflows add` reads "
            "it without a map; --table sketches one all the same"
        )
    sheet = read(path)
    owner = publisher or re.split(r"[^a-z0-9]+", path.stem.lower())[0] or "publisher"
    lines = [f"# {path.name}: {sheet.count:,} records, {len(sheet.names)} columns."]
    if workbooks.is_workbook(path):
        lines.append("# A map reads no workbook: save the sheet as CSV UTF-8, and add that.")
    lines.append(f"# Write what stands as {UNKNOWN}, read the rest again, then:")
    lines += ["#   tradeflows add FILE --map THIS_FILE", ""]
    if owner not in known:
        lines += [
            f"[publisher.{owner}]  # {owner}: your short name for them; a folder, and publisher=",
            _line("name", UNKNOWN, "whose statistic it is, in full"),
            _line("short", UNKNOWN, "as the foot of a chart names them"),
            _line("home", "", "their web site, https://…; empty if there is none"),
            "",
        ]
    lines += _source(path, owner, table or "trade", sheet)
    return "\n".join(lines) + "\n"


def _line(key: str, value: Any, remark: str = "") -> str:
    """A key with its value, and the remark behind it."""
    remarks = " ".join(["  #", *remark.split()]) if remark else ""
    return f"{key} = {entry_text.toml_item(value).as_string()}{remarks}"


def _source(path: Path, owner: str, table: str, sheet: Sheet) -> Iterator[str]:
    loose = reading.uncatalogued(path, owner, table)
    name = re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_") or owner
    fields, remarks = _trade(sheet) if table == "trade" else (_by_name(sheet, table), [])
    yield f"[source.{name}]"
    yield _line("publisher", owner, "whose statistic it is: a [publisher.…], here or held")
    yield _line("title", UNKNOWN, "what one row is: unit, rhythm, first and last period")
    yield _line("kind", "published", "as they made it; or transcribed: somebody copied it")
    yield _line("address", "", "the page that it is from, https://…; empty if it has none")
    yield _line("steps", UNKNOWN, "how it was got, so that another can get it again")
    yield _line("licence", "not stated")
    yield _line("vintage", "not stated", 'day of the release such as "2024-01-30", month or year')
    for key in ("retrieved", "sha256", "bytes"):
        yield _line(key, getattr(loose, key))
    yield from (_line("table", table), _line("cleaner", "tidy.clean"), _line("rank", 1))
    if table == "trade":
        yield "# Only if the file has every row of these months, so that none means no trade:"
        yield '# absent = [{ along = "partner_iso", from = "2023-01", until = "2023-12" }]'
    yield _line("arguments.columns", [*sheet.names])
    yield from _marks(sheet)
    for column in _named(sheet, "month"):
        sums = [text for text in column.texts if text.lower() not in MONTHS]
        if sums and not column.forms and 2 * len(sums) < len(column.texts):
            left_out = [{"column": column.name, "equals": sums, "reason": UNKNOWN}]
            yield _line("arguments.left_out", left_out, "no months; what are these records?")
    yield from ("", f"[source.{name}.arguments.fields]")
    for field, (value, remark) in fields.items():
        yield _line(field, value, remark)
    yield from (f"# {remark}" for remark in remarks)


def _marks(sheet: Sheet) -> Iterator[str]:
    """The marks of a file, where they are not those of most."""
    if sheet.title_lines:
        yield _line("arguments.title_lines", sheet.title_lines, "above the header")
    if sheet.footnotes_from:
        remark = "how the first line below the table begins; it and what follows is no record"
        yield _line("arguments.footnotes_from", sheet.footnotes_from, remark)
    if sheet.separator != ",":
        yield _line("arguments.separator", sheet.separator)
    ways = sheet.ways(column for column in sheet.columns.values() if column.ways)
    if not ways:
        yield f"# Its numbers are written in several ways, which no map reads: {OWN_CLEANER}."
    elif len(ways) > 1:
        choices = " or ".join(f"{way.decimal} as in {way.example}" for way in ways)
        yield _line("arguments.decimal", UNKNOWN, choices)
        yield _line("arguments.grouping", UNKNOWN, 'between thousands; "" if nothing is')
    elif ways[0].decimal != "." or ways[0].grouping:
        yield _line("arguments.decimal", ways[0].decimal)
        yield _line("arguments.grouping", ways[0].grouping)


def _by_name(sheet: Sheet, table: str) -> dict[str, Guess]:
    """The fields of a table that is not of trade: columns of the same name, else unknown."""
    fields: dict[str, Guess] = {}
    for field in schema.TABLES[table]:
        words = ", ".join(schema.allowed(field))
        note = field.metadata[b"note"].decode()
        if field.name == "ref_period":
            fields[field.name] = _period(sheet)
        elif field.name in sheet.names and field.name not in OWN:
            fields[field.name] = {"column": field.name}, ""
        elif not field.nullable and field.name not in (*OWN, *NEED_NOT_BE_SAID):
            fields[field.name] = UNKNOWN, ": ".join(filter(None, (note, words)))
    return fields


def _cells(*columns: Column) -> str:
    """The first cells of some columns."""
    return "; ".join(f"{one.name}: {', '.join([*one.texts][:FEW])}" for one in columns)


def _open(field: str, columns: Iterable[Column] = ()) -> Guess:
    """A field of which no column says whole that it is it, and those that may be."""
    candidates = _cells(*columns)
    return UNKNOWN, WHAT[field] + (f"; it may be of {candidates}" if candidates else "")


def _named(sheet: Sheet, *says: str) -> list[Column]:
    """The columns whose names say one of some kinds."""
    return [column for column in sheet.columns.values() if column.heading.says.keys() & {*says}]


def _trade(sheet: Sheet) -> tuple[dict[str, Guess], list[str]]:
    """The fields of trade, and what is to be said besides."""
    fields = {"ref_period": _period(sheet), "reporter_iso": _areas(sheet, "reporter")}
    fields |= {"partner_iso": _areas(sheet, "partner"), "flow_code": _flow(sheet)}
    fields |= _goods(sheet)
    iso3 = codes.area_codes("iso3")
    numbers, wide = [], {"months": 0, "countries": 0, "imports": 0, "exports": 0}
    for column in sheet.columns.values():
        said = column.heading
        if column.ways and (said.kinds or not said.says.keys() & LABELS):
            numbers.append(column)
            of_period = "month name" in said.says or Column("", [column.name]).forms
            wide["months"] += bool(of_period)
            names = (word for word in said.rest if area_named(word) or word in iso3)
            wide["countries"] += any(names)
            wide["imports"] += "M" in said.says.get("direction", ())
            wide["exports"] += "X" in said.says.get("direction", ())
    kinds = [kind for kind in ("months", "countries") if wide[kind] > 1]
    kinds += ["imports and exports"] * bool(wide["imports"] and wide["exports"])
    remarks = []
    if kinds:
        fields["value_reported"] = _open("value_reported", numbers[:FEW])
        remarks += WIDE.format(" and ".join(kinds)).splitlines()
    else:
        fields |= _figures(sheet, numbers)
    used = set[str]()
    for value, _ in fields.values():
        if isinstance(value, Mapping):
            by_unit = value.get("times") if isinstance(value.get("times"), Mapping) else ()
            used |= {value.get("column", ""), value.get("month", ""), *by_unit}
    unread = [name for name in sheet.names if name not in used]
    remarks += [" ".join(f"Not read: {', '.join(unread)}".split())] * bool(unread)
    remarks.append("Need not be said: partner_role (origin of imports, destination of exports).")
    return fields, remarks


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
    [column] = periods
    what = {form: FORMS[form].what for form in column.forms}
    what |= {
        form: 'the year to a month, with n_months alike and cumulation = "ytd"'
        for form in column.forms
        if form == "year to month"
    }
    forms = " or ".join(f'"{form}" ({about})?' for form, about in what.items())
    return {"column": column.name, "form": UNKNOWN}, f"{forms} {_cells(column)}"


def _areas(sheet: Sheet, side: str) -> Guess:
    """The column of names of areas, else of codes, whose header says that it is of a side."""
    columns = [c for c in _named(sheet, side) if side in ("reporter", *c.heading.says)]
    columns = [c for c in columns if side == "reporter" or "reporter" not in c.heading.says]
    names = [c for c in columns if any(map(area_named, c.texts)) and not c.ways]
    if len(names) == 1 and len(names[0].texts) <= MANY:
        words = {text: area_named(text) or UNKNOWN for text in names[0].texts}
        return {"column": names[0].name, "words": words}, AN_AREA
    if names or len(columns) != 1:
        return _open(f"{side}_iso", columns or _named(sheet, "side", "areas"))
    [column] = columns
    remarks = []
    for system in (*AREA_SYSTEMS, *{*column.heading.says.get("areas", ())} & {"gacc"}):
        known = codes.area_codes(system)
        if column.texts and known.keys() >= {*column.texts}:
            some = [f"{code} is {codes.area_name(known[code])}" for code in [*column.texts][:FEW]]
            remarks.append(f'"{system}", where {", ".join(some)}?')
    if remarks:
        return {"column": column.name, "areas": UNKNOWN}, " or ".join(remarks)
    words = dict.fromkeys([*column.texts][:MANY], UNKNOWN)
    return {"column": column.name, "words": words}, f"not known: {AN_AREA}"


def _flow(sheet: Sheet) -> Guess:
    columns = [c for c in _named(sheet, "flow", "direction") if not (c.ways and c.heading.kinds)]
    if len(columns) != 1 or len(columns[0].texts) > len(AREA_SYSTEMS) * FEW:
        lines = [*sheet.names, *sheet.around.values()]
        said = [f"it says {text!r}" for text in lines if "direction" in heading(text).says]
        return UNKNOWN, "; ".join([WHAT["flow_code"], *said[:FEW]])
    words = {}
    for text in columns[0].texts:
        said_of_text = heading(text)
        meant = [*said_of_text.says.get("direction", ())]
        words[text] = meant[0] if len(meant) == 1 and not said_of_text.rest else UNKNOWN
    return {"column": columns[0].name, "words": words}, WHAT["flow_code"]


def _goods(sheet: Sheet) -> dict[str, Guess]:
    """The code of the goods, and the system that it is of."""
    others = {"partner", "reporter", "side", "flow", "units", "areas"}
    columns = [
        column
        for column in _named(sheet, "goods", "article", "system")
        if not column.heading.says.keys() & others
    ]
    coded = [c for c in columns if all(re.fullmatch(r"\d{2,12}|TOTAL", t) for t in c.texts)]
    fit = [c for c in coded if "HS" in c.heading.says.get("system", ["HS"])]
    listed = [c for c in columns if c not in coded and len(c.texts) <= MANY]
    code, remark = _open("cmd_code", fit or columns)
    if len(fit) == 1 or (len(listed) == 1 and not coded):
        [column] = fit or listed
        code, remark = {"column": column.name}, _cells(column)
        national = [text for text in column.texts if codes.is_national(text)]
        if column in listed or national:
            code["words"] = dict.fromkeys(column.texts, UNKNOWN)
            remark = "an HS code each; tradeflows.products('pepper') looks for one"
            if national:
                remark = "a country's own codes: the six digits of the HS that each begins with"
        elif any(len(text) % 2 for text in column.texts if text.isdecimal()):
            remark = "odd numbers of digits: a spreadsheet took a zero away; save it anew"
    for column in coded:
        if column not in fit:
            remark += f"; {column.name} is of another system than the HS"
    return {"cmd_code": (code, remark), "classification_code": _open("classification_code")}


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
        if not columns or (field == "qty" and kinds and kinds != {"qty"}):
            continue
        [*whole] = (c for c in columns if c.heading.field == field or kinds == {field})
        if field == "net_wgt_kg":  # what does not say that it is net may be gross
            whole = [column for column in whole if "net" in column.heading.says]
        whole = [c for c in whole if {*c.heading.factors(field)} <= POWERS.keys()]
        fields[field] = _open(field, columns)
        if len(whole) == len(columns) == 1:
            [column] = columns
            keys: dict[str, Any] = {"column": column.name, "times": UNKNOWN}
            remark = " or ".join(f"{size:.12g}?" for size in sorted(column.heading.factors(field)))
            if len(units) == 1 and kinds == {field}:
                keys["times"] = {units[0].name: dict.fromkeys(units[0].texts, UNKNOWN)}
                sizes = {text: sorted(heading(text).factors(field)) or [1] for text in texts}
                remark = "; ".join(f"{text}: {of[0]:.12g}?" for text, of in sizes.items())
            lines = [f"{place} says {line!r}" for place, line in sheet.around.items()]
            if not remark:
                remark = "; ".join(["1, or 1000 if it is counted in thousands?", *lines[:FEW]])
            remark = f"times: {remark} {_cells(column)}"
            if column.no_numbers:
                keys["words"] = dict.fromkeys(column.no_numbers, UNKNOWN)
                remark = f"{remark}; {MARKS_MEAN}"
            fields[field] = keys, remark
    fields = fields or {"value_reported": _open("value_reported", numbers)}
    said = [column.heading for column in numbers] + [heading(text) for text in texts]
    if "value_reported" in fields:
        stated = {code for one in said if one.field for code in one.says.get("currency", ())}
        lines = [text for text in sheet.around.values() if "currency" in heading(text).says]
        about = "; ".join([WHAT["currency"], *sorted(stated), *lines])
        fields["currency"] = (stated.pop(), "") if len(stated) == 1 else (UNKNOWN, about)
        valuation = {word for one in said for word in one.says.get("valuation", ())}
        if len(valuation) == 1:
            fields["valuation"] = valuation.pop(), ""
    if "qty" in fields:
        allowed = schema.allowed(schema.TRADE.field("qty_unit"))
        stated = {unit for one in said for unit in one.units()}
        about = f"{' or '.join(sorted(stated))}? One of {', '.join(allowed[:12])}, …"
        fields["qty_unit"] = UNKNOWN, about
    return fields
