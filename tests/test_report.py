"""Notebooks are run and read back, and pages are written that open from disk."""

import csv
import gzip
import html
import io
import json
import re
import resource
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


@pytest.fixture
def project(make_root):
    return with_a_source(make_root)


def with_a_source(make_root):
    """Build a project with one source, and no notebook yet."""
    root = make_root({"oil": {"title": "Prices of <nothing>", "address": HOME}})
    tables.build(root)
    return root


@pytest.fixture
def quick(monkeypatch):
    """Let the pages be made of notebooks as they stand, since to run one takes seconds."""
    monkeypatch.setattr(pages, "run", lambda paths, *_: [notebooks.load(p) for p in paths])


# --- running --------------------------------------------------------------------------------------


def test_each_notebook_runs_in_its_folder(tmp_path):
    code = "import os\nassert os.environ['TRADEFLOWS_ROOT'].endswith('here')\nos.getcwd()"
    paths = [save_notebook(tmp_path / name / "a.ipynb", "## Where", code) for name in ("x", "y")]
    before = [path.read_bytes() for path in paths]
    run = notebooks.run(paths, tmp_path / "here")
    assert [notebooks.findings(each)["Where"] for each in run] == [str(p.parent) for p in paths]
    assert [path.read_bytes() for path in paths] == before


def test_each_failure_is_named_in_a_line(tmp_path):
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


def test_what_cannot_be_shown_is_an_error(tmp_path):
    """A kernel shows the next best form of a thing whose display fails, and goes on."""
    source = (
        "class Chart:\n    def _repr_html_(self):\n        raise ValueError('no such column')\n"
        "    def __repr__(self):\n        return 'a chart'\n\nChart()"
    )
    path = save_notebook(tmp_path / "a.ipynb", "## One", source)
    with pytest.raises(NotebookError) as caught:
        notebooks.run([path])
    assert str(caught.value) == f"{path}: One: ValueError: no such column"


@pytest.mark.parametrize("content", ["", "{}", "[]", "1", "<html>", '{"nbformat": 4}'])
def test_what_is_no_notebook_is_named(tmp_path, content):
    path = tmp_path / "a.ipynb"
    path.write_text(content)
    with pytest.raises(NotebookError, match=r"a\.ipynb: expected a notebook, found") as caught:
        notebooks.load(path)
    assert "\n" not in str(caught.value)


def test_an_absent_notebook_is_named(tmp_path):
    with pytest.raises(NotebookError, match=r"a\.ipynb: cannot be read \(No such file"):
        notebooks.run([tmp_path / "a.ipynb"])


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
    )
    assert notebooks.findings(read) == {"One": "it's so; and so"}
    assert notebooks.numbers(read) == {"One": "a table", "Three": "3.0"}


def test_a_check_without_a_sentence():
    assert notebooks.findings(notebook("## One", "assert 1", "assert 2")) == {}


@pytest.mark.parametrize("text", ["", "3", "'unclosed", "'a', 'b'", "b'bytes'", "'a' + x"])
def test_only_a_string_is_a_sentence(text):
    (cell,) = notebook(("1", {"text/plain": text})).cells
    assert notebooks.sentence(cell.outputs[0]) == ""


def test_saved_sources_are_read_back():
    read = notebook("## One", ("charts.sources({})", {"text/html": LISTED, "text/plain": "…"}))
    assert saved_sources(read) == {"oil": "1 & 2"}
    assert notebooks.numbers(read) == {}


# --- pages ----------------------------------------------------------------------------------------


def picture_of(page, path):
    """Read the attributes of the picture from `path`."""
    (tag,) = re.findall(f'<img [^>]*src="{path}"[^>]*>', page)
    return dict(re.findall('(\\w+)="(.*?)"', tag))


REFERENCE = ["sources.html", "methods.html", "dictionary.html", "index.html"]


