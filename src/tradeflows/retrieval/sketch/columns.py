"""What the columns of a CSV look like: periods, areas, codes, words and numbers."""

import csv
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from tradeflows.model import codes
from tradeflows.model.errors import LayoutError, QueryError, SourceError
from tradeflows.model.periods import FORMS, MONTHS
from tradeflows.publishers.tidy.mapping import SEPARATORS, Marks

MOST_RECORDS = 100_000  # that are looked at
MOST_WORDS = 400  # different texts of a column that are kept; one with more is no list of words
# How numbers may be written, the plainest first.
WAYS = tuple(
    Marks(decimal=decimal, grouping=grouping)
    for grouping in ("", ",", ".", " ", "'")
    for decimal in (".", ",")
    if decimal != grouping
)
HELD_BACK = ("c", "(c)", "x", "(x)", "d", "(d)", "s", "(s)", "conf", "conf.", "confidential")
# What offices write among numbers, as folded; what each means, only they say.
NO_NUMBERS = (
    *("-", "--", "–", "—", ".", "..", "...", "…", ":", "*", "**", "#", "n", "z", "u", "(z)", "nil"),
    *("na", "n/a", "n.a", "n.a.", "(na)", "nd", "n.d."),
    *HELD_BACK,
)
LOOKED_AT = 60  # lines that tell the separator, and where the header is
HOW_TO_CLEAN = "the documentation's \"Read a publisher's own file\" says how"
OWN_CLEANER = f"write a cleaner of the project's own: {HOW_TO_CLEAN}"
PATTERNS = {marks: re.compile(marks.pattern, re.ASCII) for marks in WAYS}
AREA_SYSTEMS = ("iso3", "eurostat", "comtrade", "gacc")
# Forms that a text alone tells; the year to a month looks like the month.
PERIOD_FORMS = (
    "month",
    "quarter",
    "year",
    "yyyymm",
    "day of the month",
    "named month",
    "month and year",
    "april year",
)


def words_of(header: str) -> set[str]:
    """The words of a column's name, in lower case: "Value (US$ mn)" has value, us$ and mn."""
    return set(list_of_words(header))


def list_of_words(text: str) -> list[str]:
    """The words of a text, in lower case and in their order."""
    apart = re.sub(r"([a-z])([A-Z])", r"\1 \2", text)
    apart = re.sub(r"([^\W\d_]{4,})(\d)", r"\1 \2", apart)  # Quantity2 is a quantity, HS6 no HS
    return re.findall(r"[^\W_]+\$?|[$€£%]", apart.lower())


def is_mark(text: str) -> bool:
    """Whether `text` stands for what is none, not known or held back, where it is no word."""
    return text.strip().casefold() in NO_NUMBERS


@dataclass
class Column:
    """One column: its name, its different texts in the order of their coming, and their kinds.

    Attributes
    ----------
    name
        As the header has it.
    texts
        The first :data:`MOST_WORDS` different texts that are not empty.
    is_list
        These are all of them.
    empty
        Records whose cell is empty.
    ways
        In which marks every text is a number.
    """

    name: str
    texts: dict[str, None] = field(default_factory=dict)
    is_list: bool = True
    empty: int = 0
    ways: tuple[Marks, ...] = WAYS

    def note(self, text: str) -> None:
        """Take in the cell of one more record."""
        if not text:
            self.empty += 1
            return
        if text in self.texts:
            return
        if len(self.texts) < MOST_WORDS:
            self.texts[text] = None
        else:
            self.is_list = False
        if self.ways and not text.isdigit() and not is_mark(text):
            self.ways = tuple(marks for marks in self.ways if PATTERNS[marks].match(text.strip()))

    @property
    def is_number(self) -> bool:
        """Whether there are numbers in it, and nothing else but marks."""
        return bool(self.ways) and any(not is_mark(text) for text in self.texts)

    def marks(self) -> list[str]:
        """The marks among its numbers."""
        marks = [text.strip() for text in self.texts if is_mark(text)]
        return list(dict.fromkeys(marks)) if self.is_number else []

    def no_months(self) -> list[str]:
        """Its texts that are neither the number nor the name of a month."""
        return [
            text
            for text in self.texts
            if not re.fullmatch("0?[1-9]|1[0-2]", text) and text.lower() not in MONTHS
        ]

    @property
    def words(self) -> set[str]:
        """The words of its name."""
        return words_of(self.name)

    def form(self) -> str:
        """The form of the periods that all of its texts are, or none."""
        return _form(self.texts)

    def name_form(self) -> str:
        """The form of the period that its name is, or none."""
        return _form([self.name])

    def month_in_name(self) -> str:
        """The month that its name ends or begins with, or none: Jan of "Value-Jan"."""
        parts = re.findall("[A-Za-z]+", self.name)
        return next((part for part in parts[:1] + parts[-1:] if part.lower() in MONTHS), "")

    def area_system(self) -> str:
        """The system of area codes that all of its texts are of, or none."""
        for system in AREA_SYSTEMS:
            if self.texts and self.texts.keys() <= codes.area_codes(system).keys():
                return system
        return ""

    def areas_by_name(self) -> dict[str, str]:
        """The area that each text names, where most of them do; empty for one that does not."""
        if self.is_number or not self.is_list:
            return {}
        areas = {text: area(text) for text in self.texts}
        known = sum(map(bool, areas.values()))
        return areas if known * 2 > len(areas) else {}

    def is_codes(self) -> bool:
        """Whether its texts look like codes of goods."""
        digits = [text for text in self.texts if re.fullmatch(r"\d{2,13}|TOTAL", text)]
        return bool(digits) and len(digits) == len(self.texts)


