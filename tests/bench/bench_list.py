"""`deploy/list` of many logs: without an index, with one on the disk, with one in memory; and a `deploy/get` meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

LOGS = 5000
COMMANDS = 40


def make_logs(folder: Path, count: int = LOGS, commands: int = COMMANDS) -> None:
    """Logs of ended deployments with their journals' first lines, as large as those of a small app."""
    from auto_deployer.deploy_log.document import render
    from auto_deployer.deploy_log.sweep import this_writer
    from auto_deployer.model.log import CommandRecord, DeploymentLog, StepResult

    ran = tuple(
        CommandRecord(command=f"pip install package-{n}", success=True, exit_code=0, stdout="x" * 800, id=f"c{n}")
        for n in range(commands)
    )
    log = DeploymentLog(
        repo_url="https://example.org/shop.git", deploy_dir="/home/u/deployments/shop", host_info={"path": ["/usr/bin"] * 200},
        steps=(StepResult(step_id=1, step_name="Install", status="success", commands=ran),), status="success", seq=100,
        request={"repo": "https://example.org/shop.git"}, writer=this_writer(),
    )  # fmt: skip
    folder.mkdir(mode=0o700)
    began, before = datetime(2026, 1, 1), time.time() - 3600
    for number in range(count):
        when = began + timedelta(minutes=number)
        path = folder / f"deploy_shop_{when:%Y%m%d_%H%M%S}.json"
        path.write_bytes(render(log.model_copy(update={"deployment_id": f"d{number}", "start_time": when.isoformat()})))
        files = path.with_suffix(".files")
        files.mkdir()
        (files / "events.jsonl").write_bytes(b'{"method":"deploy/finished","params":{"seq":100}}\n')
        os.utime(path, (before, before))


async def measure(folder: Path) -> dict[str, float]:
    """Seconds."""
    from auto_deployer.model.requests import ListParams
    from auto_deployer.runner.attached import AttachedRunner

    async def listing(runner: AttachedRunner) -> float:
        began = time.perf_counter()
        rows = (await runner.list_deployments(ListParams())).deployments
        assert len(rows) == LOGS
        return time.perf_counter() - began

    async def getting(runner: AttachedRunner) -> float:
        began = time.perf_counter()
        await runner.get(f"d{LOGS - 1}")
        return time.perf_counter() - began

    first = AttachedRunner(folder)
    without = asyncio.ensure_future(listing(first))
    await asyncio.sleep(0.02)
    meanwhile = await getting(first)
    result = {"without_index_s": await without, "get_meanwhile_s": meanwhile}
    second = AttachedRunner(folder)
    result["index_on_disk_s"] = await listing(second)
    result["in_memory_s"] = min([await listing(second) for _ in range(5)])
    return result


def main() -> None:
    """Print the figures as JSON."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["XDG_CACHE_HOME"] = f"{home}/cache"
        folder = Path(home) / "agent_logs"
        make_logs(folder)
        figures = asyncio.run(measure(folder))
        size = sum(path.stat().st_size for path in folder.glob("*.json"))
    rounded = {name: round(value, 4) for name, value in figures.items()}
    json.dump({"logs": LOGS, "megabytes": round(size / 1e6), **rounded}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
