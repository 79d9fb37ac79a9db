"""Which processes belong to one deployment, seen from outside: exact, however many run side by side.

Each deployment gets a temporary folder of its own as TMPDIR, and that variable reaches whatever it starts. A program that
overwrites its environment shows no mark, so a working directory below the deployment's folder counts as well.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

import psutil

CHECK_EVERY_S = 0.2


def processes_of(work: Path) -> list[psutil.Process]:
    """Live processes of the deployment in `work`, our own left out. A zombie counts as dead."""
    return [process for process in psutil.process_iter() if process.pid != os.getpid() and _belongs(process, work)]


def left_running(work: Path, seconds: float) -> list[psutil.Process]:
    """Those that are still there after `seconds` at most."""
    end = time.monotonic() + seconds
    while (left := processes_of(work)) and time.monotonic() < end:
        time.sleep(CHECK_EVERY_S)
    return left


def describe(process: psutil.Process) -> str:
    """A process in words."""
    try:
        return f"{process.pid} {' '.join(process.cmdline())[:120]}"
    except psutil.Error:
        return str(process.pid)


def end_all(processes: list[psutil.Process]) -> None:
    """Kill what was left running, so that it does not disturb what comes next."""
    for process in processes:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(processes, timeout=5)


def _belongs(process: psutil.Process, work: Path) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        temporary, folder = process.environ().get("TMPDIR", ""), process.cwd()
    except psutil.Error:  # it ended just now, or is another user's and so not ours
        return False
    return any(place and Path(place).is_relative_to(work) for place in (temporary, folder))
