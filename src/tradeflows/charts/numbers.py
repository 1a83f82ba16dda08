"""What a chart shows, read back from what was drawn."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from tradeflows.charts import layout, raw_lines, spans
from tradeflows.charts.options import SIGNS, Charts, named
from tradeflows.charts.ratios import SAYS
from tradeflows.charts.spans import days
from tradeflows.model.errors import QueryError
from tradeflows.retrieval import catalogue


class Drawn(pd.DataFrame):
    """What a chart shows; in a notebook it also opens the raw lines behind its numbers."""

    _metadata: ClassVar = ["figure"]
    figure: Any = None

    def _repr_html_(self) -> str | None:
        table = super()._repr_html_()
        if table is None or self.figure is None:
            return table
        return str(table) + raw_lines.shown(self.figure)


def drawn(axes: Charts) -> pd.DataFrame:
    """Read back from the artists, to four significant figures, what a chart shows.

    Parameters
    ----------
    axes
        What a function of this module returned.

    Returns
    -------
    DataFrame
        For lines and for cells by month one row per ``ref_period`` and one column per series (of
        each panel, if there are panels). For other cells the table itself, and "…, printed" for
        what stands below the numbers. Else one row a figure, with ``value`` and, as far as drawn,
        ``series``, ``low``, ``high``, ``n_months``, ``start``, ``end``, ``mark``, ``says``,
        ``printed`` and ``verdict``. A reference is one more column. What is not drawn is NaN.
        ``attrs`` holds ``sources``, ``caveats``.

    Raises
    ------
    QueryError
        The axes are not a chart of this module, or two artists show one point differently.
    """
    attrs = dict(_shown(axes)["attrs"])
    if not isinstance(axes, Axes):
        tables = {str(box.get_label()): drawn(box) for box in axes}
        table = pd.concat(tables, axis="columns", names=["panel", "series"], sort=True)
        return _opening(table, axes[0].figure, attrs)
    kind = axes.get_gid()
    shown: list[tuple[Any, ...]] = [
        (artist, *gid.split("|", 2))
        for artist in axes.get_children()
        if "|" in (gid := artist.get_gid() or "")
    ]
    table = (
        _wide(shown, _shown(axes)["months"][str(axes.get_label())])
        if kind == "lines"
        else _shaded(shown, kind == "months")
        if kind in ("cells", "months")
        else _long(shown, str(kind))
    )
    for artist, _, part, name in shown:
        if part == "reference":
            data = artist.get_xdata() if kind in layout.UPRIGHT else artist.get_ydata()
            table[name] = float(data[0])
    for name in table.select_dtypes("float"):
        table[name] = _significant(table[name])
    return _opening(table, axes.figure, attrs)


def _opening(table: pd.DataFrame, figure: Any, attrs: dict[str, Any]) -> Drawn:
    opening = Drawn(table)
    opening.figure, opening.attrs = figure, attrs
    return opening


def alt(axes: Charts) -> str:
    """Say in words what a chart shows: its title, its unit, its series and their two ends."""
    shown = _shown(axes)
    words = [shown["title"].rstrip(".")]
    for box in [axes] if isinstance(axes, Axes) else axes:
        table = drawn(box)
        words.append(box.get_xlabel() or box.get_ylabel())
        across = {text: table.pop(text).iloc[0] for text in shown["reference"]}
        for name, texts in _in_words(table, str(box.get_gid()), shown):
            ends = dict.fromkeys(texts.dropna().iloc[[0, -1]])
            words.append(f"{named(str(name), shown)}: {', '.join(ends)}")
        words += [f"Line at {layout.number(value)}: {text}" for text, value in across.items()]
    return ". ".join(words) + "."


def _in_words(table: pd.DataFrame, kind: str, shown: Mapping[str, Any]) -> Any:
    """The figures of a box in words, by series."""
    if "verdict" in table:
        first = table[~table.index.duplicated()]
        return (first["verdict"] + ", " + first["printed"]).groupby(level=0, sort=False)
    if "printed" in table:
        return table["printed"].groupby(level=0, sort=False)
    if kind == "cells":
        numbers = table.select_dtypes("float").melt(ignore_index=False).dropna()
        heads = numbers["variable"].map(lambda code: named(code, shown))
        texts = heads + " " + numbers["value"].map(layout.number)
        return texts.groupby(level=0, sort=False)
    if kind in ("lines", "months"):
        table = table.melt(var_name="series", ignore_index=False)
    return _by_month(table)


def _by_month(table: pd.DataFrame) -> Any:
    """The figures of each series with their months, in words."""
    low, high = (
        table.get(end, table["value"]).map(layout.number, na_action="ignore")
        for end in ("low", "high")
    )
    text = table["value"].map(layout.number, na_action="ignore").fillna(low + " to " + high)
    text += " in " + pd.DatetimeIndex(table.index).strftime("%Y-%m")
    return text.groupby(table["series"].array, sort=False)


def sources(claims: Mapping[str, Charts]) -> pd.DataFrame:
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
    """
    uses: dict[str, list[str]] = {}
    for claim, axes in claims.items():
        ids = _shown(axes)["attrs"]["sources"]
        if not ids:
            raise QueryError(f"{claim}: its chart rests on no catalogued source")
        for source in ids:
            uses.setdefault(source, []).append(claim)
    known = catalogue.entries(uses)
    table = pd.DataFrame(
        [
            vars(known[source][0])
            | {"publisher": known[source][1].name, "claims": ", ".join(names)}
            for source, names in uses.items()
        ]
    ).set_index(pd.Index(uses, name="source_id"))
    return table[["publisher", "title", "vintage", "retrieved", "licence", "claims"]]


