"""Whether what a ledger says of a claim is what its words print: number, sign, unit and parts."""

from __future__ import annotations

import calendar
import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, product, starmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradeflows.claims import open_words, phrase, questions, sentence
from tradeflows.claims.answers import ROUTES
from tradeflows.claims.open_words import ORDINALS, YEAR, Printed, numbers_in, rows_of, saying
from tradeflows.claims.phrase import Phrase
from tradeflows.claims.sentence import Said
from tradeflows.claims.verdict_rule import LOWER, UPPER, Question
from tradeflows.claims.word_lists import Table
from tradeflows.model import codes, units
from tradeflows.model.lineage import full_number
from tradeflows.model.periods import month_words, span, window_in_words
from tradeflows.model.words import MIRRORED, fold
from tradeflows.retrieval import own_words

if TYPE_CHECKING:
    from tradeflows.claims.ledger import Claim

# What says that something rose, and that it fell.
ROSE = saying(r"\b(?:{rose}|more|higher|stepped up|doubl\w+|tripl\w+)\b")
FELL = saying(r"\b(?:{fell}|{cut}|less|lower|fewer|below|lost|reduc\w+|halv\w+)\b")
# What says so where none of these stands, and may say another thing.
UP = saying(
    r"\b(?:{lifted}|up|above|over|larger|bigger|greater|extra|add(?:s|ed)?|\w+upled|\w+fold|times"
    r"|twice)\b"
)
DOWN = saying(r"\b(?:down|under|off|smaller|shed|los(?:e|es|ing))\b")
_MONTH = "|".join(calendar.month_name[1:])
# What says a direction or a place beside an amount.
MOVED = re.compile(rf"(?:{ROSE.pattern}|{FELL.pattern})", re.I)
THAN = re.compile(r"\b(?:more|less|higher|lower|fewer)\b", re.I)
IN_PART = re.compile(r"^(?:mostly|largely|mainly|chiefly|partly)$| of (?:it|them|which)$", re.I)
CITED = re.compile(
    r"\b([A-Z][a-z]+)(?:'s|’s)?(?: \w+)? (?:customs(?! union)|statistics|figures|data)\b"
)
BY_TIMES = re.compile(r"\b(?:more|less) than (?=halv|doubl|tripl|quadrupl|an? |one|two|\d)", re.I)
CHANGES = ("growth of ", "change of ")
# A year that may begin or end in the year that it names.
FISCAL = re.compile(r"\b(?:FY ?(?:20)?|(?:fiscal|financial)(?: year)? 20)\d\d(?![/–-]?\d)", re.I)
RECORD = re.compile(r"\b(?:a|an|all-time|new) record\b(?! of)|\brecord[- ](?:high|low)\b", re.I)
IN_WORDS, IN_PARTS = "a change in words is about so much", "a fraction in words is about so much"
SPANNING = re.compile(r"\d{4}[/–-]\d")  # a year that begins in the one and ends in the next
# A part of a month, or all up to it.
IN_MONTH = re.compile(r"\b(?:weeks?|days?|fortnight|half) of |^un?til", re.I)
UNTIL = re.compile(r"\b(year|quarter|\w+(?= months)).* to ", re.I)  # how long, up to a month
LONG = {"year": 12, "quarter": 3, "month": 1, **units.NUMBER_WORDS}
BESIDE = re.compile(r"\b(?:after|before|following)\b", re.I)  # the time that is named
AWAY = re.compile(r"\b(?P<n>\w+) years? (?:(?P<before>before)|\w+) (?P<year>\d{4})", re.I)
SKIPPED = 2  # words of a statement that the words of a part may leave out
EXACT = (units.MONTH, units.RANK, units.COUNT)  # units whose figures are printed in full
LARGEST = re.compile(r"(?<!of )(?<!among )\bthe (?:largest|biggest)\b", re.I)
SMALLEST = re.compile(r"\b(?:smallest|lowest|least)\b", re.I)
PLACE = re.compile(r"\b(\d+)(?:st|nd|rd|th)\b")
MONTHS = re.compile(rf"\b(?:{_MONTH}) \d{{4}}\b")
BARREL = (110, 175)  # kilograms, from the lightest condensate to the heaviest crude
NO_VOLUMES = ("kg", "percent", "percentage points", "ratio", "bbl/day", *units.COUNTS[:2])
BUYS = saying(r"\b(?:bought|buy\w*|import\w*|purchas\w+|took|take\w*)\b")
SELLS = saying(r"\b(?:sold|sell\w*|sale\w*|export\w*|ship\w*|suppl\w+)\b")
# What words say that it is measured by.
MEASURES = {
    "value": re.compile(
        r"\bby value\b|\bworth\b|\bspen(?:t|ding)\b|\bdollars?\b|\beuros?\b|[$€£]", re.I
    ),
    "weight": re.compile(r"\bby weight\b|\btonnes\b|\bvolumes?\b", re.I),
}
# What a phrase asks, in a sentence.
KINDS = {kind: row["said"] for kind, row in phrase.KIND_ROWS.items()}
KINDS |= {sentence.SHARE_MOVED: "a change of a share", sentence.A_YEAR: "so much a year"}
RATES = {phrase.MONTHLY: 1, sentence.A_YEAR: 12}  # so much in how many months
TRADE_OF = dict(phrase.WAYS.values()) | {"": "trade"}
BALANCE = re.compile(r"surplus|deficit|gap|imbalance|overt\w*|outstrip\w*|outpac\w*", re.IGNORECASE)
TWO_FLOWS = (
    "the difference of two flows, which no phrase asks: write a line of what was sold ('WHO to "
    "WHOM') and one of what was bought ('WHO from WHOM')"
)
GOODS = re.compile(r"\bgoods\b")
ABBREVIATED = re.compile(r"\b(?:US|UK)\b")  # a country whose two letters print uses
SHORTEST = 3  # letters of what may be another word
OTHER_WORDS = ("lead", "total", "all goods")  # for goods, and for something else
ANAPHOR = re.compile(r"(?:It|Its|They|Their|The (?:bloc|country|union))\b")
IN_YEAR = re.compile(r"\bin (?:[^\W\d]+ ){0,3}((?:19|20)\d\d)\b", re.I)


