"""Open every page of a report in headless Chromium, and say what a reader would stumble over.

``python tests/look.py report build/look`` exits with 0 if nothing is wrong, 1 with a line a
finding, and 2 where there is no Chromium to look with. Pictures of all pages go to the folder.
"""

import argparse
import csv
import re
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Error, Page, sync_playwright

from tradeflows.model import codes, schema
from tradeflows.model.errors import CodeError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDTHS, SCHEMES = (390, 1280), ("light", "dark")
SMALL_PHONE = 320  # pixels, at which letters of charts are measured
# What stands beyond the right edge, but for what may be scrolled by itself.
WIDE = """() => [...document.querySelectorAll("main *")].filter((one) =>
  !one.parentElement.closest(".scroll") && one.getBoundingClientRect().right > innerWidth + 1)
  .slice(0, 3).map((one) => `${one.tagName} ${one.className || one.textContent.slice(0, 40)}`)"""
SCROLLS = "() => document.documentElement.scrollWidth > innerWidth"
# Pictures that a reader would scroll to are fetched at once.
FETCH = """() => Promise.all([...document.images].map((one) => {
  one.loading = "eager";
  return one.decode().catch(() => {});
}))"""
BLANK = """() => [...document.images].filter((one) => !one.complete || !one.naturalWidth)
  .map((one) => one.getAttribute("src"))"""
# Texts of the drawing of a chart that is shown: too small, cut off, faint, or over something.
CHARTS = """() => [...document.querySelectorAll("figure.chart svg")].flatMap((svg) => {
  const all = svg.getBoundingClientRect(), scale = svg.getScreenCTM()?.a;
  if (!all.width) return [];
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map((part) => part / 255)
      .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const paper = "rgb(255, 255, 255)";  // in the dark a page turns the whole
  const data = [...svg.querySelectorAll("g[data-series] :is(path, use)")]
    .filter((one) => !one.closest(".chart-marks, defs"));
  const isFilled = (one) => !["none", ""].includes(getComputedStyle(one).fill);
  const filled = data.filter((one) => one.tagName === "path" && isFilled(one))
    .map((one) => ({ box: one.getBoundingClientRect(), fill: getComputedStyle(one).fill }));
  const lines = data.filter((one) => one.getAttribute("d") && !isFilled(one));
  const points = data.filter((one) => one.tagName === "use").map((one) => {
    const at = one.getBoundingClientRect();
    return [(at.left + at.right) / 2, (at.top + at.bottom) / 2];
  });
  for (const line of lines) {
    const matrix = line.getScreenCTM(), length = line.getTotalLength();
    for (let at = 0; at <= length; at += 2) {
      const point = line.getPointAtLength(at).matrixTransform(matrix);
      points.push([point.x, point.y]);
    }
  }
  // Whether words stand on a ground of their own, which hides what lies behind them.
  const isCovered = (text, at) => {
    const first = text.parentElement.firstElementChild;
    const path = first?.matches("path") ? first : first?.querySelector("path");
    if (first === text || !path || !isFilled(path)) return false;
    const box = path.getBoundingClientRect();
    return box.left <= at.left + 2 && box.right >= at.right - 2
      && box.top <= at.top + 4 && box.bottom >= at.bottom - 4;
  };
  const texts = [...svg.querySelectorAll("text")].map((one) => ({
    node: one, words: one.textContent.trim(), at: one.getBoundingClientRect(),
    fill: getComputedStyle(one).fill,
    size: parseFloat(getComputedStyle(one).fontSize) * scale}));
  // What lies behind the middle of some words: their own edge, the last box drawn there, or paper.
  const groundOf = (text) => {
    const edge = getComputedStyle(text.node).stroke;
    if (edge !== "none") return edge;
    const x = (text.at.left + text.at.right) / 2, y = (text.at.top + text.at.bottom) / 2;
    const under = filled.filter(({ box }) => x > box.left && x < box.right && y > box.top
      && y < box.bottom && !isCovered(text.node, text.at));
    return under.length ? under.at(-1).fill : paper;
  };
  const name = svg.closest("figure").id, found = [];
  texts.forEach((one, i) => {
    if (one.size < 11) found.push(`${name}: ${one.size.toFixed(1)} px: ${one.words}`);
    if (one.at.left < all.left - 1 || one.at.right > all.right + 1 || one.at.top < all.top - 1 ||
        one.at.bottom > all.bottom + 1 || one.words.endsWith("…"))
      found.push(`${name}: cut off: ${one.words}`);
    const ratio = contrast(one.fill, groundOf(one));
    if (ratio < 4.5) found.push(`${name}: contrast ${ratio.toFixed(1)}: ${one.words}`);
    if (!isCovered(one.node, one.at) && points.some(([x, y]) =>
        x > one.at.left + 1 && x < one.at.right - 1
        && y > one.at.top + 4 && y < one.at.bottom - 4))
      found.push(`${name}: over a mark or a line: ${one.words}`);
    for (const other of texts.slice(i + 1)) {
      const wide = Math.min(one.at.right, other.at.right) - Math.max(one.at.left, other.at.left);
      const high = Math.min(one.at.bottom, other.at.bottom) - Math.max(one.at.top, other.at.top);
      if (wide > 3 && high > 5) found.push(`${name}: ${one.words} over ${other.words}`);
    }
  });
  return found;
})"""
# Words of the page that are set too small; those of charts are looked at by themselves.
SMALL = """() => {
  const found = new Set(), texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const one = texts.currentNode.parentElement;
    const size = parseFloat(getComputedStyle(one).fontSize);
    if (size < 11 && texts.currentNode.data.trim() && one.getClientRects().length
        && !one.closest("svg, script, style"))
      found.add(`${size.toFixed(1)} px: ${one.textContent.trim().slice(0, 40)}`);
  }
  return [...found];
}"""
# Words that stand open or may be opened, but for code and raw lines.
WORDS = """() => {
  const copy = document.body.cloneNode(true);
  const left = "code, pre, script, style, .chart-lines, .readings details";
  for (const part of copy.querySelectorAll(left)) part.remove();
  for (const part of copy.querySelectorAll("td, th, summary, li, p"))
    part.prepend(" "), part.append(" ");
  return copy.textContent;
}"""
# All that charts say by their marks and labels, which no text of the page has.
SAID = """() => [...document.querySelectorAll("figure.chart :is([data-said], title, [aria-label])")]
  .map((one) => one.dataset.said || one.getAttribute("aria-label") || one.textContent)"""
