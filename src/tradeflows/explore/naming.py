"""Names in the place of ids, in the sentences that a reader sees."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from tradeflows.model import codes
from tradeflows.model.errors import TradeflowsError
from tradeflows.model.periods import dates_in_words
from tradeflows.model.source import Publisher, Source
from tradeflows.retrieval import catalogue

# What is in quotes, or stands after an equals sign, is to be typed as it is.
SOURCE_ID = re.compile(r"(?<![\w='\"/.])[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?![\w'\"/])")
AREA_ID = re.compile(r"(?<![\w='\"])(?:[A-Z]{3}|[A-Z]{2}\d{2}\w*)(?![\w'\"])")

# What only who writes code has a use for: arguments that choose, codes below a heading.
TYPED = re.compile(r"; [^;]*\w+= [^;]*chooses?\b")
PARTS = re.compile(r"no row is of (\w+) as a whole; .* stands for it")


def with_names(texts: Iterable[str], root: Path | None = None) -> list[str]:
    """Sentences in which sources and areas bear their names.

    A source is named by its publisher and, where the sentences speak of several of that one, by
    what it is of. Outside of a project ids stay.
    """
    lines = list(texts)
    publishers, sources = _catalogue(root)
    ids = [name for line in lines for name in SOURCE_ID.findall(line) if name in sources]
    shorts = {name: publishers[sources[name].publisher].short for name in ids}
    names = {}
    for name, short in shorts.items():
        is_single = list(shorts.values()).count(short) == 1
        subject = " ".join(sources[name].title.split()).partition(":")[0]
        names[name] = short if is_single else f"{short} ({subject})"
    named = [SOURCE_ID.sub(lambda word: names.get(word[0], word[0]), line) for line in lines]
    return [AREA_ID.sub(lambda word: codes.name_or_code(word[0]), line) for line in named]


def in_print(texts: Iterable[str]) -> list[str]:
    """Sentences without what is to be typed, months in words; the others stay with the table."""
    shorter = (TYPED.sub("", text) for text in texts)
    named = (
        PARTS.sub(r"no row is of HS \1 as a whole; its parts stand for it", text)
        for text in shorter
    )
    return [dates_in_words(text) for text in named]


def publisher_name(publisher: str) -> str:
    """The short name of a publisher, or its id where the project does not have it."""
    entry = _catalogue(None)[0].get(publisher)
    return entry.short if entry else publisher


def area_names(areas: Iterable[str]) -> str:
    """The names of areas, one after another."""
    return ", ".join(map(codes.area_name, areas))


def goods_apart(frames: Iterable[pd.DataFrame]) -> list[str]:
    """Say which goods each reporter states, where these are not under the same headings."""
    who: dict[frozenset[str], dict[str, None]] = {}
    goods: dict[frozenset[str], dict[str, None]] = {}
    for frame in frames:
        for reporter, rows in frame.groupby("reporter_iso"):
            stated = sorted({*rows["cmd_code"]})
            headings = frozenset(code[:4] if code.isdigit() else code for code in stated)
            who.setdefault(headings, {})[str(reporter)] = None
            goods.setdefault(headings, {}).update(dict.fromkeys(stated))
    texts = "; ".join(f"{area_names(who[some])} {', '.join(goods[some])}" for some in who)
    return [f"The goods are not quite the same: {texts}"] if len(who) > 1 else []


def _catalogue(root: Path | None) -> tuple[Mapping[str, Publisher], Mapping[str, Source]]:
    """Publishers and sources of a project, with the user's own; none outside of a project."""
    for local in (True, False):  # a fault in the user's catalogue harms no committed name
        try:
            folder = root or catalogue.root()
            return catalogue.publishers(folder, local=local), catalogue.load(folder, local=local)
        except TradeflowsError:
            continue
    return {}, {}
