"""Verdicts in the field's own format: ``ClaimReview`` of schema.org, which search engines read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from tradeflows.claims import verdict_rule
from tradeflows.claims.evaluate import Verdict
from tradeflows.retrieval.catalogue import is_web_address
from tradeflows.retrieval.project import Project

# From differs, which is 1, to holds, which is 5. What cannot be told has no rating.
RATINGS = verdict_rule.PUBLIC_WORDS[-2::-1]
LEDGER = "ledger.html"
# What a ledger's author writes of where a claim stands: a day first, or an address.
DAY = re.compile(r"\d{4}(-\d\d){0,2}(?=,|$)")
ADDRESS = re.compile(r"https?://[^\s,;]+")


def claim_reviews(verdicts: Iterable[Verdict], project: Project) -> list[dict[str, Any]]:
    """Each verdict that has a rating as a ``ClaimReview``; none without the report's address.

    Parameters
    ----------
    verdicts
        As :func:`judge` gives them.
    project
        Of its ``address`` each review has a place on the web, of ``byline`` or ``title`` its
        author, and of ``date`` its day.

    Examples
    --------
    >>> from dataclasses import replace
    >>> import tradeflows as tf
    >>> from tradeflows import claims
    >>> published = replace(tf.project(), address="https://example.org/report/")
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> [review] = claims.claim_reviews([verdict], published)
    >>> review["url"], review["reviewRating"]["alternateName"]
    ('https://example.org/report/ledger.html#O08', 'Holds')
    """
    name = project.byline.removeprefix("By ") or project.title
    author = {"@type": "Organization", "name": name, "url": project.address}
    dated = {"datePublished": project.date.isoformat()} if project.date else {}
    reviews = []
    for verdict in verdicts if project.address else ():
        if verdict.group not in RATINGS:
            continue
        claim = verdict.claim
        claimed: dict[str, Any] = {
            "@type": "Claim",
            "author": {"@type": "Organization", "name": project.named(claim.who)},
        }
        printed, address = DAY.match(claim.where), ADDRESS.search(claim.where)
        day = claim.when or (printed[0] if printed else "")
        if day:
            claimed["datePublished"] = day
        if address and is_web_address(address[0]):
            claimed["appearance"] = {"@type": "CreativeWork", "url": address[0]}
        review = {
            "@context": "https://schema.org",
            "@type": "ClaimReview",
            "url": f"{project.address}{LEDGER}#{claim.id}",
            "claimReviewed": claim.statement,
            "author": author,
            "itemReviewed": claimed,
            "reviewRating": {
                "@type": "Rating",
                "ratingValue": RATINGS.index(verdict.group) + 1,
                "bestRating": len(RATINGS),
                "worstRating": 1,
                "alternateName": verdict.group.capitalize(),
                "ratingExplanation": verdict.text.why or verdict.text.sentence,
            },
        }
        reviews.append(review | dated)
    return reviews
