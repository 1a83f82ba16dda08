"""The one table of a chart, a row a mark: it is drawn, read back, pointed at and traced from it.

An artist that carries a number has the ``gid`` ``row|part|name``: the row of the table (of a line,
a band or a row of cells the place of its series), what it shows of it, and the series.
"""

import re
from functools import cache, partial
from typing import Any

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from pandas import DataFrame, Series

from tradeflows.charts import layout, raw_lines, spans
from tradeflows.charts.options import BAND, WORDS, Chart, figure_of, named
from tradeflows.model.errors import QueryError

# Columns of the table at which the corners of an artist stand, along and up, by what it shows.
CORNERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "point": (("middle",), ("value",)),
    "period": (("x", "end"), ("value", "value")),
    "span": (("middle", "middle"), ("low", "high")),
    "block": (("x", "centre", "end"), ("value", "value", "value")),
    "window": (("x", "end"), ("value", "value")),
    "box": (("x", "end"), ("low", "high")),
    "held": (("x", "end"), ("level", "level")),
    "bar": (("start", "stop"),),
    "range": (("low", "high"), ("level", "level")),
}
# Columns at which a mark is met, along and up, by the kind of its chart.
MET = dict.fromkeys(("lines", "points"), ("middle", "value"))
MET |= dict.fromkeys(("blocks", "windows"), ("between", "value"))
MET |= {"coverage": ("between", "level"), "cells": ("middle", "level"), "bars": ("tip", "level")}
TEXTS = ("text", "words")  # which say what is printed
# What a unit begins with, which may follow a number; and what else a text of units has.
COUNTED = re.compile(
    r"(?:in )?((?:%|million|billion|thousand|us dollars|euros|tonnes|points|barrels).*)"
    r"|number of (.*)",
    re.IGNORECASE,
)
NEAR = 1e-9  # how far an artist may stand from its place, as a part of it
DATED = ("lines", "points", "blocks")  # kinds of charts whose series share their dates
NAMED = ("bars", "cells")  # those whose names may say the periods of their figures


def gid(row: Any, part: str) -> str:
    """The ``gid`` of an artist that shows a part of the mark in a row of the table."""
    return f"{row.Index}|{part}|{row.name}"


def draw(axes: Axes, row: Any, part: str, **style: Any) -> None:
    """Draw a part of the mark in a row of the table as a line through its corners."""
    x, y = ([getattr(row, column) for column in columns] for columns in CORNERS[part])
    look: dict[str, Any] = {
        "clip_on": False,
        "solid_capstyle": "butt",
        "gid": gid(row, part),
    }
    axes.plot(x, y, **look | style)


def numbers_of(rows: DataFrame, column: str) -> np.ndarray:
    """A column of numbers; of days, as matplotlib counts them."""
    cells = rows[column]
    is_dated = pd.api.types.is_datetime64_any_dtype(cells)
    return np.asarray(mdates.date2num(cells) if is_dated else cells, dtype="float64")


def chart_of(axes: Any) -> Chart:
    """What is known of a chart beside its artists."""
    try:
        chart: Chart = vars(figure_of(axes))["tradeflows"]
    except KeyError as error:
        raise QueryError("these axes were not drawn by tradeflows.charts") from error
    return chart


def in_box(axes: Axes) -> DataFrame:
    """The marks of a box."""
    marks: DataFrame = vars(axes.figure)["tradeflows"]["marks"]
    return marks[marks["box"].eq(str(axes.get_label()))].copy()


def levels_of(chart: Chart) -> dict[str, float]:
    """The values of the lines of a chart that are to compare with, by their words."""
    return {
        **{words: float(given[0]) for words, given in chart["said"].items()},
        **chart["reference"],
    }


def require_drawn(axes: Axes) -> None:
    """Refuse an artist that stands elsewhere than the table says, and a figure without an artist.

    Raises
    ------
    QueryError
        With the series of the first.
    """
    levels, marks = levels_of(chart_of(axes)), in_box(axes)
    numbers = cache(lambda side: np.array([*map(partial(numbers_of, marks), side)]))
    drawn: set[Any] = set()
    artist: Any
    for artist in axes.get_children():
        place, _, rest = str(artist.get_gid() or "").partition("|")
        part, _, name = rest.partition("|")
        rows = marks[:0]
        if not place or not artist.get_visible():
            continue
        if part in ("line", "band", "cells"):
            rows, found, wanted = _of_series(artist, part, marks, name)
        elif part in CORNERS:
            at = marks.index.get_loc(int(place))
            wanted = np.array([numbers(side)[:, at] for side in CORNERS[part]])
            is_bar = isinstance(artist, Rectangle)
            corners = artist.get_bbox().get_points() if is_bar else artist.get_xydata()
            found = np.asarray(corners).T[: len(wanted)]
            drawn.add(int(place))
        elif part == "reference":
            found = np.array(artist.get_data()[axes.get_gid() not in layout.UPRIGHT], "float64")
            wanted = np.full(len(found), levels[name])
        elif part in TEXTS:
            words = "".join(str(marks["printed"][int(place)]).split())
            found = np.array("".join(artist.get_text().split()).endswith(words), "float64")
            wanted = np.ones(1)
        else:
            continue
        if not np.allclose(found, wanted, rtol=NEAR, atol=0, equal_nan=True):
            raise QueryError(f"{name}: drawn elsewhere than its figure says")
        drawn.update(rows.index)
    has_figure = marks["value"].notna() | marks["low"].notna()
    lacking = marks[has_figure & ~marks.index.isin(drawn) & marks["part"].ne(BAND)]
    if len(lacking):
        raise QueryError(f"{lacking['name'].iloc[0]}: a figure of it is not drawn")