def faults(
    claim: Claim, entry: Table, ends: tuple[float, float] | None, row: Table
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
    if claim.superlative and not sentence.pattern("superlative").search(texts[0]):
        yield "superlative is true, and its words say none"
    is_told = claim.superlative or claim.open_because
    if not is_told and RECORD.search(texts[0]) and _is_record(texts[0], claim):
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
    for text in texts if _is_change(claim) else ():
        rose, fell = _directions(BY_TIMES.sub("", text))
        if rose == fell:
            continue
        if (value < 0 or (not value and qualifier in UPPER)) and rose:
            yield "its words say a rise, and it claims a fall"
        if (value > 0 or (not value and qualifier in LOWER)) and fell:
            yield "its words say a fall, and it claims a rise"
        return


def _is_change(claim: Claim) -> bool:
    """Whether a claim is of a change; a record is above the best, whatever fell since."""
    is_record = claim.superlative and not claim.figure
    return claim.asks.measure.startswith(CHANGES) and not is_record


def _directions(text: str) -> tuple[bool, bool]:
    """Whether words say a rise, and whether they say a fall."""
    every = [[bool(each.search(text)) for each in pair] for pair in ((ROSE, FELL), (UP, DOWN))]
    rose, fell = next(filter(any, every), (False, False))
    return rose, fell


def _of_exact(text: str, claim: Claim) -> Iterator[str]:
    """A month, a place or a count that is not the one in the words."""
    value = claim.figure or 0.0
    if claim.unit == units.MONTH:
        said, claimed = MONTHS.findall(text), month_words(int(value))
    elif claim.unit == units.RANK:
        words, ordinals = re.findall(r"\w+", text.lower()), [*ORDINALS]
        said = [word for word in words if word in ordinals]
        said += [ordinals[int(n) - 1] for n in PLACE.findall(text) if 0 < int(n) <= len(ordinals)]
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
    if ends is None:
        yield from _of_one_number(found, claim)
        return
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
    elif other and claim.printed_because not in (IN_WORDS, IN_PARTS):
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
    if asks.goods not in ("", "TOTAL") and _is_other_goods(text, asks.goods):
        word = next(iter(_named_in(text, own_words.product_words())))
        yield f"asks: goods are {asks.goods}, and its words name {word}"
    known = {*_named_in(text, own_words.area_words()).values(), *_by_name(text)}
    sides = {area for side in (asks.reporter, asks.partner) for area in side.split("+")}
    named = known | _by_name(text, "capital")  # which may also stand for what a government did
    unnamed = sorted(filter(codes.is_country, filter(_is_area, sides - named)))
    others = set() if ANAPHOR.match(text) else known - sides  # "it" may be any country
    if unnamed and others:
        one, other = map(codes.area_name, (unnamed[0], min(others)))
        yield f"asks: {one} is asked, and its words name {other}"
    is_of_another = sentence.pattern("of_another_year").search(text)
    years, said = _years(asks), [] if is_of_another else IN_YEAR.findall(text)
    if asks.start and said and not any(min(years) <= year <= max(years) for year in said):
        yield f"asks: {asks.start} to {asks.end}, and its words say {said[0]}"


@cache
def _names(kind: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, codes.area_codes(kind)))})\b")


