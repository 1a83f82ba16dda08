"""A project's own cleaners: run with its consent alone, and checked like any other."""

import os
import re

import maps
import pytest

from tradeflows import claims, cli, tables
from tradeflows.model.errors import TradeflowsError
from tradeflows.model.source import RAW
from tradeflows.publishers import registry
from tradeflows.retrieval import catalogue

TEXT = "to;usd\nEGY;100\nCHN;200\n"
CODE = """
from pathlib import Path

import pandas as pd

(Path(__file__).parents[1] / "ran").write_text("yes")


FLOW = dict(reporter_iso="USA", cmd_code="1001", ref_period=pd.Timestamp("2023"), currency="USD")


def clean(path, source, *, flow="X"):
    frame = pd.read_csv(path, sep=";", skiprows=1, names=["partner_iso", "value_reported"])
    return frame.assign(flow_code=flow, **FLOW)


def no_areas(path, source):
    return clean(path, source).assign(partner_iso="Ruritania")


def lacking(path, source):
    return clean(path, source).drop(columns="cmd_code")


def failing(path, source):
    raise KeyError("weight")
"""
OFFICE = {"name": "Office of Invention", "short": "Invention", "home": ""}


@pytest.fixture
def make(tmp_path):
    """Make a project whose catalogue asks for a cleaner of its own."""

    def project(cleaner="project.newsroom.clean", consent='cleaners = ["newsroom"]', **more):
        raw = tmp_path / RAW
        keys = {"publisher": "office", "table": "trade", "text": TEXT, "kind": "published"}
        keys |= {"cleaner": cleaner, "arguments": None}
        entry = maps.source(raw, "office", "wheat", keys | more)
        catalogue = maps.table("publisher.office", OFFICE) + entry
        (raw / "sources.toml").write_text(catalogue, encoding="utf-8")
        (tmp_path / "cleaners").mkdir(exist_ok=True)
        (tmp_path / "cleaners" / "newsroom.py").write_text(CODE)
        (tmp_path / "project.toml").write_text(f'title = "Wheat"\n{consent}\n')
        return tmp_path

    return project


@pytest.mark.parametrize(
    ("more", "flow", "role"),
    [({}, "X", "destination"), ({"arguments": {"flow": "M"}}, "M", "origin")],
)
def test_a_project_reads_by_its_own(make, more, flow, role):
    root = make(**more)
    tables.build(root)
    frame = tables.read("trade", root=root, reporter="USA", flow=flow)
    values = dict(zip(frame["partner_iso"], frame["value_reported"], strict=True))
    assert values == {"CHN": 200, "EGY": 100}
    assert frame["partner_role"].unique() == role
    assert sorted(frame["source_row"]) == [1, 2]
    source = catalogue.load(root)["wheat"]
    assert registry.records(source, source.file(root), [(2, "")])[2, ""].text == "CHN;200"


CUSTOMS = "Customs of Nowhere, invented\n\nto,usd\n" + "".join(
    f"{area},{12345 + 1111 * place}\n" for place, area in enumerate(["EGY", "CHN", "DEU", "FRA"])
)
LINES = """

def clean(path, source):
    lines = pd.read_csv(path, skiprows=2).rename(columns={"to": "partner_iso"})
    lines["value_reported"] = lines.pop("usd") * %s
    lines["source_row"] = lines.index + %d
    return lines.iloc[%d:].drop(columns=%s).assign(flow_code="X", **FLOW)
"""


@pytest.mark.parametrize(
    ("factor", "first", "begin", "dropped", "message"),
    [
        (1000, 2, 0, [], ""),
        (1000, 3, 0, [], r"12345 stands in record 3 \(CHN,13456\); .* an empty line is none"),
        (0.4536, 3, 0, [], ""),
        (1000, 2, 1, ["source_row"], "13456 stands in record 1 .* its rows were counted"),
    ],
    ids=["its own line", "one line below", "in no line", "rows that are counted"],
)
def test_a_figure_stands_in_its_line(make, factor, first, begin, dropped, message):
    root = make(text=CUSTOMS)
    (root / "cleaners" / "newsroom.py").write_text(CODE + LINES % (factor, first, begin, dropped))
    if not message:
        tables.build(root)
        return
    with pytest.raises(TradeflowsError, match=message):
        tables.build(root)


def test_without_consent_nothing_runs(make):
    root = make(consent='cleaners = ["other"]')
    with pytest.raises(TradeflowsError, match="is code that came with the project, and is not run"):
        tables.build(root)
    for verb in (["verify"], ["sources"], ["doctor"], ["claims"], ["check"], ["remove", "wheat"]):
        cli.main(["--root", str(root), *verb])
    assert not (root / "ran").exists()


@pytest.mark.parametrize(
    ("cleaner", "message"),
    [
        ("project.newsroom.clean", "unexpected keyword argument 'folw'"),
        ("project.newsrom.clean", "no file cleaners/newsrom.py; did you mean 'newsroom'?"),
        ("project.newsroom.claen", "no function 'claen' in cleaners/newsroom.py; did you mean"),
        ("project.../evil.clean", "expected project.NAME.FUNCTION"),
        ("os.system", "no cleaner 'os.system'"),
        ("project.newsroom.no_areas", "'Ruritania'"),
        ("project.newsroom.lacking", "trade: columns missing: cmd_code"),
        ("project.newsroom.failing", "what project.newsroom.failing reads, found KeyError"),
    ],
)
def test_what_is_wrong_with_a_cleaner(make, cleaner, message):
    more = {"arguments": {"folw": "M"}} if "folw" in message else {}
    with pytest.raises(TradeflowsError, match=re.escape(message)):
        tables.build(make(cleaner, **more))


def test_changed_code_makes_tables_old(make):
    root = make()
    tables.build(root)
    assert tables.is_current(root)
    file = root / "cleaners" / "newsroom.py"
    before = file.stat()
    file.write_text(CODE.replace('"USA"', '"CAN"'))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))  # in the same moment, as long
    assert not tables.is_current(root)
    tables.build(root)
    assert len(tables.read("trade", root=root, reporter="CAN")) == 2


STEPS = [
    'steps = [["__import__", { name = "os" }]]',
    "result = \"__import__('os').system('touch ran')\"",
]


@pytest.mark.parametrize("line", STEPS)
def test_a_ledger_runs_nothing(make, line, monkeypatch):
    root = make()
    tables.build(root)
    (root / "ran").unlink()
    monkeypatch.chdir(root)
    (root / "data" / "claims.toml").write_text(
        f"""
[claim.C01]
theme = "grain"
core = true
statement = "Wheat worth $300 was sold."
claimed = {{ value = 300, unit = "USD" }}
printed_to = 1
asks = {{ goods = "1001", reporter = "USA", measure = "value", start = "2023", end = "2023" }}
who = "A stranger"
where = "https://example.org"

[[claim.C01.reading]]
name = "a stranger's"
read = {{ reporter = "USA", flow = "X", product = "1001" }}
{line}
"""
    )
    with pytest.raises(TradeflowsError):
        claims.verdicts(root=root)
    assert not (root / "ran").exists()
