"""Opening files of ours and making what was written last, in the ways of the systems."""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from pathlib import Path

OWN_FILE = (
    getattr(os, "O_CLOEXEC", 0)  # children do not get it (on Windows they never do)
    | getattr(os, "O_NOFOLLOW", 0)  # a link in its place is not followed (Windows has no such flag)
    | getattr(os, "O_BINARY", 0)  # Windows changes line ends otherwise
)
"""Flags for opening a file of ours, besides how it is used."""

_NO_WAITING = getattr(os, "O_NONBLOCK", 0)  # of a FIFO's other end, of a device
_LEASE_PATIENCE_S = 2.0
"""A log's second buffer is leased while it is written (`exchange.py`); who opens it in the moment of the exchange comes again."""


def open_regular(path: Path, flags: int = os.O_RDONLY) -> int:
    """Open a file that lies among the logs, whoever put it there: never a FIFO, a device or a link, and never waiting for one.

    Raises:
        OSError: it cannot be opened, or is no regular file.
    """
    patience = time.monotonic() + _LEASE_PATIENCE_S
    while True:
        try:
            descriptor = os.open(path, flags | OWN_FILE | _NO_WAITING, 0o600)
        except BlockingIOError:
            if time.monotonic() >= patience:
                raise
            time.sleep(0.001)
            continue
        except OSError as error:
            if error.errno == errno.ELOOP:  # where a link would have been followed
                raise _no_file(path) from error
            raise
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return descriptor
        os.close(descriptor)
        raise _no_file(path)


def is_regular(path: Path) -> bool:
    """Whether a regular file has this name; a link to one is none."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _no_file(path: Path) -> OSError:
    return OSError(errno.EINVAL, "it is no regular file", str(path))


if sys.platform == "darwin":
    import fcntl

    def sync_data(descriptor: int) -> None:
        """Bring what was written to the disk itself: `fsync` of macOS leaves it in the disk's own cache (its manual says so)."""
        try:
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        except OSError:  # a file system that cannot, such as one on the network
            os.fsync(descriptor)

elif sys.platform == "win32":
    sync_data = os.fsync
    """FlushFileBuffers."""

else:
    sync_data = os.fdatasync
    """The length is data, the times are not."""