def test_a_report_is_the_same_every_time(project, tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")  # a user's, which costs no picture
    save_notebook(project / "notebooks" / "01_no_price.ipynb", *CLAIM)
    to = tmp_path / "new" / "report"
    written = pages.write([], to, project)
    assert [path.name for path in written] == ["01_no_price.html", *REFERENCE]
    kept = [".01_no_price.json", "01_no_price.html", "assets", "charts", *REFERENCE]
    assert sorted(path.name for path in to.iterdir()) == sorted(kept)
    page, index = (to / "01_no_price.html").read_text(), (to / "index.html").read_text()
    alt = picture_of(page, "charts/01_no_price-1.png")["alt"]
    assert alt == "The price fell &amp; fell"
    assert 'src="charts/01_no_price-1.png"' in index
    assert "Did the price of nothing fall?" in page
    assert "Did the price of nothing fall?" in index
    assert (to / "charts" / "01_no_price-1.png").read_bytes().startswith(b"\x89PNG")
    assert '<h2 id="the-price-fell-fell">The price fell &amp; fell</h2>' in page
    assert "8 dollars &lt;less&gt;</p>" in page
    assert 'href="01_no_price.html"' in index
    assert "<p>It fell by 8 dollars,\nin a month.</p>" in index
    assert "Prices of &lt;nothing&gt;" in (to / "sources.html").read_text()
    pages.write([], tmp_path / "again", project)
    files = [path for path in to.rglob("*") if path.is_file()]
    assert [(tmp_path / "again" / p.relative_to(to)).read_bytes() for p in files] == [
        path.read_bytes() for path in files
    ]


def test_code_and_numbers_are_closed(project, tmp_path, quick):
    draw = ("ax = 1\ncharts.drawn(ax)", {"text/plain": "1", "text/html": "<table></table>"})
    path = save_notebook(
        tmp_path / "a.ipynb", "# T?", "import x", "y = 1", "## C", draw, ("assert 1", "so")
    )
    pages.write([path], tmp_path, project)
    page = (tmp_path / "a.html").read_text().partition("<main")[2]
    assert page.count("<details") == 4  # imports with load; numbers; what is checked; the code
    assert "<details open" not in page
    order = [page.index(text) for text in ("so</p>", "Numbers of the chart", "drawn(ax)\n\nassert")]
    assert order == sorted(order)


def test_a_number_keeps_its_per_cent(project, tmp_path, quick):
    path = save_notebook(tmp_path / "a.ipynb", "# T?", "## From 4 to 34 %\n\nUp by 30 %: most.")
    pages.write([path], tmp_path, project)
    page = (tmp_path / "a.html").read_text()
    assert '<h2 id="from-4-to-34">From 4 to 34\u00a0%</h2>' in page
    assert "Up by 30\u00a0%: most." in page


def test_only_drawn_numbers_are_called_so(project, tmp_path, quick):
    answer = ("answer", {"text/plain": "its rows"})
    draw = ("charts.drawn(answer.plot())", {"text/plain": "its points"})
    path = save_notebook(tmp_path / "a.ipynb", "# T?", answer, draw, ("assert 1", "so"))
    pages.write([path], tmp_path, project)
    page = (tmp_path / "a.html").read_text()
    parts = [
        page.index(text) for text in (">Table<", "its rows", "Numbers of the chart", "its points")
    ]
    assert parts == sorted(parts)
    assert page.count(">Numbers of the chart<") == page.count(">Table<") == 1


def test_a_page_lists_its_sources(project, tmp_path, quick):
    kept = {chart_hook.FACTS: {"sources": {"oil": "1 & 2"}}}
    listing = ("charts.sources({})", {"text/html": LISTED, "text/plain": "…"} | kept)
    pages.write([save_notebook(tmp_path / "a.ipynb", "# T?", listing)], tmp_path, project)
    page = (tmp_path / "a.html").read_text()
    assert '<a href="sources.html#oil">Prices of &lt;nothing&gt;</a>' in page
    assert "1 &amp; 2" in page
    assert "charts.sources" not in page


def test_a_page_loads_nothing_else(project, tmp_path, quick):
    pages.write([save_notebook(tmp_path / "a.ipynb", *CLAIM)], tmp_path, project)
    for page in tmp_path.glob("*.html"):
        text = page.read_text()
        own = r"data:|#|[\w.]+\.html|charts/|assets/|https://example\.org\""
        assert re.findall(rf'(?:src|href)="(?!{own})', text) == []
        assert "@import" not in text
        assert "url(" not in text


def test_the_index_keeps_older_pages(project, tmp_path, quick):
    paths = [
        save_notebook(
            project / "notebooks" / f"{name}.ipynb",
            f"# Is it {name}?",
            "## C",
            ("assert 1", f"yes, {name}"),
        )
        for name in ("01_a", "02_b", "03_c")
    ]
    pages.write(paths[:2], tmp_path, project)
    first = (tmp_path / "01_a.html").read_bytes()
    assert pages.write(paths[1:2], tmp_path, project)[0] == tmp_path / "02_b.html"
    index = (tmp_path / "index.html").read_text()
    assert index.index("Is it 01_a?") < index.index("Is it 02_b?")
    assert "Is it 03_c?" not in index
    assert (tmp_path / "01_a.html").read_bytes() == first


def test_the_dictionary_is_complete(project, tmp_path, quick):
    pages.write([save_notebook(tmp_path / "a.ipynb", "# T?")], tmp_path, project)
    page = (tmp_path / "dictionary.html").read_text()
    fields = {
        field["field"] for contract in schema.TABLES.values() for field in schema.describe(contract)
    }
    terms = set(re.findall(r"<code>(.*?)</code>", page))
    assert fields | {*contracts.FLAGS} <= terms
    assert {"=", "~", "≤", "&gt;"} <= terms


# --- the ledger -----------------------------------------------------------------------------------

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


@pytest.fixture
def judged(make_root):
    """Build a project with a ledger of two claims."""
    printed = {
        **maps.tidy("published_figures_dual_use", repeats=None),
        "text": FIGURES,
    }
    root = make_root({"oil": {"address": HOME}, "printed": printed})
    (root / "data" / "claims.toml").write_text(LEDGER)
    tables.build(root)
    return root


def cut(page, claim):
    return re.search(rf'<article class="[^"]*" id="{claim}".*?</article>', page, re.S)[0]


def test_limits_are_said_in_names(judged):
    [verdict, *_] = claims.verdicts(root=judged)
    texts = ("oil: 2 rows", "net_wgt_kg as means", "soil and oils")
    known = catalogue.entries(verdict.readings[0].sources, judged)
    shown = claim_cards.named_in_print(texts, known, judged)
    assert shown == ["Demo: 2 rows", "net weight in kg as means", "soil and oils"]


def test_a_card_has_its_raw_lines(judged, tmp_path, quick):
    pages.write([], tmp_path, judged)
    page = (tmp_path / "ledger.html").read_text()
    first, second = cut(page, "P1"), cut(page, "P2")
    assert "The price of &lt;nothing&gt; was above 60." in first
    assert "Claimed: more than $60, by Gazette (page 1)." in first
    assert "depends</b>: yes if first month ($63.6); no if second month ($55.7) <a" in first
    assert "unclear in the sentence: no month is named; 2 readings stand for all." in first
    assert "<b>$63.6</b>" in first
    assert re.findall('class="says">(.*?)<', first) == ["holds", "7.2 % less than claimed"]
    assert '<caption><a href="sources.html#oil">demo/oil.csv</a></caption>' in first
    assert "<td>2</td><td>63.65 USD</td><td><code>2020-01,<wbr><mark>63.65</mark></code>" in first
    assert "Demo: transcribed" in first
    assert "Why it is open: the records behind it are not public." in second
    assert "<details" not in second
    (shared,) = re.findall('<a href="(cards/.*?)">picture to share</a>', first)
    assert Image.open(io.BytesIO((tmp_path / shared).read_bytes())).size == claim_picture.SIZE
    assert page.index('id="P1"') < page.index('id="P2"')


def test_a_report_of_another_ledger(judged, tmp_path, quick):
    other = tmp_path / "mine.toml"
    other.write_text(LEDGER.replace("P1", "Q1").replace("P2", "Q2"))
    pages.write([], tmp_path / "to", judged, ledger=other)
    page = (tmp_path / "to" / "ledger.html").read_text()
    assert 'id="Q1"' in page
    assert 'id="P1"' not in page
    sources = (tmp_path / "to" / "sources.html").read_text()
    assert re.findall('href="ledger.html#(..)"', sources) == ["Q1"]


def test_verdicts_are_marked_up_where_the_report_has_an_address(judged, tmp_path, quick):
    pages.write([], tmp_path / "one", judged)
    assert "ld+json" not in (tmp_path / "one" / "ledger.html").read_text()
    with (judged / "project.toml").open("a") as file:
        file.write('title = "Demo"\naddress = "https://example.org/report"\n')
    pages.write([], tmp_path / "two", judged)
    page = (tmp_path / "two" / "ledger.html").read_text()
    (text,) = re.findall('<script type="application/ld\\+json">(.*?)</script>', page)
    assert json.loads(text)["url"] == "https://example.org/report/ledger.html#P1"


def test_a_source_says_who_uses_it(judged, tmp_path, quick):
    pages.write([], tmp_path, judged)
    page = (tmp_path / "sources.html").read_text()
    source = catalogue.load(judged)["oil"]
    for text in (source.sha256, f"{source.bytes} bytes", "rates</a>: 2020 2", "not stated"):
        assert text in page
    assert re.findall('href="ledger.html#(P.)"', page) == ["P1"]
    told = re.findall("<dt>Who counted</dt><dd>(.*?)</dd>", page)
    assert told == ["the numbers of an office", "each row says it"]


def test_a_source_says_who_counted(make_root, tmp_path, quick):
    flows = maps.tidy("comtrade_china_drone_exports_2022_2025")
    flows["text"] = "year,partner_code,hs6,value_usd\n2024,0,880621,700\n"
    seller = {"collector": "Gazprom", "witness": "measured", "interested": True}
    root = make_root({"flows": flows, "oil": seller})
    tables.build(root)
    pages.write([save_notebook(tmp_path / "a.ipynb", "# T?")], tmp_path, root)
    page = (tmp_path / "sources.html").read_text()
    assert re.findall("<dt>Who counted</dt><dd>(.*?)</dd>", page) == [
        "the office of each row’s reporter; the numbers of an office",
        "Gazprom; measured, and no office’s numbers; gains by the answer",
    ]


def test_the_list_of_sources_names_who_carried_each(make_root, tmp_path, quick):
    root = make_root({"oil": {"via": "somebody (prices)"}, "gas": {"path": "demo/gas.csv"}})
    tables.build(root)
    pages.write([save_notebook(tmp_path / "a.ipynb", "# T?")], tmp_path, root)
    page = (tmp_path / "sources.html").read_text()
    assert re.findall(r"</a></td><td>(.*?)</td>", page) == ["Demo, via somebody", "Demo"]


def test_a_source_is_told_in_words(make_root, tmp_path, quick):
    note = "EU27_2020 sends it from 2023-05 on."
    root = make_root({"oil": {"vintage": "by row", "note": note}})
    tables.build(root)
    path = save_notebook(tmp_path / "a.ipynb", "# T?")
    pages.write([path], tmp_path, root)
    page = (tmp_path / "sources.html").read_text()
    assert "<dd>EU27 sends it from May 2023 on.</dd>" in page
    assert "<dt>Release</dt><dd>one a row; obtained" in page
    assert not re.findall(r"by row|Vintage|obtained \d{4}-", page)


def test_no_source_speaks_of_its_columns():
    for source in catalogue.load(catalogue.root()).values():
        said = f"{source.left_out} {source.steps} {source.via} {source.note}"
        columns = {name for name in source.arguments.get("columns", ()) if "_" in name}
        assert not columns & set(re.findall(r"\w+", said))


def test_an_altered_file_makes_no_page(judged, tmp_path, quick):
    (judged / "data" / "raw" / "demo" / "oil.csv").write_text("period,usd_per_barrel\n2020-01,1\n")
    with pytest.raises(SourceError, match="oil"):
        pages.write([], tmp_path, judged)
    assert not (tmp_path / "index.html").exists()


def test_claim_and_chart_lead_to_each_other(judged):
    """A claim stands below the charts that name it, and leads to the first that names few."""
    verdicts = pages.claims.verdicts(root=judged)
    listed = {"id": "list", "claims": ["P1", "P2", "P3", "P4", "P5"]}
    charts = [listed, {"id": "near", "claims": ["P1"]}, {"id": "none"}]
    stories = {"a": {"charts": charts, "cards": ["P1", "P2", "P6"]}, "b": {"charts": charts[1:]}}
    places = chart_html.places(stories)
    assert (places["P1"], places["P2"]) == ("a.html#near", "a.html#list")
    lines = chart_html.claim_lines(verdicts, NAMED)
    claim = lines["P1"]
    assert (claim["id"], claim["statement"]) == ("P1", "The price of <nothing> was above 60.")
    shown = {"take": {}, "heights": [1, 2]}
    told = {"base": "", "counted": front.COUNTED}
    below = render("chart", {}, chart={"claims": [claim], **shown}, **told)
    for page in (below, render("claims", {}, claims=[claim])):
        assert 'The Gazette: <a href="ledger.html#P1">The price of &lt;nothing&gt; was' in page
    assert f'Tested: {html.escape(claim["statement"])} <b class="{claim["tone"]}">' in below
    folded = render("chart", {}, chart={"claims": [claim] * 5, **shown}, **told)
    counted = f'5 claims, of which 5 <b class="{claim["tone"]}">{front.COUNTED[claim["group"]][0]}'
    assert counted in folded
    links = pages._links(verdicts, stories, [])
    assert links["P1"]["chart"] == "a.html#near"
    del stories["a"]["charts"]
    assert pages._links(verdicts, {"a": stories["a"]}, [])["P1"]["charts"] == "a.html"


def test_many_lines_are_cut_short(judged, tmp_path, quick, monkeypatch):
    monkeypatch.setattr(claim_cards, "LINES", 0)  # of a notebook
    pages.write([], tmp_path, judged)
    first = cut((tmp_path / "ledger.html").read_text(), "P1")
    assert "And 1 more" not in first
    monkeypatch.setenv("TRADEFLOWS_ROOT", str(judged))
    in_notebook = claim_cards.cards("P1")._repr_html_()
    command = "<code>tradeflows trace P1 --definition &#34;first month"
    assert f"And 1 more, which {command}" in in_notebook
    monkeypatch.setattr(claim_cards, "MOST", 0)
    pages.write([], tmp_path, judged)
    first = cut((tmp_path / "ledger.html").read_text(), "P1")
    assert 'And 1 more row of these files, which <a href="sources.html">the sources' in first
    assert "tradeflows trace" not in first


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (81e9, "USD", "$81 billion"),
        (-2.5e6, "USD", "−$2.5 million"),
        (43.04, "percent", "43.04 %"),
        (1.65e6, "bbl/day", "1.65 million barrels a day"),
        (700, "tonnes", "700 tonnes"),
    ],
)
def test_numbers_as_a_newspaper_has_them(value, unit, text):
    assert claims.amount(value, unit, 4) == text


