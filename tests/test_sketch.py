"""A sketch proposes a map from what a file shows, and marks what it does not know."""

import tomllib

import pytest
from maps import WHEAT_MAP

from tradeflows import cli, measures, tables
from tradeflows.model.errors import CatalogueError, LayoutError, QueryError, SourceError
from tradeflows.retrieval import catalogue, maps
from tradeflows.retrieval.sketch import UNKNOWN, sketch

WHEAT = (
    "month,reporter,partner,flow,hs6,value_usd_thousand,weight_t,estimated,mood\n"
    "2023-01,USA,China,export,100199,12.5,40,False,good\n"
    "2023-01,USA,Ruritania,export,100199,2.5,8,True,bad\n"
    "2023-02,USA,Egypt,export,100111,7,0,False,good\n"
)


@pytest.fixture
def saved(tmp_path):
    """Save a text as a file."""

    def save(text, name="usda_wheat.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return save


def entry_of(text):
    [entry] = tomllib.loads(text)["source"].values()
    return entry


def fields_of(text):
    return entry_of(text)["arguments"]["fields"]


def test_what_a_file_shows_is_filled_in(saved):
    assert fields_of(sketch(saved(WHEAT))) == {
        "ref_period": {"column": "month", "form": "month"},
        "reporter_iso": {"column": "reporter", "areas": "iso3"},
        "partner_iso": {
            "column": "partner",
            "words": {"China": "CHN", "Ruritania": UNKNOWN, "Egypt": "EGY"},
        },
        "flow_code": {"column": "flow", "words": {"export": "X"}},
        "cmd_code": {"column": "hs6"},
        "value_reported": {"column": "value_usd_thousand", "times": 1000},
        "currency": "USD",
        "net_wgt_kg": {"column": "weight_t", "times": 1000},
        "flags": [{"flag": "estimated", "column": "estimated", "equals": "True"}],
    }


def test_a_column_not_read_is_named(saved):
    assert "# mood is not read\n" in sketch(saved(WHEAT))


def test_the_file_is_counted_and_hashed(saved):
    entry = entry_of(sketch(saved(WHEAT)))
    assert entry["bytes"] == len(WHEAT)
    assert len(entry["sha256"]) == 64
    assert "3 records, 9 columns" in sketch(saved(WHEAT))


def test_a_known_publisher_has_no_entry(saved):
    assert "[publisher.usda]" in sketch(saved(WHEAT))
    assert "[publisher.usda]" not in sketch(saved(WHEAT), known=["usda"])


def test_what_a_file_does_not_say_is_marked(saved):
    fields = fields_of(sketch(saved("year,country,tonnes\n2023,Egypt,4\n")))
    assert {name for name, value in fields.items() if value == UNKNOWN} == {
        "reporter_iso",
        "flow_code",
        "cmd_code",
    }
    assert fields["partner_iso"]["words"] == {"Egypt": "EGY"}
    assert fields["ref_period"]["form"] == "year"


def test_a_list_s_names_of_countries_are_known(saved):
    text = 'year,country,tonnes\n2023,"Korea, Rep. of",4\n2023,"Congo, Dem. Rep.",1\n2023,Korea,1\n'
    assert fields_of(sketch(saved(text)))["partner_iso"]["words"] == {
        "Korea, Rep. of": "KOR",
        "Congo, Dem. Rep.": "COD",
        "Korea": UNKNOWN,
    }


def test_what_need_not_be_written_is_said(saved):
    text = sketch(saved(WHEAT))
    assert '# absent = [{ along = "partner_iso", from = "2023-01"' in text
    assert "# Need not be said: partner_role" in text
    assert 'kind = "published"  # as they made it; or transcribed: somebody copied it' in text
    assert 'address = ""  # the page that it is from, https://…; empty if it has none' in text
    assert 'publisher = "usda"  # whose statistic it is' in text


def test_two_sides_are_not_guessed(saved):
    text = sketch(saved("year,exporter,importer,hs,usd\n2023,USA,EGY,1001,4\n"))
    assert fields_of(text)["reporter_iso"] == UNKNOWN
    assert "the exporter's or the importer's?" in text


def test_a_lost_zero_is_said(saved):
    text = sketch(saved("year,reporter,partner,hs6,usd\n2023,USA,EGY,10620,4\n"))
    assert "a spreadsheet took a zero away" in text


BRAZIL = (
    "CO_ANO;CO_MES;NCM;PAIS;VL_FOB;KG\n2023;01;12019000;China;1.234.567,5;2\n"
    "2023;12;12019000;China;10,25;3\n"
)


def test_marks_of_a_file_are_seen(saved):
    arguments = entry_of(sketch(saved(BRAZIL)))["arguments"]
    marks = {key: arguments[key] for key in ("separator", "decimal", "grouping")}
    assert marks == {"separator": ";", "decimal": ",", "grouping": "."}
    assert arguments["fields"]["value_reported"] == {"column": "VL_FOB", "times": UNKNOWN}


def test_commas_of_names_part_no_cells(saved):
    text = "month\treporter, name\tvalue, in USD\n2023-01\tUSA\t4\n"
    assert entry_of(sketch(saved(text)))["arguments"]["separator"] == "\t"
    quoted = 'month,reporter,"value; USD; FOB"\n2023-01,USA,4\n'
    assert "separator" not in entry_of(sketch(saved(quoted)))["arguments"]


def test_year_and_month_apart_are_seen(saved):
    period = {"column": "CO_ANO", "month": "CO_MES", "form": "year and month"}
    text = sketch(saved(BRAZIL))
    assert fields_of(text)["ref_period"] == period
    assert "CO_MES is not read" not in text
    named = "year,month,country,usd\n2023,January,Egypt,4\n2023,Feb,Egypt,4\n"
    assert fields_of(sketch(saved(named)))["ref_period"]["month"] == "month"


def test_columns_of_one_kind_may_be_rows(saved):
    wide = "period,sold to China in USD,sold to Egypt in USD,sold to Italy in USD\n05/2023,1,2,3\n"
    text = sketch(saved(wide))
    assert fields_of(text)["ref_period"] == {"column": "period", "form": "month and year"}
    assert "each gives a row:\n# arguments.rows" in text
    assert "arguments.rows" not in sketch(saved(WHEAT))


def test_columns_that_are_periods_may_be_rows(saved):
    text = sketch(saved("country,hs6,2018-09,2018-10\nEgypt,100199,1,2\n"))
    assert '# ref_period = { text = "2018-09", form = "month" }' in text


MONTHS_IN_COLUMNS = """\
Exp or Imp,Year,HS,Country,Unit1,Unit2,Quantity1-Jan,Quantity2-Jan,Value-Year,Value-Jan,\
Quantity1-Feb,Quantity2-Feb,Value-Feb
2,2022,270900,Russia,,KL,0,70,60,10,0,80,50
2,2022,271111,Russia,,MT,0,7,6,1,0,-,5
2,2023,270900,Russia,,KL,0,75,10,10,0,0,0
"""


def test_months_in_columns_have_a_row_each(saved):
    text = sketch(saved(MONTHS_IN_COLUMNS))
    fields, (january, february) = fields_of(text), entry_of(text)["arguments"]["rows"]
    assert not fields.keys() & {"ref_period", "value_reported", "net_wgt_kg", "qty"}
    assert fields["qty_unit"] == {"column": "Unit2", "words": {"KL": "m3", "MT": "none"}}
    assert fields["flow_code"] == {"column": "Exp or Imp", "words": {"2": UNKNOWN}}
    quantity = {"column": "Quantity2-Jan", "words": {"-": UNKNOWN}}
    assert january == {
        "needs": "Value-Jan",
        "ref_period": {"text": "Jan-{Year}", "form": "named month"},
        "value_reported": {"column": "Value-Jan", "times": UNKNOWN},
        "qty": quantity | {"where": {"column": "Unit2", "equals": "KL", "otherwise": "MT"}},
        "net_wgt_kg": quantity
        | {"times": 1000, "where": {"column": "Unit2", "equals": "MT", "otherwise": "KL"}},
    }
    assert (february["needs"], february["qty"]["column"]) == ("Value-Feb", "Quantity2-Feb")
    assert "# Value-Year is not read: numbers, of what?" in text
    assert "# Quantity1-Jan, and 1 of other months, is not read" in text
    assert '# where = {column = "Year", equals = ["2022"], otherwise = "2023"}' in text


def test_a_sketch_of_months_in_columns_can_be_added(saved, new_project):
    root = new_project("oil")
    path = saved(MONTHS_IN_COLUMNS, "oil.csv")
    text = sketch(path, publisher="office").replace('- = "???"', "- = 0")
    text = text.replace('times = "???"', "times = 1000").replace('2 = "???"', '2 = "M"')
    for field, value in (("reporter_iso", "JPN"), ("currency", "JPY")):
        text = text.replace(f'{field} = "???"', f'{field} = "{value}"')
    written = root / "oil.toml"
    written.write_text(text.replace("???", "invented"), encoding="utf-8")
    assert cli.main(["add", str(path), "--map", str(written), "--commit"]) == 0
    held = (root / "data" / "raw" / "sources.toml").read_text(encoding="utf-8").splitlines()
    [february] = [line for line in held if '"Quantity2-Feb"' in line and "needs" in line]
    assert february.lstrip().startswith('{needs = "Value-Feb"'), "a row has a line, to be changed"
    rows = tables.read(reporter="JPN", flow="M", freq=None).sort_values(["cmd_code", "ref_period"])
    assert rows["qty"].fillna(-1).tolist() == [70, 80, 75, 0, -1, -1]
    assert rows["net_wgt_kg"].fillna(-1).tolist() == [-1, -1, -1, -1, 7000, -1]
    assert rows["value_reported"].tolist() == [10e3, 50e3, 10e3, 0, 1e3, 5e3]


def test_periods_in_columns_have_a_row_each(saved):
    text = sketch(saved("country,hs6,Unit,2018-09,2018-10\nEgypt,100199,t,1,2\n"))
    scale = {"Unit": {"t": 1000}}
    assert "ref_period" not in fields_of(text)
    assert entry_of(text)["arguments"]["rows"] == [
        {
            "needs": month,
            "ref_period": {"text": month, "form": "month"},
            "net_wgt_kg": {"column": month, "times": scale},
        }
        for month in ("2018-09", "2018-10")
    ]


def test_figures_that_no_month_names_are_asked_for(saved):
    text = sketch(saved("Year,HS,Country,Jan,Feb\n2022,270900,Russia,10,20\n"))
    assert "rows" not in entry_of(text)["arguments"]
    assert "# Jan, and 1 of other months, is not read: numbers, of what?" in text
    assert 'ref_period = { text = "Jan-{Year}", form = "named month" }' in text


@pytest.mark.parametrize(
    ("units", "qty_unit"),
    [
        ("KL MT KG", {"KL": "m3", "MT": "none", "KG": "none"}),
        ("MT KG NO", {"MT": "none", "KG": "none", "NO": UNKNOWN}),
        ("KL MT", {"KL": "m3", "MT": "none"}),
        ("KG -", {"KG": "none", "": "none"}),
    ],
)
def test_of_mixed_units_weights_are_weights(saved, new_project, units, qty_unit):
    """A file of one column of numbers, whose units are of several kinds, or not known."""
    rows = [f"2023-{n:02},Egypt,{n},{unit.strip('-')}" for n, unit in enumerate(units.split(), 1)]
    path = saved("\n".join(["month,country,quantity,unit", *rows, ""]), "oil.csv")
    text = sketch(path, publisher="office")
    fields = fields_of(text)
    assert fields.get("qty_unit", {"words": {"KG": "none", "": "none"}})["words"] == qty_unit
    weight = fields["net_wgt_kg"]
    assert {*weight["where"].get("equals", [])} & {"KG", "MT", *"MT", *"KG"}
    assert "left_out" not in entry_of(text)["arguments"]
    for field, value in (("reporter_iso", "USA"), ("flow_code", "X"), ("cmd_code", "2709")):
        text = text.replace(f'{field} = "???"', f'{field} = "{value}"')
    root = new_project("mixed")
    written = root / "oil.toml"
    text = text.replace('NO = "???"', 'NO = "items"').replace("???", "invented")
    written.write_text(text, encoding="utf-8")
    assert cli.main(["add", str(path), "--map", str(written), "--commit"]) == 0
    frame = tables.read(reporter="USA", flow="X", freq=None).sort_values("ref_period")
    kilograms = {"MT": 1000, "KG": 1}
    stated = enumerate(units.split(), 1)
    assert frame["net_wgt_kg"].fillna(-1).tolist() == [
        n * kilograms[unit] if unit in kilograms else -1 for n, unit in stated
    ]


@pytest.mark.parametrize(
    ("line", "currency", "times"),
    [
        ("Values in thousand yen", "JPY", 1000),
        ("(1,000 yen; quantity in tonnes)", "JPY", 1000),
        ("Values: millions of US dollars", "USD", 1000000),
        ("USD thousand", "USD", 1000),
        ("Amounts in euros", "EUR", None),
        ("The 1000 largest", UNKNOWN, UNKNOWN),
        ("In thousand yen and thousand dollars", UNKNOWN, UNKNOWN),
    ],
)
def test_what_a_line_around_the_table_states_is_proposed(saved, line, currency, times):
    above = f'"Invented exports",,\n"{line}",,\nmonth,country,value\n2023-01,Egypt,4\n'
    below = f'month,country,value\n2023-01,Egypt,4\n2023-02,Egypt,5\n"{line}",,\n'
    for text in (above, below):
        fields = fields_of(sketch(saved(text)))
        assert fields["currency"] == currency
        assert fields["value_reported"].get("times") == times


@pytest.mark.parametrize(
    ("header", "times"), [("value", UNKNOWN), ("value thousand", 1000), ("usd value", None)]
)
def test_what_a_value_is_counted_by_is_asked(saved, header, times):
    text = sketch(saved(f"month,country,{header}\n2023-01,Egypt,4\n"))
    assert fields_of(text)["value_reported"].get("times") == times
    assert ("times: 1, or 1000 if" in text) == (times == UNKNOWN)


def test_sums_among_months_are_left_out(saved):
    text = "year,month,country,usd\n2023,Jan,Egypt,4\n2023,Feb,Egypt,4\n2023,Total,Egypt,8\n"
    sketched = sketch(saved(text))
    [condition] = entry_of(sketched)["arguments"]["left_out"]
    assert condition == {"column": "month", "equals": ["Total"], "reason": UNKNOWN}
    assert "# no months; what are these records" in sketched
    assert "left_out" not in sketch(saved(BRAZIL))


def test_one_side_may_be_the_reporter(saved):
    text = sketch(saved("year,importer,hs,usd\n2023,EGY,1001,4\n"))
    assert "if these areas state the figures, they are reporter_iso" in text


@pytest.mark.parametrize(
    "text",
    [
        'year,reporter,partner,usd\n2023,USA,EGY,"1,234"\n',
        "year;reporter;partner;usd\n2023;USA;EGY;1.234\n",
    ],
)
def test_marks_of_two_meanings_are_open(saved, text):
    arguments = entry_of(sketch(saved(text)))["arguments"]
    assert arguments["decimal"] == arguments["grouping"] == UNKNOWN


def test_a_point_between_commas_is_decimal(saved):
    text = sketch(saved("year,reporter,partner,usd\n2023,USA,EGY,1.234\n"))
    assert "decimal" not in entry_of(text)["arguments"]


def test_mixed_marks_are_said(saved):
    text = sketch(saved("year;country;usd;t\n2023;EGY;1.234,5;1,234.5\n"))
    assert "Its numbers are written in several ways" in text


def test_prices_are_rates(saved):
    entry = entry_of(sketch(saved("month,usd_a_bushel\n2023-01,7.5\n")))
    assert entry["table"] == "rates"
    assert entry["arguments"]["fields"]["rate"] == {"column": "usd_a_bushel"}
    assert entry["arguments"]["fields"]["base"] == UNKNOWN


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty; save it again"),
        ("a;b\n1;2;3\n", "expected lines of 2 cells, found 3 in record 1"),
        ("a,b\n", "found a header alone"),
        ("a,a\n1,2\n", "'a' twice"),
        ("a,b\n1\n", "found 1 in record 1"),
        ("<html>", "a page of HTML"),
        ('{"a": 1}', "found JSON"),
        ("PK\x03\x04", "a workbook"),
    ],
)
def test_what_is_no_csv_is_said(saved, text, message):
    with pytest.raises((LayoutError, SourceError), match=message):
        sketch(saved(text))