# Heads of frames, which are folded too, that stand as code names their columns.
HEADS = """() => [...document.querySelectorAll(".dataframe th")]
  .map((one) => one.textContent.trim())
  .filter((head) => /^[a-z][a-z0-9_]*$|_/.test(head))"""
# Each chart: its title, all other words of it, and the periods and series of its marks.
TITLES = """() => [...document.querySelectorAll("figure.chart")].map((one) => ({
  id: one.id, title: one.getAttribute("aria-label") || "",
  words: [...one.querySelectorAll(".chart-data, .chart-lines summary")]
    .map((part) => part.textContent).join(" ")
    + [...one.querySelectorAll("svg text")].slice(3).map((part) => part.textContent).join(" "),
}))"""
# Marks of the first ten charts whose words are not in the row and column of the chart's table, or
# that say another period than it.
TIPS = """() => [...document.querySelectorAll("figure.chart:has(.chart-data)")].slice(0, 10)
  .flatMap((chart) => {
  const table = chart.querySelector(".chart-data table");
  const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  const rows = [...table.tBodies[0].rows].map((row) =>
    [...row.cells].map((cell) => cell.textContent.trim()));
  const periodOf = (row, i) =>
    row[heads.indexOf(`${heads[i]}: period`)] ?? row[heads.indexOf("Period")] ?? "";
  const unitOf = (cell) => cell.head === "As printed" ? heads : [cell.head];
  const cells = rows.flatMap((row) => row.slice(1).map((value, i) =>
    ({ row: row[0], head: heads[i + 1], value, all: row, period: periodOf(row, i + 1) })));
  return [...chart.querySelectorAll(".chart-wide .chart-marks circle")].flatMap((mark) => {
    const said = mark.dataset.said || mark.textContent;
    const value = said.slice(said.lastIndexOf(": ") + 2);
    const named = said.slice(0, said.lastIndexOf(": "));
    const years = named.match(/\\b(?:1[89]|20)\\d\\d\\b/g) || [];
    const bare = value.replace(/ % of the claim$/, "")
      .replace(/^(about|at most|at least|below|less than|more than) /, "");
    const fits = cells.some((cell) => (cell.value === bare || cell.value.split(", ").includes(value)
        || cell.value === value
        || (bare === "no figure" && cell.value === ""))
      && (said.includes(cell.row) || cell.all.some((part) => part && said.includes(part)))
      && (heads[0] !== "Period" || heads.includes("Name") || said.startsWith(cell.head))
      && (heads[0] === "Period" || named.endsWith(cell.period)
        || cell.period.match(/[A-Z]\\w+|\\d{4}/g).every((date) => named.includes(date)))
      && years.every((year) => [...unitOf(cell), ...cell.all].join(" ").includes(year)));
    // A sentence of a date has the figures of all series in that row of the table.
    const row = heads[0] === "Period" && mark.closest(".chart-dated")
      && !heads.slice(1).some((head) => head.includes(": ") || head === "Name")
      && rows.find((cells) => named.endsWith(`, ${cells[0]}`));
    const due = row ? row.flatMap((cell, i) => cell && i ? [heads[i], cell] : []) : [value];
    const { tip } = mark.dataset;
    const lacks = tip === undefined ? [] : due.filter((part) => !tip.includes(part));
    return [...fits ? [] : [`${chart.id}: says ${said}, which its table does not have`],
      ...lacks.map((part) => `${chart.id}: a tooltip lacks ${part}: ${tip}`)];
  });
})"""
# Series of charts in several hues, not shades, that are in colour and have no name in the title.
HUED = """() => [...document.querySelectorAll("figure.chart:has(.chart-wide)")].flatMap((chart) => {
  const hues = new Map(), title = chart.getAttribute("aria-label") || "";
  for (const part of chart.querySelectorAll(".chart-wide g[data-series] :is(path, use)")) {
    if (part.closest(".chart-marks, defs")) continue;
    const { series } = part.closest("g[data-series]").dataset, style = getComputedStyle(part);
    for (const colour of [style.fill, style.stroke]) {
      const parts = (colour.match(/\\d+/g) || []).slice(0, 3).map(Number);
      if (Math.max(...parts) - Math.min(...parts) > 40)
        hues.set(series, (hues.get(series) || new Set()).add(colour));
    }
  }
  const of = [...hues.values()], isShaded = of.some((some) => some.size > 1);
  if (isShaded || new Set(of.flatMap((some) => [...some])).size < 2) return [];
  return [...chart.querySelectorAll(".chart-wide .chart-marks g")]
    .filter((group) => hues.has(group.dataset.series))
    .map((group) => group.querySelector("circle"))
    .map((mark) => mark.dataset.said || mark.textContent)
    .filter((said) => !said.match(/\\p{Lu}\\p{L}+/gu)?.some((name) => title.includes(name)))
    .map((said) => [chart.id, said]);
})"""
# What marks of each chart say without a year.
DATELESS = """() => [...document.querySelectorAll("figure.chart .chart-wide .chart-marks circle")]
  .map((mark) => [mark.closest("figure").id, mark.dataset.said || mark.textContent])
  .filter(([id, said]) => !/\\b(?:1[89]|20)\\d\\d\\b/.test(said))"""
