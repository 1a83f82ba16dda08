import csv
import io
import re
from contextlib import suppress

import pytest
import twins
from hypothesis import given, settings
from hypothesis import strategies as st
from workbook_twin import workbook

from tradeflows.model.errors import CodeError, LayoutError, QueryError, TradeflowsError
from tradeflows.publishers import gacc, registry
from tradeflows.publishers.gacc import monthly, query_csv

ALL = [*twins.HEADINGS]
PLAIN = [
    "month",
    "partner",
    "partner name",
    "product",
    "product name",
    "quantity",
    "unit",
    "second quantity",
    "second unit",
    "CNY",
]
OIL = {
    "month": "202305",
    "partner": "344",
    "partner name": "俄罗斯联邦",
    "product": "27090000",
    "product name": "石油原油，未加工, 其他",
    "regime": "10",
    "regime name": "一般贸易",
    "province": "11",
    "quantity": "9709870000",
    "unit": "千克",
    "second quantity": "0",
    "second unit": "?",
    "USD": "5,031,234,567",
    "CNY": "35,031,234,567",
}
UNITS = {"千克": ("kg", 1), "台": ("items", 1), "升": ("L", 1), "米": ("m", 1), "?": ("none", 1)}


@pytest.fixture
def rows(tmp_path):
    """Clean bytes and give the rows as dictionaries."""

    def clean(raw, **options):
        path = tmp_path / "saved.csv"
        path.write_bytes(raw)
        return [row for part in gacc.clean(path, **options) for row in part.rows.to_pylist()]

    return clean


def test_month_of_oil_in_yuan(rows):
    [row] = rows(twins.gacc([OIL], PLAIN), flow="M")
    assert (row["partner_iso"], row["partner_code"], row["area_system"]) == ("RUS", "344", "gacc")
    assert (row["value_reported"], row["currency"], row["primary_value_usd"]) == (
        35_031_234_567,
        "CNY",
        None,
    )
    assert (row["net_wgt_kg"], row["qty"], row["qty_unit"]) == (9_709_870_000, None, "none")
    assert (str(row["ref_period"]), row["valuation"]) == ("2023-05-01", "CIF")


def test_dollars_beside_yuan(rows):
    [row] = rows(twins.gacc([OIL], [*PLAIN, "USD"]), flow="M")
    assert (row["currency"], row["primary_value_usd"]) == ("CNY", 5_031_234_567)


def test_imports_from_china_are_reimports(rows):
    raw = twins.gacc([OIL | {"partner": "142", "partner name": "中国"}, OIL], PLAIN)
    assert [row["flow_code"] for row in rows(raw, flow="M")] == ["RM", "M"]
    assert {row["flow_code"] for row in rows(raw, flow="X")} == {"X"}


def test_regimes_and_provinces(rows):
    raw = twins.gacc([OIL, OIL | {"regime": "33"}], [*PLAIN, "regime", "province"])
    kept = rows(raw, flow="M")
    assert [row["breakdown"] for row in kept] == ["province=11,regime=10", "province=11,regime=33"]


def test_zero_quantity_beside_a_value(rows):
    [row] = rows(twins.gacc([OIL | {"quantity": "0"}], PLAIN), flow="M")
    assert row["net_wgt_kg"] is None
    [row] = rows(twins.gacc([OIL | {"quantity": "0", "CNY": "0"}], PLAIN), flow="M")
    assert row["net_wgt_kg"] == 0


def test_second_unit_has_its_row(rows):
    record = OIL | {"unit": "台", "quantity": "3", "second unit": "米", "second quantity": "7"}
    first, second = rows(twins.gacc([record], PLAIN), flow="X")
    assert (first["qty"], first["qty_unit"], second["qty"], second["qty_unit"]) == (
        3,
        "items",
        7,
        "m",
    )
    assert (first["value_reported"], second["value_reported"]) == (35_031_234_567, None)
    assert second["source_field"] == "second quantity"


