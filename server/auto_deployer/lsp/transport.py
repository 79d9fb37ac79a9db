"""Framing and the two ends of stdio: a thread that reads frames, and the one writer that owns stdout."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

logger = logging.getLogger(__name__)

MAX_BODY = 64 << 20
"""Bytes of the largest message that is read; a bigger one is refused and skipped."""
OUTPUT_LIMIT = 1 << 20
"""Bytes waiting for the client above which live output is dropped (it can be read with `deploy/output`)."""
QUEUE_LIMIT = 64 << 20
"""Bytes waiting for the client above which it counts as gone when it also reads nothing: nothing more is written to it."""
STALL_S = 5.0
"""Seconds without reading anything that make a client with a full queue gone; the replay of a long log may fill it, too."""
_BATCH = 256 << 10
_LINE_LIMIT = 64 << 10
_UNHANDLED = 64
"""Messages read but not yet handled, at most: a client that floods is read no faster than it is served."""
_LENGTH = re.compile(rb"content-length:\s*(\d{1,18})\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class BadFrame:
    """A stretch of input that is no message; reading goes on behind it."""

    message: str


class _Buffer:
    """Lines and counted bytes out of a blocking `read`; raises EOFError at the end of the input."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._data = bytearray()

    def line(self) -> bytes:
        """Up to and with the next newline; of a line longer than 64 KiB its end only."""
        searched = 0
        while (at := self._data.find(b"\n", searched)) < 0:
            if len(self._data) > _LINE_LIMIT:
                del self._data[:-256]
            searched = len(self._data)
            self._fill()
        return self._cut(at + 1)

    def exactly(self, count: int) -> bytes:
        while len(self._data) < count:
            self._fill()
        return self._cut(count)

    def _fill(self) -> None:
        chunk = self._read(64 << 10)
        if not chunk:
            raise EOFError
        self._data += chunk

    def _cut(self, count: int) -> bytes:
        piece = bytes(self._data[:count])
        del self._data[:count]
        return piece


def frames(read: Callable[[int], bytes]) -> Iterator[bytes | BadFrame]:
    """Message bodies out of a byte stream, until it ends.

    After garbage, reading resumes at the next `Content-Length` header: raw line breaks cannot stand inside a JSON string, so a
    header at the end of a line is a header.
    """
    buffer = _Buffer(read)
    try:
        while True:
            yield from _next_frame(buffer)
    except EOFError:
        return


def _next_frame(buffer: _Buffer) -> Iterator[bytes | BadFrame]:
    length: int | None = None
    complained = False
    while True:
        line = buffer.line().rstrip(b"\r\n")
        found = _LENGTH.search(line)
        if found is not None:
            length = int(found[1])
        elif not line:
            if length is not None:
                break
        elif length is None and not _is_header(line) and not complained:
            complained = True
            yield BadFrame("expected a header 'Content-Length: <bytes>'; skipping to the next one")
    if length > MAX_BODY:
        yield BadFrame(f"a message of {length} bytes is larger than the {MAX_BODY} that are read; skipping to the next header")
    else:
        yield buffer.exactly(length)


def _is_header(line: bytes) -> bool:
    """Other headers of the base protocol are allowed and ignored; a broken length is not one of them."""
    name = line.partition(b":")[0].strip().lower()
    return name == b"content-type"


class FrameReader:
    """Reads frames in a thread of its own and hands them to the event loop one by one."""

    def __init__(
        self, read: Callable[[int], bytes], loop: asyncio.AbstractEventLoop,
        on_frame: Callable[[bytes | BadFrame], None], on_end: Callable[[], None],
    ) -> None:  # fmt: skip
        self._read = read
        self._loop = loop
        self._on_frame = on_frame
        self._on_end = on_end
        self._unhandled = threading.BoundedSemaphore(_UNHANDLED)

    def start(self) -> None:
        # A daemon: a read from a pipe that stays open must not keep the process.
        threading.Thread(target=self._run, name="lsp-reader", daemon=True).start()

    def _run(self) -> None:
        try:
            for frame in frames(self._read):
                self._unhandled.acquire()
                self._loop.call_soon_threadsafe(self._hand_over, frame)
            self._loop.call_soon_threadsafe(self._on_end)
        except RuntimeError:
            logger.debug("the event loop is closed: reading ends")

    def _hand_over(self, frame: bytes | BadFrame) -> None:
        self._unhandled.release()
        self._on_frame(frame)


