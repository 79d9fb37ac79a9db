"""Real deployments of a static site through `deploy` and `retry`, as processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auto_deployer.model.events import from_object

from .conftest import TIMEOUT_S, Cli

SLOW_BUILD = "echo building; touch started; sleep 60"


def events_of(stdout: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stdout.splitlines()]


def test_text_tells_each_command_the_url_and_the_log(cli: Cli, site: Path):
    done = cli.run("deploy", "--repo", "site", "--local", env={"FORCE_COLOR": "1"})
    assert (done.returncode, done.stderr) == (0, "")
    assert not set(done.stdout) & set("\x1b\r\x08"), "no control characters in a pipe"
    lines = done.stdout.splitlines()
    url = next(line.removeprefix("URL: ") for line in lines if line.startswith("URL: "))
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url) as page:
        assert b"hello from the site" in page.read()
    log = json.loads(Path(lines[-1].removeprefix("Log: ")).read_text())
    assert log["status"] == "success"
    assert sum(line.startswith("  ✓ $ ") for line in lines) == log["summary"]["total_commands"] > 0


def test_json_is_the_wires_events_and_nothing_else(cli: Cli, site: Path):
    done = cli.run("deploy", "--repo", str(site), "--output", "json", "--log-dir", "my-logs")
    assert (done.returncode, done.stderr) == (0, "")
    events = events_of(done.stdout)
    assert all(set(event) == {"method", "params"} for event in events)
    assert [event["params"]["seq"] for event in events] == list(range(1, len(events) + 1))
    assert [from_object(event).method for event in events][-1] == "deploy/finished"
    end = events[-1]["params"]
    assert end["outcome"] == "success"
    assert set(end["app"]) >= {"url", "port", "pid"}
    assert end["logUri"].startswith((cli.folder / "my-logs").as_uri())
    journal = next((cli.folder / "my-logs").glob("*.files/events.jsonl"))
    assert journal.read_text() == done.stdout, "the lines are the journal's, byte for byte"


def test_a_failing_command_shows_its_last_lines_and_the_reason_goes_to_stderr(cli: Cli, site: Path):
    build = "for n in $(seq 30); do echo line $n; done; echo the cause >&2; exit 3"
    done = cli.run("deploy", "--repo", "site", "--build", build, "--non-interactive")
    assert done.returncode == 1
    assert "exit 3" in done.stdout
    assert "      line 30\n      the cause\n" in done.stdout
    assert "      line 2\n" not in done.stdout
    assert done.stderr.startswith("command_failed: ")
    assert "\n  - " in done.stderr


def test_retry_continues_the_latest_or_the_named_deployment(cli: Cli, site: Path):
    build = "test -e ../../../allowed || exit 7"
    assert cli.run("deploy", "--repo", "site", "--build", build, "--deploy-dir", "run/site").returncode == 1
    first = cli.newest_log()
    again = cli.run("retry", "--output", "json")
    assert again.returncode == 1
    (cli.folder / "run" / "allowed").touch()
    done = cli.run("retry", first["deployment_id"], "--output", "json")
    assert done.returncode == 0, done.stdout
    events = events_of(done.stdout)
    assert events[0]["params"]["log"]["retry_of"] == first["deployment_id"]
    finished_steps = [event["params"]["step"] for event in events if event["method"] == "deploy/stepFinished"]
    assert finished_steps[0]["reused"] is True


@pytest.mark.parametrize(
    ("arguments", "code", "kind"),
    [
        (["--repo", "missing"], 3, "repository_not_found"),
        (["--repo", "empty"], 3, "empty_repository"),
        (["--repo", "site", "--ref", "no-such-branch"], 3, "git_ref_not_found"),
        (["--repo", "site", "--subdir", "nowhere"], 3, "subdir_not_found"),
        (["--repo", ""], 2, "invalid_request"),
        (["--repo", "site", "--env", "NO-NAME"], 2, "invalid_request"),
        (["--repo", "site", "--log-dir", "a-file/logs"], 1, "log_unwritable"),
        (["--repo", "site", "--deploy-dir", "foreign"], 1, "deploy_dir_not_ours"),
    ],
)
def test_exit_codes_and_kinds(cli: Cli, site: Path, arguments: list[str], code: int, kind: str):
    (cli.folder / "empty").mkdir()
    (cli.folder / "a-file").touch()
    (cli.folder / "foreign").mkdir()
    (cli.folder / "foreign" / "precious").touch()
    done = cli.run("deploy", *arguments, "--output", "json")
    assert done.returncode == code, done.stdout + done.stderr
    end = events_of(done.stdout)[-1]
    assert (end["method"], end["params"]["outcome"], end["params"]["reason"]["kind"]) == ("deploy/finished", "failed", kind)
    assert done.stderr == ""


def test_what_did_not_begin_has_an_end_without_a_log(cli: Cli, site: Path):
    done = cli.run("deploy", "--repo", "site", "--env", "=x", "--output", "json")
    (end,) = events_of(done.stdout)
    assert (end["params"]["seq"], end["params"]["logUri"]) == (0, "")
    assert not (cli.folder / "agent_logs").exists()


def test_the_reader_may_leave_and_the_deployment_goes_on(cli: Cli, site: Path):
    with cli.popen("deploy", "--repo", "site", "--output", "json") as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["method"] == "deploy/started"
        process.stdout.close()
        assert process.wait(TIMEOUT_S) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert cli.newest_log()["status"] == "success"


@pytest.mark.usefixtures("hears_signals")
@pytest.mark.parametrize("signals", [[signal.SIGINT], [signal.SIGTERM], [signal.SIGHUP], [signal.SIGINT] * 3])
def test_a_stop_signal_cancels_cleanly(cli: Cli, site: Path, signals: list[int], until: Callable[..., None]):
    with cli.popen("deploy", "--repo", "site", "--build", SLOW_BUILD, "--output", "json", "--deploy-dir", "run/site") as process:
        until(lambda: list(cli.folder.glob("run/site/releases/*/started")))
        for number in signals:
            process.send_signal(number)
        stdout, stderr = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 4
    assert stderr == ""
    end = events_of(stdout)[-1]
    assert (end["method"], end["params"]["outcome"]) == ("deploy/finished", "cancelled")
    assert cli.newest_log()["status"] == "cancelled"


def test_a_terminal_that_cannot_show_unicode(cli: Cli, site: Path):
    done = cli.run("deploy", "--repo", "site", env={"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    assert "+ Deployment:  success" in done.stdout


def test_the_env_file_is_read_from_the_current_directory(cli: Cli, site: Path):
    (cli.folder / "app.env").write_text("GREETING=hello there\n")
    done = cli.run("deploy", "--repo", "site", "--env-file", "app.env", "--env", "MODE=demo", "--deploy-dir", "run/site")
    assert done.returncode == 0, done.stderr
    shared = (cli.folder / "run/site/shared/.env").read_text()
    assert "hello there" in shared
    assert "MODE" in shared


def test_the_exit_code_survives_a_pipe_that_was_closed_before(cli: Cli, site: Path):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        cli.argv("deploy", "--repo", "site", "--build", "exit 1"),
        cwd=cli.folder, env=cli.env, stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE,
        timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    os.close(writer)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
