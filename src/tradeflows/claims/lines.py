"""Claims in one line each: a CSV or a workbook that a newsroom keeps, as the ledger's tables.

A line has an id, a sentence, a figure as it is printed, and what it asks as a phrase
(:mod:`tradeflows.claims.phrase`).
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Collection, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from tradeflows.claims import derived, open_words, phrase, wording
from tradeflows.claims.open_words import QUALIFIERS
from tradeflows.claims.sentence import OPEN
from tradeflows.claims.witnesses import Tables
from tradeflows.claims.word_lists import Table, word_list
from tradeflows.model import units
from tradeflows.model.errors import LayoutError, LedgerError, QueryError, near, nearest
from tradeflows.model.periods import FORMS
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
DATES = ("year", "month", "day of the month", "named month")
FIGURE = re.compile(
    rf"(?P<words>[^\d$€£₹+−-]*?) ?(?P<mark>{open_words.SIGN}|\b[A-Z]{{3}} )? ?"
    rf"(?:\+|(?P<sign>[−-]))? ?(?P<mark_after>{open_words.SIGN})?"
    r"(?P<digits>\d[\d., '\u00a0\u202f]*?) ?(?P<unit>[^\d., ].*)?"
)
CONTRARY = {">": "<", "≥": "≤", "<": ">", "≤": "≥"}
CHANGES: Mapping[str, tuple[float, str]] = word_list("open_words")["changes"]
# Other figures in words: fivefold, 1.8 times as much, two thirds, one in five.
NUMBER = "|".join(units.NUMBER_WORDS)
IN_FULL = re.compile(
    rf"(?P<times>\d+(?:\.\d+)?|{NUMBER})(?P<more> and a half)?[- ]?(?:fold|times)"
    r"(?: as (?:much|many))?"
    rf"|(?P<twice>twice)(?: as (?:much|many))?|one in (?P<among>{NUMBER})"
    rf"|(?:by )?a factor of (?P<factor>\d+(?:\.\d+)?|{NUMBER})"
    r"|(?P<sign>[−-])?(?:(?P<count>a|one|two|three|four|nine)[ -])?"
    r"(?P<part>half|third|quarter|fifth|tenth)s?"
)
PARTS = {"half": 50.0, "third": 100 / 3, "quarter": 25.0, "fifth": 20.0, "tenth": 10.0}
# Money a tonne or a barrel: $567 a tonne, 567 EUR/t.
A_TONNE = re.compile(r"(?P<money>.*?) ?(?:/|\b(?:a|per) )(?P<per>t|tonnes?|bbl|barrel)")
MONEY = re.compile(r"[A-Z]{3}(?:/(?:t|bbl))?")
UNASKED = {  # units that no phrase answers, by their last four letters
    "tons": "these may be metric, short or long tons: write Mt, or tonnes, for metric tons",
    "/bbl": f"no phrase asks money a barrel; {phrase.PRICE!r} is money a tonne, as in 565.1 USD/t",
}
ROUGHLY = 1 / 5  # the step of such a figure, as a part of it
FRACTIONS = re.compile(r"\b(?:half|halves|halved|third|quarter|fifth|tenth)s?\b", re.IGNORECASE)
ORDINALS = ("st", "nd", "rd", "th")
COUNTED = {size: word for word, size in units.COUNTED_BY.items() if word not in units.IN_FULL}
UNSAID = "as printed"  # the window of what nothing tests
AS_WRITTEN = "as its figure is written"


def beside(ledger: Path) -> list[Path]:
    """The files of lines that stand beside a ledger, such as data/claims.csv."""
    files = [ledger.with_suffix(suffix) for suffix in SUFFIXES]
    return [path for path in files if path.is_file()]


def read(path: Path) -> dict[str, tuple[str, Any]]:
    """The claims of a file of lines, by id; a line that is wrong spoils no other.

    Each has the place where it stands, and its table or what is wrong with it; the table is empty
    where TOML has it.

    Raises
    ------
    LedgerError
        The file cannot be read, lacks a column or has an unknown one.
    """
    rows, semicolons = _rows(path)
    filled = [(at, row) for at, row in rows if any(row) and not row[0].startswith("#")]
    names = [fold(cell).replace(" ", "_") for cell in filled[0][1]] if filled else []
    _require_columns(path, names)
    found: dict[str, tuple[str, Any]] = {}
    for at, row in filled[1:]:
        cells = dict.fromkeys(COLUMNS, "") | dict(zip(names, row, strict=False))
        fault, name = _fault(cells, row[len(names) :]), cells["id"] or f"line {at}"
        if name in found:
            fault, name = f"{name} stands twice, also in {found[name][0]}", f"{name}, line {at}"
        entry: Any = LedgerError(fault) if fault else {}
        if not fault and cells["asks"] != ELSEWHERE:
            entry = _entry(cells, path.name) | {"semicolons": semicolons}
        found[name] = f"{path.name}, line {at}", entry
    return found


def _require_columns(path: Path, names: list[str]) -> None:
    """Refuse a first line that names a column that is none, or twice, or lacks one."""
    for name in filter(None, names):
        if name not in COLUMNS or names.count(name) > 1:
            fault = "stands twice" if name in COLUMNS else f"is none{near(name, COLUMNS)}"
            raise LedgerError(f"{path}: the column {name!r} {fault}")
    for name in REQUIRED:
        if name not in names:
            known = ", ".join(COLUMNS)
            raise LedgerError(f"{path}: lacks the column {name}; its first line names {known}")


def _rows(path: Path) -> tuple[list[tuple[int, list[str]]], bool]:
    """Lines of cells as Excel numbers them, and whether semicolons part them (commas, decimals)."""
    mark = ","
    try:
        if path.suffix == ".xlsx":
            rows = _sheet(path)
        else:
            raw = path.read_bytes()
            if b"\0" in raw:
                raise LedgerError(f"{path}: is no text; save it as CSV UTF-8, or as .xlsx")
            text = decoded(raw)
            head = next((line for line in text.splitlines() if line.strip(" ;,\t")), "")
            mark = max(";,\t", key=head.count)
            stream = StringIO(text, newline="")
            rows = [*csv.reader(stream, delimiter=mark, skipinitialspace=True)]
    except (OSError, LayoutError, csv.Error) as error:
        raise LedgerError(f"{path}: cannot be read ({error})") from error
    plain = ([" ".join(cell.split()) for cell in row] for row in rows)
    return [*enumerate(plain, 1)], mark == ";"


def decoded(raw: bytes) -> str:
    """The text of a file in UTF-8 or, as Windows and Excel save it, in cp1252."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _sheet(path: Path) -> list[list[str]]:
    """The one sheet of a workbook that has cells or, of several, the needed columns."""
    filled = {name: rows for name, rows in workbooks.sheets(path).items() if any(map(any, rows))}
    for rows in [*filled.values()] if len(filled) > 1 else []:
        head = {fold(cell) for cell in next(filter(any, rows))}
        if not head.issuperset(REQUIRED):
            filled = {name: each for name, each in filled.items() if each is not rows}
    if len(filled) != 1:
        known = ", ".join(REQUIRED)
        raise LedgerError(f"{path}: {len(filled)} sheets have claims; expected one, with {known}")
    return next(iter(filled.values()))


