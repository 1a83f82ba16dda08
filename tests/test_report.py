"""Notebooks are run and read back, and pages are written that open from disk."""

import csv
import gzip
import html
import io
import json
import re
import resource
import shutil
import sys
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from functools import partial

import maps
import matplotlib.pyplot as plt
import pytest
from PIL import Image
from synthetic import CLAIM, notebook, save_notebook, saved_sources

from tradeflows import claims, cli, tables
from tradeflows.claims import verdict_rule
from tradeflows.claims.verdict_text import TONES
from tradeflows.model import contracts, schema
from tradeflows.model.errors import BuildError, SourceError
from tradeflows.report import (
    chart_downloads,
    chart_hook,
    chart_html,
    claim_cards,
    claim_picture,
    front,
    notebooks,
    pages,
)
from tradeflows.report.notebooks import NotebookError
from tradeflows.report.pages import ReportError
from tradeflows.report.site import render
from tradeflows.retrieval import catalogue
from tradeflows.retrieval.project import Project

HOME = "https://example.org"
NAMED = Project("Oil", speaker={"Gazette": "The Gazette"})
LISTED = """<table><thead><tr><th>source_id</th><th>claims</th></tr></thead><tbody>
<tr><th>oil</th><td>not &amp; stated</td><td>1 &amp; 2</td></tr></tbody></table>"""


def as_they_stand(patch):
    """Let the pages be made of notebooks as they stand, since to run one takes seconds."""
    patch.setattr(pages, "run", lambda paths, *_: [notebooks.load(path) for path in paths])


@pytest.fixture
def quick(monkeypatch):
    as_they_stand(monkeypatch)


# --- running --------------------------------------------------------------------------------------


def test_each_notebook_runs_in_its_folder(tmp_path):
    code = "import os\nassert os.environ['TRADEFLOWS_ROOT'].endswith('here')\nos.getcwd()"
    paths = [save_notebook(tmp_path / name / "a.ipynb", "## Where", code) for name in ("x", "y")]
    before = [path.read_bytes() for path in paths]
    run = notebooks.run(paths, tmp_path / "here")
    assert [notebooks.findings(each)["Where"] for each in run] == [str(p.parent) for p in paths]
    assert [path.read_bytes() for path in paths] == before


# A kernel shows the next best form of a thing whose display fails, and goes on.
UNSHOWN = (
    "class Chart:\n    def _repr_html_(self):\n        raise ValueError('no such column')\n"
    "    def __repr__(self):\n        return 'a chart'\n\nChart()"
)


def test_each_failure_is_named_in_a_line(tmp_path):
    cells = {
        "a": ["## One", "1", "## Two is two", "two = 3\nassert two == 2"],
        "b": ["raise ValueError('many words\\nand the last line')"],
        "c": ["## Gone", "import os\nos._exit(1)"],
        "d": ["# Well", "1"],
        "e": ["## One", UNSHOWN],
    }
    paths = [save_notebook(tmp_path / f"{name}.ipynb", *each) for name, each in cells.items()]
    with pytest.raises(NotebookError) as caught:
        notebooks.run(paths)
    first, second, third, last = str(caught.value).splitlines()
    assert first == f"{paths[0]}: Two is two: AssertionError: assert two == 2"
    assert second == f"{paths[1]}: before the first claim: ValueError: and the last line"
    assert third.startswith(f"{paths[2]}: its kernel stopped: ")
    assert last == f"{paths[4]}: One: ValueError: no such column"


@pytest.mark.parametrize("content", ["", "{}", "[]", "1", "<html>", '{"nbformat": 4}'])
def test_what_is_no_notebook_is_named(tmp_path, content):
    path = tmp_path / "a.ipynb"
    with pytest.raises(NotebookError, match=r"a\.ipynb: cannot be read \(No such file"):
        notebooks.run([path])
    path.write_text(content)
    with pytest.raises(NotebookError, match=r"a\.ipynb: expected a notebook, found") as caught:
        notebooks.load(path)
    assert "\n" not in str(caught.value)


# --- reading --------------------------------------------------------------------------------------


