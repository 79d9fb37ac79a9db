"""A plan as a page for people, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from ..deploy_log.words import spent
from ..model.plan import DeploymentPlan, DeploymentStep
from ..model.requests import PlanResult

_LONGEST_COMMAND = 300
"""Characters: one of our own commands may be a script of a hundred lines."""


def plan_page(result: PlanResult) -> str:
    """What would be done, in which order, why, and when each step counts as done."""
    return "\n".join(_lines(result)) + "\n"


def _lines(result: PlanResult) -> Iterator[str]:
    source, plan = result.repo.source, result.plan
    where = " ".join(filter(None, (source.repo, source.ref, source.commit[:10])))
    yield f"# Plan of {result.repo.name}\n"
    yield f"{where}: {plan.strategy}, {', '.join(plan.components)}. Nothing was run.\n"
    yield from _remarks(plan)
    yield from (f"- {text}" for text in (spent(result.llm_calls),) if text)
    for number, step in enumerate(plan.steps, 1):
        yield f"\n## {number}. {step.name}\n\n{step.goal}"
        yield from _commands(step)
        yield f"\nDone when: {step.success_criteria}"


def _remarks(plan: DeploymentPlan) -> Iterator[str]:
    if plan.choice is not None:
        for seen in plan.choice.evidence:
            yield f"- {plan.choice.recipe}: {seen.saw}" + (f" ({seen.file})" if seen.file else "")
    yield from (f"- Risk: {risk}" for risk in plan.risks)
    yield from (f"- {note}" for note in plan.notes)


def _commands(step: DeploymentStep) -> Iterator[str]:
    if step.commands:
        yield "\n```sh"
        for planned in step.commands:
            if planned.reasoning:
                yield f"# {planned.reasoning}"
            yield _short(planned.command)
        yield "```"


def _short(command: str) -> str:
    if len(command) <= _LONGEST_COMMAND:
        return command
    return f"{command.strip().splitlines()[0][: _LONGEST_COMMAND - 1].rstrip()}…"
