"""Ending a command's process group, and telling which of its processes are still there.

psutil is imported only here, and only when something must be ended: a look at the process table costs as much as a command.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TERM_GRACE_S = 0.7
"""Between TERM and KILL; short enough that a shutdown, which has 1.5 s, ends everything."""
KILL_WAIT_S = 0.5
"""After KILL the kernel needs a moment; who is there after it is a survivor."""
_POLL_S = 0.02


@dataclass(frozen=True)
class ProcessRef:
    """A process, told apart from a later one with the same number by its start time."""

    pid: int
    create_time: float
    name: str

    def __str__(self) -> str:
        return f"{self.pid} {self.name}"


async def end_group(pgid: int) -> None:
    """End a whole process group: TERM, `TERM_GRACE_S`, KILL, and at most `KILL_WAIT_S` for it to vanish."""
    if not _signal_group(pgid, signal.SIGTERM):
        return
    _signal_group(pgid, signal.SIGCONT)  # a stopped process gets its TERM only when it goes on
    if not await vanished(pgid, TERM_GRACE_S) and _signal_group(pgid, signal.SIGKILL):
        await vanished(pgid, KILL_WAIT_S)


def kill_group(pgid: int) -> None:
    """KILL at once, without waiting."""
    _signal_group(pgid, signal.SIGKILL)


async def vanished(pgid: int, within_s: float, stop: asyncio.Event | None = None) -> bool:
    """Wait until the group has no living member; False when it still has when the time is over or `stop` is set."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while group_exists(pgid) and group_members(pgid):
        if loop.time() >= deadline or (stop is not None and stop.is_set()):
            return False
        await asyncio.sleep(_POLL_S)
    return True


def group_exists(pgid: int) -> bool:
    """Whether any process, dead ones not yet collected included, is in the group."""
    try:
        os.killpg(pgid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody's, thus there
        return True
    return True


def group_members(pgid: int) -> tuple[ProcessRef, ...]:
    """The living processes of a group; a zombie is dead, also where nobody collects it (containers without an init)."""
    import psutil

    return refs(pid for pid in psutil.pids() if _group_of(pid) == pgid)


def descendants(pid: int) -> tuple[ProcessRef, ...]:
    """All living processes below `pid`, in whatever group or session."""
    import psutil

    try:
        return refs(child.pid for child in psutil.Process(pid).children(recursive=True))
    except psutil.Error:
        return ()


def still_running(known: Iterable[ProcessRef]) -> tuple[ProcessRef, ...]:
    """Those that live on."""
    return tuple(ref for ref in known if any(now.create_time == ref.create_time for now in refs([ref.pid])))


def pipe_holders(inodes: Iterable[int]) -> tuple[ProcessRef, ...]:
    """Processes whose stdout or stderr is one of these pipes (Linux; elsewhere it cannot be known cheaply)."""
    links = {f"pipe:[{inode}]" for inode in inodes}
    own = os.getpid()
    pids = (int(entry.name) for entry in Path("/proc").glob("[0-9]*"))
    return refs(pid for pid in pids if pid != own and any(_link(f"/proc/{pid}/fd/{fd}") in links for fd in (1, 2)))


def _signal_group(pgid: int, number: signal.Signals) -> bool:
    """False when there is nobody (we may signal) in the group."""
    try:
        os.killpg(pgid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def refs(pids: Iterable[int]) -> tuple[ProcessRef, ...]:
    """Those of these processes that live."""
    import psutil

    found: list[ProcessRef] = []
    for pid in pids:
        try:
            process = psutil.Process(pid)
            with process.oneshot():
                if process.status() != psutil.STATUS_ZOMBIE:
                    found.append(ProcessRef(pid, process.create_time(), process.name()))
        except psutil.Error:  # gone meanwhile
            continue
    return tuple(found)


def _group_of(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except OSError:
        return -1


def _link(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""
