"""Lines that an article states: each sentence of trade and no other, and nothing that it leaves."""

import csv
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tradeflows import claims, cli
from tradeflows.claims import lines, phrase, propose, sentence, wording
from tradeflows.claims.witnesses import Tables
from tradeflows.model.errors import LedgerError, QueryError

SOYBEANS = Path(__file__).parents[1] / "examples" / "soybeans" / "data"
# Sentences of nobody's article, and below each what its lines have: a figure; what it asks.
STATED = """\
In 2019 Japan imported 5.3 million tonnes of wheat from Canada.
    5.3 million tonnes; weight of wheat, Japan from Canada, 2019
The U.K. bought more than 300,000 tonnes of wheat from Canada in 2021, up 12 % from a year \
earlier.
    more than 300,000 tonnes; weight of wheat, United Kingdom from Canada, 2021
    12 %; growth of ??? of wheat, United Kingdom from Canada, 2021 on 2020
Germany's exports of cars to the United States fell by 13 % to 24.8 billion euros in 2025.
    -13 %; growth of ??? of cars, Germany to United States, 2025 on ???
    24.8 billion euros; value of cars, Germany to United States, 2025
India imported 1.65 million barrels of Iraqi crude a day in May 2023.
    1.65 million barrels a day; barrels a day of crude, India from Iraq, May 2023
In 2019 China imported 57.67 million tonnes of soybeans from Brazil and 16.94 million \
tonnes from the United States.
    57.67 million tonnes; weight of soybeans, China from Brazil, 2019
    16.94 million tonnes; weight of soybeans, China from United States, 2019
Between 2019 and 2023 EU exports to Kyrgyzstan grew by 1,200 %.
    1,200 %; growth of ??? of ???, EU27 to Kyrgyzstan, 2023 on 2019
Vietnam was the second-largest supplier of coffee to Germany in 2023.
    2nd; rank by ??? of coffee, Vietnam among all, Germany's imports, 2023
A third of Germany's imports of natural gas came from Norway in 2022.
    a third; share by ??? of natural gas, Norway in World, Germany's imports, 2022
Brazil's exports of maize to Spain rose in value by 8 % in 2021 on 2020.
    8 %; growth of value of maize, Brazil to Spain, 2021 on 2020
China exported goods worth $11.25 billion to Mexico in September 2024, a record.
    $11.25 billion; record value of all goods, China to Mexico, September 2024
Armenia's trade with Georgia reached $1.2 bn in 2021.
    $1.2 bn; value of all goods, Armenia with Georgia, 2021
Exports to Kazakhstan doubled in 2022.
    doubled; growth of ??? of ???, ??? to Kazakhstan, 2022 on ???
Steel imports surged to a record.
    record; record ??? of steel, ???, ???
Peru has stepped up imports of wheat.
    rose; growth of ??? of wheat, Peru from ???, ??? on ???
China's trade with Russia topped $1.2bn in 2023.
    more than $1.2 bn; value of all goods, China with Russia, 2023
Russia's exports of tea to India more than halved in 2022.
    more than halved; growth of ??? of tea, Russia to India, 2022 on ???
China's imports of coal from Russia edged up to 12.3 million tonnes in 2023.
    12.3 million tonnes; weight of coal, China from Russia, 2023
China imported up to 12.3 million tonnes of coal from Russia in 2023.
    up to 12.3 million tonnes; weight of coal, China from Russia, 2023
China paid HK$5.2 billion for Russian coal in H1 2023.
    HK$5.2 billion; value of coal, China from Russia, 2023-01 to 2023-06
India bought 20 million tonnes of Russian crude a month in Q3 2023.
    20 million tonnes; weight a month of crude, India from Russia, 2023Q3
EU exports to Iran fell by 31 % in 2023, after a 38 % drop in 2022.
    -31 %; growth of ??? of ???, EU27 to Iran, 2023 on ???
    -38 %; growth of ??? of ???, EU27 to Iran, 2022 on ???
Deliveries of wheat from Canada to Japan hit $387 million in 2023, up from $92 million.
    $387 million; value of wheat, Canada to Japan, 2023
    $92 million; ???
Brazil's share of China's maize imports fell.
    fell; change of share by ??? of maize, Brazil in World, China's imports, ??? on ???
Brazil's share of China's soybean imports fell by 2.0 points in 2023 on 2022.
    -2.0 points; change of share by ??? of soybeans, Brazil in World, China's imports, 2023 on 2022
China's exports of cars to Russia rose fivefold in 2023.
    fivefold; growth of ??? of cars, China to Russia, 2023 on ???
China's exports of cars to Russia increased by a factor of 3.5 in 2023.
    a factor of 3.5; growth of ??? of cars, China to Russia, 2023 on ???
China's exports to Russia hit a record in 2023, up 46.9 % on 2022.
    46.9 %; growth of ??? of ???, China to Russia, 2023 on 2022
    record; record ??? of ???, China to Russia, 2023
China's trade with Russia grew 26.3 % to a record $240.1 billion in 2023.
    26.3 %; growth of ??? of all goods, China with Russia, 2023 on ???
    $240.1 billion; record value of all goods, China with Russia, 2023
China imported 8 million tonnes of liquefied natural gas from Russia in 2023.
    8 million tonnes; weight of liquefied natural gas, China from Russia, 2023
Russia sold India crude oil worth $50 billion in 2023.
    $50 billion; value of crude oil, Russia to India, 2023
China's exports to Russia overtook its imports by $17.9 billion in 2023.
    $17.9 billion; ???
China's trade with Russia had a surplus of $20 billion in 2023.
    $20 billion; ???
China's exports to Russia exceeded imports, a gap of $5 billion.
    $5 billion; ???
The yuan's share in Russia's exports rose to 34.5 % in 2023.
    34.5 %; ???
China bought 10 million tons of soybeans from Brazil in May 2024.
    ???; weight of soybeans, China from Brazil, May 2024
Kazakhstan imported drones worth about $5 million in 2022, almost all of them from China.
    about $5 million; value of drones, Kazakhstan from ???, 2022
Imports of frozen beef from Brazil jumped 20 %.
    20 %; growth of ??? of ???, ??? from Brazil, ??? on ???
China shipped steel and steel parts worth $3 million to Peru by March.
    $3 million; value of ???, China to Peru, ???
Chinese imports rose 3 % in March 2024.
    3 %; growth of ??? of ???, ??? from ???, March 2024 on ???
Customs said in January 2025 that Chile had exported 2 million tonnes of copper ore.
    2 million tonnes; weight of copper ore, Chile to World, ???
The EU share in Turkey's imports fell below 20 % in fiscal 2023.
    below 20 %; share by ??? of ???, EU27 in World, Türkiye's imports, ???
Spain's imports of machinery from Chile dropped by 2.4 billion pounds in 2021.
    ???; change of ??? of machinery, Spain from Chile, 2021 on ???
Imports of buses from Italy more than doubled between 2021 and 2022 to 20 million euros.
    20 million euros; value of buses, ??? from Italy, ???
Peru's exports of copper grew 7 % in tonnes but fell 2 % in value in 2022.
    7 %; growth of weight of copper, Peru to ???, 2022 on ???
    -2 %; growth of value of copper, Peru to ???, 2022 on ???
In 2022, Greece, Malta and Cyprus exported tea worth 3 million euros to Lebanon.
    3 million euros; value of tea, ??? to ???, 2022
The EU sold 9 billion euros more to Kazakhstan than to Kyrgyzstan.
    9 billion euros; ???
Kazakhstan was Germany's largest market among these five in 2023.
    1st; rank by ??? of ???, ??? among all, ???, 2023
Peru imported 7 Mt of wheat from Chile in 2023, up from 6 Mt two years earlier.
    7 Mt; weight of wheat, Peru from Chile, 2023
    6 Mt; weight of wheat, Peru from ???, ???
Chile's exports of tea to Peru were $5 million in 2022, up 2 % on the year.
    $5 million; value of tea, Chile to Peru, 2022
    2 %; growth of ??? of tea, Chile to Peru, 2022 on 2021
Average unit values of wheat exports climbed 24 % in 2022.
    24 %; ???
EU exports to Peru and Chile came to 12.1 billion and 4.4 billion euros respectively in 2023.
    ???; ??? of ???, ???, 2023
    4.4 billion euros; value of ???, ???, 2023
Of the 564 million tonnes of crude oil that China imported in 2023, 107 million came from Russia.
    564 million tonnes; weight of ???, China from ???, 2023
    ???; ??? of ???, China from Russia, 2023
Chile exported goods worth 10.2 billion dollars to Peru in 2023, not counting copper.
    10.2 billion dollars; ???
Chile's exports to Peru withered by 12 % in 2022.
    ???; ???
Chile trimmed its imports of tea from Peru by 12 % in 2022.
    -12 %; growth of ??? of tea, Chile from Peru, 2022 on ???
Chile's exports to Peru were 12 % down in 2022.
    -12 %; growth of ??? of ???, Chile to Peru, 2022 on ???
Chile shaved 12 % off its imports of tea in 2022.
    -12 %; growth of ??? of tea, ??? from ???, 2022 on ???
Chile's imports from Peru were worth 4 million euros in 2023, Ecuador's 5 million euros.
    4 million euros; value of ???, Chile from ???, 2023
    5 million euros; value of ???, ???, 2023
India imported 42 Mt of palm oil from Peru last year, more than in 2022.
    42 Mt; weight of palm oil, India from Peru, ???
Peru's imports of coal from Chile added up to 64 Mt, crossing $1 billion, in 2024.
    64 Mt; weight of coal, Peru from Chile, ???
    more than $1 billion; value of coal, Peru from Chile, ???
Between January and June 2024 Chile's exports of tea to Peru fell by more than half.
    more than -half; growth of ??? of tea, Chile to Peru, ??? on ???
Norway piped 23 billion cubic metres of gas to Spain in 2023.
    23 billion cubic metres; volume of gas, Norway to Spain, 2023
"""
# On other things: crime, sport, budgets, tariffs, prices, shares.
OTHER = """\
Police in Spain seized 3 tonnes of cocaine that had been imported from Colombia.
Brazil beat Argentina 2-1 in front of 60,000 people.
The club sold its striker to a side in Spain for 50 million euros.
The minister of Finland presented a budget of 90 billion euros.
The United States raised tariffs on steel from China in May.
Tariffs on imports of Chinese cars rose to 100 % in 2024.
Export controls on chips were widened in October 2023 to 140 firms.
The stock index in South Korea gained 1.2 % and closed at 2,700 points.
The bank in Switzerland bought back bonds worth $2 billion.
France sold its stake in the carmaker to Japan for 2 billion euros.
Wheat prices fell 12 % in 2024.
Germany's economy shrank by 0.3 % in 2023.
The harvest of wheat in Ukraine was 22 million tonnes in 2023.
China consumed 16 million barrels of crude oil a day in 2024.
The album sold 3 million copies in the United States.
A painting was sold in France for 12 million euros.
Turnout was 71 % in Germany in 2025.
The central bank of Russia cut its rate to 16 % in 2025.
The museum in Egypt bought 40 statues in 2021.
China's government said that trade must be free.
"""
WHEAT = "In 2019 Japan imported 5.3 Mt of wheat from Canada."


