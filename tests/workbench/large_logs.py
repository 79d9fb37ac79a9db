"""A deployment of many commands, written by the real recorder: what a view has to stay fluent with.

`python -m tests.workbench.large_logs agent_logs --commands 2000` writes one that has ended; with `--per-second 200` it is written
at that rate, as a deployment that runs.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime
from pathlib import Path

from auto_deployer.deploy_log import LogStore, Recorder
from auto_deployer.masking import SecretRegistry
from auto_deployer.model import events as ev
from auto_deployer.model.log import CommandRecord, CurrentCommand, DeploymentLog, StepResult, Summary
from auto_deployer.model.plan import DeploymentPlan, DeploymentStep

_STEP = DeploymentStep(id=1, name="Import", category="setup", goal="Every product is in the shop.")


def write(log_dir: Path, name: str, commands: int, per_second: float) -> None:
    """Record it; 0 a second: as fast as it goes."""
    started = datetime.now(UTC)
    path = LogStore(log_dir).reserve(name, datetime.now())
    begun = DeploymentLog(
        deployment_id=name, repo_url=f"https://example.org/{name}.git", target="local", start_time=started.isoformat()
    )
    recorder = Recorder.create(path, SecretRegistry(), begun)
    recorder.record(ev.PlanReady(plan=DeploymentPlan(strategy="traditional", steps=(_STEP,))))
    step = StepResult(step_id=1, step_name=_STEP.name, category=_STEP.category, started_at=started.isoformat())
    recorder.record(ev.StepStarted(step_id=1, attempt=1, step=step))
    first = time.monotonic()
    for number in range(1, commands + 1):
        _command(recorder, number)
        if per_second:
            time.sleep(max(0.0, first + number / per_second - time.monotonic()))
    ended = step.model_copy(update={"status": "success", "ended_at": datetime.now(UTC).isoformat()})
    recorder.record(ev.StepFinished(step_id=1, attempt=1, step=ended))
    summary = Summary(total_steps=1, successful_steps=1, total_commands=commands, duration_seconds=time.monotonic() - first)
    recorder.record(ev.Finished(outcome="success", log_uri=recorder.log_uri, summary=summary))
    recorder.close()


def _command(recorder: Recorder, number: int) -> None:
    now = datetime.now(UTC).isoformat()
    told = CurrentCommand(id=f"c{number}", command=f"./import --product {number}", started_at=now, reasoning=f"Product {number}.")
    recorder.record(ev.CommandStarted(step_id=1, command_id=told.id, attempt=1, command=told))
    record = CommandRecord(
        command=told.command, success=True, exit_code=0, stdout=f"imported product {number}\n" * 20, id=told.id,
        reasoning=told.reasoning, started_at=now, duration_ms=5,
    )  # fmt: skip
    recorder.record(ev.CommandExecuted(step_id=1, command_id=told.id, attempt=1, command=record))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log_dir", type=Path)
    parser.add_argument("--name", default="large")
    parser.add_argument("--commands", type=int, default=2000)
    parser.add_argument("--per-second", type=float, default=0.0)
    options = parser.parse_args()
    write(options.log_dir, options.name, options.commands, options.per_second)


if __name__ == "__main__":
    main()
