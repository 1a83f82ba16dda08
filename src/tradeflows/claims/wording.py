"""Whether what a ledger says of a claim is what its words print: number, sign, unit and parts."""

from __future__ import annotations

import calendar
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from tradeflows.claims import questions
from tradeflows.claims.open_words import YEAR, Printed, numbers_in, rows_of, saying
from tradeflows.claims.verdict_rule import LOWER, UPPER, Question
from tradeflows.model import codes, units
from tradeflows.model.lineage import full_number
from tradeflows.model.periods import month_words, span, window_in_words
from tradeflows.retrieval import own_words

if TYPE_CHECKING:
    from tradeflows.claims.ledger import Claim

# What says that something rose, and that it fell.
ROSE = saying(r"\b(?:{rose}|more|higher|stepped up|doubl\w+|tripl\w+)\b")
FELL = saying(r"\b(?:{fell}|less|lower|fewer|lost|reduc\w+|halv\w+)\b")
ITS_OWN = re.compile(r"\b(?:its|their) (?:own )?(?:imports|exports|sales|purchases)\b", re.I)
_MONTH = "|".join(calendar.month_name[1:])
# What says a part of a year, and that in which it is the year.
PART_OF_YEAR = re.compile(
    rf"\b(?:(?:{_MONTH})(?: (?:to|and|through) (?:{_MONTH}))? (?:19|20)\d\d"
    rf"|(?:[Ii]n|[Bb]y|[Ff]rom) (?:{_MONTH})(?: to (?:{_MONTH}))?(?! \d)"
    r"|(?:first|second|third|fourth|last) (?:half|quarter|\w+ months)(?: of(?: the year)?| in)?"
    r"(?: (?:19|20)\d\d)?"
    rf"|(?:quarter|\w+ months) to (?:{_MONTH})(?: (?:19|20)\d\d)?)\b"
)
# What says a direction or a place beside an amount, and that it is not so.
MOVED = re.compile(rf"(?:{ROSE.pattern}|{FELL.pattern})", re.I)
THAN = re.compile(r"\b(?:more|less|higher|lower|fewer)\b", re.I)
PEAK = re.compile(r"\b(?:record|all-time|largest|biggest|smallest|lowest|highest)\b", re.I)
NOT = re.compile(
    r"\b(?:did|does|do|has|have|had|was|were|is|are) not (?!exceed|pass|top|less|more|fewer)", re.I
)
BY_TIMES = re.compile(r"\b(?:more|less) than (?=(?:halv|doubl|tripl|quadrupl))", re.I)
CHANGES = ("growth of ", "change of ")
RECORD = re.compile(r"\b(?:a|an|all-time|new) record\b(?! of)|\brecord[- ](?:high|low)\b", re.I)
SUPERLATIVE = re.compile(r"\brecord\b|\b(?:most|least|first|last|best|worst|top|\w{3,}est)\b", re.I)
FIRST_TEN = (
    *("first", "second", "third", "fourth", "fifth"),
    *("sixth", "seventh", "eighth", "ninth", "tenth"),
)
# A record that is none, a low one, or a lower place.
NO_RECORD = re.compile(
    r"\brecord[- ]low\b|\b(?:lowest|smallest|least)\b.{0,20}\brecord"
    r"|\b(?:miss\w*|short of|below) (?:\w+ )?record"
    rf"|\b(?:{'|'.join(FIRST_TEN[1:])})[- ](?:highest|largest|biggest|most)\b",
    re.IGNORECASE,
)
# What was not so, or is not yet.
MOOD = re.compile(
    r"\b(?:fail\w* to|never|den(?:y|ied|ies)|plan(?:s|ned|ning)? to|pledged|promised"
    r"|(?:would|could|might|may) have|(?:expect|forecast)(?:s|ed)? to"
    r"|(?:overtook|exceeded) (?:its|their) (?:im|ex)ports)\b",
    re.IGNORECASE,
)
ROUTE = re.compile(
    r"\b(?:by (?:sea|pipeline|rail|road|air|ship)|seaborne|tankers?"
    r"|(?:through|via) .{0,20}pipeline)\b",
    re.IGNORECASE,
)
EXTRA = re.compile(
    r"\b(?:extra|additional|another|further|(?:half|twice|double)(?: of)?(?: the)?(?: \w+)?) $",
    re.I,
)
POINTS, PERCENT = re.compile(r"\bpoints?\b"), re.compile(r"%|\bper ?cent\b")
OF_SHARE = r"\b{}['’]s? share of \w"
SKIPPED = 2  # words of a statement that the words of a part may leave out
EXACT = (units.MONTH, units.RANK, units.COUNT)  # units whose figures are printed in full
LARGEST = re.compile(r"(?<!of )(?<!among )\bthe (?:largest|biggest)\b", re.I)
SMALLEST = re.compile(r"\b(?:smallest|lowest|least)\b", re.I)
PLACE = re.compile(r"\b(\d+)(?:st|nd|rd|th)\b")
ORDINALS = {word: place for place, word in enumerate(FIRST_TEN, 1)}
MONTHS = re.compile(rf"\b(?:{_MONTH}) \d{{4}}\b")
MONTH_OF = {name: number for number, name in enumerate(calendar.month_name) if name}
# Quarters and halves in words: the months before them in their year, and how many they are.
PARTS = {
    f"{name} {part}": (n * place, n)
    for part, n in (("quarter", 3), ("half", 6))
    for place, name in enumerate(("first", "second", "third", "fourth")[: 12 // n])
}
PARTS |= {f"q{place + 1}": (3 * place, 3) for place in range(4)} | {"h1": (0, 6), "h2": (6, 6)}
PARTS |= {"last quarter of": (9, 3), "last half of": (6, 6)}
PART = re.compile(rf"\b(?:{'|'.join(PARTS)})\b", re.IGNORECASE)
SHORTER = re.compile(rf"\b(?:{_MONTH}|months?|quarters?|half|weeks?|days?|[QH][1-4])\b", re.I)
ODD_TIME = re.compile(r"\b(?:fiscal|financial year|weeks?|summer|winter|spring|autumn)\b", re.I)
BARREL = (110, 175)  # kilograms, from the lightest condensate to the heaviest crude
NO_VOLUMES = ("kg", "percent", "percentage points", "ratio", "bbl/day", *units.COUNTS[:2])
BUYS = saying(r"\b(?:bought|buy\w*|import\w*|purchas\w+|took|take\w*)\b")
SELLS = saying(r"\b(?:sold|sell\w*|sale\w*|export\w*|ship\w*|suppl\w+)\b")
TURNED = {"M": "X", "X": "M"}
# What words say that it is measured by.
MEASURES = {
    "value": re.compile(r"\bby value\b|\bworth\b|\bdollars?\b|\beuros?\b|[$€£]", re.I),
    "weight": re.compile(r"\bby weight\b|\btonnes\b", re.I),
}
TRADES = {
    "sells": r"(?:sold|sells?|exports?|exported|supplied|shipped|shipments?|sales|deliveries)\b",
    "buys": r"(?:bought|buys?|imports?|imported|purchases?|purchased|received)\b",
}
OF_GOODS = r"(?: of (?:[a-z]+ ){0,2}[a-z]+)?"
# What names a country, by its name, its adjective, or as the other side of a trade.
NAMED_AS = {
    "sells": r"\bfrom {0} (?:in)?to\b|\bimports?{1} from {0}|\bexports?{1} to [\w ]+ from {0}",
    "buys": r"\b(?:exports?|shipments?|sales|deliveries){1}(?: from \w+)? to {0}",
}
BY_ADJECTIVE = {
    "sells": r"(?<!['’]s ){}(?: [a-z]+){{0,2}} (?:exports|shipments|sales|deliveries)\b",
    "buys": r"(?<!['’]s ){} (?:imports|purchases)\b",
}
# Who is no rival in a rank of those whom imports, and exports, are with; and who is.
BUYER = re.compile(r"\b(?:buyer|importer|market|customer|destination)s?\b", re.I)
SELLER = re.compile(r"\b(?:seller|supplier|exporter|source|provider)s?\b", re.I)
RIVALS = {"M": (BUYER, SELLER), "X": (SELLER, BUYER)}
IN_CAPITALS = {"EU": own_words.EU["eu"], "US": "USA", "UK": "GBR"}  # too short for other names
NOT_BEHIND = "".join(
    rf"(?<!\b{word} )"
    for word in ("from", "to", "of", "in", "by", "with", "into", "than", "for", "and", "the")
)
NO_TURN = r"(?!(?:and|from|to|of|in|by|for|with|than|was|were|is|are|been|which|that|as)\b)"
# What says a share, what stands before a level of one, and a change by how many times.
SHARE = re.compile(r"\bshares?\b|\baccount(?:s|ed|ing)? for\b|(?:%|per cent|percent) of\b", re.I)
LEVEL = re.compile(r"\b(?:to|at|was|were|is|of)\s+$", re.I)
# What says that a number is a balance or a mean, beside it.
TRADED = saying(
    r"\b(?:(?P<balance>surplus|deficit|balance)(?: (?:of|in) (?:\w+ )?trade)?|trade|\w+ports)\b"
)
BALANCE = saying(r"[^,;.]{0,20}?\b(?P<balance>surplus|deficit)\b")
A_MONTH = saying(
    r"[^,;.]{0,30}?\b((?:a|per|each|every) month)\b(?! (?:earlier|later|before|after|ago))"
)
TIMES = saying(r"\b(?:(?:{more}|{nearly}) )?(?:{times}|\w+fold)\b")
SHORTEST = 3  # letters of what may be another word
OTHER_WORDS = ("lead", "total", "all goods")  # for goods, and for something else
# Words of a year that a sentence does not print.
AGO = saying(r"\b(?:years? (?:earlier|before|ago|later)|that year|(?:previous|next) year)\b")
IN_YEAR = re.compile(r"\bin (?:\w+ ){0,3}((?:19|20)\d\d)\b", re.I)


def faults(
    claim: Claim, entry: Mapping[str, Any], ends: tuple[float, float] | None, row: Mapping[str, Any]
) -> Iterator[str]:
    """What the ledger says of a part with readings otherwise than its words, each in a sentence.

    Parameters
    ----------
    entry
        Its table in the ledger.
    ends
        From where to where its figure goes, where that is said.
    row
        The printed figure that it cites, if it does.
    """
    texts = [text for text in (claim.words, claim.statement) if text]
    if "words" in entry and not _stands_in(claim.statement, claim.words):
        yield f"its words {claim.words!r} do not stand so in the statement"
    if claim.superlative and not SUPERLATIVE.search(texts[0]):
        yield "superlative is true, and its words say none"
    if RECORD.search(texts[0]) and not claim.superlative:
        yield "its words say a record, which is a part of its own with superlative = true"
    yield from _of_sign(texts, claim)
    if claim.figure:
        is_exact = claim.unit in EXACT
        yield from _of_exact(texts[0], claim) if is_exact else _of_number(texts, claim, ends)
    yield from _of_asked(texts[0], claim.asks)
    if claim.kg_per_unit is not None:
        yield from _of_weight(claim.unit, claim.kg_per_unit)
    yield from _of_window(row.get("window_start"), row.get("window_end"), claim.asks)


def _of_window(first: Any, last: Any, asks: Question) -> Iterator[str]:
    """A printed figure of another time than what is asked of it."""
    start, end = (f"{day:%Y-%m}" if day else "" for day in (first, last))
    if start and end and (end < asks.start or asks.end < start):
        yield f"its figure is of {start} to {end}, and it asks {asks.start} to {asks.end}"


def _stands_in(statement: str, words: str) -> bool:
    """Whether a statement has the words of a part in their order, with few between."""
    of_statement, of_part = (
        re.findall(r"[\w$€£%.'-]*\w", text.lower()) for text in (statement, words)
    )
    for start in (i for i, word in enumerate(of_statement) if [word] == of_part[:1]):
        rest = iter(enumerate(of_statement[start:], 1))
        places = [next((i for i, word in rest if word == wanted), None) for wanted in of_part]
        if places[-1] and places[-1] - len(of_part) <= SKIPPED:
            return True
    return False


def _of_sign(texts: Sequence[str], claim: Claim) -> Iterator[str]:
    """A rise where the words say a fall, and a fall where they say a rise."""
    value, qualifier = claim.figure or 0.0, claim.qualifier
    for text in texts if claim.asks.measure.startswith(CHANGES) else ():
        text = BY_TIMES.sub("", text)
        rose, fell = bool(ROSE.search(text)), bool(FELL.search(text))
        if rose == fell:
            continue
        if (value < 0 or (not value and qualifier in UPPER)) and rose:
            yield "its words say a rise, and it claims a fall"
        if (value > 0 or (not value and qualifier in LOWER)) and fell:
            yield "its words say a fall, and it claims a rise"
        return


def _of_exact(text: str, claim: Claim) -> Iterator[str]:
    """A month, a place or a count that is not the one in the words."""
    value = claim.figure or 0.0
    if claim.unit == units.MONTH:
        said, claimed = MONTHS.findall(text), month_words(int(value))
    elif claim.unit == units.RANK:
        words = re.findall(r"\w+", text.lower())
        said = [word for word in words if word in ORDINALS]
        said += [FIRST_TEN[int(n) - 1] for n in PLACE.findall(text) if 0 < int(n) <= len(FIRST_TEN)]
        said = said or ["first"] * bool(LARGEST.search(text)) or SMALLEST.findall(text)
        claimed = next((word for word, number in ORDINALS.items() if number == value), "")
    else:
        said, claimed = [item.digits for item in numbers_in(text)], f"{value:g}"
    if said and claimed not in said:
        yield f"claims {claimed or value}, and its words say {said[0]}"


def _of_number(
    texts: Sequence[str], claim: Claim, ends: tuple[float, float] | None
) -> Iterator[str]:
    """A claimed number that is not the one in its words, or is so otherwise."""
    unit, numbers = claim.unit, [item for text in texts for item in numbers_in(text)]
    base = units.sized(unit)[0].partition("/")[0]
    money = {item.mark: item for item in numbers if units.CURRENCY.fullmatch(item.mark)}
    if units.CURRENCY.fullmatch(base) and money and base not in money:
        other = next(iter(money.values())).text
        yield f"claims {unit}, and its words print {other}: claim the currency that they print"
    found = [item for item in numbers if item.is_of(unit)]
    yield from _of_ends(found, ends, unit) if ends else _of_one_number(found, claim)


def _of_ends(found: Sequence[Printed], ends: Sequence[float], unit: str) -> Iterator[str]:
    strange = [end for end in ends if not any(item.means(end, unit) for item in found)]
    if found and strange:
        yield (
            f"low or high is {full_number(strange[0])} {unit}, which its words do not print: "
            "leave both out, and say of one number by printed_to how far it goes"
        )


def _of_one_number(found: Sequence[Printed], claim: Claim) -> Iterator[str]:
    value, unit = claim.figure or 0.0, claim.unit
    same = next((item for item in found if item.means(value, unit)), None)
    other = next((item for item in found if item.mark), None)
    if same:
        words, allowed = same.qualifiers
        if claim.qualifier not in allowed:
            yield (
                f"its words print {f'{words} {same.text}'.strip()!r}, and its qualifier is "
                f"{claim.qualifier!r}: it must be {' or '.join(allowed)}"
            )
    elif other:
        yield (
            f"claims {full_number(value)} {unit}, and its words print {other.text}: claim the "
            "number that they print"
        )
    elif claim.qualifier in (*LOWER, *UPPER) and unit != "ratio" and not claim.printed_because:
        yield (
            f"its words do not print {full_number(value)} {unit}: say in printed_because where it "
            "comes from"
        )


def of_step(step: float, printed: float, value: float, *, has_reason: bool) -> Iterator[str]:
    """A step beyond the first digit of a figure, or that its digits deny, or other than print."""
    if step < 0 or (value and step > abs(value)):
        yield f"printed_to must be a step from 0 to the figure, not {step:g}"
    if value and step > 10.0 ** math.floor(math.log10(abs(value))) * (1 + 1e-9):
        yield f"printed_to is {step:g}, beyond the first digit of the figure"
    if printed and step and not math.isclose(value, step * round(value / step)):
        yield (
            f"printed_to is {step:g}, and its words print {full_number(value)}, which is no "
            "multiple of it"
        )
    if not math.isclose(step, printed) and not has_reason:
        as_printed = f"its words print it to {printed:g}" if printed else "its words lack it"
        yield (
            f"printed_to is {step:g} and {as_printed}: leave it out, or say why in printed_because"
        )


def _of_weight(unit: str, kilograms: float) -> Iterator[str]:
    """A weight of one unit of what is itself weighed, or is no thing, or of no barrel."""
    base, _ = units.sized(unit)
    if base in ("barrels", "bbl") and not BARREL[0] <= kilograms <= BARREL[1]:
        yield (
            f"kg_per_unit is {kilograms:g}, and a barrel of oil has {BARREL[0]} to {BARREL[1]} kg"
        )
    if base in NO_VOLUMES or units.CURRENCY.fullmatch(base):
        yield (f"kg_per_unit is of a volume or of pieces, and the claim is in {unit}: leave it out")


def _of_asked(text: str, asks: Question) -> Iterator[str]:
    """What is asked where the words name other goods, another country or another year."""
    if asks.goods and _is_other_goods(text, asks.goods):
        word = next(iter(_named_in(text, own_words.product_words())))
        yield f"asks: goods are {asks.goods}, and its words name {word}"
    known = {*_named_in(text, own_words.area_words()).values()}
    known |= {*_by_adjective(text).values()}
    sides = {area for side in (asks.reporter, asks.partner) for area in side.split("+")}
    unnamed = sorted(filter(codes.is_country, filter(_is_area, sides - known)))
    if unnamed and known - sides:
        one, other = (codes.area_name(area) for area in (unnamed[0], min(known - sides)))
        yield f"asks: {one} is asked, and its words name {other}"
    said, years = IN_YEAR.findall(text), _years(asks)
    if (
        asks.start
        and said
        and not AGO.search(text)
        and not any(min(years) <= year <= max(years) for year in said)
    ):
        yield f"asks: {asks.start} to {asks.end}, and its words say {said[0]}"


@cache
def _adjectives() -> tuple[dict[str, str], re.Pattern[str]]:
    """The country of each adjective, and what finds them in a text."""
    known = codes.area_codes("adjective")
    return known, re.compile(rf"\b(?:{'|'.join(map(re.escape, known))})\b")


def _by_adjective(text: str) -> dict[str, str]:
    """The countries whose adjectives a text has, by these."""
    known, words = _adjectives()
    return {word: known[word] for word in words.findall(text)}


def _years(asks: Question) -> set[str]:
    """The years of a question's window and base."""
    return {asks.start[:4], asks.end[:4], *re.findall(r"\b\d{4}\b", asks.base)}


# --- a sentence and the lines that ask about it ---------------------------------------------------


def of_phrase(text: str, asks: Question) -> Iterator[str]:
    """What a phrase asks otherwise than its sentence says: direction, kind, amount, time."""
    yield from _of_direction(text, asks)
    yield from _of_kind(text, asks.measure)
    yield from _of_rank(text, asks)
    yield from _of_share(text, asks)
    yield from _of_points(text, asks.measure)
    yield from _of_part(text, asks)
    yield from _of_time(text, asks)
    said = [kind for kind, words in MEASURES.items() if words.search(text)]
    phrased = [kind for kind in MEASURES if kind in asks.measure]
    if len(said) == 1 and phrased and said != phrased:
        yield f"its sentence says {said[0]}, and its phrase {phrased[0]}"


def _of_direction(text: str, asks: Question) -> Iterator[str]:
    """Who sells and who buys otherwise than a phrase has it, which the words nowhere say."""
    roles = {"M": (asks.partner, asks.reporter), "X": (asks.reporter, asks.partner)}
    sellers, buyers = (side.split("+") for side in roles.get(asks.flow, ("", "")))
    told = {"sells": (sellers, buyers), "buys": (buyers, sellers)}
    said = [(area, way, *told[way]) for area, ways in _traders(text).items() for way in ways]
    if not any(area in mine for area, _, mine, _ in said):
        for area, way in sorted((area, way) for area, way, _, others in said if area in others):
            name = codes.area_name(area)
            yield f"its sentence says that {name} {way}, and its phrase the contrary"
    if asks.flow == "M+X" and _is_one_way(text) and not re.search(r"\btrade\b", text, re.I):
        yield "its sentence says one direction, and its phrase both"


def _of_rank(text: str, asks: Question) -> Iterator[str]:
    """A place among those who buy of which one among those who sell is asked, or the contrary."""
    if asks.measure.startswith("rank") and asks.flow in RIVALS:
        other, same = RIVALS[asks.flow]
        if other.search(text) and not same.search(text):
            yield f"its sentence ranks a {other.findall(text)[0]}, and its phrase the other side"


def _of_share(text: str, asks: Question) -> Iterator[str]:
    """A share that is another one's."""
    if not asks.measure.startswith(("share of", "change of share")):
        return
    named = _named_in(text, own_words.area_words()).items()
    of_whom = [area for word, area in named if re.search(OF_SHARE.format(word), text, re.I)]
    if of_whom and not {*of_whom} & {*asks.partner.split("+")}:
        yield f"its sentence says {codes.area_name(of_whom[0])}'s share, and its phrase another"


def _of_points(text: str, measure: str) -> Iterator[str]:
    """Points of which per cent are asked, and per cent of which points are."""
    said = [bool(words.search(text)) for words in (POINTS, PERCENT)]
    if measure.startswith("growth of ") and said == [True, False]:
        yield "its sentence says points, and its phrase a growth in per cent"
    if measure.startswith("change of share") and said == [False, True]:
        yield "its sentence says per cent, and its phrase points"


def of_figure(text: str, asks: Question, value: float, unit: str) -> Iterator[str]:
    """What the words beside a claimed number say of it, and a phrase that asks a sum does not."""
    for item in numbers_in(text) if asks.measure in ("value", "weight") else ():
        after = text[len(item.before) :].partition(item.text)[2]
        before = [*TRADED.finditer(item.before)][-1:]
        said = [match["balance"] for match in (BALANCE.match(after), *before) if match]
        month = A_MONTH.match(after)
        if not (item.is_of(unit) and item.means(value, unit)):
            continue
        if EXTRA.search(item.before) or re.match(r" (?:more|less|fewer)\b(?! than)", after):
            yield "its sentence says so much more, less or a part of it, and its phrase the whole"
        if any(said):
            yield (
                f"its sentence says {next(filter(None, said))!r}, the difference of two flows, "
                "which no phrase asks: write a line of what was sold ('WHO to WHOM') and one of "
                "what was bought ('WHO from WHOM')"
            )
        elif month and asks.start != asks.end:
            yield f"its sentence says {month[1]!r}: write '{asks.measure} a month of …'"


def _of_part(text: str, asks: Question) -> Iterator[str]:
    """That something did not change, and a whole year that is asked of a part of one."""
    mood = MOOD.search(text) or (NOT.search(text) if asks.measure.startswith(CHANGES) else None)
    if mood:
        yield f"its sentence says {mood[0].strip()!r}, which a phrase cannot say"
    part, last = PART_OF_YEAR.search(text), window_in_words(asks.end, asks.end)  # of the year to it
    is_whole = asks.start.endswith("-01") and asks.end.endswith("-12") and last not in text
    if part and is_whole and not YEAR.search(PART_OF_YEAR.sub("", text)):
        yield f"its sentence says {part[0]!r}, and its phrase {questions.words(asks)}"


def _of_time(text: str, asks: Question) -> Iterator[str]:
    """A month, a quarter or a half that words name and the window is not; or a year of which it is.

    A window that is no whole year ends with one of the months that are named, if any is.
    """
    if not asks.start:
        return
    first, after = span((asks.start, asks.end))
    named = {
        12 * int(words[-4:]) + MONTH_OF[words[:-5]] - 1: words for words in MONTHS.findall(text)
    }
    parts = {words: PARTS[words.lower()] for words in PART.findall(text)}
    said = ODD_TIME.findall(text)
    if first % 12 or after % 12:
        said = [] if after - 1 in named else [*named.values()]
        if parts and not named and (first % 12, after - first) not in parts.values():
            said = [*parts]
        if not SHORTER.search(text):
            said = IN_YEAR.findall(text)
    if said:
        yield f"its sentence says {said[0]}, and its phrase {window_in_words(asks.start, asks.end)}"


def _of_kind(text: str, measure: str) -> Iterator[str]:
    """A growth that is asked of a share, and a share of what changed."""
    shares = [item for item in numbers_in(text) if item.mark == "percent"]
    is_share, is_change = SHARE.search(text), ROSE.search(text) or FELL.search(text)
    is_level = all(LEVEL.search(item.before) for item in shares)
    if measure.startswith("growth of ") and is_share and (is_level or not is_change):
        yield "its sentence says a share, and its phrase a growth"
    if measure.startswith("share of ") and shares and is_change and not is_share:
        yield "its sentence says a change, and its phrase a share"


def _traders(text: str) -> dict[str, set[str]]:
    """Who sells and who buys by the words of a text: the country right before such a word."""
    found: dict[str, set[str]] = {}
    if ITS_OWN.search(text):  # whose these are, no rule tells
        return found
    named = _named_in(text, own_words.area_words())
    named |= {word: area for word, area in IN_CAPITALS.items() if re.search(rf"\b{word}\b", text)}
    for word, area in named.items():
        name = rf"\b(?:the )?{re.escape(word)}\b"
        for way, verb in TRADES.items():
            active = rf"{NOT_BEHIND}{name}(?:['’]s?)?(?: {NO_TURN}\w+){{0,3}} {verb}(?! by\b)"
            beside = NAMED_AS[way].format(name, OF_GOODS)
            if re.search(rf"{active}|\b{verb} by {name}|{beside}", text, re.IGNORECASE):
                found.setdefault(area, set()).add(way)
    for word, area in ({"European": IN_CAPITALS["EU"]} | _by_adjective(text)).items():
        for way, rule in BY_ADJECTIVE.items():
            if re.search(rule.format(re.escape(word)), text):
                found.setdefault(area, set()).add(way)
    return found


def unsaid(text: str, claims: Sequence[Claim]) -> Iterator[str]:
    """What a sentence says that none of the claims about it asks: numbers, years, countries, goods.

    Only what is surely of trade: numbers with a unit, names of more than three letters.
    """
    asked = [claim.asks for claim in claims]
    yield from (f"not judged: {words}" for words in dict.fromkeys(_beside(text, claims)))
    goods = [code for asks in asked for code in asks.goods.split("+")]
    amounts = [asks for asks in asked if asks.measure.removeprefix("growth of ") in MEASURES]
    flows = {asks.flow for asks in amounts}
    if _is_one_way(text) and flows == {"M" if SELLS.search(text) else "X"}:
        way = "imports" if flows == {"M"} else "exports"
        yield f"counted as {way}, by {codes.area_name(amounts[0].reporter)}"
    others = [*_sides_beside(text, asked), *_goods_beside(text, goods)]
    yield from (f"its sentence also names {other}" for other in others)


def _beside(text: str, claims: Sequence[Claim]) -> Iterator[str]:
    """The numbers with a unit, and the words for a change, a peak or a denial, of no claim."""
    for item in numbers_in(text):
        is_claimed = any(_is_claimed(item, claim) for claim in claims)
        if item.is_counted and not is_claimed:
            yield item.text
    yield from ROUTE.findall(text)
    yield from _moves_beside(text, [x for x in claims if x.asks.measure.startswith(CHANGES)])
    if not any(claim.superlative or claim.unit == units.RANK for claim in claims):
        yield from PEAK.findall(text)
    yield from map(str.strip, NOT.findall(text))


def _moves_beside(text: str, changes: Sequence[Claim]) -> list[str]:
    """By how many times something changed, of which no number is asked; else that it did."""
    times = [] if any(claim.figure for claim in changes) else TIMES.findall(text)
    moves = [] if changes else MOVED.findall(THAN.sub("", BY_TIMES.sub("", text)))
    return times or moves


def _sides_beside(text: str, asked: Sequence[Question]) -> list[str]:
    """The years and the countries that words name and nothing asks; of a rank all are asked."""
    years = set().union(*map(_years, asked))
    others = [year for year in IN_YEAR.findall(text) if not min(years) <= year <= max(years)]
    sides = " ".join(f"{asks.reporter} {asks.partner} {asks.measure}" for asks in asked)
    if not re.search(r"\b(?:rank|lead) ", sides):
        named = {*_named_in(text, own_words.area_words()).values()} - {*re.findall(r"\w+", sides)}
        others += sorted(map(codes.area_name, filter(codes.is_country, named)))
    return [*dict.fromkeys(others)]


def _goods_beside(text: str, asked: Sequence[str]) -> Iterator[str]:
    """The goods that words name, each by its longest word, and nothing asks."""
    words = _named_in(text, own_words.product_words())
    for word in sorted(words.keys() - {*OTHER_WORDS}):
        is_part = any(word in other for other in words if other != word)
        parts = [part for code in words[word] for part in code.split("+")]
        if not is_part and not any(_share(one, other) for one in parts for other in asked):
            yield word


def _is_claimed(item: Printed, claim: Claim) -> bool:
    """Whether a number of a sentence is the one that a claim is about, or an end of it."""
    ends = (claim.figure, claim.low, claim.high)
    return bool(claim.unit and item.is_of(claim.unit)) and any(
        item.means(end, claim.unit) for end in ends if end is not None and math.isfinite(end)
    )


# --- what is open ---------------------------------------------------------------------------------


def of_measure(text: str, asks: Question) -> Iterator[str]:
    """A measure that the words do not ask."""
    for row in rows_of(text, asks) if asks.measure else ():
        if row.asks and not any(asks.measure.endswith(f"of {measure}") for measure in row.asks):
            yield f"{asks.measure!r}, and its words ask {' or '.join(row.asks)} ({row.because})"


def of_admitted(text: str, asks: Question, admitted: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """An open key that admits the contrary of what the words say.

    That is the other direction where they say one, another measure, and another country than the
    one that they name.
    """
    if _is_one_way(text) and TURNED.get(asks.flow) in admitted.get("flow", ()):
        yield "open: flow admits the other direction, and its words say which one"
    said = [kind for kind, words in MEASURES.items() if words.search(text)]
    if len(said) == 1 and "measure" in admitted:
        listed = admitted["measure"] or ["any"]
        strange = [measure for measure in listed if said[0] not in measure]
        if strange:
            yield f"open: measure admits {strange[0]}, and its words say {said[0]}"
    named = _named_in(text, own_words.area_words()).values()
    for key in ("reporter", "partner"):
        asked, others = getattr(asks, key), list(filter(_is_area, admitted.get(key, ())))
        if others and asked in named:
            other, own = (codes.area_name(area) for area in (others[0], asked))
            yield f"open: {key} admits {other}, and its words name {own}"


def admitted(
    text: str, asks: Question, given: Question, left_open: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """What a claim leaves open of a reading: nothing that its words say is another thing.

    A key that admits anything does not admit other goods, another country or another time than the
    words name.
    """
    if all(left_open.values()):
        return {**left_open}
    areas = _named_in(text, own_words.area_words()).values()
    is_lead = questions.LEAD.match(asks.measure)

    def names_side(key: str) -> bool:
        asked, other = (getattr(item, key).split("+") for item in (asks, given))
        if is_lead:
            return bool(asked[0] != other[0])
        return asked != other and any(area in areas for area in asked)

    is_other_time = _names_window(text, asks, given)
    year = asks.base[:4]
    named = {
        "goods": _is_other_goods(text, given.goods),
        "reporter": names_side("reporter"),
        "partner": names_side("partner"),
        "flow": given.flow != asks.flow and _is_one_way(text),
        "start": is_other_time,
        "end": is_other_time,
        "base": year and year != given.base[:4] and re.search(rf"\b{year}\b", text),
    }
    return {key: listed for key, listed in left_open.items() if listed or not named.get(key)}


def _is_other_goods(text: str, goods: str) -> bool:
    """Whether words name goods, and these are none of them."""
    named = _named_in(text, own_words.product_words())
    listed = [known for word, known in named.items() if word not in OTHER_WORDS]
    parts = {part for known in listed for code in known for part in code.split("+")}
    return bool(parts) and not any(_share(a, b) for a in parts for b in goods.split("+"))


def _names_window(text: str, asks: Question, given: Question) -> bool:
    """Whether words name the window that is asked, or its year, and a reading is of another."""
    if not asks.start or (given.start, given.end) == (asks.start, asks.end):
        return False
    window, year = re.escape(window_in_words(asks.start, asks.end)), asks.start[:4]
    is_whole_year = asks.start[5:] == "01" and asks.end == f"{year}-12"
    if not is_whole_year and re.search(rf"\b(?:in|of|for|from|during) {window}", text):
        return True
    years = {asks.end[:4], given.start[:4], given.end[:4]}
    return year in IN_YEAR.findall(text) and years != {year}


def _is_one_way(text: str) -> bool:
    """Whether words say one direction of trade alone."""
    return bool(BUYS.search(text)) != bool(SELLS.search(text))


def _is_area(area: str) -> bool:
    return area in own_words.area_words().values()


def _named_in(text: str, words: Mapping[str, Any]) -> dict[str, Any]:
    """The words that a text has, of those that are longer than an abbreviation."""
    lowered = text.lower()
    near = {word: meant for word, meant in words.items() if word in lowered}
    return {
        word: meant
        for word, meant in near.items()
        if len(word) > SHORTEST and re.search(rf"\b{re.escape(word)}\b", lowered)
    }


def _share(one: str, other: str) -> bool:
    """Whether two codes of goods are one, or one lies in the other; all goods are none of these."""
    if "TOTAL" in (one, other):
        return one == other
    return questions.is_part("goods", one, other) or questions.is_part("goods", other, one)
