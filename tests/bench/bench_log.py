"""The synced log: cost of one more event at 10, 1,000 and 10,000 commands, memory, and SIGKILL at any moment.

Peers: a bare append + fdatasync of the same bytes, and a log rewritten with json.dump. Run: `python -m tests.bench.bench_log`.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from auto_deployer.deploy_log import LogStore, Recorder
from auto_deployer.deploy_log.log_file import ReplacingWriter
from auto_deployer.masking import SecretRegistry
from auto_deployer.model import events as ev
from auto_deployer.model.log import CommandRecord, DeploymentLog, StepResult
from tests.faults.test_recorder_faults import kill_while_writing

SIZES = (10, 1_000, 10_000)
SAMPLES = 300
KILLS = int(os.environ.get("BENCH_KILLS", "100"))
RECORD = CommandRecord(command="true", success=True, exit_code=0, stdout="x" * 1000)


def main() -> dict[str, Any]:
    """All measurements of the log."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR", "/var/tmp")) as folder:
        return {**_sync(Path(folder)), **_memory(Path(folder)), **_kills(Path(folder))}


def _recorder(folder: Path, *, replacing: bool = False) -> Recorder:
    path = LogStore(folder / "agent_logs").reserve("bench", datetime.now())
    recorder = Recorder.create(path, SecretRegistry(), DeploymentLog(deployment_id="bench"))
    if replacing:
        recorder._writer = ReplacingWriter(path)
    recorder.record(ev.StepStarted(step_id=1, attempt=1, step=StepResult(step_id=1, step_name="bench")))
    return recorder


def _sync(folder: Path) -> dict[str, Any]:
    """Microseconds an event; samples of ours and of the floor alternate, so that the disk's mood hits both."""
    line = ev.to_line(ev.CommandExecuted(deployment_id="bench", seq=1, time="t", command_id="c1", command=RECORD)) + b"\n"
    floor_file = os.open(folder / "floor", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def floor() -> None:
        os.write(floor_file, line)
        os.fdatasync(floor_file)

    found: dict[str, Any] = {}
    for name, replacing in (("exchange", False), ("replace", True)):
        recorder = _recorder(folder, replacing=replacing)
        for size in SIZES:
            while len(recorder.log.steps[-1].commands) < size - SAMPLES:
                recorder.record(ev.CommandExecuted(command_id="c1", command=RECORD))
            samples = min(size, SAMPLES)
            ours, bare = _alternate(
                lambda recorder=recorder: recorder.record(ev.CommandExecuted(command_id="c1", command=RECORD)), floor, samples
            )
            found[f"sync_{name}_{size}_us"] = round(ours)
            found[f"sync_{name}_{size}_ratio"] = round(ours / bare, 2)
        recorder.close()
    rewrite = {"steps": [{"commands": [RECORD.model_dump()] * SIZES[-1]}]}
    begun = time.perf_counter()
    with (folder / "rewritten.json").open("w") as file:
        json.dump(rewrite, file, indent=2)
    found["json_dump_10000_us"] = round((time.perf_counter() - begun) * 1e6)
    os.close(floor_file)
    return found


def _alternate(ours: Callable[[], object], peer: Callable[[], object], samples: int) -> tuple[float, float]:
    """Medians in microseconds."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(samples):
        for index, work in enumerate((ours, peer)):
            begun = time.perf_counter()
            work()
            times[index].append((time.perf_counter() - begun) * 1e6)
    return statistics.median(times[0]), statistics.median(times[1])


_MEMORY = """
import psutil, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.bench.bench_log import RECORD, _recorder
import auto_deployer.lsp.server
from auto_deployer.model import events as ev
me = psutil.Process()
recorder = _recorder(Path(sys.argv[1]))
idle = me.memory_info().rss
for number in range(10_000):
    recorder.record(ev.CommandExecuted(command_id=f"c{number}", command=RECORD.model_copy(update={"stdout": f"{number:<1000}"})))
print(idle, me.memory_info().rss, recorder.path.stat().st_size)
"""


def _memory(folder: Path) -> dict[str, Any]:
    root = str(Path(__file__).parents[2])
    printed = subprocess.run(
        [sys.executable, "-c", _MEMORY, str(folder), root], capture_output=True, text=True, check=True, cwd=root
    ).stdout
    idle, after, document = map(int, printed.split())
    return {
        "memory_idle_mb": round(idle / 1e6, 1), "memory_after_10000_commands_mb": round(after / 1e6, 1),
        "document_mb": round(document / 1e6, 1), "memory_ratio": round(after / (1.5 * idle + document), 2),
    }  # fmt: skip


def _kills(folder: Path) -> dict[str, Any]:
    """Torn files and lost commands after SIGKILL at a random moment of a tight loop of commands."""
    dice, torn, lost = random.Random(3), 0, 0
    for number in range(KILLS):
        path, acknowledged = kill_while_writing(folder / f"kill-{number}", dice.randrange(1, 40))
        try:
            seen = json.loads(path.read_bytes())["seq"]
        except ValueError:
            torn += 1
        else:
            lost += max(0, acknowledged - seen)
    return {"kills": KILLS, "torn_after_kill": torn, "lost_after_kill": lost}


if __name__ == "__main__":
    assert psutil
    print(json.dumps(main()))
