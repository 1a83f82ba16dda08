"""Polite, stubborn, resumable HTTP: what is asked arrives whole in a file, or an error says why.

A :class:`Web` keeps a pause between calls, waits as long as the server tells it to, and retries a
few times what can heal. A body is written beside its place, checked, and renamed only then. The key
of a service travels in a header and in nothing else.
"""

import email.utils
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
from filelock import FileLock

from tradeflows.model.errors import TradeflowsError

ATTEMPTS = 5
PATIENCE = 600.0  # seconds for one reply, and the longest wait for a second chance
CHUNK = 1 << 16
POLL = 0.01  # seconds between two looks at a lock that another run holds
SECONDS = re.compile(r"try again in (\d+) seconds?", re.I)
REPLENISHED = re.compile(r"replenished in (\d+):(\d\d):(\d\d)", re.I)


class FetchError(TradeflowsError):
    """What was asked of a server did not come; the message says what to do."""


class RefusedError(FetchError):
    """The server understood and said no: asking again would not help."""


class MissingError(RefusedError):
    """The server has no such thing (404), or has it no more."""


class UnreachableError(FetchError):
    """There is no way to the server."""


class QuotaError(FetchError):
    """The day's calls are used up; `seconds` until there are new ones."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class RetryError(Exception):
    """A reply that may be better next time; `seconds` to wait, where the server says so."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Clock(NamedTuple):
    """The time, and how to let it pass; tests turn their own."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


class Saved(NamedTuple):
    """A whole body in a file: its `path`, `sha256` and size in `bytes`."""

    path: Path
    sha256: str
    bytes: int


class _Secret(str):
    """A text that no traceback, log or message shows."""

    def __repr__(self) -> str:
        return "'…'"


class Web:
    """One server, asked with manners.

    Parameters
    ----------
    base
        Address that every path is appended to; without a query or a user, since it is recorded.
    header, key
        Name of the header that carries the key, and the key; none where it is empty.
    pause
        Least seconds between two calls.
    """

    def __init__(
        self,
        base: str,
        *,
        header: str = "",
        key: str = "",
        pause: float = 1.0,
        clock: Clock | None = None,
        timeout: float = 60.0,
    ) -> None:
        try:
            parts = urlsplit(base)
        except ValueError:  # brackets that do not close
            parts = urlsplit("")
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.query
            or (parts.username or parts.password or parts.fragment)
        ):
            raise RefusedError("the address must be like https://host/path, without user or query")
        if not (key.isascii() and key.isprintable()):
            raise RefusedError("the key holds what no header can carry: copy it anew")
        self.base = base.rstrip("/")
        self.clock = clock or Clock()
        self.calls = 0
        self.each: Callable[[], object] = lambda: None  # before each call, such as to count it
        self._met = False  # whether it has ever answered
        self._pause = pause
        self._last = float("-inf")
        self._key = _Secret(key)
        headers = {"User-Agent": "tradeflows", **({header: key} if key else {})}
        # Redirects are not followed: they would carry the key to another host.
        self._client = httpx.Client(headers=headers, timeout=timeout, follow_redirects=False)

    def __enter__(self) -> "Web":
        """Open; the block's end closes the connections."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._client.close()

    def url(self, path: str, query: Mapping[str, str]) -> str:
        """The full address of a call, as it is sent and recorded; it never holds the key."""
        return str(httpx.URL(f"{self.base}/{path}", params=query)).replace("%2C", ",")

    def get(self, url: str, to: Path, check: Callable[[Path], Any]) -> tuple[Saved, Any]:
        """Ask for `url` until its body is whole; write it to `to`, a temporary file.

        Parameters
        ----------
        check
            Reads the file; its answer is returned. RetryError and RefusedError are for it to raise.

        Raises
        ------
        RefusedError
            3xx or 4xx other than 408 and 429, or what `check` refuses; at once.
        QuotaError
            The server says so, or wants a longer wait than :data:`PATIENCE`.
        UnreachableError
            No connection in :data:`ATTEMPTS` attempts; at once, if there never was one.
        FetchError
            Broken in all attempts, or the file cannot be written.
        """

        def once() -> tuple[Saved, Any]:
            with self._open(url) as reply, _writing(to):
                size, digest = 0, hashlib.sha256()
                tail = b""
                with to.open("wb") as file:
                    for chunk in self._chunks(reply.iter_bytes(CHUNK)):
                        if self._key and self._key.encode() in tail + chunk:
                            raise RefusedError("the reply repeats the key, so it is not kept")
                        tail = chunk[-len(self._key) :]
                        size += file.write(chunk)
                        digest.update(chunk)
                    file.flush()
                    os.fsync(file.fileno())
            return Saved(to, digest.hexdigest(), size), check(to)

        try:
            return self._with_retries(url, once)
        except BaseException:
            to.unlink(missing_ok=True)
            raise

    def download(
        self,
        url: str,
        to: Path,
        *,
        sha256: str = "",
        size: int | None = None,
        check: Callable[[Path], Any] | None = None,
        progress: Callable[[int], Any] | None = None,
    ) -> Saved:
        """Fetch a large file to `to`, going on where an earlier attempt or run was cut off.

        The part that has come lies beside `to`, with the server's mark of the version; of a file
        that has changed since, all is asked anew. A second run of the same download waits.

        Parameters
        ----------
        size
            Bytes that the file is known to have; a body of another size is asked for again.
        check
            Reads the whole file before it has its name. A FetchError from it throws the bytes
            away; after any other the next run reads them again, without asking for them.
        progress
            Called with the bytes that have come so far.

        Raises
        ------
        FetchError
            As for :meth:`get`; or the file has not the `sha256` that was named. What came of a
            broken download stays, and the next one goes on from there.
        """
        part, mark = (to.with_name(f".{to.name}.{end}") for end in ("part", "mark"))
        to.parent.mkdir(parents=True, exist_ok=True)

        def held() -> int:
            return part.stat().st_size if part.exists() and mark.exists() else 0

        def once() -> None:
            have = held()
            ask = {"Accept-Encoding": "identity"}
            if have:
                ask |= {"Range": f"bytes={have}-", "If-Range": mark.read_text("ascii")}
            with self._open(url, ask, allow=(416,)) as reply, _writing(part):
                if reply.status_code == 416:
                    part.unlink()
                    raise RetryError("there is no more of it than we hold")
                resumed = reply.status_code == 206
                start, total = _range(reply) if resumed else (0, _length(reply))
                if resumed and start != have:
                    raise RetryError(f"asked for byte {have} on, got {start}")
                if not resumed:
                    tag = reply.headers.get("ETag", reply.headers.get("Last-Modified", ""))
                    mark.unlink(missing_ok=True)
                    part.write_bytes(b"")
                    if tag and not tag.startswith("W/"):  # a weak mark does not promise bytes
                        mark.write_text(tag, "ascii")
                with part.open("ab") as file:
                    for chunk in self._chunks(reply.iter_raw()):
                        file.write(chunk)
                        if progress:
                            progress(file.tell())
                    file.flush()
                    os.fsync(file.fileno())
            came = part.stat().st_size
            if total is not None and came != total:
                raise RetryError(f"{came} of {total} bytes came")
            if size is not None and came != size:
                with part.open("rb") as file:
                    page = file.read(99).lstrip().startswith(b"<")
                if page or came > size:  # of less, the rest may still come
                    part.unlink()
                raise RetryError(
                    f"{'a page' if page else 'a file'} of {came} bytes came, expected {size}"
                )

        with locked(to):
            if size is None or held() != size:
                self._with_retries(url, once)
            with part.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                came = file.tell()
            if sha256 and digest != sha256:
                part.unlink()
                raise FetchError(
                    f"{url}: expected sha256 {sha256}, got {digest} in {came} bytes; "
                    "the publisher has revised it, or a proxy answered"
                )
            if check:
                try:
                    check(part)
                except FetchError:
                    part.unlink()
                    raise
            part.replace(to)
            mark.unlink(missing_ok=True)
        return Saved(to, digest, came)

    def _with_retries(self, url: str, once: Callable[[], Any]) -> Any:
        """`once`, again where that can help, with growing pauses."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return once()
            except RetryError as error:
                reason, wait, lost = str(error), error.seconds, False
            except (httpx.TransportError, httpx.DecodingError) as error:
                reason, wait = type(error).__name__, None
                lost = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                if lost and not self._met:
                    break
            if wait is not None and wait > PATIENCE:
                raise QuotaError(f"{self.base} asks to wait {_duration(wait)}", wait) from None
            if attempt < ATTEMPTS:
                self.clock.sleep(2.0**attempt if wait is None else wait)
        host = urlsplit(url).hostname
        if lost:
            raise UnreachableError(f"no way to {host}: is there a network?") from None
        raise FetchError(f"{host}: {reason}, {ATTEMPTS} times over") from None

    @contextmanager
    def _open(
        self, url: str, headers: Mapping[str, str] | None = None, allow: tuple[int, ...] = ()
    ) -> Iterator[httpx.Response]:
        """A reply of status 200 or 206 whose body is still to be read."""
        if (rest := self._last + self._pause - self.clock.now()) > 0:
            self.clock.sleep(min(rest, self._pause))
        self._last = self.clock.now()
        self.each()
        self.calls += 1
        with self._client.stream("GET", url, headers=dict(headers or {})) as reply:
            self._met = True
            if reply.status_code not in (200, 206, *allow):
                body = b"".join(_first(self._chunks(reply.iter_bytes()), CHUNK))
                self.raise_for_reply(
                    reply.status_code, reply.headers, body.decode("utf-8", "replace")
                )
            yield reply

    def raise_for_reply(self, status: int, headers: Mapping[str, str], body: str) -> None:
        """Raise what an error reply means: quota spent, try again, or no."""
        body = self._hidden(body)  # a server might repeat the key that it was sent
        found = re.search(r'"message"\s*:\s*"([^"]*)"', body)
        # A page of HTML says nothing.
        said = found[1] if found else "" if body.lstrip().startswith("<") else body.strip()[:200]
        if spent := REPLENISHED.search(body):
            hours, minutes, seconds = map(float, spent.groups())
            rest = hours * 3600 + minutes * 60 + seconds
            raise QuotaError(
                f"the quota of calls is used up; it is renewed in {_duration(rest)}", rest
            )
        wait = _wait(headers.get("Retry-After", ""), self.clock.now())
        if wait is None and (told := SECONDS.search(body)):
            wait = float(told[1])
        if status in (408, 429) or status >= 500 or (status == 200 and wait is not None):
            raise RetryError(f"{status} {said}".strip(), wait)
        hint = {401: "; the key is missing or wrong", 403: "; the key may not do this"}
        if to := headers.get("Location", ""):
            said = f"leads to {self._hidden(to)[:200]}; nothing is followed, give the right address"
        refused = MissingError if status in (404, 410) else RefusedError
        raise refused(f"{status} {said}".strip() + hint.get(status, ""))

    def _hidden(self, text: str) -> str:
        return text.replace(self._key, "…") if self._key else text

    def _chunks(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            if self.clock.now() - self._last > PATIENCE:
                raise RetryError(f"not whole after {_duration(PATIENCE)}")
            yield chunk


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of `path`, so that two runs take turns; a killed process lets go of it."""
    lock = FileLock(path.with_name(f".{path.name}.lock"), poll_interval=POLL)
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def write(path: Path, text: str, *, lasting: bool = True) -> None:
    """Write `text` to `path` whole or not at all; not `lasting` is quicker, and power may fail."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with _writing(path), aside.open("w", encoding="utf-8") as file:
            file.write(text)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        aside.replace(path)
    finally:
        with suppress(OSError):  # such as that of a disk that takes no writing
            aside.unlink(missing_ok=True)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FetchError(
            f"{path.parent}: cannot be written ({error.strerror}); make room, then "
            "run the same command again: it goes on from here"
        ) from error


def _first(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk
        if (size := size - len(chunk)) <= 0:
            return


def _wait(text: str, now: float) -> float | None:
    """Seconds of a ``Retry-After``, which is a number or a date; None where there is none."""
    if text.strip().isdigit():
        return float(text)
    if date := email.utils.parsedate_tz(text):
        return max(0.0, email.utils.mktime_tz(date) - now)
    return None


def _length(reply: httpx.Response) -> int | None:
    text = reply.headers.get("Content-Length", "")
    return int(text) if text.isdigit() else None


def _range(reply: httpx.Response) -> tuple[int, int | None]:
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", reply.headers.get("Content-Range", ""))
    if not found:
        raise RetryError("a part of unknown place")
    return int(found[1]), None if found[2] == "*" else int(found[2])


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def stamp(seconds: float) -> str:
    """A time of the clock as 2026-11-25T12:00:00Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
