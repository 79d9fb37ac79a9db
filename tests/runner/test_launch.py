"""A host that does not begin in time is ended before anybody is told; it never deploys behind the user's back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from auto_deployer.model import requests as rq
from auto_deployer.model.errors import AutoDeployerError
from auto_deployer.model.settings import Settings
from auto_deployer.runner import launch as launching
from auto_deployer.runner.launch import launch
from auto_deployer.runner.settings import EffectiveSettings
from tests.runner.conftest import SERVER
from tests.runner.hosts import hosts_below, kill_all_below, wait_until_gone

WAIT_S = 20.0

SLOW = """
import os, sys, time
if "auto_deployer.runner.host" in sys.orig_argv:
    def slow():
        with open({note!r}, "a") as file:
            file.write(f"{{os.getpid()}} {{os.getpgid(0)}}\\n")
        time.sleep({seconds})
    {when}
"""
"""A sitecustomize: Python itself is slow, before our code or in the process that was forked off."""
BEFORE, FORKED = "slow()", "os.register_at_fork(after_in_child=slow)"


@pytest.fixture
def note(tmp_path: Path) -> Iterator[Path]:
    """Where a slow host writes down who it is."""
    yield tmp_path / "host"
    kill_all_below(tmp_path)


def make_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, note: Path, when: str, seconds: float) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(SLOW.format(note=str(note), when=when, seconds=seconds))
    monkeypatch.setenv("PYTHONPATH", str(folder))


async def begin(tmp_path: Path, repo: Path) -> rq.StartResult:
    params = rq.StartParams.model_validate({
        "repo": str(repo), "deploymentId": "d1", "deployDir": str(tmp_path / "deployments" / "shop"),
        "overrides": {"start": "python3 serve.txt"},
    })  # fmt: skip
    return await launch(tmp_path / "agent_logs", "start", params, "d1", EffectiveSettings(Settings(), None), interactive=False)


async def written(note: Path) -> tuple[int, int]:
    """Process and group of the host, once it is slow."""
    async with asyncio.timeout(WAIT_S):
        while not (note.exists() and note.read_text().endswith("\n")):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.01)
    pid, group = note.read_text().split()
    return int(pid), int(group)


def wait_until_pid_gone(pid: int) -> None:
    """It was killed, and has closed its files; a killed process takes another moment to leave the table."""
    if psutil.pid_exists(pid):
        wait_until_gone([psutil.Process(pid)])


@pytest.mark.parametrize("when", [BEFORE, FORKED])
async def test_who_is_told_that_nothing_came_up_can_rely_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_repo: Callable[..., Path], note: Path, when: str
) -> None:
    make_slow(tmp_path, monkeypatch, note, when, seconds=60)
    repo = make_repo(serve__txt=SERVER)
    for limit in (1.5, 6, 24):  # on a busy machine it may not even have come as far as being slow
        monkeypatch.setattr(launching, "_BEGIN_S", limit)
        with pytest.raises(AutoDeployerError, match=rf"did not come up: it said nothing for {limit} s, and was ended"):
            await begin(tmp_path, repo)
        wait_until_gone(hosts_below(tmp_path))
        if note.exists():
            break
    wait_until_pid_gone((await written(note))[0])
    assert not list(tmp_path.glob("agent_logs/*.json"))


async def test_a_caller_that_gives_up_leaves_no_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_repo: Callable[..., Path], note: Path
) -> None:
    make_slow(tmp_path, monkeypatch, note, FORKED, seconds=60)
    task = asyncio.ensure_future(begin(tmp_path, make_repo(serve__txt=SERVER)))
    pid, group = await written(note)
    assert group != pid  # of the process that we started and that has ended by now
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    wait_until_pid_gone(pid)
    assert not list(tmp_path.glob("agent_logs/*.json"))
