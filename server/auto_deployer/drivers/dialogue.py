"""Drivers written as a coroutine that awaits its actions, instead of an async generator that yields them.

An async generator cannot hand a part of its work to a function that yields on its behalf; a coroutine can. `as_actions` runs the
coroutine inside the caller's task: what it awaits is passed on to the event loop, what it performs is yielded as an action.
"""

from __future__ import annotations

import types
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import aclosing
from typing import Any, cast

from ..model.actions import (
    Action,
    AskUser,
    ChangePlan,
    CompressHistory,
    Execute,
    Observation,
    Repair,
    StepDone,
    StepFailed,
    Tell,
)
from ..model.ports import Driver, StepContext

_ACTIONS = (Execute, AskUser, Repair, Tell, CompressHistory, ChangePlan, StepDone, StepFailed)

Perform = Callable[[Action], Coroutine[Any, Any, Observation]]
"""Awaited by a dialogue: hands out an action, returns what came of it."""


@types.coroutine
def _hand_out(item: Any) -> Generator[Any, Any, Any]:
    return (yield item)


async def _perform(action: Action) -> Observation:
    return cast("Observation", await _hand_out(action))


async def as_actions(dialogue: Callable[[Perform], Coroutine[Any, Any, None]]) -> AsyncGenerator[Action, Observation]:
    """The actions of a dialogue, as `Driver.actions` yields them."""
    coroutine = dialogue(_perform)
    resume: Callable[[Any], Any] = coroutine.send
    value: Any = None
    try:
        while True:
            try:
                item = resume(value)
            except StopIteration:
                return
            try:
                # Not an action: a future that the coroutine awaits, which only the event loop can wait for.
                value = (yield item) if isinstance(item, _ACTIONS) else await _hand_out(item)
                resume = coroutine.send
            except GeneratorExit:
                raise
            except BaseException as error:  # noqa: BLE001 - belongs to the coroutine, which raises it again or deals with it
                value, resume = error, coroutine.throw
    finally:
        coroutine.close()


async def until_failed(driver: Driver, ctx: StepContext, perform: Perform) -> StepFailed | None:
    """Let another driver act, up to the failure it ends on, which is not performed; None when it ended without one (stopped)."""
    observation: Observation = None
    async with aclosing(driver.actions(ctx)) as actions:
        while True:
            try:
                action = await actions.asend(observation)
            except StopAsyncIteration:
                return None
            if isinstance(action, StepFailed):
                return action
            observation = await perform(action)
