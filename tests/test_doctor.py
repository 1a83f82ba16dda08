import json

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from pyarrow import parquet

from tradeflows import cli, tables
from tradeflows.model import schema
from tradeflows.model.errors import BuildError, NothingStatedError, QueryError
from tradeflows.publishers import reading
from tradeflows.retrieval import catalogue
from tradeflows.tables import checks, releases, write

MONTHS = [str(month) for month in pd.period_range("2022-01", "2023-12", freq="M")]


@pytest.fixture
def root(make_root):
    """A project whose trade table holds the given series, and that of rates `rates` by month."""

    def make(*series, rates=(), base="USD"):
        folder = make_root({"oil": {}, "new": {"supersedes": "oil", "text": "x"}})
        tables.processed(folder, "trade").parent.mkdir(parents=True)
        for table, batches in (
            ("trade", [_batch(**each) for each in series]),
            ("rates", [_rates(dict(rates), base)]),
        ):
            sources = catalogue.load(folder)
            digest = write.fingerprint(sources.values(), table)
            contract = schema.TABLES[table]
            stamped = {**contract.metadata, "fingerprint": digest}
            coded = schema.CODED[table]
            rows = pa.Table.from_batches(batches, coded).cast(contract)
            rows = releases.with_days(rows, releases.days(ds.dataset(rows), sources))
            parquet.write_table(
                rows.replace_schema_metadata(stamped), tables.processed(folder, table)
            )
        return folder

    return make


def _rates(rates, base):
    row = {"source_id": "oil", "source_row": pa.array(range(1, len(rates) + 1))}
    row |= {"base": base, "quote": "CNY" if base == "USD" else "USD", "publisher": "A bank"}
    row |= {"ref_period": reading.months(pa.array([*rates], pa.string())), "n_months": 1}
    row |= {"rate": pa.array(rates.values(), pa.float64()), "statistic": "mean", "n_days": 20}
    return schema.conform(row | {"source_field": "", "flags": "", "note": None}, schema.RATES)


def _batch(values, months=MONTHS, **changes):
    value, area = pa.array(values, pa.float64()), {"reporter_iso": "CHN", "partner_iso": "RUS"}
    row = {"source_id": "oil", "source_row": pa.array(range(1, len(values) + 1))} | area
    row |= {"reporter_code": "CHN", "partner_code": "RUS", "area_system": "iso3"}
    row |= {"flow_code": "M", "cmd_code": "2709", "vintage": "1", "currency": "USD"}
    row |= {"ref_period": reading.months(pa.array(months[: len(values)]))}
    row |= {"value_reported": value, "primary_value_usd": value}
    return schema.conform(reading.A_FLOW | row | changes, schema.TRADE)


def found(root, kind):
    return [str(finding) for finding in checks.look(root) if finding.kind.startswith(kind)]


def test_of_a_good_series_only_the_files_are_found(root):
    folder = root({"values": [100.0] * 24})
    [line] = map(str, checks.look(folder))
    assert line.startswith("superseded: ")
    assert line.endswith("; tradeflows rows rates source_id=oil")
    (folder / "data/raw/demo/oil.csv").write_text("edited")
    assert "file changed" in found(folder, "file")[0]


def test_hole_and_jump_in_a_rate(root):
    rates = dict.fromkeys(MONTHS, 7.0) | {"2023-03": 71.0}
    del rates["2022-05"]
    folder = root(rates=rates)
    [hole], [jump] = (found(folder, kind) for kind in ("missing", "jump"))
    show = "tradeflows rows rates source_id=oil base=USD quote=CNY 'publisher=A bank'"
    assert hole == f"missing: oil: CNY for one USD: 1 of 24 months (2022-05); {show}"
    assert jump.endswith(f"rate in 2023-03; {show} month=2023-03")


# Of two sources 24 months of one flow, as euros at 1.1 dollars and as dollars.
WEIGHED = {"values": [100.0] * 24, "net_wgt_kg": pa.array([10.0] * 24)}


def other_weights(weight, value=100.0, **changes):
    weights = pa.array([weight] * 24)
    return {"values": [value] * 24, "source_id": "new", "net_wgt_kg": weights} | changes


def series(values=(100.0,) * 24, **changes):
    return {"values": [*values]} | changes


def once(usual, odd, place=9):
    return [usual] * place + [odd] + [usual] * (23 - place)


