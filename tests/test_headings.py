"""What a notebook says in large letters: verdicts are the ledger's, and numbers are round."""

import ast
import re
from pathlib import Path

import pytest

from tradeflows import claims
from tradeflows.report import notebooks

ROOT = Path(__file__).parents[1]
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# Words by which a heading gives a verdict. Where it counts claims, the number is checked elsewhere.
COUNTED = re.compile(
    r"\d+ (claims )?(are |is |it )?(holds?|leans? (yes|no)|differs?|depends?|not decided|"
    r"not tested|cannot be told)\b"
)
WORDS = {
    claims.HOLDS_WITHIN_REVISIONS: r"\bholds? within revisions\b",
    claims.HOLDS_BY_MEASUREMENT: r"\bholds? by measurement\b",
    claims.HOLDS: r"\bholds?(?= *(?:$|[.,;:]| and\b| but\b))",
    claims.LEANS_YES: r"\bleans? yes\b",
    claims.DEPENDS: r"\bdepends?(?= *(?:$|[.,;:]| and\b| but\b)| on (what|who)\b)",
    claims.LEANS_NO: r"\bleans? no\b",
    claims.DIFFERS: r"\bdiffers?\b(?! by)",
    claims.CONTRADICTED: r"\bcontradicted\b",
    claims.NOT_DECIDED: r"\bnot decided\b",
    claims.NOT_TESTED: r"\bnot tested\b",
}
UNTOLD = re.compile(r"\bcannot be told\b")
# Words of judgement that the ledger does not have.
OTHER = re.compile(
    r"\b(agrees?(?! within)|confirm(s|ed)?|refute[sd]?|proves?|proven|correct|wrong)\b", re.I
)


def stated(text):
    """Verdicts that `text` states, as far as it does not count them."""
    text = COUNTED.sub("", text)
    return {verdict for verdict, words in WORDS.items() if re.search(words, text)}


def groups(text, verdicts):
    """Groups of `verdicts`, with the one that `text` may name by itself."""
    untold = {"cannot be told"} if UNTOLD.search(COUNTED.sub("", text)) else set()
    return {claims.GROUPS[verdict] for verdict in verdicts} | untold


def strings(cell):
    """Text constants of a cell of code."""
    nodes = ast.walk(ast.parse(cell.source))
    return [node.value for node in nodes if isinstance(node, ast.Constant)]


def titles(cell):
    """Titles of the charts that a cell draws, as far as they are written out."""
    for node in ast.walk(ast.parse(cell.source)):
        is_title = isinstance(node, ast.keyword) and node.arg == "title"
        if is_title and isinstance(node.value, ast.Constant):
            yield node.value.value


def large(notebook):
    """Question, answer, headings and titles of charts, each with the heading it stands under."""
    question, answer = notebook.cells[0].source.split("\n\n")[:2]
    yield from (("", question), ("", answer))
    for heading in dict.fromkeys(heading for heading, _ in notebooks.walk(notebook) if heading):
        yield heading, heading
    for heading, cell in notebooks.code(notebook):
        for title in titles(cell):
            yield heading, title


def faults(notebook, ledger):
    """Texts whose verdict is not that of the claims which the code below them names."""
    named = {}
    for heading, cell in notebooks.code(notebook):
        if not notebooks.shows_cards(cell):
            named.setdefault(heading, set()).update(set(strings(cell)) & set(ledger))
    wrong = []
    for heading, text in large(notebook):
        verdicts = stated(text)
        if not groups(text, verdicts):
            continue
        ids = named.get(heading) or named.get("", set())
        known = {ledger[name] for name in ids}
        words = {claims.GROUPS[verdict] for verdict in known}  # which a heading may say as well
        here = groups(text, verdicts)
        # The answer may speak of some of the claims that the first cells name.
        is_other = here != words if heading else not here <= words
        if not verdicts <= known | words or is_other:
            wrong.append(f"{text!r}, but the ledger: {sorted(known) or 'no claim is named'}")
    return wrong


@pytest.fixture(scope="module")
def ledger(ledger_verdicts):
    rows = (row for verdict in ledger_verdicts for row in claims.verdict_rows(verdict))
    return {row["claim"]: row["verdict"] for row in rows}


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def notebook(request):
    return notebooks.load(request.param)


def test_verdicts_are_the_ledger_s(notebook, ledger):
    assert faults(notebook, ledger) == []


def test_no_other_word_of_judgement(notebook):
    assert [text for _, text in large(notebook) if OTHER.search(text)] == []


def test_three_figures_in_large_letters(notebook):
    assert [text for _, text in large(notebook) if too_exact(text)] == []


def test_three_figures_in_a_sentence(notebook):
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    prose += notebooks.findings(notebook).values()
    exact = [number for text in prose for number in too_exact(text) if "." in number]
    assert exact == []


def too_exact(text):
    """Numbers of more than three significant figures, years apart."""
    numbers = re.findall(r"\d+(?:\.\d+)?", re.sub(r"(?<=\d),(?=\d{3})", "", text))
    numbers = [number for number in numbers if not re.fullmatch(r"(19|20)\d\d", number)]
    return [number for number in numbers if figures(number) > 3]


def figures(number):
    """Significant figures of a written number: zeros at the end of a whole one are none."""
    digits = number.replace(".", "").lstrip("0")
    return len(digits if "." in number else digits.rstrip("0"))


CODES = re.compile(r"\b(EU27|CHN|RUS|IND|[ADEOPU]\d\d|HS \d+|\d{4} \d\d)\b|\w_\w")


def test_no_codes_in_large_letters(notebook):
    assert [text for _, text in large(notebook) if CODES.search(text)] == []


# --- the rules themselves -------------------------------------------------------------------------
