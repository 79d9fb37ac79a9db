"""The user's editor on a private copy of an app's environment."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import typer

from ..apps.env_file import parse_env_file, to_dotenv
from ..model.errors import UsageError
from ..model.suggestions import suggest

_HEAD = "# The environment of {app}: one NAME=VALUE a line; values with blanks, # or line breaks in quotes.\n"


def edited(before: Mapping[str, str], app: str) -> dict[str, str]:
    """The variables as the user left them. A copy with a mistake can be edited again where somebody is there to do it.

    Raises:
        UsageError: the editor cannot be run or failed, or its copy has a mistake; the message has the line.
    """
    with tempfile.TemporaryDirectory(prefix="auto-deployer-env-") as folder:  # 0700
        copy = Path(folder) / "app.env"
        copy.touch(mode=0o600)
        copy.write_text(_HEAD.format(app=app) + to_dotenv(before), encoding="utf-8")
        while True:
            _open_editor(copy)
            try:
                return parse_env_file(copy.read_text(encoding="utf-8"), copy.name)
            except (UsageError, UnicodeDecodeError) as error:
                mistake = error.message if isinstance(error, UsageError) else f"{copy.name} is not UTF-8 text."
                if not sys.stdin.isatty():
                    raise UsageError(f"{mistake} Nothing was changed.") from error
                typer.echo(mistake, err=True)
                typer.confirm("Edit it again?", default=True, abort=True, err=True)


def _open_editor(path: Path) -> None:
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        done = subprocess.run([*shlex.split(command), str(path)], check=False)
    except (OSError, ValueError) as error:
        raise UsageError(f"The editor {command!r} cannot be run: {error}", suggestions=(suggest("Set EDITOR."),)) from error
    if done.returncode != 0:
        raise UsageError(f"The editor {command!r} ended with exit code {done.returncode}. Nothing was changed.")
