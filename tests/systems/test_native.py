"""The whole life of an app without a POSIX shell: kept by Python, in commands that PowerShell can be given (see `natively`)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.deployments.test_sample_apps import _get, _repository, home
from tests.runner.conftest import git_repo

from .life import deploy_again_roll_back_and_stop

__all__ = ["home"]

pytestmark = [
    pytest.mark.deploy,
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform == "darwin", reason="macOS shows sockets to root alone, and has a POSIX shell anyway"),
]

CLI = [sys.executable, "-m", "tests.systems.natively"]
PROJECT = Path(__file__).parents[2]
Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def cli(home: Path) -> Iterator[Run]:
    """The CLI; what it left running is ended."""

    def run(*words: str, code: int = 0) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run([*CLI, *words, "--deploy-dir", str(home / "app")], capture_output=True, check=False, cwd=PROJECT)
        assert done.returncode == code, (done.stdout[-3000:], done.stderr[-3000:])
        return done

    yield run
    subprocess.run([*CLI, "stop", "--deploy-dir", str(home / "app")], capture_output=True, check=False, cwd=PROJECT)


def _deploy(cli: Run, repo: Path, home: Path, *more: str, code: int = 0) -> dict[str, Any]:
    options = ["--log-dir", str(home / "agent_logs"), "--non-interactive", "--output", "json"]
    done = cli("deploy", "--repo", str(repo), *options, *more, code=code)
    return json.loads(done.stdout.splitlines()[-1])["params"]


def _until(condition: Callable[[], bool], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.mark.parametrize("app", ["static", *(pytest.param(app, marks=pytest.mark.slow) for app in ("flask", "express", "vite"))])
def test_deploy_again_roll_back_stop_and_remove(app: str, home: Path, cli: Run) -> None:
    repo = _repository(app, home)
    deploy_again_roll_back_and_stop(repo, lambda: _deploy(cli, repo, home)["app"], cli)
    cli("remove", "--yes")
    assert not (home / "app").exists()


def test_a_crashed_app_is_started_again_and_a_broken_release_makes_way_for_the_old_one(home: Path, cli: Run) -> None:
    server = (PROJECT / "tests/runner/conftest.py").read_text().split('SERVER = """\n', 1)[1].split('"""', 1)[0]
    repo = git_repo(home / "repositories" / "shop", {"main.py": server})
    start = ("--start", f"exec {sys.executable} main.py", "--env", "GREETING=you and 'me'")
    app = _deploy(cli, repo, home, *start)["app"]
    assert _get(app["url"]) == "hello you and 'me'"

    os.kill(app["pid"], signal.SIGKILL)
    run = home / "app" / "run" / app["release"]
    _until(lambda: (run / "restarts").exists() and "hello" in (_answer(app["url"]) or ""))
    assert (run / "last_exit").read_text().split()[0] == str(128 + 9)

    git_repo(repo, {"main.py": "raise SystemExit('no such table: users')\n"})
    failed = _deploy(cli, repo, home, *start, code=1)
    assert failed["reason"]["kind"] == "process_exited_no_port"
    assert "no such table: users" in failed["reason"]["message"]
    assert _get(app["url"]) == "hello you and 'me'"


def test_what_powershell_cannot_run_is_refused_before_anything_is_installed(home: Path, cli: Run) -> None:
    repo = git_repo(home / "repositories" / "shop", {"main.py": "print()\n"})
    finished = _deploy(cli, repo, home, "--start", "python3 main.py | tee log", code=3)
    assert finished["reason"]["kind"] == "shell_not_supported"
    assert "`|`" in finished["reason"]["message"]
    assert not (home / "app").exists()


def _answer(url: str) -> str | None:
    try:
        return _get(url)
    except OSError:
        return None


@pytest.mark.slow
def test_nothing_of_an_app_lives_after_its_stop(home: Path, cli: Run) -> None:
    """A start command that puts children of its own to work."""
    children = "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])\n"
    server = (
        children + "import http.server, os\nhttp.server.test(http.server.SimpleHTTPRequestHandler, port=int(os.environ['PORT']))\n"
    )
    repo = git_repo(home / "repositories" / "shop", {"main.py": server})
    app = _deploy(cli, repo, home, "--start", f"exec {sys.executable} main.py")["app"]
    below = psutil.Process(app["pid"]).children(recursive=True)
    assert below
    cli("stop")
    _until(lambda: not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in below))
