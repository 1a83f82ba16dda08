import csv
import io

import pytest
import twins

from tradeflows.model.errors import CodeError, LayoutError
from tradeflows.publishers import ecb

CURRENCIES = ["USD", "JPY", "RUB", "TRL"]
DAYS = [
    ["2022-04-01", "1.1052", "135.35", "N/A", "N/A"],
    ["2022-03-31", "1.1101", "135.17", "N/A", "N/A"],
    ["2022-03-01", "1.1162", "128.15", "117.201", "N/A"],
    ["2022-02-28", "1.1199", "129.31", "115.4842", "N/A"],
]
HISTORY = twins.ecb(CURRENCIES, DAYS)
DAY = twins.ecb(["USD", "JPY"], [["13 April 2026", "1.1052", "135.35"]], gap=" ")


@pytest.fixture
def part(tmp_path):
    def clean(raw):
        path = tmp_path / "rates"
        path.write_bytes(raw)
        [found] = ecb.clean(path)
        return found

    return clean


def means(part):
    return {
        (row["quote"], f"{row['ref_period']:%Y-%m}"): (row["rate"], row["n_days"], row["flags"])
        for row in part.rows.to_pylist()
    }


def test_months_are_means_and_a_currency_ends(part):
    history = part(twins.zipped("eurofxref-hist.csv", HISTORY))
    assert (history.empty, history.records) == (6, 4)
    found = means(history)
    assert found["USD", "2022-03"] == (pytest.approx((1.1101 + 1.1162) / 2), 2, "")
    assert found["RUB", "2022-03"] == (117.201, 1, "partial")
    assert {(month, flag) for (code, month), (*_, flag) in found.items() if code == "JPY"} == {
        ("2022-02", "partial"),
        ("2022-03", ""),
        ("2022-04", "partial"),
    }
    assert not {("RUB", "2022-04"), ("TRL", "2022-03")} & {*found}
    assert {(row["base"], row["source_row"]) for row in history.rows.to_pylist()} == {
        ("EUR", 1),
        ("EUR", 2),
        ("EUR", 4),
    }
    assert means(part(DAY))["JPY", "2026-04"] == (135.35, 1, "partial")


@pytest.mark.parametrize(
    ("first", "last", "flag"),
    [
        ("2022-05-02", "2022-05-31", ""),
        ("2022-05-03", "2022-05-31", "partial"),
        ("2022-04-01", "2022-04-29", ""),  # the 30th was a Saturday
        ("2022-04-01", "2022-04-28", "partial"),
        ("1999-01-04", "1999-01-29", ""),
        ("1999-01-05", "1999-01-29", "partial"),
    ],
)
def test_month_is_whole_from_its_first_weekday_to_its_last(part, first, last, flag):
    days = twins.ecb(["USD"], [[last, "1.05"], [first, "1.1"]])
    assert means(part(days))["USD", first[:7]][2] == flag


def test_what_a_zip_may_be(part, monkeypatch):
    for name in ("../eurofxref.csv", "/eurofxref.csv", "a/b.csv", "x.exe"):
        with pytest.raises(LayoutError, match="one CSV in the zip"):
            part(twins.zipped(name, HISTORY))
    with pytest.raises(LayoutError, match="a whole zip"):
        part(twins.zipped("eurofxref.csv", HISTORY)[:-30])
    monkeypatch.setattr(ecb, "LARGEST", 50)
    with pytest.raises(LayoutError, match="at most"):
        part(HISTORY)


@pytest.mark.parametrize(
    ("old", "new", "error", "message"),
    [
        (b"RUB", b"rub", CodeError, "rub"),
        (b"JPY", b"USD", CodeError, "once"),
        (b"117.201", b"117,201", LayoutError, "lines of 6 cells"),
        (b"117.201", b"0", LayoutError, "rates of RUB"),
        (b"2022-03-31", b"2022-03-01", LayoutError, "record 3: expected each day once"),
        (b"2022-03-31", b"31 Mars 2022", LayoutError, "a day such as"),
        (b"TRL,", b"TRL", LayoutError, "last comma, .* as the bank publishes it"),
        (b"N/A", b"\xff", LayoutError, "UTF-8 text"),
        (b"128.15", b"1.3E+02", LayoutError, "record 3: expected a number in JPY"),
        (b"Date", b"Day", LayoutError, "a header from Date"),
        (b"2022-03-31", b'"2022-03-31', LayoutError, "lines of 6 cells"),
    ],
)
def test_what_it_refuses(part, old, new, error, message):
    with pytest.raises(error, match=message):
        part(HISTORY.replace(old, new, 1))


def naive(raw):
    text = raw.decode("utf-8")
    head, *lines = [line for line in csv.reader(io.StringIO(text, newline="")) if line]
    return sorted(
        (code.strip(), float(value))
        for line in lines
        for code, value in zip(head[1:], line[1:], strict=False)
        if value.strip() not in ("N/A", "")
    )


@pytest.mark.slow
@pytest.mark.parametrize(("raw", "least"), [(HISTORY, 3), (DAY, 1)])
def test_mutated_bytes_give_what_a_naive_reader_makes_of_them_or_an_error(tmp_path, raw, least):
    read = [*twins.rows_of_mutations(ecb.clean, tmp_path / "a", raw)]
    for rows, data in read:
        expected = naive(data)
        assert sum(r["rate"] * r["n_days"] for r in rows) == pytest.approx(
            sum(value for _, value in expected)
        )
        assert sum(r["n_days"] for r in rows) == len(expected)
    assert len(read) > least
