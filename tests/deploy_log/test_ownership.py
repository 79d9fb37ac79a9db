"""Whose files are: the decision, and what it means for logs."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from auto_deployer.deploy_log import LogStore, Recorder, read_log, sweep
from auto_deployer.deploy_log.boot import boot_id
from auto_deployer.deploy_log.ownership import first_fault, owner_fault, why_not_ours, why_replaceable
from auto_deployer.deploy_log.recorder import files_folder
from auto_deployer.deploy_log.sweep import COMMAND_MARK, command_mark, this_writer
from auto_deployer.masking import SecretRegistry
from auto_deployer.model import events as ev
from auto_deployer.model.log import CurrentCommand, DeploymentLog, StepResult

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows keeps others out in its own ways")
as_root = pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives files to another user")
STRANGER = 54_321


@pytest.mark.parametrize(
    ("uid", "mode", "gid", "fault"),
    [
        (1000, 0o100600, 7, ""),
        (1000, 0o100644, 7, ""),
        (1000, 0o040755, 7, ""),
        (1000, 0o120777, 7, ""),  # a link
        (1000, 0o100620, 54_322, "can be written by others (mode 0620)"),
        (1000, 0o100602, 7, "can be written by others (mode 0602)"),
        (1000, 0o041777, 7, "can be written by others (mode 1777)"),
        (STRANGER, 0o100600, 7, "belongs to user number 54321"),
        (STRANGER, 0o120777, 7, "belongs to user number 54321"),
    ],
)
def test_ours_is_what_we_own_and_nobody_else_may_write(uid: int, mode: int, gid: int, fault: str) -> None:
    assert owner_fault(uid, mode, gid, me=1000) == fault


def test_what_a_link_leads_to_counts_too(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "link").symlink_to("open")
    assert "can be written by others" in why_not_ours(tmp_path / "link")
    assert "cannot be looked at" in why_not_ours(tmp_path / "missing")


def test_a_path_in_a_folder_of_others_can_be_replaced_by_them(tmp_path: Path) -> None:
    inner = tmp_path / "open" / "inner"
    inner.mkdir(parents=True)
    assert why_replaceable(inner) == ""
    (tmp_path / "open").chmod(0o777)
    assert f"{tmp_path / 'open'} can be written" in why_replaceable(inner)
    (tmp_path / "open").chmod(0o1777)
    assert why_replaceable(inner) == "", "the sticky bit keeps others from it"
    (tmp_path / "link").symlink_to(inner)
    (tmp_path / "open").chmod(0o777)
    assert "can be written" in why_replaceable(tmp_path / "link")


def interrupted(folder: Path, pid: int = 0, **fields: object) -> Path:
    """A log whose writer is gone while a command ran."""
    log = DeploymentLog.model_validate({"deployment_id": "d1", "writer": this_writer(), **fields})
    recorder = Recorder.create(LogStore(folder).reserve("app", datetime.now()), SecretRegistry(), log)
    recorder.record(ev.StepStarted(step_id=1, attempt=1, step=StepResult(step_id=1, step_name="work")))
    recorder.record(ev.CommandStarted(step_id=1, command_id="c1", command=CurrentCommand(id="c1", command="x", pid=pid, pgid=pid)))
    recorder.close()
    return recorder.path


@pytest.mark.parametrize("part", ["folder", "log", "files", "journal"])
def test_a_log_that_others_may_write_is_only_read(tmp_path: Path, part: str) -> None:
    path = interrupted(tmp_path / "agent_logs")
    files = files_folder(path)
    opened = {"folder": path.parent, "log": path, "files": files, "journal": files / "events.jsonl"}[part]
    opened.chmod(opened.stat().st_mode | 0o002)
    assert LogStore(path.parent).sweep(end_app=lambda _: pytest.fail("nothing of it is ended")) == []
    assert read_log(path).status == "running"
    opened.chmod(opened.stat().st_mode & ~0o002)
    assert LogStore(path.parent).sweep() == [path]


@as_root
@pytest.mark.parametrize("part", ["folder", "log", "files", "journal"])
def test_a_log_of_another_user_is_only_read(tmp_path: Path, part: str) -> None:
    path = interrupted(tmp_path / "agent_logs")
    files = files_folder(path)
    os.chown({"folder": path.parent, "log": path, "files": files, "journal": files / "events.jsonl"}[part], STRANGER, STRANGER)
    assert LogStore(path.parent).sweep() == []
    assert read_log(path).status == "running"


def test_the_machine_knows_which_run_of_it_this_is() -> None:
    assert boot_id()
    assert this_writer().boot_id == boot_id()


def test_where_that_is_not_known_nothing_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two unknown boots are not the same one."""
    monkeypatch.setattr(sweep, "boot_id", lambda: "")
    env = {**os.environ, COMMAND_MARK: command_mark("d1", "c1")}
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, env=env, start_new_session=True) as running:
        path = interrupted(tmp_path, running.pid, writer=this_writer())
        assert LogStore(tmp_path).sweep(end_app=lambda _: pytest.fail("nothing of it is ended")) == [path]
        assert running.poll() is None
        running.communicate(b"\n")
    assert running.returncode == 0
    assert read_log(path).status == "interrupted"


def test_what_cannot_be_looked_at_is_a_fault_and_what_is_not_there_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(path: Path) -> os.stat_result:
        raise PermissionError(13, "Permission denied", str(path))

    assert first_fault([tmp_path / "nothing", tmp_path / "nothing" / "below"]) == ""
    monkeypatch.setattr(Path, "lstat", closed)
    assert "cannot be looked at (Permission denied)" in first_fault([tmp_path / "closed"])