# Numbers that marks of each chart say and that lead to no raw line.
UNOPENED = """() => [...document.querySelectorAll("figure.chart")].flatMap((chart) =>
  [...chart.querySelectorAll(".chart-wide .chart-marks circle, .chart-narrow .chart-marks circle")]
  .map((mark) => [mark, mark.dataset.said || mark.textContent])
  .filter(([mark, said]) => !said.endsWith(": no figure")
    && !chart.querySelector(`#${CSS.escape(mark.dataset.entry || "none")} td`))
  .map(([, said]) => [chart.id, said]))"""
# Numbers and raw lines of all charts, which a reader asks for.
LISTED = """() => Promise.all([...document.querySelectorAll("figure.chart")]
  .map((one) => one.listed?.()))"""
# Values of each chart that the arrows of the keyboard do not reach, or that a tooltip covers; each
# mark keeps what its tooltip said.
KEYS = """() => [...document.querySelectorAll("figure.chart:has(.chart-tip)")].flatMap((chart) => {
  const plot = [...chart.querySelectorAll(".chart-wide, .chart-narrow")]
    .find((one) => one.getClientRects().length);
  if (!plot) return [];
  const press = (key) => plot.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  const marks = [...plot.querySelectorAll(".chart-marks circle")];
  const tip = chart.querySelector(".chart-tip"), covered = [];
  press("Home");
  for (const _ of marks) {
    const mark = plot.querySelector(".chart-on");
    if (!mark) break;
    const at = mark.getBoundingClientRect(), box = tip.getBoundingClientRect();
    mark.dataset.tip = tip.textContent;
    if (box.left < at.right && box.right > at.left && box.top < at.bottom && box.bottom > at.top)
      covered.push(`${chart.id}: its tooltip covers ${mark.dataset.said}`);
    press("ArrowRight");
  }
  press("Escape");
  return [...covered, ...marks.filter((mark) => !mark.dataset.tip)
    .map((mark) => `${chart.id}: the keyboard does not reach ${mark.dataset.said}`)];
})"""
# Pages of single charts in a frame: how much higher they are than the height that they ask for.
FRAMED = """() => {
  const asked = document.querySelector(".chart-take")?.textContent.match(/height="(\\d+)"/);
  location.hash = "#only";
  const { bottom } = document.body.getBoundingClientRect();
  return asked ? Math.ceil(bottom + scrollY - asked[1]) : 0;
}"""
FRAMES = (390, 600, 720, 1280)
# Whether the drawing of a chart has a size on the page.
SHOWN = """() => [...document.querySelectorAll("figure.chart svg")]
  .some((one) => one.getBoundingClientRect().width > 100)"""
