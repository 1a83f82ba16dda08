"""The one look of all charts: colours, names, and where text stands around and in the boxes."""

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from itertools import chain, product
from typing import Any, NamedTuple

import matplotlib
import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import patheffects, ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D, Bbox

from tradeflows.charts.colours import (
    EVENT,
    FAINT,
    GREY,
    INK,
    MUTE,
    PAPER,
    SOFT,
    text_colour,
)
from tradeflows.model.lineage import padded_number

UPRIGHT = ("bars", "cells")  # kinds of charts whose numbers run from left to right
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
    "xtick.major.pad": 5,  # clear of the lowest number
    "hatch.color": MUTE,
    "hatch.linewidth": 0.7,
    "text.parse_math": False,  # "$52 bn in 2021, $81 bn in 2022" is no formula
}


@dataclass(frozen=True)
class Page:
    """The paper that a chart is set on.

    Lengths are in inches, texts in characters a line; `small` is the size of the least letters.
    """

    width: float
    height: float
    title: int
    foot: int
    sentence: int
    label: int
    name: int
    window: int
    small: float


WIDE = Page(
    8.0,
    4.5,
    title=60,
    foot=94,
    sentence=96,
    label=30,
    name=18,
    window=200,
    small=10,
)
NARROW = Page(
    4.5,
    4.0,
    title=34,
    foot=49,
    sentence=52,
    label=17,
    name=12,
    window=46,
    small=10.5,  # which a telephone shows in eleven pixels
)
_PAGE: ContextVar[Page] = ContextVar("page", default=WIDE)

PER_CENT = re.compile(r"(\d) %")
HANGING = re.compile(r"[\s\xa0]·\n")  # a dot between two parts that stand on two lines
CLEAR = 0.1  # inches from a point to its text
UNIT = 0.15  # inches from a box up to its unit, so that the highest number of an axis is clear
PANEL = 0.52  # inches from a box to the next one, with the unit of that
MARK = 0.06  # inches from the middle of a marker to its edge
APART = 0.08  # inches between two texts side by side
EDGE = 0.06  # inches that the title stands further in than an event's words at the page's edge
NEAR = 0.06  # inches up or down from a point to the middle of a text that belongs to it
LINE = 0.19  # height of a line of text in inches; so are all lengths below
GROUND: dict[str, Any] = {"fc": PAPER, "ec": "none", "pad": 0.8}  # of figures over a line
TIE: dict[str, Any] = {"arrowstyle": "-", "lw": 0.6, "color": EVENT, "shrinkA": 1, "shrinkB": 0}
HALO = [patheffects.withStroke(linewidth=3, foreground=PAPER)]


@dataclass(frozen=True)
class Label:
    """A text to set beside a point of the data, or beside a window from `start` to that point.

    `gid` is for a text that is itself read back; `clear` are the inches between point and text;
    `others` are points that the text may stand beside, where the last one has no room.
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


def wrap(text: str, width: int) -> str:
    """Break `text` into lines of at most `width` characters, none of them left with a word."""
    text = PER_CENT.sub("\\1\xa0%", text)
    few = len(_lines(text, width))
    widths = range(1, width + 1)
    even = next(most for most in widths if len(_lines(text, most)) <= few)
    return "\n".join(_lines(text, even))


def lines_of(text: str) -> int:
    """How many lines words take; none where there are no words."""
    return text.count("\n") + 1 if text else 0


def _lines(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` characters, no word of it broken."""
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


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


@lru_cache(maxsize=1024)
def size(text: str, weight: str = "normal") -> tuple[float, float]:
    """Width and height of `text` at 11 points, from the outlines of its letters."""
    prop = FontProperties(family=FONT, weight=weight)
    lines = text.split("\n")
    widest = 0.0
    for line in lines:
        if line.strip():
            path = TextPath((0, 0), line, size=11, prop=prop)
            # The outlines turn at their own points, so that no curve need be followed.
            along = path.vertices[path.codes != Path.CLOSEPOLY, 0]
            widest = max(widest, float(np.ptp(along)))
    height = LINE * len(lines)
    return widest / 72, height