def test_a_claim_is_heading_and_sentence():
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
        "## Four",
        ("charts.sources({})", {"text/html": LISTED, "text/plain": "…"}),
    )
    assert notebooks.findings(read) == {"One": "it's so; and so"}
    assert notebooks.numbers(read) == {"One": "a table", "Three": "3.0"}
    assert saved_sources(read) == {"oil": "1 & 2"}
    assert notebooks.findings(notebook("## One", "assert 1", "assert 2")) == {}


@pytest.mark.parametrize("text", ["", "3", "'unclosed", "'a', 'b'", "b'bytes'", "'a' + x"])
def test_only_a_string_is_a_sentence(text):
    (cell,) = notebook(("1", {"text/plain": text})).cells
    assert notebooks.sentence(cell.outputs[0]) == ""


# --- a report of a ledger and a notebook, and the notebook as it is run ---------------------------

LEDGER = """
version = 3
[claim.P1]
theme = "prices"
statement = "The price of <nothing> was above 60."
claimed = { value = 60, unit = "USD", qualifier = ">" }
asks = { measure = "rate", start = "2020-01", end = "2020-01" }
open = { start = [], end = [] }
open_because = "no month is named"
printed_because = "the Gazette says so below"
who = "Gazette"
where = "page 1"
[[claim.P1.reading]]
name = "first month"
read = { table = "rates", start = "2020-01", end = "2020-01" }
result = "rate"
[[claim.P1.reading]]
name = "second month"
read = { table = "rates", start = "2020-02", end = "2020-02" }
result = "rate"
[claim.P2]
theme = "prices"
statement = "Nothing was sold."
claimed = { unit = "qualitative" }
window = "2020"
who = "Gazette"
where = "https://example.org"
not_tested = "not public"
"""
FIGURES = """\
id,topic,exporter,importer,product,hs_codes,period_start,period_end,freq,value,unit,qualifier,\
underlying_statistic,publisher,publication_date,source_url,confidence,notes
F1,goods,RUS,KAZ,goods,,2020-01,2020-12,annual,1,USD,=,\
GACC (Chinese customs),Gazette,2021-05,example.org,high,
"""
NOTE = "EU27_2020 sends it from 2023-05 on."
DRAWN = (
    "# Did it rise?",
    "import pandas as pd\n\nimport tradeflows as tf\nfrom tradeflows import charts",
    "months = pd.to_datetime(['2020-01', '2020-02', '2020-03', '2020-04'])\n"
    "rates = [63.65, None, 55.66, 55.66]\n"
    "frame = pd.DataFrame({'ref_period': months, 'rate': rates, 'by': 'CHN'})\n"
    "frame.attrs = {'sources': ('oil',), 'caveats': ('mind the gap',)}",
    "## It rose",
    "crude_ax = charts.lines(\n"
    "    frame, y='rate', by='by', title='It rose', unit='USD', source='Demo'\n"
    ")\n"
    "charts.drawn(crude_ax)",
    "tf.cards('P1')",
    "pd.DataFrame({'claims': ['1 & 2']}, index=pd.Index(['oil'], name='source_id'))",
    'pd.DataFrame({"exporter": ["CHN"], "window_text": ["2022-03"]})',
    "from tradeflows.explore.answer import answer\n"
    'made = {"reporter_iso": ["CHN"], "value": [0.338578359753], "unit": "ratio"}\n'
    'answer(pd.DataFrame(made), "Of CNY, risk_review")',
    'pd.DataFrame({"value_m": [1e5, 3.0]})["value_m"].describe()',
)
# As it is saved: what a page folds, and in which order.
SAVED = (
    "# T?",
    "import x",
    "y = 1",
    "## From 4 to 34 %\n\nUp by 30 %: most.",
    ("ax = 1\ncharts.drawn(ax)", {"text/plain": "1", "text/html": "<table></table>"}),
    ("assert 1", "so"),
    "## Two",
    ("answer", {"text/plain": "its rows"}),
    ("charts.drawn(answer.plot())", {"text/plain": "its points"}),
    ("assert 1", "so too"),
    (
        "charts.sources({})",
        {
            "text/html": LISTED,
            "text/plain": "…",
            chart_hook.FACTS: {"sources": {"oil": "1 & 2"}},
        },
    ),
)


