"""What the columns of a CSV look like: periods, areas, codes, words and numbers."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from tradeflows.model import codes
from tradeflows.model.errors import LayoutError, QueryError, SourceError
from tradeflows.publishers.tidy.forms import FORMS

MOST_RECORDS = 100_000  # that are looked at
MOST_WORDS = 400  # different texts of a column that are kept; one with more is no list of words
NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
GROUPED = re.compile(r"-?\d{1,3}([ ,.'\u00a0\u202f]\d{3})*([.,]\d+)?", re.ASCII)
AREA_SYSTEMS = ("iso3", "eurostat", "comtrade", "gacc")
DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "upright strokes"}
# Forms that a text alone tells; the year to a month looks like the month.
PERIOD_FORMS = ("month", "quarter", "year", "yyyymm", "named month", "april year")


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
    plain, grouped
        Every text is a number such as 1234.5; or one such as 1,234.5 or 1234,5.
    """

    name: str
    texts: dict[str, None] = field(default_factory=dict)
    is_list: bool = True
    empty: int = 0
    plain: bool = True
    grouped: bool = True

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
        if self.plain and not NUMBER.fullmatch(text):
            self.plain = False
        if self.grouped and not GROUPED.fullmatch(text):
            self.grouped = False

    @property
    def is_number(self) -> bool:
        """Whether there are numbers in it, and nothing else."""
        return bool(self.texts) and self.plain

    @property
    def is_grouped(self) -> bool:
        """Whether there are numbers in it with marks that a map does not read."""
        return bool(self.texts) and self.grouped and not self.plain

    @property
    def words(self) -> set[str]:
        """The words of its name, in lower case: "Value (US$ mn)" has value, us$ and mn."""
        apart = re.sub(r"([a-z])([A-Z])", r"\1 \2", self.name)
        return set(re.findall(r"[^\W_]+\$?|[$€%]", apart.lower()))

    def form(self) -> str:
        """The form of the periods that all of its texts are, or none."""
        for form in PERIOD_FORMS:
            if self.texts and all(re.fullmatch(FORMS[form].pattern, text) for text in self.texts):
                return form
        return ""

    def area_system(self) -> str:
        """The system of area codes that all of its texts are of, or none."""
        for system in AREA_SYSTEMS:
            if self.texts and self.texts.keys() <= codes.area_codes(system).keys():
                return system
        return ""

    def areas_by_name(self) -> dict[str, str]:
        """The area that each text names, where most of them do; empty for one that does not."""
        if self.plain or not self.is_list:
            return {}
        areas = {text: _area(text) for text in self.texts}
        known = sum(map(bool, areas.values()))
        return areas if known * 2 > len(areas) else {}

    def is_codes(self) -> bool:
        """Whether its texts look like codes of goods."""
        digits = [text for text in self.texts if re.fullmatch(r"\d{2,10}|TOTAL", text)]
        return bool(digits) and len(digits) == len(self.texts)


def _area(text: str) -> str:
    try:
        return codes.area(text)
    except QueryError:
        return ""


@dataclass(frozen=True)
class Sheet:
    """The columns of a file, and how many of its records were looked at."""

    columns: Sequence[Column]
    records: int
    is_whole: bool

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
        It is no CSV in UTF-8 with commas, or a record has more or fewer cells than the header.
    """
    try:
        with path.open("rb") as binary:
            _require_text(path, binary.read(4096))
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _sheet(path, csv.reader(file, strict=True))
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


def _sheet(path: Path, lines: Iterator[list[str]]) -> Sheet:
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
    return Sheet(columns, records, next(lines, None) is None)


def _require_header(path: Path, names: Sequence[str]) -> None:
    """Refuse a first line that names no columns, or is split by another mark than a comma."""
    if len(names) == 1:
        for mark, word in DELIMITERS.items():
            if mark in names[0]:
                todo = "save it as CSV UTF-8 with commas"
                raise LayoutError(path, "commas between the cells", word, todo)
    if not all(name.strip() for name in names):
        raise LayoutError(path, "a name for each column", "an empty one", "name it in the file")
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise LayoutError(path, "different names of columns", f"{twice[0]!r} twice", "rename one")


def meanings(column: Column, known: Mapping[str, str]) -> dict[str, str]:
    """What each text of `column` means, if `known` has them all in any case of letters."""
    words = {text: known.get(text.strip().casefold(), "") for text in column.texts}
    return words if words and all(words.values()) else {}
