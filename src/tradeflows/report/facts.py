"""What a notebook's own objects say of themselves, kept beside their pictures for the report.

In a kernel of the report, :func:`hook` lets a list of sources and cards of claims put their facts
beside what they show; the notebook that is committed never holds them.
"""

from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode

MIME = "application/vnd.tradeflows.facts+json"


def hook(shell: Any) -> None:
    """Let the kernel's `shell` keep the facts of what it shows."""
    formatter = shell.display_formatter.mimebundle_formatter
    formatter.for_type_by_name("pandas", "DataFrame", of_table)
    formatter.for_type_by_name("tradeflows.report.claim_cards", "Cards", of_cards)


def of_table(table: Any, **_: Any) -> dict[str, Any]:
    """The claims that rest on each source, of what ``charts.sources`` lists; else nothing."""
    if table.index.name != "source_id" or "claims" not in table:
        return {}
    return {MIME: {"sources": table["claims"].to_dict()}}


def of_cards(cards: Any, **_: Any) -> dict[str, Any]:
    """The ids of the claims that `cards` show."""
    return {MIME: {"cards": [verdict.claim.id for verdict in cards.verdicts]}}


def _kept(notebook: NotebookNode) -> Iterator[dict[str, Any]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            yield output.get("data", {}).get(MIME, {})


def facts(notebook: NotebookNode) -> dict[str, Any]:
    """``sources`` (claims by id) and ``cards`` (ids) of a notebook that ran with :func:`hook`."""
    sources: dict[str, str] = {}
    cards: list[str] = []
    for kept in _kept(notebook):
        sources |= kept.get("sources", {})
        cards += kept.get("cards", [])
    return {"sources": sources, "cards": cards}


def sources_used(notebook: NotebookNode) -> dict[str, str]:
    """The claims that rest on each source, by its id."""
    used: dict[str, str] = facts(notebook)["sources"]
    return used
