"""A CSV whose catalogue entry says what its columns mean."""

from dataclasses import replace
from datetime import date

import pyarrow as pa
import pytest

from tradeflows import tables
from tradeflows.model.errors import CatalogueError, CodeError, LayoutError, SchemaError
from tradeflows.model.source import Source
from tradeflows.publishers import reading, registry, tidy
from tradeflows.tables.trace import trace

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
TEXT = """\
period,partner,flow,hs,value,weight,remark
2023-01,RUS,export,850760,1.25,0,about so much
2023-02,KAZ,import,2709,,7,
"""


def record(at):
    return f"x.csv: record {at + 1}"


def source(table="trade", **arguments):
    return Source(
        id="demo",
        path="demo/demo.csv",
        publisher="demo",
        title="Invented",
        kind="transcribed",
        licence="not stated",
        vintage="2024-05",
        retrieved=date(2024, 6, 30),
        sha256="0" * 64,
        bytes=1,
        table=table,
        cleaner="tidy.clean",
        rank=1,
        arguments={"columns": COLUMNS, "fields": FIELDS, **arguments},
    )


@pytest.fixture
def clean(tmp_path):
    """Rows of a text by a map; keyword arguments replace parts of FIELDS."""

    def run(text=TEXT, *, columns=COLUMNS, rows=(), left_out=(), marks=(), **fields):
        path = tmp_path / "demo.csv"
        path.write_text(text, encoding="utf-8")
        asked = {name: value for name, value in (FIELDS | fields).items() if value is not None}
        parts = tidy.clean(
            path,
            source(),
            columns=columns,
            fields=asked,
            rows=rows,
            left_out=left_out,
            **dict(marks),
        )
        run.parts = list(parts)
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


def test_zero_weight_beside_a_value_is_null(clean):
    first, second = clean()
    assert first["net_wgt_kg"] is None
    assert second["net_wgt_kg"] == 7
    assert second["value_reported"] is None


def test_rename_keeps_other_codes(clean):
    rows = clean(cmd_code={"column": "hs", "rename": {"2709": "270900"}})
    assert [row["cmd_code"] for row in rows] == ["850760", "270900"]


@pytest.mark.parametrize("words", [{"-": 0, "0": ""}, {"0": "", "-": 0}])
def test_a_printed_zero_may_be_not_known_and_a_mark_a_zero(clean, words):
    text = TEXT.replace(",0,", ",-,").replace(",7,", ",0,")
    first, second = clean(text, net_wgt_kg=None, qty={"column": "weight", "words": words})
    assert (first["qty"], second["qty"]) == (0, None)


def test_a_unit_of_records_left_to_another_field_has_no_scale(clean):
    """`where` takes tonnes and kilograms alone, so that pieces need no factor."""
    text = "month,unit,amount\n2023-01,t,5\n2023-02,kg,7\n2023-03,pieces,9\n"
    columns = ["month", "unit", "amount"]
    period = {"column": "month", "form": "month"}
    fixed = {"partner_iso": "RUS", "flow_code": "M", "cmd_code": "2709", "ref_period": period}
    fixed |= dict.fromkeys(("value_reported", "currency", "valuation", "flags", "note"))
    weight = {"column": "amount", "times": {"unit": {"t": 1000, "kg": 1}}}
    taken = {"column": "unit", "equals": ["t", "kg"], "otherwise": "pieces"}
    fixed |= {"qty": {"column": "amount", "where": {"column": "unit", "equals": "pieces"}}}
    fixed |= {
        "qty_unit": {"column": "unit", "words": {"pieces": "items", "t": "none", "kg": "none"}}
    }
    rows = clean(text, columns=columns, net_wgt_kg=weight | {"where": taken}, **fixed)
    assert [row["net_wgt_kg"] for row in rows] == [5000, 7, None]
    assert [row["qty"] for row in rows] == [None, None, 9]
    with pytest.raises(LayoutError, match="pieces"):
        clean(text, columns=columns, net_wgt_kg=weight, **fixed)
    stray = text.replace("2023-02,kg", "2023-02,lb")
    with pytest.raises(LayoutError, match="lb"):
        clean(stray, columns=columns, net_wgt_kg=weight | {"where": taken}, **fixed)


def test_two_rows_a_record(clean):
    one = {"needs": "value", "source_field": "value"}
    other = {"needs": "weight", "source_field": "weight", "value_reported": {"column": "weight"}}
    other |= {"breakdown": "part=weight"}
    rows = clean(rows=[one, other])
    assert [row["source_field"] for row in rows] == ["value", "weight", "weight"]
    assert [part.left_out for part in clean.parts] == [{"no figure in value": 1}, {}]
    assert [part.records for part in clean.parts] == [2, 0]


