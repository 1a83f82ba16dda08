"""HTTP against a small server on this machine; its clock is turned, nobody waits."""

import errno
import hashlib
import os
import ssl
import sys
import threading
import time

import httpx
import pytest
from comtrade_twin import FAULTS, KEY, NOON, Twin, serve

from tradeflows.retrieval import http
from tradeflows.retrieval.http import FetchError, QuotaError, RefusedError, UnreachableError, Web

PATH = "public/v1/getDa/C/M/HS"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def twin():
    return Twin()


@pytest.fixture
def web(twin):
    with serve(twin) as base, Web(base, clock=twin.clock) as web:
        yield web


def get(web, to, path=PATH):
    return web.get(web.url(path, {}), to, whole)[0]


def whole(path):
    """What a reader of replies does with one that is broken: it asks again."""
    if not path.read_bytes().endswith(b'"error": ""}') or b'"count": 3' in path.read_bytes():
        raise http.RetryError("not whole")
    return path


# --- one reply -----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS)
def test_what_can_heal_is_asked_again(twin, web, tmp_path, fault):
    twin.faults = [fault, fault]
    saved = get(web, tmp_path / "reply")
    assert len(twin.paths) == 3
    assert saved.sha256 == hashlib.sha256((tmp_path / "reply").read_bytes()).hexdigest()
    assert saved.bytes == (tmp_path / "reply").stat().st_size


@pytest.mark.parametrize(
    ("fault", "wait"),
    [("429", 14), ("429 bare", 6), ("503", 2 + 4), ("429 date", 0)],
)
def test_the_servers_wait_comes_first(twin, web, tmp_path, fault, wait):
    twin.faults = [fault, fault]
    start = twin.now
    get(web, tmp_path / "reply")
    # Never faster than a call a second, even if the server's date is past.
    assert twin.now - start == max(wait, 2)


def test_pauses_grow_and_end(twin, web, tmp_path):
    twin.faults = ["503"] * 9
    start = twin.now
    with pytest.raises(FetchError, match=r"127\.0\.0\.1: 503 a fault, 5 times over"):
        get(web, tmp_path / "reply")
    assert len(twin.paths) == 5
    assert twin.now - start == 2 + 4 + 8 + 16
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", ["400", "401", "403", "404", "410"])
def test_a_no_is_a_no_at_once(twin, web, tmp_path, status):
    twin.faults = [status]
    with pytest.raises(RefusedError, match=f"{status} a fault"):
        get(web, tmp_path / "reply")
    assert len(twin.paths) == 1


def test_a_redirect_is_not_followed(twin, web, tmp_path):
    twin.faults = ["302"]
    with pytest.raises(RefusedError, match=r"302 leads to https://elsewhere\.example; nothing is"):
        get(web, tmp_path / "reply")


def test_a_spent_quota_says_when_to_go_on(twin, web, tmp_path):
    twin.quota = 0
    with pytest.raises(QuotaError, match="renewed in 3 h 14 min") as caught:
        get(web, tmp_path / "reply")
    assert caught.value.seconds == 3 * 3600 + 14 * 60 + 17
    assert len(twin.paths) == 1


def test_a_long_wait_is_a_spent_quota(web):
    with pytest.raises(QuotaError, match="asks to wait 1 h 00 min"):
        web._with_retries(
            "http://demo", lambda: web.raise_for_reply(429, {"Retry-After": "3600"}, "")
        )


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("9" * 400, http.LONGEST),
        ("Tue, 25 Nov 99999 12:00:00 GMT", None),
        ("Tue, 25 Nov 9999 12:00:00 GMT", http.LONGEST),
        ("²", None),
        ("٣", None),
        ("-5", None),
        ("", None),
    ],
)
def test_a_senseless_wait_is_bounded(text, seconds):
    assert http._wait(text, NOON) == seconds


def test_a_wait_of_400_digits_is_one_line(twin, web, tmp_path):
    twin.faults = [(429, {"Retry-After": "9" * 400}, b"")]
    with pytest.raises(QuotaError, match="asks to wait 27777 h"):
        get(web, tmp_path / "reply")


def test_a_timeout_with_status_200_heals(twin, web, tmp_path):
    with pytest.raises(http.RetryError, match="Timeout"):
        web.raise_for_reply(200, {}, "Execution Timeout expired")


