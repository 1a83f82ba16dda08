"""HTTP against a small server on this machine; its clock is turned, nobody waits."""

import errno
import os
import sys

import pytest
from comtrade_twin import FAULTS, KEY, Twin, hide_settings, serve

from tradeflows.retrieval import http
from tradeflows.retrieval.http import FetchError, QuotaError, RefusedError, UnreachableError, Web

PATH = "public/v1/getDa/C/M/HS"


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    hide_settings(monkeypatch)


@pytest.fixture
def twin():
    return Twin()


@pytest.fixture
def web(twin):
    with serve(twin) as base, Web(base, clock=twin.clock) as web:
        yield web


def get(web, to, path=PATH):
    return web.get(web.url(path, {}), to, whole)


def whole(path):
    """What a reader of replies does with one that is broken: it asks again."""
    if not path.read_bytes().endswith(b'"error": ""}') or b'"count": 3' in path.read_bytes():
        raise http.RetryError("not whole")
    return path


# --- one reply -----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS)
def test_what_can_heal_is_asked_again(twin, web, tmp_path, fault):
    twin.faults = [fault, fault]
    assert get(web, tmp_path / "reply") == tmp_path / "reply"
    assert len(twin.paths) == 3


@pytest.mark.parametrize(
    ("fault", "wait"), [("429", 14), ("429 bare", 6), ("503", 2 + 4), ("429 date", 2)]
)
def test_the_servers_wait_comes_first(twin, web, tmp_path, fault, wait):
    """And never faster than a call a second, even if the server's date is past."""
    twin.faults = [fault, fault]
    start = twin.now
    while len(twin.paths) < 3:
        get(web, tmp_path / "reply")
    assert twin.now - start == wait


@pytest.mark.parametrize(
    ("status", "said"),
    [
        *((status, f"{status} a fault") for status in ("400", "401", "404")),
        ("302", r"302 leads to https://elsewhere\.example; nothing is followed"),
    ],
)
def test_a_no_is_a_no_at_once(twin, web, tmp_path, status, said):
    twin.faults = [status]
    with pytest.raises(RefusedError, match=said):
        get(web, tmp_path / "reply")
    assert len(twin.paths) == 1


@pytest.mark.parametrize(("status", "error"), [("404", True), ("410", True), ("403", False)])
def test_what_is_gone_is_missing_and_not_refused(twin, web, tmp_path, status, error):
    twin.faults = [(int(status), {}, b"no")]
    with pytest.raises(RefusedError) as caught:
        get(web, tmp_path / "reply")
    assert isinstance(caught.value, http.MissingError) is error


@pytest.mark.parametrize(
    ("reply", "said", "seconds"),
    [
        (
            (403, {}, b"Out of call volume quota. Quota will be replenished in 03:14:17."),
            "renewed in 3 h 14 min",
            3 * 3600 + 14 * 60 + 17,
        ),
        ((429, {"Retry-After": "9" * 400}, b""), "asks to wait 27777 h", http.LONGEST),
        ((429, {"Retry-After": "Tue, 25 Nov 9999 12:00:00 GMT"}, b""), "27777 h", http.LONGEST),
    ],
)
def test_a_spent_quota_says_when_to_go_on(twin, web, tmp_path, reply, said, seconds):
    twin.faults = [reply]
    with pytest.raises(QuotaError, match=said) as caught:
        get(web, tmp_path / "reply")
    assert caught.value.seconds == seconds
    assert len(twin.paths) == 1


def test_a_reply_has_a_size_limit(twin, web, tmp_path, monkeypatch):
    monkeypatch.setattr(http, "LARGEST", 100_000)
    twin.faults = [(200, {}, b" " * 10_000_000)]  # which is small where it is packed
    with pytest.raises(RefusedError, match="more than 100,000 bytes came"):
        get(web, tmp_path / "reply")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("setting", "address"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:1080"),
        ("HTTPS_PROXY", "foo://me:s3cret@x"),
        ("NO_PROXY", "[::1"),
    ],
)
def test_a_setting_that_names_no_proxy_is_said(monkeypatch, setting, address):
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.setenv(setting, address)
    with pytest.raises(UnreachableError, match="names no proxy that can be used") as caught:
        Web("https://demo.example")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "base",
    ["comtrade", "ftp://host", "http://[::1", "https://me:secret@host", "https://host?key=1"],
)
def test_an_address_with_a_secret_is_refused(base):
    with pytest.raises(RefusedError, match="without user or query") as caught:
        Web(base)
    assert "secret" not in str(caught.value)


def test_a_full_disk_leaves_nothing(web, tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(http.os, "fsync", full)
    (tmp_path / "text").write_text("before")
    with pytest.raises(FetchError, match=r"No space left on device\); make room"):
        get(web, tmp_path / "reply")
    with pytest.raises(FetchError, match="No space left"):
        http.write(tmp_path / "text", "after")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]


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
        twin.offers["/echo"] = (b"." * 70_000 + key.encode(), [])
        with pytest.raises(RefusedError, match="repeats the key, so it is not kept"):
            get(web, tmp_path / "reply", "echo")
        with pytest.raises(RefusedError) as cut:  # of a long text the beginning is told
            web.raise_for_reply(400, {}, "." * 195 + key)
    assert key[:5] not in str(cut.value)
    assert key not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


# --- a large file --------------------------------------------------------------------------------


def test_a_body_of_another_size_is_asked_for_again(twin, web, tmp_path):
    content = bytes(range(256)) * 1000
    twin.offers["/file"] = (content, [70_000, 80_000])  # cut off, twice
    came = []
    url, size = f"{web.base}/file", len(content)
    web.get(url, tmp_path / "file", bool, size=size, progress=came.append)
    assert (tmp_path / "file").read_bytes() == content
    assert (came[-1], len(twin.paths)) == (len(content), 3)
    with pytest.raises(FetchError, match="256000 bytes came, expected 5, 5 times over"):
        web.get(url, tmp_path / "other", bool, size=5)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
