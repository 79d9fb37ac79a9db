"""Before a plan runs: what the command policy says of all of it, and whether the user has to agree.

Each command is judged again right before it runs; here a plan that cannot run to its end is refused before anything is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

from ..model.log import PolicyVerdict
from ..model.plan import MODEL_RECIPE, DeploymentPlan, PlannedCommand
from ..model.ports import DeployPaths
from ..model.questions import Option, Question
from ..model.reasons import Kind, Reason
from ..model.settings import Approval
from ..model.suggestions import suggest
from ..orchestrator.gate import commands_of

Judge = Callable[[PlannedCommand], PolicyVerdict]


@dataclass(frozen=True)
class JudgedPlan:
    """A plan, and what the command policy says of each of its commands; the last one is the start command, where it has an app."""

    plan: DeploymentPlan
    verdicts: tuple[tuple[PlannedCommand, PolicyVerdict], ...]

    @classmethod
    def of(cls, plan: DeploymentPlan, paths: DeployPaths, judge: Judge) -> Self:
        return cls(plan, tuple((command, judge(command)) for command in commands_of(plan, paths)))

    @property
    def denied(self) -> Iterator[tuple[PlannedCommand, PolicyVerdict]]:
        return ((command, verdict) for command, verdict in self.verdicts if verdict.verdict == "deny")


def objections(paths: DeployPaths, judge: Judge) -> Callable[[DeploymentPlan], tuple[str, ...]]:
    """What the policy denies in a plan, in words that help a model to mend it."""
    return lambda plan: tuple(
        f"The command {verdict.part or command.command!r} is forbidden by the command policy: {verdict.reason or verdict.rule}."
        for command, verdict in JudgedPlan.of(plan, paths, judge).denied
    )


def forbidden(judged: JudgedPlan, *, interactive: bool) -> Reason | None:
    """Why the plan must not begin: it holds a denied command, or starts the app with one that nobody is there to allow."""
    for command, verdict in judged.denied:
        return _not_begun(f"The command policy forbids `{command.command}`: {verdict.reason}")
    if judged.plan.app is None or interactive:
        return None
    command, start = judged.verdicts[-1]
    if start.verdict == "ask":
        return _not_begun(f"The start command `{command.command}` needs the user's word, and nobody can be asked: {start.reason}")
    return None


def _not_begun(why: str) -> Reason:
    return Reason(
        kind=Kind.POLICY_DENIED, message=f"{why} Nothing was run.",
        suggestions=(
            suggest("Say another command to start it", "overrides.start"),
            suggest("To build it", "overrides.build"),
            suggest("To install what it needs", "overrides.install"),
        ),
    )  # fmt: skip


def needs_approval(approval: Approval, judged: JudgedPlan) -> bool:
    """Whether the user is asked before the plan runs (`model.settings.Approval` says when)."""
    match approval:
        case "never":
            return False
        case "plan" | "always":
            return True
        case "risky":
            speaks = any(verdict.verdict != "allow" for _, verdict in judged.verdicts)
            return bool(judged.plan.risks) or is_by_model(judged.plan) or speaks


def is_by_model(plan: DeploymentPlan) -> bool:
    return plan.choice is not None and plan.choice.recipe == MODEL_RECIPE


def approval_question(judged: JudgedPlan) -> Question:
    """Nobody's silence is a yes: there is no default."""
    return Question(
        question_id="plan", kind="confirm", category="confirmation", message="Run this plan?",
        detail="\n".join(_told(judged)), risk="high" if judged.plan.risks else "low",
        options=(Option(id="yes", label="Run it"), Option(id="no", label="Do not run it")),
    )  # fmt: skip


def _told(judged: JudgedPlan) -> Iterator[str]:
    if is_by_model(judged.plan):
        yield "Planned by the model."
    for step in judged.plan.steps:
        yield f"{step.id}. {step.name}: {'; '.join(step.estimated_commands)}"
    for command, verdict in judged.verdicts:
        if verdict.verdict != "allow":
            yield f"The command policy says {verdict.verdict}: {verdict.part or command.command} ({verdict.reason or verdict.rule})"
    for risk in judged.plan.risks:
        yield f"Risk: {risk}"
