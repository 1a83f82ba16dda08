"""What every chart is asked for, and the frame behind it under fixed names."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial, wraps
from typing import Any, ParamSpec, Required, TypedDict, TypeVar

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from tradeflows.charts import layout, spans
from tradeflows.charts.layout import Label
from tradeflows.charts.names import entity_name
from tradeflows.model.errors import QueryError
from tradeflows.retrieval import catalogue

Charts = Axes | Sequence[Axes] | np.ndarray
MARKS = {"=": "o", "~": "D", "≤": "v", "<": "v", "≥": "^", ">": "^"}
SIGNS = {"D": "◆", "v": "▼", "^": "▲", "<": "◄", ">": "►"}
WORDS = {"~": "about", "≤": "at most", "<": "below", "≥": "at least", ">": "more than"}
SAID = 3  # caveats, and holes, that have room below a chart
LABEL_DIGITS = 3  # of a number beside its mark; the table of the chart has four
UNSETTLED = ("provisional", "partial")  # flags of a figure that may yet change


P = ParamSpec("P")
Axis = TypeVar("Axis", Axes, np.ndarray)


def redrawable(draw: Callable[P, Axis]) -> Callable[P, Axis]:
    """Let a chart know how it was drawn, so that it can be set on another paper."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Axis:
        axes = draw(*args, **kwargs)
        figure = np.ravel(np.asarray(axes, dtype=object))[0].figure
        vars(figure)["tradeflows"]["redraw"] = partial(draw, *args, **kwargs)
        return axes

    return drawn


class ChartOptions(TypedDict, total=False):
    """What every chart takes beside its data, by keyword.

    Attributes
    ----------
    title
        The claim, as a sentence.
    unit
        What the axis counts: "USD bn a month"; for panels it may differ by panel.
    source
        In place of the line that the catalogue gives for ``frame.attrs["sources"]``.
    note
        A line above the source.
    caveats
        What was left out, cut short or passed over, each a sentence above the source; of many the
        first :data:`SAID` and the count of the others.
    events
        Words by day, each at an upright line; none unless given.
    reference
        Values to compare with, by their words; each is a line through the chart.
    names
        What readers see in place of a code.
    """

    title: Required[str]
    unit: Required[str | Mapping[str, str]]
    source: str
    note: str
    caveats: Sequence[str]
    events: Mapping[str, str]
    reference: Mapping[str, float]
    names: Mapping[str, str]


def complete_options(
    frame: pd.DataFrame,
    options: ChartOptions,
    numbers: Sequence[str] = (),
    names: Sequence[str] = (),
) -> dict[str, Any]:
    """Fill in the options and find the source line, before anything is drawn.

    `numbers` and `names` are columns that :mod:`tradeflows.charts.raw_lines` follows to raw lines.
    """
    unknown = sorted(set(options) - set(ChartOptions.__annotations__))
    if unknown:
        raise TypeError(
            f"no option {', '.join(unknown)}; there are {', '.join(ChartOptions.__annotations__)}"
        )
    if not (options.get("title") and options.get("unit")):
        raise QueryError("a chart needs a title, which is the claim, and a unit")
    ids = tuple(frame.attrs.get("sources", ()))
    shown = {"note": "", "caveats": (), "events": {}, "reference": {}, "names": {}, **options}
    shown["gaps"] = ()
    if not shown.get("source"):
        if not ids:
            raise QueryError('no source: frame.attrs["sources"] is empty, so say source="…"')
        shown["source"] = catalogue.credit(ids)
    shown["attrs"] = {"sources": ids, "caveats": tuple(frame.attrs.get("caveats", ()))}
    if numbers:
        shown["of"] = frame, [*numbers], [*names]
    return shown


def numbered(rows: pd.DataFrame) -> Iterator[tuple[int, Any]]:
    """Rows with their places, for a ``gid``."""
    return enumerate(rows.itertuples())


