"""`deploy` and `retry`: bring an app up and show it live."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from . import backend, errors
from .options import LogDir, Output, OutputFormat, absolute, inner_paths, log_dir_of, takes
from .settings_options import SettingsOptions
from .source import PlanOptions

if TYPE_CHECKING:
    from ..model.events import Finished
    from ..model.ports import DeploymentRunner
    from ..model.reasons import Reason
    from .following import Begin
    from .prompts import Prompter

commands = typer.Typer()

Approval = Annotated[
    Literal["never", "plan", "risky", "always"] | None,
    typer.Option(
        "--approval",
        help="What needs your approval: nothing, each plan, only risky plans, or plans and each command of the model. "
        "(default: as set, else plan at a terminal, never elsewhere)",
    ),
]
NonInteractive = Annotated[bool, typer.Option("--non-interactive", help="Never ask: what would need an answer fails.")]
Shared = Annotated[
    list[str] | None,
    typer.Option(
        "--shared", metavar="PATH",
        help="File or folder that all releases share, besides the data that is found by itself; repeatable.",
    ),
]  # fmt: skip
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Approve the plan in advance.")]


@commands.command()
@takes(PlanOptions, SettingsOptions)
def deploy(
    source: PlanOptions,
    settings: SettingsOptions,
    *,
    shared: Shared = None,
    approval: Approval = None,
    yes: Yes = False,
    non_interactive: NonInteractive = False,
    output: Output = "text",
    log_dir: LogDir = None,
) -> None:
    """Deploy a repository: analyse, plan, run each step, start the app and prove that it answers.

    With several --subdir one app after the other, until one fails; each knows the addresses of those before it as APP_<NAME>_URL,
    NAME being the last folder in capitals. AUTO_DEPLOYER_GIT_TOKEN is a token for a private repository.

    Exit codes: 0 success, 1 failed, 2 usage, 3 cannot plan (nothing was installed), 4 aborted or cancelled. Ctrl-C cancels cleanly.
    """
    each = source.each()
    group_id = new_deployment_id() if len(each) > 1 else None

    def run(app: PlanOptions) -> Finished:
        deployment_id = new_deployment_id()

        def begin_with(runner: DeploymentRunner, interactive: bool) -> Begin:
            from ..model.requests import StartParams

            wanted = "never" if yes else approval or _usual_approval(settings, interactive=interactive)
            params = StartParams(
                **app.values(), deployment_id=deployment_id, approval=wanted, non_interactive=non_interactive,
                shared=inner_paths(shared or []), group_id=group_id,
            )  # fmt: skip
            return lambda subscriber: runner.start(params, interactive=interactive, subscriber=subscriber)

        return run_deployment(
            deployment_id, begin_with, output=output, log_dir=log_dir_of(log_dir), non_interactive=non_interactive,
            settings=settings,
        )  # fmt: skip

    if group_id is None:
        raise typer.Exit(_code_of(run(each[0])))
    from .several import AppRun, run_in_order

    raise typer.Exit(run_in_order([AppRun((app.subdir or [""])[0], partial(run, app)) for app in each], output))


def _usual_approval(settings: SettingsOptions, *, interactive: bool) -> Literal["plan", "never"] | None:
    """What counts when neither `--approval` nor `--yes` is given; None: what the user has set."""
    if settings.load().is_set("approval"):
        return None
    return "plan" if interactive else "never"


@commands.command()
@takes(SettingsOptions)
def retry(
    settings: SettingsOptions,
    *,
    deployment: Annotated[
        str | None, typer.Argument(help="Deployment id, or name or path of its log. (default: the latest)")
    ] = None,
    from_step: Annotated[int | None, typer.Option("--from-step", help="Id of the step to run again from.")] = None,
    non_interactive: NonInteractive = False,
    output: Output = "text",
    log_dir: LogDir = None,
) -> None:
    """Continue a deployment that failed, was cancelled or interrupted, as a new one on the same snapshot and plan."""
    new_id = new_deployment_id()
    folder = _folder_of(deployment, log_dir)

    def begin_with(runner: DeploymentRunner, interactive: bool) -> Begin:
        from ..model.requests import RetryParams

        old_id = _ended_deployment(deployment, folder)
        params = RetryParams(
            deployment_id=old_id, new_deployment_id=new_id, from_step_id=from_step, non_interactive=non_interactive
        )
        return lambda subscriber: runner.retry(params, interactive=interactive, subscriber=subscriber)

    finished = run_deployment(
        new_id, begin_with, output=output, log_dir=folder, non_interactive=non_interactive, settings=settings
    )  # fmt: skip
    raise typer.Exit(_code_of(finished))


def _folder_of(deployment: str | None, log_dir: Path | None) -> Path:
    """The log folder to work in: that of the log which is named by its path, else the usual one."""
    if deployment is not None and log_dir is None and Path(deployment).expanduser().is_file():
        return Path(absolute(deployment)).parent
    return log_dir_of(log_dir)


def _ended_deployment(deployment: str | None, folder: Path) -> str:
    """The id of the deployment to continue; a crashed one is given its end first.

    Raises:
        NotFoundError: there is no such log.
        InvalidStateError: another program wrote it.
    """
    from ..deploy_log import LogStore, read_log
    from ..model.errors import InvalidStateError
    from ..model.suggestions import suggest

    store = LogStore(folder)
    backend.sweep(folder)
    path = store.latest() if deployment is None else store.find(deployment)
    deployment_id = read_log(path).deployment_id
    if not deployment_id:
        raise InvalidStateError(
            f"{path} was written by another program and cannot be continued", suggestions=(suggest("Deploy the repository anew."),)
        )
    return deployment_id


def new_deployment_id() -> str:
    """A short id that nobody else has."""
    return secrets.token_hex(6)


def run_deployment(
    deployment_id: str,
    begin_with: Callable[[DeploymentRunner, bool], Begin],
    *,
    output: OutputFormat,
    log_dir: Path,
    non_interactive: bool,
    settings: SettingsOptions,
) -> Finished:
    """Run a deployment to its end and show it; one that does not begin has an end too.

    Args:
        begin_with: (runner, whether somebody can be asked) to what begins the deployment.
        settings: What the command line says about them.
    """
    prompter = None if non_interactive else _prompter()
    return asyncio.run(_run(deployment_id, begin_with, output, log_dir, prompter, settings))


def _code_of(finished: Finished) -> errors.ExitCode:
    return errors.code_of(finished.outcome, finished.reason)


def _prompter() -> Prompter | None:
    if not sys.stdin.isatty():
        return None
    from .prompts import Prompter, terminal

    stream = terminal()
    return Prompter(stream) if stream is not None else None


async def _run(
    deployment_id: str,
    begin_with: Callable[[DeploymentRunner, bool], Begin],
    output: OutputFormat,
    log_dir: Path,
    prompter: Prompter | None,
    settings: SettingsOptions,
) -> Finished:
    from .following import Follower
    from .front_ends import front_end

    view = front_end(output)
    stop = asyncio.Event()
    try:
        with backend.on_stop(stop.set):  # one signal is enough; further ones change nothing
            runner = backend.open_runner(log_dir, settings.source())
            try:
                begin = begin_with(runner, prompter is not None)
                finished = await Follower(runner, deployment_id, view, prompter).run(begin, stop)
            finally:
                await runner.shutdown()
    except Exception as error:  # noqa: BLE001  (whatever it is, the last line of JSON tells it)
        finished = _failed(deployment_id, errors.reason_of(error))
        view.not_started(finished)
        errors.print_traceback(error)
    finally:
        view.close()
    return finished


def _failed(deployment_id: str, reason: Reason) -> Finished:
    """The end of a deployment that did not begin: it has no log and no other events."""
    from ..model.events import Finished

    time = datetime.now(UTC).isoformat(timespec="microseconds")
    return Finished(deployment_id=deployment_id, time=time, outcome="failed", reason=reason)
