"""Fetching the months of Comext, against a twin of Eurostat's directory on this machine."""

import hashlib
import re
import resource
import sys
from datetime import date

import comext_twin
import pytest
from comext_twin import OLD_ROW, RELEASED, Directory, archive, month
from comtrade_twin import empty_project, hide_settings, serve

from tradeflows import cli, tables
from tradeflows.explore import flow
from tradeflows.model.errors import QueryError
from tradeflows.retrieval import adding, catalogue, comext, releases, user_files
from tradeflows.retrieval.http import FetchError, RefusedError
from tradeflows.tables import trace

LATER = "2024-05-15T11:00:00"
WAY = comext.connect


@pytest.fixture
def root(tmp_path, monkeypatch):
    hide_settings(monkeypatch)
    return empty_project(tmp_path / "project")


def run(root, twin, start="2024-02", end="2024-02", progress=None):
    with serve(twin) as base, comext.connect(base, twin.clock) as web:
        plan = comext.plan(comext.months(start, end), web, root)
        return plan, comext.fetch(plan, web, root, progress)


def command(root, twin, *arguments):
    with pytest.MonkeyPatch.context() as patch, serve(twin) as base:
        patch.setattr(comext, "connect", lambda: WAY(base, twin.clock))
        return cli.main(["--root", str(root), "fetch", "comext", *arguments])


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def held(root):
    return list(catalogue.load(root, local=True).values())


# --- the question --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        ("2020-02", "2020-01", "the end 2020-01 is before the start 2020-02"),
        ("1987", "1988", "before 1988-01, where Comext begins"),
        ("2990", "2991", "2990 has not come"),
    ],
)
def test_a_span_without_answer_is_said(start, end, message):
    with pytest.raises(QueryError, match=message):
        comext.months(start, end, today=date(2025, 11, 25))


# --- what comes ----------------------------------------------------------------------------------


def test_a_month_is_kept_as_it_came(root):
    twin = Directory("202402")
    _, report = run(root, twin)
    [source] = held(root)
    content = archive(month())
    assert source.file(root).read_bytes() == content
    assert (source.sha256, source.bytes) == (sha256(content), len(content))
    assert (source.cleaner, source.kind) == ("comext.clean", "fetched")
    assert source.vintage == "2024-04-15"
    assert source.address.endswith("file=comext%2FCOMEXT_DATA%2FPRODUCTS%2Ffull_v2_202402.7z")
    assert source.steps == (f"tradeflows fetch comext, 2025-11-25T12:00:01Z, release {RELEASED}")
    assert source.control == {"M": {"rows": 1, "EUR": 1000.0, "kg": 5.0}}
    assert (report.came, report.sources) == (("202402",), (source.id,))
    assert catalogue.load(root) == {}  # the committed catalogue does not change
    assert all(state.state == "ok" for state in catalogue.states(root))


def test_the_command_says_what_comes_and_what_is_missing(root, capsys):
    twin = Directory("202401", "202402")
    assert command(root, twin, "--start", "2024-01", "--end", "2024-01") == 0
    said = capsys.readouterr()
    assert said.out.startswith("1 files came, ")
    assert said.err.endswith("released 2024-04-15; 0 left\n")
    span = "--start", "2024-01", "--end", "2024-03"
    assert command(root, twin, *span, "--dry-run") == 0
    first, second = (len(archive(month(period=f"20240{n}"))) for n in (1, 2))
    assert capsys.readouterr().out.splitlines() == [
        f"to come: full_v2_202402.7z: {second:,} bytes, released 2024-04-15",
        f"held: full_v2_202401.7z: {first:,} bytes, released 2024-04-15",
        "not published: 2024-03",
        f"1 files to come, {second:,} bytes; 1 held already, 1 not published",
    ]
    assert len(held(root)) == 1
    assert command(root, twin, *span) == 1
    said = capsys.readouterr()
    assert "not published: 2024-03" in said.out
    assert said.err.endswith("1 months are missing, named above\n")


def test_months_until_2001_lie_elsewhere(root):
    twin = Directory("200201")
    twin.publish(archive(month(period="200112", base=OLD_ROW)), "200112", name="full200112.7z")
    _, report = run(root, twin, "2001-12", "2002-01")
    assert [*report.came] == ["200112", "200201"]
    twin.listing = {(comext_twin.HISTORICAL, "products_2001_12.7z"): (9, RELEASED)}
    with pytest.raises(
        RefusedError,
        match=r"no month's archive under a name that is known, but "
        r"products_2001_12.7z; fetch them by hand",
    ):
        run(root, twin, "2001-11", "2001-11")