def _shown(axes: Charts) -> dict[str, Any]:
    """The options under which a chart was drawn."""
    first = axes if isinstance(axes, Axes) else axes[0]
    try:
        return vars(first.figure)["tradeflows"]
    except KeyError as error:
        raise QueryError("these axes were not drawn by tradeflows.charts") from error


def _wide(shown: list[tuple[Any, ...]], months: int) -> pd.DataFrame:
    table: dict[str, pd.Series] = {}
    for line, _, part, name in shown:
        if part != "line":
            continue
        x, y = line.get_xydata().T
        starts = [spans.first_day(day, months) for day in days(x)]
        values = pd.Series(y, index=pd.DatetimeIndex(starts).as_unit("s"))
        if not values.equals(table.setdefault(name, values).reindex(values.index)):
            raise QueryError(f"{name}: its line and its markers show different values")
    return pd.DataFrame(table).sort_index().rename_axis("ref_period")


def _long(shown: list[tuple[Any, ...]], kind: str) -> pd.DataFrame:
    """The figures of a chart, a row each, in the order that they were given in."""
    rows: dict[int, dict[str, Any]] = {}
    for artist, i, part, name in shown:
        if part == "reference":
            continue
        row = rows.setdefault(int(i), {"series": name, "value": np.nan})
        cells = _CELLS.get(part, _of_period)(artist, kind)
        if part == "held" and "printed" in row:
            cells["printed"] = f"{row['printed']}, {cells['printed']}"
        if part == "point" and "ref_period" in row:  # of a period longer than a month
            del cells["ref_period"]
        row |= cells
    return _ordered(pd.DataFrame([rows[i] for i in sorted(rows)]), kind)