class FrameWriter:
    """The one writer of the protocol's stdout. `send` never blocks; a thread drains the bounded queue."""

    def __init__(
        self, write: Callable[[bytes], None], on_stopped: Callable[[], None] = lambda: None, stall_s: float = STALL_S
    ) -> None:
        """`on_stopped` is called once, from whichever thread, when the client counts as gone."""
        self._write = write
        self._stall_s = stall_s
        self._last_progress = time.monotonic()
        self._on_stopped = on_stopped
        self._changed = threading.Condition()
        self._queue: deque[bytes] = deque()
        self._waiting = 0
        """Bytes queued and being written."""
        self._in_flight = 0
        self._closing = False
        self._stopped = False
        self._thread = threading.Thread(target=self._drain, name="lsp-writer", daemon=True)

    @property
    def stopped(self) -> bool:
        """Nothing more is written: the client broke the pipe or did not read for too long."""
        return self._stopped

    def start(self) -> None:
        self._thread.start()

    def send(self, body: bytes, *, droppable: bool = False) -> bool:
        """Queue one message. False when it was dropped."""
        with self._changed:
            if self._stopped or (droppable and self._waiting > OUTPUT_LIMIT):
                return False
            overflow = self._waiting > QUEUE_LIMIT and time.monotonic() - self._last_progress >= self._stall_s
            if not overflow:
                framed = b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
                self._queue.append(framed)
                self._waiting += len(framed)
                self._changed.notify()
        if overflow:
            self._stop(f"the client left {QUEUE_LIMIT >> 20} MiB unread")
        return not overflow

    def close(self, timeout_s: float) -> None:
        """Write what is queued, for at most `timeout_s` seconds."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _drain(self) -> None:
        while batch := self._next_batch():
            try:
                self._write(b"".join(batch))
            except OSError as error:
                self._stop(f"the client is gone: {error}")
                return

    def _next_batch(self) -> list[bytes]:
        """What to write next; empty at the end. What is being written counts as waiting until the next call."""
        with self._changed:
            self._waiting -= self._in_flight
            self._changed.wait_for(lambda: self._queue or self._closing)
            self._last_progress = time.monotonic()
            batch: list[bytes] = []
            size = 0
            while self._queue and size < _BATCH:
                batch.append(self._queue.popleft())
                size += len(batch[-1])
            self._in_flight = size
            return batch

    def _stop(self, why: str) -> None:
        with self._changed:
            if self._stopped:
                return
            self._stopped = True
            self._queue.clear()
        logger.warning("nothing more is sent to this client: %s", why)
        self._on_stopped()


@dataclass(frozen=True)
class Stdio:
    """The protocol's own two descriptors."""

    read: Callable[[int], bytes]
    write: Callable[[bytes], None]


def claim_stdio() -> Stdio:
    """Take stdin and stdout for the protocol alone.

    Descriptor 0 becomes the null device and 1 becomes stderr, so that neither a stray `print` nor a child can touch the stream.
    """
    sys.stdout.flush()
    source, sink = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    if os.name == "posix":
        for descriptor in (source, sink):
            os.set_blocking(descriptor, True)
    else:
        import msvcrt

        for descriptor in (source, sink):
            msvcrt.setmode(descriptor, os.O_BINARY)  # type: ignore[attr-defined]
    return Stdio(read=lambda count: os.read(source, count), write=lambda data: _write_all(sink, data))


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
