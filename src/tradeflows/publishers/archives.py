"""The text of a file that may be a ``.7z`` archive, decoded as it is read: never on disk, or whole.

``7z`` decodes where it is installed, else py7zr in a thread, at about half the speed. It takes
longest of all that a file goes through, so :func:`begin` lets it start before anything else does.
How many threads it may use is what pyarrow may: ``pyarrow.cpu_count()``, or OMP_NUM_THREADS before.
"""

import io
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import IO, Any, cast

from tradeflows.model.errors import LayoutError

MARK = b"7z\xbc\xaf\x27\x1c"
PIPE = 1 << 20
AHEAD = 64  # helpings of that size that are decoded ahead of the reader, so that neither waits


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of a file, or of the one member of an archive; leaving the block reads to its end.

    Raises
    ------
    LayoutError
        The archive is damaged, or has several members, one of which would be taken for rows of
        the other. It may have decoded to nonsense, so its fault goes before whatever
        was wrong within the block; not before Ctrl-C, which ends the decoder too.
    """
    if not _packed(path):
        with path.open("rb") as file:
            yield file
        return
    decoder = _binary if _found() else _py7zr
    with decoder(path) as (stream, verdict):
        wrong = None
        try:
            yield cast(IO[bytes], stream)
        except Exception as error:
            wrong = error
        while stream.read(PIPE):
            pass
        reason = verdict()
        if reason:
            raise LayoutError(path, "a whole .7z archive", reason, "fetch it again") from None
        if wrong:
            raise wrong


def _packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(MARK)) == MARK


def _found() -> str | None:
    return shutil.which("7z") or shutil.which("7zz")


class _Ahead(io.RawIOBase):
    """The text that a decoder puts in from its own thread."""

    def __init__(self) -> None:
        self._ready: Queue[memoryview] = Queue(AHEAD)
        self._rest = memoryview(b"")

    def put(self, chunk: bytes) -> int:
        """Add some text, nothing being the end; wait while there is enough."""
        for at in range(0, len(chunk) or 1, PIPE):
            self._ready.put(memoryview(chunk)[at : at + PIPE])
        return len(chunk)

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` as far as a helping goes; 0 from the end on."""
        if not self._rest:
            self._rest = self._ready.get()
        if not self._rest:
            self._ready.put(self._rest)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


_begun: dict[Path, tuple[subprocess.Popen[bytes], _Ahead]] = {}


def begin(path: Path) -> None:
    """Start to decode what may be an archive, which :func:`opened` then takes up.

    Nothing comes of it where the file is none, or cannot be read; a decoder whose text nobody
    takes ends with this process.
    """
    with suppress(OSError):
        if _found() and _packed(path):
            threads = os.environ.get("OMP_NUM_THREADS", "")
            _begun[path] = _start(path, threads if threads.isdigit() else "on")


def _start(path: Path, threads: object) -> tuple[subprocess.Popen[bytes], _Ahead]:
    options = ["-so", "-bd", f"-mmt={threads}", "--"]
    command = [_found() or "7z", "x", *options, str(path.resolve())]
    try:
        process = _piped(command, PIPE)
    except PermissionError:  # Linux gives a user only so much for larger helpings
        process = _piped(command)
    assert process.stdout
    ahead, read = _Ahead(), partial(process.stdout.read, PIPE)

    def decode() -> None:
        with suppress(ValueError, OSError):  # it was closed, after an interrupt
            while ahead.put(read()):
                pass

    Thread(target=decode, daemon=True).start()
    return process, ahead


def _piped(command: list[str], pipesize: int = -1) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        bufsize=0,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pipesize=pipesize,
    )


@contextmanager
def _binary(path: Path) -> Iterator[tuple[_Ahead, Callable[[], str]]]:
    """A stream, and a function that says at its end what was wrong; empty where nothing was."""
    import pyarrow as pa  # no sooner, since it takes as long as a tenth of a month's decoding

    begun = _begun.pop(path, None)
    process, ahead = begun or _start(path, pa.cpu_count())
    with process:

        def verdict() -> str:
            if process.wait():
                return "one that 7z cannot decode"
            return _several(_members(path))

        yield ahead, verdict


def _members(path: Path) -> int:
    """How many members an archive has, as 7z lists them."""
    command = [_found() or "7z", "l", "-ba", "-slt", "--", str(path.resolve())]
    listed = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    return sum(line.startswith(b"Path = ") for line in listed.stdout.splitlines())


def _several(members: int) -> str:
    """What is wrong with an archive of so many members; empty for one."""
    return "" if members == 1 else f"one of {members} members"


@contextmanager
def _py7zr(path: Path) -> Iterator[tuple[_Ahead, Callable[[], str]]]:
    """The same as :func:`_binary`."""
    from py7zr import SevenZipFile
    from py7zr.io import Py7zIO, WriterFactory

    class Put(Py7zIO, WriterFactory):
        def create(self, filename: str) -> Py7zIO:
            return self

        def write(self, s: bytes | bytearray) -> int:
            return ahead.put(bytes(s)) if s else 0

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
            with SevenZipFile(path) as archive:
                several = _several(len(archive.getnames()))
                if several:
                    wrong.append(several)
                else:
                    archive.extractall(factory=Put())
        except Exception as error:  # whatever a decoder says of damaged bytes
            wrong.append(f"{type(error).__name__} {error}".strip().splitlines()[0])
        finally:
            ahead.put(b"")

    ahead, wrong = _Ahead(), list[str]()
    Thread(target=decode, daemon=True).start()
    yield ahead, lambda: "".join(wrong)
