"""Who decides the next action inside a step. Imports `planning`'s and `apps`' functions, never the orchestrator."""

from __future__ import annotations

from ..model.plan import DeploymentStep
from ..model.ports import Driver
from .recipe import RecipeDriver
from .start_app import StartAppDriver
from .verify_app import VerifyAppDriver

_DRIVERS: dict[str, type[RecipeDriver | StartAppDriver | VerifyAppDriver]] = {
    "commands": RecipeDriver,
    "start_app": StartAppDriver,
    "verify_app": VerifyAppDriver,
}


def driver_for(step: DeploymentStep) -> Driver:
    """The driver of a step when no model is asked."""
    return _DRIVERS[step.driver]()


__all__ = ["RecipeDriver", "StartAppDriver", "VerifyAppDriver", "driver_for"]
