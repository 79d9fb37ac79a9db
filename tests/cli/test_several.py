"""`deploy` with several --subdir: one app after the other, a line for each, the first failure ends it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Cli


@pytest.fixture
def apps(cli: Cli) -> Path:
    """A folder with two sites and one that cannot be planned."""
    folder = cli.folder / "mono"
    for name in ("one", "two"):
        (folder / name).mkdir(parents=True)
        (folder / name / "index.html").write_text(f"<h1>{name}</h1>")
    (folder / "none").mkdir()
    (folder / "none" / "notes.txt").write_text("nothing to run")
    return folder


def test_each_is_deployed_and_listed(cli: Cli, apps: Path):
    done = cli.run("deploy", "--repo", "mono", "--subdir", "one", "--subdir", "two")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("App ")] == ["App 1 of 2: one", "App 2 of 2: two"]
    assert [line.split()[1] for line in lines[-2:]] == ["one", "two"]
    assert all("http://127.0.0.1:" in line for line in lines[-2:])
    groups = {json.loads(path.read_text())["group_id"] for path in (cli.folder / "agent_logs").glob("*.json")}
    assert len(groups) == 1
    assert None not in groups


def test_the_first_failure_ends_it_and_gives_the_exit_code(cli: Cli, apps: Path):
    done = cli.run("deploy", "--repo", "mono", "--subdir", "one", "--subdir", "none", "--subdir", "two")
    assert done.returncode == 3
    one, none, two = done.stdout.splitlines()[-3:]
    assert "http://" in one
    assert "failed: " in none
    assert "not started" in two


def test_json_has_the_events_of_all(cli: Cli, apps: Path):
    done = cli.run("deploy", "--repo", "mono", "--subdir", "one", "--subdir", "two", "--output", "json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    ends = [event["params"]["outcome"] for event in events if event["method"] == "deploy/finished"]
    assert ends == ["success", "success"]


@pytest.mark.parametrize("option", [("--deploy-dir", "here"), ("--app-port", "8123")])
def test_options_for_one_app_are_refused(cli: Cli, apps: Path, option: tuple[str, str]):
    done = cli.run("deploy", "--repo", "mono", "--subdir", "one", "--subdir", "two", *option)
    assert done.returncode == 2
    assert option[0] in done.stderr


def test_looking_is_for_one_folder(cli: Cli, apps: Path):
    assert cli.run("plan", "--repo", "mono", "--subdir", "one").returncode == 0
    done = cli.run("plan", "--repo", "mono", "--subdir", "one", "--subdir", "two")
    assert done.returncode == 2
    assert "--subdir" in done.stderr