def test_columns_that_are_periods(clean):
    head = "period,partner,flow,hs,value,weight,remark\n"
    text = f"{head}-,RUS,export,1001,4,,\n-,KAZ,export,1001,5,6,\n"
    rows = [
        {
            "needs": column,
            "ref_period": {"text": month, "form": "month"},
            "value_reported": {"column": column},
        }
        for column, month in (("value", "2018-09"), ("weight", "2018-10"))
    ]
    made = clean(text, rows=rows, net_wgt_kg=None)
    found = [(row["ref_period"], row["n_months"], row["value_reported"]) for row in made]
    september, october = date(2018, 9, 1), date(2018, 10, 1)
    assert found == [(september, 1, 4), (september, 1, 5), (october, 1, 6)]
    assert [row["source_field"] for row in made] == ["value", "value", "weight"]
    rows[0]["ref_period"]["text"] = "2018-13"
    with pytest.raises(LayoutError, match="record 1: expected a month such as 2023-05 in 2018-13"):
        clean(text, rows=rows, net_wgt_kg=None)


def test_left_out_is_counted(clean):
    gone = {"reason": "no oil here", "column": "hs", "equals": "2709"}
    assert len(clean(left_out=[gone])) == 1
    assert clean.parts[0].left_out == {"no oil here": 1}


def test_left_out_need_not_be_as_the_map_says(clean):
    sums = "2023,RUS,both,all,n/a,0,\n"
    text = TEXT.replace("2023-01", f"{sums}2023-01", 1) + sums
    gone = {"reason": "a sum of the year", "column": "period", "equals": "2023"}
    rows = clean(text, left_out=[gone])
    assert [row["source_row"] for row in rows] == [2, 3]
    assert clean.parts[0].left_out == {"a sum of the year": 2}
    assert [part.records for part in clean.parts] == [4]
    with pytest.raises(LayoutError, match="record 3: expected a number in weight, found 'x'"):
        clean(text.replace(",7,", ",x,"), left_out=[gone])
    with pytest.raises(LayoutError, match=r"record 3: expected a month .* found '2023-2'"):
        clean(text.replace("2023-02", "2023-2"), left_out=[gone])


def test_two_columns_of_one_thing_agree(clean):
    same = {"column": "remark", "words": {"about so much": "850760", "": "2709"}}
    assert len(clean(cmd_code={"column": "hs", "agrees": same})) == 2
    same["words"] = {"about so much": "850760", "": "2710"}
    with pytest.raises(LayoutError) as caught:
        clean(cmd_code={"column": "hs", "agrees": same})
    assert "record 2: expected the same in hs and remark, found '2709' beside ''" in str(
        caught.value
    )


def test_flag_without_a_column_is_for_all(clean):
    assert [row["flags"] for row in clean(flags=[{"flag": "rebuilt"}])] == ["rebuilt"] * 2


def test_others_mean_the_rest(clean):
    role = {"column": "partner", "words": {"KAZ": "consignment"}, "others": "destination"}
    assert [row["partner_role"] for row in clean(partner_role=role)] == [
        "destination",
        "consignment",
    ]


def test_condition_of_two_columns(clean):
    gone = {"reason": "x", "column": "hs", "equals": "2709"}
    assert len(clean(left_out=[gone | {"also": {"column": "partner", "equals": "RUS"}}])) == 2
    assert len(clean(left_out=[gone | {"also": {"column": "partner", "equals": "KAZ"}}])) == 1


MARKS = {"separator": ";", "decimal": ",", "grouping": "."}


def with_value(text, separator=";"):
    return TEXT.replace(",", separator).replace("1.25", text)


@pytest.mark.parametrize(
    ("text", "marks", "value"),
    [
        ("1,25", MARKS, 1250),
        ("-1.234.567,5", MARKS, -1234567500),
        ("1.234", MARKS, 1234000),
        ("1 234,5", MARKS | {"grouping": " "}, 1234500),
        ("1\u202f234,5", MARKS | {"grouping": " "}, 1234500),
        ("1,25", {"separator": ";", "decimal": ","}, 1250),
        ("1,234.5", {"separator": "|", "grouping": ","}, 1234500),
        ("1.25", {"separator": "\t"}, 1250),
    ],
)
def test_marks_of_the_map(clean, text, marks, value):
    first, _ = clean(with_value(text, marks["separator"]), marks=marks)
    assert first["value_reported"] == value


