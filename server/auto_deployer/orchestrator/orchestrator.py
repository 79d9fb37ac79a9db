"""Runs the steps of a plan by dependency and decides the outcome of the deployment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..apps.checks import run_check
from ..deploy_log import Recorder
from ..model.errors import InvalidStateError, NotFoundError
from ..model.events import StepFinished
from ..model.fold import last_step
from ..model.log import AppInfo, DeploymentLog, Outcome, StepResult, StepStatus
from ..model.plan import DeploymentPlan, DeploymentStep
from ..model.ports import Asker, DeployContext, Driver, StepContext
from ..model.questions import Answer
from ..model.reasons import Kind, Reason
from ..model.suggestions import suggest
from .asking import about_failure
from .budget import Budget
from .commands import OnCommandExecuted
from .control import RunControl, Skip, unless_stopped
from .gate import CommandGate
from .step_executor import StepExecutor, ended, new_entry, skipped

if TYPE_CHECKING:
    from .policy import CommandPolicy


@dataclass(frozen=True)
class Verdict:
    """How the deployment ended, and why when it is no success."""

    outcome: Outcome
    reason: Reason | None = None


class DeploymentOrchestrator:
    """Runs one plan on one target.

    Args:
        deploy: What all steps share; its plan is run.
        policy: Judges every command.
        driver_for: Who decides for a step.
        budget: The limits of the run; None: those of the deployment's settings.
        previous: The ended deployment that this one continues; its steps are taken over while their checks pass.
        from_step: First step of `previous` to run again; None: the first that was not ok.
        on_command_executed: Called with each record after it is in the log.
    """

    def __init__(  # noqa: PLR0913 - what has a default is for tests and continued deployments
        self,
        deploy: DeployContext,
        recorder: Recorder,
        asker: Asker,
        control: RunControl,
        *,
        policy: CommandPolicy,
        driver_for: Callable[[DeploymentStep], Driver],
        budget: Budget | None = None,
        previous: DeploymentLog | None = None,
        from_step: int | None = None,
        on_command_executed: OnCommandExecuted = lambda _: None,
    ) -> None:
        self._deploy, self._recorder, self._asker, self._control = deploy, recorder, asker, control
        self._driver_for, self._previous, self._from_step = driver_for, previous, from_step
        self._budget = budget or Budget.of(deploy.settings.budget)
        self._gate = CommandGate(recorder, asker, policy)
        self._executor = StepExecutor(
            deploy.session, recorder, asker, control, self._budget, self._gate, on_command_executed=on_command_executed
        )
        self._results: dict[int, StepResult] = {}
        self._aborted = False
        self._taking_over = previous is not None
        """False once a step ran again: what follows it is run again too."""
        self.current_step_ctx: StepContext | None = None
        """The context of the step that runs, None between steps."""

    @property
    def app(self) -> AppInfo | None:
        """The app that a step of this run brought up."""
        return self._deploy.app

    async def run(self) -> Verdict:
        """Run all steps.

        Raises:
            LogError: the log cannot be written; the run has stopped.
        """
        for step in ordered(self._deploy.plan):
            result = await self._run_step(step)
            self._results[step.id] = result
            self._deploy.previous_results.append(result)
            verdict = self._after(step, result)
            if verdict is not None:
                self._block_dependents(step)
                return verdict
        return self._outcome()

    def skip_step(self, step_id: int, *, satisfies_dependents: bool = False) -> None:
        """Skip a step that has not ended; one that runs is ended first.

        Raises:
            NotFoundError: the plan has no such step.
            InvalidStateError: it has ended.
        """
        if all(step.id != step_id for step in self._deploy.plan.steps):
            raise NotFoundError(f"The plan has no step {step_id}.")
        if step_id in self._results:
            raise InvalidStateError(f"Step {step_id} has ended ({self._results[step_id].status}).")
        self._control.skip(step_id, Skip(satisfies_dependents))

    async def _run_step(self, step: DeploymentStep) -> StepResult:
        if not self._may_run(step):
            return self._never_started(step, "blocked", _blocked(step, self._results))
        attempt = 1
        answer = Answer()
        try:
            while True:
                skip = self._control.enter_step(step.id)
                if skip is not None:
                    return self._skipped(step, attempt, skip)
                if attempt == 1 and (reused := await self._reused(step)) is not None:
                    return reused
                result = await self._attempt(step, attempt, answer)
                if result.status != "failed" or not self._asker.interactive:
                    return result
                answer = await self._ask_about(step, attempt, result)
                decided = self._decide(step, attempt, result, answer)
                if decided is not None:
                    return decided
                attempt += 1
        finally:
            self._control.leave_step()

    async def _attempt(self, step: DeploymentStep, attempt: int, told: Answer) -> StepResult:
        """One attempt, with what the user said about the one before. Guidance is for the model: who gives it wants its help."""
        self.current_step_ctx = StepContext(
            deploy=self._deploy, step=step, attempt=attempt, interactive=self._asker.interactive, guidance=told.guidance,
            repair=told.option_id == "model" or bool(told.guidance), stop=self._control.stop,
        )  # fmt: skip
        try:
            return await self._executor.run(self.current_step_ctx, self._driver_for(step))
        finally:
            self.current_step_ctx = None

    async def _ask_about(self, step: DeploymentStep, attempt: int, result: StepResult) -> Answer:
        question = about_failure(self._deploy, step, attempt, result, may_retry=self._budget.may_retry(attempt))
        return await self._asker.ask(question, step_id=step.id, attempt=attempt)

    def _decide(self, step: DeploymentStep, attempt: int, result: StepResult, answer: Answer) -> StepResult | None:
        """What becomes of a failed step; None: another attempt."""
        skip = self._control.skips.get(step.id)
        if answer.option_id in ("skip", "skip_continue"):
            skip = Skip(satisfies_dependents=answer.option_id == "skip_continue")
        if skip is not None:
            self._control.skips[step.id] = skip
            return self._skipped(step, attempt + 1, skip)
        again = answer.option_id in ("retry", "model") and self._budget.may_retry(attempt)
        if again and self._control.ending is None:
            return None
        if answer.option_id == "abort":
            self._aborted = True
        return result

    def _skipped(self, step: DeploymentStep, attempt: int, skip: Skip) -> StepResult:
        return self._finish_entry(step, skipped(new_entry(step, attempt), skip))

    def _never_started(self, step: DeploymentStep, status: StepStatus, reason: Reason) -> StepResult:
        return self._finish_entry(step, ended(new_entry(step, 1), status, reason))

    def _finish_entry(self, step: DeploymentStep, entry: StepResult) -> StepResult:
        self._recorder.record(StepFinished(step_id=step.id, attempt=entry.attempt, step=entry))
        return entry

    async def _reused(self, step: DeploymentStep) -> StepResult | None:
        """The step's result in the deployment that this one continues, when its checks still pass."""
        before = last_step(self._previous, step.id) if self._previous is not None and self._taking_over else None
        if step.id == self._from_step or before is None or before.status != "success" or not await self._still_ok(step):
            self._taking_over = False
            return None
        entry = ended(new_entry(step, 1, reused=True), "success", outputs=before.structured_outputs)
        return self._finish_entry(step, entry)

    async def _still_ok(self, step: DeploymentStep) -> bool:
        if step.driver != "commands" and self._deploy.app is None:
            return False  # no app of ours is up
        for check in step.checks:
            if self._gate.refused_check(check) is not None:
                return False
            seen = await unless_stopped(self._control.stop, run_check(check, self._deploy.session, self._deploy.app))
            if seen is None or not seen.passed:
                return False
        return True

    def _may_run(self, step: DeploymentStep) -> bool:
        return all(self._satisfies(needed) for needed in step.depends_on)

    def _satisfies(self, step_id: int) -> bool:
        result = self._results.get(step_id)
        if result is not None and result.status == "success":
            return True
        skip = self._control.skips.get(step_id)
        return skip is not None and skip.satisfies_dependents

    def _after(self, step: DeploymentStep, result: StepResult) -> Verdict | None:
        """The end of the run after this step, or None to go on."""
        if self._control.ending is not None:
            return ending_verdict(self._control)
        if self._aborted:
            message = f"Aborted by the user after step {step.id} ({step.name}) failed."
            again = suggest("Retry it", command=f"auto-deployer retry {self._deploy.deployment_id}")
            return Verdict("aborted", Reason(kind=Kind.ABORTED_BY_USER, message=message, suggestions=(again,)))
        if result.status == "failed":
            return Verdict("failed", result.reason)
        return None

    def _block_dependents(self, failed: DeploymentStep) -> None:
        """Steps that can no longer run because of the failed one get their entry."""
        if self._control.ending is not None:
            return
        unmet = {failed.id}
        for step in ordered(self._deploy.plan):
            if step.id not in self._results and not unmet.isdisjoint(step.depends_on):
                unmet.add(step.id)
                self._results[step.id] = self._never_started(step, "blocked", _blocked(step, self._results))

    def _outcome(self) -> Verdict:
        """Success needs every step's success, but for skipped ones the user vouched for; never a skipped deploy or verify."""
        steps = {step.id: step for step in self._deploy.plan.steps}
        skipped = [steps[id_] for id_, result in self._results.items() if result.status == "skipped"]
        vital = [step for step in skipped if step.category in ("deploy", "verify")]
        blocked = [result for result in self._results.values() if result.status == "blocked"]
        if vital or (skipped and blocked):
            step = (vital or skipped)[0]
            retry = f"auto-deployer retry {self._deploy.deployment_id}"
            return Verdict("failed", Reason(
                kind=Kind.STEP_SKIPPED,
                message=f"Step {step.id} ({step.name}) was skipped, so the deployment is not proven to work.",
                suggestions=(suggest("Retry from it", command=f"{retry} --from-step {step.id}"),),
            ))  # fmt: skip
        if blocked:
            return Verdict("failed", blocked[0].reason)
        proven = any(steps[id_].category == "verify" and result.status == "success" for id_, result in self._results.items())
        if self._deploy.app is None or not proven:
            message = "Every step succeeded, but none of them brought up the app and verified that it answers."
            return Verdict("failed", Reason(kind=Kind.PLAN_INVALID, message=message))
        return Verdict("success")


