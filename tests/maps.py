"""Maps of tidy files, as the committed catalogue writes them, for files that are invented."""

import copy
import hashlib
import json
import tomllib
from datetime import date
from pathlib import Path

from tradeflows.model.source import Source

CATALOGUE = Path(__file__).parents[1] / "data" / "raw" / "sources.toml"
BRENT = "period,usd_per_barrel\n2020-01,63.65\n2020-02,55.66\n"
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


# An entry as the catalogue reads it, of a file that no test needs on the disk.
INVENTED = Source(
    id="demo",
    path="demo/demo.csv",
    publisher="demo",
    title="Invented",
    kind="transcribed",
    licence="not stated",
    vintage="2024-05-01",
    retrieved=date(2024, 6, 30),
    sha256="0" * 64,
    bytes=1,
    table="trade",
    cleaner="tidy.clean",
    rank=1,
    steps="Made up for a test.",
)


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


def source(raw, folder, name, changes):
    """Write the file of an entry below `raw`, and return the entry: of prices, but for changes."""
    keys = dict(changes)
    text = keys.pop("text", BRENT)
    content = (text or "").encode()
    entry = {
        "path": f"{folder}/{name}.csv",
        "publisher": "demo",
        "title": "Invented prices",
        "kind": "transcribed",
        "steps": "Made up for a test.",
        "licence": "not stated",
        "vintage": "2024-05-01",
        "retrieved": date(2024, 6, 30),
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content) or 1,
        **tidy("eia_brent_monthly"),
        "rank": 1,
    } | keys
    if "cleaner" in keys and "arguments" not in keys:
        entry["arguments"] = None  # those of the prices are of no other cleaner
    if text is not None:
        file = raw / folder / f"{name}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return table(
        f"source.{name}", {key: value for key, value in entry.items() if value is not None}
    )


def table(name, keys):
    """A table of TOML."""
    return "\n".join([f"[{name}]", *(f"{key} = {toml(value)}" for key, value in keys.items()), ""])


def toml(value):
    """A value as TOML has it on one line."""
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)} = {toml(each)}" for key, each in value.items())
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return value.isoformat() if isinstance(value, date) else json.dumps(value)
