"""What the public functions must answer, as a textbook has it: plain Python over raw rows.

Nothing here comes from the package. A row is a dict: its cell (reporter, partner, product), its
first ``month`` counted from year 0, its ``length`` in months, and figures, None where it states
none. A declared zero is a row like any other whose figure is 0. A result of None is "no figure".
"""

import calendar
import math


class NoAnswerError(Exception):
    """The question has no honest answer; the text is a word that a refusal must have."""


# --- rows -----------------------------------------------------------------------------------------


def months(row):
    return range(row["month"], row["month"] + row["length"])


def cell(row):
    return row["reporter"], row["partner"], row["product"]


def year(number):
    return range(12 * number, 12 * number + 12)


def stated(rows, value="value"):
    return [row for row in rows if row[value] is not None]


def ratio(over, under):
    if over is None or under is None or under == 0:
        return None
    quotient = over / under
    return quotient if math.isfinite(100 * quotient) else None


def by_cell(rows):
    cells = {}
    for row in rows:
        cells.setdefault(cell(row), []).append(row)
    return cells


def covered(rows):
    """Months that rows state; no month may be stated twice."""
    listed = [month for row in rows for month in months(row)]
    if len(listed) != len(set(listed)):
        raise NoAnswerError("overlap")
    return set(listed)


def inside(rows, window):
    """Rows within a window; none may lie across its edge."""
    whole = []
    for row in rows:
        shared = set(months(row)) & set(window)
        if shared and shared != set(months(row)):
            raise NoAnswerError("crosses")
        if shared:
            whole.append(row)
    return whole


# --- the table ------------------------------------------------------------------------------------


def read(rows, question):
    """Rows that a question asks for, of the source that is ranked first.

    `question` has lists of reporters, partners and products, and months or None as ends.
    """
    wanted = []
    for row in rows:
        within = question["first"] is None or row["month"] >= question["first"]
        within &= question["last"] is None or months(row)[-1] <= question["last"]
        named = row["reporter"] in question["reporters"] and row["partner"] in question["partners"]
        if within and named:
            wanted.append(row)
    wanted = at_level(wanted, question["products"])
    if not wanted:
        raise NoAnswerError("nothing")
    best = {}
    for row in wanted:
        flow = row["reporter"], row["partner"], row["asked"]
        order = months_lacking(row, wanted, question), row["rank"]
        best[flow] = min(best.get(flow, order), order)
    chosen = []
    for row in wanted:
        flow = row["reporter"], row["partner"], row["asked"]
        if (months_lacking(row, wanted, question), row["rank"]) == best[flow]:
            chosen.append(row)
    for reporter, asked in {(row["reporter"], row["asked"]) for row in chosen}:
        some = [r for r in chosen if (r["reporter"], r["asked"]) == (reporter, asked)]
        if len({row["source"] for row in some}) > 1:
            raise NoAnswerError("several sources")
    return newest(chosen)


def months_lacking(row, rows, question):
    """Months of the window before the first and after the last that a row's source has."""
    if question["first"] is None and question["last"] is None:
        return 0
    goods = [r for r in rows if (r["reporter"], r["asked"]) == (row["reporter"], row["asked"])]
    every = [r["month"] for r in goods]
    own = [r["month"] for r in goods if r["source"] == row["source"]]
    first = min(every) if question["first"] is None else question["first"]
    last = max(every) if question["last"] is None else question["last"]
    return max(min(own) - first, 0) + max(last - max(own), 0)


def at_level(rows, products):
    """Rows of each product or, where a source has none of a reporter, of what lies under it."""
    chosen = []
    for source, reporter in {(row["source"], row["reporter"]) for row in rows}:
        some = [r for r in rows if (r["source"], r["reporter"]) == (source, reporter)]
        for asked in products:
            under = {row["product"] for row in some if row["product"].startswith(asked)}
            highest = {c for c in under if not any(c != w and c.startswith(w) for w in under)}
            chosen += [{**row, "asked": asked} for row in some if row["product"] in highest]
    return chosen


def newest(rows):
    """Of several releases of a reporter's month in one source the newest."""
    latest = {}
    for row in rows:
        place = row["source"], row["reporter"], row["month"]
        latest[place] = max(latest.get(place, ""), row["vintage"])
    return [r for r in rows if r["vintage"] == latest[r["source"], r["reporter"], r["month"]]]


