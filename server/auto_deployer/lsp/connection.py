"""One client's view of the deployments: the runner, what it follows, and what it is asked."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol.types import WINDOW_SHOW_MESSAGE, MessageType, ShowMessageParams

from ..model.errors import AutoDeployerError, SettingsError
from ..model.ports import AppVerbs, DeploymentRunner
from .capabilities import ServerSettings
from .configuration import ClientConfiguration
from .log_lines import LogLines
from .notifications import EventFeed
from .progress import TOKEN_PREFIX, ProgressBars
from .questions import Questions

if TYPE_CHECKING:
    from .protocol import DeployProtocol

logger = logging.getLogger(__name__)

_ANALYSES_AT_ONCE = 4
"""Clones and analyses that run at the same time; more wait."""


class Connection:
    """Everything that exists for a client once it is initialised."""

    def __init__(
        self,
        client: DeployProtocol,
        settings: ServerSettings,
        configuration: ClientConfiguration,
        runner: DeploymentRunner,
        apps: AppVerbs,
    ) -> None:
        self.client = client
        self.settings = settings
        self.configuration = configuration
        self.runner = runner
        self.apps = apps
        self.analyses = asyncio.Semaphore(_ANALYSES_AT_ONCE)
        self._tasks: set[asyncio.Task[Any]] = set()
        profile = settings.profile
        self.feed = EventFeed(client, profile)
        self.questions = Questions(client, profile, runner, self.spawn)
        self.feed.add(self.questions.follow)
        if profile.progress:
            self.feed.add(ProgressBars(client, self.spawn).follow)
        if not profile.declared:
            self.feed.add(LogLines(client).follow)
        if settings.editor:
            self.spawn(self._check_settings())

    def spawn(self, coroutine: Any) -> asyncio.Task[Any]:
        """Run something beside the requests; what it raises is logged."""
        task = self.spawn_quietly(coroutine)
        task.add_done_callback(_log_failure)
        return task

    def spawn_quietly(self, coroutine: Any) -> asyncio.Task[Any]:
        """Run something whose failure is told elsewhere."""
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def close(self) -> None:
        """Prepare nothing more for a client that is gone; its deployments go on."""
        self.runner.unsubscribe(self.feed.subscriber)

    async def progress_cancelled(self, token: object) -> None:
        """The user pressed cancel on a progress bar; tokens that are not of our deployments are ignored."""
        if isinstance(token, str) and token.startswith(TOKEN_PREFIX):
            with contextlib.suppress(AutoDeployerError):
                await self.runner.cancel(token.removeprefix(TOKEN_PREFIX))

    def configuration_changed(self, configuration: object) -> None:
        """The editor's settings are others now: they count from the next deployment on."""
        if self.configuration.change(configuration):
            self.spawn(self._check_settings())

    async def _check_settings(self) -> None:
        """Tell the user of a wrong setting when it is made, not only when a deployment fails on it."""
        try:
            await asyncio.to_thread(self.configuration.check)
        except SettingsError as error:
            message = ShowMessageParams(type=MessageType.Warning, message=f"Auto-Deployer: {error.message}")
            self.client.notify(WINDOW_SHOW_MESSAGE, message)

    def located(self, path: str) -> str:
        """A relative path as seen from the first workspace folder, where there is such a thing; otherwise as it is."""
        folder = self.settings.folder
        if folder is None or "://" in path or Path(path).is_absolute():
            return path
        with contextlib.suppress(OSError, ValueError):
            if (folder / path).exists():
                return str((folder / path).resolve())
        return path


def _log_failure(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("unexpected error beside the requests", exc_info=error)
