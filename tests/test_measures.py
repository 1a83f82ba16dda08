"""Each measure against a case worked by hand, and each thing that it refuses."""

import math
from functools import partial

import numpy as np
import pandas as pd
import pytest

from tradeflows import measures
from tradeflows.measures.comparisons import ALIKE
from tradeflows.model.errors import QueryError

KG, USD = "net_wgt_kg", "primary_value_usd"


def rows(*cells, columns=("reporter_iso", "ref_period", KG), **shared):
    """Make a frame of one line a cell; `shared` columns are the same in all; months by default."""
    frame = pd.DataFrame(list(cells), columns=list(columns)).assign(**shared)
    frame["ref_period"] = pd.to_datetime(frame["ref_period"])
    return frame if "n_months" in frame else frame.assign(n_months=1)


def months(year, *values, reporter="CHN", **shared):
    """Make one month a value from January of `year`."""
    cells = [(reporter, f"{year}-{i:02d}", value) for i, value in enumerate(values, start=1)]
    return rows(*cells, **shared)


def block(start, n_months, value, reporter="CHN"):
    return rows((reporter, start, value), n_months=n_months)


# --- sources, caveats and rows --------------------------------------------------------------------


def test_sources_and_caveats_are_kept():
    part, whole = months(2021, 1.0), months(2021, 4.0)
    part.attrs = {"sources": ("b", "a"), "caveats": ("provisional",)}
    whole.attrs = {"sources": ("a", "c"), "caveats": ("provisional", "rounded")}
    before = part.copy()
    result = measures.share(part, whole, KG)
    assert result.attrs == {"sources": ("b", "a", "c"), "caveats": ("provisional", "rounded")}
    pd.testing.assert_frame_equal(part, before)  # nor does a measure change what it is given


def test_row_measures_keep_rows():
    frame = months(2021, 3.0, None, 5.0, source_id="demo", source_row=[7, 8, 9])
    frame.index = [5, 5, 2]  # as after pd.concat
    whole = months(2021, 6.0, 6.0, 5.0, source_id="world", source_row=[1, 2, 3])
    for result in (
        measures.yoy(frame, KG),
        measures.share(frame, whole, KG),
        measures.barrels_per_day(frame),
        measures.unit_value(frame.assign(**{USD: 1.0})),
    ):
        assert result.index.tolist() == [5, 5, 2]
        assert result["source_row"].tolist() == [7, 8, 9]
        assert result[KG].isna().tolist() == [False, True, False]


@pytest.mark.parametrize(
    "measure",
    [
        measures.total,
        measures.peak,
        measures.mean,
        measures.count,
        partial(measures.index_to_base, base="2021-01"),
        partial(measures.total, over="partner_iso"),
    ],
)
def test_one_column_may_be_named_alone(measure):
    frame = pd.concat([months(2021, 1.0, 2.0), months(2021, 4.0, 3.0, reporter="DEU")])
    frame = frame.assign(partner_iso="RUS")
    listed = measure(frame, KG, by=["reporter_iso"])
    pd.testing.assert_frame_equal(measure(frame, KG, by="reporter_iso"), listed)
    with pytest.raises(QueryError, match="no column partner_io"):
        measure(frame, KG, by="partner_io")


# --- total ----------------------------------------------------------------------------------------


def test_total_over_routes():
    routes = pd.concat(
        [months(2021, 1.0, partner_code="one"), months(2021, 2.0, partner_code="two")]
    )
    with pytest.raises(QueryError, match=r"partner_code is mixed \(one, two\)"):
        measures.total(routes, KG)
    with pytest.raises(QueryError, match="partner_code cannot be summed over"):
        measures.total(routes, KG, over=["partner_code"])
    routes["partner_role"] = "route"
    assert measures.total(routes, KG, over=["partner_code"])[KG].tolist() == [3]


SUPPLY = rows(
    ("RUS", "2021-01", 3.0),
    ("RUS", "2021-02", 4.0),
    ("SAU", "2021-02", 5.0),
    columns=["partner_iso", "ref_period", KG],
    reporter_iso="DEU",
)


