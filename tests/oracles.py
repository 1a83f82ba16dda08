"""What the public functions must answer, as a textbook has it: plain Python over raw rows.

Nothing here comes from the package. A row is a dict: its cell (reporter, partner, product), its
first ``month`` counted from year 0, its ``length`` in months, and figures, None where it states
none. A declared zero is a row like any other whose figure is 0. A result of None is "no figure".
"""

import calendar
import itertools
import math
import re

FAR = 12 * 9999
OF_SEVERAL_PARTS = ("27", "2710")  # 2709 is all of 270900
PLACE = ("reporter", "partner", "product", "part")
RETRIEVED = "2024-06-30"  # the day on which every file was


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
    """Rows that a question asks for: of each cell one statement.

    `question` has lists of reporters, partners and products; ``first`` and ``last`` month,
    ``as_of``, ``part``, ``unit`` and ``rhythm`` are None where they are not asked for; ``splice``
    is whether the parts of several sources may follow one another. Every row is of months. It has
    a ``source`` of a ``publisher`` with its ``rank``, a ``vintage``, a ``part`` ("total", or which
    part it is) and a ``unit`` of its quantity.
    """
    wanted = [row for row in rows if is_asked(row, question)]
    if not wanted:
        raise NoAnswerError("nothing")
    wanted = [row for row in wanted if is_known(row, question)]
    if not wanted:
        raise NoAnswerError("not known")
    wanted = [row for row in wanted if stands(row, rows, question)]
    if not wanted:
        raise NoAnswerError("superseded")
    if question["part"] == "parts":
        wanted = whole_or_parts(wanted)
    wanted = at_level(wanted, rows, question["products"])
    choose = one_after_another if question["splice"] else one_source
    chosen = choose(wanted, question)
    answers = by_source(chosen).values() if question["splice"] else [chosen]
    for answer in answers:
        refuse_mixture(answer, question)
    return chosen


def is_asked(row, question):
    last = months(row)[-1]
    return (
        (question["first"] is None or row["month"] >= question["first"])
        and (question["last"] is None or last <= question["last"])
        and row["reporter"] in question["reporters"]
        and row["partner"] in question["partners"]
        and any(row["product"].startswith(asked) for asked in question["products"])
        and question["rhythm"] in (None, "M")
        and (question["unit"] is None or row["unit"] == question["unit"])
        and (question["part"] in (None, "parts") or row["part"] == question["part"])
    )


def is_known(row, question):
    return question["as_of"] is None or row["vintage"] <= question["as_of"]


def stands(row, rows, question):
    """Whether no newer release, known by the day, replaces the row's file or its whole period."""
    day = question["as_of"]
    if (day is None or day >= RETRIEVED) and any(
        other.get("supersedes") == row["source"] for other in rows
    ):
        return False
    period = "source", "reporter", "month", "length"
    return not any(
        all(other[name] == row[name] for name in period) and other["vintage"] > row["vintage"]
        for other in rows
        if is_known(other, question)
    )


def by_source(rows):
    sources = {}
    for row in sorted(rows, key=lambda row: row["source"]):
        sources.setdefault(row["source"], []).append(row)
    return sources


def whole_or_parts(rows):
    """Of each cell and period of a release the total or, where it has none, the parts."""

    def place(row):
        return row["source"], row["vintage"], cell(row), row["month"], row["length"]

    have_total = {place(row) for row in rows if row["part"] == "total"}
    return [row for row in rows if row["part"] == "total" or place(row) not in have_total]


def at_level(rows, every, products):
    """Rows of each product or, where a source has none of a reporter, of what lies under it.

    Where the source states one part alone, in all of its rows, of a product that has several, the
    part is not the product.
    """
    chosen = []
    for source, reporter in {(row["source"], row["reporter"]) for row in rows}:
        some = [r for r in rows if (r["source"], r["reporter"]) == (source, reporter)]
        for asked in products:
            under = {row["product"] for row in some if row["product"].startswith(asked)}
            highest = {c for c in under if not any(c != w and c.startswith(w) for w in under)}
            in_file = {r["product"] for r in every if r["source"] == source} - {asked}
            n_parts = len({c[: len(asked) + 2] for c in in_file if c.startswith(asked)})
            if asked not in under and n_parts == 1 and asked in OF_SEVERAL_PARTS:
                continue
            chosen += [{**row, "asked": asked} for row in some if row["product"] in highest]
    if not chosen:
        raise NoAnswerError("a part alone")
    return chosen


