"""The contract of every log file writer: valid JSON at every instant, the whole document after each sync."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings

from auto_deployer.deploy_log.document import render
from auto_deployer.deploy_log.log_file import LogFileWriter, ReplacingWriter
from auto_deployer.model import events as ev
from auto_deployer.model.errors import LogError
from auto_deployer.model.fold import apply, begin
from auto_deployer.model.log import DeploymentLog
from tests.model.strategies import event_sequences

WRITERS: list[Callable[[Path], LogFileWriter]] = [ReplacingWriter]


@pytest.fixture(params=WRITERS, ids=lambda writer: writer.__name__)
def make_writer(request: pytest.FixtureRequest) -> Callable[[Path], LogFileWriter]:
    return request.param


@pytest.mark.parametrize("make", WRITERS)
@settings(max_examples=30)
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
    from auto_deployer.model.log import CommandRecord, StepResult

    commands: tuple[CommandRecord, ...] = ()
    for number in range(1, 400):
        commands = (*commands, CommandRecord(command="x" * number, success=True, exit_code=0))
        log = log.model_copy(update={"seq": number, "steps": (StepResult(step_id=1, step_name="s", commands=commands),)})
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
