"""The charts of a notebook's page: each with an address, a page of its own, and its claims."""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from tradeflows import claims
from tradeflows.charts import layout, spans
from tradeflows.charts.raw_lines import CLAIM, ENTRY
from tradeflows.claims import Verdict
from tradeflows.report import chart_downloads, chart_hook, claim_cards, front
from tradeflows.report.notebooks import walk
from tradeflows.report.site import render
from tradeflows.retrieval.project import Project

FOLDER = "charts"
# Pixels: how wide the drawings are shown at most, and how high the line below them is.
NARROW, WIDE, FOOT = 450, 760, 36
SIZE = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
LIKE_NUMBERS = "0123456789.,−-+eE"  # letters of a cell that is set to the right
MOST = 4  # claims that a chart may name and be theirs; one that names more lists them

Files = dict[Path, str | bytes]
Stories = Mapping[str, Mapping[str, Any]]


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
        shown, contents = chart_downloads.picture(output, path)
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
            **chart,
            "page": f"{page}.html",
            "embed": f"{path}.html",
            "lists": f"{path}.js",
            "heights": heights,
            "height": max(heights),
            "units": [text for text in units if text.rstrip(".") not in heads],
            "take": take,
            "cite": chart_downloads.cited(chart["title"], used, publishers),
            **_table(chart["table"]),
        },
        "alt": chart["alt"],
        "phone": f"{path}-phone.svg",
    }
    return shown, files


def _table(rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    """The table of a chart for readers: its head, its rows, and which columns hold words.

    With them go the numbers by which cells in words are sorted, "" of one that is sorted as it
    stands: of a figure in words ("at least 14.5") the first of its row, its value or its least.
    """
    head, *body = rows
    are_dated = [bool(spans.HEAD.fullmatch(name)) for name in head]
    table, places = [], []
    for name, *cells in body:
        values = [*map(_value, cells, are_dated[1:])]
        pairs = [*zip(cells, values, strict=True)]
        first = next((cell for cell, value in pairs if not math.isnan(value)), "")
        table.append([name, *(_as_read(*pair) for pair in pairs)])
        columns = zip(head[1:], are_dated[1:], cells, strict=True)
        places.append(
            [
                spans.place(cell) if is_dated else first * (column == "As printed")
                for column, is_dated, cell in columns
            ]
        )
    shown = [*zip(head, are_dated, zip(*table, strict=True), strict=True)]
    words = [name for name, dated, cells in shown if dated or "".join(cells).strip(LIKE_NUMBERS)]
    has_holes = any("" in cells for _, is_dated, cells in shown if not is_dated)
    return {"head": head, "table": table, "words": words, "has_holes": has_holes, "places": places}


def _as_read(text: str, value: float) -> str:
    """A cell as a reader wants it: a number with its thousands set apart, no "5.0"; no period."""
    return text if math.isnan(value) else layout.number(value, 12)


def _value(text: str, is_dated: bool) -> float:
    """The number in a cell; NaN in one that holds words or a period."""
    try:
        return math.nan if is_dated else float(text)
    except ValueError:
        return math.nan


def places(stories: Stories) -> dict[str, str]:
    """The address of the chart of each claim: the first that names it, those of few claims first.

    A claim that no chart names has none.
    """
    charts = [(name, one) for name, story in stories.items() for one in story.get("charts", ())]
    found: dict[str, str] = {}
    for page, chart in sorted(charts, key=lambda at: len(at[1].get("claims", ())) > MOST):
        for claim in chart.get("claims", ()):
            found.setdefault(claim, f"{page}.html#{chart['id']}")
    return found


def claim_lines(verdicts: Iterable[Verdict], project: Project) -> dict[str, dict[str, str]]:
    """Claims in a line each, by their ids, those of the core first."""
    ordered = sorted(verdicts, key=lambda verdict: not verdict.claim.core)
    return {verdict.claim.id: claim_line(verdict, project) for verdict in ordered}


def claim_line(verdict: Verdict, project: Project) -> dict[str, str]:
    """A claim in a line that leads to the ledger; of one that depends with a count of each side."""
    text, why = verdict.text if not verdict.parts else None, verdict.text.why
    if text and not why and verdict.verdict == claims.DEPENDS:
        yes, no = (f"{item.name}: {item.text.figure}" for item in front.two_sides(verdict))
        why = f"Yes for {yes}. No for {no}."
    return {
        **claim_cards.head(verdict, project),
        "verdict": text.word if text else verdict.text.label,
        "rest": text.rest if text else f": {verdict.text.sentence}",
        "why": why,
        "off": text.far if text and verdict.verdict == claims.DIFFERS else "",
    }


def render_all(
    notebook: NotebookNode, frame: Mapping[str, Any], known: Mapping[str, dict[str, str]]
) -> Files:
    """Write each chart into its output's metadata as HTML; the pages of their own are returned.

    Below it stand its claims, as far as they are `known`, in their order.
    """
    files: Files = {}
    address = frame["project"].address
    for _, output in outputs_with_pictures(notebook):
        chart = output.metadata.pop("chart", None)
        if chart is None:
            continue
        listed = [line for claim, line in known.items() if claim in chart["claims"]]
        pages = {}
        for template, base in (("chart", ""), ("lists", ""), ("embed", "../")):
            evidence = chart["evidence"].replace(ENTRY, f"{base}sources.html#")
            evidence = evidence.replace(CLAIM, f"{base}ledger.html#")
            content = {"chart": {**chart, "evidence": evidence}, "address": address}
            content |= {"claims": listed, "counted": front.COUNTED}
            pages[template] = render(template, frame, base=base, **content)
        output.metadata["html"] = pages["chart"]
        files[Path(chart["embed"])] = pages["embed"]
        name, lists = (
            json.dumps(text, ensure_ascii=False) for text in (chart["lists"], pages["lists"])
        )
        files[Path(chart["lists"])] = f"chartLists[{name}] = {lists};\n"
    return files
