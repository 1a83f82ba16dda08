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
from tradeflows.report import chart_hook, front, notebooks, pages
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


@pytest.fixture
def root(make_root):
    return with_ledger(make_root)


def with_ledger(make_root):
    """Build a project with a ledger of three claims, and its project file."""
    root = make_root({"oil": {"via": "somebody (prices)"}})
    ledger = VERSION + CLAIM.format(**HIGH) + CLAIM.format(**LOW) + UNTESTED
    (root / "data" / "claims.toml").write_text(ledger)
    (root / "project.toml").write_text(PROJECT)
    tables.build(root)
    return root


@pytest.fixture(scope="module")
def folder(root_maker, tmp_path_factory):
    """Write the pages of the project once, for all tests that only read them."""
    folder = tmp_path_factory.mktemp("front")
    with pytest.MonkeyPatch.context() as patch:
        written(with_ledger(partial(root_maker, folder)), folder, patch)
    return folder / "site"


@pytest.fixture(scope="module")
def site(folder):
    return {path.name: path.read_text() for path in folder.glob("*.html")}


def written(root, tmp_path, monkeypatch):
    """Write the pages of `root` without running its notebook or drawing its pictures."""
    monkeypatch.setattr(pages, "run", lambda paths, *_: [notebooks.load(p) for p in paths])
    monkeypatch.setattr(pages, "_shared_pictures", lambda *_: {})
    save_notebook(root / "notebooks" / "01_a.ipynb", "# Was it so?\n\nYes, 60; for R&D 1.5 more.")
    pages.write([], tmp_path / "site", root)
    return {path.name: path.read_text() for path in (tmp_path / "site").glob("*.html")}