def ordered(plan: DeploymentPlan) -> list[DeploymentStep]:
    """The steps in an order that respects dependencies, as planned where that leaves a choice.

    Raises:
        InvalidStateError: the dependencies form a circle or name no step.
    """
    left, done, order = list(plan.steps), set[int](), list[DeploymentStep]()
    while left:
        step = next((step for step in left if done.issuperset(step.depends_on)), None)
        if step is None:
            raise InvalidStateError("The plan's steps depend on each other in a circle, or on a step that is not there.")
        left.remove(step)
        done.add(step.id)
        order.append(step)
    return order


def ending_verdict(control: RunControl) -> Verdict:
    """The verdict of a run that was told to end."""
    if control.ending == "interrupted":
        message = "The process that ran this deployment was shut down."
        return Verdict(
            "interrupted",
            Reason(kind=Kind.SERVER_SHUTDOWN, message=message, suggestions=(suggest("Retry it", command="auto-deployer retry"),)),
        )
    return Verdict("cancelled", Reason(kind=Kind.CANCELLED_BY_USER, message="Cancelled by the user."))


def _blocked(step: DeploymentStep, results: dict[int, StepResult]) -> Reason:
    missing = [str(needed) for needed in step.depends_on if needed not in results or results[needed].status != "success"]
    return Reason(
        kind=Kind.DEPENDENCY_NOT_SATISFIED,
        message=f"Step {step.id} ({step.name}) did not run: it needs step {', '.join(missing)}, which did not succeed.",
    )
