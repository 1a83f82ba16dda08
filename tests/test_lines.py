"""A claim in one line: the phrase, the file that has it, and that it says what the TOML says."""

import csv
import re
import shutil
import tomllib
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradeflows import claims, cli
from tradeflows.claims import ledger, lines, phrase
from tradeflows.model.errors import LedgerError, QueryError
from tradeflows.retrieval.project import Project

PROJECT = Path(__file__).parents[1]
SOYBEANS = PROJECT / "examples" / "soybeans"
PHRASE = "weight of soybeans, China from Brazil, 2019"


def written(path, *rows, head="id;sentence;figure;asks;printed_by;date;address", encoding="utf-8"):
    path.write_bytes("\r\n".join([head, *rows, ""]).encode(encoding))
    return path


SENTENCE = "In 2019 China imported 57.67 million tonnes of soybeans from Brazil."
LINE = f"C1;{SENTENCE};57.67 Mt;{{}};Nova;2020;https://example.org"


def judged(tmp_path, root, *rows, **options):
    """Verdicts on the lines of a file, by id."""
    file = written(tmp_path / "article.csv", *rows, **options)
    return {v.claim.id: v for v in claims.judge(claims.load(file, root).values(), root).verdicts}


# --- the phrase -----------------------------------------------------------------------------------

GOODS, AREAS = ("1201", "2709", "120190", "TOTAL"), ("CHN", "BRA", "USA", "EU27_2020", "W00")
years = st.integers(1995, 2030)
windows = st.one_of(
    years.map(lambda year: (f"{year}", f"{year}")),
    st.tuples(years, st.integers(0, 3)).map(lambda two: (f"{two[0]}", f"{sum(two)}")),
    st.tuples(years, st.integers(2, 6), st.integers(6, 11)).map(
        lambda three: tuple(f"{three[0]}-{month:02}" for month in three[1:])
    ),
)
some = st.lists(st.sampled_from(AREAS), min_size=1, max_size=3, unique=True).map(tuple)


@st.composite
def phrases(draw):
    kind = draw(st.sampled_from([*phrase.MEASURES]))
    is_stated = kind in ("", phrase.RECORD, phrase.MONTHLY)
    amounts = [*phrase.AMOUNTS, *[""] * (not is_stated)]
    is_one = kind in (*phrase.CHANGES, phrase.RECORD)
    among = draw(some) if kind in phrase.SHARED else ()
    return phrase.Phrase(
        kind=kind,
        amount="" if kind in (phrase.PRICE, phrase.BARRELS) else draw(st.sampled_from(amounts)),
        goods=tuple(draw(st.lists(st.sampled_from(GOODS), min_size=1, max_size=2, unique=True))),
        level=draw(st.sampled_from([(), ("120190",)])),
        reporter=draw(st.sampled_from(AREAS)),
        flow=draw(st.sampled_from(["M", "X", "MX"])),
        partner=draw(some)[: 1 if kind in (phrase.LEAD, phrase.RANK) else 3],
        among=among,
        windows=tuple(
            draw(st.lists(windows, min_size=1, max_size=1 if is_one else 2, unique=True))
        ),
        base=draw(windows) if kind in phrase.CHANGES else None,
        since=draw(st.sampled_from(["", "2016"])) if kind == phrase.RECORD else "",
    )


@given(phrases())
@settings(max_examples=300, deadline=None)
def test_a_phrase_is_spoken_and_parsed_to_the_same(asked):
    assert phrase.parse(phrase.spoken(asked), PROJECT) == asked


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (
            "share of soybeans, China from Brazil, 2024",
            "share of 1201, BRA in W00, CHN's imports, 2024",
        ),
        ("value of all goods, China with Russia, January to May 2023", None),
        ("difference of value of 1201, EU to China, 2023Q2 on 2022Q2", None),
        ("price of soybeans, China from Brazil and Argentina, May 2023", None),
        ("Rank by weight of soybeans, Brazil among all, the United States' imports, 2024", None),
    ],
)
def test_words_of_flow_and_their_codes_are_one(text, same):
    asked = phrase.parse(text, PROJECT)
    assert asked == phrase.parse(same or phrase.spoken(asked), PROJECT)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("wieght of soybeans, China from Brazil, 2019", f"did you mean '{PHRASE}'?"),
        ("weight of soybeens, China from Brazil, 2019", f"did you mean '{PHRASE}'?"),
        ("weight of soybeans, Chian from Brazil, 2019", f"did you mean '{PHRASE}'?"),
        ("weight of soybeans, China from Brazil, fiscal 2019", "write 2023, 2023-05, May 2023 or"),
        ("weight of soybeans, China from Brazil, Januray 2019", "from Brazil, January 2019'?"),
        ("weight of soybeans, China from Brazil, 2019-05 to 2018", "ends before it begins"),
        (
            "weight of soybeans, China Brazil, 2019",
            "expected 'weight of GOODS, WHO from WHOM, WHEN'",
        ),
        ("weight of soybeans", "expected 'weight of GOODS, WHO from WHOM, WHEN'"),
        ("", "expected one of weight, value"),
        ("growth of weight of soybeans, China from Brazil, 2019", "WHEN on WHEN BEFORE"),
        ("weight of soybeans, China from Brazil, 2019 on 2018", "expected 'growth of weight"),
        ("weight of soybeans, China from Brazil, 2019, by sea", "expected 'weight of GOODS"),
        ("share of soybeans, Brazil in World, 2019", "WHO's imports, WHEN"),
        ("weight of soybeans, China and India from Brazil, 2019", "has one reporter"),
        (
            "rank by weight of soybeans, Brazil and USA among all, China's imports, 2019",
            "one member",
        ),
        ("growth of weight of soybeans, China from USA, 2019 or 2018 on 2017", "has one window"),
        ("record of soybeans, China from Brazil, 2019", "expected 'record weight of GOODS"),
        ("weight of soybeans, China from Middle-earth, 2019", "no area 'Middle-earth'"),
        ("weight of hobbits, China from Brazil, 2019", "no goods 'hobbits'; write a word such as"),
        (
            "share of yuan, China in World, Russia's exports, 2023",
            "no phrase asks what part is set",
        ),
        (
            "growth of unit value of soybeans, China from Brazil, 2019 on 2018",
            "no measure growth of unit value; there is 'growth of weight of GOODS",
        ),
        (
            "growth of share of soybeans, Brazil in World, China's imports, 2019 on 2018",
            'no measure growth of share; there is "change of share by weight of GOODS',
        ),
    ],
)
def test_a_wrong_phrase_gets_one_error_with_what_is_right(wrong, said):
    with pytest.raises(LedgerError) as raised:
        phrase.parse(wrong, PROJECT)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


# --- the figure -----------------------------------------------------------------------------------


def number(text, sentence="", *, semicolons=False):
    entry = {"asks": "not public", "figure": text, "statement": sentence, "semicolons": semicolons}
    made = lines.spelled_out(entry, {}, ["not public"], PROJECT)
    stated = made["claimed"]
    return stated["qualifier"], stated["value"], stated["unit"], made.get("printed_to")


