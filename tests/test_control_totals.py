"""Every number column of every table is summed, and a sum that moves is announced."""

from pathlib import Path

import maps
import pyarrow as pa
import pytest

from tradeflows import tables
from tradeflows.report import accept
from tradeflows.tables import totals

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", ["", "soybeans", "neighbours"])
def test_totals_as_last_announced(name, request):
    root = request.getfixturevalue(name) if name else ROOT
    old, new = accept.committed(root), accept.keyed(tables.control_totals(root))
    assert list(accept.changed(old, new)) == [], "run `tradeflows accept`"


# --- digests --------------------------------------------------------------------------------------

HEAD = "period,reporter,product,hs_scope,net_wgt_kg,value_usd"
RECORDS = [
    ("2020-02", "IND", "crude_oil", "2709", "50", "25"),
    ("2020-03", "IND", "crude_oil", "2709", "60", "35"),
    ("2020-02", "IND", "oil_products", "2710", "70", "45"),
    ("2020-03", "IND", "oil_products", "2710", "80", "55"),
    ("2020-02", "CHN", "coal", "2701+2704+2706", "90", "65"),
    ("2021-02", "CHN", "coal", "2701+2704+2706", "91", "66"),
]


COMPENSATED = [(*RECORDS[0][:4], "49", "25"), (*RECORDS[1][:4], "61", "35"), *RECORDS[2:]]


def project(make_root, rows):
    text = "\n".join([HEAD, *map(",".join, rows)]) + "\n"
    energy = maps.tidy("comtrade_energy_imports_from_russia") | {"text": text}
    root = make_root({"energy": energy, "oil": {}})
    tables.build(root)
    return root


def test_the_order_of_rows_is_nothing(make_root):
    root = project(make_root, RECORDS)
    old, before = accept.keyed(tables.control_totals(root)), totals.built(root)
    project(make_root, RECORDS[::-1])
    assert accept.keyed(tables.control_totals(root)) == old
    assert totals.cells_moved(before, totals.built(root)) == []


def test_a_moved_cell_has_its_figures(make_root):
    before = totals.built(project(make_root, RECORDS))
    root = project(make_root, [*COMPENSATED, ("2022-01", *RECORDS[0][1:])])
    assert totals.cells_moved(before, totals.built(root)) == [
        "trade energy: changed: India, imports of crude oil from Russia, February 2020: "
        "net_wgt_kg: 50 kg (before) -> 49 kg (now)",
        "trade energy: changed: India, imports of crude oil from Russia, March 2020: "
        "net_wgt_kg: 60 kg (before) -> 61 kg (now)",
        "trade energy: added: India, imports of crude oil from Russia, January 2022: "
        "value_reported: nothing (before) -> 25 USD (now)",
    ]


def test_a_flag_is_in_the_digest(make_root):
    root = project(make_root, RECORDS)
    table = tables.stored(root, "trade").to_table()
    place = table.schema.get_field_index("qualifier")
    other = table.set_column(place, "qualifier", pa.array(["≤"] * len(table)))
    assert {*totals.row_numbers(table)}.isdisjoint(totals.row_numbers(other))


def test_lists_of_codes_have_a_digest(make_root, tmp_path):
    announced = (ROOT / "data/control_totals.csv").read_text(encoding="utf-8")
    assert "codes,codelists/areas.csv,,digest" in announced
    rows = tables.control_totals(project(make_root, RECORDS))
    assert not [row for row in rows if row["table"] == "codes"], "lists of the package alone"
    for name, text in (("a.csv", "x,y\n1,2\n3,4\n"), ("b.csv", "x,y\n3,4\n1,2\n")):
        (tmp_path / name).write_text(text)
    first, second = (sum(totals.list_numbers(tmp_path / name)) for name in ("a.csv", "b.csv"))
    assert first == second
    (tmp_path / "b.csv").write_text("x,y\n1,4\n3,2\n")
    assert sum(totals.list_numbers(tmp_path / "b.csv")) != first