def test_bars_share_an_axis_with_zero(judged):
    (card, _) = claim_cards.themes(pages.claims.verdicts(root=judged), judged, {})["prices"]
    [part] = card["parts"]
    first, second = part["readings"]
    assert (first["bar"][0], second["bar"][0]) == (0.0, 0.0)
    assert first["band"] == second["band"]
    assert first["band"][1] == 100.0
    assert second["bar"][1] < first["band"][0] < first["bar"][1]


def test_nothing_decided_has_no_bars(judged, tmp_path, quick):
    """What is held is shown, and no picture of what it would decide."""
    ledger = judged / "data" / "claims.toml"
    pages.write([], tmp_path, judged)
    assert cut((tmp_path / "ledger.html").read_text(), "P1").count("<svg") == 2
    doubted = LEDGER.replace('result = "rate"', 'result = "rate"\ndoubt = "it is a guess"')
    ledger.write_text(doubted)
    pages.write([], tmp_path, judged)
    first = cut((tmp_path / "ledger.html").read_text(), "P1")
    assert "cannot be told</b>: first month: $63.6, which says nothing: it is a guess" in first
    assert "<svg" not in first
    assert first.count('class="value"') == 2


def test_a_card_says_who_counted(judged):
    """Of an office its source is enough; who gains by the answer, and who is not named, is said."""
    [reading, _] = claims.verdicts(root=judged)[0].readings
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