def test_what_an_absent_month_stands_for():
    by = ["reporter_iso", "partner_iso"]
    open_ = measures.total(SUPPLY, KG, by)
    assert open_["complete"].tolist() == [True, False]
    assert measures.share(open_, open_, KG, by)["share_pct"].isna().tolist() == [False, True]
    assert measures.per_month(open_, KG)["value_per_month"].isna().tolist() == [False, True]
    sums = measures.total(SUPPLY, KG, by, absent="zero", alike=["reporter_iso"])
    assert sums[[KG, "complete"]].to_numpy().tolist() == [[7, True], [5, True]]
    january = measures.total(SUPPLY, KG, by, absent="zero", alike=[], end="2021-01")
    assert january[KG].tolist() == [3, 0]
    null = SUPPLY.tail(1).assign(ref_period=pd.Timestamp("2021-01-01"), net_wgt_kg=None)
    sums = measures.total(pd.concat([SUPPLY, null]), KG, by[1:], absent="zero", alike=[])
    assert sums["missing"].tolist() == ["", "2021-01"]


def test_flags_and_qualifiers_are_joined():
    frame = months(
        2021, 1.0, 2.0, 3.0, flags=["rounded", "", "estimated rounded"], qualifier=["=", "~", "="]
    )
    result = measures.total(frame, KG)
    assert result[["flags", "qualifier"]].to_numpy().tolist() == [["estimated rounded", "~"]]
    clash = measures.total(frame.assign(qualifier=["≤", "=", "≥"]), KG)
    assert clash["qualifier"].tolist() == ["~"]


TWO = pd.concat([months(2021, 1.0), months(2021, 2.0, reporter="IND")])


def test_yoy_names_missing_months():
    frame = pd.concat([months(2020, 10.0, None, 0.0), months(2021, None, 20.0, 5.0)])
    result = measures.yoy(frame, KG).iloc[3:]
    assert result["yoy_pct"].isna().all()  # also on a base of 0: never infinite
    assert result["missing"].tolist() == ["2021-01", "2020-02", ""]
    blocks = [block(f"{year}-01", n, year * n) for year in (2020, 4040) for n in (2, 3)]
    to_date = pd.concat(blocks).replace(pd.Timestamp("4040-01-01"), pd.Timestamp("2021-01-01"))
    grown = measures.yoy(to_date.assign(cumulation="ytd"), KG)
    assert grown["yoy_pct"].iloc[2:].tolist() == [100] * 2
    with pytest.raises(QueryError, match="periods overlap"):
        measures.yoy(to_date, KG)


def buyers(**quantities):
    """Make two months of 2021 and two of 2022 a buyer: base, base, after, after."""
    return pd.concat(
        [
            pd.concat([months(2021, q[0], q[0], reporter=who), months(2022, *q[1:], reporter=who)])
            for who, q in quantities.items()
        ]
    )


# a month: the EU 100 → 40, China 50 → 74, India 10 → 58, Türkiye 20 → 14
FLOWS = buyers(EU27_2020=(100, 30, 50), CHN=(50, 74, 74), IND=(10, 58, 58), TUR=(20, 14, 14))


def test_displacement_of_unequal_windows():
    result = measures.displacement(FLOWS, KG, "EU27_2020", "CHN", "2021-02", ("2022-01", "2022-03"))
    assert result["months_base"].tolist() == [1, 1]
    assert result["months_after"].tolist() == [2, 2]
    assert result["displacement"].tolist() == pytest.approx([0.4, 0.4])
    assert result["missing"].tolist() == ["2022-03", "2022-03"]
    assert not result["complete"].any()
    assert result.attrs["caveats"][1:] == (
        "the two windows hold different months of the year",
        "EU27_2020 lacks 2022-03",
        "CHN lacks 2022-03",
    )


def goods(**cells):
    """Make a good's value and weight in January 2021 and January 2022."""
    lines = [
        (code[1:], f"{year}-01", v, q)
        for code, (v0, q0, v1, q1) in cells.items()
        for year, v, q in ((2021, v0, q0), (2022, v1, q1))
    ]
    return rows(*lines, columns=["cmd_code", "ref_period", USD, KG])


