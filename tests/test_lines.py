"""A claim in one line: the phrase, the file that has it, and that it says what the TOML says."""

import csv
import re
import shutil
import tomllib
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workbook_twin import workbook

from tradeflows import claims, cli
from tradeflows.claims import lines, phrase, wording
from tradeflows.claims.witnesses import Tables
from tradeflows.model.errors import LedgerError, QueryError
from tradeflows.retrieval.project import Project

PROJECT = Path(__file__).parents[1]
SOYBEANS = PROJECT / "examples" / "soybeans"
PHRASE = "weight of soybeans, China from Brazil, 2019"
SHORT = "id;sentence;figure;asks"
LONG = f"{SHORT};printed_by;date;address"
LINE = (
    "C1;In 2019 China imported 57.67 million tonnes of soybeans from Brazil.;57.67 Mt;{};Nova;2020;"
    "https://example.org"
)

CRUDE = "crude oil, China from Russia, 2023"
WEIGHT, VALUE = f"weight of {CRUDE}", f"value of {CRUDE}"
GREW = f"growth of {WEIGHT} on 2022"
RUSSIA_AMONG = "crude oil, Russia in World, China's imports, 2023"
SHARE, POINTS = f"share by weight of {RUSSIA_AMONG}", f"change of share by weight of {RUSSIA_AMONG}"
BOUGHT, SOLD, TRADED = (
    f"value of all goods, China {w} Russia, 2023" for w in ("from", "to", "with")
)
EU_SOLD = "value of all goods, EU27 to Russia, 2023"


def line(sentence, asks, name="C1"):
    """A line; its figure is what stands in braces, or stands before what is asked."""
    figure = re.findall(r"\{(.*?)\}", sentence)
    return ";".join([name, re.sub("[{}]", "", sentence), *figure, asks])


def written(path, *rows, head=SHORT):
    path.write_bytes("\r\n".join([head, *rows, ""]).encode())
    return path


def read(tmp_path, *rows, root=PROJECT, head=SHORT):
    return claims.read_ledger(written(tmp_path / "article.csv", *rows, head=head), root)


def judged(tmp_path, *rows, root=PROJECT, head=SHORT):
    """Verdicts on the lines of a file, by id."""
    file = written(tmp_path / "article.csv", *rows, head=head)
    return {v.claim.id: v for v in claims.judge(claims.load(file, root).values(), root).verdicts}


def refused(tmp_path, *rows, **options):
    [error] = read(tmp_path, *rows, **options).errors.values()
    return str(error)


# --- the phrase -----------------------------------------------------------------------------------

GOODS, AREAS = ("1201", "2709", "120190", "TOTAL"), ("CHN", "BRA", "USA", "EU27_2020", "W00")
years = st.integers(1995, 2030)
windows = st.one_of(
    st.tuples(years, st.integers(0, 3)).map(lambda two: (f"{two[0]}", f"{sum(two)}")),
    st.tuples(years, st.integers(2, 6), st.integers(6, 11)).map(
        lambda three: tuple(f"{three[0]}-{month:02}" for month in three[1:])
    ),
)
some = st.lists(st.sampled_from(AREAS), min_size=1, max_size=3, unique=True).map(tuple)


@st.composite
def phrases(draw):
    kind = draw(st.sampled_from([*phrase.PATTERNS]))
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
        windows=tuple(draw(st.lists(windows, min_size=1, max_size=2 - is_one, unique=True))),
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
        ("Rank by weight of soybeans, Brazil among all, the United States' imports, 2024", None),
    ],
)
def test_words_of_flow_and_their_codes_are_one(text, same):
    asked = phrase.parse(text, PROJECT)
    assert asked == phrase.parse(same or phrase.spoken(asked), PROJECT)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (PHRASE.replace("weight", "wieght"), f"did you mean '{PHRASE}'?"),
        (PHRASE.replace("China", "Chian"), f"did you mean '{PHRASE}'?"),
        (PHRASE.replace("2019", "fiscal 2019"), "write 2023, 2023-05, May 2023 or"),
        (PHRASE.replace("2019", "Januray 2019"), "from Brazil, January 2019'?"),
        (PHRASE.replace("2019", "2019-05 to 2018"), "ends before it begins"),
        (PHRASE.replace("from ", ""), "expected 'weight of GOODS, WHO from WHOM, WHEN'"),
        ("", "expected one of weight, value"),
        (f"growth of {PHRASE}", "WHEN on WHEN BEFORE"),
        (f"{PHRASE} on 2018", "expected 'growth of weight"),
        ("share of soybeans, Brazil in World, 2019", "WHO's imports, WHEN"),
        (PHRASE.replace("China", "China and India"), "has one reporter"),
        ("rank by weight of coal, Brazil and USA among all, China's imports, 2019", "one member"),
        (f"growth of {PHRASE} or 2018 on 2017", "has one window"),
        (PHRASE.replace("weight", "record"), "expected 'record weight of GOODS"),
        (PHRASE.replace("Brazil", "Middle-earth"), "no area 'Middle-earth'"),
        (PHRASE.replace("soybeans", "hobbits"), "no goods 'hobbits'; write a word such as"),
        ("share of yuan, China in World, Russia's exports, 2023", "no phrase asks what part is"),
        (
            f"growth of unit value{PHRASE[6:]} on 2018",
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
    made = lines.spelled_out(entry, {}, ["not public"], Tables(PROJECT))
    stated = made["claimed"]
    return stated["qualifier"], stated["value"], stated["unit"], made.get("printed_to")


@pytest.mark.parametrize(
    ("text", "number_of"),
    [
        ("57.67 Mt", ("=", 57.67, "Mt", 0.01)),
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
        ("57.670 Mt", "It was 57.67 million tonnes.", "written to 0.001 Mt, and its sentence"),
        ("190.0 bn USD", "It was $190 billion.", "sentence prints '$190 billion', to 1"),
        ("less than -50 %", "It fell by more than 50 %.", "sentence prints 'more than 50 %'"),
        ("less than -50 %", "It fell by more than half.", "write it as the sentence does"),
        ("-a third", "It fell by a quarter.", "its sentence does not say 'a third'"),
        ("-more than half", "", "as in '-a third' or 'more than -half'"),
        ("567 Mt/t", "", "no unit 'Mt/t'"),
        ("107.02 Mt", "It was 107.02 million short tons.", "prints '107.02 million short tons'"),
    ],
)
def test_a_mistyped_figure_is_refused_in_the_words_of_the_claim(text, sentence, said):
    with pytest.raises(LedgerError, match=re.escape(said)):
        number(text, sentence)


# --- the file -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "mark"), [("utf-8-sig", ";"), ("cp1252", ","), ("utf-8", "\t")]
)
def test_a_file_as_excel_writes_it_is_read(tmp_path, encoding, mark):
    stream = StringIO()
    rows = csv.writer(stream, delimiter=mark)
    rows.writerow(["ID", "Sentence", "figure", "asks", "printed by"])
    rows.writerow(["C1", "Côte d’Ivoire, it sold.", "57.67 Mt", PHRASE, "Zürich"])
    path = tmp_path / "a.csv"
    path.write_bytes(stream.getvalue().encode(encoding))
    [(name, (place, entry))] = lines.read(path).items()
    assert (name, place, entry["asks"]) == ("C1", "a.csv, line 2", PHRASE)
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
    wrong = {
        "C1,b,1 t,not public,": (5, "C1 stands twice, also in article.csv, line 4"),
        "C2,a,1 t,weight of x, A from B, 2019, P": (6, "a cell with a comma stands in quotation"),
        ",a,1 t,x,": (7, "lacks an id"),
        "C3,a,1 t,x,2023-13-01": (8, "date: '2023-13-01' is none; write 2024-01-31"),
        "C4,a,1 t,,": (9, "asks is empty"),
        "C5,a,,not public,": None,
        'C6,a,,"weight of coal, China from Russia, 2023",': (11, "figure is empty"),
        "C7,a,1 t,not public,31.01.2024,htp:/x": (12, "address: 'htp:/x' is none; write it as"),
    }
    rows = ['C0,"a,\n1",1 t,not public,', "", "C1,1 t,1 t,not public,", *wrong]
    book = read(tmp_path, *rows, head="id,sentence,figure,asks,date,address")
    assert [*book.claims] == ["C0", "C1", "C5"]
    for told, error in zip(filter(None, wrong.values()), book.errors.values(), strict=True):
        assert str(error).startswith(f"article.csv, line {told[0]}: claim")
        assert told[1] in str(error)


