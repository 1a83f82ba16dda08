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
    grain_of,
    grouped,
    groups_of,
    listed,
    numbers_of,
    overlaps,
    require_columns,
    require_single_value,
    spread,
    unique,
    unit_of,
    with_lineage,
    words,
)
from tradeflows.measures.zeros import with_used_zeros, with_zeros
from tradeflows.model import codes
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import PLACE, Formula, Role
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
    frame = with_zeros(frame, value)
    require_columns(frame, "ref_period", "n_months", value)
    lines = _lines_by_cell(frame, value)
    pairs = _year_before(lines, frame["n_months"])
    is_tiled = pairs.groupby("row")["tiled"].all()
    used = pairs[pairs["row"].map(is_tiled)]
    used = used.drop_duplicates(["row", "base"]).astype("int64")
    row = used["row"].to_numpy()
    base = used["base"].to_numpy()
    earlier = figures_of(frame, value, base, row)
    roles = {"value": figures_of(frame, value), "base": earlier}
    name = f"{value}_base"
    formulas = {"yoy_pct": Formula(GROWTH, roles)}
    formulas[name] = Formula("base", roles)
    result = computed(frame, formulas, name, "yoy_pct")
    silent = lines.loc[~lines["stated"], ["row", "month"]]
    unmatched = pairs.loc[~pairs["tiled"], ["row", "month"]]
    unmatched["month"] -= 12
    absent = pd.concat([silent, unmatched])
    result["missing"] = runs_of(absent.groupby("row")["month"], len(frame))
    return with_lineage(result, frame, kept=[Role(frame)], formulas=formulas)


def _lines_by_cell(frame: DataFrame, value: str) -> DataFrame:
    """One line a month of each row, by cell; years to date of each length by themselves."""
    has_value = numbers_of(frame, value).notna().to_numpy()
    cell = groups_of(frame, grain_of(frame, value))
    if "cumulation" in frame:  # years to date overlap by their nature
        is_to_date = frame["cumulation"].eq("ytd")
        length = (frame["n_months"] * is_to_date).to_numpy()
        cell = cell + len(frame) * length
    return spread(frame, cell, has_value)


def _year_before(lines: DataFrame, n_months: Series) -> DataFrame:
    """Each line beside that of the same month of the year before, and whether it may be compared.

    A base period counts only when all of its months fall into the period compared.
    """
    base = lines.loc[lines["stated"], ["cell", "month", "row"]]
    base = base.rename(columns={"row": "base"})
    base["month"] += 12
    pairs = lines.merge(base, on=["cell", "month"], how="left")
    matched = pairs.groupby(["row", "base"])["month"].transform("size")
    length = Series(n_months.to_numpy("int64"))
    pairs["tiled"] = matched.eq(pairs["base"].map(length))
    return pairs


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
    frame = with_zeros(frame, value)
    require_columns(frame, "ref_period", "n_months", value)
    has_value = numbers_of(frame, value).notna().to_numpy()
    cell, result = grouped(frame, grain_of(frame, value))
    lines = spread(frame, cell, has_value)
    stated = lines[lines["stated"]]
    row = stated["row"].to_numpy()
    month = stated["month"].to_numpy()
    year_of = month // 12
    is_compared = np.isin(year_of, (year, base))
    within = np.where(is_compared, year_of, -1)
    require_whole_periods(row, month, within)
    place = cell[row] * 12 + month % 12
    kept = _in_both_years(row, place, within, (year, base))
    roles = {}
    for name, side in (("value", year), ("base", base)):
        is_entered = kept & (within == side)
        entered = np.unique(row[is_entered])
        roles[name] = figures_of(frame, value, entered, cell[entered])
    name = f"{value}_base"
    formulas = {"growth_pct": Formula(GROWTH, roles)}
    formulas["change"] = Formula("value - base", roles)
    formulas[value] = Formula("value", roles)
    formulas[name] = Formula("base", roles)
    result = computed(result, formulas, value, name, "change", "growth_pct")
    shared = np.unique(place[kept])
    cell_of = shared // 12
    result["n_months"] = np.bincount(cell_of, minlength=len(result))
    months = Series(12 * year + shared % 12)
    result["months"] = runs_of(months.groupby(cell_of), len(result))
    is_partial = result["n_months"] < 12
    caveats = []
    for which in dict.fromkeys(result.loc[is_partial, "months"]):
        caveats.append(f"{year} against {base} over {which or 'no month'} only")
    used = with_used_zeros(frame, np.unique(row[kept]))
    return with_lineage(result, used, caveats=caveats, formulas=formulas)


