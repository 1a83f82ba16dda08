"""The one way in which announced things change: notebook outputs, verdicts and control totals.

Nothing else writes these files, so a number that moves unannounced is a difference that CI sees.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tradeflows import claims, tables
from tradeflows.model.errors import LayoutError
from tradeflows.report import notebooks, pages
from tradeflows.retrieval import catalogue
from tradeflows.tables import totals

TOTALS = Path("data", "control_totals.csv")
COLUMNS = ("table", "source_id", "year", "measure", "unit", "count", "total")
MOST_TOTALS = 20  # that are shown one by one
VERDICTS = Path("data", "verdicts.csv")
VERDICT_COLUMNS = (
    "claim",
    "verdict",
    "reason",
    "reading",
    "value",
    "unit",
    "role",
    "fits",
    "decides",
)
# Not what a user's Jupyter would add: the version of Python would change with the machine.
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

Totals = dict[tuple[str, ...], tuple[str, str]]


def accept(root: Path | None = None, progress: notebooks.Progress | None = None) -> list[str]:
    """Build, run the notebooks, and rewrite their outputs, the verdicts and the control totals.

    Returns
    -------
    list of str
        What moved, a line each: by claim of a notebook, by claim of the ledger, then the totals.

    Raises
    ------
    SourceError
        A raw file is changed, missing or not catalogued. After this as after any error of the
        build or of a notebook, all that is committed is as it was.
    """
    root = root or catalogue.root()
    catalogue.verify(root, local=False)
    tables_before = totals.built(root)
    tables.build(root, local=False)
    paths = sorted((root / "notebooks").glob("*.ipynb"))
    before = {path: notebooks.load(path) for path in paths}
    files: dict[Path, str] = {}
    lines: list[str] = []
    for path, notebook in zip(paths, notebooks.run(paths, root, progress=progress), strict=True):
        text = nbformat.writes(_normal(notebook)) + "\n"
        if text != path.read_text(encoding="utf-8"):
            files[path] = text
            lines += moved(path.stem, before[path], notebook)
    judgements = claims.verdicts(root=root) if claims.path(root).is_file() else []
    said, says = verdicts(root), [row for each in judgements for row in claims.verdict_rows(each)]
    if said != says:
        files[root / VERDICTS] = _csv(VERDICT_COLUMNS, [tuple(row.values()) for row in says])
        lines += verdict_changes(said, says)
    verdict_rows, found = committed(root), keyed(tables.control_totals(root))
    if verdict_rows != found:
        files[root / TOTALS] = _csv(COLUMNS, [(*cell, *found[cell]) for cell in sorted(found)])
        changes = list(changed(verdict_rows, found))
        lines.append(f"control totals: {len(changes)} lines changed")
        lines += [*changes[:MOST_TOTALS], *totals.cells_moved(tables_before, totals.built(root))]
    pages.save(files)
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
    return keyed(_rows(root / TOTALS, COLUMNS))


def verdicts(root: Path) -> list[dict[str, str]]:
    """Rows of the verdicts last announced, as :func:`tradeflows.claims.verdict_rows` makes them.

    Raises
    ------
    LayoutError
        As :func:`committed`.
    """
    return _rows(root / VERDICTS, VERDICT_COLUMNS)


def verdict_changes(old: list[dict[str, str]], new: list[dict[str, str]]) -> list[str]:
    """Each claim of the ledger whose verdict or number differs, in words: old → new."""
    lines = []
    for claim in dict.fromkeys(row["claim"] for row in [*old, *new]):
        was, now = ([row for row in rows if row["claim"] == claim] for rows in (old, new))
        if was == now:
            continue
        words = [rows[0]["verdict"] if rows else "not in the ledger" for rows in (was, now)]
        if words[0] != words[1]:
            lines.append(f"claim {claim}: {words[0]} → {words[1]}")
        before, after = ({row["reading"]: row["value"] for row in rows} for rows in (was, now))
        lines += [
            f"claim {claim}: {name}: {before.get(name, 'none')} → {after.get(name, 'none')}"
            for name in dict.fromkeys([*before, *after])
            if name and before.get(name) != after.get(name)
        ]
    return lines or ["ledger: its order or its words changed, and no number"]


def _rows(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Rows of one of the announced files; none before the first announcement."""
    if not path.is_file():
        return []
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    if rows[:1] != [list(columns)] or any(len(row) != len(columns) for row in rows):
        raise LayoutError(
            path, f"rows of {', '.join(columns)}", "others", "remove it and run `tradeflows accept`"
        )
    return [dict(zip(columns, row, strict=True)) for row in rows[1:]]


def keyed(rows: Iterable[Mapping[str, str]]) -> Totals:
    """Count and total by table, source, year, measure and unit."""
    return {tuple(row[name] for name in COLUMNS[:5]): (row["count"], row["total"]) for row in rows}


def changed(old: Totals, new: Totals) -> Iterator[str]:
    """Each cell that differs, in words."""
    for cell in sorted({*old, *new}):
        between = " rows, digest " if cell[3] == totals.DIGEST else " values, sum "
        was, now = (between.join(of.get(cell, ("none",))) for of in (old, new))
        if was != now:
            yield f"{' '.join(filter(None, cell))}: {was} → {now}"


def _csv(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def _normal(notebook: NotebookNode) -> NotebookNode:
    notebook.metadata = nbformat.from_dict(notebook.metadata | METADATA)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times of day, where Jupyter recorded them
    return notebook
