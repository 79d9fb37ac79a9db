"""`window/logMessage`: what happens, one line a message, for clients that know none of our notifications."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from lsprotocol.types import WINDOW_LOG_MESSAGE, LogMessageParams, MessageType

from ..deploy_log.words import ended
from ..model import events as ev
from ..model.log import CommandRecord, DeploymentLog
from .wording import in_wire_words

if TYPE_CHECKING:
    from .protocol import DeployProtocol

Line = tuple[MessageType, str]

_COMMAND_WIDTH = 160
"""Characters shown of a command."""
_LINE_WIDTH = 300
"""Characters shown of anything else: a tool's output may be one line of thousands."""
_REASON_LINES = 12
"""First lines shown of a reason: what failed, and what it printed."""
_OUR_SHELL = re.compile(r"export GIT_DIR=|cat > |while ")
"""How those of our own commands begin that run among the app's files: the checkout, a written file, loaded variables."""


@dataclass
class _Deployment:
    """What is remembered of a running deployment."""

    name: str
    told: str = ""
    """Message of the reason that a failed step gave."""


class LogLines:
    """Sends the lines of one client's deployments."""

    def __init__(self, client: DeployProtocol) -> None:
        self._client = client
        self._deployments: dict[str, _Deployment] = {}

    def follow(self, event: ev.Event) -> None:
        deployment = self._deployments.setdefault(event.deployment_id, _Deployment(event.deployment_id))
        if isinstance(event, ev.Started):
            deployment.name = _name(event.log) or event.deployment_id
        for kind, text in _lines(event, deployment):
            line = LogMessageParams(type=kind, message=f"[{deployment.name}] {_cut(text, _LINE_WIDTH)}")
            self._client.notify(WINDOW_LOG_MESSAGE, line)
        if isinstance(event, ev.Finished):
            del self._deployments[event.deployment_id]


def _name(log: DeploymentLog) -> str:
    """The app's name (its deploy directory's last part), else the repository's."""
    return (log.deploy_dir or log.repo_url.removesuffix(".git")).rstrip("/").rpartition("/")[2]


def _lines(event: ev.Event, deployment: _Deployment) -> Iterator[Line]:
    """What to say about an event; nothing for those that say nothing to a person."""
    match event:
        case ev.StepFinished():
            yield from _step_lines(event, deployment)
        case ev.Finished():
            yield from _end_lines(event, deployment)
        case _:
            line = _LINES.get(type(event))
            if line is not None:
                yield line(event)


def _command_line(command: CommandRecord) -> Line:
    ours = bool(command.reasoning) and _is_ours(command)
    what = command.reasoning.rstrip(".") if ours else f"$ {_cut(command.command, _COMMAND_WIDTH)}"
    kind = MessageType.Info if command.success else MessageType.Warning
    return kind, f"{what} ({ended(command)}, {command.duration_ms / 1000:.1f} s)"


def _is_ours(command: CommandRecord) -> bool:
    """Whether it is plumbing around the app rather than its own install, build or migration, which run in its folder."""
    return not command.cwd or _OUR_SHELL.match(command.command) is not None


def _step_lines(event: ev.StepFinished, deployment: _Deployment) -> Iterator[Line]:
    step = event.step
    head = f"step {step.step_id}: {step.step_name}"
    if step.status == "success":
        yield MessageType.Info, f"{head}: ok{' (taken over)' if step.reused else ''}"
        return
    why = step.reason.message if step.reason else step.error or ""
    kind = MessageType.Error if step.status == "failed" else MessageType.Warning
    yield from ((kind, line) for line in _reason_lines(f"{head}: {step.status}", why))
    if step.status == "failed":  # those behind it are blocked, for reasons of their own
        deployment.told = why


def _end_lines(event: ev.Finished, deployment: _Deployment) -> Iterator[Line]:
    if event.outcome == "success":
        yield MessageType.Info, f"success{': ' + event.app.url if event.app else ''}"
        return
    message = event.reason.message if event.reason else ""
    if message == deployment.told:  # its step has told all of it
        message = message.partition("\n")[0]
    yield from ((MessageType.Error, line) for line in _reason_lines(event.outcome, message))
    for suggestion in event.reason.suggestions if event.reason else ():
        yield MessageType.Error, f"  - {in_wire_words(suggestion)}"


def _reason_lines(head: str, message: str) -> Iterator[str]:
    """The head with the first line of a message, and the next ones below it."""
    lines = (line for line in message.splitlines() if line.strip())
    first = next(lines, "")
    yield f"{head}: {first}" if first else head
    yield from (f"  {line}" for line in islice(lines, _REASON_LINES - 1))


def _plan_line(event: ev.PlanReady | ev.PlanChanged) -> Line:
    return MessageType.Info, f"plan ({event.plan.strategy}): {', '.join(step.name for step in event.plan.steps)}"


def _cut(text: str, width: int) -> str:
    """Text on one line; its indentation is kept."""
    indent = text[: len(text) - len(text.lstrip())]
    line = indent + " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"


_LINES: dict[type[ev.BaseEvent], Callable[[Any], Line]] = {
    ev.Started: lambda event: (MessageType.Info, f"deploying {event.log.repo_url}, log: {event.log_uri}"),
    ev.PlanReady: _plan_line,
    ev.PlanChanged: _plan_line,
    ev.StepStarted: lambda event: (MessageType.Info, f"step {event.step.step_id}: {event.step.step_name}"),
    ev.CommandExecuted: lambda event: _command_line(event.command),
    ev.RepairApplied: lambda event: (MessageType.Warning, f"repair: {event.reason.message}"),
    ev.QuestionAsked: lambda event: (MessageType.Warning, f"question: {event.question.message}"),
    ev.NoteAdded: lambda event: (MessageType.Info, f"note: {event.message}"),
    ev.Cancelling: lambda _: (MessageType.Info, "cancelling"),
}
