import csv
import re
import subprocess
import sys

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


def one(code, system):
    return codes.areas(pa.array([code]), system, "raw.csv").to_pylist()[0]


# The lists


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("areas.csv", ("area",)),
        ("areas.csv", ("name",)),
        ("area_codes.csv", ("system", "code")),
        ("area_years.csv", ("system", "code", "first")),
        ("products.csv", ("code",)),
        ("product_words.csv", ("word", "code")),
    ],
)
def test_no_list_states_a_key_twice(name, key):
    keys = [tuple(row[column] for column in key) for row in rows(name)]
    assert len(set(keys)) == len(keys)


def test_countries_are_iso_3166_and_kosovo():
    ours = {area for area, row in AREAS.items() if row["kind"] == "country"}
    assert ours == {country.alpha_3 for country in pycountry.countries} | {"XKX"}


def test_iso_letters_at_eurostat():
    for country in pycountry.countries:
        assert one(country.alpha_2, "eurostat") == country.alpha_3


def test_iso_numbers_at_comtrade():
    comtrade = {row["code"]: row["area"] for row in AREA_CODES if row["system"] == "comtrade"}
    differ = {
        country.alpha_3: comtrade.get(str(int(country.numeric)))
        for country in pycountry.countries
        if comtrade.get(str(int(country.numeric))) != country.alpha_3
    }
    assert differ == {"MCO": "EU_NES", "TWN": None}


def test_codes_and_members_are_areas():
    members = {each.strip("!") for row in AREAS.values() for each in row["members"].split()}
    listed = {row["area"] for row in [*AREA_CODES, *rows("area_years.csv")]}
    assert listed | members - {"*"} <= set(AREAS)


@pytest.mark.parametrize(
    ("code", "year", "area"),
    [
        ("CS", 1990, "CSK"),
        ("CS", 2005, "SCG"),
        ("YU", 1995, "SCG"),
        ("BE", 1998, "BLX"),
        ("RU", 1995, "RUS"),
    ],
)
def test_eurostat_codes_by_year(code, year, area):
    assert codes.areas(pa.array([code]), "eurostat", "raw.csv", year).to_pylist() == [area]


@pytest.mark.parametrize(
    ("code", "year"),
    [
        ("CS", 2003),
        ("DD", 1991),
        ("XA", 2001),
        ("XB", 1997),
        ("YU", 2004),
        ("CS", 2010),
        ("CS", None),
        ("ZZ", 1995),
    ],
)
def test_code_outside_its_years(code, year):
    with pytest.raises(CodeError, match=f"not in system 'eurostat'.*'{code}'"):
        codes.areas(pa.array([code]), "eurostat", "raw.csv", year)


def test_years_of_one_code_do_not_overlap():
    spans = {}
    for row in rows("area_years.csv"):
        years = range(int(row["first"] or 1900), int(row["last"] or 2100) + 1)
        spans.setdefault((row["system"], row["code"]), []).extend(years)
    assert all(len(set(years)) == len(years) for years in spans.values())


def test_comtrade_codes_without_zeros():
    comtrade = [row["code"] for row in AREA_CODES if row["system"] == "comtrade"]
    assert [str(int(code)) for code in comtrade] == comtrade


def test_words_and_parents_are_products():
    codes_used = {code for row in rows("product_words.csv") for code in row["code"].split("+")}
    parents = {row["parent"] for row in PRODUCTS} - {""}
    listed = {part for row in PRODUCTS for part in row["code"].split("+")}
    assert codes_used | parents <= listed | {*codes.all_products()}


# A publisher's area codes


@pytest.mark.parametrize(
    ("code", "system", "area"),
    [
        ("344", "comtrade", "HKG"),
        ("344", "gacc", "RUS"),
        ("251", "comtrade", "FRA"),
        ("756", "comtrade", "CHE"),
        ("757", "comtrade", "CHE"),
        ("490", "comtrade", "S19"),
        ("0", "comtrade", "W00"),
        ("899", "comtrade", "_X"),
        ("EL", "eurostat", "GRC"),
        ("UK", "eurostat", "GBR"),
        ("QX", "eurostat", "_X"),
        ("NOT_A_COUNTRY_CODE(NSP/other)", "eurostat label", "_X"),
        ("Congo - Kinshasa", "eurostat label", "COD"),
        ("India's Total Import", "dgcis", "W00"),
        ("EU27", "iso3", "EU27_2020"),
        ("Yamal (BY,PL)", "bruegel", "RUS"),
    ],
)
def test_a_code_means_what_its_system_says(code, system, area):
    assert one(code, system) == area


def test_groups_of_one_iso_code_stay_apart():
    groups = pa.array(["473", "636", "492", "899", "837", "838", "839", "490", "568", "577"])
    assert len(set(codes.areas(groups, "comtrade", "raw.csv").to_pylist())) == len(groups)


