"""All that pandas does with a frame works on an answer, and its repr never raises."""

import io
import operator
import pickle
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from random_tables import fuzz

import tradeflows as tf
from tradeflows import measures
from tradeflows.explore.answer import Answer, answer, is_presentable
from tradeflows.model import sealed
from tradeflows.model.errors import QueryError

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
    "one row": lambda frame: frame.iloc[[0]],
    "a row": lambda frame: frame.iloc[0],
    "turned": lambda frame: frame.T,
    "select": lambda frame: frame[["ref_period", "value", "unit"]],
    "unit alone": lambda frame: frame[["unit"]],
    "drop value": lambda frame: frame.drop(columns="value"),
    "drop months": lambda frame: frame.drop(columns="n_months"),
    "filter": lambda frame: frame[frame["value"] > 2],
    "sort": lambda frame: frame.sort_values(["reporter", "value"]),
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
    "rename numbers": lambda frame: frame.set_axis(range(frame.shape[1]), axis="columns"),
    "swap": lambda frame: frame.rename(
        columns={"reporter_iso": "partner_iso", "partner_iso": "reporter_iso"}
    ),
    "merge": lambda frame: frame.merge(frame, on=["ref_period", "reporter_iso"]),
    "join": lambda frame: frame.join(frame[["value"]].add_suffix("_2")),
    "group kept": lambda frame: frame.groupby("reporter", as_index=False).agg(
        {"value": "sum", "unit": "first"}
    ),
    "pivot": lambda frame: frame.pivot(index="period", columns="reporter", values="value"),
    "melt": lambda frame: frame.melt(id_vars=["unit"], value_vars=["value"], value_name="number"),
    "stack": lambda frame: frame.stack(),
    "explode": lambda frame: frame.explode("unit"),
    "index": lambda frame: frame.set_index("period"),
    "index of unit": lambda frame: frame.set_index("unit"),
    "copy": lambda frame: frame.copy(),
    "pickle": lambda frame: pickle.loads(pickle.dumps(frame)),
    "describe": lambda frame: frame.describe(),
    "duplicates": lambda frame: frame.drop_duplicates("unit"),
    "fill": lambda frame: frame.fillna({"value": 0}),
    "categories": lambda frame: frame.astype({"unit": "category", "reporter_iso": "category"}),
    "objects": lambda frame: frame.astype(object),
    "resample": lambda frame: frame.resample("YS", on="ref_period")["value"].sum(),
    "rolling": lambda frame: frame.rolling(2, on="ref_period")["value"].mean(),
    "shift": lambda frame: frame.shift(1),
    "loc": lambda frame: frame.loc[frame["unit"].eq("USD"), ["unit", "value"]],
    "sample": lambda frame: frame.sample(2, random_state=0, replace=True),
    "reindex": lambda frame: frame.reindex([0, 99]),
    "insert": lambda frame: frame.assign(**{"flow": "mine", "reporter": 3}),
    "apply": lambda frame: frame.apply(lambda column: column),
    "compare": lambda frame: frame.compare(frame, keep_shape=True),
    "combine": lambda frame: frame.combine_first(frame),
    "transform": lambda frame: frame[["value"]].transform("cumsum"),
    "to frame": lambda frame: pd.DataFrame(frame.to_dict("list")),
}


def outcome(operation, frame):
    try:
        return operation(frame)
    except Exception as error:
        return error


@pytest.fixture(scope="module")
def plain():
    return pd.DataFrame(answer(ROWS))


@pytest.mark.slow
@fuzz(8, many=500)
@example(["assign", "shift", "head", "a row", "a row"])  # rows without flags
@given(st.lists(st.sampled_from(sorted(OPERATIONS)), min_size=5, max_size=5))
def test_five_operations_as_on_a_frame(plain, chain):
    theirs, ours = plain, answer(ROWS)
    for name in chain:
        theirs, ours = outcome(OPERATIONS[name], theirs), outcome(OPERATIONS[name], ours)
        ours_name = type(ours).__name__.replace("Column", "Series")
        assert type(theirs).__name__ == ours_name.replace("Answer", "DataFrame"), chain
        if not isinstance(theirs, pd.DataFrame):
            return
        pd.testing.assert_frame_equal(pd.DataFrame(ours), theirs)
        assert isinstance(repr(ours), str)
        assert isinstance(ours._repr_html_(), str | None)