def one_source(rows, question):
    """Rows of the publisher that states most months of the window, of those the first by rank."""
    rows = one_file(rows)
    best = {}
    for row in rows:
        flow = row["reporter"], row["partner"], row["asked"]
        order = preference(row, rows, question)
        best[flow] = min(best.get(flow, order), order)
    chosen = []
    for row in rows:
        flow = row["reporter"], row["partner"], row["asked"]
        if preference(row, rows, question) == best[flow]:
            chosen.append(row)
    for some in by_goods(chosen).values():
        if len({row["publisher"] for row in some}) > 1:
            raise NoAnswerError("several sources")
    return of_one_file(chosen)


def of_one_file(rows):
    """The rows, if no month of a flow is of two files."""
    files = {}
    for row in rows:
        for month in months(row):
            flow = row["reporter"], row["partner"], row["asked"], month
            if files.setdefault(flow, row["source"]) != row["source"]:
                raise NoAnswerError("several sources")
    return rows


def one_file(rows):
    """Of each publisher's files the first by rank that states a flow in a month."""
    chosen = []
    for row in rows:
        flow = "publisher", "reporter", "partner", "asked"
        same = [r for r in rows if all(r[name] == row[name] for name in flow)]
        better = [r for r in same if r["rank"] < row["rank"]]
        taken = {month for r in one_file(better) for month in months(r)} if better else set()
        if not taken & set(months(row)):
            chosen.append(row)
    return chosen


def one_after_another(rows, question):
    """Rows of the preferred publisher, and of the next ones those of months that it lacks."""
    rows = one_file(rows)
    chosen = []
    for some in by_goods(rows).values():
        order = {row["publisher"]: preference(row, rows, question) for row in some}
        taken = set()
        for publisher in sorted(order, key=lambda name: (order[name], name)):
            mine = [row for row in some if row["publisher"] == publisher]
            mine = [row for row in mine if not taken & set(months(row))]
            taken |= {month for row in mine for month in months(row)}
            chosen += mine
    return of_one_file(chosen)


def by_goods(rows):
    flows = {}
    for row in rows:
        flows.setdefault((row["reporter"], row["asked"]), []).append(row)
    return flows


def preference(row, rows, question):
    """How many months of the window the publisher of a row states, the most first; its rank."""
    flow = "publisher", "reporter", "asked"
    mine = [r for r in rows if all(r[name] == row[name] for name in flow)]
    rank = min(r["rank"] for r in mine)
    if question["first"] is None and question["last"] is None:
        return 0, rank
    return -len({month for r in mine for month in months(r)}), rank


def refuse_mixture(rows, question):
    """Refuse a whole beside its part, and several units."""
    for reporter in {row["reporter"] for row in rows}:
        goods = {row["product"] for row in rows if row["reporter"] == reporter}
        if any(whole != code and code.startswith(whole) for whole in goods for code in goods):
            raise NoAnswerError("contains")
    if question["part"] is None and len({row["part"] for row in rows}) > 1:
        raise NoAnswerError("mixed parts")
    units = {row["unit"] for row in rows} - {"none"}
    if question["unit"] is None and len(units) > 1:
        raise NoAnswerError("mixed units")


