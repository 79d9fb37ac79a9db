"""Deployments that outlive us: each runs in a process of its own, which we follow and control as any later server can."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..deploy_log.journal import JOURNAL_NAME, is_locked
from ..deploy_log.reader import read_log
from ..deploy_log.recorder import files_folder
from ..deploy_log.rows import path_of
from ..model import requests as rq
from ..model.errors import AutoDeployerError, InvalidStateError
from ..model.events import Finished
from ..model.ports import Subscriber
from .attached import AttachedRunner
from .channel import HostGoneError, ask, connect
from .following import Following
from .groups import next_of_group
from .launch import launch
from .recovery import sweep
from .rendezvous import find
from .settings import SettingsSource, effective_settings

_NEXT_BEGINS_S, _LOOK_S = 70.0, 0.1
"""Seconds until the next deployment of a group has its log, at the longest, and between two looks whether it has."""


class DetachedRunner:
    """Implements `DeploymentRunner`. All methods belong to the event loop's thread.

    Args:
        log_dir: Where logs go.
        settings: Asked once for each deployment.
        recovers: As for `AttachedRunner`.
    """

    def __init__(self, log_dir: Path, settings: SettingsSource = effective_settings, *, recovers: bool = True) -> None:
        self._settings = settings
        self._log_dir = log_dir.absolute()
        self._recovers = recovers
        self._here = AttachedRunner(self._log_dir, settings, recovers=recovers)
        """For what runs nothing: analysing, planning, reading logs."""
        self._store, self._history = self._here.store, self._here.history
        self._starting: dict[str, asyncio.Task[rq.StartResult]] = {}
        self._followed: dict[str, Following] = {}
        self._groups: set[asyncio.Task[None]] = set()
        self._closed = False

    async def analyze(self, params: rq.SourceParams) -> rq.AnalyzeResult:
        return await self._here.analyze(params)

    async def plan(self, params: rq.SourceParams) -> rq.PlanResult:
        return await self._here.plan(params)

    async def start(
        self, params: rq.StartParams, *, interactive: bool = False, subscriber: Subscriber | None = None
    ) -> rq.StartResult:
        return await self._begin("start", params, params.deployment_id, subscriber, interactive=interactive)

    async def retry(
        self, params: rq.RetryParams, *, interactive: bool = False, subscriber: Subscriber | None = None
    ) -> rq.StartResult:
        return await self._begin("retry", params, params.new_deployment_id, subscriber, interactive=interactive)

    async def cancel(self, deployment_id: str) -> None:
        if not await self._tell_host(deployment_id, "cancel", {"deploymentId": deployment_id}):
            await self._here.cancel(deployment_id)

    async def skip_step(self, params: rq.SkipStepParams) -> None:
        if not await self._tell_host(params.deployment_id, "skipStep", _raw(params)):
            raise await asyncio.to_thread(self._out_of_reach, params.deployment_id)

    async def answer(self, params: rq.AnswerParams) -> None:
        if not await self._tell_host(params.deployment_id, "answer", _raw(params)):
            raise await asyncio.to_thread(self._out_of_reach, params.deployment_id)

    async def list_deployments(self, params: rq.ListParams) -> rq.ListResult:
        rows = (await self._here.list_deployments(params)).deployments
        return rq.ListResult(deployments=await asyncio.to_thread(lambda: tuple(map(_with_control, rows))))

    async def get(self, deployment_id: str) -> rq.GetResult:
        return await self._here.get(deployment_id)

    async def delete(self, deployment_id: str) -> None:
        await self._here.delete(deployment_id)

    async def subscribe(self, params: rq.SubscribeParams, subscriber: Subscriber) -> rq.SubscribeResult:
        path = await self._path(params.deployment_id)
        following = await self._follow(params.deployment_id, path)
        if following is None:
            return await self._history.resend(path, params.after_seq, subscriber)
        return rq.SubscribeResult(last_seq=await following.add(subscriber, params.after_seq))

    async def output(self, params: rq.OutputParams) -> rq.OutputResult:
        return await self._here.output(params)

    async def wait(self, deployment_id: str) -> Finished:
        path = await self._path(deployment_id)
        following = await self._follow(deployment_id, path)
        finished = await asyncio.shield(following.finished) if following is not None else None
        return finished or await asyncio.to_thread(self._history.end_of, path)

    def unsubscribe(self, subscriber: Subscriber) -> None:
        for following in self._followed.values():
            following.remove(subscriber)

    async def shutdown(self) -> None:
        """Follow no longer. Deployments go on, and questions stay open: who is closing down has not answered them."""
        self._closed = True
        for task in self._groups:
            task.cancel()
        followed, self._followed = tuple(self._followed.values()), {}
        await asyncio.gather(*(following.close() for following in followed))

    async def _begin(
        self, method: str, params: rq.StartParams | rq.RetryParams, deployment_id: str, subscriber: Subscriber | None, *,
        interactive: bool,
    ) -> rq.StartResult:  # fmt: skip
        """Start a process for it, unless the id is known; a request that comes twice meanwhile waits for the first."""
        self._check_open()
        path = await self._find(deployment_id)
        if path is not None:
            result = rq.StartResult(deployment_id=deployment_id, log_uri=path.absolute().as_uri())
        else:
            task = self._starting.get(deployment_id)
            if task is None:
                task = asyncio.ensure_future(self._launch(method, params, deployment_id, interactive=interactive))
                self._starting[deployment_id] = task
                task.add_done_callback(lambda _: self._starting.pop(deployment_id))
            result = await asyncio.shield(task)
        if subscriber is not None:
            await self.subscribe(rq.SubscribeParams(deployment_id=deployment_id), subscriber)
            if await asyncio.to_thread(self._next_id, deployment_id) is not None:
                task = asyncio.ensure_future(self._follow_group(deployment_id, subscriber))
                self._groups.add(task)
                task.add_done_callback(self._groups.discard)
        return result

    async def _follow_group(self, deployment_id: str, subscriber: Subscriber) -> None:
        """Who has begun a group follows all of it: each process begins the one after it when it has succeeded."""
        with suppress(AutoDeployerError, TimeoutError):
            while (following := await asyncio.to_thread(self._next_id, deployment_id)) is not None:
                if (await self.wait(deployment_id)).outcome != "success":
                    return
                async with asyncio.timeout(_NEXT_BEGINS_S):
                    while await self._find(following) is None:  # noqa: ASYNC110 - another process makes it
                        await asyncio.sleep(_LOOK_S)
                await self.subscribe(rq.SubscribeParams(deployment_id=following), subscriber)
                deployment_id = following

    def _next_id(self, deployment_id: str) -> str | None:
        """The id of the deployment that comes after this one in its group."""
        request = read_log(self._history.path_of(deployment_id)).request
        if len(request.get("subdirs", ())) < 2:
            return None
        following = next_of_group(rq.StartParams.model_validate(request))
        return following.deployment_id if following is not None else None

    async def _launch(
        self, method: str, params: rq.StartParams | rq.RetryParams, deployment_id: str, *, interactive: bool
    ) -> rq.StartResult:
        effective = await asyncio.to_thread(self._settings)
        return await launch(self._log_dir, method, params, deployment_id, effective, interactive=interactive)

    async def _follow(self, deployment_id: str, path: Path) -> Following | None:
        """The deployment while it runs, wherever; None when it has ended, and then its log says so."""
        following = self._followed.get(deployment_id)
        if following is None:
            if not await asyncio.to_thread(is_locked, files_folder(path) / JOURNAL_NAME):
                await self._sweep()
                return None
            self._check_open()
            following = self._followed.get(deployment_id) or self._begin_following(deployment_id, path)  # meanwhile by another
        await following.begun()
        return None if following.finished.done() else following

    def _begin_following(self, deployment_id: str, path: Path) -> Following:
        following = self._followed[deployment_id] = Following(path, deployment_id, self._sweep)
        following.finished.add_done_callback(lambda _: self._followed.pop(deployment_id, None))
        return following

    async def _tell_host(self, deployment_id: str, method: str, params: dict[str, Any]) -> bool:
        """Ask the process that runs the deployment for something; False when there is none that listens.

        Raises:
            NotFoundError: the deployment is not known.
            AutoDeployerError: what that process raised.
        """
        self._check_open()
        try:
            streams = await connect(await self._path(deployment_id), deployment_id)
        except HostGoneError:
            return False
        try:
            await ask(streams, method, params)
        except HostGoneError:
            return False
        finally:
            streams[1].close()
        return True

    def _out_of_reach(self, deployment_id: str) -> InvalidStateError:
        status = read_log(self._history.path_of(deployment_id)).status
        if status == "running":
            return InvalidStateError(f"Deployment {deployment_id} runs in another process, which alone can be asked for this.")
        return InvalidStateError(f"Deployment {deployment_id} has ended ({status}).")

    async def _find(self, deployment_id: str) -> Path | None:
        return await asyncio.to_thread(self._store.find_deployment, deployment_id)

    async def _path(self, deployment_id: str) -> Path:
        """The log of a deployment.

        Raises:
            NotFoundError: no log has this id.
        """
        return await asyncio.to_thread(self._history.path_of, deployment_id)

    async def _sweep(self) -> None:
        if self._recovers:
            await asyncio.to_thread(sweep, self._store)

    def _check_open(self) -> None:
        if self._closed:
            raise InvalidStateError("The server is closing down.")


def _with_control(row: rq.DeploymentSummary) -> rq.DeploymentSummary:
    """Whether a process runs it that takes requests from everybody."""
    listens = row.status == "running" and any(find(path_of(row.log_uri), row.deployment_id))
    return row.model_copy(update={"controllable": listens})


def _raw(params: rq.DeploymentParams) -> dict[str, Any]:
    return params.model_dump(mode="json", by_alias=True)
