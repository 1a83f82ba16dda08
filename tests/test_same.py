"""What `make same` says of two trees, on invented ones."""

import pytest
import same


def test_a_number_that_moved_is_named_with_both():
    base = same.keyed([("oil 2020", "value 1.0; weight 2.0"), ("oil 2021", "value 1.0")])
    now = same.keyed([("oil 2020", "value 1.0; weight 2.5"), ("oil 2021", "value 1.0")])
    assert same.differences(base, base) == []
    assert same.differences(base, now) == [
        "1 of 3 differ",
        "  oil 2020",
        "    base: value 1.0; weight 2.0",
        "    now:  value 1.0; weight 2.5",
    ]


def test_an_item_that_is_gone_and_another_order_are_named():
    base = same.keyed([("a", "1"), ("b", "2")])
    assert "    now:  nothing" in same.differences(base, same.keyed([("a", "1")]))
    assert "  order of all" in same.differences(base, same.keyed([("b", "2"), ("a", "1")]))


@pytest.mark.parametrize("empty", [{}, same.keyed([])])
def test_a_topic_that_compares_nothing_is_an_error(empty):
    some = same.keyed([("a", "1")])
    for base, now in ((empty, empty), (some, empty), (empty, some)):
        assert "nothing to compare" in same.differences(base, now)[0]


def test_no_two_items_share_a_name():
    with pytest.raises(ValueError, match="1 items have a name that another has too"):
        same.keyed([("a", "1"), ("a", "2")])
