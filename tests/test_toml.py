"""Hostile TOML is one error of one line, in every file that is written in it."""

import pytest

from tradeflows.claims import ledger
from tradeflows.model import toml
from tradeflows.model.errors import TradeflowsError
from tradeflows.retrieval import catalogue, project

HOSTILE = {
    "2,000 brackets": f"x = {'[' * 2000}{']' * 2000}",
    "an integer of 5,000 digits": f"x = {'1' * 5000}",
    "a float of 400 digits": f"x = {'1' * 400}.0",
    "an infinite exponent": "x = 1e400",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize(
    ("file", "read"),
    [
        ("data/raw/sources.toml", catalogue.load),
        ("project.toml", project.load),
        ("data/claims.toml", lambda root: ledger.load(root / "data" / "claims.toml")),
    ],
    ids=["catalogue", "project", "ledger"],
)
def test_hostile_toml_is_one_line(tmp_path, file, read, text):
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    with pytest.raises(TradeflowsError) as refused:
        read(tmp_path)
    assert "\n" not in str(refused.value)
    assert file.rpartition("/")[2] in str(refused.value)
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize("text", [*HOSTILE.values(), "x = ", "[claim.A]"])
def test_a_hostile_claim_spoils_no_other(text):
    claims = (
        f"[claim.A]\nx = 1\n[[claim.A.y]]\nz = [\n  [2],\n]\n[claim.B]\n{text}\n[claim.C]\nx = 3"
    )
    tables = toml.loads_apart(f"version = 3\n{claims}\n[[series]]\nx = 4\n", "claim")
    wrong = "A" if "claim" in text else "B"
    assert {name for name, entry in tables["claim"].items() if isinstance(entry, ValueError)} == {
        wrong
    }
    assert tables["claim"]["C"] == {"x": 3}
    assert tables["series"] == [{"x": 4}]
    with pytest.raises(ValueError, match="Invalid value"):
        toml.loads_apart(f"x = \n{claims}", "claim")
