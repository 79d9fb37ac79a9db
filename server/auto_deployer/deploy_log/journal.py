"""The event journal: one JSON line {"method", "params"} an event, appended and synced before anything else learns of it."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from ..model import events as ev
from ..model.errors import LogError
from ..model.fold import fold
from ..model.log import DeploymentLog
from ..model.reasons import Kind
from ..model.suggestions import suggest
from .descriptors import open_regular, sync_data
from .locking import try_lock

JOURNAL_NAME = "events.jsonl"
_TAIL_BYTES = 65_536
_LOCK_PATIENCE_S = 0.5
"""Who asks `is_locked` has the lock for a moment; that must not fail a deployment that begins in this moment."""


class Journal:
    """An open journal; its writer holds the lock as long as it lives.

    Raises:
        LogError: it cannot be opened, or another process writes it.
    """

    def __init__(self, path: Path, *, create: bool) -> None:
        self.path = path
        flags = os.O_RDWR | os.O_APPEND | (os.O_CREAT | os.O_EXCL if create else 0)
        try:
            self._descriptor = open_regular(path, flags)
        except OSError as error:
            raise _write_error(path, error, Kind.LOG_UNWRITABLE) from error
        if not _lock(self._descriptor):
            os.close(self._descriptor)
            raise LogError(f"{path} is being written by another process.", kind=Kind.LOG_UNWRITABLE)
        self._end = os.lseek(self._descriptor, 0, os.SEEK_END)

    def drop_torn_tail(self) -> None:
        """Cut a last line that a crash left incomplete."""
        with open_journal(self.path) as file:
            data = file.read()
        whole = data.rfind(b"\n") + 1
        if whole != len(data):
            os.ftruncate(self._descriptor, whole)
            self._end = whole

    def append(self, line: bytes) -> None:
        """Append and sync one line; on an error what was written before stays intact.

        Raises:
            LogError: the disk did not take it.
        """
        data = line + b"\n"
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._descriptor, view) :]
            sync_data(self._descriptor)
        except OSError as error:
            self._cut_back()
            raise _write_error(self.path, error, Kind.LOG_WRITE_FAILED) from error
        self._end += len(data)

    def _cut_back(self) -> None:
        try:
            os.ftruncate(self._descriptor, self._end)
        except OSError:
            return  # a torn last line is skipped by every reader

    def close(self) -> None:
        """Release the lock and the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def open_journal(path: Path) -> BinaryIO:
    """A journal, to be read.

    Raises:
        OSError: it cannot be opened, or is no regular file.
    """
    return os.fdopen(open_regular(path), "rb")


def read_lines(path: Path) -> Iterator[bytes]:
    """The complete lines of a journal; a torn last one is left out."""
    with open_journal(path) as file:
        for line in file:
            if line.endswith(b"\n"):
                yield line[:-1]


def read_messages(path: Path) -> Iterator[dict[str, Any]]:
    """The journal's events as parsed JSON objects."""
    return (orjson.loads(line) for line in read_lines(path))


def read_event(line: bytes, path: Path) -> ev.Event:
    """The event of a line of the journal `path`.

    Raises:
        LogError: it is none.
    """
    try:
        return ev.from_object(orjson.loads(line))
    except (ValueError, TypeError, KeyError) as error:
        raise _unreadable(path, error) from error


def fold_journal(path: Path) -> DeploymentLog:
    """The log document of a journal.

    Raises:
        LogError: it cannot be read, or is no sequence of events of one deployment.
    """
    try:
        return fold(read_event(line, path) for line in read_lines(path))
    except (ValueError, OSError) as error:
        raise _unreadable(path, error) from error


def last_seq(path: Path) -> int:
    """`seq` of the last complete event, 0 when there is none. Reads the end of the file only."""
    try:
        with open_journal(path) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL_BYTES))
            tail = file.read()
            if size > _TAIL_BYTES and tail.rfind(b"\n", 0, len(tail) - 1) == -1:
                file.seek(0)  # a single line longer than the tail
                tail = file.read()
    except OSError:
        return 0
    lines = tail[: tail.rfind(b"\n") + 1].splitlines()
    try:
        return int(orjson.loads(lines[-1])["params"]["seq"]) if lines else 0
    except (ValueError, TypeError, KeyError):
        return 0


def sync_folder(folder: Path) -> None:
    """Make new names in a folder survive a power loss, where the system can."""
    with contextlib.suppress(OSError):  # not on Windows, nor on some network file systems
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _lock(descriptor: int) -> bool:
    patience = time.monotonic() + _LOCK_PATIENCE_S
    while not try_lock(descriptor):
        if time.monotonic() >= patience:
            return False
        time.sleep(0.005)
    return True


def is_locked(path: Path) -> bool:
    """Whether a living process writes this journal."""
    try:
        descriptor = open_regular(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return not try_lock(descriptor)
    finally:
        os.close(descriptor)


def _write_error(path: Path, error: OSError, kind: Kind) -> LogError:
    return LogError(
        f"Cannot write {path}: {error.strerror or error}.",
        kind=kind,
        suggestions=(suggest("Free some space, or choose another log folder", "initializationOptions.logDir"),),
    )


def _unreadable(path: Path, error: Exception) -> LogError:
    return LogError(f"The journal {path} cannot be read: {error}", kind=Kind.LOG_UNREADABLE)
