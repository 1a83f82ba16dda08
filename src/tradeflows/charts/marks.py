"""The marks of a chart: where each figure stands on the page, and what it is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from tradeflows.charts import layout, spans
from tradeflows.charts.options import WORDS, named


@dataclass(frozen=True)
class Mark:
    """One figure on the page.

    Attributes
    ----------
    series, period, value
        In words, as a reader sees them; the period is empty where the chart has none.
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
            marks.setdefault((mark.series, mark.period, mark.x, mark.y), mark)
    return list(marks.values())


def _marks_in(axes: Axes, chart: dict[str, Any]) -> Iterator[Mark]:
    kind = str(axes.get_gid())
    shown: list[tuple[Any, ...]] = [
        (artist, *str(artist.get_gid()).split("|", 2))
        for artist in axes.get_children()
        if "|" in str(artist.get_gid() or "")
    ]
    if kind in ("cells", "months"):
        yield from _cells(axes, shown, chart)
        return
    printed = {
        i: " ".join(artist.get_text().split()) for artist, i, part, _ in shown if part == "text"
    }
    panel = str(axes.get_label())
    place = named(panel, chart) if kind == "lines" and len(axes.figure.axes) > 1 else ""
    for artist, i, part, name in shown:
        series = ": ".join(text for text in (place, named(name, chart)) if text)
        if reader := _READERS.get(part):
            for x, y, period, value in reader(
                artist, kind, chart, panel, " ".join(printed.get(i, "").split())
            ):
                at = axes.transData.transform((x, y)) * 72 / axes.figure.dpi
                if np.isfinite(at).all():
                    yield Mark(series, period, value, float(at[0]), float(at[1]), name)


def text_of(value: float) -> str:
    """A figure as the table of the chart has it: to four significant figures."""
    return layout.number(float(f"{float(f'{value:.12g}'):.4g}") + 0.0, 12)


# --- by kind of artist: places, periods and values ------------------------------------------------

Place = tuple[float, float, str, str]


def _of_line(artist: Any, kind: str, chart: Any, panel: str, printed: str) -> Iterator[Place]:
    months = chart["months"][panel]
    for x, y in artist.get_xydata():
        if not np.isnan(y):
            start = spans.first_day(spans.days([x])[0], months)
            yield x, y, spans.text(start, months), text_of(y)


def _of_point(artist: Any, kind: str, chart: Any, panel: str, printed: str) -> Iterator[Place]:
    (x,), (y,) = artist.get_xydata().T
    if not np.isnan(y):
        sign = {"D": "~", "v": "≤", "^": "≥"}.get(str(artist.get_marker()), "")
        text = f"{WORDS[sign]} {text_of(y)}" if sign else text_of(y)
        yield x, y, spans.text(spans.first_day(spans.days([x])[0], 1), 1), text


def _of_block(artist: Any, kind: str, chart: Any, panel: str, printed: str) -> Iterator[Place]:
    x, y = artist.get_xydata().T
    first, last = spans.days(x[[0, -1]])
    months = round((last - first).days / 30.44)
    if not np.isnan(y[0]):
        yield x.mean(), y[0], spans.text(first, months), text_of(y[0])


def _of_bar(artist: Any, kind: str, chart: Any, panel: str, printed: str) -> Iterator[Place]:
    end, middle = artist.get_x() + artist.get_width(), artist.get_y() + artist.get_height() / 2
    yield (0.0 if np.isnan(end) else end), middle, "", printed


def _of_window(artist: Any, kind: str, chart: Any, panel: str, printed: str) -> Iterator[Place]:
    x, y = artist.get_xydata().T
    first, last = spans.days(x)
    period = f"{first:%B %Y} to {last:%B %Y}"
    if not np.isnan(y[0]):
        yield x.mean(), y[0], period, printed.rpartition(": ")[2]


def _of_reading(artist: Any, kind: str, chart: Any, panel: str, printed: str) -> Iterator[Place]:
    (x,), (y,) = artist.get_xydata().T
    yield x, y, "", f"{text_of(x)} times the claim"


_READERS: dict[str, Callable[..., Iterator[Place]]] = {
    "line": _of_line,
    "point": _of_point,
    "block": _of_block,
    "bar": _of_bar,
    "window": _of_window,
    "reading": _of_reading,
}


def _cells(axes: Axes, shown: list[tuple[Any, ...]], chart: dict[str, Any]) -> Iterator[Mark]:
    """A mark a cell: its row, its column or month, its number."""
    columns = [named(name, chart) for _, _, part, name in shown if part == "column"]
    for artist, i, part, name in shown:
        if part != "cells":
            continue
        edges = artist.get_coordinates()[0, :, 0]
        values = np.ma.filled(artist.get_array().astype("float64"), np.nan).ravel()
        months = columns or [spans.text(day, 1) for day in spans.days(edges[:-1])]
        for start, end, month, value in zip(edges, edges[1:], months, values, strict=False):
            at = axes.transData.transform(((start + end) / 2, float(i))) * 72 / axes.figure.dpi
            text = "no figure" if np.isnan(value) else text_of(value)
            yield Mark(named(name, chart), month, text, float(at[0]), float(at[1]), name)
