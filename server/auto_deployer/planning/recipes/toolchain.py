"""The programs that an ecosystem needs on the target: found, put on PATH, or refused with the command that installs them."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote

from ...model.errors import RefusedError
from ...model.facts import HostFacts, Tool
from ...model.plan import PlannedCommand
from ...model.ports import PlanInput
from ...model.reasons import Kind
from ...model.suggestions import suggest
from ..assemble import app_folder
from ..system_packages import install_command

_SYSTEM_FOLDERS = frozenset({"/usr/bin", "/usr/local/bin", "/bin", "/opt/homebrew/bin"})


@dataclass(frozen=True)
class Toolchain:
    """What was found of the programs asked for."""

    found: tuple[Tool, ...]
    """One for each group; empty where the user's own commands do without."""

    @property
    def tools(self) -> tuple[str, ...]:
        """For the check of the target before anything is installed."""
        return tuple(tool.name if _on_path(tool) else tool.path for tool in self.found)

    @property
    def prefix(self) -> str:
        """Shell text that puts them first on PATH; "" where they are found without."""
        folders = dict.fromkeys(posixpath.dirname(tool.path) for tool in self.found if not _on_path(tool))
        return f'export PATH={":".join(map(quote, folders))}:"$PATH"; ' if folders else ""

    @property
    def versions(self) -> tuple[str, ...]:
        """What a build is made from besides the source."""
        return tuple(tool.version for tool in self.found)

    def command(self, given: PlanInput, text: str, reasoning: str, **env: str) -> PlannedCommand:
        """A command in the app's folder that finds these programs."""
        return PlannedCommand(command=self.prefix + text, cwd=app_folder(given), env=env, reasoning=reasoning)


def toolchain(given: PlanInput, label: str, *groups: tuple[str, ...]) -> Toolchain:
    """The programs of an ecosystem on the target, one of each group.

    Raises:
        RefusedError: `missing_tool`, one is not there, and the user does not say how to start.
    """
    found = [next((tool for name in names if (tool := given.host.tool(name))), None) for names in groups]
    missing = [names for names, tool in zip(groups, found, strict=True) if tool is None]
    if missing and given.overrides.start is None:
        raise missing_tool(given.host, label, missing)
    return Toolchain(tuple(tool for tool in found if tool is not None))


def missing_tool(host: HostFacts, label: str, missing: Sequence[tuple[str, ...]]) -> RefusedError:
    """The refusal that names the command for this target's system."""
    names = ", ".join(" or ".join(group) for group in missing)
    return RefusedError(
        f"This is a {label} project, and {names} was not found on the target.",
        kind=Kind.MISSING_TOOL,
        suggestions=(
            suggest("Install it, and deploy again", command=install_command(host, [group[0] for group in missing])),
            suggest("Or say how to start it without that (PORT and HOST are set)", "overrides.start"),
        ),
    )


def _on_path(tool: Tool) -> bool:
    folder = posixpath.dirname(tool.path)
    return folder in _SYSTEM_FOLDERS or "/shims" in folder or not folder
