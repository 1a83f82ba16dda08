"""What a chart hands over: two drawings of the same data, its table, its words and its sources."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from tradeflows.charts import colours, layout, raw_lines, spans, svg
from tradeflows.charts.artists import significant
from tradeflows.charts.behind import Behind
from tradeflows.charts.marks import QUALIFIERS, said_periods
from tradeflows.charts.numbers import alt, drawn, read_back
from tradeflows.charts.options import SIGNS, VALUE, WORDS, Chart, Charts, named

BROWSER = files("tradeflows.charts") / "browser"


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
    wide, narrow, file
        Elements for a page of 760 and of 360 pixels, and a drawing as a file of its own.
    rows
        The numbers drawn, a header first, in three figures as a reader is shown them; beside those
        of bars, dots and cells the period, where marks say one that the unit does not have.
    table
        The same for readers: names in place of codes, periods in words.
    numbers
        What :func:`drawn` reads back, each number once.
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
    wide: str
    narrow: str
    file: str
    rows: list[list[str]]
    table: list[list[str]]
    numbers: list[float]
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
    first = np.ravel(np.asarray(axes, dtype=object))[0]
    figure = first.figure
    chart = vars(figure)["tradeflows"]
    kind = str(first.get_gid())
    words, shown = alt(axes), _as_printed(read_back(axes, layout.DIGITS), kind)
    said = said_periods(first).values()
    if any(said) and not (VALUE in shown and spans.is_said(str(chart["unit"]), said)):
        shown = _with_periods(shown, said_periods(first, in_full=True))
    drawing = svg.plain(figure, words)
    is_traced = "of" in chart
    behind = Behind(figure, id)
    table = _rows(_readable(shown, chart))
    return ChartFiles(
        id=id,
        kind=kind,
        title=chart["title"],
        unit=chart["unit"],
        alt=words,
        caveats=tuple(chart["attrs"]["caveats"]),
        sources=tuple(chart["attrs"]["sources"]),
        claims=tuple(chart["claims"]),
        wide=svg.inline(figure, drawing, words, f"{id}-wide", behind),
        narrow=_narrow(chart, words, id, behind),
        file=drawing,
        rows=_rows(_flat(shown, ": ")),
        table=table,
        numbers=_finite(drawn(axes)),
        lines=raw_lines.table(figure) if is_traced else [],
        evidence=behind.shown() if is_traced else "",
        entries=behind.in_table(table),
    )


def css() -> str:
    """The rules of style for charts in a page, with all colours as they are in the dark.

    Examples
    --------
    >>> from tradeflows import charts
    >>> "svg" in charts.css()
    True
    """
    rules = (BROWSER / "chart.css").read_text(encoding="utf-8")
    night = sorted(colours.night_colours().items())
    dark = "".join(f"    --chart-{light[1:]}: {dark};\n" for light, dark in night)
    return f"{rules}@media screen and (prefers-color-scheme: dark) {{\n  :root {{\n{dark}  }}\n}}\n"


def script() -> str:
    """The script by which charts answer to pointer, touch and keyboard, for a file of its own.

    Examples
    --------
    >>> from tradeflows import charts
    >>> "pointer" in charts.script()
    True
    """
    return (BROWSER / "chart.js").read_text(encoding="utf-8")


def _narrow(chart: Chart, words: str, id: str, behind: Behind) -> str:
    """The same chart on narrow paper."""
    with layout.on(layout.NARROW):
        figure = np.ravel(np.asarray(chart["redraw"](), dtype=object))[0].figure
        try:
            return svg.inline(figure, svg.plain(figure, words), words, f"{id}-narrow", behind)
        finally:
            plt.close(figure)


def _as_printed(shown: pd.DataFrame, kind: str) -> pd.DataFrame:
    """What was read back, ratios as the per cent that the chart has on its axis."""
    if kind != "ratios":
        return shown
    in_percent = 100 * shown.select_dtypes("float")
    return shown.assign(**in_percent.map(lambda value: significant(value, layout.DIGITS)))


def _with_periods(table: pd.DataFrame, said: Mapping[tuple[str, str], str]) -> pd.DataFrame:
    """A table with the periods of its figures, `said` by row and column.

    There is one column of them where all figures of each row are of one period, else one beside
    each column.
    """
    shown = pd.DataFrame(table)
    rows = list(dict.fromkeys(row for row, _ in said))
    columns = list(dict.fromkeys(column for _, column in said))
    periods = pd.DataFrame(
        [[said.get((row, column), "") for column in columns] for row in rows],
        index=shown.index,
        columns=columns,
    )
    is_silent = shown[columns].isna() & periods.eq("")
    of_row = [list(dict.fromkeys(row.dropna())) for _, row in periods.mask(is_silent).iterrows()]
    if all(len(parts) < 2 for parts in of_row):
        shown.insert(0, "period", ["".join(parts) for parts in of_row])
        return shown
    for column in columns:
        at = list(shown.columns).index(column) + 1
        if periods[column].any():
            shown.insert(at, f"{column}, period", periods[column])
    return shown


def _flat(table: pd.DataFrame, between: str) -> pd.DataFrame:
    """A table whose columns have one name each."""
    flat = pd.DataFrame(table)
    if flat.columns.nlevels > 1:
        flat.columns = [between.join(map(str, column)) for column in flat.columns]
    return flat


def _readable(table: pd.DataFrame, chart: Chart) -> pd.DataFrame:
    """A table with names in place of codes, periods in words, and heads that say what is counted.

    A column of one series has its name, and the unit stands above the table.
    """
    shown = _with_words(pd.DataFrame(table))
    if shown.columns.nlevels > 1:
        names = [[named(str(part), chart) for part in column] for column in shown.columns]
        shown.columns = [": ".join(parts) for parts in names]
    else:
        heads = _heads(chart)
        shown.columns = [heads.get(name) or _head(name, chart) for name in map(str, shown.columns)]
    if NAME in shown:
        shown[NAME] = [named(str(name), chart) for name in shown[NAME]]
    if shown.index.name == "ref_period":
        months = max(chart.get("months", {"": 1}).values())
        shown.index = pd.Index([spans.text(day, months) for day in shown.index], name="Period")
    else:
        shown.index = pd.Index([named(str(name), chart) for name in shown.index], name=NAME)
    return shown


def _with_words(table: pd.DataFrame) -> pd.DataFrame:
    """A table with words in place of signs, and without values where all figures are ranges."""
    if "low" in table and table[VALUE].isna().all():
        table = table.drop(columns=VALUE)
    if "printed" in table:
        table["printed"] = table["printed"].map(spans.in_words, na_action="ignore")
    if "mark" in table:
        table["mark"] = table["mark"].map(lambda sign: _SIGNED.get(sign, sign))
    return table


def _head(name: str, chart: Chart) -> str:
    """The head of a column of figures, or of the periods of such a column."""
    column = name.removesuffix(", period")
    return named(name, chart) if column == name else f"{named(column, chart)}: period"


def _heads(chart: Chart) -> dict[str, str]:
    """Heads of a table's columns; those of numbers are what the chart counts, with its unit."""
    unit = chart["unit"] if isinstance(chart["unit"], str) else "Figure"
    unit = unit.rstrip(".")
    return {**_HEADS, VALUE: unit, "low": f"{unit}: lowest", "high": f"{unit}: highest"}


NAME = "Name"
_SIGNED = {SIGNS[marker]: WORDS[sign] for marker, sign in QUALIFIERS.items()}
_SIGNED |= {SIGNS["<"]: WORDS["≤"], SIGNS[">"]: WORDS["≥"]}
_HEADS = {
    "series": NAME,
    "period": "Period",
    "mark": "About, at most or at least",
    "says": "Against the claim",
    "printed": "As printed",
    "verdict": "Verdict",
    "n_months": "Months",
    "start": "From",
    "end": "To",
}


def _finite(table: pd.DataFrame) -> list[float]:
    """The numbers of a table, each once."""
    numbers = pd.DataFrame(table).select_dtypes("number").to_numpy(dtype="float64")
    return np.unique(numbers[np.isfinite(numbers)]).tolist()


def _rows(table: pd.DataFrame) -> list[list[str]]:
    return list(csv.reader(io.StringIO(table.to_csv())))
