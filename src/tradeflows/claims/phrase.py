"""What a claim asks, in one phrase: "weight of soybeans, China from Brazil, 2019".

A phrase has a measure of goods, who traded with whom, and when; commas part the three. Its words
for goods and areas are those that :func:`tradeflows.flow` takes, the project's own among them.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tradeflows.claims.questions import WORLD
from tradeflows.claims.word_lists import Table, word_list
from tradeflows.model import codes
from tradeflows.model.errors import LedgerError, QueryError, nearest
from tradeflows.model.periods import FORMS, month_of, month_text
from tradeflows.retrieval import own_words

Window = tuple[str, str]

AMOUNTS = ("weight", "value", "volume", "number")
PRICE, BARRELS, MONTHLY, RECORD = "unit value", "barrels a day", "a month", "record"
SHARE, GROWTH, CHANGE, LEAD, RANK = "share", "growth", "change", "lead", "rank"
POINTS = "change of share"
SHARES, CHANGES, PLACED = (SHARE, POINTS), (GROWTH, CHANGE, POINTS), (LEAD, RANK)
KIND_ROWS: Mapping[str, Table] = word_list("phrase")["kinds"]
PATTERNS = {kind: row["pattern"] for kind, row in KIND_ROWS.items()}  # how such a phrase is written
SHARED = (*SHARES, *PLACED)  # kinds of one partner among several
ALIKE = {"difference": CHANGE, "price": PRICE, "barrels per day": BARRELS}
PLACES = re.compile("WHEN BEFORE|WHEN|WHOM ELSE|WHOM|WHO|GOODS|World|all|weight|from|imports")
ALL = "all"  # those among whom a lead or a rank is
KINDS = (*AMOUNTS, *(kind for kind in PATTERNS if kind not in ("", MONTHLY)))
HEAD = re.compile(
    r"(?:(?P<alone>unit value|price|barrels (?:a|per) day) of |"
    r"(?P<kind>(?:change of )?share|growth|change|difference|lead|rank|record) (?:(?:of|by|in) )?)?"
    r"(?:(?P<amount>weight|value|volume|number)(?P<monthly> a month)? of )?"
    r"(?P<goods>.+?)(?: as (?P<level>.+))?",
    re.IGNORECASE,
)
WHEN = r"(?P<when>[^,]+?)(?: on (?P<base>[^,]+))?(?:, since (?P<since>[^,]+))?"
MEASURED = re.compile(rf"(?:{'|'.join((*KINDS, *ALIKE))})(?= (?:of|by)\b)", re.IGNORECASE)
PLAIN = re.compile(rf"(?P<who>[^,]+?) (?P<way>from|to|with) (?P<whom>[^,]+), {WHEN}", re.I)
MEMBER = re.compile(
    r"(?P<whom>[^,]+?) (?:in|over|among) (?P<among>[^,]+), "
    rf"(?P<who>[^,]+?)(?:['’]s|(?<=s)['’]) (?P<way>imports|exports|trade), {WHEN}",
    re.IGNORECASE,
)
# By flow, the words for it: between two sides, and of one of them.
WAYS = {"M": ("from", "imports"), "X": ("to", "exports"), "MX": ("with", "trade")}
FLOWS = {word: flow for flow, words in WAYS.items() for word in words}
GAS = "G3"  # codes of gas that is counted by volume begin with it
MONEY = re.compile(r"settle|payment|currenc|yuan|renminbi|rou?ble|rupee|dollar|euro\b|yen\b", re.I)
AS_TYPED = ("month", "year", "quarter", "named month", "printed")


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """A phrase in ids.

    Attributes
    ----------
    kind, amount
        One of :data:`PATTERNS`, and of :data:`AMOUNTS`; empty where the words leave it.
    goods, level
        Codes that are asked, and those that are read in their place: a part that stands for all.
    also
        Codes that the one word for its goods has in other classifications.
    partner, among
        Whom the reporter traded with, and of a share, a lead or a rank those that it is among;
        none is all of them.
    windows, base, since
        When, each from its first to its last month or of a year; what a change compares with; from
        when on a record is one.
    """

    kind: str
    amount: str
    goods: tuple[str, ...]
    level: tuple[str, ...]
    reporter: str
    flow: str
    partner: tuple[str, ...]
    among: tuple[str, ...] = ()
    windows: tuple[Window, ...]
    base: Window | None = None
    since: str = ""
    also: tuple[str, ...] = field(default=(), compare=False)

    def measure_of(self, amount: str) -> str:
        """What the ledger calls it of an amount."""
        return str(KIND_ROWS[self.kind]["measure"].format(amount))

    @property
    def quantity(self) -> str:
        """What is counted: its amount, or a price or barrels a day."""
        return self.amount or self.kind

    @property
    def times(self) -> tuple[Window, ...]:
        """Its windows, and what they compare with."""
        return (*self.windows, *([self.base] if self.base else []))


def parse(text: str, root: Path | None = None) -> Phrase:
    """The phrase that a text is.

    Raises
    ------
    LedgerError
        It is none; the message says which words are wrong, and the nearest right phrase.

    Examples
    --------
    >>> from tradeflows.claims import phrase
    >>> asked = phrase.parse("share of soybeans, Brazil in World, China's imports, 2024")
    >>> asked.reporter, asked.partner, asked.goods, asked.windows
    ('CHN', ('BRA',), ('1201',), (('2024', '2024'),))
    """
    head, _, tail = (" ".join(part.split()) for part in text.partition(","))
    kind, amount, goods, level, also = _head(head, text, root)
    said = _sides(kind, tail, text)
    [reporter, *others] = areas(said["who"], root, text)
    partner = areas(said["whom"], root, text)
    among = areas(said["among"], root, text) if said.get("among", ALL) != ALL else ()
    windows = tuple(window(part, text) for part in said["when"].split(" or "))
    ones = {
        "reporter": bool(others),
        f"member of a {kind}": kind in PLACED and len(partner) > 1,
        f"window of a {kind}": kind in (*CHANGES, RECORD) and len(windows) > 1,
    }
    for one in (name for name, is_several in ones.items() if is_several):
        raise LedgerError(f"{text!r}: a phrase has one {one}; write a line of each")
    return Phrase(
        kind=kind,
        amount=amount,
        goods=goods,
        level=level,
        reporter=reporter,
        flow=FLOWS[said["way"].lower()],
        partner=partner,
        among=among or (WORLD,) * (kind in SHARES),
        windows=windows,
        base=window(said["base"], text) if said["base"] else None,
        since=window(said["since"], text)[0] if said["since"] else "",
        also=also,
    )


def areas(words: str, root: Path | None, text: str = "") -> tuple[str, ...]:
    """The ids of areas that stand with "and" or "+" in a text, or of one with an "and"."""
    return _listed(words, known=partial(own_words.area_id, root=root), text=text, what="area")


def _sides(kind: str, tail: str, text: str) -> dict[str, str]:
    """The words of a phrase behind its goods, by what they say; of a plain one without `among`."""
    sides = MEMBER.fullmatch(tail) if kind in SHARED else PLAIN.fullmatch(tail)
    if kind in SHARES and not sides:  # "China from Brazil" is Brazil in the world
        sides = PLAIN.fullmatch(tail)
    said = {name: words or "" for name, words in sides.groupdict().items()} if sides else {}
    is_change, base = kind in CHANGES, said.get("base", "")
    if not sides or bool(base) != is_change or (said["since"] and kind != RECORD):
        raise LedgerError(
            f"{text!r}: expected {PATTERNS[GROWTH if base and not is_change else kind]!r}"
        )
    return said


def _head(
    head: str, text: str, root: Path | None
) -> tuple[str, str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The measure of a phrase, and its goods."""
    words = HEAD.fullmatch(head)
    said = "".join(filter(None, words.group("alone", "kind"))).lower() if words else ""
    if not words or not (said or words["amount"]):
        first = head.partition(" ")[0]
        known = f"expected one of {', '.join(KINDS)}, of goods, such as {PATTERNS['']!r}"
        raise LedgerError(_no("measure", first, text, KINDS, known))
    if said and not words["amount"]:
        _require_goods(said, words["goods"], text)
    said = said or MONTHLY * bool(words["monthly"])
    kind, amount = ALIKE.get(said, said), (words["amount"] or "").lower()
    if bool(words["monthly"]) != (kind == MONTHLY) or (kind == RECORD and not amount):
        raise LedgerError(f"{text!r}: expected {PATTERNS[kind]!r}")
    codes_of = partial(
        _listed, known=partial(_code, amount=amount, root=root), text=text, what="goods"
    )
    level = codes_of(words["level"]) if words["level"] else ()
    goods = codes_of(words["goods"])
    return kind, amount, goods, level, _also(goods + level, words["goods"], root)


