"""What nbval does not see: the rules that make its comparison worth something."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import without_lines
import words
from synthetic import CLAIM, save_notebook, saved_sources

from tradeflows import claims
from tradeflows.report import notebooks

ROOT = Path(__file__).parents[1]
OWN = sorted((ROOT / "notebooks").glob("*.ipynb"))
# What `init --from` writes follows no rule of these: it has neither findings nor sentences.
PATHS = [*OWN, ROOT / "examples" / "soybeans" / "notebooks" / "01_soybeans.ipynb"]
NEEDED = {
    "00_what_the_report_says",
    "01_energy_rerouting",
    "02_yuan_settlement",
    "03_drone_parts",
    "04_dual_use",
    "05_trade_as_a_whole",
    "06_energy_dependence",
    "07_the_way_round",
    "08_where_publishers_differ",
}
FORBIDDEN_TAGS = {"nbval-skip", "nbval-ignore-output", "nbval-raises-exception", "raises-exception"}
FORBIDDEN_CODE = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Lambda,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.Try,
    ast.TryStar,
)
READ_BACK = r"^(?:charts\.drawn\()?(\w+_ax)(?:\.table|\))$"  # the last line of a cell with a chart
READERS = {"drawn", "sources", "alt"}  # functions of charts that draw nothing


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return notebooks.load(path)


@pytest.fixture
def cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def draws(cell):
    """Whether a cell of code calls a function of charts that draws, or an answer's plot()."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (
            node.func.attr == "plot"
            or (ast.unparse(node.func.value) == "charts" and node.func.attr not in READERS)
        )
        for node in ast.walk(ast.parse(cell.source))
    )


def checks(cell):
    """Whether a cell of code asserts something and ends in a sentence that it shows."""
    body = ast.parse(cell.source).body
    return (
        any(isinstance(node, ast.Assert) for node in body)
        and isinstance(body[-1], ast.Expr)
        and len(cell.outputs) == 1
        and notebooks.sentence(cell.outputs[0]) != ""
    )


def test_the_notebooks_are_there():
    assert {path.stem for path in PATHS} >= NEEDED


def test_it_was_run_top_to_bottom(cells):
    # nbval compares nothing in a cell without an execution count.
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


def test_its_metadata_are_the_same(notebook):
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.language_info == {"name": "python"}
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


def test_no_cell_escapes_the_check(cells):
    for cell in cells:
        assert not FORBIDDEN_TAGS & {*cell.metadata.get("tags", [])}
        assert "NBVAL_" not in cell.source
        # A magic hides what follows it from nbval, and is no Python.
        ast.parse(cell.source)


def test_imports_come_first(cells):
    first, *others = [ast.parse(cell.source) for cell in cells]
    imports = (ast.Import, ast.ImportFrom)
    assert all(isinstance(node, imports) for node in first.body)
    assert [node for tree in others for node in ast.walk(tree) if isinstance(node, imports)] == []


def test_code_only_calls(cells):
    for cell in cells:
        found = [
            node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, FORBIDDEN_CODE)
        ]
        assert [ast.unparse(node) for node in found] == []


def test_each_number_of_a_chart_has_its_raw_lines(path, cells):
    shown = {
        chart.removesuffix("_ax"): output["data"].get("text/html", "")
        for cell in cells
        for chart in re.findall(READ_BACK, cell.source, re.M)
        for output in cell.outputs
        if "text/html" in output.get("data", {})
    }
    assert shown
    assert [
        chart
        for chart, page in shown.items()
        if ('class="chart-lines"' not in page or "Without a list" in page)
        and chart not in without_lines.CHARTS.get(path.stem, ())
    ] == []


