"""Each claim's statement beside its row of the raw figures: the words that limit it must stay."""

import csv
import re
from pathlib import Path

import pytest

from tradeflows import claims

ROOT = Path(__file__).parents[1]
# What limits a claim in its raw row, and what its statement must have for it.
LIMITING = {
    # of the figure, in its column of qualifiers
    r"qualifier: (>|.*\(>\))$": "[Mm]ore than|passed|hundreds of",
    r"qualifier: (>=|.*\(>=\)|\+)$": "[Aa]t least|or more",
    r"qualifier: ~\+?$": "[Aa]bout",
    r"qualifier: <~": "up to",
    r"qualifier: <$": "less than",
    r"qualifier: <=": "or lower|at most",
    r"qualifier: (\d+)-(\d+)M": r"\d+ to \d+ million",
    "hundreds of millions": "hundreds of millions",
    # of the goods
    "[Dd]rone parts|drones and parts": "drone parts|[Dd]rone parts",
    "incl\\. re-exported": "foreign brands that it passed on included",
    "component of body armour": "body armour",
    "CHPL 45": "list of 45",
    "CHPL 50": "list of 50",
    "civil drones": "civil drones",
    "potential military use": "potential military use",
    "Urals": "Urals",
    "pipeline gas": "pipeline gas",
    "CNC": "numerically controlled",
    "US-made/US-branded": "US make or brand",
    "crude demand": "crude demand",
    "for use in": "for use in the war",
    # of the places and the parties
    "and Belarus|BLR": "Belarus",
    "Central Asia": "Central Asia",
    r"KAZ\+KGZ": "Kazakhstan and Kyrgyzstan",
    "[Gg]lobal": "[Ww]orld's",
    "direct ": "straight",
    "via Turkey": "by way of Türkiye",
    "sanctioned": "under sanctions",
    "SOE": "state firms",
    "almost all": "almost all",
    r"one firm|imported by|bought by|LLC": "firm|buyer",
    "largest": "largest",
    "[Mm]ost important": "most important",
    # of the measure
    "imports/exports": "of exports as of imports",
    r"number, y/y": "by number",
    "share": "per cent|share|half",
    "monthly avg|monthly level": "a month",
    "[Gg]rowth of|y/y|, change|, growth": "grew|grown|fell|tripled",
    "record": "record",
    "peak": "peak",
    "not fully": "not fully",
    "because of": "because of",
    "above all": "above all",
    # of the window
    "as of March": "By March",
    "[Bb]y (March|May) 2023": "[Bb]y (March|May) 2023",
    "year to date": "year to date",
    "Jan-Sep": "January to September",
    "late 2024": "late 2024",
    "spring|autumn": "spring|autumn",
    r"~2 months before": "about two months before",
    "price cap of December 2022": "price cap of December 2022",
}


def rows():
    """The raw row of each claim as one text, by its id."""
    texts = {}
    for path in sorted((ROOT / "data" / "raw").glob("*/*.csv")):
        if not path.name.startswith(("odni_claims", "published_figures")):
            continue
        before = ""
        for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines()):
            goods = row.get("claim") or row.get("product") or ""
            before = goods if not goods.startswith("same") else f"{before}; {goods}"
            window = row.get("period") or row.get("period_start") or ""
            parts = [before, window, row.get("freq"), row.get("importer")]
            sign = row.get("qualifier") or row["unit"]
            texts[row.get("claim_id") or row["id"]] = f"{parts}\nqualifier: {sign}"
    return texts


RAW = rows()
LEDGER = claims.load(root=ROOT)
WITH_ROW = [one.id for one in LEDGER.values() if (one.cites or one.id) in RAW]


@pytest.mark.parametrize("name", WITH_ROW)
def test_limiting_words_stay(name):
    claim = LEDGER[name]
    raw = RAW[claim.cites or name]
    limits = {mark: word for mark, word in LIMITING.items() if re.search(mark, raw, re.MULTILINE)}
    lost = [mark for mark, word in limits.items() if not re.search(word, claim.statement)]
    assert lost == [], f"{claim.statement!r} against {raw!r}"


# Words that limit a claim in its source, where its raw row leaves them out or there is none.
BESIDE_THE_ROWS = {
    "O12": "about 15 per cent of China's crude demand",
    "A01": "Russian oil and of Russian gas",
    "A02": "Russian oil and less Russian gas",
    "A05": "financial infrastructure",
    "A06": "hundreds of thousands of bulletproof vests and helmets",
}


@pytest.mark.parametrize("name", BESIDE_THE_ROWS)
def test_limiting_words_that_no_row_has(name):
    assert BESIDE_THE_ROWS[name] in LEDGER[name].statement
    assert "coal" not in LEDGER[name].statement


def test_no_limit_is_idle():
    texts = [RAW[LEDGER[name].cites or name] for name in WITH_ROW]
    idle = [
        mark for mark in LIMITING if not any(re.search(mark, text, re.MULTILINE) for text in texts)
    ]
    assert idle == []
