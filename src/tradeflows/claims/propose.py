"""Lines of claims that a text proposes: its figures, changes, ranks and records of trade.

Rules and the package's own lists of words, with those of ``propose.toml``: the same text gives the
same lines. What a sentence does not say whole is :data:`OPEN`, for a human to fill.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib import resources
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

from tradeflows.claims import lines, phrase
from tradeflows.claims.phrase import BARRELS, CHANGE, GROWTH, MONTHLY, PRICE, RANK, RECORD, SHARE
from tradeflows.model import codes, units
from tradeflows.model.currencies import plain_names
from tradeflows.model.errors import LedgerError, QueryError
from tradeflows.model.words import fold
from tradeflows.retrieval import own_words

OPEN = lines.OPEN
COLUMNS = (*lines.REQUIRED, "printed_by", "date", "address")
WORLD = "World"
UNASKED = "not public"  # what a line asks of which the figure alone is read
STAND_INS = {"GOODS": "all goods", "WHO": WORLD, "WHOM": WORLD, "weight": "weight"}
STAND_INS |= {"WHEN": "2020", "WHEN BEFORE": "2019"}
FILL = {  # where a phrase is open, and what to put there
    r"^\?{3}$": f"a phrase such as {phrase.PATTERNS['']!r}, or why nothing tests it",
    r"(?:^|of |by |record )\?{3} (?:a month )?of": "weight, value, volume or number",
    r"of \?{3},": "the goods, such as soybeans or 1201",
    r", [^,]*\?{3}[^,]*,": "who reports and who traded with whom, World for all",
    r", \?{3}(?: on [^,]*)?$": "when, such as 2023 or January to May 2023",
    r" on \?{3}$": "the time before, such as 2018",
}
TOLD = {
    "figure": "the number that the sentence prints, such as 57.67 Mt, 71 %, 1st, rose or fell",
    "printed_by": "who printed it",
    "date": "when it was printed",
}
ENGLISH = {
    "the",
    "of",
    "and",
    "to",
    "from",
    "with",
    "that",
    "was",
    "were",
    "is",
    "are",
    "by",
    "for",
}
LEAST, FEW = 0.1, 30  # the part of a text that these are, and the words below which none is told

# --- sentences ------------------------------------------------------------------------------------

ABBREVIATED = re.compile(
    r"(?:\b(?:[A-Z]|[a-z]\.[a-z]|[Nn]os?|bn|mn|Mr|Mrs|Ms|Dr|St|vs|approx|Inc|Ltd|Co|Corp"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec))\.$"
)
BEGINS = re.compile(r"[\"'“‘(]*(?:In|The|It|But|And|This|That|Its|They|By|For|At|On|However)\b")
ENDS = re.compile(r"[.!?…][\"'”’»)]* +(?=[\"'“‘«(]*[A-Z0-9$€£])")
BULLET = re.compile(r"\s*(?:[-*•–—·▪]|\(?\d{1,2}[.)])\s+")
CELLS = re.compile(r"\t|\S {3,}(?=\S)|\||;(?=\S)")  # what parts the cells of a table
HEADING = 60  # characters of a line that may be one


def sentences(text: str) -> list[str]:
    r"""The sentences, headings and items of a text; a line of a table is none.

    Examples
    --------
    >>> from tradeflows.claims import propose
    >>> propose.sentences("Sales of the U.S. to Japan\nrose. No. 1 was wheat.\n- Maize fell.")
    ['Sales of the U.S. to Japan rose.', 'No. 1 was wheat.', 'Maize fell.']
    """
    blocks: list[list[str]] = [[]]
    for line in text.splitlines():
        plain = BULLET.sub("", line, count=1).strip()
        last = blocks[-1][-1] if blocks[-1] else ""
        is_heading = len(last) < min(HEADING, len(plain)) and last[-1:].isalnum()
        is_heading &= plain[:1].isupper()
        if plain != line.strip() or not last or (is_heading and len(blocks[-1]) == 1):
            blocks.append([])
        if len(CELLS.findall(line.strip())) > 1 or not plain:
            blocks.append([])
        else:
            blocks[-1].append(plain)
    found = []
    for block in blocks:
        whole, start = " ".join(" ".join(block).split()), 0
        for match in ENDS.finditer(whole):
            is_short = ABBREVIATED.search(whole[start : match.start() + 1][-9:])
            if not is_short or BEGINS.match(whole, match.end()):
                found.append(whole[start : match.end()].strip())
                start = match.end()
        found.append(whole[start:])
    return [sentence for sentence in found if sentence]


# --- words, as tags -------------------------------------------------------------------------------

TOKEN = re.compile(r"(?:[A-Z]\.){2,}|[^\W\d_]+(?:-[^\W\d_]+)*")
LONGEST = 4  # words of a name
CAPITALS = 3  # letters of a name that is one in capitals alone: "us" is none
NAMED_SO = {"us", "usa", "uk", "uae", "eu", "prc", "drc"}
OTHERWISE = {"lead", "total", "ships", "art", "arms", "salt", "fish"}  # which mostly are no goods
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
# How print writes a unit, and how a line has it: "" where a line has none.
SPELT = {"metric tons": "tonnes", "metric tonnes": "tonnes", "tons": "", "ton": "", "barrels": ""}
SPELT |= {"bushels": "", "bpd": "barrels a day", "b/d": "barrels a day", "per cent": "%", "m": "mn"}
SPELT |= {"barrels per day": "barrels a day", "cubic meters": "cubic metres", "percent": "%"}
MEASURED = {"kg": "weight", "m3": "volume", "units": "number", "tons": "weight", "ton": "weight"}
PERCENT, POINTS = "percent", "percentage points"  # kinds that are in no phrase
PER = {"month": MONTHLY, "year": "a year", "tonne": PRICE}


class Number(NamedTuple):
    """A number of a sentence: as a line has it, of what kind it is, and what it measures."""

    figure: str
    kind: str = ""
    amount: str = ""


class Tagged(NamedTuple):
    """A sentence whose areas, goods, windows and numbers are tags, and what each of them is."""

    text: str
    said: dict[str, str]
    numbers: dict[str, Number]


@cache
def _table() -> dict[str, Any]:
    """The words, periods and rules of ``propose.toml``."""
    text = resources.files(__package__).joinpath("propose.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    rules = {name: rule.replace("\n", "") for name, rule in table["rules"].items()}
    table["rules"] = rules | {name: "|".join(words) for name, words in table["words"].items()}
    every = {*SPELT, *units.SIZES, *plain_names().values(), "US dollars"} - {
        "g",
        "t",
        "L",
        "m",
        "$",
    }
    some = {"unit": map(re.escape, every), "qualifier": filter(str.isascii, lines.QUALIFIERS)}
    for name, words in some.items():
        table["rules"][name] = "|".join(sorted(filter(None, words), key=len, reverse=True))
    return table


@cache
def _rule(rule: str) -> re.Pattern[str]:
    """A rule by its name, or as it is written, with the words and rules that it names in braces."""
    named, rule = _table()["rules"], _table()["rules"].get(rule, rule)
    while re.search(r"\{[a-z_]+\}", rule):
        rule = re.sub(r"\{([a-z_]+)\}", lambda name: f"(?:{named[name[1]]})", rule)
    return re.compile(rule, re.IGNORECASE)


@cache
def _names(root: Path | None) -> dict[str, dict[str, tuple[str, str]]]:
    """By its first word the tag and the meaning of each name of an area, or of goods, folded."""
    names = {fold(word): ("J", area) for word, area in codes.area_codes("adjective").items()}
    for word, area in own_words.area_words(root).items():
        if len(word) > CAPITALS or word in NAMED_SO:
            names[word] = ("A", own_words.EU.get(word, area))
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

    def tag(kind: str, meaning: str) -> str:
        name = f"<{kind}{len(said)}>"
        said[name] = meaning
        return name

    names, parts, end = _names(root), [], 0
    text = re.sub(r"[“”\"«»<>]", "", sentence).replace("’", "'").replace("‘", "'")
    tokens = [*TOKEN.finditer(text)]
    for at, token in enumerate(tokens):
        is_within = token.start() < end
        known = {} if is_within else names.get(_folded(token[0]).partition("-")[0], {})
        for last in reversed(tokens[at : at + LONGEST]) if known else ():
            word = text[token.start() : last.end()]
            kind, meaning = known.get(_folded(word), ("", ""))
            is_name = word[0].isupper() and (len(word) > CAPITALS or word.isupper())
            if kind and (kind == "G" or is_name):
                parts += [text[end : token.start()], tag(kind, meaning)]
                end = last.end()
                break
    text = re.sub(r"\bthe (?=<[AJ])", "", "".join([*parts, text[end:]]), flags=re.IGNORECASE)
    text = _rule("day").sub("that day", text)
    for form, to in _table()["periods"].items():
        rule = _rule(rf"(?<![\w,.<$€£-])(?:{form})(?!\w)")
        for match in [*rule.finditer(text)][::-1]:
            across = "across " * bool(match.groupdict().get("across"))
            when = f"{across}{tag('W', _period(match, to))}"
            text = f"{text[: match.start()]}{when}{text[match.end() :]}"
    text = re.sub(r"barrels of ((?:<J\d+> )?<G\d+>) (?:a|per) day", r"barrels a day of \1", text)
    for match in [*_rule("in_print").finditer(text)][::-1]:
        number = _number(match)
        if number:
            name = tag("N", "")
            numbers[name] = number
            text = f"{text[: match.start()]}{name}{text[match.end() :]}"
    return Tagged(text, said, numbers)


def _period(match: re.Match[str], to: str) -> str:
    """A window as a phrase has it; "" where it is not told which months it has."""
    said = {name: (text or "").rstrip(" .").title() for name, text in match.groupdict().items()}
    if "q" in said:
        said["q"] = str(ORDINALS[said["q"].lower()])
    if "n" in said:
        months = units.NUMBER_WORDS.get(said["n"].lower()) or said["n"]
        said["n"] = f"{months:0>2}"
    return " ".join(to.format_map(said).split())


def _number(match: re.Match[str]) -> Number | None:
    """What a number in print is; None where nothing says what it counts."""
    said = {name: (text or "").strip() for name, text in match.groupdict().items()}
    if said["part"] or said["no"]:
        return Number(OPEN, PERCENT if said["part"] else "")
    unit = said["unit"] or "pieces" * (match["count"] is not None and not said["sign"])
    if not (said["sign"] or said["scale"] or unit):
        return None
    spelt, scale = SPELT.get(unit.lower(), unit), SPELT.get(said["scale"], said["scale"])
    base = units.sized(lines.MARKS.get(said["sign"], said["sign"]) or spelt)[0]
    kind = {PERCENT: PERCENT, POINTS: POINTS, "bbl/day": BARRELS}.get(base, "")
    kind = PER.get(said["per"].rpartition(" ")[2], kind)
    is_money = bool(units.CURRENCY.fullmatch(base))
    amount = "value" if is_money else MEASURED.get(base, MEASURED.get(unit.lower(), ""))
    number = f"{said['sign']}{' ' * said['sign'].isalpha()}{said['digits']}"
    figure = " ".join(filter(None, [said["words"], number, scale, spelt]))
    if kind == PRICE:
        figure = f"{said['digits']} {base}/t"
    is_whole = not said["range"] and (said["sign"] or spelt)
    return Number(figure if is_whole else OPEN, kind, amount)


# --- what a clause says ---------------------------------------------------------------------------

AREA, GOODS, NUMBERS = (re.compile(rf"<[{letters}]\d+>") for letters in ("AJ", "G", "N"))
PLACES = re.compile("WHEN BEFORE|WHEN|WHOM|WHO|GOODS|weight|from|imports")  # of a phrase's pattern
LEVELS = ("below", "above", "under", "over")  # "fell below" is no "fell by"
RANKS = {"second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th"}
MEMBERS = {
    SHARE: ("share_of", "share_given", "share_taken", "share_had"),
    RANK: ("rank_from", "rank_to"),
}
WAYS = {"imports": "from", "imported": "from", "exports": "to", "exported": "to"}


class Sides(NamedTuple):
    """Who reports, with whom or who is its member, and which way; "" where that is not told."""

    who: str = OPEN
    whom: str = OPEN
    way: str = ""


def _stated(sentence: str, root: Path | None, *, is_next: bool) -> Iterator[tuple[str, str]]:
    """The figures of trade that a sentence states, each with what it asks."""
    if _rule(r"\b{never}").search(sentence):
        return
    tagged = _tagged(sentence, root)
    for clause in _rule("clause").split(tagged.text):
        if not _is_trade(clause, tagged, is_next=is_next):
            continue
        tags = [
            tag for tag in NUMBERS.findall(clause) if _is_of_trade(clause, tag, is_next=is_next)
        ]
        for tag in tags:
            mark = clause.replace(tag, "<N>")
            yield _of_number(tagged.numbers[tag], mark, tagged, sentence)
        if not (tags or _rule(r"\b{ahead}\b").search(clause)):
            yield from _without_number(clause, tagged)


def _is_trade(clause: str, tagged: Tagged, *, is_next: bool) -> bool:
    """Whether a clause is about trade, or goes on with it; a figure is not asked for yet."""
    areas, goods = {*AREA.findall(clause)}, {*GOODS.findall(clause)}
    is_strong = _rule(r"\b{strong}\b").search(clause) and (areas or goods or is_next)
    if is_strong or _rule("enough").search(clause):
        return True
    if is_next and _rule("next").search(clause):
        return True
    if not areas or _rule(r"\b{seldom}").search(clause):
        return False
    amounts = {tagged.numbers[tag].amount for tag in NUMBERS.findall(clause)}
    is_weighed = not amounts.isdisjoint(["weight", "volume"])
    is_weak = _rule("weakly").search(clause) and (is_weighed or len(areas) + len(goods) > 1)
    return bool(is_weak or (is_next and _rule("next_of_area").search(clause)))


def _is_of_trade(clause: str, tag: str, *, is_next: bool) -> bool:
    """Whether what stands nearest before a number, or else behind it, is trade."""
    before, _, after = clause.partition(tag)
    earlier = [*_rule("subject").finditer(before)]
    subject = earlier[-1] if earlier else _rule("subject").search(after)
    if _rule("other").search(after):
        return False
    return not subject["other"] if subject else is_next


def _of_number(number: Number, mark: str, tagged: Tagged, sentence: str) -> tuple[str, str]:
    """A number as a line's figure, and what it asks."""
    kind, figure, changed = number.kind, number.figure, _rule("changed").search(mark)
    if figure.startswith(LEVELS):
        changed = None
    if kind == PERCENT and _rule("shared").search(mark):
        kind = OPEN if changed else SHARE
    elif kind == PERCENT:
        kind = GROWTH if changed else OPEN
    elif not kind:
        kind = CHANGE if changed else RECORD if _rule("record").search(mark) else ""
    if kind in (GROWTH, CHANGE) and changed and _rule("fell").search(changed[0]):
        figure = re.sub(r"(?=\d)", "-", figure, count=1)
    is_price = re.search(r"(?i)\bunit values?\b", mark)
    if _rule("untold").search(mark) or (is_price and kind != PRICE):
        kind = OPEN
    said = [amount for amount in ("value", "weight") if _rule(f"by_{amount}").search(mark)]
    amount = number.amount or (said[0] if len(said) == 1 and kind in (GROWTH, SHARE) else OPEN)
    entry = {"asks": UNASKED, "figure": figure, "statement": sentence}
    try:
        is_figure = "claimed" in lines.spelled_out(entry, {}, (UNASKED,), Path())
    except LedgerError:
        is_figure = False
    return figure if is_figure else OPEN, _asks(kind, amount, mark, tagged)


def _without_number(clause: str, tagged: Tagged) -> Iterator[tuple[str, str]]:
    """A rank, a record or a change of which a clause does not say how much."""
    ranked = _rule("ranked").search(clause)
    if ranked and not ranked["not"]:
        first = (
            "1st" if _rule(r"largest|biggest|top|no\.? ?1|number").match(ranked["how"]) else OPEN
        )
        figure = RANKS.get((ranked["place"] or "").lower(), first)
        yield figure, _asks(RANK, OPEN, clause, tagged)
    elif _rule("taxed").search(clause):
        return
    elif _rule("hit_record").search(clause):
        yield OPEN, _asks(RECORD, OPEN, clause, tagged)
    elif _rule("moves").search(clause):
        words = {"rose": "rose", "fell": "fell", "so_often": OPEN}
        by_place = {_at(rule, clause): figure for rule, figure in words.items()}
        yield by_place[min(by_place)], _asks(GROWTH, OPEN, clause, tagged)


def _at(rule: str, clause: str) -> int:
    found = _rule(rule).search(clause)
    return found.start() if found else len(clause)


def _asks(kind: str, amount: str, mark: str, tagged: Tagged) -> str:
    """The phrase of a kind that a clause asks, with what it leaves open."""
    if kind not in phrase.PATTERNS:
        return OPEN
    sides, (when, base) = _sides(kind, mark, tagged), _when(kind, mark, tagged)
    said = {"weight": amount, "GOODS": _goods(mark, tagged), "WHO": sides.who, "WHOM": sides.whom}
    said |= {"WHEN": when, "WHEN BEFORE": base, "from": sides.way or "from"}
    said |= {"imports": "exports" if sides.way == "to" else "imports"}
    whole = {key: STAND_INS[key] if words == OPEN else words for key, words in said.items()}
    pattern = phrase.PATTERNS[kind]
    if not _is_phrase(PLACES.sub(lambda place: whole[place[0]], pattern)):
        return OPEN
    if not sides.way:
        pattern = re.sub("WHO from WHOM|WHO's imports", OPEN, pattern)
    return PLACES.sub(lambda place: said[place[0]], pattern)


