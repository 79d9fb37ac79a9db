"""Ending a process with all below it, where there are no process groups. psutil is imported only when something must be ended."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from .process import KILL_WAIT_S, TERM_GRACE_S, ProcessRef, descendants, refs, still_running

if TYPE_CHECKING:
    import psutil

_POLL_S = 0.02
_ROUNDS = 3
"""A process may start another one while the tree is looked at."""


async def end_tree(pid: int) -> tuple[ProcessRef, ...]:
    """TERM (on Windows that ends at once), `TERM_GRACE_S`, KILL; the result is who lives on."""
    tree = (*refs([pid]), *descendants(pid))
    _each(tree, "terminate")
    await _gone(tree, TERM_GRACE_S)
    for _ in range(_ROUNDS):
        tree = tuple({ref.pid: ref for ref in (*tree, *(below for ref in tree for below in descendants(ref.pid)))}.values())
        living = still_running(tree)
        if not living:
            return ()
        _each(living, "kill")
        await _gone(living, KILL_WAIT_S)
    return still_running(tree)


def kill_tree(pid: int) -> None:
    """KILL at once, without waiting."""
    _each((*descendants(pid), *refs([pid])), "kill")


async def _gone(tree: tuple[ProcessRef, ...], within_s: float) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while still_running(tree):
        if loop.time() >= deadline:
            return
        await asyncio.sleep(_POLL_S)


def _each(tree: tuple[ProcessRef, ...], verb: str) -> None:
    import psutil

    for ref in still_running(tree):
        with contextlib.suppress(psutil.Error):
            process: psutil.Process = psutil.Process(ref.pid)
            getattr(process, verb)()
