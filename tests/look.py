"""Open every page of a report in headless Chromium, and say what a reader would stumble over.

``python tests/look.py report build/look`` exits with 0 if nothing is wrong, 1 with a line a
finding, and 2 where there is no Chromium to look with. Pictures of all pages go to the folder.
"""

import argparse
import shutil
import sys
from collections.abc import Iterator
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Error, Page, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDTHS, SCHEMES = (390, 1280), ("light", "dark")
GRAVE = ("serious", "critical")
DRAWN = 1.0  # seconds that a page may take until all of it is drawn
# What stands beyond the right edge, but for what may be scrolled by itself.
WIDE = """() => [...document.querySelectorAll("main *")].filter((one) =>
  !one.parentElement.closest(".scroll") && one.getBoundingClientRect().right > innerWidth + 1)
  .slice(0, 3).map((one) => `${one.tagName} ${one.className || one.textContent.slice(0, 40)}`)"""
SCROLLS = "() => document.documentElement.scrollWidth > innerWidth"
BLANK = """() => [...document.images].filter((one) => !one.complete || !one.naturalWidth)
  .map((one) => one.getAttribute("src"))"""
# Texts of the drawing of a chart that is shown: too small, cut off, or one over another.
CHARTS = """() => [...document.querySelectorAll("figure.chart svg")].flatMap((svg) => {
  const all = svg.getBoundingClientRect(), scale = svg.getScreenCTM()?.a;
  if (!all.width) return [];
  const texts = [...svg.querySelectorAll("text")].map((one) => ({
    words: one.textContent.trim(), at: one.getBoundingClientRect(),
    size: parseFloat(getComputedStyle(one).fontSize) * scale}));
  const name = svg.closest("figure").id, found = [];
  texts.forEach((one, i) => {
    if (one.size < 11) found.push(`${name}: ${one.size.toFixed(1)} px: ${one.words}`);
    if (one.at.left < all.left - 1 || one.at.right > all.right + 1 || one.at.top < all.top - 1 ||
        one.at.bottom > all.bottom + 1) found.push(`${name}: cut off: ${one.words}`);
    for (const other of texts.slice(i + 1)) {
      const wide = Math.min(one.at.right, other.at.right) - Math.max(one.at.left, other.at.left);
      const high = Math.min(one.at.bottom, other.at.bottom) - Math.max(one.at.top, other.at.top);
      if (wide > 3 && high > 5) found.push(`${name}: ${one.words} over ${other.words}`);
    }
  });
  return found;
})"""
PAINTED = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(
  () => done(performance.now() / 1000))))"""
AXE = """() => axe.run({exclude: [["tbody tr + tr"]]}, {resultTypes: ["violations"]})"""
OPEN = "() => document.querySelectorAll('details').forEach((one) => { one.open = true; })"


def looked(browser: Browser, path: Path, width: int, scheme: Any, to: Path) -> Iterator[str]:
    """What is wrong with the page in the file `path`, in words; its picture goes to `to`."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.goto(path.resolve().as_uri())
    if (seconds := page.evaluate(PAINTED)) > DRAWN:
        yield f"drawn after {seconds:.1f} s"
    page.screenshot(path=to / f"{path.stem}-{width}-{scheme}.png", full_page=True)
    yield from (f"asks {url}" for url in asked if not url.startswith(("file:", "data:")))
    yield from (f"not drawn: {name}" for name in page.evaluate(BLANK))
    yield from (f"chart {found}" for found in page.evaluate(CHARTS))
    for state in ("closed", "opened"):
        if page.evaluate(SCROLLS):
            yield f"scrolls sideways, {state}: {'; '.join(page.evaluate(WIDE))}"
        page.evaluate(OPEN)
    if width == max(WIDTHS):
        yield from _axe(page)
    yield from said
    context.close()


def _axe(page: Page) -> Iterator[str]:
    """Grave findings of axe-core, all being open; rows below a table's first are like the first."""
    script = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    page.evaluate(script)
    for found in page.evaluate(AXE)["violations"]:
        if found["impact"] in GRAVE:
            where = ", ".join(str(node["target"][0]) for node in found["nodes"][:3])
            yield f"{found['id']} ({found['impact']}): {found['help']}: {where}"


def main(argv: list[str] | None = None) -> int:
    """Look at all pages of a folder; see the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("pictures", type=Path)
    args = parser.parse_args(argv)
    pages = sorted(args.report.glob("*.html"))
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not program or not pages:
        lack = "no page" if program else f"no Chromium (any of {', '.join(BROWSERS)})"
        print(f"nothing was looked at: {lack} found", file=sys.stderr)
        return 2
    args.pictures.mkdir(parents=True, exist_ok=True)
    findings = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program)
        for path, width, scheme in product(pages, WIDTHS, SCHEMES):
            try:
                found = list(looked(browser, path, width, scheme, args.pictures))
            except Error as error:
                found = [f"cannot be opened: {error.message.splitlines()[0]}"]
            findings += [f"{path.name} at {width} px, {scheme}: {each}" for each in found]
        browser.close()
    print(*findings, f"{len(pages)} pages, {len(findings)} findings", sep="\n")
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
