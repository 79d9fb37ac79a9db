"""Runs every benchmark in a process of its own, prints the figures, writes them to `bench-results.json`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BENCHES = ("bench_log", "bench_commands", "bench_notification", "bench_server")


def main() -> None:
    """Run all; a benchmark that fails ends the run."""
    root = Path(__file__).parents[2]
    results: dict[str, object] = {}
    for name in BENCHES:
        printed = subprocess.run([sys.executable, "-m", f"tests.bench.{name}"], stdout=subprocess.PIPE, check=True, cwd=root).stdout
        results[name] = json.loads(printed)
        print(name, json.dumps(results[name], indent=2), flush=True)
    (root / "bench-results.json").write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