def test_a_known_file_needs_no_map(saved):
    path = saved("Date, USD,\n2023-01-02,1.1,\n", "eurofxref.csv")
    with pytest.raises(QueryError, match="reads it without a map"):
        sketch(path)


def test_no_such_table(saved):
    with pytest.raises(QueryError, match="no table 'trades'; did you mean 'trade'"):
        sketch(saved(WHEAT), table="trades")


def test_an_open_mark_is_refused(saved, tmp_path):
    path = tmp_path / "wheat.toml"
    path.write_text(sketch(saved(WHEAT)), encoding="utf-8")
    with pytest.raises(CatalogueError) as refused:
        maps.read(path)
    assert "publisher.usda.name, publisher.usda.short, source.usda_wheat.title" in str(
        refused.value
    )
    assert "partner_iso.words.Ruritania; write what is right there" in str(refused.value)


def test_a_sketch_needs_no_project(saved, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRADEFLOWS_ROOT", raising=False)
    path = saved(WHEAT)
    assert cli.main(["sketch", str(path), "--to", "wheat.toml"]) == 0
    assert capsys.readouterr().out == "wheat.toml\n"
    assert (tmp_path / "wheat.toml").read_text(encoding="utf-8").startswith("# usda_wheat.csv")


@pytest.mark.parametrize(
    ("old", "new", "file", "message"),
    [
        ('"usd" }', '"usdd" }', "map.toml", "its map: fields.value_reported: column: no column"),
        ('title = "Wheat', 'kind = "foo"\ntitle = "Wheat', "map.toml", "no such kind as 'foo'"),
        ("steps = ", "note = ", "map.toml", "lacks address or steps"),
        (
            'title = "',
            'address = "a.org"\ntitle = "',
            "map.toml",
            "not 'a.org'; leave it out if there",
        ),
        ('title = "', 'vintage = "2022-13"\ntitle = "', "map.toml", "vintage='2022-13': expected"),
        ('= "office"', '= "offic"', "map.toml", "no such publisher as 'offic'"),
        ('"EGY"', '"EGX"', "usda_wheat.csv", "partner_iso: no area id 'EGX'"),
        ('"X"', '"Y"', "usda_wheat.csv", "flow_code: not one of M, X, RM, RX"),
        ('"1001"', '"101"', "usda_wheat.csv", "'101' is no HS code"),
        ('form = "month"', 'form = "yyyymm"', "usda_wheat.csv", "record 1: expected a month"),
    ],
)
def test_a_wrong_map_names_the_users_file(saved, new_project, capsys, old, new, file, message):
    root = new_project("wheat_maps")
    path = saved("month,usd\n2023-01,5\n")
    written = root / "map.toml"
    written.write_text(WHEAT_MAP.replace(old, new), encoding="utf-8")
    assert cli.main(["add", str(path), "--map", str(written), "--commit"]) == 1
    named, _, said = capsys.readouterr().err.removeprefix("tradeflows: ").partition(": ")
    assert named == str(written if file == "map.toml" else path)
    assert message in said


@pytest.mark.parametrize(
    ("path", "is_said"),
    [("office/exports.csv", False), ("office/wheat.csv", True), ("exports.csv", True), ("", False)],
)
def test_a_path_that_a_map_cannot_choose_is_said(saved, new_project, capsys, path, is_said):
    root = new_project("paths")
    file = saved("month,usd\n2023-01,5\n")
    keys = f'path = "{path}"\ntitle = ' if path else "title = "
    (root / "map.toml").write_text(WHEAT_MAP.replace("title = ", keys), encoding="utf-8")
    assert cli.main(["add", str(file), "--map", "map.toml", "--commit"]) == 0
    said = f"path = '{path}' of the map is not heeded: the file is data/raw/office/exports.csv"
    assert (said in capsys.readouterr().out) == is_said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("column", "field", "times", "stated"),
    [
        ("usd mln", "value_reported", "", "1,000,000"),
        ("Value (US$ bn)", "value_reported", "", "1,000,000,000"),
        ("Weight (MT)", "net_wgt_kg", "", "1,000"),
        ("thousand tonnes", "net_wgt_kg", ", times = 1000", "1,000,000"),
        ("000 pairs", "qty", "", "1,000"),
    ],
)
def test_a_factor_taken_out_of_a_map_is_said(new_project, capsys, column, field, times, stated):
    """By ``add``, and by ``doctor`` where it is taken out of the catalogue later."""
    root = new_project("wheat")
    unit = '\nqty_unit = "pairs"' if field == "qty" else ""
    written = WHEAT_MAP.replace('"usd"]', f'"{column}"]').replace(
        'value_reported = { column = "usd" }', f'{field} = {{ column = "{column}"{times} }}{unit}'
    )
    (root / "map.toml").write_text(written, encoding="utf-8")
    (root / "wheat.csv").write_text(f"month,{column}\n2023-01,5\n", encoding="utf-8")
    assert cli.main(["add", "wheat.csv", "--map", "map.toml"]) == 0
    said = capsys.readouterr().out
    assert f"the numbers of the column '{column}' are multiplied by" in said
    assert f"where its name says {stated}; if the name is right, write times = " in said
    assert cli.main(["doctor"]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("scale: "))
    assert f"where its name says {stated};" in line
    [local] = (root / "data/raw/local").rglob("*.toml")
    entry = f'{{column = "{column}"'
    right = local.read_text(encoding="utf-8").replace(times, "")
    right = right.replace(entry, f"{entry}, times = {stated.replace(',', '')}")
    local.write_text(right, encoding="utf-8")
    assert cli.main(["build"]) == 0
    capsys.readouterr()
    assert cli.main(["doctor"]) == 0
    assert "scale" not in capsys.readouterr().out


