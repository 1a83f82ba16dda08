import re
from decimal import Decimal
from functools import partial

import pytest
import twins

from tradeflows.model.errors import CodeError, LayoutError
from tradeflows.publishers import cbr

RATES = [("03.03.2026", 1, "77,1734"), ("04.03.2026", 1, "77,6093"), ("26.03.2026", 1, "77,8009")]
DOLLAR = twins.cbr("R01235", "01.03.2026", "31.03.2026", RATES)
DAY = twins.cbr_day(
    "29.06.2023", [("USD", 1, "Доллар США", "85,0504"), ("CNY", 10, "Юаней", "117,5660")]
)


@pytest.fixture
def rows(tmp_path):
    return partial(twins.rows_of, cbr.clean, tmp_path / "rates.xml")


def test_mean_of_a_month(rows):
    [row] = rows(DOLLAR)
    assert row["rate"] == pytest.approx((77.1734 + 77.6093 + 77.8009) / 3)
    assert (row["base"], row["quote"], row["n_days"], row["flags"]) == ("USD", "RUB", 3, "")
    assert (str(row["ref_period"]), row["source_row"]) == ("2026-03-01", 1)
    # Not covered, or not ended when it was asked for.
    for old, new in ((b"31.03.2026", b"30.03.2026"), (b"26.03.2026", b"25.03.2026")):
        assert rows(DOLLAR.replace(old, new))[0]["flags"] == "partial"
    assert rows(DOLLAR.replace(b"01.03.2026", b"02.03.2026"))[0]["flags"] == "partial"


def test_nominal_and_old_rouble(rows):
    yuan, dollar = rows(DAY)
    assert (yuan["base"], yuan["rate"]) == ("CNY", pytest.approx(11.7566))
    assert (dollar["base"], dollar["n_days"], dollar["flags"]) == ("USD", 1, "partial")
    days = [("31.12.1997", 1, "5960,0000"), ("01.01.1998", 1, "5,9600")]
    raw = twins.cbr("R01235", "31.12.1997", "01.01.1998", days)
    assert [(row["quote"], row["rate"]) for row in rows(raw)] == [("RUR", 5960), ("RUB", 5.96)]


@pytest.mark.parametrize(
    ("old", "new", "error", "message"),
    [
        (b"R01235", b"R09999", CodeError, "R09999"),
        (b"77,1734", b"77.1734", LayoutError, "1734 in Value"),
        (b"77,1734", b"0", LayoutError, "one Value"),
        (b"<Nominal>1<", b"<Nominal>0<", LayoutError, "10 in Nominal"),
        (b"26.03.2026", b"04.03.2026", LayoutError, "once"),
        (b"26.03.2026", b"05.04.2026", LayoutError, "once"),
        (b'Date="26.03.2026"', b'Date="32.03.2026"', LayoutError, "each day of the span once"),
        (b"</ValCurs>", b"", LayoutError, "XML"),
        (b"ValCurs", b"Metall", LayoutError, "<ValCurs>"),
        (b"Record ", b"Rekord ", LayoutError, "XML"),
        (b'Id="R01235"', b'Id="R01375"', LayoutError, "alone"),
        (b"<ValCurs ", b"<!DOCTYPE x><ValCurs ", LayoutError, "document type"),
    ],
)
def test_what_it_refuses(rows, monkeypatch, old, new, error, message):
    with pytest.raises(error, match=message):
        rows(DOLLAR.replace(old, new))
    with pytest.raises(LayoutError, match="with others or none"):
        rows(twins.cbr("R01235", "01.03.2026", "31.03.2026", []))
    monkeypatch.setattr(cbr, "LARGEST", 100)
    with pytest.raises(LayoutError, match="at most"):
        rows(DOLLAR)


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


@pytest.mark.slow
@pytest.mark.parametrize("raw", [DOLLAR, DAY])
def test_mutated_bytes_give_what_a_naive_reader_makes_of_them_or_an_error(tmp_path, raw):
    read = [*twins.rows_of_mutations(cbr.clean, tmp_path / "a.xml", raw)]
    for found, data in read:
        total = sum(row["rate"] * row["n_days"] for row in found)
        days = sum(row["n_days"] for row in found)
        assert (total / days, days) == pytest.approx(naive(data))
    assert len(read) > 2
