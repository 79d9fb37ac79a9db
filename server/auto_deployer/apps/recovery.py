"""After a crash or a shutdown in the middle of a release change: what nobody proved is ended, what made room for it runs again."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from ..model.errors import AutoDeployerError, TargetLockedError
from ..model.plan import PlannedCommand
from ..model.ports import CommandSpec, Session
from . import keeper
from .claim import DeployDirLock
from .ours import why_not_recovered
from .registry import AppRegistry
from .state import DeployDirState, read_state

logger = logging.getLogger(__name__)


async def end_unfinished(session: Session, deploy_dir: Path, release: str, registry: AppRegistry | None = None) -> str:
    """`take_back` for a deployment whose process is gone. Returns what was done, in words; "" when there was nothing to do.

    That there was such a deployment is told by its log, which anybody may have written: only a directory that this user's
    deployments have claimed, and that nobody else can change, is touched.

    Args:
        release: The release of an interrupted deployment.
        registry: Knows the claimed directories; default the user's.
    """
    if not (registry or AppRegistry()).remembers(deploy_dir):
        return ""
    if why := why_not_recovered(deploy_dir):
        logger.warning("%s is left as it is: %s", deploy_dir, why)
        return ""
    lock = DeployDirLock(deploy_dir, "recovery", note_needed=False)
    try:
        lock.acquire()
    except (TargetLockedError, OSError):
        return ""  # the directory is gone, or a newer deployment works there and takes leftovers back itself
    try:
        return await take_back(session, str(deploy_dir), release, grace_s=keeper.CLEANUP_GRACE_S)
    except AutoDeployerError as error:
        return f"Whether release {release} still runs could not be told: {error.message}"
    finally:
        lock.release()


async def take_back(session: Session, deploy_dir: str, release: str, *, grace_s: int) -> str:
    """End what runs of a release that is not the live one, and start the live one again where it had been stopped for a release.

    A live release that its user stopped stays as it is. The caller holds the deploy directory's lock or claim.

    Args:
        release: The release of a deployment that could not end on its own.
        grace_s: Seconds between TERM and KILL; 0 in a shutdown.

    Returns:
        What was done, in words; "" when there was nothing to do.

    Raises:
        AppError: the directory cannot be read.
        ConnectionFailedError: the target is gone.
    """
    state = await read_state(session, deploy_dir)
    if state.current == release:
        return ""
    is_left_over, stopped = state.run(release).running, bool(state.run(state.current).stopped_for)
    if (is_left_over or stopped) and not state.keeper_installed:
        await _succeeds(session, keeper.install_command(deploy_dir))
    told = [
        await _end(session, state, release, grace_s) if is_left_over else "",
        await _start_again(session, state, state.current, grace_s) if stopped and state.current else "",
    ]
    return " ".join(filter(None, told))


async def _end(session: Session, state: DeployDirState, release: str, grace_s: int) -> str:
    pids = ", ".join(str(process.pid) for process in state.run(release).processes)
    done = await _succeeds(session, keeper.stop_command(state.deploy_dir, release, grace_s=grace_s))
    ended = "was ended" if done else "could not be ended"
    return f"Release {release} had been started but was never live; it {ended} (process {pids})."


async def _start_again(session: Session, state: DeployDirState, live: str, grace_s: int) -> str:
    """Also when it still runs: its stopping may have been cut short after TERM."""
    stopped_for, port = state.run(live).stopped_for, state.start_port(live)
    if port is None:
        return f"The live release {live} was stopped for release {stopped_for}; it is not known on which port to start it again."
    command = keeper.restart_command(
        state.deploy_dir, live, port, keeper.host_on(session.target), grace_s=grace_s, stopped_for=stopped_for, reasoning="",
    )  # fmt: skip
    started = "was started again" if await _succeeds(session, command) else "could not be started again"
    return f"The live release {live} had been stopped for release {stopped_for}; it {started} with PORT={port}."


async def _succeeds(session: Session, command: PlannedCommand) -> bool:
    spec = CommandSpec(command.command, command.cwd, command.env)
    outcome = await session.run(spec, on_spawned=lambda _: None, on_output=lambda *_: None, stop=asyncio.Event())
    return outcome.exit_code == 0
