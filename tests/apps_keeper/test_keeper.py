from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from auto_deployer.apps.env_file import format_env, parse_env
from auto_deployer.apps.keeper import install_command, prepare_command, processes_script, start_command, stop_command
from auto_deployer.model.plan import AppSpec
from tests.apps_keeper.harness import PYTHON, Place, eventually, fetch, fetch_json

RELEASE = "20260101-000000-aaaa"
SERVE = "from server import *\nserve()\n"
SHOW_ENVIRONMENT = """
from server import *
class Show(Handler):
    def answer(self):
        return json.dumps(dict(os.environ))
serve(handler=Show)
"""


async def start(place: Place, main: str, *, port: int, spec: AppSpec | None = None) -> str:
    """Start an app through the keeper alone; returns its URL."""
    place.release(RELEASE, main=main)
    deploy_dir = str(place.deploy_dir)
    for command in (
        install_command(deploy_dir),
        prepare_command(deploy_dir, RELEASE, spec or place.spec()),
        start_command(deploy_dir, RELEASE, port, "127.0.0.1"),
    ):
        code, output = await place.run(command)
        assert code == 0, output
    return f"http://127.0.0.1:{port}/"


def wait_for_log(place: Place, text: str) -> None:
    eventually(lambda: text in place.run_file(RELEASE, "app.log").read_text())


async def stop(place: Place, grace_s: int = 5) -> str:
    code, output = await place.run(stop_command(str(place.deploy_dir), RELEASE, grace_s=grace_s))
    assert code == 0, output
    return output


async def test_the_app_is_reparented_leads_a_session_and_holds_no_pipe_of_ours(place: Place, free_port: int) -> None:
    url = await start(place, SERVE, port=free_port)
    wait_for_log(place, "listening")
    (process,) = place.processes(RELEASE)
    assert fetch(url) == RELEASE
    assert os.getsid(process.pid) == os.getpgid(process.pid) == process.pid
    keeper = process.parent()
    assert keeper is not None
    assert os.getpid() not in [ancestor.pid for ancestor in process.parents()]
    for fd in (0, 1, 2):
        assert not os.readlink(f"/proc/{process.pid}/fd/{fd}").startswith("pipe:")
    extra = [fd for fd in os.listdir(f"/proc/{keeper.pid}/fd") if int(fd) > 2]
    assert not [fd for fd in extra if os.readlink(f"/proc/{keeper.pid}/fd/{fd}").startswith("pipe:")]


async def test_what_the_keeper_writes_is_readable_by_its_user_alone(place: Place, free_port: int) -> None:
    await start(place, SERVE, port=free_port)
    wait_for_log(place, "listening")
    for file in (place.deploy_dir / "run" / RELEASE).iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


async def test_the_environment_is_chosen_by_us(place: Place, free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "planted")
    env_file = place.deploy_dir / "shared" / ".env"
    env_file.parent.mkdir()
    env_file.write_text("# comment\nFROM_FILE=kept\nOVERRIDDEN=by the file\nPORT=1\nkeeper_root=/nowhere\nUID=7\nIFS=x\n")
    spec = place.spec(env={"FROM_PLAN": "planned", "OVERRIDDEN": "by the plan"})
    seen = fetch_json(await _url_when_listening(place, SHOW_ENVIRONMENT, free_port, spec))
    assert seen["PORT"] == str(free_port)
    assert seen["HOST"] == "127.0.0.1"
    assert (seen["FROM_FILE"], seen["FROM_PLAN"], seen["OVERRIDDEN"]) == ("kept", "planned", "by the file")
    assert seen["HOME"] == os.environ["HOME"]
    unwanted = {"CI", "DEBIAN_FRONTEND", "OPENAI_API_KEY", "PIP_NO_INPUT", "GIT_TERMINAL_PROMPT", "PYTHONUNBUFFERED", "keeper_root"}
    assert not unwanted & set(seen)


NASTY = {
    "EMPTY": "",
    "DOLLAR": "$HOME $(touch /tmp/x) `id`",
    "BLANKS": "  both ends  ",
    "LINES": "-----BEGIN KEY-----\nabc\\n\r\n\tdef\n-----END KEY-----\n",
    "QUOTES": "\"double\" and 'single'",
    "IN_DOUBLE": '"quoted"',
    "IN_SINGLE": "'quoted'",
    "BACKSLASH": "C:\\new\\table",
    "EQUALS": "a=b=c #not a comment",
    "UNICODE": "grün €",
}


