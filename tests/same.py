"""What a refactoring must not move, compared between a tagged tree and the present one.

usage: python tests/same.py BASE [--fast] [--mutations N]

BASE is a tag, or another commit, that has this file. Both trees are written to build/same; each
accepts all that it announces, by its own package, and says through its own copy of this file what
came of it. The words of refusals may differ: they are in no topic. What the base says is kept in
build/same/BASE.snapshot, a file a topic, and not computed again. `make same` runs it.
"""

import argparse
import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
import tomllib
from io import BytesIO
from pathlib import Path

import pyarrow.parquet as pq

TREE = Path(__file__).resolve().parents[1]  # that this copy of the file belongs to
PLACE = TREE / "build" / "same"
PROJECTS = ("", "examples/soybeans")
FUZZED = 200  # files a format
SHOWN = 20  # differences a topic
WIDTH = 100  # letters of a value that is shown
ACCEPTED = ("control totals", "verdicts")  # topics of what `accept` writes
ROW = ("source_id", "source_row", "source_field")  # where a row of a table comes from
# What tells declared zeros apart, whose place is that of another row.
CELL = ("reporter_iso", "partner_iso", "cmd_code", "flow_code", "breakdown", "ref_period")
KEYS = {
    "control_totals": ("table", "source_id", "year", "measure", "unit"),
    "verdicts": ("claim", "part", "reading"),
}


# --- what a tree says: a topic is a dict of texts by item ----------------------------------------


def keyed(pairs):
    """Return pairs of item and text as a dict, with an item for their order."""
    pairs = list(pairs)
    items = dict(pairs)
    if len(items) < len(pairs):
        raise ValueError(f"{len(pairs) - len(items)} items have a name that another has too")
    return items | {"order of all": digest([*items])}


def digest(value):
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


def tables():
    """Rows of the Parquet tables, and their columns."""
    for project, path in files("data/processed/*.parquet"):
        table = pq.read_table(path)
        kinds = "; ".join(f"{field.name} {field.type}" for field in table.schema)
        yield f"{project}{path.stem}: columns", kinds
        for row in table.to_pylist():
            cells = "; ".join(f"{name} {cell}" for name, cell in row.items() if cell is not None)
            place = " ".join(str(row[name]) for name in (*ROW, *CELL) if name in row)
            yield f"{project}{path.stem}: {place}", cells


