"""`logs`: list, read and follow; logs of ours, of older formats, of other programs."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from auto_deployer.cli.errors import ExitCode

from .conftest import TIMEOUT_S, Cli

COMMAND = {"command": "npm ci", "success": True, "exit_code": 0, "stdout": "", "stderr": "", "timestamp": "2025-01-01T10:00:05"}


def old_log(status: str = "success", commands: int = 1) -> dict:
    """Format 2.0 as an older program writes it."""
    step = {"step_id": 1, "step_name": "Install", "category": "setup", "status": status, "iterations": commands, "error": None}
    step["commands"] = [{**COMMAND, "command": f"command {n}", "stdout": f"output {n}\n" * 12} for n in range(commands)]
    return {
        "version": "2.0", "mode": "orchestrator", "repo_url": "https://host/old", "deploy_dir": "/srv/old", "status": status,
        "start_time": "2025-01-01T10:00:00.000000", "end_time": None if status == "running" else "2025-01-01T10:01:00.000000",
        "config": {"model": "m", "temperature": 0.0, "max_iterations_per_step": 30}, "steps": [step],
        "summary": {"total_steps": 1, "successful_steps": 1, "total_commands": commands, "duration_seconds": 60.0},
    }  # fmt: skip


@pytest.fixture
def folder(cli: Cli) -> Path:
    folder = cli.folder / "agent_logs"
    folder.mkdir()
    return folder


def test_no_logs(cli: Cli):
    assert cli.run("logs", "--list").stdout.startswith("There are no logs in ")
    done = cli.run("logs")
    assert (done.returncode, done.stdout) == (ExitCode.FAILED, "")
    assert done.stderr.startswith("not_found: ")


def test_the_list_is_newest_first_and_sweeps_what_crashed(cli: Cli, site: Path, until: Callable[..., None]):
    assert cli.run("deploy", "--repo", "site").returncode == 0
    crashing = cli.popen("deploy", "--repo", "site", "--build", "touch started; sleep 60", "--deploy-dir", "run/site")
    until(lambda: list(cli.folder.glob("run/site/releases/*/started")))
    crashing.kill()
    crashing.communicate(timeout=TIMEOUT_S)
    rows = [line.split() for line in cli.run("logs", "-l").stdout.splitlines()]
    assert rows[0] == ["#", "Status", "Repository", "Started", "Log"]
    assert [row[1] for row in rows[1:]] == ["interrupted", "success"]
    listed = cli.json("logs", "--list")["deployments"]
    assert [row["status"] for row in listed] == ["interrupted", "success"]
    assert all(row["logUri"].startswith("file:///") and row["deploymentId"] for row in listed)


def test_a_log_is_found_by_path_name_and_id_and_shown_with_or_without_output(cli: Cli, folder: Path):
    (folder / "deploy_old_20250101_100000.json").write_text(json.dumps({**old_log(), "deployment_id": "abc"}))
    (folder / "deploy_new_20250102_100000.json").write_text(json.dumps({**old_log(), "repo_url": "https://host/new"}))
    name = "deploy_old_20250101_100000.json"
    shown = [cli.run("logs", "--file", which).stdout for which in (name, str(folder / name), "abc")]
    assert shown[0].count("output 0") == 10
    assert "... 2 more lines" in shown[0]
    assert "Deploying https://host/old" in shown[0]
    assert shown[1] == shown[2]
    brief = cli.run("logs", "-f", name, "-s").stdout
    assert "command 0" in brief
    assert "output 0" not in brief
    assert "https://host/new" in cli.run("logs", "--latest").stdout


def test_a_log_of_format_1_0(cli: Cli, folder: Path):
    entry = {"iteration": 1, "timestamp": "t", "action": "execute", "command": "make", "reasoning": "build",
             "result": {"success": False, "exit_code": 2, "stdout": "", "stderr": "no rule\n"}}  # fmt: skip
    log = {"version": "1.0", "repo_url": "https://host/older", "status": "failed", "steps": [entry], "target": {}, "context": {}}
    (folder / "deploy_older_20240101_100000.json").write_text(json.dumps(log))
    done = cli.run("logs")
    assert done.returncode == 0
    assert "✗ $ make  exit 2" in done.stdout
    assert "no rule" in done.stdout
    assert cli.json("logs")["version"] == "1.0"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": "9.9"}'])
def test_what_is_no_log_is_said_in_one_line(cli: Cli, folder: Path, content: str):
    (folder / "x.json").write_text(content)
    done = cli.run("logs", "--file", "x.json")
    assert (done.returncode, done.stdout) == (ExitCode.FAILED, "")
    assert done.stderr.startswith("log_unreadable: ")
    assert "Traceback" not in done.stderr


def test_options_that_exclude_each_other(cli: Cli):
    assert cli.run("logs", "--list", "--latest").returncode == ExitCode.USAGE


def test_following_a_log_of_another_program_shows_each_command_when_it_is_there(cli: Cli, folder: Path):
    path = folder / "deploy_old_20250101_100000.json"
    path.write_text(json.dumps(old_log("running", 1)))
    with cli.popen("logs", "--follow", "--summary") as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        _until_line(lines, "command 0")
        for number in (2, 3):
            _replace(path, old_log("running", number))
            _until_line(lines, f"command {number - 1}")
        _replace(path, old_log("success", 3))
        rest, _ = process.communicate(timeout=TIMEOUT_S)
    assert "✓ Deployment:  success" in rest
    assert process.returncode == 0


def _replace(path: Path, document: dict) -> None:
    """Rewrite a log from another process."""
    program = (
        "import os, sys; open(sys.argv[1] + '.new', 'w').write(sys.stdin.read()); os.replace(sys.argv[1] + '.new', sys.argv[1])"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], input=json.dumps(document), text=True, check=True)


def _until_line(lines, text: str) -> None:
    """Read on until a line with the text; a watchdog ends the wait."""
    guard = threading.Timer(TIMEOUT_S, lambda: pytest.exit(f"no line with {text!r}"))
    guard.start()
    try:
        assert any(text in line for line in lines), f"it ended before {text!r}"
    finally:
        guard.cancel()


def test_following_a_deployment_of_another_process(cli: Cli, site: Path, until: Callable[..., None]):
    build = "echo first; touch started; while [ ! -e ../../../allowed ]; do sleep 0.05; done"
    with cli.popen("deploy", "--repo", "site", "--build", build, "--deploy-dir", "run/site") as deploying:
        until(lambda: list(cli.folder.glob("run/site/releases/*/started")))
        with cli.popen("logs", "--follow") as following:
            assert following.stdout is not None
            _until_line(iter(following.stdout.readline, ""), "Step 3/5 Build")
            (cli.folder / "run" / "allowed").touch()
            rest, _ = following.communicate(timeout=TIMEOUT_S)
        deploying.communicate(timeout=TIMEOUT_S)
    assert "✓ $ echo first;" in rest
    assert "✓ Deployment:  success" in rest
    assert (deploying.returncode, following.returncode) == (0, 0)


def test_following_ends_with_ctrl_c_and_when_nobody_reads(cli: Cli, folder: Path):
    path = folder / "deploy_old_20250101_100000.json"
    path.write_text(json.dumps(old_log("running", 1)))
    with cli.popen("logs", "--follow") as process:
        assert process.stdout is not None
        _until_line(iter(process.stdout.readline, ""), "command 0")
        process.terminate()
        assert process.wait(TIMEOUT_S) == ExitCode.ABORTED
        assert process.stderr is not None
        assert process.stderr.read() == ""
    with cli.popen("logs", "--follow") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        _replace(path, old_log("running", 5))
        assert process.wait(TIMEOUT_S) == 0


def test_a_log_is_deleted_with_its_files_and_only_when_its_deployment_has_ended(cli: Cli, site: Path, folder: Path):
    assert cli.run("deploy", "--repo", "site").returncode == 0
    (log,) = folder.glob("*.json")
    kept = folder / "deploy_old_20250101_100000.json"
    kept.write_text(json.dumps(old_log("running")))
    refused = cli.run("logs", "--delete", kept.name)
    assert (refused.returncode, refused.stderr.partition(":")[0]) == (ExitCode.FAILED, "invalid_state")
    done = cli.run("logs", "--delete", json.loads(log.read_text())["deployment_id"])
    assert (done.returncode, done.stdout) == (0, f"Deleted {log.name}.\n")
    assert [path.name for path in folder.iterdir()] == [kept.name]
    assert cli.run("apps").stdout.count("running") == 1
    assert cli.run("logs", "--list", "--delete", kept.name).returncode == ExitCode.USAGE
