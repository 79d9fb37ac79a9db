"""Parts of a log in words, the same for every view."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.log import CommandRecord, LlmCall


def spent(calls: Sequence[LlmCall]) -> str:
    """Which model was asked, how often, and what that took (the cost where it is known); "" when it was not asked."""
    if not calls:
        return ""
    tokens = sum(call.prompt_tokens + call.completion_tokens for call in calls)
    costs = [call.cost_usd for call in calls if call.cost_usd is not None]
    cost = f", {sum(costs):.4f} USD" if costs else ""
    return f"Model {calls[-1].model}: {len(calls)} {'call' if len(calls) == 1 else 'calls'}, {tokens:,} tokens{cost}"


def ended(command: CommandRecord) -> str:
    """How a command ended: "exit 1", "idle time-out", "stopped"."""
    if command.timed_out:
        return f"{command.timed_out} time-out"
    return "stopped" if command.stopped else f"exit {command.exit_code}"
