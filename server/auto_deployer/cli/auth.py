"""`auth`: keep a provider's key in the keyring of this machine. No key is ever shown, or taken from the command line."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from .options import Output

if TYPE_CHECKING:
    from ..runner.settings import FoundKey

commands = typer.Typer()
_group = typer.Typer(help="Keep the key of a model's provider in the keyring of this machine.", no_args_is_help=True)
commands.add_typer(_group, name="auth")

Provider = Annotated[str, typer.Argument(metavar="PROVIDER", help="Such as openai; `llm` stands for whichever is set.")]


@_group.command("set")
def set_key(
    provider: Provider,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read the key from standard input instead of asking for it.")] = False,
) -> None:
    """Keep a provider's key. It is asked for and not shown; other users and processes do not see it."""
    from ..runner.settings import SystemKeyring, check_secret_name

    name = check_secret_name(provider)
    SystemKeyring().set(name, _read_key(name, stdin=stdin))
    typer.echo(f"The key for {name} is in the keyring.")


@_group.command()
def remove(provider: Provider) -> None:
    """Forget a provider's key."""
    from ..runner.settings import SystemKeyring, check_secret_name

    name = check_secret_name(provider)
    removed = SystemKeyring().remove(name)
    typer.echo(f"The key for {name} is removed." if removed else f"The keyring has no key for {name}.")


@_group.command()
def status(output: Output = "text") -> None:
    """Show for each provider where its key would come from. Keys themselves are never shown."""
    from ..runner.settings import SystemKeyring, providers, resolve_key

    keyring = SystemKeyring()
    problem = keyring.problem()
    found = {provider: resolve_key(provider, environ=os.environ, editor_secrets={}, keyring=keyring) for provider in providers()}
    if output == "json":
        _print_json(found, problem)
        return
    from .console import print_lines, print_table, stdout_console

    console = stdout_console()
    rows = [(provider, key.source if key else _without_key(provider)) for provider, key in found.items()]
    print_table(console, ("Provider", "Key from"), rows)
    if problem is not None:
        print_lines(console, (f"Keyring: {problem}",))


def _without_key(provider: str) -> str:
    from ..llm.presets import PRESETS

    return "no key" if PRESETS[provider].needs_key else "no key (it may need none)"


def _read_key(name: str, *, stdin: bool) -> str:
    """The key that was typed or piped in.

    Raises:
        UsageError: there is none, or nobody can be asked.
    """
    from ..model.errors import UsageError
    from ..model.suggestions import suggest

    if not stdin and not sys.stdin.isatty():
        raise UsageError(
            "nobody can be asked for the key here",
            suggestions=(suggest("Have it read from a file", command=f"auto-deployer auth set {name} --stdin < FILE"),),
        )
    key = (sys.stdin.readline() if stdin else typer.prompt(f"Key for {name}", hide_input=True, err=True)).strip()
    if not key:
        raise UsageError("the key is empty")
    return key


def _print_json(found: dict[str, FoundKey | None], problem: str | None) -> None:
    import orjson

    keys = {provider: {"source": key.source if key else None} for provider, key in found.items()}
    typer.echo(orjson.dumps({"providers": keys, "keyring": problem or "ok"}).decode())
