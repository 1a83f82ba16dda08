"""The ledger: what was claimed, how it can be read, and the verdict that follows by rule.

A ledger is a TOML file. A claim has a statement in our own words, a figure, how far it was printed,
what it asks and what its words leave open, and one or more readings: a question to
:func:`tradeflows.read`, then measures. The rule (:mod:`tradeflows.claims.verdict_rule`):

* a reading is *as stated* where its keys are the claim's, an *alternative* where it differs only in
  what the words leave open, a *bound* where it is declared as one, *in print* where somebody else
  printed it, and else *another concept*;
* a bound that refutes decides first; then what is as stated, the office's own release before all;
  then the alternatives. Another concept and a printed figure decide nothing;
* the tolerance is the printed step, and apart from it the band: how far the releases of one office
  are apart;
* what covers less than its window, or rests on estimated quantities, decides nothing.
"""

from tradeflows.claims.describe import (
    EXACT,
    as_json,
    chosen,
    explain,
    figure_of,
    finding,
    is_near,
    line,
    mark,
    miss,
    overview,
    revision,
    rounding,
    sentence,
    short,
    signed,
    signs,
    sizes,
    table,
    tally,
    terms,
    verdict_rows,
    why,
)
from tradeflows.claims.evaluate import (
    Judgement,
    ReadingResult,
    Verdict,
    evaluate_all,
    evaluate_claim,
    judge,
    verdicts,
)
from tradeflows.claims.ledger import (
    REASONS,
    Claim,
    Ledger,
    Reading,
    has_ledger,
    load,
    named,
    path,
    read_ledger,
    sentences,
)
from tradeflows.claims.verdict_rule import (
    CONTRADICTED,
    DEPENDS,
    DIFFERS,
    GROUPS,
    HOLDS,
    HOLDS_WITHIN_REVISIONS,
    NOT_DECIDED,
    NOT_TESTED,
    VERDICTS,
    is_small,
)
from tradeflows.model.periods import month_words
from tradeflows.model.units import amount, in_percent

__all__ = [
    "CONTRADICTED",
    "DEPENDS",
    "DIFFERS",
    "EXACT",
    "GROUPS",
    "HOLDS",
    "HOLDS_WITHIN_REVISIONS",
    "NOT_DECIDED",
    "NOT_TESTED",
    "REASONS",
    "VERDICTS",
    "Claim",
    "Judgement",
    "Ledger",
    "Reading",
    "ReadingResult",
    "Verdict",
    "amount",
    "as_json",
    "chosen",
    "evaluate_all",
    "evaluate_claim",
    "explain",
    "figure_of",
    "finding",
    "has_ledger",
    "in_percent",
    "is_near",
    "is_small",
    "judge",
    "line",
    "load",
    "mark",
    "miss",
    "month_words",
    "named",
    "overview",
    "path",
    "read_ledger",
    "revision",
    "rounding",
    "sentence",
    "sentences",
    "short",
    "signed",
    "signs",
    "sizes",
    "table",
    "tally",
    "terms",
    "verdict_rows",
    "verdicts",
    "why",
]
