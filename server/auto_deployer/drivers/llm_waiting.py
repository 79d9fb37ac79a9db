"""Waiting for the model, as long as the step is not to end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from ..sessions.timeouts import limits_for

T = TypeVar("T")
LONGEST_TIMEOUT_S = 3600.0
"""What a model may give a command at most: every command ends."""


class StepStoppedError(Exception):
    """The step is being cancelled or skipped."""


async def unless_stopped(stop: asyncio.Event, call: Awaitable[T]) -> T:
    """What the call brings.

    Raises:
        StepStoppedError: `stop` was set before; the call is cut off.
    """
    asked = asyncio.ensure_future(call)
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({asked, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            raise StepStoppedError
        return asked.result()
    finally:
        for task in (asked, stopped):
            task.cancel()
        await asyncio.gather(asked, stopped, return_exceptions=True)


def timeout_with(hint: float | None, command: str) -> float | None:
    """Seconds a command may take when the model expects `hint`: never less than its programs get anyway; None: just that."""
    usual = limits_for(command)
    if hint is None or hint <= usual.idle_s:
        return None
    return max(usual.total_s, min(hint, LONGEST_TIMEOUT_S))
