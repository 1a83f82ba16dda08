"""Codes that change from year to year: cases worked by hand, and worlds whose truth is known."""

import math
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradeflows import measures
from tradeflows.model import lineage
from tradeflows.model.errors import QueryError

EUR = "value_reported"
A, B, C, D, E = (f"8403000{i}" for i in range(1, 6))


def rows(*cells, **shared):
    """Make a frame of a year, a code and a value a line."""
    frame = pd.DataFrame(list(cells), columns=["year", "cmd_code", EUR])
    frame["ref_period"] = pd.to_datetime(frame.pop("year").astype("str") + "-01")
    return frame.assign(
        n_months=1,
        classification_code="CN" + frame["ref_period"].dt.strftime("%Y"),
        currency="EUR",
        valuation="CIF",
        **shared,
    )


def table(*links):
    """Relations from words such as "2023 old new"."""
    found = [link.split() for link in links]
    return [
        {"period": f"{year}{int(year) + 1}", "predecessor": old, "successor": new}
        for year, old, new in found
    ]


def told(frame):
    return {
        (day.year, code): (None if math.isnan(value) else value, low, high)
        for day, code, value, low, high in frame[
            ["ref_period", "cmd_code", EUR, "low", "high"]
        ].itertuples(index=False)
    }


def test_chained_renamed_code():
    frame = rows((2023, A, 5.0), (2024, B, 7.0))
    relations = table(f"2023 {A} {B}")
    assert told(measures.chained(frame, relations, 2024)) == {
        (2023, B): (5, 5, 5),
        (2024, B): (7, 7, 7),
    }
    assert told(measures.chained(frame, relations, 2023)) == {
        (2023, A): (5, 5, 5),
        (2024, A): (7, 7, 7),
    }


def test_chained_merged_codes():
    result = measures.chained(
        rows((2023, A, 5.0), (2023, B, 1.0)), table(f"2023 {A} {C}", f"2023 {B} {C}"), 2024
    )
    assert told(result) == {(2023, C): (6, 6, 6)}
    assert result["classification_code"].tolist() == ["CN2024"]


def test_chained_split_code():
    frame = rows((2023, A, 5.0), (2023, D, 2.0), (2024, B, 1.0), (2024, C, 8.0))
    relations = table(f"2023 {A} {B}", f"2023 {A} {C}", f"2023 {D} {C}")
    result = measures.chained(frame, relations, 2024)
    assert told(result) == {
        (2023, B): (None, 0, 5),
        (2023, C): (None, 2, 7),
        (2024, B): (1, 1, 1),
        (2024, C): (8, 8, 8),
    }
    assert "2 of 4 figures of value_reported are intervals" in result.attrs["caveats"][0]
    whole = measures.chained(frame, relations, 2024, whole=True)
    assert told(whole) == {(2023, f"{B}+{C}"): (7, 7, 7), (2024, f"{B}+{C}"): (9, 9, 9)}
    assert "caveats" not in whole.attrs or not whole.attrs["caveats"]


def test_total_of_a_group_and_its_parts():
    frame = rows((2023, A, 5.0), (2024, B, 1.0), (2024, C, 8.0))
    relations = table(f"2023 {A} {B}", f"2023 {A} {C}")
    both = pd.concat([measures.chained(frame, relations, 2024, whole=whole) for whole in (0, 1)])
    with pytest.raises(QueryError, match="overlaps"):
        measures.total(both, EUR, over=["cmd_code"])


def test_chained_over_several_years():
    relations = table(f"2021 {A} {B}", f"2022 {B} {C}", f"2022 {B} {D}", f"2023 {D} {E}")
    result = measures.chained(rows((2021, A, 3.0)), relations, 2024)
    assert told(result) == {(2021, C): (None, 0, 3), (2021, E): (None, 0, 3)}


def test_chained_unnamed_codes():
    frame = rows((2023, A, 5.0), (2023, "84XXXXXX", 1.0), (2024, A, 6.0))
    result = told(measures.chained(frame, table(f"2023 {B} {C}"), 2024))
    assert result == {(2023, A): (5, 5, 5), (2023, "84XXXXXX"): (1, 1, 1), (2024, A): (6, 6, 6)}


def test_chained_code_that_takes_another_in():
    frame = rows((2023, A, 5.0), (2023, B, 1.0), (2024, B, 9.0))
    relations = table(f"2023 {A} {B}")  # which does not say that B becomes B
    assert told(measures.chained(frame, relations, 2024)) == {
        (2023, B): (6, 6, 6),
        (2024, B): (9, 9, 9),
    }
    assert told(measures.chained(frame, relations, 2023)) == {
        (2023, A): (5, 5, 5),
        (2023, B): (1, 1, 1),
        (2024, A): (None, 0, 9),
        (2024, B): (None, 0, 9),
    }


def test_chained_code_that_gives():
    frame = rows((2023, A, 5.0), (2024, A, 2.0), (2024, B, 4.0))
    relations = table(f"2023 {A} {B}")  # which does not say that A becomes A
    assert told(measures.chained(frame, relations, 2024)) == {
        (2023, A): (None, 0, 5),
        (2023, B): (None, 0, 5),
        (2024, A): (2, 2, 2),
        (2024, B): (4, 4, 4),
    }


