"""Counts what a reader meets: words of each chart and of each page of the report, and its nodes.

usage: python tests/words.py REPORT

`make words` runs it. A notebook's notes and words are also counted from its code, without a report,
for `make test` to print what is too long: see `long_charts`.
"""

import ast
import json
import re
import sys
from pathlib import Path
from statistics import median

from bs4 import BeautifulSoup

NOTE, CHART = 20, 120  # the most words of a note, and of a chart
READ = ("title", "unit", "note", "events", "names", "callouts", "reference", "said")
UNSEEN = "script, style, template, head, noscript, [hidden], .chart-narrow"


def words(text):
    """How many words there are; a number or a sign is none."""
    return sum(any(letter.isalpha() for letter in word) for word in text.split())


class Page:
    """Counts the nodes of a page, its visible words, and the words of each chart's wide picture."""

    def __init__(self, text):
        page = BeautifulSoup(text, "html.parser")
        self.nodes = sum(not one.find_parent("template") for one in page.find_all(True))
        for part in page.select(UNSEEN):
            part.decompose()
        drawn = {chart["id"]: chart.select("svg text") for chart in page.select(".chart[id]")}
        self.charts = {
            name: sum(words(one.get_text(" ")) for one in said)
            for name, said in drawn.items()
            if said
        }
        for part in page.select("svg, details:not([open]) > :not(summary)"):
            part.decompose()
        self.words = words(page.get_text(" "))


def texts(node, names):
    """The words of an expression, those of the names that the notebook gives included."""
    if isinstance(node, ast.Name):
        return texts(names[node.id], {}) if node.id in names else ""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    inner = [texts(child, names) for child in ast.iter_child_nodes(node)]
    return ("" if isinstance(node, ast.JoinedStr) else " ").join(inner)


def charts_of(cells):
    """The name, the words of the note and all words of each chart that cells of code draw."""
    names = {}
    for tree in map(ast.parse, cells):
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                options = {
                    option.arg: texts(option.value, names)
                    for option in getattr(node.value, "keywords", ())
                    if option.arg in READ
                }
                if "title" in options:
                    said = " ".join(options.values())
                    yield node.targets[0].id, words(options.get("note", "")), words(said)
                names[node.targets[0].id] = node.value


def long_charts(path, cells):
    """A sentence for each chart of a notebook whose note or whose words are too many."""
    return [
        f"{path.name}: {name}: {count} words of {what}, {most} at most"
        for name, note, said in charts_of(cells)
        for count, what, most in ((note, "its note", NOTE), (said, "all", CHART))
        if count > most
    ]


def in_notebooks(folder):
    """Those sentences for all notebooks of a folder."""
    said = []
    for path in sorted(folder.glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        codes = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        said += long_charts(path, codes)
    return said


def main(report):
    """Print a line a page, and what all charts come to."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(report.glob("*.html"))}
    print(f"{'page':32}{'words':>8}{'nodes':>8}{'kB':>8}  words of each chart")
    for path, page in pages.items():
        told = " ".join(f"{name} {count}" for name, count in page.charts.items())
        size = path.stat().st_size // 1000
        print(f"{path.stem:32}{page.words:8,}{page.nodes:8,}{size:8,}  {told}")
    by_name = {
        path.stem: page for path, page in pages.items() if re.match(r"\d|explore", path.stem)
    }
    counts = [count for page in by_name.values() for count in page.charts.values()]
    if counts:
        n_long = sum(count > CHART for count in counts)
        print(
            f"{len(counts)} charts: median {median(counts):.0f} words, most {max(counts)}, "
            f"{n_long} of more than {CHART}"
        )
    for line in in_notebooks(report.parent / "notebooks"):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
