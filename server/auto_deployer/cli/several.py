"""Several apps of one repository in one go: the line above each, and the list at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from . import errors
from .text import clean, symbols_for

if TYPE_CHECKING:
    from ..model.events import Finished
    from .options import OutputFormat


@dataclass(frozen=True)
class AppRun:
    """One app to deploy."""

    folder: str
    """In the repository."""
    run: Callable[[], Finished]


def run_in_order(apps: Sequence[AppRun], output: OutputFormat) -> errors.ExitCode:
    """Deploy one after the other; the first that does not succeed ends it. Its exit code is the result.

    With output "json" only the events are printed: those of all deployments, one after the other.
    """
    say = typer.echo if output == "text" else _nothing
    code = errors.ExitCode.SUCCESS
    ended: list[Finished] = []
    for number, app in enumerate(apps, 1):
        say(f"App {number} of {len(apps)}: {clean(app.folder)}")
        finished = app.run()
        ended.append(finished)
        code = errors.code_of(finished.outcome, finished.reason)
        if code is not errors.ExitCode.SUCCESS:
            break
    say("")
    for line in _summary(apps, ended):
        say(line)
    return code


def _summary(apps: Sequence[AppRun], ended: Sequence[Finished]) -> list[str]:
    symbols = symbols_for(sys.stdout.encoding)
    width = max(len(clean(app.folder)) for app in apps)
    rows = [(finished.outcome, _end_of(finished)) for finished in ended]
    rows += [("blocked", "not started")] * (len(apps) - len(ended))
    return [f"{symbols.icon(icon)} {clean(app.folder):<{width}}  {text}" for app, (icon, text) in zip(apps, rows, strict=True)]


def _end_of(finished: Finished) -> str:
    if finished.outcome == "success":
        return finished.app.url if finished.app is not None and finished.app.url else "success"
    return f"{finished.outcome}: {finished.reason.kind}" if finished.reason is not None else finished.outcome


def _nothing(message: str) -> None:
    pass