def _in_both_years(
    row: ndarray, place: ndarray, within: ndarray, years: tuple[int, int]
) -> ndarray:
    """Whether the month of the year (`place`) of each line is stated in both years.

    A block goes as a whole, and takes its other months from the other year.
    """
    first, second = years
    kept = within >= 0
    alone = kept
    while alone.any():
        in_first = place[kept & (within == first)]
        in_second = place[kept & (within == second)]
        both = np.intersect1d(in_first, in_second)
        alone = kept & ~np.isin(place, both)
        kept = kept & ~np.isin(row, row[alone])
    return np.asarray(kept)


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
    units = set()
    for role, (side, column) in sides.items():
        require_columns(side, column, *by)
        n = numbers_of(side, column).nunique()
        if not by and (n != 1 or pd.isna(side[column].iloc[0])):
            raise QueryError(f"{role} must be one figure, and {column} has {n}: keep one row")
        units.add(unit_of(side, column))
    units.discard("")
    if len(units) > 1:
        stated = ", ".join(sorted(units))
        raise QueryError(f"the two differ in unit ({stated})")
    heads = DataFrame(index=[0])
    at = at_base = np.zeros(1, "int64")  # of rows that repeat one another the first
    if by:
        at, at_base = _cells_of_both(frame, base, by)
        heads = frame.iloc[at]
    roles = {"value": figures_of(frame, value, at)}
    roles["base"] = figures_of(base, column_of_base, at_base)
    name = f"{value}_base"
    formulas = {"change": Formula("value - base", roles)}
    formulas["growth_pct"] = Formula(GROWTH, roles)
    formulas[value] = Formula("value", roles)
    formulas[name] = Formula("base", roles)
    result = computed(heads, formulas, value, name, "change")
    is_per_cent = bool(units & {"%", "percent"})
    result["unit"] = "percentage points" if is_per_cent else "".join(units)
    result = computed(result, formulas, "growth_pct")
    if "qualifier" in frame or "qualifier" in base:
        qualifiers = zip(_qualifiers(frame, at), _qualifiers(base, at_base), strict=True)
        result["qualifier"] = [_between(*pair) for pair in qualifiers]
    kept = [Role(frame, row=at)] if by else []
    return with_lineage(result, frame, base, formulas=formulas, kept=kept)


def _cells_of_both(frame: DataFrame, base: DataFrame, by: Sequence[str]) -> tuple[ndarray, ndarray]:
    """The rows of `frame` whose cell of `by` is in `base` too, and the row of `base` of each."""
    unique(base, by)
    places = base[[*by]].assign(_base=np.arange(len(base)))
    matched = frame[[*by]].merge(places, on=[*by], how="left")["_base"]
    at = np.flatnonzero(matched.notna())
    if not len(at):
        first, second = (" ".join(words(side[[*by]].iloc[0])) for side in (frame, base))
        raise QueryError(
            f"the two share no {' and '.join(by)} ({first}; {second}): read them for the same"
        )
    return at, matched.to_numpy()[at].astype("int64")


