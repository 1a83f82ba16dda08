"""Declared zeros: what an absent row stands for, over invented soybean flows."""

import json

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pytest
from comtrade_twin import envelope, row

import tradeflows as tf
from tradeflows import catalogue, measures, tables
from tradeflows.model.absence import DECLARED
from tradeflows.model.errors import CatalogueError, QueryError
from tradeflows.tables.trace import trace
from tradeflows.tables.zeros import declared

USD, KG = "primary_value_usd", "net_wgt_kg"
CHINA, USA, BRAZIL, WORLD = "156", "842", "76", "0"
ALONG_PARTNERS = {"along": "partner_iso", "reporter": "CHN", "from": "2017-01", "until": "2018-12"}
MONTHS = [f"{year}{month:02d}" for year in (2017, 2018) for month in range(1, 13)]
WORTH = {month: 100.0 if month < "2018" else 60.0 for month in MONTHS}


def one(month, partner, code, value):
    none = {"qtyUnitCode": -1, "qty": None, "qtyUnitAbbr": "N/A", "classificationCode": "H5"}
    return row(CHINA, month, partner, code, "M", value=value, netWgt=2 * value, **none)


def beans(of_others=(BRAZIL, WORLD)):
    """Rows of China's imports by partner; the American one of a month is absent."""
    cells = [(month, partner) for month in MONTHS for partner in (USA, *of_others)]
    some = [cell for cell in cells if cell != ("201811", USA)]
    return [one(month, partner, "120190", WORTH[month]) for month, partner in some]


@pytest.fixture
def project(make_root):
    """Build a project of one Comtrade reply, with what its entry declares."""

    def build(rows, absent=(ALONG_PARTNERS,)):
        text = envelope(rows).decode()
        entry = {"table": "trade", "cleaner": "comtrade.clean", "text": text}
        root = make_root({"beans": entry | {"absent": list(absent)}})
        tf.build(root)
        return root

    return build


def ask(root, partner="USA", **window):
    return tf.read(reporter="CHN", partner=partner, product="120190", flow="M", root=root, **window)


def zeros_of(frame):
    """The declared zeros among the rows of an answer, by partner and month."""
    zeros = frame[frame["flags"].eq(DECLARED)]
    return [*zip(zeros["partner_iso"], zeros["ref_period"].dt.strftime("%Y%m"), strict=True)]


def test_growth_counts_a_declared_zero(project):
    frame = ask(project(beans()))
    assert zeros_of(frame) == [("USA", "201811")]
    zero = frame[frame["flags"].eq(DECLARED)].iloc[0]
    assert (zero[USD], zero[KG], zero["partner_code"]) == (0, 0, USA)
    assert pd.isna(zero["qty"])  # which the file never states
    assert "1 absent row counts as 0, as beans declares: 2018-11" in frame.attrs["caveats"]
    without = ask(project(beans()), zeros=False)
    assert len(without) == 23
    assert any("left out (1 rows)" in caveat for caveat in without.attrs["caveats"])
    growth = measures.growth(frame, USD, 2018, 2017)
    assert growth[["n_months", USD]].to_numpy().tolist() == [[12, 11 * 60]]
    assert growth["growth_pct"].item() == pytest.approx(100 * (660 / 1200 - 1))
    # A growth is of a window, so that below another it needs no period.
    assert len(measures.stack({"one": growth, "two": growth})) == 2


def test_a_zero_is_of_the_goods_asked_for(project):
    cells = [("201811", "100199"), ("201812", "120190"), ("201812", "100199")]
    none = {"qtyUnitCode": -1, "qty": None, "qtyUnitAbbr": "N/A"}
    rows = [row(CHINA, month, USA, code, "M", **none) for month, code in cells]
    root = project(rows, [{"along": "cmd_code", "from": "2018-01", "until": "2018-12"}])
    asked = {"reporter": "CHN", "partner": "USA", "flow": "M", "root": root}
    none = tf.read(product="120190", start="2018-11", end="2018-11", **asked)
    assert none[["cmd_code", "flags"]].to_numpy().tolist() == [["120190", DECLARED]]
    with pytest.raises(QueryError):  # all goods together are no zero, since some were traded
        tf.read(product="TOTAL", **asked)