def made_at_build(rows, source):
    """Cells and periods of one file that lack and were zeros, each with the lines that show it.

    Of each cell that it states at some time, of a file of one period of each partner with all
    goods that it names. A period is one of them where the reporter has a line of it, and the file
    states neither the cell nor what lies under it in any month of it, in no part and no unit. The
    world never is. Of periods that overlap the longest is taken.
    """
    file = [row for row in rows if row["source"] == source]
    cells = {place_of(row) for row in file}
    if len({(row["month"], row["length"]) for row in file}) == 1:
        partners = {row["partner"] for row in file}
        cells = {(c[0], partner, *c[2:]) for c in cells for partner in partners}
    zeros, taken = {}, set()
    for place in sorted(cells):
        reporter, partner, product, part = place
        stated = {
            month
            for row in file
            if cell(row)[:2] == (reporter, partner) and row["product"].startswith(product)
            for month in months(row)
        }
        for line in sorted(file, key=lambda row: -row["length"]):
            period = place, line["month"], line["length"]
            evidence = line["reporter"] == reporter and partner != "W00"
            if place not in {place_of(row) for row in file}:  # only beside the same goods
                evidence &= (line["product"], line["part"]) == (product, part)
            is_free = not set(months(line)) & stated
            if evidence and is_free and period in zeros:
                zeros[period].append(line)
            elif evidence and is_free and not taken & {(place, m) for m in months(line)}:
                zeros[period] = [line]
                taken |= {(place, month) for month in months(line)}
    return zeros


def zeros(answer, rows, question, declared):
    """Cells and months of an answer that its sources declare to have been nothing.

    `declared` has the sources that hold every partner's row. They are of the cells of the answer,
    and of its goods with the partners that were asked for by name; before the first row of a cell
    and after its last where that end of the window was named. Of several sources none has a month
    in which another states the flow.
    """
    absent = set()
    for source, mine in by_source(answer).items():
        made = made_at_build(rows, source) if source in declared else {}
        goods = {(row["reporter"], row["product"], row["part"]) for row in mine}
        for (place, first, length), lines in made.items():
            of_cell = [month for row in mine if place_of(row) == place for month in months(row)]
            is_named = (place[0], *place[2:]) in goods and place[1] in question["partners"]
            ends = {"first": min(of_cell, default=FAR), "last": max(of_cell, default=-1)}
            ends |= {name: question[name] for name in ends if question[name] is not None}
            period = range(first, first + length)
            others = [
                month
                for row in answer
                if row["source"] != source
                and is_same_flow(row, dict(zip(PLACE, place, strict=True)))
                for month in months(row)
            ]
            if (
                (of_cell or is_named)
                and ends["first"] <= first
                and period[-1] <= ends["last"]
                and not {*period} & {*others}
                and any(is_known(line, question) and stands(line, rows, question) for line in lines)
            ):
                absent.add((place, period))
    if question["part"] == "parts":
        whole = {(place[:3], period) for place, period in absent if place[3] == "total"}
        absent = {z for z in absent if z[0][3] == "total" or (z[0][:3], z[1]) not in whole}
    return {(*place, month) for place, period in absent for month in period}


def stated_somehow(rows, question):
    """Source, pair and month of all that is stated of the goods, in whatever unit or part.

    No question of these may be answered with a zero.
    """
    loose = question | {"unit": None, "part": None, "rhythm": None}
    known = [row for row in rows if is_asked(row, loose) and is_known(row, loose)]
    return {
        (row["source"], row["reporter"], row["partner"], month)
        for row in known
        for month in months(row)
    }


def place_of(row):
    return (*cell(row), row["part"])


def is_same_flow(one, other):
    """Whether two rows are of one reporter and partner, and one's product within the other's."""
    codes = sorted([one["product"], other["product"]])
    return cell(one)[:2] == cell(other)[:2] and codes[1].startswith(codes[0])


def flow(rows, question):
    """What several reporters state, in tonnes: of each what `read` gives, its parts added up.

    Where no window is asked for it is all that is stated. Who states no figure is in no row.
    """
    answer, faults = [], []
    for reporter in question["reporters"]:
        asked = {**question, "reporters": [reporter], "part": "parts"}
        mine = [row for row in rows if is_asked(row, asked) and is_known(row, asked)]
        if mine and asked["first"] is None and asked["last"] is None:
            asked["first"] = min(row["month"] for row in mine)
        try:
            answer += [parts_added(read(rows, asked))] if mine else []
        except NoAnswerError as error:  # of a part alone the others answer
            faults.append(error)
            if str(error) != "a part alone":
                raise
    if not answer:
        raise faults[0] if faults else NoAnswerError("nothing is held")
    answer = [some for some in answer if stated(some, "weight")]
    if not answer:
        raise NoAnswerError("no figure")
    return [{**row, "tonnes": scale(row["weight"], 1000)} for some in answer for row in some]