def refuse(rows: pd.DataFrame, problem: str) -> None:
    """Say the `problem` of the first of `rows`, if there are any."""
    if len(rows):
        first = rows.iloc[0]
        day = f" in {first['x']:%Y-%m}" if pd.notna(first["x"]) else ""
        raise QueryError(f"{problem}: {first['name']}{day} ({len(rows)} rows); filter the frame")


def drawable_rows(
    frame: pd.DataFrame,
    *,
    y: str,
    by: str,
    when: str = "ref_period",
    length: str = "",
    panel: str = "",
    span: Sequence[str] = (),
    months: int = 1,
) -> pd.DataFrame:
    """The frame's columns under fixed names, with what may be absent filled in."""
    _require(frame, [y, *span], [column for column in (by, when, length, panel) if column])
    frame = frame.reset_index(drop=True)
    try:
        value, low, high = (_floats(frame, name) for name in (y, *(span or ("", ""))))
        x = _days(frame, when)
        last = _days(frame, length) if length == "window_end" else None
    except (TypeError, ValueError) as error:
        raise QueryError(
            f"{y} must hold numbers, and {when or by} what it says: {error}"
        ) from error
    bound = value.isna() & (low.isna() != high.isna())  # half a range is a bound
    rows = pd.DataFrame(
        {
            "name": frame[by].astype(str),
            "panel": frame[panel].astype(str) if panel else "",
            "x": x,
            "value": value.where(~bound, low.fillna(high)),
            "low": low.fillna(value.where(high.notna())).mask(bound),
            "high": high.fillna(value.where(low.notna())).mask(bound),
        }
    )
    rows = _with_optional(rows, frame, {"n_months": months, "qualifier": "=", "flags": ""})
    rows.loc[bound, "qualifier"] = low[bound].isna().map({True: "≤", False: "≥"})
    rows["mark"] = rows["qualifier"].map(MARKS)
    rows["hollow"] = [bool(set(UNSETTLED) & set(flags.split())) for flags in rows["flags"]]
    periods = list(zip(x, rows["n_months"].astype(int), strict=True))
    ends = [day + pd.DateOffset(months=length) for day, length in periods]
    rows["end"] = ends if last is None else last
    rows["middle"] = [spans.middle(day, length) for day, length in periods]
    _require_drawable(rows, bool(when))
    return rows


def _with_optional(
    rows: pd.DataFrame, frame: pd.DataFrame, defaults: Mapping[str, Any]
) -> pd.DataFrame:
    """`rows` with the columns that `frame` may lack, by default the same in each row."""
    columns = {
        name: frame[name].fillna(default) if name in frame else default
        for name, default in defaults.items()
    }
    return rows.assign(**columns)


def _require(frame: pd.DataFrame, numbers: Sequence[str], asked: Sequence[str]) -> None:
    """Refuse a frame without rows or columns, or with a null in a column of `asked`."""
    if frame.empty:
        raise QueryError("nothing to draw: the frame has no rows")
    y, *span = numbers
    if missing := [column for column in (y, *asked, *span) if column not in frame]:
        raise QueryError(f"the frame has no column {', '.join(missing)}")
    for column in asked:
        if nulls := int(frame[column].isna().sum()):
            raise QueryError(f"{column} is null in {nulls} of {len(frame)} rows; filter the frame")


def _floats(frame: pd.DataFrame, name: str) -> pd.Series:
    """A column of numbers, all null where it has no name."""
    return frame[name].astype("float64") if name else pd.Series(np.nan, index=frame.index)


def _days(frame: pd.DataFrame, name: str) -> pd.Series:
    """A column of days, all null where it has no name."""
    return pd.to_datetime(frame[name]) if name else pd.Series(pd.NaT, index=frame.index)


def _require_drawable(rows: pd.DataFrame, dated: bool) -> None:
    """Refuse figures that no chart can show."""
    numbers = rows[["value", "low", "high"]]
    refuse(rows[rows["mark"].isna()], f"a qualifier that is none of {' '.join(MARKS)}")
    refuse(rows[numbers.isin([np.inf, -np.inf]).any(axis="columns")], "a value that is not finite")
    refuse(rows[rows["low"] > rows["high"]], "a range whose low end is above its high end")
    if dated:
        empty = numbers.isna().all(axis="columns").groupby([rows["panel"], rows["name"]])
        refuse(rows[empty.transform("all")], "a series without any value")


