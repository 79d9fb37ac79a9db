"""What an app's processes take of the machine, as `ps` tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..model.ports import Session

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
    result = await session.probe(f"LC_ALL=C ps -o rss= -o pcpu= -p {','.join(map(str, pids))}")
    return parse_usage(result.stdout)


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
