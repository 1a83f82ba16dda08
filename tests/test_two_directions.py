"""An invented file whose records state imports and exports, as some offices print them."""

import pytest

import tradeflows as tf
from tradeflows.tables import checks

COLUMNS = ["Month", "Country", "Unit", "Sold", "Sold amount", "Bought", "Bought amount"]
# Russia has no record of 2021-02, 2021-08 and 2022-05; Kazakhstan has all months.
NONE = ("2021-02", "2021-08", "2022-05")
MONTHS = [f"{year}-{month:02d}" for year in (2021, 2022) for month in range(1, 13)]
SYNTHETIC = ";".join(COLUMNS) + "\n"
SYNTHETIC += "".join(
    f"{month};{country};tons;7;1;{5 if month < '2022' else 15};2\n"
    for month in MONTHS
    for country in ("RUS", "KAZ")
    if country == "KAZ" or month not in NONE
)
FIELDS = {
    "ref_period": {"column": "Month", "form": "month"},
    "reporter_iso": "TUR",
    "partner_iso": {"column": "Country"},
    "cmd_code": "271019",
    "currency": "USD",
    "qty_unit": "none",
}
ROWS = [
    {
        "needs": side,
        "flow_code": flow,
        "valuation": valuation,
        "value_reported": {"column": side},
        "net_wgt_kg": {"column": f"{side} amount", "times": 1000},
    }
    for side, flow, valuation in (("Sold", "X", "FOB"), ("Bought", "M", "CIF"))
]
DECLARED = {"along": "partner_iso", "from": "2021-01", "until": "2022-12"}


@pytest.fixture
def project(make_root):
    """Build a project of the invented file."""

    def build(text=SYNTHETIC, absent=(DECLARED,)):
        arguments = {"columns": COLUMNS, "separator": ";", "fields": FIELDS, "rows": ROWS}
        entry = {"table": "trade", "cleaner": "tidy.clean", "arguments": arguments}
        root = make_root({"office": entry | {"text": text, "absent": list(absent) or None}})
        tf.build(root)
        return root

    return build


def test_the_evidence_of_a_zero_is_of_its_own_direction(project):
    root = project()
    asked = {"reporter": "TUR", "partner": "RUS", "flow": "M", "product": "271019"}
    frame = tf.read(**asked, root=root)
    assert set(frame.query("flags == 'declared-zero'")["valuation"]) == {"CIF"}
    terms = tf.trace(frame, "value_reported", root)
    assert set(terms["raw_column"]) == {"Bought"}
    zeros = terms[terms["declared_zero"]]
    assert sorted(zeros["ref_period"]) == sorted(NONE)
    assert zeros["text"].str.contains(";KAZ;").all()


def test_doctor_misses_no_declared_zero(project):
    def missing(root):
        return sorted(str(one).split("; ")[0] for one in checks.look(root) if one.kind == "missing")

    # Russia lacks one month, and another one is of nobody, which is no zero.
    nobody = "2022-09;RUS;tons;7;1;15;2\n2022-09;KAZ;tons;7;1;15;2\n"
    text = SYNTHETIC.replace(nobody, "")
    for month in NONE[:2]:
        text += f"{month};RUS;tons;7;1;5;2\n"
    russian = "missing: office: TUR M 271019 from RUS: {} of 24 months ({})"
    found = missing(project(text=text, absent=()))
    assert len(found) == 4  # imports and exports of both
    assert russian.format(2, "2022-05, 2022-09") in found
    early = DECLARED | {"until": "2021-12"}
    assert missing(project(text=text, absent=[early])) == found
    other = DECLARED | {"reporter": "KAZ"}
    assert missing(project(text=text, absent=[other])) == found
    found = missing(project(text=text))
    assert len(found) == 4
    assert russian.format(1, "2022-09") in found
    assert not [line for line in found if "2022-05" in line]
