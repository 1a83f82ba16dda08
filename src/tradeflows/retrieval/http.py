"""Polite, stubborn, resumable HTTP: what is asked arrives whole in a file, or an error says why.

A :class:`Web` keeps a pause between calls, waits as long as the server tells it to, and retries a
few times what can heal. A body is written beside its place, checked, and renamed only then. The key
of a service travels in a header and in nothing else.

Retries and downloads are written here and not borrowed: no library that was looked at heeds a quota
that is told in words, or goes on from a part whose version the server vouches for.
"""

import email.utils
import hashlib
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx
from filelock import FileLock

from tradeflows.model.errors import TradeflowsError
from tradeflows.model.files import sweep, temporary

ATTEMPTS = 5
PATIENCE = 600.0  # seconds for one reply, and the longest wait for a second chance
LONGEST = 1e8  # seconds, some three years: a server that asks for more means never
CHUNK = 1 << 16
POLL = 0.01  # seconds between two looks at a lock that another run holds
LARGEST_REPLY = 1 << 29  # bytes once unpacked; 250,000 rows of UN Comtrade are some 330 million
LARGEST_FILE = 1 << 32  # bytes; a month of Comext is some 45 million
DEEPEST = 32  # levels of nested JSON; replies have three
TRY_AGAIN = re.compile(r"try again in (\d+) seconds?", re.I | re.ASCII)
REPLENISHED = re.compile(r"replenished in (\d+):(\d\d):(\d\d)", re.I | re.ASCII)
HINTS = {
    401: "; the key is missing or wrong",
    407: "; a proxy stands between and wants a name and a password: see HTTP_PROXY, HTTPS_PROXY",
}


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

    def while_held(self) -> "UnreachableError":
        """The same, with what needs no server."""
        stop = "" if str(self).endswith("?") else "."
        return UnreachableError(
            f"{self}{stop} What is held already needs no network: `tradeflows build` and `read` "
            "work as before"
        )


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


@dataclass(frozen=True)
class Saved:
    """A whole body in a file: its `path`, `sha256` and size in `bytes`."""

    path: Path
    sha256: str
    bytes: int


@dataclass(frozen=True)
class _Partial:
    """A download that has come in part: its bytes, and the server's mark of their version."""

    part: Path
    mark: Path

    @classmethod
    def of(cls, to: Path) -> "_Partial":
        """Where what has come of the file `to` lies."""
        return cls(to.with_name(f".{to.name}.part"), to.with_name(f".{to.name}.mark"))

    @property
    def bytes(self) -> int:
        """Bytes that a request may go on from."""
        return self.part.stat().st_size if self.part.exists() and self.mark.exists() else 0

    def headers(self) -> dict[str, str]:
        """What asks for the rest."""
        ask = {"Accept-Encoding": "identity"}
        if self.bytes:
            ask["Range"] = f"bytes={self.bytes}-"
            ask["If-Range"] = self.mark.read_text("ascii")
        return ask

    def begin_anew(self, tag: str) -> None:
        """Throw away what has come, and note the server's mark of what comes now."""
        self.mark.unlink(missing_ok=True)
        self.part.write_bytes(b"")
        if tag and tag.isascii() and not tag.startswith("W/"):  # a weak one promises no bytes
            self.mark.write_text(tag, "ascii")

    def require_size(self, total: int | None, size: int | None) -> None:
        """Ask again where not `total` bytes came, which the reply told, or not `size`."""
        came = self.part.stat().st_size
        if total is not None and came != total:
            raise RetryError(f"{came} of {total} bytes came")
        if size is None or came == size:
            return
        with self.part.open("rb") as file:
            is_page = file.read(99).lstrip().startswith(b"<")
        if is_page or came > size:  # of less, the rest may still come
            self.part.unlink()
        what = "a page" if is_page else "a file"
        raise RetryError(f"{what} of {came} bytes came, expected {size}")


