"""Limits of a run; hitting one ends the step and the log says which."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from ..model.reasons import Kind, Reason


@dataclass
class Budget:
    """Turns and time of one deployment (defaults of format 2.0's configuration: 180 a run, 30 a step)."""

    max_turns: int = 180
    max_turns_per_step: int = 30
    max_seconds: float = 4 * 3600.0
    turns: int = 0
    started: float = field(default_factory=time.monotonic)

    def exceeded(self, step_turns: int) -> Reason | None:
        """Why no further turn is allowed, or None."""
        if step_turns >= self.max_turns_per_step:
            return _reason(f"this step took {step_turns} turns, the limit is {self.max_turns_per_step} a step")
        if self.turns >= self.max_turns:
            return _reason(f"this deployment took {self.turns} turns, the limit is {self.max_turns}")
        if time.monotonic() - self.started > self.max_seconds:
            return _reason(f"this deployment runs longer than {self.max_seconds / 3600:g} hours")
        return None


def _reason(limit: str) -> Reason:
    return Reason(
        kind=Kind.BUDGET_EXCEEDED,
        message=f"Stopped: {limit}.",
        suggestions=("Look at the step's commands in the log: something does not end.",),
    )
