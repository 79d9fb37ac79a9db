"""The driver of a step when there is a model: what was planned runs first, without a call; the model mends what fails.

The step's own driver (planned commands with their repairs by rule, or the app keeper's start and verify) decides as it would alone.
Only where it would end the step as failed does the conversation begin (`llm_conversation`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

from ..model.actions import Action, Observation
from ..model.plan import DeploymentStep
from ..model.ports import Driver, LanguageModel, StepContext
from ..model.reasons import Kind
from .dialogue import Perform, as_actions, until_failed
from .llm_conversation import RepairConversation

_BEYOND_A_MODEL = frozenset({Kind.CANCELLED_BY_USER, Kind.CONNECTION_FAILED, Kind.PLAN_INVALID})
"""Failures that no command on the target can mend."""


class LlmDriver:
    """Wraps the driver that decides for a step without a model.

    Args:
        alone: Makes that driver.
        model: Asked when it fails, unless the run is to do without (`planner: recipe`, and no repair was asked for).
    """

    def __init__(self, alone: Callable[[], Driver], model: LanguageModel) -> None:
        self._alone, self._model = alone, model

    def actions(self, ctx: StepContext) -> AsyncGenerator[Action, Observation]:
        """See `Driver.actions`."""
        return as_actions(lambda perform: self._decide(ctx, perform))

    async def _decide(self, ctx: StepContext, perform: Perform) -> None:
        ctx.step = _as_planned_now(ctx)
        failed = await until_failed(self._alone(), ctx, perform)
        if failed is None:
            return
        if not ctx.stop.is_set() and _may_ask(ctx) and failed.reason.kind not in _BEYOND_A_MODEL:
            failed = await RepairConversation(ctx, self._model, perform).until_failed(failed.reason)
        await perform(failed)


def _may_ask(ctx: StepContext) -> bool:
    """Recipes alone mean no call, unless the user asks for one."""
    return ctx.repair or ctx.deploy.settings.planner != "recipe"


def _as_planned_now(ctx: StepContext) -> DeploymentStep:
    """An earlier step may have corrected the plan (the path that proves the app's health, say)."""
    return next((step for step in ctx.deploy.plan.steps if step.id == ctx.step.id), ctx.step)
