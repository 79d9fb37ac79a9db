"""`config`: the settings that count, where each comes from, and where the user's file is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .options import Output, takes
from .settings_options import SettingsOptions

commands = typer.Typer()
_group = typer.Typer(help="Show the settings: each value and where it comes from.", no_args_is_help=True)
commands.add_typer(_group, name="config")


@_group.command()
@takes(SettingsOptions)
def show(options: SettingsOptions, *, output: Output = "text") -> None:
    """Show each setting, its value and its source.

    Order: command line, environment (AUTO_DEPLOYER_LLM_MODEL for llm.model, and so on), editor, the user's file, default.
    """
    loaded = options.load()
    from ..runner.settings import shown_values

    values = shown_values(loaded.settings)
    if output == "json":
        _print_json({key: {"value": value, "source": loaded.sources[key]} for key, value in values.items()})
        return
    from .console import print_table, stdout_console

    rows = [(key, _as_text(value), loaded.sources[key]) for key, value in values.items()]
    print_table(stdout_console(), ("Setting", "Value", "Source"), rows)


@_group.command()
def path(
    config: Annotated[Path | None, typer.Option("--config", help="As for other commands.")] = None, output: Output = "text"
) -> None:
    """Show which file of settings is read, and whether it is there."""
    import os

    from ..runner.settings import user_file

    file = user_file(config, os.environ).path
    if output == "json":
        _print_json({"path": str(file), "exists": file.is_file()})
        return
    typer.echo(file)
    if not file.is_file():
        typer.echo("It is not there: the defaults count until you write it.", err=True)


def _as_text(value: Any) -> str:
    import orjson

    return "-" if value is None else value if isinstance(value, str) else orjson.dumps(value).decode()


def _print_json(value: Any) -> None:
    import orjson

    typer.echo(orjson.dumps(value).decode())
