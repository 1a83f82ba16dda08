"""The command ``tradeflows``; exit 0 done, 1 the data are not as expected, 2 the command is not.

``arguments`` has the verbs in their groups, ``verbs`` one function a verb, ``checks`` what is
looked at before work begins, ``terminal`` tables and progress, ``interrupts`` the ends that come
from without. Heavy modules are imported inside the verbs: ``--help`` should answer at once.
"""

from __future__ import annotations

import gc
import sys

try:
    import signal

    from tradeflows.cli import interrupts
except KeyboardInterrupt:  # the first of ours that one may come to
    sys.stderr.write("tradeflows: interrupted; nothing half-written is left\n")
    raise SystemExit(130) from None

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Run one verb and return the exit status; without `argv` as a process of its own."""
    if argv is not None:
        import threading

        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, interrupts.terminate)
        return _run(argv, interrupts.Ending(), is_own_process=False)
    status = _run(sys.argv[1:], interrupts.Ending(), is_own_process=True)
    if status in interrupts.STATUS.values():
        interrupts.leave(status)
    return status


def _run(words: list[str], ending: interrupts.Ending, *, is_own_process: bool) -> int:
    try:
        # An interrupt may come while these are being loaded, so they are loaded here.
        if is_own_process:
            interrupts.listen()
            interrupts.watch(ending)
        from tradeflows.cli.command import run

        status = run(words, ending, is_own_process=is_own_process)
        if is_own_process:
            interrupts.ignore()
            gc.freeze()  # what is left need not be searched for cycles, since it all goes now
    except KeyboardInterrupt as error:
        if is_own_process:  # what libraries cannot put in order at such an end is no news
            sys.unraisablehook = lambda fault: None
        ending.say()
        is_asked = isinstance(error, interrupts.Terminated)
        return interrupts.STATUS[signal.SIGTERM if is_asked else signal.SIGINT]
    return status
