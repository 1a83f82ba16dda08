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
    made = notebook(*CELLS)
    made.metadata = accept.METADATA  # with the kernel, for which it would ask
    line = re.search(r"echo '(c\.IPKernelApp.*)'", (PROJECT / "Makefile").read_text("utf-8"))
    files = {
        "notebooks/tour.ipynb": nbformat.writes(made),
        "ipython/profile_default/ipython_kernel_config.py": line[1],  # as `make lab` has it
    }
    for name, values in SETTINGS.items():
        files[f"settings/@jupyterlab/{name}.jupyterlab-settings"] = json.dumps(values)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    env = {key: value for key, value in os.environ.items() if not key.startswith("JUPYTER")}
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    env |= {name: str(folder / name) for name in (*places, "JUPYTERLAB_WORKSPACES_DIR")}
    env |= {"JUPYTERLAB_SETTINGS_DIR": str(folder / "settings")}
    env |= {"IPYTHONDIR": str(folder / "ipython"), "TRADEFLOWS_ROOT": str(PROJECT)}
    env |= {"PYTHONPATH": os.pathsep.join([str(PROJECT / "src"), *sys.path])}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    command += [f"--ServerApp.root_dir={folder / 'notebooks'}", "--IdentityProvider.token="]
    log = folder / "log"
    with log.open("w") as said:
        server = subprocess.Popen(command, cwd=folder, env=env, stdout=said, stderr=said)
    end = time.monotonic() + SLOW / 1000
    while not _answers(f"http://127.0.0.1:{port}/api"):
        if time.monotonic() > end or server.poll() is not None:
            pytest.fail(f"JupyterLab does not answer: {log.read_text()[-2000:]}")
        time.sleep(0.3)
    yield f"http://127.0.0.1:{port}/lab/tree/tour.ipynb"
    server.terminate()
    server.wait(30)


def _answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except (urllib.error.URLError, TimeoutError):
        return False


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


def test_lab_shows_answers(page):
    # Each cell was run, in its order, and none wrote to standard error.
    assert page.evaluate(PROMPTS) == [f"[{place}]:" for place in range(1, len(CELLS) + 1)]
    stderr = page.locator('[data-mime-type="application/vnd.jupyter.stderr"]')
    assert stderr.all_inner_texts() == []
    answer, card = (
        page.locator(".jp-RenderedHTML", has_text=words).first.inner_text()
        for words in ("Crude oil, imports of China from Russia; tonnes", "$81 billion")
    )
    assert "Source: China Customs" in answer
    assert "$81 billion" in card
    assert page.locator("mjx-container, .MathJax").count() == 0
    [width] = page.evaluate(PICTURES)
    assert width > 400
    assert page.evaluate(CONTRAST) >= READABLE
    _choose(page, "Settings", "Theme", "JupyterLab Dark")
    page.wait_for_selector('body[data-jp-theme-light="false"]', state="attached")
    assert page.evaluate(CONTRAST) >= READABLE