class _Watch:
    """Shuts the connection of a reply that is not whole in time, headers and body together."""

    def __init__(self) -> None:
        self.expired = False
        self._socket: socket.socket | None = None

    def note(self, event: str, info: Mapping[str, Any]) -> None:
        """Remember the socket of a connection that was made, as httpcore's trace tells it."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._socket = info["return_value"].get_extra_info("socket")

    @contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        """End the block's connection after `seconds`; whatever that raises is a RetryError."""
        self.expired = False
        timer = threading.Timer(seconds, self._shut)
        timer.daemon = True
        timer.start()
        try:
            yield
        except httpx.TransportError as error:
            if self.expired:
                raise RetryError(f"not whole after {_duration(seconds)}") from error
            raise
        finally:
            timer.cancel()

    def _shut(self) -> None:
        """End the connection, since time is up."""
        self.expired = True
        if self._socket:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


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
        self.before_call: Callable[[], object] = lambda: None  # before a call, such as to count it
        self._met = False  # whether it has ever answered
        self._watch = _Watch()
        self._pause = pause
        self._last = float("-inf")
        self._key = _Secret(key)
        headers = {"User-Agent": "tradeflows", **({header: key} if key else {})}
        # Redirects are not followed: they would carry the key to another host.
        try:
            self._client = httpx.Client(headers=headers, timeout=timeout, follow_redirects=False)
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            raise UnreachableError(_proxy_fault()) from error

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
                saved = self._save(reply, to)
            return saved, check(to)

        try:
            return self._with_retries(url, once)
        except BaseException:
            to.unlink(missing_ok=True)
            raise

    def _save(self, reply: httpx.Response, to: Path) -> Saved:
        """Write the body of `reply` to `to`, if it does not hold the key and is not too large."""
        size = 0
        digest = hashlib.sha256()
        tail = b""
        with to.open("wb") as file:
            for chunk in self._chunks(reply.iter_bytes()):
                if self._key and self._key.encode() in tail + chunk:
                    raise RefusedError("the reply repeats the key, so it is not kept")
                tail = (tail + chunk)[-len(self._key) :]
                size += file.write(chunk)
                if size > LARGEST_REPLY:
                    raise RefusedError(f"more than {LARGEST_REPLY:,} bytes came; no reply has that")
                digest.update(chunk)
            file.flush()
            os.fsync(file.fileno())
        return Saved(to, digest.hexdigest(), size)

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
        partial = _Partial.of(to)
        to.parent.mkdir(parents=True, exist_ok=True)

        def once() -> None:
            self._go_on(url, partial, size, progress)

        with locked(to):
            if size is None or partial.bytes != size:
                self._with_retries(url, once)
            with partial.part.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                came = file.tell()
            if sha256 and digest != sha256:
                partial.part.unlink()
                raise FetchError(
                    f"{url}: expected sha256 {sha256}, got {digest} in {came} bytes; "
                    "the publisher has revised it, or a proxy answered"
                )
            if check:
                try:
                    check(partial.part)
                except FetchError:
                    partial.part.unlink()
                    raise
            partial.part.replace(to)
            partial.mark.unlink(missing_ok=True)
        return Saved(to, digest, came)

    def _go_on(
        self,
        url: str,
        partial: _Partial,
        size: int | None,
        progress: Callable[[int], Any] | None,
    ) -> None:
        """Ask once for what `partial` lacks."""
        have = partial.bytes
        most = min(size or LARGEST_FILE, LARGEST_FILE)
        with (
            self._open(url, partial.headers(), allow=(416,)) as reply,
            _writing(partial.part),
        ):
            if reply.status_code == 416:
                partial.part.unlink()
                raise RetryError("there is no more of it than we hold")
            is_rest = reply.status_code == 206
            start, total = _range(reply) if is_rest else (0, _length(reply))
            if is_rest and start != have:
                raise RetryError(f"asked for byte {have} on, got {start}")
            if not is_rest:
                tag = reply.headers.get("ETag", reply.headers.get("Last-Modified", ""))
                partial.begin_anew(tag)
            with partial.part.open("ab") as file:
                for chunk in self._chunks(reply.iter_raw()):
                    file.write(chunk)
                    if file.tell() > most:
                        break
                    if progress:
                        progress(file.tell())
                file.flush()
                os.fsync(file.fileno())
        if size is None and partial.part.stat().st_size > most:
            partial.part.unlink()
            raise RefusedError(f"more than {most:,} bytes came; no file here has that")
        partial.require_size(None if partial.part.stat().st_size > most else total, size)

    def _with_retries(self, url: str, once: Callable[[], Any]) -> Any:
        """`once`, again where that can help, with growing pauses."""
        host = urlsplit(url).hostname
        is_lost = False
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return once()
            except RetryError as error:
                reason = str(error)
                wait = error.seconds
                is_lost = False
            except (httpx.TransportError, httpx.DecodingError) as error:
                _raise_if_hopeless(error, host)
                reason = type(error).__name__
                wait = None
                is_lost = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                if is_lost and not self._met:
                    break
            if wait is not None and wait > PATIENCE:
                raise QuotaError(f"{self.base} asks to wait {_duration(wait)}", wait) from None
            if attempt < ATTEMPTS:
                self.clock.sleep(2.0**attempt if wait is None else wait)
        if is_lost:
            proxy = _proxy_setting(url)
            way = f" by the proxy that {proxy} names" if proxy else ""
            raise UnreachableError(f"no way to {host}{way}: is there a network?") from None
        raise FetchError(f"{host}: {reason}, {ATTEMPTS} times over") from None

    @contextmanager
    def _open(
        self, url: str, headers: Mapping[str, str] | None = None, allow: tuple[int, ...] = ()
    ) -> Iterator[httpx.Response]:
        """A reply of status 200 or 206 whose body is still to be read."""
        rest = self._last + self._pause - self.clock.now()
        if rest > 0:
            self.clock.sleep(min(rest, self._pause))
        self._last = self.clock.now()
        self.before_call()
        self.calls += 1
        sent = self._client.build_request(
            "GET", url, headers=dict(headers or {}), extensions={"trace": self._watch.note}
        )
        with self._watch.patience(PATIENCE):
            reply = self._client.send(sent, stream=True)
            try:
                self._met = True
                if reply.status_code not in (200, 206, *allow):
                    body = b"".join(_first(self._chunks(reply.iter_bytes()), CHUNK))
                    self.raise_for_reply(
                        reply.status_code, reply.headers, body.decode("utf-8", "replace")
                    )
                yield reply
            finally:
                reply.close()

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
        words = _message(body)
        wait = _wait(headers.get("Retry-After", ""), self.clock.now())
        asks_again = TRY_AGAIN.search(body)
        if wait is None and asks_again:
            wait = min(LONGEST, float(asks_again[1]))
        is_timeout = status == 200 and re.search(r"time(d )?-?out", body, re.I)
        may_heal = status in (408, 429) or status >= 500
        if may_heal or is_timeout or (status == 200 and wait is not None):
            raise RetryError(f"{status} {words}".strip(), wait)
        to = headers.get("Location", "")
        if to:
            place = _printable(self._hidden(to)[:200])
            words = f"leads to {place}; nothing is followed, give the right address"
        refused = MissingError if status in (404, 410) else RefusedError
        raise refused(f"{status} {words}".strip() + self._hint(status), body)

    def _hint(self, status: int) -> str:
        """What a status of refusal means here, where it means more than it says."""
        if status != 403:
            return HINTS.get(status, "")
        proxy = _proxy_setting(self.base) if self.base.startswith("http:") else ""
        if proxy:  # which answers in the server's place where nothing is encrypted
            host = urlsplit(self.base).hostname
            return (
                f"; the proxy that {proxy} names refuses, or {host} itself: name the host in "
                "NO_PROXY if it needs no proxy"
            )
        return "; the key may not do this" if self._key else "; the server refuses this call"

    def _hidden(self, text: str) -> str:
        """A text without the key."""
        return text.replace(self._key, "…") if self._key else text

    def _chunks(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Chunks of a body, as long as there is time."""
        for chunk in chunks:
            if self.clock.now() - self._last > PATIENCE:
                raise RetryError(f"not whole after {_duration(PATIENCE)}")
            yield chunk


def _proxy_setting(url: str) -> str:
    """The name of the setting that has the proxy on the way to `url`; empty where there is none."""
    parts = urlsplit(url)
    proxies = getproxies()
    for kind in (parts.scheme, "all"):
        if proxies.get(kind) and not proxy_bypass(parts.hostname or ""):
            return f"{kind}_proxy".upper()
    return ""


def _proxy_fault() -> str:
    """Which setting names a proxy that cannot be asked, what was expected, and what to do."""
    proxies = getproxies()
    for kind in ("http", "https", "all"):
        address = proxies.get(kind, "")
        setting = f"{kind}_proxy".upper()
        if address.startswith("socks5") and find_spec("socksio") is None:
            return (
                f"{setting} names a SOCKS proxy, for which a package is lacking: pip install "
                "'httpx[socks]', or name a proxy such as http://host:8080"
            )
        if address and not _is_address(address):
            return (
                f"{setting}: expected the address of a proxy such as http://host:8080, found "
                f"{_without_password(address)!r}; mend it, or unset it if there is no proxy"
            )
    return "NO_PROXY: expected names of hosts with commas between, such as localhost,.example.org"


def _is_address(text: str) -> bool:
    """Whether a proxy can be asked at an address."""
    try:
        httpx.Proxy(text if "://" in text else f"http://{text}")
    except (ValueError, httpx.InvalidURL):
        return False
    return True


def _without_password(address: str) -> str:
    """An address without the user and the password that it may have."""
    before, sign, host = address.rpartition("@")
    scheme = before.partition("://")[0] + "://" if "://" in before else ""
    return _printable(f"{scheme}…@{host}" if sign else address)


def _raise_if_hopeless(error: Exception, host: str | None) -> None:
    """Raise, with what to do, what no second attempt would heal."""
    if isinstance(error, httpx.ProxyError):
        raise UnreachableError(
            f"the proxy on the way to {host} refuses ({_printable(str(error))[:100]}): "
            "mend HTTPS_PROXY, or name the host in NO_PROXY if it needs none"
        ) from error
    cause: BaseException | None = error
    while cause and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        raise UnreachableError(
            f"the certificate of {host} is not trusted here ({cause.verify_message}): if a proxy "
            "of your house signs anew, set SSL_CERT_FILE to the file of its certificate"
        ) from error


def require_shallow(path: Path) -> None:
    """Refuse JSON that is nested deep, on which a parser ends the process.

    Raises
    ------
    RetryError
        It is nested deeper than :data:`DEEPEST`, which no reply is.
    """
    raw = path.read_bytes()
    if b"\\" in raw:
        raw = re.sub(rb"\\.", b"", raw, flags=re.DOTALL)
    signs = raw.translate(None, bytes(set(range(256)) - set(b'[]{}"')))
    open_signs = b"".join(signs.split(b'"')[::2])  # what stands in no text
    for _ in range(DEEPEST):
        open_signs = open_signs.replace(b"{}", b"").replace(b"[]", b"")
    if len(open_signs) > DEEPEST:
        raise RetryError("no data, but brackets in brackets")


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
    aside = temporary(path)
    try:
        with _writing(path), aside.open("w", encoding="utf-8") as file:
            file.write(text)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        aside.replace(path)
        if lasting:  # what is not is written often, and its folder swept elsewhere
            sweep(path.parent, f".{path.name}.*.tmp")
    finally:
        with suppress(OSError):  # such as that of a disk that takes no writing
            aside.unlink(missing_ok=True)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Say of a file that cannot be written where, and what to do."""
    try:
        yield
    except OSError as error:
        raise FetchError(
            f"{path.parent}: cannot be written ({error.strerror}); make room, then "
            "run the same command again: it goes on from here"
        ) from error


def _first(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Chunks until `size` bytes are there."""
    for chunk in chunks:
        yield chunk
        size -= len(chunk)
        if size <= 0:
            return


def _message(body: str) -> str:
    """What an error reply says in words; a page of HTML says nothing."""
    message = re.search(r'"message"\s*:\s*"([^"]*)"', body)
    if message:
        return _printable(message[1])
    return "" if body.lstrip().startswith("<") else _printable(body.strip()[:200])


def _printable(text: str) -> str:
    """A text without what a terminal would obey."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _wait(text: str, now: float) -> float | None:
    """Seconds of a ``Retry-After``, which is a number or a date; None where there is none."""
    if re.fullmatch(r"\d+", text.strip(), re.ASCII):
        return min(LONGEST, float(text))
    day = email.utils.parsedate_tz(text)
    if day:
        with suppress(ValueError, OverflowError):  # of no year that there is
            return min(LONGEST, max(0.0, email.utils.mktime_tz(day) - now))
    return None


def _length(reply: httpx.Response) -> int | None:
    """Bytes that a reply announces, if it does."""
    text = reply.headers.get("Content-Length", "")
    return int(text) if re.fullmatch(r"\d{1,18}", text, re.ASCII) else None


def _range(reply: httpx.Response) -> tuple[int, int | None]:
    """Where a part of a file begins, and how long the whole is, if that is known."""
    text = reply.headers.get("Content-Range", "")
    place = re.fullmatch(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)", text, re.ASCII)
    if not place:
        raise RetryError("a part of unknown place")
    return int(place[1]), None if place[2] == "*" else int(place[2])


def _duration(seconds: float) -> str:
    """Seconds as minutes and seconds, or hours and minutes."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def stamp(seconds: float) -> str:
    """A time of the clock as 2026-11-25T12:00:00Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
