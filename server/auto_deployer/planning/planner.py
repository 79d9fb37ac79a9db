"""The embedded planner: picks a recipe on its evidence, refuses early what cannot be planned, and assembles the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..model.errors import RefusedError
from ..model.facts import Detection
from ..model.plan import AppSpec, DeploymentPlan
from ..model.ports import PlanInput
from ..model.reasons import Kind
from . import packaging, refusals
from .assemble import app_folder, assemble
from .env_needs import refuse_missing, required_names, with_wanted
from .overrides import apply_overrides
from .recipe import Draft, Recipe
from .recipes import RECIPES
from .recipes.static import StaticFindings, static_draft
from .runtimes import draft_with_runtimes

_ANSWERABLE = frozenset({Kind.NO_START_COMMAND, Kind.LIBRARY_NOTHING_TO_RUN, Kind.NO_RUNNABLE_AT_ROOT, Kind.UNSUPPORTED_ECOSYSTEM})
"""Refusals that a start command or a folder to serve, given by the user, answers."""

_SERVE_FOLDERS = ("node", "static")
"""Recipes that know what to do with `--output-dir`."""

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
        given = packaging.settled(given)
        detection = self._chosen(given)
        if detection is None:
            return assemble(_custom_draft(given), given, None)
        recipe = self._recipes[detection.recipe]
        try:
            draft, runtimes = draft_with_runtimes(given, lambda known: recipe.draft(known, detection))
        except RefusedError as refusal:
            raise packaging.with_services(refusal, given) from None
        _refuse_assets_of_another_app(draft, detection, given)
        required = required_names(draft, detection)
        refuse_missing(required, given)
        draft = with_wanted(replace(draft, required_env=required), required, given)
        draft = packaging.with_alternatives(draft, detection, given)
        return assemble(_with_dispute(draft, detection, given), given, detection, before=runtimes)

    def _chosen(self, given: PlanInput) -> Detection | None:
        """The detection to plan from; None when the user's own commands are all there is to go by."""
        wanted = given.overrides
        told = wanted.start is not None or wanted.output_dir is not None
        known = [found for found in given.repo.detections if found.recipe in self._recipes and found.score > 0]
        if wanted.recipe is not None:
            chosen = self._forced(given, wanted.recipe)
            if chosen is None:
                return None
        elif told:
            return _for_told(known, serves_folder=wanted.start is None)
        elif (chosen := packaging.leader(known, given.host)) is None:
            refusals.raise_if_unreadable([found for found in known if not found.packaging])
            chosen = next((found for found in known if found.runnable), None)
            if chosen is None or refusals.lacks_ecosystem(chosen, given):
                raise refusals.nothing_runnable(known, given)
            refusals.raise_if_only_documentation(chosen, known, given)
        asked_for = chosen.packaging and wanted.recipe is not None
        if chosen.refusal and not asked_for and not (told and chosen.refusal.kind in _ANSWERABLE):
            raise refusals.from_reason(chosen.refusal, given)
        return chosen

    def _forced(self, given: PlanInput, name: str) -> Detection | None:
        """What the named recipe sees; None when the user's own commands and folder are enough for it."""
        if name not in self._recipes:
            raise refusals.unknown_recipe(name, [*self._recipes, packaging.TRADITIONAL])
        found = next((found for found in given.repo.detections if found.recipe == name), None)
        if found is None and not (name == "static" and given.overrides.output_dir is not None):
            raise refusals.forced_recipe_sees_nothing(name, given)
        return found


def _for_told(known: Sequence[Detection], *, serves_folder: bool) -> Detection | None:
    """What is planned from when the user says how to start, or which folder to serve: a runnable one before the others."""
    fitting = [found for found in known if not serves_folder or found.recipe in _SERVE_FOLDERS]
    return next((found for found in fitting if found.runnable), next(iter(fitting), None))


def _custom_draft(given: PlanInput) -> Draft:
    """Install, build and start (or serve) as the user says; no ecosystem is needed."""
    note = "No recipe knows this repository: the given commands are all that runs."
    if given.overrides.start is None:
        return replace(static_draft(given, StaticFindings(folder="")), notes=(note,))
    app = AppSpec(name=given.app_name, command="", cwd=given.repo.source.subdir, port=given.port)
    return apply_overrides(Draft(strategy="traditional", app=app, notes=(note,)), given, cwd=app_folder(given))


def _refuse_assets_of_another_app(draft: Draft, detection: Detection, given: PlanInput) -> None:
    """Files to serve inside an app of an ecosystem without a recipe are its assets: serving them would be a false success."""
    told = given.overrides.recipe is not None or given.overrides.start is not None or given.overrides.output_dir is not None
    others = refusals.application_ecosystems(given, beside=detection.recipe)
    if draft.strategy == "static" and not told and others:
        raise refusals.assets_of_another_app(others[0], detection.recipe, given)


def _with_dispute(draft: Draft, detection: Detection, given: PlanInput) -> Draft:
    """A runner-up close behind is worth a note: the user may know better."""
    told = given.overrides.recipe is not None or detection.recipe == "procfile"
    others = (found for found in given.repo.detections if found.recipe != detection.recipe and not found.packaging)
    second = next((found for found in others if found.runnable), None)
    if told or detection.packaging or second is None or second.score < _CLOSE * detection.score:
        return draft
    scores = f"{second.score:g} against {detection.score:g}"
    note = f"{second.recipe} fits nearly as well ({scores}): `--recipe {second.recipe}` chooses it."
    return replace(draft, notes=(*draft.notes, note))