def _fault(cells: Mapping[str, str], more: Collection[str]) -> str:
    """What is wrong with a line by itself; empty where nothing is."""
    day, address = cells["date"].removesuffix(" 00:00:00"), cells["address"]
    if any(more):
        return (
            "more cells than there are columns: a cell with a comma stands in quotation marks, "
            'such as "soybeans, 2019"'
        )
    if not cells["id"]:
        return "lacks an id"
    if not cells["asks"]:
        return "asks is empty: write a phrase, or why nothing tests it"
    if cells["core"].lower() not in ("", *YES, *NO):
        return f"core is {cells['core']!r}: write yes or no"
    if day and not any(FORMS[form].read(day) for form in DATES):
        return f"date: {day!r} is none; write 2024-01-31, 31.01.2024, 2024-01 or 2024"
    if address and not re.fullmatch(r"https?://[^\s/.]+\.[^\s]+", address):
        return f"address: {address!r} is none; write it as https://example.org/page"
    return ""


def _entry(cells: Mapping[str, str], file: str) -> dict[str, Any]:
    """A line as the ledger's table of a claim; a figure of no table is the article's."""
    named: dict[str, Any] = {key: cells[column] for key, column in KEYS.items()}
    goods = re.fullmatch(r".*? of (?:\w+ of )?([^,]+?)(?: as .*?)?,.*", cells["asks"])
    where = [cells["date"].removesuffix(" 00:00:00"), cells["address"]]
    named["where"] = ", ".join(filter(None, where))
    named["theme"] = named["theme"] or (goods[1] if goods else "other claims")
    named["core"] = named["core"].lower() not in NO
    if not cells["figure"] or _is_number(cells["figure"]):
        named["who"], named["where"] = named["who"] or "the article", named["where"] or file
    return {key: value for key, value in named.items() if value}


