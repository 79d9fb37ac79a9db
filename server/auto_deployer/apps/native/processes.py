"""Processes of a release, and who listens: what processes.sh tells elsewhere. A zombie counts as dead."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psutil

MARK = "AUTO_DEPLOYER_APP"
"""Environment variable of every process of an app."""


def token_of(pid: int) -> str | None:
    """A text that differs once the pid is used again; None when there is no such process."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.Error:
        return None


def noted(file: Path) -> psutil.Process | None:
    """The process of a file that holds "pid token", while it lives."""
    try:
        pid, token = file.read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return None
    return psutil.Process(int(pid)) if token_of(int(pid)) == token else None


def live_processes(run: Path) -> list[psutil.Process]:
    """All living processes of the release that `run` is about: the first one, those below it, and those that carry its mark."""
    found: dict[int, psutil.Process] = {}
    first = noted(run / "pid")
    if first is not None:
        found[first.pid] = first
        with contextlib.suppress(psutil.Error):
            found |= {child.pid: child for child in first.children(recursive=True)}
    with contextlib.suppress(OSError):
        mark = (run / "mark").read_text(encoding="utf-8").strip()
        found |= {process.pid: process for process in _marked(mark)}
    return [process for process in found.values() if token_of(process.pid) is not None]


def _marked(mark: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == mark:
                yield process


def listening_table() -> Iterator[str]:
    """All listening TCP sockets as `lsof -Fpn` tells them, which `ports.parse_table` reads."""
    for entry in psutil.net_connections("tcp"):
        if entry.status == psutil.CONN_LISTEN and entry.laddr:
            ip, port = entry.laddr
            address = "*" if ip in ("0.0.0.0", "::") else ip  # noqa: S104 - compared, not bound
            yield f"p{entry.pid or 0}"
            yield f"n{f'[{address}]' if ':' in address else address}:{port}"


def described(pid: int) -> str:
    """`process 123 (python app.py)` or as much of it as can be seen; "" for none."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        with contextlib.suppress(psutil.Error):
            return f"process {pid} ({' '.join(process.cmdline())[:120]})"
        return f"process {pid} ({process.name()})"
    return ""
