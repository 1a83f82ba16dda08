"""HTTP with manners: what is asked arrives whole in a file, or an error says why.

A :class:`Web` keeps a pause between calls, waits as long as the server tells it to, and asks a few
times again where that can help. A body is written to a temporary file and checked before anybody
sees it. The key of a service travels in a header and in nothing else. Retries are written here:
no library that was looked at heeds a quota that is told in words.
"""

import email.utils
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from filelock import FileLock

from tradeflows.model.errors import TradeflowsError
from tradeflows.model.files import sweep, temporary, writing

if TYPE_CHECKING:
    import httpx  # which takes longer to load than most of what asks nothing of a server

ATTEMPTS = 5
PATIENCE = 600.0  # seconds for one reply, and the longest wait for a second chance
LONGEST = 1e8  # seconds, some three years: a server that asks for more means never
POLL = 0.01  # seconds between two looks at a lock that another run holds
LARGEST = 1 << 29  # bytes once unpacked; 250,000 rows of UN Comtrade are some 330 million
ERROR_BYTES = 1 << 16  # of an error reply that are read
ADDRESS = re.compile(r"https?://(\[[\da-fA-F:.]+\]|[^/?#@\s\[\]:]+)(:\d+)?(/[^?#\s]*)?", re.I)
TRY_AGAIN = re.compile(r"try again in (\d+) seconds?", re.I | re.ASCII)
REPLENISHED = re.compile(r"replenished in (\d+):(\d\d):(\d\d)", re.I | re.ASCII)
HINTS = {401: "; the key is missing or wrong", 403: "; the key may not do this, or a proxy refuses"}
REMEDY = ", then run the same command again: it goes on from here"


class FetchError(TradeflowsError):
    """What was asked of a server did not come; the message says what to do."""


class RefusedError(FetchError):
    """The server understood and said no: asking again would not help; `body` is what it sent."""

    def __init__(self, message: str, body: str = "") -> None:
        super().__init__(message)
        self.body = body


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


