import json
import math
import re
from functools import partial
from operator import itemgetter

import pytest
import twins
from hypothesis import given
from hypothesis import strategies as st
from random_tables import fuzz

from tradeflows.model import codes
from tradeflows.model.errors import CodeError, LayoutError, QueryError
from tradeflows.publishers import cubes, eurostat_energy, reading

GAS = ("M", "G3000", "RU", "MIO_M3", "DE")
HEAT = ("M", "G3000", "RU", "TJ_GCV", "DE")
LNG = ("M", "G3200", "US", "MIO_M3", "EL")
MONTHS = ["2023-01", "2023-02"]
CELLS = {
    (GAS, "2023-01"): "1234.5 p",
    (GAS, "2023-02"): ": c",
    (HEAT, "2023-01"): "47000",
    (LNG, "2023-02"): "0 n",
}
SERIES = [GAS, HEAT, LNG]
FORMATS = {"tsv": {"flow": "M"}, "sdmx": {}, "json_stat": {}}


@pytest.fixture
def rows(tmp_path):
    return partial(twins.rows_of, eurostat_energy.clean, tmp_path / "energy")


def written(name, series=SERIES, months=MONTHS, cells=CELLS):
    return getattr(twins, name)(series, months, cells)


def cells(rows):
    return sorted(
        (
            row["cmd_code"],
            row["partner_code"],
            row["reporter_code"],
            f"{row['ref_period']:%Y-%m}",
            row["qty_unit"],
            row["net_wgt_kg"] if row["qty"] is None else row["qty"],
            row["flags"],
        )
        for row in rows
    )


@pytest.mark.parametrize("name", FORMATS)
def test_units_and_flags(rows, name):
    assert [cell[3:] for cell in cells(rows(written(name), **FORMATS[name]))] == [
        ("2023-01", "TJ", 47000, ""),
        ("2023-01", "m3", 1.2345e9, "provisional"),
        ("2023-02", "m3", None, "confidential"),
        ("2023-02", "m3", 0, "unreliable"),
    ]


def test_partner_of_gas_is_the_last_border(rows):
    head, *lines = written("sdmx").decode().splitlines()
    labelled = [re.sub(r",([A-Z]\w*)(?=,)", r",\1:a label", line) for line in lines]
    for raw in (written("sdmx"), "\n".join([head, *labelled]).encode()):
        found = {row["cmd_code"]: (row["partner_role"], row["partner_code"]) for row in rows(raw)}
        assert found == {"G3000": ("last border", "RU"), "G3200": ("origin", "US")}
    assert codes.is_under("G3200", "G3000")


