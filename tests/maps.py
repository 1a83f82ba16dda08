"""Maps of tidy files, as the committed catalogue writes them, for files that are invented."""

import copy
import tomllib
from pathlib import Path

CATALOGUE = Path(__file__).parents[1] / "data" / "raw" / "sources.toml"
ENTRIES = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))["source"]
MAPPED = {name: entry for name, entry in ENTRIES.items() if entry["cleaner"] == "tidy.clean"}


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
