"""Each event of the wire in a few words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..model import events as ev
from .parts import command_end
from .text import command_line, one_line

_WORDS: dict[type[ev.BaseEvent], Callable[[Any], str]] = {
    ev.Started: lambda event: event.log_uri,
    ev.AnalysisReady: lambda event: f"{event.repo.project_type} {event.repo.framework}, {event.repo.file_count} files",
    ev.PlanReady: lambda event: f"{event.plan.strategy}, {len(event.plan.steps)} steps",
    ev.PlanChanged: lambda event: f"{event.plan.strategy}, {len(event.plan.steps)} steps",
    ev.StepStarted: lambda event: event.step.step_name,
    ev.CommandStarted: lambda event: command_line(event.command.command, event.command.reasoning),
    ev.CommandExecuted: lambda event: command_end(event.command),
    ev.CommandRefused: lambda event: f"{command_line(event.command.command)}: {event.command.policy.reason}",
    ev.ModelCalled: lambda event: f"{event.call.purpose}, {event.call.prompt_tokens + event.call.completion_tokens} tokens",
    ev.HistoryCompressed: lambda event: event.compression.trigger_reason,
    ev.CheckFinished: lambda event: f"{event.check.description}: {'passed' if event.check.passed else 'failed'}",
    ev.RepairApplied: lambda event: event.reason.message,
    ev.StepFinished: lambda event: f"{event.step.step_name}: {event.step.status}",
    ev.QuestionAsked: lambda event: event.question.message,
    ev.QuestionResolved: lambda event: event.response,
    ev.Cancelling: lambda _: "",
    ev.NoteAdded: lambda event: event.message,
    ev.Finished: lambda event: f"{event.outcome} {event.app.url if event.app else ''}",
}


def describe(event: ev.Event) -> str:
    """The event on one line, without its method's name."""
    return one_line(_WORDS[type(event)](event))