def day_axis(axes: Axes, *, years: Sequence[pd.Timestamp] = ()) -> None:
    """Set an axis of days: a mark where a month or year begins, its name from there on.

    The first of them has its name. Where all that is drawn is of `years`, each is named below its
    figures, the last one always, and the axis ends there.
    """
    first, last = axes.dataLim.intervalx
    inches = page().width - 2.0  # less what stands left and right of the box
    n_days = last - first
    axes.set_xlim(first - 0.012 * n_days, last + 0.012 * n_days)
    months = n_days / 30.4
    fewest = months * 0.9 / inches  # from one month with a name to the next
    step = max(int(np.ceil(months / 12 * 0.5 / inches)), 1)  # of years
    if years:  # a step from the first to the last, if one is near
        step = next((wide for wide in range(step, 2 * step) if (len(years) - 1) % wide == 0), step)
    places, words, side = sorted(years[::-step]), "%Y", "center"
    if not years:
        starts: mdates.RRuleLocator = mdates.YearLocator()
        side = "left"
        if months <= 40 and fewest <= 6:
            every = next(some for some in (1, 3, 6) if some >= fewest)
            starts, words = mdates.MonthLocator(range(1, 13, every)), "%b %Y"
        days = mdates.num2date(axes.get_xlim())
        end = last - 0.01 * n_days  # what begins where the figures end is no part of them
        places = [day for day in starts.tick_values(*days) if first <= day < end][::step]
    axes.set_xticks(places)
    axes.xaxis.set_major_formatter(mdates.DateFormatter(words))
    axes.xaxis.set_tick_params(which="major", length=0 if years else 4, color=GREY)
    if years:  # which have no marks, and stand as far below the box
        axes.xaxis.set_tick_params(which="major", pad=9)
    room = 0.25 * n_days / inches  # of the last name
    for label, day in zip(axes.get_xticklabels(), places, strict=False):
        label.set(ha="center" if not years and day > last - room else side)


def number_axis(axes: Axes) -> None:
    """Set the axis of the numbers, with lines across the box and thousands set apart."""
    axis = axes.yaxis
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: number(value, 10)))
    if axis.get_scale() == "linear":
        axis.set_major_locator(ticker.MaxNLocator("auto", steps=[1, 2, 5, 10]))
    axis.grid(color=FAINT, lw=0.8)


def finish(
    grid: Sequence[Axes],
    ends: Sequence[list[Label]],
    unit: Sequence[str],
    shown: Mapping[str, Any],
    box: float,
) -> None:
    """Set every text of a chart, and fit the page around its boxes.

    Parameters
    ----------
    grid
        The boxes, from the top down; the ``gid`` of the first says what kind of chart it is.
    ends, unit
        For each box, the texts to set beside points of its data, and what stands above it.
    shown
        ``title``; ``foot``, the paragraphs below; ``events``, words by their day, above an upright
        line through every box; ``reference``, values by their words, each a line across the box
        (for bars: upright, as an event).
    box
        Height of a box; more if the page would be less high than the style says.
    """
    reference = shown["reference"]
    paper, upright = page(), grid[0].get_gid() in UPRIGHT
    last_mark = max((end.x for end in chain(*ends)), default=0.0)
    for axes, texts in zip(grid, ends, strict=True):
        _draw_references(axes, texts, reference, upright)
    left, right = _margins(grid, ends, upright, last_mark)
    room = paper.width - left - right
    crossing = _upright_lines(grid[0], shown, left, room, right)
    rows = LINE * max((row + 1 for *_, row, _ in crossing), default=0)
    unit = [wrap(text, min(paper.window, paper.sentence)) for text in unit]
    more = LINE * max(text.count("\n") for text in unit)  # than one line above each box
    top, box, height = _set_page(grid, shown, rows, more, box)
    floor = height - top - rows
    first, last = grid[0].get_xlim()
    for axes, texts, counted in zip(grid, ends, unit, strict=True):
        floor -= box
        is_first = axes is grid[0]
        axes.set_position((left / paper.width, floor / height, room / paper.width, box / height))
        above = floor + box + UNIT + (rows if is_first else 0)
        _set_axes(axes, counted, above / height, upright)
        _draw_upright(axes, crossing, box if is_first else 0.0, upright)
        if upright:
            _write_right_of_bars(axes, texts, (last - first) / room, [*reference.values()])
        else:
            _name_ends(axes, texts, last_mark, [x for x, *_ in crossing])
        floor -= PANEL + more


