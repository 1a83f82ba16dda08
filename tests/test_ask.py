"""One call for live figures, against twins of UN Comtrade and Eurostat on this machine."""

import ast
import inspect
import itertools
import os
import re
import shlex

import comext_twin
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
from comtrade_twin import Twin, empty_project, hide_settings, row, serve
from nbclient import NotebookClient
from tutorial import FENCE, PROJECT

from tradeflows import cli
from tradeflows.explore.answer import Answer
from tradeflows.explore.ask import ask, available
from tradeflows.explore.flow import flow
from tradeflows.explore.hints import NothingHeldError
from tradeflows.model import codes
from tradeflows.model.errors import NothingStatedError, QueryError, SourceError
from tradeflows.retrieval import catalogue, comext_service, comtrade
from tradeflows.retrieval.http import UnreachableError
from tradeflows.tables.trace import trace

MONTHS = [f"2025{month:02}" for month in range(1, 11)]
WHEAT = [
    row(period=period, product="1001", flow="M", value=100.0 + i, netWgt=5.0 + i)
    for i, period in enumerate(MONTHS)
]
EU_MONTHS = [f"{year}{month:02}" for year in (2023, 2024) for month in range(1, 13)]


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    hide_settings(monkeypatch)


@pytest.fixture
def root(tmp_path):
    return empty_project(tmp_path / "project")


@pytest.fixture
def live(monkeypatch):
    """Serve twins at the addresses that the services have."""
    served = []

    def go(twin):
        served.append(serve(twin))
        base = served[-1].__enter__()
        for name in ("COMTRADE", "COMEXT", "COMEXT_SERVICE"):
            monkeypatch.setenv(f"TRADEFLOWS_{name}_URL", base)
        return twin

    yield go
    for context in served:
        context.__exit__(None, None, None)


def wheat(root, twin, **changes):
    words = {"start": "2025-01", "end": "2025-10", "root": root, "clock": twin.clock} | changes
    return ask("1001", "China", "Russia", **words)


def euros(product="2709", partner="RU", months=EU_MONTHS):
    """Figures of the filtered service for one series of Germany's imports."""
    return {
        ("DE", partner, product, "1", name, f"{month[:4]}-{month[4:]}"): f"{100 + i}.00"
        for i, month in enumerate(months)
        for name in comext_twin.INDICATORS[:2]
    }


def oil(root, twin, partner="Russia", **changes):
    words = {"start": "2023", "end": "2024", "root": root, "clock": twin.clock} | changes
    return ask("2709", "Germany", partner, **words)


# --- UN Comtrade ---------------------------------------------------------------------------------


def test_refresh_brings_a_newer_release(root, live):
    twin = live(Twin([dict(each) for each in WHEAT]))
    wheat(root, twin, end="2025-01")
    twin.rows[0] |= {"primaryValue": 300.0, "cifvalue": 300.0}
    twin.release("156 202501", "2025-11-20", 12)
    assert wheat(root, twin, end="2025-01", unit="USD")["value"].tolist() == [100.0]
    fresh = wheat(root, twin, end="2025-01", unit="USD", refresh=True)
    assert fresh["value"].tolist() == [300.0]


def test_an_answer_remembers_its_project(root, live, tmp_path, monkeypatch):
    russian = [row("643", period, "156", "1001", "X", value=90.0) for period in MONTHS[:4]]
    twin = live(Twin([*WHEAT, *russian]))
    answer = wheat(root, twin, unit="USD")
    words = {"start": "2025-01", "end": "2025-04", "flow": "exports", "unit": "USD"}
    other = ask("1001", "Russia", "China", **words, root=root, clock=twin.clock)
    (tmp_path / "nowhere").mkdir()
    monkeypatch.chdir(tmp_path / "nowhere")
    monkeypatch.setattr(catalogue, "__file__", str(tmp_path / "nowhere" / "catalogue.py"))
    monkeypatch.delenv("TRADEFLOWS_ROOT", raising=False)
    assert "comtrade_" not in repr(answer)
    assert len(trace(answer)) == len(answer.gap()) == 10
    gap = answer.gap(other)
    assert len(gap.trace()) == 8
    answer.to_pickle(tmp_path / "answer.pickle")
    for shown in (gap, answer[["ref_period", "value", "unit"]], pd.concat([answer, other])):
        shown.plot()
    for shown in (answer.by("reporter", every=1), pd.read_pickle(tmp_path / "answer.pickle")):
        shown.plot()
    plt.close("all")


