"""All that pandas does with a frame works on an answer, and its repr never raises."""

import io
import operator
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_tables import fuzz

import tradeflows as tf
from tradeflows.explore.answer import Answer, answer

ROWS = pd.DataFrame(
    {
        "source_id": "demo",
        "source_row": range(8),
        "source_field": "value",
        "ref_period": pd.to_datetime(["2023-01-01", "2023-02-01", "2023-03-01", "2023-04-01"] * 2),
        "n_months": [1, 1, 2, 1] * 2,
        "reporter_iso": ["CHN"] * 4 + ["IND"] * 4,
        "partner_iso": "RUS",
        "flow_code": "M",
        "cmd_code": ["2709"] * 7 + ["2710"],
        "valuation": ["CIF"] * 7 + [None],
        "flags": [""] * 6 + ["partial", "estimated"],
        "qualifier": "=",
        "publisher": "demo",
        "value": [1.5, 2.5, np.nan, 4.0, 5e6, 6e9, 0.0, -8.0],
        "unit": "USD",
    }
)

# What a user does next; each takes a frame and gives something of pandas.
OPERATIONS = {
    "head": lambda frame: frame.head(3),
    "tail": lambda frame: frame.tail(1),
    "none": lambda frame: frame.iloc[:0],
    "one row": lambda frame: frame.iloc[[0]],
    "a row": lambda frame: frame.iloc[0],
    "turned": lambda frame: frame.T,
    "reversed": lambda frame: frame.iloc[::-1],
    "select": lambda frame: frame[["ref_period", "value", "unit"]],
    "select short": lambda frame: frame[["period", "reporter", "value"]],
    "unit alone": lambda frame: frame[["unit"]],
    "drop value": lambda frame: frame.drop(columns="value"),
    "drop codes": lambda frame: frame.drop(columns=["reporter_iso", "ref_period"]),
    "drop months": lambda frame: frame.drop(columns="n_months"),
    "filter": lambda frame: frame[frame["value"] > 2],
    "query": lambda frame: frame.query("reporter == 'China'"),
    "sort": lambda frame: frame.sort_values(["reporter", "value"]),
    "sort index": lambda frame: frame.sort_index(axis="columns"),
    "assign": lambda frame: frame.assign(half=frame["value"] / 2),
    "text value": lambda frame: frame.assign(value=frame["value"].astype(str)),
    "lists": lambda frame: frame.assign(note2=[[place] for place in range(len(frame))]),
    "no unit": lambda frame: frame.assign(unit=None),
    "unit numbers": lambda frame: frame.assign(unit=1.5),
    "odd codes": lambda frame: frame.assign(reporter_iso="??", cmd_code=7),
    "null codes": lambda frame: frame.assign(reporter_iso=None, ref_period=pd.NaT),
    "text day": lambda frame: frame.assign(ref_period=frame["ref_period"].astype(str)),
    "half months": lambda frame: frame.assign(n_months=frame["n_months"] / 0),
    "rename": lambda frame: frame.rename(columns={"reporter_iso": "who", "value": "tonnes"}),
    "rename upper": lambda frame: frame.rename(columns=str.upper),
    "rename numbers": lambda frame: frame.set_axis(range(frame.shape[1]), axis="columns"),
    "swap": lambda frame: frame.rename(
        columns={"reporter_iso": "partner_iso", "partner_iso": "reporter_iso"}
    ),
    "twice": lambda frame: pd.concat([frame, frame]),
    "beside": lambda frame: pd.concat([frame, frame], axis="columns"),
    "merge": lambda frame: frame.merge(frame, on=["ref_period", "reporter_iso"]),
    "join": lambda frame: frame.join(frame[["value"]].add_suffix("_2")),
    "group": lambda frame: frame.groupby("reporter")["value"].sum(),
    "group sum": lambda frame: frame.groupby(["unit", "period"]).sum(numeric_only=True),
    "group kept": lambda frame: frame.groupby("reporter", as_index=False).agg(
        {"value": "sum", "unit": "first"}
    ),
    "group apply": lambda frame: frame.groupby("reporter").head(1),
    "pivot": lambda frame: frame.pivot(index="period", columns="reporter", values="value"),
    "pivot table": lambda frame: frame.pivot_table(
        index="period", columns="unit", values="value", aggfunc="sum"
    ),
    "melt": lambda frame: frame.melt(id_vars=["unit"], value_vars=["value"], value_name="number"),
    "stack": lambda frame: frame.stack(),
    "explode": lambda frame: frame.explode("unit"),
    "index": lambda frame: frame.set_index("period"),
    "index of two": lambda frame: frame.set_index(["reporter", "period"]),
    "index of unit": lambda frame: frame.set_index("unit"),
    "reset": lambda frame: frame.reset_index(),
    "copy": lambda frame: frame.copy(),
    "pickle": lambda frame: pickle.loads(pickle.dumps(frame)),
    "csv": lambda frame: pd.read_csv(io.StringIO(frame.to_csv())),
    "describe": lambda frame: frame.describe(),
    "duplicates": lambda frame: frame.drop_duplicates("unit"),
    "null": lambda frame: frame.isna(),
    "fill": lambda frame: frame.fillna({"value": 0}),
    "drop null": lambda frame: frame.dropna(),
    "categories": lambda frame: frame.astype({"unit": "category", "reporter_iso": "category"}),
    "objects": lambda frame: frame.astype(object),
    "resample": lambda frame: frame.resample("YS", on="ref_period")["value"].sum(),
    "rolling": lambda frame: frame.rolling(2, on="ref_period")["value"].mean(),
    "shift": lambda frame: frame.shift(1),
    "map": lambda frame: frame.map(str),
    "loc": lambda frame: frame.loc[frame["unit"].eq("USD"), ["unit", "value"]],
    "where": lambda frame: frame.where(frame["value"] > 2),
    "sample": lambda frame: frame.sample(2, random_state=0, replace=True),
    "nlargest": lambda frame: frame.nlargest(2, "value"),
    "reindex": lambda frame: frame.reindex([0, 99]),
    "columns": lambda frame: frame.reindex(columns=["unit", "nothing"]),
    "insert": lambda frame: frame.assign(**{"flow": "mine", "reporter": 3}),
    "eval": lambda frame: frame.eval("double = value * 2"),
    "apply": lambda frame: frame.apply(lambda column: column),
    "rank": lambda frame: frame.assign(rank=frame["value"].rank()),
    "cut": lambda frame: frame.assign(size=pd.cut(frame["value"], 2)),
    "compare": lambda frame: frame.compare(frame, keep_shape=True),
    "combine": lambda frame: frame.combine_first(frame),
    "squeeze": lambda frame: frame.squeeze(),
    "transform": lambda frame: frame[["value"]].transform("cumsum"),
    "to frame": lambda frame: pd.DataFrame(frame.to_dict("list")),
    "equal": operator.methodcaller("eq", 2),
}


