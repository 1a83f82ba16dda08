"""Tables of pandas are printed for readers: words for columns and codes, figures for numbers."""

import html
import re

import pandas as pd
import pytest
from synthetic import save_notebook

from tradeflows.report import chart_hook, frames, notebooks


def cells(frame):
    """Heads and cells of a printed table, row by row."""
    page = frames.printed(frame)
    rows = re.findall("<tr>(.*?)</tr>", page)
    return [
        [
            html.unescape(re.sub("<[^>]+>", "", cell))
            for cell in re.findall("<t[hd].*?</t[hd]>", row)
        ]
        for row in rows
    ]


def test_a_printed_figure_is_told_without_columns_and_codes():
    figure = {
        "id": "D01",
        "publisher": "A newspaper",
        "exporter": "CHN",
        "importer": "KAZ+KGZ",
        "window_text": "2022-02-24..2023-03",
        "qualifier": ">",
        "value": 1e5,
        "unit": "USD",
        "repeats": "D02",
    }
    assert cells(pd.DataFrame([figure]).set_index("id")) == [
        ["Publisher", "Exporter", "Importer", "Period", "Figure", "Unit"],
        [
            "A newspaper",
            "China",
            "Kazakhstan and Kyrgyzstan",
            "24 February 2022 to March 2023",
            "more than 100,000",
            "US dollars",
        ],
    ]


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


def test_a_year_and_a_code_are_no_numbers():
    frame = pd.DataFrame({"year": [2022], "code": ["880621"]})
    assert cells(frame) == [["Year", "Code"], ["2022", "880621"]]


def test_an_index_is_columns_and_says_a_thing_once():
    frame = pd.DataFrame(
        {"who": ["a", "a", "b"], "year": [2021, 2022, 2022], "share_pct": [1, 2, 3]}
    )
    assert cells(frame.set_index(["who", "year"])) == [
        ["Who said it", "Year", "Share pct"],
        ["a", "2021", "1"],
        ["", "2022", "2"],
        ["b", "2022", "3"],
    ]


def test_names_of_code_stay_where_there_is_nothing_else():
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


def test_a_page_prints_frames_answers_and_series(tmp_path):
    cells = [
        """import pandas as pd, tradeflows as tf
pd.DataFrame({"exporter": ["CHN"], "window_text": ["2022-03"]})""",
        """from tradeflows.explore.answer import answer
made = {"reporter_iso": ["CHN", "IND"], "value": [0.338578359753, 2.0], "unit": "ratio"}
answer(pd.DataFrame(made), "Of CNY, risk_review")""",
        """pd.DataFrame({"value_m": [1e5, 3.0]})["value_m"].describe()""",
    ]
    path = save_notebook(tmp_path / "a.ipynb", "# T?", *cells)
    [plain], [read] = (notebooks.run([path], None, start) for start in ("", chart_hook.START))
    shown = [cell.outputs[0].data.get("text/html", "") for cell in read.cells[1:]]
    assert "<td>China</td><td>March 2022</td>" in shown[0]
    assert "Of yuan, risk review" in shown[1]
    assert '<td class="number">0.3386</td>' in shown[1]
    assert '<td>max</td><td class="number">100,000</td>' in shown[2]
    assert "CHN" in plain.cells[1].outputs[0].data["text/html"]
