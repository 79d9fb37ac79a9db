"""The apps that deploys brought up: list, resume, start, stop, restart, roll back, read their log, remove."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from . import backend
from .errors import ExitCode
from .options import AppDeployDir, AppName, Output, OutputFormat, app_params

if TYPE_CHECKING:
    from ..model.ports import AppVerbs
    from ..model.requests import AppParams, AppsResult, AppState

commands = typer.Typer()
_apps = typer.Typer(invoke_without_command=True)
commands.add_typer(_apps, name="apps")

_FOLLOW_S = 0.3
"""Seconds between two looks at an app's log."""


@_apps.callback()
def apps(context: typer.Context, output: Output = "text") -> None:
    """List the apps on this machine, running, stopped and crashed, and what they take of it."""
    if context.invoked_subcommand is not None:
        return
    result = backend.run(backend.open_apps().list_apps())
    if output == "json":
        typer.echo(result.model_dump_json(by_alias=True))
        return
    from .console import print_lines, print_table, stdout_console

    console = stdout_console()
    if not result.apps:
        print_lines(console, ("There are no apps yet: `auto-deployer deploy` brings one up.",))
        return
    print_table(console, ("App", "Status", "URL", "Pid", "Memory", "CPU", "Restarts", "Release", "Directory"), [
        (
            app.name, _status(app), app.url or "-", str(app.pid or "-"), _memory(app), _cpu(app), _restarts(app),
            app.release or "-", app.deploy_dir,
        )
        for app in result.apps
    ])  # fmt: skip
    for app in result.apps:
        print_lines(console, _crash_lines(app))


@_apps.command()
def resume(
    *,
    install_systemd: Annotated[
        bool, typer.Option("--install-systemd", help="Have the systemd user manager do this at every start, from the next one on.")
    ] = False,
    print_systemd: Annotated[bool, typer.Option("--print-systemd", help="Print the systemd user unit that does this.")] = False,
    output: Output = "text",
) -> None:
    """Bring back every app that should be running and is not, as after a reboot; apps that you stopped stay stopped.

    With cron (`crontab -e`): @reboot auto-deployer apps resume. With systemd: --install-systemd, and `loginctl enable-linger` so
    that it runs without a login. Exit code 1 when an app does not serve; it is kept being tried all the same.
    """
    if install_systemd or print_systemd:
        _unit(install=install_systemd)
        return
    result = backend.run(backend.open_apps().resume())
    if output == "json":
        typer.echo(result.model_dump_json(by_alias=True))
    else:
        _show_resumed(result)
    if any(app.problem for app in result.apps):
        raise typer.Exit(ExitCode.FAILED)


def _unit(*, install: bool) -> None:
    text = backend.systemd_unit()
    if install:
        typer.echo(f"Enabled {backend.install_systemd_unit(text)}. It needs `loginctl enable-linger` to run without a login.")
    else:
        typer.echo(text, nl=False)


def _show_resumed(result: AppsResult) -> None:
    from .console import print_lines, stdout_console
    from .parts import status_text
    from .text import symbols_for

    console = stdout_console()
    if not result.apps:
        print_lines(console, ("Nothing had to be brought back.",))
    for app in result.apps:
        print_lines(console, (status_text(app.status, symbols_for(console.encoding), f"{app.name}:", app.url or ""),))
        print_lines(console, (f"    {line}" for line in (app.problem or "").splitlines()))


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
    """Stop an app and delete its deploy directory with all releases and the app's data."""
    named = app_params(app, deploy_dir)
    if not yes:
        _confirm(named)
    _act(app, deploy_dir, output, lambda verbs, params: verbs.remove(params), done="removed")


def _confirm(params: AppParams) -> None:
    """Ask before deleting, with the data that goes.

    Raises:
        typer.Abort: the answer is no.
        UsageError: nobody can be asked.
    """
    from ..model.errors import UsageError
    from ..model.suggestions import suggest
    from .text import clean

    name = params.name or params.deploy_dir or ""
    which = shlex.quote(name) if params.name else f"--deploy-dir {shlex.quote(name)}"
    if not sys.stdin.isatty():
        raise UsageError(
            f"removing {name} deletes its directory and nobody can confirm it",
            suggestions=(suggest("Confirm it", command=f"auto-deployer remove {which} --yes"),),
        )
    found = backend.run(backend.open_apps().list_apps()).apps
    data = [path for app in found if params.name == app.name or params.deploy_dir == app.deploy_dir for path in app.data]
    with_data = f" with its data ({clean(', '.join(data))})" if data else ""
    typer.confirm(f"Stop {name} and delete its deploy directory{with_data}?", abort=True, err=True)


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
    from .text import clean, symbols_for

    console = stdout_console()
    details = (state.url or "", f"release {state.release}" if state.release and not done else "")
    print_lines(console, (status_text(done or state.status, symbols_for(console.encoding), f"{state.name}:", *details),))
    print_lines(console, map(clean, state.notes))
    if done and state.data:
        print_lines(console, (f"    Its data went too: {clean(', '.join(state.data))}",))
    print_lines(console, _crash_lines(state))


def _status(app: AppState) -> str:
    """The status as a word; an app without a release was never up: its first deployment did not succeed."""
    return "not deployed" if app.release is None and app.status == "stopped" else app.status


def _memory(app: AppState) -> str:
    return "-" if app.memory_bytes is None else f"{app.memory_bytes / 1024**2:.0f} MB"


def _cpu(app: AppState) -> str:
    return "-" if app.cpu_percent is None else f"{app.cpu_percent:.1f} %"


def _restarts(app: AppState) -> str:
    """How often it crashed and was started again, and how it ended last."""
    code = "" if app.last_exit_code is None or not app.restarts else f" (exit {app.last_exit_code})"
    return f"{app.restarts}{code}"


def _crash_lines(app: AppState) -> Iterator[str]:
    """Why a crashed app ended: exit code and its own last lines."""
    from .text import clean

    if app.status != "crashed":
        return
    yield f"{app.name} ended" + (f" with exit code {app.exit_code}" if app.exit_code is not None else "") + "; its last lines:"
    yield from (f"    {clean(line)}" for line in app.last_lines)
    if app.gave_up:
        yield f"  It crashed again and again ({app.restarts} restarts); it is not started any more by itself."
    yield f"  `auto-deployer app-logs {app.name}` shows more, `auto-deployer start {app.name}` starts it again."
