"""`plan`, `analyze`, `doctor` and `demo`."""

from __future__ import annotations

import re
import urllib.request
from pathlib import Path

import pytest

from auto_deployer.cli.doctor import OPTIONAL, REQUIRED, Need, how_to_get, report
from auto_deployer.cli.text import symbols_for
from auto_deployer.model.facts import HostFacts, Tool

from .conftest import Cli


def test_a_plan_is_shown_and_nothing_is_left_behind(cli: Cli, site: Path):
    done = cli.run("plan", "--repo", "site", "--build", "make pages", "--deploy-dir", "run/site")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Plan: static" in done.stdout
    assert "$ make pages" in done.stdout
    result = cli.json("plan", "--repo", "site")
    assert {"repo", "host", "plan"} <= set(result)
    assert result["llmCalls"] == []
    assert result["plan"]["steps"][-1]["category"] == "verify"
    assert not (cli.folder / "run").exists()
    assert not (cli.folder / "agent_logs").exists()


def test_the_repository_may_be_named_without_its_option(cli: Cli, site: Path):
    assert cli.json("analyze", "site")["repo"]["source"]["repo"] == cli.json("plan", "site")["repo"]["source"]["repo"] == str(site)
    done = cli.run("analyze", "site", "--repo", "elsewhere")
    assert (done.returncode, done.stdout) == (2, "")
    assert "two repositories" in done.stderr


def test_what_cannot_be_planned_exits_with_3(cli: Cli):
    (cli.folder / "docs").mkdir()
    (cli.folder / "docs" / "notes.txt").write_text("nothing to run\n")
    done = cli.run("plan", "--repo", "docs")
    assert (done.returncode, done.stdout) == (3, "")
    assert re.match(r"[a-z_]+: .+\n(  - .+\n)+", done.stderr)


def test_a_refusal_tells_the_option_that_helps(cli: Cli):
    (cli.folder / "shop").mkdir()
    (cli.folder / "shop" / "package.json").write_text('{"name": "shop", "private": true}')
    (cli.folder / "shop" / "server.js").write_text("module.exports = {}\n")
    done = cli.run("plan", "--repo", "shop", "--dirty")
    assert done.returncode == 3
    assert "  - Say how to start it: --start 'node server.js'\n" in done.stderr
    assert cli.run("plan", "--repo", "shop", "--dirty", "--start", "node server.js").returncode == 0


def test_the_analysis_shows_its_evidence(cli: Cli, site: Path):
    done = cli.run("analyze", "--repo", "site")
    assert "Type: static" in done.stdout
    assert "index.html" in done.stdout
    (tools,) = (line for line in done.stdout.splitlines() if line.startswith("Tools: "))
    named = [tool.split()[0] for tool in tools.removeprefix("Tools: ").split("; ")]
    assert len(named) == len(set(named))
    assert set(cli.json("analyze", "--repo", "site")) == {"repo", "host"}


def test_changes_that_are_not_committed_are_named(cli: Cli, site: Path):
    (site / "index.html").write_text("<h1>changed</h1>\n")
    done = cli.run("deploy", "--repo", "site")
    assert ", 1 uncommitted change left out (--dirty takes it)" in done.stdout


def test_doctor_on_this_machine(cli: Cli):
    done = cli.run("doctor")
    assert done.returncode == 0
    assert re.search(r"✓ git \d", done.stdout)
    assert "git" in {tool["name"] for tool in cli.json("doctor")["tools"]}


def test_doctor_names_what_is_missing_and_the_command_that_gets_it():
    git = Tool(name="git", path="/usr/bin/git", version="2.39.5")
    host = HostFacts(os="linux", distribution="Some Linux", tools=(git,), free_ports=(8000,))
    lines = [line.plain for line in report(host, symbols_for("ascii"))]
    assert not [line for line in lines if "8000" in line], "apps get other ports"
    assert "  + git 2.39.5  /usr/bin/git" in lines
    missing = {line.split()[1]: line for line in lines if "is missing" in line}
    assert set(missing) == {need.tool for group in (REQUIRED, OPTIONAL) for needs in group.values() for need in needs} - {"git"}
    assert all(re.search(r"is missing: \w+", line) for line in missing.values())


@pytest.mark.parametrize(
    ("manager", "uid", "command"),
    [
        ("apt-get", 0, "apt-get install -y nodejs"), ("apt-get", 1000, "sudo apt-get install -y nodejs"),
        ("brew", 1000, "brew install node"), (None, 1000, "install node with your system's package manager"),
    ],
)  # fmt: skip
def test_the_command_fits_the_package_manager(manager: str | None, uid: int, command: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("os.geteuid", lambda: uid)
    assert how_to_get(Need("node", {"brew": "node", "": "nodejs"}), manager) == command


def test_the_demo_deploys_through_the_language_server_and_cleans_up(cli: Cli):
    done = cli.run("demo", env={"TMPDIR": str(cli.folder)})
    assert (done.returncode, done.stderr) == (0, "")
    numbers = [int(line.split()[1]) for line in done.stdout.splitlines() if re.match(r"<- +\d+ deploy/", line)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert "deploy/commandExecuted" in done.stdout
    assert re.search(r"GET http://127.0.0.1:\d+/ -> 200", done.stdout)
    assert Path(re.findall(r"^Log: (.+)$", done.stdout, re.MULTILINE)[0]).is_file()
    assert cli.json("apps") == {"apps": []}
    assert not list(cli.folder.glob("auto-deployer-demo-*"))


def test_the_demo_leaves_its_site_running_when_asked(cli: Cli):
    done = cli.run("demo", "--keep", env={"TMPDIR": str(cli.folder)})
    assert done.returncode == 0, done.stderr
    url = re.findall(r"^URL: (.+)$", done.stdout, re.MULTILINE)[0]
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url) as page:
        assert b"It runs." in page.read()
