"""Log documents for view tests: events of a small deployment, folded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from auto_deployer.model import events as ev
from auto_deployer.model.fold import apply, begin
from auto_deployer.model.log import AppInfo, CommandRecord, CurrentCommand, DeploymentLog, StepResult, Summary
from auto_deployer.model.plan import DeploymentPlan, DeploymentStep
from auto_deployer.model.reasons import Kind, Reason
from auto_deployer.model.suggestions import suggest

STEPS = ("Check the host", "Install dependencies", "Verify")
T0 = "2026-11-24T07:00:00.000000+00:00"
T2 = "2026-11-24T07:00:02.000000+00:00"


def plan(names: tuple[str, ...] = STEPS) -> DeploymentPlan:
    steps = tuple(DeploymentStep(id=number, name=name, category="setup") for number, name in enumerate(names, 1))
    return DeploymentPlan(strategy="traditional", steps=steps)


def command(text: str, *, exit_code: int = 0, stdout: str = "", stderr: str = "") -> CommandRecord:
    return CommandRecord(
        command=text, success=exit_code == 0, exit_code=exit_code, id="c1", duration_ms=1200, stdout=stdout, stderr=stderr
    )


def failing_deployment() -> list[ev.Event]:
    """Two steps begin, the second one's second command fails."""
    return [
        ev.Started(log=DeploymentLog(deployment_id="d1", repo_url="https://host/shop"), log_uri="file:///logs/deploy_shop.json"),
        ev.PlanReady(plan=plan()),
        ev.StepStarted(step=StepResult(step_id=1, step_name=STEPS[0], started_at=T0)),
        ev.StepFinished(step=StepResult(step_id=1, step_name=STEPS[0], status="success", started_at=T0, ended_at=T2)),
        ev.StepStarted(step=StepResult(step_id=2, step_name=STEPS[1], started_at=T0)),
        ev.CommandStarted(command=CurrentCommand(id="c1", command="python3 -m venv .venv", started_at=T0)),
        ev.CommandExecuted(command=command("python3 -m venv .venv", stdout="".join(f"line {n}\n" for n in range(20)))),
        ev.CommandStarted(command=CurrentCommand(id="c2", command="pip install flsk", started_at=T0)),
        ev.CommandExecuted(
            command=command("pip install flsk", exit_code=1, stdout="Collecting flsk\n", stderr="ERROR: No matching\n")
        ),
        ev.StepFinished(
            step=StepResult(
                step_id=2, step_name=STEPS[1], status="failed", started_at=T0, ended_at=T2,
                reason=Reason(kind=Kind.COMMAND_FAILED, message="`pip install flsk` failed.\nERROR: No matching"),
            )
        ),
        ev.StepFinished(step=StepResult(step_id=3, step_name=STEPS[2], status="blocked")),
        ev.Finished(
            outcome="failed",
            reason=Reason(kind=Kind.COMMAND_FAILED, message="`pip install flsk` failed", suggestions=(suggest("Fix it."),)),
            summary=Summary(total_steps=3, successful_steps=1, total_commands=2, duration_seconds=4),
        ),
    ]  # fmt: skip


def successful_end() -> ev.Finished:
    return ev.Finished(outcome="success", app=AppInfo(url="http://127.0.0.1:8000/", port=8000, pid=1))


def documents(events: list[Any]) -> Iterator[DeploymentLog]:
    """The document after each event."""
    log: DeploymentLog | None = None
    for seq, event in enumerate(events, 1):
        numbered = event.model_copy(update={"seq": seq, "time": T2, "deployment_id": "d1"})
        log = begin(numbered) if log is None else apply(log, numbered)
        yield log