def test_the_committed_maps_multiply_as_their_headers_say():
    sources = catalogue.load(catalogue.root()).values()
    assert [line for source in sources for line in maps.other_scales(source)] == []


PRINTED = """\
"Table 4. Invented exports of coffee, by month and market",,,,
Office of Invention,,,,
,,,,
Month,Market,HS code,Value,Unit
Jan-22,Germany,0901,"1,200.5",USD thousand
Jan-22,Japan,0901,-,USD thousand
Feb-22,Germany,0901,c,USD million
"c: held back, by law",,,,
Source: invented,,,,
"""


def test_titles_footnotes_and_marks_are_seen(saved):
    text = sketch(saved(PRINTED))
    arguments = entry_of(text)["arguments"]
    assert (arguments["title_lines"], arguments["footnotes_from"]) == (3, "c:")
    fields = arguments["fields"]
    assert fields["ref_period"] == {"column": "Month", "form": "named month"}
    assert fields["partner_iso"]["words"] == {"Germany": "DEU", "Japan": "JPN"}
    assert fields["value_reported"] == {
        "column": "Value",
        "times": {"Unit": {"USD thousand": 1000, "USD million": 1000000}},
        "words": {"-": UNKNOWN, "c": UNKNOWN},
    }
    assert fields["currency"] == "USD"
    assert "Jan-22: of the year 2022?" in text
    assert 'flags = [{ flag = "confidential", column = "Value", equals = "c" }]' in text


