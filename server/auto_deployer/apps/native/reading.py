"""What is in a deploy directory, told in the words of the probes (see `apps.state` and `apps.ports`), read in our own process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ..layout import RECORD_NAME
from . import files
from .processes import live_processes, noted

_ONE_LINE = ("pid", "port", "started", "exit", "restarts", "last_exit", "gave_up")


def state_text(deploy_dir: str) -> str | None:
    """The output of the state's probe; None when there is no such directory."""
    root = Path(deploy_dir)
    if not root.is_dir():
        return None
    return "\n".join(_state_lines(root)) + "\n"


def run_text(deploy_dir: str, release: str) -> str:
    """The output of the probe of one release."""
    return "\n".join(_run_lines(Path(deploy_dir) / "run" / release)) + "\n"


def size_of(path: str) -> int | None:
    """Bytes of a file; None when it is not there."""
    return Path(path).stat().st_size if Path(path).is_file() else None


def part_of(path: str, start: int = 0, count: int = -1) -> bytes:
    """A part of a file, to its end by default; empty when it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            file.seek(start)
            return file.read(count)
    except OSError:
        return b""


def _state_lines(root: Path) -> Iterator[str]:
    live = files.pointed(root / "current")
    yield "== current"
    if live is not None:
        yield f"releases/{live.name}"
    yield "== releases"
    with contextlib.suppress(OSError):
        yield from sorted(entry.name for entry in (root / "releases").iterdir() if entry.is_dir())
    yield "== keeper"
    yield "== data"
    for mark in sorted(root.glob("run/*/mark")):
        yield from _run_lines(mark.parent)
    yield "== record"
    with contextlib.suppress(OSError):
        yield (root / RECORD_NAME).read_text(encoding="utf-8").rstrip("\n")


def _run_lines(run: Path) -> Iterator[str]:
    yield f"== run {run.name}"
    for name in _ONE_LINE:
        with contextlib.suppress(OSError):
            yield f"{name} {(run / name).read_text(encoding='utf-8').strip()}"
    with contextlib.suppress(OSError):
        yield f"stopping {(run / 'stopping').read_text(encoding='utf-8').strip()}"
    for process in live_processes(run):
        yield f"live {process.pid} {process.pid}"
    if noted(run / "keeper") is not None:
        yield "keeper lives"
