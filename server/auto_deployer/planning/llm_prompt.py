"""The prompt that asks a model to plan: facts first, then the recipe's proposal, then the repository's own texts as data."""

from __future__ import annotations

from collections.abc import Iterator

from ..llm.host_words import host_lines, target_line
from ..llm.prompting import estimate_tokens, render
from ..llm.untrusted import untrusted
from ..model.errors import RefusedError
from ..model.facts import RepoFacts
from ..model.plan import DeploymentPlan
from ..model.ports import ChatMessage, PlanInput
from .assemble import app_folder
from .repo_texts import RepoTexts

_TEXTS_SHARE = 0.3
"""Share of the context window for the repository's texts; facts, rules and the reply take the rest."""
_FULL_WINDOW = 16_000
"""Tokens; in a smaller window everything is shown shorter."""
_TEXTS_MAX = 12_000
"""Tokens: more does not plan better, and costs."""
_FIRST_FILE_MAX = 3_000
"""Tokens of the most telling file, the README as a rule."""
_FILE_MAX = 900
"""Tokens of any other file (about the 3,000 characters that have proven enough)."""
_FILE_MIN = 100
_LISTING_MAX = 1_200
_PROPOSAL_MAX = 1_500
_FACTS_MAX = 1_500


def planning_messages(
    given: PlanInput,
    texts: RepoTexts,
    proposal: DeploymentPlan | None,
    refusal: RefusedError | None,
    target: str,
    context_window: int,
) -> tuple[ChatMessage, ...]:
    """The conversation so far: rules as system, everything about this repository and target as user."""
    scale = min(1.0, context_window / _FULL_WINDOW)
    facts = render(
        "plan",
        app=given.app_name,
        target=target_line(target, given.host),
        host="\n".join(host_lines(given.host)),
        place="\n".join(_place_lines(given)),
        wishes="\n".join(_wish_lines(given)) or "None.",
        repository=untrusted("facts about the repository", "\n".join(_repo_lines(given.repo)), max_tokens=int(scale * _FACTS_MAX)),
        proposal=untrusted("the recipes", _proposal(proposal, refusal), max_tokens=int(scale * _PROPOSAL_MAX)),
        listing=untrusted("list of files", texts.listing or "(no files)", max_tokens=int(scale * _LISTING_MAX)),
        files="\n\n".join(_files(texts, min(_TEXTS_MAX, int(context_window * _TEXTS_SHARE)))) or "None.",
    )
    return (
        ChatMessage(role="system", content=render("plan_rules", untrusted_rules=render("untrusted_rules"))),
        ChatMessage(role="user", content=facts),
    )


def _place_lines(given: PlanInput) -> Iterator[str]:
    yield f"- The app's folder (already checked out before your steps): {app_folder(given)}"
    yield f"- It gets PORT{f' ({given.port})' if given.port else ''} and HOST in its environment and must listen there."
    yield f"- Variables set for it besides: {', '.join(sorted(given.env_names)) or 'none'}"


def _wish_lines(given: PlanInput) -> Iterator[str]:
    for name, value in given.overrides.model_dump(exclude_none=True).items():
        yield f"- {name}: {value!r} (decided by the user, used whatever you reply)"


def _repo_lines(repo: RepoFacts) -> Iterator[str]:
    yield f"name: {repo.name}"
    yield f"type: {repo.project_type} {repo.framework}".rstrip()
    yield f"files: {repo.file_count}, {repo.total_bytes} bytes"
    yield f"top level: {', '.join(repo.top_level)}"
    for label, names in (
        ("ecosystems", repo.ecosystems), ("variables in samples of settings", repo.declared_env),
        ("sub-folders that look deployable", tuple(candidate.path for candidate in repo.candidates)), ("notes", repo.notes),
    ):  # fmt: skip
        if names:
            yield f"{label}: {', '.join(names)}"


def _proposal(plan: DeploymentPlan | None, refusal: RefusedError | None) -> str:
    if plan is None:
        return f"They do not plan it: {refusal.message}" if refusal is not None else "They were not asked."
    return "\n".join(_proposal_lines(plan))


def _proposal_lines(plan: DeploymentPlan) -> Iterator[str]:
    if plan.choice is not None:
        yield f"recipe: {plan.choice.recipe}, strategy: {plan.strategy}"
        for evidence in plan.choice.evidence:
            yield f"saw: {evidence.saw} ({evidence.file or 'the tree'})"
    for step in plan.steps:
        if step.driver == "commands" and step.category != "prerequisite" and not step.name.startswith("Check out"):
            yield f"{step.name}: {'; '.join(step.estimated_commands)}"
    if plan.app is not None:
        yield f"start: {plan.app.command} (in {plan.app.cwd or '.'}); answers at {plan.app.health.path}"
    yield from (f"note: {note}" for note in (*plan.notes, *plan.risks))


def _files(texts: RepoTexts, budget: int) -> Iterator[str]:
    """The most telling files until the budget is used up; the last ones may be missing."""
    for number, file in enumerate(texts.files):
        limit = min(budget, _FILE_MAX if number else _FIRST_FILE_MAX)
        if limit < _FILE_MIN:
            return
        shown = untrusted(file.path, file.text, max_tokens=limit)
        budget -= estimate_tokens(shown)
        yield shown
