"""What an app's processes take of the machine, as `ps` tells it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

from ..model.ports import Session
from ..sessions import system

_KIB = 1024


@dataclass(frozen=True)
class Usage:
    """Of all processes of an app together; None where the target's `ps` does not tell."""

    memory_bytes: int | None = None
    """Resident memory; pages that processes share count once for each."""
    cpu_percent: float | None = None
    """Of one processor, over the life of each process."""


async def usage_of(session: Session, pids: Sequence[int]) -> Usage:
    """One look at these processes."""
    if not pids:
        return Usage()
    if system.is_native(session):
        return _usage_here(pids)
    result = await session.probe(f"LC_ALL=C ps -o rss= -o pcpu= -p {','.join(map(str, pids))}")
    return parse_usage(result.stdout)


def _usage_here(pids: Sequence[int]) -> Usage:
    import psutil

    memory, percent = 0, 0.0
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            memory += process.memory_info().rss
            lived_s = max(1.0, time.time() - process.create_time())
            percent += 100 * sum(process.cpu_times()[:2]) / lived_s
    return Usage(memory, round(percent, 1)) if memory else Usage()


def parse_usage(text: str) -> Usage:
    """Usage of lines "rss pcpu", rss in KiB."""
    found: list[tuple[int, float]] = []
    for line in text.splitlines():
        fields = line.split()
        try:
            found.append((int(fields[0]), float(fields[1])))
        except (ValueError, IndexError):
            return Usage()
    if not found:
        return Usage()
    return Usage(sum(memory for memory, _ in found) * _KIB, round(sum(cpu for _, cpu in found), 1))
