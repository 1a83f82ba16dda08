import csv
import io
from datetime import date

import pytest
import twins
from hypothesis import given, settings
from hypothesis import strategies as st

from tradeflows.model.errors import CodeError, LayoutError, TradeflowsError
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
    """Clean bytes and give the one part."""

    def clean(raw):
        path = tmp_path / "rates"
        path.write_bytes(raw)
        [found] = ecb.clean(path)
        return found

    return clean


def cell(part, currency, month):
    [row] = [
        r
        for r in part.rows.to_pylist()
        if (r["quote"], f"{r['ref_period']:%Y-%m}") == (currency, month)
    ]
    return row


def test_days_become_a_mean(part):
    row = cell(part(HISTORY), "USD", "2022-03")
    assert (row["rate"], row["n_days"]) == (pytest.approx((1.1101 + 1.1162) / 2), 2)
    assert (row["base"], row["publisher"]) == ("EUR", "European Central Bank")


def test_currency_that_ends(part):
    found = part(HISTORY)
    row = cell(found, "RUB", "2022-03")
    assert (row["rate"], row["n_days"], row["flags"]) == (117.201, 1, "partial")
    quoted = [(r["quote"], f"{r['ref_period']:%Y-%m}") for r in found.rows.to_pylist()]
    assert ("RUB", "2022-04") not in quoted
    assert not [each for each in quoted if each[0] == "TRL"]
    assert (found.empty, found.records) == (6, 4)


def test_newest_month_is_partial(part):
    assert cell(part(HISTORY), "USD", "2022-04")["flags"] == "partial"
    whole = twins.ecb(["USD"], [["2022-04-29", "1.05"], ["2022-04-01", "1.1"]])
    assert cell(part(whole), "USD", "2022-04")["flags"] == ""  # the 30th was a Saturday


@pytest.mark.parametrize(
    ("first", "flag"),
    [
        ("2022-05-02", ""),
        ("2022-05-03", "partial"),
        ("2022-05-31", "partial"),
        ("1999-01-04", ""),
        ("1999-01-05", "partial"),
    ],
)
def test_oldest_month_is_partial(part, first, flag):
    last = "2022-05-31" if first > "2000" else "1999-01-29"
    days = twins.ecb(["USD"], [[day, "1.05"] for day in sorted({first, last}, reverse=True)])
    assert cell(part(days), "USD", first[:7])["flags"] == flag


def test_zip_and_one_day(part):
    assert part(twins.zipped("eurofxref-hist.csv", HISTORY)).rows.num_rows == 8
    assert cell(part(DAY), "JPY", "2026-04")["rate"] == 135.35


@pytest.mark.parametrize(
    ("old", "new", "error", "message"),
    [
        (b"RUB", b"rub", CodeError, "rub"),
        (b"JPY", b"USD", CodeError, "once"),
        (b"117.201", b"117,201", LayoutError, "lines of 6 cells"),
        (b"117.201", b"0", LayoutError, "rates of RUB"),
        (b"117.201", b"nan", LayoutError, "record 3: expected a number in RUB"),
        (b"117.201", b"-", LayoutError, "a number in RUB"),
        (b"2022-03-31", b"2022-03-01", LayoutError, "record 3: expected each day once"),
        (b"2022-03-31", b"2022-02-30", LayoutError, "a day such as"),
        (b"2022-03-31", b"31 Mars 2022", LayoutError, "a day such as"),
        (b"TRL,", b"TRL", LayoutError, "last comma, .* as the bank publishes it"),
        (b"TRL,", b'TRL,"', LayoutError, "a header line"),
        (b"N/A", b"\xff", LayoutError, "UTF-8 text"),
        (b"2022-03-31", b'"2022-03-31', LayoutError, "lines of 6 cells"),
    ],
)
def test_what_it_refuses(part, old, new, error, message):
    with pytest.raises(error, match=message):
        part(HISTORY.replace(old, new, 1))