@pytest.mark.parametrize(
    ("text", "number_of"),
    [
        ("57.67 Mt", ("=", 57.67, "Mt", 0.01)),
        ("71 %", ("=", 71, "%", 1)),
        ("16.4 bn USD", ("=", 16.4, "bn USD", 0.1)),
        ("$16.4 billion", ("=", 16.4, "billion USD", 0.1)),
        ("about 25 per cent", ("~", 25, "per cent", 5)),
        ("more than 12 mn USD", (">", 12, "mn USD", None)),
        ("at most 3 Mt", ("≤", 3, "Mt", None)),
        ("−5,7 %", ("=", -5.7, "%", 0.1)),
        ("1,300 tonnes", ("=", 1300, "tonnes", 1)),
        ("16.400,5 t", ("=", 16400.5, "t", 0.1)),
        ("16,400.5 t", ("=", 16400.5, "t", 0.1)),
        ("1 789 000 t", ("=", 1789000, "t", 1)),
        ("2nd", ("=", 2, "rank", None)),
        ("fell", ("<", 0, "percent", None)),
        ("0.00 Mt", ("=", 0, "Mt", 0.01)),
        ("5 million metric tons", ("=", 5, "million tonnes", 1)),
        ("12.3 mln t", ("=", 12.3, "million t", 0.1)),
        ("1.65 million barrels per day", ("=", 1.65, "million barrels a day", 0.01)),
        ("$567 a tonne", ("=", 567, "USD/t", 1)),
        ("567 euros per tonne", ("=", 567, "EUR/t", 1)),
        ("567 EUR/t", ("=", 567, "EUR/t", 1)),
        ("77.3 USD/barrel", ("=", 77.3, "USD/bbl", 0.1)),
        ("-a third", ("~", -100 / 3, "percent", pytest.approx(20 / 3))),
        ("by a factor of 1.24", ("~", 24, "percent", 1)),
    ],
)
def test_a_figure_is_read_as_it_is_written(text, number_of):
    assert number(text) == number_of


@pytest.mark.parametrize(
    ("sentence", "text", "number_of"),
    [
        ("It fell by two-thirds.", "-two thirds", ("~", pytest.approx(-200 / 3), "percent", 10)),
        ("It fell by more than half.", "more than -half", ("<", -50, "percent", None)),
        ("It fell by more than half.", "more than -50 %", ("<", -50, "%", None)),
        ("It fell by more than 50 %.", "more than -50 %", ("<", -50, "%", None)),
        ("It was more than 50 % less.", "more than -50 %", ("<", -50, "%", None)),
        ("It fell by less than 5 %.", "less than -5 %", (">", -5, "%", None)),
        ("It more than halved.", "more than halved", ("<", -50, "percent", None)),
    ],
)
def test_a_word_before_a_fall_is_of_its_size(sentence, text, number_of):
    assert number(text, sentence) == number_of


def test_where_semicolons_part_cells_a_comma_parts_decimals():
    assert number("1,65 mb/d", semicolons=True)[1:] == (1.65, "mb/d", 0.01)
    for text in ("1,300 t", "1.300 t"):
        with pytest.raises(LedgerError, match="a thousand and more, or one and a part of it"):
            number(text, semicolons=True)


@pytest.mark.parametrize(
    ("text", "sentence", "said"),
    [
        ("57.67 Mtt", "", "no unit 'Mtt'; did you mean 'Mt'?"),
        ("57.67", "", "has no unit"),
        ("abuot 25 %", "", "no word 'abuot'; did you mean 'about'?"),
        (
            "57.670 Mt",
            "It was 57.67 million tonnes.",
            "written to 0.001 Mt, and its sentence prints",
        ),
        ("190.0 bn USD", "It was $190 billion.", "sentence prints '$190 billion', to 1"),
        ("less than -50 %", "It fell by more than 50 %.", "sentence prints 'more than 50 %'"),
        ("less than -50 %", "It fell by more than half.", "write it as the sentence does"),
        ("-a third", "It fell by a quarter.", "its sentence does not say 'a third'"),
        ("-more than half", "", "as in '-a third' or 'more than -half'"),
        ("567 Mt/t", "", "no unit 'Mt/t'"),
    ],
)
def test_a_mistyped_figure_is_refused_in_the_words_of_the_claim(text, sentence, said):
    with pytest.raises(LedgerError) as raised:
        number(text, sentence)
    assert said in str(raised.value)


# --- the file -------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("mark", [";", ",", "\t"])
def test_a_file_as_excel_writes_it_is_read(tmp_path, encoding, mark):
    stream = StringIO()
    rows = csv.writer(stream, delimiter=mark)
    rows.writerow(["ID", "Sentence", "figure", "asks", "printed by"])
    rows.writerow(["C1", "Côte d’Ivoire, it sold.", "57.67 Mt", PHRASE, "Zürich"])
    path = tmp_path / "a.csv"
    path.write_bytes(stream.getvalue().encode(encoding))
    [(name, (place, entry))] = lines.read(path).items()
    assert (name, place) == ("C1", "a.csv, line 2")
    assert entry["asks"] == PHRASE
    assert (entry["statement"], entry["who"]) == ("Côte d’Ivoire, it sold.", "Zürich")


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("id;sentense;figure;asks", "'sentense' is none; did you mean 'sentence'?"),
        ("id;sentence;asks", "lacks the column figure"),
        ("id;sentence;figure;asks;asks", "'asks' stands twice"),
        ("", "lacks the column id"),
    ],
)
def test_a_file_without_its_columns_is_refused(tmp_path, head, said):
    with pytest.raises(LedgerError, match=re.escape(said)):
        lines.read(written(tmp_path / "a.csv", head=head))


def test_wrong_lines_are_said_all_at_once_with_the_lines_of_excel(tmp_path):
    path = written(
        tmp_path / "a.csv",
        *['C0,"a,\n1",1 t,not public,', "", "C1,1 t,1 t,not public,", "C1,b,1 t,not public,"],
        *[
            "C2,a,1 t,weight of x, A from B, 2019, P",
            ",a,1 t,x,",
            "C3,a,1 t,x,2023-13-01",
            "C4,a,1 t,,",
        ],
        *["C5,a,,not public,", 'C6,a,,"weight of coal, China from Russia, 2023",'],
        "C7,a,1 t,not public,31.01.2024,htp:/x",
        head="id,sentence,figure,asks,date,address",
    )
    read = claims.read_ledger(path, PROJECT)
    assert [*read.claims] == ["C0", "C1", "C5"]
    places = [str(error).partition(": claim")[0] for error in read.errors.values()]
    assert places == [f"a.csv, line {at}" for at in (5, 6, 7, 8, 9, 11, 12)]
    for said, error in zip(
        (
            "C1 stands twice, also in a.csv, line 4",
            "a cell with a comma stands in quotation marks",
            "lacks an id",
            "date: '2023-13-01' is none; write 2024-01-31",
            "asks is empty",
            "figure is empty",
            "address: 'htp:/x' is none; write it as https://",
        ),
        read.errors.values(),
        strict=True,
    ):
        assert said in str(error)


def test_a_workbook_is_read_like_a_csv(tmp_path, soybeans):
    from workbook_twin import workbook

    rows = [["id", "sentence", "figure", "asks", "printed_by", "date"]]
    rows.append(LINE.format(PHRASE + "x").split(";")[:6])
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook(rows))
    [error] = claims.read_ledger(path, soybeans).errors.values()
    assert "a.xlsx, line 2: claim C1: asks: " in str(error)


def test_a_wrong_line_is_said_with_its_place_and_spoils_no_other(tmp_path, soybeans):
    file = written(
        tmp_path / "a.csv",
        LINE.format("weight of soybeans as 120190, China from Brazil, 2019"),
        LINE.replace("C1", "C2").format("weight of soybeans, Chian from Brazil, 2019"),
        LINE.replace("C1;", "C3;")
        .format("weight of 1201, China from Fiji, 2019")
        .replace("Brazil", "Fiji"),
    )
    read = claims.read_ledger(file, soybeans)
    assert [*read.claims] == ["C1"]
    assert str(read.errors["C2"]).startswith("a.csv, line 3: claim C2: asks: no area 'Chian'")
    assert "nothing that is held answers" in str(read.errors["C3"])


