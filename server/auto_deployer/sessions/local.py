"""Commands on this machine, by bash."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from ..model.errors import RefusedError
from ..model.ports import CommandOutcome, CommandSpec, ProbeResult, Spawned, StreamName
from ..model.reasons import Kind
from ..model.suggestions import suggest
from .child import Supervised, spawn
from .environment import child_environment
from .marked import Marked
from .process import (
    ProcessRef,
    descendants,
    end_group,
    group_exists,
    group_members,
    kill_group,
    pipe_holders,
    still_running,
    vanished,
)
from .timeouts import Limits, limits_for
from .watchdog import PROMPT_QUIET_S, Verdict, Watchdog

PIPE_GRACE_S = 1.0
"""After the shell's exit: how long output of its background children is still read, and they may leave its group."""
LAST_OUTPUT_S = 0.2
"""After a group was ended: how long to read what is left in the pipes."""
PROBE_OUTPUT_BYTES = 1_048_576
"""A probe's output beyond this is dropped."""

EXIT_IDLE = -1
EXIT_TOTAL = -2
EXIT_CANNOT_START = 126
EXIT_TERMINATED = 143

Ending = Verdict | Literal["exit", "stopped"]


class LocalSession:
    """Implements `model.ports.Session`: each command is a bash of its own, in its own session and process group, with no stdin."""

    def __init__(self, *, prompt_quiet_s: float = PROMPT_QUIET_S) -> None:
        """Look for bash.

        Args:
            prompt_quiet_s: Seconds of silence after a sure prompt until the command is ended.

        Raises:
            RefusedError: there is no bash on this machine.
        """
        self._prompt_quiet_s = prompt_quiet_s
        self._bash = _find_bash()

    @property
    def target(self) -> str:
        return "local"

    async def run(
        self,
        spec: CommandSpec,
        *,
        on_spawned: Callable[[Spawned], None],
        on_output: Callable[[StreamName, bytes], None],
        stop: asyncio.Event,
    ) -> CommandOutcome:
        """See `Session.run`. What `on_output` raises ends the command and goes on; cancelling the call kills the group at once.

        When no process can be made (or `stop` is set already) `on_spawned` is not called.
        """
        if stop.is_set():
            return CommandOutcome(EXIT_TERMINATED, 0, stopped=True)
        marked = Marked(spec.mark)
        try:
            child = self._spawn(spec, on_output)
        except (OSError, ValueError) as error:
            on_output("stderr", f"The command could not be started: {error}\n".encode())
            return CommandOutcome(EXIT_CANNOT_START, 0)
        try:
            on_spawned(Spawned(child.pid, child.pgid))
            if not stop.is_set():
                child.open_gate()
            return await self._supervise(child, limits_of(spec), stop, marked)
        except BaseException:
            self._kill(child)
            marked.kill(child.pgid)
            child.reap()
            raise
        finally:
            child.close()

    async def probe(self, script: str, *, timeout_s: float = 15.0) -> ProbeResult:
        """See `Session.probe`. It runs in the home directory; at most `PROBE_OUTPUT_BYTES` of each stream are kept."""
        output = {"stdout": bytearray(), "stderr": bytearray()}

        def keep(stream: StreamName, chunk: bytes) -> None:
            output[stream] += chunk[: max(0, PROBE_OUTPUT_BYTES - len(output[stream]))]

        spec = CommandSpec(script, idle_timeout_s=timeout_s, total_timeout_s=timeout_s)
        outcome = await self.run(spec, on_spawned=lambda _: None, on_output=keep, stop=asyncio.Event())
        return ProbeResult(
            exit_code=EXIT_TOTAL if outcome.timed_out else outcome.exit_code,
            stdout=output["stdout"].decode("utf-8", "replace"),
            stderr=output["stderr"].decode("utf-8", "replace"),
        )

    async def close(self) -> None:
        """Nothing is held open between commands."""

    async def _supervise(self, child: Supervised, limits: Limits, stop: asyncio.Event, marked: Marked) -> CommandOutcome:
        watchdog = Watchdog(child, limits, prompt_quiet_s=self._prompt_quiet_s)
        ending = await _until_ending(child, watchdog, stop)
        prompt = child.prompt(sure=ending == "prompt") if ending in ("idle", "prompt") else ""
        if ending == "exit":
            left = await self._after_exit(child, stop)
        else:
            left, _ = await asyncio.gather(self._end(child), marked.end(child.pgid))
            left = still_running(left)
        left = tuple(dict.fromkeys((*left, *marked.escaped(child.pgid))))
        if child.output_error is not None:
            raise child.output_error
        return CommandOutcome(
            exit_code=_exit_code(child, ending),
            duration_ms=round((asyncio.get_running_loop().time() - child.started) * 1000),
            timed_out="total" if ending == "total" else "idle" if ending in ("idle", "prompt") else None,
            stopped=ending == "stopped",
            waiting_for_input=prompt,
            left_running=tuple(str(ref) for ref in left),
        )

    def _spawn(self, spec: CommandSpec, on_output: Callable[[StreamName, bytes], None]) -> Supervised:
        env = child_environment(spec.env)
        return spawn(spec.command, bash=self._bash, cwd=spec.cwd or str(Path.home()), env=env, on_output=on_output)

    def _kill(self, child: Supervised) -> None:
        """End it at once, without waiting."""
        kill_group(child.pgid)

    async def _after_exit(self, child: Supervised, stop: asyncio.Event) -> tuple[ProcessRef, ...]:
        """The shell is gone: read on for a moment, end what it left in its group, name who holds its pipes from outside of it."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PIPE_GRACE_S
        if not child.drained.done():
            stopping = loop.create_task(stop.wait())
            await asyncio.wait((child.drained, stopping), timeout=PIPE_GRACE_S, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
        # A daemon is in the group until it has made a session of its own: a moment for that, too.
        if group_exists(child.pgid) and not await vanished(child.pgid, deadline - loop.time(), stop):
            await _end_group(child)
        return pipe_holders(child.open_pipes) if child.open_pipes else ()

    async def _end(self, child: Supervised) -> tuple[ProcessRef, ...]:
        """End the whole group; the result is who lives on: descendants that left the group, and what no signal could end."""
        before = descendants(child.pid)
        await _end_group(child)
        survivors = {ref.pid: ref for ref in still_running(before)}
        if group_exists(child.pgid):
            survivors |= {ref.pid: ref for ref in group_members(child.pgid)}
        if child.open_pipes:
            survivors |= {ref.pid: ref for ref in pipe_holders(child.open_pipes)}
        return tuple(survivors.values())


def _find_bash() -> str:
    bash = shutil.which("bash")
    if bash is None:
        raise RefusedError(
            "Commands are run by bash, and there is none on PATH.",
            kind=Kind.MISSING_TOOL,
            suggestions=(suggest("Install bash with the system's package manager."),),
        )
    return bash


def limits_of(spec: CommandSpec) -> Limits:
    """Its own time-outs, else those by the command's name."""
    if spec.total_timeout_s is not None and spec.idle_timeout_s is not None:
        return Limits(spec.total_timeout_s, spec.idle_timeout_s)
    by_name = limits_for(spec.command)
    return Limits(
        total_s=by_name.total_s if spec.total_timeout_s is None else spec.total_timeout_s,
        idle_s=by_name.idle_s if spec.idle_timeout_s is None else spec.idle_timeout_s,
    )


async def _until_ending(child: Supervised, watchdog: Watchdog, stop: asyncio.Event) -> Ending:
    """Wait until the shell exits or a reason to end it comes up; what `on_output` raised is raised here."""
    loop = asyncio.get_running_loop()
    stopping = loop.create_task(stop.wait())
    try:
        while True:
            now = loop.time()
            verdict = watchdog.look(now)
            if verdict is not None:
                return verdict
            waited_for = (child.ended, stopping)
            await asyncio.wait(waited_for, timeout=watchdog.next_look_s(now), return_when=asyncio.FIRST_COMPLETED)
            if child.ended.done():
                child.ended.result()
                return "exit"
            if stopping.done():
                return "stopped"
    finally:
        stopping.cancel()


async def _end_group(child: Supervised) -> None:
    """End the group, then take in its last output and exit."""
    await end_group(child.pgid)
    await asyncio.wait((child.drained, child.ended), timeout=LAST_OUTPUT_S)


def _exit_code(child: Supervised, ending: Ending) -> int:
    if ending == "total":
        return EXIT_TOTAL
    if ending in ("idle", "prompt"):
        return EXIT_IDLE
    if child.ended.done():
        return child.ended.result()
    return EXIT_TERMINATED
