"""What a reading answers: the keys that follow from its filters, its measures and its rows.

Nobody types them twice, and a ledger names only what does not follow (`keys`): so that a number of
other goods, or of another partner, month or measure, cannot be called what a claim asks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tradeflows.claims import questions
from tradeflows.claims.questions import AMOUNTS, PLACES, WORLD, in_order, text_of
from tradeflows.claims.verdict_rule import LAW, OFFICE, Question
from tradeflows.claims.witnesses import office_of
from tradeflows.claims.word_lists import Table, word_list
from tradeflows.model import codes, units
from tradeflows.model.errors import LedgerError
from tradeflows.model.lineage import full_number
from tradeflows.model.memory import once
from tradeflows.model.periods import first_month, month_text, span

if TYPE_CHECKING:
    import pandas as pd

    from tradeflows.claims.ledger import Reading

QUANTITIES = {
    "value_reported": "value",
    "primary_value_usd": "value",
    "net_wgt_kg": "weight",
    "qty": "quantity",
}
OF_UNITS = {"m3": "volume", "items": "number", "units": "number", "TJ": "energy"}  # of a quantity
RESULTS: Mapping[str, Mapping[str, str]] = word_list("answers")
GIVEN = "given"  # of the results of a measure: the column that it is given
ENDS = ("low", "high", "low_per_month", "high_per_month")  # of a printed range
# What moves with the currency that it is counted in; of a level its unit says which it is.
OF_CURRENCY = ("growth of ", "change of ", "displacement of ", "net displacement of ")
WINDOW = ("window_start", "window_end")  # of a printed figure
NEXT = "the next"  # the largest rival of a member, whoever that is
# The route of goods that come by one alone.
ROUTES = {"271121": "by pipe", "G3000:pipeline": "by pipe", "271111": "by sea", "G3200": "by sea"}
OWN_RELEASE = "own-release"  # flag of a printed figure that is the office's release itself
RECONCILED = "reconciled"  # reporter of a value between the two sides' reports
KEYS_OF = {"reporter_iso": "reporter", "partner_iso": "partner", "cmd_code": "goods"}
NAMEABLE = ("goods", "reporter", "partner")  # keys that a printed figure may leave unsaid


def of_reading(
    reading: Reading,
    frames: Sequence[pd.DataFrame],
    used: Sequence[pd.DataFrame],
    asked: Question,
    flags: Collection[str] = (),
) -> Question:
    """What `reading` answers, from its filters, its measures and the rows that were read.

    Parameters
    ----------
    frames, used
        The rows that it asked for, the first question's first, and of each those that its number
        was made of.
    asked
        What the claim asks, whose side a printed figure is seen from.
    flags
        Of the rows that its number was made of.

    Raises
    ------
    LedgerError
        Its result is none of its measure, its two sides are not of one thing, or its `keys`
        contradict what follows.
    """
    keys = _of_side(reading, frames[0], used[0], asked, flags)
    if reading.other:
        # The second question as one of its own, with the column that it is asked for.
        columns = [step.get("base_value", step.get("value")) for _, step in reading.steps]
        column = next((text for text in reversed(columns) if isinstance(text, str)), reading.result)
        side = replace(reading.other, result=column)
        other = _of_side(side, frames[1], used[1], asked, flags)
        keys = _with_other(reading, keys, other, used)
    if reading.also is not None:
        at = 1 + bool(reading.other)
        below = _places(reading.also.read, frames[at], used[at], asked, flags)
        joined = {key: questions.joined([getattr(keys, key), below[key]]) for key in below}
        keys = replace(keys, **joined)
    # Only of what a print leaves unsaid its reader may say it; other tables say it in each row.
    nameable = NAMEABLE if reading.read.get("table") == "figures" else ()
    return named_beside(_with_members(reading, keys), reading.keys, nameable)


def _of_side(
    reading: Reading,
    frame: pd.DataFrame,
    used: pd.DataFrame,
    asked: Question,
    flags: Collection[str],
) -> Question:
    """What one question of a reading with its measures answers."""
    places = _places(reading.read, frame, used, asked, flags)
    (start, end), base = ends(reading), ""
    for _, arguments in reading.steps:
        base = text_of(arguments.get("base", base), "..")
        after = arguments.get("year", arguments.get("after", ""))
        if after:
            first, last = after if isinstance(after, list) else (after, after)
            start, end = str(first), str(last)
    if reading.read.get("table") == "figures":
        start, end, base = _windows_of_figure(frame.iloc[0])
    elif "ref_period" in frame and not (start and end) and len(frame):
        first_of = first_month(frame)
        start = start or month_text(int(first_of.min()))
        end = end or month_text(int((first_of + frame["n_months"]).max()) - 1)
    measure = _measures(reading, used)[-1]
    keys = Question(**places, measure=measure, start=start, end=end, base=base)
    return questions.with_windows(keys)


# --- two sides ------------------------------------------------------------------------------------


def _with_other(
    reading: Reading, keys: Question, other: Question, used: Sequence[pd.DataFrame]
) -> Question:
    """What a reading answers with its second question: a change, a lead, or a share of a whole."""
    names = [name for name, _ in reading.steps]
    if "share" in names:
        return replace(keys, measure=keys.measure + in_whole(keys, other))
    if "difference" not in names:
        return keys
    second = reading.other or reading
    if reading.read.get("measure") != second.read.get("measure"):
        raise LedgerError("takes one series from another: both sides must have one `measure`")
    before = _measures(reading, used[0])[names.index("difference")]
    is_of_one_window = (keys.start, keys.end) == (other.start, other.end)
    if is_of_one_window and names[-1] == "difference":
        return as_lead(replace(keys, measure=f"lead by {before}"), [other])
    require_alike(replace(keys, measure=before), other)
    return replace(keys, base=f"{other.start}..{other.end}" if other.start else "")


def require_alike(after: Question, before: Question) -> None:
    """Refuse a change that is not of one thing, or whose windows are not of one length.

    Raises
    ------
    LedgerError
        It names what the two have apart.
    """
    for key in (*PLACES, "measure"):
        one, two = (getattr(item, key) for item in (after, before))
        if one != two and two != f"largest {one}":
            raise LedgerError(
                f"compares {one or 'all'} with {two or 'all'} ({key}) of another time: a change is "
                "of one thing, so both sides must have the same"
            )
    lengths = [len(questions.months_of(item.start, item.end)) for item in (after, before)]
    if before.measure in AMOUNTS and len(set(lengths)) > 1:
        raise LedgerError(
            f"compares {lengths[0]} months with {lengths[1]}: an amount is compared over windows "
            "of one length, so choose such, or take a mean month of both by per_month"
        )


def as_lead(first: Question, others: Sequence[Question]) -> Question:
    """A question of the sides of a lead, the leader first."""
    keys = {key: [getattr(item, key) for item in (first, *others)] for key in PLACES}
    in_one = {
        key: (in_order if key in questions.SIDES else questions.joined)(values)
        for key, values in keys.items()
    }
    return replace(first, **in_one)


def in_whole(part: Question, whole: Question) -> str:
    """What a share is in, in words, where that is not the same goods of all partners."""
    apart = [key for key in PLACES if getattr(part, key) != getattr(whole, key)]
    is_of_all = whole.partner == WORLD or whole.partner.endswith("_EXTRA")
    if apart == ["partner"] and is_of_all:
        return ""
    return " in " + (" and ".join(getattr(whole, key) or "all" for key in apart) or "itself")


# --- what a ledger names --------------------------------------------------------------------------


def named_beside(keys: Question, named: Table, nameable: Collection[str] = ()) -> Question:
    """A question with the keys that do not follow from its filters and rows.

    Parameters
    ----------
    nameable
        The keys that may be named where nothing follows; the route of goods that come by one
        always may.

    Raises
    ------
    LedgerError
        One contradicts what does, or is none that a ledger may name.
    """
    keys = questions.with_windows(keys)
    forms = {key: questions.normal(key, value, keys.measure) for key, value in named.items()}
    for key, value in forms.items():
        follows = getattr(keys, key)
        one_word = ({value, follows} <= {*known} for known in codes.product_words().values())
        if value == follows or (key == "goods" and any(one_word)):
            continue
        if follows:
            raise LedgerError(
                f"keys has {key} {value!r}, and by its filters and rows it is {follows!r}: "
                "leave it out"
            )
        routes = {ROUTES.get(code) for code in forms.get("goods", keys.goods).split("+")}
        if key not in nameable and not (key == "route" and routes == {value}):
            raise LedgerError(
                f"keys has {key} {value!r}, which none of its rows says: leave it out"
            )
    return questions.with_windows(replace(keys, **forms))


def _with_members(reading: Reading, keys: Question) -> Question:
    """With the members that a measure names, of whom alone its number is."""
    for name, arguments in reading.steps:
        if name == "displacement":
            key = KEYS_OF.get(arguments.get("by", "reporter_iso"), "reporter")
            sides = [text_of(arguments[side]) for side in ("new", "old")]
            keys = replace(keys, **{key: in_order(sides)})
        if name == "lead":
            key = KEYS_OF.get(arguments.get("of", "partner_iso"), "partner")
            member, filters = str(arguments["member"]), {"goods": "product"}
            asked = reading.read.get(filters.get(key, key))
            others = [text for text in asked if text != member] if isinstance(asked, list) else []
            if not others and reading.result != "rank":
                others = [NEXT]  # whoever it is
            rivals = (questions.normal(key, text) for text in others)
            keys = replace(keys, **{key: in_order([member, *rivals])})
        if name == "baskets":
            listed = [code for codes_ in arguments["goods"].values() for code in codes_]
            keys = replace(keys, goods=questions.goods(listed))
    return keys


# --- the rows -------------------------------------------------------------------------------------


def _places(
    filters: Table,
    frame: pd.DataFrame,
    used: pd.DataFrame,
    asked: Question,
    flags: Collection[str],
) -> dict[str, str]:
    """What flows where, of the rows of one question."""
    match filters.get("table", "trade"):
        case "figures":
            row = used.iloc[0]
            listed = _text(row, "hs_codes") or _text(row, "product")
            # Without what its carrier says of the codes.
            goods = [code.partition(" (")[0].strip() for code in listed.split(";")]
            places = questions.goods(goods), *_sides_of_figure(row, asked), _text(row, "route")
            return dict(zip(PLACES, places, strict=True))
        case "settlement":
            held = _stated(used, "currency_group") if asked.goods else ""
            currency = text_of(filters.get("currency_group", held))
            return {"goods": currency, "partner": questions.areas(filters.get("region", ""))}
    # By the filters, and where there is none by all rows that were read.
    reporter = questions.areas(filters.get("reporter", _stated(frame, "reporter_iso")))
    # Of a reconciled series, what one side alone reported is that side's.
    if "reconciled" in flags or ("one-sided" in flags and reporter == "RUS"):
        reporter = RECONCILED
    partner = questions.areas(filters.get("partner", _stated(frame, "partner_iso")))
    some = [text_of(filters[key]) for key in ("partner_code", "breakdown") if key in filters]
    some = [text for text in some if text not in ("total", "parts")]
    held = _stated(frame, "cmd_code")
    return {
        "goods": questions.goods(filters.get("product", held), held),
        "reporter": reporter,
        "partner": ":".join([partner, *some]),
        "flow": questions.flow_of(filters.get("flow", _stated(frame, "flow_code"))),
        "route": "",
    }


def _stated(rows: pd.DataFrame, column: str) -> list[str]:
    """What the rows have in a column, each once."""
    listed = rows.get(column, ())
    return once(rows, f"stated {column}", lambda: sorted({*map(str, listed)}))


def _text(row: pd.Series, column: str) -> str:
    """The text of a row, empty where it has none."""
    value = row[column]
    return value if isinstance(value, str) else ""


def _sides_of_figure(row: pd.Series, asked: Question) -> tuple[str, str, str]:
    """Reporter, partner and flow of a printed figure as asked, or an office's own from its side."""
    exporter, importer = (_text(row, name) for name in ("exporter", "importer"))
    home, _, away = exporter.partition("<->")
    if away:
        return home, away, "M+X"
    exporter, importer = (questions.areas(name.split("+")) for name in (exporter, importer))
    sides = {"M": (importer, exporter, "M"), "X": (exporter, importer, "X")}
    flow = "M" if asked.flow == "M" else "X"
    if row["witness"] == OFFICE:
        ours, theirs = sides[flow][:2]
        if row["collector"] == office_of(theirs) != office_of(ours):
            flow = "X" if flow == "M" else "M"
    return sides[flow]


