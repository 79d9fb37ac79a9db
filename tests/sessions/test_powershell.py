"""The contract of sessions (`test_contract`) for text of PowerShell: on the real program where it is to be had."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import sys
from pathlib import Path

import psutil
import pytest
from tests.suggestions import suggested

from auto_deployer.model.errors import RefusedError
from auto_deployer.model.ports import CommandSpec, Spawned, StreamName
from auto_deployer.sessions.powershell import PROGRAMS, PowerShellSession, WindowsSession, find_powershell

from .conftest import PROMPT_QUIET_S, Ran, Run, runner

PYTHON = sys.executable
PROJECT = Path(__file__).parents[2]
HERE = next(filter(None, map(shutil.which, PROGRAMS)), None)
real = pytest.mark.skipif(HERE is None, reason=f"none of {' and '.join(PROGRAMS)} is on PATH")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """On the real program."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return runner(PowerShellSession(prompt_quiet_s=PROMPT_QUIET_S), longest_s=60)


@pytest.fixture
def portable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Portable commands, on the real program or on what stands in for it (`powershell_reading`)."""
    monkeypatch.setenv("HOME", str(tmp_path))
    program = HERE
    if program is None:
        stand_in = tmp_path / "pwsh"
        stand_in.write_text(
            f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(PROJECT))} exec {PYTHON} -m tests.sessions.powershell_reading "$@"\n'
        )
        stand_in.chmod(0o755)
        program = str(stand_in)
    return runner(WindowsSession(prompt_quiet_s=PROMPT_QUIET_S, program=program), longest_s=60)


def _is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _pid(ran: Ran) -> int:
    return int(ran.stdout.split()[0])


# ---- text of PowerShell ----


@real
@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("", 0), ("exit 3", 3), (f"& '{PYTHON}' -c 'raise SystemExit(4)'", 4), ("throw 'no'", 1), ("Get-Item ./not-there", 1),
        ("definitely-no-such-program", 127), ("if (", 1), (f"& '{PYTHON}' -c 'raise SystemExit(4)'; exit 0", 0),
    ],
)  # fmt: skip
async def test_exit_codes(run: Run, command: str, code: int) -> None:
    assert (await run(command)).outcome.exit_code == code


@real
async def test_output_is_utf8_and_comes_by_stream(run: Run) -> None:
    ran = await run("Write-Output 'größer ✓'; [Console]::Error.WriteLine('é')")
    assert ran.stdout.decode().strip() == "größer ✓"
    assert ran.stderr.decode().strip() == "é"


@real
async def test_what_a_program_writes_to_stderr_is_no_error(run: Run) -> None:
    ran = await run(f"& '{PYTHON}' -c 'import sys; sys.stderr.write(str(1))'; Write-Output after")
    assert (ran.outcome.exit_code, ran.stdout.strip()) == (0, b"after")


@real
async def test_the_environment_is_an_allow_list_and_stdin_is_empty(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SERVICE_TOKEN", "key-value-3")
    ran = await run(f"Get-ChildItem env: | Out-String; & '{PYTHON}' -c 'print(input())'", env={"GREETING": "hello"})
    assert b"key-value" not in ran.stdout
    assert b"hello" in ran.stdout
    assert b"EOFError" in ran.stderr


@real
@pytest.mark.parametrize(
    "word", ["it's", "a b", "$HOME", "`n", "‘x’", "a;b", "&", "%PATH%", "--x=1", "(1)", "@a", "#", "é✓", "C:\\x"]
)
async def test_words_arrive_at_programs_as_they_were(portable: Run, word: str) -> None:
    ran = await portable(
        shlex.join([PYTHON.replace("\\", "/"), "-c", "import sys; sys.stdout.buffer.write(sys.argv[1].encode())", word])
    )
    assert (ran.outcome.exit_code, ran.stdout.decode()) == (0, word), ran.stderr


# ---- portable commands, and what holds for every command ----


async def test_portable_commands_run_one_after_the_other(portable: Run) -> None:
    python = shlex.quote(PYTHON.replace("\\", "/"))
    ran = await portable(f"A=b && {python} -c 'import os; print(os.environ[\"A\".strip()])'".replace('"A".strip()', "chr(65)"))
    assert ran.stdout.strip() == b"b"
    failing = await portable(f"{python} -c 'raise SystemExit(3)' && {python} -c 'print(1)'")
    assert (failing.outcome.exit_code, failing.stdout) == (3, b"")
    assert (await portable("definitely-no-such-program")).outcome.exit_code == 127
    assert (await portable("command -v git")).outcome.exit_code == 0


async def test_what_is_not_portable_is_not_started(portable: Run) -> None:
    ran = await portable("ls | wc")
    assert (ran.outcome.exit_code, ran.spawned) == (126, [])
    assert b"cannot be run by PowerShell: `|`" in ran.stderr


async def test_runs_in_the_given_folder(portable: Run, tmp_path: Path) -> None:
    folder = tmp_path / "it's a folder"
    folder.mkdir()
    python = shlex.quote(PYTHON.replace("\\", "/"))
    assert Path((await portable(f"{python} -c 'import os; print(os.getcwd())'", cwd=str(folder))).stdout.decode().strip()) == folder
    missing = await portable("git --version", cwd=str(tmp_path / "gone"))
    assert missing.outcome.exit_code == 126
    assert b"could not be started" in missing.stderr


async def test_when_on_spawned_raises_the_command_never_runs(portable: Run, tmp_path: Path) -> None:
    session = WindowsSession(program=HERE or str(tmp_path / "pwsh"))
    spawned: list[Spawned] = []

    def refuse(process: Spawned) -> None:
        spawned.append(process)
        raise RuntimeError("the log cannot be written")

    command = shlex.join([PYTHON.replace("\\", "/"), "-c", "open('ran', 'w')"])
    with pytest.raises(RuntimeError, match="the log cannot be written"):
        await session.run(
            CommandSpec(command, cwd=str(tmp_path)), on_spawned=refuse, on_output=lambda *_: None, stop=asyncio.Event()
        )
    assert not _is_alive(spawned[0].pid)
    assert not (tmp_path / "ran").exists()
    assert (await portable("git --version")).outcome.exit_code == 0


_CHILD = """import subprocess, sys, time
print(subprocess.Popen([sys.executable, '-c', sys.argv[1]]).pid, flush=True)
time.sleep(300)"""
"""Prints the number of a child of its own."""


async def test_stop_and_time_outs_end_the_whole_tree(portable: Run) -> None:
    command = shlex.join([PYTHON.replace("\\", "/"), "-c", _CHILD, "import time; time.sleep(300)"])
    stopped = await portable(command, stop_when=b"\n")
    assert (stopped.outcome.stopped, stopped.outcome.left_running) == (True, ())
    assert not _is_alive(_pid(stopped))
    late = await portable(command, total_timeout_s=6.0, idle_timeout_s=60.0)
    assert (late.outcome.exit_code, late.outcome.timed_out) == (-2, "total")
    assert not _is_alive(_pid(late))
    quiet = await portable(command, total_timeout_s=60.0, idle_timeout_s=4.0)
    assert (quiet.outcome.exit_code, quiet.outcome.timed_out) == (-1, "idle")
    assert not _is_alive(_pid(quiet))


async def test_what_on_output_raises_ends_the_command(portable: Run, tmp_path: Path) -> None:
    session = WindowsSession(program=HERE or str(tmp_path / "pwsh"))
    spawned: list[Spawned] = []

    def refuse(stream: StreamName, chunk: bytes) -> None:
        raise OSError("disk full")

    command = shlex.join([PYTHON.replace("\\", "/"), "-c", _CHILD, "import time; time.sleep(300)"])
    with pytest.raises(OSError, match="disk full"):
        await session.run(CommandSpec(command), on_spawned=spawned.append, on_output=refuse, stop=asyncio.Event())
    assert not _is_alive(spawned[0].pid)
    assert portable is not None


async def test_much_output_arrives_whole(portable: Run) -> None:
    command = shlex.join([PYTHON.replace("\\", "/"), "-c", "import os; [os.write(1, b'x' * 65536) for _ in range(100)]"])
    assert len((await portable(command)).stdout) == 6_553_600


def test_without_powershell_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RefusedError, match="there is none on PATH") as refused:
        find_powershell()
    assert any("WSL 2" in suggestion for suggestion in suggested(refused.value))
    assert os.environ["PATH"] == str(tmp_path)