def test_stray_quantity_is_counted(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(twins.gacc([OIL | {"second quantity": "5"}], PLAIN))
    [part] = gacc.clean(path, flow="M")
    assert dict(part.left_out) == {query_csv.LOST: 1}


def test_period_of_the_caller(rows):
    columns = [name for name in PLAIN if name != "month"]
    [row] = rows(twins.gacc([OIL], columns), flow="M", period="2023-01/2023-03")
    assert (str(row["ref_period"]), row["n_months"], row["flags"]) == ("2023-01-01", 3, "block")
    [row] = rows(twins.gacc([OIL], columns), flow="M", period="2023")
    assert (row["freq_code"], row["n_months"], row["flags"]) == ("A", 12, "")


@pytest.mark.parametrize(
    ("product", "partner", "found"),
    [
        ("TOTAL", "World", ("TOTAL", "W00", "all", "M")),
        ("2709", "Russia", ("2709", "RUS", "344", "M")),
        ("27090000", "344", ("27090000", "RUS", "344", "M")),
        ("8806", "CHN", ("8806", "CHN", "142", "RM")),
    ],
)
def test_goods_of_the_caller(rows, product, partner, found):
    raw = twins.gacc([OIL], ["month", "USD"])
    [row] = rows(raw, flow="M", product=product, partner=partner)
    assert found == tuple(row[n] for n in ("cmd_code", "partner_iso", "partner_code", "flow_code"))


@pytest.mark.parametrize(
    ("changes", "columns", "options", "error", "message"),
    [
        ({}, PLAIN, {}, QueryError, "add --flow M or --flow X"),
        ({}, PLAIN, {"flow": "in"}, QueryError, "expected M for imports"),
        ({}, PLAIN, {"flow": "M", "period": "2023"}, QueryError, "leave --period out"),
        ({}, PLAIN[1:], {"flow": "M"}, QueryError, "add --period"),
        ({}, PLAIN[1:], {"flow": "M", "period": "May"}, QueryError, "expected 2023"),
        ({}, ["month", "USD"], {"flow": "M"}, QueryError, "no product; add --product"),
        ({}, ["month", "USD"], {"flow": "M", "product": "2709"}, QueryError, "add --partner"),
        (
            {},
            ["month", "USD"],
            {"flow": "M", "product": "oil", "partner": "World"},
            QueryError,
            "--product oil: expected",
        ),
        ({}, PLAIN, {"flow": "M", "partner": "RUS"}, QueryError, "leave --partner out"),
        ({"partner": "998"}, PLAIN, {"flow": "M"}, CodeError, "'998'"),
        ({"product": "2709000"}, PLAIN, {"flow": "M"}, LayoutError, "a code in 商品编码"),
        ({"month": "202313"}, PLAIN, {"flow": "M"}, LayoutError, "month such as .* '202313'"),
        ({"unit": "斤"}, PLAIN, {"flow": "M"}, LayoutError, "'斤'; add it to units"),
        ({"CNY": "35.031.234"}, PLAIN, {"flow": "M"}, LayoutError, "a number in CNY"),
        ({"CNY": "3,5"}, PLAIN, {"flow": "M"}, LayoutError, "'3,5'"),
        ({"CNY": "６３９"}, PLAIN, {"flow": "M"}, LayoutError, "a number in CNY, found '６３９'"),
        ({"CNY": "3503,125"}, PLAIN, {"flow": "M"}, LayoutError, "'3503,125'"),
        ({"CNY": "3.50312E+10"}, PLAIN, {"flow": "M"}, LayoutError, r"'3\.50312E\+10'"),
        ({"quantity": "9.7e9"}, PLAIN, {"flow": "M"}, LayoutError, "a number in quantity"),
        ({}, ["month", "partner name", "USD"], {"flow": "M"}, LayoutError, "alone"),
        ({}, ["month", "partner"], {"flow": "M"}, LayoutError, "a value or a quantity"),
        ({}, [*PLAIN, "CNY"], {"flow": "M"}, LayoutError, "each heading once"),
    ],
)
def test_what_it_refuses(rows, changes, columns, options, error, message):
    with pytest.raises(error, match=message):
        rows(twins.gacc([OIL | changes], columns), **options)


@pytest.mark.parametrize("records", [9_999, 10_000])
@pytest.mark.parametrize(
    "resaved",
    [
        lambda raw: raw,
        lambda raw: raw.rstrip(b"\n"),
        lambda raw: raw + b"\n\n",
        lambda raw: raw.replace(b"\n", b"\r\n"),
        lambda raw: raw.replace(b"\n", b"\r"),
    ],
    ids=["as it came", "no last line end", "empty lines", "CRLF", "CR"],
)
def test_ten_thousand_lines_are_cut_off(rows, records, resaved):
    head, line = twins.gacc([OIL], ["month", "product", "partner", "USD"]).splitlines(True)
    with pytest.raises(LayoutError, match=f"{records:,} below the header, where the site cuts"):
        rows(resaved(head + line * records), flow="M")


def test_file_cut_within_a_line(rows):
    raw = twins.gacc([OIL, OIL | {"month": "202306"}], PLAIN)
    with pytest.raises(LayoutError, match="lines of 11 cells, found 10 in record 2; save"):
        rows(raw[:-4], flow="M")


def test_other_site_is_named(rows):
    with pytest.raises(LayoutError, match="Colour"):
        rows(twins.gacc([OIL], PLAIN).replace("人民币".encode("gb18030"), b"Colour"), flow="M")
    with pytest.raises(LayoutError, match="a comma at the end"):
        rows(twins.gacc([OIL], PLAIN).replace(b",\n", b"\n"), flow="M")


number = st.integers(0, 10**12)
record = st.fixed_dictionaries(
    {
        "month": st.builds("{}{:02}".format, st.integers(2015, 2026), st.integers(1, 12)),
        "partner": st.sampled_from(["344", "110", "142", "502", "701"]),
        "product": st.sampled_from(["27090000", "88069410", "01012100"]),
        "regime": st.sampled_from(["10", "33"]),
        "regime name": st.just("一般贸易"),
        "province": st.just("11"),
        "quantity": number,
        "unit": st.sampled_from([*UNITS]),
        "second quantity": number,
        "second unit": st.sampled_from([*UNITS]),
        "USD": number,
    }
)
NAMES = {"27090000": "原油, 其他", "88069410": "㐀", "01012100": "x"}
PARTNERS = {"344": "a, b", "110": "镕", "142": "中国", "502": "c", "701": "701"}


def agreeing(record):
    """Return a record with its names, and as many yuan as its dollars are worth."""
    names = {
        "product name": NAMES[record["product"]],
        "partner name": PARTNERS[record["partner"]],
    }
    return record | names | {"CNY": record["USD"] * 7}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(record.map(agreeing), min_size=1, max_size=6),
    st.permutations(ALL),
    st.sets(st.sampled_from(["regime", "province", "USD", "partner name", "second quantity"])),
    st.sampled_from((0, 1)),
)
def test_what_is_written_is_read_back(tmp_path_factory, records, order, without, language):
    columns = [
        n
        for n in order
        if n
        not in without | ({"second unit"} & {"second unit" if "second quantity" in without else ""})
    ]
    if "regime" in without:
        columns.remove("regime name")
    shown = [r | {n: f"{r[n]:,}" for n in ("USD", "CNY")} for r in records]
    path = tmp_path_factory.mktemp("twin") / "a.csv"
    path.write_bytes(twins.gacc(shown, columns, language))
    rows = [row for part in gacc.clean(path, flow="M") for row in part.rows.to_pylist()]
    firsts = [row for row in rows if not row["source_field"]]
    assert [row["value_reported"] for row in firsts] == [r["CNY"] for r in records]
    assert [row["partner_code"] for row in firsts] == [r["partner"] for r in records]
    assert [f"{row['ref_period']:%Y%m}" for row in firsts] == [r["month"] for r in records]
    for row, r in zip(firsts, records, strict=True):
        found = {}
        for name in ("quantity", "second quantity"):
            if name in columns:
                unit = UNITS[r[name.replace("quantity", "unit")]][0]
                found.setdefault(unit, r[name] or (None if r["CNY"] else 0))
        assert row["net_wgt_kg"] == found.get("kg")
        if row["qty_unit"] != "none":
            assert row["qty"] == found[row["qty_unit"]]