@cache
def _is_phrase(text: str) -> bool:
    """Whether a claim may ask so."""
    try:
        return bool(phrase.parse(text))
    except (LedgerError, QueryError):
        return False


def _goods(mark: str, tagged: Tagged) -> str:
    """The goods of a clause, as it names them."""
    named = [match["all"] for match in _rule("goods_named").finditer(mark)]
    is_all = len(GOODS.findall(mark)) == len(GOODS.findall(" ".join(named)))
    if not is_all or _rule("goods_more").search(mark):
        return OPEN
    if not named:
        return "all goods" if _rule("goods_all").search(mark) else OPEN
    words = {" + ".join(tagged.said[tag] for tag in GOODS.findall(each)) for each in named}
    return words.pop() if len(words) == 1 else OPEN


def _when(kind: str, mark: str, tagged: Tagged) -> tuple[str, str]:
    """The window of a clause, and what a change compares it with."""
    base, is_change = OPEN, kind in (GROWTH, CHANGE)
    against = _rule("base").search(mark) if is_change else None
    if against:
        base, mark = tagged.said[against["base"]] or OPEN, mark.replace(against[0], "")
    first = _rule("at_first").search(mark) or _rule("at_first").search(tagged.text)
    word, own = _rule("trade").search(mark), _rule("at_once").search(mark)
    rest = mark[word.start() :] if word else ""
    found = [match for match in (own, first) if match][:1] if own else [first] if first else []
    if not own:
        later = _rule("at").finditer(rest)
        found += [each for each in later if not _rule(r"\b{joined}\b").search(rest[: each.start()])]
    windows = {match["at"] for match in found}
    when = tagged.said[windows.pop()] if len(windows) == 1 else ""
    if is_change and " to " in when and "across" in mark:
        years = re.fullmatch(r"(\d{4}) to (\d{4})", when) if base == OPEN else None
        return (years[2], years[1]) if years else (OPEN, OPEN)
    if when and base == OPEN and _rule("year_before").search(mark):
        base = re.sub(r"\d{4}", lambda year: str(int(year[0]) - 1), when)
    return when or OPEN, base


