"""Each public measure beside its oracle, on random tables."""

import math

import oracles
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from random_tables import (
    FIGURE,
    JANUARY,
    PRODUCTS,
    YEARS,
    frame_of,
    fuzz,
    months_in,
    tables,
    typed,
    without_zeros,
)

from tradeflows import measures
from tradeflows.model.errors import QueryError

VALUE, KG = "value_reported", "net_wgt_kg"
CELL = ["reporter_iso", "partner_iso", "cmd_code"]
TWO_YEARS = oracles.year(2021), oracles.year(2022)
BY = {"reporter_iso": "reporter", "partner_iso": "partner", "cmd_code": "product"}
# What a refusal says where an oracle gives this word.
WORDS = {
    "overlap": "overlap|stated 2 times",
    "crosses": "crosses the edge",
    "has no": "has no value",
    "no month": "states no month of the year in both windows",
    "lacks": "lacks .* cells",
    "alone": "stands alone|no row has partner_iso",
    "no whole window": "is no whole number of|no 12 months of the calendar are whole",
    "none": "no value_reported is stated",
}


def alike(number, expected):
    """Whether a number of a frame is that of an oracle, None being no figure."""
    if expected is None:
        return number is None or math.isnan(number)
    return number == pytest.approx(expected, rel=1e-9, abs=1e-9)


def answer_or_refusal(oracle, measure):
    """Both answers; None where both refuse, for one cause."""
    try:
        expected = oracle()
    except oracles.NoAnswerError as refused:
        with pytest.raises(QueryError, match=WORDS[str(refused)]):
            measure()
        return None
    return measure(), expected


@fuzz(8)
@given(tables(), st.sets(st.sampled_from(CELL)), st.integers(0, 20), st.integers(1, 14))
def test_total(rows, by, offset, length):
    assume(rows)
    by = [name for name in CELL if name in by]
    over = [name for name in CELL if name not in by]
    window = range(JANUARY + offset, JANUARY + offset + length)
    ends = [typed(window[0]), typed(window[-1])]
    both = answer_or_refusal(
        lambda: oracles.total(rows, "value", [BY[name] for name in by], window),
        lambda: measures.total(frame_of(rows), VALUE, by, over, *ends),
    )
    if both:
        result, expected = both
        for line in result.to_dict("records"):
            figure, n = expected.pop(tuple(line[name] for name in by))
            assert alike(line[VALUE], figure)
            assert (line["n_stated"], line["complete"]) == (n, n == length)
        assert not expected


def _by_place(result, column):
    cells = zip(*(result[name] for name in CELL), strict=True)
    return dict(zip(zip(cells, months_in(result), strict=True), result[column], strict=True))


PAIR = {"reporters": ["CHN"], "products": ["2709"], "blocks": False}


@fuzz(8)
@given(tables(partners=["RUS"], **PAIR), tables(partners=["W00"], **PAIR))
@pytest.mark.parametrize("name", ["share", "rest"])
def test_part_of_a_whole(name, part, whole):
    whole = without_zeros(whole)
    assume(part and whole)
    oracle, measure, column = {
        "share": (oracles.share, measures.share, "share_pct"),
        "rest": (oracles.rest, lambda part, *more: measures.rest(more[0], part, VALUE), VALUE),
    }[name]
    both = answer_or_refusal(
        lambda: oracle(part, whole, "value"),
        lambda: measure(frame_of(part), frame_of(whole), VALUE),
    )
    if both:
        by_month = dict(zip(months_in(both[0]), both[0][column], strict=True))
        for row, figure in zip(part, both[1], strict=True):
            assert alike(by_month[row["month"]], figure)


@fuzz(8)
@given(st.dictionaries(st.sampled_from(["RUS", "USA", "SAU", "KAZ"]), FIGURE, min_size=1))
def test_shares_and_hhi(figures):
    rows = [_single(partner, value) for partner, value in figures.items()]
    frame = frame_of(rows)
    result = measures.shares(frame, VALUE)["share_pct"]
    for number, expected in zip(result, oracles.shares([*figures.values()]), strict=True):
        assert alike(number, expected)
    assert alike(measures.hhi(frame, VALUE)["hhi"].item(), oracles.hhi([*figures.values()]))


def _single(partner, value, weight=None, month=JANUARY, length=1, product="2709", flags=""):
    row = {"reporter": "CHN", "partner": partner, "product": product, "month": month}
    row |= {"length": length, "value": value, "weight": weight, "flags": flags, "zero": False}
    return row


