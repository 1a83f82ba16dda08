"""The front page and the ledger's page: what they say, and whence they have it."""

import re
import shutil
from dataclasses import replace
from functools import partial

import pytest
from synthetic import save_notebook

from tradeflows import claims, tables
from tradeflows.claims import verdict_rule
from tradeflows.claims.verdict_text import VerdictText
from tradeflows.model.errors import CatalogueError, ReportError
from tradeflows.report import front, notebooks, pages
from tradeflows.retrieval import project

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
VERSION = "version = 3\n"
CLAIM = """
[claim.{id}]
theme = "{theme}"
core = true
statement = "The price of <nothing> was {word} 60 in {month}."
claimed = {{ value = 60, unit = "USD", qualifier = "{sign}" }}
asks = {{ measure = "rate", start = "{month}", end = "{month}" }}
who = "Gazette"
where = "page 1"
[[claim.{id}.reading]]
name = "that month"
read = {{ table = "rates", start = "{month}", end = "{month}" }}
result = "rate"
"""
HIGH = {"id": "P1", "theme": "prices", "word": "above", "sign": ">", "month": "2020-01"}
LOW = {"id": "P2", "theme": "fall", "word": "above", "sign": ">", "month": "2020-02"}
UNTESTED = """
[claim.P3]
theme = "prices"
core = true
statement = "Nothing was sold."
claimed = { unit = "qualitative" }
window = "2020"
who = "Gazette"
where = "a used copy, page 2"
not_tested = "not public"
settles = "the shop's books"
"""
PROJECT = """
title = "Did nothing cost more?"
subtitle = "The Gazette wrote of its price."
example = "P1"
themes = ["fall", "prices"]
address = "https://example.org/nothing/"
[speaker]
Gazette = "The Gazette"
[answer]
text = "It cost {P1} at first, and later {P2}, {P2.deviation} than the {P2.claimed} printed."
rests_on = { P1 = "holds", P2 = "differs" }
[[do_not_write]]
text = "Nothing was free."
because = "it had a price"
link = "ledger.html#P1"
[[correction]]
date = "2024-04-02"
since = "2024-03-30"
wrong = "The price of <nothing> was said to be of May."
touched = ["the card of the price", "its picture"]
claims = ["P1"]
right = "It is of June."
[[correction]]
date = "2024-05-09"
since = "2024-05-01"
wrong = "A sum was added twice."
right = "It is half as much."
[words]
void = ["nothing"]
sold = ["put up"]
us = ["USA"]
"""


PARTS = """
[claim.P4]
theme = "prices"
core = true
statement = "Nothing cost more than 60 in winter, and was used well."
who = "Gazette"
where = "page 3"
[[claim.P4.part]]
words = "more than 60"
claimed = { value = 60, unit = "USD", qualifier = ">" }
asks = { measure = "rate", start = "2020-01", end = "2020-01" }
open = { start = [], end = [] }
open_because = "no month is named"
[[claim.P4.part.reading]]
name = "the first month"
read = { table = "rates", start = "2020-01", end = "2020-01" }
result = "rate"
[[claim.P4.part.reading]]
name = "the first month, again"
read = { table = "rates", start = "2020-02", end = "2020-02" }
result = "rate"
rest = "March has no price"
[[claim.P4.part]]
words = "used well"
claimed = {}
not_tested = "not for statistics"
settles = "the eye of a user"
"""


@pytest.fixture(scope="module")
def of_three(root_maker, tmp_path_factory):
    return with_ledger(partial(root_maker, tmp_path_factory.mktemp("of_three")))


@pytest.fixture
def root(of_three, tmp_path):
    return shutil.copytree(of_three, tmp_path / "project")


def with_ledger(make_root, *more):
    root = make_root({"oil": {"via": "somebody (prices)"}})
    ledger = [VERSION, CLAIM.format(**HIGH), CLAIM.format(**LOW), UNTESTED, *more]
    (root / "data" / "claims.toml").write_text("".join(ledger))
    (root / "project.toml").write_text(PROJECT)
    tables.build(root)
    return root


