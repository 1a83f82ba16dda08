"""What a chart hands over: two drawings of the same data, its table, its words and its sources."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from tradeflows.charts import layout, raw_lines, spans, svg
from tradeflows.charts.marks import NAMED, in_box, told
from tradeflows.charts.numbers import WIDE, alt, arranged, read_back
from tradeflows.charts.options import BAND, SIGNS, VALUE, Chart, Charts, about, figure_of, named


@dataclass(frozen=True)
class ChartFiles:
    """A chart as a page needs it.

    Attributes
    ----------
    id
        The name of its address.
    kind, title, unit, alt
        What it is, its claim, what it counts (by panel, where there are panels), it in words.
    caveats, sources, claims
        What was left out, each a sentence; ids of catalogued sources; those of claims whose
        verdicts belong below it.
    about
        What its terms of trade mean, and its sources with their dates, for which it has no room.
    wide, narrow
        Elements for a page of 760 and of 360 pixels.
    file, phone
        The same drawings, each as a file of its own.
    rows
        The numbers drawn, a header first, in three figures as a reader is shown them; beside those
        of bars and cells the period, where marks say one that the unit does not have.
    table
        The same for readers: names in place of codes, periods in words.
    lines
        Those of the raw files, a header first.
    evidence
        Those as HTML, by number, to open on a page: the first of each, and more where there is
        room.
    entries
        Of each cell of the table but the first of its row the id of its number's entry in the
        evidence, "" where it has none.
    """

    id: str
    kind: str
    title: str
    unit: str | Mapping[str, str]
    alt: str
    caveats: tuple[str, ...]
    sources: tuple[str, ...]
    claims: tuple[str, ...]
    about: str
    wide: str
    narrow: str
    file: str
    phone: str
    rows: list[list[str]]
    table: list[list[str]]
    lines: list[list[str]]
    evidence: str
    entries: list[list[str]]


def hand_over(axes: Charts, id: str) -> ChartFiles:
    """All that a page shows of a chart, and all that a reader may take along.

    Parameters
    ----------
    axes
        What a function of :mod:`tradeflows.charts` returned.
    id
        The name of the chart's address in its page; no change of a number may change it.

    Raises
    ------
    SourceError
        A raw file is missing or altered.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import charts
    >>> look = {"title": "It rose", "unit": "Mt a month", "source": "Made up"}
    >>> months = pd.date_range("2023-01-01", periods=3, freq="MS")
    >>> crude = pd.DataFrame({"ref_period": months, "who": "India", "mt": [1.0, 2.0, 3.0]})
    >>> axes = charts.lines(crude, y="mt", by="who", **look)
    >>> charts.hand_over(axes, "crude").alt
    'It rose. Mt a month. India: 1 in January 2023, 3 in March 2023.'
    """
    figure = figure_of(axes)
    chart = vars(figure)["tradeflows"]
    kind = str(figure.axes[0].get_gid())
    words = alt(axes)
    drawing = svg.plain(figure, words)
    numbers = raw_lines.numbers(figure, id)
    known = numbers[: raw_lines.NUMBERS]
    ids = {place: number.id for number in known for place in number.places}

    def entry(mark: Any, columns: Sequence[str] = chart.get("of", ("", ()))[1]) -> str:
        """The entry of a mark: of its figure, or of an end of its range."""
        places = ((mark.row, column, mark.run) for column in columns)
        return next((ids[place] for place in places if place in ids), "")

    marks = told(figure)
    shown, entries = _tables(axes, kind, chart, entry, marks)
    readable = _readable(shown, chart, kind)
    flat = pd.DataFrame(shown)  # whose columns have one name each
    if flat.columns.nlevels > 1:
        flat.columns = [": ".join(map(str, column)) for column in flat.columns]
    if len(readable.columns) < len(shown.columns):
        entries = entries.drop(columns=VALUE)
    with layout.on(layout.NARROW):
        small = figure_of(chart["redraw"]())
        drawn_small = svg.plain(small, words)
        narrow = svg.inline(small, drawn_small, words, f"{id}-narrow", told(small), None)
        plt.close(small)
    return ChartFiles(
        id=id,
        kind=kind,
        title=chart["title"],
        unit=chart["unit"],
        alt=words,
        caveats=tuple(chart["attrs"]["caveats"]),
        sources=tuple(chart["attrs"]["sources"]),
        claims=tuple(chart["claims"]),
        about=about(chart),
        wide=svg.inline(figure, drawing, words, f"{id}-wide", marks, entry),
        narrow=narrow,
        file=drawing,
        phone=drawn_small,
        rows=_rows(flat),
        table=_rows(readable),
        lines=raw_lines.table(figure),
        evidence=raw_lines.evidence(figure, numbers, raw_lines.NUMBERS),
        entries=entries.to_numpy().tolist(),
    )


def css() -> str:
    """The rules of style for charts in a page; in the dark all are turned, their hues kept.

    Examples
    --------
    >>> from tradeflows import charts
    >>> "svg" in charts.css()
    True
    """
    return (raw_lines.BROWSER / "chart.css").read_text(encoding="utf-8")


def script() -> str:
    """The script by which charts answer to pointer, touch and keyboard, for a file of its own.

    Examples
    --------
    >>> from tradeflows import charts
    >>> "pointer" in charts.script()
    True
    """
    return (raw_lines.BROWSER / "chart.js").read_text(encoding="utf-8")


def _tables(
    axes: Charts, kind: str, chart: Chart, entry: svg.Entries, told_marks: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What was read back, in three figures and with its periods; and the entry of each cell."""
    shown = pd.DataFrame(read_back(axes, layout.DIGITS))
    boxes = [axes] if isinstance(axes, Axes) else [*axes]
    columns = chart.get("of", ("", []))[1]
    if kind in WIDE:
        tables = {}
        for box in boxes:
            marks = in_box(box).query(f"part != '{BAND}'")
            marks["entry"] = [entry(mark) for mark in marks.itertuples()]
            tables[str(box.get_label())] = arranged(marks, kind, "entry")
        entries = pd.concat(tables, axis="columns", sort=True)
        if shown.columns.nlevels == 1:
            entries = entries.droplevel(0, axis="columns")
        entries = entries.reindex(index=shown.index, columns=shown.columns)
    else:
        marks = in_box(boxes[0])
        marks = marks.drop_duplicates("row") if kind == "coverage" else marks
        entries = pd.DataFrame(np.nan, shown.index, shown.columns, dtype=object)
        ends = {"low": [*columns[1:2], *columns[:1]], "high": [*columns[2:], *columns[:1]]}
        for name, some in {VALUE: columns, "printed": columns, **ends}.items():
            if name in shown:
                entries[name] = [entry(mark, some) for mark in marks.itertuples()]
    entries = entries.astype(object).where(shown.notna()).fillna("")
    if kind in NAMED:
        _add_periods(shown, entries, kind, chart, told_marks)
    return shown, entries