@pytest.mark.parametrize("put", [ask, flow])
def test_a_fourth_word_is_a_sentence(root, put):
    with pytest.raises(QueryError, match="'2023': product, reporter and partner alone stand with"):
        put("wheat", "China", "Russia", "2023", root=root)


PARTED = {
    "transport": ("motCode", [2000, 2100, 3100], ["railway", "sea"]),
    "procedure": ("customsCode", ["C01", "C04"], ["clearance for home use", "customs warehouses"]),
    "second partner": ("partner2Code", [398, 643], ["Kazakhstan", "Russia"]),
}


@pytest.mark.parametrize("breakdown", PARTED)
def test_parts_count_once(root, live, breakdown):
    field, parts, names = PARTED[breakdown]
    rows = [row(period="202501", product="1001", flow="M", value=100.0)]
    for part in parts:
        worth = 60.0 if part in (2000, 2100, parts[0]) else 40.0
        rows.append(rows[0] | {field: part, "primaryValue": worth, "cifvalue": worth})
    twin = live(Twin(rows, gap=0.0))
    asked = {"end": "2025-01", "unit": "USD"}
    answer = wheat(root, twin, **asked, breakdown=breakdown)
    assert sorted(answer["part"]) == names
    assert f"by {breakdown}, the parts add up to 100.0 % of the total" in answer.caveats
    assert answer.by("part")["value"].tolist() == [60.0, 40.0]
    assert wheat(root, twin, **asked)["value"].tolist() == [100.0]
    made = len(twin.asked)
    assert made == 2
    for parted in ({}, {"breakdown": breakdown}):
        assert wheat(root, twin, **asked, **parted)["value"].sum() == 100.0
    assert len(twin.asked) == made


def test_what_the_publisher_has_no_row_of_is_said(root, live):
    twin = live(Twin(WHEAT))
    window = {"start": "2025-01", "end": "2025-02", "root": root, "clock": twin.clock}
    for _ in range(2):
        said = r"UN Comtrade was asked, and has no row of maize, imports of China from Russia, .*"
        with pytest.raises(
            NothingStatedError, match=said + "nothing was traded, or it is not published"
        ):
            ask("maize", "China", "Russia", **window)
    assert len(twin.asked) == 2
    said = r"UN Comtrade was asked for it, and has no row; tf\.ask\('maize', .*refresh=True\) asks"
    for words in ({"end": "2025-02"}, {}):
        with pytest.raises(NothingHeldError, match=said):
            flow("maize", "China", "Russia", start="2025-01", **words, root=root, local=True)
    with pytest.raises(NothingHeldError, match=r"tf\.ask\('maize', .* asks UN Comtrade for it"):
        flow("maize", "China", "Russia", start="2025-01", end="2025-03", root=root, local=True)
    wheat(root, twin, end="2025-02")
    with pytest.raises(QueryError, match="held without vintage="):
        wheat(root, twin, end="2025-02", vintage="2020-01-01")


def test_an_empty_reply_is_kept(root, live):
    twin = live(Twin(WHEAT))
    twin.faults = [
        None,
        (200, {}, b'{"elapsedTime": "0.1", "count": 0, "data": null, "error": ""}'),
    ]
    for _ in range(2):
        with pytest.raises(NothingStatedError, match="UN Comtrade was asked, and has no row"):
            wheat(root, twin, end="2025-01")
    assert len(twin.asked) == 1