@fuzz(8)
@given(
    tables(reporters=["DEU"], partners=["RUS"], products=["2709"]),
    tables(reporters=["CHN"], partners=["RUS"], products=["2709"]),
    tables(reporters=["IND"], partners=["RUS"], products=["2709"]),
)
def test_displacement(old, first, second):
    rows = [*old, *first, *second]
    assume(old and first and second)
    both = answer_or_refusal(
        lambda: oracles.displacement(rows, "value", ["DEU"], ["CHN", "IND"], *TWO_YEARS),
        lambda: measures.displacement(frame_of(rows), VALUE, "DEU", ["CHN", "IND"], "2021", "2022"),
    )
    if both:
        result, (change, displaced, net) = both
        for buyer, number in zip(result["reporter_iso"], result["change"], strict=True):
            assert number == pytest.approx(change[buyer], rel=1e-9, abs=1e-6)
        assert alike(result["displacement"].iloc[0], displaced)
        if net is None or abs(net) < 1e9:  # of a loss of nearly nothing the last bits decide
            assert alike(result["displacement_net"].iloc[0], net)


PAIRS_OF_YEARS = {"war": (2021, 2022), "back": (2022, 2021), "none": (2021, 2021)}


@fuzz(8)
@given(
    tables(reporters=["DEU"], partners=["RUS"], products=["2709"]),
    tables(reporters=["CHN"], partners=["RUS"], products=["2709"]),
    st.lists(st.sampled_from([*PAIRS_OF_YEARS]), min_size=1, unique=True),
)
def test_displacement_over(old, new, names):
    rows = [*old, *new]
    assume(old and new)
    pairs = {name: PAIRS_OF_YEARS[name] for name in names}
    windows = {name: (str(before), str(after)) for name, (before, after) in pairs.items()}
    years = {name: tuple(map(oracles.year, pair)) for name, pair in pairs.items()}
    both = answer_or_refusal(
        lambda: oracles.displacement_over(rows, "value", ["DEU"], ["CHN"], years),
        lambda: measures.displacement_over(frame_of(rows), VALUE, "DEU", "CHN", windows),
    )
    if both:
        result, expected = both
        assert result["window"].tolist() == names
        for line in result.to_dict("records"):
            displaced, net, gain, loss, parts = expected[line["window"]]
            assert line[f"{VALUE}_gain"] == pytest.approx(gain, rel=1e-9, abs=1e-6)
            assert line[f"{VALUE}_loss"] == pytest.approx(loss, rel=1e-9, abs=1e-6)
            if loss < 1e-6:  # of a loss of nearly nothing the last bits decide
                continue
            assert alike(line["displacement"], displaced)
            assert alike(line["displacement_net"], net)
            assert alike(line["part_CHN"], parts["CHN"])


DIVISOR = st.sampled_from([1, 1000, 1e9, 7.33])


@fuzz(8)
@given(st.lists(FIGURE, min_size=1, max_size=5), DIVISOR, st.integers(0, 4), st.integers(1, 6))
def test_scale(values, divisor, decimals, figures):
    frame = frame_of([_single("RUS", value) for value in values])
    exact = measures.scale(frame, VALUE, divisor, "part")["part"]
    by_decimals = measures.scale(frame, VALUE, divisor, "part", decimals=decimals)["part"]
    by_figures = measures.scale(frame, VALUE, divisor, "part", figures=figures)["part"]
    for place, value in enumerate(values):
        assert alike(exact[place], oracles.scale(value, divisor))
        assert alike(by_decimals[place], oracles.rounded(value, divisor, decimals))
        assert alike(by_figures[place], oracles.rounded(value, divisor, figures=figures))


@fuzz(8)
@given(st.lists(FIGURE, min_size=1, max_size=4), FIGURE, st.booleans())
def test_hhi_in_a_whole(figures, rest, is_absent):
    partners = ["RUS", "USA", "SAU", "KAZ"][: len(figures)]
    known = [figure or 0.0 for figure in figures]
    whole = math.fsum([*known, rest or 0.0])
    rows = [_single(partner, value) for partner, value in zip(partners, figures, strict=True)]
    member = "QAT" if is_absent else "RUS"
    asked = {"whole": "W00", "member": member}
    result = measures.hhi(frame_of([*rows, _single("W00", whole)]), VALUE, **asked)
    expected = oracles.hhi_in_a_whole(figures, whole)
    for name, number in zip(("hhi", "hhi_most", "rest_pct"), expected, strict=True):
        assert result[name].item() == pytest.approx(number, rel=1e-9, abs=1e-6, nan_ok=True)
    part = None if is_absent or None in figures else oracles.ratio(figures[0], whole)
    assert alike(result["share_pct"].item(), None if part is None else 100 * part)