def _add_periods(
    shown: pd.DataFrame, entries: pd.DataFrame, kind: str, chart: Chart, marks: pd.DataFrame
) -> None:
    """Put the periods of figures into their table where marks say them and the unit does not.

    There is one column of them where all figures of each row are of one period, else one beside
    each column.
    """
    said = marks["period"]
    if not said.any() or (VALUE in shown and spans.is_said(str(chart["unit"]), said)):
        return
    if kind == "bars":
        periods = pd.DataFrame({VALUE: marks["whole_period"].array}, shown.index)
    else:
        periods = arranged(marks, kind, "whole_period").fillna("")
    is_silent = shown[[*periods]].isna() & periods.eq("")
    of_row = [list(dict.fromkeys(row.dropna())) for _, row in periods.mask(is_silent).iterrows()]
    if all(len(parts) < 2 for parts in of_row):
        more = {"period": (0, ["".join(parts) for parts in of_row])}
    else:
        more = {
            f"{column}{PERIOD}": ([*shown].index(column) + 1, periods[column])
            for column in reversed([*periods])
            if periods[column].any()
        }
    for name, (at, cells) in more.items():
        shown.insert(at, name, cells)
        entries.insert(at, name, "")


def _readable(table: pd.DataFrame, chart: Chart, kind: str) -> pd.DataFrame:
    """A table with names in place of codes, words of signs and periods, and heads that say units.

    A column of one series has its name, and the unit stands above the table; there are no values
    where all figures are ranges.
    """
    shown = table.copy()

    def name(code: Any) -> str:
        return named(str(code), chart)

    if "low" in shown and shown[VALUE].isna().all():
        shown = shown.drop(columns=VALUE)
    if "printed" in shown:
        shown["printed"] = shown["printed"].map(spans.in_words, na_action="ignore")
    if "mark" in shown:
        shown["mark"] = shown["mark"].replace(_SIGNED)
    unit = chart["unit"] if isinstance(chart["unit"], str) else "Figure"
    unit = unit.rstrip(".")
    heads = _HEADS | {VALUE: unit, "low": f"{unit}: lowest", "high": f"{unit}: highest"}
    if shown.columns.nlevels > 1:
        shown.columns = [": ".join(map(name, column)) for column in shown.columns]
    else:
        shown.columns = [
            heads.get(at) or name(at.removesuffix(PERIOD)) + ": period" * at.endswith(PERIOD)
            for at in map(str, shown.columns)
        ]
    if NAME in shown:
        shown[NAME] = shown[NAME].map(name)
    is_dated = shown.index.name == "ref_period"
    rows = _periods(shown, chart, kind) if is_dated else [*map(name, shown.index)]
    shown.index = pd.Index(rows, name="Period" if is_dated else NAME)
    return shown


def _periods(shown: pd.DataFrame, chart: Chart, kind: str) -> list[str]:
    """The periods of the rows of a table in words; those of blocks have their months beside."""
    lengths = chart["marks"]["n_months"]
    if kind != "points":
        lengths = [int(lengths.max()) if kind == "lines" else 1] * len(shown)
    return [spans.text(day, n) for day, n in zip(shown.index, lengths, strict=True)]


NAME, PERIOD = "Name", ", period"  # of a column; and of the column of its periods
_SIGNED = dict(zip(SIGNS.values(), ("about", "at most", "at least"), strict=True))
_HEADS = {
    "series": NAME,
    "period": "Period",
    "mark": "About, at most or at least",
    "printed": "As printed",
    "n_months": "Months",
    "start": "From",
    "end": "To",
}


def _rows(table: pd.DataFrame) -> list[list[str]]:
    return list(csv.reader(io.StringIO(table.to_csv())))
