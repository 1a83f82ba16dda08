"""An invented file whose records state imports and exports, as some offices print them."""

import pytest

import tradeflows as tf
from tradeflows import claims
from tradeflows.claims import describe
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
LEDGER = """
[claim.C01]
theme = "fuel"
core = true
statement = "Imports from Russia doubled."
claimed = { value = 100, unit = "percent", qualifier = ">" }
who = "The Rehearsal"
where = "5 February 2024"
asks = { goods = "271019", reporter = "TUR", partner = "RUS", flow = "M", \
measure = "growth of value", start = "2022", end = "2022", base = "2021" }
printed_because = "to double is to grow by 100 per cent"
[[claim.C01.reading]]
name = "imports by value"
read = { reporter = "TUR", partner = "RUS", flow = "M", product = "271019" }
steps = [["growth", { value = "value_reported", year = 2022, base = 2021 }]]
result = "growth_pct"
"""


@pytest.fixture
def project(make_root, monkeypatch):
    """Build a project of the invented file and a ledger."""

    def build(ledger=LEDGER, text=SYNTHETIC, absent=(DECLARED,), **changes):
        entry = {
            "table": "trade",
            "cleaner": "tidy.clean",
            "text": text,
            "absent": list(absent) or None,
            "arguments": {"columns": COLUMNS, "separator": ";", "fields": FIELDS, "rows": ROWS},
        }
        root = make_root({"office": entry | changes})
        (root / "data" / "claims.toml").write_text(ledger, encoding="utf-8")
        tf.build(root)
        monkeypatch.setenv("TRADEFLOWS_ROOT", str(root))
        return root

    return build


def test_the_evidence_of_a_zero_is_of_its_own_direction(project):
    root = project()
    [verdict] = claims.verdicts(root=root)
    terms = describe.terms(verdict.readings[0], root)["terms"]
    assert {term["raw_column"] for term in terms} == {"Bought"}
    zeros = [term for term in terms if term["declared_zero"]]
    assert sorted(term["ref_period"] for term in zeros) == sorted(NONE)
    assert all(";KAZ;" in term["text"] for term in zeros)
    asked = {"reporter": "TUR", "partner": "RUS", "flow": "M", "product": "271019"}
    zeros = tf.read(**asked, root=root).query("flags == 'declared-zero'")
    assert set(zeros["valuation"]) == {"CIF"}


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
