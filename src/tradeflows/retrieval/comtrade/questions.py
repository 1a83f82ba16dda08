"""A question in words, and the same in UN Comtrade's codes.

A cell is one reporter and period in these codes, "156 202401".
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import product as crossed
from pathlib import Path

from tradeflows.model import codes
from tradeflows.model.errors import QueryError, near, require_text
from tradeflows.model.periods import compact, month_of, parse_period, parse_window
from tradeflows.model.words import direction
from tradeflows.publishers.comtrade import BREAKDOWNS, FLOWS
from tradeflows.retrieval import own_words
from tradeflows.retrieval.call_words import call_in_words, cells_in_words, dashed

ALL = "all"
EDITIONS = ("HS", "H0", "H1", "H2", "H3", "H4", "H5", "H6")  # as reported, and 1988 to 2022
YEARS = ("1988", "1996", "2002", "2007", "2012", "2017", "2022")  # of H0 to H6
SITE = "https://comtradeplus.un.org has it"
ELSEWHERE = (
    ("SITC", r"S[1-4S]|SITC.*", f"{SITE}, under Trade data, Goods, SITC"),
    ("BEC", r"B[45E]|BEC.*", f"{SITE}, under Trade data, Goods, BEC"),
    ("trade in services", r"EB(02|10|10S|SDMX)?|EBOPS.*|services?", f"{SITE}, under Services"),
)
# The most rows of one partner and period that a word for many products can stand for.
MOST = {"TOTAL": 1, "AG2": 100, "AG4": 1_300, "AG6": 6_000}
GOOD = r"(\d\d){1,3}|" + "|".join(MOST)

# Partners of the publisher's own list that are in no area list here: states and territories that
# were gone when the Harmonized System came, or soon after. They are asked for with the others, so
# that a row of theirs is an error with its code and not a row that nobody asked for.
GONE = re.findall(
    r"\d+",
    "80 230 457 459 461 532 582 588 590 592 647 658 698 711 717 720 835 836 849 866 868 886",
)


@dataclass(frozen=True)
class Call:
    """One call: all that its lists span."""

    reporters: tuple[str, ...]
    periods: tuple[str, ...]
    partners: tuple[str, ...]
    products: tuple[str, ...]
    flows: tuple[str, ...]

    @property
    def goods(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Products and flows, by which replies are as full as one another."""
        return self.products, self.flows

    @property
    def cells(self) -> Iterator[str]:
        """Each "reporter period" of it."""
        return map(" ".join, crossed(self.reporters, self.periods))

    def covers(self, partner: str, good: str, flow: str) -> bool:
        """Whether it asked for rows of these, reporters and periods apart."""
        is_product = not {good, f"AG{len(good)}"}.isdisjoint(self.products)
        return flow in self.flows and is_product and not {ALL, partner}.isdisjoint(self.partners)

    def __str__(self) -> str:
        """Say the call in a line; of a long list the first and how many more."""
        partners = () if ALL in self.partners else [*map(iso, self.partners)]
        reporters, periods = [*map(iso, self.reporters)], [*map(dashed, self.periods)]
        return call_in_words(reporters, partners, self.products, self.flows, periods)


@dataclass(frozen=True)
class Request(Call):
    """What is wanted, in the publisher's codes; no reporters are all of them."""

    freq: str
    classification: str = "HS"
    breakdown: str = ""


