"""Who begins a deployment in a folder of logs, or deletes logs there, does it while nobody else does.

So a request that reaches several servers at once begins one deployment: whoever comes second finds its log.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from ..deploy_log.descriptors import open_regular
from ..deploy_log.index import cache_name
from ..deploy_log.locking import try_lock
from ..model.errors import LogError
from ..model.suggestions import suggest

_PATIENCE_S, _LOOK_S = 30.0, 0.01
"""Seconds to wait for the others, who need a moment each, and between two looks."""


@asynccontextmanager
async def turn(folder: Path) -> AsyncIterator[None]:
    """Inside the block no other process of this user, and no other task, is in such a block for the same folder of logs.

    Raises:
        LogError: the others do not get done, or the user's cache directory cannot be written.
    """
    descriptor = _open(folder)
    try:
        give_up = time.monotonic() + _PATIENCE_S
        while not try_lock(descriptor):
            _check(folder, give_up)
            await asyncio.sleep(_LOOK_S)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def blocking_turn(folder: Path) -> Iterator[None]:
    """`turn` for a thread.

    Raises:
        LogError: as `turn`.
    """
    descriptor = _open(folder)
    try:
        give_up = time.monotonic() + _PATIENCE_S
        while not try_lock(descriptor):
            _check(folder, give_up)
            time.sleep(_LOOK_S)
        yield
    finally:
        os.close(descriptor)


def _open(folder: Path) -> int:
    path = cache_name(folder).with_suffix(".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return open_regular(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise LogError(
            f"Cannot write {path}: {error.strerror or error}.",
            suggestions=(suggest("Free some space; the user's cache directory (XDG_CACHE_HOME) must be writable."),),
        ) from error


def _check(folder: Path, give_up: float) -> None:
    if time.monotonic() >= give_up:
        raise LogError(
            f"Another process has been beginning a deployment in {folder} for {_PATIENCE_S:.0f} s.",
            suggestions=(suggest("Try again."),),
        )