# --- the measure ----------------------------------------------------------------------------------


def _measures(reading: Reading, used: pd.DataFrame) -> list[str]:
    """What is measured before and after each step; refuses a column that is no result of it."""
    values = [arguments.get("value") for _, arguments in reading.steps]
    columns = [name if isinstance(name, str) else None for name in values] + [reading.result]
    if {*ENDS} & {column for column in columns if column}:
        raise LedgerError("takes one end of a printed range: its figure is value")
    quantity, money = _quantity(reading, used, next(filter(None, columns), ""))
    words = [f"{quantity}{money}"]
    for (name, arguments), column in zip(reading.steps, columns[1:], strict=True):
        words.append(_made(name, arguments, column).format(words[-1]))
    return [text if text.startswith(OF_CURRENCY) else text.replace(money, "") for text in words]


def _made(name: str, arguments: Table, column: str | None) -> str:
    """What a measure makes of a quantity, as a pattern, by the column of it that is taken."""
    results = RESULTS.get(name)
    if results is None:
        return f"{name} of {{}}"
    value = arguments.get("value", [])
    given = [value] if isinstance(value, str) else list(value)
    choices = {**dict.fromkeys(given, results.get(GIVEN, "")), **results}
    choices = {key: text for key, text in choices.items() if text and key != GIVEN}
    if column is not None and column not in choices:
        others = " or ".join(choices)
        raise LedgerError(f"takes {column} of {name}, which is none of its answers: take {others}")
    pattern = choices[column] if column is not None else next(iter(choices.values()))
    above = arguments.get("above", 0.0)
    return f"{pattern} above {full_number(above)}" if above else pattern


