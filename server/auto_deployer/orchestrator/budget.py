"""Limits of a run; hitting one ends the step and the log says which."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Self

from ..model.reasons import Kind, Reason
from ..model.settings import BudgetSettings
from ..model.suggestions import suggest


@dataclass
class Budget:
    """Turns, commands, attempts and time of one deployment, and what of them is used up."""

    max_turns: int = 180
    max_turns_per_step: int = 30
    max_seconds: float = 4 * 3600.0
    max_commands: int = 500
    max_attempts: int = 3
    """Attempts at one step, the first included."""
    turns: int = 0
    commands: int = 0
    started: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, settings: BudgetSettings) -> Self:
        """The limits that the user set."""
        return cls(
            max_turns=settings.max_iterations, max_turns_per_step=settings.max_iterations_per_step,
            max_seconds=settings.max_seconds,
            max_commands=settings.max_commands, max_attempts=settings.max_attempts,
        )  # fmt: skip

    def exceeded(self, step_turns: int) -> Reason | None:
        """Why no further turn is allowed, or None."""
        if step_turns >= self.max_turns_per_step:
            what = f"this step took {step_turns} turns, the limit is {self.max_turns_per_step} a step"
            return _reason(what, "max_iterations_per_step")
        if self.turns >= self.max_turns:
            return _reason(f"this deployment took {self.turns} turns, the limit is {self.max_turns}", "max_iterations")
        if time.monotonic() - self.started > self.max_seconds:
            return _reason(f"this deployment runs longer than {_duration(self.max_seconds)}", "max_seconds")
        return None

    def another_command(self) -> Reason | None:
        """Why no further command is allowed, or None: then it is counted."""
        if self.commands >= self.max_commands:
            return _reason(f"this deployment ran {self.commands} commands, the limit is {self.max_commands}", "max_commands")
        self.commands += 1
        return None

    def may_retry(self, attempt: int) -> bool:
        """Whether a step may be tried again after this attempt."""
        return attempt < self.max_attempts


def _duration(seconds: float) -> str:
    return f"{seconds / 3600:g} hours" if seconds >= 3600 else f"{seconds:g} seconds"


def _reason(limit: str, setting: str) -> Reason:
    return Reason(
        kind=Kind.BUDGET_EXCEEDED,
        message=f"Stopped: {limit}.",
        suggestions=(
            suggest("Look at the step's commands in the log: something does not end."),
            suggest(f"If it needs that much, raise the setting budget.{setting}."),
        ),
    )