def parts_added(rows):
    """Rows of which those that are parts of one cell and period have become their sum."""
    groups = {}
    for row in rows:
        groups.setdefault((cell(row), row["month"], row["length"], row["source"]), []).append(row)
    answer = []
    for some in groups.values():
        weight = sum_parts([row["weight"] for row in some])
        answer.append({**some[0], "weight": weight, "of": some})
    return answer


# --- back to the files ----------------------------------------------------------------------------


def trace(row, value):
    """File, line and figure of each raw row that a row was made of; the header is line 1."""
    return {(raw["source"], raw["line"], raw[value]) for raw in row.get("of", [row])}


# --- what is held ---------------------------------------------------------------------------------


def sources(rows):
    """By source its number of rows, its first and its last month, each that of a row's begin."""
    return {
        name: (len(mine), min(row["month"] for row in mine), max(row["month"] for row in mine))
        for name, mine in by_source(rows).items()
    }


def products(rows, word):
    """How many rows each product has whose code begins with `word`."""
    held = [row["product"] for row in rows if row["product"].startswith(word)]
    return {code: held.count(code) for code in held}


def areas(rows, area):
    """How many rows an area states, and how many are stated of it."""
    return (
        len([row for row in rows if row["reporter"] == area]),
        len([row for row in rows if row["partner"] == area]),
    )


def find(rows, word):
    """By source and product under a code: reporters, partners, months and the number of rows."""
    answer = {}
    for source, mine in by_source(rows).items():
        for code in products(mine, word):
            some = [row for row in mine if row["product"] == code]
            held = sorted({month for row in some for month in months(row)})
            reporters = {row["reporter"] for row in some}
            partners = {row["partner"] for row in some}
            answer[source, code] = reporters, partners, held, len(some)
    return answer


def available(rows, asked):
    """Months that a reporter has published, and whether each was asked for before."""
    published = sorted({row["period"] for row in rows})
    return {period: period in asked for period in published}


def ask(rows, window):
    """Tonnes of each month of a window; a month that was not published is refused."""
    answer = {row["period"]: scale(row["netWgt"], 1000) for row in rows}
    if not set(window) <= set(answer):
        raise NoAnswerError("not published")
    return {period: answer[period] for period in window}


# --- what was printed -----------------------------------------------------------------------------


def figures(rows, words, above, unit):
    """Ids of the printed figures about some words that are above an amount, whatever was meant."""
    texts = [f"{row['topic']} {row['product']}".casefold() for row in rows]
    is_about = [any(re.search(word, text) for word in words) for text in texts]
    about = list(itertools.compress(rows, is_about))
    same = [row for row in about if row["unit"] == unit]
    larger = [row for row in same if row["value"] > above and row["qualifier"] not in ("<", "≤")]
    more = [row for row in same if row["value"] == above and row["qualifier"] == ">"]
    if not larger + more:
        raise NoAnswerError("none above")
    return sorted(row["id"] for row in larger + more)


def settlement(rows, currency, concept, window):
    """Shares of a currency, by family and month; nothing is added up."""
    return {
        (row["family"], row["month"]): row["value"]
        for row in rows
        if (row["currency"], row["concept"]) == (currency, concept) and row["month"] in window
    }


# --- the verdict ----------------------------------------------------------------------------------


def cards(readings, n_open):
    """The verdict on a part of which `n_open` readings are open; the words of the rule, in order.

    A reading has a role, a witness (kind, family, interest), the open readings that it `answers`,
    whether it fits, whether with its band, whether a twentieth turns it, and its vote.
    """
    if not readings:
        return "not tested"
    heard = [r for r in readings if not r["note"]]
    offices = [r for r in heard if is_of_office(r)]
    refuted = [
        n for r in offices if r["role"] == "bound" and r["fits"] is False for n in r["answers"]
    ]
    if {*refuted} == {*range(n_open)}:
        return "contradicted"
    said = {}
    for number in range(n_open):
        judging = [r for r in offices if number in r["answers"] and r["fits"] is not None]
        judging = [r for r in judging if r["own_release"]] or judging
        if judging:
            said[number] = said_by(judging)
    if len(said) == n_open and "some" not in said.values():
        words = {*said.values()}
        if words == {"yes"}:
            return "holds"
        if words <= {"yes", "band"}:
            return "holds within revisions"
        if words == {"no"}:
            return "differs"
    fitting = {word != "no" for word in said.values()}
    for r in heard:
        if said and r["kind"] == "source" and r["fits"] and r["answers"]:
            fitting |= {True} if not {*said} & {*r["answers"]} else set()
    if "some" in said.values() or fitting == {True, False}:
        return "depends"
    return by_votes(heard, offices, said)