def _ordered(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    """The columns that say something, in their order, by period or by series."""
    order = [*_FIRST.get(kind, ()), "series", "value", "low", "high", "mark", "says", "printed"]
    always = "printed" if kind == "coverage" else "value"
    known = [name for name in (*order, "verdict") if name in table]
    table = table[[name for name in known if name == always or table[name].notna().any()]]
    if "verdict" in table:
        table["verdict"] = table.groupby("series")["verdict"].transform("first")
    words = {"mark", "says", "printed"} if kind == "ratios" else {"mark"}
    for column in words & {*table}:
        table[column] = table[column].fillna("")
    return table.set_index("ref_period" if kind in ("points", "blocks") else "series")


_FIRST = {
    "points": ("ref_period",),
    "blocks": ("ref_period", "n_months"),
    "windows": ("start", "end"),
}


def _of_text(artist: Any, kind: str) -> dict[str, Any]:
    return {"printed": artist.get_text().rpartition(": ")[2]}


def _of_bar(artist: Any, kind: str) -> dict[str, Any]:
    return {"value": artist.get_x() + artist.get_width()}


def _of_label(artist: Any, kind: str) -> dict[str, Any]:
    return {"printed": artist.get_text()}


def _of_verdict(artist: Any, kind: str) -> dict[str, Any]:
    return {"verdict": artist.get_text()}


def _of_edge(artist: Any, kind: str) -> dict[str, Any]:
    return {"mark": artist.get_text()}


def _of_strip(artist: Any, kind: str) -> dict[str, Any]:
    first, last = days(artist.get_xydata()[:, 0])
    ends = (f"{day:%Y-%m}" for day in (first, last - pd.DateOffset(days=1)))
    return {"printed": " to ".join(dict.fromkeys(ends))}


def _of_reading(artist: Any, kind: str) -> dict[str, Any]:
    colours = (to_hex(artist.get_mfc()), to_hex(artist.get_mec()))
    words = {tuple(map(to_hex, pair)): word for word, pair in SAYS.items()}
    mark = SIGNS.get(artist.get_marker(), "")
    return {"value": artist.get_xdata()[0], "says": words[colours], "mark": mark}


def _of_box(artist: Any, kind: str) -> dict[str, Any]:
    low = artist.get_y()
    return {"low": low, "high": low + artist.get_height()}


def _of_range(artist: Any, kind: str) -> dict[str, Any]:
    low, high = artist.get_xydata()[:, 0 if kind in layout.UPRIGHT else 1]
    return {"low": low, "high": high}


def _of_point(artist: Any, kind: str) -> dict[str, Any]:
    (x,), (y,) = artist.get_xydata().T
    return {"value": y, "ref_period": spans.first_day(days([x])[0], 1)} | _mark(artist)


def _of_window(artist: Any, kind: str) -> dict[str, Any]:
    x, y = artist.get_xydata().T
    first, last = days(x[[0, -1]])
    return {"value": y[0], "start": first, "end": last}


def _of_period(artist: Any, kind: str) -> dict[str, Any]:
    x, y = artist.get_xydata().T
    first, last = days(x[[0, -1]])
    months = round((last - first).days / 30.44)
    return {"value": y[0], "ref_period": first, "n_months": months} | _mark(artist)


def _mark(artist: Any) -> dict[str, Any]:
    """The sign of a marker that is none of a plain figure."""
    marker = artist.get_marker()
    return {"mark": SIGNS[marker]} if marker in SIGNS else {}


_CELLS: dict[str, Callable[[Any, str], dict[str, Any]]] = {
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


def _shaded(shown: list[tuple[Any, ...]], dated: bool) -> pd.DataFrame:
    """Cells as they are shaded, and the words below their numbers."""
    columns = [name for _, _, part, name in shown if part == "column"]
    rows, words = {}, {}
    for artist, i, part, name in shown:
        if part == "cells":
            rows[name] = np.ma.filled(artist.get_array().astype("float64"), np.nan).ravel()
            edges = artist.get_coordinates()[0, :, 0]
        elif part == "words":
            row, column = map(int, i.split(","))
            words[[*rows][row], columns[column]] = artist.get_text()
    table = pd.DataFrame(rows)
    if dated:
        return table.set_axis(days(edges[:-1])).rename_axis("ref_period")
    table = table.set_axis(columns).T.rename_axis("series")
    if words:
        below = pd.Series(words).unstack().reindex(table.index).reindex(columns=columns)
        table = table.join(below.astype("object").fillna("").add_suffix(", printed"))
    return table


def _significant(values: pd.Series, figures: int = 4) -> pd.Series:
    """Round, first finely, so that no two machines fall to different sides of a tie."""
    return values.map(lambda value: float(f"{float(f'{value:.12g}'):.{figures}g}") + 0.0)
