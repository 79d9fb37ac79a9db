"""Who decides the next action inside a step. Imports `planning`'s, `apps`' and `llm`'s functions, never the orchestrator."""

from __future__ import annotations

from ..model.plan import DeploymentStep
from ..model.ports import Driver, LanguageModel
from .recipe import RecipeDriver
from .start_app import StartAppDriver
from .verify_app import VerifyAppDriver

_DRIVERS: dict[str, type[RecipeDriver | StartAppDriver | VerifyAppDriver]] = {
    "commands": RecipeDriver,
    "start_app": StartAppDriver,
    "verify_app": VerifyAppDriver,
}


def driver_for(step: DeploymentStep, *, model: LanguageModel | None = None) -> Driver:
    """The driver of a step; with a model, that one is asked where the step would fail."""
    alone = _DRIVERS[step.driver]
    if model is None:
        return alone()
    from .llm import LlmDriver

    return LlmDriver(alone, model)


__all__ = ["RecipeDriver", "StartAppDriver", "VerifyAppDriver", "driver_for"]