def ledger_in(make_root, about=""):
    """Build a project with a ledger of two claims."""
    printed = maps.tidy("published_figures_dual_use", repeats=None) | {"text": FIGURES}
    oil = {"title": "Prices of <nothing>", "address": HOME, "vintage": "by row", "note": NOTE}
    root = make_root({"oil": oil, "printed": printed})
    (root / "data" / "claims.toml").write_text(LEDGER)
    (root / "project.toml").write_text(f'title = "Oil"\nexample = "P1"\n{about}')
    tables.build(root)
    return root


@pytest.fixture
def judged(make_root):
    return ledger_in(make_root)


@pytest.fixture(scope="module")
def of_module(root_maker, tmp_path_factory):
    return ledger_in(partial(root_maker, tmp_path_factory.mktemp("of_module")))


@pytest.fixture(scope="module")
def executed(of_module, tmp_path_factory):
    """Run a notebook of a chart, a card and tables, for a page and plainly."""
    path = save_notebook(tmp_path_factory.mktemp("executed") / "a.ipynb", *DRAWN)
    return [notebooks.run([path], of_module, start)[0] for start in (chart_hook.START, "")]


@pytest.fixture(scope="module")
def folder(of_module, tmp_path_factory, executed):
    """A report of the saved notebook and of the one that was run, without an address."""
    to = tmp_path_factory.mktemp("site")
    paths = [
        save_notebook(to / f"{name}.ipynb", *cells) for name, cells in (("s", SAVED), ("a", DRAWN))
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            pages, "run", lambda paths, *_: [notebooks.load(paths[0]), deepcopy(executed[0])]
        )
        pages.write(paths, to, of_module)
    return to


@pytest.fixture(scope="module")
def site(folder):
    return {path.name: path.read_text() for path in folder.glob("*.html")}


def test_a_page_folds_code_and_numbers(site):
    page = site["s.html"].partition("<main")[2]
    assert "<details open" not in page
    assert "From 4 to 34\u00a0%</h2>" in page
    assert "Up by 30\u00a0%: most." in page
    first, second = page.split("<h2")[1:3]
    assert page.partition("<h2")[0].count("<details") == 1  # imports with load
    assert first.count("<details") == 3  # numbers, what is checked, the code
    order = ["so</p>", "Numbers of the chart", "drawn(ax)\n\nassert"]
    assert sorted(order, key=first.index) == order
    order = ["so too", ">Table<", "its rows", "Numbers of the chart", "its points"]
    assert sorted(order[1:], key=second.index) == order[1:]
    assert second.count(">Numbers of the chart<") == second.count(">Table<") == 1
    assert '<a href="sources.html#oil">Prices of &lt;nothing&gt;</a>' in page
    assert "1 &amp; 2" in page
    assert "charts.sources" not in page


def test_a_page_loads_nothing_else(site):
    for text in site.values():
        own = r"data:|#|[\w.]+\.html|charts/|cards/|assets/|https://example\.org\""
        assert re.findall(rf'(?:src|href)="(?!{own})', text) == []
        assert "@import" not in text
        assert not re.search(r"url\((?!#)", text)


def test_the_dictionary_is_complete(site):
    described = (schema.describe(contract) for contract in schema.TABLES.values())
    fields = {field["field"] for fields in described for field in fields}
    terms = set(re.findall(r"<code>(.*?)</code>", site["dictionary.html"]))
    assert fields | {*contracts.FLAGS, "=", "~", "≤", "&gt;"} <= terms


def cut(page, claim):
    return re.search(rf'<article class="[^"]*" id="{claim}".*?</article>', page, re.S)[0]


def test_a_card_has_its_raw_lines(site, folder):
    first, second = (cut(site["ledger.html"], claim) for claim in ("P1", "P2"))
    for said in (
        "The price of &lt;nothing&gt; was above 60.",
        "Claimed: more than $60, by Gazette (page 1).",
        "depends</b>: yes if first month ($63.6); no if second month ($55.7) <a",
        "unclear in the sentence: no month is named; 2 readings stand for all.",
        "<b>$63.6</b>",
        '<caption><a href="sources.html#oil">demo/oil.csv</a></caption>',
        "<td>2</td><td>63.65 USD</td><td><code>2020-01,<wbr><mark>63.65</mark></code>",
        "Demo: transcribed",
    ):
        assert said in first, said
    assert re.findall('class="says">(.*?)<', first) == ["holds", "7.2 % less than claimed"]
    assert "Why it is open: the records behind it are not public." in second
    assert "<details" not in second
    (shared,) = re.findall('<a href="(cards/.*?)">picture to share</a>', first)
    assert Image.open(io.BytesIO((folder / shared).read_bytes())).size == claim_picture.SIZE
    assert "ld+json" not in site["ledger.html"]  # without an address of the report