async def test_env_values_arrive_as_they_are_and_are_never_executed(place: Place, free_port: int) -> None:
    env_file = place.deploy_dir / "shared" / ".env"
    env_file.parent.mkdir()
    env_file.write_text(format_env(NASTY))
    assert parse_env(env_file.read_text()) == NASTY
    seen = fetch_json(await _url_when_listening(place, SHOW_ENVIRONMENT, free_port))
    assert {name: seen[name] for name in NASTY} == NASTY


async def test_env_file_values_are_in_no_command_line(place: Place, free_port: int) -> None:
    env_file = place.deploy_dir / "shared" / ".env"
    env_file.parent.mkdir()
    env_file.write_text("TOKEN=tok-planted-8d1f\n")
    await start(place, SERVE, port=free_port)
    wait_for_log(place, "listening")
    lines = Path("/proc").glob("[0-9]*/cmdline")
    assert not [line for line in lines if b"tok-planted-8d1f" in _read(line)]
    assert "tok-planted-8d1f" not in place.run_file(RELEASE, "app.log").read_text()


SHOW_IGNORED = """
from server import *
import signal
class Show(Handler):
    def answer(self):
        ignored = [s for s in signal.Signals if s not in (signal.SIGPIPE, signal.SIGXFSZ) and signal.getsignal(s) == signal.SIG_IGN]
        return json.dumps([s.name for s in ignored])
serve(handler=Show)
"""
"""Python itself ignores those two."""


@pytest.fixture
def _started_from_nohup() -> Iterator[None]:
    """As a shell's background job under nohup does: HUP, INT and QUIT are ignored, and whoever we start inherits that."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_started_from_nohup")
@pytest.mark.parametrize("env", ["GNU's env", "another env, and python3"])
async def test_no_signal_is_ignored_in_the_app(
    place: Place, free_port: int, env: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if env != "GNU's env":
        programs = tmp_path / "programs"
        programs.mkdir()
        (programs / "env").write_text(f'#!/bin/sh\ncase $1 in --*) exit 64;; esac\nexec {shutil.which("env")} "$@"\n')
        (programs / "env").chmod(0o755)
        monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    elif subprocess.run(["env", "--default-signal", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("needs GNU env")
    assert fetch_json(await _url_when_listening(place, SHOW_IGNORED, free_port)) == []


async def test_a_crash_is_noted_with_exit_code_and_time(place: Place, free_port: int) -> None:
    await start(place, "import sys; print('about to fail'); sys.exit(7)", port=free_port)
    eventually(place.run_file(RELEASE, "exit").exists)
    code, at = place.run_file(RELEASE, "exit").read_text().split()
    assert code == "7"
    assert at.endswith("+00:00")
    run = (await place.state()).run(RELEASE)
    assert (run.running, run.exit_code, run.stop_requested) == (False, 7, False)


async def test_a_zombie_counts_as_dead(place: Place, free_port: int) -> None:
    """The keeper is frozen, so that it cannot reap its child."""
    await start(place, SERVE, port=free_port)
    wait_for_log(place, "listening")
    (process,) = place.processes(RELEASE)
    keeper = process.parent()
    assert keeper is not None
    keeper.suspend()
    try:
        process.kill()
        eventually(lambda: process.status() == psutil.STATUS_ZOMBIE)
        assert not (await place.state()).run(RELEASE).running
    finally:
        keeper.resume()
    eventually(lambda: "137" in place.run_file(RELEASE, "exit").read_text() if place.run_file(RELEASE, "exit").exists() else False)


def test_what_runs_is_seen_where_no_file_can_be_written(tmp_path: Path) -> None:
    running = os.getpid()
    others = "".join(f"{pid} 1 1\n" for pid in range(10_000_000, 10_006_000))  # more than a shell hands on without a file
    (tmp_path / "pid").write_text(f"{running} {_read(Path('/proc/self/stat')).rpartition(b')')[2].split()[19].decode()}\n")
    table = tmp_path / "table"
    table.write_text(f"{others}{running} {running} {running}\n")
    script = f"""{processes_script()}
