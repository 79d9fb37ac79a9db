"""An exclusive lock on an open file, held by the open file description, so that exec'd children do not keep it.

`flock` rather than `lockf`: the latter is lost when the process closes any descriptor of the file (measured).
"""

from __future__ import annotations

import os
import sys

if sys.platform == "win32":
    import msvcrt

    _LOCKED_BYTE = 0x7FFF_0000
    """Far behind the end: Windows lets nobody else read a byte that is locked. `locking` counts in 32 bits with a sign."""

    def try_lock(descriptor: int) -> bool:
        """Take the lock without waiting; False when another process has it."""
        before = os.lseek(descriptor, 0, os.SEEK_CUR)
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(descriptor, before, os.SEEK_SET)
        return True

else:
    import fcntl

    def try_lock(descriptor: int) -> bool:
        """Take the lock without waiting; False when another process has it."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