def test_a_line_without_a_question_is_refused_where_it_is_judged(tmp_path):
    with pytest.raises(LedgerError, match="line 2: claim C1: asks is empty"):
        judged(tmp_path, "C1;It is 107 million tonnes.;107 Mt;")


def test_a_workbook_takes_the_unit_of_a_bare_number_from_its_sentence(tmp_path, soybeans):
    share = "share by weight of soybeans as 120190, Brazil in World, China's imports, 2024"
    rows = [["id", "sentence", "figure", "asks"], ["C1", "Brazil had 71 %.", "0.71", share]]
    rows.append(["C2", "It had 2 of 3.", "0.5", share])
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook(rows))
    book = claims.read_ledger(path, soybeans)
    assert (book.claims["C1"].figure, book.claims["C1"].unit) == (71, "percent")
    assert str(book.errors["C2"]).startswith("a.xlsx, line 3: claim C2: ")
    assert "'0.5': has no unit" in str(book.errors["C2"])


def test_the_sheet_with_the_columns_is_read(tmp_path, monkeypatch):
    lines_of = [["id", "sentence", "figure", "asks"], ["C1", "1 t", "1 t", "not public"]]
    sheets = {"notes": [["so"]], "lines": lines_of}
    monkeypatch.setattr(lines.workbooks, "sheets", lambda path: sheets)
    assert [*lines.read(tmp_path / "a.xlsx")] == ["C1"]
    sheets["more"] = lines_of
    with pytest.raises(LedgerError, match="2 sheets have claims; expected one"):
        lines.read(tmp_path / "a.xlsx")


def test_a_wrong_line_is_said_with_its_place_and_spoils_no_other(tmp_path, soybeans):
    rows = [
        LINE.format("weight of soybeans as 120190, China from Brazil, 2019"),
        line("It was {1 Mt}.", PHRASE.replace("China", "Chian"), "C2"),
        line("It was {1 Mt}.", PHRASE.replace("soybeans", "wheat"), "C3"),
        line(
            "It had {71 %}.", "share by weight of 1201, BRA in World, China's imports, 2024", "C4"
        ),
    ]
    book = read(tmp_path, *rows, root=soybeans, head=LONG)
    assert [*book.claims] == ["C1"]
    assert str(book.errors["C2"]).startswith("article.csv, line 3: claim C2: asks: no area 'Chian'")
    assert "nothing that is held answers" in str(book.errors["C3"])
    assert "write `1201 as 120190`" in str(book.errors["C4"])


# --- both, and what a line stands for -------------------------------------------------------------


@pytest.mark.slow
def test_lines_and_toml_are_one_ledger(soybeans, tmp_path):
    both = claims.load(root=soybeans)
    assert [*both] == [*lines.read(soybeans / "data" / "claims.csv")]
    own = tomllib.loads((soybeans / "data" / "claims.toml").read_text(encoding="utf-8"))["claim"]
    assert 0 < len(own) < 12 < len(both)
    shutil.copytree(soybeans / "data", tmp_path / "data")
    file = tmp_path / "data" / "claims.csv"
    text = file.read_text(encoding="utf-8")
    for wrong, said in (
        (f"{text}C06b,a,C06b,not public,,,\n", "C06b stands twice"),
        (text.replace("C06b,,,in", "C99,,,in"), "no C99 there"),
    ):
        file.write_text(wrong, encoding="utf-8")
        with pytest.raises(LedgerError, match=said):
            claims.load(root=tmp_path)


def test_what_stands_in_no_toml_leaves_the_others_their_verdicts(tmp_path):
    book = read(tmp_path, "X9;;;in claims.toml", line("It was {107.02 Mt}.", WEIGHT))
    assert [*book.claims] == ["C1"]
    assert "no X9 there" in str(book.errors["X9"])


