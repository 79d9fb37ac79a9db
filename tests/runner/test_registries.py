"""A plan that cannot get its packages is refused before anything is installed; never one that might."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from auto_deployer.apps.layout import OwnerRecord
from auto_deployer.model.reasons import Kind
from auto_deployer.planning.reuse import LIST_OF_FILES
from tests.suggestions import suggested

from .conftest import SERVER, Runs

MANIFEST = {"scripts": {"start": "node server.js"}, "dependencies": {"left-pad": "1.3.0"}}
NODE_SERVER = "require('http').createServer((_, reply) => reply.end('up')).listen(process.env.PORT, process.env.HOST)\n"
MakeRepo = Callable[..., Path]


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Both registries are at a port where nothing listens, and nothing else has packages."""
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_", "npm_config_", "NPM_CONFIG_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{bound.getsockname()[1]}"
        monkeypatch.setenv("PIP_INDEX_URL", f"http://{host}/simple/")
        monkeypatch.setenv("npm_config_registry", f"http://{host}/")
        monkeypatch.setenv("npm_config_fetch_retries", "0")
        yield host


async def test_node_without_a_registry(runs: Runs, make_repo: MakeRepo, registry: str) -> None:
    repo = make_repo(package__json=json.dumps(MANIFEST), server__js=NODE_SERVER)
    finished = await runs.deploy(repo)
    assert finished.reason is not None
    assert finished.reason.kind == Kind.DEPENDENCY_SOURCE_UNREACHABLE
    assert registry in finished.reason.message
    assert any("npm_config_registry" in suggestion for suggestion in suggested(finished.reason))
    assert any("HTTPS_PROXY" in suggestion for suggestion in suggested(finished.reason))
    assert (await runs.log()).steps == ()


async def test_python_without_an_index(runs: Runs, make_repo: MakeRepo, registry: str) -> None:
    repo = make_repo(requirements__txt="flask\n", app__py="from flask import Flask\napp = Flask(__name__)\n")
    finished = await runs.deploy(repo)
    assert finished.reason is not None
    assert (finished.reason.kind, registry in finished.reason.message) == (Kind.DEPENDENCY_SOURCE_UNREACHABLE, True)


async def test_further_sources_are_left_to_the_package_manager(
    runs: Runs, make_repo: MakeRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_RETRIES", "0")
    repo = make_repo(requirements__txt="flask\n", app__py="from flask import Flask\napp = Flask(__name__)\n")
    await runs.deploy(repo)
    assert any(step.step_name == "Install dependencies" for step in (await runs.log()).steps)


async def test_what_needs_no_packages_needs_no_registry(runs: Runs, make_repo: MakeRepo) -> None:
    finished = await runs.deploy(make_repo(app__py=SERVER), overrides={"start": "python3 app.py"})
    assert finished.outcome == "success", finished.reason


async def test_packages_of_an_earlier_deployment_need_no_registry(runs: Runs, make_repo: MakeRepo) -> None:
    repo = make_repo(package__json=json.dumps(MANIFEST), server__js=NODE_SERVER)
    kept = Path((await runs.runner.plan(runs.params(repo))).plan.dependency_cache)
    package = kept / "files/node_modules/left-pad"
    package.mkdir(parents=True)
    (package / "index.js").write_text("module.exports = String;\n")
    subprocess.run(["bash", "-c", f"{LIST_OF_FILES} > ../listing"], cwd=kept / "files", check=True)
    (runs.deploy_dir / ".auto-deployer.json").write_text(OwnerRecord(app="shop", repo=str(repo)).model_dump_json())
    finished = await runs.deploy(repo)
    assert finished.outcome == "success", finished.reason
    assert (runs.deploy_dir / "current/node_modules/left-pad").is_dir()