# --- both, and what a line stands for -------------------------------------------------------------


def test_lines_and_toml_are_one_ledger(soybeans):
    both = claims.load(root=soybeans)
    order = [*lines.read(soybeans / "data" / "claims.csv")]
    assert [*both] == order
    own = tomllib.loads((soybeans / "data" / "claims.toml").read_text(encoding="utf-8"))["claim"]
    assert 0 < len(own) < 12 < len(both)


def test_an_id_stands_once_in_both(soybeans, tmp_path):
    shutil.copytree(soybeans / "data", tmp_path / "data")
    with (tmp_path / "data" / "claims.csv").open("a", encoding="utf-8") as file:
        file.write("C06b,a,C06b,not public,,,\n")
    with pytest.raises(LedgerError, match="C06b stands twice"):
        claims.load(root=tmp_path)
    text = (tmp_path / "data" / "claims.csv").read_text(encoding="utf-8")
    (tmp_path / "data" / "claims.csv").write_text(text.replace("C06b,,,in", "C99,,,in"))
    with pytest.raises(LedgerError, match="no C99 there"):
        claims.load(root=tmp_path)


def same(one, other):
    """The verdict and the numbers of each reading, whatever it is called."""
    return (one.verdict, {r.value for r in one.readings}) == (
        other.verdict,
        {r.value for r in other.readings},
    )


def test_the_toml_that_a_line_prints_gives_the_same(soybeans, tmp_path):
    named = [*lines.read(soybeans / "data" / "claims.csv")][:20]
    texts = [claims.as_toml(name, root=soybeans) for name in named]
    file = tmp_path / "long.toml"
    file.write_text("version = 3\n\n" + "\n\n".join(texts), encoding="utf-8")
    long, short = claims.load(file, soybeans), claims.load(root=soybeans)
    # What is beside the claim in its sentence is said of a line alone.
    assert {name: replace(short[name], minds=()) for name in named} == long


FIGURES = {
    phrase.SHARE: "%",
    phrase.POINTS: "points",
    phrase.GROWTH: "%",
    phrase.PRICE: "USD/t",
    phrase.RANK: "rank",
}
sellers = st.sampled_from(["BRA", "USA", "ARG"])


@st.composite
def answerable(draw):
    """A phrase that the soybeans may answer, and a figure."""
    kind = draw(st.sampled_from([each for each in phrase.MEASURES if each != phrase.BARRELS]))
    is_free = kind in (*phrase.SHARES, phrase.GROWTH)
    amount = draw(st.sampled_from(["weight", "value", *[""] * is_free]))
    amount = "" if kind == phrase.PRICE else amount
    one, other = draw(st.lists(sellers, min_size=2, max_size=2, unique=True))
    year, months = draw(st.integers(2019, 2023)), draw(st.sampled_from(["", "-03", "-12"]))
    is_change = kind in phrase.CHANGES
    among = {phrase.SHARE: ("W00",), phrase.POINTS: ("W00",), phrase.LEAD: (other,)}.get(kind, ())
    asked = phrase.Phrase(
        kind=kind,
        amount=amount,
        goods=("1201",),
        level=("120190",),
        reporter="CHN",
        flow="M",
        partner=(one,),
        among=draw(st.sampled_from([(other,), ()])) if kind == phrase.RANK else among,
        windows=((f"{year}{months}", f"{year}{months}"),),
        base=(f"{year - 1}{months}", f"{year - 1}{months}") if is_change else None,
    )
    unit = FIGURES.get(kind) or {"weight": "Mt", "value": "bn USD"}[amount]
    number = draw(st.integers(1, 3 if unit == "rank" else 60))
    return asked, f"{number} {unit}" if unit != "rank" else f"rank {number}"


def of_records(entry):
    """The phrase that a claim's table says, from what it asks and what its first reading reads."""
    claim = entry["part"][0] if "part" in entry else entry
    asks, reading = claim["asks"], claim["reading"][0]
    reading = reading["terms"][0] if "terms" in reading else reading
    steps = {name for name, _ in reading["steps"]}
    by_step = {"per_month": phrase.MONTHLY, "unit_value": phrase.PRICE}
    kind = phrase.RECORD if "part" in entry else next((by_step[s] for s in steps & {*by_step}), "")
    measure = asks["measure"].removesuffix(" a month")
    named = re.fullmatch(r"((?:change of )?share|growth|change|lead|rank) (?:of|by) (\w*)", measure)
    amount = named[2] if named else measure if measure in phrase.AMOUNTS else ""
    is_free = "its line names neither" in claim.get("open_because", "")
    kind = named[1] if named else kind
    areas = asks["partner"] if isinstance(asks["partner"], list) else [asks["partner"]]
    is_whole = kind in phrase.SHARES
    return phrase.Phrase(
        kind=kind,
        amount="" if is_free else amount,
        goods=(asks["goods"],),
        level=(reading["read"]["product"],),
        reporter=asks["reporter"],
        flow=asks["flow"],
        partner=(areas[0],),
        among=(reading["other"]["partner"],) if is_whole else tuple(areas[1:]),
        windows=((asks["start"], asks["end"]),),
        base=(asks["base"], asks["base"]) if "base" in asks else None,
    )


@given(st.lists(answerable(), min_size=25, max_size=25, unique_by=lambda two: str(two[0])))
@settings(max_examples=4, deadline=None, suppress_health_check=[*HealthCheck])
def test_a_phrase_is_its_records_and_both_are_judged_alike(soybeans, tmp_path_factory, drawn):
    """What a line stands for says the phrase again, and written as TOML gets its verdict."""
    folder = tmp_path_factory.mktemp("phrases")
    rows = [
        f"Q{i};It was {'a record ' * (asked.kind == phrase.RECORD)}{figure}.;{figure};"
        f"{phrase.spoken(asked)};N;2024;"
        for i, (asked, figure) in enumerate(drawn)
    ]
    file, long = written(folder / "short.csv", *rows), folder / "long.toml"
    read = claims.read_ledger(file, soybeans)
    assert len(read.claims) > 15, read.errors
    texts = {name: claims.as_toml(name, file, soybeans) for name in read.claims}
    long.write_text("version = 3\n\n" + "\n\n".join(texts.values()), encoding="utf-8")
    for name, text in texts.items():
        assert of_records(tomllib.loads(text)["claim"][name]) == drawn[int(name[1:])][0]
    judged = claims.judge(read.claims.values(), soybeans)
    whole = {v.claim.id: v for v in judged.verdicts if "not made" not in str(v.claim.minds)}
    loaded = claims.load(long, soybeans)
    same = claims.judge((loaded[name] for name in whole), soybeans)
    assert not same.errors
    for verdict in same.verdicts:
        assert claims.verdict_rows(verdict) == claims.verdict_rows(whole[verdict.claim.id])


OWN = {
    "O04": "value of all goods, China from Russia, 2022",
    "O06": "value of all goods, China to Russia, 2022",
    "O08": "value of crude oil and 2701 + 27112100 + 27111100, China from Russia, 2022",
    "P09": "value of 901310, China to Russia, 2022",
    "U07": "record value of all goods, China to Russia, 2024-09",
    "U20": "value a month of 848210, China to Russia, 2023",
    "U22": "weight of 391220, China to Russia, 2022",
    "U23": "weight of 391220, China to Russia, 2023",
    "U25": "value of 8542, China to Russia, 2022",
    "U26": "value of 8542, China to Russia, 2021",
    "U35": "growth of value of all goods, China to Russia, 2023 on 2022",
    "U36": "value of all goods, China to Russia, 2023",
    "U37": "value of all goods, China to Russia, 2023-07",
    "D22": "value of 8806, Thailand to Russia, 2025-01 to 2025-11",
}