TIME = "2018-04 to 2019-03"
RANK_OF_IRAQ = f"1st;rank by value of crude oil, Iraq among Saudi Arabia, India's imports, {TIME}"
LEAD_OF_IRAQ = f"lead by value of crude oil, Iraq over Saudi Arabia, India's imports, {TIME}"
HELD = [
    ("It rose by {20.8 million tonnes}.", f"change of {WEIGHT} on 2022", "holds"),
    ("China took a record {101.7 Mt}.", f"record {WEIGHT}".replace("crude oil", "coal"), "holds"),
    ("Never before was it {101.7 Mt}.", f"record {WEIGHT}".replace("crude oil", "coal"), "holds"),
    ("Russia had {one in five} tonnes of it.", SHARE, "holds"),
    ("Russian crude made up {19 %} of what China imported in 2023.", SHARE, "holds"),
    ("Russia had {a third} of China's crude oil.", SHARE, "differs"),
    ("It cost $60.6 billion, up from {$58 billion}.", VALUE.replace("2023", "2022"), "holds"),
    ("It cost {565.1 dollars a tonne}.", f"unit {VALUE}", "holds within revisions"),
    # By the total that the office printed, of files by year, of values beside weights, of quarters.
    ("Trade hit a record {$240.11 billion} in 2023.", f"record {TRADED}", "holds"),
    ("Trade grew {26.3 %} in 2023.", f"growth of {TRADED} on 2022", "holds"),
    ("It sold {280 million euros}.", "value of all goods, EU to Kyrgyzstan, 2018", "holds"),
    ("Russia had {18 %} of it by value.", SHARE.replace("weight", "value"), "holds"),
    (
        "In the first quarter of 2022 the EU got {26 bcm} of gas from Russia by pipe.",
        "volume of pipeline gas, EU from Russia, 2022Q1",
        "leans yes",
    ),
    (
        "Russia had {more than 50 %} of coal from January to November 2021.",
        "share of coal, Russia in Outside the EU27, EU27's imports, January to November 2021",
        "depends",
    ),
    # By Comtrade's months, since the press left some out; its years are a release of their own.
    ("China's exports to Russia were {$111.08 billion}.", SOLD, "holds"),
    ("China's exports to Russia were {$110.94 billion}.", SOLD, "holds within revisions"),
    ("China's exports to Russia grew {47 %} in 2023.", f"growth of {SOLD} on 2022", "holds"),
    ("Russia's share rose by {3.45 points} from 2021 to 2023.", f"{POINTS} on 2021", "holds"),
    ("Russia's share fell after 2021.", f"fell;{POINTS} on 2021", "differs"),
    # Money in euros of two releases; by the years, which begin first; of a file that has all codes.
    (
        "EU exports to Armenia rose {14.6 %} to 2.16 billion euros in 2023.",
        "growth of value of all goods, EU27 to Armenia, 2023 on 2022",
        "holds",
    ),
    ("Iraq was first.", RANK_OF_IRAQ, "holds"),
    ("Iraq led by {$1 billion}.", LEAD_OF_IRAQ, "holds"),
    (
        "EU exports to Kazakhstan hit a record {€12.1 billion} in 2023.",
        "record value of all goods, EU27 to Kazakhstan, 2023",
        "holds",
    ),
    (
        "China's sales of chips to Russia fell by 0.9 % in 2023.",
        "-0.9 %;growth of value of 8542, China to Russia, 2023 on 2022",
        "not decided",
    ),
    # A record of which no figure is printed; more in a month before, whatever other months lack.
    (
        "China imported a record amount of crude in 2024.",
        f"record;record {WEIGHT}".replace("2023", "2024"),
        "holds",
    ),
    (
        "India's crude from Russia hit a record {9.7 Mt} in July 2023.",
        "record weight of crude oil, India from Russia, July 2023",
        "differs",
    ),
    # The office's own total has no place in time, and its months are read.
    (
        "In the first half of 2023 China sold Russia goods worth {$52.2 billion}.",
        SOLD.replace("2023", "2023-01 to 2023-06"),
        "holds within revisions",
    ),
    # What stands otherwise in its sentence, and is asked so.
    ("Russian exports of crude oil to China were {107.02 Mt} in 2023.", WEIGHT, "holds"),
    ("Chinese imports were {107.02 Mt} in 2023, as Chinese exports rose.", WEIGHT, "holds"),
    ("In the year to December 2023 China bought {107.02 Mt} of crude oil.", WEIGHT, "holds"),
    # What its sentence says of other numbers.
    ("China sold 5 Mt of coal to Russia and bought {107.02 Mt} of crude oil.", WEIGHT, "holds"),
    ("China's crude imports climbed to {107.02 Mt}, from 86.2 Mt in 2022.", WEIGHT, "holds"),
    ("China's crude imports were {107.02 Mt} in 2023, twice the 53 Mt of 2013.", WEIGHT, "holds"),
    ("China's crude imports rose {24.1 %} in 2023 to a record 107.02 Mt.", GREW, "holds"),
    (
        "EU exports fell 31 % to {38.2 billion euros} in 2023, a fall from a record.",
        EU_SOLD,
        "holds",
    ),
    ("Despite plans to diversify China lifted {107.02 Mt} of Russian crude.", WEIGHT, "holds"),
    ("China never bought more crude than the {107.02 Mt} of 2023.", WEIGHT, "holds"),
    ("China paid $60.6 billion in 2023, as volumes grew {24.1 %}.", GREW, "holds"),
    # Words, marks and money of a figure.
    ("It was {nearly 107 Mt}.", WEIGHT, "holds"),
    ("It was {almost 105 Mt}.", WEIGHT, "differs"),  # which 107 is not a little below
    ("It was {up to 107 Mt}.", WEIGHT, "differs"),
    ("It was {107,02 Mt}.", WEIGHT, "holds"),
    ("It was {107 020 kt}.", WEIGHT, "differs"),  # to the thousand
    ("It was {€56.1 billion}.", VALUE, "holds"),  # at the rate of each month
    ("It was {more than doubled}.", GREW, "differs"),
    ("It was {nearly a fifth}.", SHARE, "holds"),
    ("It was {107m tonnes}.", WEIGHT, "holds"),
    ("China imported {2.15 million barrels a day}.", f"barrels a day of {CRUDE}", "holds"),
    ("It was {2.1m barrels a day}.", f"barrels a day of {CRUDE}", "holds"),
    ("It was {1.2-fold}.", GREW, "holds"),
    ("It was {nearly ten times as much}.", GREW, "differs"),
    ("It was {two and a half times as much}.", GREW, "differs"),
    # What is beside the number is of something else: plans, denials, goods, other years.
    ("In the year before 2024 China took {107.02 Mt} of crude.", WEIGHT, "holds"),
    ("China took {107.02 Mt} of crude, a level never seen.", WEIGHT, "holds"),
    ("Although Washington failed to stop it, China took {107.02 Mt}.", WEIGHT, "holds"),
    ("China, known for its cars, sold goods worth {$111.08 billion}.", SOLD, "holds"),
    ("In 2022 it was 86 Mt and, a year later, {107.02 Mt}.", WEIGHT, "holds"),
    # A word of two codes is read by both, by customs and by energy statistics; a code is itself.
    (
        "Germany bought {27.7 million tonnes} of crude oil in 2021.",
        "weight of crude oil, Germany from Russia, 2021",
        "depends",
    ),
    (
        "Germany bought {27.7 Mt} of crude oil in 2021.",
        "weight of 2709, Germany from Russia, 2021",
        "differs",
    ),
    (
        "Poland bought {1.02 million tonnes} of crude oil in March 2022.",
        "weight of crude oil, Poland from Russia, March 2022",
        "leans yes",  # by the second alone
    ),
    # Beside another time, a fall that came later, and a country whose name has an accent.
    ("Imports were higher in 2023 than in 2022, at {107.02 Mt}.", WEIGHT, "holds"),
    ("Trade, which fell later, hit a record {$240.11 billion}.", f"record {TRADED}", "holds"),
    (
        "China sold batteries for {$663.9 million} to Türkiye in 2025, and less to Thailand.",
        "value of lithium-ion batteries, China to Türkiye, 2025",
        "holds",
    ),
    # A file with the routes of another measure.
    (
        "Spain's imports rose {32 %}.",
        "growth of volume of LNG, Spain from Russia, 2023 on 2022",
        "holds",
    ),
]


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """The file of these lines, and what it says."""
    rows = [line(sentence, asks, f"C{i}") for i, (sentence, asks, _) in enumerate(HELD)]
    file = written(tmp_path_factory.mktemp("held") / "article.csv", *rows)
    return file, claims.load(file, PROJECT)


@pytest.mark.slow
def test_lines_are_judged_by_what_the_project_holds(held):
    found = claims.judge(held[1].values(), PROJECT).verdicts
    assert {HELD[int(each.claim.id[1:])][0]: each.verdict for each in found} == {
        sentence: verdict for sentence, _, verdict in HELD
    }
    for each in found:
        assert (each.claim.who, each.claim.where) == ("the article", "article.csv")
        assert all(part.claim.words != "2023" for part in each.parts)