def _sides(kind: str, mark: str, tagged: Tagged) -> Sides:
    """Who reports and whom it traded with, as a clause says it."""
    for rule in MEMBERS.get(kind, ()):
        found = _rule(rule).search(mark)
        if found:
            way = WAYS.get(found["way"].lower(), "") if kind == SHARE else rule.rpartition("_")[2]
            who = found["who"] or (found["of"] if kind == RANK else "")
            return Sides(_area(who, tagged), _area(found["whom"], tagged), way)
    if kind in MEMBERS:
        return Sides()
    for rule in ("noun_with", "verb_from", "noun_from", "verb_to", "noun_to"):
        found, way = _rule(rule).search(mark), rule.rpartition("_")[2]
        if not found:
            continue
        lead, rest = mark[: found.start()], mark[found.end() :]
        is_joined = re.search(r"<[AJ]\d+>(?:, | and | or )$", lead)
        is_from = rule != "noun_from" or found["who"][1] == "A" or re.match(" (?:of|from) ", rest)
        has_other = rule.startswith("noun_f") and not found["own"] and AREA.search(lead)
        if is_joined or not is_from or has_other:
            return Sides(way=way)
        return Sides(_area(found["who"], tagged), _whom(kind, way, rest, mark, tagged), way)
    for rule in ("nobody_from", "nobody_to"):
        found, way = _rule(rule).search(mark), rule.rpartition("_")[2]
        if found:
            whom = _whom(kind, way, mark[found.end() :], mark, tagged)
            return Sides(OPEN, OPEN if whom == WORLD else whom, way)
    return Sides()