def is_of_office(r):
    is_judge = r["kind"] in ("law", "office") or (r["kind"] == "reworked" and r["is_robust"])
    return is_judge and r["role"] in ("as stated", "alternative", "bound")


def said_by(judging):
    if all(r["fits"] for r in judging):
        return "yes"
    if all(r["fits"] or (r["role"] == "as stated" and r["fits_band"]) for r in judging):
        return "band"
    return "some" if any(r["fits"] for r in judging) else "no"


def by_votes(heard, offices, said):
    votes, neutral = {}, False
    for r in heard:
        answers = {*r["answers"]} & {*said}
        in_force = [o for o in offices if o["own_release"] and o["fits"] is not None]
        superseded = {n for n in answers if any(n in o["answers"] for o in in_force)}
        is_judge = r in offices and r["fits"] is not None
        if is_judge and (answers if r["own_release"] else answers - superseded):
            word = "yes" if r["fits"] else "no"
        elif (
            r["kind"] == "relay"
            or not r["family"]
            or r["role"] == "other concept"
            or (r["kind"] == "source" and r["vote"] != "no")
            or (r["kind"] == "reworked" and not r["is_robust"])
        ):
            continue
        else:
            word = r["vote"]
        if word in ("yes", "no"):
            votes.setdefault(r["family"], set()).add(word)
            neutral = neutral or not r["interested"]
    words = set().union(*votes.values())
    if not words:
        return "not decided"
    if len(words) == 2:
        return "both ways"
    families = [{*family.split(" and ")} for family in votes]
    apart = any(not one & other for one in families for other in families)
    if apart and neutral:
        return "holds by measurement" if words == {"yes"} else "differs by measurement"
    return "leans yes" if words == {"yes"} else "leans no"


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
    answer = {}
    for name, codes in goods.items():
        some = [row for row in rows if row["product"] in codes]
        answer[name] = total(some, value, [], window)[()]
    return answer


def by(rows, value, columns, every):
    """What `total` gives of the whole time or of each whole window; by window's first month.

    Windows are those of the calendar or, where none is whole, as many from the first month on.
    """
    first = min(row["month"] for row in rows)
    after = max(months(row)[-1] for row in rows) + 1
    every = every or after - first
    starts = [month for month in range(first, after) if month % every == 0]
    windows = [range(month, month + every) for month in starts if month + every <= after]
    if not windows and (after - first) % every:
        raise NoAnswerError("no whole window")
    if not windows:
        windows = [range(month, month + every) for month in range(first, after, every)]
    return {window[0]: total(rows, value, columns, window) for window in windows}


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


def with_whole(part, whole, value):
    """By place: the figure of a part, and that of the whole of its period."""
    for row in part:
        same = [w for w in whole if months(w) == months(row)]
        if not same:
            raise NoAnswerError("lacks")
        yield row[value], same[0][value]


def share(part, whole, value):
    """By place: the share of a part in the whole of its period, in per cent."""
    fractions = [ratio(*pair) for pair in with_whole(part, whole, value)]
    return [None if fraction is None else 100 * fraction for fraction in fractions]


def rest(part, whole, value):
    """By place: the whole of a period less its part."""
    pairs = with_whole(part, whole, value)
    return [None if None in (one, all_of_it) else all_of_it - one for one, all_of_it in pairs]


def shares(figures):
    if None in figures:
        return [None] * len(figures)
    fractions = [ratio(figure, sum(figures)) for figure in figures]
    return [None if fraction is None else 100 * fraction for fraction in fractions]


def hhi(figures):
    """The sum of squared shares."""
    fractions = shares(figures)
    return None if None in fractions else sum((fraction / 100) ** 2 for fraction in fractions)


