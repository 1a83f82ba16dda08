"""What a header, a title or a unit says, in the words of ``heading_words.csv``.

Nothing is guessed: a word that is in no list stays in `rest`, and a word of several meanings keeps
all of them.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import chain, product
from math import prod

from tradeflows.model import contracts
from tradeflows.model.codelists import rows_of
from tradeflows.model.periods import MONTHS

# Codes of currencies that are words of English too, and so say nothing in a header.
ENGLISH = {"ALL", "TOP", "TRY", "MAD", "CUP", "PEN", "GEL", "COP", "MOP", "SOS"}
CURRENCIES = {*contracts.CURRENCIES} - ENGLISH
SCALED = {"scale", "prefix"}
MEASURED = {"currency", "kg", "quantity", "money", "amount", "weight"}
SHORT = "k|m|b|mn|mln|mio|bn"  # prefixes that stand beside a code of a currency
APART = ("mark", "earlier")  # lists of texts that are no words of a header
UNITS = ("currency", "kg", "quantity")  # what a scale stands beside
FIELDS: Mapping[str, Collection[str]] = {  # of figures, and what headers say of them
    "value_reported": ("currency", "money", "valuation"),
    "net_wgt_kg": ("kg", "weight", "net", "gross"),
    "qty": ("quantity", "amount"),
}
NOT_AFTER, NOT_BEFORE = r"(?<![^\W\d_])", r"(?![^\W\d_])"


@cache
def words_for(says: str) -> frozenset[str]:
    """The words of ``heading_words.csv`` that say this alone, with no meaning of their own."""
    rows = (row for row in rows_of("heading_words.csv") if row["says"] == says)
    return frozenset(chain(*(row["words"].split("; ") for row in rows if not row["meaning"])))


@cache
def vocabulary() -> dict[str, dict[str, str]]:
    """What each word says: by kind its meanings, with strokes between them."""
    listed = [(*row.values(),) for row in rows_of("heading_words.csv")]
    listed += [("currency", code, code.lower()) for code in CURRENCIES]
    listed.append(("month name", "", "; ".join(filter(str.isalpha, MONTHS))))
    words: dict[str, dict[str, str]] = {}
    for says, meaning, spellings in listed:
        for word in spellings.split("; ") if says not in APART else ():
            words.setdefault(word, {})[says] = meaning
    return words


@cache
def _tokens() -> re.Pattern[str]:
    """A known word, the longest first; a number; or another word."""
    known = []
    for word in sorted(vocabulary(), key=len, reverse=True):
        is_spaced = word < "\u2e80"  # Chinese has no blanks
        start = NOT_AFTER if is_spaced and word[0].isalpha() else ""
        end = r"(?!\w)" if word[-1].isdigit() else NOT_BEFORE if word[-1].isalpha() else ""
        known.append(f"{start}{re.escape(word)}{end if is_spaced else ''}")
    return re.compile(rf"(?P<word>{'|'.join(known)})|\d+(?:[,.]\d+)*|[^\W\d_]+|/", re.IGNORECASE)


@dataclass(frozen=True)
class Heading:
    """What a text says.

    Attributes
    ----------
    text
        As it stands.
    says
        By kind of ``heading_words.csv`` the meanings of its words.
    scales
        By what it says that numbers are counted; several where a word has several meanings, none
        where it says nothing.
    rest
        Words of no list.
    """

    text: str
    says: Mapping[str, Collection[str]]
    scales: Collection[float]
    rest: Collection[str]

    @cached_property
    def field(self) -> str:
        """The field of figures that it is whole the name of; empty where it may be another."""
        kinds = self.kinds
        return next(iter(kinds)) if len(kinds) == 1 and not (self.rest or self.odd) else ""

    @property
    def kinds(self) -> list[str]:
        """The fields of figures that its words are of."""
        kinds = [field for field, of in FIELDS.items() if self.says.keys() & {*of}]
        if "amount" in self.says and not self.says.keys() & {"quantity"}:  # a quantity in kg
            kinds = [field for field in kinds if field != "qty"] or kinds
        return kinds

    @property
    def odd(self) -> str:
        """Why a column of that name is no figure of a flow; empty where it may be one."""
        return next((why for says, why in NO_FIGURES.items() if says in self.says), "")

    def factors(self, field: str) -> set[float]:
        """By what its numbers are multiplied for `field`; none where it says nothing of that."""
        of_field = {"net_wgt_kg": "kg", "qty": "quantity"}.get(field, "")
        units = {float(unit.rpartition("*")[2]) for unit in self.says.get(of_field, ())}
        pairs = product(units or {1.0}, self.scales or {1.0})
        return {prod(pair) for pair in pairs} if units or self.scales else set()

    @property
    def is_vague(self) -> bool:
        """Whether it is a value or a quantity of anything, such as a bare Value beside a unit."""
        is_value = {*self.says} & {"money", *UNITS, "valuation"} == {"money"}
        return (self.is_amount or is_value) and not self.scales

    def counted(self) -> "Heading":
        """The same of a unit: of a currency alone it is one."""
        return replace(self, scales=self.scales or ({1.0} if "currency" in self.says else ()))

    @property
    def is_amount(self) -> bool:
        """Whether it is a quantity of a unit that it does not say."""
        return self.kinds == ["qty"] and "quantity" not in self.says

    def unscaled(self) -> "Heading":
        """The same of a text that says nothing of scales and units."""
        says = {kind: of for kind, of in self.says.items() if kind not in ("kg", "quantity")}
        return replace(self, scales=(), says=says)

    def units(self) -> set[str]:
        """The units of quantities that it names."""
        return {unit.partition("*")[0] for unit in self.says.get("quantity", ())}


NO_FIGURES = {
    "part": "a price, a share, a charge or another figure that is no flow",
    "cumulated": "the year to a month",
    "gross": "a gross weight",
    "month name": "of certain months",
}


def _parted(match: re.Match[str]) -> str:
    """A prefix and a currency apart: kUSD, EURm."""
    return " ".join(match.groups()) if CURRENCIES & {*match.groups()} else match[0]


@cache
def heading(text: str) -> Heading:
    """What a header or a line says."""
    parted = re.sub(rf"\b({SHORT})([A-Z]{{3}})\b", _parted, text, flags=re.IGNORECASE)
    parted = re.sub(rf"\b([A-Z]{{3}})({SHORT})\b", _parted, parted)
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])|[\s_.]+(?!\d)", " ", parted)  # netWgt has two words
    tokens = [match[0] for match in _tokens().finditer(parted)]
    known = [vocabulary().get(word, vocabulary().get(word.lower(), {})) for word in tokens]
    says: dict[str, set[str]] = {}
    scales: set[float] = set()
    rest = []
    for at, (token, meanings) in enumerate(zip(tokens, known, strict=True)):
        near = {*chain(*known[max(at - 1, 0) : at], *known[at + 1 : at + 2])}
        factors = _factors(token, meanings, near)
        if factors:
            scales = {prod(pair) for pair in product(scales or {1.0}, factors)}
        elif token == "/" and MEASURED & {*chain(*known[:at])} and MEASURED & {*chain(*known[at:])}:
            says["part"] = set()
        elif token != "/" and meanings.keys() <= {"prefix"}:
            rest.append(token)
        for kind in meanings.keys() - SCALED:
            says.setdefault(kind, set()).update(meanings[kind].split("|"))
    return Heading(text, says, scales, rest)


def _factors(token: str, meanings: Mapping[str, str], near: set[str]) -> set[float]:
    """By what a token says that numbers are counted, beside words that say what is `near` it."""
    digits = re.sub("[,.]", "", token)
    sizes = meanings.get("scale", meanings.get("prefix", ""))
    if re.fullmatch("10+|000", digits):
        sizes = digits if digits != "000" else "1000"
    is_meant = "scale" in meanings or near & {*UNITS, *SCALED, "money"}
    return {float(size) for size in sizes.split("|")} if sizes and is_meant else set()
