"""What every session promises (`model.ports.Session`). D7 to D12 are defects of an earlier deployer that must not come back."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from auto_deployer.model.ports import CommandSpec, Session, Spawned, StreamName

from .conftest import Ran, Run

Alive = Callable[[int], Awaitable[bool]]

MAX_CHUNK = 65_536

needs_setsid = pytest.mark.skipif(shutil.which("setsid") is None, reason="needs setsid (macOS has none)")
needs_proc = pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc (macOS has none)")

DAEMON = "setsid bash -c 'echo $$; touch up; exec sleep 300{redirect}' & until [ -e up ]; do sleep 0.05; done"
"""A process in a session of its own that prints its id; the shell goes on when it is there."""


@pytest.fixture
async def end_later(session: Session) -> AsyncIterator[list[int]]:
    """Processes to end after the test."""
    pids: list[int] = []
    yield pids
    await session.probe("kill -KILL " + " ".join(map(str, pids)) if pids else "true")


def pid_on(ran: Ran) -> int:
    """The process id that a command printed as its first line."""
    return int(ran.stdout.split()[0])


# ---- results ----


async def test_output_comes_raw_and_by_stream(run: Run) -> None:
    ran = await run("echo out; echo err >&2")
    assert (ran.outcome.exit_code, ran.stdout, ran.stderr) == (0, b"out\n", b"err\n")
    assert (ran.outcome.timed_out, ran.outcome.stopped, ran.outcome.left_running) == (None, False, ())


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("true", 0),
        ("exit 3", 3),
        ("false", 1),
        ("definitely-no-such-program", 127),
        ("kill -KILL $$", 137),
        ("kill -TERM $$", 143),
        ("bash -c 'kill -SEGV $$'", 139),
        ("if then", 2),
    ],
)
async def test_exit_codes_and_signals(run: Run, command: str, code: int) -> None:
    assert (await run(command)).outcome.exit_code == code


async def test_spawned_names_the_process_and_its_group(run: Run) -> None:
    ran = await run("echo $$; ps -o pgid= -p $$")
    assert len(ran.spawned) == 1
    assert [ran.spawned[0].pid, ran.spawned[0].pgid] == [int(word) for word in ran.stdout.split()]


async def test_a_command_of_several_lines(run: Run) -> None:
    assert (await run("for i in 1 2; do\n  cat <<END\nline $i\nEND\ndone")).stdout == b"line 1\nline 2\n"


async def test_runs_in_the_given_folder(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "it's a folder"
    folder.mkdir()
    assert (await run("pwd", cwd=str(folder))).stdout.decode().strip() == str(folder)


async def test_runs_in_the_home_directory_by_default(run: Run) -> None:
    ran = await run('[ "$PWD" = "$HOME" ]')
    assert ran.outcome.exit_code == 0


async def test_a_missing_folder_fails_the_command_and_says_so(run: Run, tmp_path: Path) -> None:
    ran = await run("echo ran", cwd=str(tmp_path / "gone"))
    assert ran.outcome.exit_code == 1
    assert ran.stdout == b""
    assert b"gone: No such file or directory" in ran.stderr


async def test_a_command_too_long_for_the_system_is_a_failed_outcome(run: Run) -> None:
    ran = await run("true " + "x" * 4_000_000)
    assert ran.outcome.exit_code == 126
    assert b"could not be started" in ran.stderr


async def test_the_commands_own_variables_are_added(run: Run) -> None:
    assert (await run("echo $GREETING $CI", env={"GREETING": "hello", "CI": "no"})).stdout == b"hello no\n"


@needs_proc
async def test_the_command_has_no_descriptors_of_ours(run: Run) -> None:
    ran = await run("for fd in {0..999}; do [ -e /proc/$$/fd/$fd ] && echo $fd; done; true")
    assert ran.stdout.split() == [b"0", b"1", b"2"]


# ---- output ----


async def test_d10_bytes_that_are_no_utf8_are_kept(run: Run) -> None:
    ran = await run(r"printf '\377\376\000caf\351'")
    assert (ran.outcome.exit_code, ran.stdout) == (0, b"\xff\xfe\x00caf\xe9")


async def test_output_without_a_newline_comes_in_chunks(run: Run) -> None:
    ran = await run("head -c 20000000 /dev/zero | tr '\\0' x")
    assert len(ran.stdout) == 20_000_000
    assert max(len(chunk) for _, chunk in ran.chunks) <= MAX_CHUNK


async def test_what_a_background_child_prints_soon_after_is_kept(run: Run) -> None:
    assert (await run("(sleep 0.3; echo late) & echo now")).stdout == b"now\nlate\n"


async def test_what_on_output_raises_ends_the_command(session: Session, alive: Alive) -> None:
    spawned: list[Spawned] = []

    def refuse(stream: StreamName, chunk: bytes) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        await session.run(
            CommandSpec("echo something; sleep 300"), on_spawned=spawned.append, on_output=refuse, stop=asyncio.Event()
        )
    assert not await alive(spawned[0].pid)


# ---- stdin and environment ----


async def test_d12_stdin_is_empty_there_is_no_terminal_and_our_stdout_stays_clean(
    run: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    ran = await run("cat; read -r line; echo read=$?; (: </dev/tty) 2>/dev/null || echo no terminal")
    assert ran.stdout == b"read=1\nno terminal\n"
    assert capfd.readouterr() == ("", "")


async def test_d11_the_environment_is_an_allow_list(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTO_DEPLOYER_LLM_API_KEY", "key-value-1")
    monkeypatch.setenv("AUTO_DEPLOYER_SSH_PASSWORD", "key-value-2")
    monkeypatch.setenv("SOME_SERVICE_TOKEN", "key-value-3")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/key-value-4")
    ran = await run("env")
    assert b"key-value" not in ran.stdout
    assert b"PATH=" in ran.stdout
    assert b"CI=1" in ran.stdout


# ---- the gate ----


async def test_when_on_spawned_raises_the_command_never_runs(session: Session, tmp_path: Path) -> None:
    def refuse(spawned: Spawned) -> None:
        raise RuntimeError("the log cannot be written")

    with pytest.raises(RuntimeError, match="the log cannot be written"):
        await session.run(
            CommandSpec("touch ran", cwd=str(tmp_path)), on_spawned=refuse, on_output=lambda *_: None, stop=asyncio.Event()
        )
    assert (await session.probe(f"test -e '{tmp_path}/ran'")).exit_code == 1


async def test_stopped_before_the_gate_it_never_runs(session: Session, tmp_path: Path) -> None:
    stop = asyncio.Event()
    outcome = await session.run(
        CommandSpec("touch ran", cwd=str(tmp_path)), on_spawned=lambda _: stop.set(), on_output=lambda *_: None, stop=stop
    )
    assert outcome.stopped
    assert (await session.probe(f"test -e '{tmp_path}/ran'")).exit_code == 1


async def test_stopped_before_it_was_called_nothing_is_spawned(session: Session) -> None:
    stop, spawned = asyncio.Event(), list[Spawned]()
    stop.set()
    outcome = await session.run(CommandSpec("true"), on_spawned=spawned.append, on_output=lambda *_: None, stop=stop)
    assert outcome.stopped
    assert spawned == []


# ---- time-outs ----


async def test_d7_a_prompt_without_a_newline_is_told_and_ended(run: Run, alive: Alive) -> None:
    ran = await run("printf 'Password: '; sleep 300", idle_timeout_s=200)
    assert (ran.outcome.exit_code, ran.outcome.timed_out) == (-1, "idle")
    assert ran.outcome.waiting_for_input == "Password:"
    assert ran.stdout == b"Password: "
    assert not await alive(ran.spawned[0].pid)


async def test_d7_at_the_idle_time_out_any_prompt_is_told(run: Run) -> None:
    ran = await run("echo; printf 'Name of the project (app): '; sleep 300", idle_timeout_s=0.8)
    assert (ran.outcome.timed_out, ran.outcome.waiting_for_input) == ("idle", "Name of the project (app):")


async def test_a_silent_command_is_no_prompt(run: Run) -> None:
    ran = await run("echo 'Compiling:'; sleep 300", idle_timeout_s=0.8)
    assert (ran.outcome.exit_code, ran.outcome.timed_out, ran.outcome.waiting_for_input) == (-1, "idle", "")


async def test_d9_a_time_out_ends_grandchildren_and_keeps_partial_output(run: Run, alive: Alive) -> None:
    ran = await run("bash -c 'echo partial >&2; sleep 300 & echo $!; wait' ; echo never", total_timeout_s=0.8)
    assert (ran.outcome.exit_code, ran.outcome.timed_out) == (-2, "total")
    assert ran.stderr == b"partial\n"
    assert b"never" not in ran.stdout
    assert not await alive(pid_on(ran))


async def test_output_puts_the_idle_time_out_off(run: Run) -> None:
    ran = await run("for i in 1 2 3 4 5 6; do echo $i; sleep 0.4; done", idle_timeout_s=1.6)
    assert (ran.outcome.exit_code, ran.outcome.timed_out) == (0, None)


# ---- ending ----


@pytest.mark.parametrize(
    "command",
    [
        "echo $$; sleep 300",
        "echo $$; trap '' TERM; sleep 300; sleep 300",
        "(trap '' TERM; echo $BASHPID; while true; do sleep 1; done)",
        "echo $$; kill -STOP $$",
        "echo $$; while true; do echo noise; done",
        "python3 -c 'import os, signal, time; signal.signal(15, 1); print(os.getpid(), flush=True); time.sleep(300)'",
    ],
    ids=["plain", "ignores TERM", "child ignores TERM", "suspended", "floods", "program ignores TERM"],
)
async def test_stop_ends_the_whole_group_within_three_seconds(run: Run, alive: Alive, command: str) -> None:
    ran = await run(command, stop_when=b"\n", within_s=6)
    assert ran.outcome.stopped
    assert ran.outcome.exit_code in (143, 137)
    assert ran.outcome.left_running == ()
    assert not await alive(pid_on(ran))


async def test_d8_a_background_child_holding_the_pipe_does_not_hang_and_is_ended(run: Run, alive: Alive) -> None:
    ran = await run("sleep 300 & echo $!")
    assert ran.outcome.exit_code == 0
    assert not await alive(pid_on(ran))


async def test_a_nohup_child_left_in_the_group_is_ended(run: Run, alive: Alive) -> None:
    ran = await run("nohup sleep 300 >/dev/null 2>&1 & echo $!")
    assert (ran.outcome.exit_code, ran.outcome.left_running) == (0, ())
    assert not await alive(pid_on(ran))


@needs_setsid
async def test_a_daemon_that_left_the_group_with_our_pipe_is_listed(run: Run, alive: Alive, end_later: list[int]) -> None:
    ran = await run(DAEMON.format(redirect=""))
    daemon = pid_on(ran)
    end_later.append(daemon)
    assert ran.outcome.exit_code == 0
    assert [line.split()[0] for line in ran.outcome.left_running] == [str(daemon)]
    assert await alive(daemon)


@needs_setsid
async def test_a_daemon_with_its_own_output_runs_on(run: Run, alive: Alive, end_later: list[int]) -> None:
    ran = await run(DAEMON.format(redirect=" >/dev/null 2>&1"))
    end_later.append(pid_on(ran))
    assert ran.outcome.exit_code == 0
    assert await alive(pid_on(ran))


@needs_setsid
async def test_what_escaped_a_stopped_command_is_listed(run: Run, alive: Alive, end_later: list[int]) -> None:
    ran = await run(DAEMON.format(redirect=" >/dev/null 2>&1") + "; echo there; sleep 300", stop_when=b"there")
    escaped = pid_on(ran)
    end_later.append(escaped)
    assert ran.outcome.stopped
    assert [line.split()[0] for line in ran.outcome.left_running] == [str(escaped)]
    assert await alive(escaped)


MARKED = {"env": {"A_MARK": "d1/c1"}, "mark": "A_MARK=d1/c1"}


@needs_setsid
@needs_proc
async def test_a_daemon_with_its_own_output_is_listed_by_its_mark(run: Run, alive: Alive, end_later: list[int]) -> None:
    ran = await run(DAEMON.format(redirect=" >/dev/null 2>&1"), **MARKED)
    daemon = pid_on(ran)
    end_later.append(daemon)
    assert ran.outcome.exit_code == 0
    assert [line.split()[0] for line in ran.outcome.left_running] == [str(daemon)]
    assert await alive(daemon)


@needs_setsid
@pytest.mark.parametrize("trap", ["", "trap '' TERM; "])
async def test_a_marked_daemon_of_a_stopped_command_is_ended(run: Run, alive: Alive, trap: str, end_later: list[int]) -> None:
    """It is nobody's child any more, in a session of its own, and holds no pipe of ours."""
    daemon = f"setsid bash -c '{trap}echo $$ > up; sleep 300; sleep 300' >/dev/null 2>&1 < /dev/null & disown"
    ran = await run(f"({daemon}); until [ -s up ]; do sleep 0.05; done; cat up; sleep 300", stop_when=b"\n", within_s=10, **MARKED)
    end_later.append(pid_on(ran))
    assert ran.outcome.stopped
    assert ran.outcome.left_running == ()
    assert not await alive(pid_on(ran))