def test_a_world_that_somebody_added_up_is_no_evidence(project):
    root = project(beans(of_others=(WORLD,)))
    source = catalogue.load(root)["beans"]
    rows = tables.stored(root, "trade").to_table()
    assert len(declared(source, rows)) == 1
    is_world = pc.equal(rows["partner_iso"], "W00")
    flags = pc.if_else(is_world, "derived", rows["flags"])
    rows = rows.set_column(rows.column_names.index("flags"), "flags", flags)
    assert len(declared(source, rows)) == 0


def test_a_file_of_one_period_names_its_cells_elsewhere(project):
    rows = beans(of_others=(BRAZIL,))
    rows = [line for line in rows if line["period"] == "201712"]
    seed = [line | {"cmdCode": SEED} for line in rows if line["partnerCode"] == int(BRAZIL)]
    asked = {"reporter": "CHN", "product": SEED, "flow": "M", "root": project(rows + seed)}
    window = {"start": "2017-12", "end": "2017-12"}
    zero = tf.read(partner="USA", **asked, **window).iloc[0]
    assert [zero[name] for name in ("partner_code", "cmd_code", USD)] == [USA, SEED, 0]
    for partner in ("USA", "ARG"):  # without a window, and of whom the file knows nothing
        with pytest.raises(QueryError, match="nothing in trade matches"):
            tf.read(partner=partner, **asked, **(window if partner == "ARG" else {}))


@pytest.mark.parametrize(("others", "partner"), [((BRAZIL, WORLD), 76), ((WORLD,), 0)])
def test_trace_shows_the_other_line_or_the_world_row(project, others, partner):
    root = project(beans(of_others=others))
    month = measures.total(ask(root), USD, start="2018-11", end="2018-11")
    (term,) = trace(month, USD, root).to_dict("records")
    assert (term["value"], term["unit"], term["declared_zero"]) == (0.0, "USD", True)
    record = json.loads(term["text"])
    assert (record["partnerCode"], record["period"]) == (partner, "201811")


SEED, GRAIN = "120110", "120190"
ALONG_GOODS = ALONG_PARTNERS | {"along": "cmd_code"}


def seed_and_grain():
    """Beans of which the seed has a row of Brazil in one month, and of the world in that."""
    return beans() + [one("201806", partner, SEED, 0.5) for partner in (BRAZIL, WORLD)]


def share_of_brazil(root, absent="unknown"):
    """The share of Brazil by weight in 2018 over both codes, in per cent."""
    asked = {"reporter": "CHN", "product": "1201", "flow": "M", "root": root}
    asked |= {"start": "2018", "end": "2018"}
    part, whole = (tf.read(partner=partner, **asked) for partner in ("BRA", "W00"))
    sums = [measures.total(f, KG, over=["cmd_code"], absent=absent) for f in (part, whole)]
    return measures.share(*sums, KG)["share_pct"].item(), sums[1]["missing"].item()


def test_a_world_of_two_codes(project):
    # A declaration along partners says nothing of a world's month without a row of one code.
    root = project(seed_and_grain())
    share, missing = share_of_brazil(root)
    assert np.isnan(share)
    assert missing == "2018-01 to 2018-05, 2018-07 to 2018-12"
    assert share_of_brazil(root, absent="zero") == (pytest.approx(100), "")
    both = project(seed_and_grain(), absent=(ALONG_PARTNERS, ALONG_GOODS))
    assert share_of_brazil(both) == (pytest.approx(100), "")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"along": "partner"}, "absent along 'partner'"),
        ({"from": "2019"}, "absent: the end 2018-12 is before the start 2019"),
        ({"product": "1201"}, "absent: no key .product. exists"),
        ({"until": 2018}, "absent: each: until must be text, not 2018; write it as"),
    ],
)
def test_a_wrong_declaration(project, change, message):
    entry = ALONG_PARTNERS | change
    with pytest.raises(CatalogueError, match=message):
        project(beans(), absent=[entry])
