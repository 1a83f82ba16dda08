"""A formula as a reader may say it aloud: words for columns and calls, and signs of print."""

import ast
import re
from collections.abc import Mapping, Sequence

from tradeflows.model.lineage import full_number, parse
from tradeflows.model.words import count_of, in_a_sentence

DIGITS = 6  # of a constant that nobody wrote by hand
TERMS = 9  # of a sum that are written out where they are not alike
WRITTEN = 8  # decimals that somebody may have written
WORDS = {
    "after": "figure after",
    "larger": "larger ones",
    "m": "imports",
    "net_wgt_kg": "net weight in kg",
    "primary_value_usd": "value in US dollars",
    "q0": "quantity before",
    "q1": "quantity after",
    "qty": "quantity",
    "v0": "value before",
    "v1": "value after",
    "value_reported": "value as reported",
    "x": "exports",
}
BUYERS = {"change": "this buyer’s", "gain": "new buyers’", "loss": "old buyers’"}
FLOWS = ("m", "x")
WHEN = {"after": "after", "base": "before"}
# Before the name of a number in a formula's formula.
INNER = re.compile(r"^(?:value_(?!(?:part|whole)(?![a-z]))|r\d+_)+(?=[a-z])")
READING = re.compile(r"r(\d+)")  # one of several in a table
NUMBERED = re.compile(r"(?:_\d+)+\b")  # at the end of the name of one number among like ones
CALLS = {
    "abs": "the size of",
    "exp": "e to the power of",
    "log": "the logarithm of",
    "max": "the greater of",
    "min": "the lesser of",
    "sqrt": "the square root of",
}
# How tightly what was said holds together: what holds less than its place asks has brackets.
PHRASE, SUM, PRODUCT, NAME = range(4)
SIGNS = {
    ast.Add: (" + ", SUM, SUM, SUM),  # the sign, how tight it is, and what either side must be
    ast.Sub: (" − ", SUM, SUM, PRODUCT),
    ast.Mult: (" × ", PRODUCT, PRODUCT, PRODUCT),
    ast.Div: (" ÷ ", PRODUCT, PRODUCT, NAME),
}

Said = tuple[str, int]


def in_words(formula: str, n_lines: int = 0) -> str:
    """A formula in words; of a single name, whose lines these are where they are counted.

    Examples
    --------
    >>> in_words("sum([max(0, gain_1 - base_1), max(0, gain_2 - base_2)])")
    'the sum of each (the greater of 0 and gain − base)'
    >>> in_words("weight / 1000", 12)
    'the sum of its 12 lines ÷ 1,000'
    """
    tree = parse(formula)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names -= {"round", "sum", *CALLS}
    words = {}
    if n_lines and len(names) == 1:
        lines = f"the sum of its {n_lines:,} lines" if n_lines > 1 else "the number on its line"
        words = dict.fromkeys(names, lines)
    return _said(tree, words)[0]


def name_in_words(name: str) -> str:
    """The words of a number in a formula: "base weight" for ``base_weight``."""
    if name in WORDS:
        return WORDS[name]
    reading = READING.fullmatch(name)
    if reading:
        return f"figure {reading[1]}"
    inner = INNER.sub("", name)
    bare = NUMBERED.sub("", inner)
    number = inner.removeprefix(bare)
    whose, _, rest = bare.partition("_")
    when, _, figure = rest.partition("_")
    if whose in BUYERS and when in WHEN:
        words = f"{BUYERS[whose]} {figure or 'figure'} {WHEN[when]}"
    elif whose in FLOWS and rest:
        words = f"{rest} of {WORDS[whose]}"
    else:
        words = WORDS.get(bare, bare)
    return f"{words}{number}".replace("_", " ")


def _said(node: ast.expr, words: Mapping[str, str]) -> Said:
    """An expression in words, and how tightly they hold together."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return _number(number), NAME
        case ast.Name(id=name):
            return words.get(name) or name_in_words(name), NAME
        case ast.UnaryOp(operand=operand):
            return f"−{_within(operand, PRODUCT, words)}", PRODUCT
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=2)):
            return f"{_within(left, NAME, words)}²", NAME
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return f"{_within(left, NAME, words)} to the power of {_said(right, words)[0]}", PHRASE
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(left, op, right, words)
        case ast.Call(func=ast.Name(id="sum"), args=[ast.List(elts=items)]):
            return _sum(items, words), PHRASE
        case ast.Call(func=ast.Name(id="round"), args=[item, places]):
            decimals = count_of(ast.literal_eval(places), "decimal")
            return f"{_said(item, words)[0]}, rounded to {decimals}", PHRASE
        case ast.Call(func=ast.Name(id=name), args=[item]):
            return f"{CALLS[name]} {_within(item, NAME, words)}", PHRASE
        case ast.Call(func=ast.Name(id=name), args=items):
            listed = in_a_sentence([_said(item, words)[0] for item in items])
            return f"{CALLS[name]} {listed}", PHRASE
    return ast.unparse(node), PHRASE


def _number(number: float) -> str:
    """A constant as print has it."""
    if number == round(number, WRITTEN):
        return f"{int(number) if number == int(number) else number:,}"
    return full_number(number, DIGITS)


def _within(node: ast.expr, tight: int, words: Mapping[str, str]) -> str:
    """An expression in words, in brackets where it must hold together more than it does."""
    text, how_tight = _said(node, words)
    return text if how_tight >= tight else f"({text})"


def _binary(left: ast.expr, op: ast.operator, right: ast.expr, words: Mapping[str, str]) -> Said:
    """Two sides of a sign in words, with a whole number in place of a part that one is."""
    match op, right:
        case ast.Mult() | ast.Div(), ast.Constant(value=1):
            return _said(left, words)
        case ast.Mult() | ast.Div(), ast.Constant(value=float() as part) if 0 < part < 1:
            whole = round(1 / part)
            if whole * part == 1:
                right = ast.Constant(whole)
                op = ast.Div() if isinstance(op, ast.Mult) else ast.Mult()
    sign, tight, of_left, of_right = SIGNS[type(op)]
    return f"{_within(left, of_left, words)}{sign}{_within(right, of_right, words)}", tight


def _sum(items: Sequence[ast.expr], words: Mapping[str, str]) -> str:
    """A sum in words: of numbers that are alike, what each of them is."""
    plain = [parse(NUMBERED.sub("", ast.unparse(item))) for item in items]
    if len({_said(item, words) for item in plain}) > 1:
        texts = [_said(item, words)[0] for item in items]
        texts[1:-1] = texts[1:-1] if len(texts) <= TERMS else ["…"]
        return f"the sum of {in_a_sentence(texts)}"
    match plain[0]:
        case ast.BinOp(left=counted, op=ast.Pow(), right=ast.Constant(value=0)):
            return f"the number of {_said(counted, words)[0]}"
    return f"the sum of each {_within(plain[0], NAME, words)}"
