"""The CLI as on a system without /proc: no shell text that it runs finds one. `python -m tests.systems.without_proc deploy …`."""

from __future__ import annotations

import runpy
import sys
from typing import Any

from auto_deployer.sessions import local
from auto_deployer.sessions.child import Child, spawn


def _spawn(command: str, **how: Any) -> Child:
    return spawn(command.replace("/proc", "/no-proc"), **how)


if __name__ == "__main__":
    local.spawn = _spawn
    sys.argv[0] = "auto-deployer"
    runpy.run_module("auto_deployer", run_name="__main__")
