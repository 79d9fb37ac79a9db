"""The apps that deploys brought up: list, start, stop, restart, roll back, read their log, remove."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from . import backend
from .options import AppDeployDir, AppName, Output, OutputFormat, app_params

if TYPE_CHECKING:
    from ..model.ports import AppVerbs
    from ..model.requests import AppParams, AppState

commands = typer.Typer()

_FOLLOW_S = 0.3
"""Seconds between two looks at an app's log."""


@commands.command()
def apps(output: Output = "text") -> None:
    """List the apps on this machine, running, stopped and crashed."""
    result = backend.run(backend.open_apps().list_apps())
    if output == "json":
        typer.echo(result.model_dump_json(by_alias=True))
        return
    from .console import print_lines, print_table, stdout_console

    console = stdout_console()
    if not result.apps:
        print_lines(console, ("There are no apps yet: `auto-deployer deploy` brings one up.",))
        return
    print_table(console, ("App", "Status", "URL", "Pid", "Release", "Directory"), [
        (app.name, _status(app), app.url or "-", str(app.pid or "-"), app.release or "-", app.deploy_dir) for app in result.apps
    ])  # fmt: skip
    for app in result.apps:
        print_lines(console, _crash_lines(app))


@commands.command()
def start(app: AppName = None, deploy_dir: AppDeployDir = None, output: Output = "text") -> None:
    """Start a stopped or crashed app again, and prove that it answers."""
    _act(app, deploy_dir, output, lambda verbs, params: verbs.start(params))


@commands.command()
def stop(app: AppName = None, deploy_dir: AppDeployDir = None, output: Output = "text") -> None:
    """Stop an app with all its processes."""
    _act(app, deploy_dir, output, lambda verbs, params: verbs.stop(params))


@commands.command()
def restart(app: AppName = None, deploy_dir: AppDeployDir = None, output: Output = "text") -> None:
    """Stop an app and start its current release again."""
    _act(app, deploy_dir, output, lambda verbs, params: verbs.restart(params))


@commands.command()
def rollback(
    app: AppName = None,
    deploy_dir: AppDeployDir = None,
    release: Annotated[str | None, typer.Option("--release", help="Release to go back to. (default: the one before)")] = None,
    output: Output = "text",
) -> None:
    """Go back to an earlier release of an app."""

    def act(verbs: AppVerbs, params: AppParams) -> Awaitable[AppState]:
        from ..model.requests import RollbackParams

        return verbs.rollback(RollbackParams(name=params.name, deploy_dir=params.deploy_dir, release=release))

    _act(app, deploy_dir, output, act)


@commands.command()
def remove(
    app: AppName = None,
    deploy_dir: AppDeployDir = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    output: Output = "text",
) -> None:
    """Stop an app and delete its deploy directory with all releases."""
    named = app_params(app, deploy_dir)
    if not yes:
        _confirm(named.name or named.deploy_dir or "")
    _act(app, deploy_dir, output, lambda verbs, params: verbs.remove(params), done="removed")


def _confirm(name: str) -> None:
    """Ask before deleting.

    Raises:
        typer.Abort: the answer is no.
        UsageError: nobody can be asked.
    """
    from ..model.errors import UsageError

    if not sys.stdin.isatty():
        raise UsageError(f"removing {name} deletes its directory and nobody can confirm it", suggestions=("Give --yes.",))
    typer.confirm(f"Stop {name} and delete its deploy directory?", abort=True, err=True)


@commands.command("app-logs")
def app_logs(
    app: AppName = None,
    deploy_dir: AppDeployDir = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as the app writes, until Ctrl-C.")] = False,
) -> None:
    """Show the last part of an app's own log."""
    backend.run(_show_log(app_params(app, deploy_dir), follow))


async def _show_log(params: AppParams, follow: bool) -> None:
    from ..model.requests import AppLogParams
    from .text import clean

    verbs = backend.open_apps()
    offset: int | None = None
    while True:
        part = await verbs.log(AppLogParams(name=params.name, deploy_dir=params.deploy_dir, offset=offset))
        sys.stdout.write(clean(part.text))
        sys.stdout.flush()
        offset = part.next_offset if part.size >= part.next_offset else 0  # a new run may begin a new file
        if part.next_offset < part.size and offset > part.offset:
            continue
        if not follow:
            return
        await asyncio.sleep(_FOLLOW_S)


def _act(
    app: str | None,
    deploy_dir: str | None,
    output: OutputFormat,
    act: Callable[[AppVerbs, AppParams], Awaitable[AppState]],
    *,
    done: str = "",
) -> None:
    """Do something with one app and show how it is then (or that it is `done`)."""
    params = app_params(app, deploy_dir)

    async def work() -> AppState:
        return await act(backend.open_apps(), params)

    state = backend.run(work())
    if output == "json":
        typer.echo(state.model_dump_json(by_alias=True))
        return
    from .console import print_lines, stdout_console
    from .parts import status_text
    from .text import symbols_for

    console = stdout_console()
    details = (state.url or "", f"release {state.release}" if state.release and not done else "")
    print_lines(console, (status_text(done or state.status, symbols_for(console.encoding), f"{state.name}:", *details),))
    print_lines(console, _crash_lines(state))


def _status(app: AppState) -> str:
    """The status as a word; an app without a release was never up: its first deployment did not succeed."""
    return "not deployed" if app.release is None and app.status == "stopped" else app.status


def _crash_lines(app: AppState) -> Iterator[str]:
    """Why a crashed app ended: exit code and its own last lines."""
    from .text import clean

    if app.status != "crashed":
        return
    yield f"{app.name} ended" + (f" with exit code {app.exit_code}" if app.exit_code is not None else "") + "; its last lines:"
    yield from (f"    {clean(line)}" for line in app.last_lines)
    yield f"  `auto-deployer app-logs {app.name}` shows more, `auto-deployer start {app.name}` starts it again."