@pytest.fixture(scope="module")
def of_all(root_maker, tmp_path_factory):
    return with_ledger(partial(root_maker, tmp_path_factory.mktemp("of_all")), PARTS)


@pytest.fixture(scope="module")
def verdicts(of_all):
    return claims.verdicts(root=of_all)


@pytest.fixture(scope="module")
def about(of_all):
    return project.load(of_all)


@pytest.fixture
def tested(verdicts):
    """The verdict on the part of the last claim that is tested."""
    return verdicts[-1].parts[0]


@pytest.fixture(scope="module")
def folder(of_three, tmp_path_factory):
    """Write the pages of the project once, for all tests that only read them."""
    folder = tmp_path_factory.mktemp("front")
    with pytest.MonkeyPatch.context() as patch:
        written(shutil.copytree(of_three, folder / "project"), folder, patch)
    return folder / "site"


@pytest.fixture(scope="module")
def site(folder):
    return {path.name: path.read_text() for path in folder.glob("*.html")}


def written(root, tmp_path, monkeypatch):
    """Write the pages of `root` without running its notebook or drawing its pictures."""
    monkeypatch.setattr(pages, "run", lambda paths, *_: [notebooks.load(p) for p in paths])
    monkeypatch.setattr(pages.claim_picture, "pictures", lambda *_: {})
    save_notebook(root / "notebooks" / "01_a.ipynb", "# Was it so?\n\nYes, 60; for R&D 1.5 more.")
    pages.write([], tmp_path / "site", root)
    return {path.name: path.read_text() for path in (tmp_path / "site").glob("*.html")}


@pytest.fixture
def rewritten(root, tmp_path, monkeypatch):
    return partial(written, root, tmp_path, monkeypatch)


def words(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("&lt;", "<").replace("&gt;", ">").split())


FRONT = [  # what a reader sees of the front page
    "It cost $63.6 at first, and later $55.7, 7.2 % less than the $60 printed.",
    "The Gazette: The price of <nothing> was above 60 in 2020-01.",
    "US Energy Information Administration",  # as its rows say
    # As the office printed it:
    "The Gazette said more than $60; US Energy Information Administration has $63.65: holds.",
    "The Gazette: Nothing was sold. Not public, or no matter of figures. Needs the shop's books.",
    "Nothing was free. It had a price",
    "line 2 2020-01,63.65 fingerprint ",
    "The number itself; the first is $63.65",
    "Yes, 60",
]


def test_the_front_page_says_each_thing(site):
    page = site["index.html"]
    text = words(page).replace("&#39;", "'")
    assert [said for said in FRONT if said not in text] == []
    places = [text.index(word) for word in ("Holds 1", "Differs 1", "Cannot be told 1")]
    assert places == sorted(places)
    assert re.search(r"\$63\.[67] ✓ holds", text)
    assert "somebody" not in text  # who carried a file is told beside its raw lines
    assert '<a href="ledger.html#P1">It had a price</a>' in page
    assert '<a href="01_a.html">' in page
    squares = r'<a class="(\S+)" href="ledger.html#(\w+)" title="([\w ]+):'
    assert re.findall(squares, page) == [
        ("yes", "P1", "Holds"),
        ("no", "P2", "Differs"),
        ("open", "P3", "Cannot be told"),
    ]


def test_the_ledger_s_page_has_each_claim_in_its_theme_and_group(site):
    page = site["ledger.html"]
    said = words(page)
    assert re.search(r"\$63\.\d+ .{,40}US Energy Information Administration Raw lines", said)
    assert "demo/oil.csv ; via somebody: a copy will do, since" in said
    assert re.findall('data-theme="(.*?)"', page) == ["fall", "prices"]
    pairs = re.findall(r'data-group="(.*?)">\s*<article [^>]* id="(P\d)"', page)
    assert {*pairs} == {("holds", "P1"), ("differs", "P2"), ("cannot be told", "P3")}
    assert 'id="words">{"sold": ["put up"], "us": ["usa"], "void": ["no' in page
    heads = re.findall("<h3>(.*?)</h3>", page)
    assert [head[:13] for head in heads] == ["The Gazette: "] * 3