@pytest.mark.slow
def test_the_toml_that_a_line_prints_is_the_same_claim(held, tmp_path):
    file, short = held
    texts = [claims.as_toml(name, file, PROJECT) for name in [*short][::2]]
    long = tmp_path / "long.toml"
    long.write_text("version = 3\n\n" + "\n\n".join(texts), encoding="utf-8")
    again = claims.load(long, PROJECT)
    assert len(again) == len(texts)
    # What is beside the claim in its sentence is said of a line alone.
    assert {name: replace(short[name], minds=()) for name in again} == again


def test_a_review_of_a_line_says_where_and_when(tmp_path):
    address = "https://example.org/a"
    found = judged(
        tmp_path, f"{line('It was {107 Mt}.', WEIGHT)};P;2024-03-01;{address}", head=LONG
    )
    published = Project("Trade", address="https://example.org/r/")
    [review] = claims.claim_reviews([found["C1"]], published)
    assert review["itemReviewed"]["datePublished"] == "2024-03-01"
    assert review["itemReviewed"]["appearance"]["url"] == address


def test_more_windows_and_measures_are_readings_each(tmp_path, soybeans):
    goods = "soybeans as 120190"
    among = f"rank by weight of {goods}, Brazil among all, China's imports, 2023"
    rows = [
        line("It was {57.67 Mt}.", f"weight of {goods}, China from Brazil, 2019 or 2020", "C1"),
        line("It bought less.", f"fell;growth of {goods}, China from USA, 2018 on 2017", "C2"),
        line("Brazil was first.", f"1st;{among}", "C3"),
        line("It cost {600 USD/t}.", f"unit value of {goods}, China from Brazil, 2022", "C4"),
    ]
    made = judged(tmp_path, *rows, root=soybeans)
    names = [[r.name.partition(", ")[2] for r in made[name].readings] for name in ("C1", "C2")]
    assert names == [["weight, 2019", "weight, 2020"], ["weight", "value"]]
    # The weights of 2017 are estimates.
    verdicts = [claims.DIFFERS, claims.LEANS_YES, claims.HOLDS, claims.DIFFERS]
    assert [each.verdict for each in made.values()] == verdicts
    assert round(made["C4"].readings[0].value) == 686


# --- a line and its sentence ----------------------------------------------------------------------

