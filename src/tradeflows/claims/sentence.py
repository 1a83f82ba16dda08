"""What a sentence says of trade: its figures, changes, ranks and records, and of what each is.

Rules and the package's own lists of words, with those of ``sentence.toml``: the same sentence says
the same. What it does not say whole is :data:`OPEN`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from tradeflows.claims import open_words, phrase, questions
from tradeflows.claims.open_words import Printed
from tradeflows.claims.phrase import (
    BARRELS,
    CHANGE,
    GROWTH,
    LEAD,
    MONTHLY,
    POINTS,
    PRICE,
    RANK,
    RECORD,
    SHARE,
)
from tradeflows.claims.word_lists import word_list
from tradeflows.model import codes, units
from tradeflows.model.currencies import plain_names
from tradeflows.model.periods import month_text, span
from tradeflows.model.words import fold
from tradeflows.retrieval import own_words

OPEN = "???"  # what a sentence does not say
WORLD = "World"

# --- sentences ------------------------------------------------------------------------------------

ABBREVIATED = re.compile(
    r"(?:\b(?:[A-Z]|[a-z]\.[a-z]|[Nn]os?|bn|mn|Mr|Mrs|Ms|Dr|St|vs|approx|Inc|Ltd|Co|Corp"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec))\.$"
)
BEGINS = re.compile(r"[\"'“‘(]*(?:In|The|It|But|And|This|That|Its|They|By|For|At|On|However)\b")
ENDS = re.compile(r"[.!?…][\"'”’»)]* +(?=[\"'“‘«(]*[A-Z0-9$€£])")
BULLET = re.compile(r"^\s*(?:[-*•–—·▪]|\(?\d{1,2}[.)])\s+")
CELLS = re.compile(r"\t|\S {3,}(?=\S)|\||;(?=\S)")  # what parts the cells of a table
HEADING = 60  # characters of a line that may be one


def sentences(text: str) -> list[str]:
    r"""The sentences, headings and items of a text; a line of a table is none.

    Examples
    --------
    >>> from tradeflows.claims import sentence
    >>> sentence.sentences("Sales of the U.S. to Japan\nrose. No. 1 was wheat.\n- Maize fell.")
    ['Sales of the U.S. to Japan rose.', 'No. 1 was wheat.', 'Maize fell.']
    """
    found = []
    for block in _blocks(text):
        start = 0
        for match in ENDS.finditer(block):
            is_short = ABBREVIATED.search(block[start : match.start() + 1][-9:])
            if not is_short or BEGINS.match(block, match.end()):
                found.append(block[start : match.end()].strip())
                start = match.end()
        found.append(block[start:])
    return found


def _blocks(text: str) -> list[str]:
    """What goes on from line to line: a paragraph, a heading or an item."""
    blocks: list[list[str]] = [[]]
    for line in map(str.strip, text.splitlines()):
        plain = "" if len(CELLS.findall(line)) > 1 else BULLET.sub("", line, count=1)
        last = blocks[-1][0] if len(blocks[-1]) == 1 else ""
        is_heading = len(last) < min(HEADING, len(plain)) and last[-1:].isalnum()
        if plain != line or (is_heading and plain[:1].isupper()):
            blocks.append([])
        blocks[-1].append(plain) if plain else blocks.append([])
    return [" ".join(" ".join(block).split()) for block in blocks if block]


# --- words, as tags -------------------------------------------------------------------------------

TOKEN = re.compile(r"(?:[A-Z]\.){2,}|[^\W\d_]+(?:-[^\W\d_]+)*")
LONGEST = 4  # words of a name
CAPITALS = 3  # letters of a name that is one in capitals alone: "us" is none
NAMED_SO = {"us", "usa", "uk", "uae", "eu", "prc", "drc"}
OTHERWISE = {"lead", "total", "ships", "art", "arms", "salt", "fish"}  # which mostly are no goods
QUARTERS = open_words.ORDINALS | {"opening": 1} | dict.fromkeys(("last", "final", "closing"), 4)
MEASURED = questions.OF_UNITS | {"tons": "weight", "ton": "weight"}
# Kinds that are in no phrase.
PERCENT, SHARE_MOVED, A_YEAR = "percent", "share moved", "a year"
KINDS = {PERCENT: PERCENT, "percentage points": POINTS, "bbl/day": BARRELS}
PER = {"month": MONTHLY, "year": A_YEAR, "tonne": PRICE}


class Number(NamedTuple):
    """A number of a sentence: as a line has it and in print, of what kind, and what it measures."""

    figure: str
    printed: tuple[Printed, ...] = ()
    kind: str = ""
    amount: str = ""


class Tagged(NamedTuple):
    """A sentence whose areas, goods, windows and numbers are tags, and what each of them is.

    `times` has the words in print of each window.
    """

    text: str
    said: dict[str, str]
    numbers: dict[str, Number]
    times: dict[str, str]


@cache
def table() -> dict[str, Any]:
    """The words, periods and rules of ``sentence.toml``."""
    table = {**word_list("sentence")}
    rules = {name: rule.replace("\n", "") for name, rule in table["rules"].items()}
    listed = {**open_words.said(), **table["words"], "ordinal": [*open_words.ORDINALS][1:]}
    rules |= {name: "|".join(words) for name, words in listed.items()}
    every = {*table["spelt"], *units.SIZES, *plain_names().values(), "US dollars"}
    unit = map(re.escape, (word for word in every if len(word) > 1 or word == "%"))
    for name, some in (("unit", unit), ("qualifier", filter(str.isascii, open_words.QUALIFIERS))):
        rules[name] = "|".join(sorted(filter(None, some), key=len, reverse=True))
    table["rules"] = rules | {"sign": open_words.SIGN}
    return table


@cache
def pattern(text: str) -> re.Pattern[str]:
    """A rule by its name, or as it is written, with the words and rules that it names in braces."""
    named, text = table()["rules"], table()["rules"].get(text, text)
    while re.search(r"\{[a-z_]+\}", text):
        text = re.sub(r"\{([a-z_]+)\}", lambda name: f"(?:{named[name[1]]})", text)
    return re.compile(text, re.IGNORECASE)


@cache
def _names(root: Path | None) -> dict[str, dict[str, tuple[str, str]]]:
    """By its first word the tag and the meaning of each name of an area, or of goods, folded."""
    names = {fold(word): ("J", area) for word, area in codes.area_codes("adjective").items()}
    names |= {fold(word): ("A", area) for word, area in codes.area_codes("capital").items()}
    for word, area in {**own_words.area_words(root), **own_words.EU}.items():
        if (len(word) > CAPITALS or word in NAMED_SO) and area != codes.WORLD:
            names[word] = ("A", area)
    for word in sorted({*own_words.product_words(root)} - OTHERWISE):
        one = word if word.endswith("ss") else word.removesuffix("s")
        names |= dict.fromkeys((one, word), ("G", word))
    by_first: dict[str, dict[str, tuple[str, str]]] = {}
    for word, meaning in names.items():
        by_first.setdefault(re.split("[ -]", word)[0], {})[word] = meaning
    return by_first


_folded = lru_cache(2**16)(fold)


def _tagged(sentence: str, root: Path | None) -> Tagged:
    """A sentence with tags: <A> of an area, <J> of its adjective, <G>, <W> and <N> of a number."""
    said: dict[str, str] = {}
    numbers: dict[str, Number] = {}
    times: dict[str, str] = {}

    def tag(kind: str, meaning: str = "") -> str:
        name = f"<{kind}{len(said)}>"
        said[name] = meaning
        if kind == "J":  # its country, where a rule has it so
            said[name.replace("J", "A")] = meaning
        return name

    def as_window(to: str, match: re.Match[str]) -> str:
        part = {name: text.rstrip(" .").title() for name, text in match.groupdict("").items()}
        q, n = (part.get(key, "").lower() for key in "qn")
        part |= zip(("y1", "y2"), sorted(part.get(key, "") for key in ("y1", "y2")), strict=True)
        part |= {"q": f"{QUARTERS.get(q, q)}", "n": f"{units.NUMBER_WORDS.get(n) or n:0>2}"}
        name = tag("W", " ".join(to.format_map(part).split()))  # "" where it tells no months
        times[name] = "" if part.get("ago") else match[0]
        is_bare = part.get("odd") or part.get("ago")
        return "across " * bool(part.get("across")) + "in " * bool(is_bare) + name

    def as_number(match: re.Match[str]) -> str:
        number = _number(match)
        if number is None:
            return match[0]
        name = tag("N")
        numbers[name] = number
        return (match["by"] or "") + name

    text = re.sub(r"[“”\"«»<>]", "", sentence).replace("’", "'").replace("‘", "'")
    for start, end, kind, meaning in [*_named(text, root)][::-1]:
        text = f"{text[:start]}{tag(kind, meaning)}{text[end:]}"
    text = re.sub(r"\bthe (?=<[AJ])", "", text, flags=re.IGNORECASE)
    text = pattern("day").sub("that day", text)
    for form, to in table()["periods"].items():
        rule = pattern(rf"(?<![\w,.<$€£-])(?:{form})(?!\w)")
        text = rule.sub(partial(as_window, to), text)
    text = pattern("in_print").sub(as_number, pattern("often").sub(r" \2 of \1", text))
    for form, to in table()["rewritten"].items():
        text = pattern(form).sub(to, text)
    return Tagged(text, said, numbers, times)


def _named(text: str, root: Path | None) -> Iterator[tuple[int, int, str, str]]:
    """Where a text names an area or goods, the longest names first, and what they are."""
    names, tokens, end = _names(root), [*TOKEN.finditer(text)], 0
    for at, token in enumerate(tokens):
        known = names.get(_folded(token[0]).partition("-")[0], {})
        for last in reversed(tokens[at : at + LONGEST]) if known and token.start() >= end else ():
            word = text[token.start() : last.end()]
            kind, meaning = known.get(_folded(word), ("", ""))
            is_name = word[0].isupper() and (len(word) > CAPITALS or word.isupper())
            if kind == "G" or (kind and is_name):
                end = last.end()
                yield token.start(), end, kind, meaning
                break


def _number(match: re.Match[str]) -> Number | None:
    """What a number in print is; None where nothing says what it counts."""
    said = {name: text.strip() for name, text in match.groupdict("").items()}
    if said["part"]:
        return Number(f"{said['words']} {said['part']}".strip().lower(), kind=PERCENT)
    if said["no"]:
        return Number(OPEN)
    unit = said["unit"] or "pieces" * bool(said["count"]) * (not said["sign"])
    if not f"{said['sign']}{said['scale']}{unit}":
        return None
    spelt, scale = (table()["spelt"].get(word.lower(), word) for word in (unit, said["scale"]))
    base = units.sized(open_words.SIGNS.get(said["sign"], said["sign"]) or spelt)[0]
    kind = PER.get(said["per"].rpartition(" ")[2]) or KINDS.get(base, "")
    measured: dict[str, str] = MEASURED | dict.fromkeys(units.CURRENCY.findall(base), "value")
    number = f"{said['sign']}{' ' * said['sign'].isalpha()}{said['digits']}"
    words = [said["words"], number, scale, spelt]
    if kind == PRICE:
        words = [said["words"], said["digits"], f"{base}/t"]
    is_whole = not said["range"] and (said["sign"] or spelt)
    figure = " ".join(filter(None, words)) if is_whole else OPEN
    amount = measured.get(base, measured.get(unit.lower(), ""))
    return Number(figure, tuple(open_words.numbers_in(match[0])), kind, amount)


# --- what a clause says ---------------------------------------------------------------------------

WORD = re.compile(r"(?<!<)\b[^\W\d_]{2,}(?:[-'][^\W\d_]+)*")
AREA, GOODS, NUMBERS, WINDOWS = (re.compile(rf"<[{kinds}]\d+>") for kinds in ("AJ", "G", "N", "W"))
JOINED = re.compile(r"(?:^(?:<[AJ]\d+>, )+|(?<!, ))<[AJ]\d+>(?:'s?)?,? and $")  # before another
LEVEL = re.compile(r"(?:just )?(?:below|above|under|over|short|shy)\b")  # no "fell by"
RANKS = {"second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th"}
# Of which kind a number is, by the first rule that its clause keeps.
UNTOLD = {"led": LEAD, "untold": OPEN}
NO_PHRASE = ("mood", "beside_it", "in_part", "balance", "no_record")
CHANGES = (GROWTH, CHANGE, POINTS)
# What is in no phrase of some kinds alone.
NO_PHRASE_OF = {
    **dict.fromkeys(("denied", "of_rate"), CHANGES),
    "a_year": (*CHANGES, OPEN),
    "to_points": (POINTS,),
    "in_price": (PRICE, MONTHLY, BARRELS),
    "mean": ("",),
    "of_goods": (SHARE,),
}
PERCENTS = {
    "unit_value": OPEN,
    "share_moved": SHARE_MOVED,
    "shared": SHARE,
    "changed": GROWTH,
    "from_level": OPEN,
    "": PERCENT,
}
AMOUNTS = {"unit_value": OPEN, "changed": CHANGE, "record": RECORD, "by_month": MONTHLY}
SHARES = (
    *("share_of", "share_given", "share_got", "share_sent", "share_went", "share_left"),
    *("share_taken", "share_had"),
)
MEMBERS = {
    **dict.fromkeys((SHARE, POINTS), SHARES),
    RANK: ("rank_from", "rank_to"),
    LEAD: ("lead_more", "lead_less"),
}
WAYS = {"imports": "from", "imported": "from", "exports": "to", "exported": "to"}
WAYS |= {way: way for way in ("from", "to")}
WHOM = {"from": "{whose_goods}", "to": "{sold_whom}", "with": "{and_whom}"}
NOBODY = ("nobody_with", "nobody_from", "nobody_to")
DONE = ("done_from", "done_to", "of_from", "of_to", "goods_to", "goods_from_to")
TRADERS = (*("noun_with", "verb_from", "noun_from", "verb_to", "noun_to"), *DONE, *NOBODY)


class Said(NamedTuple):
    """What a clause says that a number, a rank, a record or a change is of; OPEN where it does not.

    Attributes
    ----------
    figure, printed
        As a line has it, and the numbers in print that it is.
    way
        From, to or with; empty where it is not told.
    time
        The words of its time in print; `when` is OPEN where they tell no months.
    because
        Words of which no phrase asks: of a plan, a denial, a balance; empty where there are none.
    unread
        Words beside the number that are in no rule and no list.
    """

    figure: str
    printed: tuple[Printed, ...]
    kind: str
    amount: str
    goods: str
    who: str
    whom: str
    way: str
    when: str
    base: str
    time: str
    because: str
    unread: tuple[str, ...]


def stated(
    sentence: str, root: Path | None = None, *, is_next: bool = False, is_trade: bool = False
) -> Iterator[Said]:
    """What a sentence states of trade: its numbers, or a rank, a record or a change without one.

    Parameters
    ----------
    is_next
        Whether it goes on from one that states trade.
    is_trade
        Whether it is known to be all of trade.

    Examples
    --------
    >>> from tradeflows.claims import sentence
    >>> [said] = sentence.stated("In 2019 Japan imported 5.3 Mt of wheat from Canada.")
    >>> said.figure, said.amount, said.goods, said.who, said.way, said.whom, said.when
    ('5.3 Mt', 'weight', 'wheat', 'Japan', 'from', 'Canada', '2019')
    """
    may_be = pattern("may_state").search(sentence) and not pattern(r"\b{never}").search(sentence)
    if not (is_trade or may_be):
        return
    tagged = _tagged(sentence, root)
    for clause in pattern("clause").split(tagged.text):
        tags = NUMBERS.findall(clause)
        if not is_trade:
            if not _is_trade(clause, tagged, is_next=is_next):
                continue
            tags = [tag for tag in tags if _is_of_trade(clause, tag, is_next=is_next)]
        yield from _of_clause(clause, tags, tagged)


def _of_clause(clause: str, tags: Sequence[str], tagged: Tagged) -> Iterator[Said]:
    """What a clause of trade says of its numbers, and what it says without one."""
    for tag in tags:
        yield _of_number(tagged.numbers[tag], clause.replace(tag, "<N>"), tagged)
    if not (tags or pattern(r"\b{ahead}\b").search(clause)):
        yield from _without_number(clause, tagged)
    is_growth = {tagged.numbers[tag].kind for tag in tags} == {PERCENT}
    if is_growth and pattern("^(?!.*{ahead}).*{hit_record}").search(clause):
        yield _said(RECORD, Number("record"), clause, tagged)


def _is_trade(clause: str, tagged: Tagged, *, is_next: bool) -> bool:
    """Whether a clause is about trade, or goes on with it; a figure is not asked for yet."""
    rules = ("enough", "strongly", *["next", "next_of_area", r"\b{strong}\b"] * is_next)
    if any(pattern(rule).search(clause) for rule in rules):
        return True
    areas, goods = {*AREA.findall(clause)}, {*GOODS.findall(clause)}
    if not (areas and pattern("weakly").search(clause)) or pattern(r"\b{seldom}").search(clause):
        return False
    amounts = {tagged.numbers[tag].amount for tag in NUMBERS.findall(clause)}
    return len(areas | goods) > 1 or not amounts.isdisjoint(["weight", "volume"])


def _is_of_trade(clause: str, tag: str, *, is_next: bool) -> bool:
    """Whether what stands nearest before a number, or else behind it, is trade."""
    before, _, after = clause.partition(tag)
    earlier = [*pattern("subject").finditer(before)]
    subject = earlier[-1] if earlier else pattern("subject").search(after)
    if pattern("other").search(after):
        return False
    return not subject["other"] if subject else is_next


def _of_number(number: Number, mark: str, tagged: Tagged) -> Said:
    """What a clause says of a number, the mark in it."""
    figure = OPEN if pattern("unsized").search(mark) else number.figure
    mark = mark.replace("<N>", "to <N>") if LEVEL.match(figure) else mark
    rules = UNTOLD | {PERCENT: PERCENTS, "": AMOUNTS}.get(number.kind, {})
    kind = next((kind for rule, kind in rules.items() if pattern(rule).search(mark)), number.kind)
    if kind == PERCENT:  # it rose or fell, or is a share, and no word tells which
        kind = figure = OPEN
    if _is_change_of_price(kind, mark, tagged):  # of which no phrase asks
        kind = OPEN
    changed = pattern("changed").search(mark) if kind in CHANGES else None
    if changed and pattern("fall").search(changed[0]):
        figure = pattern("^((?:{qualifier}) )?").sub(r"\1-", figure)
    of = [amount for amount in ("value", "weight") if pattern(f"by_{amount}").search(mark)]
    amount = number.amount or (of[0] if len(of) == 1 and kind in (GROWTH, SHARE, POINTS) else OPEN)
    return _said(kind, number._replace(figure=figure, amount=amount), mark, tagged)


def _is_change_of_price(kind: str, mark: str, tagged: Tagged) -> bool:
    """Whether a clause tells how a price changed."""
    kinds = {tagged.numbers[tag].kind for tag in NUMBERS.findall(mark)}
    is_priced = PRICE in kinds or pattern("priced").search(NUMBERS.sub("<N>", mark))
    return kind in (GROWTH, CHANGE) and bool(is_priced)


def _without_number(clause: str, tagged: Tagged) -> Iterator[Said]:
    """A rank, a record or a change of which a clause does not say how much."""
    ranked = pattern("ranked").search(clause)
    if ranked and not ranked["not"]:
        is_first = pattern(r"largest|biggest|top|no\.? ?1|number").match(ranked["how"])
        place = (ranked["place"] or "").lower()
        figure = RANKS.get(place, place or ("1st" if is_first else OPEN))
        yield _said(RANK, Number(figure), clause, tagged)
    elif pattern("taxed").search(clause):
        return
    elif pattern("hit_record").search(clause):
        yield _said(RECORD, Number("record"), clause, tagged)
    elif pattern("moves").search(clause):
        words = {"rise": "rose", "fall": "fell", "so_often": ""}
        moves = {rule: match for rule in words if (match := pattern(rule).search(clause))}
        first = min([*moves][::-1], key=lambda rule: moves[rule].start())
        figure = words[first] or moves[first][0].lower()
        figure = re.sub(r"half$", "-half", figure)
        kind = POINTS if pattern("shared").search(clause) else GROWTH
        yield _said(kind, Number(figure), clause, tagged)


def _said(kind: str, number: Number, mark: str, tagged: Tagged) -> Said:
    """What a clause says of a number, or of what has none."""
    against = [*NO_PHRASE, *(rule for rule, kinds in NO_PHRASE_OF.items() if kind in kinds)]
    # The part of a number is from the trade that it is of to where another thing begins.
    before, number_tag, after = mark.partition("<N>")
    parts = re.split("(, |: )", before)
    trade = [at for at, part in enumerate(parts) if pattern("trade").search(part)]
    ends = ", |: | (?:as|when|while|because|despite|amid|after|before) (?!m|<)"
    part = f"{''.join(parts[trade[-1] if trade else -1 :])}{number_tag}{re.split(ends, after)[0]}"
    part = part if number_tag else mark
    texts = {"mood": part}  # what was planned or failed beside it is another thing
    against = [rule for rule in against if rule != "mean" or number.amount != "value"]
    said = (pattern(rule).search(texts.get(rule, mark)) for rule in against)
    because = next((match[0] for match in said if match), "")
    when, base, time = _when(kind, mark, tagged)
    return Said(
        number.figure,
        number.printed,
        OPEN if because else kind,
        number.amount or OPEN,
        _goods(mark, tagged),
        *_sides(kind, pattern("measured").sub("", mark) if kind in MEMBERS else mark, tagged),
        when,
        base,
        time,
        re.split(r"<\w+>", because)[-because.startswith("<N>")].strip(" ,"),
        tuple(_unread(part)) if "<N>" in mark else (),
    )


def _unread(part: str) -> Iterator[str]:
    """The words of a number's part that may be goods, a firm or a place, and are in no list.

    They are names, stand before goods or trade, or are what was traded or who did: no verb is one.
    """
    for word in WORD.finditer(part):
        before, after = part[: word.start()], part[word.end() :]
        is_name = word[0][0].isupper() and before
        is_named = is_name or pattern("named_by").search(before) or pattern("names").match(after)
        if is_named and not pattern("read").match(word[0]):
            yield word[0]


def _goods(mark: str, tagged: Tagged) -> str:
    """The goods of a clause, as it names them."""
    named = [match["all"] for match in pattern("goods_named").finditer(mark)]
    is_all = len(GOODS.findall(mark)) == len(GOODS.findall(" ".join(named)))
    if not is_all or pattern("goods_more").search(mark):
        return OPEN
    if not named:
        return "all goods" if pattern("goods_all").search(mark) else OPEN
    words = {" + ".join(tagged.said[tag] for tag in GOODS.findall(each)) for each in named}
    return words.pop() if len(words) == 1 else OPEN


def _when(kind: str, mark: str, tagged: Tagged) -> tuple[str, str, str]:
    """The window of a clause, what a change compares it with, and the window's words in print."""
    when, time = _window(pattern("base").sub("", mark), tagged)
    if kind not in CHANGES:
        is_other = pattern("across.*{changing}|{changing}.*across|{is_before}").search(mark)
        return (OPEN, OPEN, "") if is_other else (when or OPEN, OPEN, time)
    against = pattern("base").search(mark, mark.find("<N>") + 1) or pattern("base").search(mark)
    base = _base(against, when, mark, tagged)
    if " to " in when and "across" in mark:  # a change from one year to another, or in all of them
        years = re.fullmatch(r"(\d{4}) to (\d{4})", when)
        return (years[2], years[1], time) if years and not base else (OPEN, OPEN, "")
    return when or OPEN, base or OPEN, time


