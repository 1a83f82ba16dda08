import csv

import pytest
import twins
from hypothesis import given
from hypothesis import strategies as st
from random_tables import fuzz
from workbook_twin import workbook

from tradeflows.model.errors import CodeError, LayoutError, QueryError
from tradeflows.publishers import gacc, registry

ALL = [*twins.HEADINGS]
PLAIN = [n for n in ALL if n not in ("regime", "regime name", "province", "USD")]
OIL = twins.OIL | {
    "partner name": "俄罗斯联邦",
    "product name": "石油原油，未加工, 其他",
    "regime": "10",
    "regime name": "一般贸易",
    "province": "11",
    "second quantity": "0",
    "second unit": "?",
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


def test_month_of_oil(rows):
    [row] = rows(twins.gacc([OIL], [*PLAIN, "USD", "regime", "province"]), flow="M")
    assert (row["partner_iso"], row["partner_code"], row["area_system"]) == ("RUS", "344", "gacc")
    assert (row["value_reported"], row["currency"]) == (35_031_234_567, "CNY")
    assert row["primary_value_usd"] == 5_031_234_567
    assert (row["net_wgt_kg"], row["qty"], row["qty_unit"]) == (9_709_870_000, None, "none")
    assert (str(row["ref_period"]), row["valuation"]) == ("2023-05-01", "CIF")
    assert row["breakdown"] == "province=11,regime=10"


def test_imports_from_china_are_reimports(rows):
    raw = twins.gacc([OIL | {"partner": "142", "partner name": "中国"}, OIL], PLAIN)
    assert [row["flow_code"] for row in rows(raw, flow="M")] == ["RM", "M"]
    assert {row["flow_code"] for row in rows(raw, flow="X")} == {"X"}


@pytest.mark.parametrize(
    ("period", "start", "months", "freq", "flags"),
    [
        ("2023-01/2023-03", "2023-01-01", 3, "M", "block"),
        ("2023-02", "2023-02-01", 1, "M", ""),
        ("2023", "2023-01-01", 12, "A", ""),
    ],
)
def test_period_of_the_caller(rows, period, start, months, freq, flags):
    [row] = rows(twins.gacc([OIL], PLAIN[1:]), flow="M", period=period)
    assert (str(row["ref_period"]), row["n_months"]) == (start, months)
    assert (row["freq_code"], row["flags"]) == (freq, flags)


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
        ({}, PLAIN, {"flow": "M", "period": "2023"}, QueryError, "leave --period out"),
        ({}, PLAIN[1:], {"flow": "M"}, QueryError, "add --period"),
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
        ({"unit": "斤"}, PLAIN, {"flow": "M"}, LayoutError, "'斤'; add it to units"),
        ({"CNY": "35.031.234"}, PLAIN, {"flow": "M"}, LayoutError, "a number in CNY"),
        ({"CNY": "9" * 400}, PLAIN, {"flow": "M"}, LayoutError, "that a double holds"),
        ({"CNY": "６３９"}, PLAIN, {"flow": "M"}, LayoutError, "a number in CNY, found '６３９'"),
        ({"CNY": "3503,125"}, PLAIN, {"flow": "M"}, LayoutError, "'3503,125'"),
        (
            {},
            ["month", "partner name", "USD"],
            {"flow": "M"},
            LayoutError,
            r"none of \['partner'\]",
        ),
        ({}, ["month", "partner"], {"flow": "M"}, LayoutError, "a value or a quantity"),
        ({}, [*PLAIN, "CNY"], {"flow": "M"}, LayoutError, r"more than once \['CNY'\]"),
    ],
)
def test_what_it_refuses(rows, changes, columns, options, error, message):
    with pytest.raises(error, match=message):
        rows(twins.gacc([OIL | changes], columns), **options)


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
def test_ten_thousand_lines_are_cut_off(rows, resaved):
    head, line = twins.gacc([OIL], ["month", "product", "partner", "USD"]).splitlines(True)
    with pytest.raises(LayoutError, match="9,999 below the header, where the site cuts"):
        rows(resaved(head + line * 9_999), flow="M")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda raw: raw.splitlines(keepends=True)[0], "at least one record"),
        (lambda raw: raw[:-4], "lines of 11 cells, found 10 in record 2; save"),
        (lambda raw: raw.replace("人民币".encode("gb18030"), b"Colour"), "Colour"),
        (lambda raw: raw.replace(b",\n", b"\n"), "a comma at the end"),
        (lambda raw: raw.replace(b'567",\n', b'567",x\n'), "record 1: expected nothing after"),
        (
            lambda raw: raw.decode("gb18030").encode() + "俄罗斯".encode("gb18030"),
            "expected GB18030 or UTF-8, found both",
        ),
    ],
)
def test_another_file(rows, spoil, message):
    raw = twins.gacc([OIL, OIL | {"month": "202306"}], PLAIN)
    with pytest.raises(LayoutError, match=message):
        rows(spoil(raw), flow="M")


