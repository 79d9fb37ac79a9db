"""Decides when a running command must be ended."""

from __future__ import annotations

from typing import Literal

from .child import Supervised
from .timeouts import Limits

PROMPT_QUIET_S = 5.0
"""Silence after a prompt that leaves no doubt, until the command counts as waiting for input."""

Verdict = Literal["idle", "total", "prompt"]


class Watchdog:
    """Total and idle time-outs, and prompts. Times are those of the event loop's clock."""

    def __init__(self, child: Supervised, limits: Limits, *, prompt_quiet_s: float = PROMPT_QUIET_S) -> None:
        self._child = child
        self._limits = limits
        self._total_deadline = child.started + limits.total_s
        self._quiet_s = prompt_quiet_s

    def look(self, now: float) -> Verdict | None:
        """Why the command must be ended now, or None."""
        silent_s = now - self._child.last_output
        if now >= self._total_deadline:
            return "total"
        if silent_s >= self._limits.idle_s:
            return "idle"
        if silent_s >= self._quiet_s and self._child.prompt(sure=True):
            return "prompt"
        return None

    def next_look_s(self, now: float) -> float:
        """Seconds until `look` may have something to say."""
        silent_s = now - self._child.last_output
        until_quiet = self._quiet_s - silent_s if silent_s < self._quiet_s else self._quiet_s
        return max(0.0, min(self._total_deadline - now, self._limits.idle_s - silent_s, until_quiet))