def zeros(answer, rows, question, declared):
    """Cells and months of an answer that its sources declare to have been nothing.

    `declared` has the sources that hold every partner's row. A month is one of them where the
    reporter has another line in the file; the world is never one.
    """
    months_of_answer = [row["month"] for row in answer]
    first = min(months_of_answer) if question["first"] is None else question["first"]
    last = max(months_of_answer) if question["last"] is None else question["last"]
    absent = set()
    for row in answer:
        if row["source"] not in declared or row["partner"] == "W00":
            continue
        file = [r for r in rows if (r["source"], r["reporter"]) == (row["source"], row["reporter"])]
        has_cell = {r["month"] for r in file if cell(r) == cell(row)}
        reported = {r["month"] for r in file if first <= r["month"] <= last}
        absent |= {(*cell(row), month) for month in reported - has_cell}
    return absent


# --- sums -----------------------------------------------------------------------------------------


def total(rows, value, by, window):
    """Sum and number of stated months by group; a month counts where all cells state it."""
    groups = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in by), []).append(row)
    answer = {}
    for key, members in groups.items():
        figures, known = [], []
        for some in by_cell(members).values():
            covered(stated(some, value))
            within = inside(stated(some, value), window)
            figures += [row[value] for row in within]
            known.append(covered(within))
        full = set.intersection(*known)
        answer[key] = (sum(figures) if figures else None, len(full))
    return answer


def baskets(rows, value, goods, window):
    """The sum of each basket."""
    answer = {}
    for name, codes in goods.items():
        some = [row for row in rows if row["product"] in codes]
        answer[name] = total(some, value, [], window)[()]
    return answer


def from_members(rows, value, members):
    """By month the sum over the members that state a figure, and how many do."""
    answer = {}
    for row in stated([row for row in rows if row["reporter"] in members], value):
        figure, states = answer.get(row["month"], (0.0, set()))
        answer[row["month"]] = (figure + row[value], states | {row["reporter"]})
    return {month: (figure, len(states)) for month, (figure, states) in answer.items()}


def sum_parts(parts):
    """The sum of the parts of a cell; with a part that states none it is none."""
    return None if None in parts else sum(parts)


# --- one figure beside another --------------------------------------------------------------------


def growth(rows, value, new, old):
    """By cell: sums over the months that both years have, their growth and their number."""
    answer = {}
    for key, some in by_cell(rows).items():
        known = stated(some, value)
        covered(known)
        after, before = shared_rows(inside(known, year(new)), inside(known, year(old)), 12)
        figures = [sum(r[value] for r in side) if side else None for side in (after, before)]
        change = ratio(*figures)
        per_cent = None if change is None else 100 * (change - 1)
        answer[key] = (*figures, per_cent, len(covered(after)))
    return answer


def shared_rows(after, before, cycle):
    """Rows of the months of the year that both sides have; a block goes or stays as a whole."""
    while True:
        places = [
            {month % cycle for row in side for month in months(row)} for side in (after, before)
        ]
        both = places[0] & places[1]
        kept = [
            [row for row in side if {month % cycle for month in months(row)} <= both]
            for side in (after, before)
        ]
        if kept == [after, before]:
            return after, before
        after, before = kept


def yoy(rows, value):
    """By place: the growth of a period on the same months of the year before."""
    answer = []
    for row in rows:
        earlier = {month - 12 for month in months(row)}
        same = [r for r in stated(rows, value) if cell(r) == cell(row)]
        covered(same)
        base = [r for r in same if set(months(r)) <= earlier]
        tiles = set().union(*(months(r) for r in base)) == earlier if base else False
        change = ratio(row[value], sum(r[value] for r in base)) if tiles else None
        answer.append(None if change is None else 100 * (change - 1))
    return answer


def share(part, whole, value):
    """By place: the share of a part in the whole of its period, in per cent."""
    answer = []
    for row in part:
        same = [w for w in whole if months(w) == months(row)]
        if not same:
            raise NoAnswerError("lacks")
        fraction = ratio(row[value], same[0][value])
        answer.append(None if fraction is None else 100 * fraction)
    return answer


def shares(figures):
    """Each figure's share in the sum of all, in per cent."""
    if None in figures:
        return [None] * len(figures)
    fractions = [ratio(figure, sum(figures)) for figure in figures]
    return [None if fraction is None else 100 * fraction for fraction in fractions]


def hhi(figures):
    """The sum of squared shares."""
    fractions = shares(figures)
    return None if None in fractions else sum((fraction / 100) ** 2 for fraction in fractions)


def gap(importer, exporter):
    """``ln(M / X)`` of two figures."""
    if importer is None or exporter is None or importer <= 0 or exporter <= 0:
        return None
    return math.log(importer / exporter)


def difference(figure, base):
    """The change, and it in per cent of the base."""
    change = ratio(figure, base)
    return figure - base, None if change is None else 100 * (change - 1)


# --- rerouting ------------------------------------------------------------------------------------


