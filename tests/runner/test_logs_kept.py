"""The setting `logs.keep`: which logs go, and which stay whatever the number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from auto_deployer.deploy_log import LogStore
from auto_deployer.deploy_log.document import render
from auto_deployer.deploy_log.sweep import this_writer
from auto_deployer.model.log import DeploymentLog
from auto_deployer.model.settings import Settings
from auto_deployer.runner.attached import AttachedRunner
from auto_deployer.runner.logs_kept import remove_old_logs
from auto_deployer.runner.settings import EffectiveSettings
from tests.runner.conftest import Runs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "agent_logs"
    made.mkdir()
    return made


def write(folder: Path, number: int, **fields: object) -> Path:
    path = folder / f"deploy_shop_20260101_0000{number:02}.json"
    log = {"deployment_id": f"d{number}", "status": "failed", "writer": this_writer(), **fields}
    path.write_bytes(render(DeploymentLog.model_validate(log)))
    path.with_suffix(".files").mkdir()
    return path


def left(folder: Path) -> list[str]:
    return [row.summary.deployment_id for row in LogStore(folder).rows()]


def test_what_is_needed_or_not_ours_stays(folder: Path) -> None:
    elsewhere = this_writer().model_copy(update={"host": "elsewhere"})
    gone = write(folder, 1)
    write(folder, 2, status="running", retry_of="d3", group_id="g1")
    write(folder, 3)
    write(folder, 4, group_id="g1")
    write(folder, 5, writer=elsewhere)
    write(folder, 6, writer=None)
    write(folder, 7, group_id="g2")
    write(folder, 8)
    remove_old_logs(folder, 1, "g2")
    assert left(folder) == ["d8", "d7", "d6", "d5", "d4", "d3", "d2"]
    assert not gone.with_suffix(".files").exists()


def test_of_two_logs_of_one_deployment_the_older_file_goes_however_many_go_in_one_turn(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auto_deployer.runner.logs_kept._AT_ONCE", 2)
    write(folder, 1, deployment_id="d9")
    for number in range(2, 9):
        write(folder, number)
    kept = write(folder, 9)
    remove_old_logs(folder, 1)
    assert list(folder.glob("*.json")) == [kept]


async def test_the_oldest_ended_logs_go_beyond_the_number_of_the_setting(
    runs: Runs, folder: Path, make_repo: Callable[..., Path]
) -> None:
    for number in (1, 2, 3):
        write(folder, number)
    settings = Settings.model_validate({"logs": {"keep": 2}})
    runner = AttachedRunner(folder, lambda: EffectiveSettings(settings, None))
    await runner.start(runs.params(make_repo(README__md="nothing to run"), "new"))
    assert (await runner.wait("new")).outcome == "failed"
    assert left(folder) == ["new", "d3"]
    assert (await runner.wait("new")).outcome == "failed"  # freed by now: from the journal