PAINTED = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(
  () => done(performance.now() / 1000))))"""
# Without preload, since axe would fetch rules of style, which the page's policy forbids to scripts.
AXE = """(options) => axe.run({exclude: [["tbody tr + tr"]]},
  {resultTypes: ["violations"], preload: false, ...options})"""
OF_COLOUR = {"runOnly": ["color-contrast", "link-in-text-block"]}  # all that a scheme decides
NOT_OF_COLOUR = {"rules": {name: {"enabled": False} for name in OF_COLOUR["runOnly"]}}
# Empties each part that is built, coloured and placed like an earlier one, whatever its words: the
# rules of colour take as long for the thousandth raw line as for the first.
THIN = """() => {
  const numbers = new Map(), builds = new Map(), seen = new Set();
  const numberOf = (words) => numbers.get(words) ?? numbers.set(words, numbers.size).get(words);
  const isOneOff = (name) => /^(role|tabindex|style|aria-(?!label$).+)$/.test(name);
  const lookOf = (one) => {
    const { color, fill, stroke, opacity, backgroundColor, display, fontSize, fontWeight,
      textDecorationLine } = getComputedStyle(one);
    const attributes = [...one.attributes].map(({ name, value }) =>
      isOneOff(name) ? `${name}=${value}` : name).sort();
    return [one.tagName, one.getAttribute("class"), ...attributes, color, fill, stroke, opacity,
      backgroundColor, display, fontSize, fontWeight, textDecorationLine,
      one.textContent.trim() !== ""].join("|");
  };
  const build = (one) => {
    const look = lookOf(one), parts = new Set([...one.children].map(build));
    const whole = numberOf(`${look}(${[...parts].sort()})`);
    builds.set(one, { look, whole });
    return whole;
  };
  const thin = (one, place) => {
    const { look, whole } = builds.get(one), here = numberOf(`${place}: ${whole}`);
    if (seen.has(here)) return one.replaceChildren();
    seen.add(here);
    const inside = numberOf(`${place}/${look}`);
    for (const part of [...one.children]) thin(part, inside);
  };
  build(document.body);
  thin(document.body, 0);
}"""
LARGEST = 1_500_000  # bytes of a page
# By width: how tall a screen is, and how many of them the front page may take. On a phone each part
# of a claim takes some lines.
SCREENS = {390: (844, 7), 1280: (800, 4)}
CODED = ("dictionary", "methods")  # pages that explain columns and may name them
AREA = re.compile("[A-Z]{3}")
MONTH = re.compile(r"\b(?:19|20)\d\d-\d\d\b")
# Eight figures behind the point, beside zeros that come first, or a power of ten.
MACHINE = re.compile(r"\d+\.0*[1-9]\d{7,}|\d\.\d+e[+-]\d\d")
NO_CODES = {"PNG", "DJI", "USA"}  # a kind of picture, a maker of drones, a usual name
SHEETS = 4  # of paper that the front page may take
ALIASES = {"europe": "eu", "brussels": "eu", "america": "us", "washington": "us"}
YEAR = re.compile(r"\b(?:19|20)\d\d\b")
NAME = re.compile(r"(?<=[a-z,;:%\d] )[A-Z][a-zü]{3,}")
OPEN = "() => document.querySelectorAll('details').forEach((one) => { one.open = true; })"


# Charts whose title speaks of all that they have in colour by its number.
COUNTED = {("00_what_the_report_says", "score"), ("07_the_way_round", "transit")}


def looked(path: Path, to: Path, program: str, within: float) -> list[str]:
    """What is wrong with a page at all widths and in all schemes, in words; pictures go to `to`."""
    findings = []
    with sync_playwright() as play, play.chromium.launch(executable_path=program) as browser:
        for width, scheme in product(WIDTHS, SCHEMES):
            try:
                found = list(_looked(browser, path, width, scheme, to, within))
            except Error as error:
                found = [f"cannot be opened: {error.message.splitlines()[0]}"]
            findings += [f"{path.name} at {width} px, {scheme}: {each}" for each in found]
    return findings


def _opened(browser: Browser, width: int, scheme: Any) -> tuple[Page, list[str]]:
    """A new page, and what its scripts say of errors."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page, said = context.new_page(), []
    page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return page, said