def _form(texts: Collection[str]) -> str:
    """The form of the periods that all `texts` are, or none."""
    for form in PERIOD_FORMS:
        if texts and all(map(FORMS[form].match, texts)):
            return form
    return ""


def area(text: str) -> str:
    """The area that a text names, or none."""
    try:
        return codes.area(text)
    except QueryError:
        return ""


@dataclass(frozen=True)
class Sheet:
    """The columns of a file, and how many of its records were looked at.

    Attributes
    ----------
    separator
        The mark between cells.
    title_lines, footnotes_from
        How many lines stand above the header, and how the first below the table begins.
    around
        What these lines say.
    """

    columns: Sequence[Column]
    records: int
    is_whole: bool
    separator: str = ","
    title_lines: int = 0
    footnotes_from: str = ""
    around: Sequence[str] = ()

    def ways(self) -> list[Marks]:
        """The marks in which numbers are written, the likeliest first; several if they differ.

        Where cells stand between commas, a point that may be one of decimals is one.
        """
        numbers = [column for column in self.columns if column.is_number]
        fitting = [way for way in WAYS if all(way in column.ways for column in numbers)]
        if fitting[:1] == [Marks()] and self.separator == ",":
            return fitting[:1]
        texts = [text for column in numbers for text in column.texts if not is_mark(text)]
        meant = {way: [_number(text, way) for text in texts] for way in fitting}
        return [way for way in fitting if way == fitting[0] or meant[way] != meant[fitting[0]]]

    def named(self, words: Iterable[str], among: Iterable[Column] | None = None) -> list[Column]:
        """The columns whose names have one of `words`."""
        wanted = set(words)
        columns = self.columns if among is None else among
        return [column for column in columns if column.words & wanted]


def read(path: Path) -> Sheet:
    """The columns of the CSV at `path`.

    Raises
    ------
    SourceError
        The file cannot be read.
    LayoutError
        It is no CSV in UTF-8, or a record has more or fewer cells than the header.
    """
    try:
        with path.open("rb") as binary:
            _require_text(path, binary.read(4096))
        with path.open(encoding="utf-8-sig", newline="") as file:
            begins = list(islice(file, LOOKED_AT))
            file.seek(0)
            separator = _separator(begins)
            titles = _title_lines(begins, separator)
            above = [file.readline() for _ in range(titles)]
            lines = csv.reader(file, delimiter=separator, strict=True)
            sheet = _sheet(path, lines, separator)
            around = [*(_joined(_parted(line, separator)) for line in above), *sheet.around]
            return replace(sheet, title_lines=titles, around=around)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise LayoutError(path, "UTF-8 text", "another encoding", "save it as UTF-8") from error
    except csv.Error as error:
        raise LayoutError(path, "a CSV file", str(error), "save it again") from error


def _require_text(path: Path, head: bytes) -> None:
    """Refuse what is plainly no CSV, by how it begins."""
    if not head.strip():
        raise SourceError(f"{path}: empty; save it again")
    if head.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        raise LayoutError(path, "a CSV file", "a workbook", "save its sheet as CSV UTF-8")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<"):
        raise LayoutError(path, "a CSV file", "a page of HTML or XML", "save the data, not a page")
    if start.startswith((b"{", b"[")):
        raise LayoutError(path, "a CSV file", "JSON", "save it as CSV UTF-8")


def _separator(lines: Sequence[str]) -> str:
    """The mark between cells: of those that part the most lines alike, the one with most cells."""

    def alike(mark: str) -> tuple[int, int]:
        width = _width(lines, mark)
        return sum(len(_parted(line, mark)) == width > 1 for line in lines), width

    return max(SEPARATORS, key=alike)


