"""A real runner in a private home; apps are small real programs in real git repositories."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from auto_deployer.model import events as ev
from auto_deployer.model import requests as rq
from auto_deployer.model.log import DeploymentLog
from auto_deployer.model.ports import Published
from auto_deployer.runner import create_app_verbs
from auto_deployer.runner.attached import AttachedRunner

_GIT = ("git", "-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "init.defaultBranch=main")

SERVER = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        self.wfile.write(("hello " + os.environ.get("GREETING", "world")).encode())
    def log_message(self, *_): pass
http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is written to the user's own folders."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(folder if name == "HOME" else folder / name.lower()))
    return folder


def git_repo(folder: Path, files: dict[str, str]) -> Path:
    """A repository with one commit of these files."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    subprocess.run([*_GIT, "init", "-q"], cwd=folder, check=True)
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    subprocess.run([*_GIT, "add", "-A"], cwd=folder, check=True)
    subprocess.run([*_GIT, "commit", "-q", "--allow-empty", "-m", "change"], cwd=folder, check=True)


@pytest.fixture
def make_repo(tmp_path: Path) -> Callable[..., Path]:
    def make(name: str = "shop", **files: str) -> Path:
        return git_repo(tmp_path / "repos" / name, {key.replace("__", "."): text for key, text in files.items()})

    return make


@dataclass
class Runs:
    """A runner, and what its deployments told."""

    runner: AttachedRunner
    log_dir: Path
    deploy_dir: Path
    events: list[ev.Event] = field(default_factory=list[ev.Event])
    lines: list[bytes] = field(default_factory=list[bytes])
    output: list[bytes] = field(default_factory=list[bytes])
    on_event: Callable[[ev.Event], None] | None = None

    def follow(self, published: Published) -> None:
        if isinstance(published.item, ev.OutputChunk):
            self.output.append(published.line)
        else:
            self.lines.append(published.line)
            self.events.append(published.item)
            if self.on_event is not None:
                self.on_event(published.item)

    def params(self, repo: Path | str, deployment_id: str = "d1", **more: object) -> rq.StartParams:
        data = {"deployDir": str(self.deploy_dir), **more, "repo": str(repo), "deploymentId": deployment_id}
        return rq.StartParams.model_validate(data)

    async def deploy(
        self, repo: Path | str, deployment_id: str = "d1", *, interactive: bool = False, **more: object
    ) -> ev.Finished:
        await self.runner.start(self.params(repo, deployment_id, **more), interactive=interactive, subscriber=self.follow)
        return await self.runner.wait(deployment_id)

    async def log(self, deployment_id: str = "d1") -> DeploymentLog:
        return DeploymentLog.model_validate((await self.runner.get(deployment_id)).log)


@pytest.fixture
async def runs(tmp_path: Path) -> AsyncIterator[Runs]:
    log_dir = tmp_path / "agent_logs"
    made = Runs(AttachedRunner(log_dir), log_dir, tmp_path / "deployments" / "shop")
    yield made
    await made.runner.shutdown()
    verbs = create_app_verbs()
    for app in (await verbs.list_apps()).apps:
        await verbs.remove(rq.AppParams(deploy_dir=app.deploy_dir))


def leaving(runs: Runs) -> bytes:
    """Every byte that left: logs, journals, output files, notifications."""
    files = [path.read_bytes() for path in runs.log_dir.rglob("*") if path.is_file()]
    return b"\n".join([*files, *runs.lines, *runs.output])


assert os.name == "posix", "these tests deploy on this machine"
