"""From a number back to the raw lines that it was made of, over invented files."""

import csv
import gzip
import math
import pickle
import shutil

import maps
import numpy as np
import pandas as pd
import pytest

import tradeflows as tf
from tradeflows import measures
from tradeflows.model import lineage
from tradeflows.model.errors import CatalogueError, LayoutError, QueryError
from tradeflows.model.lineage import Formula, Role
from tradeflows.model.memory import remembering
from tradeflows.publishers import comtrade, eurostat_energy, gacc, reading
from tradeflows.tables.trace import trace

KG, USD, EUR = "net_wgt_kg", "primary_value_usd", "value_reported"
AREAS = ("CHN", "IND", "TUR")
GOODS = {"crude_oil": "2709", "oil_products": "2710"}
MONTHS = [f"{year}-{month:02d}" for year in (2021, 2022) for month in (1, 2, 3)]


def flows_text(figures=None):
    """Make three buyers' months of two goods from Russia, as the raw file has them."""
    lines = ["period,reporter,product,hs_scope,net_wgt_kg,value_usd"]
    for i, month in enumerate(MONTHS):
        for j, area in enumerate(AREAS):
            for k, (word, code) in enumerate(GOODS.items()):
                weight = 1000 * (3 + i * (j - 0.5) + 7 * j + 2 * k)
                value = weight * (0.5 + 0.01 * i + 0.1 * k)
                lines.append(f"{month},{area},{word},{code},{weight:.0f},{value:.2f}")
    return "\n".join([*lines, *(figures or ())]) + "\n"


EUROS = """REPORTER,PARTNER,PRODUCT,FLOW,PERIOD,VALUE_EUR,QUANTITY_KG
DE,RU,2709,1,202101,100,50
DE,RU,2709,1,202102,230,100
"""
RATES = "month,series,value,n_days,statistic,source,flag\n" + "".join(
    f'{month},usd_per_eur,{rate},20,mean of daily rates,"ECB euro reference rates, '
    'eurofxref-hist.csv (cross rate via EUR where not EUR-based)",\n'
    for month, rate in (("2021-01", 1.25), ("2021-02", 1.5))
)
CLAIMS = """claim_id,section,claim,figure,unit,period,secondary_source_url,publication_date,reproducible_from
A1,x,"Invented, of half a year",12,USD,2021-01..2021-06,x,2023-07-27,x
"""  # noqa: E501
SOURCES = {
    "flows": {**maps.tidy("comtrade_energy_imports_from_russia"), "text": flows_text()},
    "euros": maps.tidy("comext_energy_imports_2019_2021") | {"text": EUROS},
    "fx": {**maps.tidy("fx_monthly"), "text": RATES, "address": "https://example.org/rates"},
    "report": {**maps.tidy("odni_claims", repeats=None), "text": CLAIMS},
}


@pytest.fixture
def project(make_root):
    """Build a project of the invented sources, with changes, and return its folder."""

    def make(**changes):
        root = make_root(SOURCES | {name: SOURCES[name] | keys for name, keys in changes.items()})
        tf.build(root)
        return root

    return make


@pytest.fixture(scope="module")
def built(root_maker, tmp_path_factory):
    folder = root_maker(tmp_path_factory.mktemp("built"), SOURCES)
    tf.build(folder)
    return folder


@pytest.fixture
def root(built, tmp_path, monkeypatch):
    folder = shutil.copytree(built, tmp_path / "project")
    monkeypatch.setenv("TRADEFLOWS_ROOT", str(folder))
    return folder


def crude(**filters):
    return tf.read(**{"source": "flows", "product": "2709", "reporter": list(AREAS)} | filters)


def both():
    return tf.read(source="flows", product=["2709", "2710"], reporter=list(AREAS))


def euros():
    return measures.convert(tf.read(source="euros"), tf.read("rates", base="EUR", quote="USD"))


def moved(frame):
    return measures.displacement(frame, KG, "CHN", ["IND", "TUR"], "2021", "2022")


def yearly(frame):
    return measures.total(frame, KG, ["reporter_iso"], start="2021-01", end="2021-03")


