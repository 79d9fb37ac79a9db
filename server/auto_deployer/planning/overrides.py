"""The user's replacements of single decisions, the same for every recipe."""

from __future__ import annotations

from dataclasses import replace

from ..model.plan import PlannedCommand
from ..model.ports import PlanInput
from .recipe import Draft


def apply_overrides(draft: Draft, given: PlanInput, *, cwd: str, prefix: str = "") -> Draft:
    """The draft with `--install`, `--build`, `--start` and `--health-path` in place of its own.

    Args:
        cwd: absolute folder in which install and build run.
        prefix: shell text before each of the user's commands, such as an `export PATH=…; `.

    An empty install or build command means that there is nothing to do. The checks of what a replaced command makes are dropped.
    """
    wanted = given.overrides
    if wanted.install is not None:
        draft = replace(draft, install=_commands(wanted.install, cwd, prefix), install_checks=())
    if wanted.build is not None:
        draft = replace(draft, build=_commands(wanted.build, cwd, prefix), build_checks=())
    app = draft.app
    if wanted.start is not None:
        app = app.model_copy(update={"command": prefix + wanted.start, "fixed_port": None})
    if wanted.health_path is not None:
        health = app.health.model_copy(update={"path": "/" + wanted.health_path.lstrip("/")})
        app = app.model_copy(update={"health": health})
    return replace(draft, app=app)


def _commands(text: str, cwd: str, prefix: str) -> tuple[PlannedCommand, ...]:
    return (PlannedCommand(command=prefix + text, cwd=cwd, reasoning="Given by the user."),) if text.strip() else ()
