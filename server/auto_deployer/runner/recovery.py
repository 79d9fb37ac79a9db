"""Deployments that could not end themselves: their logs get their end, and what they left running is ended."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ..apps.keeper import stop_command
from ..apps.recovery import end_unfinished
from ..apps.state import read_state
from ..deploy_log import LogStore
from ..model.log import DeploymentLog
from ..model.ports import CommandSpec, DeployPaths, Session
from ..sessions.local import LocalSession


def sweep(store: LogStore) -> list[Path]:
    """Mark `interrupted` what has lost its writer; returns those logs. Blocks (signals, waits): not for the event loop."""
    return store.sweep(end_app=_end_app)


def _end_app(log: DeploymentLog) -> str:
    if log.target != "local" or not log.deploy_dir or not log.release:
        return ""
    return asyncio.run(end_unfinished(LocalSession(), Path(log.deploy_dir), log.release))


async def end_cut_off(session: Session, paths: DeployPaths) -> str:
    """End at once what runs of a release whose deployment was cut off before it was live; tells in words, "" for nothing.

    The deploy directory must be claimed by that deployment.

    Raises:
        AppError: the directory cannot be read.
    """
    state = await read_state(session, paths.deploy_dir)
    if state.current == paths.release or not state.run(paths.release).running:
        return ""
    command = CommandSpec(stop_command(paths.deploy_dir, paths.release, grace_s=0).command)
    outcome = await session.run(command, on_spawned=lambda _: None, on_output=lambda *_: None, stop=asyncio.Event())
    ended = "was ended" if outcome.exit_code == 0 else "could not be ended"
    return f"Release {paths.release} had been started but was not live yet; it {ended}."
