"""What kind of system this machine is, as far as commands and processes differ by it."""

from __future__ import annotations

import os
import re

from ..model.ports import Session

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


def has_posix_shell() -> bool:
    """Whether commands of this machine are run by bash. Elsewhere (Windows) they are run by PowerShell."""
    return os.name == "posix"


def is_native(session: Session) -> bool:
    """Whether the target is this machine, and that without a POSIX shell: apps are kept by Python there, not by shell text."""
    return session.target == "local" and not has_posix_shell()


def is_windows_path(path: str) -> bool:
    """Whether an absolute path is one of Windows: it begins with a drive. What lies there is changed natively, too."""
    return _DRIVE.match(path) is not None
