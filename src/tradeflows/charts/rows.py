"""What charts with a row for each name share: where rows stand, what heads them, their figures."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from tradeflows.charts import colours, layout
from tradeflows.charts.layout import Label

HEAD = 0.34  # inches by which a heading sets rows apart
GAP = 0.25  # inches left and right of a figure that stands between a name and a bar


def places(headings: Sequence[str], tall: float) -> tuple[list[float], dict[float, str]]:
    """How far down each row stands, in rows so `tall`, and headings by the row they stand above.

    A new heading, or one that ends, sets the rows below it apart.
    """
    down = []
    heads = {}
    before = ""
    shift = 0.0
    for i, heading in enumerate(headings):
        if heading != before:
            if i:
                shift += HEAD / tall
            if heading:
                heads[i + shift] = heading
        down.append(i + shift)
        before = heading
    return down, heads


def names_of_rows(names: Sequence[str], headings: Sequence[str]) -> list[str]:
    """The names of rows in lines, without the heading that they stand under."""
    width = layout.page().label
    pairs = zip(names, headings, strict=True)
    shorter = [name.removeprefix(f"{head}, ") for name, head in pairs]
    return [layout.wrap(name[:1].upper() + name[1:], width) for name in shorter]


def set_rows(
    axes: Axes, down: Sequence[float], labels: Sequence[str], heads: dict[float, str], tall: float
) -> None:
    """Name the rows, which are so many inches `tall`, and write what heads them."""
    axes.set_yticks(list(down), labels)
    top = 0.4 + 0.24 / tall if 0 in heads else 0.6
    axes.set_ylim(max(down) + 0.6, -top)
    left = 0.1 / layout.page().width
    for y, text in heads.items():
        axes.annotate(
            text,
            (left, y - 0.4),
            xycoords=("figure fraction", "data"),
            va="bottom",
            size=11,
            weight="bold",
            annotation_clip=False,
        )


def tie_names(axes: Axes, names: Sequence[str]) -> None:
    """Let the name of each row belong to its series, as its figures do."""
    for name, label in zip(names, axes.get_yticklabels(), strict=True):
        label.set_gid(layout.name_gid(name))


def embolden(axes: Axes, names: Sequence[str], highlight: Collection[str]) -> None:
    """Set the names of the rows that the claim is about in bold letters."""
    for name, label in zip(names, axes.get_yticklabels(), strict=True):
        if name in highlight:
            label.set_fontweight("bold")


def height(labels: Sequence[str]) -> float:
    """The height of a row, in inches: on narrow paper that of the highest name."""
    heights = [0.16 + layout.LINE * (label.count("\n") + 1) for label in labels]
    if layout.page() is layout.NARROW:
        return max(heights)
    return sum(heights) / len(heights)


def whole_height(axes: Axes, tall: float) -> float:
    """The height of a box whose rows are so `tall`."""
    lowest, highest = axes.get_ylim()
    return (lowest - highest) * tall


def room(labels: Sequence[str], texts: Sequence[str]) -> float:
    """About how many inches are between the names of rows and the figures right of them."""
    names = max(layout.size(label, "bold")[0] for label in labels)
    figures = max((layout.size(text, "bold")[0] for text in texts), default=0.0)
    return layout.page().width - 0.52 - names - figures


def left_end(least: float, most: float, before: Sequence[Label], inches: float) -> float:
    """Where an axis of so many inches must begin so that figures left of marks have room."""
    ends = [least]
    for label in before:
        width, _ = layout.size(label.text)
        wide = width + GAP
        ends.append((label.x * inches - wide * most) / (inches - wide))
    return min(ends)


def write_before(axes: Axes, ends: Sequence[Label], shift: float = 5.0, **style: Any) -> None:
    """Write each text left of its point, so many points from it."""
    for end in ends:
        layout.write(
            axes,
            end.text,
            (end.x, end.y),
            (-shift, 0),
            ha="right",
            va="center",
            color=end.colour,
            gid=end.gid,
            **style,
        )


def zero_line(axes: Axes, down: Sequence[float]) -> None:
    """Draw the line at nothing beside the rows that stand so far `down`, broken at headings."""
    levels = np.array(down)
    breaks = np.diff(levels) > 1.01
    starts = levels[np.r_[True, breaks]] - 0.37
    ends = levels[np.r_[breaks, True]] + 0.5
    axes.vlines(np.zeros(len(starts)), starts, ends, color=colours.GREY, lw=0.9, zorder=1)


def bare(axes: Axes) -> None:
    """Take away the axis of numbers, where each mark has its own."""
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.grid(visible=False)


def apart(wanted: Any, widths: Sequence[float]) -> np.ndarray:
    """Middles of words side by side, nearest to those that are `wanted`; all in inches."""
    order = np.argsort(wanted)
    sizes = [widths[i] + 0.12 for i in order]
    ascending = list(np.asarray(wanted)[order])
    middles = np.empty(len(order))
    middles[order] = layout.spread(ascending, sizes, -np.inf, np.inf)
    return middles
