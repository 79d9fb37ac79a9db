"""Suggestions as a person types them: options with their value, or the command."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..model.suggestions import OptionName, Suggestion

OPTIONS: Final[Mapping[OptionName, tuple[str, str]]] = {
    "subdir": ("--subdir", "FOLDER"),
    "ref": ("--ref", "REF"),
    "dirty": ("--dirty", ""),
    "env": ("--env", "NAME=VALUE"),
    "envFile": ("--env-file", "FILE"),
    "deployDir": ("--deploy-dir", "FOLDER"),
    "port": ("--app-port", "PORT"),
    "planner": ("--planner", "PLANNER"),
    "shared": ("--shared", "PATH"),
    "installRuntimes": ("--install-runtimes", ""),
    "overrides.recipe": ("--recipe", "RECIPE"),
    "overrides.install": ("--install", "COMMAND"),
    "overrides.build": ("--build", "COMMAND"),
    "overrides.start": ("--start", "COMMAND"),
    "overrides.outputDir": ("--output-dir", "FOLDER"),
    "overrides.healthPath": ("--health-path", "PATH"),
    "initializationOptions.logDir": ("--log-dir", "FOLDER"),
}
"""What they are called here, and what stands for a value that is not known; "" for those that take none."""


def worded(suggestion: Suggestion) -> str:
    """`Say how to start it: --start 'node server.js'`."""
    if suggestion.option is None:
        return suggestion.plain
    option, unknown = OPTIONS[suggestion.option]
    if not unknown:
        return f"{suggestion.words}: {option}"
    given = suggestion.value
    if suggestion.option == "env" and given:
        return f"{suggestion.words}: {option} {given}=VALUE"
    return f"{suggestion.words}: {option} {shlex.quote(given) if given else unknown}"
