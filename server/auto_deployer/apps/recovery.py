"""After a crash: a release that was started but never went live is ended, so that nothing runs which nobody proved."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ..model.errors import AutoDeployerError, TargetLockedError
from ..model.ports import CommandSpec, Session
from .claim import DeployDirLock
from .keeper import CLEANUP_GRACE_S, stop_command
from .state import read_state


async def end_unfinished(session: Session, deploy_dir: Path, release: str) -> str:
    """End what runs of a release that is not the live one. Returns what was done, in words; "" when there was nothing to do.

    Args:
        release: The release of an interrupted deployment.
    """
    lock = DeployDirLock(deploy_dir, "recovery")
    try:
        lock.acquire()
    except (TargetLockedError, OSError):
        return ""  # the directory is gone, or a newer deployment works there and ends leftovers itself
    try:
        state = await read_state(session, str(deploy_dir))
        run = state.run(release)
        if not run.running or state.current == release:
            return ""
        command = stop_command(str(deploy_dir), release, grace_s=CLEANUP_GRACE_S)
        spec = CommandSpec(command.command)
        outcome = await session.run(spec, on_spawned=lambda _: None, on_output=lambda *_: None, stop=asyncio.Event())
    except AutoDeployerError as error:
        return f"Whether release {release} still runs could not be told: {error.message}"
    finally:
        lock.release()
    pids = ", ".join(str(process.pid) for process in run.processes)
    ended = "was ended" if outcome.exit_code == 0 else "could not be ended"
    return f"Release {release} had been started but was never live; it {ended} (process {pids})."
