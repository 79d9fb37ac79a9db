"""What can be done with a deployed app, and what is told of one that crashed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

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

    running = cli.json("apps")["apps"][0]
    assert running["memoryBytes"] > 0
    keeper = psutil.Process(running["pid"]).parent()
    assert keeper is not None
    keeper.kill()  # it would start the app again
    os.killpg(os.getpgid(running["pid"]), signal.SIGKILL)
    until(lambda: cli.json("apps")["apps"][0]["status"] != "running")
    crashed = cli.run("apps").stdout
    assert "crashed" in crashed
    assert "auto-deployer start site" in crashed

    assert [back["status"] for back in cli.json("apps", "resume")["apps"]] == ["running"]
    assert cli.run("apps", "resume").stdout == "Nothing had to be brought back.\n"

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


def test_data_of_an_app_is_named_when_it_goes(cli: Cli, site: Path):
    assert cli.run("deploy", "--repo", "site", "--shared", "uploads/").returncode == 0
    (app,) = cli.json("apps")["apps"]
    assert app["data"] == ["uploads"]
    assert (Path(app["deployDir"]) / "current" / "uploads").is_symlink()
    assert "Its data went too: uploads" in cli.run("remove", "site", "--yes").stdout


def test_shared_paths_that_lead_out_are_refused(cli: Cli, site: Path):
    refused = cli.run("deploy", "--repo", "site", "--shared", "../elsewhere")
    assert refused.returncode == ExitCode.USAGE
    assert "is not a path inside the app's folder" in refused.stderr


def test_the_systemd_unit_is_printed(cli: Cli):
    assert "auto_deployer apps resume\n" in cli.run("apps", "resume", "--print-systemd").stdout


@pytest.mark.usefixtures("hears_signals")
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
