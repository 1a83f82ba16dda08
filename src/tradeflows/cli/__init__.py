"""The command ``tradeflows``; exit 0 done, 1 the data are not as expected, 2 the command is not.

``arguments`` has the parser, ``verbs`` one function a verb, ``checks`` what is looked at before
work begins, ``terminal`` tables and progress. Heavy modules are imported inside the verbs:
``tradeflows --help`` should answer at once.
"""

import os
import signal
import sys
import threading
from types import FrameType
from typing import NoReturn

from tradeflows.cli.arguments import overview, parser
from tradeflows.cli.verbs import without_pandas
from tradeflows.model.errors import QueryError, TradeflowsError

__all__ = ["main", "overview", "parser", "without_pandas"]

NOTHING_LEFT = "nothing half-written is left"
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


class Terminated(KeyboardInterrupt):
    """Another program asked this one to end (SIGTERM)."""


def main(argv: list[str] | None = None) -> int:
    """Run one verb and return the exit status."""
    words = sys.argv[1:] if argv is None else argv
    if not words:
        sys.stdout.write(overview() + "\n")
        return 0
    args = parser().parse_args(words)
    args.is_own_process = argv is None
    _end_on_sigterm()
    try:
        args.run(args)
        sys.stdout.flush()
    except TradeflowsError as error:
        _complain(str(error))
        return 2 if isinstance(error, QueryError) else 1
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name not in EXTRAS:
            raise
        _complain(f"{name} is not installed; pip install 'tradeflows[{EXTRAS[name]}]'")
        return 1
    except KeyboardInterrupt as error:
        _complain(f"interrupted; {getattr(args, 'interrupted', NOTHING_LEFT)}")
        return 143 if isinstance(error, Terminated) else 130
    except OSError as error:
        # What is left in the buffer cannot be written, and Python would try once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # a reader (head, less) that has seen enough
            _complain(str(error))
            return 1
    return 0


def _complain(message: str) -> None:
    sys.stderr.write(f"tradeflows: {message}\n")


def _end_on_sigterm() -> None:
    """Let SIGTERM end a verb as Ctrl-C does; only the main thread may say so."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _terminate)


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated
