"""What a deployment has spent on calls of the model, and its limits."""

from __future__ import annotations

from dataclasses import dataclass

from ..model.errors import ModelError
from ..model.log import LlmCall
from ..model.reasons import Kind
from ..model.settings import BudgetSettings, LlmSettings
from ..model.suggestions import suggest


@dataclass
class Spend:
    """Counts all calls, failed ones too."""

    budget: BudgetSettings
    calls: int = 0
    tokens: int = 0
    cost_usd: float = 0.0

    def check(self) -> None:
        """Before each call.

        Raises:
            ModelError: a limit is reached (`budget_exceeded`).
        """
        budget = self.budget
        if self.calls >= budget.max_llm_calls:
            raise _reached(f"the model was called {self.calls} times", "budget.max_llm_calls", budget.max_llm_calls)
        if self.tokens >= budget.max_tokens:
            raise _reached(f"{self.tokens:,} tokens were used", "budget.max_tokens", budget.max_tokens)
        if budget.max_cost_usd is not None and self.cost_usd >= budget.max_cost_usd:
            raise _reached(f"{self.cost_usd:.4f} USD were spent", "budget.max_cost_usd", budget.max_cost_usd)

    def add(self, call: LlmCall) -> None:
        self.calls += 1
        self.tokens += call.prompt_tokens + call.completion_tokens
        self.cost_usd += call.cost_usd or 0.0


def cost_of(llm: LlmSettings, prompt_tokens: int, completion_tokens: int) -> float | None:
    """USD by the user's prices; None where they are not set."""
    if llm.input_price is None and llm.output_price is None:
        return None
    return (prompt_tokens * (llm.input_price or 0.0) + completion_tokens * (llm.output_price or 0.0)) / 1_000_000


def _reached(what: str, setting: str, limit: float) -> ModelError:
    return ModelError(
        f"{what} in this deployment: the limit {setting} = {limit:,} is reached, so the model is not asked.",
        kind=Kind.BUDGET_EXCEEDED,
        suggestions=(suggest(f"Raise {setting}, or retry: a retry begins with a new budget."),),
    )