ROW = f"full_v2_202402.7z,{len(archive(month()))},7z,2024-04-15"


@pytest.mark.parametrize(
    "listing",
    [
        f"name,size,type,MODIFIED\n{ROW}T11:00:00\n".replace(",", ";"),
        f"NAME,SIZE,TYPE,DATE\nother.txt\n\n{ROW},more".replace(",", "\t"),
    ],
)
def test_a_listing_is_known_by_what_it_holds(root, listing):
    twin = Directory("202402")
    plain = twin.reply
    twin.reply = lambda *call: (200, {}, listing.encode()) if "dir=" in call[0] else plain(*call)
    run(root, twin)
    assert held(root)[0].vintage == "2024-04-15"


@pytest.mark.parametrize(
    ("listing", "error", "said"),
    [
        ("<html>" + "x" * 200_000, FetchError, "no listing of files, but '<html>xxx"),
        *(
            (f"NAME,SIZE,DATE\nfull_v2_202402.7z,{odd}", RefusedError, "one size in bytes and one")
            for odd in ("5,15/04/24", "²,2024-04-15", f"{'9' * 400},2024-04-15", "5,٢٠٢٤-٠٤-١٥")
        ),
        ("NAME,SIZE,DATE\nproducts.7z,5,2024-04-15", RefusedError, "but products.7z; fetch them"),
    ],
)
def test_a_senseless_listing_is_refused(root, listing, error, said):
    twin = Directory("202402")
    twin.reply = lambda *_: (200, {}, listing.encode())
    with pytest.raises(error, match=said):
        run(root, twin)


# --- what breaks ---------------------------------------------------------------------------------

CODES = range(27000000, 27004000)
BIG = month(*({"PRODUCT_NC": f"{i:08}", "VALUE_EUR": i * 7919 % 10007} for i in CODES))


class Killed(BaseException):
    """As a signal would: no handler of errors catches it."""


@pytest.mark.parametrize("place", [(comext, "deque"), (user_files, "write_entry")])
def test_killed_late_it_fetches_once(root, monkeypatch, place):
    twin = Directory("202402")

    def kill(*_, **__):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(*place, kill)
        with pytest.raises(Killed):
            run(root, twin)
    assert held(root) == []
    assert len(run(root, twin)[1].came) == 1
    assert twin.downloads == ["full_v2_202402.7z"]
    assert [state.state for state in catalogue.states(root)] == ["ok"]


