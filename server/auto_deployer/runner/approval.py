"""Before a plan runs: what the command policy says of all of it, and whether the user has to agree.

Each command is judged again right before it runs; here a plan that cannot run to its end is refused before anything is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ..model.facts import HostFacts
from ..model.log import PolicyVerdict
from ..model.plan import DeploymentPlan, PlannedCommand
from ..model.ports import DeployPaths
from ..model.questions import Option, Question
from ..model.reasons import Kind, Reason
from ..model.settings import Approval, PolicySettings
from ..orchestrator.gate import commands_of, start_command
from ..orchestrator.policy import CommandPolicy
from ..planning.llm_planner import RECIPE as BY_MODEL

Judge = Callable[[PlannedCommand], PolicyVerdict]


def judge_for(settings: PolicySettings, paths: DeployPaths, host: HostFacts, log_dir: Path | None = None) -> Judge:
    """The command policy for one deployment on one target."""
    policy = CommandPolicy.of(settings, paths, host, log_dir=str(log_dir.absolute()) if log_dir is not None else None)
    return lambda command: policy.judge(command.command, cwd=command.cwd, env=command.env)


def objections(paths: DeployPaths, judge: Judge) -> Callable[[DeploymentPlan], tuple[str, ...]]:
    """What the policy denies in a plan, in words that help a model to mend it."""
    return lambda plan: tuple(
        f"The command {verdict.part or command.command!r} is forbidden by the command policy: {verdict.reason or verdict.rule}."
        for command, verdict in _judged(plan, paths, judge)
        if verdict.verdict == "deny"
    )


def forbidden(plan: DeploymentPlan, paths: DeployPaths, judge: Judge, *, interactive: bool) -> Reason | None:
    """Why the plan must not begin: it holds a denied command, or starts the app with one that nobody is there to allow."""
    for command, verdict in _judged(plan, paths, judge):
        if verdict.verdict == "deny":
            return _not_begun(f"The command policy forbids `{command.command}`: {verdict.reason}")
    if plan.app is None or interactive:
        return None
    start = judge(start_command(plan.app, paths))
    if start.verdict == "ask":
        return _not_begun(f"The start command `{plan.app.command}` needs the user's word, and nobody can be asked: {start.reason}")
    return None


def _not_begun(why: str) -> Reason:
    return Reason(
        kind=Kind.POLICY_DENIED, message=f"{why} Nothing was run.",
        suggestions=("Say another command: `--install`, `--build` or `--start`.",),
    )  # fmt: skip


def needs_approval(approval: Approval, plan: DeploymentPlan, paths: DeployPaths, judge: Judge) -> bool:
    """Whether the user is asked before the plan runs (`model.settings.Approval` says when)."""
    match approval:
        case "never":
            return False
        case "plan" | "always":
            return True
        case "risky":
            return (
                bool(plan.risks)
                or is_by_model(plan)
                or any(verdict.verdict != "allow" for _, verdict in _judged(plan, paths, judge))
            )


def is_by_model(plan: DeploymentPlan) -> bool:
    return plan.choice is not None and plan.choice.recipe == BY_MODEL


def approval_question(plan: DeploymentPlan, paths: DeployPaths, judge: Judge) -> Question:
    """Nobody's silence is a yes: there is no default."""
    return Question(
        question_id="plan", kind="confirm", category="confirmation", message="Run this plan?",
        detail="\n".join(_told(plan, paths, judge)), risk="high" if plan.risks else "low",
        options=(Option(id="yes", label="Run it"), Option(id="no", label="Do not run it")),
    )  # fmt: skip


def _told(plan: DeploymentPlan, paths: DeployPaths, judge: Judge) -> Iterator[str]:
    if is_by_model(plan):
        yield "Planned by the model."
    for step in plan.steps:
        yield f"{step.id}. {step.name}: {'; '.join(step.estimated_commands)}"
    for command, verdict in _judged(plan, paths, judge):
        if verdict.verdict != "allow":
            yield f"The command policy says {verdict.verdict}: {verdict.part or command.command} ({verdict.reason or verdict.rule})"
    for risk in plan.risks:
        yield f"Risk: {risk}"


def _judged(plan: DeploymentPlan, paths: DeployPaths, judge: Judge) -> Iterator[tuple[PlannedCommand, PolicyVerdict]]:
    return ((command, judge(command)) for command in commands_of(plan, paths))