def naive(raw):
    """The same cells by the csv module and plain loops, as lenient as can be."""
    text = raw.decode("gb18030", "surrogateescape")
    head, *records = [line for line in csv.reader(io.StringIO(text, newline="")) if line]
    by_heading = {h: n for n, both in twins.HEADINGS.items() for h in both}
    names = [by_heading[heading.strip()] for heading in head[:-1]]
    rows = []
    for line in records:
        cells = dict(zip(names, line, strict=False))
        rows.append(
            (
                cells.get("month"),
                cells.get("partner"),
                cells.get("product", "TOTAL"),
                float(cells["CNY"].replace(",", "")) if cells.get("CNY") else None,
            )
        )
    return rows


def test_mutated_bytes_give_what_a_naive_reader_makes_of_them_or_an_error(tmp_path):
    more = [
        OIL | {"partner": "142", "partner name": "中国"},
        OIL | {"unit": "台", "month": "202306"},
    ]
    raw = twins.gacc([OIL, *more], PLAIN)
    path = tmp_path / "a.csv"
    read = 0
    for data in twins.mutations(raw, 2000):
        path.write_bytes(data)
        try:
            rows = [r for part in gacc.clean(path, flow="M") for r in part.rows.to_pylist()]
        except TradeflowsError:
            continue
        read += 1
        expected = naive(data)
        assert [
            (f"{r['ref_period']:%Y%m}", r["partner_code"], r["cmd_code"], r["value_reported"])
            for r in rows
            if not r["source_field"]
        ] == expected
    assert read > 100


