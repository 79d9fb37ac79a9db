"""The machine checks of a step. They read only."""

from __future__ import annotations

import asyncio
import shlex
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from ..model.log import AppInfo, CheckResult
from ..model.plan import Check, CommandCheck, FileCheck, HttpCheck, PortCheck, ProcessCheck
from ..model.ports import Session
from ..sessions import system
from .health import http_get

_LOOPBACK = ("127.0.0.1", "::1")
_COMMAND_TIMEOUT_S = 60.0
_CONNECT_S = 5.0
_SHOWN = 500

_Seen = tuple[bool, str]
"""Passed, detail."""


async def run_check(check: Check, session: Session, app: AppInfo | None) -> CheckResult:
    """Run one check on the target.

    Args:
        app: What is up; checks of port, process and HTTP fail without it.
    """
    passed, detail = await _look(check, session, app)
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    return CheckResult(type=check.type, description=describe(check, app), passed=passed, detail=detail, at=at)


def describe(check: Check, app: AppInfo | None = None) -> str:
    """What a check wants, in words.

    Args:
        app: Names the port and the process, once they are known.
    """
    match check:
        case FileCheck():
            return f"{check.path} exists"
        case CommandCheck():
            return f"`{check.command}` exits with {check.exit_code}"
        case PortCheck():
            return f"port {app.port} accepts connections" if app else "the app's port accepts connections"
        case ProcessCheck():
            return f"process {app.pid} is alive" if app else "the app's process is alive"
        case HttpCheck():
            wanted = "status 200" if check.expect == "static" else "a status below 500"
            body = f' and "{check.body_contains}" in the body' if check.body_contains else ""
            return f"GET {check.path}{f' on port {app.port}' if app else ''} answers with {wanted}{body}"


async def _look(check: Check, session: Session, app: AppInfo | None) -> _Seen:
    if isinstance(check, FileCheck):
        return await _file(check, session)
    if isinstance(check, CommandCheck):
        return await _command(check, session)
    if app is None:
        return False, "no app has been started"
    match check:
        case PortCheck():
            return await _port(session, app)
        case ProcessCheck():
            return await _process(session, app)
        case HttpCheck():
            return await _http(check, session, app)


def _hosts(app: AppInfo) -> tuple[str, ...]:
    """Where it was found first, then loopback."""
    found = urlsplit(app.url).hostname
    return tuple(dict.fromkeys(filter(None, (found, *_LOOPBACK))))


async def _file(check: FileCheck, session: Session) -> _Seen:
    if system.is_native(session):
        found = _file_here(Path(check.path))
        return found == "found", found
    path = shlex.quote(check.path)
    script = f"""
[ -e {path} ] || {{ echo "is not there"; exit 1; }}
[ ! -d {path} ] || [ -n "$(ls -A {path})" ] || {{ echo "is empty or cannot be read"; exit 1; }}
echo found
"""
    result = await session.probe(script)
    return result.exit_code == 0, result.stdout.strip()


def _file_here(path: Path) -> str:
    if not path.exists():
        return "is not there"
    return "found" if not path.is_dir() or any(path.iterdir()) else "is empty or cannot be read"


async def _command(check: CommandCheck, session: Session) -> _Seen:
    leave = "\n" if system.is_native(session) else " || exit 1\n"  # PowerShell ends by itself where it cannot enter
    enter = f"cd {shlex.quote(check.cwd)}{leave}" if check.cwd else ""
    result = await session.probe(f"{enter}{check.command}", timeout_s=_COMMAND_TIMEOUT_S)
    output = (result.stdout + result.stderr).strip()[-_SHOWN:]
    detail = f"exit code {result.exit_code}{f': {output}' if output else ''}"
    return result.exit_code == check.exit_code, detail


async def _port(session: Session, app: AppInfo) -> _Seen:
    if system.is_native(session):
        opened = any([await _accepts(host, app.port) for host in _hosts(app)])
        return opened, "open" if opened else "nothing accepts connections there"
    attempts = " || ".join(f"(exec 3<> {shlex.quote(f'/dev/tcp/{host}/{app.port}')}) 2>/dev/null" for host in _hosts(app))
    result = await session.probe(attempts)
    open_ = result.exit_code == 0
    return open_, "open" if open_ else "nothing accepts connections there"


async def _accepts(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), _CONNECT_S)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def _process(session: Session, app: AppInfo) -> _Seen:
    if system.is_native(session):
        from .native.processes import token_of

        is_alive = token_of(app.pid) is not None
        return is_alive, "alive" if is_alive else "gone"
    script = (
        f"state=$(ps -o stat= -p {app.pid} 2>/dev/null || sed 's/.*) //' /proc/{app.pid}/stat 2>/dev/null)\n"
        'case $state in "") echo gone; exit 1 ;; Z*) echo "dead (a zombie)"; exit 1 ;; *) echo alive ;; esac'
    )
    result = await session.probe(script)
    return result.exit_code == 0, result.stdout.strip()


async def _http(check: HttpCheck, session: Session, app: AppInfo) -> _Seen:
    answer = await http_get(session, _hosts(app), app.port, check.path)
    return answer.passes(check.expect, check.body_contains), str(answer)
