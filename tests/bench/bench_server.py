"""Start-up of the server and throughput of its notifications, as ratios to a bare pygls server measured in the same run.

Run it in a process of its own: `python tests/bench/bench_server.py` prints one JSON object.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

SCRIPTED = Path(__file__).parents[1] / "server"
"""Folder of the scripted runner: throughput is measured without the cost of a deployment."""
STARTS = 9
COMMANDS = 20_000

_RECORD = {
    "command": "true", "success": True, "exit_code": 0, "stdout": "done", "stderr": "", "timestamp": "", "id": "1-1",
}  # fmt: skip
_BARE_SERVER = f"""
from pygls.lsp.server import LanguageServer
server = LanguageServer("bare", "1")

@server.feature("deploy/start")
def start(params):
    for seq in range({COMMANDS}):
        server.protocol.notify("deploy/commandExecuted", {{"deploymentId": "d", "seq": seq, "command": {_RECORD}}})
    server.protocol.notify("deploy/finished", {{"deploymentId": "d"}})

server.start_io()
"""
_OUR_SERVER = f"""
import asyncio, sys
sys.path.insert(0, {str(SCRIPTED)!r})
from fake_runner import FakeApps, FakeRunner
from auto_deployer.lsp.main import run
from auto_deployer.model import events as ev, requests as rq
from auto_deployer.model.log import CommandRecord
from auto_deployer.model.ports import Published

class Burst(FakeRunner):
    async def start(self, params, *, interactive=False, subscriber=None):
        event = ev.CommandExecuted(deployment_id="d", seq=1, command=CommandRecord(**{_RECORD}))
        end = ev.Finished(deployment_id="d", seq=2, outcome="success")
        lines = [Published(event, ev.to_line(event))] * {COMMANDS} + [Published(end, ev.to_line(end))]
        asyncio.get_running_loop().call_later(0.1, lambda: [subscriber(line) for line in lines])
        return rq.StartResult(deployment_id="d", log_uri="file:///d")

sys.exit(run([], lambda server, _: Burst(server.log_dir), FakeApps))
"""
_INITIALIZE: dict[str, Any] = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {"processId": None, "rootUri": None, "capabilities": {"experimental": {"autoDeployer": {}}}},
}  # fmt: skip


def main() -> None:
    """Print the ratios as JSON."""
    ours, bare = [sys.executable, "-m", "auto_deployer", "server"], [sys.executable, "-c", _BARE_SERVER]
    times: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(STARTS):  # alternating, so that the machine's mood hits both
        times["bare"].append(_start_up_s(bare))
        times["ours"].append(_start_up_s(ours))
    start_ours, start_bare = (statistics.median(times[name]) for name in ("ours", "bare"))
    rate_ours = _notifications_per_s([sys.executable, "-c", _OUR_SERVER])
    rate_bare = _notifications_per_s(bare)
    result = {
        "start_up_ratio": round(start_ours / start_bare, 3), "start_up_ms": round(start_ours * 1000),
        "bare_start_up_ms": round(start_bare * 1000), "notification_throughput_ratio": round(rate_ours / rate_bare, 2),
        "notifications_per_s": round(rate_ours), "bare_notifications_per_s": round(rate_bare),
    }  # fmt: skip
    print(json.dumps(result))


def _start_up_s(argv: list[str]) -> float:
    """Seconds from spawn to the response to `initialize`."""
    began = time.perf_counter()
    process = _spawn(argv)
    try:
        _send(process, _INITIALIZE)
        _read(process)
        return time.perf_counter() - began
    finally:
        process.kill()
        process.wait()


def _notifications_per_s(argv: list[str]) -> float:
    """Notifications a second that reach a client, from the first to `deploy/finished`, without parsing them."""
    process = _spawn(argv)
    try:
        _send(process, _INITIALIZE)
        _read(process)
        _send(process, {"jsonrpc": "2.0", "method": "initialized", "params": {}})
        params = {"deploymentId": "d", "repo": "burst"}
        _send(process, {"jsonrpc": "2.0", "id": 2, "method": "deploy/start", "params": params})
        count = 0
        began = 0.0
        while b"deploy/finished" not in _read(process):
            began = began or time.perf_counter()
            count += 1
        return count / (time.perf_counter() - began)
    finally:
        process.kill()
        process.wait()


def _spawn(argv: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _send(process: subprocess.Popen[bytes], message: dict[str, Any]) -> None:
    assert process.stdin
    body = json.dumps(message).encode()
    process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    process.stdin.flush()


def _read(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout
    length = 0
    while (line := process.stdout.readline()) not in (b"\r\n", b""):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return process.stdout.read(length)


if __name__ == "__main__":
    main()
