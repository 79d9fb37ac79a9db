"""Finds logs whose writer is gone, ends what their last command left running, and gives them their end: `interrupted`.

A living writer holds the journal's lock; only who gets that lock may touch the log. Process ids are no proof: they are
reused, and other hosts and containers share folders.
"""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import re
import signal
import sys
import time
from collections.abc import Callable, Container
from datetime import datetime
from pathlib import Path

from ..masking import SecretRegistry
from ..model import events as ev
from ..model.errors import LogError
from ..model.log import CommandRecord, CurrentCommand, DeploymentLog, StepResult, Summary, Writer
from ..model.reasons import Kind, Reason
from ..model.suggestions import suggest
from .boot import boot_id
from .descriptors import is_regular, open_regular
from .journal import JOURNAL_NAME, is_locked
from .ownership import first_fault
from .recorder import FILES_SUFFIX, Recorder, files_folder, utc_now

logger = logging.getLogger(__name__)

COMMAND_MARK = "AUTO_DEPLOYER_COMMAND"
"""Environment variable of every command: "<deployment id>/<command id>"; tells its processes from others with a reused id."""
EndApp = Callable[[DeploymentLog], str]
"""Ends what an interrupted deployment had started as its app; tells what was done, "" for nothing."""
_GRACE_S = 0.5
_STATUS = re.compile(rb'\n  "status": "(\w+)"')
_STATUS_WITHIN = 1024


def command_mark(deployment_id: str, command_id: str) -> str:
    """Value of `COMMAND_MARK` for a command."""
    return f"{deployment_id}/{command_id}"


def this_writer() -> Writer:
    """Who we are, for the log."""
    return Writer(pid=os.getpid(), boot_id=boot_id(), host=platform.node())


def sweep_log(path: Path, *, end_app: EndApp | None = None, other_hosts: bool = False) -> DeploymentLog | None:
    """Bring a dead writer's log up to its journal and give it its end.

    Returns the ended document, or None when there was nothing to do: its writer lives, it has ended, it has no journal, or it was
    written on another host (unless `other_hosts`), or others own it or may write it.
    """
    journal = files_folder(path) / JOURNAL_NAME
    if not is_regular(journal) or _says_ended(path) or is_locked(journal):
        return None
    if fault := first_fault((path.parent, path, journal.parent, journal)):
        logger.warning("%s is only read: %s", path, fault)
        return None
    try:
        return _sweep_dead(path, end_app, other_hosts=other_hosts)
    except LogError as error:  # one damaged log, or a full disk, does not keep the others from being swept
        logger.warning("%s is left as it is: %s", path, error)
        return None


def _sweep_dead(path: Path, end_app: EndApp | None, *, other_hosts: bool) -> DeploymentLog | None:
    last_written = (files_folder(path) / JOURNAL_NAME).stat().st_mtime
    recorder = Recorder.reopen(path, SecretRegistry())
    try:
        writer = recorder.log.writer
        ours = writer is not None and writer.host == platform.node()
        if recorder.log.status != "running" or not (ours or other_hosts):
            return None
        same_boot = ours and writer is not None and writer.boot_id != "" and writer.boot_id == boot_id()
        _interrupt(recorder, end_app if same_boot else None, same_boot=same_boot, last_written=last_written)
        return recorder.log
    finally:
        recorder.close()


def sweep_folder(folder: Path, end_app: EndApp | None = None, ended: Container[str] = ()) -> list[Path]:
    """`sweep_log` for every journal of a log folder; returns the logs that got their end.

    Args:
        ended: Names of log files that are known to have it.
    """
    paths = _with_files(folder, ended)
    return [path for path in paths if sweep_log(path, end_app=end_app) is not None]