def test_a_null_leaves_no_upper_end():
    frame = rows((2023, A, None), (2023, B, 1.0))
    result = measures.chained(frame, table(f"2023 {A} {C}", f"2023 {B} {C}"), 2024).iloc[0]
    assert (math.isnan(result[EUR]), result["low"], math.isnan(result["high"])) == (True, 1, True)


def test_chained_cells_and_flags():
    frame = rows(
        (2023, A, 5.0),
        (2023, B, 1.0),
        reporter_iso=["AUT", "FRA"],
        flags=["provisional", ""],
        qualifier="=",
    )
    relations = table(f"2023 {A} {C}", f"2023 {B} {C}")
    result = measures.chained(frame, relations, 2024)
    assert result["reporter_iso"].tolist() == ["AUT", "FRA"]
    assert result["flags"].tolist() == ["provisional", ""]


def test_chained_names_absent_codes():
    result = measures.chained(rows((2023, A, 5.0)), table(f"2023 {A} {C}", f"2023 {B} {C}"), 2024)
    assert result.attrs["caveats"] == (
        f"1 codes that belong to these have no row and count as none: {B} in 2023",
    )


def test_each_end_comes_from_its_rows():
    frame = rows((2023, A, 5.0), (2023, D, 2.0), source_id="x", source_row=[1, 2], source_field="")
    relations = table(f"2023 {A} {B}", f"2023 {A} {C}", f"2023 {D} {C}")
    result = measures.chained(frame, relations, 2024)
    made, place = lineage.lineage_of(result), result["cmd_code"].tolist().index(C)
    for column, lines in ((EUR, []), ("low", [1]), ("high", [0, 1])):
        [found] = made.formulas[column].names["value"].input_rows([place])
        assert sorted(found) == lines


@pytest.mark.parametrize(
    ("frame", "relations", "message"),
    [
        (rows((2023, "8403", 5.0)), table(f"2023 {A} {B}"), "keep codes of eight digits"),
        (rows((2023, A, -5.0)), table(f"2023 {A} {B}"), "has -5"),
        (rows((2023, A, 5.0), (2023, A, 5.0)), table(f"2023 {A} {B}"), "stated 2 times"),
        (rows((2022, A, 5.0)), table(f"2023 {A} {B}"), "says nothing of 2022 to 2023"),
        (rows((2023, A, 5.0)).assign(n_months=13), table(f"2023 {A} {B}"), "crosses the end"),
        (rows((2023, A, 5.0)), [], "period"),
    ],
)
def test_what_it_refuses(frame, relations, message):
    with pytest.raises(QueryError, match=message):
        measures.chained(frame, relations, 2024)


# --- worlds whose truth is known -----------------------------------------------------------------

YEARS = (2020, 2021, 2022, 2023)


@st.composite
def worlds(draw):
    """Goods, the code of each in each year, the table of what changed, and the trade of each."""
    goods = range(draw(st.integers(1, 7)))
    named = [
        draw(st.lists(st.integers(0, 4), min_size=len(goods), max_size=len(goods))) for _ in YEARS
    ]
    for before, now in pairwise(named):  # most codes stay as they are
        now[:] = [
            old if draw(st.integers(0, 2)) else new for old, new in zip(before, now, strict=True)
        ]
    code = {year: [f"9000000{i}" for i in each] for year, each in zip(YEARS, named, strict=True)}
    links = set()
    for year in YEARS[:-1]:
        pairs = {(code[year][good], code[year + 1][good]) for good in goods}
        links |= {
            (f"{year}{year + 1}", old, new)
            for old, new in pairs
            if old != new or sum(old in pair for pair in pairs) > 1
        }
        links.add((f"{year}{year + 1}", "99999990", "99999991"))  # so that each year has a change
    relations = [
        dict(zip(("period", "predecessor", "successor"), link, strict=True))
        for link in sorted(links)
    ]
    trade = {(year, good): draw(st.integers(0, 9)) for year in YEARS for good in goods}
    return code, relations, trade


def summed(code, trade, years):
    """Trade by code, each year's by the codes of `years`."""
    found = {}
    for (year, good), value in trade.items():
        place = (year, code[years or year][good])
        found[place] = found.get(place, 0) + value
    return found


@settings(max_examples=30, deadline=None)
@given(world=worlds(), base=st.sampled_from(YEARS))
def test_chained_bounds_hold_the_truth(world, base):
    code, relations, trade = world
    frame = rows(*((*place, float(value)) for place, value in summed(code, trade, 0).items()))
    truth = summed(code, trade, base)

    single = told(measures.chained(frame, relations, base))
    assert set(truth) <= set(single)
    for place, (known, low, high) in single.items():
        assert low <= truth.get(place, 0) <= high
        assert known == (None if low < high else truth.get(place, 0))
        assert known is not None or place[0] != base
    turned = measures.chained(frame.iloc[::-1], pd.DataFrame(relations[::-1]), base)
    assert told(turned) == single

    groups = measures.chained(frame, relations, base, whole=True)
    assert groups.groupby("ref_period")[EUR].sum().equals(frame.groupby("ref_period")[EUR].sum())
    parts = [part for group in groups["cmd_code"].unique() for part in group.split("+")]
    assert len(set(parts)) == len(parts)
    for (year, group), ends in told(groups).items():
        assert set(ends) == {sum(truth.get((year, part), 0) for part in group.split("+"))}
