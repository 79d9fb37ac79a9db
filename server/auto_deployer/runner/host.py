"""The process that runs one deployment and outlives who started it: `python -m auto_deployer.runner.host ID`.

The request comes through standard input, its answer goes through standard output; from then on followers come to the socket.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from ..deploy_log.recorder import files_folder
from ..model import requests as rq
from ..model.errors import AutoDeployerError, UsageError
from ..model.events import OutputChunk
from ..model.ports import Published
from ..model.settings import Settings
from . import rendezvous
from .attached import AttachedRunner
from .channel import LINE_BYTES, error_line, line
from .launch import launch
from .settings import EffectiveSettings

logger = logging.getLogger(__name__)

COMPLAINTS = "host.stderr"
"""In the folder of the log: what went to the process's standard error, when anything did."""
_NOTHING_MISSED = 2**53
_OUTPUT_WAITS_BYTES = 1 << 20
"""Above this, a follower that does not read gets no more output; the file has it."""
_GONE_BYTES = 64 << 20
"""Above this it counts as gone; it may come again and take what it missed from the journal."""
_GRACE_S = 2.0
"""Seconds that followers have to read the end."""
_END_S = 5.0
"""Seconds the interpreter may take to end; a worker thread that hangs must not keep the process."""


def main() -> int:
    """Begin the deployment of the request on standard input and run it to its end."""
    if os.fork() > 0:
        os._exit(0)  # our child is nobody's child now: who ends the process tree of an editor does not find it
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    request = sys.stdin.buffer.read()
    if not request.endswith(b"\n"):
        return 1  # who wanted it died in the middle of the sentence
    code = asyncio.run(_host(orjson.loads(request)))
    logging.shutdown()
    return code


async def _host(request: dict[str, Any]) -> int:
    effective = EffectiveSettings(Settings.model_validate(request["settings"]), request["key"])
    log_dir = Path(request["logDir"])

    async def begin_next(params: rq.StartParams, *, interactive: bool) -> rq.StartResult:
        return await launch(log_dir, "start", params, params.deployment_id, effective, interactive=interactive)

    runner = AttachedRunner(log_dir, lambda: effective, begin_next)
    try:
        result = await _begin(runner, request)
    except AutoDeployerError as error:
        _answer(error_line(error))
        return 1
    answer = line({"result": result.model_dump(mode="json", by_alias=True)})
    log = runner.log_of(result.deployment_id)
    if log is None:  # the id was known before: there is nothing to run
        _answer(answer)
        return 0
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):  # the machine goes down
        asyncio.get_running_loop().add_signal_handler(number, _Interrupt(runner))
    followers = Followers(runner)
    await followers.open(log, result.deployment_id)
    _answer(answer)
    _redirect(2, files_folder(log) / COMPLAINTS)
    await runner.wait(result.deployment_id)
    await asyncio.gather(followers.close(), runner.next_begun())
    _remove_if_empty(files_folder(log) / COMPLAINTS)
    _end_within(_END_S)
    return 0


async def _begin(runner: AttachedRunner, request: dict[str, Any]) -> rq.StartResult:
    interactive = bool(request["interactive"])
    if request["method"] == "retry":
        return await runner.retry(rq.RetryParams.model_validate(request["params"]), interactive=interactive)
    return await runner.start(rq.StartParams.model_validate(request["params"]), interactive=interactive)


class _Interrupt:
    """Ends the deployment as interrupted; a signal handler."""

    def __init__(self, runner: AttachedRunner) -> None:
        self._runner = runner
        self._task: asyncio.Task[None] | None = None

    def __call__(self) -> None:
        self._task = self._task or asyncio.ensure_future(self._runner.shutdown())


class Followers:
    """Serves the socket: who follows the deployment, and who controls it."""

    def __init__(self, runner: AttachedRunner) -> None:
        self._runner = runner
        self._server: asyncio.Server | None = None
        self._path: Path | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def open(self, log: Path, deployment_id: str) -> None:
        """Listen. Where that cannot be done, the deployment goes on all the same: its journal can be followed."""
        try:
            listening, self._path = rendezvous.listen(log, deployment_id)
        except OSError as error:
            logger.warning("nobody can control this deployment: %s", error)
            return
        self._server = await asyncio.start_unix_server(self._serve, sock=listening, limit=LINE_BYTES)

    async def close(self) -> None:
        """Take nobody in any more, and let those who follow read the end."""
        if self._server is None or self._path is None:
            return
        self._path.unlink(missing_ok=True)
        self._server.close()
        writers = tuple(self._writers)
        for writer in writers:
            writer.close()
        if writers:
            waiting = [asyncio.ensure_future(writer.wait_closed()) for writer in writers]
            await asyncio.wait(waiting, timeout=_GRACE_S)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            request = await reader.readline()
            if request.endswith(b"\n"):
                await self._reply(orjson.loads(request), reader, writer)
        except (OSError, ValueError, KeyError) as error:
            logger.warning("a follower was sent away: %r", error)
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _reply(self, request: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if request["method"] == "follow":
            await self._feed(rq.DeploymentParams.model_validate(request["params"]), reader, writer)
            return
        try:
            await self._control(request["method"], request["params"])
        except AutoDeployerError as error:
            writer.write(error_line(error))
        else:
            writer.write(line({"result": None}))
        await writer.drain()

    async def _control(self, method: str, params: dict[str, Any]) -> None:
        match method:
            case "cancel":
                await self._runner.cancel(rq.DeploymentParams.model_validate(params).deployment_id)
            case "skipStep":
                await self._runner.skip_step(rq.SkipStepParams.model_validate(params))
            case "answer":
                await self._runner.answer(rq.AnswerParams.model_validate(params))
            case _:
                raise UsageError(f"A deployment's process does not know {method!r}.")

    async def _feed(self, params: rq.DeploymentParams, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Everything from now on; the follower takes from the journal what came before."""
        feed = _Feed(writer)
        all_before = rq.SubscribeParams(deployment_id=params.deployment_id, after_seq=_NOTHING_MISSED)
        result = await self._runner.subscribe(all_before, feed)
        # nothing has come between: neither call gave the loop a chance to publish an event
        writer.write(line({"result": {"lastSeq": result.last_seq}}))
        try:
            await reader.read()  # until it is gone
        finally:
            self._runner.unsubscribe(feed)


class _Feed:
    """One follower: a subscriber that never waits for it."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def __call__(self, published: Published) -> None:
        waiting = self._writer.transport.get_write_buffer_size()
        if waiting > _GONE_BYTES:
            self._writer.transport.abort()
        elif waiting <= _OUTPUT_WAITS_BYTES or not isinstance(published.item, OutputChunk):
            self._writer.write(published.line + b"\n")


def _answer(message: bytes) -> None:
    """The one answer to the request; afterwards nothing of ours ties us to who asked."""
    with suppress(BrokenPipeError):  # it died meanwhile: the deployment goes on
        rest = memoryview(message)
        while rest:
            rest = rest[os.write(1, rest) :]
    for descriptor in (0, 1, 2):
        _redirect(descriptor, Path(os.devnull))


def _redirect(descriptor: int, path: Path) -> None:
    with suppress(OSError):
        target = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.dup2(target, descriptor, inheritable=descriptor <= 2)
        os.close(target)


def _remove_if_empty(path: Path) -> None:
    with suppress(OSError):
        if path.stat().st_size == 0:
            path.unlink()


def _end_within(seconds: float) -> None:
    timer = threading.Timer(seconds, os._exit, (0,))
    timer.daemon = True
    timer.start()


if __name__ == "__main__":
    sys.exit(main())
