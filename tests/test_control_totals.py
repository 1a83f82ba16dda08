"""Every number column of every raw file and table is summed, and a sum that moves is announced."""

from pathlib import Path

import pytest
from synthetic import save_notebook

from tradeflows import tables
from tradeflows.report import accept, notebooks
from tradeflows.retrieval import catalogue

ROOT = Path(__file__).parents[1]


def explanation(old, new, folder):
    """What differs, and which claims of the notebooks in `folder` rest on what changed."""
    lines = list(accept.changed(old, new))
    changed = sorted({cell[1] for cell in {*old, *new} if old.get(cell) != new.get(cell)})
    shown = [*lines[:20], *([f"… and {len(lines) - 20} more"] if lines[20:] else [])]
    for source in changed:
        claims = [
            f"{path.stem}: {used[source]}"
            for path in sorted(folder.glob("*.ipynb"))
            if source in (used := notebooks.sources_used(notebooks.load(path)))
        ]
        shown += [f"{source} is under {claim}" for claim in claims] or [
            f"no claim of the notebooks rests on {source}"
        ]
    return "\n".join([f"{len(lines)} control totals moved unannounced (make accept)", *shown])


def test_the_control_totals_are_those_last_announced():
    old, new = accept.committed(ROOT), accept.keyed(tables.control_totals(ROOT))
    if old != new:
        pytest.fail(explanation(old, new, ROOT / "notebooks"), pytrace=False)


def test_every_catalogued_file_with_a_number_has_a_total():
    totals = {cell[1] for cell in accept.committed(ROOT)}
    in_tables = {s.id for s in catalogue.load(ROOT).values() if s.table != catalogue.CODE_LIST}
    assert in_tables <= totals


def test_a_total_that_moves_names_the_claims_that_rest_on_it(tmp_path):
    listed = "<tbody><tr><th>oil</th><td>Prices</td><td>1, 3</td></tr></tbody>"
    save_notebook(tmp_path / "01_oil.ipynb", ("charts.sources({})", {"text/html": listed}))
    cells = {name: ("trade", name, "2020", "qty", "t") for name in ("oil", "gas", "coal")}
    old = dict.fromkeys(cells.values(), ("1", "2.0"))
    new = old | {cells["oil"]: ("1", "2.2"), cells["gas"]: ("1", "2.5")}
    assert explanation(old, new, tmp_path).splitlines() == [
        "2 control totals moved unannounced (make accept)",
        "trade gas 2020 qty t: 1 values, sum 2.0 → 1 values, sum 2.5",
        "trade oil 2020 qty t: 1 values, sum 2.0 → 1 values, sum 2.2",
        "no claim of the notebooks rests on gas",
        "oil is under 01_oil: 1, 3",
    ]
