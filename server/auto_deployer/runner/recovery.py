"""Deployments that could not end themselves: their logs get their end, and what they left running is ended."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..apps.recovery import end_unfinished, take_back
from ..deploy_log import LogRow, LogStore
from ..model.log import DeploymentLog
from ..model.ports import DeployPaths, Session
from ..sessions.here import local_session


def sweep(store: LogStore) -> list[Path]:
    """Mark `interrupted` what has lost its writer; returns those logs. Blocks (signals, waits): not for the event loop."""
    return store.sweep(end_app=_end_app)


def swept_rows(store: LogStore, limit: int | None = None) -> list[LogRow]:
    """The newest logs, after a `sweep`; the folder is looked through once for both."""
    return store.rows(limit, swept=True, end_app=_end_app)


def rows_as_they_are(store: LogStore, limit: int | None = None) -> list[LogRow]:
    """The newest logs, where nothing may be recovered."""
    return store.rows(limit)


def _end_app(log: DeploymentLog) -> str:
    if log.target != "local" or not log.deploy_dir or not log.release:
        return ""
    ending = end_unfinished(local_session(), Path(log.deploy_dir), log.release)
    with ThreadPoolExecutor(1) as beside:  # who sweeps may have an event loop of its own
        return beside.submit(asyncio.run, ending).result()


async def end_cut_off(session: Session, paths: DeployPaths) -> str:
    """Take back at once what a deployment that was cut off had begun to switch; tells in words, "" for nothing.

    The deploy directory must be claimed by that deployment.

    Raises:
        AppError, ConnectionFailedError: the directory cannot be read.
    """
    return await take_back(session, paths.deploy_dir, paths.release, grace_s=0)