CHINA = "China imported {107.02 million tonnes} of crude oil from Russia"
JUNE, QUARTER = WEIGHT.replace("2023", "2023-06"), WEIGHT.replace("2023", "2023-04 to 2023-06")
RANK = "1st;rank by weight of crude oil, Russia among all, China's imports, 2023"
MAY = "weight of crude oil, China from Russia, 2023-05"
PRICE = "unit value of crude oil, China from Russia, 2023"
LEAD = "lead by value of crude oil, Iraq over Russia, India's imports, 2022-04 to 2022-08"
SPANS = [
    *("In the five months to", "In the year to", "Until", "In the first week of"),
    "From January to the end of",
]
OTHERWISE = [
    # who buys of whom
    (
        CHINA.replace("imported", "exported"),
        WEIGHT,
        "says sold by China, and its phrase the contrary",
    ),
    (
        "Russian exports to China were {$111.1 billion}.",
        SOLD,
        "sold by Russia, and its phrase the contrary",
    ),
    (
        "Russian purchases of Chinese goods were {$128.9 billion}.",
        BOUGHT,
        "bought by Russia, and its phrase",
    ),
    (
        "Deliveries from China to Russia hit {$128.9 billion}.",
        BOUGHT,
        "bought by Russia, and its phrase",
    ),
    (
        "Exports to Russia from China were {$128.9 billion}.",
        BOUGHT,
        "sold by China, and its phrase",
    ),
    ("Crude imports by Russia were {107.02 Mt}.", WEIGHT, "says bought by Russia, and its phrase"),
    ("Chinese goods bought by Russia came to {$128.9 billion}.", BOUGHT, "says bought by Russia"),
    (
        "The EU's imports from Russia were {38.2 billion euros}.",
        EU_SOLD,
        "sold by Russia, and its phrase",
    ),
    ("China's exports to Russia were {$240.0 billion}.", TRADED, "one direction"),
    (
        "India was the largest buyer of Russian crude.",
        RANK,
        "India in the exports of another, and its phrase Russia in",
    ),
    ("India bought {107.0 Mt} of Russian crude, China 88.9 Mt.", WEIGHT, "bought by India, and"),
    (
        "China bought {107.0 Mt} from Russia and Brazil.",
        WEIGHT,
        "Brazil and Russia, and its phrase",
    ),
    ("Russian goods worth {$111.1 billion} went to China.", SOLD, "its phrase the contrary"),
    ("Russia spent {$128.9 billion} on goods from China.", BOUGHT, "its phrase the contrary"),
    ("China supplied Russia with goods worth {$128.9 billion}.", BOUGHT, "its phrase the contrary"),
    ("China took {19.0%} of Russia's exports.", SHARE, "China in the exports of Russia, and its"),
    # what of it
    ("Russia's share of imports rose {24.1 %}.", GREW, "a change of a share, and its phrase a gr"),
    ("The price of imports rose {24.1 %}.", GREW, "'price of imports rose', which"),
    ("China paid $567 a barrel.", f"567 USD/t;unit {VALUE}", "'a barrel', which a phrase cannot"),
    (
        "Imports in 2023 were {24.1 %} higher than two years before.",
        GREW,
        "compares with 2021, and its",
    ),
    ("China paid 60.6 billion yuan.", f"$60.6 billion;{VALUE}", "prints '60.6 billion yuan'"),
    ("Nowhere near {107.0 Mt} reached China.", WEIGHT, "'Nowhere near', which a phrase cannot"),
    ("China bought {107.0 Mt} of oil products.", WEIGHT, "says oil products, and its phrase crude"),
    ("China bought {101.7 Mt} of coking coal.", WEIGHT.replace("crude oil", "coal"), "coking coal"),
    ("Imports reached {20.8 Mt}.", f"change of {WEIGHT} on 2022", "an amount, and its phrase a ch"),
    ("Imports rose {24.1 %} in 2023 from 2021.", GREW, "compares with 2021, and its phrase with"),
    (
        "China's share of Russia's exports was {19.0%}.",
        SHARE,
        "China in the exports of Russia, and its",
    ),
    ("Russia's share was {24.1 %} in 2023.", GREW, "says a share, and its phrase a growth"),
    ("Imports grew {24.1 %}.", SHARE, "a growth, and its phrase a share"),
    ("By value imports grew {24.1 %}.", GREW, "says value, and its phrase weight"),
    ("Imports rose 24.1 percentage points.", f"24.1 %;{GREW}", "points"),
    ("Russia's share rose by 2.0 percent.", f"2.0 points;{POINTS} on 2022", "per cent"),
    (
        "China bought {107.0 million tonnes} more crude.",
        WEIGHT,
        "a change, and its phrase an amount",
    ),
    ("China's surplus was {$20 billion}.", TRADED, "says 'surplus', the difference of two flows"),
    (f"{CHINA} a month.", WEIGHT, "says so much a month, and its phrase an"),
    ("It bought {up to 20 Mt} a month.", f"weight a month of {CRUDE}", "asks the mean: ask the mo"),
    ("It cost {77.3 USD/barrel}.", f"unit {VALUE}", "no phrase asks money a barrel; 'unit value'"),
    ("China took less.", f"fell;growth of {VALUE} on 2022", "ask weight or volume (goods that"),
    ("China stepped up imports to a record.", f"record;record {VALUE}", "and no money named: weig"),
    ("It rose.", f"rose;{WEIGHT}", "rose or fell is a growth: write 'growth of"),
    # when
    (f"Since 2023 {CHINA}.", WEIGHT, "says Since 2023, and its phrase 2023"),
    (f"By May 2023 {CHINA}.", WEIGHT, "says By May 2023, and its phrase 2023"),
    ("Imports rose {24.1 %} in the two years to 2023.", GREW, "two years to 2023, and its"),
    ("It took 108.5 Mt in 2023 and {107.0 Mt} in 2024.", WEIGHT, "says 2024, and its phrase 2023"),
    (f"{CHINA} in 2022.", WEIGHT, "says 2022, and its phrase 2023"),
    (f"In April 2023 {CHINA}.", WEIGHT, "says April 2023, and its phrase 2023"),
    (f"In May {CHINA}.", WEIGHT, "says May, and its phrase 2023"),
    (f"In the first half of 2023 {CHINA}.", WEIGHT, "says the first half of 2023, and its"),
    (f"In the nine months to May 2023 {CHINA}.", WEIGHT, "the nine months to May 2023, and its"),
    (f"In May 2023 {CHINA}.", JUNE, "says May 2023"),
    (f"{CHINA} in 2023.", JUNE, "says 2023"),
    (f"{CHINA} in January-April 2023.", JUNE, "April 2023"),
    (f"{CHINA} in H2 2023.", QUARTER, "H2"),
    (f"{CHINA} in the three months to September 2023.", QUARTER, "September 2023"),
    (f"In the third quarter of 2023 {CHINA}.", QUARTER, "third quarter"),
    (f"{CHINA} in fiscal 2023/24.", WEIGHT, "fiscal"),
    # that it was not so
    ("Imports did not rise in 2023.", f"rose;{GREW}", "says 'did not', which"),
    ("Imports failed to rise in 2023.", f"rose;{GREW}", "failed to"),
    ("China planned to buy {107.0 million tonnes}.", WEIGHT, "planned to"),
    (
        "Imports overtook its exports by {$17.9 billion}.",
        BOUGHT,
        "overtook', the difference of two flows",
    ),
    # a record, a place
    ("Imports hit a record low of {107.0 million tonnes}.", f"record {WEIGHT}", "record low"),
    ("Imports were fourth-highest on record.", f"record;record {WEIGHT}", "fourth-highest"),
    (f"{CHINA}, a record.", WEIGHT, "says a record, and its phrase an amount: write"),
    ("Iraq was the smallest.", RANK_OF_IRAQ, "claims first, and its words say smallest"),
    ("Iraq was the 2nd largest.", RANK_OF_IRAQ, "claims first, and its words say second"),
    # the figure
    ("China imported a lot.", f"107 Mt;{WEIGHT}", "its sentence does not print it"),
    ("China imported over 107.02 Mt.", f"107.02 Mt;{WEIGHT}", "'more than 107.02 Mt'; write it as"),
    ("It was {107 million tons}.", WEIGHT, "write Mt, or tonnes"),
    ("It is worth 107 billion dollars.", f"107 Mt;{WEIGHT}", "'107 billion dollars'"),
    ("It is dear.", "not publik;not publik", "no word 'not publik'; did you mean 'not public'"),
    # what is held
    ("China paid {€56 billion}.", VALUE.replace("2023", "2016"), "no rates of"),
    (
        "It had {34 %} of it.",
        "share by weight of crude oil, Russia in World, Germany's imports, 2021",
        "no weight of 2709 is stated for 2021-01 to 2021-12",
    ),
    ("It was first.", RANK_OF_IRAQ.replace(TIME, "2031"), "nothing is stated in it: add"),
    ("Russia was first.", RANK, "since figures are held of Russia alone: add a file"),
    (
        "It bought {5 Mt} of coal.",
        "weight of coal, Türkiye from Russia, 2023",
        "what is held of the time is 2701+2704+2706: write 'weight of 2701+2704+2706, TUR from",
    ),
    (
        "Iraq led by {3 bn USD}.",
        "lead by value of crude oil, Iraq over all, India's imports, 2021-04 to 2022-03",
        "a row without a figure is held of Australia, Bahamas, Cuba and France: ask",
    ),
    # goods and times that are some of it, and what is not all of it
    ("China bought {8.05 Mt} of Russian gas.", WEIGHT.replace("crude oil", "LNG"), "says gas, and"),
    ("In late 2023 China bought {107.02 Mt}.", WEIGHT, "says late 2023, and its phrase 2023"),
    ("The year after 2023 it bought {107.02 Mt}.", WEIGHT, "says The year after 2023, and"),
    ("In its fiscal year 2023 it took {107.02 Mt}.", WEIGHT, "says fiscal year 2023, and"),
    ("Russia sold {107.02 Mt} of crude, most of it to China.", WEIGHT, "says 'most of it'"),
    ("Imports rose {24.1 %} on the average of five years.", GREW, "says 'on the average'"),
    ("In the month after May 2023 it took {9.70 Mt}.", WEIGHT.replace("2023", "May 2023"), "says"),
    ("It took {107.02 Mt} in FY24.", WEIGHT.replace("2023", "2022-04 to 2023-03"), "says FY24"),
    ("In the final month of 2023 it took {9.70 Mt}.", WEIGHT, "says the final month of 2023"),
    ("Compared with 2021, its imports rose {24.1 %} in 2023.", GREW, "compares with 2021, and"),
    (
        "Month on month, its imports rose {24.1 %} in May 2023.",
        GREW.replace("2023", "May 2023").replace("2022", "May 2022"),
        "compares with 2023-04, and its phrase with May 2022",
    ),
    ("Excluding oil, China bought goods for {$128.9 billion}.", BOUGHT, "says 'Excluding'"),
    ("Beijing rejects reports that it imported {107.02 Mt}.", WEIGHT, "says 'rejects reports'"),
    ("Imports were {24.1 %} of what they had been.", GREW, "says 'of what they'"),
    ("China's monthly imports of crude were {107.02 Mt}.", WEIGHT, "says so much a month, and"),
    # capitals, and two countries as one
    ("Berlin's exports to Russia were {38.2 billion euros}.", EU_SOLD, "says sold by Germany"),
    ("China and India imported {107.02 Mt} of crude.", WEIGHT, "bought by China and India"),
    # whose goods they were
    ("Chinese goods worth {38.2 billion euros} reached Russia.", EU_SOLD, "sold by China"),
    ("Russia took Chinese goods worth {38.2 billion euros}.", EU_SOLD, "sold by China"),
    ("Goods from Turkey worth {38.2 billion euros} were sold to Russia.", EU_SOLD, "by Türkiye"),
    (
        "Chinese goods worth {38.2 billion euros} went from Italy to Russia.",
        EU_SOLD,
        "sold by China",
    ),
    ("Tankers carried {107.02 Mt} of Chinese crude oil to Russia.", WEIGHT, "the contrary"),
    # a share of what the other one sold, of all goods, or what is left
    ("China took {19 %} by weight of the crude oil that Russia exported.", SHARE, "of Russia, and"),
    ("Russia sent {19 %} of its crude oil by weight to China.", SHARE, "in the trade of Russia"),
    ("China bought {19 %} of Russia's crude oil in 2023.", SHARE, "in the trade of Russia"),
    ("By weight {19 %} of Russian crude oil was shipped to China.", SHARE, "trade of Russia"),
    ("Of the crude oil that Russia sold, {19 %} went to China.", SHARE, "trade of Russia"),
    ("Crude oil was {19 %} by weight of all that it imported.", SHARE, "says 'of all'"),
    ("All but {19 %} of its crude came from Russia.", SHARE, "says 'All but'"),
    # what was planned, denied, left out, or is so much more
    (f"{CHINA}, and not only from Russia.", WEIGHT, "says 'not only from'"),
    ("It imported {107.02 Mt} from all countries but Russia.", WEIGHT, "says 'all countries but"),
    ("Without oil, China bought goods for {$128.9 billion}.", BOUGHT, "says 'Without oil'"),
    ("It is not true that China imported {107.02 Mt}.", WEIGHT, "says 'is not true'"),
    ("China's imports did not reach {107.02 Mt}.", WEIGHT, "says 'did not reach'"),
    ("China would import {107.02 Mt} of crude.", WEIGHT, "says 'would import'"),
    ("China imported {107.02 Mt} or more of crude.", WEIGHT, "says 'or more'"),
    ("On average China imported {107.02 Mt} of crude in 2023.", WEIGHT, "says 'On average'"),
    ("China's imports rose {24.1 %} a year.", GREW, "says so much a year, and its phrase a growth"),
    ("China's imports rose {24.1 %} annually.", GREW, "says 'annually'"),
    ("China paid {567 dollars a tonne} less.", PRICE, "says 'less'"),
    # another span of time
    *((f"{span} May 2023 {CHINA}.", MAY, "and its phrase May 2023") for span in SPANS),
    (f"Every year since 2023 {CHINA}.", WEIGHT, "says since 2023"),
    # a lead and a place the other way round
    ("India bought {$6.0 billion} more crude from Russia than from Iraq.", LEAD, "Russia in the"),
    ("India bought {$6.0 billion} less crude from Iraq than from Russia.", LEAD, "Russia in the"),
    ("China was Russia's largest buyer of crude in 2023.", RANK, "China in the exports of"),
    ("Russia was no longer China's largest supplier of crude.", RANK, "says 'no longer'"),
    # a fall, whatever else its sentence says
    ("After prices rose, imports dwindled {24.1 %}.", GREW, "says a fall, and its figure a rise"),
    ("China pared its imports by {24.1 %}.", GREW, "says a fall, and its figure a rise"),
    ("Imports were {24.1 %} down in 2023.", GREW, "says a fall, and its figure a rise"),
    # how often, of which year, and what was done instead
    (f"{CHINA} each quarter.", WEIGHT, "says each quarter, and its phrase the sum of 2023"),
    ("In 2023 China bought less than the {107.02 Mt} of crude of 2021.", WEIGHT, "says 2021"),
    ("China bought more in 2023 than 2021's {107.02 Mt}.", WEIGHT, "says 2021, and its phrase"),
    ("Imports rose {24.1 %} in 2023 from their 2021 volume.", GREW, "compares with 2021"),
    ("China turned away {107.02 Mt} of Russian crude.", WEIGHT, "says 'turned away', which a"),
    ("Neither China nor India bought {107.02 Mt} of it.", WEIGHT, "its sentence says"),
    ("Iraq lost the first place.", RANK_OF_IRAQ, "says 'lost the first place', and its"),
]