def announced(name):
    """Rows of a CSV file that `tradeflows accept` writes."""
    for project, path in files(f"data/{name}.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                item = " ".join(row[key] for key in KEYS[name])
                yield f"{project}{item}", "; ".join(f"{key} {text}" for key, text in row.items())


def ledger():
    """What `tradeflows claims --json` says, value by value."""
    verbs = [tradeflows(project, "--json", "claims") for project in PROJECTS]
    for project, verb in zip(PROJECTS, verbs, strict=True):
        said, _ = verb.communicate()
        if verb.returncode:
            raise ValueError(f"`tradeflows claims` of {project or 'the project'} failed")
        for claim in json.loads(said):
            yield from leaves(claim, f"{project} {claim['id']}".strip())


def leaves(value, item):
    """Each plain value in a nest of dicts and lists, by the way to it."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in inner:
        if isinstance(part, dict | list) and part:
            yield from leaves(part, f"{item} {key}")
        else:
            yield f"{item} {key}", repr(part)


def reads():
    """A digest a column of what `read` answers to each question of the ledgers."""
    from tradeflows import read
    from tradeflows.model.errors import TradeflowsError

    for project, path in files("data/claims.toml"):
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
        for question in dict.fromkeys(map(json.dumps, questions(entries))):
            asked = {"table": "trade", "root": path.parents[1], **json.loads(question)}
            try:
                frame = read(**asked, local=False)
            except TradeflowsError:
                yield f"{project}{question}", "refused"
                continue
            columns = (f"{name} {frame[name].dtype} {digest([*frame[name]])}" for name in frame)
            yield f"{project}{question}", f"{len(frame)} rows; {'; '.join(columns)}"


def questions(entry):
    """Each table of filters below an entry of the ledger."""
    for key, value in entry.items() if isinstance(entry, dict) else enumerate(entry):
        if key in ("read", "other") and isinstance(value, dict):
            yield value
        elif isinstance(value, dict | list):
            yield from questions(value)


def fuzzed(folder):
    """How each mutated file is taken; they are written by the first tree that asks for them."""
    import fuzz_files

    forms = {form.name: form for form in fuzz_files.FORMATS}
    if not folder.is_dir():
        for form in forms.values():
            for i, (raw, _) in enumerate(fuzz_files.mutated(form, FUZZED)):
                path = folder.with_suffix(".part") / form.name / f"{i:03}" / form.file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(raw)
        folder.with_suffix(".part").rename(folder)
    for path in sorted(folder.glob("*/*/*")):
        format_name, number, _ = path.relative_to(folder).parts
        taken, rows = fuzz_files.read(forms[format_name], path)
        yield f"{format_name} {number}", f"{taken} {rows or ''}"


def notebooks():
    """Outputs of the notebooks' cells but pictures, by the cell's place among those of code."""
    for project, path in files("notebooks/*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for i, cell in enumerate(cell for cell in cells if cell["cell_type"] == "code"):
            for j, output in enumerate(cell["outputs"]):
                texts = output.get("data", {"text": output.get("text", output.get("ename"))})
                for kind, text in texts.items():
                    if not kind.startswith("image/"):
                        item = f"{project}{path.name}: cell {i + 1}, output {j + 1}, {kind}"
                        yield item, "".join(text) if isinstance(text, list) else repr(text)


def mutated(n):
    """What becomes of each mutated raw file."""
    import mutate_raw

    for source, kind, number, outcome, says in mutate_raw.outcomes(n):
        yield f"{source}: {kind} {number}", f"{outcome} {digest(says)}"


def files(pattern):
    """Yield files of each project, with the prefix of their items."""
    for project in PROJECTS:
        for path in sorted((TREE / project).glob(pattern)):
            yield f"{project} ".lstrip(), path


def tradeflows(project, *verb, stdout=subprocess.PIPE):
    """Start a verb of this tree's package; each project has a processor."""
    command = [sys.executable, "-m", "tradeflows", "--root", TREE / project, "--quiet", *verb]
    return subprocess.Popen(command, stdout=stdout)


def accept(projects):
    """Announce all of some projects, and return those where that failed."""
    verbs = [tradeflows(project, "accept", stdout=sys.stderr) for project in projects]
    return [project for project, verb in zip(projects, verbs, strict=True) if verb.wait()]


def topics(files, fast, mutations):
    """Return what is compared: a function a topic."""
    found = {
        "tables": tables,
        "control totals": lambda: announced("control_totals"),
        "verdicts": lambda: announced("verdicts"),
        "ledger": ledger,
        "reads": reads,
        "fuzzed files": lambda: fuzzed(Path(files)),
    }
    slow = {"notebooks": notebooks, f"{mutations} mutations a raw file": lambda: mutated(mutations)}
    return found if fast else found | slow


def snapshot(to, **options):
    """Accept all that this tree announces, and write a file a topic that is not there yet."""
    import tradeflows as package

    if not Path(package.__file__).is_relative_to(TREE):
        sys.exit(f"{TREE}: expected its own package, found {package.__file__}; set PYTHONPATH")
    left = PROJECTS if options["fast"] else accept(PROJECTS)
    for project in left:  # where a notebook fails, all else is announced without them
        for path in (TREE / project).glob("notebooks/*.ipynb"):
            path.unlink()
    failed = accept(left)
    for name, said in topics(**options).items():
        path = Path(to) / f"{name}.json"
        if path.exists() or (failed and name in ACCEPTED):
            continue
        began = time.monotonic()
        try:
            text = json.dumps(keyed(said()), ensure_ascii=False)
        except Exception as error:  # the other topics are compared all the same
            print(f"  {name}: {type(error).__name__}: {error}", flush=True)
            continue
        path.with_suffix(".part").write_text(text, encoding="utf-8")
        path.with_suffix(".part").rename(path)
        print(f"  {name}: {time.monotonic() - began:.0f} s", flush=True)


# --- the two trees -------------------------------------------------------------------------------


def git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=TREE, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"git {' '.join(arguments)}: {done.stderr.decode().strip()}")
    return done.stdout