def _base(against: re.Match[str] | None, when: str, mark: str, tagged: Tagged) -> str:
    """What a change is over: a time that its clause names, or the same time a year before."""
    if against:
        base = tagged.said[against["base"]]
        return re.sub(r"\d{4}", base, when) if against["same"] and base.isdigit() else base
    if pattern("month_before").search(mark) and when:
        first, after = span(phrase.window(when))
        return month_text(first - 1) if after - first == 1 else ""
    ago = pattern("year_before").search(mark)
    if not ago:
        return ""
    n = units.NUMBER_WORDS.get((ago["n"] or "one").lower(), 0)
    return re.sub(r"\d{4}", lambda year: str(int(year[0]) - n), when) if n else ""


def _window(mark: str, tagged: Tagged) -> tuple[str, str]:
    """The window of a number's part, or the only one that its sentence has for it, and its words.

    "" for none or several.
    """
    mark, text = (pattern("of_another").sub("", each) for each in (mark, tagged.text))
    parts = pattern("part_of").split(mark)
    trade = [part for part in parts if pattern("trade").search(part)]
    own = next((part for part in parts if "<N>" in part), [*trade, *parts][0])
    # What stands behind another number is of that alone.
    others = [p for at, p in enumerate(parts) if own in parts[at:] or not NUMBERS.search(p)]
    first = pattern("at_first").match(text)
    lead = first[0] if first else ""
    for place in (*pattern("at_once").findall(mark), own, " ".join([lead, *others])):
        if tags := {*WINDOWS.findall(place)}:
            break
    tag = tags.pop() if len(tags) == 1 else ""
    may_be = [own, *(part for part in others if part in trade)]
    may_be += [lead] * (not pattern(r"\b{sayings}\b").search(text))
    is_told = tag in pattern("at").findall(" ".join(may_be)) or not tagged.said.get(tag)
    return (tagged.said.get(tag, ""), tagged.times.get(tag, "")) if is_told else ("", "")


