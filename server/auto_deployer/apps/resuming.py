"""Bringing apps back that should run and do not: after a reboot, or when the keeper gave one up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from ..model import requests as rq
from ..model.errors import AppError, AutoDeployerError
from ..model.ports import Session
from ..model.suggestions import suggest
from . import keeper
from .app_view import app_state
from .changes import RunCommand, must
from .layout import OwnerRecord
from .port_choice import is_taken, port_in_use
from .release_change import ReleaseChange
from .startup import StartupWatch
from .state import DeployDirState, read_state

Locked = Callable[[rq.AppParams, str], AbstractAsyncContextManager[tuple[DeployDirState, OwnerRecord]]]
"""The app's state, read while nobody else changes it; for the app and the verb."""


class Resuming:
    """Brings back the apps of one machine."""

    def __init__(self, session: Session, run: RunCommand, locked: Locked) -> None:
        self._session, self._run, self._locked = session, run, locked

    async def all_of(self, deploy_dirs: Iterable[Path]) -> tuple[rq.AppState, ...]:
        """Those that were to be brought back, as they are now.

        All are started first, and kept up from then on, also those that do not serve yet: what they need may come up later.
        """
        started = [await self._started(deploy_dir) for deploy_dir in deploy_dirs]
        return tuple([await self._proven(*found) for found in started if found is not None])

    async def _started(self, deploy_dir: Path) -> tuple[rq.AppState, StartupWatch | None] | None:
        """The app as it was found and what watches its start; None when there is nothing to bring back."""
        try:
            async with self._locked(rq.AppParams(deploy_dir=str(deploy_dir)), "resume") as (state, record):
                run, live = state.run(state.current), record.release(state.current)
                if live is None or run.running or run.waiting or not run.is_wanted:
                    return None
                before = await app_state(self._session, state, record)
                if await is_taken(self._session, live.port):
                    error = await port_in_use(self._session, live.port, "the app's own", suggest("Deploy the app again."))
                    return before.model_copy(update={"problem": error.message}), None
                change = ReleaseChange(self._session, state.deploy_dir, self._run)
                await change.prepare(state, live.id, live.spec)
                await change.keep_data(live.id, live.spec)
                host = keeper.host_on(self._session.target)
                start = keeper.start_command(state.deploy_dir, live.id, live.requested_port, host, proven=True)
                await must(self._run, start)
                return before, StartupWatch(self._session, state.deploy_dir, live.id, live.spec, live.requested_port)
        except AutoDeployerError as error:
            unknown = rq.AppState(name=deploy_dir.name, deploy_dir=str(deploy_dir), status="stopped", problem=error.message)
            return unknown, None

    async def _proven(self, before: rq.AppState, watch: StartupWatch | None) -> rq.AppState:
        if watch is None:
            return before
        problem = None
        try:
            await watch.until_serving()
        except AppError as error:
            problem = error.message
        now = await read_state(self._session, before.deploy_dir)
        after = before if now.record is None else await app_state(self._session, now, now.record)
        return after.model_copy(update={"problem": problem})