DRAWN = (
    "# Did it rise?",
    "import pandas as pd\n\nfrom tradeflows import charts",
    "months = pd.to_datetime(['2020-01', '2020-02', '2020-03', '2020-04'])\n"
    "rates = [63.65, None, 55.66, 55.66]\n"
    "frame = pd.DataFrame({'ref_period': months, 'rate': rates, 'by': 'CHN'})\n"
    "frame.attrs = {'sources': ('oil',), 'caveats': ('mind the gap',)}",
    "## It rose",
    "crude_ax = charts.lines(\n"
    "    frame, y='rate', by='by', title='It rose', unit='USD', source='Demo'\n"
    ")\n"
    "charts.drawn(crude_ax)",
)


@pytest.fixture(scope="module")
def executed(root_maker, tmp_path_factory):
    """Run the notebook of one chart, for a page and plainly."""
    folder = tmp_path_factory.mktemp("executed")
    root = with_a_source(partial(root_maker, folder))
    path = save_notebook(folder / "a.ipynb", *DRAWN)
    return [notebooks.run([path], root, start)[0] for start in (chart_hook.START, "")]


@pytest.fixture
def drawn(project, tmp_path, monkeypatch, executed):
    """Write a report of one chart, and return its folder."""
    monkeypatch.setattr(pages, "run", lambda *_: [deepcopy(executed[0])])
    pages.write([save_notebook(tmp_path / "a.ipynb", *DRAWN)], tmp_path / "site", project)
    return tmp_path / "site"


