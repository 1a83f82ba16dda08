"""One figure beside another: growth, differences, and two statements of one flow."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy import ndarray
from pandas import DataFrame, Series

from tradeflows.measures.common import (
    UNITS,
    computed,
    figures_of,
    formulas_of,
    grain_of,
    grouped,
    groups_of,
    listed,
    numbers_of,
    overlaps,
    prepared,
    require_columns,
    require_single_value,
    shared_months,
    spread,
    unique,
    unit_of,
    with_lineage,
    words,
)
from tradeflows.measures.zeros import with_used_zeros, with_zeros
from tradeflows.model import codes
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import PLACE, Role
from tradeflows.model.periods import require_whole_periods, runs_of

_KEYS_OF_GAP = (
    "ref_period",
    "n_months",
    "reporter_iso",
    "partner_iso",
    "cmd_code",
    "cumulation",
    "breakdown",
)
ALIKE = "freight and insurance explain no gap here: the two statements should be alike"
GROWTH = "100 * (value / base - 1)"
CIF_BAND = (1.00, 1.10)  # importer's over exporter's value: the IMF adds 6 %, formerly 10 %


def yoy(frame: DataFrame, value: str) -> DataFrame:
    """Compare each period with the same months of the year before, in the same cell.

    A block is compared with the months that make it up, or they with it, where one side's
    periods tile the other's.

    Returns
    -------
    DataFrame, rows and columns of `frame`
        With ``<value>_base``, ``yoy_pct`` (%) and ``missing``, the months for want of which
        ``yoy_pct`` is null.

    Raises
    ------
    QueryError
        Two periods of one cell overlap.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> months = pd.to_datetime(["2022-05-01", "2023-05-01"])
    >>> tonnes = pd.DataFrame({"ref_period": months, "n_months": 1, "net_wgt_kg": [80.0, 100.0]})
    >>> measures.yoy(tonnes, "net_wgt_kg")["yoy_pct"].tolist()
    [nan, 25.0]
    """
    frame = prepared(with_zeros(frame, value), value, "ref_period", "n_months")
    cell = groups_of(frame, grain_of(frame, value))
    if "cumulation" in frame:  # years to date overlap by their nature: each length by itself
        is_to_date = frame["cumulation"].eq("ytd")
        cell = cell + len(frame) * (frame["n_months"] * is_to_date).to_numpy()
    lines = spread(frame, cell, numbers_of(frame, value).notna().to_numpy())
    earlier = lines.loc[lines["stated"], ["cell", "month", "row"]].rename(columns={"row": "base"})
    earlier["month"] += 12
    pairs = lines.merge(earlier, on=["cell", "month"], how="left")
    # A base period counts only when all of its months fall into the period compared.
    matched = pairs.groupby(["row", "base"])["month"].transform("size")
    length = Series(frame["n_months"].to_numpy("int64"))
    pairs["tiled"] = matched.eq(pairs["base"].map(length))
    used = pairs[pairs.groupby("row")["tiled"].transform("all")]
    used = used.drop_duplicates(["row", "base"]).astype("int64")
    names = {"value": figures_of(frame, value)}
    names["base"] = figures_of(frame, value, used["base"].to_numpy(), used["row"].to_numpy())
    formulas = formulas_of(names, {"yoy_pct": GROWTH, f"{value}_base": "base"})
    result = computed(frame, formulas, f"{value}_base", "yoy_pct")
    silent = lines.loc[~lines["stated"], ["row", "month"]]
    unmatched = pairs.loc[~pairs["tiled"], ["row", "month"]]
    unmatched["month"] -= 12
    absent = pd.concat([silent, unmatched])
    result["missing"] = runs_of(absent.groupby("row")["month"], len(frame))
    return with_lineage(result, frame, kept=[Role(frame)], formulas=formulas)


def growth(frame: DataFrame, value: str, year: int, base: int) -> DataFrame:
    """Growth of a year on another, over the months that both have.

    Returns
    -------
    DataFrame, one row a cell of `frame`
        The grain, `value` and ``<value>_base`` (sums over the shared months), ``change`` (the one
        less the other), ``growth_pct`` (%), ``n_months`` and ``months``, which they are; null and
        "" where they share none.

    Raises
    ------
    QueryError
        Two periods of one cell overlap, or one crosses the turn of either year.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> years = pd.to_datetime(["2021-01-01", "2022-01-01"])
    >>> tonnes = pd.DataFrame({"ref_period": years, "n_months": 12, "net_wgt_kg": [80.0, 100.0]})
    >>> measures.growth(tonnes, "net_wgt_kg", year=2022, base=2021)["growth_pct"].item()
    25.0
    """
    frame = prepared(with_zeros(frame, value), value, "ref_period", "n_months")
    cell, result = grouped(frame, grain_of(frame, value))
    lines = spread(frame, cell, numbers_of(frame, value).notna().to_numpy())
    place = lines["cell"] * 12 + lines["month"] % 12
    lines = lines.assign(year=lines["month"] // 12, place=place)
    lines = lines[lines["stated"]]
    within = lines["year"].where(lines["year"].isin([year, base]), -1).to_numpy()
    require_whole_periods(lines["row"].to_numpy(), lines["month"].to_numpy(), within)
    shared = shared_months([lines[lines["year"].eq(which)] for which in (year, base)])
    entered = [np.unique(side["row"]) for side in shared]
    names = {
        name: figures_of(frame, value, row, cell[row])
        for name, row in zip(("value", "base"), entered, strict=True)
    }
    texts = {
        "growth_pct": GROWTH,
        "change": "value - base",
        value: "value",
        f"{value}_base": "base",
    }
    formulas = formulas_of(names, texts)
    result = computed(result, formulas, value, f"{value}_base", "change", "growth_pct")
    places = np.unique(shared[0]["place"])
    result["n_months"] = np.bincount(places // 12, minlength=len(result))
    months = Series(12 * year + places % 12)
    result["months"] = runs_of(months.groupby(places // 12), len(result))
    caveats = [
        f"{year} against {base} over {which or 'no month'} only"
        for which in dict.fromkeys(result.loc[result["n_months"] < 12, "months"])
    ]
    used = with_used_zeros(frame, np.unique(np.concatenate(entered)))
    return with_lineage(result, used, caveats=caveats, formulas=formulas)


def difference(
    frame: DataFrame,
    base: DataFrame,
    value: str,
    base_value: str | None = None,
    by: Sequence[str] = (),
) -> DataFrame:
    """Compare one figure with another: by how much it is higher, and by how many per cent.

    Parameters
    ----------
    frame, base
        One row each, or several that state one figure. With `by`, any number of rows, and `base`
        one for each cell of `by`.
    value, base_value
        Columns of the figures; the second, unless given, is the first. They may differ, such as
        ``value`` of a published figure and ``value_reported`` of a sum.
    by
        Columns in which the two must agree, such as ``ref_period`` for month by month.

    Returns
    -------
    DataFrame, one row; with `by` the rows and columns of `frame`, as far as `base` has their cell
        `value`, ``<value>_base``, ``change``, ``growth_pct`` (%, null where the base is 0) and
        ``unit``, of the change: percentage points where the figures are in per cent; and where a
        side has one ``qualifier``: what is above a figure that is at most so much is at least that
        much above.

    Raises
    ------
    QueryError
        A side states several figures or none, or the two differ in unit. With `by`: `base` states
        a cell twice, or the two share none.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> year = {"ref_period": pd.to_datetime(["2022-01-01"]), "n_months": 12}
    >>> after, base = (pd.DataFrame({**year, "net_wgt_kg": kg}) for kg in (100.0, 80.0))
    >>> measures.difference(after, base, "net_wgt_kg")[["change", "growth_pct"]]
       change  growth_pct
    0    20.0        25.0
    """
    column_of_base = base_value or value
    sides = {"value": (frame, value), "base": (base, column_of_base)}
    for role, (side, column) in sides.items():
        require_columns(side, column, *by)
        n = numbers_of(side, column).nunique()
        if not by and (n != 1 or pd.isna(side[column].iloc[0])):
            raise QueryError(f"{role} must be one figure, and {column} has {n}: keep one row")
    units = {unit_of(frame, value), unit_of(base, column_of_base)} - {""}
    if len(units) > 1:
        raise QueryError(f"the two differ in unit ({', '.join(sorted(units))})")
    heads = DataFrame(index=[0])
    at = at_base = np.zeros(1, "int64")  # of rows that repeat one another the first
    kept = []
    if by:
        at, at_base = _cells_of_both(frame, base, by)
        heads = frame.iloc[at]
        kept = [Role(frame, row=at)]
    names = {"value": figures_of(frame, value, at)}
    names["base"] = figures_of(base, column_of_base, at_base)
    texts = {
        "change": "value - base",
        "growth_pct": GROWTH,
        value: "value",
        f"{value}_base": "base",
    }
    formulas = formulas_of(names, texts)
    result = computed(heads, formulas, value, f"{value}_base", "change")
    is_per_cent = bool(units & {"%", "percent"})
    result["unit"] = "percentage points" if is_per_cent else "".join(units)
    result = computed(result, formulas, "growth_pct")
    if "qualifier" in frame or "qualifier" in base:
        signs = map(_between, _qualifiers(frame, at), _qualifiers(base, at_base))
        result["qualifier"] = list(signs)
    return with_lineage(result, frame, base, formulas=formulas, kept=kept)


def _qualifiers(frame: DataFrame, at: ndarray) -> list[str]:
    """How the rows `at` of a frame qualify their figures."""
    return list(frame["qualifier"].iloc[at]) if "qualifier" in frame else ["="] * len(at)


def _cells_of_both(frame: DataFrame, base: DataFrame, by: Sequence[str]) -> tuple[ndarray, ndarray]:
    """The rows of `frame` whose cell of `by` is in `base` too, and the row of `base` of each."""
    unique(base, by)
    places = base[[*by]].assign(_base=np.arange(len(base)))
    matched = frame[[*by]].merge(places, on=[*by], how="left")["_base"]
    at = np.flatnonzero(matched.notna())
    if not len(at):
        raise QueryError(
            f"the two share no {' and '.join(by)} ({_first_cells(frame, base, by)}): "
            "read them for the same"
        )
    return at, matched.to_numpy()[at].astype("int64")


def _first_cells(first: DataFrame, second: DataFrame, keys: Sequence[str]) -> str:
    """The first cell of either side, in words."""
    return "; ".join(" ".join(words(side[[*keys]].iloc[0])) for side in (first, second))


def _between(first: str, second: str) -> str:
    """The qualifier of a difference of two figures that have these."""
    least = first in (">", "≥") or second in ("<", "≤")
    most = first in ("<", "≤") or second in (">", "≥")
    if least == most:
        return "=" if first == second == "=" else "~"
    return "≥" if least else "≤"


def gap(
    m: DataFrame, x: DataFrame, value: str, band: tuple[float, float] | None = None
) -> DataFrame:
    """Gap between two statements of one flow, ``ln(M / X)``, beside the CIF band.

    Parameters
    ----------
    m, x
        The importer's and the exporter's statement; or two publishers' of the same side, for
        which a band of (1.0, 1.0) is the fair one.
    band
        Least and most M / X that freight and insurance explain; unless given, :data:`CIF_BAND`, and
        (1.0, 1.0) for weights and quantities, to which they add nothing.

    Returns
    -------
    DataFrame, one row a cell that either side states
        From the side of `m`: the cell, both sides' columns (``_m``, ``_x``) but for the place in
        the raw file, ``ratio``, ``above_pct`` (by how many % `m` is above `x`), ``gap`` and
        ``outside`` (of the band); null where one side is silent or not above 0.
        :func:`tradeflows.charts.sides` draws it.

    Raises
    ------
    QueryError
        A side states a cell twice, the two differ in unit, or they share no cell.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> year = {"ref_period": pd.to_datetime(["2022-01-01"]), "n_months": 12}
    >>> bought = pd.DataFrame({**year, "reporter_iso": "CHN", "partner_iso": "USA",
    ...                        "flow_code": "M", "value_reported": 110.0,
    ...                        "currency": "USD", "valuation": "CIF"})
    >>> sold = bought.assign(reporter_iso="USA", partner_iso="CHN", flow_code="X",
    ...                      value_reported=100.0, valuation="FOB")
    >>> measures.gap(bought, sold, "value_reported")["ratio"].item()
    1.1
    """
    require_columns(m, "ref_period", "n_months", value)
    require_columns(x, "ref_period", "n_months", value)
    shared = set(m) & set(x)
    units = [name for name in UNITS.get(value, ()) if name in shared - {"valuation"}]
    require_single_value(pd.concat([m[units], x[units]]), units)
    flows = [frozenset(side.get("flow_code", ())) for side in (m, x)]
    is_one_flow = flows[0] == flows[1] != frozenset()  # as two publishers' statements are
    exporter = x
    if "flow_code" in shared and not is_one_flow:
        names = {"reporter_iso": "partner_iso", "partner_iso": "reporter_iso"}
        exporter = x.rename(columns=names)
    if band is None:
        has_no_freight = value in ("net_wgt_kg", "qty")
        band = (1.0, 1.0) if has_no_freight else CIF_BAND
    caveats = _caveats_of_band(m, x, band)
    keys = [name for name in _KEYS_OF_GAP if name in shared]
    goods = _goods_at_two_levels(m, x)
    if goods:
        keys.remove("cmd_code")
        sides = " beside ".join(map(_to_its_level, goods))
        caveats.append(f"{sides}: one may hold goods that the other does not")
    unique(m, keys)
    unique(exporter, keys)
    left = _numbered(m, value)
    right = _numbered(exporter, value)
    result = left.merge(right, on=keys, how="outer", suffixes=("_m", "_x"))
    at_m = result.pop("_at_m").fillna(-1).to_numpy("int64")
    at_x = result.pop("_at_x").fillna(-1).to_numpy("int64")
    if not ((at_m >= 0) & (at_x >= 0)).any():
        raise QueryError(
            f"the two sides share no cell ({_first_cells(m, exporter, keys)}): read the same "
            "flow over the same periods"
        )
    over, under = ("first", "second") if is_one_flow else ("m", "x")
    names_of = {over: _above_zero(m, value, at_m), under: _above_zero(x, value, at_x)}
    texts = {"gap": f"log({over} / {under})", "ratio": f"{over} / {under}"}
    texts["above_pct"] = f"({over} / {under} - 1) * 100"
    formulas = formulas_of(names_of, texts | {f"{value}_m": over, f"{value}_x": under})
    result = computed(result, formulas, "ratio", "above_pct", "gap")
    is_inside = result["ratio"].between(*band).astype("boolean")
    result["outside"] = (~is_inside).mask(result["ratio"].isna())
    return with_lineage(result, m, x, caveats=caveats, formulas=formulas)


def _above_zero(frame: DataFrame, value: str, row: ndarray) -> Role:
    """The figures of `value` above 0, as a role."""
    figures = numbers_of(frame, value)
    return Role(frame, value, row, values=figures.where(figures > 0).to_numpy())


def _goods_at_two_levels(m: DataFrame, x: DataFrame) -> tuple[str, ...]:
    """The product of either side, where one product is stated at two levels."""
    if "cmd_code" not in m or "cmd_code" not in x:
        return ()
    first = m["cmd_code"].unique()
    second = x["cmd_code"].unique()
    goods = (*first, *second)
    is_one_each = len(first) == len(second) == 1
    return goods if is_one_each and overlaps("cmd_code", frozenset(goods)) else ()


def _to_its_level(code: str) -> str:
    """The name of a product, with the number of digits of a code that has some."""
    name = codes.product_name(code)
    return f"{name} to {len(code)} digits of its code" if code.isdigit() else name


def _numbered(side: DataFrame, value: str) -> DataFrame:
    """Rows with their number, without their place in the raw file, which the lineage knows."""
    rows = side.drop(columns=[*PLACE], errors="ignore").assign(_at=np.arange(len(side)))
    rows[value] = numbers_of(side, value)
    return rows


def _caveats_of_band(m: DataFrame, x: DataFrame, band: tuple[float, float]) -> list[str]:
    """What the band is, and whether values are as it takes them to be."""
    low, high = band
    if low == high == 1:
        return [ALIKE]
    text = f"freight and insurance explain imports of {low:.2f} to {high:.2f} times the exports"
    if band != CIF_BAND:
        return [text]
    caveats = [f"{text}; the IMF takes imports CIF for 1.06, formerly 1.10, times exports FOB"]
    usual = [(side, name) for side, name in ((m, "CIF"), (x, "FOB")) if "valuation" in side]
    stated = [(listed(side, "valuation"), name) for side, name in usual]
    others = [f"{values} for {name}" for values, name in stated if values != name]
    if others:
        caveats.append(f"the band may not fit, since values are {' and '.join(others)}")
    return caveats
