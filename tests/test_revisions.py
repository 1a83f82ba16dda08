import pyarrow as pa
import pytest
from maps import WHEAT_MAP

from tradeflows import cli
from tradeflows.retrieval import catalogue, changes
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


# --- a newer release of an added file -------------------------------------------------------------


@pytest.fixture
def wheat(new_project, capsys):
    """A project with one file of three months, and a way to save a newer one beside it."""
    root = new_project("wheat")
    (root / "map.toml").write_text(WHEAT_MAP)

    def save(**usd):
        lines = [f"2023-{month[1:]},{value}" for month, value in usd.items()]
        (root / "new.csv").write_text("\n".join(["month,usd", *lines, ""]))
        return root

    save(m01=5, m02=6, m03=7)
    assert cli.main(["add", "new.csv", "--map", "map.toml"]) == 0
    capsys.readouterr()
    return save


@pytest.mark.parametrize(
    ("usd", "found"),
    [
        ({"m05": 9}, "expected all periods of exports, found none of 2023-01, 2023-02, 2023-03;"),
        ({"m01": 5, "m03": 7, "m04": 8}, "found none of 2023-02;"),
        ({"m01": 0.005, "m02": 0.006, "m03": 0.008}, "found value_reported 0.001 times as large"),
        ({"m01": 5e3, "m02": 6e3, "m03": 7e3}, "found value_reported 1e+03 times as large"),
    ],
)
def test_what_does_not_follow_is_refused_unless_told(wheat, capsys, usd, found):
    root = wheat(**usd)
    assert cli.main(["update", "exports", "new.csv", "--no-accept"]) == 1
    said = capsys.readouterr().err
    assert found in said
    assert "add --force" in said
    assert [*catalogue.load(root, local=True)] == ["exports"]
    assert cli.main(["update", "exports", "new.csv", "--no-accept", "--force"]) == 0


def test_what_an_added_release_changed_is_shown(wheat, capsys):
    root = wheat(m01=5, m02=6.5, m03=7, m04=8)
    assert cli.main(["update", "exports", "new.csv", "--no-accept"]) == 0
    [new] = catalogue.load(root, local=True).keys() - {"exports"}
    capsys.readouterr()
    for name in ("exports", new):
        assert cli.main(["diff", name]) == 0
        shown = [line.split(" (")[0] for line in capsys.readouterr().out.splitlines()]
        cell = "United States, exports of wheat to Egypt"
        assert shown[0] == f"added: {cell}, April 2023: value_reported: nothing"
        assert shown[2] == f"changed: {cell}, February 2023: value_reported: 6 USD"
        assert shown[-1] == "2 added, 2 changed, 0 withdrawn"
    assert cli.main(["diff", new, "2023-02"]) == 0
    assert "0 added, 2 changed, 0 withdrawn" in capsys.readouterr().out


def test_a_single_release_has_no_difference(wheat, capsys):
    assert cli.main(["diff", "exports"]) == 2
    assert "exports: one release is held; next: `tradeflows update" in capsys.readouterr().err