def hhi_in_a_whole(figures, whole):
    """Of members of a whole the least and the most of the index, and the rest in per cent."""
    if None in figures or whole == 0:
        return [math.nan] * 3
    rest = (whole - sum(figures)) / whole
    least = sum((figure / whole) ** 2 for figure in figures)
    return least, least + rest**2, 100 * rest


def lead(figures, member):
    """Lead of a member over the largest other, and its rank; figures by member."""
    others = [figure for name, figure in figures.items() if name != member]
    if member not in figures or not others:
        raise NoAnswerError("alone")
    rank = 1 + len([figure for figure in others if figure > figures[member]])
    return figures[member] - max(others), rank


def peak(figures):
    """The first month of the largest figure; figures by month, None where none is stated."""
    known = {month: figure for month, figure in figures.items() if figure is not None}
    if not known:
        raise NoAnswerError("none")
    return min(month for month, figure in known.items() if figure == max(known.values()))


def mean(figures):
    known = [figure for figure in figures if figure is not None]
    return math.fsum(known) / len(known) if known else None


def count(figures, above):
    return len([figure for figure in figures if figure > above])


def stack(frames):
    """Rows of several answers, each with the name of its own."""
    return [{**row, "series": name} for name, rows in frames.items() for row in rows]


def gap(importer, exporter):
    """``ln(M / X)`` of two figures."""
    if importer is None or exporter is None or importer <= 0 or exporter <= 0:
        return None
    return math.log(importer / exporter)


def difference(figure, base):
    """The change, and it in per cent of the base, of amounts above zero alone."""
    change = ratio(figure, base) if min(figure, base) >= 0 else None
    return figure - base, None if change is None else 100 * (change - 1)


# --- rerouting ------------------------------------------------------------------------------------


def displacement(rows, value, old, new, before, after):
    """The new buyers' gain over the old buyers' loss, as means of the months of both windows."""
    change = {}
    for buyer in (*old, *new):
        mine = [row for row in rows if row["reporter"] == buyer]
        known = stated(mine, value)
        covered(known)
        late, early = inside(known, after), inside(known, before)
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


def displacement_over(rows, value, old, new, windows):
    """By name of the comparison its displacement, gain, loss, and the part of each new buyer."""
    answer = {}
    for name, (before, after) in windows.items():
        change, displaced, net = displacement(rows, value, old, new, before, after)
        gain = sum(max(0, change[buyer]) for buyer in new)
        loss = sum(max(0, -change[buyer]) for buyer in old)
        parts = {buyer: ratio(max(0, change[buyer]), loss) for buyer in new}
        answer[name] = displaced, net, gain, loss, parts
    return answer


def index_to_base(figures, base):
    """Each figure in per cent of the mean of those of the base."""
    known = [figures[month] for month in base if figures.get(month) is not None]
    mean = sum(known) / len(known) if known else None
    if not mean:
        return None
    return {m: None if f is None else 100 * f / mean for m, f in figures.items() if m >= base[0]}


def rerouting(rows, old, new, event):
    """By name of the comparison what `displacement` gives, of those that all buyers state.

    A buyer's months are of the source that reaches the year after the event, or of that with most
    rows; the next one stands in before and after these.
    """
    series = []
    for buyer in (*old, *new):
        series += one_stands_in(
            [row for row in rows if row["reporter"] == buyer], after_year(event)
        )
    answer = {}
    for name, (before, after) in comparisons(event).items():
        try:
            answer[name] = displacement(series, "weight", old, new, before, after)
        except NoAnswerError:
            if not answer:  # the first of them is the question
                raise
    return answer


def after_year(event):
    """The first full year after a month."""
    return event // 12 + (event % 12 > 0)


def comparisons(event):
    """Windows of months that are compared, by name; the last two lie before the event."""
    before, after = event // 12 - 1, after_year(event)
    pairs = {f"{a} to {b}": (year(a), year(b)) for a, b in ((before, after), (before, after + 1))}
    pairs[f"{before - 2} to {after}"] = (year(before - 2), year(after))
    first, last = (
        f"{calendar.month_name[month % 12 + 1]} {month // 12}" for month in (event - 12, event - 1)
    )
    twelve = f"{event // 12 - 1}" if event % 12 == 0 else f"{first} to {last}"
    name = f"{twelve}, to {after}"
    pairs[name] = (range(event - 12, event), year(after))
    for base in (before - 2, before - 3):
        pairs[f"Before the event, {base} to {base + 2}"] = (year(base), year(base + 2))
    return pairs