@pytest.mark.parametrize(
    ("note", "save"),
    [
        ("re-encoded: saved as UTF-8", lambda raw: raw.decode("gb18030").encode()),
        ("re-encoded: saved as UTF-8", lambda raw: raw.decode("gb18030").encode("utf-8-sig")),
        (
            "re-encoded: saved as a workbook",
            lambda raw: workbook(list(csv.reader(raw.decode("gb18030").splitlines())), []),
        ),
    ],
)
def test_a_file_saved_anew(rows, tmp_path, note, save):
    raw = twins.gacc([OIL], PLAIN)
    figures = {"note": None, "source_id": ""}
    expected = [row | figures for row in rows(raw, flow="M")]
    found = rows(save(raw), flow="M")
    assert {row["note"] for row in found} == {note}
    assert [row | figures for row in found] == expected
    path = tmp_path / "saved.csv"
    assert registry.recognise(path) == ["gacc"]
    assert "俄罗斯" in gacc.records(path, {1})[1].text


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


@pytest.mark.slow
@fuzz(30)
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


# --- the monthly tables --------------------------------------------------------------------------

TITLE = "(14) Major Import Commodities in Quantity and Value,5.2023"
LINES = [
    ["Crude petroleum oils", "10000T", "5144.0", "26,330,011", "23000.1", "120,330,011", "1", "-5"],
    ["Electronic integrated circuits", "100MN", "396", "28,000,000", "1865", "130,000", "1", "2"],
    ["Soya beans", "10000T", "-", "-", "10", "1,000", "3", "4"],
    ["Mechanical and electrical products*", "-", "-", "77,000", "-", "99,000", "-", "1"],
]


figure = st.one_of(st.just("-"), st.decimals(0, 10**9, places=1).map("{:,}".format))


@fuzz(20)
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
    assert [(str(row["ref_period"]), row["n_months"]) for row in to_date] == [("2023-01-01", 5)] * 4
    title = "(13) Major Export Commodities in Quantity and Value,1-2.2020"
    first, *_ = rows(twins.gacc_page(title, [["Coal", " 10,000 t ", *LINES[0][2:]]]))
    assert (str(first["ref_period"]), first["n_months"]) == ("2020-01-01", 2)
    assert (first["flags"], first["net_wgt_kg"]) == ("block", 5.144e10)
    assert (first["flow_code"], first["valuation"]) == ("X", "FOB")


@pytest.mark.parametrize(
    ("old", "new", "error", "message"),
    [
        (b"US$1,000", b"US$1", LayoutError, r"'US\$1 "),
        (b"US$1,000", b"CNY10,000</p><p>Tables in US$1,000", LayoutError, "'CNY10,000 Tables in"),
        (b"Unit: US$1,000", b"", LayoutError, "1 such titles, no US"),
        (b"5.2023", b"5.2023 (in CNY)", LayoutError, "0 such titles"),
        (b"(14)", b"(13)", LayoutError, "agrees with itself"),
        (b"(14)", b"(4)", LayoutError, "0 such titles"),
        (b"100MN", b"GROSS", LayoutError, "circuits: expected in unit one of .*, found 'GROSS'"),
        (b"</tr>", b"", LayoutError, "as many <table>, <tr>, <td> closed"),
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


# --- what a line states twice --------------------------------------------------------------------


def test_name_of_a_product_of_two_codes_is_flagged(rows):
    other = OIL | {"product": "27101922"}
    assert [row["flags"] for row in rows(twins.gacc([OIL, other], PLAIN), flow="M")] == [
        "contradictory",
        "contradictory",
    ]
    for changes in ({"month": "202401"}, {"product name": "煤"}):  # another year, another name
        kept = rows(twins.gacc([OIL, other | changes], PLAIN), flow="M")
        assert [row["flags"] for row in kept] == ["", ""]
    rest = {"product name": "其他"}  # as many products may be called
    kept = rows(twins.gacc([OIL | rest, other | rest], PLAIN), flow="M")
    assert [row["flags"] for row in kept] == ["", ""]