def displacement(rows, value, old, new, before, after):
    """The new buyers' gain over the old buyers' loss, as means of the months of both years."""
    change = {}
    for buyer in (*old, *new):
        mine = [row for row in rows if row["reporter"] == buyer]
        known = stated(mine, value)
        covered(known)
        late, early = inside(known, year(after)), inside(known, year(before))
        if not late or not early:
            raise NoAnswerError("has no")
        late, early = shared_rows(late, early, 12)
        if not late:
            raise NoAnswerError("no month")
        means = [sum(r[value] for r in side) / len(covered(side)) for side in (late, early)]
        change[buyer] = means[0] - means[1]
    gain = sum(max(0, change[buyer]) for buyer in new)
    loss = sum(max(0, -change[buyer]) for buyer in old)
    net_loss = -sum(change[buyer] for buyer in old)
    net = sum(change[buyer] for buyer in new) / net_loss if net_loss > 0 else None
    return change, ratio(gain, loss), net


def index_to_base(figures, base):
    """Each figure in per cent of the mean of those of the base."""
    known = [figures[month] for month in base if figures.get(month) is not None]
    mean = sum(known) / len(known) if known else None
    if not mean:
        return None
    return {m: None if f is None else 100 * f / mean for m, f in figures.items() if m >= base[0]}


def last_active_month(figures, base, part):
    """The last month with a `part` of the base's mean month."""
    listed = index_to_base(figures, base)
    reached = [m for m, pct in listed.items() if pct is not None and pct >= 100 * part]
    return max(reached, default=None)


# --- prices and rates -----------------------------------------------------------------------------


def unit_value(value, kilograms, is_estimated):
    """Value a tonne, where the weight is known, not nothing and no estimate."""
    if value is None or not kilograms or kilograms < 0 or is_estimated:
        return None
    return value / (kilograms / 1000)


def price_quantity(goods, index):
    """Price index and the two effects of (v0, q0, v1, q1) by good."""
    v0, q0, v1, q1 = (list(column) for column in zip(*goods, strict=True))
    p0 = [v / q for v, q in zip(v0, q0, strict=True)]
    p1 = [v / q for v, q in zip(v1, q1, strict=True)]
    if index == "fisher":
        laspeyres = sum(p * q for p, q in zip(p1, q0, strict=True)) / sum(v0)
        paasche = sum(v1) / sum(p * q for p, q in zip(p0, q1, strict=True))
        price = math.sqrt(laspeyres * paasche)
    else:
        weights = [(a / sum(v0) + b / sum(v1)) / 2 for a, b in zip(v0, v1, strict=True)]
        logs = [math.log(b / a) for a, b in zip(p0, p1, strict=True)]
        price = math.exp(sum(w * x for w, x in zip(weights, logs, strict=True)))
    change, growth_of = sum(v1) - sum(v0), sum(v1) / sum(v0)
    mean = sum(v0) if abs(growth_of - 1) < 1e-12 else change / math.log(growth_of)
    effect = mean * math.log(price)
    return price, effect, change - effect


def barrels_per_day(kilograms, row, barrels=7.33):
    """Barrels a day over the days of the period."""
    if kilograms is None:
        return None
    days = sum(calendar.monthrange(month // 12, month % 12 + 1)[1] for month in months(row))
    return kilograms / 1000 * barrels / days


def convert(value, row, rates):
    """Dollars at the mean of the monthly rates, None where a month has none."""
    monthly = [rates.get(month) for month in months(row)]
    if value is None or None in monthly:
        return None
    return value * sum(monthly) / len(monthly)


def customs_rate(cells, least=10_000):
    """Dollars a yuan from (yuan, dollars) of the cells that are large enough."""
    used = [(yuan, dollars) for yuan, dollars in cells if yuan > 0 and dollars >= least]
    if not used:
        raise NoAnswerError("no cell")
    return ratio(sum(dollars for _, dollars in used), sum(yuan for yuan, _ in used))


def cross(rates, other):
    """By month the rate of one currency in the other."""
    return {month: ratio(rate, other.get(month)) for month, rate in rates.items()}


def per_month(value, first, last):
    """A published figure by the months of its window, whole calendar months."""
    return value / (last - first + 1)


# --- nomenclature ---------------------------------------------------------------------------------


def chained(figures, successors):
    """By new code the least and the most that the old codes' figures can have brought it."""
    answer = {}
    for old, figure in figures.items():
        became = successors.get(old, {old})
        for new in became:
            low, high = answer.get(new, (0.0, 0.0))
            answer[new] = (low + (figure if len(became) == 1 else 0.0), high + figure)
    return answer