# Prices 1 and 4, quantities 10 and 10; then prices 2 and 4, quantities 10 and 20.
BASKET = goods(_2709=(10, 10, 20, 10), _2701=(40, 10, 80, 20))


PART = rows(
    ("RUS", 50.0), ("SAU", 30.0), ("EXTRA", 100.0), columns=["partner_iso", KG], ref_period="2021"
)


def flow(**members):
    """Months from January 2021 on of each member; None is not published."""
    return pd.concat([months(2021, *values, reporter=name) for name, values in members.items()])


def test_gap_of_mirror_sides():
    m = months(2021, 105.0, 150.0, 9.0, partner_iso="RUS", flow_code="M").rename(columns={KG: USD})
    x = m.assign(reporter_iso="RUS", partner_iso="CHN", flow_code="X", **{USD: [100.0, 100.0, 7.0]})
    x.loc[2, "ref_period"] = pd.Timestamp("2021-04-01")
    result = measures.gap(m, x, USD)
    assert result["reporter_iso"].tolist() == ["CHN"] * 4
    assert result["gap"].iloc[:2].tolist() == pytest.approx([math.log(1.05), math.log(1.5)])
    assert result["outside"].iloc[:2].tolist() == [False, True]
    assert result[["gap", "outside"]].iloc[2:].isna().all(axis=None)  # one side silent: kept, null
    told = "freight and insurance explain imports of 1.00 to 1.10 times the exports; the IMF"
    assert result.attrs["caveats"][0].startswith(told)


@pytest.mark.parametrize("band", [{}, {"band": (1.0, 1.0)}])
def test_gap_of_weights(band):
    result = measures.gap(months(2021, 105.0, 0.0), months(2021, 100.0, 5.0), KG, **band)
    assert result["outside"].tolist() == [True, pd.NA]
    assert result.attrs["caveats"] == (ALIKE,)


@pytest.mark.parametrize(
    ("code", "named"),
    [("27090000", "crude oil to 8 digits of its code"), ("TOTAL", "all goods")],
)
def test_gap_at_another_level(code, named):
    sides = months(2021, 11.0, cmd_code=code), months(2021, 10.0, cmd_code="2709")
    told = f"{named} beside crude oil to 4 digits of its code: one may hold goods that the other"
    assert measures.gap(*sides, KG).attrs["caveats"][1].startswith(told)


RATES = pd.DataFrame(
    {"base": "EUR", "quote": "USD", "publisher": "ECB", "rate": [1.2, 1.3]}
).assign(statistic="mean of daily rates", ref_period=pd.to_datetime(["2021-01", "2021-02"]))


def euros(*cells, currency="EUR"):
    return rows(*cells, columns=["ref_period", "n_months", "value_reported"], currency=currency)


def figures(*cells):
    names = ["window_start", "window_end", "freq", "unit", "value", "low"]
    frame = pd.DataFrame(list(cells), columns=names)
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in names[:2]})


@pytest.mark.parametrize("signs", ["===", "=≤≥", ">=≥", "=>≤", "≤=≤", "~=~", "≤≤~"])
def test_difference_to_a_bound(signs):
    """25 per cent is at least 24.5 percentage points above what is at most 0.5 per cent."""
    sides = (
        pd.DataFrame({"value": [x], "unit": "percent", "qualifier": sign})
        for x, sign in zip((25.0, 0.5), signs, strict=False)
    )
    assert measures.difference(*sides, "value")["qualifier"].tolist() == [signs[2]]


def test_difference_of_a_column_with_unit():
    given = {"value_reported": 9.0, "currency": "CNY", "primary_value_usd": 1.0, "share_pct": 4.0}
    now, then = (months(2021, x, **given) for x in (5.0, 3.0))
    now = pd.concat([now, now])  # of rows that repeat one another the first
    for column, unit in ((KG, "kg"), (USD, "USD"), ("value_reported", "CNY")):
        assert measures.difference(now, then, column)["unit"].tolist() == [unit]
    assert measures.difference(now, then, "share_pct")["unit"].item() == "percentage points"
    with pytest.raises(QueryError, match=r"differ in unit \(CNY, kg\)"):
        measures.difference(now, then, KG, "value_reported")