def _by_name(text: str, kind: str = "adjective") -> set[str]:
    """The countries whose adjectives, or capitals, a text has."""
    known = codes.area_codes(kind)
    return {known[word] for word in _names(kind).findall(text)}


def _years(asks: Question) -> set[str]:
    """The years of a question's window and base."""
    return {asks.start[:4], asks.end[:4], *re.findall(r"\b\d{4}\b", asks.base)}


# --- a sentence and the lines that ask about it ---------------------------------------------------


def of_phrase(text: str, asked: Phrase, claimed: Table, root: Path | None = None) -> Iterator[str]:
    """What a phrase asks otherwise than its sentence says of its number: kind, goods, sides, time.

    Where the sentence has the number several times, that which is nearest to the phrase counts.
    """
    named = [kind for kind, words in MEASURES.items() if words.search(text)]
    if len(named) == 1 and asked.amount in MEASURES and named != [asked.amount]:
        yield f"its sentence says {named[0]}, and its phrase {asked.amount}"
    value, unit = claimed.get("value") or 0.0, claimed.get("unit", "")
    about = _about(text, value, unit, root)
    each = ([*_otherwise(said, asked, root), *_of_direction(said, value)] for said in about)
    yield from min(each, key=len, default=())
    for item in (item for item in numbers_in(text) if item.is_of(unit) and item.means(value, unit)):
        yield from _of_number_itself(item, text, asked)
    lost = sentence.pattern("lost_place").search(text)
    if lost and asked.kind == phrase.RANK:
        yield f"its sentence says {lost[0]!r}, and its phrase a place that is held"


def _of_number_itself(item: Printed, text: str, asked: Phrase) -> Iterator[str]:
    """What stands right beside a number: how often so much was traded, and of what year."""
    behind = text[text.index(item.text, len(item.before)) + len(item.text) :]
    before = re.split("[,;:]", item.before)[-1]
    if asked.kind not in ("", phrase.RECORD, phrase.CHANGE):
        return
    windows = " or ".join(window_in_words(*window) for window in asked.windows)
    each, every, year_before, year_behind = map(
        sentence.pattern, ("each_behind", "every_before", "year_before_it", "year_behind_it")
    )
    often = each.search(re.split(r"[,;:\d]", behind)[0]) or every.search(before)
    months = {after - first for first, after in map(span, asked.windows)}
    if often and months != {LONG.get(often[1].lower())}:
        yield f"its sentence says {often[0]}, and its phrase the sum of {windows}"
    year = year_before.search(item.before) or year_behind.match(behind)
    if year and not any(first[:4] <= year[1] <= last[:4] for first, last in asked.windows):
        yield f"its sentence says {year[1]}, and its phrase {windows}"