def request(
    reporter: str,
    partner: str,
    flow: str,
    products: str,
    start: str,
    end: str,
    freq: str = "M",
    *,
    classification: str = "HS",
    breakdown: str = "",
    today: date | None = None,
    root: Path | None = None,
) -> Request:
    """Turn words into the publisher's codes; each argument may list several, with commas.

    Parameters
    ----------
    reporter, partner
        ISO alpha-3 codes or names; ``all`` for every one.
    flow
        M, X, RM, RX, or ``imports``, ``exports``, ``re-imports``, ``re-exports``.
    products
        HS codes of 2, 4 or 6 digits, ``TOTAL``, or ``AG2``, ``AG4``, ``AG6`` for a whole level.
    start, end
        First and last month (``2022-01``), or year.
    classification
        ``HS`` for the edition that each reporter uses, or one, such as ``H5`` or ``HS 2017``.
    breakdown
        Of :data:`BREAKDOWNS`, by which the parts of each total are asked for beside it.

    Raises
    ------
    QueryError
        An unknown word (with the nearest), an end before the start or a period that has not come.
    """
    classification = edition(classification)
    if breakdown and breakdown not in BREAKDOWNS:
        raise QueryError(f"no break-down {breakdown!r}; one of {', '.join(BREAKDOWNS)}")
    if freq not in ("M", "A"):
        raise QueryError(f"no frequency {freq!r}; M is monthly, A annual")
    flows = tuple(map(direction, own_words.listed(flow)))
    if not {*flows} <= {*FLOWS}:
        raise QueryError(f"flow={flow!r}: imports and exports are asked for each, as M,X")
    goods: dict[str, None] = {}
    for word in own_words.listed(products):
        offered = [word.upper()] if word.upper() in MOST else own_words.product(word, root)
        if len(offered) > 1 or not re.fullmatch(GOOD, offered[0]):
            raise QueryError(
                f"{word!r} is no HS code of 2, 4 or 6 digits; name one: {', '.join(offered)}"
            )
        goods[offered[0]] = None
    return Request(
        _areas(reporter, root),
        _periods(start, end, freq, today or datetime.now(UTC).date()),
        _areas(partner, root) or (ALL,),
        tuple(goods),
        flows,
        freq,
        classification,
        breakdown,
    )


def edition(name: str) -> str:
    """The code of an edition of the HS, which its year names too: H6 of HS2022.

    Raises
    ------
    QueryError
        `name` is that of another classification, or of none.
    """
    require_text("classification", name, "H5")
    word = re.sub(r"[\s-]", "", name).upper()
    if word in EDITIONS:
        return word
    if word.startswith("HS") and word[2:] in YEARS:
        return f"H{YEARS.index(word[2:])}"
    for what, pattern, place in ELSEWHERE:
        if re.fullmatch(pattern, name.strip(), re.I | re.ASCII):
            raise QueryError(
                f"classification={name!r} is {what}: not read here, where every code is of the "
                f"Harmonized System; {place}"
            )
    raise QueryError(f"no classification {name!r}{near(name, EDITIONS)}")


def _periods(start: str, end: str, freq: str, today: date) -> tuple[str, ...]:
    """The publisher's periods from one to another; QueryError for one that has not come."""
    window = parse_window(start, end, grain="year" if freq == "A" else "month or year")
    if window[-1] > (today.year * 12 + 11 if freq == "A" else month_of(today)):
        has_begun = parse_period(end)[0] <= month_of(today)
        what = "is not over" if has_begun else "has not come"
        raise QueryError(f"{end} {what}: it is {today:%Y-%m}")
    if freq == "A":
        return tuple(f"{month // 12}" for month in window[::12])
    return tuple(map(compact, window))


def _areas(text: str, root: Path | None) -> tuple[str, ...]:
    """Every code of each area, of which one may have several (CHE is 756 and 757); none are all."""
    chosen: dict[str, None] = {}
    for word in own_words.listed(text) if text.strip().casefold() != ALL else ():
        area = own_words.area(word, root)
        own_codes = codes.codes_of(area, "comtrade")
        if not own_codes:
            is_one = codes.is_country(area)
            hint = "it has no figures of its own" if is_one else "ask for its members"
            if area == "TWN":
                hint = "ask for S19, Other Asia, which is mostly it"
            raise QueryError(f"UN Comtrade has no code for {codes.area_name(area)}; {hint}")
        chosen |= dict.fromkeys(own_codes)
    return tuple(chosen)


def known() -> dict[str, str]:
    """Every area code of the publisher with its area id."""
    return codes.area_codes("comtrade")


def iso(code: str) -> str:
    """The area id of a code, for messages."""
    return known().get(code, code)


def in_words(cells: Iterable[str]) -> str:
    """Cells for a reader, such as "China, January to March 2024; India, 2023"."""
    pairs = map(str.split, cells)
    return cells_in_words((iso(reporter), dashed(period)) for reporter, period in pairs)