CRUDE = "crude oil, China from Russia, 2023"
SHARE_OF_CRUDE = "crude oil, Russia in World, China's imports, 2023"
HELD = {
    "C1;It rose by 20.8 million tonnes in 2023.;20.8 Mt;change of weight of crude oil, China from "
    "Russia, 2023 on 2022": "holds",
    "C1;In 2023 China imported a record 101.7 million tonnes of coal.;101.7 Mt;record weight of "
    "coal, China from Russia, 2023": "holds",
    "C1;Russia had 19 % of China's crude oil imports.;19 %;share by weight of crude oil, Russia in "
    "World, China's imports, 2023": "holds",
    # By the total that the office printed, of files by year, of values beside weights, of quarters.
    "C1;China's trade with Russia hit a record $240.11 billion in 2023.;$240.11 billion;record "
    "value of all goods, China with Russia, 2023": "holds",
    "C1;China's trade with Russia grew 26.3 % in 2023.;26.3 %;growth of value of all goods, China "
    "with Russia, 2023 on 2022": "holds",
    "C1;The EU sold Kyrgyzstan goods worth 280 million euros in 2018.;280 million euros;value of "
    "all goods, EU to Kyrgyzstan, 2018": "holds",
    "C1;Russia had 18 % of China's crude oil imports by value.;18 %;share by value of crude oil, "
    "Russia in World, China's imports, 2023": "holds",
    "C1;In the first quarter of 2022 the EU got 26 bcm of gas from Russia by pipe.;26 bcm;volume "
    "of pipeline gas, EU from Russia, 2022Q1": "leans yes",
    "C1;China imported 2.15 million barrels a day from Russia in 2023.;2.15 mb/d;barrels a day of "
    "crude oil, China from Russia, 2023": "holds",
    "C1;Russia had one in five tonnes of China's crude oil.;one in five;share by weight of crude "
    "oil, Russia in World, China's imports, 2023": "holds",
    "C1;Russia had a third of China's crude oil.;a third;share by weight of crude oil, Russia in "
    "World, China's imports, 2023": "differs",
    "C1;Russia had more than 50 % of coal from January to November 2021.;more than 50 %;share of "
    "coal, Russia in Outside the EU27, EU27's imports, January to November 2021": "depends",
    "C1;In 2023 it cost $60.6 billion, up from $58 billion a year earlier.;$58 billion;value of "
    "crude oil, China from Russia, 2022": "holds",
    # By Comtrade's months, since the press left some out; its years are a release of their own.
    "C1;China's exports to Russia were $111.08 billion in 2023.;$111.08 billion;value of all "
    "goods, China to Russia, 2023": "holds",
    "C1;China's exports to Russia were $110.94 billion in 2023.;$110.94 billion;value of all "
    "goods, China to Russia, 2023": "holds within revisions",
    "C1;China's exports to Russia grew 47 % in 2023.;47 %;growth of value of all goods, China to "
    "Russia, 2023 on 2022": "holds",
    "C1;Russia's share of China's crude oil rose by 3.45 points from 2021 to 2023.;3.45 points;"
    "change of share by weight of crude oil, Russia in World, China's imports, 2023 on 2021": (
        "holds"
    ),
    "C1;Russia's share of China's crude oil fell after 2021.;fell;change of share by weight of "
    "crude oil, Russia in World, China's imports, 2023 on 2021": "differs",
    # Money in euros of two releases; by the years, which begin first; of a file that has all codes.
    "C1;EU exports to Armenia rose 14.6 % to 2.16 billion euros in 2023.;14.6 %;growth of value of "
    "all goods, EU27 to Armenia, 2023 on 2022": "holds",
    "C1;EU exports to Kazakhstan hit a record €12.1 billion in 2023.;€12.1 billion;record value of "
    "all goods, EU27 to Kazakhstan, 2023": "holds",
    "C1;China's sales of chips to Russia fell by 0.9 % in 2023.;-0.9 %;growth of value of 8542, "
    "China to Russia, 2023 on 2022": "not decided",
    # A record of which no figure is printed.
    "C1;China imported a record amount of crude in 2024.;record;record weight of crude oil, China "
    "from Russia, 2024": "holds",
    "C1;India imported a record amount of crude in July 2023.;record;record weight of crude oil, "
    "India from Russia, July 2023": "differs",
    # The office's own total has no place in time, and its months are read.
    "C1;In the first half of 2023 China sold Russia goods worth $52.2 billion.;$52.2 billion;value "
    "of all goods, China to Russia, 2023-01 to 2023-06": "holds within revisions",
    # More in a month before, whatever other months lack.
    "C1;India's crude from Russia hit a record 9.7 Mt in July 2023.;9.7 Mt;record weight of crude "
    "oil, India from Russia, July 2023": "differs",
    "C1;Russian crude cost 565.1 dollars a tonne in 2023.;565.1 USD/t;unit value of crude oil, "
    "China from Russia, 2023": "holds within revisions",
}


@pytest.mark.parametrize(("line", "verdict"), HELD.items(), ids=str)
def test_a_line_is_judged_by_what_the_project_holds(line, verdict, tmp_path):
    found = judged(tmp_path, PROJECT, f"{line};P;2024-03-01;")["C1"]
    assert found.verdict == verdict
    assert all(part.claim.words != "2023" for part in found.parts)


@pytest.mark.parametrize(
    ("figure", "phrase", "sentence", "said"),
    [
        ("rose", f"weight of {CRUDE}", "It rose.", "rose or fell is a growth: write 'growth of"),
        (
            "107 Mt",
            f"weight of {CRUDE}",
            "It is worth 107 billion dollars.",
            "'107 billion dollars'",
        ),
        ("107 Mt", "", "It is 107 million tonnes.", "line 2: claim C1: asks is empty"),
    ],
)
def test_what_a_line_cannot_mean_is_refused(figure, phrase, sentence, said, tmp_path):
    with pytest.raises(LedgerError, match=said):
        judged(tmp_path, PROJECT, f"C1;{sentence};{figure};{phrase};P;2024;")


def test_a_review_of_a_line_says_where_and_when(tmp_path):
    address = "https://example.org/a"
    line = f"C1;China imported 107 million tonnes.;107 Mt;weight of {CRUDE};P;2024-03-01;{address}"
    found = judged(tmp_path, PROJECT, line)["C1"]
    published = Project("Trade", address="https://example.org/r/")
    [review] = claims.claim_reviews([found], published)
    assert review["itemReviewed"]["datePublished"] == "2024-03-01"
    assert review["itemReviewed"]["appearance"]["url"] == address


def test_a_line_says_of_the_first_article_what_its_ledger_says(tmp_path):
    """The verdicts are equal, and each number of the line is one of the ledger's."""
    text = (PROJECT / "data" / "claims.toml").read_text(encoding="utf-8")
    series, entries = text.partition("# --- the article's")[0], tomllib.loads(text)["claim"]
    kept = ("theme", "statement", "figure", "claimed", "core", "who", "where")
    short = tmp_path / "short.toml"
    tables_of = []
    for name, asks in OWN.items():
        entry = entries[name]
        entry = {**entry, **{k: v for k, v in entry.get("part", [{}])[0].items() if k in kept}}
        entry = {key: entry[key] for key in kept if key in entry} | {"asks": asks}
        tables_of.append("\n".join(ledger._toml(f"claim.{name}", entry)))
    short.write_text(series + "\n\n".join(tables_of), encoding="utf-8")
    of_lines, own = claims.load(short, PROJECT), claims.load(root=PROJECT)
    for name in OWN:
        one, other = (claims.evaluate_claim(all_[name], PROJECT) for all_ in (of_lines, own))
        assert one.verdict == other.verdict, name
        decided = {r.value for r in one.readings if r.decides or not r.note}
        assert decided <= {r.value for r in other.readings}, name