def _about(text: str, value: float, unit: str, root: Path | None = None) -> list[Said]:
    """What a text says of a number or, where it does not print that, without one."""

    def is_it(number: Printed) -> bool:
        return number.is_of(unit) and number.means(value, unit)

    is_printed = any(map(is_it, numbers_in(text)))
    return [
        said
        for each in sentence.sentences(text)
        for said in sentence.stated(each, root, is_trade=True)
        if (any(map(is_it, said.printed)) if is_printed else not said.printed)
    ]


def _is_record(text: str, claim: Claim) -> bool:
    """Whether the record that a text says is of the claimed number, as far as that is told."""
    about = _about(text, claim.figure or 0.0, claim.unit)
    return not about or any(said.kind == phrase.RECORD for said in about)


def _otherwise(said: Said, asked: Phrase, root: Path | None) -> Iterator[str]:
    """What a phrase asks otherwise than a sentence says of one number."""
    yield from _of_because(said, asked)
    if asked.kind == phrase.POINTS and any(item.mark == "percent" for item in said.printed):
        yield "its sentence says per cent, and its phrase points"
    if said.kind != sentence.OPEN:
        yield from _of_kind(said.kind, asked)
        yield from _of_goods(said.goods, asked, root)
        untold = ("", sentence.OPEN, sentence.WORLD)
        pair = ("" if side in untold else side for side in (said.who, said.whom))
        sides = [{*phrase.areas(side, root)} if side else set() for side in pair]
        if asked.kind in phrase.SHARED:
            yield from _of_member(said, sides, asked)
        else:
            yield from _of_sides(said.way, sides, asked)
        yield from _of_time(said, asked)


def _of_because(said: Said, asked: Phrase) -> Iterator[str]:
    """What no phrase asks; that some is of one is no fault where all of that is asked."""
    is_whole = asked.base or asked.partner == (questions.WORLD,) or asked.goods == ("TOTAL",)
    is_part = is_whole and IN_PART.search(said.because)
    is_record = asked.kind == phrase.RECORD and said.because.lower() == "never"
    if is_part or is_record:
        return
    if said.because:
        flows = BALANCE.search(said.because)
        todo = TWO_FLOWS if flows else "which a phrase cannot say"
        yield f"its sentence says {(flows or [said.because])[0]!r}, {todo}"


def _of_direction(said: Said, value: float) -> Iterator[str]:
    """A rise where its clause says a fall, or the contrary; a claim may be of neither."""
    fell = "-" in said.figure
    if value and said.kind in phrase.CHANGES and said.printed and fell != (value < 0):
        ways = ("a rise", "a fall")[:: -1 if fell else 1]
        yield "its sentence says {}, and its figure {}".format(*ways)


def _of_kind(said: str, asked: Phrase) -> Iterator[str]:
    """Another measure; so much a month, or a year, is an amount where one of these is asked."""
    months = {after - first for first, after in map(span, asked.windows)}
    alike: dict[str, tuple[str, ...]] = {"": (phrase.RECORD, phrase.PRICE, phrase.LEAD)}
    alike |= {kind: ("",) for kind, n in RATES.items() if months == {n}}
    if said not in KINDS or asked.kind in (said, *alike.get(said, ())):
        return
    pattern = phrase.PATTERNS.get(phrase.POINTS if said == sentence.SHARE_MOVED else said)
    todo = ", which a phrase cannot say"
    if pattern:
        todo = f": write {pattern.replace('weight', asked.amount or 'weight')!r}"
    yield f"its sentence says {KINDS[said]}, and its phrase {KINDS[asked.kind]}{todo}"


def _of_goods(said: str, asked: Phrase, root: Path | None) -> Iterator[str]:
    """Other goods than are asked, or some of these alone."""
    words = said.split(" + ") if said != sentence.OPEN else []
    listed = [own_words.product(word, root) for word in words]
    known = [{*x.split("+")} for x in chain.from_iterable(listed)]
    parts = {*"+".join(asked.goods).split("+")}
    is_some = parts not in known and any(parts < one for one in known)
    if len(words) > 1:  # one of them may be beside those that are asked
        is_some = not all(
            any(starmap(_share, product("+".join(one).split("+"), parts))) for one in listed
        )
    pairs = product(set().union(*known), parts)
    is_of_it = any(_share(*pair) and questions.is_part("goods", *pair) for pair in pairs)
    if known and (is_some or not is_of_it):
        yield f"its sentence says {said}, and its phrase {_named(asked.goods, codes.product_name)}"