SUCH_AS = {"product": "wheat", "reporter": "China", "partner": "Russia"}
SENTENCES = [
    *(
        ({name: value}, f"{name}=.*: .*expected a text such as '{such}'")
        for (name, such), value in zip(SUCH_AS.items(), (1001, [], ["wheat", " "]), strict=True)
    ),
    ({"product": "wheet"}, "did you mean 'wheat'?"),
    ({"reporter": "Chna"}, "did you mean 'China'?"),
    ({"flow": "inports"}, "flow='inports': expected one of 'imports' (M)"),
    ({"flow": ["imports", "exports"]}, "expected a text such as 'imports'"),
    ({"freq": 12}, "freq=12: expected a text such as 'M'"),
    ({"unit": 5}, "unit=5: expected a text such as 'tonnes'"),
    ({"start": "20x5"}, "start='20x5': expected a month such as 2023-05, or a year"),
    ({"start": "2025-05", "end": "2025-02"}, "the end 2025-02 is before the start 2025-05"),
]
OF_ASK = [
    ({"classification": "HS2018"}, "no classification 'HS2018'"),
    ({"classification": "S4"}, "SITC"),
    ({"classification": "EB02"}, "services"),
    ({"product": "services"}, "services.*comtradeplus.un.org"),
    ({"flow": "trade"}, "ask for flow='imports' and for flow='exports'"),
    ({"reporter": ["China", "Germany"]}, "Germany: figures of member states come from Eurostat"),
    ({"unit": "bushels"}, "unit='bushels': UN Comtrade states nothing in it; there are"),
    ({"nofilter": "1"}, "no filter 'nofilter' for trade"),
    ({"nofilter": 1}, "nofilter=1: expected a text"),
    ({"start": None}, "start= is lacking: the first month or year, such as start='2023'"),
    ({"reporter": None}, "reporter= is lacking: whose figures are wanted, such as 'China'"),
    ({"reporter": "World"}, "the world as a whole states no figures"),
    ({"product": "10011900"}, "longer ones are each country's own; ask for '100119'"),
    ({"start": "2031"}, "start='2031' has not come: it is 2025-11"),
    ({"end": "2031"}, "end='2031' has not come: it is 2025-11"),
    ({"freq": "Q"}, "freq='Q': expected 'M' (months) or 'A' (years)"),
    ({"freq": "A", "start": "2025-01"}, "start='2025-01': expected a year such as 2023"),
    ({"classification": None}, "classification=None: expected a text such as 'H5'"),
    ({"breakdown": "transports"}, "no break-down 'transports'; one of second partner"),
    ({"refresh": "no"}, "refresh='no': expected True or False"),
    ({"product": ["2709", "27"]}, "27 contains 2709, so one answer would count it twice"),
    ({"partner": ["Russia", "World"]}, "World contains Russia, so one answer would count it"),
]
OF_EUROSTAT = [
    ({"start": "2031"}, "start='2031' has not come"),
    ({"start": "2024", "end": "2023"}, "the end 2023 is before the start 2024"),
    ({"flow": "re-exports"}, "flow='RX': Comext has imports (M) and exports (X)"),
    ({"classification": "H6"}, "classification= is for UN Comtrade"),
    ({"partner": "EU27"}, "EU27 is no partner that Eurostat's .* which has 'intra-EU', 'extra-EU'"),
    ({"breakdown": "transport"}, "breakdown= is for UN Comtrade"),
]
GIVEN = {"product": "wheat", "reporter": "China", "partner": "Russia", "start": "2025"}


OF_AVAILABLE = [
    ({}, "reporter=None: name whose figures, such as 'China'"),
    ({"reporter": "World"}, "reporter='World': name whose figures, such as 'China'"),
    ({"reporter": [156]}, "expected a text such as 'China'"),
    ({"reporter": "China", "partner": 643}, "expected a text such as 'Russia'"),
    ({"reporter": "China", "freq": "Q"}, "freq='Q': expected 'M' (months) or 'A' (years)"),
    ({"reporter": "China", "classification": 6}, "expected a text such as 'H5'"),
]
WRONG = [
    *((ask, GIVEN | words, said) for words, said in SENTENCES + OF_ASK),
    *((ask, GIVEN | {"reporter": "Germany"} | words, said) for words, said in OF_EUROSTAT),
    *((flow, GIVEN | words, said) for words, said in SENTENCES),
    (flow, GIVEN | {"product": None}, "such as 'wheat'"),
    *((available, words, said) for words, said in OF_AVAILABLE),
]