def test_more_windows_and_measures_are_readings_each(tmp_path, soybeans):
    goods = "soybeans as 120190"
    rows = [
        LINE.format(f"weight of {goods}, China from Brazil, 2019 or 2020"),
        "C2;China bought less from America in 2018.;fell;"
        f"growth of {goods}, China from USA, 2018 on 2017;Nova;2020;",
        "C3;Brazil was first.;1st;"
        f"rank by weight of {goods}, Brazil among USA and Argentina, China's imports, 2023;N;;",
        "C4;A tonne cost 600 dollars.;600 USD/t;"
        f"unit value of {goods}, China from Brazil, 2022;N;2020;",
        "C5;Brazil was 8 million tonnes ahead.;8 Mt;"
        f"lead by weight of {goods}, Brazil over USA, China's imports, 2018;N;2020;",
    ]
    made = judged(tmp_path, soybeans, *rows)
    assert [r.name for r in made["C1"].readings] == [
        "China's customs, weight, 2019",
        "China's customs, weight, 2020",
    ]
    assert made["C1"].verdict == claims.DIFFERS
    assert [r.name for r in made["C2"].readings] == [
        "China's customs, weight",
        "China's customs, value",
    ]
    assert made["C2"].verdict == claims.LEANS_YES  # the weights of 2017 are estimates
    assert made["C3"].verdict == claims.HOLDS
    assert (made["C4"].verdict, round(made["C4"].readings[0].value)) == (claims.DIFFERS, 686)
    assert made["C5"].verdict == claims.DIFFERS


def test_codes_with_holes_are_refused_with_the_one_that_has_none(tmp_path, soybeans):
    asks = "share by weight of soybeans, Brazil in World, China's imports, 2024"
    file = written(tmp_path / "a.csv", f"C1;Brazil had 71 %.;71 %;{asks};N;2020;")
    [error] = claims.read_ledger(file, soybeans).errors.values()
    assert "write `1201 as 120190`" in str(error)


# --- a line and its sentence ----------------------------------------------------------------------

CHINA = "China imported 107.02 million tonnes of crude oil from Russia"
WEIGHT, PAID = f"107.02 Mt;weight of {CRUDE}", f"value of {CRUDE}"
TIME = "2018-04 to 2019-03"
PLACE = f"rank by value of crude oil, Iraq among Saudi Arabia, India's imports, {TIME}"
GREW = f"24.1 %;growth of weight of {CRUDE} on 2022"


PARTS_OF_2023 = {
    "In April 2023": "April 2023",
    "In May": "May",
    "In the first half of 2023": "the first half of 2023",
    "In the third quarter of 2023": "the third quarter of 2023",
    "In the nine months to September 2023": "the nine months to September 2023",
}


@pytest.mark.parametrize(
    ("sentence", "line", "said"),
    [
        (
            CHINA.replace("imported", "exported"),
            WEIGHT,
            "says sold by China, and its phrase the contrary",
        ),
        (
            "Crude imports by Russia were 107.02 Mt.",
            WEIGHT,
            "says bought by Russia, and its phrase the contrary",
        ),
        ("Russia's share was 24.1 % in 2023.", GREW, "says a share, and its phrase a growth"),
        (
            "Imports grew 24.1 %.",
            f"24.1 %;share of {CRUDE}",
            "says a growth, and its phrase a share: write",
        ),
        ("By value imports grew 24.1 %.", GREW, "says value, and its phrase weight"),
        (f"{CHINA} in 2022.", WEIGHT, "its sentence says 2022, and its phrase 2023"),
        *[
            (f"{when} {CHINA}.", WEIGHT, f"its sentence says {said}, and its phrase 2023")
            for when, said in PARTS_OF_2023.items()
        ],
        ("Imports did not rise in 2023.", GREW.replace("24.1 %", "rose"), "says 'did not', which"),
        ("China imported a lot in 2023.", WEIGHT, "its sentence does not print it"),
        ("China imported over 107.02 Mt.", WEIGHT, "prints 'more than 107.02 Mt'; write it as"),
        ("China paid €56 billion.", f"€56 billion;{PAID.replace('2023', '2016')}", "no rates of"),
        (
            "China's surplus with Russia was $20 billion in 2023.",
            "$20 billion;value of all goods, China with Russia, 2023",
            "says 'surplus', the difference of two flows, which no phrase asks: write a line of",
        ),
        (
            f"{CHINA[:-12]} a month.",
            WEIGHT,
            "says so much a month, and its phrase an amount: write",
        ),
        ("Iraq was the smallest.", f"1st;{PLACE}", "claims first, and its words say smallest"),
        ("Iraq was the 2nd largest.", f"1st;{PLACE}", "claims first, and its words say second"),
        (
            "It bought 5 Mt of coal.",
            "5 Mt;weight of coal, Türkiye from Russia, 2023",
            "what is held of the time is 2701+2704+2706: write 'weight of 2701+2704+2706, TUR from",
        ),
        ("It was first.", f"1st;{PLACE.replace(TIME, '2031')}", "nothing is stated in it: add"),
        (f"{CHINA}, a record.", WEIGHT, "says 'a record', and its phrase none: write 'record wei"),
        ("China took less.", f"fell;growth of {PAID} on 2022", "ask weight or volume (goods that"),
        (
            "Russia was first.",
            "1st;rank by weight of crude oil, Russia among all, China's imports, 2023",
            "since figures are held of Russia alone: add a file",
        ),
        (
            "Iraq led by $3 billion.",
            "3 bn USD;lead by value of crude oil, Iraq over all, India's imports, "
            "2021-04 to 2022-03",
            "a row without a figure is held of Australia, Bahamas, Cuba and France: ask",
        ),
        (
            "It bought up to 20 Mt a month.",
            "up to 20 Mt;weight a month of crude oil, China from Russia, 2023",
            "is of each month, and its phrase asks the mean: ask the month itself",
        ),
        (
            "It cost 77.3 dollars a barrel.",
            f"77.3 USD/barrel;unit value of {CRUDE}",
            "its unit is 'USD/bbl': no phrase asks money a barrel; 'unit value' is money a tonne",
        ),
        ("It was 107 million tons.", f"107 million tons;weight of {CRUDE}", "write Mt, or tonnes"),
        (
            "China stepped up imports to a record.",
            f"record;record value of {CRUDE}",
            "and no money named: weight is asked, value is the other measure); because says why",
        ),
        (
            "It is dear.",
            "not publik;not publik",
            "asks: no word 'not publik'; did you mean 'not public'",
        ),
    ],
)
def test_what_a_line_asks_otherwise_than_its_sentence_is_refused(sentence, line, said, tmp_path):
    file = written(tmp_path / "a.csv", f"C1;{sentence};{line}", head="id;sentence;figure;asks")
    [error] = claims.read_ledger(file, PROJECT).errors.values()
    assert said in str(error)


