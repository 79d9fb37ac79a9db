"""Initialize, shutdown, exit, the end of the input, signals; and clients that go without a word."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from tests.server.raw_client import WAIT_S, RawClient, command, frame

LIMIT_S = 1.5 + WAIT_S / 4
"""What a shutdown may take, with room for a busy machine; the deployments themselves get 1.5 s."""


def status_of(folder: Path, deployment_id: str = "d1") -> str:
    return json.loads((folder / "agent_logs" / f"deploy_{deployment_id}.json").read_text())["status"]


def test_requests_before_initialize_and_after_shutdown_are_refused(raw: RawClient, tmp_path: Path):
    assert raw.error("deploy/list")["code"] == -32002
    assert raw.error("shutdown")["code"] == -32002
    raw.initialize({}, tmp_path)
    assert raw.result("shutdown") is None
    for method in ("deploy/list", "initialize", "shutdown", "deploy/unknown"):
        assert raw.error(method)["code"] == -32600
    raw.notify("exit")
    assert raw.process.wait(WAIT_S) == 0


def test_exit_without_shutdown_ends_with_1(raw: RawClient, tmp_path: Path):
    raw.initialize({}, tmp_path)
    raw.notify("exit")
    assert raw.process.wait(WAIT_S) == 1


def test_exit_before_initialize(raw: RawClient):
    raw.notify("exit")
    assert raw.process.wait(WAIT_S) == 1


def test_shutdown_while_deploying_interrupts_and_answers(raw: RawClient, tmp_path: Path):
    raw.initialize({}, tmp_path)
    for name in ("d1", "d2"):
        raw.start("slow", name)
    raw.send({"jsonrpc": "2.0", "id": 9, "method": "deploy/analyze", "params": {"repo": "forever"}})
    assert raw.result("shutdown") is None
    assert {raw.notification("deploy/finished")["outcome"] for _ in range(2)} == {"interrupted"}
    assert raw.receive(lambda message: message.get("id") == 9)["error"]["code"] == -32800
    assert status_of(tmp_path) == status_of(tmp_path, "d2") == "interrupted"
    raw.notify("exit")
    assert raw.process.wait(WAIT_S) == 0


def test_a_deployment_that_does_not_end_does_not_hold_the_shutdown(raw: RawClient, tmp_path: Path):
    raw.initialize({}, tmp_path)
    raw.start("stuck")
    raw.notification("deploy/stepStarted", stepId=2)
    began = time.monotonic()
    assert raw.result("shutdown") is None
    assert 1.4 < time.monotonic() - began < LIMIT_S
    raw.notify("exit")
    assert raw.process.wait(WAIT_S) == 0


@pytest.mark.parametrize("way", ["end of input", "exit", "SIGTERM", "SIGINT"])
def test_every_end_is_a_shutdown(raw: RawClient, tmp_path: Path, way: str):
    raw.initialize({}, tmp_path)
    raw.start("slow")
    if way == "end of input":
        raw.stdin.close()
    elif way == "exit":
        raw.notify("exit")
    else:
        raw.process.send_signal(getattr(signal, way))
    assert raw.notification("deploy/finished")["outcome"] == "interrupted"
    assert raw.process.wait(WAIT_S) == 1
    assert status_of(tmp_path) == "interrupted"


def test_what_is_logged_names_its_level_and_place_once(tmp_path: Path):
    server = subprocess.run(
        [sys.executable, "-m", "auto_deployer", "server", "--log-level", "INFO"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=tmp_path, timeout=WAIT_S, check=False,
    )  # fmt: skip
    assert [line.split(" ", 2)[2] for line in server.stderr.splitlines()] == ["INFO auto_deployer.lsp.server: ends: end of input"]


def test_a_killed_client_ends_the_server(tmp_path: Path):
    """The client is a process of its own that dies by SIGKILL in the middle of a deployment."""
    initialize = {
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"processId": None, "rootUri": tmp_path.as_uri(), "capabilities": {"experimental": {"autoDeployer": {}}}},
    }  # fmt: skip
    start = {"jsonrpc": "2.0", "id": 2, "method": "deploy/start", "params": {"deploymentId": "d1", "repo": "slow"}}
    script = f"""
import os, signal, subprocess, sys
server = subprocess.Popen({command()!r}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
server.stdin.write({frame(initialize) + frame(start)!r})
server.stdin.flush()
seen = b""
while b"deploy/stepStarted" not in seen:
    seen += os.read(server.stdout.fileno(), 65536)
print(server.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    client = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=WAIT_S, check=False)
    assert client.returncode == -signal.SIGKILL
    _wait_for_end(int(client.stdout))
    assert status_of(tmp_path) == "interrupted"


def test_the_server_ends_with_the_process_named_in_initialize(raw: RawClient, tmp_path: Path):
    """Even where its stdin stays open."""
    client = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    raw.result("initialize", {"processId": client.pid, "rootUri": tmp_path.as_uri(), "capabilities": {}})
    client.kill()
    client.wait()
    assert raw.process.wait(WAIT_S) == 1


def test_input_that_is_a_file_is_served_and_ends(tmp_path: Path):
    session = tmp_path / "session"
    initialize = {"processId": None, "rootUri": None, "capabilities": {}}
    session.write_bytes(
        frame({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": initialize})
        + frame({"jsonrpc": "2.0", "id": 2, "method": "shutdown"})
        + frame({"jsonrpc": "2.0", "method": "exit"})
    )
    with session.open("rb") as source:
        done = subprocess.run(command("--stdio"), stdin=source, capture_output=True, timeout=WAIT_S, check=False)
    assert done.returncode == 0
    assert done.stdout.count(b"Content-Length") == 2


def test_the_command_line_of_language_clients_is_accepted(tmp_path: Path):
    with RawClient("--stdio", f"--clientProcessId={os.getpid()}", "--log-dir", str(tmp_path)) as raw:
        raw.initialize({})
        assert raw.finish() == 0


def _wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + WAIT_S
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, f"the server {pid} is still there"
        time.sleep(0.05)