def words(page):
    """What a reader sees of a page, its blanks evened out."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("&lt;", "<").replace("&gt;", ">").split())


def test_the_answer_has_its_numbers(site):
    answer = "It cost $63.6 at first, and later $55.7, 7.2 % less than the $60 printed."
    assert answer in words(site["index.html"])


def test_the_first_screen_names_what_is_right_wrong_and_open(root, tmp_path, monkeypatch):
    """A claim of each kind with what was found; those that the project names come before others."""
    claim = "The price of <nothing> was above 60 in 2020-0"
    right = f"Holds: “ {claim}1. ” $63.6, that month."
    wrong = f"Differs: “ {claim}2. ” $55.7, that month."
    untold = "Cannot be told: “ Nothing was sold. ” Not public; needs the shop's books."
    shown = first_screen(written(root, tmp_path, monkeypatch))
    assert f"{right} {wrong} {untold}" in shown
    about, page = root / "project.toml", 'themes = ["fall'
    ledger = root / "data" / "claims.toml"
    ledger.write_text(ledger.read_text() + PARTS)
    about.write_text(PROJECT.replace(page, f'highlights = ["P4"]\n{page}'))
    shown = first_screen(written(root, tmp_path, monkeypatch))
    sides = "Yes if the first month, $63.6; no if the first month, again, $55.7."
    assert f"{right} Depends: “ Nothing cost more than 60" in shown
    assert sides in shown
    assert wrong not in shown
    about.write_text(PROJECT.replace(page, f'highlights = ["P9"]\n{page}'))
    with pytest.raises(ReportError, match="the ledger has no claim 'P9'"):
        front.digest(claims.verdicts(root=root), project.load(root))


def first_screen(site):
    """What a reader sees of the front page; the quotation marks are those of links."""
    page = site["index.html"].replace("“", " “ ").replace("”", " ” ")
    return words(page).replace("&#39;", "'")


def test_the_page_of_all_claims_says_the_score(root, tmp_path, monkeypatch):
    """Of all claims, and of the core where there are others, as the front page says both."""
    score = "Of 3 claims, 1 holds, 1 differs and 1 cannot be told."
    assert score in words(written(root, tmp_path, monkeypatch)["ledger.html"])
    ledger = root / "data" / "claims.toml"
    other = UNTESTED.replace("P3", "Q1").replace("core = true\n", "")
    ledger.write_text(ledger.read_text() + other)
    site = written(root, tmp_path, monkeypatch)
    whole = "Of 4 claims, 1 holds, 1 differs and 2 cannot be told."
    text = words(site["ledger.html"])
    assert f"{whole} Those on the front page : of 3 claims, 1 holds" in text
    assert score in words(site["index.html"])


def test_claims_stand_in_groups(site):
    text = words(site["index.html"])
    places = [text.index(word) for word in ("Holds 1", "Differs 1", "Cannot be told 1")]
    assert places == sorted(places)
    assert "The Gazette: The price of <nothing> was above 60 in 2020-01." in text
    assert "$63.6 ✓ holds" in text or "$63.7 ✓ holds" in text


def test_a_row_has_the_signed_deviation_where_there_is_one(root):
    """Of what was claimed as more than a figure, or by a bound, none is to tell."""
    above, exact, _ = claims.verdicts(root=root)
    assert above.text.verdict == "holds"
    assert exact.text.verdict == "differs (−7.2 %)"
    row = front.row(exact, project.load(root), root)
    assert row.quote.endswith("has $55.66: differs, 7.2 % less than claimed.")
    [reading] = exact.readings
    for off, unit, told in [
        (0.12, "USD", "+0.1 %"),
        (-0.7, "percent", "−0.7 points"),
        (0, "USD", "0 %"),
    ]:
        claim = replace(exact.claim, qualifier="=", unit=unit)
        near = replace(reading, claim=claim, deviation=off, unit=unit)
        holding = replace(exact, verdict=claims.HOLDS, claim=claim, readings=(near,))
        assert holding.text.verdict == f"holds ({told})"
    bound = replace(reading, high=float("inf"), role="bound")
    assert VerdictText(replace(exact, verdict=claims.HOLDS, readings=(bound,))).off == ""


def test_a_lean_has_its_votes_and_no_percentage(root):
    """Who counted is named as a reader knows him."""
    _, exact, _ = claims.verdicts(root=root)
    votes = {"China Customs": frozenset({"no"})}
    leaning = replace(exact, verdict=claims.LEANS_NO, votes=votes)
    text = leaning.text
    assert (text.sign, text.tone, text.sentence) == (
        "(✗)",
        "lean-no",
        "leans no, 1 of 1: Chinese customs",
    )
    quote = front.row(leaning, project.load(root), root).quote
    assert quote.endswith("has $55.66: leans no, 1 of 1: Chinese customs.")
    votes["Vortexa"] = frozenset({"yes"})
    [no] = exact.readings
    no = replace(no, witness=verdict_rule.Witness("office", "China Customs"), vote="no")
    tracked = verdict_rule.Witness("measured", "Vortexa")
    yes = replace(no, name="by sea", value=70.0, fits=True, witness=tracked, vote="yes")
    both = VerdictText(replace(exact, verdict=claims.BOTH_WAYS, votes=votes, readings=(no, yes)))
    assert both.word == "depends: both ways"
    assert both.because.startswith("yes by Vortexa")
    assert "no by Chinese customs" in both.because
    assert both.figure == "$55.7 to $70"
    measured = replace(exact, verdict=claims.DIFFERS_BY_MEASUREMENT, votes=votes)
    assert measured.text.verdict == "differs by measurement"


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


@pytest.fixture
def parts(root):
    """The verdict on a claim of two parts, in the project."""
    ledger = root / "data" / "claims.toml"
    ledger.write_text(ledger.read_text() + PARTS)
    *_, verdict = claims.verdicts(root=root)
    return verdict


def test_each_part_of_a_claim_has_its_own_word(root, parts, tmp_path, monkeypatch):
    site = written(root, tmp_path, monkeypatch)
    text = words(site["index.html"])
    assert "Depends 1 claim The Gazette: Nothing cost more than 60 in winter" in text
    assert "More than 60: $55.7 to $63.6 ± depends : yes if the first month ($63.6); no if" in text
    assert "Used well: ? cannot be told : not for statistics; needs the eye of a user" in text
    card = words(site["ledger.html"].partition('id="P4"')[2])
    assert card.startswith("> ± depends: in part link")
    assert "more than 60: $55.7 to $63.6 ± depends: yes if" in card.replace(" :", ":")
    assert "used well: ? cannot be told: not for statistics" in card.replace(" :", ":")
    assert "Of 4 claims, 1 holds, 1 depends, 1 differs and 1 cannot be told." in text
    assert re.search(r'data-group="depends">\s*<article [^>]* id="P4"', site["ledger.html"])


def test_what_bounds_a_number_is_printed_with_it(root, parts):
    """What is open and how many readings stand for all, what is left out, and another step."""
    [tested, _] = parts.parts
    assert tested.text.limits == (
        "unclear in the sentence: no month is named; 2 readings stand for all",
        "left out: March has no price",
    )
    stepped = replace(tested.claim, printed_because="it is a round number", low=50, high=70)
    assert VerdictText(replace(tested, claim=stepped)).limits[0] == (
        "read as $50 to $70, since it is a round number"
    )


def test_about_says_how_far_it_is_read(parts):
    [tested, _] = parts.parts
    about = replace(tested.claim, statement="It cost about 60.", low=55.0, high=65.0)
    assert VerdictText(replace(tested, claim=about)).limits[0] == (
        "read as $55 to $65, since it says “about”"
    )


def test_a_reading_that_its_ledger_puts_beside_a_verdict_is_printed(parts):
    """It is said with the two numbers of which it is a growth or a difference."""
    [tested, _] = parts.parts
    first, second = tested.readings
    aside = replace(second, decides=False, beside=True, differs_in=("base",))
    aside = replace(aside, compares=((70.0, "USD"), (14.3, "USD")))
    told = replace(tested, verdict=claims.HOLDS, readings=(first, aside))
    beside = "beside it $55.7: the first month, again ($70 against $14.3)"
    assert beside in VerdictText(replace(told, readings=(first, replace(aside, fits=True)))).limits
    against = VerdictText(replace(told, readings=(first, replace(aside, fits=False)))).limits
    assert beside.replace("beside it", "otherwise") in against


def test_one_reading_of_several_is_named_with_the_range_of_all(parts):
    [tested, _] = parts.parts
    claim = replace(tested.claim, qualifier="=", low=0.0, high=99.0)
    readings = tuple(replace(item, claim=claim, fits=True) for item in tested.readings)
    text = VerdictText(replace(tested, claim=claim, verdict=claims.HOLDS, readings=readings))
    assert text.because == "the first month; by both readings $55.7 to $63.6"
    assert text.figure == "$63.6"


def test_what_speaks_against_a_verdict_is_printed_with_it(parts):
    """The other measure, or another time, of the same goods and office; not another release."""
    [tested, _] = parts.parts
    first, second = tested.readings
    aside = replace(second, decides=False, fits=False, differs_in=("measure",))
    told = replace(tested, verdict=claims.HOLDS, readings=(first, aside))
    assert "otherwise $55.7: the first month, again" in told.text.limits
    for change in ({"fits": True}, {"note": "a doubt"}, {"differs_in": ("goods",)}):
        told = replace(told, readings=(first, replace(aside, **change)))
        assert not any(text.startswith("otherwise") for text in told.text.limits)


def test_what_cannot_be_told_is_one_list_in_the_order_of_its_reasons(root, tmp_path, monkeypatch):
    held = CLAIM.format(id="P5", theme="prices", word="above", sign=">", month="2020-01")
    held = held.replace('result = "rate"', 'result = "rate"\ndoubt = "it is a guess"')
    ledger = root / "data" / "claims.toml"
    others = UNTESTED.replace("P3", "P6").replace("not public", "public, not looked up yet")
    others += UNTESTED.replace("P3", "P7").replace("not public", "not for statistics")
    ledger.write_text(ledger.read_text() + others + held)
    listed = front.groups(claims.verdicts(root=root), project.load(root), root)
    assert [*listed] == ["holds", "differs", "cannot be told"]
    assert {row.id: row.untold for row in listed["cannot be told"]} == {
        "P5": "figures do not decide",
        "P3": "not public, or no matter of figures",
        "P7": "not public, or no matter of figures",
        "P6": "public, not looked up yet",
    }
    assert [row.id for row in listed["cannot be told"]] == ["P5", "P3", "P7", "P6"]
    assert "Cannot be told 4" in words(written(root, tmp_path, monkeypatch)["index.html"])


def test_claims_of_one_sentence_say_which_of_its_figures_they_are_about(root):
    verdicts = claims.verdicts(root=root)
    first = next(verdict for verdict in verdicts if verdict.claim.core and verdict.readings)
    twin = replace(first, claim=replace(first.claim, id="Z1"))
    alone, both = (
        [
            row.statement
            for rows in front.groups(some, project.load(root), root).values()
            for row in rows
        ]
        for some in ([first], [first, twin])
    )
    claimed = front.row(first, project.load(root), root).claimed
    assert alone == [first.claim.statement]
    assert both == [f"{claimed}, of: {first.claim.statement}"] * 2


def test_each_claim_is_a_square_of_the_colour_of_its_word(site):
    squares = re.findall(
        r'<a class="(\S+)" href="ledger.html#(\w+)" title="([\w ]+):', site["index.html"]
    )
    assert squares == [
        ("yes", "P1", "Holds"),
        ("no", "P2", "Differs"),
        ("open", "P3", "Cannot be told"),
    ]


def test_who_answers_for_it_of_which_day_and_its_chart(root, tmp_path, monkeypatch):
    about = root / "project.toml"
    more = 'byline = "By the Gazette"\ndate = 2024-05-09\n'
    about.write_text(more + PROJECT)
    assert "By the Gazette, 9 May 2024" in words(written(root, tmp_path, monkeypatch)["index.html"])
    about.write_text('lead_chart = "09_none"\n' + PROJECT)
    with pytest.raises(ReportError, match="'09_none' is no page"):
        written(root, tmp_path, monkeypatch)
    about.write_text('date = "May 2024"\n' + PROJECT)
    with pytest.raises(CatalogueError, match="date must be a date such as"):
        project.load(root)


def test_beyond_the_most_claims_are_folded(root, tmp_path, monkeypatch):
    row = "The Gazette: The price of <nothing> was above 60 in 2020-01."
    shown = written(root, tmp_path, monkeypatch)["index.html"]
    assert "more: holds" not in shown
    monkeypatch.setattr(front, "MOST", 0)
    folded = written(root, tmp_path, monkeypatch)["index.html"]
    text = words(folded)
    assert text.index("1 more claim: holds") < text.index(row) < text.index("1 more claim: differs")
    assert words(shown).count(row) == text.count(row)


def test_raw_lines_alone_say_who_carried_them_and_why_a_copy_will_do(site):
    assert "US Energy Information Administration" in words(site["index.html"])  # as its rows say
    assert "somebody" not in words(site["index.html"])
    said = words(site["ledger.html"])
    assert re.search(r"\$63\.\d+ .{,40}US Energy Information Administration Raw lines", said)
    assert "demo/oil.csv ; via somebody: a copy will do, since" in said


def test_a_row_can_be_quoted(site):
    text = words(site["index.html"])
    said = "The Gazette said more than $60; US Energy Information Administration has $63.65: holds."
    assert said in text  # as the office printed it


def test_our_own_words_are_no_quotation(root):
    told, *_ = claims.verdicts(root=root)
    bare = replace(told, claim=replace(told.claim, figure=None))
    quote = front.row(bare, project.load(root), root).quote
    said = "The Gazette, in our words: The price of <nothing> was above 60 in 2020-01; "
    assert quote.startswith(f"{said}US Energy Information Administration has $63.65")


def test_the_untested_say_what_would_do(site):
    why = "Not public, or no matter of figures. Needs the shop's books."
    text = words(site["index.html"]).replace("&#39;", "'")
    assert f"The Gazette: Nothing was sold. {why}" in text


def test_the_forbidden_has_its_reason(site):
    assert (
        '<s>Nothing was free.</s> <a href="ledger.html#P1">It had a price</a>' in site["index.html"]
    )


def test_the_example_shows_the_raw_line(site):
    text = words(site["index.html"])
    assert "line 2 2020-01,63.65 fingerprint " in text
    assert "The number itself; the first is $63.65" in text


def test_the_questions_have_cards(site):
    assert '<a href="01_a.html">' in site["index.html"]
    assert "Yes, 60" in site["index.html"]


def test_the_count_says_whose_the_other_claims_are(root, tmp_path, monkeypatch):
    """Those beside the core are counted by who made them, the most named first."""
    core = (root / "data" / "claims.toml").read_text()
    assert "one list" not in words(written(root, tmp_path, monkeypatch)["index.html"])
    speakers = ["Beacon", "Gazette", "Argus", "Argus", "Courier", "Beacon", "Argus", "Daily"]
    beside = [
        UNTESTED.replace("P3", f"Q{number}").replace("Gazette", who).replace("core = true\n", "")
        for number, who in enumerate(speakers)
    ]
    for few, told in [
        (1, "All 4 claims, those by Beacon too, are in one list."),
        (3, "All 6 claims, those by Beacon, The Gazette and Argus too, are in one list."),
    ]:
        (root / "data" / "claims.toml").write_text(core + "".join(beside[:few]))
        text = words(written(root, tmp_path, monkeypatch)["index.html"])
        assert told in text.replace(" ,", ",").replace(" .", ".")
    (root / "data" / "claims.toml").write_text(core + "".join(beside))
    page = written(root, tmp_path, monkeypatch)["index.html"]
    assert "All 11 claims, those by Argus, Beacon, The Gazette and 2 others too, are" in words(page)
    assert '<a href="ledger.html">one list</a>' in page


def test_themes_come_in_the_project_s_order(site):
    assert re.findall('data-theme="(.*?)"', site["ledger.html"]) == ["fall", "prices"]


def test_each_entry_has_its_group(site):
    pairs = re.findall(r'data-group="(.*?)">\s*<article [^>]* id="(P\d)"', site["ledger.html"])
    assert {name: group for group, name in pairs} == {
        "P1": "holds",
        "P2": "differs",
        "P3": "cannot be told",
    }


def test_the_search_knows_other_words(site):
    assert 'id="words">{"sold": ["put up"], "us": ["usa"], "void": ["no' in site["ledger.html"]


@pytest.mark.parametrize(
    "name",
    ["index", "ledger", "01_a", "sources", "methods", "dictionary", "corrections"],
)
def test_each_page_has_its_head(site, name):
    head = site[f"{name}.html"].partition("</head>")[0]
    for part in ('name="description"', 'property="og:title"', 'property="og:description"'):
        assert re.search(f'<meta {part} content="[^"]+">', head)
    address = f"https://example.org/nothing/{name}.html"
    assert f'<link rel="canonical" href="{address}">' in head
    assert '<meta property="og:image" content="https://example.org/nothing/cards/P1.png">' in head


def test_corrections_are_a_page_that_each_page_leads_to(site):
    page = site["corrections.html"]
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<main")[2]))
    order = ["Found on 9 May 2024", "added twice", "Found on 2 April 2024", "to be of May"]
    assert [told.index(text) for text in order] == sorted(told.index(text) for text in order)
    for text in ("30 March 2024", "The card of the price", "Its picture", "It is of June."):
        assert text in told, text
    assert "of &lt;nothing&gt; was said" in page
    for name, text in site.items():
        foot = text.partition("<footer>")[2]
        assert '<a href="corrections.html"' in foot, name
    front_page = site["index.html"].partition("<main")[2].partition("</main>")[0]
    link = '<a href="corrections.html">what was wrong</a>'
    assert f"Corrected on 9 May 2024: {link}" in front_page
    card = site["ledger.html"].partition('id="P1"')[2].partition("</p>")[0]
    assert '<a href="corrections.html">corrected on 2 April 2024</a>' in card
    assert site["ledger.html"].count("corrected on") == 1


def test_what_the_corrections_say_of_numbers_is_held():
    """The two of March 2024, and those that were in their place in March 2023."""
    [corrected] = [entry for entry in project.project().correction if "1.82" in entry.wrong]
    for name, said in (
        ("N01", "1.82 million barrels a day"),
        ("N02", "1.36 million"),
        ("N08", "1.65 million barrels a day"),
        ("N10", "1.43 million"),
    ):
        [row] = tables.read("figures", id=name).to_dict("records")
        is_old = name in ("N01", "N02")
        assert f"{row['value'] / 1e6:.2f}" == said[:4]
        assert said in (corrected.wrong if is_old else corrected.right)
        assert f"{row['window_start']:%Y-%m}" == ("2024-03" if is_old else "2023-03")
        assert row["collector"] == "Vortexa"
    assert tables.read("figures", id="N01")["published"].item() == "2024-04-04"


def test_a_page_needs_no_inline_code(site):
    for page in site.values():
        assert "script-src &#39;self&#39; file:; style-src &#39;self&#39; file:;" in page
        assert "unsafe" not in page
        assert re.findall(r"<script>|<style|<[^>]+ style=|<[^>]+ on\w+=", page) == []


def test_every_link_leads_somewhere(site):
    for page in site.values():
        for name, anchor in re.findall(r'href="(\w+\.html)(?:#([\w-]+))?"', page):
            assert name in site
            assert not anchor or f'id="{anchor}"' in site[name]


@pytest.fixture
def ledger(folder):
    """Open the ledger's page in a browser, where there is one."""
    playwright = pytest.importorskip("playwright.sync_api")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("no Chromium to look with")
    with playwright.sync_playwright() as play:
        page = play.chromium.launch(executable_path=program).new_page()
        page.goto((folder / "ledger.html").as_uri())
        yield page


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