ENTRIES = [entry.splitlines() for entry in re.split(r"\n(?! )", STATED.strip())]


@pytest.mark.parametrize(("sentence", "rows"), [(first, rows) for first, *rows in ENTRIES])
def test_what_a_sentence_states(sentence, rows):
    found = propose.proposed(sentence)
    assert [f"    {row['figure']}; {row['asks']}" for row in found] == rows


def test_no_line_that_is_whole_is_refused_of_its_own_sentence():
    rows = [row for sentence, *_ in ENTRIES for row in propose.proposed(sentence)]
    whole = [row for row in rows if "???" not in row["figure"] + row["asks"]]
    assert len(whole) > 20
    for row in whole:
        claimed = lines._claimed(row["figure"], row["sentence"], semicolons=False)["claimed"]
        assert [*wording.of_phrase(row["sentence"], phrase.parse(row["asks"]), claimed)] == []


def test_a_text_on_other_things_has_no_line():
    assert len(sentence.sentences(OTHER)) == 20
    assert [row["sentence"] for row in propose.proposed(OTHER)] == []
    # Nor has it one beside sentences that have.
    both = propose.proposed(f"{WHEAT}\n{OTHER}")
    assert [row["sentence"] for row in both] == [WHEAT]


def test_the_same_text_gives_the_same_lines_and_no_number_of_its_own():
    article = "\n\n".join(sentence for sentence, *_ in ENTRIES)
    rows = propose.proposed(article)
    assert rows == propose.proposed(article)
    assert [row["id"] for row in rows] == [f"C{at}" for at in range(1, len(rows) + 1)]
    for row in rows:
        digits = re.findall(r"\d[\d.,]*(?!st|nd|\d)", row["figure"])
        assert all(each in row["sentence"] for each in digits)


