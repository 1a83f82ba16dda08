"""HTTP against a small server on this machine; its clock is turned, nobody waits."""

import errno
import hashlib
import os
import threading
from pathlib import Path

import pytest
from comtrade_twin import FAULTS, KEY, NOON, Twin, serve

from tradeflows.retrieval import http
from tradeflows.retrieval.http import FetchError, QuotaError, RefusedError, UnreachableError, Web

PATH = "public/v1/getDa/C/M/HS"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
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
def test_the_servers_word_on_waiting_comes_before_our_own(twin, web, tmp_path, fault, wait):
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


def test_a_redirect_is_not_followed_since_it_would_take_the_key_along(twin, web, tmp_path):
    twin.faults = ["302"]
    with pytest.raises(RefusedError, match=r"302 leads to https://elsewhere\.example; nothing is"):
        get(web, tmp_path / "reply")


def test_a_spent_quota_says_when_to_go_on(twin, web, tmp_path):
    twin.quota = 0
    with pytest.raises(QuotaError, match="renewed in 3 h 14 min") as caught:
        get(web, tmp_path / "reply")
    assert caught.value.seconds == 3 * 3600 + 14 * 60 + 17
    assert len(twin.paths) == 1


def test_a_wait_longer_than_our_patience_is_a_spent_quota(web):
    with pytest.raises(QuotaError, match="asks to wait 1 h 00 min"):
        web._with_retries(
            "http://demo", lambda: web.raise_for_reply(429, {"Retry-After": "3600"}, "")
        )


def test_calls_keep_their_distance(twin, web, tmp_path):
    start = twin.now
    for _ in range(4):
        get(web, tmp_path / "reply")
    assert twin.now - start == 3
    assert len(twin.paths) == 4


def test_without_a_network_there_is_one_plain_line(twin, tmp_path):
    with serve(twin) as base:
        pass
    with Web(base, clock=twin.clock) as web, pytest.raises(UnreachableError) as caught:
        get(web, tmp_path / "reply")
    assert str(caught.value) == "no way to 127.0.0.1: is there a network?"
    assert twin.now == NOON  # nothing was ever there, so nothing is waited for


def test_a_server_that_has_answered_is_waited_for_when_it_goes_away(twin, tmp_path):
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
def test_an_address_that_could_hold_a_secret_is_refused(base):
    with pytest.raises(RefusedError, match="without user or query") as caught:
        Web(base)
    assert "secret" not in str(caught.value)


def test_a_full_disk_leaves_nothing_half_written(web, tmp_path, monkeypatch):
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


def test_the_key_is_a_header_and_nothing_else(twin, tmp_path, caplog):
    caplog.set_level(0)
    header = "Ocp-Apim-Subscription-Key"
    with serve(twin) as base, Web(base, header=header, key=KEY, clock=twin.clock) as web:
        get(web, tmp_path / "reply", "data/v1/getDa/C/M/HS")
        assert KEY not in repr(vars(web))
    assert [seen[header] for seen in twin.seen] == [KEY]
    assert KEY not in "".join([*twin.paths, caplog.text, (tmp_path / "reply").read_text()])


def test_a_server_that_repeats_the_key_is_not_repeated(twin, tmp_path):
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


def test_a_download_goes_on_where_it_was_cut_off(twin, web, tmp_path):
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


def test_a_body_that_ended_too_soon_without_a_word_is_gone_on_from(twin, tmp_path):
    twin.offers["/file"] = (CONTENT[:70_000], '"1"', [])
    twin.sleep = lambda _: twin.offers.update({"/file": (CONTENT, '"1"', [])})
    with serve(twin) as base, Web(base, clock=twin.clock) as web:
        web.download(f"{base}/file", tmp_path / "file", size=len(CONTENT))
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert ranges(twin) == [None, "bytes=70000-"]


def test_another_run_goes_on_from_what_a_killed_one_left(twin, web, tmp_path):
    twin.offers["/file"] = (CONTENT, '"1"', [40_000] * 5)
    with pytest.raises(FetchError, match="5 times over"):
        web.download(f"{web.base}/file", tmp_path / "file")
    twin.offers["/file"] = (CONTENT, '"1"', [])
    web.download(f"{web.base}/file", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert ranges(twin)[-1] != ranges(twin)[0]


def test_a_file_that_changed_meanwhile_is_asked_for_anew(twin, web, tmp_path):
    twin.offers["/file"] = (CONTENT, '"1"', [40_000] * 5)
    with pytest.raises(FetchError):
        web.download(f"{web.base}/file", tmp_path / "file")
    twin.offers["/file"] = (CONTENT[::-1], '"2"', [])
    web.download(f"{web.base}/file", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT[::-1]


def test_a_weak_mark_is_no_ground_to_go_on_from(twin, web, tmp_path):
    twin.offers["/file"] = (CONTENT, 'W/"1"', [70_000])
    web.download(f"{web.base}/file", tmp_path / "file")
    assert ranges(twin) == [None, None]
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_more_than_there_is_left_to_ask_for_begins_anew(twin, web, tmp_path):
    (tmp_path / ".file.part").write_bytes(CONTENT + b"more")
    (tmp_path / ".file.mark").write_text('"1"')
    twin.offers["/file"] = (CONTENT, '"1"', [])
    web.download(f"{web.base}/file", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_another_content_than_was_named_is_not_kept(twin, web, tmp_path):
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
    assert Path(tmp_path / ".file.lock").exists()
