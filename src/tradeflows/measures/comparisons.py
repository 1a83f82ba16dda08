"""One figure beside another: growth, differences, and two statements of one flow."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from pandas import DataFrame

from tradeflows.measures.common import (
    UNITS,
    Columns,
    cell_text,
    computed,
    figures_of,
    formulas_of,
    grain_of,
    grouped,
    groups_of,
    have_figures,
    listed,
    names_of,
    numbers_of,
    overlaps,
    places_in,
    prepared,
    require_single_value,
    shared_months,
    spread,
    unique,
    unit_of,
    with_lineage,
)
from tradeflows.measures.sums import total
from tradeflows.model import codes
from tradeflows.model.absence import AXES
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import PLACE, Role
from tradeflows.model.periods import (
    Window,
    ends_of,
    first_month,
    parse_period,
    require_whole_periods,
    runs_of,
    span,
    window_text,
)

_OF_ONE_SIDE = ("partner_role", "flow_code")  # in which two statements of one flow may differ
ALIKE = "freight and insurance explain no gap here: the two statements should be alike"
GROWTH = "100 * (value / base - 1)"
_IMF = "the IMF takes imports CIF for 1.06, formerly 1.10, times exports FOB"
CIF_BAND = (1.00, 1.10)  # importer's over exporter's value: the IMF adds 6 %, formerly 10 %


def yoy(frame: DataFrame, value: str = "value") -> DataFrame:
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
        Two periods of one cell overlap, or a figure is below zero, as a balance may be.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> months = pd.to_datetime(["2022-05-01", "2023-05-01"])
    >>> tonnes = pd.DataFrame({"ref_period": months, "n_months": 1, "net_wgt_kg": [80.0, 100.0]})
    >>> measures.yoy(tonnes, "net_wgt_kg")["yoy_pct"].tolist()
    [nan, 25.0]
    """
    _require_amounts(frame, value)
    cell = groups_of(frame, grain_of(frame, value))
    if "cumulation" in frame:  # years to date overlap by their nature: each length by itself
        is_to_date = frame["cumulation"].eq("ytd")
        cell = cell + len(frame) * (frame["n_months"] * is_to_date).to_numpy()
    lines = spread(frame, cell, have_figures(frame, value))
    earlier = lines[lines["stated"]].drop(columns="stated").rename(columns={"row": "base"})
    earlier["length"] = earlier.groupby("base")["month"].transform("size")
    earlier["month"] += 12
    pairs = lines.merge(earlier, on=["cell", "month"], how="left")
    # A base period counts only when all of its months fall into the period compared.
    matched = pairs.groupby(["row", "base"])["month"].transform("size")
    is_tiled = matched.eq(pairs["length"])
    used = pairs[is_tiled.groupby(pairs["row"]).transform("all")]
    row, base = used[["row", "base"]].drop_duplicates().to_numpy("int64").T
    names = {"value": figures_of(frame, value), "base": figures_of(frame, value, base, row)}
    formulas = formulas_of(names, yoy_pct=GROWTH, **{f"{value}_base": "base"})
    result = computed(frame, formulas, f"{value}_base", "yoy_pct")
    unmatched = pairs[~is_tiled].assign(month=pairs["month"] - 12)
    missing = pd.concat([lines[~lines["stated"]], unmatched])
    result["missing"] = runs_of(missing.groupby("row")["month"], len(frame))
    if "missing" in frame:  # of sums, which say themselves what they lack
        before = lines[["row", "cell", "month"]].assign(month=lines["month"] + 12)
        beside = lines.merge(before, on=["cell", "month"], suffixes=("", "_before"))
        of = dict(beside[["row", "row_before"]].to_numpy("int64").tolist())
        texts = frame["missing"].tolist()
        own = [texts[i] or texts[of.get(i, i)] for i in range(len(frame))]
        result["missing"] = [
            text or all_of for text, all_of in zip(own, result["missing"], strict=True)
        ]
    return with_lineage(result, frame, kept=[Role(frame)], formulas=formulas)


