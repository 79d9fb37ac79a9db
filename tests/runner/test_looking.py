"""Whoever looks at a folder runs nothing of it, whatever logs and deploy directories lie there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from auto_deployer.apps import AppRegistry
from auto_deployer.deploy_log import read_log
from auto_deployer.runner import sweep_logs
from tests.runner.conftest import SERVER, git_repo
from tests.runner.forgery import Forgery
from tests.runner.hosts import kill_all_below
from tests.server.raw_client import RawClient

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the keeper is a shell script")

PROGRAM = [sys.executable, "-m", "auto_deployer"]


@pytest.fixture
def forgery(tmp_path: Path) -> Iterator[Forgery]:
    yield Forgery(tmp_path / "workspace")
    kill_all_below(tmp_path)


def run(forgery: Forgery, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments], cwd=forgery.workspace, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip


@pytest.mark.parametrize("words", [("--list",), (), ("--latest", "--summary"), ("--file", "forged"), ("--delete", "forged")])
def test_the_command_line_runs_nothing(forgery: Forgery, words: tuple[str, ...]) -> None:
    forgery.make()
    done = run(forgery, "logs", *words)
    assert done.returncode == 0, done.stderr
    assert not forgery.ran.exists()


@pytest.mark.parametrize("attached", [True, False])
@pytest.mark.parametrize("trusted", [True, False])
def test_a_server_runs_nothing(forgery: Forgery, trusted: bool, attached: bool) -> None:
    """What an editor asks for when a folder is opened, and then some."""
    forgery.make()
    with RawClient(argv=[*PROGRAM, "server"]) as client:
        options = {"trusted": trusted, "attached": attached}
        client.initialize({"protocolVersion": 1}, forgery.workspace, initializationOptions=options)
        client.result("deploy/apps", {})
        (row,) = client.result("deploy/list", {})["deployments"]
        assert row["deploymentId"] == "forged"
        for method in ("deploy/get", "deploy/subscribe", "deploy/cancel"):
            client.request(method, {"deploymentId": "forged"})
        client.request("deploy/retry", {"deploymentId": "forged", "newDeploymentId": "again"})
        client.request("deploy/delete", {"deploymentId": "forged"})
        client.request("shutdown")
    assert not forgery.ran.exists()


def test_nothing_is_recovered_where_the_workspace_is_not_trusted(forgery: Forgery) -> None:
    path = forgery.make()
    AppRegistry().remember(forgery.deploy_dir)
    before = path.read_bytes()
    with RawClient(argv=[*PROGRAM, "server"]) as client:
        client.initialize({"protocolVersion": 1}, forgery.workspace, initializationOptions={"trusted": False, "attached": True})
        (row,) = client.result("deploy/list", {})["deployments"]
        assert row["status"] == "running"
        client.request("deploy/subscribe", {"deploymentId": "forged"})
        client.request("shutdown")
    assert path.read_bytes() == before
    assert not forgery.ran.exists()


def test_what_is_no_keeper_of_ours_is_not_run_in_a_registered_directory_either(forgery: Forgery) -> None:
    """Its name says the hash of our script, its content is another one."""
    path = forgery.make()
    AppRegistry().remember(forgery.deploy_dir)
    assert sweep_logs(forgery.logs) == [path]
    assert "had been stopped for release" in str(read_log(path).notes), "it is recovered, with the keeper of this program"
    assert not forgery.ran.exists()


def test_a_forged_log_that_is_continued_runs_no_script_of_its_directory(forgery: Forgery, tmp_path: Path) -> None:
    repo = git_repo(tmp_path / "repo", {"serve.txt": SERVER})
    forgery.workspace.mkdir()
    forgery.make_deploy_dir(repo=str(repo))
    forgery.make_log(request={
        "repo": str(repo), "deployDir": str(forgery.deploy_dir), "overrides": {"start": "python3 serve.txt"},
        "nonInteractive": True,
    }, repo_url=str(repo))  # fmt: skip
    done = run(forgery, "retry", "forged")
    assert not forgery.ran.exists(), done.stdout + done.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    run(forgery, "remove", "--deploy-dir", str(forgery.deploy_dir), "--yes")


def test_a_process_that_a_forged_journal_names_is_left_alone(forgery: Forgery) -> None:
    innocent = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        forgery.workspace.mkdir()
        path = forgery.make_log(pgid=innocent.pid)
        assert run(forgery, "logs", "--list").returncode == 0
        assert read_log(path).status == "interrupted"
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()
