"""Host facts of this machine, read by Python: for systems without a POSIX shell. `probe.sh` tells them elsewhere."""

from __future__ import annotations

import getpass
import os
import platform
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path, PurePath

import psutil

from ..model.facts import HostFacts, Tool
from .probe import version_in
from .system import has_posix_shell

_TOOLS = ("node", "npm", "pnpm", "yarn", "bun", "deno", "uv", "poetry", "git", "ruby", "php", "composer", "cargo", "dotnet", "curl")
_VERSION_S = 10.0
_CANDIDATES = (8000, 8001, 8002, 8080, 8081, 8082, 3000, 3001, 5000, 5001, 8888, 9000)
_MB = 1024 * 1024


def facts_here() -> HostFacts:
    """What is on this machine; blocks for as long as its programs take to tell their versions."""
    taken = {entry.laddr[1] for entry in psutil.net_connections("tcp") if entry.status == psutil.CONN_LISTEN and entry.laddr}
    with ThreadPoolExecutor(len(_TOOLS)) as pool:
        tools = tuple(tool for tool in pool.map(_tool, _TOOLS) if tool is not None)
    return HostFacts(
        hostname=socket.gethostname(),
        os=platform.system().lower(),
        distribution=platform.platform(),
        kernel=platform.release(),
        arch=platform.machine().lower().replace("amd64", "x86_64"),
        shell="bash" if has_posix_shell() else "powershell",
        user=_user(),
        home=Path.home().as_posix(),
        cpu_count=os.cpu_count() or 0,
        memory_mb=psutil.virtual_memory().total // _MB,
        disk_free_mb=shutil.disk_usage(Path.home()).free // _MB,
        tools=(*_pythons(), *tools),
        free_ports=tuple(port for port in _CANDIDATES if port not in taken),
        listening_ports=tuple(sorted(taken)),
    )


def _tool(name: str) -> Tool | None:
    path = shutil.which(name)
    if path is None:
        return None
    text = ""
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run([path, "--version"], capture_output=True, stdin=subprocess.DEVNULL, timeout=_VERSION_S, check=False)
        text = (done.stdout + done.stderr).decode("utf-8", "replace")
    return Tool(name=name, path=PurePath(path).as_posix(), version=version_in(text))


def _pythons() -> tuple[Tool, ...]:
    """The Python that we run on, outside of our own virtual environment; `python` on PATH may be the stub of Microsoft's store."""
    base = getattr(sys, "_base_executable", "") or sys.executable
    return (Tool(name="python3", path=PurePath(base).as_posix(), version=platform.python_version()),)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # no name for this user
        return ""
