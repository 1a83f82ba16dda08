"""The ledger: what was claimed, how it can be read, and the verdict that follows by rule.

A ledger is a TOML file. A claim has a statement in our own words, a figure, and one part or more,
each with what it asks, what its words leave open (:mod:`tradeflows.claims.open_words`) and
readings: questions to :func:`tradeflows.read`, then measures. The rule
(:mod:`tradeflows.claims.verdict_rule`) looks at who counted: offices decide, others vote. The words
of a verdict and of a reading stand in their ``text`` (:mod:`tradeflows.claims.verdict_text`).
"""

from tradeflows.claims.claim_review import claim_reviews
from tradeflows.claims.describe import (
    as_json,
    chosen,
    explain,
    line,
    overview,
    signs,
    table,
    tally,
    terms,
    verdict_rows,
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
    NOT_LOOKED_UP,
    REASONS,
    Claim,
    Ledger,
    Reading,
    has_ledger,
    load,
    named,
    of_theme,
    path,
    read_ledger,
    sentences,
)
from tradeflows.claims.migrate import migrated
from tradeflows.claims.verdict_rule import (
    BOTH_WAYS,
    CANNOT_BE_TOLD,
    CONTRADICTED,
    DEPENDS,
    DIFFERS,
    DIFFERS_BY_MEASUREMENT,
    GROUPS,
    HOLDS,
    HOLDS_BY_MEASUREMENT,
    HOLDS_WITHIN_REVISIONS,
    IN_PART,
    LEANS_NO,
    LEANS_YES,
    NOT_DECIDED,
    NOT_TESTED,
    PUBLIC_WORDS,
    VERDICTS,
)
from tradeflows.claims.verdict_text import miss
from tradeflows.model.periods import month_words
from tradeflows.model.units import amount, in_percent

__all__ = [
    "BOTH_WAYS",
    "CANNOT_BE_TOLD",
    "CONTRADICTED",
    "DEPENDS",
    "DIFFERS",
    "DIFFERS_BY_MEASUREMENT",
    "GROUPS",
    "HOLDS",
    "HOLDS_BY_MEASUREMENT",
    "HOLDS_WITHIN_REVISIONS",
    "IN_PART",
    "LEANS_NO",
    "LEANS_YES",
    "NOT_DECIDED",
    "NOT_LOOKED_UP",
    "NOT_TESTED",
    "PUBLIC_WORDS",
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
    "claim_reviews",
    "evaluate_all",
    "evaluate_claim",
    "explain",
    "has_ledger",
    "in_percent",
    "judge",
    "line",
    "load",
    "migrated",
    "miss",
    "month_words",
    "named",
    "of_theme",
    "overview",
    "path",
    "read_ledger",
    "sentences",
    "signs",
    "table",
    "tally",
    "terms",
    "verdict_rows",
    "verdicts",
]
