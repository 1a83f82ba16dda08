"""UN Comtrade's files: the thirteen traps, and what is refused. All rows are invented."""

import gzip
from datetime import date

import pytest
from comtrade_twin import envelope, row
from workbook_twin import workbook

from tradeflows.model import schema
from tradeflows.model.errors import CodeError, LayoutError
from tradeflows.model.keys import Keys
from tradeflows.model.source import Source
from tradeflows.publishers import comtrade, registry

SOURCE = Source(
    "demo",
    "local/demo.json",
    "comtrade",
    "invented",
    "fetched",
    "not stated",
    "2025-01-15",
    date(2025, 1, 20),
    "0" * 64,
    1,
    "trade",
    "comtrade.clean",
    1,
)


@pytest.fixture
def clean(tmp_path):
    """Clean rows as one saved reply; further arguments are the cleaner's."""

    def run(*rows, **options):
        path = tmp_path / "reply.json"
        path.write_bytes(envelope(list(rows)))
        (part,) = comtrade.clean(path, SOURCE, **options)
        keys = Keys(schema.TRADE)
        keys.add(part.rows)
        keys.check({SOURCE.id: path})
        return part

    return run


def column(part, name):
    return part.rows[name].to_pylist()


# --- the traps, as the publisher's rows have them ------------------------------------------------


@pytest.mark.parametrize(
    "part",
    [
        {"partner2Code": 276},
        {"motCode": 2100},
        {"customsCode": "C05"},
        {"mosCode": "1"},
        {"flowCode": "DX"},
    ],
    ids=lambda part: next(iter(part)),
)
def test_break_downs_are_left_out(clean, part):
    found = clean(row(value=100.0), row(value=60.0, **part))
    assert column(found, "value_reported") == [100.0]
    [why] = found.left_out
    assert (dict(found.left_out), dict(found.value)) == ({why: 1}, {why: 60.0})
    assert found.records == 2


def test_valuation_by_values(clean):
    rows = [
        row(flow="M", partner="398"),
        row(flow="X", partner="398"),
        row(flow="M", partner="643", cifvalue=None, fobvalue=1000.0),
        row(flow="M", partner="757", cifvalue=None, fobvalue=None),
    ]
    assert column(clean(*rows), "valuation") == ["CIF", "FOB", "FOB", None]


def test_zero_beside_a_value(clean):
    unknown = row(netWgt=0.0, isNetWgtEstimated=True, qty=0.0, qtyUnitCode=5)
    no_unit = row(partner="398", qty=9.0, qtyUnitCode=-1, netWgt=None)
    nothing = row(partner="757", value=0.0, netWgt=0.0, qty=0.0)
    found = clean(unknown, no_unit, nothing)
    assert column(found, "net_wgt_kg") == [None, None, 0.0]
    assert column(found, "qty") == [None, None, 0.0]
    assert column(found, "qty_unit") == ["none", "none", "items"]
    assert column(found, "flags") == ["", "", ""]


def test_an_estimated_quantity_that_is_the_weight(clean):
    kilograms = {"qty": 12.5, "qtyUnitCode": 8, "isQtyEstimated": True}
    found = clean(row(**kilograms, netWgt=None), row(**kilograms, netWgt=12.5, partner="398"))
    assert column(found, "net_wgt_kg") == [12.5, 12.5]
    assert column(found, "flags") == ["estimated", ""]


@pytest.mark.parametrize(
    ("unit", "qty", "weight", "expected"),
    [
        (5, 7, 12.5, (7.0, "items", 12.5, None)),
        (9, 7, 12.5, (7000.0, "items", 12.5, None)),
        (17, 2, 12.5, (2000.0, "m3", 12.5, None)),
        (8, 12.5, None, (None, "none", 12.5, None)),
        (21, 3, 0.0, (None, "none", 3000.0, None)),
        (16, 4, 12.5, (None, "none", 12.5, "qty 4 in unit 16")),
    ],
)
def test_quantity_has_its_unit(clean, unit, qty, weight, expected):
    found = clean(row(qtyUnitCode=unit, qty=qty, netWgt=weight))
    names = ("qty", "qty_unit", "net_wgt_kg", "note")
    assert tuple(column(found, name)[0] for name in names) == expected