def test_a_source_says_who_counted_and_who_uses_it(site, of_module):
    page = site["sources.html"]
    source = catalogue.load(of_module)["oil"]
    for text in (
        source.sha256,
        f"{source.bytes} bytes",
        "rates</a>: 2020 2",
        "not stated",
        "<dd>EU27 sends it from May 2023 on.</dd>",
        "<dt>Release</dt><dd>one a row; obtained",
    ):
        assert text in page, text
    assert not re.findall(r"by row|Vintage|obtained \d{4}-", page)
    assert re.findall('href="ledger.html#(P.)"', page) == ["P1"]
    told = re.findall("<dt>Who counted</dt><dd>(.*?)</dd>", page)
    assert told == ["the numbers of an office", "each row says it"]


def test_a_source_says_who_carried_it_and_who_gains(make_root, tmp_path, quick):
    flows = maps.tidy("comtrade_china_drone_exports_2022_2025")
    flows["text"] = "year,partner_code,hs6,value_usd\n2024,0,880621,700\n"
    seller = {"collector": "Gazprom", "witness": "measured", "interested": True}
    root = make_root({"flows": flows, "oil": seller | {"via": "somebody (prices)"}})
    tables.build(root)
    pages.write([save_notebook(tmp_path / "a.ipynb", "# T?")], tmp_path, root)
    page = (tmp_path / "sources.html").read_text()
    assert re.findall("<dt>Who counted</dt><dd>(.*?)</dd>", page) == [
        "the office of each row’s reporter; the numbers of an office",
        "Gazprom; measured, and no office’s numbers; gains by the answer",
    ]
    carried = re.findall(r"</a></td><td>(.*?)</td>", page)
    assert sorted(carried) == ["Demo", "Demo, via somebody"]


def test_no_source_speaks_of_its_columns():
    for source in catalogue.load(catalogue.root()).values():
        said = f"{source.left_out} {source.steps} {source.via} {source.note}"
        columns = {name for name in source.arguments.get("columns", ()) if "_" in name}
        assert not columns & set(re.findall(r"\w+", said))


def test_facts_come_from_the_objects_of_a_run_for_a_page(executed):
    full, plain = executed
    assert chart_hook.facts_of(plain) == {"sources": {}, "cards": []}
    assert chart_hook.facts_of(full) == {"sources": {"oil": "1 & 2"}, "cards": ["P1"]}
    assert [chart_hook.MIME in run.cells[4].outputs[1].data for run in executed] == [True, False]


def test_a_run_for_a_page_prints_frames_answers_and_series(executed):
    full, plain = (
        [cell.outputs[0].data.get("text/html", "") for cell in run.cells[7:]] for run in executed
    )
    assert "<td>China</td><td>March 2022</td>" in full[0]
    assert "Of yuan, risk review" in full[1]
    assert '<td class="number">0.3386</td>' in full[1]
    assert '<td>max</td><td class="number">100,000</td>' in full[2]
    assert "CHN" in plain[0]


# --- pages ----------------------------------------------------------------------------------------

REFERENCE = ["sources.html", "methods.html", "dictionary.html", "index.html"]


