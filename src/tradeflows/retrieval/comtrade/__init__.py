"""Live UN Comtrade: ask for a flow, get it whole, or be told exactly what is missing.

:func:`request` puts a question into the publisher's codes; :func:`plan` asks which data sets exist
and packs what is not held yet into the fewest calls that no row cap can cut off; :func:`fetch`
makes them, keeps each whole reply unedited in ``data/raw/local/comtrade`` with an entry beside it,
and checks what came. A data set's checksum and date of release are its vintage, so what is held in
the present release is never asked for again.
"""

from tradeflows.retrieval.comtrade.fetching import fetch
from tradeflows.retrieval.comtrade.packing import KEYED, PREVIEW, Limits
from tradeflows.retrieval.comtrade.planning import (
    box_of,
    cell_of,
    connect,
    covers,
    datasets,
    plan,
    release_of,
)
from tradeflows.retrieval.comtrade.questions import Call, Request, edition, request

__all__ = [
    "KEYED",
    "PREVIEW",
    "Call",
    "Limits",
    "Request",
    "box_of",
    "cell_of",
    "connect",
    "covers",
    "datasets",
    "edition",
    "fetch",
    "plan",
    "release_of",
    "request",
]