PAGE = b"<!DOCTYPE html><title>404</title>"
BROKEN = {  # what comes, the size that was listed, and what is said
    "a page": (PAGE, 500, "33 bytes came, expected 500"),
    "a page of no stated size": (PAGE, None, "expected a .7z archive, found b'<!DOCTYPE"),
    "cut short": (archive(BIG)[:9000], None, "expected a whole .7z archive"),
    "damaged": (
        archive(BIG)[:9000] + b"U" * 100 + archive(BIG)[9100:],
        None,
        "a whole .7z archive",
    ),
    "another month": (
        archive(month(period="202401")),
        None,
        "expected PERIOD 202402, the file's, found 202401",
    ),
    "another header": (archive(b"REPORTER,PARTNER\n"), None, "expected the header"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_part_of_a_month_is_not_kept(root, fault):
    content, size, message = BROKEN[fault]
    twin = Directory()
    twin.publish(content, size=size)
    _, report = run(root, twin)
    assert [*report.failed] == ["202402"]
    assert len(report.failed["202402"].splitlines()) == 1
    assert re.search(message, report.failed["202402"])
    assert held(root) == []
    assert not list((root / "data/raw/local").rglob("*.7z"))


def test_a_full_disk_is_one_line(root, capsys, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # which Python would cut, and load later
    twin, span = Directory(), ["--start", "2024-02", "--end", "2024-02"]
    twin.publish(archive(BIG))
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, limit[1]))
        assert command(root, twin, *span) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert "cannot be written (File too large); make room" in capsys.readouterr().err
    assert held(root) == []
    assert command(root, twin, *span) == 0


# --- releases ------------------------------------------------------------------------------------

CHINA, KAZAKHS = {"PARTNER": "CN"}, {"PARTNER": "KZ"}
FIRST = [{"VALUE_EUR": 100}, CHINA, {"PARTNER": "US", "VALUE_EUR": 7}, KAZAKHS | {"QUANTITY_KG": 0}]
SECOND = [
    {"VALUE_EUR": 900},
    CHINA,
    {"PARTNER": "UA", "VALUE_EUR": 50},
    KAZAKHS | {"QUANTITY_KG": 8},
]


@pytest.fixture
def released_twice(root):
    twin = Directory()
    for rows, day in ((FIRST, RELEASED), (SECOND, LATER)):
        twin.publish(archive(month(*rows)), released=day)
        run(root, twin)
    return root


def test_changes_are_shown_largest_first(released_twice, capsys):
    root = ["--root", str(released_twice)]
    assert cli.main([*root, "diff", "comext", "2024-02"]) == 0
    *changes, end = capsys.readouterr().out.splitlines()
    assert changes[0] == (
        "changed: Austria, imports of CN 27090090 from Russia, February 2024 "
        "(procedure=1,type=E): value_reported: 100 EUR (2024-04-15) -> 900 EUR (2024-05-15)"
    )
    found = re.findall(
        r"(\w+): .* from ([\w ]+), .*: (nothing|\d+).* -> (nothing|\d+)", "\n".join(changes)
    )
    assert found == [
        ("changed", "Russia", "100", "900"),
        ("added", "Ukraine", "nothing", "50"),
        ("changed", "Kazakhstan", "nothing", "8"),
        ("withdrawn", "United States", "7", "nothing"),
    ]
    assert end == "1 added, 2 changed, 1 withdrawn"
    assert cli.main([*root, "diff", "comext", "2024-02", "--most", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [f"{end}; 3 of them not shown"]
    assert len(releases.diff("comext", released_twice)) == 4


def test_the_same_bytes_are_one_file(root):
    twin = Directory("202402")
    run(root, twin)
    twin.publish(archive(month()), released=LATER)
    run(root, twin)
    [source] = held(root)
    assert source.steps.endswith(f"the same bytes again in release {LATER}")
    assert len(twin.downloads) == 2
    assert len(run(root, twin)[0].kept) == 1
    assert len(twin.downloads) == 2
    assert [state.state for state in catalogue.states(root)] == ["ok"]


def test_the_explorer_adds_the_parts_of_a_total(root):
    twin = Directory()
    items = {"SUPPL_UNIT": "PST", "QUANTITY_SUPPL_UNIT": 4}
    rows = [
        {"STAT_PROCEDURE": 1, "VALUE_EUR": 100, **items},
        {"STAT_PROCEDURE": 2, "VALUE_EUR": 30, "QUANTITY_KG": 0, "SUPPL_UNIT": "PST"},
        {"STAT_PROCEDURE": 1, "VALUE_EUR": 7, "PARTNER": "CN"},
    ]
    twin.publish(archive(month(*rows)))
    run(root, twin)
    tables.build(root)
    found = flow.flow("27090090", "Austria", "Russia", unit="EUR", local=True, root=root)
    assert found["value"].tolist() == [130]
    sums, weights, items = found.attrs["caveats"][-3:]
    assert sums.startswith("1 of 1 rows are sums over procedure and type (procedure=1,type=E, proc")
    assert weights == "1 of 1 sums of net_wgt_kg have a part that states none, so they are none"
    assert items.startswith("1 of 1 sums of qty have a part that states none")
    lines = trace.trace(found, root=root)
    assert [text.split(",")[14] for text in lines["text"]] == ["100", "30"]


# --- control totals ------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [(15, 17, 16), (17, 16, 15)])
def test_added_releases_supersede_in_order(root, tmp_path, days):
    path = tmp_path / "full_v2_202402.7z"
    for day in days:
        path.write_bytes(archive(month({"VALUE_EUR": day})))
        adding.add([path], root, vintage=f"2024-04-{day}")
    path.rename(path.with_name("full_v2_202403.7z")).write_bytes(archive(month(period="202403")))
    adding.add([path.with_name("full_v2_202403.7z")], root, vintage="2024-05-15")
    by_day = {source.vintage: source for source in held(root)}
    old, middle, new = (by_day[f"2024-04-{day}"] for day in (15, 16, 17))
    assert [each.supersedes for each in (old, middle, new)] == ["", old.id, middle.id]
    assert by_day["2024-05-15"].supersedes == ""
    cut = path.with_name("comext_full_202402_sample.dat")
    cut.write_bytes(month({"VALUE_EUR": 18}))
    [added] = adding.add([cut], root, vintage="2024-06-15")
    assert (added.source.supersedes, added.source.kind) == ("", "published")
    [change] = releases.diff("comext", root, "2024-02")
    assert (change.old, change.new) == (16, 17)
