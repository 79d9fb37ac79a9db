"""Commands on this machine, by PowerShell (`pwsh`, else Windows PowerShell 5.1)."""

from __future__ import annotations

import asyncio
import base64
import shutil
from collections.abc import Callable
from pathlib import Path

from ..model.errors import RefusedError
from ..model.ports import CommandOutcome, CommandSpec, Spawned, StreamName
from ..model.reasons import Kind
from ..model.suggestions import suggest
from .child import Supervised
from .environment import child_environment
from .local import EXIT_CANNOT_START, LAST_OUTPUT_S, PIPE_GRACE_S, LocalSession, limits_of
from .piped_child import spawn_piped
from .portable import NotPortableError, to_powershell
from .process import ProcessRef
from .tree import end_tree, kill_tree
from .watchdog import PROMPT_QUIET_S

PROGRAMS = ("pwsh", "powershell")
_BOOTSTRAP = """
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$PSNativeCommandUseErrorActionPreference = $false
$OutputEncoding = New-Object System.Text.UTF8Encoding $false
[Console]::OutputEncoding = $OutputEncoding
$line = @($input) | Select-Object -First 1
if ([string]::IsNullOrEmpty($line)) { $line = [Console]::In.ReadLine() }
if ([string]::IsNullOrEmpty($line)) { exit 125 }
$text = [System.Text.Encoding]::UTF8.GetString([System.Convert]::FromBase64String($line))
$global:LASTEXITCODE = 0
try {
    & ([ScriptBlock]::Create($text))
} catch {
    [Console]::Error.WriteLine($_.Exception.Message)
    if ($_.Exception -is [System.Management.Automation.CommandNotFoundException]) { exit 127 }
    exit 1
}
exit $LASTEXITCODE
"""
"""Waits at the gate for the command itself, one line of base64 on stdin (end of file when we died: exit). So its length is not
limited, and no quoting is in between. What stdin holds PowerShell itself may have read already: `$input` has it then. What the
command prints is UTF-8, and an error of PowerShell's own ends it."""


def arguments(program: str, script: str) -> list[str]:
    """The command line that runs a script text without profile, prompts and window."""
    encoded = base64.b64encode(script.encode("utf-16-le")).decode()
    policy = ["-ExecutionPolicy", "Bypass"]  # as users may not change it: npm's and venv's own scripts are to run
    return [program, "-NoLogo", "-NoProfile", "-NonInteractive", *policy, "-EncodedCommand", encoded]


def find_powershell() -> str:
    """The program.

    Raises:
        RefusedError: there is none on PATH.
    """
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        raise RefusedError(
            f"Commands are run by PowerShell, and there is none on PATH (looked for {' and '.join(PROGRAMS)}).",
            kind=Kind.MISSING_TOOL,
            suggestions=(
                suggest("Install PowerShell 7", command="winget install Microsoft.PowerShell"),
                suggest("Or deploy inside WSL 2, where bash runs them."),
            ),
        )
    return program


class PowerShellSession(LocalSession):
    """Implements `model.ports.Session` for text of PowerShell: each command is a process of its own, without profile and window.

    Ended is the tree of processes below the command. There are no process groups: what a command that has ended by itself left
    running is not looked for.
    """

    def __init__(self, *, prompt_quiet_s: float = PROMPT_QUIET_S, program: str | None = None) -> None:
        """Look for PowerShell.

        Args:
            prompt_quiet_s: Seconds of silence after a sure prompt until the command is ended.
            program: Its path; default: the first of `PROGRAMS` on PATH.

        Raises:
            RefusedError: there is none.
        """
        self._prompt_quiet_s = prompt_quiet_s
        self._program = program or find_powershell()

    def _spawn(self, spec: CommandSpec, on_output: Callable[[StreamName, bytes], None]) -> Supervised:
        gate = base64.b64encode(spec.command.encode()) + b"\n"
        command = arguments(self._program, _BOOTSTRAP)
        return spawn_piped(command, gate, cwd=spec.cwd or str(Path.home()), env=child_environment(spec.env), on_output=on_output)

    def _kill(self, child: Supervised) -> None:
        kill_tree(child.pid)

    async def _after_exit(self, child: Supervised, stop: asyncio.Event) -> tuple[ProcessRef, ...]:
        stopping = asyncio.ensure_future(stop.wait())
        await asyncio.wait((child.drained, stopping), timeout=PIPE_GRACE_S, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        return ()

    async def _end(self, child: Supervised) -> tuple[ProcessRef, ...]:
        survivors = await end_tree(child.pid)
        await asyncio.wait((child.drained, child.ended), timeout=LAST_OUTPUT_S)
        return survivors


class WindowsSession(PowerShellSession):
    """The session of a Windows machine: portable commands, as plans have them, rendered for PowerShell (see `portable`)."""

    async def run(
        self,
        spec: CommandSpec,
        *,
        on_spawned: Callable[[Spawned], None],
        on_output: Callable[[StreamName, bytes], None],
        stop: asyncio.Event,
    ) -> CommandOutcome:
        """See `LocalSession.run`; a command that cannot be rendered is one that could not be started."""
        try:
            rendered = to_powershell(spec.command)
        except NotPortableError as error:
            on_output("stderr", f"The command cannot be run by PowerShell: {error}.\n".encode())
            return CommandOutcome(EXIT_CANNOT_START, 0)
        native = CommandSpec(rendered, spec.cwd, spec.env, *_limits_of(spec))
        return await super().run(native, on_spawned=on_spawned, on_output=on_output, stop=stop)


def _limits_of(spec: CommandSpec) -> tuple[float, float]:
    """By the command's own name, which the rendered text does not show."""
    limits = limits_of(spec)
    return limits.idle_s, limits.total_s
