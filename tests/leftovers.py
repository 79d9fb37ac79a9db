"""Nothing that a test started may outlive the suite: a process that works in, or knows of, one of its folders fails the run."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import psutil
import pytest

PATIENCE_S = 20.0
"""What was told to end may take this long: a keeper gives its app ten seconds."""

_FOUND = pytest.StashKey[list[str]]()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """End what still runs and let the run fail; with workers it is for the process that started them, when all are done."""
    if hasattr(session.config, "workerinput"):
        return
    left = _await_end(_folder(session.config))
    session.config.stash[_FOUND] = [_told(process) for process in left]
    if left:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.kill()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name them: the folder tells which test."""
    found = config.stash.get(_FOUND, [])
    if found:
        terminalreporter.section(f"FAILED: left running by the tests: {len(found)}", red=True)
    for line in found:
        terminalreporter.write_line(line)


def _await_end(folder: Path) -> list[psutil.Process]:
    until = time.monotonic() + PATIENCE_S
    while (left := running_in(folder)) and time.monotonic() < until:
        time.sleep(0.2)
    return left


def running_in(folder: Path) -> list[psutil.Process]:
    """What has a path in `folder` as its working folder, in its words or its environment; never ourselves and who started us."""
    ours = {psutil.Process().pid, *(parent.pid for parent in psutil.Process().parents())}
    return [process for process in psutil.process_iter() if process.pid not in ours and _knows(process, f"{folder}/")]


def _knows(process: psutil.Process, prefix: str) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        words = (f"{process.cwd()}/", *process.cmdline(), *process.environ().values())
    except (psutil.Error, OSError):
        return False
    return any(prefix in word for word in words)


def _told(process: psutil.Process) -> str:
    try:
        return f"{process.pid} in {process.cwd()}: {' '.join(process.cmdline())[:300]}"
    except psutil.Error:
        return str(process.pid)


def _folder(config: pytest.Config) -> Path:
    factory: pytest.TempPathFactory = config._tmp_path_factory  # pyright: ignore[reportAttributeAccessIssue]  # has no public name
    return factory.getbasetemp().resolve()
