"""A project of one's own, from templates: catalogue, ledger, notebook, and what checks them."""

from pathlib import Path

import nbformat
from jinja2 import Environment, FileSystemLoader

from tradeflows import __version__, claims
from tradeflows.model.errors import QueryError
from tradeflows.model.files import save
from tradeflows.report.site import TEMPLATES

# The files of a new project, each made from a template of its name.
FILES = (
    "README.md",
    "project.toml",
    "data/raw/sources.toml",
    "data/claims.toml",
    "notebooks/01_first_look.ipynb",
    ".gitignore",
    "environment.yml",
    ".github/workflows/check.yml",
)
SAME = ("reporter", "flow", "product")  # keys of readings that one chart shows


def title_of(folder: Path) -> str:
    """The title of a new project's report where nobody gives one: the name of its folder."""
    return folder.resolve().name.replace("_", " ").replace("-", " ").capitalize()


def init(folder: Path, title: str) -> list[Path]:
    """Make a project in `folder`, which is made if need be, and return the files written.

    Parameters
    ----------
    folder
        New, or empty.
    title
        Of its report.

    Raises
    ------
    QueryError
        The folder is not empty, or its name or `title` has a quotation mark or a backslash.
    ReportError
        A file cannot be written; none is then.
    """
    name = folder.resolve().name
    if set(name) & set("\"\\'") or set(title) & set('"\\'):
        raise QueryError(f"{folder}: a project's name has no quotation mark and no backslash")
    if folder.exists() and any(folder.iterdir()):
        raise QueryError(f"{folder}: there are files in it; name a new folder")
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES / "project"), keep_trailing_newline=True
    )
    values = {"name": name, "title": title, "version": __version__}
    files: dict[Path, str | bytes] = {}
    for path in FILES:
        template = templates.get_template(f"{Path(path).name.removeprefix('.')}.j2")
        files[folder / path] = template.render(values)
    save(files)
    return list(files)


def with_themes(root: Path) -> Path:
    """Write the notebook of an article's claims in place of the starter, and return its path.

    It has a chart for each theme, of what the first reading asks, from all whom the others ask.

    Raises
    ------
    LedgerError
        The ledger cannot be read.
    ReportError
        The file cannot be written.
    """
    themes: dict[str, list[tuple[str, claims.Reading]]] = {}
    for claim in claims.read_ledger(root=root).claims.values():
        parts = (claim, *claim.parts)
        themes.setdefault(claim.theme, []).extend(
            (claim.id, item)
            for part in parts
            for item in part.readings
            if {*SAME, "partner"} <= item.read.keys()
        )
    head = (
        "import pandas as pd\n\nimport tradeflows as tf\nfrom tradeflows import charts\n\n"
        'pd.set_option("display.max_rows", None)  # so that every number is compared'
    )
    cells = [
        nbformat.v4.new_markdown_cell("# What the figures say, theme by theme"),
        nbformat.v4.new_code_cell(head),
        nbformat.v4.new_code_cell("judged = tf.claims.table(tf.claims.verdicts(wrong=print))"),
    ]
    for theme, readings in themes.items():
        cells += _of_theme(theme, readings) if readings else []
    cells.append(nbformat.v4.new_code_cell("tf.cards(*judged['id'].unique())"))
    book = nbformat.v4.new_notebook(cells=cells)
    for i, cell in enumerate(book.cells):
        cell.id = f"cell-{i}"
    path = root / "notebooks" / "01_the_article.ipynb"
    save({path: nbformat.writes(book) + "\n"})
    path.with_name("01_first_look.ipynb").unlink(missing_ok=True)
    return path


def _of_theme(
    theme: str, readings: list[tuple[str, claims.Reading]]
) -> list[nbformat.NotebookNode]:
    """The heading of a theme, its chart, and what its claims came to."""
    first = readings[0][1].read
    same = [pair for pair in readings if all(pair[1].read[key] == first[key] for key in SAME)]
    listed = [item.read["partner"] for _, item in same]
    names = [name for each in listed for name in ([each] if isinstance(each, str) else each)]
    partners = [name for name in dict.fromkeys(names) if name != "W00"] or ["W00"]
    options = {"flow": {"M": "imports", "X": "exports"}.get("".join(first["flow"]), "trade")}
    options |= {"unit": "tonnes"} if readings[0][1].result == "net_wgt_kg" else {}
    options |= {key: first[key] for key in ("publisher", "freq") if key in first}
    words = ", ".join(f"{key}={value!r}" for key, value in options.items())
    asked = f"tf.flow({first['product']!r}, {first['reporter']!r}, {partners!r}, {words})"
    look = f"title={theme[:1].upper() + theme[1:]!r}, claims={[*dict(same)]!r}"
    chart = f"axes = {asked}.plot({look})\ncharts.drawn(axes)"
    shown = f"judged.loc[judged['theme'] == {theme!r}, ['id', 'verdict']]"
    return [
        nbformat.v4.new_markdown_cell(f"## {theme[:1].upper()}{theme[1:]}"),
        nbformat.v4.new_code_cell(chart),
        nbformat.v4.new_code_cell(shown),
    ]
