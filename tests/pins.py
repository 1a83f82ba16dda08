"""Write the versions of requirements.lock into environment.yml. `make lock` runs it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Give each package of environment.yml the version of the lock."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = dict(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", lock, flags=re.M))
    path = ROOT / "environment.yml"
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        name, equals, _ = line.removeprefix("  - ").partition("=")
        if equals and name in pins:
            lines[number] = f"  - {name}={pins[name]}"
    path.write_text("\n".join([*lines, ""]), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
