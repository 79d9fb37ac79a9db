"""Options that several commands share, groups of options, and option values as params of the wire."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import re
import typing
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from ..model.requests import AppParams

OutputFormat = Literal["text", "json"]

Output = Annotated[OutputFormat, typer.Option("--output", help="How to print: for people, or JSON for programs.")]
LogDir = Annotated[Path | None, typer.Option("--log-dir", help="Folder of the deployment logs. (default: ./agent_logs)")]
AppName = Annotated[str | None, typer.Argument(metavar="APP", help="The app's name, as `auto-deployer apps` shows it.")]
AppDeployDir = Annotated[str | None, typer.Option("--deploy-dir", help="The app's deploy directory, instead of its name.")]


def takes(*groups: type[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command all fields of dataclasses as options; it gets them as one object each, its first arguments.

    typer knows options as parameters only; this writes them into the signature that typer reads.
    """
    shared = {group: _parameters(group) for group in groups}

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(command, eval_str=True).parameters.values())[len(groups) :]
        parameters = [parameter for several in shared.values() for parameter in several]
        parameters += [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]

        @functools.wraps(command)
        def with_groups(**given: Any) -> None:
            made = [group(**{option.name: given.pop(option.name) for option in options}) for group, options in shared.items()]
            command(*made, **given)

        with_groups.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        with_groups.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return with_groups

    return decorate


def _parameters(group: type[Any]) -> list[inspect.Parameter]:
    """The fields of a dataclass as parameters."""
    hints = typing.get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=getattr(group, field.name), annotation=hints[field.name]
        )
        for field in dataclasses.fields(group)
    ]


def log_dir_of(given: Path | None) -> Path:
    """The absolute log folder: the given one, else `agent_logs` in the current directory."""
    return (given or Path("agent_logs")).expanduser().absolute()


_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|[^/\s]+@[^/\s]+:")
"""A scheme ("https:", also odd ones such as "ext:") or the scp-like "git@host:path"."""


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def repository(given: str) -> str:
    """A git URL as it is, a local folder as an absolute path. Judging it is the runner's business."""
    if not given or (_URL.match(given) and not Path(given).expanduser().exists()):
        return given
    return absolute(given)


def absolute(folder: str) -> str:
    """An absolute path with `~` expanded, links left as they are."""
    return str(Path(folder).expanduser().absolute())


def environment(pairs: list[str]) -> dict[str, str]:
    """`K=V` options as a mapping; the last one of a name wins.

    Raises:
        UsageError: one has no "=", or what stands before it is no variable's name.
    """
    from ..model.errors import UsageError
    from ..model.suggestions import suggest

    result: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not _NAME.fullmatch(name):
            # The text may be a secret's value: it is not repeated.
            raise UsageError(
                "--env takes NAME=VALUE; one of those given has no '=', or no name of letters, digits and _ before it",
                suggestions=(suggest("For example MODE=demo."),),
            )
        result[name] = value
    return result


def inner_paths(given: list[str]) -> tuple[str, ...]:
    """`--shared` options as paths inside the deployed folder.

    Raises:
        UsageError: one leads out of it.
    """
    from ..model.errors import UsageError
    from ..model.requests import inner_path
    from ..model.suggestions import suggest

    try:
        return tuple(map(inner_path, given))
    except ValueError as error:
        raise UsageError(f"--shared {error}", suggestions=(suggest("For example", "shared", "uploads"),)) from None


def app_params(name: str | None, deploy_dir: str | None) -> AppParams:
    """Which app is meant.

    Raises:
        UsageError: neither or both are given.
    """
    from ..model.errors import UsageError
    from ..model.requests import AppParams
    from ..model.suggestions import suggest

    if (name is None) == (deploy_dir is None):
        raise UsageError(
            "name one app: by its name or by --deploy-dir",
            suggestions=(suggest("See which apps are here", command="auto-deployer apps"),),
        )
    return AppParams(name=name, deploy_dir=absolute(deploy_dir) if deploy_dir is not None else None)