def test_each_operation_as_on_a_frame(plain):
    for name, operation in OPERATIONS.items():
        theirs, ours = outcome(operation, plain), outcome(operation, answer(ROWS))
        assert not isinstance(theirs, Exception), name
        assert repr(ours), name
        if isinstance(theirs, pd.DataFrame):
            pd.testing.assert_frame_equal(pd.DataFrame(ours), theirs)


def test_routes_of_one_partner_are_told_apart():
    """A sum by route shows each route's name; a code of an area stays behind its name."""
    asked = {"source": "bruegel_russian_gas_by_route_monthly_2019_2022", "start": "2022"}
    routes = tf.flow("G3000:pipeline", "EU", "Russia", **asked).by("partner_code")
    for shown in (repr(routes), routes._repr_html_()):
        assert "Nord Stream" in shown
        assert "route" in shown
        assert "partner_code" not in shown
    assert "route" not in repr(answer(ROWS))


def test_columns_of_a_sum_may_be_a_list():
    frame = answer(ROWS.assign(n_months=1, valuation="CIF").fillna({"value": 0.0}))
    one_by_one = frame.by("reporter", "product")
    pd.testing.assert_frame_equal(frame.by(["reporter", "product"]), one_by_one)
    pd.testing.assert_frame_equal(frame.by(("reporter",), "product"), one_by_one)


# --- what an answer says of its numbers after any operation --------------------------------------

EDITS = {
    "millions": lambda frame: frame.assign(value=frame["value"] / 1e6),
    "change": lambda frame: frame.assign(value=frame["value"].pct_change(fill_method=None)),
    "sums": lambda frame: frame.assign(value=frame["value"].cumsum()),
    "differences": lambda frame: frame.assign(value=frame["value"].diff()),
    "moved": lambda frame: frame.assign(value=frame["value"].shift(1)),
    "sorted alone": lambda frame: frame.assign(value=np.sort(frame["value"].to_numpy())),
    "rounded": lambda frame: frame.round({"value": -1}),
    "one cell": lambda frame: frame.mask(frame.index == frame.index[0], {"value": 7.25}),
    "other unit": lambda frame: frame.assign(unit=frame["unit"].iloc[::-1].to_numpy()),
    "interpolated": lambda frame: frame.assign(value=frame["value"].interpolate()),
    "weight": lambda frame: frame.drop(columns="value").rename(columns={"source_row": "value"}),
    "joined": lambda frame: frame.merge(
        pd.DataFrame({"reporter_iso": ["CHN", "IND"], "people": [1412, 1417]}), on="reporter_iso"
    ),
    "concat": lambda frame: pd.concat([frame, random_answer(7)]),
    "merged": lambda frame: frame.merge(
        random_answer(7)[["source_id", "source_row", "n_months"]], on=["source_id", "source_row"]
    ),
}
UNITS = ("tonnes", "USD", "EUR", "TJ", "%")


def random_answer(seed):
    random = np.random.default_rng(seed)
    amounts = random.choice([0.0, 1.0, 2.0, 4.0, 1e3, 12.5, np.nan], len(ROWS))
    rows = ROWS.assign(
        value=np.where(random.random(len(ROWS)) < 0.5, amounts, random.random(len(ROWS)) * 1e6),
        unit=str(random.choice(UNITS)),
        source_id=f"demo{seed % 9}",
        source_row=range(len(ROWS)),
    )
    rows.attrs = {"sources": (f"demo{seed % 9}",), "caveats": (f"mind {seed % 9}",)}
    return answer(rows)