def trickled(handler, head):
    """Send a byte at a time, of the headers or of the body, for a minute."""
    body = b'{"error": ""}'
    lines = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nX: {'x' * 600}\r\n\r\n".encode()
    if not head:
        handler.wfile.write(lines)
        lines = body * 100
    handler.close_connection = True
    try:
        for sign in lines:
            handler.wfile.write(bytes([sign]))
            handler.wfile.flush()
            threading.Event().wait(0.1)
    except OSError:  # the client has lost patience
        return


@pytest.mark.parametrize("head", [True, False])
def test_patience_holds_over_a_whole_reply(twin, web, tmp_path, monkeypatch, head):
    monkeypatch.setattr(http, "PATIENCE", 0.5)
    monkeypatch.setattr(http, "ATTEMPTS", 1)
    twin.faults = [lambda handler: trickled(handler, head)]
    begun = time.monotonic()
    with pytest.raises(FetchError, match="not whole after 0 min 0"):
        get(web, tmp_path / "reply")
    assert time.monotonic() - begun < 3
    assert list(tmp_path.iterdir()) == []


def test_a_reply_has_a_size_limit(twin, web, tmp_path, monkeypatch):
    monkeypatch.setattr(http, "LARGEST_REPLY", 100_000)
    twin.faults = [(200, {}, b" " * 10_000_000)]  # which is small where it is packed
    with pytest.raises(RefusedError, match="more than 100,000 bytes came"):
        get(web, tmp_path / "reply")
    assert list(tmp_path.iterdir()) == []


def test_a_file_has_a_size_limit(twin, web, tmp_path, monkeypatch):
    monkeypatch.setattr(http, "LARGEST_FILE", 100_000)
    twin.offers["/file"] = (CONTENT, '"1"', [])
    with pytest.raises(RefusedError, match="more than 100,000 bytes came"):
        web.download(f"{web.base}/file", tmp_path / "file")
    assert not (tmp_path / ".file.part").exists()
    with pytest.raises(FetchError, match="expected 5"):
        web.download(f"{web.base}/file", tmp_path / "file", size=5)


def test_a_mark_that_is_no_ascii_is_no_mark(twin, web, tmp_path):
    twin.offers["/file"] = (CONTENT, '"ü"', [70_000])
    web.download(f"{web.base}/file", tmp_path / "file")
    assert ranges(twin) == [None, None]


@pytest.mark.parametrize("text", [b'{"data":' + b"[" * 200_000, b'{"a":' * 100 + b"1" + b"}" * 100])
def test_deep_brackets_reach_no_parser(tmp_path, text):
    (tmp_path / "reply").write_bytes(text)
    with pytest.raises(http.RetryError, match="brackets in brackets"):
        http.require_shallow(tmp_path / "reply")
    (tmp_path / "reply").write_bytes(b'{"data": [{"a": "[[[[{{\\"[["}]}' + b'{"a": [1]}' * 99)
    http.require_shallow(tmp_path / "reply")


def test_an_untrusted_certificate_is_said(web):
    error = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]")
    error.__cause__ = ssl.SSLCertVerificationError(1, "no")
    error.__cause__.verify_message = "self-signed certificate"
    with pytest.raises(UnreachableError, match=r"not trusted here \(self-signed.*SSL_CERT_FILE"):
        web._with_retries("https://demo/x", raising(error))


def test_a_proxy_that_refuses_is_said(web):
    error = httpx.ProxyError("407 Proxy Authentication Required")
    with pytest.raises(UnreachableError, match=r"the proxy .* refuses \(407.*HTTPS_PROXY"):
        web._with_retries("https://demo/x", raising(error))


def test_a_refusing_proxy_is_met_for_real(twin, tmp_path, monkeypatch):
    with serve(twin) as proxy:  # it knows no CONNECT
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        with (
            Web("https://demo.example", clock=twin.clock) as web,
            pytest.raises(UnreachableError, match="the proxy on the way to demo"),
        ):
            get(web, tmp_path / "reply")


BAD_PROXIES = {
    "a SOCKS proxy": ("ALL_PROXY", "socks5://127.0.0.1:1080", "SOCKS .* 'httpx\\[socks\\]'"),
    "no scheme of a proxy": ("HTTPS_PROXY", "foo://me:s3cret@x", "such as .*'foo://…@x'; mend"),
    "no number of a port": ("HTTP_PROXY", "http://host:port", "found 'http://host:port'; mend"),
    "a bracket too few": ("NO_PROXY", "[::1", "names of hosts with commas"),
}


