"""Areas and products: what a publisher's codes mean, what lies in what, and what is refused."""

import csv
import re

import pyarrow as pa
import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradeflows.model import codes
from tradeflows.model.codelists import LISTS
from tradeflows.model.errors import CodeError, LayoutError, QueryError, SourceError


def rows(name):
    with (LISTS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


AREAS = {row["area"]: row for row in rows("areas.csv")}
AREA_CODES = rows("area_codes.csv")
PRODUCTS = rows("products.csv")
SYSTEMS = sorted({row["system"] for row in AREA_CODES})
EU27 = AREAS["EU27_2020"]["members"].split()


def area_of(code, system, year=None):
    return codes.areas(pa.array([code]), system, "raw.csv", year).to_pylist()[0]


# --- the lists ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("areas.csv", ("area",)),
        ("areas.csv", ("name",)),
        ("area_codes.csv", ("system", "code")),
        ("area_years.csv", ("system", "code", "first")),
        ("products.csv", ("code",)),
        ("product_words.csv", ("word", "code")),
        ("unit_words.csv", ("word",)),
    ],
)
def test_no_list_states_a_key_twice(name, key):
    keys = [tuple(row[column] for column in key) for row in rows(name)]
    assert len(set(keys)) == len(keys)


def test_countries_are_iso_3166_and_kosovo():
    ours = {area for area, row in AREAS.items() if row["kind"] == "country"}
    assert ours == {country.alpha_3 for country in pycountry.countries} | {"XKX"}


def test_iso_codes_are_those_of_eurostat_and_comtrade():
    comtrade = codes.area_codes("comtrade")
    countries = {country.alpha_3: country for country in pycountry.countries}
    differ = {
        area: comtrade.get(str(int(country.numeric)))
        for area, country in countries.items()
        if comtrade.get(str(int(country.numeric))) != area
    }
    assert differ == {"MCO": "EU_NES", "TWN": None}
    assert [str(int(code)) for code in comtrade] == [*comtrade]
    assert {area_of(country.alpha_2, "eurostat") for country in countries.values()} == {*countries}


def test_codes_members_and_words_are_of_the_lists():
    members = {each.strip("!") for row in AREAS.values() for each in row["members"].split()}
    listed = {row["area"] for row in [*AREA_CODES, *rows("area_years.csv")]}
    assert listed | members - {"*"} <= set(AREAS)
    goods = {code for row in rows("product_words.csv") for code in row["code"].split("+")}
    parents = {row["parent"] for row in PRODUCTS} - {""}
    parts = {part for row in PRODUCTS for part in row["code"].split("+")}
    assert goods | parents <= parts | {*codes.all_products()}


def test_years_of_one_code_do_not_overlap():
    spans = {}
    for row in rows("area_years.csv"):
        years = range(int(row["first"] or 1900), int(row["last"] or 2100) + 1)
        spans.setdefault((row["system"], row["code"]), []).extend(years)
    assert all(len(set(years)) == len(years) for years in spans.values())


# --- a publisher's area codes ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("system", "year", "meanings"),
    [
        ("comtrade", None, "344 HKG, 757 CHE, 490 S19, 0 W00, 899 _X"),
        ("gacc", None, "344 RUS"),
        ("iso3", None, "EU27 EU27_2020"),
        ("eurostat", None, "QX _X, BE BEL"),
        ("eurostat", 1990, "CS CSK, BE BLX"),
        ("eurostat", 2005, "CS SCG, BE BEL"),
    ],
)
def test_a_code_means_what_its_system_says(system, year, meanings):
    for code, area in map(str.split, meanings.split(", ")):
        assert area_of(code, system, year) == area


@pytest.mark.parametrize(
    ("code", "year"), [("CS", 2003), ("DD", 1991), ("YU", 2004), ("CS", None), ("ZZ", 1995)]
)
def test_code_outside_its_years(code, year):
    with pytest.raises(CodeError, match=f"not in system 'eurostat'.*'{code}'"):
        area_of(code, "eurostat", year)


@pytest.mark.slow
@given(st.data())
def test_codes_are_mapped_or_refused_in_any_layout(data):
    system = data.draw(st.sampled_from(SYSTEMS))
    known = {row["code"]: row["area"] for row in AREA_CODES if row["system"] == system}
    if system == "iso3":
        known |= dict(zip(AREAS, AREAS, strict=True))
    sample = data.draw(st.lists(st.sampled_from(sorted(known))))
    text = pa.array(sample, pa.string())
    number = (
        pa.int64()
        if all(code.isdecimal() and code == str(int(code)) for code in sample)
        else text.type
    )
    chunked = pa.chunked_array([text[:1], text[1:]])
    for values in (
        text,
        chunked,
        text.dictionary_encode(),
        text.cast(pa.large_string()),
        text.cast(number),
    ):
        mapped = codes.areas(values, system, "raw.csv")
        assert mapped.to_pylist() == [known[code] for code in sample]

    stranger = data.draw(st.none() | st.text(max_size=5).filter(lambda text: text not in known))
    place = data.draw(st.integers(0, len(sample)))
    with pytest.raises(CodeError, match="never drop the row"):
        codes.areas(
            pa.array([*sample[:place], stranger, *sample[place:]], pa.string()), system, "raw.csv"
        )