# --- a claim of which the ledger has the table ----------------------------------------------------


def spelled_out(entry: Any, figures: Table, reasons: Collection[str], project: Tables) -> Any:
    """A claim's table with the number, the question and the readings that its line stands for.

    One of TOML that asks by a table stays as it is.

    Parameters
    ----------
    figures, reasons
        The printed figures by id, and why a claim is not tested, in place of a phrase.

    Raises
    ------
    LedgerError
        The figure has no unit that is known, or is another one than its sentence prints; or the
        phrase is none, or asks another thing than the sentence.
    """
    if isinstance(entry, Exception):  # no TOML by itself, or no line
        raise entry
    if not isinstance(entry, dict) or not isinstance(entry.get("asks"), str):
        return entry
    entry = dict(entry)
    semicolons, asks, figure = entry.pop("semicolons", None), entry["asks"], entry.get("figure")
    if OPEN in f"{figure}{asks}":  # a proposed line of which something is left to be filled
        from tradeflows.claims import propose

        raise LedgerError(propose.to_fill({"figure": f"{figure}", "asks": asks}))
    if isinstance(figure, str) and figure not in figures and _is_number(figure):
        del entry["figure"]
        entry |= _claimed(figure, entry.get("statement", ""), semicolons=bool(semicolons))
    if asks in reasons:
        entry |= {"not_tested": entry.pop("asks")}
        return entry if "figure" in entry else {"claimed": {}, "window": UNSAID, **entry}
    if nearest(asks, reasons):
        raise LedgerError(f"asks: no word {asks!r}{near(asks, reasons)}")
    if not figure and semicolons is not None:  # of a line
        raise LedgerError("figure is empty: write it as its sentence prints it")
    claimed = entry.get("claimed", figures.get(figure, {}))
    return _with_readings(entry, claimed, project, is_line=semicolons is not None)


def _with_readings(entry: Any, claimed: Table, project: Tables, *, is_line: bool) -> Any:
    """A table with all that its phrase stands for; a line is refused in the words of one."""
    unit = claimed.get("unit", "")
    if is_line and (todo := UNASKED.get(units.sized(unit)[0][-4:])):
        raise LedgerError(f"figure: its unit is {unit!r}: {todo}")
    try:
        return derived.entry_of(entry, claimed, project, is_line=is_line)
    except (LedgerError, QueryError) as error:
        raise LedgerError(f"asks: {error}") from error


def _is_number(figure: str) -> bool:
    """Whether a cell is a number with its words, rather than the id of a printed figure."""
    cell = FIGURE.fullmatch(figure)
    is_spelled = bool(_spelled(figure.lstrip("−-"))[1])
    if is_spelled or not cell or re.match(r"[A-Za-z]+\d", figure):
        return is_spelled
    words = cell["words"].strip().lower()
    return words in (*QUALIFIERS, units.RANK) or bool(nearest(words, QUALIFIERS))


