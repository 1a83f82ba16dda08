"""Pages of reference that are made from the code, so that they cannot differ from it.

The directive ``from-code`` takes the name of a listing below and stands for its text.
"""

import importlib
import inspect
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, get_origin, get_type_hints

from cyclopts import App
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

import tradeflows
from tradeflows import claims, schema
from tradeflows.claims import answers, describe, ledger, open_words, verdict_rule, word_lists
from tradeflows.cli.arguments import GROUPS, arguments_of, command, names_of
from tradeflows.explore.answer import Answer
from tradeflows.model import absence, codes, contracts, errors, units
from tradeflows.model.periods import FORMS
from tradeflows.publishers.tidy import mapping
from tradeflows.retrieval import project
from tradeflows.tables import filters

ROOT = Path(__file__).parents[1]
KEY = re.compile(r"^#   (\S[^#]*?) {2,}(\S.*)$")
MORE = re.compile(r"^#    +(\S.*)$")
NEXT = re.compile(r"^#( A \w+[:,].*)?$")  # what stands before another list of keys
FEW = 12  # words, so many that a cell of a table lists them
ROLE = re.compile(r":\w+:`~?([^`]+)`")

Listing = Callable[[], Iterable[str]]


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Lines of a table in Markdown."""
    heads = list(heads)
    yield f"| {' | '.join(heads)} |"
    yield "|" + " --- |" * len(heads)
    for row in rows:
        texts = (ROLE.sub(r"`\1`", cell) for cell in row)
        cells = (text.replace("|", r"\|").replace("\n", " ") for text in texts)
        yield f"| {' | '.join(cells)} |"


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _head(path: Path) -> dict[str, str]:
    """What the head of a TOML file says of each key."""
    meanings: dict[str, str] = {}
    names: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        key, more = KEY.match(line), MORE.match(line)
        if key:
            names = [name.strip() for name in key[1].split(",")]
            meanings = dict.fromkeys(names, key[2]) | meanings
        elif more and names:
            meanings |= {name: f"{meanings[name]} {more[1]}" for name in names}
        elif meanings and not NEXT.match(line):
            break  # what follows explains something else
    return meanings


def _attributes(record: Any) -> dict[str, str]:
    """What the docstring of a record or a function says of each attribute or parameter."""
    text = inspect.getdoc(record) or ""
    meanings: dict[str, str] = {}
    names: list[str] = []
    for line in text.partition("----------\n")[2].splitlines():
        if line and not line.startswith(" "):
            names = line.split(", ")
            meanings |= dict.fromkeys(names, "")
        elif line:
            meanings |= {name: f"{meanings[name]} {line.strip()}".strip() for name in names}
    return meanings


def _require(what: str, names: Iterable[str], meanings: Iterable[str]) -> None:
    """Refuse a listing that would leave something out."""
    lacking = set(names) - set(meanings)
    if lacking:
        raise ExtensionError(f"{what}: nothing says what {', '.join(sorted(lacking))} means")


# --- the tables -----------------------------------------------------------------------------------


def _contract(name: str) -> Iterator[str]:
    contract = schema.TABLES.get(name, schema.DAYS)
    if name in schema.TABLES:
        about = contract.metadata[b"about"].decode()
        yield from (f"One row is {about}. Fields of the key are bold.", "")
    rows = []
    for field in contract:
        told = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
        is_key = told.get("key") == "yes"
        shown = f"**`{field.name}`**" if is_key else f"`{field.name}`"
        words = json.loads(told.get("allowed", "[]"))
        allowed = _code(words[:FEW]) + (", …" if len(words) > FEW else "")
        rows.append([shown, str(field.type), told.get("unit", ""), told.get("note", ""), allowed])
    yield from _table(["field", "type", "unit", "meaning", "allowed"], rows)


def _filters() -> Iterator[str]:
    """Each table's filters, with what its contract says of their columns."""
    for name, columns in filters.FILTERS.items():
        yield from ("", f"Of `{name}`:", "")
        rows = []
        for word, column in columns.items():
            note = (schema.TABLES[name].field(column).metadata or {}).get(b"note", b"").decode()
            rows.append([f"`{word}`", f"`{column}`", note])
        yield from _table(["filter", "column", "meaning"], rows)