def _draw_references(
    axes: Axes, texts: list[Label], reference: Mapping[str, float], upright: bool
) -> None:
    """Draw values to compare with as lines; those across the box have their words at its edge."""
    _, edge = axes.get_xlim()
    for text, value in reference.items():
        line = axes.axvline if upright else axes.axhline
        if upright:  # so that it is seen upon a bar of its own colour
            line(value, color=PAPER, lw=2.4)
        else:
            texts.append(Label(wrap(text, page().name), edge, value, INK))
        line(value, color=INK, lw=1.2, ls=(0, (4, 2)), gid=f"0|reference|{text}")


def _set_axes(axes: Axes, unit: str, above: float, upright: bool) -> None:
    """Write the unit above a box, set its ticks, and end its numbers at lines beyond all."""
    axis = axes.xaxis if upright else axes.yaxis
    axis.set_label_text(unit, rotation=0, ha="left", va="bottom")
    axis.set_label_coords(0.1 / page().width, above, transform=axes.figure.transFigure)
    axes.tick_params(labelsize=10.5, labelfontfamily=FONT, labelcolor=INK)
    axes.tick_params(axis="y", which="both", length=0)
    if isinstance(axes.yaxis.get_major_locator(), ticker.MaxNLocator):
        first, *_, last = axes.get_yticks()
        axes.set_ylim(first, last)


def _upright_lines(
    axes: Axes, shown: Mapping[str, Any], left: float, room: float, right: float
) -> list[tuple[float, str, int, str]]:
    """The upright lines that cross a box: how far along it, the words above, their row and side.

    Words stand right of their line if there is room, and in a row of their own if they would touch
    those before; the last line has the lowest row.
    """
    places = {value: text for text, value in shown["reference"].items()}
    if axes.get_gid() not in UPRIGHT:
        days = np.atleast_1d(mdates.date2num(np.array([*shown["events"]], "datetime64[D]")))
        places = dict(zip(days.tolist(), shown["events"].values(), strict=True))
    first, last = axes.get_xlim()
    part = (axes.transScale + axes.transLimits).transform  # of the way along the box
    lines: list[tuple[float, str, int, str]] = []
    row, free = 0, np.inf  # how far from the left the row is free
    for x in sorted((place for place in places if first <= place <= last), reverse=True):
        along = float(part((x, 1))[0])
        wide = 0.09 * page().small * size(places[x])[0] + 0.1
        at = along * room
        is_left = at + wide > min(room + right, free) and at - wide > EDGE - left
        row += bool(lines) and at + wide * (not is_left) > free
        free = at - wide * is_left
        lines.append((along, places[x], row, "right" if is_left else "left"))
    return lines


def _draw_upright(
    axes: Axes, lines: Sequence[tuple[float, str, int, str]], box: float, upright: bool
) -> None:
    """Draw upright lines up a box of so many inches; with words above it unless that is 0."""
    for x, text, row, side in lines:
        top = 1.0
        if box:
            top += (row + 0.9) * LINE / box
            look: dict[str, Any] = {"ha": side, "va": "center", "size": page().small}
            look |= {"color": INK if upright else SOFT, "xycoords": "axes fraction"}
            look |= {"bbox": GROUND}  # over the line of an earlier one
            middle = 1 + (row + 0.5) * LINE / box
            write(axes, text, (x, middle), (4 if side == "left" else -4, 0), **look)
        look = {"color": INK if upright else EVENT, "lw": 0.9, "zorder": 1, "clip_on": False}
        axes.plot([x, x], [float(upright), top], transform=axes.transAxes, **look)


