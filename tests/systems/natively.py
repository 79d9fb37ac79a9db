"""The CLI as on a machine without a POSIX shell, as far as that can be had here: `python -m tests.systems.natively deploy …`.

Apps are kept by Python, plans and checks are of portable commands only; each is rendered for PowerShell (or the test fails) and
then run by bash, which takes portable commands too.
"""

from __future__ import annotations

import platform
import runpy
import sys
from typing import Any

from auto_deployer.apps.native import keep
from auto_deployer.planning import native
from auto_deployer.sessions import facts_here, here, local, system
from auto_deployer.sessions.child import Child, spawn
from auto_deployer.sessions.portable import to_powershell


def _spawn(command: str, **how: Any) -> Child:
    to_powershell(command)
    return spawn(command, **how)


if __name__ == "__main__":
    assert all((here, keep, facts_here))  # what they took from `system` stays: bash runs the commands
    local.spawn = _spawn
    system.has_posix_shell = lambda: False
    system.is_windows_path = lambda _: True
    native._PROGRAMS = (".venv/bin/", ".venv/bin/")  # type: ignore[assignment]
    platform.system = lambda: "Windows"
    sys.argv[0] = "auto-deployer"
    runpy.run_module("auto_deployer", run_name="__main__")