def test_no_machine_s_path_is_in_it(path, cells):
    texts = [
        node.value
        for cell in cells
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert [text for text in texts if re.match(r"/\w|~/|[A-Za-z]:\\|file:", text)] == []
    assert str(ROOT) not in path.read_text(encoding="utf-8")


def test_no_warning_and_no_error(cells):
    outputs = [output for cell in cells for output in cell.outputs]
    assert [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"] == []


def test_each_chart_is_checked(cells):
    for chart, after in zip(cells, [*cells[1:], None], strict=True):
        if draws(chart):
            assert re.fullmatch(READ_BACK, chart.source.splitlines()[-1])
            pictures = [o for o in chart.outputs if "image/png" in o.get("data", {})]
            assert len(pictures) == 1, chart.source
            assert len(chart.outputs) == 2, "a picture and its numbers"
            assert after is not None
            assert checks(after), after.source


def test_drawn_numbers_are_in_full(cells):
    # Of a longer table pandas prints ten rows, and nbval compares what is printed.
    for cell in filter(draws, cells):
        for output in cell.outputs:
            text = output.get("data", {}).get("text/plain", "")
            assert not re.search(r"^\.\.\. +\.\.\.|^\[\d+ rows x \d+ columns\]", text, re.M)


def test_a_question_has_its_answer(notebook):
    assert notebook.cells[0].cell_type == "markdown"
    title, answer, *_ = filter(None, notebook.cells[0].source.splitlines())
    assert title.startswith("# ")
    assert title.endswith("?")
    assert re.search(r"\d", answer)


def test_the_first_clause_answers_by_itself(notebook):
    """A card of the front page shows it alone on a phone."""
    answer = notebook.cells[0].source.partition("\n")[2].strip().partition("\n\n")[0]
    first = re.split(r"[:;.] ", " ".join(answer.split()))[0]
    assert re.search(r"\d", first) or len(first.split()) > 7, first


def test_the_readme_has_the_answer(path, notebook):
    title, answer = notebook.cells[0].source.split("\n\n")[:2]
    project = path.parents[1]
    readme = " ".join((project / "README.md").read_text(encoding="utf-8").split())
    link = f"**[{title.removeprefix('# ')}](notebooks/{path.name})**"
    assert f"{link} {' '.join(answer.split())}" in readme


def test_no_dollars_make_a_formula(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for paragraph in cell.source.split("\n\n"):
                assert paragraph.count("$") < 2


def test_the_answer_s_numbers_are_checked(notebook):
    answer = notebook.cells[0].source.partition("\n")[2].strip().partition("\n\n")[0]
    said = " ".join(notebooks.findings(notebook).values())
    number = r"\d+(?:[.,]\d+)*"
    years = {str(year) for year in range(1990, 2040)}
    assert {*re.findall(number, answer)} - {*re.findall(number, said)} - years == set()


def test_a_heading_s_numbers_are_checked(notebook):
    """As it is there or rounded, years apart; or a heading would outlive its number."""
    for heading, sentence in notebooks.findings(notebook).items():
        said, claimed = (
            re.findall(r"\d+(?:\.\d+)?", text.replace(",", ""))
            for text in (sentence, re.sub(r"^Finding \d+\.", "", heading))
        )
        for number in claimed:
            digits = len(number.partition(".")[2])
            assert re.fullmatch(r"(19|20)\d\d", number) or any(
                round(float(each), digits) == float(number) for each in said
            ), f"{number} of {heading!r} is not in {sentence!r}"


def test_each_heading_has_chart_and_check(notebook):
    headings = [
        of
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for of in notebooks.HEADING.findall(cell.source)
    ]
    under = {
        of
        for of, cell in notebooks.code(notebook)
        if not (notebooks.lists_sources(cell) or notebooks.shows_cards(cell))
    }
    if headings[-1] not in under:
        headings.pop()  # a closing word, with the sources below it
    assert headings
    assert len(headings) == len(set(headings))
    assert list(notebooks.findings(notebook)) == headings
    drawn = [heading for heading, cell in notebooks.code(notebook) if draws(cell)]
    assert list(dict.fromkeys(drawn)) == headings


def test_the_last_cell_lists_the_sources(cells):
    assert notebooks.lists_sources(cells[-1])
    assert [cell for cell in cells[:-1] if notebooks.lists_sources(cell)] == []


def test_sources_list_their_claims(notebook):
    used = saved_sources(notebook)
    assert used
    assert [claims for claims in used.values() if "..." in claims or not claims] == []


def test_each_claim_has_a_notebook():
    shown = [
        claim
        for one in OWN
        for _, cell in notebooks.code(notebooks.load(one))
        if notebooks.shows_cards(cell)
        for claim in re.findall('<article [^>]*id="(.*?)"', cell.outputs[0].data["text/html"])
    ]
    assert sorted(shown) == sorted(claims.load())


def test_too_many_words_are_counted():
    cells = [
        f"note = {'one two ' * 11!r}",
        "a_ax = charts.bars(frame, title='It {} rose', unit='Mt', note=note, names={'a': 'b'})",
        f"b_ax = charts.bars(frame, title={'word ' * 121!r}, unit=f'% of {{whole}}')",
    ]
    assert [*words.charts_of(cells)] == [("a_ax", 22, 27), ("b_ax", 0, 122)]
    assert words.long_charts(Path("x"), cells) == [
        "x: a_ax: 22 words of its note, 20 at most",
        "x: b_ax: 122 words of all, 120 at most",
    ]
    page = words.Page(
        "<head><title>no</title></head><p>Two words, 3 %</p><details><summary>One</summary>"
        '<p>hidden</p></details><figure class="chart" id="a"><div class="chart-wide"><svg><text>'
        'in the chart 5</text></svg></div><div class="chart-narrow"><svg><text>not</text></svg>'
        "</div></figure><template><p>made later</p></template><br>"
    )
    assert (page.words, page.charts, page.nodes) == (3, {"a": 3}, 15)


# --- the names that nbval's cells get -------------------------------------------------------------


def collected(folder, *options):
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, f"--rootdir={folder}", *options, "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.splitlines()


@pytest.mark.slow
def test_nbval_names_a_cell_s_claim(tmp_path):
    shutil.copy(ROOT / "notebooks" / "conftest.py", tmp_path)
    save_notebook(tmp_path / "01_oil.ipynb", *CLAIM, "## Of x::y", "1")
    assert collected(tmp_path, "--nbval")[:4] == [
        "01_oil.ipynb::before the first claim [cell 0]",
        "01_oil.ipynb::The price fell & fell [cell 1]",
        "01_oil.ipynb::The price fell & fell [cell 2]",
        "01_oil.ipynb::Of x:y [cell 3]",
    ]


def test_no_long_table_before_its_picture():
    tour = notebooks.load(ROOT / "notebooks" / "explore.ipynb")
    lengths = []
    for cell in tour.cells[:-1]:  # the last lists the sources, and has no picture
        for output in cell.get("outputs", []):
            page = output.get("data", {}).get("text/html", "")
            opened = re.sub(r"<details.*?</details>", "", page, flags=re.DOTALL)
            bodies = re.findall(r"<tbody>.*?</tbody>", opened, flags=re.DOTALL)
            lengths += [body.count("<tr") for body in bodies]
    assert len(lengths) > 15
    assert max(lengths) <= 12


def test_the_claims_that_a_chart_names_are_in_the_ledger():
    known = claims.load()
    named = re.compile(r"claims=\[([^\]]*)\]")
    for path in OWN:
        for cell in notebooks.load(path).cells:
            for ids in named.findall(cell.source):
                assert set(re.findall(r"\w+", ids)) <= set(known), path
