"""One run of the command: its words to a verb, and whatever goes wrong to one line and a status."""

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from tradeflows.cli.arguments import INTERRUPTED, parsed
from tradeflows.cli.interrupts import Ending
from tradeflows.cli.terminal import folded, is_of_a_reader, say_no_more
from tradeflows.model.errors import QueryError, TradeflowsError
from tradeflows.model.words import AT_A_SHELL

# Which extra of the package brings a module that its core does without.
EXTRAS = {
    "matplotlib": "charts",
    "PIL": "charts",
    "nbclient": "report",
    "nbconvert": "report",
    "nbformat": "report",
    "nbval": "check",
    "dask": "cluster",
    "distributed": "cluster",
}


def run(words: list[str], ending: Ending, *, is_own_process: bool) -> int:
    """Run the verb that `words` ask for, and return the exit status.

    An interrupt passes through; what `ending` then says is the verb's own word, if it has one.
    """
    if is_own_process:
        _write_any_text()
    before = AT_A_SHELL.set(True)
    try:
        verb, carry_out = parsed(words)
        ending.words = INTERRUPTED.get(verb, ending.words)
        carry_out()
        sys.stdout.flush()  # to the last letter, so that it is known whether it was taken
    except TradeflowsError as error:
        try:
            sys.stdout.flush()
        except OSError:
            say_no_more()
        _complain(str(error))
        return 2 if isinstance(error, QueryError) else 1
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name not in EXTRAS:
            raise
        _complain(f"{name} is not installed; pip install 'tradeflows[{EXTRAS[name]}]'")
        return 1
    except MemoryError:
        _complain("there is not enough memory; close other programs, or ask for less at once")
        return 1
    except UnicodeEncodeError as error:
        if not _is_of_a_name(error):
            raise
        _complain(_unencoded(error))
        return 1
    except OSError as error:
        say_no_more()
        if not is_of_a_reader(error):
            _complain(str(error))
            return 1
    finally:
        AT_A_SHELL.reset(before)
    return 0


def _is_of_a_name(error: UnicodeEncodeError) -> bool:
    """Whether the letter that cannot be passed on is of the name of a file or folder."""
    is_kept_byte = "\udc80" <= error.object[error.start] <= "\udcff"
    return is_kept_byte or error.encoding == sys.getfilesystemencoding() != "utf-8"


def _unencoded(error: UnicodeEncodeError) -> str:
    """Say which name has a letter that Python cannot pass on, and what helps."""
    before, after = error.object[: error.start], error.object[error.start :]
    name = before.rpartition("\n")[2] + after.partition("\n")[0].partition(os.sep)[0]
    shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    encoding = sys.getfilesystemencoding()
    if encoding == "utf-8":
        return f"{shown}: the name of this folder or file is no UTF-8; rename it"
    return (
        f"{shown}: names of files are {encoding} in this session, which lacks a letter of it; "
        "set PYTHONUTF8=1 and run it again"
    )


def _write_any_text() -> None:
    """Let no letter end the command that the terminal's encoding does not have.

    Nor a stream that was closed before it began: what is written there goes nowhere.
    """
    streams: dict[str, Any] = {"stdout": sys.stdout, "stderr": sys.stderr}
    for name, stream in streams.items():
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
            continue
        with suppress(AttributeError, ValueError):  # of something that is no text file
            stream.reconfigure(errors="backslashreplace")


def _complain(message: str) -> None:
    """Print what went wrong, on a terminal in lines that fit it."""
    room = shutil.get_terminal_size().columns if sys.stderr.isatty() else None
    for line in folded(f"tradeflows: {message}".splitlines(), room):
        sys.stderr.write(f"{line}\n")
