"""What a chart shows, read back from what was drawn."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar, cast

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from pandas import DataFrame, Series

from tradeflows.charts import layout, raw_lines, spans
from tradeflows.charts.marks import chart_of, in_box, levels_of, require_drawn, said
from tradeflows.charts.options import Chart, Charts, figure_of, named
from tradeflows.model.errors import QueryError
from tradeflows.model.source import Publisher, Source
from tradeflows.retrieval import catalogue

# Of a kind whose table is wide, what its rows and its columns are; of the others their columns.
WIDE = {"lines": ("x", "name"), "cells": ("name", "column")}
LONG = {
    "points": ("series", "value", "low", "high", "mark"),
    "blocks": ("n_months", "series", "value", "mark"),
    "bars": ("value", "low", "high", "printed"),
    "windows": ("start", "end", "value", "low", "high", "printed"),
    "coverage": ("printed",),
}
ALWAYS = ("value", "printed")  # columns that are there also where they say nothing
WORDY = ("mark", "printed")
INDEX = {"x": "ref_period", "name": "series"}


class Drawn(DataFrame):
    """What a chart shows; in a notebook it also opens the raw lines behind its numbers."""

    _metadata: ClassVar = ["figure"]
    figure: Any = None

    def _repr_html_(self) -> str | None:
        table = super()._repr_html_()
        if table is None or self.figure is None:
            return table
        return str(table) + raw_lines.shown(self.figure)


class Shown:
    """What a chart that was drawn has beside matplotlib's own: its picture and its table."""

    @property  # matplotlib's own method of this name writes a table into the axes
    def table(self) -> Any:
        """What it shows, read back from its artists (see :func:`drawn`)."""
        return drawn(self)

    def _ipython_display_(self) -> None:
        """Show the picture, unless the notebook is about to do so by itself."""
        figure = figure_of(self)
        if not plt.fignum_exists(figure.number):
            import_module("IPython.display").display(figure)


class ChartAxes(Shown, Axes):  # type: ignore[override]
    """A chart: matplotlib's axes, with :attr:`table`, what they show.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import charts
    >>> look = {"title": "Brazil sold most", "unit": "Million tonnes", "source": "Made up"}
    >>> sold = pd.DataFrame({"who": ["Brazil", "USA"], "net_wgt_kg": [75e9, 25e9]})
    >>> charts.bars(sold, y="net_wgt_kg", by="who", **look).table["value"].to_dict()
    {'Brazil': 75.0, 'USA': 25.0}
    """

    def __repr__(self) -> str:
        """Its title."""
        chart = vars(self.figure).get("tradeflows")
        return f"<chart: {chart['title']}>" if chart else super().__repr__()


class ChartPanels(Shown, np.ndarray):
    """The boxes of a chart with panels, with ``table``, what they show together."""

    def __repr__(self) -> str:
        """Its title, and how many boxes it has."""
        return f"<chart of {len(self)} boxes: {chart_of(self)['title']}>"


BOXES: Any = {"axes_class": ChartAxes}  # with which matplotlib makes the boxes of a chart


def new_axes() -> ChartAxes:
    """The one box of a new figure."""
    return cast(ChartAxes, plt.figure().add_subplot(**BOXES))


def drawn(axes: Any) -> DataFrame:
    """Read back from the artists, to four significant figures, what a chart shows.

    Parameters
    ----------
    axes
        What a function of this module returned.

    Returns
    -------
    DataFrame
        For lines one row per ``ref_period`` and one column per series (of each panel, if there are
        panels); beside a band "…, low" and "…, high". For cells the table itself, and "…, printed"
        for what stands below the numbers. Else one row a figure, with ``value`` and, as far as
        drawn, ``series``, ``low``, ``high``, ``n_months``, ``start``, ``end``, ``mark`` and
        ``printed``. A reference is one more column. What is not drawn is NaN.
        ``attrs`` holds ``sources``, ``caveats``.

    Raises
    ------
    QueryError
        The axes are not a chart of this module, or two artists show one point differently.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import charts
    >>> look = {"title": "It rose", "unit": "Mt a month", "source": "Made up"}
    >>> months = pd.date_range("2023-01-01", periods=4, freq="MS")
    >>> crude = pd.DataFrame({"ref_period": months, "who": "India", "mt": [1.0, 2.0, 3.0, 4.0]})
    >>> axes = charts.lines(crude.drop(index=1), y="mt", by="who", every=1, **look)
    >>> charts.drawn(axes)["India"].tolist()
    [1.0, nan, 3.0, 4.0]
    """
    return read_back(axes, 4)


def read_back(axes: Charts, digits: int) -> DataFrame:
    """What :func:`drawn` gives, to so many significant figures."""
    chart = chart_of(axes)
    if isinstance(axes, Axes):
        require_drawn(axes)
        table = arranged(in_box(axes), str(axes.get_gid()))
        table = table.assign(**levels_of(chart))
    else:
        tables = {str(box.get_label()): read_back(box, digits) for box in axes}
        table = pd.concat(tables, axis="columns", names=["panel", "series"], sort=True)
    for name in table.select_dtypes("float"):
        table[name] = [layout.significant(value, digits) for value in table[name]]
    opening = Drawn(table)
    opening.figure = figure_of(axes)
    opening.attrs = dict(chart["attrs"])
    return opening


