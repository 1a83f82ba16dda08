"""The charts of a notebook's page: each with an address, a page of its own, and its claims."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
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


def describe(
    notebook: NotebookNode,
    page: str,
    frame: Mapping[str, Any],
    known: Mapping[str, Mapping[str, Any]],
) -> Files:
    """Files of all pictures of a notebook; what its page shows of each becomes its metadata.

    Below a chart stand its claims, as far as they are `known`, in their order.
    """
    files: Files = {}
    for number, (heading, output) in enumerate(outputs_with_pictures(notebook), start=1):
        chart = output.data.get(chart_hook.MIME)
        name = chart["id"] if chart else str(number)
        path = f"{FOLDER}/{page}-{name}"
        shown, contents = chart_downloads.picture(output, path)
        shown["alt"] = heading.rstrip(".")
        if chart:
            content, taken = _chart(chart, page, path, frame)
            listed = [line for claim, line in known.items() if claim in chart["claims"]]
            pages = {
                name: _rendered(name, content, listed, frame)
                for name in ("chart", "lists", "embed")
            }
            address, lists = (
                json.dumps(text, ensure_ascii=False) for text in (content["lists"], pages["lists"])
            )
            taken[content["embed"]] = pages["embed"]
            taken[content["lists"]] = f"chartLists[{address}] = {lists};\n"
            shown |= {"alt": chart["alt"], "phone": f"{path}-phone.svg", "html": pages["chart"]}
            contents |= taken
        output.metadata = NotebookNode(shown)
        files |= {Path(to): content for to, content in contents.items()}
    return files


def _rendered(
    template: str,
    chart: Mapping[str, Any],
    listed: Sequence[Mapping[str, Any]],
    frame: Mapping[str, Any],
) -> str:
    """A chart by a template, of which that of a page of its own stands a folder deeper."""
    base = "../" if template == "embed" else ""
    evidence = chart["evidence"].replace(ENTRY, f"{base}sources.html#")
    evidence = evidence.replace(CLAIM, f"{base}ledger.html#")
    content = {"chart": {**chart, "evidence": evidence}, "address": frame["project"].address}
    return render(template, frame, base=base, claims=listed, counted=front.COUNTED, **content)


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
    }
    return shown, files


def _table(rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    """The table of a chart for readers: its head, its rows, and which columns hold words.

    With them go the numbers by which cells in words are sorted, "" of one that is sorted as it
    stands: of a figure in words ("at least 14.5") the first of its row, its value or its least.
    """
    head, *body = rows
    are_dated = [bool(spans.HEAD.fullmatch(name)) for name in head]
    table: list[list[str]] = []
    places: list[list[str]] = []
    for name, *cells in body:
        texts = pd.Series(cells, dtype=object)
        numbers = pd.to_numeric(texts, errors="coerce").mask(np.array(are_dated[1:]))
        first = next(iter(texts[numbers.notna()]), "")
        table.append([name])
        places.append([])
        columns = zip(head[1:], are_dated[1:], cells, numbers, strict=True)
        for column, is_dated, cell, value in columns:
            is_printed = column == "As printed"  # which alone has its last zeros
            shown = cell if np.isnan(value) or is_printed else layout.number(value, 12)
            table[-1].append(shown)
            places[-1].append(spans.place(cell) if is_dated else first * is_printed)
    whole = [*zip(head, are_dated, zip(*table, strict=True), strict=True)]
    words = [name for name, dated, cells in whole if dated or "".join(cells).strip(LIKE_NUMBERS)]
    has_holes = any("" in cells for _, is_dated, cells in whole if not is_dated)
    return {"head": head, "table": table, "words": words, "has_holes": has_holes, "places": places}


def places(stories: Stories) -> dict[str, str]:
    """The address of the chart of each claim: the first that names it, those of few claims first.

    A claim that no chart names has none.
    """
    charts = [(name, one) for name, story in stories.items() for one in story.get("charts", ())]
    charts.sort(key=lambda at: len(at[1].get("claims", ())) > MOST)
    return {
        claim: f"{page}.html#{chart['id']}"
        for page, chart in reversed(charts)
        for claim in chart.get("claims", ())
    }


def claim_line(verdict: Verdict, project: Project) -> dict[str, Any]:
    """A claim in a line that leads to the ledger; of one that depends with a count of each side.

    With it goes whether it holds within later revisions alone, and what readings in doubt give.
    """
    text, why = verdict.text if not verdict.parts else None, verdict.text.why
    doubted = {item.name for item in verdict.claim.readings if item.doubt}
    if text and not why and verdict.verdict == claims.DEPENDS:
        yes, no = (f"{item.name}: {item.text.figure}" for item in front.two_sides(verdict))
        why = f"Yes for {yes}. No for {no}."
    return {
        **claim_cards.head(verdict, project),
        "verdict": text.word if text else verdict.text.label,
        "rest": text.rest if text else f": {verdict.text.sentence}",
        "why": why,
        "off": text.far if text and verdict.verdict == claims.DIFFERS else "",
        "is_revised": bool(verdict.text.revision),
        "beside": "".join(
            f"; {item.name}: {item.text.figure}"
            for item in verdict.readings
            if item.name in doubted
        ),
    }