def test_difference_cell_by_cell():
    both = pd.concat([months(2021, 5.0, 7.0), months(2021, 4.0, np.nan)], ignore_index=True)
    base = months(2021, 3.0).assign(qualifier="≤")
    found = measures.difference(both, base, KG, by=["ref_period"])
    assert found["change"].tolist() == [2.0, 1.0]
    assert found["qualifier"].tolist() == ["≥", "≥"]
    assert found.index.tolist() == [0, 2]
    with pytest.raises(QueryError, match="stated 2 times"):
        measures.difference(base, both, KG, by=["ref_period"])
    with pytest.raises(QueryError, match=r"share no cell of ref_period \(2021-01; 2022-01\)"):
        measures.difference(base, months(2022, 1.0), KG, by=["ref_period"])


# --- parts of a breakdown ------------------------------------------------------------------------


def broken(*rows, **same):
    """Rows of one cell: breakdown, value, weight, quantity."""
    frame = pd.DataFrame(rows, columns=["breakdown", "value_reported", "net_wgt_kg", "qty"])
    cell = {"reporter_iso": "AUT", "partner_iso": "RUS", "flow_code": "M", "cmd_code": "27090090"}
    units = {"currency": "EUR", "qty_unit": np.where(frame["qty"].isna(), "none", "items")}
    when = {"ref_period": pd.Timestamp("2024-02-01"), "n_months": 1}
    where = {"source_id": "a", "source_row": range(len(rows)), "flags": "", "qualifier": "="}
    return frame.assign(**cell | units | when | where | same)


NORMAL, INWARD = "procedure=1,type=E", "procedure=2,type=E"


def test_sum_parts_of_procedures():
    rows = broken((NORMAL, 100, 5, 2), (INWARD, 20, 1, None), (f"{NORMAL},residual=2", 3, 1, 1))
    whole = measures.sum_parts(rows, ["value_reported", "net_wgt_kg", "qty"])
    [one] = whole.to_dict("records")
    assert (one["breakdown"], one["n_parts"], one["value_reported"]) == ("total", 3, 123)
    assert one["net_wgt_kg"] == 7
    assert np.isnan(one["qty"])  # a part states none
    assert one["qty_unit"] == "items"
    assert whole.attrs["caveats"] == (
        "1 of 1 rows are sums over procedure and type (procedure=1,type=E, "
        "procedure=1,type=E,residual=2, procedure=2,type=E)",
        "1 of 1 sums of qty have a part that states none, so they are none",
    )


# --- what is refused, and why ---------------------------------------------------------------------


def summed(frame, value=KG, **options):
    return lambda: measures.total(frame, value, **options)


def sides(measure, **columns):
    """A measure of two frames of one month, with other values in the first and in the second."""
    first, second = (
        months(
            2021, figure, value_reported=1.0, **{name: pair[i] for name, pair in columns.items()}
        )
        for i, figure in enumerate((1.0, 9.0))
    )
    return lambda value=KG: measure(first, second, value)


def over(column, whole, part, year="2021"):
    frame = rows((whole, year, 5.0), (part, year, 2.0), columns=[column, "ref_period", KG])
    return summed(frame, over=[column])


def split(frame=BASKET, quantity=KG, after="2022-01", **options):
    return lambda: measures.price_quantity(frame, USD, quantity, "2021-01", after, **options)


def displaced_by(new, base="2021", old="EU27_2020", frame=FLOWS):
    return lambda: measures.displacement(frame, KG, old, new, base, "2022")


def suppliers(*members, figures=(50.0, 30.0, 100.0), **columns):
    cells = zip(members, figures, strict=False)
    return rows(*cells, columns=["partner_iso", KG], ref_period="2021").assign(**columns)


def led(member, *listed, **columns):
    return lambda: measures.lead(suppliers(*listed, **columns), KG, member)


def parts(*words, value="value_reported", **columns):
    frame = broken(*((word, 1, 1, None) for word in words), **columns)
    return lambda: measures.sum_parts(frame, value)


def indexed(frame):
    return lambda: measures.index_to_base(frame, KG, "2021-01")


