"""Notebooks are run and read back, and pages are written that open from disk."""

import re
import resource
from contextlib import contextmanager

import pytest
from synthetic import CLAIM, notebook, save_notebook

from tradeflows import notebooks, report, schema, tables
from tradeflows.errors import BuildError
from tradeflows.notebooks import NotebookError
from tradeflows.report import ReportError

HOME = "https://example.org"
LISTED = """<table><thead><tr><th>source_id</th><th>claims</th></tr></thead><tbody>
<tr><th>oil</th><td>not &amp; stated</td><td>1 &amp; 2</td></tr></tbody></table>"""


@pytest.fixture
def project(make_root):
    """Build a project with one source, and no notebook yet."""
    root = make_root({"oil": {"title": "Prices of <nothing>", "address": HOME}})
    tables.build(root)
    return root


@pytest.fixture
def quick(monkeypatch):
    """Let the pages be made of notebooks as they stand, since to run one takes seconds."""
    monkeypatch.setattr(report, "run", lambda paths, root: [notebooks.load(p) for p in paths])


# --- running --------------------------------------------------------------------------------------


def test_each_notebook_runs_in_its_own_folder_and_no_file_is_touched(tmp_path):
    code = "import os\nassert os.environ['TRADEFLOWS_ROOT'].endswith('here')\nos.getcwd()"
    paths = [save_notebook(tmp_path / name / "a.ipynb", "## Where", code) for name in ("x", "y")]
    before = [path.read_bytes() for path in paths]
    run = notebooks.run(paths, tmp_path / "here")
    assert [notebooks.claims(each)["Where"] for each in run] == [str(p.parent) for p in paths]
    assert [path.read_bytes() for path in paths] == before


