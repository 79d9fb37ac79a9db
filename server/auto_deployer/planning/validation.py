"""What every plan must fulfil before it may run, whoever made it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import get_args

from ..model.plan import Category, DeploymentPlan, DeploymentStep, FileCheck
from ..model.ports import DeployPaths


def validate_plan(plan: DeploymentPlan, paths: DeployPaths) -> tuple[str, ...]:
    """What is wrong with the plan, in words that help to mend it; empty when it may run.

    Ids are unique, dependencies exist and form no circle, every step can be proven by a machine, one step brings the app up and one
    verifies it, and what a model planned stays inside of the release.
    """
    return (
        *_about_order(plan),
        *(problem for step in plan.steps for problem in _about_step(step, paths)),
        *_about_app(plan, paths),
    )


def _about_order(plan: DeploymentPlan) -> Iterator[str]:
    ids = [step.id for step in plan.steps]
    for repeated in sorted({id_ for id_ in ids if ids.count(id_) > 1}):
        yield f"Several steps have the id {repeated}."
    for step in plan.steps:
        for missing in sorted(set(step.depends_on) - set(ids)):
            yield f"Step {step.id} ({step.name}) depends on step {missing}, which does not exist."
    done: set[int] = set()
    left = list(plan.steps)
    while ready := [step for step in left if done.issuperset(set(step.depends_on) & set(ids))]:
        done.update(step.id for step in ready)
        left = [step for step in left if step not in ready]
    if left:
        yield f"The steps {', '.join(str(step.id) for step in left)} depend on each other in a circle."


def _about_step(step: DeploymentStep, paths: DeployPaths) -> Iterator[str]:
    where = f"Step {step.id} ({step.name})"
    if step.category not in get_args(Category):
        yield f"{where} has the unknown category {step.category!r}."
    if not step.name.strip():
        yield f"Step {step.id} has no name."
    if not step.checks and not step.commands:
        yield f"{where} has neither commands nor checks."
    by_model = any(command.source == "llm" for command in step.commands)
    if by_model and not step.checks:
        yield f"{where} has no check: name in `creates` at least one file or folder that is there when it is done."
    for command in step.commands:
        if not command.command.strip():
            yield f"{where} has an empty command."
        if by_model and not _inside(command.cwd, paths.release_dir):  # recipes run some of theirs in neutral places
            yield f"{where} runs {command.command!r} in {command.cwd}, outside of {paths.release_dir}."
    for check in step.checks:
        if isinstance(check, FileCheck) and not _inside(check.path, paths.deploy_dir):
            yield f"{where} looks for {check.path}, outside of {paths.deploy_dir}."


def _about_app(plan: DeploymentPlan, paths: DeployPaths) -> Iterator[str]:
    if not any(step.category == "verify" and step.checks for step in plan.steps):
        yield "No step verifies that the app answers."
    if not any(step.driver == "start_app" for step in plan.steps):
        yield "No step starts the app."
    if plan.app is None:
        yield "The plan does not say which app it brings up."
        return
    if not plan.app.command.strip():
        yield "The app has no start command (and no folder to serve)."
    if not _inside(posixpath.join(paths.release_dir, plan.app.cwd), paths.release_dir):
        yield f"The app starts in {plan.app.cwd}, outside of the release."
    if not plan.app.health.path.startswith("/"):
        yield f"The health path {plan.app.health.path!r} does not begin with a slash."


def _inside(path: str, folder: str) -> bool:
    normal = posixpath.normpath(path)
    return normal == folder or normal.startswith(f"{folder}/")
