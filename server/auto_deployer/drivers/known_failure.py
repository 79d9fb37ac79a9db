"""What a rule for a known failure consists of."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..model.plan import PlannedCommand
from ..model.reasons import Kind, Reason

Mend = Callable[[str, re.Match[str]], tuple[str, ...]]
"""The commands to run in place of a failed one, from it and from what of its output shows the failure; () for none."""


@dataclass(frozen=True)
class RepairRule:
    """What to do about a failure: the commands run in place of the failed one."""

    id: str
    reason: Reason
    commands: tuple[PlannedCommand, ...]


@dataclass(frozen=True)
class KnownFailure:
    """A failure by what ran and what it printed, and the commands that mend it."""

    id: str
    command: re.Pattern[str]
    output: re.Pattern[str]
    """Its first group, where it has one, is what the failure is about: for another one the rule is tried again."""
    message: str
    """What is done; "{about}" stands for the first group."""
    mend: Mend
    kind: Kind = Kind.COMMAND_FAILED

    def repair(self, command: str, output: str, cwd: str) -> RepairRule | None:
        """The rule for a command that failed in this way; None when it did not, or nothing mends it."""
        seen = self.output.search(output) if self.command.search(command) else None
        commands = self.mend(command, seen) if seen else ()
        if seen is None or not commands:
            return None
        about = next((group for group in seen.groups() if group), "")
        message = self.message.format(about=about)
        planned = tuple(PlannedCommand(command=text, cwd=cwd, reasoning=message) for text in commands)
        return RepairRule(f"{self.id}:{about.lower()}" if about else self.id, Reason(kind=self.kind, message=message), planned)


def pattern(text: str) -> re.Pattern[str]:
    """A pattern that takes capitals for small letters."""
    return re.compile(text, re.IGNORECASE)


def with_command(change: Callable[[str], tuple[str, ...]]) -> Mend:
    """A mending that asks the command alone."""
    return lambda command, _seen: change(command)


def sub(old: str, new: str) -> Mend:
    """The command with the first match replaced."""
    compiled = re.compile(old)
    return lambda command, _seen: (compiled.sub(new, command, count=1),)
