"""The maps of the committed files, on the heads of those files: what each takes and refuses.

What the rows of the whole files say is in data/control_totals.csv, by digests; here is what no
committed file has in it.
"""

import csv
import io
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import maps
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradeflows.model.errors import LayoutError, TradeflowsError
from tradeflows.publishers import tidy
from tradeflows.publishers.tidy import columns, mapping

FIGURES = {"value_reported", "net_wgt_kg", "qty", "rate", "value", "low", "high"}
INDIA = "india_dgcis_imports_by_partner_fiscal_year"
CHOSEN = {  # records, where the first are none that stay
    INDIA: [0, 1, 2, 43, 44, 45, 363, 364, 365],  # the last but one is printed again
    "baci_hs22_china_russia_hs4_2023": [5, 12, 13, 16],
}
OTHER_FORMS = ("printed", "year and month")  # which take more, or a second column
EACH = pytest.mark.parametrize("name", maps.MAPPED)


@cache
def table(name):
    """Header and first records of a committed file, as lists of cells."""
    path = maps.CATALOGUE.parent / maps.MAPPED[name]["path"]
    with path.open(encoding="utf-8", newline="") as file:
        head, *records = csv.reader(file)
    return head, [records[place] for place in CHOSEN.get(name, range(min(8, len(records))))]


def text(head, records):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([head, *records])
    return out.getvalue()


def change(name, record, **cells):
    """The head of a file with cells of one record (1 is the first) replaced."""
    head, records = table(name)
    records = [*records]
    records[record - 1] = [
        cells.get(column, cell) for column, cell in zip(head, records[record - 1], strict=True)
    ]
    return text(head, records)


@pytest.fixture
def clean(tmp_path):
    """Read a text by the map of a file, its own head by default; rows as dicts, in order."""

    def run(name, content=None, **fields):
        path = tmp_path / f"{name}.csv"
        content = text(*table(name)) if content is None else content
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        entry = maps.tidy(name, **({"repeats": None} | fields))  # of ids beyond the head
        source = replace(maps.INVENTED, table=entry["table"], arguments=entry["arguments"])
        run.parts = list(tidy.clean(path, source, **entry["arguments"]))
        return [row for part in run.parts for row in part.rows.to_pylist()]

    return run


def refusal(action, *arguments):
    with pytest.raises(TradeflowsError) as caught:
        action(*arguments)
    assert "\n" not in str(caught.value), "one line"
    return str(caught.value)


def specs(name):
    """Fields of a map that are read from a column, with what the map says of each."""
    arguments = maps.MAPPED[name]["arguments"]
    for part in (arguments["fields"], *arguments.get("rows", ())):
        for field, spec in part.items():
            if isinstance(spec, dict) and "column" in spec:
                yield field, spec


# --- every map -----------------------------------------------------------------------------------


@pytest.mark.slow
@EACH
def test_order_of_lines_does_not_matter(name, clean):
    def facts(rows):
        return sorted(str({**row, "source_row": 0}) for row in rows)

    head, records = table(name)
    assert facts(clean(name, text(head, records[::-1]))) == facts(clean(name))


ODD = ["", "x", "-1", "nan", "1e999", "1,5", " 3", "00", "é", "True", "１２", "2023-02-30"]
ODD += ["24-25", "Infinity", "0x1p3", "9" * 25, "two\nlines", '"']


@pytest.mark.slow
@EACH
@given(draw=st.data())
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_cell_gives_one_line_at_worst(name, clean, draw):
    head, records = table(name)
    cell = draw.draw(st.sampled_from(ODD) | st.text(max_size=5).filter(lambda s: "\0" not in s))
    column = draw.draw(st.sampled_from(head))
    try:
        clean(name, change(name, draw.draw(st.integers(1, len(records))), **{column: cell}))
    except TradeflowsError as error:
        assert "\n" not in str(error).replace(cell, "")  # noqa: PT017
        assert ".csv: " in str(error)  # noqa: PT017


def wrong_words(field, spec):
    """What may not stand in a column of a field, and what is said of it; nothing of the others."""
    if field in FIGURES and "words" not in spec:
        return (
            "n/a",
            "1,5",
            "0x10",
            "nan",
        ), "expected a number such as 1234.5 in {}, found {!r}; if"
    if field == "ref_period" and spec["form"] not in OTHER_FORMS:
        return ("2023-00", "Jan 2023", "", "２０２３-01"), " in {}, found {!r}"
    if "others" in spec:
        return (), ""
    if field.endswith("_iso"):
        return ("Ruritania", ""), "{1!r}"
    if field == "cmd_code":
        return ("770000", "85258", "peat"), "{1!r}"
    if "words" in spec and not {"areas", "matches", "means", "before"} & set(spec):
        return () if field in FIGURES else ("bushel",), "in {} one of "
    return (), ""


CELLS = {
    (name, spec["column"]): wrong_words(field, spec)
    for name in maps.MAPPED
    for field, spec in specs(name)
    if "where" not in spec and wrong_words(field, spec)[0]
}


@pytest.mark.parametrize(("name", "column"), CELLS)
def test_what_may_not_stand_in_a_cell_is_refused(name, column, clean):
    words, said = CELLS[name, column]
    for word in words:
        message = refusal(clean, name, change(name, 2, **{column: word}))
        assert ".csv: " in message
        assert said.format(column, word) in message


def test_two_printings_must_agree(clean):
    clean(INDIA)
    assert {
        why: n for part in clean.parts for why, n in part.left_out.items() if "again" in why
    } == {"all goods, printed again": 1}
    message = refusal(clean, INDIA, change(INDIA, 8, value_usd_million="201"))
    assert "fiscal_year and value_usd_million as in a record that stays" in message


# --- numbers and months --------------------------------------------------------------------------

DECIMALS = st.from_regex(r"-?[0-9]{1,15}(\.[0-9]{1,9})?", fullmatch=True)


def cells_of(*texts):
    table = pa.record_batch({"cell": pa.array(texts, pa.string())})
    records = pa.array(range(1, len(table) + 1))
    return columns.Cells(Path("x.csv"), records, table, mapping.Marks())


@given(DECIMALS, st.integers(0, 12))
def test_scaled_decimal_is_exact(decimal, power):
    (found,) = cells_of(decimal).figures("cell", power).to_pylist()
    assert found == float(Decimal(decimal).scaleb(power))


@given(st.text(max_size=9).filter(lambda text: text and "\0" not in text))
def test_any_other_text_is_no_number(word):
    found = None
    try:
        (found,) = cells_of(word).figures("cell").to_pylist()
    except LayoutError as error:
        said = "x.csv: record 1: expected a number such as 1234.5 in cell, found "
        assert str(error).startswith(said)  # noqa: PT017
    assert found is None or (found == float(word) and set(word.strip()) <= set("-.0123456789"))