@pytest.mark.parametrize("text", ["1.25", "12.34,5", "1,2,3", "1.2345"])
def test_a_number_in_other_marks_is_refused(clean, text):
    with pytest.raises(LayoutError) as refused:
        clean(with_value(text), marks=MARKS)
    message = f"record 1: expected a number such as 1.234,5 in value, found {text!r}"
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("marks", "message"),
    [
        ({"separator": ":"}, "separator: must be one of ',', ';'"),
        ({"decimal": "???"}, "decimal: must be one of '.', ','"),
        ({"decimal": ","} | {"grouping": ","}, "grouping: ',' is the mark of decimals too"),
    ],
)
def test_wrong_marks_are_named(clean, marks, message):
    with pytest.raises(CatalogueError) as refused:
        clean(marks=marks)
    assert message in str(refused.value)


@pytest.mark.parametrize("month", ["5", "05", "May", "may"])
def test_year_and_month_apart(clean, month):
    period = {"column": "period", "month": "hs", "form": "year and month"}
    text = f"period,partner,flow,hs,value,weight,remark\n2023,RUS,export,{month},1,0,\n"
    [row] = clean(text, ref_period=period, cmd_code="1001")
    assert (row["ref_period"], row["n_months"], row["freq_code"]) == (date(2023, 5, 1), 1, "M")


def test_no_month_beside_a_year(clean):
    period = {"column": "period", "month": "hs", "form": "year and month"}
    text = "period,partner,flow,hs,value,weight,remark\n2023,RUS,export,13,1,0,\n"
    with pytest.raises(LayoutError, match="expected a year and a month such as 5 or May"):
        clean(text, ref_period=period, cmd_code="1001")
    with pytest.raises(CatalogueError, match="go together"):
        clean(ref_period={"column": "period", "form": "year and month"})


def test_a_quoted_line_is_found_again(tmp_path):
    path = tmp_path / "demo.csv"
    path.write_text('a;b\n"x\ny";1\nz;2\n', encoding="utf-8")
    entry = replace(source(), arguments={"separator": ";"})
    assert registry.records(entry, path, {(2, "")})[2, ""].text == "z;2"


@pytest.mark.parametrize(
    ("form", "text", "first", "months"),
    [
        ("month", "2023-05", date(2023, 5, 1), 1),
        ("yyyymm", "202305", date(2023, 5, 1), 1),
        ("quarter", "2023-Q2", date(2023, 4, 1), 3),
        ("year", "2023", date(2023, 1, 1), 12),
        ("april year", "2022-23", date(2022, 4, 1), 12),
        ("april year", "1999-00", date(1999, 4, 1), 12),
        ("months", "2021-11..2022-02", date(2021, 11, 1), 4),
        ("months", "2021-11", date(2021, 11, 1), 1),
        ("year to month", "2021-03", date(2021, 1, 1), 3),
        ("yyyymm", "2023M05", date(2023, 5, 1), 1),
        ("month and year", "05/2023", date(2023, 5, 1), 1),
        ("month and year", "5.2023", date(2023, 5, 1), 1),
        ("day of the month", "31.05.2023", date(2023, 5, 1), 1),
        ("day of the month", "1.5.2023", date(2023, 5, 1), 1),
        ("day of the month", "2023-05-31", date(2023, 5, 1), 1),
        ("printed", "first 9 months 2020", date(2020, 1, 1), 9),
        ("printed", "2023-H2", date(2023, 7, 1), 6),
        ("printed", "2023-05-17", date(2023, 5, 17), 0),
        ("printed", "spring", None, None),
    ],
)
def test_form_of_a_period(form, text, first, months):
    [period] = forms.periods(record, "when", pa.array([text]), form)
    assert (period and period.first, period and period.months) == (first, months)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("months", "2022-02..2021-11"),
        ("months", "2021"),
        ("april year", "2022-24"),
        ("year to month", "2021-13"),
        ("printed", "2023-02-30"),
        ("year", "23"),
        ("month and year", "13/2023"),
        ("day of the month", "31.02.2023"),
        ("day of the month", "05/31/2023"),
        ("yyyymm", "2023M5"),
    ],
)
def test_period_of_another_form_is_refused(form, text):
    with pytest.raises(LayoutError, match=r"record 1: expected .* in when, found "):
        forms.periods(record, "when", pa.array([text]), form)


def test_period_ends_with_the_last_of_its_months():
    lengths = pa.array([2, 1])
    found = forms.periods(record, "when", pa.array(["2021-01", "2021-02"]), "month", lengths)
    assert [period.first for period in found] == [date(2020, 12, 1), date(2021, 2, 1)]
    assert found[0].last() == date(2021, 1, 31)


