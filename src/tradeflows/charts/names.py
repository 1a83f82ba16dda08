"""What charts call an entity: a short name where its own is long, else the name of its area."""

from tradeflows.model import codes

SHORT = {
    "EU27_2020": "EU",
    "EU28": "EU with the UK",
    "EU": "EU as it was",
    "EUR": "Euro",
    "CNY": "Yuan",
    "INR": "Rupee",
    "RUB": "Rouble",
    "USD": "US dollar",
    "2709": "Crude oil",
    "2710": "Oil products",
    "2701": "Coal",
    "271121": "Pipeline gas",
    "271111": "LNG",
    "271112": "LPG",
}


def entity_name(code: str) -> str:
    """What readers see for a code: its short name, else the area's, else the code."""
    return SHORT.get(code) or codes.name_or_code(code)