def _width(lines: Iterable[str], separator: str) -> int:
    """How many cells most lines have; 1 where none has several."""
    counts = Counter(len(_parted(line, separator)) for line in lines)
    del counts[0], counts[1]
    return max(counts, key=lambda width: counts[width], default=1)  # of two the first


def _title_lines(lines: Sequence[str], separator: str) -> int:
    """How many lines stand above the first that is as wide as most and half filled, or fuller."""
    width = _width(lines, separator)
    for at, line in enumerate(lines):
        cells = _parted(line, separator)
        if len(cells) == width > 1 and 2 * sum(map(bool, cells)) >= width:
            return at
    return 0


def _parted(line: str, mark: str) -> list[str]:
    """The cells of a line, none of an empty one; a quoted one may go on in the next."""
    return next(csv.reader([line.rstrip("\r\n")], delimiter=mark), [])


def _number(text: str, marks: Marks) -> float:
    """The number that `text` is, written in `marks`."""
    text = text.strip()
    plain = re.sub(marks.between_thousands, "", text) if marks.grouping else text
    return float(plain.replace(marks.decimal, "."))


def _sheet(path: Path, lines: Iterator[list[str]], separator: str) -> Sheet:
    names = next(lines, [])
    _require_header(path, names)
    columns = [Column(name) for name in names]
    records = 0
    notes: list[list[str]] = []  # of which nobody knows yet whether a record follows
    for cells in islice(filter(None, lines), MOST_RECORDS):
        notes.append(cells)
        if _is_note(cells, columns) and records:
            continue
        for record in notes:
            records += 1
            _note(path, columns, record, records)
        notes = []
    if not records:
        raise LayoutError(path, "at least one record", "a header alone")
    is_whole = next(lines, None) is None
    while notes and (not is_whole or _begins_like_a_record(notes[0], columns)):
        records += 1
        _note(path, columns, notes.pop(0), records)
    footnotes = _beginning(notes[0][0], columns[0].texts) if notes else ""
    around = [*map(_joined, notes)]
    return Sheet(columns, records, is_whole, separator, footnotes_from=footnotes, around=around)


def _joined(cells: Iterable[str]) -> str:
    """What the filled cells of a line say."""
    return " ".join(filter(None, (cell.strip() for cell in cells)))


def _note(path: Path, columns: Sequence[Column], cells: Sequence[str], record: int) -> None:
    """Take in a record."""
    if len(cells) != len(columns):
        uneven = f"{len(cells)} in record {record}"
        todo = f"save it again as it came, or {OWN_CLEANER}"
        raise LayoutError(path, f"lines of {len(columns)} cells", uneven, todo)
    for column, text in zip(columns, cells, strict=True):
        column.note(text)


def _is_note(cells: Sequence[str], columns: Sequence[Column]) -> bool:
    """Whether a line may be a footnote: of another width, or only its first cell filled."""
    return len(cells) != len(columns) or not (cells[0] == "" or any(cells[1:]))


def _begins_like_a_record(cells: Sequence[str], columns: Sequence[Column]) -> bool:
    """Whether the first cell is as in the records above: one of theirs, or of their form."""
    first = columns[0]
    form = first.form()
    is_like = form and FORMS[form].match(cells[0])
    return bool(is_like) or not cells[0].strip() or cells[0] in first.texts


def _beginning(text: str, others: Iterable[str]) -> str:
    """The first words of `text`, no mark alone, with which none of `others` begins."""
    words = re.findall(r"\s*\S+", text)
    beginnings = ["".join(words[:count]) for count in range(1, len(words))]
    known = tuple(others)
    worded = [some for some in beginnings if re.search(r"\w", some)]
    return next((some for some in worded if not _begins(known, some)), text)


def _begins(texts: Iterable[str], word: str) -> bool:
    return any(text.startswith(word) for text in texts)


def _require_header(path: Path, names: Sequence[str]) -> None:
    """Refuse a first line that names no columns."""
    if not all(name.strip() for name in names):
        todo = f"save the table with one line of names, or {OWN_CLEANER}"
        raise LayoutError(path, "a name for each column", "an empty one", todo)
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise LayoutError(path, "different names of columns", f"{twice[0]!r} twice", OWN_CLEANER)


def meanings(column: Column, known: Mapping[str, str]) -> dict[str, str]:
    """What each text of `column` means, if `known` has them all in any case of letters."""
    words = {text: known.get(text.strip().casefold(), "") for text in column.texts}
    return words if words and all(words.values()) else {}