def _sides(kind: str, mark: str, tagged: Tagged) -> tuple[str, str, str]:
    """Who reports, with whom or who is its member, and which way; "" where that is not told."""
    rules = MEMBERS.get(kind, TRADERS)
    rule, found = _first_of(rules, mark, is_ranked=kind in MEMBERS)
    if not found:
        return OPEN, OPEN, ""
    way, said = rule.rpartition("_")[2], found.groupdict("")
    who = _area(said.get("who") or said.get("of", ""), tagged)
    if kind in MEMBERS:
        return who, _area(said["whom"], tagged), WAYS.get(said.get("way", way).lower(), "")
    lead, rest = mark[: found.start()], mark[found.end() :]
    before, number, _ = rest.partition("<N>")
    is_turned = number and pattern(f"turned_{way}").search(before)
    if is_turned or re.search("<N>.*,", lead) or pattern("elsewhere").search(rest):
        return OPEN, OPEN, ""  # the number is of another trade
    who = _joined(lead, who, tagged)
    if not who or (rule == "noun_from" and _is_unclear(found, lead, rest)):
        return OPEN, OPEN, way
    whom = _whom(kind, way, rest, mark, tagged)
    return who, OPEN if whom == WORLD and who == OPEN else whom, way


def _first_of(
    rules: Iterable[str], mark: str, *, is_ranked: bool
) -> tuple[str, re.Match[str] | None]:
    """The rule that matches a clause first, or of those that are ranked the first that does."""
    matches = [(rule, match) for rule in rules if (match := pattern(rule).search(mark))]
    if not matches:
        return "", None
    return min(matches, key=lambda pair: 0 if is_ranked else pair[1].start())