def test_methods_say_which_group_a_verdict_is_in(site):
    text = words(site["methods.html"])
    assert "holds holds, holds within revisions, holds by measurement leans yes leans yes" in text
    assert "depends depends, both ways, in part leans no leans no differs contradicted" in text
    assert "cannot be told not decided, not tested" in text
    assert "A miss below 1 % of the figure is counted under “differs” too" in text
    for word, when in verdict_rule.WHEN.items():
        assert f"{word} {when}" in text
    for kind, (who, vote) in verdict_rule.WITNESSES.items():
        assert f"{kind} {who}: {vote}" in text.replace("&#39;", "'")
    assert {*verdict_rule.WHEN} == {*claims.VERDICTS}
    assert {*verdict_rule.WITNESSES} == {*verdict_rule.KINDS}


def test_a_narrow_card_has_its_answer_s_first_clause_and_the_whole_of_its_picture(ledger):
    ledger.set_viewport_size({"width": 390, "height": 844})
    ledger.goto(ledger.url.replace("ledger", "index"))
    whole = "Yes, 60; for R&D 1.5 more."
    assert ledger.text_content(".answer p") == whole
    for media, shown in (("screen", "Yes, 60"), ("print", whole)):
        ledger.emulate_media(media=media)
        assert ledger.inner_text(".answer p") == shown
    fitted = ledger.evaluate(
        "getComputedStyle(document.querySelector('.cards').appendChild(new Image())).objectFit"
    )
    assert fitted == "contain"


