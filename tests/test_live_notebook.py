"""The live notebook, run against the twin: nothing leaves this machine."""

import shutil
from datetime import date
from pathlib import Path

import nbformat
from comtrade_twin import KEY, Twin, row, serve
from nbclient import NotebookClient

from tradeflows.model import codes
from tradeflows.retrieval import catalogue, comtrade

PROJECT = Path(__file__).parents[1]
NOTEBOOK = PROJECT / "notebooks" / "live" / "drone_parts_live.ipynb"
BEFORE = ["852580", "880211", "880220", "880240", "8803"]


def test_it_draws_what_was_fetched(tmp_path, monkeypatch):
    root = tmp_path / "project"
    for source in catalogue.load(PROJECT).values():
        source.file(root).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source.file(PROJECT), source.file(root))
    shutil.copyfile(PROJECT / "data/raw/sources.toml", root / "data/raw/sources.toml")
    basket = codes.codelist(catalogue.load(root)["basket_codes"].file(root))
    after = ["8806", "8807", *sorted({each["hs6"] for each in basket})]
    months = [f"{year}{month:02}" for year in (2021, 2022, 2023) for month in range(1, 13)]
    rows = [
        row(period=period, product=code, value=1e6 * (i + 1), aggrLevel=len(code), **system)
        for i, period in enumerate(months)
        for system in [{"classificationCode": "H5" if period < "2022" else "H6"}]
        for code in (BEFORE if period < "2022" else after)
    ]
    twin = Twin(rows, gap=0)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    with serve(twin) as base:
        monkeypatch.setenv("TRADEFLOWS_ROOT", str(root))
        monkeypatch.setenv("TRADEFLOWS_COMTRADE_URL", base)
        monkeypatch.setenv("COMTRADE_KEY", KEY)
        # What is held already is not asked for again, so that the notebook has nothing to wait for.
        web, limits = comtrade.connect(clock=twin.clock)
        goods = ",".join([*after, *BEFORE])
        window, today = ("2021-01", "2023-12"), date(2025, 11, 25)
        asked = comtrade.request("CHN", "RUS", "X", goods, *window, today=today)
        with web:
            comtrade.fetch(comtrade.plan(asked, web, limits, root), web, root)
        made = len(twin.asked)
        place = {"metadata": {"path": str(tmp_path)}}
        NotebookClient(notebook, timeout=120, kernel_name="python3", resources=place).execute()
    assert len(twin.asked) == made == 3
    outputs = [
        output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs
    ]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 2
    assert not any(output.output_type in ("stream", "error") for output in outputs)
    assert KEY not in nbformat.writes(notebook)
