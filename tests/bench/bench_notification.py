"""From the exit of a command to its notification at the client, through the real server.

The command prints the time as its last act; the client reads the clock when `deploy/commandExecuted` arrives. Peer: the same
command's bare exec read by asyncio. Run: `python -m tests.bench.bench_notification`.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.server.raw_client import RawClient

RUNS = 8
TELL = 'printf "%s" "$EPOCHREALTIME"'


def main() -> dict[str, Any]:
    """Medians in milliseconds."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR", "/var/tmp")) as folder:
        home = Path(folder)
        os.environ.update({"HOME": folder, "XDG_DATA_HOME": folder, "XDG_CACHE_HOME": f"{folder}/cache"})
        repo = home / "repo"
        repo.mkdir()
        git = ("git", "-C", str(repo), "-c", "user.name=b", "-c", "user.email=b@example.invalid")
        for arguments in (("init", "-q"), ("commit", "-q", "--allow-empty", "-m", "x")):
            subprocess.run([*git, *arguments], check=True)
        (repo / "file").write_text("x")
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", "x"], check=True)
        ours = [_one(home, repo, number) for number in range(RUNS)]
    bare = asyncio.run(_bare())
    return {"exit_to_notification_ms": round(statistics.median(ours), 2), "bare_exec_exit_to_read_ms": round(bare, 2)}


def _one(home: Path, repo: Path, number: int) -> float:
    """A deployment whose build tells the time and whose app ends at once: only the notification matters."""
    with RawClient(argv=[sys.executable, "-m", "auto_deployer", "server", "--log-dir", str(home / "logs")]) as client:
        client.initialize({"protocolVersion": 1}, home)
        client.request("deploy/start", {
            "repo": str(repo), "deploymentId": f"b{number}", "deployDir": str(home / f"app{number}"), "nonInteractive": True,
            "overrides": {"build": TELL, "start": "exit 1"},
        })  # fmt: skip
        client.receive(lambda message: message.get("method") == "deploy/commandExecuted" and TELL in str(message["params"]))
        arrived = time.time()
        told = next(
            m["params"]["command"]["stdout"] for m in reversed(client.received) if m.get("method") == "deploy/commandExecuted"
        )
        client.notification("deploy/finished")
        return (arrived - float(told)) * 1e3


async def _bare() -> float:
    late = list[float]()
    for _ in range(RUNS * 5):
        child = await asyncio.create_subprocess_exec("bash", "-c", TELL, stdout=asyncio.subprocess.PIPE)
        printed, _ = await child.communicate()
        late.append((time.time() - float(printed)) * 1e3)
    return statistics.median(late)


if __name__ == "__main__":
    print(json.dumps(main()))
