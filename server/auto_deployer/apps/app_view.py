"""An app as it is shown: its state in one record, its log in parts."""

from __future__ import annotations

import base64
import codecs
import shlex
from typing import Literal

from ..model.errors import NotFoundError
from ..model.ports import Session
from ..model.requests import AppState, OutputResult
from ..sessions import system
from .container import usage_in_containers
from .layout import OwnerRecord, log_path
from .secrets import app_secrets
from .state import DeployDirState, RunState, log_tail
from .usage import usage_of


async def app_state(session: Session, state: DeployDirState, record: OwnerRecord) -> AppState:
    """The app and how it is now; the last lines of its log when it crashed."""
    run, live = state.run(state.current), record.release(state.current)
    status = _status(run)
    usage = await usage_of(session, [process.pid for process in run.processes])
    volumes: tuple[str, ...] = ()
    if live is not None and live.spec.container is not None:
        volumes = tuple(f"volume {name}" for name in live.spec.container.volumes)
        usage = await usage_in_containers(session, live.spec)
    return AppState(
        name=record.app,
        deploy_dir=state.deploy_dir,
        repo=record.repo,
        subdir=record.subdir,
        status=status,
        url=live.url if live and run.running else None,
        port=live.port if live else run.port,
        pid=run.pid,
        release=state.current,
        releases=tuple(entry.id for entry in record.releases),
        since=run.started_at,
        exit_code=None if run.running else run.exit_code,
        last_lines=await log_tail(session, state.deploy_dir, run.release) if status == "crashed" else (),
        restarts=run.restarts,
        last_exit_code=run.last_exit_code if run.running else run.exit_code,
        gave_up=run.gave_up,
        memory_bytes=usage.memory_bytes,
        cpu_percent=usage.cpu_percent,
        data=(*state.data, *volumes),
    )


async def read_app_log(session: Session, deploy_dir: str, release: str, offset: int | None, limit: int) -> OutputResult:
    """A part of the app's own log, masked. It ends with a whole line where it can, so that no secret is cut in two.

    Args:
        offset: Byte to begin at; None: the last part. Beyond the end the log was begun anew: from its beginning.
        limit: Bytes at most.

    Raises:
        NotFoundError: the release never ran.
    """
    path = log_path(deploy_dir, release)
    size = await _size(session, path)
    if size is None:
        raise NotFoundError(f"The app has no log yet ({path}).")
    start = max(0, size - limit) if offset is None else offset if offset <= size else 0
    raw = await _bytes(session, path, start, min(limit, size - start))
    text, used = _decoded(raw[: raw.rfind(b"\n") + 1] or raw)
    text = (await app_secrets(session, deploy_dir)).mask(text)
    return OutputResult(text=text, offset=start, next_offset=start + used, size=size)


async def _size(session: Session, path: str) -> int | None:
    if system.is_native(session):
        from .native import reading

        return reading.size_of(path)
    counted = await session.probe(f"wc -c < {shlex.quote(path)}")
    return int(counted.stdout) if counted.exit_code == 0 else None


async def _bytes(session: Session, path: str, start: int, count: int) -> bytes:
    if system.is_native(session):
        from .native import reading

        return reading.part_of(path, start, count)
    # base64: a character that is cut in two at the end has to arrive as the bytes it is.
    result = await session.probe(f"tail -c +{start + 1} {shlex.quote(path)} | head -c {count} | base64")
    return base64.b64decode(result.stdout)


def _status(run: RunState) -> Literal["running", "stopped", "crashed"]:
    if run.running:
        return "running"
    ended_by_itself = run.first_pid is not None and not run.stop_requested
    return "crashed" if ended_by_itself else "stopped"


def _decoded(raw: bytes) -> tuple[str, int]:
    """Text and the bytes it took: a character cut in two at the end is left for the next read."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(raw)
    waiting = len(decoder.getstate()[0])
    if waiting == len(raw):  # no character begins like that, or reading would never get on
        return text + decoder.decode(b"", final=True), len(raw)
    return text, len(raw) - waiting
