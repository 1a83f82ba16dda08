import calendar
from collections import defaultdict
from datetime import date
from functools import partial

import pytest
import twins
import workbook_twin
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from tradeflows import cli
from tradeflows.model import codes, schema
from tradeflows.model.errors import CodeError, LayoutError, QueryError, SchemaError
from tradeflows.publishers import comext, reading, registry, workbooks

UPDATE = "15/09/26 11:00:00"
AE = ("AT", "AE", "7204", "2", "2023-09")
DE = ("AT", "DE", "72041000", "1", "2023-09")
FIGURES = {
    AE: {"VALUE_IN_EUROS": "204548", "QUANTITY_IN_100KG": "1772.90"},
    DE: {"VALUE_IN_EUROS": "5", "SUPPLEMENTARY_QUANTITY": "3"},
}
LABELS = {
    "AT": "Austria",
    "AE": "United Arab Emirates",
    "DE": "Germany",
    "IE": "Ireland (Eire)",
    "RU": "Russian Federation",
    "1": "IMPORT",
    "2": "EXPORT",
}
MONTHS = [name if name == "May" else f"{name}." for name in calendar.month_abbr[1:]]


def sdmx(figures, data="DS-045409", update=UPDATE, flags=None, both=False):
    """SDMX-CSV as the service sends it: a line a figure, the series by their key."""
    lines = [
        "DATAFLOW,LAST UPDATE,freq,reporter,partner,product,flow,indicators,TIME_PERIOD,"
        "OBS_VALUE" + (",OBS_FLAG" if flags else "")
    ]
    for name in sorted({name for said in figures.values() for name in said}):
        for cell, said in figures.items():
            if name in said:
                *key, period = cell
                words = ["M" if "-" in period else "A", *key, name]
                if both:
                    words = [f'"{word}:{LABELS.get(word, "a label, of it")}"' for word in words]
                line = [f"ESTAT:{data}(1.0)", update, *words, period, said[name]]
                lines.append(",".join(line + ([flags.get(cell, "")] if flags else [])))
    return ("\r\n".join(lines) + "\r\n").encode()


def view(figures, columns=("VALUE_IN_EUR",), procedure="Total"):
    """A relational view: labels, a line a cell, a column a measure."""
    lines = [",".join(["REPORTER,PARTNER,PRODUCT,FLOW,STAT_PROCEDURE,PERIOD", *columns])]
    for (*key, period), said in figures.items():
        year, _, month = period.partition("-")
        words = [LABELS.get(word, word) for word in key]
        words += [procedure, f"{MONTHS[int(month) - 1]} {year}" if month else f"Jan.-Dec. {year}"]
        cells = [said.get(name, ":") for name in columns]
        lines.append(",".join([*(f'"{word}"' for word in words), *cells]))
    return ("\n".join(lines) + "\n").encode()


def grid(figures):
    """The sheets of a workbook: for each product, flow and indicator lines of cells."""
    sheets = defaultdict(dict)
    for (reporter, partner, product, flow, period), said in figures.items():
        for name, value in said.items():
            sheets[product, flow, name][reporter, partner, period] = value
    found = []
    for (product, flow, name), held in sheets.items():
        periods = sorted({period for *_, period in held})
        lines = [
            ["Data extracted on 24/11/2026 10:00:00 from [ESTAT]"],
            ["Dataset:", "", "EU trade since 1988 by HS2-4-6 and CN8 [DS-045409__custom_1]"],
            ["Last updated:", "", "15/09/2026 11:00"],
            [],
            ["PRODUCT [PRODUCT]", "", f"Some goods [{product}]"],
            ["FLOW [FLOW]", "", LABELS[flow]],
            ["INDICATORS [INDICATORS]", "", name],
            [],
            ["TIME", "TIME", *periods],
            ["FREQ (Labels)", "", *["Monthly"] * len(periods)],
            ["REPORTER (Labels)", "PARTNER (Labels)"],
        ]
        for pair in sorted({(reporter, partner) for reporter, partner, _ in held}):
            cells = [held.get((*pair, period), ":") for period in periods]
            lines.append(
                [
                    *(LABELS[word] for word in pair),
                    *(cell if cell == ":" else float(cell) for cell in cells),
                ]
            )
        found.append([*lines, [], ["Special value"], [":", "not available"]])
    return found