@pytest.mark.parametrize("what", BAD_PROXIES)
def test_a_setting_that_names_no_proxy_is_said(monkeypatch, what):
    setting, address, said = BAD_PROXIES[what]
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.setattr(http, "find_spec", lambda name: None)
    monkeypatch.setenv(setting, address)
    with pytest.raises(UnreachableError, match=f"^{setting}.*{said}") as caught:
        Web("https://demo.example")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("base", "key", "setting", "said"),
    [
        ("http://demo.example", KEY, "HTTP_PROXY", "the proxy that HTTP_PROXY names refuses, or"),
        ("http://demo.example", "", "ALL_PROXY", "the proxy that ALL_PROXY names refuses, or"),
        ("https://demo.example", KEY, "HTTPS_PROXY", "403; the key may not do this$"),
        ("http://demo.example", KEY, "", "403; the key may not do this$"),
        ("http://demo.example", "", "", "403; the server refuses this call$"),
    ],
)
def test_who_refuses_is_said(monkeypatch, base, key, setting, said):
    if setting:
        monkeypatch.setenv(setting, "http://127.0.0.1:9")
    with Web(base, header="Key", key=key) as web, pytest.raises(RefusedError, match=said):
        web.raise_for_reply(403, {}, "<html>Forbidden</html>")


def test_a_host_that_needs_no_proxy_refuses_itself(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "demo.example")
    with Web("http://demo.example") as web, pytest.raises(RefusedError, match="the server refuses"):
        web.raise_for_reply(403, {}, "")


def raising(error):
    def once():
        raise error

    return once


def test_calls_keep_their_distance(twin, web, tmp_path):
    start = twin.now
    for _ in range(4):
        get(web, tmp_path / "reply")
    assert twin.now - start == 3
    assert len(twin.paths) == 4


def test_without_a_network_is_one_line(twin, tmp_path):
    with serve(twin) as base:
        pass
    with Web(base, clock=twin.clock) as web, pytest.raises(UnreachableError) as caught:
        get(web, tmp_path / "reply")
    assert str(caught.value) == "no way to 127.0.0.1: is there a network?"
    assert twin.now == NOON  # nothing was ever there, so nothing is waited for


def test_a_server_that_went_is_waited_for(twin, tmp_path):
    with serve(twin) as base, Web(base, clock=twin.clock) as web:
        get(web, tmp_path / "reply")
    gone = Web(base, clock=twin.clock)  # a client of its own, since the first is closed
    gone._met = web._met
    with gone, pytest.raises(UnreachableError):
        get(gone, tmp_path / "reply")
    assert twin.now - NOON == 2 + 4 + 8 + 16


@pytest.mark.parametrize(
    "base",
    [
        "comtrade",
        "ftp://host",
        "http://[::1",
        "https://me:secret@host",
        "https://host?subscription-key=1",
    ],
)
def test_an_address_with_a_secret_is_refused(base):
    with pytest.raises(RefusedError, match="without user or query") as caught:
        Web(base)
    assert "secret" not in str(caught.value)


def test_a_full_disk_leaves_nothing(web, tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(http.os, "fsync", full)
    with pytest.raises(FetchError, match=r"No space left on device\); make room"):
        get(web, tmp_path / "reply")
    with pytest.raises(FetchError, match="No space left"):
        http.write(tmp_path / "text", "text")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "text").write_text("before")
    with pytest.raises(FetchError, match="No space left"):
        http.write(tmp_path / "text", "after")
    assert (tmp_path / "text").read_text() == "before"


# --- the key -------------------------------------------------------------------------------------


def test_the_key_is_a_header_alone(twin, tmp_path, caplog):
    caplog.set_level(0)
    header = "Ocp-Apim-Subscription-Key"
    with serve(twin) as base, Web(base, header=header, key=KEY, clock=twin.clock) as web:
        get(web, tmp_path / "reply", "data/v1/getDa/C/M/HS")
        assert KEY not in repr(vars(web))
    assert [seen[header] for seen in twin.seen] == [KEY]
    assert KEY not in "".join([*twin.paths, caplog.text, (tmp_path / "reply").read_text()])


