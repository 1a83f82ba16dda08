import pytest

from tradeflows.model.errors import near, nearest


@pytest.mark.parametrize(
    ("word", "valid", "end"),
    [
        ("licens", ["licence", "title"], "; did you mean 'licence'?"),
        ("CHNA", ["China", "china", "India"], "; did you mean 'China'?"),
        ("trad", ["trade", "tradex", "x"], "; did you mean 'trade' or 'tradex'?"),
        ("C2", ["C1", "D9"], "; there are C1, D9"),
        ("ab1", ["1ac", "ba1", "c1"], "; did you mean 'ba1'?"),
        ("claen", ["clean", "claims"], "; did you mean 'clean'?"),
        ("value", ["value_reported", "vault"], "; did you mean 'value_reported'?"),
        ("oil", ["heavy oil", "spoiler"], "; did you mean 'heavy oil'?"),
        ("qqq", ["a", "b", ""], "; there are a, b"),
        ("qqq", map(str, range(41)), "; nothing is near"),
    ],
)
def test_message_ends_in_nearest_words(word, valid, end):
    assert near(word, valid) == end


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("fish", "zsh"),
        ("ls", "claims"),
        ("get", "update"),
        ("B01", "U01"),
        ("BRIC", "rice"),
        ("chna", "chad"),
    ],
)
def test_another_word_is_no_hint(word, other):
    assert nearest(word, [other]) == []


def test_no_more_near_words_than_asked():
    assert nearest("2709", ["27090000", "270900", "8806"], 1) == ["270900"]