def require_right_labels(shown, origins):
    """Refuse a unit, source or caveat that is not that of the raw rows, unless it is unknown."""
    told = shown.slim()
    notes = shown.caveats
    sources = {*map(str, told.get("source_id", origins))} & {*origins}
    if sealed.LOST not in notes:
        assert {f"mind {name[4:]}" for name in sources} <= {*notes}
        assert sources <= {*told.attrs["sources"]}
    true = {}
    for rows in origins.values():
        for line in rows.to_dict("records"):
            true.setdefault((line["value"], line["unit"]), set()).add(
                (line["source_id"], line["source_row"])
            )
    for line in told.to_dict("records"):
        if pd.isna(line.get("value")) or pd.isna(line["unit"]) or line["unit"] == sealed.UNKNOWN:
            continue
        if str(line["unit"]) not in UNITS:
            assert any(note.endswith("the unit is as you wrote it") for note in notes)
            continue
        places = true.get((line["value"], line["unit"])) or {
            place
            for (value, unit), some in true.items()
            for place in some
            if "the values were rounded after reading" in notes
            and unit == line["unit"]
            and line["value"] in (round(value, digits) for digits in range(-9, 9))
        }
        assert places, f"{line['value']} was never {line['unit']}"
        if {"source_id", "source_row"} <= {*line}:
            assert (line["source_id"], line["source_row"]) in places
    if {*told["unit"]} == {sealed.UNKNOWN}:
        head = repr(shown).splitlines()[0]
        assert sealed.UNKNOWN in head
        assert not {*head.split("; ")} & {*UNITS}
        assert sealed.UNKNOWN in shown.to_csv()
    if "value" in told and sealed.UNKNOWN in {*told["unit"]}:
        for refused in (Answer.by, Answer.share, Answer.yoy, measures.yoy):
            assert isinstance(outcome(refused, shown), QueryError)


@pytest.mark.slow
@fuzz(25, many=500)
@given(
    st.integers(0, 10**6),
    st.lists(st.sampled_from(sorted(OPERATIONS) + sorted(EDITS) * 3), min_size=1, max_size=6),
)
def test_no_label_stands_over_what_it_is_not_of(seed, chain):
    shown = random_answer(seed)
    origins = {f"demo{seed % 9}": pd.DataFrame(shown)}
    for name in chain:
        shown = outcome({**OPERATIONS, **EDITS}[name], shown)
        if name == "concat":
            origins["demo7"] = pd.concat(
                [origins.get("demo7", pd.DataFrame()), pd.DataFrame(random_answer(7))]
            )
        if type(shown) is not Answer or not is_presentable(shown):
            return
        require_right_labels(shown, origins)


def test_a_unit_of_the_users_own_is_said_to_be_so():
    shown = answer(ROWS).iloc[:2]
    own = shown.assign(value=shown["value"] / 1e6, unit="mn USD")
    assert "; mn USD" in repr(own).splitlines()[0]
    assert any("the unit is as you wrote it" in note for note in own.caveats)


def test_a_rounded_value_keeps_its_unit():
    shown = answer(ROWS.assign(unit="USD", value=[1.26, 2.71, np.nan, 4.04, 5e6, 6e9, 0.04, -8.5]))
    for digits in (1, 0):
        rounded = shown.round({"value": digits})
        assert set(rounded.slim()["unit"].dropna()) == {"USD"}
        assert "the values were rounded after reading" in rounded.slim().attrs["caveats"]
    few = shown.head(2)
    tens = few.round(-1)
    places = ["n_months", "source_row"]
    assert pd.DataFrame(tens)[places].equals(pd.DataFrame(few)[places])
    for other in (few.assign(value=0.0), few.assign(value=few["value"].round(1) + 1)):
        assert sealed.UNKNOWN in set(other.slim()["unit"])


def test_a_chart_of_what_was_changed_has_no_unit():
    shown = random_answer(3)
    shown = answer(shown.assign(n_months=1, unit="tonnes", value=range(8)).iloc[:4])
    axes = shown.assign(value=shown["value"].cumsum()).plot(source="demo")
    assert axes.yaxis.get_label_text() == sealed.UNKNOWN.capitalize()


def test_columns_of_two_answers_are_paired_by_period_or_not_at_all():
    months = answer(ROWS.iloc[:4])
    later = months.iloc[1:].reset_index(drop=True)
    for pair in (operator.truediv, operator.sub, pd.Series.mul, np.add):
        with pytest.raises(QueryError, match="not all of one period"):
            pair(months["value"], later["value"])
    with pytest.raises(QueryError, match="not all of one period"):
        months[months["ref_period"].dt.month.eq(1)]["value"] - answer(ROWS)[4:]["value"]
    assert (months["value"] / months.head(2)["value"]).count() == 2
    assert (months["value"] / 2).tolist()[:2] == [0.75, 1.25]
    whole = ROWS.assign(n_months=1)
    ratio = answer(whole[:4]).series() / answer(whole[1:4].reset_index(drop=True)).series()
    assert ratio.dropna().tolist() == [1.0, 1.0]


