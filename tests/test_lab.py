"""The tour in JupyterLab itself: opened in headless Chromium, run, and read as a person would."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
PROGRAM = next(filter(None, map(shutil.which, BROWSERS)), "")
TOUR = Path(__file__).parents[1] / "notebooks" / "explore.ipynb"
PROBE = """
probe = crude.tail(2)
probe.attrs["caveats"] = ("from $52 billion to $81 billion (of one basket)",)
probe
"""
SETTINGS = {
    "apputils-extension/themes": {"theme": "JupyterLab Dark"},
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}

pytestmark = [
    pytest.mark.skipif(not PROGRAM, reason=f"no Chromium (any of {', '.join(BROWSERS)})"),
    pytest.mark.xdist_group("lab"),
]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def lab(embedded, tmp_path_factory):
    """Start JupyterLab on a folder with the tour, unrun; its address."""
    folder = tmp_path_factory.mktemp("lab")
    notebook = nbformat.read(TOUR, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(PROBE.strip()))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, folder / "tour.ipynb")
    for name, values in SETTINGS.items():
        path = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")
    port = free_port()
    environment = os.environ | {
        "TRADEFLOWS_ROOT": str(embedded),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
    }
    environment.pop("MPLBACKEND", None)
    options = ["--no-browser", "--allow-root", f"--port={port}", "--IdentityProvider.token="]
    command = [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={folder}"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
        try:
            wait_for(f"http://127.0.0.1:{port}/api", server)
            yield f"http://127.0.0.1:{port}/lab/tree/tour.ipynb"
        finally:
            server.terminate()
            server.wait(20)


def wait_for(address, server):
    for _ in range(300):
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            assert server.poll() is None, "JupyterLab ended"
            time.sleep(0.1)
    raise AssertionError(f"{address}: no answer in 30 seconds")


@pytest.fixture(scope="module")
def page(lab):
    """The tour with all cells run."""
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=PROGRAM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.goto(lab)
        page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=30_000)
        page.wait_for_selector('.jp-NotebookPanel-toolbar [data-status="idle"]', timeout=30_000)
        page.click(".lm-MenuBar-itemLabel >> text=Run")
        page.click('.lm-Menu-item[data-command="runmenu:run-all"]')
        last = page.locator(".jp-CodeCell").last.locator(".jp-OutputArea-output")
        last.wait_for(timeout=90_000)
        yield page
        browser.close()


def test_every_cell_runs(page):
    prompts = page.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()
    assert [prompt.strip("[]: ") for prompt in prompts] == [str(n + 1) for n in range(len(prompts))]
    assert page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').count() == 0
    assert page.locator('[data-mime-type="application/vnd.jupyter.error"]').count() == 0


def test_a_repr_reads_as_written(page):
    texts = page.locator(".jp-RenderedHTML").all_inner_texts()
    crude = next(text for text in texts if text.startswith("Crude oil, imports of China"))
    assert "Source: China Customs" in crude


def test_dollars_are_no_formula(page):
    last = page.locator(".jp-RenderedHTML").last
    assert "from $52 billion to $81 billion (of one basket)" in last.inner_text()
    assert page.locator("mjx-container, .MathJax").count() == 0


def test_charts_are_seen(page):
    pictures = page.locator(".jp-RenderedImage img")
    assert pictures.count() >= 8
    widths = pictures.evaluate_all("images => images.map(image => image.naturalWidth)")
    assert min(widths) >= 400


CONTRAST = """
element => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  let ground = element, colour = [0, 0, 0, 0];
  while (ground && (colour.length === 4 && colour[3] === 0)) {
    colour = parse(getComputedStyle(ground).backgroundColor);
    ground = ground.parentElement;
  }
  const light = rgb => rgb.slice(0, 3).map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const pair = [light(colour), light(parse(getComputedStyle(element).color))].sort((a, b) => b - a);
  return (pair[0] + 0.05) / (pair[1] + 0.05);
}
"""


def test_the_dark_theme_is_legible(page):
    assert page.locator("body").get_attribute("data-jp-theme-light") == "false"
    last = page.locator(".jp-RenderedHTML").last
    for selector in ("b", "li", "td >> nth=0", "small"):
        assert last.locator(selector).first.evaluate(CONTRAST) >= 4.5, selector