def _claimed(figure: str, statement: str, *, semicolons: bool) -> dict[str, Any]:
    """The number that a cell writes, and the step to which it does where its sentence has none."""
    cell = FIGURE.fullmatch(figure)
    if not cell or _spelled(figure)[1]:
        return _in_words(figure, statement)
    words, numbers = cell["words"].strip().lower(), open_words.numbers_in(statement)
    if words not in (*QUALIFIERS, units.RANK):
        raise LedgerError(f"figure: {figure!r}: no word {words!r}{near(words, QUALIFIERS)}")
    digits, qualifier = _digits(cell, semicolons=semicolons), QUALIFIERS.get(words, "=")
    unit = _unit(cell)
    if not unit:  # a cell of Excel: its sentence says of what
        digits, unit = _as_printed(digits, numbers, figure)
    value = float(digits) * (-1 if cell["sign"] else 1)
    made: dict[str, Any] = {"claimed": {"value": value, "unit": unit, "qualifier": qualifier}}
    is_exact = unit in (units.RANK, units.COUNT)
    is_printed = is_exact or _is_printed(made["claimed"], digits, numbers, figure)
    if not (is_printed or _is_fraction(made["claimed"], statement)):
        raise LedgerError(
            f"figure: {figure!r}: its sentence does not print it; write it as the sentence does"
        )
    made["claimed"]["qualifier"] = _turned(value, qualifier)
    if is_printed:
        return made
    if qualifier not in CONTRARY:
        step = open_words.step_of(digits, is_about=qualifier == "~")
        made["printed_to"] = abs(value) * ROUGHLY if statement else step
    return made | {"printed_because": wording.IN_PARTS if statement else AS_WRITTEN}


def _turned(value: float, qualifier: str) -> str:
    """The qualifier of a change by that of its size: more than half of a fall is below -50 %."""
    return CONTRARY.get(qualifier, qualifier) if value < 0 else qualifier


def _is_fraction(claimed: Table, statement: str) -> bool:
    """Whether a sentence, if there is one, says a fraction and, of a fall, the word before it."""
    signs = [sign for word, sign in QUALIFIERS.items() if word and word in statement.lower()]
    is_said = claimed["value"] >= 0 or claimed["qualifier"] in (*signs, "=", "~")
    return not statement or (is_said and FRACTIONS.search(statement) is not None)


def _is_printed(
    claimed: Table,
    digits: str,
    numbers: Collection[open_words.Printed],
    figure: str,
) -> bool:
    """Whether a sentence prints a number; refused where it prints it otherwise, or another."""
    value, unit, qualifier = claimed["value"], claimed["unit"], claimed["qualifier"]
    of_unit = [item for item in numbers if item.is_of(unit)]
    same = next((item for item in of_unit if item.means(value, unit)), None)
    others = [item for item in numbers if item.digits == digits and item not in of_unit]
    others += [item for item in of_unit if item.mark]
    fault = f"its sentence prints {others[0].text!r}" if others and not same else ""
    if same:
        said, allowed = same.qualifiers
        printed = same.step(value, unit)
        step = open_words.step_of(digits, is_about=False)
        if qualifier not in allowed[:2]:  # of the size of a fall, which its sign turns round
            fault = f"its sentence prints {f'{said} {same.text}'.strip()!r}"
        elif qualifier not in CONTRARY and not math.isclose(printed, step):
            fault = f"is written to {step:g} {unit}, and its sentence prints {same.text!r}, "
            fault += f"to {printed:g}"
    if fault:
        raise LedgerError(f"figure: {figure!r}: {fault}; write it as the sentence does")
    return same is not None


def _spelled(figure: str) -> tuple[str, str]:
    """The words before a figure in words, and these: "more than", "fivefold"; empty of another."""
    for words in sorted(QUALIFIERS, key=len, reverse=True):
        rest = figure.lower().removeprefix(f"{words} " if words else "")
        is_spelled = rest in CHANGES or IN_FULL.fullmatch(rest)
        if (rest != figure.lower() or not words) and is_spelled:
            return words, rest
    return "", ""