# --- the forty sentences of the example -----------------------------------------------------------


@pytest.fixture(scope="module")
def forty():
    with (SOYBEANS / "raw/press/published_soybean_figures.csv").open(encoding="utf-8") as file:
        return {row["key"]: row["claim"] for row in csv.DictReader(file)}


def test_most_sentences_of_the_example_are_found(forty):
    found = {row["sentence"] for row in propose.proposed("\n\n".join(forty.values()))}
    assert len(forty) == 40
    assert {key for key, sentence in forty.items() if sentence not in found} == {"C21b", "C25d"}


def test_no_field_that_is_filled_is_wrong(forty):
    written = {name: entry for name, (_, entry) in lines.read(SOYBEANS / "claims.csv").items()}
    asked = {
        name: entry["asks"] for name, entry in written.items() if "of" in entry.get("asks", "")
    }
    rows = {row["sentence"]: row for row in propose.proposed("\n\n".join(forty.values()))}
    compared = 0
    for name, asks in asked.items():
        row = rows[forty[name]]
        right, sides = phrase.parse(asks), re.sub(r"^[^,]*, |, [^,]*$", "", row["asks"])
        said = {
            "amount": re.search(r"weight|value", row["asks"]),
            "goods": re.search(r"of (soybeans)", row["asks"]),
            "when": re.search(r", ([^,?]*)$", row["asks"]),
        }
        assert said["amount"] is None or said["amount"][0] == (right.amount or "weight")
        assert said["goods"] or "of ???," in row["asks"]
        if said["when"] and not right.base:
            window = phrase.parse(
                f"weight of soybeans, China from Brazil, {said['when'][1]}"
            ).windows
            assert window == right.windows
        names = {"CHN": "China", "USA": "United States", "BRA": "Brazil", "ARG": "Argentina"}
        names |= {"W00": "World"}
        both = [names[area] for area in (right.reporter, *right.partner)]
        assert {*re.findall("|".join(names.values()), sides)} <= {*both, "World"}, row
        compared += 1
    assert compared == 26