async def test_cancelling_the_call_ends_the_command(session: Session, alive: Alive) -> None:
    spawned: list[Spawned] = []
    running = asyncio.Event()
    call = asyncio.create_task(
        session.run(
            CommandSpec("echo up; sleep 300"),
            on_spawned=spawned.append,
            on_output=lambda *_: running.set(),
            stop=asyncio.Event(),
        )
    )
    await asyncio.wait_for(running.wait(), 10)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert not await alive(spawned[0].pid)


async def test_commands_run_at_the_same_time(run: Run, tmp_path: Path) -> None:
    """Each waits for the other's file: one after the other they would time out."""
    meet = "touch {0}; until [ -e {1} ]; do sleep 0.05; done"
    both = await asyncio.gather(
        run(meet.format("a", "b"), cwd=str(tmp_path), total_timeout_s=10),
        run(meet.format("b", "a"), cwd=str(tmp_path), total_timeout_s=10),
    )
    assert [ran.outcome.exit_code for ran in both] == [0, 0]


# ---- probe ----


async def test_probe_returns_text(session: Session) -> None:
    result = await session.probe("echo found; printf '\\377' >&2; exit 4")
    assert (result.exit_code, result.stdout, result.stderr) == (4, "found\n", "\ufffd")


async def test_a_probe_that_hangs_ends_with_minus_two(session: Session) -> None:
    assert (await session.probe("sleep 300", timeout_s=0.4)).exit_code == -2