def write_tree(commit, to):
    """Write the tree of a commit to an empty folder, or the present one as it stands."""
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    if commit:
        with tarfile.open(fileobj=BytesIO(git("archive", commit))) as archive:
            archive.extractall(to, filter="data")
        return
    for name in git("ls-files", "-z", "-co", "--exclude-standard").decode().split("\0"):
        if (TREE / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(TREE / name, to / name)


def said_by(name, commit, **options):
    """Return the topics of a tree; those that its snapshot lacks are computed."""
    tree, to = PLACE / name, PLACE / f"{name}.snapshot"
    stamp = to / "commit"
    if not commit or not stamp.is_file() or stamp.read_text() != commit:  # a tag may have moved
        shutil.rmtree(to, ignore_errors=True)
        to.mkdir(parents=True)
        stamp.write_text(commit)
    paths = {topic: to / f"{topic}.json" for topic in topics(**options)}
    if not all(path.exists() for path in paths.values()):
        print(f"{name}:", flush=True)
        write_tree(commit, tree)
        if not (tree / "tests" / "same.py").is_file():
            sys.exit(f"{name} has no tests/same.py to say what came of it; name a later tag")
        env = {key: value for key, value in os.environ.items() if key != "TRADEFLOWS_ROOT"}
        env["PYTHONPATH"] = f"{tree / 'src'}{os.pathsep}{tree / 'tests'}"
        asked = json.dumps({"to": str(to), **options})
        command = [sys.executable, tree / "tests" / "same.py", "--snapshot", asked]
        subprocess.run(command, cwd=tree, env=env, check=False)
    return {
        topic: json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        for topic, path in paths.items()
    }


def differences(base, now):
    """Name what differs in one topic, a line each; none where nothing does."""
    if len(base) < 2 or len(now) < 2:  # the order alone
        return [f"nothing to compare: {len(base)} items of the base, {len(now)} of now"]
    items = [item for item in {**base, **now} if base.get(item) != now.get(item)]
    items.sort(key=lambda item: not (item in base and item in now))  # what moved comes first
    lines = [f"{len(items):,} of {len({**base, **now}):,} differ"] if items else []
    for item in items[:SHOWN]:
        was, is_now = base.get(item, "nothing"), now.get(item, "nothing")
        pairs = enumerate(zip(was, f"{is_now}\n", strict=False))
        differs = next((i for i, (letter, other) in pairs if letter != other), len(was))
        start = max(0, differs - WIDTH // 3)
        lines.append(f"  {item}")
        for name, text in (("base: ", was), ("now:  ", is_now)):
            part = "…" * (start > 0) + text[start : start + WIDTH]
            lines.append(f"    {name}{part}".replace("\n", "\\n"))
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base", help="a tag that has tests/same.py")
    parser.add_argument("--fast", action="store_true", help="no notebooks, no mutated raw files")
    parser.add_argument("--mutations", type=int, default=300, help="a raw file")
    args = parser.parse_args()
    name = args.base.replace("/", "_")
    commit = git("rev-parse", "--verify", f"{args.base}^{{commit}}").decode().strip()
    options = {"files": str(PLACE / f"{name}.snapshot" / "files")} | vars(args)
    del options["base"]
    base, now = said_by(name, commit, **options), said_by("now", "", **options)
    moved = {topic: differences(base[topic], now[topic]) for topic in base}
    for topic, lines in moved.items():
        print(f"{topic}:", "\n".join(lines) or f"same ({len(base[topic]):,})")
    return int(any(moved.values()))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--snapshot"]:
        snapshot(**json.loads(sys.argv[2]))
    else:
        sys.exit(main())
