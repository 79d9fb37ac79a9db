"""The whole life of an app with what macOS has: no /proc, no ss, no setsid, flock or timeout, and no option of GNU's."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deployments.test_sample_apps import _get, _repository, home
from tests.runner.conftest import git_repo

from .life import deploy_again_roll_back_and_stop
from .userland import bsd_path

__all__ = ["home"]

pytestmark = [pytest.mark.deploy, pytest.mark.timeout(300)]

CLI = [sys.executable, "-m", "tests.systems.without_proc"]
PROJECT = Path(__file__).parents[2]
Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def cli(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """The CLI with that PATH."""
    monkeypatch.setenv("PATH", bsd_path(home / "programs"))

    def run(*words: str) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run([*CLI, *words, "--deploy-dir", str(home / "app")], capture_output=True, check=False, cwd=PROJECT)
        assert done.returncode == 0, (done.stdout[-3000:], done.stderr[-3000:])
        return done

    yield run
    subprocess.run([*CLI, "stop", "--deploy-dir", str(home / "app")], capture_output=True, check=False, cwd=PROJECT)


def _deploy(cli: Run, repo: Path, home: Path, *more: str) -> dict[str, Any]:
    done = cli("deploy", "--repo", str(repo), "--log-dir", str(home / "agent_logs"), "--non-interactive", "--output", "json", *more)
    finished = json.loads(done.stdout.splitlines()[-1])["params"]
    assert finished["outcome"] == "success", finished.get("reason")
    return finished["app"]


@pytest.mark.parametrize("app", ["static", *(pytest.param(app, marks=pytest.mark.slow) for app in ("flask", "express", "vite"))])
def test_deploy_again_roll_back_and_stop(app: str, home: Path, cli: Run) -> None:
    repo = _repository(app, home)
    deploy_again_roll_back_and_stop(repo, lambda: _deploy(cli, repo, home), cli)


COUNTER = """
import http.server, os, pathlib
visits = pathlib.Path("instance/visits.txt")
visits.parent.mkdir(exist_ok=True)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/visit":
            visits.write_text(str(int(visits.read_text() or 0) + 1) if visits.exists() else "1")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(visits.read_bytes() if visits.exists() else b"0")
http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""


def test_what_an_app_wrote_is_there_after_the_next_deploy(home: Path, cli: Run) -> None:
    repo = git_repo(home / "repositories" / "counter", {"main.py": COUNTER, "README.md": "one"})
    start = ("--start", f"exec {sys.executable} main.py")
    url = _deploy(cli, repo, home, *start)["url"]
    assert _get(f"{url}visit") == "1"
    git_repo(repo, {"README.md": "two"})
    assert _deploy(cli, repo, home, *start)["url"] == url
    assert _get(f"{url}visit") == "2"
    assert (home / "app/shared/data/instance/visits.txt").read_text() == "2"