def test_what_no_line_of_a_sentence_asks_is_said_once(tmp_path):
    more = f"{CHINA} in 2023, 24.1 % more than in 2022, while Brazil sold coal."
    rows = [f"C1;{more};{WEIGHT}", f"C2;{more};{WEIGHT}", f"C3;{CHINA} in 2023.;{WEIGHT}"]
    found = judged(tmp_path, PROJECT, *rows, head="id;sentence;figure;asks")
    names = [f"its sentence also names {name}" for name in ("2022", "Brazil", "coal")]
    assert found["C1"].claim.minds == ("not judged: 24.1 %", *names)
    assert "[not judged: 24.1 %; its sentence also names" in claims.line(found["C1"])
    assert found["C1"].text.limits[0] == "not judged: 24.1 %"
    assert found["C2"].claim.minds == found["C3"].claim.minds == ()
    found = judged(tmp_path, PROJECT, rows[0], f"C4;{more};{GREW}", head="id;sentence;figure;asks")
    assert found["C1"].claim.minds == tuple(names[1:])


@pytest.mark.parametrize(
    ("sentence", "mind"),
    [
        ("China's imports of Russian crude fell to 107.02 Mt in 2023.", "not judged: fell"),
        ("China's imports hit their lowest level, 107.02 Mt, in 2023.", "not judged: lowest"),
        ("In 2023 China imported more than 107.01 Mt of Russian crude.", ""),
        ("Imports fell from 86.2 Mt in 2022 to 107.02 Mt in 2023.", "not judged: 86.2 Mt"),
        ("In May 2023 China imported 107.02 Mt.", ""),
    ],
)
def test_a_direction_or_a_peak_beside_an_amount_is_said(sentence, mind, tmp_path):
    asks = WEIGHT if "May" not in sentence else WEIGHT.replace("2023", "May 2023")
    figure = "more than 107.01 Mt" if "more" in sentence else "107.02 Mt"
    line = f"C1;{sentence};{figure};{asks.partition(';')[2]}"
    found = judged(tmp_path, PROJECT, line, head="id;sentence;figure;asks")
    assert (mind in found["C1"].claim.minds) if mind else not found["C1"].claim.minds


@pytest.mark.parametrize(
    ("figure", "asks", "verdict"),
    [
        ("nearly 107 Mt", "", claims.HOLDS),
        ("almost 105 Mt", "", claims.DIFFERS),  # which 107 is not a little below
        ("about 105 Mt", "", claims.HOLDS),
        ("over 107 Mt", "", claims.HOLDS),
        ("up to 107 Mt", "", claims.DIFFERS),
        ("107,02 Mt", "", claims.HOLDS),
        ("107 020 kt", "", claims.DIFFERS),  # to the thousand
        ("€56.1 billion", "value", claims.HOLDS),  # at the rate of each month
        ("more than doubled", "growth", claims.DIFFERS),
        ("56.94 bn EUR", "value", claims.DIFFERS),
        ("about 200 Mt", "", claims.DIFFERS),  # no half of which is about so much
        ("nearly 150 Mt", "", claims.DIFFERS),
        ("107m tonnes", "", claims.HOLDS),
        ("2.1m barrels a day", "barrels", claims.HOLDS),
        ("2.1 million bpd", "barrels", claims.HOLDS),
        ("1.2-fold", "growth", claims.HOLDS),
        ("by a factor of 1.24", "growth", claims.HOLDS),
        ("77m metric tons", "", claims.DIFFERS),
        ("fivefold", "growth", claims.DIFFERS),
        ("nearly ten times as much", "growth", claims.DIFFERS),
    ],
)
def test_words_marks_and_money_of_a_figure(figure, asks, verdict, tmp_path):
    amount = {"": "weight", "growth": "growth of weight", "barrels": "barrels a day"}
    amount = amount.get(asks, asks)
    base = " on 2022" if asks == "growth" else ""
    row = f"C1;It was {figure} in 2023.;{figure};{amount} of {CRUDE}{base}"
    found = judged(tmp_path, PROJECT, row, head="id;sentence;figure;asks")["C1"]
    assert found.verdict == verdict
    assert (found.claim.who, found.claim.where) == ("the article", "article.csv")


def test_a_fall_by_more_than_so_much_is_read_as_its_sentence_says(tmp_path):
    sentence = "China's imports of Russian crude fell by more than 5 % in 2023."
    row = f"C1;{sentence};more than -5 %;growth of weight of {CRUDE} on 2022"
    found = judged(tmp_path, PROJECT, row, head="id;sentence;figure;asks")["C1"]
    assert (found.claim.figure, found.claim.qualifier) == (-5, "<")
    assert found.verdict == claims.DIFFERS  # it rose


def test_exports_that_the_buyer_counted_are_said(tmp_path):
    rows = [
        f"C{i};{sentence};{figure};{asks}"
        for i, (sentence, figure, asks) in enumerate(
            [
                ("Russia sold China 107 Mt of crude oil in 2023.", "107 Mt", f"weight of {CRUDE}"),
                ("China bought 107.02 Mt of crude oil in 2023.", "107.02 Mt", f"weight of {CRUDE}"),
                ("Russia sold 19 % of it.", "19 %", f"share by weight of {SHARE_OF_CRUDE}"),
            ]
        )
    ]
    found = judged(tmp_path, PROJECT, *rows, head="id;sentence;figure;asks")
    said = [[text for text in each.claim.minds if "counted" in text] for each in found.values()]
    assert said == [["counted as imports, by China"], [], []]


def test_releases_of_one_office_are_a_band_and_not_two_readings(tmp_path):
    rows = [
        f"C{i};It was {n} Mt.;{n} Mt;weight of {CRUDE}"
        for i, n in enumerate(["107.0245", "107.0218"])
    ]
    found = judged(tmp_path, PROJECT, *rows, head="id;sentence;figure;asks")
    assert [len(each.readings) for each in found.values()] == [1, 1]
    assert found["C0"].verdict == claims.HOLDS
    assert found["C1"].verdict == claims.HOLDS_WITHIN_REVISIONS
    assert found["C1"].band.releases == ("China Customs", "UN Comtrade")


def test_a_reading_that_cannot_be_made_stops_no_other(tmp_path):
    row = "C1;Russia's share was 14 % in 2016.;14 %;share of crude oil, China from Russia, 2016"
    found = judged(tmp_path, PROJECT, row, head="id;sentence;figure;asks")["C1"]
    assert found.verdict == claims.LEANS_YES
    assert found.claim.minds[0].startswith("not made: value, since no value of 2709 is stated for")


def test_numbers_of_excel_take_their_unit_from_the_sentence(tmp_path, soybeans):
    from workbook_twin import workbook

    share = "share by weight of soybeans as 120190, Brazil in World, China's imports, 2024"
    rows = [["id", "sentence", "figure", "asks"], ["C1", "Brazil had 71 %.", "0.71", share]]
    rows.append(["C2", "It had 2 of 3.", "0.5", share])
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook(rows))
    read = claims.read_ledger(path, soybeans)
    assert (read.claims["C1"].figure, read.claims["C1"].unit) == (71, "percent")
    assert "'0.5': has no unit" in str(read.errors["C2"])


def test_the_sheet_with_the_columns_is_read(tmp_path, monkeypatch):
    lines_of = [["id", "sentence", "figure", "asks"], ["C1", "1 t", "1 t", "not public"]]
    sheets = {"notes": [["so"]], "lines": lines_of}
    monkeypatch.setattr(lines.workbooks, "sheets", lambda path: sheets)
    assert [*lines.read(tmp_path / "a.xlsx")] == ["C1"]
    sheets["more"] = lines_of
    with pytest.raises(LedgerError, match="2 sheets have claims; expected one"):
        lines.read(tmp_path / "a.xlsx")


