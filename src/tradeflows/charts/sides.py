"""Two statements of one flow in one picture."""

from collections.abc import Mapping
from functools import partial
from typing import Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from pandas import DataFrame

from tradeflows import measures
from tradeflows.charts import colours
from tradeflows.charts.colours import Look
from tradeflows.charts.names import entity_name
from tradeflows.charts.options import ChartOptions, redrawable
from tradeflows.charts.series import draw_lines
from tradeflows.measures.common import with_lineage
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import Formula, Role

OF_A_SIDE = ("qualifier", "flags", "publisher", "source_id")


@redrawable
def sides(
    frame: DataFrame,
    *,
    y: str,
    of: tuple[str, str],
    band: tuple[float, float] = (1.0, 1.0),
    every: int | None = None,
    zero: bool = True,
    **options: Unpack[ChartOptions],
) -> Axes:
    """Draw two statements of one flow as two lines, with what freight explains between them.

    Periods that one side alone states are shaded.

    Parameters
    ----------
    frame
        As :func:`tradeflows.measures.gap` gives it, of one flow: the importer's numbers in ``y_m``
        and the exporter's in ``y_x``.
    y
        The column of both sides, without its ending.
    of
        Who states the first and who the second, as names or ids.
    band
        Least and most that the first may be of the second, such as ``measures.CIF_BAND``: a faint
        band along the second. Without a width there is none.
    every, zero
        As for :func:`lines`.
    **options
        See :class:`ChartOptions`.

    Raises
    ------
    QueryError
        As :func:`lines`; a side is missing, or the two have one name.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import charts, measures
    >>> look = {"title": "Both say so", "unit": "USD bn a month", "source": "Made up"}
    >>> months = pd.date_range("2023-01-01", periods=3, freq="MS")
    >>> bought = pd.DataFrame({"ref_period": months, "n_months": 1, "usd": [5.0, 6.0, 7.0]})
    >>> sold = bought.assign(usd=[4.0, 6.0, 5.0]).iloc[:2]
    >>> both = measures.gap(bought, sold, "usd", measures.CIF_BAND)
    >>> axes = charts.sides(both, y="usd", of=("CHN", "RUS"), band=measures.CIF_BAND, **look)
    >>> charts.drawn(axes).round(1).iloc[0].tolist()
    [5.0, 4.0, 4.0, 4.4]
    """
    missing = [column for column in (f"{y}_m", f"{y}_x") if column not in frame]
    if missing:
        raise QueryError(f"the frame has no column {', '.join(missing)}: measures.gap makes them")
    if of[0] == of[1]:
        raise QueryError(f"both sides are named {of[0]}; name who states which")
    columns = {name: _of_side(frame, y, end) for name, end in zip(of, "mx", strict=True)}
    names = dict(options.get("names", {}))
    second = names.get(of[1]) or entity_name(of[1])
    for end, word in (("low", "the least"), ("high", "the most")):
        names.setdefault(f"{of[1]}, {end}", f"{second}, with {word} freight")
    look: ChartOptions = {**options, "names": names}
    stacked = measures.stack(columns, "side")
    beneath = partial(_beneath, band=band, second=second)
    boxes = draw_lines(
        stacked, look, 3.0, every, zero, (), {}, False, beneath=beneath, y="value", by="side"
    )
    axes: Axes = boxes[0]
    return axes


def _of_side(frame: DataFrame, y: str, end: str) -> DataFrame:
    """What one side states, with the lines that it came from."""
    kept = {name: frame[name] for name in ("ref_period", "n_months") if name in frame}
    own = {name: frame[f"{name}_{end}"] for name in OF_A_SIDE if f"{name}_{end}" in frame}
    side = DataFrame({**kept, **own, "value": frame[f"{y}_{end}"]})
    formula = Formula("value", {"value": Role(frame, f"{y}_{end}")})
    return with_lineage(side, frame, formulas={"value": formula})


def _beneath(
    axes: Axes,
    series: Mapping[str, DataFrame],
    looks: Mapping[str, Look],
    *,
    band: tuple[float, float],
    second: str,
) -> str:
    """Shade what one side alone states, draw the band along the second, and say so."""
    keys = []
    one, other = series.values()
    periods = one.index.union(other.index)
    lengths = pd.concat([one["n_months"], other["n_months"]])
    length = pd.DateOffset(months=int(lengths.max()))
    stated = [side["value"].reindex(periods).notna() for side in (one, other)]
    is_alone = stated[0] ^ stated[1]
    spans: list[list[pd.Timestamp]] = []  # as long as they can be, since two that touch show a seam
    for day in periods[is_alone]:
        if spans and spans[-1][1] == day:
            spans[-1][1] = day + length
        else:
            spans.append([day, day + length])
    for first, end in spans:
        axes.axvspan(first, end, color=colours.SHADE, lw=0, zorder=0)
    if is_alone.any():
        keys.append("Shaded: one side alone states a figure")
    if band[0] < band[1]:
        name = [*series][1]
        _band(axes, name, other, looks[name].colour, band)
        least, most = (f"{100 * (factor - 1):.0f}" for factor in band)
        keys.append(f"Band: {second} plus {least} to {most} % for freight")
    return " · ".join(keys)


def _band(axes: Axes, name: str, part: DataFrame, colour: str, band: tuple[float, float]) -> None:
    """Draw the band along a series, and an upright bar where a figure has no neighbour."""
    low, high = (part["value"] * factor for factor in band)
    known = part["value"].notna()
    gid = f"0|band|{name}"
    axes.fill_between(
        part["middle"], low, high, where=known, color=colour, alpha=0.2, lw=0, zorder=0.5, gid=gid
    )
    is_lone = known & ~known.shift(1, fill_value=False) & ~known.shift(-1, fill_value=False)
    for at in np.flatnonzero(is_lone):
        place, ends = [part["middle"].iloc[at]] * 2, [low.iloc[at], high.iloc[at]]
        axes.plot(place, ends, lw=4, alpha=0.4, color=colour, zorder=0.5, gid=gid)
