"""What the columns of a CSV hold: their texts, and in which marks their numbers are written."""

import csv
import re
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, islice
from pathlib import Path

from tradeflows.model import codes
from tradeflows.model.errors import LayoutError, QueryError, SourceError
from tradeflows.model.periods import FORMS, MONTHS
from tradeflows.publishers import reading, workbooks
from tradeflows.publishers.reading import Marks
from tradeflows.publishers.tidy.mapping import SEPARATORS
from tradeflows.retrieval.sketch.headings import Heading, heading, words_for

MOST_RECORDS = 20_000  # that are looked at, from the first on
LOOKED_AT = 60  # lines at the begin, for the separator and the header, and at the end for notes
LONGEST_CODE = 3  # of an area
# How numbers may be written, the plainest first.
WAYS = tuple(
    Marks(decimal=decimal, grouping=grouping)
    for grouping in ("", ",", ".", " ", "'")
    for decimal in (".", ",")
    if decimal != grouping
)
OWN_CLEANER = (
    "write a cleaner of the project's own: the documentation's \"Read a publisher's own file\" "
    "says how"
)


@dataclass(frozen=True)
class Column:
    """One column: its name, and its different texts, in the order of their coming."""

    name: str
    texts: Collection[str]

    @cached_property
    def heading(self) -> Heading:
        """What its name says."""
        return heading(self.name)

    @cached_property
    def ways(self) -> list[Marks]:
        """In which marks all of its texts are numbers, but for marks that stand for none."""
        texts = [text for text in self.texts if text.lower() not in words_for("mark")]
        return [way for way in WAYS if texts and all(re.match(way.pattern, text) for text in texts)]

    @cached_property
    def no_numbers(self) -> list[str]:
        """The marks among its numbers."""
        return [text for text in self.texts if self.ways and text.lower() in words_for("mark")]

    @property
    def sums(self) -> list[str]:
        """Its texts that are no months."""
        return [text for text in self.texts if text.lower() not in MONTHS]

    @property
    def is_of_months(self) -> bool:
        """Whether most of its texts are months of a year that stands elsewhere."""
        return 2 * len(self.sums) < len(self.texts)

    @cached_property
    def forms(self) -> list[str]:
        """The forms in which all of its texts are periods."""
        forms = [form for form in FORMS if form not in ("printed", "months", "year and month")]
        return [form for form in forms if self.texts and all(map(FORMS[form].read, self.texts))]


@dataclass(frozen=True)
class Sheet:
    """A table of texts, and the lines around it.

    Attributes
    ----------
    names, records
        The header, and the first :data:`MOST_RECORDS` records.
    around
        What the lines above and below the table say, each after its place in words.
    count
        How many records there are.
    title_lines, footnotes_from, separator
        As a map has them.
    """

    names: Sequence[str]
    records: Sequence[Sequence[str]]
    around: Mapping[str, str]
    count: int
    title_lines: int = 0
    footnotes_from: str = ""
    separator: str = ","

    @cached_property
    def columns(self) -> dict[str, Column]:
        """The columns by their names."""
        cells = zip(*self.records, strict=True)
        texts = (dict.fromkeys(map(str.strip, column)) for column in cells)
        named = zip(self.names, texts, strict=True)
        return {name: Column(name, [*filter(None, distinct)]) for name, distinct in named}

    @cached_property
    def units(self) -> dict[str, dict[str, Heading]]:
        """What each text of the columns of units, or of powers of ten, says."""
        units = {}
        for column in self.columns.values():
            texts, says = column.texts, column.heading.says
            if "multiplier" in says and all(map(str.isdecimal, texts)):
                said = {text: Heading(text, {}, {10.0 ** int(text[:2])}, ()) for text in texts}
            elif column.ways or ("units" not in says and any(heading(text).rest for text in texts)):
                continue
            else:
                said = {text: heading(text).counted() for text in texts}
            if any(one.kinds or one.scales for one in said.values()):
                units[column.name] = said
        return units

    def ways(self, numbers: Iterable[Column]) -> list[Marks]:
        """The marks in which `numbers` are written; several if they would not mean the same.

        Where cells stand between commas, a point that may be one of decimals is one.
        """
        columns = [*numbers]
        fitting = [way for way in WAYS if all(way in column.ways for column in columns)]
        if self.separator == "," and fitting[:1] == [Marks()]:
            return fitting[:1]
        texts = {text for column in columns for text in column.texts if text[-1:].isdigit()}
        meant = {way: [number(text, way) for text in texts] for way in fitting}
        return [way for way in fitting if way == fitting[0] or meant[way] != meant[fitting[0]]]


def area_named(text: str) -> str:
    """The area that a name, no code, is of; empty where it is of none or of several."""
    with suppress(QueryError):
        return codes.area(text) if len(text) > LONGEST_CODE else ""
    return ""