def _margins(
    grid: Sequence[Axes], ends: Sequence[list[Label]], upright: bool, last_mark: float
) -> tuple[float, float]:
    """Room left of the boxes for their numbers or names, and right of them for their texts."""
    left = right = 0.0
    weights = [label.get_fontweight() for axes in grid for label in axes.get_yticklabels()]
    weight = "bold" if "bold" in weights else "normal"
    for axes, texts in zip(grid, ends, strict=True):
        ticks = axes.yaxis.get_major_formatter().format_ticks(list(axes.get_yticks()))
        names = [end.text for end in texts if upright or _at_edge(end, axes, last_mark)]
        left = max([left, *(size(text, weight)[0] for text in ticks)])
        right = max([right, *(size(text, "bold")[0] for text in names)])
    return 0.22 + left, 0.3 + right


def _set_page(
    grid: Sequence[Axes], shown: Mapping[str, Any], rows: float, more: float, box: float
) -> tuple[float, float, float]:
    """Set title and foot, and make the page as high as its boxes need.

    The heights above the words of events, of a box, and of the page.
    """
    paper = page()
    lines = wrap(shown["title"], paper.title)
    below = HANGING.sub("\n", "\n".join(wrap(text, paper.foot) for text in shown["foot"]))
    top = 0.28 + UNIT + 0.25 * (lines.count("\n") + 1) + more
    is_bare = not grid[0].get_xticks().size
    bottom = (0.2 if is_bare else 0.48) + 0.0175 * paper.small * (below.count("\n") + 1)
    rest = top + rows + bottom + (PANEL + more) * (len(grid) - 1)
    if not is_bare:
        box = max(box, (paper.height - rest) / len(grid))
    height = float(np.ceil(10 * (rest + box * len(grid)) - 1e-6)) / 10  # whole pixels
    figure = grid[0].figure
    assert isinstance(figure, Figure)
    figure.set_size_inches(paper.width, height)
    left = 0.1 / paper.width
    figure.suptitle(lines, x=left, y=1 - 0.1 / height, ha="left", va="top")
    figure.text(left, 0.08 / height, below, va="bottom", size=paper.small, color=SOFT)
    return top, box, height


def _write_right_of_bars(
    axes: Axes, ends: list[Label], per_inch: float, lines: Sequence[float]
) -> None:
    """Write each text right of its bar, or of the lines that would cross it."""
    for end in ends:
        reach = end.x + (size(end.text)[0] + 0.25) * per_inch
        x = max([end.x, *(line for line in lines if end.x <= line < reach)])
        write(axes, end.text, (x, end.y), (5, 0), va="center", color=end.colour, gid=end.gid)


def write(
    axes: Axes, text: str, point: tuple[float, float], shift: tuple[float, float], **style: Any
) -> None:
    """Write `text` so many points right of and above a `point` of the data."""
    axes.annotate(text, point, shift, textcoords="offset points", **style)


def _at_edge(end: Label, axes: Axes, last_mark: float) -> bool:
    """Whether a text stands right of the box: its point is among the last ones."""
    first, last = axes.get_xlim()
    return end.start is None and end.x > min(last_mark, last) - 0.1 * (last - first)


class _Ground(NamedTuple):
    """What texts keep clear of, in inches: what is drawn in their box, and one another."""

    box: Bbox
    curves: list[Path]
    points: np.ndarray  # of all curves
    marks: np.ndarray
    events: np.ndarray
    taken: list[Bbox]