def _require_goods(said: str, goods: str, text: str) -> None:
    """Refuse a measure of another measure, such as the growth of a unit value."""
    of = MEASURED.match(goods)
    if of:
        kind = POINTS if (said, of[0].lower()) == (GROWTH, SHARE) else ALIKE.get(said, said)
        apart = f"; or ask the {of[0]} of each time in a line of its own" * (kind != POINTS)
        known = f"there is {PATTERNS[kind]!r}{apart}"
        raise LedgerError(f"{text!r}: no measure {said} of {of[0]}; {known}")


def _code(word: str, *, amount: str, root: Path | None) -> str:
    """The first code that a word stands for; of gas by volume, that of energy statistics."""
    listed = own_words.product(word, root)
    return next((code for code in listed if (amount, code[:2]) == ("volume", GAS)), listed[0])


def _also(own: tuple[str, ...], word: str, root: Path | None) -> tuple[str, ...]:
    """The codes in other classifications of a word for goods, where one is read by itself."""
    listed = [] if own[1:] else own_words.product(word, root)
    return tuple(x for x in listed if codes.classification(x) != codes.classification(own[0]))


def _listed(words: str, *, known: Callable[[str], str], text: str, what: str) -> tuple[str, ...]:
    """What each of some words is that stand with "and" or "+"; a name may have an "and"."""
    with suppress(QueryError):
        return (known(words),)
    found = []
    for word in re.split(r" and | ?\+ ?", words):
        try:
            found.append(known(word))
        except QueryError as error:
            names = (codes.area_name(area) for area in own_words.area_words().values())
            every = [*names] if what == "area" else [*own_words.product_words()]
            fault = f"no goods {word!r}; write a word such as soybeans, or a code such as 1201"
            if MONEY.search(word):
                fault = f"{word!r} is of money, and no phrase asks what part is settled or paid in "
                fault += "a currency: let the line ask 'not for statistics'"
            fault = f"{error}" if what == "area" else fault
            raise LedgerError(_no(what, word, text, every, fault)) from error
    return tuple(found)


