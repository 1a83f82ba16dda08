"""Pages are opened in a browser, where there is one, and a reader's stumbling stones are told."""

import io
import re
import shutil
from contextlib import redirect_stderr, redirect_stdout

import pytest
from test_charts import lines, monthly

from tradeflows import charts
from tradeflows.report import site

look = pytest.importorskip("look", reason="no playwright", exc_type=ImportError)

UNIT = "(Mt a month)"
PAGE = """<!DOCTYPE html><html lang="en"><head><title>t</title><link rel="icon" href="data:,">
</head><body><main><h1>Words</h1>{}</main></body></html>"""
CHART = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>t</title>
<meta http-equiv="Content-Security-Policy"
content="default-src 'none'; script-src file:; style-src file:; img-src data:">
<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="chart.css"></head><body><figure class="chart" id="buyers">
<div class="chart-wide">{}</div><div class="chart-narrow">{}</div></figure>
<script src="chart.js"></script></body></html>"""


def figure(name, inner, more="", of='viewBox="0 0 200 50" width="200" height="50"'):
    """A chart of one drawing."""
    return f'<figure class="chart" id="{name}"{more}><svg {of}>{inner}</svg></figure>'


def marked(name, *said, lines="", more="", table=""):
    """A chart of marks that say something, and its table."""
    marks = "".join(f'<circle data-said="{words}"/>' for words in said)
    drawn = f'<svg viewBox="0 0 9 9" width="9">{lines}<g class="chart-marks">{marks}</g></svg>'
    wide = f'<div class="chart-wide">{drawn}</div>'
    return f'<figure class="chart" id="{name}"{more}>{wide}{table}</figure>'


def table(head, row):
    cells = "".join(f"<td>{cell}</td>" for cell in row)
    heads = "".join(f"<th>{cell}</th>" for cell in head)
    return (
        f'<div class="chart-data"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody><tr>{cells}</tr></tbody></table></div>"
    )


TWO_HUES = (
    '<g data-series="a"><path d="M0 0 L9 0" stroke="#dd6010"/></g>'
    '<g data-series="b"><path d="M0 2 L9 2" stroke="#18a35f"/></g>'
)
OF_TWO = (
    '</g><g class="chart-marks"><g data-series="a"><circle data-said="China: 9"/></g>'
    '<g data-series="b"><circle data-said="India: 8"/></g>'
)
FOLDED = "<details><summary>Table</summary><table class='dataframe'>{}</table></details>"
DEFECTS = {
    "scrolls sideways": '<p style="width: 3000px">wide</p>',
    "not drawn": '<img src="gone.png" alt="a picture">',
    "asks http": '<img src="http://127.0.0.1:9/x.png" alt="a picture">',
    "image-alt": '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">',
    "chart small: 6.0 px": figure("small", '<text x="9" y="20" font-size="6">tiny</text>'),
    "chart cut: cut off": figure("cut", '<text x="190" y="20" font-size="20">beyond</text>'),
    "chart long: cut off": figure("long", '<text x="9" y="20" font-size="12">Title …</text>'),
    "chart faint: contrast 1.": figure("faint", '<text x="9" y="20" fill="#ddd">pale</text>'),
    "over a mark or a line: crossed": figure(
        "line",
        '<g data-series="a"><path d="M0 20 L200 20" fill="none" stroke="#000"/></g>'
        '<text x="9" y="26">crossed</text>',
    ),
    "chart dim: contrast 1.": figure(
        "dim",
        '<g data-series="a"><path d="M0 0 H200 V50 H0 z" fill="#222"/></g>'
        '<g><text x="9" y="20" fill="#000">on its bar</text></g>',
    ),
    "one over two": figure("over", '<text x="9" y="20">one</text><text x="12" y="22">two</text>'),
    "on 320 px: chart phone: ": figure(
        "phone",
        '<text x="9" y="20" font-size="11.6">wide enough</text>',
        of='width="100%" viewBox="0 0 390 50"',
    ),
    "8.0 px: fine print": '<p style="font-size: 8px">fine print</p>',
    "code before a reader: cmd_code": "<p>The cmd_code of a good</p>",
    "code before a reader: CHN": "<p>What CHN reports</p>",
    "code before a reader: KAZ": marked("said", "KAZ: 7", "Russia, 2019-01: 8"),
    "month not in words: 2019-01": "",
    "code before a reader: RUS": FOLDED.format("<tbody><tr><td>RUS</td></tr></tbody>"),
    "column's name before a reader: qualifier": FOLDED.format("<thead><th>qualifier</th></thead>"),
    "as a machine has it: 0.338578359753": "<p>Of all, 0.338578359753</p>",
    "as a machine has it: 1.000000e+05": "<p>As many as 1.000000e+05</p>",
    "1280 px, dark: color-contrast": "<style>@media (prefers-color-scheme: dark) "
    "{ .dim { color: #222; background: #000 } }</style><p class='dim'>faint in the dark</p>",
    "chart dateless: no period of A: 7": marked("dateless", "A: 7", "B, 2021: 8"),
    "chart hued: in colour, and not in the title: India: 8": marked(
        "hued", lines=TWO_HUES + OF_TWO, more=' aria-label="China had most"'
    ),
    "chart lost: no raw line behind B, 2021: 8": marked("lost", "A, 2021: no figure", "B, 2021: 8"),
    "chart undated: says A, 2021: 7, which its table does not have": marked(
        "undated", "A, 2021: 7", table=table(["Name", "Mt"], "A7")
    ),
    "chart undated: no file": "",
    "landmark-unique": "<nav><p>a</p></nav><nav><p>b</p></nav>",
    "out of order": "<script>console.error('out of order')</script>",
}

PROGRAM = next(filter(None, map(shutil.which, look.BROWSERS)), None)


MANY = "<style>.faint span { color: #999 }</style>" + "<p>one</p>" * 50
MANY += '<p class="faint">plain</p>' * 50
FAINT = '<p style="color: #999">faint</p><p class="faint">plain <span>faint</span></p>'
ON_ITS_GROUND = (
    '<g data-series="a"><path fill="none"/></g>'
    '<g data-series="a"><path d="M0 20 L90 20" fill="none" stroke="#000"/></g>'
    '<g><g><path d="M0 5 H190 V40 H0 z" fill="#fff"/></g><text x="9" y="26">on white</text></g>'
)


def dated(name, period, file="dated"):
    """A chart of one mark, of 2021, whose table has a period or none."""
    beside = table(["Name", "Period", "Mt"], ["A", period, "7"]) + f'<a href="{file}.csv">file</a>'
    return marked(name, "A, 2021: 7", table=beside)


TABLES = (("told", "2021"), ("wrong", "2022"), ("silent", ""), ("other", "2021", "other"))
LOOKED_AT = {
    "good": f"<p>All is well.</p>{figure('a', ON_ITS_GROUND)}{MANY}",
    "bad": "".join([*DEFECTS.values(), *(dated(*each) for each in TABLES)]),
    "faint": MANY + FAINT,
    # Too long on a phone and on a desk, by screens of their own.
    "index": "<style>p { height: 3400px } @media (max-width: 500px) { p { height: 6200px } }"
    "</style><p>long</p>",
    "charts/empty": "<p>nothing</p>",
    "charts/small": DEFECTS["chart small: 6.0 px"],
    "charts/tall": '<p style="height: 60px">tall</p><p class="chart-take">height="50"</p>',
}
NUMBERS = {"dated": 7, "other": 8}


@pytest.fixture(scope="module")
def looked(tmp_path_factory):
    """Look at all pages at once: what was said of each by its name, and their pictures."""
    if PROGRAM is None:
        pytest.skip(f"no Chromium: {', '.join(look.BROWSERS)}")
    folder = tmp_path_factory.mktemp("looked")
    (folder / "charts").mkdir()
    for name, number in NUMBERS.items():
        (folder / f"{name}.csv").write_text(f"# title\nseries,period,value\nA,2021,{number}\n")
    for name, body in LOOKED_AT.items():
        (folder / f"{name}.html").write_text(PAGE.format(body))
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        # Each is drawn too late, since a busy machine draws late and a test does not measure time.
        assert look.main([str(folder), str(folder / "pictures"), "--within=0"]) == 1
    lines = said.getvalue().splitlines()
    late = [line for line in lines if "drawn after " in line]
    assert len(late) == 4 * 4
    found = {"pictures": folder / "pictures"}
    for name in LOOKED_AT:
        start = f"{name.rpartition('/')[2]}.html"
        found[name] = [line for line in lines if line.startswith(start) and line not in late]
    return found


def test_a_good_page_has_no_finding(looked):
    assert looked["good"] == []
    assert len([*looked["pictures"].glob("good-*.jpg")]) == 4


@pytest.fixture(scope="module")
def browser(looked):  # which asks for browsers of its own, and first
    with look.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=PROGRAM)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def chart():
    axes = lines(monthly(CHN=[1, 2.5, None, 1234.5], IND=[3, 2, 1, 0]))
    vars(axes.figure)["tradeflows"].pop("of")
    return charts.hand_over(axes, "buyers")


@pytest.fixture
def page(tmp_path, browser, chart):
    """Open a page that holds a chart alone, under a strict policy, as a reader would."""
    (tmp_path / "chart.css").write_text(charts.css())
    (tmp_path / "chart.js").write_text(charts.script())
    (tmp_path / "page.html").write_text(CHART.format(chart.wide, chart.narrow))
    contexts = []

    def opened(**options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: pytest.fail(message.text))
        page.goto((tmp_path / "page.html").as_uri())
        return page

    yield chart, opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize(("width", "paper"), [(390, "narrow"), (1280, "wide")])
def test_the_keyboard_reaches_each_value(page, width, paper):
    chart, opened = page
    shown = opened(viewport={"width": width, "height": 700})
    shown.keyboard.press("Tab")
    found, clear = [], []
    for key in ["Home", *["ArrowRight"] * 6]:
        shown.keyboard.press(key)
        found.append(shown.text_content(".chart-tip"))
        tip, mark = (shown.locator(at).bounding_box() for at in (".chart-tip", ".chart-on"))
        clear.append(not mark["y"] - tip["height"] < tip["y"] < mark["y"] + mark["height"])
    # A sentence has all series of the date, its own first, and the unit.
    expected = (
        "January 2022: China 1 and India 3",
        "February 2022: China 2.5 and India 2",
        "April 2022: China 1,230 and India 0",
        "January 2022: India 3 and China 1",
        "February 2022: India 2 and China 2.5",
        "India, March 2022: 1",
        "April 2022: India 0 and China 1,230",
    )
    assert found == [f"{said} {UNIT}." for said in expected]
    assert all(clear)
    assert shown.evaluate(look.CHARTS) == []
    assert chart.wide.count("<title>") == len(found)


@pytest.mark.parametrize("body", ["<body>", '<body class="embed">'])
def test_letters_on_a_small_phone(page, tmp_path, body):
    chart, opened = page
    (tmp_path / "page.css").write_text(site.assets()[site.ASSETS / "page.css"])
    styled = CHART.replace('chart.css">', 'chart.css"><link rel="stylesheet" href="page.css">')
    framed = styled.replace("<body>", f"{body}<main>").format(chart.wide, chart.narrow)
    (tmp_path / "page.html").write_text(framed)
    shown = opened(viewport={"width": look.SMALL_PHONE, "height": 700})
    assert [found for found in shown.evaluate(look.CHARTS) if " px: " in found] == []
    assert not shown.evaluate(look.SCROLLS)
    # What has no room beside large letters scrolls within its drawing, and the keyboard follows.
    shown.focus(".chart-narrow")
    for key in ("End", "Home"):
        shown.keyboard.press(key)
        tip, mark = (shown.locator(at).bounding_box() for at in (".chart-tip", ".chart-on"))
        assert 0 <= mark["x"] <= look.SMALL_PHONE - mark["width"]
        assert tip["x"] <= mark["x"] + mark["width"] / 2 <= tip["x"] + tip["width"]


def middle(shown, mark):
    box = shown.locator(mark).first.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.parametrize("has_touch", [False, True])
def test_pointer_and_finger_meet_values(page, has_touch):
    _, opened = page
    shown = opened(viewport={"width": 390, "height": 700}, has_touch=has_touch)
    meet = shown.touchscreen.tap if has_touch else shown.mouse.move
    meet(*middle(shown, ".chart-narrow circle"))
    assert shown.inner_text(".chart-tip") == f"January 2022: China 1 and India 3 {UNIT}."
    assert shown.is_visible(".chart-tip")
    meet(5, 690)
    assert not shown.is_visible(".chart-tip")


ENTRY = '<details id="n2"><summary>China, February 2022: 2.5</summary>line 3</details>'


def with_entry(path, more):
    """Let February of China lead to an entry, and add to the chart."""
    text = path.read_text().replace("</figure>", f"{more}</figure>")
    circle = r"(<circle[^>]*)(><title>China, February 2022: 2.5)"
    path.write_text(re.sub(circle, r'\1 data-entry="n2"\2', text))


@pytest.mark.parametrize("by", ["pointer", "keyboard", "table", "finger"])
def test_a_number_opens_its_raw_lines(page, tmp_path, by):
    _, opened = page
    lines_of = f'<details class="chart-lines"><summary>Raw lines</summary>{ENTRY}</details>'
    link = '<div class="chart-data"><table><tr><td><a href="#n2">2.5</a></td></tr></table></div>'
    with_entry(tmp_path / "page.html", link + lines_of)
    shown = opened(viewport={"width": 1280, "height": 700}, has_touch=by == "finger")
    place = middle(shown, ".chart-wide [data-entry]")
    assert not shown.is_visible("text=line 3")
    if by == "pointer":
        shown.mouse.click(*place)
    elif by == "keyboard":
        for key in ("Tab", "Home", "Enter"):
            shown.keyboard.press(key)
        assert not shown.is_visible("text=line 3")  # that number has no entry
        shown.keyboard.press("ArrowRight")
        shown.keyboard.press("Enter")
    elif by == "table":
        shown.click(".chart-data a")
    else:
        shown.touchscreen.tap(*place)
        assert not shown.is_visible("text=line 3")
        shown.touchscreen.tap(*place)
    assert shown.is_visible("text=line 3")
    assert shown.evaluate("document.activeElement.parentElement.id") == "n2"


@pytest.mark.parametrize(("width", "has_script"), [(390, True), (1280, True), (1280, False)])
def test_lists_are_fetched_when_a_number_is_asked_for(page, tmp_path, width, has_script):
    _, opened = page
    (tmp_path / "lists.js").write_text(f"chartLists['lists.js'] = {ENTRY!r};")
    closed = '<details class="chart-lists" data-from="lists.js"><summary>Numbers</summary><div>'
    with_entry(tmp_path / "page.html", f'{closed}<a href="own.html">own</a></div></details>')
    shown = opened(viewport={"width": width, "height": 700}, java_script_enabled=has_script)
    assert shown.locator("#n2").count() == 0
    if not has_script:  # the same numbers stand on a page of their own, and titles need none
        shown.click(".chart-lists summary")
        assert shown.is_visible("text=own")
        assert shown.locator(".chart-wide circle title").count() == 7
        return
    for key in ("Tab", "Home", "ArrowRight", "Enter"):
        shown.keyboard.press(key)
    shown.wait_for_selector("text=line 3")


@pytest.mark.parametrize(("width", "paper"), [(390, "narrow"), (1280, "wide")])
def test_a_pointer_upon_a_name_highlights_its_series(page, width, paper):
    _, opened = page
    shown = opened(viewport={"width": width, "height": 700})
    for name, figures in (
        ("China", "China 1,230 and India 0"),
        ("India", "India 0 and China 1,230"),
    ):
        shown.locator(f".chart-{paper} g[data-series] text", has_text=name).hover()
        assert shown.inner_text(".chart-tip") == f"April 2022: {figures} {UNIT}."
        faded = shown.locator(f".chart-{paper} .chart-off text")
        assert faded.all_text_contents() == [{"China": "India", "India": "China"}[name]]


@pytest.mark.parametrize("what", [".chart-wide svg", ".top img"])
def test_a_picture_is_dark_in_the_dark_and_not_on_paper(page, written, what):
    gif = '<div class="top"><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt=""></div>'
    shown = page[1]() if "chart" in what else written(gif)
    found = []
    for media, scheme in (("screen", "dark"), ("screen", "light"), ("print", "dark")):
        shown.emulate_media(media=media, color_scheme=scheme)
        found.append(shown.locator(what).evaluate("(one) => getComputedStyle(one).filter"))
    assert found == ["invert(0.92) hue-rotate(180deg)", "none", "none"]


@pytest.fixture
def written(tmp_path, browser):
    """Open a page with the style and the script of the report's."""
    for name in ("page.css", "page.js"):
        (tmp_path / name).write_bytes((site.TEMPLATES / name).read_bytes())
    page = browser.new_page()

    def opened(body):
        ends = '<link rel="stylesheet" href="page.css">', '<script src="page.js"></script>'
        (tmp_path / "page.html").write_text(PAGE.format(body.join(ends)))
        page.goto((tmp_path / "page.html").as_uri())
        return page

    yield opened
    page.close()