def _looked(
    browser: Browser, path: Path, width: int, scheme: Any, to: Path, within: float
) -> Iterator[str]:
    page, said = _opened(browser, width, scheme)
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.goto(path.resolve().as_uri())
    if (seconds := page.evaluate(PAINTED)) > within:
        yield f"drawn after {seconds:.1f} s"
    page.evaluate(LISTED)
    page.evaluate(FETCH)
    # JPEG, since to pack some fifty screens as PNG takes longer than to look at them.
    page.screenshot(path=to / f"{path.stem}-{width}-{scheme}.jpg", full_page=True, quality=80)
    yield from (f"asks {url}" for url in asked if not url.startswith(("file:", "data:")))
    yield from (f"not drawn: {name}" for name in page.evaluate(BLANK))
    yield from page.evaluate(SMALL)
    yield from (f"chart {found}" for found in page.evaluate(CHARTS))
    if scheme == SCHEMES[0]:
        yield from (f"chart {found}" for found in page.evaluate(KEYS))
    if path.stem == "index" and scheme == SCHEMES[0]:
        yield from _long(page, width)
    for state in ("closed", "opened"):
        if page.evaluate(SCROLLS):
            yield f"scrolls sideways, {state}: {'; '.join(page.evaluate(WIDE))}"
        page.evaluate(OPEN)
    if (width, scheme) == (min(WIDTHS), SCHEMES[0]):
        yield from _on_a_small_phone(page)
    if scheme == SCHEMES[0]:
        yield from _axe(page, NOT_OF_COLOUR)
    if (width, scheme) == (max(WIDTHS), SCHEMES[0]):
        yield from (f"chart {found}" for found in page.evaluate(TIPS))
        yield from _titles(page)
        for chart, mark in page.evaluate(HUED):
            if (path.stem, chart) not in COUNTED:
                yield f"chart {chart}: in colour, and not in the title: {mark}"
        for chart, mark in page.evaluate(UNOPENED):
            yield f"chart {chart}: no raw line behind {mark}"
        for chart, mark in page.evaluate(DATELESS):
            yield f"chart {chart}: no period of {mark}"
        yield from _files(page, path.parent)
        if path.stem not in CODED:
            yield from _coded(page, path.parent)
        size = path.stat().st_size
        if size > LARGEST:
            yield f"{size / 1e6:.1f} MB"
        if path.stem == "index":
            yield from _printed(page)
    page.evaluate(OPEN)
    page.evaluate(THIN)
    yield from _axe(page, OF_COLOUR)
    yield from said
    page.context.close()


