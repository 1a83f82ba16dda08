"""Ordinary tasks of an analyst, each in one line, beside plain pandas on the raw file."""

from pathlib import Path

import pandas as pd
import pytest

import tradeflows as tf
from tradeflows import measures
from tradeflows.charts import drawn
from tradeflows.model.codelists import rows_of

RAW = Path(__file__).parents[1] / "data" / "raw"
IN_LINE = {"tf": tf, "measures": measures, "drawn": drawn}
CRUDE = "tf.read(reporter='China', partner='Russia', flow='M', product='2709', publisher='gacc')"
EXPORTS_2021 = (
    "tf.flow('all goods', 'Russia', 'countries', flow='exports', start='2021', end='2021')"
    ".by('partner', every=12)"
)
IMPORTS_2021 = EXPORTS_2021.replace("exports", "imports")


def raw(path, **where):
    """Rows of a raw file, those that have the values of `where`."""
    frame = pd.read_csv(RAW / path, dtype={"hs6": str, "hs": str, "hs8": str})
    for column, value in where.items():
        frame = frame[frame[column].eq(value)]
    return frame


def year(frame, text):
    """Rows of a year, by their period such as 2023-05."""
    return frame[frame["period"].str.startswith(text)]


def china(product="crude_oil"):
    return raw("gacc/gacc_energy_imports_from_russia.csv", product=product)


def others(reporter, product="crude_oil"):
    path = "comtrade/comtrade_energy_imports_from_russia.csv"
    return raw(path, reporter=reporter, product=product)


def exports_of(member):
    path = "eurostat/eurostat_eu_exports_to_russia_and_neighbours_2019_2024.csv"
    return raw(path, reporter=member, partner="KAZ", flow="X")


def yuan_of_exports():
    path = "cbr/cbr_settlement_currency_shares.csv"
    frame = raw(path, currency_group="CNY", flow="export")
    return frame.set_index("period")["value_pct"]


def russia_2021(flow):
    frame = raw("fts/rus_customs_trade_by_partner_2006_2021.csv", flow=flow)
    return year(frame, "2021").groupby("partner")["value_usd_million"].sum() * 1e6


# Of each task the line, the number that it shows, and the same number from the raw file.
TASKS = {
    "how much crude oil a country bought in a year": (
        "tf.flow('crude oil', 'China', 'Russia', start='2023', end='2023').by('period', every=12)",
        lambda shown: shown["value"].item(),
        lambda: year(china(), "2023")["net_wgt_kg"].sum() / 1000,
    ),
    "several buyers side by side": (
        "tf.flow('crude oil', ['EU', 'India'], 'Russia', start='2023', end='2023')"
        ".by('reporter', every=12)",
        lambda shown: shown.set_index("reporter_iso")["value"].sort_index().tolist(),
        lambda: [
            year(others(reporter), "2023")["net_wgt_kg"].sum() / 1000
            for reporter in ("EU27", "IND")
        ],
    ),
    "growth of a year on the year before": (
        f"measures.growth({CRUDE}, 'value_reported', year=2023, base=2022)",
        lambda shown: shown["growth_pct"].item(),
        lambda: (
            100
            * year(china(), "2023")["value_usd"].sum()
            / year(china(), "2022")["value_usd"].sum()
            - 100
        ),
    ),
    "the price that was paid a tonne": (
        f"measures.unit_value({CRUDE}, 'value_reported').set_index('ref_period')",
        lambda shown: shown.filter(like="per_")["2023-05-01":"2023-05-01"].iloc[0, 0],
        lambda: 1000 * year(china(), "2023-05").eval("value_usd / net_wgt_kg").item(),
    ),
    "the largest partners of a year": (
        EXPORTS_2021,
        lambda shown: shown.nlargest(3, "value")["partner_iso"].tolist(),
        lambda: russia_2021("export").nlargest(3).index.tolist(),
    ),
    "a partner's share": (
        f"measures.shares({EXPORTS_2021}, 'value').set_index('partner_iso')",
        lambda shown: shown["share_pct"]["CHN"],
        lambda: 100 * russia_2021("export")["CHN"] / russia_2021("export").sum(),
    ),
    "how concentrated the buyers are": (
        f"measures.hhi({EXPORTS_2021}, 'value')",
        lambda shown: shown["hhi"].item(),
        lambda: ((russia_2021("export") / russia_2021("export").sum()) ** 2).sum(),
    ),
    "the code of goods by a plain word": (
        "tf.products('excavators')",
        lambda shown: shown.index[0],
        lambda: "842952",
    ),
    "who was in a group": (
        "tf.areas('OPEC')",
        lambda shown: len(shown),
        lambda: (
            pd.DataFrame(rows_of("area_groups.csv"))
            .query("group == 'OPEC' and last == ''")["area"]
            .size
        ),
    ),
    "whose figures, under which licence": (
        "tf.sources('swift')",
        lambda shown: shown["rows"].item(),
        lambda: raw("swift/swift_rmb_share.csv").filter(like="_pct").count().sum(),
    ),
    "the line of the file behind a number": (
        "tf.flow('crude oil', 'India', 'Russia', start='2022-01', end='2022-01').trace()",
        lambda shown: shown["text"].item().strip(),
        lambda: ",".join(map(str, year(others("IND"), "2022-01").iloc[0])),
    ),
    "a chart, and the numbers that it shows": (
        "drawn(tf.flow('crude oil', 'China', 'Russia', start='2023', end='2023').plot())",
        lambda shown: round(shown.iloc[:, 0].sum()),
        lambda: round(sum(round(kg / 1e9, 3) for kg in year(china(), "2023")["net_wgt_kg"])),
    ),
    "the yuan's share of what Russia is paid": (
        "tf.settlement('yuan', concept='export settlement')",
        lambda shown: shown.loc[shown["ref_period"].eq("2022-12-01"), "value"].max(),
        lambda: yuan_of_exports()["2022-12"].max(),
    ),
}


@pytest.fixture
def project(embedded, monkeypatch):
    monkeypatch.setenv("TRADEFLOWS_ROOT", str(embedded))


@pytest.mark.parametrize("task", TASKS)
def test_a_task_in_one_line(task, project):
    line, number, from_the_raw_file = TASKS[task]
    shown, stated = number(eval(line, IN_LINE)), from_the_raw_file()
    texts = stated if isinstance(stated, list) else [stated]
    is_text = any(isinstance(text, str) for text in texts)
    assert shown == (stated if is_text else pytest.approx(stated, rel=1e-9))
