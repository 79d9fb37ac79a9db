"""One attempt at one step: the driver decides, commands run, checks decide success."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

from ..apps.checks import run_check
from ..deploy_log import Recorder
from ..deploy_log.recorder import utc_now
from ..model.actions import (
    Action,
    AskUser,
    ChangePlan,
    ChecksFailed,
    CompressHistory,
    Execute,
    Observation,
    OngoingAction,
    Repair,
    StepDone,
    StepFailed,
    Stopped,
    Tell,
)
from ..model.errors import AutoDeployerError, LogError
from ..model.events import CheckFinished, HistoryCompressed, NoteAdded, PlanChanged, RepairApplied, StepFinished, StepStarted
from ..model.fold import naive_local
from ..model.log import CheckResult, StepResult, StepStatus, StructuredOutputs
from ..model.plan import DeploymentStep
from ..model.ports import Asker, Driver, Session, StepContext
from ..model.reasons import Kind, Reason
from .budget import Budget
from .commands import CommandExecutor, OnCommandExecuted
from .control import RunControl, Skip, unless_stopped
from .gate import Admitted, CommandGate

_STOP_PATIENCE_S = 2.0
"""How long a driver that waits for something may take to notice the stop before it is cut off."""


class StepExecutor:
    """Runs attempts at steps of one deployment.

    Args:
        on_command_executed: What the caller wants done with each record, after it is in the log.
    """

    def __init__(
        self, session: Session, recorder: Recorder, asker: Asker, control: RunControl, budget: Budget, gate: CommandGate,
        on_command_executed: OnCommandExecuted,
    ) -> None:  # fmt: skip
        self._session, self._recorder, self._asker, self._control, self._budget = session, recorder, asker, control, budget
        self._gate = gate
        self._commands = CommandExecutor(session, recorder, on_command_executed)

    async def run(self, ctx: StepContext, driver: Driver) -> StepResult:
        """One attempt, from `deploy/stepStarted` to `deploy/stepFinished`; returns the entry as finished.

        Raises:
            LogError: the log cannot be written.
        """
        entry = new_entry(ctx.step, ctx.attempt)
        generator = driver.actions(ctx)
        try:
            self._recorder.record(StepStarted(step_id=ctx.step.id, attempt=ctx.attempt, step=entry))
            verdict = await _Run(self, ctx, generator).to_end()
        except BaseException as error:
            if not isinstance(error, AutoDeployerError) or isinstance(error, LogError):
                if self._is_in_the_log(entry):
                    with suppress(LogError):
                        self._finish(ctx, _cut_off(entry, error))
                raise
            verdict = StepFailed(error.reason)
        finally:
            await generator.aclose()
        return self._finish(ctx, self._finished(ctx, entry, verdict))

    def _is_in_the_log(self, entry: StepResult) -> bool:
        """Whether it is told as running there."""
        last = self._recorder.log.steps[-1] if self._recorder.log.steps else None
        return last is not None and (last.step_id, last.attempt, last.status) == (entry.step_id, entry.attempt, "running")

    def _finish(self, ctx: StepContext, entry: StepResult) -> StepResult:
        self._recorder.record(StepFinished(step_id=ctx.step.id, attempt=ctx.attempt, step=entry))
        return entry

    def _finished(self, ctx: StepContext, entry: StepResult, verdict: StepDone | StepFailed | Stopped) -> StepResult:
        if isinstance(verdict, StepDone):
            return ended(entry, "success", outputs=verdict.outputs)
        reason = verdict.reason if isinstance(verdict, StepFailed) else None
        if ctx.stop.is_set():
            if self._control.ending is not None:
                return ended(entry, self._control.ending, reason)
            if (skip := self._control.skips.get(ctx.step.id)) is not None:
                return skipped(entry, skip)
        return ended(entry, "failed", reason)

    async def check(self, ctx: StepContext) -> list[CheckResult] | None:
        """Run the step's checks, each recorded; returns the failed ones, None when the step is to end meanwhile."""
        failed: list[CheckResult] = []
        for check in ctx.step.checks:
            result = self._gate.refused_check(check) or await unless_stopped(
                ctx.stop, run_check(check, self._session, ctx.deploy.app)
            )
            if result is None:
                return None
            self._recorder.record(CheckFinished(step_id=ctx.step.id, attempt=ctx.attempt, check=result))
            if not result.passed:
                failed.append(result)
        return failed

    async def observe(self, ctx: StepContext, action: OngoingAction) -> Observation:
        """Do what the driver wants and tell it what came of it."""
        match action:
            case Execute():
                return await self._execute(ctx, action)
            case AskUser():
                return await self._asker.ask(action.question, step_id=ctx.step.id, attempt=ctx.attempt)
            case Repair():
                self._recorder.record(RepairApplied(step_id=ctx.step.id, attempt=ctx.attempt, reason=action.reason))
            case Tell():
                self._recorder.record(NoteAdded(step_id=ctx.step.id, attempt=ctx.attempt, kind=action.kind, message=action.message))
            case CompressHistory():
                self._recorder.record(HistoryCompressed(
                    step_id=ctx.step.id, attempt=ctx.attempt, compression=action.event, text=action.text,
                ))  # fmt: skip
            case ChangePlan():
                return await self._change_plan(ctx, action)
        return None

    async def _execute(self, ctx: StepContext, action: Execute) -> Observation:
        """Past the gate, the command runs: the verdict is in the log before anything does."""
        admitted = await self._gate.admit(ctx, action)
        if not isinstance(admitted, Admitted):
            return admitted
        record = await self._commands.execute(ctx, action, admitted.policy)
        ctx.commands.append(record)
        return record

    async def _change_plan(self, ctx: StepContext, action: ChangePlan) -> Observation:
        refused = await self._gate.admit_plan(ctx, action)
        if refused is None:
            self._recorder.record(RepairApplied(step_id=ctx.step.id, attempt=ctx.attempt, reason=action.reason))
            self._recorder.record(PlanChanged(step_id=ctx.step.id, attempt=ctx.attempt, plan=action.plan))
            ctx.deploy.plan = action.plan
        return refused

    def over_budget(self, turns: int) -> StepFailed | None:
        """The end of the step when a limit is hit."""
        self._budget.turns += 1
        reason = self._budget.exceeded(turns)
        return StepFailed(reason) if reason is not None else None

    def no_command_left(self, action: Action) -> StepFailed | None:
        """The end of the step when the limit of commands is hit; cleaning up goes on all the same."""
        if not isinstance(action, Execute) or action.cleanup:
            return None
        reason = self._budget.another_command()
        return StepFailed(reason) if reason is not None else None


