"""Fetching from UN Comtrade, against its twin on this machine; no network, no waiting."""

import json
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
from comtrade_twin import (
    FAULTS,
    KEY,
    PARTNERS,
    Twin,
    empty_project,
    envelope,
    hide_settings,
    row,
    serve,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradeflows import cli, tables
from tradeflows.model.errors import QueryError
from tradeflows.publishers import registry
from tradeflows.retrieval import catalogue, comtrade, http
from tradeflows.retrieval.http import FetchError, QuotaError

TODAY = date(2025, 11, 25)
MONTHS = [f"2022{month:02}" for month in range(1, 13)]
SHIPPED = [
    row(period=period, partner=partner, product=product, value=value)
    for i, period in enumerate(MONTHS)
    for partner, value in (("0", 30.0 + 2 * i), ("643", 10.0 + i), ("398", 20.0 + i))
    for product in ("880621", "880622")
]


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    hide_settings(monkeypatch)


@pytest.fixture
def root(tmp_path):
    return empty_project(tmp_path / "project")


def ask(
    reporter="CHN",
    partner="RUS,KAZ",
    flow="X",
    products="880621,880622",
    start="2022-01",
    end="2022-12",
    freq="M",
):
    return comtrade.request(reporter, partner, flow, products, start, end, freq, today=TODAY)


def run(root, twin, asked, *, key="", cap=None, progress=None):
    with serve(twin) as base:
        web, limits = comtrade.connect(base, key, twin.clock, cap)
        with web:
            plan = comtrade.plan(asked, web, limits, root)
            return plan, comtrade.fetch(plan, web, root, progress)


def held(root):
    """Every row of every catalogued reply, as (cell, flow, partner, product, value)."""
    rows = []
    for source in catalogue.load(root, local=True).values():
        reply = json.loads(catalogue.check(source, root).read_bytes())
        rows += [told(each) for each in reply["data"]]
    return rows


def told(each):
    figures = [each[name] for name in ("flowCode", "partnerCode", "cmdCode", "primaryValue")]
    return (f"{each['reporterCode']} {each['period']}", *figures)


# --- the question --------------------------------------------------------------------------------


def test_a_question_is_put_in_codes():
    asked = ask("CHN", "Russia,CHE,World", "M,X", "8806,ag6,TOTAL", "2021-12", "2022-02")
    assert asked.reporters == ("156",)
    assert {"643", "756", "757", "0"} <= {*asked.partners}
    assert asked.products == ("8806", "AG6", "TOTAL")
    assert asked.flows == ask(flow="imports,Exports").flows == ("M", "X")
    assert asked.periods == ("202112", "202201", "202202")
    assert ask(start="2022", end="2023").periods[::23] == ("202201", "202312")
    assert ask(start="2022", end="2023", freq="A").periods == ("2022", "2023")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"flow": "trade"}, "imports and exports are asked for each, as M,X"),
        ({"partner": "EU28"}, "UN Comtrade has no code for EU28"),
        ({"partner": "Taiwan"}, "UN Comtrade has no code for Taiwan; ask for S19"),
        ({"products": "coal"}, "'coal' is no HS code of 2, 4 or 6 digits; name one: 2701"),
        ({"products": " , "}, "names nothing"),
        ({"end": "2026-01"}, "2026-01 has not come: it is 2025-11"),
        ({"end": "2025"}, "2025 is not over: it is 2025-11"),
    ],
)
def test_what_has_no_answer_is_said(changes, message):
    with pytest.raises(QueryError, match=message):
        ask(**changes)


# --- the plan ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "calls", "said"),
    [
        ("", 12, "12 calls, at least 12 s; no key, so no daily quota is known of"),
        (KEY, 1, "a free key has 500 a day, of which this machine has used 0 today"),
    ],
)
def test_a_call_has_a_period_or_twelve(root, key, calls, said):
    plan, report = run(root, Twin(SHIPPED), ask(), key=key)
    assert len(plan.calls) == report.calls == calls
    assert report.rows == 48
    assert said in str(plan)


def test_many_codes_fit_the_address(root):
    goods = [f"8{i:05}" for i in range(1200)]
    twin = Twin([row(product=good, partner=name) for good in goods for name in ("0", "643")])
    asked = ask(partner="all", products=",".join(goods), end="2022-01")
    _, report = run(root, twin, asked, key=KEY)
    assert report.rows == 2400
    assert report.calls <= 5  # two of them look for a silent cap
    assert max(map(len, twin.paths)) < 4096