def book(sheets, names=None, **more):
    names = names or ["Summary", "Structure", *(f"Sheet {i + 1}" for i in range(len(sheets)))]
    sheets = [*[[["Contents"]]] * (len(names) - len(sheets)), *sheets]
    return workbook_twin.workbook(*sheets, names=names, parts=more)


def workbook(figures):
    return book(grid(figures))


FORMS = {
    "sdmx": sdmx,
    "view": lambda cells: view(cells, ["VALUE_IN_EUROS", "QUANTITY_IN_100KG"]),
    "workbook": workbook,
}


@pytest.fixture
def rows(tmp_path):
    return partial(twins.rows_of, parts, tmp_path / "a")


def parts(path):
    return list(comext.clean(path, reading.uncatalogued(path, "comext", "trade")))


def test_indicators_become_one_row(rows):
    sold, bought = rows(sdmx(FIGURES))
    stated = {"source_row": 1, "source_field": "with 3", "flow_code": "X", "cmd_code": "7204"}
    stated |= {"reporter_iso": "AUT", "partner_iso": "ARE", "partner_role": "destination"}
    stated |= {"area_system": "eurostat", "partner_code": "AE", "classification_code": "CN2023"}
    stated |= {"ref_period": date(2023, 9, 1), "breakdown": "total", "vintage": "2026-09-15"}
    stated |= {"value_reported": 204548.0, "currency": "EUR", "valuation": "FOB"}
    stated |= {"net_wgt_kg": 177290.0, "qty": None, "note": None}
    assert sold | stated == sold
    assert (bought["source_row"], bought["source_field"]) == (2, "with 4")
    assert (bought["flow_code"], bought["valuation"]) == ("M", "CIF")
    assert bought["note"] == "supplementary quantity 3 in a unit not stated"


@pytest.mark.parametrize(
    ("name", "value", "weight", "kg"),
    [
        ("QUANTITY_KG", "1", "29", 29.0),
        ("QUANTITY_IN_100KG", "1", "0.29", 29.0),
        ("QUANTITY_IN_100KG", "9", "0", None),
        ("QUANTITY_IN_100KG", "0", "0", 0.0),
    ],
)
def test_weights_are_in_kilograms(rows, name, value, weight, kg):
    [row] = rows(sdmx({AE: {"VALUE_IN_EUROS": value, name: weight}}))
    assert (row["value_reported"], row["net_wgt_kg"]) == (float(value), kg)


@pytest.mark.parametrize(
    ("reporter", "partner", "month", "areas"),
    [
        ("BE", "YU", "1998-12", ("BLX", "SCG", "origin")),
        ("BE", "YU", "1991-01", ("BLX", "YUG", "origin")),
        ("AT", "XI", "2021-01", ("AUT", "XI", "origin")),
        ("AT", "HR", "2013-06", ("AUT", "HRV", "origin")),
        ("AT", "HR", "2013-07", ("AUT", "HRV", "consignment")),
        ("AT", "GB", "2020-01", ("AUT", "GBR", "consignment")),
        ("AT", "GB", "2020-02", ("AUT", "GBR", "origin")),
    ],
)
def test_codes_and_members_of_the_time(rows, reporter, partner, month, areas):
    [row] = rows(sdmx({(reporter, partner, "7204", "1", month): {"VALUE_IN_EUROS": "5"}}))
    assert (row["reporter_iso"], row["partner_iso"], row["partner_role"]) == areas


def test_labels_are_taken_off(rows):
    cells = {("IE", "RU", "2709", "1", "2023-09"): {"VALUE_IN_EUROS": "1"}, **FIGURES}
    without = [row | {"source_id": ""} for row in rows(sdmx(cells))]
    assert [row | {"source_id": ""} for row in rows(sdmx(cells, both=True))] == without


