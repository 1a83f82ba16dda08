"""Every number column of every raw file and table is summed, and a sum that moves is announced."""

from pathlib import Path

import maps
import pyarrow as pa
import pytest

from tradeflows import tables
from tradeflows.report import accept
from tradeflows.tables import totals

ROOT = Path(__file__).parents[1]


def test_totals_as_last_announced():
    old, new = accept.committed(ROOT), accept.keyed(tables.control_totals(ROOT))
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


def labels_exchanged(rows):
    return [(row[0], {"IND": "CHN", "CHN": "IND"}[row[1]], *row[2:]) for row in rows]


def months_rotated(rows):
    turn = {"2020-02": "2020-03", "2020-03": "2020-02"}
    return [(turn.get(row[0], row[0]), *row[1:]) for row in rows]


def sums_compensated(rows):
    first, second, *rest = rows
    return [(*first[:4], "49", first[5]), (*second[:4], "61", second[5]), *rest]


def goods_exchanged(rows):
    products, coal = ("oil_products", "2710"), ("coal", "2701+2704+2706")
    turn = {products: coal, coal: products}
    return [(*row[:2], *turn.get(row[2:4], row[2:4]), *row[4:]) for row in rows]


def figures_exchanged(rows):
    turned = [*rows[1:4], rows[0], *rows[4:]]
    return [(*row[:4], *other[4:]) for row, other in zip(rows, turned, strict=True)]


def project(make_root, rows):
    text = "\n".join([HEAD, *map(",".join, rows)]) + "\n"
    energy = maps.tidy("comtrade_energy_imports_from_russia") | {"text": text}
    root = make_root({"energy": energy, "oil": {}})
    tables.build(root)
    return root


@pytest.mark.parametrize(
    "mutation",
    [labels_exchanged, months_rotated, sums_compensated, goods_exchanged, figures_exchanged],
)
def test_what_sums_do_not_see(make_root, mutation):
    root = project(make_root, RECORDS)
    old, before = accept.keyed(tables.control_totals(root)), totals.built(root)
    project(make_root, mutation(RECORDS))
    new = accept.keyed(tables.control_totals(root))
    moved = {cell[:4] for cell in {*old, *new} if old.get(cell) != new.get(cell)}
    assert ("trade", "energy", "2020", "digest") in moved
    assert not {cell for cell in moved if cell[1] == "oil"}
    lines = totals.cells_moved(before, totals.built(root))
    assert lines
    assert all(line.startswith("trade energy") for line in lines)


def test_the_order_of_rows_is_nothing(make_root):
    root = project(make_root, RECORDS)
    old, before = accept.keyed(tables.control_totals(root)), totals.built(root)
    project(make_root, RECORDS[::-1])
    assert accept.keyed(tables.control_totals(root)) == old
    assert totals.cells_moved(before, totals.built(root)) == []


def test_a_moved_cell_has_its_figures(make_root):
    before = totals.built(project(make_root, RECORDS))
    root = project(make_root, [*sums_compensated(RECORDS), ("2022-01", *RECORDS[0][1:])])
    assert totals.cells_moved(before, totals.built(root)) == [
        "trade energy: changed: 2020-02-01 IND M 2709 RUS total =: net_wgt_kg 50 → 49",
        "trade energy: changed: 2020-03-01 IND M 2709 RUS total =: net_wgt_kg 60 → 61",
        "trade energy: added: 2022-01-01 IND M 2709 RUS total =: value_reported none → 25; "
        "primary_value_usd none → 25; net_wgt_kg none → 50",
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
    first, second = (totals.list_digest("l", tmp_path / name) for name in ("a.csv", "b.csv"))
    assert first == second
    (tmp_path / "b.csv").write_text("x,y\n1,4\n3,2\n")
    assert totals.list_digest("l", tmp_path / "b.csv") != first