def test_empty_cells_are_counted(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_bytes(written("tsv"))
    [part] = eurostat_energy.clean(path, flow="M")
    assert (part.records, part.empty, len(part.rows)) == (3, 2, 4)


def test_flag_without_a_figure(rows, tmp_path):
    cube = json.loads(written("json_stat"))
    lacking = [str(i) for i in range(math.prod(cube["size"])) if str(i) not in cube["value"]][:4]
    status = dict(zip(lacking, ("p", ": c", ":", ": "), strict=True))
    kept = [
        row["flags"]
        for row in rows(json.dumps(cube | {"status": status}).encode())
        if row["qty"] is None
    ]
    assert kept == ["provisional", "confidential"]
    [part] = eurostat_energy.clean(tmp_path / "energy")
    assert (part.records, part.empty) == (len(cube["value"]) + 4, 2)


M = {"flow": "M"}
OTHER = b"GASM(1.0),15/09/26 23:00:00,M,G3200"


@pytest.mark.parametrize(
    ("name", "old", "new", "options", "error", "message"),
    [
        ("tsv", b"", b"", {}, QueryError, "add --flow M or --flow X"),
        ("tsv", b"1234.5 p", b"1234.5 q", M, LayoutError, "'q'; add it to publisher_words"),
        ("tsv", b"M,G3000", b"A,G3000", M, LayoutError, "freq M"),
        ("tsv", b"G3000", b"G3999", M, CodeError, "energy: 'G3999'"),
        ("tsv", b",RU,", b",RUX,", M, CodeError, "RUX"),
        ("tsv", b"MIO_M3", b"KWH", M, LayoutError, "'KWH'; add it to units"),
        ("tsv", b"2023-02", b"2023", M, LayoutError, "a month"),
        ("tsv", b"2023-02", b"2023-01", M, LayoutError, "a first cell"),
        ("tsv", b"M,G3000", b"G3000", M, LayoutError, "5 dimensions"),
        ("sdmx", b"", b"", {"flow": "X"}, QueryError, "the file says M"),
        ("sdmx", b"NRG_TI_GASM", b"NRG_CB_GASM", {}, LayoutError, "one data set"),
        ("sdmx", b"1234.5", b"1.2E+03", {}, LayoutError, "record 1: expected a number in OBS_V"),
        ("sdmx", OTHER, OTHER.replace(b"GAS", b"OIL"), {}, LayoutError, "the data set .* alone"),
        ("json_stat", b"1234.5", b"true", {}, LayoutError, "JSON-stat"),
        ("json_stat", b'"geo"', b'"area"', {}, LayoutError, "the dimensions"),
        ("json_stat", b'"size": [1', b'"size": [2', {}, LayoutError, "categories"),
    ],
)
def test_what_it_refuses(rows, name, old, new, options, error, message):
    with pytest.raises(error, match=message):
        rows(written(name).replace(old, new), **options)


@pytest.mark.parametrize(
    "changes",
    [
        {"value": {"999": 1.0}, "status": {}},
        {"value": {}, "status": {}},
        {"size": [10**9] * 6},
        {"size": [True] * 6},
        {"status": {"1" * 30: "p"}},
    ],
)
def test_cells_that_no_cube_has(rows, changes):
    cube = json.loads(written("json_stat"))
    with pytest.raises(LayoutError, match="JSON-stat"):
        rows(json.dumps(cube | changes).encode())


def test_a_json_that_is_too_large(rows, monkeypatch):
    monkeypatch.setattr(cubes, "LARGEST", 10)
    with pytest.raises(LayoutError, match="at most"):
        rows(written("json_stat"))


series = st.tuples(
    st.just("M"),
    st.sampled_from(["G3000", "G3200"]),
    st.sampled_from(["RU", "NO", "TOTAL"]),
    st.sampled_from(["MIO_M3", "TJ_GCV"]),
    st.sampled_from(["DE", "EL", "UK"]),
)
figure = st.one_of(
    st.sampled_from([": ", ": c", ": p", ": u"]),
    st.builds("{}{}".format, st.decimals(0, 10**6, places=3), st.sampled_from(["", " p", " e"])),
)


@pytest.mark.slow
@fuzz(20)
@given(st.lists(series, min_size=1, max_size=5, unique_by=itemgetter(2, 4)), st.data())
def test_what_is_written_is_read_back_in_all_three_formats(tmp_path_factory, some, data):
    table = {(one, month): data.draw(figure) for one in some for month in MONTHS}
    stated = {key: text for key, text in table.items() if text != ": "}
    if not stated:
        return
    found = []
    for name, options in FORMATS.items():
        path, raw = tmp_path_factory.mktemp("twin") / name, written(name, some, MONTHS, table)
        found.append(cells(twins.rows_of(eurostat_energy.clean, path, raw, **options)))
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == len(stated)
    heat = [cell[5] for cell in found[0] if cell[4] == "TJ" and cell[5] is not None]
    texts = [text for (one, _), text in stated.items() if one[3] == "TJ_GCV" and text[0] != ":"]
    assert sum(heat) == pytest.approx(sum(float(text.split()[0]) for text in texts))


# --- what a file of gas states twice -------------------------------------------------------------


def gas(**figures):
    """Gas from Russia to Germany in one month, in what its figures say."""
    units = {"m3": "MIO_M3", "tj": "TJ_GCV", "lng": "MIO_M3"}
    some = [
        ("M", "G3200" if name == "lng" else "G3000", "RU", units[name], "DE") for name in figures
    ]
    months = MONTHS[:1]
    cells = dict(zip([(one, months[0]) for one in some], figures.values(), strict=True))
    return some, months, cells


@pytest.mark.parametrize(
    "figures", [{"m3": "1000", "lng": "1000", "tj": "39000"}, {"m3": "0", "tj": "57"}]
)
def test_gas_that_agrees(rows, figures):
    assert len(rows(written("tsv", *gas(**figures)), flow="M")) == len(figures)


@pytest.mark.parametrize(
    ("energy", "flag"),
    [
        ("38900", ""),
        ("30000", ""),
        ("50000", ""),
        ("29900", "contradictory"),
        ("50100", "contradictory"),
        ("10800", None),
    ],
)
def test_gas_of_an_odd_energy_is_flagged(rows, energy, flag):
    path = written("tsv", *gas(m3="1000", tj=energy))
    if flag is None:
        with pytest.raises(LayoutError, match="m3 and TJ that agree"):
            rows(path, flow="M")
        return
    assert [row["flags"] for row in rows(path, flow="M")] == [flag] * 2


def test_volumes_and_energies_in_two_blocks(rows, monkeypatch):
    monkeypatch.setattr(reading, "BLOCK", 200)  # bytes, two or three lines
    months, partners = MONTHS[:1], ["RU", "NO", "DZ", "QA"]
    some = [("M", "G3000", p, unit, "DE") for unit in ("MIO_M3", "TJ_GCV") for p in partners]
    figures = {(one, months[0]): "1000" if one[3] == "MIO_M3" else "39000" for one in some}
    figures[some[5], months[0]] = "60000"  # of Norway
    found = rows(written("sdmx", some, months, figures), **FORMATS["sdmx"])
    odd = [row for row in found if row["flags"]]
    assert [(row["partner_iso"], row["qty_unit"]) for row in odd] == [("NOR", "m3"), ("NOR", "TJ")]