def _joined(lead: str, who: str, tagged: Tagged) -> str:
    """Who traded, with the one before him: "Kazakhstan and Kyrgyzstan"; "" of others before him."""
    both = JOINED.search(lead)
    if both and who != OPEN:
        return " and ".join([*(_area(tag, tagged) for tag in AREA.findall(both[0])), who])
    return "" if re.search(r"<[AJ]\d+>(?:, | and | or )$", lead) else who


def _is_unclear(found: re.Match[str], lead: str, rest: str) -> bool:
    """Whether "Chinese imports" may be those from China, or another country stands before."""
    is_adjective = found["who"].startswith("<J") and not re.match(" (?:of|from) ", rest)
    return bool(is_adjective or (not found["own"] and AREA.search(JOINED.sub("", lead))))


def _whom(kind: str, way: str, rest: str, mark: str, tagged: Tagged) -> str:
    """The partner that the words behind who trades name, the world where they leave no other."""
    rule, rest = f" {way} {{whom}}|{WHOM[way]}", pattern("aside").sub("", rest)
    found = pattern(rule).finditer(rest)
    named = {each.start(): "".join(each.groups("")) for each in found}
    areas = {*AREA.findall(rest)}
    if not named:
        is_open = re.search(rf" {way} (?!<N)", rest) or not _is_of_the_world(kind, mark, tagged)
        return OPEN if is_open else WORLD
    own = _own(named, rest, is_level=kind in ("", RECORD))
    if len({*own.values()}) != 1 or pattern("of_these").search(rest):
        return OPEN
    tags = AREA.findall(own.popitem()[1])
    is_all = areas == {*tags} or len({*named.values()}) > 1
    return " and ".join(_area(tag, tagged) for tag in tags) if is_all else OPEN


