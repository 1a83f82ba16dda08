"""How a reply that was cut off is noticed: by a row cap, its number of rows, or its parts' sum.

A server may stop without a word, at fewer rows than it announces. Then several replies have one
number of rows, or a whole is more than the sum of its parts.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tradeflows.publishers.comtrade import CAPS
from tradeflows.retrieval.comtrade.packing import Call, Records, most_rows, split

LEAST_CAP = 10  # rows; nobody's cap is lower, and small replies often are of one size

Rows = Counter[tuple[str, str, str]]  # of a reply, by reporter, period and partner


@dataclass(frozen=True)
class Kept:
    """A whole reply that a run asked for: its call, its entry's id and its rows."""

    call: Call
    source: str
    rows: Rows


def fills_a_cap(count: int, cap: int) -> bool:
    """Whether a reply of so many rows may lack others.

    A server may hold a lower cap than we think, so the known ones are not taken for whole.
    """
    return count >= cap or (count in CAPS and count > 500)


def suspects_among(
    replies: Sequence[Kept], records: Records, above_parts: Collection[str]
) -> list[Kept]:
    """Replies that may have been cut off, the likeliest first.

    Parameters
    ----------
    records
        How many rows the publisher has of each cell.
    above_parts
        Ids of the replies with a whole that is more than the sum of its parts.
    """
    partial = [
        reply
        for reply in replies
        if LEAST_CAP <= reply.rows.total() < most_rows(reply.call, records)
    ]
    largest = max((reply.rows.total() for reply in replies), default=0)
    of_one_size = [reply for reply in partial if reply.rows.total() == largest]
    # Of many replies two may well be of one size by chance.
    if len(of_one_size) >= max(2, len(replies) / 6):
        return of_one_size
    above = [reply for reply in partial if reply.source in above_parts]
    return [reply for reply in above if split(reply.call)]
