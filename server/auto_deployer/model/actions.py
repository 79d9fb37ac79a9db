"""What a driver may decide next, and what it is told back. Both are closed unions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .log import AppInfo, CheckResult, CommandRecord, StructuredOutputs
from .plan import PlannedCommand
from .questions import Answer, Question
from .reasons import Reason

CommandSource = Literal["recipe", "llm", "user"]


@dataclass(frozen=True)
class Execute:
    """Run a command; the driver is sent its `CommandRecord`."""

    command: PlannedCommand
    source: CommandSource = "recipe"
    cleanup: bool = False
    """Runs even when the step is being stopped (ends what the step itself started)."""


@dataclass(frozen=True)
class AskUser:
    """Put a question; the driver is sent an `Answer`."""

    question: Question


@dataclass(frozen=True)
class Repair:
    """Tell that a rule changes the course (an event with its reason); the driver is sent None."""

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
class Stopped:
    """Observation: the step is being cancelled or skipped. Only cleanup commands may follow, then `StepFailed`."""


Action = Execute | AskUser | Repair | StepDone | StepFailed
Observation = CommandRecord | Answer | ChecksFailed | Stopped | None
