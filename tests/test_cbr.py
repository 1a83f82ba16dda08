import re
from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal

import pytest
import twins
from hypothesis import given, settings
from hypothesis import strategies as st

from tradeflows.model.errors import CodeError, LayoutError, TradeflowsError
from tradeflows.publishers import cbr

RATES = [("03.03.2026", 1, "77,1734"), ("04.03.2026", 1, "77,6093"), ("26.03.2026", 1, "77,8009")]
DOLLAR = twins.cbr("R01235", "01.03.2026", "31.03.2026", RATES)
DAY = twins.cbr_day(
    "29.06.2023", [("USD", 1, "Доллар США", "85,0504"), ("CNY", 10, "Юаней", "117,5660")]
)


@pytest.fixture
def rows(tmp_path):
    """Clean bytes and give the rows as dictionaries."""

    def clean(raw):
        path = tmp_path / "rates.xml"
        path.write_bytes(raw)
        return [row for part in cbr.clean(path) for row in part.rows.to_pylist()]

    return clean


def test_mean_of_a_month(rows):
    [row] = rows(DOLLAR)
    assert row["rate"] == pytest.approx((77.1734 + 77.6093 + 77.8009) / 3)
    assert (row["base"], row["quote"], row["n_days"], row["flags"]) == ("USD", "RUB", 3, "")
    assert str(row["ref_period"]) == "2026-03-01"


def test_value_for_ten(rows):
    yuan, dollar = rows(DAY)
    assert (yuan["base"], yuan["rate"]) == ("CNY", pytest.approx(11.7566))
    assert (dollar["base"], dollar["n_days"], dollar["flags"]) == ("USD", 1, "partial")


def test_old_rouble_is_another_currency(rows):
    raw = twins.cbr(
        "R01235",
        "31.12.1997",
        "01.01.1998",
        [("31.12.1997", 1, "5960,0000"), ("01.01.1998", 1, "5,9600")],
    )
    assert [(row["quote"], row["rate"]) for row in rows(raw)] == [("RUR", 5960), ("RUB", 5.96)]


def test_uncovered_month_is_partial(rows):
    raw = DOLLAR.replace(b"31.03.2026", b"30.03.2026")
    assert rows(raw)[0]["flags"] == "partial"


def test_unended_month_is_partial(rows):
    assert rows(DOLLAR.replace(b"26.03.2026", b"25.03.2026"))[0]["flags"] == "partial"


@pytest.mark.parametrize(
    ("old", "new", "error", "message"),
    [
        (b"R01235", b"R09999", CodeError, "R09999"),
        (b"77,1734", b"77.1734", LayoutError, "one Value"),
        (b"77,1734", b"0", LayoutError, "one Value"),
        (b"<Nominal>1<", b"<Nominal>0<", LayoutError, "one Nominal"),
        (b"26.03.2026", b"04.03.2026", LayoutError, "once"),
        (b"26.03.2026", b"05.04.2026", LayoutError, "once"),
        (b'Date="26.03.2026"', b'Date="32.03.2026"', LayoutError, "a day such as"),
        (b"</ValCurs>", b"", LayoutError, "XML"),
        (b"ValCurs", b"Metall", LayoutError, "<ValCurs>"),
        (b"Record ", b"Rekord ", LayoutError, "XML"),
        (b'Id="R01235"', b'Id="R01375"', LayoutError, "alone"),
    ],
)
def test_what_it_refuses(rows, old, new, error, message):
    with pytest.raises(error, match=message):
        rows(DOLLAR.replace(old, new))


def test_rate_for_one_must_agree(rows):
    raw = twins.cbr("R01375", "01.03.2026", "31.03.2026", [("03.03.2026", 10, "110,248")])
    assert rows(raw)[0]["rate"] == pytest.approx(11.0248)
    with pytest.raises(LayoutError, match="a VunitRate that is Value by Nominal, found 11,0348"):
        rows(raw.replace(b"<VunitRate>11,0248", b"<VunitRate>11,0348"))
    assert rows(raw.replace(b"<VunitRate>11,0248", b"<VunitRate>11,02"))


def test_file_without_a_rate(rows):
    with pytest.raises(LayoutError, match="at least one rate"):
        rows(twins.cbr("R01235", "01.03.2026", "31.03.2026", []))


def test_file_too_large(rows, monkeypatch):
    monkeypatch.setattr(cbr, "LARGEST", 100)
    with pytest.raises(LayoutError, match="at most"):
        rows(DOLLAR)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.dates(date(2015, 1, 1), date(2026, 12, 31)),
        st.tuples(st.sampled_from([1, 10, 100]), st.decimals("0.0001", "9999", places=4)),
        min_size=1,
        max_size=30,
    )
)
def test_what_is_written_is_read_back(tmp_path_factory, rates):
    first, last = min(rates), max(rates)
    path = tmp_path_factory.mktemp("twin") / "a.xml"
    path.write_bytes(
        twins.cbr(
            "R01375",
            f"{first:%d.%m.%Y}",
            f"{last:%d.%m.%Y}",
            [(f"{day:%d.%m.%Y}", n, str(v).replace(".", ",")) for day, (n, v) in rates.items()],
        )
    )
    [part] = cbr.clean(path)
    found = part.rows.to_pylist()
    months = {day.replace(day=1) for day in rates}
    assert {row["ref_period"] for row in found} == months
    for row in found:
        held = [v / n for day, (n, v) in rates.items() if day.replace(day=1) == row["ref_period"]]
        assert row["n_days"] == len(held)
        assert row["rate"] == pytest.approx(float(sum(held) / len(held)))
        month = row["ref_period"]
        end = month + timedelta(days=monthrange(month.year, month.month)[1] - 1)
        newest = max(day for day in rates if day.replace(day=1) == month)
        assert (row["flags"] == "") == (
            first <= month and last >= end and end - newest <= timedelta(days=5)
        )


def naive(raw):
    """Rates by a pattern: their mean, and how many."""
    found = re.findall(
        r"<(?:Record\s[^>]*?\bDate\s*=\s*[\"'].*?[\"']|Valute\b).*?<Nominal>\s*(\d+)\s*</Nominal>.*?"
        r"<Value>\s*([\d,]+)\s*</Value>",
        raw.decode("cp1251", "replace"),
        re.DOTALL,
    )
    held = [Decimal(v.replace(",", ".")) / int(n) for n, v in found]
    return float(sum(held) / len(held)), len(held)


@pytest.mark.parametrize("raw", [DOLLAR, DAY])
def test_mutated_bytes_give_what_a_naive_reader_makes_of_them_or_an_error(tmp_path, raw):
    path, read = tmp_path / "a.xml", 0
    for data in twins.mutations(raw, 2000):
        path.write_bytes(data)
        try:
            found = [row for part in cbr.clean(path) for row in part.rows.to_pylist()]
        except TradeflowsError:
            continue
        read += 1
        total = sum(row["rate"] * row["n_days"] for row in found)
        days = sum(row["n_days"] for row in found)
        assert (total / days, days) == pytest.approx(naive(data))
    assert read > 50
