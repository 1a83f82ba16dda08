"""Claims in one line each: a CSV or a workbook that a newsroom keeps, as the ledger's tables.

A line has an id, a sentence, a figure as it is printed, and what it asks as a phrase
(:mod:`tradeflows.claims.phrase`).
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

from tradeflows.claims import derived, open_words
from tradeflows.model import units
from tradeflows.model.errors import LayoutError, LedgerError, QueryError, near, nearest
from tradeflows.model.words import fold
from tradeflows.publishers import workbooks

SUFFIXES = (".csv", ".xlsx")  # of files with a claim in a line
REQUIRED = ("id", "sentence", "figure", "asks")
KEYS = {  # of the ledger, and the columns that have them
    "statement": "sentence",
    "figure": "figure",
    "asks": "asks",
    "who": "printed_by",
    "theme": "theme",
    "core": "core",
    "window": "window",
    "open_because": "because",
    "settles": "settles",
}
COLUMNS = tuple(dict.fromkeys([*REQUIRED, "printed_by", "date", "address", *KEYS.values()]))
ELSEWHERE = "in claims.toml"  # asked by a line that only says where a claim of the ledger stands
YES, NO = ("yes", "true", "1"), ("no", "false", "0")
FIGURE = re.compile(
    r"(?P<words>[^\d$€£+−-]*?) ?(?P<mark>US\$|[$€£]|\b[A-Z]{3} )? ?(?:\+|(?P<sign>[−-]))? ?"
    r"(?P<mark_after>US\$|[$€£])?(?P<digits>\d[\d., '\u00a0\u202f]*?) ?(?P<unit>[^\d., ].*)?"
)
QUALIFIERS = {
    "": "=",
    **dict.fromkeys(("about", "around", "nearly", "roughly", "some", "almost", "circa", "~"), "~"),
    **dict.fromkeys(("more than", "over", "above", ">"), ">"),
    **dict.fromkeys(("at least", "no less than", "≥", ">="), "≥"),
    **dict.fromkeys(("less than", "fewer than", "under", "below", "<"), "<"),
    **dict.fromkeys(("at most", "up to", "no more than", "≤", "<="), "≤"),
}
CHANGES = {"rose": ">", "grew": ">", "fell": "<"}  # of a figure that does not say by how much
ORDINALS = ("st", "nd", "rd", "th")
MARKS = {"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP"}
UNSAID = "as printed"  # the window of what nothing tests
OPEN = "???"  # what a proposed line leaves to be filled
AS_WRITTEN = "as its figure is written"


class Line(NamedTuple):
    """A claim of a file of lines: where it stands, and its table; empty where TOML has it."""

    place: str
    entry: dict[str, Any]


def beside(ledger: Path) -> list[Path]:
    """The files of lines that stand beside a ledger, such as data/claims.csv."""
    files = [ledger.with_suffix(suffix) for suffix in SUFFIXES]
    return [path for path in files if path.is_file()]


def read(path: Path) -> dict[str, Line]:
    """The claims of a file of lines, by id.

    Raises
    ------
    LedgerError
        It cannot be read, lacks a column or has an unknown one, or an id stands twice.
    """
    rows, semicolons = _rows(path)
    filled = [(at, row) for at, row in rows if any(row) and not row[0].startswith("#")]
    names = [fold(cell).replace(" ", "_") for cell in filled[0][1]] if filled else []
    _require_columns(path, names)
    found: dict[str, Line] = {}
    for at, row in filled[1:]:
        place, cells = f"{path.name}, line {at}", dict(zip(names, row, strict=False))
        name, fault = cells["id"], ""
        if any(row[len(names) :]):
            fault = f"{len(row)} cells, and there are {len(names)} columns: a cell with a comma "
            fault += 'stands in quotation marks, such as "soybeans, 2019"'
        elif name and not cells["asks"]:
            fault = "asks is empty: write a phrase, or why nothing tests it"
        elif not name or name in found:
            fault = f"{name} stands twice, also in {found[name].place}" if name else "lacks an id"
        if fault:
            raise LedgerError(f"{path}, line {at}: {fault}")
        found[name] = Line(place, _entry(cells, semicolons=semicolons))
    return found


def _require_columns(path: Path, names: list[str]) -> None:
    """Refuse a first line that names a column that is none, or twice, or lacks one."""
    for name in names:
        if name not in ("", *COLUMNS) or (name and names.count(name) > 1):
            fault = "stands twice" if name in COLUMNS else f"is none{near(name, COLUMNS)}"
            raise LedgerError(f"{path}: the column {name!r} {fault}")
    lacking = [name for name in REQUIRED if name not in names]
    if lacking:
        known = ", ".join(COLUMNS)
        raise LedgerError(f"{path}: lacks the column {lacking[0]}; its first line names {known}")


def _rows(path: Path) -> tuple[Iterable[tuple[int, list[str]]], bool]:
    """Numbered lines of cells, and whether semicolons part them: a comma is a decimal one then."""
    try:
        if path.suffix == ".xlsx":
            sheets = [rows for rows in workbooks.sheets(path).values() if any(map(any, rows))]
            if len(sheets) == 1:
                return enumerate(sheets[0], 1), False
            raise LedgerError(f"{path}: {len(sheets)} sheets have cells; the lines stand on one")
        raw = path.read_bytes()
    except (OSError, LayoutError) as error:
        raise LedgerError(f"{path}: cannot be read ({error})") from error
    if b"\0" in raw:
        raise LedgerError(f"{path}: is no text; save it as CSV UTF-8, or as .xlsx")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:  # as Excel saves "CSV"
        text = raw.decode("cp1252", "replace")
    head = next((line for line in text.splitlines() if line.strip(" ;,\t")), "")
    mark = max(";,\t", key=head.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=mark, skipinitialspace=True)
    return _numbered(reader, path), mark == ";"


def _numbered(reader: Any, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line on which it begins."""
    at = 1
    try:
        for row in reader:
            yield at, [" ".join(cell.split()) for cell in row]
            at = reader.line_num + 1
    except csv.Error as error:
        raise LedgerError(f"{path}, line {at}: {error}") from error