OWN = {"reporter_iso": "CHN", "ref_period": pd.to_datetime(["2021-01"]), "n_months": [3]}
OWN |= {KG: [1e6], "flow_code": "M"}
QUARTERS = [(f"{year}-01", f"{year}-03") for year in (2021, 2022)]
WINDOWS = {"a": ("2021", "2022"), "b": ("2021-01", "2022-03")}
EVERY = {  # each measure by its name, and some after others
    "total": lambda: measures.total(crude(), [KG, USD], ["reporter_iso"], every=3),
    "share": lambda: measures.share(
        crude(),
        measures.total(both(), KG, ["reporter_iso"], ["cmd_code"], every=1),
        KG,
        by=["reporter_iso"],
    ),
    "rest": lambda: measures.rest(
        measures.total(both(), KG, ["reporter_iso"], ["cmd_code"], every=1),
        crude(),
        KG,
        by=["reporter_iso"],
    ),
    "yoy": lambda: measures.yoy(crude(), KG),
    "growth": lambda: measures.growth(crude(), KG, 2022, 2021),
    "difference": lambda: measures.difference(
        yearly(crude(reporter="CHN")), yearly(crude(reporter="IND")), KG
    ),
    "difference month by month": lambda: measures.difference(
        crude(), crude(reporter="IND"), KG, by=["ref_period"]
    ),
    "mean": lambda: measures.mean(crude(), KG, by=["reporter_iso"]),
    "displacement": lambda: moved(crude()),
    "displacement_over": lambda: measures.displacement_over(
        crude(), KG, "CHN", ["IND", "TUR"], WINDOWS
    ),
    "unit_value": lambda: measures.unit_value(crude()),
    "price_quantity": lambda: measures.price_quantity(
        both().query("reporter_iso == 'IND'"), USD, KG, *QUARTERS
    ),
    "price and quantity, apart": lambda: measures.price_quantity(
        both()
        .query("reporter_iso == 'IND'")
        .assign(flags=lambda frame: frame["cmd_code"].map({"2709": "", "2710": "estimated"})),
        USD,
        KG,
        *QUARTERS,
    ),
    "shares": lambda: measures.shares(crude(), KG, of="reporter_iso"),
    "hhi": lambda: measures.hhi(yearly(crude()), KG, of="reporter_iso"),
    "shares in a whole": lambda: measures.shares(within(), KG, of="who", whole="all"),
    "hhi in a whole": lambda: measures.hhi(within(), KG, of="who", whole="all", member="one"),
    "index_to_base": lambda: measures.index_to_base(crude(), KG, "2021-01"),
    "barrels_per_day": lambda: measures.barrels_per_day(yearly(crude())),
    "gap": lambda: measures.gap(crude(), crude(reporter="CHN"), KG),
    "convert": euros,
    "from_dollars": lambda: measures.from_dollars(
        euros(), tf.read("rates", base="EUR", quote="USD")
    ),
    "sum of converted": lambda: measures.total(euros(), USD),
    "convert what is partly given": lambda: measures.convert(
        measures.stack({"a": crude(reporter="CHN"), "b": euros().drop(columns=["rate"])}),
        tf.read("rates", base="EUR", quote="USD"),
    ),
    "per_month": lambda: measures.per_month(tf.read("figures")),
    "stack": lambda: measures.stack({"a": yearly(crude()), "b": crude(reporter="IND")}),
    "baskets": lambda: measures.baskets(
        both().query("reporter_iso == 'TUR'"),
        KG,
        {"one": ["2709"], "two": ["2709", "2710"]},
        every=3,
    ),
}


def within():
    """Make two of three buyers, and all three as the whole that they are part of."""
    sums = {
        name: measures.total(
            crude(reporter=codes),
            KG,
            over=["reporter_iso"] * (name == "all"),
            start="2021-01",
            end="2021-03",
        )
        for name, codes in (("one", "CHN"), ("two", "IND"), ("all", list(AREAS)))
    }
    return measures.stack(sums, "who").drop(columns="reporter_iso")


def columns_of(result):
    """Every column that a measure explained, or the one that `stack` passed on."""
    made = lineage.lineage_of(result)
    return list(made.formulas) or [KG]


