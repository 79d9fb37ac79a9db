"""The session of this machine, whatever it is."""

from __future__ import annotations

from ..model.ports import Session
from .system import has_posix_shell


def local_session() -> Session:
    """Commands run by bash; on Windows by PowerShell.

    Raises:
        RefusedError: that shell is not here.
    """
    if has_posix_shell():
        from .local import LocalSession

        return LocalSession()
    from .powershell import WindowsSession

    return WindowsSession()