# --- what becomes of the lines --------------------------------------------------------------------


def test_only_what_is_open_is_refused_and_the_message_says_what_to_put(soybeans, tmp_path):
    file = tmp_path / "article.csv"
    text = "\n".join(each for each, *_ in ENTRIES if "soybeans from Brazil" in each)
    file.write_text(propose.as_csv(propose.proposed(text)), encoding="utf-8")
    errors = claims.read_ledger(file, soybeans).errors
    assert [*errors] == ["C3"]
    assert "claim C3: figure: in place of '???' write the number" in str(errors["C3"])


@pytest.mark.parametrize(
    ("asks", "todo"),
    [
        ("???", "a phrase such as 'weight of GOODS"),
        ("growth of ??? of tea, Japan from World, 2019 on 2018", "weight, value, volume or number"),
        ("weight of ???, Japan from World, 2019", "the goods, such as"),
        ("weight of tea, ???, 2019", "who reports and who traded"),
        ("weight of tea, Japan from India, ???", "when, such as 2023"),
        ("growth of value of tea, Japan from India, ??? on ???", "when, .*the time before"),
    ],
)
def test_each_place_says_what_belongs_there(asks, todo):
    entry = {"statement": WHEAT, "figure": "5.3 Mt", "asks": asks}
    with pytest.raises(LedgerError, match=f"^asks: in place of '\\?\\?\\?' write {todo}"):
        lines.spelled_out(entry, {}, (), Tables(Path()))


# --- texts as they come ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("- Wheat rose.\n- Maize fell.\n* Rice;", ["Wheat rose.", "Maize fell.", "Rice;"]),
        (
            "Exports up\nThe U.S. sold 5 bn. It rose.",
            ["Exports up", "The U.S. sold 5 bn.", "It rose."],
        ),
        (
            "The U.S. Department. On 5 Jan. 2020 it fell.",
            ["The U.S. Department.", "On 5 Jan. 2020 it fell."],
        ),
        ("Sales from the United\nStates fell 5.7 %.", ["Sales from the United States fell 5.7 %."]),
        ('He said: "It rose." Then it fell.', ['He said: "It rose."', "Then it fell."]),
        ("year\tt\tUSD\n2019\t5\t6\n2020 | 7 | 8\n2021    9    10", []),
    ],
)
def test_a_text_in_sentences(text, sentences):
    assert sentence.sentences(text) == sentences


