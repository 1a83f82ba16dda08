import re

import pytest

from tradeflows import cli
from tradeflows.model.errors import QueryError
from tradeflows.publishers.gacc.query_csv import CUT_OFF
from tradeflows.retrieval import customs_form


def steps(**asked):
    return customs_form.gacc(**{"product": "2709", "start": "2023-01", "end": "2023-12"} | asked)


def test_a_pair_is_an_export_a_year():
    text = "\n".join(steps(partner="RUS", start="2023-03", end="2024-05"))
    for said in (
        "2709, Russia (344)",
        "2023, months 3 to 12",
        "2024, months 1 to 5",
        "进口 / Import",
        "tradeflows add --flow M",
    ):
        assert said in text, said


@pytest.mark.parametrize("product", ["88", "8806", "880610", "88061000"])
@pytest.mark.parametrize("partner", ["", "RUS"])
def test_no_export_reaches_ten_thousand(product, partner):
    if not partner and len(product) < 6:
        with pytest.raises(QueryError, match="name a partner, or a code of more digits"):
            steps(product=product, partner=partner)
        return
    text = "\n".join(steps(product=product, partner=partner)).replace(",", "")
    most = [int(number) for number in re.findall(r"at most (\d+)", text)]
    assert 0 < max(most) + 1 < 10_000  # with the header


@pytest.mark.parametrize("a_month", [1, 833, 834, 4_999, 5_000, 9_998])
def test_every_month_is_asked_once(a_month):
    queries = customs_form._queries("2022-03", "2024-05", a_month)
    numbers = [re.findall(r"\d[\d,]*", query.replace(",", "", 1)) for query in queries]
    months = []
    for year, first, last, most in numbers:
        of_year = range(int(first), int(last) + 1)
        months += [(int(year), month) for month in of_year]
        assert int(most.replace(",", "")) == a_month * len(of_year) <= CUT_OFF - 2
    assert months == [(m // 12, m % 12 + 1) for m in range(2022 * 12 + 2, 2024 * 12 + 5)]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"product": "crude"}, "--product crude: the form takes HS codes of 2, 4, 6 or 8"),
        ({"partner": "Atlantis"}, "--partner: no area"),
        ({"partner": "EU27_2020"}, "--partner EU27_2020: .* has no code"),
        ({"start": "2023"}, "start=.2023.: expected a month such as"),
        ({"end": "soon"}, "end=.soon.: expected a month such as"),
        ({"end": "2022-01"}, "the end 2022-01 is before the start 2023-01"),
        ({"flow": "RM"}, "--flow RM: expected M or X"),
        ({"currency": "EUR"}, "--currency EUR: expected USD or CNY"),
    ],
)
def test_what_it_refuses(wanted, message):
    with pytest.raises(QueryError, match=message):
        steps(**wanted)


def test_the_verb_prints_the_steps(capsys):
    words = "guide gacc --product 8806 --partner RUS --start 2024-01 --end 2024-03 --flow X"
    assert cli.main(words.split()) == 0
    assert "出口 / Export" in capsys.readouterr().out
