"""What the columns of a CSV look like: periods, areas, codes, words and numbers."""

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from tradeflows.model import codes
from tradeflows.model.errors import LayoutError, QueryError, SourceError
from tradeflows.publishers.tidy.forms import FORMS, MONTHS
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
PATTERNS = {marks: re.compile(marks.pattern, re.ASCII) for marks in WAYS}
AREA_SYSTEMS = ("iso3", "eurostat", "comtrade", "gacc")
# Forms that a text alone tells; the year to a month looks like the month.
PERIOD_FORMS = (
    "month",
    "quarter",
    "year",
    "yyyymm",
    "named month",
    "month and year",
    "april year",
)


def words_of(header: str) -> set[str]:
    """The words of a column's name, in lower case: "Value (US$ mn)" has value, us$ and mn."""
    apart = re.sub(r"([a-z])([A-Z])", r"\1 \2", header)
    return set(re.findall(r"[^\W_]+\$?|[$€%]", apart.lower()))


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
        if self.ways and not text.isdigit():
            self.ways = tuple(marks for marks in self.ways if PATTERNS[marks].match(text))

    @property
    def is_number(self) -> bool:
        """Whether there are numbers in it, and nothing else."""
        return bool(self.texts and self.ways)

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
        areas = {text: _area(text) for text in self.texts}
        known = sum(map(bool, areas.values()))
        return areas if known * 2 > len(areas) else {}

    def is_codes(self) -> bool:
        """Whether its texts look like codes of goods."""
        digits = [text for text in self.texts if re.fullmatch(r"\d{2,10}|TOTAL", text)]
        return bool(digits) and len(digits) == len(self.texts)


def _form(texts: Collection[str]) -> str:
    """The form of the periods that all `texts` are, or none."""
    for form in PERIOD_FORMS:
        if texts and all(re.fullmatch(FORMS[form].pattern, text) for text in texts):
            return form
    return ""


def _area(text: str) -> str:
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
    """

    columns: Sequence[Column]
    records: int
    is_whole: bool
    separator: str = ","

    def ways(self) -> list[Marks]:
        """The marks in which numbers are written, the likeliest first; several if they differ.

        Where cells stand between commas, a point that may be one of decimals is one.
        """
        numbers = [column for column in self.columns if column.is_number]
        fitting = [way for way in WAYS if all(way in column.ways for column in numbers)]
        if fitting[:1] == [Marks()] and self.separator == ",":
            return fitting[:1]
        texts = [text for column in numbers for text in column.texts]
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
            separator = _separator(file.readline(), file.readline())
            file.seek(0)
            return _sheet(path, csv.reader(file, delimiter=separator, strict=True), separator)
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


def _separator(header: str, record: str) -> str:
    """The mark between cells: of those that part both lines alike, the one with the most cells."""

    def cells(mark: str) -> tuple[bool, int]:
        of_header, of_record = (len(_parted(line, mark)) for line in (header, record))
        return 1 < of_header == of_record, of_header

    return max(SEPARATORS, key=cells)


def _parted(line: str, mark: str) -> list[str]:
    """The cells of a line; a quoted one may go on in the next."""
    return next(csv.reader([line], delimiter=mark), [])


def _number(text: str, marks: Marks) -> float:
    """The number that `text` is, written in `marks`."""
    plain = re.sub(marks.between_thousands, "", text) if marks.grouping else text
    return float(plain.replace(marks.decimal, "."))


def _sheet(path: Path, lines: Iterator[list[str]], separator: str) -> Sheet:
    names = next(lines, [])
    _require_header(path, names)
    columns = [Column(name) for name in names]
    records = 0
    for cells in islice(lines, MOST_RECORDS):
        if not cells:
            continue
        records += 1
        if len(cells) != len(names):
            uneven = f"{len(cells)} in record {records}"
            raise LayoutError(path, f"lines of {len(names)} cells", uneven, "save it again")
        for column, text in zip(columns, cells, strict=True):
            column.note(text)
    if not records:
        raise LayoutError(path, "at least one record", "a header alone")
    return Sheet(columns, records, next(lines, None) is None, separator)


def _require_header(path: Path, names: Sequence[str]) -> None:
    """Refuse a first line that names no columns."""
    if not all(name.strip() for name in names):
        raise LayoutError(path, "a name for each column", "an empty one", "name it in the file")
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise LayoutError(path, "different names of columns", f"{twice[0]!r} twice", "rename one")


def meanings(column: Column, known: Mapping[str, str]) -> dict[str, str]:
    """What each text of `column` means, if `known` has them all in any case of letters."""
    words = {text: known.get(text.strip().casefold(), "") for text in column.texts}
    return words if words and all(words.values()) else {}