def test_a_chart_can_be_taken_along(drawn):
    page = (drawn / "a.html").read_text()
    taken = page.partition('class="chart-take"')[2].partition("</figure>")[0]
    png, svg, phone, numbers, here, alone = re.findall('<a href="(.*?)">', taken)
    cite = re.search("Cite as: (.*?)</p>", taken)[1]
    assert cite.startswith("“It rose”. Data: Office of Invention, obtained by 30 June 2024.")
    assert Image.open(io.BytesIO((drawn / png).read_bytes())).width > 1000
    assert (here, alone) == ("a.html#crude", "charts/a-crude.html")
    widths = []
    for drawing in ((drawn / name).read_text() for name in (svg, phone)):
        assert ">It rose</text>" in drawing
        assert "'DejaVu Sans', Verdana" in drawing
        widths.append(float(re.search(r'width="([\d.]+)pt"', drawing)[1]))
    assert widths[0] > 1.5 * widths[1]
    head, rows = [], []
    for line in (drawn / numbers).read_text().splitlines():
        (head if line.startswith("# ") else rows).append(line)
    assert list(csv.reader(rows)) == [
        ["ref_period", "CHN"],
        ["2020-01-01", "63.6"],
        ["2020-02-01", ""],
        ["2020-03-01", "55.7"],
        ["2020-04-01", "55.7"],
    ]
    assert head[:2] == ["# It rose", "# unit: USD"]
    assert any(line.endswith(f"licence: not stated; {HOME}") for line in head)
    assert "# note: mind the gap" in head


