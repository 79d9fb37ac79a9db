"""Lines to stdout from a thread of their own, so that a reader that is slow or gone never delays a deployment."""

from __future__ import annotations

import queue
import sys
import threading

from .errors import drop_stdout


class LineWriter:
    """Writes lines in order; when nobody reads them any more (a broken pipe, a full disk) it drops them."""

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._drain, name="stdout", daemon=True)
        self._thread.start()

    def put(self, line: bytes) -> None:
        """Queue one line (without its newline)."""
        self._lines.put(line)

    def close(self) -> None:
        """Return when all lines are written or dropped."""
        self._lines.put(None)
        self._thread.join()

    def _drain(self) -> None:
        gone = False
        while (line := self._lines.get()) is not None:
            if gone:
                continue
            try:
                sys.stdout.buffer.write(line + b"\n")
                sys.stdout.buffer.flush()
            except OSError:
                gone = True
                drop_stdout()
