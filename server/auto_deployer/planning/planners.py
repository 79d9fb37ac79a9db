"""Which planner plans: recipes where they are sure, a model where they are not, as the setting `planner` says."""

from __future__ import annotations

from collections.abc import Callable

from ..model.errors import RefusedError
from ..model.plan import DeploymentPlan
from ..model.ports import PlanInput
from ..model.reasons import Kind
from ..model.settings import PlannerName
from ..model.suggestions import suggest
from .llm_planner import Baseline, LlmPlanner
from .native import is_native_host, made_native, simplified
from .packaging import TRADITIONAL
from .planner import RecipePlanner
from .repo_texts import RepoTexts
from .validation import validate_plan

_FOR_A_MODEL = frozenset({
    Kind.NO_START_COMMAND, Kind.LIBRARY_NOTHING_TO_RUN, Kind.NO_RUNNABLE_AT_ROOT, Kind.UNSUPPORTED_ECOSYSTEM,
    Kind.MANIFEST_UNREADABLE, Kind.DOCKER_ENGINE_MISSING,
})  # fmt: skip
"""Refusals that reading the repository may answer. What is missing on the target or from the user, no model can give."""
_FOR_NOBODY = frozenset({Kind.EMPTY_REPOSITORY, Kind.INVALID_REQUEST})
"""Refusals that stand whoever plans."""
CONFIGURE_A_MODEL = (
    suggest("In the editor: the command “Set Up a Model…”."),
    suggest(
        "In a terminal: AUTO_DEPLOYER_LLM_PROVIDER, AUTO_DEPLOYER_LLM_MODEL and a key", command="auto-deployer auth set PROVIDER"
    ),
)
_LET_A_MODEL = suggest(
    "Or let a model plan it: “Set Up a Model…” in the editor, a key in a terminal", command="auto-deployer auth set PROVIDER"
)


async def plan_by(
    planner: PlannerName, given: PlanInput, texts: RepoTexts, llm: Callable[[], LlmPlanner] | None, problem: str = ""
) -> DeploymentPlan:
    """A plan that may run.

    Args:
        planner: auto (recipes where they are sure: no token is spent), recipe, or llm (with the recipe's proposal as the baseline).
        given: The facts.
        texts: What a model may read; needed only when `llm` is given.
        llm: Makes the model's planner when it is needed; None: no model can be asked.
        problem: Why the model that the user has set up cannot be asked; "" when none is set up.

    Raises:
        RefusedError: it cannot be planned; nothing was installed.
    """
    if not is_native_host(given):
        return await _plan_by(planner, given, texts, llm, problem)
    return made_native(await _plan_by(planner, simplified(given), texts, llm, problem), given)


async def _plan_by(
    planner: PlannerName, given: PlanInput, texts: RepoTexts, llm: Callable[[], LlmPlanner] | None, problem: str
) -> DeploymentPlan:
    if planner == "llm" and llm is None:
        raise _unavailable(problem)
    baseline = await _recipes(given)
    if planner == "llm" and llm is not None and (baseline.refusal is None or baseline.refusal.kind not in _FOR_NOBODY):
        return await llm().plan(given, texts=texts, baseline=baseline)
    if baseline.plan is not None:
        return baseline.plan
    refusal = baseline.refusal or RefusedError("The recipes have no plan.")
    if planner != "auto" or refusal.kind not in _FOR_A_MODEL or given.overrides.recipe not in (None, TRADITIONAL):
        raise refusal
    if llm is None:
        raise _without_model(refusal, problem)
    return await llm().plan(given, texts=texts, baseline=baseline)


def _unavailable(problem: str) -> RefusedError:
    why = f"it cannot be used: {problem}" if problem else "none is configured."
    return RefusedError(
        f"The planner `llm` needs a model, and {why}", kind=Kind.PLANNER_UNAVAILABLE,
        suggestions=(*CONFIGURE_A_MODEL, suggest("Or leave it to the recipes", "planner", "auto")),
    )  # fmt: skip


def _without_model(refusal: RefusedError, problem: str) -> RefusedError:
    """The recipes' refusal, with a word on the model that might have known more."""
    message = f"{refusal.message} No model could be asked: {problem}" if problem else refusal.message
    return RefusedError(message, kind=refusal.kind, suggestions=(*refusal.suggestions, _LET_A_MODEL))


async def _recipes(given: PlanInput) -> Baseline:
    try:
        plan = await RecipePlanner().plan(given)
    except RefusedError as refusal:
        return Baseline(refusal=refusal)
    if problems := validate_plan(plan, given.paths):
        return Baseline(refusal=RefusedError(f"The plan cannot run: {' '.join(problems)}", kind=Kind.PLAN_INVALID))
    return Baseline(plan=plan)