def test_the_first_screen_names_what_is_right_wrong_and_open(site, verdicts, about):
    """A claim of each kind with what was found; those that the project names come before others."""
    claim = "The price of <nothing> was above 60 in 2020-0"
    page = site["index.html"].replace("“", " “ ").replace("”", " ” ")
    assert (
        f"Holds: “ {claim}1. ” It is $63.6 (that month). "
        f"Differs: “ {claim}2. ” It is $55.7 (that month). "
        "Cannot be told: “ Nothing was sold. ” Not public; needs the shop's books."
    ) in words(page).replace("&#39;", "'")
    named = front.digest(verdicts, replace(about, highlights=("P4",)))
    assert [claim.id for _, claim, _ in named] == ["P1", "P4", "P3"]
    assert named[1][2] == (
        "yes, it is $63.6 (the first month); no, it is $55.7 (the first month, again)"
    )
    with pytest.raises(ReportError, match="the ledger has no claim 'P9'"):
        front.digest(verdicts, replace(about, highlights=("P9",)))


def test_the_count_says_whose_the_other_claims_are(root, rewritten, verdicts, about):
    """The core is counted apart; of the others it is said who made them, the most named first."""
    ledger = root / "data" / "claims.toml"
    other = UNTESTED.replace("P3", "Q1").replace("Gazette", "Beacon").replace("core = true\n", "")
    ledger.write_text(ledger.read_text() + other)
    site = rewritten()
    score = "3 claims: 1 holds 1 differs 1 cannot be told"
    of_core = "Of 3 claims, 1 holds, 1 differs and 1 cannot be told, on the front page"
    of_all = "with those of others: of 4 claims, 1 holds, 1 differs and 2 cannot be told."
    front_page, whole = words(site["index.html"]), words(site["ledger.html"])
    assert f"{of_core} ; {of_all}" in whole
    assert score in front_page
    assert "All 4 claims, those by Beacon too, are in one list" in front_page.replace(" ,", ",")
    assert '<a href="ledger.html">one list</a>' in site["index.html"]

    def beside(*speakers):
        made = [replace(verdicts[2].claim, who=who, core=False) for who in speakers]
        others = [replace(verdicts[2], claim=claim) for claim in made]
        return front.other_speakers([*verdicts, *others], about)

    speakers = ["Beacon", "Gazette", "Argus", "Argus", "Courier", "Beacon", "Argus", "Daily"]
    assert beside() == ""
    assert beside(*speakers[:3]) == "Beacon, The Gazette and Argus"
    assert beside(*speakers) == "Argus, Beacon, The Gazette and 2 others"


def test_a_row_has_the_signed_deviation_where_there_is_one(verdicts, about, of_all):
    """Of what was claimed as more than a figure, or by a bound, none is to tell."""
    above, exact, *_ = verdicts
    assert (above.text.verdict, exact.text.verdict) == ("holds", "differs (−7.2 %)")
    row = front.row(exact, about, of_all)
    assert row["quote"].endswith("has $55.66: differs, 7.2 % less than claimed.")
    [reading] = exact.readings
    signed = {(0.12, "USD"): "+0.1 %", (-0.7, "percent"): "−0.7 points", (0, "USD"): "0 %"}
    for (off, unit), told in signed.items():
        claim = replace(exact.claim, qualifier="=", unit=unit)
        near = replace(reading, claim=claim, deviation=off, unit=unit)
        holding = replace(exact, verdict=claims.HOLDS, claim=claim, readings=(near,))
        assert holding.text.verdict == f"holds ({told})"
    bound = replace(reading, high=float("inf"), role="bound")
    assert VerdictText(replace(exact, verdict=claims.HOLDS, readings=(bound,))).off == ""


