"""Runs the benchmarks (all, or those named), each in a process of its own; prints the figures and writes `bench-results.json`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def main(names: list[str]) -> None:
    """Run them; a benchmark that fails ends the run."""
    results: dict[str, object] = {}
    for name in names or sorted(path.stem for path in HERE.glob("bench_*.py")):
        printed = subprocess.run([sys.executable, "-m", f"tests.bench.{name}"], stdout=subprocess.PIPE, check=True, cwd=ROOT).stdout
        results[name] = json.loads(printed)
        print(name, json.dumps(results[name], indent=2), flush=True)
    (ROOT / "bench-results.json").write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