def _in_words(figure: str, statement: str) -> dict[str, Any]:
    """The number of a figure in words: "rose", "more than doubled", "a fifth", "-a third"."""
    words, said = _spelled(figure)
    if not said:
        such = "before a part alone, as in '-a third' or 'more than -half'; write any other as fell"
        raise LedgerError(f"figure: {figure!r}: the sign of a fall stands {such}")
    value, qualifier = CHANGES.get(said, (0.0, "~"))
    because = wording.IN_WORDS
    if said not in CHANGES:
        plain = said.lstrip("−-")
        value, because = _in_full(said)
        if statement and plain.replace("-", " ") not in statement.lower().replace("-", " "):
            raise LedgerError(f"figure: {figure!r}: its sentence does not say {plain!r}")
    if words and not value:
        raise LedgerError(f"figure: {figure!r}: no word {words!r}{near(words, QUALIFIERS)}")
    qualifier = _turned(value, QUALIFIERS[words] if words else qualifier)
    made: dict[str, Any] = {"claimed": {"value": value, "unit": "percent", "qualifier": qualifier}}
    if qualifier == "~":
        digits = re.search(r"\d+(?:\.\d+)?", said)
        step = 100 * open_words.step_of(digits[0], is_about=False) if digits else value * ROUGHLY
        made["printed_to"] = min(abs(step), 10.0 ** math.floor(math.log10(abs(value))))
    return made | ({"printed_because": because} if value else {})


def _in_full(said: str) -> tuple[float, str]:
    """The per cent that a change by times or a part in words is, and what it is."""
    cell = IN_FULL.fullmatch(said)
    assert cell
    if cell["twice"] or cell["times"] or cell["factor"]:
        times = cell["times"] or cell["factor"] or "two"
        n = float(units.NUMBER_WORDS.get(times) or times) + 0.5 * bool(cell["more"])
        return 100 * (n - 1), wording.IN_WORDS
    if cell["part"]:
        count = units.NUMBER_WORDS.get(cell["count"] or "a", 1) * (-1 if cell["sign"] else 1)
        return count * PARTS[cell["part"]], wording.IN_PARTS
    return 100 / units.NUMBER_WORDS[cell["among"]], wording.IN_PARTS


def _unit(cell: re.Match[str]) -> str:
    """The unit of a number, refused where it is none; empty where it has none."""
    unit, mark = (cell["unit"] or "").strip(), (cell["mark"] or cell["mark_after"] or "").strip()
    if cell["words"].strip().lower() == units.RANK or unit in ORDINALS:
        return units.RANK
    unit = "mn" if mark and unit == "m" else unit
    for short, full in word_list("open_words")["shortened"].items():
        unit = re.sub(short, full, unit)
    unit = _of_money(unit, open_words.SIGNS.get(mark, mark))
    base, known = units.sized(unit)[0], {*units.SIZES, *units.ROWS, units.COUNT, "ratio"}
    if not unit or base in known or MONEY.fullmatch(base):
        return unit
    such = f"no unit {unit!r}{near(unit, [*known, 'bn USD', 'mn USD'])}"
    raise LedgerError(f"figure: {cell[0]!r}: {such}; such as 57.67 Mt, 71 % or 16.4 bn USD")


def _of_money(unit: str, mark: str) -> str:
    """A unit with the sign of money before its number: of $ and "a tonne", USD/t."""
    per = A_TONNE.fullmatch(unit)
    unit = f"{per['money'] if per else unit} {mark}".strip()
    if not per:
        return unit
    money, size = units.sized(unit)
    return f"{money if size == 1 else unit}/{'t' if per['per'][0] == 't' else 'bbl'}"


def _as_printed(
    digits: str, numbers: Collection[open_words.Printed], figure: str
) -> tuple[str, str]:
    """Digits and unit of a bare number by those of the sentence; per cent may be hundredths."""
    for item in (item for item in numbers if item.mark):
        sizes = (1, 100) if item.mark == "percent" else (1,)
        if any(math.isclose(float(digits) * size, float(item.digits)) for size in sizes):
            return item.digits, f"{COUNTED.get(item.counted_by, '')} {item.mark}".strip()
    raise LedgerError(f"figure: {figure!r}: has no unit; such as 57.67 Mt, 71 % or 16.4 bn USD")


def _digits(cell: re.Match[str], *, semicolons: bool) -> str:
    """Digits with a point alone; of 1,300 by what parts the cells."""
    digits = cell["digits"].strip()
    if semicolons and re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", digits):
        raise LedgerError(
            f"figure: {cell[0]!r}: a thousand and more, or one and a part of it? Write it without "
            "the mark, or with another number of decimals"
        )
    return open_words.plain_digits(digits)
