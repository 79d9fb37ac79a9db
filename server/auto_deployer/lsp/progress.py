"""`$/progress`: one cancellable bar per running deployment, for every client that can draw one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from ..model import events as ev

if TYPE_CHECKING:
    from .protocol import DeployProtocol

TOKEN_PREFIX = "auto-deployer/"  # noqa: S105 - a progress token, no secret
"""A token is this and the deployment id."""


@dataclass
class _Bar:
    token: str
    title: str = "Deploying"
    message: str = "Starting"
    total: int = 0
    done: set[int] = field(default_factory=set[int])
    open: bool = False
    ended: bool = False

    @property
    def percentage(self) -> int:
        return min(100, len(self.done) * 100 // self.total) if self.total else 0


class ProgressBars:
    """Turns events into progress. Every bar that begins also ends."""

    def __init__(self, client: DeployProtocol, spawn: Callable[[Any], Any]) -> None:
        self._client = client
        self._spawn = spawn
        self._bars: dict[str, _Bar] = {}

    def follow(self, event: ev.Event) -> None:
        if isinstance(event, ev.Finished):
            self._end(event)
            return
        bar = self._bars.get(event.deployment_id)
        if bar is None:
            bar = self._bars[event.deployment_id] = _Bar(TOKEN_PREFIX + event.deployment_id)
            self._spawn(self._open(bar))
        before = (bar.message, bar.percentage)
        _advance(bar, event)
        if bar.open and (bar.message, bar.percentage) != before:
            self._report(bar, types.WorkDoneProgressReport(message=bar.message, percentage=bar.percentage, cancellable=True))

    async def _open(self, bar: _Bar) -> None:
        """Ask for the bar, then begin it with what is known by now; a replay that has ended meanwhile gets none."""
        if bar.ended:
            return
        create = types.WINDOW_WORK_DONE_PROGRESS_CREATE
        try:
            await self._client.request(create, types.WorkDoneProgressCreateParams(token=bar.token), f"progress:{bar.token}")
        except JsonRpcException:
            return  # the client will not draw it
        bar.open = True
        begin = types.WorkDoneProgressBegin(
            title=bar.title, message=bar.message, percentage=bar.percentage, cancellable=not bar.ended
        )
        self._report(bar, begin)
        if bar.ended:
            self._report(bar, types.WorkDoneProgressEnd(message=bar.message))

    def _end(self, event: ev.Finished) -> None:
        bar = self._bars.pop(event.deployment_id, None)
        if bar is None:
            return
        bar.ended = True
        bar.message = f"{event.outcome}: {event.app.url}" if event.app else event.outcome
        if bar.open:
            self._report(bar, types.WorkDoneProgressEnd(message=bar.message))

    def _report(self, bar: _Bar, value: object) -> None:
        self._client.notify(types.PROGRESS, types.ProgressParams(token=bar.token, value=value))


def _advance(bar: _Bar, event: ev.Event) -> None:
    match event:
        case ev.Started():
            bar.title = f"Deploying {event.log.repo_url.rstrip('/').rpartition('/')[2] or event.log.repo_url}"
        case ev.AnalysisReady():
            bar.message = "Planning"
        case ev.PlanReady() | ev.PlanChanged():
            bar.total = len(event.plan.steps)
        case ev.StepStarted():
            bar.message = event.step.step_name
        case ev.StepFinished():
            if event.step.status in ("success", "skipped"):
                bar.done.add(event.step.step_id)
        case ev.Cancelling():
            bar.message = "Cancelling"
        case _:
            pass
