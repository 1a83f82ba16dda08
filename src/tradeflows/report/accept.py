"""The one way in which announced things change: notebook outputs, verdicts and control totals.

Nothing else writes these files, so a number that moves unannounced is a difference that CI sees.
"""

import csv
from collections.abc import Callable, Iterable, Mapping, Set
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tradeflows import claims, tables
from tradeflows.claims.propose import as_csv
from tradeflows.model.errors import LayoutError, LedgerError
from tradeflows.model.files import save
from tradeflows.model.lineage import full_number
from tradeflows.report import notebooks
from tradeflows.retrieval import catalogue
from tradeflows.tables import totals

TOTALS = Path("data", "control_totals.csv")
COLUMNS = ("table", "source_id", "year", "measure", "unit", "count", "total")
STEPS = 4  # besides the notebooks
MOST_TOTALS = 20  # that are shown one by one
VERDICTS = Path("data", "verdicts.csv")
VERDICT_COLUMNS = (
    "claim",
    "verdict",
    "part",
    "of_part",
    "not_tested",
    "reading",
    "value",
    "unit",
    "role",
    "fits",
    "vote",
    "decides",
    "witness",
    "counted_by",
)
NONE = "none"
# What stands for a verdict or a reading that was not there before, or is there no more; a part then
# has nothing, since its verdict says it.
ABSENT = {"": ("not announced before", "no longer judged"), ",": ("", ""), ":": (NONE, NONE)}
COMPARED = {"claim", "verdict", "reading", "value"}  # what an older edition's file has as well
# Not what a user's Jupyter would add: the version of Python would change with the machine.
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

Wrong = Callable[[LedgerError], object]
Totals = dict[tuple[str, ...], tuple[str, str]]


def accept(
    root: Path | None = None,
    progress: notebooks.Progress | None = None,
    *,
    ledger: Path | None = None,
    local: bool = False,
    wrong: Wrong | None = None,
) -> list[str]:
    """Build, run the notebooks, and rewrite their outputs, the verdicts and the control totals.

    Parameters
    ----------
    root
        The project's folder, found by itself where not given.
    progress
        Called before and after each step, as :data:`tradeflows.report.notebooks.Progress` says.
    ledger, local
        As :func:`tradeflows.claims.load` takes them. The verdicts of another ledger than the
        project's own are announced beside it; notebooks and totals see committed sources alone.
    wrong
        As :func:`tradeflows.claims.verdicts` calls it; the other claims are announced then.

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
    claims.has_ledger(ledger, root)  # one that is named wrongly is said before any work
    steps = notebooks.Steps(progress, STEPS + len(notebooks.of_project(root)))
    with steps.step("checking the raw files"):
        catalogue.verify(root, local=False)
    with steps.step("building the tables"):
        tables_before = totals.built(root)
        tables.build(root, local=local)
    files, lines = _accept_notebooks(root, steps)
    with steps.step("judging the claims"):
        present = judged(root, ledger, local=local, wrong=wrong)
        changes = verdict_changes(verdicts(root, ledger), present)
        if changes:
            files[verdicts_path(root, ledger)] = as_csv(present, VERDICT_COLUMNS)
            lines += changes
    with steps.step("adding up the tables"):
        rows = tables.control_totals(root)
        changes = changed(committed(root), keyed(rows))
        if changes:
            files[root / TOTALS] = as_csv(rows, COLUMNS)
            lines += [f"control totals: {len(changes)} lines changed", *changes[:MOST_TOTALS]]
            more = len(changes) - MOST_TOTALS
            lines += [f"… and {more} more; {TOTALS.as_posix()} has them all"] * (more > 0)
            lines += totals.cells_moved(tables_before, totals.built(root))
    save(files)
    return lines or ["nothing moved"]


def _accept_notebooks(
    root: Path, steps: notebooks.Steps
) -> tuple[dict[Path, str | bytes], list[str]]:
    """Notebooks whose outputs differ, as they are to be written, and what moved in them."""
    paths = notebooks.of_project(root)
    before = {path: notebooks.load(path) for path in paths}
    files: dict[Path, str | bytes] = {}
    lines: list[str] = []
    ran = notebooks.run(paths, root, steps=steps)
    for path, notebook in zip(paths, ran, strict=True):
        notebook.metadata = nbformat.from_dict(notebook.metadata | METADATA)
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)  # times of day, where Jupyter recorded them
        text = nbformat.writes(notebook) + "\n"
        if text != path.read_text(encoding="utf-8"):
            files[path] = text
            lines += moved(path.stem, before[path], notebook)
    return files, lines


def judged(
    root: Path, ledger: Path | None = None, *, local: bool = False, wrong: Wrong | None = None
) -> list[dict[str, str]]:
    """Rows of the verdicts as the ledger has them now; none where there is no ledger."""
    if not claims.has_ledger(ledger, root):
        return []
    present = claims.verdicts(ledger, root, local=local, wrong=wrong)
    return [row for verdict in present for row in claims.verdict_rows(verdict)]


def verdicts_path(root: Path, ledger: Path | None = None) -> Path:
    """Where the verdicts of a ledger are announced: beside it, and the project's own by name."""
    if ledger is None or ledger.resolve() == claims.path(root).resolve():
        return root / VERDICTS
    return ledger.with_suffix(".verdicts.csv")