def test_no_word_of_a_text_is_lost():
    text = "It rose in 2023. Maize fell by 24. So did tea."
    assert " ".join(sentence.sentences(text)) == text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_an_article_as_it_is_saved(encoding, tmp_path):
    path = tmp_path / "article.txt"
    path.write_bytes(
        "“Kenya’s” exports of tea to Türkiye were €5 million in 2020.".encode(encoding, "replace")
    )
    [row] = propose.proposed(propose.read(path))
    assert row["figure"] == "€5 million"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "it has no text"),
        (b" \n", "it has no text"),
        (b"PK\x03\x04\0", "no plain text"),
        (b"<!DOCTYPE html><p>", "no plain text"),
        (
            ("Die Ausfuhren nach Polen stiegen um 5 Prozent auf 3 Milliarden Euro. " * 9).encode(),
            "English",
        ),
    ],
)
def test_what_is_no_article_in_english_is_refused(text, message, tmp_path):
    path = tmp_path / "article.txt"
    path.write_bytes(text)
    with pytest.raises(QueryError, match=message):
        propose.proposed(propose.read(path))


def test_a_long_text_takes_seconds():
    begin = time.monotonic()
    assert len(propose.proposed(f"{OTHER}{WHEAT}\n" * 100)) == 100
    assert time.monotonic() - begin < 15


def test_the_command_writes_what_from_reads(tmp_path, capsys):
    article, to = tmp_path / "article.txt", tmp_path / "article.csv"
    article.write_text(f"{WHEAT} {next(iter(OTHER.splitlines()))}", encoding="utf-8")
    run = ["claims", "--propose", str(article), "--to", str(to)]
    assert cli.main(run) == 0
    assert f"{to}: 1 line of article.txt; 0 ask what" in capsys.readouterr().out
    assert lines.read(to)["C1"][1]["asks"] == "weight of wheat, Japan from Canada, 2019"
    assert cli.main(run) == 2  # what somebody may have filled is not overwritten
    assert cli.main(["claims", "--to", str(to)]) == 2
    assert "--propose article.txt" in capsys.readouterr().err
    shutil.copyfile(article, to.with_suffix(".md"))
    article.write_text(f"{WHEAT} Inflation slowed to 40 %. It rained.", encoding="utf-8")
    assert cli.main(["claims", "--propose", str(article), "--to", str(tmp_path / "b.csv")]) == 0
    assert "does not say whole; 1 sentence with figures gave none" in capsys.readouterr().out
    for name, said in (("b.xlsx", "name a file .csv"), ("b.csv", "is there already")):
        assert cli.main(["claims", "--propose", str(article), "--to", str(tmp_path / name)]) == 2
        assert said in capsys.readouterr().err
    assert not (tmp_path / "b.xlsx").exists()
    article.write_text(OTHER, encoding="utf-8")
    assert cli.main(["claims", "--propose", str(article)]) == 0
    out = capsys.readouterr().out
    assert re.search(r"no sentence of it states .*; \d+ sentences with figures gave none", out)


@pytest.mark.slow
def test_neither_an_article_nor_its_lines_need_matplotlib(tmp_path, make_root):
    article, to = tmp_path / "article.txt", tmp_path / "article.csv"
    article.write_text(WHEAT, encoding="utf-8")
    script = (
        "import sys\nsys.modules['matplotlib'] = None\nfrom tradeflows import cli\n"
        "sys.exit(cli.main(sys.argv[1:]))"
    )
    root = make_root({"oil": {}})
    for words in (["--propose", str(article), "--to", str(to)], ["--from", str(to)]):
        command = [sys.executable, "-c", script, "--root", str(root), "claims", *words]
        done = subprocess.run(command, capture_output=True, text=True)
        assert "matplotlib" not in done.stderr
        assert f"1 line of {Path(words[1]).name}" in done.stdout, done.stderr


def test_a_country_with_an_and_in_its_name_is_one():
    text = "In 2023 Bosnia and Herzegovina imported 5.3 Mt of wheat from Serbia."
    asked = phrase.parse("weight of wheat, Bosnia and Herzegovina from Serbia, 2023")
    assert list(wording.of_phrase(text, asked, {"value": 5.3, "unit": "Mt"})) == []