# --- the monthly tables --------------------------------------------------------------------------

TITLE = "(14) Major Import Commodities in Quantity and Value,5.2023"
LINES = [
    ["Crude petroleum oils", "10000T", "5144.0", "26,330,011", "23000.1", "120,330,011", "1", "-5"],
    ["Electronic integrated circuits", "100MN", "396", "28,000,000", "1865", "130,000", "1", "2"],
    ["Soya beans", "10000T", "-", "-", "10", "1,000", "3", "4"],
    ["Mechanical and electrical products*", "-", "-", "77,000", "-", "99,000", "-", "1"],
]


def test_monthly_table(rows):
    found = rows(twins.gacc_page(TITLE, LINES))
    month = [row for row in found if row["cumulation"] == "period"]
    assert [row["cmd_code"] for row in month] == [
        "2709",
        "GACC:electronic_integrated_circuits",
        "GACC:mechanical_and_electrical_products",
    ]
    assert (month[0]["net_wgt_kg"], month[0]["primary_value_usd"]) == (5.144e10, 26_330_011_000)
    assert (month[1]["qty"], month[1]["qty_unit"], month[1]["flow_code"]) == (3.96e10, "items", "M")
    to_date = [row for row in found if row["cumulation"] == "ytd"]
    assert [row["n_months"] for row in to_date] == [5] * 4
    assert str(to_date[0]["ref_period"]) == "2023-01-01"


@pytest.mark.parametrize("unit", ["10000T", "10,000 t", " 10000 T "])
def test_unit_with_commas(rows, unit):
    [month, _] = rows(twins.gacc_page(TITLE, [["Coal", unit, *LINES[0][2:]]]))
    assert month["net_wgt_kg"] == 5.144e10


figure = st.one_of(st.just("-"), st.decimals(0, 10**9, places=1).map("{:,}".format))


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(
        st.text("abc d", min_size=1).filter(str.strip),
        st.tuples(st.sampled_from(["10000T", "MN", "100MN", "-"]), *[figure] * 4),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(["13", "14"]),
    st.sampled_from([(1, 1), (1, 2), (5, 5), (12, 12)]),
)
def test_page_is_read_back(tmp_path_factory, table, number, months):
    path = tmp_path_factory.mktemp("twin") / "a.html"
    kind, (first, last) = {"13": "Ex", "14": "Im"}[number], months
    title = f"({number}) Major {kind}port Commodities in Quantity and Value, {first}"
    title += f"-{last}.2020" if last > first else ".2020"
    path.write_bytes(twins.gacc_page(title, [[n, *of, "1", "-2"] for n, of in table.items()]))
    factors = {"10000T": 1e7, "MN": 1e6, "100MN": 1e8, "-": 1.0}
    expected = [
        (
            i,
            months,
            None if q == "-" else pytest.approx(float(q.replace(",", "")) * factors[unit]),
            None if v == "-" else pytest.approx(float(v.replace(",", "")) * 1000),
        )
        for months, at in ((last - first + 1, 0), (last, 2))
        for i, (unit, *of) in enumerate(table.values(), start=1)
        for q, v in [of[at : at + 2]]
        if (q, v) != ("-", "-")
    ]
    assert expected == [
        (
            r["source_row"],
            r["n_months"],
            r["qty"] if r["net_wgt_kg"] is None else r["net_wgt_kg"],
            r["value_reported"],
        )
        for part in gacc.clean(path)
        for r in part.rows.to_pylist()
    ]


