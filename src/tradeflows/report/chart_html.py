"""The charts of a notebook's page: each with an address, a page of its own, and its claims."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from tradeflows import claims
from tradeflows.charts import layout
from tradeflows.charts.raw_lines import ENTRY
from tradeflows.claims import Verdict
from tradeflows.report import chart_downloads, chart_hook, claim_cards, front
from tradeflows.report.notebooks import walk
from tradeflows.report.site import render

FOLDER = "charts"
HEIGHT = 620  # pixels of a frame that holds a chart's own page
LIKE_NUMBERS = "0123456789.,−-+eE"  # letters of a cell that is set to the right
MOST = 4  # claims that stand below one chart

Files = dict[Path, str | bytes]
Stories = Mapping[str, Mapping[str, Any]]
# Claims by the id of the chart that draws their lines, by page.
Tests = dict[str, dict[str, list[dict[str, str]]]]


def outputs_with_pictures(notebook: NotebookNode) -> Iterator[tuple[str, NotebookNode]]:
    """Outputs that hold a picture, each with the heading that it stands under."""
    for heading, cell in walk(notebook):
        for output in cell.get("outputs", []):
            if chart_downloads.PNG in output.get("data", {}):
                yield heading, output


def describe(notebook: NotebookNode, page: str, frame: Mapping[str, Any]) -> Files:
    """Files of all pictures of a notebook; what a page says of each becomes its metadata."""
    files: Files = {}
    for number, (heading, output) in enumerate(outputs_with_pictures(notebook), start=1):
        chart = output.data.get(chart_hook.MIME)
        name = chart["id"] if chart else str(number)
        path = f"{FOLDER}/{page}-{name}"
        shown, pictures = chart_downloads.picture(output, path)
        contents: dict[str, str | bytes] = {**pictures}
        shown["alt"] = heading.rstrip(".")
        if chart:
            more, taken = _chart(chart, page, path, frame)
            shown |= more
            contents |= taken
        output.metadata = NotebookNode(shown)
        files |= {Path(to): content for to, content in contents.items()}
    return files


def _chart(
    chart: Mapping[str, Any], page: str, path: str, frame: Mapping[str, Any]
) -> tuple[dict[str, Any], chart_downloads.Files]:
    """What a page says of a chart, and the files to take along."""
    sources, publishers = frame["sources"], frame["publishers"]
    used = [sources[source] for source in chart["sources"] if source in sources]
    take, files = chart_downloads.to_take(chart, path, used, publishers)
    shown = {
        "chart": {
            "id": chart["id"],
            "page": f"{page}.html",
            "embed": f"{path}.html",
            "height": HEIGHT,
            "title": chart["title"],
            "alt": chart["alt"],
            "wide": chart["wide"],
            "narrow": chart["narrow"],
            "units": chart_downloads.units(chart["unit"]),
            "take": take,
            "cite": chart_downloads.cited(chart["title"], used, publishers),
            "evidence": chart["evidence"],
            **_table(chart["table"]),
        },
        "lines": _places_of(chart["lines"]),
        "alt": chart["alt"],
    }
    return shown, files


def _table(rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    """The table of a chart for readers: its head, its rows, and which columns hold words."""
    head, *body = rows
    table = [[_cell(cell) for cell in row] for row in body]
    words = [name for i, name in enumerate(head) if not all(_is_number(row[i]) for row in table)]
    has_holes = any(not cell for row in table for cell in row)
    return {"head": head, "table": table, "words": words, "has_holes": has_holes}


def _is_number(cell: str) -> bool:
    """Whether a cell holds a number or nothing."""
    return not cell.strip(LIKE_NUMBERS)


def _cell(text: str) -> str:
    """A cell as a reader wants it: a number with its thousands set apart, no "5.0"."""
    try:
        value = float(text)
    except ValueError:
        return text
    return layout.number(value, 12)


def story_of(notebook: NotebookNode) -> list[dict[str, Any]]:
    """The address, the title and the raw lines of each chart of a notebook, for its links."""
    return [
        {
            "id": output.metadata["chart"]["id"],
            "title": output.metadata["chart"]["title"],
            "lines": output.metadata["lines"],
        }
        for _, output in outputs_with_pictures(notebook)
        if "chart" in output.metadata
    ]


def _places_of(rows: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    """Which lines of which source a chart's numbers rest on, by the source's id."""
    if not rows:
        return {}
    head, *lines = rows
    source, line = head.index("source_id"), head.index("line")
    known: dict[str, dict[str, None]] = {}
    for cells in lines:
        known.setdefault(cells[source], {})[cells[line]] = None
    return {name: list(numbers) for name, numbers in known.items()}


def places(verdicts: Iterable[Verdict], stories: Stories, root: Path) -> dict[str, tuple[str, str]]:
    """The page and the chart that draw all raw lines of a claim's number, by claim.

    Where none draws the number that a reader is shown first, that of another that decided counts.

    Of several the one with the fewest lines, which is the closest to the claim.
    """
    charts = [
        (page, chart["id"], _pairs(chart["lines"]))
        for page, story in stories.items()
        for chart in story.get("charts", ())
    ]
    charts.sort(key=lambda chart: len(chart[2]))
    chosen: dict[str, tuple[str, str]] = {}
    for verdict in verdicts:
        first = front.decisive(verdict)
        deciding = [reading for reading in verdict.readings if reading.decides]
        for reading in [*filter(None, [first]), *deciding]:
            terms = claims.terms(reading, root)["terms"]
            lines = {(term["source_id"], str(term["line"])) for term in terms}
            fitting = [(page, name) for page, name, known in charts if lines and lines <= known]
            if fitting:
                chosen[verdict.claim.id] = fitting[0]
                break
    return chosen


def _pairs(lines: Mapping[str, Sequence[str]]) -> set[tuple[str, str]]:
    return {(source, line) for source, numbers in lines.items() for line in numbers}


def tests(verdicts: Iterable[Verdict], places: Mapping[str, tuple[str, str]]) -> Tests:
    """The claims that stand below each chart, by page and chart; those of the core first."""
    by_page: Tests = {}
    ordered = sorted(verdicts, key=lambda verdict: not verdict.claim.core)
    for verdict in ordered:
        if verdict.claim.id in places:
            page, chart = places[verdict.claim.id]
            members = by_page.setdefault(page, {}).setdefault(chart, [])
            if len(members) < MOST:
                members.append(claim_line(verdict))
    return by_page


def claim_line(verdict: Verdict) -> dict[str, str]:
    """A claim in a line that leads to the ledger."""
    return {
        "id": verdict.claim.id,
        "statement": verdict.claim.statement,
        "verdict": _in_a_line(verdict),
        "sentence": claims.sentence(verdict).removeprefix("not decided; "),
        "why": claims.why(verdict),
        "off": claims.short(verdict) if claims.is_near(verdict) else "",
        "tone": claim_cards.tone_of(verdict),
    }


def _in_a_line(verdict: Verdict) -> str:
    """A verdict in the words of the pictures to share."""
    if claims.is_near(verdict):
        return "nearly the same"
    return "cannot be told" if verdict.verdict == claims.NOT_DECIDED else verdict.verdict


def render_all(
    notebook: NotebookNode, frame: Mapping[str, Any], tested: Mapping[str, list[dict[str, str]]]
) -> Files:
    """Write each chart into its output's metadata as HTML; the pages of their own are returned."""
    files: Files = {}
    address = frame["project"].address
    for _, output in outputs_with_pictures(notebook):
        chart = output.metadata.pop("chart", None)
        if chart is None:
            continue
        chart = {**chart, "claims": tested.get(chart["id"], [])}
        for base, template in (("", "chart"), ("../", "embed")):
            evidence = chart["evidence"].replace(ENTRY, f"{base}sources.html#")
            content = {"chart": {**chart, "evidence": evidence}, "address": address}
            page = render(template, frame, base=base, **content)
            if template == "chart":
                output.metadata["html"] = page
            else:
                files[Path(chart["embed"])] = page
    return files