def test_a_lean_has_its_votes_and_no_percentage(verdicts, about, of_all):
    """Who counted is named as a reader knows him."""
    exact = verdicts[1]
    votes = {"China Customs": frozenset({"no"})}
    leaning = replace(exact, verdict=claims.LEANS_NO, votes=votes)
    text = leaning.text
    assert (text.sign, text.tone) == ("(✗)", "lean-no")
    assert text.sentence == "leans no, 1 of 1: Chinese customs"
    quote = front.row(leaning, about, of_all)["quote"]
    assert quote.endswith("has $55.66: leans no, 1 of 1: Chinese customs.")
    votes["Vortexa"] = frozenset({"yes"})
    [no] = exact.readings
    no = replace(no, witness=verdict_rule.Witness("office", "China Customs"), vote="no")
    tracked = verdict_rule.Witness("measured", "Vortexa")
    yes = replace(no, name="by sea", value=70.0, fits=True, witness=tracked, vote="yes")
    both = VerdictText(replace(exact, verdict=claims.BOTH_WAYS, votes=votes, readings=(no, yes)))
    assert (both.word, both.figure) == ("depends: both ways", "$55.7 to $70")
    assert both.because.startswith("yes by Vortexa")
    assert "no by Chinese customs" in both.because
    measured = replace(exact, verdict=claims.DIFFERS_BY_MEASUREMENT, votes=votes)
    assert measured.text.verdict == "differs by measurement"


def test_each_part_of_a_claim_has_its_own_word(of_all, tmp_path, monkeypatch):
    site = written(of_all, tmp_path, monkeypatch)
    text = words(site["index.html"])
    assert "Depends 1 claim The Gazette: Nothing cost more than 60 in winter" in text
    assert "More than 60: $55.7 to $63.6 ± depends : yes if the first month ($63.6); no if" in text
    assert "Used well: ? cannot be told : not for statistics; needs the eye of a user" in text
    card = words(site["ledger.html"].partition('id="P4"')[2]).replace(" :", ":")
    assert card.startswith("> ± depends: in part link")
    assert "more than 60: $55.7 to $63.6 ± depends: yes if" in card
    assert "used well: ? cannot be told: not for statistics" in card
    assert re.search(r'data-group="depends">\s*<article [^>]* id="P4"', site["ledger.html"])


def test_what_bounds_a_number_is_printed_with_it(tested):
    """What is open and how many readings stand for all, what is left out, and another step."""
    assert tested.text.limits == (
        "unclear in the sentence: no month is named; 2 readings stand for all",
        "left out: March has no price",
    )
    step = replace(tested.claim, printed_because="it is a round number", low=50, high=70)
    about = replace(tested.claim, statement="It cost about 60.", low=55.0, high=65.0)
    assert [VerdictText(replace(tested, claim=each)).limits[0] for each in (step, about)] == [
        "read as $50 to $70, since it is a round number",
        "read as $55 to $65, since it says “about”",
    ]


def test_one_reading_of_several_is_named_with_the_range_of_all(tested):
    claim = replace(tested.claim, qualifier="=", low=0.0, high=99.0)
    readings = tuple(replace(item, claim=claim, fits=True) for item in tested.readings)
    text = VerdictText(replace(tested, claim=claim, verdict=claims.HOLDS, readings=readings))
    assert text.because == "the first month; by both readings $55.7 to $63.6"
    assert text.figure == "$63.6"


def test_what_speaks_against_a_verdict_is_printed_with_it(tested):
    """The other measure, or another time, of the same goods and office; not another release.

    What a ledger puts beside a verdict is said with the two numbers of which it is a difference.
    """
    first, second = tested.readings

    def limits(**changes):
        aside = replace(second, decides=False, **changes)
        return VerdictText(replace(tested, verdict=claims.HOLDS, readings=(first, aside))).limits

    against = {"fits": False, "differs_in": ("measure",)}
    assert "otherwise $55.7: the first month, again" in limits(**against)
    for change in ({"fits": True}, {"note": "a doubt"}, {"differs_in": ("goods",)}):
        assert not any(text.startswith("otherwise") for text in limits(**against | change))
    beside = {"beside": True, "differs_in": ("base",), "compares": ((70.0, "USD"), (14.3, "USD"))}
    said = "$55.7: the first month, again ($70 against $14.3)"
    assert f"beside it {said}" in limits(fits=True, **beside)
    assert f"otherwise {said}" in limits(fits=False, **beside)


