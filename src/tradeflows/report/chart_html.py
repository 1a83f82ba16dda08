"""The charts of a notebook's page: each with an address, a page of its own, and its claims."""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from nbformat import NotebookNode

from tradeflows import claims
from tradeflows.charts import layout, spans
from tradeflows.charts.raw_lines import CLAIM, ENTRY
from tradeflows.claims import ReadingResult, Verdict, verdict_rule
from tradeflows.report import chart_downloads, chart_hook, claim_cards, claim_picture, front
from tradeflows.report.notebooks import walk
from tradeflows.report.site import render
from tradeflows.retrieval.project import Project

FOLDER = "charts"
# Pixels: how wide the drawings are shown at most, and how high the line below them is.
NARROW, WIDE, FOOT = 450, 760, 36
SIZE = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
LIKE_NUMBERS = "0123456789.,−-+eE"  # letters of a cell that is set to the right
MOST = 4  # claims that a chart may name and be theirs alone; one that names more lists them
SCALES = (1.0, 1e3, 1e6, 1e9)  # in which a chart counts what a claim has in units
AS_DRAWN = 5e-4  # how near a number is, as a part of it, to one that was drawn to four digits
NOWHERE = frozenset({("", "")})  # a line that no chart has

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
    known = {name: (source, publishers[source.publisher]) for name, source in sources.items()}
    notes = claim_cards.named_in_print(chart["caveats"], known)
    chart = {**chart, "caveats": notes}
    units, heads = chart_downloads.units(chart["unit"]), " ".join(chart["table"][0])
    take, files = chart_downloads.to_take(chart, path, used, publishers)
    heights = [
        FOOT + math.ceil(widest * float(high) / float(wide))
        for name, widest in (("narrow", NARROW), ("wide", WIDE))
        for wide, high in SIZE.findall(chart[name])
    ]
    shown = {
        "chart": {
            "id": chart["id"],
            "page": f"{page}.html",
            "embed": f"{path}.html",
            "lists": f"{path}.js",
            "heights": heights,
            "height": max(heights),
            "title": chart["title"],
            "alt": chart["alt"],
            "wide": chart["wide"],
            "narrow": chart["narrow"],
            "units": [text for text in units if text.rstrip(".") not in heads],
            "take": take,
            "about": chart["about"],
            "cite": chart_downloads.cited(chart["title"], used, publishers),
            "evidence": chart["evidence"],
            **_table(chart["table"]),
            "entries": chart["entries"],
        },
        "lines": _places_of(chart["lines"]),
        "numbers": chart["numbers"],
        "is_percent": any("%" in unit for unit in units),
        "of_claims": list(chart["claims"]),
        "alt": chart["alt"],
    }
    return shown, files


