"""The gate in front of every command: the policy's verdict, a person's word where it asks for one, the record of a refusal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..deploy_log import Recorder
from ..deploy_log.recorder import utc_now
from ..model.actions import ChangePlan, CommandSource, Execute, Refused, Stopped
from ..model.events import CommandRefused
from ..model.log import CheckResult, PolicyVerdict, RefusedCommand
from ..model.plan import AppSpec, Check, CommandCheck, DeploymentPlan, PlannedCommand
from ..model.ports import Asker, DeployContext, DeployPaths, StepContext
from ..model.questions import Question
from .asking import about_changed_plan, about_command

if TYPE_CHECKING:
    from .policy import CommandPolicy

_APPROVED_PLANS = ("plan", "risky", "always")
"""Settings of `approval` under which a change of the plan is the user's decision."""


@dataclass(frozen=True)
class Admitted:
    """A command may run."""

    policy: PolicyVerdict | None
    """For its record: None where no rule spoke."""


class CommandGate:
    """Decides for each command of a deployment whether it runs. What was approved once is not asked about again."""

    def __init__(self, recorder: Recorder, asker: Asker, policy: CommandPolicy) -> None:
        self._recorder, self._asker, self._policy = recorder, asker, policy
        self._approved = set[tuple[object, ...]]()
        """What the user let run, by rule: the same command elsewhere, or with other variables, is another one."""
        self._asked = 0
        self._start: tuple[tuple[int, int, PlannedCommand], PolicyVerdict] | None = None
        """The verdict on a start command, for the attempt at a step in which it was judged."""

    async def admit(self, ctx: StepContext, action: Execute) -> Admitted | Refused | Stopped:
        """Whether a command runs; a refusal is in the log when this returns.

        A step that starts the app is also judged by the app's start command: the keeper runs it, no step does.
        """
        admitted = Admitted(None)
        for command in _subjects(ctx, action):
            verdict = self._verdict(ctx, command, action)
            if verdict.verdict == "ask" and not action.cleanup:
                verdict = await self._decide(ctx, command, verdict)
                if verdict is None:
                    return Stopped()
            if not _runs(verdict, cleanup=action.cleanup):
                return self._refuse(ctx, command, action.source, verdict)
            if verdict.rule and admitted.policy is None:
                admitted = Admitted(verdict)
        if action.source != "recipe":  # ours write nothing that others are to run; anybody else's may change what a command means
            self._policy.remember(action.command.model_copy(update={"source": "llm"}) if action.source == "llm" else action.command)
            self._start = None
        return admitted

    async def admit_plan(self, ctx: StepContext, action: ChangePlan) -> Refused | Stopped | None:
        """Whether a changed plan takes the place of the one so far; None when it does."""
        for command, verdict in self._denied(ctx.deploy, action.plan):
            return self._refuse(ctx, command, command.source, verdict)
        if ctx.deploy.settings.approval not in _APPROVED_PLANS:
            return None
        verdict = PolicyVerdict(verdict="ask", rule="approval", reason="A changed plan needs your approval (setting approval).")
        self._asked += 1
        question = about_changed_plan(ctx, self._asked, action.reason, _changes(ctx.deploy.plan, action.plan))
        answered = await self._answered(ctx, question, verdict)
        if answered is None:
            return Stopped()
        return None if _runs(answered) else Refused(answered)

    def refused_check(self, check: Check) -> CheckResult | None:
        """The result of a check whose command the policy does not let run; None when it may. Checks only read: nobody is asked."""
        if not isinstance(check, CommandCheck):
            return None
        verdict = self._policy.judge(check.command, cwd=check.cwd)
        if verdict.verdict == "allow":
            return None
        detail = f"not run, by rule {verdict.rule} of the command policy: {verdict.reason}"
        return CheckResult(type=check.type, description=f"`{check.command}` succeeds", passed=False, detail=detail, at=utc_now())

    def _verdict(self, ctx: StepContext, command: PlannedCommand, action: Execute) -> PolicyVerdict:
        is_own = command is action.command
        verdict = self._policy.judge_planned(command, _maker(action)) if is_own else self._start_verdict(ctx, command)
        if verdict.verdict == "allow" and action.source == "llm" and ctx.deploy.settings.approval == "always":
            reason = "Every command of the model needs your approval (setting approval)."
            return PolicyVerdict(verdict="ask", rule="approval", reason=reason)
        return verdict

    def _start_verdict(self, ctx: StepContext, command: PlannedCommand) -> PolicyVerdict:
        """One judgement for an attempt at a step, as long as only commands of ours run in it."""
        wanted = (ctx.step.id, ctx.attempt, command)
        if self._start is None or self._start[0] != wanted:
            self._start = (wanted, self._policy.judge_planned(command))
        return self._start[1]

    def _denied(self, deploy: DeployContext, plan: DeploymentPlan) -> Iterator[tuple[PlannedCommand, PolicyVerdict]]:
        for command in commands_of(plan, deploy.paths):
            verdict = self._policy.judge_planned(command)
            if verdict.verdict == "deny":
                yield command, verdict

    async def _decide(self, ctx: StepContext, command: PlannedCommand, verdict: PolicyVerdict) -> PolicyVerdict | None:
        """The verdict with the user's word; None when the step is to end meanwhile."""
        wanted = (verdict.rule, command.command, command.cwd, tuple(sorted(command.env.items())))
        if wanted in self._approved:
            return verdict.model_copy(update={"decided_by": "user", "verdict": "allow"})
        self._asked += 1
        answered = await self._answered(ctx, about_command(ctx, self._asked, command, verdict), verdict)
        if answered is not None and _runs(answered):
            self._approved.add(wanted)
        return answered

    async def _answered(self, ctx: StepContext, question: Question, verdict: PolicyVerdict) -> PolicyVerdict | None:
        if not self._asker.interactive:
            return verdict.model_copy(update={"decided_by": "nobody"})
        answer = await self._asker.ask(question, step_id=ctx.step.id, attempt=ctx.attempt)
        if ctx.stop.is_set():
            return None
        if answer.timed_out:
            return verdict.model_copy(update={"decided_by": "nobody"})
        allowed = answer.option_id == "yes"
        return verdict.model_copy(update={"decided_by": "user", "verdict": "allow" if allowed else "ask"})

    def _refuse(self, ctx: StepContext, command: PlannedCommand, source: CommandSource, verdict: PolicyVerdict) -> Refused:
        refused = RefusedCommand(command=command.command, source=source, reasoning=command.reasoning, policy=verdict, at=utc_now())
        self._recorder.record(CommandRefused(step_id=ctx.step.id, attempt=ctx.attempt, command=refused))
        return Refused(verdict)