def _with_files(folder: Path, ended: Container[str]) -> list[Path]:
    """The log files, there or not, that have a folder of files, by name; but for those that have ended."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name.removesuffix(FILES_SUFFIX) + ".json" for entry in entries if entry.name.endswith(FILES_SUFFIX)]
    except OSError:
        return []
    return [folder / name for name in sorted(names) if name not in ended]


def _says_ended(path: Path) -> bool:
    """Whether the file itself says so: `status` stands at its end, so that a folder of large logs is swept quickly."""
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _STATUS_WITHIN))
            return (match := _STATUS.search(file.read())) is not None and match.group(1) != b"running"
    except OSError:
        return False


def _interrupt(recorder: Recorder, end_app: EndApp | None, *, same_boot: bool, last_written: float) -> None:
    """Record the ends that the dead writer owed: command, step, deployment."""
    log = recorder.log
    reason = Reason(
        kind=Kind.PROCESS_DIED,
        message="The process that ran this deployment ended before the deployment did.",
        suggestions=(suggest("Retry it", command=f"auto-deployer retry {log.deployment_id}"),),
    )
    step = log.steps[-1] if log.steps and log.steps[-1].status == "running" else None
    if step is not None:
        step_id, attempt, command = step.step_id, step.attempt, step.current_command
        if command is not None:
            record = _record(command, end_command(log.deployment_id, command) if same_boot else ())
            recorder.record(ev.CommandExecuted(step_id=step_id, attempt=attempt, command_id=command.id, command=record))
        recorder.record(ev.StepFinished(step_id=step_id, attempt=attempt, step=_ended(recorder.log.steps[-1], reason)))
    if end_app is not None and (done := end_app(log)):
        recorder.record(ev.NoteAdded(kind="recovery", message=done))
    summary = _summary(recorder.log, last_written)
    recorder.record(ev.Finished(outcome="interrupted", reason=reason, log_uri=recorder.log_uri, summary=summary))


def _ended(step: StepResult, reason: Reason) -> StepResult:
    now = utc_now()
    return step.model_copy(update={
        "status": "interrupted", "reason": reason, "error": reason.message, "ended_at": now, "commands": (),
        "current_command": None,
    })  # fmt: skip


def _summary(log: DeploymentLog, last_written: float) -> Summary:
    """As far as it came: its last event stands for the time of its end."""
    steps = len(log.plan.steps) if log.plan else len({step.step_id for step in log.steps})
    began = datetime.fromisoformat(log.start_time).timestamp() if log.start_time else last_written
    return log.summary.model_copy(update={"total_steps": steps, "duration_seconds": round(max(0.0, last_written - began), 3)})


def _record(command: CurrentCommand, left: tuple[str, ...]) -> CommandRecord:
    return CommandRecord(
        command=command.command, success=False, exit_code=128 + 9, id=command.id, cwd=command.cwd, source=command.source,
        reasoning=command.reasoning, started_at=command.started_at, output=command.output, stopped=True, left_running=left,
        stderr="The deployment's process ended while this command ran: its effect is unverified.",
    )  # fmt: skip


def end_command(deployment_id: str, command: CurrentCommand) -> tuple[str, ...]:
    """End what an interrupted command left, in its process group or out of it; returns what could not be ended, "pid name".

    A process counts only when it carries the command's mark: a reused number, or one that somebody made up, harms nobody.
    """
    if sys.platform == "win32" or not deployment_id or not command.id:
        return ()
    mark = command_mark(deployment_id, command.id)
    _signal(_marked(mark), signal.SIGTERM)
    deadline = time.monotonic() + _GRACE_S
    while (left := _marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.02)
    _signal(left, signal.SIGKILL)
    deadline = time.monotonic() + _GRACE_S
    while (left := _marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return tuple(f"{pid} {name}" for pid, name in left)


def _marked(mark: str) -> list[tuple[int, str]]:
    """Living processes that carry the mark."""
    import psutil  # only where a process tree is ended

    found: list[tuple[int, str]] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(COMMAND_MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append((process.pid, process.name()))
    return found


def _signal(processes: list[tuple[int, str]], number: int) -> None:
    for pid, _ in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
