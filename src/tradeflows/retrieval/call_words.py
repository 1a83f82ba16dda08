"""What is asked of a publisher's service in words, for lines of progress, plans and reports."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import cache

from tradeflows.model import codes
from tradeflows.model.errors import QueryError
from tradeflows.model.periods import parse_period, window_in_words
from tradeflows.model.words import in_a_sentence

LISTING = "asking which periods are out"
FLOWS = {
    "M": ("imports", "from"),
    "X": ("exports", "to"),
    "RM": ("re-imports", "from"),
    "RX": ("re-exports", "to"),
}
GOODS = {
    "TOTAL": "all goods",
    "AG2": "goods by HS chapter",
    "AG4": "goods by HS heading",
    "AG6": "goods by HS subheading",
}


def call_in_words(
    reporters: Sequence[str],
    partners: Sequence[str],
    products: Sequence[str],
    flows: Sequence[str],
    periods: Sequence[str],
) -> str:
    """A call in a line, such as "China, imports of wheat from Russia, January 2024".

    Of a list of more than two the first, and how many more. Reporters and partners are ids of
    areas, none are all; products codes of the Harmonized System or the CN, ``TOTAL``, or a level
    such as ``AG6``; flows M, X, RM or RX; periods months such as 2024-01, or years.
    """
    ways = _few([FLOWS[flow][0] for flow in flows])
    prepositions = {FLOWS[flow][1] for flow in flows}
    preposition = prepositions.pop() if len(prepositions) == 1 else "with"
    who = _few([*map(_area, reporters)]) or "every reporter"
    partner = _few([*map(_area, partners)]) or "every partner"
    goods = _few([*map(_goods, products)])
    return f"{who}, {ways} of {goods} {preposition} {partner}, {periods_in_words(periods)}"


def cells_in_words(cells: Iterable[tuple[str, str]]) -> str:
    """Areas, by id, each with its months or years, such as "China, January to March 2024"."""
    by_area: dict[str, list[str]] = {}
    for area, period in cells:
        by_area.setdefault(area, []).append(period)
    return "; ".join(f"{_area(area)}, {periods_in_words(by_area[area])}" for area in by_area)


def periods_in_words(periods: Iterable[str]) -> str:
    """Months or years, those in a row as one: January to March 2024 and May 2024."""
    by_month = {month: period for period in sorted(periods) for month in parse_period(period)}
    firsts = [by_month[month] for month in sorted(by_month) if month - 1 not in by_month]
    lasts = [by_month[month] for month in sorted(by_month) if month + 1 not in by_month]
    return in_a_sentence([*map(window_in_words, firsts, lasts)])


def dashed(period: str) -> str:
    """A period of UN Comtrade, such as 202305, as a month: 2023-05; a year as it is."""
    return f"{period[:4]}-{period[4:]}" if period[4:] else period


def _few(names: Sequence[str]) -> str:
    """Names in a line: two, or the first and how many more."""
    named = [*dict.fromkeys(names)]
    return " and ".join(named) if len(named) < 3 else f"{named[0]} and {len(named) - 1} more"


def _area(area: str) -> str:
    """The name of an area; what is no id stays as it is."""
    return "the world" if area == codes.WORLD else codes.name_or_code(area)


@cache
def _goods(code: str) -> str:
    """A word, or else the name in one piece, that is of these goods first; else their code."""
    words = [word for word, listed in codes.product_words().items() if listed[0] == code]
    name = codes.plain_product_name(code)
    with suppress(QueryError):
        if name and "," not in name and codes.product(name)[0] == code:
            words.insert(0, name)
    return GOODS.get(code) or [*words, f"{'HS' if len(code) < 7 else 'CN'} {code}"][0]