START = f"ESTAT:DS-045409(1.0),{UPDATE},M,AT"
VIEWED = {AE: {"VALUE_IN_EUR": "204548", "QUANTITY_KG": "177290"}}
LINES = [
    f"{START},AE,7204,2,QUANTITY_IN_100KG,2023-09,1772.90\n"
    f"{START},AE,7204,2,VALUE_IN_EUROS,2023-09,204548",
    f"{START},DE,72041000,1,SUPPLEMENTARY_QUANTITY,2023-09,3\n"
    f"{START},DE,72041000,1,VALUE_IN_EUROS,2023-09,5",
]
SHEETS = ["Sheet 1!C12: 204548\nSheet 2!C12: 1772.9", "Sheet 3!C12: 5\nSheet 4!C12: 3"]
LINE = '"Austria","United Arab Emirates","7204","EXPORT","Total","Sep. 2023",204548,177290'


@pytest.mark.parametrize(
    ("raw", "texts"),
    [
        (sdmx(FIGURES), LINES),
        (workbook(FIGURES), SHEETS),
        (view(VIEWED, [*VIEWED[AE]]), [LINE]),
    ],
    ids=["sdmx", "workbook", "view"],
)
def test_places_of_figures(tmp_path, rows, raw, texts):
    places = [(row["source_row"], row["source_field"]) for row in rows(raw)]
    assert [one.text for one in comext.cells(tmp_path / "a", places).values()] == texts
    assert not comext.cells(tmp_path / "a", [(99, "")])


def test_flags_and_what_is_held_back(rows):
    cells = {
        AE: {"VALUE_IN_EUROS": "", "QUANTITY_IN_100KG": "1"},
        DE: {"VALUE_IN_EUROS": ""},
        ("AT", "QX", "72XXXXXX", "1", "2023-09"): {"VALUE_IN_EUROS": "5"},
    }
    flagged, secret = rows(sdmx(cells, flags={AE: "p"}))
    assert (flagged["flags"], flagged["value_reported"]) == ("provisional", None)
    assert (secret["flags"], secret["note"]) == (
        "confidential",
        "partner withheld for commercial or military reasons",
    )
    [held] = rows(sdmx({DE: {"VALUE_IN_EUROS": ""}}, flags={DE: "c"}))
    assert (held["flags"], held["value_reported"]) == ("confidential", None)


@pytest.mark.parametrize(
    ("form", "nothing", "empty"), [("sdmx", "", 1), ("view", ":", 3), ("workbook", ":", 3)]
)
def test_empty_cells_are_counted(tmp_path, form, nothing, empty):
    cells = {
        AE: {"VALUE_IN_EUROS": "1"},
        ("AT", "DE", "7204", "2", "2023-10"): {"VALUE_IN_EUROS": nothing},
    }
    path = tmp_path / "a"
    path.write_bytes(FORMS[form](cells))
    [part] = parts(path)
    assert (len(part.rows), part.empty) == (1, empty)
    path.write_bytes(sdmx({AE: {"VALUE_IN_EUROS": ""}}))
    [part] = parts(path)
    assert (len(part.rows), part.records, part.empty) == (0, 1, 1)


def test_procedure_and_mode_are_break_downs(rows):
    for word, breakdown in (("Normal", "procedure=1"), ("Total", "total")):
        [row] = rows(view({AE: {"VALUE_IN_EUR": "1"}}, procedure=word))
        assert row["breakdown"] == breakdown
    raw = sdmx({AE: {"VALUE_EUR": "1"}}, "DS-059334").decode()
    raw = raw.replace("flow,", "flow,transport_mode,").replace(",2,", ",2,7,")
    assert rows(raw.encode())[0]["breakdown"] == "mode=7"


def test_every_label_is_an_area_with_a_code_of_eurostat():
    labels = set(codes.area_codes("comext label").values())
    assert labels <= set(codes.area_codes("eurostat").values())


ONE = {AE: {"VALUE_IN_EUROS": "204548"}, DE: {"VALUE_IN_EUROS": "5"}}
SDMX, SEEN = sdmx(ONE), view(ONE, ["VALUE_IN_EUROS"])


def said(raw, old, new):
    assert old in raw.decode()
    return raw.decode().replace(old, new).encode()


def changed(at, cell, column=0):
    [sheet, *_] = grid(ONE)
    sheet[at] = [*sheet[at], *[""] * (column - len(sheet[at]))]
    sheet[at][column : column + 1] = [cell]
    return book([sheet])


