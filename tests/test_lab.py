"""Answers in JupyterLab, as a person sees them: run, read, drawn, and in the dark."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest
from synthetic import notebook

from tradeflows.report import accept

look = pytest.importorskip("look", reason="no playwright", exc_type=ImportError)
pytest.importorskip("jupyterlab", reason="no JupyterLab")

PROJECT = Path(__file__).parents[1]
# An answer, its chart, and a card with two amounts in dollars, between which Jupyter would set a
# formula. What the tour shows besides is compared cell by cell by nbval.
CELLS = [
    "import tradeflows as tf",
    "crude = tf.flow('crude oil', 'China', 'Russia', start='2024')\ncrude",
    "crude.plot()\ncrude.tail(2)",
    "tf.cards('O08')",
]
READABLE = 4.5  # of contrast between a text and its ground
SLOW = 120_000  # milliseconds that a loaded machine may take for a step
SETTINGS = {
    # All cells are in the page, also those that nobody scrolls to.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
IDLE = "text=/Python 3 .* Idle/"
PROMPTS = """() => [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")]
  .map((prompt) => prompt.textContent)"""
PICTURES = """() => [...document.querySelectorAll(".jp-RenderedImage img")]
  .map((image) => image.naturalWidth)"""
# Of the text of answers, the least contrast with the ground that it stands on.
CONTRAST = r"""() => {
  const rgb = (text) => text.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0.5) return colour;
    }
    return [255, 255, 255];
  };
  const texts = document.querySelectorAll(".jp-RenderedHTML :is(b, li, td, th, small)");
  return Math.min(...[...texts].map((node) => {
    const both = [light(rgb(getComputedStyle(node).color)), light(ground(node))];
    return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
  }));
}"""

pytestmark = pytest.mark.skipif(
    not any(map(shutil.which, look.BROWSERS)), reason=f"no Chromium: {', '.join(look.BROWSERS)}"
)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Serve a notebook in a JupyterLab that has its folders to itself."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "notebooks").mkdir()
    made = notebook(*CELLS)
    made.metadata = accept.METADATA  # with the kernel, for which it would ask
    nbformat.write(made, folder / "notebooks" / "tour.ipynb")
    for name, values in SETTINGS.items():
        file = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values), encoding="utf-8")
    kernel = folder / "ipython" / "profile_default" / "ipython_kernel_config.py"
    kernel.parent.mkdir(parents=True)
    line = re.search(r"echo '(c\.IPKernelApp.*)'", (PROJECT / "Makefile").read_text("utf-8"))
    kernel.write_text(line[1], encoding="utf-8")  # as `make lab` has it
    places = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    env = {key: value for key, value in os.environ.items() if not key.startswith("JUPYTER")}
    env |= {f"JUPYTER_{name}": str(folder / name.lower()) for name in places}
    env |= {
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "IPYTHONDIR": str(folder / "ipython"),
        "TRADEFLOWS_ROOT": str(PROJECT),
        "PYTHONPATH": os.pathsep.join([str(PROJECT / "src"), *sys.path]),
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [
        "--no-browser",
        "--allow-root",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={folder / 'notebooks'}",
        "--IdentityProvider.token=",
    ]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            cwd=folder,
            env=env,
            stdout=log,
            stderr=log,
        )
    base = f"http://127.0.0.1:{port}"
    _wait_for(f"{base}/api", server, folder / "log")
    yield f"{base}/lab/tree/tour.ipynb"
    server.terminate()
    server.wait(30)


def _wait_for(url, server, log):
    """Wait until a server answers at `url`."""
    end = time.monotonic() + SLOW / 1000
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.3)
    pytest.fail(f"JupyterLab does not answer: {log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def page(address):
    """Open the notebook in the browser and run all of its cells, by the menu."""
    program = next(filter(None, map(shutil.which, look.BROWSERS)))
    with look.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program)
        shown = browser.new_page(viewport={"width": 1280, "height": 900})
        shown.set_default_timeout(SLOW)
        shown.goto(address)
        shown.wait_for_selector(".jp-Notebook .jp-CodeCell")
        shown.wait_for_selector(IDLE)  # before that, it asks for a kernel
        shown.wait_for_timeout(2000)
        assert shown.locator(".jp-mod-dirty").count() == 0, "opening the notebook changed it"
        _choose(shown, "Run", "Run All Cells")
        shown.wait_for_function(f"{PROMPTS[6:]}.every((text) => /\\d/.test(text))")
        shown.wait_for_selector(IDLE)
        yield shown
        browser.close()


def _choose(page, menu, *entries):
    """Click an entry of the menu bar, by the menus that lead to it."""
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile(f"^{menu}$")).click()
    for entry in entries:
        page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{entry}$")).click()


def _shown(page, words):
    """What an answer shows, that has these words."""
    return page.locator(".jp-RenderedHTML", has_text=words).first.inner_text()


def test_lab_shows_answers(page):
    _all_cells_ran(page)
    answer = _shown(page, "Crude oil, imports of China from Russia; tonnes")
    assert "Source: China Customs" in answer
    assert "$81 billion" in _shown(page, "$81 billion")
    assert page.locator("mjx-container, .MathJax").count() == 0
    pictures = page.evaluate(PICTURES)
    assert len(pictures) == 1
    assert min(pictures) > 400
    assert page.evaluate(CONTRAST) >= READABLE
    _choose(page, "Settings", "Theme", "JupyterLab Dark")
    page.wait_for_selector('body[data-jp-theme-light="false"]', state="attached")
    assert page.evaluate(CONTRAST) >= READABLE


def _all_cells_ran(page):
    """Whether each cell was run, in its order, and none wrote to standard error."""
    prompts = page.evaluate(PROMPTS)
    assert prompts == [f"[{place}]:" for place in range(1, len(prompts) + 1)]
    assert len(prompts) == len(CELLS)
    stderr = page.locator('[data-mime-type="application/vnd.jupyter.stderr"]')
    assert stderr.all_inner_texts() == []
