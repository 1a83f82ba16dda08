"""The one look of all charts: colours, names, and where text stands around and in the boxes."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import matplotlib
import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
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

UPRIGHT = ("bars", "ratios", "cells")  # kinds of charts whose numbers run from left to right
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

LINE = 0.19  # height of a line of text in inches; so are all lengths below
HALO = [patheffects.withStroke(linewidth=3, foreground=PAPER)]


@dataclass(frozen=True)
class Label:
    """A text to set beside a point of the data, or beside a window from `start` to that point.

    `gid` is for a text that is itself read back.
    """

    text: str
    x: float
    y: float
    colour: Any
    gid: str | None = None
    start: float | None = None


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


def number(value: float, digits: int = 4) -> str:
    """Print `value` to so many significant figures, with its thousands set apart."""
    return f"{float(f'{value:.{digits}g}'):,.10g}".replace("-", "−")


def wrap(text: str, width: int) -> str:
    """Break `text` into lines of at most `width` characters, none of them left with a word."""

    def lines(most: int) -> list[str]:
        return textwrap.wrap(text, most, break_long_words=False, break_on_hyphens=False)

    few = len(lines(width))
    even = next(most for most in range(1, width + 1) if len(lines(most)) <= few)
    return "\n".join(lines(even))


def clip(text: str, width: int, lines: int = 2) -> str:
    """Wrap `text`, and end what is longer than so many lines of `width` characters in "…"."""
    for most in range(lines * width, 0, -1):
        short = wrap(textwrap.shorten(text, most, placeholder=" …"), width)
        if short.count("\n") < lines:
            break
    return short


def wrap_within(text: str, inches: float) -> str:
    """Break `text` of small letters so that no line is wider than `inches`, if its words allow."""
    scale = page().small / 11
    for most in range(max(len(text), 1), 0, -1):
        broken = wrap(text, most)
        if scale * size(broken)[0] <= inches:
            break
    return broken


Box = tuple[float, float, float, float]  # left, lower, right and upper end, in inches


@lru_cache(maxsize=1024)
def size(text: str, weight: str = "normal") -> tuple[float, float]:
    """Width and height of `text` at 11 points, from the outlines of its letters."""
    prop = FontProperties(family=FONT, weight=weight)
    lines = text.split("\n")
    paths = [TextPath((0, 0), line, size=11, prop=prop) for line in lines if line.strip()]
    wide = max((path.get_extents().width for path in paths), default=0.0)
    return wide / 72, LINE * len(lines)


def day_axis(axes: Axes) -> None:
    """Set an axis of days: a mark where a month or year begins, its name below its middle."""
    first, last = axes.dataLim.intervalx
    inches = page().width - 2.0  # less what stands left and right of the box
    room = (last - first) * 0.012
    axes.set_xlim(first - room, last + room)
    months = (last - first) / 30.4
    if months > 40:
        names = spans.year_ticks(first, last, -int(-months / 12 * 0.5 // inches))
        starts: ticker.Locator = mdates.YearLocator()
    else:
        fewest = months * 0.9 / inches
        step = next((months for months in (1, 3, 6) if months >= fewest), 12)
        names = spans.month_ticks(first, last, step)
        starts = mdates.MonthLocator()
    axes.xaxis.set_major_locator(ticker.FixedLocator([*names]))
    axes.xaxis.set_major_formatter(ticker.FixedFormatter([*names.values()]))
    axes.xaxis.set_minor_locator(starts)
    axes.xaxis.set_minor_formatter(ticker.NullFormatter())


def number_axis(axes: Axes, *, upright: bool = False) -> None:
    """Set the axis of the numbers, with lines across the box and thousands set apart."""
    axis = axes.xaxis if upright else axes.yaxis
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: number(value, 10)))
    axes.grid(axis="x" if upright else "y", color=FAINT, lw=0.8)


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
    upright = grid[0].get_gid() in UPRIGHT
    last_mark = max((end.x for texts in ends for end in texts), default=0.0)
    boxes = []
    for axes, texts in zip(grid, ends, strict=True):
        _draw_references(axes, reference, upright)
        boxes.append((axes, texts if upright else [*texts, *_named(axes, reference)]))
    places = _places(events, reference, upright)
    left, right = _margins(boxes, upright, last_mark)
    room = page().width - left - right
    words = _within(grid[0], places, room)
    sides = _sides(words, left, room + right)
    rows = LINE * max((row + 1 for row, _ in sides), default=0)
    unit = [wrap(text, page().window) for text in unit]
    more = LINE * max(text.count("\n") for text in unit)  # than one line above each box
    head = 0.38 + more
    top, box, height = _page_of(grid, title, foot, rows, head, more, box)
    floor = height - top - rows
    first, last = grid[0].get_xlim()
    for (axes, texts), counted in zip(boxes, unit, strict=True):
        floor -= box
        axes.set_position((left / page().width, floor / height, room / page().width, box / height))
        above = floor + box + 0.07 + (rows if axes is grid[0] else 0)
        _set_axes(axes, counted, above / height, upright)
        for (x, text), (row, side) in zip(words, sides, strict=True):
            _event(axes, x / room, text, row, side, upright, box, axes is grid[0])
        if upright:
            _right_of_bars(axes, texts, (last - first) / room, [*places])
        else:
            _name_ends(axes, texts, last_mark)
        floor -= head


def _margins(
    boxes: Sequence[tuple[Axes, list[Label]]], upright: bool, last_mark: float
) -> tuple[float, float]:
    """Room left of the boxes for their numbers or names, and right of them for their texts."""
    ticks: list[str] = []
    names: list[str] = []
    for axes, ends in boxes:
        ticks += axes.yaxis.get_major_formatter().format_ticks(list(axes.get_yticks()))
        names += [end.text for end in ends if upright or _at_edge(end, axes, last_mark)]
    return 0.22 + _widest(ticks), 0.3 + _widest(names, "bold")


def _within(axes: Axes, places: Mapping[float, str], room: float) -> list[tuple[float, str]]:
    """The words whose line crosses the box, by their distance from its left edge."""
    first, last = axes.get_xlim()
    shown = [(x, text) for x, text in sorted(places.items()) if first <= x <= last]
    return [(_along(axes, x) * room, text) for x, text in shown]


def _draw_references(axes: Axes, reference: Mapping[str, float], upright: bool) -> None:
    line = axes.axvline if upright else axes.axhline
    for text, value in reference.items():
        line(value, color=INK, lw=1.2, ls=(0, (4, 2)), gid=f"0|reference|{text}")


def _named(axes: Axes, reference: Mapping[str, float]) -> list[Label]:
    """The words of lines across the box, at its right edge."""
    edge = axes.get_xlim()[1]
    return [Label(wrap(text, page().name), edge, value, INK) for text, value in reference.items()]


def _places(
    events: Mapping[str, str], reference: Mapping[str, float], upright: bool
) -> dict[float, str]:
    """Words by where their upright line stands."""
    if upright:
        return {value: text for text, value in reference.items()}
    return {float(mdates.date2num(np.datetime64(day))): text for day, text in events.items()}


def _widest(texts: Iterable[str], weight: str = "normal") -> float:
    """Width of the widest of `texts`, in inches."""
    return max((size(text, weight)[0] for text in texts), default=0.0)


def _page_of(
    grid: Sequence[Axes],
    title: str,
    foot: Sequence[str],
    rows: float,
    head: float,
    more: float,
    box: float,
) -> tuple[float, float, float]:
    """Set title and foot; height above the words of events, of a box, and of the page."""
    figure = grid[0].figure
    lines = clip(title, page().title, page().title_lines)
    below = "\n".join(wrap(text, page().foot) for text in foot)
    top = 0.34 + 0.25 * (lines.count("\n") + 1) + more
    bottom = 0.48 + 0.0175 * page().small * (below.count("\n") + 1)
    rest = top + rows + bottom + head * (len(grid) - 1)
    box = max(box, (page().height - rest) / len(grid))
    height = float(np.ceil(10 * (rest + box * len(grid)) - 1e-6)) / 10  # whole pixels
    assert isinstance(figure, Figure)
    figure.set_size_inches(page().width, height)
    left = 0.1 / page().width
    figure.suptitle(lines, x=left, y=1 - 0.1 / height, ha="left", va="top")
    style: dict[str, Any] = {"size": page().small, "color": SOFT, "linespacing": 1.25}
    figure.text(left, 0.08 / height, below, va="bottom", **style)
    return top, box, height


def _set_axes(axes: Axes, unit: str, above: float, upright: bool) -> None:
    """Write the unit above a box, and set its ticks."""
    axis = axes.xaxis if upright else axes.yaxis
    axis.set_label_text(unit, rotation=0, ha="left", va="bottom")
    axis.set_label_coords(0.1 / page().width, above, transform=axes.figure.transFigure)
    axes.tick_params(which="both", length=0, labelsize=10.5, labelfontfamily=FONT, labelcolor=INK)
    axes.tick_params(axis="x", which="minor", length=0 if upright else 4, color=GREY)
    axes.tick_params(axis="x", which="major", pad=6)  # clear of the lowest number


def _right_of_bars(axes: Axes, ends: list[Label], per_inch: float, lines: Sequence[float]) -> None:
    """Write each text right of its bar, or of the lines that would cross it."""
    for end in ends:
        reach = end.x + (size(end.text)[0] + 0.1) * per_inch
        x = max([end.x, *(line for line in lines if end.x <= line < reach)])
        axes.annotate(
            end.text,
            (x, end.y),
            (5, 0),
            textcoords="offset points",
            va="center",
            color=end.colour,
            gid=end.gid,
        )


def _along(axes: Axes, x: float) -> float:
    """How far along its axis `x` lies, from 0 to 1."""
    first, last, at = axes.xaxis.get_transform().transform(np.array([*axes.get_xlim(), x]))
    return float((at - first) / (last - first))


def _at_edge(end: Label, axes: Axes, last_mark: float) -> bool:
    """Whether a text stands right of the box: its point is among the last ones."""
    first, last = axes.get_xlim()
    return end.start is None and end.x > min(last_mark, last) - 0.1 * (last - first)


def _sides(words: list[tuple[float, str]], left: float, right: float) -> list[tuple[int, str]]:
    """Row and side of each event's words: the early ones lean left, the late ones right.

    The rows rise towards the middle, so that no words stand in the way of another's line.
    """
    wide = [0.09 * page().small * size(text)[0] + 0.1 for _, text in words]
    leans = len(words) // 2
    for i, (x, _) in enumerate(words):
        if x + wide[i] > right:
            leans = max(leans, i + 1)
    while any(x + left < w for (x, _), w in zip(words[:leans], wide[:leans], strict=True)):
        leans -= 1
    return [(i, "right") if i < leans else (len(words) - 1 - i, "left") for i in range(len(words))]


def _event(
    axes: Axes, x: float, text: str, row: int, side: str, strong: bool, box: float, named: bool
) -> None:
    top = 1 + (row + 0.9) * LINE / box if named else 1
    if not (strong and not named):
        axes.plot(
            [x, x],
            [1 if strong else 0, top],
            transform=axes.transAxes,
            clip_on=False,
            color=INK if strong else EVENT,
            lw=0.9,
            zorder=1,
        )
    if named:
        axes.annotate(
            text,
            (x, 1 + (row + 0.5) * LINE / box),
            (4 if side == "left" else -4, 0),
            xycoords="axes fraction",
            textcoords="offset points",
            ha=side,
            va="center",
            size=page().small,
            color=INK if strong else SOFT,
        )


def _name_ends(axes: Axes, ends: list[Label], last_mark: float) -> None:
    """Set the texts: those at the right edge in a column, the others where there is room."""
    at_edge = sorted((end for end in ends if _at_edge(end, axes, last_mark)), key=lambda end: end.y)
    (edge, low), (_, high) = (_inches(axes, axes.transAxes, 1, y) for y in (0, 1))
    sizes = [size(end.text, "bold") for end in at_edge]
    points = [_inches(axes, axes.transData, end.x, end.y) for end in at_edge]
    heights = [height for _, height in sizes]
    middles = spread([point[1] for point in points], heights, low, high)
    taken = []
    for end, (w, h), point, middle in zip(at_edge, sizes, points, middles, strict=True):
        _set(axes, end, point, edge + 0.12, middle)
        taken.append((edge + 0.12, middle - h / 2, edge + 0.12 + w, middle + h / 2))
    curves = [
        line.get_transform().transform(line.get_xydata()) / axes.figure.dpi
        for line in axes.lines
        if line.get_gid()
    ]
    for end in (end for end in ends if end not in at_edge):
        point = _inches(axes, axes.transData, end.x, end.y)
        boxes = _boxes(axes, end, point, edge)
        clashes = [_clashes(box, point, taken, curves, low, high) for box in boxes]
        best = boxes[clashes.index(min(clashes))]
        _set(axes, end, point, best[0], (best[1] + best[3]) / 2)
        taken.append(best)


def _inches(axes: Axes, transform: Any, x: float, y: float) -> np.ndarray:
    """Where a point stands on the page."""
    return np.asarray(transform.transform((x, y))) / axes.figure.dpi


def _boxes(axes: Axes, end: Label, point: np.ndarray, edge: float) -> list[Box]:
    """Where the words of `end` may stand, the best places first."""
    (x, y), (w, h) = point, size(end.text, "bold")
    if end.start is None:
        steps = (0, 0.6, -0.6, 1, -1, 1.5, -1.5, 2, -2, 3, -3)
        spots = [(x + 0.1, step) for step in steps]
    else:
        start = _inches(axes, axes.transData, end.start, end.y)[0]
        back = min(start, edge - w)
        spots = [(start, 0.7), (back, 0.7), (x + 0.1, 0), (x + 0.1, 0.6)]
        spots += [(start, -0.7), (start - w - 0.1, 0)]
        higher = np.arange(1.5, 9, 0.8).tolist()
        spots += [(at, step) for step in higher for at in (x + 0.1, start, back)]
        lower = [-0.7, *(-step for step in higher)]
        spots += [(at, step) for step in lower for at in (back, start)]
    return [(at, y + step * h - h / 2, at + w, y + step * h + h / 2) for at, step in spots]


def _set(axes: Axes, end: Label, point: Any, x: float, middle: float) -> None:
    """Write `end` with its left middle at (`x`, `middle`), tied to its point if that is far."""
    near, far = (0.06, 0.4) if end.start is None else (0.2, 0.2)
    tied = abs(middle - point[1]) > near or x - point[0] > far
    tie = {
        "arrowstyle": "-",
        "lw": 0.7,
        "color": end.colour,
        "shrinkA": 1,
        "shrinkB": 3,
        "relpos": (0, 0.5),
    }
    axes.annotate(
        end.text,
        (end.x, end.y),
        (72 * (x - point[0]), 72 * (middle - point[1])),
        textcoords="offset points",
        va="center",
        color=text_colour(end.colour),
        weight="bold",
        path_effects=HALO,
        annotation_clip=False,
        gid=end.gid,
        arrowprops=tie if tied else None,
        linespacing=1.1,
    )


def _clashes(
    box: tuple[float, float, float, float],
    point: Any,
    taken: list[Any],
    curves: list[Any],
    low: float,
    high: float,
) -> int:
    """How badly a text in `box` would cover other texts (worst), lines, or leave the page."""
    x0, y0, x1, y1 = box
    texts = sum(x0 < t[2] and t[0] < x1 and y0 < t[3] and t[1] < y1 for t in taken)
    way = np.linspace(point, (x0, (y0 + y1) / 2), 25)  # of the line that ties it to its point
    texts += sum(bool(((way > t[:2]) & (way < t[2:])).all(axis=1).any()) for t in taken)
    outside = y0 < low or y1 > high + 0.1 or x0 < 0 or x1 > page().width
    across = np.linspace(x0, x1, 25)
    crossed = 0
    for x, y in (curve.T for curve in curves):
        at = np.interp(across, x, y, left=np.nan, right=np.nan)
        crossed += int(((at > y0) & (at < y1)).sum())
        crossed += int(((x > x0) & (x < x1) & (y > y0) & (y < y1)).sum())
    return 1000 * (texts + outside) + crossed


def write_above(axes: Axes, text: str, y: float) -> None:
    """Write `text` from the left edge of the page, with its top at `y`, over all lines."""
    axes.annotate(
        text,
        (0.1 / page().width, y),
        xycoords=("figure fraction", "data"),
        va="top",
        size=10.5,
        annotation_clip=False,
        linespacing=1.15,
        zorder=4,
        bbox={"fc": "white", "ec": "none", "pad": 0.8},
    )


def write_beside(
    axes: Axes, text: str, x: float, y: float, side: int, gid: str, *, over: bool = False
) -> None:
    """Write small figures to the right (`side` 1) or to the left (-1) of a point.

    What stands `over` a line has a ground of its own.
    """
    axes.annotate(
        text,
        (x, y),
        (7 * side, 0),
        textcoords="offset points",
        va="center_baseline",
        ha="left" if side > 0 else "right",
        size=page().small,
        color=FIGURES,
        gid=gid,
        path_effects=HALO,
        bbox={"fc": PAPER, "ec": "none", "pad": 0.8} if over else None,
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
    wide = np.exp((size(text)[0] + 0.15) / inches)
    for point in sorted(points):
        right = point if right < point < right * wide else right
    for point in sorted(points, reverse=True):
        left = point if left / wide < point < left else left
    crosses = right < 1 < right * wide
    side = -1 if crosses and left / wide > axes.get_xlim()[0] else 1
    over = crosses and side == 1
    write_beside(axes, text, right if side > 0 else left, y, side, gid, over=over)


def heights_apart(at: np.ndarray, wide: float) -> list[float]:
    """Heights at which marks at the ascending places `at`, all in inches, cover none before."""
    lanes = dict.fromkeys((0.0, 0.09, -0.09, 0.18, -0.18), -np.inf)  # last place at each height
    heights = []
    for place in at:
        heights.append(next((up for up, last in lanes.items() if place - last > wide), 0.0))
        lanes[heights[-1]] = place
    return heights


def spread(
    wanted: Sequence[float], heights: Sequence[float], low: float, high: float
) -> np.ndarray:
    """Middles, nearest to the ascending `wanted`, at which texts of `heights` do not touch.

    Isotonic regression of the wanted middles less the room below each; texts that touch share
    their shift. All stay between `low` and `high` as long as they fit.
    """
    under = np.cumsum(heights) - np.asarray(heights) / 2
    pools: list[tuple[float, int]] = []
    for value in wanted - under:
        total, count = float(value), 1
        while pools and pools[-1][0] / pools[-1][1] > total / count:
            more, others = pools.pop()
            total, count = total + more, count + others
        pools.append((total, count))
    free = [total / count for total, count in pools for _ in range(count)]
    return np.clip(free, low, max(low, high - sum(heights))) + under
