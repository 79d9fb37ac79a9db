"""Runs every benchmark of this folder in a process of its own, prints its figures and collects them in bench-results.json.

A benchmark is a script `bench_<name>.py` that prints one JSON object; figures that end in "ratio" compare with a bare baseline
measured in the same run, so that they mean the same on any machine. Names given as arguments pick some of them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
RESULTS = Path("bench-results.json")


def main(wanted: list[str]) -> int:
    """Run the benchmarks; 1 when one of them broke."""
    results: dict[str, Any] = {}
    broken = False
    for script in sorted(FOLDER.glob("bench_*.py")):
        name = script.stem.removeprefix("bench_")
        if wanted and name not in wanted:
            continue
        print(f"{name} …", flush=True)
        done = subprocess.run([sys.executable, script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            print(f"  broke (exit code {done.returncode})")
            broken = True
            continue
        results[name] = json.loads(done.stdout)
        show(results[name])
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(f"written to {RESULTS}")
    return 1 if broken else 0


def show(figures: dict[str, Any], indent: str = "  ") -> None:
    """Print figures, nested ones below their name."""
    for name, value in figures.items():
        if isinstance(value, dict):
            print(f"{indent}{name}")
            show(value, indent + "  ")
        else:
            print(f"{indent}{name:<40} {value:.3g}" if isinstance(value, float) else f"{indent}{name:<40} {value}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
