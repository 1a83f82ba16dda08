"""Pictures in rows and columns: which months are held, and a value a cell."""

from collections.abc import Collection, Sequence
from typing import Any, Unpack

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.offsetbox import AnnotationBbox, DrawingArea, HPacker, TextArea
from matplotlib.patches import Rectangle
from pandas import DataFrame, Series

from tradeflows.charts import colours, layout
from tradeflows.charts.bars import tie_names
from tradeflows.charts.options import (
    BLANK,
    Chart,
    ChartOptions,
    complete_options,
    drawable_rows,
    foot,
    named,
    numbered,
    redrawable,
    refuse,
    refuse_repeated,
)
from tradeflows.model.errors import QueryError

SHADES_SHOWN = 5  # in the key of months
SCALE_BELOW = 34  # points from the months to the middle of that key


@redrawable
def coverage(
    frame: DataFrame,
    *,
    held: str,
    by: str | Sequence[str],
    counted: str = "",
    highlight: Collection[str] = (),
    entity: str = "",
    **options: Unpack[ChartOptions],
) -> Axes:
    """Draw which months are held: a strip a row, with its gaps.

    Parameters
    ----------
    frame
        One row a strip.
    held
        Column of the months, as ``2019-01 to 2021-12, 2022-03``.
    by
        Column of the words beside each strip, or these words.
    counted
        Column of how many rows each strip is of, as :func:`tradeflows.measures.count` gives them,
        by which each run of months leads to its first and its last raw line.
    highlight
        Those of the strips that the claim is about; the others are grey.
    entity
        The entity whose colour these take.

    Raises
    ------
    QueryError
        As every chart (see :func:`lines`), or there are more than 40 rows.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import charts
    >>> look = {"title": "It rose", "unit": "Mt a month", "source": "Made up"}
    >>> held = pd.DataFrame({"what": ["crude oil"], "held": ["2023-01 to 2023-02, 2023-04"]})
    >>> axes = charts.coverage(held, held="held", by="what", **look)
    >>> charts.drawn(axes)["printed"].item()
    '2023-01 to 2023-02, 2023-04'
    """
    words = list(frame[by]) if isinstance(by, str) else list(by)
    if len(words) != len(frame):
        raise QueryError(f"by has {len(words)} words for {len(frame)} rows: give each row its own")
    strips = frame.assign(strip=words, held=frame[held]).reset_index(drop=True)
    shown = complete_options(strips, options, [counted] if counted else [], ["strip"])
    runs = strips["held"].str.split(", ").explode()
    ends = runs.str.split(" to ", expand=True).reindex(columns=[0, 1])
    first, last = pd.to_datetime(ends[0]), pd.to_datetime(ends[1].fillna(ends[0]))
    marks = DataFrame(
        {"name": strips["strip"].loc[runs.index], "x": first, "printed": runs, "run": runs}
    )
    marks = marks.assign(row=runs.index, level=runs.index, end=last + pd.DateOffset(months=1))
    marks = marks.assign(**{name: cell for name, cell in BLANK.items() if name not in marks})
    marks = marks.assign(value=np.nan, low=np.nan, middle=first).reset_index(drop=True)
    if not 0 < len(frame) <= 40:
        raise QueryError(f"{len(frame)} rows, and a picture takes 1 to 40: filter the frame")
    labels = [layout.wrap(text, layout.page().label + 4) for text in words]
    with layout.style():
        _, axes = plt.subplots()
        lit = colours.of_entity(entity, colours.INK)
        for i, run in numbered(marks):
            colour = lit if run.name in highlight else colours.GREY
            look: dict[str, Any] = {"color": colour, "lw": 7, "solid_capstyle": "butt"}
            gid = f"{i}|held|{run.name}"
            axes.plot([run.x, run.end], [run.level, run.level], gid=gid, **look)
        axes.set_gid("coverage")
        axes.set_ylim(len(frame) - 0.4, -0.6)
        layout.number_axis(axes)
        axes.set_yticks(range(len(frame)), labels)
        tie_names(axes, words)
        layout.day_axis(axes)
        vars(axes.figure)["tradeflows"] = shown | {"reference": {}, "said": {}, "marks": marks}
        heights = [0.14 + layout.LINE * _lines_of(label) for label in labels]
        layout.finish(
            [axes],
            [[]],
            title=shown["title"],
            unit=[str(shown["unit"])],
            foot=foot(shown),
            events=shown["events"],
            reference={},
            box=sum(heights),
        )
    return axes


