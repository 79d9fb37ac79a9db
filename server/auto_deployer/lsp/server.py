"""The server: its construction, and its life from the first byte of input to the exit code."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from .capabilities import ServerSettings
from .catalog import OFFERS
from .protocol import DeployProtocol, Phase, Reply
from .transport import FrameReader, FrameWriter, Stdio

if TYPE_CHECKING:
    from ..model.ports import AppVerbs, DeploymentRunner
    from ..runner.settings import SettingsSource
    from .connection import Connection

logger = logging.getLogger(__name__)

SHUTDOWN_S = 1.5
"""Seconds a shutdown may take: the editor kills the whole process tree soon after."""
FLUSH_S = 1.0
"""Seconds the last messages may take to be written."""
CLIENT_CHECK_S = 5.0
"""Seconds between two looks at whether the client's process is still there."""


class DeployServer(LanguageServer):
    """Serves one client. What needs the runner is loaded after `initialize` is answered."""

    protocol: DeployProtocol  # pyright: ignore[reportIncompatibleVariableOverride]  (made by `protocol_cls`)
    writer: FrameWriter
    settings: ServerSettings

    def __init__(
        self,
        version: str,
        create_runner: Callable[[ServerSettings, SettingsSource], DeploymentRunner],
        create_app_verbs: Callable[[], AppVerbs],
        log_dir: Path | None = None,
    ) -> None:
        """`log_dir` overrides what the client asks for."""
        super().__init__(
            "auto-deployer", version,
            text_document_sync_kind=types.TextDocumentSyncKind.None_, protocol_cls=DeployProtocol,
        )  # fmt: skip
        self.log_dir = log_dir
        self._create_runner = create_runner
        self._create_app_verbs = create_app_verbs
        self._ended: asyncio.Future[str] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._watch: asyncio.Task[None] | None = None
        self._register_features()

    @functools.cached_property
    def connection(self) -> Connection:
        """The client's view of the deployments, made at its first use (at the latest right after `initialize`)."""
        from .configuration import ClientConfiguration
        from .connection import Connection

        configuration = ClientConfiguration(self.settings.editor)
        runner = self._create_runner(self.settings, configuration.effective)
        return Connection(self.protocol, self.settings, configuration, runner, self._create_app_verbs())

    def _register_features(self) -> None:
        for offer in OFFERS:
            self.feature(offer.method)(functools.partial(self._call, offer.method))
        self.feature(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)(functools.partial(self._progress_cancelled))
        self.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)(functools.partial(self._configuration_changed))

    async def _call(self, method: str, params: Any) -> Reply:
        from .methods import call

        return await call(self.connection, method, params)

    async def _progress_cancelled(self, params: types.WorkDoneProgressCancelParams) -> None:
        await self.connection.progress_cancelled(params.token)

    async def _configuration_changed(self, params: types.DidChangeConfigurationParams) -> None:
        self.connection.configuration_changed(params.settings)

    # --- life ---

    async def serve(self, stdio: Stdio) -> int:
        """Serve until `exit`, the end of the input or a signal; the exit code is 0 only after a `shutdown`."""
        loop = asyncio.get_running_loop()
        self._ended = loop.create_future()
        self.writer = FrameWriter(stdio.write, on_stopped=lambda: self._from_thread(loop, self._client_stopped))
        self.writer.start()
        FrameReader(stdio.read, loop, self.protocol.handle_frame, lambda: self.stop("end of input")).start()
        for name in ("SIGTERM", "SIGINT", "SIGHUP"):
            with contextlib.suppress(NotImplementedError, AttributeError):
                loop.add_signal_handler(getattr(signal, name), self.stop, name)
        logger.info("ends: %s", await self._ended)
        return await self._finish()

    def stop(self, why: str) -> None:
        """Let `serve` return."""
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(why)

    def client_is_ready(self, client_pid: int | None) -> None:
        """`initialize` is about to be answered: load the rest behind the answer, and watch the client's process."""
        loop = asyncio.get_running_loop()
        loop.call_soon(self._load)
        if client_pid is not None and client_pid > 0 and os.name == "posix":
            self._watch = loop.create_task(self._watch_client(client_pid))

    async def end_deployments(self) -> None:
        """Let go of what runs, once, within `SHUTDOWN_S`. Returns also when the runner fails to.

        Attached deployments end (`interrupted`), others go on.
        """
        if "connection" not in self.__dict__:
            return
        if self._ending is None:
            self._ending = asyncio.ensure_future(self.connection.runner.shutdown())
        _, late = await asyncio.wait({self._ending}, timeout=SHUTDOWN_S)
        if late:
            logger.error("deployments did not end within %.1f s", SHUTDOWN_S)
        elif (error := self._ending.exception()) is not None:
            logger.error("ending the deployments failed", exc_info=error)

    async def _finish(self) -> int:
        code = 0 if self.protocol.phase is Phase.SHUT_DOWN else 1
        self.protocol.phase = Phase.SHUT_DOWN
        await self.end_deployments()
        self.protocol.cancel_requests()
        await asyncio.sleep(0.01)  # the cancelled requests' errors go out
        self.writer.close(FLUSH_S)
        return code

    def _load(self) -> None:
        try:
            _ = self.connection
        except Exception:
            logger.exception("the deployment runner cannot be loaded")  # each request tells it again

    def _client_stopped(self) -> None:
        """The client reads no more: nothing is prepared for it any longer; its deployments go on."""
        if "connection" in self.__dict__:
            self.connection.close()

    async def _watch_client(self, pid: int) -> None:
        """End with the client even where its stdin is held open by someone else."""
        while _alive(pid):  # noqa: ASYNC110 - nothing tells of the end of a process that is not our child
            await asyncio.sleep(CLIENT_CHECK_S)
        self.stop(f"the client process {pid} is gone")

    @staticmethod
    def _from_thread(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nothing is left to tell
            loop.call_soon_threadsafe(callback)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Errors outside a request go to the log, not into the user's face."""
        logger.error("%s: %s", getattr(source, "__name__", source), error)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
