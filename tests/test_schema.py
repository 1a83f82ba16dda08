import re
from datetime import date

import pyarrow as pa
import pytest

from tradeflows.model import schema
from tradeflows.model.errors import SchemaError
from tradeflows.model.keys import Keys

BRENT = {
    "source_id": "oil",
    "source_row": pa.array([1, 2]),
    "source_field": "",
    "base": "BRENT",
    "quote": "USD",
    "publisher": "Demo",
    "statistic": "mean",
    "ref_period": pa.array([date(2020, 1, 1), date(2020, 2, 1)]),
    "n_months": 1,
    "rate": pa.array([63.65, 55.66]),
    "n_days": None,
    "flags": "",
    "note": None,
}


def conform(**changes):
    return schema.conform(BRENT | changes, schema.RATES)


def refusal(action, *arguments, **changes):
    with pytest.raises(SchemaError) as caught:
        action(*arguments, **changes)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- the contracts -------------------------------------------------------------------------------


@pytest.mark.parametrize("table", schema.TABLES)
def test_each_field_says_what_it_is(table):
    contract = schema.TABLES[table]
    assert contract.names[:3] == ["source_id", "source_row", "source_field"]
    assert not any(contract.field(name).nullable for name in contract.names[:3])
    for field, line in zip(contract, schema.describe(contract), strict=True):
        assert line["field"] == field.name
        assert line["meaning"]
        assert not (field.nullable and line["key"]), "a key is never null"
        # A number has a unit; counts of records have none.
        assert line["unit"] or field.type != schema.NUMBER
        assert line["type"] in {"text", "float64", "int64", "date32[day]", "bool"}


# --- conform -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colour": "red"}, "rates: columns unknown: colour"),
        ({"rate": pa.array(["63.65", "dear"])}, r"rates.rate: Failed to parse .*dear"),
        ({"n_months": pa.array([1.0, 1.5])}, r"rates.n_months: Float value 1.5\d* was truncated"),
        ({"quote": pa.array(["USD", None])}, r"quote: no value in 1 of 2 rows \(None in record 2"),
        ({"flags": None}, "flags: no value in 2 of 2 rows"),
        ({"rate": pa.array([1, -0.5])}, r"rate: below 0 in 1 of 2 rows \(-0.5 in record 2\)"),
        ({"rate": pa.array([float("nan"), 1])}, r"rate: not finite .*\(nan in record 1\)"),
        ({"rate": pa.array([float("inf"), 1])}, r"rate: not finite .*\(inf in record 1\)"),
        ({"n_months": 0}, "n_months: below 1 in 2 of 2 rows"),
        (
            {"flags": pa.array(["partial", "guessed"])},
            "FLAGS does not define in 1 of 2 rows .'guessed' in record 2",
        ),
        ({"rate": {"a": 1}}, "rates.rate: "),
        ({"rate": pa.array([[1.0], [2.0]])}, "rates.rate: "),
        ({"rate": pa.array([1.0])}, "^rates.rate: 1 values for 2 records$"),
        ({"base": pa.array([None, "A"]).dictionary_encode()}, "base: no value in 1 of 2 rows"),
    ],
)
def test_what_it_refuses(changes, message):
    assert re.search(message, refusal(conform, **changes))


def test_a_word_that_no_row_has_is_none_of_them():
    flags = pa.DictionaryArray.from_arrays(pa.array([0, 0]), pa.array(["", "guessed"]))
    assert conform(flags=flags)["flags"].to_pylist() == ["", ""]


def test_a_word_that_is_not_allowed_is_refused_with_those_that_are():
    words = {field.name: (*schema.allowed(field), "")[0] for field in schema.TRADE}
    days = {"source_row": pa.array([7]), "ref_period": pa.array([date(2020, 1, 1)]), "n_months": 1}
    empty = dict.fromkeys(field.name for field in schema.TRADE if field.nullable)
    trade = words | days | empty
    assert schema.conform(trade, schema.TRADE).num_rows == 1
    found = refusal(schema.conform, trade | {"flow_code": "import"}, schema.TRADE)
    assert found == ("flow_code: not one of M, X, RM, RX, MX in 1 of 1 rows ('import' in record 7)")


def test_five_offending_records_shown():
    found = refusal(
        conform,
        source_row=pa.array(range(1, 10)),
        rate=-1.0,
        ref_period=pa.array([date(2020, 1, 1)] * 9),
    )
    assert "in 9 of 9 rows" in found
    assert found.count("in record") == 5


# --- keys ----------------------------------------------------------------------------------------


def check(*batches):
    keys = Keys(schema.RATES)
    for batch in batches:
        keys.add(batch)
    keys.check({"oil": "oil.csv", "other": "other.csv"})


def test_two_rows_of_one_key():
    found = refusal(check, conform(ref_period=pa.array([date(2020, 1, 1)] * 2)))
    assert found.startswith("oil.csv: records 1 and 2 state the same cell (BRENT USD Demo")
    assert "; 1 cells are stated more than once" in found


def test_two_batches_of_one_key():
    later = conform(source_row=pa.array([3, 4]), ref_period=pa.array([date(2021, 1, 1)] * 2))
    found = refusal(check, conform(), later.slice(1), conform(source_id="other"))
    assert found.startswith("record 1 of oil.csv and record 1 of other.csv state the same cell")
    assert "2020-01-01" in found
    assert "; 2 cells are stated more than once" in found


def test_another_file_of_a_month_that_is_stated_whole():
    keys = Keys(schema.RATES)
    keys.note(conform())
    keys.note(conform(source_row=pa.array([3, 4])))
    refusal(keys.note, conform(source_id="other"))
