"""Journal, then log file, then publish; nothing overwritten; nothing secret leaves."""

from __future__ import annotations

import asyncio
import stat
from datetime import datetime
from pathlib import Path

import orjson
import pytest

from auto_deployer.deploy_log import LogStore, Recorder, read_log
from auto_deployer.deploy_log.journal import JOURNAL_NAME, read_messages
from auto_deployer.deploy_log.locking import try_lock
from auto_deployer.deploy_log.log_file import LogFileWriter
from auto_deployer.deploy_log.recorder import files_folder
from auto_deployer.masking import SecretRegistry
from auto_deployer.model import events as ev
from auto_deployer.model.errors import InvalidStateError, LogError
from auto_deployer.model.fold import fold
from auto_deployer.model.log import CommandRecord, CurrentCommand, DeploymentLog
from auto_deployer.model.ports import Published
from auto_deployer.model.reasons import Kind

from .conftest import finish_step, new_recorder, run_command, start_step


def test_the_file_contains_seq_n_when_a_subscriber_sees_it(recorder: Recorder) -> None:
    seen: list[tuple[int, int, int]] = []

    def look(published: Published) -> None:
        assert isinstance(published.item, ev.BaseEvent)
        journal = list(read_messages(files_folder(recorder.path) / JOURNAL_NAME))
        seen.append((published.item.seq, orjson.loads(recorder.path.read_bytes())["seq"], journal[-1]["params"]["seq"]))

    recorder.subscribe(look)
    start_step(recorder)
    run_command(recorder, 1)
    finish_step(recorder)
    assert [row[0] for row in seen] == [1, 2, 3, 4, 5]
    # the first event is replayed, and by then later ones are not there yet
    assert all(published == in_log == in_journal for published, in_log, in_journal in seen)


def test_what_is_published_is_the_journal_line(recorder: Recorder) -> None:
    lines: list[bytes] = []
    recorder.subscribe(lambda published: lines.append(published.line))
    start_step(recorder)
    run_command(recorder, 1)
    assert (files_folder(recorder.path) / JOURNAL_NAME).read_bytes() == b"".join(line + b"\n" for line in lines)


def test_the_log_is_the_fold_of_its_journal(recorder: Recorder) -> None:
    for step in (1, 2):
        start_step(recorder, step)
        run_command(recorder, step, stdout="ünï\n\x00\u2028")
        finish_step(recorder, step)
    recorder.record(ev.Finished(outcome="failed"))
    journal = files_folder(recorder.path) / JOURNAL_NAME
    assert read_log(recorder.path) == recorder.log == fold(ev.from_object(message) for message in read_messages(journal))


def test_a_late_subscriber_gets_missed_then_live_events_without_gap_or_double(recorder: Recorder) -> None:
    start_step(recorder)
    run_command(recorder, 1)
    seqs: list[int] = []

    def collect(published: Published) -> None:
        assert isinstance(published.item, ev.BaseEvent)
        seqs.append(published.item.seq)

    assert recorder.subscribe(collect, after_seq=2) == 4
    finish_step(recorder)
    recorder.subscribe(collect, after_seq=5)  # again: replaces the first
    start_step(recorder, 2)
    assert seqs == [3, 4, 5, 6]


def test_a_broken_subscriber_neither_stops_nor_delays_the_others(recorder: Recorder) -> None:
    seen: list[Published] = []

    def broken(_: Published) -> None:
        raise RuntimeError("I am broken")

    recorder.subscribe(broken)
    recorder.subscribe(seen.append)
    start_step(recorder)
    assert len(seen) == 2


def test_an_ended_log_never_changes(recorder: Recorder) -> None:
    recorder.record(ev.Finished(outcome="cancelled"))
    before = recorder.path.read_bytes()
    with pytest.raises(InvalidStateError, match="never changes"):
        start_step(recorder)
    assert recorder.path.read_bytes() == before


