"""Starting and stopping a release, as keeper.sh does it elsewhere."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil

from . import files
from .processes import live_processes, noted

LOGS_KEPT = 3
_START_S = 30.0
_KILL_ROUNDS = 20
_POLL_S = 0.05


def start(root: Path, release: str, port: str, host: str, up: str = "") -> str:
    """Have a keeper start the release; tells in words what runs. Nothing happens when it runs already.

    Args:
        root: The deploy directory.
        up: "up": it has proven itself before.

    Raises:
        OSError: it is not here, or its keeper did not come up.
    """
    run = root / "run" / release
    if live_processes(run):
        return f"release {release} is running already"
    _retire_keeper(run)
    if not (root / "releases" / release).is_dir():
        raise FileNotFoundError(f"release {release} is not here: {root / 'releases' / release}")
    for name in ("pid", "exit", "last_exit", "restarts", "gave_up", "up"):
        (run / name).unlink(missing_ok=True)
    if up:
        (run / "up").touch()
    shift_logs(run)
    files.write(run / "port", f"{port}\n")
    files.write(run / "started", f"{now()}\n")
    _detached([sys.executable, "-m", __package__ or "", str(root), "keep", release, port, host], run / "app.log")
    until = time.monotonic() + _START_S
    while not (run / "pid").exists():
        if time.monotonic() >= until:
            raise TimeoutError(f"the keeper of release {release} did not start; see {run / 'app.log'}")
        time.sleep(_POLL_S)
    pid = (run / "pid").read_text(encoding="utf-8").split()[0]
    return f"started release {release} as process {pid} with PORT={port}; its output: {run / 'app.log'}"


def stop(root: Path, release: str, grace_s: str, stopped_for: str = "") -> str:
    """End everything of the release: asked (where a system can), killed after the grace.

    Args:
        root: The deploy directory.
        grace_s: Seconds between the two.
        stopped_for: The release that it makes room for.

    Raises:
        OSError: it could not be noted why it is stopped, or something outlived the kill.
    """
    run = root / "run" / release
    if not stopped_for:
        files.write(run / "stopping", "")
    elif not (run / "stopping").exists() or not (run / "stopping").read_text(encoding="utf-8"):
        files.write(run / "stopping", f"{stopped_for}\n")
    living = live_processes(run)
    if not living:
        _retire_keeper(run)
        return f"release {release} is not running"
    _each(living, "terminate")
    _wait_gone(run, float(grace_s) + 0.2)
    for _ in range(_KILL_ROUNDS):
        living = live_processes(run)
        if not living:
            break
        _each(living, "kill")
        _wait_gone(run, 0.2)
    else:
        raise TimeoutError(f"still alive after being killed: {', '.join(str(process.pid) for process in living)}")
    until = time.monotonic() + 1.0
    while not (run / "exit").exists() and time.monotonic() < until:
        time.sleep(_POLL_S)
    return f"stopped release {release}"


def shift_logs(run: Path) -> None:
    """app.log becomes app.log.1 and so on; the oldest goes."""
    log = run / "app.log"
    if not log.exists() or not log.stat().st_size:
        return
    (run / f"app.log.{LOGS_KEPT}").unlink(missing_ok=True)
    for number in range(LOGS_KEPT - 1, 0, -1):
        with contextlib.suppress(FileNotFoundError):
            (run / f"app.log.{number}").replace(run / f"app.log.{number + 1}")
    with contextlib.suppress(PermissionError):  # somebody reads it: then it is written on
        log.replace(run / "app.log.1")


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _detached(command: list[str], log: Path) -> None:
    """Start a process that no end of ours reaches, with its output in a file."""
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_BREAKAWAY_FROM_JOB
    with log.open("ab") as output:
        try:
            _spawn(command, output.fileno(), flags)
        except PermissionError:  # the job that we are in lets nobody out
            _spawn(command, output.fileno(), flags & ~getattr(subprocess, "CREATE_BREAKAWAY_FROM_JOB", 0))


def _spawn(command: list[str], output: int, flags: int) -> None:
    subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=Path(command[3]).anchor or "/", creationflags=flags,
        start_new_session=os.name == "posix",
    )  # fmt: skip


def _retire_keeper(run: Path) -> None:
    """Nothing of the release runs: end a keeper that waits to start it again."""
    waiting = noted(run / "keeper")
    if waiting is not None and waiting.pid != os.getpid():
        with contextlib.suppress(psutil.Error):
            waiting.kill()
            _each(live_processes(run), "kill")


def _each(living: list[psutil.Process], verb: str) -> None:
    for process in living:
        with contextlib.suppress(psutil.Error):
            getattr(process, verb)()


def _wait_gone(run: Path, within_s: float) -> None:
    until = time.monotonic() + within_s
    while live_processes(run) and time.monotonic() < until:
        time.sleep(_POLL_S)