@pytest.mark.parametrize(
    "values",
    [
        pa.array([643, 156, 643]),
        pa.chunked_array([["643"], ["156", "643"]]),
        pa.array(["643", "156", "643"]).dictionary_encode(),
        pa.array(["643", "156", "643"], pa.large_string()),
    ],
)
def test_any_arrow_layout_of_codes_will_do(values):
    assert codes.areas(values, "comtrade", "raw.csv").to_pylist() == ["RUS", "CHN", "RUS"]


@given(st.data())
def test_codes_are_mapped_or_refused(data):
    system = data.draw(st.sampled_from(SYSTEMS))
    known = {row["code"]: row["area"] for row in AREA_CODES if row["system"] == system}
    if system == "iso3":
        known |= dict(zip(AREAS, AREAS, strict=True))
    sample = data.draw(st.lists(st.sampled_from(sorted(known))))
    mapped = codes.areas(pa.array(sample, pa.string()), system, "raw.csv")
    assert mapped.to_pylist() == [known[code] for code in sample]

    stranger = data.draw(st.text(max_size=5).filter(lambda text: text not in known))
    place = data.draw(st.integers(0, len(sample)))
    with pytest.raises(CodeError, match="never drop the row"):
        codes.areas(pa.array([*sample[:place], stranger, *sample[place:]]), system, "raw.csv")


def test_unknown_codes_are_named():
    values = pa.array(["EXT_EU27", "RU", "12", "13", "14", "15", "16", "17"])
    with pytest.raises(CodeError) as caught:
        codes.areas(values, "eurostat", "raw.csv")
    message = str(caught.value)
    assert message.startswith("raw.csv: 7 of 8 area codes are not in system 'eurostat': 'EXT_EU27'")
    assert re.search("did you mean [^?]*'EXT_EU27_2020'", message)
    assert "'15'" in message
    assert "'16'" not in message
    assert "add it to area_codes.csv" in message
    assert "\n" not in message


def test_unknown_system_is_refused():
    with pytest.raises(CodeError, match=r"no system 'un'.* it has: bruegel, comext"):
        one("643", "un")


# What a person types


def test_ids_and_names_find_their_area():
    assert all(codes.area(area) == area for area in AREAS)
    assert all(codes.area(row["name"]) == area for area, row in AREAS.items())


# Wholes and parts


@pytest.mark.parametrize(
    ("whole", "part", "expected"),
    [
        ("EU28", "EU27_2020", True),
        ("EU", "EU28", True),
        ("EU28", "EU", True),
        ("EU27_2020_EXTRA", "GBR", True),
        ("EU27_2020_EXTRA", "_X_EXTRA", True),
        ("EU28", "XI", True),
        ("SUN", "RUS", True),
        ("EU27_2020", "EU28", False),
        ("EU27_2020", "EU27_2020", False),
        ("DEU", "EU27_2020", False),
        ("EU27_2020_EXTRA", "EU27_2020_INTRA", False),
        ("EU27_2020_EXTRA", "W00", False),
        ("S19", "TWN", False),
    ],
)
def test_a_whole_contains_its_parts_alone(whole, part, expected):
    assert codes.contains(whole, part) is expected


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (codes.area_name, ["RU"]),
        (codes.contains, ["EU27", "DEU"]),
        (codes.contains, ["EU28", "Germany"]),
    ],
)
def test_what_is_no_area_id_is_refused(ask, words):
    with pytest.raises(CodeError, match="no area id"):
        ask(*words)


def test_world_contains_all_but_itself():
    assert [area for area in AREAS if not codes.contains("W00", area)] == ["W00"]


def test_country_is_inside_or_outside_the_eu():
    for area, row in AREAS.items():
        if row["kind"] == "country":
            assert codes.contains("EU27_2020_INTRA", area) is (area in EU27)
            assert codes.contains("EU27_2020_EXTRA", area) is (area not in EU27)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("EU28", "EU27_2020_EXTRA", True),  # the United Kingdom
        ("EU28", "EU27_2020_INTRA", True),
        ("EU27_2020", "EU27_2020_EXTRA", False),
        ("EU27_2020", "SUN", False),  # which ended before there was the other
        ("CHN", "RUS", False),
        ("CHN", "CHN", False),
    ],
)
def test_areas_that_share_a_part_overlap(one, other, expected):
    assert codes.overlaps(one, other) is codes.overlaps(other, one) is expected
    assert codes.overlaps("W00", one)
    assert not codes.overlaps(one, "W00")


# Products


