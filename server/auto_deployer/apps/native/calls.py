"""The text of commands that call this package."""

from __future__ import annotations

import shlex
import sys
from pathlib import PurePath

TEXT = "AUTO_DEPLOYER_TEXT"
"""Environment variable of the text that a call is to write: no shell comes between."""


def call(deploy_dir: str, *words: str) -> str:
    """Portable shell text (see `sessions.portable`) that runs a verb for a deploy directory, with the Python that runs us."""
    python = PurePath(sys.executable).as_posix()
    return shlex.join((python, "-m", "auto_deployer.apps.native", deploy_dir, *words))