def moved(name: str, old: NotebookNode, new: NotebookNode) -> list[str]:
    """What differs between two runs of the notebook `name`, a line a claim."""
    old_sentences = notebooks.findings(old)
    new_sentences = notebooks.findings(new)
    old_numbers = notebooks.numbers(old)
    new_numbers = notebooks.numbers(new)
    lines = []
    for heading in dict.fromkeys([*old_sentences, *new_sentences, *old_numbers, *new_numbers]):
        was = old_sentences.get(heading, "nothing")
        now = new_sentences.get(heading, "nothing")
        if was != now:
            lines.append(f"{name}: {heading}: {was} → {now}")
        elif old_numbers.get(heading) != new_numbers.get(heading):
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


def verdicts(root: Path, ledger: Path | None = None) -> list[dict[str, str]]:
    """Rows of the verdicts last announced, as :func:`tradeflows.claims.verdict_rows` makes them.

    Those that an older edition announced have its columns, so that what moved since is told.

    Raises
    ------
    LayoutError
        As :func:`committed`.
    """
    return _rows(verdicts_path(root, ledger), VERDICT_COLUMNS, COMPARED)


def verdict_changes(old: list[dict[str, str]], new: list[dict[str, str]]) -> list[str]:
    """Each claim of the ledger whose verdict or number differs, in words: old → new."""
    if old == new:
        return []
    before, after = _said_of_claims(old), _said_of_claims(new)
    lines: list[str] = []
    for claim in dict.fromkeys([*before, *after]):
        was, now = before.get(claim, {}), after.get(claim, {})
        for name in dict.fromkeys([*was, *now]):
            gone = ABSENT[name[:1]]
            words = [was.get(name, gone[0]), now.get(name, gone[1])]
            if words[0] == words[1] or "" in words:
                continue
            if name[:1] == ":":
                short = [word if word == NONE else full_number(float(word), 12) for word in words]
                words = short if short[0] != short[1] else words
            lines.append(f"claim {claim}{name}: {words[0]} → {words[1]}")
    return lines or ["ledger: its order or its words changed, and no number"]


def _said_of_claims(rows: Iterable[Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Of each claim its verdict by "", the word of each ", part", the value of each ": reading"."""
    said: dict[str, dict[str, str]] = {}
    for row in rows:
        of_claim = said.setdefault(row["claim"], {"": row["verdict"]})
        if row.get("part"):
            of_claim[f", {row['part']}"] = row["of_part"]
        if row["reading"]:
            of_claim[f": {row['reading']}"] = row["value"]
    return said


def _rows(
    path: Path, columns: tuple[str, ...], needed: Set[str] = frozenset()
) -> list[dict[str, str]]:
    """Rows of one of the announced files; none before the first announcement.

    With `needed`, a file of other columns will do that has these.
    """
    if not path.is_file():
        return []
    reader = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    rows, head = list(reader), list(reader.fieldnames or ())
    has_columns = head == list(columns) or (bool(needed) and needed <= set(head))
    if not has_columns or any(None in (*row, *row.values()) for row in rows):  # too few, too many
        raise LayoutError(
            path, f"rows of {', '.join(columns)}", "others", "remove it and run `tradeflows accept`"
        )
    return rows


def keyed(rows: Iterable[Mapping[str, str]]) -> Totals:
    """Count and total by table, source, year, measure and unit."""
    return {tuple(row[name] for name in COLUMNS[:5]): (row["count"], row["total"]) for row in rows}


def changed(old: Totals, new: Totals) -> list[str]:
    """Each cell that differs, in words."""
    lines = []
    for cell in sorted({*old, *new}):
        between = " rows, digest " if cell[3] == totals.DIGEST else " values, sum "
        was = between.join(old.get(cell, ("none",)))
        now = between.join(new.get(cell, ("none",)))
        if was != now:
            lines.append(f"{' '.join(filter(None, cell))}: {was} → {now}")
    return lines
