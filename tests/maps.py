"""Maps of tidy files, as the committed catalogue writes them, for files that are invented."""

import copy
import tomllib
from pathlib import Path

CATALOGUE = Path(__file__).parents[1] / "data" / "raw" / "sources.toml"
ENTRIES = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))["source"]
MAPPED = {name: entry for name, entry in ENTRIES.items() if entry["cleaner"] == "tidy.clean"}

# A map as a user writes it, of a file with the columns `month` and `usd`.
WHEAT_MAP = """
[publisher.office]
name = "Office of Invention"
short = "Invention"
home = ""
[source.exports]
publisher = "office"
title = "Wheat to Egypt: USD, by month"
steps = "Made up for a test."
arguments.columns = ["month", "usd"]
[source.exports.arguments.fields]
reporter_iso = "USA"
partner_iso = "EGY"
flow_code = "X"
cmd_code = "1001"
ref_period = { column = "month", form = "month" }
value_reported = { column = "usd" }
currency = "USD"
"""


def tidy(name, **fields):
    """Keys of an entry that reads a file as committed entry `name` does.

    Keyword arguments replace fields of the map; None takes one out.
    """
    arguments = copy.deepcopy(MAPPED[name]["arguments"])
    for field, value in fields.items():
        if value is None:
            arguments["fields"].pop(field, None)
        else:
            arguments["fields"][field] = value
    return {"table": MAPPED[name]["table"], "cleaner": "tidy.clean", "arguments": arguments}