# --- every measure --------------------------------------------------------------------------------


RAW_COLUMN = {
    "flows": {"kg": KG, "USD": "value_usd"},
    "fx": {"USD": "value"},
    "euros": {"kg": "QUANTITY_KG", "EUR": "VALUE_EUR"},
    "report": {"USD": "figure"},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY)
def test_lines_come_to_the_number(root, name):
    result = EVERY[name]()
    for column in columns_of(result):
        if result[column].isna().all():
            continue
        terms = trace(result, column)
        shown = result.dropna(subset=column)
        for label, one in terms.groupby("row"):
            again = by_hand(root, one)
            assert again == pytest.approx(shown.at[label, column], rel=1e-12, abs=1e-12)
            assert recombine(one, one["formula"].iloc[0]) == pytest.approx(again, rel=1e-14)
        constant = column == "rate"  # of dollars it is 1, whatever any line says
        assert set(terms["row"]) == set(shown.index) or constant


def recombine(terms, formula):
    """Compute a number again from the terms of one row and their formula."""
    return lineage.evaluate(formula, terms.groupby("role")["value"].agg(math.fsum).to_dict())[0]


def by_hand(root, terms):
    """Compute a number from the raw files alone, without anything of the package."""
    sums = {}
    for term in terms.itertuples():
        lines = (root / term.path).read_text(encoding="utf-8").splitlines()
        assert lines[term.line - 1] == term.text
        (cells,) = csv.DictReader([lines[0], term.text])
        value = float(cells[RAW_COLUMN[term.source_id][term.unit]])
        assert value == term.value
        sums[term.role] = sums.get(term.role, 0.0) + value
    names = {"__builtins__": {}, "sum": math.fsum, "max": max, "log": math.log, "exp": math.exp}
    return eval(terms["formula"].iloc[0], names, sums)


# --- what is shown --------------------------------------------------------------------------------


def test_trace_of_a_frame_as_read(root):
    frame = crude(reporter="IND").iloc[[1]]
    (term,) = trace(frame, KG).to_dict("records")
    assert term == {
        "row": frame.index[0],
        "formula": KG,
        "role": KG,
        "value": 10500.0,
        "unit": "kg",
        "sign": 1,
        "source_id": "flows",
        "source_row": 9,
        "source_field": "",
        "path": "data/raw/demo/flows.csv",
        "line": 10,
        "text": "2021-02,IND,crude_oil,2709,10500,5355.00",
        "publisher": "Office of Invention",
        "address": "Made up for a test.",
        "declared_zero": False,
        "ref_period": "2021-02",
        "raw_column": "net_wgt_kg",
    }


def test_trace_has_signs(root):
    growth = trace(measures.growth(crude(), KG, 2022, 2021))
    assert growth.groupby("role")["sign"].unique().to_dict() == {"value": [1], "base": [-1]}
    # China takes less than before, so as a new buyer it makes no difference
    frame = measures.displacement(crude(), KG, "CHN", ["IND", "TUR"], "2021", "2022")
    assert set(trace(frame, "part")["sign"]) == {1, -1}
    none = lineage.evaluate("max(0, a - b) + c", {"a": 1.0, "b": 2.0, "c": 3.0})
    assert none == (3.0, {"a": 0.0, "b": 0.0, "c": 1.0})


# --- what a user may do in between ----------------------------------------------------------------


def test_trace_after_filters_and_sorts(root):
    frame = measures.barrels_per_day(measures.total(crude(), KG, ["reporter_iso"], every=3))
    once = trace(frame).query("row == 3")
    shown = frame.sort_values("barrels_per_day").assign(mbd=1.0)[lambda each: each.index >= 2]
    again = trace(shown.drop(columns=["qualifier", "cmd_code"])).query("row == 3")
    pd.testing.assert_frame_equal(once.reset_index(drop=True), again.reset_index(drop=True))


