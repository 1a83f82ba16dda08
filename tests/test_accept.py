"""What moved is announced, by claim, and nothing is written unless all of it can be."""

import json

import pytest
from maps import BRENT
from synthetic import notebook, save_notebook

from tradeflows.model.errors import LayoutError, SourceError
from tradeflows.report import accept
from tradeflows.report.notebooks import NotebookError

CHANGED = BRENT.replace("55.66", "50.00")
READ = """import os
from pathlib import Path
import pandas as pd
oil = pd.read_csv(Path(os.environ["TRADEFLOWS_ROOT"], "data", "raw", "demo", "oil.csv"))"""
CHECK = "fall = (oil.iloc[0, 1] - oil.iloc[1, 1]).round(2)\nassert fall > 0\nf'{fall} dollars'"

ANNOUNCED = (
    "01_oil: It fell: 7.99 dollars → 13.65 dollars",
    "01_oil: It is drawn: numbers drawn changed",
    "control totals: 2 lines changed",
    "rates oil 2020 digest: 2 rows, digest ",
    "rates oil 2020 rate USD: 2 values, sum 119.31 → 2 values, sum 113.65",
    "rates oil: changed: oil, BRENT, USD, ",
)


@pytest.fixture
def project(make_root):
    root = make_root({"oil": {}})
    save_notebook(
        root / "notebooks" / "01_oil.ipynb",
        "# Well?",
        READ,
        "## It fell",
        CHECK,
        "## It is drawn",
        "oil.iloc[[1], [1]]",
        "## Nothing moves here",
        "assert 1\n'one'",
    )
    return root


def committed(root):
    names = [*sorted((root / "notebooks").iterdir()), root / accept.TOTALS]
    return {path.name: path.read_bytes() for path in names if path.exists()}


def test_change_is_announced_by_claim(project, make_root):
    path = project / "notebooks" / "01_oil.ipynb"
    saved = json.loads(path.read_text())
    run = {"iopub.execute_input": "noon"}
    saved["cells"][1]["metadata"] = {"execution": run, "tags": ["a"]}
    path.write_text(json.dumps(saved))
    first = accept.accept(project)
    assert first[:2] == [
        "01_oil: It fell: nothing → 7.99 dollars",
        "01_oil: Nothing moves here: nothing → one",
    ]
    before = committed(project)
    assert accept.accept(project) == ["nothing moved"]
    assert committed(project) == before

    make_root({"oil": {"text": CHANGED}})
    for line, said in zip(accept.accept(project), ANNOUNCED, strict=True):
        assert line.startswith(said)
    saved = json.loads(path.read_text())
    code = [cell for cell in saved["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == [1, 2, 3, 4]
    assert saved["cells"][1]["id"] == "cell-1"
    assert saved["cells"][1]["metadata"] == {"tags": ["a"]}, "no time of day"
    assert saved["metadata"] == accept.METADATA


def test_altered_raw_file_is_refused(project):
    before = committed(project)
    (project / "data" / "raw" / "demo" / "oil.csv").write_text(CHANGED)
    with pytest.raises(SourceError, match="oil"):
        accept.accept(project)
    assert committed(project) == before


def test_failure_leaves_all_as_it_was(project):
    save_notebook(project / "notebooks" / "02_bad.ipynb", "## It rose", "assert False, 'it fell'")
    before = committed(project)
    with pytest.raises(NotebookError, match=r"02_bad\.ipynb: It rose: AssertionError: it fell$"):
        accept.accept(project)
    assert committed(project) == before


ONE, DRAWN = ("assert 1", "one"), ("1", {"text/plain": "1"})
OTHER = ("1", {"text/plain": "2"})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (["## A", ONE], ["## A", ("assert 1", "two")], ["n: A: one → two"]),
        (["## A", ONE], ["## B", ONE], ["n: A: one → nothing", "n: B: nothing → one"]),
        (["## A", DRAWN], ["## A", OTHER], ["n: A: numbers drawn changed"]),
        ([DRAWN], [OTHER], ["n: before the first claim: numbers drawn changed"]),
        (
            ["## A", ONE],
            ["## A", ("assert  1", "one")],
            ["n: written anew; no sentence and no drawn number moved"],
        ),
    ],
)
def test_what_moved_by_claim(old, new, said):
    assert accept.moved("n", notebook(*old), notebook(*new)) == said


@pytest.mark.parametrize("content", ["", "table,total\n", ",".join(accept.COLUMNS) + "\n<<<<\n"])
def test_totals_of_another_layout(tmp_path, content):
    (tmp_path / "data").mkdir()
    (tmp_path / accept.TOTALS).write_text(content)
    with pytest.raises(LayoutError, match="remove it and run `tradeflows accept`"):
        accept.committed(tmp_path)


def rows_of(verdict, of_part, value="1.0"):
    head = {"claim": "A", "verdict": verdict, "part": "it fell", "of_part": of_part}
    return [head | {"reading": "x", "value": value}]


def test_a_part_that_moved_is_named():
    old, new = rows_of("in part", "holds"), rows_of("in part", "leans yes")
    assert accept.verdict_changes(old, new) == ["claim A, it fell: holds → leans yes"]
    whole = [{key: row[key] for key in ("claim", "verdict", "reading", "value")} for row in old]
    assert accept.verdict_changes(whole, rows_of("holds", "holds")) == ["claim A: in part → holds"]
