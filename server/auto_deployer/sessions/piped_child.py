"""A process whose output is pumped by threads: the event loop of Windows cannot watch pipes. Implements `child.Supervised`."""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import IO

from ..model.ports import StreamName
from .child import CHUNK_BYTES, REAP_S
from .prompts import TAIL_BYTES, prompt_at_end

_HANDED_OVER_S = 1.0
"""How long a thread waits for the event loop before it looks whether anybody is interested still."""


class PipedChild:
    """Implements `Supervised`."""

    def __init__(self, process: subprocess.Popen[bytes], gate: bytes, on_output: Callable[[StreamName, bytes], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._process, self._gate, self._on_output = process, gate, on_output
        self.pid = self.pgid = process.pid
        self.started = self.last_output = self._loop.time()
        self.output_error: Exception | None = None
        self.ended: asyncio.Future[int] = self._loop.create_future()
        self.drained: asyncio.Future[None] = self._loop.create_future()
        """Done when both pipes are at their end."""
        self.open_pipes: tuple[int, ...] = ()
        self._tails: dict[StreamName, bytes] = {"stdout": b"", "stderr": b""}
        self._reading = 2
        self._closed = threading.Event()
        self._go = threading.Event()
        pumps = (partial(self._pump, "stdout", process.stdout), partial(self._pump, "stderr", process.stderr))
        for work in (self._pass_gate, self._wait, *pumps):
            threading.Thread(target=work, daemon=True).start()

    def open_gate(self) -> None:
        """Let the command run."""
        self._go.set()

    def prompt(self, *, sure: bool) -> str:
        """The prompt that one of the streams stands at, or ""."""
        return next((prompt for tail in self._tails.values() if (prompt := prompt_at_end(tail, sure=sure))), "")

    def reap(self) -> None:
        """Collect a process that was killed, so that no zombie stays."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(REAP_S)

    def close(self) -> None:
        """Stop listening; unless the gate was opened before, the command never runs. The threads end with the pipes."""
        self._closed.set()
        self._go.set()
        if self.ended.done() and not self.ended.cancelled():
            self.ended.exception()  # marked as seen: whoever is interested has it
        self.ended.cancel()
        self.drained.cancel()

    def _pass_gate(self) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        self._go.wait()
        with suppress(OSError):  # killed while it waited: its exit tells
            if not self._closed.is_set():
                stdin.write(self._gate)
        with suppress(OSError):
            stdin.close()

    def _pump(self, stream: StreamName, pipe: IO[bytes] | None) -> None:
        assert pipe is not None
        with pipe, suppress(OSError):
            while chunk := pipe.read(CHUNK_BYTES):
                taken = threading.Event()
                if not self._call(self._take, stream, chunk, taken):
                    continue  # nobody listens: read on, so that whoever writes is not held up
                while not taken.wait(_HANDED_OVER_S) and not self._closed.is_set():
                    pass
        self._call(self._at_end)

    def _wait(self) -> None:
        status = self._process.wait()
        self._call(self._exited, status if status >= 0 else 128 - status)

    def _call(self, function: Callable[..., None], *given: object) -> bool:
        """Hand over to the event loop; False when nobody is interested any more."""
        if self._closed.is_set():
            return False
        try:
            self._loop.call_soon_threadsafe(function, *given)
        except RuntimeError:  # the loop is closed
            return False
        return True

    def _take(self, stream: StreamName, chunk: bytes, taken: threading.Event) -> None:
        taken.set()
        if self._closed.is_set() or self.output_error is not None:
            return
        self.last_output = self._loop.time()
        self._tails[stream] = (self._tails[stream] + chunk)[-TAIL_BYTES:]
        try:
            self._on_output(stream, chunk)
        except Exception as error:  # noqa: BLE001 - handed on: the caller of `run` gets it
            self.output_error = error
            if not self.ended.done():
                self.ended.set_exception(error)

    def _at_end(self) -> None:
        self._reading -= 1
        if not self._reading and not self.drained.done():
            self.drained.set_result(None)

    def _exited(self, code: int) -> None:
        if not self.ended.done():
            self.ended.set_result(code)


def spawn_piped(
    command: Sequence[str], gate: bytes, *, cwd: str, env: Mapping[str, str], on_output: Callable[[StreamName, bytes], None]
) -> PipedChild:
    """Start a program that reads `gate` from its stdin, and nothing after it.

    Raises:
        OSError, ValueError: no process could be made (no such folder, no memory).
    """
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, cwd=cwd, env=env,
        start_new_session=os.name == "posix", creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )  # fmt: skip
    return PipedChild(process, gate, on_output)