GERMAN = """\
Außenhandel: erfundene Zahlen;;;;;;
Werte in Tausend Euro;;;;;;
Stichtag;Land;Warennummer;Verkehrsrichtung;Menge;Einheit;Wert
31.01.2021;Vereinigte Staaten;27112100;Einfuhr;4.119,5;TJ;28.833,0
31.01.2021;Norwegen;27090010;Einfuhr;87.678;t;.
28.02.2021;Norwegen;27090010;Einfuhr;87.000;t;29.226,1
. = Zahlenwert geheim zu halten;;;;;;
"""


def test_a_file_in_another_language_is_seen(saved):
    arguments = entry_of(sketch(saved(GERMAN)))["arguments"]
    assert arguments["footnotes_from"] == ". = Zahlenwert"
    assert arguments["fields"] == {
        "ref_period": {"column": "Stichtag", "form": "day of the month"},
        "reporter_iso": UNKNOWN,
        "partner_iso": {
            "column": "Land",
            "words": {"Vereinigte Staaten": UNKNOWN, "Norwegen": UNKNOWN},
        },
        "flow_code": {"column": "Verkehrsrichtung", "words": {"Einfuhr": "M"}},
        "cmd_code": {"column": "Warennummer"},
        "value_reported": {"column": "Wert", "times": 1000, "words": {".": UNKNOWN}},
        "currency": "EUR",
        "qty": {
            "column": "Menge",
            "where": {"column": "Einheit", "equals": "TJ", "otherwise": "t"},
        },
        "net_wgt_kg": {
            "column": "Menge",
            "times": 1000,
            "where": {"column": "Einheit", "equals": "t", "otherwise": "TJ"},
        },
        "qty_unit": {"column": "Einheit", "words": {"TJ": "TJ", "t": "none"}},
    }


