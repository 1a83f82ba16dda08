"""The one way in which announced things change: notebook outputs and control totals.

Nothing else writes these files, so a number that moves unannounced is a difference that CI sees.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tradeflows import catalogue, notebooks, report, tables
from tradeflows.errors import LayoutError

TOTALS = Path("data", "control_totals.csv")
COLUMNS = ("table", "source_id", "year", "measure", "unit", "count", "total")
# Not what a user's Jupyter would add: the version of Python would change with the machine.
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

Totals = dict[tuple[str, ...], tuple[str, str]]


def accept(root: Path | None = None) -> list[str]:
    """Build, run the notebooks, and rewrite their outputs and the control totals.

    Returns
    -------
    list of str
        What moved, a line each: by claim, then the control totals.

    Raises
    ------
    SourceError
        A raw file is changed, missing or not catalogued. After this as after any error of the
        build or of a notebook, all that is committed is as it was.
    """
    root = root or catalogue.root()
    catalogue.verify(root, local=False)
    tables.build(root)
    paths = sorted((root / "notebooks").glob("*.ipynb"))
    before = {path: notebooks.load(path) for path in paths}
    files: dict[Path, str] = {}
    lines: list[str] = []
    for path, notebook in zip(paths, notebooks.run(paths, root), strict=True):
        text = nbformat.writes(_normal(notebook)) + "\n"
        if text != path.read_text(encoding="utf-8"):
            files[path] = text
            lines += moved(path.stem, before[path], notebook)
    announced, found = committed(root), keyed(tables.control_totals(root))
    if announced != found:
        files[root / TOTALS] = _csv(found)
        changes = list(changed(announced, found))
        lines.append(f"control totals: {len(changes)} lines changed, e.g. {changes[0]}")
    report.save(files)
    return lines or ["nothing moved"]


def moved(name: str, old: NotebookNode, new: NotebookNode) -> list[str]:
    """What differs between two runs of the notebook `name`, a line a claim."""
    said, says = notebooks.claims(old), notebooks.claims(new)
    drew, draws = notebooks.numbers(old), notebooks.numbers(new)
    lines = []
    for heading in dict.fromkeys([*said, *says, *drew, *draws]):
        was, now = said.get(heading, "nothing"), says.get(heading, "nothing")
        if was != now:
            lines.append(f"{name}: {heading}: {was} → {now}")
        elif drew.get(heading) != draws.get(heading):
            lines.append(f"{name}: {heading or 'before the first claim'}: numbers drawn changed")
    return lines or [f"{name}: written anew; no sentence and no drawn number moved"]


def committed(root: Path) -> Totals:
    """Count and total of each cell of the control totals last announced; empty before the first.

    Raises
    ------
    LayoutError
        The file has other columns, or a row of another length.
    """
    path = root / TOTALS
    if not path.is_file():
        return {}
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    if rows[:1] != [list(COLUMNS)] or any(len(row) != len(COLUMNS) for row in rows):
        raise LayoutError(path, f"rows of {', '.join(COLUMNS)}", "others",
                          "remove it and run `tradeflows accept`")  # fmt: skip
    return keyed(dict(zip(COLUMNS, row, strict=True)) for row in rows[1:])


def keyed(rows: Iterable[Mapping[str, str]]) -> Totals:
    """Count and total by table, source, year, measure and unit."""
    return {tuple(row[name] for name in COLUMNS[:5]): (row["count"], row["total"]) for row in rows}


def changed(old: Totals, new: Totals) -> Iterator[str]:
    """Each cell that differs, in words."""
    for cell in sorted({*old, *new}):
        was, now = (" values, sum ".join(of.get(cell, ("none",))) for of in (old, new))
        if was != now:
            yield f"{' '.join(filter(None, cell))}: {was} → {now}"


def _csv(totals: Totals) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((*cell, *totals[cell]) for cell in sorted(totals))
    return text.getvalue()


def _normal(notebook: NotebookNode) -> NotebookNode:
    notebook.metadata = nbformat.from_dict(notebook.metadata | METADATA)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times of day, where Jupyter recorded them
    return notebook
