"""A call in words, as progress and plans have it."""

import pytest

from tradeflows.retrieval import comext_service
from tradeflows.retrieval.comtrade import Call

CALLS = {
    Call(
        ("156", "398"), ("202401", "202402"), ("all",), ("27", "1001", "2709"), ("M", "X")
    ): "China and Kazakhstan, imports and exports of mineral fuels and 2 more with every partner, "
    "January to February 2024",
    Call(
        ("156", "398", "31"), ("2022", "2023"), ("0",), ("TOTAL",), ("RX",)
    ): "China and 2 more, re-exports of all goods to the world, 2022 to 2023",
    Call(
        (), ("2019", "2020", "2022"), ("643", "0"), ("AG6",), ("X",)
    ): "every reporter, exports of goods by HS subheading to Russia and the world, 2019 to 2020 "
    "and 2022",
    comext_service.question(
        "Germany,France", "Russia", "M", "2709,27090090", "2023-03", "2024"
    ): "Germany and France, imports of crude oil and CN 27090090 from Russia, "
    "March 2023 to December 2024",
}


@pytest.mark.parametrize("call", CALLS, ids=CALLS.get)
def test_a_call_is_a_line_in_words(call):
    assert str(call) == CALLS[call]
