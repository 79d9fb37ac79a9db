"""The second deploy of real apps: what is reused, what is not, and that rollback works when old things are gone."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.runner.conftest import git_repo

from .test_sample_apps import CLI, _get, _repository, home

__all__ = ["home"]

pytestmark = [pytest.mark.deploy, pytest.mark.timeout(400)]

Deploy = Callable[..., dict[str, Any]]


@pytest.fixture
def deploy(home: Path) -> Deploy:
    """Deploys, and gives the log of it."""
    options = ["--deploy-dir", str(home / "app"), "--log-dir", str(home / "agent_logs"), "--non-interactive", "--output", "json"]

    def run(repo: Path, *more: str) -> dict[str, Any]:
        done = subprocess.run([*CLI, "deploy", "--repo", str(repo), *options, *more], stdout=subprocess.PIPE, check=False, cwd=home)
        finished = json.loads(done.stdout.splitlines()[-1])["params"]
        assert finished["outcome"] == "success", finished.get("reason")
        return json.loads(max((home / "agent_logs").glob("*.json")).read_bytes())

    return run


def output_of(log: dict[str, Any], step: str = "Install dependencies") -> str:
    commands = next(each["commands"] for each in log["steps"] if each["step_name"] == step)
    return "".join(command["stdout"] for command in commands).strip()


def change(repo: Path, name: str, old: str, new: str) -> None:
    file = repo / name
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    git_repo(repo, {})


def test_flask_shares_its_environment_until_the_requirements_change(home: Path, deploy: Deploy) -> None:
    repo = _repository("flask", home)
    first = deploy(repo)
    assert "Collecting flask" in output_of(first)
    change(repo, "app.py", "Hello", "Good day")
    second = deploy(repo)
    assert output_of(second) == "The environment is reused."
    assert "Good day" in _get(second["app"]["url"])

    change(repo, "requirements.txt", "flask", "itsdangerous\nflask")
    assert "Collecting flask" in output_of(deploy(repo))
    live = (home / "app/current/.venv").resolve()
    (complete,) = [path for path in live.parent.iterdir() if path.is_symlink() and path.resolve() == live]
    complete.unlink()  # as when the third had broken off
    fourth = deploy(repo)
    assert "Collecting flask" in output_of(fourth)

    # Four releases: the first is gone, and its environment is still used by the second.
    assert len(list((home / "app/releases").iterdir())) == 3
    subprocess.run([*CLI, "rollback", "--deploy-dir", str(home / "app")], check=True, capture_output=True)
    assert "Good day" in _get(fourth["app"]["url"])
    releases = sorted(path.name for path in (home / "app/releases").iterdir())
    subprocess.run([*CLI, "rollback", "--deploy-dir", str(home / "app"), "--release", releases[0]], check=True, capture_output=True)
    assert "Good day" in _get(fourth["app"]["url"])


@pytest.mark.slow
def test_express_copies_its_packages(home: Path, deploy: Deploy) -> None:
    express = _repository("express", home)
    deploy(express)
    change(express, "server.js", "Hello from Express", "Hello again")
    second = deploy(express)
    assert output_of(second) == "The packages are reused."
    assert "Hello again" in _get(second["app"]["url"])
    assert "added" in output_of(deploy(express, "--no-cache"))


@pytest.mark.slow
def test_vite_copies_its_build_and_installs_nothing(home: Path, deploy: Deploy) -> None:
    vite = _repository("vite", home)
    assert "built in" in output_of(deploy(vite), "Build")
    again = deploy(vite)
    assert (output_of(again), output_of(again, "Build")) == ("The build is reused.", "")
    assert "Hello from Vite" in _get(again["app"]["url"])
    change(vite, "index.html", "Hello from Vite", "Good day from Vite")
    third = deploy(vite)
    assert output_of(third) == "The packages are reused."
    assert "Good day from Vite" in _get(third["app"]["url"])


@pytest.mark.slow
def test_node_of_the_apps_own(home: Path, deploy: Deploy) -> None:
    repo = _repository("express", home)
    change(repo, "package.json", '">=18"', '">=99 || 22.x"')
    log = deploy(repo, "--install-runtimes")
    assert log["steps"][0]["step_name"] == "Install Node 22 (private copy)"
    program = home / "app/runtimes/node-22/bin/node"
    assert subprocess.run([program, "--version"], capture_output=True, check=True).stdout.startswith(b"v22.")
    assert str(program.parent) in log["plan"]["app"]["command"]
    assert "Hello from Express" in _get(log["app"]["url"])
