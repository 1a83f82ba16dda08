"""The marks of a chart: where each figure stands on the page, and what it is."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.dates as mdates
import numpy as np
from matplotlib.axes import Axes

from tradeflows.charts import layout, raw_lines, spans
from tradeflows.charts.artists import Figured, cells_of, figured, significant
from tradeflows.charts.options import VALUE, WORDS, Chart, named

PERIODS = re.compile(r"\d{4}(?: vs \d{4}|(?:-\d\d(?: to \d{4}-\d\d)?)?)")  # or a change


@dataclass(frozen=True)
class Mark:
    """One figure on the page.

    Attributes
    ----------
    series, period, value
        In words, as a reader sees them; the period is empty where the chart has none, the series
        where figures have no names but those of their rows, which are in the period's place.
    x, y
        Its middle, in points from the lower left corner of the page.
    name
        The series as the data have it.
    """

    series: str
    period: str
    value: str
    x: float
    y: float
    name: str


def marks_of(figure: Any) -> list[Mark]:
    """The marks of all boxes of a chart, series by series, each in the order of its periods."""
    figure.draw_without_rendering()
    chart = vars(figure)["tradeflows"]
    marks: dict[tuple[Any, ...], Mark] = {}
    for axes in figure.axes:
        for mark in _marks_in(axes, chart):
            key = (mark.series, mark.period, mark.x, mark.y)
            marks.setdefault(key, mark)
    return list(marks.values())


def _marks_in(axes: Axes, chart: Chart) -> Iterator[Mark]:
    kind = axes.get_gid()
    shown = figured(axes)
    if kind in ("cells", "months"):
        yield from _cells(axes, shown, chart)
        return
    printed: dict[str, str] = {}
    for drawn in shown:
        if drawn.part == "text":
            _, _, figure = drawn.artist.get_text().rpartition(": ")
            printed[drawn.row] = " ".join(figure.split())
    panel = str(axes.get_label())
    is_one_of_several = kind == "lines" and len(axes.figure.axes) > 1
    of_panel = named(panel, chart) if is_one_of_several else ""
    lengths = chart.get("months", {})
    months = lengths.get(panel, 1)
    said = said_periods(axes)
    for drawn in shown:
        if drawn.part not in _READERS:
            continue
        is_nameless = drawn.part == "dot" and drawn.name == VALUE
        texts = [of_panel, "" if is_nameless else named(drawn.name, chart)]
        series = ": ".join(filter(None, texts))
        reader = _READERS[drawn.part]
        for place in reader(drawn.artist, months, printed.get(drawn.row, "")):
            x, y = _points_from_corner(axes, place.x, place.y)
            period = _period(place, drawn, said, chart)
            if np.isfinite(x) and np.isfinite(y):
                yield Mark(series, period, place.value, x, y, drawn.name)


def _period(
    place: "_Place", drawn: Figured, said: Mapping[tuple[str, str], str], chart: Chart
) -> str:
    """The period of a figure, in whose place a dot has the name of its row as well."""
    if drawn.part not in ("bar", "dot"):
        return place.period
    row = named(place.period, chart) if drawn.part == "dot" else ""
    return ", ".join(filter(None, (row, said[_key(drawn)])))


def said_periods(axes: Axes, *, in_full: bool = False) -> dict[tuple[str, str], str]:
    """The period that the mark of each bar, dot or cell says, by the row and column of its table.

    It is "" of a figure whose names have it, but where it is asked for `in_full`.
    """
    chart = vars(axes.figure)["tradeflows"]
    shown = figured(axes)
    if axes.get_gid() == "cells":
        columns = [drawn.name for drawn in shown if drawn.part == "column"]
        of_cells = _periods_of_cells(chart)
        rows = [drawn.name for drawn in shown if drawn.part == "cells"]
        return {
            (row, name): _as_said(of_cells[row, name], "" if in_full else named(name, chart))
            for row in rows
            for name in columns
        }
    of_rows = raw_lines.periods_of(chart)
    said = {}
    for drawn in shown:
        if drawn.part in ("bar", "dot"):
            of_row = [_key(drawn)[0]] if drawn.part == "dot" else []
            heads = [] if in_full else [drawn.name, *of_row]
            names = ", ".join(named(name, chart) for name in heads)
            said[_key(drawn)] = _as_said(of_rows[int(drawn.row)], names) if of_rows else ""
    return said


def _key(drawn: Figured) -> tuple[str, str]:
    """The row and the column that a bar or a dot has in the table of its chart."""
    if drawn.part == "bar":
        return drawn.row, VALUE
    return str(drawn.artist.get_label()), drawn.name


def _as_said(periods: str, name: str) -> str:
    """Periods in words, as far as the name of their figure does not have them."""
    if not all(PERIODS.fullmatch(part) for part in periods.split(", ")):
        return ""
    return spans.beyond(name, periods)


def _points_from_corner(axes: Axes, x: float, y: float) -> tuple[float, float]:
    """Where a point of the data stands on the page, in points from its lower left corner."""
    pixels = axes.transData.transform((x, y))
    right, up = pixels * 72 / axes.figure.dpi
    return float(right), float(up)


def text_of(value: float) -> str:
    """A figure as the table of the chart has it."""
    return layout.number(significant(value, layout.DIGITS), 12)


# --- by kind of artist: places, periods and values ------------------------------------------------


@dataclass(frozen=True)
class _Place:
    """Where a figure stands in the data, and its period and value in words."""

    x: float
    y: float
    period: str
    value: str


Places = Iterator[_Place]


def _of_line(artist: Any, months: int, printed: str) -> Places:
    for x, y in artist.get_xydata():
        if not np.isnan(y):
            [middle] = spans.days([x])
            start = spans.first_day(middle, months)
            yield _Place(x, y, spans.text(start, months), text_of(y))


def _of_point(artist: Any, months: int, printed: str) -> Places:
    (x,), (y,) = artist.get_xydata().T
    if not np.isnan(y):
        marker = str(artist.get_marker())
        sign = QUALIFIERS.get(marker, "")
        text = text_of(y)
        if sign:
            text = f"{WORDS[sign]} {text}"
        [middle] = spans.days([x])
        start = spans.first_day(middle, 1)
        yield _Place(x, y, spans.text(start, 1), text)


def _of_block(artist: Any, months: int, printed: str) -> Places:
    x, y = artist.get_xydata().T
    block = spans.whole_months(x[0], x[-1])
    level = y[0]
    if not np.isnan(level):
        yield _Place(x.mean(), level, spans.text(*block), text_of(level))


def _of_bar(artist: Any, months: int, printed: str) -> Places:
    start, width = artist.get_x(), artist.get_width()
    end = start + (width / 2 if start else width)  # one of a strip is met in its middle
    middle = artist.get_y() + artist.get_height() / 2
    x = 0.0 if np.isnan(end) else end
    yield _Place(x, middle, "", printed)


def _of_dot(artist: Any, months: int, printed: str) -> Places:
    (x,), (y,) = artist.get_xydata().T
    sign, space, _ = printed.rpartition(" ")  # the number is that of the table
    yield _Place(x, y, str(artist.get_label()), f"{sign}{space}{text_of(x)}")


def _of_window(artist: Any, months: int, printed: str) -> Places:
    x, y = artist.get_xydata().T
    first, last = spans.days(x)
    period = f"{first:%B %Y} to {last:%B %Y}"
    _, _, text = printed.rpartition(": ")
    if not np.isnan(y[0]):
        yield _Place(x.mean(), y[0], period, text)


def _of_strip(artist: Any, months: int, printed: str) -> Places:
    x, y = artist.get_xdata(), artist.get_ydata()
    ends = mdates.date2num(x)
    yield _Place(ends.mean(), y[0], "", spans.text(*spans.whole_months(*ends)))


def _of_reading(artist: Any, months: int, printed: str) -> Places:
    (x,), (y,) = artist.get_xydata().T
    words = WORDS.get(BOUNDS.get(artist.get_marker(), ""), "")
    yield _Place(x, y, "", f"{words} {layout.of_claim(x)}".lstrip())


BOUNDS = {"<": "≤", ">": "≥"}  # by the marker of a reading
QUALIFIERS = {"D": "~", "v": "≤", "^": "≥"}  # by the marker of a point
_READERS: dict[str, Callable[[Any, int, str], Places]] = {
    "line": _of_line,
    "point": _of_point,
    "block": _of_block,
    "bar": _of_bar,
    "dot": _of_dot,
    "window": _of_window,
    "reading": _of_reading,
    "held": _of_strip,
}


def _cells(axes: Axes, shown: Sequence[Figured], chart: Chart) -> Iterator[Mark]:
    """A mark a cell: its row, its column or month, its number."""
    columns = [drawn.name for drawn in shown if drawn.part == "column"]
    said = said_periods(axes)
    for drawn in shown:
        if drawn.part != "cells":
            continue
        values, edges = cells_of(drawn.artist)
        periods = [spans.text(day, 1) for day in spans.days(edges[:-1])]
        if columns:
            texts = [(named(name, chart), said[drawn.name, name]) for name in columns]
            periods = [", ".join(filter(None, text)) for text in texts]
        row = float(drawn.row)
        series = named(drawn.name, chart)
        middles = (edges[:-1] + edges[1:]) / 2
        for middle, period, value in zip(middles, periods, values, strict=True):
            text = "no figure" if np.isnan(value) else text_of(value)
            x, y = _points_from_corner(axes, middle, row)
            yield Mark(series, period, text, x, y, drawn.name)


def _periods_of_cells(chart: Chart) -> Mapping[tuple[str, ...], str]:
    """The period of each cell by its row and its column; of one without lines that of all others.

    Where these differ such a cell has none.
    """
    of_rows = raw_lines.periods_of(chart)
    if not of_rows:
        return defaultdict(str)
    frame, _, names = chart["of"]
    different = set(filter(None, of_rows))
    common = different.pop() if len(different) == 1 else ""
    cells = zip(*(frame[name].astype(str) for name in names), strict=True)
    known = {cell: text for cell, text in zip(cells, of_rows, strict=True) if text}
    return defaultdict(lambda: common, known)