class _Run:
    """The loop of one attempt."""

    def __init__(self, executor: StepExecutor, ctx: StepContext, generator: AsyncGenerator[Action, Observation]) -> None:
        self._executor, self._ctx, self._generator = executor, ctx, generator
        self._told_to_stop = False
        self._over: StepFailed | None = None
        """The limit that was hit."""

    async def to_end(self) -> StepDone | StepFailed | Stopped:
        """Drive until the step is done, failed, or stopped. A driver that is stopped, or hits a limit, may still clean up."""
        observation: Observation = None
        turns = 0
        while True:
            action = await self._next(observation)
            if action is None:
                stopped = self._told_to_stop or self._ctx.stop.is_set()
                return self._over or (Stopped() if stopped else StepFailed(_no_decision(self._ctx.step)))
            if isinstance(action, StepFailed):
                return self._over or action
            if self._must_end(action):
                if self._told_to_stop:
                    return self._over or Stopped()
                self._told_to_stop, observation = True, Stopped()
                continue
            if isinstance(action, StepDone):
                done = await self._done(action)
                if isinstance(done, StepDone):
                    return done
                observation = done
            else:
                observation = await self._executor.observe(self._ctx, action)
            turns += 1
            self._over = self._over or self._executor.over_budget(turns)

    def _must_end(self, action: Action) -> bool:
        """Only what cleans up is still carried out."""
        if self._over is None and not self._ctx.stop.is_set():
            self._over = self._executor.no_command_left(action)
        is_cleanup = isinstance(action, Execute) and action.cleanup
        return (self._over is not None or self._ctx.stop.is_set()) and not is_cleanup

    async def _done(self, action: StepDone) -> StepDone | ChecksFailed | Stopped:
        """`StepDone` is a request: the checks decide."""
        if action.app is not None:
            self._ctx.deploy.app = action.app
        failed = await self._executor.check(self._ctx)
        if failed is None:
            self._told_to_stop = True
            return Stopped()
        return ChecksFailed(tuple(failed)) if failed else action

    async def _next(self, observation: Observation) -> Action | None:
        """The driver's next action; None when it has nothing more, or does not notice the stop."""
        asked = asyncio.ensure_future(self._generator.asend(observation))
        stopped = asyncio.ensure_future(self._ctx.stop.wait())
        try:
            await asyncio.wait({asked, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                await asyncio.wait({asked}, timeout=_STOP_PATIENCE_S)
            if not asked.done():
                self._told_to_stop = True
                return None
            return asked.result()
        except StopAsyncIteration:
            return None
        finally:
            stopped.cancel()
            if not asked.done():
                asked.cancel()
                await asyncio.gather(asked, return_exceptions=True)


def new_entry(step: DeploymentStep, attempt: int, *, reused: bool = False) -> StepResult:
    """The log entry of an attempt that begins now."""
    now = utc_now()
    return StepResult(
        step_id=step.id, step_name=step.name, category=step.category, attempt=attempt, reused=reused, started_at=now,
        timestamp=naive_local(now),
    )  # fmt: skip


def ended(
    entry: StepResult, status: StepStatus, reason: Reason | None = None, outputs: StructuredOutputs | None = None
) -> StepResult:
    """The entry with its end."""
    now, error = utc_now(), reason.message if reason else None
    return entry.model_copy(update={
        "status": status, "reason": reason, "error": error, "ended_at": now, "timestamp": naive_local(now),
        "structured_outputs": outputs or StructuredOutputs(),
    })  # fmt: skip


def skipped(entry: StepResult, skip: Skip) -> StepResult:
    """The entry of a step that the user skipped."""
    reason = Reason(kind=Kind.STEP_SKIPPED, message=f"Step {entry.step_id} ({entry.step_name}) was skipped by the user.")
    return ended(entry, "skipped", reason).model_copy(update={"satisfies_dependents": skip.satisfies_dependents})


def _cut_off(entry: StepResult, error: BaseException) -> StepResult:
    """The end of a step that could not come to an end of its own."""
    if isinstance(error, asyncio.CancelledError):  # a shutdown that could not wait
        return ended(entry, "interrupted", Reason(kind=Kind.SERVER_SHUTDOWN, message=f"Step {entry.step_name} was cut off."))
    if isinstance(error, LogError):
        return ended(entry, "failed", error.reason)
    message = f"Step {entry.step_name} ended on {type(error).__name__}: {error}"
    return ended(entry, "failed", Reason(kind=Kind.INTERNAL_ERROR, message=message))


def _no_decision(step: DeploymentStep) -> Reason:
    return Reason(kind=Kind.INTERNAL_ERROR, message=f"Step {step.name} ended without a decision of its driver.")