def test_a_report_is_the_same_every_time_and_tells_each_step(make_root, tmp_path, monkeypatch):
    """Steps are told on a terminal; test_init has one elsewhere."""
    project = make_root({"oil": {"title": "Prices of <nothing>", "address": HOME}})
    tables.build(project)
    monkeypatch.setenv("MPLBACKEND", "agg")  # a user's, which costs no picture
    save_notebook(project / "notebooks" / "01_no_price.ipynb", *CLAIM)
    to, again = tmp_path / "new" / "report", tmp_path / "again"
    written = pages.write([], to, project)
    assert [path.name for path in written] == ["01_no_price.html", *REFERENCE]
    kept = [".01_no_price.json", "01_no_price.html", "assets", "charts", *REFERENCE]
    assert sorted(path.name for path in to.iterdir()) == sorted(kept)
    page, index = (to / "01_no_price.html").read_text(), (to / "index.html").read_text()
    (picture,) = re.findall('<img [^>]*src="charts/01_no_price-1.png"[^>]*>', page)
    assert 'alt="The price fell &amp; fell"' in picture
    assert (to / "charts" / "01_no_price-1.png").read_bytes().startswith(b"\x89PNG")
    assert "8 dollars &lt;less&gt;</p>" in page
    assert '<h2 id="the-price-fell-fell">The price fell &amp; fell</h2>' in page
    for said in ('href="01_no_price.html"', "fall?"):
        assert said in index, said
    assert "<p>It fell by 8 dollars,\nin a month.</p>" in index

    shutil.rmtree(project / "data" / "processed")  # the command builds what is absent
    stream = io.StringIO()
    stream.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", stream)
    assert cli.main(["--root", str(project), "report", "--to", str(again)]) == 0
    files = [path for path in to.rglob("*") if path.is_file()]
    assert [
        path for path in files if (again / path.relative_to(to)).read_bytes() != path.read_bytes()
    ] == []
    lines = re.sub(r"[^\n]*\r|\x1b\[A", "", stream.getvalue()).splitlines()
    told = [re.sub(r": [\d.]+ s$", ": ", line) for line in lines]
    assert [line for line in told if line.startswith(("01_no", "running", "writing"))] == [
        *("running the notebooks", "01_no_price.ipynb: ", "writing 01_no_price.html: ")
    ]


def test_the_index_keeps_older_pages(judged, tmp_path, quick):
    made = {name: judged / "notebooks" / f"{name}.ipynb" for name in ("01_a", "02_b", "03_c")}
    for name, path in made.items():
        save_notebook(path, f"# Is it {name}?", "## C", ("assert 1", f"yes, {name}"))
    paths = [*made.values()]
    pages.write(paths[:2], tmp_path, judged)
    first = (tmp_path / "01_a.html").read_bytes()
    assert pages.write(paths[1:2], tmp_path, judged)[0] == tmp_path / "02_b.html"
    index = (tmp_path / "index.html").read_text()
    assert index.index("Is it 01_a?") < index.index("Is it 02_b?")
    assert "Is it 03_c?" not in index
    assert (tmp_path / "01_a.html").read_bytes() == first


# --- the ledger -----------------------------------------------------------------------------------


def test_a_report_of_another_ledger_and_with_an_address(judged, tmp_path, quick):
    other = tmp_path / "mine.toml"
    other.write_text(LEDGER.replace("P1", "Q1").replace("P2", "Q2"))
    (judged / "project.toml").write_text(f'title = "Demo"\naddress = "{HOME}/report"\n')
    pages.write([], tmp_path / "to", judged, ledger=other)
    page = (tmp_path / "to" / "ledger.html").read_text()
    assert ('id="Q1"' in page, 'id="P1"' in page) == (True, False)
    sources = (tmp_path / "to" / "sources.html").read_text()
    assert re.findall('href="ledger.html#(..)"', sources) == ["Q1"]
    (text,) = re.findall('<script type="application/ld\\+json">(.*?)</script>', page)
    assert json.loads(text)["url"] == f"{HOME}/report/ledger.html#Q1"


def test_claim_and_chart_lead_to_each_other(of_module):
    """A claim stands below the charts that name it, and leads to the first that names few."""
    verdicts = claims.verdicts(root=of_module)
    listed = {"id": "list", "claims": ["P1", "P2", "P3", "P4", "P5"]}
    charts = [listed, {"id": "near", "claims": ["P1"]}, {"id": "none"}]
    stories = {"a": {"charts": charts, "cards": ["P1", "P2", "P6"]}, "b": {"charts": charts[1:]}}
    places = chart_html.places(stories)
    assert (places["P1"], places["P2"]) == ("a.html#near", "a.html#list")
    claim = chart_html.claim_line(verdicts[0], NAMED)
    assert (claim["id"], claim["statement"]) == ("P1", "The price of <nothing> was above 60.")
    shown, told = (
        {"take": {}, "heights": [1, 2]},
        {"base": "", "counted": front.COUNTED, "tones": TONES},
    )
    below = render("chart", {}, chart=shown, claims=[claim], **told)
    for page in (below, render("claims", {}, claims=[claim])):
        assert 'The Gazette: <a href="ledger.html#P1">The price of &lt;nothing&gt; was' in page
    assert f'Tested: {html.escape(claim["statement"])} <b class="{claim["tone"]}">' in below
    folded = render("chart", {}, chart=shown, claims=[claim] * 5, **told)
    counted = f'5 claims; all <b class="{claim["tone"]}">{front.COUNTED[claim["group"]][0]}'
    assert counted in folded
    assert pages._links(verdicts, stories, [])["P1"]["chart"] == "a.html#near"
    del stories["a"]["charts"]
    assert pages._links(verdicts, {"a": stories["a"]}, [])["P1"]["charts"] == "a.html"


