"""Brings a release up: start, find the real port, prove it over HTTP, switch, stop the old one; all undone when that fails."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from ..apps.cache import prune_cache
from ..apps.data import migrates
from ..apps.layout import OwnerRecord, utc_now
from ..apps.release_change import CommandResult, ReleaseChange
from ..apps.startup import ChangeStoppedError, Serving
from ..apps.state import DeployDirState, read_state
from ..model.actions import Action, ChecksFailed, Execute, Observation, Refused, Repair, StepDone, StepFailed, Stopped, Tell
from ..model.errors import AppError
from ..model.log import AppInfo, CommandRecord, NamedValue, StructuredOutputs
from ..model.plan import AppSpec, PlannedCommand
from ..model.ports import StepContext
from ..model.reasons import Kind, Reason
from .dialogue import Perform, as_actions
from .known_failure import RepairRule
from .python_failures import start_repair
from .recipe import refusal

MAX_START_REPAIRS = 3
"""Packages that are brought in one after the other because the app did not find them."""
STOPPED = Reason(kind=Kind.CANCELLED_BY_USER, message="The step was stopped; what it had started was ended.")


class StartAppDriver:
    """Driver of steps with `driver="start_app"`."""

    def actions(self, ctx: StepContext) -> AsyncGenerator[Action, Observation]:
        """See `Driver.actions`."""
        return as_actions(lambda perform: _bring_up(ctx, perform))


@dataclass(frozen=True)
class RecordedCommands:
    """Runs the commands of a release change as recorded commands of the step. Implements `apps.release_change.RunCommand`."""

    perform: Perform

    async def __call__(self, command: PlannedCommand, *, cleanup: bool = False) -> CommandResult:
        observed = await self.perform(Execute(command, cleanup=cleanup))
        if isinstance(observed, CommandRecord):
            if observed.stopped and not cleanup:
                raise ChangeStoppedError
            output = "\n".join(filter(None, (observed.stdout, observed.stderr_tail or observed.stderr)))
            return CommandResult(observed.exit_code, output)
        if cleanup:
            return CommandResult(-1, "")
        if isinstance(observed, Refused):
            reason = refusal(command.command, observed.policy)
            raise AppError(reason.message, kind=reason.kind, suggestions=reason.suggestions)
        raise ChangeStoppedError


async def _bring_up(ctx: StepContext, perform: Perform) -> None:
    spec = ctx.deploy.plan.app
    if spec is None:
        await perform(StepFailed(Reason(kind=Kind.PLAN_INVALID, message="The plan starts an app, but does not say which.")))
        return

    async def tell(kind: str, text: str) -> None:
        await perform(Tell(kind, text))

    commands, tried = RecordedCommands(perform), set[str]()
    while True:
        change = ReleaseChange(ctx.deploy.session, ctx.deploy.paths.deploy_dir, commands, stopping=ctx.stop, tell=tell)
        try:
            serving = await _change_release(ctx, spec, change)
            await prune_cache(ctx.deploy.session, ctx.deploy.paths.deploy_dir, commands)
            _accept(await perform(_done(spec, serving)))
        except AppError as error:
            reason = with_aftermath(error.reason, await change.undo())
            repair = start_repair(error.reason, spec, ctx.deploy.paths.release_dir)
            if (
                repair is None
                or repair.id in tried
                or len(tried) >= MAX_START_REPAIRS
                or not await _mended(repair, perform, commands)
            ):
                await perform(StepFailed(reason))
                return
            tried.add(repair.id)
        except ChangeStoppedError:
            await change.undo()
            await perform(StepFailed(STOPPED))
            return
        else:
            return


async def _mended(repair: RepairRule, perform: Perform, commands: RecordedCommands) -> bool:
    """Whether the commands of a repair ran through.

    Raises:
        ChangeStoppedError: the step is being stopped.
    """
    await perform(Repair(repair.reason))
    for command in repair.commands:
        if (await commands(command)).exit_code != 0:
            return False
    return True


async def _change_release(ctx: StepContext, spec: AppSpec, change: ReleaseChange) -> Serving:
    paths = ctx.deploy.paths
    state = await read_state(ctx.deploy.session, paths.deploy_dir)
    await change.prepare(state, paths.release, spec)
    serving = await change.replace(state, paths.release, spec, migrated=migrates(ctx.deploy.plan))
    await change.make_live(state, _record(ctx, state, spec), spec, serving)
    return serving


def _record(ctx: StepContext, state: DeployDirState, spec: AppSpec) -> OwnerRecord:
    if state.record is not None:
        return state.record
    source = ctx.deploy.source
    repo, subdir = (source.repo, source.subdir) if source is not None else ("", "")
    return OwnerRecord(app=spec.name, repo=repo, subdir=subdir, created=utc_now())


def _done(spec: AppSpec, serving: Serving) -> StepDone:
    app = AppInfo(url=serving.url, port=serving.port, pid=serving.pid, name=spec.name, release=serving.release)
    summary = f"{spec.name} serves at {serving.url} ({serving.answer})"
    if serving.port != serving.requested_port:
        summary += f"; it does not read PORT, which said {serving.requested_port}"
    facts = {"url": app.url, "port": str(app.port), "pid": str(app.pid), "release": app.release}
    key_info = tuple(NamedValue(name=name, value=value) for name, value in facts.items())
    return StepDone(StructuredOutputs(summary=summary, key_info=key_info), app=app)


def _accept(observed: Observation) -> None:
    """Raises what the answer to `StepDone` means when it is no consent."""
    if isinstance(observed, ChecksFailed):
        raise AppError(failed_checks_text(observed), kind=kind_of_failed(observed))
    if isinstance(observed, Stopped):
        raise ChangeStoppedError


def failed_checks_text(observed: ChecksFailed) -> str:
    """What was expected and what was seen instead."""
    return "\n".join(f"Check failed: {check.description}; seen: {check.detail or 'nothing'}." for check in observed.failed)


def kind_of_failed(observed: ChecksFailed) -> Kind:
    """The kind of the first failed check that is about the app."""
    kinds = {"process": Kind.PROCESS_EXITED, "port": Kind.NO_LISTENING_PORT, "http": Kind.HEALTH_CHECK_FAILED}
    return next((kind for name, kind in kinds.items() if any(check.type == name for check in observed.failed)), Kind.CHECK_FAILED)


def with_aftermath(reason: Reason, aftermath: str) -> Reason:
    """The reason with a sentence on what runs now."""
    return reason if not aftermath else reason.model_copy(update={"message": f"{reason.message}\n{aftermath}"})