keeper_table=$(cat '{table}')
trap '' XFSZ
ulimit -f 0
live_processes '{tmp_path}' no-mark"""
    seen = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert seen.stdout == f"{running} {running}\n"


async def test_stopping_takes_back_an_app_that_ignores_term(place: Place, free_port: int) -> None:
    ignoring = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nfrom server import *\nserve()\n"
    await start(place, ignoring, port=free_port)
    wait_for_log(place, "listening")
    assert "KILL" in await stop(place, grace_s=1)
    run = (await place.state()).run(RELEASE)
    assert (run.running, run.exit_code, run.stop_requested) == (False, 137, True)


async def test_stopping_reaches_children_that_left_the_session_or_hide_their_mark(place: Place, free_port: int) -> None:
    forking = """
import os, subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], start_new_session=True)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], env={"PATH": os.environ["PATH"]})
from server import *
serve()
"""
    await start(place, forking, port=free_port)
    wait_for_log(place, "listening")
    state = await place.state()
    pids = [process.pid for process in state.run(RELEASE).processes]
    assert len(pids) == 3
    await stop(place)
    assert not [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]


async def test_term_to_the_keeper_alone_leaves_the_app_running_and_kept(place: Place, free_port: int) -> None:
    url = await start(place, SERVE, port=free_port)
    wait_for_log(place, "listening")
    (process,) = place.processes(RELEASE)
    os.kill(process.ppid(), signal.SIGTERM)
    assert fetch(url) == RELEASE
    await stop(place)
    assert place.run_file(RELEASE, "exit").read_text().startswith("143 ")


async def test_a_pid_that_is_used_again_is_not_taken_for_the_app(place: Place, free_port: int) -> None:
    await start(place, SERVE, port=free_port)
    wait_for_log(place, "listening")
    await stop(place)
    bystander = subprocess.Popen([PYTHON, "-c", "import time; time.sleep(300)"], start_new_session=True)
    try:
        place.run_file(RELEASE, "pid").write_text(f"{bystander.pid} 12345\n")
        assert not (await place.state()).run(RELEASE).running
        await stop(place, grace_s=0)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


async def test_starting_twice_leaves_the_first_alone(place: Place, free_port: int) -> None:
    await start(place, SERVE, port=free_port)
    wait_for_log(place, "listening")
    (first,) = place.processes(RELEASE)
    code, output = await place.run(start_command(str(place.deploy_dir), RELEASE, free_port, "127.0.0.1"))
    assert code == 0
    assert "already" in output
    assert [process.pid for process in place.processes(RELEASE)] == [first.pid]


STARTER = """
import asyncio, sys
from auto_deployer.model.ports import CommandSpec
from auto_deployer.sessions.local import LocalSession
async def main():
    command = CommandSpec(sys.argv[1] + "\\nsleep 300")
    await LocalSession().run(command, on_spawned=lambda _: None, on_output=lambda *_: None, stop=asyncio.Event())
asyncio.run(main())
"""


async def test_the_app_outlives_the_death_of_the_whole_tree_that_started_it(place: Place, free_port: int) -> None:
    place.release(RELEASE, main=SERVE)
    deploy_dir = str(place.deploy_dir)
    for command in (install_command(deploy_dir), prepare_command(deploy_dir, RELEASE, place.spec())):
        await place.run(command)
    starting = start_command(deploy_dir, RELEASE, free_port, "127.0.0.1").command
    starter = subprocess.Popen([sys.executable, "-c", STARTER, starting])
    wait_for = place.run_file(RELEASE, "pid")
    eventually(lambda: wait_for.exists() and "listening" in place.run_file(RELEASE, "app.log").read_text())
    tree = psutil.Process(starter.pid).children(recursive=True)
    assert tree
    for process in (*tree, psutil.Process(starter.pid)):
        process.kill()
    starter.wait()
    assert fetch(f"http://127.0.0.1:{free_port}/") == RELEASE
    (app,) = place.processes(RELEASE)
    app.terminate()
    eventually(place.run_file(RELEASE, "exit").exists)
    assert place.run_file(RELEASE, "exit").read_text().startswith("143 ")


async def _url_when_listening(place: Place, main: str, port: int, spec: AppSpec | None = None) -> str:
    url = await start(place, main, port=port, spec=spec)
    wait_for_log(place, "listening")
    return url


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
