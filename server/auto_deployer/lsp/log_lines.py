"""`window/logMessage`: what happens, line by line, for clients that know none of our notifications."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lsprotocol.types import WINDOW_LOG_MESSAGE, LogMessageParams, MessageType

from ..model import events as ev
from ..model.log import CommandRecord

if TYPE_CHECKING:
    from .protocol import DeployProtocol

Line = tuple[MessageType, str]

_TAIL_LINES = 10
"""Last lines of a failing command's output that are shown."""


class LogLines:
    """Sends the lines of one client's deployments."""

    def __init__(self, client: DeployProtocol) -> None:
        self._client = client

    def follow(self, event: ev.Event) -> None:
        told = line_of(event)
        if told is not None:
            kind, text = told
            params = LogMessageParams(type=kind, message=f"[{event.deployment_id}] {text}")
            self._client.notify(WINDOW_LOG_MESSAGE, params)


def line_of(event: ev.Event) -> Line | None:
    """What to say about an event, or None for those that say nothing to a person."""
    line = _LINES.get(type(event))
    return line(event) if line is not None else None


def _command_line(command: CommandRecord) -> Line:
    line = f"$ {command.command} (exit {command.exit_code}, {command.duration_ms / 1000:.1f} s)"
    if command.success:
        return MessageType.Info, line
    output = (command.stderr_tail or command.stderr or command.stdout_tail or command.stdout).splitlines()
    return MessageType.Warning, "\n".join((line, *output[-_TAIL_LINES:]))


def _step_line(event: ev.StepFinished) -> Line | None:
    step = event.step
    if step.status == "success":
        return MessageType.Info, f"step {step.step_id}: {step.step_name}: ok{' (taken over)' if step.reused else ''}"
    why = f": {step.error}" if step.error else ""
    kind = MessageType.Error if step.status == "failed" else MessageType.Warning
    return kind, f"step {step.step_id}: {step.step_name}: {step.status}{why}"


def _end_line(event: ev.Finished) -> Line:
    if event.outcome == "success":
        return MessageType.Info, f"success{': ' + event.app.url if event.app else ''}"
    if event.reason is None:
        return MessageType.Error, event.outcome
    return MessageType.Error, "\n  ".join((f"{event.outcome}: {event.reason.message}", *event.reason.suggestions))


def _plan_line(event: ev.PlanReady | ev.PlanChanged) -> Line:
    return MessageType.Info, f"plan ({event.plan.strategy}): {', '.join(step.name for step in event.plan.steps)}"


_LINES: dict[type[ev.BaseEvent], Callable[[Any], Line | None]] = {
    ev.Started: lambda event: (MessageType.Info, f"deploying {event.log.repo_url}, log: {event.log_uri}"),
    ev.PlanReady: _plan_line,
    ev.PlanChanged: _plan_line,
    ev.StepStarted: lambda event: (MessageType.Info, f"step {event.step.step_id}: {event.step.step_name}"),
    ev.CommandExecuted: lambda event: _command_line(event.command),
    ev.StepFinished: _step_line,
    ev.RepairApplied: lambda event: (MessageType.Warning, f"repair: {event.reason.message}"),
    ev.QuestionAsked: lambda event: (MessageType.Warning, f"question: {event.question.message}"),
    ev.NoteAdded: lambda event: (MessageType.Info, f"note: {event.message}"),
    ev.Cancelling: lambda _: (MessageType.Info, "cancelling"),
    ev.Finished: _end_line,
}