# What a sentence says of one number, by rules that need no figures; with "" what agrees with it.
WHEAT, TEA = "weight of wheat, Japan from Canada, 2021", "value of tea, Kenya to Egypt, 2021"
ALL = "value of all goods, Peru to Japan, 2021"
BY_SENTENCE = [
    # two countries, or two goods, where one is asked
    ("Japan bought {5 Mt} of Australian and Canadian wheat.", WHEAT, "Australia and Canada"),
    ("Chilean and Peruvian exports to Japan were {$5 billion}.", ALL, "by Chile and Peru"),
    ("Chile, Ecuador and Peru sold Japan {$5 billion} of goods.", ALL, "Chile and Ecuador and Pe"),
    ("Kenya sold Egypt coffee and tea for {$5 million}.", TEA, "says coffee + tea"),
    ("Japan bought Canadian wheat for {5 Mt}, less than from Chile.", WHEAT, ""),
    ("Japan's imports of Australian wheat were {5 Mt}, Canada's customs said.", WHEAT, "Australia"),
    # two numbers of one country each, which are left open where one word parts them
    ("Kenyan tea worth {$5 million} and $6 million went to Egypt and Spain.", TEA, ""),
    ("Kenya's sales of tea to Egypt and Spain were {$5 million} and $6 million.", TEA, ""),
    ("Spain's purchases from Kenya were $6 million in 2021, Egypt's {$5 million}.", TEA, ""),
    # people, money, and adjectives of whom one traded with
    ("Canadian farmers sold Japan {5 Mt} of wheat.", WHEAT, ""),
    ("Japan's millers sold Canada {5 Mt} of wheat.", WHEAT, "its phrase the contrary"),
    ("Japanese merchants made {$5 billion} in Peru.", ALL, "says sold by Japan"),
    ("Peruvian coffee growers earned {$5 billion} from Japanese buyers.", ALL, "says coffee"),
    ("Japan paid Peru {$5 billion} for goods.", ALL.replace("to", "from"), "the contrary"),
    ("Peru was paid {$5 billion} by Japan for goods.", ALL, ""),
    ("Japan spent more: {$5 billion} went to Peru.", ALL, ""),
    ("Japan's Peruvian sales were {$5 billion}.", ALL, "says sold by Japan, and its phrase the co"),
    ("Goods worth {$5 billion} left Japan for Peru.", ALL, "says sold by Japan"),
    # times
    ("Two years after 2019, Japan bought {5 Mt} of Canadian wheat.", WHEAT, ""),
    ("Two years after 2020, Japan bought {5 Mt} of Canadian wheat.", WHEAT, "Two years after 2020"),
    ("On one day in 2021 Japan bought {5 Mt} of Canadian wheat.", WHEAT, "On one day in 2021"),
    ("Peru's bill with Japan was {$5 billion} in calendar 2020.", ALL, "says 2020"),
    ("Peru sold Japan goods for {$5 billion} in the year ending March 2021.", ALL, "ending March"),
    ("Exports of Peru to Japan were {$5 billion} in 2021 and 2020 together.", ALL, "2021 and 2020"),
    # another clause
    ("Peru's exports to Japan were {$5 billion} and those to Spain $6 billion.", ALL, ""),
    ("Peru's exports to Spain were {$5 billion} and those to Japan $6 billion.", ALL, "by Spain"),
    ("Kenya sold Egypt {3 Mt} of tea, at an average of $9 a tonne.", f"{TEA}", ""),
    # what was not so, or of a part
    ("Japan nearly bought {5 Mt} of Canadian wheat.", WHEAT, "says 'nearly bought'"),
    ("Traders expected Japan's purchases of wheat to end at {5 Mt}.", WHEAT, "says 'expected'"),
    ("Japan bought less Canadian wheat than the {5 Mt} planned.", WHEAT, "says 'planned'"),
    ("Japan bought {5 Mt} of Canadian wheat less in 2021.", WHEAT, "says a change"),
    ("Japan bought {5 Mt} of Canadian wheat, it was wrongly said.", WHEAT, "says 'wrongly'"),
    ("Japan bought {5 Mt} of wheat, mostly Canadian.", WHEAT, "says 'mostly'"),
    ("Japan bought {5 Mt} of wheat, mostly Canadian.", WHEAT.replace("Canada", "World"), ""),
    ("Of every month's {5 Mt} of wheat Japan got all from Canada.", WHEAT, "so much a month"),
    ("Canada's net exports of wheat to Japan were {5 Mt}.", WHEAT, "says 'net exports'"),
    ("Peru re-exported goods worth {$5 billion} to Japan.", ALL, "says 're-exported'"),
    ("Peru's exports of services to Japan were {$5 billion}.", ALL, "says 'of services'"),
    # what is no share
    ("Sales lost {a third} of their value in 2021.", f"growth of {ALL} on 2020", ""),
    ("Sales fell to {57 %} of their value in 2021.", f"growth of {ALL} on 2020", "of their value"),
]