@dataclass(frozen=True)
class Clock:
    """The time, and how to let it pass; tests turn their own."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


class _Secret(str):
    """A text that no traceback, log or message shows."""

    def __repr__(self) -> str:
        return "'…'"


class Web:
    """One server, asked with manners: `pause` seconds at least between two calls.

    Every path is appended to `base`, which has neither query nor user, since it is recorded. The
    `key` travels in the `header` of that name.
    """

    def __init__(
        self,
        base: str,
        *,
        header: str = "",
        key: str = "",
        pause: float = 1.0,
        clock: Clock | None = None,
    ) -> None:
        if not ADDRESS.fullmatch(base):
            raise RefusedError("the address must be like https://host/path, without user or query")
        self.base = base.rstrip("/")
        if not (key.isascii() and key.isprintable()):
            raise RefusedError("the key holds what no header can carry: copy it anew")
        import httpx

        self.clock = clock or Clock()
        self.calls = 0
        self.before_call: Callable[[], object] = lambda: None  # before a call, such as to count it
        self._has_answered = False
        self._pause = pause
        self._last = float("-inf")
        self._key = _Secret(key)
        headers = {"User-Agent": "tradeflows", **({header: key} if key else {})}
        # Redirects are not followed: they would carry the key to another host.
        try:
            self._client = httpx.Client(headers=headers, timeout=60.0, follow_redirects=False)
        except (ImportError, ValueError, httpx.InvalidURL):
            raise UnreachableError(
                "HTTP_PROXY, HTTPS_PROXY or NO_PROXY names no proxy that can be used: mend or unset"
            ) from None

    def __enter__(self) -> "Web":
        """Open; the block's end closes the connections."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._client.close()

    def url(self, path: str, query: Mapping[str, str]) -> str:
        """The full address of a call, as it is sent and recorded; it never holds the key."""
        import httpx

        return str(httpx.URL(f"{self.base}/{path}", params=query)).replace("%2C", ",")

    def get(
        self,
        url: str,
        to: Path,
        check: Callable[[Path], Any],
        *,
        size: int | None = None,
        progress: Callable[[int], Any] = lambda _: None,
    ) -> Any:
        """Ask for `url` until its body is whole; write it to `to`, a temporary file.

        Parameters
        ----------
        check
            Reads the file; its answer is returned. RetryError and RefusedError are for it to raise.
        size
            Bytes that the file is known to have; a body of another size is asked for again.
        progress
            Called with the bytes that have come so far.

        Raises
        ------
        RefusedError
            3xx or 4xx other than 408 and 429, or what `check` refuses; at once.
        QuotaError, UnreachableError
            The server says so, or wants a wait above :data:`PATIENCE`; there is no connection.
        FetchError
            Broken in all :data:`ATTEMPTS` attempts, or the file cannot be written.
        """
        import httpx

        no_way = httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError
        host = urlsplit(url).hostname
        try:
            for attempt in range(1, ATTEMPTS + 1):
                wait, is_lost = None, False
                try:
                    return self._once(url, to, check, size, progress)
                except RetryError as error:
                    reason, wait = str(error), error.seconds
                except (httpx.TransportError, httpx.DecodingError) as error:
                    reason = f"{type(error).__name__} {_printable(str(error)[:150])}".strip()
                    is_lost = isinstance(error, no_way)
                    if is_lost and not self._has_answered:
                        break
                if wait is not None and wait > PATIENCE:
                    raise QuotaError(f"{self.base} asks to wait {_duration(wait)}", wait) from None
                if attempt < ATTEMPTS:
                    self.clock.sleep(2.0**attempt if wait is None else wait)
            if is_lost:
                raise UnreachableError(
                    f"no way to {host} ({reason}): is there a network?"
                ) from None
            raise FetchError(f"{host}: {reason}, {ATTEMPTS} times over") from None
        except BaseException:
            to.unlink(missing_ok=True)
            raise

    def _once(
        self,
        url: str,
        to: Path,
        check: Callable[[Path], Any],
        size: int | None,
        progress: Callable[[int], Any],
    ) -> Any:
        """Ask once, after a pause: write the body, if it is whole and does not hold the key."""
        self.clock.sleep(min(max(self._last + self._pause - self.clock.now(), 0), self._pause))
        self._last = self.clock.now()
        self.before_call()
        self.calls += 1
        came, tail = 0, b""
        with self._client.stream("GET", url) as reply:
            self._has_answered = True
            if reply.status_code != 200:
                body = b""
                for chunk in self._chunks(reply):
                    body += chunk
                    if len(body) > ERROR_BYTES:
                        break
                text = body.decode("utf-8", "replace")
                self.raise_for_reply(reply.status_code, reply.headers, text)
            with writing(to.parent, FetchError, REMEDY), to.open("wb") as file:
                for chunk in self._chunks(reply):
                    if self._key and self._key.encode() in tail + chunk:
                        raise RefusedError("the reply repeats the key, so it is not kept")
                    tail = (tail + chunk)[-max(len(self._key), 1) :]
                    came += file.write(chunk)
                    if came > max(size or 0, LARGEST):
                        raise RefusedError(f"more than {LARGEST:,} bytes came; no reply has that")
                    progress(came)
                file.flush()
                os.fsync(file.fileno())
        if size not in (None, came):
            raise RetryError(f"{came} bytes came, expected {size}")
        return check(to)

    def raise_for_reply(self, status: int, headers: Mapping[str, str], body: str) -> None:
        """Raise what an error reply means: quota spent, try again, or no."""
        body = self._hidden(body)  # a server might repeat the key that it was sent
        spent = REPLENISHED.search(body)
        if spent:
            hours, minutes, seconds = map(float, spent.groups())
            rest = min(LONGEST, hours * 3600 + minutes * 60 + seconds)
            raise QuotaError(
                f"the quota of calls is used up; it is renewed in {_duration(rest)}", rest
            )
        message = re.search(r'"message"\s*:\s*"([^"]*)"', body)
        text = body.strip()
        # A page of HTML says nothing in words.
        words = _printable(message[1] if message else text[:200] * (text[:1] != "<"))
        asks_again = TRY_AGAIN.search(body)
        wait = _wait(headers.get("Retry-After", ""), self.clock.now())
        if wait is None and asks_again:
            wait = min(LONGEST, float(asks_again[1]))
        is_timeout = status == 200 and re.search(r"time(d )?-?out", body, re.I)
        may_heal = status in (408, 429) or status >= 500
        if may_heal or is_timeout or (status == 200 and wait is not None):
            raise RetryError(f"{status} {words}".strip(), wait)
        to = self._hidden(headers.get("Location", ""))
        if to:
            words = f"leads to {_printable(to[:200])}; nothing is followed, give the right address"
        refused = MissingError if status in (404, 410) else RefusedError
        raise refused(f"{status} {words}".strip() + HINTS.get(status, ""), body)

    def _hidden(self, text: str) -> str:
        """A text without the key."""
        return text.replace(self._key, "…") if self._key else text

    def _chunks(self, reply: "httpx.Response") -> Iterator[bytes]:
        """Chunks of a body, as long as there is time."""
        for chunk in reply.iter_bytes():
            if self.clock.now() - self._last > PATIENCE:
                raise RetryError(f"not whole after {_duration(PATIENCE)}")
            yield chunk


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of `path`, so that two runs take turns; a killed process lets go of it."""
    lock = FileLock(path.with_name(f".{path.name}.lock"), poll_interval=POLL)
    with writing(path.parent, FetchError, REMEDY):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def write(path: Path, text: str) -> None:
    """Write `text` to `path` whole or not at all."""
    aside = temporary(path)
    try:
        with writing(path.parent, FetchError, REMEDY), aside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        sweep(path.parent, f".{path.name}.*.tmp")
    finally:
        with suppress(OSError):  # such as that of a disk that takes no writing
            aside.unlink(missing_ok=True)


def _printable(text: str) -> str:
    """A text without what a terminal would obey."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _wait(text: str, now: float) -> float | None:
    """Seconds of a ``Retry-After``, which is a number or a date; None where there is none."""
    if re.fullmatch(r"\d+", text.strip(), re.ASCII):
        return min(LONGEST, float(text))
    with suppress(ValueError, OverflowError):  # no date, or of no year that there is
        day = email.utils.parsedate_to_datetime(text)
        day = day if day.tzinfo else day.replace(tzinfo=UTC)
        return min(LONGEST, max(0.0, day.timestamp() - now))
    return None


def _duration(seconds: float) -> str:
    """Seconds as minutes and seconds, or hours and minutes."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def stamp(seconds: float) -> str:
    """A time of the clock as 2026-11-25T12:00:00Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