@redrawable
def cells(
    frame: DataFrame,
    *,
    y: str,
    by: str,
    across: str,
    words: str = "",
    full: float = 100.0,
    signed: bool = False,
    **options: Unpack[ChartOptions],
) -> Axes:
    """Draw a table whose cells are the stronger in colour the greater `y`, a row per `by`.

    Parameters
    ----------
    frame
        One row a cell. A null or absent one is hatched: it has no figure, which is no zero.
    y, by
        Columns of the numbers, none of them below zero, and of the rows.
    across
        Column of the columns, in order of appearance, with the number in each cell; or
        ``ref_period``, for months side by side, which have no room for numbers.
    words
        Column of what stands below the number in a cell, or in a cell without one.
    full
        The number from which on a cell is as strong in colour as can be. Infinity makes a table
        without shades, for numbers that do not compare, each with three figures.
    signed
        Whether the numbers are losses and gains: red below zero, blue above it, with their sign.
    **options
        There is no ``reference``, and no events unless months run across.

    Raises
    ------
    QueryError
        As every chart (see :func:`lines`), but for a series without a value; a number below zero
        that is not `signed`, or months with words.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import charts
    >>> look = {"title": "It rose", "unit": "Mt a month", "source": "Made up"}
    >>> fuels = pd.DataFrame({"who": ["Japan", "Japan"], "fuel": ["coal", "oil"],
    ...                       "pct": [10.0, 20.0]})
    >>> axes = charts.cells(fuels, y="pct", by="who", across="fuel", **look)
    >>> charts.drawn(axes).loc["Japan"].to_dict()
    {'coal': 10.0, 'oil': 20.0}
    """
    dated = across == "ref_period"
    shown = complete_options(frame, options, [y], [by] if dated else [by, across])
    if dated and words:
        raise QueryError(f"months side by side have no room for {words}")
    rows = _cell_rows(frame, y, by, across, words)
    if not signed:
        is_negative = rows["value"] < 0
        refuse(rows[is_negative], "no shade for a figure below zero")
    shading = _shading(full, signed)
    columns = _columns(rows, dated)
    names = list(rows["name"].unique())
    table = _pivoted(rows, "value", names, columns)
    edges = _edges(columns, dated)
    labels = [layout.wrap(named(name, shown), layout.page().label) for name in names]
    below = _words_within(_pivoted(rows, "below", names, columns), labels)
    most_below = int(below.map(_lines_of).to_numpy().max())
    most_lines = max(map(_lines_of, labels))
    tall = max(0.22 + layout.LINE * most_below, 0.08 + layout.LINE * most_lines)
    heads = [] if dated else [_head(str(column), shown) for column in columns]
    head = 0.0 if dated else 0.12 + layout.LINE * max(2, *map(_lines_of, heads))
    width = 0.0 if dated else 1.5
    with layout.style():
        _, axes = plt.subplots()
        _hatch(axes, edges, len(names))
        for i, name in enumerate(names):
            values = table.loc[name]
            gid = f"{i}|cells|{name}"
            _shade(axes, edges, values.to_numpy("float64"), i, gid, shading, width)
            if not dated:
                _write_row(axes, values, below.loc[name], i, shading)
        if not dated:
            _heads(axes, list(map(str, columns)), heads)
        axes.set_xlim(edges[0], edges[-1])
        axes.set_ylim(len(names) - 0.5, -0.5 - head / tall)
        axes.set_yticks(range(len(names)), labels)
        tie_names(axes, list(map(str, names)))
        keys = _keys(axes, table, shading, dated)
        grid = pd.MultiIndex.from_product([names, columns], names=["name", "at"])
        marks = rows.set_index(["name", "at"]).reindex(grid).reset_index().assign(**BLANK)
        level = marks["name"].map(names.index)
        if dated:
            places = {"x": marks["at"], "end": marks["at"] + pd.DateOffset(months=1), "n_months": 1}
            places |= {"middle": marks["at"]}
        else:
            middle = marks["at"].map({column: j + 0.5 for j, column in enumerate(columns)})
            words_in = [text for name in names for text in below.loc[name].fillna("")]
            places = {"column": marks["at"], "middle": middle, "printed": words_in}
        shown["marks"] = marks.assign(level=level, **places)
        _finish_cells(axes, shown, keys, dated, tall * len(names) + head)
    return axes


def _pivoted(rows: DataFrame, values: str, names: Sequence[str], columns: pd.Index) -> DataFrame:
    """A column of the rows as the table that is drawn."""
    table = rows.pivot(index="name", columns="at", values=values)
    return table.reindex(names)[columns]


