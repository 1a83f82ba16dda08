"""Do what the tutorial says, by a Python that has tradeflows: ``tutorial.py PYTHON FOLDER``."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PAGE = PROJECT / "docs" / "tutorial.md"
CARRIED = "examples/soybeans/data/raw/comtrade/comtrade_china_soybean_imports_2016_2024.csv"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
WRITTEN = re.compile(r"(write|Add) this (?:as|to) `(\S+)`:\s*$")
PATIENCE = 300  # seconds that one command may take


@dataclass
class Tutorial:
    """The tutorial as it is done: where it stands, its notebook, what each command printed."""

    python: str
    root: Path
    cells: list[dict] = field(default_factory=list)
    printed: dict[str, str] = field(default_factory=dict)

    def do(self, text):
        """Write what the page says to write, and run what it says to run."""
        end = 0
        for fence in FENCE.finditer(text):
            kind, body = fence.groups()
            told = WRITTEN.search(text[end : fence.start()].rstrip())
            end = fence.end()
            if kind == "toml":
                self.write(self.root / told[2], body, is_new=told[1] == "write")
            elif kind in ("python", "markdown"):
                self.cells.append(cell(kind, body.rstrip(), len(self.cells)))
            elif kind == "sh":
                for line in body.splitlines():
                    self.run(line)

    def write(self, path, body, *, is_new):
        before = "" if is_new else path.read_text(encoding="utf-8") + "\n"
        path.write_text(before + body, encoding="utf-8")

    def run(self, line):
        program, *arguments = shlex.split(line)
        if program == "cd":
            self.root = self.root / arguments[0]
            shutil.copy(PROJECT / CARRIED, self.root / "china.csv")
        elif program == "rm":
            (self.root / arguments[-1]).unlink()
            self.write(self.root / "notebooks/01_soybeans.ipynb", notebook(self.cells), is_new=True)
        elif program == "tradeflows":
            self.printed[line] = self.tradeflows(line, arguments)
        else:
            assert line.startswith("pip install "), line

    def tradeflows(self, line, arguments):
        hidden = ("TRADEFLOWS_ROOT", "PYTHONPATH")
        kept = {key: value for key, value in os.environ.items() if key not in hidden}
        done = subprocess.run(
            [self.python, "-m", "tradeflows", *arguments],
            cwd=self.root,
            env=kept | {"NO_COLOR": "1"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout


def cell(kind, source, number):
    made = {"id": f"cell-{number}", "cell_type": kind, "metadata": {}, "source": source}
    if kind == "python":
        made |= {"cell_type": "code", "execution_count": None, "outputs": []}
    return made


def notebook(cells):
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    content = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, indent=1) + "\n"


if __name__ == "__main__":
    tutorial = Tutorial(sys.argv[1], Path(sys.argv[2]))
    tutorial.do(PAGE.read_text(encoding="utf-8"))
    tutorial.run("tradeflows build")
    for command, output in tutorial.printed.items():
        sys.stdout.write(f"$ {command}\n{output}\n")
