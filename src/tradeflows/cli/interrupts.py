"""Ctrl-C and SIGTERM: one line and an exit status, within two seconds, whatever is being done.

A handler in Python runs when the main thread next comes by, which may be long if it is in a
library's code. So a thread hears of the signal too, and ends the process if nothing else has.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys

TYPE_CHECKING = False  # little is imported before the first signal is heard
if TYPE_CHECKING:
    import socket
    from types import FrameType
    from typing import NoReturn

NOTHING_LEFT = "nothing half-written is left"
GRACE = 1.5  # seconds in which a verb may tidy up
STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143}


class Terminated(KeyboardInterrupt):
    """Another program asked this one to end (SIGTERM)."""


class Ending:
    """What is said at an interrupt, once.

    Attributes
    ----------
    words
        What a user may trust in after it; the verb that runs may have its own.
    sockets
        Those by which the watching thread hears; they live as long as this.
    """

    def __init__(self) -> None:
        self.words = NOTHING_LEFT
        self.sockets: tuple[socket.socket, ...] = ()
        self._is_said = False
        self._speaking = _thread.allocate_lock()

    def say(self) -> None:
        """Print the line, if it was not printed yet."""
        with self._speaking:  # who comes second may end the process, so waits for the line
            if self._is_said:
                return
            self._is_said = True
            try:
                sys.stderr.write(f"tradeflows: interrupted; {self.words}\n")
                sys.stderr.flush()
            except (OSError, ValueError, AttributeError):
                return  # nobody reads it any more

    def hear(self, receiver: socket.socket) -> None:
        """Wait for a signal, and end the process if it is still there after the grace."""
        from time import sleep

        number = receiver.recv(1)
        sleep(GRACE)
        self.say()
        os._exit(STATUS.get(signal.Signals(number[0]), 1) if number else 1)


def listen() -> None:
    """Take Ctrl-C and SIGTERM for this process."""
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:  # as of what a shell has in background
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, terminate)
    sys.unraisablehook = _unless_interrupted


def watch(ending: Ending) -> None:
    """Let a thread end the process where its main thread does not come by."""
    import socket
    import threading

    receiver, sender = socket.socketpair()
    sender.setblocking(False)
    signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
    ending.sockets = receiver, sender
    threading.Thread(target=ending.hear, args=(receiver,), daemon=True).start()


def ignore() -> None:
    """Take no more signals: the work is done, and Python needs a moment to end."""
    for number in STATUS:
        signal.signal(number, signal.SIG_IGN)


def leave(status: int) -> NoReturn:
    """End an interrupted process at once: libraries' threads and exits may take their time."""
    try:
        sys.stdout.flush()
    finally:
        os._exit(status)


def _unless_interrupted(found: sys.UnraisableHookArgs) -> None:
    """Say what went wrong where nothing can be raised; an interrupt is left to the thread."""
    if not isinstance(found.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(found)


def terminate(number: int, frame: FrameType | None) -> NoReturn:
    """Let SIGTERM end a verb as Ctrl-C does."""
    raise Terminated