def _on_a_small_phone(page: Page) -> Iterator[str]:
    """Letters of charts that are too small there; the page is as wide as it was afterwards."""
    size = page.viewport_size
    page.set_viewport_size({"width": SMALL_PHONE, "height": 800})
    small = [found for found in page.evaluate(CHARTS) if " px: " in found]
    yield from (f"on {SMALL_PHONE} px: chart {found}" for found in small)
    if page.evaluate(SCROLLS):
        yield f"on {SMALL_PHONE} px: scrolls sideways: {'; '.join(page.evaluate(WIDE))}"
    if size:
        page.set_viewport_size(size)


def looked_alone(pages: list[Path], program: str) -> list[str]:
    """What is wrong with the pages of single charts, each looked at once, in the dark."""
    if not pages:
        return []
    with sync_playwright() as play, play.chromium.launch(executable_path=program) as browser:
        return list(_looked_alone(browser, pages))


def _looked_alone(browser: Browser, pages: list[Path]) -> Iterator[str]:
    page, said = _opened(browser, min(WIDTHS), "dark")
    for path in pages:
        page.goto(path.resolve().as_uri())
        found = [f"chart {each}" for each in page.evaluate(CHARTS)] + page.evaluate(SMALL)
        if page.evaluate(SCROLLS):
            found.append(f"scrolls sideways: {'; '.join(page.evaluate(WIDE))}")
        if not page.evaluate(SHOWN):
            found.append("no chart is shown")
        for width in FRAMES:
            page.set_viewport_size({"width": width, "height": 900})
            if (more := page.evaluate(FRAMED)) > 0:
                found.append(f"{more} px higher than its frame at {width} px")
        page.set_viewport_size({"width": min(WIDTHS), "height": 900})
        yield from (f"{path.name}, alone: {each}" for each in [*found, *said])
        said.clear()
    page.context.close()


def _axe(page: Page, options: dict[str, Any]) -> Iterator[str]:
    """Findings of axe-core, all being open; rows below a table's first are like the first."""
    script = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    page.evaluate(script)
    for found in page.evaluate(AXE, options)["violations"]:
        where = ", ".join(str(node["target"][0]) for node in found["nodes"][:3])
        yield f"{found['id']} ({found['impact']}): {found['help']}: {where}"


def _coded(page: Page, folder: Path) -> Iterator[str]:
    """Ids of sources, names of columns and codes of areas in the words of a page."""
    sources = folder / "sources.html"
    text = sources.read_text(encoding="utf-8") if sources.is_file() else ""
    ids = set(re.findall(r'<section class="source" id="([^"]+)"', text))
    columns = {name for table in schema.TABLES.values() for name in table.names if "_" in name}
    said = page.evaluate(SAID)
    words = "\n".join([page.evaluate(WORDS), *said])
    yield from (f"a column's name before a reader: {head}" for head in page.evaluate(HEADS))
    yield from (f"a number as a machine has it: {found}" for found in MACHINE.findall(words))
    for word in sorted(set(re.findall(r"\w+", words))):
        if word in ids or word in columns or (word not in NO_CODES and _is_area(word)):
            yield f"a code before a reader: {word}"
    for month in sorted(set(MONTH.findall("\n".join(said)))):
        yield f"a month not in words: {month}"


