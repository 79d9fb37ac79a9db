"""The log document as a pure fold over events. A client's state is this document: the extension has the same reducer.

Only the last entry of `steps` ever changes, so that writers can keep the bytes of all earlier ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from . import events as ev
from .log import STEP_IDENTITY, DeploymentLog, ExecutionSummary, Note, ResolvedIssue, StepResult, UserInteraction

_KEPT = (
    *STEP_IDENTITY, "commands", "checks", "repairs", "refused_commands", "user_interactions", "iterations", "compressed",
    "compressed_history", "compression_events",
)  # fmt: skip
"""What `deploy/stepFinished` does not replace."""


def fold(events: Iterable[ev.Event]) -> DeploymentLog:
    """The log document after these events; the first must be `deploy/started`.

    Raises:
        ValueError: the sequence does not begin with `deploy/started`, or has a gap.
    """
    log: DeploymentLog | None = None
    for event in events:
        log = begin(event) if log is None else apply(log, event)
    if log is None:
        raise ValueError("no events: a deployment begins with deploy/started")
    return log


def begin(event: ev.Event) -> DeploymentLog:
    """The document that `deploy/started` brings.

    Raises:
        ValueError: another event.
    """
    if not isinstance(event, ev.Started):
        raise ValueError(f"a deployment begins with deploy/started, not {event.method}")
    return event.log.model_copy(update={"seq": event.seq})


def apply(log: DeploymentLog, event: ev.Event) -> DeploymentLog:
    """The document after one more event.

    Raises:
        ValueError: `event.seq` is not the next one.
    """
    if event.seq != log.seq + 1:
        raise ValueError(f"event {event.seq} ({event.method}) does not follow {log.seq}")
    return log.model_copy(update={**_changes(log, event), "seq": event.seq})


def _changes(log: DeploymentLog, event: ev.Event) -> dict[str, Any]:
    match event:
        case ev.AnalysisReady():
            return {
                "repo": event.repo, "host_info": event.host.model_dump(mode="json"),
                "project_type": event.repo.project_type, "framework": event.repo.framework or None,
            }  # fmt: skip
        case ev.PlanReady() | ev.PlanChanged():
            return {"plan": event.plan, "execution_summary": _execution_summary(log, event.time, strategy=event.plan.strategy)}
        case ev.StepStarted():
            return {"steps": (*log.steps, event.step)}
        case ev.StepFinished():
            return _step_finished(log, event)
        case ev.CommandStarted():
            return _in_step(log, current_command=event.command)
        case ev.CommandExecuted():
            return _command_executed(log, event)
        case ev.CommandRefused():
            return _in_step(log, refused_commands=(*log.steps[-1].refused_commands, event.command)) if log.steps else {}
        case ev.CheckFinished():
            return _in_step(log, checks=(*log.steps[-1].checks, event.check)) if log.steps else {}
        case ev.RepairApplied():
            return _in_step(log, repairs=(*log.steps[-1].repairs, event.reason)) if log.steps else {}
        case ev.QuestionAsked():
            return {"pending_question": event.question}
        case ev.QuestionResolved():
            return _question_resolved(log, event)
        case ev.ModelCalled():
            return {"llm_calls": (*log.llm_calls, event.call)}
        case ev.HistoryCompressed():
            return _history_compressed(log, event)
        case ev.Cancelling():
            return {"cancelling": True}
        case ev.NoteAdded():
            return {"notes": (*log.notes, Note(kind=event.kind, message=event.message, at=event.time, step_id=event.step_id))}
        case ev.Finished():
            return _finished(log, event)
        case ev.Started():
            raise ValueError("a deployment starts once")


def _in_step(log: DeploymentLog, **update: Any) -> dict[str, Any]:
    """Change the last step entry (the one that runs)."""
    if not log.steps:
        raise ValueError("no step has started")
    return {"steps": (*log.steps[:-1], log.steps[-1].model_copy(update=update))}


def _command_executed(log: DeploymentLog, event: ev.CommandExecuted) -> dict[str, Any]:
    if not log.steps:
        raise ValueError("no step has started")
    step = log.steps[-1]
    changed = _in_step(log, commands=(*step.commands, event.command), iterations=step.iterations + 1, current_command=None)
    summary = log.summary.model_copy(update={"total_commands": log.summary.total_commands + 1})
    return {**changed, "summary": summary}


def _step_finished(log: DeploymentLog, event: ev.StepFinished) -> dict[str, Any]:
    finished = event.step
    last = log.steps[-1] if log.steps else None
    if last is None or (last.step_id, last.attempt) != (finished.step_id, finished.attempt):
        steps = (*log.steps, finished)
    else:
        kept = {name: getattr(last, name) for name in _KEPT}
        steps = (*log.steps[:-1], finished.model_copy(update={**kept, "current_command": None}))
    changes: dict[str, Any] = {"steps": steps}
    if finished.status == "success":
        successful = {step.step_id for step in steps if step.status == "success"}
        changes["summary"] = log.summary.model_copy(update={"successful_steps": len(successful)})
        action = {"step": finished.step_name, "summary": finished.structured_outputs.summary}
        done = (*(log.execution_summary or ExecutionSummary()).completed_actions, action)
        changes["execution_summary"] = _execution_summary(log, event.time, completed_actions=done)
    return changes


def _history_compressed(log: DeploymentLog, event: ev.HistoryCompressed) -> dict[str, Any]:
    if not log.steps:
        return {}
    events = (*log.steps[-1].compression_events, event.compression)
    return _in_step(log, compressed=True, compressed_history=event.text, compression_events=events)


def _question_resolved(log: DeploymentLog, event: ev.QuestionResolved) -> dict[str, Any]:
    asked = log.pending_question
    text = asked.message if asked is not None and asked.question_id == event.question_id else event.question_id
    entry = UserInteraction(question=text, response=event.response, question_id=event.question_id, at=event.time)
    changes: dict[str, Any] = {"pending_question": None}
    if event.step_id is not None and log.steps:
        return {**changes, **_in_step(log, user_interactions=(*log.steps[-1].user_interactions, entry))}
    return {**changes, "user_interactions": (*log.user_interactions, entry)}


def _finished(log: DeploymentLog, event: ev.Finished) -> dict[str, Any]:
    repairs = tuple(
        ResolvedIssue(issue=repair.message, resolution=step.step_name)
        for step in log.steps if step.status == "success" for repair in step.repairs
    )  # fmt: skip
    return {
        "status": event.outcome, "reason": event.reason, "app": event.app, "summary": event.summary,
        "end_time": naive_local(event.time), "pending_question": None, "cancelling": False,
        "execution_summary": _execution_summary(log, event.time, resolved_issues=repairs),
    }  # fmt: skip


def _execution_summary(log: DeploymentLog, time: str, **update: Any) -> ExecutionSummary:
    base = log.execution_summary or ExecutionSummary(project_name=log.repo.name if log.repo else "", deploy_dir=log.deploy_dir)
    return base.model_copy(update={**update, "last_updated": naive_local(time)})


def naive_local(utc: str) -> str:
    """An ISO time with offset as format 2.0 writes times: naive local, with microseconds."""
    return datetime.fromisoformat(utc).astimezone().replace(tzinfo=None).isoformat(timespec="microseconds") if utc else ""


def last_step(log: DeploymentLog, step_id: int) -> StepResult | None:
    """The newest attempt at a step, or None."""
    return next((step for step in reversed(log.steps) if step.step_id == step_id), None)