def test_a_page_holds_two_drawings(drawn):
    page = (drawn / "a.html").read_text()
    (figure,) = re.findall('<figure class="chart" id="crude".*?</figure>', page, re.S)
    assert figure.count("<svg") == 2
    # Numbers and raw lines stand beside the page, and on the chart's own page.
    assert '<details class="chart-lists" data-from="charts/a-crude.js">' in figure
    assert "63.6</td>" not in figure
    own = (drawn / "charts" / "a-crude.html").read_text()
    fetched = re.fullmatch(
        r'chartLists\["charts/a-crude.js"\] = (".*");\n',
        (drawn / "charts" / "a-crude.js").read_text(),
    )
    lists = json.loads(fetched[1])
    for entry in re.findall(' id="(crude-n[0-9]+)"', own):
        assert f'<details id="{entry}">' in lists
    figure += lists
    assert 'aria-label="It rose. USD. China: 63.6 in January 2020, 55.7 in April 2020.' in figure
    table = figure.partition('class="sortable"')[2].partition("</table>")[0]
    cells = re.findall(r"<t[hd]\b[^>]*>(.*?)</t[hd]>", table)
    assert [re.sub("<[^>]*>", "", cell) for cell in cells] == [
        *("Period", "China"),
        *("January 2020", "63.6"),
        *("February 2020", ""),
        *("March 2020", "55.7"),
        *("April 2020", "55.7"),
    ]
    for entry, number in re.findall(r'<a href="#([^"]+)">([^<]+)</a>', table):
        assert re.search(f'<details id="{entry}"><summary>China, \\w+ 2020: {number}<', figure)
    assert table.count("<a href") == figure.count('<details id="crude-n')
    assert "USD. An empty cell: no figure is held." in table
    assert "charts.drawn(ax)" not in figure


