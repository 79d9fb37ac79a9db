"""The embedded planner: picks a recipe on its evidence, refuses early what cannot be planned, and assembles the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..model.errors import RefusedError
from ..model.facts import Detection
from ..model.plan import AppSpec, DeploymentPlan
from ..model.ports import PlanInput
from ..model.reasons import Kind
from . import refusals
from .assemble import app_folder, assemble
from .overrides import apply_overrides
from .recipe import Draft, Recipe
from .recipes import RECIPES

_STARTABLE_ANYHOW = frozenset({Kind.NO_START_COMMAND, Kind.LIBRARY_NOTHING_TO_RUN, Kind.NO_RUNNABLE_AT_ROOT})
"""Refusals that a start command of the user's answers."""

_CLOSE = 0.75
"""A runner-up with this share of the best score is named in the plan's notes."""


class RecipePlanner:
    """Plans with recipes alone: the same facts give the same decisions, with no key and no network service."""

    def __init__(self, recipes: Sequence[Recipe] = RECIPES) -> None:
        self._recipes = {recipe.name: recipe for recipe in recipes}

    async def plan(self, given: PlanInput) -> DeploymentPlan:
        """The plan of the recipe with the best evidence, or of the one the user names.

        Raises:
            RefusedError: it cannot be planned; the first reason in the order that helps most. Nothing was installed.
        """
        if not given.repo.file_count:
            raise refusals.empty_repository(given)
        detection = self._chosen(given)
        if detection is None:
            return assemble(_custom_draft(given), given, None)
        draft = self._recipes[detection.recipe].draft(given, detection)
        _refuse_assets_of_another_app(draft, detection, given)
        _refuse_missing_env(draft, given)
        return assemble(_with_dispute(draft, detection, given), given, detection)

    def _chosen(self, given: PlanInput) -> Detection | None:
        """The detection to plan from; None when the user's own start command is all there is to go by."""
        told_start = given.overrides.start is not None
        if given.overrides.recipe is not None:
            chosen = self._forced(given, given.overrides.recipe)
        else:
            known = [found for found in given.repo.detections if found.recipe in self._recipes and found.score > 0]
            refusals.raise_if_unreadable(known, told_start=told_start)
            chosen = next((found for found in known if found.runnable), None)
            if chosen is None or refusals.lacks_ecosystem(chosen, given):
                if told_start:
                    return next(iter(known), None) if chosen is None else chosen
                raise refusals.nothing_runnable(known, given)
        if chosen.refusal and not (told_start and chosen.refusal.kind in _STARTABLE_ANYHOW):
            raise refusals.from_reason(chosen.refusal, given)
        return chosen

    def _forced(self, given: PlanInput, name: str) -> Detection:
        if name not in self._recipes:
            raise refusals.unknown_recipe(name, list(self._recipes))
        found = next((found for found in given.repo.detections if found.recipe == name), None)
        if found is None:
            raise refusals.forced_recipe_sees_nothing(name, given)
        return found


def _custom_draft(given: PlanInput) -> Draft:
    """Install, build and start as the user says; no ecosystem is needed."""
    app = AppSpec(name=given.app_name, command="", cwd=given.repo.source.subdir, port=given.port)
    note = "No recipe knows this repository: the given commands are all that runs."
    return apply_overrides(Draft(strategy="traditional", app=app, notes=(note,)), given, cwd=app_folder(given))


def _refuse_assets_of_another_app(draft: Draft, detection: Detection, given: PlanInput) -> None:
    """Files to serve inside an app of an ecosystem without a recipe are its assets: serving them would be a false success."""
    told = given.overrides.recipe is not None or given.overrides.start is not None or given.overrides.output_dir is not None
    others = refusals.application_ecosystems(given, beside=detection.recipe)
    if draft.strategy == "static" and not told and others:
        raise refusals.assets_of_another_app(others[0], detection.recipe, given)


def _refuse_missing_env(draft: Draft, given: PlanInput) -> None:
    missing = [name for name in draft.required_env if name not in given.env_names]
    if missing and given.overrides.start is None:
        raise RefusedError(
            f"The app reads {', '.join(missing)} from the environment when it starts, without a default; not set.",
            kind=Kind.REQUIRED_ENV_MISSING,
            suggestions=(f"Give the values: {' '.join(f'`--env {name}=…`' for name in missing[:5])}, or `--env-file FILE`.",),
        )


def _with_dispute(draft: Draft, detection: Detection, given: PlanInput) -> Draft:
    """A runner-up close behind is worth a note: the user may know better."""
    told = given.overrides.recipe is not None or detection.recipe == "procfile"
    second = next((found for found in given.repo.detections if found.recipe != detection.recipe and found.runnable), None)
    if told or second is None or second.score < _CLOSE * detection.score:
        return draft
    scores = f"{second.score:g} against {detection.score:g}"
    note = f"{second.recipe} fits nearly as well ({scores}): `--recipe {second.recipe}` chooses it."
    return replace(draft, notes=(*draft.notes, note))