@pytest.mark.parametrize(("put", "words", "said"), WRONG)
def test_a_wrong_argument_is_a_sentence_before_a_call(root, live, put, words, said):
    twin = live(Twin(WHEAT))
    asked = {} if put is flow else {"root": root, "clock": twin.clock}
    with pytest.raises(QueryError, match=_with_wild(said)) as refused:
        put(**words, **asked)
    assert "\n" not in str(refused.value)
    assert twin.paths == []


def _with_wild(said):
    """A pattern for a sentence, in which .* stands for anything."""
    return ".*".join(map(re.escape, said.split(".*")))


def test_a_word_for_two_codes_asks_for_both(root, live):
    gas = [row(period=f"20250{m}", product="271111", flow="M", netWgt=4e3) for m in (1, 2)]
    pipe = row(period="202501", product="271121", flow="M", netWgt=6e3)
    twin = live(Twin([*gas, pipe]))
    window = {"start": "2025-01", "end": "2025-02"}
    answer = ask("natural gas", "China", "Russia", **window, root=root, clock=twin.clock)
    assert answer.groupby("cmd_code")["value"].sum().to_dict() == {"271111": 8.0, "271121": 6.0}
    assert len(twin.asked) == 2
    assert "TRADEFLOWS_ROOT" not in os.environ
    seaborne = live(Twin(gas))
    other = {"start": "2025-02", "end": "2025-02", "root": root, "clock": seaborne.clock}
    assert ask("natural gas", "China", "Russia", **other)["value"].tolist() == [4.0]


def test_without_a_network_what_is_held_answers(root, live, monkeypatch):
    twin = live(Twin(WHEAT))
    fetched = wheat(root, twin)
    monkeypatch.setenv("TRADEFLOWS_COMTRADE_URL", "http://127.0.0.1:9")
    held = wheat(root, twin)
    assert held["value"].tolist() == fetched["value"].tolist()
    assert held.caveats[0].startswith("no way to 127.0.0.1 (ConnectError [Errno 111] Connection")
    assert held.caveats[0].endswith("so this is what is held; newer figures may be out")
    with pytest.raises(UnreachableError, match=r"is there a network\? What is held already"):
        wheat(root, twin, refresh=True)
    with pytest.raises(UnreachableError):  # of India nothing is held, and it was not asked
        ask("1001", ["China", "India"], "Russia", start="2025-01", root=root, clock=twin.clock)


def test_a_proxy_that_refuses_is_said(root, live, monkeypatch):
    twin = live(Twin(WHEAT))  # which knows no CONNECT
    monkeypatch.setenv("HTTPS_PROXY", os.environ["TRADEFLOWS_COMTRADE_URL"])
    monkeypatch.setenv("TRADEFLOWS_COMTRADE_URL", "https://demo.example")
    with pytest.raises(UnreachableError, match=r"no way to demo.*ProxyError.* What is held"):
        wheat(root, twin)


# --- Eurostat ------------------------------------------------------------------------------------


def test_a_member_state_is_asked_of_eurostat(root, live):
    twin = live(comext_twin.Service(*EU_MONTHS, figures=euros()))
    answer = oil(root, twin)
    assert answer["value"].tolist() == [(100.0 + i) * 100 / 1000 for i in range(24)]
    assert len(twin.questions) == 1
    made = len(twin.paths)
    assert oil(root, twin)["value"].tolist() == answer["value"].tolist()
    assert len(twin.paths) == made


@pytest.mark.parametrize(
    ("partner", "code"), [(None, "WORLD"), ("intra-EU", "INT_EU27_2020"), ("Serbia", "XS")]
)
def test_the_service_has_codes_of_its_own(root, live, partner, code):
    twin = live(comext_twin.Service(*EU_MONTHS, figures=euros(partner=code)))
    for _ in range(2):
        assert len(oil(root, twin, partner)) == 24
    assert len(twin.questions) == 1