def _of_member(said: Said, sides: Sequence[set[str]], asked: Phrase) -> Iterator[str]:
    """Another one's share, place or lead, or in the trade of another."""
    mine, asks = [{asked.reporter}, {*asked.partner}], phrase.WAYS[asked.flow][0]
    differs = any(side and side != own for side, own in zip(sides, mine, strict=True))
    is_of_lead = said.kind == phrase.LEAD  # of no other kind are its sides those of a lead
    if is_of_lead == (asked.kind == phrase.LEAD) and (differs or said.way not in ("", asks)):
        one, told = (
            f"{_named(pair[1])} in the {TRADE_OF[which]} of {_named(pair[0])}"
            for pair, which in ((sides, said.way), (mine, asks))
        )
        yield f"its sentence says {one}, and its phrase {told}"


def _of_sides(way: str, sides: Sequence[set[str]], asked: Phrase) -> Iterator[str]:
    """Who traded otherwise than a phrase has it, or the other way; the world is any partner."""
    mine, asks = [{asked.reporter}, {*asked.partner}], phrase.WAYS[asked.flow][0]
    if {way, asks} <= {"from", "to"}:
        verbs = ("bought", "sold")[:: 1 if asks == "from" else -1]
        turned = zip(sides[:: 1 if way == asks else -1], mine, mine[::-1], verbs, strict=True)
        wrong = [each for each in turned if each[0] and each[0] != each[1]]
        for side, own, other, verb in wrong[:1]:
            told = "the contrary" if side == other else f"by {_named(own)}"
            yield f"its sentence says {verb} by {_named(side)}, and its phrase {told}"
    elif way not in ("", asks):
        one, both = ("one direction", "both")[:: 1 if asks == "with" else -1]
        yield f"its sentence says {one}, and its phrase {both}"
    else:
        for side in (side for side in sides if side and side not in mine):
            yield f"its sentence says {_named(side)}, and its phrase {_named(mine[1])}"


def _named(ids: Iterable[str], name_of: Callable[[str], str] = codes.area_name) -> str:
    return " and ".join(map(name_of, sorted(ids))) or "another"


def _of_time(said: Said, asked: Phrase) -> Iterator[str]:
    """Another window or base than that of a phrase."""
    if said.when != sentence.OPEN:
        is_other = phrase.window(said.when) not in asked.windows
    else:
        is_other = bool(said.time) and _is_another(said.time, *span(asked.windows[0]))
    if is_other:
        windows = " or ".join(window_in_words(*window) for window in asked.windows)
        yield f"its sentence says {said.time or said.when}, and its phrase {windows}"
    elif said.base != sentence.OPEN and asked.base and phrase.window(said.base) != asked.base:
        base = window_in_words(*asked.base)
        yield f"its sentence compares with {said.base}, and its phrase with {base}"


def _is_another(time: str, first: int, after: int) -> bool:
    """Whether words of a time that do not tell its months are of other ones than these.

    They end with a month that is named, are of a year that is named, and no whole year; of "the
    year after 2023" they are none of that.
    """
    time = re.sub(r"\bFY ?(?=\d\d$)", "20", time)
    months, years = MONTHS.findall(time), YEAR.findall(time)
    ends = [first] if SPANNING.search(time) else [first, after - 1]
    names = {month_words(after - 1)} if months else {f"{end // 12}" for end in ends}
    is_named = not names.isdisjoint(months or years)
    if BESIDE.search(time):
        return _is_apart(time, names, is_named=is_named)
    spans = {LONG.get(word.lower()) for word in UNTIL.findall(time)}
    is_part = after - first == 1 and IN_MONTH.search(time)
    if is_part or not spans <= {None, after - first}:
        return True
    is_whole_year = first % 12 == 0 == after % 12
    return not is_named if months else is_whole_year or bool(years and not is_named)


