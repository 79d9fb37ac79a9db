from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from auto_deployer.apps.systemd import UNIT_NAME, install_unit, unit_text
from auto_deployer.model.errors import AppError
from tests.suggestions import suggested

COMMAND = ("/opt/my $python/bin/python", "-m", "auto_deployer", "apps", "resume")
UNIT = unit_text(COMMAND, [("PATH", "/usr/bin:/home/me/100%/bin"), ("QUOTED", 'a "b" \\ $HOME')])


def test_the_unit_runs_once_and_keeps_what_it_started() -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(UNIT)
    service = dict(unit["Service"])
    assert service["ExecStart"] == '"/opt/my $$python/bin/python" -m auto_deployer apps resume'
    assert (service["Type"], service["RemainAfterExit"]) == ("oneshot", "yes")
    assert unit["Install"]["WantedBy"] == "default.target"


def test_what_systemd_would_expand_is_escaped() -> None:
    assert 'Environment="PATH=/usr/bin:/home/me/100%%/bin"\n' in UNIT
    assert 'Environment="QUOTED=a \\"b\\" \\\\ $HOME"\n' in UNIT


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_has_nothing_against_it(tmp_path: Path) -> None:
    path = tmp_path / UNIT_NAME
    path.write_text(unit_text(("/bin/true", "apps", "resume"), [("PATH", "/usr/bin")]))
    done = subprocess.run(["systemd-analyze", "verify", "--user", str(path)], capture_output=True, text=True, check=False)
    assert UNIT_NAME not in done.stderr, done.stderr


def fake_systemctl(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    tool = folder / "systemctl"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_it_is_installed_where_a_user_manager_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_systemctl(tmp_path, monkeypatch, f'echo "$*" >> {tmp_path}/asked')
    path = install_unit(UNIT, tmp_path / "units")
    assert path.read_text() == UNIT
    assert (tmp_path / "asked").read_text().splitlines() == [
        "--user show-environment", "--user daemon-reload", f"--user enable {UNIT_NAME}",
    ]  # fmt: skip


def test_nothing_is_written_where_none_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_systemctl(tmp_path, monkeypatch, "echo 'Failed to connect to bus' >&2; exit 1")
    with pytest.raises(AppError, match="Failed to connect to bus") as raised:
        install_unit(UNIT, tmp_path / "units")
    assert "@reboot auto-deployer apps resume" in suggested(raised.value)[0]
    assert not (tmp_path / "units").exists()