def _words_within(below: DataFrame, labels: Sequence[str]) -> DataFrame:
    """Words below the numbers; on narrow paper broken so that none is wider than its column."""
    paper = layout.page()
    has_words = below.map(_lines_of).to_numpy().any()
    if paper is layout.WIDE or not has_words:
        return below
    sizes = [layout.size(label) for label in labels]
    names = max(width for width, _ in sizes)
    room = (paper.width - 0.6 - names) / len(below.columns)
    return below.map(lambda text: layout.wrap_within(text, room) if text == text else text)


def _lines_of(text: Any) -> int:
    """How many lines the words of a cell take; none where there are no words."""
    return text.count("\n") + 1 if isinstance(text, str) and text else 0


def _cell_rows(frame: DataFrame, y: str, by: str, across: str, words: str) -> DataFrame:
    """A row a cell: its name, where it stands, its number and the words below that."""
    if across == "ref_period":
        rows = drawable_rows(frame, y=y, by=by, when=across)
        rows["at"] = rows["x"]
    else:
        rows = drawable_rows(frame, y=y, by=by, when="", panel=across)
        rows["at"] = rows["panel"]
    refuse_repeated(rows, "name", "at")
    rows["below"] = frame[words].fillna("").to_numpy() if words else ""
    return rows


def _columns(rows: DataFrame, dated: bool) -> pd.Index:
    """The columns of cells: all months from the first to the last, or those that there are."""
    at = rows["at"]
    if not dated:
        return pd.Index(at.unique())
    months = pd.date_range(at.min(), at.max(), freq="MS")
    is_month = at.isin(months)
    refuse(rows[~is_month], "no first day of a month")
    return months


def _edges(columns: pd.Index, dated: bool) -> np.ndarray:
    """Where columns begin, and where the last one ends."""
    if not dated:
        return np.arange(len(columns) + 1.0)
    after = columns[-1] + pd.DateOffset(months=1)
    return np.asarray(mdates.date2num([*columns, after]))


def _hatch(axes: Axes, edges: np.ndarray, rows: int) -> None:
    """Hatch the ground, which is seen where a cell has no figure."""
    left, right = edges[0], edges[-1]
    style: dict[str, Any] = {"fc": colours.PAPER, "ec": colours.MUTE, "hatch": "/////", "lw": 0}
    ground = Rectangle((left, -0.5), right - left, rows, **style)
    axes.add_patch(ground)


def _shading(full: float, signed: bool) -> ScalarMappable:
    """The shade of each number."""
    least = -full if signed else 0.0
    scale = Normalize(least, full, clip=True)
    name = colours.SIGNED_SHADES if signed else colours.SHADES
    return ScalarMappable(scale, colours.shades(name))


def _shade(
    axes: Axes,
    edges: np.ndarray,
    values: np.ndarray,
    row: int,
    gid: str,
    shading: ScalarMappable,
    width: float,
) -> None:
    """Shade the cells of a row by their values."""
    low, high = shading.get_clim()
    line: dict[str, Any] = {"ec": colours.PAPER, "lw": width}
    one_row = np.ma.masked_invalid(values)[None, :]
    heights = [row - 0.5, row + 0.5]
    axes.pcolormesh(
        edges, heights, one_row, cmap=shading.cmap, vmin=low, vmax=high, gid=gid, **line
    )
    axes.axhline(row + 0.5, color=colours.PAPER, lw=1.5)


def _write_row(
    axes: Axes, values: Series, below: Series, row: int, shading: ScalarMappable
) -> None:
    """Write the numbers of a row into its cells, and what stands below them."""
    least, full = shading.get_clim()
    is_signed = least != 0
    for j, (value, words) in enumerate(zip(values, below, strict=True)):
        words = words if isinstance(words, str) else ""
        gid = str(row * len(values) + j)
        middle = j + 0.5
        if np.isnan(value):
            if words:
                _write_words(axes, words, middle, row, gid)
            continue
        colour = colours.letters_on(shading.to_rgba(value))
        text = _with_sign(value) if is_signed else _short(value)
        if np.isinf(full):
            text = layout.number(value)
        _write_number(axes, text, words, middle, row, colour, gid)


def _with_sign(value: float) -> str:
    """A loss or a gain as a small cell has room for."""
    sign = "−" if value < 0 else "+"
    return sign + _short(abs(value)) if value else "0"


def _head(column: str, shown: Chart) -> str:
    """The name of a column, in lines that are no wider than it."""
    return layout.wrap(named(column, shown), layout.page().name - 6)


def _heads(axes: Axes, columns: Sequence[str], texts: Sequence[str]) -> None:
    """Write the names of the columns above them."""
    style: dict[str, Any] = {"ha": "center", "va": "bottom", "weight": "bold", "size": 10.5}
    for j, (column, text) in enumerate(zip(columns, texts, strict=True)):
        place = (j + 0.5, -0.62)
        gid = f"{j}|column|{column}"
        axes.annotate(text, place, annotation_clip=False, gid=gid, **style)