def _whom(kind: str, way: str, rest: str, mark: str, tagged: Tagged) -> str:
    """The partner that the words behind who trades name, the world where they leave no other."""
    rule = f" {way} {{whom}}{'|{whose_goods}' * (way == 'from')}"
    named = [
        (each.start(), next(filter(None, each.groups()))) for each in _rule(rule).finditer(rest)
    ]
    areas, first, here = {*AREA.findall(rest)}, rest.find("<N"), rest.find("<N>")
    levels = [tag for tag in NUMBERS.findall(mark) if tagged.numbers[tag].kind != PERCENT]
    if not named:
        is_level = kind in ("", RECORD, MONTHLY, BARRELS) and not levels
        is_other = areas or re.search(rf" {way} (?!<N)", rest)
        return WORLD if is_level and not is_other else OPEN
    if len({tags for _, tags in named}) > 1 and first < named[0][0]:  # each number before its own
        until = rest.find("<N", here + 1)
        named = [(at, tags) for at, tags in named if here < at and (at < until or until < 0)]
        areas = {*AREA.findall(named[0][1])} if len(named) == 1 else set()
    elif _rule("of_these").search(rest):
        return OPEN
    elif first < named[0][0] < here and kind in ("", RECORD):
        named = named if _rule("beside").search(rest[:here]) else []
    tags = AREA.findall(named[0][1]) if len({tags for _, tags in named}) == 1 else []
    return " and ".join(_area(tag, tagged) for tag in tags) if tags and areas == {*tags} else OPEN