def test_a_backend_of_the_user_does_not_cost_the_pictures(tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    (run,) = notebooks.run([save_notebook(tmp_path / "a.ipynb", *CLAIM)])
    assert "image/png" in run.cells[3].outputs[-1].data


def test_every_notebook_that_fails_is_named_with_its_claim_in_one_line(tmp_path):
    cells = {
        "a": ["## One", "1", "## Two is two", "two = 3\nassert two == 2"],
        "b": ["raise ValueError('many words\\nand the last line')"],
        "c": ["## Gone", "import os\nos._exit(1)"],
        "d": ["# Well", "1"],
    }
    paths = [save_notebook(tmp_path / f"{name}.ipynb", *each) for name, each in cells.items()]
    with pytest.raises(NotebookError) as caught:
        notebooks.run(paths)
    first, second, third = str(caught.value).splitlines()
    assert first == f"{paths[0]}: Two is two: AssertionError: assert two == 2"
    assert second == f"{paths[1]}: before the first claim: ValueError: and the last line"
    assert third.startswith(f"{paths[2]}: its kernel stopped: ")


@pytest.mark.parametrize("content", ["", "{}", "[]", "1", "<html>", '{"nbformat": 4}'])
def test_what_is_no_notebook_is_named_in_one_line(tmp_path, content):
    path = tmp_path / "a.ipynb"
    path.write_text(content)
    with pytest.raises(NotebookError, match=r"a\.ipynb: expected a notebook, found") as caught:
        notebooks.load(path)
    assert "\n" not in str(caught.value)


def test_a_notebook_that_is_absent_is_named_in_one_line(tmp_path):
    with pytest.raises(NotebookError, match=r"a\.ipynb: cannot be read \(No such file"):
        notebooks.run([tmp_path / "a.ipynb"])


# --- reading --------------------------------------------------------------------------------------


def test_a_claim_is_its_heading_and_the_sentence_of_its_check():
    read = notebook(
        ("assert True", "before any claim"),
        "## One\n\nwords",
        ("drawn", {"text/plain": "a table"}),
        ("x = 1\nassert x", "it's so"),
        "# not a claim\n### nor this",
        ("assert 2", "and so"),
        "## Two ",
        ("3", "no check"),
        "## Three",
        ("assert 3", {"text/plain": "3.0"}),
    )
    assert notebooks.claims(read) == {"One": "it's so; and so"}
    assert notebooks.numbers(read) == {"One": "a table", "Three": "3.0"}


def test_a_check_without_its_sentence_makes_no_claim():
    assert notebooks.claims(notebook("## One", "assert 1", "assert 2")) == {}


@pytest.mark.parametrize("text", ["", "3", "'unclosed", "'a', 'b'", "b'bytes'", "'a' + x"])
def test_what_is_not_one_string_is_no_sentence(text):
    (cell,) = notebook(("1", {"text/plain": text})).cells
    assert notebooks.sentence(cell.outputs[0]) == ""


def test_the_list_of_sources_is_read_back():
    read = notebook("## One", ("charts.sources({})", {"text/html": LISTED, "text/plain": "…"}))
    assert notebooks.sources_used(read) == {"oil": "1 & 2"}
    assert notebooks.numbers(read) == {}


# --- pages ----------------------------------------------------------------------------------------


def test_a_report_is_the_same_pages_every_time_one_a_notebook_with_index_and_dictionary(
    project, tmp_path
):
    save_notebook(project / "notebooks" / "01_no_price.ipynb", *CLAIM)
    to = tmp_path / "new" / "report"
    written = report.write([], to, project)
    assert [path.name for path in written] == ["01_no_price.html", "dictionary.html", "index.html"]
    assert sorted(path.name for path in to.iterdir()) == [
        ".01_no_price.json", "01_no_price.html", "dictionary.html", "index.html",
    ]  # fmt: skip
    page, index = (to / "01_no_price.html").read_text(), (to / "index.html").read_text()
    alt = r"The price fell &amp; fell: 8 dollars &lt;less&gt;"
    for text in (page, index):
        assert re.search(rf'<img [^>]*alt="{alt}"', text)
        assert "Did the price of nothing fall?" in text
    assert '<h2 id="the-price-fell-fell">The price fell &amp; fell</h2>' in page
    assert "8 dollars &lt;less&gt;</p>" in page
    assert 'href="01_no_price.html#the-price-fell-fell"' in index
    assert "<p>It fell by 8 dollars,\nin a month.</p>" in index
    assert "Prices of &lt;nothing&gt;" in index
    again = report.write([], tmp_path / "again", project)
    assert [p.read_bytes() for p in again] == [p.read_bytes() for p in written]


def test_code_and_numbers_are_closed_at_first_and_below_the_sentence(project, tmp_path, quick):
    draw = ("ax = 1\ncharts.drawn(ax)", {"text/plain": "1", "text/html": "<table></table>"})
    path = save_notebook(
        tmp_path / "a.ipynb", "# T?", "import x", "y = 1", "## C", draw, ("assert 1", "so")
    )
    report.write([path], tmp_path, project)
    page = (tmp_path / "a.html").read_text()
    assert page.count("<details") == 3  # imports with load; numbers; chart with check
    assert "<details open" not in page
    order = [page.index(text) for text in ("so</p>", "Numbers drawn", "drawn</span>")]
    assert order == sorted(order)


def test_the_sources_of_a_page_come_from_the_catalogue_in_full(project, tmp_path, quick):
    listing = ("charts.sources({})", {"text/html": LISTED, "text/plain": "…"})
    report.write([save_notebook(tmp_path / "a.ipynb", "# T?", listing)], tmp_path, project)
    page = (tmp_path / "a.html").read_text()
    assert '<a href="index.html#oil">Prices of &lt;nothing&gt;</a>' in page
    assert "1 &amp; 2" in page
    assert "charts.sources" not in page


def test_nothing_on_a_page_is_loaded_from_elsewhere(project, tmp_path, quick):
    report.write([save_notebook(tmp_path / "a.ipynb", *CLAIM)], tmp_path, project)
    for page in tmp_path.glob("*.html"):
        text = page.read_text()
        assert "<script" not in text
        assert (
            re.findall(r'(?:src|href)="(?!data:|#|[\w.]+\.html|https://example\.org")', text) == []
        )
        assert "@import" not in text
        assert "url(" not in text


def test_the_index_keeps_the_pages_that_were_not_made_anew(project, tmp_path, quick):
    paths = [
        save_notebook(project / "notebooks" / f"{name}.ipynb", f"# Is it {name}?", "## C",
                      ("assert 1", f"yes, {name}"))
        for name in ("01_a", "02_b", "03_c")
    ]  # fmt: skip
    report.write(paths[:2], tmp_path, project)
    first = (tmp_path / "01_a.html").read_bytes()
    assert report.write(paths[1:2], tmp_path, project)[0] == tmp_path / "02_b.html"
    index = (tmp_path / "index.html").read_text()
    assert index.index("yes, 01_a") < index.index("yes, 02_b")
    assert "Is it 03_c?" not in index
    assert (tmp_path / "01_a.html").read_bytes() == first


def test_the_dictionary_explains_every_field_flag_and_qualifier(project, tmp_path, quick):
    report.write([save_notebook(tmp_path / "a.ipynb", "# T?")], tmp_path, project)
    page = (tmp_path / "dictionary.html").read_text()
    fields = {field["field"] for contract in schema.TABLES.values()
              for field in schema.describe(contract)}  # fmt: skip
    terms = set(re.findall(r"<code>(.*?)</code>", page))
    assert fields | {*schema.FLAGS} <= terms
    assert {"=", "~", "≤", "&gt;"} <= terms


@pytest.mark.parametrize("names", [["x/a", "y/a"], ["x/index"]])
def test_two_pages_of_one_name_are_refused_before_anything_is_run(project, tmp_path, names):
    paths = [tmp_path / f"{name}.ipynb" for name in names]
    with pytest.raises(ReportError, match="would be written twice: rename a notebook"):
        report.write(paths, tmp_path, project)


def test_absent_tables_are_named_with_the_command_that_makes_them(make_root, tmp_path):
    with pytest.raises(BuildError, match="absent; run `tradeflows build`"):
        report.write([], tmp_path, make_root({"oil": {}}))


def test_a_file_in_the_place_of_the_folder_is_one_clear_line(project, tmp_path, quick):
    (tmp_path / "report").write_text("mine")
    with pytest.raises(ReportError, match=r"report/dictionary\.html: cannot be written \("):
        report.write([], tmp_path / "report", project)
    assert (tmp_path / "report").read_text() == "mine"


@contextmanager
def files_of_at_most(size):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_fills_loses_no_old_file_and_leaves_no_new_one(tmp_path):
    old = tmp_path / "a.html"
    old.write_text("old")
    files = {old: "new", tmp_path / "b.html": "x" * 5000}
    with files_of_at_most(4000), pytest.raises(ReportError, match=r"b\.html: cannot be written"):
        report.save(files)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.html", "old")]
