"""SIGKILL of the server, and of the process that hosts a deployment, at random moments of a real one."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from auto_deployer.deploy_log import LogStore, read_log
from tests.runner.conftest import SERVER, git_repo
from tests.runner.hosts import environment_of, hosts_below, wait_until_gone
from tests.server.raw_client import RawClient

pytestmark = pytest.mark.faults
MOMENTS = random.Random(5).sample(range(1, 30), k=3)


def _server(home: Path) -> RawClient:
    return RawClient(argv=[sys.executable, "-m", "auto_deployer", "server", "--log-dir", str(home / "agent_logs")])


def _start(client: RawClient, home: Path) -> None:
    repo = git_repo(home / "repo", {"serve.txt": SERVER})
    client.initialize({"protocolVersion": 1}, home)
    client.result("deploy/start", {
        "repo": str(repo), "deploymentId": "d1", "deployDir": str(home / "app"),
        "overrides": {"build": "for i in 1 2 3; do echo $i; sleep 0.1; done", "start": "python3 serve.txt"},
    })  # fmt: skip


def _receive(client: RawClient, count: int) -> list[dict[str, Any]]:
    """The first events, at most so many."""
    seen: list[dict[str, Any]] = []
    while len(seen) < count and not (seen and seen[-1]["method"] == "deploy/finished"):
        seen.append(client.receive(lambda message: "seq" in (message.get("params") or {})))
    return seen


def _seqs(messages: list[dict[str, Any]]) -> list[int]:
    return [message["params"]["seq"] for message in messages]


@pytest.mark.parametrize("after", MOMENTS)
def test_sigkill_of_the_server_stops_nothing_and_the_next_one_misses_nothing(home: Path, after: int) -> None:
    with _server(home) as client:
        _start(client, home)
        seen = _receive(client, after)
        client.process.kill()
        client.process.wait()
    with _server(home) as later:
        later.initialize({"protocolVersion": 1}, home)
        later.result("deploy/subscribe", {"deploymentId": "d1", "afterSeq": len(seen)})
        if seen[-1]["method"] != "deploy/finished":
            seen += _receive(later, 1000)
    assert seen[-1]["params"]["outcome"] == "success"
    assert _seqs(seen) == list(range(1, len(seen) + 1))
    assert read_log(LogStore(home / "agent_logs").latest()).status == "success"
    wait_until_gone(hosts_below(home))


@pytest.mark.parametrize("after", MOMENTS)
def test_sigkill_of_the_host_gives_an_end_to_every_follower_and_leaves_nothing_unnamed(home: Path, after: int) -> None:
    with _server(home) as client, _server(home) as other:
        _start(client, home)
        other.initialize({"protocolVersion": 1}, home)
        other.result("deploy/subscribe", {"deploymentId": "d1", "afterSeq": 0})
        seen = _receive(client, after)
        for host in hosts_below(home):
            host.kill()
        seen += _receive(client, 1000) if seen[-1]["method"] != "deploy/finished" else []
        told = _receive(other, 1000)
    assert seen == told
    assert _seqs(seen) == list(range(1, len(seen) + 1))
    log = read_log(LogStore(home / "agent_logs").latest())
    assert (log.status, log.seq) == (seen[-1]["params"]["outcome"], len(seen))
    assert log.status in ("interrupted", "success")  # killed after the end, it is what it was
    assert all(step.status != "running" for step in log.steps)
    live = os.path.basename(os.path.realpath(home / "app" / "current")) if log.status == "success" else None
    for process in (found for found in _apps(home) if live is None or f"/{live}/" not in found):
        pytest.fail(f"{process} runs, and is no live release")


def _apps(home: Path) -> list[str]:
    """Marks of the apps that run below the folder."""
    environments = [environment_of(process) for process in psutil.process_iter()]
    ours = [env for env in environments if env.get("HOME", "").startswith(str(home))]
    return [env["AUTO_DEPLOYER_APP"] for env in ours if "AUTO_DEPLOYER_APP" in env]
