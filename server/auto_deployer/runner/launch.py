"""Starts the process of its own that runs a deployment, and hears from it whether the deployment began."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from ..deploy_log import LogStore
from ..deploy_log.sweep import COMMAND_MARK
from ..model import requests as rq
from ..model.errors import AutoDeployerError
from ..model.suggestions import suggest
from .channel import line, result_of
from .recovery import sweep
from .settings import EffectiveSettings

logger = logging.getLogger(__name__)

_NOT_INHERITED = (COMMAND_MARK, "AUTO_DEPLOYER_APP")
"""Marks of what another deployment started: who carries them is ended with it."""
_BEGIN_S = 60.0
"""Seconds a host may take to begin; it needs less than one where the disk is not the trouble."""
_KILLED_S = 5.0
"""Seconds until what was killed is gone; it needs far less, unless it hangs in the kernel."""
_SHOWN = 2000


async def launch(
    log_dir: Path, method: str, params: rq.StartParams | rq.RetryParams, deployment_id: str, effective: EffectiveSettings, *,
    interactive: bool,
) -> rq.StartResult:  # fmt: skip
    """Begin a deployment in a process of its own, which outlives us.

    The request goes through a pipe: it holds secrets of the app and the model's key, and arguments and environments are for
    everybody to read.

    Args:
        log_dir: Absolute.
        method: "start" or "retry".
        params: Of that method.
        deployment_id: Of the deployment that is to begin.
        effective: The settings that count for it.
        interactive: Somebody can answer questions.

    Who does not say in time that it began is ended, with all it started, before that is told; likewise when we are cancelled.

    Raises:
        AutoDeployerError: what `DeploymentRunner.start` (or `retry`) raises, from there; or the process did not come up.
    """
    request = {
        "logDir": str(log_dir), "method": method, "interactive": interactive,
        "params": params.model_dump(mode="json", by_alias=True), "settings": effective.settings.model_dump(mode="json"),
        "key": effective.key,
    }  # fmt: skip
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", f"{__package__}.host", deployment_id,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            start_new_session=True, env=_environment(),
        )  # fmt: skip
    except OSError as error:
        raise _not_up(deployment_id, str(error)) from error
    saying = asyncio.ensure_future(process.communicate(line(request)))
    try:
        answer, complaint = await asyncio.wait_for(asyncio.shield(saying), _BEGIN_S)
    except TimeoutError as error:
        await _end(process, saying)
        await asyncio.to_thread(sweep, LogStore(log_dir))  # it may have begun a log in its last moment
        raise _not_up(deployment_id, f"it said nothing for {_BEGIN_S:g} s, and was ended") from error
    except BaseException:
        await _end(process, saying)
        raise
    if not answer.endswith(b"\n"):
        raise _not_up(deployment_id, complaint.decode("utf-8", "replace")[-_SHOWN:].strip() or "it ended without a word")
    return rq.StartResult.model_validate(result_of(answer))


async def _end(process: asyncio.subprocess.Process, saying: asyncio.Future[tuple[bytes, bytes]]) -> None:
    """Kill the process and its child, which is nobody's child by now, and wait until both are gone.

    Both hold the pipes: as long as these are open one of them lives, so that the group's id is still theirs.
    """
    if not saying.done():
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    _, late = await asyncio.wait({saying, asyncio.ensure_future(process.wait())}, timeout=_KILLED_S)
    for task in late:
        task.cancel()
    if late:
        logger.error("the process group %d of a deployment that did not begin is still there", process.pid)


def _environment() -> dict[str, str]:
    """The user's: sessions choose from it what commands get, and its values are what has to be masked."""
    return {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}


def _not_up(deployment_id: str, why: str) -> AutoDeployerError:
    return AutoDeployerError(
        f"The process for deployment {deployment_id} did not come up: {why}",
        suggestions=(
            suggest("Try again."),
            suggest('Set "attached": true in initializationOptions to deploy in the server\'s own process.'),
        ),
    )
