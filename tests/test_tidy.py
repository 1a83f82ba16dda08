"""A CSV whose catalogue entry says what its columns mean."""

from dataclasses import replace
from datetime import date

import pytest

from tradeflows.model.errors import CatalogueError, LayoutError
from tradeflows.publishers import reading, registry, tidy

COLUMNS = ["period", "partner", "flow", "hs", "value", "weight", "remark"]
FIELDS = {
    "reporter_iso": "CHN",
    "partner_iso": {"column": "partner", "areas": "iso3"},
    "flow_code": {"column": "flow", "words": {"export": "X", "import": "M"}},
    "cmd_code": {"column": "hs"},
    "ref_period": {"column": "period", "form": "month"},
    "value_reported": {"column": "value", "times": 1000},
    "currency": "USD",
    "valuation": {"column": "flow", "words": {"export": "FOB", "import": ""}},
    "net_wgt_kg": {"column": "weight"},
    "flags": [{"flag": "rounded", "column": "remark", "matches": "about"}],
    "note": {"column": "remark"},
}
HEAD = "period,partner,flow,hs,value,weight,remark\n"
TEXT = f"{HEAD}2023-01,RUS,export,850760,1.25,0,about so much\n2023-02,KAZ,import,2709,,7,\n"


@pytest.fixture
def clean(tmp_path):
    """Rows of a text by a map; keyword arguments replace parts of FIELDS."""

    def run(text=TEXT, *, columns=COLUMNS, around=(), fields=FIELDS, **changes):
        run.path = tmp_path / "demo.csv"
        run.path.write_bytes(text.encode())
        asked = {name: value for name, value in (fields | changes).items() if value is not None}
        source = reading.uncatalogued(run.path, "demo", "trade")
        run.parts = [*tidy.clean(run.path, source, columns=columns, fields=asked, **dict(around))]
        return [row for part in run.parts for row in part.rows.to_pylist()]

    return run


def test_columns_words_and_scale(clean):
    first, second = clean()
    assert first["value_reported"] == first["primary_value_usd"] == 1250
    assert (first["partner_iso"], first["partner_role"]) == ("RUS", "destination")
    assert (second["partner_role"], second["valuation"]) == ("origin", None)
    assert (second["ref_period"], second["n_months"]) == (date(2023, 2, 1), 1)
    assert (first["flags"], first["note"]) == ("rounded", "about so much")
    assert (second["flags"], second["note"]) == ("", None)


def test_a_file_of_many_blocks_gives_the_rows_of_one(clean, monkeypatch):
    lines = [f"{2010 + n // 12}-{n % 12 + 1:02},RUS,export,850760,{n},{n},about" for n in range(99)]
    text = "\n".join([HEAD.strip(), *lines, "2019-01,KAZ,import,2709,,7,", ""])
    around = {"left_out": [{"column": "weight", "equals": "7", "reason": "seven"}]}
    whole = clean(text, around=around)
    of_whole = run_counts(clean)
    monkeypatch.setattr(reading, "BLOCK", 256)
    assert clean(text, around=around) == whole
    assert run_counts(clean) == of_whole == [(100, {"seven": 2})]


def run_counts(clean):
    return [(part.records, dict(part.left_out)) for part in clean.parts]


def test_forms_are_judged_over_all_blocks(clean, monkeypatch):
    """Each block might be of fiscal years, and all together are not."""
    monkeypatch.setattr(reading, "BLOCK", 256)
    areas = ["RUS", "KAZ", "DEU", "FRA", "ITA", "ESP", "USA", "IND"]
    lines = [f"{year},{area},export,2709,1,1," for year in ("2009-10", "2010-11") for area in areas]
    with pytest.raises(LayoutError, match="fiscal years such as 2009-10 alone"):
        clean("\n".join([HEAD.strip(), *lines, ""]))
    assert len(clean("\n".join([HEAD.strip(), *lines, "2013-02,RUS,export,2709,1,1,", ""]))) == 17


PARTNER = {"column": "partner", "words": {"KAZ": "consignment"}}
HS = {"column": "hs"}


