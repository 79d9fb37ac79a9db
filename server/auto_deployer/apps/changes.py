"""How the parts of a release change run their commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..model.errors import AppError
from ..model.plan import PlannedCommand
from ..model.reasons import Kind


@dataclass(frozen=True)
class CommandResult:
    """How a command of a change ended."""

    exit_code: int
    output: str


class RunCommand(Protocol):
    """Runs a command that changes the target (recorded, in a deployment)."""

    async def __call__(self, command: PlannedCommand, *, cleanup: bool = False) -> CommandResult:
        """Run it to its end.

        Raises:
            ChangeStoppedError: the change is to end (never with `cleanup`).
        """
        ...


async def must(run: RunCommand, command: PlannedCommand) -> None:
    """Run a command that has to succeed.

    Raises:
        AppError: it did not; with the end of its output.
    """
    result = await run(command)
    if result.exit_code != 0:
        message = f"{command.reasoning}: failed with exit code {result.exit_code}.\n{result.output.strip()[-2000:]}"
        raise AppError(message, kind=Kind.COMMAND_FAILED)
