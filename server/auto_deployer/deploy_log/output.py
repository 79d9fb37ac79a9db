"""One command's output: the full text in a side file, head and tail for the log, live chunks for who asked for them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..masking import SecretRegistry
from ..model.log import STDERR_HEAD, STDOUT_HEAD
from ..model.ports import StreamName
from .descriptors import OWN_FILE
from .text import clean

OUTPUT_CAP = 16 * 1024 * 1024
"""Bytes of one command kept on disk; the log says when there was more."""
TAIL_CHARACTERS = 2000
_HEAD_BYTES = 4 * STDOUT_HEAD
_TAIL_BYTES = 4 * TAIL_CHARACTERS
_CHUNK_BYTES = 32_768
_CHUNK_SECONDS = 0.08
"""Live output is sent at most every 80 ms or 32 KiB: one message per line would cost more than the command."""

OnChunk = Callable[[StreamName, int, str], None]


@dataclass
class _Stream:
    """What is kept of stdout or stderr."""

    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    size: int = 0

    def add(self, data: bytes) -> None:
        self.size += len(data)
        if len(self.head) < _HEAD_BYTES:
            self.head += data[: _HEAD_BYTES - len(self.head)]
        self.tail += data[-_TAIL_BYTES:]
        if len(self.tail) > 2 * _TAIL_BYTES:
            del self.tail[:-_TAIL_BYTES]

    def texts(self, characters: int) -> tuple[str, str]:
        """(head, tail): the first `characters`, and the last part when there is more."""
        head = clean(bytes(self.head))
        if self.size <= _HEAD_BYTES and len(head) <= characters:
            return head, ""
        return head[:characters], clean(bytes(self.tail))[-TAIL_CHARACTERS:]


@dataclass(frozen=True)
class OutputSummary:
    """What the command's record says of its output."""

    stdout: str
    stderr: str
    stdout_tail: str
    stderr_tail: str
    stdout_bytes: int
    stderr_bytes: int
    output: str
    """Path relative to the log file; "" when it was silent."""
    output_capped: bool


class CommandOutput:
    """Takes raw output in order of arrival; masks it across chunk borders before anything is kept.

    stdout and stderr stand in one file in order of arrival; `offset` of a live chunk is that file's byte offset.
    """

    def __init__(
        self, path: Path, relative: str, secrets: SecretRegistry, on_chunk: OnChunk, is_wanted: Callable[[], bool]
    ) -> None:
        """Nothing is written yet.

        Args:
            relative: Path of the file relative to the log.
            on_chunk: Gets live output.
            is_wanted: Whether anybody is there who wants it now; who comes in the middle gets what follows.
        """
        self._path = path
        self.relative = relative
        """Path of the file relative to the log."""
        self._maskers = {"stdout": secrets.stream(), "stderr": secrets.stream()}
        self._streams = {"stdout": _Stream(), "stderr": _Stream()}
        self._file: int | None = None
        self._written = 0
        self._capped = False
        self._full = False
        self._live, self._is_wanted = _LiveBuffer(on_chunk), is_wanted

    def feed(self, stream: StreamName, data: bytes) -> None:
        """More output. When the disk does not take it, the file ends there and the log says that it was capped."""
        self._keep(stream, self._maskers[stream].feed(data))

    def close(self) -> OutputSummary:
        """The end of the output."""
        for name in ("stdout", "stderr"):
            self._keep(name, self._maskers[name].flush())
        self._live.flush(last=True)
        if self._file is not None:
            os.close(self._file)
            self._file = None
        stdout, stdout_tail = self._streams["stdout"].texts(STDOUT_HEAD)
        stderr, stderr_tail = self._streams["stderr"].texts(STDERR_HEAD)
        return OutputSummary(
            stdout, stderr, stdout_tail, stderr_tail, self._streams["stdout"].size, self._streams["stderr"].size,
            self.relative if self._written else "", self._capped,
        )  # fmt: skip

    def _keep(self, stream: StreamName, data: bytes) -> None:
        if not data:
            return
        self._streams[stream].add(data)
        kept = data[: max(0, OUTPUT_CAP - self._written)]
        self._capped = self._capped or len(kept) < len(data)
        if not kept or self._full:
            return
        try:
            self._write(kept)
        except OSError:
            self._full = self._capped = True
            return
        if self._is_wanted():
            self._live.add(stream, self._written, kept)
        self._written += len(kept)

    def _write(self, data: bytes) -> None:
        if self._file is None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | OWN_FILE
            self._file = os.open(self._path, flags, 0o600)
        view = memoryview(data)
        while view:
            view = view[os.write(self._file, view) :]


class _LiveBuffer:
    """Coalesces output into few messages; a character is never cut in two."""

    def __init__(self, send: OnChunk) -> None:
        self._send = send
        self._stream: StreamName = "stdout"
        self._offset = 0
        self._data = bytearray()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, stream: StreamName, offset: int, data: bytes) -> None:
        if self._data and stream != self._stream:
            self.flush(last=True)
        if not self._data:
            self._stream, self._offset = stream, offset
        self._data += data
        if len(self._data) >= _CHUNK_BYTES:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_CHUNK_SECONDS, self.flush)

    def flush(self, *, last: bool = False) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        size = len(self._data) if last else len(self._data) - _incomplete(self._data)
        if size:
            self._send(self._stream, self._offset, self._data[:size].decode("utf-8", "replace"))
            del self._data[:size]
            self._offset += size


def _incomplete(data: bytearray) -> int:
    """Bytes at the end that begin a UTF-8 character without finishing it."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 != 0x80:
            needed = 2 if byte >> 5 == 0b110 else 3 if byte >> 4 == 0b1110 else 4 if byte >> 3 == 0b11110 else 1
            return back if needed > back else 0
    return 0
