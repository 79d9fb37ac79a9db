"""A small LSP client over the stdio of a child process: what an editor does, without an editor."""

from __future__ import annotations

import asyncio
import itertools
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from ..model.errors import AutoDeployerError, ConnectionFailedError
from ..model.reasons import Kind
from ..model.suggestions import Suggestion, suggest

Json = dict[str, Any]

_EXIT_S = 5.0
"""Seconds a server may take to end after `exit`."""
_METHOD_NOT_FOUND = -32601


class LspClient:
    """Speaks JSON-RPC with a language server. Notifications go to `on_notification`, in order."""

    def __init__(self, process: Process, on_notification: Callable[[Json], None]) -> None:
        self._process = process
        self._on_notification = on_notification
        self._ids = itertools.count(1)
        self._pending: dict[int, asyncio.Future[Any]] = {}
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, argv: Sequence[str], on_notification: Callable[[Json], None]) -> LspClient:
        """Start the server. It has its own session: Ctrl-C is ours to handle."""
        process = await asyncio.create_subprocess_exec(*argv, stdin=PIPE, stdout=PIPE, start_new_session=True)
        return cls(process, on_notification)

    async def request(self, method: str, params: Json | None = None) -> Any:
        """The result of a request.

        Raises:
            AutoDeployerError: the server answered with an error.
            ConnectionFailedError: the server ended.
        """
        number = next(self._ids)
        future = self._pending[number] = asyncio.get_running_loop().create_future()
        if self._reading.done():
            raise self._gone()
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params or {}})
        return await future

    def notify(self, method: str, params: Json | None = None) -> None:
        """Send a notification."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params or {}})

    async def close(self) -> None:
        """`shutdown` and `exit`; a server that does not end is killed."""
        with suppress(AutoDeployerError, TimeoutError):
            await asyncio.wait_for(self.request("shutdown"), _EXIT_S)
        with suppress(OSError):
            self.notify("exit")
        try:
            await asyncio.wait_for(self._process.wait(), _EXIT_S)
        except TimeoutError:
            self._process.kill()
        await self._reading

    def _send(self, message: Json) -> None:
        assert self._process.stdin is not None
        body = json.dumps(message).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    async def _read(self) -> None:
        assert self._process.stdout is not None
        with suppress(asyncio.IncompleteReadError):
            while True:
                header = await self._process.stdout.readuntil(b"\r\n\r\n")
                self._take(json.loads(await self._process.stdout.readexactly(_content_length(header))))
        for future in self._pending.values():
            if not future.done():
                future.set_exception(self._gone())

    def _take(self, message: Json) -> None:
        if "method" in message and "id" in message:
            error = {"code": _METHOD_NOT_FOUND, "message": f"this client does not answer {message['method']}"}
            self._send({"jsonrpc": "2.0", "id": message["id"], "error": error})
        elif "method" in message:
            self._on_notification(message)
        else:
            self._resolve(message)

    def _resolve(self, message: Json) -> None:
        future = self._pending.pop(message["id"])
        if future.done():
            return
        if "error" not in message:
            future.set_result(message.get("result"))
            return
        error, data = message["error"], message["error"].get("data") or {}
        kind = data.get("kind")
        suggestions = tuple(map(Suggestion.model_validate, data.get("suggestions", ())))
        future.set_exception(
            AutoDeployerError(
                error["message"],
                kind=Kind(kind) if kind in set(Kind) else None,
                suggestions=suggestions,
            )
        )

    def _gone(self) -> ConnectionFailedError:
        return ConnectionFailedError(
            "the language server ended unexpectedly", suggestions=(suggest("See what it says", command="auto-deployer server"),)
        )


def _content_length(header: bytes) -> int:
    lines = (line.partition(b":") for line in header.split(b"\r\n"))
    return next(int(value) for name, _, value in lines if name.lower() == b"content-length")
