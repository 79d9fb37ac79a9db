"""What a driver may decide next, and what it is told back. Both are closed unions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .base import Identifier
from .log import AppInfo, CheckResult, CommandRecord, CompressionEvent, PolicyVerdict, StructuredOutputs
from .plan import DeploymentPlan, PlannedCommand
from .questions import Answer, Question
from .reasons import Reason

CommandSource = Literal["recipe", "llm", "user"]


@dataclass(frozen=True)
class Execute:
    """Run a command; the driver is sent its `CommandRecord`, or `Refused` when the policy or the user forbids it."""

    command: PlannedCommand
    source: CommandSource = "recipe"
    cleanup: bool = False
    """Runs even when the step is being stopped (ends what the step itself started)."""
    timeout_s: float | None = None
    """Seconds it may take, printing or not; None: by the names of the programs it runs."""


@dataclass(frozen=True)
class AskUser:
    """Put a question; the driver is sent an `Answer`."""

    question: Question


@dataclass(frozen=True)
class Repair:
    """Tell that a rule changes the course (an event with its reason); the driver is sent None."""

    reason: Reason


@dataclass(frozen=True)
class Tell:
    """Tell something a reader should know (a `deploy/note` of the step); the driver is sent None."""

    kind: Identifier
    message: str


@dataclass(frozen=True)
class CompressHistory:
    """Tell that the model's view of the step was shortened; the driver is sent None."""

    event: CompressionEvent
    text: str


@dataclass(frozen=True)
class ChangePlan:
    """Replace the plan (same steps done so far); the driver is sent None, or `Refused` when the user does not approve it."""

    plan: DeploymentPlan
    reason: Reason


@dataclass(frozen=True)
class StepDone:
    """Ask for the step's checks; ends the step when they pass, else the driver is sent `ChecksFailed`."""

    outputs: StructuredOutputs = StructuredOutputs()
    app: AppInfo | None = None
    """What is up now: later checks and the result use it."""


@dataclass(frozen=True)
class StepFailed:
    """End the step as failed."""

    reason: Reason


@dataclass(frozen=True)
class ChecksFailed:
    """Observation: what `StepDone` led to."""

    failed: tuple[CheckResult, ...]


@dataclass(frozen=True)
class Refused:
    """Observation: the command was not run, or the plan not changed."""

    policy: PolicyVerdict


@dataclass(frozen=True)
class Stopped:
    """Observation: the step is being cancelled or skipped. Only cleanup commands may follow, then `StepFailed`."""


OngoingAction = Execute | AskUser | Repair | Tell | CompressHistory | ChangePlan
"""What does not ask for the step's end."""
Action = OngoingAction | StepDone | StepFailed
Observation = CommandRecord | Answer | ChecksFailed | Refused | Stopped | None
