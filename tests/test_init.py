"""A new project is made, and every verb works in it."""

import tomllib

import pytest
from maps import WHEAT_MAP

from tradeflows import claims, cli
from tradeflows.claims.ledger import VERSION
from tradeflows.report import new_project, notebooks, pages

EXPORTS = "month,usd\n" + "".join(f"2023-{month:02},2e8\n" for month in range(1, 13)).replace(
    "2e8", "200000000"
)


@pytest.fixture
def root(new_project):
    """Make a project, and stand in it."""
    return new_project("wheat_prices")


def test_a_new_project_is_checked(root, capfd):
    made = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    assert made == set(new_project.FILES)
    assert 'title = "Wheat prices"' in (root / "project.toml").read_text()
    assert cli.main(["build"]) == 0
    assert cli.main(["accept"]) == 0
    assert cli.main(["check"]) == 0
    assert "01_first_look.ipynb: 2 passed" in capfd.readouterr().out


NO_FILE = "no file is catalogued yet; next: `tradeflows add FILE`, or "
NOTHING = {
    "sources": NO_FILE,
    "doctor": NO_FILE,
    "claims": "data/claims.toml; next: write one there, as the head of a new ledger shows",
    "diff comext": "no figure of comext differs between two releases that are held here; next: ",
    "rows trade month=2023-05": "trade has no row yet; next: `tradeflows add FILE`, then `trade",
}


def test_a_table_of_nothing_says_what_is_next(root, capfd):
    assert cli.main(["build"]) == 0
    for verb, said in NOTHING.items():
        capfd.readouterr()
        cli.main(verb.split())
        out, err = capfd.readouterr()
        assert (out or err).count("\n") == 1
        assert said in (out or err).replace("\\", "/")


def test_a_new_project_has_a_report_before_it_has_a_file(root, capfd):
    assert cli.main(["build"]) == 0
    assert cli.main(["claims"]) == 0
    assert "no claim yet in" in capfd.readouterr().out
    assert cli.main(["report"]) == 0
    steps = [line.rsplit(":")[0] for line in capfd.readouterr().err.splitlines()]
    pages = ["01_first_look.ipynb", "writing 01_first_look.html"]
    assert steps == ["running the notebooks", "judging the claims", *pages]
    page = (root / "report" / "index.html").read_text()
    assert "<h1>Wheat prices</h1>" in page
    assert "What is held here?" in page
    assert "ledger.html" not in page


def example_of(ledger):
    """The head of a new ledger, and the claim that it shows, between two countries."""
    head, start, example = ledger.read_text(encoding="utf-8").partition("# [claim.")
    lines = [line.removeprefix("# ") for line in (start + example).splitlines()]
    return head, "\n".join(lines).replace('"A"', '"USA"').replace('"B"', '"EGY"')


def test_the_example_of_a_claim_is_right(root, capsys, monkeypatch):
    monkeypatch.setattr(pages, "run", lambda paths, *_: [*map(notebooks.load, paths)])
    ledger = root / "data" / "claims.toml"
    head, text = example_of(ledger)
    ledger.write_text(head + text, encoding="utf-8")
    (root / "exports.csv").write_text(EXPORTS, encoding="utf-8")
    (root / "map.toml").write_text(WHEAT_MAP, encoding="utf-8")
    assert cli.main(["add", "exports.csv", "--map", "map.toml", "--commit"]) == 0
    [verdict] = claims.verdicts(root=root)
    assert verdict.verdict == "holds"
    assert tomllib.loads(head)["version"] == VERSION
    assert cli.main(["report"]) == 0
    page = (root / "report" / "index.html").read_text(encoding="utf-8")
    assert "The questions behind the claims" not in page, "a starter without a claim is behind none"
    assert page.index("More pages</h2>") < page.index("What is held here?")
    capsys.readouterr()
    assert cli.main(["trace", verdict.claim.id]) == 0
    assert "2023-12,200000000" in capsys.readouterr().out
    raw = root / "data" / "raw" / "office" / "exports.csv"
    raw.write_bytes(raw.read_bytes().replace(b"2023-12,2", b"2023-12,3"))
    assert cli.main(["claims"]) == 1
    said = capsys.readouterr()
    assert "holds" in said.out
    [line] = said.err.splitlines()
    assert line.startswith("tradeflows: exports: its raw file is changed since the build, and the")


def test_a_wrong_claim_stands_beside_the_others(root, capsys):
    """In all verbs that judge: its line, the others' verdicts, and status 1."""
    ledger = root / "data" / "claims.toml"
    head, text = example_of(ledger)
    later = text.replace("C01", "C02").replace("2023", "2024")
    ledger.write_text(f"{head}{text}\n{later}\n", encoding="utf-8")
    (root / "exports.csv").write_text(EXPORTS, encoding="utf-8")
    (root / "map.toml").write_text(WHEAT_MAP, encoding="utf-8")
    (root / "notebooks" / "01_first_look.ipynb").unlink()
    assert cli.main(["add", "exports.csv", "--map", "map.toml", "--commit"]) == 0
    for verb in ("accept", "check", "report", "claims"):
        capsys.readouterr()
        assert cli.main([verb]) == 1
        said = capsys.readouterr()
        wrong = "claim C02, reading 'wheat, as the seller reports it': must give one number"
        assert wrong in said.out + said.err
    assert "C01,holds" in (root / "data" / "verdicts.csv").read_text()
    page = (root / "report" / "ledger.html").read_text()
    assert 'id="C01"' in page
    assert 'id="C02"' not in page


def test_a_quotation_mark_is_refused(tmp_path, capsys):
    assert cli.main(["init", str(tmp_path / 'a"b')]) == 2
    assert "no quotation mark" in capsys.readouterr().err


def test_a_project_of_another_is_never_emptied(tmp_path):
    there = tmp_path / "wheat"
    there.mkdir()
    (there / "theirs.txt").write_text("kept", encoding="utf-8")
    assert cli.main(["init", str(there)]) == 2
    assert (there / "theirs.txt").read_text(encoding="utf-8") == "kept"


@pytest.mark.parametrize("is_there", [False, True])
def test_a_file_that_is_refused_makes_and_lists_nothing(tmp_path, capsys, is_there):
    root, file = tmp_path / "wheat", tmp_path / "wheat.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    if is_there:
        root.mkdir()
    assert cli.main(["init", str(root), str(file)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "wheat.csv: expected a file of one publisher" in said.err
    assert root.exists() == is_there
    assert not is_there or not [*root.iterdir()]