def outcome(operation, frame):
    """What an operation gives, or the exception that it raises."""
    try:
        return operation(frame)
    except Exception as error:
        return error


@pytest.fixture(scope="module")
def plain():
    return pd.DataFrame(answer(ROWS))


@pytest.mark.slow
@fuzz(25, many=500)
@given(st.lists(st.sampled_from(sorted(OPERATIONS)), min_size=5, max_size=5))
def test_five_operations_as_on_a_frame(plain, chain):
    theirs, ours = plain, answer(ROWS)
    for name in chain:
        theirs, ours = outcome(OPERATIONS[name], theirs), outcome(OPERATIONS[name], ours)
        assert type(theirs).__name__ == type(ours).__name__.replace("Answer", "DataFrame"), chain
        if not isinstance(theirs, pd.DataFrame):
            return
        pd.testing.assert_frame_equal(pd.DataFrame(ours), theirs)
        assert isinstance(repr(ours), str)
        assert isinstance(ours._repr_html_(), str | None)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_one_operation_as_on_a_frame(plain, name):
    theirs, ours = outcome(OPERATIONS[name], plain), outcome(OPERATIONS[name], answer(ROWS))
    assert not isinstance(theirs, Exception)
    assert repr(ours)
    if isinstance(theirs, pd.DataFrame):
        pd.testing.assert_frame_equal(pd.DataFrame(ours), theirs)
        assert isinstance(ours, pd.DataFrame)


@pytest.mark.parametrize("name", ["head", "filter", "assign", "twice", "copy", "merge 2", "sort"])
def test_what_has_a_unit_is_an_answer(name):
    operations = {**OPERATIONS, "merge 2": lambda frame: frame.merge(frame[["period", "value"]])}
    assert type(operations[name](answer(ROWS))) is Answer


@pytest.mark.parametrize("name", ["select short", "drop unit", "turned", "pivot", "describe"])
def test_what_has_no_unit_is_plain(name):
    operations = {**OPERATIONS, "drop unit": lambda frame: frame.drop(columns="unit")}
    assert type(operations[name](answer(ROWS))) is pd.DataFrame


def test_a_saved_answer_is_read_back(tmp_path):
    path = tmp_path / "answer.parquet"
    answer(ROWS).to_parquet(path)
    pd.testing.assert_frame_equal(pd.read_parquet(path), pd.DataFrame(answer(ROWS)))


def test_names_are_shown_once():
    head = repr(answer(ROWS)).splitlines()
    columns = next(line for line in head if "value" in line).split()
    assert columns == ["period", "reporter", "product", "value", "flags"]


def test_names_of_the_users_own_stay():
    shown = repr(answer(ROWS).assign(reporter="Asia"))
    assert "Asia" in shown or "CHN" in shown


def test_a_column_of_the_users_own_shows():
    shown = repr(answer(ROWS).assign(factor=7.33))
    assert "factor" in shown
    assert "7.33" in shown


def test_routes_of_one_partner_are_told_apart():
    """A sum by route shows each route's name; a code of an area stays behind its name."""
    asked = {"source": "bruegel_russian_gas_by_route_monthly_2019_2022", "start": "2022"}
    routes = tf.flow("G3000:pipeline", "EU", "Russia", **asked).by("partner_code")
    for shown in (repr(routes), routes._repr_html_()):
        assert "Nord Stream" in shown
        assert "route" in shown
        assert "partner_code" not in shown
    assert "route" not in repr(answer(ROWS))


def test_codes_and_short_names_select_alike():
    frame = answer(ROWS)
    assert len(frame[frame["reporter"] == "China"]) == len(frame[frame["reporter_iso"] == "CHN"])
    assert frame["period"].iloc[2] == "2023-03 to 2023-04"


def test_columns_of_a_sum_may_be_a_list():
    frame = answer(ROWS.assign(n_months=1, valuation="CIF").fillna({"value": 0.0}))
    one_by_one = frame.by("reporter", "product")
    pd.testing.assert_frame_equal(frame.by(["reporter", "product"]), one_by_one)
    pd.testing.assert_frame_equal(frame.by(("reporter",), "product"), one_by_one)


def test_a_heading_names_no_null():
    frame = answer(ROWS)
    head = repr(frame.where(frame["value"] > 2)).splitlines()[0]
    assert head == "Crude oil, imports of China, India from Russia"
