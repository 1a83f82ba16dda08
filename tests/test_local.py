import os
import subprocess
import sys
from collections import Counter

import pytest
import twins
from comtrade_twin import envelope, row

from tradeflows import cli, tables
from tradeflows.model.errors import (
    LayoutError,
    NothingStatedError,
    QueryError,
    SourceError,
    TradeflowsError,
)
from tradeflows.publishers import cbr, ecb, eurostat_energy, gacc, registry
from tradeflows.retrieval import adding, catalogue, user_files
from tradeflows.tables import checks, trace

OIL = twins.OIL
RAW = twins.gacc([OIL], [*OIL])


@pytest.fixture
def saved(tmp_path):
    """Save bytes as a browser would, outside the project."""

    def save(raw, name="downloadData (3).csv"):
        path = tmp_path / name
        path.write_bytes(raw)
        return path

    return save


def test_a_saved_file_is_catalogued(make_root, saved):
    root = make_root({"oil": {}})
    [added] = adding.add([saved(RAW)], root, vintage="2023-06-20", flow="M")
    source = catalogue.load(root, local=True)[added.source.id]
    assert source.file(root).read_bytes() == RAW
    assert (source.publisher, source.cleaner, dict(source.arguments), source.vintage) == (
        "gacc",
        "gacc.clean",
        {"flow": "M"},
        "2023-06-20",
    )
    [part] = registry.cleaner(source)(source.file(root), source)
    assert part.rows["partner_iso"].to_pylist() == ["RUS"]
    assert all(state.state == "ok" for state in catalogue.states(root))
    tables.build(root, local=True)
    asked = {"reporter": "CHN", "partner": "RUS", "root": root}
    assert len(tables.read(**asked, local=True))
    with pytest.raises(QueryError, match="one of your own does: local=True, or --local"):
        tables.read(**asked)


@pytest.mark.parametrize("vintage", ["20 July 2024", "2024-13", ""])
def test_a_release_needs_a_date(make_root, saved, vintage):
    root = make_root({"oil": {}})
    with pytest.raises(QueryError, match="expected the day, month or year of the release"):
        adding.add([saved(RAW)], root, vintage=vintage, flow="M")
    for i, good in enumerate(("2024", "2024-07", "not stated")):
        raw = twins.gacc([OIL | {"USD": str(i)}], [*OIL])
        assert adding.add([saved(raw)], root, vintage=good, flow="M")[0].source.vintage == good


def test_a_removed_file_is_gone(make_root, saved, capsys):
    root = make_root({"oil": {}})
    before = (root / "data/raw/sources.toml").read_bytes()
    more = twins.gacc([OIL | {"month": "202306"}], [*OIL])
    first, second = adding.add([saved(RAW), saved(more, "more.csv")], root, flow="M")
    assert cli.main(["--root", str(root), "remove", first.source.id]) == 0
    assert f"{first.source.id}: removed" in capsys.readouterr().out
    assert [*catalogue.load(root, local=True)] == ["oil", second.source.id]
    assert {state.state for state in catalogue.states(root)} == {"ok"}
    assert (root / "data/raw/sources.toml").read_bytes() == before


def test_a_faulty_entry_can_be_removed(make_root, saved):
    root = make_root({"oil": {}}, local={"bad": {"path": "local/bad.csv", "tabel": "x"}})
    with pytest.raises(TradeflowsError, match="no key 'tabel'"):
        catalogue.load(root, local=True)
    user_files.remove("bad", root)
    assert [*catalogue.load(root, local=True)] == ["oil"]
    assert not (root / "data/raw/local/bad.csv").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [("oil", "oil is of the committed catalogue"), ("wine", "no source 'wine'")],
)
def test_only_ones_own_is_removed(make_root, name, message):
    root = make_root({"oil": {}}, local={"mine": {"path": "local/mine.csv"}})
    with pytest.raises(SourceError, match=message):
        user_files.remove(name, root)
    assert [*catalogue.load(root, local=True)] == ["oil", "mine"]


