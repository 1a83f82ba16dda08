"""What a chart shows, read back from what was drawn."""

from collections.abc import Callable, Mapping, Sequence
from itertools import starmap
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from pandas import DataFrame, Series

from tradeflows.charts import layout, raw_lines, spans
from tradeflows.charts.artists import Figured, band_of, cells_of, figured, significant
from tradeflows.charts.options import SIGNS, Chart, Charts, named
from tradeflows.charts.ratios import SAYS
from tradeflows.charts.spans import days
from tradeflows.model.errors import QueryError
from tradeflows.retrieval import catalogue

Cells = dict[str, Any]


class Drawn(DataFrame):
    """What a chart shows; in a notebook it also opens the raw lines behind its numbers."""

    _metadata: ClassVar = ["figure"]
    figure: Any = None

    def _repr_html_(self) -> str | None:
        table = super()._repr_html_()
        if table is None or self.figure is None:
            return table
        return str(table) + raw_lines.shown(self.figure)


def drawn(axes: Charts) -> DataFrame:
    """Read back from the artists, to four significant figures, what a chart shows.

    Parameters
    ----------
    axes
        What a function of this module returned.

    Returns
    -------
    DataFrame
        For lines and for cells by month one row per ``ref_period`` and one column per series (of
        each panel, if there are panels); beside a band "…, low" and "…, high". For other cells the
        table itself, and "…, printed" for what stands below the numbers. Else one row a figure,
        with ``value`` and, as far as drawn, ``series``, ``low``, ``high``, ``n_months``,
        ``start``, ``end``, ``mark``, ``says``, ``printed`` and ``verdict``. A reference is one
        more column. What is not drawn is NaN.
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
    >>> months = pd.date_range("2023-01-01", periods=3, freq="MS")
    >>> crude = pd.DataFrame({"ref_period": months, "who": "India", "mt": [1.0, 2.0, 3.0]})
    >>> axes = charts.lines(crude.drop(index=1), y="mt", by="who", every=1, **look)
    >>> charts.drawn(axes)["India"].tolist()
    [1.0, nan, 3.0]
    """
    return read_back(axes, 4)


def read_back(axes: Charts, digits: int) -> DataFrame:
    """What :func:`drawn` gives, to so many significant figures."""
    chart = _chart_of(axes)
    attrs = dict(chart["attrs"])
    if not isinstance(axes, Axes):
        tables = {str(box.get_label()): read_back(box, digits) for box in axes}
        table = pd.concat(tables, axis="columns", names=["panel", "series"], sort=True)
        return _opening(table, axes[0].figure, attrs)
    kind = str(axes.get_gid())
    shown = figured(axes)
    if kind == "lines":
        panel = str(axes.get_label())
        table = _wide(shown, chart["months"][panel])
    elif kind in ("cells", "months"):
        table = _shaded(shown, kind == "months")
    elif kind == "dots":
        table = _rows_of_dots(shown)
    else:
        table = _long(shown, kind)
    for line in shown:
        if line.part == "reference":
            x, y = line.artist.get_data()
            level = x if kind in layout.UPRIGHT else y
            table[line.name] = float(level[0])
    for name in table.select_dtypes("float"):
        table[name] = [significant(value, digits) for value in table[name]]
    return _opening(table, axes.figure, attrs)


def _opening(table: DataFrame, figure: Any, attrs: dict[str, Any]) -> Drawn:
    opening = Drawn(table)
    opening.figure = figure
    opening.attrs = attrs
    return opening


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
    chart = _chart_of(axes)
    title = chart["title"]
    words = [title.rstrip(".")]
    boxes = [axes] if isinstance(axes, Axes) else axes
    for box in boxes:
        table = read_back(box, layout.DIGITS)
        words.append(box.get_xlabel() or box.get_ylabel())
        levels = {text: table.pop(text) for text in (*chart["reference"], *chart["said"])}
        months = chart.get("months", {}).get(str(box.get_label()), 1)
        for name, texts in _in_words(table, str(box.get_gid()), chart, months):
            known = texts.dropna()
            ends = dict.fromkeys(known.iloc[[0, -1]])
            series = named(str(name), chart)
            words.append(f"{series}: {', '.join(ends)}")
        for text, level in levels.items():
            value = layout.number(level.iloc[0])
            words.append(f"Line at {value}: {text}")
    return ". ".join(words) + "."


def _in_words(table: DataFrame, kind: str, chart: Chart, months: int) -> Any:
    """The figures of a box in words, by series; a period without a length has so many months."""
    if "verdict" in table:
        is_first = ~table.index.duplicated()
        first = table[is_first]
        return _by_series(first["verdict"] + ", " + first["printed"])
    if "printed" in table:
        return _by_series(table["printed"].map(spans.in_words))
    if kind in ("cells", "dots"):
        floats = table.select_dtypes("float")
        numbers = floats.melt(value_name="number", ignore_index=False).dropna()
        heads = numbers["variable"].map(lambda code: named(code, chart))
        texts = numbers["number"].map(layout.number)
        return _by_series(texts if [*floats] == ["value"] else heads + " " + texts)
    if kind in ("lines", "months"):
        table = table.melt(var_name="series", ignore_index=False)
    return _by_period(table, months)