def test_the_speaker_comes_before_a_claim(site):
    heads = re.findall("<h3>(.*?)</h3>", site["ledger.html"])
    assert len(heads) == 3
    assert all(head.startswith("The Gazette: ") for head in heads)


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


def test_a_stale_answer_makes_no_report(root, tmp_path):
    text = PROJECT.replace('P2 = "differs"', 'P2 = "holds"')
    (root / "project.toml").write_text(text)
    with pytest.raises(ReportError, match="rests on P2 being in 'holds', and it is in 'differs'"):
        pages.write([], tmp_path / "site", root)


NUMBERED = (
    "[words]",
    '[answer.numbers.P1]\nclaim = "P1"\nreading = "that year"\nunit = "tonnes"\n[words]',
)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("{P1}", "{P3}"), "names P3, which has no number"),
        (("{P1}", "{it}"), "no claim 'it'"),
        (NUMBERED, "no reading 'that year'"),
        ((NUMBERED[0], NUMBERED[1].replace("year", "month")), "is in USD, not in tonnes"),
        ((NUMBERED[0], '[answer.numbers]\nP1 = { claim = "P1" }\n[words]'), "lacks reading, unit"),
        (("{P1}", "{P9}"), "the ledger has no claim 'P9'"),
        (('example = "P1"', 'example = "P3"'), "the example P3 has no number"),
    ],
)
def test_an_answer_without_its_claim(root, tmp_path, change, message):
    (root / "project.toml").write_text(PROJECT.replace(*change))
    with pytest.raises(ReportError, match=message):
        pages.write([], tmp_path / "site", root)


