"""Group signals and the process table."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from auto_deployer.sessions.process import (
    ProcessRef,
    descendants,
    end_group,
    group_exists,
    group_members,
    kill_group,
    pipe_holders,
    still_running,
    vanished,
)


@pytest.fixture
def group(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A shell that leads its own group, with a child that is past its exec."""
    (tmp_path / "file").write_text("ready\n")
    shell = subprocess.Popen(
        ["bash", "-c", "tail -n +1 -f file & wait"], cwd=tmp_path, stdout=subprocess.PIPE, start_new_session=True
    )
    assert shell.stdout is not None
    assert shell.stdout.readline() == b"ready\n"
    yield shell
    kill_group(shell.pid)
    shell.wait()
    shell.stdout.close()


def test_members_and_descendants_are_told_by_name(group: subprocess.Popen[bytes]) -> None:
    assert {ref.name for ref in group_members(group.pid)} == {"bash", "tail"}
    assert [str(ref).split()[1] for ref in descendants(group.pid)] == ["tail"]


async def test_the_whole_group_ends(group: subprocess.Popen[bytes]) -> None:
    before = (*group_members(group.pid), *descendants(group.pid))
    await end_group(group.pid)
    assert still_running(before) == ()
    assert await vanished(group.pid, 0)


def test_a_zombie_is_dead_though_its_group_exists() -> None:
    zombie = subprocess.Popen(["true"], start_new_session=True)
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    assert group_exists(zombie.pid)
    assert group_members(zombie.pid) == ()
    zombie.wait()
    assert not group_exists(zombie.pid)


def test_a_reused_process_id_is_another_process() -> None:
    own = psutil.Process()
    assert still_running([ProcessRef(own.pid, own.create_time(), "me")])
    assert still_running([ProcessRef(own.pid, own.create_time() - 100, "me")]) == ()


async def test_stop_cuts_the_waiting_short(group: subprocess.Popen[bytes]) -> None:
    stop = asyncio.Event()
    stop.set()
    assert not await asyncio.wait_for(vanished(group.pid, 300, stop), 5)


def test_ending_a_group_that_is_gone_is_no_error() -> None:
    gone = subprocess.Popen(["true"], start_new_session=True)
    gone.wait()
    kill_group(gone.pid)
    asyncio.run(end_group(gone.pid))
    assert descendants(gone.pid) == ()


def test_who_holds_a_pipe(group: subprocess.Popen[bytes]) -> None:
    assert group.stdout is not None
    inode = os.fstat(group.stdout.fileno()).st_ino
    assert {ref.name for ref in pipe_holders([inode])} == {"bash", "tail"}
    assert pipe_holders([1]) == ()