def test_every_partner_is_one_that_the_service_has():
    asked, refused = set(), set()
    for area in {*codes.area_codes("eurostat").values()}:
        try:
            question = comext_service.question("DEU", area, "M", "2709", "2023-01", "2023-01")
        except QueryError:
            refused.add(area)
        else:
            asked |= {*question.partners}
    assert asked <= {*comext_twin.PARTNERS}
    assert refused >= {"EU27_2020", "EU28", "MCO", "PRI"}
    assert not refused & {"W00", "EU27_2020_EXTRA", "CHN", "SRB", "GRC"}


def test_a_new_project_can_ask(new_project, live):
    root = new_project("wheat_live")
    assert len(wheat(root, live(Twin(WHEAT)))) == 10
    assert len(oil(root, live(comext_twin.Service(*EU_MONTHS, figures=euros())))) == 24
    assert cli.main(["--root", str(root), "build"]) == 0


def test_a_large_question_is_parted(root):
    asked = comext_service.question("Germany,France", "all", "M", "2709,2710", "1990", "2024")
    calls = comext_service.plan(asked, root).calls
    assert len(calls) > 1
    assert all(call.cells <= comext_service.MOST_CELLS for call in calls)
    assert sum(call.cells for call in calls) == asked.cells


HEADER_ALONE = b"\xef\xbb\xbf" + comext_twin.HEADER.encode() + b"\n\n"


@pytest.mark.parametrize(("status", "body"), [(404, comext_twin.NOTHING), (200, HEADER_ALONE)])
def test_no_trade_is_an_answer(root, live, status, body):
    twin = live(comext_twin.Service(*EU_MONTHS, figures=euros()))
    twin.nothing = status, body
    window = {"start": "2023-01", "end": "2023-02", "root": root, "clock": twin.clock}
    for _ in range(2):
        said = "Eurostat was asked, and has no row of wheat, imports of Germany from Russia"
        with pytest.raises(NothingStatedError, match=said):
            ask("wheat", "Germany", "Russia", **window)
    assert len(twin.questions) == 1
    [entry] = catalogue.load(root, local=True).values()
    assert catalogue.check(entry, root).read_bytes() == body
    with pytest.raises(NothingHeldError, match="Eurostat was asked for it, and has no row"):
        flow("wheat", "Germany", "Russia", start="2023-01", end="2023-02", root=root, local=True)
    assert len(ask(["2709", "1001"], "Germany", "Russia", **window)) == 2


def test_another_fault_of_a_page_is_a_fault(root, live):
    twin = live(comext_twin.Service(*EU_MONTHS, figures=euros()))
    twin.nothing = 404, b"<html>not found</html>"
    with pytest.raises(
        SourceError, match=r"failed: Germany, imports of wheat from Russia, .* 2024: 404"
    ):
        ask("1001", "Germany", "Russia", start="2023", end="2024", root=root, clock=twin.clock)
    assert catalogue.load(root, local=True) == {}


def test_an_empty_half_is_no_fault(root, live):
    twin = live(comext_twin.Service(*EU_MONTHS, figures=euros(), most=2))
    window = {"start": "2023-01", "end": "2023-04", "root": root, "clock": twin.clock}
    assert len(ask(["2709", "1001"], "Germany", "Russia", **window)) == 4
    made = len(twin.questions)
    assert len(ask(["2709", "1001"], "Germany", "Russia", **window)) == 4
    assert len(twin.questions) == made


def test_a_start_that_is_not_out_is_named(root, live):
    twin = live(comext_twin.Service(*EU_MONTHS, figures=euros()))
    with pytest.raises(SourceError, match=r"not published: 2025-02; the last month .* 2024-12"):
        oil(root, twin, start="2025-02", end=None)


# --- what is out ---------------------------------------------------------------------------------


def test_what_is_out_of_several_is_listed(root, live, monkeypatch):
    months = [row(reporter="398", period=period, product="1001", flow="M") for period in MONTHS[:2]]
    twin = live(Twin([*WHEAT, *months]))
    eurostat = serve(comext_twin.Service(*EU_MONTHS[:3]))
    with eurostat as base:
        monkeypatch.setenv("TRADEFLOWS_COMEXT_URL", base)
        wheat(root, twin, end="2025-01")
        areas = ["China", "Kazakhstan", "Germany", "France"]
        frame = available(areas, "Russia", root=root, clock=twin.clock)
    counts = frame.groupby("reporter").size()
    assert counts.to_dict() == {"CHN": 10, "DEU": 3, "FRA": 3, "KAZ": 2}
    assert frame.loc[frame["held"].ne(""), ["reporter", "period"]].to_numpy().tolist() == [
        ["CHN", "2025-01"]
    ]
    with pytest.raises(QueryError, match=r"reporter='countries': name whose figures"):
        available("countries", root=root)


