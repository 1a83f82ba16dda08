"""Small notebooks for tests, with no figure in them that anybody published."""

import html
import re

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tradeflows.report import notebooks

# One claim, as the notebooks of this project state it, but without their charts.
CLAIM = (
    "# Did the price of nothing fall?\n\nIt fell by 8 dollars,\nin a month.\n\nMore words.",
    "import matplotlib.pyplot as plt\nimport pandas as pd",
    "## The price fell & fell",
    "figure, axes = plt.subplots()\naxes.plot([63, 55])\npd.DataFrame({'price': [63, 55]})",
    "assert 55 < 63\nf'{63 - 55} dollars <less>'",
)


def notebook(*cells):
    """Make a notebook of texts: those that begin with # are markdown, the others code.

    A pair is a cell of code with its outputs: a string is a check cell's sentence, a dict the
    data of a result.
    """
    made = []
    for number, cell in enumerate(cells):
        source, *shown = (cell,) if isinstance(cell, str) else cell
        make = new_markdown_cell if source.startswith("#") else new_code_cell
        made.append(make(source, id=f"cell-{number}"))
        for data in shown:
            data = {"text/plain": repr(data)} if isinstance(data, str) else data
            made[-1].outputs.append(new_output("execute_result", data, execution_count=1))
    return new_notebook(cells=made)


def save_notebook(path, *cells):
    """Write the notebook of `cells` to `path`, and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook(*cells), path)
    return path


def saved_sources(notebook):
    """Read the claims that rest on each source from the table that a saved notebook shows."""
    used = {}
    for _, cell in notebooks.code(notebook):
        for output in cell.outputs if notebooks.lists_sources(cell) else ():
            rows = output.get("data", {}).get("text/html", "").partition("<tbody>")[2]
            for row in rows.split("</tr>"):
                values = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)
                if values:
                    used[values[0]] = html.unescape(values[-1])
    return used
