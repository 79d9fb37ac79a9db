"""`server` in the list of commands. `__main__` starts the language server before typer is loaded, so this only forwards."""

from __future__ import annotations

import os
import sys

import typer

commands = typer.Typer()


@commands.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def server(context: typer.Context) -> None:
    """Start the language server on stdin and stdout, for editors."""
    os.execv(sys.executable, [sys.executable, "-m", "auto_deployer", "server", *context.args])  # noqa: S606  (our own interpreter)