def test_many_lines_are_cut_short(judged, tmp_path, quick, monkeypatch):
    monkeypatch.setattr(claim_cards, "LINES", 0)  # of a notebook
    monkeypatch.setenv("TRADEFLOWS_ROOT", str(judged))
    command = "<code>tradeflows trace P1 --definition &#34;first month"
    assert f"And 1 more, which {command}" in claim_cards.cards("P1")._repr_html_()
    monkeypatch.setattr(claim_cards, "MOST", 0)
    pages.write([], tmp_path, judged)
    first = cut((tmp_path / "ledger.html").read_text(), "P1")
    assert 'And 1 more row of these files, which <a href="sources.html">the sources' in first
    assert "tradeflows trace" not in first


def test_numbers_as_a_newspaper_has_them():
    assert claims.amount(81e9, "USD", 4) == "$81 billion"
    assert claims.amount(-2.5e6, "USD", 4) == "−$2.5 million"
    assert claims.amount(43.04, "percent", 4) == "43.04 %"
    assert claims.amount(1.65e6, "bbl/day", 4) == "1.65 million barrels a day"
    assert claims.amount(700, "tonnes", 4) == "700 tonnes"


def test_bars_share_an_axis_with_zero(of_module):
    (card, _) = claim_cards.themes(claims.verdicts(root=of_module), of_module, {})["prices"]
    [part] = card["parts"]
    first, second = part["readings"]
    assert (first["bar"][0], second["bar"][0]) == (0.0, 0.0)
    assert first["band"] == second["band"]
    assert first["band"][1] == 100.0
    assert second["bar"][1] < first["band"][0] < first["bar"][1]


def test_nothing_decided_has_no_bars(judged, site, tmp_path, quick):
    """What is held is shown, and no picture of what it would decide."""
    assert cut(site["ledger.html"], "P1").count("<svg") == 2
    doubted = LEDGER.replace('result = "rate"', 'result = "rate"\ndoubt = "it is a guess"')
    (judged / "data" / "claims.toml").write_text(doubted)
    pages.write([], tmp_path, judged)
    first = cut((tmp_path / "ledger.html").read_text(), "P1")
    assert "cannot be told</b>: first month: $63.6, which says nothing: it is a guess" in first
    assert (first.count("<svg"), first.count('class="value"')) == (0, 2)


def test_a_card_says_who_counted(of_module):
    """Of an office its source is enough; who gains by the answer, and who is not named, is said."""
    [reading, _] = claims.verdicts(root=of_module)[0].readings
    told = {
        ("office", "China Customs", False): "",
        ("measured", "Gazprom", True): "counted by Gazprom, who gains by the answer",
        ("measured", "Gazprom and network operators", True): (
            "counted by Gazprom with the operators of the pipelines, "
            "of whom one gains by the answer"
        ),
        ("as printed", "China Customs", False): "from Chinese customs, as printed",
        ("reworked", "Eurostat", False): "figures of Eurostat, reworked",
        ("relay", "", False): "nobody is named who counted",
    }
    for witness, words in told.items():
        by = replace(reading, witness=verdict_rule.Witness(*witness))
        assert claim_cards._counted_by(by) == words


# --- what can be taken along ----------------------------------------------------------------------