@pytest.mark.parametrize(
    ("raw", "error", "message"),
    [
        (said(SDMX, "indicators", "indic"), LayoutError, "the columns"),
        (said(SDMX, "DS-045409", "DS-059358"), LayoutError, r"DS-045409, .*'ESTAT:DS-059358"),
        (said(SDMX, ",DE,", ",D9,"), CodeError, r"record 2, PARTNER: .*'D9'"),
        (said(SDMX, ",AT,DE", ",RU,DE"), CodeError, "REPORTER: RU is neither a member state"),
        (said(SDMX, "72041000", "7204100"), CodeError, "PRODUCT: '7204100' is no HS code"),
        (said(SDMX, "72041000,1,", "72041000,3,"), LayoutError, "record 2, FLOW: .* '3'"),
        (said(SDMX, ",5\r", ",1.6E+11\r"), LayoutError, r"record 2: .*OBS_VALUE.*'1.6E\+11'"),
        (said(SDMX, ",5\r", ",9007199254740993\r"), LayoutError, r"record 2, .* at most 2\^53"),
        (said(SDMX, "2023-09,5", "2023-13,5"), LayoutError, "record 2, TIME_PERIOD.*'M 2023-13'"),
        (said(SDMX, "EUROS,2023-09,5", "X,2023-09,5"), LayoutError, "record 2, INDICATORS"),
        (said(SDMX, UPDATE, "31/02/26"), LayoutError, "record 1, LAST_UPDATE.*'31/02/26'"),
        (
            said(SDMX, "AT,DE,72041000,1", "AT,AE,7204,2"),
            SchemaError,
            "record 2, the same figure as record 1",
        ),
        (said(SDMX, ",5\r", ",5,p\r"), LayoutError, "10 cells"),
        (sdmx({AE: {"VALUE_EUR": "1"}}, flags={AE: "x"}), LayoutError, "record 1, FLAG: .*'x'"),
        (said(SEEN, "Austria", "Austia"), CodeError, "REPORTER: .*did you mean 'Austria'"),
        (said(SEEN, "Total", "Smuggling"), LayoutError, "record 1, STAT_PROCEDURE"),
        (said(SEEN, '"7204"', '"CPA_38.11"'), CodeError, "is a product of the CPA, by activity"),
        (book([[["Contents"]]], ["Summary"]), LayoutError, r"Sheet 1, …, found \['Summary'\]"),
        (changed(11, "5 000", 2), LayoutError, "Sheet 1!C12: expected a number"),
        (changed(11, "Austia"), CodeError, "Sheet 1!C12, REPORTER: .*did you mean 'Austria'"),
        (changed(8, "2023-9", 2), LayoutError, "Sheet 1!C12, TIME_PERIOD"),
        (changed(11, "9", 4), LayoutError, "Sheet 1!E12: expected nothing, found '9'"),
        (changed(1, "of goods [DS-059358]", 2), LayoutError, "a data set of DS-045409"),
        (changed(4, "SECTOR [SECTOR]"), LayoutError, "Sheet 1!A5"),
        (changed(10, "REPORTER (Labels)", 1), LayoutError, "each of REPORTER, PARTNER"),
        (changed(13, "Austria"), LayoutError, "below them the special values, found 'Austria'"),
        (changed(11, "")[:-30], LayoutError, "a whole .xlsx"),
        (book([grid(ONE)[0]] * 2), SchemaError, "Sheet 2!C12, the same figure as Sheet 1!C12"),
    ],
)
def test_what_it_refuses(rows, raw, error, message):
    with pytest.raises(error, match=message) as caught:
        rows(raw)
    assert "\n" not in str(caught.value)


ENTITY = '<!DOCTYPE x [<!ENTITY a "x">]><x>&a;</x>'
NO_PLACE = "<row><c/></row>"
LONG = f"<sst><si><t>{'x' * 1000}</t></si></sst>"
MUCH = '<worksheet><c t="s"><v>0</v></c><c t="s"><v>0</v></c></worksheet>'