def _of_series(
    artist: Any, part: str, marks: DataFrame, name: str
) -> tuple[DataFrame, np.ndarray, np.ndarray]:
    """The marks of a series that an artist shows, its numbers, and those that it should have."""
    rows = marks[marks["name"].eq(name)]
    if part == "cells":
        shades = np.ma.filled(artist.get_array().astype("float64"), np.nan)
        return rows, shades.ravel(), rows["value"].to_numpy("float64")
    x = numbers_of(rows, "middle")
    if part == "line":
        at, found = artist.get_xydata().T
        return rows[np.isin(x, at)], found, Series(rows["value"].array, x).reindex(at).to_numpy()
    is_line = isinstance(artist, Line2D)
    pieces = [artist.get_xydata()] if is_line else [path.vertices for path in artist.get_paths()]
    edges = DataFrame(np.concatenate(pieces)).groupby(0)[1].agg(["min", "max"])
    ends = [marks[marks["name"].eq(f"{name}, {end}")]["value"] for end in ("low", "high")]
    wanted = [Series(end.array, x).reindex(edges.index) for end in ends]
    return rows[:0], edges.to_numpy().T, np.array(wanted)


def text_of(value: float) -> str:
    """A figure as the table of the chart has it."""
    return layout.number(layout.significant(value, layout.DIGITS), 12)


def unit_of(unit: Any, box: str) -> str:
    """What follows a number of a box: its unit, or in brackets a text that has none or several."""
    text = str(unit if isinstance(unit, str) else unit.get(box, "")).rstrip(".")
    parts = re.split("[,:]", text.partition(";")[0])
    matches = [COUNTED.fullmatch(part.strip()) for part in parts]
    known = [match[1] or match[2] for match in matches if match]
    if len(known) != 1:
        return f" ({text})" if text else ""
    return f" {known[0] if known[0].startswith('US') else known[0][:1].lower() + known[0][1:]}"


def told(figure: Any) -> DataFrame:
    """The marks that a reader meets, with their words and their places on the page.

    Parameters
    ----------
    figure
        Of a chart that :mod:`tradeflows.charts` drew.

    Returns
    -------
    DataFrame, one row a mark
        The table of the chart, and beside it ``head``, its names, ``period`` and ``said``, its
        figure, in words, and ``words``, all of them; ``right`` and ``up``, its middle in points
        from the lower left corner of the page; ``whole_period``, also where the names have it.
    """
    figure.draw_without_rendering()
    chart, parts = vars(figure)["tradeflows"], []
    kind = str(figure.axes[0].get_gid())
    for axes in figure.axes:
        marks = in_box(axes)
        marks = marks[marks["part"].ne(BAND)]
        heads = [named(name, chart) for name in marks["name"]]
        if kind == "lines" and len(figure.axes) > 1:
            box = named(str(axes.get_label()), chart)
            heads = [f"{box}: {name}" for name in heads]
        if kind == "cells":
            columns = [named(name, chart) for name in marks["column"]]
            heads = [f"{head}, {column}" for head, column in zip(heads, columns, strict=True)]
        whole = _periods(marks, kind, chart)
        told = marks.assign(
            head=heads,
            period=list(map(spans.beyond, heads, whole)) if kind in NAMED else whole,
            whole_period=whole,
            said=[said(row, kind) for row in marks.itertuples()],
        )
        names = told["head"] + (", " + told["period"]).where(told["period"].ne(""), "")
        told["words"] = names + ": " + told["said"]
        start, value = marks["start"], marks["value"]
        places = marks.assign(
            between=(numbers_of(marks, "x") + numbers_of(marks, "end")) / 2,
            # of a part of a strip its middle
            tip=value.mask(start > 0, start + value / 2).fillna(0),
        )
        at = np.column_stack([numbers_of(places, column) for column in MET[kind]])
        told[["right", "up"]] = axes.transData.transform(at) * 72 / figure.dpi
        if MET[kind][1] == "value":
            told = told[marks["value"].notna()]
        parts.append(told.drop_duplicates(["head", "period", "right", "up"]))
    return pd.concat(parts)


def said(row: Any, kind: str) -> str:
    """The figure of a mark in words, with its sign; a range where it has no figure."""
    if kind == "coverage":
        return spans.in_words(row.printed)
    if kind in ("bars", "windows"):
        return " ".join(row.printed.split())
    if np.isnan(row.value):
        has_range = not np.isnan(row.low)
        return f"{text_of(row.low)} to {text_of(row.high)}" if has_range else "no figure"
    sign = WORDS.get(row.qualifier, "")
    return f"{sign} {text_of(row.value)}".strip()


def _periods(marks: DataFrame, kind: str, chart: Chart) -> list[str]:
    """The period of each mark in words, "" where it is not known."""
    if kind in DATED:
        lengths = marks["n_months"].fillna(1).astype(int)
        return [spans.text(day, n) for day, n in zip(marks["x"], lengths, strict=True)]
    if kind == "windows":
        ends = zip(marks["x"], marks["end"], strict=True)
        return [f"{first:%B %Y} to {last:%B %Y}" for first, last in ends]
    known = raw_lines.periods_of(chart)
    if kind not in NAMED or not known:
        return [""] * len(marks)
    own = marks["row"].map(dict(enumerate(known))).fillna("")
    alike = own[own.ne("")].unique()
    if len(alike) == 1 and kind == "cells":  # which one without a figure has too
        own = own.replace("", alike[0])
    return [
        spans.of_number(text) if all(map(spans.KNOWN.fullmatch, text.split(", "))) else ""
        for text in own
    ]