# --- the command ---------------------------------------------------------------------------------


def test_the_verbs_answer(root, live, capsys, monkeypatch):
    twin = live(Twin(WHEAT, gap=0.0))
    monkeypatch.setattr(comtrade.planning, "PREVIEW", comtrade.Limits(500, 1, pause=0.0))
    monkeypatch.delenv("TRADEFLOWS_ROOT", raising=False)
    for words, said in (
        ("ask 1001 China Russia --start 2025-01 --end 2025-02", "Source: comtrade ("),
        ("available China --json", '"period": "2025-10"'),
        ("available China,Kazakhstan Russia,India", "CHN       2025-10"),
    ):
        assert cli.main(["--root", str(root), *words.split()]) == 0
        assert said in capsys.readouterr().out
    assert len(twin.asked) == 2
    assert "TRADEFLOWS_ROOT" not in os.environ


def test_calls_have_a_bar_in_a_notebook_and_none_in_ci(root, live, monkeypatch):
    live(Twin(WHEAT, gap=0.0))
    for name in ("CI", "TQDM_DISABLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TRADEFLOWS_ROOT", str(root))
    codes = [
        'import tradeflows as tf\nlen(tf.ask("1001", "China", "Russia", start="2025-10"))',
        'import os\nos.environ["CI"] = "true"\n'
        'len(tf.ask("1001", "China", "Russia", start="2025-09", end="2025-09"))',
    ]
    notebook = nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, codes)])
    NotebookClient(notebook, kernel_name="python3").execute()
    bars = []
    for cell in notebook.cells:
        shown = [each["data"]["text/plain"] for each in cell.outputs if "data" in each]
        assert shown == ["1"]
        bars.append("".join(o["text"] for o in cell.outputs if o.output_type == "stream"))
    assert "1 of 1 calls, 1 rows" in bars[0]
    assert "asking which periods are out" in bars[0]
    assert "?" not in bars[0]
    assert bars[1] == ""


# --- what users of other clients ask, a line each ------------------------------------------------


# A question in words; then what it is in ids: reporters, partners, goods, direction and period.
ALL = ["RUS", "KAZ", "USA", "SAU"]
GOODS = ["27", "854231"]
JANUARY, FEBRUARY = ({"start": f"2024-0{month}", "end": f"2024-0{month}"} for month in (1, 2))
YEAR = {"start": "2023", "freq": "annual", "flow": "export"}
QUESTIONS = [
    ("crude oil", "PRC", ["Kazakhstan"], JANUARY, ["CHN"], ["KAZ"], ["2709"], "M", "202401"),
    ("2709", "China", "OPEC", FEBRUARY, ["CHN"], ["SAU"], ["2709"], "M", "202402"),
    ("wheat", "India", "Russia", YEAR, ["IND"], ["RUS"], ["1001"], "X", "2023"),
    (GOODS, ["China", "India"], "US", JANUARY, ["CHN", "IND"], ["USA"], GOODS, "M", "202401"),
    ("all goods", "India", None, FEBRUARY, ["IND"], ["W00"], ["TOTAL"], "M", "202402"),
    ("oil products", "India", "countries", JANUARY, ["IND"], ALL, ["2710"], "M", "202401"),
]


@pytest.fixture(scope="module")
def random_trade():
    random = np.random.default_rng(7)
    areas = itertools.product(("156", "699"), ("643", "398", "0", "842", "682"))
    cells = itertools.product(
        areas, ("27", "270900", "2709", "2710", "1001", "854231", "TOTAL"), "MX"
    )
    return [
        row(reporter, period, partner, code, way, value=float(random.integers(1, 10**6)))
        for (reporter, partner), code, way in cells
        for period in ("202401", "202402", "2023")
    ]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: str(question[:3]))
