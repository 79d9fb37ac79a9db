"""The command line as its users run it: real processes in folders of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

TIMEOUT_S = 60

REMOVE_ALL = """
import asyncio
from auto_deployer.model.requests import AppParams
from auto_deployer.runner import create_app_verbs

async def main():
    verbs = create_app_verbs()
    for app in (await verbs.list_apps()).apps:
        await verbs.remove(AppParams(deploy_dir=app.deploy_dir))

asyncio.run(main())
"""


@dataclass
class Cli:
    """Runs `auto-deployer` in `folder`, with a home of its own."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    deployed: bool = False

    def argv(self, *arguments: str) -> list[str]:
        self.deployed |= arguments[:1] in {("deploy",), ("retry",), ("demo",)}
        return [sys.executable, "-m", "auto_deployer", *arguments]

    def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.argv(*arguments),
            cwd=self.folder, env=self.env | dict(env or {}), stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8",
            timeout=TIMEOUT_S, check=False,
        )  # fmt: skip

    def popen(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.argv(*arguments),
            cwd=self.folder, env=self.env, encoding="utf-8",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--output", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def newest_log(self) -> dict[str, Any]:
        return self.json("logs")


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    """A command line whose apps are gone when the test ends."""
    home = tmp_path / "home"
    home.mkdir()
    folders = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("DATA", "STATE", "CACHE", "CONFIG")}
    unset = {"FORCE_COLOR", "NO_COLOR", "AUTO_DEPLOYER_DEBUG", "COLUMNS", "TTY_COMPATIBLE"}
    env = {name: value for name, value in os.environ.items() if name not in unset}
    yield (cli := Cli(tmp_path, {**env, **folders, "HOME": str(home), "TERM": "xterm", "PYTHONUTF8": "1"}))
    if cli.deployed:
        subprocess.run([sys.executable, "-c", REMOVE_ALL], env=cli.env, check=True, timeout=TIMEOUT_S)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A git repository with a static site: deploying it takes a second and needs no network."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "index.html").write_text("<h1>hello from the site</h1>\n")
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "a site"]):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], cwd=folder, check=True)


@pytest.fixture
def until() -> Callable[[Callable[[], Any]], None]:
    """Waits until something is so."""

    def wait(happened: Callable[[], Any]) -> None:
        deadline = time.monotonic() + TIMEOUT_S
        while not happened():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.02)

    return wait