def test_a_figure_in_words_is_sorted_by_its_number():
    rows = [["x", "2.0", "", "at most 2"], ["y", "", "14.5", "14.5 to 19"], ["z", "", "", "none"]]
    table = chart_html._table([["Name", "Tonnes", "Tonnes: lowest", "As printed"], *rows])
    assert [one for *_, one in table["places"]] == ["2.0", "14.5", ""]


def test_a_chart_has_a_page_of_its_own(drawn):
    alone = (drawn / "charts" / "a-crude.html").read_text()
    assert alone.count("<svg") == 2
    assert re.findall("<h1.*?>(.*?)</h1>", alone) == ["It rose"]
    head = alone.partition("</head>")[0]
    canonical = re.search('rel="canonical" href="(.*?)"', head)[1]
    urls = re.findall('property="og:(?:url|image)" content="(.*?)"', head)
    assert [canonical, *urls] == ["../a.html#crude"]
    links = [link.partition("#")[0] for link in re.findall('(?:href|src)="(.*?)"', alone)]
    files = [link for link in links if link.startswith("../")]
    assert "../a.html" in files
    assert "../assets/chart.js" in files
    assert [link for link in files if not (drawn / "charts" / link).resolve().is_file()] == []


@pytest.mark.parametrize("address", ["", f"{HOME}/report", f"{HOME}/report/"])
def test_addresses_lead_to_files(judged, tmp_path, address, monkeypatch, executed):
    monkeypatch.setattr(pages, "run", lambda *_: [deepcopy(executed[0])])
    about = f'title = "Oil"\nexample = "P1"\naddress = "{address}"\n'
    (judged / "project.toml").write_text(about)
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
            base = site if address else page.parent
            assert url.startswith(f"{HOME}/report/" if address else "")
            path = url.removeprefix(f"{HOME}/report/").partition("#")[0]
            assert (base / path).is_file()
    shown = (site / "a.html").read_text()
    code = (
        f'src="{HOME}/report/charts/a-crude.html#only"'
        if address
        else "before <code>charts/</code>"
    )
    assert code in shown


