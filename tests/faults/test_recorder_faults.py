"""SIGKILL at any moment, a full disk, a folder that cannot be written: what was acknowledged is never lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import orjson
import psutil
import pytest

from auto_deployer.deploy_log import LogStore, Recorder, read_log
from auto_deployer.deploy_log.journal import JOURNAL_NAME, read_messages
from auto_deployer.deploy_log.recorder import files_folder
from auto_deployer.deploy_log.sweep import COMMAND_MARK, command_mark, this_writer
from auto_deployer.masking import SecretRegistry
from auto_deployer.model import events as ev
from auto_deployer.model.errors import LogError
from auto_deployer.model.fold import fold
from auto_deployer.model.log import CurrentCommand, DeploymentLog, StepResult, Writer
from tests.suggestions import suggested

WRITER = [sys.executable, str(Path(__file__).with_name("writer.py"))]


def kill_while_writing(folder: Path, acknowledged: int) -> tuple[Path, int]:
    """Run the writer, SIGKILL it after so many acknowledgements; returns (log, last acknowledged seq)."""
    with subprocess.Popen([*WRITER, str(folder), "100000"], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        path = Path(child.stdout.readline().strip())
        last = 0
        for _ in range(acknowledged):
            last = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
        for line in child.stdout:  # acknowledged before the signal arrived
            last = int(line) if line.endswith("\n") else last
    return path, last


@pytest.mark.faults
@pytest.mark.parametrize("acknowledged", random.Random(7).choices(range(1, 60), k=12))
def test_sigkill_loses_nothing_acknowledged_and_the_sweep_marks_it(tmp_path: Path, acknowledged: int) -> None:
    path, last = kill_while_writing(tmp_path, acknowledged)
    on_disk = orjson.loads(path.read_bytes())  # valid JSON for any reader, without the journal
    assert on_disk["seq"] >= last
    assert on_disk["status"] == "running"
    assert LogStore(tmp_path).sweep() == [path]
    log = read_log(path)
    assert (log.status, log.reason.kind if log.reason else None) == ("interrupted", "process_died")
    assert log.steps[-1].status == "interrupted"
    assert log.steps[-1].current_command is None
    executed = [command.id for command in log.steps[-1].commands]
    assert executed == [f"c{number}" for number in range(1, len(executed) + 1)]
    assert log == fold(ev.from_object(message) for message in read_messages(files_folder(path) / JOURNAL_NAME))
    assert LogStore(tmp_path).sweep() == []


@pytest.mark.faults
def test_a_torn_last_journal_line_is_cut_and_the_rest_kept(tmp_path: Path) -> None:
    path, last = kill_while_writing(tmp_path, 5)
    journal = files_folder(path) / JOURNAL_NAME
    with journal.open("ab") as file:
        file.write(b'{"method":"deploy/commandExecuted","params":{"deploymentId":"d1","seq":')
    LogStore(tmp_path).sweep()
    log = read_log(path)
    assert log.status == "interrupted"
    assert log.seq >= last


@pytest.mark.faults
@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
@pytest.mark.parametrize("limit", [120_000, 150_001, 200_777])
def test_a_disk_that_fills_up_stops_the_run_and_what_was_written_is_intact(tmp_path: Path, limit: int) -> None:
    """A file size limit makes write() fail in the middle, as a full disk does."""
    import resource

    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    child = subprocess.run(
        [*WRITER, str(tmp_path), "100000"], stdout=subprocess.PIPE, text=True, preexec_fn=limited, timeout=60, check=False
    )
    path, *acknowledged, error, finished = child.stdout.splitlines()
    assert error.startswith("error log_write_failed Cannot write")
    assert finished == "finished failed"
    log = read_log(Path(path))
    assert orjson.loads(Path(path).read_bytes())["version"] == "2.0"
    assert log.seq >= int(acknowledged[-1])
    assert all(line.endswith(b"}") for line in (files_folder(Path(path)) / JOURNAL_NAME).read_bytes().splitlines())


def test_a_folder_that_cannot_be_made_is_a_clear_error_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    from datetime import datetime

    with pytest.raises(LogError, match="Cannot write logs in") as caught:
        LogStore(tmp_path / "file" / "agent_logs").reserve("app", datetime.now())
    assert caught.value.kind == "log_unwritable"
    assert any("--log-dir" in suggestion for suggestion in suggested(caught.value))


def _interrupted_command(folder: Path, writer: Writer, pgid: int, mark: bool = True) -> Path:
    """A log whose writer is gone while a command ran."""
    from datetime import datetime

    log = DeploymentLog(deployment_id="d1", writer=writer)
    recorder = Recorder.create(LogStore(folder).reserve("app", datetime.now()), SecretRegistry(), log)
    recorder.record(ev.StepStarted(step_id=1, attempt=1, step=StepResult(step_id=1, step_name="work")))
    recorder.record(
        ev.CommandStarted(step_id=1, command_id="c1", command=CurrentCommand(id="c1", command="sleep", pid=pgid, pgid=pgid))
    )
    recorder.close()
    return recorder.path


@pytest.mark.faults
@pytest.mark.skipif(sys.platform == "win32", reason="needs process groups")
@pytest.mark.parametrize("ignores_term", [False, True])
def test_the_sweep_ends_what_an_interrupted_command_left_in_its_group(tmp_path: Path, ignores_term: bool) -> None:
    env = {**os.environ, COMMAND_MARK: command_mark("d1", "c1")}
    trap = "trap '' TERM; " if ignores_term else ""
    child = subprocess.Popen(
        ["bash", "-c", f"{trap}sleep 600 & echo up; wait"], env=env, start_new_session=True, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    child.stdout.readline()
    path = _interrupted_command(tmp_path, this_writer(), child.pid)
    members = [process for process in psutil.process_iter() if os.getpgid(process.pid) == child.pid]
    assert LogStore(tmp_path).sweep() == [path]
    child.wait(timeout=10)
    assert not psutil.wait_procs(members, timeout=5)[1]
    record = read_log(path).steps[0].commands[0]
    assert (record.success, record.stopped, record.left_running) == (False, True, ())


@pytest.mark.faults
@pytest.mark.skipif(sys.platform == "win32", reason="needs sessions")
def test_the_sweep_ends_what_left_the_group_too(tmp_path: Path) -> None:
    env = {**os.environ, COMMAND_MARK: command_mark("d1", "c1")}
    daemon = subprocess.Popen(["sleep", "600"], env=env, start_new_session=True)
    _interrupted_command(tmp_path, this_writer(), 999_999)
    LogStore(tmp_path).sweep()
    assert daemon.wait(timeout=10) != 0


@pytest.mark.faults
@pytest.mark.skipif(sys.platform == "win32", reason="needs process groups")
def test_a_reused_process_group_without_the_mark_is_left_alone(tmp_path: Path) -> None:
    stranger = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        _interrupted_command(tmp_path, this_writer(), stranger.pid)
        LogStore(tmp_path).sweep()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_log_of_another_host_is_left_alone(tmp_path: Path) -> None:
    path = _interrupted_command(tmp_path, Writer(pid=1, boot_id="x", host="another-host"), 999_999)
    assert LogStore(tmp_path).sweep() == []
    assert read_log(path).status == "running"


@pytest.mark.faults
def test_a_log_that_is_being_written_is_never_swept(tmp_path: Path) -> None:
    with subprocess.Popen([*WRITER, str(tmp_path), "100000"], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        path = Path(child.stdout.readline().strip())
        child.stdout.readline()
        assert LogStore(tmp_path).sweep() == []
        assert read_log(path).status == "running"
        child.kill()


def test_one_log_that_cannot_be_swept_does_not_keep_the_others_from_it(tmp_path: Path) -> None:
    first, broken, last = (_interrupted_command(tmp_path, this_writer(), 999_999) for _ in range(3))
    with (files_folder(broken) / JOURNAL_NAME).open("ab") as file:
        file.write(b"[]\n")
    assert LogStore(tmp_path).sweep() == [first, last]


def test_a_sweep_on_a_full_disk_gives_the_lock_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _interrupted_command(tmp_path, this_writer(), 999_999)

    def full(*_: object) -> None:
        raise LogError("Cannot write it: no space left.")

    with monkeypatch.context() as patched:
        patched.setattr("auto_deployer.deploy_log.exchange.ExchangingWriter.sync", full)
        patched.setattr("auto_deployer.deploy_log.log_file.ReplacingWriter.sync", full)
        assert LogStore(tmp_path).sweep() == []
    assert LogStore(tmp_path).sweep() == [path]