def _entry(cells: Mapping[str, str], *, semicolons: bool) -> dict[str, Any]:
    """A line as the ledger's table of a claim, its figure and its phrase as they are written."""
    if cells["asks"] == ELSEWHERE:
        return {}
    named = {key: cells.get(column, "") for key, column in KEYS.items()}
    goods = re.fullmatch(r".*? of (?:\w+ of )?([^,]+?)(?: as .*?)?,.*", cells["asks"])
    where = [cells.get(key, "") for key in ("date", "address")]
    named["where"] = ", ".join(filter(None, where))
    named["theme"] = named["theme"] or (goods[1] if goods else "other claims")
    named["core"] = named["core"].lower() or "yes"
    given = {key: value for key, value in named.items() if value}
    return given | {"semicolons": semicolons}


# --- a claim of which the ledger has the table ----------------------------------------------------


def spelled_out(
    entry: Any,
    figures: Mapping[str, Any],
    reasons: Collection[str],
    root: Path,
    *,
    local: bool = False,
) -> Any:
    """A claim's table with the number, the question and the readings that its line stands for.

    One of TOML that asks by a table stays as it is.

    Parameters
    ----------
    figures, reasons
        The printed figures by id, and why a claim is not tested, in place of a phrase.

    Raises
    ------
    LedgerError
        The figure has no unit that is known, or another step than its sentence prints; or the
        phrase is none.
    """
    if not isinstance(entry, dict) or not isinstance(entry.get("asks"), str):
        return entry
    entry = dict(entry)
    semicolons, core = entry.pop("semicolons", False), entry.get("core", False)
    if core not in (True, False, *YES, *NO):
        raise LedgerError(f"core is {core!r}: write yes or no")
    entry["core"] = core in (True, *YES)
    asks, figure = entry["asks"], entry.get("figure")
    written = {"figure": figure, "asks": asks, "printed_by": entry.get("who")}
    written |= {"date": entry.get("where")}
    if OPEN in f"{written}":
        from tradeflows.claims import propose

        raise LedgerError(propose.to_fill({key: f"{text}" for key, text in written.items()}))
    if isinstance(figure, str) and figure not in figures and _is_number(figure):
        entry |= _claimed(entry.pop("figure"), entry.get("statement", ""), semicolons=semicolons)
    if asks in reasons:
        entry |= {"not_tested": entry.pop("asks")}
        return entry if figure or "claimed" in entry else {"claimed": {}, "window": UNSAID, **entry}
    unit = entry.get("claimed", figures.get(figure, {})).get("unit", "")
    try:
        return derived.entry_of(entry, unit, root, local=local)
    except (LedgerError, QueryError) as error:
        raise LedgerError(f"asks: {error}") from error


