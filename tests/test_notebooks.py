"""What nbval does not see: the rules that make its comparison worth something.

What a notebook says in large letters has the ledger's verdicts, round numbers and no codes.
"""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import words
from synthetic import CLAIM, save_notebook, saved_sources

from tradeflows import claims
from tradeflows.report import accept, notebooks

ROOT = Path(__file__).parents[1]
OWN = sorted((ROOT / "notebooks").glob("*.ipynb"))
# What `init --from` writes follows no rule of these: it has neither findings nor sentences.
PATHS = [*OWN, ROOT / "examples" / "soybeans" / "notebooks" / "01_soybeans.ipynb"]
FORBIDDEN_TAGS = {"nbval-skip", "nbval-ignore-output", "nbval-raises-exception", "raises-exception"}
LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.Try, ast.TryStar)
FORBIDDEN_CODE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, *LOOPS)
READ_BACK = r"^(?:charts\.drawn\()?(\w+_ax)(?:\.table|\))$"  # the last line of a cell with a chart
READERS = {"drawn", "sources", "alt"}  # functions of charts that draw nothing
NUMBER = r"\d+(?:[.,]\d+)*"
YEAR = re.compile(r"(19|20)\d\d")


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return notebooks.load(path)


@pytest.fixture
def cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def data_of(cell):
    return [output.get("data", {}) for output in cell.get("outputs", [])]


def answer_of(notebook):
    """The paragraph below the question."""
    return notebook.cells[0].source.partition("\n")[2].strip().partition("\n\n")[0]


