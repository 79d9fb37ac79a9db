"""Hypothesis strategies: valid event sequences of a deployment, and any prefix of them."""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from auto_deployer.model import events as ev
from auto_deployer.model.facts import HostFacts, RepoFacts, SourceFacts
from auto_deployer.model.log import (
    AppInfo,
    CheckResult,
    CommandRecord,
    CurrentCommand,
    DeploymentLog,
    Outcome,
    StepResult,
    Summary,
)
from auto_deployer.model.plan import DeploymentPlan, DeploymentStep
from auto_deployer.model.questions import Question
from auto_deployer.model.reasons import Kind, Reason

TEXT = st.text(max_size=40)
TIME = "2026-01-02T03:04:05.000006+00:00"
REASON = st.builds(Reason, kind=st.sampled_from(Kind), message=TEXT, suggestions=st.lists(TEXT, max_size=2).map(tuple))


@st.composite
def command_records(draw: st.DrawFn, command_id: str = "c1") -> CommandRecord:
    code = draw(st.sampled_from([0, 1, 127, 143, -1, -2]))
    return CommandRecord(
        command=draw(TEXT), success=code == 0, exit_code=code, stdout=draw(st.text(max_size=200)), stderr=draw(TEXT), id=command_id,
        duration_ms=draw(st.integers(0, 10**6)), left_running=tuple(draw(st.lists(TEXT, max_size=2))),
    )  # fmt: skip


@st.composite
def step_events(draw: st.DrawFn, step: DeploymentStep, attempt: int, counter: list[int]) -> list[ev.BaseEvent]:
    """One attempt from its start to its end, or only an end (blocked, skipped)."""
    entry = StepResult(step_id=step.id, step_name=step.name, category=step.category, attempt=attempt, started_at=TIME)
    step_id = step.id
    if draw(st.integers(0, 9)) == 0:
        status = draw(st.sampled_from(["blocked", "skipped", "success"]))
        return [
            ev.StepFinished(
                step_id=step_id, attempt=attempt, step=entry.model_copy(update={"status": status, "reused": status == "success"})
            )
        ]
    found: list[ev.BaseEvent] = [ev.StepStarted(step_id=step_id, attempt=attempt, step=entry)]
    for _ in range(draw(st.integers(0, 3))):
        counter[0] += 1
        record = draw(command_records(f"c{counter[0]}"))
        current = CurrentCommand(id=record.id, command=record.command, pid=1, pgid=1)
        found.append(ev.CommandStarted(step_id=step_id, attempt=attempt, command_id=record.id, command=current))
        found.append(ev.CommandExecuted(step_id=step_id, attempt=attempt, command_id=record.id, command=record))
        if draw(st.booleans()):
            found.append(ev.RepairApplied(step_id=step_id, attempt=attempt, reason=draw(REASON)))
    if draw(st.booleans()):
        found.append(
            ev.CheckFinished(
                step_id=step_id, attempt=attempt, check=CheckResult(type="http", description=draw(TEXT), passed=draw(st.booleans()))
            )
        )
    if draw(st.integers(0, 4)) == 0:
        found.append(
            ev.QuestionAsked(
                step_id=step_id, attempt=attempt, question=Question(question_id="q", kind="choice", message=draw(TEXT))
            )
        )
        found.append(ev.QuestionResolved(step_id=step_id, attempt=attempt, question_id="q", response=draw(TEXT)))
    status = draw(st.sampled_from(["success", "failed", "cancelled"]))
    found.append(
        ev.StepFinished(step_id=step_id, attempt=attempt, step=entry.model_copy(update={"status": status, "ended_at": TIME}))
    )
    return found


@st.composite
def event_sequences(draw: st.DrawFn) -> list[ev.BaseEvent]:
    """All events of one deployment, numbered."""
    log = DeploymentLog(deployment_id="d1", repo_url=draw(TEXT), start_time=TIME)
    found: list[ev.BaseEvent] = [ev.Started(log=log, log_uri="file:///log.json")]
    steps = tuple(
        DeploymentStep(id=number, name=draw(TEXT), category=draw(st.sampled_from(["setup", "build", "deploy", "verify"])))
        for number in range(1, draw(st.integers(1, 4)) + 1)
    )
    if draw(st.booleans()):
        found.append(ev.NoteAdded(kind="progress", message=draw(TEXT)))
    repo = RepoFacts(name="r", source=SourceFacts(repo=draw(TEXT)), project_type="python", framework=draw(TEXT))
    found.append(ev.AnalysisReady(repo=repo, host=HostFacts(os="linux", hostname=draw(TEXT))))
    found.append(ev.PlanReady(plan=DeploymentPlan(strategy="traditional", steps=steps)))
    counter = [0]
    for step in steps:
        for attempt in range(1, draw(st.integers(1, 2)) + 1):
            found += draw(step_events(step, attempt, counter))
        if draw(st.integers(0, 9)) == 0:
            found.append(ev.PlanChanged(plan=DeploymentPlan(strategy="static", steps=steps, notes=(draw(TEXT),))))
    if draw(st.booleans()):
        found.append(ev.Cancelling())
    outcome: Outcome = draw(st.sampled_from(get_args(Outcome)))
    app = AppInfo(url="http://127.0.0.1:1/", port=1, pid=2) if outcome == "success" else None
    found.append(ev.Finished(outcome=outcome, app=app, summary=Summary(total_commands=counter[0]), reason=draw(st.none() | REASON)))
    return [
        event.model_copy(update={"deployment_id": "d1", "seq": number, "time": TIME}) for number, event in enumerate(found, start=1)
    ]
