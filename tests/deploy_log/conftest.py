"""Recorders on real files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from auto_deployer.deploy_log import LogStore, Recorder
from auto_deployer.deploy_log.sweep import this_writer
from auto_deployer.masking import SecretRegistry
from auto_deployer.model import events as ev
from auto_deployer.model.log import CommandRecord, CurrentCommand, DeploymentLog, StepResult

Record = Callable[..., None]


@pytest.fixture
def store(tmp_path: Path) -> LogStore:
    return LogStore(tmp_path / "agent_logs")


def new_recorder(store: LogStore, deployment_id: str = "d1", secrets: SecretRegistry | None = None) -> Recorder:
    """A recorder whose `deploy/started` is written."""
    log = DeploymentLog(deployment_id=deployment_id, repo_url="https://example.invalid/a/b", writer=this_writer())
    return Recorder.create(store.reserve("b", datetime.now()), secrets or SecretRegistry(), log)


@pytest.fixture
def recorder(store: LogStore) -> Iterator[Recorder]:
    made = new_recorder(store)
    yield made
    made.close()


def start_step(recorder: Recorder, step_id: int = 1) -> None:
    recorder.record(ev.StepStarted(step_id=step_id, attempt=1, step=StepResult(step_id=step_id, step_name=f"step {step_id}")))


def run_command(recorder: Recorder, number: int, *, stdout: str = "") -> None:
    """The two events of a command."""
    recorder.record(ev.CommandStarted(command_id=f"c{number}", command=CurrentCommand(id=f"c{number}", command="true")))
    record = CommandRecord(id=f"c{number}", command="true", success=True, exit_code=0, stdout=stdout)
    recorder.record(ev.CommandExecuted(command_id=f"c{number}", command=record))


def finish_step(recorder: Recorder, step_id: int = 1) -> None:
    entry = StepResult(step_id=step_id, step_name=f"step {step_id}", status="success")
    recorder.record(ev.StepFinished(step_id=step_id, attempt=1, step=entry))