def test_a_file_for_all_entries_is_divided_once(make_root):
    root = make_root({"oil": {}}, local={"a": {}, "b": {"publisher": "mine", "supersedes": "a"}})
    raw = root / "data/raw"
    parts = [raw / "local" / f"{name}.csv.toml" for name in "ba"]
    text = "".join(part.read_text() for part in parts)
    text += '[publisher.mine]\nname = "I"\nshort = "I"\nhome = ""\n[outlet]\n"a.org" = "A"\n'
    for part in parts:
        part.unlink()
    (raw / "local.toml").write_text(text)
    first = catalogue.load(root, local=True)
    assert first["b"].supersedes == "a"
    assert catalogue.publishers(root, local=True)["mine"].short == "I"
    assert catalogue.contents(root, local=True).outlets == {"a.org": "A"}
    assert (raw / ".local.toml").read_text() == text
    assert not (raw / "local.toml").exists()
    assert catalogue.load(root, local=True) == first
    assert {state.state for state in catalogue.states(root)} == {"ok"}


def test_a_file_without_an_entry_is_adopted_or_let_be(make_root, saved):
    root = make_root({"oil": {}})
    [added] = adding.add([saved(RAW)], root, flow="M")
    catalogue.entry_file(added.source, root).unlink()  # as if killed between the two
    [again] = adding.add([saved(RAW)], root, flow="M")
    assert again.source == added.source
    catalogue.entry_file(added.source, root).unlink()
    added.source.file(root).write_text("another's")
    [again] = adding.add([saved(RAW)], root, flow="M")
    assert again.source.id == f"{added.source.id}_{added.source.sha256[:8]}"
    assert added.source.file(root).read_text() == "another's"


ADD = """
import sys
from tradeflows import cli, tables
print(flush=True)
sys.stdin.read()
sys.exit(cli.main(["--root", sys.argv[1], "--quiet", "add", "--flow", "M", *sys.argv[2:]]))
"""