@pytest.mark.parametrize("name", ["../eurofxref.csv", "/eurofxref.csv", "a/b.csv", "x.exe"])
def test_climbing_path_is_refused(part, name):
    with pytest.raises(LayoutError, match="one CSV in the zip"):
        part(twins.zipped(name, HISTORY))


def test_a_broken_zip_and_a_file_that_is_too_large_are_refused(part, monkeypatch):
    with pytest.raises(LayoutError, match="a whole zip"):
        part(twins.zipped("eurofxref.csv", HISTORY)[:-30])
    monkeypatch.setattr(ecb, "LARGEST", 50)
    with pytest.raises(LayoutError, match="at most"):
        part(HISTORY)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_what_is_written_is_read_back(tmp_path_factory, data):
    currencies = data.draw(
        st.lists(st.sampled_from(["USD", "CNY", "RUB", "TRY", "ISK"]), min_size=1, unique=True)
    )
    days = data.draw(
        st.lists(st.dates(date(1999, 1, 4), date(2026, 12, 31)), min_size=1, unique=True)
    )
    rate = st.one_of(st.none(), st.decimals("0.0001", "20000", places=4))
    table = {
        day: data.draw(st.lists(rate, min_size=len(currencies), max_size=len(currencies)))
        for day in days
    }
    path = tmp_path_factory.mktemp("twin") / "a"
    raw = twins.ecb(
        currencies,
        [
            [str(day), *("N/A" if r is None else str(r) for r in line)]
            for day, line in table.items()
        ],
    )
    path.write_bytes(twins.zipped("eurofxref-hist.csv", raw) if data.draw(st.booleans()) else raw)
    [part] = ecb.clean(path)
    expected = {}
    for day, line in table.items():
        for currency, value in zip(currencies, line, strict=True):
            if value is not None:
                expected.setdefault((currency, day.replace(day=1)), []).append(value)
    found = {(r["quote"], r["ref_period"]): (r["rate"], r["n_days"]) for r in part.rows.to_pylist()}
    assert found == {
        key: (pytest.approx(float(sum(held) / len(held))), len(held))
        for key, held in expected.items()
    }


def naive(raw):
    text = raw.decode("utf-8")
    head, *lines = [line for line in csv.reader(io.StringIO(text, newline="")) if line]
    return sorted(
        (code.strip(), float(value))
        for line in lines
        for code, value in zip(head[1:], line[1:], strict=False)
        if value.strip() not in ("N/A", "")
    )


@pytest.mark.parametrize(("raw", "least"), [(HISTORY, 100), (DAY, 50)])
def test_mutated_bytes_give_what_a_naive_reader_makes_of_them_or_an_error(tmp_path, raw, least):
    path, read = tmp_path / "a", 0
    for data in twins.mutations(raw, 2000):
        path.write_bytes(data)
        try:
            rows = [row for part in ecb.clean(path) for row in part.rows.to_pylist()]
        except TradeflowsError:
            continue
        read += 1
        expected = naive(data)
        assert sum(r["rate"] * r["n_days"] for r in rows) == pytest.approx(
            sum(value for _, value in expected)
        )
        assert sum(r["n_days"] for r in rows) == len(expected)
    assert read > least


def test_mutated_zips(tmp_path):
    path = tmp_path / "a.zip"
    raw = twins.zipped("eurofxref-hist.csv", HISTORY)
    path.write_bytes(raw)
    [whole] = ecb.clean(path)
    for data in twins.mutations(raw, 2000):
        path.write_bytes(data)
        try:
            [part] = ecb.clean(path)
        except TradeflowsError:
            continue
        assert part.rows.drop_columns(["source_id"]).equals(whole.rows.drop_columns(["source_id"]))


def test_exponent_is_refused(part):
    raw = twins.ecb(
        ["USD", "JPY"], [["2022-03-02", "1.1", "1.3E+02"], ["2022-03-01", "1.1", "130"]]
    )
    with pytest.raises(LayoutError, match=r"record 1: expected a number in JPY, found '1.3E"):
        part(raw)