@pytest.mark.parametrize(
    ("field", "value", "made"),
    [
        ("cmd_code", HS | {"rename": {"2709": "270900"}}, ["850760", "270900"]),
        ("partner_role", PARTNER | {"others": "destination"}, ["destination", "consignment"]),
        ("partner_role", {"column": "partner", "listed": {"route": ["RUS", "KAZ"]}}, ["route"] * 2),
        ("flags", [{"flag": "rebuilt"}], ["rebuilt"] * 2),
        ("flags", [{"flag": "partial", "column": "period", "since": "2023-02"}], ["", "partial"]),
        ("flags", [{"flag": "partial", "column": "weight", "above": 0}], ["", "partial"]),
        ("note", {"text": "{hs}: {remark}"}, ["850760: about so much", "2709: "]),
        ("note", {"text": "x", "where": {"column": "remark", "filled": True}}, ["x", None]),
        ("note", {"text": "x", "where": {"column": "hs", "differs": "weight"}}, ["x", "x"]),
        ("note", {"column": "remark", "before": " so", "one_of": ["about", ""]}, ["about", None]),
        ("note", {"column": "remark", "instead": {"text": "none"}}, ["about so much", "none"]),
        ("cmd_code", HS | {"agrees": {"text": "{hs}"}}, ["850760", "2709"]),
    ],
)
def test_the_language_of_a_field(clean, field, value, made):
    assert [row[field] for row in clean(**{field: value})] == made


@pytest.mark.parametrize("words", [{"-": 0, "0": ""}, {"0": "", "-": 0}])
def test_a_printed_zero_may_be_not_known_and_a_mark_a_zero(clean, words):
    text = TEXT.replace(",0,", ",-,").replace(",7,", ",0,")
    first, second = clean(text, net_wgt_kg=None, qty={"column": "weight", "words": words})
    assert (first["qty"], second["qty"]) == (0, None)


def test_a_unit_of_records_left_to_another_field_has_no_scale(clean):
    """`where` takes tonnes and kilograms alone, so that pieces need no factor."""
    text = HEAD + "".join(
        f"2023-0{month},RUS,import,2709,,{n},{unit}\n"
        for month, n, unit in ((1, 5, "t"), (2, 7, "kg"), (3, 9, "pieces"))
    )
    weight = {"column": "weight", "times": {"remark": {"t": 1000, "kg": 1}}}
    taken = weight | {"where": {"column": "remark", "equals": ["t", "kg"], "otherwise": "pieces"}}
    assert [row["net_wgt_kg"] for row in clean(text, net_wgt_kg=taken)] == [5000, 7, None]
    with pytest.raises(LayoutError, match="pieces"):
        clean(text, net_wgt_kg=weight)
    with pytest.raises(LayoutError, match="lb"):
        clean(text.replace("kg", "lb"), net_wgt_kg=taken)


def test_two_rows_a_record(clean):
    period = {"text": "2018-10", "form": "month"}
    other = {"needs": "weight", "value_reported": {"column": "weight"}, "ref_period": period}
    rows = clean(around={"rows": [{"needs": "value"}, other]})
    assert [row["source_field"] for row in rows] == ["value", "weight", "weight"]
    assert [row["ref_period"].month for row in rows] == [1, 10, 10]
    assert [part.left_out for part in clean.parts] == [{"no figure in value": 1}, {}]
    assert [part.records for part in clean.parts] == [2, 0]
    with pytest.raises(LayoutError, match="record 1: expected a month such as 2023-05 in 2018-13"):
        clean(ref_period={"text": "2018-13", "form": "month"})


def test_left_out_is_counted_and_need_not_be_as_the_map_says(clean):
    sums = "2023,RUS,both,all,n/a,0,\n"
    text = TEXT.replace("2023-01", f"{sums}2023-01", 1) + sums
    gone = {"reason": "a sum of the year", "column": "period", "equals": "2023"}
    rows = clean(text, around={"left_out": [gone]})
    assert [row["source_row"] for row in rows] == [2, 3]
    assert clean.parts[0].left_out == {"a sum of the year": 2}
    assert [part.records for part in clean.parts] == [4]
    also = {"column": "partner", "equals": "KAZ"}
    with pytest.raises(LayoutError, match=r"record 1: .* found 'both'"):
        clean(text, around={"left_out": [gone | {"also": also}]})
    with pytest.raises(LayoutError, match=r"record 3: expected a number such as .* in weight"):
        clean(text.replace(",7,", ",x,"), around={"left_out": [gone]})


MARKS = {"separator": ";", "decimal": ",", "grouping": "."}


@pytest.mark.parametrize(
    ("text", "marks", "value"),
    [
        ("-1.234.567,5", MARKS, -1234567500),
        ("1.234", MARKS, 1234000),
        ("1\u202f234,5", MARKS | {"grouping": " "}, 1234500),
        ("1,25", {"separator": ";", "decimal": ","}, 1250),
        ("1,234.5", {"separator": "|", "grouping": ","}, 1234500),
        (" 1.25 ", {"separator": "\t"}, 1250),
        ("1.25", MARKS, None),
        ("12.34,5", MARKS, None),
        ("1,2,3", MARKS, None),
        ("1.2345", MARKS, None),
    ],
)
def test_marks_of_the_map(clean, text, marks, value):
    text = TEXT.replace(",", marks["separator"]).replace("1.25", text)
    if value:
        assert clean(text, around=marks)[0]["value_reported"] == value
    else:
        with pytest.raises(LayoutError, match=r"record 1: expected a number such as 1\.234,5 in"):
            clean(text, around=marks)


