"""Words that people use for areas, groups, currencies and goods."""

import pycountry
import pytest

from tradeflows.model import codes, groups
from tradeflows.model.codelists import rows_of
from tradeflows.model.currencies import currency, plain_names
from tradeflows.model.errors import QueryError
from tradeflows.model.words import fold

COUNTRIES = {area for area in codes.area_words().values() if codes.is_country(area)}
GROUPS = sorted({row["group"] for row in rows_of("area_groups.csv")})


def test_every_name_of_iso_3166_is_known():
    for country in pycountry.countries:
        names = ("alpha_2", "alpha_3", "name", "official_name", "common_name")
        words = [getattr(country, name, "") or country.name for name in names]
        assert {codes.area(word) for word in words} == {country.alpha_3}


USUAL = {
    "USA": "U.S.",
    "CIV": "Cote d'Ivoire",
    "GMB": "The Gambia",
    "LCA": "St. Lucia",
    "KOR": "Korea, South; Korea, Rep. of; Korea (Republic of); Korea Rep.",
    "TWN": "Republic of China; China (Taiwan)",
    "PRK": "Korea, Dem. People's Rep.",
    "COD": "Dem. Rep. of the Congo",
    "IRN": "Iran, Islamic Rep. of",
    "FSM": "Micronesia, Fed. Sts.",
    "FLK": "Falkland Isds (Malvinas)",
    "CHN": "China, P.R.: Mainland",
    "SSD": "Sudan (South)",
    "VNM": "Viet-Nam",
    "TLS": "Timor Leste",
}


@pytest.mark.parametrize(("area", "words"), USUAL.items())
def test_usual_words_for_a_country(area, words):
    assert {codes.area(word) for word in words.split("; ")} == {area}


def test_folded_words_mean_one_area_each():
    for system in codes.TYPED:
        for word, area in codes.area_codes(system).items():
            assert codes.area_words()[fold(word)] == area or fold(word) != fold(area)
    for row in rows_of("areas.csv"):
        assert codes.area(row["name"]) == codes.area(row["area"]) == row["area"]


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("OPEC", r"a group of \d+ areas .* tf.areas"),
        ("the EAEU", r"a group of \d+ areas .* tf.areas"),
        *((word, "no area") for word in ("Ireland (Northern)", "Guinea (Bissau)", "Yemen (South)")),
        *((word, "no area") for word in ("USA (Puerto Rico)", "Korea")),
        ("the Commonwealth", "Commonwealth of Independent States' is one that is near"),
        ("OPEC+", "OPEC' is one that is near"),
        ("Middle East", "Western Asia' is one that is near"),
        *((word, "nothing is near") for word in ("OPECC", "qqq", "xyz", "zzz")),
        ("Germny", "did you mean 'Germany'"),
    ],
)
def test_what_is_no_area_is_refused_by_name(word, message):
    with pytest.raises(QueryError, match=message):
        codes.area(word)


@pytest.mark.parametrize("group", GROUPS)
def test_members_of_a_group_are_countries(group):
    members = groups.members(group)
    assert len(set(members)) == len(members) > 1
    assert set(members) <= COUNTRIES
    assert groups.group_of(groups.group_name(group)) == group
    assert groups.group_name(group)[0].isupper()


def test_a_group_has_the_members_of_a_year():
    counts = {("OPEC", 2019): 14, ("OPEC", 2024): 12, ("BRICS", 2025): 10, ("SCHENGEN", 2022): 26}
    assert {key: len(groups.members(*key)) for key in counts} == counts
    left = ["QAT until 2018", "ECU until 2019", "AGO until 2023"]
    assert groups.changes("OPEC", 2018, 2024) == left
    assert groups.changes("BRICS", 2023, 2024)[0] == "EGY from 2024"


def test_every_country_is_in_one_continent():
    continents = ("AFRICA", "AMERICAS", "ASIA", "EUROPE", "OCEANIA")
    listed = [area for name in continents for area in groups.members(name)]
    assert sorted(listed) == sorted(COUNTRIES - {"ATA"})


def test_every_currency_of_iso_4217_is_known_by_code_and_name():
    names = [money.name for money in pycountry.currencies]
    for money in pycountry.currencies:
        assert currency(money.alpha_3.lower()) == money.alpha_3
        assert plain_names()[money.alpha_3]
        if names.count(money.name) == 1 and money.name != "Som":  # which two countries have
            assert currency(money.name) == money.alpha_3
        else:
            with pytest.raises(QueryError, match=rf"several .*\b{money.alpha_3}\b"):
                currency(money.name)
    usual = {"renminbi": "CNY", "Rouble": "RUB", "pound sterling": "GBP", "$": "USD"}
    assert {word: currency(word) for word in usual} == usual
    with pytest.raises(QueryError, match="several currencies are called 'peso': ARS, CLP"):
        currency("peso")
    with pytest.raises(QueryError, match="no currency 'dolar' in ISO 4217; did you mean 'dollar'"):
        currency("dolar")


def test_every_word_for_goods_is_folded_and_stands_for_codes_that_have_a_name():
    for row in rows_of("product_words.csv"):
        assert row["word"] == fold(row["word"])
        assert row["code"] in codes.product(row["word"])
        for code in row["code"].split("+"):
            assert not codes.product_name(code).startswith(("HS ", "of "))
    goods = {"wheat": "1001", "gas": "271111+271121", "Excavators": "842952", "whisky": "220830"}
    assert {word: codes.product(word)[0] for word in goods} == goods


def test_every_heading_of_hs_has_a_name():
    names = {code: codes.product_name(code) for code in codes.harmonized_system()}
    assert len(names) > 6900
    assert not [code for code, name in names.items() if not name or name.startswith("HS ")]
    beginnings = {
        "271121": "pipeline gas",
        "850450": "Electrical inductors",
        "2701+2709": "coal; crude oil",
        "852851": "of 8528: Monitors and projectors",
        "27111990": "of 271119: ",
        "98": "HS 98",
    }
    for code, beginning in beginnings.items():
        assert codes.product_name(code).startswith(beginning)