def test_january_and_february(rows):
    title = "(13) Major Export Commodities in Quantity and Value,1-2.2020"
    first = rows(twins.gacc_page(title, LINES))[0]
    assert (first["n_months"], first["flags"]) == (2, "block")
    assert str(first["ref_period"]) == "2020-01-01"
    assert (first["flow_code"], first["valuation"]) == ("X", "FOB")


@pytest.mark.parametrize(
    ("old", "new", "error", "message"),
    [
        (b"US$1,000", b"US$1", LayoutError, r"'US\$1 "),
        (b"US$1,000", b"US$1,000,000", LayoutError, r"'US\$1,000,000 "),
        (b"US$1,000", b"US$1,000 million", LayoutError, r"'US\$1,000 million "),
        (b"US$1,000", b"CNY10,000</p><p>Tables in US$1,000", LayoutError, "'CNY10,000 Tables in"),
        (b"Unit: US$1,000", b"", LayoutError, "1 such titles, no US"),
        (b"5.2023", b"5.2023 (in CNY)", LayoutError, "0 such titles"),
        (b"5.2023", b"13.2023", LayoutError, "agrees with itself"),
        (b"(14)", b"(13)", LayoutError, "agrees with itself"),
        (b"(14)", b"(4)", LayoutError, "0 such titles"),
        (b"100MN", b"GROSS", LayoutError, "circuits: expected a unit of .*, found 'GROSS'"),
        (b"5144.0", b"5144.O", LayoutError, "csv: Crude petroleum oils: expected a number or -"),
        (b"</tr>", b"", LayoutError, "as many <table>, <tr>, <td> closed"),
        (b"<td>100MN</td>", b"", LayoutError, "rows of 8 cells"),
        (
            b"<td>10</td><td>1,000</td><td>3</td><td>4</td>",
            b"<td>10</td><td>1,000</td>",
            LayoutError,
            "rows of 8 cells",
        ),
    ],
)
def test_refused_monthly_table(rows, old, new, error, message):
    with pytest.raises(error, match=message):
        rows(twins.gacc_page(TITLE, LINES).replace(old, new, 1 if old == b"</tr>" else -1))


def figures(found):
    return [{**row, "note": None, "source_id": ""} for row in found]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_file_saved_as_utf8_is_read(rows, tmp_path, encoding):
    raw = twins.gacc([OIL], PLAIN)
    found = rows(raw.decode("gb18030").encode(encoding), flow="M")
    assert {row["note"] for row in found} == {"re-encoded: saved as UTF-8"}
    path = tmp_path / "saved.csv"
    assert registry.recognise(path) == ["gacc"]
    assert "俄罗斯" in gacc.records(path, {1})[1].text
    assert figures(found) == figures(rows(raw, flow="M"))


def test_half_utf8_is_refused(rows):
    raw = twins.gacc([OIL], PLAIN).decode("gb18030").encode()
    with pytest.raises(LayoutError, match="expected GB18030 or UTF-8, found both"):
        rows(raw + "俄罗斯".encode("gb18030"), flow="M")


def test_a_file_saved_as_a_workbook(rows, tmp_path):
    raw = twins.gacc([OIL], PLAIN)
    lines = list(csv.reader(raw.decode("gb18030").splitlines()))
    found = rows(workbook(lines, []), flow="M")
    assert {row["note"] for row in found} == {"re-encoded: saved as a workbook"}
    assert registry.recognise(tmp_path / "saved.csv") == ["gacc"]
    assert figures(found) == figures(rows(raw, flow="M"))


def test_markup_that_one_parser_refuses_and_another_passes_over_loses_no_row(rows):
    page = twins.gacc_page(TITLE, LINES)
    with suppress(LayoutError):  # by the version of Python
        again = [row["value_reported"] for row in rows(page.replace(b"<p>", b"<![foo <p>"))]
        assert again == [row["value_reported"] for row in rows(page)]