@pytest.mark.parametrize(
    ("code", "ancestor", "expected"),
    [
        ("27090000", "TOTAL", True),
        ("2709001000", "27090010", True),
        ("2701:coking", "2701", True),
        ("2701:coking", "27", True),
        ("271111+271121", "2711", True),
        ("27111100", "271111+271121", True),
        ("2701+2704", "2701+2704+2706", True),
        ("2701:thermal", "2701+2702", True),
        ("G3200", "G3000", True),
        ("392XXXXX", "39", True),
        ("39269XXX", "3926", True),
        ("2709", "2709", False),
        ("2709", "27090000", False),
        ("2701+2709", "2701+2702", False),
        ("2701+2702", "2702+2701", False),
        ("2701:coking", "2701:thermal", False),
        ("G3200", "TOTAL", False),
        ("oil_products", "2710", False),
        ("392XXXXX", "3926", False),
    ],
)
def test_a_product_is_under_its_ancestors_alone(code, ancestor, expected):
    assert codes.is_under(code, ancestor) is expected


@given(st.from_regex(r"(?!00|77)[0-9]{4}([0-9]{2}){0,3}", fullmatch=True))
def test_hs_code_is_under_its_starts(code):
    assert all(codes.is_under(code, code[:digits]) for digits in range(2, len(code), 2))
    assert codes.level(code) == len(code)


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("TOTAL", 0),
        ("2709", 4),
        ("39XXXXXX", 8),
        ("2701:coking", 5),
        ("2701+2702", 4),
        ("2711+271121", 4),
        ("G3000", 0),
        ("G3200", 1),
    ],
)
def test_level_of_a_product(code, level):
    assert codes.level(code) == level


@pytest.mark.parametrize(
    "code", ["102", "10229", "270", "27O9", "00", "770123", "G32", "", "2701:peat", "2701+", "२७"]
)
def test_no_product_code_is_refused(code):
    reason = "its leading zero is lost" if code in ("102", "10229") else r"products\.csv"
    for ask in (codes.level, codes.product_name):
        with pytest.raises(CodeError, match=reason):
            ask(code)
    with pytest.raises(CodeError, match=reason):
        codes.is_under("2709", code)
    with pytest.raises(CodeError, match=reason):
        codes.is_under(code, "27")


@pytest.mark.parametrize(
    ("code", "may_be"),
    [
        ("270900900", ["own code of 9 digits", '"270900900" = "270900"']),
        ("27090090011", ["own code of 11 digits"]),
        ("210120100", ["0210120100 may be meant; or a country's own code of 9 digits"]),
    ],
)
def test_a_national_code_is_told_from_one_without_its_zero(code, may_be):
    with pytest.raises(CodeError) as caught:
        codes.level(code)
    assert [text for text in may_be if text not in str(caught.value)] == []
    assert ("leading zero" in str(caught.value)) == ("0210" in may_be[0])


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("crude oil", ["2709", "O4100_TOT"]),
        ("LNG ", ["271111", "G3200"]),
        ("coal", ["2701", "2701+2704+2706", "2701+2702"]),
        (" 850450", ["850450"]),
        ("2701+2702", ["2701+2702"]),
        ("G3000", ["G3000"]),
    ],
)
def test_word_stands_for_codes(word, found):
    assert codes.product(word) == found


def test_misspelt_product_is_refused():
    with pytest.raises(
        QueryError, match=r"no product 'crud oil' in products.csv .*; did you mean 'crude oil'"
    ):
        codes.product("crud oil")


def test_name_of_a_product():
    assert codes.product_name("271121") == "pipeline gas"
    assert codes.product_name("850450").startswith("Electrical inductors")
    assert codes.product_name("2701+2709") == "coal; crude oil"


# Code lists of the raw data


@pytest.fixture
def saved(tmp_path):
    """Write text to a file and return its path."""

    def save(text):
        path = tmp_path / "list.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return save


def test_a_code_list_is_read_as_text(saved):
    path = saved("basket,hs6\nfood,010620\nfood,880621\nall,880621\n")
    listed = codes.codelist(path, key=("basket", "hs6"))
    assert listed[0] == {"basket": "food", "hs6": "010620"}
    assert len(listed) == 3


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("", LayoutError, r"columns \['hs6'\]"),
        ("code\n880621\n", LayoutError, r"columns \['hs6'\]"),
        ("hs6\n", LayoutError, "a row a code, found none"),
        ("hs6,tier\n880621\n", LayoutError, "2 cells a row, found another number in 1"),
        ("hs6,tier\n880621,1\n880622,1,2\n", LayoutError, "another number in 2"),
        ("hs6\n8806\n880621\n", CodeError, r"not six digits: \['8806'\]"),
        ("hs6\n880621\n880621\n", CodeError, r"more than once: \['880621'\]"),
    ],
)
def test_what_a_code_list_may_not_be(saved, text, error, message):
    with pytest.raises(error, match=message):
        codes.codelist(saved(text))


def test_a_missing_code_list_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"none\.csv: no such file"):
        codes.codelist(tmp_path / "none.csv")


# Cost


def test_codes_load_no_arrow_and_no_pandas():
    ask = (
        "import sys, tradeflows.model.codes; "
        "sys.exit(bool({'pandas', 'pyarrow'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", ask], check=False).returncode == 0