@pytest.mark.parametrize("month", ["5", "05", "May", "may"])
def test_year_and_month_apart(clean, month):
    period = {"column": "period", "month": "hs", "form": "year and month"}
    text = f"{HEAD}2023,RUS,export,{month},1,0,\n"
    [row] = clean(text, ref_period=period, cmd_code="1001")
    assert (row["ref_period"], row["n_months"], row["freq_code"]) == (date(2023, 5, 1), 1, "M")
    with pytest.raises(LayoutError, match="expected a year and a month such as 5 or May"):
        clean(text.replace(f",{month},", ",13,"), ref_period=period, cmd_code="1001")


@pytest.mark.parametrize(
    ("form", "periods", "found"),
    [
        ("month", ("2009-10", "2010-11"), "fiscal years such as 2009-10 alone"),
        ("year to month", ("2009-10", "2010-11"), "fiscal years such as 2009-10 alone"),
        ("april year", ("2009-10", "2010-12"), "found '2010-12'"),
        ("day of the month", ("2023-05-30", "2023-05-31"), "several days of one month"),
        ("day of the month", ("05/31/2023", "05/30/2023"), "found '05/31/2023'"),
        ("month", ("2023-05", "2023-5"), "record 2: expected a month such as 2023-05 in period"),
    ],
)
def test_a_form_that_the_file_contradicts(clean, form, periods, found):
    text = TEXT.replace("2023-01", periods[0]).replace("2023-02", periods[1])
    with pytest.raises(LayoutError, match=found):
        clean(text, ref_period={"column": "period", "form": form})


@pytest.mark.parametrize(
    ("times", "least"),
    [
        (1, 10**6),
        (1000, 10**6),
        (10**6, 0),
        ({"flow": {"export": 1000, "import": 1}}, 0),
        ({"flow": {"Thousands": 1, "import": 1}}, 1000),
    ],
)
def test_a_scale_is_not_below_what_is_printed(clean, times, least):
    columns = ["USD Million" if name == "value" else name for name in COLUMNS]
    text = TEXT.replace("value", "USD Million")
    value = {"column": "USD Million", "times": times}
    if least:
        with pytest.raises(CatalogueError, match=f"times: must be {least} or more"):
            clean(text, columns=columns, value_reported=value)
    else:
        assert clean(text, columns=columns, value_reported=value)[0]["value_reported"] >= 1250


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"cmd_code": {"colunm": "hs"}},
            "fields.cmd_code: it contains unknown field `colunm`; did",
        ),
        ({"cmd_code": {"column": "hss"}}, "column: no column 'hss'; did you mean 'hs'"),
        ({"source_row": 1}, "unknown field `source_row`"),
        ({"cmd_code": {"column": "hs", "text": "x"}}, "needs one of column or text"),
        ({"ref_period": 0}, "ref_period: must be `a text | a table`, not `a whole number`"),
        ({"value_reported": True}, "must be `a whole number | a table`, not `true or false`"),
        ({"cmd_code": HS | {"matches": "(?=x)"}}, "no regular expression"),
        ({"cmd_code": {"column": ""}}, "cmd_code.column: must be `a text` of length >= 1"),
        ({"cmd_code": HS | {"one_of": [1]}}, "cmd_code.one_of: must be `a text`, not `a whole"),
        ({"note": {"text": "{remarks}"}}, "no column 'remarks'; did you mean 'remark'"),
        ({"note": HS | {"listed": {"a": "x", "b": "x"}}}, "listed: x stands there twice"),
        ({"ref_period": {"column": "period", "form": "week"}}, "no form 'week'"),
        ({"ref_period": {"column": "period", "form": "year and month"}}, "go together"),
        ({"ref_period": FIELDS["ref_period"] | {"words": {"x": "y"}}}, "leave words, rename and"),
        ({"value_reported": {"column": "value", "times": 12}}, "a power of ten such as 1000"),
        ({"value_reported": {"column": "value", "words": {"-": 5}}}, 'or "" (not known), not 5'),
        (
            {"value_reported": {"column": "value", "rename": {"-": "0"}}},
            "rename is of texts; write",
        ),
        ({"partner_iso": {"column": "partner", "areas": "iso4"}}, "no system 'iso4'"),
        ({"reporter_iso": {"column": "weight", "areas": "comtrade"}}, "areas in two systems"),
        ({"flags": [{"flag": "rounded", "matches": "about"}]}, "flags.1: lacks column"),
        ({"cmd_code": None}, "lacks cmd_code; give each a column or a constant"),
    ],
)
def test_a_wrong_map_is_refused(fields, message, clean):
    text = TEXT.replace(",0,", ",643,").replace(",7,", ",398,")
    with pytest.raises(CatalogueError) as caught:
        clean(text, **fields)
    assert message in str(caught.value)
    assert str(caught.value).startswith("its map")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("around", "message"),
    [
        ({"separator": ":"}, "separator: no mark ':'"),
        ({"decimal": ",", "grouping": ","}, "grouping: it is the mark of decimals too"),
        ({"title_lines": -1}, "title_lines: must be `a whole number` >= 0"),
        ({"rows": [{"needs": "x"}]}, "rows.1: needs: no column 'x'"),
    ],
)
def test_what_stands_around_the_fields_is_checked(clean, around, message):
    with pytest.raises(CatalogueError) as refused:
        clean(around=around)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (TEXT.replace("weight,remark", "remark,weight"), "another order; restore the header"),
        (TEXT.replace(",remark", ",remarks"), r"none of \['remark'\] and besides \['remarks'\]"),
        ("\ufeff\n <?xml version='1.0'?>\n", "a page of HTML or XML"),
    ],
)
def test_another_file_is_refused(clean, text, found):
    with pytest.raises(LayoutError, match=rf"demo\.csv: expected .*, found {found}"):
        clean(text)