def _flags() -> Iterator[str]:
    yield from _table(["flag", "meaning"], ([f"`{f}`", text] for f, text in schema.FLAGS.items()))


# --- the ledger -----------------------------------------------------------------------------------

# The tables of the ledger, and what a key means in one of them alone.
PART = tuple(get_type_hints(ledger.PartEntry))
ENTRIES: dict[str, tuple[Iterable[str], Mapping[str, str]]] = {
    "the file": (get_type_hints(ledger.FileEntry), {}),
    "[claim.ID]": ([key for key in get_type_hints(ledger.ClaimEntry) if key not in PART], {}),
    "[[claim.ID.part]]": (PART, {}),
    "claimed": (ledger.CLAIMED, {}),
    "asks": (verdict_rule.KEYS, {}),
    "[[claim.ID.reading]] and [[claim.ID.part.reading]]": (
        (*get_type_hints(ledger.Reading), "other_steps"),
        {},
    ),
    "also": (ledger.SECOND, {}),
    "one of terms": (ledger.TERM, {}),
    "[series.NAME]": ((*verdict_rule.KEYS, "release"), {}),
    "[[series.NAME.release]]": (
        get_type_hints(ledger.ReleaseEntry),
        {"name": "what the release is called", "read": "what to ask of `read` for its rows"},
    ),
    "[[sentence]]": (
        get_type_hints(ledger.Sentence),
        {"words": "the sentence in our words"},
    ),
}
# Keys that neither the head of the ledger nor a record explains in words of its own.
PLAIN = {
    "claim": "the claims, by id",
    "value": "the number",
    "unit": "its unit; of a reading, what a sum or a difference of several numbers comes to",
    "qualifier": "= or what stands before the number: >, <, ≥, ≤, ~ (about so much)",
    "low": "the lower end, of a range",
    "high": "the upper end, of a range",
    "goods": "a code, or several that are added up",
    "reporter": "whose figures",
    "partner": "with whom",
    "flow": "M imports, X exports",
    "route": "`by sea` or `by pipe`; absent: all routes",
    "measure": "what is measured, in the words below: value, share of weight, growth of value, …",
    "start": "first month or year",
    "end": "last month or year",
    "base": "the window that a change is compared with",
    "other_steps": "measures with their arguments, applied to the rows of `other`",
    "release": "each release, with `name` and `read`",
    "releases": "releases of just this number, by name: what to ask of `read`",
    "reading": "what can answer it, each as below",
    "claims": "ids of the claims that answer it",
    "notebook": "the notebook that answers it",
    "judgement": "true where trade has nothing to say on it",
    "who": "who said it, where no row of figures does",
    "where": "day and place, without who, likewise, such as 31 July 2019, page 3: the day has no "
    "key of its own, since what is judged is the window in `asks`",
}


def _ledger_keys() -> Iterator[str]:
    records = _attributes(ledger.Claim) | _attributes(ledger.Reading)
    meanings = records | _head(ROOT / "data" / "claims.toml") | PLAIN
    for entry, (keys, own) in ENTRIES.items():
        _require(f"the ledger, {entry}", keys, meanings | own)
        yield from ("", f"**`{entry.replace(' and ', '`** and **`')}`**", "")
        rows = ([f"`{key}`", (meanings | own)[key]] for key in keys)
        yield from _table(["key", "meaning"], rows)


COMBINED = {
    "share": "100 × the first / the sum of the others",
    "growth": "100 × (the first / the sum of the others − 1)",
    "difference": "the first − the sum of the others",
    "sum": "all together",
    "ratio": "the first / the sum of the others",
}


def _combinations() -> Iterator[str]:
    """What a reading makes of several numbers."""
    _require("combine", ledger.COMBINATIONS, COMBINED)
    rows = ([f"`{name}`", COMBINED[name]] for name in ledger.COMBINATIONS)
    yield from _table(["combine", "of its terms"], rows)


