"""The last step: the checks decide. When they fail the previous release comes back (on a first deploy the app is stopped)."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from ..apps.release_change import ReleaseChange
from ..apps.startup import quoted_log
from ..apps.state import DeployDirState, read_state
from ..model.actions import Action, ChecksFailed, Observation, StepDone, StepFailed
from ..model.log import AppInfo, StructuredOutputs
from ..model.ports import StepContext
from ..model.reasons import Kind, Reason
from ..model.suggestions import suggest
from .dialogue import Perform, as_actions
from .start_app import STOPPED, RecordedCommands, failed_checks_text, kind_of_failed, with_aftermath


class VerifyAppDriver:
    """Driver of steps with `driver="verify_app"`."""

    def actions(self, ctx: StepContext) -> AsyncGenerator[Action, Observation]:
        """See `Driver.actions`."""
        return as_actions(lambda perform: _verify(ctx, perform))


async def _verify(ctx: StepContext, perform: Perform) -> None:
    app = ctx.deploy.app
    state = await read_state(ctx.deploy.session, ctx.deploy.paths.deploy_dir)
    if app is None or not _is_live(state, app):
        await perform(StepFailed(_not_live(app)))
        return
    observed = await perform(StepDone(StructuredOutputs(summary=f"{app.name or 'The app'} is up at {app.url}"), app=app))
    if isinstance(observed, ChecksFailed):
        shown = await quoted_log(ctx.deploy.session, state.deploy_dir, app.release)
        reason = Reason(kind=kind_of_failed(observed), message=f"{failed_checks_text(observed)}\n{shown}")
    else:
        reason = STOPPED
    change = ReleaseChange(ctx.deploy.session, state.deploy_dir, RecordedCommands(perform), stopping=ctx.stop)
    await perform(StepFailed(with_aftermath(reason, await change.go_back(state, app.release))))


def _is_live(state: DeployDirState, app: AppInfo) -> bool:
    """After a rollback the same port answers for another release: checks of that would prove nothing."""
    return state.current == app.release and state.run(app.release).running


def _not_live(app: AppInfo | None) -> Reason:
    what = "No app has been started" if app is None else f"Release {app.release} is not running as the live release"
    return Reason(
        kind=Kind.APP_NOT_RUNNING, message=f"{what}, so there is nothing to verify.", suggestions=(suggest("Deploy again."),)
    )
