"""What the command prints: tables that fit the terminal, JSON, and how far a long task is."""

import json
import os
import re
import shutil
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from errno import EINVAL
from typing import Any

PATIENCE = 2.0  # seconds of silence, after which a task says how far it is; a bar in half of it
TICK = 0.5  # seconds after which a bar is drawn anew though nothing is done
NARROWEST = 12  # letters that a column keeps, however narrow the terminal
BAR = "{percentage:3.0f} % |{bar}| {desc}, {rate_noinv_fmt}, {remaining} to go"
BEGUN = "{desc}, {elapsed} so far"  # while nothing is done, from which no rate is known
COUNT = "{desc}: {n_fmt}{unit}, {rate_noinv_fmt}, {elapsed} so far"  # where no end is known
COLOUR = re.compile(r"\x1b\[\d*m")

Step = Callable[..., None]


def say(*lines: object) -> None:
    """Print lines of the answer."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def say_done(*lines: object) -> None:
    """Print lines on what is done, at once; a reader who has left does not end the rest of it."""
    try:
        say(*lines)
        sys.stdout.flush()
    except OSError as error:
        if not is_of_a_reader(error):
            raise
        say_no_more()


def is_of_a_reader(error: OSError) -> bool:
    """Whether who read the answer (head, less) has seen enough; Windows has no word of its own."""
    is_said_so = sys.platform == "win32" and error.errno == EINVAL and error.filename is None
    return is_said_so or isinstance(error, BrokenPipeError)


def say_no_more() -> None:
    """Drop what is left to say, since nobody hears it and Python would try again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def note(line: object) -> None:
    """Print a line that is no part of the answer."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def fail(errors: Sequence[Exception]) -> None:
    """End the command after its answer by what went wrong in it, if anything did, a line each."""
    for error in errors[:-1]:
        note(f"tradeflows: {error}")
    if errors:
        raise errors[-1]


def say_json(content: Any) -> None:
    """Print the answer for a program."""
    say(json.dumps(content, ensure_ascii=False, indent=1, default=str))


def uses_colour() -> bool:
    """Whether the answer goes to a terminal whose user has not declined colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def width() -> int | None:
    """Letters to a line of the terminal; None where the answer goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def table(rows: Sequence[Sequence[str]], room: int | None = None) -> list[str]:
    """Rows as aligned lines; where they are wider than `room`, the widest columns are cut."""
    if not rows:
        return []
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    gaps = 2 * (len(widths) - 1)
    narrowest = max(1, min(NARROWEST, ((room or 0) - gaps) // len(widths)))
    while room and sum(widths) + gaps > room and max(widths) > narrowest:
        excess = sum(widths) + gaps - room
        widest = widths.index(max(widths))
        widths[widest] = max(widths[widest] - excess, narrowest, widths[widest] // 2)
    lines = []
    for row in rows:
        cells = zip(row, widths, strict=True)
        cut = [cell if len(cell) <= most else f"{cell[: most - 1]}…" for cell, most in cells]
        lines.append("  ".join(map(str.ljust, cut, widths)).rstrip())
    return lines


def folded(lines: Iterable[str], room: int | None = None) -> list[str]:
    """Lines of aligned columns; where one is wider than `room`, its last column goes on below."""
    fitting = []
    for line in lines:
        plain = COLOUR.sub("", line)
        before = plain.rfind("  ") + 2 if "  " in plain else 0
        if not room or len(plain) <= room or room - before < NARROWEST:
            fitting.append(line)
            continue
        first, *rest = textwrap.wrap(plain[before:], room - before, break_on_hyphens=False)
        fitting.append(line.removesuffix(plain[before:]) + first)
        fitting += [" " * before + text for text in rest]
    return fitting


@contextmanager
def progress(
    total: float,
    unit: str,
    *,
    quiet: bool = False,
    patience: float = PATIENCE,
    keeps_lines: bool = False,
) -> Iterator[Step]:
    """How far a task is: a bar on a terminal, elsewhere a line a step, both on standard error.

    With `keeps_lines` the lines stand above the bar on a terminal too. A bar appears after half of
    `patience`, whether or not a step was told, since modules were loaded before.

    Yields
    ------
    Callable
        ``step(line, done, total, words)``: `line` is printed where there is no terminal, unless it
        is empty; `words` stand beside the bar. What is given as `answer` is printed as such.
    """
    began = time.monotonic()
    is_drawn = not quiet and sys.stderr.isatty()
    with _bar(total, unit, patience / 2) if is_drawn else nullcontext() as bar:

        def step(
            line: str, done: float = 0, total: float = 0, words: str = "", answer: str = ""
        ) -> None:
            if answer:
                (say if bar is None else bar.write)(answer)
                sys.stdout.flush()  # so that a pipe sees how far it is
            if bar is not None:
                if line and keeps_lines:
                    bar.write(line, file=sys.stderr)
                _draw(bar, words or line, done, total)
            elif line and not quiet and time.monotonic() - began >= patience:
                note(line)

        yield step


def _draw(bar: Any, words: str, done: float, total: float) -> None:
    """Draw the bar as it is now."""
    bar.total = total or bar.total
    bar.bar_format = (BAR if bar.total else COUNT) if done else BEGUN
    bar.set_description_str(words, refresh=False)
    bar.update(done - bar.n)
    if not bar.delay and not done:  # what is begun is said before it is done
        bar.refresh()


@contextmanager
def _bar(total: float, unit: str, patience: float) -> Iterator[Any]:
    """A bar that is drawn again and again, so that a long step is seen to go on."""
    from tqdm import tqdm

    options: dict[str, Any] = {"total": total or None, "unit": f" {unit}", "bar_format": BEGUN}
    options |= {"dynamic_ncols": True, "miniters": 0}
    options |= {"delay": patience, "leave": not patience}  # it goes as it came
    is_over = threading.Event()
    with tqdm(desc="loading", unit_scale=unit == "B", **options) as bar:

        def tick() -> None:
            while not is_over.wait(TICK):
                if time.time() >= bar.start_t + patience:
                    bar.refresh()

        ticker = threading.Thread(target=tick, daemon=True)
        ticker.start()
        try:
            yield bar
        finally:
            is_over.set()
            ticker.join()


def counted(names: Collection[str], step: Step) -> Iterator[str]:
    """Pass `names` on, and show on a terminal how many are done."""
    for done, name in enumerate(names):
        step("", done, len(names), name)
        yield name