def _units() -> Iterator[str]:
    rows = (
        [f"`{unit}`", f"{size:.9g} {base}"]
        for unit, (base, size) in units.SIZES.items()
        if unit != base
    )
    yield from _table(["unit", "is"], rows)
    yield from ("", f"Each may be counted by {_code(units.COUNTED_BY)}.")
    yield "Money is in a code of ISO 4217, or in the plain name that readers see: `JPY` or `yen`."


def _measure_words() -> Iterator[str]:
    """What the key `measure` of a claim is called, by the measures of its reading."""
    quantities: dict[str, list[str]] = {}
    for column, quantity in answers.QUANTITIES.items():
        quantities.setdefault(quantity, []).append(column)
    rows = ([f"`{quantity}`", _code(columns)] for quantity, columns in quantities.items())
    yield from _table(["quantity", "column of the table trade"], rows)
    yield ""
    yield "What an article calls a volume is a quantity, or a weight, as its unit says."
    yield ""
    rows = (
        [f"`{name}`", "" if column in ("", "given") else f"`{column}`", f"`{words}`"]
        for name in sorted(ledger.every_measure().keys() - {"scale"})
        for column, words in _results_of(name).items()
    )
    yield from _table(["after the measure", "by its result", "a value is called"], rows)
    yield ""
    yield "Another result is refused. In another currency than dollars a growth, a change or a"
    yield "displacement names it: `growth of value in EUR`. A share in another whole than the same"
    yield "goods of all partners names that: `share of value in TOTAL`."


def _results_of(measure: str) -> dict[str, str]:
    """What a measure makes of a value, by its result; by none where its own name says it."""
    results = answers.RESULTS.get(measure, {"": f"{measure} of {{}}"})
    return {column: text.format("value") for column, text in results.items()}


def _reasons() -> Iterator[str]:
    settles = word_lists.word_list("ledger")["settles"]
    rows = ([reason, text, settles[reason]] for reason, text in ledger.REASONS.items())
    yield from _table(["reason", "meaning", "what would settle it"], rows)


# What each public word tells somebody who reads nothing else.
PUBLIC = {
    verdict_rule.HOLDS: "public figures bear it out",
    verdict_rule.LEANS_YES: "what there is says yes, from one side alone",
    verdict_rule.DEPENDS: "right in one sense or part, and not in another",
    verdict_rule.LEANS_NO: "what there is says no, from one side alone",
    verdict_rule.DIFFERS: "public figures say otherwise",
    verdict_rule.CANNOT_BE_TOLD: "no figure held here settles it",
}


def _verdicts() -> Iterator[str]:
    _require("the verdicts", verdict_rule.VERDICTS, verdict_rule.WHEN)
    rows = ([word, text, verdict_rule.GROUPS[word]] for word, text in verdict_rule.WHEN.items())
    yield from _table(["verdict", "when", "public word"], rows)


def _public_words() -> Iterator[str]:
    _require("the public words", verdict_rule.PUBLIC_WORDS, PUBLIC)
    rows = ([describe.MARKS[word], word, PUBLIC[word]] for word in verdict_rule.PUBLIC_WORDS)
    yield from _table(["sign", "word", "what it says"], rows)


ROLES = {
    verdict_rule.AS_STATED: "asks what the claim asks, in all keys",
    verdict_rule.ALTERNATIVE: "differs only in keys that the words leave open",
    verdict_rule.BOUND: "a number that the figure cannot pass; it can refute, and bear out an "
    "inequality or a lean",
    verdict_rule.OTHER_MEASURE: "value where the words ask weight, or the other way round; it may "
    "vote, and never decides",
    verdict_rule.WITHIN: "some of the months, or some of the goods with the reason why the others "
    "cannot turn it; it may vote",
    verdict_rule.OTHER_CONCEPT: "differs in a key that is not open; shown, and says nothing",
}


def _roles() -> Iterator[str]:
    _require("the rule", verdict_rule.ROLES, ROLES)
    yield from _table(["role", "meaning"], ([role, ROLES[role]] for role in verdict_rule.ROLES))


def _witnesses() -> Iterator[str]:
    kinds = verdict_rule.WITNESSES
    _require("who counted", {*verdict_rule.KINDS, *contracts.WITNESSES}, kinds)
    rows = ([kind, *kinds[kind]] for kind in kinds)
    yield from _table(["witness", "what it is", "its vote"], rows)


