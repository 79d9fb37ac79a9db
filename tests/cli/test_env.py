"""`auto-deployer env` on a deployed app: real files, a real editor program, a real restart."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from auto_deployer.cli.errors import ExitCode

from .conftest import TIMEOUT_S, Cli

SECRET = "k-not-to-be-seen-8"


@pytest.fixture
def app(cli: Cli, site: Path) -> Path:
    """A deployed site; its env file."""
    assert cli.run("deploy", "--repo", "site").returncode == 0
    return Path(cli.json("apps")["apps"][0]["deployDir"]) / "shared/.env"


def piped(cli: Cli, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        cli.argv(*arguments),
        cwd=cli.folder, env=cli.env, input=text, capture_output=True, encoding="utf-8", timeout=TIMEOUT_S, check=False,
    )  # fmt: skip


def editor(folder: Path, script: str) -> dict[str, str]:
    """An environment whose editor is a program that gets the file as its first argument."""
    program = folder / "edit.sh"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"VISUAL": "", "EDITOR": str(program)}


def test_setting_listing_and_removing(cli: Cli, app: Path):
    assert cli.run("env", "list", "site").stdout.strip() == "site has no variables of its own."
    done = cli.run("env", "set", "site", "MODE=two words", f"API_KEY={SECRET}")
    assert done.returncode == 0, done.stderr
    assert "auto-deployer restart site" in done.stdout
    assert stat.S_IMODE(app.stat().st_mode) == 0o600

    listed = cli.run("env", "list", "site").stdout
    assert "API_KEY" in listed
    assert SECRET not in listed
    assert SECRET in cli.run("env", "list", "site", "--show").stdout
    (mode, key) = cli.json("env", "list", "--deploy-dir", str(app.parents[1]))["variables"]
    assert (mode, key) == ({"name": "MODE", "secret": False, "value": "***"}, {"name": "API_KEY", "secret": True, "value": "***"})
    assert [one["value"] for one in cli.json("env", "list", "site", "--show")["variables"]] == ["two words", SECRET]

    assert piped(cli, "from a pipe\n", "env", "set", "site", "PIPED", "--stdin").returncode == 0
    now = cli.json("env", "unset", "site", "MODE", "API_KEY")
    assert ([one["name"] for one in now["variables"]], now["restartNeeded"]) == (["PIPED"], True)
    assert app.read_text() == "PIPED=from a pipe\n"


def test_restarting_an_app_that_has_to_learn_of_it(cli: Cli, app: Path):
    before = cli.json("apps")["apps"][0]["pid"]
    assert not cli.json("env", "set", "site", "MODE=x", "--restart")["restartNeeded"]
    after = cli.json("apps")["apps"][0]
    assert (after["status"], after["pid"] != before) == ("running", True)
    assert cli.json("env", "set", "site", "MODE=x", "--restart")["restartNeeded"] is False
    assert cli.json("apps")["apps"][0]["pid"] == after["pid"]


def test_editing_a_private_copy(cli: Cli, app: Path, tmp_path: Path):
    assert cli.run("env", "set", "site", "KEPT=a # b", "CHANGED=1", "GONE=1").returncode == 0
    note = tmp_path / "seen"
    script = (
        f'stat -c %a "$1" > {note}; cat "$1" >> {note}\n'
        'sed -i -e "s/^CHANGED=.*/CHANGED=2/" -e /^GONE/d "$1"; echo \'NEW="x y"\' >> "$1"'
    )
    done = cli.run("env", "edit", "site", env=editor(tmp_path, script))
    assert done.returncode == 0, done.stderr
    seen = note.read_text().splitlines()
    assert seen[0] == "600"
    assert 'KEPT="a # b"' in seen
    assert app.read_text() == "KEPT=a # b\nCHANGED=2\nNEW=x y\n"
    assert stat.S_IMODE(app.stat().st_mode) == 0o600


def test_an_edit_that_goes_wrong_changes_nothing(cli: Cli, app: Path, tmp_path: Path):
    assert cli.run("env", "set", "site", "A=1").returncode == 0
    for script in ('echo planted-secret >> "$1"', "exit 3"):
        done = cli.run("env", "edit", "site", env=editor(tmp_path, script))
        assert done.returncode == ExitCode.USAGE
        assert "Nothing was changed." in done.stderr
        assert "planted-secret" not in done.stderr
        assert app.read_text() == "A=1\n"


def test_what_cannot_be_set(cli: Cli, app: Path):
    wrong = {
        ("set", "site", "NAME"): "nobody can be asked",
        ("set", "site"): "name the app",
        ("set", "MODE=1", "B=2"): "name the app",
        ("set", "site", "my-var=1"): "pattern",
        ("set", "site", "PORT=1"): "PORT",
        ("set", "site", "A=1", "--stdin"): "--stdin takes one NAME",
    }
    for arguments, part in wrong.items():
        done = cli.run("env", *arguments)
        assert done.returncode == ExitCode.USAGE
        assert part in done.stderr
    assert not app.exists()


def test_an_app_that_is_not_there(cli: Cli):
    done = cli.run("env", "list", "nothing")
    assert (done.returncode, done.stderr.split(":")[0]) == (ExitCode.FAILED, "not_found")


assert os.name == "posix", "these tests run shell scripts as editors"