def test_codes_of_areas_that_are_not_known_are_listed(saved):
    fields = fields_of(sketch(saved(BRAZIL.replace("China", "160"))))
    assert fields["partner_iso"] == {"column": "PAIS", "words": {"160": UNKNOWN}}


def test_records_of_parts_of_a_flow_may_be_told_apart(saved, new_project, capsys):
    """As the message about cells that are stated twice says."""
    root = new_project("parts")
    file = saved("month,usd,State\n2023-01,5,MT\n2023-01,6,PR\n")
    text = WHEAT_MAP.replace('"usd"]', '"usd", "State"]')
    (root / "map.toml").write_text(text, encoding="utf-8")
    assert cli.main(["add", str(file), "--map", "map.toml"]) == 1
    said = capsys.readouterr().err
    line = 'breakdown = { text = "part={State}" }'
    assert line in said
    (root / "map.toml").write_text(f"{text}{line}\n", encoding="utf-8")
    assert cli.main(["add", str(file), "--map", "map.toml", "--commit"]) == 0
    parts = tables.read(reporter="USA", flow="X", breakdown="parts")
    assert measures.sum_parts(parts, "value_reported")["value_reported"].tolist() == [11]
    with pytest.raises(QueryError, match="or add its parts up by sum_parts"):
        measures.total(parts, "value_reported", start="2023-01", end="2023-01")