def _admitted(values: Sequence[str]) -> str:
    """What a key admits beside what is asked."""
    if not values:
        return "anything; the readings listed stand for all"
    words = {"": "all", "{year}-01": "January of that year", "{end}": "the month itself"}
    return ", ".join(words.get(value) or _code([value]) for value in values)


def _open_words() -> Iterator[str]:
    """The package's table of what words leave open."""
    rows = []
    for row in open_words.table():
        about = [f"of {_code(row.measures)}"] if row.measures else []
        about += [f"of goods {row.goods}"] if row.goods else []
        about += [f"without {_code(row.unless)}"] if row.unless else []
        leaves = [f"`{key}`: {_admitted(values)}" for key, values in row.leaves.items()]
        leaves += [f"nothing; asked is {' or '.join(row.asks)}"] if row.asks else []
        rows.append([_code(row.words), "; ".join(about), "; ".join(leaves), row.because])
    yield from _table(["words", "in a claim", "leave open", "because"], rows)


# --- the catalogue and the project ----------------------------------------------------------------


def _catalogue_keys() -> Iterator[str]:
    from tradeflows.model.source import Source

    meanings = _head(ROOT / "data" / "raw" / "sources.toml")
    keys = [name for name in get_type_hints(Source) if name != "id"]
    _require("the catalogue", keys, meanings)
    yield from _typed(Source, keys, meanings)


TYPES = {
    str: "text",
    int: "whole number",
    bool: "true or false",
    date: "day, without quotes",
    Mapping: "table",
    Sequence: "list of tables",
}


def _typed(record: Any, keys: Iterable[str], meanings: Mapping[str, str]) -> Iterator[str]:
    """Keys of an entry with their types and meanings."""
    hints = get_type_hints(record)
    rows = []
    for key in keys:
        kind = get_origin(hints[key]) or hints[key]
        rows.append([f"`{key}`", TYPES[kind], meanings[key]])
    yield from _table(["key", "type", "meaning"], rows)


def _absence_keys() -> Iterator[str]:
    _require("absent", (*absence.REQUIRED, *absence.NARROWED_BY), absence.KEYS)
    rows = (
        [f"`{key}`", "text", "yes" if key in absence.REQUIRED else "", meaning]
        for key, meaning in absence.KEYS.items()
    )
    yield from _table(["key", "type", "needed", "meaning"], rows)


def _licences() -> Iterator[str]:
    path = ROOT / "data" / "raw" / "sources.toml"
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["source"].values()
    rows = ([f"`{entry['path']}`", entry["licence"], entry.get("via", "")] for entry in entries)
    yield from _table(["file", "licence", "carried by"], rows)


def _publisher_keys() -> Iterator[str]:
    from tradeflows.model.source import Publisher

    meanings = _attributes(Publisher)
    keys = list(get_type_hints(Publisher))
    _require("a publisher", keys, meanings)
    yield from _typed(Publisher, keys, meanings)


# What a map need not say of a trade row, where it follows from what the map does say.
FOLLOWING = {
    "partner_role": "origin of imports, destination of exports",
    "freq_code": "that of the form of the period",
    "n_months": "that of the form of the period",
    "primary_value_usd": "the value, where its currency is the dollar",
    "area_system": "that of the field's key `areas`, or iso3",
}


def _map_defaults() -> Iterator[str]:
    """What a map need not say, and what a row has then."""
    values = {**mapping.DEFAULTS["trade"], **FOLLOWING}
    texts = {name: "empty" if value in ("", None) else str(value) for name, value in values.items()}
    yield from _table(
        ["field", "where the map does not say it"],
        ([f"`{name}`", text] for name, text in texts.items()),
    )


MAP_RECORDS = (
    ("a field", mapping.Value, ()),
    ("a condition", mapping.Condition, ()),
    ("a flag, beside those of a condition", mapping.Flag, (mapping.Condition,)),
    ("a record that is left out, likewise", mapping.LeftOut, (mapping.Condition,)),
)
MAP_PARTS = ("columns", "fields", "rows", "left_out", "title_lines", "footnotes_from")