def _no(what: str, word: str, text: str, every: Collection[str], known: str) -> str:
    """Why a word of a phrase is none, and the phrase with the nearest word in its place."""
    close = [name for name in nearest(word, every, 1) if name != word]
    if close:
        meant = text.replace(word, close[0], 1)
        return f"no {what} {word!r} in {text!r}; did you mean {meant!r}?"
    return f"{text!r}: {known}"


def window(words: str, text: str = "") -> Window:
    """First and last month, or year, of a window such as "January to May 2023"."""
    year = (re.findall(r"\d{4}", words) or [""])[-1]
    months = []
    for part in re.split(r" ?(?:\.\.|–| to | and ) ?", words):
        dated = re.sub(r"(?<=^\d{4})(?=Q)", "-", part.upper() if part[:4].isdigit() else part)
        dated = dated if re.search(r"\d", part) else f"{part} {year}"
        periods = (FORMS[form].read(dated) for form in AS_TYPED)
        period = next((item for item in periods if item and item.first and item.months), None)
        if period is None:
            known = f"no window {part!r}; write 2023, 2023-05, May 2023 or 2021-10 to 2022-09"
            name = part.partition(" ")[0]
            raise LedgerError(_no("window", name, text, calendar.month_name[1:], known))
        first = month_of(period.first)
        months.append((first, first + period.months))
    start, end = months[0][0], months[-1][1]
    if end <= start:
        raise LedgerError(f"{words!r} in {text!r}: it ends before it begins")
    if start % 12 == 0 == end % 12:
        return f"{start // 12}", f"{end // 12 - 1}"
    return month_text(start), month_text(end - 1)


def spoken(asked: Phrase) -> str:
    """A phrase in its one plain form, in codes; :func:`parse` gives the same phrase back.

    Examples
    --------
    >>> from tradeflows.claims import phrase
    >>> phrase.spoken(phrase.parse("barrels per day of crude oil, China from Russia, March 2023"))
    'barrels a day of 2709, CHN from RUS, 2023-03'
    """
    goods, level, partner, among = (
        " + ".join(ids) for ids in (asked.goods, asked.level, asked.partner, asked.among)
    )
    windows = [" to ".join(dict.fromkeys(window)) for window in asked.times]
    said = {"weight": asked.amount, "GOODS": " as ".join(filter(None, (goods, level)))}
    said |= {"WHO": asked.reporter, "WHOM": partner}
    said |= dict.fromkeys(("World", "WHOM ELSE", ALL), among or ALL)
    said |= dict(zip(("from", "imports"), WAYS[asked.flow], strict=True))
    said |= {"WHEN": " or ".join(windows[: len(asked.windows)]), "WHEN BEFORE": windows[-1]}
    pattern = PATTERNS[asked.kind]
    if not asked.amount:
        pattern = re.sub("^.*(?= of GOODS)", asked.kind, pattern)
    return filled(pattern, said) + (f", since {asked.since}" if asked.since else "")


def filled(pattern: str, said: Mapping[str, str]) -> str:
    """A pattern of a phrase with what is said in its places; the others stay."""
    return PLACES.sub(lambda place: said.get(place[0], place[0]), pattern)
