"""What can be done with a deployed app, and what is told of one that crashed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from auto_deployer.cli.errors import ExitCode

from .conftest import TIMEOUT_S, Cli


def test_an_app_from_deploy_to_remove(cli: Cli, site: Path, until: Callable[..., None]):
    for _ in range(2):
        assert cli.run("deploy", "--repo", "site").returncode == 0
    (app,) = cli.json("apps")["apps"]
    assert (app["name"], app["status"], len(app["releases"])) == ("site", "running", 2)
    assert app["url"] in cli.run("apps").stdout

    assert cli.json("stop", "site")["status"] == "stopped"
    assert cli.json("start", "--deploy-dir", app["deployDir"])["url"] == app["url"]
    assert cli.json("restart", "site")["status"] == "running"
    back = cli.run("rollback", "site")
    assert f"release {app['releases'][1]}" in back.stdout
    assert "GET /" in cli.run("app-logs", "site").stdout

    os.killpg(os.getpgid(cli.json("apps")["apps"][0]["pid"]), signal.SIGKILL)
    until(lambda: cli.json("apps")["apps"][0]["status"] != "running")
    crashed = cli.run("apps").stdout
    assert "crashed" in crashed
    assert "auto-deployer start site" in crashed

    assert cli.run("remove", "site").returncode == ExitCode.USAGE
    assert cli.run("remove", "site", "--yes").stdout.split()[1:] == ["site:", "removed"]
    assert cli.json("apps") == {"apps": []}
    assert not Path(app["deployDir"]).exists()


def test_an_app_whose_first_deployment_failed_is_not_deployed(cli: Cli, site: Path):
    assert cli.run("deploy", "--repo", "site", "--build", "exit 1").returncode == ExitCode.FAILED
    assert cli.run("apps").stdout.splitlines()[1].split()[:3] == ["site", "not", "deployed"]
    assert cli.json("apps")["apps"][0]["status"] == "stopped"
    refused = cli.run("rollback", "site")
    assert refused.stderr.startswith("app_not_running: site has no live release in ")


def test_app_logs_follow_the_app(cli: Cli, site: Path):
    assert cli.run("deploy", "--repo", "site").returncode == 0
    with cli.popen("app-logs", "-f", "site") as process:
        assert process.stdout is not None
        assert "GET /" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(TIMEOUT_S) == ExitCode.ABORTED


def test_an_app_that_is_not_there(cli: Cli):
    done = cli.run("stop", "nothing")
    assert done.returncode == ExitCode.FAILED
    assert done.stderr.startswith("not_found: ")
