"""`auto-deployer server`: the process around the server."""

from __future__ import annotations

import argparse
import asyncio
import atexit
import logging
import logging.handlers
import os
import queue
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__
from .transport import claim_stdio

if TYPE_CHECKING:
    from ..model.ports import AppVerbs, DeploymentRunner
    from ..runner.settings import SettingsSource
    from .capabilities import ServerSettings

_END_S = 2.0
"""Seconds the interpreter may take to end after the last message; a worker thread that hangs must not keep the process."""


def main(argv: Sequence[str] | None = None) -> int:
    """Serve one client over stdio; returns the exit code."""
    return run(argv, _create_runner, _create_app_verbs)


def run(
    argv: Sequence[str] | None,
    create_runner: Callable[[ServerSettings, SettingsSource], DeploymentRunner],
    create_app_verbs: Callable[[], AppVerbs],
) -> int:
    """`main` with the runner to use."""
    options = _parse(argv)
    stdio = claim_stdio()
    _log_to_stderr(options.log_level)
    from .server import DeployServer

    server = DeployServer(__version__, create_runner, create_app_verbs, options.log_dir)
    code = 1

    async def serve() -> None:
        nonlocal code
        code = await server.serve(stdio)
        _end_within(_END_S, code)

    asyncio.run(serve())
    return code


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="auto-deployer server", description="Speak the Language Server Protocol over stdin and stdout (see protocol.md)."
    )
    parser.add_argument("--stdio", action="store_true", help="the only transport; accepted because many clients pass it")
    parser.add_argument("--clientProcessId", dest="client_pid", help="accepted; the process id in initialize is used")
    parser.add_argument("--log-dir", type=Path, help="folder of the deployment logs (default: agent_logs in the workspace)")
    parser.add_argument("--log-level", default="WARNING", choices=["DEBUG", "INFO", "WARNING", "ERROR"], help="of standard error")
    return parser.parse_args(argv)


class _NeverBlockingHandler(logging.handlers.QueueHandler):
    """Drops records when standard error is not read: logging must not stall the event loop."""

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            return


def _log_to_stderr(level: str) -> None:
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    records: queue.Queue[logging.LogRecord] = queue.Queue(1000)
    handler = _NeverBlockingHandler(records)
    handler.setFormatter(logging.Formatter("%(message)s"))  # the stream adds the rest, which would be there twice
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("pygls").setLevel(logging.ERROR)  # it logs each message
    listener = logging.handlers.QueueListener(records, stream)
    listener.start()
    atexit.register(listener.stop)


def _end_within(seconds: float, code: int) -> None:
    timer = threading.Timer(seconds, os._exit, (code,))
    timer.daemon = True
    timer.start()


def _create_runner(server: ServerSettings, settings: SettingsSource) -> DeploymentRunner:
    from ..runner import create_runner

    return create_runner(server.log_dir, attached=server.attached, settings=settings, recovers=server.trusted)


def _create_app_verbs() -> AppVerbs:
    from ..runner import create_app_verbs

    return create_app_verbs()
