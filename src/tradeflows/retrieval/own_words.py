"""What a word of a question stands for: a project's own word, else one that the package knows.

A project has its own words in ``project.toml``, under ``products`` and ``areas``; every question
takes them. Without a project there are those of the package alone.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tradeflows.model import codes
from tradeflows.model.errors import QueryError
from tradeflows.model.words import fold
from tradeflows.retrieval.project import load_if_any

# The EU as most of its statistics have it; tradeflows.read takes "EU" for its changing membership.
EU = {"eu": "EU27_2020", "european union": "EU27_2020"}


def listed(text: str) -> tuple[str, ...]:
    """The words of a list with commas, each once; QueryError where there are none."""
    words = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    if not words:
        raise QueryError(f"{text!r} names nothing; list at least one, or all")
    return words


def product(word: str, root: Path | None = None) -> list[str]:
    """The codes that `word` stands for, the preferred first; errors as of :func:`codes.product`."""
    own_codes = load_if_any(root).products.get(fold(word))
    return [*own_codes] if own_codes else codes.product(word)


def area(word: str, root: Path | None = None) -> str:
    """The id of the area that `word` is; errors as of :func:`codes.area`."""
    return codes.area(id_or_word(word, root))


def area_id(word: str, root: Path | None = None) -> str:
    """As :func:`area`, with the EU of 27 members for the EU."""
    return area(EU.get(fold(word), word), root)


def id_or_word(word: str, root: Path | None = None) -> str:
    """The id of an area where `word` is one of the project's own for it, else `word`."""
    return load_if_any(root).areas.get(fold(word), word)


def product_words(root: Path | None = None) -> Mapping[str, Sequence[str]]:
    """The codes of each word for goods, the project's own words included."""
    return {**codes.product_words(), **load_if_any(root).products}


def same_words(word: str, root: Path | None = None) -> list[str]:
    """The words that mean what `word` does, itself first: by the lists of goods and of the search.

    One for several, such as chips, is sought as chip too.
    """
    goods, found = product_words(root), [fold(word)]
    entries = [[key, *others] for key, others in load_if_any(root).words.items()]
    entries += [[text for text in goods if goods[text] == goods.get(found[0], ())]]
    for entry in entries:
        folded = [fold(text) for text in entry]
        found += folded if {found[0], found[0].removesuffix("s")} & {*folded} else []
    return [*dict.fromkeys(found)]


def area_words(root: Path | None = None) -> Mapping[str, str]:
    """The id of each word for an area, folded, the project's own words included."""
    return {**codes.area_words(), **load_if_any(root).areas}
