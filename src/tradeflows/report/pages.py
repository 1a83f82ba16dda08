"""The report: pages that open from disk, made from the ledger, the catalogue and the notebooks.

A page loads nothing from elsewhere and reads whole without its script; the same inputs give the
same bytes.
"""

import html
import json
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from nbconvert import HTMLExporter
from nbconvert.filters import markdown2html
from nbformat import NotebookNode

from tradeflows import claims as ledger
from tradeflows.charts.raw_lines import ENTRY
from tradeflows.claims import Verdict
from tradeflows.report import chart_files, claim_cards, site
from tradeflows.report.notebooks import (
    ASSERT,
    HEADING,
    Progress,
    claims,
    code,
    lists_sources,
    run,
    sentence,
    shows_cards,
    sources_used,
    walk,
)
from tradeflows.report.site import TEMPLATES, ReportError, render, save
from tradeflows.retrieval import catalogue

OWN_PAGES = ("index", "sources", "methods", "dictionary")
CARD = "cards/{}.png"  # of a claim, to share
PER_CENT = re.compile("(?<=[0-9]) %")  # no line may end between them
OPENS = "00_"  # begins the name of the notebook whose first picture opens the front page

Files = dict[Path, str | bytes]


def write(
    notebooks: Sequence[Path],
    to: Path,
    root: Path | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Run notebooks and write a page each, the front page and those of reference into a folder.

    Parameters
    ----------
    notebooks
        Files; all of ``notebooks/`` if none are named. The front page also has the others whose
        pages stand in `to` already.
    to
        Folder of the pages; it is made if need be.
    root
        Project folder, found by itself where not given.
    progress
        As :func:`tradeflows.report.notebooks.run` calls it.

    Returns
    -------
    list of Path
        The pages written. Whatever fails, the old ones stay whole.

    Raises
    ------
    NotebookError
        A notebook cannot be read, or fails.
    LedgerError
        The ledger cannot be read or judged.
    ReportError
        Two notebooks would share a page, or a page cannot be written.
    SourceError
        A raw file is missing or altered.
    BuildError
        The tables are absent.
    """
    root = root or catalogue.root()
    known = sorted((root / "notebooks").glob("*.ipynb"))
    notebooks = list(notebooks or known)
    names = [path.stem for path in notebooks]
    if twice := [name for name in names if names.count(name) > 1 or name in OWN_PAGES]:
        raise ReportError(f"{twice[0]}.html would be written twice: rename a notebook")
    for source in catalogue.load(root).values():
        catalogue.check(source, root)
    rows = site.rows(root)
    verdicts = ledger.verdicts(root=root) if ledger.path(root).is_file() else []
    menu = sorted({path.stem for path in known} | {*names})
    frame = site.frame(root, {name: _label(name) for name in menu})
    files: Files = {}
    stories: dict[str, dict[str, Any]] = {}
    ran = run(notebooks, root, chart_files.START, progress)
    for name, notebook in zip(names, ran, strict=True):
        files |= {to / path: text for path, text in _pictures(notebook, name, frame).items()}
        stories[name] = _story(notebook)
        files[to / f".{name}.json"] = json.dumps(stories[name], ensure_ascii=False)
        files[to / f"{name}.html"] = render(
            "notebook",
            frame,
            name=name,
            title=stories[name]["title"],
            body=_body(notebook),
            used=sources_used(notebook),
        )
    for name in {*menu} - {*names}:
        if (kept := to / f".{name}.json").is_file() and (to / f"{name}.html").is_file():
            stories[name] = json.loads(kept.read_text(encoding="utf-8"))
    files[to / "sources.html"] = render(
        "sources", frame, rows=rows, uses=claim_cards.uses(verdicts)
    )
    files[to / "methods.html"] = render("methods", frame, **site.methods())
    files[to / "dictionary.html"] = render("dictionary", frame, **site.dictionary())
    counts = {one: sum(each.verdict == one for each in verdicts) for one in claim_cards.TONES}
    files |= {to / path: drawn for path, drawn in _shared(verdicts, root).items()}
    themes = claim_cards.themes(verdicts, root, _links(verdicts, stories))
    files[to / "index.html"] = render(
        "index",
        frame,
        themes=themes,
        counts=counts,
        tones=claim_cards.TONES,
        stories=dict(sorted(stories.items())),
        opening=_opening(stories),
    )
    save(files)
    return [path for path in files if path.suffix == ".html"]


# --- what the pages hold --------------------------------------------------------------------------


def _label(name: str) -> str:
    return re.sub(r"^\d+_", "", name).replace("_", " ").capitalize()


def _anchor(heading: str) -> str:
    """The fragment by which an address points at one claim."""
    return re.sub(r"[^\w]+", "-", heading.lower()).strip("-")


def _pictures(notebook: NotebookNode, name: str, frame: dict[str, Any]) -> dict[str, str | bytes]:
    """Files of all charts of a notebook; what a page says of each becomes its output's metadata."""
    contents: dict[str, str | bytes] = {}
    said = claims(notebook)
    for heading, cell in walk(notebook):
        for output in cell.get("outputs", []):
            if chart_files.PNG not in output.get("data", {}):
                continue
            path = f"charts/{name}-{sum(each.endswith('.png') for each in contents) + 1}"
            shown, files = chart_files.files(output, path, frame["sources"], frame["publishers"])
            claim = ": ".join(filter(None, (heading.rstrip("."), said.get(heading, ""))))
            shown["alt"] = ". ".join(dict.fromkeys(filter(None, (claim, shown.get("alt", "")))))
            output.metadata = NotebookNode(shown)
            contents |= files
    return contents


def _shared(verdicts: Sequence[Verdict], root: Path) -> dict[str, bytes]:
    """A picture of each claim that has a reading, by its path."""
    return {
        CARD.format(one.claim.id): claim_cards.picture(one, root)
        for one in verdicts
        if one.readings
    }


def _links(
    verdicts: Sequence[Verdict], stories: Mapping[str, dict[str, Any]]
) -> dict[str, dict[str, str]]:
    """What the front page's card of each claim points at: its charts, and its picture to share."""
    links: dict[str, dict[str, str]] = {one.claim.id: {} for one in verdicts}
    for name, story in stories.items():
        for claim in links.keys() & set(story.get("cards", ())):
            links[claim]["charts"] = f"{name}.html"
    for one in verdicts:
        if one.readings:
            links[one.claim.id]["picture to share"] = CARD.format(one.claim.id)
    return links


def _story(notebook: NotebookNode) -> dict[str, Any]:
    """What the index shows of a notebook; kept beside its page for when only others are run."""
    title, _, rest = (notebook.cells[0].source if notebook.cells else "").strip().partition("\n")
    pictures = (
        {key: output.metadata[key] for key in ("picture", "width", "height", "alt")}
        for _, cell in walk(notebook)
        for output in cell.get("outputs", [])
        if "picture" in output.metadata
    )
    return {
        "title": title.removeprefix("# ").strip(),
        "answer": markdown2html(rest.strip().partition("\n\n")[0]),
        "claims": [[_anchor(of), of, text] for of, text in claims(notebook).items()],
        "cards": [
            claim
            for _, cell in code(notebook)
            if shows_cards(cell)
            for output in cell.outputs
            for claim in re.findall(
                r'<article class="claim[^>]* id="(\w+)"',
                output.get("data", {}).get("text/html", ""),
            )
        ],
    } | next(pictures, {})


def _opening(stories: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The story whose picture opens the front page; it is told there and nowhere else."""
    name = next((name for name in sorted(stories) if name.startswith(OPENS)), "")
    return stories[name] | {"name": name} if name else {}


# --- from a notebook to HTML ----------------------------------------------------------------------


def _body(notebook: NotebookNode) -> str:
    exporter = HTMLExporter(template_name="basic", template_file=str(TEMPLATES / "cells.html.j2"))
    exporter.exclude_anchor_links = True
    return exporter.from_notebook_node(_laid_out(notebook))[0]


def _laid_out(notebook: NotebookNode) -> NotebookNode:
    """A copy as a reader wants it: of each claim the chart, the sentence, then what may be opened.

    Cells of code that follow one another become one, which a check cell closes; the list of
    sources is left out, since the page makes its own from the catalogue.
    """
    page = deepcopy(notebook)
    cells: list[NotebookNode] = []
    joined = None
    for _, cell in walk(page):
        if cell.cell_type != "code":
            whole = PER_CENT.sub("\u00a0%", cell.source)
            cell.source = HEADING.sub(_with_anchor, whole)
            cells.append(cell)
            joined = None
        elif not lists_sources(cell):
            for output in cell.outputs:
                kind = "cards" if shows_cards(cell) else _kind(output)
                opens = "Numbers drawn" if "charts.drawn(" in cell.source else "Output"
                own = {"kind": kind, "sentence": sentence(output), "opens": opens}
                if text := output.get("data", {}).get("text/html"):
                    output.data["text/html"] = text.replace(ENTRY, "sources.html#")
                output.metadata = NotebookNode({**output.get("metadata", {}), **own})
            if joined is None:
                cells.append(joined := cell)
            else:
                joined.source += f"\n\n{cell.source}"
                joined.outputs += cell.outputs
            joined.outputs.sort(key=lambda output: output.metadata.kind)
            joined = None if ASSERT.search(cell.source) else joined
    page.cells = cells
    return page


def _kind(output: NotebookNode) -> str:
    """Chart, sentence, or table and other text: on the page they stand in this order."""
    if chart_files.PNG in output.get("data", {}):
        return "chart"
    return "sentence" if sentence(output) else "text"


def _with_anchor(heading: re.Match[str]) -> str:
    return f'<h2 id="{_anchor(heading[1])}">{html.escape(heading[1])}</h2>\n\n'