RUSSIAN = {"reporter_iso": "RUS", "partner_iso": "CHN", "partner_code": "CHN", "source_id": "new"}
RUSSIAN |= {"partner_role": "destination", "flow_code": "X"}
LITERS = series([100.0] * 12, months=MONTHS[12:], qty_unit="L")
UNITLESS, CUBIC = (series([100.0] * 12, qty_unit=unit) for unit in ("none", "m3"))
RATE = {"rates": dict.fromkeys(MONTHS, 2.0), "base": "EUR"}
EUROS = {"currency": "EUR", "primary_value_usd": None}
# Series, kind of finding, what its line says and how that ends; nothing where there is none.
FOUND = {
    "a rare flow": ([series([100.0] * 12, months=MONTHS[::2])], "missing", "", ""),
    "a month ten times": (
        [series(net_wgt_kg=once(5.0, 50.0))],
        "jump",
        "10 times its neighbours or more: net_wgt_kg in 2022-10; tradeflows rows",
        "month=2022-10",
    ),
    "a month nine times": ([series(once(100.0, 900.0))], "jump", "", ""),
    "another unit": ([UNITLESS, LITERS], "unit", "none to L in 2023-01", ""),
    "two units": ([CUBIC, series(qty_unit="TJ", source_field="heat")], "unit", "", ""),
    "a newer release": (
        [series(vintage="2024-01-20"), series([100.0] * 12, vintage="2024-02-20")],
        "superseded",
        "oil: 12 rows of release 2024-01-20 by 2024-02-20",
        "tradeflows rows trade source_id=oil vintage=2024-01-20",
    ),
    "a quantity of 0": (
        [series(once(5.0, 0.0, 0), qty=pa.array([0.0] * 3 + [7.0] * 21), qty_unit="items")],
        "zero",
        "oil: 2 rows have a quantity of 0 beside a value: rounded, or not published?",
        "tradeflows rows trade source_id=oil qty=0.0",
    ),
    "another side": (
        [series([130.0] * 24), series(**RUSSIAN)],
        "mirror",
        "24 of 24 months outside the band, 1.30 to 1.30 times the exporter's",
        "",
    ),
    "another weight": ([WEIGHED, other_weights(15.0, 100.5)], "weights", "within 1 %", ""),
    "a weight alike": ([WEIGHED, other_weights(10.4)], "weights", "", ""),
    "a value apart": ([WEIGHED, other_weights(15.0, 102.0)], "weights", "", ""),
    "euros": ([WEIGHED, other_weights(15.0, 50.0, **EUROS)], "weights", "in 24 of 24 months", ""),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_is_found(root, name):
    some, kind, said, end = FOUND[name]
    folder = root(*some, **(RATE if name == "euros" else {}))
    lines = [line for line in found(folder, kind) if said in line]
    assert len(lines) == bool(said)
    assert all(line.endswith(end) for line in lines)


@pytest.mark.parametrize(
    ("one", "other", "months"),
    [
        ([1.0] * 22 + [0.0] * 2, [1.0] * 22 + [0.0] * 2, "2023-11 to 2023-12"),
        ([1.0] * 12 + [0.0] + [1.0] * 11, [1.0] * 12 + [0.0] + [1.0] * 11, ""),
        ([0.0] * 24, [0.0] * 24, ""),
        ([1.0] * 23 + [0.0], [1.0] * 23 + [None], ""),
    ],
)
def test_last_months_of_zeros_alone_may_not_be_out(root, one, other, months):
    lines = found(root({"values": one}, {"values": other, "cmd_code": "2711"}), "zero")
    assert len(lines) == bool(months)
    for line in lines:
        assert f"oil: each figure of {months} is 0: a zero, or not out yet?" in line
        assert line.endswith(f"tradeflows rows trade source_id=oil month={months[:7]}")


@pytest.mark.parametrize(
    ("times", "n", "sides"), [(7.0, 24, ["0.14", "7"]), (4.5, 24, []), (7.0, 5, [])]
)
def test_a_whole_file_under_another_currency(root, times, n, sides):
    other = other_weights(10.0, 100.0 * times)
    other |= {"values": [100.0 * times] * n, "months": MONTHS[:n], "partner_iso": "SAU"}
    other |= {"partner_code": "SAU", "net_wgt_kg": pa.array([10.0] * n)}
    lines = found(root(WEIGHED, other), "currency")
    assert sorted(line.partition(" times")[0].split()[-1] for line in lines) == sides
    assert all("by the median of 24 like goods and months" in line for line in lines)


def test_the_ten_largest_of_a_kind(root, capsys):
    hole = [month for month in MONTHS if month != "2022-05"]
    folder = root(*(series([n] * 23, months=hole, cmd_code=f"27{n}") for n in range(10, 23)))
    assert cli.main(["--root", str(folder), "doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    missing = [line for line in lines if line.startswith("missing")]
    assert len(missing) == 11
    assert ["CHN M 2722 " in missing[0], "CHN M 2721 " in missing[1]] == [True, True]
    assert missing[-1] == "missing: and 3 more, of smaller flows; --all lists them"
    assert lines[-1] == "14 findings: 1 superseded, 13 missing"
    assert cli.main(["--root", str(folder), "doctor", "--all"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 15
    assert cli.main(["--root", str(folder), "doctor", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert {*data[0]} == {"kind", "text", "show"}
    assert len(data) == 14


def test_what_it_refuses(make_root, root):
    with pytest.raises(BuildError, match="tradeflows build"):
        list(checks.look(make_root({"oil": {}})))
    with pytest.raises(BuildError, match="tradeflows build"):
        checks.rows(make_root({"oil": {}}), "rates", {})
    folder = root({"values": [100.0] * 24})
    with pytest.raises(QueryError, match="no column 'colour'"):
        checks.rows(folder, "trade", {"colour": ["red"]})
    with pytest.raises(NothingStatedError, match="no row of trade"):
        checks.rows(folder, "trade", {"cmd_code": ["9999"]})
