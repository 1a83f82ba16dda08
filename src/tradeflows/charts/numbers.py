"""What a chart shows, read back from what was drawn."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from tradeflows.charts import layout, raw_lines, spans
from tradeflows.charts.ratios import SAYS
from tradeflows.charts.spans import days
from tradeflows.charts.style import SIGNS, Charts, named
from tradeflows.model.errors import QueryError


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
        tables = {str(one.get_label()): drawn(one) for one in axes}
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
    told = [shown["title"].rstrip(".")]
    for one in [axes] if isinstance(axes, Axes) else axes:
        table = drawn(one)
        told.append(one.get_xlabel() or one.get_ylabel())
        across = {text: table.pop(text).iloc[0] for text in shown["reference"]}
        if "verdict" in table:
            first = table[~table.index.duplicated()]
            said = (first["verdict"] + ", " + first["printed"]).groupby(level=0, sort=False)
        elif "printed" in table:
            said = table["printed"].groupby(level=0, sort=False)
        elif one.get_gid() == "cells":
            numbers = table.select_dtypes("float").melt(ignore_index=False).dropna()
            said = (
                numbers["variable"].map(lambda code: named(code, shown))
                + " "
                + numbers["value"].map(layout.number)
            ).groupby(level=0, sort=False)
        elif one.get_gid() in ("lines", "months"):
            said = _said(table.melt(var_name="series", ignore_index=False))
        else:
            said = _said(table)
        for name, texts in said:
            ends = dict.fromkeys(texts.dropna().iloc[[0, -1]])
            told.append(f"{named(str(name), shown)}: {', '.join(ends)}")
        told += [f"Line at {layout.number(value)}: {text}" for text, value in across.items()]
    return ". ".join(told) + "."


def _said(table: pd.DataFrame) -> Any:
    """The figures of each series, in words."""
    low, high = (
        table.get(end, table["value"]).map(layout.number, na_action="ignore")
        for end in ("low", "high")
    )
    text = table["value"].map(layout.number, na_action="ignore").fillna(low + " to " + high)
    return (text + " in " + pd.DatetimeIndex(table.index).strftime("%Y-%m")).groupby(
        table["series"].array, sort=False
    )


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
    from tradeflows.retrieval import catalogue

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
            known[source][0]._asdict()
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
    rows: dict[int, dict[str, Any]] = {}
    for artist, i, part, name in shown:
        if part == "reference":
            continue
        row = rows.setdefault(int(i), {"series": name, "value": np.nan})
        if part == "text":
            row["printed"] = artist.get_text().rpartition(": ")[2]
        elif part == "bar":
            row["value"] = artist.get_x() + artist.get_width()
        elif part == "label":
            row["printed"] = artist.get_text()
        elif part == "verdict":
            row["verdict"] = artist.get_text()
        elif part == "beyond":
            row["mark"] = artist.get_text()
        elif part == "held":
            first, last = days(artist.get_xydata()[:, 0])
            ends = (f"{day:%Y-%m}" for day in (first, last - pd.DateOffset(days=1)))
            run = " to ".join(dict.fromkeys(ends))
            row["printed"] = f"{row['printed']}, {run}" if "printed" in row else run
        elif part == "reading":
            look = (to_hex(artist.get_mfc()), to_hex(artist.get_mec()))
            row["value"] = artist.get_xdata()[0]
            row["says"] = {tuple(map(to_hex, each)): word for word, each in SAYS.items()}[look]
            row["mark"] = SIGNS.get(artist.get_marker(), "")
        elif part == "box":
            row["low"], row["high"] = artist.get_y(), artist.get_y() + artist.get_height()
        elif part == "range":
            row["low"], row["high"] = artist.get_xydata()[:, 0 if kind in layout.UPRIGHT else 1]
        else:
            x, y = artist.get_xydata().T
            first, last = days(x[[0, -1]])
            row["value"] = y[0]
            if kind == "windows":
                row |= {"start": first, "end": last}
            elif part == "point":
                row.setdefault("ref_period", spans.first_day(first, 1))
            else:
                row |= {"ref_period": first, "n_months": round((last - first).days / 30.44)}
            if kind != "windows" and artist.get_marker() in SIGNS:
                row["mark"] = SIGNS[artist.get_marker()]
    table = pd.DataFrame([rows[i] for i in sorted(rows)])
    order = ["series", "value", "low", "high", "mark", "says", "printed", "verdict"]
    order = {
        "points": ["ref_period"],
        "blocks": ["ref_period", "n_months"],
        "windows": ["start", "end"],
    }.get(kind, []) + order
    always = "printed" if kind == "coverage" else "value"
    table = table[[c for c in order if c == always or (c in table and table[c].notna().any())]]
    if "verdict" in table:
        table["verdict"] = table.groupby("series")["verdict"].transform("first")
    words = {"mark", "says", "printed"} if kind == "ratios" else {"mark"}
    for column in words & {*table}:
        table[column] = table[column].fillna("")
    index = "ref_period" if kind in ("points", "blocks") else "series"
    return table.set_index(index)


def _shaded(shown: list[tuple[Any, ...]], dated: bool) -> pd.DataFrame:
    """Cells as they are shaded, and the words below their numbers."""
    columns = [name for _, _, part, name in shown if part == "column"]
    rows, said = {}, {}
    for artist, i, part, name in shown:
        if part == "cells":
            rows[name] = np.ma.filled(artist.get_array().astype("float64"), np.nan).ravel()
            edges = artist.get_coordinates()[0, :, 0]
        elif part == "words":
            row, column = map(int, i.split(","))
            said[[*rows][row], columns[column]] = artist.get_text()
    table = pd.DataFrame(rows)
    if dated:
        return table.set_axis(days(edges[:-1])).rename_axis("ref_period")
    table = table.set_axis(columns).T.rename_axis("series")
    if said:
        words = pd.Series(said).unstack().reindex(table.index).reindex(columns=columns)
        table = table.join(words.fillna("").add_suffix(", printed"))
    return table


def _significant(values: pd.Series, figures: int = 4) -> pd.Series:
    """Round, first finely, so that no two machines fall to different sides of a tie."""
    return values.map(lambda value: float(f"{float(f'{value:.12g}'):.{figures}g}") + 0.0)