def test_a_chart_can_be_taken_along(folder, site):
    taken = site["a.html"].partition('class="chart-take"')[2].partition("</figure>")[0]
    png, svg, phone, numbers, here, alone = re.findall('<a href="(.*?)">', taken)
    cite = re.search("Cite as: (.*?)</p>", taken)[1]
    assert cite.startswith("“It rose”. Data: Office of Invention, obtained by 30 June 2024.")
    assert Image.open(io.BytesIO((folder / png).read_bytes())).width > 1000
    assert (here, alone) == ("a.html#crude", "charts/a-crude.html")
    widths = []
    for drawing in ((folder / name).read_text() for name in (svg, phone)):
        assert ">It rose</text>" in drawing
        assert "'DejaVu Sans', Verdana" in drawing
        widths.append(float(re.search(r'width="([\d.]+)pt"', drawing)[1]))
    assert widths[0] > 1.5 * widths[1]
    lines = (folder / numbers).read_text().splitlines()
    head = [line for line in lines if line.startswith("# ")]
    assert lines[len(head) :] == [
        *("ref_period,CHN", "2020-01-01,63.6", "2020-02-01,", "2020-03-01,55.7", "2020-04-01,55.7")
    ]
    assert head[:2] == ["# It rose", "# unit: USD"]
    assert any(line.endswith(f"licence: not stated; {HOME}") for line in head)
    assert "# note: mind the gap" in head


def test_a_page_holds_two_drawings_and_its_lists_stand_beside_it(folder, site):
    (figure,) = re.findall('<figure class="chart" id="crude".*?</figure>', site["a.html"], re.S)
    assert figure.count("<svg") == 2
    assert 'aria-label="It rose. USD. China: 63.6 in January 2020, 55.7 in April 2020.' in figure
    assert '<details class="chart-lists" data-from="charts/a-crude.js">' in figure
    assert "63.6</td>" not in figure
    assert "charts.drawn(ax)" not in figure
    own = (folder / "charts" / "a-crude.html").read_text()
    script = (folder / "charts" / "a-crude.js").read_text()
    lists = json.loads(re.fullmatch(r'chartLists\["charts/a-crude.js"\] = (".*");\n', script)[1])
    for entry in re.findall(' id="(crude-n[0-9]+)"', own):
        assert f'<details id="{entry}">' in lists
    table = lists.partition('class="sortable"')[2].partition("</table>")[0]
    cells = re.findall(r"<t[hd]\b[^>]*>(.*?)</t[hd]>", table)
    assert [re.sub("<[^>]*>", "", cell) for cell in cells] == [
        *("Period", "China", "January 2020", "63.6", "February 2020", ""),
        *("March 2020", "55.7", "April 2020", "55.7"),
    ]
    for entry, number in re.findall(r'<a href="#([^"]+)">([^<]+)</a>', table):
        assert re.search(f'<details id="{entry}"><summary>China, \\w+ 2020: {number}<', lists)
    assert table.count("<a href") == lists.count('<details id="crude-n')
    assert "USD. An empty cell: no figure is held." in table


def test_a_figure_in_words_is_sorted_by_its_number():
    rows = [["x", "2.0", "", "2.0"], ["y", "", "14.5", "14.5 to 19"], ["z", "", "", "none"]]
    table = chart_html._table([["Name", "Tonnes", "Tonnes: lowest", "As printed"], *rows])
    assert [one for *_, one in table["places"]] == ["2.0", "14.5", ""]
    assert table["table"][0] == ["x", "2", "", "2.0"], "as printed, with its last zeros"


def test_a_chart_has_a_page_of_its_own(folder):
    alone = (folder / "charts" / "a-crude.html").read_text()
    assert alone.count("<svg") == 2
    assert re.findall("<h1.*?>(.*?)</h1>", alone) == ["It rose"]
    head = alone.partition("</head>")[0]
    assert re.findall('rel="canonical" href="(.*?)"', head) == ["../a.html#crude"]
    links = [link.partition("#")[0] for link in re.findall('(?:href|src)="(.*?)"', alone)]
    files = {link for link in links if link.startswith("../")}
    assert {"../a.html", "../assets/chart.js"} <= files
    assert [link for link in files if not (folder / "charts" / link).resolve().is_file()] == []


