"""Writers that keep the log file in step: valid JSON at every instant, complete up to the last event.

One interface, one contract test. `ReplacingWriter` works everywhere.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import Protocol

from ..model.errors import LogError
from ..model.log import DeploymentLog
from ..model.reasons import Kind
from ..model.suggestions import suggest
from .descriptors import OWN_FILE
from .document import DocumentBytes

_REPLACE_PATIENCE_S = 2.0
"""How long Windows may hold the file open for a reader before we give up."""


class LogFileWriter(Protocol):
    """Puts the log file in step with a document."""

    def sync(self, log: DeploymentLog) -> None:
        """After this returns, whoever opens the file reads this document.

        Raises:
            LogError: the disk did not take it; the file still holds the document before.
        """
        ...

    def close(self) -> None: ...


class ReplacingWriter:
    """Kept bytes, a temporary file beside the log, `os.replace`.

    Needs no sync of its own: after a power loss the journal, which is synced, brings the file up again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        self._document = DocumentBytes()
        self._stable = bytearray()

    def sync(self, log: DeploymentLog) -> None:
        update = self._document.update(log)
        if update.rewrite:
            self._stable.clear()
        self._stable += update.appended
        try:
            write_file(self._temporary, self._stable, update.rest)
            replace(self._temporary, self._path)
        except OSError as error:
            with contextlib.suppress(OSError):
                self._temporary.unlink()
            raise log_write_error(self._path, error) from error

    def close(self) -> None:
        self._stable.clear()


def write_file(path: Path, *parts: bytes | bytearray) -> None:
    """Write a private file (0600) from its parts."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | OWN_FILE, 0o600)
    with open(descriptor, "wb", buffering=0) as file:
        for part in parts:
            view = memoryview(part)
            while view:
                view = view[file.write(view) :]


def replace(source: Path, target: Path) -> None:
    """`os.replace`; on Windows again while a reader has the file open."""
    patience = time.monotonic() + (_REPLACE_PATIENCE_S if sys.platform == "win32" else 0)
    while True:
        try:
            os.replace(source, target)
        except PermissionError:
            if time.monotonic() >= patience:
                raise
            time.sleep(0.01)
        else:
            return


def log_write_error(path: Path, error: OSError) -> LogError:
    """What to tell when the disk refuses the log file."""
    return LogError(
        f"Cannot write {path}: {error.strerror or error}.",
        kind=Kind.LOG_WRITE_FAILED,
        suggestions=(suggest("Free some space, or choose another log folder", "initializationOptions.logDir"),),
    )
