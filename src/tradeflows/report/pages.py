"""The report: pages that open from disk, made from the ledger, the catalogue and the notebooks.

A page loads nothing from elsewhere and reads whole without its script; the same inputs give the
same bytes.
"""

import html
import json
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from nbconvert.filters import ansi2html, markdown2html
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from tradeflows import claims, measures
from tradeflows.charts.raw_lines import ENTRY
from tradeflows.claims import Verdict, open_words, verdict_rule
from tradeflows.model import contracts
from tradeflows.model.errors import ReportError
from tradeflows.model.files import save
from tradeflows.model.periods import dates_in_words
from tradeflows.report import (
    chart_downloads,
    chart_hook,
    chart_html,
    claim_cards,
    claim_picture,
    front,
    site,
)
from tradeflows.report.accept import Wrong
from tradeflows.report.frames import with_minus
from tradeflows.report.notebooks import (
    ASSERT,
    HEADING,
    Progress,
    Steps,
    lists_sources,
    of_project,
    run,
    sentence,
    shows_cards,
    walk,
)
from tradeflows.report.site import render
from tradeflows.retrieval import catalogue
from tradeflows.retrieval.project import Correction, Project

READ_BACK = re.compile(r"charts\.drawn\(|\w\.table$", re.M)  # a cell that shows a chart's numbers
OWN_PAGES = ("index", "ledger", "sources", "methods", "dictionary", "corrections")
CARD = "cards/{}.png"  # of a claim, to share
PICTURE = ("picture", "phone", "alt")  # of a story, for the front page
# Rules of style in a table of pandas' own, which a page's policy does not admit.
STYLE_RULES = re.compile(r"<style\b.*?</style>", re.S)
STYLE_ATTRIBUTE = re.compile(r"(<[^<>]*?) style=\"[^\"]*\"")
# An answer's words up to its first colon, semicolon or full stop, none of which ends an entity.
FIRST_CLAUSE = re.compile(r"^(<p>[^<]+?)(?<!&amp)(?<!&lt)(?<!&gt)([:;.]) ([^<]+)</p>")
PER_CENT = re.compile("(?<=[0-9]) %")  # no line may end between them

Files = dict[Path, str | bytes]
Stories = dict[str, dict[str, Any]]


