"""The main job on real input: each sample app, from its git repository to an answering process, from the CLI and over stdio."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auto_deployer.deploy_log import LogStore, read_log
from tests.runner.conftest import git_repo
from tests.server.raw_client import RawClient

APPS = Path(__file__).parents[1] / "apps"
PAGES = {
    "flask": "Hello from Flask",
    "flask_factory": "Hello from the factory",
    "django": "Hello from Django, visit",
    "fastapi": "Hello from FastAPI",
    "express": "Hello from Express",
    "vite": "Hello from Vite",
    "static": "Hello from a static site",
    "procfile": "Hello from a Procfile",
}
FURTHER = ("flask_factory",)
"""Deployed as another one is, but for what the recipes' tests show."""
CLI = [sys.executable, "-m", "auto_deployer"]
CACHES = ("PIP_CACHE_DIR", "npm_config_cache", "UV_CACHE_DIR")
"""Kept over tests where the machine has them: packages are not what is tested."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    real = Path.home()
    for name, folder in zip(CACHES, (real / ".cache/pip", real / ".npm", real / ".cache/uv"), strict=True):
        monkeypatch.setenv(name, os.environ.get(name, str(folder)))
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    yield tmp_path
    subprocess.run([*CLI, "stop", "--deploy-dir", str(tmp_path / "app")], capture_output=True, check=False)


def _repository(app: str, home: Path) -> Path:
    folder = home / "repositories" / app
    shutil.copytree(APPS / app, folder)
    return git_repo(folder, {})


def _get(url: str) -> str:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=15) as reply:
        return reply.read().decode()


def _in_step(events: list[dict[str, Any]], log_dir: Path) -> None:
    """One notification per executed command, `seq` without gaps, and the log holds exactly those commands."""
    assert [event["params"]["seq"] for event in events] == list(range(1, len(events) + 1))
    executed = [event["params"]["command"] for event in events if event["method"] == "deploy/commandExecuted"]
    log = json.loads(LogStore(log_dir).latest().read_bytes())
    assert [command for step in log["steps"] for command in step["commands"]] == executed
    assert log["summary"]["total_commands"] == len(executed)
    assert read_log(LogStore(log_dir).latest()).status == log["status"]


@pytest.mark.deploy
@pytest.mark.timeout(300)
@pytest.mark.parametrize("app", [pytest.param(app, marks=[pytest.mark.slow] * (app in FURTHER)) for app in PAGES])
def test_from_the_cli(app: str, home: Path) -> None:
    command = [*CLI, "deploy", "--repo", f"file://{_repository(app, home)}", "--local", "--non-interactive", "--output", "json"]
    options = ["--deploy-dir", str(home / "app"), "--log-dir", str(home / "agent_logs")]
    done = subprocess.run([*command, *options], stdout=subprocess.PIPE, check=False, cwd=home)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    finished = events[-1]["params"]
    assert (done.returncode, finished["outcome"]) == (0, "success"), finished.get("reason")
    assert PAGES[app] in _get(finished["app"]["url"])
    _in_step(events, home / "agent_logs")


@pytest.mark.deploy
@pytest.mark.timeout(300)
@pytest.mark.parametrize("app", ["flask", "express", "static"])
def test_through_the_language_server(app: str, home: Path) -> None:
    repo = _repository(app, home)
    with RawClient(argv=[*CLI, "server", "--log-dir", str(home / "agent_logs")]) as client:
        client.initialize({"protocolVersion": 1}, home)
        client.result("deploy/start", {"repo": str(repo), "deploymentId": "d1", "deployDir": str(home / "app")})
        finished = client.receive(lambda message: message.get("method") == "deploy/finished", timeout=240)["params"]
        assert finished["outcome"] == "success", finished.get("reason")
        assert PAGES[app] in _get(finished["app"]["url"])
        _in_step(client.events("d1"), home / "agent_logs")
        client.request("shutdown")
        client.notify("exit")
        assert client.process.wait(10) == 0
    assert PAGES[app] in _get(finished["app"]["url"])  # the app outlives the server


@pytest.mark.deploy
@pytest.mark.timeout(300)
def test_the_second_deploy_takes_the_port_over_and_rollback_brings_the_first_back(home: Path) -> None:
    repo = _repository("express", home)
    options = ["--deploy-dir", str(home / "app"), "--log-dir", str(home / "agent_logs"), "--non-interactive", "--output", "json"]

    def deploy() -> str:
        done = subprocess.run([*CLI, "deploy", "--repo", str(repo), *options], stdout=subprocess.PIPE, check=True, cwd=home)
        return json.loads(done.stdout.splitlines()[-1])["params"]["app"]["url"]

    first = deploy()
    server = repo / "server.js"
    server.write_text(server.read_text().replace("Hello from Express", "Hello again"))
    git_repo(repo, {})
    assert deploy() == first
    assert "Hello again" in _get(first)
    subprocess.run([*CLI, "rollback", "--deploy-dir", str(home / "app")], check=True, capture_output=True)
    assert "Hello from Express" in _get(first)
