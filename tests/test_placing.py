"""A printed figure whose window and day of printing do not go together is refused."""

from dataclasses import replace
from datetime import date

import pyarrow as pa
import pytest
from maps import INVENTED

from tradeflows import tables
from tradeflows.model.errors import LayoutError
from tradeflows.publishers import plausibility, tidy
from tradeflows.retrieval import catalogue

HEADER = "id,what,value,window,printed"
FIELDS = {
    "id": {"column": "id"},
    "topic": "energy",
    "product": {"column": "what"},
    "window_start": {"column": "window", "form": "printed"},
    "window_end": {"column": "window", "form": "printed"},
    "window_text": {"column": "window"},
    "value": {"column": "value"},
    "unit": "tonnes",
    "basis": "customs",
    "publisher": "a newspaper",
    "published": {"column": "printed"},
}

PRINTED = replace(
    INVENTED,
    id="printed",
    path="press/printed.csv",
    publisher="press",
    vintage="by row",
    retrieved=date(2026, 11, 30),
    table="figures",
    arguments={"columns": HEADER.split(","), "fields": FIELDS},
)


@pytest.fixture
def rows(tmp_path):
    """Rows of one figure, X1, of a window and printed on some day."""

    def run(window, printed, of=PRINTED):
        path = tmp_path / "printed.csv"
        path.write_text(f"{HEADER}\nX1,crude,5,{window},{printed}\n", encoding="utf-8")
        return next(tidy.clean(path, of, **of.arguments)).rows.to_pylist()

    return run


@pytest.mark.parametrize(
    ("window", "printed", "found"),
    [
        ("2024-03", "2024-04-04", ""),
        ("2023-03", "2023-03-01", ""),  # the month itself is not over when it is printed
        ("2023-01..2023-10", "2023-10-19", ""),
        ("2023-06", "2024-04-26", ""),  # ten months later
        ("2021", "2026-05-09", ""),  # a year may be told at any time after
        ("2023-03", "2023-04 (undated)", ""),
        ("2022-12", "2023 (month not stated)", ""),
        ("2023", "", ""),
        ("not stated", "2023-07", ""),
        ("2024-03", "2023-04", "a window to 2024-03-31, printed 2023-04"),
        ("2023", "2023-01-14", "a window to 2023-12-31, printed 2023-01-14"),
        ("2024", "2023 (month not stated)", "a window to 2024-12-31"),
        ("2023-03", "2024-04-04", "the month 2023-03, printed 2024-04-04: 13 months later"),
        ("2023-03", "2024-02", "the month 2023-03, printed 2024-02: 11 months later"),
        ("2022-11-24", "2023-10-30", "11 months later"),
    ],
)
def test_a_window_that_cannot_be_is_refused_in_one_sentence(rows, window, printed, found):
    if not found:
        assert len(rows(window, printed)) == 1
        return
    with pytest.raises(LayoutError) as refused:
        rows(window, printed)
    message = str(refused.value)
    assert "\n" not in message
    for said in ("press/printed.csv: record 1, X1", found, 'confirmed.X1 = "', "entry of printed"):
        assert said in message, said
    assert len(rows(window, printed, replace(PRINTED, confirmed={"X1": "so"}))) == 1
    with pytest.raises(LayoutError, match="X1"):
        rows(window, printed, replace(PRINTED, confirmed={"X2": "so"}))
    newer = replace(PRINTED, id="printed_2", supersedes="printed")
    with pytest.raises(LayoutError, match="the entry of printed_2 or, before its update, of print"):
        rows(window, printed, newer)


def test_each_committed_confirmation_is_needed():
    root = catalogue.root()
    rows = tables.stored(root, "figures").to_table().to_pandas()
    listed = set()
    for name, entry in catalogue.load(root).items():
        of_entry = pa.RecordBatch.from_pandas(rows[rows["source_id"] == name])
        for figure in entry.confirmed:
            others = {other: why for other, why in entry.confirmed.items() if other != figure}
            with pytest.raises(LayoutError, match=f", {figure}: expected a window"):
                plausibility.require_placed(name, replace(entry, confirmed=others), of_entry)
            listed.add(figure)
    assert listed >= {"T02", "T03", "T04", "D39", "U14", "U17", "U18"}


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"witness": "law"}, "no such witness as 'law'"),
        ({"witness": "ofice"}, "did you mean 'office'"),
        ({"confirmed": {"X1": ""}}, "confirmed: X1 must have its reason as a text"),
        (
            {"confirmed": {"X1": "so"}, "table": "rates"},
            "confirmed is of printed figures and of trade",
        ),
    ],
)
def test_keys_of_an_entry_are_checked(keys, problem):
    entry = replace(PRINTED, **keys)
    [said] = catalogue.problems(entry, {"press": None}, {entry.id: entry}, False)
    assert problem in said