def prose_of(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def draws(cell):
    """Whether a cell of code calls a function of charts that draws, or an answer's plot()."""
    called = [
        node.func
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    return any(
        func.attr == "plot" or (ast.unparse(func.value) == "charts" and func.attr not in READERS)
        for func in called
    )


def test_it_was_run_as_it_stands(notebook, cells):
    # nbval compares nothing in a cell without an execution count.
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.language_info == {"name": "python"}
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    outputs = [output for cell in cells for output in cell.outputs]
    assert [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"] == []


def test_no_cell_escapes_the_check_and_code_only_calls(path, cells):
    first, *others = trees = [ast.parse(cell.source) for cell in cells]  # a magic is no Python
    for cell in cells:
        assert not FORBIDDEN_TAGS & {*cell.metadata.get("tags", [])}
        assert "NBVAL_" not in cell.source
    nodes = [node for tree in trees for node in ast.walk(tree)]
    assert [ast.unparse(node) for node in nodes if isinstance(node, FORBIDDEN_CODE)] == []
    imports = (ast.Import, ast.ImportFrom)
    assert all(isinstance(node, imports) for node in first.body)
    assert not any(isinstance(node, imports) for tree in others for node in ast.walk(tree))
    texts = [node.value for node in nodes if isinstance(node, ast.Constant)]
    assert [text for text in texts if re.match(r"/\w|~/|[A-Za-z]:\\|file:", str(text))] == []
    assert str(ROOT) not in path.read_text(encoding="utf-8")


def test_each_number_of_a_chart_has_its_raw_lines(cells):
    shown = {
        chart: data["text/html"]
        for cell in cells
        for chart in re.findall(READ_BACK, cell.source, re.M)
        for data in data_of(cell)
        if "text/html" in data
    }
    assert shown
    for chart, page in shown.items():
        assert 'class="chart-lines"' in page, chart
        assert "Without a list" not in page, chart


def test_each_chart_is_checked(cells):
    for chart, after in zip(cells, [*cells[1:], None], strict=True):
        if not draws(chart):
            continue
        assert re.fullmatch(READ_BACK, chart.source.splitlines()[-1])
        pictures = ["image/png" in data for data in data_of(chart)]
        assert sorted(pictures) == [False, True], "a picture and its numbers"
        # Of a longer table pandas prints ten rows, and nbval compares what is printed.
        printed = "\n".join(data.get("text/plain", "") for data in data_of(chart))
        assert not re.search(r"^\.\.\. +\.\.\.|^\[\d+ rows x \d+ columns\]", printed, re.M)
        assert after is not None
        body = ast.parse(after.source).body
        assert any(isinstance(node, ast.Assert) for node in body), after.source
        assert isinstance(body[-1], ast.Expr), after.source
        [sentence] = after.outputs
        assert notebooks.sentence(sentence), after.source


def test_a_question_has_its_answer_as_the_readme_does(path, notebook):
    assert notebook.cells[0].cell_type == "markdown"
    title, answer = notebook.cells[0].source.split("\n\n")[:2]
    assert re.fullmatch(r"# .+\?", title)
    answer = " ".join(answer.split())
    assert re.search(r"\d", answer)
    # A card of the front page shows the first clause alone on a phone.
    first = re.split(r"[:;.] ", answer)[0]
    assert re.search(r"\d", first) or len(first.split()) > 7, first
    readme = " ".join((path.parents[1] / "README.md").read_text(encoding="utf-8").split())
    assert f"**[{title.removeprefix('# ')}](notebooks/{path.name})** {answer}" in readme


def test_no_dollars_make_a_formula(notebook):
    paragraphs = [text for source in prose_of(notebook) for text in source.split("\n\n")]
    assert [text for text in paragraphs if text.count("$") > 1] == []


def test_the_numbers_of_answer_and_headings_are_checked(notebook):
    """As they are in a finding or rounded, years apart; or a text would outlive its number."""
    findings = notebooks.findings(notebook)
    said = re.findall(NUMBER, " ".join(findings.values()))
    claimed = set(re.findall(NUMBER, answer_of(notebook)))
    assert {number for number in claimed - set(said) if not YEAR.fullmatch(number)} == set()
    for heading, sentence in findings.items():
        said, claimed = (
            re.findall(r"\d+(?:\.\d+)?", text.replace(",", ""))
            for text in (sentence, re.sub(r"^Finding \d+\.", "", heading))
        )
        for number in claimed:
            digits = len(number.partition(".")[2])
            rounded = [round(float(each), digits) for each in said]
            assert YEAR.fullmatch(number) or float(number) in rounded, (number, heading)


def test_each_heading_has_chart_and_check(notebook):
    headings = [of for source in prose_of(notebook) for of in notebooks.HEADING.findall(source)]
    code = notebooks.code(notebook)
    listed = (notebooks.lists_sources, notebooks.shows_cards)
    under = {of for of, cell in code if not any(is_so(cell) for is_so in listed)}
    if headings[-1] not in under:
        headings.pop()  # a closing word, with the sources below it
    assert headings
    assert len(headings) == len(set(headings))
    assert list(notebooks.findings(notebook)) == headings
    drawn = [heading for heading, cell in notebooks.code(notebook) if draws(cell)]
    assert list(dict.fromkeys(drawn)) == headings


def test_the_last_cell_lists_the_sources_with_their_claims(notebook, cells):
    assert [cell for cell in cells if notebooks.lists_sources(cell)] == cells[-1:]
    used = saved_sources(notebook)
    assert used
    assert [claims for claims in used.values() if "..." in claims or not claims] == []


def test_claims_have_a_notebook_and_charts_name_none_that_is_not_in_the_ledger():
    known, shown = claims.load(), []
    for path in OWN:
        for _, cell in notebooks.code(notebooks.load(path)):
            if notebooks.shows_cards(cell):
                page = cell.outputs[0].data["text/html"]
                shown += re.findall('<article [^>]*id="(.*?)"', page)
            for ids in re.findall(r"claims=\[([^\]]*)\]", cell.source):
                assert set(re.findall(r"\w+", ids)) <= set(known), path
    assert sorted(shown) == sorted(known)


def test_no_long_table_before_its_picture():
    tour = notebooks.load(ROOT / "notebooks" / "explore.ipynb")
    lengths = []
    for cell in tour.cells[:-1]:  # the last lists the sources, and has no picture
        for data in data_of(cell):
            opened = re.sub(r"<details.*?</details>", "", data.get("text/html", ""), flags=re.S)
            bodies = re.findall(r"<tbody>.*?</tbody>", opened, flags=re.S)
            lengths += [body.count("<tr") for body in bodies]
    assert len(lengths) > 15
    assert max(lengths) <= 12


# --- large letters --------------------------------------------------------------------------------

# Words by which a heading gives a verdict. Where it counts claims, the number is checked elsewhere.
COUNTED = re.compile(
    r"\d+ (claims )?(are |is |it )?(holds?|leans? (yes|no)|differs?|depends?|not decided|"
    r"not tested|cannot be told)\b"
)
VERDICTS = {
    claims.HOLDS_WITHIN_REVISIONS: r"\bholds? within revisions\b",
    claims.HOLDS_BY_MEASUREMENT: r"\bholds? by measurement\b",
    claims.HOLDS: r"\bholds?(?= *(?:$|[.,;:]| and\b| but\b))",
    claims.LEANS_YES: r"\bleans? yes\b",
    claims.DEPENDS: r"\bdepends?(?= *(?:$|[.,;:]| and\b| but\b)| on (what|who)\b)",
    claims.LEANS_NO: r"\bleans? no\b",
    claims.DIFFERS: r"\bdiffers?\b(?! by)",
    claims.CONTRADICTED: r"\bcontradicted\b",
    claims.NOT_DECIDED: r"\bnot decided\b",
    claims.NOT_TESTED: r"\bnot tested\b",
}
# Words of judgement that the ledger does not have.
OTHER = re.compile(
    r"\b(agrees?(?! within)|confirm(s|ed)?|refute[sd]?|proves?|proven|correct|wrong)\b", re.I
)
CODES = re.compile(r"\b(EU27|CHN|RUS|IND|[ADEOPU]\d\d|HS \d+|\d{4} \d\d)\b|\w_\w")


def large(notebook):
    """Question, answer, headings and titles of charts, each with the heading it stands under."""
    question, answer = notebook.cells[0].source.split("\n\n")[:2]
    yield from (("", question), ("", answer))
    for heading in dict.fromkeys(heading for heading, _ in notebooks.walk(notebook) if heading):
        yield heading, heading
    for heading, cell in notebooks.code(notebook):
        for node in ast.walk(ast.parse(cell.source)):
            is_title = isinstance(node, ast.keyword) and node.arg == "title"
            if is_title and isinstance(node.value, ast.Constant):
                yield heading, node.value.value


def faults(notebook, ledger):
    """Texts whose verdict is not that of the claims which the code below them names."""
    named = {}
    for heading, cell in notebooks.code(notebook):
        if not notebooks.shows_cards(cell):
            nodes = ast.walk(ast.parse(cell.source))
            strings = {node.value for node in nodes if isinstance(node, ast.Constant)}
            named.setdefault(heading, set()).update(strings & set(ledger))
    for heading, text in large(notebook):
        plain = COUNTED.sub("", text)
        verdicts = {verdict for verdict, said in VERDICTS.items() if re.search(said, plain)}
        untold = {"cannot be told"} if "cannot be told" in plain else set()
        groups = {claims.GROUPS[verdict] for verdict in verdicts} | untold
        if not groups:
            continue
        known = {ledger[name] for name in named.get(heading) or named.get("", set())}
        of_known = {claims.GROUPS[verdict] for verdict in known}  # which a heading may say as well
        # The answer may speak of some of the claims that the first cells name.
        is_other = groups != of_known if heading else not groups <= of_known
        if not verdicts <= known | of_known or is_other:
            yield f"{text!r}, but the ledger: {sorted(known) or 'no claim is named'}"


@pytest.fixture(scope="module")
def ledger():
    """The verdicts as announced, which test_verdicts has judged anew."""
    return {row["claim"]: row["verdict"] for row in accept.verdicts(ROOT)}


def too_exact(text):
    """Numbers of more than three significant figures, years apart; last zeros are none."""
    numbers = re.findall(r"\d+(?:\.\d+)?", re.sub(r"(?<=\d),(?=\d{3})", "", text))
    exact = []
    for number in numbers:
        digits = number if "." in number else number.rstrip("0")
        if len(digits.replace(".", "").lstrip("0")) > 3 and not YEAR.fullmatch(number):
            exact.append(number)
    return exact


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_large_letters_have_the_ledger_s_verdicts_and_no_exact_number(path, ledger):
    notebook = notebooks.load(path)
    assert [*faults(notebook, ledger)] == []
    texts = [text for _, text in large(notebook)]
    assert [text for text in texts if OTHER.search(text)] == []
    assert [text for text in texts if CODES.search(text)] == []
    assert [text for text in texts if too_exact(text)] == []
    prose = [*prose_of(notebook), *notebooks.findings(notebook).values()]
    assert [number for text in prose for number in too_exact(text) if "." in number] == []


# --- words that are counted, and the names that nbval's cells get ---------------------------------


def test_too_many_words_are_counted():
    cells = [
        f"note = {'one two ' * 11!r}",
        "a_ax = charts.bars(frame, title='It {} rose', unit='Mt', note=note, names={'a': 'b'})",
        f"b_ax = charts.bars(frame, title={'word ' * 121!r}, unit=f'% of {{whole}}')",
    ]
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


@pytest.mark.slow
def test_nbval_names_a_cell_s_claim(tmp_path):
    shutil.copy(ROOT / "notebooks" / "conftest.py", tmp_path)
    save_notebook(tmp_path / "01_oil.ipynb", *CLAIM, "## Of x::y", "1")
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider"]
    command += [f"--rootdir={tmp_path}", "--nbval", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[:4] == [
        "01_oil.ipynb::before the first claim [cell 0]",
        "01_oil.ipynb::The price fell & fell [cell 1]",
        "01_oil.ipynb::The price fell & fell [cell 2]",
        "01_oil.ipynb::Of x:y [cell 3]",
    ]