def _map_keys() -> Iterator[str]:
    parts = _attributes(mapping.Map) | _attributes(mapping.Marks)
    keys = [*MAP_PARTS, *mapping.Marks.__struct_fields__]
    _require("the map", keys, parts)
    yield from ("Of the file:", "")
    yield from _table(["key", "meaning"], ([f"`{key}`", parts[key]] for key in keys))
    for what, record, bases in MAP_RECORDS:
        meanings = _attributes(record)
        known = {name for base in bases for name in base.__struct_fields__}
        keys = [name for name in record.__struct_fields__ if name not in known]
        _require(f"the map, {what}", keys, meanings)
        yield from ("", f"Of {what}:", "")
        yield from _table(["key", "meaning"], ([f"`{key}`", meanings[key]] for key in keys))


def _area_systems() -> Iterator[str]:
    codes_of: dict[str, list[str]] = {}
    for row in codes.rows_of("area_codes.csv"):
        codes_of.setdefault(row["system"], []).append(row["code"])
    rows = (
        [f"`{system}`", f"{_code(listed[1:4])}, …"] for system, listed in sorted(codes_of.items())
    )
    yield from _table(["system", "its codes are"], rows)


def _forms() -> Iterator[str]:
    rows = ([f"`{name}`", form.what] for name, form in FORMS.items())
    yield from _table(["form", "how a period is written"], rows)


def _project_keys() -> Iterator[str]:
    meanings = _attributes(project.Project)
    keys = list(get_type_hints(project.Project))
    _require("project.toml", keys, meanings)
    yield from _table(["key", "meaning"], ([f"`{key}`", meanings[key]] for key in keys))


# --- the command line -----------------------------------------------------------------------------


def _verbs() -> Iterator[str]:
    verbs = command()
    for group in GROUPS:
        yield from ("", f"## {group}", "")
        for name in names_of(GROUPS[group]):
            verb = verbs[name]
            yield from (f"### `tradeflows {name}`", "", _first_line(verb), "")
            yield from _table_of_arguments(verb)
            for below in (each for each in verb if not each.startswith("-")):
                yield from (f"`tradeflows {name} {below}`: {_first_line(verb[below])}", "")
                yield from _table_of_arguments(verb[below])


def _first_line(verb: App) -> str:
    return verb.help.partition("\n")[0]


def _table_of_arguments(verb: App) -> Iterator[str]:
    rows = [[_code(each.names), each.parameter.help or ""] for each in arguments_of(verb)]
    if rows:
        yield from _table(["argument", "meaning"], rows)
    yield ""


CODES = {
    0: "done",
    1: "the data are not as expected; of `check` also: not as announced, or, before the first "
    "`tradeflows accept`, not announced yet",
    2: "the command was not",
    130: "interrupted from the keyboard",
    143: "ended by another program",
}


def _exit_codes() -> Iterator[str]:
    yield from _table(["status", "meaning"], ([str(code), text] for code, text in CODES.items()))
    yield from ("", "What raises which:", "")
    rows = []
    for name, member in vars(errors).items():
        if inspect.isclass(member) and issubclass(member, errors.TradeflowsError):
            code = 2 if issubclass(member, errors.QueryError) else 1
            rows.append([f"`{name}`", str(code), (inspect.getdoc(member) or "").split("\n\n")[0]])
    yield from _table(["error", "status", "meaning"], rows)