def test_what_a_row_says(clean):
    releases = {"156 202112": "2024-07-05 -991"}
    rows = [
        row(period="202112", product="88", classificationCode="H5", isNetWgtEstimated=True),
        row(period="2022", product="TOTAL", value=5, flow="M", fobvalue=4.5),
        row(period="2022", product="8806", legacyEstimationFlag=6),
    ]
    found = clean(*rows, releases=releases, unequal=["156 2022 M 643 TOTAL"])
    assert column(found, "cmd_code") == ["88", "TOTAL", "8806"]
    assert column(found, "classification_code") == ["H5", "H6", "H6"]
    assert column(found, "ref_period") == [date(2021, 12, 1), date(2022, 1, 1), date(2022, 1, 1)]
    assert column(found, "n_months") == [1, 12, 12]
    assert column(found, "primary_value_usd") == [1000.0, 5.0, 1000.0]
    assert column(found, "valuation") == ["FOB", "CIF", "FOB"]
    assert column(found, "note") == [None, "FOB 4.5", None]
    assert column(found, "vintage") == ["2024-07-05", "2025-01-15", "2025-01-15"]
    assert column(found, "flags") == ["estimated", "unequal", ""]
    assert len(clean().rows) == 0  # a whole reply may be empty


# --- the other channels --------------------------------------------------------------------------


def export(rows, comma):
    """The site's TradeData.csv: Latin-1, all quoted, an open comma at the end of a row."""
    lines = [[*rows[0]], *(each.values() for each in rows)]
    head, *texts = (",".join(f'"{as_text(cell)}"' for cell in line) for line in lines)
    return "\r\n".join([head, *(text + comma for text in texts), ""]).encode("latin-1")


def as_text(value):
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def bulk(rows):
    names = [name[0].upper() + name[1:] for name in rows[0]]
    names[names.index("Cifvalue")] = "CIFValue"
    lines = [names, *([as_text(value) for value in each.values()] for each in rows)]
    return gzip.compress("".join("\t".join(line) + "\n" for line in lines).encode())


SAID = [row(partnerDesc="Türkiye, Côte d'Ivoire"), row(partner="398", netWgt=None)]
CHANNELS = {
    "TradeData.csv": export(SAID, ","),
    "without a comma.csv": export(SAID, ""),
    "TradeData.xlsx": workbook([[*SAID[0]], *([*each.values()] for each in SAID)], []),
    "COMTRADE-FINAL-CM156202201H6[2025-07-05].gz": bulk(SAID),
}


@pytest.mark.parametrize("name", CHANNELS)
def test_each_channel_has_the_rows_of_the_reply(clean, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(CHANNELS[name])
    assert registry.recognise(path) == ["comtrade"] or name.endswith(".gz")
    (part,) = comtrade.clean(path, SOURCE)
    assert part.rows.equals(clean(*SAID).rows)
    assert "d'Ivoire" in comtrade.records(path, {1})[1].text


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"partnerCode": 12345}, CodeError, "'12345'"),
        ({"typeCode": "S"}, LayoutError, r"expected goods \(C\) in typecode, found 'S'"),
        ({"classificationCode": "S3"}, LayoutError, "expected HS"),
        ({"flowCode": "E"}, LayoutError, "expected a flow of the publisher's list"),
        ({"period": "202213"}, LayoutError, "found '202213'"),
        ({"freqCode": "A"}, LayoutError, "years where freqcode is A"),
        (
            {"primaryValue": "much"},
            LayoutError,
            r"got `str` - at `\$\.data\[0\]\.primaryValue",
        ),
        ({"netWgt": True}, LayoutError, "got `bool` - at `.*netWgt"),
        ({"qty": float("nan")}, LayoutError, "a whole JSON reply"),
        ({"qty": 10**400}, LayoutError, "number in qty"),
    ],
)
def test_wrong_row_is_refused(clean, changes, error, message):
    with pytest.raises(error, match=message):
        clean(row() | changes)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (envelope([], error="quota exceeded"), "found 'quota exceeded'"),
        (b'{"statusCode": 404, "message": "Resource not found"}', "Resource not found"),
        (envelope([row()], count=2), "expected the 2 rows that it counts, found 1"),
        (envelope([row()], totalRecords=2), "expected the 2 rows that it counts, found 1"),
        (envelope([row()])[:-40], "expected a whole JSON reply"),
        (
            envelope([row()]).replace(b'"flowCode"', b'"flowCode": "X", "flowCode"'),
            "flowCode twice",
        ),
        (envelope([{"a": 1}]), r"none of \['typecode'"),
        (envelope([1, 2]), "expected objects with a number"),
        (b'{"something": 1}', "expected an object with a list of data"),
        (b"<!DOCTYPE html><title>502</title>", "a page of HTML"),
        (b"a,b\n1,2\n", "expected the columns typecode"),
        (",".join([*row(), "\n1,2\n"]).encode(), "expected lines of 48 cells"),
        (b"\x1f\x8b broken", "expected a whole gzip file"),
        (gzip.compress(",".join([*row(), "\n"]).encode() * 99)[:-9], "expected"),
        (envelope([row()]).replace(b"motDesc", b"mot\xe1Desc"), "names and messages in UTF-8"),
    ],
    ids=range(15),
)
def test_partial_reply_is_refused(tmp_path, content, message):
    path = tmp_path / "reply"
    path.write_bytes(content)
    with pytest.raises(LayoutError, match=message):
        list(comtrade.clean(path, SOURCE))


