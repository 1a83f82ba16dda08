"""The loop that every fetch shares, and what it means for each of the three services."""

from collections import Counter
from types import SimpleNamespace

import comext_twin
import comtrade_twin
import pytest
from comtrade_twin import empty_project, hide_settings, serve

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


ROWS = [comtrade_twin.row(period=period) for period in MONTHS[:4]]
SOLD = ("DE", "RU", "2709", "1", "VALUE_IN_EUROS")
FIGURES = {(*SOLD, f"2023-{month:02}"): "7" for month in range(1, 5)}


def ask_comtrade(base, clock, root, progress):
    asked = comtrade.request("CHN", "RUS", "X", "880621", "2023-01", "2023-04")
    web, limits = comtrade.connect(base, "", clock)
    with web:
        return comtrade.fetch(comtrade.plan(asked, web, limits, root), web, root, progress)


def ask_service(base, clock, root, progress):
    asked = comext_service.question("Germany", "Russia", "M", "2709", "2023-01", "2023-04")
    with comext_service.connect(base, clock) as web:
        return comext_service.fetch(comext_service.plan(asked, root), web, root, progress)


def ask_bulk(base, clock, root, progress):
    with comext.connect(base, clock) as web:
        return comext.fetch(comext.plan(MONTHS[:4], web, root), web, root, progress)


SERVICES = {  # who answers, how he is asked, and which of his calls are for figures
    "comtrade": (lambda: comtrade_twin.Twin(ROWS), ask_comtrade, "asked"),
    "service": (
        lambda: comext_twin.Service(*MONTHS, figures=FIGURES, most=1),
        ask_service,
        "questions",
    ),
    "bulk": (lambda: comext_twin.Directory(*MONTHS[:4]), ask_bulk, "downloads"),
}


@pytest.fixture(params=SERVICES)
def service(request, tmp_path, monkeypatch):
    """What gives the calls of a service with four months, its root, and what fetches them anew."""
    make, ask, calls = SERVICES[request.param]
    hide_settings(monkeypatch)
    twin, root = make(), empty_project(tmp_path / "project")

    def go(progress=None):
        with serve(twin) as base:
            return ask(base, twin.clock, root, progress)

    return lambda: getattr(twin, calls), root, go


def test_a_second_run_makes_no_call(service):
    calls, root, go = service
    assert not go().missing
    made = [*calls()]
    held = catalogue.load(root, local=True)
    assert not go().missing
    assert calls() == made
    assert catalogue.load(root, local=True) == held
    assert len(catalogue.verify(root)) == 4


def test_an_interrupted_run_goes_on(service):
    calls, root, go = service

    def interrupt(now):
        if now.rows == 2 and not getattr(now, "bytes", 0):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        go(interrupt)
    assert len(catalogue.verify(root)) == 2
    assert not go().missing
    kept = Counter(source.address for source in catalogue.load(root, local=True).values())
    assert len(catalogue.verify(root)) == len(kept) == 4
    asked = Counter(calls())
    assert {asked[path] for path in asked if any(path in address for address in kept)} == {1}
