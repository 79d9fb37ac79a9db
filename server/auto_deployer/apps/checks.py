"""The machine checks of a step. They read only."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from urllib.parse import urlsplit

from ..model.log import AppInfo, CheckResult
from ..model.plan import Check, CommandCheck, FileCheck, HttpCheck, PortCheck, ProcessCheck
from ..model.ports import Session
from .health import http_get

_LOOPBACK = ("127.0.0.1", "::1")
_COMMAND_TIMEOUT_S = 60.0
_SHOWN = 500

_Seen = tuple[bool, str, str]
"""Passed, description, detail."""


async def run_check(check: Check, session: Session, app: AppInfo | None) -> CheckResult:
    """Run one check on the target.

    Args:
        app: What is up; checks of port, process and HTTP fail without it.
    """
    passed, description, detail = await _look(check, session, app)
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    return CheckResult(type=check.type, description=description, passed=passed, detail=detail, at=at)


async def _look(check: Check, session: Session, app: AppInfo | None) -> _Seen:
    if isinstance(check, FileCheck):
        return await _file(check, session)
    if isinstance(check, CommandCheck):
        return await _command(check, session)
    if app is None:
        return False, f"{check.type} of the app", "no app has been started"
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
    path = shlex.quote(check.path)
    script = f"""
[ -e {path} ] || {{ echo "is not there"; exit 1; }}
[ ! -d {path} ] || [ -n "$(ls -A {path})" ] || {{ echo "is empty or cannot be read"; exit 1; }}
echo found
"""
    result = await session.probe(script)
    return result.exit_code == 0, f"{check.path} exists", result.stdout.strip()


async def _command(check: CommandCheck, session: Session) -> _Seen:
    enter = f"cd {shlex.quote(check.cwd)} || exit 1\n" if check.cwd else ""
    result = await session.probe(f"{enter}{check.command}", timeout_s=_COMMAND_TIMEOUT_S)
    output = (result.stdout + result.stderr).strip()[-_SHOWN:]
    detail = f"exit code {result.exit_code}{f': {output}' if output else ''}"
    return result.exit_code == check.exit_code, f"`{check.command}` exits with {check.exit_code}", detail


async def _port(session: Session, app: AppInfo) -> _Seen:
    attempts = " || ".join(f"(exec 3<> {shlex.quote(f'/dev/tcp/{host}/{app.port}')}) 2>/dev/null" for host in _hosts(app))
    result = await session.probe(attempts)
    open_ = result.exit_code == 0
    return open_, f"port {app.port} accepts connections", "open" if open_ else "nothing accepts connections there"


async def _process(session: Session, app: AppInfo) -> _Seen:
    script = (
        f"state=$(ps -o stat= -p {app.pid} 2>/dev/null || sed 's/.*) //' /proc/{app.pid}/stat 2>/dev/null)\n"
        'case $state in "") echo gone; exit 1 ;; Z*) echo "dead (a zombie)"; exit 1 ;; *) echo alive ;; esac'
    )
    result = await session.probe(script)
    return result.exit_code == 0, f"process {app.pid} is alive", result.stdout.strip()


async def _http(check: HttpCheck, session: Session, app: AppInfo) -> _Seen:
    answer = await http_get(session, _hosts(app), app.port, check.path)
    wanted = "status 200" if check.expect == "static" else "a status below 500"
    if check.body_contains:
        wanted += f' and "{check.body_contains}" in the body'
    description = f"GET {check.path} on port {app.port} answers with {wanted}"
    return answer.passes(check.expect, check.body_contains), description, str(answer)