@pytest.mark.parametrize(("cap", "whole"), [(0, False), (500, False), (100_000, True)])
def test_reply_of_the_cap_is_cut_off(clean, cap, whole):
    rows = [row(period=f"{1980 + i // 12}{i % 12 + 1:02}") for i in range(500)]
    if whole:
        assert len(clean(*rows, cap=cap).rows) == 500
    else:
        with pytest.raises(LayoutError, match="500 records, which is a row cap"):
            clean(*rows, cap=cap)


# --- what a reply states twice -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "flags"),
    [
        ({"cifvalue": 900.0, "fobvalue": 800.0}, "contradictory"),
        ({"cifvalue": None, "fobvalue": 1000.0}, ""),
        ({"qtyUnitCode": 8, "qtyUnitAbbr": "kg", "qty": 450.0}, "contradictory"),
        ({"qtyUnitCode": 8, "qtyUnitAbbr": "kg", "qty": 12.5}, ""),
        ({"cifvalue": 1000.0, "fobvalue": None}, "contradictory"),
        ({"flow": "M", "cifvalue": 1000.0, "fobvalue": None}, ""),
        ({"cmdDesc": "All Commodities"}, "contradictory"),
        ({"cmdDesc": "Soya beans; other than seed, whether or not broken"}, "contradictory"),
        ({"cmdDesc": "what no list has"}, ""),
        ({"isReported": False}, "contradictory"),
        ({"isReported": False, "isAggregate": True}, ""),
    ],
)
def test_figure_stated_twice_is_flagged(clean, changes, flags):
    assert column(clean(row(**changes)), "flags") == [flags]


@pytest.mark.parametrize("code", ["10620", "270", "000000", "770000", "27.09", "8806 21", "x"])
def test_impossible_product_is_refused(clean, code):
    with pytest.raises(CodeError, match="HS code"):
        clean(row(product=code))


# --- a file in parts -----------------------------------------------------------------------------


def test_parts_of_a_large_file(tmp_path, monkeypatch):
    monkeypatch.setattr(comtrade, "ROWS", 2)
    path = tmp_path / "bulk.txt"
    lines = [row(partner=code) for code in ("643", "76", "398", "842", "276")]
    lines.append(row(motCode=2100))
    text = "\n".join(
        "\t".join("" if v is None else str(v) for v in line.values()) for line in lines
    )
    path.write_text("\t".join(lines[0]) + "\n" + text + "\n")
    parts = list(comtrade.clean(path, SOURCE))
    assert [len(part.rows) for part in parts] == [2, 2, 1]
    assert [part.records for part in parts] == [6, 0, 0]
    assert [dict(part.left_out) for part in parts] == [
        {"break-down whose total is kept": 1},
        {},
        {},
    ]
    assert [number for part in parts for number in column(part, "source_row")] == [1, 2, 3, 4, 5]