@pytest.mark.parametrize("address", ["", f"{HOME}/report"])
def test_addresses_lead_to_files(judged, tmp_path, address, monkeypatch, executed):
    monkeypatch.setattr(pages, "run", lambda *_: [deepcopy(executed[0])])
    (judged / "project.toml").write_text(f'title = "Oil"\nexample = "P1"\naddress = "{address}"\n')
    site = tmp_path / "site"
    pages.write([save_notebook(tmp_path / "a.ipynb", *DRAWN)], site, judged)
    written = [*site.rglob("*.html")]
    assert {page.name for page in written} >= {"index.html", "ledger.html", "a-crude.html"}
    for page in written:
        head = page.read_text().partition("</head>")[0]
        urls = dict(re.findall('"(canonical|og:url|og:image)" (?:href|content)="(.*?)"', head))
        # A network reads an address in full alone: neither a page's own nor a picture's else.
        assert set(urls) == {"canonical", *(["og:url", "og:image"] if address else [])}
        assert ("summary_large_image" in head) <= ("og:image" in urls)
        for url in urls.values():
            assert url.startswith(f"{HOME}/report/" if address else "")
            path = url.removeprefix(f"{HOME}/report/").partition("#")[0]
            assert ((site if address else page.parent) / path).is_file()
    only = f'src="{HOME}/report/charts/a-crude.html#only"'
    assert (only if address else "before <code>charts/</code>") in (site / "a.html").read_text()


@pytest.mark.parametrize(
    ("names", "expected"),
    [(["crude_ax"], "crude"), (["_", "eu_gas_ax"], "eu-gas"), (["_3"], "chart")],
)
def test_a_chart_is_called_as_its_variable(names, expected):
    axes = plt.subplots()[1]
    variables = {"frame": 1, "other_ax": plt.subplots()[1], **dict.fromkeys(names, axes)}
    assert chart_hook.id_of(axes.figure, variables) == expected
    plt.close("all")
    assert chart_hook.unused("crude", ["crude", "crude-2"]) == "crude-3"


def test_packed_lines_are_the_same_bytes_by_every_python():
    """Its head names no day, no file and no system."""
    packed = chart_downloads._packed(b"period,2020\n" * 9)
    assert packed[:10].hex() == "1f8b08000000000002ff"
    assert gzip.decompress(packed) == b"period,2020\n" * 9


def test_no_cell_is_a_formula():
    rows = [["period", "=1+1", "-9.5"], ["@x", "+1 t", "-1,234e5"], ["=", "-", "2023-05"]]
    assert [*csv.reader(chart_downloads._table(rows).splitlines())] == [
        *(["period", "'=1+1", "-9.5"], ["'@x", "'+1 t", "-1,234e5"], ["=", "-", "2023-05"])
    ]


def test_a_number_below_zero_has_a_minus_on_a_page():
    said = "EU -93 Mt (-81 %), 2021-12 and HS-2"
    assert pages.with_minus(said) == "EU −93 Mt (−81 %), 2021-12 and HS-2"


# --- what can go wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize("names", [["x/a", "y/a"], ["x/index"]])
def test_two_pages_of_one_name(of_module, tmp_path, names):
    paths = [tmp_path / f"{name}.ipynb" for name in names]
    with pytest.raises(ReportError, match="would be written twice: rename a notebook"):
        pages.write(paths, tmp_path, of_module)


def test_absent_tables_name_the_command(make_root, tmp_path):
    with pytest.raises(BuildError, match="absent; run `tradeflows build`"):
        pages.write([], tmp_path, make_root({"oil": {}}))


def test_an_altered_file_makes_no_page(judged, tmp_path, quick):
    (judged / "data" / "raw" / "demo" / "oil.csv").write_text("period,usd_per_barrel\n2020-01,1\n")
    with pytest.raises(SourceError, match="oil"):
        pages.write([], tmp_path, judged)
    assert not (tmp_path / "index.html").exists()


def test_a_file_in_the_folder_s_place(of_module, tmp_path, quick):
    (tmp_path / "report").write_text("mine")
    with pytest.raises(ReportError, match=r"report/assets/page\.css: cannot be written \("):
        pages.write([], tmp_path / "report", of_module)
    assert (tmp_path / "report").read_text() == "mine"


@contextmanager
def files_of_at_most(size):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_loses_no_old_file(tmp_path):
    old = tmp_path / "a.html"
    old.write_text("old")
    files = {old: "new", tmp_path / "b.html": "x" * 5000}
    with files_of_at_most(4000), pytest.raises(ReportError, match=r"b\.html: cannot be written"):
        pages.save(files)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.html", "old")]
