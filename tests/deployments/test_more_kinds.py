"""Kinds whose tools a machine may lack: each sample app that it can build is deployed, from its git repository to an answer."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runner.conftest import git_repo

APPS = Path(__file__).parents[1] / "apps"
CLI = [sys.executable, "-m", "auto_deployer"]
PAGES = {
    "php": ("php", "Hello from PHP"),
    "go": ("go", "Hello from Go"),
    "rust": ("cargo", "Hello from Rust"),
    "hugo": ("hugo", "Hello from Hugo"),
    "procfile_workers": ("python3", "The worker says 1"),
    "eleventy": ("node", "Hello from Eleventy"),
    "gradle": ("gradle", "Hello from Gradle"),
    "deno": ("npm", "Hello from Deno"),
    "bun": ("npm", "Hello from Bun"),
    "node_bare": ("node", "Hello from plain Node"),
}
"""App to the program it needs and a part of its page."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of its own, with the packages that the machine has fetched before: they are not what is tested."""
    real = Path.home()
    for name, folder in (
        ("PIP_CACHE_DIR", ".cache/pip"),
        ("npm_config_cache", ".npm"),
        ("RUSTUP_HOME", ".rustup"),
        ("GOCACHE", ".cache/go-build"),
    ):
        monkeypatch.setenv(name, os.environ.get(name, str(real / folder)))
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    yield tmp_path
    subprocess.run([*CLI, "stop", "--deploy-dir", str(tmp_path / "app")], capture_output=True, check=False)


@pytest.mark.deploy
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("app", PAGES)
def test_deployed(app: str, home: Path) -> None:
    program, page = PAGES[app]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not on this machine")
    shutil.copytree(APPS / app, home / app)
    repo = git_repo(home / app, {})
    options = ["--deploy-dir", str(home / "app"), "--log-dir", str(home / "agent_logs"), "--non-interactive", "--output", "json"]
    done = subprocess.run([*CLI, "deploy", "--repo", str(repo), *options], stdout=subprocess.PIPE, check=False, cwd=home)
    finished = json.loads(done.stdout.splitlines()[-1])["params"]
    assert (done.returncode, finished["outcome"]) == (0, "success"), finished.get("reason")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(finished["app"]["url"], timeout=15) as reply:
        assert page in reply.read().decode()