def _is_apart(time: str, names: Collection[str], *, is_named: bool) -> bool:
    """Whether a time before or after another is none of these, which are named or not."""
    away = AWAY.search(time)
    numbers = {"a": 1, "the": 1, **ORDINALS, **units.NUMBER_WORDS}
    n = numbers.get(away["n"].lower(), 0) if away else 0
    if not away or not n or (n == 1 and "years" in time):
        return is_named
    return f"{int(away['year']) + (-n if away['before'] else n)}" not in names


def unsaid(text: str, claims: Sequence[Claim]) -> Iterator[str]:
    """What a sentence says that none of the claims about it asks: numbers, years, countries, goods.

    Only what is surely of trade: numbers with a unit, names of more than three letters. Beside a
    claimed number that is any word that no list has, since it may name other goods or a firm.
    """
    asked = [claim.asks for claim in claims]
    beside = dict.fromkeys(_beside(text, claims))
    yield from (f"not judged: {words}" for words in beside)
    words = _unread(text, claims, " ".join(beside))
    if words:
        yield f"not read: {', '.join(words)}"
    goods = [code for asks in asked for code in asks.goods.split("+")]
    amounts = [asks for asks in asked if asks.measure.removeprefix("growth of ") in MEASURES]
    flows = {asks.flow for asks in amounts}
    if _is_one_way(text) and flows == {"M" if SELLS.search(text) else "X"}:
        way = "imports" if flows == {"M"} else "exports"
        yield f"counted as {way}, by {codes.area_name(amounts[0].reporter)}"
    yield from _left_to_say(text, claims)
    yield from _counted_by(text, asked)
    yield from dict.fromkeys(_not_said(text, claims))
    others = [*_sides_beside(text, asked), *_goods_beside(text, goods)]
    yield from (f"its sentence also names {other}" for other in others)


def _left_to_say(text: str, claims: Sequence[Claim]) -> Iterator[str]:
    """The months by which a fiscal year is read, and that no rise and no fall is said."""
    every = (claim.asks for claim in claims)
    windows = dict.fromkeys(window_in_words(asks.start, asks.end) for asks in every if asks.start)
    yield from (" is read as ".join(pair) for pair in product(FISCAL.findall(text), windows))
    if any(map(_is_change, claims)) and not any(_directions(text)):
        yield "not said: whether it rose or fell"


def _not_said(text: str, claims: Sequence[Claim]) -> Iterator[str]:
    """Rivals or a partner whom a sentence does not name, and a base other than the year before."""
    by_name = _areas_in(text)
    named = by_name | _by_name(text, "capital")
    is_told = bool(sentence.pattern("referred").search(text))
    for claim in claims:
        asks = claim.asks
        few = sorted({*asks.partner.split("+")[1:]} - by_name)
        if few and asks.measure.startswith("rank ") and "among" not in text:
            yield f"ranked among some alone, with {', '.join(map(codes.area_name, few))}"
        partners = {*filter(codes.is_country, filter(_is_area, asks.partner.split("+")))}
        if asks.reporter in named and named.isdisjoint(partners) and not is_told:
            yield from map("not said: {}".format, map(codes.area_name, sorted(partners)))
        if asks.base and not claim.superlative and asks.base[:4] not in text:
            months = span(asks.start)[0] - span(asks.base[:7])[0]
            if months != 12 * (open_words.years_named(text) or 1):
                yield f"not said: compared with {window_in_words(*asks.base.split('..'))}"


def _counted_by(text: str, asked: Sequence[Question]) -> Iterator[str]:
    """Figures of one side, where a sentence cites those of another."""
    known = {**codes.area_codes("adjective"), **own_words.area_words()}
    cited = (known.get(word) or known.get(word.lower(), "") for word in CITED.findall(text))
    sides = {area for asks in asked for area in asks.reporter.split("+")}
    own = ", ".join(map(codes.area_name, sorted(filter(_is_area, sides))))
    for area in sorted(filter(codes.is_country, {*filter(None, cited)} - sides)) if own else ():
        yield f"counted by {own}, not {codes.area_name(area)}"