def test_an_answer_has_the_number_of_a_reading(root):
    """By its name, without its sign, in the unit that the sentence counts it in."""
    old, new = NUMBERED
    new = new.replace("year", "month").replace("tonnes", "thousand USD").replace("P1]", "cost]")
    (root / "project.toml").write_text(PROJECT.replace(old, new).replace("{P1}", "{cost} thousand"))
    told = front.answer(claims.verdicts(root=root), project.load(root))
    assert told.startswith("It cost 0.0636 thousand at first, and later $55.7")


def test_facts_come_from_the_objects(root, tmp_path):
    code = (
        "import pandas as pd\nimport tradeflows as tf\ntf.cards('P1')",
        "pd.DataFrame({'claims': ['1 & 2']}, index=pd.Index(['oil'], name='source_id'))",
    )
    path = save_notebook(tmp_path / "a.ipynb", "# T?", *code)
    (plain,) = notebooks.run([path], root)
    assert chart_hook.facts_of(plain) == {"sources": {}, "cards": []}
    (full,) = notebooks.run([path], root, chart_hook.START)
    assert chart_hook.facts_of(full) == {"sources": {"oil": "1 & 2"}, "cards": ["P1"]}


def test_the_decisive_reading_is_shown(root):
    verdicts = claims.verdicts(root=root)
    assert [verdict.text.reading is None for verdict in verdicts] == [False, False, True]