def converted(rates, currency="EUR"):
    return lambda: measures.convert(euros(("2021-01", 1, 1.0), currency=currency), rates)


def apart(values, unit):
    side = pd.DataFrame({"value": values, "unit": unit})
    base = pd.DataFrame({"value": [1.0], "unit": "USD"})
    return lambda: measures.difference(side, base, "value")


ROUTES = {"absent": "zero", "alike": ["reporter_iso"]}
IN_TWO_UNITS = BASKET.rename(columns={KG: "qty"}).assign(qty_unit=["m3", "TJ"] * 2)
TWICE = pd.concat([months(2021, 1.0)] * 2)
TWO_CURRENCIES = months(2021, 1.0, 2.0, currency=["EUR", "USD"], value_reported=1.0)
TOO_MUCH = PART.assign(**{KG: [50.0, 60.0, 100.0]})
OTHER_MONEY = pd.concat([RATES, RATES.assign(base="CNY")])
NESTED = buyers(EU27_2020=(9, 5, 5), DEU=(1, 2, 2))
EARLY = {"early": ("2018", "2019")}
BACKWARDS = figures(("2023-05-01", "2023-04-01", "event", "USD", 1.0, None))
REFUSED = [
    (summed(TWO), r"reporter_iso is mixed \(CHN, IND\).*query\(\"reporter_iso == 'CHN'\"\), or"),
    (summed(TWO, by=["partner_iso"]), "no column partner_iso"),
    (summed(TWO.assign(currency="EUR"), over=["currency"]), "currency cannot be summed over"),
    (summed(TWO, by=["reporter_iso"], start="2021", every=7), "no whole number of 7"),
    (summed(months(2021, 1.0, 2.0, valuation=["CIF", None], **{USD: 1.0}), USD), "CIF, not stated"),
    (summed(months(2021, 1.0, 2.0, qty_unit=["m3", "TJ"], qty=1.0), "qty"), "qty_unit is mixed"),
    (
        summed(pd.concat([block("2021-01", 2, 3.0), months(2021, 1.0)])),
        "periods overlap: 2021-01 is stated 2 times, and n_months is mixed",
    ),
    (
        summed(TWICE.assign(publisher=["a", "b"])),
        r"stated 2 times, and publisher is mixed \(a, b\)",
    ),
    (summed(TWICE), "2021-01 is stated 2 times: keep one row"),
    (summed(block("2021-12", 2, 3.0), start="2022", end="2022"), "2021-12 to 2022-01 crosses"),
    (summed(SUPPLY, by=["partner_iso"], **ROUTES), "alike names reporter_iso, which is not among"),
    (summed(SUPPLY, absent="none"), "absent='none'"),
    (summed(months(2021, 1.0, value=1.0, unit="%"), "value"), "no sum of value"),
    (summed(months(2021, 1.0, rate=1.0), "rate"), "no sum of rate"),
    (over("partner_iso", "W00", "DEU"), "W00, which overlaps DEU: keep one, such as frame.query"),
    (over("partner_iso", "EU28", "EU27_2020_EXTRA", "2019"), "which overlaps"),
    (over("cmd_code", "2711", "271111"), "2711, which overlaps 271111"),
    (over("flow_code", "MX", "X"), "MX, which overlaps X"),
    (over("breakdown", "total", "regime=transit"), "total, which overlaps regime=transit"),
    (lambda: measures.rest(months(2021, 9.0), months(2021, 1.0, 1.0), KG), "lacks 1 cells"),
    (lambda: measures.share(months(2021, 1.0), TWICE, KG), "2021-01 1 is stated 2 times"),
    (lambda: measures.share(months(2021, 1.0), TWO, KG), "reporter_iso is mixed"),
    (sides(measures.rest, qualifier="=≤"), "a figure that is ≤"),
    (sides(measures.share, flow_code="XM"), "flow_code is mixed"),
    (sides(measures.share, cumulation=["ytd", "period"]), "cumulation is mixed"),
    (sides(measures.share, cmd_code=["2701", "2709"]), "of the part is not in 2709, the whole"),
    (partial(sides(measures.share, currency=["EUR", "USD"]), "value_reported"), "currency is mix"),
    (lambda: measures.gap(months(2021, 1.0), TWICE, KG), "stated 2 times"),
    (displaced_by(["CHN", "USA"]), "reporter_iso has no USA; it has CHN, EU27_2020"),
    (displaced_by("DEU", frame=NESTED), "EU27_2020, which overlaps DEU"),
    (displaced_by("CHN", frame=FLOWS.assign(cmd_code=["2709", "2710"] * 8)), "cmd_code is mixed"),
    (lambda: measures.displacement_over(FLOWS, KG, "CHN", "IND", EARLY), "early: China has no"),
    (lambda: measures.unit_value(TWO_CURRENCIES, "value_reported"), "currency is mixed"),
    (split(after=("2022-01", "2022-02")), "differ in length"),
    (split(goods(_2709=(1, 1, None, 1))), "2709 has no primary_value_usd for 2022-01"),
    (split(IN_TWO_UNITS, "qty"), r"2701 is stated 2 times, and qty_unit is mixed \(TJ, m3\)"),
    (lambda: measures.hhi(suppliers("W00", "RUS"), KG), "W00, which overlaps"),
    (lambda: measures.hhi(suppliers("RUS", "SAU", cmd_code=["1", "2"]), KG), "cmd_code is mixed"),
    (
        lambda: measures.hhi(TOO_MUCH, KG, whole="EXTRA"),
        "2021-01 come to 110, more than the 100 of EXTRA",
    ),
    (lambda: measures.shares(PART, KG, whole="W00"), "2021-01 has no row of W00: read it beside"),
    (indexed(flow(DEU=[0.0, 5.0])), "nothing had any net_wgt_kg in the base 2021-01"),
    (indexed(block("2021-01", 2, 5.0)), "an index is of months: keep n_months == 1"),
    (indexed(pd.concat([flow(DEU=[1.0])] * 2)), "DEU 2021-01 is stated 2 times"),
    (converted(RATES, "CNY"), "no rate from CNY to USD"),
    (converted(RATES.assign(quote="CNY")), "quoted in CNY"),
    (converted(RATES.assign(publisher=["ECB", "FRED"])), r"publisher is mixed \(ECB, FRED\)"),
    (converted(RATES.assign(statistic=["mean", "end"])), "statistic is mixed"),
    (lambda: measures.from_dollars(months(2021, **{USD: [1.0]}), OTHER_MONEY), "base is mixed"),
    (apart([1.0, 2.0], "USD"), "value has 2"),
    (apart([1.0], "EUR"), "EUR, USD"),
    (
        parts("total", NORMAL),
        "27090090 2024-02 is stated as a whole and in parts.*breakdown is mix",
    ),
    (parts("regime=10", "regime=10,province=11"), "parts of two kinds"),
    (parts(NORMAL, NORMAL), "stated 2 times"),
    (parts(NORMAL, "procedure=1,type=L"), "type=L is not known to add up with the other parts"),
    (parts(NORMAL, INWARD, value="qty", qty=1, qty_unit=["items", "pairs"]), "qty_unit is mixed"),
    (lambda: measures.per_month(BACKWARDS), "ends before it starts"),
    (led("CHE", "CHN", "DEU"), "no row has partner_iso 'CHE'; there are CHN, DEU"),
    (led("CHN", "CHN"), "stands alone"),
    (led("CHN", "CHN", "DEU", figures=(1.0, math.nan)), "Germany has no net_wgt_kg"),
    (lambda: measures.peak(months(2021, math.nan), KG), "none is the largest"),
]


@pytest.mark.parametrize(("measure", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_is_refused_and_why(measure, message):
    with pytest.raises(QueryError, match=message):
        measure()


def test_label_summed_over_is_a_caveat():
    frame = pd.concat([months(2021, 1.0), months(2021, 2.0)])
    frame = frame.assign(flow_code=["M", "X"], valuation=["CIF", "FOB"], **{USD: [1.0, 2.0]})
    result = measures.total(frame, USD, over=["flow_code", "valuation"])
    assert result[USD].tolist() == [3]
    assert result.attrs["caveats"] == ("valuation differs within the sum: CIF, FOB",)
