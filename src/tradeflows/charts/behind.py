"""What a page opens behind a chart: an entry a number, to which its marks and its table lead."""

import html
import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from tradeflows.charts import layout, raw_lines, spans
from tradeflows.charts.marks import text_of

LINES = 30  # that are open to all numbers of a chart together; each has its first in any case
PARTS = 6  # of a formula whose lines are open, whatever room there is
NUMBERS = 600  # of a chart that have an entry
FIGURE = re.compile(r"[-−]?\d[\d,]*(?:\.\d+)?(?:e-?\d+)?")
BETWEEN = re.compile(r"[,:] ")  # the words of a series, of its panel and of its period

Words = frozenset[str]


@dataclass(frozen=True)
class Number:
    """A number of a chart with its raw lines.

    Attributes
    ----------
    id
        Of its entry, on every page of the chart.
    head
        Its series and its period, in words.
    text
        Itself, as a mark of the chart says it.
    lines
        Those that it rests on, as :func:`tradeflows.charts.raw_lines.terms` gives them.
    """

    id: str
    head: str
    text: str
    lines: Sequence[Mapping[Hashable, Any]]

    @property
    def words(self) -> Words:
        """The words of its head, each by itself."""
        return words_of(self.head)


class Behind:
    """The numbers of a chart that have raw lines.

    Parameters
    ----------
    figure
        Of a chart that :mod:`tradeflows.charts` drew.
    id
        The name of the chart's address.
    """

    def __init__(self, figure: Any, id: str) -> None:
        is_traced = "of" in vars(figure)["tradeflows"]
        self._all = _numbers(figure, id) if is_traced else []
        self.numbers = self._all[:NUMBERS]
        self._figure = figure
        self._by_value: dict[str, list[Number]] = {}
        self._by_words: dict[Words, list[Number]] = {}
        self._exact = {(number.words, number.text): number.id for number in self.numbers}
        for number in self.numbers:
            self._by_value.setdefault(_bare(number.text), []).append(number)
            self._by_words.setdefault(number.words, []).append(number)

    def of(self, words: Iterable[str], value: str) -> str:
        """The id of the entry of a figure that is named by some words, "" where none is sure.

        That is the one of the same value whose words are the same, or fewer, or more; else the one
        of the same words, whose figure may be drawn in another unit; else the one of more words
        whose figure may be printed with fewer decimals.
        """
        asked = frozenset().union(*map(words_of, words))
        if (asked, value) in self._exact:
            return self._exact[asked, value]
        bare = _bare(value)
        alike = self._by_value.get(bare, []) if bare else []
        named = self._by_words.get(asked, []) if bare else []
        both = [number for number in alike if number.words == asked]
        near = [number for number in alike if number.words <= asked or asked <= number.words]
        found: Sequence[Number] = next((some for some in (both, near, named) if some), ())
        if not found and bare:
            wider = [number for number in self.numbers if asked <= number.words]
            found = [number for number in wider if _is_rounded(bare, _bare(number.text))]
        return found[0].id if len(found) == 1 else ""

    def in_table(self, rows: Sequence[Sequence[str]]) -> list[list[str]]:
        """The id of the entry of each cell but the first of each row of a chart's table."""
        head, *body = rows
        return [[self._of_cell(head, row, i) for i in range(1, len(row))] for row in body]

    def _of_cell(self, head: Sequence[str], row: Sequence[str], i: int) -> str:
        if spans.HEAD.fullmatch(head[i]):
            return ""
        cells = zip(head[1:], row[1:], strict=True)
        is_period = spans.HEAD.fullmatch
        others = [cell for name, cell in cells if is_period(name) or not FIGURE.fullmatch(cell)]
        names = ([row[0], head[i]], [row[0], *others], [row[0]])
        if not FIGURE.fullmatch(row[i]):  # of a strip's runs the first leads to its lines
            return self._exact.get((words_of(row[0]), row[i].partition(", ")[0]), "")
        value = text_of(float(_bare(row[i])))
        return next(filter(None, (self.of(words, value) for words in names)), "")

    def shown(self) -> str:
        """The numbers as HTML, each of which opens its formula and its lines; no script is needed.

        Each of the first :data:`NUMBERS` has the first line of each part of its formula, and more
        where all together have room.
        """
        if not self.numbers:
            return raw_lines.shown(self._figure)
        lines = raw_lines.terms(self._figure)
        each = max(1, LINES // len(self.numbers))
        head = raw_lines.counted(lines)
        head += f", the first {NUMBERS} numbers here" if len(self._all) > NUMBERS else ""
        entries = "".join(_entry(number, each) for number in self.numbers)
        used = raw_lines.entries(dict.fromkeys(lines["source_id"]))
        inside = f"{raw_lines.BOX}{entries}</div>{used}{raw_lines.untraced(lines)}"
        return f'<details class="chart-lines"><summary>{head}</summary>{inside}</details>'


def words_of(text: str) -> Words:
    """The words of a head, each by itself: those of the series, of its panel, of the period."""
    return frozenset(filter(None, BETWEEN.split(text)))


def _bare(text: str) -> str:
    """The first number in a text without the zeros at its end, "" where there is none."""
    found = FIGURE.search(text)
    return str(float(found[0].replace(",", "").replace("−", "-"))) if found else ""


def _is_rounded(text: str, finer: str) -> bool:
    """Whether a number is another with fewer decimals."""
    _, _, decimals = text.partition(".")
    return float(text) == round(float(finer), len(decimals))


def _numbers(figure: Any, id: str) -> list[Number]:
    """The numbers of a chart in the order of their lines."""
    rows = raw_lines.terms(figure).to_dict("records")
    is_ratio = figure.axes[0].get_gid() == "ratios"
    said = layout.of_claim if is_ratio else text_of
    is_strip = figure.axes[0].get_gid() == "coverage"  # whose runs are its numbers
    groups = groupby(rows, lambda row: [row[name] for name in raw_lines.NUMBER])
    numbers = []
    for i, ((series, period, value, _), own) in enumerate(groups, start=1):
        head = ", ".join(filter(None, (series, spans.beyond(series, period))))
        text = said(value)
        if is_strip:
            head, text = series, spans.in_words(period)
        numbers.append(Number(f"{id}-n{i}", head, text, list(own)))
    return numbers


def _entry(number: Number, most: int) -> str:
    """A number, its formula and at most so many of its lines, those of its parts in any case.

    Of claims that are counted all are there.
    """
    parts: dict[Any, Mapping[Hashable, Any]] = {}
    for line in number.lines:
        parts.setdefault(line["role"], line)
    firsts = {(line["path"], line["line"]): line for line in reversed(parts.values())}
    is_first = {id(line) for line in firsts.values()}
    lines = sorted(number.lines, key=lambda line: id(line) not in is_first)
    shown = max(most, min(len(firsts), PARTS))
    if lines[0]["claim"]:
        lines, shown = list(number.lines), len(lines)
    more = len(lines) - shown
    rest = f"<p>and {more:,} more, in the file of raw lines</p>" if more > 0 else ""
    formula = html.escape(raw_lines.said(number.lines[0]["formula"], len(number.lines)))
    return (
        f'<details id="{number.id}"><summary>{html.escape(number.head)}: {number.text}</summary>'
        f"<p>{formula}</p>{raw_lines.lines_alone(lines, shown)}{rest}</details>"
    )