def _ground(axes: Axes, scaled: Affine2D, crossing: Sequence[float]) -> _Ground:
    """What the texts of a box keep clear of, before any is written."""
    lines = [line for line in axes.lines if line.get_gid()]
    paths = [(line.get_transform() + scaled).transform_path(line.get_path()) for line in lines]
    curves = [path.interpolated(1 + 100 // len(path)) for path in paths]
    marks = np.asarray(Path.make_compound_path(*paths).vertices)
    below = [*product(crossing, np.linspace(0, 1.1, 60)), (-1.0, 0.0)]  # the words of events
    events = (axes.transAxes + scaled).transform(below[:-1] or below)
    points = np.concatenate([np.empty((0, 2)), *(curve.vertices for curve in curves)])
    box = axes.get_window_extent().transformed(scaled)
    return _Ground(box, curves, points, marks, events, [])


def _name_ends(axes: Axes, ends: list[Label], last_mark: float, crossing: Sequence[float]) -> None:
    """Set the texts: those at the right edge in a column, the others where there is room."""
    scaled = Affine2D().scale(1 / axes.figure.dpi)
    data, ground = axes.transData + scaled, _ground(axes, scaled, crossing)
    column = [end for end in ends if _at_edge(end, axes, last_mark)]
    _name_column(axes, sorted(column, key=lambda end: end.y), data, ground)
    for end in (end for end in ends if end not in column):
        spots = []
        for x, y in ((end.x, end.y), *end.others):
            place = replace(end, x=x, y=y)
            point, start = data.transform([(x, y), (end.start or x, y)])
            boxes = [_box(end, *spot) for spot in _spots(end, point, start[0], ground)]
            spots += [(_cost(end, point, box, ground), place, point, box) for box in boxes]
        cost, place, point, box = min(spots, key=lambda spot: spot[0])
        _set(axes, place, point, box, ground, bbox=None if cost else GROUND)


def _name_column(axes: Axes, column: list[Label], data: Any, ground: _Ground) -> None:
    """Set texts right of the box, each beside its point if that is free."""
    points = [data.transform((end.x, end.y)) for end in column]
    heights = [size(end.text, "bold")[1] for end in column]
    middles = spread([y for _, y in points], heights, ground.box.y0, ground.box.y1)
    for end, point, middle in zip(column, points, middles, strict=True):
        box = _box(end, ground.box.x1 + 0.12, middle)
        near = _box(end, point[0] + end.clear, middle)
        is_free = abs(middle - point[1]) < NEAR and not _cost(end, point, near, ground)
        _set(axes, end, point, near if is_free else box, ground)


def _box(end: Label, left: float, middle: float) -> Bbox:
    """The box of a text by its left end and its middle."""
    width, height = size(end.text, "bold")
    return Bbox.from_bounds(left, middle - height / 2, width, height)


def _spots(
    end: Label, point: np.ndarray, start: float, ground: _Ground
) -> Iterator[tuple[float, float]]:
    """Left ends and middles at which the words of a point may stand, the best places first.

    They may stand behind an upright line that is near; those of a window above or below it too.
    """
    x, y = point
    width, height = size(end.text, "bold")
    right = x + end.clear
    if end.start is None:
        steps = (0.0, 0.6, -0.6, 1.0, -1.0, 1.5, -1.5, 2.0, -2.0, 3.0, -3.0)
        behind = ground.events[:, 0] + 0.08
        aside = [right - width - 2 * end.clear, x - width / 2]
        aside += np.unique(behind[(behind > x) & (behind < x + 0.6)]).tolist()
        spots = [*product([right], steps), *product(aside, steps[:5])]
    else:
        higher = np.arange(1.5, 9, 0.8)
        back = min(start, ground.box.x1 - width)
        spots = [(start, 0.7), (back, 0.7), (right, 0.0), (right, 0.6), (start, -0.7)]
        spots += [(start - width - 0.1, 0.0), *product((right, start, back), higher)]
        spots += product((back, start), [-0.7, *-higher])
    for left, step in spots:
        yield left, y + step * height


def _is_tied(end: Label, point: np.ndarray, box: Bbox) -> bool:
    """Whether `end` in `box` is so far from its point that a line must lead there."""
    is_window = end.start is not None
    near, far = (0.2, 0.2) if is_window else (NEAR, 0.4)
    if box.x0 < point[0] < box.x1 and not is_window:
        near = 0.15 + box.height / 2
    return bool(abs(box.y0 + box.height / 2 - point[1]) > near or box.x0 - point[0] > far)


def _set(
    axes: Axes, end: Label, point: np.ndarray, box: Bbox, ground: _Ground, **more: Any
) -> None:
    """Write `end` into `box`, tied to its point if that is far or beyond an upright line."""
    is_before = end.start is None and box.x1 < point[0]
    events = ground.events[:, 0]
    is_beyond = bool(((events > point[0]) & (events < box.x0)).any())
    tie = TIE | {"relpos": (1 if is_before else 0, 0.5), "shrinkB": 3}
    across, up = 72 * (box.x0 - point[0]), 72 * (box.y0 + box.height / 2 - point[1])
    look: dict[str, Any] = {"color": text_colour(end.colour), "path_effects": HALO, "gid": end.gid}
    look |= {"va": "center", "weight": "bold", "annotation_clip": False}
    look |= {"arrowprops": tie if _is_tied(end, point, box) or is_beyond else None}
    write(axes, end.text, (end.x, end.y), (across, up), **look, **more)
    ground.taken.append(box)


def _cost(end: Label, point: np.ndarray, box: Bbox, ground: _Ground) -> int:
    """How badly a text in `box` would cover other texts (worst) or lines, or leave the page.

    The name of a series keeps clear of the numbers of the axis and of events, and is tied over as
    few lines as can be.
    """
    tie = np.linspace(point, (box.x0, box.y0 + box.height / 2), 9)
    above = 0.1 * (len(ground.events) < 2)  # where no event has its words
    room = Bbox.from_extents(0, ground.box.y0, page().width, ground.box.y1 + above)
    worst = int(not (room.contains(*box.min) and room.contains(*box.max)))
    worst += box.padded(APART, -0.001).count_overlaps(ground.taken)
    worst += sum(other.count_contains(tie) > 0 for other in ground.taken)
    covered = int(box.padded(MARK, 0).count_contains(ground.marks))
    covered += int(box.padded(0.02, 0.02).count_contains(ground.points))
    if end.start is None:
        worst += int(box.x0 < ground.box.x0)
        worst += int(box.count_contains(ground.events) > 0)
        if _is_tied(end, point, box):
            own = Path(tie[1:])  # without its beginning at its own point
            covered += 1 + sum(own.intersects_path(curve, False) for curve in ground.curves)
    return 1000 * worst + covered


def write_above(axes: Axes, text: str, y: float, **style: Any) -> None:
    """Write `text` from the left edge of the page, with its top at `y`, over all lines."""
    look: dict[str, Any] = {"va": "top", "size": 10.5, "bbox": GROUND, "zorder": 4} | style
    place = (0.1 / page().width, y)
    axes.annotate(text, place, xycoords=("figure fraction", "data"), annotation_clip=False, **look)


def spread(
    wanted: Sequence[float], heights: Sequence[float], low: float, high: float
) -> np.ndarray:
    """Middles, nearest to the ascending `wanted`, at which texts of `heights` do not touch.

    Isotonic regression of the wanted middles less the room below each; texts that touch share
    their shift. All stay between `low` and `high` as long as they fit.
    """
    sizes = np.asarray(heights)
    under = np.cumsum(sizes) - sizes / 2
    pools: list[list[float]] = []
    for value in np.asarray(wanted, dtype="float64") - under:
        pool = [float(value)]
        while pools and np.mean(pools[-1]) > np.mean(pool):
            pool = [*pools.pop(), *pool]
        pools.append(pool)
    free = [float(np.mean(pool)) for pool in pools for _ in pool]
    return np.clip(free, low, max(low, high - sum(heights))) + under