def finish(
    grid: list[Axes],
    kind: str,
    shown: dict[str, Any],
    rows: pd.DataFrame,
    ends: list[list[Label]],
    zero: bool,
    box: float = 3.0,
    key: str = "",
) -> None:
    """Axes, key, source line and all that stands beside the data."""
    vars(grid[0].figure)["tradeflows"] = shown  # what drawn() cannot read from artists
    upright = kind in layout.UPRIGHT
    units = []
    for axes in grid:
        axes.set_gid(kind)
        layout.number_axis(axes, upright=upright)
        panel, unit = str(axes.get_label()), shown["unit"]
        name, unit = named(panel, shown), unit if isinstance(unit, str) else unit[panel]
        units.append(f"{name}, {unit}" if len(grid) > 1 else unit)
        if not upright:
            ends_of = mdates.date2num([rows["x"].min(), rows["end"].max()])
            axes.update_datalim([(day, 0) for day in ends_of], updatey=False)
            layout.day_axis(axes)
            axes.margins(y=0.05)
            for value in shown["reference"].values():
                axes.update_datalim([(axes.dataLim.x0, value)])
        if zero:
            low, high = axes.dataLim.intervaly
            axes.set_ylim(min(0, 1.05 * low), max(0, 1.05 * high) or float(low == 0))
    signs = "" if upright or kind == "windows" else _signs(rows)
    key = " · ".join(filter(None, (key, signs, _unsettled(rows, kind))))
    layout.finish(
        grid,
        ends,
        title=shown["title"],
        unit=units,
        foot=foot(shown, key),
        events=shown["events"],
        reference=shown["reference"],
        box=box,
    )


def _signs(rows: pd.DataFrame) -> str:
    """What the markers of qualified figures mean."""
    qualifiers = rows["qualifier"][rows["qualifier"] != "="].drop_duplicates()
    return " · ".join(f"{SIGNS[MARKS[sign]]} {WORDS[sign]}" for sign in qualifiers)


def _unsettled(rows: pd.DataFrame, kind: str) -> str:
    """What an open marker or a dashed line means."""
    flags = [flag for flag in UNSETTLED if rows["flags"].str.contains(flag).any()]
    drawn = "Dashed" if kind in ("blocks", "windows") else "Hollow"
    return f"{drawn}: {' or '.join(flags)}" if flags else ""


def foot(shown: Mapping[str, Any], key: str = "") -> list[str]:
    """Paragraphs below a chart: its key, its note, its holes, its caveats, its source."""
    holes = "No figure: " + "; ".join(first_of(shown["gaps"])) if shown["gaps"] else ""
    caveats = first_of([layout.clip(text, 94) for text in shown["caveats"]])
    parts = [key, shown["note"], holes, *caveats, f"Source: {shown['source']}"]
    return [text for text in parts if text]


def first_of(texts: Sequence[str]) -> list[str]:
    """The first :data:`SAID` of `texts`, and how many there are beside."""
    more = len(texts) - SAID
    return [*texts[:SAID], *([f"and {more} more"] if more > 0 else [])]


def named(name: str, shown: Mapping[str, Any]) -> str:
    """What readers see in place of a code."""
    return shown["names"].get(name) or entity_name(name)


def printed(row: Any) -> str:
    """A figure in three digits with its sign, and its range in brackets."""
    low, high = (layout.number(end, LABEL_DIGITS) for end in (row.low, row.high))
    reach = "" if np.isnan(row.low) else f"{low} to {high}"
    if np.isnan(row.value):
        return reach or "not published"
    sign = "" if row.qualifier == "=" else f"{row.qualifier} "
    text = f"{sign}{layout.number(row.value, LABEL_DIGITS)}"
    return f"{text} ({reach})" if reach else text