def test_a_fraction_in_words_and_a_growth_in_the_money_of_its_office(tmp_path):
    share = "share by weight of crude oil, Russia in World, China's imports, 2023"
    rows = [
        f"C1;Russia supplied a fifth of it.;20 %;{share}",
        "C2;Germany's exports to Russia fell 39 % in 2023.;-39 %;"
        "growth of value of all goods, Germany to Russia, 2023 on 2022",
    ]
    found = judged(tmp_path, PROJECT, *rows, head="id;sentence;figure;asks")
    assert (found["C1"].claim.low, found["C1"].claim.high) == (18, 22)
    verdicts = [found[name].verdict for name in ("C1", "C2")]
    assert verdicts == [claims.HOLDS, claims.LEANS_YES]
    assert found["C2"].claim.open["measure"] == ("growth of value in EUR",)


def test_a_small_miss_is_no_power_of_ten():
    assert claims.miss(2e-5, "USD") == "0.00002 % more than claimed"


# --- the command ----------------------------------------------------------------------------------


def test_lines_become_the_ledger_of_a_project(soybeans, tmp_path, capsys):
    root = tmp_path / "soybeans"
    shutil.copytree(soybeans, root)
    for path in (root / "data").glob("claims.*"):
        path.unlink()
    asks = "weight of soybeans as 120190, China from Brazil, 2019"
    file = written(tmp_path / "article.csv", LINE.format(asks))
    assert cli.main(["--root", str(root), "claims", "--from", str(file)]) == 0
    said = capsys.readouterr().out
    assert "1 line of article.csv" in said
    assert "C1 " in said
    assert cli.main(["--root", str(root), "claims", "c1", "--readings"]) == 0
    assert tomllib.loads(capsys.readouterr().out)["claim"]["C1"]["asks"]["goods"] == "1201"
    other = written(tmp_path / "other.csv", LINE.replace("C1", "C2").format(asks))
    assert cli.main(["--root", str(root), "claims", "--from", str(other)]) == 2
    assert "it is there already with other lines" in capsys.readouterr().err
    (root / "data" / "claims.csv").unlink()
    other.write_text(other.read_text().replace("China from Brazil", "Chian from Brazil"))
    assert cli.main(["--root", str(root), "claims", "--from", str(other)]) == 1
    assert "not kept; mend the wrong lines" in capsys.readouterr().out
    assert cli.main(["--root", str(root), "claims", "--from", str(file)]) == 0
    for wrong in (["C9", "--readings"], ["--readings"], ["--from", str(tmp_path / "a.docx")]):
        assert cli.main(["--root", str(root), "claims", *wrong]) == 2


def test_a_named_claim_is_found_whatever_its_case(soybeans):
    assert claims.as_toml("c01d", root=soybeans).startswith("[claim.C01d]\n")
    with pytest.raises(QueryError, match="no claim 'C99'"):
        claims.as_toml("C99", root=soybeans)


# --- the page that starts from Excel --------------------------------------------------------------

PAGE = (PROJECT / "docs" / "how-to" / "lines.md").read_text(encoding="utf-8")


def test_what_the_page_prints_is_what_the_command_prints(soybeans, tmp_path, capsys):
    article, verdicts, toml, wrong = (
        re.search(pattern, PAGE, re.S)[1]
        for pattern in (
            r"```\n(id;.*?)```",
            r"```\n(data/claims.*?)```",
            r"```toml\n(.*?)```",
            r"```\n(claims.csv, line.*?)\n```",
        )
    )
    root = tmp_path / "soybeans"
    shutil.copytree(soybeans, root)
    for path in (root / "data").glob("claims.*"):
        path.unlink()
    file = tmp_path / "article.csv"
    file.write_text(article, encoding="utf-8")
    assert cli.main(["--root", str(root), "claims", "--from", str(file)]) == 0
    assert capsys.readouterr().out.replace(f"{root}/", "") == verdicts
    assert cli.main(["--root", str(root), "claims", "C1", "--readings"]) == 0
    assert capsys.readouterr().out == toml
    text = article.replace("China from Brazil, 2019", "Chian from Brazil, 2019")
    (root / "data" / "claims.csv").write_text(text, encoding="utf-8")
    assert wrong == str(claims.read_ledger(root=root).errors["C1"])


def test_the_page_names_each_column_and_each_phrase():
    assert [name for name in lines.COLUMNS if f"`{name}`" not in PAGE] == []
    assert [text for text in phrase.PATTERNS.values() if f"| `{text}` |" not in PAGE] == []