def test_what_is_not_there_is_not_asked(root):
    twin = Twin([each for each in SHIPPED if each["period"] != "202203"])
    plan, report = run(root, twin, ask())
    assert report.absent == ("156 202203",)
    assert not any("202203" in path for path in twin.asked)
    assert "not published: China, March 2022" in list(report.lines())
    assert [*plan.lacking()] == ["not published: China, March 2022"]
    twin.rows.append(row(period="202203", product="010121"))
    assert run(root, twin, ask())[1].empty == ("156 202203",)


@pytest.mark.parametrize(
    ("ignored", "told"), [("period", "period 202202, 202203, 202204"), ("cmdCode", "880622")]
)
def test_an_ignored_question_is_refused(root, ignored, told):
    twin = Twin(SHIPPED)
    twin.ignores = {ignored}
    _, report = run(root, twin, ask(products="880621", end="2022-01"))
    assert "only what was asked for, found" in report.failed["156 202201"]
    assert told in report.failed["156 202201"]
    assert held(root) == []


# --- again ---------------------------------------------------------------------------------------


def revised(root, **question):
    """Two releases of February: the second has not 880621 to Russia, and 99 for 880622."""
    twin = Twin(SHIPPED)
    run(root, twin, ask(end="2022-02"))
    twin.release("156 202202", "2025-12-01", 12)
    twin.rows = [
        each | ({"primaryValue": 99.0} if each is SHIPPED[9] else {})
        for each in SHIPPED
        if each is not SHIPPED[8]
    ]
    run(root, twin, ask(end="2022-02", **question))
    tables.build(root)


def values(root, product, **choice):
    asked = {"reporter": "CHN", "partner": "RUS", "product": product, "local": True, "root": root}
    frame = tables.read(**asked | choice)
    months = frame["ref_period"].dt.month
    return [*zip(months, frame["primary_value_usd"], frame["vintage"], strict=True)]


def test_withdrawn_rows_are_not_read(root):
    revised(root)
    assert values(root, "880621") == [(1, 10.0, "2025-01-15")]
    assert values(root, "880622") == [(1, 10.0, "2025-01-15"), (2, 99.0, "2025-12-01")]
    with pytest.raises(QueryError, match="the newest release states nothing of this; an older one"):
        values(root, "880621", start="2022-02")


def test_a_release_amid_a_run_is_noticed(root):
    twin = Twin(SHIPPED)

    def publish(now):
        if now.done == 6:
            twin.release("156 202202", "2025-11-25", 12)  # after it was asked for
            twin.release("156 202209", "2025-11-25", 12)  # before
            twin.rows = [
                each | ({"primaryValue": 99.0} if each["period"][4:] in ("02", "09") else {})
                for each in SHIPPED
            ]
            twin.now += 60

    _, report = run(root, twin, ask(), progress=publish)
    assert (report.failed, report.rows) == ({}, 48)
    assert len(twin.asked) == 12 + 2
    told = {}
    for source in catalogue.load(root, local=True).values():
        for cell, release in source.arguments["releases"].items():
            reply = json.loads(source.file(root).read_bytes())["data"]
            told.setdefault(cell, {})[release.split()[0]] = reply[0]["primaryValue"]
    both = "2025-01-15/2025-11-25"  # nobody knows which of the two it was
    assert told["156 202202"] == {both: 11.0, "2025-11-25": 99.0}
    assert told["156 202209"] == {both: 99.0, "2025-11-25": 99.0}
    assert told["156 202203"] == {"2025-01-15": 12.0}
    tables.build(root)
    assert {row for row in values(root, "880621") if row[0] in (2, 9)} == {
        (2, 99.0, "2025-11-25"),
        (9, 99.0, "2025-11-25"),
    }


@pytest.mark.parametrize("key", ["schl\N{LATIN SMALL LETTER U WITH DIAERESIS}ssel", "two\nlines"])
def test_a_key_no_header_carries_is_exit_2(command, capsys, key):
    twin = Twin(SHIPPED)
    assert command(twin, COMTRADE_KEY=key) == 2
    assert capsys.readouterr().err == (
        "tradeflows: UN Comtrade: the key holds what no header can carry: copy it anew\n"
    )
    assert twin.paths == []


