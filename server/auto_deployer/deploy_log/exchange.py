"""The log file as two buffers whose names are exchanged (Linux): one more command costs the same at 10 and at 10,000.

The log exists twice: the visible file and a hidden one that is an update behind. An update is written into the hidden one in
place, behind what no update changes any more; then the two names change places in one step. Nothing is copied or rewritten.

A reader that still has the hidden file open keeps it (a write lease tells), and a fresh copy is made. A file that somebody
else wrote to, replaced or removed (an editor that saves it, a clean-up) is no base for the next update: the log is written
anew. The lease is released
before the exchange, so that nobody who opens the log waits. Its signal is SIGURG, which is ignored by default: the default
SIGIO would end the process.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..model.log import DeploymentLog
from .descriptors import OWN_FILE
from .document import DocumentBytes, Update
from .log_file import LogFileWriter, ReplacingWriter, log_write_error

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_COPY_BYTES = 1 << 20


@dataclass
class _Buffer:
    """One of the two files."""

    descriptor: int
    stable: int
    """Bytes at its beginning that no update changes any more."""
    looks: tuple[int, int, int] = (0, 0, 0)
    """How the file looked after our last write to it: node, size, time."""

    def written(self) -> None:
        """Remember how it looks now."""
        self.looks = _looks(os.fstat(self.descriptor))

    def is_untouched(self, path: Path) -> bool:
        """Whether `path` is still this file, as we left it."""
        try:
            return _looks(os.stat(path, follow_symlinks=False)) == self.looks
        except OSError:
            return False


class ExchangingWriter:
    """Implements `LogFileWriter`. Use `open_writer`, which knows where it works."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hidden_path = path.with_name(f".{path.name}.next")
        self._document = DocumentBytes()
        self._visible: _Buffer | None = None
        self._hidden: _Buffer | None = None
        self._behind = b""
        """Stable bytes that the visible file has and the hidden one lacks."""

    def sync(self, log: DeploymentLog) -> None:
        visible, hidden = self._visible, self._hidden
        if visible is not None and not visible.is_untouched(self._path):
            self._document = DocumentBytes()
        update = self._document.update(log)
        try:
            if update.rewrite or visible is None:
                self._begin_anew(update)
            elif hidden is None or not hidden.is_untouched(self._hidden_path) or not self._write_in_place(hidden, update):
                self._write_fresh_copy(visible, update)
        except OSError as error:
            self._document = DocumentBytes()  # what it takes for written is not in the file
            self._drop_hidden()
            raise log_write_error(self._path, error) from error

    def close(self) -> None:
        self._drop_hidden()
        if self._visible is not None:
            os.close(self._visible.descriptor)
            self._visible = None

    def _write_in_place(self, hidden: _Buffer, update: Update) -> bool:
        """Bring the hidden file up and show it; False when a reader still has it open."""
        if not _lease(hidden.descriptor):
            return False
        try:
            data = self._behind + update.appended + update.rest
            _write_at(hidden.descriptor, data, hidden.stable)
            if (end := hidden.stable + len(data)) < hidden.looks[1]:
                os.ftruncate(hidden.descriptor, end)
            hidden.written()
        finally:
            _release(hidden.descriptor)
        hidden.stable += len(self._behind) + len(update.appended)
        self._show(hidden, update)
        return True

    def _write_fresh_copy(self, visible: _Buffer, update: Update) -> None:
        self._drop_hidden()
        fresh = _Buffer(_create(self._hidden_path), visible.stable)
        try:
            _copy(visible.descriptor, fresh.descriptor, visible.stable)
            _write_at(fresh.descriptor, update.appended + update.rest, visible.stable)
            fresh.written()
            fresh.stable += len(update.appended)
            self._show(fresh, update)
        except OSError:
            os.close(fresh.descriptor)
            raise

    def _show(self, buffer: _Buffer, update: Update) -> None:
        # (visible, hidden), in this order: file watchers report it as a change of the log; the other way round they report nothing
        exchange_names(self._path, self._hidden_path)
        self._visible, self._hidden, self._behind = buffer, self._visible, update.appended

    def _begin_anew(self, update: Update) -> None:
        """What stood before the steps changed: a whole new file, and no second one until the next update."""
        self._drop_hidden()
        buffer = _Buffer(_create(self._hidden_path), len(update.appended))
        try:
            _write_at(buffer.descriptor, update.appended + update.rest, 0)
            buffer.written()
            os.replace(self._hidden_path, self._path)
        except OSError:
            os.close(buffer.descriptor)
            raise
        if self._visible is not None:
            os.close(self._visible.descriptor)
        self._visible = buffer

    def _drop_hidden(self) -> None:
        if self._hidden is not None:
            os.close(self._hidden.descriptor)
            self._hidden = None
        with contextlib.suppress(OSError):
            self._hidden_path.unlink()


def open_writer(path: Path) -> LogFileWriter:
    """The quickest writer that works in this folder."""
    return ExchangingWriter(path) if _works_in(path.parent) else ReplacingWriter(path)


def exchange_names(first: Path, second: Path) -> None:
    """Let two files change names in one step.

    Raises:
        OSError: not on this system or file system.
    """
    if _renameat2()(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(first))


@cache
def _renameat2() -> Callable[..., int]:
    """The system's function, looked up once: a look-up makes a type, which costs as much as the exchange itself.

    Raises:
        OSError: this system has none.
    """
    if sys.platform != "linux":
        raise OSError("renameat2 is Linux's")
    function = ctypes.CDLL(None, use_errno=True).renameat2
    function.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    return function


def _works_in(folder: Path) -> bool:
    """Whether names can be exchanged and write leases taken here (some network and overlay file systems know neither)."""
    probes = [folder / f".probe-{os.getpid()}-{number}" for number in (1, 2)]
    descriptors: list[int] = []
    try:
        descriptors += [_create(probe) for probe in probes]
        exchange_names(*probes)
        return _lease(descriptors[0])
    except (OSError, AttributeError):
        return False
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
        for probe in probes:
            with contextlib.suppress(OSError):
                probe.unlink()


def _looks(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _create(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | OWN_FILE, 0o600)


def _write_at(descriptor: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


def _copy(source: int, target: int, size: int) -> None:
    done = 0
    while done < size:
        data = os.pread(source, min(_COPY_BYTES, size - done), done)
        if not data:
            raise OSError(errno.EIO, "The log file was cut short by somebody else")
        _write_at(target, data, done)
        done += len(data)


if sys.platform == "linux":
    import fcntl
    import signal

    def _lease(descriptor: int) -> bool:
        """Take a write lease: nobody else has the file open, and who opens it waits until the release."""
        try:
            fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        except OSError:
            return False
        return True

    def _release(descriptor: int) -> None:
        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)

else:

    def _lease(_: int) -> bool:
        return False

    def _release(_: int) -> None:
        return None