def test_the_registry_checks_a_map_and_finds_a_quoted_line_again(tmp_path):
    path = tmp_path / "demo.csv"
    path.write_text('a;b\n"x\ny";1\nz;2\n', encoding="utf-8")
    source = replace(reading.uncatalogued(path, "tidy", "trade"), arguments={"separator": ";"})
    assert registry.records(source, path, {(2, "")})[2, ""].text == "z;2"
    fields = FIELDS | {"cmd_code": {"column": "hs9"}}
    with pytest.raises(CatalogueError, match="no column 'hs9'"):
        registry.cleaner(replace(source, arguments={"columns": COLUMNS, "fields": fields}))


PRINTED = """\
"Invented table 1. Exports, by month",,,

Office of Invention
Month,Country,Value,Unit
Jan-22,Egypt,"1,200.5",USD thousand
Feb-22,Egypt, -   ,USD thousand
Mar-22,Egypt,c,USD
"c: held back, by law"
Source: invented
"""
AROUND = {"title_lines": 3, "footnotes_from": "c:", "grouping": ","}
OF_PRINTED = {
    "reporter_iso": "USA",
    "partner_iso": {"column": "Country", "words": {"Egypt": "EGY"}},
    "flow_code": "X",
    "cmd_code": "TOTAL",
    "ref_period": {"column": "Month", "form": "named month"},
    "value_reported": {
        "column": "Value",
        "times": {"Unit": {"USD thousand": 1000, "USD": 1}},
        "words": {"-": 0, "c": ""},
    },
    "currency": "USD",
    "flags": [{"flag": "confidential", "column": "Value", "equals": "c"}],
}


@pytest.fixture
def printed(clean):
    """Rows of a file with titles and footnotes; keyword arguments replace parts of its map."""
    columns = ["Month", "Country", "Value", "Unit"]
    return lambda text=PRINTED, fields=OF_PRINTED, **around: clean(
        text, columns=columns, fields=fields, around=AROUND | around
    )


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_titles_marks_and_footnotes_as_a_publisher_prints_them(printed, clean, end):
    rows = printed(PRINTED.replace("\n", end))
    assert [row["value_reported"] for row in rows] == [1_200_500, 0, None]
    assert [row["flags"] for row in rows] == ["", "", "confidential"]
    [part] = clean.parts
    assert part.records == 5
    assert part.left_out == {"lines below the table, from 'c:' on": 2}
    lines = reading.records(clean.path, [row["source_row"] for row in rows])
    assert [line.text[:6] for line in lines.values()] == ["Jan-22", "Feb-22", "Mar-22"]


def test_what_stands_around_a_table_is_pointed_to(printed):
    with pytest.raises(LayoutError, match="the header is line 4: write title_lines = 3"):
        printed(title_lines=0)
    with pytest.raises(LayoutError, match="begins with 'Notes', found none; mend footnotes_from"):
        printed(footnotes_from="Notes")
    with pytest.raises(LayoutError, match="3 in record 5"):  # as a trace counts it
        printed(PRINTED.replace("Mar-22,Egypt,c,USD", "Mar-22,Egypt,c"))
    # a header that begins as the footnotes do is none
    assert len(printed(PRINTED.replace('"c: held', '"Mo: held'), footnotes_from="Mo")) == 3
    value = {"value_reported": {"column": "Value", "words": {"-": 0}}}
    with pytest.raises(LayoutError, match=r"record 5: .* found 'c'; if it is a mark, write what"):
        printed(fields=OF_PRINTED | value)
