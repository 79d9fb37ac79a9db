"""Following a log that any process writes, with or without our journal beside it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

from ..model.errors import LogError
from ..model.log import DeploymentLog
from .journal import JOURNAL_NAME, is_locked
from .reader import read_log
from .recorder import files_folder

_POLL_S = 0.05


async def follow_log(path: Path) -> AsyncIterator[DeploymentLog]:
    """The document now, then again each time it changed, until the deployment ended or its writer is gone.

    Raises:
        NotFoundError: there is no such log.
        LogError: it is no log.
    """
    seen: tuple[int, int, int] | None = (0, 0, 0)  # like no file's, and unlike a missing one's
    torn = 0
    while True:
        stamp = _stamp(path)
        if stamp != seen:
            try:
                log = read_log(path)
            except LogError:
                torn += 1
                if torn > 20 or (seen == (0, 0, 0) and torn > 2):  # a foreign writer may be in the middle of a rewrite
                    raise
                await asyncio.sleep(_POLL_S)
                continue
            seen, torn = stamp, 0
            yield log
            if log.status != "running":
                return
        elif _writer_is_gone(path) and _stamp(path) == stamp:
            return
        await asyncio.sleep(_POLL_S)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _writer_is_gone(path: Path) -> bool:
    """Only our own journal can tell; a foreign writer is waited for."""
    journal = files_folder(path) / JOURNAL_NAME
    return journal.exists() and not is_locked(journal)
