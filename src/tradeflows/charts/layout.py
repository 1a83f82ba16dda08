"""The one look of all charts: colours, names, and where text stands around and in the boxes."""

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

import matplotlib
import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import patheffects, ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from tradeflows.charts import spans
from tradeflows.charts.colours import (
    EVENT,
    FAINT,
    FIGURES,
    GREY,
    INK,
    MUTE,
    PAPER,
    SOFT,
    text_colour,
)
from tradeflows.model.lineage import padded_number

UPRIGHT = (
    "bars",
    "dots",
    "ratios",
    "cells",
)  # kinds of charts whose numbers run from left to right
DIGITS = 3  # of a number before a reader: beside its mark, under a pointer and in a table
FONT = "DejaVu Sans"  # matplotlib ships it, so every machine sets the same text
STYLE: dict[str, Any] = {
    "figure.figsize": (8.0, 4.5),
    "figure.dpi": 100,
    "font.family": FONT,
    "font.size": 11,
    "figure.titlesize": 15,
    "figure.titleweight": "bold",
    "text.color": INK,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.axisbelow": True,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "lines.linewidth": 2.2,
    "lines.markersize": 5.5,
    "hatch.color": MUTE,
    "hatch.linewidth": 0.7,
    "text.parse_math": False,  # "$52 bn in 2021, $81 bn in 2022" is no formula
}


@dataclass(frozen=True)
class Page:
    """The paper that a chart is set on.

    Lengths are in inches, texts in characters a line; `small` is the size of the least letters,
    `steps` the most of an axis of numbers from left to right.
    """

    width: float
    height: float
    title: int
    title_lines: int
    foot: int
    sentence: int
    label: int
    name: int
    window: int
    small: float
    steps: int


WIDE = Page(
    8.0,
    4.5,
    title=60,
    title_lines=2,
    foot=94,
    sentence=96,
    label=30,
    name=18,
    window=200,
    small=10,
    steps=5,
)
NARROW = Page(
    4.5,
    4.0,
    title=34,
    title_lines=4,
    foot=49,
    sentence=52,
    label=17,
    name=12,
    window=46,
    small=10.5,  # which a telephone shows in eleven pixels
    steps=4,
)
_PAGE: ContextVar[Page] = ContextVar("page", default=WIDE)

PER_CENT = re.compile(r"(\d) %")
KEPT = "\ue000"  # stands for a space that does not break while a text is cut short
HANGING = re.compile(r"[\s\xa0]·\n")  # a dot between two parts that stand on two lines
CLEAR = 0.1  # inches from a point to its text
MARK = 0.06  # inches from the middle of a marker to its edge
APART = 0.08  # inches between two texts side by side
EDGE = 0.06  # inches that the title stands further in than an event's words at the page's edge
NEAR = 0.06  # inches up or down from a point to the middle of a text that belongs to it
LINE = 0.19  # height of a line of text in inches; so are all lengths below
GROUND: dict[str, Any] = {"fc": PAPER, "ec": "none", "pad": 0.8}  # of figures over a line
HALO = [patheffects.withStroke(linewidth=3, foreground=PAPER)]


@dataclass(frozen=True)
class Label:
    """A text to set beside a point of the data, or beside a window from `start` to that point.

    `gid` is for a text that is itself read back; `clear` are the inches between point and text;
    `others` are points that the text may stand
    beside, where the last one has no room.
    """

    text: str
    x: float
    y: float
    colour: Any
    gid: str | None = None
    start: float | None = None
    clear: float = CLEAR
    others: tuple[tuple[float, float], ...] = ()


@contextmanager
def style() -> Iterator[None]:
    """Matplotlib's defaults with :data:`STYLE` upon them, for one ``with`` block."""
    with plt.style.context(["default", STYLE]):
        yield
        interactive = matplotlib.is_interactive()
    # A notebook's first figure switches this on, and shows no further one where it is undone.
    matplotlib.interactive(interactive)


def page() -> Page:
    """The paper that charts are set on now."""
    return _PAGE.get()


@contextmanager
def on(paper: Page) -> Iterator[None]:
    """Set charts on `paper` for one ``with`` block."""
    token = _PAGE.set(paper)
    try:
        yield
    finally:
        _PAGE.reset(token)


def number(value: float, digits: int = DIGITS) -> str:
    """Print `value` to so many significant figures, in full and with its thousands set apart."""
    rounded = Decimal(f"{value:.{digits}g}")
    return f"{rounded:,f}".replace("-", "−")


