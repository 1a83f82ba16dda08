"""A project of one's own, from templates: catalogue, ledger, notebook, and what checks them."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from tradeflows import __version__
from tradeflows.model.errors import QueryError
from tradeflows.report.site import TEMPLATES, save

# Each file of a new project, and the template that it is made from.
FILES = {
    "README.md": "README.md",
    "project.toml": "project.toml",
    "data/raw/sources.toml": "sources.toml",
    "data/claims.toml": "claims.toml",
    "notebooks/01_first_look.ipynb": "01_first_look.ipynb",
    ".gitignore": "gitignore",
    "environment.yml": "environment.yml",
    ".github/workflows/check.yml": "check.yml",
}


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
    files: dict[Path, str | bytes] = {
        folder / path: templates.get_template(f"{template}.j2").render(values)
        for path, template in FILES.items()
    }
    save(files)
    return list(files)