def test_blanks_around_numbers_are_passed_over(saved):
    padded = PRINTED.replace(",-,", ", -   ,").replace('"2,100.5"', '" 2,100.5 "')
    assert fields_of(sketch(saved(padded))) == fields_of(sketch(saved(PRINTED)))


def test_footnotes_need_not_be_as_wide_as_the_table(saved):
    text = PRINTED.replace(",,,,", "")
    arguments = entry_of(sketch(saved(text)))["arguments"]
    assert (arguments["title_lines"], arguments["footnotes_from"]) == (3, "c:")


def test_a_last_record_that_is_cut_off_is_no_footnote(saved):
    with pytest.raises(
        LayoutError, match="found 2 in record 4; save it again as it came, or write"
    ):
        sketch(saved(WHEAT + "2023-03,USA\n"))
    with_blank = sketch(saved("month,country,usd\n2023-01,Egypt,4\n2023-02,,\n"))
    assert "footnotes_from" not in with_blank


@pytest.mark.parametrize(
    ("units", "field", "scales"),
    [
        (("Tonnes", "kg"), "net_wgt_kg", {"Tonnes": 1000, "kg": 1}),
        (("1000 pairs", "pairs"), "qty", {"1000 pairs": 1000, "pairs": 1}),
    ],
)
def test_a_column_of_units_scales_the_numbers(saved, units, field, scales):
    rows = "".join(f"2023-0{n},Egypt,4,{unit}\n" for n, unit in enumerate(units, start=1))
    fields = fields_of(sketch(saved(f"month,country,quantity,unit\n{rows}")))
    assert fields[field] == {"column": "quantity", "times": {"unit": scales}}


