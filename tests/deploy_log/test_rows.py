"""Rows of a log folder: from the ends of logs, kept for as long as these stay as they are; what is no file never holds one up."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from auto_deployer.deploy_log import LogStore, index, read_log
from auto_deployer.deploy_log.document import render
from auto_deployer.deploy_log.sweep import this_writer
from auto_deployer.model.errors import LogError
from auto_deployer.model.log import DeploymentLog


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "agent_logs"
    made.mkdir()
    return made


LONG_AGO = (time.time() - 60, time.time() - 60)


def write(folder: Path, number: int, **fields: object) -> Path:
    """An ended log of long ago."""
    path = folder / f"deploy_shop_20260101_0000{number:02}.json"
    log = DeploymentLog.model_validate(
        {"deployment_id": f"d{number}", "repo_url": "r", "status": "success", "writer": this_writer(), "seq": 3, **fields}
    )
    path.write_bytes(render(log))
    os.utime(path, LONG_AGO)
    return path


def ids(store: LogStore) -> list[str]:
    return [row.summary.deployment_id for row in store.rows()]


def test_what_is_known_is_not_read_again_and_what_changed_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = write(folder, 1), write(folder, 2)
    foreign = folder / "notes.json"
    foreign.write_text("{}")
    os.utime(foreign, LONG_AGO)
    assert ids(LogStore(folder)) == ["d2", "d1"]
    read: list[str] = []
    original = index.read_row

    def counted(path: Path) -> object:
        read.append(path.name)
        return original(path)

    monkeypatch.setattr(index, "read_row", counted)
    store = LogStore(folder)
    assert ids(store) == ["d2", "d1"]
    assert read == []
    write(folder, 1, deployment_id="other")
    running = write(folder, 3, status="running")
    second.unlink()
    assert ids(store) == ["d3", "other"]
    assert ids(store) == ["d3", "other"]
    assert read == [running.name, first.name, running.name]


@pytest.mark.parametrize("damage", [b"", b"{", b'{"form": "x", "folder": "y", "rows": {}}', b"[]"])
def test_a_damaged_index_is_made_anew(folder: Path, damage: bytes) -> None:
    write(folder, 1)
    assert ids(LogStore(folder)) == ["d1"]
    index.index_path(folder).write_bytes(damage)
    assert ids(LogStore(folder)) == ["d1"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder, _: os.mkfifo(folder / "deploy_pipe_20260102_000000.json"),
        lambda _, files: os.mkfifo(files / "events.jsonl"),
        lambda folder, _: (folder / "deploy_zero_20260102_000000.json").symlink_to("/dev/zero"),
        lambda _, files: (files / "events.jsonl").symlink_to("/dev/zero"),
    ],
)
def test_a_fifo_or_a_device_among_the_files_is_skipped(folder: Path, spoil: Callable[[Path, Path], None]) -> None:
    path = write(folder, 1, status="running")
    files = path.with_suffix(".files")
    files.mkdir()
    spoil(folder, files)
    store = LogStore(folder)
    assert ids(store) == ["d1"]
    assert store.sweep() == []
    assert store.find_deployment("d1") == path
    assert store.find_deployment("d9") is None
    assert read_log(path).status == "running"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_fifo_that_is_named_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    with pytest.raises(LogError, match="it is no regular file"):
        read_log(pipe)
