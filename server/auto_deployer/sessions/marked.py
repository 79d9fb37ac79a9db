"""What a command started and what left its process group: told by a mark in the environment, which goes wherever they go.

Only processes that were not there before the command are looked at: one more look at a list of numbers costs a command nothing.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from .process import KILL_WAIT_S, TERM_GRACE_S, ProcessRef, refs

_POLL_S = 0.02
_ROUNDS = 3
"""A process may fork while it is looked for."""


class Marked:
    """The processes that carry a command's mark. Windows has jobs for that: there are none here."""

    def __init__(self, mark: str) -> None:
        """Remember who is there before the command.

        Args:
            mark: NAME=VALUE in the command's environment; "": it has none, and nothing is found.
        """
        self._mark = mark if sys.platform != "win32" else ""
        self._before = _pids() if self._mark else frozenset[int]()

    def escaped(self, pgid: int) -> tuple[ProcessRef, ...]:
        """Those that live outside of the command's group."""
        if not self._mark:
            return ()
        new = _pids() - self._before
        found = [pid for pid in sorted(new) if _carries(pid, self._mark) and _group_of(pid) not in (pgid, None)]
        return refs(found) if found else ()

    async def end(self, pgid: int) -> None:
        """End those outside of the group: TERM, `TERM_GRACE_S`, KILL, and at most `KILL_WAIT_S` for them to vanish."""
        found = self.escaped(pgid)
        _signal(found, signal.SIGTERM)
        if found and not await self._gone(pgid, TERM_GRACE_S):
            for _ in range(_ROUNDS):
                self.kill(pgid)
                if await self._gone(pgid, KILL_WAIT_S / _ROUNDS):
                    return

    def kill(self, pgid: int) -> None:
        """KILL at once, without waiting."""
        _signal(self.escaped(pgid), signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)

    async def _gone(self, pgid: int, within_s: float) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within_s
        while self.escaped(pgid):
            if loop.time() >= deadline:
                return False
            await asyncio.sleep(_POLL_S)
        return True


def _pids() -> frozenset[int]:
    if sys.platform == "linux":
        with suppress(OSError):
            return frozenset(int(entry.name) for entry in os.scandir("/proc") if entry.name.isdecimal())
    import psutil

    return frozenset(psutil.pids())


def _carries(pid: int, mark: str) -> bool:
    try:
        if sys.platform == "linux":
            return os.fsencode(mark) in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        import psutil

        name, _, value = mark.partition("=")
        return psutil.Process(pid).environ().get(name) == value
    except Exception:  # noqa: BLE001 - gone meanwhile, or somebody else's: psutil raises its own and the system's errors
        return False


def _group_of(pid: int) -> int | None:
    """None for one that is gone."""
    try:
        return os.getpgid(pid)
    except OSError:
        return None


def _signal(processes: tuple[ProcessRef, ...], number: signal.Signals) -> None:
    for process in processes:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(process.pid, number)
