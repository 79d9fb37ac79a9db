"""Which tools are on this machine, as far as entries ask."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache

from .entries import Entry


@cache
def is_here(tool: str) -> bool:
    """Whether a tool can be used. "docker" means a running engine; "node22" a Node of that major version or newer."""
    if tool == "docker":
        return _answers("docker", "info")
    if wanted := re.fullmatch(r"node(\d+)", tool):
        return _node_major() >= int(wanted[1])
    return shutil.which(tool) is not None


def why_skipped(entry: Entry) -> str:
    """What keeps an entry from being tried here, in words; "" when nothing does."""
    if missing := [tool for tool in entry.needs if not is_here(tool)]:
        return f"needs {', '.join(missing)}"
    if present := [tool for tool in entry.without if is_here(tool)]:
        return f"is about the absence of {', '.join(present)}, here present"
    return ""


def _answers(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _node_major() -> int:
    if shutil.which("node") is None:
        return 0
    version = subprocess.run(["node", "--version"], capture_output=True, encoding="utf-8", check=False).stdout
    number = re.match(r"v(\d+)", version)
    return int(number[1]) if number else 0