def test_trace_of_a_changed_input(root):
    assert "made" not in measures.yoy(crude().drop(columns="source_row"), KG).attrs
    frame = crude()
    result = measures.total(frame, KG, ["reporter_iso"])
    once = trace(result)
    frame[KG] = 0.0
    frame.loc[:, "reporter_iso"] = "KOR"
    pd.testing.assert_frame_equal(trace(result), once)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (lambda f: f.iloc[::-1].reset_index(drop=True), "row 0 is 55500.0 and was 7500.0.*anew"),
        (lambda f: f.assign(reporter_iso=[*"ABC"]), "reporter_iso of row 0 is A and was CHN"),
        (lambda f: f.set_index("reporter_iso"), "gave no row 'CHN'.*trace before that"),
        (lambda f: f.assign(**{KG: np.nan}), "holds no number"),
        (lambda f: pd.concat([f, yearly(crude(reporter="IND"))]), "measures.stack"),
        (lambda f: f.drop(columns=KG), "has no column net_wgt_kg"),
        (lambda f: pickle.loads(pickle.dumps(f)), "saving lose"),
    ],
)
def test_lost_lineage_says_why(root, step, message):
    with pytest.raises(QueryError, match=message):
        trace(step(yearly(crude())), KG)
    with remembering(), pytest.raises(QueryError, match=message):
        trace(step(yearly(crude())), KG)


@pytest.mark.parametrize(
    ("frame", "column", "message"),
    [
        (lambda: crude().assign(mt=1.0), "mt", "mt is no figure of trade.*such as value_reported"),
        (lambda: crude().assign(**{KG: 1.0}), KG, "is 1.0 in the frame, and not so in record 1 of"),
        (lambda: crude().assign(source_id="nobody"), KG, "no source 'nobody'"),
        (lambda: crude(), None, "name the column to trace: net_wgt_kg or primary_value_usd or"),
        (lambda: pd.DataFrame({"x": [1.0]}), "x", "do not say which lines"),
        (
            lambda: measures.barrels_per_day(yearly(crude())).assign(mbd=1.0),
            "mbd",
            "no measure made it here.*it has barrels_per_day",
        ),
        (
            lambda: (
                measures.yoy(pd.concat([crude(), crude(product="2710")]), KG)
                .query("n_months > 0")
                .iloc[::-1]
            ),
            "yoy_pct",
            "rows share a label",
        ),
        (
            lambda: measures.share(yearly(crude(reporter="CHN")), yearly(pd.DataFrame(OWN)), KG),
            None,
            "net_wgt_kg cannot be traced",
        ),
    ],
)
def test_what_cannot_be_traced_says_why(root, frame, column, message):
    with pytest.raises((QueryError, CatalogueError), match=message):
        trace(frame(), column)


def test_lines_that_do_not_add_up(root):
    frame = crude()
    result = pd.DataFrame({"x": frame[KG]})
    lineage.record(result, {"x": Formula("2 * value", {"value": Role(frame, KG)})})
    with pytest.raises(QueryError, match=r"x of row 0 is 3000\.0, but its lines come to 6000\.0"):
        trace(result)


# --- the text of a record, by publisher -----------------------------------------------------------


def plain(records):
    """Return line, text and member of each record."""
    return {number: (each.line, each.text, each.member) for number, each in records.items()}


PACKED = gzip.compress(b'a\tb\n1\t"x\n', mtime=0)  # a name of a test, alike on all workers
NOTES = '\ufeffid,note\r\n\r\n1,"two\r\nlines"\r\n2,5" pipe\r\n3,"a ""b"""'.encode()
REPLY = '{"count": 2,\n"data" : [{"a": "é, }"},\n {"a": [2]}]}'.encode()
ODD = b"a,b\n1,\xff\n2,x\n"
# Who reads a file of a name and of these bytes, and the line and text of each record.
RECORDS = [
    (comtrade, "reply", REPLY, {1: (2, '{"a": "é, }"}'), 2: (3, '{"a": [2]}')}),
    (comtrade, "a.csv", '\ufeffa,b\n1,"Côte, d’Ivoire"\n'.encode(), {1: (2, '1,"Côte, d’Ivoire"')}),
    (comtrade, "bulk.gz.txt.gz", PACKED, {1: (2, '1\t"x')}),
    (gacc, "a.csv", "编码,金额\n27090000,俄罗斯\n".encode("gb18030"), {1: (2, "27090000,俄罗斯")}),
    (gacc, "odd.csv", ODD, {1: (2, r"1,\xff"), 2: (3, "2,x")}),
    (reading, "odd.csv", ODD, {1: (2, r"1,\xff"), 2: (3, "2,x")}),
    (
        reading,
        "notes.csv",
        NOTES,
        {1: (3, '1,"two\r\nlines"'), 2: (5, '2,5" pipe'), 3: (6, '3,"a ""b"""')},
    ),
    (reading, "notes.csv", NOTES, {2: (5, '2,5" pipe')}),
]