@pytest.mark.parametrize(
    ("limit", "most", "parts", "message"),
    [
        ("UNPACKED", 1 << 14, {"xl/media/image1.png": bytes(1 << 15)}, "bytes unpacked"),
        ("MARKUP", 200, {"xl/a.xml": f"<a>{'<b/>' * 300}</a>"}, "tags"),
        ("GRID", 500, {"xl/a.xml": '<a><row><c r="a1"/><c r="Z20"/></row></a>'}, "cells"),
        ("GRID", 500, {"xl/a.xml": f"<a>{NO_PLACE * 25}<row>{'<c/>' * 25}</row></a>"}, "cells"),
        ("TEXT", 1999, {"xl/sharedStrings.xml": LONG, "xl/a.xml": MUCH}, "letters"),
        ("TEXT", 1999, {"xl/a.xml": MUCH, "xl/SharedStrings.xml": LONG}, "letters"),
        ("TEXT", 1999, {"xl/a.xml": MUCH, "xl/b.xml": LONG}, "IndexError"),
        ("TEXT", 1999, {"xl/b.xml": ENTITY}, "DTDForbidden"),
    ],
)
def test_a_workbook_that_swells(rows, monkeypatch, limit, most, parts, message):
    monkeypatch.setattr(workbooks, limit, most)
    with pytest.raises(LayoutError, match=message):
        rows(book(grid(ONE), **parts))


def test_product_label_takes_a_code(tmp_path):
    path = tmp_path / "view.csv"
    raw = view({AE: VIEWED[AE]}, [*VIEWED[AE]])
    path.write_bytes(raw.replace(b'"7204"', b'"Ferrous waste"'))
    source = reading.uncatalogued(path, "comext", "trade")
    with pytest.raises(CodeError, match="give that of a label with --product"):
        list(comext.clean(path, source))
    [part] = comext.clean(path, source, product="7204")
    assert part.rows["cmd_code"].to_pylist() == ["7204"]
    with pytest.raises(CodeError, match="its leading zero is lost"):
        list(comext.clean(path, source, product="102"))
    path.write_bytes(view({AE: VIEWED[AE], DE: VIEWED[AE]}, [*VIEWED[AE]]))
    with pytest.raises(QueryError, match="names one product, and the file has several"):
        list(comext.clean(path, source, product="7204"))


@pytest.mark.parametrize(
    "raw", [sdmx(ONE), sdmx(ONE, both=True), SEEN, b"\xef\xbb\xbf" + SEEN, workbook(ONE)]
)
def test_the_command_knows_them_and_puts_them_into_one_table(tmp_path, capsys, raw):
    path, to = tmp_path / "a", tmp_path / "out.parquet"
    path.write_bytes(raw)
    assert registry.recognise(path) == ["comext"]
    assert cli.main(["clean", "comext", str(path), "--to", str(to)]) == 0
    assert "2 rows of trade; left out: nothing" in capsys.readouterr().out
    assert parquet.read_schema(to).equals(schema.TRADE)


number = st.decimals(0, 10**6, places=2).map(str)
said = st.fixed_dictionaries(
    {"VALUE_IN_EUROS": st.integers(0, 10**9).map(str)}, optional={"QUANTITY_IN_100KG": number}
)
places = st.tuples(
    st.sampled_from(["AT", "IE"]),
    st.sampled_from(["AE", "RU", "DE"]),
    st.sampled_from(["27", "2709", "27090010", "TOTAL"]),
    st.sampled_from("12"),
    st.sampled_from(["2023-08", "2023-09", "2024-01"]),
)
written = st.dictionaries(places, said, min_size=1, max_size=12)


def expected(said):
    value = float(said["VALUE_IN_EUROS"])
    kg = said.get("QUANTITY_IN_100KG")
    kg = None if kg is None else round(float(kg) * 100, 6)
    return value, None if kg == 0 and value else kg


@settings(max_examples=30, deadline=None)
@given(table=written)
@pytest.mark.parametrize("form", FORMS)
def test_what_is_written_is_read_back(tmp_path_factory, form, table):
    path = tmp_path_factory.mktemp("twin") / "a"
    iso = {"AT": "AUT", "IE": "IRL", "AE": "ARE", "RU": "RUS", "DE": "DEU", "1": "M", "2": "X"}
    want = {tuple(iso.get(word, word) for word in cell): expected(table[cell]) for cell in table}
    found = {}
    for row in twins.rows_of(parts, path, FORMS[form](table)):
        cell = (row["reporter_iso"], row["partner_iso"], row["cmd_code"], row["flow_code"])
        key = (*cell, f"{row['ref_period']:%Y-%m}")
        assert key not in found
        found[key] = row["value_reported"], row["net_wgt_kg"]
    assert found == want
