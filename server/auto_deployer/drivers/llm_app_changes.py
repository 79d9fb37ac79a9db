"""Corrections of the app's description that the model proposes, as a changed plan."""

from __future__ import annotations

import re

from ..model.errors import ModelError
from ..model.plan import AppSpec, DeploymentPlan, DeploymentStep, HttpCheck
from ..model.reasons import Kind
from .llm_replies import ClaimDone

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OURS = frozenset({"PORT", "HOST", "AUTO_DEPLOYER_APP"})


def corrected_plan(plan: DeploymentPlan, claim: ClaimDone) -> DeploymentPlan | None:
    """The plan with the app as the model describes it; None when that changes nothing.

    Raises:
        ModelError: what it proposes cannot be.
    """
    if plan.app is None:
        return None
    app = _corrected_app(plan.app, claim)
    if app == plan.app:
        return None
    return plan.model_copy(update={"app": app, "steps": tuple(_corrected_step(step, plan.app, app) for step in plan.steps)})


def _corrected_app(app: AppSpec, claim: ClaimDone) -> AppSpec:
    env = {item.name: item.value for item in claim.app_env or ()}
    if wrong := [name for name in env if not _NAME.fullmatch(name) or name in _OURS]:
        raise _invalid(f"app_env must not set {', '.join(wrong)}")
    path = (claim.health_path or "").strip()
    if path and (not path.startswith("/") or any(char.isspace() for char in path)):
        raise _invalid("health_path must begin with / and have no blanks")
    return app.model_copy(update={
        "command": (claim.start_command or "").strip() or app.command,
        "health": app.health.model_copy(update={"path": path or app.health.path}),
        "env": {**app.env, **env},
    })  # fmt: skip


def _corrected_step(step: DeploymentStep, before: AppSpec, after: AppSpec) -> DeploymentStep:
    """Checks of the old health path look at the new one; the rest of them stays as strict as it was."""
    if step.driver == "commands":
        return step
    old, new = before.health.path, after.health.path
    return step.model_copy(update={
        "checks": tuple(
            check.model_copy(update={"path": new}) if isinstance(check, HttpCheck) and check.path == old else check
            for check in step.checks
        ),
        "success_criteria": step.success_criteria.replace(f"GET {old} ", f"GET {new} "),
        "estimated_commands": tuple(
            after.command if text == before.command else text for text in step.estimated_commands
        ),
    })  # fmt: skip


def _invalid(message: str) -> ModelError:
    return ModelError(f"{message}.", kind=Kind.MODEL_REPLY_INVALID)