def _qualifiers(frame: DataFrame, at: ndarray) -> list[str]:
    """How the rows `at` of a frame qualify their figures."""
    if "qualifier" not in frame:
        return ["="] * len(at)
    return [str(sign) for sign in frame["qualifier"].iloc[at]]


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
    compared = shared - {"valuation"}
    units = [name for name in UNITS.get(value, ()) if name in compared]
    stated = pd.concat([m[units], x[units]])
    require_single_value(stated, units)
    exporter = _as_importer(m, x)
    keys = [name for name in _KEYS_OF_GAP if name in shared]
    if band is None:
        has_no_freight = value in ("net_wgt_kg", "qty")
        band = (1.0, 1.0) if has_no_freight else CIF_BAND
    caveats = _caveats_of_band(m, x, band)
    goods = _at_two_levels(m, x) if "cmd_code" in keys else ()
    if goods:
        keys.remove("cmd_code")
        caveats.append(_levels_in_words(*goods))
    unique(m, keys)
    unique(exporter, keys)
    left = _numbered(m, value)
    right = _numbered(exporter, value)
    result = left.merge(right, on=keys, how="outer", suffixes=("_m", "_x"))
    at_m = result.pop("_at_m").fillna(-1).to_numpy("int64")
    at_x = result.pop("_at_x").fillna(-1).to_numpy("int64")
    is_in_both = (at_m >= 0) & (at_x >= 0)
    if not is_in_both.any():
        first, second = (" ".join(words(side[keys].iloc[0])) for side in (m, exporter))
        raise QueryError(
            f"the two sides share no cell ({first}; {second}): read the same "
            "flow over the same periods"
        )
    over, under = ("first", "second") if _is_one_flow(m, x) else ("m", "x")
    roles = {over: _above_zero(m, value, at_m)}
    roles[under] = _above_zero(x, value, at_x)
    ratios = {"gap": Formula(f"log({over} / {under})", roles)}
    ratios["ratio"] = Formula(f"{over} / {under}", roles)
    ratios["above_pct"] = Formula(f"({over} / {under} - 1) * 100", roles)
    result = computed(result, ratios, "ratio", "above_pct", "gap")
    ratio = result["ratio"]
    is_inside = ratio.between(*band).astype("boolean")
    result["outside"] = (~is_inside).mask(ratio.isna())
    sides = {f"{value}_m": Formula(over, roles)}
    sides[f"{value}_x"] = Formula(under, roles)
    return with_lineage(result, m, x, caveats=caveats, formulas=ratios | sides)


def _at_two_levels(m: DataFrame, x: DataFrame) -> tuple[str, ...]:
    """The product of either side, where one product is stated at two levels."""
    goods_of_m = m["cmd_code"]
    goods_of_x = x["cmd_code"]
    if goods_of_m.nunique() != 1 or goods_of_x.nunique() != 1:
        return ()
    goods = (goods_of_m.iloc[0], goods_of_x.iloc[0])
    if overlaps("cmd_code", frozenset(goods)):
        return goods
    return ()


def _levels_in_words(first: str, second: str) -> str:
    """That two codes of one product are compared, by its names."""
    sides = " beside ".join(map(_to_its_level, (first, second)))
    return f"{sides}: one may hold goods that the other does not"


def _to_its_level(code: str) -> str:
    """The name of a product, with the number of digits of a code that has some."""
    name = codes.product_name(code)
    return f"{name} to {len(code)} digits of its code" if code.isdigit() else name


def _numbered(side: DataFrame, value: str) -> DataFrame:
    """Rows with their number, without their place in the raw file, which the lineage knows."""
    rows = side.drop(columns=[*PLACE], errors="ignore")
    rows = rows.assign(_at=np.arange(len(side)))
    rows[value] = numbers_of(side, value)
    return rows


def _as_importer(m: DataFrame, x: DataFrame) -> DataFrame:
    """`x` with its partner as the reporter, if the two sides are of different flows."""
    if "flow_code" not in {*m} & {*x} or _is_one_flow(m, x):
        return x
    return x.rename(columns={"reporter_iso": "partner_iso", "partner_iso": "reporter_iso"})


def _is_one_flow(m: DataFrame, x: DataFrame) -> bool:
    """Whether both sides are known to be of the same flow, as two publishers' statements are."""
    flows = [set(side["flow_code"].unique()) for side in (m, x) if "flow_code" in side]
    return len(flows) == 2 and flows[0] == flows[1]


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
        differing = " and ".join(others)
        caveats.append(f"the band may not fit, since values are {differing}")
    return caveats


def _above_zero(frame: DataFrame, value: str, row: ndarray) -> Role:
    """The figures of `value` above 0, as a role."""
    figures = numbers_of(frame, value)
    return Role(frame, value, row, values=figures.where(figures > 0).to_numpy())