def test_what_cannot_be_told_is_one_list_in_the_order_of_its_reasons(root, rewritten):
    held = CLAIM.format(id="P5", theme="prices", word="above", sign=">", month="2020-01")
    held = held.replace('result = "rate"', 'result = "rate"\ndoubt = "it is a guess"')
    ledger = root / "data" / "claims.toml"
    others = UNTESTED.replace("P3", "P6").replace("not public", "public, not looked up yet")
    others += UNTESTED.replace("P3", "P7").replace("not public", "not for statistics")
    ledger.write_text(ledger.read_text() + others + held)
    listed = front.groups(claims.verdicts(root=root), project.load(root), root)
    assert [*listed] == ["holds", "differs", "cannot be told"]
    assert [(row["id"], row["untold"]) for row in listed["cannot be told"]] == [
        ("P5", "figures do not decide"),
        ("P3", "not public, or no matter of figures"),
        ("P7", "not public, or no matter of figures"),
        ("P6", "public, not looked up yet"),
    ]
    page = rewritten()["index.html"]
    assert "4 cannot be told 1 of these not looked up yet" in words(page)
    assert re.findall(r'class="(open.*?)" href="ledger.html#(P\d)" title', page) == [
        *(("open", id) for id in ("P5", "P3", "P7")),
        ("open later", "P6"),
    ]


def test_claims_of_one_sentence_say_which_of_its_figures_they_are_about(verdicts, about, of_all):
    first = verdicts[0]
    twin = replace(first, claim=replace(first.claim, id="Z1"))
    claimed = front.row(first, about, of_all)["claimed"]
    for some, said in (([first], ""), ([first, twin], f"{claimed}, of: ")):
        [rows] = front.groups(some, about, of_all).values()
        assert [row["statement"] for row in rows] == [f"{said}{first.claim.statement}"] * len(some)


def test_who_answers_for_it_of_which_day_and_its_chart(root, rewritten):
    about = root / "project.toml"
    about.write_text('byline = "By the Gazette"\ndate = 2024-05-09\n' + PROJECT)
    assert "By the Gazette, 9 May 2024" in words(rewritten()["index.html"])
    about.write_text('lead_chart = "09_none"\n' + PROJECT)
    with pytest.raises(ReportError, match="'09_none' is no page"):
        rewritten()
    about.write_text('date = "May 2024"\n' + PROJECT)
    with pytest.raises(CatalogueError, match="date must be a date such as"):
        project.load(root)


def test_beyond_the_most_claims_are_folded(site, rewritten, monkeypatch):
    row = "The Gazette: The price of <nothing> was above 60 in 2020-01."
    shown = site["index.html"]
    assert "more: holds" not in shown
    monkeypatch.setattr(front, "MOST", 0)
    text = words(rewritten()["index.html"])
    assert text.index("1 more claim: holds") < text.index(row) < text.index("1 more claim: differs")
    assert words(shown).count(row) == text.count(row)


def test_our_own_words_are_no_quotation(verdicts, about, of_all):
    told = verdicts[0]
    bare = replace(told, claim=replace(told.claim, figure=None))
    said = "The Gazette, in our words: The price of <nothing> was above 60 in 2020-01; "
    quote = front.row(bare, about, of_all)["quote"]
    assert quote.startswith(f"{said}US Energy Information Administration has $63.65")


@pytest.mark.parametrize(
    "name", ["index", "ledger", "01_a", "sources", "methods", "dictionary", "corrections"]
)
def test_each_page_has_its_head_and_no_inline_code(site, name):
    page = site[f"{name}.html"]
    head = page.partition("</head>")[0]
    for part in ('name="description"', 'property="og:title"', 'property="og:description"'):
        assert re.search(f'<meta {part} content="[^"]+">', head)
    address = "https://example.org/nothing"
    assert f'<link rel="canonical" href="{address}/{name}.html">' in head
    assert f'<meta property="og:image" content="{address}/cards/P1.png">' in head
    assert "script-src &#39;self&#39; file:; style-src &#39;self&#39; file:;" in page
    assert re.findall(r"unsafe|<script>|<style|<[^>]+ style=|<[^>]+ on\w+=", page) == []
    for to, anchor in re.findall(r'href="(\w+\.html)(?:#([\w-]+))?"', page):
        assert to in site
        assert not anchor or f'id="{anchor}"' in site[to]


