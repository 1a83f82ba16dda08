"""Notebooks to pages: HTML that opens from disk.

A page loads nothing from elsewhere and has no script; the same inputs give the same bytes.
"""

import html
import json
import os
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from nbconvert import HTMLExporter
from nbconvert.filters import markdown2html
from nbformat import NotebookNode
from pyarrow import compute, parquet

from tradeflows import __version__, catalogue, schema, tables
from tradeflows.errors import BuildError, TradeflowsError
from tradeflows.notebooks import (
    ASSERT,
    HEADING,
    claims,
    lists_sources,
    run,
    sentence,
    sources_used,
    walk,
)

TEMPLATES = Path(__file__).parent / "templates"
OWN_PAGES = ("index", "dictionary")
QUALIFIERS = ("as stated", "about", "less than", "at most", "more than", "at least")


class ReportError(TradeflowsError):
    """A page or a notebook cannot be written."""


def write(notebooks: Sequence[Path], to: Path, root: Path | None = None) -> list[Path]:
    """Run notebooks and write a page each, the index and the data dictionary into a folder.

    Parameters
    ----------
    notebooks
        Files; all of ``notebooks/`` if none are named. The index also has the others whose
        pages stand in `to` already.
    to
        Folder of the pages; it is made if need be.
    root
        Project folder, found by itself where not given.

    Returns
    -------
    list of Path
        The pages written. Whatever fails, the old ones stay whole.

    Raises
    ------
    NotebookError
        A notebook cannot be read, or fails.
    ReportError
        Two notebooks would share a page, or a page cannot be written.
    BuildError
        The tables are absent.
    """
    root = root or catalogue.root()
    known = sorted((root / "notebooks").glob("*.ipynb"))
    notebooks = list(notebooks or known)
    names = [path.stem for path in notebooks]
    if twice := [name for name in names if names.count(name) > 1 or name in OWN_PAGES]:
        raise ReportError(f"{twice[0]}.html would be written twice: rename a notebook")
    menu = sorted({path.stem for path in known} | {*names})
    rows = _rows(root)
    site = _site(root) | {"menu": {name: _label(name) for name in menu}}
    cards, files = {}, {}
    for name, notebook in zip(names, run(notebooks, root), strict=True):
        cards[name] = _card(notebook)
        files[to / f".{name}.json"] = json.dumps(cards[name], ensure_ascii=False)
        files[to / f"{name}.html"] = _page(
            "notebook", site, name=name, title=cards[name]["title"], body=_body(notebook),
            used=sources_used(notebook),
        )  # fmt: skip
    for name in {*menu} - {*names}:
        if (kept := to / f".{name}.json").is_file() and (to / f"{name}.html").is_file():
            cards[name] = json.loads(kept.read_text(encoding="utf-8"))
    files[to / "dictionary.html"] = _page("dictionary", site, **_dictionary())
    files[to / "index.html"] = _page("index", site, cards=dict(sorted(cards.items())), rows=rows)
    save(files)
    return [path for path in files if path.suffix == ".html"]


def save(files: Mapping[Path, str]) -> None:
    """Write text files by their paths, all of them or none; folders are made if need be.

    Raises
    ------
    ReportError
        One of them cannot be written.
    """
    written: dict[Path, Path] = {}
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            written[path] = path.with_name(f".{path.name}.{os.getpid()}.tmp")
            written[path].write_text(text, encoding="utf-8", newline="\n")
        for path, temporary in written.items():
            temporary.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ReportError(f"{path}: cannot be written ({reason}); make room or move what is in "
                          "the way, and try again") from error  # fmt: skip
    finally:
        for temporary in written.values():
            temporary.unlink(missing_ok=True)


# --- what the pages hold --------------------------------------------------------------------------


def _site(root: Path) -> dict[str, Any]:
    sources = catalogue.load(root)
    newest = max((source.retrieved for source in sources.values()), default="")
    return {"sources": sources, "publishers": catalogue.publishers(root), "newest": newest,
            "version": __version__}  # fmt: skip


def _dictionary() -> dict[str, Any]:
    contracts = schema.TABLES.items()
    return {
        "tables": {name: schema.describe(contract) for name, contract in contracts},
        "about": {name: contract.metadata[b"about"].decode() for name, contract in contracts},
        "flags": schema.FLAGS,
        "qualifiers": dict(zip(schema.QUALIFIERS, QUALIFIERS, strict=True)),
    }


def _rows(root: Path) -> dict[str, int]:
    """Rows that each source has in its table."""
    counts: dict[str, int] = {}
    for name in schema.TABLES:
        path = tables.processed(root, name)
        if not path.is_file():
            raise BuildError(f"{path}: absent; run `tradeflows build`")
        held = compute.value_counts(parquet.read_table(path, columns=["source_id"])["source_id"])
        counts |= {each["values"]: each["counts"] for each in held.to_pylist()}
    return counts


def _label(name: str) -> str:
    return re.sub(r"^\d+_", "", name).replace("_", " ").capitalize()


def _anchor(heading: str) -> str:
    """The fragment by which an address points at one claim."""
    return re.sub(r"[^\w]+", "-", heading.lower()).strip("-")


def _alt(notebook: NotebookNode, heading: str) -> str:
    return ": ".join(filter(None, (heading.rstrip("."), claims(notebook).get(heading, ""))))


def _card(notebook: NotebookNode) -> dict[str, Any]:
    """What the index shows of a notebook; kept beside its page for when only others are run."""
    title, _, rest = (notebook.cells[0].source if notebook.cells else "").strip().partition("\n")
    pictures = (
        {"picture": output.data["image/png"].replace("\n", ""), "alt": _alt(notebook, heading)}
        for heading, cell in walk(notebook)
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    )
    return {
        "title": title.removeprefix("# ").strip(),
        "answer": markdown2html(rest.strip().partition("\n\n")[0]),
        "claims": [[_anchor(of), of, text] for of, text in claims(notebook).items()],
    } | next(pictures, {})


# --- from content to HTML -------------------------------------------------------------------------


def _page(template: str, site: Mapping[str, Any], **content: Any) -> str:
    own = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True,
                      lstrip_blocks=True)  # fmt: skip
    return own.get_template(f"{template}.html.j2").render(**site, **content) + "\n"


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
    for heading, cell in walk(page):
        if cell.cell_type != "code":
            cell.source = HEADING.sub(_with_anchor, cell.source)
            cells.append(cell)
            joined = None
        elif not lists_sources(cell):
            for output in cell.outputs:
                output.metadata = NotebookNode(
                    kind=_kind(output), sentence=sentence(output), alt=_alt(notebook, heading)
                )
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
    if "image/png" in output.get("data", {}):
        return "chart"
    return "sentence" if sentence(output) else "text"


def _with_anchor(heading: re.Match[str]) -> str:
    return f'<h2 id="{_anchor(heading[1])}">{html.escape(heading[1])}</h2>\n\n'