def _area(tag: str, tagged: Tagged) -> str:
    return codes.area_name(tagged.said[tag]) if tag else OPEN


# --- lines ----------------------------------------------------------------------------------------


def proposed(text: str, root: Path | None = None) -> list[dict[str, str]]:
    """The lines that a text states, in its order, for :mod:`tradeflows.claims.lines` to read.

    Raises
    ------
    QueryError
        The text is empty, or no English.

    Examples
    --------
    >>> from tradeflows.claims import propose
    >>> propose.proposed("In 2019 Japan imported 5.3 Mt of wheat from Canada.")[0]["asks"]
    'weight of wheat, Japan from Canada, 2019'
    """
    words = re.findall(r"[^\W\d_]+", text[:100_000].lower())
    if not text.strip():
        raise QueryError("it has no text")
    if len(words) > FEW and sum(word in ENGLISH for word in words) < LEAST * len(words):
        raise QueryError("it is no English, which alone is read")
    rows: list[dict[str, str]] = []
    may_state = _rule(r"\b(?:{strong}|{weak}|{partner}|share|than)\b|{rank}")
    for sentence in filter(may_state.search, sentences(text)):
        for figure, asks in _stated(sentence, root, is_next=bool(rows)):
            row = (f"C{len(rows) + 1}", sentence, figure, asks, OPEN, OPEN, "")
            rows.append(dict(zip(COLUMNS, row, strict=True)))
    return rows


def read(path: Path) -> str:
    """The text of an article: UTF-8, what Windows calls Unicode, or cp1252.

    Raises
    ------
    QueryError
        It cannot be read, or is no plain text.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise QueryError(f"{path}: cannot be read ({error})") from error
    is_unicode = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
    if (b"\0" in raw and not is_unicode) or raw.lstrip()[:5].lower() in (
        b"%pdf-",
        b"<html",
        b"<!doc",
    ):
        raise QueryError(f"{path}: is no plain text; save the article as .txt")
    try:
        return raw.decode("utf-16" if is_unicode else "utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def as_csv(rows: list[dict[str, str]]) -> str:
    """Proposed lines as a file that ``claims --from`` takes."""
    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def to_fill(line: Mapping[str, str]) -> str:
    """What to write in place of each :data:`OPEN` of a line, by its columns.

    Examples
    --------
    >>> from tradeflows.claims import propose
    >>> propose.to_fill({"asks": "growth of weight of wheat, Japan from World, 2019 on ???"})
    "asks: in place of '???' write the time before, such as 2018"
    """
    asks = line.get("asks", "")
    places = "; ".join(words for place, words in FILL.items() if re.search(place, asks))
    told = TOLD | {"asks": places}
    return "; ".join(
        f"{column}: in place of {OPEN!r} write {told[column]}"
        for column, text in line.items()
        if column in told and OPEN in text
    )