def _table(rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    """The table of a chart for readers: its head, its rows, and which columns hold words."""
    head, *body = rows
    table = [[name, *map(_cell, head[1:], cells)] for name, *cells in body]
    are_figures = [not spans.HEAD.fullmatch(name) for name in head]
    words = [
        name
        for name, is_figure, *cells in zip(head, are_figures, *table, strict=True)
        if not is_figure or any(cell.strip(LIKE_NUMBERS) for cell in cells)
    ]
    has_holes = any(
        is_figure and not cell
        for row in table
        for is_figure, cell in zip(are_figures, row, strict=True)
    )
    places = [_places_in(head[1:], cells) for _, *cells in body]
    return {
        "head": head,
        "table": table,
        "words": words,
        "has_holes": has_holes,
        "places": places,
    }


def _places_in(head: Sequence[str], cells: Sequence[str]) -> list[str]:
    """The number by which each cell in words is sorted, "" of one that is sorted as it stands.

    That of a figure in words ("at least 14.5") is the first of its row: its value, or its least.
    """
    are_periods = [bool(spans.HEAD.fullmatch(name)) for name in head]
    numbers = [cell for cell, is_period in zip(cells, are_periods, strict=True) if not is_period]
    first = next((cell for cell in numbers if not math.isnan(_value(cell))), "")
    return [
        spans.place(cell) if is_period else first if name == "As printed" else ""
        for name, cell, is_period in zip(head, cells, are_periods, strict=True)
    ]


def _cell(head: str, text: str) -> str:
    """A cell as a reader wants it: a number with its thousands set apart, no "5.0"; no period."""
    value = math.nan if spans.HEAD.fullmatch(head) else _value(text)
    return text if math.isnan(value) else layout.number(value, 12)


def _value(text: str) -> float:
    """The number in a cell; NaN in one that holds words."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def story_of(notebook: NotebookNode) -> list[dict[str, Any]]:
    """What links to each chart of a notebook need: its address, title, raw lines and claims."""
    return [
        {
            "id": output.metadata["chart"]["id"],
            "title": output.metadata["chart"]["title"],
            "lines": output.metadata["lines"],
            "numbers": output.metadata["numbers"],
            "is_percent": output.metadata["is_percent"],
            "claims": output.metadata["of_claims"],
        }
        for _, output in outputs_with_pictures(notebook)
        if "chart" in output.metadata
    ]


def _places_of(rows: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    """Which lines of which source a chart's numbers rest on, by the source's id.

    Lines that are counted alone are none of them.
    """
    if not rows:
        return {}
    head, *lines = rows
    source, line, sign = (head.index(name) for name in ("source_id", "line", "sign"))
    known: dict[str, dict[str, None]] = {}
    for cells in (cells for cells in lines if cells[sign] != "0"):
        known.setdefault(cells[source], {})[cells[line]] = None
    return {name: list(numbers) for name, numbers in known.items()}


class Place(NamedTuple):
    """A page, a chart on it, and whether that draws the number found of a claim below it."""

    page: str
    chart: str
    is_drawn: bool


@dataclass(frozen=True)
class Drawn:
    """A chart: its page and id, its raw lines, its numbers and whether these are per cent.

    Of `claims` it says itself that they stand below it.
    """

    page: str
    id: str
    lines: Set[tuple[str, str]]
    numbers: Sequence[float]
    is_percent: bool
    claims: Sequence[str]

    def has(self, value: float | None, unit: str) -> bool:
        """Whether a number in a claim's unit is drawn, be it in thousands, millions or billions."""
        is_percent = unit in claim_picture.CHANGES
        if not value or is_percent != self.is_percent:
            return False
        scales = SCALES[:1] if is_percent else SCALES
        return any(
            math.isclose(abs(number) * scale, abs(value), rel_tol=AS_DRAWN)
            for number in self.numbers
            for scale in scales
        )


def places(verdicts: Iterable[Verdict], stories: Stories, root: Path) -> dict[str, list[Place]]:
    """Where each claim stands, by its id: the closest chart, then others that mark its figure.

    A chart has all raw lines of a number that the verdict rests on. The closest draws the number
    that a reader is shown, else another of the claim's, else none; of several such it is the one
    with the fewest lines. A claim that charts name themselves stands below these alone, but for
    charts that list many claims: below such a one it stands as well.
    """
    charts = [
        Drawn(
            page,
            chart["id"],
            {(source, line) for source, lines in chart["lines"].items() for line in lines},
            chart["numbers"],
            chart["is_percent"],
            chart.get("claims", ()),
        )
        for page, story in stories.items()
        for chart in story.get("charts", ())
        if "numbers" in chart
    ]
    few = [chart for chart in charts if len(chart.claims) <= MOST]
    lists = [chart for chart in charts if len(chart.claims) > MOST]
    found = {}
    for one in verdicts:
        closest = _named(one, few) or _places(one, charts, root)
        listed = [place for place in _named(one, lists) if place not in closest]
        found[one.claim.id] = [*closest, *listed]
    return {name: places for name, places in found.items() if places}


def _named(verdict: Verdict, charts: Iterable[Drawn]) -> list[Place]:
    """The charts that name a claim themselves, since they show what it says."""
    return [Place(at.page, at.id, True) for at in charts if verdict.claim.id in at.claims]


def _places(verdict: Verdict, charts: Iterable[Drawn], root: Path) -> list[Place]:
    """The charts of one claim."""
    lines = {
        item.name: _lines_of(item, root)
        for item in verdict.readings
        if _rests_on(verdict, item) or item.role == verdict_rule.AS_STATED
    }
    ranked, marking = [], []
    for chart in charts:
        here = [item for item in verdict.readings if lines.get(item.name, NOWHERE) <= chart.lines]
        distance = _distance(verdict, chart, here)
        is_marked = _marks(chart, here)
        place = Place(chart.page, chart.id, is_marked or not distance)
        if any(_rests_on(verdict, item) for item in here):
            ranked.append(((distance, len(chart.lines)), place))
        if is_marked:
            marking.append(place)
    closest = [place for _, place in sorted(ranked)[:1]]
    return list(dict.fromkeys([*closest, *marking]))


def _rests_on(verdict: Verdict, reading: ReadingResult) -> bool:
    """Whether a reader is shown a reading for the claim, or it decided."""
    return reading.decides or reading is verdict.text.reading


def _distance(verdict: Verdict, chart: Drawn, here: Sequence[ReadingResult]) -> int:
    """How far a chart is from a claim: it draws the number shown, another of it, or none."""
    drawn = [item for item in verdict.readings if chart.has(item.value, item.unit)]
    if any(item in here and item is verdict.text.reading for item in drawn):
        return 0
    has_claimed = any(chart.has(part.claim.figure, part.claim.unit) for part in verdict.each)
    return 1 if drawn or has_claimed else 2


def _marks(chart: Drawn, here: Sequence[ReadingResult]) -> bool:
    """Whether a chart draws the figure that was claimed beside what was asked for."""
    return any(
        chart.has(item.value, item.unit) and chart.has(item.claim.figure, item.claim.unit)
        for item in here
        if item.role == verdict_rule.AS_STATED
    )


def _lines_of(reading: ReadingResult, root: Path) -> Set[tuple[str, str]]:
    """The raw lines of a reading's number; of one without any what no chart has."""
    terms = claims.terms(reading, root)["terms"]
    return {(term["source_id"], str(term["line"])) for term in terms} or NOWHERE


def tests(
    verdicts: Iterable[Verdict], places: Mapping[str, Sequence[Place]], project: Project
) -> Tests:
    """The claims that stand below each chart, by page and chart; those of the core first."""
    by_page: Tests = {}
    ordered = sorted(verdicts, key=lambda verdict: not verdict.claim.core)
    for verdict in ordered:
        for page, chart, is_drawn in places.get(verdict.claim.id, ()):
            members = by_page.setdefault(page, {}).setdefault(chart, [])
            members.append(claim_line(verdict, project, is_drawn=is_drawn))
    return by_page


def claim_line(verdict: Verdict, project: Project, *, is_drawn: bool = True) -> dict[str, str]:
    """A claim in a line that leads to the ledger; of a number that is not drawn it says so."""
    shown, why = verdict.text.reading, [verdict.text.why or _both_sides(verdict)]
    text = verdict.text if not verdict.parts else None
    if shown and not is_drawn and text and verdict.group in ("holds", "differs"):
        of_what = f" {shown.name}" if shown.name.startswith("of ") else f", {shown.name}"
        why.append(f"The figure found is not drawn: {text.figure}{of_what}.")
    return {
        "id": verdict.claim.id,
        "speaker": project.named(verdict.claim.who),
        "statement": verdict.claim.statement,
        "verdict": text.word if text else verdict.text.label,
        "rest": text.rest if text else f": {verdict.text.sentence}",
        "why": " ".join(filter(None, why)),
        "off": text.far if text and verdict.verdict == claims.DIFFERS else "",
        "group": verdict.group,
        "tone": verdict.text.tone,
    }


def _both_sides(verdict: Verdict) -> str:
    """Of a claim that depends, a count that bears it out and one that does not."""
    if verdict.verdict != claims.DEPENDS or verdict.parts:
        return ""
    sides = front.two_sides([item for item in verdict.readings if item.decides])
    yes, no = (f"{item.name}: {item.text.figure}" for item in sides)
    return f"Yes for {yes}. No for {no}."


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
        pages = {}
        for template, base in (("chart", ""), ("lists", ""), ("embed", "../")):
            evidence = chart["evidence"].replace(ENTRY, f"{base}sources.html#")
            evidence = evidence.replace(CLAIM, f"{base}ledger.html#")
            content = {"chart": {**chart, "evidence": evidence}, "address": address}
            pages[template] = render(template, frame, base=base, **content)
        output.metadata["html"] = pages["chart"]
        files[Path(chart["embed"])] = pages["embed"]
        name, lists = (
            json.dumps(text, ensure_ascii=False) for text in (chart["lists"], pages["lists"])
        )
        files[Path(chart["lists"])] = f"chartLists[{name}] = {lists};\n"
    return files