def test_corrections_are_a_page_that_each_page_leads_to(site):
    page = site["corrections.html"]
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<main")[2]))
    order = ["Found on 9 May 2024", "added twice", "Found on 2 April 2024", "to be of May"]
    assert sorted(order, key=told.index) == order
    for text in ("30 March 2024", "The card of the price", "Its picture", "It is of June."):
        assert text in told, text
    assert "of &lt;nothing&gt; was said" in page
    for name, text in site.items():
        assert '<a href="corrections.html"' in text.partition("<footer>")[2], name
    front_page = site["index.html"].partition("<main")[2].partition("</main>")[0]
    assert 'Corrected on 9 May 2024: <a href="corrections.html">what was wrong</a>' in front_page
    card = site["ledger.html"].partition('id="P1"')[2].partition("</p>")[0]
    assert '<a href="corrections.html">corrected on 2 April 2024</a>' in card
    assert site["ledger.html"].count("corrected on") == 1


def test_what_the_corrections_say_of_numbers_is_held():
    """The two of March 2024, and those that were in their place in March 2023."""
    [corrected] = [entry for entry in project.project().correction if "1.82" in entry.wrong]
    for name, month, said in (
        ("N01", "2024-03", "1.82 million barrels a day"),
        ("N02", "2024-03", "1.36 million"),
        ("N08", "2023-03", "1.65 million barrels a day"),
        ("N10", "2023-03", "1.43 million"),
    ):
        [row] = tables.read("figures", id=name).to_dict("records")
        assert f"{row['value'] / 1e6:.2f}" == said[:4]
        assert said in (corrected.wrong if month == "2024-03" else corrected.right)
        assert (f"{row['window_start']:%Y-%m}", row["collector"]) == (month, "Vortexa")
    assert tables.read("figures", id="N01")["published"].item() == "2024-04-04"


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("no Chromium to look with")
    with playwright.sync_playwright() as play:
        yield play.chromium.launch(executable_path=program)


@pytest.fixture
def ledger(folder, browser):
    """Open the ledger's page in a browser, where there is one."""
    page = browser.new_page()
    page.goto((folder / "ledger.html").as_uri())
    yield page
    page.close()


SEARCHES = {  # how many of the three claims have it
    "nothing": 3,
    "void": 3,  # stands for "nothing"
    "sold": 1,
    "Put up": 1,  # "sold" stands for it
    "price": 3,  # two, and the theme of the third
    "prices": 3,
    "pric": 3,  # the beginning of a word
    "us": 2,  # whose figures they are; not the beginning of "used", which the third has
    "above 60": 2,
    "$60": 2,
    "60": 2,
    "$": 2,
    "6": 0,  # a number is whole
    "7.2 per cent": 1,
    "%": 1,
    "nóthing’s": 3,
    "fall": 1,
    "Collapsed": 0,
}


def test_the_ledger_is_searched(ledger):
    counts = {}
    for query in SEARCHES:
        ledger.fill("input[name=q]", query)
        counts[query] = int(ledger.inner_text("form output").partition(" ")[0])
    assert counts == SEARCHES
    assert ledger.inner_text("p.near").startswith("Nothing found, and no word here is near.")
    ledger.fill("input[name=q]", "nothing")
    ledger.check("input[name=group][value=differs]")
    ledger.reload()
    assert ledger.inner_text("form output") == "1 of 3 claims"
    assert ledger.input_value("input[name=q]") == "nothing"


LED_ON = [  # an address, what is offered, and how many claims the last offer shows
    ("q=nothign", "nothing (3)", 3),
    ("q=nothign+60", "nothing 60 (2)|60 (2)", 2),  # the rest of the question stays
    ("q=63", "63.6 (1)|60 (2)", 2),
    ("q=sold+fall", "sold (1)|fall (1)", 1),
    ("q=sold&theme=fall", "1 for “sold” among all claims", 1),
    ("theme=fall&group=holds", "All claims", 3),
    ("q=CNY", "", 0),  # of three letters no other word is near
]


