"""The contract of every log file writer: valid JSON at every instant, the whole document after each sync."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings

from auto_deployer.deploy_log.document import render
from auto_deployer.deploy_log.exchange import ExchangingWriter, open_writer
from auto_deployer.deploy_log.log_file import LogFileWriter, ReplacingWriter
from auto_deployer.model import events as ev
from auto_deployer.model.errors import LogError
from auto_deployer.model.fold import apply, begin
from auto_deployer.model.log import CommandRecord, DeploymentLog, StepResult
from tests.model.strategies import event_sequences

WRITERS: list[Callable[[Path], LogFileWriter]] = [ReplacingWriter]
if sys.platform == "linux":
    WRITERS.append(ExchangingWriter)


def with_command(log: DeploymentLog, number: int) -> DeploymentLog:
    """The document with one more command."""
    commands = log.steps[0].commands if log.steps else ()
    commands = (*commands, CommandRecord(command="x" * number, success=True, exit_code=0))
    return log.model_copy(update={"seq": number, "steps": (StepResult(step_id=1, step_name="s", commands=commands),)})


@pytest.fixture(params=WRITERS, ids=lambda writer: writer.__name__)
def make_writer(request: pytest.FixtureRequest) -> Callable[[Path], LogFileWriter]:
    return request.param


@pytest.mark.parametrize("make", WRITERS)
@settings(max_examples=20)
@given(sequence=event_sequences())
def test_the_file_is_the_document_after_each_event(
    tmp_path_factory: pytest.TempPathFactory, make: Callable[[Path], LogFileWriter], sequence: list[ev.Event]
) -> None:
    path = tmp_path_factory.mktemp("log") / "log.json"
    writer = make(path)
    log = begin(sequence[0])
    writer.sync(log)
    for event in sequence[1:]:
        log = apply(log, event)
        writer.sync(log)
        assert path.read_bytes() == render(log)
        assert DeploymentLog.model_validate(orjson.loads(path.read_bytes())) == log
    writer.close()


def test_a_polling_reader_never_sees_a_torn_file(tmp_path: Path, make_writer: Callable[[Path], LogFileWriter]) -> None:
    path = tmp_path / "log.json"
    writer = make_writer(path)
    log = DeploymentLog(deployment_id="d")
    writer.sync(log)
    seen: list[int] = []
    torn: list[bytes] = []
    over = threading.Event()

    def poll() -> None:
        while not over.is_set():
            data = path.read_bytes()
            try:
                seen.append(orjson.loads(data)["seq"])
            except orjson.JSONDecodeError:
                torn.append(data)

    reader = threading.Thread(target=poll)
    reader.start()
    for number in range(1, 400):
        log = with_command(log, number)
        writer.sync(log)
    over.set()
    reader.join()
    assert not torn
    assert seen == sorted(seen)
    assert len(set(seen)) > 1


def test_a_folder_that_is_gone_is_a_clear_error(tmp_path: Path, make_writer: Callable[[Path], LogFileWriter]) -> None:
    writer = make_writer(tmp_path / "no" / "log.json")
    with pytest.raises(LogError, match="Cannot write"):
        writer.sync(DeploymentLog())


def test_a_reader_that_keeps_the_file_open_keeps_its_document(tmp_path: Path, make_writer: Callable[[Path], LogFileWriter]) -> None:
    path = tmp_path / "log.json"
    writer = make_writer(path)
    log = DeploymentLog(deployment_id="d")
    held: list[tuple[int, bytes]] = []
    for number in range(1, 12):
        log = with_command(log, number)
        writer.sync(log)
        assert path.read_bytes() == render(log)
        held.append((os.open(path, os.O_RDONLY), path.read_bytes()))
    for descriptor, content in held:
        assert os.pread(descriptor, 1_000_000, 0) == content
        os.close(descriptor)
    writer.close()


def test_nothing_but_the_log_is_left_in_the_folder(tmp_path: Path, make_writer: Callable[[Path], LogFileWriter]) -> None:
    writer = make_writer(tmp_path / "log.json")
    log = DeploymentLog(deployment_id="d")
    for number in range(1, 5):
        log = with_command(log, number)
        writer.sync(log)
    writer.close()
    assert [entry.name for entry in tmp_path.iterdir()] == ["log.json"]


def test_the_quickest_writer_that_works_is_chosen(tmp_path: Path) -> None:
    writer = open_writer(tmp_path / "log.json")
    assert type(writer) in WRITERS
    assert list(tmp_path.iterdir()) == []
    assert isinstance(open_writer(tmp_path / "missing" / "log.json"), ReplacingWriter)


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file may grow beyond `size` bytes: the kernel refuses the write in the middle, as a full disk does."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
@pytest.mark.parametrize("before", [1, 2, 3])
def test_after_a_refused_write_the_next_one_has_the_whole_document(
    tmp_path: Path, make_writer: Callable[[Path], LogFileWriter], before: int
) -> None:
    path = tmp_path / "log.json"
    writer = make_writer(path)
    log = DeploymentLog(deployment_id="d")
    for number in range(before):
        log = with_command(log, number)
        writer.sync(log)
    old = path.read_bytes()
    log = log.model_copy(update={"steps": (*log.steps, StepResult(step_id=2, step_name="second"))})
    with full_disk(len(old) - 10), pytest.raises(LogError, match="Cannot write"):
        writer.sync(log)
    assert path.read_bytes() == old
    for status in ("failed", "failed"):
        log = log.model_copy(update={"status": status, "seq": log.seq + 1})
        writer.sync(log)
        assert path.read_bytes() == render(log)
    writer.close()


def _saves(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"  ", b" "))


def _replaces(path: Path) -> None:
    path.with_name("new").write_bytes(path.read_bytes())
    path.with_name("new").replace(path)


@pytest.mark.parametrize("meddle", [_saves, _replaces, lambda path: path.write_bytes(b""), lambda path: path.unlink()])
@pytest.mark.parametrize("before", [1, 4])
def test_what_somebody_else_does_to_the_file_is_mended_by_the_next_event(
    tmp_path: Path, make_writer: Callable[[Path], LogFileWriter], meddle: Callable[[Path], None], before: int
) -> None:
    path = tmp_path / "log.json"
    writer = make_writer(path)
    log = DeploymentLog(deployment_id="d")
    for number in range(before):
        log = with_command(log, number)
        writer.sync(log)
    meddle(path)
    for number in range(before, before + 4):
        log = with_command(log, number)
        writer.sync(log)
        assert path.read_bytes() == render(log)
    writer.close()
    assert [entry.name for entry in tmp_path.iterdir()] == ["log.json"]
