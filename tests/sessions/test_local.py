"""What only a session on this machine can show: our own death, descriptors, and the way without pidfds."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from auto_deployer.model.errors import RefusedError
from auto_deployer.model.ports import CommandSpec, Spawned
from auto_deployer.model.reasons import Kind
from auto_deployer.sessions.local import LocalSession

from .conftest import Ran

DIES_AT_THE_GATE = """
import asyncio, os, signal
from auto_deployer.model.ports import CommandSpec
from auto_deployer.sessions.local import LocalSession

def die(spawned):
    print(spawned.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(LocalSession().run(CommandSpec("touch ran", cwd=os.getcwd()), on_spawned=die, on_output=print, stop=asyncio.Event()))
"""


async def run_local(command: str, **spec: object) -> Ran:
    ran = Ran()
    call = LocalSession().run(
        CommandSpec(command, **spec),  # type: ignore[arg-type]
        on_spawned=ran.spawned.append,
        on_output=lambda stream, chunk: ran.chunks.append((stream, chunk)),
        stop=asyncio.Event(),
    )
    ran.outcome = await asyncio.wait_for(call, 20)
    return ran


def test_the_target_is_local() -> None:
    assert LocalSession().target == "local"


def test_when_we_are_killed_at_the_gate_the_command_never_runs(tmp_path: Path) -> None:
    died = subprocess.run([sys.executable, "-c", DIES_AT_THE_GATE], cwd=tmp_path, stdout=subprocess.PIPE, timeout=30, check=False)
    assert died.returncode == -signal.SIGKILL
    shell = int(died.stdout)
    deadline = time.monotonic() + 10
    while psutil.pid_exists(shell) and psutil.Process(shell).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the shell still waits at the gate"
        time.sleep(0.02)
    assert not (tmp_path / "ran").exists()


async def test_nothing_runs_before_on_spawned_has_returned(tmp_path: Path) -> None:
    def look(spawned: Spawned) -> None:
        assert psutil.Process(spawned.pid).is_running()
        time.sleep(0.2)  # the command would be through by now
        assert not (tmp_path / "ran").exists()

    await LocalSession().run(
        CommandSpec("touch ran", cwd=str(tmp_path)), on_spawned=look, on_output=lambda *_: None, stop=asyncio.Event()
    )
    assert (tmp_path / "ran").exists()


async def test_a_command_killed_at_the_gate_is_an_outcome() -> None:
    def kill(spawned: Spawned) -> None:
        os.kill(spawned.pid, signal.SIGKILL)

    outcome = await LocalSession().run(CommandSpec("true"), on_spawned=kill, on_output=lambda *_: None, stop=asyncio.Event())
    assert outcome.exit_code == 137


async def test_descriptors_and_processes_are_given_back() -> None:
    await run_local("true")
    before = psutil.Process().num_fds()
    for command in ("true", "exit 1", "sleep 300 & true", "no-such-program"):
        await run_local(command)
    assert psutil.Process().num_fds() == before
    assert psutil.Process().children() == []


async def test_a_null_character_is_a_failed_outcome() -> None:
    ran = await run_local("echo a\0b")
    assert (ran.outcome.exit_code, ran.spawned) == (126, [])


async def test_exits_are_seen_without_pidfds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    assert (await run_local("echo hello; exit 7")).outcome.exit_code == 7
    assert (await run_local("sleep 300", total_timeout_s=0.3)).outcome.exit_code == -2


async def test_other_work_goes_on_while_a_command_floods() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counting = asyncio.create_task(count())
    ran = await run_local("head -c 50000000 /dev/zero")
    counting.cancel()
    assert len(ran.stdout) == 50_000_000
    assert turns > 100


def test_without_bash_the_session_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RefusedError) as refused:
        LocalSession()
    assert refused.value.kind == Kind.MISSING_TOOL
