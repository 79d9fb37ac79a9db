"""The typer app: one line per command group, and the one place where whatever ends a command becomes an exit code."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from . import apps, auth, config, demo, deploy, doctor, env, errors, inspect, logs, server

_HELP = """Deploy a repository from the terminal and watch every command.

Start with `auto-deployer demo`, or in your project: `auto-deployer deploy --local`."""


class _ReportingGroup(TyperGroup):
    """Ends every command the same way: an exit code, and errors as one message on stderr."""

    def invoke(self, ctx: Any) -> Any:
        with errors.reported():
            return super().invoke(ctx)


app = typer.Typer(cls=_ReportingGroup, no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, help=_HELP)
for group in (deploy, inspect, logs, apps, env, config, auth, doctor, demo, server):
    app.add_typer(group.commands)


def _print_version(wanted: bool) -> None:
    if wanted:
        from .. import __version__

        typer.echo(f"auto-deployer {__version__}")
        raise typer.Exit


@app.callback()
def _options(  # pyright: ignore[reportUnusedFunction]  (registered by the decorator)
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line `sys.argv`; always ends by SystemExit (codes: `errors.ExitCode`)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A terminal that cannot show a character gets "?" instead of a UnicodeEncodeError.
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    app(prog_name="auto-deployer")
