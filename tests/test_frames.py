"""Tables of pandas are printed for readers: words for columns and codes, figures for numbers."""

import html
import re

import pandas as pd
import pytest

from tradeflows.report import frames


def cells(frame):
    """Heads and cells of a printed table, row by row."""
    rows = re.findall("<tr>(.*?)</tr>", frames.printed(frame))
    found = [re.findall("<t[hd].*?</t[hd]>", row) for row in rows]
    return [[html.unescape(re.sub("<[^>]+>", "", cell)) for cell in row] for row in found]


def test_a_printed_figure_is_told_without_columns_and_codes():
    figure = {
        "id": ("D01", None, None),
        "publisher": ("A newspaper", "Publisher", "A newspaper"),
        "exporter": ("CHN", "Exporter", "China"),
        "importer": ("KAZ+KGZ", "Importer", "Kazakhstan and Kyrgyzstan"),
        "window_text": ("2022-02-24..2023-03", "Period", "24 February 2022 to March 2023"),
        "qualifier": (">", None, None),
        "value": (1e5, "Figure", "more than 100,000"),
        "unit": ("USD", "Unit", "US dollars"),
        "repeats": ("D02", None, None),
    }
    frame = pd.DataFrame([{name: held for name, (held, *_) in figure.items()}])
    told = [(head, said) for _, head, said in figure.values() if head]
    assert cells(frame.set_index("id")) == [[*row] for row in zip(*told, strict=True)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.338578359753, "0.3386"),
        (1e5, "100,000"),
        (5.256e-05, "0.00005256"),
        (-1234567.8, "−1,234,568"),
        (-0.0, "0"),
        (47.0, "47"),
        (6620, "6,620"),
        ("442888747294.0", "442,888,747,294"),
        ("2022", "2022"),
        ("-54", "−54"),
        ("probably to 2023-05/06", "probably to May 2023 or June 2023"),
        (True, "yes"),
        (None, ""),
        (pd.Timestamp("2023-05-01"), "May 2023"),
        ("<b>", "<b>"),
    ],
)
def test_a_cell_is_as_print_has_it(value, text):
    assert cells(pd.DataFrame({"total": [value]}, dtype=object)) == [["Total"], [text]]


def test_an_index_is_columns_and_says_a_thing_once():
    frame = pd.DataFrame({"who": ["a", "a"], "year": [2021, 2022], "share_pct": [1, 2]})
    assert cells(frame.set_index(["who", "year"])) == [
        ["Who said it", "Year", "Share pct"],
        ["a", "2021", "1"],
        ["", "2022", "2"],
    ]
    assert cells(pd.DataFrame({"code": ["880621"]})) == [["Code"], ["880621"]]
    # Names of code stay where there is nothing else.
    assert cells(pd.DataFrame({"id": ["D01"]})) == [["Id"], ["D01"]]


def test_a_source_has_its_title(make_root, monkeypatch):
    monkeypatch.setenv("TRADEFLOWS_ROOT", str(make_root({"oil": {"title": "Prices of oil"}})))
    assert cells(pd.DataFrame({"source_id": ["oil", "gone"]})) == [
        ["Source"],
        ["Prices of oil"],
        ["gone"],
    ]


def test_a_long_table_has_its_ends():
    frame = pd.DataFrame({"name": [f"row {number}" for number in range(99)]})
    with pd.option_context("display.max_rows", 60):
        shown = [row[0] for row in cells(frame)]
    assert (len(shown), shown[1], shown[6], shown[-1]) == (12, "row 0", "…", "row 98")


def test_words_for_codes_in_a_heading():
    assert frames.in_words("Export settlement, CNY; risk_review") == (
        "Export settlement, yuan; risk review"
    )
    assert frames.head("part_CHN") == "Part China"