def test_text_joins_columns(clean):
    assert clean(note={"text": "{hs}: {remark}"})[0]["note"] == "850760: about so much"


@pytest.mark.parametrize(("times", "is_right"), [(1, False), (1000, False), (10**6, True)])
def test_a_scale_is_not_below_its_heading(clean, times, is_right):
    value = {"column": "USD Million", "times": times}
    columns = ["USD Million" if name == "value" else name for name in COLUMNS]
    text = TEXT.replace("value", "USD Million")
    if is_right:
        [row, _] = clean(text, columns=columns, value_reported=value)
        assert row["value_reported"] == 1_250_000
    else:
        with pytest.raises(CatalogueError, match="times: must be 1000000 or more"):
            clean(text, columns=columns, value_reported=value)


def test_where_two_columns_differ(clean):
    where = {"column": "hs", "differs": "remark"}
    text = TEXT.replace("about so much", "850760")
    notes = [row["note"] for row in clean(text, note={"text": "apart", "where": where})]
    assert notes == [None, "apart"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"cmd_code": {"colunm": "hs"}}, "fields.cmd_code: no key 'colunm'; did you mean 'column'"),
        ({"cmd_code": {"column": "hss"}}, "column: no column 'hss'; did you mean 'hs'"),
        ({"cmd_cod": "2709"}, "no field 'cmd_cod'; did you mean 'cmd_code'"),
        ({"source_row": 1}, "no field 'source_row'"),
        ({"cmd_code": {}}, "needs one of column or text"),
        ({"cmd_code": {"column": "hs", "text": "x"}}, "needs one of column or text"),
        ({"cmd_code": 3.5}, "must be a text, a whole number or a table"),
        ({"cmd_code": {"column": "hs", "matches": "("}}, "no regular expression"),
        ({"cmd_code": {"column": 3}}, "column: must be a text, not 3"),
        ({"note": {"text": "{remarks}"}}, "no column 'remarks'; did you mean 'remark'"),
        ({"note": {"function": "guess"}}, "no key 'function'"),
        (
            {"note": {"column": "remark", "where": {"column": "hs", "differs": "x"}}},
            "no column 'x'",
        ),
        ({"note": {"column": "remark", "where": {"column": True}}}, "must be a text, not True"),
        ({"ref_period": {"column": "period", "form": "week"}}, "no form 'week'"),
        ({"value_reported": {"column": "value", "times": 12}}, "a power of ten such as 1000"),
        ({"value_reported": {"column": "value", "times": {"unit": {}}}}, "no column 'unit'"),
        ({"partner_iso": {"column": "partner", "areas": "iso4"}}, "no system 'iso4'"),
        ({"flags": [{"flag": "round", "column": "remark"}]}, "no flag 'round'"),
        ({"note": {"column": "remark", "where": {}}}, "fields.note: where: lacks column"),
        ({"note": {"column": "remark", "where": {"column": "x"}}}, "no column 'x'"),
        ({"cmd_code": {"column": "hs", "agrees": {"column": "x"}}}, "agrees: column: no column"),
        ({"cmd_code": None}, "lacks cmd_code; give each a column or a constant"),
    ],
)
def test_a_wrong_map_is_refused(fields, message, clean):
    with pytest.raises(CatalogueError) as caught:
        clean(**fields)
    assert message in str(caught.value)
    assert str(caught.value).startswith("its map: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "error", "message"),
    [
        ("RUS", "RUZ", CodeError, "'RUZ'"),
        ("2709", "709", CodeError, "'709'"),
        ("1.25", "1,25", LayoutError, "lines of 7 cells"),
        ("1.25", "n/a", LayoutError, "record 1: expected a number in value, found 'n/a'"),
        ("2023-02", "2023-13", LayoutError, "record 2: expected a month such as 2023-05 in period"),
        ("export", "re-export", LayoutError, "in flow one of export, import, found 're-export'"),
        (",7,", ",-7,", SchemaError, "below 0"),
        ("period,partner", "month,partner", LayoutError, "restore the header"),
        ("period,partner", "<html>", LayoutError, "a page of HTML or XML"),
    ],
)
def test_a_wrong_cell_is_refused(old, new, error, message, clean):
    with pytest.raises(error) as caught:
        clean(TEXT.replace(old, new))
    assert message in str(caught.value)


def test_registry_checks_the_map():
    with pytest.raises(CatalogueError, match="no column 'hs9'"):
        registry.cleaner(source(fields=FIELDS | {"cmd_code": {"column": "hs9"}}))


def test_trace_ends_at_the_line_of_a_tidy_file(make_root):
    root = make_root({"oil": {}})
    tables.build(root)
    frame = tables.read("rates", root=root)
    assert trace(frame, "rate", root)["text"].tolist() == ["2020-01,63.65", "2020-02,55.66"]


