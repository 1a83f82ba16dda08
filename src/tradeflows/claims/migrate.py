"""A ledger of an older version, rewritten for this one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tradeflows.claims.ledger import (
    NOT_FOR_STATISTICS,
    NOT_LOOKED_UP,
    NOT_PUBLIC,
    RETIRED,
    VERSION,
)
from tradeflows.model.errors import LedgerError

# What the words for an untested claim of version 2 are now.
NOT_TESTED = {
    "not a trade statistic": NOT_FOR_STATISTICS,
    "no code": NOT_FOR_STATISTICS,
    "publisher stopped": NOT_PUBLIC,
    "not public": NOT_PUBLIC,
    "not published yet": NOT_PUBLIC,
    "needs a live query": NOT_LOOKED_UP,
}
BECAUSE = "the sentence leaves it open"  # of what an older ledger left open without saying why


def migrated(ledger: Path) -> str:
    """The text of an older ledger in the spelling of this version; of this version, as it is.

    Why something is left open an older ledger did not say; it is said in general words, which its
    author may make more exact.

    Raises
    ------
    LedgerError
        It cannot be read, or has what no rewriting can keep: ``keep``, ``scale`` or ``per``.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> from tradeflows import claims
    >>> old = Path(mkdtemp(), "old.toml")
    >>> _ = old.write_text("claim.C01.reason = 'no code'", encoding="utf-8")
    >>> print(claims.migrated(old).strip())
    version = 3
    claim.C01.not_tested = "not for statistics"
    """
    import tomlkit

    try:
        text = ledger.read_text(encoding="utf-8")
        document: Any = tomlkit.parse(text)
    except (OSError, ValueError) as error:
        raise LedgerError(f"{ledger}: {error}") from error
    if document.get("version") == VERSION:
        return text
    lost = list(_lost(document))
    if lost:
        raise LedgerError(f"{ledger}: {'; '.join(lost)}")
    for claim in document.get("claim", {}).values():
        if "reason" in claim:
            claim["not_tested"] = NOT_TESTED.get(claim["reason"], claim["reason"])
            del claim["reason"]
        if claim.get("open") and "open_because" not in claim:
            claim["open_because"] = BECAUSE
            for key in _unasked(claim):
                claim["open"][key] = []
    rewritten = tomlkit.dumps(document)
    lines = rewritten.splitlines(keepends=True)
    head = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "".join([*lines[:head], f"\nversion = {VERSION}\n", *lines[head:]])


def _unasked(claim: Any) -> list[str]:
    """The open keys of which no reading has what is asked, so that those listed stand for all."""
    read = {"goods": "product"}
    asked = {
        key: {str(claim["asks"][key])} for key in claim["open"] if key in claim.get("asks", {})
    }
    given = {
        key: {
            str(item.get("read", {}).get(read.get(key, key), ""))
            for item in claim.get("reading", ())
        }
        for key in asked
        if key in ("goods", "reporter", "partner")
    }
    return [key for key, values in given.items() if not values & asked[key]]


def _lost(document: Any) -> Iterator[str]:
    """What an older ledger says and this version has not, with what to do."""
    for name, claim in document.get("claim", {}).items():
        for reading in claim.get("reading", ()):
            for key in ("keep", "scale", "per"):
                if key in reading:
                    yield f"claim {name}, reading {reading.get('name', '')!r}: {key} {RETIRED[key]}"