def _quantity(reading: Reading, used: pd.DataFrame, column: str) -> tuple[str, str]:
    """What the first step of a reading is given, and its currency in words, but of dollars."""
    match reading.read.get("table", "trade"):
        case "figures":
            row = used.iloc[0]
            quantity = _text(row, "measure") or measure_of_unit(_text(row, "unit"))
            return f"{quantity} by law" if row["witness"] == LAW else quantity, ""
        case "settlement":
            return text_of(reading.read.get("concept", _stated(used, "concept"))), ""
    if column == "qty" and "qty_unit" in used:
        return OF_UNITS.get(str(used["qty_unit"].iloc[0]), "quantity"), ""
    quantity = QUANTITIES.get(column, column)
    currency = _stated(used, "currency") if column == "value_reported" else []
    return quantity, "" if currency in ([], ["USD"]) else f" in {'+'.join(currency)}"


def measure_of_unit(unit: str) -> str:
    """What a figure measures whose row does not say it, by its unit."""
    base, _ = units.sized(unit)
    if base == "percent":
        return "growth of value" if unit != "percent" else "share"
    return "barrels a day" if base == "bbl/day" else questions.OF_UNITS.get(base, "value")


# --- the windows ----------------------------------------------------------------------------------


def _windows_of_figure(row: pd.Series) -> tuple[str, str, str]:
    """The window of a printed figure; the base of a growth as its row says, else a year before."""
    start, end = (f"{row[name]:%Y-%m}" if row[name] == row[name] else "" for name in WINDOW)
    quantity = _text(row, "measure") or measure_of_unit(_text(row, "unit"))
    if not quantity.startswith(("growth of", "change of")):
        return start, end, ""
    days = [row[name] for name in ("base_start", "base_end")]
    if all(day == day and day is not None for day in days):
        return start, end, "..".join(f"{day:%Y-%m}" for day in days)
    if not (start and end):
        return start, end, ""
    first, after = span((start, end))
    return start, end, f"{month_text(first - 12)}..{month_text(after - 13)}"


def ends(reading: Reading) -> tuple[str, str]:
    """First and last month that a reading asks for or measures, as it names them."""
    start, end = (str(reading.read.get(name, "")) for name in ("start", "end"))
    for _, arguments in reading.steps:
        start = str(arguments.get("start", start))
        end = str(arguments.get("end", end))
    return start, end