def test_an_answer_is_what_the_raw_rows_say(root, live, random_trade, question):
    *words, named, reporters, partners, goods, way, period = question
    twin = live(Twin(random_trade))
    answer = ask(*words, **named, unit="USD", root=root, clock=twin.clock)
    raw, ids = pd.DataFrame(random_trade), codes.area_codes("comtrade")
    raw["reporter"] = raw["reporterCode"].astype(str).map(ids)
    raw["partner"] = raw["partnerCode"].astype(str).map(ids)
    is_asked = raw["reporter"].isin(reporters) & raw["partner"].isin(partners)
    is_asked &= raw["cmdCode"].isin(goods) & raw["flowCode"].eq(way) & raw["period"].eq(period)
    expected = raw[is_asked].set_index(["reporter", "partner", "cmdCode"])["primaryValue"]
    found = pd.DataFrame(answer).set_index(["reporter_iso", "partner_iso", "cmd_code"])["value"]
    assert len(found) == len(reporters) * len(partners) * len(goods)
    assert found.to_dict() == expected.to_dict()
    assert len(twin.paths) == 2  # the list of what is out, and one call


# --- the page on live questions ------------------------------------------------------------------

PAGE = (PROJECT / "docs" / "how-to" / "live.md").read_text(encoding="utf-8")
PYTHON = "\n".join(body for kind, body in FENCE.findall(PAGE) if kind == "python")
SHELL = "\n".join(body for kind, body in FENCE.findall(PAGE) if kind == "sh")
NO_QUESTION = {"root", "say", "bar", "clock", "key", "filters"}  # how it is asked, or as of `flow`


@pytest.fixture
def page_twin(root, live, monkeypatch):
    """Serve invented rows of what the page asks, to a project that is the one to ask."""
    rows = [row(period=year, product="8806", flow="X", value=7.0) for year in ("2022", "2023")]
    for period in ("202301", "202302"):
        total = row(period=period, product="1001", flow="M", value=100.0)
        rows.append(total)
        for field, parts, _ in PARTED.values():
            rows += [total | {field: part, "primaryValue": 50.0} for part in parts[-2:]]
    monkeypatch.setattr(comtrade.planning, "PREVIEW", comtrade.Limits(500, 1, pause=0.0))
    monkeypatch.setenv("TRADEFLOWS_ROOT", str(root))
    return live(Twin(rows, gap=0.0))


def test_the_questions_of_the_page_are_answered(page_twin):
    made = {}
    exec(PYTHON, made)
    assert [
        name for name, answer in made.items() if isinstance(answer, Answer) and answer.empty
    ] == []
    assert made["drones"]["value"].tolist() == [7.0, 7.0]
    assert made["by_rail_or_sea"].by("part")["part"].tolist() == ["railway", "sea"]
    assert {*made["sent_on_from"]["part"]} == {"Kazakhstan", "Russia"}
    asked = [path for path in page_twin.asked if "cmdCode=8806" in path]
    assert all("/H6?" in path for path in asked)


def test_the_commands_of_the_page_are_answered(page_twin, capsys):
    lines = [line for line in SHELL.splitlines() if line.startswith("tradeflows ask")]
    for line in lines:
        assert cli.main(shlex.split(line)[1:]) == 0
    rows = [line for line in lines if "--json" in line]
    assert capsys.readouterr().out.count("Source: comtrade") == len(lines) - len(rows)


def test_the_page_asks_by_every_option():
    calls = [node for node in ast.walk(ast.parse(PYTHON)) if isinstance(node, ast.Call)]
    named = [word for call in calls for word in call.keywords]
    positional = {"product", "reporter", "partner", "more"}
    lacking = {*inspect.signature(ask).parameters} - {word.arg for word in named}
    assert lacking == NO_QUESTION | positional
    parted = {word.value.value for word in named if word.arg == "breakdown"}
    assert parted == {*PARTED} == {*comtrade.questions.BREAKDOWNS}
    typed = {word for word in shlex.split(SHELL) if word.startswith("--")}
    assert typed >= {"--classification", "--refresh", "--breakdown"}