def _by_series(texts: Series) -> Any:
    return texts.groupby(level=0, sort=False)


def _by_period(table: DataFrame, months: int) -> Any:
    """The figures of each series with their periods, in words."""
    table = table.dropna(how="all", subset=[*{"value", "low"} & {*table}])
    value = table["value"]
    ends = [map(_printed, table.get(end, value)) for end in ("value", "low", "high")]
    lengths = table.get("n_months", Series(np.nan, table.index)).fillna(months).astype(int)
    periods = zip(pd.DatetimeIndex(table.index), lengths, strict=True)
    words = map(_with_period, *ends, starmap(spans.text, periods))
    text = Series([*words], table.index, dtype="object")
    names = table["series"].array
    return text.groupby(names, sort=False)


def _with_period(value: str, low: str, high: str, period: str) -> str:
    """A figure, or the range that stands for one, with its period."""
    return f"{value or f'{low} to {high}'} in {period}"


def _printed(number: float) -> str:
    return "" if pd.isna(number) else layout.number(number)


def sources(claims: Mapping[str, Charts]) -> DataFrame:
    """List the catalogued sources under a notebook's charts, for its last cell.

    Parameters
    ----------
    claims
        The chart of each claim, by the claim's name.

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
    >>> charts.sources({"China's crude": axes})["claims"].tolist()
    ["China's crude"]
    """
    uses: dict[str, list[str]] = {}
    for claim, axes in claims.items():
        attrs = _chart_of(axes)["attrs"]
        if not attrs["sources"]:
            raise QueryError(f"{claim}: its chart rests on no catalogued source")
        for source in attrs["sources"]:
            uses.setdefault(source, []).append(claim)
    rows = []
    for source, publisher in catalogue.entries(uses).values():
        names = ", ".join(uses[source.id])
        rows.append(vars(source) | {"publisher": publisher.name, "claims": names})
    index = pd.Index(uses, name="source_id")
    table = DataFrame(rows).set_index(index)
    return table[["publisher", "title", "vintage", "retrieved", "licence", "claims"]]


def _chart_of(axes: Charts) -> Chart:
    """What is known of a chart beside its artists."""
    first = axes if isinstance(axes, Axes) else axes[0]
    try:
        return vars(first.figure)["tradeflows"]
    except KeyError as error:
        raise QueryError("these axes were not drawn by tradeflows.charts") from error


def _wide(shown: Sequence[Figured], months: int) -> DataFrame:
    table: dict[str, Series] = {}
    bands: dict[str, Series] = {}
    for line in shown:
        if line.part == "line":
            x, y = line.artist.get_xydata().T
            values = _monthly(x, y, months)
            first = table.setdefault(line.name, values)
            if not values.equals(first.reindex(values.index)):
                raise QueryError(f"{line.name}: its line and its markers show different values")
        elif line.part == "band":
            x, *edges = band_of(line.artist)
            for end, edge in zip(("low", "high"), edges, strict=True):
                values = _monthly(x, edge, months)
                bands[f"{line.name}, {end}"] = values.combine_first(
                    bands.get(f"{line.name}, {end}", values)
                )
    return DataFrame(table | bands).sort_index().rename_axis("ref_period")


def _monthly(x: Any, y: Any, months: int) -> Series:
    """Numbers by the first day of the period in whose middle each stands."""
    starts = [spans.first_day(day, months) for day in days(x)]
    return Series(y, index=pd.DatetimeIndex(starts).as_unit("s"))


def _long(shown: Sequence[Figured], kind: str) -> DataFrame:
    """The figures of a chart, a row each, in the order that they were given in."""
    rows: dict[int, Cells] = {}
    upright = kind in layout.UPRIGHT
    for figure in shown:
        if figure.part == "reference":
            continue
        new = {"series": figure.name, "value": np.nan}
        row = rows.setdefault(int(figure.row), new)
        read = _CELLS.get(figure.part, _of_period)
        cells = read(figure.artist, upright)
        if figure.part == "held" and "printed" in row:
            cells["printed"] = f"{row['printed']}, {cells['printed']}"
        if figure.part == "point" and "ref_period" in row:  # of a period longer than a month
            del cells["ref_period"]
        row |= cells
    in_order = [rows[i] for i in sorted(rows)]
    return _ordered(DataFrame(in_order), kind)


def _rows_of_dots(shown: Sequence[Figured]) -> DataFrame:
    """The figures of dots, a row a name and a column a series."""
    rows: dict[str, Cells] = {}
    for figure in shown:
        if figure.part == "dot":
            [value] = figure.artist.get_xdata()
            rows.setdefault(figure.artist.get_label(), {})[figure.name] = value
    return DataFrame.from_dict(rows, orient="index").rename_axis("series")