def _is_area(word: str) -> bool:
    """Whether three capitals are the code of an area."""
    if not AREA.fullmatch(word):
        return False
    try:
        return codes.area_name(word) != word
    except CodeError:
        return False


def _titles(page: Page) -> Iterator[str]:
    """Names and years of a chart's title that are nowhere in its data or its other words."""
    for chart in page.evaluate(TITLES):
        words = chart["words"].lower()
        years = [int(year) for year in YEAR.findall(chart["words"])]
        for year in map(int, YEAR.findall(chart["title"])):
            if years and not min(years) <= year <= max(years):
                yield f"chart {chart['id']}: {year} of its title is not in its data"
        for name in NAME.findall(chart["title"]):
            stem = ALIASES.get(name.lower(), name.lower()[:4])
            if stem not in words:
                yield f"chart {chart['id']}: {name} of its title is not in its data"


# Of each chart the address of its numbers, and its table, the head first.
TABLES = """() => [...document.querySelectorAll("figure.chart:has(.chart-data)")].map((one) => ({
  id: one.id,
  file: [...one.querySelectorAll("a")].map((link) => link.getAttribute("href"))
    .find((address) => /(?<!-lines)\\.csv$/.test(address)),
  rows: [...one.querySelectorAll(".chart-data tr")]
    .map((row) => [...row.cells].map((cell) => cell.textContent.trim())),
}))"""


def _files(page: Page, folder: Path) -> Iterator[str]:
    """Numbers and periods of a chart's table that are not those of its file."""
    for chart in page.evaluate(TABLES):
        if not chart["file"]:
            yield f"chart {chart['id']}: no file of its numbers"
            continue
        text = (folder / chart["file"]).read_text(encoding="utf-8")
        lines = [line for line in text.splitlines(keepends=True) if not line.startswith("# ")]
        if _cells([*csv.reader(lines)]) != _cells(chart["rows"]):
            yield f"chart {chart['id']}: its table is not what its file holds"


def _cells(rows: list[list[str]]) -> list[list[float | str | None]]:
    """Numbers and periods in words of a table below its head, but for its first column."""
    head, *body = rows
    are_periods = [name.lower().endswith("period") for name in head]
    return [
        [
            cell if is_period else _number(cell)
            for cell, is_period in zip(row, are_periods, strict=True)
        ][1:]
        for row in body
    ]


def _number(cell: str) -> float | None:
    """What a cell states, in a file or for readers; None where that is no number."""
    try:
        return float(cell.replace(",", "").replace("−", "-"))
    except ValueError:
        return None


def _long(page: Page, width: int) -> Iterator[str]:
    """Whether the page takes few enough screens."""
    height, most = SCREENS[width]
    screens = page.evaluate("() => document.documentElement.scrollHeight") / height
    if screens > most:
        yield f"{screens:.1f} screens, and {most} are enough"


def _printed(page: Page) -> Iterator[str]:
    """Whether the page takes few enough sheets of paper."""
    page.reload()
    sheets = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))
    if sheets > SHEETS:
        yield f"{sheets} sheets of paper, and {SHEETS} are enough"


def main(argv: list[str] | None = None) -> int:
    """Look at all pages of a folder; see the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("pictures", type=Path)
    parser.add_argument(
        "--within", type=float, default=1.0, help="seconds until all of a page is drawn"
    )
    args = parser.parse_args(argv)
    pages = sorted(args.report.glob("*.html"))
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not program or not pages:
        lack = "no page" if program else f"no Chromium (any of {', '.join(BROWSERS)})"
        print(f"nothing was looked at: {lack} found", file=sys.stderr)
        return 2
    args.pictures.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor() as browsers:
        alone = browsers.submit(looked_alone, sorted(args.report.glob("charts/*.html")), program)
        each = [
            browsers.submit(looked, path, args.pictures, program, args.within) for path in pages
        ]
        findings = [found for one in [*each, alone] for found in one.result()]
    print(*findings, f"{len(pages)} pages, {len(findings)} findings", sep="\n")
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