def test_options_of_pandas_are_refused_with_the_call_that_takes_them():
    for option in ("figsize", "ax", "logy", "color"):
        with pytest.raises(QueryError, match=rf"{option}= is an option of pandas.*wide\(\)"):
            answer(ROWS).plot(**{option: None})


def test_pandas_draws_the_values_and_no_number_of_a_row():
    frame = answer(ROWS)
    for axes in (frame.plot(kind="line"), frame.plot.hist(), frame.plot(x="ref_period")):
        assert axes.get_legend_handles_labels()[1] == ["value"]


# --- the sign of a figure that is not exact -------------------------------------------------------


def parquet_of(frame):
    file = io.BytesIO()
    frame.to_parquet(file)
    return pd.read_parquet(file)


def csv_of(frame):
    return pd.read_csv(io.StringIO(frame.to_csv()))


LOSSES = {  # of the column qualifier
    "two columns": lambda drones: drones[["id", "value"]],
    "no id": lambda drones: drones[["exporter", "value", "unit"]],
    "sorted": lambda drones: drones[["id", "value"]].sort_values("value", ascending=False),
    "filtered": lambda drones: drones[["id", "value", "unit"]].query("value > 1e6"),
    "dropped": lambda drones: drones.drop(columns=["qualifier", "unit"])[["id", "value"]],
    "index": lambda drones: drones.set_index("id")[["value", "unit"]],
    "millions": lambda drones: drones[["id", "value"]].assign(value=drones["value"] / 1e6),
    "rounded": lambda drones: drones[["id", "value", "unit"]].round(-8),
    "merged": lambda drones: drones[["id", "value", "unit"]].merge(
        pd.DataFrame({"id": drones["id"], "more": 1}), on="id"
    ),
    "pickle": lambda drones: pickle.loads(pickle.dumps(drones[["id", "value"]])),
    "joined": lambda drones: pd.concat([drones[["id", "value", "unit"]], answer(ROWS)]),
    "renamed": lambda drones: drones[["id", "value"]].rename(columns={"value": "dollars"}),
    "changed": lambda drones: drones.assign(value=drones["value"] / 2)[["value", "unit"]],
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_figure_that_is_not_exact_keeps_its_sign(name):
    shown = LOSSES[name](tf.figures("drone", above=12e6))
    assert "> 12,000,000" in " ".join(repr(shown).split()) or re.search(
        r"> +1?[02]+\b", repr(shown)
    )
    assert {">", "&gt;"} & {*re.split(r"[ <]|td>", shown._repr_html_())}
    if name not in ("renamed", "changed"):
        for kept in (csv_of(shown), parquet_of(shown)):
            assert kept["qualifier"].eq(">").sum() == 4
        assert "changed after" not in repr(shown) or name == "millions"


def test_a_column_and_a_series_say_which_figures_are_not_exact():
    drones = tf.figures("drone", above=12e6)
    assert "not exact: > 12,000,000, " in repr(drones.set_index("id")["value"])
    assert "not exact" not in repr(tf.figures("drone").query("qualifier == '='")["id"])
    yuan = tf.settlement("yuan").query("measure == 'risk_review'").drop_duplicates("period")
    yuan = yuan.drop(columns="qualifier")
    for values in (yuan.series(), yuan.wide("measure")):
        assert "2022-01: ≤ 0.5" in values.attrs["caveats"]
    with pytest.raises(QueryError, match="do not say their unit"):
        drones[["id", "value"]].by("id")


def test_a_caveat_of_a_figure_goes_with_it():
    drones = tf.figures("drone", above=12e6)
    assert any(note.startswith("O01 repeats") for note in drones.caveats)
    for part in (drones.query("id != 'O01'"), drones[["id", "value", "unit"]].head(3)):
        assert not any(note.startswith("O01") for note in part.caveats)


def test_what_is_made_the_index_is_shown_and_saved():
    named = answer(ROWS).rename_axis("place").reset_index().set_index("place")[["value", "unit"]]
    assert "place" in repr(named).splitlines()[1]
    assert csv_of(named)["place"].tolist() == [*range(len(ROWS))]
    by_period = answer(ROWS).set_index("period")
    assert repr(by_period) == repr(answer(ROWS))