def _short(value: float) -> str:
    """A number as a small cell has room for: two figures, and no 100 that is not quite one."""
    if 0 < value < 0.05:
        return "< 0.1"
    if 0 < value < 9.95:
        return f"{value:.1f}"
    return layout.number(value, 3 if value > 99 else 2)


CENTRED: dict[str, Any] = {"ha": "center", "va": "center"}


def _write_words(axes: Axes, words: str, x: float, y: float, i: str) -> None:
    """Write what stands in a cell without a figure, on whose hatching words need a ground."""
    ground = {"fc": colours.PAPER, "ec": "none", "pad": 1.5}
    style: dict[str, Any] = {"size": layout.page().small, "color": colours.INK, "bbox": ground}
    layout.write(axes, words, (x, y), (0, 0), gid=f"{i}|words|", **style, **CENTRED)


def _write_number(
    axes: Axes, text: str, below: str, x: float, y: float, colour: str, i: str
) -> None:
    """Write a number, and smaller what stands below it."""
    up = 6 * _lines_of(below)
    style: dict[str, Any] = {"size": 12, "weight": "bold" if below else "normal"}
    style |= {"color": colour, **CENTRED}
    layout.write(axes, text, (x, y), (0, up), gid=f"{i}|number|", **style)
    if below:
        style |= {"size": layout.page().small, "weight": "normal"}
        layout.write(axes, below, (x, y), (0, -8), gid=f"{i}|words|", **style)


def _keys(axes: Axes, table: DataFrame, shading: ScalarMappable, dated: bool) -> list[str]:
    """What the shades mean, drawn or in words, and the hatching where there is some."""
    least, full = shading.get_clim()
    is_over = bool((table.abs() > full).to_numpy().any())
    keys = [] if dated or np.isinf(full) else [_scale(full, least < 0, is_over)]
    if dated:
        _draw_scale(axes, shading, is_over)
    if table.isna().to_numpy().any():
        keys.append("Hatched: no figure")
    return keys


def _draw_scale(axes: Axes, shading: ScalarMappable, is_over: bool) -> None:
    """Draw below the months what the shades mean, since these have no numbers."""
    low, high = shading.get_clim()
    size = {"size": layout.page().small, "color": colours.SOFT}
    wide, tall = 14, 8
    boxes = DrawingArea(wide * SHADES_SHOWN, tall)
    for i, value in enumerate(np.linspace(low, high, SHADES_SHOWN)):
        place = (wide * i, 0)
        boxes.add_artist(Rectangle(place, wide, tall, fc=shading.to_rgba(value), ec="none"))
    first = layout.number(low)
    last = layout.number(high) + (" and more" if is_over else "")
    words = [TextArea(text, textprops=size) for text in (first, last)]
    key = HPacker(children=[words[0], boxes, words[1]], align="center", pad=0, sep=5)
    corner, below, middle = (0, 0), (0, -SCALE_BELOW), (0, 0.5)
    style: dict[str, Any] = {"frameon": False, "annotation_clip": False, "pad": 0}
    style |= {"xycoords": "axes fraction", "boxcoords": "offset points"}
    axes.add_artist(AnnotationBbox(key, corner, below, box_alignment=middle, **style))


def _scale(full: float, signed: bool, is_over: bool) -> str:
    """What the shades mean, in words that are right by day and by night."""
    most = layout.number(full) + (" and more" if is_over else "")
    if signed:
        return f"Red: less · blue: more · strongest colour: {most}"
    return f"Faintest colour: 0 · strongest: {most}"


def _finish_cells(axes: Axes, shown: Chart, keys: Sequence[str], dated: bool, box: float) -> None:
    axes.set_gid("months" if dated else "cells")
    axes.spines["bottom"].set_visible(dated)
    if dated:
        first, last = axes.dataLim.intervalx = axes.get_xlim()
        layout.day_axis(axes)
        axes.set_xlim(first, last - 0.5)  # without the day after, whose words would be cut
    else:
        axes.set_xticks([])
    vars(axes.figure)["tradeflows"] = shown | {"reference": {}, "said": {}}
    layout.finish(
        [axes],
        [[]],
        title=shown["title"],
        unit=[str(shown["unit"])],
        # Of months the key is drawn where the first line would be.
        foot=[*([" "] if dated else []), *foot(shown, " · ".join(keys))],
        events=shown["events"] if dated else {},
        reference={},
        box=box,
    )