def number(text: str, marks: Marks) -> float:
    """The number that `text` is, written in `marks`."""
    plain = re.sub(marks.between_thousands, "", text) if marks.grouping else text
    return float(plain.replace(marks.decimal, "."))


def read(path: Path) -> Sheet:
    """The table at `path`: a CSV, or the one sheet of a workbook.

    Raises
    ------
    SourceError
        The file cannot be read, or is empty.
    LayoutError
        It is no CSV in UTF-8, its header names a column twice or not at all, or a record has more
        or fewer cells than the header.
    """
    try:
        if workbooks.is_workbook(path):
            return _sheet(path, iter(workbooks.table(path)))
        head = reading.head(path)
        if not head:
            raise SourceError(f"{path}: empty; save it again")
        for begins, what in {b"<": "a page of HTML or XML", b"{": "JSON", b"[": "JSON"}.items():
            if head.startswith(begins):
                raise LayoutError(path, "a CSV file", what, "save the data as CSV UTF-8")
        with path.open(encoding="utf-8-sig", newline="") as text:
            begins_with = list(islice(text, LOOKED_AT))
            separator, titles = _layout(begins_with)
            lines = csv.reader(chain(begins_with[titles:], text), delimiter=separator, strict=True)
            sheet = _sheet(path, filter(None, lines))
        above = {
            f"line {at}": " ".join(filter(None, next(csv.reader([line], delimiter=separator), [])))
            for at, line in enumerate(begins_with[:titles], start=1)
        }
        around = {**{place: line for place, line in above.items() if line.strip()}, **sheet.around}
        return replace(sheet, title_lines=titles, separator=separator, around=around)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise reading.not_utf8(path) from error
    except csv.Error as error:
        raise LayoutError(path, "a CSV file", str(error), "save it again") from error


def _layout(lines: Sequence[str]) -> tuple[str, int]:
    """The mark between cells, of those that part most lines alike; and the lines above the header.

    The header is the first line that is as wide as most, and half filled.
    """
    best, separator, header = (0, 0), ",", 0
    for mark in SEPARATORS:
        parted = [next(csv.reader([line.rstrip("\r\n")], delimiter=mark), []) for line in lines]
        counts = Counter(len(cells) for cells in parted if len(cells) > 1)
        for width, count in counts.most_common(1):
            if (count, width) > best:
                best, separator = (count, width), mark
                full = [at for at, cells in enumerate(parted) if len(cells) == width]
                full = [at for at in full if sum(map(bool, parted[at])) > max(1, width / 2 - 1)]
                header = min(full, default=0)
    return separator, header


def _sheet(path: Path, lines: Iterator[list[str]]) -> Sheet:
    """A header, the records below it, all as wide, and the notes below these."""
    names = next(lines, [])
    _require_names(path, names)
    numbered = enumerate(lines, start=1)
    first = [*islice(numbered, MOST_RECORDS)]
    last = deque(chain(first[-LOOKED_AT:], numbered), maxlen=LOOKED_AT)
    firsts = {cells[0] for _, cells in last if any(cells[1:])}
    notes: list[str] = []
    while firsts and last and _is_note(last[-1][1], firsts):
        notes.insert(0, last.pop()[1][0])
    if not last:
        raise LayoutError(path, "at least one record", "a header alone")
    count = last[-1][0]
    for at, cells in (*first[:count], *last):
        if len(cells) != len(names):
            expected, found = f"lines of {len(names)} cells", f"{len(cells)} in record {at}"
            raise LayoutError(path, expected, found, f"save it again as it came, or {OWN_CLEANER}")
    records = [cells for _, cells in first[:count]]
    footnotes = _beginning(notes[0], {cells[0] for cells in records}) if notes else ""
    around = {f"the note {text[:40]!r}": text for text in notes}
    return Sheet(names, records, around, count, footnotes_from=footnotes)


def _require_names(path: Path, names: Sequence[str]) -> None:
    """Refuse a header that names a column twice or not at all."""
    for name in names:
        if names.count(name) > 1 or not name.strip():
            found = f"{name!r} twice" if name.strip() else "an empty one"
            todo = f"save the table with one line of names, or {OWN_CLEANER}"
            raise LayoutError(path, "a name of its own for each column", found, todo)


def _is_note(cells: Sequence[str], firsts: Collection[str]) -> bool:
    """Whether a line has its first cell alone, and that begins no record."""
    is_record = any(cells[1:]) or cells[0] in {"", *firsts} or Column("", cells[:1]).forms
    return not is_record


def _beginning(text: str, others: Iterable[str]) -> str:
    """The first words of `text`, no mark alone, with which none of `others` begins."""
    known, start = [*others], ""
    for word in re.findall(r"\s*\S+", text)[:-1]:
        start += word
        if re.search(r"\w", start) and not any(other.startswith(start) for other in known):
            return start
    return text