def growth(frame: DataFrame, value: str, year: int | str, base: int | str) -> DataFrame:
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
        Two periods of one cell overlap, one crosses the turn of either year, either is no year, or
        a figure is below zero, as a balance may be.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> years = pd.to_datetime(["2021-01-01", "2022-01-01"])
    >>> tonnes = pd.DataFrame({"ref_period": years, "n_months": 12, "net_wgt_kg": [80.0, 100.0]})
    >>> measures.growth(tonnes, "net_wgt_kg", year=2022, base=2021)["growth_pct"].item()
    25.0
    """
    _require_amounts(frame, value)
    cell, result = grouped(frame, grain_of(frame, value))
    lines = spread(frame, cell, have_figures(frame, value))
    years = [parse_period(text, "year", grain="year") for text in (year, base)]
    stated = lines[lines["stated"]]
    for months in years:
        row, month = stated[["row", "month"]].to_numpy().T
        require_whole_periods(row, month, np.isin(month, months))
    lines = shared_months(lines, years)
    lines = lines[lines["is_shared"]]
    names = {}
    for side, name in enumerate(("value", "base")):
        row = lines.loc[lines["side"].eq(side), "row"].unique()
        names[name] = figures_of(frame, value, row, cell[row])
    columns = {value: "value", f"{value}_base": "base"}
    formulas = formulas_of(names, growth_pct=GROWTH, change="value - base", **columns)
    result = computed(result, formulas, *columns, "change", "growth_pct")
    months = lines[lines["side"].eq(0)].groupby("cell")["month"]
    result["n_months"] = months.size().reindex(result.index, fill_value=0)
    result["months"] = runs_of(months, len(result))
    short = result.loc[result["n_months"] < 12, "months"]
    which = short.iloc[0] if short.nunique() == 1 else "the months that `months` names"
    caveats = [f"{year} against {base} over {which or 'no month'} only"] * (len(short) > 0)
    nothing = int(result[f"{value}_base"].eq(0).sum())
    if nothing:
        of = f"{nothing} of {len(result)} rows were 0 in {base}"
        caveats.append(f"{of}, of which there is no growth")
    return with_lineage(result, frame, caveats=caveats, formulas=formulas)


def _require_amounts(frame: DataFrame, value: str) -> None:
    """Refuse what has no growth: per cent of a loss would rise where the loss does."""
    prepared(frame, value, "ref_period", "n_months")
    below = int((numbers_of(frame, value) < 0).sum())
    if below:
        raise QueryError(
            f"{below} of {len(frame)} rows are below zero, and a growth in per cent of these would "
            f"mislead: subtract one {value} from the other"
        )


def difference(
    frame: DataFrame,
    base: DataFrame,
    value: str,
    base_value: str | None = None,
    by: str | Columns = (),
) -> DataFrame:
    """Compare one figure with another: by how much it is higher, and by how many per cent.

    Parameters
    ----------
    frame, base
        One row each, or several that state one figure. With `by`, any number of rows, and `base`
        one for each cell of `by`, such as ``ref_period`` for month by month.
    value, base_value
        Columns of the figures, such as ``value`` of a published one and ``value_reported`` of a
        sum; the second, unless given, is the first.

    Returns
    -------
    DataFrame, one row; with `by` the rows and columns of `frame`, as far as `base` has their cell
        `value`, ``<value>_base``, ``change``, ``growth_pct`` (%, null where the base is 0 or
        a side is below 0) and ``unit``, of the change: percentage points where the figures are in
        per cent; and where a side has one ``qualifier``: what is above a figure that is at most so
        much is at least that much above.

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
    by = names_of(by)
    sides = ((frame, value), (base, base_value or value))
    for side, column in sides:
        prepared(side, column, *by)
        n = numbers_of(side, column).nunique()
        if not by and (n != 1 or pd.isna(side[column].iloc[0])):
            raise QueryError(f"either side must be one figure, and {column} has {n}: keep one row")
    units = {unit_of(frame, value), unit_of(*sides[1])} - {""}
    if len(units) > 1:
        raise QueryError(f"the two differ in unit ({', '.join(sorted(units))})")
    at = at_base = np.zeros(1, "int64")  # of rows that repeat one another the first
    result, kept = DataFrame(index=[0]), []
    if by:
        unique(base, by)
        places = places_in(base, frame, by)
        at = np.flatnonzero(places >= 0)
        at_base = places[at]
        _require_shared(len(at), frame, base, by)
        result, kept = frame.iloc[at], [Role(frame, row=at)]
    names = {"value": figures_of(frame, value, at), "base": figures_of(*sides[1], at_base)}
    columns = {value: "value", f"{value}_base": "base"}
    formulas = formulas_of(names, change="value - base", **columns)
    formulas |= formulas_of(_not_below_zero(names), growth_pct=GROWTH)
    result = computed(result, formulas, *columns, "change")
    unit = "".join(units)
    result["unit"] = "percentage points" if unit.startswith(("%", "percent")) else unit
    result = computed(result, formulas, "growth_pct")
    if "qualifier" in frame or "qualifier" in base:
        signs = [
            side["qualifier"].iloc[rows] if "qualifier" in side else ["="] * len(rows)
            for side, rows in ((frame, at), (base, at_base))
        ]
        result["qualifier"] = list(map(qualifier_of_change, *signs))
    return with_lineage(result, frame, base, formulas=formulas, kept=kept)