def _ordered(table: DataFrame, kind: str) -> DataFrame:
    """The columns that say something, in their order, by period or by series."""
    order = [*_FIRST.get(kind, ()), *_ORDER]
    always = "printed" if kind == "coverage" else "value"
    known = [name for name in order if name in table]
    has_cells = table.notna().any()
    table = table[[name for name in known if name == always or has_cells[name]]]
    if "verdict" in table:
        by_series = table.groupby("series")
        table["verdict"] = by_series["verdict"].transform("first")
    words = {"mark", "says", "printed"} if kind == "ratios" else {"mark"}
    for column in words.intersection(table):
        table[column] = table[column].fillna("")
    index = "ref_period" if kind in ("points", "blocks") else "series"
    return table.set_index(index)


_FIRST = {
    "points": ("ref_period",),
    "blocks": ("ref_period", "n_months"),
    "windows": ("start", "end"),
}
_ORDER = ("series", "value", "low", "high", "mark", "says", "printed", "verdict")


def _of_text(artist: Any, upright: bool) -> Cells:
    _, _, text = artist.get_text().rpartition(": ")
    return {"printed": text}


def _of_bar(artist: Any, upright: bool) -> Cells:
    return {"value": artist.get_width()}  # one of a strip begins where the one before it ends


def _of_label(artist: Any, upright: bool) -> Cells:
    return {"printed": artist.get_text()}


def _of_verdict(artist: Any, upright: bool) -> Cells:
    return {"verdict": artist.get_text()}


def _of_edge(artist: Any, upright: bool) -> Cells:
    return {"mark": artist.get_text()}


def _of_strip(artist: Any, upright: bool) -> Cells:
    x, _ = artist.get_xydata().T
    first, after = days(x)
    last = after - pd.DateOffset(days=1)
    ends = dict.fromkeys((f"{first:%Y-%m}", f"{last:%Y-%m}"))
    return {"printed": " to ".join(ends)}


def _of_reading(artist: Any, upright: bool) -> Cells:
    face = to_hex(artist.get_mfc())
    edge = to_hex(artist.get_mec())
    says = next(word for word, pair in SAYS.items() if [*map(to_hex, pair)] == [face, edge])
    [value] = artist.get_xdata()
    mark = SIGNS.get(artist.get_marker(), "")
    return {"value": value, "says": says, "mark": mark}


def _of_box(artist: Any, upright: bool) -> Cells:
    low = artist.get_y()
    high = low + artist.get_height()
    return {"low": low, "high": high}


def _of_range(artist: Any, upright: bool) -> Cells:
    x, y = artist.get_xydata().T
    low, high = x if upright else y
    return {"low": low, "high": high}


def _of_point(artist: Any, upright: bool) -> Cells:
    (x,), (y,) = artist.get_xydata().T
    [middle] = days([x])
    start = spans.first_day(middle, 1)
    return {"value": y, "ref_period": start} | _mark(artist)


def _of_window(artist: Any, upright: bool) -> Cells:
    x, y = artist.get_xydata().T
    first, last = days(x[[0, -1]])
    return {"value": y[0], "start": first, "end": last}


def _of_period(artist: Any, upright: bool) -> Cells:
    x, y = artist.get_xydata().T
    first, months = spans.whole_months(x[0], x[-1])
    return {"value": y[0], "ref_period": first, "n_months": months} | _mark(artist)


def _mark(artist: Any) -> Cells:
    """The sign of a marker that is none of a plain figure."""
    marker = artist.get_marker()
    return {"mark": SIGNS[marker]} if marker in SIGNS else {}


_CELLS: dict[str, Callable[[Any, bool], Cells]] = {
    "text": _of_text,
    "bar": _of_bar,
    "label": _of_label,
    "verdict": _of_verdict,
    "beyond": _of_edge,
    "held": _of_strip,
    "reading": _of_reading,
    "box": _of_box,
    "range": _of_range,
    "point": _of_point,
    "window": _of_window,
}


def _shaded(shown: Sequence[Figured], dated: bool) -> DataFrame:
    """Cells as they are shaded, and the words below their numbers."""
    columns = [figure.name for figure in shown if figure.part == "column"]
    rows = {}
    words = {}
    for figure in shown:
        if figure.part == "cells":
            rows[figure.name], edges = cells_of(figure.artist)
        elif figure.part == "words":
            row, column = map(int, figure.row.split(","))
            name = [*rows][row]
            words[name, columns[column]] = figure.artist.get_text()
    table = DataFrame(rows)
    if dated:
        months = days(edges[:-1])
        return table.set_axis(months).rename_axis("ref_period")
    table = table.set_axis(columns).T.rename_axis("series")
    if words:
        below = Series(words).unstack()
        below = below.reindex(index=table.index, columns=columns)
        texts = below.astype("object").fillna("")
        table = table.join(texts.add_suffix(", printed"))
    return table