def test_nothing_found_leads_on(ledger):
    found, address = [], ledger.url
    for hash_, _, _ in LED_ON:
        ledger.goto("about:blank")
        ledger.goto(f"{address}#{hash_}")
        buttons = ledger.query_selector_all("p.near button")
        offers = "|".join(button.inner_text() for button in buttons)
        if buttons:
            buttons[-1].click()
        count, _, rest = ledger.inner_text("form output").partition(" ")
        assert rest == "of 3 claims"
        found.append((hash_, offers, int(count)))
    assert found == LED_ON


def test_methods_say_which_group_a_verdict_is_in_and_who_counts(site):
    text = words(site["methods.html"]).replace("&#39;", "'")
    assert "holds holds, holds within revisions, holds by measurement leans yes leans yes" in text
    assert "depends depends, both ways, in part leans no leans no differs contradicted" in text
    assert "cannot be told not decided, not tested" in text
    assert "A miss below 1 % of the figure is counted under “differs” too" in text
    assert [
        word for word in claims.VERDICTS if f"{word} {verdict_rule.WHEN[word]}" not in text
    ] == []
    for kind, (who, vote) in verdict_rule.WITNESSES.items():
        assert f"{kind} {who}: {vote}" in text
    assert {*verdict_rule.WITNESSES} == {*verdict_rule.KINDS}


def test_a_narrow_card_has_its_answer_s_first_clause(ledger):
    ledger.set_viewport_size({"width": 390, "height": 844})
    ledger.goto(ledger.url.replace("ledger", "index"))
    whole = "Yes, 60; for R&D 1.5 more."
    assert ledger.text_content(".answer p") == whole
    for media, shown in (("screen", "Yes, 60"), ("print", whole)):
        ledger.emulate_media(media=media)
        assert ledger.inner_text(".answer p") == shown


def test_raw_lines_are_one_click_away(site, ledger):
    (link,) = set(re.findall(r'ledger\.html#(P1[^"]*)">Open all', site["index.html"]))
    shown = re.search(
        rf'ledger\.html#{link}" title="Raw lines of: .*"><b>(.*)</b>', site["index.html"]
    )
    assert shown[1] in ("$63.6", "$63.7")
    assert not ledger.is_visible(f"#{link}")
    # As from a page whose click the browser itself does not follow into what is folded.
    ledger.evaluate(
        f"history.replaceState(null, '', '#{link}'); dispatchEvent(new Event('hashchange'))"
    )
    assert ledger.is_visible(f"#{link}")
    assert not ledger.is_visible("#P2-1")


NUMBERED = (
    "[words]",
    '[answer.numbers.P1]\nclaim = "P1"\nreading = "that year"\nunit = "tonnes"\n[words]',
)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ('P2 = "differs"', 'P2 = "holds"'),
            "rests on P2 being in 'holds', and it is in 'differs'",
        ),
        (("{P1}", "{P3}"), "names P3, which has no number"),
        (("{P1}", "{it}"), "no claim 'it'"),
        (NUMBERED, "no reading 'that year'"),
        ((NUMBERED[0], NUMBERED[1].replace("year", "month")), "is in USD, not in tonnes"),
        ((NUMBERED[0], '[answer.numbers]\nP1 = { claim = "P1" }\n[words]'), "lacks reading, unit"),
        (("{P1}", "{P9}"), "the ledger has no claim 'P9'"),
        (('example = "P1"', 'example = "P3"'), "the example P3 has no number"),
    ],
)
def test_a_stale_answer_or_one_without_its_claim_makes_no_report(root, rewritten, change, message):
    (root / "project.toml").write_text(PROJECT.replace(*change))
    with pytest.raises(ReportError, match=message):
        rewritten()


def test_an_answer_has_the_number_of_a_reading(root):
    """By its name, without its sign, in the unit that the sentence counts it in."""
    old, new = NUMBERED
    new = new.replace("year", "month").replace("tonnes", "thousand USD").replace("P1]", "cost]")
    (root / "project.toml").write_text(PROJECT.replace(old, new).replace("{P1}", "{cost} thousand"))
    told = front.answer(claims.verdicts(root=root), project.load(root))
    assert told.startswith("It cost 0.0636 thousand at first, and later $55.7")