def test_one_command_makes_a_project_of_files_and_lines(tmp_path, monkeypatch, capsys):
    """With its notebook, which has a chart a theme, and without the lines that are wrong."""
    tutorial = (PROJECT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    Path("china.toml").write_text(
        re.search(r"`china.toml`:\n\n```toml\n(.*?)```", tutorial, re.S)[1]
    )
    shutil.copy(next((SOYBEANS / "data" / "raw" / "comtrade").glob("*imports*.csv")), "china.csv")
    article = re.search(r"```\n(id;.*?)```", PAGE, re.S)[1]
    command = ["init", "soy", "china.csv", "--map", "china.toml", "--from", "article.csv"]
    Path("article.csv").write_text(article)
    Path("typo.toml").write_text(Path("china.toml").read_text().replace("[source", "[sorce"))
    assert cli.main([*command[:4], "typo.toml", *command[5:]]) == 1
    assert not Path("soy").exists()  # so that the next try begins anew
    Path("article.csv").write_text(
        article.replace("Brazil, 2019", "Brasil, 2019").replace("1st", "1 st t")
    )
    assert cli.main(command) == 1
    said = capsys.readouterr()
    assert "next: mend these lines of soy/data/claims.csv; cd soy; tradeflows accept" in said.out
    for line in ("claims.csv, line 2: claim C1: asks", "claims.csv, line 6: claim C5: figure"):
        assert said.err.count(line) == 1
    report = (Path("soy") / "report" / "01_the_article.html").read_text(encoding="utf-8")
    assert "<svg" in report
    assert (Path("soy") / "report" / "index.html").is_file()
    with (Path("soy") / "data" / "verdicts.csv").open() as file:
        assert {row["claim"] for row in csv.DictReader(file)} == {"C2", "C3", "C4", "C6"}
    assert cli.main(["--root", "soy", "claims", "--from", "article.csv"]) == 1


# Sentences that say otherwise what their phrase asks, and would hold.
OTHERWISE = [
    *[
        (f"C1;{sentence};107.0 Mt;weight of crude oil, China from Russia, 2023", said)
        for sentence, said in {
            "China bought 107.0 Mt of oil products from Russia in 2023.": "says oil products",
            "China bought 107.0 Mt of crude from Russia and Brazil in 2023.": "Brazil and Russia",
            "China bought 108.5 Mt of crude from Russia in 2023 and 107.0 Mt in 2024.": "2024",
            "India bought 107.0 Mt of Russian crude in 2023, China 88.9 Mt.": "bought by India",
            "In fiscal 2023/24 China bought 107.0 Mt of Russian crude.": "fiscal 2023/24",
        }.items()
    ],
    (
        "C1;China bought 101.7 Mt of coking coal from Russia in 2023.;101.7 Mt;weight of coal, "
        "China from Russia, 2023",
        "its sentence says coking coal, and its phrase coal",
    ),
    (
        "C1;China's imports of Russian crude rose 24.1% in 2023 from 2021.;24.1 %;growth of "
        "weight of crude oil, China from Russia, 2023 on 2022",
        "its sentence compares with 2021, and its phrase with 2022",
    ),
    (
        "C1;China's crude imports from Russia reached 20.8 Mt in 2023.;20.8 Mt;change of weight "
        "of crude oil, China from Russia, 2023 on 2022",
        "says an amount, and its phrase a change",
    ),
    (
        "C1;Russian exports to China were $111.1 billion in 2023.;$111.1 billion;value of "
        "all goods, China to Russia, 2023",
        "its phrase the contrary",
    ),
    (
        "C1;Russian exports to Europe came to 38.2 billion euros in 2023.;38.2 billion "
        "euros;value of all goods, EU27 to Russia, 2023",
        "its phrase the contrary",
    ),
    (
        "C1;Russian imports from China were $128.9 billion in 2023.;$128.9 billion;value of "
        "all goods, China from Russia, 2023",
        "its phrase the contrary",
    ),
    (
        "C1;Russian purchases of Chinese goods were $128.9 billion in 2023.;$128.9 "
        "billion;value of all goods, China from Russia, 2023",
        "its phrase the contrary",
    ),
    (
        "C1;Deliveries of crude from China to Russia hit 107.0 million tonnes in 2023.;107.0 "
        "Mt;weight of crude oil, China from Russia, 2023",
        "its phrase the contrary",
    ),
    (
        "C1;Russia received 107.0 million tonnes of China's crude in 2023.;107.0 Mt;weight "
        "of crude oil, China from Russia, 2023",
        "its phrase the contrary",
    ),
    (
        "C1;Exports to Russia from China were $128.9 billion in 2023.;$128.9 billion;value "
        "of all goods, China from Russia, 2023",
        "its phrase the contrary",
    ),
    (
        "C1;The EU's imports from Russia were 38.2 billion euros in 2023.;38.2 billion "
        "euros;value of all goods, EU27 to Russia, 2023",
        "its phrase the contrary",
    ),
    (
        "C1;Kyrgyz exports to China were $5.35 billion in 2023.;$5.35 billion;value of all "
        "goods, Kyrgyzstan from China, 2023",
        "its phrase the contrary",
    ),
    (
        "C1;China's exports to Russia were $240.0 billion in 2023.;$240.0 billion;value of "
        "all goods, China with Russia, 2023",
        "one direction",
    ),
    (
        "C1;China's share of Russia's crude exports was 19.0% in 2023.;19.0 %;share by "
        "weight of crude oil, Russia in World, China's imports, 2023",
        "China in the exports of Russia, and its phrase Russia in the imports of China",
    ),
    (
        "C1;China's crude imports from Russia were 9.7 million tonnes in June 2023.;9.7 "
        "Mt;weight of crude oil, China from Russia, May 2023",
        "June 2023",
    ),
    (
        "C1;China bought 9.7 million tonnes of crude from Russia in 2023.;9.7 Mt;weight of "
        "crude oil, China from Russia, May 2023",
        "says 2023",
    ),
    (
        "C1;China bought 42.1 million tonnes of crude from Russia in January-April "
        "2023.;42.1 Mt;weight of crude oil, China from Russia, January to May 2023",
        "April 2023",
    ),
    (
        "C1;China bought 42.1 million tonnes of crude from Russia in H2 2023.;42.1 Mt;weight "
        "of crude oil, China from Russia, January to May 2023",
        "H2",
    ),
    (
        "C1;China bought 27.3 million tonnes of crude from Russia in the three months to "
        "September 2023.;27.3 Mt;weight of crude oil, China from Russia, 2023-04 to 2023-06",
        "September 2023",
    ),
    (
        "C1;In the third quarter of 2023 EU exports to Russia were 9.1 billion euros.;9.1 "
        "billion euros;value of all goods, EU27 to Russia, 2023Q2",
        "third quarter",
    ),
    (
        "C1;China bought 107.0 million tonnes of Russian crude in fiscal 2023/24.;107.0 "
        "Mt;weight of crude oil, China from Russia, 2023",
        "fiscal",
    ),
    (
        "C1;China's crude imports from Russia failed to rise in 2023.;rose;growth of weight "
        "of crude oil, China from Russia, 2023 on 2022",
        "failed to",
    ),
    (
        "C1;China planned to buy 107.0 million tonnes of Russian crude in 2023.;107.0 "
        "Mt;weight of crude oil, China from Russia, 2023",
        "planned to",
    ),
    (
        "C1;China bought 107.0 million tonnes more Russian crude in 2023.;107.0 Mt;weight of "
        "crude oil, China from Russia, 2023",
        "says a change, and its phrase an amount",
    ),
    (
        "C1;China bought an extra 107.0 million tonnes of Russian crude in 2023.;107.0 "
        "Mt;weight of crude oil, China from Russia, 2023",
        "'extra', which a phrase cannot say",
    ),
    (
        "C1;China's imports of Russian crude hit a record low of 107.0 million tonnes in "
        "2023.;107.0 Mt;record weight of crude oil, China from Russia, 2023",
        "record low",
    ),
    (
        "C1;China's imports of Russian crude were the fourth-highest on record in "
        "2023.;record;record weight of crude oil, China from Russia, 2023",
        "fourth-highest",
    ),
    (
        "C1;China's imports of Russian crude missed the record in 2023, at 107.0 million "
        "tonnes.;107.0 Mt;record weight of crude oil, China from Russia, 2023",
        "missed the record",
    ),
    (
        "C1;China's imports of Russian crude rose 24.1 percentage points in 2023.;24.1 "
        "%;growth of weight of crude oil, China from Russia, 2023 on 2022",
        "points",
    ),
    (
        "C1;Russia's share of China's crude rose by 2.0 percent in 2023.;2.0 points;change "
        "of share by weight of crude oil, Russia in World, China's imports, 2023 on 2022",
        "per cent",
    ),
    (
        "C1;India was the largest buyer of Russian crude in 2023.;1st;rank by weight of "
        "crude oil, Russia among all, China's imports, 2023",
        "India in the exports of another, and its phrase Russia in the imports of China",
    ),
    (
        "C1;China's imports from Russia overtook its exports by $17.9 billion in 2023.;$17.9 "
        "billion;value of all goods, China from Russia, 2023",
        "overtook', the difference of two flows",
    ),
]


@pytest.mark.parametrize(("row", "said"), OTHERWISE)
def test_a_phrase_that_asks_another_thing_is_refused(tmp_path, row, said):
    head = "id;sentence;figure;asks"
    errors = claims.read_ledger(written(tmp_path / "a.csv", row, head=head), PROJECT).errors
    assert said in str(errors["C1"])


@pytest.mark.parametrize(
    "sentence",
    [
        "Russian exports of crude oil to China were 107.02 Mt in 2023.",
        "Chinese imports of Russian crude oil were 107.02 Mt in 2023, as Chinese exports rose.",
        "Crude oil shipments from Russia to China reached 107.02 Mt in 2023.",
        "In the year to December 2023 China bought 107.02 Mt of crude oil from Russia.",
    ],
)
def test_a_phrase_that_asks_what_is_said_is_judged(tmp_path, sentence):
    row = f"C1;{sentence};107.02 Mt;weight of {CRUDE}"
    assert judged(tmp_path, PROJECT, row, head="id;sentence;figure;asks")["C1"].verdict == "holds"


def test_what_stands_in_no_toml_leaves_the_others_their_verdicts(tmp_path):
    rows = ["X9;;;in claims.toml", f"C1;It was 107.02 Mt.;107.02 Mt;weight of {CRUDE}"]
    file = written(tmp_path / "a.csv", *rows, head="id;sentence;figure;asks")
    read = claims.read_ledger(file, PROJECT)
    assert [*read.claims] == ["C1"]
    assert "no X9 there" in str(read.errors["X9"])
