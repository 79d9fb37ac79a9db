"""`env`: the environment of a deployed app, kept in its env file over all releases. Values show only when they are asked for."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from . import backend
from .options import AppDeployDir, AppName, Output, OutputFormat, app_params

if TYPE_CHECKING:
    from ..model.requests import AppEnv, AppParams

commands = typer.Typer()
_group = typer.Typer(help="Show and change the environment of an app; it is kept over its releases.", no_args_is_help=True)
commands.add_typer(_group, name="env")

Restart = Annotated[bool, typer.Option("--restart", help="Restart the app if it runs and something changed.")]


@_group.command("list")
def list_names(
    app: AppName = None,
    deploy_dir: AppDeployDir = None,
    *,
    show: Annotated[bool, typer.Option("--show", help="Print the values too.")] = False,
    output: Output = "text",
) -> None:
    """List the variables of an app, and those that its sample of settings names besides. Values are masked without --show."""
    params = app_params(app, deploy_dir)
    verbs = backend.open_apps()
    found = backend.run(verbs.env(params))
    values = backend.run(verbs.env_values(params)) if show else {}
    if output == "json":
        _print_json(found, values)
        return
    from .console import print_lines, print_table, stdout_console
    from .text import clean

    console = stdout_console()
    rows = [(variable.name, clean(values.get(variable.name, variable.value))) for variable in found.variables]
    if rows:
        print_table(console, ("Variable", "Value"), rows)
    else:
        print_lines(console, (f"{found.name} has no variables of its own.",))
    print_lines(console, (f"Not set: {variable.name} ({variable.place})" for variable in found.wanted))


@_group.command("set")
def set_values(
    words: Annotated[
        list[str], typer.Argument(metavar="[APP] NAME[=VALUE]...", help="The app (not with --deploy-dir), and what to set.")
    ],
    deploy_dir: AppDeployDir = None,
    *,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read the value of the one NAME from standard input.")] = False,
    restart: Restart = False,
    output: Output = "text",
) -> None:
    """Set variables of an app. The value of a NAME alone is asked for and not shown; one in the command line, others may see."""
    params, given = _app_and_names(words, deploy_dir)
    values = {name: _value(name, value, stdin=stdin) for name, value in _assignments(given, stdin=stdin)}
    _change(params, set_=values, restart=restart, output=output)


@_group.command()
def unset(
    words: Annotated[
        list[str], typer.Argument(metavar="[APP] NAME...", help="The app (not with --deploy-dir), and what to remove.")
    ],
    deploy_dir: AppDeployDir = None,
    *,
    restart: Restart = False,
    output: Output = "text",
) -> None:
    """Remove variables of an app."""
    params, names = _app_and_names(words, deploy_dir)
    _change(params, unset=names, restart=restart, output=output)


@_group.command()
def edit(app: AppName = None, deploy_dir: AppDeployDir = None, *, restart: Restart = False, output: Output = "text") -> None:
    """Edit the variables of an app with $VISUAL or $EDITOR, in a private copy that takes their place when it is right."""
    from .env_editing import edited

    params = app_params(app, deploy_dir)
    before = dict(backend.run(backend.open_apps().env_values(params)))
    after = edited(before, params.name or params.deploy_dir or "app")
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    _change(params, set_=changed, unset=[name for name in before if name not in after], restart=restart, output=output)


def _app_and_names(words: Sequence[str], deploy_dir: str | None) -> tuple[AppParams, Sequence[str]]:
    """Which app is meant, and the words that remain.

    Raises:
        UsageError: no variable is named.
    """
    from ..model.errors import UsageError
    from ..model.suggestions import suggest

    app, names = (None, words) if deploy_dir is not None else (words[0], words[1:])
    if not names or (app is not None and "=" in app):
        raise UsageError(
            "name the app, then its variables",
            suggestions=(suggest("For example", command="auto-deployer env set APP NAME=VALUE"),),
        )
    return app_params(app, deploy_dir), names


def _assignments(words: Sequence[str], *, stdin: bool) -> list[tuple[str, str | None]]:
    """Names and values; None where the value is to be asked for.

    Raises:
        UsageError: `--stdin` with more than one name, or with a value.
    """
    from ..model.errors import UsageError

    parts = [word.partition("=") for word in words]
    if stdin and (len(parts) != 1 or parts[0][1]):
        raise UsageError("--stdin takes one NAME, without a value")
    return [(name, value if separator else None) for name, separator, value in parts]


def _value(name: str, value: str | None, *, stdin: bool) -> str:
    """The value as it was given, piped in, or typed unseen.

    Raises:
        UsageError: nobody can be asked.
    """
    from ..model.errors import UsageError
    from ..model.suggestions import suggest

    if value is not None:
        return value
    if stdin:
        return sys.stdin.read().removesuffix("\n")
    if not sys.stdin.isatty():
        raise UsageError(
            f"nobody can be asked for the value of {name} here",
            suggestions=(suggest("Have it read from a file", command=f"auto-deployer env set APP {name} --stdin < FILE"),),
        )
    return str(typer.prompt(f"Value of {name}", hide_input=True, err=True))


def _change(
    params: AppParams, *, set_: dict[str, str] | None = None, unset: Sequence[str] = (), restart: bool, output: OutputFormat
) -> None:
    """Carry it out, restart the app if that is wanted and needed, and show what is so now."""
    from ..model.requests import SetEnvParams

    verbs = backend.open_apps()
    wanted = SetEnvParams(name=params.name, deploy_dir=params.deploy_dir, set=set_ or {}, unset=tuple(unset))
    now = backend.run(verbs.set_env(wanted))
    if now.restart_needed and restart:
        backend.run(verbs.restart(params))
        now = now.model_copy(update={"restart_needed": False})
    if output == "json":
        _print_json(now)
        return
    from .console import print_lines, stdout_console

    names = ", ".join(variable.name for variable in now.variables) or "no variables"
    print_lines(stdout_console(), (f"{now.name} has {names}.",))
    if now.restart_needed:
        print_lines(stdout_console(), (f"It runs with the values from before: `auto-deployer restart {now.name}`.",))


def _print_json(found: AppEnv, values: Mapping[str, str] | None = None) -> None:
    """The answer of `deploy/env`, with the values themselves where they are given."""
    import orjson

    document = found.model_dump(by_alias=True, mode="json")
    for variable in document["variables"]:
        variable["value"] = (values or {}).get(variable["name"], variable["value"])
    typer.echo(orjson.dumps(document).decode())
