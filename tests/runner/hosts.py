"""The processes that host the deployments of a test, found by the private home that they were given."""

from __future__ import annotations

import time
from pathlib import Path

import psutil

from auto_deployer.deploy_log.sweep import COMMAND_MARK

_END_S = 10.0
_MARKS = (COMMAND_MARK, "AUTO_DEPLOYER_KEEPER", "AUTO_DEPLOYER_APP")


def environment_of(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ() if process.status() != psutil.STATUS_ZOMBIE else {}
    except (psutil.Error, OSError):
        return {}


def hosts_below(folder: Path) -> list[psutil.Process]:
    """Living hosts whose HOME lies in the folder."""
    return [process for process in _below(folder) if "auto_deployer.runner.host" in _arguments(process)]


def wait_until_gone(processes: list[psutil.Process], within: float = _END_S) -> None:
    deadline = time.monotonic() + within
    for process in processes:
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline, f"{process} is still there"
            time.sleep(0.02)


def kill_all_below(folder: Path) -> None:
    """End hosts first, then commands and apps that they leave."""
    hosts = hosts_below(folder)
    for process in [*hosts, *(found for found in _below(folder) if any(mark in environment_of(found) for mark in _MARKS))]:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def _below(folder: Path) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if environment_of(process).get("HOME", "").startswith(f"{folder}/")]


def _arguments(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except (psutil.Error, OSError):
        return []