def test_columns_are_sorted_by_their_numbers(written):
    cells = {"−1.1e−05": "", "−1.5e−05": "", "1,200": "", "at most 4": 4, "about 2": 2}
    rows = "".join(f'<tr><td data-place="{at}">{one}</td></tr>' for one, at in cells.items())
    shown = written(
        f'<table class="sortable"><thead><tr><th>A</th></tr></thead><tbody>{rows}</tbody></table>'
    )
    shown.locator("th button").first.click()
    found = shown.locator("td").all_inner_texts()
    assert found == ["−1.5e−05", "−1.1e−05", "about 2", "at most 4", "1,200"]


def test_paper_has_claims_headings_and_the_foot(written):
    shown = written(
        '<figure><figcaption><p><b>holds</b> <a href="#a">the claim</a></p></figcaption></figure>'
        '<details class="folded"><summary>13 untested</summary><p>one</p></details>'
        "<footer><p>the foot</p></footer>"
    )
    shown.emulate_media(media="print")
    for words in ("the claim", "13 untested", "one", "the foot"):
        assert shown.get_by_text(words, exact=True).is_visible(), words


@pytest.mark.parametrize("fault", DEFECTS)
def test_each_kind_of_fault_is_found(looked, fault):
    assert [line for line in looked["bad"] if fault in line]


