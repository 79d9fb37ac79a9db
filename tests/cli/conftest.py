"""The command line as its users run it: real processes in folders of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

TIMEOUT_S = 60


@dataclass
class Cli:
    """Runs `auto-deployer` in `folder`, with a home of its own."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def argv(self, *arguments: str) -> list[str]:
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
            cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
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
    for app in cli.json("apps")["apps"]:
        cli.run("remove", "--yes", "--deploy-dir", app["deployDir"])


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