def figure(value: float, digits: int = DIGITS) -> str:
    """Print `value` as it stands beside others: three figures, the last zeros kept, as in 47.0."""
    return padded_number(value, digits).replace("-", "−")


def significant(value: float, digits: int = 4) -> float:
    """So many significant figures, first finely, so that no two machines fall beside a tie."""
    fine = float(f"{value:.12g}")
    return float(f"{fine:.{digits}g}") + 0.0


def name_gid(series: str) -> str:
    """The ``gid`` of the name of a series, which carries no number."""
    return f"|name|{series}"


def of_claim(ratio: float) -> str:
    """What was found, divided by what was claimed, in words: 10.4 % of the claim."""
    return f"{number(100 * ratio)} % of the claim"


def wrap(text: str, width: int) -> str:
    """Break `text` into lines of at most `width` characters, none of them left with a word."""
    text = PER_CENT.sub("\\1\xa0%", text)
    few = len(_lines(text, width))
    widths = range(1, width + 1)
    even = next(most for most in widths if len(_lines(text, most)) <= few)
    return "\n".join(_lines(text, even))


def _lines(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` characters, no word of it broken."""
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def clip(text: str, width: int, lines: int = 2) -> str:
    """Wrap `text`, and end what is longer than so many lines of `width` characters in "…"."""
    text = PER_CENT.sub(f"\\1{KEPT}%", text.replace("\xa0", KEPT))
    for most in range(lines * width, 0, -1):
        shorter = textwrap.shorten(text, most, placeholder=" …")
        short = wrap(shorter.replace(KEPT, "\xa0"), width)
        if short.count("\n") < lines:
            break
    return short


def wrap_within(text: str, inches: float) -> str:
    """Break `text` of small letters so that no line is wider than `inches`, if its words allow."""
    scale = page().small / 11
    longest = max(len(text), 1)
    for most in range(longest, 0, -1):
        broken = wrap(text, most)
        width, _ = size(broken)
        if scale * width <= inches:
            break
    return broken


@dataclass(frozen=True)
class Box:
    """The place of a text, in inches from the lower left corner of the page."""

    left: float
    lower: float
    right: float
    upper: float

    @property
    def middle(self) -> float:
        """Half way up."""
        return (self.lower + self.upper) / 2


@lru_cache(maxsize=1024)
def size(text: str, weight: str = "normal") -> tuple[float, float]:
    """Width and height of `text` at 11 points, from the outlines of its letters."""
    prop = FontProperties(family=FONT, weight=weight)
    lines = text.split("\n")
    widest = 0.0
    for line in lines:
        if line.strip():
            path = TextPath((0, 0), line, size=11, prop=prop)
            extents = path.get_extents()
            widest = max(widest, extents.width)
    height = LINE * len(lines)
    return widest / 72, height


def day_axis(axes: Axes, *, years: Sequence[pd.Timestamp] = ()) -> None:
    """Set an axis of days: a mark where a month or year begins, its name below its middle.

    Where all that is drawn is of `years`, each is named below its figures, and the axis ends at
    the last of them.
    """
    first, last = axes.dataLim.intervalx
    inches = page().width - 2.0  # less what stands left and right of the box
    n_days = last - first
    room = n_days * 0.012
    axes.set_xlim(first - room, last + room)
    if years:
        _name_years(axes, years, inches)
        return
    months = n_days / 30.4
    starts: ticker.Locator
    fewest = months * 0.9 / inches  # from one month with a name to the next
    if months > 40 or fewest > 6:
        half_years = months / 12 * 0.5
        step = -int(-half_years // inches)
        names = spans.year_ticks(first, last, step)
        starts = mdates.YearLocator()
    else:
        step = next(months for months in (1, 3, 6) if months >= fewest)
        names = spans.month_ticks(first, last, step)
        starts = mdates.MonthLocator()
    axis = axes.xaxis
    places = ticker.FixedLocator([*names])
    texts = ticker.FixedFormatter([*names.values()])
    axis.set_major_locator(places)
    axis.set_major_formatter(texts)
    axis.set_minor_locator(starts)
    axis.set_minor_formatter(ticker.NullFormatter())


def _name_years(axes: Axes, years: Sequence[pd.Timestamp], inches: float) -> None:
    """Name years below their figures, or every other one where `inches` have no room for all."""
    step = -int(-len(years) * 0.5 // inches)
    names = {mdates.date2num(day): str(day.year) for day in years[::-step]}
    axis = axes.xaxis
    axis.set_major_locator(ticker.FixedLocator(sorted(names)))
    axis.set_major_formatter(ticker.FixedFormatter([names[day] for day in sorted(names)]))
    axis.set_minor_locator(ticker.NullLocator())


def number_axis(axes: Axes, *, upright: bool = False) -> None:
    """Set the axis of the numbers, with lines across the box and thousands set apart."""
    axis = axes.xaxis if upright else axes.yaxis
    formatter = ticker.FuncFormatter(lambda value, _: number(value, 10))
    axis.set_major_formatter(formatter)
    if axis.get_scale() == "linear":
        locator = ticker.MaxNLocator("auto", steps=[1, 2, 5, 10])
        if upright:
            locator.set_params(nbins=page().steps)
        axis.set_major_locator(locator)
    axis.grid(color=FAINT, lw=0.8)


def finish(
    grid: Sequence[Axes],
    ends: Sequence[list[Label]],
    *,
    title: str,
    unit: Sequence[str],
    foot: Sequence[str],
    events: Mapping[str, str],
    reference: Mapping[str, float],
    box: float,
) -> None:
    """Set every text of a chart, and fit the page around its boxes.

    Parameters
    ----------
    grid
        The boxes, from the top down; the ``gid`` of the first says what kind of chart it is.
    ends
        For each box, the texts to set beside points of its data.
    title, unit, foot
        The claim; what stands above each box; the paragraphs below.
    events
        Words by their day, above an upright line through every box.
    reference
        Values by their words, each a line across the box (for bars: upright, as an event).
    box
        Height of a box; more if the page would be less high than the style says.
    """
    first_box = grid[0]
    upright = first_box.get_gid() in UPRIGHT
    places_of_ends = [end.x for texts in ends for end in texts]
    last_mark = max(places_of_ends, default=0.0)
    boxes = []
    for axes, texts in zip(grid, ends, strict=True):
        _draw_references(axes, reference, upright)
        named = [] if upright else _named(axes, reference)
        boxes.append((axes, [*texts, *named]))
    places = _places(events, reference, upright)
    left, right = _margins(boxes, upright, last_mark)
    paper = page()
    room = paper.width - left - right
    upright_lines = _upright_lines(first_box, places, left, right)
    n_rows = max((line.row + 1 for line in upright_lines), default=0)
    rows = LINE * n_rows
    unit = [wrap(text, min(paper.window, paper.sentence)) for text in unit]
    more = LINE * max(text.count("\n") for text in unit)  # than one line above each box
    head = 0.38 + more
    sheet = _set_page(grid, title, foot, rows, head, more, box)
    floor = sheet.height - sheet.top - rows
    first, last = first_box.get_xlim()
    per_inch = (last - first) / room
    whole = np.array([paper.width, sheet.height] * 2)
    for (axes, texts), counted in zip(boxes, unit, strict=True):
        floor -= sheet.box
        is_first = axes is first_box
        rectangle = np.array([left, floor, room, sheet.box])
        axes.set_position(rectangle / whole)
        above = floor + sheet.box + 0.1
        if is_first:
            above += rows
        _set_axes(axes, counted, above / sheet.height, upright)
        if upright:
            if is_first:
                _draw_upright(axes, upright_lines, sheet.box, 1.0, INK, INK)
            _write_right_of_bars(axes, texts, per_inch, [*places])
        else:
            above_box = sheet.box if is_first else 0.0
            _draw_upright(axes, upright_lines, above_box, 0.0, EVENT, SOFT)
            _name_ends(axes, texts, last_mark, upright_lines)
        floor -= head


@dataclass(frozen=True)
class _Upright:
    """An upright line with words above it: how far along the box, from 0 to 1, and in which row."""

    x: float
    text: str
    row: int
    side: str


def _upright_lines(
    axes: Axes, places: Mapping[float, str], left: float, right: float
) -> list[_Upright]:
    """The upright lines that cross the box, which has so many inches to its left and right."""
    room = page().width - left - right
    words = _within(axes, places, room)
    lines = []
    for (x, text), (row, side) in zip(words, _sides(words, left, room + right), strict=True):
        lines.append(_Upright(x / room, text, row, side))
    return lines


def _draw_upright(
    axes: Axes, lines: Sequence[_Upright], box: float, bottom: float, colour: str, ink: str
) -> None:
    """Draw upright lines from so far up a box of so many inches; with words unless it is 0."""
    for line in lines:
        top = 1.0
        if box:
            line_height = LINE / box
            top += (line.row + 0.9) * line_height
            middle = 1 + (line.row + 0.5) * line_height
            _write_event(axes, line, middle, ink)
        axes.plot(
            [line.x, line.x],
            [bottom, top],
            transform=axes.transAxes,
            clip_on=False,
            color=colour,
            lw=0.9,
            zorder=1,
        )


def _margins(
    boxes: Sequence[tuple[Axes, list[Label]]], upright: bool, last_mark: float
) -> tuple[float, float]:
    """Room left of the boxes for their numbers or names, and right of them for their texts."""
    ticks: list[str] = []
    names: list[str] = []
    is_bold = False
    for axes, ends in boxes:
        formatter = axes.yaxis.get_major_formatter()
        numbers = list(axes.get_yticks())
        ticks += formatter.format_ticks(numbers)
        is_bold |= any(label.get_fontweight() == "bold" for label in axes.get_yticklabels())
        at_edge = [end for end in ends if upright or _at_edge(end, axes, last_mark)]
        names += [end.text for end in at_edge]
    left = 0.22 + _widest(ticks, "bold" if is_bold else "normal")
    right = 0.3 + _widest(names, "bold")
    return left, right


def _within(axes: Axes, places: Mapping[float, str], room: float) -> list[tuple[float, str]]:
    """The words whose line crosses the box, by their distance from its left edge."""
    first, last = axes.get_xlim()
    words = []
    for x in sorted(places):
        if first <= x <= last:
            distance = _along(axes, x) * room
            words.append((distance, places[x]))
    return words


def _draw_references(axes: Axes, reference: Mapping[str, float], upright: bool) -> None:
    line = axes.axvline if upright else axes.axhline
    for text, value in reference.items():
        if upright:  # so that it is seen upon a bar of its own colour
            line(value, color=PAPER, lw=3.6)
        gid = f"0|reference|{text}"
        line(value, color=INK, lw=1.2, ls=(0, (4, 2)), gid=gid)


def _named(axes: Axes, reference: Mapping[str, float]) -> list[Label]:
    """The words of lines across the box, at its right edge."""
    _, edge = axes.get_xlim()
    width = page().name
    return [Label(wrap(text, width), edge, value, INK) for text, value in reference.items()]


def _places(
    events: Mapping[str, str], reference: Mapping[str, float], upright: bool
) -> dict[float, str]:
    """Words by where their upright line stands."""
    if upright:
        return {value: text for text, value in reference.items()}
    days = np.array([*events], "datetime64[D]")
    places = np.atleast_1d(mdates.date2num(days))
    return dict(zip(places.tolist(), events.values(), strict=True))


def _widest(texts: Iterable[str], weight: str = "normal") -> float:
    """Width of the widest of `texts`, in inches."""
    sizes = [size(text, weight) for text in texts]
    return max((width for width, _ in sizes), default=0.0)


@dataclass(frozen=True)
class _Sheet:
    """Heights: above the words of events, of a box, and of the page."""

    top: float
    box: float
    height: float


def _set_page(
    grid: Sequence[Axes],
    title: str,
    foot: Sequence[str],
    rows: float,
    head: float,
    more: float,
    box: float,
) -> _Sheet:
    """Set title and foot, and make the page as high as its boxes need."""
    paper = page()
    lines = clip(title, paper.title, paper.title_lines)
    paragraphs = [wrap(text, paper.foot) for text in foot]
    below = HANGING.sub("\n", "\n".join(paragraphs))
    n_lines = lines.count("\n") + 1
    n_below = below.count("\n") + 1
    top = 0.38 + 0.25 * n_lines + more
    is_bare = not grid[0].get_xticks().size
    bottom = (0.2 if is_bare else 0.48) + 0.0175 * paper.small * n_below
    n_boxes = len(grid)
    rest = top + rows + bottom + head * (n_boxes - 1)
    if not is_bare:
        box = max(box, (paper.height - rest) / n_boxes)
    tenths = np.ceil(10 * (rest + box * n_boxes) - 1e-6)  # whole pixels
    height = float(tenths) / 10
    figure = grid[0].figure
    assert isinstance(figure, Figure)
    figure.set_size_inches(paper.width, height)
    left = 0.1 / paper.width
    figure.suptitle(lines, x=left, y=1 - 0.1 / height, ha="left", va="top")
    style: dict[str, Any] = {"size": paper.small, "color": SOFT}
    figure.text(left, 0.08 / height, below, va="bottom", **style)
    return _Sheet(top, box, height)


def _set_axes(axes: Axes, unit: str, above: float, upright: bool) -> None:
    """Write the unit above a box, and set its ticks."""
    axis = axes.xaxis if upright else axes.yaxis
    left = 0.1 / page().width
    axis.set_label_text(unit, rotation=0, ha="left", va="bottom")
    axis.set_label_coords(left, above, transform=axes.figure.transFigure)
    axes.tick_params(which="both", length=0, labelsize=10.5, labelfontfamily=FONT, labelcolor=INK)
    length = 0 if upright else 4
    axes.tick_params(axis="x", which="minor", length=length, color=GREY)
    axes.tick_params(axis="x", which="major", pad=9)  # clear of the lowest number


def _write_right_of_bars(
    axes: Axes, ends: list[Label], per_inch: float, lines: Sequence[float]
) -> None:
    """Write each text right of its bar, or of the lines that would cross it."""
    over_rows = axes.get_gid() == "dots"  # each of which has a line
    style: dict[str, Any] = {"bbox": GROUND, "zorder": 4} if over_rows else {}
    shift = 9 if over_rows else 5
    for end in ends:
        width, _ = size(end.text)
        reach = end.x + (width + 0.15) * per_inch
        crossing = [] if over_rows else [line for line in lines if end.x <= line < reach]
        x = max([end.x, *crossing])
        look = style | {"va": "center", "color": end.colour, "gid": end.gid}
        further = 72 * (end.clear - CLEAR)
        write(axes, end.text, (x, end.y), (shift + further, 0), **look)


def write(
    axes: Axes, text: str, point: tuple[float, float], shift: tuple[float, float], **style: Any
) -> None:
    """Write `text` so many points right of and above a `point` of the data."""
    axes.annotate(text, point, shift, textcoords="offset points", **style)


def _along(axes: Axes, x: float) -> float:
    """How far along its axis `x` lies, from 0 to 1."""
    scale = axes.xaxis.get_transform()
    places = np.array([*axes.get_xlim(), x])
    first, last, at = scale.transform(places)
    return float((at - first) / (last - first))


def _at_edge(end: Label, axes: Axes, last_mark: float) -> bool:
    """Whether a text stands right of the box: its point is among the last ones."""
    first, last = axes.get_xlim()
    a_tenth = 0.1 * (last - first)
    return end.start is None and end.x > min(last_mark, last) - a_tenth


def _sides(words: list[tuple[float, str]], left: float, right: float) -> list[tuple[int, str]]:
    """Row and side of each event's words: the early ones lean left, the late ones right.

    The rows rise towards the middle, so that no words stand in the way of another's line.
    """
    scale = 0.09 * page().small
    wide = []
    for _, text in words:
        width, _ = size(text)
        wide.append(scale * width + 0.1)
    n = len(words)
    leans = n // 2
    for i, (x, _) in enumerate(words):
        if x + wide[i] > right:
            leans = max(leans, i + 1)
    places = [x for x, _ in words]
    while any(x + left < w + EDGE for x, w in zip(places[:leans], wide[:leans], strict=True)):
        leans -= 1
    early = [(i, "right") for i in range(leans)]
    late = [(n - 1 - i, "left") for i in range(leans, n)]
    return early + late


def _write_event(axes: Axes, line: _Upright, y: float, colour: str) -> None:
    """Write an event's words beside its line; places in parts of the box."""
    shift = 4 if line.side == "left" else -4
    small = page().small
    style: dict[str, Any] = {"ha": line.side, "va": "center", "size": small, "color": colour}
    write(axes, line.text, (line.x, y), (shift, 0), xycoords="axes fraction", **style)


def _name_ends(
    axes: Axes, ends: list[Label], last_mark: float, upright_lines: Sequence[_Upright]
) -> None:
    """Set the texts: those at the right edge in a column, the others where there is room.

    All keep clear of the upright lines.
    """
    at_edge = [end for end in ends if _at_edge(end, axes, last_mark)]
    inner = [end for end in ends if end not in at_edge]
    curves = _curves(axes)
    events = _curves_of_events(axes, upright_lines)
    stops = [event[0, 0] for event in events]
    taken = _name_column(axes, at_edge, [*curves, *events])
    edge, low = _inches(axes, axes.transAxes, 1, 0)
    _, high = _inches(axes, axes.transAxes, 1, 1)
    for end in inner:
        spots = []
        for place in [end, *(replace(end, x=x, y=y) for x, y in end.others)]:
            point = _point_of(axes, place)
            for box in [*_boxes(axes, place, point, edge), *_boxes_after(place, point, stops)]:
                clashes = _clashes(box, point, taken, curves, low, high)
                if end.start is None:
                    clashes += _more_clashes(axes, end, point, box, curves, events)
                spots.append((clashes, place, point, box))
        clashes, place, point, best = min(spots, key=lambda spot: spot[0])
        _set(axes, place, point, best, ground=not clashes, stops=stops)
        taken.append(best)


def _name_column(axes: Axes, at_edge: list[Label], curves: Sequence[np.ndarray]) -> list[Box]:
    """Set the texts right of the box, each beside its point if that is free; their places."""
    at_edge.sort(key=lambda end: end.y)
    edge, low = _inches(axes, axes.transAxes, 1, 0)
    _, high = _inches(axes, axes.transAxes, 1, 1)
    sizes = [size(end.text, "bold") for end in at_edge]
    points = [_point_of(axes, end) for end in at_edge]
    levels = [point[1] for point in points]
    heights = [height for _, height in sizes]
    middles = spread(levels, heights, low, high)
    taken: list[Box] = []
    for end, (width, height), point, middle in zip(at_edge, sizes, points, middles, strict=True):
        half = height / 2
        column, near = (
            Box(left, middle - half, left + width, middle + half)
            for left in (edge + 0.12, point[0] + end.clear)
        )
        is_free = not _clashes(near, point, taken, curves, low, high)
        box = near if is_free and abs(middle - point[1]) < NEAR else column
        _set(axes, end, point, box)
        taken.append(box)
    return taken


def _curves(axes: Axes) -> list[np.ndarray]:
    """The points of the lines that carry numbers, in inches."""
    curves = []
    for line in axes.lines:
        if line.get_gid():
            data = line.get_xydata()
            pixels = line.get_transform().transform(data)
            curves.append(pixels / axes.figure.dpi)
    return curves


def _curves_of_events(axes: Axes, upright_lines: Sequence[_Upright]) -> list[np.ndarray]:
    """The points of upright lines through the box, in inches."""
    curves = []
    for line in upright_lines:
        foot = _inches(axes, axes.transAxes, line.x, 0)
        head = _inches(axes, axes.transAxes, line.x, 1.1)  # their words begin above the box
        curves.append(np.linspace(foot, head, 100))
    return curves


def _inches(axes: Axes, transform: Any, x: float, y: float) -> np.ndarray:
    """Where a point stands on the page."""
    pixels = np.asarray(transform.transform((x, y)))
    return pixels / axes.figure.dpi


def _point_of(axes: Axes, end: Label) -> np.ndarray:
    """Where the point of a text stands on the page."""
    return _inches(axes, axes.transData, end.x, end.y)


def _boxes(axes: Axes, end: Label, point: np.ndarray, edge: float) -> list[Box]:
    """Where the words of `end` may stand, the best places first."""
    x, y = point
    width, height = size(end.text, "bold")
    half = height / 2
    right = x + end.clear
    if end.start is None:
        steps = (0.0, 0.6, -0.6, 1.0, -1.0, 1.5, -1.5, 2.0, -2.0, 3.0, -3.0)
        before = x - width - end.clear
        spots = [(right, step) for step in steps]
        spots += [(at, step) for step in steps[:5] for at in (before, x - width / 2)]
    else:
        start, _ = _inches(axes, axes.transData, end.start, end.y)
        spots = _spots_of_window(start, min(start, edge - width), right, width)
    boxes = []
    for at, step in spots:
        middle = y + step * height
        boxes.append(Box(at, middle - half, at + width, middle + half))
    return boxes


def _boxes_after(end: Label, point: np.ndarray, stops: Sequence[float]) -> list[Box]:
    """Where the words of `end` may stand behind an upright line that is near on its right."""
    width, height = size(end.text, "bold")
    boxes = []
    for stop in stops:
        if end.start is None and 0 < stop - point[0] < 0.5:
            for step in (0.0, 0.6, -0.6, 1.0, -1.0):
                middle = point[1] + step * height
                left = stop + 0.08
                box = Box(left, middle - height / 2, left + width, middle + height / 2)
                boxes.append(box)
    return boxes


def _spots_of_window(
    start: float, back: float, right: float, width: float
) -> list[tuple[float, float]]:
    """Left ends and heights, in heights of the text, at which the words of a window may stand."""
    higher = np.arange(1.5, 9, 0.8).tolist()
    lower = [-0.7, *(-step for step in higher)]
    before = start - width - 0.1
    spots = [(start, 0.7), (back, 0.7), (right, 0.0), (right, 0.6), (start, -0.7), (before, 0.0)]
    spots += [(at, step) for step in higher for at in (right, start, back)]
    spots += [(at, step) for step in lower for at in (back, start)]
    return spots


def _is_tied(end: Label, point: Any, box: Box) -> bool:
    """Whether `end` in `box` is so far from its point that a line must lead there."""
    is_window = end.start is not None
    near, far = (0.2, 0.2) if is_window else (NEAR, 0.4)
    right = box.left - point[0]
    is_over = right < 0 < box.right - point[0]
    if is_over and not is_window:
        near = 0.15 + (box.upper - box.lower) / 2
    return bool(abs(box.middle - point[1]) > near or right > far)


def _set(
    axes: Axes,
    end: Label,
    point: Any,
    box: Box,
    *,
    ground: bool = False,
    stops: Sequence[float] = (),
) -> None:
    """Write `end` into `box`, tied to its point if that is far or beyond an upright line.

    With a `ground` it covers the grid; `stops` are the places of the upright lines.
    """
    right = box.left - point[0]
    up = box.middle - point[1]
    is_before = end.start is None and box.right < point[0]
    is_beyond = any(point[0] < stop < box.left for stop in stops)
    tie = {
        "arrowstyle": "-",
        "lw": 0.6,
        "color": EVENT,
        "shrinkA": 1,
        "shrinkB": 3,
        "relpos": (1 if is_before else 0, 0.5),
    }
    write(
        axes,
        end.text,
        (end.x, end.y),
        (72 * right, 72 * up),
        va="center",
        color=text_colour(end.colour),
        weight="bold",
        path_effects=HALO,
        annotation_clip=False,
        gid=end.gid,
        arrowprops=tie if _is_tied(end, point, box) or is_beyond else None,
        bbox=GROUND if ground else None,
    )


def _clashes(
    box: Box,
    point: np.ndarray,
    taken: Sequence[Box],
    curves: Sequence[np.ndarray],
    low: float,
    high: float,
) -> int:
    """How badly a text in `box` would cover other texts (worst), lines, or leave the page."""
    tie = np.linspace(point, (box.left, box.middle), 25)  # from its point to the text
    texts = sum(_overlap(box, other) for other in taken)
    texts += sum(_crosses(tie, other) for other in taken)
    is_too_low_or_high = box.lower < low or box.upper > high + 0.1
    is_off_page = box.left < 0 or box.right > page().width
    outside = is_too_low_or_high or is_off_page
    crossed = sum(_n_covered(box, curve) for curve in curves)
    return 1000 * (texts + outside) + crossed


def _more_clashes(
    axes: Axes,
    end: Label,
    point: np.ndarray,
    box: Box,
    curves: Sequence[np.ndarray],
    events: Sequence[np.ndarray],
) -> int:
    """How badly the name of a series in `box` would leave its place, or be tied over lines."""
    left, _ = _inches(axes, axes.transAxes, 0, 0)
    is_over_numbers = box.left < left
    covered = sum(_n_covered(box, event) for event in events)
    if not _is_tied(end, point, box):
        return 1000 * is_over_numbers + covered
    tie = np.linspace(point, (box.left, box.middle), 25)
    crossings = sum(_n_crossings(tie, curve) for curve in curves)
    return 1000 * is_over_numbers + covered + 1 + crossings


def _overlap(box: Box, other: Box) -> bool:
    """Whether two texts would cover one another."""
    is_beside = box.left >= other.right + APART or other.left >= box.right + APART
    is_above = box.lower >= other.upper or other.lower >= box.upper
    return not (is_beside or is_above)


def _crosses(tie: np.ndarray, other: Box) -> bool:
    """Whether the line that ties a text to its point goes through another text."""
    after = tie > (other.left, other.lower)
    before = tie < (other.right, other.upper)
    is_inside = (after & before).all(axis=1)
    return bool(is_inside.any())


def _n_crossings(tie: np.ndarray, curve: np.ndarray) -> int:
    """How often a tie, but for its beginning at its own point, crosses a line."""
    x, y = curve.T
    along, up = tie[3:].T
    above = up - np.interp(along, x, y, left=np.nan, right=np.nan)
    return int((above[:-1] * above[1:] < 0).sum())


def _n_covered(box: Box, curve: np.ndarray) -> int:
    """How many places of a line a text in `box` would cover."""
    x, y = curve.T
    across = np.linspace(box.left, box.right, 25)
    at = np.interp(across, x, y, left=np.nan, right=np.nan)
    between = (at > box.lower) & (at < box.upper)
    is_within = (x > box.left - MARK) & (x < box.right + MARK)
    is_level = (y > box.lower) & (y < box.upper)
    points = is_within & is_level
    return int(between.sum()) + int(points.sum())


def write_above(axes: Axes, text: str, y: float) -> None:
    """Write `text` from the left edge of the page, with its top at `y`, over all lines."""
    left = 0.1 / page().width
    axes.annotate(
        text,
        (left, y),
        xycoords=("figure fraction", "data"),
        va="top",
        size=10.5,
        annotation_clip=False,
        zorder=4,
        bbox=GROUND,
    )


def write_beside(
    axes: Axes, text: str, x: float, y: float, side: int, gid: str, *, over: bool = False
) -> None:
    """Write small figures to the right (`side` 1) or to the left (-1) of a point.

    What stands `over` a line has a ground of its own.
    """
    write(
        axes,
        text,
        (x, y),
        (7 * side, 0),
        va="center_baseline",
        ha="left" if side > 0 else "right",
        size=page().small,
        color=FIGURES,
        gid=gid,
        path_effects=HALO,
        bbox=GROUND if over else None,
        zorder=4,
    )


def write_outside(
    axes: Axes,
    text: str,
    points: Sequence[float],
    left: float,
    right: float,
    y: float,
    inches: float,
    gid: str,
) -> None:
    """Write what was found from `left` to `right` beside it, where it crosses no point.

    It stands on the right, or on the left where it would cross the line at 1 and there is room;
    `inches` is the length of a factor of e on the logarithmic axis.
    """
    width, _ = size(text)
    wide = np.exp((width + 0.15) / inches)
    ascending = sorted(points)
    for point in ascending:
        right = point if right < point < right * wide else right
    for point in reversed(ascending):
        left = point if left / wide < point < left else left
    start, _ = axes.get_xlim()
    crosses = right < 1 < right * wide
    if crosses and left / wide > start:
        write_beside(axes, text, left, y, -1, gid)
    else:
        write_beside(axes, text, right, y, 1, gid, over=crosses)


def heights_apart(at: np.ndarray, wide: float) -> list[float]:
    """Heights at which marks at the ascending places `at`, all in inches, cover none before."""
    lanes = dict.fromkeys((0.0, 0.13, -0.13, 0.2, -0.2), -np.inf)  # last place at each height
    heights = []
    for place in at:
        free = [up for up, last in lanes.items() if place - last > wide]
        height = free[0] if free else 0.0
        heights.append(height)
        lanes[height] = place
    return heights


def spread(
    wanted: Sequence[float], heights: Sequence[float], low: float, high: float
) -> np.ndarray:
    """Middles, nearest to the ascending `wanted`, at which texts of `heights` do not touch.

    Isotonic regression of the wanted middles less the room below each; texts that touch share
    their shift. All stay between `low` and `high` as long as they fit.
    """
    sizes = np.asarray(heights)
    under = np.cumsum(sizes) - sizes / 2
    pools: list[tuple[float, int]] = []
    for value in wanted - under:
        total = float(value)
        count = 1
        while pools and _mean(*pools[-1]) > total / count:
            more, others = pools.pop()
            total += more
            count += others
        pools.append((total, count))
    free: list[float] = []
    for total, count in pools:
        free += [_mean(total, count)] * count
    most = max(low, high - sum(heights))
    return np.clip(free, low, most) + under


def _mean(total: float, count: int) -> float:
    return total / count
