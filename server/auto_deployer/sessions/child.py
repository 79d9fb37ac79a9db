"""One bash process in a session of its own: held at a gate, its output pumped by the event loop, its exit watched.

Not asyncio's subprocess: its `wait()` waits, depending on the Python version, for pipes that a background child may hold
for ever, and it needs a thread per process where a pidfd does.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol

from ..model.ports import StreamName
from .prompts import TAIL_BYTES, prompt_at_end

CHUNK_BYTES = 65_536
"""One read; also what a pipe holds, so that a slow consumer slows the command down instead of filling our memory."""

_PRELUDE = "IFS= read -r -u {gate} _ || exit 125; exec {gate}<&-; cd -- {cwd} || exit 1\n"
"""Waits for the gate (end of file when we died: exit), closes it for the command, enters the folder. The command starts on the
second line, so that a syntax error in it is found after the gate."""

REAP_S = 0.5
"""Seconds for a killed process to go."""


class Supervised(Protocol):
    """A spawned command as its session sees it. Times are those of the event loop's clock."""

    pid: int
    pgid: int
    started: float
    last_output: float
    output_error: Exception | None
    """What `on_output` raised."""
    ended: asyncio.Future[int]
    """Its exit code (128 + n for signal n), or what `on_output` raised before it ended."""
    drained: asyncio.Future[None]
    """Done when both pipes are at their end."""

    @property
    def open_pipes(self) -> tuple[int, ...]:
        """Inodes of the pipes that somebody still holds, where that can be told."""
        ...

    def open_gate(self) -> None: ...

    def prompt(self, *, sure: bool) -> str:
        """The prompt that one of the streams stands at, or ""."""
        ...

    def reap(self) -> None: ...

    def close(self) -> None: ...


class Output:
    """The reading end of one of the child's pipes."""

    def __init__(self, stream: StreamName, fd: int) -> None:
        self.stream: StreamName = stream
        self.fd = fd
        self.inode = os.fstat(fd).st_ino
        self.tail = b""
        self.is_open = True

    def remember(self, chunk: bytes) -> None:
        """Keep the end of the stream, for telling a prompt."""
        self.tail = chunk[-TAIL_BYTES:] if len(chunk) >= TAIL_BYTES else (self.tail + chunk)[-TAIL_BYTES:]


class Child:
    """Implements `Supervised`."""

    def __init__(self, process: subprocess.Popen[bytes], gate: int, on_output: Callable[[StreamName, bytes], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._process = process
        self._gate = gate
        self._on_output = on_output
        self.pid = process.pid
        self.pgid = process.pid
        self.started = self._loop.time()
        self.last_output = self.started
        self.output_error: Exception | None = None
        self.ended: asyncio.Future[int] = self._loop.create_future()
        self.drained: asyncio.Future[None] = self._loop.create_future()
        """Done when both pipes are at their end."""
        assert process.stdout is not None
        assert process.stderr is not None
        self._outputs = (Output("stdout", process.stdout.fileno()), Output("stderr", process.stderr.fileno()))
        self._pidfd = -1
        self._watch()

    def open_gate(self) -> None:
        """Let the command run."""
        with suppress(BrokenPipeError):  # killed while it waited: its exit tells
            os.write(self._gate, b"\n")
        self.close_gate()

    def close_gate(self) -> None:
        """Unless it was opened before, the command never runs: the shell reads end of file and exits."""
        if self._gate >= 0:
            os.close(self._gate)
            self._gate = -1

    def prompt(self, *, sure: bool) -> str:
        """The prompt that one of the streams stands at, or ""."""
        return next((prompt for output in self._outputs if (prompt := prompt_at_end(output.tail, sure=sure))), "")

    @property
    def open_pipes(self) -> tuple[int, ...]:
        """Inodes of the pipes that somebody still holds."""
        return tuple(output.inode for output in self._outputs if output.is_open)

    def reap(self) -> None:
        """Collect a process that was sent KILL, so that no zombie stays."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(REAP_S)

    def close(self) -> None:
        """Stop reading and watching, and give all descriptors back."""
        self.close_gate()
        for output in self._outputs:
            self._close_output(output)
        self._unwatch_exit()
        if self.ended.done() and not self.ended.cancelled():
            self.ended.exception()  # marked as seen: whoever is interested has it
        self.ended.cancel()
        self.drained.cancel()

    def _watch(self) -> None:
        for output in self._outputs:
            os.set_blocking(output.fd, False)
            self._loop.add_reader(output.fd, self._read, output)
        try:
            self._pidfd = os.pidfd_open(self.pid)
        except (AttributeError, OSError):  # not Linux
            threading.Thread(target=self._wait_in_thread, daemon=True).start()
        else:
            self._loop.add_reader(self._pidfd, self._on_exit)

    def _read(self, output: Output) -> None:
        try:
            chunk = os.read(output.fd, CHUNK_BYTES)
        except BlockingIOError:
            return
        if not chunk:
            self._close_output(output)
            return
        self.last_output = self._loop.time()
        output.remember(chunk)
        try:
            self._on_output(output.stream, chunk)
        except Exception as error:  # noqa: BLE001 - handed on: the caller of `run` gets it
            self.output_error = error
            self._close_output(output)
            if not self.ended.done():
                self.ended.set_exception(error)

    def _close_output(self, output: Output) -> None:
        if not output.is_open:
            return
        output.is_open = False
        self._loop.remove_reader(output.fd)
        pipe = self._process.stdout if output.stream == "stdout" else self._process.stderr
        if pipe is not None:
            pipe.close()
        if not any(other.is_open for other in self._outputs) and not self.drained.done():
            self.drained.set_result(None)

    def _on_exit(self) -> None:
        status = self._process.poll()
        if status is None:
            return
        self._unwatch_exit()
        if not self.ended.done():
            self.ended.set_result(status if status >= 0 else 128 - status)

    def _wait_in_thread(self) -> None:
        self._process.wait()
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(self._on_exit)

    def _unwatch_exit(self) -> None:
        if self._pidfd >= 0:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1


def spawn(
    command: str,
    *,
    bash: str,
    cwd: str,
    env: Mapping[str, str],
    on_output: Callable[[StreamName, bytes], None],
) -> Child:
    """Start bash for a command; it waits at the gate.

    Raises:
        OSError, ValueError: no process could be made (no memory, command too long or with a NUL character).
    """
    gate_read, gate_write = os.pipe()
    try:
        process = subprocess.Popen(
            [bash, "-c", _PRELUDE.format(gate=gate_read, cwd=shlex.quote(cwd)) + command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            pass_fds=(gate_read,),
            cwd="/",
            env=env,
            start_new_session=True,
        )
    except BaseException:
        os.close(gate_write)
        raise
    finally:
        os.close(gate_read)
    return Child(process, gate_write, on_output)