@pytest.mark.parametrize(("sentence", "asks", "said"), BY_SENTENCE)
def test_a_sentence_says_one_thing_of_each_number(sentence, asks, said):
    text, figure = re.sub("[{}]", "", sentence), re.findall(r"\{(.*?)\}", sentence)[0]
    figure = f"-{figure}" if "growth" in asks else figure
    claimed = lines._claimed(figure, text, semicolons=False)["claimed"]
    faults = [*wording.of_phrase(text, phrase.parse(asks), claimed)]
    assert any(said in fault for fault in faults) if said else faults == []


def test_what_a_line_asks_otherwise_than_its_sentence_is_refused(tmp_path):
    rows = [line(sentence, asks, f"C{i}") for i, (sentence, asks, _) in enumerate(OTHERWISE)]
    found = read(tmp_path, *rows).errors
    wrong = {row: str(found.get(row.partition(";")[0])) for row in rows}
    for row, (_, _, said) in zip(rows, OTHERWISE, strict=True):
        if said in wrong[row]:
            del wrong[row]
    assert wrong == {}


def test_what_no_line_of_a_sentence_asks_is_said_once(tmp_path):
    more = f"{CHINA} in 2023, 24.1 % more than in 2022, while Brazil sold coal."
    rows = [line(more, WEIGHT, "C1"), line(more, WEIGHT, "C2"), line(f"{CHINA}.", WEIGHT, "C3")]
    found = judged(tmp_path, *rows)
    names = [f"its sentence also names {name}" for name in ("2022", "Brazil", "coal")]
    assert found["C1"].claim.minds == ("not judged: 24.1 %", *names)
    assert "[not judged: 24.1 %; its sentence also names" in claims.line(found["C1"])
    assert found["C1"].text.limits[0] == "not judged: 24.1 %"
    assert found["C2"].claim.minds == found["C3"].claim.minds == ()
    grew = line(re.sub("[{}]", "", more), f"24.1 %;{GREW}", "C4")
    assert judged(tmp_path, rows[0], grew)["C1"].claim.minds == tuple(names[1:])


BESIDE = [
    ("China's imports of crude fell to {107.02 Mt} in 2023.", WEIGHT, "not judged: fell"),
    ("China's imports hit their lowest level, {107.02 Mt}.", WEIGHT, "not judged: lowest"),
    ("Imports fell from 86.2 Mt in 2022 to {107.02 Mt} in 2023.", WEIGHT, "not judged: 86.2 Mt"),
    ("Russia sold China {107 Mt} of crude oil.", WEIGHT, "counted as imports, by China"),
    ("Russia sold {19 %} of it.", SHARE, ""),
    ("Shandong imported {107.02 Mt} of diesel.", WEIGHT, "not read: Shandong, diesel"),
    ("Imports of ethane, once dear, hit {107.02 Mt}.", WEIGHT, "not read: ethane"),
    (f"{CHINA}, more than any other.", WEIGHT, "not judged: more than any"),
    (f"{CHINA}, or half of its needs.", WEIGHT, "not judged: half of its"),
    ("Russian customs say that it imported {107.02 Mt}.", WEIGHT, "counted by China, not Russia"),
    ("Chinese customs data tell it.", ";public, not looked up yet", ""),
    ("Iraq was the largest.", RANK_OF_IRAQ, "ranked among some alone, with Saudi Arabia"),
    ("In 2023 China imported {more than 107.01 Mt} of it.", WEIGHT, ""),
    ("Imports tightened by {24.1 %} in 2023.", GREW, "not said: whether it rose or fell"),
    ("In the year of the flood it took {107.02 Mt}.", WEIGHT, "not judged: the year of the flood"),
    ("Imports grew {34 %} in 2023.", f"{GREW[:-4]}2021", "not said: compared with 2021"),
    ("Imports grew {24.1 %} within two years.", GREW, "not said: compared with 2022"),
    (
        "It peaked at {2.15 million barrels a day}.",
        f"barrels a day of {CRUDE}",
        "not judged: peaked",
    ),
    ("Its carmakers sold goods for {$111.08 billion}.", SOLD, "not judged: carmakers"),
    ("Freight not included, it paid {$60.6 billion}.", VALUE, "not judged: Freight"),
    ("China ordered {107.02 Mt} of it.", WEIGHT, "not judged: ordered"),
    ("Saudi Arabia overtook Iraq.", RANK_OF_IRAQ, "not judged: overtook"),
    ("It took an unprecedented {107.02 Mt}.", WEIGHT, "not judged: unprecedented"),
    ("By 2024 it took {107.02 Mt}.", WEIGHT, "its sentence also names 2024"),
    (
        "Sales to Russia rose {47 %}, of cars.",
        f"growth of {SOLD} on 2022",
        "its sentence also names cars",
    ),
    (
        "Trade rose {26.3 %}, most of it by rail.",
        f"growth of {TRADED} on 2022",
        "not judged: most of it",
    ),
    (
        "In FY2021 India spent {$22.9 billion} on Saudi crude.",
        "value of crude oil, India from Saudi Arabia, 2021-04 to 2022-03",
        "FY2021 is read as April 2021 to March 2022",
    ),
    ("In May 2023 China imported {107.02 Mt}.", MAY, "not said: Russia"),
    ("In May 2023 China took {107.02 Mt} from Russia, as the war went on.", MAY, ""),
]


