"""Lines of claims that a text proposes: its figures, changes, ranks and records of trade.

What a sentence does not say whole is :data:`OPEN`, for a human to fill.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from io import StringIO
from pathlib import Path

from tradeflows.claims import lines, phrase, sentence
from tradeflows.claims.sentence import OPEN, WORLD, Said
from tradeflows.claims.witnesses import Tables
from tradeflows.model.errors import LedgerError, QueryError

COLUMNS = (*lines.REQUIRED, "printed_by", "date", "address")
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
NUMBER = "the number that the sentence prints, such as 57.67 Mt, 71 %, 1st, rose or fell"
LEAST, FEW = 0.1, 30  # the part of a text that English words are; with fewer words none is told


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
    listed = re.findall(r"[^\W\d_]+", text[:100_000].lower())
    if not text.strip():
        raise QueryError("it has no text")
    english = [word for word in listed if word in sentence.table()["words"]["english"]]
    if len(listed) > FEW and len(english) < LEAST * len(listed):
        raise QueryError("it is no English, which alone is read")
    rows: list[dict[str, str]] = []
    for each in sentence.sentences(text):
        for said in sentence.stated(each, root, is_next=bool(rows)):
            figure = _as_figure(said.figure, each)
            row = (f"C{len(rows) + 1}", each, figure, _phrase(said), "", "", "")
            rows.append(dict(zip(COLUMNS, row, strict=True)))
    return rows


def _as_figure(figure: str, text: str) -> str:
    """A figure as its sentence prints it, or as the bound that this says it is; else open."""
    for words in (figure, f"more than {figure}", f"at most {figure}"):
        entry = {"asks": UNASKED, "figure": words, "statement": text}
        with suppress(LedgerError):
            if "claimed" in lines.spelled_out(entry, {}, (UNASKED,), Tables(Path())):
                return words
    return OPEN


def _phrase(of: Said) -> str:
    """The phrase that asks what a clause says, with what it leaves open."""
    kind = of.kind
    if kind not in phrase.PATTERNS or kind == phrase.LEAD:  # over whom, no rule tells
        return OPEN
    said = {"weight": of.amount, "GOODS": of.goods, "WHO": of.who, "WHOM": of.whom}
    said |= {"WHEN": of.when, "WHEN BEFORE": of.base, "from": of.way or "from"}
    said |= {"imports": "exports" if of.way == "to" else "imports"}
    whole = {key: STAND_INS[key] if words == OPEN else words for key, words in said.items()}
    pattern = phrase.PATTERNS[kind]
    try:
        phrase.parse(phrase.filled(pattern, whole))
    except (LedgerError, QueryError):  # of two reporters, say
        return OPEN
    if not of.way:
        pattern = re.sub("WHO from WHOM|WHO's imports", OPEN, pattern)
    return phrase.filled(pattern, said)


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
        raise QueryError(f"{path}: cannot be read ({error.strerror})") from error
    is_unicode = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
    is_other = raw.lstrip()[:5].lower() in (b"%pdf-", b"<html", b"<!doc")
    if is_other or (b"\0" in raw and not is_unicode):
        raise QueryError(f"{path}: is no plain text; save the article as .txt")
    return raw.decode("utf-16", "replace") if is_unicode else lines.decoded(raw)


def as_csv(rows: Iterable[Mapping[str, str]], columns: Sequence[str] = COLUMNS) -> str:
    """Rows as a file; proposed lines as one that ``claims --from`` takes."""
    text = StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
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
    told = {"figure": NUMBER, "asks": places}
    return "; ".join(
        f"{column}: in place of {OPEN!r} write {told[column]}"
        for column, text in line.items()
        if column in told and OPEN in text
    )
