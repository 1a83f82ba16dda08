import pytest

from tradeflows.model.errors import near, nearest


@pytest.mark.parametrize(
    ("word", "valid", "end"),
    [
        ("licens", ["licence", "title"], "; did you mean 'licence'?"),
        ("CHNA", ["China", "china", "India"], "; did you mean 'China'?"),
        ("trad", ["trade", "tradex", "x"], "; did you mean 'trade' or 'tradex'?"),
        ("C2", ["C1", "D9"], "; did you mean 'C1'? There are C1, D9"),
        ("qqq", ["a", "b", ""], "; there are a, b"),
        ("qqq", map(str, range(41)), "; nothing is near"),
    ],
)
def test_message_ends_in_nearest_words(word, valid, end):
    assert near(word, valid) == end


def test_no_more_near_words_than_asked():
    assert nearest("2709", ["27090000", "270900", "8806"], 1) == ["270900"]
