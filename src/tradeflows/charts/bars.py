"""Bars side by side, parts of wholes in strips, and figures over the windows that they are of."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Unpack

import matplotlib.dates as mdates
import numpy as np
from matplotlib.axes import Axes
from pandas import DataFrame

from tradeflows.charts import colours, layout
from tradeflows.charts.layout import Label
from tradeflows.charts.marks import draw, gid
from tradeflows.charts.numbers import ChartAxes, new_axes
from tradeflows.charts.options import (
    Chart,
    ChartOptions,
    are_whole,
    complete_options,
    decimals_of,
    drawable_rows,
    finish,
    in_full,
    named,
    printed,
    redrawable,
    refuse,
    refuse_repeated,
    require_columns,
)

TALL = 0.6  # inches of narrow paper for each window, whose words stand above or below it
LOW = 0.45  # of wide paper
HEAD = 0.34  # inches by which a heading sets rows apart
GAP = 0.25  # inches left and right of a figure that stands between a name and a bar
BAR = 0.22  # inches of a bar
HIGH, BETWEEN = 0.36, 0.12  # inches of a strip, and between words below it or strips
DOWN = 6  # points from a strip down to its words


@redrawable
def bars(
    frame: DataFrame,
    *,
    y: str,
    by: str,
    span: Sequence[str] = (),
    highlight: Collection[str] = (),
    entity: str = "",
    heading: str = "",
    **options: Unpack[ChartOptions],
) -> ChartAxes:
    """Compare figures as horizontal bars with their numbers, in the order of the rows.

    Parameters
    ----------
    frame
        One row a bar; a null `y` has none, and the words "not published". Heeded where present:
        ``qualifier`` (before the number), ``flags``, ``is_whole`` (the figure was printed without
        decimals, and stands so beside others that have some).
    y, by
        Columns of the numbers and of the bars' names.
    span
        As for :func:`points`; without a `y`, the range stands alone.
    highlight
        Names of the bars that the claim is about; the others are grey. Without any, each entity
        has its own colour.
    entity
        Column of the entities whose colours the bars take, where their names say more than that.
    heading
        Column of the words above each group of bars that follow one another; "" sets apart alone.
        A name of a bar that begins with them and a comma is shown without.
    **options
        There are no events, and a ``reference`` is an upright line. Small money is said in full:
        where ``unit`` is in million US dollars and a bar is below one of them, "$20,600".

    Raises
    ------
    QueryError
        As every chart (see :func:`lines`), but for a series without a value.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import charts
    >>> look = {"title": "It rose", "unit": "Mt a month", "source": "Made up"}
    >>> sold = pd.DataFrame({"who": ["Brazil", "USA"], "mt": [75.0, 25.0]})
    >>> axes = charts.bars(sold, y="mt", by="who", highlight=["Brazil"], **look)
    >>> charts.drawn(axes)["value"].to_dict()
    {'Brazil': 75.0, 'USA': 25.0}
    """
    frame, [y, *span], shown = complete_options(frame, options, [y, *span], [by])
    require_columns(frame, [heading] * bool(heading))
    rows = drawable_rows(frame, y=y, by=by, when="", panel=entity or by, span=span)
    refuse_repeated(rows, "name")
    rows["hollow"] &= not rows["hollow"].all()  # where all may yet change, the key says so
    numbers = rows[["value", "low", "high"]]
    reach = [0.0, *shown["reference"].values(), *numbers.stack()]
    headings = np.array([*frame[heading]] if heading else [""] * len(rows), dtype=object)
    labels, is_above = _labels(rows["name"], headings, shown)
    is_new = headings != np.array(["", *headings[:-1]])  # or one ends, which sets apart too
    names = layout.LINE * np.array([*map(layout.lines_of, labels)])
    above = below = 0.08 + names / 2  # inches from the middle of a bar, as its own name needs
    if is_above:
        above, below = BAR / 2 + 0.12 + names, np.full(len(rows), BAR / 2 + 0.04)
    down = np.cumsum([0.0, *(above + HEAD * is_new)[1:] + below[:-1]])
    rows["level"], rows["stop"] = down, rows["value"]
    rows["whole"] = frame.get("is_whole", rows["name"].eq("")).eq(True).to_numpy() | are_whole(rows)
    money, decimals = in_full(str(shown["unit"]), numbers), decimals_of(rows)
    rows["printed"] = [
        printed(row, money, whole=row.whole, decimals=decimals) for row in rows.itertuples()
    ]
    rows["tip"] = numbers.max(axis="columns").fillna(0)
    ends = [
        Label(row.printed, row.tip, row.level, colours.INK, gid(row, "text"))
        for row in rows.itertuples()
    ]
    after = [end for end in ends if end.x >= 0]
    axes = new_axes()
    for row in rows.itertuples():
        _bar(axes, row, highlight)
    beside = [""] * len(rows) if is_above else labels
    _rows(axes, rows, beside, labels if is_above else (), is_new[1:], highlight)
    axes.set_ylim(down[-1] + below[-1] + 0.04, -above[0] - (0.21 if headings[0] else 0.04))
    for level, text in zip((down - above)[is_new] + 0.03, headings[is_new], strict=True):
        look = {"va": "bottom", "size": 11, "weight": "bold", "bbox": None, "zorder": 3}
        layout.write_above(axes, str(text), level, **look)
    _limits(axes, min(reach), max(reach), ends, _room(beside, [end.text for end in after]))
    finish([axes], "bars", shown, rows, [after], False, abs(np.diff(axes.get_ylim())[0]))
    return axes


def _labels(names: Iterable[str], headings: np.ndarray, shown: Chart) -> tuple[list[str], bool]:
    """The names of rows in lines, without the heading that they stand under.

    With them goes whether they stand above their bars, as long names do on narrow paper.
    """
    paper = layout.page()
    pairs = zip(names, headings, strict=True)
    shorter = [named(name, shown).removeprefix(f"{head}, ") for name, head in pairs]
    texts = [name[:1].upper() + name[1:] for name in shorter]
    labels = [layout.wrap(text, paper.label) for text in texts]
    is_above = paper is layout.NARROW and 2 * "".join(labels).count("\n") >= len(labels)
    return [layout.wrap(text, paper.foot) for text in texts] if is_above else labels, is_above


def _rows(
    axes: Axes,
    rows: DataFrame,
    beside: Sequence[str],
    above: Sequence[str],
    is_new: np.ndarray,
    highlight: Collection[str],
) -> None:
    """Name the rows, and draw the line at nothing beside them, broken at headings and names."""
    names, down = list(rows["name"]), rows["level"].to_numpy()
    breaks = is_new | bool(above)
    starts, lasts = down[np.r_[True, breaks]] - BAR / 2 - 0.02, down[np.r_[breaks, True]] + BAR / 2
    axes.vlines(np.zeros(len(starts)), starts, lasts, color=colours.GREY, lw=0.9, zorder=1)
    axes.set_yticks(list(down), beside)
    tie_names(axes, names)
    weights = ["bold" if name in highlight else "normal" for name in names]
    for label, weight in zip(axes.get_yticklabels(), weights, strict=True):
        label.set_fontweight(weight)
    for text, level, name, weight in zip(above, down, names, weights, strict=bool(above)):
        look = {"va": "bottom", "gid": layout.name_gid(name), "weight": weight}
        layout.write_above(axes, text, level - BAR / 2 - 0.03, **look)


def _bar(axes: Axes, row: Any, highlight: Collection[str]) -> None:
    """Draw a figure as a bar, dashed and empty where it may yet change, and its range upon it.

    A range that stands alone is broad.
    """
    is_lit = not highlight or row.name in highlight
    colour = colours.of_entity(row.panel, colours.INK if highlight else colours.GREY)
    colour = colour if is_lit else colours.GREY
    face, dash = ("white", "--") if row.hollow else (colour, "-")
    axes.barh(row.level, row.value, BAR, fc=face, ec=colour, ls=dash, gid=gid(row, "bar"))
    style: dict[str, Any] = {"color": colours.INK, "lw": 1.5, "marker": "|", "ms": 8}
    if np.isnan(row.value):
        style = {"color": colour, "lw": 14}
    draw(axes, row, "range", **style)


def tie_names(axes: Axes, names: Sequence[str]) -> None:
    """Let the name of each row belong to its series, as its figures do."""
    for name, label in zip(names, axes.get_yticklabels(), strict=True):
        label.set_gid(layout.name_gid(name))


def _room(labels: Sequence[str], texts: Sequence[str]) -> float:
    """About how many inches are between the names of rows and the figures right of them."""
    names, figures = (
        max((layout.size(text, "bold")[0] for text in some), default=0.0)
        for some in (labels, texts)
    )
    return layout.page().width - 0.52 - names - figures


def _limits(axes: Axes, least: float, most: float, ends: Sequence[Label], inches: float) -> None:
    """Let the axis reach over all bars, with room for the figures that stand left of theirs."""
    most = 1.02 * most or float(least == 0)
    left = [1.02 * least]
    for end in ends:
        if end.x < 0:
            wide = layout.size(end.text)[0] + GAP
            left.append((end.x * inches - wide * most) / (inches - wide))
            look = {"ha": "right", "va": "center", "color": end.colour, "gid": end.gid}
            layout.write(axes, end.text, (end.x, end.y), (-5, 0), **look)
    axes.set_xlim(min(left), most)


@redrawable
def strips(
    frame: DataFrame, *, y: str, by: str, whole: str, part: str, **options: Unpack[ChartOptions]
) -> ChartAxes:
    """Draw several wholes as strips of their parts, each with its number, in the rows' order.

    Parameters
    ----------
    frame
        One row a part of a whole.
    y, by
        Columns of the numbers, all above zero, and of what each says, which no other does.
    whole, part
        Columns of the names left of the strips, and of the words below each part, which give it
        its colour: the project's or, of a verdict, that of the front page.
    **options
        There are no events and no ``reference``.

    Raises
    ------
    QueryError
        As every chart (see :func:`lines`); a number that is not above zero.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import charts
    >>> look = {"title": "Most hold", "unit": "Claims", "source": "Made up"}
    >>> told = pd.DataFrame({"n": [2, 1], "says": ["report, holds", "report, differs"],
    ...                      "of": "report", "word": ["holds", "differs"]})
    >>> axes = charts.strips(told, y="n", by="says", whole="of", part="word", **look)
    >>> charts.drawn(axes)["value"].to_dict()
    {'report, holds': 2.0, 'report, differs': 1.0}
    """
    frame, [y], shown = complete_options(frame, options, [y], [by, whole, part])
    rows = drawable_rows(frame, y=y, by=by, when="", panel=part)
    refuse_repeated(rows, "name")
    refuse(rows[~(rows["value"] > 0)], "no strip of nothing")
    wholes = frame[whole].astype(str).to_numpy()
    order = list(dict.fromkeys(wholes))
    by_whole = rows.groupby(wholes)["value"]
    rows["stop"] = by_whole.cumsum()
    rows["start"] = rows["stop"] - rows["value"]
    rows["printed"] = rows["value"].map(layout.number)
    look = colours.of_series(rows["panel"])
    is_narrow = layout.page() is layout.NARROW  # whose strips have their names above them
    rows["words"] = [named(name, shown).replace(" ", "\n", 1) for name in rows["panel"]]
    labels = [named(name, shown) for name in order]
    head = 1.3 * layout.LINE if is_narrow else 0.0
    lines = [max(map(layout.lines_of, rows["words"][wholes == name])) for name in order]
    tall = HIGH + BETWEEN + 0.06 + head + layout.LINE * np.array(lines)
    levels = np.cumsum([0.0, *tall[:-1]])
    rows["level"] = [levels[order.index(name)] for name in wholes]
    top = -HIGH / 2 - 0.05
    inches = _room([""] if is_narrow else labels, [""])
    per_inch = by_whole.sum().max() / inches
    axes = new_axes()
    for row in rows.itertuples():  # each behind those before it, with its number within
        colour = look[row.panel].colour
        style: dict[str, Any] = {"fc": colour, "ec": colours.PAPER, "lw": 1.5}
        style["gid"] = gid(row, "bar")
        axes.barh(row.level, row.value, HIGH, row.start, **style)
        words = {"ha": "center", "va": "center_baseline", "weight": "bold"}
        words |= {"color": colours.letters_on(colour), "gid": gid(row, "text")}
        middle = row.start + row.value / 2, row.level
        layout.write(axes, row.printed, middle, (0, 0), **words)
    for level, name in zip(levels, order, strict=True):
        _words_below(axes, rows[wholes == name], level + HIGH / 2, inches, per_inch, look)
    axes.set_yticks(levels, [""] * len(order) if is_narrow else labels)
    for level, text in zip(levels, labels if is_narrow else (), strict=is_narrow):
        layout.write_above(axes, text, level + top - head)
    axes.set_ylim(top - head + sum(tall), top - head)
    axes.set_xlim(0, inches * per_inch)
    finish([axes], "bars", shown, rows, [[]], False, sum(tall))
    return axes


def _words_below(
    axes: Axes,
    parts: DataFrame,
    y: float,
    inches: float,
    per_inch: float,
    looks: Any,
) -> None:
    """Write below a strip what its parts are, each as near to its middle as the others admit.

    A line leads to words that stand below another part.
    """
    size = layout.page().small
    wide = [layout.size(text)[0] * size / 11 + BETWEEN for text in parts["words"]]
    middles = (parts["start"] + parts["value"] / 2) / per_inch
    places = layout.spread([*middles], wide, 0.0, inches)
    for row, middle, x in zip(parts.itertuples(), middles, places, strict=True):
        look = {"ha": "center", "va": "top", "size": size, "annotation_clip": False}
        look |= {"color": colours.text_colour(looks[row.panel].colour)}
        if abs(x - middle) > row.value / 2 / per_inch:
            look["arrowprops"] = layout.TIE | {"relpos": (0.5, 1)}
        gid = layout.name_gid(str(row.name))
        shift = (72 * (x - middle), -DOWN)
        layout.write(axes, row.words, (middle * per_inch, y), shift, gid=gid, **look)


@redrawable
def windows(
    frame: DataFrame,
    *,
    y: str = "value",
    label: str = "id",
    span: Sequence[str] = (),
    log: bool = False,
    **options: Unpack[ChartOptions],
) -> ChartAxes:
    """Draw published figures, each at its value from the first to the last day of its window.

    Parameters
    ----------
    frame
        One row a figure, with ``window_start`` and ``window_end``. Heeded where present:
        ``qualifier`` (before the number), ``flags``.
    y, label
        Columns of the numbers and of the words beside each window.
    span
        As for :func:`points`.
    log
        Whether the axis is logarithmic; else it begins at zero.

    Raises
    ------
    QueryError
        As every chart (see :func:`lines`); a window that is null or ends before it starts; a
        logarithmic axis for a figure that is not positive.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import charts
    >>> look = {"title": "It rose", "unit": "Mt a month", "source": "Made up"}
    >>> printed = pd.DataFrame({"id": ["F1"], "value": [12.0],
    ...                         "window_start": pd.to_datetime(["2022-01-01"]),
    ...                         "window_end": pd.to_datetime(["2022-12-31"])})
    >>> axes = charts.windows(printed, **look)
    >>> charts.drawn(axes)["value"].to_dict()
    {'F1': 12.0}
    """
    frame, [y, *span], shown = complete_options(frame, options, [y, *span], [label])
    rows = drawable_rows(frame, y=y, by=label, when="window_start", length="window_end", span=span)
    refuse_repeated(rows, "name")
    refuse(rows[rows["end"] < rows["x"]], "a window that ends before it starts")
    if log:
        least = rows[["value", "low", "high"]].min(axis="columns")
        problem = "no place on a logarithmic axis for a figure that is not positive"
        refuse(rows[~(least > 0)], problem)
    whole = are_whole(rows)
    rows["printed"] = [printed(row, whole=whole) for row in rows.itertuples()]
    labels = []
    axes = new_axes()
    for row in rows.itertuples():
        colour, height = colours.WINDOW, row.high - row.low
        style: dict[str, Any] = {"align": "edge", "color": colour, "alpha": 0.3}
        style["gid"] = gid(row, "box")
        axes.bar(row.x, height, row.end - row.x, row.low, **style)
        dash = (0, (1.6, 0.6)) if row.hollow else "-"
        draw(axes, row, "window", color=colour, lw=3.5, ls=dash)
        start, end = mdates.date2num([row.x, row.end])
        level = row.high if np.isnan(row.value) else row.value
        text = f"{named(row.name, shown)}: {row.printed}"
        text = layout.wrap(text, layout.page().window // 2)
        labels.append(Label(text, end, level, colour, gid(row, "text"), start))
    if log:
        axes.set_yscale("log")
    else:  # the words of the highest have room below the unit
        highest = rows[["value", "high"]].max(axis=None)
        axes.update_datalim([(axes.dataLim.x0, 1.12 * highest)])
    tall = TALL if layout.page() is layout.NARROW else LOW
    finish([axes], "windows", shown, rows, [labels], not log, max(3.4, tall * len(rows)))
    return axes