def _not_below_zero(roles: Mapping[str, Role]) -> dict[str, Role]:
    """Roles without what is below zero, since per cent of a loss rise where the loss does."""
    amounts = {}
    for name, role in roles.items():
        figures = numbers_of(role.frame, role.column).to_numpy()
        amounts[name] = replace(role, values=np.where(figures < 0, np.nan, figures))
    return amounts


def _require_shared(n_shared: int, first: DataFrame, second: DataFrame, keys: Columns) -> None:
    """Refuse two sides that share no cell, with the first cell of either."""
    if not n_shared:
        cells = "; ".join(cell_text(side, keys) for side in (first, second))
        raise QueryError(f"the two share no cell of {', '.join(keys)} ({cells}): read the same")


def qualifier_of_change(first: str, second: str) -> str:
    """The qualifier of a difference or ratio of two figures that have these."""
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
    ...                        "flow_code": "M", "value_reported": 110.0, "currency": "USD"})
    >>> sold = bought.assign(reporter_iso="USA", partner_iso="CHN", flow_code="X",
    ...                      value_reported=100.0)
    >>> measures.gap(bought, sold, "value_reported")["ratio"].item()
    1.1
    """
    for side in (m, x):
        prepared(side, "ref_period", "n_months", value)
    shared = {*m} & {*x}
    units = [name for name in UNITS.get(value, ()) if name in shared - {"valuation"}]
    require_single_value(pd.concat([m[units], x[units]]), units)
    flows = [{*side.get("flow_code", ())} for side in (m, x)]
    is_one_flow = flows[0] == flows[1] != set()  # as two publishers' statements are
    exporter = x
    if "flow_code" in shared and not is_one_flow:
        names = {"reporter_iso": "partner_iso", "partner_iso": "reporter_iso"}
        exporter = x.rename(columns=names)
    band = band or ((1.0, 1.0) if value in ("net_wgt_kg", "qty") else CIF_BAND)
    keys, caveats = _compared_by(m, x, band)
    sides = []
    for side in (m, exporter):
        unique(side, keys)
        columns = {value: numbers_of(side, value), "_at": np.arange(len(side))}
        sides.append(side.drop(columns=[*PLACE], errors="ignore").assign(**columns))
    result = sides[0].merge(sides[1], on=keys, how="outer", suffixes=("_m", "_x"))
    at = result[["_at_m", "_at_x"]].fillna(-1).astype("int64")
    result = result.drop(columns=[*at])
    _require_shared(at.ge(0).all(axis=1).sum(), m, exporter, keys)
    over, under = ("first", "second") if is_one_flow else ("m", "x")
    roles = {}
    for name, side, column in ((over, m, "_at_m"), (under, x, "_at_x")):
        figures = numbers_of(side, value)
        figures = figures.where(figures > 0).to_numpy()
        roles[name] = Role(side, value, at[column].to_numpy(), values=figures)
    ratio = f"{over} / {under}"
    texts = {"gap": f"log({ratio})", "ratio": ratio, "above_pct": f"({ratio} - 1) * 100"}
    formulas = formulas_of(roles, **texts, **{f"{value}_m": over, f"{value}_x": under})
    result = computed(result, formulas, "ratio", "above_pct", "gap")
    is_inside = result["ratio"].between(*band).astype("boolean")
    result["outside"] = (~is_inside).mask(result["ratio"].isna())
    return with_lineage(result, m, x, caveats=caveats, formulas=formulas)


def _compared_by(
    m: DataFrame, x: DataFrame, band: tuple[float, float]
) -> tuple[list[str], list[str]]:
    """The columns that name a cell, and what to mind: the band, valuations, levels of goods."""
    low, high = band
    caveats = [ALIKE]
    if not low == high == 1:
        text = f"freight and insurance explain imports of {low:.2f} to {high:.2f} times the exports"
        caveats = [text]
    if band == CIF_BAND:
        caveats[0] += f"; {_IMF}"
        others = []
        for side, fair in ((m, "CIF"), (x, "FOB")):
            if "valuation" in side and listed(side, "valuation") != fair:
                others.append(f"{listed(side, 'valuation')} for {fair}")
        if others:
            caveats.append(f"the band may not fit, since values are {' and '.join(others)}")
    shared = {*m} & {*x}
    names = ["ref_period", "n_months", *AXES]
    keys = [name for name in names if name in shared.difference(_OF_ONE_SIDE)]
    goods = []
    if "cmd_code" in keys:
        goods = [*m["cmd_code"].unique(), *x["cmd_code"].unique()]
    if len(goods) == 2 and overlaps("cmd_code", frozenset(goods)):  # one each, at two levels
        keys.remove("cmd_code")
        levels = []
        for code in goods:
            digits = f" to {len(code)} digits of its code" if code.isdigit() else ""
            levels.append(codes.product_name(code) + digits)
        caveats.append(f"{' beside '.join(levels)}: one may hold goods that the other does not")
    return keys, caveats


def index_to_base(
    frame: DataFrame, value: str, base: Window, by: str | Columns = ("reporter_iso",)
) -> DataFrame:
    """Put each month as a percentage of the mean month of the same cell in a base window.

    Returns
    -------
    DataFrame, rows and columns of `frame`
        With ``<value>_base``, ``months_base`` and ``base_pct`` (%), from the base on; cells whose
        base has nothing in it are left out.

    Raises
    ------
    QueryError
        A period longer than a month, a month twice, mixed units, or a base without any figure.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> months = pd.to_datetime(["2021-12-01", "2022-01-01"])
    >>> tonnes = pd.DataFrame({"reporter_iso": "CHN", "ref_period": months, "n_months": 1,
    ...                        "net_wgt_kg": [80.0, 100.0]})
    >>> measures.index_to_base(tonnes, "net_wgt_kg", "2021-12")["base_pct"].tolist()
    [100.0, 125.0]
    """
    by = names_of(by)
    prepared(frame, value, "ref_period", "n_months", *by)
    units = {"cmd_code", "qty_unit", "currency"} - {*by}
    require_single_value(frame[frame[value].notna()], units)
    if (frame["n_months"] != 1).any():
        raise QueryError("an index is of months: keep n_months == 1")
    unique(frame, [*by, "ref_period"])
    start, end = ends_of(base)
    sums = total(frame, value, by, start=start, end=end)
    group = groups_of(frame, by)
    has_base = (sums[value] > 0)[group].to_numpy()
    kept = np.flatnonzero(has_base & (first_month(frame) >= span(base)[0]))
    if not len(kept):
        raise QueryError(f"nothing had any {value} in the base {window_text(base)}")
    cell = group[kept]
    n_stated = sums["n_stated"].to_numpy()[cell]
    names = {"value": figures_of(frame, value, kept), "base": Role(sums, value, cell)}
    texts = {"base_pct": "100 * value / (base / n)", f"{value}_base": "base / n"}
    formulas = formulas_of({**names, "n": n_stated}, **texts)
    result = computed(frame.iloc[kept], formulas, f"{value}_base")
    result["months_base"] = n_stated
    result = computed(result, formulas, "base_pct")
    return with_lineage(result, frame, kept=[Role(frame, row=kept)], formulas=formulas)