def _is_number(figure: str) -> bool:
    """Whether a cell is a number with its words, rather than the id of a printed figure."""
    cell = FIGURE.fullmatch(figure)
    if not cell or re.match(r"[A-Za-z]+\d", figure):
        return figure in CHANGES
    words = cell["words"].strip().lower()
    return words in (*QUALIFIERS, units.RANK) or bool(nearest(words, QUALIFIERS))


def _claimed(figure: str, statement: str, *, semicolons: bool) -> dict[str, Any]:
    """The number that a cell writes, and the step to which it does where its sentence has none."""
    cell = FIGURE.fullmatch(figure)
    if not cell:  # of how much is unsaid
        return {"claimed": {"value": 0, "unit": "percent", "qualifier": CHANGES[figure]}}
    words, unit = _said(figure, cell)
    digits = _digits(cell["digits"].strip(), figure, semicolons=semicolons)
    value, qualifier = float(digits) * (-1 if cell["sign"] else 1), QUALIFIERS[words]
    claimed = {"claimed": {"value": value, "unit": unit, "qualifier": qualifier}}
    if qualifier not in ("=", "~") or unit in (units.RANK, units.COUNT):
        return claimed
    step = open_words.step_of(digits, is_about=False)
    for item in open_words.numbers_in(statement):
        if item.is_of(unit) and item.means(value, unit):
            printed = item.plain_step(value, unit)
            if math.isclose(printed, step):
                return claimed
            raise LedgerError(
                f"figure: {figure!r} is written to {step:g} {unit}, and its sentence prints "
                f"{item.text!r}, to {printed:g}: write it as the sentence does"
            )
    _require_unit(figure, digits, unit, statement)
    step = open_words.step_of(digits, is_about=qualifier == "~")
    return claimed | {"printed_to": step, "printed_because": AS_WRITTEN}


def _require_unit(figure: str, digits: str, unit: str, statement: str) -> None:
    """Refuse a figure whose digits its sentence prints in another unit."""
    for item in open_words.numbers_in(statement):
        if item.digits == digits and not item.is_of(unit):
            raise LedgerError(
                f"figure: {figure!r}: its sentence prints {item.text!r}; write it as the sentence "
                "does"
            )


def _said(figure: str, cell: re.Match[str]) -> tuple[str, str]:
    """The words before a number and its unit, which are refused where they are none."""
    words, unit = cell["words"].strip().lower(), (cell["unit"] or "").strip()
    if words == units.RANK or unit in ORDINALS:
        return "", units.RANK
    if words not in QUALIFIERS:
        raise LedgerError(f"figure: {figure!r}: no word {words!r}{near(words, QUALIFIERS)}")
    mark = (cell["mark"] or cell["mark_after"] or "").strip()
    unit = f"{unit} {MARKS.get(mark, mark)}".strip()
    base, known = units.sized(unit)[0], {*units.SIZES, *units.ROWS, units.COUNT, "ratio"}
    if base in known or units.CURRENCY.fullmatch(base):
        return words, unit
    every = [*known, "bn USD", "mn USD"]
    such = f"no unit {unit!r}{near(unit, every)}" if unit else "has no unit"
    raise LedgerError(f"figure: {figure!r}: {such}; such as 57.67 Mt, 71 % or 16.4 bn USD")


def _digits(text: str, figure: str, *, semicolons: bool) -> str:
    """Digits with a point alone: of 16.400,5 as of 16,400.5; of 1,300 by what parts the cells."""
    plain = re.sub(r"[ '\u00a0\u202f]", "", text).rstrip(".,")
    if semicolons and re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", plain):
        raise LedgerError(
            f"figure: {figure!r}: a thousand and more, or one and a part of it? Write it without "
            "the mark, or with another number of decimals"
        )
    marks = re.findall("[.,]", plain)
    is_decimal = len(marks) == 1 and not re.fullmatch(r"[1-9]\d{0,2},\d{3}", plain)
    if is_decimal or len({*marks}) == 2:
        whole, _, decimals = plain.rpartition(marks[-1])
        return f"{re.sub('[.,]', '', whole)}.{decimals}"
    return re.sub("[.,]", "", plain)
