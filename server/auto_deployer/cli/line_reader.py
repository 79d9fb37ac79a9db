"""One line from the terminal on stdin, read without blocking the event loop."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

_POLL_S = 0.03
_ENTER, _BACK, _INTERRUPT, _END = "\r\n", "\b", "\x03", "\x1a"
_SPECIAL = "\x00\xe0"
"""Announces a key such as an arrow, whose code comes next."""


async def read_line(*, hidden: bool) -> str | None:
    """The line; None at the end of the input. Cancelling it leaves the terminal as it was."""
    if sys.platform == "win32":
        import msvcrt

        return await read_keys(msvcrt, sys.stderr.write, hidden=hidden)
    return await _from_descriptor(sys.stdin.fileno(), hidden=hidden)


class Keyboard(Protocol):
    """What `msvcrt` offers: the console of Windows has no descriptor that an event loop could watch."""

    def kbhit(self) -> bool: ...

    def getwch(self) -> str: ...


async def read_keys(keyboard: Keyboard, echo: Callable[[str], object], *, hidden: bool) -> str | None:
    """A line key by key."""
    typed = ""
    while True:
        while keyboard.kbhit():
            key = keyboard.getwch()
            if key in _ENTER:
                echo("\n")
                return typed
            if key == _INTERRUPT:
                raise KeyboardInterrupt
            if key == _END and not typed:
                return None
            if key in _SPECIAL:
                keyboard.getwch()
            elif key == _BACK:
                echo("\b \b" if typed and not hidden else "")
                typed = typed[:-1]
            else:
                typed += key
                echo("" if hidden else key)
        await asyncio.sleep(_POLL_S)


async def _from_descriptor(descriptor: int, *, hidden: bool) -> str | None:
    loop = asyncio.get_running_loop()
    done: asyncio.Future[str | None] = loop.create_future()
    typed = bytearray()

    def on_readable() -> None:
        try:
            data = os.read(descriptor, 4096)
        except OSError:  # the terminal is gone
            data = b""
        typed.extend(data)
        if not done.done() and (not data or b"\n" in data):
            done.set_result(typed.decode("utf-8", "replace") if typed else None)

    with _no_echo(descriptor) if hidden else _as_it_is():
        loop.add_reader(descriptor, on_readable)
        try:
            return await done
        finally:
            loop.remove_reader(descriptor)


@contextmanager
def _no_echo(descriptor: int) -> Iterator[None]:
    import termios

    before = termios.tcgetattr(descriptor)
    quiet = termios.tcgetattr(descriptor)
    quiet[3] &= ~termios.ECHO
    termios.tcsetattr(descriptor, termios.TCSAFLUSH, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


@contextmanager
def _as_it_is() -> Iterator[None]:
    yield