def test_files_are_private(recorder: Recorder, store: LogStore) -> None:
    output = recorder.open_output("c1")
    output.feed("stdout", b"hello\n")
    output.close()
    folder = files_folder(recorder.path)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (store.folder, folder)] == [0o700, 0o700]
    for path in (recorder.path, folder / JOURNAL_NAME, folder / "c1.log"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_secrets_are_masked_in_log_journal_and_notification_but_not_in_our_own_words(store: LogStore) -> None:
    secrets = SecretRegistry()
    secrets.add("running")  # a password that is also one of our status words
    secrets.add("hunter2hunter2")
    recorder = new_recorder(store, secrets=secrets)
    lines: list[bytes] = []
    recorder.subscribe(lambda published: lines.append(published.line))
    start_step(recorder)
    record = CommandRecord(id="c1", command="login hunter2hunter2", success=True, exit_code=0, stdout="is running hunter2hunter2")
    recorder.record(ev.CommandExecuted(command_id="c1", command=record))
    assert recorder.log.status == "running"
    leaving = recorder.path.read_bytes() + b"".join(lines) + (files_folder(recorder.path) / JOURNAL_NAME).read_bytes()
    assert b"hunter2" not in leaving
    assert recorder.log.steps[0].commands[0].stdout == "is *** ***"
    recorder.close()


async def test_output_goes_to_its_file_in_order_and_live_in_few_chunks(recorder: Recorder) -> None:
    chunks: list[ev.OutputChunk] = []
    recorder.subscribe(lambda published: chunks.append(published.item) if isinstance(published.item, ev.OutputChunk) else None)
    start_step(recorder)
    output = recorder.open_output("c1")
    for number in range(100):
        output.feed("stdout", f"ü{number}\n".encode())
    output.feed("stderr", b"oops \xff\n")
    output.feed("stdout", "ende €".encode()[:-1])
    output.feed("stdout", "€".encode()[-1:])
    summary = output.close()
    await asyncio.sleep(0)
    raw = (files_folder(recorder.path) / "c1.log").read_bytes()
    assert raw == "".join(f"ü{n}\n" for n in range(100)).encode() + b"oops \xff\n" + "ende €".encode()
    assert "".join(chunk.text for chunk in chunks) == raw.decode("utf-8", "replace")
    assert len(chunks) < 10
    offset = 0
    for chunk in chunks:
        assert chunk.offset == offset
        offset += len(chunk.text.encode()) if chunk.stream == "stdout" else len(b"oops \xff\n")
    assert (summary.stdout_bytes, summary.stderr_bytes) == (len(raw) - 7, 7)
    assert summary.output == f"{files_folder(recorder.path).name}/c1.log"


def test_a_silent_command_has_no_output_file(recorder: Recorder) -> None:
    summary = recorder.open_output("c1").close()
    assert summary.output == ""
    assert not (files_folder(recorder.path) / "c1.log").exists()


def test_long_output_keeps_head_and_tail_and_says_when_the_file_was_capped(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auto_deployer.deploy_log.output.OUTPUT_CAP", 10_000)
    output = recorder.open_output("c1")
    for number in range(2_000):
        output.feed("stdout", b"line %d\n" % number)
    summary = output.close()
    assert summary.output_capped
    assert (files_folder(recorder.path) / "c1.log").stat().st_size == 10_000
    assert summary.stdout.startswith("line 0\n")
    assert len(summary.stdout) == 1000
    assert summary.stdout_tail.endswith("line 1999\n")


def test_escapes_and_progress_lines_are_cleaned_in_the_log_only(recorder: Recorder) -> None:
    output = recorder.open_output("c1")
    output.feed("stdout", b"\x1b[31mred\x1b[0m\r\n10%\r50%\r100%\ndone\x07\n")
    summary = output.close()
    assert summary.stdout == "red\n100%\ndone\n"
    assert b"\x1b[31m" in (files_folder(recorder.path) / "c1.log").read_bytes()


def test_a_taken_name_gets_a_number(store: LogStore) -> None:
    when = datetime(2026, 1, 2, 3, 4, 5)
    names = [store.reserve("app", when).name for _ in range(3)]
    assert names == ["deploy_app_20260102_030405.json", "deploy_app_20260102_030405_2.json", "deploy_app_20260102_030405_3.json"]


def test_the_folder_is_ignored_by_git_inside_a_work_tree(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    recorder = new_recorder(LogStore(tmp_path / "agent_logs"))
    assert (tmp_path / "agent_logs/.gitignore").read_text() == "*\n"
    recorder.close()


class Refusing:
    """A log file writer whose disk is full for some calls."""

    def __init__(self, writer: LogFileWriter, refusals: int) -> None:
        self._writer, self._refusals = writer, refusals

    def sync(self, log: DeploymentLog) -> None:
        if self._refusals:
            self._refusals -= 1
            raise LogError("Cannot write it: no space left.", kind=Kind.LOG_WRITE_FAILED)
        self._writer.sync(log)

    def close(self) -> None:
        self._writer.close()


def _refuse(recorder: Recorder, monkeypatch: pytest.MonkeyPatch, refusals: int) -> None:
    monkeypatch.setattr(recorder, "_writer", Refusing(recorder._writer, refusals))


@pytest.mark.parametrize("refusals", [1, 2, 3])
def test_no_seq_is_missing_when_the_log_file_is_refused(recorder: Recorder, monkeypatch: pytest.MonkeyPatch, refusals: int) -> None:
    seen: list[Published] = []
    start_step(recorder)
    recorder.subscribe(seen.append)
    _refuse(recorder, monkeypatch, refusals)
    with pytest.raises(LogError):
        recorder.record(ev.NoteAdded(kind="n", message="m"))
    assert len(seen) == 2  # nobody sees what the file does not have
    finished = recorder.finish(ev.Finished(outcome="failed"))
    journal = list(read_messages(files_folder(recorder.path) / JOURNAL_NAME))
    assert [orjson.loads(published.line) for published in seen] == journal
    assert [message["params"]["seq"] for message in journal] == [1, 2, 3, 4]
    assert finished.seq == 4
    assert read_log(recorder.path).status == "failed"


def test_a_full_disk_still_takes_the_ends(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full as long as the reserve is kept."""
    from auto_deployer.deploy_log import journal

    sync, reserve = journal.sync_data, files_folder(recorder.path) / ".reserve"

    def full(descriptor: int) -> None:
        if reserve.exists():
            raise OSError(28, "No space left on device")
        sync(descriptor)

    start_step(recorder)
    recorder.record(ev.CommandStarted(command_id="c1", command=CurrentCommand(id="c1", command="true")))
    monkeypatch.setattr(journal, "sync_data", full)
    record = CommandRecord(id="c1", command="true", success=True, exit_code=0)
    recorder.record(ev.CommandExecuted(command_id="c1", command=record))
    assert recorder.failure is not None
    with pytest.raises(LogError):
        recorder.record(ev.CommandStarted(command_id="c2", command=CurrentCommand(id="c2", command="true")))
    finish_step(recorder)
    recorder.record(ev.Finished(outcome="failed"))
    log = read_log(recorder.path)
    assert (log.status, log.steps[0].status, [command.id for command in log.steps[0].commands]) == ("failed", "success", ["c1"])


def test_an_event_that_does_not_fit_never_gets_into_the_journal(recorder: Recorder) -> None:
    before = (files_folder(recorder.path) / JOURNAL_NAME).read_bytes()
    with pytest.raises(ValueError, match="no step has started"):
        run_command(recorder, 1)
    assert (files_folder(recorder.path) / JOURNAL_NAME).read_bytes() == before
    start_step(recorder)
    assert recorder.log.seq == 2


def test_a_log_that_could_not_be_begun_leaves_nothing(store: LogStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("auto_deployer.deploy_log.journal.sync_data", full)
    with pytest.raises(LogError, match="No space left"):
        new_recorder(store)
    assert [entry.name for entry in store.folder.iterdir()] == []


def test_a_log_begins_while_somebody_asks_whether_it_is_written(store: LogStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks has the lock for a moment."""
    from auto_deployer.deploy_log import journal

    asked: list[int] = []

    def taken_once(descriptor: int) -> bool:
        asked.append(descriptor)
        return len(asked) > 1 and try_lock(descriptor)

    monkeypatch.setattr(journal, "try_lock", taken_once)
    new_recorder(store).close()
    assert len(asked) == 2


async def test_live_output_reaches_who_comes_in_the_middle_of_a_command(recorder: Recorder) -> None:
    start_step(recorder)
    output = recorder.open_output("c1")
    output.feed("stdout", b"before\n")
    chunks: list[ev.OutputChunk] = []
    recorder.subscribe(lambda published: chunks.append(published.item) if isinstance(published.item, ev.OutputChunk) else None)
    output.feed("stdout", b"after\n")
    output.close()
    assert [(chunk.offset, chunk.text) for chunk in chunks] == [(7, "after\n")]


def test_a_name_too_long_for_a_file_is_cut(store: LogStore) -> None:
    path = store.reserve("ü" * 250, datetime(2026, 1, 2, 3, 4, 5))
    assert path.name.endswith("ü_20260102_030405.json")