@pytest.mark.parametrize(("module", "name", "content", "lines"), RECORDS)
def test_a_record_has_its_line_and_text(tmp_path, module, name, content, lines):
    (tmp_path / name).write_bytes(content)
    found = plain(module.records(tmp_path / name, {*lines}))
    assert found == {number: (*line, "") for number, line in lines.items()}


@pytest.mark.parametrize(("text", "number"), [(REPLY, 3), (b'{"value": {"0": 1}}', 1)])
def test_a_reply_without_the_record(tmp_path, text, number):
    (tmp_path / "reply").write_bytes(text)
    with pytest.raises(LayoutError, match="list of data"):
        comtrade.records(tmp_path / "reply", {number})


@pytest.mark.parametrize("full", [False, True])
def test_trace_of_a_cell_of_a_cube(tmp_path, full):
    cells = "[1.50, null,\n 3e2]" if full else '{"0": 1.50, "2" :\n 3e2}'
    flags = '[null, ": ,", "p"]' if full else '{"1": ": ,", "2":"p"}'
    path = tmp_path / "cube"
    path.write_text(f'\ufeff{{"note": {{"value": [7, 8]}},\n"value": {cells}, "status": {flags}}}')
    assert plain(eurostat_energy.records(path, {1, 2, 3, 4})) == {
        1: (2, "value 0: 1.50", ""),
        2: (3, 'status 1: ": ,"', ""),
        3: (3 if full else 2, 'value 2: 3e2, status 2: "p"', ""),
    }


# --- formulas -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "formula", ["-a ** 2 / b", "log(a / b)", "max(0, a - b)", "sum([a, b ** 2, 1])"]
)
def test_formula_has_value_and_slopes(formula):
    at = {"a": 1.5, "b": 0.25}
    value, slopes = lineage.evaluate(formula, at)
    names = {"__builtins__": {}, "max": max, "sum": sum} | vars(math)
    assert value == pytest.approx(eval(formula, names, at))
    for name in at:
        moved = [lineage.evaluate(formula, at | {name: at[name] + h})[0] for h in (1e-6, -1e-6)]
        assert slopes.get(name, 0) == pytest.approx((moved[0] - moved[1]) / 2e-6, abs=1e-5)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("a +", "is no formula"),
        ("__import__('os')", "is no arithmetic"),
        ("a if a else b", "is no arithmetic"),
        ("b", "'b' is no arithmetic of a formula over a"),
        ("a / 0", "has no value"),
    ],
)
def test_what_is_no_formula_is_refused(formula, message):
    with pytest.raises(QueryError, match=message):
        recombine(pd.DataFrame({"role": ["a"], "value": [1.0]}), formula)


def test_over_zero_there_is_no_value_whatever_is_made_of_it():
    over_zero = lineage.Formula("exp(0 - 1 / a)", {"a": np.array([0.0, 1.0])})
    assert over_zero.numbers(2).tolist() == pytest.approx([math.nan, math.exp(-1)], nan_ok=True)


def test_two_statements_of_one_flow_are_no_imports_and_exports(root):
    china = crude(reporter="CHN")
    sold = china.assign(flow_code="X", reporter_iso="RUS", partner_iso="CHN")
    formulas = [
        set(tf.trace(measures.gap(china, other, KG), "ratio")["formula"]) for other in (china, sold)
    ]
    assert formulas == [{"first / second"}, {"m / x"}]