def arranged(marks: DataFrame, kind: str, values: str = "value") -> DataFrame:
    """Marks as the table of their kind: wide, a row a period or name; or long, a row a figure."""
    if kind in WIDE:
        index, columns = WIDE[kind]
        table = marks.pivot(index=index, columns=columns, values=values)
        table = table.reindex(columns=marks[columns].unique())
        table = table.sort_index() if index == "x" else table.reindex(marks[index].unique())
        if kind == "cells" and values == "value" and marks["printed"].ne("").any():
            table = table.join(arranged(marks, kind, "printed").add_suffix(", printed"))
        return table.rename_axis(index=INDEX[index], columns=None)
    if kind == "coverage":
        marks = marks.assign(printed=marks.groupby("row")["printed"].transform(", ".join))
        marks = marks.drop_duplicates("row")
    is_dated = kind in ("points", "blocks")
    table = marks.drop(columns="start").rename(
        columns={"x": "ref_period" if is_dated else "start", "name": "series"}
    )
    table = table.set_index("ref_period" if is_dated else "series")[[*LONG[kind]]]
    empty = [name for name in set(table) - {*ALWAYS} if table[name].isna().all()]
    return table.drop(columns=empty).fillna(dict.fromkeys(WORDY, ""))


def alt(axes: Charts) -> str:
    """Say in words what a chart shows: its title, its unit, its series and their two ends.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import charts
    >>> look = {"title": "It rose", "unit": "Mt a month", "source": "Made up"}
    >>> months = pd.date_range("2023-01-01", periods=3, freq="MS")
    >>> crude = pd.DataFrame({"ref_period": months, "who": "India", "mt": [1.0, 2.0, 3.0]})
    >>> charts.alt(charts.lines(crude, y="mt", by="who", **look))
    'It rose. Mt a month. India: 1 in January 2023, 3 in March 2023.'
    """
    chart = chart_of(axes)
    words = [chart["title"].rstrip(".")]
    for box in [axes] if isinstance(axes, Axes) else axes:
        words.append(box.get_xlabel() or box.get_ylabel())
        texts = _in_words(read_back(box, layout.DIGITS), box, chart).dropna()
        for name, known in texts.groupby(level=0, sort=False):
            ends = dict.fromkeys(known.iloc[[0, -1]])
            words.append(f"{named(str(name), chart)}: {', '.join(ends)}")
        levels = levels_of(chart).items()
        words += [f"Line at {layout.number(level)}: {text}" for text, level in levels]
    return ". ".join(words) + "."


def _in_words(table: DataFrame, axes: Axes, chart: Chart) -> Series:
    """The figures of a box in words, by series."""
    if "printed" in table:
        return table["printed"].map(spans.in_words)
    marks, kind = in_box(axes).dropna(how="all", subset=["value", "low"]), str(axes.get_gid())
    texts = [
        f"{named(row.column, chart)} {said(row, kind)}"
        if kind == "cells"
        else f"{said(row, kind)} in {spans.text(row.x, int(row.n_months))}"
        for row in marks.itertuples()
    ]
    return Series(texts, marks["name"])


def sources(*claims: Any) -> DataFrame:
    """List the catalogued sources under a notebook's charts, for its last cell.

    Parameters
    ----------
    *claims
        The chart of each finding in their order, or a list of its charts; or in place of all one
        dict of them by names.

    Returns
    -------
    DataFrame, indexed by ``source_id``
        One row a source, in order of first use: ``publisher``, ``title``, ``vintage``,
        ``retrieved``, ``licence``, and ``claims``, which rest on it.

    Raises
    ------
    QueryError
        A chart rests on no source.
    CatalogueError
        The catalogue cannot be read, or does not have one.

    Examples
    --------
    >>> import tradeflows as tf
    >>> from tradeflows import charts
    >>> axes = tf.flow("crude oil", "China", "Russia", start="2021", end="2023").plot()
    >>> charts.sources(axes)["claims"].tolist()
    ['Finding 1']
    >>> charts.sources({"China's crude": axes})["claims"].tolist()
    ["China's crude"]
    """
    uses: dict[str, list[str]] = {}
    known: dict[str, tuple[Source, Publisher]] = {}
    named = {f"Finding {i}": charts for i, charts in enumerate(claims, start=1)}
    for claim, charts in (claims[0] if isinstance(claims[0], Mapping) else named).items():
        for axes in charts if isinstance(charts, list) else [charts]:
            attrs = chart_of(axes)["attrs"]
            if not attrs["sources"]:
                raise QueryError(f"{claim}: its chart rests on no catalogued source")
            with catalogue.within(attrs):
                known = catalogue.entries(attrs["sources"]) | known
            for source in attrs["sources"]:
                uses.setdefault(source, []).append(claim)
    rows = []
    for source, publisher in (known[name] for name in uses):
        names = ", ".join(dict.fromkeys(uses[source.id]))
        rows.append(vars(source) | {"publisher": publisher.name, "claims": names})
    table = DataFrame(rows, index=pd.Index(uses, name="source_id"))
    return table[["publisher", "title", "vintage", "retrieved", "licence", "claims"]]