def _maker(action: Execute) -> CommandSource:
    """Who made the command: a model's word is one wherever it comes from."""
    return "llm" if "llm" in (action.source, action.command.source) else action.source


def _runs(verdict: PolicyVerdict, *, cleanup: bool = False) -> bool:
    """Cleaning up is not asked about: what it takes back was allowed to run, and it may be the end of everything."""
    return verdict.verdict == "allow" or (cleanup and verdict.verdict == "ask")


def _subjects(ctx: StepContext, action: Execute) -> Iterator[PlannedCommand]:
    app = ctx.deploy.plan.app
    # verify_app: a model that mends a failed proof starts the app anew in that step
    if ctx.step.driver != "commands" and app is not None and not action.cleanup:
        yield start_command(app, ctx.deploy.paths)
    yield action.command


def commands_of(plan: DeploymentPlan, paths: DeployPaths) -> Iterator[PlannedCommand]:
    """All that a plan runs: the commands of its steps, and what starts the app."""
    for step in plan.steps:
        yield from step.commands
    if plan.app is not None:
        yield start_command(plan.app, paths)


def start_command(app: AppSpec, paths: DeployPaths) -> PlannedCommand:
    """The app's start command as the keeper runs it."""
    cwd = f"{paths.release_dir}/{app.cwd}" if app.cwd else paths.release_dir
    return PlannedCommand(command=app.command, cwd=cwd, env=app.env, reasoning="Start the app")


def _changes(before: DeploymentPlan, after: DeploymentPlan) -> str:
    """What is new in a plan, for the person who decides."""
    known = {(step.id, command.command) for step in before.steps for command in step.commands}
    lines = [
        f"{step.id}. {step.name}: {command.command}"
        for step in after.steps for command in step.commands if (step.id, command.command) not in known
    ]  # fmt: skip
    if after.app is not None and after.app != before.app:
        lines.append(f"The app is started by: {after.app.command}")
        known_env = before.app.env if before.app is not None else {}
        lines += [f"with {name}={value}" for name, value in after.app.env.items() if known_env.get(name) != value]
    return "\n".join(lines)
