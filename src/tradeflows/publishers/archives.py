"""The text of a file that may be a ``.7z`` archive, decoded as it is read: never on disk, or whole.

``7z`` decodes where it is installed, else py7zr in a thread, at about half the speed. How many
threads it may use is what pyarrow may: ``pyarrow.cpu_count()``, or OMP_NUM_THREADS before.
"""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import IO

import pyarrow as pa

from tradeflows.errors import LayoutError

MARK = b"7z\xbc\xaf\x27\x1c"
PIPE = 1 << 20


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of a file, or of all members of an archive; leaving the block reads to its end.

    Raises
    ------
    LayoutError
        The archive is damaged. It may have decoded to nonsense, so its fault goes before whatever
        was wrong within the block.
    """
    with path.open("rb") as file:
        if file.peek(len(MARK))[: len(MARK)] != MARK:
            yield file
            return
    decoder = _binary if _found() else _py7zr
    with decoder(path) as (stream, verdict):
        try:
            yield stream
        finally:
            while stream.read(PIPE):
                pass
            if reason := verdict():
                raise LayoutError(path, "a whole .7z archive", reason, "fetch it again") from None


def _found() -> str | None:
    return shutil.which("7z") or shutil.which("7zz")


@contextmanager
def _binary(path: Path) -> Iterator[tuple[IO[bytes], Callable[[], str]]]:
    """A stream, and a function that says at its end what was wrong; empty where nothing was."""
    options = ["-so", "-bd", f"-mmt={pa.cpu_count()}", "--"]
    command = [_found() or "7z", "x", *options, str(path.resolve())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          stdin=subprocess.DEVNULL, bufsize=0) as process:  # fmt: skip
        assert process.stdout
        with suppress(AttributeError, OSError):  # fewer, larger helpings, where Linux may
            fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, PIPE)
        yield process.stdout, lambda: "one that 7z cannot decode" if process.wait() else ""


@contextmanager
def _py7zr(path: Path) -> Iterator[tuple[IO[bytes], Callable[[], str]]]:
    """The same as :func:`_binary`."""
    from py7zr import SevenZipFile
    from py7zr.io import Py7zIO, WriterFactory

    class Pipe(Py7zIO, WriterFactory):
        def create(self, filename: str) -> Py7zIO:
            return self

        def write(self, s: bytes | bytearray) -> int:
            return sink.write(s)

        def read(self, size: int | None = None) -> bytes:
            return b""

        def seek(self, offset: int, whence: int = 0) -> int:
            return 0

        def flush(self) -> None:
            pass

        def size(self) -> int:
            return 0

    def decode() -> None:
        try:
            with sink, SevenZipFile(path) as archive:
                archive.extractall(factory=Pipe())
        except Exception as error:  # whatever a decoder says of damaged bytes
            wrong.append(f"{type(error).__name__} {error}".strip().splitlines()[0])

    wrong: list[str] = []
    ends = os.pipe()
    sink = os.fdopen(ends[1], "wb", PIPE)
    thread = Thread(target=decode, daemon=True)

    def verdict() -> str:
        thread.join()
        return "".join(wrong)

    with os.fdopen(ends[0], "rb", PIPE) as stream:
        thread.start()
        yield stream, verdict