def _is_of_the_world(kind: str, mark: str, tagged: Tagged) -> bool:
    """Whether an amount of named goods stands with one country, and alone but for per cents."""
    amounts = {tag for tag in NUMBERS.findall(mark) if tagged.numbers[tag].kind != PERCENT}
    is_level = kind in ("", RECORD, MONTHLY, BARRELS) and not amounts
    is_named = GOODS.search(mark) or pattern("goods_all").search(mark)
    return is_level and bool(is_named) and len({*AREA.findall(mark)}) < 2


def _own(named: Mapping[int, str], rest: str, *, is_level: bool) -> dict[int, str]:
    """The partners that are of the number that is looked at, by where they stand."""
    here = rest.find("<N>")
    if not -1 < rest.find("<N") < min(named):  # they stand before all numbers, and are of all
        return dict(named)
    if here < 0:  # it stands before who trades, and they behind another number
        return {}
    if len({*named.values()}) > 1:
        until = f"{rest}<N".find("<N", here + 1)
        return {at: tags for at, tags in named.items() if here < at < until}
    is_apart = min(named) < here and is_level and not pattern("beside").search(rest[:here])
    return {} if is_apart else dict(named)


def _area(tag: str, tagged: Tagged) -> str:
    return codes.area_name(tagged.said[tag]) if tag else OPEN
