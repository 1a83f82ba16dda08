"""Run every benchmark, one after another: ``python benchmarks``."""

import subprocess
import sys
from pathlib import Path

for script in sorted(Path(__file__).parent.glob("[!_]*.py")):
    sys.stdout.write(f"{script.name}\n")
    sys.stdout.flush()
    subprocess.run([sys.executable, str(script)], check=True)