@pytest.mark.parametrize(
    ("names", "expected"),
    [(["crude_ax"], "crude"), (["_", "eu_gas_ax"], "eu-gas"), (["_3"], "chart")],
)
def test_a_chart_is_called_as_its_variable(names, expected):
    axes = plt.subplots()[1]
    variables = {"frame": 1, "other_ax": plt.subplots()[1], **dict.fromkeys(names, axes)}
    assert chart_hook.id_of(axes.figure, variables) == expected
    plt.close("all")


def test_no_two_charts_share_an_address():
    assert chart_hook.unused("crude", ["crude", "crude-2"]) == "crude-3"


def test_other_runs_keep_no_chart_files(executed):
    full, plain = ([*run.cells[4].outputs[1].data] for run in executed)
    assert chart_hook.MIME not in plain
    assert chart_hook.MIME in full


# --- what can go wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize("names", [["x/a", "y/a"], ["x/index"]])
def test_two_pages_of_one_name(project, tmp_path, names):
    paths = [tmp_path / f"{name}.ipynb" for name in names]
    with pytest.raises(ReportError, match="would be written twice: rename a notebook"):
        pages.write(paths, tmp_path, project)


def test_absent_tables_name_the_command(make_root, tmp_path):
    with pytest.raises(BuildError, match="absent; run `tradeflows build`"):
        pages.write([], tmp_path, make_root({"oil": {}}))


def test_a_file_in_the_folder_s_place(project, tmp_path, quick):
    (tmp_path / "report").write_text("mine")
    with pytest.raises(ReportError, match=r"report/assets/page\.css: cannot be written \("):
        pages.write([], tmp_path / "report", project)
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


def test_packed_lines_are_the_same_bytes_by_every_python():
    """Its head names no day, no file and no system."""
    packed = chart_downloads._packed(b"period,2020\n" * 9)
    assert packed[:10].hex() == "1f8b08000000000002ff"
    assert gzip.decompress(packed) == b"period,2020\n" * 9


def test_no_cell_is_a_formula():
    rows = [["period", "=1+1", "-9.5"], ["@x", "+1 t", "-1,234e5"], ["=", "-", "2023-05"]]
    assert chart_downloads._table(rows).splitlines() == [
        "period,'=1+1,-9.5",
        "'@x,'+1 t,\"-1,234e5\"",
        "=,-,2023-05",
    ]


def test_a_number_below_zero_has_a_minus_on_a_page():
    said = "EU -93 Mt (-81 %), 2021-12 and HS-2"
    assert pages.with_minus(said) == "EU −93 Mt (−81 %), 2021-12 and HS-2"


def test_a_report_tells_each_step(make_root, tmp_path, monkeypatch):
    """On a terminal; test_init has one elsewhere."""
    root = make_root({"oil": {}})
    save_notebook(root / "notebooks" / "01_oil.ipynb", "# Well?", "1 + 1")
    stream = io.StringIO()
    stream.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", stream)
    assert cli.main(["--root", str(root), "report", "--to", str(tmp_path / "pages")]) == 0
    lines = re.sub(r"[^\n]*\r|\x1b\[A", "", stream.getvalue()).splitlines()
    told = [re.sub(r": [\d.]+ s$", ": ", line) for line in lines]
    assert [line for line in told if line.startswith(("01_oil", "running", "writing"))] == [
        "running the notebooks",
        "01_oil.ipynb: ",
        "writing 01_oil.html: ",
    ]
