"""One command: overhead of `true` against a bare asyncio exec, and 200 MB of output while another deployment goes on.

Run: `python -m tests.bench.bench_commands`.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from auto_deployer.deploy_log import LogStore, Recorder
from auto_deployer.masking import SecretRegistry
from auto_deployer.model import events as ev
from auto_deployer.model.actions import Execute
from auto_deployer.model.facts import HostFacts
from auto_deployer.model.log import DeploymentLog, StepResult
from auto_deployer.model.plan import DeploymentPlan, DeploymentStep, PlannedCommand
from auto_deployer.model.ports import DeployContext, DeployPaths, Published, StepContext
from auto_deployer.orchestrator.commands import CommandExecutor
from auto_deployer.sessions.local import LocalSession

SAMPLES = 200
OUTPUT_MB = 200


def main() -> dict[str, Any]:
    """All measurements of commands."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR", "/var/tmp")) as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> dict[str, Any]:
    return {**await _overhead(folder), **await _output(folder)}


def _executor(folder: Path, name: str) -> tuple[Recorder, CommandExecutor, StepContext]:
    recorder = Recorder.create(
        LogStore(folder / "agent_logs").reserve(name, datetime.now()), SecretRegistry(), DeploymentLog(deployment_id=name)
    )
    recorder.record(ev.StepStarted(step_id=1, attempt=1, step=StepResult(step_id=1, step_name="bench")))
    session, step = LocalSession(), DeploymentStep(id=1, name="bench", category="build")
    deploy = DeployContext(
        deployment_id=name, paths=DeployPaths(str(folder), "r"), session=session,
        plan=DeploymentPlan(strategy="traditional", steps=(step,)), host=HostFacts(),
    )  # fmt: skip
    return recorder, CommandExecutor(session, recorder, lambda _: None), StepContext(deploy=deploy, step=step)


async def _overhead(folder: Path) -> dict[str, Any]:
    recorder, executor, ctx = _executor(folder, "true")
    floor_file = os.open(folder / "floor", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    ours, bare, syncs = list[float](), list[float](), list[float]()
    for _ in range(SAMPLES):
        begun = time.perf_counter()
        await executor.execute(ctx, Execute(PlannedCommand(command="true")))
        ours.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        child = await asyncio.create_subprocess_exec(
            "bash", "-c", "true", stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        await child.communicate()
        bare.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        os.write(floor_file, b"x" * 1024)
        os.fdatasync(floor_file)
        syncs.append(time.perf_counter() - begun)
    os.close(floor_file)
    recorder.close()
    mine, peer, sync = (statistics.median(times) * 1e6 for times in (ours, bare, syncs))
    return {
        "command_us": round(mine), "bare_exec_us": round(peer), "one_sync_us": round(sync),
        "command_over_bare_exec_plus_two_syncs": round(mine / (peer + 2 * sync), 2),
    }  # fmt: skip


async def _output(folder: Path) -> dict[str, Any]:
    """Delay of another deployment's events while 200 MB stream by, against the same without them."""
    loud, executor, ctx = _executor(folder, "loud")
    other, _, _ = _executor(folder, "other")
    sizes = list[int]()
    loud.subscribe(lambda published: sizes.append(len(published.line)) if isinstance(published.item, ev.OutputChunk) else None)
    quiet = await _delays(other, asyncio.sleep(1))
    process = psutil.Process()
    before = process.memory_info().rss
    peak = before

    async def flood() -> None:
        nonlocal peak
        command = PlannedCommand(command=f"head -c {OUTPUT_MB}000000 /dev/zero | tr '\\0' 'x' | fold -w 120")
        running = asyncio.ensure_future(executor.execute(ctx, Execute(command)))
        while not running.done():
            peak = max(peak, process.memory_info().rss)
            await asyncio.sleep(0.01)
        assert (await running).success

    begun = time.perf_counter()
    busy = await _delays(other, flood())
    seconds = time.perf_counter() - begun
    for recorder in (loud, other):
        recorder.close()
    return {
        "output_mb": OUTPUT_MB, "output_seconds": round(seconds, 2), "output_chunks": len(sizes),
        "output_memory_growth_mb": round((peak - before) / 1e6, 1),
        "other_deployment_delay_p99_ms": round(busy * 1e3, 2), "other_deployment_delay_quiet_p99_ms": round(quiet * 1e3, 2),
    }  # fmt: skip


async def _delays(recorder: Recorder, work: Any) -> float:
    """99th percentile of what an event due every 5 ms is late at its subscriber, in seconds, while `work` runs."""
    late = list[float]()
    due = 0.0

    def see(_: Published) -> None:
        late.append(time.perf_counter() - due)

    recorder.subscribe(see, after_seq=recorder.log.seq)
    running = asyncio.ensure_future(work)
    while not running.done():
        due = time.perf_counter() + 0.005
        await asyncio.sleep(0.005)
        recorder.record(ev.NoteAdded(kind="bench", message="tick"))
    recorder.unsubscribe(see)
    await running
    return statistics.quantiles(late, n=100)[-1]


if __name__ == "__main__":
    print(json.dumps(main()))
