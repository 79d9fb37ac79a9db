"""What it costs to let deployments outlive the server: from a command's exit to its notification, and the time of `deploy/start`.

The same deployment attached and detached, in turn, so that the machine's moods fall on both. The command prints the time as its
last act; the client reads the clock when `deploy/commandExecuted` arrives. Run: `python -m tests.bench.bench_detached`.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.bench_notification import TELL
from tests.server.raw_client import RawClient

RUNS = 8
COMMANDS = 5
"""Commands that tell the time, in each run."""


def main() -> dict[str, Any]:
    """Medians in milliseconds."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR", "/var/tmp"), ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        os.environ.update({
            "HOME": folder, "XDG_DATA_HOME": folder, "XDG_CACHE_HOME": f"{folder}/cache",
            "AUTO_DEPLOYER_BUDGET_MAX_ATTEMPTS": str(COMMANDS + 1),
        })  # fmt: skip
        repo = _repo(home / "repo")
        late: dict[bool, list[float]] = {True: [], False: []}
        begin: dict[bool, list[float]] = {True: [], False: []}
        for number in range(RUNS):
            for attached in (True, False):
                started, notified = _one(home, repo, f"b{number}-{attached}", attached=attached)
                begin[attached].append(started)
                late[attached] += notified
    attached_ms, detached_ms = (statistics.median(late[attached]) for attached in (True, False))
    return {
        "attached_exit_to_notification_ms": round(attached_ms, 2), "detached_exit_to_notification_ms": round(detached_ms, 2),
        "difference_ms": round(detached_ms - attached_ms, 2),
        "attached_start_ms": round(statistics.median(begin[True]), 1),
        "detached_start_ms": round(statistics.median(begin[False]), 1),
    }  # fmt: skip


def _repo(folder: Path) -> Path:
    folder.mkdir()
    (folder / "file").write_text("x")
    git = ("git", "-C", str(folder), "-c", "user.name=b", "-c", "user.email=b@example.invalid")
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "x")):
        subprocess.run([*git, *arguments], check=True)
    return folder


def _one(home: Path, repo: Path, deployment_id: str, *, attached: bool) -> tuple[float, list[float]]:
    """How long `deploy/start` took, and how late each notification was, of a deployment whose build fails and is tried again."""
    late: list[float] = []
    with RawClient(argv=[sys.executable, "-m", "auto_deployer", "server", "--log-dir", str(home / "logs")]) as client:
        client.initialize({"protocolVersion": 1, "interaction": ["choice"]}, home, initializationOptions={"attached": attached})
        client.result("deploy/list")  # the runner is loaded
        began = time.perf_counter()
        client.result("deploy/start", {
            "repo": str(repo), "deploymentId": deployment_id, "deployDir": str(home / deployment_id),
            "overrides": {"build": f"{TELL}; exit 1", "start": "exit 1"},
        })  # fmt: skip
        started = (time.perf_counter() - began) * 1e3
        for _ in range(COMMANDS):
            executed = client.receive(_told)
            late.append((time.time() - float(executed["params"]["command"]["stdout"])) * 1e3)
            asked = client.receive(lambda message: message.get("method") == "deploy/ask")
            client.send({"jsonrpc": "2.0", "id": asked["id"], "result": {"optionId": "retry"}})
        client.result("deploy/cancel", {"deploymentId": deployment_id})
        client.notification("deploy/finished")
        client.finish()
    return started, late


def _told(message: dict[str, Any]) -> bool:
    return message.get("method") == "deploy/commandExecuted" and TELL in message["params"]["command"]["command"]


if __name__ == "__main__":
    print(json.dumps(main()))
