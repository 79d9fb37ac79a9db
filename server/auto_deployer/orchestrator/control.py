"""How a running deployment is told to end or to skip a step: one token through commands, polls and questions."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

T = TypeVar("T")
Ending = Literal["cancelled", "interrupted"]


@dataclass(frozen=True)
class Skip:
    """The user's word to skip a step."""

    satisfies_dependents: bool = False


@dataclass
class RunControl:
    """The cancel token of one deployment. Belongs to the event loop's thread."""

    ending: Ending | None = None
    """Set when the deployment as a whole is to end."""
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while what runs now (command, poll, question) is to end."""
    skips: dict[int, Skip] = field(default_factory=dict[int, Skip])
    current_step_id: int | None = None

    def end(self, ending: Ending) -> None:
        """End the deployment; the first reason stays."""
        if self.ending is None:
            self.ending = ending
        self.stop.set()

    def skip(self, step_id: int, skip: Skip) -> None:
        """Skip a step: now when it runs (it is ended first), else when its turn comes."""
        self.skips[step_id] = skip
        if step_id == self.current_step_id:
            self.stop.set()

    def enter_step(self, step_id: int) -> Skip | None:
        """A step's turn has come; returns the word to skip it, if there is one."""
        self.current_step_id = step_id
        if self.ending is None:
            self.stop.clear()
        return self.skips.get(step_id)

    def leave_step(self) -> None:
        self.current_step_id = None
        if self.ending is None:
            self.stop.clear()


async def unless_stopped(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """The work's result, or None when `stop` is set before it has one (the work is cut off)."""
    task = asyncio.ensure_future(work)
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() and not stop.is_set() else None
    finally:
        stopped.cancel()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
