"""Units in words, as ``codelists/unit_words.csv`` has them.

A unit is a word, with "thousand", "million" or "billion" before it where it is counted by these:
``tonnes``, ``million tonnes``, ``Mt``, ``billion USD``, ``thousand barrels a day``. A measure gives
one unit of a dimension, and a claim may be in any other of it.

``unit_words.csv`` has a row a spelling: of which ``unit`` it is how many in a claim, which
``field`` of quantities it fills how many ``times`` in the heading of a file (in lower case, so a
file's mt is a metric ton, and Mt are a million), what stands before and after a number, and what
an axis says.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import cache

from tradeflows.model.codelists import rows_by
from tradeflows.model.currencies import plain_names
from tradeflows.model.lineage import full_number, padded_number
from tradeflows.model.periods import month_words

# What a unit is counted by, as a word before it.
COUNTED_BY = {
    "thousand": 1e3,
    "million": 1e6,
    "mn": 1e6,
    "billion": 1e9,
    "bn": 1e9,
    "trillion": 1e12,
}
IN_FULL = {"mn": "million", "bn": "billion"}
# Numbers that print spells out.
SPELLED = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
NUMBER_WORDS = {word: number for number, word in enumerate(SPELLED.split(), start=1)}

ROWS = rows_by("unit_words.csv", "word")
SIZES = {word: (row["unit"], float(row["size"])) for word, row in ROWS.items() if row["unit"]}
ALOUD = {word: row["aloud"] for word, row in ROWS.items() if row["aloud"]}
TONNES = ("t", "ton", "tons", "tonne", "tonnes", "metric tons")  # in which a person may ask
# From which value on an axis counts by a word; a sentence does by billions and millions alone.
SCALES = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"), (1e4, "thousand"))
MONTH, RANK, COUNT = "month", "rank", "count"
COUNTS = (RANK, COUNT, "units", "pieces", "items")  # of things, which are whole
CURRENCY = re.compile("[A-Z]{3}")


def unit_words(unit: str) -> tuple[str, str]:
    """What stands before and after a number in `unit`: of "mn USD" the sign and " million"."""
    word, _, rest = unit.partition(" ")
    if word in COUNTED_BY and rest in plain_names():
        before, after = unit_words(rest)
        return before, f" {IN_FULL.get(word, word)}{after}"
    row = ROWS.get(unit, {})
    if row.get("before") or row.get("after"):
        return row["before"], row["after"]
    return "", f" {plain_names().get(unit, unit)}"


def amount(value: float, unit: str, digits: int = 3, *, padded: bool = False) -> str:
    """`value` with its unit as a newspaper prints it: $81.3 billion, 43.4 %, 700 tonnes.

    What was measured is `padded` to all of its digits, but for a count of things: 47.0 %.

    Examples
    --------
    >>> from tradeflows import claims
    >>> claims.amount(81.3e9, "USD"), claims.amount(700, "tonnes")
    ('$81.3 billion', '700 tonnes')
    """
    if unit == MONTH:
        return month_words(int(value))
    value, unit = in_percent(value, unit)
    before, after = unit_words(unit)
    size, word = next((step for step in SCALES[1:3] if abs(value) >= step[0]), (1.0, ""))
    is_counted = unit in COUNTS and not word
    spell = padded_number if padded and not is_counted else full_number
    text = spell(abs(value) / size, digits).replace("-", "−")
    return f"{'−' if value < 0 else ''}{before}{text}{' ' * bool(word)}{word}{after}"


# A bound is rounded away from what it leaves open.
OUTWARD = {"≥": math.floor, ">": math.floor, "≤": math.ceil, "<": math.ceil}
EXACT = 1e-9  # how near a number lies to one with fewer digits that is the same


def never_beyond(value: float, qualifier: str, digits: int = 3, places: int | None = None) -> float:
    """A bound rounded as it is printed, never beyond itself; any other figure as it is.

    What is at least 18.68 is at least 18.6, since 18.7 would be more than is known.

    Parameters
    ----------
    digits, places
        To how many digits it is printed or, where given, to how many after the point.

    Examples
    --------
    >>> from tradeflows.model.units import never_beyond
    >>> never_beyond(18.68, "≥"), never_beyond(13.315, "≤"), never_beyond(18.68, "=")
    (18.6, 13.4, 18.68)
    """
    if qualifier not in OUTWARD or not value:
        return value
    if places is None:
        places = digits - 1 - math.floor(math.log10(abs(value)))
    steps = value * 10.0**places
    whole = round(steps)
    if not math.isclose(steps, whole, rel_tol=EXACT):
        whole = OUTWARD[qualifier](steps)
    return float(whole / 10.0**places)


def found_amount(value: float, unit: str, digits: int = 3) -> str:
    """A number that was found, with its unit: its last zeros are kept where they are its own.

    Examples
    --------
    >>> from tradeflows.model.units import found_amount
    >>> found_amount(46.98, "percent"), found_amount(12e6, "USD")
    ('47.0 %', '$12 million')
    """
    number, _ = in_percent(value, unit)
    is_just = math.isclose(number, float(f"{number:.{digits}g}"))
    return amount(value, unit, digits, padded=not is_just)


def in_a_range(low: str, high: str) -> str:
    """Two amounts from one to the other; a unit that both end with stands once.

    Examples
    --------
    >>> from tradeflows.model.units import in_a_range
    >>> in_a_range("$10.2 billion", "$10.3 billion"), in_a_range("900 tonnes", "2 million tonnes")
    ('$10.2 to $10.3 billion', '900 tonnes to 2 million tonnes')
    """
    first, last = (re.sub(r".*\d", "", text) for text in (low, high))
    return f"{low.removesuffix(first) if first == last else low} to {high}"


def in_percent(value: float, unit: str) -> tuple[float, str]:
    """A ratio as the per cent that a reader expects; any other number as it is.

    Examples
    --------
    >>> from tradeflows import claims
    >>> claims.in_percent(0.25, "ratio"), claims.in_percent(5, "tonnes")
    ((25.0, 'percent'), (5, 'tonnes'))
    """
    return (100 * value, "percent") if unit == "ratio" else (value, unit)


@cache
def _money() -> dict[str, str]:
    """The currency that each plain name is of, where it is of one alone: JPY of yen."""
    names = Counter(plain_names().values())
    return {name: code for code, name in plain_names().items() if names[name] == 1}


def sized(unit: str) -> tuple[str, float]:
    """The unit of which `unit` is a multiple, and how many of it one is."""
    if unit in SIZES:
        return SIZES[unit]
    if unit in _money():
        return _money()[unit], 1.0
    if unit.startswith("percent "):  # of what it is a change does not make it another unit
        return SIZES["percent"]
    word, _, rest = unit.partition(" ")
    if rest and word in COUNTED_BY:
        base, size = sized(rest)
        return base, size * COUNTED_BY[word]
    return unit, 1.0


def factor(given: str, wanted: str, kg_per_unit: float | None = None) -> float | None:
    """What a number in `given` is multiplied by to be in `wanted`; None where nothing stands so.

    `kg_per_unit` is the declared weight of one of `wanted` where it is a volume or a piece, such as
    a bushel.
    """
    from_base, from_size = sized(given)
    to_base, to_size = sized(wanted)
    if kg_per_unit is not None and from_base == "kg" and to_base != "kg":
        to_base, to_size = "kg", to_size * kg_per_unit
    return from_size / to_size if from_base == to_base else None


def others(given: str) -> str:
    """What a claim on a number in `given` may be in, in words."""
    base, _ = sized(given)
    words = [word for word, (unit, _) in SIZES.items() if unit == base] or [base]
    text = f"{', '.join(words)}, each also with {', '.join(COUNTED_BY)} before it"
    return f"{text}, or in another with kg_per_unit, its weight" if base == "kg" else text


def scale(largest: float) -> tuple[float, str]:
    """Divisor for numbers up to `largest`, and its word: 913,722 is read in thousands.

    Numbers below ten thousand are read as they are, with a divisor of 1 and no word.
    """
    scales = ((COUNTED_BY[word], word) for least, word in SCALES if largest >= least)
    return next(scales, (1.0, ""))


def axis_label(word: str, unit: str) -> str:
    """The unit with the word of its scale, as an axis begins it: "Thousand tonnes", "kg"."""
    aloud = ALOUD.get(unit) or plain_names().get(unit, unit)
    label = f"{word} {aloud}".strip()
    first = label.partition(" ")[0]
    return label[:1].upper() + label[1:] if len(first) > len("bcm") else label