def test_a_page_that_the_parser_gives_up_on_is_no_traceback(rows, monkeypatch):
    def refuse(*_):
        raise monthly.ParserRejectedMarkup("what")

    monkeypatch.setattr(monthly, "BeautifulSoup", refuse)
    with pytest.raises(LayoutError, match="markup that no parser takes"):
        rows(twins.gacc_page(TITLE, LINES))


def test_period_beside_the_title(rows):
    with pytest.raises(QueryError, match="leave --period out"):
        rows(twins.gacc_page(TITLE, LINES), period="2023")


def test_flow_against_the_title(rows):
    with pytest.raises(QueryError, match="the page says Imports"):
        rows(twins.gacc_page(TITLE, LINES), flow="X")


def naive_page(raw):
    text = raw.decode("utf-8")
    rows = re.findall(r"<tr[^>]*>(.*?)</tr\s*>", text, re.DOTALL | re.IGNORECASE)
    cells = [re.findall(r"<td[^>]*>(.*?)</td\s*>", row, re.DOTALL | re.IGNORECASE) for row in rows]
    return [
        (float(row[3].replace(",", "")) * 1000 if row[3].strip() not in ("-", "") else None)
        for row in cells
        if len(row) == 8
    ]


def test_mutated_pages_give_what_a_naive_reader_makes_of_them_or_an_error(tmp_path):
    path, read = tmp_path / "a.html", 0
    for data in twins.mutations(twins.gacc_page(TITLE, LINES), 2000):
        path.write_bytes(data)
        try:
            parts = list(gacc.clean(path))
        except TradeflowsError:
            continue
        read += 1
        values = [row["value_reported"] for row in parts[0].rows.to_pylist()]
        expected = [value for value in naive_page(data) if value is not None]
        assert [value for value in values if value is not None] == pytest.approx(expected)
    assert read > 100


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("<tr><td>x" * 2000 + "</td></tr>" * 2000, "tables, rows and cells within one another"),
        ("<b>" * 100_000, "at most 60,000 tags"),
    ],
)
def test_nested_page_is_refused(tmp_path, rows, message):
    path = tmp_path / "table.html"
    path.write_text(f"<table>{rows}</table>")
    with pytest.raises(LayoutError, match=message):
        monthly._rows(path, path.read_text())


# --- what a line states twice --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["日本", "Japan"])
def test_name_of_another_partner(rows, name):
    with pytest.raises(LayoutError, match=r"record 2: expected one partner and .*'116'"):
        rows(twins.gacc([OIL, OIL | {"month": "202306", "partner name": name}], PLAIN), flow="M")


def test_two_names_of_one_partner(rows):
    # A name that is on no list, beside the code of another partner of the month.
    lines = [OIL, OIL | {"product": "27101922", "partner name": "x"}]
    with pytest.raises(LayoutError, match="record 2: expected one partner and one name"):
        rows(twins.gacc(lines, PLAIN), flow="M")


def test_two_names_of_one_product(rows):
    other = OIL | {"partner": "110", "partner name": "x", "product name": "煤"}
    with pytest.raises(LayoutError, match="record 2: expected one product and one name"):
        rows(twins.gacc([OIL, other], PLAIN), flow="M")
    later = other | {"month": "202401"}  # a name may change from year to year
    assert len(rows(twins.gacc([OIL, later], PLAIN), flow="M")) == 2


@pytest.mark.parametrize("yuan", ["5,031,234,567", "350,312,345,670", "0"])
def test_yuan_that_dollars_cannot_be(rows, yuan):
    with pytest.raises(LayoutError, match="record 1: expected a value in yuan"):
        rows(twins.gacc([OIL | {"CNY": yuan}], [*PLAIN, "USD"]), flow="M")


def test_unit_values_in_another_currency(rows):
    lines = [OIL | {"month": f"2023{i:02}", "CNY": f"{35_000_000_000 + i}"} for i in range(1, 13)]
    odd = OIL | {"month": "202401", "CNY": "245,000,000,000"}  # seven times
    kept = rows(twins.gacc([*lines, odd], PLAIN), flow="M")
    assert [row["flags"] for row in kept] == [""] * 12 + ["implausible"]
