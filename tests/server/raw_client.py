"""A client without manners: raw bytes over the server's stdio, with a thread that reads (or does not)."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Self

FAKE_SERVER = Path(__file__).with_name("fake_runner.py")
WAIT_S = 20.0


def command(*arguments: str) -> list[str]:
    """The command line of a server over the scripted runner."""
    return [sys.executable, str(FAKE_SERVER), *arguments]


def frame(message: Any) -> bytes:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


class RawClient:
    """Speaks to a real server process. `received` holds everything in the order of arrival."""

    def __init__(self, *arguments: str, reading: bool = True, argv: list[str] | None = None) -> None:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            argv or command(*arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
        assert self.process.stdin
        assert self.process.stdout
        self.stdin: BinaryIO = self.process.stdin  # type: ignore[assignment]
        self.stdout: BinaryIO = self.process.stdout  # type: ignore[assignment]
        self.received: list[dict[str, Any]] = []
        self._unclaimed: list[dict[str, Any]] = []
        self._incoming: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._next_id = 0
        if reading:
            self.start_reading()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(WAIT_S)
        for stream in (self.stdin, self.stdout):
            try:
                stream.close()
            except OSError:
                continue

    def start_reading(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while True:
            length = 0
            while line := self.stdout.readline():
                if line == b"\r\n":
                    break
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
                elif not line.lower().startswith(b"content-type:"):
                    raise AssertionError(f"not a header: {line[:200]!r}")
            body = self.stdout.read(length)
            if not line or len(body) < length:  # ended, perhaps killed in the middle of a message
                self._incoming.put(None)
                return
            self._incoming.put(json.loads(body))

    def send(self, message: Any) -> None:
        self.send_bytes(frame(message))

    def send_bytes(self, data: bytes) -> None:
        self.stdin.write(data)
        self.stdin.flush()

    def notify(self, method: str, params: Any = None) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def receive(self, wanted: Callable[[dict[str, Any]], bool] = lambda _: True, timeout: float = WAIT_S) -> dict[str, Any]:
        """The first message that is wanted and was not yet returned; others wait for their turn."""
        for message in self._unclaimed:
            if wanted(message):
                self._unclaimed.remove(message)
                return message
        while True:
            message = self._incoming.get(timeout=timeout)
            if message is None:
                raise EOFError(f"the server ended ({self.process.wait(WAIT_S)})")
            self.received.append(message)
            if wanted(message):
                return message
            self._unclaimed.append(message)

    def request(self, method: str, params: Any = None) -> dict[str, Any]:
        """The response to a request: an object with `result` or `error`."""
        self._next_id += 1
        msg_id = f"c{self._next_id}"
        message = {"jsonrpc": "2.0", "id": msg_id, "method": method}
        self.send(message if params is None else {**message, "params": params})
        return self.receive(lambda got: got.get("id") == msg_id and "method" not in got)

    def result(self, method: str, params: Any = None) -> Any:
        answer = self.request(method, params)
        assert "error" not in answer, answer
        return answer["result"]

    def error(self, method: str, params: Any = None) -> dict[str, Any]:
        answer = self.request(method, params)
        assert "error" in answer, answer
        return answer["error"]

    def notification(self, method: str, **fields: Any) -> dict[str, Any]:
        """The params of the next notification of this method with these fields."""

        def wanted(message: dict[str, Any]) -> bool:
            params = message.get("params") or {}
            return message.get("method") == method and all(params.get(name) == value for name, value in fields.items())

        return self.receive(wanted)["params"]

    def events(self, deployment_id: str) -> list[dict[str, Any]]:
        """Notifications of a deployment that carry a `seq`, as received so far."""
        return [
            message for message in self.received
            if message.get("params", {}) and message["params"].get("deploymentId") == deployment_id and "seq" in message["params"]
        ]  # fmt: skip

    def initialize(self, ours: dict[str, Any] | None = None, folder: Path | None = None, **extra: Any) -> dict[str, Any]:
        """Initialise; `ours` is the client's `experimental.autoDeployer` (None: a plain editor)."""
        window = extra.pop("window", {})
        capabilities: dict[str, Any] = {"window": window}
        if ours is not None:
            capabilities["experimental"] = {"autoDeployer": ours}
        params: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": capabilities, **extra}
        if folder is not None:
            params["workspaceFolders"] = [{"uri": folder.as_uri(), "name": folder.name}]
        result = self.result("initialize", params)
        self.notify("initialized", {})
        return result

    def start(self, repo: str, deployment_id: str = "d1", **params: Any) -> dict[str, Any]:
        return self.result("deploy/start", {"deploymentId": deployment_id, "repo": repo, **params})

    def finish(self, timeout: float = WAIT_S) -> int:
        """Shut down in the proper way; the exit code."""
        assert self.result("shutdown") is None
        self.notify("exit")
        return self.process.wait(timeout)