def test_a_repeated_key_is_hidden(twin, tmp_path):
    key = "wr0ng-k3y"
    with (
        serve(twin) as base,
        Web(base, header="Ocp-Apim-Subscription-Key", key=key, clock=twin.clock) as web,
    ):
        with pytest.raises(RefusedError, match="401 Access denied: … is wrong") as caught:
            get(web, tmp_path / "reply", "data/v1/getDa/C/M/HS")
        twin.offers["/echo"] = (b"." * 70_000 + key.encode(), '"1"', [])
        with pytest.raises(RefusedError, match="repeats the key, so it is not kept"):
            get(web, tmp_path / "reply", "echo")
        with pytest.raises(RefusedError) as cut:  # of a long text the beginning is told
            web.raise_for_reply(400, {}, "." * 195 + key)
    assert key[:5] not in str(cut.value)
    assert key not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


# --- a large file --------------------------------------------------------------------------------

CONTENT = bytes(range(256)) * 1000


def ranges(twin):
    return [seen.get("Range") for seen in twin.seen]


def test_a_cut_download_goes_on(twin, web, tmp_path):
    twin.offers["/file"] = (CONTENT, '"1"', [70_000, 80_000])
    saved = web.download(
        f"{web.base}/file", tmp_path / "file", sha256=hashlib.sha256(CONTENT).hexdigest()
    )
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert saved.bytes == len(CONTENT)
    starts = [int(each.split("=")[1][:-1]) for each in ranges(twin)[1:]]
    assert len(starts) == 2
    assert 0 < starts[0] <= 70_000 < starts[1] <= 150_000
    assert [path.name for path in tmp_path.iterdir() if "lock" not in path.name] == ["file"]


def test_a_short_body_is_gone_on_from(twin, tmp_path):
    twin.offers["/file"] = (CONTENT[:70_000], '"1"', [])
    twin.sleep = lambda _: twin.offers.update({"/file": (CONTENT, '"1"', [])})
    with serve(twin) as base, Web(base, clock=twin.clock) as web:
        web.download(f"{base}/file", tmp_path / "file", size=len(CONTENT))
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert ranges(twin) == [None, "bytes=70000-"]


def test_a_killed_download_goes_on(twin, web, tmp_path):
    twin.offers["/file"] = (CONTENT, '"1"', [40_000] * 5)
    with pytest.raises(FetchError, match="5 times over"):
        web.download(f"{web.base}/file", tmp_path / "file")
    twin.offers["/file"] = (CONTENT, '"1"', [])
    web.download(f"{web.base}/file", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert ranges(twin)[-1] != ranges(twin)[0]


def test_a_changed_file_begins_anew(twin, web, tmp_path):
    twin.offers["/file"] = (CONTENT, '"1"', [40_000] * 5)
    with pytest.raises(FetchError):
        web.download(f"{web.base}/file", tmp_path / "file")
    twin.offers["/file"] = (CONTENT[::-1], '"2"', [])
    web.download(f"{web.base}/file", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT[::-1]


def test_a_weak_mark_begins_anew(twin, web, tmp_path):
    twin.offers["/file"] = (CONTENT, 'W/"1"', [70_000])
    web.download(f"{web.base}/file", tmp_path / "file")
    assert ranges(twin) == [None, None]
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_more_than_there_is_begins_anew(twin, web, tmp_path):
    (tmp_path / ".file.part").write_bytes(CONTENT + b"more")
    (tmp_path / ".file.mark").write_text('"1"')
    twin.offers["/file"] = (CONTENT, '"1"', [])
    web.download(f"{web.base}/file", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_another_hash_is_not_kept(twin, web, tmp_path):
    twin.offers["/file"] = (CONTENT, '"1"', [])
    with pytest.raises(FetchError, match=r"expected sha256 0000.*got [0-9a-f]{64} in 256000 bytes"):
        web.download(f"{web.base}/file", tmp_path / "file", sha256="0" * 64)
    assert not (tmp_path / "file").exists()


def test_a_missing_file_is_no_at_once(twin, web, tmp_path):
    twin.faults = ["404"]
    with pytest.raises(RefusedError, match="404"):
        web.download(f"{web.base}/{PATH}", tmp_path / "file")


def test_two_that_hold_one_lock_take_turns(tmp_path):
    order = []

    def second():
        with http.locked(tmp_path / "file"):
            order.append("second")

    with http.locked(tmp_path / "file"):
        thread = threading.Thread(target=second)
        thread.start()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