POSITIVE = st.floats(1, 1e6)


@fuzz(8)
@given(st.lists(st.tuples(*[POSITIVE] * 4), min_size=1, max_size=4))
def test_price_quantity(goods):
    rows = []
    for i, (v0, q0, v1, q1) in enumerate(goods):
        product = f"270{i}"
        rows.append(_single("RUS", v0, q0, JANUARY, product=product))
        rows.append(_single("RUS", v1, q1, JANUARY + 12, product=product))
    result = measures.price_quantity(frame_of(rows), VALUE, KG, "2021-01", "2022-01")
    price, effect, rest = oracles.price_quantity(goods)
    size = max(sum(good[0] for good in goods), sum(good[2] for good in goods))
    assert result["index"].iloc[0] == pytest.approx(price, rel=1e-9)
    assert result["change"].tolist() == pytest.approx([effect, rest], abs=1e-6 * size)


@fuzz(8)
@given(tables())
def test_barrels_per_day(rows):
    rows = without_zeros(rows)
    assume(rows)
    result = measures.barrels_per_day(frame_of(rows), 7.33)["barrels_per_day"]
    for number, row in zip(result, rows, strict=True):
        assert alike(number, oracles.barrels_per_day(row["weight"], row))


RATES = st.dictionaries(st.sampled_from(YEARS), st.floats(0.01, 100), min_size=1)


def rates_of(rates, base="EUR", quote="USD"):
    days = [pd.Timestamp(typed(month)) for month in rates]
    return pd.DataFrame(
        {
            "base": base,
            "quote": quote,
            "publisher": "Office",
            "statistic": "mean",
            "ref_period": days,
            "n_months": 1,
            "rate": list(rates.values()),
            "source_id": "rates",
            "source_row": range(1, len(rates) + 1),
            "source_field": "",
        }
    )


@fuzz(8)
@given(tables(), RATES, st.booleans())
def test_convert_and_from_dollars(rows, rates, is_inverse):
    rows = without_zeros(rows)
    assume(rows)
    frame = frame_of(rows).assign(currency="EUR")
    table = rates_of(rates)
    if is_inverse:
        table = rates_of({month: 1 / rate for month, rate in rates.items()}, "USD", "EUR")
    euros = measures.from_dollars(frame.assign(primary_value_usd=frame[VALUE]), table)
    for number, row in zip(euros[VALUE], rows, strict=True):
        assert alike(number, oracles.from_dollars(row["value"], row, rates))
    assert set(euros["currency"]) == {"EUR"}
    if not any(set(oracles.months(row)) <= set(rates) for row in rows):
        with pytest.raises(QueryError, match="no rate from EUR"):
            measures.convert(frame, table)
        return
    dollars = measures.convert(frame, table)["primary_value_usd"]
    for number, row in zip(dollars, rows, strict=True):
        assert alike(number, oracles.convert(row["value"], row, rates))


SERIES = st.dictionaries(st.sampled_from(YEARS), FIGURE, min_size=1)


@fuzz(8)
@given(SERIES, st.integers(1, 12))
def test_index_to_base(figures, length):
    base = range(JANUARY, JANUARY + length)
    frame = frame_of([_single("RUS", value, month=month) for month, value in figures.items()])
    window = ("2021-01", f"2021-{length:02d}")
    expected = oracles.index_to_base(figures, base)
    if not expected:
        with pytest.raises(QueryError, match="nothing had any"):
            measures.index_to_base(frame, VALUE, window)
        return
    by_place = _by_place(measures.index_to_base(frame, VALUE, window), "base_pct")
    assert len(by_place) == len(expected)
    for (_, month), number in by_place.items():
        assert alike(number, expected[month])


@fuzz(8)
@given(tables(reporters=["CHN"], partners=["RUS"], blocks=False))
def test_baskets(rows):
    assume({row["product"] for row in rows} == set(PRODUCTS))
    goods = {"crude": ["2709"], "both": list(PRODUCTS)}
    frame = frame_of(rows)
    first = min(row["month"] for row in rows)
    last = max(row["month"] for row in rows)
    assume(first == YEARS[0] and last == YEARS[-1])
    assume(all(_reaches(rows, codes) for codes in goods.values()))
    result = measures.baskets(frame, VALUE, goods, every=24)
    expected = oracles.baskets(rows, "value", goods, YEARS)
    for name, figure in zip(result["basket"], result[VALUE], strict=True):
        assert alike(figure, expected[name][0])