# --- is it whole? --------------------------------------------------------------------------------


def test_partners_add_up_to_the_world(root):
    large = {"primaryValue": 37.0, "fobvalue": 37.0}
    odd = ("156 202203", "X", 643, "880621", 12.0)
    rows = [each | (large if told(each) == odd else {}) for each in SHIPPED]
    _, report = run(root, Twin(rows), ask(partner="all"))
    assert report.notes == ("CHN 2022-03 X W00 880621: 34, but its partners add up to 59",)
    sources = catalogue.load(root, local=True).values()
    [marked] = [source for source in sources if "unequal" in source.arguments]
    [part] = registry.cleaner(marked)(marked.file(root), marked)
    flagged = [each for each in part.rows.to_pylist() if each["flags"]]
    assert [(each["partner_iso"], each["cmd_code"]) for each in flagged] == [("W00", "880621")]


BAD = {
    "a repeated row": ([row(value=1.0), row(value=2.0)], "state the same cell"),
    "a part without its total": ([row(motCode=1000)], "a total beside each break-down"),
    "services": ([row(typeCode="S")], "expected goods"),
    "SITC": ([row(classificationCode="S4")], "expected HS"),
    "a null product": ([row() | {"cmdCode": None}], "cmd_code: no value"),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_reply_is_put_aside(root, fault):
    rows, message = BAD[fault]
    twin = Twin(rows)
    twin.ignores = {"motCode", "cmdCode", "partnerCode", "flowCode"}
    asked = ask(partner="RUS", products="AG6", end="2022-01")
    _, report = run(root, twin, asked)
    assert message in report.failed["156 202201"]
    [kept] = (root / "data/raw/local/quarantine").iterdir()
    assert f"data/raw/local/quarantine/{kept.name}" in report.failed["156 202201"]
    assert catalogue.load(root, local=True) == {}
    tables.build(root)
    assert catalogue.verify(root) == []
    twin.rows, twin.last = [row()], float("-inf")
    assert run(root, twin, asked)[1].failed == {}
    assert not kept.exists()


DATA_SET = '{"data": [{"reporterCode": 156, "period": "202201", %s}]}'
# Replies to the call for the list of data sets, and to one for rows.
LIES = {
    "another count": (True, b'{"count": 3, "data": []}'),
    "a spent quota": (True, b'{"error": "Quota will be replenished in 03:14:17."}'),
    "a message": (True, b'{"data": null, "message": "The list is off"}'),
    "no checksum": (True, (DATA_SET % '"totalRecords": 1').encode()),
    "an endless number": (
        True,
        (DATA_SET % '"datasetChecksum": 1, "totalRecords": 1e999').encode(),
    ),
    "no date": (True, (DATA_SET % '"datasetChecksum": 1, "lastReleased": "soon"').encode()),
    "no UTF-8": (False, b'{"count": 1, "data": [{"cmdCode": "\xff\xfe"}], "error": ""}'),
    "not finite": (False, envelope([row(value=1e308)]).replace(b"1e+308", b"1e999")),
    "a lone surrogate": (False, b'{"data": [], "error": "\\ud800"}'),
    "control signs": (False, b'{"message": "\\u001b[31m\\u007f"}'),
    "brackets": (False, b'{"data":' + b"[" * 200_000),
    "a field is a list": (False, envelope([row(qty=[1])])),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_one_line(command, capsys, lie, root, monkeypatch):
    monkeypatch.setattr(http, "ATTEMPTS", 1)
    twin, (is_list, body) = Twin(SHIPPED), LIES[lie]
    twin.faults = [*[None] * (not is_list), *[(200, {}, body)] * 5]
    status = command(twin, end="2022-01")
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    assert held(root) == []
    if is_list:
        assert (status, len(err.splitlines())) == (1, 1)
        assert re.search("no list of data sets|renewed in 3 h 14 min|The list is off|200 [?]", err)
    else:
        assert "failed: China, January 2022" in out or "1 empty" in out


def test_unasked_rows_are_not_withdrawn(root):
    revised(root, products="880622")
    assert values(root, "880621") == [(1, 10.0, "2025-01-15"), (2, 11.0, "2025-01-15")]


def test_a_cap_of_what_has_no_parts_is_named(root):
    rows = [row(period=p, product=f"8806{n}") for p in MONTHS[:3] for n in range(20, 80)]
    asked = ask(partner="RUS", products="AG6", end="2022-03")
    _, report = run(root, Twin(rows, cap=40), asked)
    assert "3 replies have 40 rows each" in report.notes[-1]


def test_a_cap_that_cuts_one_is_found_by_sums(root):
    """A twin stops at fewer rows than the cap that it is asked for."""
    parts = [row(partner=p, product=f"8806{n}") for p in ("398", "643") for n in range(20, 40)]
    sums = [row(partner="0", product=f"8806{n}", value=2000.0) for n in range(20, 40)]
    asked = ask(partner="all", products="AG6", end="2022-01")
    _, report = run(root, Twin([*sums, *parts], cap=50), asked)
    assert sorted(held(root)) == sorted(map(told, [*sums, *parts]))
    assert (report.rows, report.failed) == (60, {})
    assert "replies stop at" in "".join(report.lines())


# --- random worlds -------------------------------------------------------------------------------


def world(rng):
    """Rows, the twin's cap, the key and the words of a question."""
    reporters = rng.sample(["156", "398", "792", "417"], rng.randint(1, 3))
    products = rng.sample(["880621", "880622", "880690", "880710"], rng.randint(1, 4))
    flows = rng.sample(["M", "X"], rng.randint(1, 2))
    fill = rng.random()
    rows = [
        row(reporter=r, period=p, partner=q, product=c, flow=f, value=float(rng.randint(0, 999)))
        for r in reporters
        for p in MONTHS[:6]
        for q in PARTNERS
        for c in products
        for f in flows
        if rng.random() < fill
    ]
    partner = rng.choice(["all", "RUS,KAZ,World"])
    cap, key = rng.randint(60 if partner == "all" else 2, 90), rng.choice(["", KEY])
    goods = rng.choice([",".join(products), "AG6"])
    return rows, cap, key, partner, goods, ",".join(flows)


def faults(rng, share):
    return [
        rng.choice([*FAULTS, "400", "404"]) if rng.random() < share else None for _ in range(400)
    ]


def wanted(twin, asked):
    query = {
        "reporterCode": asked.reporters,
        "period": asked.periods,
        "flowCode": asked.flows,
        "cmdCode": asked.products,
    } | ({"partnerCode": asked.partners} if asked.partners != ("all",) else {})
    return [told(each) for each in twin.select(query)]


@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.integers(0, 2**32))
def test_what_arrives_is_whole_or_named(seed):
    rng = random.Random(seed)
    rows, cap, key, partner, products, flows = world(rng)
    twin = Twin(rows, cap=cap)
    asked = ask("CHN,KAZ,TUR,KGZ", partner, flows, products, end="2022-06")
    with tempfile.TemporaryDirectory() as folder:
        root = empty_project(Path(folder))
        for share in (0.3, 0.3, 0.0):
            twin.faults = faults(rng, share)
            try:
                _, report = run(root, twin, asked, key=key, cap=cap)
            except (FetchError, QuotaError):
                continue
            came, there = held(root), wanted(twin, asked)
            assert len(came) == len(set(came))
            assert set(came) <= set(there)
            whole = [each for each in there if each[0] not in report.failed]
            assert sorted(each for each in came if each[0] not in report.failed) == sorted(whole)
            assert {each[0] for each in whole} == {*report.came}
            assert report.rows == len(came)
            if not share:
                assert all("row cap by itself" in reason for reason in report.failed.values())
        text = "".join(path.read_text() for path in root.rglob("*") if path.is_file())
        assert KEY not in text + "".join(report.lines())


# --- a kill ---------------------------------------------------------------------------------------

KILLED = """
import sys
from dataclasses import replace
from tradeflows import cli
from tradeflows.retrieval.comtrade import planning
planning.PREVIEW = replace(planning.PREVIEW, pause=0.0)
sys.exit(cli.main(["fetch", "comtrade", "--reporter", "CHN", "--partner", "RUS", "--flow", "X",
                   "--products", "880621", "--start", "2022-01", "--end", "2022-12"]))
"""


def test_killed_it_loses_nothing_and_asks_for_nothing_twice(root, monkeypatch):
    twin = Twin(SHIPPED, gap=0)
    twin.lag = 0.003
    monkeypatch.setenv("TRADEFLOWS_ROOT", str(root))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with serve(twin) as base:
        monkeypatch.setenv("TRADEFLOWS_COMTRADE_URL", base)
        child = subprocess.Popen([sys.executable, "-c", KILLED])
        until = time.monotonic() + 30
        while len(twin.asked) < 4 and time.monotonic() < until:
            time.sleep(0.001)
        child.kill()
        assert child.wait() == -signal.SIGKILL
    before, sent = held(root), len(twin.asked)
    assert len(before) >= 2
    assert {state.state for state in catalogue.states(root)} == {"ok"}
    run(root, twin, ask(partner="RUS", products="880621"))
    assert len(twin.asked) - sent == 12 - len(before)
    assert sorted(held(root)) == sorted(told(each) for each in SHIPPED[2::6])


# --- the command ---------------------------------------------------------------------------------


@pytest.fixture
def command(root, monkeypatch):
    def go(twin, *more, end="2022-02", **environment):
        words = (
            f"fetch comtrade --reporter CHN --partner RUS --flow X --products 880621 --end {end}"
        )
        with serve(twin) as base:
            twin.gap = 0
            monkeypatch.setattr(comtrade.planning, "PREVIEW", replace(comtrade.PREVIEW, pause=0.0))
            monkeypatch.setattr(comtrade.planning, "KEYED", replace(comtrade.KEYED, pause=0.0))
            monkeypatch.setenv("TRADEFLOWS_COMTRADE_URL", base)
            for name, value in environment.items():
                monkeypatch.setenv(name, value)
            return cli.main(["--root", str(root), *words.split(), "--start", "2022-01", *more])

    return go


@pytest.mark.parametrize(
    ("rows", "status", "said"),
    [
        (
            SHIPPED,
            0,
            ["2 rows held for 2 cells, 0 empty", "1 done, 1 left, 1 rows: China, exports"],
        ),
        (
            SHIPPED[6:],
            1,
            ["not published: China, January 2022", "1 cells are missing, named above"],
        ),
        ([row(value=1.0), row(value=2.0)], 1, ["data/raw/local/quarantine/comtrade_"]),
        ([row(value=None)], 1, ["January 2022: the publisher states none in 1 row"]),
    ],
)
def test_the_command_says_what_came(command, capsys, rows, status, said):
    assert command(Twin(rows)) == status
    told = "".join(capsys.readouterr())
    assert [text for text in said if text not in told] == []


def test_a_dry_run_asks_for_no_row(command, capsys, root):
    twin = Twin(SHIPPED)
    assert command(twin, "--dry-run") == 0
    assert twin.asked == []
    assert capsys.readouterr().out.splitlines() == [
        "China, exports of HS 880621 to Russia, January 2022",
        "China, exports of HS 880621 to Russia, February 2022",
        "2 calls, at least 0 s; no key, so no daily quota is known of",
    ]
    assert catalogue.load(root, local=True) == {}


def test_the_calls_of_today_are_counted(root):
    twin = Twin(SHIPPED)
    assert run(root, twin, ask(), key=KEY)[0].spent == 0
    run(root, twin, ask(end="2022-01"))  # without a key it costs no quota
    plan, _ = run(root, twin, ask(partner="World"), key=KEY)
    assert plan.spent == 2
    assert "used 2 today, so 498 are left" in str(plan)
    scarce = replace(plan, limits=replace(plan.limits, quota=2))
    assert "so 0 are left; 1 are for another day: the same command goes on then" in str(scarce)
    twin.now += 86_400
    assert run(root, twin, ask(), key=KEY)[0].spent == 0


def test_the_keyring_is_asked(monkeypatch):
    class LockedError(Exception):
        pass

    def ask(service, user):
        return f"{service} {user}"

    def refuse(service, user):
        raise LockedError

    for answer, key in ((ask, "tradeflows comtrade"), (refuse, "")):
        ring = SimpleNamespace(
            get_password=answer, errors=SimpleNamespace(KeyringError=LockedError)
        )
        monkeypatch.setitem(sys.modules, "keyring", ring)
        web, limits = comtrade.connect("http://127.0.0.1:9")
        assert limits == (comtrade.KEYED if key else comtrade.PREVIEW)
        assert (web._key or "") == key