def _make_targets() -> Iterator[str]:
    """Each target of the Makefile with the plain commands that it runs."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", "")
    rules = re.findall(r"^([^\s#:]+):(?!=) *([^#\n]*)(?:## (.*))?\n((?:\t.*\n)*)", text, flags=re.M)
    recipe_of = {target: recipe for target, _, _, recipe in rules if recipe}
    for target, needed, what, recipe in rules:
        if not what or target == "help":
            continue
        for name in needed.split()[-1:]:  # what a target only names is made by what it needs
            recipe = recipe or recipe_of[name]
        yield from (f"## `make {target}`", "", f"{what[0].upper()}{what[1:]}.", "", "```sh")
        # What make itself needs is silent, or a stamp.
        plain = [line for line in recipe.splitlines() if "touch" not in line and line[1] != "@"]
        yield from map(_plain, plain)
        yield from ("```", "")


def _plain(line: str) -> str:
    """A line of a recipe as it is typed, with what make would use unless it is told otherwise."""
    line = re.sub(r"\$\(or \$\(\w+\),(\w+)\)", r"\1", line.strip())
    line = re.sub(r"\$\(if .*\) (?=--)", "", line)
    return " ".join(re.sub(r"\$\((?:BIN\)/|LAB\)|LOCK\))", "", line).split())


# --- public functions -----------------------------------------------------------------------------


def _functions() -> Iterator[str]:
    names = [name for name in tradeflows.__all__ if inspect.isfunction(getattr(tradeflows, name))]
    yield from _auto("tradeflows", names)


def _answer() -> Iterator[str]:
    """What an answer can do, beside all that a frame can."""
    where = "tradeflows.explore.answer.Answer"
    shown = ("```{eval-rst}", f".. autoclass:: {where}", "   :no-members:", "```", "")
    yield from ("### `Answer`", "", *shown)
    for name, member in vars(Answer).items():
        if name.startswith("_") or not inspect.getdoc(member):
            continue
        kind = "automethod" if inspect.isfunction(member) else "autoattribute"
        yield from (f"### `{name}`", "", "```{eval-rst}", f".. {kind}:: {where}.{name}", "```", "")


def _measures() -> Iterator[str]:
    yield from _auto("tradeflows.measures", sorted(ledger.every_measure() | {"stack": None}))


def _charts() -> Iterator[str]:
    from tradeflows import charts

    names = [name for name in charts.__all__ if inspect.isfunction(getattr(charts, name))]
    yield from _auto("tradeflows.charts", names)


def _claims() -> Iterator[str]:
    names = [name for name in claims.__all__ if inspect.isfunction(getattr(claims, name))]
    yield from _auto("tradeflows.claims", names)


def _auto(module: str, names: Iterable[str]) -> Iterator[str]:
    """Functions, in a table of a line each, then one by one."""
    names = [*names]
    of_module = importlib.import_module(module)
    lines_of = {name: inspect.getdoc(getattr(of_module, name)) or "" for name in names}
    rows = [[f"[`{name}`](#{name})", text.partition("\n\n")[0]] for name, text in lines_of.items()]
    yield from (*_table(["function", "what it does"], rows), "")
    for name in names:
        lines = [f".. autofunction:: {module}.{name}"]
        yield from (f"## `{name}`", "", "```{eval-rst}", *lines, "```", "")


LISTINGS: dict[str, Listing] = {
    "absence-keys": _absence_keys,
    "answer": _answer,
    "area-systems": _area_systems,
    **{f"table-{name}": (lambda name=name: _contract(name)) for name in [*schema.TABLES, "days"]},
    "catalogue-keys": _catalogue_keys,
    "charts": _charts,
    "claims": _claims,
    "combinations": _combinations,
    "exit-codes": _exit_codes,
    "filters": _filters,
    "flags": _flags,
    "forms": _forms,
    "functions": _functions,
    "ledger-keys": _ledger_keys,
    "licences": _licences,
    "make-targets": _make_targets,
    "map-defaults": _map_defaults,
    "map-keys": _map_keys,
    "measure-words": _measure_words,
    "measures": _measures,
    "open-words": _open_words,
    "project-keys": _project_keys,
    "public-words": _public_words,
    "publisher-keys": _publisher_keys,
    "reasons": _reasons,
    "roles": _roles,
    "units": _units,
    "verbs": _verbs,
    "verdicts": _verdicts,
    "witnesses": _witnesses,
}


class FromCode(SphinxDirective):
    """The directive ``from-code NAME``."""

    required_arguments = 1

    def run(self) -> list[Any]:
        """Return the listing, parsed as the page itself is."""
        name = self.arguments[0]
        if name not in LISTINGS:
            raise self.error(f"no listing {name!r}; there are {', '.join(sorted(LISTINGS))}")
        text = "\n".join(LISTINGS[name]())
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the directive known."""
    app.add_directive("from-code", FromCode)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