def _reaches(rows, codes):
    real = [row["month"] for row in rows if row["product"] in codes and not row["zero"]]
    return min(real) == YEARS[0] and max(real) == YEARS[-1]


@fuzz(8)
@given(st.lists(FIGURE, min_size=1, max_size=5))
def test_sum_parts(parts):
    rows = frame_of([_single("RUS", value) for value in parts])
    rows = rows.assign(breakdown=[f"regime={i}" for i in range(len(parts))])
    result = measures.sum_parts(rows, VALUE)
    assert alike(result[VALUE].item(), oracles.sum_parts(parts))


@fuzz(8)
@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_difference(figure, base):
    sides = [pd.DataFrame({"value": [number], "unit": "USD"}) for number in (figure, base)]
    result = measures.difference(*sides, "value")
    change, per_cent = oracles.difference(figure, base)
    assert alike(result["change"].item(), change)
    assert alike(result["growth_pct"].item(), per_cent)


@fuzz(8)
@given(*[st.dictionaries(st.sampled_from(YEARS), FIGURE, min_size=1)] * 2)
def test_difference_month_by_month(figures, bases):
    sides = [
        frame_of([_single("RUS", value, month=month) for month, value in side.items()])
        for side in (figures, bases)
    ]
    assume(figures.keys() & bases.keys())
    result = measures.difference(*sides, VALUE, by=["ref_period"]).sort_values("ref_period")
    shared = sorted(figures.keys() & bases.keys())
    pairs = [(figures[month], bases[month]) for month in shared]
    expected = [None if None in pair else oracles.difference(*pair)[0] for pair in pairs]
    assert all(map(alike, result["change"], expected))


SMALL = st.integers(0, 5).map(float)  # so that some are alike
MEMBERS = st.dictionaries(st.sampled_from(["RUS", "USA", "SAU", "KAZ"]), SMALL, min_size=1)


@fuzz(8)
@given(MEMBERS, st.sampled_from(["RUS", "USA"]))
def test_lead(figures, member):
    frame = frame_of([_single(partner, value) for partner, value in figures.items()])
    both = answer_or_refusal(
        lambda: oracles.lead(figures, member), lambda: measures.lead(frame, VALUE, member)
    )
    if both:
        assert (both[0]["lead"].item(), both[0]["rank"].item()) == both[1]


@fuzz(8)
@given(st.dictionaries(st.sampled_from(YEARS), st.none() | SMALL, min_size=1))
def test_peak(figures):
    frame = frame_of([_single("RUS", value, month=month) for month, value in figures.items()])
    both = answer_or_refusal(lambda: oracles.peak(figures), lambda: measures.peak(frame, VALUE))
    if both:
        assert months_in(both[0]).item() == both[1]


@fuzz(8)
@given(st.dictionaries(st.sampled_from(YEARS), FIGURE, min_size=1))
def test_mean(figures):
    frame = frame_of([_single("RUS", value, month=month) for month, value in figures.items()])
    found = measures.mean(frame, VALUE)
    assert alike(found[VALUE].item(), oracles.mean([*figures.values()]))
    assert found["n_months"].item() == max(figures) - min(figures) + 1


@fuzz(8)
@given(MEMBERS, SMALL)
def test_count(figures, above):
    frame = frame_of([_single(partner, value) for partner, value in figures.items()])
    found = measures.count(frame, VALUE, above)["count"].item()
    assert found == oracles.count([*figures.values()], above)


@fuzz(8)
@given(st.floats(0, 1e9), st.sampled_from(YEARS), st.integers(0, 23))
def test_per_month(value, first, more):
    last = first + more
    end = pd.Timestamp(typed(last)) + pd.offsets.MonthEnd(0)
    start = pd.Timestamp(typed(first))
    figures = pd.DataFrame(
        {"window_start": [start], "window_end": end, "value": value, "unit": "USD"}
    )
    result = measures.per_month(figures)["value_per_month"].item()
    assert alike(result, oracles.per_month(value, first, last))


@fuzz(8)
@given(st.lists(tables(), min_size=1, max_size=3))
def test_stack(several):
    real = map(without_zeros, several)
    named = {f"part {i}": rows for i, rows in enumerate(real) if rows}
    assume(named)
    result = measures.stack({name: frame_of(rows) for name, rows in named.items()})
    expected = oracles.stack(named)
    assert result["series"].tolist() == [row["series"] for row in expected]
    assert all(map(alike, result[VALUE], [row["value"] for row in expected]))
