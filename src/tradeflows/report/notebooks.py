"""Run notebooks, and read back what they say: claims, drawn numbers, sources.

A claim is a ``##`` heading. Below it stand a cell that draws and shows its numbers, and a check
cell: one that asserts the claim and ends in a sentence, as a string.
"""

import ast
import asyncio
import base64
import io
import itertools
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from PIL import Image

from tradeflows.model.errors import TradeflowsError

HEADING = re.compile(r"^## +(.+?) *$", re.M)
ASSERT = re.compile(r"^assert\b", re.M)

PATIENCE = 600  # seconds that a kernel of a busy machine may take to start

# Called with a line where a step is done, else "", how many are done, how many there are, and
# words for what is being done.
Progress = Callable[[str, int, int, str], None]


@dataclass
class Steps:
    """How far a task of several steps is.

    Attributes
    ----------
    progress
        Who is told.
    total, done
        How many steps there are, and how many of them are done.
    """

    progress: Progress | None
    total: int
    done: int = 0

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Say that a step begins and, when it is done, how long it took."""
        began = time.monotonic()
        self.tell("", what)
        yield
        self.done += 1
        self.tell(f"{what}: {time.monotonic() - began:.1f} s", what)

    def tell(self, line: str, what: str) -> None:
        """Say what is done and how far the task is, and what is being done."""
        if self.progress:
            self.progress(line, self.done, self.total, what)


class NotebookError(TradeflowsError):
    """A notebook cannot be read, or does not run to its end."""


def of_project(root: Path) -> list[Path]:
    """The files of all notebooks of the project in `root`."""
    return sorted((root / "notebooks").glob("*.ipynb"))


def load(path: Path) -> NotebookNode:
    """The notebook in the file `path`.

    Raises
    ------
    NotebookError
        The file cannot be read, or is no notebook.
    """
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except OSError as error:
        raise NotebookError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, TypeError, AttributeError, nbformat.ValidationError) as error:
        fault = str(error).partition("\n")[0][:80]
        raise NotebookError(f"{path}: expected a notebook, found otherwise: {fault}") from error
    return notebook


def run(
    paths: Sequence[Path],
    root: Path | None = None,
    start: str = "",
    steps: Steps | None = None,
) -> list[NotebookNode]:
    """Run notebooks in fresh kernels of this Python, as many at once as there are processors.

    Parameters
    ----------
    paths
        The files; none of them is changed. Each notebook runs in its own folder.
    root
        The project folder whose data the notebooks see; by default they find it themselves.
    start
        A line of Python to run in each kernel before the first cell.
    steps
        Of the task that this is a part of; each notebook is one of them.

    Returns
    -------
    list of NotebookNode
        The notebooks with their new outputs, in the order of `paths`.

    Raises
    ------
    NotebookError
        One line for each notebook with a cell that fails: file, claim, and what was raised.
    """
    notebooks = [load(path) for path in paths]
    steps = steps or Steps(None, len(paths))
    # A backend of the user's own would take the place of the inline one, and no picture come.
    env = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    env["TQDM_DISABLE"] = "1"  # nobody watches a bar here, and it would be a cell's output
    if root:
        env["TRADEFLOWS_ROOT"] = os.fspath(root.resolve())

    turn = asyncio.Semaphore(os.cpu_count() or 1)
    running: dict[Path, None] = {}

    def tell(line: str = "") -> None:
        names = " and ".join(path.name for path in list(running)[:2])
        steps.tell(line, f"running {names}" if names else "packing charts")

    async def one(path: Path, notebook: NotebookNode) -> None:
        async with turn:
            began = time.monotonic()
            running[path] = None
            tell()
            await _execute(path, notebook, env, start)
        del running[path]
        await asyncio.to_thread(_lighten, notebook)
        steps.done += 1
        tell(f"{path.name}: {time.monotonic() - began:.1f} s")

    async def together() -> list[BaseException | None]:
        pairs = zip(paths, notebooks, strict=True)  # no long one is left alone at the end
        ordered = sorted(pairs, key=lambda pair: pair[0].stat().st_size, reverse=True)
        jobs = itertools.starmap(one, ordered)
        return await asyncio.gather(*jobs, return_exceptions=True)

    with asyncio.Runner(loop_factory=_loop) as runner:
        try:
            failures = [failure for failure in runner.run(together()) if failure]
        except KeyboardInterrupt:
            # A client that ends half-way may find its sockets closed; of that nothing is printed.
            runner.get_loop().set_exception_handler(lambda *_: None)
            raise
    for failure in failures:
        if not isinstance(failure, NotebookError):
            raise failure
    if failures:
        raise NotebookError("\n".join(sorted(map(str, failures))))
    return notebooks


def light_png(image: Image.Image) -> bytes:
    """A picture in 64 colours: a third of the bytes, and no eye sees it."""
    light = io.BytesIO()
    image.convert("RGB").quantize(64, dither=Image.Dither.NONE).save(light, "png", optimize=True)
    return light.getvalue()


def _lighten(notebook: NotebookNode) -> None:
    for _, cell in code(notebook):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                picture = io.BytesIO(base64.b64decode(output.data["image/png"]))
                light = light_png(Image.open(picture))
                output.data["image/png"] = base64.b64encode(light).decode()


async def _execute(path: Path, notebook: NotebookNode, env: Mapping[str, str], start: str) -> None:
    place = {"metadata": {"path": os.fspath(path.resolve().parent)}}
    options = ["--log-level=CRITICAL", *([f"--IPKernelApp.exec_lines={start}"] if start else [])]
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        record_timing=False,
        startup_timeout=PATIENCE,
        resources=place,
        extra_arguments=options,
    )
    kernel = client.create_kernel_manager().kernel_spec
    assert kernel  # since ipykernel is installed
    kernel.argv[0] = sys.executable  # the user may have registered another environment's as python3
    try:
        await client.async_execute(env=dict(env))
    except CellExecutionError as error:
        raise NotebookError(f"{path}: {_failure(notebook)}") from error
    except RuntimeError as error:
        task = asyncio.current_task()
        if task and task.cancelling():  # which nbclient takes for the death of the kernel
            raise asyncio.CancelledError from error
        reason = str(error).partition("\n")[0]
        raise NotebookError(f"{path}: its kernel stopped: {reason}") from error
    if failure := _failure(notebook):  # a cell goes on where what it shows cannot be made
        raise NotebookError(f"{path}: {failure}")


def _loop() -> asyncio.AbstractEventLoop:
    """Make a loop in which no notebook's client takes the signals for itself.

    One of them would end alone at a signal, and the others go on.
    """
    loop = asyncio.new_event_loop()

    def refuse(*_: object) -> None:
        raise NotImplementedError  # as on Windows, which clients put up with

    loop.add_signal_handler = refuse  # type: ignore[assignment, method-assign]
    return loop


def _failure(notebook: NotebookNode) -> str:
    """Under which claim something was first raised, and what; empty where nothing was."""
    for heading, cell in code(notebook):
        for error in (one for one in cell.outputs if one.output_type == "error"):
            # Its last line, or the line of code that raised without a word.
            traceback = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error.traceback))
            raised = re.findall(r"^-+> *\d+ +(.+)$", traceback, re.M)
            words = error.evalue.strip().splitlines() or raised or ["no message"]
            return f"{heading or 'before the first claim'}: {error.ename}: {words[-1].strip()}"
    return ""


def walk(notebook: NotebookNode) -> Iterator[tuple[str, NotebookNode]]:
    """Each cell with the heading that it stands under, empty before the first."""
    heading = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            heading = (HEADING.findall(cell.source) or [heading])[-1]
        yield heading, cell


def code(notebook: NotebookNode) -> Iterator[tuple[str, NotebookNode]]:
    """Each cell of code with its heading."""
    return (pair for pair in walk(notebook) if pair[1].cell_type == "code")


def findings(notebook: NotebookNode) -> dict[str, str]:
    """The sentence that the check cell below each ``##`` heading ends in, by heading.

    The sentences of several check cells under one heading are joined; a heading without any is
    left out.
    """
    sentences: dict[str, list[str]] = {}
    for heading, cell in code(notebook):
        if heading and ASSERT.search(cell.source) and cell.outputs:
            text = sentence(cell.outputs[-1])
            if text:
                sentences.setdefault(heading, []).append(text)
    return {heading: "; ".join(texts) for heading, texts in sentences.items()}


def numbers(notebook: NotebookNode) -> dict[str, str]:
    """The tables below each ``##`` heading as text, by heading; that of the sources aside."""
    tables: dict[str, str] = {}
    for heading, cell in code(notebook):
        if lists_sources(cell):
            continue
        for output in cell.outputs:
            if output.output_type == "execute_result" and not sentence(output):
                text = output.data.get("text/plain", "")
                tables[heading] = tables.get(heading, "") + text
    return tables


def lists_sources(cell: NotebookNode) -> bool:
    """Whether `cell` makes the list of sources that a notebook ends in."""
    return "charts.sources(" in cell.source


def shows_cards(cell: NotebookNode) -> bool:
    """Whether `cell` shows claims of the ledger as cards, beside the list of sources."""
    return "tf.cards(" in cell.source


def sentence(output: NotebookNode) -> str:
    """The string that `output` shows; empty if it shows anything else."""
    text = output.get("data", {}).get("text/plain", "")
    try:
        value = ast.literal_eval(text) if text[:1] in "'\"" else ""
    except (SyntaxError, ValueError):
        return ""
    return value if isinstance(value, str) else ""