def one_stands_in(rows, after):
    """Rows of the source that reaches furthest, and of the next those outside its months."""

    def preference(mine):
        reaches = max(row["month"] for row in mine) // 12 >= after
        return not reaches, -len(mine), mine[0]["rank"]

    first, *others = sorted(by_source(rows).values(), key=preference)
    begin, end = (pick(row["month"] for row in first) for pick in (min, max))
    for other in others:
        outside = [row for row in other if not begin <= row["month"] <= end]
        if outside:
            return first + outside
    return first


# --- prices and rates -----------------------------------------------------------------------------


def unit_value(value, kilograms, is_estimated):
    """Value a tonne, where the weight is known, not nothing and no estimate."""
    if value is None or not kilograms or kilograms < 0 or is_estimated:
        return None
    return value / (kilograms / 1000)


def price_quantity(goods):
    """Fisher's price index and the two effects of (v0, q0, v1, q1) by good."""
    v0, q0, v1, q1 = (list(column) for column in zip(*goods, strict=True))
    p0 = [v / q for v, q in zip(v0, q0, strict=True)]
    p1 = [v / q for v, q in zip(v1, q1, strict=True)]
    laspeyres = sum(p * q for p, q in zip(p1, q0, strict=True)) / sum(v0)
    paasche = sum(v1) / sum(p * q for p, q in zip(p0, q1, strict=True))
    price = math.sqrt(laspeyres * paasche)
    change, growth_of = sum(v1) - sum(v0), sum(v1) / sum(v0)
    mean = sum(v0) if abs(growth_of - 1) < 1e-12 else change / math.log(growth_of)
    effect = mean * math.log(price)
    return price, effect, change - effect


def scale(figure, divisor):
    return None if figure is None else figure / divisor


def rounded(figure, divisor, decimals=None, figures=None):
    """A figure in another unit, to so many decimals or so many significant figures."""
    if figure is None:
        return None
    if figures is not None:
        return float(f"{figure / divisor:.{figures - 1}e}")
    return round(figure / divisor, decimals)


def barrels_per_day(kilograms, row, barrels=7.33):
    """Barrels a day over the days of the period."""
    if kilograms is None:
        return None
    days = sum(calendar.monthrange(month // 12, month % 12 + 1)[1] for month in months(row))
    return kilograms / 1000 * barrels / days


def convert(value, row, rates):
    """Dollars at the mean of the monthly rates, None where a month has none."""
    monthly = [rates.get(month) for month in months(row)]
    return None if value is None or None in monthly else value * sum(monthly) / len(monthly)


def from_dollars(value, row, rates):
    """Money of which a unit is worth that many dollars, None where a month has no rate."""
    worth = convert(1, row, rates)
    return None if value is None or worth is None else value / worth


def per_month(value, first, last):
    """A published figure by the months of its window, whole calendar months."""
    return value / (last - first + 1)


# --- an answer ------------------------------------------------------------------------------------


def series(rows):
    """The figure of each month; two of one month are no series."""
    if len({row["month"] for row in rows}) < len(rows):
        raise NoAnswerError("several")
    return {row["month"]: row["value"] for row in rows}


def wide(rows, column):
    if len({(row["month"], row[column]) for row in rows}) < len(rows):
        raise NoAnswerError("several")
    return {(row["month"], row[column]): row["value"] for row in rows}


def rank(figures):
    """How many are larger, and one; by member."""
    if len(figures) < 2:
        raise NoAnswerError("one")
    if None in figures.values():
        raise NoAnswerError("unknown")
    return {name: lead(figures, name)[1] for name in figures}


def balance(sold, bought):
    """By month: exports less imports, of months that both state."""
    return {
        month: None if None in (sold[month], bought[month]) else sold[month] - bought[month]
        for month in sold.keys() & bought.keys()
    }


def to(value, row, rates, dollars):
    """Money in euros or dollars at the monthly rates of a euro."""
    return (from_dollars if dollars else convert)(value, row, rates)
