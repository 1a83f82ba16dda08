"""The ledger: what was claimed, how it can be read, and the verdict that follows by rule.

A ledger is a TOML file. A claim has a statement in our own words, a figure, how far it was printed,
and one or more readings: a question to :func:`tradeflows.read`, then measures. The rule:

* a claim and a reading are intervals ("$81 billion" printed to the billion is 80.5 to 81.5, "more
  than 12" is all above 12, an upper bound is all below it);
* a reading agrees where its interval lies within the claim's, disagrees where the two are apart,
  and says nothing where they overlap in part;
* all that say something agree: *reproduced*; some do: *depends on the definition*; none does: *not
  reproduced*; nobody says anything: *not testable here*, with a reason from :data:`REASONS`.

A figure that repeats the claim's own source says nothing, and figures that repeat one another
count once.
"""

from tradeflows.claims.describe import (
    as_json,
    chosen,
    explain,
    line,
    table,
    terms,
    times,
    verdict_rows,
)
from tradeflows.claims.evaluate import (
    DEPENDS,
    NOT_REPRODUCED,
    NOT_TESTABLE,
    REPRODUCED,
    ReadingResult,
    Verdict,
    evaluate_all,
    evaluate_claim,
    verdicts,
)
from tradeflows.claims.ledger import REASONS, Claim, Reading, load, named, path

__all__ = [
    "DEPENDS",
    "NOT_REPRODUCED",
    "NOT_TESTABLE",
    "REASONS",
    "REPRODUCED",
    "Claim",
    "Reading",
    "ReadingResult",
    "Verdict",
    "as_json",
    "chosen",
    "evaluate_all",
    "evaluate_claim",
    "explain",
    "line",
    "load",
    "named",
    "path",
    "table",
    "terms",
    "times",
    "verdict_rows",
    "verdicts",
]
