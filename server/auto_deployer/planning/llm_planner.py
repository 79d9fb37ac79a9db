"""Plans with a model: facts, the recipe's proposal and key files go in; decisions come out, and are checked like any plan's.

The model decides what a recipe decides (what to install and build, how to start, where it answers). Checkout, start, switch and
verification, each with its checks, are added by `assemble` as for recipes.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..llm.prompting import render
from ..model.errors import ModelError, RefusedError
from ..model.plan import MODEL_RECIPE, DeploymentPlan, PlanChoice
from ..model.ports import ChatMessage, LanguageModel, PlanInput
from ..model.suggestions import Suggestion
from .assemble import assemble
from .llm_prompt import planning_messages
from .llm_reply import PlanReply, draft_from, evidence_from, reply_problems
from .repo_texts import RepoTexts
from .validation import validate_plan

PlanProblems = Callable[[DeploymentPlan], tuple[str, ...]]
"""Further objections to a plan (the command policy's), in words that help to mend it."""


@dataclass(frozen=True)
class Baseline:
    """What the recipes say: a plan, or why they have none."""

    plan: DeploymentPlan | None = None
    refusal: RefusedError | None = None


class UnplannableError(Exception):
    """The model gave no usable plan; the text says why, as the end of a sentence."""


class LlmPlanner:
    """Implements planning by a model.

    Args:
        model: Who plans.
        target: What the plan is for, "local" or the host's name.
        timeout_s: Seconds for everything, the repair round included.
        objections: What else may speak against a plan.
    """

    def __init__(
        self, model: LanguageModel, *, target: str = "local", timeout_s: float = 60.0,
        objections: PlanProblems = lambda _: (),
    ) -> None:  # fmt: skip
        self._model, self._target, self._timeout_s, self._objections = model, target, timeout_s, objections

    async def plan(self, given: PlanInput, *, texts: RepoTexts, baseline: Baseline) -> DeploymentPlan:
        """The model's plan; else the recipe's, with a note why.

        Raises:
            RefusedError: neither has one: the recipe's reason, and what became of asking the model.
        """
        suggestions: tuple[Suggestion, ...] = ()
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._asked(given, texts, baseline)
        except TimeoutError:
            why = f"did not plan within {self._timeout_s:g} seconds (budget.planning_timeout)"
        except ModelError as error:
            suggestions = error.suggestions
            why = f"could not be asked: {error.message}"
        except RefusedError as error:
            why = f"planned what cannot be done here: {error.message}"
        except UnplannableError as error:
            why = str(error)
        return _without_model(baseline, f"The model {self._model.name} {why}", suggestions)

    async def _asked(self, given: PlanInput, texts: RepoTexts, baseline: Baseline) -> DeploymentPlan:
        messages = planning_messages(given, texts, baseline.plan, baseline.refusal, self._target, self._model.context_window)
        for last_round in (False, True):
            reply = await self._model.ask(messages, PlanReply, purpose="plan")
            if reply.cannot.strip():
                raise UnplannableError(f"sees no way to deploy it: {' '.join(reply.cannot.split())}")
            plan = _plan_of(reply, given, texts, baseline)
            problems = (*reply_problems(reply), *validate_plan(plan, given.paths), *self._objections(plan))
            if not problems:
                return plan
            if last_round:
                break
            messages = (
                *messages,
                ChatMessage(role="assistant", content=reply.model_dump_json()),
                ChatMessage(role="user", content=render("plan_repair", problems="\n".join(f"- {text}" for text in problems))),
            )
        raise UnplannableError(f"made a plan that cannot run, twice: {' '.join(problems)}")


def _plan_of(reply: PlanReply, given: PlanInput, texts: RepoTexts, baseline: Baseline) -> DeploymentPlan:
    """The plan; variables that the repository names nowhere are no more than a risk: nobody is asked for what a model made up."""
    draft = draft_from(reply, given)
    seen = {variable.name for variable in given.repo.sample_env} | set(given.repo.declared_env)
    named = tuple(name for name in draft.required_env if name in seen or any(_names(name, file.text) for file in texts.files))
    made_up = [name for name in draft.required_env if name not in named and name not in given.env_names]
    plan = assemble(replace(draft, required_env=named), given, None)
    risks = (*plan.risks, *(f"The app may not start without {name}, which is not set: `--env {name}=…`." for name in made_up))
    return plan.model_copy(update={"risks": risks, "choice": _choice(reply, baseline)})


def _names(name: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def _choice(reply: PlanReply, baseline: Baseline) -> PlanChoice:
    second = baseline.plan.choice if baseline.plan is not None else None
    return PlanChoice(
        recipe=MODEL_RECIPE, score=0.0, evidence=evidence_from(reply), runner_up=second.recipe if second is not None else "",
        runner_up_score=second.score if second is not None else 0.0,
    )  # fmt: skip


def _without_model(baseline: Baseline, why: str, suggestions: tuple[Suggestion, ...]) -> DeploymentPlan:
    sentence = f"{why.rstrip('.')}."
    if baseline.plan is not None:
        note = f"{sentence} This is the recipe's plan."
        return baseline.plan.model_copy(update={"notes": (*baseline.plan.notes, note)})
    if baseline.refusal is None:
        raise RefusedError(sentence, suggestions=suggestions)
    raise RefusedError(
        f"{baseline.refusal.message} {sentence}", kind=baseline.refusal.kind,
        suggestions=tuple(dict.fromkeys((*suggestions, *baseline.refusal.suggestions))), missing_env=baseline.refusal.missing_env,
    )  # fmt: skip