def test_unknown_codes_and_systems_are_named():
    values = pa.array(["EXT_EU27", "RU", "12", "13", "14", "15", "16", "17"])
    with pytest.raises(CodeError) as caught:
        codes.areas(values, "eurostat", "raw.csv")
    message = str(caught.value)
    assert message.startswith("raw.csv: 7 of 8 area codes are not in system 'eurostat': 'EXT_EU27'")
    assert re.search(r"'15'; did you mean [^?]*'EXT_EU27_2020'", message)
    assert "add it to area_codes.csv" in message
    assert "\n" not in message
    with pytest.raises(CodeError, match=r"no system 'un'.* there are adjective, bruegel, capital"):
        area_of("643", "un")


# --- wholes and parts -----------------------------------------------------------------------------


def test_a_whole_contains_its_parts_alone():
    within = "EU28 EU27_2020, EU EU28, EU28 EU, EU27_2020_EXTRA GBR, EU28 XI, SUN RUS"
    outside = "EU27_2020 EU28, EU27_2020 EU27_2020, EU27_2020_EXTRA EU27_2020_INTRA, S19 TWN"
    for pairs, expected in ((within, True), (outside, False)):
        for whole, part in map(str.split, pairs.split(", ")):
            assert codes.contains(whole, part) is expected


def test_a_country_is_in_the_world_and_inside_or_outside_the_eu():
    assert [area for area in AREAS if not codes.contains("W00", area)] == ["W00"]
    for area, row in AREAS.items():
        if row["kind"] == "country":
            assert codes.contains("EU27_2020_INTRA", area) is (area in EU27)
            assert codes.contains("EU27_2020_EXTRA", area) is (area not in EU27)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("EU28", "EU27_2020_EXTRA", True),  # the United Kingdom
        ("EU27_2020", "EU27_2020_EXTRA", False),
        ("EU27_2020", "SUN", False),  # which ended before there was the other
        ("CHN", "CHN", False),
    ],
)
def test_areas_that_share_a_part_overlap(one, other, expected):
    assert codes.overlaps(one, other) is codes.overlaps(other, one) is expected
    assert codes.overlaps("W00", one)
    assert not codes.overlaps(one, "W00")


# --- products -------------------------------------------------------------------------------------


def test_a_product_is_under_its_ancestors_alone():
    under = (
        "27090000 TOTAL, 2701:coking 27, 271111+271121 2711, 27111100 271111+271121, "
        "2701+2704 2701+2704+2706, G3200 G3000, 39269XXX 3926"
    )
    apart = (
        "2709 2709, 2709 27090000, 2701+2702 2702+2701, 2701+2709 2701+2702, G3200 TOTAL, "
        "2701:coking 2701:thermal, oil_products 2710, 392XXXXX 3926"
    )
    for pairs, expected in ((under, True), (apart, False)):
        for code, ancestor in map(str.split, pairs.split(", ")):
            assert codes.is_under(code, ancestor) is expected, (code, ancestor)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        *(
            (code, ["products.csv"])
            for code in ("270", "27O9", "00", "770123", "", "2701:peat", "2701+", "२७")
        ),
        ("10229", ["its leading zero is lost"]),
        ("270900900", ["own code of 9 digits", '"270900900" = "270900"']),
        ("210120100", ["0210120100 may be meant; or a country's own code of 9 digits"]),
    ],
)
def test_no_product_code_is_refused_with_what_it_may_be(code, reason):
    asks = (codes.level, codes.product_name, lambda code: codes.is_under("2709", code))
    for ask in (*asks, lambda code: codes.is_under(code, "27")):
        with pytest.raises(CodeError) as caught:
            ask(code)
        assert [text for text in reason if text not in str(caught.value)] == []


def test_word_stands_for_codes():
    assert codes.product("crude oil") == ["2709", "O4100_TOT"]
    assert codes.product("LNG ") == ["271111", "G3200"]
    assert codes.product(" 850450") == ["850450"]
    assert codes.product("2701+2702") == ["2701+2702"]


@pytest.mark.parametrize(
    ("word", "hint"),
    [("crud oil", "'crude oil'"), ("oil", ".*'crude oil'")],
)
def test_a_word_that_is_no_product_is_refused_with_those_near(word, hint):
    with pytest.raises(
        QueryError, match=rf"no product '{word}' in products.csv .*; did you mean {hint}"
    ):
        codes.product(word)


# --- code lists of the raw data -------------------------------------------------------------------


def test_a_code_list_is_read_as_text(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("basket,hs6\nfood,010620\n\nfood,880621\nall,880621\n", encoding="utf-8-sig")
    listed = codes.codelist(path, key=("basket", "hs6"))
    assert listed[0] == {"basket": "food", "hs6": "010620"}
    assert len(listed) == 3
    with pytest.raises(SourceError, match=r"none\.csv: no such file"):
        codes.codelist(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("", LayoutError, r"columns \['hs6'\]"),
        ("code\n880621\n", LayoutError, r"columns \['hs6'\]"),
        ("hs6\n", LayoutError, "rows of 1 cells, found none"),
        ("hs6,tier\n880621\n", LayoutError, "rows of 2 cells"),
        ("hs6,tier\n880621,1\n880622,1,2\n", LayoutError, "rows of 2 cells"),
        ("hs6\n8806\n880621\n", CodeError, r"not six digits: \['8806'\]"),
        ("hs6\n880621\n880621\n", CodeError, r"more than once: \['880621'\]"),
    ],
)
def test_what_a_code_list_may_not_be(tmp_path, text, error, message):
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(error, match=message):
        codes.codelist(tmp_path / "list.csv")