def _unread(text: str, claims: Sequence[Claim], told: str) -> list[str]:
    """The words beside the claimed numbers that no list has, and that are not told otherwise."""
    about = (_about(text, claim.figure or 0.0, claim.unit) for claim in claims)
    each = (min((said.unread for said in some), key=len, default=()) for some in about)
    words = dict.fromkeys(chain.from_iterable(each))
    return [word for word in words if word not in re.findall(r"\w+", told)]


def _beside(text: str, claims: Sequence[Claim]) -> Iterator[str]:
    """The numbers with a unit, and the words for a change, a peak or a denial, of no claim."""
    for item in numbers_in(text):
        is_claimed = any(_is_claimed(item, claim) for claim in claims)
        if item.is_counted and not is_claimed:
            yield item.text
    goods = {code for claim in claims for code in claim.asks.goods.split("+")}
    is_rank = any(claim.unit == units.RANK for claim in claims)
    may_be = {
        "route": ROUTES.keys().isdisjoint(goods),
        "some_makers": "TOTAL" in goods,
        "some_of": not any(claim.printed_because == IN_PARTS for claim in claims),
        "overtook": is_rank,
        "peaked": not is_rank and not any(claim.superlative for claim in claims),
    }
    beside = (rule for rule, is_beside in may_be.items() if is_beside)
    for rule in ("valued", "event", "denied", *beside):
        yield from sentence.pattern(rf"\b(?:{{{rule}}})\b").findall(text)
    yield from _moves_beside(text, claims)


def _moves_beside(text: str, claims: Sequence[Claim]) -> list[str]:
    """By how many times something changed, of which no number is asked; else that it did."""
    changes = [claim for claim in claims if claim.asks.measure.startswith(CHANGES)]
    is_told = any(x.figure and (x in changes or x.printed_because == IN_PARTS) for x in claims)
    times = [] if is_told else sentence.pattern("by_times").findall(text)
    moves = [] if changes else MOVED.findall(THAN.sub("", BY_TIMES.sub("", text)))
    return times or moves


def _sides_beside(text: str, asked: Sequence[Question]) -> list[str]:
    """The years and the countries that words name and nothing asks; of a rank all are asked."""
    years = set().union(*map(_years, asked))
    said = re.findall(rf"\b{YEAR.pattern}\b(?![,.]?\d)", text)
    if not years.isdisjoint(said) and not any(asks.base for asks in asked):
        said = IN_YEAR.findall(text)  # the others, such as of a target, are beside what it says
    others = [year for year in said if not min(years) <= year <= max(years)]
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
        measured = asks.measure.partition(" in ")[0]
        if row.asks and not any(measured.endswith(f"of {measure}") for measure in row.asks):
            yield f"{asks.measure!r}, and its words ask {' or '.join(row.asks)} ({row.because})"


def of_admitted(text: str, asks: Question, admitted: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """An open key that admits the contrary of what the words say.

    That is the other direction where they say one, another measure, and another country than the
    one that they name.
    """
    if _is_one_way(text) and MIRRORED.get(asks.flow) in admitted.get("flow", ()):
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
    """Whether words name goods, and these are none of them; "goods" are all goods."""
    if goods == "TOTAL" and GOODS.search(text):
        return False
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


def _areas_in(text: str) -> set[str]:
    """The areas that a text names, by their adjectives and by two letters too."""
    known = own_words.area_words()
    short = {known[word.casefold()] for word in ABBREVIATED.findall(text)}
    return {*_named_in(text, known).values(), *_by_name(text), *short}


def _named_in(text: str, words: Table) -> dict[str, Any]:
    """The words that a text has, of those that are longer than an abbreviation."""
    lowered = fold(text)
    near = {word: meant for word, meant in words.items() if word in lowered}
    return {
        word: meant
        for word, meant in near.items()
        if re.search(rf"\b{re.escape(word)}\b", lowered)
        and (len(word) > SHORTEST or (len(word) == SHORTEST and word.upper() in text))
        and (meant != word.upper() or word in sentence.NAMED_SO)  # DJI is no Djibouti
    }


def _share(one: str, other: str) -> bool:
    """Whether two codes of goods are one, or one lies in the other; all goods are none of these."""
    if "TOTAL" in (one, other):
        return one == other
    return questions.is_part("goods", one, other) or questions.is_part("goods", other, one)