def test_of_units_of_several_kinds_one_is_read(saved):
    text = "month,country,figure,unit\n2023-01,Egypt,4,USD million\n2023-01,Egypt,4,tonnes\n"
    sketched = sketch(saved(text))
    value = {"column": "figure", "times": {"unit": {"USD million": 1000000}}}
    assert fields_of(sketched)["value_reported"] == value
    [condition] = entry_of(sketched)["arguments"]["left_out"]
    assert condition == {"column": "unit", "equals": ["tonnes"], "reason": UNKNOWN}
    assert "# money is read, these are not: rows of their own would be the same flow" in sketched


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ("270900900", "271111", {"270900900": "270900", "271111": "271111"}),
        ("270900100", "270900900", {"270900100": "27090010", "270900900": "27090090"}),
        ("'270900900'", "'271111000'", {"'270900900'": "270900", "'271111000'": "271111"}),
    ],
)
def test_national_codes_are_mapped_to_digits_of_the_hs(saved, one, other, words):
    text = f"month,country,product,hs,usd\n2023-01,Egypt,oil,{one},4\n2023-01,Egypt,gas,{other},4\n"
    sketched = sketch(saved(text.replace("product,", "note,").replace("hs", "HS")))
    assert fields_of(sketched)["cmd_code"] == {"column": "HS", "words": words}
    assert "# a country's own codes, by the digits that" in sketched


