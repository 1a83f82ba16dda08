import shutil
from itertools import product

import pandas as pd
import pyarrow as pa
import pytest
from comext_twin import month
from pyarrow import parquet

from tradeflows import measures
from tradeflows.model import schema
from tradeflows.model.errors import QueryError, SchemaError, SourceError
from tradeflows.publishers import comext
from tradeflows.tables import bulk, clean, write

ALL = ["United Kingdom", "Northern Ireland", "Great Britain"]
GOODS = ("27090010", "27090090", "27112100", "85423190")


@pytest.fixture(scope="module")
def months(tmp_path_factory):
    """Clean twelve months of four goods from three partners, in row groups of a row each."""
    path = tmp_path_factory.mktemp("months")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comext.bulk, "ROWS", 1)
        patch.setattr(write, "ROWS_A_GROUP", 1)
        for number in range(1, 13):
            cells = product(GOODS, ("CN", "RU", "US"), "12", [number])
            save(path, f"2023{number:02}", cells)
    return path / "out"


@pytest.fixture
def folder(months, tmp_path):
    return shutil.copytree(months, tmp_path / "out")


def save(path, period, cells, name="full"):
    names = ("PRODUCT_NC", "PARTNER", "FLOW", "VALUE_EUR")
    raw = path / f"{name}_{period}.dat"
    raw.write_bytes(month(*(dict(zip(names, cell, strict=True)) for cell in cells), period=period))
    clean.clean("comext", [raw], path / "out")


def test_rows_as_a_plain_filter(folder):
    everything = parquet.read_table(folder).to_pandas(date_as_object=False)
    for goods, partner, flow in (
        ("2709", "RUS", "M"),
        ("854231", "China", ""),
        ("2711", (), "X"),
    ):
        found = bulk.rows(folder, goods, partner=partner, flow=flow, columns=schema.TRADE.names)
        plain = everything[everything["cmd_code"].str.startswith(goods)]
        if partner:
            plain = plain[plain["partner_iso"] == {"RUS": "RUS", "China": "CHN"}[partner]]
        if flow:
            plain = plain[plain["flow_code"] == flow]
        order = ["ref_period", "cmd_code", "flow_code", "partner_iso"]
        pd.testing.assert_frame_equal(
            found.sort_values(order, ignore_index=True), plain.sort_values(order, ignore_index=True)
        )
        assert found["ref_period"].is_monotonic_increasing
    crude = bulk.rows(folder, "2709", partner="RUS", flow="M")
    quarters = measures.total(crude, "value_reported", over=["cmd_code"], every=3)
    assert quarters["value_reported"].sum() == crude["value_reported"].sum()
    assert quarters["n_months"].tolist() == [3] * 4


def test_country_stated_by_its_parts(tmp_path):
    good = GOODS[0]
    save(tmp_path, "202012", [(good, "GB", "1", 10)])
    save(tmp_path, "202101", [(good, "XI", "1", 3), (good, "XU", "1", 8)])
    found = bulk.rows(tmp_path / "out", good, partner="GB")
    assert found["value_reported"].tolist() == [10]
    [said] = found.attrs["caveats"]
    assert said.startswith(f"{ALL[0]} is stated as {' and '.join(ALL[1:])} too, from 2021-01 on, ")
    found = bulk.rows(tmp_path / "out", good, partner=ALL)
    assert found.groupby("ref_period")["value_reported"].sum().tolist() == [10, 11]
    assert found.attrs["caveats"] == ()
    save(tmp_path, "202102", [(good, "XI", "1", 3), (good, "GB", "1", 11)])
    with pytest.raises(QueryError, match=f"partner {ALL[0]} contains {ALL[1]}, so the answer"):
        bulk.rows(tmp_path / "out", good, partner=ALL)


def test_row_groups_of_the_product(folder):
    path = sorted(folder.glob("*.parquet"))[-1]
    content = bytearray(path.read_bytes())
    metadata = parquet.read_metadata(path)
    cmd_code = schema.TRADE.get_field_index("cmd_code")
    for place in range(metadata.num_row_groups):
        group = metadata.row_group(place)
        if group.column(cmd_code).statistics.min != "27112100":
            columns = [group.column(i) for i in range(group.num_columns)]
            for column in columns:
                begin = column.dictionary_page_offset or column.data_page_offset
                size = column.total_compressed_size
                content[begin : begin + size] = b"\xff" * size
    path.write_bytes(content)
    assert len(bulk.rows(folder, "27112100")) == 12 * 6
    with pytest.raises(OSError, match="Couldn't deserialize thrift"):
        bulk.rows(folder, "27090010")


def test_changed_file_read_anew(folder, tmp_path):
    before = bulk.rows(folder, "854231", partner="CN", flow="M")["value_reported"]
    [one] = folder.glob("full_202312_*")
    one.unlink()
    assert len(bulk.rows(folder, "854231", partner="CN", flow="M")) == len(before) - 1
    save(tmp_path, "202312", [("85423190", "CN", 1, 99)])
    assert bulk.rows(folder, "854231", partner="CN", flow="M")["value_reported"].iloc[-1] == 99


def test_mixture_refused(folder, tmp_path):
    save(tmp_path, "202401", [("85423190", "CN", 1, 1), ("85423190", "WORLD", 1, 2)])
    with pytest.raises(QueryError, match="partner World contains China"):
        bulk.rows(folder, "854231")
    countries = bulk.rows(folder, "854231", partner="countries")
    assert set(countries["partner_iso"]) == {"CHN", "RUS", "USA"}
    save(tmp_path, "202312", [("85423190", "CN", 1, 99)], name="again")
    with pytest.raises(QueryError, match=r"again_202312_.* and full_202312_.* both state AUT"):
        bulk.rows(folder, "854231", partner="CN")


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        ({"product": "9999"}, "no row of product 9999"),
        ({"product": "soap opera"}, "no product"),
        ({"product": "2709", "partner": "Ruritania"}, "no area 'Ruritania'"),
        ({"product": "2709", "flow": "1"}, "expected M or X"),
        ({"product": "2709", "columns": ["value"]}, "no column 'value'"),
    ],
)
def test_question_refused(folder, ask, message):
    with pytest.raises(QueryError, match=message):
        bulk.rows(folder, **ask)


def test_no_cleaned_file(tmp_path):
    with pytest.raises(SourceError, match="no Parquet file"):
        bulk.rows(tmp_path, "2709")
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(SourceError, match="no Parquet file that can be read"):
        bulk.rows(tmp_path, "2709")
    parquet.write_table(pa.table({"a": [1]}), tmp_path / "a.parquet")
    with pytest.raises(SchemaError, match="not a trade table"):
        bulk.rows(tmp_path, "2709")


def test_rows_in_doubt_are_counted(tmp_path):
    raw = tmp_path / "full_202301.dat"
    raw.write_bytes(month({"REPORTER": "DE"}, {"VALUE_NAC": 9000}, period="202301"))
    [one_file] = clean.clean("comext", [raw], tmp_path / "out")
    assert one_file.flagged == {"contradictory": 1}
    assert one_file.line().endswith("; flagged contradictory: 1")
    [again] = clean.clean("comext", [raw], tmp_path / "out")
    assert again.line().endswith("; flagged contradictory: 1; held already")
