"""Names each cell that nbval checks for the claim it belongs to, so that a failure says which."""

import re

from nbval.plugin import IPyNbCell


def pytest_collection_modifyitems(items):
    """Call a cell "Claim 3. … [cell 7]" in place of "Cell 7"; other items stay as they are."""
    items[:] = [_renamed(item) if isinstance(item, IPyNbCell) else item for item in items]


def _renamed(item):
    heading = "before the first claim"
    for cell in item.parent.nb.cells:
        if cell is item.cell:
            break
        if cell.cell_type == "markdown":
            heading = (re.findall(r"^## +(.+?) *$", cell.source, re.M) or [heading])[-1]
    # xdist groups the cells of a notebook by all that stands before the last "::".
    name = f"{heading.replace('::', ':')} [cell {item.cell_num}]"
    parts = {"cell_num": item.cell_num, "cell": item.cell, "options": item.options}
    return IPyNbCell.from_parent(item.parent, name=name, **parts)