@pytest.mark.parametrize(
    ("text", "month"),
    [("Jan-2016", 1), ("May 2016", 5), ("September 2016", 9), ("DEC-2016", 12), ("Sept-16", 9)],
)
def test_a_month_by_name(text, month):
    [period] = forms.periods(record, "Month", pa.array([text]), "named month")
    assert (period.first.month, period.months) == (month, 1)


def test_no_month_of_that_name():
    with pytest.raises(LayoutError, match="a month such as May 2023"):
        forms.periods(record, "Month", pa.array(["Mon-2016"]), "named month")


@pytest.mark.parametrize("other", ["words", "rename"])
def test_a_form_takes_no_words(clean, other):
    with pytest.raises(CatalogueError, match=f"leave {other} out"):
        clean(ref_period={"column": "period", "form": "month", other: {"x": "2016-01"}})


def test_two_digits_are_a_year_of_our_time():
    text = pa.array(["Jan-22", "Dec 69"])
    years = [period.first.year for period in forms.periods(record, "M", text, "named month")]
    assert years == [2022, 1969]


PRINTED = """\
"Invented table 1. Exports, by month",,,

Office of Invention
Month,Country,Value,Unit
Jan-22,Egypt,"1,200.5",USD thousand
Feb-22,Egypt,-,USD thousand
Mar-22,Egypt,c,USD
"c: held back, by law"
Source: invented
"""
AROUND = {
    "columns": ["Month", "Country", "Value", "Unit"],
    "title_lines": 3,
    "footnotes_from": "c:",
    "grouping": ",",
}
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
def printed(tmp_path):
    """Rows of a file with titles and footnotes; keyword arguments replace parts of its map."""
    path = tmp_path / "printed.csv"

    def run(text=PRINTED, **changes):
        path.write_bytes(text.encode())
        asked = AROUND | {"fields": OF_PRINTED} | changes
        return path, list(tidy.clean(path, source(), **asked))

    return run


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_titles_marks_and_footnotes_as_a_publisher_prints_them(printed, end):
    path, [part] = printed(PRINTED.replace("\n", end))
    rows = part.rows.to_pylist()
    assert [row["value_reported"] for row in rows] == [1_200_500, 0, None]
    assert [row["flags"] for row in rows] == ["", "", "confidential"]
    assert part.records == 5
    assert part.left_out == {"lines below the table, from 'c:' on": 2}
    lines = reading.records(path, [row["source_row"] for row in rows])
    assert [line.text[:6] for line in lines.values()] == ["Jan-22", "Feb-22", "Mar-22"]


def test_a_header_in_another_line_is_pointed_to(printed):
    with pytest.raises(LayoutError, match="the header is line 4: write title_lines = 3"):
        printed(title_lines=0)


def test_footnotes_that_are_not_there_are_said(printed):
    with pytest.raises(LayoutError, match="begins with 'Notes', found none; mend footnotes_from"):
        printed(footnotes_from="Notes")


def test_a_record_below_titles_is_named_as_a_trace_counts_it(printed):
    with pytest.raises(LayoutError, match="3 in record 5"):
        printed(PRINTED.replace("Mar-22,Egypt,c,USD", "Mar-22,Egypt,c"))


def test_a_mark_without_a_meaning_is_no_number(printed):
    fields = OF_PRINTED | {"value_reported": {"column": "Value", "words": {"-": 0}}}
    with pytest.raises(LayoutError, match=r"record 5: .* found 'c'; if it is a mark, write what"):
        printed(fields=fields)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"words": {"-": 5}}, r'must be 0 \(none\) or "" \(not known\), not 5'),
        ({"rename": {"-": "0"}}, "rename is of texts; write words"),
    ],
)
def test_a_mark_means_none_or_not_known(printed, keys, message):
    fields = OF_PRINTED | {"value_reported": {"column": "Value"} | keys}
    with pytest.raises(CatalogueError, match=message):
        printed(fields=fields)


def test_blanks_around_a_number_are_no_part_of_it(printed):
    _, [part] = printed(PRINTED.replace('"1,200.5"', '" 1,200.5 "').replace(",-,", ", -   ,"))
    assert [row["value_reported"] for row in part.rows.to_pylist()] == [1_200_500, 0, None]


def test_a_header_that_begins_as_the_footnotes_is_no_footnote(printed):
    text = PRINTED.replace('"c: held', '"Mo: held')
    _, [part] = printed(text, footnotes_from="Mo")
    assert len(part.rows) == 3