@pytest.mark.slow
def test_two_processes_lose_no_entry(make_root, saved):
    root = make_root({"oil": {}})
    months = [f"2023{month:02}" for month in range(1, 9)]
    paths = [saved(twins.gacc([OIL | {"month": m}], [*OIL]), f"{m}.csv") for m in months]
    streams = {"text": True, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    commands = [[sys.executable, "-c", ADD, root, *paths[i::2]] for i in range(2)]
    both = [subprocess.Popen(command, **streams) for command in commands]
    assert [each.stdout.readline() for each in both] == ["\n"] * 2  # both have imported
    for each in both:
        each.stdin.close()
    for each in both:
        with each:
            each.stdout.read()
    assert [each.returncode for each in both] == [0, 0]
    assert len(catalogue.load(root, local=True)) == 9
    assert tables.is_current(root)
    assert {state.state for state in catalogue.states(root)} == {"ok"}


OILS = ["Crude petroleum oils", "10,000 t", "1,043.5", "55", "5,144.0", "300", "1", "2"]
PAGE = twins.gacc_page(
    "(14) Major Import Commodities in Quantity and Value, 5.2023",
    [["Coal", "10000T", "9", "1", "20", "3", "1", "2"], OILS],
)
GAS = ("M", "G3000", "RU", "MIO_M3", "DE")
CUBE = ([GAS], ["2023-01", "2023-02"], {(GAS, "2023-01"): "1", (GAS, "2023-02"): "2.5 p"})
DAYS = twins.ecb(
    ["USD", "CNY"],
    [["2023-03-02", "1.3", "7.1"], ["2023-03-01", "1.1", "7.2"], ["2023-02-28", "1.0", "7.3"]],
)
MONTH = [("01.03.2026", 10, "115,5"), ("02.04.2026", 10, "118,5"), ("03.04.2026", 10, "117,5")]


TEXTS = {  # a file, a question, the column, the place within the file, the line and its text
    "a page": (
        ("page.htm", PAGE),
        {"product": "2709", "start": "2023-05", "cumulation": "period"},
        "net_wgt_kg",
        ("", 3, "<tr>" + "".join(f"<td>{cell}</td>" for cell in OILS) + "</tr>"),
    ),
    "a TSV": (
        ("gas.tsv", twins.tsv(*CUBE)),
        {"product": "G3000", "start": "2023-02"},
        "qty",
        ("", 2, "M,G3000,RU,MIO_M3,DE\t1\t2.5 p"),
    ),
    "a zip": (
        ("a.zip", twins.zipped("eurofxref-hist.csv", DAYS)),
        {"table": "rates", "quote": "CNY", "start": "2023-03"},
        "rate",
        ("!eurofxref-hist.csv", 2, "2023-03-02,1.3,7.1,\n2023-03-01,1.1,7.2,"),
    ),
    "XML": (
        ("b", twins.cbr("R01375", "01.03.2026", "30.04.2026", MONTH)),
        {"table": "rates", "start": "2026-04"},
        "rate",
        (
            "",
            1,
            "\n".join(
                f'<Record Date="{day}" Id="R01375"><Nominal>10</Nominal><Value>{value}</Value>'
                f"<VunitRate>{one}</VunitRate></Record>"
                for (day, _, value), one in zip(MONTH[1:], ("11,85", "11,75"), strict=True)
            ),
        ),
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_number_is_followed_to_its_text(make_root, saved, name):
    root = make_root({"oil": {}})
    (file, raw), asked, column, (path, line, text) = TEXTS[name]
    [added] = adding.add([saved(raw, file)], root, **({"flow": "M"} if name == "a TSV" else {}))
    tables.build(root)
    asked = {"source": added.source.id, "local": True, "root": root} | asked
    [term] = trace.trace(tables.read(**asked), column, root).to_dict("records")
    found = (term["path"], term["line"], term["text"])
    assert found == (f"data/raw/{added.source.path}{path}", line, text)
    added.source.file(root).write_bytes(raw + b" ")
    with pytest.raises(SourceError, match="changed"):
        trace.trace(tables.read(**asked), column, root)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "raw", "options"),
    [
        pytest.param(gacc, RAW, {"flow": "M"}, id="query"),
        pytest.param(gacc, PAGE, {}, id="page"),
        pytest.param(ecb, DAYS, {}, id="ecb"),
        pytest.param(cbr, TEXTS["XML"][0][1], {}, id="cbr"),
        pytest.param(eurostat_energy, twins.tsv(*CUBE), {"flow": "M"}, id="tsv"),
        pytest.param(eurostat_energy, twins.json_stat(*CUBE), {}, id="cube"),
    ],
)
def test_mutated_bytes_have_a_text(tmp_path, module, raw, options):
    path, read = tmp_path / "a", 0
    for data in twins.mutations(raw, 100):
        path.write_bytes(data)
        try:
            rows = [row for part in module.clean(path, **options) for row in part.rows.to_pylist()]
        except TradeflowsError:
            continue
        read += bool(rows)
        if wanted := {row["source_row"] for row in rows}:
            assert {*module.records(path, wanted)} == wanted
    assert read


def test_doctor_and_rows_look_at_it(make_root, saved, capsys):
    root = make_root({"oil": {}})
    files = []
    for year in (2022, 2023):
        months = [f"{year}{month:02}" for month in range(1, 13)]
        rows = [OIL | {"month": month} for month in months if month != "202305"]
        files.append(saved(twins.gacc(rows, [*OIL]), f"{year}.csv"))
    [first, second] = adding.add(files, root, flow="M")
    tables.build(root)
    [hole] = map(str, checks.look(root))  # one series, of two files
    assert "gacc, published: CHN M 27090000 from RUS: 1 of 24 months (2023-05)" in hole
    assert "source_id" not in hole
    first.source.file(root).write_bytes(b"changed")
    assert [str(found).split(":")[0] for found in checks.look(root)] == ["file changed", "missing"]
    assert not list(checks.look(root, local=False))
    wanted = {"source_id": [second.source.id]}
    assert len(checks.rows(root, "trade", wanted)) == 11
    with pytest.raises(NothingStatedError, match="trade has no row yet"):
        checks.rows(root, "trade", wanted, local=False)
    assert cli.main(["--root", str(root), "rows", "trade", f"source_id={second.source.id}"]) == 0
    assert "reporter_iso CHN" in capsys.readouterr().out


def test_of_two_statements_the_later_is_taken(make_root, saved):
    root = make_root({"oil": {}})
    files = []
    for name, value, day in (("z", "5,031,234,567", 1), ("a", "4,000,000,000", 2), ("b", "1", 3)):
        files.append(saved(twins.gacc([OIL | {"USD": value}], [*OIL]), f"{name}.csv"))
        os.utime(files[-1], (86_400 * day + 43_200,) * 2)
    adding.add([files[1], files[0]], root, flow="M")
    tables.build(root)
    frame = tables.read(product="2709", local=True, root=root)
    assert frame["value_reported"].tolist() == [4_000_000_000]
    assert "taken as in the file that was retrieved last (a_" in frame.attrs["caveats"][-1]
    adding.add([files[2]], root, flow="M", vintage="2000-01-01")
    tables.build(root)
    assert tables.read(product="2709", local=True, root=root)["value_reported"].tolist() == [1]


def test_a_total_is_not_beside_its_parts(make_root, saved):
    root = make_root({"oil": {}})
    regimes = [
        OIL | {"month": month, "regime": code}
        for month in ("202305", "202306")
        for code in ("10", "33")
    ]
    some = [saved(RAW), saved(twins.gacc(regimes, [*OIL, "regime"]), "regimes.csv")]
    adding.add(some, root, flow="M")
    tables.build(root)
    asked = {"product": "2709", "breakdown": "parts", "local": True, "root": root}
    assert tables.read(**asked)["breakdown"].tolist() == ["total", "regime=10", "regime=33"]
    provinces = [OIL | {"month": "202306", "province": code} for code in ("11", "12")]
    adding.add([saved(twins.gacc(provinces, [*OIL, "province"]), "p.csv")], root, flow="M")
    tables.build(root)
    with pytest.raises(QueryError, match=r"parted by province or regime, .* add source='p_"):
        tables.read(**asked)


def test_the_build_counts_what_the_report_of_cleaning_counts(make_root, saved):
    root = make_root({"oil": {}})
    adding.add([saved(twins.ecb(["USD", "JPY"], [["2022-03-01", "1.1", "N/A"]]), "e.csv")], root)
    reply = envelope([row(value=100.0), row(value=60.0, motCode=2100)])
    adding.add([saved(reply, "reply.json")], root)
    counts = sum((built.counts for built in tables.build(root)), Counter())
    assert counts["cells without a figure"] == 1
    assert counts["left out: break-down whose total is kept"] == 1
    assert counts["worth of break-down whose total is kept"] == 60


def test_a_month_of_rates_is_one_row(make_root, saved):
    root = make_root({"oil": {}})
    days = [
        [f"2022-0{month}-{day:02}", f"1.{month}"]
        for month in (3, 2)
        for day in range(31 if month == 3 else 28, 0, -1)
    ]
    files = [
        saved(twins.ecb(["USD"], some), name)
        for name, some in (("a.csv", days[14:]), ("b.csv", days), ("c.csv", days[:20]))
    ]
    added = adding.add(files, root)
    tables.build(root)
    asked = {"base": "EUR", "quote": "USD", "local": True, "root": root}
    frame = tables.read("rates", **asked)
    assert frame["n_days"].tolist() == [28, 31]
    assert {*frame["source_id"]} == {added[0].source.id, added[1].source.id}
    assert "3 months that another source states too passed over (a_" in frame.attrs["caveats"][0]
    assert len(tables.read("rates", **asked, source=added[2].source.id)) == 1


@pytest.mark.parametrize(
    ("raw", "options", "error", "message"),
    [
        (RAW, {}, QueryError, "add --flow"),
        (RAW, {"flow": "M", "period": "2023"}, QueryError, "leave --period out"),
        (twins.gacc([OIL] * 9_999, [*OIL]), {"flow": "M"}, LayoutError, "cuts off"),
        (b"<html>412</html>", {}, LayoutError, "nothing that is known"),
    ],
)
def test_a_cut_file_leaves_nothing(make_root, saved, raw, options, error, message):
    root = make_root({"oil": {}})
    with pytest.raises(error, match=message):
        adding.add([saved(raw)], root, **options)
    assert not (root / "data/raw/local").exists()
