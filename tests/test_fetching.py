"""The loop that every fetch shares, and what it means for each of the three services."""

from collections import Counter
from types import SimpleNamespace

import comext_twin
import comtrade_twin
import pytest
from comtrade_twin import serve

from tradeflows.retrieval import catalogue, comext, comext_service, comtrade
from tradeflows.retrieval.fetching import CutOffError, Kept, Outcome, Queue, run
from tradeflows.retrieval.http import Clock, FetchError, MissingError, QuotaError, UnreachableError

HALVES = {"abcd": ["ab", "cd"], "ab": ["a", "b"], "cd": ["c", "d"]}
BAD = FetchError("bad")


def outcome_of(calls, answers):
    """The outcome of calls, those in the order of asking, and the progress."""
    asked, seen, outcome = [], [], Outcome()

    def ask(call):
        asked.append(call)
        answer = answers.get(call, 1)
        if isinstance(answer, Exception):
            raise answer
        return answer and Kept(call, None, answer)

    queue = Queue(calls, lambda call: HALVES.get(call, []))
    web = SimpleNamespace(clock=Clock(now=lambda: comtrade_twin.NOON))
    run(queue, ask, web, outcome, lambda now: seen.append((now.done, now.left, now.rows)))
    return outcome, asked, seen


def test_what_is_cut_off_comes_back_in_halves():
    cut = dict.fromkeys(["abcd", "cd", "x"], CutOffError("too much"))
    outcome, asked, seen = outcome_of(["abcd", "x", "e"], cut | {"c": 5})
    assert asked == ["abcd", "ab", "cd", "c", "d", "x", "e"]
    assert [kept.call for kept in outcome.kept] == ["ab", "c", "d", "e"]
    assert (outcome.rows, outcome.failed) == (8, {"x": "too much"})
    assert seen[0] == (0, 4, 0)
    assert seen[-1] == (5, 0, 8)


def test_not_published_is_not_failed():
    outcome, _, _ = outcome_of(
        ["a", "b", "c", "d"], dict.fromkeys("abc") | {"d": MissingError("404")}
    )
    assert (outcome.absent, outcome.failed, outcome.reason) == (["a", "b", "c"], {"d": "404"}, "")


@pytest.mark.parametrize(
    ("answers", "asked", "reason"),
    [
        ({"a": BAD, "b": BAD, "c": BAD}, "abc", "not asked, after bad"),
        ({"a": BAD, "b": BAD, "d": BAD, "e": BAD}, "abcde", ""),
        ({"b": QuotaError("spent", 60)}, "ab", "spent; go on after 2025-11-25T12:01:00Z"),
        ({"b": UnreachableError("no way")}, "ab", "no way"),
    ],
)
def test_it_stops_where_asking_on_has_no_chance(answers, asked, reason):
    outcome, made, _ = outcome_of([*"abcde"], answers)
    assert ("".join(made), outcome.reason) == (asked, reason)
    assert {*outcome.failed} | {kept.call for kept in outcome.kept} == {*"abcde"}
    assert {outcome.failed[call] for call in {*"abcde"} - {*made}} <= {reason}


def test_a_full_disk_ends_it():
    error = FetchError("cannot be written")
    error.__cause__ = OSError(28, "No space left on device")
    with pytest.raises(FetchError, match="cannot be written"):
        outcome_of(["a"], {"a": error})


# --- each service --------------------------------------------------------------------------------

MONTHS = [f"2023{month:02}" for month in range(1, 13)]
OFFICES = comtrade_twin.OFFICE + comtrade_twin.OFFICE.replace("comtrade", "eurostat")


class Comtrade:
    twin = comtrade_twin.Twin([comtrade_twin.row(period=period) for period in MONTHS[:4]])

    def connect(self, base):
        self.web, self.limits = comtrade.connect(base, "", self.twin.clock)
        return self.web

    def fetch(self, root, progress):
        asked = comtrade.request("CHN", "RUS", "X", "880621", "2023-01", "2023-04")
        plan = comtrade.plan(asked, self.web, self.limits, root)
        return comtrade.fetch(plan, self.web, root, progress)

    def calls(self):
        return self.twin.asked


SOLD = ("DE", "RU", "2709", "1", "VALUE_IN_EUROS")
FIGURES = {(*SOLD, f"2023-{month:02}"): "7" for month in range(1, 5)}


class Service:
    twin = comext_twin.Service(*MONTHS, figures=FIGURES, most=1)

    def connect(self, base):
        self.web = comext_service.connect(base, self.twin.clock)
        return self.web

    def fetch(self, root, progress):
        asked = comext_service.question("Germany", "Russia", "M", "2709", "2023-01", "2023-04")
        return comext_service.fetch(comext_service.plan(asked, root), self.web, root, progress)

    def calls(self):
        return self.twin.questions


class Bulk:
    twin = comext_twin.Directory(*MONTHS[:4])

    def connect(self, base):
        self.web = comext.connect(base, self.twin.clock)
        return self.web

    def fetch(self, root, progress):
        plan = comext.plan(MONTHS[:4], self.web, root)
        return comext.fetch(plan, self.web, root, progress)

    def calls(self):
        return self.twin.downloads


@pytest.fixture(params=[Comtrade, Service, Bulk])
def service(request, tmp_path, monkeypatch):
    """A service with four months, its root, and a function that fetches them anew."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "COMTRADE_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "data" / "raw").mkdir(parents=True)
    (tmp_path / "data" / "raw" / "sources.toml").write_text(OFFICES, encoding="utf-8")
    service = request.param()
    service.twin.paths.clear()
    service.twin.faults.clear()

    def go(progress=None):
        with serve(service.twin) as base, service.connect(base):
            return service.fetch(tmp_path, progress)

    return service, tmp_path, go


def test_a_second_run_makes_no_call(service):
    service, root, go = service
    assert not go().missing
    made = [*service.calls()]
    held = catalogue.load(root, local=True)
    assert not go().missing
    assert service.calls() == made
    assert catalogue.load(root, local=True) == held
    assert len(catalogue.verify(root)) == 4


def test_an_interrupted_run_goes_on(service):
    service, root, go = service

    def interrupt(now):
        if now.rows == 2 and not getattr(now, "bytes", 0):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        go(interrupt)
    assert len(catalogue.verify(root)) == 2
    assert not go().missing
    kept = Counter(source.address for source in catalogue.load(root, local=True).values())
    assert len(catalogue.verify(root)) == len(kept) == 4
    asked = Counter(service.calls())
    assert {asked[path] for path in asked if any(path in address for address in kept)} == {1}
