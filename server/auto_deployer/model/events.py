"""Events: typed facts about a deployment with a `seq`. Their JSON is the wire's notification and the journal's line."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from .base import Identifier, Time, WireModel
from .facts import HostFacts, RepoFacts
from .log import (
    AppInfo,
    CheckResult,
    CommandRecord,
    CompressionEvent,
    CurrentCommand,
    DeploymentLog,
    LlmCall,
    Outcome,
    RefusedCommand,
    StepResult,
    Summary,
)
from .plan import DeploymentPlan
from .questions import Question
from .reasons import Reason


def _is_none(value: object) -> bool:
    return value is None


Absent = Field(default=None, exclude_if=_is_none)
"""An envelope field that is left out rather than null (parts of the log document keep their nulls: one shape for one thing)."""


class BaseEvent(WireModel):
    """The envelope. `seq` counts from 1 per deployment without gaps; the recorder sets `seq` and `time`."""

    deployment_id: Identifier = ""
    seq: int = 0
    time: Time = ""
    """UTC with offset."""
    step_id: int | None = Absent
    command_id: Identifier | None = Absent
    attempt: int | None = Absent


class Started(BaseEvent):
    """The deployment exists: its log file is there, with this content."""

    method: Literal["deploy/started"] = "deploy/started"
    log: DeploymentLog
    log_uri: Identifier


class AnalysisReady(BaseEvent):
    method: Literal["deploy/analysisReady"] = "deploy/analysisReady"
    repo: RepoFacts
    host: HostFacts


class PlanReady(BaseEvent):
    """The plan with all its steps, so that a tree can be complete at once."""

    method: Literal["deploy/planReady"] = "deploy/planReady"
    plan: DeploymentPlan


class PlanChanged(BaseEvent):
    method: Literal["deploy/planChanged"] = "deploy/planChanged"
    plan: DeploymentPlan


class StepStarted(BaseEvent):
    method: Literal["deploy/stepStarted"] = "deploy/stepStarted"
    step: StepResult


class CommandStarted(BaseEvent):
    """Written and synced before the command may run (its process waits at a gate)."""

    method: Literal["deploy/commandStarted"] = "deploy/commandStarted"
    command: CurrentCommand


class CommandExecuted(BaseEvent):
    """One per executed command, with its record as in the log."""

    method: Literal["deploy/commandExecuted"] = "deploy/commandExecuted"
    command: CommandRecord


class CommandRefused(BaseEvent):
    """A command that does not run: the policy denies it, or the user did when asked."""

    method: Literal["deploy/commandRefused"] = "deploy/commandRefused"
    command: RefusedCommand


class CheckFinished(BaseEvent):
    method: Literal["deploy/checkFinished"] = "deploy/checkFinished"
    check: CheckResult


class RepairApplied(BaseEvent):
    """A rule or the model changes the course of a step, and why."""

    method: Literal["deploy/repairApplied"] = "deploy/repairApplied"
    reason: Reason


class StepFinished(BaseEvent):
    """The end of an attempt, without its commands. For a step that never started (blocked, skipped, reused) the only event."""

    method: Literal["deploy/stepFinished"] = "deploy/stepFinished"
    step: StepResult


class QuestionAsked(BaseEvent):
    method: Literal["deploy/questionAsked"] = "deploy/questionAsked"
    question: Question


class QuestionResolved(BaseEvent):
    """The question is answered (or timed out); `response` is what the log keeps ("***" for secrets)."""

    method: Literal["deploy/questionResolved"] = "deploy/questionResolved"
    question_id: Identifier
    response: str
    timed_out: bool = False


class ModelCalled(BaseEvent):
    """One call of the model has ended, well or not."""

    method: Literal["deploy/modelCalled"] = "deploy/modelCalled"
    call: LlmCall


class HistoryCompressed(BaseEvent):
    """The view of the step that the model gets was shortened; the log keeps everything."""

    method: Literal["deploy/historyCompressed"] = "deploy/historyCompressed"
    compression: CompressionEvent
    text: str
    """What now stands for the shortened part."""


class Cancelling(BaseEvent):
    method: Literal["deploy/cancelling"] = "deploy/cancelling"


class NoteAdded(BaseEvent):
    method: Literal["deploy/note"] = "deploy/note"
    kind: Identifier
    message: str


class Finished(BaseEvent):
    """The one end of a deployment."""

    method: Literal["deploy/finished"] = "deploy/finished"
    outcome: Outcome
    reason: Reason | None = Absent
    app: AppInfo | None = Absent
    log_uri: Identifier = ""
    summary: Summary = Summary()


Event = Annotated[
    Started | AnalysisReady | PlanReady | PlanChanged | StepStarted | CommandStarted | CommandExecuted | CommandRefused
    | CheckFinished | RepairApplied | StepFinished | QuestionAsked | QuestionResolved | ModelCalled | HistoryCompressed
    | Cancelling | NoteAdded | Finished,
    Field(discriminator="method"),
]  # fmt: skip

EVENT_TYPES: tuple[type[BaseEvent], ...] = (
    Started, AnalysisReady, PlanReady, PlanChanged, StepStarted, CommandStarted, CommandExecuted, CommandRefused,
    CheckFinished, RepairApplied, StepFinished, QuestionAsked, QuestionResolved, ModelCalled, HistoryCompressed,
    Cancelling, NoteAdded, Finished,
)  # fmt: skip

_ADAPTER: TypeAdapter[Any] = TypeAdapter(Event)


class OutputChunk(WireModel):
    """`deploy/commandOutput`: live output. Not an event: it has no `seq` and is not in the journal."""

    deployment_id: Identifier
    command_id: Identifier
    stream: Literal["stdout", "stderr"]
    offset: int
    """Byte offset of `text` in the command's output file."""
    text: str


def to_line(event: BaseEvent) -> bytes:
    """The event as one journal line, exactly as it is sent: {"method", "params"}, without a newline."""
    params = event.__pydantic_serializer__.to_json(event, by_alias=True, exclude={"method"})
    return b'{"method":"' + event.method.encode() + b'","params":' + params + b"}"  # type: ignore[attr-defined]


def from_object(message: dict[str, Any]) -> Event:
    """The event of a parsed journal line or notification.

    Raises:
        pydantic.ValidationError: it is not one of our events.
    """
    return _ADAPTER.validate_python({**message["params"], "method": message["method"]})