def test_faint_words_are_found_among_many_alike(looked):
    found = [line for line in looked["faint"] if "color-contrast" in line]
    assert len(found) == 4
    assert all(line.endswith(": p:nth-child(103), span") for line in found)


def test_a_table_has_the_period_of_its_marks_and_the_numbers_of_its_file(looked):
    said = "\n".join(looked["bad"])
    undated = [f"chart {name}: says A, 2021: 7, which" in said for name, *_ in TABLES]
    assert undated == [False, True, True, False]
    unlike = [f"chart {name}: its table is not what" in said for name, *_ in TABLES]
    assert unlike == [False, True, True, True]


def test_a_front_page_has_its_length(looked):
    long = [line for line in looked["index"] if "screens" in line]
    assert [line.partition(",")[0] for line in long] == [
        *("index.html at 390 px", "index.html at 1280 px")
    ]
    assert "7." in long[0]
    assert "4.4 screens, and 4 are enough" in long[1]  # on a desk a screen is 800 pixels


def test_without_a_browser_it_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(look.shutil, "which", lambda name: None)
    (tmp_path / "good.html").write_text(PAGE.format("<p>All is well.</p>"))
    assert look.main([str(tmp_path), str(tmp_path / "pictures")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("nothing was looked at: no Chromium (any of chromium")


def test_pages_of_single_charts_are_looked_at(looked):
    assert looked["charts/empty"] == ["empty.html, alone: no chart is shown"]
    assert "small.html, alone: chart small: 6.0 px: tiny" in looked["charts/small"]
    taller = [
        re.findall(r"\d+ px higher than its frame at (\d+) px", one)
        for one in looked["charts/tall"]
    ]
    assert [width for some in taller for width in some] == ["390", "600", "720", "1280"]