def write(
    notebooks: Sequence[Path],
    to: Path,
    root: Path | None = None,
    progress: Progress | None = None,
    *,
    ledger: Path | None = None,
    local: bool = False,
    wrong: Wrong | None = None,
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
        Called before and after each step, as :data:`tradeflows.report.notebooks.Progress` says:
        the claims are judged, notebooks run, pages made.
    ledger, local
        As :func:`tradeflows.claims.load` takes them.
    wrong
        As :func:`tradeflows.claims.verdicts` calls it; the pages have the other claims then.

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
        Two notebooks would share a page, a page cannot be written, or the front page's answer
        rests on a verdict that is another one now.
    SourceError
        A raw file is missing or altered.
    BuildError
        The tables are absent.
    """
    root = root or catalogue.root()
    known = of_project(root)
    paths = list(notebooks or known)
    names = _names(paths)
    for source in catalogue.load(root, local=local).values():
        catalogue.check(source, root)
    rows = site.rows(root, local=local)
    has_ledger = claims.has_ledger(ledger, root)
    steps = Steps(progress, 2 * len(paths) + has_ledger)
    verdicts: list[Verdict] = []
    if has_ledger:
        with steps.step("judging the claims"):
            verdicts = claims.verdicts(ledger, root, local=local, wrong=wrong)
    steps.total += 2 * bool(verdicts)
    menu = sorted({path.stem for path in known} | {*names})
    frame = site.frame(root, menu, verdicts, local=local)
    front_page = _front_page(verdicts, frame, root)

    files: Files = site.assets()
    stories: Stories = {}
    ordered = sorted(verdicts, key=lambda verdict: not verdict.claim.core)
    lines = {item.claim.id: chart_html.claim_line(item, frame["project"]) for item in ordered}
    for name, notebook in zip(names, run(paths, root, chart_hook.START, steps), strict=True):
        page = Path(f"{name}.html")
        with steps.step(f"writing {page}"):
            files |= chart_html.describe(notebook, name, frame, lines)
            stories[name] = _story(notebook)
            files[Path(f".{name}.json")] = json.dumps(stories[name], ensure_ascii=False)
            files[page] = _notebook_page(notebook, name, frame, stories[name], lines)
    stories |= _kept_stories(to, {*menu} - {*names})
    stories = dict(sorted(stories.items()))
    files |= _reference_pages(verdicts, rows, frame)
    if verdicts:
        with steps.step("drawing a picture of each claim"):
            drawn = claim_picture.pictures(verdicts, frame["project"], root)
            files |= {Path(CARD.format(claim)): png for claim, png in drawn.items()}
        with steps.step("writing ledger.html"):
            links = _links(verdicts, stories, frame["corrections"])
            files[Path("ledger.html")] = _ledger_page(verdicts, links, frame, root)
    questions = _questions(stories, has_claims=bool(front_page["groups"]))
    lead = _lead_chart(stories, frame["project"])
    files[Path("index.html")] = render(
        "index", frame, questions=questions, lead_chart=lead, **front_page
    )
    save({to / path: content for path, content in files.items()})
    return [to / path for path in files if path.match("*.html") and len(path.parts) == 1]


def _kept_stories(to: Path, names: Collection[str]) -> Stories:
    """What the front page shows of notebooks that were run for it before."""
    stories: Stories = {}
    for name in names:
        kept = to / f".{name}.json"
        if kept.is_file() and (to / f"{name}.html").is_file():
            stories[name] = json.loads(kept.read_text(encoding="utf-8"))
    return stories


def _names(paths: Sequence[Path]) -> list[str]:
    """The names of the notebooks' pages, if no two are alike."""
    names = [path.stem for path in paths]
    taken = [name for name in names if names.count(name) > 1 or name in OWN_PAGES]
    if taken:
        raise ReportError(f"{taken[0]}.html would be written twice: rename a notebook")
    return names


def _lead_chart(stories: Mapping[str, Mapping[str, Any]], project: Project) -> dict[str, Any]:
    """The picture beside the answer: the first one of the page that the project names."""
    name = project.lead_chart
    if name and name not in stories:
        raise ReportError(f"project.toml: lead_chart = {name!r} is no page of this report")
    return {**stories[name], "page": name} if stories.get(name, {}).get("picture") else {}


def _front_page(
    verdicts: Sequence[Verdict], frame: Mapping[str, Any], root: Path
) -> dict[str, Any]:
    """What the front page says before its cards."""
    project = frame["project"]
    if not verdicts:
        return {"groups": {}, "signs": {}}
    core = [verdict for verdict in verdicts if verdict.claim.core]
    return {
        "groups": front.groups(verdicts, project, root),
        "most": front.MOST,
        "others": front.other_speakers(verdicts, project),
        "signs": claims.signs(core),
        "score": front.score(core) if core else "",
        "n_core": len(core),
        "counted": front.COUNTED,
        "later": claims.NOT_LOOKED_UP,
        "digest": front.digest(verdicts, project),
        "answer": front.answer(verdicts, project),
        "example": front.example(verdicts, project, root),
    }


def _notebook_page(
    notebook: NotebookNode,
    name: str,
    frame: Mapping[str, Any],
    story: Mapping[str, Any],
    known: Mapping[str, Mapping[str, Any]],
) -> str:
    """The page of a notebook whose charts are rendered."""
    shown = [known[claim] for claim in story["cards"] if claim in known]
    tested = render("claims", {}, claims=shown) if shown else ""  # in place of its cards of claims
    renderer = IPythonRenderer(escape=False, exclude_anchor_links=True)
    markdown = MarkdownWithMath(renderer=renderer).render
    used = chart_hook.facts_of(notebook)["sources"]
    cells = _laid_out(notebook, tested)
    body = render("cells", {}, cells=cells, markdown=markdown, ansi=ansi2html)
    body = STYLE_ATTRIBUTE.sub(r"\1", STYLE_RULES.sub("", body))
    return render(
        "notebook",
        frame,
        name=name,
        title=story["title"],
        summary=story["answer"],
        share=story.get("picture", ""),
        body=body.replace("<th></th>", "<td></td>"),  # a corner of a table heads nothing
        used=used,
    )


def _questions(stories: Stories, *, has_claims: bool) -> dict[str, Stories]:
    """The notebooks by the heading that they stand under on the front page.

    One that shows no claim and no chart, such as a starter that nobody has filled yet, is behind
    no claim. The answer of each has its first clause apart, which a narrow screen shows alone.
    """
    apart = r'\1<span class="rest">\2 \3</span></p>'
    behind, more = "The questions behind the claims", "More pages" if has_claims else "Questions"
    shown: dict[str, Stories] = {behind: {}, more: {}}
    for name, story in stories.items():
        is_behind = has_claims and (story.get("cards") or story.get("picture"))
        answer = FIRST_CLAUSE.sub(apart, PER_CENT.sub("\u00a0%", story["answer"]))
        shown[behind if is_behind else more][name] = {**story, "answer": answer}
    return shown


def _reference_pages(
    verdicts: Sequence[Verdict], rows: Mapping[str, Any], frame: Mapping[str, Any]
) -> Files:
    """The pages of sources, methods and the data dictionary, and that of corrections if any."""
    uses = claim_cards.uses(verdicts)
    pages: Files = {
        Path("sources.html"): render("sources", frame, rows=rows, uses=uses),
        Path("methods.html"): render(
            "methods",
            frame,
            reasons=claims.REASONS,
            open_words=open_words.table(),
            flags=contracts.FLAGS,
            rule=verdict_rule,
            measures=measures,
        ),
        Path("dictionary.html"): render("dictionary", frame, **site.dictionary()),
    }
    if frame["corrections"]:
        pages[Path("corrections.html")] = render("corrections", frame)
    return pages


def _ledger_page(
    verdicts: Sequence[Verdict],
    links: Mapping[str, Mapping[str, str]],
    frame: Mapping[str, Any],
    root: Path,
) -> str:
    """Every claim as a card, by theme."""
    project = frame["project"]
    core = [verdict for verdict in verdicts if verdict.claim.core]
    themes = claim_cards.themes(verdicts, root, links)
    named = {theme: themes[theme] for theme in project.themes if theme in themes}
    page = render(
        "ledger",
        frame,
        themes=named | themes,
        score=front.score(verdicts),
        score_of_core=front.score(core) if len(core) < len(verdicts) else "",
        signs=claims.signs(verdicts),
        words={
            word.lower(): [other.lower() for other in others]
            for word, others in project.words.items()
        },
        reviews={
            verdict.claim.id: claims.claim_reviews([verdict], project) for verdict in verdicts
        },
    )
    return page.replace(ENTRY, "sources.html#")


# --- what the pages hold --------------------------------------------------------------------------


def _links(
    verdicts: Sequence[Verdict],
    stories: Mapping[str, dict[str, Any]],
    corrections: Sequence[Correction],
) -> dict[str, dict[str, str]]:
    """What the ledger's card of each claim points at: its chart, picture and correction."""
    charts = {claim: name for name, story in stories.items() for claim in story.get("cards", ())}
    places = chart_html.places(stories)
    links: dict[str, dict[str, str]] = {}
    for verdict in verdicts:
        claim = verdict.claim.id
        links[claim] = of_claim = {}
        if claim in places:
            of_claim["chart"] = places[claim]
        elif claim in charts:
            of_claim["charts"] = f"{charts[claim]}.html"
        if verdict.readings:
            of_claim["picture to share"] = CARD.format(claim)
        for entry in (entry for entry in corrections if claim in entry.claims):
            of_claim[f"corrected on {dates_in_words(entry.date)}"] = "corrections.html"
    return links


def _story(notebook: NotebookNode) -> dict[str, Any]:
    """What the index shows of a notebook; kept beside its page for when only others are run."""
    first = notebook.cells[0].source.strip() if notebook.cells else ""
    title, _, rest = first.partition("\n")
    answer = rest.strip().partition("\n\n")[0]
    pictures = [output for _, output in chart_html.outputs_with_pictures(notebook)]
    shown = pictures[0].metadata if pictures else {}
    charts = [output.data[chart_hook.MIME] for output in pictures if chart_hook.MIME in output.data]
    return {
        "title": title.removeprefix("# ").strip(),
        "answer": markdown2html(answer),
        "cards": chart_hook.facts_of(notebook)["cards"],
        "charts": [{"id": chart["id"], "claims": list(chart["claims"])} for chart in charts],
        **{key: shown[key] for key in PICTURE if key in shown},
    }


# --- from a notebook to HTML ----------------------------------------------------------------------


def _laid_out(notebook: NotebookNode, tested: str) -> list[NotebookNode]:
    """Its cells as a reader wants them: a claim's chart, the sentence, then what may be opened.

    Cells of code that follow one another become one, which a check cell closes; the list of
    sources is left out, since the page makes its own from the catalogue.
    """

    def with_anchor(heading: re.Match[str]) -> str:
        anchor = re.sub(r"[^\w]+", "-", heading[1].lower()).strip("-")
        return f'<h2 id="{anchor}">{html.escape(heading[1])}</h2>\n\n'

    cells: list[NotebookNode] = []
    joined = None
    for _, cell in walk(notebook):
        if cell.cell_type != "code":
            whole = PER_CENT.sub("\u00a0%", cell.source)
            cell.source = HEADING.sub(with_anchor, whole)
            cells.append(cell)
            joined = None
            continue
        if lists_sources(cell):
            continue
        outputs = cell.outputs
        has_table = any("html" in one.get("metadata", {}) for one in outputs)
        if has_table and READ_BACK.search(cell.source):  # the chart has its numbers
            outputs = [one for one in outputs if _kind(one) != "text"]
        cell.outputs = [_described(output, cell, tested) for output in outputs]
        if joined is None:
            joined = cell
            cells.append(cell)
        else:
            joined.source += f"\n\n{cell.source}"
            joined.outputs += cell.outputs
        joined.outputs.sort(key=lambda output: output.metadata.kind)
        if ASSERT.search(cell.source):
            joined = None
    return cells


def _described(output: NotebookNode, cell: NotebookNode, tested: str) -> NotebookNode:
    """An output that says in its metadata how the page shows it."""
    said = with_minus(sentence(output))
    shown = {"kind": _kind(output), "sentence": said, "opens": "Table"}
    if READ_BACK.search(cell.source):
        shown["opens"] = "Numbers of the chart"
    if shows_cards(cell) and output.get("data"):
        text = output.data.get("text/html", "")
        shown |= {"kind": "cards", "html": tested or text.replace(ENTRY, "sources.html#")}
    output.metadata = NotebookNode({**output.get("metadata", {}), **shown})
    return output


def _kind(output: NotebookNode) -> str:
    """Chart, sentence, or table and other text: on the page they stand in this order."""
    if chart_downloads.PNG in output.get("data", {}):
        return "chart"
    return "sentence" if sentence(output) else "text"
