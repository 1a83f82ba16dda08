"""UN Comtrade's codes of the parts of a total: modes of transport and customs procedures."""

TRANSPORT = {
    "1000": "air",
    "2000": "water",
    "2100": "sea",
    "2200": "inland waterway",
    "2900": "other water",
    "3000": "land",
    "3100": "railway",
    "3200": "road",
    "3900": "other land",
    "9000": "another mode",
    "9100": "pipelines and cables",
    "9110": "pipelines",
    "9120": "cables",
    "9190": "other pipelines and cables",
    "9200": "post",
    "9300": "self-propelled",
    "9900": "other",
}
PROCEDURE = {
    "C01": "clearance for home use",
    "C02": "reimport in the same state",
    "C03": "outright export",
    "C04": "customs warehouses",
    "C05": "free zone",
    "C06": "inward processing",
    "C07": "outward processing",
    "C08": "drawback",
    "C09": "processing for home use",
    "C10": "coastwise carriage",
    "C11": "customs offences",
    "C12": "travellers",
    "C13": "postal traffic",
    "C14": "stores",
    "C15": "relief consignments",
    "C20": "not elsewhere specified",
}


def group_of_mode(code: str) -> list[str]:
    """The modes of transport that contain one: of sea, 2100, water, 2000."""
    groups = [code[:1] + "000", code[:2] + "00"]
    return [group for group in groups if group != code and group in TRANSPORT]
