"""The one parser of months and windows, the forms in which files write them, and cells' numbers."""

from datetime import date

import numpy as np
import pytest

from tradeflows.model import periods
from tradeflows.model.errors import QueryError
from tradeflows.model.keys import number_cells


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2022-01", "2022-12", "2022"),
        ("2023-05", "2023-05", "May 2023"),
        ("2023-01", "2023-05", "January to May 2023"),
        ("2022-02-24", "2023-03", "24 February 2022 to March 2023"),
        ("2022", "2023", "2022 to 2023"),
        ("", "2023-07", "July 2023"),
        ("late 2024", "late 2024", "late 2024"),
    ],
)
def test_a_window_is_read_as_print_has_it(first, last, words):
    assert periods.window_in_words(first, last) == words


def test_a_text_has_its_dates_in_words_and_no_other_number():
    text = "it lacks 2022-01, from 2022-03-01 on; 2018-2019 and 8806-10 stay"
    words = "it lacks January 2022, from 1 March 2022 on; 2018-2019 and 8806-10 stay"
    assert periods.dates_in_words(text) == words


@pytest.mark.parametrize(
    ("text", "grain", "message"),
    [
        ("2023-13", "month or year", "start='2023-13': expected a month such as 2023-05"),
        ("2023-5", "month or year", "did you mean '2023-05'"),
        ("May 2023", "month", "expected a month such as 2023-05; did you mean '2023-05'"),
        ("2023", "month", "start='2023': expected a month such as 2023-05$"),
        ("2023-05", "year", "start='2023-05': expected a year such as 2023$"),
        ("٢٠٢٣", "month or year", "expected a month"),
    ],
)
def test_what_is_no_period(text, grain, message):
    with pytest.raises(QueryError, match=message):
        periods.parse_period(text, "start", grain=grain)


@pytest.mark.parametrize("day", ["2024-02-31", "2024-2-1", "2024-02", "0000-01-01"])
def test_a_day_that_does_not_exist(day):
    with pytest.raises(QueryError, match=f"as_of='{day}': expected a day such as 2024-06-01"):
        periods.parse_day(day)
    assert not periods.is_day(day)


@pytest.mark.parametrize(
    ("form", "text", "first", "months"),
    [
        ("yyyymm", "202305", (2023, 5, 1), 1),
        ("yyyymm", "2023M05", (2023, 5, 1), 1),
        ("quarter", "2023-Q2", (2023, 4, 1), 3),
        ("april year", "1999-00", (1999, 4, 1), 12),
        ("months", "2021-11..2022-02", (2021, 11, 1), 4),
        ("months", "2021-11", (2021, 11, 1), 1),
        ("year to month", "2021-03", (2021, 1, 1), 3),
        ("month and year", "5.2023", (2023, 5, 1), 1),
        ("day of the month", "31.05.2023", (2023, 5, 1), 1),
        ("day of the month", "2023-05-31", (2023, 5, 1), 1),
        ("named month", "DEC-2016", (2016, 12, 1), 1),
        ("named month", "Sept-16", (2016, 9, 1), 1),
        ("named month", "Dec 69", (1969, 12, 1), 1),
        ("printed", "first 9 months 2020", (2020, 1, 1), 9),
        ("printed", "2023-H2", (2023, 7, 1), 6),
        ("printed", "2023-05-17", (2023, 5, 17), 0),
    ],
)
def test_form_of_a_period(form, text, first, months):
    assert periods.FORMS[form].read(text) == periods.Period(date(*first), months)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("months", "2022-02..2021-11"),
        ("april year", "2022-24"),
        ("year to month", "2021-13"),
        ("printed", "2023-02-30"),
        ("year", "23"),
        ("month and year", "13/2023"),
        ("day of the month", "31.02.2023"),
        ("day of the month", "05/31/2023"),
        ("yyyymm", "2023M5"),
        ("named month", "Mon-2016"),
    ],
)
def test_a_period_of_another_form_is_none(form, text):
    assert periods.FORMS[form].read(text) is None


def test_numbers_of_cells_start_again():
    # 9 columns of 200 words are more cells than 62 bits have.
    draw = np.random.default_rng(1)
    columns = [draw.integers(0, 200, 50) for _ in range(9)]
    columns = [np.concatenate([column, column[::-1]]) for column in columns]
    numbers = number_cells(((column, 200) for column in columns), 100)
    assert (numbers == numbers[::-1]).all()
    assert len(np.unique(numbers)) == 50
    assert number_cells([], 2).tolist() == [0, 0]
    assert number_cells([(np.array([], np.int64), 2**61)] * 3, 0).tolist() == []
