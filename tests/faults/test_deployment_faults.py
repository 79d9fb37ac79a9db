"""SIGKILL of the server at random moments of a real deployment, with a reader polling the log all the while."""

from __future__ import annotations

import os
import random
import sys
import threading
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest

from auto_deployer.deploy_log import LogStore, read_log
from auto_deployer.deploy_log.sweep import COMMAND_MARK
from auto_deployer.model import requests as rq
from auto_deployer.runner import create_app_verbs, sweep_logs
from tests.runner.conftest import SERVER, git_repo
from tests.server.raw_client import RawClient


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ() if process.status() != psutil.STATUS_ZOMBIE else {}
    except (psutil.Error, OSError):
        return {}


def _marked(home: str) -> list[psutil.Process]:
    """Processes of commands and apps of this test's deployments."""
    found = []
    for process in psutil.process_iter():
        env = _environment(process)
        if env.get("HOME", "").startswith(home) and (COMMAND_MARK in env or "AUTO_DEPLOYER_APP" in env):
            found.append(process)
    return found


class Poller:
    """Reads the newest log as fast as it can, and remembers every text that was not a whole document."""

    def __init__(self, folder: Path) -> None:
        self.torn: list[bytes] = []
        self.reads = 0
        self._folder, self._over = folder, threading.Event()
        self._thread = threading.Thread(target=self._poll)
        self._thread.start()

    def _poll(self) -> None:
        while not self._over.wait(0.001):
            for path in self._folder.glob("*.json"):
                data = path.read_bytes()
                self.reads += 1
                try:
                    orjson.loads(data)
                except orjson.JSONDecodeError:
                    self.torn.append(data)

    def stop(self) -> None:
        self._over.set()
        self._thread.join()


def _start(client: RawClient, repo: Path, home: Path) -> None:
    client.initialize({"protocolVersion": 1}, home, initializationOptions={"attached": True})
    client.request("deploy/start", {
        "repo": str(repo), "deploymentId": "d1", "deployDir": str(home / "app"),
        "overrides": {"build": "for i in 1 2 3 4 5; do echo $i; sleep 0.1; done", "start": "python3 serve.txt"},
    })  # fmt: skip


MOMENTS = sorted(random.Random(11).sample(range(2, 40), k=8))


@pytest.mark.faults
@pytest.mark.parametrize(
    "after", [pytest.param(moment, marks=[pytest.mark.slow] * (nth % 2)) for nth, moment in enumerate(MOMENTS)]
)
def test_sigkill_of_the_server_loses_nothing_and_leaves_nothing_unnamed(home: Path, after: int) -> None:
    repo, log_dir = git_repo(home / "repo", {"serve.txt": SERVER}), home / "agent_logs"
    poller = Poller(log_dir)
    seen: list[dict[str, Any]] = []
    try:
        with RawClient(argv=[sys.executable, "-m", "auto_deployer", "server", "--log-dir", str(log_dir)]) as client:
            _start(client, repo, home)
            while len(seen) < after and not (seen and seen[-1]["method"] == "deploy/finished"):
                seen.append(client.receive(lambda message: "seq" in (message.get("params") or {})))
            client.process.kill()
            client.process.wait()
    finally:
        poller.stop()
    assert not poller.torn
    assert poller.reads
    path = LogStore(log_dir).latest()
    assert orjson.loads(path.read_bytes())["seq"] >= seen[-1]["params"]["seq"]
    swept = sweep_logs(log_dir)
    log = read_log(path)
    if seen[-1]["method"] == "deploy/finished":
        assert log.status == "success"
        return
    assert (swept, log.status) == ([path], "interrupted")
    executed = [message["params"]["command"]["id"] for message in seen if message["method"] == "deploy/commandExecuted"]
    logged = [command.id for step in log.steps for command in step.commands]
    assert logged[: len(executed)] == executed
    assert all(step.status != "running" for step in log.steps)
    _nothing_runs_that_the_log_does_not_name(home, path)


def _nothing_runs_that_the_log_does_not_name(home: Path, path: Path) -> None:
    text = path.read_text()
    live = os.path.realpath(home / "app" / "current")
    for process in _marked(str(home)):
        mark = _environment(process).get("AUTO_DEPLOYER_APP", "")
        assert f"/{os.path.basename(live)}/" in mark, f"{process} runs, and is not the live release"
        assert os.path.basename(live) in text


@pytest.mark.faults
async def test_after_a_kill_the_deployment_can_be_continued(home: Path) -> None:
    repo, log_dir = git_repo(home / "repo", {"serve.txt": SERVER}), home / "agent_logs"
    with RawClient(argv=[sys.executable, "-m", "auto_deployer", "server", "--log-dir", str(log_dir)]) as client:
        _start(client, repo, home)
        client.receive(lambda message: message.get("method") == "deploy/commandStarted" and "sleep 0.1" in str(message))
        client.process.kill()
        client.process.wait()
    with RawClient(argv=[sys.executable, "-m", "auto_deployer", "server", "--log-dir", str(log_dir)]) as client:
        client.initialize({"protocolVersion": 1}, home)
        listed = client.result("deploy/list", {})["deployments"]
        assert [(row["deploymentId"], row["status"]) for row in listed] == [("d1", "interrupted")]
        client.result("deploy/retry", {"deploymentId": "d1", "newDeploymentId": "d2"})
        finished = client.notification("deploy/finished", deploymentId="d2")
        assert finished["outcome"] == "success", finished
        client.request("shutdown")
    await create_app_verbs().remove(rq.AppParams(deploy_dir=str(home / "app")))