@pytest.mark.slow
def test_what_a_sentence_says_beside_an_amount_is_said(tmp_path):
    rows = [line(sentence, asks, f"C{i}") for i, (sentence, asks, _) in enumerate(BESIDE)]
    for each, (_, _, mind) in zip(judged(tmp_path, *rows).values(), BESIDE, strict=True):
        assert (mind in each.claim.minds) if mind else each.claim.minds == ()


def test_releases_of_one_office_are_a_band_and_not_two_readings(tmp_path):
    rows = [line(f"It was {{{n} Mt}}.", WEIGHT, f"C{n[-1]}") for n in ("107.0245", "107.0218")]
    found = judged(tmp_path, *rows)
    assert [len(each.readings) for each in found.values()] == [1, 1]
    assert found["C5"].verdict == claims.HOLDS
    assert found["C8"].verdict == claims.HOLDS_WITHIN_REVISIONS
    assert found["C8"].band.releases == ("China Customs", "UN Comtrade")


def test_how_a_figure_and_a_measure_of_a_line_are_meant(tmp_path):
    german = "growth of value of all goods, Germany to Russia, 2023 on 2022"
    rows = [
        line("Russia supplied a fifth of it.", f"20 %;{SHARE}", "C1"),
        line("Germany's exports to Russia fell 39 % in 2023.", f"-39 %;{german}", "C2"),
        line("Imports fell by more than 5 %.", f"more than -5 %;{GREW}", "C3"),
        line("It was {14 %}.", "share of crude oil, China from Russia, 2016", "C4"),
    ]
    found = judged(tmp_path, *rows)
    assert (found["C1"].claim.low, found["C1"].claim.high) == (18, 22)
    assert found["C2"].verdict == claims.LEANS_YES
    assert found["C2"].claim.open["measure"] == ("growth of value in EUR",)
    assert (found["C3"].claim.figure, found["C3"].claim.qualifier) == (-5, "<")
    assert found["C3"].verdict == claims.DIFFERS  # it rose
    assert found["C4"].verdict == claims.LEANS_YES  # of a reading that can be made
    assert found["C4"].claim.minds[0].startswith("not made: value, since no value of 2709 is stat")


def test_a_small_miss_is_no_power_of_ten():
    assert claims.miss(2e-5, "USD") == "0.00002 % more than claimed"


# --- the command, and the page that starts from Excel ---------------------------------------------

PAGE = (PROJECT / "docs" / "how-to" / "lines.md").read_text(encoding="utf-8")
ARTICLE = re.search(r"```\n(id;.*?)```", PAGE, re.S)[1]


@pytest.fixture
def command(soybeans, tmp_path):
    """The verb `claims` in a project of soybeans that has no ledger."""
    root = tmp_path / "soybeans"
    shutil.copytree(soybeans, root)
    for path in (root / "data").glob("claims.*"):
        path.unlink()
    return lambda *words: cli.main(["--root", str(root), "claims", *map(str, words)]), root


def test_lines_become_the_ledger_of_a_project(command, tmp_path, capsys):
    run, root = command
    asks = "weight of soybeans as 120190, China from Brazil, 2019"
    file = written(tmp_path / "article.csv", LINE.format(asks), head=LONG)
    assert run("--from", file) == 0
    said = capsys.readouterr().out
    assert "1 line of article.csv" in said
    assert "C1 " in said
    assert run("c1", "--readings") == 0
    assert tomllib.loads(capsys.readouterr().out)["claim"]["C1"]["asks"]["goods"] == "1201"
    other = written(tmp_path / "other.csv", LINE.replace("C1", "C2").format(asks), head=LONG)
    assert run("--from", other) == 2
    assert "it is there already with other lines" in capsys.readouterr().err
    (root / "data" / "claims.csv").unlink()
    other.write_text(other.read_text().replace("China from Brazil", "Chian from Brazil"))
    assert run("--from", other) == 1
    assert "not kept; mend the wrong lines" in capsys.readouterr().out
    assert run("--from", file) == 0
    for wrong in (["C9", "--readings"], ["--readings"], ["--from", tmp_path / "a.docx"]):
        assert run(*wrong) == 2
    with pytest.raises(QueryError, match="no claim 'C99'"):
        claims.as_toml("C99", root=root)


def test_what_the_page_prints_is_what_the_command_prints(command, tmp_path, capsys):
    run, root = command
    verdicts, toml, wrong = (
        re.search(pattern, PAGE, re.S)[1]
        for pattern in (
            r"```\n(data/claims.*?)```",
            r"```toml\n(.*?)```",
            r"```\n(claims.csv, line.*?)\n```",
        )
    )
    file = tmp_path / "article.csv"
    file.write_text(ARTICLE, encoding="utf-8")
    assert run("--from", file) == 0
    assert capsys.readouterr().out.replace(f"{root}/", "") == verdicts
    assert run("C1", "--readings") == 0
    assert capsys.readouterr().out == toml
    text = ARTICLE.replace("China from Brazil, 2019", "Chian from Brazil, 2019")
    (root / "data" / "claims.csv").write_text(text, encoding="utf-8")
    assert wrong == str(claims.read_ledger(root=root).errors["C1"])
    assert [name for name in lines.COLUMNS if f"`{name}`" not in PAGE] == []
    assert [text for text in phrase.PATTERNS.values() if f"| `{text}` |" not in PAGE] == []


@pytest.mark.slow
def test_one_command_makes_a_project_of_files_and_lines(tmp_path, monkeypatch, capsys):
    """With its notebook, which has a chart a theme, and without the lines that are wrong."""
    tutorial = (PROJECT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    mapped = re.search(r"`china.toml`:\n\n```toml\n(.*?)```", tutorial, re.S)[1]
    Path("china.toml").write_text(mapped)
    Path("typo.toml").write_text(mapped.replace("[source", "[sorce"))
    shutil.copy(next((SOYBEANS / "data" / "raw" / "comtrade").glob("*imports*.csv")), "china.csv")
    wrong = ARTICLE.replace("Brazil, 2019", "Brasil, 2019").replace("1st", "1 st t")
    Path("article.csv").write_text(wrong)
    command = ["init", "soy", "china.csv", "--map", "china.toml", "--from", "article.csv"]
    assert cli.main([*command[:4], "typo.toml", *command[5:]]) == 1
    assert not Path("soy").exists()  # so that the next try begins anew
    capsys.readouterr()
    assert cli.main(command) == 1
    said = capsys.readouterr()
    assert "next: mend these lines of soy/data/claims.csv; cd soy; tradeflows accept" in said.out
    for told in ("claims.csv, line 2: claim C1: asks", "claims.csv, line 6: claim C5: figure"):
        assert said.err.count(told) == 1
    assert "<svg" in (Path("soy") / "report" / "01_the_article.html").read_text(encoding="utf-8")
    assert (Path("soy") / "report" / "index.html").is_file()
    with (Path("soy") / "data" / "verdicts.csv").open() as file:
        assert {row["claim"] for row in csv.DictReader(file)} == {"C2", "C3", "C4", "C6"}
    assert cli.main(["--root", "soy", "claims", "--from", "article.csv"]) == 1