def test_where_codes_are_found_is_said(saved):
    sketched = sketch(saved("month,country,product,usd\n2023-01,Ruritania,mood,4\n"))
    assert "tradeflows.products('pepper') looks for one" in sketched
    both = sketch(
        saved("month,country,usd\n2023-01,Ruritania,4\n2023-01,Egypt,4\n2023-01,Italy,4\n")
    )
    assert "those that tradeflows.areas() lists" in both


def test_a_sketch_of_a_printed_table_can_be_added(saved, new_project):
    root = new_project("coffee")
    path = saved(PRINTED, "coffee.csv")
    text = (
        sketch(path, publisher="office")
        .replace('- = "???"', "- = 0")
        .replace('c = "???"', 'c = ""')
    )
    for field, value in (("reporter_iso", "BRA"), ("flow_code", "X")):
        text = text.replace(f'{field} = "???"', f'{field} = "{value}"')
    written = root / "coffee.toml"
    written.write_text(text.replace("???", "invented"), encoding="utf-8")
    assert cli.main(["add", str(path), "--map", str(written)]) == 0


@pytest.mark.parametrize(
    ("header", "currency"),
    [
        ("Value (VND bn)", "VND"),
        ("Value, £", "GBP"),
        ("Value in yen", "JPY"),
        ("FOB BRL", "BRL"),
        ("VALUE ALL COUNTRIES", UNKNOWN),
    ],
)
def test_any_currency_is_seen_in_a_header(saved, header, currency):
    assert (
        fields_of(sketch(saved(f'year,country,"{header}"\n2023,Egypt,4\n')))["currency"] == currency
    )


@pytest.mark.parametrize(
    ("header", "currency"),
    [
        ("Exports FOB (USD)|Exports (tonnes)|Imports CIF (USD)|Imports (tonnes)", "USD"),
        ("Ausfuhr FOB (EUR)|Ausfuhr Gewicht (t)|Einfuhr CIF (EUR)|Einfuhr Gewicht (t)", "EUR"),
    ],
)
def test_columns_of_both_directions_are_a_row_each(tmp_path, header, currency):
    names = header.split("|")
    path = tmp_path / "both.csv"
    head = f"Year;Month;HS;Country;{';'.join(names)}"
    path.write_text(f"{head}\n2022;1;271019;Germany;5;1;8;2\n", encoding="utf-8")
    [entry] = tomllib.loads(sketch(path))["source"].values()
    fields, rows = entry["arguments"]["fields"], entry["arguments"]["rows"]
    assert fields["currency"] == currency
    assert "flow_code" not in fields
    assert rows == [
        {
            "needs": value,
            "flow_code": flow,
            "valuation": valuation,
            "value_reported": {"column": value},
            "net_wgt_kg": {"column": weight, "times": 1000},
        }
        for value, weight, flow, valuation in ((*names[:2], "X", "FOB"), (*names[2:], "M", "CIF"))
    ]


def test_bare_columns_of_both_directions_are_values(tmp_path):
    path = tmp_path / "both.csv"
    path.write_text("Jahr,Land,Ausfuhr,Einfuhr\n2022,Germany,5,1\n", encoding="utf-8")
    [entry] = tomllib.loads(sketch(path))["source"].values()
    rows = entry["arguments"]["rows"]
    assert [row["value_reported"]["column"] for row in rows] == ["Ausfuhr", "Einfuhr"]
    assert entry["arguments"]["fields"]["currency"] == "???"
    path.write_text("Jahr,Land,Ausfuhr\n2022,Germany,5\n", encoding="utf-8")
    [entry] = tomllib.loads(sketch(path))["source"].values()
    assert "rows" not in entry["arguments"]
