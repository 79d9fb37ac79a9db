"""Opening files of ours and making what was written last, in the ways of the systems."""

from __future__ import annotations

import os
import sys

OWN_FILE = (
    getattr(os, "O_CLOEXEC", 0)  # children do not get it (on Windows they never do)
    | getattr(os, "O_NOFOLLOW", 0)  # a link in its place is not followed (Windows has no such flag)
    | getattr(os, "O_BINARY", 0)  # Windows changes line ends otherwise
)
"""Flags for opening a file of ours, besides how it is used."""

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
