import pyarrow as pa

from tradeflows.retrieval import changes
from tradeflows.retrieval.changes import Change


def table(*rows):
    good, area, value = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.table(
        {
            "good": pa.array(good, pa.string()),
            "area": pa.array(area, pa.string()),
            "value": pa.array(value, pa.float64()),
        }
    )


def changed(old, new):
    frame = changes.changed(table(*old), table(*new), ["good", "area"], ["value"])
    return [*frame.itertuples(index=False, name=None)]


def test_equal_rows_are_no_change():
    rows = [("b", "x", 1.0), ("a", "y", 2.0), ("a", "x", None)]
    assert changed(rows, rows[::-1]) == []
    assert changed([], []) == []


def test_change_has_both_figures():
    old = [("a", "x", 1.0), ("a", "y", 2.0), ("b", "x", None), ("c", "x", None)]
    new = [("a", "x", 1.5), ("b", "x", 3.0), ("d", "z", None), ("a", "z", 4.0)]
    assert changed(old, new) == [
        ("a", "x", "changed", 1.0, 1.5),
        ("a", "y", "withdrawn", 2.0, None),
        ("a", "z", "added", None, 4.0),
        ("b", "x", "changed", None, 3.0),
        ("c", "x", "withdrawn", None, None),
        ("d", "z", "added", None, None),
    ]


def test_rows_of_one_cell_in_order():
    old = [("a", "x", 1.0), ("a", "x", 2.0), ("b", "x", 9.0)]
    assert changed(old, [("a", "x", 1.0), ("b", "x", 9.0), ("a", "x", 5.0)]) == [
        ("a", "x", "changed", 2.0, 5.0)
    ]


def test_words_coded_in_any_way():
    plain = table(("a", "x", 1.0), ("b", "x", 2.0))
    coded = table(("b", "x", 2.0), ("a", "x", 1.0)).cast(
        pa.schema([("good", pa.dictionary(pa.int32(), pa.string())), *list(plain.schema)[1:]])
    )
    assert changes.changed(plain, coded, ["good", "area"], ["value"]).empty


def test_largest_change_first():
    found = [
        Change("a", 5.0, 4.0, "1", "2", "EUR"),
        Change("b", None, 3.0, "1", "2", "EUR", "added", "!"),
    ]
    assert [str(each) for each in changes.largest_first(found)] == [
        "added: b: nothing (1) -> 3 EUR (2)!",
        "changed: a: 5 EUR (1) -> 4 EUR (2)",
    ]


def test_change_in_the_last_digit():
    told = str(Change("TOTAL", 12_345_678_901.0, 12_345_678_902.0, "old", "new", "EUR"))
    assert "12,345,678,901 EUR (old) -> 12,345,678,902 EUR (new)" in told
    assert changes.in_words(1.5e15, "EUR") == "1,500,000,000,000,000 EUR"
    assert changes.in_words(0.1 + 0.2, "kg") == "0.3 kg"
